//! What is read: the lines of a file, or drawn token ids.

use std::path::{Path, PathBuf};

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use regard::encode::Encoding;
use regard::encoder::EncoderConfig;
use regard::head::Question;
use regard::{CodePoints, Span};
use serde::{Deserialize, Serialize};

use crate::lines::{self, json};
use crate::{Error, bench::reader::Loaded};

/// What a line of a file gives to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Input {
    /// Its `ids`, as they are.
    Ids,
    /// Its `text`, once for all lines of the same text, with the targets that they point at.
    Span,
    /// Its `text` and `target` as a pair.
    Pair,
}

impl Input {
    /// What a checkpoint that answers `question` is shown by users.
    pub fn of(question: Option<Question>) -> Self {
        match question {
            Some(Question::Span) => Self::Span,
            Some(Question::PairStance { .. }) => Self::Pair,
            Some(Question::SentenceSentiment { .. }) | None => Self::Ids,
        }
    }
}

/// One sequence, before the tokenizer where it is text.
#[derive(Debug)]
pub(super) enum Sequence {
    Ids(Encoding),
    Sentence { text: String, targets: Vec<Vec<Span>> },
    Pair { text: String, target: String, mentions: Vec<Span> },
}

/// Sequences to be read. Never empty.
#[derive(Debug)]
pub struct Work {
    input: Input,
    /// The file, where there is one, and the line of each sequence, counted from 1.
    place: Option<PathBuf>,
    lines: Vec<usize>,
    pub(super) sequences: Vec<Sequence>,
}

#[derive(Deserialize)]
struct Line {
    #[serde(default)]
    ids: Option<Vec<u32>>,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    target: Option<String>,
    #[serde(default)]
    target_start: Option<usize>,
    #[serde(default)]
    target_end: Option<usize>,
}

impl Line {
    fn into_sequence(self, input: Input) -> Result<Sequence, String> {
        if input == Input::Ids {
            let ids = self.ids.filter(|ids| !ids.is_empty()).ok_or("ids: expected token ids, found none")?;
            return Ok(Sequence::Ids(encoding(ids, Vec::new())));
        }
        let mentions: Vec<Span> = self.mention()?.into_iter().collect();
        let text = self.text.filter(|text| !text.trim().is_empty()).ok_or("text: expected a sentence, found none")?;
        match input {
            Input::Pair => {
                let target = self.target.ok_or("target: expected a name, found none")?;
                Ok(Sequence::Pair { text, target, mentions })
            }
            _ => {
                let targets = if mentions.is_empty() { Vec::new() } else { vec![mentions] };
                Ok(Sequence::Sentence { text, targets })
            }
        }
    }

    fn mention(&self) -> Result<Option<Span>, String> {
        let (Some(start), Some(end)) = (self.target_start, self.target_end) else { return Ok(None) };
        let points = CodePoints::new(self.text.as_deref().unwrap_or_default());
        let span = points.span(start, end).filter(|span| !span.is_empty());
        let span =
            span.ok_or_else(|| format!("target_start, target_end: expected a range of text, found {start}..{end}"));
        Ok(Some(span?))
    }
}

impl Work {
    /// The lines of the JSONL file at `path`. Unlike a set that is evaluated, it is read whole or refused: a line less is other work.
    ///
    /// # Errors
    /// Where the file cannot be read, holds no line, or a line lacks what `input` needs.
    pub fn read(path: &Path, input: Input) -> Result<Self, Error> {
        let mut work = Self { input, place: Some(path.to_owned()), lines: Vec::new(), sequences: Vec::new() };
        let mut last = String::new();
        for (number, sequence) in lines::read(path, |line| json::<Line>(line)?.into_sequence(input))? {
            let sequence = sequence?;
            if let Sequence::Sentence { text, targets } = &sequence {
                // Lines about the same sentence stand together.
                if let (true, Some(Sequence::Sentence { targets: known, .. })) =
                    (*text == last, work.sequences.last_mut())
                {
                    known.extend(targets.iter().cloned());
                    continue;
                }
                last.clone_from(text);
            }
            work.lines.push(number);
            work.sequences.push(sequence);
        }
        if work.sequences.is_empty() {
            return Err(Error::File { path: path.to_owned(), message: "expected lines, found none".to_owned() });
        }
        Ok(work)
    }

