//! Distillation (<https://arxiv.org/abs/1503.02531>): what teachers answer to the catalogue's mentions in texts without labels.

use std::collections::HashSet;
use std::path::Path;

use regard::actor::Catalogue;
use regard::checkpoint::Checkpoint;
use regard::encode::Tokenizer;
use regard::head::Question;
use regard::predict::Predictor;
use regard::{Classifier, Document, Report, Scores};
use regard_eval::dataset::Form;
use serde::Deserialize;

use crate::Error;
use crate::config::{TargetForm, TeacherConfig};
use crate::sentences::{Answer, Group, Labelled};

/// Texts that are judged together.
const TOGETHER: usize = 64;

/// The sentences of `config.texts` that name an actor, with the mean of the teachers' probabilities as labels.
///
/// # Errors
/// Where a text file cannot be read, no sentence names an actor, or a teacher does not answer stance.
pub(crate) fn taught(
    config: &TeacherConfig,
    teachers: Vec<Checkpoint>,
    form: TargetForm,
    tokenizer: &Tokenizer,
) -> Result<Group, Error> {
    teachers.iter().try_for_each(check)?;
    let mut classifiers = Vec::with_capacity(teachers.len());
    for teacher in teachers {
        classifiers.push(Classifier::new(Predictor::new(teacher)?, Catalogue::shipped()?)?);
    }
    let mut documents = Vec::new();
    for path in &config.texts {
        documents.extend(texts(path)?);
    }
    let mut group = Group { share: config.share, sentences: Vec::new() };
    for documents in documents.chunks(TOGETHER) {
        let answers = classifiers.iter().map(|classifier| classifier.classify(documents));
        let answers: Vec<Vec<Report<'_>>> = answers.collect::<Result<_, _>>()?;
        for (index, document) in documents.iter().enumerate() {
            let reports: Vec<&Report<'_>> = answers.iter().filter_map(|reports| reports.get(index)).collect();
            for labelled in labelled(&document.text, &reports, config.temperature) {
                let name = document.id.clone();
                group.sentences.extend(Labelled { name, ..labelled }.encode(form, tokenizer)?);
            }
        }
    }
    if group.sentences.is_empty() {
        let path = config.texts.first().cloned().unwrap_or_default();
        let message = "teacher.texts: expected sentences that name an actor of the catalogue, found none";
        return Err(Error::Config { path, message: message.into() });
    }
    Ok(group)
}

/// Refuse a teacher that has nothing to say of targets.
fn check(teacher: &Checkpoint) -> Result<(), Error> {
    let found = match teacher.question {
        Some(Question::Span | Question::PairStance { .. }) => return Ok(()),
        Some(Question::SentenceSentiment { .. }) => "a sentence classifier",
        None => "a base model",
    };
    let message = format!("expected a checkpoint that answers stance, found {found}");
    Err(regard::Error::invalid(format!("teacher {}", teacher.place), message).into())
}

