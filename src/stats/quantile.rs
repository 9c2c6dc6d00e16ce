//! Quantiles of a sample, with intervals by order statistics.

use super::Estimate;
use crate::special;

/// The rank, from 1, of the `p` quantile in a sample of n: the smallest number with a share of at least `p` at or below
/// it. `None` of an empty sample.
pub fn quantile_rank(n: u64, p: f64) -> Option<u64> {
    (n > 0).then(|| (libm::ceil(n as f64 * p - 1e-9) as u64).clamp(1, n))
}

/// The ranks, from 1, between whose numbers the true `p` quantile (0 < p < 1) lies with at least this confidence, whatever
/// the distribution (David and Nagaraja, *Order Statistics*, 2003, §7.1): how many of n lie below it is binomial.
/// Absent where the sample is too small: the lower end of a low quantile, the upper end of a high one.
///
/// The sample must be independent: quantiles of replications, or numbers of which each replication gives one.
pub fn quantile_ranks(n: u64, p: f64, level: f64) -> (Option<u64>, Option<u64>) {
    let tail = (1.0 - level) / 2.0;
    // The quantile lies below the number of rank r when fewer than r lie below it.
    let fewer_than = |rank: u64| special::binomial_cdf(rank as i64 - 1, n, p);
    let low = last(n, |rank| fewer_than(rank) <= tail);
    let high = last(n, |rank| fewer_than(rank) < 1.0 - tail).map_or(1, |rank| rank + 1);
    (low, (high <= n).then_some(high))
}

/// The last rank from 1 to `n` for which something holds that holds up to a point and no longer.
fn last(n: u64, holds: impl Fn(u64) -> bool) -> Option<u64> {
    let (mut yes, mut no) = (0, n + 1);
    while no - yes > 1 {
        let middle = yes + (no - yes) / 2;
        match holds(middle) {
            true => yes = middle,
            false => no = middle,
        }
    }
    (yes > 0).then_some(yes)
}

/// The `p` quantile (0 < p < 1) of an independent sample in rising order, with its interval by order statistics.
pub fn quantile_interval(sorted: &[f64], p: f64, level: f64) -> Estimate {
    let n = sorted.len() as u64;
    let number = |rank: u64| sorted.get(rank as usize - 1).copied();
    let (low, high) = quantile_ranks(n, p, level);
    Estimate {
        value: quantile_rank(n, p).and_then(number),
        low: low.and_then(number),
        high: high.and_then(number),
        level,
        n,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_of_a_median_is_the_textbook_one() {
        // n = 10: ranks 2 and 9 hold the median with 97.9 %; ranks 3 and 8 with 89.1 % only.
        assert_eq!(quantile_ranks(10, 0.5, 0.95), (Some(2), Some(9)));
        assert_eq!(quantile_ranks(10, 0.5, 0.89), (Some(3), Some(8)));
        let sample: Vec<f64> = (1..=10).map(f64::from).collect();
        let estimate = quantile_interval(&sample, 0.5, 0.95);
        assert_eq!((estimate.value, estimate.low, estimate.high), (Some(5.0), Some(2.0), Some(9.0)));
    }

    #[test]
    fn a_small_sample_has_no_upper_end_for_a_high_quantile() {
        assert_eq!(quantile_ranks(10, 0.95, 0.95).1, None);
        let (low, high) = quantile_ranks(1_000_000, 0.95, 0.95);
        let (low, high) = (low.expect("low") as f64, high.expect("high") as f64);
        // The normal approximation: 950000 ± 1.96 · √47500.
        assert!((low - 949_572.8).abs() < 2.0 && (high - 950_428.2).abs() < 2.0, "{low} {high}");
        assert_eq!(quantile_interval(&[], 0.5, 0.95), Estimate::absent(0.95, 0));
    }

    #[test]
    fn ranks_do_not_slip_by_rounding() {
        assert_eq!(quantile_rank(100, 0.95), Some(95));
        assert_eq!(quantile_rank(10, 0.3), Some(3));
        assert_eq!(quantile_rank(3, 0.999), Some(3));
    }
}
