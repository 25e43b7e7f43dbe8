//! Documents in, judged sentences out: the façade that users touch.

mod recent;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use self::recent::Recent;
use crate::actor::{Actor, Catalogue, Matcher};
use crate::document::Document;
use crate::predict::{Prediction, Predictor, Query, Target};
use crate::{Language, Result, Scores, Span, segment};

/// A model, the actors that it looks for, and the way from text to both.
///
/// ```
/// # #[cfg(feature = "shipped")] {
/// use regard::{Classifier, Document, Stance, actor::Catalogue, checkpoint::Checkpoint, predict::Predictor};
///
/// let checkpoint = Checkpoint::shipped(&candle_core::Device::Cpu)?;
/// let classifier = Classifier::new(Predictor::new(checkpoint)?, Catalogue::shipped()?)?;
/// let document = Document::new("1", "The minister praised Japan as a loyal and generous friend.");
/// let report = &classifier.classify(&[document])?[0];
/// let japan = &report.sentences[0].actors[0];
/// assert_eq!(japan.actor.as_ref().map(|actor| actor.name.as_str()), Some("Japan"));
/// assert_eq!(japan.stance.map(|scores| scores.label()), Some(Stance::Favor));
/// # }
/// # Ok::<(), regard::Error>(())
/// ```
#[derive(Debug)]
pub struct Classifier {
    predictor: Predictor,
    catalogue: Catalogue,
    matcher: Matcher,
    /// Whether sentences that name no actor are passed over.
    actors_only: bool,
    recent: Mutex<Recent>,
}

/// What was found in one document.
#[derive(Debug, Clone)]
pub struct Report<'a> {
    /// As given or detected.
    pub language: Language,
    /// The sentences that hold more than white space, in order.
    pub sentences: Vec<Sentence<'a>>,
}

/// One sentence, judged. Spans are those of the document.
#[derive(Debug, Clone)]
pub struct Sentence<'a> {
    /// Without the white space around it.
    pub span: Span,
    /// Negative, neutral, positive; `None` where the model does not answer sentiment.
    pub sentiment: Option<Scores>,
    /// In order of first mention.
    pub actors: Vec<Regarded<'a>>,
    /// Tokens that were not read because the sentence is too long for the model.
    pub truncated_tokens: usize,
}

/// How a sentence regards one actor.
#[derive(Debug, Clone)]
pub struct Regarded<'a> {
    /// The catalogue's actor; `None` for a target that the user pointed at.
    pub actor: Option<&'a Actor>,
    /// Where it is named.
    pub mentions: Vec<Span>,
    /// Against, neutral, favor; `None` where the model does not answer stance.
    pub stance: Option<Scores>,
}

impl Classifier {
    /// A classifier of `catalogue`'s actors.
    ///
    /// # Errors
    /// Where the catalogue's aliases cannot be searched for.
    pub fn new(predictor: Predictor, catalogue: Catalogue) -> Result<Self> {
        let matcher = Matcher::new(&catalogue)?;
        Ok(Self::from_parts(predictor, catalogue, matcher))
    }

    /// The same from what can be made at the same time; `matcher` is that of `catalogue`.
    pub fn from_parts(predictor: Predictor, catalogue: Catalogue, matcher: Matcher) -> Self {
        Self { predictor, catalogue, matcher, actors_only: false, recent: Mutex::default() }
    }

    /// The same, passing over sentences that name no actor: they are not read, and not in the reports.
    pub fn actors_only(self) -> Self {
        Self { actors_only: true, ..self }
    }

    /// The model.
    pub fn predictor(&self) -> &Predictor {
        &self.predictor
    }

