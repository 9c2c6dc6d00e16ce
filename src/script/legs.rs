//! Which callers may be called back: of which `queue` nodes what follows the agent may be the beginning of a new call.
//!
//! A call back keeps the `queue` node that was entered last before it was promised: its treatment and what follows its agent
//! are the new call's too. Of the first call it keeps nothing else but queue and language, since whoever picks up has proved
//! nothing, and since the run that dials may be a later one.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    graph::{self, Edge, Way},
    model::{Node, NodeKind},
};

/// Says of every `queue` node whether a call that entered it last can be promised a call back.
pub(super) fn mark(nodes: &mut [Node]) {
    if !nodes.iter().any(|node| matches!(node.kind, NodeKind::Callback { .. })) {
        return;
    }
    let edges: Vec<Vec<Edge>> = nodes.iter().map(graph::edges).collect();
    let ways = Ways { nodes, edges: &edges, after: after_returns(nodes, &edges) };
    let promising: Vec<bool> = (0..nodes.len()).map(|node| ways.leads_to_promise(node)).collect();
    for (node, promises) in nodes.iter_mut().zip(promising) {
        if let NodeKind::Queue(queue) = &mut node.kind {
            queue.calls_back = promises;
        }
    }
}

/// Where calls may go on after each `return`.
fn after_returns(nodes: &[Node], edges: &[Vec<Edge>]) -> BTreeMap<usize, BTreeSet<usize>> {
    let mut after: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    for node in nodes {
        let NodeKind::Call { entry, to, .. } = node.kind else { continue };
        let (mut seen, mut open) = (BTreeSet::new(), vec![entry.index()]);
        while let Some(inner) = open.pop() {
            if inner >= nodes.len() || !seen.insert(inner) {
                continue;
            }
            if matches!(nodes[inner].kind, NodeKind::Return { .. }) {
                after.entry(inner).or_default().insert(to.index());
            }
            open.extend(edges[inner].iter().filter(|edge| edge.way != Way::Enter).map(|edge| edge.to.index()));
        }
    }
    after
}

struct Ways<'a> {
    nodes: &'a [Node],
    edges: &'a [Vec<Edge>],
    after: BTreeMap<usize, BTreeSet<usize>>,
}

impl Ways<'_> {
    /// Whether a `callback` node can follow a `queue` node with no other queue between.
    fn leads_to_promise(&self, queue: usize) -> bool {
        let is_queue = |node: usize| matches!(self.nodes[node].kind, NodeKind::Queue(_));
        if !is_queue(queue) {
            return false;
        }
        let (mut seen, mut open) = (BTreeSet::new(), vec![queue]);
        while let Some(node) = open.pop() {
            // A name that is not there has no way on, and has been reported.
            if node >= self.nodes.len() || !seen.insert(node) || (node != queue && is_queue(node)) {
                continue;
            }
            if matches!(self.nodes[node].kind, NodeKind::Callback { .. }) {
                return true;
            }
            open.extend(self.edges[node].iter().map(|edge| edge.to.index()));
            open.extend(self.after.get(&node).into_iter().flatten());
        }
        false
    }
}
