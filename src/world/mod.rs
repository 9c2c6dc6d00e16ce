//! The world: the engine, the synthetic people, the services and one calendar. The only thing a driver touches.
//!
//! ```text
//!                                  ┌──────────────────── world ────────────────────┐
//!  driver ── inject, advance_to ──►│ calendar ──► people ◄──► engine ◄──► services │
//!  driver ◄───────── poll ─────────│                                               │
//!                                  └───────────────────────────────────────────────┘
//! ```
//!
//! **The driver's rule.** After every [`World::inject`], [`World::advance_to`] or other change, call [`World::poll`] until
//! it returns `None`; then wait for an input or for [`World::next_deadline`], whichever is first. A driver that wakes late
//! changes nothing: whatever was due happens first, at its own instant, in (instant, sequence) order, an engine timer
//! before an entry of the calendar, and both before an input of the same instant.
//!
//! Imports `engine`, `people`, `registry`, `script`, `random`, `time`, `id` and `pii`. Never enters: a clock, a socket, a
//! file, a thread. A [`World`] can be cloned at any instant and the copy fast-forwarded: that is a forecast.

mod fault;
pub mod incident;
pub mod services;

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use fault::Fate;
pub use fault::{Asked, Fault};
use incident::Incident;
use services::{ServiceChange, Services, audit::AuditEntry, sms::Sms};

use crate::{
    agenda::{Agenda, Ticket},
    engine::{Command, Engine, Event, Fact, Input, Output},
    id::{CallId, ScriptVersion},
    people::{Caller, People, Plan, Who, Wishes, cast::Cast, population::Population},
    random::Seed,
    script::{
        Script, Versions,
        catalogue::{Reply, Request},
        model::Key,
    },
    time::{Duration, Instant, LocalClock},
};

/// What a world begins with.
#[derive(Clone, Debug)]
pub struct WorldConfig {
    /// The script that calls begin on, as version 1.
    pub script: Arc<Script>,
    /// Which local time each instant is.
    pub clock: LocalClock,
    /// The root of all chance.
    pub seed: Seed,
    /// What answers the engine's questions.
    pub services: Services,
    /// Hire the script's agent groups. Without, agents come by [`World::inject`] alone.
    pub agents: bool,
    /// Tell every input that reaches the engine as [`Notice::Input`], for a journal.
    pub tell_inputs: bool,
    /// After every drain, let the engine state its laws and panic where one is broken. For tests and for hunting bugs.
    pub check_laws: bool,
    /// Who calls and who works; `None`: nobody calls, and the script's groups work as it says.
    pub cast: Option<Arc<Cast>>,
    /// What happens by plan, in rising order of time.
    pub incidents: Arc<[Incident]>,
    /// Who could call: the people of the registry, indexed once and shared; `None`: nobody of the registry calls.
    pub population: Option<Arc<Population>>,
    /// Synthetic callers are born up to this long after the beginning; longer than any run by default.
    pub horizon: Duration,
}

impl WorldConfig {
    /// A world with the script's agents and without synthetic callers or incidents, that tells no inputs and does not
    /// check its laws.
    pub fn new(script: Arc<Script>, clock: LocalClock, seed: Seed, services: Services) -> WorldConfig {
        WorldConfig {
            script,
            clock,
            seed,
            services,
            agents: true,
            tell_inputs: false,
            check_laws: false,
            cast: None,
            incidents: Arc::new([]),
            population: None,
            horizon: Duration::MAX,
        }
    }
}

/// What a world tells its driver, in the order in which it happened.
#[derive(Clone, Debug)]
pub enum Notice {
    /// Something happened.
    Event(Event),
    /// A caller's telephone does something (at which instant). Everything but [`Command::Ask`], which the world answers.
    /// Told of scripted callers' calls too; their answers come from within.
    ToCaller(Instant, Command),
    /// A text message was sent.
    Sms(Sms),
    /// Something changed that has to survive a restart.
    Change(ServiceChange),
    /// A person's record was read.
    Audit(AuditEntry),
    /// An input reached the engine; told when [`WorldConfig::tell_inputs`] is set.
    Input {
        /// When.
        at: Instant,
        /// What. A digit that is secret or thrown away is replaced by 0.
        input: Input,
        /// A digit was replaced.
        secret: bool,
    },
}

/// Something in the calendar.
#[derive(Clone, Debug)]
enum Due {
    /// Somebody's plan.
    Person(Who),
    /// A delayed answer.
    Answer { call: CallId, request: Request, available: bool },
}

/// A running centre with its people. See the driver's rule at the top of this room.
#[derive(Clone, Debug)]
pub struct World {
    now: Instant,
    engine: Engine,
    versions: Versions,
    clock: LocalClock,
    seed: Seed,
    services: Services,
    fault: Fault,
    faults: BTreeMap<Asked, Fault>,
    people: People,
    calendar: Agenda<Due>,
    plans: BTreeMap<Who, Ticket>,
    notices: VecDeque<Notice>,
    agents: bool,
    tell_inputs: bool,
}

