//! The pump's book: which connection has which call, and whose turn it is.
//!
//! ```text
//!            dial                    call ends             record durable: `ended`
//!  (free) ────────► Talking(call) ─────────────► Ending(call) ─────────────► (free)
//!    │                   ▲  hangup: told to the engine, Ending(call)             ▲
//!    │ call back         │ answer                                                │
//!    └────────────► Ringing(call) ── hangup, no answer ──────────────────────────┘
//! ```

use std::collections::{BTreeMap, BTreeSet};

use super::sessions::SessionId;
use crate::{
    id::{AgentId, CallId, LanguageId, ScriptVersion},
    pii::CallerNumber,
};

/// What a connection is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// The caller's telephone rings: a call back.
    Ringing(CallId),
    /// There is a call.
    Talking(CallId),
    /// The call is over for the caller; its record is not on the disk yet.
    Ending(CallId),
}

impl Turn {
    pub(super) fn call(self) -> CallId {
        match self {
            Turn::Ringing(call) | Turn::Talking(call) | Turn::Ending(call) => call,
        }
    }
}

/// A call in progress, whoever makes it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arrival {
    pub(super) version: ScriptVersion,
    pub(super) language: LanguageId,
}

/// See the top of this file.
#[derive(Debug, Default)]
pub(super) struct Book {
    turns: BTreeMap<SessionId, Turn>,
    lines: BTreeMap<CallId, SessionId>,
    /// Numbers of calls, and of call backs to come, for their records.
    numbers: BTreeMap<CallId, CallerNumber>,
    /// Every call in progress but those of synthetic callers.
    arrivals: BTreeMap<CallId, Arrival>,
    /// Whom a call talks to.
    agents: BTreeMap<CallId, AgentId>,
    /// Calls in progress that are, or were, a connection's, and the call backs promised in them.
    connections: BTreeSet<CallId>,
    /// Call backs and the connections they were promised to, which may be gone.
    promised: BTreeMap<CallId, SessionId>,
    /// Call backs that nobody has picked up yet.
    away: BTreeSet<CallId>,
    /// Calls of synthetic callers in progress, and those that ended while what happened is being told.
    synthetic: BTreeSet<CallId>,
    ended: Vec<CallId>,
}

impl Book {
    pub(super) fn turn(&self, session: SessionId) -> Option<Turn> {
        self.turns.get(&session).copied()
    }

    /// The connection that hears a call.
    pub(super) fn line(&self, call: CallId) -> Option<SessionId> {
        self.lines.get(&call).copied()
    }

    /// A connection takes a turn.
    pub(super) fn set(&mut self, session: SessionId, turn: Turn) {
        self.turns.insert(session, turn);
        self.lines.insert(turn.call(), session);
        match turn {
            Turn::Ringing(call) | Turn::Talking(call) => _ = self.connections.insert(call),
            Turn::Ending(_) => {}
        }
    }

    /// A connection is free again, or gone; what it was about.
    pub(super) fn free(&mut self, session: SessionId) -> Option<Turn> {
        let turn = self.turns.remove(&session)?;
        self.lines.remove(&turn.call());
        Some(turn)
    }

    pub(super) fn arrived(&mut self, call: CallId, arrival: Arrival) {
        self.arrivals.insert(call, arrival);
    }

    /// Every call in progress that is not a synthetic caller's.
    pub(super) fn calls(&self) -> Vec<CallId> {
        self.arrivals.keys().copied().collect()
    }

    /// How many calls are in progress that are not synthetic callers'.
    pub(super) fn persons(&self) -> usize {
        self.arrivals.len()
    }

    /// A call back waits for its turn: no call of anybody's until she picks up.
    pub(super) fn waits_away(&mut self, call: CallId) {
        self.away.insert(call);
    }

    /// Whether a call back has not been picked up.
    pub(super) fn is_away(&self, call: CallId) -> bool {
        self.away.contains(&call)
    }

