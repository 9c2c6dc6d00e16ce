//! The simulated agents: they come on duty as planned, answer after a while (or let it ring), talk, work after the call,
//! open back-office cases, take their breaks, and finish the call in hand when the shift ends.
//!
//! ```text
//! off duty ──shift──► ready ──Ring──► ringing ──answers──► talking ──ends it──► after-call work ──► ready, or a break
//!     ▲                                  └─ lets it ring         └─ caller hangs up ─┘                │
//!     └────────────────────────── shift over, and no call in hand ────────────────────────────────────┘
//! ```
//!
//! The engine alone decides who rings and when a pause ends; a seat knows only what its own telephone does. Every draw about
//! a call is keyed by the call and by how often it has rung or been connected before, never by the agent.
//!
//! A person may take an agent's place (`hand`); the simulation then does nothing for that agent.

mod hand;

use std::sync::Arc;

pub use hand::{NotTaken, Taken};

use super::{
    Who, Wishes,
    handle_time::{HandleTimes, Handled, uniform},
    luck::Lucks,
    rota::Rota,
    shift::Shift,
    staffing::{GroupStaffing, StaffingRules},
};
use crate::{
    engine::{Command, Fact, Input},
    id::{AgentId, CallId, GroupId, SkillId},
    people::distribution::Sampler,
    random::{Purpose, Seed},
    script::{
        Script, Versions,
        catalogue::{CASE, SETS},
        model::Group,
        value::Symbol,
    },
    time::{Duration, Instant, LocalClock},
};

/// All simulated agents.
#[derive(Clone, Debug)]
pub struct Staff {
    seed: Seed,
    clock: LocalClock,
    rules: Arc<StaffingRules>,
    times: HandleTimes,
    crews: Vec<Crew>,
    /// Indexed by agent id; the seat of an agent who was let go stays, retired.
    seats: Vec<Seat>,
    lucks: Lucks,
}

/// The agents of one group.
#[derive(Clone, Debug)]
struct Crew {
    name: Arc<str>,
    group: GroupId,
    rota: Rota,
    answer_after: AnswerAfter,
    no_answer_share: f64,
    skills: Box<[(SkillId, u8)]>,
    agents: Vec<AgentId>,
}

/// How long an agent lets it ring.
#[derive(Clone, Debug)]
enum AnswerAfter {
    /// Between half and one and a half of this: nobody picks up before it rings.
    About(Duration),
    /// As a scenario says.
    Drawn(Sampler),
}

#[derive(Clone, Debug)]
struct Seat {
    crew: u32,
    /// Her place in the crew, from 0.
    place: u32,
    /// Planned to be there.
    on_duty: bool,
    /// The engine has her logged in.
    logged_in: bool,
    retired: bool,
    hand: Hand,
    work: Work,
    rest: Rest,
    /// When her next break begins, and how long it lasts.
    next_break: Option<(Instant, Duration)>,
}

/// Who has an agent's telephone in hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hand {
    /// The simulation.
    Simulated,
    /// The simulation until the call in hand is done with, then a person.
    Leaving,
    /// A person.
    Person,
}

/// What an agent has in hand.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Work {
    Nothing,
    Ringing { call: CallId },
    Talking { after: AfterCall },
    AfterCall,
}

/// Where an agent stands with a break.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Rest {
    No,
    /// She goes as soon as nothing is in hand, for this long.
    Wanted(Duration),
    /// Back at this instant.
    Until(Instant),
}

/// Drawn when a conversation begins, so that it does not depend on who ends it.
#[derive(Clone, Copy, Debug, PartialEq)]
struct AfterCall {
    work: Duration,
    case: Option<Symbol>,
}

impl Staff {
    /// Nobody yet. `script` is the one `rules` were read for.
    pub(super) fn new(seed: Seed, clock: LocalClock, rules: Arc<StaffingRules>, script: &Script) -> Staff {
        let times = HandleTimes::new(&rules.handling, script);
        let lucks = Lucks::default();
        Staff { seed, clock, rules, times, crews: Vec::new(), seats: Vec::new(), lucks }
    }

    pub(super) fn len(&self) -> usize {
        self.seats.iter().filter(|seat| !seat.retired).count()
    }

    /// What the chance of a call is keyed by.
    pub(super) fn lot(&self, call: CallId) -> u64 {
        self.lucks.lot(call)
    }

