//! Loops in which nothing stops a call: no key, no wait, no counter.

use std::collections::BTreeSet;

use super::{
    super::{
        graph::{Edge, Way},
        model::{Expr, NodeKind, Target},
    },
    Checker, at, path,
    reach::callee,
};
use crate::id::VarId;

impl Checker<'_, '_> {
    /// Groups of nodes that lead to each other by themselves, without a counter; each in rising order.
    pub(super) fn automatic_loops(&self) -> Vec<Vec<usize>> {
        let groups = self.groups(&|node, edge| self.by_itself(node, edge));
        groups.into_iter().filter(|group| !self.counts(group)).collect()
    }

    /// Reports loops that turn by themselves, and those that turn for a caller who says nothing.
    pub(super) fn loops(&mut self) {
        let endless = self.automatic_loops();
        for group in &endless {
            let turn = self.turn(group, &|checker, node, edge| checker.by_itself(node, edge));
            let message = format!("nothing ever stops this loop: {turn}");
            let span = self.text(group[0]).name_span.clone();
            self.error("endless-loop", group[0], span, message).help =
                Some("put an input, a wait or a `loop` node into it".to_owned());
        }
        let silent = |checker: &Checker<'_, '_>, node: usize, edge: &Edge| {
            matches!(edge.way, Way::Silence(_)) || checker.by_itself(node, edge)
        };
        for group in self.groups(&|node, edge| silent(self, node, edge)) {
            if self.counts(&group) || endless.iter().any(|other| other.iter().any(|node| group.contains(node))) {
                continue;
            }
            let turn = self.turn(&group, &silent);
            let message = format!("a caller who says nothing is led round for ever: {turn}");
            let span = self.text(group[0]).name_span.clone();
            self.warning("silent-loop", group[0], span, message).help =
                Some("let silence lead to an end of the call at last".to_owned());
        }
    }

    /// Whether the engine goes a way without the caller and without time passing until something happens.
    fn by_itself(&self, node: usize, edge: &Edge) -> bool {
        match edge.way {
            Way::Next
            | Way::Answer(_)
            | Way::Arm(_)
            | Way::Case(_)
            | Way::Otherwise
            | Way::Open
            | Way::Closed
            | Way::Holiday
            | Way::Period(_)
            | Way::Part(_)
            | Way::Done
            | Way::Full
            | Way::QueueClosed
            | Way::Promised
            | Way::NotPromised
            | Way::Unavailable
            | Way::Identified
            | Way::Refused => true,
            Way::Returned => callee(&self.script.nodes[node].kind).is_some_and(|entry| self.passes(entry)),
            _ => false,
        }
    }

    /// Whether a called flow can run from its entry to a return by itself.
    fn passes(&self, entry: crate::id::NodeId) -> bool {
        let Some(body) = self.procedures.bodies.get(&entry) else { return false };
        let mut seen = BTreeSet::new();
        let mut open: Vec<usize> = at(entry).into_iter().collect();
        while let Some(node) = open.pop() {
            if !seen.insert(node) || !body.contains(&node) {
                continue;
            }
            if matches!(self.script.nodes[node].kind, NodeKind::Return { .. }) {
                return true;
            }
            // Calls inside are taken to pass: a loop through them is then looked at, not overlooked.
            let next =
                |edge: &&Edge| edge.way == Way::Returned || (edge.way != Way::Enter && self.by_itself(node, edge));
            open.extend(self.edges[node].iter().filter(next).filter_map(|edge| at(edge.to)));
        }
        false
    }

    /// Whether a loop counts by hand: it sets a variable to something made of that variable, and looks at it.
    fn counts(&self, group: &[usize]) -> bool {
        let kinds = || group.iter().map(|&node| &self.script.nodes[node].kind);
        let counters: BTreeSet<VarId> = kinds()
            .filter_map(|kind| match kind {
                NodeKind::Set { assignments, .. } => Some(assignments),
                _ => None,
            })
            .flatten()
            .filter_map(|assignment| match assignment.target {
                Target::Var(id) if reads(&assignment.value, id) => Some(id),
                _ => None,
            })
            .collect();
        kinds().any(|kind| match kind {
            NodeKind::Branch { arms, .. } => arms.iter().any(|(when, _)| counters.iter().any(|id| reads(when, *id))),
            NodeKind::Switch { on, .. } => counters.iter().any(|id| reads(on, *id)),
            _ => false,
        })
    }

