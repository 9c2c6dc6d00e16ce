//! Exact results of queueing theory, and staffing by formula.
//!
//! | model | what it has | file |
//! | --- | --- | --- |
//! | Erlang B | who finds no free agent is lost | [`erlang_b`] |
//! | Erlang C | everybody waits for ever | [`ErlangC`] |
//! | Erlang A, M/M/n/K+M with balking | exponential patience, bounded lines, some do not join | [`Impatient`] |
//! | M/M/n+G | any patience | [`AnyPatience`] with [`Patience`] |
//! | M/D/n, M/G/1 | handle times that are not exponential | [`constant_handling_wait`], [`single_agent_wait`] |
//! | priorities | classes, first come first served within one | [`priority_waits`] |
//! | N-design | two classes, one pool that serves both | [`NDesign`] |
//! | limits | many agents: Halfin–Whitt, Garnett | [`limits`] |
//! | M_t/M/∞ | load that moves with the day | [`Sinusoid`] |
//! | Poisson–gamma | days that differ | [`DayFactor`] |
//!
//! Times are plain numbers in one unit of the caller's choice, rates are per that unit. All results are steady state and
//! exact up to rounding (about 1e-12); nothing is simulated. Sums run outward from the most likely state and never need
//! a factorial, so thousands of agents are no difficulty.
//!
//! Imports `time` alone. Never enters: chance, the engine.

use std::fmt;

mod any_patience;
mod day_factor;
mod erlang;
mod impatient;
mod integral;
pub mod limits;
mod n_design;
mod other;
mod patience;
mod sinusoid;
mod staffing;

pub use any_patience::AnyPatience;
pub use day_factor::DayFactor;
pub use erlang::{ErlangC, erlang_b};
pub use impatient::{Impatient, Line};
pub use n_design::{Class, NDesign, NDesignFigures};
pub use other::{constant_handling_wait, priority_waits, single_agent_wait};
pub use patience::Patience;
pub use sinusoid::Sinusoid;
pub use staffing::{Formula, Need, Target, Traffic, agents_needed, scheduled};

/// Why a formula has no answer.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Error {
    /// A number out of its range.
    #[error("{what} is {value}, but must be {must}")]
    OutOfRange {
        /// Which number.
        what: &'static str,
        /// What it is.
        value: f64,
        /// What it may be.
        must: &'static str,
    },
    /// The queue would grow without end.
    #[error(
        "{load:.2} erlangs for {agents} agents: the queue grows without end, since nobody gives up; add agents, or let \
         callers have a patience"
    )]
    Unstable {
        /// Work that arrives, in agents kept busy.
        load: f64,
        /// Agents.
        agents: u32,
    },
    /// A target that this formula knows nothing about, or that no number of agents reaches.
    #[error("{0}")]
    Target(String),
}

/// A number that is finite and above zero.
fn positive(what: &'static str, value: f64) -> Result<f64, Error> {
    within(what, value, value.is_finite() && value > 0.0, "a finite number above 0")
}

/// A share that is at least 0 and below 1.
fn share_below_one(what: &'static str, value: f64) -> Result<f64, Error> {
    within(what, value, (0.0..1.0).contains(&value), "at least 0 and below 1")
}

fn within(what: &'static str, value: f64, holds: bool, must: &'static str) -> Result<f64, Error> {
    if holds { Ok(value) } else { Err(Error::OutOfRange { what, value, must }) }
}

impl fmt::Display for Formula {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Formula::B => "Erlang B",
            Formula::C => "Erlang C",
            Formula::A => "Erlang A",
        })
    }
}