    /// Judge `documents` together; the reports stand in their order. A sentence that comes again, here or soon after, is read once.
    ///
    /// # Errors
    /// Where the arithmetic fails; no text does that.
    pub fn classify(&self, documents: &[Document]) -> Result<Vec<Report<'_>>> {
        let mut reports: Vec<Report<'_>> = documents.iter().map(|document| self.read(document)).collect();
        let mut queries = Vec::new();
        for (document, report) in documents.iter().zip(&reports) {
            queries.extend(report.sentences.iter().map(|sentence| query(&document.text, &report.language, sentence)));
        }
        let mut predictions = self.predict(&queries)?.into_iter();
        drop(queries);
        for sentence in reports.iter_mut().flat_map(|report| &mut report.sentences) {
            let Some(prediction) = predictions.next() else { break };
            sentence.sentiment = prediction.sentiment;
            sentence.truncated_tokens = prediction.truncated_tokens;
            for (regarded, stance) in sentence.actors.iter_mut().zip(prediction.stance) {
                regarded.stance = stance;
            }
        }
        Ok(reports)
    }

    /// The predictions of `queries`, in their order.
    fn predict(&self, queries: &[Query<'_>]) -> Result<Vec<Prediction>> {
        // What a panic leaves behind is whole: predictions are put in and taken out as they are.
        let recent = || self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let mut places = HashMap::new();
        let (mut unread, mut found) = (Vec::new(), Vec::with_capacity(queries.len()));
        for query in queries {
            let mut recent = recent();
            let key = recent.key(query);
            let known = recent.get(key);
            if known.is_none() && !places.contains_key(&key) {
                places.insert(key, unread.len());
                unread.push(query.clone());
            }
            found.push((key, known));
        }
        let read = self.predictor.predict(&unread)?;
        for (key, &place) in &places {
            recent().put(*key, read[place].clone());
        }
        Ok(found.into_iter().map(|(key, known)| known.unwrap_or_else(|| read[places[&key]].clone())).collect())
    }

    /// Sentences and mentions, not judged yet.
    fn read(&self, document: &Document) -> Report<'_> {
        let text = &document.text;
        let language = document.language.clone().unwrap_or_else(|| Language::detect(text));
        let targets = document.targets.as_deref();
        let mut sentences = Vec::new();
        for span in joined(&segment::sentences(text, &language), targets.unwrap_or_default()) {
            let span = segment::trimmed(text, span);
            if !span.is_empty() {
                let actors = match targets {
                    Some(targets) => pointed_at(span, targets),
                    None => self.named(text, span, &language),
                };
                if !(self.actors_only && actors.is_empty()) {
                    sentences.push(Sentence { span, sentiment: None, actors, truncated_tokens: 0 });
                }
            }
        }
        Report { language, sentences }
    }

    fn named(&self, text: &str, sentence: Span, language: &Language) -> Vec<Regarded<'_>> {
        let mut order: Vec<usize> = Vec::new();
        let mut actors: Vec<Regarded<'_>> = Vec::new();
        for mention in self.matcher.find(sentence.of(text), language.primary()) {
            let span = mention.span.shifted(sentence.start());
            match order.iter().position(|&actor| actor == mention.actor) {
                Some(known) => actors[known].mentions.push(span),
                None => {
                    order.push(mention.actor);
                    let actor = self.catalogue.actors().get(mention.actor);
                    actors.push(Regarded { actor, mentions: vec![span], stance: None });
                }
            }
        }
        actors
    }
}

/// The targets in a sentence.
fn pointed_at<'a>(sentence: Span, targets: &[Span]) -> Vec<Regarded<'a>> {
    let inside = targets.iter().filter(|target| sentence.overlaps(**target));
    inside.map(|target| Regarded { actor: None, mentions: vec![*target], stance: None }).collect()
}

/// `sentences` with those made one that a target reaches across: a wrong cut must not cut what the user pointed at.
fn joined(sentences: &[Span], targets: &[Span]) -> Vec<Span> {
    let mut joined: Vec<Span> = Vec::with_capacity(sentences.len());
    for &sentence in sentences {
        match joined.last_mut() {
            Some(last) if targets.iter().any(|target| target.overlaps(*last) && target.overlaps(sentence)) => {
                *last = last.through(sentence);
            }
            _ => joined.push(sentence),
        }
    }
    joined
}

fn query<'t>(text: &'t str, language: &Language, sentence: &Sentence<'_>) -> Query<'t> {
    let targets = sentence.actors.iter().map(|regarded| {
        let first = regarded.mentions.first().map_or("", |mention| mention.of(text));
        Target {
            // A pair model is shown the name as the sentence writes it: in its language, and as its training data did.
            name: first.to_owned(),
            mentions: regarded.mentions.iter().filter_map(|mention| mention.within(sentence.span)).collect(),
        }
    });
    Query { text: sentence.span.of(text), language: Some(language.clone()), targets: targets.collect() }
}
