//! The pure centre: a state machine that is told what happens and says what follows.
//!
//! **The drain rule.** After every [`Engine::handle`] (and after [`Engine::advance`]), call [`Engine::poll`] until it returns
//! [`Output::Timeout`]; then wait for an input or for that instant, whichever is first. Inputs come in rising order of time.
//! What is due at the instant of an input happens before the input.
//!
//! May import `script`, `time`, `id`, `random` and the masked types of `pii`. What never enters: tokio, clocks, I/O,
//! unseeded randomness, hash-ordered iteration, text. Two engines that were told the same say the same.

mod acd;
mod audit;
mod call;
pub mod event;
pub mod input;
mod ivr;
pub mod output;
mod timer;

pub use acd::hunt;
pub use audit::Census;
pub use event::{Event, Fact};
pub use input::{Input, Origin};
pub use output::{Command, Output};

use std::{collections::VecDeque, sync::Arc};

use self::{
    acd::Acd,
    call::{Call, CallState, Calls, Next, Slot, Step},
    event::{Cause, LeftQueue},
    timer::{Timer, Timers},
};
use crate::{
    id::{AgentId, CallId, LanguageId, QueueId, ScriptVersion},
    pii::CallerNumber,
    random::Seed,
    script::{
        Script,
        calendar::{Calendar, CalendarRules},
        model::{Group, Outcome},
    },
    time::{Instant, LocalClock},
};

/// A contact centre without clock, sockets, registry or people.
#[derive(Clone, Debug)]
pub struct Engine {
    now: Instant,
    clock: LocalClock,
    seed: Seed,
    /// Every version ever published; old ones keep only what calls still need.
    versions: Vec<Version>,
    calls: Calls,
    acd: Acd,
    timers: Timers,
    out: VecDeque<Output>,
    /// How many facts there were.
    facts: u64,
    /// Agents made ready by the way, who have not yet looked for a call.
    freed: Vec<AgentId>,
    accepting: bool,
    ignored: u64,
    audited: bool,
}

/// A published version.
#[derive(Clone, Debug)]
struct Version {
    script: Option<Arc<Script>>,
    calendars: Vec<Arc<Calendar>>,
    /// The engine's queue for each of the script's.
    queues: Box<[QueueId]>,
    languages: Box<[Arc<str>]>,
    /// Calls that run on it.
    calls: u64,
}

impl Engine {
    /// A centre that runs `script` as version 1, with nobody on duty. `clock` says which local time it is; `seed` is for the
    /// random hunt strategy and for `split` nodes.
    pub fn new(script: Arc<Script>, clock: LocalClock, seed: Seed) -> Engine {
        let mut engine = Engine {
            now: Instant::ZERO,
            clock,
            seed,
            versions: Vec::new(),
            calls: Calls::default(),
            acd: Acd::default(),
            timers: Timers::default(),
            out: VecDeque::new(),
            facts: 0,
            freed: Vec::new(),
            accepting: true,
            ignored: 0,
            audited: false,
        };
        engine.publish(script);
        engine
    }

    /// The same engine with its laws checked at the end of every drain; see [`Engine::audit`]. Slow: for tests.
    pub fn audited(mut self) -> Engine {
        self.audited = true;
        self
    }

    /// First lets everything happen that is due at or before `now`, each at its own instant, then `input`. For
    /// [`Input::CallArrived`] the id of the new call; `None` when it was refused, and for all other inputs. An instant
    /// earlier than one already told counts as the latter.
    pub fn handle(&mut self, now: Instant, input: Input) -> Option<CallId> {
        self.advance(now);
        if let Input::CallArrived { caller, language, origin } = input {
            return self.call_arrived(caller, language, origin);
        }
        if !self.apply(input) {
            self.ignored += 1;
        }
        self.skip_stale();
        None
    }

    /// Lets everything happen that is due at or before `now`.
    pub fn advance(&mut self, now: Instant) {
        while let Some((at, _, _)) = self.timers.peek().filter(|(at, ..)| *at <= now) {
            let Some((_, seq, timer)) = self.timers.pop() else { break };
            if self.is_armed(seq, timer) {
                self.now = self.now.max(at);
                self.fire(timer);
            }
        }
        self.now = self.now.max(now);
        self.skip_stale();
    }

    /// The next output; see the drain rule.
    pub fn poll(&mut self) -> Output {
        if let Some(output) = self.out.pop_front() {
            return output;
        }
        if self.audited
            && let Err(broken) = self.audit()
        {
            panic!("a law of the centre is broken at {}: {broken}", self.now);
        }
        Output::Timeout(self.next_deadline())
    }

    /// When the engine wants to be woken; `None` when nothing is pending.
    pub fn next_deadline(&self) -> Option<Instant> {
        self.timers.peek().map(|(at, ..)| at)
    }

    /// The time of the last input or deadline.
    pub fn now(&self) -> Instant {
        self.now
    }

