//! What is written: rows as they stand in the tables.

use crate::{
    id::CallId,
    registry::access::change::AccessChange,
    world::{
        Promise, Verdict,
        services::{ServiceChange, audit::AuditEntry},
    },
};

/// One call record, as it is written: names instead of numbers, personal data masked.
#[derive(Clone, Debug, PartialEq, Default)]
#[allow(missing_docs, reason = "the columns of the table `calls`, explained there")]
pub struct CallRow {
    pub call: CallId,
    pub version: u32,
    pub digest: String,
    pub started: String,
    pub answered: Option<String>,
    pub ended: String,
    pub started_utc: String,
    pub ended_utc: String,
    pub duration_ms: u64,
    pub caller: Option<String>,
    pub language: String,
    pub languages: String,
    pub outcome: String,
    pub cause: String,
    pub node: String,
    pub level: String,
    pub person: Option<u32>,
    pub failed_checks: u32,
    pub intents: String,
    pub services: String,
    pub path: String,
    pub no_inputs: u32,
    pub no_matches: u32,
    pub queue: Option<String>,
    pub waited_ms: u64,
    pub unanswered_rings: u32,
    pub agent: Option<u32>,
    pub talked_ms: u64,
    pub held_ms: u64,
    pub transfers: u32,
    pub survey: Option<String>,
    pub cases: Option<String>,
    pub message_ms: Option<u64>,
    pub promised_in: Option<CallId>,
    /// In place of `promised_in`, where that was in an earlier run: its id over all runs.
    pub promised_earlier: Option<String>,
    pub callback: Option<CallId>,
    pub recording: bool,
}

/// A call that was not taken, as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusalRow {
    /// Of the refusal within its run, counted from 1: the call is named `RUN-rNUMBER`.
    pub number: u64,
    /// When, UTC.
    pub at_utc: String,
    /// Why, in the protocol's word.
    pub reason: &'static str,
    /// How many refusals this row stands for; `number` is that of the last.
    pub times: u64,
}

/// A promise to call back, as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptPromise {
    /// By what id it goes in the records: that of the call that kept it first, over all runs.
    pub id: String,
    /// The call in which it was promised, over all runs.
    pub promised_in: String,
    /// What was promised.
    pub promise: Promise,
}

/// Something to be written.
#[derive(Clone, Debug, PartialEq)]
pub enum Job {
    /// A call record. Its call is named to the acknowledgement channel once it is durable.
    Call(Box<CallRow>),
    /// A registry change, to be made again at the next start.
    Change {
        /// When, UTC.
        at_utc: String,
        /// What.
        change: ServiceChange,
    },
    /// A read of personal data.
    Audit {
        /// When, UTC.
        at_utc: String,
        /// What.
        entry: AuditEntry,
    },
    /// A call that was not taken. Offered without waiting ([`super::Jobs::offer`]).
    Refusal(RefusalRow),
    /// What identity checks left, to be given back at the next start.
    Access(AccessChange),
    /// A promise to call back, in place of what was written under its id before.
    Promise(KeptPromise),
    /// A promise that is no longer to be kept.
    PromiseKept {
        /// The id of [`KeptPromise`].
        id: String,
    },
    /// Nothing to be written: a verdict that may be told once everything handed over before it is durable.
    Verdict(Verdict),
    /// Nothing to be written: a number that is given back once everything handed over before it is durable.
    Mark(u64),
}

/// What was waited for and is on the disk.
#[derive(Clone, Debug, PartialEq)]
pub enum Durable {
    /// The record of a call.
    Call(CallId),
    /// All that was handed over before [`Job::Verdict`].
    Verdict(Verdict),
    /// All that was handed over before [`Job::Mark`].
    Mark(u64),
}

/// The kinds of jobs, in the order of [`Written`](super::Written)'s counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Call,
    Change,
    Audit,
    Refusal,
    Access,
    Promise,
    /// What is not written.
    None,
}

impl Kind {
    /// How many kinds there are.
    pub(super) const COUNT: usize = 7;
}

impl Job {
    pub(super) fn kind(&self) -> Kind {
        match self {
            Job::Call(_) => Kind::Call,
            Job::Change { .. } => Kind::Change,
            Job::Audit { .. } => Kind::Audit,
            Job::Refusal(_) => Kind::Refusal,
            Job::Access(_) => Kind::Access,
            Job::Promise(_) | Job::PromiseKept { .. } => Kind::Promise,
            Job::Verdict(_) | Job::Mark(_) => Kind::None,
        }
    }
}
