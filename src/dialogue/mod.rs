//! Dialogue tests: what is pressed, and what must be heard.
//!
//! ```text
//!  text ─ read ─► Dialogue ─► Talk ◄── messages of the call protocol ──┬── rehearse: a World, virtual time, agents on a lead
//!  keys ─ keys ─►    ▲         │  ──── keys, hang-ups, next deadline ─►└── on_line:  a websocket, real time
//!  call ─ write ─────┘         └─► Run, Failure (report)
//! ```
//!
//! One caller, [`Talk`], follows a dialogue whoever carries her messages; so a dialogue means the same in virtual time and
//! over a socket. The format is described in `docs/dialogues.md`.
//!
//! Imports `client` (what a caller knows), `live::protocol` and `live::say` (how engine commands become messages), `world`,
//! `registry`, `script`. Never enters: a clock, printing, the choice of files (that is `cli::test`).

mod duty;
mod fields;
mod keys;
mod line;
mod model;
mod names;
mod on_line;
mod people;
mod read;
mod rehearse;
pub mod report;
mod talk;
mod words;
mod write;

pub use keys::{KEYS_HELP, KeysError, expectation, steps_of_keys};
pub use model::{
    Bound, Deed, Dialogue, Duty, Edit, Faulty, Free, Habits, Hear, Moment, PersonWish, ServiceFault, Step, Text, Verb,
};
pub use on_line::{Broken, OnLine, Pace, Passing, drive, run_on_line};
pub use people::People;
pub use read::{DEFAULT_MOMENT, read};
pub use rehearse::{Theatre, TheatreError};
pub use report::{Count, Failure, Outcome, Run};
pub use talk::{Spoken, Talk, Todo};
pub use words::Words;
pub use write::Recorder;
