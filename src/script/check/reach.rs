//! Which nodes a call can reach and leave: recursion, unreachable nodes, ways without an outcome, chains after a hang-up.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    super::{
        graph::{Edge, Way},
        model::{NodeKind, Script},
    },
    Checker, at,
};
use crate::id::NodeId;

/// The flows that are called, as what happens between `call` and `return`.
pub(super) struct Procedures {
    /// Entry node of each called flow, and the nodes a call runs through until it returns (or leaves by an end).
    pub bodies: BTreeMap<NodeId, BTreeSet<usize>>,
    /// The entries from which a `return` can be reached.
    returning: BTreeSet<NodeId>,
}

impl Procedures {
    pub fn new(script: &Script, edges: &[Vec<Edge>]) -> Procedures {
        let entries: BTreeSet<NodeId> = script.nodes.iter().filter_map(|node| callee(&node.kind)).collect();
        let mut procedures = Procedures { bodies: BTreeMap::new(), returning: BTreeSet::new() };
        // A flow returns if a return can be reached past calls that return: found by adding until nothing is added.
        loop {
            let before = procedures.returning.len();
            for &entry in &entries {
                let body = procedures.body(script, edges, entry);
                if body.iter().any(|&node| matches!(script.nodes[node].kind, NodeKind::Return { .. })) {
                    procedures.returning.insert(entry);
                }
                procedures.bodies.insert(entry, body);
            }
            if procedures.returning.len() == before {
                return procedures;
            }
        }
    }

    /// Whether a call of the flow can come back.
    pub fn returns(&self, entry: NodeId) -> bool {
        self.returning.contains(&entry)
    }

    /// The nodes reached from `entry` without going into called flows.
    pub fn body(&self, script: &Script, edges: &[Vec<Edge>], entry: NodeId) -> BTreeSet<usize> {
        let mut seen = BTreeSet::new();
        let mut open: Vec<usize> = at(entry).into_iter().collect();
        while let Some(node) = open.pop() {
            if !seen.insert(node) {
                continue;
            }
            let passes = callee(&script.nodes[node].kind).is_none_or(|entry| self.returns(entry));
            for edge in &edges[node] {
                let follow = match edge.way {
                    Way::Enter => false,
                    Way::Returned => passes,
                    _ => true,
                };
                open.extend(at(edge.to).filter(|_| follow));
            }
        }
        seen
    }
}

/// The entry of the flow a node calls.
pub(super) fn callee(kind: &NodeKind) -> Option<NodeId> {
    match kind {
        NodeKind::Call { entry, .. } => Some(*entry),
        _ => None,
    }
}

/// Which nodes a call can reach.
pub(super) fn reached(script: &Script, edges: &[Vec<Edge>], procedures: &Procedures) -> Vec<bool> {
    let mut seen = vec![false; edges.len()];
    let mut open: Vec<usize> = at(script.entry).into_iter().collect();
    while let Some(node) = open.pop() {
        if std::mem::replace(&mut seen[node], true) {
            continue;
        }
        let passes = callee(&script.nodes[node].kind).is_none_or(|entry| procedures.returns(entry));
        open.extend(
            edges[node].iter().filter(|edge| edge.way != Way::Returned || passes).filter_map(|edge| at(edge.to)),
        );
    }
    seen
}

impl Checker<'_, '_> {
    /// A flow must not call itself, directly or through others: its variables have one slot each.
    pub(super) fn recursion(&mut self) {
        let script = self.script;
        let calls = |body: &BTreeSet<usize>| -> Vec<(usize, NodeId)> {
            body.iter().filter_map(|&node| Some((node, callee(&script.nodes[node].kind)?))).collect()
        };
        // A called flow that does not return still runs, so bodies here are walked without regard to returning.
        let direct: BTreeMap<NodeId, Vec<(usize, NodeId)>> =
            self.procedures.bodies.iter().map(|(&entry, body)| (entry, calls(body))).collect();
        for (&entry, sites) in &direct {
            for &(site, called) in sites {
                let mut seen = BTreeSet::new();
                let mut open = vec![called];
                while let Some(next) = open.pop() {
                    if seen.insert(next) {
                        open.extend(direct.get(&next).into_iter().flatten().map(|(_, called)| *called));
                    }
                }
                if seen.contains(&entry) {
                    let flow = &script.nodes[entry.index()].name;
                    let message = format!("this call leads back to `{flow}`, which it is made from");
                    let span = self.field(site, "flow");
                    self.error("recursive-flow", site, span, message).help =
                        Some("flows cannot call themselves; use `goto`, or a `loop` node".to_owned());
                }
            }
        }
        self.stray_returns();
    }

