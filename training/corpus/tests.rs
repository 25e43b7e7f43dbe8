//! Files as people have them, good and bad.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::*;

type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;

/// A line of the schema: a stance example whose target has no offsets.
fn line(id: usize, label: &str) -> String {
    format!(
        r#"{{"id":"{id}","dataset":"own","lang":"en","text":"Iran spoke {id}.","target":"Iran","label":"{label}"}}"#
    )
}

fn write(directory: &Path, name: &str, lines: &[String]) -> Result<Source> {
    let path = directory.join(name);
    fs::write(&path, lines.join("\n"))?;
    Ok(Source::new(path))
}

fn refused<T>(read: std::result::Result<T, Error>) -> Result<String> {
    match read {
        Ok(_) => Err("it was taken".into()),
        Err(error) => Ok(error.to_string()),
    }
}

#[test]
fn a_file_of_the_schema_is_what_is_evaluated() -> Result {
    let directory = tempfile::tempdir()?;
    let lines = [line(1, "favor"), line(2, "against").replace(r#""label""#, r#""meta":{"a":1},"group":"g","label""#)];
    for name in ["train.jsonl", "train"] {
        let source = write(directory.path(), name, &lines)?;
        let corpora = read(std::slice::from_ref(&source), &DataConfig::default())?;
        let expected: Vec<Example> = example::read(&source.path)?.into_iter().collect::<std::result::Result<_, _>>()?;
        assert_eq!(corpora[0].examples, expected);
        assert!(expected.iter().all(|example| example.mention.is_none()), "left open by the file");
        assert_eq!(corpora[0].source, source);
    }
    Ok(())
}

#[test]
fn a_table_is_read_through_its_columns_and_labels() -> Result {
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("own.csv");
    fs::write(&path, "sentence,who,polarity\nIran spoke.,Iran,neg\nThey like Iran.,Iran,pos\n")?;
    let map = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
        pairs.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect()
    };
    let mut source = Source {
        columns: map(&[("text", "sentence"), ("target", "who"), ("label", "polarity")]),
        labels: map(&[("neg", "against"), ("pos", "favor")]),
        language: Some("en".into()),
        dataset: Some("own".into()),
        ..Source::new(&path)
    };
    let corpora = read(std::slice::from_ref(&source), &DataConfig::default())?;
    let golds: Vec<&str> = corpora[0].examples.iter().map(|example| example.gold.name()).collect();
    assert_eq!(golds, ["against", "favor"]);
    assert!(corpora[0].examples.iter().all(|example| example.mention.is_some() && example.language == "en"));

    source.labels.remove("pos");
    let message = refused(read(std::slice::from_ref(&source), &DataConfig::default()))?;
    assert!(message.contains("own.csv: expected at most a share of 0.01 of the records to be unusable"), "{message}");
    assert!(
        message.contains("found 1 of 2:\n") && message.contains("own.csv:3: polarity: expected one of neg,"),
        "{message}"
    );
    source.columns.insert("text".into(), "sentense".into());
    let message = refused(read(&[source], &DataConfig::default()))?;
    assert!(message.contains("did you mean \"sentence\"?"), "{message}");
    Ok(())
}

#[test]
fn few_broken_records_are_kept_apart_and_many_stop_the_run() -> Result {
    let directory = tempfile::tempdir()?;
    let mut lines: Vec<String> = (0..8).map(|id| line(id, "favor")).collect();
    // A target outside its sentence, and a label that is none.
    lines[2] = lines[2].replace(r#""label""#, r#""target_start":40,"target_end":44,"label""#);
    lines[5] = line(5, "good");
    let source = [write(directory.path(), "train.jsonl", &lines)?];
    let config = |broken| DataConfig { broken, ..DataConfig::default() };
    let corpora = read(&source, &config(0.25))?;
    assert_eq!((corpora[0].examples.len(), corpora[0].broken.len()), (6, 2));
    assert!(corpora[0].broken[0].to_string().contains("train.jsonl:3: target_start, target_end: expected a range"));
    let message = refused(read(&source, &config(0.24)))?;
    assert!(
        message.contains("a share of 0.24 of the records to be unusable (data.broken), found 2 of 8:\n"),
        "{message}"
    );
    assert!(
        message.contains("train.jsonl:3: ") && message.contains("train.jsonl:6: label: expected one of"),
        "{message}"
    );
    let all = [write(directory.path(), "all.jsonl", &(0..9).map(|id| line(id, "good")).collect::<Vec<_>>())?];
    assert_eq!(refused(read(&all, &config(0.5)))?.lines().count(), 1 + 3, "the first three are quoted");
    assert!(refused(read(&all, &config(1.0)))?.ends_with("all.jsonl: expected at least one example, found none"));
    Ok(())
}

#[test]
fn a_file_that_is_not_there_or_empty_is_named() -> Result {
    let directory = tempfile::tempdir()?;
    let missing = Source::new(directory.path().join("missing.jsonl"));
    assert!(refused(read(&[missing], &DataConfig::default()))?.contains("missing.jsonl: No such file"));
    let empty = write(directory.path(), "empty.jsonl", &[])?;
    let message = refused(read(&[empty], &DataConfig::default()))?;
    assert!(message.ends_with("empty.jsonl: expected at least one example, found none"), "{message}");
    let wrong = Source { form: Some("xls".into()), ..Source::new("own") };
    assert!(refused(read(&[wrong], &DataConfig::default()))?.starts_with("own: form: expected one of csv, "));
    Ok(())
}

#[test]
fn each_class_that_is_asked_has_an_example_somewhere() -> Result {
    let directory = tempfile::tempdir()?;
    let corpora = |files: &[&[&str]]| -> Result<Vec<Corpus>> {
        let mut sources = Vec::new();
        for (index, labels) in files.iter().enumerate() {
            let lines: Vec<String> = labels.iter().enumerate().map(|(id, label)| line(id, label)).collect();
            sources.push(write(directory.path(), &format!("{index}.jsonl"), &lines)?);
        }
        Ok(read(&sources, &DataConfig::default())?)
    };
    check_classes(&corpora(&[&["favor", "against"], &["neutral"]])?, TargetForm::Pair)?;
    let message = refused(check_classes(&corpora(&[&["favor"], &["favor", "neutral"]])?, TargetForm::Pair))?;
    let expected =
        "train: expected at least one stance example of each class in the files together, found none of against";
    assert_eq!(message, expected);
    let mood = r#"{"id":"1","dataset":"own","lang":"en","text":"Sad.","sentiment":"negative"}"#.to_owned();
    let moods = [write(directory.path(), "moods.jsonl", &[mood])?];
    let message = refused(check_classes(&read(&moods, &DataConfig::default())?, TargetForm::Span))?;
    assert!(message.contains("sentiment example") && message.ends_with("none of neutral and positive"), "{message}");
    Ok(())
}
