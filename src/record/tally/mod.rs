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
mod names;
mod staff;
mod sums;

use std::sync::Arc;

pub use names::Names;
pub use sums::{Interval, Law, Length, Little, NodeSums, QueueSums, REGIONS, Sums};

use self::{
    call::{Keys, Live, Told},
    staff::{Does, Staff},
};
use super::{
    figures::{COMMON, Field, Figures},
    window::Window,
};
use crate::{
    engine::{
        Event, Fact,
        event::{Cause, LeftQueue, NotReady},
        input::Origin,
    },
    id::{AgentId, CallId, LanguageId, NodeId, QueueId},
    script::{
        Script,
        model::{IntentId, Outcome},
    },
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
        // A call of unknown intent counts in the last place, wherever that is now.
        let unknown = self.sums.intents.pop().unwrap_or_default();
        let old = std::mem::replace(&mut self.sums, fresh);
        let last = self.sums.intents.len() - 1;
        let names = self.sums.names.clone();
        self.sums.merge(&old);
        self.sums.names = names;
        self.sums.parts = old.parts;
        self.sums.intents[last].merge(&unknown);
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
            Fact::AuthenticationFailed { call, .. } => self.rare(call, |live| live.failed_check = true),
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

/// Calls: what each kind of event does to one.
impl Tally {
    fn arrived(
        &mut self,
        at: Instant,
        call: CallId,
        version: u32,
        language: LanguageId,
        callback: bool,
        origin: Option<Origin>,
    ) {
        let mut keys =
            Keys { interval: self.interval, queue: QueueId(u16::MAX), intent: u16::MAX, language, region: 0 };
        let mut live = Live::new(at, keys, version, u32::MAX);
        if let Some(origin) = origin {
            keys.region = if usize::from(origin.region) < REGIONS { origin.region } else { 0 };
            if let Some(intent) = origin.intent {
                keys.intent = self.sums.names.intent(version, intent);
                live.intent_told = true;
            }
            live.attempt = origin.attempt.max(1);
        }
        live.keys = keys;
        live.counted = self.measuring;
        live.callback = callback;
        live.rare = callback || live.attempt > 1;
        self.calls.insert(call, live);
    }

    fn node_entered(&mut self, at: Instant, call: CallId, node: NodeId) {
        let Some(live) = self.calls.get_mut(call) else { return };
        let passed = live.pass_menu_time(at);
        let place = self.sums.names.node(live.version, node);
        if live.counted {
            if passed > Duration::ZERO
                && let Some(sums) = self.sums.nodes.get_mut(live.node as usize)
            {
                sums.time += passed.as_micros();
            }
            if let Some(sums) = self.sums.nodes.get_mut(place as usize) {
                sums.visits += 1;
            }
        }
        live.node = place;
        if live.stay == u32::MAX {
            live.stay = place;
        }
    }

    fn chose(&mut self, call: CallId, intent: IntentId) {
        let Some(live) = self.calls.get_mut(call) else { return };
        if !live.intent_told {
            live.keys.intent = self.sums.names.intent(live.version, intent);
        }
    }

    fn misheard(&mut self, call: CallId, silence: bool) {
        let Some(live) = self.calls.get_mut(call) else { return };
        live.rare = true;
        let count = if silence { &mut live.no_input } else { &mut live.no_match };
        *count = count.saturating_add(1);
        if let Some(node) = self.sums.nodes.get_mut(live.node as usize).filter(|_| live.counted) {
            *(if silence { &mut node.no_input } else { &mut node.no_match }) += 1;
        }
    }

    fn turned_away(&mut self, call: CallId, queue: QueueId, full: bool) {
        let Some(live) = self.calls.get_mut(call) else { return };
        live.rare = true;
        *(if full { &mut live.full } else { &mut live.closed }) = true;
        // A queue that closes over a waiting call has counted it when it left.
        let lost_waiting = live.left == Some(LeftQueue::Closed);
        if live.counted
            && !live.callback
            && !lost_waiting
            && let Some(sums) = self.sums.queues.get_mut(queue.index())
        {
            sums.figures.add(Field::Offered, 1);
            sums.figures.add(if full { Field::Blocked } else { Field::TurnedAwayClosed }, 1);
        }
    }

    fn queued(&mut self, at: Instant, call: CallId, queue: QueueId, since: Instant) {
        let relative = at.0 - self.start.0;
        if let Some(line) = self.lines.get_mut(queue.index()) {
            line.count += 1;
            line.most = line.most.max(line.count);
            line.area = line.area.wrapping_sub(relative);
        }
        let Some(live) = self.calls.get_mut(call) else { return };
        let passed = live.pass_menu_time(at);
        if live.counted
            && passed > Duration::ZERO
            && let Some(node) = self.sums.nodes.get_mut(live.node as usize)
        {
            node.time += passed.as_micros();
        }
        live.menus_since = Instant::NEVER;
        live.stay = live.node;
        live.queued = true;
        live.left = None;
        (live.queue, live.entered, live.since) = (queue, at, since);
        live.announced_at = Instant::NEVER;
        if self.measuring
            && let Some(sums) = self.sums.queues.get_mut(queue.index())
        {
            sums.law.entered += 1;
        }
    }

    /// A call leaves the line: the queue is shorter, and Little's law has a wait more.
    #[inline]
    fn leave_line(&mut self, at: Instant, queue: QueueId, waited: Duration, since: Instant, entered: Instant) {
        let relative = at.0 - self.start.0;
        if let Some(line) = self.lines.get_mut(queue.index()) {
            line.count = line.count.saturating_sub(1);
            line.area = line.area.wrapping_add(relative);
        }
        if self.measuring
            && let Some(sums) = self.sums.queues.get_mut(queue.index())
        {
            sums.law.waits += (waited - entered.since(since)).as_micros();
        }
    }

    fn answered(&mut self, at: Instant, call: CallId, agent: AgentId, queue: QueueId, waited: Duration) {
        let Some(live) = self.calls.get_mut(call) else { return };
        let (since, entered) = (live.since, live.entered);
        live.entered = Instant::NEVER;
        live.keys.queue = queue;
        let first = !live.answered;
        if first {
            live.answered = true;
            live.waited += waited;
            if self.rules.count_by == CountBy::Answer {
                live.keys.interval = self.interval;
            }
        }
        let told = (live.announced_at != Instant::NEVER).then(|| Told::of(live.announced, at.since(live.announced_at)));
        if let Some(told) = told {
            live.told.count += told.count;
            live.told.over += told.over;
            live.told.under += told.under;
        }
        let (counted, callback) = (live.counted, live.callback);
        self.staff.set_keys(agent, counted.then_some(live.keys));
        if let Some(sums) = self.sums.queues.get_mut(queue.index()).filter(|_| counted) {
            let figures = &mut sums.figures;
            if callback {
                if first {
                    figures.add(Field::CallbacksReached, 1);
                    figures.add(Field::CallbackWait, waited.as_micros());
                }
            } else {
                figures.add(Field::Offered, 1);
                figures.add(Field::Queued, 1);
                figures.add(Field::Answered, 1);
                figures.add(Field::AnsweredInTime, u64::from(waited <= self.rules.threshold));
                figures.add(Field::WaitAnswered, waited.as_micros());
                figures.add(Field::Waited, waited.as_micros());
                sums.answered.add(waited);
                if let Some(told) = told {
                    told.add_to(figures);
                }
            }
        }
        self.leave_line(at, queue, waited, since, entered);
    }

    fn left_queue(&mut self, at: Instant, call: CallId, queue: QueueId, waited: Duration, reason: LeftQueue) {
        let Some(live) = self.calls.get_mut(call) else { return };
        let (since, entered) = (live.since, live.entered);
        live.entered = Instant::NEVER;
        live.left = Some(reason);
        live.menus_since = at;
        live.rare |= reason != LeftQueue::Abandoned;
        if !live.answered {
            live.waited += waited;
        }
        let (counted, callback) = (live.counted, live.callback);
        if let Some(sums) = self.sums.queues.get_mut(queue.index()).filter(|_| counted) {
            match callback {
                true => sums.figures.add(Field::CallbacksLost, u64::from(!live.answered)),
                false => exit(sums, &self.rules, waited, reason),
            }
        }
        self.leave_line(at, queue, waited, since, entered);
    }

    fn released(&mut self, at: Instant, call: CallId, agent: AgentId, talked: Duration) {
        let Some(live) = self.calls.get_mut(call) else { return };
        live.end_hold(at);
        live.talked += talked;
        live.released = true;
        live.menus_since = at;
        let mut keys = live.keys;
        if self.rules.count_by == CountBy::Exit {
            keys.interval = self.interval;
        }
        let held = live.held_now;
        live.held_now = Duration::ZERO;
        let counted = live.counted;
        if let Some(sums) = self.sums.queues.get_mut(keys.queue.index()).filter(|_| counted) {
            sums.figures.add(Field::Handled, 1);
            sums.figures.add(Field::Talk, (talked - held).as_micros());
            sums.figures.add(Field::Hold, held.as_micros());
        }
        self.staff.set_keys(agent, counted.then_some(keys));
    }

    fn ended(&mut self, at: Instant, call: CallId, outcome: Outcome, cause: Cause) {
        let Some(live) = self.calls.remove(call) else { return };
        let passed = live.pass_menu_time(at);
        if !live.counted {
            return;
        }
        if passed > Duration::ZERO
            && let Some(node) = self.sums.nodes.get_mut(live.node as usize)
        {
            node.time += passed.as_micros();
        }
        let by_hanging_up = cause == Cause::CallerHungUp && outcome == Outcome::Abandoned;
        if by_hanging_up
            && !live.answered
            && !live.callback
            && let Some(node) = self.sums.nodes.get_mut(live.stay as usize)
        {
            let waiting = live.left == Some(LeftQueue::Abandoned);
            *(if waiting { &mut node.lost_waiting } else { &mut node.lost }) += 1;
        }
        let by = self.rules.count_by;
        if by == CountBy::Exit || (by == CountBy::Answer && !live.answered) {
            live.keys.interval = self.interval;
        }
        let end = Some((outcome, cause));
        let keys = live.keys;
        let common = live.common(at, &self.rules, Some(outcome));
        let rest = live.has_rest(end).then(|| live.rest(end));
        self.count(keys, &common, rest.as_ref());
    }

    /// A call that has not ended when counting does.
    fn leave_unfinished(&mut self, at: Instant, mut live: Live) {
        live.pass_menu_time(at);
        if !live.counted {
            return;
        }
        if live.entered != Instant::NEVER {
            let waited = at.since(live.since);
            if !live.answered {
                live.waited += waited;
            }
            if let Some(sums) = self.sums.queues.get_mut(live.queue.index()).filter(|_| !live.callback) {
                for field in [Field::Offered, Field::Queued, Field::Unfinished] {
                    sums.figures.add(field, 1);
                }
                sums.figures.add(Field::Waited, waited.as_micros());
            }
        }
        let (common, rest) = (live.common(at, &self.rules, None), live.rest(None));
        self.count(live.keys, &common, Some(&rest));
    }

    fn add_to_queue_of(&mut self, call: CallId, field: Field, n: u64) {
        let Some(live) = self.calls.get_mut(call).filter(|live| live.counted) else { return };
        if let Some(sums) = self.sums.queues.get_mut(live.keys.queue.index()) {
            sums.figures.add(field, n);
        }
    }
}

/// Counts a stand that ended without an answer.
fn exit(sums: &mut QueueSums, rules: &TallyRules, waited: Duration, reason: LeftQueue) {
    let figures = &mut sums.figures;
    figures.add(Field::Offered, 1);
    figures.add(Field::Queued, 1);
    figures.add(Field::Waited, waited.as_micros());
    match reason {
        LeftQueue::Abandoned => {
            figures.add(Field::Abandoned, 1);
            figures.add(Field::AbandonedShort, u64::from(waited < rules.short_abandon));
            figures.add(Field::AbandonedLate, u64::from(waited > rules.threshold));
            figures.add(Field::WaitAbandoned, waited.as_micros());
            sums.abandoned.add(waited);
        }
        LeftQueue::Key => figures.add(Field::LeftByKey, 1),
        LeftQueue::TimedOut => figures.add(Field::TimedOut, 1),
        LeftQueue::Closed => figures.add(Field::TurnedAwayClosed, 1),
        LeftQueue::Callback => figures.add(Field::LeftForCallback, 1),
        LeftQueue::Aborted => figures.add(Field::BrokenOff, 1),
    }
}

/// Cells: where numbers go, and the passing of time.
impl Tally {
    /// Adds a call to every dimension but its queues'.
    fn count(&mut self, keys: Keys, common: &[u64; COMMON], rest: Option<&Figures>) {
        self.cells(keys, |figures| {
            for (mine, n) in figures.0[..COMMON].iter_mut().zip(common) {
                *mine += n;
            }
        });
        if let Some(rest) = rest {
            self.cells(keys, |figures| figures.merge(rest));
        }
    }

    /// Does something with the cell of each dimension a call counts in.
    #[inline]
    fn cells(&mut self, keys: Keys, mut change: impl FnMut(&mut Figures)) {
        change(&mut self.cell(keys.interval).figures);
        if let Some(figures) = self.sums.languages.get_mut(keys.language.index()) {
            change(figures);
        }
        let unknown = self.sums.intents.len() - 1;
        change(&mut self.sums.intents[usize::from(keys.intent).min(unknown)]);
        change(&mut self.sums.regions[usize::from(keys.region)]);
    }

    fn add_everywhere(&mut self, keys: Keys, field: Field, n: u64) {
        self.cells(keys, |figures| figures.add(field, n));
        if let Some(sums) = self.sums.queues.get_mut(keys.queue.index()) {
            sums.figures.add(field, n);
        }
    }

    fn after_call(&mut self, keys: Keys, work: Duration) {
        self.add_everywhere(keys, Field::AfterCall, work.as_micros());
    }

    /// The cell of an interval, which is made, with those before it, when there is none.
    #[inline]
    fn cell(&mut self, interval: u32) -> &mut Interval {
        if self.sums.intervals.len() <= interval as usize {
            self.make_cells(interval);
        }
        &mut self.sums.intervals[interval as usize]
    }

    #[cold]
    fn make_cells(&mut self, interval: u32) {
        while self.sums.intervals.len() <= interval as usize {
            let start = self.start_of(self.sums.intervals.len() as u64);
            let (date, _) = self.clock.local(start);
            let queues = vec![Length::default(); self.lines.len()];
            self.sums.intervals.push(Interval { start, date, observed: 0, figures: Figures::ZERO, queues });
        }
    }

    fn start_of(&self, interval: u64) -> Instant {
        Instant((interval * self.rules.interval.as_micros()).saturating_sub(self.lead))
    }

    /// Passes every boundary up to `at`.
    #[cold]
    fn pass(&mut self, at: Instant) {
        while at.0 >= self.boundary {
            let boundary = Instant(self.boundary);
            self.close(boundary);
            if !self.measuring {
                if boundary < self.rules.warm_up {
                    // Nothing is measured until then, so there is no interval to close before.
                    self.boundary = self.rules.warm_up.0;
                    continue;
                }
                self.measuring = true;
                self.carry(boundary, -1);
            }
            self.open(boundary);
        }
    }

    /// Begins measuring at `at`, in the interval of that instant.
    fn open(&mut self, at: Instant) {
        self.interval = ((at.0 + self.lead) / self.rules.interval.as_micros()) as u32;
        self.boundary = self.start_of(u64::from(self.interval) + 1).0;
        for line in &mut self.lines {
            line.most = line.count;
        }
    }

    /// Adds time up to `at` to the interval now, and goes on from there.
    fn close(&mut self, at: Instant) {
        let (length, interval) = (at.0 - self.start.0, self.interval);
        match self.measuring {
            true => {
                self.cell(interval);
                let cell = &mut self.sums.intervals[interval as usize];
                cell.observed += length;
                self.staff.close(at, Some(&mut cell.figures));
                if cell.queues.len() < self.lines.len() {
                    cell.queues.resize(self.lines.len(), Length::default());
                }
                for (i, line) in self.lines.iter().enumerate() {
                    let area = line.area.wrapping_add(u64::from(line.count).wrapping_mul(length));
                    cell.queues[i].area += area;
                    cell.queues[i].most = cell.queues[i].most.max(line.most);
                    self.sums.queues[i].law.area += area;
                }
            }
            false => self.staff.close(at, None),
        }
        for line in &mut self.lines {
            line.area = 0;
        }
        self.start = at;
    }

    /// Notes for Little's law what calls waiting at `at` have waited: with sign 1 at an end, -1 at a beginning.
    fn carry(&mut self, at: Instant, sign: i64) {
        for (_, live) in self.calls.iter().filter(|(_, live)| live.entered != Instant::NEVER) {
            if let Some(sums) = self.sums.queues.get_mut(live.queue.index()) {
                sums.law.carried += sign * at.since(live.entered).as_micros() as i64;
            }
        }
    }
}
