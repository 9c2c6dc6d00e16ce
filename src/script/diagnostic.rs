//! What is wrong with a centre's files: each problem with its place, its reason and the way out.

use std::{ops::Range, sync::Arc};

use serde::Serialize;

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The script cannot be published.
    Error,
    /// It can, but callers will suffer; an error in strict mode.
    Warning,
}

/// One problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Its kind, in kebab case: `unknown-target`. Stable: programs match on it.
    pub code: &'static str,
    /// Error or warning.
    pub severity: Severity,
    /// Path inside the centre, `flows/main.toml`.
    pub file: Arc<str>,
    /// Bytes of that file the problem is about; empty when it is about the whole file.
    pub span: Range<usize>,
    /// What is wrong, and why it matters, in one sentence.
    pub message: String,
    /// What to do; with the nearest name for a misspelling.
    pub help: Option<String>,
    /// Other places that belong to it ("first defined here").
    pub related: Vec<Related>,
    /// The shortest sequence of keys by which a caller gets there, `1 2 #`; `None` where no caller can.
    pub reached_by: Option<String>,
}

/// Another place that belongs to a problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Related {
    /// Path inside the centre.
    pub file: Arc<str>,
    /// Bytes of that file.
    pub span: Range<usize>,
    /// What it has to do with it.
    pub label: String,
}

impl Diagnostic {
    /// An error at a place.
    pub fn error(code: &'static str, file: &Arc<str>, span: Range<usize>, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            code,
            severity: Severity::Error,
            file: file.clone(),
            span,
            message: message.into(),
            help: None,
            related: Vec::new(),
            reached_by: None,
        }
    }

    /// A warning at a place.
    pub fn warning(code: &'static str, file: &Arc<str>, span: Range<usize>, message: impl Into<String>) -> Diagnostic {
        Diagnostic { severity: Severity::Warning, ..Diagnostic::error(code, file, span, message) }
    }

    /// The same with a way out.
    pub fn help(mut self, help: impl Into<String>) -> Diagnostic {
        self.help = Some(help.into());
        self
    }
}

/// Of `known`, the name nearest to `wrong`, when one is near enough to be a misspelling.
pub fn nearest<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = 1 + wrong.chars().count() / 4;
    let distance = |name: &&str| strsim::osa_distance(wrong, name);
    known.into_iter().filter(|name| distance(name) <= limit).min_by_key(distance)
}
