//! The synthetic callers of a world: people with an intent, who hear what is said, key, wait, lose patience, call again.
//!
//! ```text
//! Birth ──born──► matter ──CallArrived──► on the telephone ──CallEnded──► done, or calls again (attempt + 1)
//!                                          │      ▲    └── a call back was promised ──► Promised ──DialBack──► …
//!                                          └ hear ┘
//! ```
//!
//! How to drive it: [`Crowd::born`] when a birth is due, [`Crowd::wake`] when a plan of [`super::Who::Synthetic`] is due. Where
//! the first input of the wishes is then a [`crate::engine::Input::CallArrived`], it is given to the engine at once and
//! [`Crowd::dialled`] told the id. Of the engine, [`Crowd::hear`] is told every command to a caller's telephone and
//! [`Crowd::notice`] every fact (of which it heeds `CallbackPromised` and `CallEnded` alone); of the services,
//! [`Crowd::text_message`] every one-time code sent.

use std::sync::Arc;

use super::{Wishes, cast::Cast, demand::Birth};
use crate::{
    engine::{Command, Fact},
    id::CallId,
    pii::{Digits, Secret},
    random::Seed,
    registry::Registry,
    script::Script,
    time::{Instant, LocalClock},
};

/// All synthetic callers of a world. Memory is bounded by the matters in progress at a time, whatever has passed.
#[derive(Clone, Debug)]
pub struct Crowd {
    seed: Seed,
}

impl Crowd {
    /// Nobody yet. Intents, languages and personas of `cast` are those of `script`, on which calls begin.
    pub fn new(seed: Seed, _cast: Arc<Cast>, _script: &Arc<Script>, _clock: &LocalClock) -> Crowd {
        Crowd { seed }
    }

    /// Calls begin on this script from now on; intents and languages are found in it by name.
    pub fn publish(&mut self, _script: &Arc<Script>) {}

    /// Somebody new calls: her slot, and her call as the first input of `wishes`. `registry` tells who she is.
    pub fn born(&mut self, _at: Instant, _birth: &Birth, _registry: Option<&Registry>, _wishes: &mut Wishes) -> u32 {
        0
    }

    /// The call just placed by the caller in `slot` has this id; `None`: it was refused.
    pub fn dialled(&mut self, _at: Instant, _slot: u32, _call: Option<CallId>, _wishes: &mut Wishes) {}

    /// A caller's telephone does something. Commands about calls that are not synthetic callers' are ignored.
    pub fn hear(&mut self, _at: Instant, _command: &Command, _registry: Option<&Registry>, _wishes: &mut Wishes) {}

    /// Something happened: of interest are [`Fact::CallbackPromised`] and [`Fact::CallEnded`].
    pub fn notice(&mut self, _at: Instant, _fact: &Fact, _wishes: &mut Wishes) {}

    /// The plan of the caller in `slot` is due. When she calls again, her call is the first input of `wishes`.
    pub fn wake(&mut self, _at: Instant, _slot: u32, _wishes: &mut Wishes) {}

    /// A one-time code reached the telephone of whoever makes this call.
    pub fn text_message(&mut self, _call: CallId, _code: Secret<Digits>) {}

    /// How many matters are in progress: callers on the telephone, those who will call again and those to be called back.
    pub fn matters(&self) -> usize {
        0
    }
}
