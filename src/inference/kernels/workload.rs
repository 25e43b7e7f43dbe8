//! Every kernel with something to do, for whoever times it: random inputs in the shapes of the shipped encoder. Compiled with the feature
//! `bench` alone, and no part of what the library promises.
//!
//! What answers are computed with gets the rows of one block, matrices laid out beforehand, results written where the last ones were;
//! what training is made of gets all tokens of a batch, and lays out and allocates what it does there.

use std::hint::black_box;
use std::sync::Arc;

use candle_core::{DType, Device, Result, Tensor, Var};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::gemm::{self, Left, Right, Start};
use super::int8::{self, Activations, Instructions};
use super::{Attention, Gradients, Mask, attention, gathered, gelu, layer_norm, linear, residual};

const HIDDEN: usize = 384;
const INNER: usize = 1536;
const HEADS: usize = 12;
/// Rows of a table of positions.
const POSITIONS: usize = 512;
/// Rows of a block, as the engine cuts them.
const BLOCK: usize = 64;
/// Of a batch in training, in whatever sequences.
const TOKENS: usize = 2048;
/// Tokens of a sequence, about.
const LENGTHS: [usize; 4] = [16, 45, 128, 512];
/// Inputs and outputs of the encoder's matrices.
const MATRICES: [(usize, usize); 3] = [(HIDDEN, HIDDEN), (HIDDEN, INNER), (INNER, HIDDEN)];
const MASK: Mask = Mask { rate: 0.1, seed: 1, fresh: false };
const EPS: f64 = 1e-12;

/// One call of one kernel.
pub struct Workload {
    /// Which and of what, from the general to the particular, between slashes.
    pub name: String,
    /// What a call does. Of a product and of attention the operations, a product of two numbers and its sum being two; of all else the
    /// elements, each counted once.
    pub amount: usize,
    run: Box<dyn FnMut() -> Result<()>>,
}

impl Workload {
    fn new(name: String, amount: usize, run: impl FnMut() -> Result<()> + 'static) -> Self {
        Self { name, amount, run: Box::new(run) }
    }

    /// Once.
    ///
    /// # Errors
    /// Where the kernel fails, which it then does each time.
    pub fn run(&mut self) -> Result<()> {
        (self.run)()
    }
}

/// The product of the int8 engine alone, with weights of the caller's.
pub struct Int8 {
    linear: int8::Linear,
    rows: Activations,
    inputs: usize,
}

impl Int8 {
    /// `weight` (outputs, inputs), row by row, with `scales` and `bias` (outputs).
    pub fn new(weight: &[i8], scales: &[f32], bias: &[f32], inputs: usize) -> Self {
        let linear = int8::Linear::new(weight, scales, bias, inputs, Instructions::best());
        Self { linear, rows: Activations::default(), inputs }
    }

    /// Take up `xs` (N, inputs) as 8-bit integers, with a scale and an offset a row.
    pub fn quantize(&mut self, xs: &[f32]) {
        self.rows.quantize(xs, self.inputs);
    }

    /// The rows taken up last times the weights, scaled, with offsets and bias added, to `out` (N, outputs).
    pub fn multiply(&self, out: &mut [f32]) {
        self.linear.forward(&self.rows, out);
    }
}

/// All kernels.
///
/// # Errors
/// Where candle makes no tensor of the inputs.
pub fn workloads() -> Result<Vec<Workload>> {
    let random = &mut Random(ChaCha8Rng::seed_from_u64(1));
    let mut all = Vec::new();
    for (inputs, outputs) in MATRICES {
        products(random, inputs, outputs, &mut all);
    }
    for width in [HIDDEN, INNER] {
        let (xs, mut rows) = (random.floats(BLOCK * width), Activations::default());
        all.push(Workload::new(format!("quantize/{BLOCK} x {width}"), xs.len(), move || {
            rows.quantize(black_box(&xs), width);
            Ok(())
        }));
    }
    for (inputs, outputs) in MATRICES {
        for dtype in [DType::F32, DType::BF16] {
            linears(random, inputs, outputs, dtype, &mut all)?;
        }
    }
    for length in LENGTHS {
        attentions(random, length, &mut all)?;
    }
    norms(random, &mut all)?;
    gelus(random, &mut all)?;
    residuals(random, &mut all)?;
    let table = random.tensor(POSITIONS, HIDDEN)?;
    let indices = Tensor::from_vec(random.indices(TOKENS, POSITIONS), TOKENS, &Device::Cpu)?;
    all.push(Workload::new(format!("gather/{TOKENS} x {HIDDEN}"), TOKENS * HIDDEN, move || {
        gathered(&table, &indices).map(keep)
    }));
    Ok(all)
}

