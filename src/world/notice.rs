//! What a world tells.

use super::{
    promise::Promise,
    services::{ServiceChange, audit::AuditEntry, sms::Sms},
};
use crate::{
    engine::{Command, Event, Input},
    id::{CallId, RequestId},
    registry::access::change::AccessChange,
    script::{catalogue::Reply, model::Key},
    time::Instant,
};

/// What a world tells its driver, in the order in which it happened.
#[derive(Clone, Debug)]
pub enum Notice {
    /// Something happened.
    Event(Event),
    /// A caller's telephone does something (at which instant). Everything but [`Command::Ask`], which the world answers.
    /// Told of scripted callers' calls too; their answers come from within.
    ToCaller(Instant, Command),
    /// A text message was sent.
    Sms(Sms),
    /// Something changed that has to survive a restart.
    Change(ServiceChange),
    /// A failed check, or the end of what failed checks left, that has to survive a restart
    /// ([`super::services::Services::restore_access`]).
    Access(AccessChange),
    /// A call back is promised, or was tried in vain: what has to survive a restart ([`super::World::restore_promises`]) in place
    /// of what was told of this call before.
    Promised {
        /// The call that keeps it.
        call: CallId,
        /// The call in which it was promised; [`CallId::EARLIER_RUN`] where that was said before.
        promised_in: CallId,
        /// What is to be kept.
        promise: Promise,
    },
    /// A promise to call back is kept, or given up for good.
    PromiseKept {
        /// The call of [`Notice::Promised`] or [`super::World::restore_promises`].
        call: CallId,
    },
    /// A person's record was read.
    Audit(AuditEntry),
    /// An identity check came to a verdict, of which the caller hears when the driver injects it as [`Input::Replied`]; told
    /// after all that the check left to be kept, when [`super::WorldConfig::hold_verdicts`] is set.
    Verdict(Verdict),
    /// An incident could not happen: a script that cannot follow the versions in force. The old one stays. Kept for
    /// [`super::World::poll`] even by [`super::World::watch`].
    Refused {
        /// When.
        at: Instant,
        /// Why.
        reason: String,
    },
    /// An input reached the engine; told when [`super::WorldConfig::tell_inputs`] is set.
    Input {
        /// When.
        at: Instant,
        /// What. A digit that is secret, thrown away or kept for later is replaced by 0, one that nothing was bound to by
        /// [`Key::UNBOUND`].
        input: Input,
        /// A digit was replaced.
        secret: bool,
    },
    /// A key that was kept for later came to be used by something that is not secret; told before what follows from it, when
    /// [`super::WorldConfig::tell_inputs`] is set.
    KeyUsed {
        /// In which call.
        call: CallId,
        /// Which key.
        key: Key,
    },
}

/// The verdict of an identity check that waits to be told.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// In whose call.
    pub call: CallId,
    /// Which question it answers.
    pub request: RequestId,
    /// The answer.
    pub reply: Reply,
}
