//! What a run says of itself as it goes: `metrics.jsonl`, a record a line.

mod record;

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

pub(crate) use record::Record;
use regard_eval::Replacement;
use serde::{Deserialize, Serialize};

use crate::Error;

/// The file of a run, to which records are added.
#[derive(Debug)]
pub(crate) struct Metrics {
    path: PathBuf,
    file: File,
}

impl Metrics {
    /// An empty file; one that is there is emptied.
    pub(crate) fn create(path: &Path) -> Result<Self, Error> {
        let file = File::create(path).map_err(regard::Error::io(path))?;
        Ok(Self { path: path.to_owned(), file })
    }

    /// The file of a run that goes on after `step` and last judged dev after `evaluated`: records of what came later, and will come
    /// again, are taken away.
    pub(crate) fn resume(path: &Path, step: u64, evaluated: u64) -> Result<Self, Error> {
        #[derive(Deserialize)]
        struct Place {
            kind: String,
            step: u64,
        }
        let text = text(path)?;
        let mut kept = Replacement::create(path)?;
        for (number, line) in lines(&text) {
            let place: Place = parse(path, number, line)?;
            if place.step <= if place.kind == "dev" { evaluated } else { step } {
                kept.write(line)?;
                kept.write("\n")?;
            }
        }
        kept.keep()?;
        let file = File::options().append(true).open(path).map_err(regard::Error::io(path))?;
        Ok(Self { path: path.to_owned(), file })
    }

    /// Add a record, which must have a `step`; in the file when this returns.
    pub(crate) fn write(&mut self, record: &impl Serialize) -> Result<(), Error> {
        let mut line =
            serde_json::to_vec(record).map_err(|error| regard::Error::invalid(self.path.display(), error))?;
        line.push(b'\n');
        // In one go, so that a run that is killed rarely leaves half a line.
        Ok(self.file.write_all(&line).map_err(regard::Error::io(&self.path))?)
    }
}

/// The records of a file, in order.
pub(crate) fn read(path: &Path) -> Result<Vec<Record>, Error> {
    lines(&text(path)?).map(|(number, line)| parse(path, number, line)).collect()
}

/// The whole lines of a file: what has no end was being written when a run was killed.
fn text(path: &Path) -> Result<String, Error> {
    let mut bytes = std::fs::read(path).map_err(regard::Error::io(path))?;
    let end = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
    bytes.truncate(end);
    Ok(String::from_utf8(bytes).map_err(|error| regard::Error::invalid(path.display(), error))?)
}

/// Lines with their numbers.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    (1..).zip(text.lines())
}

fn parse<'a, T: Deserialize<'a>>(path: &Path, number: usize, line: &'a str) -> Result<T, Error> {
    let place = || format!("{}:{number}", path.display());
    Ok(serde_json::from_str(line).map_err(|error| regard::Error::invalid(place(), error))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

    fn step(step: u64, loss: f64) -> Record {
        Record::Step { step, epoch: 1, loss, lr: 1e-5, norm: 0.5, tokens: 100, seconds: 0.5 }
    }

    fn dev(step: u64) -> Record {
        Record::Dev { step, epoch: 1, score: 0.5, best: true, dev: serde_json::json!({"n": 3}) }
    }

    /// A file of four records and half a fifth.
    fn cut_off(path: &Path) -> Result<Vec<Record>> {
        let plan = Record::Plan { step: 0, sentences: 9, stance: [2; 3], sentiment: [1; 3], steps: 30 };
        let records = vec![plan, step(10, 1.0), dev(10), step(20, 0.9)];
        let mut metrics = Metrics::create(path)?;
        for record in &records {
            metrics.write(record)?;
        }
        metrics.file.write_all("{\"kind\":\"dev\",\"dev\":\"é".as_bytes().split_last().ok_or("empty")?.1)?;
        Ok(records)
    }

    #[test]
    fn records_are_read_back_without_half_a_line() -> Result<()> {
        let directory = tempfile::tempdir()?;
        let path = directory.path().join("metrics.jsonl");
        let records = cut_off(&path)?;
        assert_eq!(read(&path)?, records);
        assert!(
            text(&path)?.lines().nth(1).is_some_and(|line| line.starts_with(r#"{"kind":"step","step":10,"epoch":1,"#))
        );
        Ok(())
    }

    #[test]
    fn a_resumed_run_forgets_later_steps() -> Result<()> {
        let directory = tempfile::tempdir()?;
        let path = directory.path().join("metrics.jsonl");
        let mut records = cut_off(&path)?;
        let mut metrics = Metrics::resume(&path, 10, 10)?;
        records[3] = step(20, 0.8);
        metrics.write(&records[3])?;
        assert_eq!(read(&path)?, records);
        assert_eq!(std::fs::read_dir(directory.path())?.count(), 1);
        Ok(())
    }

    #[test]
    fn a_loss_that_is_no_number_is_read_back() -> Result<()> {
        let directory = tempfile::tempdir()?;
        let path = directory.path().join("metrics.jsonl");
        Metrics::create(&path)?.write(&step(1, f64::NAN))?;
        assert!(matches!(&read(&path)?[..], [Record::Step { loss, .. }] if loss.is_nan()));
        Ok(())
    }

    #[test]
    fn a_line_that_is_no_record_is_named() -> Result<()> {
        let directory = tempfile::tempdir()?;
        let path = directory.path().join("metrics.jsonl");
        std::fs::write(&path, "{\"step\":1}\n")?;
        assert!(read(&path).is_err_and(|error| error.to_string().contains("metrics.jsonl:1: missing field `kind`")));
        std::fs::write(&path, "{}\n")?;
        assert!(
            Metrics::resume(&path, 1, 1).is_err_and(|error| error.to_string().contains(":1: missing field `kind`"))
        );
        assert_eq!(std::fs::read_to_string(&path)?, "{}\n");
        Ok(())
    }
}
