//! Named deadlines. Whoever arms one keeps its ticket, to take it back without a search.

use crate::{
    agenda::{Agenda, Ticket},
    id::{AgentId, CallId, QueueId},
    time::Instant,
};

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Timer {
    /// A deadline of a call, of this kind.
    Call(Slot, CallId),
    /// After-call work has lasted long enough.
    WrapUp(AgentId),
    /// The pause after a call that was not answered is over.
    Pause(AgentId),
    /// A queue opens: promises to call back become due.
    Opening(QueueId),
}

impl Timer {
    /// Whose deadline it is, where it is one call's.
    #[inline]
    pub(crate) fn call(self) -> Option<CallId> {
        match self {
            Timer::Call(_, call) => Some(call),
            Timer::WrapUp(_) | Timer::Pause(_) | Timer::Opening(_) => None,
        }
    }
}

/// The kinds of deadline a call has, as places in its table of tickets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slot {
    /// The end of a prompt, of silence, between digits, of waiting for a service: whichever the call's step is about.
    Step = 0,
    /// The longest wait of a queued call.
    MaxWait = 1,
    /// The next thing a waiting caller hears.
    Treatment = 2,
    /// More agents may take a waiting call.
    Widen = 3,
    /// An agent's, or a called-back person's, telephone has rung long enough.
    Ring = 4,
    /// A person is to be called back again.
    Retry = 5,
}

/// A call's armed deadlines, one of each kind at most.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub(crate) struct Armed {
    /// Which are armed, a bit each; the tickets of the others mean nothing.
    set: u8,
    tickets: [Option<Ticket>; 6],
}

impl Armed {
    #[inline]
    pub(crate) fn has(&self, slot: Slot) -> bool {
        self.set & (1 << slot as u8) != 0
    }

    /// When a deadline is due, if it is armed.
    pub(crate) fn due_at(&self, timers: &Timers, slot: Slot) -> Option<Instant> {
        self.tickets[slot as usize].filter(|_| self.has(slot)).and_then(|ticket| timers.due_at(ticket))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.set == 0
    }

    /// Notes that a deadline came to its time.
    #[inline]
    pub(crate) fn happened(&mut self, slot: Slot) {
        self.set &= !(1 << slot as u8);
    }

    /// Arms a deadline, in place of the one armed before. Putting off costs less than taking back and arming anew.
    #[inline]
    pub(crate) fn arm(&mut self, timers: &mut Timers, slot: Slot, call: CallId, at: Instant) {
        if self.has(slot)
            && let Some(ticket) = self.tickets[slot as usize]
            && timers.postpone(ticket, at)
        {
            return;
        }
        self.set |= 1 << slot as u8;
        self.tickets[slot as usize] = Some(timers.enter(at, Timer::Call(slot, call)));
    }

    #[inline]
    pub(crate) fn disarm(&mut self, timers: &mut Timers, slot: Slot) {
        if self.has(slot) {
            self.happened(slot);
            if let Some(ticket) = self.tickets[slot as usize] {
                timers.cancel(ticket);
            }
        }
    }

    /// Disarms all.
    #[inline]
    pub(crate) fn clear(&mut self, timers: &mut Timers) {
        self.keep(timers, 0);
    }

    /// Disarms all that stand for a wait in a queue.
    #[inline]
    pub(crate) fn end_waiting(&mut self, timers: &mut Timers) {
        self.keep(timers, 1 << Slot::Step as u8);
    }

    #[inline]
    fn keep(&mut self, timers: &mut Timers, kept: u8) {
        let mut rest = self.set & !kept;
        self.set &= kept;
        while rest != 0 {
            if let Some(ticket) = self.tickets[rest.trailing_zeros() as usize] {
                timers.cancel(ticket);
            }
            rest &= rest - 1;
        }
    }
}

/// All armed deadlines.
pub(crate) type Timers = Agenda<Timer>;
