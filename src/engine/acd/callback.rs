//! Calling back: a promise keeps its place in the queue; when its turn comes an agent is kept free and the caller is dialled.

use super::AgentState;
use crate::{
    engine::{
        Command, Fact, Sink,
        call::{CallState, Place, Slot},
        event::{Cause, LeftQueue},
        input::Promised,
        script_of,
        turn::Turn,
    },
    id::{AgentId, CallId, LanguageId, NodeId, QueueId},
    script::{
        model::{Node, NodeKind, Outcome, QUEUE_SET, QueueRef},
        value::{Symbol, Value},
    },
    time::{Duration, Instant, TimeOfDay},
};

/// How long the window is in which a call back is announced.
const WINDOW: Duration = Duration::from_mins(30);

/// So many promises may stand in a queue; whoever asks then is told that none can be made, as without a number.
const MOST: usize = 10_000;

/// How long after a call its line is taken to be free: nobody can be called back who has not hung up yet.
const LINE_FREE: Duration = Duration::from_secs(5);

/// How long after a restart the first promise kept from before is dialled at the earliest: telephones have to find the centre
/// again.
const RETURN: Duration = Duration::from_secs(10);

/// Announced times are rounded to this.
const GRAIN_MINS: u16 = 5;

impl<S: Sink> Turn<'_, S> {
    /// Promises to call back the caller of `id` by standing a new call in the queue, in the kept place if there is one.
    /// False when there is no number to call, when the queue holds as many promises as it may, or when the centre is closing
    /// down. A number has one promise at a time: whoever asks again keeps the first, in its place, and is told its window.
    pub(in crate::engine) fn promise_callback(&mut self, id: CallId, queue: QueueId) -> bool {
        if !self.state.accepting {
            return false;
        }
        let Some(call) = self.state.calls.get_mut(id) else { return false };
        let Some(telephone) = call.telephone() else { return false };
        let caller = telephone.0;
        if let Some(&standing) = self.state.acd.promises.get(&telephone) {
            let window = self.window(standing);
            if let Some(call) = self.state.calls.get_mut(id) {
                call.promised = true;
                let menus = call.menus_mut();
                (menus.kept, menus.promise) = (None, Some(window));
            }
            return true;
        }
        let kept = call.menus_mut().kept.take();
        let (queue, since, priority) = self.place_of_promise(queue, kept.as_ref());
        if self.is_full_of_promises(queue) {
            return false;
        }
        let Some(call) = self.state.calls.get_mut(id) else { return false };
        call.promised = true;
        let queue_node = call.queue_node;
        let Some(callback) = self.offer_callback(id) else { return false };
        let Some(new) = self.state.calls.get_mut(callback) else { return false };
        new.caller = Some(caller);
        let (version, language, origin) = (new.version_id(), new.language, new.origin);
        self.state.acd.promises.insert(telephone, callback);
        self.begin_leg(callback, queue_node, queue);
        self.fact(Fact::CallbackPromised { call: id, callback, queue });
        let promised_in = Some(id);
        self.fact(Fact::CallArrived { call: callback, version, language, has_number: true, promised_in, origin });
        self.command(Command::Promise { call: callback, promised_in: id, caller });
        self.enqueue(callback, queue, priority, since);
        for language in kept.into_iter().flat_map(|place| place.accepted) {
            self.accept_language(callback, language);
        }
        let window = self.window(callback);
        if let Some(call) = self.state.calls.get_mut(id) {
            call.menus_mut().promise = Some(window);
        }
        true
    }

    /// Stands a promise of an earlier run in its queue again, as a call of the current version.
    pub(in crate::engine) fn restore_callback(&mut self, promised: Promised) -> Option<CallId> {
        let version = self.versions.len() - 1;
        let script = self.versions[version].script.as_deref()?;
        let known = |language: &LanguageId| language.index() < script.languages.len();
        let calls_back = |node: NodeId| script.nodes.get(node.index()).is_some_and(Node::calls_back);
        let fits = self.state.acd.queues.get(promised.queue.index()).is_some()
            && known(&promised.language)
            && promised.accepted.iter().all(known)
            && promised.node.is_none_or(calls_back);
        if !fits || !self.state.accepting {
            return None;
        }
        self.state.running[version] += 1;
        let call = self.state.calls.offer(version, script);
        let promised_in = Some(CallId::EARLIER_RUN);
        (call.promised_in, call.caller, call.language) = (promised_in, Some(promised.caller), promised.language);
        if !promised.recording {
            call.menus_mut().recording = false;
        }
        let (id, version, language) = (call.id, call.version_id(), call.language);
        self.begin_leg(id, promised.node, promised.queue);
        // Earlier programs promised a number several times; each of those is kept.
        self.state.acd.promises.entry((promised.caller, false)).or_insert(id);
        self.fact(Fact::CallArrived { call: id, version, language, has_number: true, promised_in, origin: None });
        self.enqueue(id, promised.queue, promised.priority, promised.since.min(self.state.now));
        if let Some(place) = self.state.calls.get_mut(id).and_then(|call| call.place.as_mut()) {
            place.attempts = promised.attempts;
        }
        for language in promised.accepted {
            self.accept_language(id, language);
        }
        self.arm(id, Slot::Retry, self.state.now + RETURN);
        Some(id)
    }

    /// Whether a queue holds as many promises as it may.
    fn is_full_of_promises(&self, queue: QueueId) -> bool {
        let promises = &self.state.acd.promises;
        let stands_there = |id: &&CallId| {
            let call = self.state.calls.get(**id);
            call.and_then(|call| call.place.as_ref()).is_some_and(|place| place.queue == queue)
        };
        promises.len() >= MOST && promises.values().filter(stands_there).count() >= MOST
    }

    /// A promise is kept or given up: its number may be promised another call.
    pub(super) fn promise_over(&mut self, id: CallId) {
        let Some(call) = self.state.calls.get(id).filter(|call| call.promised_in.is_some()) else { return };
        if let Some(telephone) = call.telephone()
            && self.state.acd.promises.get(&telephone) == Some(&id)
        {
            self.state.acd.promises.remove(&telephone);
        }
    }

    /// The call in which these calls back were promised has ended: they may be dialled as soon as its line is free.
    pub(in crate::engine) fn release_promises(&mut self, promises: &[CallId]) {
        for &callback in promises {
            self.arm(callback, Slot::Retry, self.state.now + LINE_FREE);
        }
    }

    fn place_of_promise(&self, queue: QueueId, kept: Option<&Place>) -> (QueueId, Instant, i16) {
        match kept {
            Some(place) => (place.queue, place.since, place.priority),
            None => (queue, self.state.now, self.state.acd.queue(queue).config.priority.into()),
        }
    }

    /// Between which local times a call back is to be expected: its expected wait from now, or from when the queue opens.
    fn window(&self, id: CallId) -> (TimeOfDay, TimeOfDay) {
        let (_, expected) = self.outlook(id);
        let queue = self.state.calls.get(id).and_then(|call| call.place.as_ref()).map(|place| place.queue);
        let calendar = queue.and_then(|queue| self.state.acd.queue(queue).calendar.clone());
        let mut from = self.state.now + expected;
        if let Some(calendar) = calendar {
            let hours = calendar.at(self.state.now);
            if !hours.open {
                from = hours.opens_at + expected;
            } else if from >= hours.closes_at {
                // What today has no time for comes after the next opening.
                let late = from.since(hours.closes_at);
                from = calendar.at(hours.closes_at).opens_at + late;
            }
        }
        let round = |at: Instant| {
            let time = self.state.clock.local(at).1;
            TimeOfDay(time.0 - time.0 % GRAIN_MINS)
        };
        (round(from), round(from + WINDOW))
    }

    /// Keeps an agent free and dials the caller.
    pub(super) fn dial_back(&mut self, id: CallId, agent: AgentId) {
        let Some(call) = self.state.calls.get_mut(id) else { return };
        let (Some(place), Some(caller), Some(promised_in)) = (call.place.as_mut(), call.caller, call.promised_in)
        else {
            return;
        };
        place.attempts += 1;
        let attempt = place.attempts;
        let ring = self.state.acd.queue(place.queue).config.callback.ring;
        self.occupy(agent, AgentState::Reserved(id));
        self.transition(id, CallState::Dialling { agent });
        self.fact(Fact::CallbackDialled { call: id, agent, attempt });
        self.command(Command::DialBack { call: id, promised_in, caller });
        self.arm(id, Slot::Ring, self.state.now + ring);
    }

    /// The person called back picks up: she talks with the agent who was kept free.
    #[inline(never)]
    pub(in crate::engine) fn caller_answered(&mut self, id: CallId) -> bool {
        let Some(&CallState::Dialling { agent }) = self.state.calls.get(id).map(|call| &call.state) else {
            return false;
        };
        self.disarm(id, Slot::Ring);
        if let Some(call) = self.state.calls.get_mut(id) {
            call.reached = true;
        }
        self.promise_over(id);
        self.connect(id, agent);
        true
    }

    /// The person to be called back does not answer: she is tried again later, or given up.
    #[inline(never)]
    pub(in crate::engine) fn caller_missed(&mut self, id: CallId) -> bool {
        let Some(&CallState::Dialling { agent }) = self.state.calls.get(id).map(|call| &call.state) else {
            return false;
        };
        self.disarm(id, Slot::Ring);
        let Some(place) = self.state.calls.get_mut(id).and_then(|call| call.place.as_mut()) else { return false };
        place.parked = true;
        let (attempt, queue) = (place.attempts, place.queue);
        let rules = self.state.acd.queue(queue).config.callback;
        self.fact(Fact::CallbackMissed { call: id, attempt });
        self.rejoin(id);
        if attempt >= rules.tries {
            self.leave_queue(id, LeftQueue::TimedOut);
            self.end_call(id, Outcome::Failed, Cause::CallbackUnreached);
        } else {
            self.arm(id, Slot::Retry, self.state.now + rules.retry_after);
            self.arm_opening(queue);
        }
        self.free_unanswered(agent);
        self.serve_ready();
        true
    }

    /// It is time to try again.
    pub(in crate::engine) fn retry_callback(&mut self, id: CallId) {
        if let Some(place) = self.state.calls.get_mut(id).and_then(|call| call.place.as_mut()) {
            place.parked = false;
        }
        self.seek_agent(id);
    }

    /// The call that keeps a call's promise, in the same language. Whoever picks up has not proved who she is: person, access
    /// level and variables, which may hold what was looked up, are not taken over.
    fn offer_callback(&mut self, id: CallId) -> Option<CallId> {
        let call = self.state.calls.get(id)?;
        let (version, language, recording) = (call.version, call.language, call.menus().recording);
        let node = call.node;
        let before = call.promises.len() as u32 + 1;
        let origin = call.origin.map(|origin| origin.called_back(before));
        let script = self.script(call);
        self.state.running[version] += 1;
        let new = self.state.calls.offer(version, script);
        (new.promised_in, new.origin, new.language, new.node) = (Some(id), origin, language, node);
        if !recording {
            new.menus_mut().recording = false;
        }
        let callback = new.id;
        self.state.calls.get_mut(id)?.promises.push(callback);
        Some(callback)
    }

    /// Lets a call back begin at the `queue` node that says what follows the conversation, as the checker takes it to: with the
    /// variables of any new call, and that which names the queue. Where its version cannot name the queue (a later one brought
    /// it, and an agent passed the caller on to it) nothing follows.
    fn begin_leg(&mut self, id: CallId, node: Option<NodeId>, queue: QueueId) {
        let Some(call) = self.state.calls.get_mut(id) else { return };
        let script = script_of(self.versions, call);
        let Some(node) = node else { return };
        let NodeKind::Queue(queue_node) = &script.node(node).kind else { return };
        if let QueueRef::Var(var) = queue_node.queue {
            let Some(word) = self.versions[call.version].queues.iter().position(|own| *own == queue) else { return };
            *call.menus_mut().vars.get_mut(var) = Value::Symbol(Symbol { set: QUEUE_SET, word: word as u16 });
        }
        (call.queue_node, call.node) = (Some(node), node);
    }
}
