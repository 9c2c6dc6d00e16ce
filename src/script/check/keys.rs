//! The shortest way by which a caller gets to a node, as keys to press and things to happen.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
};

use super::{
    super::{
        catalogue::{AccessLevel, ClaimKind},
        graph::{Edge, Way},
        model::{NodeKind, Script},
    },
    at,
    reach::{Procedures, callee},
};
use crate::id::NodeId;

/// Keys and events in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Steps(Vec<String>);

impl Steps {
    pub fn text(&self) -> String {
        if self.0.is_empty() { "(on dialling)".to_owned() } else { self.0.join(" ") }
    }
}

/// Which ways may be gone.
pub(super) type Allow<'f> = &'f dyn Fn(usize, &Edge) -> bool;

/// The shortest steps from the entry of the script to each node, along the ways that `allow` admits.
pub(super) fn shortest(
    script: &Script,
    edges: &[Vec<Edge>],
    procedures: &Procedures,
    allow: Allow<'_>,
) -> Vec<Option<Steps>> {
    let mut search = Search { script, edges, procedures, allow, returns: BTreeMap::new() };
    let Some(entry) = at(script.entry) else { return vec![None; edges.len()] };
    search.from(entry, true).into_iter().map(|found| found.map(|(_, steps)| Steps(steps))).collect()
}

/// What it costs to get somewhere: rare events cost more than keys, so that they appear only where no key leads.
type Found = Option<(u32, Vec<String>)>;

struct Search<'s> {
    script: &'s Script,
    edges: &'s [Vec<Edge>],
    procedures: &'s Procedures,
    allow: Allow<'s>,
    /// The shortest way through each called flow; `None` while it is searched, so that recursion ends.
    returns: BTreeMap<NodeId, Found>,
}

impl Search<'_> {
    /// Shortest ways from a node; `enter`: called flows are walked into, else only past.
    fn from(&mut self, start: usize, enter: bool) -> Vec<Found> {
        let mut best: Vec<Option<u32>> = vec![None; self.edges.len()];
        let mut previous: Vec<Option<(usize, Vec<String>)>> = vec![None; self.edges.len()];
        let mut done = vec![false; self.edges.len()];
        let mut open = BinaryHeap::from([(Reverse(0u32), Reverse(start))]);
        best[start] = Some(0);
        let edges = self.edges;
        while let Some((Reverse(cost), Reverse(node))) = open.pop() {
            if std::mem::replace(&mut done[node], true) {
                continue;
            }
            for edge in &edges[node] {
                let Some(to) = at(edge.to) else { continue };
                if (edge.way == Way::Enter && !enter) || !(self.allow)(node, edge) {
                    continue;
                }
                let Some((extra, steps)) = self.step(node, edge) else { continue };
                let total = cost.saturating_add(extra);
                if best[to].is_none_or(|known| total < known) {
                    best[to] = Some(total);
                    previous[to] = Some((node, steps));
                    open.push((Reverse(total), Reverse(to)));
                }
            }
        }
        (0..edges.len()).map(|node| Some((best[node]?, trace(&previous, node)))).collect()
    }

    /// The shortest way through a called flow.
    fn through(&mut self, entry: NodeId) -> Found {
        if let Some(known) = self.returns.get(&entry) {
            return known.clone();
        }
        self.returns.insert(entry, None);
        let start = at(entry).filter(|_| self.procedures.returns(entry))?;
        let ways = self.from(start, false);
        let is_return = |node: &usize| matches!(self.script.nodes[*node].kind, NodeKind::Return { .. });
        let best =
            (0..ways.len()).filter(is_return).filter_map(|node| ways[node].clone()).min_by_key(|(cost, _)| *cost);
        self.returns.insert(entry, best.clone());
        best
    }

    /// Cost and words of one way.
    fn step(&mut self, node: usize, edge: &Edge) -> Option<(u32, Vec<String>)> {
        let script = self.script;
        let kind = &script.nodes[node].kind;
        let one = |cost: u32, word: &str| Some((cost, vec![word.to_owned()]));
        match &edge.way {
            Way::Next
            | Way::Answer(_)
            | Way::Arm(_)
            | Way::Case(_)
            | Way::Otherwise
            | Way::Open
            | Way::Part(_)
            | Way::Body
            | Way::Enter
            | Way::Promised => Some((0, Vec::new())),
            Way::Done => Some((1, Vec::new())),
            Way::Keys(keys) => Some((keys.len() as u32, keys.iter().map(ToString::to_string).collect())),
            Way::Language(key) => one(1, &key.to_string()),
            Way::Global(key) | Way::Leave(key, _) => one(2, &key.to_string()),
            Way::Entry(min, max) if min == max => one(2, &digits(*max)),
            Way::Entry(min, max) => one(2, &format!("<{min} to {max} digits>")),
            Way::Identified => Some((4, identification(kind))),
            Way::Returned => self.through(callee(kind)?),
            Way::Answered => one(3, "(agent)"),
            Way::Recorded => one(1, "(message)"),
            Way::Surveyed => one(1, "(survey)"),
            Way::Closed => one(5, "(out of hours)"),
            Way::QueueClosed => one(5, "(queue closed)"),
            Way::Holiday => one(6, "(holiday)"),
            Way::Period(_) => one(6, "(out of hours in the period)"),
            Way::TimedOut => one(6, "(longest wait)"),
            Way::Full => one(8, "(queue full)"),
            Way::NotPromised => one(8, "(no call back possible)"),
            Way::Silence(count) => one(10, &format!("(silence x{count})")),
            Way::Mistake(count) => one(12, &format!("(wrong key x{count})")),
            Way::Refused => one(14, "(wrong details)"),
            Way::Hangup => one(15, "(hang-up)"),
            Way::Unavailable => one(20, "(service unavailable)"),
        }
    }
}

fn digits(n: u8) -> String {
    if n == 1 { "<1 digit>".to_owned() } else { format!("<{n} digits>") }
}

/// What a caller enters to reach the level a node wants.
fn identification(kind: &NodeKind) -> Vec<String> {
    let NodeKind::Authenticate(auth) = kind else { return Vec::new() };
    let claim = if auth.claim == ClaimKind::Number { 9 } else { 8 };
    let mut steps = vec![digits(claim), digits(8)];
    if auth.level == AccessLevel::L2 {
        steps.push(digits(6));
    }
    steps
}

fn trace(previous: &[Option<(usize, Vec<String>)>], node: usize) -> Vec<String> {
    let mut parts = Vec::new();
    let mut here = node;
    while let Some((before, steps)) = &previous[here] {
        parts.push(steps);
        here = *before;
    }
    parts.into_iter().rev().flatten().cloned().collect()
}
