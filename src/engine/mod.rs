//! The pure centre: a state machine that is told what happens and says what follows.
//!
//! **The drain rule.** After every [`Engine::handle`] (and after [`Engine::advance`]), call [`Engine::poll`] until it returns
//! [`Output::Timeout`]; then wait for an input or for that instant, whichever is first. Inputs come in rising order of time.
//! What is due at the instant of an input happens before the input.
//!
//! May import `canary`, `script`, `time`, `id`, `random` and the masked types of `pii`. What never enters: tokio, clocks, I/O,
//! unseeded randomness, hash-ordered iteration, text. Two engines that were told the same say the same.

mod acd;
mod audit;
mod call;
mod calls;
pub mod event;
mod fingerprint;
pub mod input;
mod ivr;
mod keys;
pub mod output;
mod timer;
mod turn;

pub use acd::hunt;
pub use audit::Census;
pub use event::{Event, Fact};
pub use input::{Input, Origin};
pub use output::{Command, Output};

use std::sync::Arc;

use self::{
    call::Call,
    turn::{State, Turn},
};
use crate::{
    id::{CallId, QueueId, ScriptVersion},
    random::Seed,
    script::{
        Script,
        calendar::{Calendar, CalendarRules},
        model::Group,
    },
    time::{Instant, LocalClock},
};

/// A contact centre without clock, sockets, registry or people.
#[derive(Clone, Debug)]
pub struct Engine {
    /// Every version ever published; old ones keep only what calls still need.
    versions: Vec<Version>,
    state: State,
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

impl Engine {
    /// A centre that runs `script` as version 1, with nobody on duty. `clock` says which local time it is; `seed` is for the
    /// random hunt strategy and for `split` nodes.
    pub fn new(script: Arc<Script>, clock: LocalClock, seed: Seed) -> Engine {
        let state = State::new(clock, seed);
        let mut engine = Engine { versions: Vec::new(), state, ignored: 0, audited: false };
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
        let fits = match input {
            Input::CallArrived { caller, language, origin } => {
                return self.turn().call_arrived(caller, language, origin);
            }
            Input::ScriptPublished { script } => self.publish(script),
            input => self.turn().apply(input),
        };
        self.ignored += u64::from(!fits);
        self.retire();
        None
    }

    /// Lets everything happen that is due at or before `now`.
    #[inline]
    pub fn advance(&mut self, now: Instant) {
        if self.state.timers.is_due(now) {
            self.fire_due(now);
        }
        self.state.timers.pass(now);
        self.state.now = self.state.now.max(now);
    }

    #[inline(never)]
    fn fire_due(&mut self, now: Instant) {
        while let Some((at, timer)) = self.state.timers.due(now) {
            self.state.now = self.state.now.max(at);
            self.turn().fire(timer);
            self.retire();
        }
    }

    /// The next output; see the drain rule.
    pub fn poll(&mut self) -> Output {
        let state = &mut self.state;
        if let Some(output) = state.out.get_mut(state.taken) {
            state.taken += 1;
            return std::mem::replace(output, Output::Timeout(None));
        }
        state.out.clear();
        state.taken = 0;
        self.check_laws();
        Output::Timeout(self.next_deadline())
    }

    /// Takes all that is to be said at once, in order: what [`Engine::poll`] would return until [`Output::Timeout`]. `outputs`
    /// is emptied first; its room is used again.
    #[inline]
    pub fn take_outputs(&mut self, outputs: &mut Vec<Output>) {
        outputs.clear();
        std::mem::swap(&mut self.state.out, outputs);
        if self.state.taken > 0 {
            self.forget_taken(outputs);
        }
        self.check_laws();
    }

    /// Drops what [`Engine::poll`] has told already.
    #[cold]
    fn forget_taken(&mut self, outputs: &mut Vec<Output>) {
        outputs.drain(..std::mem::take(&mut self.state.taken));
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

    /// Whether a key that this call presses at `at` is thrown away, whichever it is: nobody listens, or what is being said
    /// has to be heard out first. What is due before `at` must have happened.
    pub fn discards_keys(&self, call: CallId, at: Instant) -> bool {
        self.state.calls.get(call).is_none_or(|call| ivr::is_deaf(call, script_of(&self.versions, call), at))
    }

    /// The engine's number of the queue called `name`.
    pub fn queue_named(&self, name: &str) -> Option<QueueId> {
        self.state.acd.queues.iter().position(|queue| &*queue.config.name == name).map(|i| QueueId(i as u16))
    }

    /// The configuration in force for every group, by the engine's group numbers.
    pub fn groups(&self) -> impl Iterator<Item = &Group> {
        self.state.acd.groups.iter().map(|group| &group.config)
    }

    /// How many inputs no longer fitted when they came.
    pub fn ignored_inputs(&self) -> u64 {
        self.ignored
    }

    fn turn(&mut self) -> Turn<'_> {
        Turn { versions: &self.versions, state: &mut self.state }
    }

    /// Makes a script the current version. False when its languages do not fit (see [`Engine::can_publish`]).
    #[cold]
    #[inline(never)]
    fn publish(&mut self, script: Arc<Script>) -> bool {
        if self.can_publish(&script).is_err() {
            return false;
        }
        let zone = jiff::tz::TimeZone::get(&script.zone).unwrap_or(jiff::tz::TimeZone::UTC);
        let compile = |rules: &CalendarRules| Arc::new(rules.compile(&self.state.clock, &zone));
        let calendars: Vec<_> = script.calendars.iter().map(compile).collect();
        let queues = self.state.acd.adopt(&script, &calendars);
        let languages = script.languages.iter().map(|language| language.code.clone()).collect();
        self.versions.push(Version { script: Some(script), calendars, queues, languages });
        self.state.running.push(0);
        self.state.unused = true;
        let version = self.current_version();
        let mut turn = self.turn();
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
