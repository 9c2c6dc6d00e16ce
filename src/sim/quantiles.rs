//! Quantiles of the waits of all calls of all replications, with intervals.
//!
//! Calls of one replication are not independent, so order statistics of calls would have intervals far too narrow, and the
//! quantiles of single days are another quantity: the wait of a caller on a median day, not that of a median caller.

use super::summary::{LEVEL, Quantile};
use crate::{
    record::waits::Waits,
    stats::{Estimate, student_t},
};

/// Waits up to the end of a class, over replications: the sums that a ratio's variance is made of.
#[derive(Clone, Copy, Debug, Default)]
struct UpTo {
    waits: u64,
    squares: u128,
    /// Times all waits of the replication.
    with_all: u128,
}

/// The waits of replications, class by class; memory does not grow with their number.
#[derive(Clone, Debug, Default)]
pub struct Pooled {
    n: u64,
    all: UpTo,
    classes: Vec<UpTo>,
}

impl Pooled {
    /// Counts one replication (or batch).
    pub fn add(&mut self, waits: &Waits) {
        let counts = waits.counts();
        if self.classes.len() < counts.len() {
            // In earlier replications every wait was shorter.
            self.classes.resize(counts.len(), self.all);
        }
        let all = u128::from(waits.len());
        let mut below = 0;
        for (i, class) in self.classes.iter_mut().enumerate() {
            below += counts.get(i).copied().unwrap_or(0);
            class.add(below, all);
        }
        self.all.add(waits.len(), all);
        self.n += 1;
    }

    /// The wait that a share `p` (above 0, below 1) of all calls did not exceed. The interval inverts the test whether a wait
    /// is that quantile (Woodruff 1952): it holds every wait x at which the mean over replications of (calls up to x) less p
    /// (calls) is no further from zero than Student's t allows. An end is absent where the sample cannot tell.
    pub fn quantile(&self, p: f64) -> Quantile {
        let mean = |class: &UpTo| class.waits as f64 - p * self.all.waits as f64;
        let first = |shift: f64| {
            let reaches = |class: &UpTo| mean(class) + shift * self.error(class, p) >= -1e-9;
            self.classes.iter().position(reaches).map(|class| Waits::middle(class).as_secs_f64())
        };
        let value = first(0.0).filter(|_| self.all.waits > 0);
        let (low, high) = match value {
            Some(_) if self.n > 1 => {
                let t = student_t(LEVEL, self.n as f64 - 1.0);
                (first(t), first(-t))
            }
            _ => (None, None),
        };
        Quantile { p, seconds: Estimate { value, low, high, level: LEVEL, n: self.n } }
    }

    /// The standard error of the sum over replications of (waits up to a class) less p (all waits).
    fn error(&self, class: &UpTo, p: f64) -> f64 {
        let n = self.n as f64;
        let squares = class.squares as f64 - 2.0 * p * class.with_all as f64 + p * p * self.all.squares as f64;
        let mean = (class.waits as f64 - p * self.all.waits as f64) / n;
        libm::sqrt(n * ((squares - n * mean * mean) / (n - 1.0)).max(0.0))
    }
}

impl UpTo {
    fn add(&mut self, waits: u64, all: u128) {
        self.waits += waits;
        self.squares += u128::from(waits) * u128::from(waits);
        self.with_all += u128::from(waits) * all;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{random::Seed, time::Duration};

    fn waits(millis: impl IntoIterator<Item = u64>) -> Waits {
        let mut waits = Waits::default();
        millis.into_iter().for_each(|ms| waits.add(Duration::from_millis(ms)));
        waits
    }

    #[test]
    fn a_bad_day_with_many_calls_weighs_by_its_calls() {
        // Two quiet days of ten calls at once, one bad day of a hundred that wait 90 s: the median day's quantile is 0 s.
        let mut pooled = Pooled::default();
        for day in [waits([0; 10]), waits([0; 10]), waits([90_000; 100])] {
            pooled.add(&day);
        }
        let median = pooled.quantile(0.5).seconds;
        assert!((median.value.expect("waits") - 90.0).abs() < 0.1, "{median:?}");
        assert_eq!(median.low, Some(0.0));
        assert_eq!(Pooled::default().quantile(0.5).seconds.value, None);
    }

    #[test]
    fn it_is_the_quantile_of_all_waits_together_in_any_order_of_lengths() {
        let days = [waits([1_000, 2_000, 3_000]), waits([500]), waits((0..400).map(|i| i * 100))];
        let (mut pooled, mut all) = (Pooled::default(), Waits::default());
        for day in &days {
            pooled.add(day);
            all.merge(day);
        }
        for p in [0.1, 0.5, 0.8, 0.95, 0.99] {
            let found = pooled.quantile(p).seconds;
            assert_eq!(found.value, all.quantile(p).map(Duration::as_secs_f64), "{p}");
            assert!(found.low <= found.value && found.high.is_none_or(|high| Some(high) >= found.value), "{found:?}");
        }
    }

    #[test]
    fn nineteen_intervals_in_twenty_hold_the_true_quantile() {
        use rand::RngExt;
        // Days with a level of their own: exponential waits of mean 20, 30 or 40 s alike.
        let mut stream = Seed { seed: 11, replication: 0 }.stream(crate::random::Purpose::Birth, 0);
        let means = [20.0, 30.0, 40.0];
        let share = |x: f64| means.iter().map(|mean| 1.0 - libm::exp(-x / mean)).sum::<f64>() / 3.0;
        let truth = (0..300_000).map(|i| f64::from(i) / 1e3).find(|x| share(*x) >= 0.8).expect("somewhere");
        let runs = 400;
        let mut held = 0;
        for _ in 0..runs {
            let mut pooled = Pooled::default();
            for _ in 0..20 {
                let mean = means[stream.random_range(0..3)];
                let wait = |_| (-mean * libm::log(1.0 - stream.random::<f64>()) * 1e3) as u64;
                pooled.add(&waits((0..100).map(wait)));
            }
            held += u32::from(pooled.quantile(0.8).seconds.contains(truth));
        }
        // 380 expected, with a standard deviation of 4.4.
        assert!((355..=398).contains(&held), "{held}");
    }
}