/// What a block of rows is multiplied with when answers are computed.
fn products(random: &mut Random, inputs: usize, outputs: usize, all: &mut Vec<Workload>) {
    let shape = format!("{BLOCK} x {inputs} x {outputs}");
    let operations = 2 * BLOCK * inputs * outputs;
    let (weight, bias) = (random.floats(outputs * inputs), random.floats(outputs));
    let xs = random.floats(BLOCK * inputs);
    for (dtype, name) in [(DType::F32, "f32"), (DType::BF16, "bf16")] {
        let right = Right::transposed(&weight, inputs, outputs, dtype);
        let (xs, bias, mut out) = (xs.clone(), bias.clone(), vec![0.0; BLOCK * outputs]);
        all.push(Workload::new(format!("product/{name}/{shape}"), operations, move || {
            gemm::multiply(Left::Rows(black_box(&xs)), &right, Start::Bias(&bias), &mut out);
            Ok(())
        }));
    }
    let weight: Vec<i8> = weight.iter().map(|weight| (weight * 127.0) as i8).collect();
    let mut int8 = Int8::new(&weight, &vec![0.01; outputs], &bias, inputs);
    int8.quantize(&xs);
    let mut out = vec![0.0; BLOCK * outputs];
    all.push(Workload::new(format!("product/int8/{shape}"), operations, move || {
        black_box(&int8).multiply(&mut out);
        Ok(())
    }));
}

/// The same of all tokens in training: forward, and for the gradients of inputs, weight and bias.
fn linears(random: &mut Random, inputs: usize, outputs: usize, dtype: DType, all: &mut Vec<Workload>) -> Result<()> {
    let shape = format!("{}/{TOKENS} x {inputs} x {outputs}", dtype.as_str());
    let operations = 2 * TOKENS * inputs * outputs;
    let (xs, grad) = (random.tensor(TOKENS, inputs)?, random.tensor(TOKENS, outputs)?);
    let (weight, bias) = (random.tensor(outputs, inputs)?, random.vector(outputs)?);
    let [weight_learns, bias_learns] = [Var::from_tensor(&weight)?, Var::from_tensor(&bias)?];
    all.push(Workload::new(format!("linear/forward/{shape}"), operations, {
        let xs = xs.clone();
        move || linear(&xs, &weight, &bias, dtype).map(keep)
    }));
    all.push(Workload::new(format!("linear/backward/{shape}"), 2 * operations, move || {
        let gradients = Gradients::new(dtype);
        let dxs = linear::backward(&xs, &weight_learns, &bias_learns, &grad, &gradients)?;
        keep((dxs, gradients));
        Ok(())
    }));
    Ok(())
}

/// All tokens in sequences of about `length`: as answers read, and for the gradients of queries, keys and values.
fn attentions(random: &mut Random, length: usize, all: &mut Vec<Workload>) -> Result<()> {
    let offsets: Arc<[usize]> = random.offsets(length).into();
    let pairs: usize = offsets.windows(2).map(|bounds| (bounds[1] - bounds[0]).pow(2)).sum();
    let product = 2 * pairs * HIDDEN;
    let padding = Arc::default();
    let shape = Attention { keys: Arc::clone(&offsets), queries: offsets, heads: HEADS, dropout: None, padding };
    let [queries, keys, values] = [(); 3].map(|()| random.floats(TOKENS * HIDDEN));
    let mut out = vec![0.0; TOKENS * HIDDEN];
    all.push(Workload::new(format!("attention/read/{length}"), 2 * product, {
        let (shape, [queries, keys, values]) = (shape.clone(), [queries.clone(), keys.clone(), values.clone()]);
        let mut out = out.clone();
        move || {
            shape.read([&queries, &keys, black_box(&values)], HIDDEN, &mut out);
            Ok(())
        }
    }));
    all.push(Workload::new(format!("attention/read rounded/{length}"), 2 * product, {
        let shape = shape.clone();
        move || {
            shape.read_rounded([&queries, &keys, black_box(&values)], HIDDEN, &mut out);
            Ok(())
        }
    }));
    let shape = Attention { dropout: Some(MASK), ..shape };
    let [queries, keys, values, grad] = [random.tokens()?, random.tokens()?, random.tokens()?, random.tokens()?];
    all.push(Workload::new(format!("attention/forward/{length}"), 2 * product, {
        let (shape, queries, keys, values) = (shape.clone(), queries.clone(), keys.clone(), values.clone());
        move || attention(&queries, &keys, &values, &shape).map(keep)
    }));
    // Two products again, one for the gradient of the probabilities, and three.
    all.push(Workload::new(format!("attention/backward/{length}"), 5 * product, move || {
        shape.backward(&queries, &keys, &values, &grad).map(keep)
    }));
    Ok(())
}

