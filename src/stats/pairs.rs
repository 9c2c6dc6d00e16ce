//! Differences between two designs that met the same callers.

use super::{Estimate, Fraction, Moments, Ratio};

/// The mean of `b - a` over replications in which both designs met the same callers: a pair `(a, b)` for each.
pub fn paired_difference(pairs: &[(f64, f64)], level: f64) -> Estimate {
    pairs.iter().map(|&(a, b)| b - a).collect::<Moments>().estimate(level)
}

/// The difference `b - a` of two ratios over replications in which both designs met the same callers.
///
/// Each ratio is linearised (the delta method): replication i moves x̄/ȳ by zᵢ = (xᵢ - r yᵢ)/ȳ, and the difference by
/// the difference of the two zᵢ, which keeps what the designs have in common out of the variance.
pub fn paired_ratio_difference(pairs: &[(Fraction, Fraction)], level: f64) -> Estimate {
    let n = pairs.len() as u64;
    let a: Ratio = pairs.iter().map(|pair| pair.0).collect();
    let b: Ratio = pairs.iter().map(|pair| pair.1).collect();
    let (Some(ratio_a), Some(ratio_b)) = (a.value(), b.value()) else { return Estimate::absent(level, n) };
    let mean = |den: fn(&(Fraction, Fraction)) -> f64| pairs.iter().map(den).collect::<Moments>().mean().unwrap_or(0.0);
    let (den_a, den_b) = (mean(|pair| pair.0.den), mean(|pair| pair.1.den));
    let moved = |(a, b): &(Fraction, Fraction)| (b.num - ratio_b * b.den) / den_b - (a.num - ratio_a * a.den) / den_a;
    let error = pairs.iter().map(moved).collect::<Moments>().standard_error().unwrap_or(f64::NAN);
    Estimate::by_student(ratio_b - ratio_a, error, level, n)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::independent_difference;

    #[test]
    fn what_both_designs_share_leaves_the_interval() {
        let pairs: Vec<(f64, f64)> = (0..20).map(f64::from).map(|day| (day, day + 1.0 + 0.01 * day)).collect();
        let paired = paired_difference(&pairs, 0.95);
        let a: Moments = pairs.iter().map(|pair| pair.0).collect();
        let b: Moments = pairs.iter().map(|pair| pair.1).collect();
        let apart = independent_difference(&a, &b, 0.95);
        assert!((paired.value.expect("a mean") - apart.value.expect("a mean")).abs() < 1e-12);
        assert!(paired.half_width().expect("a width") * 20.0 < apart.half_width().expect("a width"));
        assert!(paired.differs_from_zero() && !apart.differs_from_zero());
    }

    #[test]
    fn ratios_over_equal_denominators_differ_as_their_means() {
        let fractions = |x: f64, y: f64| (Fraction { num: x, den: 10.0 }, Fraction { num: y, den: 10.0 });
        let ratios = [fractions(1.0, 3.0), fractions(4.0, 5.0), fractions(2.0, 2.5)];
        let plain: Vec<(f64, f64)> = ratios.iter().map(|(a, b)| (a.num / 10.0, b.num / 10.0)).collect();
        let (a, b) = (paired_ratio_difference(&ratios, 0.9), paired_difference(&plain, 0.9));
        assert!((a.value.expect("one") - b.value.expect("one")).abs() < 1e-12);
        assert!((a.high.expect("one") - b.high.expect("one")).abs() < 1e-12);
    }

    #[test]
    fn a_design_without_calls_has_no_difference() {
        let pair = (Fraction::default(), Fraction { num: 1.0, den: 2.0 });
        assert_eq!(paired_ratio_difference(&[pair, pair], 0.95), Estimate::absent(0.95, 2));
        assert_eq!(paired_difference(&[], 0.95), Estimate::absent(0.95, 0));
    }
}
