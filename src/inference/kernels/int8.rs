//! Products of 8-bit integers: weights int8 with one scale an output channel, activations uint8 with scale and offset a token, found
//! when it is read (dynamic quantisation, <https://arxiv.org/abs/1910.06188>). Sums are exact in 32 bits, so every instruction set gives
//! the same; scales, offsets and bias are f32.

mod instructions;
mod portable;
mod quantize;
#[cfg(target_arch = "x86_64")]
mod vnni;

pub(crate) use self::instructions::Instructions;
pub(crate) use self::quantize::Activations;

/// Columns of a panel: three registers of sixteen sums.
const WIDTH: usize = 48;
/// Steps of the depth that one instruction takes.
const GROUP: usize = 4;
/// Rows of a tile.
const ROWS: usize = 8;

/// `xs · weightᵀ + bias` with int8 `weight`.
#[derive(Debug)]
pub(crate) struct Linear {
    /// In panels of [`WIDTH`] output channels: for each group of four inputs the four weights of each channel. Zeros fill up both.
    panels: Vec<i8>,
    /// What a weight is multiplied by, an output channel, panel by panel like those below.
    scales: Vec<[f32; WIDTH]>,
    /// Sum of a channel's weights, times its scale: what an offset of the activations adds.
    sums: Vec<[f32; WIDTH]>,
    bias: Vec<[f32; WIDTH]>,
    inputs: usize,
    outputs: usize,
}

impl Linear {
    /// From `weight` (outputs, inputs), row by row, with a scale a row, and `bias` (outputs).
    pub(crate) fn new(weight: &[i8], scales: &[f32], bias: &[f32], inputs: usize) -> Self {
        let outputs = bias.len();
        let (depth, columns) = (inputs.next_multiple_of(GROUP), outputs.next_multiple_of(WIDTH));
        let mut panels = vec![0; depth * columns];
        for (output, row) in weight.chunks_exact(inputs).enumerate() {
            let panel = &mut panels[output / WIDTH * WIDTH * depth..];
            for (group, weights) in row.chunks(GROUP).enumerate() {
                let place = (group * WIDTH + output % WIDTH) * GROUP;
                panel[place..][..weights.len()].copy_from_slice(weights);
            }
        }
        let sum = |row: &[i8]| row.iter().map(|&weight| i32::from(weight)).sum::<i32>() as f32;
        let sums = weight.chunks_exact(inputs).zip(scales).map(|(row, scale)| sum(row) * scale);
        let padded = |values: Vec<f32>| {
            let mut values = values;
            values.resize(columns, 0.0);
            values.as_chunks().0.to_vec()
        };
        Self {
            panels,
            sums: padded(sums.collect()),
            scales: padded(scales.to_vec()),
            bias: padded(bias.to_vec()),
            inputs,
            outputs,
        }
    }

    /// `xs` (N, inputs) to `out` (N, outputs).
    pub(crate) fn forward(&self, xs: &Activations, out: &mut [f32], instructions: Instructions) {
        debug_assert_eq!(xs.width(), self.inputs);
        let depth = self.inputs.next_multiple_of(GROUP);
        // A panel stays in the first-level cache while all rows go by.
        for (index, panel) in self.panels.chunks_exact(depth * WIDTH).enumerate() {
            let first = index * WIDTH;
            let columns = Columns {
                panel,
                scales: &self.scales[index],
                sums: &self.sums[index],
                bias: &self.bias[index],
                first,
                count: WIDTH.min(self.outputs - first),
                outputs: self.outputs,
            };
            match instructions {
                #[cfg(target_arch = "x86_64")]
                Instructions::Vnni(token) => vnni::rows(token, xs, &columns, out),
                Instructions::Portable => portable::rows(xs, &columns, out),
            }
        }
    }
}

/// The output channels of one panel.
struct Columns<'a> {
    panel: &'a [i8],
    scales: &'a [f32; WIDTH],
    sums: &'a [f32; WIDTH],
    bias: &'a [f32; WIDTH],
    /// Index of the first of them.
    first: usize,
    /// How many there are: fewer than [`WIDTH`] in the last panel.
    count: usize,
    /// Of all panels.
    outputs: usize,
}

#[cfg(test)]
mod tests;
