//! The simulated agents: they come on duty with their shift, answer after a while (or let it ring), talk, work after the
//! call, open back-office cases, and finish the call in hand when the shift ends.
//!
//! ```text
//! off duty ──shift──► ready ──Ring──► ringing ──answers──► talking ──ends it──► after-call work ──► ready
//!     ▲                                  └─ lets it ring         └─ caller hangs up ─┘                │
//!     └────────────────────────── shift over, and no call in hand ────────────────────────────────────┘
//! ```
//!
//! The engine alone decides who rings and when a pause ends; a seat knows only what its own telephone does. Every draw is
//! keyed by the call and by how often the call has rung or been connected before, never by the agent.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    Who, Wishes,
    handle_time::{after_call_work, talk, uniform},
    shift::Shift,
};
use crate::{
    engine::{Command, Fact, Input},
    id::{AgentId, CallId, GroupId, QueueId},
    random::{Purpose, Seed, Stream},
    script::{
        Versions,
        catalogue::{CASE, SETS},
        model::{Group, Handling},
        value::Symbol,
    },
    time::{Duration, Instant, LocalClock},
};

/// All simulated agents.
#[derive(Clone, Debug)]
pub struct Staff {
    seed: Seed,
    crews: Vec<Crew>,
    /// Indexed by agent id; the seat of an agent who was let go stays, retired.
    seats: Vec<Seat>,
    calls: BTreeMap<CallId, CallLuck>,
}

/// The agents of one group.
#[derive(Clone, Debug)]
struct Crew {
    name: Arc<str>,
    group: GroupId,
    shift: Shift,
    answer_after: Duration,
    no_answer_share: f64,
    agents: Vec<AgentId>,
}

#[derive(Clone, Debug)]
struct Seat {
    crew: usize,
    /// Her shift is on.
    on_duty: bool,
    /// The engine has her logged in.
    logged_in: bool,
    retired: bool,
    work: Work,
}

/// What an agent has in hand.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Work {
    Nothing,
    Ringing { call: CallId },
    Talking { call: CallId, after: AfterCall },
    AfterCall,
}

/// Drawn when a conversation begins, so that it does not depend on who ends it.
#[derive(Clone, Copy, Debug, PartialEq)]
struct AfterCall {
    work: Duration,
    case: Option<Symbol>,
}

/// How far the streams of a call have been used, and from which queue it was last answered.
#[derive(Clone, Copy, Debug, Default)]
struct CallLuck {
    rings: u32,
    talks: u32,
    queue: Option<QueueId>,
}

