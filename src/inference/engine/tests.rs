use candle_core::{Device, Tensor};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::encode::Encoding;
use crate::encoder::{Encoder, Mode};

/// A small encoder of random weights.
fn weights(config: &EncoderConfig) -> Result<Weights> {
    let rng = &mut ChaCha8Rng::seed_from_u64(7);
    let mut weights = Weights::empty();
    let (width, inner) = (config.hidden, config.intermediate);
    let mut add = |name: String, shape: &[usize], centre: f32| {
        let values: Vec<f32> = (0..shape.iter().product()).map(|_| centre + rng.random_range(-0.3..0.3)).collect();
        weights.insert(name, Tensor::from_vec(values, shape, &Device::Cpu)?);
        Ok::<(), Error>(())
    };
    let tables = [("word", config.vocabulary), ("position", config.positions), ("token_type", config.token_types)];
    for (table, rows) in tables {
        add(format!("embeddings.{table}_embeddings.weight"), &[rows, width], 0.0)?;
    }
    let mut norms = vec!["embeddings.LayerNorm".to_owned()];
    for layer in (0..config.layers).map(|index| format!("encoder.layer.{index}")) {
        let square = ["attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"];
        let square = square.map(|name| (name, width, width));
        for (name, inputs, outputs) in
            square.into_iter().chain([("intermediate.dense", width, inner), ("output.dense", inner, width)])
        {
            add(format!("{layer}.{name}.weight"), &[outputs, inputs], 0.0)?;
            add(format!("{layer}.{name}.bias"), &[outputs], 0.0)?;
        }
        norms.extend(["attention.output", "output"].map(|part| format!("{layer}.{part}.LayerNorm")));
    }
    for name in norms {
        add(format!("{name}.weight"), &[width], 1.0)?;
        add(format!("{name}.bias"), &[width], 0.0)?;
    }
    Ok(weights)
}

/// Odd sizes, and those of which attention too is rounded.
fn configs() -> [EncoderConfig; 2] {
    [config(36, 3), config(64, 2)]
}

fn config(hidden: usize, heads: usize) -> EncoderConfig {
    EncoderConfig {
        family: crate::encoder::Family::Bert,
        vocabulary: 50,
        hidden,
        layers: 3,
        heads,
        intermediate: 70,
        positions: 140,
        token_types: 2,
        layer_norm_eps: 1e-12,
        first_position: 0,
        hidden_dropout: 0.0,
        attention_dropout: 0.0,
        head_dropout: 0.0,
    }
}

/// Sequences of these lengths, each with a mention of its last token.
fn batch(lengths: &[usize]) -> Batch {
    let encodings: Vec<Encoding> = lengths
        .iter()
        .map(|&length| Encoding {
            ids: (0..length as u32).map(|token| (token * 7 + length as u32) % 50).collect(),
            token_types: (0..length as u32).map(|token| token % 2).collect(),
            targets: vec![vec![length as u32 - 1]],
            truncated: 0,
        })
        .collect();
    Batch::pack(&encodings)
}

#[test]
fn the_engine_is_the_encoder() -> Result<()> {
    let precisions = [(Precision::F32, 2e-5), (Precision::Bf16, 0.06), (Precision::Int8, 0.15)];
    for (config, (precision, tolerance)) in
        configs().into_iter().flat_map(|config| precisions.map(|p| (config.clone(), p)))
    {
        let encoder = Encoder::load(&config, &mut weights(&config)?)?;
        let engine = Engine::load(&config, &mut weights(&config)?, precision)?;
        // The last are several parts.
        for lengths in [vec![1], vec![5], vec![130, 1, 40, 9], vec![100, 120, 16, 33, 90, 17]] {
            for batch in [batch(&lengths), batch(&lengths).reading_all()] {
                let expected = encoder.forward(&batch, Mode::Infer)?;
                let found = engine.forward(&batch)?;
                assert_eq!(found.dims(), expected.dims());
                let difference = (found - expected)?.abs()?.max_all()?.to_scalar::<f32>()?;
                assert!(difference < tolerance, "{precision}, {lengths:?}: {difference}");
            }
        }
    }
    Ok(())
}

#[test]
fn an_answer_does_not_depend_on_batch_or_threads() -> Result<()> {
    let precisions = [Precision::F32, Precision::Bf16, Precision::Int8];
    for (config, precision) in configs().into_iter().flat_map(|config| precisions.map(|p| (config.clone(), p))) {
        let engine = Engine::load(&config, &mut weights(&config)?, precision)?;
        let lengths = [130, 7, 99, 64, 1];
        let together = engine.forward(&batch(&lengths))?;
        let alone = lengths.iter().map(|length| engine.forward(&batch(&[*length]))).collect::<Result<Vec<_>>>()?;
        let alone = Tensor::cat(&alone, 0)?;
        assert_eq!(together.to_vec2::<f32>()?, alone.to_vec2::<f32>()?);
        let Ok(pool) = rayon::ThreadPoolBuilder::new().num_threads(3).build() else {
            unreachable!("threads can be had")
        };
        let shared = pool.install(|| engine.forward(&batch(&lengths)))?;
        assert_eq!(together.to_vec2::<f32>()?, shared.to_vec2::<f32>()?);
    }
    Ok(())
}
