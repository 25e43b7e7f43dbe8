//! One layer of the encoder: attention and feed-forward block, each with a residual and a norm after it.

use std::sync::Arc;

use candle_core::Tensor;

use super::EncoderConfig;
use super::layers::{LayerNorm, Linear, Mode};
use crate::Result;
use crate::batch::Batch;
use crate::kernels::{self, Attention, Gradients, Mask, recorded};
use crate::weights::Weights;

#[derive(Debug, Clone)]
pub(super) struct Layer {
    query: Linear,
    key: Linear,
    value: Linear,
    attended: Linear,
    attended_norm: LayerNorm,
    up: Linear,
    down: Linear,
    down_norm: LayerNorm,
}

impl Layer {
    pub(super) fn load(config: &EncoderConfig, index: usize, weights: &mut Weights) -> Result<Self> {
        let (width, inner, eps) = (config.hidden, config.intermediate, config.layer_norm_eps);
        let name = |part: &str| format!("encoder.layer.{index}.{part}");
        Ok(Self {
            query: Linear::load(weights, &name("attention.self.query"), width, width)?,
            key: Linear::load(weights, &name("attention.self.key"), width, width)?,
            value: Linear::load(weights, &name("attention.self.value"), width, width)?,
            attended: Linear::load(weights, &name("attention.output.dense"), width, width)?,
            attended_norm: LayerNorm::load(weights, &name("attention.output.LayerNorm"), width, eps)?,
            up: Linear::load(weights, &name("intermediate.dense"), width, inner)?,
            down: Linear::load(weights, &name("output.dense"), inner, width)?,
            down_norm: LayerNorm::load(weights, &name("output.LayerNorm"), width, eps)?,
        })
    }

    /// (N, H) to (N, H), or to (R, H) of the tokens `rows` alone, where these are given.
    pub(super) fn forward(
        &self,
        xs: &Tensor,
        batch: &Batch,
        rows: Option<&[u32]>,
        config: &EncoderConfig,
        mode: Mode<'_>,
    ) -> Result<Tensor> {
        // Where nothing below learns there is no gradient of `xs` to hang the layer on.
        let gradients = match mode {
            Mode::Train(training) if xs.track_op() && kernels::records(xs) => Some(training.gradients()),
            _ => None,
        };
        let Some(gradients) = gradients else {
            return match mode {
                // Whatever learns beside them, answers follow no weight: what lies between would be kept for it.
                Mode::Infer => Ok(self.detached().pass(xs, batch, rows, config, mode)?.outputs),
                Mode::Train(_) => Ok(self.pass(xs, batch, rows, config, mode)?.outputs),
            };
        };
        let pass = self.detached().pass(&xs.detach(), batch, rows, config, mode)?;
        let (layer, outputs) = (self.clone(), pass.outputs.clone());
        Ok(recorded(xs, outputs, move |grad| layer.backward(&pass, grad, &gradients))?)
    }

    /// Forward, with what lies between.
    fn pass(
        &self,
        xs: &Tensor,
        batch: &Batch,
        rows: Option<&[u32]>,
        config: &EncoderConfig,
        mode: Mode<'_>,
    ) -> Result<Pass> {
        let all: Arc<[usize]> = Arc::from(batch.offsets());
        let (own, rows, readers) = match rows {
            Some(rows) => {
                let before = |offset: &usize| rows.partition_point(|row| (*row as usize) < *offset);
                let readers = all.iter().map(before).collect();
                let rows = Tensor::from_vec(rows.to_vec(), rows.len(), xs.device())?;
                (xs.index_select(&rows, 0)?, Some(rows), readers)
            }
            None => (xs.clone(), None, Arc::clone(&all)),
        };
        let queries = self.query.forward(&own, mode)?;
        let (keys, values) = (self.key.forward(xs, mode)?, self.value.forward(xs, mode)?);
        let dropout = mode.mask(config.attention_dropout);
        let padding = Arc::clone(batch.padding());
        let attention = Attention { keys: all, queries: readers, heads: config.heads, dropout, padding };
        let read = kernels::attention(&queries, &keys, &values, &attention)?;
        let attended = self.attended.forward(&read, mode)?;
        let masks = [mode.mask(config.hidden_dropout), mode.mask(config.hidden_dropout)];
        let first_sum = kernels::residual(&attended, &own, masks[0])?;
        let normed = self.attended_norm.forward(&first_sum)?;
        let up = self.up.forward(&normed, mode)?;
        let inner = kernels::gelu(&up)?;
        let second_sum = kernels::residual(&self.down.forward(&inner, mode)?, &normed, masks[1])?;
        let outputs = self.down_norm.forward(&second_sum)?;
        let xs = xs.clone();
        Ok(Pass {
            xs,
            own,
            queries,
            keys,
            values,
            attention,
            read,
            rows,
            masks,
            first_sum,
            normed,
            up,
            inner,
            second_sum,
            outputs,
        })
    }

    /// The gradient of what `pass` read from that of its outputs; those of the weights go to `gradients`.
    fn backward(&self, pass: &Pass, grad: &Tensor, gradients: &Gradients) -> candle_core::Result<Tensor> {
        let dropped = |mask: Option<Mask>, grad: &Tensor| mask.map_or(Ok(grad.clone()), |mask| mask.gradient(grad));
        let normed = self.down_norm.backward(&pass.second_sum, grad, gradients)?;
        let up = self.down.backward(&pass.inner, &dropped(pass.masks[1], &normed)?, gradients)?;
        kernels::gelu::backward(&pass.up, &up)?;
        self.up.backward_to(&normed, &pass.normed, &up, gradients)?;
        let own = self.attended_norm.backward(&pass.first_sum, &normed, gradients)?;
        let read = self.attended.backward(&pass.read, &dropped(pass.masks[0], &own)?, gradients)?;
        let [queries, keys, values] = pass.attention.backward(&pass.queries, &pass.keys, &pass.values, &read)?;
        self.query.backward_to(&own, &pass.own, &queries, gradients)?;
        let xs = match &pass.rows {
            Some(rows) => pass.xs.zeros_like()?.index_add(rows, &own, 0)?,
            None => own,
        };
        self.key.backward_to(&xs, &pass.xs, &keys, gradients)?;
        self.value.backward_to(&xs, &pass.xs, &values, gradients)?;
        Ok(xs)
    }

    /// The same layer for a pass that candle does not follow.
    fn detached(&self) -> Self {
        let Self { query, key, value, attended, attended_norm, up, down, down_norm } = self;
        Self {
            query: query.detached(),
            key: key.detached(),
            value: value.detached(),
            attended: attended.detached(),
            attended_norm: attended_norm.detached(),
            up: up.detached(),
            down: down.detached(),
            down_norm: down_norm.detached(),
        }
    }
}

/// What a layer computes, in order. All but `xs`, `keys` and `values` are of R rows, where the layer answers for these alone.
struct Pass {
    xs: Tensor,
    /// Those of `xs` that the layer answers for.
    own: Tensor,
    queries: Tensor,
    keys: Tensor,
    values: Tensor,
    attention: Attention,
    read: Tensor,
    rows: Option<Tensor>,
    /// Dropout after attention and after the feed-forward block.
    masks: [Option<Mask>; 2],
    first_sum: Tensor,
    normed: Tensor,
    up: Tensor,
    inner: Tensor,
    second_sum: Tensor,
    outputs: Tensor,
}
