//! Everything that is wrong with a scenario.

use std::fmt;

use crate::script::{Source, diagnostic::Diagnostic, diagnostics_json, render_diagnostics};

/// A scenario that cannot be used: every mistake in it, with the texts the mistakes are in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems {
    /// What the report calls the scenario.
    pub name: String,
    /// The mistakes: the scenario's file first, then those it is like, then `--set`; within a file in the order of the text.
    pub found: Vec<Diagnostic>,
    /// The texts of the files.
    pub source: Source,
}

impl Problems {
    /// The mistakes as `hatif check` writes them, with or without colours.
    pub fn render(&self, colour: bool) -> String {
        render_diagnostics(&self.source, &self.found, colour)
    }

    /// The mistakes for programs, as [`diagnostics_json`] writes them.
    pub fn json(&self) -> String {
        diagnostics_json(&self.source, &self.found)
    }
}

impl std::error::Error for Problems {}

impl fmt::Display for Problems {
    /// Reason, file, line, column, the line itself and the way out of each, then how many there are.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "the scenario `{}` cannot be used\n{}", self.name, self.render(false))?;
        match self.found.len() {
            1 => write!(f, "\n1 mistake; nothing was run"),
            n => write!(f, "\n{n} mistakes; nothing was run"),
        }
    }
}
