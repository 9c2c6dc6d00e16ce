//! The pure centre: a state machine that is told what happens and says what follows.
//!
//! Whoever wants to be told at once hands a [`Sink`] along ([`Engine::handle_with`], [`Engine::advance_with`]) and has nothing to
//! poll.
//!
//! **The drain rule.** Without one: after every [`Engine::handle`] (and after [`Engine::advance`]), call [`Engine::poll`] until it returns
//! [`Output::Timeout`]; then wait for an input or for that instant, whichever is first. Inputs come in rising order of time.
//! What is due at the instant of an input happens before the input.
//!
//! May import `canary`, `script`, `time`, `id`, `random` and the masked types of `pii`. What never enters: tokio, clocks, I/O,
//! unseeded randomness, hash-ordered iteration, text. Two engines that were told the same say the same.

mod acd;
mod ahead;
mod audit;
mod call;
mod calls;
pub mod event;
mod fingerprint;
pub mod input;
mod ivr;
mod keys;
pub mod output;
#[cfg(test)]
pub(crate) mod planted;
pub mod survey;
mod timer;
mod turn;
mod variables;

pub use acd::hunt;
pub use audit::Census;
pub use event::{Event, Fact};
pub use fingerprint::Fingerprint;
pub use input::{Input, Origin, Promised};
pub use output::{Command, Output, Sink};

use std::sync::Arc;

use self::{
    acd::agent::Agent,
    call::Call,
    turn::{State, Turn},
};
use crate::{
    id::{CallId, NodeId, QueueId, ScriptVersion},
    random::Seed,
    script::{
        Script,
        calendar::Calendar,
        model::{Group, Key, NodeKind},
    },
    time::{Duration, Instant, LocalClock},
};

/// A contact centre without clock, sockets, registry or people.
#[derive(Clone, Debug)]
pub struct Engine {
    /// Every version ever published; old ones keep only what calls still need.
    versions: Vec<Version>,
    state: State,
    /// What was said to nobody yet, of which so many items have been taken already.
    out: Vec<Output>,
    taken: usize,
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
}

/// What is said goes back to the engine however the change ends: what others were told before a panic is still told.
struct Keeping<'a> {
    engine: &'a mut Engine,
    out: Vec<Output>,
}

impl Drop for Keeping<'_> {
    fn drop(&mut self) {
        self.engine.out = std::mem::take(&mut self.out);
    }
}

impl Engine {
    /// A centre that runs `script` as version 1, with nobody on duty. `clock` says which local time it is; `seed` is for the
    /// random hunt strategy and for `split` nodes.
    pub fn new(script: Arc<Script>, clock: LocalClock, seed: Seed) -> Engine {
        let state = State::new(clock, seed);
        let mut engine = Engine { versions: Vec::new(), state, out: Vec::new(), taken: 0, ignored: 0, audited: false };
        engine.keeping(|engine, out| engine.publish(script, out));
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
        self.keeping(|engine, out| {
            engine.run_to(now, out);
            engine.take(input, out)
        })
    }

    /// Lets everything happen that is due at or before `now`.
    pub fn advance(&mut self, now: Instant) {
        self.keeping(|engine, out| engine.run_to(now, out));
    }

    /// As [`Engine::handle`], but what is said is told to `sink` at once, and nothing of it is kept for [`Engine::poll`].
    pub fn handle_with(&mut self, now: Instant, input: Input, sink: &mut impl Sink) -> Option<CallId> {
        self.run_to(now, sink);
        let call = self.take(input, sink);
        self.check_laws();
        call
    }

    /// As [`Engine::advance`], but what is said is told to `sink` at once, and nothing of it is kept for [`Engine::poll`].
    #[inline]
    pub fn advance_with(&mut self, now: Instant, sink: &mut impl Sink) {
        self.run_to(now, sink);
        self.check_laws();
    }

    /// How many of these keys of a call, the first pressed at `at` and the others `pace` apart, will be taken into the entry in
    /// hand with nothing said about it, if nothing else happens to the call. What is due at or before `at` must have happened.
    pub fn keeps_keys(&self, at: Instant, call: CallId, keys: &[Key], pace: Duration) -> usize {
        let call = self.state.calls.get(call);
        call.map_or(0, |call| ivr::kept(call, script_of(&self.versions, call), at, keys, pace))
    }

