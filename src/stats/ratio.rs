//! Ratios of two sums, such as answered within 20 s over offered.

use serde::Serialize;

use super::Estimate;

/// What one replication says of a ratio: both sums.
#[derive(Clone, Copy, Debug, PartialEq, Default, Serialize)]
pub struct Fraction {
    /// The sum above.
    pub num: f64,
    /// The sum below.
    pub den: f64,
}

impl Fraction {
    /// The ratio; `None` over zero.
    pub fn value(&self) -> Option<f64> {
        (self.den != 0.0).then(|| self.num / self.den)
    }
}

/// A ratio of expectations, estimated from the sums of independent replications by the ratio of their means, which weighs
/// a busy day by its calls; the mean of the days' ratios would be another quantity.
///
/// Variance by the delta method (Cochran, *Sampling Techniques*, 1977, §2.11): with r = x̄/ȳ,
/// s² = (s_xx - 2 r s_xy + r² s_yy) / ȳ², standard error s/√n, Student's t with n - 1 degrees of freedom.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct Ratio {
    n: u64,
    num: f64,
    den: f64,
    num_num: f64,
    num_den: f64,
    den_den: f64,
}

impl Ratio {
    /// Counts one replication.
    pub fn add(&mut self, one: Fraction) {
        self.n += 1;
        let (num, den, n) = (one.num - self.num, one.den - self.den, self.n as f64);
        self.num += num / n;
        self.den += den / n;
        let (num_after, den_after) = (one.num - self.num, one.den - self.den);
        self.num_num += num * num_after;
        self.num_den += num * den_after;
        self.den_den += den * den_after;
    }

    /// Counts all that another has counted.
    pub fn merge(&mut self, other: &Ratio) {
        if other.n == 0 {
            return;
        }
        let (a, b) = (self.n as f64, other.n as f64);
        let (num, den, weight) = (other.num - self.num, other.den - self.den, a * b / (a + b));
        self.n += other.n;
        self.num += num * b / (a + b);
        self.den += den * b / (a + b);
        self.num_num += other.num_num + num * num * weight;
        self.num_den += other.num_den + num * den * weight;
        self.den_den += other.den_den + den * den * weight;
    }

    /// How many replications were counted.
    pub fn n(&self) -> u64 {
        self.n
    }

    /// The ratio of the sums; `None` over zero.
    pub fn value(&self) -> Option<f64> {
        Fraction { num: self.num, den: self.den }.value()
    }

    /// The ratio with its interval.
    pub fn estimate(&self, level: f64) -> Estimate {
        let Some(r) = self.value() else { return Estimate::absent(level, self.n) };
        if self.n < 2 {
            return Estimate::bare(r, level, self.n);
        }
        // Rounding may leave a tiny negative number where all replications have the very same ratio.
        let squares = (self.num_num - 2.0 * r * self.num_den + r * r * self.den_den).max(0.0);
        let variance = squares / (self.n - 1) as f64 / (self.den * self.den);
        Estimate::by_student(r, libm::sqrt(variance / self.n as f64), level, self.n)
    }
}

impl FromIterator<Fraction> for Ratio {
    fn from_iter<I: IntoIterator<Item = Fraction>>(fractions: I) -> Ratio {
        let mut ratio = Ratio::default();
        fractions.into_iter().for_each(|one| ratio.add(one));
        ratio
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fraction(num: f64, den: f64) -> Fraction {
        Fraction { num, den }
    }

    #[test]
    fn a_ratio_weighs_days_by_their_calls() {
        let ratio: Ratio = [fraction(1.0, 1.0), fraction(0.0, 99.0)].into_iter().collect();
        assert_eq!(ratio.value(), Some(0.01));
    }

    #[test]
    fn the_interval_is_that_of_the_linearised_sample() {
        let sample = [(80.0, 100.0), (90.0, 120.0), (60.0, 90.0), (85.0, 95.0)].map(|(x, y)| fraction(x, y));
        let estimate = sample.into_iter().collect::<Ratio>().estimate(0.95);
        let r: f64 = 315.0 / 405.0;
        let squares: f64 = sample.iter().map(|one| (one.num - r * one.den).powi(2)).sum();
        let error = (squares / 3.0 / 4.0).sqrt() / (405.0 / 4.0);
        let half = estimate.half_width().expect("a width");
        assert!((half - 3.182_446_305 * error).abs() < 1e-9, "{half}");
        assert!((estimate.value.expect("a ratio") - r).abs() < 1e-15);
    }

    #[test]
    fn nothing_over_nothing_is_absent() {
        let ratio: Ratio = [fraction(0.0, 0.0); 3].into_iter().collect();
        assert_eq!(ratio.estimate(0.95), Estimate::absent(0.95, 3));
        assert_eq!(Ratio::default().estimate(0.95).value, None);
    }

    #[test]
    fn parts_merge_to_the_whole() {
        let sample: Vec<Fraction> = (1..40).map(|i| fraction(f64::from(i * i % 17), f64::from(20 + i % 5))).collect();
        let whole: Ratio = sample.iter().copied().collect();
        let mut parts = Ratio::default();
        for part in sample.chunks(7) {
            parts.merge(&part.iter().copied().collect());
        }
        let (a, b) = (parts.estimate(0.9), whole.estimate(0.9));
        assert!((a.low.expect("low") - b.low.expect("low")).abs() < 1e-12);
        assert_eq!(a.n, b.n);
    }
}
