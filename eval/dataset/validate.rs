//! What is wrong with files of the schema, record by record and between splits.

mod between;
mod within;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::{Error, Example, example};

/// What a finding is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A line that is no example, or one with a field that says nothing.
    Record,
    /// An id that its data set has twice.
    Id,
    /// A mention that does not read as the target. A warning: inflected targets do not.
    Mention,
    /// The same text, target and mention with another label.
    Contradiction,
    /// A group in two splits.
    Group,
    /// A text in two splits.
    Text,
    /// A near duplicate in another split.
    NearText,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Record, Self::Id, Self::Mention, Self::Contradiction, Self::Group, Self::Text, Self::NearText];

    /// Its name in a summary.
    pub fn name(self) -> &'static str {
        match self {
            Self::Record => "record",
            Self::Id => "id",
            Self::Mention => "mention",
            Self::Contradiction => "contradiction",
            Self::Group => "group",
            Self::Text => "text",
            Self::NearText => "near_text",
        }
    }

    /// Whether it may be as it should be.
    pub fn is_warning(self) -> bool {
        self == Self::Mention
    }
}

/// Something wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What it is about.
    pub kind: Kind,
    /// Index of the file among those asked about.
    pub file: usize,
    /// The place, what was expected and what was found.
    pub message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

/// What one file holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Checked {
    /// The file.
    pub path: PathBuf,
    /// train, dev or test, where its name says so.
    pub split: Option<&'static str>,
    /// Lines that are examples.
    pub examples: usize,
    /// Findings by kind; those between two files count with the later one.
    pub findings: BTreeMap<Kind, usize>,
}

/// All that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// By file, in the order they were given.
    pub files: Vec<Checked>,
    /// In the order of the files and lines, those between splits last.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Findings that are not mere warnings.
    pub fn wrong(&self) -> usize {
        self.findings.iter().filter(|finding| !finding.kind.is_warning()).count()
    }
}

/// An example and where it stands.
struct Placed<'a> {
    file: usize,
    path: &'a Path,
    line: usize,
    split: Option<&'static str>,
    example: Example,
}

impl Placed<'_> {
    fn place(&self) -> String {
        format!("{}:{}", self.path.display(), self.line)
    }

    fn finding(&self, kind: Kind, message: impl fmt::Display) -> Finding {
        Finding { kind, file: self.file, message: format!("{}: {message}", self.place()) }
    }
}

/// Check files of the schema: every line, ids, mentions and labels, and, between files whose names say train, dev or
/// test, what two splits share.
///
/// # Errors
/// Where a file cannot be read.
pub fn validate(paths: &[PathBuf]) -> Result<Report, Error> {
    let mut placed = Vec::new();
    let mut findings = Vec::new();
    for (file, path) in paths.iter().enumerate() {
        let split = split_of(path);
        for (line, example) in example::read_numbered(path)? {
            match example {
                Ok(example) => placed.push(Placed { file, path, line, split, example }),
                Err(error) => findings.push(Finding { kind: Kind::Record, file, message: error.to_string() }),
            }
        }
    }
    findings.extend(within::findings(&placed));
    findings.sort_by_key(|finding| finding.file);
    findings.extend(between::findings(&placed));
    let checked = |(file, path): (usize, &PathBuf)| {
        let mut counts = BTreeMap::new();
        for finding in findings.iter().filter(|finding| finding.file == file) {
            *counts.entry(finding.kind).or_default() += 1;
        }
        let examples = placed.iter().filter(|placed| placed.file == file).count();
        Checked { path: path.clone(), split: split_of(path), examples, findings: counts }
    };
    let files = paths.iter().enumerate().map(checked).collect();
    Ok(Report { files, findings })
}

/// The split that the name of `path` speaks of.
fn split_of(path: &Path) -> Option<&'static str> {
    let name = path.file_stem()?.to_str()?.to_lowercase();
    name.split(|character: char| !character.is_alphanumeric()).rev().find_map(|word| match word {
        "train" | "training" => Some("train"),
        "dev" | "development" | "valid" | "validation" | "val" => Some("dev"),
        "test" => Some("test"),
        _ => None,
    })
}
