//! Every fast kernel against its plain twin: values and gradients, on shapes with and without a remainder.

use std::sync::Arc;

use candle_core::backprop::GradStore;
use candle_core::{D, DType, Device, Error, Result, Tensor, Var};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::dropout::Mask;
use super::*;

fn random(rng: &mut ChaCha8Rng, shape: &[usize]) -> Result<Var> {
    let values: Vec<f32> = (0..shape.iter().product()).map(|_| rng.random_range(-3.0..3.0)).collect();
    Var::from_tensor(&Tensor::from_vec(values, shape, &Device::Cpu)?)
}

fn close(what: &str, fast: &Tensor, plain: &Tensor) -> Result<()> {
    assert_eq!(fast.dims(), plain.dims(), "{what}");
    let (fast, plain) = (fast.flatten_all()?.to_vec1::<f32>()?, plain.flatten_all()?.to_vec1::<f32>()?);
    for (index, (fast, plain)) in fast.iter().zip(&plain).enumerate() {
        assert!((fast - plain).abs() <= 2e-5 * (1.0 + plain.abs()), "{what} [{index}]: {fast} is not {plain}");
    }
    Ok(())
}

/// Both ways on the same inputs, and the gradients of a weighted sum of their outputs.
fn agree(
    what: &str,
    inputs: &[Var],
    fast: impl Fn() -> Result<Tensor>,
    plain: impl Fn() -> Result<Tensor>,
) -> Result<()> {
    let (fast, plain) = (fast()?, plain()?);
    close(what, &fast, &plain)?;
    let weights = random(&mut ChaCha8Rng::seed_from_u64(9), fast.dims())?.detach();
    let (fast, plain) = ((fast * &weights)?.sum_all()?.backward()?, (plain * &weights)?.sum_all()?.backward()?);
    for (index, input) in inputs.iter().enumerate() {
        let gradient =
            |way: &GradStore| way.get(input).cloned().ok_or_else(|| Error::msg(format!("{what}: no gradient {index}")));
        let (fast, plain) = (gradient(&fast)?, gradient(&plain)?);
        close(&format!("{what}, gradient {index}"), &fast, &plain)?;
    }
    Ok(())
}

#[test]
fn kernels_equal_their_plain_twins() -> Result<()> {
    let rng = &mut ChaCha8Rng::seed_from_u64(1);
    for (rows, width) in [(1, 4), (3, 17), (70, 32), (130, 48)] {
        let xs = random(rng, &[rows, width])?;
        agree("gelu", std::slice::from_ref(&xs), || gelu(&xs), || gelu::plain(&xs))?;
        let mask = Mask { rate: 0.3, seed: 77, fresh: true };
        let dropped = || dropout(&xs, mask);
        agree("dropout", std::slice::from_ref(&xs), dropped, || dropout::plain(&xs, mask))?;
        let skipped = random(rng, &[rows, width])?;
        let inputs = [xs.clone(), skipped.clone()];
        for mask in [None, Some(mask)] {
            let sum = || residual(&xs, &skipped, mask);
            agree("residual", &inputs, sum, || residual::plain(&xs, &skipped, mask))?;
        }
        let (weight, bias) = (random(rng, &[width])?, random(rng, &[width])?);
        let inputs = [xs.clone(), weight.clone(), bias.clone()];
        let normed = || layer_norm(&xs, &weight, &bias, 1e-5);
        agree("layer norm", &inputs, normed, || layer_norm::plain(&xs, &weight, &bias, 1e-5))?;
        let (weight, bias) = (random(rng, &[9, width])?, random(rng, &[9])?);
        let inputs = [xs.clone(), weight.clone(), bias.clone()];
        let product = || linear(&xs, &weight, &bias, DType::F32);
        agree("linear", &inputs, product, || linear::plain(&xs, &weight, &bias, DType::F32))?;
    }
    Ok(())
}

#[test]
fn bf16_products_are_those_of_rounded_factors() -> Result<()> {
    let rounded = |xs: &Tensor| xs.detach().to_dtype(DType::BF16)?.to_dtype(DType::F32);
    let rng = &mut ChaCha8Rng::seed_from_u64(3);
    for (rows, inputs, outputs) in [(1, 3, 2), (33, 50, 70), (70, 97, 48)] {
        let (xs, weight) = (random(rng, &[rows, inputs])?, random(rng, &[outputs, inputs])?);
        let (bias, grad) = (random(rng, &[outputs])?, random(rng, &[rows, outputs])?.detach());
        let ys = linear(&xs, &weight, &bias, DType::BF16)?;
        let plain = rounded(&xs)?.matmul(&rounded(&weight)?.t()?)?.broadcast_add(&bias)?;
        // A bf16 product sums in another order and in pairs.
        close("product", &(ys.clone() / 10.0)?, &(plain / 10.0)?)?;
        let gradients = (ys * &grad)?.sum_all()?.backward()?;
        let expected = [
            (&xs, rounded(&grad)?.matmul(&rounded(&weight)?)?),
            (&weight, rounded(&grad)?.t()?.matmul(&rounded(&xs)?)?),
            (&bias, grad.sum(0)?),
        ];
        for (index, (input, expected)) in expected.into_iter().enumerate() {
            let found = gradients.get(input).ok_or_else(|| Error::msg(format!("no gradient {index}")))?;
            close(&format!("gradient {index}"), &(found / 10.0)?, &(expected / 10.0)?)?;
        }
    }
    Ok(())
}