    /// The script new calls begin on.
    pub fn current_script(&self) -> &Arc<Script> {
        let current = self.versions.last().and_then(|version| version.script.as_ref());
        current.expect("the current version is never retired")
    }

    /// The script of a version that is current or that a call still runs on.
    pub fn script_version(&self, version: ScriptVersion) -> Option<&Arc<Script>> {
        let index = (version.0 as usize).checked_sub(1)?;
        self.versions.get(index)?.script.as_ref()
    }

    /// The number of the current version; the first is 1.
    pub fn current_version(&self) -> ScriptVersion {
        ScriptVersion(self.versions.len() as u32)
    }

    /// Whether what this call keys now is secret: for journals, logs and echoes.
    pub fn listens_secretly(&self, call: CallId) -> bool {
        self.is_secret(call)
    }

    /// Whether a key that this call presses at `at` is thrown away, whichever it is: nobody listens, or what is being said
    /// has to be heard out first. What is due before `at` must have happened.
    pub fn discards_keys(&self, call: CallId, at: Instant) -> bool {
        self.is_deaf(call, at)
    }

    /// The engine's number of the queue called `name`.
    pub fn queue_named(&self, name: &str) -> Option<QueueId> {
        self.acd.queues.iter().position(|queue| &*queue.config.name == name).map(|i| QueueId(i as u16))
    }

    /// The configuration in force for every group, by the engine's group numbers.
    pub fn groups(&self) -> impl Iterator<Item = &Group> {
        self.acd.groups.iter().map(|group| &group.config)
    }

    /// How many inputs no longer fitted when they came.
    pub fn ignored_inputs(&self) -> u64 {
        self.ignored
    }

    fn call_arrived(
        &mut self,
        caller: Option<CallerNumber>,
        language: Option<LanguageId>,
        origin: Option<Origin>,
    ) -> Option<CallId> {
        if !self.accepting {
            self.fact(Fact::CallRefused);
            return None;
        }
        let id = self.calls.next_id();
        let version = self.versions.len() - 1;
        let script = self.current_script().clone();
        self.versions[version].calls += 1;
        let mut call = Call::new(id, version, script);
        call.caller = caller;
        call.origin = origin;
        if let Some(language) = language.filter(|language| language.index() < call.script.languages.len()) {
            call.language = language;
        }
        let (version, language, entry) = (call.version_id(), call.language, call.script.entry);
        self.calls.insert(Box::new(call));
        let has_number = caller.is_some();
        self.fact(Fact::CallArrived { call: id, version, language, has_number, promised_in: None, origin });
        self.go(id, Next::Go(entry));
        self.skip_stale();
        Some(id)
    }

    /// Lets an input happen; false when it does not fit.
    fn apply(&mut self, input: Input) -> bool {
        match input {
            Input::CallArrived { .. } => false,
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
            Input::AgentHeld { agent } => self.agent_held(agent, true),
            Input::AgentResumed { agent } => self.agent_held(agent, false),
            Input::AgentReleased { agent } => self.agent_released(agent),
            Input::AgentTransferred { agent, queue } => self.agent_transferred(agent, queue),
            Input::CaseOpened { agent, kind } => self.case_opened(agent, kind),
            Input::ScriptPublished { script } => self.publish(script),
            Input::DrainBegan => std::mem::replace(&mut self.accepting, false),
            Input::DrainEnded => self.abort_all(Cause::Drained),
            Input::CallAborted { call } => self.abort(call, Cause::Aborted),
        }
    }

    fn fire(&mut self, timer: Timer) {
        match timer {
            Timer::Step(call) => self.step_due(call),
            Timer::MaxWait(call) => self.wait_expired(call),
            Timer::Treatment(call) => self.treat(call),
            Timer::Widen(call) => self.widened(call),
            Timer::Ring(call) => self.ring_expired(call),
            Timer::Retry(call) => self.retry_callback(call),
            Timer::WrapUp(agent) => self.end_after_call_work(agent),
            Timer::Pause(agent) => self.pause_expired(agent),
            Timer::Opening(queue) => self.queue_opened(queue),
        }
    }

    /// Makes a script the current version. False when its languages do not fit (see [`Engine::can_publish`]).
    fn publish(&mut self, script: Arc<Script>) -> bool {
        if self.can_publish(&script).is_err() {
            return false;
        }
        let zone = jiff::tz::TimeZone::get(&script.zone).unwrap_or(jiff::tz::TimeZone::UTC);
        let compile = |rules: &CalendarRules| Arc::new(rules.compile(&self.clock, &zone));
        let calendars: Vec<_> = script.calendars.iter().map(compile).collect();
        let queues = self.adopt(&script, &calendars);
        let languages = script.languages.iter().map(|language| language.code.clone()).collect();
        let retired = self.versions.len().checked_sub(1);
        self.versions.push(Version { script: Some(script), calendars, queues, languages, calls: 0 });
        if let Some(version) = retired {
            self.retire(version);
        }
        let version = self.current_version();
        self.fact(Fact::ScriptPublished { version });
        self.look_again();
        true
    }

