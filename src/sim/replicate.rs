//! Replications of a scenario on all cores, until there are enough of them.

use std::num::{NonZeroU32, NonZeroUsize};

use crate::{random::Seed, scenario::Scenario};

/// How a scenario is run.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// How many replications.
    pub runs: Runs,
    /// The root of all chance; `None`: the scenario's.
    pub seed: Option<u64>,
    /// On how many threads. The results do not depend on it.
    pub threads: NonZeroUsize,
    /// Hash every event of every replication.
    pub trace: bool,
}

/// How many replications.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Runs {
    /// As many as the scenario says.
    Scenario,
    /// So many.
    Count(NonZeroU32),
    /// Until the main measures are known so well.
    Precision(Precision),
}

/// When there are enough replications: the half-widths of the 95 % intervals of the main measures. Looked at after each
/// replication, in their order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Precision {
    /// Of the mean wait and the speed of answer, as a share of the value; above 0.
    pub relative: f64,
    /// Of the service level and the share who hang up, as a share of calls; above 0.
    pub absolute: f64,
    /// At most so many replications; there are always at least [`Precision::AT_LEAST`].
    pub at_most: NonZeroU32,
}

impl Precision {
    /// Fewer replications say too little about their own spread to stop by it.
    pub const AT_LEAST: u32 = 10;
}

/// How far a run has come.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// Replications finished.
    pub done: u32,
    /// Of how many; with a precision the most there can be.
    pub total: u32,
    /// With a precision: by which factor the widest half-width is still too wide, 1 or less when it is met.
    pub too_wide: Option<f64>,
    /// Calls in all of them so far.
    pub calls: u64,
}

/// Why a run came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum SimError {
    /// The scenario cannot be put on.
    #[error("{0}")]
    Scenario(String),
    /// A fault of this program.
    #[error(
        "replication {replication} failed, which is a fault of hatif and not of the scenario: {message}; to replay: \
         hatif simulate {scenario} --seed {seed} --replications {}", .replication + 1
    )]
    Panicked {
        /// Which scenario.
        scenario: String,
        /// The seed.
        seed: u64,
        /// Which replication, from 0.
        replication: u32,
        /// What it said.
        message: String,
    },
}

/// A scenario with all that its replications share: the registry and who lives in it, built once.
#[derive(Clone, Debug)]
pub struct Stage {
    scenario: Scenario,
    seed: u64,
}

impl Stage {
    /// Builds what replications share.
    ///
    /// # Errors
    /// The scenario cannot be put on.
    pub fn new(scenario: &Scenario, seed: Option<u64>) -> Result<Stage, SimError> {
        Ok(Stage { scenario: scenario.clone(), seed: seed.unwrap_or(scenario.seed) })
    }

    /// The scenario.
    pub fn scenario(&self) -> &Scenario {
        &self.scenario
    }

    /// The root of all chance of a replication.
    pub fn seed(&self, replication: u32) -> Seed {
        Seed { seed: self.seed, replication }
    }
}
