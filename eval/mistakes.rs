//! The mistakes that a model is surest of: what to read first.

use std::collections::BTreeMap;

use regard::CodePoints;
use serde::Serialize;

use crate::answer::Answered;
use crate::example::Gold;

/// Mistakes shown of each question, language and gold label.
const SHOWN: usize = 5;

/// A wrong answer.
#[derive(Debug, Clone, Serialize)]
pub struct Mistake {
    /// `stance` or `sentiment`.
    pub question: &'static str,
    /// BCP 47.
    pub language: String,
    /// The right label.
    pub gold: &'static str,
    /// The label that was answered.
    pub answer: &'static str,
    /// Its probability.
    pub confidence: f64,
    /// Of the example.
    pub id: String,
    /// Of the example.
    pub dataset: String,
    /// Of the example.
    pub text: String,
    /// Of the example.
    pub target: Option<String>,
    /// Where the text names the target: code points, end exclusive.
    pub mention: Option<(usize, usize)>,
}

/// The most confident mistakes of each question, language and gold label, in that order. Answers without probabilities have none.
pub fn mistakes(answered: &[Answered<'_>]) -> Vec<Mistake> {
    let mut wrong: BTreeMap<_, Vec<(f64, &Answered<'_>)>> = BTreeMap::new();
    for answered in answered {
        let gold = answered.example.gold;
        let Some(answer) = answered.answer.filter(|answer| answer.label != gold.index()) else { continue };
        let Some(confidence) = answer.confidence() else { continue };
        let question = if matches!(gold, Gold::Stance(_)) { "stance" } else { "sentiment" };
        let language = answered.example.language.as_str();
        wrong.entry((question, language, gold.index())).or_default().push((confidence, answered));
    }
    let mut mistakes = Vec::new();
    for ((question, ..), mut wrong) in wrong {
        wrong.sort_by(|(a, _), (b, _)| b.total_cmp(a));
        mistakes.extend(wrong.into_iter().take(SHOWN).filter_map(|(confidence, answered)| {
            let example = answered.example;
            Some(Mistake {
                question,
                language: example.language.clone(),
                gold: example.gold.name(),
                answer: answered.answer?.name(example.gold),
                confidence,
                id: example.id.clone(),
                dataset: example.dataset.clone(),
                text: example.text.clone(),
                target: example.target.clone(),
                mention: example.mention.map(|mention| CodePoints::new(&example.text).of(mention)),
            })
        }));
    }
    mistakes
}
