//! What a run found, for people and for programs: tables, HTML with charts, JSON, CSV, Parquet.
//!
//! Imports `record`, `sim`, `stats`, `theory`, `scenario`, `script`, `time`, `id`. Never enters: a running world.

pub mod chart;
pub mod files;
pub mod text;

pub use files::{OutputError, write, write_comparison, write_sweep};
