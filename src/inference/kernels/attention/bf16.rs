//! Attention with factors rounded to bf16 (`vdpbf16ps`): for answers whose other products are rounded too. Eight queries are read together;
//! likenesses, probabilities and results of these never leave the first-level cache.
#![allow(unsafe_code, reason = "instructions that a processor may lack: a token proves that this one has them")]

use std::arch::x86_64::{
    __m512, _mm512_add_ps, _mm512_dpbf16_ps, _mm512_fmadd_ps, _mm512_mask_max_ps, _mm512_maskz_mov_ps, _mm512_mul_ps,
    _mm512_reduce_add_ps, _mm512_reduce_max_ps, _mm512_roundscale_ps, _mm512_scalef_ps, _mm512_set1_ps,
    _mm512_setzero_ps, _mm512_sub_ps,
};
use std::cell::Cell;

use super::head::{Head, Inputs};
use crate::kernels::pairs::{LANES, Pairs, Token, floats, neighbours, register, stored, transposed, turns};

/// Columns of a head that are rounded together; its size is a multiple of it.
const COLUMNS: usize = 2 * LANES;
/// Queries of a tile.
const ROWS: usize = 8;
/// Registers of keys in a tile of likenesses.
const REGISTERS: usize = 3;

thread_local! {
    /// Kept from one sequence of a thread to the next.
    static SCRATCH: Cell<Scratch> = Cell::default();
}

/// Room for one head.
#[derive(Default)]
struct Scratch {
    /// Pairs of columns by sixteen rows: (size / 2, rows / 16).
    queries: Vec<Pairs>,
    keys: Vec<Pairs>,
    /// Pairs of rows by sixteen columns: (T / 2, size / 16).
    values: Vec<Pairs>,
    /// Likenesses of a tile: (T / 16, queries).
    likenesses: Vec<[[f32; LANES]; ROWS]>,
    /// Probabilities of a tile, but for a factor a query: (T / 32, queries), each of thirty-two tokens.
    weights: Vec<[Pairs; ROWS]>,
}

/// Whether heads of `size` columns are read here.
pub(super) fn fits(size: usize) -> bool {
    size.is_multiple_of(COLUMNS)
}

/// The columns of `heads` in `outputs`; their sizes [`fit`](fits), and nothing is dropped.
pub(super) fn forward(_: Token, heads: impl Iterator<Item = Head>, inputs: &Inputs<'_>, outputs: &mut [f32]) {
    let mut scratch = SCRATCH.take();
    for head in heads {
        // SAFETY: there is a token, so the processor has the instructions.
        unsafe { read(head, inputs, outputs, &mut scratch) };
    }
    SCRATCH.set(scratch);
}

#[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
fn read(head: Head, inputs: &Inputs<'_>, outputs: &mut [f32], scratch: &mut Scratch) {
    let Scratch { queries, keys, values, likenesses, weights } = scratch;
    // Probabilities are powers of 2, which spares a product each.
    let scale = std::f32::consts::LOG2_E / (head.size as f32).sqrt();
    lay_columns(head, inputs.queries, head.readers, scale, queries);
    lay_columns(head, inputs.keys, head.length, 1.0, keys);
    lay_rows(head, inputs.values, values);
    let registers = head.length.div_ceil(LANES);
    likenesses.resize(registers, Default::default());
    weights.resize(registers.div_ceil(2), Default::default());
    let mut first = 0;
    while first < head.readers {
        let tile = Tile { head, first, queries, keys, values };
        first += match head.readers - first {
            ROWS.. => tile.read::<ROWS>(likenesses, weights, outputs),
            4.. => tile.read::<4>(likenesses, weights, outputs),
            2.. => tile.read::<2>(likenesses, weights, outputs),
            _ => tile.read::<1>(likenesses, weights, outputs),
        };
    }
}