    /// Takes keys of which [`Engine::keeps_keys`] is certain, all at once, as if each had been pressed at its time.
    pub fn keep_keys(&mut self, at: Instant, call: CallId, keys: &[Key], pace: Duration) {
        if let Some(call) = self.state.calls.get_mut(call) {
            let script = script_of(&self.versions, call);
            ivr::keep(call, script, &mut self.state.timers, at, keys, pace);
        }
    }

    /// How many calls were ever offered, calls back included.
    pub fn calls_offered(&self) -> u64 {
        self.state.calls.offered
    }

    /// How many calls were offered and have not ended.
    pub fn calls_in_progress(&self) -> u64 {
        self.state.calls.offered - self.state.calls.ended
    }

    /// The id that the next [`Input::CallArrived`] will be given; `None`: it will be refused.
    #[inline]
    pub fn next_call(&self) -> Option<CallId> {
        self.state.accepting.then_some(CallId(self.state.calls.offered + 1))
    }

    /// Does something of which what is said is kept for [`Engine::poll`].
    fn keeping<T>(&mut self, change: impl FnOnce(&mut Engine, &mut Vec<Output>) -> T) -> T {
        let out = std::mem::take(&mut self.out);
        let mut keeping = Keeping { engine: self, out };
        let Keeping { engine, out } = &mut keeping;
        change(engine, out)
    }

    #[inline(always)]
    fn take<S: Sink>(&mut self, input: Input, sink: &mut S) -> Option<CallId> {
        self.state.serving = self.call_of(&input);
        #[cfg(test)]
        planted::strike(&input);
        let fits = match input {
            Input::CallArrived { caller, language, origin } => {
                return self.turn(sink).call_arrived(caller, language, origin);
            }
            Input::CallbackRestored(promised) => {
                let call = self.turn(sink).restore_callback(*promised);
                self.ignored += u64::from(call.is_none());
                return call;
            }
            Input::ScriptPublished { script } => self.publish(script, sink),
            input => self.turn(sink).apply(input),
        };
        self.ignored += u64::from(!fits);
        self.retire();
        None
    }

    #[inline]
    fn run_to<S: Sink>(&mut self, now: Instant, sink: &mut S) {
        if self.state.timers.is_due(now) {
            self.fire_due(now, sink);
        }
        if now > self.state.now {
            self.state.timers.pass(now);
            self.state.now = now;
        }
    }

    #[inline(never)]
    fn fire_due<S: Sink>(&mut self, now: Instant, sink: &mut S) {
        while let Some((at, timer)) = self.state.timers.due(now) {
            self.state.now = self.state.now.max(at);
            self.state.serving = timer.call();
            #[cfg(test)]
            planted::strike_timer(timer);
            self.turn(sink).fire(timer);
            self.retire();
        }
    }

    /// The call that an input is about and no other.
    #[inline]
    fn call_of(&self, input: &Input) -> Option<CallId> {
        match *input {
            Input::CallArrived { .. } | Input::CallbackRestored(_) => self.next_call(),
            Input::Dtmf { call, .. }
            | Input::CallerHungUp { call }
            | Input::CallerAnswered { call }
            | Input::CallerUnreachable { call }
            | Input::Replied { call, .. }
            | Input::CallAborted { call } => Some(call),
            Input::AgentAnswered { agent }
            | Input::AgentRejected { agent }
            | Input::AgentHeld { agent }
            | Input::AgentResumed { agent }
            | Input::AgentReleased { agent }
            | Input::AgentTransferred { agent, .. } => self.state.acd.agent(agent).and_then(Agent::call),
            _ => None,
        }
    }

    /// Whose deadline or input is dealt with, or was last; `None`: it was about no one call. After a panic this says whom
    /// it struck.
    pub fn serving(&self) -> Option<CallId> {
        self.state.serving
    }

