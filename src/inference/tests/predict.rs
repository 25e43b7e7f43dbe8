//! From queries to calibrated answers: temperatures by language, and half-masking.

mod golden;

use std::fs;

use candle_core::Device;
use golden::{Golden, Outcome, rows};
use regard::batch::Batch;
use regard::checkpoint::{Checkpoint, LanguageTemperatures, Temperatures};
use regard::encoder::Mode;
use regard::predict::{Predictor, Query, Target};
use regard::{Language, Scores, Span};
use serde_json::{Value, json};

const TEXT: &str = "Mary praised the Ana party, and Mary won.";

/// `TEXT` in a language, with Mary and Ana as targets.
fn query(language: Option<&str>) -> Query<'static> {
    let target = |name: &str| Target {
        name: name.to_owned(),
        mentions: TEXT.match_indices(name).filter_map(|(at, name)| Span::new(TEXT, at, at + name.len())).collect(),
    };
    Query { text: TEXT, language: language.and_then(Language::new), targets: vec![target("Mary"), target("Ana")] }
}

/// Logits but for a constant: how much more likely the second and third label are than the first.
fn odds(scores: Option<Scores>) -> Outcome<[f32; 2]> {
    let [first, second, third] = scores.ok_or("no answer")?.0.map(f32::ln);
    Ok([second - first, third - first])
}

#[track_caller]
fn assert_close(found: [f32; 2], expected: [f32; 2]) {
    let close = found.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 1e-4);
    assert!(close, "expected {expected:?}, found {found:?}");
}

#[test]
fn each_query_has_the_temperature_of_its_language() -> Outcome {
    let mut predictor = Predictor::new(Golden::open("span")?.checkpoint()?)?;
    let plain = &predictor.predict(&[query(None)])?[0];
    let own = LanguageTemperatures { stance: Some(2.0), sentiment: None };
    let languages = [("ko".to_owned(), own)].into();
    predictor.calibrate(Temperatures { stance: 0.5, sentiment: 4.0, languages });
    // All in one batch.
    let languages = [None, Some("ko"), Some("ko-KR"), Some("ar")];
    let found = predictor.predict(&languages.map(query))?;
    for (prediction, stance) in found.iter().zip([0.5, 2.0, 2.0, 0.5]) {
        for (found, plain) in prediction.stance.iter().zip(&plain.stance) {
            assert_close(odds(*found)?, odds(*plain)?.map(|odds| odds / stance));
        }
        assert_close(odds(prediction.sentiment)?, odds(plain.sentiment)?.map(|odds| odds / 4.0));
    }
    Ok(())
}

#[test]
fn half_masking_is_the_mean_of_two_readings() -> Outcome {
    let mut checkpoint = Golden::open("span")?.checkpoint()?;
    checkpoint.half_masking = true;
    let mask = checkpoint.tokenizer.mask_id().ok_or("a mask token")?;
    let half_masked = Predictor::new(checkpoint)?;
    let query = query(None);
    let found = &half_masked.predict(std::slice::from_ref(&query))?[0];

    let plain = Predictor::new(Golden::open("span")?.checkpoint()?)?;
    let mentions: Vec<_> = query.targets.iter().map(|target| target.mentions.clone()).collect();
    let encoding = plain.tokenizer().encode(query.text, &mentions)?;
    let logits = |encoding| plain.model().forward(&Batch::pack([encoding]), Mode::Infer);
    let masked = encoding.masked(mask, |_| true);
    assert!(masked.ids.iter().filter(|id| **id == mask).count() >= 3, "Mary twice and Ana: {:?}", masked.ids);
    let (known, unknown) = (logits(&encoding)?, logits(&masked)?);
    let readings = rows(known.stance.as_ref())?.into_iter().zip(rows(unknown.stance.as_ref())?);
    for (found, (known, unknown)) in found.stance.iter().zip(readings) {
        let mean = |label: usize| (known[label] + unknown[label]) / 2.0;
        assert_close(odds(*found)?, [mean(1) - mean(0), mean(2) - mean(0)]);
        assert_ne!(known, unknown, "the name says something");
    }
    assert_eq!(found.sentiment, plain.predict(&[query])?[0].sentiment);

    // Without a name there is nothing to mask.
    let nobody = Query { text: TEXT, language: None, targets: Vec::new() };
    let nowhere = Query { targets: vec![Target { name: "Peru".into(), mentions: Vec::new() }], ..nobody.clone() };
    let queries = [nobody, nowhere];
    assert_eq!(half_masked.predict(&queries)?, plain.predict(&queries)?);
    Ok(())
}

#[test]
fn half_masking_wants_a_span_head_and_a_mask_token() -> Outcome {
    let refused = |checkpoint: Checkpoint| -> Outcome<String> {
        Ok(Predictor::new(checkpoint)?.with_half_masking().err().ok_or("not refused")?.to_string())
    };
    assert!(refused(Golden::open("bert")?.checkpoint()?)?.contains("half-masking: expected a span checkpoint"));
    let golden = Golden::open("span")?;
    let read = |name: &str| fs::read(golden.directory.join(name));
    let mut tokenizer: Value = serde_json::from_slice(&read("tokenizer.json")?)?;
    for token in tokenizer["added_tokens"].as_array_mut().into_iter().flatten() {
        if token["content"] == "[MASK]" {
            token["special"] = json!(false);
        }
    }
    let (config, weights) = (read("config.json")?, read("model.safetensors")?);
    let maskless = Checkpoint::parse("memory", &config, serde_json::to_vec(&tokenizer)?, weights, &Device::Cpu)?;
    assert!(refused(maskless)?.contains("half-masking: expected a tokenizer with a mask token"));
    Ok(())
}
