//! The ACD: who waits, who is ready, who gets whom.
//!
//! Two questions decide everything, and each is asked in one place: *a call wants an agent* ([`Engine::seek_agent`]) and
//! *an agent wants a call* ([`Engine::seek_call`]). After each input both have been asked wherever the answer may have
//! changed, which is what the law "no call waits while a fitting agent is ready" states.
//!
//! May import within the engine. What never enters: patience (it is the caller's), shifts and handle times (the world's).

pub(crate) mod agent;
mod callback;
pub mod hunt;
mod publish;
pub(crate) mod queue;
mod ringing;
mod waiting;
mod work;

use self::{
    agent::{Agent, AgentState},
    hunt::Candidate,
    queue::{GroupState, QueueState},
};
use super::{
    Engine,
    call::{CallState, Place},
};
use crate::{
    id::{AgentId, CallId, GroupId, LanguageId, QueueId},
    random::Purpose,
    script::model::Hunt,
    time::{Duration, Instant},
};

/// Queues, groups and agents.
#[derive(Clone, Debug, Default)]
pub(crate) struct Acd {
    pub(crate) queues: Vec<QueueState>,
    pub(crate) groups: Vec<GroupState>,
    pub(crate) agents: Vec<Agent>,
    /// Counts up each time an agent becomes ready.
    pub(crate) ready_order: u64,
}

impl Acd {
    pub(crate) fn queue(&self, id: QueueId) -> &QueueState {
        &self.queues[id.index()]
    }
    pub(crate) fn queue_mut(&mut self, id: QueueId) -> &mut QueueState {
        &mut self.queues[id.index()]
    }
    pub(crate) fn agent(&self, id: AgentId) -> Option<&Agent> {
        self.agents.get(id.index())
    }
    pub(crate) fn agent_mut(&mut self, id: AgentId) -> Option<&mut Agent> {
        self.agents.get_mut(id.index())
    }

    /// Agents on duty who may take calls of a line without a wait.
    pub(crate) fn agents_for(&self, queue: QueueId, language: LanguageId) -> u32 {
        let servers = self.queue(queue).lines.get(language.index()).map_or(&[][..], |line| &line.servers);
        servers.iter().filter(|(_, after)| *after == Duration::ZERO).map(|(g, _)| self.groups[g.index()].on_duty).sum()
    }

    /// Whether anybody on duty may ever take calls of a line.
    pub(crate) fn is_staffed(&self, queue: QueueId, language: LanguageId) -> bool {
        let line = self.queue(queue).lines.get(language.index());
        line.is_some_and(|line| line.servers.iter().any(|(g, _)| self.groups[g.index()].on_duty > 0))
    }

    /// Puts an agent at the end of the ready list of its group.
    fn push_ready(&mut self, id: AgentId) {
        self.ready_order += 1;
        let order = self.ready_order;
        let agent = &mut self.agents[id.index()];
        agent.ready_order = order;
        let group = &mut self.groups[agent.group.index()];
        group.ready.push_back((order, id));
        group.ready_count += 1;
    }

    /// Takes an agent off the ready list; its entry becomes stale.
    fn drop_ready(&mut self, id: AgentId) {
        let agent = &mut self.agents[id.index()];
        agent.ready_order = 0;
        let group = &mut self.groups[agent.group.index()];
        group.ready_count -= 1;
        while let Some(&(order, head)) = group.ready.front() {
            if self.agents[head.index()].ready_order == order {
                break;
            }
            group.ready.pop_front();
        }
        // Agents taken from the middle (any strategy but longest idle) leave stale entries; sweep before they pile up.
        if group.ready.len() > 2 * group.ready_count + 8 {
            let agents = &self.agents;
            group.ready.retain(|&(order, id)| agents[id.index()].ready_order == order);
        }
    }

    /// Who of a group has been ready longest.
    fn longest_idle(&self, group: GroupId) -> Option<(u64, AgentId)> {
        let group = &self.groups[group.index()];
        group.ready.front().copied().filter(|_| group.ready_count > 0)
    }

    /// The ready agents of a group.
    fn ready_agents(&self, group: GroupId) -> impl Iterator<Item = &Agent> {
        let entries = self.groups[group.index()].ready.iter();
        entries.filter_map(|&(order, id)| Some(&self.agents[id.index()]).filter(|agent| agent.ready_order == order))
    }

    fn level_of(&self, group: GroupId, queue: &QueueState) -> u8 {
        let skill = queue.config.skills.first().map(|need| need.skill);
        let group = &self.groups[group.index()].config;
        group.skills.iter().find(|(have, _)| Some(*have) == skill).map_or(1, |&(_, level)| level)
    }
}

