//! Services: what the world answers when the engine asks.

use crate::{
    id::{CallId, PersonId},
    script::catalogue::{Reply, Request},
    time::{Instant, LocalClock},
};

/// Answers requests.
#[derive(Clone, Debug, Default)]
pub struct Services {}

/// A text message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sms {
    /// The call in which it was sent.
    pub call: CallId,
    /// The last two digits of the telephone it goes to.
    pub to_tail: String,
    /// What it says.
    pub text: String,
}

/// A change of the registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {}

/// A read of the registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditLine {
    /// Whose record.
    pub person: PersonId,
}

impl Services {
    /// The reply to a request.
    pub fn answer(&mut self, now: Instant, clock: &LocalClock, call: CallId, request: &Request) -> Reply {
        let _ = (now, clock, call, request);
        Reply::Unavailable
    }
    /// Text messages sent since the last drain.
    pub fn take_sms(&mut self) -> Vec<Sms> {
        Vec::new()
    }
    /// Changes since the last drain.
    pub fn take_changes(&mut self) -> Vec<Change> {
        Vec::new()
    }
    /// Audit lines since the last drain.
    pub fn take_audit(&mut self) -> Vec<AuditLine> {
        Vec::new()
    }
}
