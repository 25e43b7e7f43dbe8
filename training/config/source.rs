//! A labelled file of an experiment: a path, or a table that says more.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use regard::Language;
use regard_eval::dataset::{Column, Field, Form, LabelName, Labels, Reading};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde::{Deserialize as Derive, Serialize};

use super::check::{Wrong, wrong};
use super::wording;

/// One labelled file and how it is read.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Source {
    /// The file.
    pub path: PathBuf,
    /// Share of its sentences that each epoch draws anew; above 1, it is read more than once an epoch.
    pub share: f64,
    /// What a class means that no example of the file has.
    pub absent: Absent,
    /// The form it is in, as `regard data convert --from` names it. Where it is left out, the extensions csv, tsv and parquet tell;
    /// any other file is in the schema of `eval/README.md`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub form: Option<String>,
    /// Where fields are found: `{ text = "sentence", label = "polarity" }`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub columns: BTreeMap<String, String>,
    /// What label values mean: `{ neg = "against" }`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Language of a file without such a column.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Name of a data set whose file does not tell it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dataset: Option<String>,
}

/// What a label says of a class that its file never gives.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Derive)]
#[serde(rename_all = "lowercase")]
pub enum Absent {
    /// Nothing: the annotators were not asked. The class takes no part in the softmax.
    #[default]
    Unknown,
    /// That it is wrong: the file holds only examples of the other classes, chosen from all.
    Wrong,
}

/// As [`Source`] stands in a file.
#[derive(Derive)]
#[serde(deny_unknown_fields)]
struct Table {
    path: PathBuf,
    #[serde(default = "super::one")]
    share: f64,
    #[serde(default)]
    absent: Absent,
    form: Option<String>,
    #[serde(default)]
    columns: BTreeMap<String, String>,
    #[serde(default)]
    labels: BTreeMap<String, String>,
    language: Option<String>,
    dataset: Option<String>,
}

impl Source {
    /// All of a file, in the schema or in what its extension says.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), share: 1.0, ..Self::default() }
    }

    /// Whether nothing is said of how it is read.
    pub(crate) fn is_plain(&self) -> bool {
        self.columns.is_empty() && self.labels.is_empty() && self.language.is_none() && self.dataset.is_none()
    }

    /// Its form, and what it says above that.
    pub(crate) fn reading(&self) -> Result<(Form, Reading), Wrong> {
        let form = match &self.form {
            Some(name) => {
                name.parse().map_err(|_| wrong("form", wording::not_one_of(name, &Form::ALL.map(Form::name))))?
            }
            None => Form::of_extension(&self.path).unwrap_or(Form::Jsonl),
        };
        let mut columns = Vec::with_capacity(self.columns.len());
        for (field, name) in &self.columns {
            let Some(&(_, known)) = Field::ALL.iter().find(|(known, _)| known == field) else {
                let known = Field::ALL.map(|(name, _)| name);
                return Err(wrong(&format!("columns.{field}"), wording::unknown(field, &known)));
            };
            columns.push(Column { field: known, name: name.clone() });
        }
        let mut labels = Vec::with_capacity(self.labels.len());
        for (value, label) in &self.labels {
            let name = format!("{value}={label}").parse::<LabelName>().map_err(|_| {
                let message = format!("expected one of against, neutral, favor, found {label:?}");
                wrong(&format!("labels.{value}"), message)
            })?;
            labels.push(name);
        }
        if let Some(tag) = self.language.as_deref().filter(|tag| Language::new(tag).is_none()) {
            return Err(wrong("language", format!("expected a BCP 47 tag such as ar, found {tag:?}")));
        }
        let (language, dataset) = (self.language.clone(), self.dataset.clone());
        Ok((form, Reading { columns, labels: Labels(labels), language, dataset }))
    }
}

impl<'de> Deserialize<'de> for Source {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PathOrTable;
        impl<'de> Visitor<'de> for PathOrTable {
            type Value = Source;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a path or a table with a path")
            }

            fn visit_str<E>(self, path: &str) -> Result<Source, E> {
                Ok(Source::new(path))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Source, A::Error> {
                let Table { path, share, absent, form, columns, labels, language, dataset } =
                    Table::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Source { path, share, absent, form, columns, labels, language, dataset })
            }
        }
        deserializer.deserialize_any(PathOrTable)
    }
}
