//! The pure centre: a state machine that is told what happens and says what follows.
//!
//! **The drain rule.** After every [`Engine::handle`] (and after [`Engine::advance`]), call [`Engine::poll`] until it returns
//! [`Output::Timeout`]; then wait for an input or for that instant, whichever is first. Inputs come in rising order of time.
//! What is due at the instant of an input happens before the input.

pub mod event;
pub mod input;
pub mod output;

pub use event::{Event, Fact};
pub use input::Input;
pub use output::{Command, Output};

use std::sync::Arc;

use crate::{
    id::CallId,
    random::Seed,
    script::Script,
    time::{Instant, LocalClock},
};

/// A contact centre without clock, sockets, registry or people.
#[derive(Clone, Debug)]
pub struct Engine {}

impl Engine {
    /// A centre that runs `script` as version 1, with nobody on duty.
    pub fn new(script: Arc<Script>, clock: LocalClock, seed: Seed) -> Engine {
        let _ = (script, clock, seed);
        Engine {}
    }
    /// First lets everything happen that is due at or before `now`, each at its own instant, then `input`. For
    /// [`Input::CallArrived`] the id of the new call; `None` when it was refused, and for all other inputs.
    pub fn handle(&mut self, now: Instant, input: Input) -> Option<CallId> {
        let _ = (now, input);
        None
    }
    /// Lets everything happen that is due at or before `now`.
    pub fn advance(&mut self, now: Instant) {
        let _ = now;
    }
    /// The next output; see the drain rule.
    pub fn poll(&mut self) -> Output {
        Output::Timeout(None)
    }
    /// When the engine wants to be woken, without draining.
    pub fn next_deadline(&self) -> Option<Instant> {
        None
    }
    /// The script version a call runs on.
    pub fn script_of(&self, call: CallId) -> Option<&Arc<Script>> {
        let _ = call;
        None
    }
    /// Whether the digits this call keys now are secret (for journals and logs).
    pub fn listens_secretly(&self, call: CallId) -> bool {
        let _ = call;
        false
    }
}
