//! Temperature scaling (<https://arxiv.org/abs/1706.04599>): one number a head, fitted on dev, that makes probabilities come true.

use regard::checkpoint::Temperatures;
use regard_eval::{Answered, Gold};

/// The temperatures under which `answered`, answered at temperature 1, is most likely; 1 where a head has no answers.
pub(crate) fn fit(answered: &[Answered<'_>]) -> Temperatures {
    let mut stance = Vec::new();
    let mut sentiment = Vec::new();
    for Answered { example, answer } in answered {
        if let Some(scores) = answer.and_then(|answer| answer.scores) {
            let answers = if matches!(example.gold, Gold::Stance(_)) { &mut stance } else { &mut sentiment };
            answers.push((example.gold.index(), scores));
        }
    }
    Temperatures { stance: temperature(&stance), sentiment: temperature(&sentiment) }
}

/// Golden-section search for the lowest negative log-likelihood over temperatures from 0.25 to 8, on a logarithmic scale: the
/// likelihood has one peak in 1 / temperature.
fn temperature(answers: &[(usize, [f64; 3])]) -> f32 {
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
fn negative_log_likelihood(answers: &[(usize, [f64; 3])], temperature: f64) -> f64 {
    let cost = |(gold, scores): &(usize, [f64; 3])| {
        let logits = scores.map(|score| score.max(1e-30).ln() / temperature);
        let largest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        largest + logits.iter().map(|logit| (logit - largest).exp()).sum::<f64>().ln() - logits[*gold]
    };
    answers.iter().map(cost).sum()
}

#[cfg(test)]
mod tests {
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
}
