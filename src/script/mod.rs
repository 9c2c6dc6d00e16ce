//! The script language: from text as written to a checked, immutable [`Script`].
//!
//! Two stages. *As written*: `tree` reads TOML with the place of every key and value, and `shape` holds it against the
//! tables of `fields`. *As meant*: `resolve` turns names into indices and texts into values. Each stage goes on
//! after a fault, so that [`load`] reports everything at once; a [`Script`] exists only when nothing is wrong.
//!
//! May import `time` and `id`. What never enters: the engine, sockets, clocks, randomness.

use std::sync::Arc;

pub mod calendar;
pub mod catalogue;
mod check;
pub mod diagnostic;
mod draw;
mod expr;
mod fields;
pub mod graph;
mod legs;
mod load;
pub mod model;
pub mod prompts;
mod report;
mod resolve;
mod schema;
pub(crate) mod shape;
mod source;
pub(crate) mod tree;
pub mod value;
pub mod versions;

use diagnostic::Diagnostic;
pub use draw::{Drawing, mermaid, svg};
pub use load::load;
pub use model::Script;
pub use report::{diagnostics_json, render_diagnostics};
pub use schema::json_schema;
pub(crate) use schema::record_schema;
pub use source::{Source, SourceError, embedded_files};
pub use versions::Versions;

/// What reading a centre gave.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The script; there is one exactly when no diagnostic is an error.
    pub script: Option<Arc<Script>>,
    /// Every problem, in the order of file, place and code.
    pub diagnostics: Vec<Diagnostic>,
    /// How much was read.
    pub size: Size,
}

/// How much a centre holds, as far as it could be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// Files.
    pub files: usize,
    /// Nodes of all flows.
    pub nodes: usize,
    /// Prompts.
    pub prompts: usize,
    /// Languages.
    pub languages: usize,
}
