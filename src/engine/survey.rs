//! What a supervisor sees at a glance: who waits where and since when, and what the agents do. For whoever watches a running
//! centre; nothing in the engine reads it.

use std::sync::Arc;

use super::{
    Engine,
    acd::agent::AgentState,
    audit::Census,
    call::{CallState, Place},
    event::NotReady,
};
use crate::{
    id::{AgentId, CallId, LanguageId, QueueId},
    pii::CallerNumber,
    script::catalogue::AccessLevel,
    time::Duration,
};

/// A centre at one instant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Survey {
    /// Calls by state.
    pub calls: Census,
    /// Every queue, by the engine's numbers.
    pub queues: Vec<QueueSurvey>,
    /// Every group, by the engine's numbers.
    pub groups: Vec<GroupSurvey>,
    /// Deadlines to come.
    pub timers: usize,
}

/// A queue at one instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueSurvey {
    /// Its name.
    pub name: Arc<str>,
    /// Callers who wait on the line, those for whom an agent's telephone rings included.
    pub waiting: u32,
    /// Promised call backs that keep a place.
    pub callbacks: u32,
    /// How long the caller on the line has waited who has waited longest.
    pub longest: Duration,
}

/// The agents of a group at one instant, by what they do; those off duty are not counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupSurvey {
    /// Its name.
    pub name: Arc<str>,
    /// How many do what, in the order of [`AGENT_STATES`].
    pub agents: [u32; AGENT_STATES.len()],
}

/// What an agent on duty may be doing.
pub const AGENT_STATES: [&str; 6] = ["not_ready", "ready", "ringing", "reserved", "talking", "after_call"];

/// What an agent does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    /// Off duty.
    OffDuty,
    /// On duty, takes no calls.
    NotReady(NotReady),
    /// Can take a call.
    Ready,
    /// The telephone rings for this call.
    Ringing(CallId),
    /// Kept free while the person of this call back is dialled.
    Reserved(CallId),
    /// With the caller of this call.
    Talking {
        /// Which.
        call: CallId,
        /// The caller is on hold.
        held: bool,
    },
    /// After-call work for this call.
    AfterCall(CallId),
}

/// A call that stands in a queue, or rings from it, as an agent may know it before she answers.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    /// In which queue.
    pub queue: QueueId,
    /// In which language.
    pub language: LanguageId,
    /// How sure the centre is who calls.
    pub level: AccessLevel,
    /// The calling number.
    pub caller: Option<CallerNumber>,
    /// How long the caller has waited.
    pub waited: Duration,
    /// The queue's priority and the node's.
    pub priority: i16,
}

impl Engine {
    /// What an agent does; off duty, who never came.
    pub fn doing(&self, agent: AgentId) -> Doing {
        match self.state.acd.agent(agent).map_or(AgentState::LoggedOut, |agent| agent.state) {
            AgentState::LoggedOut => Doing::OffDuty,
            AgentState::NotReady(why) => Doing::NotReady(why),
            AgentState::Ready => Doing::Ready,
            AgentState::Ringing(call) => Doing::Ringing(call),
            AgentState::Reserved(call) => Doing::Reserved(call),
            AgentState::Talking(call) => {
                let held = self.state.calls.get(call).is_some_and(|call| matches!(call.state, CallState::Held { .. }));
                Doing::Talking { call, held }
            }
            AgentState::AfterCall(call) => Doing::AfterCall(call),
        }
    }

    /// How a call stands in its queue; `None`: it stands in none.
    pub fn place_of(&self, call: CallId) -> Option<Standing> {
        let call = self.state.calls.get(call)?;
        let &Place { queue, language, since, priority, .. } = call.place.as_ref()?;
        let (level, caller) = (call.menus().level, call.caller);
        Some(Standing { queue, language, level, caller, waited: self.state.now.since(since), priority })
    }

    /// Counts callers and agents. Looks at every call in progress and every agent.
    pub fn survey(&self) -> Survey {
        let acd = &self.state.acd;
        let queue =
            |name: &Arc<str>| QueueSurvey { name: name.clone(), waiting: 0, callbacks: 0, longest: Duration::ZERO };
        let mut queues: Vec<_> = acd.queues.iter().map(|state| queue(&state.config.name)).collect();
        for call in self.state.calls.iter() {
            let Some(place) = call.place.as_ref() else { continue };
            let Some(queue) = queues.get_mut(place.queue.index()) else { continue };
            match (call.promised_in, call.state) {
                (Some(_), _) => queue.callbacks += 1,
                (None, CallState::Queued | CallState::Ringing { .. }) => {
                    queue.waiting += 1;
                    queue.longest = queue.longest.max(self.state.now.since(place.since));
                }
                _ => {}
            }
        }
        let mut groups: Vec<_> = acd
            .groups
            .iter()
            .map(|group| GroupSurvey { name: group.config.name.clone(), agents: [0; AGENT_STATES.len()] })
            .collect();
        for agent in &acd.agents {
            let state = match agent.state {
                AgentState::LoggedOut => continue,
                AgentState::NotReady(_) => 0,
                AgentState::Ready => 1,
                AgentState::Ringing(_) => 2,
                AgentState::Reserved(_) => 3,
                AgentState::Talking(_) => 4,
                AgentState::AfterCall(_) => 5,
            };
            if let Some(group) = groups.get_mut(agent.group.index()) {
                group.agents[state] += 1;
            }
        }
        Survey { calls: self.census(), queues, groups, timers: self.state.timers.len() }
    }
}
