//! Temperature scaling (<https://arxiv.org/abs/1706.04599>): one number a head, and one a language where dev has enough of it, fitted
//! on dev, that make probabilities come true.

use std::collections::BTreeMap;

use regard::checkpoint::{LanguageTemperatures, Temperatures};
use regard::{Language, Scores};
use regard_eval::{Answer, Answered, Gold};

/// Answers in a language from which it gets a temperature of its own. The standard error of one fitted to so many is about a
/// tenth of it (measured on our dev sets), less than what lies between languages; with fewer, noise would pass for calibration.
pub const FEWEST_ANSWERS: usize = 200;

/// The index of the right label, and the probabilities that were answered at temperature 1.
type Judged = (usize, [f64; 3]);

/// The temperatures under which `answered`, answered at temperature 1, is most likely. A head that was not asked keeps those that it
/// has in `before`, its own and its languages'; one that was asked keeps none.
pub fn fit_temperatures(answered: &[Answered<'_>], before: &Temperatures) -> Temperatures {
    let stance = fit_head(answered, |gold| matches!(gold, Gold::Stance(_)));
    let sentiment = fit_head(answered, |gold| matches!(gold, Gold::Sentiment(_)));
    let mut languages: BTreeMap<String, LanguageTemperatures> = BTreeMap::new();
    for (language, own) in &before.languages {
        let own = LanguageTemperatures {
            stance: own.stance.filter(|_| stance.is_none()),
            sentiment: own.sentiment.filter(|_| sentiment.is_none()),
        };
        if own != LanguageTemperatures::default() {
            languages.insert(language.clone(), own);
        }
    }
    for (language, temperature) in stance.iter().flat_map(|(_, own)| own) {
        languages.entry(language.clone()).or_default().stance = Some(*temperature);
    }
    for (language, temperature) in sentiment.iter().flat_map(|(_, own)| own) {
        languages.entry(language.clone()).or_default().sentiment = Some(*temperature);
    }
    Temperatures {
        stance: stance.map_or(before.stance, |(whole, _)| whole),
        sentiment: sentiment.map_or(before.sentiment, |(whole, _)| whole),
        languages,
    }
}

/// `answered`, answered at temperature 1, as under `temperatures`.
pub fn calibrated<'a>(answered: &[Answered<'a>], temperatures: &Temperatures) -> Vec<Answered<'a>> {
    let calibrate = |Answered { example, answer }: &Answered<'a>| {
        let language = Language::new(&example.language);
        let temperature = match example.gold {
            Gold::Stance(_) => temperatures.stance_in(language.as_ref()),
            Gold::Sentiment(_) => temperatures.sentiment_in(language.as_ref()),
        };
        let cooled = |scores: [f64; 3]| Scores::from_logits(logits(scores), temperature).0.map(f64::from);
        let answer = answer.map(|answer| Answer { scores: answer.scores.map(cooled), ..answer });
        Answered { example, answer }
    };
    answered.iter().map(calibrate).collect()
}

/// Log-probabilities at temperature 1 are logits but for a constant, which softmax does not see.
fn logits(scores: [f64; 3]) -> [f32; 3] {
    scores.map(|score| score.max(1e-30).ln() as f32)
}

/// The temperature of the head that answers what `asks` accepts, and those of the languages that have [`FEWEST_ANSWERS`] answers of it; `None`
/// where there are no answers.
fn fit_head(answered: &[Answered<'_>], asks: impl Fn(Gold) -> bool) -> Option<(f32, Vec<(String, f32)>)> {
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
    by_language.retain(|_, answers| answers.len() >= FEWEST_ANSWERS);
    let own = by_language.into_iter().map(|(language, answers)| (language, temperature(&answers)));
    (!all.is_empty()).then(|| (temperature(&all), own.collect()))
}

/// Golden-section search for the lowest negative log-likelihood over temperatures from 0.25 to 8, on a logarithmic scale: the
/// likelihood has one peak in 1 / temperature.
fn temperature(answers: &[Judged]) -> f32 {
    const GOLDEN: f64 = 0.618_033_988_749_894_9;
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

fn negative_log_likelihood(answers: &[Judged], temperature: f64) -> f64 {
    let cost = |(gold, scores): &Judged| {
        let logits = logits(*scores).map(|logit| f64::from(logit) / temperature);
        let largest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        largest + logits.iter().map(|logit| (logit - largest).exp()).sum::<f64>().ln() - logits[*gold]
    };
    answers.iter().map(cost).sum()
}

#[cfg(test)]
mod tests {
    use regard::Stance;
    use regard_eval::Example;

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
        let all =
            [answers("en", 400, 0.7), answers("ko-KR", FEWEST_ANSWERS, 0.98), answers("ar", FEWEST_ANSWERS - 1, 0.98)]
                .concat();
        let answered: Vec<_> =
            all.iter().map(|(example, answer)| Answered { example, answer: Some(*answer) }).collect();
        let fitted = |stance, sentiment| LanguageTemperatures { stance, sentiment };
        let languages = [("ru".into(), fitted(Some(4.0), Some(5.0))), ("ar".into(), fitted(Some(4.0), None))].into();
        let before = Temperatures { stance: 2.0, sentiment: 3.0, languages };
        let found = fit_temperatures(&answered, &before);
        let cooled = calibrated(&answered, &found);
        for answered in cooled.iter().filter(|answered| answered.example.language != "ar") {
            let said = answered.answer.and_then(|answer| answer.confidence());
            assert!(said.is_some_and(|said| (said - 0.75).abs() < 1e-3), "{found:?}");
        }
        assert_eq!(found.stance_in(Language::new("ar").as_ref()), found.stance);
        // What was asked is fitted anew, what was not stays.
        assert_eq!(found.sentiment, 3.0);
        let own = |language: &str| found.languages.get(language).map(|own| (own.stance.is_some(), own.sentiment));
        assert_eq!((own("en"), own("ko")), (Some((true, None)), Some((true, None))));
        assert_eq!((own("ru"), own("ar"), found.languages.len()), (Some((false, Some(5.0))), None, 3));
    }
}
