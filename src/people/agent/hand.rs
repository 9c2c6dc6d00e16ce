//! Places that persons take from the simulation, and give back.
//!
//! ```text
//! simulated ── taken, nothing in hand ──────────────► person ── given back ──► simulated
//!     └─────── taken ──► leaving ── call done with ──────┘
//! ```

use std::sync::Arc;

use super::{Hand, Rest, Staff, Work};
use crate::{
    engine::Input,
    id::AgentId,
    people::{Who, Wishes},
    time::Instant,
};

/// A place that a person took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Whose.
    pub agent: AgentId,
    /// In which group.
    pub group: Arc<str>,
    /// It is hers at once; else when the simulated agent is done with the call in hand.
    pub at_once: bool,
}

/// Why a person could not take a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotTaken {
    /// There is nobody of that name or number.
    Unknown,
    /// Another person has it.
    Another,
}

impl Staff {
    /// The agent of a name: her number (`4`, `agent 4`), her group and place in it (`claims/2`), or a group alone, which
    /// means the first place there that no person has.
    fn named(&self, name: &str) -> Option<AgentId> {
        let employed = |agent: &AgentId| self.seats.get(agent.index()).is_some_and(|seat| !seat.retired);
        if let Ok(number) = name.strip_prefix("agent ").unwrap_or(name).parse::<u32>() {
            return Some(AgentId(number)).filter(employed);
        }
        let crew = |name: &str| self.crews.iter().find(|crew| *crew.name == *name);
        if let Some(crew) = crew(name) {
            let free = |agent: &&AgentId| self.seats[agent.index()].hand == Hand::Simulated;
            return crew.agents.iter().find(free).or(crew.agents.first()).copied();
        }
        let (group, place) = name.rsplit_once('/')?;
        crew(group)?.agents.get(place.parse::<usize>().ok()?.checked_sub(1)?).copied()
    }

    /// A person takes an agent's place: the simulation leaves that agent alone once the call in hand is done with. Until
    /// the person says otherwise the agent is on duty and takes no calls.
    pub(in crate::people) fn take_over(&mut self, name: &str, wishes: &mut Wishes) -> Result<Taken, NotTaken> {
        let agent = self.named(name).ok_or(NotTaken::Unknown)?;
        let seat = self.seats.get_mut(agent.index()).ok_or(NotTaken::Unknown)?;
        if seat.hand != Hand::Simulated {
            return Err(NotTaken::Another);
        }
        let crew = &self.crews[seat.crew as usize];
        wishes.forget(Who::Shift(agent));
        if !(seat.on_duty && seat.logged_in) {
            wishes.inputs.push(Input::AgentLoggedIn { agent, group: crew.group });
        }
        if seat.logged_in && seat.rest == Rest::No {
            wishes.inputs.push(Input::AgentNotReady { agent });
        }
        let at_once = seat.work == Work::Nothing;
        seat.hand = if at_once { Hand::Person } else { Hand::Leaving };
        (seat.on_duty, seat.rest, seat.next_break) = (true, Rest::No, None);
        Ok(Taken { agent, group: crew.name.clone(), at_once })
    }

    /// A person leaves the place she took: a conversation ends, after-call work too, a telephone rings on, and the agent
    /// works or is off duty as planned.
    pub(in crate::people) fn give_back(&mut self, now: Instant, agent: AgentId, wishes: &mut Wishes) {
        let Some(seat) = self.seats.get_mut(agent.index()).filter(|seat| seat.hand != Hand::Simulated) else { return };
        let mine = seat.hand == Hand::Person;
        seat.hand = Hand::Simulated;
        if !seat.logged_in {
            seat.on_duty = false;
            return self.follow_plan(now, agent, wishes);
        }
        let work = seat.work;
        if mine && !matches!(work, Work::Ringing { .. }) {
            seat.work = Work::Nothing;
        }
        // Who goes off duty says so first, so that no call comes in between.
        self.follow_plan(now, agent, wishes);
        let stays = self.seats[agent.index()].on_duty;
        match work {
            Work::Talking { .. } if mine => {
                wishes.inputs.push(Input::AgentReleased { agent });
                wishes.inputs.push(Input::AgentReady { agent });
            }
            Work::AfterCall if mine => wishes.inputs.push(Input::AgentReady { agent }),
            // The simulated agent is still at it and says so herself afterwards.
            Work::AfterCall => {}
            _ if stays => wishes.inputs.push(Input::AgentReady { agent }),
            _ => {}
        }
    }
}
