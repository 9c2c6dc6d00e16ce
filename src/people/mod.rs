//! The synthetic people: agents who work shifts, callers who want something and find their way through the menus (`crowd`),
//! and callers who follow a list of what to press and when.
//!
//! People are pure, like the engine: they are told what their telephone does and what happens around them, and say what
//! they do now ([`Wishes::inputs`]) and when they want to be woken ([`Wishes::plans`]). The world keeps their plans in its
//! calendar. Chance comes from streams keyed by purpose and call, so that another hunt strategy meets the same people.
//!
//! May import `engine` (inputs, outputs and events alone), `registry` (who callers are and what they know of themselves),
//! `script`, `random`, `time`, `id` and `pii`. Never enters: a clock, a socket, the engine's state.

pub mod agent;
pub mod caller;
pub mod cast;
pub mod crowd;
pub mod demand;
pub mod distribution;
pub mod guide;
pub mod handle_time;
mod luck;
pub mod persona;
pub mod population;
mod rota;
pub mod shift;
pub mod staffing;

use std::sync::Arc;

use crate::{
    engine::{Command, Fact, Input},
    id::{AgentId, CallId},
    pii::{Digits, Secret},
    random::Seed,
    registry::Registry,
    script::{Script, Versions},
    time::{Instant, LocalClock},
};

pub use agent::{NotTaken, Taken};
pub use caller::{Act, CallbackHabit, Caller};
use cast::Cast;
use crowd::{Crowd, Keying};
use demand::Birth;

/// Somebody with a plan; each has at most one at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Who {
    /// An agent, about the call in hand: to answer, to end it, to be done with after-call work.
    Agent(AgentId),
    /// An agent, about her shift.
    Shift(AgentId),
    /// A scripted caller, by her number in the order of being added.
    Caller(u32),
    /// A synthetic caller, by her slot in the [`crowd::Crowd`].
    Synthetic(u32),
}

/// When somebody wants to be woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Who.
    pub who: Who,
    /// When; `None`: not any more. Replaces the plan made before.
    pub at: Option<Instant>,
}

/// What people want of the world.
#[derive(Clone, Debug, Default)]
pub struct Wishes {
    /// What they do now, in order.
    pub inputs: Vec<Input>,
    /// When they want to be woken, in order.
    pub plans: Vec<Plan>,
}

impl Wishes {
    fn wake(&mut self, who: Who, at: Instant) {
        self.plan(who, Some(at));
    }
    fn forget(&mut self, who: Who) {
        self.plan(who, None);
    }

    /// Of several plans that somebody makes the last holds, so the others need not be told.
    fn plan(&mut self, who: Who, at: Option<Instant>) {
        // Few people are concerned at a time; where many are (a shift begins), each makes one plan.
        let recent = self.plans.len().saturating_sub(RECENT);
        if let Some(place) = self.plans[recent..].iter().rposition(|plan| plan.who == who) {
            self.plans.remove(recent + place);
        }
        self.plans.push(Plan { who, at });
    }
}

/// A plan is looked for among so many made last.
const RECENT: usize = 4;

/// All synthetic people of a world.
#[derive(Clone, Debug)]
pub struct People {
    staff: agent::Staff,
    callers: caller::Callers,
    crowd: Option<Crowd>,
}

impl People {
    /// Nobody yet; chance comes from `seed`. `script` is the one that `cast` was read for.
    pub fn new(seed: Seed, clock: LocalClock, cast: Option<Arc<Cast>>, script: &Arc<Script>) -> People {
        let staffing = Arc::new(cast.as_ref().map(|cast| cast.staffing.clone()).unwrap_or_default());
        let crowd = cast.map(|cast| Crowd::new(seed, cast, script, &clock));
        People { staff: agent::Staff::new(seed, clock, staffing, script), callers: caller::Callers::default(), crowd }
    }

    /// Calls begin on this script from now on.
    pub fn publish(&mut self, script: &Arc<Script>) {
        if let Some(crowd) = &mut self.crowd {
            crowd.publish(script);
        }
    }

    /// A synthetic caller calls for the first time: her slot, and her call as the first of the wishes' inputs.
    pub fn born(&mut self, at: Instant, birth: &Birth, registry: &Registry, wishes: &mut Wishes) -> Option<u32> {
        self.crowd.as_mut().map(|crowd| crowd.born(at, birth, Some(registry), wishes))
    }

    /// A one-time code reached the telephone of whoever makes a call.
    pub fn text_message(&mut self, call: CallId, code: Secret<Digits>) {
        if let Some(crowd) = &mut self.crowd {
            crowd.text_message(call, code);
        }
    }

    /// How many matters of synthetic callers are in progress.
    pub fn matters(&self) -> usize {
        self.crowd.as_ref().map_or(0, Crowd::matters)
    }

    /// Makes the agents those of the current script's groups, by the groups' names: hires where a group is new or has
    /// grown, lets go where it has shrunk or is gone, and follows new shifts.
    pub fn employ(&mut self, now: Instant, versions: &Versions, wishes: &mut Wishes) {
        self.staff.employ(now, versions, wishes);
    }

