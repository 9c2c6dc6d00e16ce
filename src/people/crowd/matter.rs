//! What a caller is on the telephone for: from her first call about it until she has it, gives up, or was called back.

use super::{mind::Mind, mind::Someone};
use crate::{
    id::CallId,
    pii::{CallerNumber, Digits},
    time::Instant,
};

/// Where a matter stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Her call is being placed.
    Dialling,
    /// She is on the telephone.
    OnTelephone,
    /// She waits to be called back.
    Idle,
    /// Her telephone rings, and she will pick up.
    Ringing(CallId),
    /// She will call again.
    CallsAgain,
    /// The slot is free.
    Free,
}

/// A matter in progress.
#[derive(Clone, Debug)]
pub(super) struct Matter {
    pub(super) mind: Mind,
    pub(super) me: Someone,
    /// The call she is on; `None`: none.
    pub(super) call: Option<CallId>,
    /// Her number; `None`: withheld.
    pub(super) number: Option<CallerNumber>,
    /// What she wants and speaks, in the words of the cast.
    pub(super) intent: Option<u16>,
    pub(super) language: u8,
    pub(super) persona: u16,
    pub(super) edition: u32,
    pub(super) state: State,
    /// Calls back that were promised and are not over.
    pub(super) promises: u8,
    /// How often she was dialled back.
    pub(super) dialled_back: u8,
    /// She has what she wanted, or a promise of it.
    pub(super) settled: bool,
    /// When she picks up or calls again.
    pub(super) acts_at: Instant,
    /// When she has asked to be woken; [`Instant::NEVER`]: not at all.
    pub(super) planned: Instant,
}

impl Matter {
    /// When she wants to be woken; [`Instant::NEVER`]: not at all.
    pub(super) fn due(&self) -> Instant {
        match self.state {
            State::OnTelephone => self.mind.due().unwrap_or(Instant::NEVER),
            State::Ringing(_) | State::CallsAgain => self.acts_at,
            State::Dialling | State::Idle | State::Free => Instant::NEVER,
        }
    }
}

/// Digits of every synthetic caller's number. They begin with three zeros, as no number does that can be dialled.
const NUMBER_DIGITS: usize = 13;
/// Numbers of people outside the registry, and of those who try other people's numbers.
const OUTSIDE: u64 = 9_000_000_000;
const PROBES: u64 = 8_000_000_000;

/// The number of somebody in the registry: her own, ending as the phone on file does.
pub(super) fn number_on_file(person: u32, tail: Option<Digits>) -> CallerNumber {
    let tail = tail.map_or(u64::from(person) % 100, Digits::as_number);
    fictional(u64::from(person) * 100 + tail)
}

/// The number of somebody the registry does not know.
pub(super) fn number_outside(bits: u64) -> CallerNumber {
    fictional(OUTSIDE + bits % 1_000_000_000)
}

/// The number of one of the telephones from which numbers are tried.
pub(super) fn number_of_probe(telephone: u64) -> CallerNumber {
    fictional(PROBES + telephone % 1_000_000_000)
}

fn fictional(value: u64) -> CallerNumber {
    CallerNumber::new(Digits::from_number(value, NUMBER_DIGITS).unwrap_or_default())
}
