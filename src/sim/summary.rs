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
pub const MAIN: [&str; 13] = [
    "offered",
    "queued",
    "answered",
    "service_level",
    "abandonment",
    "blocked",
    "asa",
    "wait",
    "aht",
    "occupancy",
    "containment",
    "abandoned_in_menus",
    "redial_share",
];

/// Beside those in a summary's first table, where there were any: what became of the queued calls that nobody answered, so
/// that answered + abandoned + left to be called back + left otherwise = queued; and of the promised call backs.
pub const WHERE_ANY: [&str; 7] = [
    "abandoned_calls",
    "left_for_callback",
    "left_otherwise",
    "callbacks_promised",
    "callbacks_reached",
    "callbacks_lost",
    "callbacks_open",
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
    /// Seconds: the wait that this share of all answered calls of all replications did not exceed, with the interval in which
    /// that wait lies (see [`super::quantiles`]).
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
    /// The share of days on which it was, of whole local days after the warm-up and before the horizon on which anybody called
    /// of her own accord and was put in a queue. Where each replication has one such day the interval is Wilson's, else that
    /// of the ratio (days met / days) over replications (Wilson's of the replications, where all days or none met it).
    pub days_met: Estimate,
    /// How many such days there were, in all replications.
    pub days: u64,
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
    /// What the intervals are made of: replications, or batches of one or several long ones.
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
    /// Mondays to Fridays laid over each other, by interval of the day: counts of a mean such day. Empty where the run has
    /// fewer than two.
    pub weekday: Vec<Interval>,
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

/// A number as people read it, by its unit: shares in per cent, long times in hours and minutes.
pub fn shown(unit: &str, value: f64) -> String {
    match unit {
        _ if unit == Unit::Share.name() => format!("{} %", digits(value * 100.0, 1)),
        _ if unit == Unit::Seconds.name() => seconds(value),
        _ if unit == Unit::Count.name() => digits(value, 0),
        _ => digits(value, 2),
    }
}

/// Several times as people read them side by side: all in minutes where one is long.
pub fn shown_times(seconds: &[f64]) -> Vec<String> {
    let long = seconds.iter().any(|time| *time >= LONG && time.is_finite());
    let minutes = |time: f64| match time.round() as u64 {
        whole @ ..60 => format!("{whole} s"),
        whole => format!("{} min {} s", whole / 60, whole % 60),
    };
    seconds.iter().map(|time| if long { minutes(*time) } else { shown(Unit::Seconds.name(), *time) }).collect()
}

/// A number and how far its interval reaches, in one unit where it can be: `49.5 ± 35.0 s`, `7 min 28 s ± 13 min 2 s`.
pub fn shown_with_reach(unit: &str, value: f64, reach: f64) -> [String; 2] {
    let told = [shown(unit, value), shown(unit, reach)];
    if unit != Unit::Seconds.name() || value < 0.0 || value.max(reach) >= HOUR {
        return told;
    }
    let [value, reach] = &shown_times(&[value, reach])[..] else { return told };
    [value.clone(), reach.clone()]
}

/// A difference of two numbers as people read it: shares differ by points.
pub fn shown_difference(unit: &str, value: f64) -> String {
    match unit {
        _ if unit == Unit::Share.name() => format!("{} points", digits(value * 100.0, 1)),
        _ => shown(unit, value),
    }
}

/// Times from this on are told in minutes.
const LONG: f64 = 600.0;

/// Times from this on, rounded to seconds, are told in hours.
const HOUR: f64 = 3600.0 - 0.5;

/// A time: `9.8 s`, `12 min 3 s`, `25 h 13 min`.
fn seconds(value: f64) -> String {
    let sign = if value < 0.0 { "-" } else { "" };
    match value.abs() {
        size if size < LONG || !size.is_finite() => format!("{} s", digits(value, 1)),
        size if size < HOUR => {
            let size = size.round() as u64;
            format!("{sign}{} min {} s", size / 60, size % 60)
        }
        size => {
            let minutes = (size / 60.0).round() as u64;
            format!("{sign}{} h {} min", minutes / 60, minutes % 60)
        }
    }
}

/// A number with so many places, or up to three more where it would seem to be zero and is not: on which side of zero an
/// interval ends is what it is read for. Never `-0`.
fn digits(value: f64, places: usize) -> String {
    let zero = |text: &str| text.trim_start_matches('-').bytes().all(|b| matches!(b, b'0' | b'.'));
    let with = |places: usize| format!("{value:.places$}");
    let first = with(places);
    if !zero(&first) {
        return first;
    }
    let finer = (places + 1..=places + 3).map(with).find(|text| !zero(text)).filter(|_| value != 0.0);
    finer.unwrap_or_else(|| first.trim_start_matches('-').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_times_are_told_in_minutes_and_hours() {
        let cases = [(0.0, "0.0 s"), (599.9, "599.9 s"), (723.0, "12 min 3 s"), (-723.0, "-12 min 3 s")];
        for (value, text) in cases.into_iter().chain([(3599.7, "1 h 0 min"), (90_780.0, "25 h 13 min")]) {
            assert_eq!(shown("seconds", value), text);
        }
    }

    #[test]
    fn what_is_not_zero_does_not_seem_so_and_zero_has_no_sign() {
        assert_eq!(shown("share", 0.000_2), "0.02 %");
        assert_eq!(shown("seconds", -0.000_01), "0.0 s");
        assert_eq!(shown_times(&[408.8, 800.2]), ["6 min 49 s", "13 min 20 s"]);
        assert_eq!(shown_times(&[0.0, 408.8]), ["0.0 s", "408.8 s"]);
        assert_eq!(shown_times(&[5.1, 800.2]), ["5 s", "13 min 20 s"]);
        assert_eq!(shown_with_reach("seconds", 447.6, 782.0), ["7 min 28 s", "13 min 2 s"]);
        assert_eq!(shown_with_reach("seconds", 7447.6, 25.0), ["2 h 4 min", "25.0 s"]);
        assert_eq!(shown_with_reach("share", 0.5, 0.01), ["50.0 %", "1.0 %"]);
        assert_eq!(shown("calls", 0.4), "0.4");
        assert_eq!(shown_difference("share", 0.071), "7.1 points");
        assert_eq!(shown_difference("share", -0.000_3), "-0.03 points");
        assert_eq!(shown_difference("share", -0.0), "0.0 points");
        assert_eq!(shown_difference("seconds", -12.34), "-12.3 s");
    }
}