    /// `count` sequences of `length` drawn tokens each, of the vocabulary of `loaded`; where it pools mentions, each has a target of
    /// one token. At least one sequence of one token.
    pub fn drawn(loaded: &Loaded, length: usize, count: usize) -> Self {
        let mut generator = ChaCha8Rng::seed_from_u64(0);
        let (length, vocabulary) = (length.max(1), loaded.config.vocabulary as u32);
        let targets = match loaded.question {
            Some(Question::Span) => vec![vec![(length > 1).into()]],
            _ => Vec::new(),
        };
        let mut sequence = || {
            let ids = (0..length).map(|_| generator.random_range(0..vocabulary)).collect();
            Sequence::Ids(encoding(ids, targets.clone()))
        };
        let sequences = (0..count.max(1)).map(|_| sequence()).collect();
        Self { input: Input::Ids, place: None, lines: Vec::new(), sequences }
    }

    /// What is read of each line.
    pub fn input(&self) -> Input {
        self.input
    }

    /// Refuse what `loaded` cannot read.
    ///
    /// # Errors
    /// Where it answers another question, or a sequence of ids is too long or has one beyond the vocabulary.
    pub fn check(&self, loaded: &Loaded) -> Result<(), Error> {
        if self.input != Input::Ids {
            let message = match (self.input, loaded.question) {
                (_, _) if loaded.tokenizer.is_none() => Some("expected ids, as there is no tokenizer".to_owned()),
                (wanted, question) if wanted != Input::of(question) => {
                    let (wanted, found) = (name(wanted), kind(question));
                    Some(format!("{wanted} expects a {wanted} checkpoint, found {found}"))
                }
                _ => None,
            };
            return match message {
                Some(message) => Err(regard::Error::invalid("input", message).into()),
                None => Ok(()),
            };
        }
        for (index, sequence) in self.sequences.iter().enumerate() {
            if let Sequence::Ids(encoding) = sequence {
                fits(encoding, &loaded.config).map_err(|message| self.error(index, message))?;
            }
        }
        Ok(())
    }

    fn error(&self, index: usize, message: String) -> Error {
        match (&self.place, self.lines.get(index)) {
            (Some(path), Some(&line)) => Error::Line { path: path.clone(), line, message },
            _ => regard::Error::invalid("length", message).into(),
        }
    }
}

fn encoding(ids: Vec<u32>, targets: Vec<Vec<u32>>) -> Encoding {
    let token_types = vec![0; ids.len()];
    Encoding { ids, token_types, targets, truncated: 0 }
}

fn fits(encoding: &Encoding, config: &EncoderConfig) -> Result<(), String> {
    let (count, longest) = (encoding.ids.len(), config.longest());
    if count > longest {
        return Err(format!("expected at most {longest} tokens, found {count}"));
    }
    match encoding.ids.iter().position(|id| *id as usize >= config.vocabulary) {
        Some(index) => {
            Err(format!("ids[{index}]: expected an id below {}, found {}", config.vocabulary, encoding.ids[index]))
        }
        None => Ok(()),
    }
}

fn name(input: Input) -> &'static str {
    match input {
        Input::Ids => "ids",
        Input::Span => "span",
        Input::Pair => "pair",
    }
}

/// What a checkpoint is called by what it answers.
pub(super) fn kind(question: Option<Question>) -> &'static str {
    match question {
        Some(Question::Span) => "span",
        Some(Question::PairStance { .. }) => "pair",
        Some(Question::SentenceSentiment { .. }) => "sentence",
        None => "a base model without a head",
    }
}
