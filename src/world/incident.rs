//! What happens to a centre during a run, by plan: services fail, sites close, agents stay away, a script is published.

use std::sync::Arc;

use super::fault::{Asked, Fault};
use crate::{script::Script, time::Instant};

/// Something planned.
#[derive(Clone, Debug)]
pub struct Incident {
    /// When.
    pub at: Instant,
    /// What.
    pub kind: IncidentKind,
}

/// What happens. Each stays until another incident of its kind says otherwise.
#[derive(Clone, Debug)]
pub enum IncidentKind {
    /// Services behave like this from now on; [`Fault::NONE`] ends it.
    Service {
        /// Which; `None`: all.
        asked: Option<Asked>,
        /// How.
        fault: Fault,
    },
    /// Whether text messages can be sent.
    Sms(bool),
    /// A script becomes the one new calls begin on.
    Publish(Arc<Script>),
    /// This share of the planned agents stays away (0: all are back); those on duty finish the call in hand and go.
    Absent {
        /// Of these groups, by name; empty: of all.
        groups: Box<[Box<str>]>,
        /// Share away, 0 to 1.
        share: f64,
    },
    /// So many people whose registration was pending are registered, in the order of the registry.
    Register {
        /// How many.
        people: u32,
    },
}
