//! Event files, as TensorBoard reads them: the curves of a run, live and beside those of other runs.
//!
//! The format is small and still, and written by hand: a library for it would bring all of Protocol Buffers.
//! Fields are those of `event.proto` and `summary.proto`:
//! <https://github.com/tensorflow/tensorboard/tree/master/tensorboard/compat/proto>

mod protobuf;
mod record;

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use protobuf::Message;
use record::record;

use crate::Error;

/// The event file of a run, or of the rest of one that was resumed.
#[derive(Debug)]
pub(crate) struct Events {
    path: PathBuf,
    file: File,
}

impl Events {
    /// The file of a new run, in `directory`, which is made where it is not there.
    pub(crate) fn create(directory: &Path) -> Result<Self, Error> {
        Self::open(directory, 0)
    }

    /// The file of a run that goes on after `step`: TensorBoard forgets what older files of `directory` say of later steps, with its
    /// default loader a value at a time, once it comes again.
    pub(crate) fn resume(directory: &Path, step: u64) -> Result<Self, Error> {
        Self::open(directory, step + 1)
    }

    /// A file with its head.
    fn open(directory: &Path, next: u64) -> Result<Self, Error> {
        std::fs::create_dir_all(directory).map_err(regard::Error::io(directory))?;
        // Readers take files by name, in order, so that a resumed run's follow the first one.
        let path = directory.join(format!("events.out.tfevents.{:010}.regard", now().as_secs()));
        // Two within a second become one file, which readers take as well.
        let file = File::options().append(true).create(true).open(&path).map_err(regard::Error::io(&path))?;
        let mut events = Self { path, file };
        events.append(version(now()))?;
        events.append(start(now(), next))?;
        Ok(events)
    }

    /// What was measured at `step`, by name; in the file when this returns.
    pub(crate) fn scalars(&mut self, step: u64, values: &[(&str, f64)]) -> Result<(), Error> {
        self.append(scalars(now(), step, values))
    }

    fn append(&mut self, event: Message) -> Result<(), Error> {
        Ok(self.file.write_all(&record(&event.0)).map_err(regard::Error::io(&self.path))?)
    }
}

/// The first event of a file.
fn version(time: Duration) -> Message {
    event(time, 0).bytes(3, b"brain.Event:2")
}

/// The start of a session whose first step is `next`: whatever a former session said of it and of later ones is void.
fn start(time: Duration, next: u64) -> Message {
    const START: u64 = 1;
    event(time, next).bytes(7, &Message::default().integer(1, START).0)
}

fn scalars(time: Duration, step: u64, values: &[(&str, f64)]) -> Message {
    let summary = values.iter().fold(Message::default(), |summary, (name, value)| {
        let value = Message::default().bytes(1, name.as_bytes()).float(2, *value as f32);
        summary.bytes(1, &value.0)
    });
    event(time, step).bytes(5, &summary.0)
}

fn event(time: Duration, step: u64) -> Message {
    Message::default().double(1, time.as_secs_f64()).integer(2, step)
}

fn now() -> Duration {
    SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIME: Duration = Duration::from_millis(1500);

    /// As `tensorboard` 2.21.0 (`RecordWriter` of `tensorboard.summary.writer.record_writer`) with `protobuf` 7.36.2 writes
    /// `Event(wall_time=1.5, file_version="brain.Event:2")`,
    /// `Event(wall_time=1.5, step=301, session_log=SessionLog(status=SessionLog.START))` and
    /// `Event(wall_time=1.5, step=300, summary=Summary(value=[V(tag="loss", simple_value=0.75), V(tag="rate", simple_value=0.0)]))`.
    #[test]
    fn records_are_those_of_tensorboard() {
        assert_eq!(
            record(&version(TIME).0),
            b"\x18\0\0\0\0\0\0\0\xa3\x7fK\"\x09\0\0\0\0\0\0\xf8?\x1a\x0dbrain.Event:2*(dl"
        );
        assert_eq!(
            record(&start(TIME, 301).0),
            b"\x10\0\0\0\0\0\0\0\x95\xfb\xfe\x18\x09\0\0\0\0\0\0\xf8?\x10\xad\x02:\x02\x08\x01\xd1yI\xd4"
        );
        assert_eq!(
            record(&scalars(TIME, 300, &[("loss", 0.75), ("rate", 0.0)]).0),
            b"(\0\0\0\0\0\0\0\xffp\x16J\x09\0\0\0\0\0\0\xf8?\x10\xac\x02*\x1a\
              \x0a\x0b\x0a\x04loss\x15\0\0@?\x0a\x0b\x0a\x04rate\x15\0\0\0\0N\xac\xe9\xa6"
        );
    }

    #[test]
    fn a_file_holds_its_records() -> Result<(), Box<dyn std::error::Error>> {
        let directory = tempfile::tempdir()?;
        let mut events = Events::create(&directory.path().join("events"))?;
        let head = std::fs::metadata(&events.path)?.len();
        events.scalars(1, &[("loss", 0.75), ("rate", f64::NAN)])?;
        let file = std::fs::read(&events.path)?;
        assert_eq!(head as usize, record(&version(TIME).0).len() + record(&start(TIME, 0).0).len());
        assert_eq!(
            file.len() - head as usize,
            record(&scalars(TIME, 1, &[("loss", 0.75), ("rate", f64::NAN)]).0).len()
        );
        Events::resume(&directory.path().join("events"), 1)?;
        let names: Vec<_> = std::fs::read_dir(directory.path().join("events"))?.collect::<Result<_, _>>()?;
        assert!(names.iter().all(|entry| entry.file_name().to_string_lossy().contains(".tfevents.")));
        Ok(())
    }
}
