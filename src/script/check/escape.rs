//! Ways to an adviser: within business hours every caller must have one.

use std::collections::BTreeSet;

use super::{
    super::{
        graph::{self, Edge, Way},
        model::{GlobalAction, Key, NodeKind},
    },
    Checker, at,
    reach::callee,
};

impl Checker<'_, '_> {
    /// Reports where a caller within business hours cannot get to a person, and menus where 0 does not lead to one.
    pub(super) fn advisers(&mut self) {
        let reached = self.before_adviser();
        let adviser = |i: &usize| matches!(self.script.nodes[*i].kind, NodeKind::Queue(_) | NodeKind::Transfer { .. });
        if !reached.iter().any(adviser) {
            return; // a centre that only informs
        }
        let near = self.near_adviser();
        for &i in &reached {
            let node = &self.script.nodes[i];
            if !graph::awaits_keys(&node.kind) || self.facts.broken[i] {
                continue;
            }
            let span = self.text(i).name_span.clone();
            if !near[i] {
                let message =
                    format!("from `{}` on no way leads to an adviser, not even within business hours", self.short(i));
                self.error("no-adviser", i, span, message).help =
                    Some("let the global key 0 work here, or lead one way to a `queue` node".to_owned());
            } else if matches!(&node.kind, NodeKind::Menu { choices } if choices.len() > 1) && !self.zero(i, &near) {
                let message =
                    format!("the key 0 does not lead to an adviser at `{}`, as callers expect", self.short(i));
                self.warning("adviser-key", i, span, message).help =
                    Some("bind 0 in [keys] of centre.toml, or as a choice of the menu".to_owned());
            }
        }
    }

    /// The nodes a call can be at within business hours before it has asked for an adviser.
    fn before_adviser(&self) -> Vec<usize> {
        let mut seen = BTreeSet::new();
        let mut open: Vec<usize> = at(self.script.entry).into_iter().collect();
        while let Some(node) = open.pop() {
            if !seen.insert(node) || matches!(self.script.nodes[node].kind, NodeKind::Queue(_)) {
                continue;
            }
            let passes = callee(&self.script.nodes[node].kind).is_none_or(|entry| self.procedures.returns(entry));
            let follow = |edge: &&Edge| in_hours(edge) && (edge.way != Way::Returned || passes);
            open.extend(self.edges[node].iter().filter(follow).filter_map(|edge| at(edge.to)));
        }
        seen.into_iter().collect()
    }

    /// For each node whether some way within business hours leads to an adviser.
    fn near_adviser(&self) -> Vec<bool> {
        let script = self.script;
        let mut near: Vec<bool> = (0..self.edges.len())
            .map(|i| {
                let adviser = matches!(script.nodes[i].kind, NodeKind::Queue(_) | NodeKind::Transfer { .. });
                adviser || self.facts.broken[i] || self.edges[i].iter().any(|edge| at(edge.to).is_none())
            })
            .collect();
        loop {
            let mut changed = false;
            for i in 0..near.len() {
                let way = self.edges[i].iter().any(|edge| in_hours(edge) && at(edge.to).is_some_and(|to| near[to]));
                let back = || matches!(script.nodes[i].kind, NodeKind::Return { .. }) && self.after_return(i, &near);
                if !near[i] && (way || back()) {
                    near[i] = true;
                    changed = true;
                }
            }
            if !changed {
                return near;
            }
        }
    }

    /// Whether a caller of the flow that returns here goes on to an adviser.
    fn after_return(&self, node: usize, near: &[bool]) -> bool {
        self.nodes().any(|(_, caller)| match &caller.kind {
            NodeKind::Call { entry, to, .. } => {
                let inside = self.procedures.bodies.get(entry).is_some_and(|body| body.contains(&node));
                inside && at(*to).is_none_or(|to| near[to])
            }
            _ => false,
        })
    }

    fn zero(&self, i: usize, near: &[bool]) -> bool {
        let node = &self.script.nodes[i];
        let leads = |to| at(to).is_none_or(|to| near[to]);
        let key = Key::from_char('0');
        let global = node.input.globals.iter().any(|(k, action)| match action {
            GlobalAction::Goto(to) => Some(*k) == key && leads(*to),
            _ => false,
        });
        let own = self.edges[i].iter().any(|edge| match &edge.way {
            Way::Keys(keys) => keys.first().copied() == key && leads(edge.to),
            _ => false,
        });
        global || own || self.offers_adviser(i)
    }

    /// Whether a choice of the menu leads to an adviser without another question: then the menu is where advisers are chosen.
    fn offers_adviser(&self, i: usize) -> bool {
        let chosen = self.edges[i].iter().filter(|edge| matches!(edge.way, Way::Keys(_)));
        let mut open: Vec<usize> = chosen.filter_map(|edge| at(edge.to)).collect();
        let mut seen = BTreeSet::new();
        while let Some(node) = open.pop() {
            let kind = &self.script.nodes[node].kind;
            if matches!(kind, NodeKind::Queue(_) | NodeKind::Transfer { .. }) {
                return true;
            }
            if seen.insert(node) && !graph::awaits_keys(kind) {
                open.extend(self.edges[node].iter().filter(|edge| in_hours(edge)).filter_map(|edge| at(edge.to)));
            }
        }
        false
    }
}

/// A way that can be gone within business hours.
fn in_hours(edge: &Edge) -> bool {
    !matches!(edge.way, Way::Closed | Way::Holiday | Way::Period(_) | Way::QueueClosed | Way::Hangup)
}
