//! The forms that labelled data come in: which column is what, and what the labels are called.

mod mad_tsc;
mod mawqif;
mod newsmtsc;
mod rusentne;
mod semeval2016;
mod vast;
mod xstance;

use std::path::Path;
use std::str::FromStr;

use super::container::{Container, Table};
use crate::Error;

/// A form that [`convert`](super::convert()) reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Comma-separated, with a header.
    Csv,
    /// Tab-separated, with a header, quoted as CSV is.
    Tsv,
    /// Apache Parquet.
    Parquet,
    /// One JSON object a line; without a column map, the schema of the house.
    Jsonl,
    /// NewsMTSC: its repository's JSONL, nested or flattened for the hub.
    NewsMtsc,
    /// RuSentNE-2023.
    RuSentNe,
    /// MAD-TSC, one language a directory.
    MadTsc,
    /// SemEval-2016 task 6.
    SemEval2016,
    /// Mawqif.
    Mawqif,
    /// x-stance.
    XStance,
    /// VAST.
    Vast,
}

impl Form {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Csv,
        Self::Tsv,
        Self::Parquet,
        Self::Jsonl,
        Self::NewsMtsc,
        Self::RuSentNe,
        Self::MadTsc,
        Self::SemEval2016,
        Self::Mawqif,
        Self::XStance,
        Self::Vast,
    ];

    /// As it is asked for by name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Tsv => "tsv",
            Self::Parquet => "parquet",
            Self::Jsonl => "jsonl",
            Self::NewsMtsc => "newsmtsc",
            Self::RuSentNe => "rusentne",
            Self::MadTsc => "mad-tsc",
            Self::SemEval2016 => "semeval2016",
            Self::Mawqif => "mawqif",
            Self::XStance => "x-stance",
            Self::Vast => "vast",
        }
    }

    /// The form that the extension of `path` names: csv, tsv, parquet or jsonl.
    pub fn of_extension(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?.to_lowercase();
        Self::ALL.into_iter().take(4).find(|form| form.name() == extension)
    }

    pub(super) fn published(self) -> Published {
        match self {
            Self::Csv => Published { container: Container::Csv, ..HOUSE },
            Self::Tsv => Published { container: Container::Tsv, ..HOUSE },
            Self::Parquet => Published { container: Container::Parquet, ..HOUSE },
            Self::Jsonl => HOUSE,
            Self::NewsMtsc => newsmtsc::FORM,
            Self::RuSentNe => rusentne::FORM,
            Self::MadTsc => mad_tsc::FORM,
            Self::SemEval2016 => semeval2016::FORM,
            Self::Mawqif => mawqif::FORM,
            Self::XStance => xstance::FORM,
            Self::Vast => vast::FORM,
        }
    }
}

impl FromStr for Form {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|form| form.name() == name)
            .ok_or_else(|| format!("expected one of {}, found {name:?}", Self::ALL.map(Self::name).join(", ")))
    }
}

/// What a column says of an example.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// The sentence.
    Text,
    /// The target as it is named.
    Target,
    /// Its first code point.
    Start,
    /// One past its last code point.
    End,
    /// The label toward the target.
    Label,
    /// The sentiment of the text.
    Sentiment,
    /// Unique in its data set.
    Id,
    /// BCP 47.
    Language,
    /// Sentence or document.
    Group,
    /// The data set.
    Dataset,
    /// What sort of thing the target is.
    TargetType,
    /// Anything else worth keeping.
    Meta,
}

impl Field {
    /// All of them with their names in a column map.
    pub const ALL: [(&'static str, Self); 12] = [
        ("text", Self::Text),
        ("target", Self::Target),
        ("start", Self::Start),
        ("end", Self::End),
        ("label", Self::Label),
        ("sentiment", Self::Sentiment),
        ("id", Self::Id),
        ("language", Self::Language),
        ("group", Self::Group),
        ("dataset", Self::Dataset),
        ("target_type", Self::TargetType),
        ("meta", Self::Meta),
    ];

    /// Its name in a column map.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, field)| *field == self).map_or("", |(name, _)| name)
    }
}

/// An entry of a column map: where a field is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// What it says.
    pub field: Field,
    /// Its name in the file.
    pub name: String,
}

impl FromStr for Column {
    type Err = String;

    /// Reads `FIELD=COLUMN`.
    fn from_str(text: &str) -> Result<Self, String> {
        let (field, name) = text.split_once('=').ok_or_else(|| format!("expected FIELD=COLUMN, found {text:?}"))?;
        let known = Field::ALL.iter().find(|(known, _)| *known == field.trim());
        match known {
            Some(&(_, field)) => Ok(Self { field, name: name.trim().to_owned() }),
            None => {
                let names = Field::ALL.map(|(name, _)| name).join(", ");
                Err(format!("expected one of {names} before the =, found {field:?}"))
            }
        }
    }
}

/// A form as its publisher describes it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Published {
    pub(super) container: Container,
    /// Columns that must be there.
    pub(super) required: &'static [(Field, &'static str)],
    /// Columns that are taken where they are there.
    pub(super) optional: &'static [(Field, &'static str)],
    /// Label values and indices.
    pub(super) labels: &'static [(&'static str, usize)],
    /// The language, in sets of one language.
    pub(super) language: Option<&'static str>,
    /// The data set's name.
    pub(super) dataset: Option<&'static str>,
    /// What all its targets are.
    pub(super) target_type: Option<&'static str>,
    /// Brings records into rows of one target each.
    pub(super) flatten: fn(Table, &Path) -> Table,
    /// The language that the place of a file tells.
    pub(super) language_of: fn(&Path) -> Option<String>,
}

/// The schema of the house.
const HOUSE: Published = Published {
    container: Container::Jsonl,
    required: &[(Field::Text, "text")],
    optional: &[
        (Field::Target, "target"),
        (Field::Start, "target_start"),
        (Field::End, "target_end"),
        (Field::Label, "label"),
        (Field::Sentiment, "sentiment"),
        (Field::Id, "id"),
        (Field::Language, "lang"),
        (Field::Group, "group"),
        (Field::Dataset, "dataset"),
        (Field::TargetType, "target_type"),
        (Field::Meta, "meta"),
    ],
    labels: &[],
    language: None,
    dataset: None,
    target_type: None,
    flatten: |table, _| table,
    language_of: |_| None,
};

/// An error for the whole of `path`: a column that is not there.
pub(super) fn missing(path: &Path, field: Field, name: &str, columns: &[String]) -> Error {
    let lower = name.to_lowercase();
    let distance = |column: &&String| strsim::damerau_levenshtein(&lower, &column.to_lowercase());
    let nearest = columns.iter().min_by_key(distance).filter(|column| distance(column) <= 1 + name.chars().count() / 3);
    let hint = nearest.map(|column| format!(" (did you mean {column:?}?)")).unwrap_or_default();
    let message = format!(
        "expected a column {name:?} for {}, found the columns {}{hint}",
        field.name(),
        if columns.is_empty() { "none".to_owned() } else { columns.join(", ") }
    );
    Error::File { path: path.to_owned(), message }
}
