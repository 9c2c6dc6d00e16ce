//! Sums over calls and over agents' time: what every measure is a quotient of.
//!
//! All are whole numbers, counts or microseconds, and all add up: the figures of two halves of a run, of two days or of two
//! queues are added field by field, in any order, with the same result to the last digit.
//!
//! *Calls* are counted once each, when they end: a call that stands in three queues was queued once. The figures of one
//! queue (or of one skill) count *stands* instead: each time a call stood in it. A call back is the centre's own call: it is
//! not offered, queued, answered or waiting here, and has fields of its own; but the work it makes (handled, talk, hold,
//! after-call work, transfers) is work like any other.

use serde::ser::{Serialize, SerializeMap, Serializer};

macro_rules! fields {
    ($($(#[$doc:meta])* $name:ident $method:ident $unit:ident;)*) => {
        /// What a field of [`Figures`] counts.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(usize)]
        pub enum Field {
            $($(#[$doc])* $name,)*
        }

        impl Field {
            /// Every field, in order.
            pub const ALL: &'static [Field] = &[$(Field::$name),*];

            /// Its name.
            pub const fn name(self) -> &'static str {
                match self { $(Field::$name => stringify!($method),)* }
            }

            /// Whether it is a length of time, in microseconds, rather than a count.
            pub const fn is_time(self) -> bool {
                match self { $(Field::$name => fields!(@ $unit),)* }
            }
        }

        impl Figures {
            $($(#[$doc])* pub const fn $method(&self) -> u64 { self.0[Field::$name as usize] })*
        }
    };
    (@ count) => { false };
    (@ micros) => { true };
}

fields! {
    // The first eighteen change with almost every call; they are added as one block.
    /// Calls that arrived, call backs apart.
    Offered offered count;
    /// First calls for a matter, among those offered.
    Matters matters count;
    /// Offered calls that ended with the outcome `contained`.
    Contained contained count;
    /// Offered calls that stood in a queue at least once.
    Queued queued count;
    /// Offered calls an agent took at least once.
    Answered answered count;
    /// Answered calls that had waited no longer than the threshold.
    AnsweredInTime answered_in_time count;
    /// Queued calls whose caller hung up in a queue and was never answered.
    Abandoned abandoned count;
    /// Abandoned calls that had waited less than the bound of short abandons.
    AbandonedShort abandoned_short count;
    /// Abandoned calls that had waited longer than the threshold.
    AbandonedLate abandoned_late count;
    /// Waiting of answered calls, until the first answer, ringing included.
    WaitAnswered wait_answered micros;
    /// Waiting of abandoned calls.
    WaitAbandoned wait_abandoned micros;
    /// Waiting of all queued calls, until the first answer.
    Waited waited micros;
    /// Calls an agent talked with, call backs included; in the figures of a queue: conversations.
    Handled handled count;
    /// Talking, holds excluded.
    Talk talk micros;
    /// Time of offered calls in the menus: neither in a queue nor with an agent.
    MenuTime menu_time micros;
    /// Time of offered calls from arrival to end.
    Duration duration micros;
    /// First calls for a matter that an agent took, that were handed out, or contained.
    ServedAtFirst served_at_first count;
    /// Offered calls that ended with the outcome `transferred`.
    Transferred transferred count;

    /// Calls for a matter that was called for before.
    Redials redials count;
    /// Second calls for a matter: matters called for again.
    CalledAgain called_again count;
    /// Offered calls that ended with the outcome `failed`.
    Failed failed count;
    /// Offered calls handed to somebody outside.
    HandedOut handed_out count;
    /// Offered calls that ended with an outcome of the script's own.
    OwnOutcome own_outcome count;
    /// Calls refused before they began, when the centre takes no more.
    Refused refused count;
    /// Offered calls that found a queue full and never stood in one.
    Blocked blocked count;
    /// Offered calls that found or had their queue closed and were never answered.
    TurnedAwayClosed turned_away_closed count;
    /// Queued calls never answered that last left a queue because the longest wait was over.
    TimedOut timed_out count;
    /// Queued calls never answered that last left a queue by a key.
    LeftByKey left_by_key count;
    /// Queued calls never answered that last left a queue for a promise to call back.
    LeftForCallback left_for_callback count;
    /// Offered calls that the centre broke off: drained, aborted, ran away.
    BrokenOff broken_off count;
    /// Offered calls whose caller hung up in the menus with nothing gained: outcome `abandoned`, never queued nor
    /// blocked.
    AbandonedInMenus abandoned_in_menus count;
    /// Call backs promised.
    CallbacksPromised callbacks_promised count;
    /// Times a promised call back was dialled.
    CallbacksDialled callbacks_dialled count;
    /// Call backs whose person was reached.
    CallbacksReached callbacks_reached count;
    /// Call backs given up: the person was never reached, or the centre broke it off.
    CallbacksLost callbacks_lost count;
    /// Call backs neither reached nor given up when counting ended.
    CallbacksOpen callbacks_open count;
    /// From the caller's joining the queue to the conversation, of call backs reached.
    CallbackWait callback_wait micros;
    /// Times an agent passed a caller on to another queue.
    Transfers transfers count;
    /// Times silence was counted.
    NoInput no_input count;
    /// Times an entry that fits nothing was counted.
    NoMatch no_match count;
    /// Back-office cases opened.
    Cases cases count;
    /// Offered calls with at least one failed check of identity or code.
    FailedChecks failed_checks count;
    /// Offered calls that met a lock, or brought it about, after failed checks.
    LockedOut locked_out count;
    /// Time on hold.
    Hold hold micros;
    /// After-call work for calls, call backs included.
    AfterCall after_call micros;
    /// Telephones that rang and were not answered.
    RingsUnanswered rings_unanswered count;
    /// Answered stands in a queue whose caller had been told an expected wait (the first one told counts).
    Announced announced count;
    /// Told waits beyond the wait that followed.
    AnnouncedOver announced_over micros;
    /// Waits that followed beyond the told waits.
    AnnouncedUnder announced_under micros;
    /// Offered calls still in progress when counting ended.
    Unfinished unfinished count;

    /// Agents' time ready for a call, on shift. (Agents' time is known for the run, days and intervals alone.)
    AgentReady agent_ready micros;
    /// Agents' time with a ringing telephone, on shift.
    AgentRinging agent_ringing micros;
    /// Agents' time kept free while a person is called back, on shift.
    AgentDialling agent_dialling micros;
    /// Agents' time talking, on shift.
    AgentTalking agent_talking micros;
    /// Agents' time with a caller on hold, on shift.
    AgentHolding agent_holding micros;
    /// Agents' time in after-call work, on shift.
    AgentAfterCall agent_after_call micros;
    /// Agents' time on breaks.
    AgentBreak agent_break micros;
    /// Agents' time set aside after not answering.
    AgentNoAnswer agent_no_answer micros;
    /// Agents' time on duty before they were first ready.
    AgentLoggedIn agent_logged_in micros;
    /// Agents' time finishing the work in hand after they were to go.
    AgentBeyondShift agent_beyond_shift micros;
}

/// How many fields there are.
pub const FIELDS: usize = Field::ALL.len();

/// How many fields the block has that changes with almost every call.
pub(super) const COMMON: usize = 18;

/// Sums over calls, and agents' time. See [`Field`] for what each is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Figures(pub(super) [u64; FIELDS]);

impl Default for Figures {
    fn default() -> Figures {
        Figures::ZERO
    }
}

impl Figures {
    /// Nothing counted.
    pub const ZERO: Figures = Figures([0; FIELDS]);

    /// The value of a field: a count, or microseconds.
    pub const fn get(&self, field: Field) -> u64 {
        self.0[field as usize]
    }

    /// Adds `n` to a field.
    pub fn add(&mut self, field: Field, n: u64) {
        let value = &mut self.0[field as usize];
        *value = value.wrapping_add(n);
    }

    /// Adds another's fields to these.
    pub fn merge(&mut self, other: &Figures) {
        for (mine, theirs) in self.0.iter_mut().zip(&other.0) {
            *mine += theirs;
        }
    }

    /// The fields with their values.
    pub fn iter(&self) -> impl Iterator<Item = (Field, u64)> + '_ {
        Field::ALL.iter().map(|&field| (field, self.get(field)))
    }

    /// Calls offered to the queues: queued, or turned away by a full one. (Who comes while a queue is closed is not offered to it.)
    pub const fn sought(&self) -> u64 {
        self.queued() + self.blocked()
    }

    /// Agents' time at work on shift: ringing, calling back, talking, holding, after-call work; microseconds.
    pub const fn agent_work(&self) -> u64 {
        self.agent_ringing()
            + self.agent_dialling()
            + self.agent_talking()
            + self.agent_holding()
            + self.agent_after_call()
    }

    /// Agents' time away on shift: breaks, set aside, not yet ready; microseconds.
    pub const fn agent_away(&self) -> u64 {
        self.agent_break() + self.agent_no_answer() + self.agent_logged_in()
    }

    /// Agents' time on shift; microseconds.
    pub const fn agent_on_shift(&self) -> u64 {
        self.agent_ready() + self.agent_work() + self.agent_away()
    }
}

impl std::iter::Sum for Figures {
    fn sum<I: Iterator<Item = Figures>>(iter: I) -> Figures {
        let mut sum = Figures::ZERO;
        iter.for_each(|figures| sum.merge(&figures));
        sum
    }
}

impl Serialize for Figures {
    /// A map from each field's name to its value; times in microseconds.
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let mut map = s.serialize_map(Some(FIELDS))?;
        for (field, value) in self.iter() {
            map.serialize_entry(field.name(), &value)?;
        }
        map.end()
    }
}
