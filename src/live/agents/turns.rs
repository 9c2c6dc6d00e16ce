//! What a desk may say when, and what it makes the agent do.

use super::{
    Desk,
    message::{AgentMessage, DeskMessage, DeskState, LoginRefusal},
};
use crate::{
    engine::{Input, event::NotReady, survey::Doing},
    live::{
        protocol::{ErrorCode, Refusal},
        pump::Pump,
        sessions::{Outgoing, SessionId},
    },
    people::NotTaken,
};

/// The agent of no desk.
const NO_DESK: (&str, &str) = ("nobody is logged in here", "send `login` first");

impl Pump {
    /// A desk says something.
    pub(in crate::live) fn desk_says(&mut self, session: SessionId, message: AgentMessage) {
        let Some(desk) = self.desks.of(session) else {
            return match message {
                AgentMessage::Login { agent } => self.log_in(session, &agent),
                _ => self.does_not_fit(session, NO_DESK),
            };
        };
        if let AgentMessage::Logout {} = message {
            self.log_out(session);
            return self.to_desk(session, DeskMessage::LoggedOut { let_go: false });
        }
        if desk.state == DeskState::HandingOver {
            return self.does_not_fit(session, ("the simulated agent still has a call in hand", "wait for `state`"));
        }
        let doing = self.parts.world.engine().doing(desk.agent);
        let input = match self.input(&desk, doing, &message) {
            Ok(input) => input,
            Err(refusal) => return self.to_desk(session, refusal.into()),
        };
        self.note_pause(session, doing, &message);
        self.inject(input);
    }

    /// A connection is gone: its place goes back to the simulation.
    pub(in crate::live) fn desk_left(&mut self, session: SessionId) {
        self.log_out(session);
    }

    fn log_in(&mut self, session: SessionId, name: &str) {
        if self.collapsed {
            return;
        }
        let now = self.now();
        self.advance(now);
        let taken = match self.parts.world.take_over(now, name) {
            Ok(taken) => taken,
            Err(why) => return self.to_desk(session, refused(why)),
        };
        let state = if taken.at_once { DeskState::NotReady } else { DeskState::HandingOver };
        self.desks.sit_down(session, taken.agent, now, state);
        tracing::info!(agent = taken.agent.0, "a person took an agent's place");
        let group = taken.group.to_string();
        self.to_desk(session, DeskMessage::LoggedIn { agent: taken.agent.0, group, state });
    }

    fn log_out(&mut self, session: SessionId) {
        let Some(agent) = self.desks.get_up(session) else { return };
        tracing::info!(agent = agent.0, "a person gave an agent's place back");
        if !self.collapsed {
            let now = self.now();
            self.advance(now);
            self.parts.world.give_back(now, agent);
        }
    }

    /// What a message makes the agent do.
    fn input(&self, desk: &Desk, doing: Doing, message: &AgentMessage) -> Result<Input, Refusal> {
        let agent = desk.agent;
        let busy =
            matches!(doing, Doing::Ringing(_) | Doing::Reserved(_) | Doing::Talking { .. } | Doing::AfterCall(_));
        Ok(match (message, doing) {
            (AgentMessage::Ready {}, Doing::NotReady(_)) => Input::AgentReady { agent },
            (AgentMessage::Ready {}, doing) if desk.pausing && !matches!(doing, Doing::AfterCall(_)) => {
                Input::AgentReady { agent }
            }
            (AgentMessage::NotReady { .. }, Doing::Ready | Doing::NotReady(NotReady::NoAnswer)) => {
                Input::AgentNotReady { agent }
            }
            (AgentMessage::NotReady { .. }, _) if busy && !desk.pausing => Input::AgentNotReady { agent },
            (AgentMessage::Accept {}, Doing::Ringing(_)) => Input::AgentAnswered { agent },
            (AgentMessage::Reject {}, Doing::Ringing(_)) => Input::AgentRejected { agent },
            (AgentMessage::Hangup {}, Doing::Talking { .. }) => Input::AgentReleased { agent },
            (AgentMessage::Hold {}, Doing::Talking { held: false, .. }) => Input::AgentHeld { agent },
            (AgentMessage::Resume {}, Doing::Talking { held: true, .. }) => Input::AgentResumed { agent },
            (AgentMessage::Transfer { queue }, Doing::Talking { .. }) => {
                let queue = self.parts.world.engine().queue_named(queue).ok_or_else(|| self.no_queue())?;
                Input::AgentTransferred { agent, queue }
            }
            (AgentMessage::WrappedUp {}, Doing::AfterCall(_)) if desk.pausing => Input::AgentNotReady { agent },
            (AgentMessage::WrappedUp {}, Doing::AfterCall(_)) => Input::AgentReady { agent },
            _ => return Err(out_of_turn(turn_of(doing))),
        })
    }

