//! The tally: events in, sums out, as fast as events can be made.
//!
//! ```text
//! Event ──► Tally ──► Sums (by run, day, interval, queue, skill, language, intent, region, node; waits; Little's law)
//! ```
//!
//! A call is counted when it ends, under the interval the rules say; an agent's after-call work for it, when that is done, in
//! the interval in which the conversation ended or, by arrival and by answer, that of the call. Calls that arrived before
//! the warm-up was over are not counted, and time is measured from its end on.
//!
//! Nothing is allocated in a steady state, and memory does not grow with the calls that have ended: it is what is needed
//! for calls in progress, for agents, and for each interval of the run.

mod call;
mod calls;
mod cells;
mod names;
mod staff;
mod sums;

use std::sync::Arc;

pub use names::Names;
pub use sums::{Interval, Law, Length, Little, NodeSums, QueueSums, REGIONS, Sums};

use self::{
    call::Live,
    staff::{Does, Staff},
};
use super::{figures::Field, window::Window};
use crate::{
    engine::{Event, Fact, event::NotReady},
    id::{AgentId, CallId},
    script::Script,
    time::{Duration, Instant, LocalClock},
};

/// Thresholds and lengths that the sums depend on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TallyRules {
    /// `T`: an answer within this wait is in time.
    pub threshold: Duration,
    /// `S`: who hangs up in a queue before this has not really waited.
    pub short_abandon: Duration,
    /// Length of an interval, counted from the first local midnight; at least a second.
    pub interval: Duration,
    /// In which interval a call counts.
    pub count_by: CountBy,
    /// What happens before is not measured.
    pub warm_up: Instant,
}

impl Default for TallyRules {
    /// 20 s, 5 s, half-hours by arrival, no warm-up.
    fn default() -> TallyRules {
        TallyRules {
            threshold: Duration::from_secs(20),
            short_abandon: Duration::from_secs(5),
            interval: Duration::from_mins(30),
            count_by: CountBy::Arrival,
            warm_up: Instant::ZERO,
        }
    }
}

/// In which interval a call counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum CountBy {
    /// In which it arrived.
    #[default]
    Arrival,
    /// In which it was answered first (or ended, if it was not).
    Answer,
    /// In which it ended.
    Exit,
}

/// Folds events into [`Sums`].
#[derive(Clone, Debug)]
pub struct Tally {
    rules: TallyRules,
    clock: LocalClock,
    calls: Window<Live>,
    staff: Staff,
    /// Calls standing in each queue.
    lines: Vec<LineNow>,
    /// The time from the local midnight before the run to its beginning, less whole intervals, in microseconds.
    lead: u64,
    /// The interval now, and when it ends or, before that, measuring begins.
    interval: u32,
    boundary: u64,
    /// Measured from here on in this interval.
    start: Instant,
    measuring: bool,
    sums: Sums,
}

/// A queue now. The area is kept like [`Staff`]'s.
#[derive(Clone, Copy, Debug, Default)]
struct LineNow {
    count: u32,
    most: u32,
    area: u64,
}

const DAY: u64 = 86_400_000_000;

impl Tally {
    /// Begins with a run, before its first event. `script` is the run's first; see [`Tally::publish`].
    pub fn new(rules: TallyRules, script: &Script, clock: &LocalClock) -> Tally {
        let rules = TallyRules { interval: rules.interval.max(Duration::from_secs(1)), ..rules };
        let names = Arc::new(Names::new(script));
        let local = clock.unix_micros(Instant::ZERO) + i64::from(clock.offset_at(Instant::ZERO)) * 1_000_000;
        let of_day = local.rem_euclid(DAY as i64) as u64;
        Tally {
            calls: Window::default(),
            staff: Staff::default(),
            lines: vec![LineNow::default(); names.queues.len()],
            lead: of_day % rules.interval.as_micros(),
            interval: 0,
            boundary: 0,
            start: Instant::ZERO,
            measuring: false,
            sums: Sums::new(names),
            clock: clock.clone(),
            rules,
        }
    }

