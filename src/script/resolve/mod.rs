//! From text as written to the script as meant: every name becomes an index, every text a value.
//!
//! Nothing here gives up: what cannot be resolved is reported, replaced by something harmless and marked, so that the checks
//! that follow see as much of the script as possible. A script with an error is never handed out.

mod calendars;
mod calls;
mod centre;
mod input;
mod nodes;
mod queueing;
mod services;
mod staff;
mod uses;
mod variables;

use std::{collections::BTreeMap, sync::Arc};

pub(super) use self::uses::Uses;
use super::{
    calendar::CalendarRules,
    diagnostic::{Diagnostic, nearest},
    model::{Flow, Group, Language, Node, Queue, SymbolSetDef, Variable},
    prompts::ParsedPrompts,
    tree::{Span, Table},
};
use crate::id::{LanguageId, NodeId, VarId};

/// The node an unresolved target becomes: the checks take it to lead anywhere, so that one misspelling is one report.
pub(super) const UNKNOWN: NodeId = NodeId(u32::MAX);

/// A file of the centre, read.
pub(super) struct File {
    pub path: Arc<str>,
    pub root: Table,
}

/// A flow file and what it declares.
pub(super) struct FlowFile {
    pub name: Arc<str>,
    pub file: File,
}

/// A node as written.
#[derive(Clone, Copy)]
pub(super) struct NodeText<'a> {
    /// Index of its flow.
    pub flow: usize,
    pub file: &'a Arc<str>,
    pub name: &'a str,
    pub name_span: &'a Span,
    pub table: &'a Table,
}

/// Everything resolved, with what the checks need to know of the text.
pub(super) struct Resolved<'a> {
    pub name: Arc<str>,
    pub zone: Arc<str>,
    pub entry: NodeId,
    pub default_language: LanguageId,
    pub languages: Vec<Language>,
    pub sets: Vec<SymbolSetDef>,
    pub intents: Vec<Arc<str>>,
    pub outcomes: Vec<Arc<str>>,
    pub calendars: Vec<CalendarRules>,
    pub skills: Vec<Arc<str>>,
    pub queues: Vec<Queue>,
    pub groups: Vec<Group>,
    pub variables: Vec<Variable>,
    pub variable_texts: Vec<VariableText>,
    pub flows: Vec<Flow>,
    /// The node `start` of each flow, when it has one.
    pub starts: Vec<Option<NodeId>>,
    pub nodes: Vec<Node>,
    pub texts: Vec<NodeText<'a>>,
    pub prompts: ParsedPrompts,
    pub uses: Uses,
    /// Nodes whose text could not be read whole; the checks do not complain about what they lack.
    pub broken: Vec<bool>,
}

/// Where a variable is declared.
#[derive(Clone, Debug)]
pub(super) struct VariableText {
    pub file: Arc<str>,
    pub span: Span,
    /// Filled by a `call`.
    pub param: bool,
    /// Read back by a `call`.
    pub result: bool,
    /// Made by the loader for itself, or by a declaration that is broken.
    pub hidden: bool,
}

/// Resolves a centre whose files could be read.
pub(super) fn resolve<'a>(
    centre: &'a File,
    flows: &'a [FlowFile],
    prompt_files: &[(Arc<str>, &str)],
    settings: Option<(Arc<str>, &str)>,
    problems: &mut Vec<Diagnostic>,
) -> Resolved<'a> {
    let mut resolver = Resolver::new(centre, flows, problems);
    resolver.declare(prompt_files, settings);
    resolver.fill();
    resolver.finish()
}

/// A resolution under way.
pub(super) struct Resolver<'a, 'p> {
    centre: &'a File,
    flow_files: &'a [FlowFile],
    problems: &'p mut Vec<Diagnostic>,
    out: Resolved<'a>,
    /// `flow.node` to id.
    node_ids: BTreeMap<String, NodeId>,
    /// Centre-wide variables, then those of each flow.
    centre_vars: BTreeMap<&'a str, VarId>,
    flow_vars: Vec<BTreeMap<&'a str, VarId>>,
    /// Scope handlers, resolved once each.
    scopes: Vec<input::ScopeHandlers>,
}

impl<'a, 'p> Resolver<'a, 'p> {
    fn error(
        &mut self,
        code: &'static str,
        file: &Arc<str>,
        span: &Span,
        message: impl Into<String>,
    ) -> &mut Diagnostic {
        self.problems.push(Diagnostic::error(code, file, span.clone(), message));
        self.problems.last_mut().expect("one was just pushed")
    }

    fn warning(
        &mut self,
        code: &'static str,
        file: &Arc<str>,
        span: &Span,
        message: impl Into<String>,
    ) -> &mut Diagnostic {
        self.problems.push(Diagnostic::warning(code, file, span.clone(), message));
        self.problems.last_mut().expect("one was just pushed")
    }

    /// Finds a name among `known`; reports it with the nearest when it is not there.
    fn find(
        &mut self,
        code: &'static str,
        what: &str,
        name: &str,
        known: &[Arc<str>],
        place: (&Arc<str>, &Span),
    ) -> Option<usize> {
        if let Some(i) = known.iter().position(|k| **k == *name) {
            return Some(i);
        }
        let near = nearest(name, known.iter().map(|k| &**k));
        let help = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None if known.is_empty() => format!("centre.toml declares no {what} at all"),
            None => format!("there is: {}", listed(known)),
        };
        self.error(code, place.0, place.1, format!("there is no {what} `{name}`")).help = Some(help);
        None
    }

    /// The node a target names, from within `flow`; an unknown one is reported, and taken to be the nearest if there is one.
    fn target(&mut self, name: &str, flow: Option<usize>, file: &Arc<str>, span: &Span) -> NodeId {
        let full = match flow {
            Some(flow) if !name.contains('.') => format!("{}.{name}", self.out.flows[flow].name),
            _ => name.to_owned(),
        };
        if let Some(id) = self.node_ids.get(&full) {
            return *id;
        }
        if name.is_empty() {
            return UNKNOWN; // reported as empty
        }
        let near = nearest(&full, self.node_ids.keys().map(String::as_str)).map(str::to_owned);
        let prefix = flow.map(|flow| format!("{}.", self.out.flows[flow].name));
        let short = |near: &str| {
            let own = prefix.as_deref().and_then(|prefix| near.strip_prefix(prefix));
            own.filter(|_| !name.contains('.')).unwrap_or(near).to_owned()
        };
        let help = match (&near, flow) {
            (Some(near), _) => format!("did you mean `{}`?", short(near)),
            (None, None) => "name it as flow.node".to_owned(),
            (None, Some(_)) => "write the node, or name one of another flow as flow.node".to_owned(),
        };
        self.error("unknown-target", file, span, format!("there is no node `{name}`")).help = Some(help);
        near.and_then(|near| self.node_ids.get(&near).copied()).unwrap_or(UNKNOWN)
    }

    fn language(&mut self, code: &str, file: &Arc<str>, span: &Span) -> Option<LanguageId> {
        let known: Vec<Arc<str>> = self.out.languages.iter().map(|l| l.code.clone()).collect();
        self.find("unknown-language", "language", code, &known, (file, span)).map(|i| LanguageId(i as u8))
    }

    fn finish(self) -> Resolved<'a> {
        self.out
    }
}

/// At most a dozen names, for help texts.
fn listed(known: &[Arc<str>]) -> String {
    let mut list = known.iter().take(12).map(|k| &**k).collect::<Vec<_>>().join(", ");
    if known.len() > 12 {
        list.push_str(", …");
    }
    list
}
