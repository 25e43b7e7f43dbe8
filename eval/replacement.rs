//! Files that are there whole or not at all.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::Error;

/// A file being written beside the one it will replace; dropped without [`Replacement::keep`], nothing has happened.
#[derive(Debug)]
pub struct Replacement {
    path: PathBuf,
    partial: PathBuf,
    file: BufWriter<File>,
}

impl Replacement {
    /// Begin to write what `path` will hold.
    ///
    /// # Errors
    /// Where `path` is there and no file, or its directory cannot be written to.
    pub fn create(path: &Path) -> Result<Self, Error> {
        // A rename onto /dev/stdout would take the device away.
        if path.metadata().is_ok_and(|metadata| !metadata.is_file()) {
            let message = "expected a file to write or replace, found something else".to_owned();
            return Err(Error::File { path: path.to_owned(), message });
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let partial = path.with_file_name(format!(".{name}.{}.partial", std::process::id()));
        let file = File::create(&partial).map_err(regard::Error::io(path))?;
        Ok(Self { path: path.to_owned(), partial, file: BufWriter::new(file) })
    }

    /// Write a text.
    ///
    /// # Errors
    /// Where the disk is full and the like.
    pub fn write(&mut self, text: &str) -> Result<(), Error> {
        self.write_bytes(text.as_bytes())
    }

    /// Write what is no text.
    ///
    /// # Errors
    /// As [`Replacement::write`].
    pub fn write_bytes(&mut self, bytes: &[u8]) -> Result<(), Error> {
        Ok(self.file.write_all(bytes).map_err(regard::Error::io(&self.path))?)
    }

    /// Write a line of JSON.
    ///
    /// # Errors
    /// As [`Replacement::write`].
    pub fn write_line(&mut self, record: &impl Serialize) -> Result<(), Error> {
        let written = serde_json::to_writer(&mut self.file, record).map_err(std::io::Error::from);
        Ok(written.and_then(|()| self.file.write_all(b"\n")).map_err(regard::Error::io(&self.path))?)
    }

    /// Put the file in its place.
    ///
    /// # Errors
    /// Where the last bytes cannot be written or the file cannot be renamed.
    pub fn keep(mut self) -> Result<(), Error> {
        let written = self.file.flush().and_then(|()| std::fs::rename(&self.partial, &self.path));
        Ok(written.map_err(regard::Error::io(&self.path))?)
    }
}

impl Drop for Replacement {
    fn drop(&mut self) {
        // Gone already where it was kept.
        let _ = std::fs::remove_file(&self.partial);
    }
}