impl Staff {
    pub(super) fn new(seed: Seed) -> Staff {
        Staff { seed, crews: Vec::new(), seats: Vec::new(), calls: BTreeMap::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.seats.iter().filter(|seat| !seat.retired).count()
    }

    pub(super) fn employ(&mut self, now: Instant, versions: &Versions, clock: &LocalClock, wishes: &mut Wishes) {
        let script = versions.current();
        let zone = jiff::tz::TimeZone::get(&script.zone).unwrap_or(jiff::tz::TimeZone::UTC);
        let shifts: Vec<Arc<_>> = script.calendars.iter().map(|rules| Arc::new(rules.compile(clock, &zone))).collect();
        for crew in 0..self.crews.len() {
            if script.group_named(&self.crews[crew].name).is_none() {
                self.resize(now, crew, 0, wishes);
            }
        }
        for group in &script.groups {
            let Some(id) = versions.group_named(&group.name) else { continue };
            let shift = group.shift.map_or(Shift::ALWAYS, |calendar| Shift::hours(shifts[calendar.index()].clone()));
            let crew = self.crew(group, id, shift);
            for agent in self.crews[crew].agents.clone() {
                self.follow_shift(now, agent, wishes);
            }
            self.resize(now, crew, group.size as usize, wishes);
        }
    }

    /// The crew of a group, made or brought up to date.
    fn crew(&mut self, group: &Group, id: GroupId, shift: Shift) -> usize {
        let fresh = Crew {
            name: group.name.clone(),
            group: id,
            shift,
            answer_after: group.answer_after,
            no_answer_share: group.no_answer_share,
            agents: Vec::new(),
        };
        match self.crews.iter().position(|crew| crew.name == group.name) {
            Some(i) => {
                let agents = std::mem::take(&mut self.crews[i].agents);
                self.crews[i] = Crew { agents, ..fresh };
                i
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
            wishes.forget(Who::Shift(agent));
            if seat.on_duty {
                seat.on_duty = false;
                wishes.inputs.push(Input::AgentLoggedOut { agent });
            }
        }
        while self.crews[crew].agents.len() < size {
            let agent = AgentId(self.seats.len() as u32);
            self.seats.push(Seat { crew, on_duty: false, logged_in: false, retired: false, work: Work::Nothing });
            self.crews[crew].agents.push(agent);
            self.follow_shift(now, agent, wishes);
        }
    }

    /// An agent's shift begins or ends.
    pub(super) fn change_shift(&mut self, at: Instant, agent: AgentId, wishes: &mut Wishes) {
        self.follow_shift(at, agent, wishes);
    }

    /// Comes or goes as the shift says, and plans the next change.
    fn follow_shift(&mut self, now: Instant, agent: AgentId, wishes: &mut Wishes) {
        let seat = &mut self.seats[agent.index()];
        let crew = &self.crews[seat.crew];
        let duty = crew.shift.at(now);
        match duty.until {
            Some(until) => wishes.wake(Who::Shift(agent), until),
            None => wishes.forget(Who::Shift(agent)),
        }
        if seat.retired || duty.on == seat.on_duty {
            return;
        }
        seat.on_duty = duty.on;
        if !duty.on {
            wishes.inputs.push(Input::AgentLoggedOut { agent });
            return;
        }
        wishes.inputs.push(Input::AgentLoggedIn { agent, group: crew.group });
        // Who is still busy with a call of the shift before merely stays; being ready follows by itself.
        if !seat.logged_in {
            wishes.inputs.push(Input::AgentReady { agent });
        }
    }

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
                    wishes.inputs.extend(after.case.map(|kind| Input::CaseOpened { agent, kind }));
                    wishes.wake(Who::Agent(agent), at + after.work);
                }
            }
            _ => {}
        }
    }

    fn ring(&mut self, at: Instant, call: CallId, agent: AgentId, wishes: &mut Wishes) {
        let Some(seat) = self.seats.get_mut(agent.index()) else { return };
        let luck = self.calls.entry(call).or_default();
        let mut stream = stream(self.seed, Purpose::Ring, call, luck.rings);
        luck.rings += 1;
        let crew = &self.crews[seat.crew];
        seat.work = Work::Ringing { call };
        let (lets_it_ring, reaction) = (uniform(&mut stream) < crew.no_answer_share, uniform(&mut stream));
        if lets_it_ring {
            wishes.forget(Who::Agent(agent));
        } else {
            // Between half and one and a half of the mean: nobody picks up before it rings.
            let after = Duration::from_secs_f64(crew.answer_after.as_secs_f64() * (0.5 + reaction));
            wishes.wake(Who::Agent(agent), at + after);
        }
    }

    fn connect(&mut self, at: Instant, call: CallId, agent: AgentId, versions: &Versions, wishes: &mut Wishes) {
        let Some(seat) = self.seats.get_mut(agent.index()) else { return };
        let luck = self.calls.entry(call).or_default();
        let nth = luck.talks;
        luck.talks += 1;
        let queue = luck.queue.and_then(|queue| versions.queue(queue));
        let handling = queue.map_or(UNKNOWN_HANDLING, |queue| queue.handling);
        let talk = talk(&handling, &mut stream(self.seed, Purpose::HandleTime, call, nth));
        let work = after_call_work(&handling, &mut stream(self.seed, Purpose::WrapUp, call, nth));
        let case = case(&handling, &mut stream(self.seed, Purpose::Case, call, nth));
        seat.work = Work::Talking { call, after: AfterCall { work, case } };
        wishes.wake(Who::Agent(agent), at + talk);
    }

    pub(super) fn notice(&mut self, fact: &Fact, wishes: &mut Wishes) {
        match *fact {
            Fact::CallAnswered { call, queue, .. } => self.calls.entry(call).or_default().queue = Some(queue),
            Fact::CallEnded { call, .. } => {
                self.calls.remove(&call);
            }
            Fact::AgentReady { agent } | Fact::AgentNotReady { agent, .. } => self.lay_down(agent, wishes),
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
            Work::AfterCall => {
                seat.work = Work::Nothing;
                wishes.inputs.push(Input::AgentReady { agent });
            }
        }
    }
}

/// Used where a call was connected without having been answered from a queue, which the engine does not do.
const UNKNOWN_HANDLING: Handling =
    Handling { mean: Duration::from_secs(300), sigma: 0.9, after_call_share: 0.2, case_share: 0.0 };

/// The stream of the `nth` use of one purpose by a call. Calls of a run number far less than 2^40.
fn stream(seed: Seed, purpose: Purpose, call: CallId, nth: u32) -> Stream {
    seed.stream(purpose, call.0 | (u64::from(nth) << 40))
}

fn case(handling: &Handling, stream: &mut Stream) -> Option<Symbol> {
    let (opens, which) = (uniform(stream) < handling.case_share, uniform(stream));
    let words = SETS[CASE.0 as usize].words.len();
    opens.then(|| Symbol { set: CASE, word: ((which * words as f64) as u16).min(words as u16 - 1) })
}
