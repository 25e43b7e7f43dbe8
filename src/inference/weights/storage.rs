//! How numbers are stored in a checkpoint, and the file of it.

use std::fmt::Display;

use candle_core::Tensor;
use half::{bf16, f16};
use safetensors::{Dtype, tensor::TensorView};

use super::{SCALE, int4};
use crate::{Error, Result};

/// How numbers are stored in a checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Storage {
    /// Everything f32.
    F32,
    /// Everything f16: half the size, numbers up to 65504.
    F16,
    /// Everything bf16: half the size, numbers as large as in f32 with fewer digits.
    Bf16,
    /// Matrices as int8 with one f32 scale a row (largest magnitude / 127), vectors f32: a quarter of the size. Matrices that are no
    /// further off in int4, with one f16 scale for 32 numbers, are stored so: tables that a base model had so, and that did not learn.
    Int8,
}

/// A safetensors file of `tensors`, with the metadata that transformers asks for.
///
/// # Errors
/// Where a tensor cannot be read, holds a number that is too large for `storage`, or the format refuses it.
pub fn serialize<'a>(tensors: impl IntoIterator<Item = (&'a str, &'a Tensor)>, storage: Storage) -> Result<Vec<u8>> {
    let mut parts: Vec<(String, Dtype, Vec<usize>, Vec<u8>)> = Vec::new();
    for (name, tensor) in tensors {
        let mut shape = tensor.dims().to_vec();
        let values = tensor.flatten_all()?.to_vec1::<f32>()?;
        let (dtype, bytes) = match storage {
            Storage::F16 => {
                check(name, &values, "f16", f16::MAX, |value| f16::from_f32(value).is_finite())?;
                (Dtype::F16, values.iter().flat_map(|&value| f16::from_f32(value).to_le_bytes()).collect())
            }
            Storage::Bf16 => {
                check(name, &values, "bf16", bf16::MAX, |value| bf16::from_f32(value).is_finite())?;
                (Dtype::BF16, values.iter().flat_map(|&value| bf16::from_f32(value).to_le_bytes()).collect())
            }
            Storage::Int8
                if let [rows, width] = shape[..]
                    && !values.is_empty() =>
            {
                let scale = format!("{name}{SCALE}");
                if let Some((bytes, scales)) = int4::quantize(&values, width) {
                    let scales = scales.iter().flat_map(|value| value.to_le_bytes()).collect();
                    parts.push((scale, Dtype::F16, vec![rows, width / int4::GROUP], scales));
                    shape[1] = width / 2;
                    (Dtype::U8, bytes)
                } else {
                    let (bytes, scales) = quantize(&values, width);
                    parts.push((scale, Dtype::F32, vec![rows], little_endian(&scales)));
                    (Dtype::I8, bytes)
                }
            }
            Storage::F32 | Storage::Int8 => (Dtype::F32, little_endian(&values)),
        };
        parts.push((name.to_owned(), dtype, shape, bytes));
    }
    let refuse = |error: safetensors::SafeTensorError| Error::invalid("safetensors", error);
    let mut views = Vec::with_capacity(parts.len());
    for (name, dtype, shape, bytes) in &parts {
        views.push((name, TensorView::new(*dtype, shape.clone(), bytes).map_err(refuse)?));
    }
    let metadata = [("format".to_owned(), "pt".to_owned())].into();
    safetensors::serialize(views, Some(metadata)).map_err(refuse)
}

/// Refuse a value that is too large for `dtype`.
fn check(name: &str, values: &[f32], dtype: &str, most: impl Display, fits: impl Fn(f32) -> bool) -> Result<()> {
    match values.iter().find(|&&value| !fits(value)) {
        Some(value) => {
            Err(Error::invalid(dtype, format!("tensor {name}: expected numbers up to {most}, found {value}")))
        }
        None => Ok(()),
    }
}

fn little_endian(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// Rows of `width` values as int8 (two's complement) and their scales.
pub(super) fn quantize(values: &[f32], width: usize) -> (Vec<u8>, Vec<f32>) {
    let mut bytes = Vec::with_capacity(values.len());
    let mut scales = Vec::with_capacity(values.len() / width);
    for row in values.chunks_exact(width) {
        let largest = row.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
        let scale = if largest > 0.0 { largest / 127.0 } else { 1.0 };
        bytes.extend(row.iter().map(|value| (value / scale).round() as i8 as u8));
        scales.push(scale);
    }
    (bytes, scales)
}