    /// From now on this share of the named groups' agents (of all, when none is named) stays away; 0: all are back.
    pub fn keep_away(&mut self, now: Instant, groups: &[Box<str>], share: f64, wishes: &mut Wishes) {
        self.staff.keep_away(now, groups, share, wishes);
    }

    /// A person takes the place of the agent called `name`: the simulation leaves that agent alone, after the call in hand.
    ///
    /// # Errors
    /// There is nobody of that name, or another person has the place.
    pub fn take_over(&mut self, name: &str, wishes: &mut Wishes) -> Result<Taken, NotTaken> {
        self.staff.take_over(name, wishes)
    }

    /// A person leaves the place she took; the simulation goes on with it. Nothing, where nobody had taken it.
    pub fn give_back(&mut self, now: Instant, agent: AgentId, wishes: &mut Wishes) {
        self.staff.give_back(now, agent, wishes);
    }

    /// Adds a caller; she calls when her list says so.
    pub fn add_caller(&mut self, now: Instant, caller: Caller, wishes: &mut Wishes) {
        self.callers.add(now, caller, wishes);
    }

    /// Somebody's telephone does something.
    #[inline(always)]
    pub fn hear(
        &mut self,
        at: Instant,
        command: &Command,
        registry: &Registry,
        versions: &Versions,
        wishes: &mut Wishes,
    ) {
        match command {
            Command::Ring { .. } | Command::StopRinging { .. } => {
                return self.staff.hear(at, command, versions, wishes);
            }
            Command::Connect { .. } | Command::Disconnect { .. } => self.staff.hear(at, command, versions, wishes),
            Command::DialBack { .. } | Command::StopDialling { .. } => self.callers.hear(at, command, wishes),
            Command::Ask { .. } | Command::Hold { .. } | Command::Promise { .. } => return,
            Command::Play(_)
            | Command::Listen(_)
            | Command::StopPlaying { .. }
            | Command::Waiting { .. }
            | Command::HangUp { .. } => {}
        }
        if let Some(crowd) = &mut self.crowd {
            crowd.hear(at, command, Some(registry), wishes);
        }
    }

    /// Something happened.
    #[inline(always)]
    pub fn notice(&mut self, at: Instant, fact: &Fact, wishes: &mut Wishes) {
        match fact {
            Fact::CallArrived { .. }
            | Fact::LanguageSet { .. }
            | Fact::CallAnswered { .. }
            | Fact::AgentReady { .. }
            | Fact::AgentNotReady { .. }
            | Fact::AgentLoggedIn { .. }
            | Fact::AgentLoggedOut { .. } => self.staff.notice(at, fact, wishes),
            Fact::CallEnded { .. } | Fact::CallbackPromised { .. } => {
                self.staff.notice(at, fact, wishes);
                self.callers.notice(fact, wishes);
                if let Some(crowd) = &mut self.crowd {
                    crowd.notice(at, fact, wishes);
                }
            }
            _ => {}
        }
    }

    /// Somebody's plan is due.
    pub fn wake(&mut self, at: Instant, who: Who, wishes: &mut Wishes) {
        match who {
            Who::Agent(agent) => self.staff.work(agent, wishes),
            Who::Shift(agent) => self.staff.change_shift(at, agent, wishes),
            Who::Caller(caller) => self.callers.act(at, caller, wishes),
            Who::Synthetic(slot) => {
                if let Some(crowd) = &mut self.crowd {
                    crowd.wake(at, slot, wishes);
                }
            }
        }
    }

    /// What somebody whose plan is due keys in the midst of an entry; `None`: she does something else.
    #[inline]
    pub fn keying(&self, at: Instant, who: Who) -> Option<Keying> {
        let Who::Synthetic(slot) = who else { return None };
        self.crowd.as_ref()?.keying(at, slot)
    }

    /// She has pressed so many of these keys, at their times, or will have: she plans the next.
    pub fn has_keyed(&mut self, who: Who, keys: u8, wishes: &mut Wishes) {
        if let (Who::Synthetic(slot), Some(crowd)) = (who, &mut self.crowd) {
            crowd.has_keyed(slot, keys, wishes);
        }
    }

    /// Whether a call is a synthetic caller's, and she is on the telephone.
    pub fn is_on(&self, call: CallId) -> bool {
        self.crowd.as_ref().is_some_and(|crowd| crowd.is_on(call))
    }

    /// The call that somebody made has this id; `None`: it was refused.
    pub fn dialled(&mut self, at: Instant, who: Who, call: Option<CallId>, wishes: &mut Wishes) {
        match who {
            Who::Caller(caller) => self.callers.dialled(at, caller, call, wishes),
            Who::Synthetic(slot) => {
                if let Some(crowd) = &mut self.crowd {
                    crowd.dialled(at, slot, call, wishes);
                }
            }
            Who::Agent(_) | Who::Shift(_) => {}
        }
    }

    /// What the chance of a call is keyed by.
    pub fn lot(&self, call: CallId) -> u64 {
        self.staff.lot(call)
    }

    /// How many agents there are, on duty or not.
    pub fn agents(&self) -> usize {
        self.staff.len()
    }
}
