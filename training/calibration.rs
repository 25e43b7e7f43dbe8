//! Temperature scaling (<https://arxiv.org/abs/1706.04599>): one number a head, and one a language where dev has enough of it, fitted
//! on dev, that make probabilities come true.

use std::collections::BTreeMap;

use regard::Language;
use regard::checkpoint::Temperatures;
use regard_eval::{Answered, Gold};

/// Answers in a language from which it gets a temperature of its own. The standard error of one fitted to so many is about a
/// tenth of it (measured on our dev sets), less than what lies between languages; with fewer, noise would pass for calibration.
const LEAST: usize = 200;

/// The index of the right label, and the probabilities that were answered at temperature 1.
type Judged = (usize, [f64; 3]);

/// The temperatures under which `answered`, answered at temperature 1, is most likely; 1 where a head has no answers.
pub(crate) fn fit(answered: &[Answered<'_>]) -> Temperatures {
    let (stance, stance_by_language) = fit_head(answered, |gold| matches!(gold, Gold::Stance(_)));
    let (sentiment, sentiment_by_language) = fit_head(answered, |gold| matches!(gold, Gold::Sentiment(_)));
    let mut temperatures = Temperatures { stance, sentiment, ..Temperatures::default() };
    for (language, temperature) in stance_by_language {
        temperatures.languages.entry(language).or_default().stance = Some(temperature);
    }
    for (language, temperature) in sentiment_by_language {
        temperatures.languages.entry(language).or_default().sentiment = Some(temperature);
    }
    temperatures
}

/// The temperature of the head that answers what `asks` accepts, and those of the languages that have [`LEAST`] answers of it.
fn fit_head(answered: &[Answered<'_>], asks: impl Fn(Gold) -> bool) -> (f32, Vec<(String, f32)>) {
    let mut all: Vec<Judged> = Vec::new();
    let mut by_language: BTreeMap<String, Vec<Judged>> = BTreeMap::new();
    for Answered { example, answer } in answered.iter().filter(|answered| asks(answered.example.gold)) {
        let Some(scores) = answer.and_then(|answer| answer.scores) else { continue };
        let judged = (example.gold.index(), scores);
        all.push(judged);
        if let Some(language) = Language::new(&example.language) {
            by_language.entry(language.primary().to_owned()).or_default().push(judged);
        }
    }
    by_language.retain(|_, answers| answers.len() >= LEAST);
    let own = by_language.into_iter().map(|(language, answers)| (language, temperature(&answers)));
    (temperature(&all), own.collect())
}

/// Golden-section search for the lowest negative log-likelihood over temperatures from 0.25 to 8, on a logarithmic scale: the
/// likelihood has one peak in 1 / temperature.
fn temperature(answers: &[Judged]) -> f32 {
    const GOLDEN: f64 = 0.618_033_988_749_894_9;
    if answers.is_empty() {
        return 1.0;
    }
    let (mut low, mut high) = (0.25_f64.ln(), 8.0_f64.ln());
    let cost = |log: f64| negative_log_likelihood(answers, log.exp());
    let (mut left, mut right) = (high - GOLDEN * (high - low), low + GOLDEN * (high - low));
    let (mut left_cost, mut right_cost) = (cost(left), cost(right));
    for _ in 0..60 {
        if left_cost < right_cost {
            (high, right, right_cost) = (right, left, left_cost);
            left = high - GOLDEN * (high - low);
            left_cost = cost(left);
        } else {
            (low, left, left_cost) = (left, right, right_cost);
            right = low + GOLDEN * (high - low);
            right_cost = cost(right);
        }
    }
    ((low + high) / 2.0).exp() as f32
}

/// Log-probabilities at temperature 1 are logits but for a constant, which softmax does not see.
fn negative_log_likelihood(answers: &[Judged], temperature: f64) -> f64 {
    let cost = |(gold, scores): &Judged| {
        let logits = scores.map(|score| score.max(1e-30).ln() / temperature);
        let largest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        largest + logits.iter().map(|logit| (logit - largest).exp()).sum::<f64>().ln() - logits[*gold]
    };
    answers.iter().map(cost).sum()
}

#[cfg(test)]
mod tests {
    use regard::Stance;
    use regard_eval::{Answer, Example};

    use super::*;

    #[test]
    fn an_overconfident_head_is_cooled_to_its_accuracy() {
        // Says 98 % and is right three times in four: the best temperature makes it say 75 %.
        let sure = [0.98, 0.01, 0.01];
        let answers: Vec<_> = [0, 0, 0, 1].map(|gold| (gold, sure)).to_vec();
        let found = temperature(&answers);
        let said = regard::Scores::from_logits(sure.map(|score| score.ln() as f32), found).0[0];
        // Class 2 never happens, so the two wrong classes share a quarter: 1 - 3/4 in all.
        assert!((said - 0.75).abs() < 1e-3, "{said}");
        assert_eq!(temperature(&[]), 1.0);
    }

    /// Examples of `language` in fours, of which three are answered rightly, with this confidence.
    fn answers(language: &str, count: usize, confidence: f64) -> Vec<(Example, Answer)> {
        let rest = (1.0 - confidence) / 2.0;
        let answer = Answer { label: 0, scores: Some([confidence, rest, rest]) };
        let example = |index: usize| Example {
            id: index.to_string(),
            dataset: "own".into(),
            language: language.into(),
            text: "Peru.".into(),
            target: Some("Peru".into()),
            target_type: None,
            mention: None,
            gold: Gold::Stance(if index.is_multiple_of(4) { Stance::Neutral } else { Stance::Against }),
            group: index.to_string(),
            meta: Default::default(),
        };
        (0..count).map(|index| (example(index), answer)).collect()
    }

    #[test]
    fn a_language_with_enough_answers_gets_its_own() {
        // Surer of itself in Korean than in English; too little Arabic to tell.
        let all = [answers("en", 400, 0.7), answers("ko-KR", LEAST, 0.98), answers("ar", LEAST - 1, 0.98)].concat();
        let answered: Vec<_> =
            all.iter().map(|(example, answer)| Answered { example, answer: Some(*answer) }).collect();
        let found = fit(&answered);
        let said = |language: &str, confidence: f64| {
            let rest = (1.0 - confidence) / 2.0;
            let logits = [confidence, rest, rest].map(|score| score.ln() as f32);
            regard::Scores::from_logits(logits, found.stance_in(Language::new(language).as_ref())).0[0]
        };
        assert!((said("en", 0.7) - 0.75).abs() < 1e-3 && (said("ko", 0.98) - 0.75).abs() < 1e-3, "{found:?}");
        assert_eq!(found.languages.keys().collect::<Vec<_>>(), ["en", "ko"]);
        assert_eq!(found.stance_in(Language::new("ar").as_ref()), found.stance);
        assert!(found.languages.values().all(|own| own.sentiment.is_none()), "nobody was asked");
    }
}