/// Some queries of a head.
#[derive(Clone, Copy)]
struct Tile<'a> {
    head: Head,
    /// The first of them.
    first: usize,
    queries: &'a [Pairs],
    keys: &'a [Pairs],
    values: &'a [Pairs],
}

impl Tile<'_> {
    /// `R` queries; returns `R`.
    #[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
    #[inline]
    fn read<const R: usize>(
        self,
        likenesses: &mut [[[f32; LANES]; ROWS]],
        weights: &mut [[Pairs; ROWS]],
        outputs: &mut [f32],
    ) -> usize {
        let mut register = 0;
        while register < likenesses.len() {
            let own = &mut likenesses[register..];
            register += match own.len() {
                REGISTERS.. => self.liken::<R, REGISTERS>(register, own),
                2 => self.liken::<R, 2>(register, own),
                _ => self.liken::<R, 1>(register, own),
            };
        }
        let shares = self.weigh::<R>(likenesses, weights);
        for column in (0..self.head.size).step_by(COLUMNS) {
            self.gather::<R>(column, weights, shares, outputs);
        }
        R
    }

    /// Likenesses of the queries to the keys of `C` registers from `first` on; returns `C`.
    #[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
    #[inline]
    fn liken<const R: usize, const C: usize>(self, first: usize, out: &mut [[[f32; LANES]; ROWS]]) -> usize {
        let registers = self.head.length.div_ceil(LANES);
        let queries = self.queries[self.first / LANES..].iter().step_by(self.head.readers.div_ceil(LANES));
        // Every loop below has a constant count, or the sums would not stay in registers.
        let mut sums = [[_mm512_setzero_ps(); C]; R];
        for (keys, queries) in self.keys.chunks_exact(registers).zip(queries) {
            let keys = keys[first..].first_chunk::<C>().expect("a panel has C registers from there on");
            let queries = queries[self.first % LANES..].first_chunk::<R>().expect("tiles do not straddle registers");
            for row in 0..R {
                let query = register([queries[row]; LANES]);
                for column in 0..C {
                    sums[row][column] = _mm512_dpbf16_ps(sums[row][column], query, register(keys[column]));
                }
            }
        }
        for column in 0..C {
            for row in 0..R {
                out[column][row] = stored(sums[row][column]);
            }
        }
        C
    }

    /// How the queries weigh the tokens, and what each of these weights must be multiplied by to add up to 1.
    #[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
    #[inline]
    fn weigh<const R: usize>(self, likenesses: &[[[f32; LANES]; ROWS]], weights: &mut [[Pairs; ROWS]]) -> [f32; R] {
        // Of the last register: what stands beyond the sequence is no token.
        let last = u16::MAX >> (likenesses.len() * LANES - self.head.length);
        let mask = |register: usize| if register + 1 == likenesses.len() { last } else { u16::MAX };
        std::array::from_fn(|row| {
            let mut largest = _mm512_set1_ps(f32::NEG_INFINITY);
            for (register, own) in likenesses.iter().enumerate() {
                largest = _mm512_mask_max_ps(largest, mask(register), largest, floats(&own[row], 0));
            }
            let largest = _mm512_set1_ps(_mm512_reduce_max_ps(largest));
            let mut total = _mm512_setzero_ps();
            for (pair, (own, weights)) in likenesses.chunks(2).zip(weights.iter_mut()).enumerate() {
                let mut powers = [_mm512_setzero_ps(); 2];
                for (register, own) in own.iter().enumerate() {
                    let power = power_of_two(_mm512_sub_ps(floats(&own[row], 0), largest));
                    powers[register] = _mm512_maskz_mov_ps(mask(2 * pair + register), power);
                    total = _mm512_add_ps(total, powers[register]);
                }
                weights[row] = neighbours(powers[0], powers[1]);
            }
            1.0 / _mm512_reduce_add_ps(total)
        })
    }

    /// [`COLUMNS`] columns of what the queries read, from `column` of the head on.
    #[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
    #[inline]
    fn gather<const R: usize>(self, column: usize, weights: &[[Pairs; ROWS]], shares: [f32; R], outputs: &mut [f32]) {
        let Head { width, first, size, .. } = self.head;
        let mut sums = [[_mm512_setzero_ps(); 2]; R];
        let registers = size / LANES;
        for (values, weights) in self.values.chunks(LANES * registers).zip(weights) {
            for (pair, values) in values.chunks_exact(registers).enumerate() {
                let values =
                    values[column / LANES..].first_chunk::<2>().expect("columns are a multiple of two registers");
                for row in 0..R {
                    // The remainder changes nothing and spares a check.
                    let weight = register([weights[row][pair % LANES]; LANES]);
                    for half in 0..2 {
                        sums[row][half] = _mm512_dpbf16_ps(sums[row][half], weight, register(values[half]));
                    }
                }
            }
        }
        for (row, sums) in sums.into_iter().enumerate() {
            let out = &mut outputs[(self.first + row) * width + first + column..][..COLUMNS];
            let (out, _) = out.as_chunks_mut::<LANES>();
            for (out, sum) in out.iter_mut().zip(sums) {
                *out = stored(_mm512_mul_ps(sum, _mm512_set1_ps(shares[row])));
            }
        }
    }
}