    /// What follows is done for this call, or for none in particular.
    #[inline]
    pub(crate) fn serve(&mut self, call: Option<CallId>) {
        self.state.serving = call;
    }

    /// The next output; see the drain rule.
    pub fn poll(&mut self) -> Output {
        if let Some(output) = self.out.get_mut(self.taken) {
            self.taken += 1;
            return std::mem::replace(output, Output::Timeout(None));
        }
        self.out.clear();
        self.taken = 0;
        self.check_laws();
        Output::Timeout(self.next_deadline())
    }

    /// Takes all that is to be said at once, in order: what [`Engine::poll`] would return until [`Output::Timeout`]. `outputs`
    /// is emptied first; its room is used again.
    #[inline]
    pub fn take_outputs(&mut self, outputs: &mut Vec<Output>) {
        outputs.clear();
        std::mem::swap(&mut self.out, outputs);
        if self.taken > 0 {
            self.forget_taken(outputs);
        }
        self.check_laws();
    }

    /// Tells `sink` what is still to be polled.
    pub fn tell(&mut self, sink: &mut impl Sink) {
        // Taken one by one: where the sink has a fault, the rest is still to be told.
        while let Some(output) = self.out.get_mut(self.taken) {
            self.taken += 1;
            match std::mem::replace(output, Output::Timeout(None)) {
                Output::Event(event) => sink.event(event),
                Output::Command(command) => sink.command(command),
                Output::Timeout(_) => {}
            }
        }
        self.out.clear();
        self.taken = 0;
    }

    /// Drops what [`Engine::poll`] has told already.
    #[cold]
    fn forget_taken(&mut self, outputs: &mut Vec<Output>) {
        outputs.drain(..std::mem::take(&mut self.taken));
    }

    #[inline]
    fn check_laws(&self) {
        if self.audited {
            self.insist_on_laws();
        }
    }

    #[cold]
    fn insist_on_laws(&self) {
        if let Err(broken) = self.audit() {
            panic!("a law of the centre is broken at {}: {broken}", self.state.now);
        }
    }

    /// When the engine wants to be woken; `None` when nothing is pending.
    pub fn next_deadline(&self) -> Option<Instant> {
        self.state.timers.head()
    }

    /// As [`Engine::next_deadline`]; [`Instant::NEVER`] when nothing is pending.
    #[inline]
    pub fn first_due(&self) -> Instant {
        self.state.timers.first_due()
    }

    /// The time of the last input or deadline.
    pub fn now(&self) -> Instant {
        self.state.now
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
        self.state.calls.get(call).is_some_and(|call| ivr::is_secret(call, script_of(&self.versions, call)))
    }

    /// From now on keys pressed ahead are told as they come to be used; see [`Engine::take_used_keys`].
    pub fn tell_used_keys(&mut self) {
        self.state.ahead.tell();
    }

    /// The keys pressed ahead that came to be used since the last time, in order, but for those a secret entry used.
    pub fn take_used_keys(&mut self) -> Vec<(CallId, Key)> {
        self.state.ahead.take()
    }

    /// The next key pressed ahead that comes to be used is this one, whatever was pressed: for a run from a journal, which
    /// does not hold keys that nobody used.
    pub fn give_used_key(&mut self, call: CallId, key: Key) {
        self.state.ahead.give(call, key);
    }

    /// Whether the last [`Input::Dtmf`] was kept for later, so that it is not known yet whether anybody will use it.
    pub fn kept_key(&self) -> bool {
        self.state.ahead.stored
    }

    /// Whether the last [`Input::Dtmf`] was a digit that nothing was bound to, so that [`Key::UNBOUND`] would have done as well.
    pub fn unbound_key(&self) -> bool {
        self.state.ahead.unbound
    }

    /// Whether a key that this call presses at `at` is thrown away, whichever it is: nobody listens, or what is being said
    /// has to be heard out first. What is due before `at` must have happened.
    pub fn discards_keys(&self, call: CallId, at: Instant) -> bool {
        self.state.calls.get(call).is_none_or(|call| ivr::is_deaf(call, script_of(&self.versions, call), at))
    }

