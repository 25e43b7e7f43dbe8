//! Files by what is in them.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::Error;

/// A file as it was when it was read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct FileRecord {
    /// As it was named.
    pub(crate) path: PathBuf,
    /// Its length.
    pub(crate) bytes: u64,
    /// Of its content, in hexadecimal digits.
    pub(crate) sha256: String,
}

impl FileRecord {
    /// Of the file at `path`, which is read piece by piece.
    pub(crate) fn of(path: &Path) -> Result<Self, Error> {
        let mut sink = Sink(Sha256::new());
        let copied = File::open(path).and_then(|mut file| io::copy(&mut file, &mut sink));
        let bytes = copied.map_err(regard::Error::io(path))?;
        let sha256 = sink.0.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self { path: path.to_owned(), bytes, sha256 })
    }

    /// The first digits, which tell files apart well enough for a reader.
    fn short(&self) -> String {
        format!("{}…", self.sha256.get(..12).unwrap_or(&self.sha256))
    }
}

/// Where bytes go to be hashed.
struct Sink(Sha256);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What a file is known by.
type Name = fn(&FileRecord) -> Option<&OsStr>;

/// Which of the files `before` are other ones `now`, gone or new.
pub(super) fn changed(before: &[FileRecord], now: &[FileRecord], name: Name) -> Vec<String> {
    let differ = before.iter().filter_map(|before| {
        let (path, expected) = (before.path.display(), before.short());
        match find(now, before, name) {
            Some(now) if now.sha256 == before.sha256 => None,
            Some(now) => Some(format!("{path}: expected sha256 {expected}, found {}", now.short())),
            None => Some(format!("{path}: expected sha256 {expected}, found none")),
        }
    });
    let new = now.iter().filter(|now| find(before, now, name).is_none());
    let new = new.map(|now| format!("{}: expected none, found sha256 {}", now.path.display(), now.short()));
    differ.chain(new).collect()
}

fn find<'a>(records: &'a [FileRecord], wanted: &FileRecord, name: Name) -> Option<&'a FileRecord> {
    records.iter().find(|record| name(record) == name(wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FIPS 180-4's example "abc", and a file longer than a buffer: `head -c 100000 /dev/zero | sha256sum`.
    #[test]
    fn files_are_hashed() -> Result<(), Box<dyn std::error::Error>> {
        let directory = tempfile::tempdir()?;
        let path = directory.path().join("file");
        std::fs::write(&path, "abc")?;
        let record = FileRecord::of(&path)?;
        assert_eq!(record.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!((record.bytes, record.path), (3, path.clone()));
        std::fs::write(&path, [0; 100_000])?;
        assert_eq!(FileRecord::of(&path)?.sha256, "9192c25b734fcbadbe32dadc28089c60db0e39f90cc20ce2e5733f57261acc0c");
        assert!(FileRecord::of(&directory.path().join("none")).is_err_and(|error| error.to_string().contains("none")));
        Ok(())
    }
}
