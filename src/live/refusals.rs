//! The record of each dial that was not taken. It is offered to the writer of records and never waited for: whoever dials a
//! thousand times a second must not hold up those who are in a call. What the writer has no room for is counted, and once a
//! second one row a reason says how many there were.

use std::collections::BTreeMap;

use tokio::time::Instant as Wall;

use super::{
    admission, clock,
    protocol::RefusalReason,
    pump::Pump,
    row,
    sessions::SessionId,
    store::{Job, RefusalRow},
};

/// How often rows for many are written.
const EVERY: std::time::Duration = std::time::Duration::from_secs(1);

/// Refusals without a row so far.
#[derive(Debug, Default)]
pub(super) struct Unwritten {
    /// By reason: the number of the last, and how many.
    counts: BTreeMap<RefusalReason, (u64, u64)>,
    /// When rows are tried again.
    due: Option<Wall>,
}

impl Unwritten {
    fn add(&mut self, reason: RefusalReason, number: u64) {
        let (last, times) = self.counts.entry(reason).or_default();
        (*last, *times) = (number, *times + 1);
        self.due.get_or_insert_with(|| clock::wall() + EVERY);
    }

    /// When rows are to be written, if any are.
    pub(super) fn due(&self) -> Option<Wall> {
        self.due
    }
}

impl Pump {
    /// A dial is not taken: the caller is told, and the store.
    pub(super) fn turn_away(&mut self, session: SessionId, reason: RefusalReason) {
        let number = self.parts.admission.refuse(reason);
        self.say(session, admission::words(self.parts.run, number, reason));
        if self.unwritten.due.is_some() || !self.offer(reason, number, 1) {
            self.unwritten.add(reason, number);
        }
    }

    /// Offers rows for the refusals that have none; those for which there is still no room wait another second.
    pub(super) fn write_refusals(&mut self) {
        self.unwritten.due = None;
        for (reason, (number, times)) in std::mem::take(&mut self.unwritten.counts) {
            if !self.offer(reason, number, times) {
                self.unwritten.counts.insert(reason, (number, times));
                self.unwritten.due = Some(clock::wall() + EVERY);
            }
        }
    }

    /// At the end: what has no row yet is waited for. Where the writer is gone the log says how many have none.
    pub(super) async fn write_last_refusals(&mut self) {
        self.unwritten.due = None;
        for (reason, (number, times)) in std::mem::take(&mut self.unwritten.counts) {
            let job = self.refusal_job(reason, number, times);
            if self.parts.jobs.send(job).await.is_err() {
                tracing::error!(reason = reason.word(), times, "the writer is gone; these refusals have no record");
            }
        }
    }

    fn offer(&self, reason: RefusalReason, number: u64, times: u64) -> bool {
        self.parts.jobs.offer(self.refusal_job(reason, number, times)).is_ok()
    }

    fn refusal_job(&self, reason: RefusalReason, number: u64, times: u64) -> Job {
        let at_utc = row::utc(self.parts.world.clock().timestamp(self.parts.world.now()));
        Job::Refusal(RefusalRow { number, at_utc, reason: reason.word(), times })
    }
}
