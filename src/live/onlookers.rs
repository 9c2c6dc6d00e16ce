//! Who looks on as things happen: the counters of `/metrics` and the listeners of the event feed.

use std::sync::Arc;

use super::{
    metrics::{Fold, Snapshot},
    pump::Pump,
};
use crate::{
    time::Duration,
    world::{Notice, World},
};

/// Those who look on; the pump tells them each thing that happens.
#[derive(Debug)]
pub struct Onlookers {
    fold: Fold,
}

impl Default for Onlookers {
    /// Onlookers whom nobody asks.
    fn default() -> Onlookers {
        Onlookers::new(Fold::new(Arc::default()))
    }
}

impl Onlookers {
    /// Onlookers who count into `fold`.
    pub(super) fn new(fold: Fold) -> Onlookers {
        Onlookers { fold }
    }

    /// Takes note.
    #[inline]
    pub(super) fn note(&mut self, notice: &Notice, world: &World) {
        if let Notice::Event(event) = notice {
            self.fold.note(event, world.versions());
        }
    }
}

impl Pump {
    /// How things are.
    pub(super) fn snapshot(&self) -> Snapshot {
        let (world, clock) = (&self.parts.world, &self.parts.clock);
        // What is due and has not happened yet: by so much the centre is late.
        let lag = world.next_deadline().map_or(Duration::ZERO, |due| clock.now().since(due));
        Snapshot { lag, unacknowledged: self.owed.len(), ..Snapshot::of(world) }
    }
}
