//! The laws of the centre, stated as code. They hold at the end of every drain.

use super::{
    Engine,
    acd::agent::AgentState,
    call::{Call, CallState},
};
use crate::time::Duration;

/// How many calls are where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Census {
    /// Ever offered, calls back included.
    pub offered: u64,
    /// In the menus.
    pub ivr: u64,
    /// Waiting for an agent.
    pub queued: u64,
    /// Ringing, at agents or at callers to be called back.
    pub ringing: u64,
    /// With an agent.
    pub talking: u64,
    /// On hold.
    pub held: u64,
    /// Over.
    pub ended: u64,
}

impl Engine {
    /// Counts calls by state.
    pub fn census(&self) -> Census {
        let mut census = Census { offered: self.calls.offered, ended: self.calls.ended, ..Census::default() };
        for call in self.calls.iter() {
            *match call.state {
                CallState::Ivr(_) => &mut census.ivr,
                CallState::Queued => &mut census.queued,
                CallState::Ringing { .. } | CallState::Dialling { .. } => &mut census.ringing,
                CallState::Talking { .. } => &mut census.talking,
                CallState::Held { .. } => &mut census.held,
                CallState::Ended => &mut census.ended,
            } += 1;
        }
        census
    }

    /// Checks every law. The error names the first that is broken, and where.
    ///
    /// 1. offered = in IVR + queued + ringing + talking + held + ended.
    /// 2. An agent has at most one call, and that call names the agent; a call's agents name the call.
    /// 3. No call waits while a fitting agent is ready.
    /// 4. A queue's length is the number of calls with a place in it; those waiting stand in its lines and no others do.
    /// 5. A call that waits for time has a deadline.
    pub fn audit(&self) -> Result<(), String> {
        let c = self.census();
        let sum = c.ivr + c.queued + c.ringing + c.talking + c.held + c.ended;
        if sum != c.offered {
            return Err(format!("law 1: {} offered, but {sum} accounted for: {c:?}", c.offered));
        }
        for call in self.calls.iter() {
            self.audit_agents_of(call)?;
            self.audit_waiting(call)?;
        }
        self.audit_agents()?;
        self.audit_lines()
    }

    fn audit_agents_of(&self, call: &Call) -> Result<(), String> {
        let (agents, state): (&[_], fn(_) -> _) = match &call.state {
            CallState::Ringing { agents } => (agents, AgentState::Ringing),
            CallState::Dialling { agent } => (std::slice::from_ref(agent), AgentState::Reserved),
            CallState::Talking { agent, .. } | CallState::Held { agent, .. } => {
                (std::slice::from_ref(agent), AgentState::Talking)
            }
            _ => return Ok(()),
        };
        match agents.iter().find(|agent| self.acd.agent(**agent).map(|agent| agent.state) != Some(state(call.id))) {
            Some(agent) => Err(format!("law 2: {} names {agent}, who does not name it", call.id)),
            None => Ok(()),
        }
    }

    fn audit_agents(&self) -> Result<(), String> {
        for agent in &self.acd.agents {
            let Some(id) = agent.call() else { continue };
            let names = self.calls.get(id).is_some_and(|call| match &call.state {
                CallState::Ringing { agents } => agents.contains(&agent.id),
                CallState::Dialling { agent: other }
                | CallState::Talking { agent: other, .. }
                | CallState::Held { agent: other, .. } => *other == agent.id,
                _ => false,
            });
            if !names {
                return Err(format!("law 2: {} names {id}, which does not name the agent", agent.id));
            }
        }
        Ok(())
    }

    fn audit_waiting(&self, call: &Call) -> Result<(), String> {
        if call.state == CallState::Queued
            && let Some(place) = &call.place
        {
            let waited = self.now.since(place.since);
            let open = !call.caller_is_away() || self.acd.queue(place.queue).is_open(self.now);
            for language in place.languages().filter(|_| open && !place.parked) {
                let servers = &self.acd.queue(place.queue).lines[language.index()].servers;
                let fit = servers.iter().filter(|(_, after)| *after == Duration::ZERO || *after <= waited);
                for (group, _) in fit {
                    if self.acd.groups[group.index()].ready_count > 0 {
                        return Err(format!("law 3: {} waits while an agent of {group} is ready", call.id));
                    }
                }
            }
        }
        let waits = matches!(call.state, CallState::Ivr(_) | CallState::Ringing { .. } | CallState::Dialling { .. });
        if waits && call.armed.iter().all(|&seq| seq == 0) {
            return Err(format!("law 5: {} waits in {:?} without a deadline", call.id, call.state));
        }
        Ok(())
    }

    fn audit_lines(&self) -> Result<(), String> {
        for (i, queue) in self.acd.queues.iter().enumerate() {
            let placed = self.calls.iter().filter(|call| call.place.as_ref().is_some_and(|p| p.queue.index() == i));
            let placed = placed.count();
            if placed != queue.length as usize {
                return Err(format!(
                    "law 4: queue {} counts {} calls, {placed} stand in it",
                    queue.config.name, queue.length
                ));
            }
            for (language, line) in queue.lines.iter().enumerate() {
                let right = |call: &Call| {
                    call.state == CallState::Queued
                        && call.place.as_ref().is_some_and(|place| {
                            place.queue.index() == i && place.languages().any(|l| l.index() == language)
                        })
                };
                if let Some(rank) = line.waiting.iter().find(|rank| !self.calls.get(rank.2).is_some_and(right)) {
                    return Err(format!("law 4: {} stands in a line of {} and should not", rank.2, queue.config.name));
                }
                let should = self.calls.iter().filter(|call| right(call)).count();
                if should != line.waiting.len() {
                    return Err(format!(
                        "law 4: {should} calls wait in {}, {} stand in line",
                        queue.config.name,
                        line.waiting.len()
                    ));
                }
            }
        }
        Ok(())
    }
}
