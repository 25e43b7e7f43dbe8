//! Arithmetic on whole registers, whatever the processor's are. What the compiler makes of loops over floats changes with what they are
//! inlined into; this does not. For the same reason `change!` and `sum!` are no functions: a closure that stays one is compiled without the
//! instructions of its caller.

use pulp::Simd;

/// Floats of the widest register.
pub(super) const MOST: usize = 16;

/// `change!(S, simd, x in xs, y in ys, … => value)`: every `x` of the slice `xs` becomes `value`, of it and of what stands in its place in other
/// slices of the same length.
macro_rules! change {
    ($S:ty, $simd:expr, $x:ident in $xs:expr $(, $y:ident in $ys:expr)* => $value:expr) => {{
        let (whole, rest) = <$S>::as_mut_simd_f32s($xs);
        $(let $y = <$S>::as_simd_f32s($ys);)*
        {
            $(let mut $y = $y.0.iter();)*
            for own in whole {
                let $x = *own;
                $(let Some(&$y) = $y.next() else { break };)*
                *own = $value;
            }
        }
        if !rest.is_empty() {
            let $x = $simd.partial_load_f32s(rest);
            $(let $y = $simd.partial_load_f32s($y.1);)*
            $simd.partial_store_f32s(rest, $value);
        }
    }};
}

/// `sum!(S, simd, x in xs, … => value)`: the sum of `value` over what stands in the same place in slices of one length.
macro_rules! sum {
    ($S:ty, $simd:expr, $first:ident in $firsts:expr $(, $y:ident in $ys:expr)* => $value:expr) => {{
        /// Sums side by side, to hide how long one takes.
        const WAYS: usize = 4;
        let $first = <$S>::as_simd_f32s($firsts);
        $(let $y = <$S>::as_simd_f32s($ys);)*
        let mut sums = [$simd.splat_f32s(0.0); WAYS];
        {
            let (whole, last) = $first.0.as_chunks::<WAYS>();
            $(let mut $y = $y.0.iter();)*
            for chunk in whole {
                for way in 0..WAYS {
                    let $first = chunk[way];
                    $(let Some(&$y) = $y.next() else { break };)*
                    sums[way] = $simd.add_f32s(sums[way], $value);
                }
            }
            for &$first in last {
                $(let Some(&$y) = $y.next() else { break };)*
                sums[0] = $simd.add_f32s(sums[0], $value);
            }
        }
        if !$first.1.is_empty() {
            // What fills up the register must not count.
            let mut values = [0.0; $crate::kernels::lanes::MOST];
            let values = &mut values[..$first.1.len()];
            let $first = $simd.partial_load_f32s($first.1);
            $(let $y = $simd.partial_load_f32s($y.1);)*
            $simd.partial_store_f32s(values, $value);
            sums[1] = $simd.add_f32s(sums[1], $simd.partial_load_f32s(values));
        }
        let halves = [$simd.add_f32s(sums[0], sums[1]), $simd.add_f32s(sums[2], sums[3])];
        $simd.reduce_sum_f32s($simd.add_f32s(halves[0], halves[1]))
    }};
}

pub(super) use {change, sum};

/// Σ `coefficients[k]` xᵏ.
#[inline(always)]
pub(super) fn polynomial<S: Simd, const N: usize>(simd: S, x: S::f32s, coefficients: &[f32; N]) -> S::f32s {
    let mut sum = simd.splat_f32s(coefficients[N - 1]);
    for &coefficient in coefficients[..N - 1].iter().rev() {
        sum = simd.mul_add_e_f32s(sum, x, simd.splat_f32s(coefficient));
    }
    sum
}

/// `exp(x)` of numbers that are at most 88, to about two units in the last place; below -87 that of -87.
///
/// Range reduction and polynomial of Cephes `expf`. 2ⁿ is added to the exponent bits through the rounding constant, without a conversion
/// to an integer.
#[inline(always)]
pub(super) fn exp<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    const LEAST: f32 = -87.0;
    /// 1.5 · 2²³: adding it leaves the nearest integer in the low bits.
    const ROUND: f32 = 12_582_912.0;
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    /// (eʳ - 1 - r) / r² for small r.
    const POLYNOMIAL: [f32; 6] = [5e-1, 1.666_666_6e-1, 4.166_579_6e-2, 8.333_452e-3, 1.398_199_9e-3, 1.987_569_1e-4];
    macro_rules! constant {
        ($value:expr) => {
            simd.splat_f32s($value)
        };
    }
    // A comparison, so that what is not a number stays so.
    let x = simd.select_f32s(simd.less_than_f32s(x, constant!(LEAST)), constant!(LEAST), x);
    let shifted = simd.mul_add_e_f32s(x, constant!(std::f32::consts::LOG2_E), constant!(ROUND));
    let n = simd.sub_f32s(shifted, constant!(ROUND));
    let r = simd.mul_add_e_f32s(n, constant!(-LN_2_HIGH), x);
    let r = simd.mul_add_e_f32s(n, constant!(-LN_2_LOW), r);
    let p = simd.mul_add_e_f32s(polynomial(simd, r, &POLYNOMIAL), simd.mul_f32s(r, r), r);
    let p = simd.transmute_u32s_f32s(simd.add_f32s(p, constant!(1.0)));
    let exponent = simd.wrapping_dyn_shl_u32s(simd.transmute_u32s_f32s(shifted), simd.splat_u32s(23));
    simd.transmute_f32s_u32s(simd.add_u32s(p, exponent))
}

#[cfg(test)]
mod tests {
    use pulp::WithSimd;

    use super::*;

    struct Both<'a>(&'a mut [f32]);

    impl WithSimd for Both<'_> {
        type Output = f32;

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) -> f32 {
            let one = simd.splat_f32s(1.0);
            let sum = sum!(S, simd, a in self.0, b in self.0 => simd.sub_f32s(simd.add_f32s(a, b), one));
            change!(S, simd, x in self.0 => exp(simd, x));
            sum
        }
    }

    #[test]
    fn exp_is_right_to_a_few_units_in_the_last_place() {
        let mut xs: Vec<f32> = (-8700..8800).map(|step| step as f32 / 100.0).collect();
        let exact: Vec<f64> = xs.iter().map(|&x| f64::from(x).exp()).collect();
        pulp::Arch::new().dispatch(Both(&mut xs));
        for (found, exact) in xs.iter().zip(exact) {
            assert!((f64::from(*found) - exact).abs() <= 3e-7 * exact, "{found} is not {exact}");
        }
        let mut odd = [f32::NAN, f32::NEG_INFINITY];
        pulp::Arch::new().dispatch(Both(&mut odd));
        assert!(odd[0].is_nan() && odd[1] < 1e-37, "{odd:?}");
    }

    #[test]
    fn sums_count_every_element_once() {
        for count in 0..200 {
            let mut xs: Vec<f32> = (0..count).map(|x| x as f32).collect();
            // Whole numbers: no order of sums changes them.
            assert_eq!(pulp::Arch::new().dispatch(Both(&mut xs)), (count * (count - 2)) as f32);
        }
    }
}