impl World {
    /// A world at [`Instant::ZERO`]; what happens at that instant (agents coming on duty) has happened.
    pub fn new(config: WorldConfig) -> World {
        let WorldConfig { script, clock, seed, services, agents, tell_inputs, check_laws, cast, .. } = config;
        let staffing = Arc::new(cast.as_ref().map(|cast| cast.staffing.clone()).unwrap_or_default());
        let people = People::new(seed, clock.clone(), staffing, &script);
        let engine = Engine::new(script.clone(), clock.clone(), seed);
        let mut world = World {
            now: Instant::ZERO,
            engine: if check_laws { engine.audited() } else { engine },
            versions: Versions::new(script),
            clock,
            seed,
            services,
            fault: Fault::NONE,
            faults: BTreeMap::new(),
            people,
            calendar: Agenda::default(),
            plans: BTreeMap::new(),
            notices: VecDeque::new(),
            agents,
            tell_inputs,
        };
        world.settle(Instant::ZERO, Wishes::default());
        world.employ(Instant::ZERO);
        world
    }

    /// Up to when everything has happened.
    pub fn now(&self) -> Instant {
        self.now
    }

    /// Lets everything happen that is due at or before `until`, each at its own instant. An instant before
    /// [`World::now`] changes nothing: time does not run back.
    pub fn advance_to(&mut self, until: Instant) {
        loop {
            let timer = self.engine.next_deadline().unwrap_or(Instant::NEVER);
            let entry = self.calendar.head().unwrap_or(Instant::NEVER);
            let next = timer.min(entry);
            if next > until || next == Instant::NEVER {
                break;
            }
            // A timer may be overdue when it was set for an instant that had passed; it happens now.
            self.now = self.now.max(next);
            if timer <= entry {
                self.engine.advance(self.now);
                self.settle(self.now, Wishes::default());
            } else if let Some((at, due)) = self.calendar.pop() {
                self.act(at, due);
            }
        }
        if until != Instant::NEVER {
            self.now = self.now.max(until);
        }
        self.take_from_services();
    }

    /// As [`World::advance_to`], but tells `sink` the events, each once and in order, and nobody anything else: the way for
    /// whoever runs ahead without a telephone at the other end. Notices left from before are told by [`World::poll`] as ever.
    pub fn watch(&mut self, until: Instant, sink: &mut impl FnMut(&Event)) {
        let before = std::mem::take(&mut self.notices);
        self.advance_to(until);
        for notice in std::mem::replace(&mut self.notices, before) {
            if let Notice::Event(event) = notice {
                sink(&event);
            }
        }
    }

    /// Lets everything happen that is due at or before `now`, then this. For [`Input::CallArrived`] the id of the new
    /// call; `None` when it was refused, and for all other inputs. An instant before [`World::now`] counts as that.
    ///
    /// A script is published by [`World::publish`], which also follows its agent groups.
    pub fn inject(&mut self, now: Instant, input: Input) -> Option<CallId> {
        self.advance_to(now);
        if let Input::ScriptPublished { script } = input {
            // Refused: the old version stays, as with any input that does not fit.
            let _ = self.publish(now, script);
            return None;
        }
        let call = self.tell_engine(self.now, input);
        self.settle(self.now, Wishes::default());
        call
    }

    /// Makes `script` the version that new calls begin on, and hires and lets go agents as its groups say.
    ///
    /// # Errors
    /// The script cannot follow the versions in force, and why; the old version stays.
    pub fn publish(&mut self, now: Instant, script: Arc<Script>) -> Result<ScriptVersion, String> {
        self.advance_to(now);
        self.engine.can_publish(&script)?;
        if self.notices.is_empty() {
            // What is still to be told may need any version; once all is told, only calls in progress do.
            let engine = &self.engine;
            self.versions.forget(|version| engine.script_version(version).is_some());
        }
        self.versions.publish(script.clone());
        self.tell_engine(self.now, Input::ScriptPublished { script });
        self.settle(self.now, Wishes::default());
        self.employ(self.now);
        Ok(self.versions.number())
    }

    /// Adds a scripted caller, who calls at her time (now, if that has passed).
    pub fn add_caller(&mut self, caller: Caller) {
        let mut wishes = Wishes::default();
        self.people.add_caller(self.now, caller, &mut wishes);
        self.settle(self.now, wishes);
    }

    /// How the services behave from now on, except those that [`World::set_fault_of`] spoke of.
    pub fn set_fault(&mut self, fault: Fault) {
        self.fault = fault;
    }

    /// How one service behaves from now on, whatever the others do.
    pub fn set_fault_of(&mut self, asked: Asked, fault: Fault) {
        self.faults.insert(asked, fault);
    }

    /// The next thing to tell; `None` when everything is told.
    pub fn poll(&mut self) -> Option<Notice> {
        self.notices.pop_front()
    }

    /// When something is due; `None`: nothing ever, without an input.
    pub fn next_deadline(&self) -> Option<Instant> {
        match (self.engine.next_deadline(), self.calendar.head()) {
            (Some(timer), Some(entry)) => Some(timer.min(entry)),
            (timer, entry) => timer.or(entry),
        }
    }

