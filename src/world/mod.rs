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
//! changes nothing: whatever was due happens first, at its own instant.
//!
//! **Order.** What is due happens by (instant, rank, sequence). The ranks of one instant: 0, the engine's timers, then keys of
//! which nothing follows (`keying`); 1, incidents; 2, entries of the calendar, which are people's plans and delayed answers, in the order in which they were made;
//! 3, births of synthetic callers, in the order of their demand; 4, what a driver injects. Births and incidents are known
//! ahead in their order and never enter the calendar.
//!
//! Imports `engine`, `people`, `registry`, `script`, `random`, `time`, `id` and `pii`. Never enters: a clock, a socket, a
//! file, a thread. A [`World`] can be cloned at any instant and the copy fast-forwarded: that is a forecast.

mod config;
mod ear;
mod fault;
pub mod incident;
mod keying;
mod listener;
mod notice;
mod plans;
mod promise;
pub mod services;

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

pub use config::WorldConfig;
use ear::{Driver, Ear, Watcher};
pub use fault::{Asked, Fault};
use incident::{Incident, IncidentKind};
use listener::Listener;
pub use notice::{Notice, Verdict};
use plans::Plans;
use promise::PromiseNews;
pub use promise::{LostPromise, Promise};
use services::Services;

use crate::{
    agenda::Agenda,
    engine::{Engine, Event, Input},
    id::{AgentId, CallId, PersonId, ScriptVersion},
    people::{Caller, NotTaken, People, Plan, Taken, Who, Wishes, demand::Demand},
    random::Seed,
    registry::{Change, Status},
    script::{Script, Versions, catalogue::Request},
    time::{Instant, LocalClock},
};

/// Something in the calendar.
#[derive(Clone, Debug)]
enum Due {
    /// Somebody's plan.
    Person(Who),
    /// A delayed answer.
    Answer(Box<Answer>),
}

/// A delayed answer.
#[derive(Clone, Debug)]
struct Answer {
    call: CallId,
    request: Request,
    available: bool,
}

/// What is due next, in the order of ranks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rank {
    Timer,
    Key,
    Incident,
    Entry,
    Birth,
}

/// What there is to tell goes back to the world however the change ends: what happened to others before a panic is still
/// told.
struct Telling<'a> {
    world: &'a mut World,
    notices: VecDeque<Notice>,
}

impl Drop for Telling<'_> {
    fn drop(&mut self) {
        self.world.notices = std::mem::take(&mut self.notices);
    }
}

/// Wishes that the engine is told; what it was told is no wish any more, however that ends.
struct Wishing<'a, E> {
    listener: Listener<'a, E>,
    done: usize,
}

impl<E> Drop for Wishing<'_, E> {
    #[inline]
    fn drop(&mut self) {
        let inputs = &mut self.listener.wishes.inputs;
        match self.done == inputs.len() {
            true => inputs.clear(),
            // After a panic: the others' wishes stand.
            false => drop(inputs.drain(..self.done)),
        }
    }
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
    demand: Option<Demand>,
    incidents: Arc<[Incident]>,
    /// How many of the incidents have happened.
    happened: usize,
    /// Everybody before has been asked by [`IncidentKind::Register`] whether she is to be registered.
    registered_to: PersonId,
    calendar: Agenda<Due>,
    /// Digits that callers key for a driver, of which nothing follows.
    keys: Agenda<keying::OnItsWay>,
    plans: Plans,
    notices: VecDeque<Notice>,
    /// What people want now; empty between changes.
    wishes: Wishes,
    agents: bool,
    tell_inputs: bool,
    hold_verdicts: bool,
    send_codes: bool,
    /// Calls back that still have to be made.
    promised: BTreeSet<CallId>,
    /// What the engine said of promises while it was busy; empty between changes.
    promise_news: Vec<PromiseNews>,
}

