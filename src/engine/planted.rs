//! Faults planted in the engine for tests of what becomes of the others. One thread's, and each strikes once.

use std::cell::Cell;

use super::Input;

/// What the next fault strikes at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A star that a caller presses.
    Star,
    /// A call that arrives.
    Arrival,
    /// An answer of a service.
    Reply,
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
        _ => return,
    };
    if PLANTED.get() == Some(fault) {
        PLANTED.set(None);
        panic!("a planted fault");
    }
}
