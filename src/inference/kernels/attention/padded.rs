//! Attention for devices that are fast at few large products: sequences padded to the length of the longest, all in one product. From
//! candle's differentiable operations.

use std::sync::{Arc, OnceLock};

use candle_core::{D, DType, Device, Result, Tensor};

use super::{Attention, row_mask};
use crate::kernels::dropout::Mask;
use crate::kernels::recorded;

/// The padding of a batch, made when it is first asked for: once a batch, not once a layer.
pub(crate) type SharedPadding = Arc<OnceLock<Padding>>;

/// Where the N rows of B packed sequences stand when each is padded to the length T of the longest.
#[derive(Debug, Clone)]
pub(crate) struct Padding {
    sequences: usize,
    longest: usize,
    /// (B · T): the row that stands in each place; any row, where the place is padding.
    rows: Tensor,
    /// (N): the place of each row.
    places: Tensor,
    /// (B · T): 1 where there is a row, 0 where there is padding; `None` where there is none.
    kept: Option<Tensor>,
}

impl Padding {
    /// Of sequences that end at `offsets` (B + 1).
    pub(crate) fn of(offsets: &[usize], device: &Device) -> Result<Self> {
        let sequences = offsets.len().saturating_sub(1);
        let longest = offsets.windows(2).map(|bounds| bounds[1] - bounds[0]).max().unwrap_or(0);
        let (mut rows, mut kept) = (vec![0_u32; sequences * longest], vec![0.0_f32; sequences * longest]);
        let mut places = Vec::with_capacity(offsets.last().copied().unwrap_or(0));
        for (sequence, bounds) in offsets.windows(2).enumerate() {
            for (place, row) in (sequence * longest..).zip(bounds[0]..bounds[1]) {
                (rows[place], kept[place]) = (row as u32, 1.0);
                places.push(place as u32);
            }
        }
        let padded = places.len() < rows.len();
        let tensor = |numbers: Vec<u32>| Tensor::from_vec(numbers.clone(), numbers.len(), device);
        let kept = padded.then(|| Tensor::from_vec(kept, sequences * longest, device)).transpose()?;
        Ok(Self { sequences, longest, rows: tensor(rows)?, places: tensor(places)?, kept })
    }

    /// (N, H) to (B, heads, T, H / heads).
    fn spread(&self, packed: &Tensor, heads: usize) -> Result<Tensor> {
        // Nobody reads padding, so its gradient is zero: that of a row is that of its place.
        let places = self.places.clone();
        let padded = moved(packed, &self.rows, move |grad| grad.index_select(&places, 0))?;
        let shape = (self.sequences, self.longest, heads, packed.dim(1)? / heads);
        padded.reshape(shape)?.transpose(1, 2)?.contiguous()
    }

    /// (B, heads, T, H / heads) to (N, H).
    fn gather(&self, padded: &Tensor) -> Result<Tensor> {
        let (_, heads, _, size) = padded.dims4()?;
        let padded = padded.transpose(1, 2)?.contiguous()?.reshape((self.sequences * self.longest, heads * size))?;
        let (rows, kept) = (self.rows.clone(), self.kept.clone());
        moved(&padded, &self.places, move |grad| {
            let grad = grad.index_select(&rows, 0)?;
            match &kept {
                Some(kept) => grad.broadcast_mul(&kept.unsqueeze(1)?),
                None => Ok(grad),
            }
        })
    }

    /// (B, 1, 1, T), what is added to the likeness to a key: nothing, or, where it is padding, so little that its weight is zero.
    fn bias(&self) -> Result<Option<Tensor>> {
        let shape = (self.sequences, 1, 1, self.longest);
        self.kept.as_ref().map(|kept| kept.affine(1e9, -1e9)?.reshape(shape)).transpose()
    }
}

/// [`attention`](super::attention()) of all sequences at once.
pub(crate) fn padded(queries: &Tensor, keys: &Tensor, values: &Tensor, shape: &Attention) -> Result<Tensor> {
    let (_, width) = queries.dims2()?;
    let scale = 1.0 / ((width / shape.heads) as f64).sqrt();
    let reads = shape.key_padding(queries.device())?;
    let read_by = match Arc::ptr_eq(&shape.keys, &shape.queries) {
        true => reads.clone(),
        false => Padding::of(&shape.queries, queries.device())?,
    };
    let dtype = queries.dtype();
    let queries = read_by.spread(&(queries * scale)?, shape.heads)?;
    let (keys, values) = (reads.spread(keys, shape.heads)?, reads.spread(values, shape.heads)?);
    let mut likeness = queries.matmul(&keys.t()?)?.to_dtype(DType::F32)?;
    if let Some(bias) = reads.bias()? {
        likeness = likeness.broadcast_add(&bias)?;
    }
    let mut weights = softmax(&likeness)?;
    if let Some(mask) = shape.dropout {
        weights = (weights * factors(mask, shape, [read_by.longest, reads.longest], queries.device())?)?;
    }
    read_by.gather(&weights.to_dtype(dtype)?.matmul(&values)?)
}

impl Attention {
    fn key_padding(&self, device: &Device) -> Result<Padding> {
        if let Some(padding) = self.padding.get().filter(|padding| padding.rows.device().same_device(device)) {
            return Ok(padding.clone());
        }
        let padding = Padding::of(&self.keys, device)?;
        // Where another thread was faster it has put the same there.
        let _ = self.padding.set(padding.clone());
        Ok(padding)
    }
}

/// What dropout multiplies the weights by: (B, heads, readers, length). On the CPU the masks are those of the sequences packed.
fn factors(mask: Mask, shape: &Attention, [readers, length]: [usize; 2], device: &Device) -> Result<Tensor> {
    let sequences = shape.keys.len().saturating_sub(1);
    let dims = (sequences, shape.heads, readers, length);
    if !device.is_cpu() {
        return mask.factors(dims, device);
    }
    let mut factors = vec![0.0; sequences * shape.heads * readers * length];
    for (index, block) in factors.chunks_exact_mut((readers * length).max(1)).enumerate() {
        let (sequence, head) = (index / shape.heads, index % shape.heads);
        let (mask, keys) = (row_mask(mask, sequence, head), shape.keys[sequence + 1] - shape.keys[sequence]);
        for (reader, row) in block.chunks_exact_mut(length).enumerate() {
            row[..keys].iter_mut().enumerate().for_each(|(key, x)| *x = mask.factor((reader * keys + key) as u32));
        }
    }
    Tensor::from_vec(factors, dims, device)
}

/// The rows `indices` of `xs`, with `back` from their gradient to that of `xs`. candle's own goes through an addition in which a GPU takes
/// all indices one after the other.
fn moved(
    xs: &Tensor,
    indices: &Tensor,
    back: impl Fn(&Tensor) -> Result<Tensor> + Send + Sync + 'static,
) -> Result<Tensor> {
    let rows = xs.detach().contiguous()?.index_select(indices, 0)?;
    if xs.track_op() { recorded(xs, rows, move |grad| back(&grad.contiguous()?)) } else { Ok(rows) }
}

/// Softmax over the last dimension: candle's fused one, which has no gradient, and the gradient.
fn softmax(xs: &Tensor) -> Result<Tensor> {
    let weights = candle_nn::ops::softmax_last_dim(&xs.detach().contiguous()?)?;
    if !xs.track_op() {
        return Ok(weights);
    }
    recorded(xs, weights.clone(), move |grad| {
        let product = (grad * &weights)?;
        &product - weights.broadcast_mul(&product.sum_keepdim(D::Minus1)?)?
    })
}