    /// Forgets a version that is no longer current once its last call has ended.
    fn retire(&mut self, version: usize) {
        if self.versions[version].calls == 0 && version + 1 < self.versions.len() {
            let retired = &mut self.versions[version];
            retired.script = None;
            retired.calendars = Vec::new();
        }
    }

    fn release_version(&mut self, version: usize) {
        self.versions[version].calls -= 1;
        self.retire(version);
    }

    /// The caller hung up: she leaves queue or agent, and the script may have something left to do.
    fn caller_hung_up(&mut self, id: CallId) -> bool {
        let Some(call) = self.calls.get_mut(id).filter(|call| !call.gone && !call.caller_is_away()) else {
            return false;
        };
        let (script, node) = (call.script.clone(), call.node);
        match call.state {
            CallState::Ivr(Step::Recording { since }) => {
                // Most people end a message by hanging up.
                self.disarm(id, Slot::Step);
                if since < self.now {
                    self.fact(Fact::MessageRecorded { call: id, length: self.now.since(since) });
                }
            }
            CallState::Ivr(_) => self.disarm(id, Slot::Step),
            CallState::Queued | CallState::Ringing { .. } => {
                self.leave_queue(id, LeftQueue::Abandoned);
            }
            CallState::Talking { .. } | CallState::Held { .. } => self.part(id, true),
            CallState::Dialling { .. } | CallState::Ended => return false,
        }
        let now = self.now;
        let Some(call) = self.calls.get_mut(id) else { return true };
        call.gone = true;
        (call.playing_until, call.unstoppable_until) = (now, now);
        match script.node(node).hangup {
            Some(chain) => self.go(id, Next::Go(chain)),
            None => {
                let outcome = call.outcome_on_hangup();
                self.end_call(id, outcome, Cause::CallerHungUp);
            }
        }
        true
    }

    /// Ends a call from outside the script.
    fn abort(&mut self, id: CallId, cause: Cause) -> bool {
        let Some(call) = self.calls.get(id) else { return false };
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

    fn abort_all(&mut self, cause: Cause) -> bool {
        let ids: Vec<CallId> = self.calls.iter().map(|call| call.id).collect();
        for id in ids {
            self.abort(id, cause);
        }
        true
    }

    /// Changes a call's state; nothing else does.
    fn transition(&mut self, id: CallId, state: CallState) {
        if let Some(call) = self.calls.get_mut(id) {
            call.state = state;
        }
    }

    fn fact(&mut self, fact: Fact) {
        self.facts += 1;
        self.out.push_back(Output::Event(Event { seq: self.facts, at: self.now, fact }));
    }

    fn command(&mut self, command: Command) {
        self.out.push_back(Output::Command(command));
    }

    /// Arms a call's deadline of one kind, in place of the one armed before.
    fn arm(&mut self, id: CallId, slot: Slot, at: Instant, timer: Timer) {
        let seq = self.timers.arm(at, timer);
        if let Some(call) = self.calls.get_mut(id) {
            call.armed[slot as usize] = seq;
        }
    }

    fn disarm(&mut self, id: CallId, slot: Slot) {
        if let Some(call) = self.calls.get_mut(id) {
            call.armed[slot as usize] = 0;
        }
    }

    /// Whether an entry is the one its owner still waits for.
    fn is_armed(&self, seq: u64, timer: Timer) -> bool {
        let of_call = |id: CallId, slot: Slot| self.calls.get(id).is_some_and(|call| call.armed[slot as usize] == seq);
        let of_agent = |id: AgentId| self.acd.agent(id).is_some_and(|agent| agent.armed == seq);
        match timer {
            Timer::Step(call) => of_call(call, Slot::Step),
            Timer::MaxWait(call) => of_call(call, Slot::MaxWait),
            Timer::Treatment(call) => of_call(call, Slot::Treatment),
            Timer::Widen(call) => of_call(call, Slot::Widen),
            Timer::Ring(call) => of_call(call, Slot::Ring),
            Timer::Retry(call) => of_call(call, Slot::Retry),
            Timer::WrapUp(agent) | Timer::Pause(agent) => of_agent(agent),
            Timer::Opening(queue) => self.acd.queue(queue).opening == seq,
        }
    }

    /// Drops stale entries from the head, so that the next deadline is a real one.
    fn skip_stale(&mut self) {
        while self.timers.peek().is_some_and(|(_, seq, timer)| !self.is_armed(seq, timer)) {
            self.timers.pop();
        }
        if self.timers.wants_sweep() {
            let mut timers = std::mem::take(&mut self.timers);
            timers.sweep(|seq, timer| self.is_armed(seq, timer));
            self.timers = timers;
        }
    }
}
