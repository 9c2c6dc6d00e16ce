//! What can be chosen about the live server. Defaults and their reasons stand in `config/hatif.toml`.

use std::{net::SocketAddr, path::PathBuf};

use crate::{registry, time::Duration};

/// Settings of the live server.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Where callers connect; port 0 takes any free port.
    pub addr: SocketAddr,
    /// Bounds on connections and calls.
    pub limits: Limits,
    /// Who may connect, and how.
    pub security: Security,
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
    /// One-time codes follow from `seed`, so that they can be foretold: for tests. Otherwise they follow, as references and
    /// marks always do, from a number that was drawn when the records were begun and that nobody is told.
    pub known_codes: bool,
    /// Verdicts of identity checks are told when they are on the disk. False only where time does not wait for a disk: in
    /// tests whose clock stands still.
    pub hold_verdicts: bool,
    /// The enrolment registry.
    pub registry: registry::Config,
    /// Where and how call records are written.
    pub records: Records,
    /// Where inputs and events are written for a replay.
    pub journal: Journal,
    /// Serve `/echo`, which sends back what it is sent: for tests of websocket conformance.
    pub echo: bool,
}

/// Bounds on connections and calls: what one caller can cost the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// TCP connections at once, whatever they are for.
    pub max_connections: usize,
    /// Telephones connected at once.
    pub max_sessions: usize,
    /// Calls of people in progress at once.
    pub max_calls: usize,
    /// Connections of one address at once; of IPv6, of one /64.
    pub per_address: usize,
    /// Calls in progress of one address at once.
    pub calls_per_address: usize,
    /// This machine's own address counts like any other.
    pub limit_loopback: bool,
    /// Calls in progress of one calling number.
    pub per_number: usize,
    /// Dials a minute of one calling number.
    pub per_number_rate: u32,
    /// Messages a second on one connection, on average.
    pub messages_per_second: u32,
    /// A dial that waited longer for the centre, while others do too, is refused.
    pub max_lag: Duration,
    /// From accepting a connection to the end of its request's head.
    pub handshake: Duration,
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
    /// Listeners of the event feed at once.
    pub max_listeners: usize,
    /// Messages that may wait for one listener of the event feed; one who reads no faster misses events and is told so.
    pub listener_queue: usize,
}

/// Who may connect, and how.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Security {
    /// The file of tokens; `None`: whoever reaches the address may do everything, which only a loopback address allows.
    pub tokens: Option<PathBuf>,
    /// Origins of web pages that may connect, such as `https://desk.example`, beside the server's own.
    pub origins: Vec<String>,
    /// Certificate and key, PEM files; `None`: no TLS.
    pub tls: Option<TlsFiles>,
    /// Whether callers are shown the texts of one-time codes.
    pub show_codes: ShowCodes,
}

/// Whether callers are shown the texts of one-time codes, in place of the telephone on file. Where they are not, none is sent:
/// the last digits of the card are asked instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum ShowCodes {
    /// While the server listens on a loopback address, for trying it out.
    #[default]
    Loopback,
    /// On any address: then a code proves nothing.
    Always,
    /// Never.
    Never,
}

impl ShowCodes {
    /// Whether they are shown by a server that listens there.
    pub fn on(self, addr: SocketAddr) -> bool {
        match self {
            ShowCodes::Loopback => addr.ip().to_canonical().is_loopback(),
            ShowCodes::Always => true,
            ShowCodes::Never => false,
        }
    }
}

impl std::str::FromStr for ShowCodes {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<ShowCodes, &'static str> {
        match text {
            "loopback" => Ok(ShowCodes::Loopback),
            "always" => Ok(ShowCodes::Always),
            "never" => Ok(ShowCodes::Never),
            _ => Err("choose \"loopback\", \"always\" or \"never\""),
        }
    }
}

/// Where certificate and key stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The server's certificate and those that lead to its authority, PEM.
    pub cert: PathBuf,
    /// Its key, PEM.
    pub key: PathBuf,
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
            security: Security::default(),
            drain: Duration::from_secs(30),
            at: StartAt::Time(jiff::civil::time(10, 0, 0, 0)),
            scenario: None,
            speed: 1.0,
            centre: None,
            agents: true,
            seed: 1,
            known_codes: false,
            hold_verdicts: true,
            registry: registry::Config::default(),
            records: Records::default(),
            journal: Journal::default(),
            echo: false,
        }
    }
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            max_connections: 12_000,
            max_sessions: 10_000,
            max_calls: 10_000,
            per_address: 256,
            calls_per_address: 128,
            limit_loopback: false,
            per_number: 16,
            per_number_rate: 60,
            messages_per_second: 50,
            max_lag: Duration::from_millis(50),
            handshake: Duration::from_secs(5),
            idle: Duration::from_mins(2),
            keepalive: Duration::from_secs(30),
            write_timeout: Duration::from_secs(5),
            outbox: 256,
            input_queue: 4_096,
            max_listeners: 16,
            listener_queue: 1_024,
        }
    }
}

impl Default for Records {
    fn default() -> Records {
        Records { dir: PathBuf::from("hatif-data"), group: 512, group_wait: Duration::from_millis(3), waiting: 50_000 }
    }
}
