//! The script language: from text as written to a checked, immutable [`Script`].
//!
//! May import `time` and `id`. What never enters: the engine, sockets, clocks, randomness.

pub mod calendar;
pub mod catalogue;
pub mod diagnostic;
pub mod model;
pub mod prompts;
pub mod value;
pub mod versions;

pub use model::Script;
pub use versions::Versions;
