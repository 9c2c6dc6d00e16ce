//! When enough replications have been run.

use super::Estimate;

/// How well an estimate must be known: every half-width that is asked for must be met.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Precision {
    /// Half-width over the value's size at most, such as 0.01; `None`: not asked.
    pub relative: Option<f64>,
    /// Half-width at most, in the measure's unit; `None`: not asked.
    pub absolute: Option<f64>,
    /// Confidence level of the intervals, above 0 and below 1.
    pub level: f64,
    /// So many replications at least, never fewer than 2: the variance of very few is itself not known, and stopping by
    /// it would stop too soon.
    pub minimum: u64,
}

impl Precision {
    /// Whether an estimate made at this level is known well enough. An absent value (nothing to measure) is, once the
    /// minimum is reached: more of nothing would not help.
    pub fn met(&self, estimate: &Estimate) -> bool {
        if estimate.n < self.minimum.max(2) {
            return false;
        }
        estimate.value.is_none() || self.lacking(estimate) <= 1.0
    }

    /// About how many replications are needed in all, by the width so far (which falls with the root of their number);
    /// for showing the time left. At least the minimum; `None` when nothing can be said, as with a value of zero.
    pub fn needed(&self, estimate: &Estimate) -> Option<u64> {
        let minimum = self.minimum.max(2);
        if estimate.value.is_none() && estimate.n >= minimum {
            return Some(minimum);
        }
        estimate.half_width()?;
        let lacking = self.lacking(estimate);
        lacking.is_finite().then(|| (libm::ceil(estimate.n as f64 * lacking * lacking) as u64).max(minimum))
    }

    /// How many times too wide the interval is; at most 1 when it is narrow enough.
    fn lacking(&self, estimate: &Estimate) -> f64 {
        let times = |asked: Option<f64>, half: Option<f64>| match (asked, half) {
            (None, _) | (Some(_), Some(0.0)) => 0.0,
            (Some(asked), Some(half)) => half / asked,
            (Some(_), None) => f64::INFINITY,
        };
        times(self.relative, estimate.relative_half_width()).max(times(self.absolute, estimate.half_width()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn estimate(value: f64, half: f64, n: u64) -> Estimate {
        Estimate { value: Some(value), low: Some(value - half), high: Some(value + half), level: 0.95, n }
    }

    const BOTH: Precision = Precision { relative: Some(0.01), absolute: Some(0.5), level: 0.95, minimum: 10 };

    #[test]
    fn both_widths_must_be_met() {
        assert!(BOTH.met(&estimate(40.0, 0.4, 20)));
        assert!(!BOTH.met(&estimate(30.0, 0.4, 20)), "relative");
        assert!(!BOTH.met(&estimate(400.0, 0.6, 20)), "absolute");
        assert!(!BOTH.met(&estimate(40.0, 0.4, 9)), "too few");
        assert!(!BOTH.met(&Estimate::bare(1.0, 0.95, 50)), "no interval");
        assert!(BOTH.met(&Estimate::absent(0.95, 10)), "nothing to measure");
    }

    #[test]
    fn twice_too_wide_needs_four_times_as_many() {
        assert_eq!(BOTH.needed(&estimate(1000.0, 1.0, 20)), Some(80));
        assert_eq!(BOTH.needed(&estimate(1000.0, 0.1, 20)), Some(10));
        assert_eq!(BOTH.needed(&estimate(0.0, 0.1, 20)), None, "no share of zero is reached");
        assert!(BOTH.met(&estimate(0.0, 0.0, 20)), "always zero is known well");
    }
}
