//! Telephones and promises: which connection rings for which number, and which promise to call back each call keeps.
//!
//! A promise outlives its run. In the records it goes by the id of the call that kept it first; in each run another call
//! keeps it, and the record of that call names the one in which it was promised.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    book::Turn,
    protocol::ServerMessage,
    pump::Pump,
    sessions::SessionId,
    store::{self, CallRow, Job, KeptPromise},
};
use crate::{
    engine::Input, id::CallId, pii::CallerNumber, registry::access::change::AccessChange, time::Duration,
    world::Promise,
};

/// See the top of this file.
#[derive(Debug, Default)]
pub(super) struct Telephones {
    numbers: BTreeMap<SessionId, CallerNumber>,
    /// The telephones of a number; a later connection has a higher number.
    ringing: BTreeMap<CallerNumber, BTreeSet<SessionId>>,
    /// By the call that keeps it in this run: the promise's id in the records, and in which call, over all runs, it was made.
    promises: BTreeMap<CallId, (String, String)>,
    /// By the call that keeps a promise of an earlier run, until it ends: the call in which that was made, over all runs, and
    /// since when she waits, which a run that begins later cannot tell.
    made_earlier: BTreeMap<CallId, (String, Duration)>,
    /// Call backs that ring as soon as the caller is told that her last call is over, which waits for the disk: in which call
    /// each was promised, and to which number.
    soon: BTreeMap<CallId, (CallId, CallerNumber)>,
}

impl Telephones {
    /// A connection is the telephone of a number from now on, and of no other.
    fn attend(&mut self, session: SessionId, number: CallerNumber) {
        self.left(session);
        self.numbers.insert(session, number);
        self.ringing.entry(number).or_default().insert(session);
    }

    /// A connection dialled.
    pub(super) fn dialled(&mut self, session: SessionId, from: Option<CallerNumber>) {
        if let Some(number) = from {
            self.attend(session, number);
        }
    }

    /// A connection is gone.
    pub(super) fn left(&mut self, session: SessionId) {
        let Some(number) = self.numbers.remove(&session) else { return };
        if let Some(sessions) = self.ringing.get_mut(&number) {
            sessions.remove(&session);
            if sessions.is_empty() {
                self.ringing.remove(&number);
            }
        }
    }

    /// The telephones of a number, the latest first.
    fn of(&self, number: CallerNumber) -> impl Iterator<Item = SessionId> + '_ {
        self.ringing.get(&number).into_iter().flat_map(|sessions| sessions.iter().rev().copied())
    }

    /// The record of a call, which names the call of an earlier run whose promise it keeps; that is over with it.
    pub(super) fn named(&mut self, row: CallRow) -> CallRow {
        let earlier = row.promised_in.is_some_and(|call| call == CallId::EARLIER_RUN);
        let promised_earlier = self.made_earlier.remove(&row.call).map(|(call, _)| call).filter(|_| earlier);
        CallRow { promised_earlier, ..row }
    }

    /// The telephone that rings, or is to ring soon, is to stop.
    pub(super) fn stop_dialling(&mut self, call: CallId) {
        self.soon.remove(&call);
    }

    /// The call in which the promise was made that a call keeps.
    pub(super) fn promised_in(&self, call: CallId) -> Option<&str> {
        self.promises.get(&call).map(|(_, promised_in)| promised_in.as_str())
    }
}

impl Pump {
    /// A connection asks to be the telephone of a number.
    pub(super) fn attend(&mut self, session: SessionId, number: CallerNumber) {
        self.telephones.attend(session, number);
        self.say(session, ServerMessage::Attending { tail: number.reveal().tail(2).to_string() });
    }

