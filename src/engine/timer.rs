//! Named deadlines in (instant, sequence) order.
//!
//! A deadline is cancelled without a search: whoever armed it keeps the sequence number, and an entry whose number is no
//! longer kept is stale and skipped when its turn comes.

use std::{cmp::Reverse, collections::BinaryHeap};

use crate::{
    id::{AgentId, CallId, QueueId},
    time::Instant,
};

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Timer {
    /// The end of a prompt, of silence, between digits, of waiting for a service: whichever the call's step is about.
    Step(CallId),
    /// The longest wait of a queued call.
    MaxWait(CallId),
    /// The next thing a waiting caller hears.
    Treatment(CallId),
    /// More agents may take a waiting call.
    Widen(CallId),
    /// An agent's, or a called-back person's, telephone has rung long enough.
    Ring(CallId),
    /// A person is to be called back again.
    Retry(CallId),
    /// After-call work has lasted long enough.
    WrapUp(AgentId),
    /// The pause after a call that was not answered is over.
    Pause(AgentId),
    /// A queue opens: promises to call back become due.
    Opening(QueueId),
}

/// The kinds of deadline a call has, as places in its table of armed sequence numbers.
#[derive(Clone, Copy)]
pub(crate) enum Slot {
    Step = 0,
    MaxWait = 1,
    Treatment = 2,
    Widen = 3,
    Ring = 4,
    Retry = 5,
}

/// Sequence numbers of a call's armed deadlines, zero where none is.
pub(crate) type Armed = [u64; 6];

/// All armed deadlines.
#[derive(Clone, Debug, Default)]
pub(crate) struct Timers {
    heap: BinaryHeap<Reverse<(Instant, u64, Timer)>>,
    seq: u64,
    /// At this length stale entries are swept out.
    sweep_at: usize,
}

impl Timers {
    /// Whether stale entries may have piled up: those of callers who key fast, or enter and leave queues.
    pub(crate) fn wants_sweep(&self) -> bool {
        self.heap.len() > self.sweep_at.max(1_024)
    }

    /// Drops the entries that are not armed; swept again when the rest has doubled.
    pub(crate) fn sweep(&mut self, armed: impl Fn(u64, Timer) -> bool) {
        self.heap.retain(|Reverse((_, seq, timer))| armed(*seq, *timer));
        self.sweep_at = 2 * self.heap.len();
    }

    /// Arms a deadline and returns its sequence number.
    pub(crate) fn arm(&mut self, at: Instant, timer: Timer) -> u64 {
        self.seq += 1;
        self.heap.push(Reverse((at, self.seq, timer)));
        self.seq
    }

    /// The earliest entry, stale or not.
    pub(crate) fn peek(&self) -> Option<(Instant, u64, Timer)> {
        self.heap.peek().map(|Reverse(entry)| *entry)
    }

    /// Takes the earliest entry.
    pub(crate) fn pop(&mut self) -> Option<(Instant, u64, Timer)> {
        self.heap.pop().map(|Reverse(entry)| entry)
    }
}