impl World {
    /// A world at [`Instant::ZERO`]; what happens at that instant (agents coming on duty) has happened, but for incidents
    /// and births.
    pub fn new(config: WorldConfig) -> World {
        let WorldConfig { script, clock, seed, services, agents, cast, population, horizon, .. } = config;
        let demand = cast.as_ref().map(|cast| match config.demand {
            Some(demand) => demand.again(seed),
            None => Demand::new(&cast.demand, population, &script, &clock, seed, horizon),
        });
        let mut engine = Engine::new(script.clone(), clock.clone(), seed);
        if config.tell_inputs {
            engine.tell_used_keys();
        }
        let mut world = World {
            now: Instant::ZERO,
            engine: if config.check_laws { engine.audited() } else { engine },
            people: People::new(seed, clock.clone(), cast, &script),
            versions: Versions::new(script),
            clock,
            seed,
            services,
            fault: Fault::NONE,
            faults: BTreeMap::new(),
            demand,
            incidents: config.incidents,
            happened: 0,
            registered_to: PersonId(0),
            calendar: Agenda::default(),
            keys: Agenda::default(),
            plans: Plans::default(),
            notices: VecDeque::new(),
            wishes: Wishes::default(),
            agents,
            tell_inputs: config.tell_inputs,
            hold_verdicts: config.hold_verdicts,
            send_codes: config.send_codes,
            promised: BTreeSet::new(),
            promise_news: Vec::new(),
        };
        world.telling(|world, ear| {
            world.hear_engine(Instant::ZERO, ear);
            world.settle(Instant::ZERO, ear);
            world.employ(Instant::ZERO, ear);
        });
        world
    }

    /// Up to when everything has happened.
    pub fn now(&self) -> Instant {
        self.now
    }

    /// Lets everything happen that is due at or before `until`, each at its own instant. An instant before
    /// [`World::now`] changes nothing: time does not run back.
    pub fn advance_to(&mut self, until: Instant) {
        self.telling(|world, ear| {
            world.run(until, ear);
            world.take_from_services(ear);
        });
    }

    /// As [`World::advance_to`], but tells `sink` the events, each once and in order, and nobody anything else: the way for
    /// whoever runs ahead without a telephone at the other end. Nothing is kept for [`World::poll`] but
    /// [`Notice::Refused`]; what services keep (see [`services::Config::keep`]) waits for the next [`World::advance_to`].
    pub fn watch(&mut self, until: Instant, sink: &mut impl FnMut(&Event)) {
        let mut kept = std::mem::take(&mut self.notices);
        // Notices left from before are still to be told; events among them are not told twice.
        self.run(until, &mut Watcher { sink, kept: &mut kept });
        self.notices = kept;
    }

    /// Lets everything happen that is due at or before `now`, then this. For [`Input::CallArrived`] the id of the new
    /// call; `None` when it was refused, and for all other inputs. An instant before [`World::now`] counts as that.
    ///
    /// A script is published by [`World::publish`], which also follows its agent groups.
    pub fn inject(&mut self, now: Instant, input: Input) -> Option<CallId> {
        if let Input::ScriptPublished { script } = input {
            // Refused: the old version stays, as with any input that does not fit.
            let _ = self.publish(now, script);
            return None;
        }
        self.advance_to(now);
        self.telling(|world, ear| {
            let call = world.tell_engine(world.now, input, ear);
            world.settle(world.now, ear);
            call
        })
    }

    /// After a panic in a change: what people wished then and has not happened yet happens now. Whose input it was that
    /// failed is not wished again.
    pub fn resume(&mut self) {
        self.telling(|world, ear| world.settle(world.now, ear));
    }

    /// Makes `script` the version that new calls begin on, and hires and lets go agents as its groups say.
    ///
    /// # Errors
    /// The script cannot follow the versions in force, and why; the old version stays.
    pub fn publish(&mut self, now: Instant, script: Arc<Script>) -> Result<ScriptVersion, String> {
        self.advance_to(now);
        let told = self.notices.is_empty();
        self.telling(|world, ear| world.take_script(script, told, ear))
    }

