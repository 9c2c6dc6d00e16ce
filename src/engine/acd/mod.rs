//! The ACD: who waits, who is ready, who gets whom.
//!
//! Two questions decide everything, and each is asked in one place: *a call wants an agent* ([`Turn::seek_agent`]) and
//! *an agent wants a call* ([`Turn::seek_call`]). After each input both have been asked wherever the answer may have
//! changed, which is what the law "no call waits while a fitting agent is ready" states.
//!
//! May import within the engine. What never enters: patience (it is the caller's), shifts and handle times (the world's).

pub(crate) mod agent;
mod callback;
pub mod hunt;
mod line;
mod merged;
mod outlook;
mod publish;
pub(crate) mod queue;
mod ready;
mod ringing;
mod waiting;
mod work;

use std::{cmp::Reverse, collections::BTreeMap};

use self::{
    agent::{Agent, AgentState},
    hunt::Candidate,
    merged::{MOST, Merged},
    queue::{GroupState, QueueState},
    ready::Ready,
};
use super::{
    Sink,
    call::{CallState, Place, Rank, Rung},
    turn::Turn,
};
use crate::{
    canary::{Canary, canary, first_of_hash},
    id::{AgentId, CallId, GroupId, LanguageId, QueueId},
    pii::CallerNumber,
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
    /// How many agents are ready.
    pub(crate) ready_count: usize,
    /// How often calls stand in lines: once in each line of their languages.
    pub(crate) standing: usize,
    /// The same in one order, while many stand in line.
    merged: Option<Merged>,
    /// How many lines a queue has at most: what numbers of lines count by.
    languages: usize,
    pub(crate) outlooks: outlook::Outlooks,
    /// The call back that stands for each number as long as nobody has picked up; a person's and a synthetic caller's apart
    /// (true), who never share a telephone though they may share a number.
    pub(crate) promises: BTreeMap<(CallerNumber, bool), CallId>,
}

impl Acd {
    #[inline]
    pub(crate) fn queue(&self, id: QueueId) -> &QueueState {
        &self.queues[id.index()]
    }
    #[inline]
    pub(crate) fn queue_mut(&mut self, id: QueueId) -> &mut QueueState {
        &mut self.queues[id.index()]
    }
    #[inline]
    pub(crate) fn agent(&self, id: AgentId) -> Option<&Agent> {
        self.agents.get(id.index())
    }
    #[inline]
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
    #[inline]
    fn push_ready(&mut self, id: AgentId) {
        self.ready_order += 1;
        let agent = &mut self.agents[id.index()];
        agent.ready_order = self.ready_order;
        self.groups[agent.group.index()].ready.push(self.ready_order, id);
        self.ready_count += 1;
    }

    /// Takes an agent off the ready list.
    #[inline]
    fn drop_ready(&mut self, id: AgentId) {
        let agent = &mut self.agents[id.index()];
        agent.ready_order = 0;
        self.groups[agent.group.index()].ready.drop(id, &self.agents);
        self.ready_count -= 1;
    }

    /// Stands a rank in a line.
    fn join(&mut self, queue: QueueId, language: LanguageId, rank: Rank) {
        if self.queues[queue.index()].lines[language.index()].waiting.insert(rank) {
            self.standing += 1;
            let number = self.line_number(queue, language);
            // More than can be counted are not kept up.
            self.merged.take_if(|_| self.standing > MOST);
            if let Some(merged) = &mut self.merged {
                merged.insert(rank, number as u8);
            }
        }
    }

