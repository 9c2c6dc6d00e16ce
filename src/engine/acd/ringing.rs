//! Ringing agents' telephones: presented, answered, not answered.

use super::{AgentState, agent::Wish};
use crate::{
    engine::{
        Command, Fact, Sink,
        call::{Call, CallState, Place, Rung, Slot},
        event::NotReady,
        timer::Timer,
        turn::{State, Turn},
    },
    id::{AgentId, CallId},
    time::Duration,
};

impl<S: Sink> Turn<'_, S> {
    /// Presents a waiting call to agents, or, for a call back, keeps the first of them free and dials the caller.
    pub(super) fn ring(&mut self, id: CallId, agents: Rung) {
        self.leave_lines(id);
        self.present(id, agents);
    }

    /// [`Turn::ring`] for a call that stands in no line.
    pub(super) fn present(&mut self, id: CallId, agents: Rung) {
        let State { now, calls, acd, timers, .. } = &mut *self.state;
        let Some(call) = calls.get_mut(id) else { return };
        let Some(place) = call.place.as_ref() else { return };
        let queue = acd.queue_mut(place.queue);
        queue.last_rung = Some(agents.first);
        if call.caller_is_away() {
            self.dial_back(id, agents.first);
            return;
        }
        call.state = CallState::Ringing { agent: agents.first };
        call.others.clear();
        call.armed.arm(timers, Slot::Ring, id, *now + queue.config.ring);
        self.ring_one(id, agents.first);
        if !agents.others.is_empty() {
            self.ring_others(id, agents.others);
        }
    }

    fn ring_one(&mut self, id: CallId, agent: AgentId) {
        self.occupy(agent, AgentState::Ringing(id));
        self.fact(Fact::CallPresented { call: id, agent });
        self.command(Command::Ring { call: id, agent });
    }

    #[inline(never)]
    fn ring_others(&mut self, id: CallId, others: Vec<AgentId>) {
        others.iter().for_each(|agent| self.ring_one(id, *agent));
        if let Some(call) = self.state.calls.get_mut(id) {
            call.others = others;
        }
    }

    /// Takes a ready agent into a spell of work.
    pub(super) fn occupy(&mut self, id: AgentId, state: AgentState) {
        self.state.acd.drop_ready(id);
        let now = self.state.now;
        if let Some(agent) = self.state.acd.agent_mut(id) {
            agent.state = state;
            agent.busy_since = Some(now);
        }
    }

    /// An agent picks up.
    pub(in crate::engine) fn agent_answered(&mut self, id: AgentId) -> bool {
        let Some(AgentState::Ringing(call)) = self.state.acd.agent(id).map(|agent| agent.state) else { return false };
        self.disarm(call, Slot::Ring);
        if self.state.calls.get(call).is_some_and(|call| !call.others.is_empty()) {
            self.stop_ringing_others(call, id);
        }
        self.connect(call, id);
        // Those who rang in vain are ready again, and may now take other calls.
        self.serve_ready();
        true
    }

    /// All telephones that ring for a call but one fall silent.
    #[inline(never)]
    fn stop_ringing_others(&mut self, call: CallId, but: AgentId) {
        for other in self.ringing_agents(call).iter().flat_map(Rung::iter) {
            if other != but {
                self.command(Command::StopRinging { call, agent: other });
                self.free_unanswered(other);
            }
        }
    }

    /// Caller and agent talk from now on.
    pub(super) fn connect(&mut self, id: CallId, agent_id: AgentId) {
        let State { now, calls, acd, timers, .. } = &mut *self.state;
        let now = *now;
        let Some(call) = calls.get_mut(id) else { return };
        let Some(&Place { queue, since, .. }) = call.place.as_ref() else { return };
        call.place = None;
        let hears_something = call.playing_until > now;
        call.playing_until = now;
        call.unstoppable_until = now;
        call.answered = true;
        call.armed.end_waiting(timers);
        call.state = CallState::Talking { agent: agent_id, since: now };
        let waited = now.since(since);
        if let Some(agent) = acd.agent_mut(agent_id) {
            agent.state = AgentState::Talking(id);
            agent.answered += 1;
            agent.queue = Some(queue);
        }
        let state = acd.queue_mut(queue);
        state.length -= 1;
        state.learn_answered(true);
        self.fact(Fact::CallAnswered { call: id, agent: agent_id, queue, waited });
        if hears_something {
            self.command(Command::StopPlaying { call: id });
        }
        self.command(Command::Connect { call: id, agent: agent_id });
    }

    /// The agents whose telephones ring for a call.
    pub(super) fn ringing_agents(&self, id: CallId) -> Option<Rung> {
        self.state.calls.get(id).and_then(Call::rung)
    }

    /// An agent whose telephone stopped ringing through no fault of the agent's is ready again, behind those who are already.
    pub(super) fn free_unanswered(&mut self, id: AgentId) {
        let now = self.state.now;
        let Some(agent) = self.state.acd.agent_mut(id) else { return };
        agent.end_busy(now);
        match agent.wish {
            Wish::Ready => {
                agent.state = AgentState::Ready;
                self.state.acd.push_ready(id);
                self.fact(Fact::AgentReady { agent: id });
                self.state.freed.push(id);
            }
            _ => self.fulfil_wish(id),
        }
    }

    /// Nobody picked up in time: they are taken out for a while, and the call waits again in its place.
    pub(in crate::engine) fn ring_expired(&mut self, id: CallId) {
        if let Some(CallState::Dialling { .. }) = self.state.calls.get(id).map(|call| &call.state) {
            self.command(Command::StopDialling { call: id });
            self.caller_missed(id);
            return;
        }
        let Some(agents) = self.ringing_agents(id) else { return };
        for agent in agents.iter() {
            self.command(Command::StopRinging { call: id, agent });
            self.fact(Fact::AgentDidNotAnswer { call: id, agent });
        }
        self.rejoin(id);
        let pause = self.pause_of(id);
        // The call first looks for somebody else; only then are those who did not answer looked at again.
        for agent in agents.iter() {
            self.set_aside(agent);
        }
        if self.state.calls.get(id).and_then(|call| call.place.as_ref()).is_some_and(|place| place.overdue) {
            self.wait_expired(id);
        }
        self.seek_agent(id);
        for agent in agents.iter() {
            self.pause(agent, pause);
        }
        self.serve_ready();
        self.close_unstaffed();
    }

    /// An agent turns a call down: as if it had rung in vain, but at once, and for the others who ring it goes on.
    #[inline(never)]
    pub(in crate::engine) fn agent_rejected(&mut self, id: AgentId) -> bool {
        let Some(AgentState::Ringing(call)) = self.state.acd.agent(id).map(|agent| agent.state) else { return false };
        let Some(ringing) = self.state.calls.get_mut(call) else { return false };
        let CallState::Ringing { agent: first } = ringing.state else { return false };
        if ringing.others.is_empty() {
            self.disarm(call, Slot::Ring);
            self.ring_expired(call);
            return true;
        }
        if first == id {
            ringing.state = CallState::Ringing { agent: ringing.others.remove(0) };
        } else {
            ringing.others.retain(|other| *other != id);
        }
        self.command(Command::StopRinging { call, agent: id });
        self.fact(Fact::AgentDidNotAnswer { call, agent: id });
        let pause = self.pause_of(call);
        self.set_aside(id);
        self.pause(id, pause);
        self.serve_ready();
        true
    }

    fn pause_of(&self, id: CallId) -> Duration {
        let place = self.state.calls.get(id).and_then(|call| call.place.as_ref());
        place.map_or(Duration::ZERO, |place| self.state.acd.queue(place.queue).config.no_answer_pause)
    }

    fn set_aside(&mut self, id: AgentId) {
        let now = self.state.now;
        if let Some(agent) = self.state.acd.agent_mut(id) {
            agent.end_busy(now);
            agent.state = AgentState::NotReady(NotReady::NoAnswer);
        }
    }

    /// Starts the pause of an agent who did not answer.
    fn pause(&mut self, id: AgentId, pause: Duration) {
        let Some(agent) = self.state.acd.agent(id) else { return };
        if agent.wish == Wish::LoggedOut {
            self.fulfil_wish(id);
            return;
        }
        if agent.wish == Wish::Ready && pause == Duration::ZERO {
            // All are ready before any looks for a call, so that telephones which rang together do so again.
            self.free_unanswered(id);
            return;
        }
        self.fact(Fact::AgentNotReady { agent: id, reason: NotReady::NoAnswer });
        if agent_wants_ready(self.state.acd.agent(id).map(|agent| agent.wish)) {
            self.arm_agent(id, self.state.now + pause, Timer::Pause(id));
        }
    }
}

fn agent_wants_ready(wish: Option<Wish>) -> bool {
    wish == Some(Wish::Ready)
}
