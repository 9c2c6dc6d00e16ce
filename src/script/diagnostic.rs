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

/// Line and column of a byte of a text, both from 1, columns in characters. A byte inside a character counts as its first,
/// one beyond the text as its end.
pub fn line_and_column(text: &str, at: usize) -> (usize, usize) {
    let before = &text[..text.floor_char_boundary(at.min(text.len()))];
    let line_start = before.rfind('\n').map_or(0, |i| i + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

/// The longest word, in bytes, for which a name is looked for: comparing takes time by its length, and no name is so long.
const LONGEST: usize = 100;

/// Of `known`, the name nearest to `wrong`, when one is near enough to be a misspelling.
pub fn nearest<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if wrong.len() > LONGEST {
        return None;
    }
    let limit = 1 + wrong.chars().count() / 4;
    let distance = |name: &&str| strsim::osa_distance(wrong, name);
    known.into_iter().filter(|name| distance(name) <= limit).min_by_key(distance)
}
