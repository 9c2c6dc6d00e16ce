//! How long the centre took: histograms of high dynamic range, which keep three significant digits from a microsecond to
//! an hour, so that a percentile of a million calls is as exact as one of a hundred.

use hdrhistogram::Histogram;
use serde::Serialize;

/// What is measured. Each begins when the caller *meant* to act, not when the generator got round to it. Whoever acts at once
/// upon what she hears (`--pause 0`, `--hold 0`) means to when the generator reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Measure {
    /// From when a call was due to when its connection is open.
    Connect,
    /// From when the number was to be dialled to the first prompt: on a fresh connection from when the call was due, so
    /// that connecting is in it; on one that is kept, from when the next call was to begin.
    Dial,
    /// From when the key that completes an entry was to be pressed to the next prompt.
    Key,
    /// From when the caller was to hang up to `ended`, which is said once the record is on disk.
    End,
    /// From when the number was to be dialled to `refused`.
    Refusal,
    /// How late the generator itself was: from when a call was due to when it began to make it.
    Late,
}

impl Measure {
    /// Every measure, in the order of reports.
    pub const ALL: [Measure; 6] =
        [Measure::Connect, Measure::Dial, Measure::Key, Measure::End, Measure::Refusal, Measure::Late];

    /// Its name in reports and thresholds.
    pub const fn word(self) -> &'static str {
        match self {
            Measure::Connect => "connect",
            Measure::Dial => "dial",
            Measure::Key => "key",
            Measure::End => "end",
            Measure::Refusal => "refusal",
            Measure::Late => "late",
        }
    }

    /// What it is, for people.
    pub const fn meaning(self) -> &'static str {
        match self {
            Measure::Connect => "call due → connected",
            Measure::Dial => "call due → first prompt",
            Measure::Key => "key → next prompt",
            Measure::End => "hang-up → record on disk",
            Measure::Refusal => "call due → refused",
            Measure::Late => "call due → begun (the generator itself)",
        }
    }

    /// The measure of that name.
    pub fn named(word: &str) -> Option<Measure> {
        Measure::ALL.into_iter().find(|measure| measure.word() == word)
    }
}

/// The longest time that is told apart from longer ones, microseconds: an hour.
const LONGEST: u64 = 3_600_000_000;

fn histogram() -> Histogram<u64> {
    // Three digits of at most an hour are within the library's bounds; two would be its only other choice.
    Histogram::new_with_bounds(1, LONGEST, 3).expect("bounds the library takes")
}

/// One histogram for each measure.
#[derive(Clone, Debug)]
pub struct Latencies([Histogram<u64>; 6]);

impl Default for Latencies {
    fn default() -> Latencies {
        Latencies(std::array::from_fn(|_| histogram()))
    }
}

impl Latencies {
    /// Takes note of one time.
    pub fn note(&mut self, measure: Measure, took: std::time::Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(LONGEST);
        self.0[measure as usize].saturating_record(micros.max(1));
    }

    /// The histogram of a measure, microseconds.
    pub fn of(&self, measure: Measure) -> &Histogram<u64> {
        &self.0[measure as usize]
    }

    /// What a measure came to; `None`: nothing was measured.
    pub fn figures(&self, measure: Measure) -> Option<Figures> {
        let histogram = self.of(measure);
        (!histogram.is_empty()).then(|| Figures::of(histogram))
    }
}

/// A small histogram for the seconds of a run, emptied after each.
#[derive(Clone, Debug)]
pub struct Second(Histogram<u64>);

impl Default for Second {
    fn default() -> Second {
        Second(histogram())
    }
}

impl Second {
    /// Takes note of one time.
    pub fn note(&mut self, took: std::time::Duration) {
        self.0.saturating_record(u64::try_from(took.as_micros()).unwrap_or(LONGEST).max(1));
    }

    /// The median and the 99th percentile, milliseconds, and begins anew; `None`: nothing was measured.
    pub fn take(&mut self) -> Option<(f64, f64)> {
        if self.0.is_empty() {
            return None;
        }
        let found = (millis(self.0.value_at_quantile(0.5)), millis(self.0.value_at_quantile(0.99)));
        self.0.reset();
        Some(found)
    }
}

/// What a measure came to; all but `count` in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Figures {
    /// How many times were measured.
    pub count: u64,
    /// Half took no longer.
    pub p50: f64,
    /// Nine of ten took no longer.
    pub p90: f64,
    /// 99 of a hundred took no longer.
    pub p99: f64,
    /// 999 of a thousand took no longer.
    pub p99_9: f64,
    /// The longest.
    pub max: f64,
    /// The mean.
    pub mean: f64,
}

impl Figures {
    fn of(histogram: &Histogram<u64>) -> Figures {
        let at = |quantile| millis(histogram.value_at_quantile(quantile));
        Figures {
            count: histogram.len(),
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            p99_9: at(0.999),
            max: millis(histogram.max()),
            mean: histogram.mean() / 1_000.0,
        }
    }
}

fn millis(micros: u64) -> f64 {
    micros as f64 / 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_the_times_noted() {
        let mut latencies = Latencies::default();
        for millis in 1..=1_000 {
            latencies.note(Measure::Key, std::time::Duration::from_millis(millis));
        }
        let figures = latencies.figures(Measure::Key).expect("something was measured");
        let near = |found: f64, wanted: f64| (found / wanted - 1.0).abs() < 0.002;
        assert_eq!(figures.count, 1_000);
        assert!(near(figures.p50, 500.0) && near(figures.p90, 900.0) && near(figures.p99_9, 999.0), "{figures:?}");
        assert!(near(figures.max, 1_000.0) && near(figures.mean, 500.5), "{figures:?}");
        assert_eq!(latencies.figures(Measure::Dial), None);
    }

    #[test]
    fn longer_than_an_hour_counts_as_an_hour() {
        let mut latencies = Latencies::default();
        latencies.note(Measure::End, std::time::Duration::from_secs(90_000));
        let figures = latencies.figures(Measure::End).expect("something was measured");
        assert!((figures.max / 3_600_000.0 - 1.0).abs() < 0.002, "{figures:?}");
    }
}
