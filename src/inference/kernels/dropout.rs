//! Dropout (<https://jmlr.org/papers/v15/srivastava14a.html>) whose mask is a function of a seed: nothing is stored for the
//! backward pass, and the same seed gives the same mask on any number of threads. A GPU draws and keeps its own: a run replays there on
//! the same device only, and not bit for bit.

use candle_core::{CpuStorage, CustomOp1, Device, Layout, Result, Shape, Tensor};
use multiversion::multiversion;

use super::fast;
use super::slices::{asked, floats, read};

/// Each element is 0 with probability `rate`, else divided by `1 - rate`.
pub(crate) fn dropout(xs: &Tensor, mask: Mask) -> Result<Tensor> {
    if fast(xs) { xs.contiguous()?.apply_op1(mask) } else { plain(xs, mask) }
}

/// The same as a product with a constant.
pub(super) fn plain(xs: &Tensor, mask: Mask) -> Result<Tensor> {
    xs * mask.factors(xs.shape(), xs.device())?
}

/// Which elements are dropped.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mask {
    /// Share of elements dropped.
    pub(crate) rate: f32,
    /// Picks the mask.
    pub(crate) seed: u64,
    /// Whether a GPU's random numbers begin anew at `seed`, and do not go on where the last mask ended: that takes it as long as a layer.
    pub(crate) fresh: bool,
}

impl Mask {
    /// What element `index` is multiplied by: 0 or `1 / (1 - rate)`.
    #[inline(always)]
    pub(super) fn factor(self, index: u32) -> f32 {
        // The finaliser of MurmurHash3 over index and seed: 32-bit, so that it vectorises.
        let mut hash = index.wrapping_mul(0x9E37_79B9) ^ (self.seed as u32);
        hash = (hash ^ (hash >> 16)).wrapping_mul(0x85EB_CA6B);
        hash = (hash ^ (hash >> 13)).wrapping_mul(0xC2B2_AE35) ^ ((self.seed >> 32) as u32);
        hash = (hash ^ (hash >> 16)).wrapping_mul(0x7FEB_352D);
        hash ^= hash >> 15;
        // Compared as 24 bits, which a float holds exactly.
        let kept = (hash >> 8) as f32 >= self.rate * 16_777_216.0;
        if kept { 1.0 / (1.0 - self.rate) } else { 0.0 }
    }

    /// The gradient of what was dropped from: `grad`, dropped likewise.
    pub(crate) fn gradient(self, grad: &Tensor) -> Result<Tensor> {
        Tensor::from_vec(read([grad], |[grad]| applied(self, grad))?, grad.shape(), grad.device())
    }

    /// What the elements of a tensor are multiplied by.
    pub(super) fn factors(self, shape: impl Into<Shape>, device: &Device) -> Result<Tensor> {
        let shape = shape.into();
        if device.is_cpu() {
            let factors = (0..shape.elem_count()).map(|index| self.factor(index as u32)).collect();
            return Tensor::from_vec::<_, f32>(factors, shape, device);
        }
        if self.fresh {
            device.set_seed(self.seed)?;
        }
        // From `kept` to `1 + kept`: at least 1 with probability `kept`, and never 2.
        let kept = 1.0 - self.rate;
        Tensor::rand(kept, 1.0 + kept, shape, device)?.floor()?.affine(1.0 / f64::from(kept), 0.0)
    }
}

#[multiversion(targets("x86_64+avx512f+avx512vl+avx512bw+avx512dq", "x86_64+avx2"))]
fn applied(mask: Mask, xs: &[f32]) -> Vec<f32> {
    let mut ys = xs.to_vec();
    ys.iter_mut().enumerate().for_each(|(index, y)| *y *= mask.factor(index as u32));
    ys
}

impl CustomOp1 for Mask {
    fn name(&self) -> &'static str {
        "dropout"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        Ok((CpuStorage::F32(applied(*self, floats(storage, layout)?)), layout.shape().clone()))
    }

    fn bwd(&self, xs: &Tensor, _: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        asked(xs, || self.gradient(grad))
    }
}
