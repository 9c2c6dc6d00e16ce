//! What came of dialogues: for people as text, for programs as JSON.

use std::{
    fmt::{self, Write as _},
    sync::Arc,
};

use serde_json::{Value, json};

use crate::time::Instant;

/// What came of one run of a dialogue.
#[derive(Clone, Debug)]
pub struct Run {
    /// The file.
    pub file: Arc<str>,
    /// The line the dialogue begins on.
    pub line: u32,
    /// The dialogue's name, with the language of the run: `status [fr]`.
    pub name: String,
    /// What came of it.
    pub result: Outcome,
    /// How long it took, by the centre's clock.
    pub took: Instant,
}

/// What came of it.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// Everything went as the dialogue says.
    Passed,
    /// Something did not.
    Failed(Box<Failure>),
    /// It cannot be run this way.
    Skipped(String),
}

/// A step that did not go as the dialogue says.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Which step, from 1; `None`: before the first or after the last.
    pub step: Option<usize>,
    /// Its line.
    pub line: Option<u32>,
    /// As written.
    pub source: Option<String>,
    /// When, counted from the beginning of the call.
    pub at: Instant,
    /// Where the call was.
    pub node: Option<String>,
    /// What was to happen.
    pub expected: String,
    /// What happened.
    pub instead: String,
    /// What happened before, oldest first.
    pub trail: Vec<(Instant, String)>,
}

impl Failure {
    /// A failure outside the steps.
    pub fn outside(at: Instant, expected: impl Into<String>, instead: impl Into<String>) -> Box<Failure> {
        Box::new(Failure {
            step: None,
            line: None,
            source: None,
            at,
            node: None,
            expected: expected.into(),
            instead: instead.into(),
            trail: Vec::new(),
        })
    }

    /// The same with times counted from `zero`.
    pub fn counted_from(mut self: Box<Failure>, zero: Instant) -> Box<Failure> {
        let count = |at: Instant| Instant::ZERO + at.since(zero);
        self.at = count(self.at);
        self.trail.iter_mut().for_each(|(at, _)| *at = count(*at));
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let (Some(step), Some(line), Some(source)) = (self.step, self.line, &self.source) {
            match line {
                0 => writeln!(f, "  step {step}: {source}")?,
                line => writeln!(f, "  step {step}, line {line}: {source}")?,
            }
        }
        let node = self.node.as_ref().map_or(String::new(), |node| format!(", node {node}"));
        writeln!(f, "  at {:.1} s{node}", self.at.as_secs_f64())?;
        writeln!(f, "    expected: {}", self.expected)?;
        write!(f, "    instead:  {}", self.instead)?;
        if !self.trail.is_empty() {
            write!(f, "\n  what happened until then:")?;
        }
        for (at, line) in &self.trail {
            write!(f, "\n  {:>7.1} s  {}", at.as_secs_f64(), line.trim_start())?;
        }
        Ok(())
    }
}

impl Run {
    /// What a person reads of it; nothing when it passed.
    pub fn text(&self) -> Option<String> {
        let head = format!("{}:{}  {}", self.file, self.line, self.name);
        match &self.result {
            Outcome::Passed => None,
            Outcome::Failed(failure) => Some(format!("FAILED  {head}\n{failure}\n")),
            Outcome::Skipped(reason) => Some(format!("skipped {head}: {reason}")),
        }
    }

    /// What a program reads of it.
    pub fn json(&self) -> Value {
        let (result, failure, reason) = match &self.result {
            Outcome::Passed => ("passed", None, None),
            Outcome::Failed(failure) => ("failed", Some(failure.json()), None),
            Outcome::Skipped(reason) => ("skipped", None, Some(reason)),
        };
        let mut value = json!({
            "file": &*self.file,
            "line": self.line,
            "name": self.name,
            "result": result,
            "seconds": self.took.as_secs_f64(),
        });
        if let Some(failure) = failure {
            value["failure"] = failure;
        }
        if let Some(reason) = reason {
            value["reason"] = json!(reason);
        }
        value
    }
}

impl Failure {
    fn json(&self) -> Value {
        let trail: Vec<Value> = self
            .trail
            .iter()
            .map(|(at, line)| json!({ "seconds": at.as_secs_f64(), "what": line.trim_start() }))
            .collect();
        json!({
            "step": self.step,
            "line": self.line,
            "source": self.source,
            "seconds": self.at.as_secs_f64(),
            "node": self.node,
            "expected": self.expected,
            "instead": self.instead,
            "trail": trail,
        })
    }
}

/// How many passed, failed and were skipped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Went as written.
    pub passed: usize,
    /// Did not.
    pub failed: usize,
    /// Could not be run.
    pub skipped: usize,
}

impl Count {
    /// Counts runs.
    pub fn of<'a>(runs: impl IntoIterator<Item = &'a Run>) -> Count {
        let mut count = Count::default();
        for run in runs {
            match run.result {
                Outcome::Passed => count.passed += 1,
                Outcome::Failed(_) => count.failed += 1,
                Outcome::Skipped(_) => count.skipped += 1,
            }
        }
        count
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)?;
        match self.skipped {
            0 => Ok(()),
            n => write!(f, ", {n} skipped"),
        }
    }
}

/// The report of a whole run, as text.
pub fn text(runs: &[Run]) -> String {
    let mut out = String::new();
    for text in runs.iter().filter_map(Run::text) {
        let _ = writeln!(out, "{text}");
    }
    let _ = writeln!(out, "{}", Count::of(runs));
    out
}
