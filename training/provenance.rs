//! What a run was made from: `run.json`, enough to make it again and to see that it goes on from the same.

mod file;

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use chrono::{DateTime, SecondsFormat, Utc};
pub(crate) use file::FileRecord;
use regard_eval::{Machine, Replacement};
use serde::{Deserialize, Serialize};

use crate::Error;

/// Program, machine, data and base model of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Provenance {
    /// The program's version.
    pub(crate) regard: String,
    /// The commit it was built from, with `-dirty` where the code had been changed since; `None` outside a repository.
    pub(crate) commit: Option<String>,
    /// When the run began: RFC 3339, in UTC.
    pub(crate) started: String,
    /// Where it runs.
    pub(crate) machine: Machine,
    /// What it computes on.
    pub(crate) device: String,
    /// Of everything random.
    pub(crate) seed: u64,
    /// Training and dev files.
    pub(crate) files: Vec<FileRecord>,
    /// Files of the base model.
    pub(crate) base: Vec<FileRecord>,
}

impl Provenance {
    /// Of a run that begins here and now. Reads all of `files` and `base`.
    pub(crate) fn now(device: String, seed: u64, files: &[PathBuf], base: &[PathBuf]) -> Result<Self, Error> {
        let records = |paths: &[PathBuf]| paths.iter().map(|path| FileRecord::of(path)).collect::<Result<_, _>>();
        Ok(Self {
            regard: env!("CARGO_PKG_VERSION").to_owned(),
            commit: commit().map(str::to_owned),
            started: DateTime::<Utc>::from(SystemTime::now()).to_rfc3339_opts(SecondsFormat::Secs, true),
            machine: Machine::here(),
            device,
            seed,
            files: records(files)?,
            base: records(base)?,
        })
    }

    /// Write it as JSON to `path`, whole or not at all.
    pub(crate) fn write(&self, path: &Path) -> Result<(), Error> {
        let json = serde_json::to_string_pretty(self).map_err(|error| regard::Error::invalid(path.display(), error))?;
        let mut file = Replacement::create(path)?;
        file.write(&json)?;
        file.write("\n")?;
        Ok(file.keep()?)
    }

    /// What a run was made from, as it wrote it.
    pub(crate) fn read(path: &Path) -> Result<Self, Error> {
        let json = std::fs::read_to_string(path).map_err(regard::Error::io(path))?;
        Ok(serde_json::from_str(&json).map_err(|error| regard::Error::invalid(path.display(), error))?)
    }

    /// The files that are not what they were, each with what was expected and what was found; none where a run can go on.
    pub(crate) fn changed(&self, now: &Self) -> Vec<String> {
        let mut changed = file::changed(&self.files, &now.files, |record| Some(record.path.as_os_str()));
        // A base model that was fetched anew may lie elsewhere.
        changed.extend(file::changed(&self.base, &now.base, |record| record.path.file_name()));
        changed
    }
}

/// The commit that the program was built from, with `-dirty` where the code had been changed since; `None` outside a repository.
pub fn commit() -> Option<&'static str> {
    option_env!("REGARD_COMMIT")
}

#[cfg(test)]
mod tests {
    use super::*;

    type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

    #[test]
    fn what_was_written_is_read() -> Result<()> {
        let directory = tempfile::tempdir()?;
        let (data, path) = (directory.path().join("data.jsonl"), directory.path().join("run.json"));
        std::fs::write(&data, "abc")?;
        let written = Provenance::now("cpu".to_owned(), u64::MAX, &[data], &[])?;
        written.write(&path)?;
        assert_eq!(Provenance::read(&path)?, written);
        let started = DateTime::parse_from_rfc3339(&written.started)?;
        assert!(written.started.ends_with('Z') && (Utc::now() - started.to_utc()).num_seconds() < 60);
        assert!(written.commit.is_none_or(|commit| commit.len() >= 12));
        Ok(())
    }

    #[test]
    fn changed_files_are_named() -> Result<()> {
        let directory = tempfile::tempdir()?;
        let data = directory.path().join("data.jsonl");
        let moved = directory.path().join("elsewhere");
        std::fs::create_dir(&moved)?;
        let [base, moved] = [directory.path(), &moved].map(|directory| directory.join("model.safetensors"));
        for path in [&data, &base, &moved] {
            std::fs::write(path, "abc")?;
        }
        let of = |data: &[PathBuf], base: &PathBuf| Provenance::now("cpu".into(), 0, data, std::slice::from_ref(base));
        let before = of(std::slice::from_ref(&data), &base)?;
        assert!(before.changed(&of(std::slice::from_ref(&data), &moved)?).is_empty());

        std::fs::write(&data, "abd")?;
        let changed = before.changed(&of(std::slice::from_ref(&data), &base)?);
        let expected = "data.jsonl: expected sha256 ba7816bf8f01…, found a52d159f262b…";
        assert!(matches!(&changed[..], [one] if one.ends_with(expected)), "{changed:?}");

        let gone = before.changed(&of(&[], &base)?);
        assert!(matches!(&gone[..], [one] if one.ends_with("found none")), "{gone:?}");
        let new = of(&[], &base)?.changed(&before);
        assert!(matches!(&new[..], [one] if one.contains("expected none, found sha256 ba78")), "{new:?}");
        Ok(())
    }
}
