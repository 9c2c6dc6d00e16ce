//! When calls come, and whose they are.
//!
//! ```text
//! rules (as a scenario says them) ──► source, days, events (what is expected) ──► cursor (chance) ──► births in order
//! ```
//!
//! Chance comes from streams of its own: when the calls of a source come ([`crate::random::Purpose::Arrival`]), whose they are
//! (`Person`), how busy a half-hour (`HalfHourFactor`) is, each keyed by the source's name and the local day, and how busy a day
//! (`DayFactor`) is, keyed by the day alone: one factor for the whole centre. What happens in the centre cannot change a birth,
//! nor can another source, nor its place among them: of two designs, a source of the same name has the same calls. (Sixteen
//! bits of a name are used; of two whose bits are the same, the later source takes the next free ones.)
//!
//! A source's factor and the factor of all demand add calls or leave some out; the others keep instant, person and lot
//! (`SourcePlan::layers`). Factors on days change the rate itself: there the calls of the day move.
//!
//! What a caller wants, speaks and puts up with is not drawn here but from her lot: what is fixed at birth from one stream
//! (`Birth`) in a fixed order, which is as independent of the design as a stream for each and three times as cheap.

mod alias;
mod cursor;
mod days;
mod events;
mod local;
pub mod rules;
mod source;

use std::sync::Arc;

use super::population::Population;
use crate::{
    id::{PersonId, key_of_name},
    random::Seed,
    script::Script,
    time::{Duration, Instant, LocalClock},
};
use cursor::Cursor;
use rules::{DemandRules, Source};
use source::SourcePlan;

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
    plan: Arc<Plan>,
    seed: Seed,
    cursors: Box<[Cursor]>,
    /// The cursor whose call comes next.
    first: usize,
}

/// What all replications share.
#[derive(Debug)]
struct Plan {
    sources: Box<[SourcePlan]>,
    population: Option<Arc<Population>>,
    clock: LocalClock,
    horizon: Instant,
}

impl Demand {
    /// The calls of a run from its beginning to before `horizon`. Without a population nobody of the registry calls; nor
    /// does anybody of a source whose filter nobody passes.
    pub fn new(
        rules: &DemandRules,
        population: Option<Arc<Population>>,
        script: &Script,
        clock: &LocalClock,
        seed: Seed,
        horizon: Duration,
    ) -> Demand {
        let horizon = Instant::ZERO + horizon;
        // The lots leave sixteen bits for a source; a scenario with more is far beyond use, and its rest stays silent.
        let sources = &rules.sources[..rules.sources.len().min(usize::from(u16::MAX))];
        let source = |(source, key)| SourcePlan::new(source, population.as_deref(), script, clock, horizon, key);
        let sources = sources.iter().zip(keys(sources)).map(source).collect();
        let plan = Plan { sources, population, clock: clock.clone(), horizon };
        Demand::begin(Arc::new(plan), seed)
    }

    /// The same demand from its beginning with other chance: what another replication meets. Cheaper than [`Demand::new`].
    pub fn again(&self, seed: Seed) -> Demand {
        Demand::begin(self.plan.clone(), seed)
    }

    fn begin(plan: Arc<Plan>, seed: Seed) -> Demand {
        let numbered = (0_u16..).zip(&plan.sources);
        let layers = numbered.flat_map(|(source, of)| of.layers().map(move |layer| (source, layer)));
        let cursors = layers.map(|(source, layer)| Cursor::new(source, layer, &plan, seed)).collect();
        let mut demand = Demand { plan, seed, cursors, first: 0 };
        demand.first = demand.earliest();
        demand
    }

    /// When the next birth is; `None`: nobody calls any more.
    #[inline]
    pub fn peek(&self) -> Option<Instant> {
        self.cursors.get(self.first).map(|cursor| cursor.at).filter(|at| *at != Instant::NEVER)
    }

    /// The next birth.
    #[inline]
    #[allow(
        clippy::should_implement_trait,
        reason = "what comes next is peeked at as well, and is no sequence to adapt"
    )]
    pub fn next(&mut self) -> Option<Birth> {
        let cursor = self.cursors.get_mut(self.first).filter(|cursor| cursor.at != Instant::NEVER)?;
        let birth = cursor.take(&self.plan, self.seed);
        if self.cursors.len() > 1 {
            self.first = self.earliest();
        }
        Some(birth)
    }

    fn earliest(&self) -> usize {
        let mut first = 0;
        for (i, cursor) in self.cursors.iter().enumerate() {
            if cursor.at < self.cursors[first].at {
                first = i;
            }
        }
        first
    }

    /// Expected births from `from` to before `to`, before any gamma factor is drawn.
    pub fn expected(&self, from: Instant, to: Instant) -> f64 {
        (0..self.plan.sources.len()).map(|source| self.expected_of(source, from, to)).sum()
    }

    /// Expected births of one source, by index; 0 for a source there is not.
    pub fn expected_of(&self, source: usize, from: Instant, to: Instant) -> f64 {
        let to = to.min(self.plan.horizon);
        let Some(source) = self.plan.sources.get(source).filter(|_| from < to) else { return 0.0 };
        source.expected(&self.plan.clock, from, to)
    }
}

/// The bits of each source in lots: of its name, or the next that are free.
fn keys(sources: &[Source]) -> Vec<u16> {
    let mut taken = std::collections::BTreeSet::new();
    let key = |source: &Source| {
        let mut key = (key_of_name(&source.name) >> 24) as u16;
        while !taken.insert(key) {
            key = key.wrapping_add(1);
        }
        key
    };
    sources.iter().map(key).collect()
}
