//! What replications found: estimates with intervals, by whatever calls can be told apart by, and warnings in words.
//!
//! Written as `summary.json`; every number stands beside its unit.

use serde::Serialize;

use crate::{
    record::{
        measure::{Measure, Unit},
        tally::Sums,
    },
    stats::Estimate,
};

/// Confidence of every interval.
pub const LEVEL: f64 = 0.95;

/// The measures that are shown first, that designs are compared by and that sweeps tell.
pub const MAIN: [&str; 12] = [
    "offered",
    "queued",
    "answered",
    "service_level",
    "abandonment",
    "asa",
    "wait",
    "aht",
    "occupancy",
    "containment",
    "abandoned_in_menus",
    "redial_share",
];

/// A measure and what was found.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Found {
    /// Its name in the catalogue.
    pub name: &'static str,
    /// Its unit.
    pub unit: &'static str,
    /// What was found.
    #[serde(flatten)]
    pub estimate: Estimate,
}

impl Found {
    /// What was found of a measure.
    pub fn new(measure: &Measure, estimate: Estimate) -> Found {
        Found { name: measure.name, unit: measure.unit.name(), estimate }
    }
}

/// The estimate of a measure among several; absent where it is not among them.
pub fn estimate_of(measures: &[Found], name: &str) -> Option<Estimate> {
    measures.iter().find(|found| found.name == name).map(|found| found.estimate)
}

/// The measures of some of the calls.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Part {
    /// Whose: the name of a queue, a skill, a language, an intent, a region, a day.
    pub name: String,
    /// The measures.
    pub measures: Vec<Found>,
}

/// An interval of the run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Interval {
    /// The local day on which it begins.
    pub date: String,
    /// The local time at which it begins.
    pub time: String,
    /// Mean number of agents on shift.
    pub staff: Estimate,
    /// Mean number of agents at work (ringing, calling back, talking, holding, after-call work), those finishing after
    /// their shift included.
    pub busy: Estimate,
    /// The measures of calls that count in it.
    pub measures: Vec<Found>,
}

/// A quantile of the waits of answered calls.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Quantile {
    /// Which, 0 to 1.
    pub p: f64,
    /// Seconds: the median over replications of their quantiles, with its interval by order statistics.
    pub seconds: Estimate,
}

/// A class of a histogram of waits.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct WaitClass {
    /// Shortest wait, seconds.
    pub from: f64,
    /// First wait beyond, seconds.
    pub to: f64,
    /// Calls answered after such a wait, in all replications.
    pub answered: u64,
    /// Calls abandoned after such a wait, in all replications.
    pub abandoned: u64,
}

/// A node of the menu tree, a mean replication.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// Calls that entered it.
    pub visits: f64,
    /// Times silence was counted.
    pub no_input: f64,
    /// Times an entry that fits nothing was counted.
    pub no_match: f64,
    /// Calls whose caller hung up here with nothing gained.
    pub lost: f64,
    /// Calls whose caller hung up in the queue that this node put her into.
    pub lost_waiting: f64,
    /// Mean seconds a visit.
    pub seconds: Option<f64>,
}

/// A law that every run must keep.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Check {
    /// Its short name.
    pub name: &'static str,
    /// Of what.
    pub of: String,
    /// One side.
    pub left: f64,
    /// The other.
    pub right: f64,
    /// It holds.
    pub holds: bool,
    /// What is compared, and how closely.
    pub text: &'static str,
}

/// Something to heed when reading the figures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// Short name, for programs.
    pub code: &'static str,
    /// What, and what to do.
    pub text: String,
}

/// How often the target was met.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Target {
    /// The wait within which an answer counts, seconds.
    pub threshold: f64,
    /// The share of calls that should be answered within it.
    pub share: f64,
    /// The share of days with calls (over all replications) on which it was, with Wilson's interval.
    pub days_met: Estimate,
}

/// What replications of a scenario found.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// The scenario's name.
    pub scenario: String,
    /// Its one line.
    pub title: String,
    /// The version of the script: its digest.
    pub script: String,
    /// The seed.
    pub seed: u64,
    /// Replications summed up.
    pub replications: u32,
    /// The run was cut short; what was finished is summed up.
    pub partial: bool,
    /// What the intervals are made of: replications, or batches of a single long one.
    pub sample: &'static str,
    /// How long callers are born, hours.
    pub horizon_hours: f64,
    /// What is left out at the beginning, hours.
    pub warm_up_hours: f64,
    /// Calls in all replications, call backs and the warm-up included.
    pub calls: u64,
    /// Confidence of the intervals.
    pub confidence: f64,
    /// All calls.
    pub measures: Vec<Found>,
    /// The service level that was aimed at.
    pub target: Target,
    /// Of the waits of answered calls.
    pub quantiles: Vec<Quantile>,
    /// The waits, by length.
    pub waits: Vec<WaitClass>,
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
    /// By day.
    pub days: Vec<Part>,
    /// By interval of the run.
    pub intervals: Vec<Interval>,
    /// The menu tree.
    pub nodes: Vec<Node>,
    /// The laws.
    pub checks: Vec<Check>,
    /// What to heed.
    pub warnings: Vec<Warning>,
    /// A hash of every event of every replication, in order, when asked for.
    pub trace: Option<String>,
    /// All sums of all replications, for whoever needs more.
    #[serde(skip)]
    pub sums: Option<Sums>,
}

impl Summary {
    /// What was found of a measure, over all calls.
    pub fn of(&self, name: &str) -> Option<Estimate> {
        estimate_of(&self.measures, name)
    }

    /// Whether all calls came on one day; the last of them may have ended on the next.
    pub fn is_one_day(&self) -> bool {
        self.days_with_calls().count() <= 1
    }

    /// The days on which anybody called.
    pub fn days_with_calls(&self) -> impl Iterator<Item = &Part> {
        let called = |day: &&Part| estimate_of(&day.measures, "offered").is_some_and(|e| e.value > Some(0.0));
        self.days.iter().filter(called)
    }
}

/// A number as people read it, by its unit: shares in per cent.
pub fn shown(unit: &str, value: f64) -> String {
    match unit {
        _ if unit == Unit::Share.name() => format!("{:.1} %", value * 100.0),
        _ if unit == Unit::Seconds.name() => format!("{value:.1} s"),
        _ if unit == Unit::Count.name() => format!("{value:.0}"),
        _ => format!("{value:.2}"),
    }
}