/// The head's columns of the `rows` first rows of `packed`, times `scale`, as pairs of columns: what sixteen rows have of each stands side by
/// side.
#[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
fn lay_columns(head: Head, packed: &[f32], rows: usize, scale: f32, out: &mut Vec<Pairs>) {
    let registers = rows.div_ceil(LANES);
    out.resize(head.size / 2 * registers, Default::default());
    let scale = _mm512_set1_ps(scale);
    for (register, packed) in packed[..rows * head.width].chunks(LANES * head.width).enumerate() {
        for column in (0..head.size).step_by(COLUMNS) {
            let mut pairs = [Pairs::default(); LANES];
            for (pairs, row) in pairs.iter_mut().zip(packed.chunks_exact(head.width)) {
                let row = &row[head.first + column..][..COLUMNS];
                let halves = [0, LANES].map(|start| _mm512_mul_ps(floats(row, start), scale));
                *pairs = neighbours(halves[0], halves[1]);
            }
            for (pair, pairs) in transposed(pairs).into_iter().enumerate() {
                out[(column / 2 + pair) * registers + register] = pairs;
            }
        }
    }
}

/// The head's columns of `packed`, as pairs of rows.
#[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
fn lay_rows(head: Head, packed: &[f32], out: &mut Vec<Pairs>) {
    let registers = head.size / LANES;
    out.resize(head.length.div_ceil(2) * registers, Default::default());
    for (both, out) in packed.chunks(2 * head.width).zip(out.chunks_exact_mut(registers)) {
        let (first, second) = both.split_at(head.width);
        let first = &first[head.first..][..head.size];
        let second = if second.is_empty() { second } else { &second[head.first..][..head.size] };
        for (register, out) in out.iter_mut().enumerate() {
            *out = turns(floats(first, register * LANES), floats(second, register * LANES));
        }
    }
}

/// 2ˣ of numbers up to 0, to four millionths; what is not a number stays so.
#[target_feature(enable = "avx512f")]
#[inline]
fn power_of_two(x: __m512) -> __m512 {
    /// Of 2ˣ for x between -1/2 and 1/2: fitted at Chebyshev nodes.
    const POLYNOMIAL: [f32; 5] = [1.0, 0.693_121, 0.240_223_5, 0.055_921_976, 0.009_666_368];
    let whole = _mm512_roundscale_ps::<0>(x);
    let part = _mm512_sub_ps(x, whole);
    let mut sum = _mm512_set1_ps(POLYNOMIAL[4]);
    for coefficient in POLYNOMIAL[..4].iter().rev() {
        sum = _mm512_fmadd_ps(sum, part, _mm512_set1_ps(*coefficient));
    }
    _mm512_scalef_ps(sum, whole)
}