    /// A telephone is to ring for a promised call back: that of the connection it was promised to, else the latest that
    /// attends the number. Where none is free the caller cannot be reached, unless she only waits to hear that her last call
    /// is over.
    pub(super) fn dial_back(&mut self, call: CallId, promised_in: CallId, number: CallerNumber) {
        if !self.book.is_of_connection(call) && !self.telephones.made_earlier.contains_key(&call) {
            // A caller of the world's own answers from within it.
            return;
        }
        if !self.parts.world.engine().is_dialling(call) {
            // It is told late, and the ringing is over.
            return;
        }
        let telephones = self.book.promised_to(call).into_iter().chain(self.telephones.of(number));
        let open = telephones.filter(|&session| self.parts.sessions.is_open(session));
        let turns: Vec<(SessionId, Option<Turn>)> = open.map(|session| (session, self.book.turn(session))).collect();
        if let Some(&(session, _)) = turns.iter().find(|(_, turn)| turn.is_none()) {
            self.ring(session, call, promised_in);
        } else if turns.iter().any(|(_, turn)| matches!(turn, Some(Turn::Ending(_)))) {
            self.telephones.soon.insert(call, (promised_in, number));
        } else {
            self.inject(Input::CallerUnreachable { call });
        }
    }

    fn ring(&mut self, session: SessionId, call: CallId, promised_in: CallId) {
        self.book.set(session, Turn::Ringing(call));
        let run = self.parts.run;
        let earlier = self.telephones.promised_in(call).map(str::to_owned);
        let promised_in = Some(earlier.unwrap_or_else(|| store::public_id(run, promised_in)));
        self.say(session, ServerMessage::Ringing { call: store::public_id(run, call), promised_in });
    }

    /// A line is free: whoever was only waiting for that is called.
    pub(super) fn line_is_free(&mut self) {
        for (call, (promised_in, number)) in std::mem::take(&mut self.telephones.soon) {
            if self.parts.world.engine().is_dialling(call) {
                self.dial_back(call, promised_in, number);
            }
        }
    }

    /// What identity checks left in a person's call, to be kept over a restart.
    pub(super) fn access_job(&self, change: AccessChange) -> Option<Job> {
        (!self.book.is_synthetic(change.call)).then_some(Job::Access(change))
    }

    /// A promise to be kept over a restart.
    pub(super) fn promise_job(&mut self, call: CallId, promised_in: CallId, mut promise: Promise) -> Option<Job> {
        if self.book.is_synthetic(call) {
            return None;
        }
        if let Some((_, since)) = self.telephones.made_earlier.get(&call) {
            promise.since = promise.since.min(*since);
        }
        let run = self.parts.run;
        let ids = (store::public_id(run, call), store::public_id(run, promised_in));
        let (id, promised_in) = self.telephones.promises.entry(call).or_insert(ids).clone();
        Some(Job::Promise(KeptPromise { id, promised_in, promise }))
    }

    /// A promise is kept, or given up for good.
    pub(super) fn kept_job(&mut self, call: CallId) -> Option<Job> {
        self.telephones.promises.remove(&call).map(|(id, _)| Job::PromiseKept { id })
    }

    /// Stands the promises of earlier runs in their queues again. One that finds its queue or language no more stays in the
    /// records, for a centre that has them again. Whoever waits longer comes first, also where both began to wait before
    /// anything this run can tell.
    pub(super) fn restore_promises(&mut self, kept: &[KeptPromise]) {
        let now = self.parts.clock.now().max(self.parts.world.now());
        let mut kept: Vec<&KeptPromise> = kept.iter().collect();
        kept.sort_by_key(|kept| kept.promise.since);
        for KeptPromise { id, promised_in, promise } in kept {
            match self.parts.world.restore_promises(now, std::slice::from_ref(promise)).pop() {
                Some(Ok(call)) => {
                    self.book.number(call, Some(promise.number));
                    self.telephones.promises.insert(call, (id.clone(), promised_in.clone()));
                    self.telephones.made_earlier.insert(call, (promised_in.clone(), promise.since));
                }
                Some(Err(reason)) => {
                    tracing::warn!(promise = id, %reason, "a promised call back of an earlier run cannot be made now");
                }
                None => {}
            }
        }
    }
}
