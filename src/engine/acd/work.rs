//! Agents on duty: logging in and out, ready and not, talking, holding, after-call work.

use super::{
    AgentState,
    agent::{Agent, Wish},
};
use crate::{
    engine::{
        Command, Fact, Sink,
        call::{CallState, Step},
        event::NotReady,
        timer::Timer,
        turn::{State, Turn},
    },
    id::{AgentId, CallId, GroupId, QueueId},
    script::value::Symbol,
};

/// So many agents at most may be absent between those who have come and one who comes.
const MAX_GAP: usize = 100_000;

impl<S: Sink> Turn<'_, S> {
    /// An agent comes on duty. False when it does not fit (unknown group, an id far
    /// beyond all others, on duty already). Ids in between are those of agents who have not come yet.
    #[inline(never)]
    pub(in crate::engine) fn agent_logged_in(&mut self, id: AgentId, group: GroupId) -> bool {
        if group.index() >= self.state.acd.groups.len() || id.index() > self.state.acd.agents.len() + MAX_GAP {
            return false;
        }
        for absent in self.state.acd.agents.len()..=id.index() {
            self.state.acd.agents.push(Agent::new(AgentId(absent as u32), group));
        }
        let now = self.state.now;
        let agent = &mut self.state.acd.agents[id.index()];
        if agent.state != AgentState::LoggedOut {
            // Asked to stay after all, before the work in hand was done.
            let stays = agent.wish == Wish::LoggedOut;
            if stays {
                agent.wish = Wish::Ready;
                self.state.acd.groups[agent.group.index()].on_duty += 1;
                self.state.acd.outlooks.recount();
                self.fact(Fact::AgentGoing { agent: id, going: false });
            }
            return stays;
        }
        *agent = Agent { state: AgentState::NotReady(NotReady::LoggedIn), logged_in: now, ..Agent::new(id, group) };
        self.state.acd.groups[group.index()].on_duty += 1;
        self.state.acd.outlooks.recount();
        self.fact(Fact::AgentLoggedIn { agent: id, group });
        true
    }

    /// An agent goes off duty, after the work in hand.
    #[inline(never)]
    pub(in crate::engine) fn agent_logged_out(&mut self, id: AgentId) -> bool {
        let Some(agent) = self.state.acd.agent_mut(id).filter(|agent| agent.on_duty()) else { return false };
        let (state, group) = (agent.state, agent.group);
        agent.wish = Wish::LoggedOut;
        self.state.acd.groups[group.index()].on_duty -= 1;
        self.state.acd.outlooks.recount();
        match state {
            AgentState::Ready => {
                self.state.acd.drop_ready(id);
                self.fulfil_wish(id);
            }
            AgentState::NotReady(_) => self.fulfil_wish(id),
            _ => self.fact(Fact::AgentGoing { agent: id, going: true }),
        }
        self.close_unstaffed();
        true
    }

    /// An agent can take calls from now on, or after the call in hand.
    pub(in crate::engine) fn agent_ready(&mut self, id: AgentId) -> bool {
        let Some(agent) = self.state.acd.agent_mut(id) else { return false };
        match agent.state {
            AgentState::NotReady(_) => {
                agent.wish = Wish::Ready;
                self.make_ready(id);
            }
            AgentState::AfterCall(_) => {
                if agent.wish == Wish::NotReady {
                    agent.wish = Wish::Ready;
                }
                self.end_after_call_work(id);
            }
            AgentState::Ringing(_) | AgentState::Reserved(_) | AgentState::Talking(_)
                if agent.wish == Wish::NotReady =>
            {
                agent.wish = Wish::Ready;
            }
            _ => return false,
        }
        true
    }

    /// An agent takes a break, now or after the work in hand. Said again in after-call work, it ends that.
    #[inline(never)]
    pub(in crate::engine) fn agent_not_ready(&mut self, id: AgentId) -> bool {
        let Some(agent) = self.state.acd.agent_mut(id).filter(|agent| agent.on_duty()) else { return false };
        let (state, said_before) = (agent.state, agent.wish == Wish::NotReady);
        agent.wish = Wish::NotReady;
        match state {
            AgentState::AfterCall(_) if said_before => self.end_after_call_work(id),
            AgentState::Ready => {
                self.state.acd.drop_ready(id);
                self.fulfil_wish(id);
            }
            AgentState::NotReady(NotReady::Break) => return false,
            AgentState::NotReady(_) => self.fulfil_wish(id),
            _ => {}
        }
        true
    }

    /// Makes an agent ready and lets the agent look for a call.
    pub(super) fn make_ready(&mut self, id: AgentId) {
        self.disarm_agent(id);
        let Some(agent) = self.state.acd.agent_mut(id) else { return };
        agent.state = AgentState::Ready;
        self.state.acd.push_ready(id);
        self.fact(Fact::AgentReady { agent: id });
        self.seek_call(id);
    }

    /// Every agent freed on the way looks for a call.
    pub(super) fn serve_ready(&mut self) {
        if self.state.freed.is_empty() {
            return;
        }
        for id in std::mem::take(&mut self.state.freed) {
            self.seek_call(id);
        }
    }

    /// An agent whose work in hand is done does what was asked for meanwhile.
    pub(super) fn fulfil_wish(&mut self, id: AgentId) {
        let now = self.state.now;
        self.disarm_agent(id);
        let Some(agent) = self.state.acd.agent_mut(id) else { return };
        agent.end_busy(now);
        match agent.wish {
            Wish::Ready => self.make_ready(id),
            Wish::NotReady => {
                agent.state = AgentState::NotReady(NotReady::Break);
                self.fact(Fact::AgentNotReady { agent: id, reason: NotReady::Break });
            }
            Wish::LoggedOut => {
                agent.state = AgentState::LoggedOut;
                self.fact(Fact::AgentLoggedOut { agent: id });
            }
        }
    }

    /// The pause after a call that was not answered is over.
    pub(in crate::engine) fn pause_expired(&mut self, id: AgentId) {
        self.fulfil_wish(id);
    }

    /// The caller is put on hold, or taken off.
    #[inline(never)]
    pub(in crate::engine) fn agent_held(&mut self, id: AgentId, held: bool) -> bool {
        let Some(AgentState::Talking(call)) = self.state.acd.agent(id).map(|agent| agent.state) else { return false };
        let (state, fact) = match self.state.calls.get(call).map(|call| &call.state) {
            Some(&CallState::Talking { agent, since }) if held => {
                (CallState::Held { agent, since }, Fact::CallHeld { call, agent })
            }
            Some(&CallState::Held { agent, since }) if !held => {
                (CallState::Talking { agent, since }, Fact::CallResumed { call, agent })
            }
            _ => return false,
        };
        self.transition(call, state);
        self.fact(fact);
        self.command(Command::Hold { call, held });
        true
    }

    /// The agent ends the conversation; the call goes on where its queue node says.
    pub(in crate::engine) fn agent_released(&mut self, id: AgentId) -> bool {
        let Some(AgentState::Talking(call)) = self.state.acd.agent(id).map(|agent| agent.state) else { return false };
        self.part(call, false);
        self.after_agent(call);
        true
    }

    /// The agent passes the caller on to a queue of the engine.
    #[inline(never)]
    pub(in crate::engine) fn agent_transferred(&mut self, id: AgentId, queue: QueueId) -> bool {
        let Some(AgentState::Talking(call)) = self.state.acd.agent(id).map(|agent| agent.state) else { return false };
        if queue.index() >= self.state.acd.queues.len() {
            return false;
        }
        self.part(call, false);
        self.fact(Fact::CallTransferred { call, agent: id, queue });
        self.requeue(call, queue);
        true
    }

    /// Caller and agent no longer talk; after-call work begins.
    pub(in crate::engine) fn part(&mut self, id: CallId, by_caller: bool) {
        let Some(call) = self.state.calls.get_mut(id) else { return };
        let (agent, since) = match call.state {
            CallState::Talking { agent, since } | CallState::Held { agent, since } => (agent, since),
            _ => return,
        };
        call.state = CallState::Ivr(Step::Moving);
        let talked = self.state.now.since(since);
        self.fact(Fact::CallReleased { call: id, agent, talked, by_caller });
        self.command(Command::Disconnect { call: id, agent });
        self.begin_after_call_work(agent, id);
    }

    fn begin_after_call_work(&mut self, id: AgentId, call: CallId) {
        let State { now, acd, timers, .. } = &mut *self.state;
        if let Some(agent) = acd.agents.get_mut(id.index()) {
            agent.state = AgentState::AfterCall(call);
            let limit = agent.queue.and_then(|queue| acd.queues[queue.index()].config.wrap_up_limit);
            agent.arm(timers, limit.map(|limit| (*now + limit, Timer::WrapUp(id))));
        }
        self.fact(Fact::AfterCallWorkBegan { agent: id });
    }

    /// After-call work is done, by the agent's word or by its limit.
    pub(in crate::engine) fn end_after_call_work(&mut self, id: AgentId) {
        let now = self.state.now;
        let Some(agent) = self.state.acd.agent_mut(id) else { return };
        if let (Some(queue), Some(since)) = (agent.queue.take(), agent.busy_since) {
            self.state.acd.queue_mut(queue).learn_handle(now.since(since));
        }
        self.fulfil_wish(id);
    }

    /// An agent opens a back-office case for the call in hand or just ended.
    #[inline(never)]
    pub(in crate::engine) fn case_opened(&mut self, id: AgentId, kind: Symbol) -> bool {
        let call = match self.state.acd.agent(id).map(|agent| agent.state) {
            Some(AgentState::Talking(call) | AgentState::AfterCall(call)) => call,
            _ => return false,
        };
        self.fact(Fact::CaseOpened { call, agent: id, kind });
        true
    }
}