#[cfg(test)]
mod tests {
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;
    use crate::kernels::attention::head;

    /// What the heads of one sequence read, rounded and not.
    fn both(inputs: &Inputs<'_>, readers: usize, length: usize, heads: usize, size: usize) -> Option<[Vec<f32>; 2]> {
        let width = heads * size;
        let of = |index| Head { readers, length, width, first: index * size, size, mask: None };
        let mut found = [(); 2].map(|()| vec![f32::NAN; readers * width]);
        // What an earlier, longer sequence left must not show.
        let odd = vec![[u32::MAX; LANES]; 3000];
        let (likenesses, weights) = (vec![[[f32::NAN; LANES]; ROWS]; 40], vec![[[u32::MAX; LANES]; ROWS]; 40]);
        SCRATCH.set(Scratch { queries: odd.clone(), keys: odd.clone(), values: odd, likenesses, weights });
        forward(Token::new()?, (0..heads).map(of), inputs, &mut found[0]);
        head::forward((0..heads).map(of), inputs, &mut found[1], &mut head::Scratch::default());
        Some(found)
    }

    #[test]
    fn rounded_attention_is_near_the_exact_one() {
        let rng = &mut ChaCha8Rng::seed_from_u64(9);
        let lengths =
            [(0, 3), (1, 1), (2, 2), (15, 15), (16, 16), (17, 17), (31, 31), (32, 32), (3, 50), (21, 181), (64, 64)];
        for (readers, length) in lengths {
            for (heads, size) in [(2, 32), (1, 64), (1, 96)] {
                let width = heads * size;
                let mut random = |rows: usize, most: f32| -> Vec<f32> {
                    (0..rows * width).map(|_| rng.random_range(-most..most)).collect()
                };
                let (queries, keys, values) = (random(readers, 4.0), random(length, 2.0), random(length, 1.0));
                let inputs = Inputs { queries: &queries, keys: &keys, values: &values };
                let Some([found, exact]) = both(&inputs, readers, length, heads, size) else { return };
                // Likenesses are off by a few hundredths at most, so that weights are by as many parts of a hundred.
                for (found, exact) in found.iter().zip(&exact) {
                    assert!((found - exact).abs() < 0.03, "{readers} of {length}, {heads} x {size}: {found}, {exact}");
                }
                let sum: f32 = found.iter().zip(&exact).map(|(a, b)| (a - b).abs()).sum();
                assert!(sum <= 3e-3 * found.len() as f32, "{readers} of {length}, {heads} x {size}: {sum}");
            }
        }
    }

    #[test]
    fn what_is_not_a_number_stays_so_and_large_likenesses_do_not_overflow() {
        let (length, size) = (20, 32);
        let mut queries = vec![100.0; length * size];
        let keys: Vec<f32> = (0..length * size).map(|place| (place / size) as f32).collect();
        let values = keys.clone();
        queries[3 * size] = f32::NAN;
        let inputs = Inputs { queries: &queries, keys: &keys, values: &values };
        let Some([found, _]) = both(&inputs, length, length, 1, size) else { return };
        for (row, found) in found.chunks(size).enumerate() {
            // All weight is on the last token.
            assert!(found.iter().all(|x| if row == 3 { x.is_nan() } else { *x == 19.0 }), "{row}: {found:?}");
        }
    }

    #[test]
    fn powers_of_two_are_right_to_a_few_millionths() {
        if Token::new().is_none() {
            return;
        }
        for step in 0..2000_i16 {
            let xs = [-f32::from(step) / 16.3; LANES];
            // SAFETY: there is a token, so the processor has the instructions.
            let found = unsafe { stored(power_of_two(floats(&xs, 0))) }[0];
            let exact = f64::from(xs[0]).exp2();
            assert!((f64::from(found) - exact).abs() <= 5e-6 * exact, "2^{}: {found} is not {exact}", xs[0]);
        }
    }
}
