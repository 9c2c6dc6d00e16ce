//! Persons who work as agents, `GET /agent`: each takes the place of a simulated agent and has its telephone.
//!
//! ```text
//!  socket ─► session ─► pump ─► desk: does it fit? ─► world: take over, give back, an agent's input
//!  socket ◄─ outbox ◄── pump ◄─ desk: what her telephone does ◄─ world: what happened
//! ```
//!
//! The engine is asked what the agent does ([`crate::engine::Engine::doing`]), so that "whose turn is it?" has one answer; a
//! desk keeps only whose place it has and what it was told last. A place has one person. A desk that logs out or whose
//! connection is lost gives its place back: a conversation ends as if the agent had hung up, after-call work ends, a telephone
//! that rings rings on and is not answered.

pub(super) mod desk;
pub mod message;
mod turns;

use std::collections::BTreeMap;

use message::DeskState;

use super::sessions::SessionId;
use crate::{
    id::{AgentId, CallId},
    time::Instant,
};

/// Who sits where.
#[derive(Debug, Default)]
pub(super) struct Desks {
    by_session: BTreeMap<SessionId, Desk>,
    by_agent: BTreeMap<AgentId, SessionId>,
    /// When that happened which is being told.
    told: Instant,
}

/// A place that a person has.
#[derive(Clone, Copy, Debug)]
struct Desk {
    agent: AgentId,
    /// When she sat down: what happened before is not hers.
    since: Instant,
    /// The state told last.
    state: DeskState,
    /// The call whose offer stands.
    offered: Option<CallId>,
    /// She asked for a pause after the work in hand.
    pausing: bool,
}

impl Desks {
    /// Whether nobody sits anywhere.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.by_agent.is_empty()
    }

    fn sit_down(&mut self, session: SessionId, agent: AgentId, since: Instant, state: DeskState) {
        self.by_session.insert(session, Desk { agent, since, state, offered: None, pausing: false });
        self.by_agent.insert(agent, session);
    }

    fn get_up(&mut self, session: SessionId) -> Option<AgentId> {
        let desk = self.by_session.remove(&session)?;
        self.by_agent.remove(&desk.agent);
        Some(desk.agent)
    }

    fn of(&self, session: SessionId) -> Option<Desk> {
        self.by_session.get(&session).copied()
    }

    fn session(&self, agent: AgentId) -> Option<SessionId> {
        self.by_agent.get(&agent).copied()
    }

    fn at(&mut self, agent: AgentId) -> Option<(SessionId, &mut Desk)> {
        let session = *self.by_agent.get(&agent)?;
        let told = self.told;
        Some((session, self.by_session.get_mut(&session).filter(|desk| desk.since <= told)?))
    }
}
