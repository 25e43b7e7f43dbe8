//! One reading of some sentences, forward and backward.

use candle_core::{Tensor, Var};
use regard::Precision;
use regard::batch::Batch;
use regard::encode::Encoding;
use regard::encoder::{Mode, Training};
use regard::model::Model;

use crate::Error;
use crate::config::{self, Config, Layers};
use crate::gradients::Gradients;
use crate::loss::Labels;
use crate::parameters::Parameters;

/// What a pass needs to know that stays the same throughout a run.
#[derive(Clone, Copy)]
pub(crate) struct Pass<'a> {
    pub(crate) config: &'a Config,
    pub(crate) model: &'a Model,
    pub(crate) parameters: &'a Parameters,
}

impl Pass<'_> {
    /// Add the gradients of `labels` on `encodings` to `gradients`; the losses are divided by `weight`. Dropout follows `seed`.
    /// Returns the loss.
    pub(crate) fn learn(
        &self,
        encodings: &[Encoding],
        labels: &Labels,
        weight: f64,
        seed: u64,
        gradients: &mut Gradients,
    ) -> Result<f64, Error> {
        let precision = match self.config.compute.precision {
            config::Precision::F32 => Precision::F32,
            config::Precision::Bf16 => Precision::Bf16,
        };
        let training = Training::new(seed, precision);
        let reading = Reading { pass: *self, batch: Batch::pack(encodings), labels, weight, training };
        let words = self.model.encoder()?.words(&reading.batch)?.detach();
        let length = self.config.loss.adversarial;
        if length == 0.0 && !self.parameters.trains_words() {
            return Ok(reading.backward(&words, gradients)?.0);
        }
        let words = Var::from_tensor(&words)?;
        let (loss, gradient) = reading.backward(&words, gradients)?;
        let Some(mut gradient) = gradient else { return Ok(loss) };
        if length > 0.0 {
            let moved = (words.as_detached_tensor() + reading.adversary(&gradient, length)?)?;
            if let (_, Some(second)) = reading.backward(Var::from_tensor(&moved)?.as_tensor(), gradients)? {
                gradient = (gradient + second)?;
            }
        }
        if self.parameters.trains_words() {
            gradients.take_rows(reading.batch.ids(), &gradient)?;
        }
        Ok(loss)
    }
}

/// A batch on its way through the model.
struct Reading<'a> {
    pass: Pass<'a>,
    batch: Batch,
    labels: &'a Labels,
    weight: f64,
    training: Training,
}

impl Reading<'_> {
    /// The loss, and its gradient by `words` (N, H) where these are a variable.
    fn backward(&self, words: &Tensor, gradients: &mut Gradients) -> Result<(f64, Option<Tensor>), Error> {
        let config = self.pass.config;
        if config.compute.recompute && (config.trained.layers != Layers::Frozen || words.is_variable()) {
            return self.backward_by_layer(words, gradients);
        }
        let logits = self.pass.model.forward_words(words, &self.batch, Mode::Train(&self.training))?;
        let Some(loss) = self.labels.loss(&logits, &self.pass.config.loss)? else { return Ok((0.0, None)) };
        self.descend((loss / self.weight)?, words, gradients)
    }

    /// The same, keeping only what stands between layers: each is run again, with the same dropout, when its turn comes.
    fn backward_by_layer(&self, words: &Tensor, gradients: &mut Gradients) -> Result<(f64, Option<Tensor>), Error> {
        let (encoder, mode) = (self.pass.model.encoder()?, Mode::Train(&self.training));
        let start = self.training.position();
        let mut hidden = encoder.embed(&words.detach(), &self.batch, mode)?.detach();
        let mut inputs = Vec::with_capacity(encoder.layers());
        for index in 0..encoder.layers() {
            inputs.push((self.training.position(), hidden.clone()));
            hidden = encoder.layer(index, &hidden, &self.batch, mode)?.detach();
        }
        let top = Var::from_tensor(&hidden)?;
        let logits = self.pass.model.head(&top, &self.batch, mode)?;
        let Some(loss) = self.labels.loss(&logits, &self.pass.config.loss)? else { return Ok((0.0, None)) };
        let (loss, mut gradient) = self.descend((loss / self.weight)?, &top, gradients)?;
        let end = self.training.position();
        for (index, (position, input)) in inputs.into_iter().enumerate().rev() {
            let Some(above) = gradient else { return Ok((loss, None)) };
            self.training.rewind(position);
            let input = Var::from_tensor(&input)?;
            let output = encoder.layer(index, &input, &self.batch, mode)?;
            gradient = self.descend((output * above)?.sum_all()?, &input, gradients)?.1;
        }
        let Some(above) = gradient else { return Ok((loss, None)) };
        self.training.rewind(start);
        let output = encoder.embed(words, &self.batch, mode)?;
        let (_, gradient) = self.descend((output * above)?.sum_all()?, words, gradients)?;
        self.training.rewind(end);
        Ok((loss, gradient))
    }

    /// Follow `loss` down to the variables and to `input`.
    fn descend(&self, loss: Tensor, input: &Tensor, gradients: &mut Gradients) -> Result<(f64, Option<Tensor>), Error> {
        let mut store = self.training.backward(&loss)?;
        gradients.take(self.pass.parameters.variables(), &mut store)?;
        let gradient = if input.is_variable() { store.remove(input) } else { None };
        Ok((f64::from(loss.to_scalar::<f32>()?), gradient))
    }

    /// The step of `length` in each sequence along its `gradient` (N, H).
    fn adversary(&self, gradient: &Tensor, length: f64) -> Result<Tensor, Error> {
        let mut steps = Vec::new();
        for bounds in self.batch.offsets().windows(2) {
            let part = gradient.narrow(0, bounds[0], bounds[1] - bounds[0])?;
            let norm = crate::gradients::square(&part)?.sqrt();
            steps.push((part * (length / norm.max(1e-12)))?);
        }
        Ok(Tensor::cat(&steps, 0)?)
    }
}
