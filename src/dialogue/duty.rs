//! The agents of a dialogue: they do the same at the same time in every run, with no chance in it.

use std::collections::BTreeMap;

use super::model::{Deed, Duty, Free, Habits};
use crate::{
    engine::{Event, Fact, Input},
    id::{AgentId, GroupId},
    script::Script,
    time::{Duration, Instant},
};

/// How long after-call work takes.
const AFTER_CALL: Duration = Duration::from_secs(5);

/// Every agent who was on duty in a dialogue, and what each will do next.
#[derive(Clone, Debug)]
pub(super) struct Roster {
    habits: Habits,
    ignored: u32,
    seats: Vec<Seat>,
    plans: BTreeMap<(Instant, u32), Plan>,
}

#[derive(Clone, Copy, Debug)]
struct Seat {
    group: GroupId,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Off,
    Busy,
    On,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Plan {
    Answer,
    Release,
    Ready,
}

impl Roster {
    pub fn new(habits: Habits) -> Roster {
        Roster { habits, ignored: 0, seats: Vec::new(), plans: BTreeMap::new() }
    }

    /// Who comes and goes so that `duty` holds. `on_shift`: how many of each group have their shift now.
    pub fn staff(&mut self, script: &Script, duty: &Duty, on_shift: &[u32]) -> Vec<Input> {
        let mut inputs = Vec::new();
        for (i, group) in script.groups.iter().enumerate() {
            let (wanted, state) = match duty {
                Duty::Ready => (on_shift[i], State::On),
                Duty::Busy => (on_shift[i], State::Busy),
                Duty::Nobody => (0, State::Off),
                Duty::Exactly(counts) => {
                    let count = counts.iter().find(|(name, _)| **name == *group.name);
                    (count.map_or(0, |(_, n)| *n), State::On)
                }
            };
            self.staff_group(GroupId(i as u16), wanted, state, &mut inputs);
        }
        inputs
    }

    fn staff_group(&mut self, group: GroupId, wanted: u32, state: State, inputs: &mut Vec<Input>) {
        let mut here = 0;
        for (i, seat) in self.seats.iter_mut().enumerate().filter(|(_, seat)| seat.group == group) {
            let agent = AgentId(i as u32);
            let wanted = if here < wanted { state } else { State::Off };
            here += 1;
            match (seat.state, wanted) {
                (before, after) if before == after => {}
                (_, State::Off) => inputs.push(Input::AgentLoggedOut { agent }),
                (State::Off, State::On) => {
                    inputs.extend([Input::AgentLoggedIn { agent, group }, Input::AgentReady { agent }]);
                }
                (State::Off, _) => inputs.push(Input::AgentLoggedIn { agent, group }),
                (_, State::On) => inputs.push(Input::AgentReady { agent }),
                (_, State::Busy) => inputs.push(Input::AgentNotReady { agent }),
            }
            seat.state = wanted;
        }
        for _ in here..wanted {
            let agent = AgentId(self.seats.len() as u32);
            self.seats.push(Seat { group, state });
            inputs.push(Input::AgentLoggedIn { agent, group });
            if state == State::On {
                inputs.push(Input::AgentReady { agent });
            }
        }
    }

    /// Busy agents become ready, those of the groups in `fit` before others. An empty list: nobody is busy.
    pub fn free(&mut self, script: &Script, free: &Free, fit: &[GroupId]) -> Vec<Input> {
        let (most, group) = match free {
            Free::Some(n) => (*n as usize, None),
            Free::Group(name) => (usize::MAX, script.group_named(name)),
        };
        let busy =
            |(_, seat): &(usize, &mut Seat)| seat.state == State::Busy && group.is_none_or(|group| group == seat.group);
        let mut chosen: Vec<(usize, &mut Seat)> = self.seats.iter_mut().enumerate().filter(busy).collect();
        chosen.sort_by_key(|(i, seat)| (!fit.contains(&seat.group), *i));
        chosen.truncate(most);
        let free = |(i, seat): (usize, &mut Seat)| {
            seat.state = State::On;
            Input::AgentReady { agent: AgentId(i as u32) }
        };
        chosen.into_iter().map(free).collect()
    }

    /// What a talking agent does at the dialogue's word.
    pub fn deed(&mut self, now: Instant, agent: AgentId, deed: &Deed) -> Option<Input> {
        match deed {
            Deed::Hold => {
                self.cancel(agent);
                Some(Input::AgentHeld { agent })
            }
            Deed::Resume => {
                self.plan(now + self.habits.talks, agent, Plan::Release);
                Some(Input::AgentResumed { agent })
            }
            Deed::Release => {
                self.cancel(agent);
                Some(Input::AgentReleased { agent })
            }
            Deed::Transfer(_) => {
                self.cancel(agent);
                None
            }
        }
    }

    /// Agents take note of what happened.
    pub fn notice(&mut self, event: &Event) {
        let now = event.at;
        match event.fact {
            Fact::CallPresented { agent, .. } if self.ignored < self.habits.ignores => {
                self.ignored += 1;
                self.cancel(agent);
            }
            Fact::CallPresented { agent, .. } => self.plan(now + self.habits.answers_after, agent, Plan::Answer),
            Fact::AgentDidNotAnswer { agent, .. } => self.cancel(agent),
            Fact::CallAnswered { agent, .. } => self.plan(now + self.habits.talks, agent, Plan::Release),
            Fact::AfterCallWorkBegan { agent } => self.plan(now + AFTER_CALL, agent, Plan::Ready),
            Fact::AgentReady { agent } | Fact::AgentLoggedOut { agent } => self.cancel(agent),
            _ => {}
        }
    }

    /// When somebody does something next.
    pub fn next(&self) -> Instant {
        self.plans.keys().next().map_or(Instant::NEVER, |(at, _)| *at)
    }

    /// What is due by `now`.
    pub fn due(&mut self, now: Instant) -> Vec<Input> {
        let mut inputs = Vec::new();
        while let Some(entry) = self.plans.first_entry() {
            let (at, seat) = *entry.key();
            if at > now {
                break;
            }
            let agent = AgentId(seat);
            inputs.push(match entry.remove() {
                Plan::Answer => Input::AgentAnswered { agent },
                Plan::Release => Input::AgentReleased { agent },
                Plan::Ready => Input::AgentReady { agent },
            });
        }
        inputs
    }

    fn plan(&mut self, at: Instant, agent: AgentId, plan: Plan) {
        self.cancel(agent);
        self.plans.insert((at, agent.0), plan);
    }

    fn cancel(&mut self, agent: AgentId) {
        self.plans.retain(|(_, seat), _| *seat != agent.0);
    }
}
