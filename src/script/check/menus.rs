//! What makes a menu hard on callers: too many options, gaps, waits for a longer choice, depth, hasty or slow timers.

use std::{collections::VecDeque, sync::Arc};

use super::{
    super::{
        diagnostic::Diagnostic,
        graph::{self, Way},
        model::{Choice, Key, NodeKind},
        tree::{Span, Table},
    },
    Checker, at,
};
use crate::time::Duration;

/// More options than this are hard to remember.
const MAX_OPTIONS: usize = 5;
/// A menu further from the choice of language than this is rarely reached.
const MAX_DEPTH: u32 = 3;
/// Shorter timers cut callers off, longer ones sound like a fault.
const TIMERS: (Duration, Duration) = (Duration::from_secs(3), Duration::from_secs(10));

impl Checker<'_, '_> {
    /// Every check of a single menu, and of the way to it.
    pub(super) fn menus(&mut self) {
        for (i, node) in self.nodes() {
            self.handlers(i);
            match &node.kind {
                NodeKind::Menu { choices } => {
                    let keys: Vec<Key> = choices.iter().filter(|c| c.keys.len() == 1).map(|c| c.keys[0]).collect();
                    self.options(i, &keys);
                    self.prefixes(i, choices, node.input.inter_digit);
                }
                NodeKind::Language { choices, .. } => {
                    let keys: Vec<Key> = choices.iter().map(|(key, _)| *key).collect();
                    self.options(i, &keys);
                    self.languages_offered(i, choices.iter().map(|(_, language)| language.index()).collect());
                }
                _ => {}
            }
        }
        self.depth();
        self.timers();
    }

    /// A node that awaits keys or asks a service needs to know what to do when nothing comes.
    fn handlers(&mut self, i: usize) {
        let node = &self.script.nodes[i];
        if self.facts.broken[i] {
            return;
        }
        let awaits = graph::awaits_keys(&node.kind);
        let missing = [
            ("no_input", awaits && node.input.no_input.steps.is_empty(), "the caller says nothing"),
            ("no_match", awaits && node.input.no_match.steps.is_empty(), "the caller presses a wrong key"),
            ("error", graph::asks_service(&node.kind) && node.error.is_none(), "the service is unavailable"),
        ];
        for (field, _, when) in missing.into_iter().filter(|(_, missing, _)| *missing) {
            let message = format!("nothing says what happens at `{}` when {when}", self.short(i));
            let span = self.text(i).name_span.clone();
            self.error("missing-handler", i, span, message).help =
                Some(format!("add {field} = {{ then = \"NODE\" }} here, to [flow], or [{field}] to centre.toml"));
        }
    }

    fn options(&mut self, i: usize, keys: &[Key]) {
        let mut digits: Vec<u8> = keys.iter().filter_map(|key| key.digit()).filter(|digit| *digit > 0).collect();
        let span = self.field(i, "choices");
        if digits.len() > MAX_OPTIONS {
            let message = format!(
                "`{}` has {} options; few callers keep more than {MAX_OPTIONS} in mind",
                self.short(i),
                digits.len()
            );
            self.warning("many-options", i, span.clone(), message).help =
                Some("group them in menus of their own, the likeliest first".to_owned());
        }
        digits.sort_unstable();
        // A single option may have any key: 8 for refusing, say.
        let gap = (1u8..).zip(&digits).find(|(expected, digit)| expected != *digit);
        if let (Some((expected, digit)), true) = (gap, digits.len() > 1) {
            let message =
                format!("the keys of `{}` have a gap: {expected} is free, but {digit} is taken", self.short(i));
            self.warning("key-gap", i, span, message).help =
                Some("number the options 1, 2, 3 … without gaps".to_owned());
        }
    }

    fn prefixes(&mut self, i: usize, choices: &[Choice], wait: Duration) {
        let text = |choice: &Choice| choice.keys.iter().map(|key| key.as_char()).collect::<String>();
        for short in choices {
            let longer = |other: &&Choice| other.keys.len() > short.keys.len() && other.keys.starts_with(&short.keys);
            let Some(long) = choices.iter().find(longer) else { continue };
            let (short, long) = (text(short), text(long));
            let place = self.text(i).table.table("choices").and_then(|table| table.entry(&short));
            let span = place.map_or_else(|| self.field(i, "choices"), |entry| entry.key_span.clone());
            let message =
                format!("`{long}` begins with `{short}`, so that every caller who presses {short} waits {wait} longer");
            self.warning("ambiguous-prefix", i, span, message).help =
                Some("let no choice be the beginning of another".to_owned());
        }
    }