    /// Adds a scripted caller, who calls at her time (now, if that has passed).
    pub fn add_caller(&mut self, caller: Caller) {
        self.people.add_caller(self.now, caller, &mut self.wishes);
        self.telling(|world, ear| world.settle(world.now, ear));
    }

    /// A person takes the place of the simulated agent called `name` (see [`People::take_over`]); what she does comes by
    /// [`World::inject`] from then on.
    ///
    /// # Errors
    /// There is nobody of that name, or another person has the place.
    pub fn take_over(&mut self, now: Instant, name: &str) -> Result<Taken, NotTaken> {
        self.advance_to(now);
        let taken = self.people.take_over(name, &mut self.wishes);
        self.telling(|world, ear| world.settle(world.now, ear));
        taken
    }

    /// A person leaves the place she took (see [`People::give_back`]).
    pub fn give_back(&mut self, now: Instant, agent: AgentId) {
        self.advance_to(now);
        self.people.give_back(self.now, agent, &mut self.wishes);
        self.telling(|world, ear| world.settle(world.now, ear));
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
        let (next, _) = self.next();
        (next < Instant::NEVER).then_some(next)
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

    /// Whose affair is being dealt with, or was last; `None`: no one call's. After a panic this says whom it struck.
    pub fn serving(&self) -> Option<CallId> {
        self.engine.serving()
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

    /// How many matters of synthetic callers are in progress: on the telephone, to call again, to be called back.
    pub fn matters(&self) -> usize {
        self.people.matters()
    }

    /// No synthetic caller is born any more.
    pub fn demand_is_over(&self) -> bool {
        self.demand.as_ref().is_none_or(|demand| demand.peek().is_none())
    }

    /// Does something of which the driver is told everything.
    fn telling<T>(&mut self, change: impl FnOnce(&mut World, &mut Driver<'_>) -> T) -> T {
        let notices = std::mem::take(&mut self.notices);
        let mut telling = Telling { world: self, notices };
        let Telling { world, notices } = &mut telling;
        change(world, &mut Driver(notices))
    }

    /// When something is due and what; [`Instant::NEVER`]: nothing.
    fn next(&self) -> (Instant, Rank) {
        let or_never = |at: Option<Instant>| at.unwrap_or(Instant::NEVER);
        let mut next = (self.engine.first_due(), Rank::Timer);
        let mut also = |at: Instant, rank: Rank| {
            if at < next.0 {
                next = (at, rank);
            }
        };
        also(self.keys.first_due(), Rank::Key);
        also(or_never(self.incidents.get(self.happened).map(|incident| incident.at)), Rank::Incident);
        also(self.calendar.first_due(), Rank::Entry);
        also(or_never(self.demand.as_ref().and_then(Demand::peek)), Rank::Birth);
        next
    }

    fn run<E: Ear>(&mut self, until: Instant, ear: &mut E) {
        loop {
            let (next, rank) = self.next();
            if next > until || next == Instant::NEVER {
                break;
            }
            // What was set for an instant that had passed happens now.
            self.now = self.now.max(next);
            // The engine says itself whose timer or input it deals with.
            self.engine.serve(None);
            match rank {
                Rank::Timer => {
                    self.let_engine_advance(self.now, ear);
                    self.settle(self.now, ear);
                }
                Rank::Key => self.press(self.now, ear),
                Rank::Incident => self.befall(self.now, ear),
                Rank::Entry => {
                    if let Some((_, due)) = self.calendar.pop() {
                        self.act(self.now, due, ear);
                    }
                }
                Rank::Birth => self.bear(self.now, ear),
            }
        }
        if until != Instant::NEVER {
            self.now = self.now.max(until);
        }
    }

    fn employ<E: Ear>(&mut self, at: Instant, ear: &mut E) {
        if self.agents {
            self.people.employ(at, &self.versions, &mut self.wishes);
            self.settle(at, ear);
        }
    }

    /// Makes a script the current version; `told`: nobody has still to read of older ones.
    fn take_script<E: Ear>(&mut self, script: Arc<Script>, told: bool, ear: &mut E) -> Result<ScriptVersion, String> {
        self.engine.can_publish(&script)?;
        if told {
            // What is still to be told may need any version; once all is told, only calls in progress do.
            let engine = &self.engine;
            self.versions.forget(|version| engine.script_version(version).is_some());
        }
        self.versions.publish(script.clone());
        self.people.publish(&script);
        self.tell_engine(self.now, Input::ScriptPublished { script }, ear);
        self.settle(self.now, ear);
        self.employ(self.now, ear);
        Ok(self.versions.number())
    }

    /// The next incident happens.
    fn befall<E: Ear>(&mut self, at: Instant, ear: &mut E) {
        let incidents = self.incidents.clone();
        let Some(Incident { kind, .. }) = incidents.get(self.happened) else { return };
        self.happened += 1;
        match kind {
            IncidentKind::Service { asked: Some(asked), fault } => self.set_fault_of(*asked, *fault),
            IncidentKind::Service { asked: None, fault } => {
                self.faults.clear();
                self.set_fault(*fault);
            }
            IncidentKind::Sms(up) => self.services.set_sms_up(*up),
            IncidentKind::Publish(script) => {
                if let Err(reason) = self.take_script(script.clone(), false, ear) {
                    ear.insist(Notice::Refused { at, reason });
                }
            }
            IncidentKind::Absent { groups, share } => {
                self.people.keep_away(at, groups, *share, &mut self.wishes);
                self.settle(at, ear);
            }
            IncidentKind::Register { people } => self.register(at, *people),
        }
    }

    /// So many of those whose registration is pending are registered; fewer when there are no more.
    fn register(&mut self, at: Instant, people: u32) {
        let (on, _) = self.clock.local(at);
        let mut left = people;
        while left > 0 {
            let Some(person) = self.services.registry().person(self.registered_to) else { return };
            self.registered_to = PersonId(self.registered_to.0 + 1);
            if person.status() == Status::Pending {
                let change = Change::Register { person: person.id, on, category: None };
                // Nothing to be stored: it follows from the plan. Who cannot be registered (a date no record holds) stays
                // as she is.
                let _ = self.services.registry().apply(&change);
                left -= 1;
            }
        }
    }

    /// Somebody calls for the first time.
    fn bear<E: Ear>(&mut self, at: Instant, ear: &mut E) {
        let Some(birth) = self.demand.as_mut().and_then(Demand::next) else { return };
        if let Some(slot) = self.people.born(at, &birth, self.services.registry(), &mut self.wishes) {
            self.dial(at, Who::Synthetic(slot));
        }
        self.settle(at, ear);
    }

    /// Somebody may wish, first of all, to make a call. She knows which call it will be before she hears anything of it.
    #[inline]
    fn dial(&mut self, at: Instant, who: Who) {
        if let Some(Input::CallArrived { .. }) = self.wishes.inputs.first() {
            self.people.dialled(at, who, self.engine.next_call(), &mut self.wishes);
        }
    }

    /// Does what the calendar holds.
    fn act<E: Ear>(&mut self, at: Instant, due: Due, ear: &mut E) {
        match due {
            Due::Person(who) => {
                *self.plans.of(who) = None;
                if self.key_on(at, who, ear) {
                    return;
                }
                self.people.wake(at, who, &mut self.wishes);
                if matches!(who, Who::Caller(_) | Who::Synthetic(_)) {
                    self.dial(at, who);
                }
            }
            // Whoever has hung up meanwhile is asked about no more: what a service did for her would come after her end.
            Due::Answer(answer) if self.engine.version_of(answer.call).is_none() => {}
            Due::Answer(answer) => {
                self.engine.serve(Some(answer.call));
                #[cfg(test)]
                crate::engine::planted::strike_at(crate::engine::planted::Fault::LateAnswer);
                self.listener(at, ear).1.answer(answer.call, &answer.request, answer.available);
            }
        }
        self.settle(at, ear);
    }

    /// Does what people wish and services answer, in the order in which they came, until nobody has anything more to do at
    /// `at`.
    fn settle<E: Ear>(&mut self, at: Instant, ear: &mut E) {
        if !self.wishes.inputs.is_empty() {
            self.tell_wishes(at, ear);
        }
        // Nothing of the calendar happens before, and who hears much at once changes her plans often.
        if !self.wishes.plans.is_empty() {
            self.take_plans();
        }
        self.take_from_services(ear);
    }

    /// Lets the engine have what people wish.
    fn tell_wishes<E: Ear>(&mut self, at: Instant, ear: &mut E) {
        let tell_inputs = self.tell_inputs && E::ALL;
        let (engine, listener) = self.listener(at, ear);
        let mut wishing = Wishing { listener, done: 0 };
        // What is wished meanwhile comes after what is wished already.
        while let Some(input) = wishing.listener.wishes.inputs.get_mut(wishing.done) {
            // What stands in its place is read by nobody.
            let input = std::mem::replace(input, Input::DrainBegan);
            wishing.done += 1;
            match tell_inputs {
                true => wishing.listener.tell_input(engine, input),
                false => engine.handle_with(at, input, &mut wishing.listener),
            };
        }
    }

    /// The engine, and those who listen to it.
    #[inline]
    fn listener<'a, E: Ear>(&'a mut self, at: Instant, ear: &'a mut E) -> (&'a mut Engine, Listener<'a, E>) {
        let World { engine, people, services, versions, wishes, calendar, fault, faults, clock, seed, .. } = self;
        let (hold_verdicts, send_codes) = (self.hold_verdicts, self.send_codes);
        let promises = promise::Follower { any: !self.promised.is_empty(), news: &mut self.promise_news };
        let listener = Listener {
            promises,
            at,
            people,
            services,
            versions,
            wishes,
            calendar,
            fault,
            faults,
            clock,
            seed: *seed,
            hold_verdicts,
            send_codes,
            ear,
        };
        (engine, listener)
    }

    /// What the engine said before anybody listened.
    fn hear_engine<E: Ear>(&mut self, at: Instant, ear: &mut E) {
        let (engine, mut listener) = self.listener(at, ear);
        engine.tell(&mut listener);
    }

    fn let_engine_advance<E: Ear>(&mut self, at: Instant, ear: &mut E) {
        let tell_inputs = self.tell_inputs && E::ALL;
        let (engine, mut listener) = self.listener(at, ear);
        match tell_inputs {
            true => listener.tell_advance(engine),
            false => engine.advance_with(at, &mut listener),
        }
    }

    fn take_plans(&mut self) {
        for &Plan { who, at } in &self.wishes.plans {
            let plan = self.plans.of(who);
            // What is never due needs no entry.
            match (*plan, at.filter(|at| *at < Instant::NEVER)) {
                (Some(ticket), Some(at)) if self.calendar.postpone(ticket, at) => {}
                (_, Some(at)) => *plan = Some(self.calendar.enter(at, Due::Person(who))),
                (Some(ticket), None) => {
                    self.calendar.cancel(ticket);
                    *plan = None;
                }
                (None, None) => {}
            }
        }
        self.wishes.plans.clear();
    }

    /// Lets the engine have an input, and tells it masked.
    fn tell_engine<E: Ear>(&mut self, at: Instant, input: Input, ear: &mut E) -> Option<CallId> {
        let tell_inputs = self.tell_inputs && E::ALL;
        let (engine, mut listener) = self.listener(at, ear);
        match tell_inputs {
            true => listener.tell_input(engine, input),
            false => engine.handle_with(at, input, &mut listener),
        }
    }

    fn take_from_services<E: Ear>(&mut self, ear: &mut E) {
        if E::ALL && !self.promise_news.is_empty() {
            self.follow_promises(ear);
        }
        if E::ALL && self.services.has_news() {
            listener::tell_news(&mut self.services, ear);
        }
    }
}
