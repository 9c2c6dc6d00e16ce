//! What all calls of a run share, and how a call breaks.

use std::cell::RefCell;

use tokio::time::Instant as Wall;
use tokio_util::sync::CancellationToken;

use super::{
    clock,
    latency::Measure,
    sockets::{Socket, Sockets},
    tally::Tally,
};
use crate::client::{Link, LinkError, Wiring};

/// What all calls share. Everything runs on one thread, so that nothing is locked.
#[derive(Debug)]
pub struct Hall {
    /// Where to call.
    pub url: String,
    /// How connections are made.
    pub wiring: Wiring,
    /// How long an answer is waited for.
    pub patience: std::time::Duration,
    /// What happened.
    pub tally: RefCell<Tally>,
    /// What is left of them.
    pub sockets: Sockets,
    /// No call is begun any more.
    pub closing: CancellationToken,
    /// Calls in progress hang up.
    pub hang_up: CancellationToken,
    /// The run is over: what is still in progress has failed.
    pub over: CancellationToken,
}

/// How a call breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Breach {
    /// Anything that ought not to happen, in words.
    Failed(String),
    /// The server takes no connection and says so: as good as a refusal of the call.
    Turned(&'static str),
}

/// The reason on report where the connection, not the call, was refused.
pub const CONNECTION: &str = "connection";

/// What is said of a call that was still in progress when the run was over.
const LEFT_OVER: &str = "not over when the run was";

impl Hall {
    /// The time of the run is over: whoever is on a call hangs up.
    pub fn end_calls(&self) {
        let mut tally = self.tally.borrow_mut();
        tally.calls.hung_up = tally.in_progress;
        self.hang_up.cancel();
    }

    /// Takes note of the time since `due`.
    pub fn note(&self, measure: Measure, due: Wall) {
        let took = clock::wall().saturating_duration_since(due);
        self.tally.borrow_mut().note(measure, took);
    }

    /// Takes note of an answer that was waited for in vain since `due`: as of one that took the whole patience, or as long
    /// as it was waited for. Left out, the percentiles would get better with every answer that does not come.
    pub fn in_vain(&self, measure: Measure, due: Option<Wall>) {
        let Some(due) = due else { return };
        let took = clock::wall().saturating_duration_since(due).max(self.patience);
        self.tally.borrow_mut().note(measure, took);
    }

    /// Does something of a call until the run is over: then the call has failed.
    ///
    /// # Errors
    /// That of what is done, or that the run is over.
    pub async fn until_over<T>(&self, what: impl Future<Output = Result<T, Breach>>) -> Result<T, Breach> {
        tokio::select! {
            biased;
            done = what => done,
            () = self.over.cancelled() => Err(failed(LEFT_OVER)),
        }
    }

    /// Connects, and takes note of how long it took since the call was due.
    pub async fn connect(&self, socket: &Socket, due: Wall) -> Result<Link, Breach> {
        let wiring = Wiring { local: socket.local, ..self.wiring.clone() };
        let connect = async {
            match tokio::time::timeout(self.patience, Link::wired(&self.url, &wiring)).await {
                Ok(Ok(link)) => Ok(link),
                Ok(Err(error)) => Err(breach(&error)),
                Err(_) => Err(failed("no connection in time")),
            }
        };
        let connected = self.until_over(connect).await;
        match &connected {
            Ok(_) => self.note(Measure::Connect, due),
            Err(Breach::Failed(_)) => {
                self.in_vain(Measure::Connect, Some(due));
                self.in_vain(Measure::Dial, Some(due));
            }
            Err(Breach::Turned(_)) => {}
        }
        connected
    }

    /// Counts a call that broke. `id`: it had got that far.
    pub fn broke(&self, breach: &Breach, id: Option<(u64, u64)>, due: Wall) {
        match breach {
            Breach::Failed(why) => self.tally.borrow_mut().failed(id, why),
            Breach::Turned(reason) => {
                self.note(Measure::Refusal, due);
                self.tally.borrow_mut().refused("", reason);
            }
        }
    }
}

/// Whether no call can ever be made so: the address, or what was given for access, is wrong.
pub fn is_hopeless(error: &LinkError) -> bool {
    let wrong = matches!(
        error,
        LinkError::BadUrl { .. } | LinkError::Access(_) | LinkError::Denied { .. } | LinkError::NotACentre { .. }
    );
    wrong && !matches!(breach(error), Breach::Turned(_))
}

/// What the failure of a connection means.
pub fn breach(error: &LinkError) -> Breach {
    use std::io::ErrorKind;
    let words = match error {
        LinkError::Unreachable { error, .. } => match (error.kind(), error.raw_os_error()) {
            (ErrorKind::ConnectionRefused, _) => "connection refused".to_owned(),
            (ErrorKind::AddrNotAvailable, _) => {
                "no port left on the calling address; use --reuse or several --local".to_owned()
            }
            // EMFILE and ENFILE.
            (_, Some(23 | 24)) => "no file descriptor left".to_owned(),
            _ => format!("cannot connect: {}", error.kind()),
        },
        LinkError::NotACentre { why, .. } if why.contains("503") => return Breach::Turned(CONNECTION),
        LinkError::Denied { status: 429, .. } => return Breach::Turned(CONNECTION),
        LinkError::Denied { status, .. } => format!("the centre lets nobody in (status {status})"),
        LinkError::Access(_) => "the connection could not be secured".to_owned(),
        LinkError::NotACentre { why, .. } => format!("handshake: {why}"),
        // "Try again later".
        LinkError::Closed { code: 1013, .. } => return Breach::Turned(CONNECTION),
        LinkError::Closed { code, reason } if reason.is_empty() => format!("closed with code {code}"),
        LinkError::Closed { code, reason } => format!("closed with code {code} ({reason})"),
        LinkError::Broken(_) => "the connection broke".to_owned(),
        LinkError::NotUnderstood { .. } => "not understood".to_owned(),
        LinkError::BadUrl { .. } => "not an address".to_owned(),
    };
    Breach::Failed(words)
}

/// A breach in words of the generator's own.
pub fn failed(words: &str) -> Breach {
    Breach::Failed(words.to_owned())
}

/// The reason of a refusal that an `error` to `dial` is; `None`: it is none.
pub fn refusal_of(code: &str) -> Option<&str> {
    matches!(code, "busy" | "closing").then_some(code)
}

/// So long is far enough off to mean never.
pub const FAR: std::time::Duration = std::time::Duration::from_secs(10 * 365 * 86_400);
