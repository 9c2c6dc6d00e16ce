//! Uses of prompts: which prompt, when, and what fills its slots; and the types those uses give to slots.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    super::{
        catalogue::MESSAGES,
        diagnostic::{Related, nearest},
        expr::{self, Names},
        model::{Builtin, Expr, PromptUse},
        prompts::Place,
        tree::{Span, Table, Value as Text},
        value::{Type, Value},
    },
    Resolver,
};
use crate::id::PromptId;

/// What a use of a prompt says about a slot.
#[derive(Clone, Debug)]
pub(in super::super) struct SlotUse {
    pub kind: Type,
    pub place: Place,
}

/// Which prompts are used, where, and with what.
#[derive(Debug, Default)]
pub(in super::super) struct Uses {
    /// The first use of each prompt.
    pub prompts: BTreeMap<PromptId, Place>,
    /// What fills each slot, by its first use.
    pub slots: BTreeMap<(PromptId, Arc<str>), SlotUse>,
}

/// Slots that are filled from what the engine knows at one kind of node, without an argument.
pub(super) type Given = &'static [(&'static str, Builtin, Type)];

impl<'a> Resolver<'a, '_> {
    pub(super) fn file(&self, flow: Option<usize>) -> &'a Arc<str> {
        flow.map_or(&self.centre.path, |i| &self.flow_files[i].file.path)
    }

    /// The prompts of a field: one id, one with arguments, or a list.
    pub(super) fn prompts(&mut self, value: Option<&'a Text>, flow: Option<usize>, given: Given) -> Box<[PromptUse]> {
        let Some(value) = value else { return [].into() };
        match value.list() {
            Some(items) => items.iter().filter_map(|item| self.prompt(item, flow, given)).collect(),
            None => self.prompt(value, flow, given).into_iter().collect(),
        }
    }

    fn prompt(&mut self, value: &'a Text, flow: Option<usize>, given: Given) -> Option<PromptUse> {
        static NO_ARGUMENTS: Table = Table { entries: Vec::new() };
        let (name, span, table) = match value.table() {
            Some(table) => {
                let (name, span) = table.text("id")?;
                (name, span, Some(table))
            }
            None => (value.text()?, &value.span, None),
        };
        let prompt = self.prompt_named(name, flow, span)?;
        let when = table.and_then(|table| table.get("when")).and_then(|v| self.expression(v, Some(Type::Bool), flow));
        let written = table.and_then(|table| table.table("args")).unwrap_or(&NO_ARGUMENTS);
        let args = self.arguments(prompt, name, span, written, flow, given);
        Some(PromptUse { prompt, when: when.map(|(expr, _)| expr), args })
    }

    /// The prompt called `name`, noted as used.
    pub(super) fn prompt_named(&mut self, name: &str, flow: Option<usize>, span: &Span) -> Option<PromptId> {
        let file = self.file(flow);
        if let Some(prompt) = self.out.prompts.named(name) {
            let place = Place { file: file.clone(), span: span.clone() };
            self.out.uses.prompts.entry(prompt).or_insert(place);
            return Some(prompt);
        }
        if name.is_empty() {
            return None; // reported as empty
        }
        let help = match self.out.prompts.nearest(name) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("add `{name}` to the texts of every language in prompts/"),
        };
        self.error("unknown-prompt", file, span, format!("there is no prompt `{name}`")).help = Some(help);
        None
    }

    /// One expression for each slot, in the order of slots.
    fn arguments(
        &mut self,
        prompt: PromptId,
        name: &str,
        span: &Span,
        written: &'a Table,
        flow: Option<usize>,
        given: Given,
    ) -> Box<[Expr]> {
        let slots: Vec<Arc<str>> = self.out.prompts.slots(prompt).cloned().collect();
        for entry in &written.entries {
            if slots.iter().all(|slot| **slot != *entry.key) {
                let help = match nearest(&entry.key, slots.iter().map(|s| &**s)) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None if slots.is_empty() => "it has no slots".to_owned(),
                    None => format!("its slots are: {}", super::listed(&slots)),
                };
                let message = format!("the prompt `{name}` has no slot `{}`", entry.key);
                self.error("unknown-slot", self.file(flow), &entry.key_span, message).help = Some(help);
            }
        }
        let fill = |slot: &Arc<str>| self.argument(prompt, (name, span), slot, written, flow, given);
        slots.iter().map(fill).collect()
    }

    fn argument(
        &mut self,
        prompt: PromptId,
        (name, span): (&str, &Span),
        slot: &Arc<str>,
        written: &'a Table,
        flow: Option<usize>,
        given: Given,
    ) -> Expr {
        let known = self.out.uses.slots.get(&(prompt, slot.clone())).map(|known| known.kind);
        if let Some(entry) = written.entry(slot) {
            // A literal takes the type that other uses gave the slot; anything else keeps its own, to be compared.
            let own = entry.value.text().and_then(|text| expr::natural(text, &self.scope(flow)));
            return match self.expression(&entry.value, own.or(known), flow) {
                Some((expr, kind)) => {
                    self.slot_type(prompt, slot, kind, flow, &entry.value.span);
                    expr
                }
                None => Expr::Const(Value::Unset),
            };
        }
        if let Some((_, builtin, kind)) = given.iter().find(|(given, ..)| **given == **slot) {
            self.slot_type(prompt, slot, *kind, flow, span);
            return Expr::Builtin(*builtin);
        }
        if let Some((id, kind)) = self.scope(flow).variable(slot) {
            self.slot_type(prompt, slot, kind, flow, span);
            return Expr::Var(id);
        }
        let near = nearest(slot, self.scope(flow).variables()).map(str::to_owned);
        let help = match near {
            Some(near) => format!("write args = {{ {slot} = \"{near}\" }}, if that is meant"),
            None => format!("write {{ id = \"{name}\", args = {{ {slot} = \"…\" }} }}, or declare a variable `{slot}`"),
        };
        let message = format!("nothing fills the slot `{slot}` of the prompt `{name}`");
        self.error("empty-slot", self.file(flow), span, message).help = Some(help);
        Expr::Const(Value::Unset)
    }

    /// Notes what fills a slot, and reports a use that differs from the first.
    pub(super) fn slot_type(
        &mut self,
        prompt: PromptId,
        slot: &Arc<str>,
        kind: Type,
        flow: Option<usize>,
        span: &Span,
    ) {
        let place = Place { file: self.file(flow).clone(), span: span.clone() };
        let first = match self.out.uses.slots.entry((prompt, slot.clone())) {
            std::collections::btree_map::Entry::Vacant(free) => {
                free.insert(SlotUse { kind, place });
                return;
            }
            std::collections::btree_map::Entry::Occupied(first) if first.get().kind == kind => return,
            std::collections::btree_map::Entry::Occupied(first) => first.get().clone(),
        };
        let (was, is) = (expr::type_name(first.kind, &self.out.sets), expr::type_name(kind, &self.out.sets));
        let message = format!("the slot `{slot}` is filled with {is} here, but with {was} elsewhere");
        let related = Related { file: first.place.file, span: first.place.span, label: format!("{was} here") };
        let problem = self.error("slot-type", &place.file, span, message);
        problem.related.push(related);
        problem.help = Some("use a prompt of its own for each type: the type decides how the slot is said".to_owned());
    }

    /// Prompts that word the world's text messages are used, and filled with what such a message is about.
    pub(super) fn message_texts(&mut self) {
        for message in &MESSAGES {
            let Some(prompt) = self.out.prompts.named(message.prompt) else { continue };
            let Some(place) = self.out.prompts.place(prompt).cloned() else { continue };
            self.out.uses.prompts.entry(prompt).or_insert(place.clone());
            let slots: Vec<Arc<str>> = self.out.prompts.slots(prompt).cloned().collect();
            for slot in slots {
                match message.slot.as_ref().filter(|known| known.name == &*slot) {
                    Some(known) => {
                        let used = SlotUse { kind: known.kind, place: place.clone() };
                        self.out.uses.slots.entry((prompt, slot)).or_insert(used);
                    }
                    None => {
                        let help = match &message.slot {
                            Some(known) => format!("its slot is `{}`", known.name),
                            None => "it may have no slots".to_owned(),
                        };
                        let text = format!("nothing fills the slot `{slot}` of the text message `{}`", message.prompt);
                        self.error("empty-slot", &place.file, &place.span, text).help = Some(help);
                    }
                }
            }
        }
    }

    /// What is said outside a prompt's dates has the same slots, and counts as used. Symbols and dates need their words.
    pub(super) fn symbol_texts(&mut self) {
        let mut open: Vec<PromptId> = self.out.uses.prompts.keys().copied().collect();
        while let Some(prompt) = open.pop() {
            let Some(other) = self.out.prompts.otherwise(prompt) else { continue };
            let Some(place) = self.out.uses.prompts.get(&prompt).cloned() else { continue };
            let slots: Vec<(Arc<str>, SlotUse)> = {
                let of = |(key, used): (&(PromptId, Arc<str>), &SlotUse)| {
                    (key.0 == prompt).then(|| (key.1.clone(), used.clone()))
                };
                self.out.uses.slots.iter().filter_map(of).collect()
            };
            for (slot, used) in slots {
                self.out.uses.slots.entry((other, slot)).or_insert(used);
            }
            if let std::collections::btree_map::Entry::Vacant(free) = self.out.uses.prompts.entry(other) {
                free.insert(place);
                open.push(other);
            }
        }
        let mut seen = std::collections::BTreeSet::new();
        for used in self.out.uses.slots.values() {
            let set = match used.kind {
                Type::Symbol(set) => set,
                _ => continue,
            };
            if seen.insert(set) {
                self.out.prompts.check_symbols(&self.out.sets[set.0 as usize], &used.place, self.problems);
            }
        }
    }
}
