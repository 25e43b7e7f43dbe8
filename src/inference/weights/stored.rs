//! Tensors as a file holds them, widened to f32 only when somebody asks.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use candle_core::{Device, Tensor};
use half::{bf16, f16};
use pulp::bytemuck;
use safetensors::{Dtype, SafeTensors, tensor::TensorView};

use super::{SCALE, int4};
use crate::Result;

/// The bytes of a safetensors file: part of the binary, or read once.
pub(super) type Source = Arc<Cow<'static, [u8]>>;

/// One tensor in the bytes of a file.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    source: Source,
    /// Where in `source` the numbers are.
    values: Range<usize>,
    /// Where in `source` the scales of integers are: one f32 an int8 row, one f16 a group of int4.
    scales: Range<usize>,
    dtype: Dtype,
    /// Of what is stored, which of int4 is two numbers a byte.
    shape: Vec<usize>,
}

impl Stored {
    /// The tensor `name` of `file`, whose bytes are `source`, checked: of a known type, finite, and with scales where it is of integers.
    pub(super) fn new(
        source: &Source,
        file: &SafeTensors<'_>,
        name: &str,
        view: &TensorView<'_>,
    ) -> std::result::Result<Self, String> {
        let bytes = view.data();
        let mut shape = view.shape().to_vec();
        let (finite, scales) = match view.dtype() {
            Dtype::F32 => (all(bytes, |b| f32::from_le_bytes(b).is_finite()), 0..0),
            Dtype::F16 => (all(bytes, |b| f16::from_le_bytes(b).is_finite()), 0..0),
            Dtype::BF16 => (all(bytes, |b| bf16::from_le_bytes(b).is_finite()), 0..0),
            Dtype::I8 => {
                let shape = shape.first().map(|&rows| vec![rows]);
                let scales = scales(file, name, view, Dtype::F32, shape)?;
                (all(scales, |b| (128.0 * f32::from_le_bytes(b)).is_finite()), range(source, scales))
            }
            Dtype::U8 => {
                let groups = match shape[..] {
                    [rows, bytes] if bytes.is_multiple_of(int4::BYTES) => Some(vec![rows, bytes / int4::BYTES]),
                    _ => None,
                };
                let scales = scales(file, name, view, Dtype::F16, groups)?;
                shape[1] *= 2;
                (all(scales, |b| (8.0 * f16::from_le_bytes(b).to_f32()).is_finite()), range(source, scales))
            }
            other => {
                let expected = "expected f32, f16, bf16, or int8 or int4 with scales";
                return Err(format!("tensor {name}: {expected}, found {other:?}"));
            }
        };
        if !finite {
            return Err(format!("tensor {name}: expected finite numbers, found NaN or infinity"));
        }
        let (source, values) = (Arc::clone(source), range(source, bytes));
        Ok(Self { source, values, scales, dtype: view.dtype(), shape })
    }

    pub(super) fn shape(&self) -> &[usize] {
        &self.shape
    }

    pub(super) fn is_of_integers(&self) -> bool {
        matches!(self.dtype, Dtype::I8 | Dtype::U8)
    }

    /// As it is, where it is int8.
    pub(super) fn int8(&self) -> Option<Int8Rows> {
        let (source, values) = (Arc::clone(&self.source), self.values.clone());
        let rows = || Int8Rows { source, values, width: self.width(), scales: self.row_scales().collect() };
        (self.dtype == Dtype::I8).then(rows)
    }

    /// As it is, where it is int4.
    pub(super) fn int4(&self) -> Option<Int4Rows> {
        (self.dtype == Dtype::U8).then(|| Int4Rows(self.clone()))
    }

    /// As f32 on `device`.
    pub(super) fn widened(&self, device: &Device) -> Result<Tensor> {
        let bytes = &self.source[self.values.clone()];
        let values: Vec<f32> = match self.dtype {
            Dtype::F16 => bytes.as_chunks().0.iter().map(|b| f16::from_le_bytes(*b).to_f32()).collect(),
            Dtype::BF16 => bytes.as_chunks().0.iter().map(|b| bf16::from_le_bytes(*b).to_f32()).collect(),
            Dtype::I8 => {
                let mut values = Vec::with_capacity(bytes.len());
                for (row, scale) in bytes.chunks_exact(self.width()).zip(self.row_scales()) {
                    values.extend(row.iter().map(|b| f32::from(*b as i8) * scale));
                }
                values
            }
            Dtype::U8 => self.groups(0..self.shape[0]).flat_map(|(bytes, scale)| int4::widened(bytes, scale)).collect(),
            // `new` lets no other type pass.
            _ => bytes.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect(),
        };
        Ok(Tensor::from_vec(values, self.shape.as_slice(), device)?)
    }

    /// Numbers in a row; at least one of integers.
    fn width(&self) -> usize {
        self.shape.iter().skip(1).product()
    }

    /// Of int8.
    fn row_scales(&self) -> impl ExactSizeIterator<Item = f32> {
        self.source[self.scales.clone()].as_chunks().0.iter().map(|b| f32::from_le_bytes(*b))
    }

