//! Read models: call records, totals and log lines, all folded from events and from nothing else, so that they cannot
//! disagree.
//!
//! ```text
//! events ──► cdr::Fold ──► Cdr (one per finished call) ──► measure::Totals
//!        └─► describe::Narrator ──► one line of text per event
//! ```
//!
//! Imports `engine` (events alone), `script` (names), `time` and `id`. Never enters: the engine's state, a file, a clock,
//! a secret digit (events carry none).

pub mod cdr;
pub mod describe;
pub mod measure;

pub use cdr::Cdr;
pub use describe::Narrator;
