//! What a hub says a file's content is.

use std::{
    fmt,
    fs::File,
    io::{self, Read},
};

use sha1::Sha1;
use sha2::{Digest, Sha256};

/// What the hub hashes, and the cache names a blob by: the content of a large (LFS) file, the git object of a small
/// one.
/// <https://github.com/huggingface/huggingface_hub/issues/3018>
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Hash {
    Sha256(String),
    GitSha1(String),
}

impl Hash {
    /// Of that kind, over what `file` holds from here on.
    pub(super) fn again(&self, file: &mut File) -> io::Result<Self> {
        Ok(match self {
            Self::Sha256(_) => Self::Sha256(hex(Sha256::new(), file)?),
            Self::GitSha1(_) => {
                let bytes = file.metadata()?.len();
                Self::GitSha1(hex(Sha1::new().chain_update(format!("blob {bytes}\0")), file)?)
            }
        })
    }

    pub(super) fn as_hex(&self) -> &str {
        let (Self::Sha256(hex) | Self::GitSha1(hex)) = self;
        hex
    }

    /// Whether it is nothing but a hash: it becomes the name of a file.
    pub(super) fn is_sound(&self) -> bool {
        match self {
            Self::Sha256(hex) => is_hex(hex, 64),
            Self::GitSha1(hex) => is_hex(hex, 40),
        }
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sha256(hex) => write!(f, "sha256 {hex}"),
            Self::GitSha1(hex) => write!(f, "git sha1 {hex}"),
        }
    }
}

/// Whether `text` is `length` lower-case hexadecimal digits, as git and the hub write hashes.
pub(super) fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

fn hex(mut digest: impl Digest, file: &mut File) -> io::Result<String> {
    let mut chunk = vec![0; 1 << 16];
    loop {
        match file.read(&mut chunk) {
            Ok(0) => break,
            Ok(count) => digest.update(&chunk[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}
