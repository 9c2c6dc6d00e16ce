//! What a run found, for people: a table of text, and one HTML page that needs no network; for programs: JSON, CSV, Parquet.
//!
//! ```text
//! Summary ──► text::summary     (for a terminal)
//!         ├─► html::page        (cards, charts, tables, the menu tree coloured by where callers are lost)
//!         └─► files::write      (all of it, in a folder)
//! CallRow ──► calls::CallsFile  (Parquet, a row a call)
//! ```
//!
//! Imports `sim` (what was found), `stats`, `scenario`, `script` (the menu tree), `theory` (agents needed), `record`, `time`,
//! `id`. Never enters: a running world, a clock: the same run gives the same bytes.

mod calls;
pub mod cell;
pub mod chart;
pub mod files;
pub mod html;
mod need;
mod sweep_chart;
mod tables;
pub mod text;
mod tree;

pub use files::{OutputError, write, write_comparison, write_sweep};
