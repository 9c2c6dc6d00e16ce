//! What was turned away, counted: plain numbers anybody may read while the server runs.

use std::sync::atomic::{AtomicU64, Ordering};

use super::protocol::RefusalReason;

/// Why a connection did not become what it wanted to be, or was ended by us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TurnedAway {
    /// There were as many connections as there may be.
    Connections,
    /// Its address had as many as it may have.
    Address,
    /// There were as many telephones as there may be.
    Sessions,
    /// It did not become a telephone, and asked nothing, in time.
    Handshake,
    /// TLS failed.
    Tls,
    /// A web page of another origin sent it, or it came under a foreign name.
    Origin,
    /// Its token is missing or unknown.
    Token,
    /// Its token is for something else.
    Scope,
    /// Too many wrong tokens came from its address.
    Guesses,
    /// It did not read what it was sent.
    TooSlow,
    /// It sent more than it may.
    TooFast,
    /// It broke the websocket protocol, or its request could be read in two ways.
    Protocol,
}

impl TurnedAway {
    /// Every reason, in the order of the type.
    pub const ALL: [TurnedAway; 12] = {
        use TurnedAway::{
            Address, Connections, Guesses, Handshake, Origin, Protocol, Scope, Sessions, Tls, Token, TooFast, TooSlow,
        };
        [Connections, Address, Sessions, Handshake, Tls, Origin, Token, Scope, Guesses, TooSlow, TooFast, Protocol]
    };

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            TurnedAway::Connections => "connections",
            TurnedAway::Address => "address",
            TurnedAway::Sessions => "sessions",
            TurnedAway::Handshake => "handshake",
            TurnedAway::Tls => "tls",
            TurnedAway::Origin => "origin",
            TurnedAway::Token => "token",
            TurnedAway::Scope => "scope",
            TurnedAway::Guesses => "guesses",
            TurnedAway::TooSlow => "too_slow",
            TurnedAway::TooFast => "too_fast",
            TurnedAway::Protocol => "protocol",
        }
    }
}

/// Counts of one run of the server.
#[derive(Debug, Default)]
pub struct Counts {
    refused: [AtomicU64; RefusalReason::ALL.len()],
    turned_away: [AtomicU64; TurnedAway::ALL.len()],
    /// TCP connections that are open now.
    pub connections: AtomicU64,
    /// Calls that a fault of this program ended.
    pub failed_calls: AtomicU64,
}

impl Counts {
    /// A dial was refused; which refusal of this run it is, from 1.
    pub fn refuse(&self, reason: RefusalReason) -> u64 {
        self.refused[reason as usize].fetch_add(1, Ordering::Relaxed) + 1
    }

    /// A connection was turned away.
    pub fn turn_away(&self, why: TurnedAway) {
        self.turned_away[why as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// Dials refused for a reason.
    pub fn refused(&self, reason: RefusalReason) -> u64 {
        self.refused[reason as usize].load(Ordering::Relaxed)
    }

    /// Connections turned away for a reason.
    pub fn turned_away(&self, why: TurnedAway) -> u64 {
        self.turned_away[why as usize].load(Ordering::Relaxed)
    }

    /// Dials refused for whatever reason.
    pub fn refused_in_all(&self) -> u64 {
        RefusalReason::ALL.iter().map(|&reason| self.refused(reason)).sum()
    }
}
