//! Nodes: from the table of fields to the kind with everything it needs.

use std::sync::Arc;

use super::{
    super::{
        diagnostic::nearest,
        expr,
        fields::NODES,
        model::{Assignment, Choice, Collect, IntentId, Key, Node, NodeKind, Outcome, Target},
        shape::key_of,
        tree::{Entry, Kind, Span, Table, Value as Text},
        value::{SymbolSet, Type, Value},
    },
    NodeText, Resolver, UNKNOWN,
    uses::Given,
};
use crate::script::model::{Builtin, Expr};
use crate::{
    id::{NodeId, VarId},
    time::Duration,
};

/// What a callback node fills in by itself.
const CALLBACK_SLOTS: Given = &[("from", Builtin::CallbackFrom, Type::Time), ("to", Builtin::CallbackTo, Type::Time)];

/// A node while it is resolved.
#[derive(Clone, Copy)]
pub(super) struct Here<'a> {
    pub text: NodeText<'a>,
}

impl<'a> Here<'a> {
    pub fn flow(&self) -> Option<usize> {
        Some(self.text.flow)
    }
    pub fn table(&self) -> &'a Table {
        self.text.table
    }
}

impl<'a> Resolver<'a, '_> {
    /// Resolves one node; whatever is wrong with it, a node of its name takes its place.
    pub(super) fn node(&mut self, index: usize) {
        let here = Here { text: self.out.texts[index] };
        let table = here.table();
        let kind_name = table.text("kind").map_or("", |(kind, _)| kind);
        let kind = self.kind(kind_name, here);
        let broken = kind.is_none();
        let kind = kind.unwrap_or(NodeKind::Goto { to: UNKNOWN });
        let given = if kind_name == "callback" { CALLBACK_SLOTS } else { &[] };
        let prompts = self.prompts(table.get("prompt"), here.flow(), given);
        let awaiting = self.awaiting(table, here.text.flow, &bound_keys(&kind));
        let back = matches!(kind, NodeKind::Menu { .. } | NodeKind::Collect(_) | NodeKind::Language { .. });
        let name = format!("{}.{}", self.out.flows[here.text.flow].name, here.text.name);
        self.out.nodes.push(Node {
            name: name.into(),
            kind,
            prompts,
            input: awaiting.input,
            error: awaiting.error,
            hangup: awaiting.hangup,
            back_point: back && table.bool("back").unwrap_or(true),
        });
        self.out.broken.push(broken || NODES.iter().all(|(name, _)| *name != kind_name));
    }

    /// The target of a field; an absent one has been reported by the reader.
    pub(super) fn to(&mut self, here: Here<'a>, field: &str) -> NodeId {
        here.table().get(field).map_or(UNKNOWN, |value| self.target_of(here, value))
    }

    pub(super) fn target_of(&mut self, here: Here<'a>, value: &'a Text) -> NodeId {
        value.text().map_or(UNKNOWN, |name| self.target(name, here.flow(), here.text.file, &value.span))
    }

    fn kind(&mut self, kind: &str, here: Here<'a>) -> Option<NodeKind> {
        Some(match kind {
            "say" => NodeKind::Say { to: self.to(here, "to") },
            "menu" => self.menu(here),
            "collect" => self.collect(here)?,
            "confirm" => self.confirm(here),
            "authenticate" => self.authenticate(here)?,
            "lookup" => self.lookup(here)?,
            "set" => {
                let assignments = self.assignments(here);
                NodeKind::Set { assignments, to: self.to(here, "to") }
            }
            "branch" => self.branch(here),
            "switch" => self.switch(here)?,
            "hours" => self.hours(here)?,
            "language" => self.language_node(here),
            "split" => self.split(here),
            "loop" => self.loop_node(here)?,
            "call" => self.call(here)?,
            "return" => self.return_node(here),
            "goto" => NodeKind::Goto { to: self.to(here, "to") },
            "queue" => self.queue_node(here)?,
            "callback" => {
                let queue = self.queue_ref(here)?;
                NodeKind::Callback { queue, to: self.to(here, "to"), failed: self.to(here, "failed") }
            }
            "transfer" => self.transfer(here)?,
            "record" => NodeKind::Record {
                max: here.table().duration("max").unwrap_or(Duration::from_secs(60)),
                finish: here.table().get("finish").map_or(Some(Key::HASH), key_of)?,
                to: self.to(here, "to"),
            },
            "survey" => self.survey(here),
            "end" => self.end(here)?,
            _ => return None,
        })
    }

    fn menu(&mut self, here: Here<'a>) -> NodeKind {
        let mut choices: Vec<Choice> = Vec::new();
        for entry in here.table().entries_of("choices") {
            let Some(keys) = self.keys(here, entry) else { continue };
            let table = entry.value.table();
            let to = match table {
                Some(table) => table.get("to").map_or(UNKNOWN, |value| self.target_of(here, value)),
                None => self.target_of(here, &entry.value),
            };
            let serves = table.and_then(|table| table.text("serves"));
            let serves = serves.and_then(|(name, span)| {
                let known = self.out.intents.clone();
                self.find("unknown-intent", "intent", name, &known, (here.text.file, span))
            });
            let when = table.and_then(|table| table.get("when"));
            let when = when.and_then(|value| self.expression(value, Some(Type::Bool), here.flow()));
            let serves = serves.map(|i| IntentId(i as u16));
            choices.push(Choice { keys, to, serves, when: when.map(|(expr, _)| expr) });
        }
        if choices.is_empty() && here.table().table("choices").is_some_and(|table| table.entries.is_empty()) {
            let message = format!("the menu `{}` has no choices", here.text.name);
            self.error("empty", here.text.file, here.text.name_span, message).help =
                Some("add at least one: choices = { 1 = \"NODE\" }".to_owned());
        }
        NodeKind::Menu { choices: choices.into() }
    }

    /// The keys of a choice, one or more, written as the key of a table.
    fn keys(&mut self, here: Here<'a>, entry: &'a Entry) -> Option<Box<[Key]>> {
        let keys: Option<Box<[Key]>> = entry.key.chars().map(Key::from_char).collect();
        let keys = keys.filter(|keys| !keys.is_empty() && keys.len() <= 15);
        if keys.is_none() {
            let message = format!("`{}` cannot be pressed on a telephone", entry.key);
            self.error("bad-key", here.text.file, &entry.key_span, message).help =
                Some("a choice is one or more of the keys 0 to 9, * and #, such as 1, 10 or \"*\"".to_owned());
        }
        keys
    }

    fn collect(&mut self, here: Here<'a>) -> Option<NodeKind> {
        let table = here.table();
        let (kind, digits) = match table.text("as").map_or("digits", |(kind, _)| kind) {
            "number" => (Type::Number, (1, 15)),
            "amount" => (Type::Amount, (1, 9)),
            "date" => (Type::Date, (8, 8)),
            "time" => (Type::Time, (4, 4)),
            _ => (Type::Digits, (1, 15)),
        };
        let max = table.int("max").map_or(digits.1, |n| n.clamp(1, 15) as u8);
        let min = table.int("min").map_or(digits.0.min(max), |n| n.clamp(0, 15) as u8);
        if min > max {
            let span = &table.get("min").or_else(|| table.get("max"))?.span;
            let message = format!("`min` is {min}, but `max` is {max}, so that no entry would do");
            self.error("out-of-range", here.text.file, span, message);
        }
        let into = table.text("into").and_then(|(name, span)| {
            let id = self.variable(name, here.flow(), span)?;
            self.same_type(kind, id, here.flow(), span);
            Some(id)
        });
        let valid = table.get("valid").and_then(|value| self.expression(value, Some(Type::Bool), here.flow()));
        let terminator = match table.text("terminator").map_or("#", |(key, _)| key) {
            "none" => None,
            "*" => Some(Key::STAR),
            _ => Some(Key::HASH),
        };
        let mut keys: Vec<(Key, NodeId)> = Vec::new();
        for entry in table.entries_of("keys") {
            let Some(key) = self.key(&entry.key, here.text.file, &entry.key_span) else { continue };
            if Some(key) == terminator {
                let message = format!("the key `{key}` ends the entry here, and cannot lead elsewhere too");
                self.error("duplicate-key", here.text.file, &entry.key_span, message).help =
                    Some("choose another key, or another `terminator`".to_owned());
            } else if key.digit().is_some() {
                let message = format!("the key `{key}` is a digit, so that no entry could begin with it");
                self.error("duplicate-key", here.text.file, &entry.key_span, message).help =
                    Some("use \"*\" or \"#\"".to_owned());
            }
            keys.push((key, self.target_of(here, &entry.value)));
        }
        let to = self.to(here, "to");
        Some(NodeKind::Collect(Collect {
            into: into?,
            kind,
            min,
            max,
            terminator,
            secret: table.bool("secret").unwrap_or(false),
            valid: valid.map(|(expr, _)| expr),
            keys: keys.into(),
            to,
        }))
    }

    /// Reports a value that does not fit the variable it goes into.
    pub(super) fn same_type(&mut self, kind: Type, into: VarId, flow: Option<usize>, span: &Span) {
        let wanted = self.out.variables[into.index()].kind;
        if wanted != kind && !self.out.variable_texts[into.index()].hidden {
            let (is, wanted) = (expr::type_name(kind, &self.out.sets), expr::type_name(wanted, &self.out.sets));
            let name = self.out.variables[into.index()].name.clone();
            let message = format!("this is {is}, but the variable `{name}` holds {wanted}");
            self.error("type-mismatch", self.file(flow), span, message).help =
                Some(format!("declare a variable that holds {is}"));
        }
    }

    fn confirm(&mut self, here: Here<'a>) -> NodeKind {
        let key = |field, default| here.table().get(field).map_or(Key::from_char(default), key_of);
        let (yes_key, no_key) = (key("yes_key", '1'), key("no_key", '2'));
        if yes_key.is_some() && yes_key == no_key {
            let span =
                here.table().entry("no_key").or(here.table().entry("yes_key")).map(|entry| entry.key_span.clone());
            let message = "yes and no are on the same key";
            self.error("duplicate-key", here.text.file, &span.unwrap_or(0..0), message).help =
                Some("give each a key of its own".to_owned());
        }
        NodeKind::Confirm {
            yes_key: yes_key.unwrap_or(Key::STAR),
            yes: self.to(here, "yes"),
            no_key: no_key.unwrap_or(Key::HASH),
            no: self.to(here, "no"),
        }
    }

    fn assignments(&mut self, here: Here<'a>) -> Box<[Assignment]> {
        let mut done = Vec::new();
        for entry in here.table().entries_of("set") {
            // `call.recording = …` without quotes is, to TOML, a table in a table.
            match entry.value.table().filter(|_| entry.key == "call") {
                Some(inner) => {
                    for item in &inner.entries {
                        done.extend(self.assignment(here, &format!("call.{}", item.key), item));
                    }
                }
                None => done.extend(self.assignment(here, &entry.key, entry)),
            }
        }
        done.into()
    }

    fn assignment(&mut self, here: Here<'a>, name: &str, entry: &'a Entry) -> Option<Assignment> {
        let (target, kind) = match name {
            "call.recording" => (Target::Recording, Type::Bool),
            "call.language" => (Target::Language, Type::Symbol(super::super::model::LANGUAGE_SET)),
            _ => {
                let id = self.variable(name, here.flow(), &entry.key_span)?;
                (Target::Var(id), self.out.variables[id.index()].kind)
            }
        };
        // What could not be read still counts as set, so that one fault is one report.
        let value = self.value(here, &entry.value, kind).unwrap_or(Expr::Const(Value::Unset));
        Some(Assignment { target, value })
    }

    /// A field that holds an expression, or a plain TOML value.
    pub(super) fn value(&mut self, here: Here<'a>, value: &'a Text, kind: Type) -> Option<Expr> {
        match &value.kind {
            Kind::Text(_) => self.expression(value, Some(kind), here.flow()).map(|(expr, _)| expr),
            Kind::List(_) | Kind::Table(_) => None,
            _ => Some(Expr::Const(self.literal(value, kind, here.text.file))),
        }
    }

    fn branch(&mut self, here: Here<'a>) -> NodeKind {
        let mut arms = Vec::new();
        for item in here.table().items_of("when") {
            let Some(table) = item.table() else { continue };
            let condition = table.get("if").and_then(|value| self.expression(value, Some(Type::Bool), here.flow()));
            let to = table.get("to").map_or(UNKNOWN, |value| self.target_of(here, value));
            // A condition that could not be read may still be what reaches a node.
            let condition = condition.map_or(Expr::Const(Value::Unset), |(expr, _)| expr);
            arms.push((condition, to));
        }
        NodeKind::Branch { arms: arms.into(), otherwise: self.to(here, "else") }
    }

    fn switch(&mut self, here: Here<'a>) -> Option<NodeKind> {
        let table = here.table();
        let on = table.get("on").and_then(|value| self.expression(value, None, here.flow()));
        let mut cases = Vec::new();
        for entry in table.entries_of("cases") {
            let to = self.target_of(here, &entry.value);
            let Some((_, kind)) = on else { continue };
            match expr::word_value(&entry.key, kind, &self.out.sets) {
                Some(value) => cases.push((value, to)),
                None => self.bad_case(here, entry, kind),
            }
        }
        let (on, kind) = on?;
        let all = match kind {
            Type::Symbol(SymbolSet(set)) => self.out.sets[set as usize].words.len(),
            Type::Bool => 2,
            _ => usize::MAX,
        };
        let otherwise = match (table.get("else"), cases.last()) {
            (Some(value), _) => self.target_of(here, value),
            (None, Some(last)) if cases.len() >= all => last.1,
            (None, _) => {
                let message = "some values have no case here";
                let span = &table.entry("cases")?.key_span;
                self.error("missing-field", here.text.file, span, message).help =
                    Some("add else = \"NODE\" for all other values".to_owned());
                UNKNOWN
            }
        };
        Some(NodeKind::Switch { on, cases: cases.into(), otherwise })
    }

    fn bad_case(&mut self, here: Here<'a>, entry: &Entry, kind: Type) {
        let name = expr::type_name(kind, &self.out.sets);
        let help = match kind {
            Type::Symbol(SymbolSet(set)) => {
                let words = &self.out.sets[set as usize].words;
                match nearest(&entry.key, words.iter().map(|w| &**w)) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("its words are: {}", super::listed(words)),
                }
            }
            _ => format!("write {name}"),
        };
        let message = format!("`{}` is not {name}", entry.key);
        self.error("unknown-word", here.text.file, &entry.key_span, message).help = Some(help);
    }

    fn end(&mut self, here: Here<'a>) -> Option<NodeKind> {
        let (name, span) = here.table().text("outcome")?;
        if let Some((_, outcome)) = Outcome::COMMON.iter().find(|(word, _)| *word == name) {
            return Some(NodeKind::End { outcome: *outcome });
        }
        let known: Vec<Arc<str>> =
            Outcome::COMMON.iter().map(|(word, _)| Arc::from(*word)).chain(self.out.outcomes.iter().cloned()).collect();
        let i = self.find("unknown-outcome", "outcome", name, &known, (here.text.file, span))?;
        Some(NodeKind::End { outcome: Outcome::Own((i - Outcome::COMMON.len()) as u16) })
    }
}

/// The keys a node binds itself.
fn bound_keys(kind: &NodeKind) -> Vec<Key> {
    match kind {
        NodeKind::Menu { choices } => choices.iter().filter(|c| c.keys.len() == 1).map(|c| c.keys[0]).collect(),
        NodeKind::Collect(collect) => collect.keys.iter().map(|(key, _)| *key).chain(collect.terminator).collect(),
        NodeKind::Confirm { yes_key, no_key, .. } => vec![*yes_key, *no_key],
        NodeKind::Language { choices, .. } => choices.iter().map(|(key, _)| *key).collect(),
        NodeKind::Authenticate(auth) if auth.no_number.is_some() => vec![Key::STAR],
        _ => Vec::new(),
    }
}
