//! Days that differ: the number of calls of a day whose rate has a gamma factor.

use super::{Error, positive, within};

/// Calls of a day, Poisson with a mean that is multiplied by one gamma factor of mean 1 a day (Whitt 1999; Avramidis,
/// Deslauriers and L'Ecuyer 2004). Their number is negative binomial.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DayFactor {
    mean: f64,
    shape: f64,
}

impl DayFactor {
    /// Mean number of calls and shape of the gamma factor (variance 1 / shape), both above 0.
    pub fn new(mean: f64, shape: f64) -> Result<DayFactor, Error> {
        Ok(DayFactor { mean: positive("mean number of calls", mean)?, shape: positive("shape", shape)? })
    }

    /// Variance of the number of calls.
    pub fn variance(&self) -> f64 {
        self.mean * (1.0 + self.mean / self.shape)
    }

    /// Correlation between the numbers of calls of the two halves of a day, each with half of the mean.
    pub fn correlation_of_halves(&self) -> f64 {
        self.mean / (self.mean + 2.0 * self.shape)
    }

    /// The smallest number that the calls of a day do not exceed with this probability, above 0 and below 1.
    pub fn quantile(&self, probability: f64) -> Result<u64, Error> {
        within("probability", probability, probability > 0.0 && probability < 1.0, "above 0 and below 1")?;
        // p(k+1) = p(k) (k + shape) / (k + 1) · m / (m + shape), from far below the most likely number, where what lies
        // before no longer counts.
        let grow = |k: f64| (k + self.shape) / (k + 1.0) * self.mean / (self.mean + self.shape);
        let (mut first, mut start) = (libm::floor((self.mean - self.mean / self.shape).max(0.0)), 1.0);
        while first > 0.0 && start > 1e-25 {
            start /= grow(first - 1.0);
            first -= 1.0;
        }
        // Past it the ratio falls, so that what follows is less than a geometric series.
        let mut from_here = (first, start);
        let mut sum = 0.0;
        loop {
            let (k, weight) = from_here;
            sum += weight;
            let ratio = grow(k);
            if ratio < 1.0 && weight * ratio < 1e-18 * (1.0 - probability) * sum * (1.0 - ratio) {
                break;
            }
            from_here = (k + 1.0, weight * ratio);
        }
        let (mut k, mut weight) = (first, start);
        let mut below = start;
        while below < probability * sum {
            weight *= grow(k);
            k += 1.0;
            below += weight;
        }
        Ok(k as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_exact_where_they_can_be_counted() {
        // Shape 1 is geometric: P(X > k) = (m / (m + 1))^(k + 1).
        let days = DayFactor::new(9.0, 1.0).expect("in range");
        for (probability, k) in [(0.05, 0), (0.5, 6), (0.95, 28)] {
            assert_eq!(days.quantile(probability), Ok(k), "{probability}");
        }
        // Hardly any factor: Poisson(4), P(X ≤ 7) = 0.9489, P(X ≤ 8) = 0.9786.
        let days = DayFactor::new(4.0, 1e12).expect("in range");
        assert_eq!((days.quantile(0.948), days.quantile(0.95)), (Ok(7), Ok(8)));
        assert!(days.quantile(1.0).is_err());
    }

    #[test]
    fn a_large_number_of_calls_needs_no_small_numbers() {
        let days = DayFactor::new(1e6, 1e6).expect("in range");
        let median = days.quantile(0.5).expect("in range") as f64;
        assert!((median - 1e6).abs() < 2.0, "{median}");
    }
}
