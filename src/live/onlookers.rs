//! Who looks on as things happen: the counters of `/metrics` and the listeners of the event feed.

use std::sync::Arc;

use axum::extract::ws::Utf8Bytes;
use tokio::{sync::mpsc, time::Instant as Wall};

use super::{
    clock,
    events::Feed,
    metrics::{Fold, Metrics, Snapshot},
    pump::Pump,
};
use crate::{
    time::Duration,
    world::{Notice, World},
};

/// Those who look on; the pump tells them each thing that happens.
#[derive(Debug)]
pub struct Onlookers {
    metrics: Arc<Metrics>,
    fold: Fold,
    feed: Feed,
    /// When the errand came that is being dealt with.
    taken: Option<Wall>,
}

impl Default for Onlookers {
    /// Onlookers whom nobody asks.
    fn default() -> Onlookers {
        Onlookers::new(Arc::default(), 0)
    }
}

impl Onlookers {
    /// Onlookers of the run `run` who count into `metrics`.
    pub fn new(metrics: Arc<Metrics>, run: i64) -> Onlookers {
        Onlookers { fold: Fold::new(metrics.clone()), metrics, feed: Feed::new(run), taken: None }
    }

    /// Takes note.
    #[inline]
    pub(super) fn note(&mut self, notice: &Notice, world: &World) {
        if let Notice::Event(event) = notice {
            self.fold.note(event, world.versions());
            if self.feed.is_heard() {
                self.feed.tell(event, world, &self.metrics);
            }
        }
    }

    /// An errand is taken.
    #[inline]
    pub(super) fn taken(&mut self) {
        self.taken = Some(clock::wall());
    }

    /// Everything that happened is told.
    #[inline]
    pub(super) fn settled(&mut self, world: &World) {
        if let Some(taken) = self.taken.take() {
            self.metrics.errand(clock::since(taken));
        }
        if self.feed.is_heard() {
            self.feed.settled(world);
        }
    }

    /// Somebody asks for figures.
    pub(super) fn prepare(&mut self, world: &World) {
        self.fold.prepare(world.versions());
    }

    /// Somebody listens from now on; up to `room` messages wait for her.
    pub(super) fn listen(&mut self, room: usize, world: &World) -> mpsc::Receiver<Utf8Bytes> {
        self.feed.listen(room, world)
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
