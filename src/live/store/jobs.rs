//! The way to the writer: bounded, and never losing what was taken in.
//!
//! **What happens when the disk is slower than the calls, or fails.** Jobs wait in memory, at most `records.waiting` of
//! them. From half of that on, and from the first write that fails, no new call should be taken
//! ([`super::State::failing`]), so that only calls in progress add to what waits; they go on. When all the room is taken,
//! whoever has one more job waits too: the centre stands still rather than lose a record. Refusals alone may be left out,
//! and are counted by whoever offers them.

use std::sync::{Arc, mpsc};

use tokio::sync::Semaphore;

use super::{job::Job, state::State};

/// A job, and when it was handed over.
pub(super) type Queued = (u64, Job);

/// Hands jobs to the writer.
#[derive(Clone, Debug)]
pub struct Jobs {
    to: mpsc::Sender<Queued>,
    room: Arc<Semaphore>,
    state: Arc<State>,
}

/// The writer has ended; the job is given back.
#[derive(Debug, thiserror::Error)]
#[error("the writer of call records has ended")]
pub struct Gone(pub Box<Job>);

/// The writer's end.
pub(super) struct Inlet {
    pub(super) jobs: mpsc::Receiver<Queued>,
    pub(super) room: Arc<Semaphore>,
}

impl Jobs {
    /// A queue of so much room, and its other end.
    pub(super) fn new(room: usize, state: Arc<State>) -> (Jobs, Inlet) {
        let (to, jobs) = mpsc::channel();
        let room = Arc::new(Semaphore::new(room));
        (Jobs { to, room: room.clone(), state }, Inlet { jobs, room })
    }

    /// Hands a job over, waiting for room.
    ///
    /// # Errors
    /// The writer has ended.
    pub async fn send(&self, job: Job) -> Result<(), Gone> {
        let sent = match self.room.acquire().await {
            Ok(place) => {
                place.forget();
                self.put(job)
            }
            Err(_) => Err(Gone(Box::new(job))),
        };
        sent.inspect_err(|_| self.state.came_too_late())
    }

    /// Hands a job over while hardly more than an eighth of the room is taken; it is given back otherwise. For what may be
    /// counted instead: however much of it comes, it never takes the half from which on calls are refused.
    pub fn offer(&self, job: Job) -> Result<(), Gone> {
        if self.state.waiting() * 8 > self.state.room() {
            return Err(Gone(Box::new(job)));
        }
        match self.room.try_acquire() {
            Ok(place) => {
                place.forget();
                self.put(job)
            }
            Err(_) => Err(Gone(Box::new(job))),
        }
    }

    /// How the writing goes.
    pub fn state(&self) -> &Arc<State> {
        &self.state
    }

    fn put(&self, job: Job) -> Result<(), Gone> {
        let at = self.state.queued();
        self.to.send((at, job)).map_err(|mpsc::SendError((_, job))| {
            self.state.taken_back();
            Gone(Box::new(job))
        })
    }
}

/// Where jobs go that nobody writes but whoever holds the other end: for tests of a pump without a disk.
pub fn unwritten(room: usize) -> (Jobs, Unwritten) {
    let state = Arc::new(State::new(room, crate::time::Duration::ZERO));
    let (jobs, inlet) = Jobs::new(room, state);
    (jobs, Unwritten(inlet))
}

/// The other end of [`unwritten`].
#[derive(Debug)]
pub struct Unwritten(Inlet);

impl Unwritten {
    /// The next job; `None` when nobody can hand one over any more. Blocks.
    pub fn next(&self) -> Option<Job> {
        let (_, job) = self.0.jobs.recv().ok()?;
        self.0.room.add_permits(1);
        Some(job)
    }
}

impl std::fmt::Debug for Inlet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inlet").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::store::RefusalRow;

    #[tokio::test]
    async fn a_flood_of_refusals_never_keeps_calls_out() {
        for room in [64, 1_000] {
            let (jobs, _nobody_writes) = unwritten(room);
            let refusal = |number| RefusalRow { number, at_utc: String::new(), reason: "lag", times: 1 };
            let mut taken = 0;
            while jobs.offer(Job::Refusal(refusal(taken + 1))).is_ok() {
                taken += 1;
            }
            assert!(taken > 0 && !jobs.state().failing(), "{taken} of {room}");
            // Nor does the next call's record, nor many.
            for mark in 0..room as u64 / 4 {
                jobs.send(Job::Mark(mark)).await.expect("there is room");
            }
            assert!(!jobs.state().failing(), "{taken} of {room}");
            assert!(jobs.offer(Job::Refusal(refusal(taken + 1))).is_err(), "calls come first");
        }
    }
}
