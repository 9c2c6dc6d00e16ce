//! What `GET /health` says.

use std::sync::{Arc, atomic::Ordering};

use serde::Serialize;

use super::{clock, pump::Status, recorder, sessions::Sessions, store};

/// Whether the server takes calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It does.
    Ok,
    /// It is ending and takes no new ones.
    Draining,
    /// It cannot write call records and takes no new ones.
    RecordsFailing,
}

/// The answer of `GET /health`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Health {
    /// Whether the server takes calls.
    pub status: State,
    /// The program's version.
    pub program: &'static str,
    /// The centre's name.
    pub centre: String,
    /// The current script version of this run.
    pub script_version: u32,
    /// The number of this run in the records.
    pub run: i64,
    /// Calls in progress.
    pub calls: u64,
    /// Calls that arrived in this run: of people, of synthetic callers, and the centre's own to call somebody back, each of
    /// these from when it begins to wait.
    pub offered: u64,
    /// Open connections.
    pub connections: usize,
    /// People in the registry.
    pub people: u32,
    /// Seconds of the centre per second.
    pub speed: f64,
    /// Whole seconds since the start.
    pub uptime_s: u64,
    /// How many records, audit lines and changes wait to be written.
    pub records_waiting: u64,
    /// How long the oldest of them has waited, in milliseconds.
    pub records_lag_ms: u64,
    /// How the journal goes.
    pub journal: recorder::Going,
}

/// What health is read from.
#[derive(Debug)]
pub(super) struct Pulse {
    pub(super) status: Arc<Status>,
    pub(super) records: Arc<store::State>,
    pub(super) journal: Arc<recorder::State>,
    pub(super) sessions: Arc<Sessions>,
    pub(super) centre: String,
    pub(super) run: i64,
    pub(super) people: u32,
    pub(super) speed: f64,
    pub(super) started: tokio::time::Instant,
}

impl Pulse {
    pub(super) fn read(&self) -> Health {
        let status = match () {
            () if self.status.draining.load(Ordering::Relaxed) => State::Draining,
            () if self.records.failing() => State::RecordsFailing,
            () => State::Ok,
        };
        Health {
            status,
            program: env!("CARGO_PKG_VERSION"),
            centre: self.centre.clone(),
            script_version: self.status.version.load(Ordering::Relaxed),
            run: self.run,
            calls: self.status.calls.load(Ordering::Relaxed),
            offered: self.status.offered.load(Ordering::Relaxed),
            connections: self.sessions.len(),
            people: self.people,
            speed: self.speed,
            uptime_s: clock::since(self.started).as_secs(),
            records_waiting: self.records.waiting(),
            records_lag_ms: self.records.lag().as_millis(),
            journal: self.journal.going(),
        }
    }
}
