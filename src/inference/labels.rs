//! What the labels in a `config.json` mean: mapped to the house's order by name, or refused.

use serde::Deserialize;
use serde_json::Value;

use crate::head::Question;
use crate::{Error, Result};

/// Names in the wild for against, neutral and favor.
const STANCE: [&[&str]; 3] = [
    &["against", "con", "disagree", "oppose", "opposed", "anti", "refute", "deny"],
    &["neutral", "none", "neither", "discuss", "comment", "no stance"],
    &["favor", "favour", "in favor", "in favour", "pro", "agree", "support"],
];

/// Names in the wild for negative, neutral and positive.
const SENTIMENT: [&[&str]; 3] = [&["negative", "neg"], &["neutral", "neu"], &["positive", "pos"]];

/// How the target is shown to the model, as `regard.target` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Target {
    Span,
    Pair,
    Sentence,
}

/// What a checkpoint's head answers; `None` where the config is that of a base model.
///
/// Without a `regard` section, a `*ForSequenceClassification` with stance labels is read as `pair`, one with sentiment labels as
/// `sentence`; `regard.target = "pair"` with sentiment labels takes these as the tone toward the target.
///
/// # Errors
/// Where `regard.target` is unknown or the labels cannot be told by name.
pub(crate) fn question(config: &Value, place: &str) -> Result<Option<Question>> {
    let target = match config.pointer("/regard/target") {
        Some(value) => {
            Some(Target::deserialize(value).map_err(|error| Error::invalid(place, format!("regard.target: {error}")))?)
        }
        None => None,
    };
    let classifies = config
        .pointer("/architectures/0")
        .and_then(Value::as_str)
        .is_some_and(|name| name.ends_with("ForSequenceClassification"));
    if target.is_none() && !classifies {
        return Ok(None);
    }
    let names = names(config);
    let stance = order(&names, STANCE);
    let sentiment = order(&names, SENTIMENT);
    let question = match (target, stance, sentiment) {
        (Some(Target::Span), Some([0, 1, 2]), _) => Some(Question::Span),
        (None | Some(Target::Pair), Some(order), _) | (Some(Target::Pair), None, Some(order)) => {
            Some(Question::PairStance { order })
        }
        (None | Some(Target::Sentence), _, Some(order)) => Some(Question::SentenceSentiment { order }),
        _ => None,
    };
    question.map(Some).ok_or_else(|| {
        let expected = "id2label: expected three labels, against / neutral / favor or negative / neutral / positive";
        Error::invalid(place, format!("{expected}, found {names:?}"))
    })
}

/// The labels by index.
fn names(config: &Value) -> Vec<String> {
    let labels = config.get("id2label").and_then(Value::as_object);
    let find = |index: usize| labels.and_then(|labels| labels.get(&index.to_string())).and_then(Value::as_str);
    let count = labels.map_or(0, serde_json::Map::len);
    (0..count).map(|index| find(index).unwrap_or_default().to_lowercase().replace(['_', '-'], " ")).collect()
}

/// Where each of the three labels stands among `names`, where each is named exactly once.
fn order(names: &[String], known: [&[&str]; 3]) -> Option<[usize; 3]> {
    if names.len() != 3 {
        return None;
    }
    let mut order = [0; 3];
    for (place, aliases) in order.iter_mut().zip(known) {
        *place = names.iter().position(|name| aliases.contains(&name.trim()))?;
    }
    let [a, b, c] = order;
    (a != b && b != c && a != c).then_some(order)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn asked(config: Value) -> Result<Option<Question>> {
        question(&config, "config.json")
    }

    #[test]
    fn labels_are_told_by_name() {
        let head = "RobertaForSequenceClassification";
        let stance = json!({"architectures": [head], "id2label": {"0": "FAVOR", "1": "Against", "2": "None"}});
        assert!(matches!(asked(stance), Ok(Some(Question::PairStance { order: [1, 2, 0] }))));
        let sentiment =
            json!({"architectures": [head], "id2label": {"0": "positive", "1": "neutral", "2": "negative"}});
        assert!(matches!(asked(sentiment.clone()), Ok(Some(Question::SentenceSentiment { order: [2, 1, 0] }))));
        let mut toward = sentiment;
        toward["regard"] = json!({"target": "pair"});
        assert!(matches!(asked(toward), Ok(Some(Question::PairStance { order: [2, 1, 0] }))));
        assert!(matches!(asked(json!({"architectures": ["BertModel"]})), Ok(None)));
    }

    #[test]
    fn labels_that_say_nothing_are_refused() {
        let head = "BertForSequenceClassification";
        for labels in [
            json!({"0": "LABEL_0", "1": "LABEL_1", "2": "LABEL_2"}),
            json!({"0": "negative", "1": "positive"}),
            json!({"0": "against", "1": "against", "2": "favor"}),
            json!(null),
        ] {
            assert!(asked(json!({"architectures": [head], "id2label": labels})).is_err());
        }
        assert!(asked(json!({"regard": {"target": "telepathy"}})).is_err());
    }
}
