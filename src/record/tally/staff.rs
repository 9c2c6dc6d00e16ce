//! What agents do, and for how long: a count of agents in each state, and its integral over time.

use super::call::Keys;
use crate::{
    id::AgentId,
    record::figures::{Field, Figures},
    time::{Duration, Instant},
};

/// What an agent does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Does {
    Ready,
    Ringing,
    Dialling,
    Talking,
    Holding,
    AfterCall,
    Break,
    NoAnswer,
    LoggedIn,
    /// Work after the end of the shift.
    Beyond,
    /// Off duty.
    Off,
}

const STATES: usize = 10;

/// The field of each state but the last, in order.
const FIELD: [Field; STATES] = [
    Field::AgentReady,
    Field::AgentRinging,
    Field::AgentDialling,
    Field::AgentTalking,
    Field::AgentHolding,
    Field::AgentAfterCall,
    Field::AgentBreak,
    Field::AgentNoAnswer,
    Field::AgentLoggedIn,
    Field::AgentBeyondShift,
];

/// One agent.
#[derive(Clone, Copy, Debug)]
struct Agent {
    does: Does,
    /// Is to go when the work in hand is done.
    going: bool,
    /// After-call work since.
    after_call: Instant,
    /// How the last call counts; `None`: not at all.
    keys: Option<Keys>,
}

const OFF: Agent = Agent { does: Does::Off, going: false, after_call: Instant::NEVER, keys: None };

/// All agents.
#[derive(Clone, Debug, Default)]
pub(super) struct Staff {
    agents: Vec<Agent>,
    count: [u64; STATES + 1],
    /// Integral of each count since `start`, less the part of those who are in the state now. Differences of whole numbers:
    /// they wrap in between and are right at the end.
    area: [u64; STATES + 1],
    start: Instant,
}

impl Staff {
    #[inline]
    fn seat(&mut self, id: AgentId) -> &mut Agent {
        if id.index() >= self.agents.len() {
            self.make_seats(id);
        }
        &mut self.agents[id.index()]
    }

    #[cold]
    fn make_seats(&mut self, id: AgentId) {
        self.agents.resize(id.index() + 1, OFF);
    }

    /// An agent does something else from now on. Returns after-call work that ends by it, and how it counts.
    #[inline]
    pub(super) fn turn(&mut self, at: Instant, id: AgentId, does: Does) -> Option<(Keys, Duration)> {
        let since = at.0.wrapping_sub(self.start.0);
        let agent = self.seat(id);
        let (before, going) = (agent.does, agent.going);
        agent.does = does;
        if matches!(does, Does::Off) {
            agent.going = false;
        }
        let done = match before {
            Does::AfterCall => agent.keys.map(|keys| (keys, at.since(agent.after_call))),
            _ => None,
        };
        if does == Does::AfterCall {
            agent.after_call = at;
        }
        self.step(since, seen_as(before, going), seen_as(does, going));
        done
    }

    /// An agent is to go when the work in hand is done, or is asked to stay after all.
    pub(super) fn going(&mut self, at: Instant, id: AgentId, going: bool) {
        let since = at.0.wrapping_sub(self.start.0);
        let agent = self.seat(id);
        let (does, before) = (agent.does, agent.going);
        agent.going = going;
        self.step(since, seen_as(does, before), seen_as(does, going));
    }

    /// How the call an agent has or just had counts.
    pub(super) fn set_keys(&mut self, id: AgentId, keys: Option<Keys>) {
        self.seat(id).keys = keys;
    }

    /// How the call an agent has or just had counts.
    pub(super) fn keys(&mut self, id: AgentId) -> Option<Keys> {
        self.seat(id).keys
    }

    #[inline]
    fn step(&mut self, since: u64, from: Does, to: Does) {
        let (from, to) = (from as usize, to as usize);
        self.area[from] = self.area[from].wrapping_add(since);
        self.area[to] = self.area[to].wrapping_sub(since);
        self.count[from] = self.count[from].wrapping_sub(1);
        self.count[to] = self.count[to].wrapping_add(1);
    }

    /// Adds the time since the last close, up to `at`, and goes on from there.
    pub(super) fn close(&mut self, at: Instant, into: Option<&mut Figures>) {
        let length = at.0 - self.start.0;
        if let Some(figures) = into {
            for (i, &field) in FIELD.iter().enumerate() {
                figures.add(field, self.area[i].wrapping_add(self.count[i].wrapping_mul(length)));
            }
        }
        self.area = [0; STATES + 1];
        self.start = at;
    }

    /// After-call work in progress at `at`, and how it counts.
    pub(super) fn after_call_in_hand(&self, at: Instant) -> impl Iterator<Item = (Keys, Duration)> + '_ {
        let busy = self.agents.iter().filter(|agent| agent.does == Does::AfterCall);
        busy.filter_map(move |agent| Some((agent.keys?, at.since(agent.after_call))))
    }
}

/// What a state counts as for an agent whose shift may be over.
fn seen_as(does: Does, going: bool) -> Does {
    match does {
        Does::Off => Does::Off,
        _ if going => Does::Beyond,
        _ => does,
    }
}
