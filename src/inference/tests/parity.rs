//! The library equals Hugging Face transformers, on tiny random checkpoints of every layout that it reads.

mod golden;

use candle_core::{Device, Tensor};
use golden::{Golden, Input, Outcome, rows};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use regard::Precision;
use regard::Span;
use regard::batch::Batch;
use regard::checkpoint::Checkpoint;
use regard::encoder::{Mode, Training};
use regard::head::Logits;
use regard::model::Model;

const CHECKPOINTS: [&str; 4] = ["bert", "xlm-roberta", "roberta", "span"];

/// Rows that must be equal to within `tolerance`, each number taken alone.
#[track_caller]
fn assert_close(what: &str, found: &[Vec<f32>], expected: &[Vec<f32>], tolerance: f32) {
    assert_eq!(found.len(), expected.len(), "{what}: rows");
    for (row, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert_eq!(found.len(), expected.len(), "{what}: width of row {row}");
        for (column, (found, expected)) in found.iter().zip(expected).enumerate() {
            let difference = (found - expected).abs();
            assert!(difference <= tolerance, "{what} [{row}, {column}]: expected {expected}, found {found}");
        }
    }
}

/// The hidden states and the logits, in one list of rows: they may differ in width.
fn outputs(model: &Model, batch: &Batch) -> Outcome<[Vec<Vec<f32>>; 3]> {
    let hidden = model.encoder()?.forward(&batch.clone().reading_all(), Mode::Infer)?.to_vec2()?;
    let Logits { stance, sentiment } = model.forward(batch, Mode::Infer)?;
    // What nobody reads is not computed; reading it changes no answer.
    let all = model.forward(&batch.clone().reading_all(), Mode::Infer)?;
    assert_close("stance", &rows(all.stance.as_ref())?, &rows(stance.as_ref())?, 1e-5);
    assert_close("sentiment", &rows(all.sentiment.as_ref())?, &rows(sentiment.as_ref())?, 1e-5);
    Ok([hidden, rows(stance.as_ref())?, rows(sentiment.as_ref())?])
}

#[test]
fn tokens_are_those_of_transformers() -> Outcome {
    for name in CHECKPOINTS {
        let golden = Golden::open(name)?;
        let tokenizer = golden.checkpoint()?.tokenizer;
        for input in &golden.inputs {
            let encoding = input.encoding(&tokenizer)?;
            assert_eq!(encoding.ids, input.ids, "{name}: {}", input.text);
            assert_eq!(encoding.token_types, input.type_ids, "{name}: {}", input.text);
            let tokens: Vec<&[u32]> = input.targets.iter().map(|target| target.tokens.as_slice()).collect();
            assert_eq!(encoding.targets, tokens, "{name}: {}", input.text);
            assert_eq!(encoding.truncated, 0, "{name}: {}", input.text);
        }
    }
    Ok(())
}

/// Byte-level tokens are the hard case: a letter may be cut into several, which then all stand in the same place.
#[test]
fn a_mention_is_every_token_that_shares_a_byte_with_it() -> Outcome {
    for name in ["roberta", "span"] {
        let golden = Golden::open(name)?;
        let tokenizer = golden.checkpoint()?.tokenizer;
        for input in &golden.inputs {
            for (start, character) in input.text.char_indices() {
                let end = start + character.len_utf8();
                let mention = Span::new(&input.text, start, end).ok_or("a character is a span")?;
                let places = (0_u32..).zip(&input.bytes).filter(|(_, (first, last))| first < last);
                let mut shares: Vec<u32> = places
                    .filter_map(|(token, (first, last))| (*first < end && start < *last).then_some(token))
                    .collect();
                if shares.is_empty() {
                    shares.push(0);
                }
                let encoding = tokenizer.encode(&input.text, &[vec![mention]])?;
                assert_eq!(encoding.targets, [shares], "{name}: {character:?} at {start} of {}", input.text);
            }
        }
    }
    Ok(())
}

#[test]
fn hidden_states_and_logits_are_those_of_transformers() -> Outcome {
    for name in CHECKPOINTS {
        let golden = Golden::open(name)?;
        let (model, tokenizer, _) = golden.checkpoint()?.into_model()?;
        let together: Vec<&Input> = golden.inputs.iter().collect();
        // All in one packed batch, and each alone.
        for inputs in std::iter::once(together.as_slice()).chain(together.chunks(1)) {
            let encodings = inputs.iter().map(|input| input.encoding(&tokenizer)).collect::<Outcome<Vec<_>>>()?;
            let [hidden, stance, sentiment] = outputs(&model, &Batch::pack(&encodings))?;
            let what = format!("{name}, {} of {}", inputs.len(), together.len());
            let expected: Vec<Vec<f32>> = inputs.iter().flat_map(|input| input.hidden.clone()).collect();
            assert_close(&format!("{what}: hidden"), &hidden, &expected, 1e-4);
            let (stances, sentiments) = golden.answers(inputs.iter().copied())?;
            assert_close(&format!("{what}: stance"), &stance, &stances.logits, 1e-4);
            assert_close(&format!("{what}: sentiment"), &sentiment, &sentiments.logits, 1e-4);
        }
    }
    Ok(())
}

