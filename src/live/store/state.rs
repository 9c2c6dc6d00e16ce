//! How the writing goes, for whoever wants to know without asking the writer.

use std::sync::{
    Arc, Mutex, OnceLock, PoisonError,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use super::job::Kind;
use crate::{
    live::{
        clock::{self, Clock},
        metrics::Metrics,
    },
    time::{Duration, Instant},
};

/// How the writing goes. Read at any time by anybody; written by the writer's thread and by those who hand it jobs.
#[derive(Debug)]
pub struct State {
    failing: Arc<AtomicBool>,
    began: tokio::time::Instant,
    waiting: AtomicU64,
    room: u64,
    /// Microseconds after `began` at which the oldest job that is not written yet was handed over; `NONE`: there is none.
    oldest: AtomicU64,
    written: [AtomicU64; Kind::COUNT],
    commits: AtomicU64,
    failures: AtomicU64,
    doubled: AtomicU64,
    late: AtomicU64,
    last_commit: AtomicU64,
    reason: Mutex<Option<String>>,
    service: Mutex<Service>,
    metrics: OnceLock<Arc<Metrics>>,
}

const NONE: u64 = u64::MAX;

/// What service time is reckoned from.
#[derive(Debug, Clone, Copy, Default)]
struct Service {
    /// How long the centre had lived when this run's doors opened.
    before: Duration,
    /// The run's clock, and where it stood then.
    clock: Option<(Clock, Instant)>,
}

/// How many rows of each kind this run has written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Call records.
    pub calls: u64,
    /// Registry changes, complaints and cases.
    pub changes: u64,
    /// Audit lines.
    pub audit: u64,
    /// Refusals; one row may stand for several.
    pub refusals: u64,
    /// Changes to lockouts.
    pub access: u64,
    /// Promises of call backs, made and settled.
    pub promises: u64,
}

impl State {
    pub(super) fn new(room: usize, before: Duration) -> State {
        State {
            failing: Arc::default(),
            began: clock::wall(),
            waiting: AtomicU64::new(0),
            room: room as u64,
            oldest: AtomicU64::new(NONE),
            written: Default::default(),
            commits: AtomicU64::new(0),
            failures: AtomicU64::new(0),
            doubled: AtomicU64::new(0),
            late: AtomicU64::new(0),
            last_commit: AtomicU64::new(0),
            reason: Mutex::new(None),
            service: Mutex::new(Service { before, clock: None }),
            metrics: OnceLock::new(),
        }
    }

    /// Whether no new call should be taken: the last write failed, or more than half of the room for waiting jobs is taken.
    pub fn failing(&self) -> bool {
        self.failing.load(Ordering::Relaxed)
    }

    /// The flag behind [`State::failing`].
    pub fn failing_flag(&self) -> Arc<AtomicBool> {
        self.failing.clone()
    }

    /// Why the last write failed; `None` while writing goes well. Says nothing of any call.
    pub fn reason(&self) -> Option<String> {
        self.reason.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many jobs wait to be written, those being written included.
    pub fn waiting(&self) -> u64 {
        self.waiting.load(Ordering::Relaxed)
    }

    /// How many jobs may wait in memory; whoever has one more to hand over waits.
    pub fn room(&self) -> u64 {
        self.room
    }

    /// How long the oldest job that is not on the disk has waited; zero when all is written.
    pub fn lag(&self) -> Duration {
        match self.oldest.load(Ordering::Relaxed) {
            NONE => Duration::ZERO,
            oldest => Duration(clock::since(self.began).0.saturating_sub(oldest)),
        }
    }

    /// How many rows were written in this run.
    pub fn written(&self) -> Written {
        let [calls, changes, audit, refusals, access, promises] =
            [0, 1, 2, 3, 4, 5].map(|kind: usize| self.written[kind].load(Ordering::Relaxed));
        Written { calls, changes, audit, refusals, access, promises }
    }

    /// How many groups were written.
    pub fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    /// How often a write failed; each is tried again until it succeeds.
    pub fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }

