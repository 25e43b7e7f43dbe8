//! GELU in its exact form, `x Φ(x)` (<https://arxiv.org/abs/1606.08415>): the form that BERT and XLM-R were trained with.

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor};
use pulp::{Simd, WithSimd};

use super::fast;
use super::lanes::{change, exp, polynomial};
use super::slices::{self, floats, read};

/// GELU of every element.
pub(crate) fn gelu(xs: &Tensor) -> Result<Tensor> {
    if fast(xs) { xs.contiguous()?.apply_op1(Gelu) } else { plain(xs) }
}

/// candle's own.
pub(super) fn plain(xs: &Tensor) -> Result<Tensor> {
    xs.gelu_erf()
}

struct Gelu;

impl CustomOp1 for Gelu {
    fn name(&self) -> &'static str {
        "gelu"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let mut ys = floats(storage, layout)?.to_vec();
        in_place(&mut ys);
        Ok((CpuStorage::F32(ys), layout.shape().clone()))
    }

    fn bwd(&self, xs: &Tensor, _: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        let grad = grad.copy()?;
        backward(xs, &grad)?;
        Ok(Some(grad))
    }
}

/// `grad` becomes the gradient of `xs`, in place; nothing else may hold it.
pub(crate) fn backward(xs: &Tensor, grad: &Tensor) -> Result<()> {
    read([xs], |[xs]| slices::change(grad, |grad| gradient(xs, grad)))?
}

/// GELU of `xs`, in place: absolute error 4e-7, also near 0, where GELU itself is smaller than that.
///
/// Above 0 GELU is x - h(x), below it is -h(-x), with h(x) = x Φ(-x), which has left the scale of f32 at 5.5. h is a polynomial fitted to it at
/// Chebyshev nodes of 0 to 5.5: that takes neither an exponential nor a division.
pub(crate) fn in_place(xs: &mut [f32]) {
    const END: f32 = 5.5;
    /// In x / 2.75 - 1.
    const POLYNOMIAL: [f32; 17] = [
        0.008_194_37,
        -0.060_577_98,
        0.191_263_38,
        -0.308_680_9,
        0.178_947_58,
        0.260_418_27,
        -0.628_322_9,
        0.459_697_34,
        0.151_383_86,
        -0.545_276_4,
        0.272_212_54,
        0.232_402_07,
        -0.256_906_2,
        -0.037_460_41,
        0.098_924_37,
        -0.000_522_047_34,
        -0.015_696_92,
    ];
    struct InPlace<'a>(&'a mut [f32]);
    impl WithSimd for InPlace<'_> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) {
            let [zero, end, per, start] = [0.0, END, 2.0 / END, -1.0].map(|x| simd.splat_f32s(x));
            change!(S, simd, x in self.0 => {
                let place = simd.mul_add_e_f32s(simd.min_f32s(simd.abs_f32s(x), end), per, start);
                // A comparison, so that what is not a number stays so.
                let above = simd.select_f32s(simd.less_than_f32s(x, zero), zero, x);
                simd.sub_f32s(above, polynomial(simd, place, &POLYNOMIAL))
            });
        }
    }
    pulp::Arch::new().dispatch(InPlace(xs));
}

/// `grad` times GELU's derivative at `xs`, Φ(x) + x φ(x), in place. erf by Abramowitz & Stegun 7.1.26: absolute error 1.5e-7.
fn gradient(xs: &[f32], grad: &mut [f32]) {
    const POLYNOMIAL: [f32; 5] = [0.254_829_6, -0.284_496_74, 1.421_413_7, -1.453_152, 1.061_405_4];
    /// 1 / √(2π).
    const DENSITY: f32 = 0.398_942_3;
    struct Gradient<'a>(&'a [f32], &'a mut [f32]);
    impl WithSimd for Gradient<'_> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) {
            const CONSTANTS: [f32; 6] = [0.0, 0.5, 1.0, std::f32::consts::FRAC_1_SQRT_2, 0.327_591_1, DENSITY];
            let [zero, half, one, root, p, density] = CONSTANTS.map(|x| simd.splat_f32s(x));
            change!(S, simd, grad in self.1, x in self.0 => {
                let z = simd.mul_f32s(simd.abs_f32s(x), root);
                let e = exp(simd, simd.mul_f32s(simd.neg_f32s(z), z));
                let t = simd.div_f32s(one, simd.mul_add_e_f32s(z, p, one));
                // Φ(-|x|).
                let tail = simd.mul_f32s(simd.mul_f32s(polynomial(simd, t, &POLYNOMIAL), simd.mul_f32s(t, half)), e);
                let phi = simd.select_f32s(simd.less_than_f32s(x, zero), tail, simd.sub_f32s(one, tail));
                simd.mul_f32s(grad, simd.mul_add_e_f32s(simd.mul_f32s(x, density), e, phi))
            });
        }
    }
    pulp::Arch::new().dispatch(Gradient(xs, grad));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gelu_is_right_to_four_ten_millionths_and_keeps_what_is_no_number() {
        let mut xs: Vec<f32> = (-10_000..=10_000).map(|step| step as f32 / 1000.0).collect();
        let exact = |x: f32| 0.5 * f64::from(x) * (1.0 + candle_core::cpu::erf::erf_f64(f64::from(x) / 2f64.sqrt()));
        let exact: Vec<f64> = xs.iter().map(|&x| exact(x)).collect();
        in_place(&mut xs);
        for (found, exact) in xs.iter().zip(exact) {
            assert!((f64::from(*found) - exact).abs() < 4e-7 + 1e-7 * exact.abs(), "{found} is not {exact}");
        }
        let mut odd = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY];
        in_place(&mut odd);
        assert!(odd[0].is_nan() && odd[1] == f32::INFINITY && odd[2].abs() < 4e-7, "{odd:?}");
    }
}
