//! One call in progress, as far as the tally must remember it.

use crate::{
    engine::event::{Cause, LeftQueue},
    id::{LanguageId, QueueId},
    record::figures::{COMMON, Field, Figures},
    script::model::Outcome,
    time::{Duration, Instant},
};

use super::TallyRules;

/// Under what a call counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Keys {
    pub(super) interval: u32,
    /// The queue it was answered from last.
    pub(super) queue: QueueId,
    /// `u16::MAX`: not known.
    pub(super) intent: u16,
    pub(super) language: LanguageId,
    pub(super) region: u8,
}

/// A call in progress.
#[derive(Clone, Debug)]
pub(super) struct Live {
    /// It arrived after the warm-up.
    pub(super) counted: bool,
    /// It is a call back.
    pub(super) callback: bool,
    /// Its caller told what she wants.
    pub(super) intent_told: bool,
    pub(super) answered: bool,
    pub(super) released: bool,
    /// Stood in a queue.
    pub(super) queued: bool,
    pub(super) full: bool,
    pub(super) closed: bool,
    pub(super) attempt: u8,
    pub(super) failed_check: bool,
    pub(super) locked_out: bool,
    /// Some field outside the common block has to be counted.
    pub(super) rare: bool,
    /// Why it left a queue last.
    pub(super) left: Option<LeftQueue>,
    pub(super) keys: Keys,
    pub(super) version: u32,
    /// The node it is at, and the last one at which it spent time.
    pub(super) node: u32,
    pub(super) stay: u32,
    pub(super) arrived: Instant,
    /// In the menus since; [`Instant::NEVER`] while it is not.
    pub(super) menus_since: Instant,
    /// Stands in `queue` since; [`Instant::NEVER`] while it does not.
    pub(super) entered: Instant,
    /// Since when its wait counts.
    pub(super) since: Instant,
    pub(super) queue: QueueId,
    pub(super) menus: Duration,
    pub(super) waited: Duration,
    pub(super) talked: Duration,
    pub(super) held: Duration,
    /// On hold in the conversation now.
    pub(super) held_now: Duration,
    pub(super) held_since: Instant,
    pub(super) announced_at: Instant,
    pub(super) announced: Duration,
    pub(super) told: Told,
    pub(super) transfers: u16,
    pub(super) no_input: u16,
    pub(super) no_match: u16,
    pub(super) rings: u16,
    pub(super) promised: u16,
    pub(super) dialled: u16,
    pub(super) handed_out: bool,
}

/// Announced waits against those that followed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Told {
    pub(super) count: u64,
    pub(super) over: u64,
    pub(super) under: u64,
}

impl Told {
    pub(super) fn of(told: Duration, followed: Duration) -> Told {
        let (told, followed) = (told.as_micros(), followed.as_micros());
        Told { count: 1, over: told.saturating_sub(followed), under: followed.saturating_sub(told) }
    }

    pub(super) fn add_to(self, figures: &mut Figures) {
        figures.add(Field::Announced, self.count);
        figures.add(Field::AnnouncedOver, self.over);
        figures.add(Field::AnnouncedUnder, self.under);
    }
}

impl Live {
    #[inline]
    pub(super) fn new(at: Instant, keys: Keys, version: u32, node: u32) -> Live {
        Live {
            counted: true,
            callback: false,
            intent_told: false,
            answered: false,
            released: false,
            queued: false,
            full: false,
            closed: false,
            attempt: 1,
            failed_check: false,
            locked_out: false,
            rare: false,
            left: None,
            keys,
            version,
            node,
            stay: node,
            arrived: at,
            menus_since: at,
            entered: Instant::NEVER,
            since: at,
            queue: QueueId(0),
            menus: Duration::ZERO,
            waited: Duration::ZERO,
            talked: Duration::ZERO,
            held: Duration::ZERO,
            held_now: Duration::ZERO,
            held_since: Instant::NEVER,
            announced_at: Instant::NEVER,
            announced: Duration::ZERO,
            told: Told::default(),
            transfers: 0,
            no_input: 0,
            no_match: 0,
            rings: 0,
            promised: 0,
            dialled: 0,
            handed_out: false,
        }
    }

    /// The time since it last moved in the menus; it goes on there.
    #[inline]
    pub(super) fn pass_menu_time(&mut self, at: Instant) -> Duration {
        if self.menus_since == Instant::NEVER {
            return Duration::ZERO;
        }
        let passed = at.since(self.menus_since);
        self.menus_since = at;
        if passed > Duration::ZERO {
            self.menus += passed;
            self.stay = self.node;
        }
        passed
    }

