//! One replication, stretch by stretch.

use crate::{
    engine::Event,
    random::Seed,
    scenario::{Scenario, Stage},
    time::{Duration, Instant},
    world::{Notice, World},
};

/// Between two stretches a run can be cut short, and may end when nobody is in a call: short enough that a Ctrl-C is heeded
/// at once, long enough to cost nothing.
const STRETCH: Duration = Duration::from_mins(30);

/// A replication in progress.
#[derive(Debug)]
pub struct Play {
    world: World,
    horizon: Instant,
    last: Instant,
    now: Instant,
    over: bool,
    refused: Vec<(Instant, String)>,
}

impl Play {
    /// The beginning of a replication.
    pub fn new(scenario: &Scenario, stage: &Stage, seed: Seed) -> Play {
        let horizon = Instant::ZERO + scenario.horizon;
        Play {
            world: World::new(scenario.world(stage, seed)),
            horizon,
            last: horizon + scenario.finish,
            now: Instant::ZERO,
            over: false,
            refused: Vec::new(),
        }
    }

    /// Whether there is more to come.
    pub fn goes_on(&self) -> bool {
        !self.over
    }

    /// Goes on by one stretch, at most to `stop`, and tells `sink` its events.
    pub fn step(&mut self, stop: Option<Instant>, sink: &mut impl FnMut(&Event)) {
        // The horizon is the end of a stretch, so that a run without anybody in it ends there.
        let end = if self.now < self.horizon { self.horizon } else { self.last };
        let until = (self.now + STRETCH).min(end).min(stop.unwrap_or(Instant::NEVER)).max(self.now);
        // What happened at the very beginning, before anybody could watch.
        while let Some(notice) = self.world.poll() {
            if let Notice::Event(event) = notice {
                sink(&event);
            }
        }
        self.world.watch(until, sink);
        while let Some(notice) = self.world.poll() {
            if let Notice::Refused { at, reason } = notice {
                self.refused.push((at, reason));
            }
        }
        self.now = until;
        self.over = until >= self.last || until >= self.horizon && self.world.engine().calls_in_progress() == 0;
    }

    /// Up to when it was run.
    pub fn now(&self) -> Instant {
        self.now
    }

    /// Calls offered so far.
    pub fn calls(&self) -> u64 {
        self.world.engine().calls_offered()
    }

    /// What was planned and could not happen: when, and why.
    pub fn refused(&self) -> &[(Instant, String)] {
        &self.refused
    }
}
