//! One agent's life.
//!
//! ```text
//! LoggedOut ──► NotReady ◄──► Ready ──► Ringing ──► Talking ──► AfterCall ──► Ready
//!                   ▲                      │  └► Reserved ┘          │
//!                   └───── no answer ──────┘   (a call back)         └──► LoggedOut, NotReady when asked for meanwhile
//! ```

use crate::{
    agenda::Ticket,
    engine::{
        event::NotReady,
        timer::{Timer, Timers},
    },
    id::{AgentId, CallId, GroupId, QueueId},
    time::{Duration, Instant},
};

/// What an agent does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AgentState {
    /// Off duty.
    LoggedOut,
    /// On duty, takes no calls.
    NotReady(NotReady),
    /// Can take a call.
    Ready,
    /// The telephone rings.
    Ringing(CallId),
    /// Kept free while a person is called back.
    Reserved(CallId),
    /// With a caller (on hold or not).
    Talking(CallId),
    /// After-call work for a call.
    AfterCall(CallId),
}

/// What follows the call or after-call work in hand, when the agent asked for it meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    Ready,
    NotReady,
    LoggedOut,
}

/// An agent.
#[derive(Clone, Debug)]
pub(crate) struct Agent {
    pub(crate) id: AgentId,
    pub(crate) group: GroupId,
    pub(crate) state: AgentState,
    pub(crate) wish: Wish,
    /// The value of the centre's counter when the agent last became ready.
    pub(crate) ready_order: u64,
    pub(crate) answered: u32,
    pub(crate) logged_in: Instant,
    /// When the present spell of work (ringing to after-call work) began.
    pub(crate) busy_since: Option<Instant>,
    pub(crate) busy: Duration,
    /// The queue of the call in hand or just ended.
    pub(crate) queue: Option<QueueId>,
    /// The armed wrap-up or pause deadline.
    pub(crate) armed: Option<Ticket>,
}

impl Agent {
    /// Somebody off duty.
    pub(crate) fn new(id: AgentId, group: GroupId) -> Agent {
        Agent {
            id,
            group,
            state: AgentState::LoggedOut,
            wish: Wish::Ready,
            ready_order: 0,
            answered: 0,
            logged_in: Instant::ZERO,
            busy_since: None,
            busy: Duration::ZERO,
            queue: None,
            armed: None,
        }
    }

    /// The call the agent is ringing for, kept free for, or talking with.
    #[inline]
    pub(crate) fn call(&self) -> Option<CallId> {
        match self.state {
            AgentState::Ringing(call) | AgentState::Reserved(call) | AgentState::Talking(call) => Some(call),
            _ => None,
        }
    }

    /// On duty, ready or not.
    pub(crate) fn on_duty(&self) -> bool {
        self.state != AgentState::LoggedOut && self.wish != Wish::LoggedOut
    }

    /// The share of the time on duty spent working, in parts per million.
    pub(crate) fn occupied_ppm(&self, now: Instant) -> u32 {
        let present = now.since(self.logged_in).as_micros().max(1);
        let busy = self.busy + self.busy_since.map_or(Duration::ZERO, |since| now.since(since));
        (u128::from(busy.as_micros()) * 1_000_000 / u128::from(present)) as u32
    }

    /// Arms the deadline, in place of the one armed before; `None` disarms it.
    #[inline]
    pub(crate) fn arm(&mut self, timers: &mut Timers, deadline: Option<(Instant, Timer)>) {
        if let Some(before) = self.armed.take() {
            timers.cancel(before);
        }
        if let Some((at, timer)) = deadline {
            self.armed = Some(timers.enter(at, timer));
        }
    }

    /// Counts the present spell of work as over.
    #[inline]
    pub(crate) fn end_busy(&mut self, now: Instant) {
        if let Some(since) = self.busy_since.take() {
            self.busy += now.since(since);
        }
    }
}