    /// The caller is taken off hold, if she is on it.
    pub(super) fn end_hold(&mut self, at: Instant) {
        if self.held_since != Instant::NEVER {
            let held = at.since(self.held_since);
            self.held += held;
            self.held_now += held;
            self.held_since = Instant::NEVER;
        }
    }

    /// What the call adds to the fields that change with almost every call.
    #[inline]
    pub(super) fn common(&self, at: Instant, rules: &TallyRules, outcome: Option<Outcome>) -> [u64; COMMON] {
        let one = u64::from;
        let offered = !self.callback;
        let queued = offered && self.queued;
        let answered = offered && self.answered;
        let abandoned = queued && !self.answered && self.left == Some(LeftQueue::Abandoned);
        let time = |counts: bool, time: Duration| if counts { time.as_micros() } else { 0 };
        [
            one(offered),
            one(offered && self.attempt == 1),
            one(offered && outcome == Some(Outcome::Contained)),
            one(queued),
            one(answered),
            one(answered && self.waited <= rules.threshold),
            one(abandoned),
            one(abandoned && self.waited < rules.short_abandon),
            one(abandoned && self.waited > rules.threshold),
            time(answered, self.waited),
            time(abandoned, self.waited),
            time(queued, self.waited),
            one(self.released),
            (self.talked - self.held).as_micros(),
            time(offered, self.menus),
            time(offered, at.since(self.arrived)),
            one(offered && self.attempt == 1 && (self.served(outcome))),
            one(offered && outcome == Some(Outcome::Transferred)),
        ]
    }

    fn served(&self, outcome: Option<Outcome>) -> bool {
        self.answered || self.handed_out || outcome == Some(Outcome::Contained)
    }

    /// What the call adds to the other fields; `None` for `end`: it has not ended.
    pub(super) fn rest(&self, end: Option<(Outcome, Cause)>) -> Figures {
        let mut figures = Figures::ZERO;
        let mut add = |field, n: u64| figures.add(field, n);
        add(Field::Transfers, self.transfers.into());
        add(Field::Hold, self.held.as_micros());
        add(Field::RingsUnanswered, self.rings.into());
        add(Field::CallbacksPromised, self.promised.into());
        add(Field::CallbacksDialled, self.dialled.into());
        if self.callback {
            add(Field::CallbacksReached, self.answered.into());
            add(Field::CallbacksOpen, (end.is_none() && !self.answered).into());
            add(Field::CallbackWait, if self.answered { self.waited.as_micros() } else { 0 });
            add(Field::CallbacksLost, (end.is_some() && !self.answered).into());
            return figures;
        }
        let unanswered = !self.answered;
        add(Field::Redials, (self.attempt > 1).into());
        add(Field::CalledAgain, (self.attempt == 2).into());
        add(Field::HandedOut, self.handed_out.into());
        add(Field::Blocked, (self.full && !self.queued).into());
        add(Field::TurnedAwayClosed, (self.closed && unanswered).into());
        add(Field::NoInput, self.no_input.into());
        add(Field::NoMatch, self.no_match.into());
        add(Field::FailedChecks, self.failed_check.into());
        add(Field::LockedOut, self.locked_out.into());
        add(Field::Unfinished, end.is_none().into());
        match self.left.filter(|_| unanswered && self.entered == Instant::NEVER) {
            Some(LeftQueue::TimedOut) => add(Field::TimedOut, 1),
            Some(LeftQueue::Key) => add(Field::LeftByKey, 1),
            Some(LeftQueue::Callback) => add(Field::LeftForCallback, 1),
            Some(LeftQueue::Abandoned | LeftQueue::Closed | LeftQueue::Aborted) | None => {}
        }
        if let Some((outcome, cause)) = end {
            match outcome {
                Outcome::Failed => add(Field::Failed, 1),
                Outcome::Own(_) => add(Field::OwnOutcome, 1),
                // Who found a queue full is blocked, whatever she does next.
                Outcome::Abandoned if cause == Cause::CallerHungUp && !self.queued && !self.full => {
                    add(Field::AbandonedInMenus, 1);
                }
                Outcome::Contained | Outcome::Transferred | Outcome::Abandoned | Outcome::Callback => {}
            }
            let broken = matches!(cause, Cause::Drained | Cause::Aborted | Cause::RanAway);
            add(Field::BrokenOff, broken.into());
        }
        self.told.add_to(&mut figures);
        figures
    }

    /// Whether [`Live::rest`] adds anything to a call that ended so.
    pub(super) fn has_rest(&self, end: Option<(Outcome, Cause)>) -> bool {
        let Some((outcome, cause)) = end else { return true };
        self.rare
            || matches!(outcome, Outcome::Failed | Outcome::Own(_))
            || matches!(cause, Cause::Drained | Cause::Aborted | Cause::RanAway)
            || (outcome == Outcome::Abandoned && !self.queued)
    }
}