fn norms(random: &mut Random, all: &mut Vec<Workload>) -> Result<()> {
    let [mut xs, skipped, weight, bias] = [BLOCK * HIDDEN, BLOCK * HIDDEN, HIDDEN, HIDDEN].map(|n| random.floats(n));
    all.push(Workload::new(format!("layer norm/of sum/{BLOCK} x {HIDDEN}"), xs.len(), move || {
        // Of its own results: they stay as large.
        layer_norm::of_sum(&mut xs, black_box(&skipped), &weight, &bias, EPS as f32);
        Ok(())
    }));
    let (xs, grad) = (random.tokens()?, random.tokens()?);
    let (weight, bias) = (random.vector(HIDDEN)?, random.vector(HIDDEN)?);
    let [weight_learns, bias_learns] = [Var::from_tensor(&weight)?, Var::from_tensor(&bias)?];
    let (shape, elements) = (format!("{TOKENS} x {HIDDEN}"), TOKENS * HIDDEN);
    all.push(Workload::new(format!("layer norm/forward/{shape}"), elements, {
        let xs = xs.clone();
        move || layer_norm(&xs, &weight, &bias, EPS).map(keep)
    }));
    all.push(Workload::new(format!("layer norm/backward/{shape}"), elements, move || {
        let gradients = Gradients::new(DType::F32);
        let dxs = layer_norm::backward(&xs, &weight_learns, &bias_learns, EPS, &grad, &gradients)?;
        keep((dxs, gradients));
        Ok(())
    }));
    Ok(())
}

fn gelus(random: &mut Random, all: &mut Vec<Workload>) -> Result<()> {
    // In place, so of its own results. Above 6 these are what they are made of; elsewhere they would end as numbers too small to be normal,
    // with which a processor takes its time. No other number takes longer than another.
    let mut xs: Vec<f32> = random.floats(BLOCK * INNER).iter().map(|x| 9.0 + 3.0 * x).collect();
    all.push(Workload::new(format!("gelu/in place/{BLOCK} x {INNER}"), xs.len(), move || {
        gelu::in_place(black_box(&mut xs));
        Ok(())
    }));
    let xs = random.tensor(TOKENS, INNER)?.affine(3.0, 9.0)?;
    let grad = random.tensor(TOKENS, INNER)?;
    let (shape, elements) = (format!("{TOKENS} x {INNER}"), TOKENS * INNER);
    all.push(Workload::new(format!("gelu/forward/{shape}"), elements, {
        let xs = xs.clone();
        move || gelu(&xs).map(keep)
    }));
    all.push(Workload::new(format!("gelu/backward/{shape}"), elements, move || gelu::backward(&xs, &grad)));
    Ok(())
}

/// With dropout, as in training.
fn residuals(random: &mut Random, all: &mut Vec<Workload>) -> Result<()> {
    let [xs, skipped, grad] = [random.tokens()?, random.tokens()?, random.tokens()?];
    let (shape, elements) = (format!("{TOKENS} x {HIDDEN}"), TOKENS * HIDDEN);
    all.push(Workload::new(format!("residual/forward/{shape}"), elements, move || {
        residual(&xs, &skipped, Some(MASK)).map(keep)
    }));
    all.push(Workload::new(format!("residual/backward/{shape}"), elements, move || MASK.gradient(&grad).map(keep)));
    Ok(())
}

/// So that the compiler leaves out nothing that leads to `value`.
fn keep<T>(value: T) {
    black_box(value);
}

/// Inputs.
struct Random(ChaCha8Rng);

impl Random {
    /// From -1 to 1.
    fn floats(&mut self, count: usize) -> Vec<f32> {
        (0..count).map(|_| self.0.random_range(-1.0..1.0)).collect()
    }

    /// (rows, columns).
    fn tensor(&mut self, rows: usize, columns: usize) -> Result<Tensor> {
        Tensor::from_vec(self.floats(rows * columns), (rows, columns), &Device::Cpu)
    }

    /// One row a token.
    fn tokens(&mut self) -> Result<Tensor> {
        self.tensor(TOKENS, HIDDEN)
    }

    fn vector(&mut self, count: usize) -> Result<Tensor> {
        Tensor::from_vec(self.floats(count), count, &Device::Cpu)
    }

    fn indices(&mut self, count: usize, rows: usize) -> Vec<u32> {
        (0..count).map(|_| self.0.random_range(0..rows as u32)).collect()
    }

    /// Where sequences of `length` tokens, give or take a third, begin and end.
    fn offsets(&mut self, length: usize) -> Vec<usize> {
        let mut offsets = vec![0];
        let mut end = 0;
        while end < TOKENS {
            end = TOKENS.min(end + self.0.random_range(length - length / 3..=length + length / 3));
            offsets.push(end);
        }
        offsets
    }
}