    /// Somebody picks up a call back.
    pub(super) fn reached(&mut self, call: CallId) {
        self.away.remove(&call);
    }

    /// How many calls there are in which somebody is on the line; promises do not keep others out.
    pub(super) fn on_the_line(&self) -> usize {
        self.arrivals.len() - self.away.len()
    }

    /// How many calls the end of the centre waits for: all but the call backs for which no telephone rings, which are kept
    /// for the next run.
    pub(super) fn awaited(&self) -> usize {
        self.on_the_line() + self.away.iter().filter(|call| self.lines.contains_key(call)).count()
    }

    /// A synthetic caller calls, or is to be called back.
    pub(super) fn synthetic_arrived(&mut self, call: CallId) {
        self.synthetic.insert(call);
    }

    /// Whether a call is a synthetic caller's; also of one that ended since [`Book::forget_ended`].
    pub(super) fn is_synthetic(&self, call: CallId) -> bool {
        self.synthetic.contains(&call)
    }

    /// How many calls of synthetic callers are in progress.
    pub(super) fn synthetic(&self) -> usize {
        self.synthetic.len() - self.ended.len()
    }

    /// A synthetic caller's call is over; what it left (an audit entry) may still have to be told.
    pub(super) fn synthetic_ended(&mut self, call: CallId) {
        if self.synthetic.contains(&call) {
            self.ended.push(call);
        }
    }

    /// All there was to tell of ended calls of synthetic callers is told.
    pub(super) fn forget_ended(&mut self) {
        for call in self.ended.drain(..) {
            self.synthetic.remove(&call);
        }
    }

    pub(super) fn arrival(&self, call: CallId) -> Option<Arrival> {
        self.arrivals.get(&call).copied()
    }

    /// A call changes its language.
    pub(super) fn speaks(&mut self, call: CallId, language: LanguageId) {
        if let Some(arrival) = self.arrivals.get_mut(&call) {
            arrival.language = language;
        }
    }

    /// A call talks to an agent from now on.
    pub(super) fn connected(&mut self, call: CallId, agent: AgentId) {
        self.agents.insert(call, agent);
    }

    /// Whom a call talks to, or talked to last.
    pub(super) fn agent(&self, call: CallId) -> Option<AgentId> {
        self.agents.get(&call).copied()
    }

    pub(super) fn number(&mut self, call: CallId, number: Option<CallerNumber>) {
        if let Some(number) = number {
            self.numbers.insert(call, number);
        }
    }

    /// The number of a call in progress, where it is known.
    pub(super) fn number_of(&self, call: CallId) -> Option<CallerNumber> {
        self.numbers.get(&call).copied()
    }

    /// Whether a call is a connection's, or one promised to a connection, which may be gone.
    pub(super) fn is_of_connection(&self, call: CallId) -> bool {
        self.connections.contains(&call)
    }

    /// A call back is promised to whoever has the call in which it was.
    pub(super) fn promise(&mut self, callback: CallId, promised_in: CallId, number: CallerNumber) {
        self.numbers.insert(callback, number);
        if self.is_of_connection(promised_in) {
            self.connections.insert(callback);
        }
        if let Some(session) = self.line(promised_in) {
            self.promised.insert(callback, session);
        }
    }

    /// To whom a call back was promised; `None` where it was not a connection of ours.
    pub(super) fn promised_to(&self, callback: CallId) -> Option<SessionId> {
        self.promised.get(&callback).copied()
    }

    /// Forgets a call that ended, except for its line; gives its number, and whom a call back was promised to.
    pub(super) fn ended(&mut self, call: CallId) -> (Option<CallerNumber>, Option<SessionId>) {
        self.arrivals.remove(&call);
        self.away.remove(&call);
        self.connections.remove(&call);
        self.agents.remove(&call);
        (self.numbers.remove(&call), self.promised.remove(&call))
    }
}
