//! Read models: call records, sums, measures and log lines, all folded from events and from nothing else, so that they cannot
//! disagree.
//!
//! ```text
//! events ──► cdr::Fold ──► Cdr (one per finished call, names in it)
//!        ├─► describe::Narrator ──► one line of text per event
//!        ├─► row::Rows ──► CallRow (one per finished call, ids in it)
//!        ├─► trace::TraceHash ──► one number for all of it
//!        └─► tally::Tally ──► Sums of Figures ──► measure::CATALOGUE (numerator ÷ denominator)
//! ```
//!
//! Imports `engine` (events alone), `script` (names), `time` and `id`. Never enters: the engine's state, a file, a clock,
//! a secret digit (events carry none).

pub mod cdr;
pub mod describe;
pub mod figures;
pub mod measure;
pub mod row;
pub mod tally;
pub mod trace;
pub mod waits;
pub mod warn;
mod window;

pub use cdr::Cdr;
pub use describe::Narrator;
pub use figures::{Field, Figures};
pub use row::{CallRow, Rows};
pub use tally::{Sums, Tally, TallyRules};
pub use trace::TraceHash;
pub use waits::Waits;
pub use warn::Warning;
