//! Tensors as a file holds them, widened to f32 only when somebody asks.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use candle_core::{Device, Tensor};
use half::{bf16, f16};
use pulp::bytemuck;
use safetensors::{Dtype, SafeTensors, tensor::TensorView};

use super::SCALE;
use crate::Result;

/// The bytes of a safetensors file: part of the binary, or read once.
pub(super) type Source = Arc<Cow<'static, [u8]>>;

/// One tensor in the bytes of a file.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    source: Source,
    /// Where in `source` the numbers are.
    values: Range<usize>,
    /// Where in `source` the scales of int8 rows are, one f32 each.
    scales: Range<usize>,
    dtype: Dtype,
    shape: Vec<usize>,
}

impl Stored {
    /// The tensor `name` of `file`, whose bytes are `source`, checked: of a known type, finite, and with scales where it is int8.
    pub(super) fn new(
        source: &Source,
        file: &SafeTensors<'_>,
        name: &str,
        view: &TensorView<'_>,
    ) -> std::result::Result<Self, String> {
        let bytes = view.data();
        let (finite, scales) = match view.dtype() {
            Dtype::F32 => (all(bytes, |b| f32::from_le_bytes(b).is_finite()), 0..0),
            Dtype::F16 => (all(bytes, |b| f16::from_le_bytes(b).is_finite()), 0..0),
            Dtype::BF16 => (all(bytes, |b| bf16::from_le_bytes(b).is_finite()), 0..0),
            Dtype::I8 => {
                let scales = scales(file, name, view)?;
                (all(scales, |b| (128.0 * f32::from_le_bytes(b)).is_finite()), range(source, scales))
            }
            other => {
                return Err(format!("tensor {name}: expected f32, f16, bf16 or int8 with scales, found {other:?}"));
            }
        };
        if !finite {
            return Err(format!("tensor {name}: expected finite numbers, found NaN or infinity"));
        }
        let (source, values) = (Arc::clone(source), range(source, bytes));
        Ok(Self { source, values, scales, dtype: view.dtype(), shape: view.shape().to_vec() })
    }

    pub(super) fn shape(&self) -> &[usize] {
        &self.shape
    }

    pub(super) fn is_int8(&self) -> bool {
        self.dtype == Dtype::I8
    }

    /// As it is, where it is int8.
    pub(super) fn int8(&self) -> Option<Int8Rows> {
        let (source, values) = (Arc::clone(&self.source), self.values.clone());
        self.is_int8().then(|| Int8Rows { source, values, width: self.width(), scales: self.scales().collect() })
    }

    /// As f32 on `device`.
    pub(super) fn widened(&self, device: &Device) -> Result<Tensor> {
        let bytes = &self.source[self.values.clone()];
        let values: Vec<f32> = match self.dtype {
            Dtype::F16 => bytes.as_chunks().0.iter().map(|b| f16::from_le_bytes(*b).to_f32()).collect(),
            Dtype::BF16 => bytes.as_chunks().0.iter().map(|b| bf16::from_le_bytes(*b).to_f32()).collect(),
            Dtype::I8 => {
                let mut values = Vec::with_capacity(bytes.len());
                for (row, scale) in bytes.chunks_exact(self.width()).zip(self.scales()) {
                    values.extend(row.iter().map(|b| f32::from(*b as i8) * scale));
                }
                values
            }
            // `new` lets no other type pass.
            _ => bytes.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect(),
        };
        Ok(Tensor::from_vec(values, self.shape.as_slice(), device)?)
    }

    /// Numbers in a row; at least one in int8.
    fn width(&self) -> usize {
        self.shape.iter().skip(1).product()
    }

    fn scales(&self) -> impl ExactSizeIterator<Item = f32> {
        self.source[self.scales.clone()].as_chunks().0.iter().map(|b| f32::from_le_bytes(*b))
    }
}

/// A matrix of int8 rows with one scale each, where it is stored so still in the bytes of its file: row r is `values[r] × scales[r]`.
#[derive(Debug)]
pub(crate) struct Int8Rows {
    source: Source,
    values: Range<usize>,
    width: usize,
    scales: Vec<f32>,
}

impl Int8Rows {
    /// Rows of `width` values (two's complement), end to end, and their scales.
    pub(super) fn new(rows: Vec<u8>, scales: Vec<f32>, width: usize) -> Self {
        Self { values: 0..rows.len(), source: Arc::new(rows.into()), width, scales }
    }

    /// The numbers of all rows, end to end.
    pub(crate) fn values(&self) -> &[i8] {
        bytemuck::cast_slice(&self.source[self.values.clone()])
    }

    /// The scale of each row.
    pub(crate) fn scales(&self) -> &[f32] {
        &self.scales
    }

    /// Row `index`, which must be there, and its scale.
    pub(crate) fn row(&self, index: usize) -> (&[i8], f32) {
        (&self.values()[index * self.width..(index + 1) * self.width], self.scales[index])
    }
}

/// Whether `holds` of every number. Without short-circuit, so that it vectorises: this reads every number there is.
fn all<const N: usize>(bytes: &[u8], holds: impl Fn([u8; N]) -> bool) -> bool {
    bytes.as_chunks().0.iter().fold(true, |all, number| all & holds(*number))
}

/// Where `part`, a part of it, lies in `source`.
fn range(source: &Source, part: &[u8]) -> Range<usize> {
    let start = part.as_ptr().addr() - source.as_ptr().addr();
    start..start + part.len()
}

/// The bytes of the scales of the int8 tensor `name`.
fn scales<'f>(file: &SafeTensors<'f>, name: &str, view: &TensorView<'_>) -> std::result::Result<&'f [u8], String> {
    let scale = format!("{name}{SCALE}");
    let scales = file.tensor(&scale).map_err(|_| format!("tensor {name}: int8 without its {scale}"))?;
    let rows = view.shape().first().copied().unwrap_or(0);
    if view.data().is_empty() || view.shape().is_empty() {
        return Err(format!("tensor {name}: expected rows of int8, found {:?}", view.shape()));
    }
    if scales.dtype() != Dtype::F32 || scales.shape() != [rows] {
        return Err(format!("tensor {scale}: expected f32 [{rows}], found {:?} {:?}", scales.dtype(), scales.shape()));
    }
    Ok(scales.data())
}
