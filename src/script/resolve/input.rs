//! What awaiting keys needs: timers, global keys and handlers, each found in the node, its flow or the centre.

use super::{
    super::{
        model::{Escalation, EscalationStep, GlobalAction, InputRules, Key, Then},
        shape::key_of,
        tree::{Entry, Kind, Table, Value},
    },
    Resolver, UNKNOWN,
};
use crate::{id::NodeId, time::Duration};

/// The timers of a scope; a field left out is taken from the scope around it.
#[derive(Clone, Copy, Default)]
struct Timers {
    first_digit: Option<Duration>,
    inter_digit: Option<Duration>,
    terminator_wait: Option<Duration>,
}

impl Timers {
    fn read(table: Option<&Table>) -> Timers {
        let duration = |key| table.and_then(|table| table.duration(key));
        Timers {
            first_digit: duration("first_digit"),
            inter_digit: duration("inter_digit"),
            terminator_wait: duration("terminator_wait"),
        }
    }
}

/// Handlers and timers of the centre or of a flow.
#[derive(Clone, Default)]
pub(super) struct ScopeHandlers {
    timers: Timers,
    no_input: Option<Escalation>,
    no_match: Option<Escalation>,
    error: Option<NodeId>,
    hangup: Option<NodeId>,
    /// Only the centre has them.
    keys: Vec<(Key, GlobalAction)>,
}

/// What a node takes from its scopes.
pub(super) struct Awaiting {
    pub input: InputRules,
    pub error: Option<NodeId>,
    pub hangup: Option<NodeId>,
}