/// Attention, one sequence after the other, from candle's differentiable operations.
fn one_by_one(queries: &Tensor, keys: &Tensor, values: &Tensor, shape: &Attention) -> Result<Tensor> {
    let (_, width) = queries.dims2()?;
    let scale = 1.0 / ((width / shape.heads) as f64).sqrt();
    let mut outputs = Vec::new();
    let sequences = shape.queries.windows(2).zip(shape.keys.windows(2));
    for (sequence, (read_by, reads)) in sequences.enumerate() {
        let split = |xs: &Tensor, bounds: &[usize]| {
            let rows = xs.narrow(0, bounds[0], bounds[1] - bounds[0])?;
            rows.reshape((rows.dim(0)?, shape.heads, width / shape.heads))?.transpose(0, 1)?.contiguous()
        };
        let (readers, length) = (read_by[1] - read_by[0], reads[1] - reads[0]);
        let (queries, keys, values) = (split(queries, read_by)?, split(keys, reads)?, split(values, reads)?);
        let likeness = (queries.matmul(&keys.t()?)? * scale)?;
        let mut weights = candle_nn::ops::softmax(&likeness, D::Minus1)?;
        if let Some(mask) = shape.dropout {
            let factors: Vec<f32> = (0..shape.heads)
                .flat_map(|head| {
                    let mask = attention::row_mask(mask, sequence, head);
                    (0..readers * length).map(move |index| mask.factor(index as u32))
                })
                .collect();
            weights = (weights * Tensor::from_vec(factors, (shape.heads, readers, length), queries.device())?)?;
        }
        outputs.push(weights.matmul(&values)?.transpose(0, 1)?.reshape((readers, width))?);
    }
    Tensor::cat(&outputs, 0)
}

#[test]
fn attention_equals_its_plain_twin() -> Result<()> {
    let rng = &mut ChaCha8Rng::seed_from_u64(2);
    // Offsets of keys and of queries.
    let shapes = [
        (vec![0, 1], vec![0, 1], 1, 4),
        (vec![0, 5, 6, 23], vec![0, 5, 6, 23], 3, 12),
        (vec![0, 40, 57], vec![0, 40, 57], 2, 64),
        (vec![0, 9, 49], vec![0, 1, 8], 2, 64),
    ];
    for (keys, queries, heads, width) in shapes {
        let rows = [&queries, &keys, &keys].map(|offsets| offsets[offsets.len() - 1]);
        let inputs =
            [random(rng, &[rows[0], width])?, random(rng, &[rows[1], width])?, random(rng, &[rows[2], width])?];
        let (read_by, reads) = (queries, keys);
        let [queries, keys, values] = &inputs;
        for dropout in [None, Some(Mask { rate: 0.2, seed: 5, fresh: true })] {
            let (keys_at, queries_at) = (Arc::from(reads.as_slice()), Arc::from(read_by.as_slice()));
            let shape = Attention { keys: keys_at, queries: queries_at, heads, dropout, padding: Arc::default() };
            let plain = || one_by_one(queries, keys, values, &shape);
            agree("attention", &inputs, || attention(queries, keys, values, &shape), plain)?;
            agree("padded attention", &inputs, || attention::padded(queries, keys, values, &shape), plain)?;
        }
    }
    Ok(())
}

#[test]
fn rows_are_gathered_either_way() -> Result<()> {
    let table = random(&mut ChaCha8Rng::seed_from_u64(3), &[5, 7])?;
    let indices = Tensor::new(&[4_u32, 0, 4, 2], &Device::Cpu)?;
    let table = std::slice::from_ref(&table);
    agree("rows", table, || gather::one_hot(&table[0], &indices), || table[0].index_select(&indices, 0))
}

#[test]
fn dropout_keeps_the_share_and_the_mean() -> Result<()> {
    let xs = Tensor::ones(200_000, DType::F32, &Device::Cpu)?;
    for seed in [0, 1, u64::MAX] {
        let ys = dropout(&xs, Mask { rate: 0.1, seed, fresh: true })?.to_vec1::<f32>()?;
        let dropped = ys.iter().filter(|y| **y == 0.0).count() as f64 / ys.len() as f64;
        assert!((dropped - 0.1).abs() < 0.003, "{dropped}");
        let mean = ys.iter().map(|y| f64::from(*y)).sum::<f64>() / ys.len() as f64;
        assert!((mean - 1.0).abs() < 0.005, "{mean}");
    }
    let [first, second] = [1, 2].map(|seed| dropout(&xs, Mask { rate: 0.1, seed, fresh: true }));
    assert_ne!(first?.to_vec1::<f32>()?, second?.to_vec1::<f32>()?);
    Ok(())
}