/// The sentences of one text that name an actor to which all teachers take a stance. All reports have the same sentences and
/// mentions: these do not depend on the model.
fn labelled<'a>(text: &'a str, reports: &[&Report<'_>], temperature: f64) -> Vec<Labelled<'a>> {
    let Some(first) = reports.first() else { return Vec::new() };
    let mut all = Vec::new();
    for (index, sentence) in first.sentences.iter().enumerate() {
        let said = || reports.iter().filter_map(|report| report.sentences.get(index));
        let mut targets = Vec::new();
        for (place, actor) in sentence.actors.iter().enumerate() {
            let scores: Option<Vec<Scores>> =
                said().map(|sentence| sentence.actors.get(place).and_then(|actor| actor.stance)).collect();
            let name = actor.mentions.first().map_or("", |mention| mention.of(text));
            let mentions = actor.mentions.iter().filter_map(|mention| mention.within(sentence.span)).collect();
            targets.extend(scores.map(|scores| (name, mentions, mean(&scores, temperature))));
        }
        if !targets.is_empty() {
            let sentiments: Option<Vec<Scores>> = said().map(|sentence| sentence.sentiment).collect();
            let sentiment = sentiments.map(|scores| mean(&scores, temperature));
            all.push(Labelled { name: String::new(), text: sentence.span.of(text), targets, sentiment });
        }
    }
    all
}

/// The mean of probabilities, softened: p to the power of 1 / temperature is what dividing the logits makes of p. Beside the largest
/// p, so that a low temperature does not make all of them 0.
fn mean(scores: &[Scores], temperature: f64) -> Answer {
    let mut sums = [0.0; 3];
    for Scores(scores) in scores {
        let scores = scores.map(f64::from);
        let largest = scores.into_iter().fold(0.0, f64::max);
        let soft = scores.map(|score| (score / largest).powf(1.0 / temperature));
        let total: f64 = soft.iter().sum();
        sums.iter_mut().zip(soft).for_each(|(sum, score)| *sum += score / total);
    }
    Answer::soft(sums.map(|sum| (sum / scores.len() as f64) as f32))
}

/// The texts of a file, with file and line as their names: the field `text` of each record of a `.jsonl`, the lines of any other file
/// that are not empty.
fn texts(path: &Path) -> Result<Vec<Document>, Error> {
    #[derive(Deserialize)]
    struct Record {
        text: String,
    }
    let content = std::fs::read_to_string(path).map_err(regard::Error::io(path))?;
    let lines = content.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let lines = lines.map(|(index, line)| (format!("{}:{}", path.display(), index + 1), line));
    if Form::of_extension(path) != Some(Form::Jsonl) {
        return Ok(lines.map(|(place, line)| Document::new(place, line)).collect());
    }
    let mut texts: Vec<Document> = Vec::new();
    for (place, line) in lines {
        let record: Record = serde_json::from_str(line).map_err(|error| regard::Error::invalid(&place, error))?;
        texts.push(Document::new(place, record.text));
    }
    // A labelled file has a line a target: a text once is enough.
    let mut known = HashSet::new();
    texts.retain(|document| known.insert(document.text.clone()));
    Ok(texts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn teachers_are_averaged_and_softened() {
        let Answer { gold, possible } = mean(&[Scores([0.64, 0.32, 0.04]), Scores([0.04, 0.32, 0.64])], 2.0);
        // Square roots, each made to sum to one: 0.8, 0.566, 0.2 over their sum.
        let total = 0.8 + 0.32_f32.sqrt() + 0.2;
        assert!((gold[0] - 0.5 / total).abs() < 1e-6 && (gold[2] - gold[0]).abs() < 1e-6);
        assert!((gold.iter().sum::<f32>() - 1.0).abs() < 1e-6 && possible == [true; 3]);
        // 0.3 to the power of 1000 is less than any number.
        assert_eq!(mean(&[Scores([0.4, 0.3, 0.3])], 0.001).gold, [1.0, 0.0, 0.0]);
    }

    #[test]
    fn texts_are_named_by_file_and_line() -> Result<(), Box<dyn std::error::Error>> {
        let directory = tempfile::tempdir()?;
        for (name, content, expected) in [
            ("a.txt", "One.\n\nTwo.\nOne.\n", vec![(1, "One."), (3, "Two."), (4, "One.")]),
            (
                "a.jsonl",
                "{\"text\": \"One.\"}\n{\"text\": \"One.\"}\n{\"text\": \"Two.\"}\n",
                vec![(1, "One."), (3, "Two.")],
            ),
        ] {
            let path = directory.path().join(name);
            std::fs::write(&path, content)?;
            let found: Vec<_> = texts(&path)?.into_iter().map(|document| (document.id, document.text)).collect();
            let expected: Vec<_> = expected
                .into_iter()
                .map(|(line, text)| (format!("{}:{line}", path.display()), text.to_owned()))
                .collect();
            assert_eq!(found, expected);
        }
        Ok(())
    }
}