    /// Makes the agents those of the current script's groups, with the sizes the rules give them.
    pub(super) fn employ(&mut self, now: Instant, versions: &Versions, wishes: &mut Wishes) {
        let script = versions.current();
        self.times.publish(versions);
        let shifts = script.calendars_by(&self.clock);
        for crew in 0..self.crews.len() {
            if script.group_named(&self.crews[crew].name).is_none() {
                self.resize(now, crew, 0, wishes);
            }
        }
        for group in &script.groups {
            let Some(id) = versions.group_named(&group.name) else { continue };
            let shift = group.shift.map_or(Shift::ALWAYS, |calendar| Shift::hours(shifts[calendar.index()].clone()));
            let plan = self.rules.groups.iter().find(|plan| *plan.group == *group.name);
            let size = plan.map_or(group.size, GroupStaffing::size);
            let crew = self.crew(group, id, shift);
            for agent in self.crews[crew].agents.clone() {
                self.follow_plan(now, agent, wishes);
            }
            self.resize(now, crew, size as usize, wishes);
        }
    }

    /// The crew of a group, made or brought up to date.
    fn crew(&mut self, group: &Group, id: GroupId, shift: Shift) -> usize {
        let rules = &self.rules;
        let plan = rules.groups.iter().find(|plan| *plan.group == *group.name);
        let known = self.crews.iter().position(|crew| crew.name == group.name);
        let rota = Rota {
            headcount: plan.map(|plan| plan.headcount.clone()).unwrap_or_default(),
            breaks: rules.breaks.clone(),
            shrinkage: rules.shrinkage,
            away: known.map_or(0.0, |crew| self.crews[crew].rota.away),
            ..Rota::new(&group.name, shift)
        };
        let drawn = plan.and_then(|plan| plan.answer_after.as_ref());
        let fresh = Crew {
            name: group.name.clone(),
            group: id,
            rota,
            answer_after: drawn
                .map_or(AnswerAfter::About(group.answer_after), |drawn| AnswerAfter::Drawn(Sampler::new(drawn))),
            no_answer_share: plan.and_then(|plan| plan.no_answer_share).unwrap_or(group.no_answer_share),
            skills: group.skills.clone(),
            agents: Vec::new(),
        };
        match known {
            Some(crew) => {
                let agents = std::mem::take(&mut self.crews[crew].agents);
                self.crews[crew] = Crew { agents, ..fresh };
                crew
            }
            None => {
                self.crews.push(fresh);
                self.crews.len() - 1
            }
        }
    }

    /// Hires or lets go until a crew has `size` agents; the last hired go first.
    fn resize(&mut self, now: Instant, crew: usize, size: usize, wishes: &mut Wishes) {
        while self.crews[crew].agents.len() > size {
            let agent = self.crews[crew].agents.pop().expect("longer than size");
            let seat = &mut self.seats[agent.index()];
            seat.retired = true;
            seat.rest = Rest::No;
            wishes.forget(Who::Shift(agent));
            if seat.on_duty {
                seat.on_duty = false;
                wishes.inputs.push(Input::AgentLoggedOut { agent });
            }
        }
        // Places are given before anybody comes: breaks are spread over all.
        let hired = self.crews[crew].agents.len();
        while self.crews[crew].agents.len() < size {
            let place = self.crews[crew].agents.len() as u32;
            self.crews[crew].agents.push(AgentId(self.seats.len() as u32));
            self.seats.push(Seat::new(crew as u32, place));
        }
        for place in hired..size {
            self.follow_plan(now, self.crews[crew].agents[place], wishes);
        }
    }

    /// From now on this share of the groups' agents (of all groups, when none is named) stays away.
    pub(super) fn keep_away(&mut self, now: Instant, groups: &[Box<str>], share: f64, wishes: &mut Wishes) {
        for crew in 0..self.crews.len() {
            if groups.is_empty() || groups.iter().any(|name| **name == *self.crews[crew].name) {
                self.crews[crew].rota.away = share;
                for agent in self.crews[crew].agents.clone() {
                    self.follow_plan(now, agent, wishes);
                }
            }
        }
    }

    /// What an agent's plan says is due: her shift begins or ends, a break begins or is over.
    pub(super) fn change_shift(&mut self, at: Instant, agent: AgentId, wishes: &mut Wishes) {
        self.follow_plan(at, agent, wishes);
    }

