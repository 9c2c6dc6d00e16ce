//! One turn of the engine: what is told, and all that follows at once.
//!
//! A turn reads the published versions and changes the state; the two are apart, so that scripts can be read while calls
//! change, without counting references for every step of every call.

use super::{
    Command, Event, Fact, Input, Origin, Sink, Version,
    acd::Acd,
    ahead::Ahead,
    call::{Call, CallState, Calls, Next, Slot, Step},
    event::{Cause, LeftQueue},
    script_of,
    timer::{Timer, Timers},
};
use crate::{
    id::{AgentId, CallId, LanguageId},
    pii::CallerNumber,
    random::Seed,
    script::{Script, model::Outcome},
    time::{Instant, LocalClock},
};

/// All that changes.
#[derive(Clone, Debug)]
pub(super) struct State {
    pub(super) now: Instant,
    pub(super) clock: LocalClock,
    pub(super) seed: Seed,
    pub(super) calls: Calls,
    pub(super) acd: Acd,
    pub(super) timers: Timers,
    /// How many facts there were.
    pub(super) facts: u64,
    /// Agents made ready by the way, who have not yet looked for a call.
    pub(super) freed: Vec<AgentId>,
    pub(super) accepting: bool,
    /// How many calls run on each version.
    pub(super) running: Vec<u64>,
    /// A version may have lost its last call, or its place as the current one.
    pub(super) unused: bool,
    /// Keys pressed ahead, for journals.
    pub(super) ahead: Ahead,
    /// Whose deadline or input is dealt with, or was last.
    pub(super) serving: Option<CallId>,
}

impl State {
    pub(super) fn new(clock: LocalClock, seed: Seed) -> State {
        State {
            now: Instant::ZERO,
            clock,
            seed,
            calls: Calls::default(),
            acd: Acd::default(),
            timers: Timers::default(),
            facts: 0,
            freed: Vec::new(),
            accepting: true,
            running: Vec::new(),
            unused: false,
            ahead: Ahead::default(),
            serving: None,
        }
    }
}

/// The state in change, the versions calls run on, and who is told.
pub(super) struct Turn<'a, S> {
    pub(super) versions: &'a [Version],
    pub(super) state: &'a mut State,
    pub(super) sink: &'a mut S,
}