    /// A `return` needs a `call`, and returns the results of its own flow.
    fn stray_returns(&mut self) {
        let script = self.script;
        let returns = |node: usize| matches!(script.nodes[node].kind, NodeKind::Return { .. });
        let top = self.procedures.body(script, &self.edges, script.entry);
        for node in top.into_iter().filter(|&node| returns(node)) {
            let span = self.text(node).name_span.clone();
            let message = format!(
                "a call can come to `{}` without being in a called flow, and has nowhere to return to",
                self.short(node)
            );
            self.error("stray-return", node, span, message).help =
                Some("reach it through a `call` node only, or end the call here".to_owned());
        }
        let bodies: Vec<(NodeId, Vec<usize>)> = self
            .procedures
            .bodies
            .iter()
            .map(|(&entry, body)| (entry, body.iter().copied().filter(|&node| returns(node)).collect()))
            .collect();
        for (entry, nodes) in bodies {
            let flow = self.text(entry.index()).flow;
            for node in nodes {
                if self.text(node).flow == flow {
                    continue;
                }
                let span = self.text(node).name_span.clone();
                let name = &script.flows[flow].name;
                let message =
                    format!("a call of the flow `{name}` would return from another flow, without its results");
                self.error("stray-return", node, span, message).help =
                    Some(format!("let the flow `{name}` return from a node of its own"));
            }
        }
    }

    /// Nodes no call can reach. Of a group that leads to each other only the first is reported.
    pub(super) fn reachability(&mut self) {
        let unsure = (0..self.reached.len()).any(|node| {
            self.reached[node] && (self.facts.broken[node] || self.edges[node].iter().any(|e| at(e.to).is_none()))
        });
        if unsure || at(self.script.entry).is_none() {
            return; // an unknown target may be what leads there
        }
        let unreached: Vec<usize> = (0..self.reached.len()).filter(|&node| !self.reached[node]).collect();
        let mut covered: BTreeSet<usize> = BTreeSet::new();
        // Nodes that nothing else leads to come first: they are where the fault is.
        let led_to: BTreeSet<usize> = unreached
            .iter()
            .flat_map(|&n| self.edges[n].iter().filter_map(|e| at(e.to)).filter(move |&to| to != n))
            .collect();
        let (inner, roots): (Vec<usize>, Vec<usize>) = unreached.iter().partition(|node| led_to.contains(node));
        for root in roots.into_iter().chain(inner) {
            if covered.contains(&root) {
                continue;
            }
            let mut open = vec![root];
            let mut behind = 0;
            while let Some(node) = open.pop() {
                if !self.reached[node] && covered.insert(node) {
                    behind += 1;
                    open.extend(self.edges[node].iter().filter_map(|edge| at(edge.to)));
                }
            }
            let mut message = format!("no call can reach the node `{}`", self.short(root));
            if behind > 1 {
                message.push_str(&format!(" and {} behind it", behind - 1));
            }
            let span = self.text(root).name_span.clone();
            self.error("unreachable-node", root, span, message).help =
                Some("lead to it from another node, or remove it".to_owned());
        }
    }