    /// How many call records came a second time and were left out. Any is a fault of this program.
    pub fn doubled(&self) -> u64 {
        self.doubled.load(Ordering::Relaxed)
    }

    /// How long the last group took to be made durable.
    pub fn last_commit(&self) -> Duration {
        Duration(self.last_commit.load(Ordering::Relaxed))
    }

    /// Tells how the run's time goes: at the opening of the doors `clock` stands at `opens`.
    pub fn opened(&self, clock: Clock, opens: Instant) {
        self.service.lock().unwrap_or_else(PoisonError::into_inner).clock = Some((clock, opens));
    }

    /// Service time: how long the centre has lived, summed over its runs. Stands still until the doors open.
    pub fn lived(&self) -> Duration {
        let Service { before, clock } = *self.service.lock().unwrap_or_else(PoisonError::into_inner);
        before + clock.map_or(Duration::ZERO, |(clock, opens)| clock.now().since(opens))
    }

    /// Counts how long each commit takes into `metrics` from now on; the first ones given are kept.
    pub(in crate::live) fn count_into(&self, metrics: Arc<Metrics>) {
        let _ = self.metrics.set(metrics);
    }

    /// A job is handed over; when.
    pub(super) fn queued(&self) -> u64 {
        let at = clock::since(self.began).0;
        let waiting = self.waiting.fetch_add(1, Ordering::Relaxed) + 1;
        self.oldest.fetch_min(at, Ordering::Relaxed);
        if waiting * 2 > self.room {
            self.failing.store(true, Ordering::Relaxed);
        }
        at
    }

    /// A group is taken to be written; its first job was handed over at `oldest`.
    pub(super) fn taken(&self, oldest: u64) {
        self.oldest.store(oldest, Ordering::Relaxed);
    }

    /// A group is on the disk; the next job waiting was handed over at `next`.
    pub(super) fn committed(&self, kinds: &[u64; Kind::COUNT], took: Duration) {
        for (count, more) in self.written.iter().zip(kinds) {
            count.fetch_add(*more, Ordering::Relaxed);
        }
        self.commits.fetch_add(1, Ordering::Relaxed);
        self.last_commit.store(took.0, Ordering::Relaxed);
        if let Some(metrics) = self.metrics.get() {
            metrics.committed(took);
        }
        let done = kinds.iter().sum();
        let waiting = self.waiting.fetch_sub(done, Ordering::Relaxed) - done;
        // What came meanwhile waits since now at the earliest that can be told here; the next group says it exactly.
        let oldest = if waiting == 0 { NONE } else { clock::since(self.began).0 };
        self.oldest.store(oldest, Ordering::Relaxed);
        if waiting * 4 <= self.room {
            self.failing.store(false, Ordering::Relaxed);
        }
        *self.reason.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// A write failed; whether it is the first since one succeeded.
    pub(super) fn failed(&self, reason: String) -> bool {
        self.failing.store(true, Ordering::Relaxed);
        self.failures.fetch_add(1, Ordering::Relaxed);
        self.reason.lock().unwrap_or_else(PoisonError::into_inner).replace(reason).is_none()
    }

    /// The writer ends: nothing is written any more.
    pub(super) fn over(&self) {
        self.failing.store(true, Ordering::Relaxed);
    }

    /// A job that was handed over is given back.
    pub(super) fn taken_back(&self) {
        self.waiting.fetch_sub(1, Ordering::Relaxed);
    }

    /// A job came that was not to be left out, after the writer had ended.
    pub(super) fn came_too_late(&self) {
        self.late.fetch_add(1, Ordering::Relaxed);
    }

    /// How many such jobs came.
    pub(super) fn late(&self) -> u64 {
        self.late.load(Ordering::Relaxed)
    }

    pub(super) fn came_twice(&self) {
        self.doubled.fetch_add(1, Ordering::Relaxed);
    }
}
