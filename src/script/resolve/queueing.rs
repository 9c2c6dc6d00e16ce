//! Nodes about hours, languages, chance, waiting and leaving.

use std::sync::Arc;

use super::{
    super::{
        model::{Key, NodeKind, PERIOD_SET, PromptUse, QUEUE_SET, Question, QueueNode, QueueRef, WaitAction, WaitStep},
        tree::{Entry, Table, Value as Text},
        value::Type,
    },
    Resolver, UNKNOWN,
    nodes::Here,
};
use crate::{id::QueueId, time::Duration};

impl<'a> Resolver<'a, '_> {
    pub(super) fn hours(&mut self, here: Here<'a>) -> Option<NodeKind> {
        let table = here.table();
        let (open, closed) = (self.to(here, "open"), self.to(here, "closed"));
        let holiday = table.get("holiday").map_or(closed, |value| self.target_of(here, value));
        let mut periods = Vec::new();
        for entry in table.entries_of("periods") {
            let known: Vec<Arc<str>> = self.out.sets[PERIOD_SET.0 as usize].words.to_vec();
            let place = (here.text.file, &entry.key_span);
            let word = self.find("unknown-period", "period", &entry.key, &known, place);
            let to = self.target_of(here, &entry.value);
            periods.extend(word.map(|word| (word as u16, to)));
        }
        let (name, span) = table.text("calendar")?;
        let calendar = self.calendar_named(name, (here.text.file, span))?;
        Some(NodeKind::Hours { calendar, open, closed, holiday, periods: periods.into() })
    }

    pub(super) fn language_node(&mut self, here: Here<'a>) -> NodeKind {
        let mut choices = Vec::new();
        for entry in here.table().entries_of("choices") {
            let key = self.key(&entry.key, here.text.file, &entry.key_span);
            let language = entry.value.text().and_then(|code| self.language(code, here.text.file, &entry.value.span));
            if let (Some(key), Some(language)) = (key, language) {
                choices.push((key, language));
            }
        }
        if here.table().table("choices").is_some_and(|table| table.entries.is_empty()) {
            let message = "the node offers no language";
            self.error("empty", here.text.file, here.text.name_span, message).help =
                Some("add choices = { 1 = \"fr\" }".to_owned());
        }
        NodeKind::Language { choices: choices.into(), to: self.to(here, "to") }
    }

    pub(super) fn split(&mut self, here: Here<'a>) -> NodeKind {
        let mut parts = Vec::new();
        let (mut sum, mut whole) = (0.0, true);
        for item in here.table().items_of("parts") {
            let Some(table) = item.table() else { continue };
            match table.float("share") {
                Some(share) => sum += share,
                None => whole = false,
            }
            let to = table.get("to").map_or(UNKNOWN, |value| self.target_of(here, value));
            parts.push(((sum * 1e6_f64).round() as u32, to));
        }
        if let Some(value) = here.table().get("parts").filter(|_| whole && (sum - 1.0).abs() > 1e-6) {
            let message = format!("the shares sum to {}, not to 1", (sum * 1e6).round() / 1e6);
            self.error("bad-shares", here.text.file, &value.span, message).help =
                Some("let every call go somewhere, and none twice".to_owned());
        }
        if let Some(last) = parts.last_mut() {
            last.0 = 1_000_000;
        }
        let key = crate::id::key_of_name(&format!("{}.{}", self.out.flows[here.text.flow].name, here.text.name));
        NodeKind::Split { key, parts: parts.into() }
    }

    pub(super) fn loop_node(&mut self, here: Here<'a>) -> Option<NodeKind> {
        let name = format!("{}.{}#", self.out.flows[here.text.flow].name, here.text.name);
        let counter = self.new_variable(name.into(), Type::Number, here.text.file, here.text.name_span)?;
        self.out.variables[counter.index()].initial = super::super::value::Value::Number(0);
        self.out.variable_texts[counter.index()].hidden = true;
        Some(NodeKind::Loop {
            times: here.table().int("times").unwrap_or(1).clamp(1, 1000) as u32,
            counter,
            body: self.to(here, "body"),
            done: self.to(here, "done"),
        })
    }

    /// The queue a node names, directly or by a variable.
    pub(super) fn queue_ref(&mut self, here: Here<'a>) -> Option<QueueRef> {
        let value = here.table().get("queue")?;
        if let Some(table) = value.table() {
            let (name, span) = table.text("var")?;
            let id = self.variable(name, here.flow(), span)?;
            let kind = self.out.variables[id.index()].kind;
            if kind != Type::Symbol(QUEUE_SET) && !self.out.variable_texts[id.index()].hidden {
                let message = format!("the variable `{name}` does not hold a queue");
                self.error("type-mismatch", here.text.file, span, message).help =
                    Some(format!("declare it as {name} = \"queue\""));
            }
            return Some(QueueRef::Var(id));
        }
        let known: Vec<Arc<str>> = self.out.queues.iter().map(|queue| queue.name.clone()).collect();
        let i = self.find("unknown-queue", "queue", value.text()?, &known, (here.text.file, &value.span))?;
        Some(QueueRef::Fixed(QueueId(i as u16)))
    }

    pub(super) fn queue_node(&mut self, here: Here<'a>) -> Option<NodeKind> {
        let table = here.table();
        let treatment = table.items_of("treatment").iter().filter_map(|step| self.wait_step(here, step)).collect();
        let [answered, full, closed, timeout] =
            ["answered", "full", "closed", "timeout"].map(|field| self.to(here, field));
        Some(NodeKind::Queue(Box::new(QueueNode {
            queue: self.queue_ref(here)?,
            priority: table.int("priority").unwrap_or(0).clamp(-100, 100) as i8,
            treatment,
            answered,
            full,
            closed,
            timeout,
            // Known once all nodes are: see `legs`.
            calls_back: false,
        })))
    }

    fn wait_step(&mut self, here: Here<'a>, step: &'a Text) -> Option<WaitStep> {
        let table = step.table()?;
        let when = table.get("when").and_then(|value| self.expression(value, Some(Type::Bool), here.flow()));
        let every = table.duration("every");
        if let Some(value) = table.get("every").filter(|_| every.is_some_and(|e| e < Duration::from_secs(1))) {
            let message = "a step that comes again within a second leaves no time to say anything";
            self.error("out-of-range", here.text.file, &value.span, message).help =
                Some("write \"30s\" or more".to_owned());
        }
        let mut keys: Vec<(Key, WaitAction)> = Vec::new();
        for entry in table.entries_of("keys") {
            let key = self.key(&entry.key, here.text.file, &entry.key_span);
            if let (Some(key), Some(action)) = (key, self.wait_action(here, entry)) {
                keys.push((key, action));
            }
        }
        Some(WaitStep {
            after: table.duration("after").unwrap_or(Duration::ZERO),
            every,
            when: when.map(|(expr, _)| expr),
            prompts: self.prompts(table.get("prompt"), here.flow(), &[]),
            keys: keys.into(),
        })
    }

    fn wait_action(&mut self, here: Here<'a>, entry: &'a Entry) -> Option<WaitAction> {
        let Some(table) = entry.value.table() else { return Some(WaitAction::Stay) };
        match (table.get("to"), table.text("language")) {
            (Some(to), None) => Some(WaitAction::Leave(self.target_of(here, to))),
            (None, Some((code, span))) => self.language(code, here.text.file, span).map(WaitAction::AcceptLanguage),
            _ => {
                let message = "a key pressed while waiting does exactly one thing";
                self.error("bad-key", here.text.file, &entry.value.span, message).help =
                    Some("write \"stay\", { to = \"NODE\" } or { language = \"ar\" }".to_owned());
                None
            }
        }
    }

    pub(super) fn transfer(&mut self, here: Here<'a>) -> Option<NodeKind> {
        let (destination, span) = here.table().text("destination")?;
        if !destination.chars().any(char::is_alphabetic) {
            let message = format!("`{destination}` is not a name; a script never holds a number that could be dialled");
            self.error("bad-name", here.text.file, span, message).help =
                Some("name the destination, such as \"emergency desk\"; the switch knows its number".to_owned());
        }
        Some(NodeKind::Transfer { destination: destination.into() })
    }

    pub(super) fn survey(&mut self, here: Here<'a>) -> NodeKind {
        let question = |item: &'a Text| {
            let table: &Table = item.table()?;
            let (name, _) = table.text("name")?;
            let prompts: Box<[PromptUse]> = self.prompts(table.get("prompt"), here.flow(), &[]);
            let (min, max) = (table.int("min").unwrap_or(1).clamp(0, 9), table.int("max").unwrap_or(5).clamp(0, 9));
            if min > max {
                let message = format!("`min` is {min}, but `max` is {max}, so that no key would answer");
                self.error("out-of-range", here.text.file, &item.span, message);
            }
            Some(Question { name: name.into(), prompts, min: min as u8, max: max as u8 })
        };
        let questions = here.table().items_of("questions").iter().filter_map(question).collect();
        NodeKind::Survey { questions, to: self.to(here, "to") }
    }
}