    /// Comes, goes, rests and returns as the plan says, and plans the next change.
    fn follow_plan(&mut self, now: Instant, agent: AgentId, wishes: &mut Wishes) {
        let seat = &mut self.seats[agent.index()];
        if seat.retired || seat.hand != Hand::Simulated {
            return;
        }
        let crew = &self.crews[seat.crew as usize];
        let duty = crew.rota.at(now, seat.place, self.seed, &self.clock);
        let rests = match seat.next_break {
            Some((begins, length)) if begins <= now => Some(length),
            _ => None,
        };
        seat.next_break = crew.rota.next_break(now, seat.place, crew.agents.len() as u32, &self.clock);
        if duty.on && seat.on_duty {
            match (seat.rest, rests) {
                (Rest::No, Some(length)) => {
                    seat.rest = Rest::Wanted(length);
                    wishes.inputs.push(Input::AgentNotReady { agent });
                }
                (Rest::Until(back), _) if back <= now => {
                    seat.rest = Rest::No;
                    wishes.inputs.push(Input::AgentReady { agent });
                }
                _ => {}
            }
        } else if duty.on {
            wishes.inputs.push(Input::AgentLoggedIn { agent, group: crew.group });
            // Who is still busy with a call of the shift before merely stays; being ready follows by itself.
            if !seat.logged_in {
                wishes.inputs.push(Input::AgentReady { agent });
            }
        } else if seat.on_duty {
            seat.rest = Rest::No;
            wishes.inputs.push(Input::AgentLoggedOut { agent });
        }
        seat.on_duty = duty.on;
        seat.plan(agent, duty.until, wishes);
    }

    /// Somebody's telephone does something.
    pub(super) fn hear(&mut self, at: Instant, command: &Command, versions: &Versions, wishes: &mut Wishes) {
        match *command {
            Command::Ring { call, agent } => self.ring(at, call, agent, wishes),
            Command::StopRinging { call, agent } => {
                if let Some(seat) = self.seats.get_mut(agent.index())
                    && seat.work == (Work::Ringing { call })
                {
                    seat.work = Work::Nothing;
                    wishes.forget(Who::Agent(agent));
                }
            }
            Command::Connect { call, agent } => self.connect(at, call, agent, versions, wishes),
            Command::Disconnect { agent, .. } => {
                if let Some(seat) = self.seats.get_mut(agent.index())
                    && let Work::Talking { after, .. } = seat.work
                {
                    seat.work = Work::AfterCall;
                    if seat.hand == Hand::Person {
                        return;
                    }
                    wishes.inputs.extend(after.case.map(|kind| Input::CaseOpened { agent, kind }));
                    match after.work {
                        Duration::ZERO => {
                            wishes.forget(Who::Agent(agent));
                            seat.lay_down_all(agent, wishes);
                        }
                        work => wishes.wake(Who::Agent(agent), at + work),
                    }
                }
            }
            _ => {}
        }
    }

    fn ring(&mut self, at: Instant, call: CallId, agent: AgentId, wishes: &mut Wishes) {
        let Some(seat) = self.seats.get_mut(agent.index()) else { return };
        let Some(luck) = self.lucks.of(call) else { return };
        let nth = luck.rings;
        luck.rings += 1;
        let crew = &self.crews[seat.crew as usize];
        seat.work = Work::Ringing { call };
        if seat.hand == Hand::Person {
            return;
        }
        let after = match (&crew.answer_after, crew.no_answer_share) {
            (AnswerAfter::About(Duration::ZERO), 0.0) => Duration::ZERO,
            (answer_after, share) => {
                let mut stream = luck.stream(self.seed, Purpose::Ring, nth);
                let lets_it_ring = uniform(&mut stream) < share;
                let after = answer_after.draw(&mut stream);
                if lets_it_ring { Duration::MAX } else { after }
            }
        };
        match after {
            // At once, without a detour over the calendar.
            Duration::ZERO => wishes.inputs.push(Input::AgentAnswered { agent }),
            Duration::MAX => wishes.forget(Who::Agent(agent)),
            after => wishes.wake(Who::Agent(agent), at + after),
        }
    }

    fn connect(&mut self, at: Instant, call: CallId, agent: AgentId, versions: &Versions, wishes: &mut Wishes) {
        let Some(seat) = self.seats.get_mut(agent.index()) else { return };
        let Some(luck) = self.lucks.of(call) else { return };
        let nth = luck.talks;
        luck.talks += 1;
        if seat.hand == Hand::Person {
            seat.work = Work::Talking { after: AfterCall { work: Duration::ZERO, case: None } };
            return;
        }
        let Handled { talk, work, case_share } =
            self.times.draw(luck, nth, &self.crews[seat.crew as usize].skills, versions, self.seed);
        let case = match case_share > 0.0 {
            true => case(case_share, &mut luck.stream(self.seed, Purpose::Case, nth)),
            false => None,
        };
        seat.work = Work::Talking { after: AfterCall { work, case } };
        wishes.wake(Who::Agent(agent), at + talk);
    }