impl Place {
    /// The languages in which an agent may serve the call.
    pub(crate) fn languages(&self) -> impl Iterator<Item = LanguageId> + '_ {
        std::iter::once(self.language).chain(self.accepted.iter().copied())
    }
}

impl Engine {
    /// A waiting call looks for ready agents, and rings them.
    pub(crate) fn seek_agent(&mut self, id: CallId) {
        let Some(call) = self.calls.get(id) else { return };
        let Some(place) = call.place.as_ref().filter(|_| call.state == CallState::Queued) else { return };
        let queue = self.acd.queue(place.queue);
        if !self.may_be_served(place, call.caller_is_away(), self.now) {
            return;
        }
        let waited = self.now.since(place.since);
        let mut groups: Vec<GroupId> = Vec::new();
        for language in place.languages() {
            let servers = &queue.lines[language.index()].servers;
            groups.extend(servers.iter().filter(|(_, after)| *after <= waited).map(|(group, _)| *group));
        }
        if !place.accepted.is_empty() {
            groups.sort_unstable();
            groups.dedup();
        }
        let agents = self.hunt(place.queue, &groups, id);
        if !agents.is_empty() {
            self.ring(id, agents);
        }
    }

    /// A ready agent looks for the call that is to be served next, and rings for it.
    pub(crate) fn seek_call(&mut self, id: AgentId) {
        let Some(agent) = self.acd.agent(id).filter(|agent| agent.state == AgentState::Ready) else { return };
        let mut best: Option<(i64, Instant, CallId)> = None;
        for serve in &self.acd.groups[agent.group.index()].serves {
            let queue = self.acd.queue(serve.queue);
            for rank in &queue.lines[serve.language.index()].waiting {
                let Some((since, priority)) = self.eligible(rank.2, serve.after) else { continue };
                let effective = queue.effective_priority(priority, since, self.now);
                let better = best.is_none_or(|(e, s, c)| (effective, s, c.0) > (e, since, rank.2.0));
                if better {
                    best = Some((effective, since, rank.2));
                }
                break;
            }
        }
        let Some((_, _, call)) = best else { return };
        let queue = self.calls.get(call).and_then(|call| call.place.as_ref()).map(|place| place.queue);
        match queue.map(|queue| self.acd.queue(queue).config.strategy) {
            // Others may have become ready at this instant, and the queue rings them all.
            Some(Hunt::RingAll) => self.seek_agent(call),
            _ => self.ring(call, vec![id]),
        }
    }

    /// Since when and with which priority a call in line has waited, when it may be served by agents who must wait `after`.
    fn eligible(&self, id: CallId, after: Duration) -> Option<(Instant, i16)> {
        let call = self.calls.get(id)?;
        let place = call.place.as_ref()?;
        let served = self.may_be_served(place, call.caller_is_away(), self.now);
        (served && self.now.since(place.since) >= after).then_some((place.since, place.priority))
    }

    /// A call back is served only while its queue is open, and not while it is set aside.
    fn may_be_served(&self, place: &Place, caller_is_away: bool, now: Instant) -> bool {
        !place.parked && (!caller_is_away || self.acd.queue(place.queue).is_open(now))
    }

    /// The agents of `groups` whom `queue`'s strategy picks for a call.
    fn hunt(&mut self, queue: QueueId, groups: &[GroupId], call: CallId) -> Vec<AgentId> {
        let state = self.acd.queue(queue);
        if state.config.strategy == Hunt::LongestIdle {
            // The common case needs no list of candidates: each group knows who has been ready longest.
            let heads = groups.iter().filter_map(|&group| self.acd.longest_idle(group));
            return heads.min().map(|(_, agent)| agent).into_iter().collect();
        }
        let mut candidates = Vec::new();
        for &group in groups {
            let level = self.acd.level_of(group, state);
            candidates.extend(self.acd.ready_agents(group).map(|agent| Candidate {
                agent: agent.id,
                group,
                ready_order: agent.ready_order,
                answered: agent.answered,
                occupied_ppm: agent.occupied_ppm(self.now),
                level,
            }));
        }
        let Some(call) = self.calls.get_mut(call) else { return Vec::new() };
        call.hunts += 1;
        let mut chance = self.seed.stream(Purpose::Routing, call.lot() ^ (u64::from(call.hunts) << 40));
        hunt::choose(state.config.strategy, &candidates, state.last_rung, &mut chance)
    }
}
