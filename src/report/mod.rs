//! What a run found, for people: one HTML page that needs no network; for programs: a table of calls.
//!
//! ```text
//! Summary ──► html::page        (cards, charts, tables, the menu tree coloured by where callers are lost)
//! CallRow ──► calls::CallsFile  (Parquet, a row a call)
//! ```
//!
//! Imports `sim` (what was found), `stats`, `script` (the menu tree), `theory` (agents needed), `record`, `time`, `id`.
//! Never enters: a running world, a clock, a file: the same run gives the same bytes.

pub mod calls;
pub mod chart;
pub mod html;
mod tables;
mod tree;
