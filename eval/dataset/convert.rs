//! From the forms of others to examples.

use std::path::Path;

use regard::{CodePoints, Label, Language, Sentiment, Span, Stance};
use serde_json::{Map, Value};

use super::form::{Column, Field, Form, Published, missing};
use super::label::Labels;
use super::leakage::{fingerprint, normal};
use super::row::Row;
use super::{container, locate};
use crate::{Error, Example, Gold};

/// What the caller says of a file, above what its form says.
#[derive(Debug, Clone, Default)]
pub struct Reading {
    /// Where fields are found; each must be there.
    pub columns: Vec<Column>,
    /// What label values mean; where it is empty, what the form says.
    pub labels: Labels,
    /// For files without a language column. BCP 47.
    pub language: Option<String>,
    /// For files without a data set column.
    pub dataset: Option<String>,
}

/// What came of one file.
#[derive(Debug)]
pub struct Converted {
    /// In the order of the file; a record that cannot be used is an error that names it.
    pub examples: Vec<Result<Example, Error>>,
    /// Targets without offsets that the text does not name exactly once; their mention is left open.
    pub unlocated: usize,
    /// Mentions, by the source's own offsets, that do not read as the target.
    pub misread: usize,
}

/// Read `path` as `form`.
///
/// A target without offsets is taken to be mentioned where the text has it, if that is one place. `group` is the text's
/// fingerprint where no column gives it; `id` the file's name and the line.
///
/// # Errors
/// Where the file cannot be read, lacks a column, or nobody says its language or data set.
pub fn convert(path: &Path, form: Form, reading: &Reading) -> Result<Converted, Error> {
    let published = form.published();
    let table = (published.flatten)(container::read(path, published.container)?, path);
    let plan = Plan::new(path, &published, reading, &table.columns)?;
    let mut converted = Converted { examples: Vec::with_capacity(table.rows.len()), unlocated: 0, misread: 0 };
    for row in table.rows {
        let example = row.and_then(|row| {
            let example = plan.example(&row);
            example.map_err(|message| Error::Line { path: path.to_owned(), line: row.line, message })
        });
        if let Ok(Example { text, target: Some(target), mention, .. }) = &example {
            match mention {
                None => converted.unlocated += 1,
                Some(mention) if mention.of(text).trim() != target => converted.misread += 1,
                Some(_) => {}
            }
        }
        converted.examples.push(example);
    }
    Ok(converted)
}

/// What is known of a file before its first record.
struct Plan {
    columns: Vec<Column>,
    labels: Labels,
    language: Option<String>,
    dataset: Option<String>,
    target_type: Option<&'static str>,
    stem: String,
}

