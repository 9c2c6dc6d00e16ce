//! Faults planted in the engine for tests of what becomes of the others. One thread's, and each strikes once.

use std::cell::Cell;

use super::{Input, timer::Timer};

/// What the next fault strikes at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A star that a caller presses.
    Star,
    /// A call that arrives.
    Arrival,
    /// An answer of a service.
    Reply,
    /// A call just offered.
    Offered,
    /// A deadline of a call.
    Deadline,
    /// An agent who picks up.
    PickUp,
    /// An agent who comes on duty.
    Duty,
    /// A service asked late.
    LateAnswer,
}

thread_local! {
    static PLANTED: Cell<Option<Fault>> = const { Cell::new(None) };
}

/// The next such input of this thread panics.
pub(crate) fn plant(fault: Fault) {
    PLANTED.set(Some(fault));
}

/// Panics where a fault is planted for this input.
pub(super) fn strike(input: &Input) {
    let fault = match input {
        Input::Dtmf { key, .. } if key.as_char() == '*' => Fault::Star,
        Input::CallArrived { .. } => Fault::Arrival,
        Input::Replied { .. } => Fault::Reply,
        Input::AgentAnswered { .. } => Fault::PickUp,
        Input::AgentLoggedIn { .. } => Fault::Duty,
        _ => return,
    };
    strike_at(fault);
}

/// Panics where a fault is planted for a deadline of a call.
pub(super) fn strike_timer(timer: Timer) {
    if timer.call().is_some() {
        strike_at(Fault::Deadline);
    }
}

/// Panics where this fault is planted.
pub(crate) fn strike_at(fault: Fault) {
    if PLANTED.get() == Some(fault) {
        PLANTED.set(None);
        panic!("a planted fault");
    }
}
