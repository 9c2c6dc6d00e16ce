//! Failures and locks of one subject, and windows of failures.

use std::collections::VecDeque;

use super::change::Standing;
use crate::{
    canary::{Canary, canary},
    registry::config::Limits,
    time::Duration,
};

/// Microseconds of this run; negative: before it began, in an earlier one.
pub(super) type Micros = i64;

/// Failures and locks of one subject.
#[derive(Clone, Debug)]
pub(super) struct Tally {
    failures: VecDeque<Micros>,
    pub(super) locked_until: Option<Micros>,
    /// How many locks there have been without a quiet [`Limits::claim_window`] between.
    locks: u32,
    pub(super) last: Micros,
}

impl Default for Tally {
    fn default() -> Tally {
        Tally { failures: VecDeque::new(), locked_until: None, locks: 0, last: Micros::MIN / 2 }
    }
}

impl Tally {
    /// Counts a failure; the one that reaches the limit locks.
    pub(super) fn fail(&mut self, now: Micros, limits: &Limits) {
        if now - self.last > limits.claim_window.0 as Micros {
            self.locks = 0;
        }
        if canary(Canary::CounterAfterAnswer) && self.failures.back() == Some(&now) {
            return;
        }
        self.last = now;
        drop_old(&mut self.failures, now, limits.claim_window);
        self.failures.push_back(now);
        if self.failures.len() >= limits.claim_failures as usize {
            let lock = limits.claim_locks[(self.locks as usize).min(limits.claim_locks.len() - 1)];
            let until = now.saturating_add(Micros::try_from(lock.0).unwrap_or(Micros::MAX));
            self.locks = self.locks.saturating_add(1);
            self.failures.clear();
            self.locked_until = Some(until);
            // A lock as long as the window must not be forgotten by waiting it out.
            self.last = until;
        }
    }

    /// Adds what an earlier run left: whichever is stricter.
    pub(super) fn merge(&mut self, earlier: Tally) {
        self.failures.extend(earlier.failures);
        self.failures.make_contiguous().sort_unstable();
        self.locked_until = self.locked_until.max(earlier.locked_until);
        self.locks = self.locks.max(earlier.locks);
        self.last = self.last.max(earlier.last);
    }

    /// As it is told outside, where the run began at `base` of service time.
    pub(super) fn standing(&self, base: Micros) -> Standing {
        let outside = |at: Micros| Duration((at + base).max(0) as u64);
        Standing {
            failures: self.failures.iter().map(|&at| outside(at)).collect(),
            locked_until: self.locked_until.map(outside),
            locks: self.locks,
            last: outside(self.last),
        }
    }

    /// Taken back in a run that began at `base` of service time.
    pub(super) fn restored(standing: &Standing, base: Micros) -> Tally {
        let inside = |at: &Duration| Micros::try_from(at.0).unwrap_or(Micros::MAX) - base;
        Tally {
            failures: standing.failures.iter().map(inside).collect(),
            locked_until: standing.locked_until.as_ref().map(inside),
            locks: standing.locks,
            last: inside(&standing.last),
        }
    }
}

/// Drops the failures that have left the window.
pub(super) fn drop_old(failures: &mut VecDeque<Micros>, now: Micros, window: Duration) {
    let window = Micros::try_from(window.0).unwrap_or(Micros::MAX);
    while failures.front().is_some_and(|&first| now.saturating_sub(first) >= window) {
        failures.pop_front();
    }
}