impl Plan {
    fn new(path: &Path, published: &Published, reading: &Reading, found: &[String]) -> Result<Self, Error> {
        let given = |field| reading.columns.iter().any(|column| column.field == field);
        let there = |name: &str| found.iter().any(|column| column == name);
        let mut columns = reading.columns.clone();
        let twice = (1..columns.len()).find(|&index| {
            let field = columns[index].field;
            field != Field::Meta && columns[..index].iter().any(|column| column.field == field)
        });
        if let Some(index) = twice {
            let message = format!("expected one column for {}, found two", columns[index].field.name());
            return Err(Error::File { path: path.to_owned(), message });
        }
        for &(field, name) in published.required {
            if !given(field) {
                columns.push(Column { field, name: name.to_owned() });
            }
        }
        if let Some(column) = columns.iter().find(|column| !there(&column.name)) {
            return Err(missing(path, column.field, &column.name, found));
        }
        let optional = published.optional.iter().filter(|(field, name)| !given(*field) && there(name));
        columns.extend(optional.map(|&(field, name)| Column { field, name: name.to_owned() }));
        let has = |field| columns.iter().any(|column: &Column| column.field == field);
        if !has(Field::Label) && !has(Field::Sentiment) {
            return Err(missing(path, Field::Label, "label", found));
        }
        if has(Field::Label) && !has(Field::Target) {
            return Err(missing(path, Field::Target, "target", found));
        }
        if has(Field::Start) != has(Field::End) {
            let (field, name) = if has(Field::Start) { (Field::End, "end") } else { (Field::Start, "start") };
            return Err(missing(path, field, name, found));
        }
        let language = reading.language.clone().or_else(|| published.language.map(str::to_owned));
        let language = language.or_else(|| (published.language_of)(path));
        let dataset = reading.dataset.clone().or_else(|| published.dataset.map(str::to_owned));
        for (known, field) in [(&language, Field::Language), (&dataset, Field::Dataset)] {
            if known.is_none() && !has(field) {
                let message = format!("{0}: expected a column or --{0}, found neither", field.name());
                return Err(Error::File { path: path.to_owned(), message });
            }
        }
        let labels = match reading.labels.0.is_empty() {
            true => Labels::new(published.labels),
            false => reading.labels.clone(),
        };
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Self { columns, labels, language, dataset, target_type: published.target_type, stem })
    }

    fn column(&self, field: Field) -> Option<&str> {
        self.columns.iter().find(|column| column.field == field).map(|column| column.name.as_str())
    }

    fn value(&self, row: &Row, field: Field) -> Result<Option<String>, String> {
        self.column(field).map_or(Ok(None), |column| row.text(column))
    }

    fn example(&self, row: &Row) -> Result<Example, String> {
        // Offsets count the white space around a text.
        let text = self.column(Field::Text).map_or(Ok(None), |column| row.raw(column))?;
        let text = text.ok_or_else(|| format!("{}: expected text, found none", self.name(Field::Text)))?;
        let (gold, raw) = self.gold(row)?;
        let target = self.value(row, Field::Target)?;
        if target.is_none() && matches!(gold, Gold::Stance(_)) {
            return Err(format!("{}: expected a target, found none", self.name(Field::Target)));
        }
        let mention = match self.offsets(row)? {
            Some((start, end)) => Some(self.span(&text, start, end)?),
            None => target.as_deref().and_then(|target| locate::locate(&text, target)),
        };
        let language = self.value(row, Field::Language)?.or_else(|| self.language.clone()).unwrap_or_default();
        let Some(language) = Language::new(&language) else {
            let place = self.name(Field::Language);
            return Err(format!("{place}: expected a BCP 47 tag such as ar, found {language:?}"));
        };
        let mut meta = self.meta(row);
        if raw != gold.name() {
            meta.insert("label".into(), raw.into());
        }
        Ok(Example {
            id: self.value(row, Field::Id)?.unwrap_or_else(|| format!("{}-{}", self.stem, row.line)),
            dataset: (self.value(row, Field::Dataset)?.or_else(|| self.dataset.clone()))
                .ok_or_else(|| format!("{}: expected a name, found none", self.name(Field::Dataset)))?,
            language: language.to_string(),
            target_type: self.target_type(row)?,
            group: match self.value(row, Field::Group)? {
                Some(group) => group,
                None => format!("{:016x}", fingerprint(&normal(&text))),
            },
            text,
            target,
            mention,
            gold,
            meta,
        })
    }

    /// The right answer and what the source calls it. The label toward the target comes first, as in the schema.
    fn gold(&self, row: &Row) -> Result<(Gold, String), String> {
        if let Some(raw) = self.value(row, Field::Label)? {
            let index = self.labels.index(&raw).map_err(|message| format!("{}: {message}", self.name(Field::Label)))?;
            return Ok((Gold::Stance(Stance::ALL[index]), raw));
        }
        if let Some(raw) = self.value(row, Field::Sentiment)? {
            let index =
                self.labels.index(&raw).map_err(|message| format!("{}: {message}", self.name(Field::Sentiment)))?;
            return Ok((Gold::Sentiment(Sentiment::ALL[index]), raw));
        }
        let field = if self.column(Field::Label).is_some() { Field::Label } else { Field::Sentiment };
        Err(format!("{}: expected a label, found none", self.name(field)))
    }

    fn offsets(&self, row: &Row) -> Result<Option<(usize, usize)>, String> {
        let offset = |field| self.column(field).map_or(Ok(None), |column| row.offset(column));
        match (offset(Field::Start)?, offset(Field::End)?) {
            (Some(start), Some(end)) => Ok(Some((start, end))),
            (None, None) => Ok(None),
            _ => Err(format!(
                "{}, {}: expected both or neither, found one",
                self.name(Field::Start),
                self.name(Field::End)
            )),
        }
    }

    fn span(&self, text: &str, start: usize, end: usize) -> Result<Span, String> {
        let points = CodePoints::new(text);
        points.span(start, end).filter(|span| !span.is_empty()).ok_or_else(|| {
            let (first, last, length) = (self.name(Field::Start), self.name(Field::End), points.at(text.len()));
            format!("{first}, {last}: expected a range within {length} code points, found {start}..{end}")
        })
    }

    fn target_type(&self, row: &Row) -> Result<Option<String>, String> {
        let given =
            self.value(row, Field::TargetType)?.map(|name| name.to_lowercase().replace("organization", "organisation"));
        Ok(given.or_else(|| self.target_type.map(str::to_owned)))
    }

    fn meta(&self, row: &Row) -> Map<String, Value> {
        let mut meta = Map::new();
        for column in self.columns.iter().filter(|column| column.field == Field::Meta) {
            match row.values.get(&column.name) {
                None | Some(Value::Null) => {}
                Some(Value::String(text)) if text.is_empty() => {}
                Some(Value::Object(values)) => meta.extend(values.clone()),
                Some(value) => {
                    meta.insert(column.name.clone(), value.clone());
                }
            }
        }
        meta
    }

    /// What the file calls `field`.
    fn name(&self, field: Field) -> &str {
        self.column(field).unwrap_or(field.name())
    }
}
