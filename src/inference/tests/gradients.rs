//! Training reaches every variable, and repeats itself.

mod golden;

use std::error::Error;

use golden::{Golden, Outcome};
use regard::Precision;
use regard::batch::Batch;
use regard::encoder::{Mode, Training};
use regard::head::Logits;
use regard::model::Model;

/// Every variable's gradient, by name.
type Gradients = Vec<(String, Vec<f32>)>;

/// Loss and gradients of one step of the `span` checkpoint, dropout on everywhere.
fn step(seed: u64, precision: Precision) -> Outcome<(f32, Gradients)> {
    let golden = Golden::open("span")?;
    let mut checkpoint = golden.checkpoint()?;
    let batch = Batch::pack(&golden.encodings(&checkpoint.tokenizer)?);
    let variables = checkpoint.weights.train(|_| true)?;
    let config = &mut checkpoint.encoder;
    (config.hidden_dropout, config.attention_dropout, config.head_dropout) = (0.1, 0.2, 0.15);
    let question = checkpoint.question.ok_or("a head")?;
    let model = Model::load(&checkpoint.encoder, question, checkpoint.weights)?;
    let training = Training::new(seed, precision);
    let loss = golden.loss_of(&model.forward(&batch, Mode::Train(&training))?)?;
    let store = training.backward(&loss)?;
    let mut gradients = Vec::new();
    for (name, variable) in variables {
        let gradient = store.get(&variable).ok_or_else(|| format!("{name} has no gradient"))?;
        assert_eq!(gradient.dims(), variable.dims(), "{name}");
        gradients.push((name, gradient.flatten_all()?.to_vec1()?));
    }
    Ok((loss.to_scalar()?, gradients))
}

/// candle's fused operations drop gradients without a word: a layer that is never trained still gives answers.
#[test]
fn every_variable_has_a_gradient() -> Outcome {
    let (loss, gradients) = step(1, Precision::F32)?;
    assert!(loss.is_finite());
    assert_eq!(gradients.len(), 5 + 2 * 16 + 2 * 4, "variables of embeddings, layers and heads");
    for (name, gradient) in &gradients {
        assert!(gradient.iter().all(|value| value.is_finite()), "{name}: not finite");
        let largest = gradient.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
        if name.ends_with("attention.self.key.bias") {
            // It adds the same to every likeness of a token, which softmax takes out again before dropout sees it:
            // exactly zero, with noise where rounding leaves some.
            assert!(largest < 1e-5, "{name}: {largest}");
        } else {
            assert!(largest > 1e-5, "{name}: {largest}");
        }
    }
    Ok(())
}

/// Bit by bit: a resumed run can only equal an uninterrupted one where a step equals itself.
#[test]
fn the_same_seed_gives_the_same_step() -> Outcome {
    let (loss, gradients) = step(7, Precision::F32)?;
    assert_eq!(step(7, Precision::F32)?, (loss, gradients));
    assert_ne!(step(8, Precision::F32)?.0, loss);
    Ok(())
}

/// candle keeps whatever a backward pass returns: a gradient of what is frozen costs as much as one that is used.
#[test]
fn what_is_frozen_has_no_gradient() -> Outcome {
    let golden = Golden::open("span")?;
    for trained in ["stance_head", "encoder.layer.1", "LayerNorm", "word_embeddings", ""] {
        let mut checkpoint = golden.checkpoint()?;
        let batch = Batch::pack(&golden.encodings(&checkpoint.tokenizer)?);
        checkpoint.weights.train(|name| name.contains(trained))?;
        let weights = checkpoint.weights.clone();
        let model = Model::load(&checkpoint.encoder, checkpoint.question.ok_or("a head")?, checkpoint.weights)?;
        let training = Training::new(1, Precision::F32);
        let store = training.backward(&golden.loss_of(&model.forward(&batch, Mode::Train(&training))?)?)?;
        for entry in weights.iter() {
            let (name, tensor) = entry?;
            assert_eq!(store.get(&tensor).is_some(), name.contains(trained), "{name} where {trained:?} is trained");
        }
    }
    Ok(())
}

/// The encoder by hand, each layer from a detached input and run twice: what recomputation in the backward pass does.
#[test]
fn a_layer_run_again_from_its_place_in_the_stream_equals_itself() -> Outcome {
    let golden = Golden::open("span")?;
    let mut checkpoint = golden.checkpoint()?;
    let batch = Batch::pack(&golden.encodings(&checkpoint.tokenizer)?);
    let config = &mut checkpoint.encoder;
    (config.hidden_dropout, config.attention_dropout, config.head_dropout) = (0.1, 0.2, 0.15);
    let model = Model::load(&checkpoint.encoder, checkpoint.question.ok_or("a head")?, checkpoint.weights)?;
    let sentiment = |logits: Logits| Ok::<_, Box<dyn Error>>(logits.sentiment.ok_or("sentiment")?.to_vec2::<f32>()?);
    let whole = sentiment(model.forward(&batch, Mode::Train(&Training::new(3, Precision::F32)))?)?;

    let training = Training::new(3, Precision::F32);
    let mode = Mode::Train(&training);
    let encoder = model.encoder()?;
    let mut hidden = encoder.embed(&encoder.words(&batch)?, &batch, mode)?;
    for index in 0..encoder.layers() {
        let position = training.position();
        let first = encoder.layer(index, &hidden, &batch, mode)?;
        assert_ne!(encoder.layer(index, &hidden, &batch, mode)?.to_vec2::<f32>()?, first.to_vec2::<f32>()?);
        training.rewind(position);
        hidden = encoder.layer(index, &hidden, &batch, mode)?;
        assert_eq!(hidden.to_vec2::<f32>()?, first.to_vec2::<f32>()?, "layer {index}");
    }
    assert_eq!(sentiment(model.head(&hidden, &batch, mode)?)?, whole);
    assert!(encoder.layer(encoder.layers(), &hidden, &batch, mode).is_err());
    Ok(())
}

#[test]
fn bf16_products_are_near_those_of_f32() -> Outcome {
    let (exact, gradients) = step(5, Precision::F32)?;
    let (loss, rounded) = step(5, Precision::Bf16)?;
    assert!(loss != exact && (loss - exact).abs() < 0.02 * exact, "{loss} is not near {exact}");
    for ((name, exact), (_, rounded)) in gradients.iter().zip(&rounded) {
        let length = |values: &[f32]| values.iter().map(|value| value * value).sum::<f32>().sqrt();
        let difference: Vec<f32> = exact.iter().zip(rounded).map(|(exact, rounded)| exact - rounded).collect();
        // Exactly zero but for rounding: see above.
        let scale = if name.ends_with("attention.self.key.bias") { 1.0 } else { length(exact) };
        assert!(length(&difference) < 0.2 * scale, "{name}: {} off, of {scale}", length(&difference));
    }
    Ok(())
}
