//! The `regard` section of a `config.json`: what transformers knows nothing of, in and out.

use serde::Deserialize;
use serde_json::{Value, json};

use super::Temperatures;
use crate::{Error, Result};

/// The calibration that `config` holds; that which changes nothing where there is none.
pub(super) fn temperatures(config: &Value) -> std::result::Result<Temperatures, String> {
    let Some(value) = config.pointer("/regard/temperature") else { return Ok(Temperatures::default()) };
    let temperatures = Temperatures::deserialize(value).map_err(|error| format!("regard.temperature: {error}"))?;
    temperatures.check().map_err(|message| format!("regard.temperature.{message}"))?;
    Ok(temperatures)
}

/// Whether `config` asks for half-masking.
pub(super) fn half_masking(config: &Value) -> std::result::Result<bool, String> {
    match config.pointer("/regard/half_masking") {
        None => Ok(false),
        Some(value) => bool::deserialize(value).map_err(|error| format!("regard.half_masking: {error}")),
    }
}

/// `config` as that of a `span` checkpoint of ours; `half_masking` says whether it is to be read twice, as its calibration was.
pub fn span_config(config: Value, temperatures: &Temperatures, half_masking: bool) -> Value {
    with_stance(config, json!({"target": "span", "temperature": temperatures, "half_masking": half_masking}))
}

/// `config`, a base model's, as that of a `pair` checkpoint of ours, which transformers' `AutoModelForSequenceClassification` reads.
///
/// # Errors
/// Where transformers' name for a sequence classifier of this `model_type` is not known.
pub fn pair_config(config: Value, temperatures: &Temperatures) -> Result<Value> {
    let kind = config.get("model_type").and_then(Value::as_str).unwrap_or_default();
    let architecture = match kind {
        "bert" => "BertForSequenceClassification",
        "roberta" => "RobertaForSequenceClassification",
        "xlm-roberta" => "XLMRobertaForSequenceClassification",
        "camembert" => "CamembertForSequenceClassification",
        other => {
            let expected = "model_type: expected bert, roberta, xlm-roberta or camembert, found";
            return Err(Error::invalid("config.json", format!("{expected} {other:?}")));
        }
    };
    let mut config = with_stance(config, json!({"target": "pair", "temperature": temperatures}));
    config["architectures"] = json!([architecture]);
    // Else transformers guesses it from the first labels that someone trains on.
    config["problem_type"] = json!("single_label_classification");
    Ok(config)
}

/// `config`, that of a checkpoint that answers, with these temperatures in place of its own.
pub fn calibrated_config(mut config: Value, temperatures: &Temperatures) -> Value {
    if let Some(fields) = config.as_object_mut() {
        let section = fields.entry("regard").or_insert_with(|| json!({}));
        // Another's classifier may have something of another make there.
        if !section.is_object() {
            *section = json!({});
        }
        section["temperature"] = json!(temperatures);
    }
    config
}

/// `config` with our labels and this `regard` section.
fn with_stance(mut config: Value, regard: Value) -> Value {
    if let Some(fields) = config.as_object_mut() {
        fields.insert("id2label".into(), json!({"0": "against", "1": "neutral", "2": "favor"}));
        fields.insert("label2id".into(), json!({"against": 0, "neutral": 1, "favor": 2}));
        fields.insert("regard".into(), regard);
    }
    config
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calibration_changes_nothing_else() {
        let fitted = Temperatures { stance: 1.5, ..Temperatures::default() };
        for (before, kept) in [
            (json!({"model_type": "bert"}), json!({})),
            (json!({"model_type": "bert", "regard": true}), json!({})),
            (json!({"model_type": "bert", "regard": {"target": "span", "temperature": {}}}), json!({"target": "span"})),
        ] {
            let config = calibrated_config(before, &fitted);
            assert_eq!(temperatures(&config), Ok(fitted.clone()));
            let mut rest = config.clone();
            rest["regard"].as_object_mut().map(|section| section.remove("temperature"));
            assert_eq!((&rest["model_type"], &rest["regard"]), (&json!("bert"), &kept));
        }
    }
}