    /// Tells the next script that is, or will be, published in the run: all that follow the first, in the order of
    /// publication, before the first call that runs on it.
    pub fn publish(&mut self, script: &Script) {
        let mut names = (*self.sums.names).clone();
        names.publish(script);
        let fresh = Sums::new(Arc::new(names));
        self.lines.resize(fresh.queues.len(), LineNow::default());
        let old = std::mem::replace(&mut self.sums, fresh);
        let names = self.sums.names.clone();
        self.sums.merge(&old);
        self.sums.names = names;
        self.sums.parts = old.parts;
    }

    /// How many calls are in progress.
    pub fn in_progress(&self) -> usize {
        self.calls.len()
    }

    /// The sums so far; times of the interval now are not in it yet.
    pub fn so_far(&self) -> &Sums {
        &self.sums
    }

    /// Ends a part of the run (a batch) at `at`, not before the last event: gives its sums and begins anew. A call counts in
    /// the part in which it ends; agents and queues are measured in each part for its own time.
    pub fn cut(&mut self, at: Instant) -> Sums {
        self.pass(at);
        self.close(at);
        if self.measuring {
            self.carry(at, 1);
        }
        let next = Sums::new(self.sums.names.clone());
        let done = std::mem::replace(&mut self.sums, next);
        if self.measuring {
            self.carry(at, -1);
            self.open(at);
        }
        done
    }

    /// Ends the run at `until`, not before the last event. Calls in progress are counted with what is known of them, and as
    /// unfinished.
    pub fn finish(mut self, until: Instant) -> Sums {
        self.pass(until);
        let calls: Vec<CallId> = self.calls.iter().map(|(id, _)| id).collect();
        self.close(until);
        if self.measuring {
            self.carry(until, 1);
        }
        for (keys, work) in self.staff.after_call_in_hand(until).collect::<Vec<_>>() {
            self.after_call(keys, work);
        }
        for id in calls {
            let Some(live) = self.calls.remove(id).map(|live| live.clone()) else { continue };
            self.leave_unfinished(until, live);
        }
        self.sums
    }

    /// Takes in one event. Events come in order, from the run's first on.
    #[inline]
    pub fn event(&mut self, event: &Event) {
        let at = event.at;
        if at.0 >= self.boundary {
            self.pass(at);
        }
        match event.fact {
            Fact::NodeEntered { call, node } => self.node_entered(at, call, node),
            Fact::CallArrived { call, version, language, promised_in, origin, .. } => {
                self.arrived(at, call, version.0, language, promised_in.is_some(), origin);
            }
            Fact::CallQueued { call, queue, since, .. } => self.queued(at, call, queue, since),
            Fact::CallPresented { agent, .. } => self.turn(at, agent, Does::Ringing),
            Fact::CallAnswered { call, agent, queue, waited } => {
                self.turn(at, agent, Does::Talking);
                self.answered(at, call, agent, queue, waited);
            }
            Fact::CallReleased { call, agent, talked, .. } => self.released(at, call, agent, talked),
            Fact::AfterCallWorkBegan { agent } => self.turn(at, agent, Does::AfterCall),
            Fact::AgentReady { agent } => self.turn(at, agent, Does::Ready),
            Fact::CallLeftQueue { call, queue, waited, reason } => self.left_queue(at, call, queue, waited, reason),
            Fact::CallEnded { call, outcome, cause, .. } => self.ended(at, call, outcome, cause),
            Fact::PromptPlayed { .. }
            | Fact::ServiceAsked { .. }
            | Fact::ServiceAnswered { .. }
            | Fact::BargedIn { .. }
            | Fact::EntryAccepted { .. }
            | Fact::WentBack { .. }
            | Fact::RecordingSet { .. }
            | Fact::Authenticated { .. }
            | Fact::CodeSent { .. }
            | Fact::LanguageAccepted { .. }
            | Fact::CallOverflowed { .. }
            | Fact::MessageRecorded { .. }
            | Fact::SurveyAnswered { .. }
            | Fact::ScriptPublished { .. } => {}
            ref fact => self.seldom(at, fact),
        }
    }

