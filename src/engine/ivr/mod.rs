//! The IVR: walks a call through the nodes of its script.
//!
//! [`Turn::go`] enters node after node until one waits for something: the end of a prompt, keys, a service, an agent. The
//! digit collector is in `listen` and `menu`, authentication in `authenticate`.
//!
//! May import within the engine. What never enters: text (prompts are ids with arguments), the registry (services are asked
//! by command and answered by input).

mod ahead;
mod authenticate;
mod expr;
mod late;
mod listen;
mod lookup;
mod menu;
mod play;

pub(super) use {
    ahead::{keep, kept},
    late::Late,
    listen::is_secret,
};

use super::{
    Command, Fact, Sink,
    call::{Call, CallState, Frame, Next, Purpose, Slot, Step},
    event::Cause,
    script_of,
    turn::Turn,
};
use crate::{
    id::{CallId, LanguageId, NodeId, QueueId, VarId},
    random::Purpose as Chance,
    script::{
        Script,
        model::{Assignment, Key, Node, NodeKind, Outcome, QueueRef, Target},
        value::Value,
    },
    time::{Duration, Instant},
};

/// How many nodes a call may pass without waiting for anything. The checker finds such loops; this guards against those it
/// cannot see.
const STRIDE: u32 = 1_000;

/// How many menus and entries a caller can go back through; of a longer way the beginning is forgotten.
const HISTORY: usize = 64;

/// How many returns a call keeps in mind. Flows cannot call themselves, so only those left by a global key or a handler pile
/// up; nobody comes back to them, and the oldest is forgotten.
const DEPTH: usize = 64;

