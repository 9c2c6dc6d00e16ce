//! How the services outside the engine misbehave, when they are told to.

use rand::RngExt;

use crate::{
    id::RequestId,
    random::{Purpose, Seed},
    script::catalogue::{Query, Service},
    time::Duration,
};

/// What can misbehave apart from the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Asked {
    /// A service of the catalogue.
    Service(Service),
    /// The check of number and birth date.
    Identity,
    /// Sending and checking one-time codes.
    Code,
}

impl Asked {
    /// What a question is put to.
    pub(super) fn by(query: &Query) -> Asked {
        match query {
            Query::Lookup { service, .. } => Asked::Service(*service),
            Query::CheckIdentity { .. } => Asked::Identity,
            Query::SendCode { .. } | Query::CheckCode { .. } => Asked::Code,
        }
    }
}

/// What goes wrong between a question of the engine and its answer. The default: nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Fault {
    /// Every answer comes this much later.
    pub delay: Duration,
    /// The share of questions answered with "unavailable", 0 to 1.
    pub down: f64,
    /// The share of questions never answered at all, 0 to 1.
    pub lost: f64,
}

/// What becomes of one question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Answered,
    Unavailable,
    Lost,
}

impl Fault {
    /// Nothing goes wrong.
    pub const NONE: Fault = Fault { delay: Duration::ZERO, down: 0.0, lost: 0.0 };

    /// Every service is down.
    pub const DOWN: Fault = Fault { delay: Duration::ZERO, down: 1.0, lost: 0.0 };

    /// No question is ever answered.
    pub const SILENT: Fault = Fault { delay: Duration::ZERO, down: 0.0, lost: 1.0 };

    /// Every answer comes this much later.
    pub const fn slow(delay: Duration) -> Fault {
        Fault { delay, down: 0.0, lost: 0.0 }
    }

    /// What becomes of a question of a call, whose chance is keyed by `lot`; the same whatever else happens in the run.
    pub(super) fn fate(&self, seed: Seed, lot: u64, request: RequestId) -> Fate {
        if self.lost <= 0.0 && self.down <= 0.0 {
            return Fate::Answered;
        }
        let owner = lot ^ (u64::from(request.0) << 40);
        let draw: f64 = seed.stream(Purpose::Fault, owner).random();
        if draw < self.lost {
            Fate::Lost
        } else if draw < self.lost + self.down {
            Fate::Unavailable
        } else {
            Fate::Answered
        }
    }
}
