//! What replications found: estimates with intervals, by whatever calls can be told apart by, and warnings in words.
//!
//! Written as `summary.json`; every number stands beside its unit.

use serde::Serialize;

/// What is said of one number.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Estimate {
    /// The best guess; `None`: nothing to divide by (no calls).
    pub value: Option<f64>,
    /// Half the width of its 95 % interval; `None`: too few replications or batches to know.
    pub half_width: Option<f64>,
    /// The interval's lower end.
    pub low: Option<f64>,
    /// The interval's upper end.
    pub high: Option<f64>,
}

/// A measure and what was found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Found {
    /// Its name in the catalogue.
    pub name: &'static str,
    /// Its unit.
    pub unit: &'static str,
    /// What was found.
    #[serde(flatten)]
    pub estimate: Estimate,
}

/// The measures of some of the calls.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Part {
    /// Whose: the name of a queue, a skill, a language, an intent, a region, the beginning of a half-hour, a day.
    pub name: String,
    /// The measures.
    pub measures: Vec<Found>,
}

/// A quantile of the waits of queued calls.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Quantile {
    /// Which, 0 to 1.
    pub p: f64,
    /// Seconds; its interval is that of the median over replications, by order statistics.
    #[serde(flatten)]
    pub seconds: Estimate,
}

/// Something to heed when reading the figures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// Short name, for programs.
    pub code: &'static str,
    /// What, and what to do.
    pub text: String,
}

/// What replications of a scenario found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// The scenario's name.
    pub scenario: String,
    /// Its one line.
    pub title: String,
    /// The seed.
    pub seed: u64,
    /// Replications summed up.
    pub replications: u32,
    /// The run was cut short; what was finished is summed up.
    pub partial: bool,
    /// Calls in all replications.
    pub calls: u64,
    /// Confidence of the intervals.
    pub confidence: f64,
    /// All calls.
    pub measures: Vec<Found>,
    /// By queue.
    pub queues: Vec<Part>,
    /// By skill.
    pub skills: Vec<Part>,
    /// By language.
    pub languages: Vec<Part>,
    /// By intent.
    pub intents: Vec<Part>,
    /// By region.
    pub regions: Vec<Part>,
    /// By interval of the day.
    pub intervals: Vec<Part>,
    /// By day.
    pub days: Vec<Part>,
    /// Of the waits.
    pub quantiles: Vec<Quantile>,
    /// What to heed.
    pub warnings: Vec<Warning>,
    /// A hash of every event of every replication, in order, when asked for.
    pub trace: Option<String>,
}