    /// The engine's number of the queue called `name`.
    pub fn queue_named(&self, name: &str) -> Option<QueueId> {
        self.state.acd.queues.iter().position(|queue| &*queue.config.name == name).map(|i| QueueId(i as u16))
    }

    /// Whether the telephone of a promised caller rings.
    pub fn is_dialling(&self, call: CallId) -> bool {
        self.state.calls.get(call).is_some_and(|call| matches!(call.state, call::CallState::Dialling { .. }))
    }

    /// The promise that a call back keeps as long as its caller has not picked up.
    pub fn promise(&self, call: CallId) -> Option<Promised> {
        let call = self.state.calls.get(call).filter(|call| call.caller_is_away())?;
        let (place, script) = (call.place.as_ref()?, script_of(&self.versions, call));
        let is_queue = |node: &NodeId| matches!(script.node(*node).kind, NodeKind::Queue(_));
        Some(Promised {
            caller: call.caller?,
            queue: place.queue,
            language: place.language,
            accepted: place.accepted.clone(),
            since: place.since,
            priority: place.priority,
            attempts: place.attempts,
            node: call.queue_node.filter(is_queue),
            recording: call.menus().recording,
        })
    }

    /// The version that a call in progress runs on.
    pub fn version_of(&self, call: CallId) -> Option<ScriptVersion> {
        self.state.calls.get(call).map(Call::version_id)
    }

    /// The configuration in force for every group, by the engine's group numbers.
    pub fn groups(&self) -> impl Iterator<Item = &Group> {
        self.state.acd.groups.iter().map(|group| &group.config)
    }

    /// How many inputs no longer fitted when they came.
    pub fn ignored_inputs(&self) -> u64 {
        self.ignored
    }

    #[inline]
    fn turn<'a, S: Sink>(&'a mut self, sink: &'a mut S) -> Turn<'a, S> {
        Turn { versions: &self.versions, state: &mut self.state, sink }
    }

    /// Makes a script the current version. False when its languages do not fit (see [`Engine::can_publish`]).
    #[cold]
    #[inline(never)]
    fn publish<S: Sink>(&mut self, script: Arc<Script>, sink: &mut S) -> bool {
        if self.can_publish(&script).is_err() {
            return false;
        }
        let calendars = script.calendars_by(&self.state.clock).into_vec();
        let queues = self.state.acd.adopt(&script, &calendars);
        let languages = script.languages.iter().map(|language| language.code.clone()).collect();
        self.versions.push(Version { script: Some(script), calendars, queues, languages });
        self.state.running.push(0);
        self.state.unused = true;
        let version = self.current_version();
        let mut turn = self.turn(sink);
        turn.fact(Fact::ScriptPublished { version });
        turn.look_again();
        true
    }

    /// Whether `script` can follow the versions in force. The error says what stands in the way.
    pub fn can_publish(&self, script: &Script) -> Result<(), String> {
        let Some(current) = self.versions.last() else { return Ok(()) };
        let have: Vec<_> = current.languages.iter().map(|code| &**code).collect();
        let want: Vec<_> = script.languages.iter().map(|language| &*language.code).collect();
        if want.starts_with(&have) {
            return Ok(());
        }
        Err(format!(
            "the languages of a running centre can only be added to, at the end of the list: it speaks {}, the new script {}; \
             restart the centre to change them",
            have.join(", "),
            want.join(", ")
        ))
    }

    /// Forgets the versions that are no longer current and whose last call has ended.
    #[inline]
    fn retire(&mut self) {
        if self.state.unused {
            self.state.unused = false;
            self.forget_unused();
        }
    }

    #[cold]
    fn forget_unused(&mut self) {
        let current = self.versions.len() - 1;
        for (version, running) in self.versions[..current].iter_mut().zip(&self.state.running) {
            if *running == 0 {
                version.script = None;
                version.calendars = Vec::new();
            }
        }
    }
}

/// The script a call runs on.
#[inline]
fn script_of<'a>(versions: &'a [Version], call: &Call) -> &'a Script {
    versions[call.version].script.as_deref().expect("a version is kept for as long as calls run on it")
}