    /// The groups of `rows` of int4, end to end, with their scales.
    fn groups(&self, rows: Range<usize>) -> impl Iterator<Item = (&[u8; int4::BYTES], f16)> {
        let count = self.width() / int4::GROUP;
        let groups = rows.start * count..rows.end * count;
        let values = &self.source[self.values.clone()].as_chunks().0[groups.clone()];
        let scales = &self.source[self.scales.clone()].as_chunks().0[groups];
        values.iter().zip(scales.iter().map(|b| f16::from_le_bytes(*b)))
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

/// A matrix of int4 rows in the bytes of its file.
#[derive(Debug)]
pub(crate) struct Int4Rows(Stored);

impl Int4Rows {
    /// Add row `index`, which must be there, to `sum`, which is as wide.
    pub(crate) fn add(&self, index: usize, sum: &mut [f32]) {
        let (sums, _) = sum.as_chunks_mut::<{ int4::GROUP }>();
        for (sum, (bytes, scale)) in sums.iter_mut().zip(self.0.groups(index..index + 1)) {
            sum.iter_mut().zip(int4::widened(bytes, scale)).for_each(|(sum, value)| *sum += value);
        }
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

/// The bytes of the scales of the tensor `name` of integers, of `dtype` and `shape`: none where the tensor's own shape is wrong.
fn scales<'f>(
    file: &SafeTensors<'f>,
    name: &str,
    view: &TensorView<'_>,
    dtype: Dtype,
    shape: Option<Vec<usize>>,
) -> std::result::Result<&'f [u8], String> {
    let scale = format!("{name}{SCALE}");
    let kind = view.dtype();
    let scales = file.tensor(&scale).map_err(|_| format!("tensor {name}: {kind:?} without its {scale}"))?;
    let Some(shape) = shape.filter(|_| !view.data().is_empty()) else {
        return Err(format!("tensor {name}: expected rows of {kind:?}, found {:?}", view.shape()));
    };
    if (scales.dtype(), scales.shape()) != (dtype, &shape[..]) {
        let (found, found_shape) = (scales.dtype(), scales.shape());
        return Err(format!("tensor {scale}: expected {dtype:?} {shape:?}, found {found:?} {found_shape:?}"));
    }
    Ok(scales.data())
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Tensor};

    use crate::weights::{Storage, Weights, serialize};

    #[test]
    fn a_matrix_of_four_bits_is_the_same_whoever_asks() -> Result<(), Box<dyn std::error::Error>> {
        const SHAPE: [usize; 2] = [5, 96];
        // Scales that are powers of two: nothing is rounded.
        let value = |index: usize| {
            let scale = ((index / 32) as f32 - 7.0).exp2();
            if index % 32 == 5 { -8.0 * scale } else { ((index * 7 % 16) as f32 - 8.0) * scale }
        };
        let values: Vec<f32> = (0..SHAPE[0] * SHAPE[1]).map(value).collect();
        let matrix = Tensor::from_slice(&values, &SHAPE, &Device::Cpu)?;
        let bytes = serialize([("table", &matrix)], Storage::Int8)?;
        let stored = || Weights::parse(bytes.clone(), "here", &Device::Cpu);
        assert!(bytes.len() < values.len());
        assert_eq!(stored()?.shapes().collect::<Vec<_>>(), [("table", SHAPE.as_slice())]);
        assert!(stored()?.stores_integers());
        assert_eq!(stored()?.take("table", &SHAPE)?.flatten_all()?.to_vec1::<f32>()?, values);

        let rows = stored()?.take_int4("table", &SHAPE).ok_or("not of 4 bits")?;
        for (index, row) in values.chunks_exact(SHAPE[1]).enumerate() {
            let mut sum = vec![1.0; SHAPE[1]];
            rows.add(index, &mut sum);
            assert!(sum.iter().zip(row).all(|(sum, value)| *sum == 1.0 + value), "row {index}: {sum:?}");
        }
        assert!(stored()?.take_int4("table", &[5, 48]).is_none());

        let rows = stored()?.take_int8("table", &SHAPE)?;
        for (index, row) in values.chunks_exact(SHAPE[1]).enumerate() {
            let (found, scale) = rows.row(index);
            assert!(found.iter().zip(row).all(|(found, value)| (f32::from(*found) * scale - value).abs() <= scale));
        }
        Ok(())
    }

    #[test]
    fn an_empty_matrix_is_stored_as_it_is() -> Result<(), Box<dyn std::error::Error>> {
        for shape in [[0, 3], [3, 0]] {
            let empty = Tensor::zeros(&shape, candle_core::DType::F32, &Device::Cpu)?;
            let weights = Weights::parse(serialize([("empty", &empty)], Storage::Int8)?, "here", &Device::Cpu)?;
            assert_eq!(weights.shapes().collect::<Vec<_>>(), [("empty", shape.as_slice())]);
        }
        Ok(())
    }
}
