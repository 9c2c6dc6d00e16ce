//! Integrals of functions that fall off, on pieces on which they are smooth.

/// Nodes and weights of the 15-point Kronrod rule, and weights of the 7-point Gauss rule within it (Kronrod 1965; as in
/// QUADPACK), for one half of [-1, 1].
const NODES: [f64; 8] = [
    0.991_455_371_120_812_6,
    0.949_107_912_342_758_5,
    0.864_864_423_359_769_1,
    0.741_531_185_599_394_5,
    0.586_087_235_467_691_1,
    0.405_845_151_377_397_2,
    0.207_784_955_007_898_48,
    0.0,
];
const KRONROD: [f64; 8] = [
    0.022_935_322_010_529_224,
    0.063_092_092_629_978_56,
    0.104_790_010_322_250_19,
    0.140_653_259_715_525_92,
    0.169_004_726_639_267_9,
    0.190_350_578_064_785_42,
    0.204_432_940_075_298_89,
    0.209_482_141_084_727_82,
];
const GAUSS: [f64; 4] =
    [0.129_484_966_168_869_7, 0.279_705_391_489_276_64, 0.381_830_050_505_118_9, 0.417_959_183_673_469_4];

/// The integrals of several functions that are never negative over one piece, by halving until the two rules agree to
/// 1e-13 of the part, or to what no longer counts in the whole.
pub(super) fn integrate<const N: usize>(from: f64, to: f64, f: &impl Fn(f64) -> [f64; N]) -> [f64; N] {
    halve(from, to, f, &mut None, 40)
}

fn halve<const N: usize>(
    from: f64,
    to: f64,
    f: &impl Fn(f64) -> [f64; N],
    whole: &mut Option<[f64; N]>,
    depth: u32,
) -> [f64; N] {
    let (half, middle) = ((to - from) / 2.0, from + (to - from) / 2.0);
    let (mut kronrod, mut gauss) = ([0.0; N], [0.0; N]);
    for (i, &node) in NODES.iter().enumerate() {
        let sides: &[f64] = if node > 0.0 { &[-1.0, 1.0] } else { &[1.0] };
        for side in sides {
            let values = f(middle + side * half * node);
            for (k, value) in values.into_iter().enumerate() {
                kronrod[k] += KRONROD[i] * value * half;
                if i % 2 == 1 {
                    gauss[k] += GAUSS[i / 2] * value * half;
                }
            }
        }
    }
    let whole_estimate = *whole.get_or_insert(kronrod);
    let small = |k: usize| f64::max(1e-13 * kronrod[k].abs(), 1e-16 * whole_estimate[k].abs());
    let agree = (0..N).all(|k| (kronrod[k] - gauss[k]).abs() <= small(k));
    if agree || depth == 0 || middle <= from || middle >= to {
        return kronrod;
    }
    let left = halve(from, middle, f, whole, depth - 1);
    let right = halve(middle, to, f, whole, depth - 1);
    std::array::from_fn(|k| left[k] + right[k])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn smooth_and_kinked_functions_are_integrated_to_many_digits() {
        let [exp, root] = integrate(0.0, 1.0, &|x| [libm::exp(-x), libm::sqrt(x)]);
        assert!((exp - (1.0 - libm::exp(-1.0))).abs() < 1e-15);
        assert!((root - 2.0 / 3.0).abs() < 1e-13, "{root}");
    }
}
