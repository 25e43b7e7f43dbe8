//! What can go wrong, with the place where it did.

use std::path::PathBuf;

/// Every failure of this library. Messages name the file, line or field, what was expected and what was found.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file could not be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Something that was read is not what it must be.
    #[error("{place}: {message}")]
    Invalid {
        /// File, and line or field where there is one.
        place: String,
        /// Expected and found.
        message: String,
    },
    /// The model hub could not give what was asked for.
    #[error("hub: {0}")]
    Hub(String),
    /// The device asked for is not there.
    #[error("device: {0}")]
    Device(String),
    /// Arithmetic on tensors failed: a shape or device that does not fit.
    #[error(transparent)]
    Tensor(#[from] candle_core::Error),
}

/// `Result` with this library's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An [`Error::Io`] about `path`.
    pub fn io(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, source }
    }

    /// An [`Error::Invalid`] at `place`.
    pub fn invalid(place: impl ToString, message: impl ToString) -> Self {
        Self::Invalid { place: place.to_string(), message: message.to_string() }
    }
}
