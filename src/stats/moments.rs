//! Mean and variance of a sample, one number at a time.

use super::Estimate;

/// Running mean and sum of squared deviations (Welford 1962; merging by Chan, Golub and LeVeque 1979): no loss by
/// cancellation, and no memory of the sample.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct Moments {
    n: u64,
    mean: f64,
    squares: f64,
}

impl Moments {
    /// Counts one number.
    pub fn add(&mut self, x: f64) {
        self.n += 1;
        let before = x - self.mean;
        self.mean += before / self.n as f64;
        self.squares += before * (x - self.mean);
    }

    /// Counts all that another has counted.
    pub fn merge(&mut self, other: &Moments) {
        if other.n == 0 {
            return;
        }
        let (a, b) = (self.n as f64, other.n as f64);
        let apart = other.mean - self.mean;
        self.n += other.n;
        self.mean += apart * b / (a + b);
        self.squares += other.squares + apart * apart * a * b / (a + b);
    }

    /// How many numbers were counted.
    pub fn n(&self) -> u64 {
        self.n
    }

    /// Their mean; `None` of none.
    pub fn mean(&self) -> Option<f64> {
        (self.n > 0).then_some(self.mean)
    }

    /// Their variance with divisor n - 1; `None` of fewer than two.
    pub fn variance(&self) -> Option<f64> {
        (self.n > 1).then(|| self.squares / (self.n - 1) as f64)
    }

    /// Their standard deviation; `None` of fewer than two.
    pub fn sd(&self) -> Option<f64> {
        self.variance().map(libm::sqrt)
    }

    /// The standard error of the mean; `None` of fewer than two.
    pub fn standard_error(&self) -> Option<f64> {
        self.variance().map(|variance| libm::sqrt(variance / self.n as f64))
    }

    /// The mean with an interval by Student's t.
    pub fn estimate(&self, level: f64) -> Estimate {
        match self.mean() {
            Some(mean) => Estimate::by_student(mean, self.standard_error().unwrap_or(f64::NAN), level, self.n),
            None => Estimate::absent(level, 0),
        }
    }
}

impl FromIterator<f64> for Moments {
    fn from_iter<I: IntoIterator<Item = f64>>(numbers: I) -> Moments {
        let mut moments = Moments::default();
        numbers.into_iter().for_each(|x| moments.add(x));
        moments
    }
}

/// The difference `b - a` of the means of two samples that have nothing in common (Welch 1947, degrees of freedom by
/// Satterthwaite). Two designs that met the same callers are compared by pairs instead, which is much narrower.
pub fn independent_difference(a: &Moments, b: &Moments, level: f64) -> Estimate {
    let n = a.n.min(b.n);
    let (Some(mean_a), Some(mean_b)) = (a.mean(), b.mean()) else { return Estimate::absent(level, n) };
    let (Some(sd_a), Some(sd_b)) = (a.variance(), b.variance()) else {
        return Estimate::bare(mean_b - mean_a, level, n);
    };
    let (of_a, of_b) = (sd_a / a.n as f64, sd_b / b.n as f64);
    let sum = of_a + of_b;
    let freedom = sum * sum / (of_a * of_a / (a.n - 1) as f64 + of_b * of_b / (b.n - 1) as f64);
    Estimate::with_freedom(mean_b - mean_a, libm::sqrt(sum), level, n, freedom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_of_a_mean_is_the_textbook_one() {
        // Mean 5, sample variance 32 / 7, t(7) = 2.364624252.
        let estimate = [2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0].into_iter().collect::<Moments>().estimate(0.95);
        assert_eq!(estimate.value, Some(5.0));
        let half = estimate.half_width().expect("a width");
        assert!((half - 2.364_624_251_6 * libm::sqrt(32.0 / 7.0 / 8.0)).abs() < 1e-9, "{half}");
    }

    #[test]
    fn parts_merge_to_the_whole_far_from_zero() {
        let numbers: Vec<f64> = (0..1000).map(|i| 1e9 + f64::from(i % 7)).collect();
        let whole: Moments = numbers.iter().copied().collect();
        let mut parts = Moments::default();
        for part in numbers.chunks(13) {
            parts.merge(&part.iter().copied().collect());
        }
        assert_eq!(parts.n(), whole.n());
        let (a, b) = (parts.variance().expect("many"), whole.variance().expect("many"));
        assert!((a - b).abs() < 1e-6 && (a - 3.999).abs() < 0.01, "{a} {b}");
    }

    #[test]
    fn two_samples_without_pairs_have_a_wide_difference() {
        let a: Moments = [10.0, 20.0, 30.0].into_iter().collect();
        let b: Moments = [11.0, 21.0, 31.0].into_iter().collect();
        let estimate = independent_difference(&a, &b, 0.95);
        assert_eq!(estimate.value, Some(1.0));
        // Equal variances and sizes: 4 degrees of freedom, t = 2.776445.
        let half = estimate.half_width().expect("a width");
        assert!((half - 2.776_445_105 * libm::sqrt(200.0 / 3.0)).abs() < 1e-6, "{half}");
    }
}
