//! Whether somebody answers: queues, skills, languages and hours.

use std::{collections::BTreeSet, sync::Arc};

use super::{
    super::{
        diagnostic::Diagnostic,
        graph::Way,
        model::{Group, NodeKind, Queue, QueueRef, WaitAction},
        tree::Span,
    },
    Checker, at,
    reads::queue_variable,
};
use crate::id::LanguageId;

impl<'a> Checker<'a, '_> {
    pub(super) fn staffing(&mut self) {
        let script = self.script;
        for (i, queue) in script.queues.iter().enumerate() {
            let (path, span) = self.queue_place(&queue.name);
            let serving = self.serving(i);
            if serving.is_empty() {
                let message = format!("nobody serves the queue `{}`: no group has the skills it asks for", queue.name);
                let help = "give a group these skills at this level or above, or let the queue ask for less";
                self.report(Diagnostic::error("unserved-queue", &path, span, message)).help = Some(help.to_owned());
                continue;
            }
            self.languages_served(i, queue, &serving, (&path, &span));
            self.always_open(i, queue, &serving, (&path, &span));
            if !self.is_used(i) && self.facts.faulty.is_empty() {
                let message = format!("no node leads to the queue `{}`", queue.name);
                let help = "lead to it by a `queue` node, or remove it".to_owned();
                self.report(Diagnostic::warning("unused-queue", &path, span, message)).help = Some(help);
            }
        }
        self.closed_variants();
    }

    fn queue_place(&self, name: &str) -> (Arc<str>, Span) {
        let centre = self.facts.centre;
        let entry = centre.root.table("queue").and_then(|table| table.entry(name));
        (centre.path.clone(), entry.map_or(0..0, |entry| entry.key_span.clone()))
    }

    /// The groups that may take calls of a queue, at once or after a wait.
    fn serving(&self, queue: usize) -> Vec<&'a Group> {
        let script = self.script;
        let own = &script.queues[queue];
        let queues: Vec<&Queue> =
            std::iter::once(own).chain(own.overflow.iter().map(|step| &script.queues[step.to.index()])).collect();
        script.groups.iter().filter(|group| group.size > 0 && queues.iter().any(|queue| fits(group, queue))).collect()
    }

    fn languages_served(&mut self, i: usize, queue: &Queue, serving: &[&Group], place: (&Arc<str>, &Span)) {
        let spoken: BTreeSet<LanguageId> = serving.iter().flat_map(|group| group.languages.iter().copied()).collect();
        let script = self.script;
        let offers_other = script.nodes.iter().any(|node| match &node.kind {
            NodeKind::Queue(node) => {
                let here = matches!(node.queue, QueueRef::Var(_))
                    || node.queue == QueueRef::Fixed(crate::id::QueueId(i as u16));
                let keys = node.treatment.iter().flat_map(|step| &step.keys);
                here && keys.into_iter().any(|(_, action)| matches!(action, WaitAction::AcceptLanguage(_)))
            }
            _ => false,
        });
        let unserved: Vec<&str> = (0..script.languages.len())
            .filter(|&language| !spoken.contains(&LanguageId(language as u8)))
            .map(|language| &*script.languages[language].code)
            .collect();
        if !unserved.is_empty() && !offers_other {
            let message = format!(
                "nobody in the queue `{}` speaks {}; these callers would wait in vain",
                queue.name,
                unserved.join(", ")
            );
            let help = "add the language to a group, or let a step of the wait treatment offer another: keys = { 1 = { language = \"…\" } }";
            let problem = Diagnostic::warning("unserved-language", place.0, place.1.clone(), message);
            self.report(problem).help = Some(help.to_owned());
        }
    }

    /// A queue without hours whose agents go home.
    fn always_open(&mut self, i: usize, queue: &Queue, serving: &[&Group], place: (&Arc<str>, &Span)) {
        let leaves = serving.iter().all(|group| group.shift.is_some());
        if queue.calendar.is_some() || queue.closed_when_unstaffed || !leaves || !self.reached_unasked(i) {
            return;
        }
        let message =
            format!("outside their shifts nobody serves the queue `{}`, but it takes calls all the same", queue.name);
        let help = "give the queue a `calendar`, set closed_when_unstaffed = true, or ask an `hours` node first";
        let problem = Diagnostic::warning("no-out-of-hours", place.0, place.1.clone(), message);
        self.report(problem).help = Some(help.to_owned());
    }

    /// Whether a call can get into the queue without an `hours` node having said that it is open.
    fn reached_unasked(&self, queue: usize) -> bool {
        let mut seen = BTreeSet::new();
        let mut open: Vec<usize> = at(self.script.entry).into_iter().collect();
        while let Some(node) = open.pop() {
            if !seen.insert(node) {
                continue;
            }
            if let NodeKind::Queue(node) = &self.script.nodes[node].kind
                && (node.queue == QueueRef::Fixed(crate::id::QueueId(queue as u16))
                    || matches!(node.queue, QueueRef::Var(_)))
            {
                return true;
            }
            let follow = self.edges[node].iter().filter(|edge| edge.way != Way::Open);
            open.extend(follow.filter_map(|edge| at(edge.to)));
        }
        false
    }

    fn is_used(&self, queue: usize) -> bool {
        let id = crate::id::QueueId(queue as u16);
        let overflows = self.script.queues.iter().any(|other| other.overflow.iter().any(|step| step.to == id));
        overflows
            || self.script.nodes.iter().any(|node| match &node.kind {
                NodeKind::Queue(node) => node.queue == QueueRef::Fixed(id),
                NodeKind::Callback { queue, .. } => *queue == QueueRef::Fixed(id),
                _ => false,
            })
            || self.script.nodes.iter().any(|node| queue_variable(&node.kind).is_some())
    }

    /// An `hours` node that does the same open or closed.
    fn closed_variants(&mut self) {
        for (i, node) in self.nodes() {
            let NodeKind::Hours { open, closed, .. } = &node.kind else { continue };
            if open == closed {
                let message =
                    format!("`{}` does the same open or closed: there is no out-of-hours variant", self.short(i));
                let span = self.field(i, "closed");
                self.warning("no-out-of-hours", i, span, message).help =
                    Some("let `closed` say when the centre opens again".to_owned());
            }
        }
    }
}

/// Whether agents of a group may take calls of a queue, if need be after the wait that relaxes a skill.
fn fits(group: &Group, queue: &Queue) -> bool {
    queue.skills.iter().all(|need| {
        let level = group.skills.iter().find(|(skill, _)| *skill == need.skill).map(|(_, level)| *level);
        level.is_some_and(|level| level >= need.min_level || need.relax_after.is_some())
    })
}
