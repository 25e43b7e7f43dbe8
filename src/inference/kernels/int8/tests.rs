use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;

#[cfg(target_arch = "x86_64")]
mod evex;

/// Random rows, some of them awkward: all zero, one value, tiny, huge, nearly all of them the largest.
fn rows(rng: &mut ChaCha8Rng, count: usize, width: usize) -> Vec<f32> {
    let row = |index: usize| -> Vec<f32> {
        match index % 7 {
            1 => vec![0.0; width],
            2 => vec![-1.5; width],
            3 => (0..width).map(|_| rng.random_range(-1e-41..1e-41)).collect(),
            4 => (0..width).map(|_| rng.random_range(-1e30..1e30)).collect(),
            5 => (0..width).map(|place| if place == 0 { -1.0 } else { 2.0 }).collect(),
            _ => (0..width).map(|_| rng.random_range(-3.0..5.0)).collect(),
        }
    };
    (0..count).map(row).collect::<Vec<_>>().concat()
}

/// Hand `compare` products of many shapes: a matrix laid out for `instructions`, activations, and what plain loops say.
fn products(instructions: Instructions, mut compare: impl FnMut(&Linear, &Activations, &[f32])) {
    let rng = &mut ChaCha8Rng::seed_from_u64(5);
    for (count, inputs, outputs) in
        [(1, 1, 1), (2, 7, 5), (3, 17, 8), (9, 64, 48), (13, 101, 49), (31, 384, 100), (8, 1536, 384), (1, 384, 96)]
    {
        // Channels at either end of the range too: sums must not saturate.
        let mut weight: Vec<i8> = (0..inputs * outputs).map(|_| rng.random_range(-128..=127)).collect();
        for (output, row) in weight.chunks_exact_mut(inputs).enumerate() {
            match output % 5 {
                1 => row.fill(127),
                2 => row.fill(-128),
                3 => row.iter_mut().for_each(|weight| *weight = if *weight < 0 { -128 } else { 127 }),
                _ => {}
            }
        }
        let scales: Vec<f32> = (0..outputs).map(|_| rng.random_range(0.001..0.1)).collect();
        let bias: Vec<f32> = (0..outputs).map(|_| rng.random_range(-1.0..1.0)).collect();
        let [linear, portable] =
            [instructions, Instructions::Portable].map(|set| Linear::new(&weight, &scales, &bias, inputs, set));
        let mut xs = Activations::default();
        // What an earlier, larger batch left must not show.
        xs.quantize(&rows(rng, count + 3, inputs + 5), inputs + 5);
        xs.quantize(&rows(rng, count, inputs), inputs);
        let mut plain = vec![f32::NAN; count * outputs];
        portable.forward(&xs, &mut plain);
        compare(&linear, &xs, &plain);
    }
}

#[test]
fn every_instruction_set_gives_what_plain_loops_give() {
    for set in Instructions::available() {
        products(set, |linear, xs, plain| {
            let mut found = vec![f32::NAN; plain.len()];
            linear.forward(xs, &mut found);
            assert_eq!(found, plain, "{}: {} x {} x {}", set.name(), xs.scales().len(), linear.inputs, linear.outputs);
        });
    }
}

#[test]
fn a_quantised_product_is_near_the_exact_one() {
    let rng = &mut ChaCha8Rng::seed_from_u64(6);
    let (count, inputs, outputs) = (12, 384, 96);
    let weight: Vec<i8> = (0..inputs * outputs).map(|_| rng.random_range(-127..=127)).collect();
    let scales = vec![0.01; outputs];
    let bias = vec![0.25; outputs];
    let values = rows(rng, count, inputs);
    let mut xs = Activations::default();
    xs.quantize(&values, inputs);
    let mut found = vec![0.0; count * outputs];
    Linear::new(&weight, &scales, &bias, inputs, Instructions::best()).forward(&xs, &mut found);
    for (index, row) in values.chunks(inputs).enumerate() {
        let largest = row.iter().fold(0.0_f64, |largest, x| largest.max(f64::from(*x).abs()));
        for (column, weights) in weight.chunks(inputs).enumerate() {
            let terms = row.iter().zip(weights).map(|(x, w)| f64::from(*x) * f64::from(*w) * 0.01);
            let exact = terms.sum::<f64>() + 0.25;
            // Each value is off by half a step at most; that many of either sign mostly cancel.
            let bound = 1e-3 + largest * 2.0 / 255.0 * 0.64 * (inputs as f64).sqrt() * 2.0;
            let found = f64::from(found[index * outputs + column]);
            assert!((found - exact).abs() <= bound, "[{index}, {column}]: {found} is not {exact}");
        }
    }
}

#[test]
fn what_is_not_a_number_stays_so() {
    for (width, place) in [(384, 0), (384, 383), (50, 49), (3, 1)] {
        for odd in [f32::NAN, f32::INFINITY] {
            let mut values = vec![0.5; width];
            values[place] = odd;
            let mut xs = Activations::default();
            xs.quantize(&values, width);
            for set in Instructions::available() {
                let mut out = [0.0];
                Linear::new(&vec![1; width], &[0.01], &[0.0], width, set).forward(&xs, &mut out);
                assert!(out[0].is_nan(), "{}: {odd} at {place} of {width}: {out:?}", set.name());
            }
        }
    }
}

#[test]
fn no_stored_value_is_further_off_than_half_a_step() {
    let rng = &mut ChaCha8Rng::seed_from_u64(6);
    for width in [1, 15, 16, 50, 384] {
        let values = rows(rng, 60, width);
        let mut xs = Activations::default();
        xs.quantize(&values, width);
        for (index, row) in values.chunks(width).enumerate() {
            let (scale, offset) = (f64::from(xs.scales()[index]), f64::from(xs.offsets()[index]));
            for (x, stored) in row.iter().zip(&xs.values()[index * xs.stride()..]) {
                let found = offset + scale * f64::from(*stored);
                assert!((found - f64::from(*x)).abs() <= 0.51 * scale + 1e-38, "width {width}: {found} is not {x}");
            }
        }
    }
}
