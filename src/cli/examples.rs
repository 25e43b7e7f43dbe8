//! Labelled files, as several subcommands read them.

use std::path::PathBuf;
use std::str::FromStr;

use regard_eval::Example;

use crate::exit::skipped;

/// A share or probability on the command line.
pub(crate) fn share<T: FromStr + PartialOrd + From<u8>>(text: &str) -> Result<T, String> {
    let share = text.parse().ok().filter(|share| (T::from(0)..=T::from(1)).contains(share));
    share.ok_or_else(|| format!("expected a number from 0 to 1, found {text:?}"))
}

/// What was read of labelled files.
pub(crate) struct Read {
    pub(crate) examples: Vec<Example>,
    /// Examples of each file.
    pub(crate) of_files: Vec<usize>,
    /// Lines that are no examples; they were named on stderr.
    pub(crate) left_out: usize,
}

/// The examples of `files`.
pub(crate) fn read(files: &[PathBuf]) -> anyhow::Result<Read> {
    let mut read = Read { examples: Vec::new(), of_files: Vec::new(), left_out: 0 };
    for path in files {
        let before = read.examples.len();
        for example in regard_eval::example::read(path)? {
            match example {
                Ok(example) => read.examples.push(example),
                Err(error) => {
                    read.left_out += 1;
                    skipped(&error);
                }
            }
        }
        read.of_files.push(read.examples.len() - before);
    }
    anyhow::ensure!(!read.examples.is_empty(), "no example in {files:?}");
    Ok(read)
}
