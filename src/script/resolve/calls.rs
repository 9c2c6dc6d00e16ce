//! Nodes that go into another flow and come back.

use std::{collections::BTreeSet, sync::Arc};

use super::{
    super::{
        diagnostic::nearest,
        model::{Assignment, NodeKind, Target},
        tree::Span,
        value::Value,
    },
    Resolver,
    nodes::Here,
};
use crate::id::VarId;

impl<'a> Resolver<'a, '_> {
    pub(super) fn call(&mut self, here: Here<'a>) -> Option<NodeKind> {
        let table = here.table();
        let to = self.to(here, "to");
        let (name, span) = table.text("flow")?;
        let known: Vec<Arc<str>> = self.out.flows.iter().map(|flow| flow.name.clone()).collect();
        let callee = self.find("unknown-flow", "flow", name, &known, (here.text.file, span))?;
        let with = self.call_parameters(here, callee);
        let results = self.call_results(here, callee);
        let Some(entry) = self.out.starts[callee] else {
            let message = format!("the flow `{name}` has no node `start`, so that it cannot be called");
            self.error("missing-start", here.text.file, span, message).help =
                Some(format!("name its first node [node.start] in flows/{name}.toml"));
            return None;
        };
        Some(NodeKind::Call { entry, with, results, to })
    }

    fn local_name(&self, id: VarId) -> &str {
        let name = &self.out.variables[id.index()].name;
        name.rsplit('.').next().unwrap_or(name)
    }

    fn member(&mut self, here: Here<'a>, callee: usize, what: &str, name: &str, span: &Span) -> Option<VarId> {
        let flow = &self.out.flows[callee];
        let ids = if what == "parameter" { flow.params.clone() } else { flow.results.clone() };
        let known: Vec<Arc<str>> = ids.iter().map(|id| self.local_name(*id).into()).collect();
        if let Some(i) = known.iter().position(|known| **known == *name) {
            return Some(ids[i]);
        }
        let help = match nearest(name, known.iter().map(|k| &**k)) {
            Some(near) => format!("did you mean `{near}`?"),
            None if known.is_empty() => "it has none".to_owned(),
            None => format!("there is: {}", super::listed(&known)),
        };
        let message = format!("the flow `{}` has no {what} `{name}`", self.out.flows[callee].name);
        let code = if what == "parameter" { "unknown-parameter" } else { "unknown-result" };
        self.error(code, here.text.file, span, message).help = Some(help);
        None
    }

    fn call_parameters(&mut self, here: Here<'a>, callee: usize) -> Box<[Assignment]> {
        let mut with = Vec::new();
        let mut given = BTreeSet::new();
        for entry in here.table().entries_of("with") {
            let Some(id) = self.member(here, callee, "parameter", &entry.key, &entry.key_span) else { continue };
            given.insert(id);
            let kind = self.out.variables[id.index()].kind;
            if let Some(value) = self.value(here, &entry.value, kind) {
                with.push(Assignment { target: Target::Var(id), value });
            }
        }
        let params = self.out.flows[callee].params.clone();
        for id in params.iter().filter(|id| !given.contains(*id)) {
            if self.out.variables[id.index()].initial != Value::Unset {
                continue;
            }
            let (name, flow) = (self.local_name(*id).to_owned(), self.out.flows[callee].name.clone());
            let span = here.table().text("flow").map_or(here.text.name_span, |(_, span)| span);
            let message = format!("the flow `{flow}` must be told `{name}`");
            self.error("missing-argument", here.text.file, span, message).help =
                Some(format!("add with = {{ {name} = \"…\" }}"));
        }
        with.into()
    }

    fn call_results(&mut self, here: Here<'a>, callee: usize) -> Box<[(VarId, VarId)]> {
        let mut results = Vec::new();
        for entry in here.table().entries_of("results") {
            let own = self.variable(&entry.key, here.flow(), &entry.key_span);
            let theirs = entry.value.text();
            let theirs = theirs.and_then(|name| self.member(here, callee, "result", name, &entry.value.span));
            if let (Some(own), Some(theirs)) = (own, theirs) {
                self.same_type(self.out.variables[theirs.index()].kind, own, here.flow(), &entry.key_span);
                results.push((own, theirs));
            }
        }
        results.into()
    }

    pub(super) fn return_node(&mut self, here: Here<'a>) -> NodeKind {
        let mut values = Vec::new();
        for entry in here.table().entries_of("values") {
            let Some(id) = self.member(here, here.text.flow, "result", &entry.key, &entry.key_span) else { continue };
            let kind = self.out.variables[id.index()].kind;
            if let Some(value) = self.value(here, &entry.value, kind) {
                values.push(Assignment { target: Target::Var(id), value });
            }
        }
        NodeKind::Return { values: values.into() }
    }
}
