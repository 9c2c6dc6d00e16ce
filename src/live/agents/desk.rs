//! What happens to an agent, told at her desk.

use super::message::{DeskMessage, DeskState};
use crate::{
    engine::{Command, Fact, event::NotReady, survey::Doing},
    id::{AgentId, CallId, QueueId},
    live::{pump::Pump, sessions::SessionId, store},
    world::Notice,
};

impl Pump {
    /// Tells whoever sits where it happened; asked only where somebody sits anywhere.
    pub(in crate::live) fn tell_desks(&mut self, notice: &Notice) {
        #[cfg(test)]
        planted::strike(notice);
        match notice {
            Notice::Event(event) => {
                self.desks.told = event.at;
                self.tell_desk(&event.fact);
            }
            Notice::ToCaller(_, Command::StopRinging { call, agent }) => self.withdraw(*call, *agent),
            _ => {}
        }
    }

    /// Telling the desk of whoever this is about failed: the place goes back to the simulation, and nobody else loses anything.
    pub(in crate::live) fn lose_desk(&mut self, notice: &Notice) {
        let Some(session) = agent_of(notice).and_then(|agent| self.desks.session(agent)) else { return };
        self.guarded("giving a place back", |pump| pump.desk_left(session));
        self.to_desk(session, DeskMessage::LoggedOut { let_go: true });
    }

    fn tell_desk(&mut self, fact: &Fact) {
        match *fact {
            Fact::AgentReady { agent } => self.turns(agent, DeskState::Ready),
            Fact::AgentNotReady { agent, reason } => {
                let pausing = self.desks.at(agent).is_some_and(|(_, desk)| desk.pausing);
                let by_itself = reason == NotReady::NoAnswer && !pausing;
                self.turns(agent, if by_itself { DeskState::Paused } else { DeskState::NotReady });
            }
            Fact::AfterCallWorkBegan { agent } => self.turns(agent, DeskState::AfterCall),
            Fact::AgentLoggedOut { agent } => self.let_go(agent),
            Fact::CallPresented { call, agent } => self.ring_desk(call, agent),
            Fact::CallAnswered { call, agent, queue, waited } => {
                if let Some((session, desk)) = self.desk(agent) {
                    desk.offered = None;
                    let (call, queue) = (self.id(call), self.queue_name(queue));
                    let waited_ms = waited.as_millis();
                    self.to_desk(session, DeskMessage::Connected { call, queue, waited_ms });
                }
            }
            Fact::CallHeld { call, agent } => self.of_call(agent, call, |call| DeskMessage::Held { call }),
            Fact::CallResumed { call, agent } => self.of_call(agent, call, |call| DeskMessage::Resumed { call }),
            Fact::CallReleased { call, agent, talked, by_caller } => {
                let talked_ms = talked.as_millis();
                self.of_call(agent, call, |call| match by_caller {
                    true => DeskMessage::CallerLeft { call, talked_ms },
                    false => DeskMessage::Released { call, talked_ms },
                });
            }
            _ => {}
        }
    }

    /// The desk of an agent whose place is a person's already.
    fn desk(&mut self, agent: AgentId) -> Option<(SessionId, &mut super::Desk)> {
        self.desks.at(agent).filter(|(_, desk)| desk.state != DeskState::HandingOver)
    }

    fn id(&self, call: CallId) -> String {
        store::public_id(self.parts.run, call)
    }

    fn queue_name(&self, queue: QueueId) -> String {
        self.parts.world.versions().queue(queue).map(|queue| queue.name.to_string()).unwrap_or_default()
    }

    fn of_call(&mut self, agent: AgentId, call: CallId, message: impl FnOnce(String) -> DeskMessage) {
        if let Some((session, _)) = self.desk(agent) {
            self.to_desk(session, message(self.id(call)));
        }
    }

    /// An agent's state changes. A place that is being handed over is the person's once its agent takes no calls.
    fn turns(&mut self, agent: AgentId, state: DeskState) {
        let Some((session, desk)) = self.desks.at(agent) else { return };
        let handed_over =
            desk.state != DeskState::HandingOver || state == DeskState::NotReady || state == DeskState::Paused;
        if !handed_over || desk.state == state {
            return;
        }
        let state = if desk.state == DeskState::HandingOver { DeskState::NotReady } else { state };
        if state != DeskState::AfterCall {
            desk.pausing = false;
        }
        desk.state = state;
        self.to_desk(session, DeskMessage::State { state });
    }

    fn let_go(&mut self, agent: AgentId) {
        let Some((session, _)) = self.desks.at(agent) else { return };
        if self.parts.world.engine().doing(agent) != Doing::OffDuty {
            return;
        }
        self.desks.get_up(session);
        let now = self.now();
        self.advance(now);
        self.parts.world.give_back(now, agent);
        self.to_desk(session, DeskMessage::LoggedOut { let_go: true });
    }

    fn ring_desk(&mut self, call: CallId, agent: AgentId) {
        // Where time went on before this could be told, the caller may be gone.
        let engine = self.parts.world.engine();
        let Some(place) = engine.place_of(call).filter(|_| engine.doing(agent) == Doing::Ringing(call)) else { return };
        let Some((session, desk)) = self.desk(agent) else { return };
        desk.offered = Some(call);
        let script = self.parts.world.versions().current();
        let language = script.languages.get(place.language.index()).map(|language| language.code.to_string());
        let offer = DeskMessage::Offer {
            call: self.id(call),
            queue: self.queue_name(place.queue),
            language: language.unwrap_or_default(),
            level: place.level,
            from: place.caller.map(|number| number.to_string()),
            waited_ms: place.waited.as_millis(),
            priority: place.priority,
        };
        self.to_desk(session, offer);
    }

    fn withdraw(&mut self, call: CallId, agent: AgentId) {
        if let Some((session, desk)) = self.desk(agent)
            && desk.offered == Some(call)
        {
            desk.offered = None;
            self.to_desk(session, DeskMessage::Withdrawn { call: self.id(call) });
        }
    }
}

/// The agent whose desk is told of it.
fn agent_of(notice: &Notice) -> Option<AgentId> {
    match *notice {
        Notice::ToCaller(_, Command::StopRinging { agent, .. }) => Some(agent),
        Notice::Event(ref event) => match event.fact {
            Fact::AgentReady { agent }
            | Fact::AgentNotReady { agent, .. }
            | Fact::AfterCallWorkBegan { agent }
            | Fact::AgentLoggedOut { agent }
            | Fact::CallPresented { agent, .. }
            | Fact::CallAnswered { agent, .. }
            | Fact::CallHeld { agent, .. }
            | Fact::CallResumed { agent, .. }
            | Fact::CallReleased { agent, .. } => Some(agent),
            _ => None,
        },
        _ => None,
    }
}

/// A fault planted for tests of what becomes of the others. One thread's, and strikes once.
#[cfg(test)]
pub(in crate::live) mod planted {
    use super::{Fact, Notice};

    thread_local! {
        static PLANTED: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
    }

    /// Telling a desk of this thread next that its agent is ready panics.
    pub(in crate::live) fn plant() {
        PLANTED.set(true);
    }

    pub(super) fn strike(notice: &Notice) {
        let is_ready = matches!(notice, Notice::Event(event) if matches!(event.fact, Fact::AgentReady { .. }));
        assert!(!(is_ready && PLANTED.take()), "a planted fault");
    }
}
