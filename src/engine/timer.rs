//! Named deadlines. Whoever arms one keeps its ticket, to take it back without a search.

use crate::{
    agenda::{Agenda, Ticket},
    id::{AgentId, CallId, QueueId},
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

/// A call's armed deadlines.
pub(crate) type Armed = [Option<Ticket>; 6];

/// All armed deadlines.
pub(crate) type Timers = Agenda<Timer>;