    /// Takes a rank out of a line.
    fn leave(&mut self, queue: QueueId, language: LanguageId, rank: &Rank) {
        if self.queues[queue.index()].lines[language.index()].waiting.remove(rank) {
            self.standing -= 1;
            let number = self.line_number(queue, language);
            if let Some(merged) = &mut self.merged {
                merged.remove(*rank, number as u8);
            }
        }
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

impl<S: Sink> Turn<'_, S> {
    /// A waiting call looks for ready agents, and rings them.
    pub(crate) fn seek_agent(&mut self, id: CallId) {
        if let Some(agents) = self.agents_for_call(id) {
            self.ring(id, agents);
        }
    }

    /// The agents to be rung for a waiting call.
    fn agents_for_call(&mut self, id: CallId) -> Option<Rung> {
        let call = self.state.calls.get_mut(id)?;
        let place = call.place.as_ref().filter(|_| call.state == CallState::Queued)?;
        let now = self.state.now;
        let queue = self.state.acd.queue(place.queue);
        if !may_be_served(place, call.caller_is_away(), queue, now) {
            return None;
        }
        call.hunts += u32::from(queue.config.strategy != Hunt::LongestIdle);
        if self.state.acd.ready_count == 0 {
            return None;
        }
        let waited = now.since(place.since);
        if canary(Canary::HashOrder) && queue.config.strategy != Hunt::RingAll {
            let line = &queue.lines[place.language.index()].servers;
            let groups = line.iter().filter(|(_, after)| *after <= waited).map(|(group, _)| group.index());
            let agents = groups.flat_map(|group| self.state.acd.groups[group].ready.iter(&self.state.acd.agents));
            return first_of_hash(agents.map(|agent| agent.id)).map(Rung::one);
        }
        if queue.config.strategy == Hunt::LongestIdle && place.accepted.is_empty() {
            // By far the most calls: one line, and the first of each of its groups.
            let mut longest = None;
            for &(group, after) in &queue.lines[place.language.index()].servers {
                let first = self.state.acd.groups[group.index()].ready.longest();
                if let Some(first) = first.filter(|_| after <= waited) {
                    longest = Some(longest.map_or(first, |longest| first.min(longest)));
                }
            }
            return longest.map(|(_, agent)| Rung::one(agent));
        }
        let servers = place.languages().flat_map(|language| &queue.lines[language.index()].servers);
        let groups = servers.filter(|(_, after)| *after <= waited).map(|&(group, _)| group);
        let groups = groups.filter(|group| self.state.acd.groups[group.index()].ready.count > 0);
        let hunt = Search { acd: &self.state.acd, queue, now };
        match queue.config.strategy {
            Hunt::LongestIdle => hunt.longest_idle(groups).map(Rung::one),
            Hunt::TopDown => hunt.top_down(groups).map(Rung::one),
            Hunt::RoundRobin => hunt.round_robin(groups).map(Rung::one),
            Hunt::SkillLevel => hunt.skill_level(groups).map(Rung::one),
            strategy => {
                let candidates = hunt.candidates(groups);
                let lot = call.lot() ^ (u64::from(call.hunts) << 40);
                let mut chance = self.state.seed.stream(Purpose::Routing, lot);
                Rung::all(hunt::choose(strategy, &candidates, queue.last_rung, &mut chance))
            }
        }
    }

    /// A ready agent looks for the call that is to be served next, and rings for it.
    pub(crate) fn seek_call(&mut self, id: AgentId) {
        if self.state.acd.standing == 0 {
            return;
        }
        let Some(agent) = self.state.acd.agent(id).filter(|agent| agent.state == AgentState::Ready) else { return };
        let mut best: Option<(i64, Instant, CallId)> = None;
        for serve in &self.state.acd.groups[agent.group.index()].serves {
            let queue = self.state.acd.queue(serve.queue);
            for rank in queue.lines[serve.language.index()].waiting.iter() {
                let Some((since, priority)) = self.eligible(rank.2, serve.after) else { continue };
                let effective = queue.effective_priority(priority, since, self.state.now);
                let better = best.is_none_or(|(e, s, c)| (effective, s, c.0) > (e, since, rank.2.0));
                if better {
                    best = Some((effective, since, rank.2));
                }
                break;
            }
        }
        let Some((_, _, call)) = best else { return };
        let queue = self.state.calls.get(call).and_then(|call| call.place.as_ref()).map(|place| place.queue);
        match queue.map(|queue| self.state.acd.queue(queue).config.strategy) {
            // Others may have become ready at this instant, and the queue rings them all.
            Some(Hunt::RingAll) => self.seek_agent(call),
            _ => self.ring(call, Rung::one(id)),
        }
    }

    /// Since when and with which priority a call in line has waited, when it may be served by agents who must wait `after`.
    fn eligible(&self, id: CallId, after: Duration) -> Option<(Instant, i16)> {
        let call = self.state.calls.get(id)?;
        let place = call.place.as_ref()?;
        let (queue, now) = (self.state.acd.queue(place.queue), self.state.now);
        let served = may_be_served(place, call.caller_is_away(), queue, now);
        (served && now.since(place.since) >= after).then_some((place.since, place.priority))
    }
}

/// A call back is served only while its queue is open, and not while it is set aside.
#[inline]
fn may_be_served(place: &Place, caller_is_away: bool, queue: &QueueState, now: Instant) -> bool {
    !place.parked && (!caller_is_away || queue.is_open(now))
}

/// A look for an agent among groups that have ready ones. A group may be named twice, for two languages. Where a strategy
/// needs no more than the first of each group, [`hunt`] says what it means and this finds the same without a list.
struct Search<'a> {
    acd: &'a Acd,
    queue: &'a QueueState,
    now: Instant,
}

impl Search<'_> {
    fn ready(&self, group: GroupId) -> &Ready {
        &self.acd.groups[group.index()].ready
    }

    fn longest_idle(&self, groups: impl Iterator<Item = GroupId>) -> Option<AgentId> {
        groups.filter_map(|group| self.ready(group).longest()).min().map(|(_, agent)| agent)
    }

    fn top_down(&self, groups: impl Iterator<Item = GroupId>) -> Option<AgentId> {
        groups.min().and_then(|group| self.ready(group).lowest_from(0))
    }

    fn round_robin(&self, groups: impl Iterator<Item = GroupId>) -> Option<AgentId> {
        let next = self.queue.last_rung.map_or(0, |last| last.index() + 1);
        let of_group = |group| self.ready(group).lowest_from(next).or_else(|| self.ready(group).lowest_from(0));
        groups.filter_map(of_group).min_by_key(|agent| (agent.index() < next, *agent))
    }

    fn skill_level(&self, groups: impl Iterator<Item = GroupId>) -> Option<AgentId> {
        let first = |group| {
            let (order, agent) = self.ready(group).longest()?;
            Some((Reverse(self.acd.level_of(group, self.queue)), order, agent))
        };
        groups.filter_map(first).min().map(|(.., agent)| agent)
    }

    fn candidates(&self, groups: impl Iterator<Item = GroupId>) -> Vec<Candidate> {
        let mut groups: Vec<GroupId> = groups.collect();
        groups.sort_unstable();
        groups.dedup();
        let mut candidates = Vec::new();
        for group in groups {
            let level = self.acd.level_of(group, self.queue);
            candidates.extend(self.ready(group).iter(&self.acd.agents).map(|agent| Candidate {
                agent: agent.id,
                group,
                ready_order: agent.ready_order,
                answered: agent.answered,
                occupied_ppm: agent.occupied_ppm(self.now),
                level,
            }));
        }
        candidates
    }
}
