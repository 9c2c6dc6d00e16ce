//! Driver 1: the world without any clock, as fast as the processor allows.
//!
//! ```text
//! Scenario ──► Stage (registry, population: built once) ──► crew: replications on all cores, taken in order
//!                                                            └──► Summary · Comparison · Sweep
//! ```
//!
//! Imports `scenario`, `world`, `people`, `record` (the tally), `stats`, `registry` (names of
//! regions), `script` (names of nodes), `engine` (events). Never enters: a clock, a
//! socket, tokio, a file, a printed line. Threads are known to [`crew`] alone: what the others say does not depend on how
//! many there are.

pub mod axis;
pub mod compare;
pub mod crew;
pub mod gather;
pub mod paths;
pub mod play;
pub mod quantiles;
pub mod replicate;
pub mod staff;
pub mod summary;
pub mod sweep;
pub mod trace;
pub mod warn;
mod weekday;

use crate::{
    engine::Event,
    people::Caller,
    time::Instant,
    world::{Notice, World},
};

/// Adds `callers` and runs the world until `until`, handing every notice to `sink` as it is told.
pub fn run(world: &mut World, callers: impl IntoIterator<Item = Caller>, until: Instant, mut sink: impl FnMut(Notice)) {
    for caller in callers {
        world.add_caller(caller);
    }
    let mut tell = |world: &mut World| {
        while let Some(notice) = world.poll() {
            sink(notice);
        }
    };
    tell(world);
    // Step by step, so that what is told never piles up.
    while let Some(next) = world.next_deadline().filter(|next| *next <= until) {
        world.advance_to(next);
        tell(world);
    }
    world.advance_to(until);
    tell(world);
}

/// Adds `callers`, runs the world until `until` and gives what happened.
pub fn events(world: &mut World, callers: impl IntoIterator<Item = Caller>, until: Instant) -> Vec<Event> {
    let mut events = Vec::new();
    run(world, callers, until, |notice| {
        if let Notice::Event(event) = notice {
            events.push(event);
        }
    });
    events
}