    /// Strongly connected groups of reached nodes along some of their ways, each in rising order; only those with a turn.
    fn groups(&self, follow: &dyn Fn(usize, &Edge) -> bool) -> Vec<Vec<usize>> {
        let ways: Vec<Vec<usize>> = (0..self.edges.len())
            .map(|node| {
                let edges = self.edges[node].iter().filter(|edge| self.reached[node] && follow(node, edge));
                edges.filter_map(|edge| at(edge.to)).collect()
            })
            .collect();
        let mut tarjan = Tarjan::new(&ways);
        (0..ways.len()).for_each(|node| tarjan.visit(node));
        let turns = |group: &Vec<usize>| group.len() > 1 || ways[group[0]].contains(&group[0]);
        let mut groups: Vec<Vec<usize>> = tarjan.groups.into_iter().filter(turns).collect();
        groups.iter_mut().for_each(|group| group.sort_unstable());
        groups.sort();
        groups
    }

    /// One turn of a loop, from its first node back to it, by the fewest nodes.
    fn turn(&self, group: &[usize], follow: &dyn Fn(&Self, usize, &Edge) -> bool) -> String {
        let start = group[0];
        let mut previous = vec![None; self.edges.len()];
        let mut open = std::collections::VecDeque::from([start]);
        'search: while let Some(node) = open.pop_front() {
            for to in self.edges[node].iter().filter(|edge| follow(self, node, edge)).filter_map(|edge| at(edge.to)) {
                if group.contains(&to) && previous[to].is_none() {
                    previous[to] = Some(node);
                    if to == start {
                        break 'search;
                    }
                    open.push_back(to);
                }
            }
        }
        let mut nodes = vec![start];
        while let Some(before) = previous[*nodes.last().unwrap_or(&start)] {
            nodes.push(before);
            if before == start {
                break;
            }
        }
        let names: Vec<_> = nodes.into_iter().rev().map(|node| self.script.nodes[node].name.clone()).collect();
        path(&names)
    }
}

/// Whether an expression reads a variable.
fn reads(expr: &Expr, id: VarId) -> bool {
    match expr {
        Expr::Var(var) => *var == id,
        Expr::Const(_) | Expr::Builtin(_) => false,
        Expr::Not(inner) => reads(inner, id),
        Expr::And(l, r) | Expr::Or(l, r) | Expr::Compare(_, l, r) | Expr::Add(l, r) | Expr::Sub(l, r) => {
            reads(l, id) || reads(r, id)
        }
    }
}

/// Tarjan's algorithm with a stack of its own, so that a long chain of nodes cannot overflow the thread's.
struct Tarjan<'w> {
    ways: &'w [Vec<usize>],
    index: Vec<Option<usize>>,
    low: Vec<usize>,
    on_stack: Vec<bool>,
    stack: Vec<usize>,
    count: usize,
    groups: Vec<Vec<usize>>,
}

impl<'w> Tarjan<'w> {
    fn new(ways: &'w [Vec<usize>]) -> Tarjan<'w> {
        let n = ways.len();
        Tarjan {
            ways,
            index: vec![None; n],
            low: vec![0; n],
            on_stack: vec![false; n],
            stack: Vec::new(),
            count: 0,
            groups: Vec::new(),
        }
    }

    fn open(&mut self, node: usize) {
        self.index[node] = Some(self.count);
        self.low[node] = self.count;
        self.count += 1;
        self.stack.push(node);
        self.on_stack[node] = true;
    }

    fn visit(&mut self, root: usize) {
        if self.index[root].is_some() {
            return;
        }
        self.open(root);
        let mut work = vec![(root, 0)];
        while let Some((node, next)) = work.pop() {
            if let Some(&to) = self.ways[node].get(next) {
                work.push((node, next + 1));
                match self.index[to] {
                    None => {
                        self.open(to);
                        work.push((to, 0));
                    }
                    Some(index) if self.on_stack[to] => self.low[node] = self.low[node].min(index),
                    Some(_) => {}
                }
                continue;
            }
            if let Some(&(parent, _)) = work.last() {
                self.low[parent] = self.low[parent].min(self.low[node]);
            }
            if Some(self.low[node]) == self.index[node] {
                self.close(node);
            }
        }
    }

    fn close(&mut self, node: usize) {
        let from = self.stack.iter().rposition(|&n| n == node).unwrap_or(0);
        let group = self.stack.split_off(from);
        group.iter().for_each(|&n| self.on_stack[n] = false);
        self.groups.push(group);
    }
}