impl<S: Sink> Turn<'_, S> {
    /// Walks on until the call waits for something, then uses keys pressed ahead.
    pub(in crate::engine) fn go(&mut self, id: CallId, next: Next) {
        let mut next = Some(next);
        let mut stride = 0;
        while let Some(step) = next {
            stride += 1;
            if stride > STRIDE {
                self.end_call(id, Outcome::Failed, Cause::RanAway);
                return;
            }
            next = match step {
                Next::Go(node) => self.enter(id, node),
                Next::Finish => self.finish(id),
            };
        }
        let Some(call) = self.state.calls.get_mut(id) else { return };
        if let CallState::Ivr(_) = call.state {
            self.use_typed(id);
        } else {
            // Whoever chose left the deadline of her choice standing, for what follows in the menus to put off.
            call.armed.disarm(&mut self.state.timers, Slot::Step);
        }
    }

    /// Enters a node: what follows at once, or `None` when the call waits or has ended.
    fn enter(&mut self, id: CallId, node_id: NodeId) -> Option<Next> {
        let call = self.state.calls.get_mut(id)?;
        let script = script_of(self.versions, call);
        let node = script.node(node_id);
        call.node = node_id;
        (call.no_input, call.no_match) = (0, 0);
        if node.back_point && call.menus().history.last().map(|last| last.0) != Some(node_id) {
            let menus = call.menus_mut();
            if menus.history.len() >= HISTORY {
                menus.history.remove(0);
            }
            menus.history.push((node_id, menus.frames.len()));
        }
        let gone = call.gone;
        call.state = CallState::Ivr(Step::Moving);
        if let NodeKind::Queue(_) = node.kind {
            call.queue_node = Some(node_id);
        }
        self.fact(Fact::NodeEntered { call: id, node: node_id });
        if gone && !node.kind.runs_without_caller() {
            return Some(Next::Finish);
        }
        self.perform(id, script, node)
    }

    /// Does what a node does.
    fn perform(&mut self, id: CallId, script: &Script, node: &Node) -> Option<Next> {
        match &node.kind {
            NodeKind::Say { to } => self.say(id, script, node, Next::Go(*to)),
            NodeKind::End { .. } | NodeKind::Transfer { .. } => self.say(id, script, node, Next::Finish),
            NodeKind::Menu { .. } | NodeKind::Collect(_) | NodeKind::Confirm { .. } | NodeKind::Language { .. } => {
                self.listen(id, script, Purpose::Node, true);
                None
            }
            NodeKind::Survey { .. } => self.ask_survey(id, script, 0),
            NodeKind::Authenticate(_) => self.authenticate(id, script),
            NodeKind::Lookup { .. } => self.look_up(id, script),
            NodeKind::Record { max, .. } => {
                self.record_message(id, script, *max);
                None
            }
            NodeKind::Queue(queue) => {
                self.play(id, script, &node.prompts);
                let into = self.resolve_queue(id, queue.queue)?;
                self.enter_queue(id, into, queue).map(Next::Go)
            }
            NodeKind::Callback { queue, to, failed } => {
                let into = self.resolve_queue(id, *queue)?;
                if !self.promise_callback(id, into) {
                    return Some(Next::Go(*failed));
                }
                self.say(id, script, node, Next::Go(*to))
            }
            kind => self.decide(id, script, kind),
        }
    }

    /// Nodes that only decide where to go.
    fn decide(&mut self, id: CallId, script: &Script, kind: &NodeKind) -> Option<Next> {
        let to = match kind {
            NodeKind::Set { assignments, to } => {
                self.assign(id, assignments);
                *to
            }
            NodeKind::Branch { arms, otherwise } => {
                arms.iter().find(|(condition, _)| self.holds(id, Some(condition))).map_or(*otherwise, |arm| arm.1)
            }
            NodeKind::Switch { on, cases, otherwise } => {
                let value = self.value(id, on);
                cases.iter().find(|(case, _)| *case == value).map_or(*otherwise, |case| case.1)
            }
            NodeKind::Hours { calendar, open, closed, holiday, periods } => {
                let version = self.state.calls.get(id)?.version;
                let hours = *self.versions[version].calendars[calendar.index()].at(self.state.now);
                self.state.calls.get_mut(id)?.menus_mut().hours = Some(hours);
                let period = hours.period.and_then(|p| periods.iter().find(|(word, _)| *word == p.word));
                match (hours.open, hours.holiday, period) {
                    (true, _, _) => *open,
                    (false, Some(_), _) => *holiday,
                    (false, None, Some((_, target))) => *target,
                    (false, None, None) => *closed,
                }
            }
            NodeKind::Split { key, parts } => self.split(id, *key, parts)?,
            NodeKind::Loop { times, counter, body, done } => self.count_loop(id, *times, *counter, *body, *done)?,
            NodeKind::Call { entry, with, .. } => return self.call_flow(id, *entry, with),
            NodeKind::Return { values } => return self.return_from_flow(id, script, values),
            NodeKind::Goto { to } => *to,
            _ => unreachable!("every node that waits is performed before"),
        };
        Some(Next::Go(to))
    }

    /// Plays a node's prompts and goes on at their end; at once when there are none, or when keys were pressed ahead.
    fn say(&mut self, id: CallId, script: &Script, node: &Node, then: Next) -> Option<Next> {
        let call = self.state.calls.get(id)?;
        let uses = &node.prompts;
        if uses.is_empty() && call.playing_until <= self.state.now {
            return Some(then);
        }
        let typed_ahead = !call.typed.is_empty() && matches!(then, Next::Go(_));
        if typed_ahead && self.skippable(id, script, uses) && call.unstoppable_until <= self.state.now {
            return Some(then);
        }
        self.play(id, script, uses);
        let call = self.state.calls.get_mut(id)?;
        let until = call.playing_until;
        if until <= self.state.now {
            return Some(then);
        }
        call.state = CallState::Ivr(Step::Saying(then));
        call.armed.arm(&mut self.state.timers, Slot::Step, id, until);
        None
    }

    /// The end the current node states.
    fn finish(&mut self, id: CallId) -> Option<Next> {
        let call = self.state.calls.get(id)?;
        let script = script_of(self.versions, call);
        let (outcome, cause) = match &script.node(call.node).kind {
            NodeKind::End { outcome } if call.gone => (*outcome, Cause::CallerHungUp),
            NodeKind::End { outcome } => (*outcome, Cause::ScriptEnded),
            NodeKind::Transfer { .. } if !call.gone => {
                let node = call.node;
                self.fact(Fact::CallHandedOut { call: id, node });
                (Outcome::Transferred, Cause::HandedOut)
            }
            _ => (call.outcome_on_hangup(), if call.gone { Cause::CallerHungUp } else { Cause::ScriptEnded }),
        };
        self.end_call(id, outcome, cause);
        None
    }

    /// The queue of the engine that a node of this call's version means.
    fn resolve_queue(&mut self, id: CallId, queue: QueueRef) -> Option<QueueId> {
        let call = self.state.calls.get(id)?;
        let named = match queue {
            QueueRef::Fixed(queue) => queue,
            QueueRef::Var(var) => match call.menus().vars.get(var) {
                Value::Symbol(symbol) => QueueId(symbol.word),
                _ => {
                    self.give_up(id);
                    return None;
                }
            },
        };
        Some(self.versions[call.version].queues[named.index()])
    }

    /// Ends a call that found what the checker rules out, such as a value that was never set: a fault of this program costs
    /// the one call.
    fn give_up(&mut self, id: CallId) {
        self.end_call(id, Outcome::Failed, Cause::Aborted);
    }

    /// Assigns in order.
    pub(super) fn assign(&mut self, id: CallId, assignments: &[Assignment]) {
        for assignment in assignments {
            let value = self.value(id, &assignment.value);
            let Some(call) = self.state.calls.get_mut(id) else { return };
            match (assignment.target, value) {
                (Target::Var(var), value) => *call.menus_mut().vars.get_mut(var) = value,
                (Target::Recording, Value::Bool(allowed)) => {
                    call.menus_mut().recording = allowed;
                    self.fact(Fact::RecordingSet { call: id, allowed });
                }
                (Target::Language, Value::Symbol(symbol)) => self.set_language(id, LanguageId(symbol.word as u8)),
                (Target::Recording | Target::Language, _) => return self.give_up(id),
            }
        }
    }

    pub(super) fn set_language(&mut self, id: CallId, language: LanguageId) {
        if let Some(call) = self.state.calls.get_mut(id) {
            call.language = language;
            self.fact(Fact::LanguageSet { call: id, language });
        }
    }

    fn split(&mut self, id: CallId, key: u64, parts: &[(u32, NodeId)]) -> Option<NodeId> {
        use rand::RngExt;
        let lot = self.state.calls.get(id)?.lot();
        let lot = self.state.seed.stream(Chance::Split, lot ^ key).random_range(0..1_000_000);
        parts.iter().find(|(upto, _)| lot < *upto).or(parts.last()).map(|part| part.1)
    }

    fn count_loop(&mut self, id: CallId, times: u32, counter: VarId, body: NodeId, done: NodeId) -> Option<NodeId> {
        let slot = self.state.calls.get_mut(id)?.menus_mut().vars.get_mut(counter);
        let visits = match slot {
            Value::Number(n) => *n + 1,
            _ => 1,
        };
        *slot = Value::Number(visits);
        Some(if visits <= i64::from(times) { body } else { done })
    }

    fn call_flow(&mut self, id: CallId, entry: NodeId, with: &[Assignment]) -> Option<Next> {
        self.assign(id, with);
        let call = self.state.calls.get_mut(id)?;
        let node = call.node;
        let menus = call.menus_mut();
        if menus.frames.len() >= DEPTH {
            menus.frames.remove(0);
        }
        menus.frames.push(Frame { node });
        Some(Next::Go(entry))
    }

    fn return_from_flow(&mut self, id: CallId, script: &Script, values: &[Assignment]) -> Option<Next> {
        self.assign(id, values);
        let call = self.state.calls.get_mut(id)?;
        let Some(frame) = call.menus_mut().frames.pop() else {
            // The flow was entered by a goto, so there is nowhere to return to.
            return Some(Next::Finish);
        };
        let menus = call.menus_mut();
        let depth = menus.frames.len();
        menus.history.retain(|(_, at)| *at <= depth);
        let NodeKind::Call { results, to, .. } = &script.node(frame.node).kind else {
            unreachable!("a frame is made by a call node");
        };
        for (here, there) in results {
            *menus.vars.get_mut(*here) = menus.vars.get(*there).clone();
        }
        Some(Next::Go(*to))
    }

    fn record_message(&mut self, id: CallId, script: &Script, max: Duration) {
        let Some(node) = self.state.calls.get(id).map(|call| call.node) else { return };
        self.play(id, script, &script.node(node).prompts);
        let Some(since) = self.state.calls.get(id).map(|call| call.playing_until.max(self.state.now)) else { return };
        self.transition(id, CallState::Ivr(Step::Recording { since }));
        self.arm(id, Slot::Step, since + max);
    }

    fn end_recording(&mut self, id: CallId) {
        let Some(call) = self.state.calls.get(id) else { return };
        let CallState::Ivr(Step::Recording { since }) = call.state else { return };
        let script = script_of(self.versions, call);
        let NodeKind::Record { to, .. } = script.node(call.node).kind else { return };
        self.disarm(id, Slot::Step);
        self.fact(Fact::MessageRecorded { call: id, length: self.state.now.since(since) });
        self.go(id, Next::Go(to));
    }

    /// Asks question `number` of a survey, or goes on after the last.
    fn ask_survey(&mut self, id: CallId, script: &Script, number: u8) -> Option<Next> {
        let node = self.state.calls.get(id)?.node;
        let NodeKind::Survey { questions, to } = &script.node(node).kind else { return None };
        if number as usize >= questions.len() {
            return Some(Next::Go(*to));
        }
        self.listen(id, script, Purpose::Survey(number), true);
        None
    }

    /// A call's step has come to its time.
    pub(in crate::engine) fn step_due(&mut self, id: CallId) {
        let Some(CallState::Ivr(step)) = self.state.calls.get(id).map(|call| call.state) else { return };
        match step {
            Step::Moving => {}
            Step::Saying(then) => self.go(id, then),
            Step::Listening { purpose, phase } => self.listening_due(id, purpose, phase),
            Step::Asking { question, .. } => self.service_failed(id, question),
            Step::Recording { .. } => self.end_recording(id),
        }
    }

    /// A caller pressed a key: whether it means something, now or later.
    pub(in crate::engine) fn key_pressed(&mut self, id: CallId, key: Key) -> bool {
        let now = self.state.now;
        (self.state.ahead.stored, self.state.ahead.unbound) = (false, false);
        let Some(call) = self.state.calls.get_mut(id).filter(|call| !call.gone) else { return false };
        let state = call.state;
        if self.comes_late(id, key) {
            self.state.ahead.stored = true;
            return true;
        }
        let Some(call) = self.state.calls.get_mut(id) else { return false };
        match state {
            CallState::Queued => {
                let fits = self.key_while_waiting(id, key);
                self.state.ahead.unbound = !fits;
                return fits;
            }
            CallState::Ivr(Step::Listening { phase, .. }) => self.key_while_listening(id, key, phase),
            CallState::Ivr(Step::Saying(then)) => {
                let held = now < call.unstoppable_until;
                if held && script_of(self.versions, call).node(call.node).input.discard {
                    return false;
                }
                call.typed.push(key);
                self.state.ahead.stored = true;
                if !held && matches!(then, Next::Go(_)) {
                    self.cut_prompt(id);
                    self.disarm(id, Slot::Step);
                    self.go(id, then);
                }
            }
            CallState::Ivr(Step::Recording { .. }) => {
                let finishes = matches!(script_of(self.versions, call).node(call.node).kind, NodeKind::Record { finish, .. } if finish == key);
                if !finishes {
                    self.state.ahead.unbound = true;
                    return false;
                }
                self.cut_prompt(id);
                self.end_recording(id);
            }
            CallState::Ivr(Step::Moving | Step::Asking { .. }) => {
                call.typed.push(key);
                self.state.ahead.stored = true;
            }
            _ => return false,
        }
        true
    }

    /// The agent has done; the call goes on where its queue node says, or ends.
    pub(in crate::engine) fn after_agent(&mut self, id: CallId) {
        let Some(call) = self.state.calls.get_mut(id) else { return };
        let script = script_of(self.versions, call);
        call.typed.clear();
        match call.queue_node.map(|node| &script.node(node).kind) {
            Some(NodeKind::Queue(queue)) => self.go(id, Next::Go(queue.answered)),
            _ => self.end_call(id, Outcome::Transferred, Cause::AgentReleased),
        }
    }

    /// Ends a call, wherever it is in the menus.
    pub(in crate::engine) fn end_call(&mut self, id: CallId, outcome: Outcome, cause: Cause) {
        let Some(call) = self.state.calls.get_mut(id) else { return };
        let node = call.node;
        call.state = CallState::Ended;
        let version = call.version;
        call.armed.clear(&mut self.state.timers);
        let promises = std::mem::take(&mut call.promises);
        self.state.calls.remove(id);
        self.fact(Fact::CallEnded { call: id, outcome, cause, node });
        self.command(Command::HangUp { call: id, cause });
        self.state.running[version] -= 1;
        self.state.unused |= self.state.running[version] == 0 && version + 1 < self.versions.len();
        if !promises.is_empty() {
            self.release_promises(&promises);
        }
    }
}

/// Whether a key pressed at `at` would be thrown away, whichever it is.
pub(super) fn is_deaf(call: &Call, script: &Script, at: Instant) -> bool {
    if call.gone {
        return true;
    }
    match &call.state {
        CallState::Ivr(Step::Saying(_) | Step::Listening { .. }) => {
            at < call.unstoppable_until && script.node(call.node).input.discard
        }
        // A key that ends the wait or the recording must be told from one that does not.
        CallState::Queued | CallState::Ivr(_) => false,
        _ => true,
    }
}
