//! A number with the interval it is known to.

use serde::Serialize;

use crate::special;

/// An estimate with its two-sided confidence interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Estimate {
    /// The estimate; absent when there is nothing to estimate from (no sample, a ratio with denominator zero).
    pub value: Option<f64>,
    /// Lower end of the interval; absent when the sample is too small to tell.
    pub low: Option<f64>,
    /// Upper end of the interval; absent when the sample is too small to tell.
    pub high: Option<f64>,
    /// Confidence level of the interval, above 0 and below 1, such as 0.95.
    pub level: f64,
    /// Size of the sample: replications, batches, days.
    pub n: u64,
}

impl Estimate {
    /// Nothing is known.
    pub fn absent(level: f64, n: u64) -> Estimate {
        Estimate { value: None, low: None, high: None, level, n }
    }

    /// A value without an interval: one observation says nothing about its spread.
    pub fn bare(value: f64, level: f64, n: u64) -> Estimate {
        Estimate { value: Some(value), low: None, high: None, level, n }
    }

    /// A value with a symmetric interval by Student's t with `n - 1` degrees of freedom.
    pub fn by_student(value: f64, standard_error: f64, level: f64, n: u64) -> Estimate {
        Estimate::with_freedom(value, standard_error, level, n, n as f64 - 1.0)
    }

    /// The same with degrees of freedom of its own, which need not be whole.
    pub(super) fn with_freedom(value: f64, standard_error: f64, level: f64, n: u64, freedom: f64) -> Estimate {
        if n < 2 || !standard_error.is_finite() {
            return Estimate::bare(value, level, n);
        }
        let half = match standard_error > 0.0 {
            true => student_t(level, freedom) * standard_error,
            false => 0.0,
        };
        Estimate { value: Some(value), low: Some(value - half), high: Some(value + half), level, n }
    }

    /// The same with its interval cut off at what the quantity can be at least and at most: Student's t knows no bounds. The
    /// interval still holds the true value as surely.
    pub fn within(self, least: f64, most: f64) -> Estimate {
        let cut = |end: Option<f64>| end.map(|end| end.max(least).min(most));
        Estimate { low: cut(self.low), high: cut(self.high), ..self }
    }

    /// How far the interval reaches from the value, to its farther end: half its width, also where one end was cut off.
    pub fn reach(&self) -> Option<f64> {
        let (value, low, high) = (self.value?, self.low?, self.high?);
        Some((high - value).max(value - low))
    }

    /// Half the width of the interval.
    pub fn half_width(&self) -> Option<f64> {
        Some((self.high? - self.low?) / 2.0)
    }

    /// Half the width over the value's size; absent also when the value is zero and the interval is not a point.
    pub fn relative_half_width(&self) -> Option<f64> {
        let (half, value) = (self.half_width()?, self.value?.abs());
        match (half, value) {
            (0.0, _) => Some(0.0),
            (_, 0.0) => None,
            _ => Some(half / value),
        }
    }

    /// Whether a number lies in the interval, ends included. An estimate without an interval contains nothing.
    pub fn contains(&self, number: f64) -> bool {
        matches!((self.low, self.high), (Some(low), Some(high)) if low <= number && number <= high)
    }

    /// Whether the interval says that there is a difference at all: zero lies outside it.
    pub fn differs_from_zero(&self) -> bool {
        self.low.is_some() && !self.contains(0.0)
    }
}

/// Student's t for a two-sided interval of a confidence level (above 0, below 1) with these degrees of freedom (above 0):
/// 2.262 for 0.95 and 9.
pub fn student_t(level: f64, freedom: f64) -> f64 {
    special::student_quantile((1.0 - level) / 2.0, freedom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_estimate_of_one_observation_has_no_interval() {
        let one = Estimate::by_student(3.0, f64::NAN, 0.95, 1);
        assert_eq!((one.value, one.low, one.high), (Some(3.0), None, None));
        assert!(!one.contains(3.0) && !one.differs_from_zero());
        assert_eq!(one.relative_half_width(), None);
    }

    #[test]
    fn an_interval_is_cut_off_where_the_quantity_ends_and_reaches_as_far_as_before() {
        let wait = Estimate::by_student(10.0, 20.0, 0.95, 10);
        let cut = wait.within(0.0, f64::INFINITY);
        assert_eq!((cut.low, cut.high), (Some(0.0), wait.high));
        assert_eq!(cut.reach(), wait.half_width());
        assert_eq!(Estimate::bare(3.0, 0.95, 1).within(0.0, 1.0).low, None);
    }

    #[test]
    fn a_relative_half_width_needs_a_value_other_than_zero() {
        let around = |value| Estimate::by_student(value, 0.1, 0.95, 10);
        assert_eq!(around(0.0).relative_half_width(), None);
        let half = around(-2.0).relative_half_width().expect("a width");
        assert!((half - 0.1 * 2.262_157_162_8 / 2.0).abs() < 1e-10, "{half}");
        assert_eq!(Estimate::by_student(0.0, 0.0, 0.95, 10).relative_half_width(), Some(0.0));
    }
}