    /// Something happened.
    pub(super) fn notice(&mut self, at: Instant, fact: &Fact, wishes: &mut Wishes) {
        match *fact {
            Fact::CallArrived { call, language, version, origin, .. } => {
                self.lucks.arrived(call, origin, version, language);
            }
            Fact::LanguageSet { call, language } => {
                if let Some(luck) = self.lucks.of(call) {
                    luck.language = language;
                }
            }
            Fact::CallAnswered { call, queue, .. } => {
                if let Some(luck) = self.lucks.of(call) {
                    luck.queue = Some(queue);
                }
            }
            Fact::CallEnded { call, .. } => self.lucks.ended(call),
            Fact::AgentReady { agent } => self.lay_down(agent, wishes),
            // A pause after a call not answered turns into the break that was due.
            Fact::AgentNotReady { agent, .. } => {
                self.lay_down(agent, wishes);
                self.begin_break(at, agent, wishes);
                if let Some(seat) = self.seats.get_mut(agent.index())
                    && seat.hand == Hand::Leaving
                {
                    seat.hand = Hand::Person;
                }
            }
            Fact::AgentLoggedIn { agent, .. } => {
                if let Some(seat) = self.seats.get_mut(agent.index()) {
                    seat.logged_in = true;
                }
            }
            Fact::AgentLoggedOut { agent } => {
                self.lay_down(agent, wishes);
                if let Some(seat) = self.seats.get_mut(agent.index()) {
                    seat.logged_in = false;
                }
            }
            _ => {}
        }
    }

    /// She really goes: the break counts from now.
    fn begin_break(&mut self, at: Instant, agent: AgentId, wishes: &mut Wishes) {
        let Some(seat) = self.seats.get_mut(agent.index()) else { return };
        if let Rest::Wanted(length) = seat.rest {
            seat.rest = Rest::Until(at + length);
            let duty = self.crews[seat.crew as usize].rota.at(at, seat.place, self.seed, &self.clock);
            seat.plan(agent, duty.until, wishes);
        }
    }

    /// After-call work is over, whoever said so.
    fn lay_down(&mut self, agent: AgentId, wishes: &mut Wishes) {
        if let Some(seat) = self.seats.get_mut(agent.index())
            && seat.work != Work::Nothing
        {
            seat.work = Work::Nothing;
            wishes.forget(Who::Agent(agent));
        }
    }

    /// An agent does what she planned: picks up, ends the conversation, or is done with after-call work.
    pub(super) fn work(&mut self, agent: AgentId, wishes: &mut Wishes) {
        let Some(seat) = self.seats.get_mut(agent.index()) else { return };
        match &mut seat.work {
            Work::Nothing => {}
            Work::Ringing { .. } => wishes.inputs.push(Input::AgentAnswered { agent }),
            Work::Talking { after, .. } => {
                // Opened before the call is let go, so that its record has the case.
                wishes.inputs.extend(after.case.take().map(|kind| Input::CaseOpened { agent, kind }));
                wishes.inputs.push(Input::AgentReleased { agent });
            }
            Work::AfterCall => seat.lay_down_all(agent, wishes),
        }
    }
}

impl Seat {
    fn new(crew: u32, place: u32) -> Seat {
        let (work, rest) = (Work::Nothing, Rest::No);
        let hand = Hand::Simulated;
        Seat { crew, place, on_duty: false, logged_in: false, retired: false, hand, work, rest, next_break: None }
    }

    /// Done with after-call work: ready, or off to the break that was due meanwhile.
    fn lay_down_all(&mut self, agent: AgentId, wishes: &mut Wishes) {
        self.work = Work::Nothing;
        wishes.inputs.push(match (self.hand, self.rest) {
            (Hand::Leaving, _) | (_, Rest::Wanted(_)) => Input::AgentNotReady { agent },
            (_, Rest::No | Rest::Until(_)) => Input::AgentReady { agent },
        });
    }

    /// Plans the next look at the plan: at `until`, when a break begins, or when one is over.
    fn plan(&self, agent: AgentId, until: Option<Instant>, wishes: &mut Wishes) {
        let back = match self.rest {
            Rest::Until(back) => Some(back),
            Rest::No | Rest::Wanted(_) => None,
        };
        let begins = self.next_break.map(|(begins, _)| begins);
        match [until, back, begins].into_iter().flatten().min() {
            Some(next) => wishes.wake(Who::Shift(agent), next),
            None => wishes.forget(Who::Shift(agent)),
        }
    }
}

impl AnswerAfter {
    fn draw(&self, stream: &mut crate::random::Stream) -> Duration {
        match self {
            AnswerAfter::About(mean) => Duration::from_secs_f64(mean.as_secs_f64() * (0.5 + uniform(stream))),
            AnswerAfter::Drawn(sampler) => sampler.sample(stream),
        }
    }
}

fn case(share: f64, stream: &mut crate::random::Stream) -> Option<Symbol> {
    let (opens, which) = (uniform(stream) < share, uniform(stream));
    let words = SETS[CASE.0 as usize].words.len();
    opens.then(|| Symbol { set: CASE, word: ((which * words as f64) as u16).min(words as u16 - 1) })
}
