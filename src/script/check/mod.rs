//! What only the whole script shows: ways that lead nowhere, loops, values read too early, personal data open to anybody,
//! queues nobody serves, menus hard on callers.

mod escape;
mod keys;
mod loops;
mod menus;
mod reach;
mod reads;
mod spoken;
mod staffing;
mod values;

use std::sync::Arc;

use self::reach::Procedures;
use super::{
    diagnostic::Diagnostic,
    graph::{self, Edge},
    model::{Node, Script},
    prompts::Place,
    resolve::{File, FlowFile, NodeText, UNKNOWN, Uses, VariableText},
    tree::{Span, Value},
};
use crate::id::NodeId;

/// What the checks know of the text besides the script itself.
pub(super) struct Facts<'a> {
    pub centre: &'a File,
    pub flows: &'a [FlowFile],
    pub texts: Vec<NodeText<'a>>,
    pub variables: Vec<VariableText>,
    pub uses: Uses,
    /// Nodes that could not be resolved whole.
    pub broken: Vec<bool>,
    /// Files with errors found so far: what they lack may only be misspelt.
    pub faulty: std::collections::BTreeSet<Arc<str>>,
    /// Where each prompt is defined.
    pub prompts: Vec<Option<Place>>,
    /// Prompts that other texts contain.
    pub referenced: std::collections::BTreeSet<String>,
}

/// Runs every check.
pub(super) fn check(script: &Script, facts: &Facts<'_>, problems: &mut Vec<Diagnostic>) {
    let edges: Vec<Vec<Edge>> = script.nodes.iter().map(graph::edges).collect();
    let mut checker = Checker::new(script, facts, edges, problems);
    checker.recursion();
    checker.reachability();
    checker.outcomes();
    checker.hangup_chains();
    checker.loops();
    checker.values();
    checker.menus();
    checker.advisers();
    checker.staffing();
    checker.spoken();
}

/// A check under way.
pub(super) struct Checker<'a, 'p> {
    script: &'a Script,
    facts: &'a Facts<'a>,
    edges: Vec<Vec<Edge>>,
    procedures: Procedures,
    /// Which nodes a call can reach.
    reached: Vec<bool>,
    /// Shortest keys to each reached node.
    keys: Vec<Option<keys::Steps>>,
    problems: &'p mut Vec<Diagnostic>,
}

impl<'a, 'p> Checker<'a, 'p> {
    fn new(script: &'a Script, facts: &'a Facts<'a>, edges: Vec<Vec<Edge>>, problems: &'p mut Vec<Diagnostic>) -> Self {
        let procedures = Procedures::new(script, &edges);
        let reached = reach::reached(script, &edges, &procedures);
        let keys = keys::shortest(script, &edges, &procedures, &|_, _| true);
        Checker { script, facts, edges, procedures, reached, keys, problems }
    }

    fn nodes(&self) -> impl Iterator<Item = (usize, &'a Node)> + use<'a> {
        self.script.nodes.iter().enumerate()
    }

    fn text(&self, node: usize) -> NodeText<'a> {
        self.facts.texts[node]
    }

    /// The name of a node as its own file writes it.
    fn short(&self, node: usize) -> &'a str {
        self.facts.texts[node].name
    }

    /// Where a field of a node stands; its name when it has no such field.
    fn field(&self, node: usize, field: &str) -> Span {
        let text = self.text(node);
        text.table.get(field).map_or_else(|| text.name_span.clone(), |value| value.span.clone())
    }

    /// An error about a node, with the keys that reach it.
    fn error(&mut self, code: &'static str, node: usize, span: Span, message: impl Into<String>) -> &mut Diagnostic {
        let problem = Diagnostic::error(code, self.text(node).file, span, message);
        self.push(node, problem)
    }

    /// A warning about a node, with the keys that reach it.
    fn warning(&mut self, code: &'static str, node: usize, span: Span, message: impl Into<String>) -> &mut Diagnostic {
        let problem = Diagnostic::warning(code, self.text(node).file, span, message);
        self.push(node, problem)
    }

    fn push(&mut self, node: usize, mut problem: Diagnostic) -> &mut Diagnostic {
        problem.reached_by = self.keys[node].as_ref().map(keys::Steps::text);
        self.problems.push(problem);
        self.problems.last_mut().expect("one was just pushed")
    }

    /// A problem that belongs to no node.
    fn report(&mut self, problem: Diagnostic) -> &mut Diagnostic {
        self.problems.push(problem);
        self.problems.last_mut().expect("one was just pushed")
    }
}

/// The position of a node that exists.
fn at(id: NodeId) -> Option<usize> {
    (id != UNKNOWN).then(|| id.index())
}

/// Where a word stands inside the strings of a value: the first string that has it as a whole word.
fn word_in(value: &Value, word: &str) -> Option<Span> {
    if let Some(text) = value.text() {
        let place = whole_word(text, word)?;
        // Quotes stand before the text; escapes before the word are rare and only shift the carets.
        let quotes = value.span.len().saturating_sub(text.len()) / 2;
        let start = value.span.start + quotes + place;
        return Some(start..(start + word.len()).min(value.span.end));
    }
    let lists = value.list().unwrap_or_default().iter();
    let tables = value.table().into_iter().flat_map(|table| table.entries.iter().map(|entry| &entry.value));
    lists.chain(tables).find_map(|inner| word_in(inner, word))
}

fn whole_word(text: &str, word: &str) -> Option<usize> {
    let part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-');
    text.match_indices(word)
        .map(|(i, _)| i)
        .find(|&i| !text[..i].ends_with(part) && !text[i + word.len()..].starts_with(part))
}

/// A sequence of node names, for loops.
fn path(names: &[Arc<str>]) -> String {
    names.iter().map(|name| &**name).collect::<Vec<_>>().join(" → ")
}
