//! Scenarios: what a run is made of, read from TOML and checked like a script.
//!
//! ```text
//! scenario.toml ──► every mistake at once (file, line, column, reason, nearest name)
//!              └──► Scenario: script, hours, people, incidents, what is measured
//! ```
//!
//! Imports `script` (the checked centre and the reader of TOML with places), `people`, `world` (incidents), `registry`,
//! `time`, `id`. Never enters: a clock, a socket, chance.

use std::sync::Arc;

use crate::{
    people::cast::Cast,
    script::Script,
    time::{Duration, LocalClock},
    world::incident::Incident,
};

/// A checked scenario.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Its name: the file's, without `.toml`.
    pub name: Box<str>,
    /// One line for people.
    pub title: Box<str>,
    /// The centre it runs on.
    pub script: Arc<Script>,
    /// Which local time each instant is: the run begins at [`crate::time::Instant::ZERO`].
    pub clock: LocalClock,
    /// For how long callers are born. The run goes on until the last call has ended, at most for [`Scenario::finish`].
    pub horizon: Duration,
    /// How long calls in progress may go on after the horizon.
    pub finish: Duration,
    /// What happens before is not measured.
    pub warm_up: Duration,
    /// A steady-state run is cut into so many batches after the warm-up; `None`: the replications are the sample.
    pub batches: Option<u32>,
    /// How many replications are run unless asked otherwise, at least 1.
    pub replications: u32,
    /// The root of all chance unless asked otherwise.
    pub seed: u64,
    /// How many people the registry holds, and the seed it is generated from; `None`: nobody in this scenario needs it.
    pub registry: Option<(u32, u64)>,
    /// Who calls and who works.
    pub cast: Arc<Cast>,
    /// What happens by plan, in order of time.
    pub incidents: Arc<[Incident]>,
    /// What counts as good.
    pub measures: MeasureRules,
}

/// Thresholds of the measures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MeasureRules {
    /// Answered within this is good.
    pub threshold: Duration,
    /// The share of calls that should be, 0 to 1.
    pub target: f64,
    /// Who hangs up in a queue before this has not really waited.
    pub short_abandon: Duration,
    /// Length of the intervals of the report. Default 30 minutes.
    pub interval: Duration,
    /// In which interval a call counts.
    pub count_by: CountBy,
}

/// In which interval a call counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum CountBy {
    /// In which it arrived.
    #[default]
    Arrival,
    /// In which it was answered (or left, if it was not).
    Answer,
    /// In which it ended.
    Exit,
}