/// As a GPU computes: candle multiplies, on any device. Of logits of about 1, bf16 is off by 0.07 and f16, which has three bits more, by 0.01.
#[test]
fn half_precision_is_near() -> Outcome {
    for (precision, tolerance) in [(Precision::Bf16, 0.1), (Precision::F16, 0.02)] {
        let golden = Golden::open("span")?;
        let mut checkpoint = golden.checkpoint()?;
        let (encoder, question) = (checkpoint.encoder.clone(), checkpoint.question.ok_or("a head")?);
        precision.cast(&mut checkpoint.weights)?;
        let model = Model::load(&encoder, question, checkpoint.weights)?;
        let encodings: Outcome<Vec<_>> =
            golden.inputs.iter().map(|input| input.encoding(&checkpoint.tokenizer)).collect();
        let logits = model.forward(&Batch::pack(&encodings?), Mode::Infer)?;
        let (stances, sentiments) = golden.answers(&golden.inputs)?;
        assert_close("stance", &rows(logits.stance.as_ref())?, &stances.logits, tolerance);
        assert_close("sentiment", &rows(logits.sentiment.as_ref())?, &sentiments.logits, tolerance);
    }
    let refused = Checkpoint { precision: Some(Precision::F16), ..Golden::open("span")?.checkpoint()? }.into_engine();
    assert!(refused.is_err_and(|error| error.to_string().contains("expected a GPU")));
    Ok(())
}

#[test]
fn an_answer_does_not_depend_on_its_batch() -> Outcome {
    let rng = &mut ChaCha8Rng::seed_from_u64(1);
    for name in CHECKPOINTS {
        let golden = Golden::open(name)?;
        let (model, tokenizer, _) = golden.checkpoint()?.into_model()?;
        let encodings = golden.encodings(&tokenizer)?;
        let alone = encodings.iter().map(|encoding| outputs(&model, &Batch::pack([encoding])));
        let alone = alone.collect::<Outcome<Vec<_>>>()?;
        for _ in 0..8 {
            let count = rng.random_range(1..=9);
            let drawn: Vec<usize> = (0..count).map(|_| rng.random_range(0..encodings.len())).collect();
            let found = outputs(&model, &Batch::pack(drawn.iter().map(|&index| &encodings[index])))?;
            for (part, found) in found.iter().enumerate() {
                let expected: Vec<Vec<f32>> = drawn.iter().flat_map(|&index| alone[index][part].clone()).collect();
                assert_close(&format!("{name}: part {part} of {drawn:?}"), found, &expected, 1e-5);
            }
        }
    }
    Ok(())
}

#[test]
fn loss_and_gradients_are_those_of_transformers() -> Outcome {
    for name in CHECKPOINTS {
        let golden = Golden::open(name)?;
        let mut checkpoint = golden.checkpoint()?;
        let batch = Batch::pack(&golden.encodings(&checkpoint.tokenizer)?);
        let variables = checkpoint.weights.train(|_| true)?;
        // The expected values are without dropout; the rest of the training mode stays as it is.
        let config = &mut checkpoint.encoder;
        (config.hidden_dropout, config.attention_dropout, config.head_dropout) = (0.0, 0.0, 0.0);
        let question = checkpoint.question.ok_or("a head")?;
        let model = Model::load(&checkpoint.encoder, question, checkpoint.weights)?;
        let training = Training::new(0, Precision::F32);
        let loss = golden.loss_of(&model.forward(&batch, Mode::Train(&training))?)?;
        let found = loss.to_scalar::<f32>()?;
        assert!((found - golden.loss).abs() <= 1e-4, "{name}: loss: expected {}, found {found}", golden.loss);
        let gradients = training.backward(&loss)?;
        let mut expected = golden.gradients()?;
        for (parameter, variable) in &variables {
            let expected = expected.take(parameter, variable.dims())?;
            let found = gradients.get(variable).ok_or_else(|| format!("{name}: {parameter} has no gradient"))?;
            let difference = norm(&(found - &expected)?)?;
            // A key's bias adds the same to every likeness of a token, and softmax takes no notice: the exact gradient is
            // zero, and rounding, which nothing can be relative to, is all there is.
            let scale = if parameter.ends_with("attention.self.key.bias") { 1.0 } else { norm(&expected)? };
            assert!(difference <= 1e-3 * scale, "{name}: {parameter}: {difference} off, of {scale}");
        }
        expected.finish()?;
    }
    Ok(())
}

fn norm(tensor: &Tensor) -> Outcome<f32> {
    Ok(tensor.sqr()?.sum_all()?.sqrt()?.to_scalar()?)
}

#[test]
fn a_layer_norm_may_have_its_old_names() -> Outcome {
    let golden = Golden::open("bert")?;
    let directory = tempfile::tempdir()?;
    for file in ["config.json", "tokenizer.json"] {
        std::fs::copy(golden.directory.join(file), directory.path().join(file))?;
    }
    let tensors = candle_core::safetensors::load(golden.directory.join("model.safetensors"), &Device::Cpu)?;
    let renamed = tensors.into_iter().map(|(name, tensor)| {
        let name = name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta");
        (name, tensor)
    });
    let renamed: std::collections::HashMap<String, Tensor> = renamed.collect();
    assert_eq!(renamed.keys().filter(|name| name.ends_with(".gamma")).count(), 5);
    candle_core::safetensors::save(&renamed, directory.path().join("model.safetensors"))?;

    let (model, tokenizer, _) = golden.checkpoint()?.into_model()?;
    let (old, ..) = Checkpoint::open(directory.path(), &Device::Cpu)?.into_model()?;
    let batch = Batch::pack(&golden.encodings(&tokenizer)?);
    assert_eq!(outputs(&old, &batch)?, outputs(&model, &batch)?);
    Ok(())
}
