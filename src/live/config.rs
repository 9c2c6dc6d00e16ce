//! What can be chosen about the live server. Defaults and their reasons stand in `config/hatif.toml`.

use std::{net::SocketAddr, path::PathBuf};

use crate::{registry, time::Duration};

/// Settings of the live server.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Where callers connect; port 0 takes any free port.
    pub addr: SocketAddr,
    /// Bounds on connections.
    pub limits: Limits,
    /// How long calls may go on after a stop was asked for.
    pub drain: Duration,
    /// At which local time the doors open. Without a scenario it is the beginning of the run too.
    pub at: StartAt,
    /// The scenario whose callers and agents live in the centre: one of the program's by name, or a file's path; `None`:
    /// nobody but those who dial in, and the script's own agents.
    pub scenario: Option<String>,
    /// Seconds of the centre per second of the wall clock; 0.001 to 1,000.
    pub speed: f64,
    /// The folder of the centre; `None`: the default centre.
    pub centre: Option<PathBuf>,
    /// Whether simulated agents take the calls.
    pub agents: bool,
    /// The root of all chance.
    pub seed: u64,
    /// One-time codes and references follow from `seed`, so that they can be foretold: for tests. Otherwise they follow
    /// from a number that was drawn when the records were begun and that nobody is told.
    pub known_codes: bool,
    /// The enrolment registry.
    pub registry: registry::Config,
    /// Where and how call records are written.
    pub records: Records,
    /// Where inputs and events are written for a replay.
    pub journal: Journal,
}

/// Bounds on connections: what one caller can cost the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections at once.
    pub max_sessions: usize,
    /// A connection without call and without message is closed after this.
    pub idle: Duration,
    /// How often a connection is asked whether it lives; three unanswered questions end it.
    pub keepalive: Duration,
    /// How long one message may take to leave.
    pub write_timeout: Duration,
    /// Messages that may wait for one caller.
    pub outbox: usize,
    /// Inputs that may wait for the centre.
    pub input_queue: usize,
}

/// Where and how call records are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Records {
    /// The folder of the database.
    pub dir: PathBuf,
    /// Records per transaction, at most.
    pub group: usize,
    /// How long the first record of a group waits for more.
    pub group_wait: Duration,
    /// How many records and other lines may wait in memory while the disk is slow or fails.
    pub waiting: usize,
}

/// Where inputs and events are written for a replay, and how much of them. Neither file nor folder: nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Journal {
    /// A new file for this run; its further parts are named after it.
    pub file: Option<PathBuf>,
    /// A folder in which each run begins a journal named after its number. `file` wins.
    pub dir: Option<PathBuf>,
    /// A part that is this many bytes long is closed and another begun.
    pub part: u64,
    /// All journals of the folder, or all parts of the file, stay within this many bytes.
    pub total: u64,
}

impl Default for Journal {
    fn default() -> Journal {
        Journal { file: None, dir: None, part: 64 << 20, total: 4 << 30 }
    }
}

/// At which local time the doors open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartAt {
    /// The time it really is.
    Now,
    /// This local time in the centre's zone.
    Local(jiff::civil::DateTime),
    /// This time of the scenario's first day; without a scenario, of 17 May 2022, an ordinary Tuesday.
    Time(jiff::civil::Time),
}

impl StartAt {
    /// The day meant by a time alone where there is no scenario.
    pub const DAY: jiff::civil::Date = jiff::civil::date(2022, 5, 17);
}

impl std::str::FromStr for StartAt {
    type Err = StartAtError;

    fn from_str(text: &str) -> Result<StartAt, StartAtError> {
        if text == "now" {
            return Ok(StartAt::Now);
        }
        // Of a date and time the calendar library would read the time alone.
        let time = (!text.contains(['-', 'T', 't'])).then(|| text.parse().ok()).flatten().map(StartAt::Time);
        time.or_else(|| text.parse().ok().map(StartAt::Local)).ok_or_else(|| StartAtError(text.to_owned()))
    }
}

/// A time of beginning that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a local time; write one such as \"10:00\" or \"2022-05-17T10:00\", or \"now\"")]
pub struct StartAtError(pub String);

/// The largest frame and message a client may send, in bytes: a hundred times the largest message of the protocol.
pub const MAX_FRAME: usize = 64 * 1024;

impl Default for Config {
    fn default() -> Config {
        Config {
            addr: SocketAddr::from(([127, 0, 0, 1], 7700)),
            limits: Limits::default(),
            drain: Duration::from_secs(30),
            at: StartAt::Time(jiff::civil::time(10, 0, 0, 0)),
            scenario: None,
            speed: 1.0,
            centre: None,
            agents: true,
            seed: 1,
            known_codes: false,
            registry: registry::Config::default(),
            records: Records::default(),
            journal: Journal::default(),
        }
    }
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            max_sessions: 10_000,
            idle: Duration::from_mins(2),
            keepalive: Duration::from_secs(30),
            write_timeout: Duration::from_secs(10),
            outbox: 256,
            input_queue: 4_096,
        }
    }
}

impl Default for Records {
    fn default() -> Records {
        Records { dir: PathBuf::from("hatif-data"), group: 512, group_wait: Duration::from_millis(3), waiting: 50_000 }
    }
}
