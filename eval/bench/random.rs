//! A model of given sizes with random weights: its speed is that of any model of these sizes.

use std::collections::BTreeMap;
use std::str::FromStr;

use candle_core::Device;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use regard::encoder::EncoderConfig;
use regard::head::Question;
use regard::weights::Weights;
use regard::{Error, Result};
use safetensors::{Dtype, tensor::TensorView};
use serde_json::json;

use super::reader::Loaded;

/// Half the width of the interval that weights are drawn from: the standard deviation is about 0.02, as in BERT's own.
const REACH: f32 = 0.035;

/// Sizes of a BERT, written `layers,hidden,heads,vocabulary`. Inside the feed-forward block it is four times as wide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Number of layers.
    pub layers: usize,
    /// Width of a hidden state.
    pub hidden: usize,
    /// Attention heads a layer.
    pub heads: usize,
    /// Rows of the token embedding.
    pub vocabulary: usize,
}

impl FromStr for Shape {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let expected = || format!("expected four numbers layers,hidden,heads,vocabulary, found {text:?}");
        let numbers: Vec<usize> = text
            .split(',')
            .map(|number| number.trim().parse().map_err(|_| expected()))
            .collect::<std::result::Result<_, _>>()?;
        let [layers, hidden, heads, vocabulary] = numbers[..] else { return Err(expected()) };
        let shape = Self { layers, hidden, heads, vocabulary };
        shape.config(2).map_err(|error| error.to_string())?;
        Ok(shape)
    }
}

impl Shape {
    /// With positions for sequences of `longest` tokens.
    fn config(&self, longest: usize) -> Result<EncoderConfig> {
        let config = json!({
            "model_type": "bert",
            "vocab_size": self.vocabulary,
            "hidden_size": self.hidden,
            "num_hidden_layers": self.layers,
            "num_attention_heads": self.heads,
            "intermediate_size": self.hidden.saturating_mul(4),
            "max_position_embeddings": longest.max(512),
        });
        EncoderConfig::read(&config, "shape")
    }
}

/// A `span` model of random weights, as the bytes of a safetensors file: loading it is what loading a checkpoint is.
#[derive(Debug)]
pub struct Random {
    config: EncoderConfig,
    file: Vec<u8>,
}

impl Random {
    /// Draw the weights of `shape`, for sequences of at least `longest` tokens.
    ///
    /// # Errors
    /// Where the sizes do not fit each other.
    pub fn new(shape: Shape, longest: usize) -> Result<Self> {
        let config = shape.config(longest)?;
        let mut generator = ChaCha8Rng::seed_from_u64(0);
        let mut tensors = BTreeMap::new();
        for (name, shape) in names(&config) {
            let count: usize = shape.iter().product();
            let mut value = || match shape.len() {
                2 => generator.random_range(-REACH..REACH),
                _ => f32::from(name.ends_with("LayerNorm.weight")),
            };
            let bytes: Vec<u8> = (0..count).flat_map(|_| value().to_le_bytes()).collect();
            tensors.insert(name, (shape, bytes));
        }
        let invalid = |error| Error::invalid("shape", error);
        let views = tensors.iter().map(|(name, (shape, bytes))| {
            Ok((name, TensorView::new(Dtype::F32, shape.clone(), bytes).map_err(invalid)?))
        });
        let views = views.collect::<Result<Vec<_>>>()?;
        let file = safetensors::serialize(views, None).map_err(invalid)?;
        Ok(Self { config, file })
    }

    /// The model, without a tokenizer.
    ///
    /// # Errors
    /// Where `device` cannot hold it.
    pub fn load(&self, device: &Device) -> Result<Loaded> {
        let weights = Weights::parse(self.file.clone(), "shape", device)?;
        Ok(Loaded {
            config: self.config.clone(),
            question: Some(Question::Span),
            weights,
            tokenizer: None,
            precision: None,
        })
    }
}

/// Names and shapes of all tensors, as transformers has them.
fn names(config: &EncoderConfig) -> Vec<(String, Vec<usize>)> {
    let (hidden, inner) = (config.hidden, config.intermediate);
    let mut names = Vec::new();
    let tables = [("word", config.vocabulary), ("position", config.positions), ("token_type", config.token_types)];
    for (table, rows) in tables {
        names.push((format!("embeddings.{table}_embeddings.weight"), vec![rows, hidden]));
    }
    let norm = |names: &mut Vec<_>, name: String| {
        names.extend(["weight", "bias"].map(|part| (format!("{name}.{part}"), vec![hidden])));
    };
    let linear = |names: &mut Vec<_>, name: String, inputs: usize, outputs: usize| {
        names.push((format!("{name}.weight"), vec![outputs, inputs]));
        names.push((format!("{name}.bias"), vec![outputs]));
    };
    norm(&mut names, "embeddings.LayerNorm".to_owned());
    for layer in 0..config.layers {
        let at = format!("encoder.layer.{layer}");
        for part in ["self.query", "self.key", "self.value", "output.dense"] {
            linear(&mut names, format!("{at}.attention.{part}"), hidden, hidden);
        }
        norm(&mut names, format!("{at}.attention.output.LayerNorm"));
        linear(&mut names, format!("{at}.intermediate.dense"), hidden, inner);
        linear(&mut names, format!("{at}.output.dense"), inner, hidden);
        norm(&mut names, format!("{at}.output.LayerNorm"));
    }
    for (head, inputs) in [("stance_head", 2 * hidden), ("sentiment_head", hidden)] {
        linear(&mut names, format!("{head}.dense"), inputs, hidden);
        linear(&mut names, format!("{head}.out"), hidden, 3);
    }
    names
}