impl<'a> Resolver<'a, '_> {
    /// Resolves the handlers of the centre and of each flow; the centre's comes first.
    pub(super) fn scope_handlers(&mut self) {
        let mut centre = self.handlers(&self.centre.root, None);
        for entry in self.centre.root.entries_of("keys") {
            if let Some(key) = self.global_key(entry) {
                centre.keys.push(key);
            }
        }
        self.scopes.push(centre);
        static NONE: Table = Table { entries: Vec::new() };
        for i in 0..self.flow_files.len() {
            let table = self.flow_files[i].file.root.table("flow").unwrap_or(&NONE);
            let scope = self.handlers(table, Some(i));
            self.scopes.push(scope);
        }
    }

    fn global_key(&mut self, entry: &'a Entry) -> Option<(Key, GlobalAction)> {
        let path = &self.centre.path;
        let key = self.key(&entry.key, path, &entry.key_span)?;
        let action = match entry.value.text()? {
            "repeat" => GlobalAction::Repeat,
            "back" => GlobalAction::Back,
            node => GlobalAction::Goto(self.target(node, None, path, &entry.value.span)),
        };
        Some((key, action))
    }

    /// A single key written as the key of a table.
    pub(super) fn key(&mut self, text: &str, file: &std::sync::Arc<str>, span: &super::Span) -> Option<Key> {
        let mut chars = text.chars();
        let key = chars.next().and_then(Key::from_char).filter(|_| chars.next().is_none());
        if key.is_none() {
            let message = format!("`{text}` is not a key of the telephone");
            self.error("bad-key", file, span, message).help = Some("keys are 0 to 9, \"*\" and \"#\"".to_owned());
        }
        key
    }

    fn handlers(&mut self, table: &'a Table, flow: Option<usize>) -> ScopeHandlers {
        ScopeHandlers {
            timers: Timers::read(table.table("timers")),
            no_input: table.get("no_input").map(|value| self.escalation(value, flow)),
            no_match: table.get("no_match").map(|value| self.escalation(value, flow)),
            error: self.way_out(table.get("error"), flow),
            hangup: self.way_out(table.get("hangup"), flow),
            keys: Vec::new(),
        }
    }

    fn way_out(&mut self, value: Option<&'a Value>, flow: Option<usize>) -> Option<NodeId> {
        let value = value?;
        let (name, span) = match value.table() {
            Some(table) => table.text("then")?,
            None => (value.text()?, &value.span),
        };
        Some(self.target(name, flow, self.file(flow), span))
    }

    fn escalation(&mut self, value: &'a Value, flow: Option<usize>) -> Escalation {
        let mut steps = Vec::new();
        if let Some(table) = value.table() {
            let tries = table.int("tries").unwrap_or(2).clamp(0, 20) as u8;
            let prompts = self.prompts(table.get("prompt"), flow, &[]);
            let then =
                table.text("then").map_or(UNKNOWN, |(name, span)| self.target(name, flow, self.file(flow), span));
            if tries > 0 {
                steps.push(EscalationStep { from: 1, prompts, then: Then::Replay, keep: false });
            }
            steps.push(EscalationStep { from: tries + 1, prompts: [].into(), then: Then::Goto(then), keep: false });
            return Escalation { steps: steps.into() };
        }
        for item in value.list().unwrap_or_default() {
            let Some(table) = item.table() else { continue };
            let prompts = self.prompts(table.get("prompt"), flow, &[]);
            let then = match table.text("then") {
                Some((name, span)) => Then::Goto(self.target(name, flow, self.file(flow), span)),
                None if table.bool("replay") == Some(false) => Then::Listen,
                None => Then::Replay,
            };
            let from = table.int("from").unwrap_or(1).clamp(1, 100) as u8;
            let keep = table.bool("keep") == Some(true) && matches!(then, Then::Goto(_));
            steps.push(EscalationStep { from, prompts, then, keep });
        }
        self.check_escalation(value, &mut steps, flow);
        Escalation { steps: steps.into() }
    }

    fn check_escalation(&mut self, value: &'a Value, steps: &mut [EscalationStep], flow: Option<usize>) {
        let file = self.file(flow);
        steps.sort_by_key(|step| step.from);
        if steps.first().is_none_or(|step| step.from != 1) {
            let message = "the handler has no step for the first time";
            self.error("bad-handler", file, &value.span, message).help = Some("let one step have from = 1".to_owned());
        }
        if steps.windows(2).any(|pair| pair[0].from == pair[1].from) {
            let message = "two steps of the handler begin at the same count";
            self.error("bad-handler", file, &value.span, message).help = Some("give each its own `from`".to_owned());
        }
        if steps.last().is_some_and(|step| !matches!(step.then, Then::Goto(_))) {
            let message = "the handler never leaves: a caller who stays silent or errs would hear it for ever";
            self.error("endless-handler", file, &value.span, message).help =
                Some("let the last step have then = \"NODE\"".to_owned());
        }
    }

    /// What applies at a node: its own fields, then its flow's, then the centre's.
    pub(super) fn awaiting(&mut self, table: &'a Table, flow: usize, bound: &[Key]) -> Awaiting {
        let own = self.handlers(table, Some(flow));
        let scopes = [&own, &self.scopes[flow + 1], &self.scopes[0]];
        let time = |pick: fn(&Timers) -> Option<Duration>, default| {
            scopes.iter().find_map(|scope| pick(&scope.timers)).unwrap_or(default)
        };
        let globals = globals(table, &self.scopes[0].keys, bound);
        let handler = |pick: fn(&ScopeHandlers) -> &Option<Escalation>| {
            scopes.iter().find_map(|scope| pick(scope).clone()).unwrap_or_default()
        };
        let input = InputRules {
            first_digit: time(|t| t.first_digit, Duration::from_secs(6)),
            inter_digit: time(|t| t.inter_digit, Duration::from_secs(3)),
            terminator_wait: time(|t| t.terminator_wait, Duration::ZERO),
            barge_in: table.bool("barge_in").unwrap_or(true),
            discard: table.bool("discard").unwrap_or(false),
            globals,
            no_input: handler(|s| &s.no_input),
            no_match: handler(|s| &s.no_match),
        };
        Awaiting {
            input,
            error: scopes.iter().find_map(|scope| scope.error),
            hangup: scopes.iter().find_map(|scope| scope.hangup),
        }
    }
}

/// The global keys that work at a node: not those it binds itself, nor those it opts out of.
fn globals(table: &Table, all: &[(Key, GlobalAction)], bound: &[Key]) -> Box<[(Key, GlobalAction)]> {
    let wanted = |key: &Key| match table.get("globals").map(|value| &value.kind) {
        Some(Kind::Bool(on)) => *on,
        Some(Kind::List(items)) => items.iter().any(|item| key_of(item) == Some(*key)),
        _ => true,
    };
    all.iter().filter(|(key, _)| wanted(key) && !bound.contains(key)).copied().collect()
}
