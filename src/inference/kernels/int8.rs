//! Products of 8-bit integers: weights int8 with one scale an output channel, activations uint8 with scale and offset a token, found
//! when it is read (dynamic quantisation, <https://arxiv.org/abs/1910.06188>). Sums are exact in 32 bits, so every instruction set gives
//! the same; scales, offsets and bias are f32.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512_vnni;
#[cfg(target_arch = "x86_64")]
mod avx_vnni;
#[cfg(target_arch = "aarch64")]
mod dotprod;
#[cfg(target_arch = "aarch64")]
mod i8mm;
mod instructions;
#[cfg(target_arch = "aarch64")]
mod neon;
mod portable;
mod quantize;
#[cfg(target_arch = "x86_64")]
mod tile;

pub(crate) use self::instructions::Instructions;
pub(crate) use self::quantize::Activations;

/// Columns of a panel: three registers of sixteen sums, six of eight or twelve of four.
const WIDTH: usize = 48;
/// Steps of the depth that one instruction takes; Arm's matrix products take [`TWO_GROUPS`].
const GROUP: usize = 4;
/// Depths are filled up to a multiple of it.
const TWO_GROUPS: usize = 2 * GROUP;

/// `xs · weightᵀ + bias` with int8 `weight`.
#[derive(Debug)]
pub(crate) struct Linear {
    /// In panels of [`WIDTH`] output channels: for each group of inputs, as many as `instructions` take at once, the weights of each
    /// channel. Zeros fill up both.
    panels: Vec<i8>,
    /// What a weight is multiplied by, an output channel, panel by panel like those below.
    scales: Vec<[f32; WIDTH]>,
    /// Sum of a channel's weights, times its scale: what an offset of the activations adds.
    sums: Vec<[f32; WIDTH]>,
    /// Sum of a channel's weights, 128 times: what activations that are stored less 128 lack.
    #[cfg(target_arch = "aarch64")]
    starts: Vec<[i32; WIDTH]>,
    bias: Vec<[f32; WIDTH]>,
    inputs: usize,
    outputs: usize,
    instructions: Instructions,
}

impl Linear {
    /// From `weight` (outputs, inputs), row by row, with a scale a row, and `bias` (outputs), laid out for `instructions`.
    pub(crate) fn new(weight: &[i8], scales: &[f32], bias: &[f32], inputs: usize, instructions: Instructions) -> Self {
        let outputs = bias.len();
        let (depth, columns) = (inputs.next_multiple_of(TWO_GROUPS), outputs.next_multiple_of(WIDTH));
        let group = instructions.group();
        let mut panels = vec![0; depth * columns];
        for (output, row) in weight.chunks_exact(inputs).enumerate() {
            let panel = &mut panels[output / WIDTH * WIDTH * depth..];
            for (index, weights) in row.chunks(group).enumerate() {
                let place = (index * WIDTH + output % WIDTH) * group;
                panel[place..][..weights.len()].copy_from_slice(weights);
            }
        }
        let sum = |row: &[i8]| row.iter().map(|&weight| i32::from(weight)).sum::<i32>();
        let sums = weight.chunks_exact(inputs).map(sum);
        Self {
            panels,
            scales: padded(scales.iter().copied()),
            sums: padded(sums.clone().zip(scales).map(|(sum, scale)| sum as f32 * scale)),
            #[cfg(target_arch = "aarch64")]
            starts: padded(sums.map(|sum| 128 * sum)),
            bias: padded(bias.iter().copied()),
            inputs,
            outputs,
            instructions,
        }
    }

    /// `xs` (N, inputs) to `out` (N, outputs).
    pub(crate) fn forward(&self, xs: &Activations, out: &mut [f32]) {
        debug_assert_eq!(xs.width(), self.inputs);
        // A panel stays in the first-level cache while all rows go by.
        for columns in self.columns() {
            match self.instructions {
                #[cfg(target_arch = "x86_64")]
                Instructions::Avx512Vnni(token) => avx512_vnni::rows(token, xs, &columns, out),
                #[cfg(target_arch = "x86_64")]
                Instructions::AvxVnni(token) => avx_vnni::rows(token, xs, &columns, out),
                #[cfg(target_arch = "x86_64")]
                Instructions::Avx2(token) => avx2::rows(token, xs, &columns, out),
                #[cfg(target_arch = "aarch64")]
                Instructions::I8mm(token) => i8mm::rows(token, xs, &columns, out),
                #[cfg(target_arch = "aarch64")]
                Instructions::Dotprod(token) => dotprod::rows(token, xs, &columns, out),
                Instructions::Portable => portable::rows(xs, &columns, out),
            }
        }
    }

    /// Panel by panel.
    fn columns(&self) -> impl Iterator<Item = Columns<'_>> {
        let depth = self.inputs.next_multiple_of(TWO_GROUPS);
        self.panels.chunks_exact(depth * WIDTH).enumerate().map(|(index, panel)| Columns {
            panel,
            scales: &self.scales[index],
            sums: &self.sums[index],
            #[cfg(target_arch = "aarch64")]
            starts: &self.starts[index],
            bias: &self.bias[index],
            first: index * WIDTH,
            count: WIDTH.min(self.outputs - index * WIDTH),
            outputs: self.outputs,
        })
    }
}

/// Values of output channels panel by panel; zeros fill up the last.
fn padded<T: Copy + Default>(values: impl Iterator<Item = T>) -> Vec<[T; WIDTH]> {
    let mut values: Vec<T> = values.collect();
    values.resize(values.len().next_multiple_of(WIDTH), T::default());
    values.as_chunks().0.to_vec()
}

/// The output channels of one panel.
struct Columns<'a> {
    panel: &'a [i8],
    scales: &'a [f32; WIDTH],
    sums: &'a [f32; WIDTH],
    #[cfg(target_arch = "aarch64")]
    starts: &'a [i32; WIDTH],
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