impl<'a, S: Sink> Turn<'a, S> {
    /// The script a call runs on.
    pub(super) fn script(&self, call: &Call) -> &'a Script {
        script_of(self.versions, call)
    }

    pub(super) fn call_arrived(
        &mut self,
        caller: Option<CallerNumber>,
        language: Option<LanguageId>,
        origin: Option<Origin>,
    ) -> Option<CallId> {
        if !self.state.accepting {
            self.fact(Fact::CallRefused);
            return None;
        }
        let version = self.versions.len() - 1;
        let script = self.versions[version].script.as_deref()?;
        self.state.running[version] += 1;
        let call = self.state.calls.offer(version, script);
        call.caller = caller;
        call.origin = origin;
        if let Some(language) = language.filter(|language| language.index() < script.languages.len()) {
            call.language = language;
        }
        let (id, version, language) = (call.id, call.version_id(), call.language);
        let has_number = caller.is_some();
        self.fact(Fact::CallArrived { call: id, version, language, has_number, promised_in: None, origin });
        #[cfg(test)]
        super::planted::strike_at(super::planted::Fault::Offered);
        self.go(id, Next::Go(script.entry));
        Some(id)
    }

    /// Lets an input happen; false when it does not fit.
    #[inline(always)]
    pub(super) fn apply(&mut self, input: Input) -> bool {
        match input {
            // Told otherwise: two have an answer, one changes the versions.
            Input::CallArrived { .. } | Input::CallbackRestored(_) | Input::ScriptPublished { .. } => false,
            Input::Dtmf { call, key } => self.key_pressed(call, key),
            Input::CallerHungUp { call } => self.caller_hung_up(call),
            Input::CallerAnswered { call } => self.caller_answered(call),
            Input::CallerUnreachable { call } => self.caller_missed(call),
            Input::Replied { call, request, reply } => self.replied(call, request, reply),
            Input::AgentLoggedIn { agent, group } => self.agent_logged_in(agent, group),
            Input::AgentLoggedOut { agent } => self.agent_logged_out(agent),
            Input::AgentReady { agent } => self.agent_ready(agent),
            Input::AgentNotReady { agent } => self.agent_not_ready(agent),
            Input::AgentAnswered { agent } => self.agent_answered(agent),
            Input::AgentRejected { agent } => self.agent_rejected(agent),
            Input::AgentHeld { agent } => self.agent_held(agent, true),
            Input::AgentResumed { agent } => self.agent_held(agent, false),
            Input::AgentReleased { agent } => self.agent_released(agent),
            Input::AgentTransferred { agent, queue } => self.agent_transferred(agent, queue),
            Input::CaseOpened { agent, kind } => self.case_opened(agent, kind),
            Input::DrainBegan => std::mem::replace(&mut self.state.accepting, false),
            Input::DrainEnded => self.abort_all(Cause::Drained),
            Input::CallAborted { call } => self.abort(call, Cause::Aborted),
        }
    }

    /// A deadline came to its time; its owner has it no longer.
    pub(super) fn fire(&mut self, timer: Timer) {
        match timer {
            Timer::Call(slot, call) => {
                if let Some(call) = self.state.calls.get_mut(call) {
                    call.armed.happened(slot);
                }
                self.fire_of_call(slot, call);
            }
            Timer::WrapUp(agent) => self.end_after_call_work(agent),
            Timer::Pause(agent) => self.pause_expired(agent),
            Timer::Opening(queue) => self.queue_opened(queue),
        }
    }

    fn fire_of_call(&mut self, slot: Slot, call: CallId) {
        match slot {
            Slot::Step => self.step_due(call),
            Slot::MaxWait => self.wait_expired(call),
            Slot::Treatment => self.treat(call),
            Slot::Widen => self.widened(call),
            Slot::Ring => self.ring_expired(call),
            Slot::Retry => self.retry_callback(call),
        }
    }

    /// The caller hung up: she leaves queue or agent, and the script may have something left to do.
    #[inline(never)]
    fn caller_hung_up(&mut self, id: CallId) -> bool {
        let Some(call) = self.state.calls.get_mut(id).filter(|call| !call.gone && !call.caller_is_away()) else {
            return false;
        };
        let (script, node) = (script_of(self.versions, call), call.node);
        match call.state {
            CallState::Ivr(Step::Recording { since }) => {
                // Most people end a message by hanging up.
                self.disarm(id, Slot::Step);
                if since < self.state.now {
                    self.fact(Fact::MessageRecorded { call: id, length: self.state.now.since(since) });
                }
            }
            CallState::Ivr(_) => self.disarm(id, Slot::Step),
            CallState::Queued | CallState::Ringing { .. } => {
                self.leave_queue(id, LeftQueue::Abandoned);
            }
            CallState::Talking { .. } | CallState::Held { .. } => self.part(id, true),
            CallState::Dialling { .. } | CallState::Ended => return false,
        }
        let now = self.state.now;
        let Some(call) = self.state.calls.get_mut(id) else { return true };
        call.gone = true;
        (call.playing_until, call.unstoppable_until) = (now, now);
        // A call back that begins at no node is followed by nothing.
        let at_a_node = call.promised_in.is_none() || call.queue_node.is_some();
        match script.node(node).hangup.filter(|_| at_a_node) {
            Some(chain) => self.go(id, Next::Go(chain)),
            None => {
                let outcome = call.outcome_on_hangup();
                self.end_call(id, outcome, Cause::CallerHungUp);
            }
        }
        true
    }

    /// Ends a call from outside the script.
    #[inline(never)]
    fn abort(&mut self, id: CallId, cause: Cause) -> bool {
        let Some(call) = self.state.calls.get(id) else { return false };
        match call.state {
            CallState::Queued | CallState::Ringing { .. } | CallState::Dialling { .. } => {
                self.leave_queue(id, LeftQueue::Aborted);
            }
            CallState::Talking { .. } | CallState::Held { .. } => self.part(id, false),
            CallState::Ivr(_) | CallState::Ended => {}
        }
        self.end_call(id, Outcome::Failed, cause);
        true
    }

    #[inline(never)]
    fn abort_all(&mut self, cause: Cause) -> bool {
        let ids: Vec<CallId> = self.state.calls.iter().map(|call| call.id).collect();
        for id in ids {
            self.abort(id, cause);
        }
        true
    }

    /// Changes a call's state; nothing else does.
    #[inline]
    pub(super) fn transition(&mut self, id: CallId, state: CallState) {
        if let Some(call) = self.state.calls.get_mut(id) {
            call.state = state;
        }
    }

    #[inline(always)]
    pub(super) fn fact(&mut self, fact: Fact) {
        self.state.facts += 1;
        self.sink.event(Event { seq: self.state.facts, at: self.state.now, fact });
    }

    #[inline(always)]
    pub(super) fn command(&mut self, command: Command) {
        self.sink.command(command);
    }

    /// Arms a call's deadline of one kind, in place of the one armed before.
    pub(super) fn arm(&mut self, id: CallId, slot: Slot, at: Instant) {
        if let Some(call) = self.state.calls.get_mut(id) {
            call.armed.arm(&mut self.state.timers, slot, id, at);
        }
    }

    #[inline]
    pub(super) fn disarm(&mut self, id: CallId, slot: Slot) {
        if let Some(call) = self.state.calls.get_mut(id) {
            call.armed.disarm(&mut self.state.timers, slot);
        }
    }

    /// Arms an agent's deadline, in place of the one armed before.
    pub(super) fn arm_agent(&mut self, id: AgentId, at: Instant, timer: Timer) {
        if let Some(agent) = self.state.acd.agent_mut(id) {
            agent.arm(&mut self.state.timers, Some((at, timer)));
        }
    }

    #[inline]
    pub(super) fn disarm_agent(&mut self, id: AgentId) {
        if let Some(agent) = self.state.acd.agent_mut(id) {
            agent.arm(&mut self.state.timers, None);
        }
    }
}
