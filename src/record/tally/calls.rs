//! What each kind of event does to a call, and to the queue it stands in.

use super::{
    CountBy, Tally, TallyRules,
    call::{Keys, Live, Told},
    sums::{QueueSums, REGIONS},
};
use crate::{
    engine::{
        event::{Cause, LeftQueue},
        input::Origin,
    },
    id::{AgentId, CallId, LanguageId, NodeId, QueueId},
    record::figures::Field,
    script::model::{IntentId, Outcome},
    time::{Duration, Instant},
};

impl Tally {
    pub(super) fn arrived(
        &mut self,
        at: Instant,
        call: CallId,
        version: u32,
        language: LanguageId,
        callback: bool,
        origin: Option<Origin>,
    ) {
        let known = origin.and_then(|origin| origin.intent).map(|intent| self.sums.names.intent(version, intent));
        let region = origin.map_or(0, |origin| if usize::from(origin.region) < REGIONS { origin.region } else { 0 });
        let queue = QueueId(u16::MAX);
        let keys = Keys { interval: self.interval, queue, intent: known.unwrap_or(u16::MAX), language, region };
        let attempt = origin.map_or(1, |origin| origin.attempt.max(1));
        let live = Live {
            intent_told: known.is_some(),
            attempt,
            counted: self.measuring,
            callback,
            rare: callback || attempt > 1,
            ..Live::new(at, keys, version, u32::MAX)
        };
        self.calls.insert(call, live);
    }

    pub(super) fn node_entered(&mut self, at: Instant, call: CallId, node: NodeId) {
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

    pub(super) fn chose(&mut self, call: CallId, intent: IntentId) {
        let Some(live) = self.calls.get_mut(call) else { return };
        if !live.intent_told {
            live.keys.intent = self.sums.names.intent(live.version, intent);
        }
    }

    /// Silence or an entry that fits nothing. Silence where it is the way on ([`crate::script::model::Node::silence_is_answer`])
    /// is an answer like another and is not counted.
    pub(super) fn misheard(&mut self, call: CallId, silence: bool) {
        let Some(live) = self.calls.get_mut(call) else { return };
        if silence && self.sums.names.silence_answers.get(live.node as usize) == Some(&true) {
            return;
        }
        live.rare = true;
        let count = if silence { &mut live.no_input } else { &mut live.no_match };
        *count = count.saturating_add(1);
        if let Some(node) = self.sums.nodes.get_mut(live.node as usize).filter(|_| live.counted) {
            *(if silence { &mut node.no_input } else { &mut node.no_match }) += 1;
        }
    }

    pub(super) fn turned_away(&mut self, call: CallId, queue: QueueId, full: bool) {
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

    pub(super) fn queued(&mut self, at: Instant, call: CallId, queue: QueueId, since: Instant) {
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
    pub(super) fn leave_line(
        &mut self,
        at: Instant,
        queue: QueueId,
        waited: Duration,
        since: Instant,
        entered: Instant,
    ) {
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

    pub(super) fn answered(&mut self, at: Instant, call: CallId, agent: AgentId, queue: QueueId, waited: Duration) {
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

    pub(super) fn left_queue(
        &mut self,
        at: Instant,
        call: CallId,
        queue: QueueId,
        waited: Duration,
        reason: LeftQueue,
    ) {
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

    pub(super) fn released(&mut self, at: Instant, call: CallId, agent: AgentId, talked: Duration) {
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

    pub(super) fn ended(&mut self, at: Instant, call: CallId, outcome: Outcome, cause: Cause) {
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
    pub(super) fn leave_unfinished(&mut self, at: Instant, mut live: Live) {
        live.pass_menu_time(at);
        if !live.counted {
            return;
        }
        if live.entered != Instant::NEVER {
            let waited = at.since(live.since);
            if !live.answered {
                live.waited += waited;
            }
            if let Some(sums) = self.sums.queues.get_mut(live.queue.index()) {
                if live.callback {
                    sums.figures.add(Field::CallbacksOpen, u64::from(!live.answered));
                    let (common, rest) = (live.common(at, &self.rules, None), live.rest(None));
                    self.count(live.keys, &common, Some(&rest));
                    return;
                }
                for field in [Field::Offered, Field::Queued, Field::Unfinished] {
                    sums.figures.add(field, 1);
                }
                sums.figures.add(Field::Waited, waited.as_micros());
            }
        }
        let (common, rest) = (live.common(at, &self.rules, None), live.rest(None));
        self.count(live.keys, &common, Some(&rest));
    }

    pub(super) fn add_to_queue_of(&mut self, call: CallId, field: Field, n: u64) {
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