    /// From every node some way must lead to an end.
    pub(super) fn outcomes(&mut self) {
        let script = self.script;
        let mut ends: Vec<bool> = (0..self.edges.len())
            .map(|node| {
                let terminal = matches!(
                    script.nodes[node].kind,
                    NodeKind::End { .. } | NodeKind::Transfer { .. } | NodeKind::Return { .. }
                );
                terminal || self.facts.broken[node]
            })
            .collect();
        loop {
            let mut changed = false;
            for node in 0..self.edges.len() {
                if !ends[node] && self.edges[node].iter().any(|edge| self.leads_out(node, edge, &ends)) {
                    ends[node] = true;
                    changed = true;
                }
            }
            if !changed {
                break;
            }
        }
        let stuck: Vec<usize> = (0..ends.len()).filter(|&node| !ends[node] && self.reached[node]).collect();
        let automatic = self.automatic_loops();
        for &node in &stuck {
            let first = stuck.iter().position(|&other| self.leads_to(other, node));
            let earlier = first.is_some_and(|i| stuck[i] < node && self.leads_to(node, stuck[i]));
            let only_leads_in = stuck.iter().any(|&other| self.leads_to(node, other) && !self.leads_to(other, node));
            if earlier || only_leads_in || automatic.iter().any(|group| group.contains(&node)) {
                continue;
            }
            let message = format!("from `{}` on no way ends the call: callers can only hang up", self.short(node));
            let span = self.text(node).name_span.clone();
            self.error("no-outcome", node, span, message).help =
                Some("let one way lead to an `end`, a `queue`, a `transfer` or a `return`".to_owned());
        }
    }

    fn leads_out(&self, node: usize, edge: &Edge, ends: &[bool]) -> bool {
        let target = || at(edge.to).is_none_or(|to| ends[to]);
        match edge.way {
            Way::Hangup => false,
            // A return inside the called flow is no end of this call.
            Way::Enter => self.ends_inside(edge.to),
            Way::Returned => {
                callee(&self.script.nodes[node].kind).is_none_or(|e| self.procedures.returns(e)) && target()
            }
            _ => target(),
        }
    }

    fn ends_inside(&self, entry: NodeId) -> bool {
        let Some(body) = self.procedures.bodies.get(&entry) else { return true };
        body.iter().any(|&node| {
            matches!(self.script.nodes[node].kind, NodeKind::End { .. } | NodeKind::Transfer { .. })
                || self.facts.broken[node]
        })
    }

    /// Whether a way leads from one node to another, however long.
    pub(super) fn leads_to(&self, from: usize, to: usize) -> bool {
        let mut seen = BTreeSet::new();
        let mut open: Vec<usize> = self.edges[from].iter().filter_map(|edge| at(edge.to)).collect();
        while let Some(node) = open.pop() {
            if node == to {
                return true;
            }
            if seen.insert(node) {
                open.extend(self.edges[node].iter().filter(|e| e.way != Way::Hangup).filter_map(|edge| at(edge.to)));
            }
        }
        false
    }

    /// After a hang-up nobody listens: the chain may say and ask nothing.
    pub(super) fn hangup_chains(&mut self) {
        let mut seen: BTreeSet<usize> = BTreeSet::new();
        let mut open: Vec<usize> = self
            .edges
            .iter()
            .enumerate()
            .filter(|(node, _)| self.reached[*node])
            .flat_map(|(_, edges)| edges.iter().filter(|edge| edge.way == Way::Hangup).filter_map(|edge| at(edge.to)))
            .collect();
        while let Some(node) = open.pop() {
            if !seen.insert(node) {
                continue;
            }
            let silent = self.script.nodes[node].kind.runs_without_caller();
            if !silent || !self.script.nodes[node].prompts.is_empty() {
                let what = if silent { "says something" } else { "needs somebody on the line" };
                let message = format!("`{}` {what}, but runs after the caller has hung up", self.short(node));
                let span = self.text(node).name_span.clone();
                self.error("hangup-speaks", node, span, message).help = Some(
                    "a chain after `hangup` has set, branch, switch, lookup, hours, split, goto and end nodes, without prompts"
                        .to_owned(),
                );
                continue;
            }
            open.extend(self.edges[node].iter().filter(|edge| edge.way != Way::Hangup).filter_map(|edge| at(edge.to)));
        }
    }
}