    /// The published versions, by which ids in events and commands are resolved.
    pub fn versions(&self) -> &Versions {
        &self.versions
    }

    /// Which local time each instant is.
    pub fn clock(&self) -> &LocalClock {
        &self.clock
    }

    /// The engine, to be looked at.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The services, to be looked at.
    pub fn services(&self) -> &Services {
        &self.services
    }

    /// The services, for changes that come from outside the calls (an operator's, an API's). What changes is told by
    /// [`World::poll`] after the next input or [`World::advance_to`].
    pub fn services_mut(&mut self) -> &mut Services {
        &mut self.services
    }

    /// How many simulated agents the centre employs, on duty or not.
    pub fn agents(&self) -> usize {
        self.people.agents()
    }

    fn employ(&mut self, at: Instant) {
        if self.agents {
            let mut wishes = Wishes::default();
            self.people.employ(at, &self.versions, &mut wishes);
            self.settle(at, wishes);
        }
    }

    /// Does what the calendar holds.
    fn act(&mut self, at: Instant, due: Due) {
        let mut wishes = Wishes::default();
        match due {
            Due::Person(who) => {
                self.plans.remove(&who);
                self.people.wake(at, who, &mut wishes);
                if let (Who::Caller(caller), Some(Input::CallArrived { .. })) = (who, wishes.inputs.first()) {
                    let input = wishes.inputs.remove(0);
                    let call = self.tell_engine(at, input);
                    self.people.dialled(at, caller, call, &mut wishes);
                }
            }
            Due::Answer { call, request, available } => wishes.inputs.push(self.reply(at, call, &request, available)),
        }
        self.settle(at, wishes);
    }

    /// Drains the engine, and does what people wish and services answer, until nobody has anything more to do at `at`.
    fn settle(&mut self, at: Instant, mut wishes: Wishes) {
        let mut inputs = VecDeque::new();
        loop {
            self.take_plans(&mut wishes);
            inputs.extend(wishes.inputs.drain(..));
            match self.engine.poll() {
                Output::Command(Command::Ask { call, request }) => inputs.extend(self.ask(at, call, request)),
                Output::Command(command) => {
                    self.people.hear(at, &command, &self.versions, &mut wishes);
                    self.notices.push_back(Notice::ToCaller(at, command));
                }
                Output::Event(event) => {
                    self.people.notice(at, &event.fact, &mut wishes);
                    if let Fact::CallEnded { call, .. } = event.fact {
                        self.services.call_ended(call);
                    }
                    self.notices.push_back(Notice::Event(event));
                }
                Output::Timeout(_) => match inputs.pop_front() {
                    Some(input) => {
                        self.tell_engine(at, input);
                    }
                    None => break,
                },
            }
        }
        self.take_from_services();
    }

    fn take_plans(&mut self, wishes: &mut Wishes) {
        for Plan { who, at } in wishes.plans.drain(..) {
            if let Some(ticket) = self.plans.remove(&who) {
                self.calendar.cancel(ticket);
            }
            if let Some(at) = at {
                self.plans.insert(who, self.calendar.enter(at, Due::Person(who)));
            }
        }
    }

    /// Lets the engine have an input, and tells it masked.
    fn tell_engine(&mut self, at: Instant, input: Input) -> Option<CallId> {
        if self.tell_inputs {
            let (input, secret) = self.masked(at, &input);
            self.notices.push_back(Notice::Input { at, input, secret });
        }
        self.engine.handle(at, input)
    }

    /// A digit that is secret, or that nobody listens to: an impatient caller keys her number over a notice, or to an
    /// agent.
    fn masked(&self, at: Instant, input: &Input) -> (Input, bool) {
        let secret = |call| self.engine.listens_secretly(call) || self.engine.discards_keys(call, at);
        match *input {
            Input::Dtmf { call, key } if key.digit().is_some() && secret(call) => {
                (Input::Dtmf { call, key: Key::ZERO }, true)
            }
            _ => (input.clone(), false),
        }
    }

    /// The answer to a question, if it is given at once.
    fn ask(&mut self, at: Instant, call: CallId, request: Request) -> Option<Input> {
        let fault = self.faults.get(&Asked::by(&request.query)).copied().unwrap_or(self.fault);
        let available = match fault.fate(self.seed, call, request.id) {
            Fate::Lost => return None,
            fate => fate == Fate::Answered,
        };
        if fault.delay.as_micros() > 0 {
            self.calendar.enter(at + fault.delay, Due::Answer { call, request, available });
            return None;
        }
        Some(self.reply(at, call, &request, available))
    }

    fn reply(&mut self, at: Instant, call: CallId, request: &Request, available: bool) -> Input {
        let reply = match available {
            true => self.services.answer(at, &self.clock, call, request),
            false => Reply::Unavailable,
        };
        Input::Replied { call, request: request.id, reply }
    }

    fn take_from_services(&mut self) {
        self.notices.extend(self.services.drain_changes().into_iter().map(Notice::Change));
        self.notices.extend(self.services.drain_audit().into_iter().map(Notice::Audit));
        self.notices.extend(self.services.drain_sms().into_iter().map(Notice::Sms));
    }
}
