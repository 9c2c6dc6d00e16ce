//! When calls come, and whose they are.

pub mod rules;

use std::sync::Arc;

use super::population::Population;
use crate::{
    id::PersonId,
    random::Seed,
    script::Script,
    time::{Duration, Instant, LocalClock},
};
use rules::DemandRules;

/// Somebody who is about to call for the first time about her matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Birth {
    /// When she dials.
    pub at: Instant,
    /// What all her chance is keyed by (`seed.stream(purpose, lot)`): unique in the run, and the same whatever the other
    /// sources do and however calls are handled.
    pub lot: u64,
    /// From which source, by index in [`DemandRules::sources`].
    pub source: u16,
    /// Who she is; `None`: nobody the registry knows.
    pub person: Option<PersonId>,
}

/// All calls to come, in order of time (ties: the earlier source first). Memory does not grow with the number of calls.
///
/// The same rules, seed and replication give the same births, whatever else happens in the run.
#[derive(Clone, Debug)]
pub struct Demand {
    seed: Seed,
}

impl Demand {
    /// The calls of a run from its beginning to before `horizon`. Without a population nobody of the registry calls.
    pub fn new(
        _rules: &DemandRules,
        _population: Option<Arc<Population>>,
        _script: &Script,
        _clock: &LocalClock,
        seed: Seed,
        _horizon: Duration,
    ) -> Demand {
        Demand { seed }
    }

    /// The same demand from its beginning with other chance: what another replication meets. Cheaper than [`Demand::new`].
    pub fn again(&self, seed: Seed) -> Demand {
        Demand { seed }
    }

    /// When the next birth is; `None`: nobody calls any more.
    pub fn peek(&self) -> Option<Instant> {
        None
    }

    /// The next birth.
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Option<Birth> {
        None
    }

    /// Expected births from `from` to before `to`, before any gamma factor is drawn.
    pub fn expected(&self, _from: Instant, _to: Instant) -> f64 {
        0.0
    }

    /// Expected births of one source, by index; 0 for a source there is not.
    pub fn expected_of(&self, _source: usize, _from: Instant, _to: Instant) -> f64 {
        0.0
    }
}