    fn languages_offered(&mut self, i: usize, offered: Vec<usize>) {
        let missing: Vec<&str> = (0..self.script.languages.len())
            .filter(|language| !offered.contains(language))
            .map(|language| &*self.script.languages[language].code)
            .collect();
        let only = self.nodes().filter(|(_, node)| matches!(node.kind, NodeKind::Language { .. })).count() == 1;
        if !missing.is_empty() && only && !self.facts.faulty.contains(self.text(i).file) {
            let span = self.field(i, "choices");
            let message = format!("no caller can choose {}, though the centre has texts for it", missing.join(", "));
            self.warning("language-not-offered", i, span, message).help =
                Some("add a key for it, or remove the language from [languages]".to_owned());
        }
    }

    /// How many menus a caller passes, counted from the choice of language.
    fn depth(&mut self) {
        let languages =
            || self.nodes().filter(|(i, n)| self.reached[*i] && matches!(n.kind, NodeKind::Language { .. }));
        let mut starts: Vec<usize> = languages().map(|(i, _)| i).collect();
        if starts.is_empty() {
            starts.extend(at(self.script.entry));
        }
        let level = |i: usize| match &self.script.nodes[i].kind {
            NodeKind::Menu { choices } if choices.len() > 1 => 1,
            _ => 0,
        };
        let mut depth: Vec<Option<u32>> = vec![None; self.edges.len()];
        let mut open: VecDeque<usize> = VecDeque::new();
        for start in starts {
            depth[start] = Some(level(start));
            open.push_back(start);
        }
        // Levels cost one, all else nothing: what costs nothing is looked at first.
        while let Some(node) = open.pop_front() {
            let Some(here) = depth[node] else { continue };
            for edge in &self.edges[node] {
                // What comes after a service's answer belongs to the answer, not to the way to it.
                let roundabout = matches!(
                    edge.way,
                    Way::Global(_)
                        | Way::Silence(_)
                        | Way::Mistake(_)
                        | Way::Hangup
                        | Way::Unavailable
                        | Way::Refused
                        | Way::Answer(_)
                );
                let Some(to) = at(edge.to).filter(|_| !roundabout) else { continue };
                let next = here + level(to);
                if depth[to].is_none_or(|known| next < known) {
                    depth[to] = Some(next);
                    if level(to) == 0 { open.push_front(to) } else { open.push_back(to) }
                }
            }
        }
        for (i, _) in self.nodes() {
            let Some(deep) = depth[i].filter(|deep| *deep > MAX_DEPTH && level(i) == 1) else { continue };
            let message =
                format!("`{}` is the {deep}th menu on the shortest way from the choice of language", self.short(i));
            let span = self.text(i).name_span.clone();
            self.warning("deep-menu", i, span, message).help =
                Some(format!("let callers get there by at most {MAX_DEPTH} menus"));
        }
    }

    fn timers(&mut self) {
        let facts = self.facts;
        self.timers_of(&facts.centre.path, facts.centre.root.table("timers"), None);
        for flow in facts.flows {
            let table = flow.file.root.table("flow").and_then(|table| table.table("timers"));
            self.timers_of(&flow.file.path, table, None);
        }
        for i in 0..facts.texts.len() {
            let text = self.text(i);
            self.timers_of(text.file, text.table.table("timers"), Some(i));
        }
    }

    fn timers_of(&mut self, file: &Arc<str>, table: Option<&Table>, node: Option<usize>) {
        for field in ["first_digit", "inter_digit"] {
            let Some(value) = table.and_then(|table| table.get(field)) else { continue };
            let Some(time) = value.text().and_then(|text| text.parse::<Duration>().ok()) else { continue };
            if (TIMERS.0..=TIMERS.1).contains(&time) {
                continue;
            }
            let effect = if time < TIMERS.0 { "cuts slow callers off" } else { "leaves callers in doubt" };
            let message = format!("`{field}` of {time} {effect}");
            let span: Span = value.span.clone();
            let help = format!("choose from {} to {}", TIMERS.0, TIMERS.1);
            let problem = Diagnostic::warning("timer-range", file, span, message).help(help);
            match node {
                Some(node) => self.push(node, problem),
                None => self.report(problem),
            };
        }
    }
}