    /// What happens to few calls.
    fn seldom(&mut self, at: Instant, fact: &Fact) {
        match *fact {
            Fact::AgentLoggedIn { agent, .. } => self.turn(at, agent, Does::LoggedIn),
            Fact::AgentLoggedOut { agent } => self.turn(at, agent, Does::Off),
            Fact::AgentNotReady { agent, reason } => self.turn(at, agent, away(reason)),
            Fact::AgentDidNotAnswer { call, agent } => {
                self.turn(at, agent, Does::NoAnswer);
                self.rare(call, |live| live.rings = live.rings.saturating_add(1));
            }
            Fact::AgentGoing { agent, going } => self.staff.going(at, agent, going),
            Fact::CallbackDialled { call, agent, .. } => {
                self.turn(at, agent, Does::Dialling);
                self.rare(call, |live| live.dialled = live.dialled.saturating_add(1));
            }
            Fact::CallHeld { call, agent } => {
                self.turn(at, agent, Does::Holding);
                self.rare(call, |live| live.held_since = at);
            }
            Fact::CallResumed { call, agent } => {
                self.turn(at, agent, Does::Talking);
                self.rare(call, |live| live.end_hold(at));
            }
            Fact::CallTransferred { call, .. } => {
                self.rare(call, |live| live.transfers = live.transfers.saturating_add(1));
                self.add_to_queue_of(call, Field::Transfers, 1);
            }
            Fact::ChoiceMade { call, serves: Some(intent), .. } => self.chose(call, intent),
            Fact::LanguageSet { call, language } => {
                if let Some(live) = self.calls.get_mut(call) {
                    live.keys.language = language;
                }
            }
            Fact::NoInput { call, .. } => self.misheard(call, true),
            Fact::NoMatch { call, .. } => self.misheard(call, false),
            Fact::AuthenticationFailed { call, locked } => self.rare(call, |live| {
                live.failed_check = true;
                live.locked_out |= locked;
            }),
            Fact::QueueFull { call, queue } => self.turned_away(call, queue, true),
            Fact::QueueClosed { call, queue } => self.turned_away(call, queue, false),
            Fact::WaitAnnounced { call, expected, .. } => self.rare(call, |live| {
                if live.announced_at == Instant::NEVER {
                    (live.announced_at, live.announced) = (at, expected);
                }
            }),
            Fact::CallbackPromised { call, .. } => {
                self.rare(call, |live| live.promised = live.promised.saturating_add(1));
            }
            Fact::CallHandedOut { call, .. } => self.rare(call, |live| live.handed_out = true),
            Fact::CaseOpened { agent, .. } => {
                if let Some(keys) = self.staff.keys(agent) {
                    self.add_everywhere(keys, Field::Cases, 1);
                }
            }
            Fact::CallRefused if self.measuring => {
                let interval = self.interval;
                self.cell(interval).figures.add(Field::Refused, 1);
            }
            _ => {}
        }
    }

    fn rare(&mut self, call: CallId, change: impl FnOnce(&mut Live)) {
        if let Some(live) = self.calls.get_mut(call) {
            live.rare = true;
            change(live);
        }
    }

    #[inline]
    fn turn(&mut self, at: Instant, agent: AgentId, does: Does) {
        if let Some((keys, work)) = self.staff.turn(at, agent, does) {
            self.after_call(keys, work);
        }
    }
}

/// Where an agent who takes no calls is.
fn away(reason: NotReady) -> Does {
    match reason {
        NotReady::LoggedIn => Does::LoggedIn,
        NotReady::Break => Does::Break,
        NotReady::NoAnswer => Does::NoAnswer,
    }
}