    fn no_queue(&self) -> Refusal {
        let script = self.parts.world.versions().current();
        let known: Vec<&str> = script.queues.iter().map(|queue| &*queue.name).collect();
        let help = format!("queues of this centre: {}", known.join(", "));
        Refusal::new(ErrorCode::BadField, "the centre has no such `queue`", help)
    }

    /// Remembers whether she pauses after the work in hand.
    fn note_pause(&mut self, session: SessionId, doing: Doing, message: &AgentMessage) {
        let Some(desk) = self.desks.by_session.get_mut(&session) else { return };
        match message {
            AgentMessage::NotReady { reason } => {
                tracing::info!(agent = desk.agent.0, ?reason, "a person takes no calls");
                desk.pausing = !matches!(doing, Doing::Ready | Doing::NotReady(_));
            }
            AgentMessage::Ready {} => desk.pausing = false,
            _ => {}
        }
    }

    fn does_not_fit(&self, session: SessionId, turn: (&str, &str)) {
        self.to_desk(session, out_of_turn(turn).into());
    }

    pub(super) fn to_desk(&self, session: SessionId, message: DeskMessage) {
        self.parts.sessions.deliver(session, Outgoing::ToDesk(Box::new(message)));
    }
}

fn out_of_turn((state, help): (&str, &str)) -> Refusal {
    Refusal::new(ErrorCode::OutOfTurn, format!("that does not fit: {state}"), help)
}

/// What an agent does, and what fits now.
fn turn_of(doing: Doing) -> (&'static str, &'static str) {
    match doing {
        Doing::OffDuty => ("the agent is off duty", "send `logout`"),
        Doing::NotReady(_) => ("the agent takes no calls", "send `ready` or `logout`"),
        Doing::Ready => ("the agent waits for a call", "wait for `offer`, or send `not_ready` or `logout`"),
        Doing::Ringing(_) => ("the telephone rings", "send `accept` or `reject`"),
        Doing::Reserved(_) => ("a caller is called back for this agent", "wait for `connected`"),
        Doing::Talking { held: false, .. } => ("there is a caller", "send `hangup`, `hold`, `transfer` or `not_ready`"),
        Doing::Talking { held: true, .. } => ("there is a caller on hold", "send `resume`, `hangup` or `transfer`"),
        Doing::AfterCall(_) => ("the agent works after a call", "send `wrapped_up`, or `not_ready` before it"),
    }
}

fn refused(why: NotTaken) -> DeskMessage {
    let (reason, message, help) = match why {
        NotTaken::Unknown => {
            let help = "give an agent's number (`4`), a group (`claims`) or a place in one (`claims/2`)";
            (LoginRefusal::Unknown, "the centre has no such `agent`", help)
        }
        NotTaken::Another => {
            (LoginRefusal::Taken, "another person has this place", "take another, or a group for any free one")
        }
    };
    DeskMessage::Refused { reason, message: message.to_owned(), help: help.to_owned() }
}
