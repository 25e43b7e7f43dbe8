//! The labelled files of an experiment.

use regard::{Label, Sentiment, Stance};
use regard_eval::dataset::{Form, convert};
use regard_eval::{Example, Gold, example};

use crate::Error;
use crate::config::{DataConfig, Source, TargetForm};
use crate::data::asked;

/// The examples of one file.
#[derive(Debug)]
pub(crate) struct Corpus {
    pub(crate) source: Source,
    pub(crate) examples: Vec<Example>,
    /// Records that are no examples, with their place.
    pub(crate) broken: Vec<regard_eval::Error>,
}

/// Broken records that an error quotes.
const QUOTED: usize = 3;

/// Read `sources`.
///
/// # Errors
/// Where a file cannot be read, holds no example, or more than the stated share of its records is broken.
pub(crate) fn read(sources: &[Source], config: &DataConfig) -> Result<Vec<Corpus>, Error> {
    sources.iter().map(|source| read_one(source, config)).collect()
}

fn read_one(source: &Source, config: &DataConfig) -> Result<Corpus, Error> {
    let refuse = |message: String| regard_eval::Error::File { path: source.path.clone(), message };
    let (form, reading) = source.reading().map_err(|wrong| refuse(wrong.to_string()))?;
    // As it is evaluated: conversion would name groups anew and look for mentions that the file leaves open on purpose.
    let plain = form == Form::Jsonl && source.is_plain();
    let records = if plain { example::read(&source.path)? } else { convert(&source.path, form, &reading)?.examples };
    let count = records.len();
    let mut corpus = Corpus { source: source.clone(), examples: Vec::with_capacity(count), broken: Vec::new() };
    for record in records {
        match record {
            Ok(example) => corpus.examples.push(example),
            Err(error) => corpus.broken.push(error),
        }
    }
    let broken = corpus.broken.len();
    // A file without records has a share of NaN, which is no more than any.
    if broken as f64 / count as f64 > config.broken {
        let quoted: String = corpus.broken.iter().take(QUOTED).map(|error| format!("\n  {error}")).collect();
        let message = format!(
            "expected at most a share of {} of the records to be unusable (data.broken), found {broken} of {count}:{quoted}",
            config.broken
        );
        return Err(refuse(message).into());
    }
    if corpus.examples.is_empty() {
        return Err(refuse("expected at least one example, found none".into()).into());
    }
    Ok(corpus)
}

/// Whether each class of each question that `corpora` ask a model of this form has an example in one of them: no model learns what it is
/// never shown.
///
/// # Errors
/// Where one has none.
pub(crate) fn check_classes(corpora: &[Corpus], form: TargetForm) -> Result<(), Error> {
    let mut counts = [[0; 3]; 2];
    let examples = corpora.iter().flat_map(|corpus| &corpus.examples);
    for example in examples.filter(|example| asked(example, form)) {
        let question = usize::from(matches!(example.gold, Gold::Sentiment(_)));
        counts[question][example.gold.index()] += 1;
    }
    for (question, names, counts) in [("stance", Stance::NAMES, counts[0]), ("sentiment", Sentiment::NAMES, counts[1])]
    {
        let any = counts.iter().any(|&count: &usize| count > 0);
        let missing: Vec<&str> = (0..3).filter(|&class| any && counts[class] == 0).map(|class| names[class]).collect();
        if !missing.is_empty() {
            let message = format!(
                "expected at least one {question} example of each class in the files together, found none of {}",
                missing.join(" and ")
            );
            return Err(regard::Error::invalid("train", message).into());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
