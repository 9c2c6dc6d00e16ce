//! The laws of the centre, stated as code. They hold at the end of every drain.

use super::{
    Engine,
    acd::agent::AgentState,
    call::{Call, CallState, Rung, Slot},
};
use crate::time::{Duration, Instant};

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
        let mut census =
            Census { offered: self.state.calls.offered, ended: self.state.calls.ended, ..Census::default() };
        for call in self.state.calls.iter() {
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
    /// 5. A call that waits for time has a deadline, one that rings the deadline of the ringing, one whose wait is limited
    ///    that of its wait, one that more agents may take later that of the widening.
    /// 6. A group's ready list holds its ready agents and no others, each once; it counts those on duty.
    /// 7. A version counts the calls that run on it, and is kept while it is current or has any.
    /// 8. Nobody waits in a queue that closes with its staff once nobody on duty may take the call.
    /// 9. A call has a place when it waits, rings or is dialled, and then only; a call set aside is a call back, and knows
    ///    when it is dialled next or that the call in which it was promised goes on.
    /// 10. A promise to call back that stands in a queue with hours has the deadline of the next opening.
    /// 11. Nobody is left who was made ready by the way and has not looked for a call.
    pub fn audit(&self) -> Result<(), String> {
        let c = self.census();
        let sum = c.ivr + c.queued + c.ringing + c.talking + c.held + c.ended;
        if sum != c.offered {
            return Err(format!("law 1: {} offered, but {sum} accounted for: {c:?}", c.offered));
        }
        for call in self.state.calls.iter() {
            self.audit_agents_of(call)?;
            self.audit_waiting(call)?;
            self.audit_place(call)?;
        }
        self.audit_agents()?;
        self.audit_lines()?;
        self.audit_staff()?;
        self.audit_versions()?;
        match self.state.freed.first() {
            Some(agent) => Err(format!("law 11: {agent} has not looked for a call")),
            None => Ok(()),
        }
    }

    fn audit_staff(&self) -> Result<(), String> {
        for (i, group) in self.state.acd.groups.iter().enumerate() {
            let name = &group.config.name;
            let members = || self.state.acd.agents.iter().filter(|agent| agent.group.index() == i);
            let mut ready: Vec<_> =
                members().filter(|a| a.state == AgentState::Ready).map(|a| (a.ready_order, a.id)).collect();
            ready.sort_unstable();
            let agents = &self.state.acd.agents;
            let listed: Vec<_> = group.ready.iter(agents).map(|a| (a.ready_order, a.id)).collect();
            if listed != ready || group.ready.count != ready.len() {
                return Err(format!(
                    "law 6: {name} lists {listed:?} as ready and counts {}, ready are {ready:?}",
                    group.ready.count
                ));
            }
            let on_duty = members().filter(|agent| agent.on_duty()).count();
            if group.on_duty as usize != on_duty {
                return Err(format!("law 6: {name} counts {} on duty, there are {on_duty}", group.on_duty));
            }
            if group.ready.has_stale_head(agents) {
                return Err(format!("law 6: the longest idle of {name} is no longer ready"));
            }
        }
        Ok(())
    }

    fn audit_versions(&self) -> Result<(), String> {
        for (i, version) in self.versions.iter().enumerate() {
            let calls = self.state.calls.iter().filter(|call| call.version == i).count() as u64;
            let kept = calls > 0 || i + 1 == self.versions.len();
            let counted = self.state.running[i];
            if counted != calls || version.script.is_some() != kept {
                let have = if version.script.is_some() { "kept" } else { "forgotten" };
                return Err(format!(
                    "law 7: version {} counts {} calls and is {have}; {calls} run on it",
                    i + 1,
                    counted
                ));
            }
        }
        Ok(())
    }

    /// Laws 5, 8, 9 and 10 for a call with or without a place.
    fn audit_place(&self, call: &Call) -> Result<(), String> {
        use CallState as S;
        let armed = |slot: Slot| call.armed.has(slot);
        let placed = matches!(call.state, S::Queued | S::Ringing { .. } | S::Dialling { .. });
        let Some(place) = call.place.as_ref().filter(|_| placed) else {
            return match call.place.is_some() == placed {
                true => Ok(()),
                false => Err(format!("law 9: {} has the wrong place for {:?}", call.id, call.state)),
            };
        };
        let (queue, away) = (self.state.acd.queue(place.queue), call.caller_is_away());
        if matches!(call.state, S::Ringing { .. } | S::Dialling { .. }) && !armed(Slot::Ring) {
            return Err(format!("law 5: {} rings without end", call.id));
        }
        let promising = call.promised_in.is_some_and(|before| self.state.calls.get(before).is_some());
        if place.parked && !(call.state == S::Queued && away && (armed(Slot::Retry) || promising)) {
            return Err(format!("law 9: {} is set aside for ever", call.id));
        }
        if place.overdue && !matches!(call.state, S::Ringing { .. }) {
            return Err(format!("law 5: {} has outstayed its longest wait", call.id));
        }
        if armed(Slot::MaxWait) && away {
            return Err(format!("law 5: {} waits for a call back no longer than a caller would", call.id));
        }
        let waited = self.state.now.since(place.since);
        let wider = place.languages().flat_map(|l| &queue.lines[l.index()].servers).any(|(_, after)| *after > waited);
        if wider && !armed(Slot::Widen) {
            return Err(format!("law 5: {} is not told to more agents", call.id));
        }
        let staffed = place.languages().any(|language| self.state.acd.is_staffed(place.queue, language));
        if call.state == S::Queued && !away && queue.config.closed_when_unstaffed && !staffed {
            return Err(format!("law 8: {} waits in {}, which nobody serves", call.id, queue.config.name));
        }
        let opens_again = queue.calendar.as_ref().is_some_and(|calendar| {
            let hours = calendar.at(self.state.now);
            let next = if hours.open { calendar.at(hours.closes_at).opens_at } else { hours.opens_at };
            next < Instant::NEVER
        });
        if call.state == S::Queued && away && opens_again && queue.opening.is_none() {
            return Err(format!("law 10: {} stands in {}, whose opening nobody awaits", call.id, queue.config.name));
        }
        Ok(())
    }

    fn audit_agents_of(&self, call: &Call) -> Result<(), String> {
        let (agents, state): (Rung, fn(_) -> _) = match &call.state {
            CallState::Ringing { agent } => (call.rung().unwrap_or_else(|| Rung::one(*agent)), AgentState::Ringing),
            CallState::Dialling { agent } => (Rung::one(*agent), AgentState::Reserved),
            CallState::Talking { agent, .. } | CallState::Held { agent, .. } => {
                (Rung::one(*agent), AgentState::Talking)
            }
            _ => return Ok(()),
        };
        match agents.iter().find(|agent| self.state.acd.agent(*agent).map(|agent| agent.state) != Some(state(call.id)))
        {
            Some(agent) => Err(format!("law 2: {} names {agent}, who does not name it", call.id)),
            None => Ok(()),
        }
    }

    fn audit_agents(&self) -> Result<(), String> {
        for agent in &self.state.acd.agents {
            let Some(id) = agent.call() else { continue };
            let names = self.state.calls.get(id).is_some_and(|call| match &call.state {
                CallState::Ringing { .. } => call.rung().is_some_and(|rung| rung.iter().any(|other| other == agent.id)),
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
            let waited = self.state.now.since(place.since);
            let open = !call.caller_is_away() || self.state.acd.queue(place.queue).is_open(self.state.now);
            for language in place.languages().filter(|_| open && !place.parked) {
                let servers = &self.state.acd.queue(place.queue).lines[language.index()].servers;
                let fit = servers.iter().filter(|(_, after)| *after == Duration::ZERO || *after <= waited);
                for (group, _) in fit {
                    if self.state.acd.groups[group.index()].ready.count > 0 {
                        return Err(format!("law 3: {} waits while an agent of {group} is ready", call.id));
                    }
                }
            }
        }
        let waits = matches!(call.state, CallState::Ivr(_) | CallState::Ringing { .. } | CallState::Dialling { .. });
        if waits && call.armed.is_empty() {
            return Err(format!("law 5: {} waits in {:?} without a deadline", call.id, call.state));
        }
        Ok(())
    }

    fn audit_lines(&self) -> Result<(), String> {
        for (i, queue) in self.state.acd.queues.iter().enumerate() {
            let placed =
                self.state.calls.iter().filter(|call| call.place.as_ref().is_some_and(|p| p.queue.index() == i));
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
                if let Some(rank) = line.waiting.iter().find(|rank| !self.state.calls.get(rank.2).is_some_and(right)) {
                    return Err(format!("law 4: {} stands in a line of {} and should not", rank.2, queue.config.name));
                }
                let should = self.state.calls.iter().filter(|call| right(call)).count();
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
