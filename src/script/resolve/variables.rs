//! Variables: their slots, types and initial values, and the scopes in which they are named.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    super::{
        diagnostic::nearest,
        expr::{self, Names},
        model::{Expr, SymbolSetDef, Variable},
        tree::{Entry, Kind, Span, Value as Text},
        value::{SymbolSet, Type, Value},
    },
    Resolver, VariableText,
    centre::TYPE_WORDS,
};
use crate::id::VarId;

/// What an expression in one flow can name.
pub(in super::super) struct Scope<'s> {
    pub own: Option<&'s BTreeMap<&'s str, VarId>>,
    pub centre: &'s BTreeMap<&'s str, VarId>,
    pub variables: &'s [Variable],
    pub sets: &'s [SymbolSetDef],
}

impl Names for Scope<'_> {
    fn variable(&self, name: &str) -> Option<(VarId, Type)> {
        let id = self.own.and_then(|own| own.get(name)).or_else(|| self.centre.get(name)).copied()?;
        Some((id, self.variables[id.index()].kind))
    }
    fn variables(&self) -> Vec<&str> {
        self.own.into_iter().chain([self.centre]).flat_map(|names| names.keys().copied()).collect()
    }
    fn sets(&self) -> &[SymbolSetDef] {
        self.sets
    }
}

impl<'a> Resolver<'a, '_> {
    pub(super) fn scope(&self, flow: Option<usize>) -> Scope<'_> {
        Scope {
            own: flow.map(|flow| &self.flow_vars[flow]),
            centre: &self.centre_vars,
            variables: &self.out.variables,
            sets: &self.out.sets,
        }
    }

    /// Gives every declared variable its slot.
    pub(super) fn declare_variables(&mut self) {
        for entry in self.centre.root.entries_of("vars") {
            self.declare_variable(None, entry, "");
        }
        for (i, flow) in self.flow_files.iter().enumerate() {
            let Some(table) = flow.file.root.table("flow") else { continue };
            for role in ["params", "results", "vars"] {
                let mut ids = Vec::new();
                for entry in table.entries_of(role) {
                    ids.extend(self.declare_variable(Some(i), entry, role));
                }
                match role {
                    "params" => self.out.flows[i].params = ids.into(),
                    "results" => self.out.flows[i].results = ids.into(),
                    _ => {}
                }
            }
        }
    }

    fn declare_variable(&mut self, flow: Option<usize>, entry: &'a Entry, role: &str) -> Option<VarId> {
        let file = flow.map_or(&self.centre.path, |i| &self.flow_files[i].file.path);
        let name = entry.key.as_str();
        if !is_name(name) {
            let message = format!("`{name}` cannot be the name of a variable");
            self.error("bad-name", file, &entry.key_span, message).help =
                Some("use letters, digits and _, beginning with a letter".to_owned());
            return None;
        }
        let table = match flow {
            Some(flow) => &self.flow_vars[flow],
            None => &self.centre_vars,
        };
        if let Some(&first) = table.get(name) {
            let first = self.out.variable_texts[first.index()].clone();
            let message = format!("there is a variable `{name}` in this flow already");
            let related = super::super::diagnostic::Related {
                file: first.file,
                span: first.span,
                label: "first declared here".to_owned(),
            };
            self.error("duplicate-name", file, &entry.key_span, message).related.push(related);
            return None;
        }
        let written = entry.value.table().and_then(|table| table.get("type")).unwrap_or(&entry.value);
        let kind = self.kind_named(written.text()?, file, &written.span);
        let full = flow.map_or(name.to_owned(), |flow| format!("{}.{name}", self.out.flows[flow].name));
        let id = self.new_variable(full.into(), kind.unwrap_or(Type::Number), file, &entry.key_span)?;
        let text = &mut self.out.variable_texts[id.index()];
        (text.param, text.result, text.hidden) = (role == "params", role == "results", kind.is_none());
        match flow {
            Some(flow) => self.flow_vars[flow].insert(name, id),
            None => self.centre_vars.insert(name, id),
        };
        Some(id)
    }

    /// A new slot.
    pub(super) fn new_variable(&mut self, name: Arc<str>, kind: Type, file: &Arc<str>, span: &Span) -> Option<VarId> {
        let id = VarId(u16::try_from(self.out.variables.len()).ok()?);
        self.out.variables.push(Variable { name, kind, initial: Value::Unset });
        self.out.variable_texts.push(VariableText {
            file: file.clone(),
            span: span.clone(),
            param: false,
            result: false,
            hidden: false,
        });
        Some(id)
    }

    fn kind_named(&mut self, name: &str, file: &Arc<str>, span: &Span) -> Option<Type> {
        let plain = match name {
            "bool" => Some(Type::Bool),
            "number" => Some(Type::Number),
            "digits" => Some(Type::Digits),
            "date" => Some(Type::Date),
            "amount" => Some(Type::Amount),
            "time" => Some(Type::Time),
            "text" => Some(Type::Text),
            _ => None,
        };
        let set = || self.out.sets.iter().position(|set| *set.name == *name);
        if let Some(kind) = plain.or_else(|| set().map(|i| Type::Symbol(SymbolSet(i as u8)))) {
            return Some(kind);
        }
        let known: Vec<String> = TYPE_WORDS
            .iter()
            .map(|w| (*w).to_owned())
            .chain(self.out.sets.iter().map(|s| s.name.to_string()))
            .collect();
        let help = match nearest(name, known.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("types are: {}", known.join(", ")),
        };
        self.error("unknown-type", file, span, format!("there is no type `{name}`")).help = Some(help);
        None
    }

    /// Reads the initial values, once all sets are known.
    pub(super) fn initial_values(&mut self) {
        for entry in self.centre.root.entries_of("vars") {
            self.initial_value(None, entry);
        }
        for (i, flow) in self.flow_files.iter().enumerate() {
            let Some(table) = flow.file.root.table("flow") else { continue };
            for role in ["params", "results", "vars"] {
                table.entries_of(role).iter().for_each(|entry| self.initial_value(Some(i), entry));
            }
        }
    }

    fn initial_value(&mut self, flow: Option<usize>, entry: &'a Entry) {
        let Some(initial) = entry.value.table().and_then(|table| table.get("initial")) else { return };
        let vars = flow.map_or(&self.centre_vars, |flow| &self.flow_vars[flow]);
        let Some(&id) = vars.get(entry.key.as_str()) else { return };
        let file = flow.map_or(&self.centre.path, |i| &self.flow_files[i].file.path);
        let value = self.literal(initial, self.out.variables[id.index()].kind, file);
        self.out.variable_texts[id.index()].hidden |= value == Value::Unset;
        self.out.variables[id.index()].initial = value;
    }

    /// A TOML value as a value of a type; reported when it is none.
    pub(super) fn literal(&mut self, text: &Text, kind: Type, file: &Arc<str>) -> Value {
        let plain = match (&text.kind, kind) {
            (Kind::Bool(b), Type::Bool) => Some(Value::Bool(*b)),
            (Kind::Int(n), Type::Number) => Some(Value::Number(*n)),
            (Kind::Int(n), Type::Amount) => n.checked_mul(100).map(Value::Amount),
            (Kind::Datetime(_), Type::Date) => text.date().map(Value::Date),
            (Kind::Datetime(_), Type::Time) => text.time().map(Value::Time),
            (Kind::Text(word), Type::Digits | Type::Date | Type::Time | Type::Symbol(_) | Type::Text) => {
                expr::word_value(word, kind, &self.out.sets)
            }
            _ => None,
        };
        if let Some(value) = plain {
            return value;
        }
        let wanted = expr::type_name(kind, &self.out.sets);
        let help = match (kind, text.text()) {
            (Type::Symbol(set), Some(word)) => {
                let words = &self.out.sets[set.0 as usize].words;
                match nearest(word, words.iter().map(|w| &**w)) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("its words are: {}", super::listed(words)),
                }
            }
            (Type::Digits, _) => "write digits as a string: \"0042\"".to_owned(),
            (Type::Date, _) => "write a date as 2022-05-01".to_owned(),
            (Type::Time, _) => "write a time as \"08:30\"".to_owned(),
            (Type::Amount, _) => "write an amount in whole dirhams".to_owned(),
            _ => format!("write {wanted}"),
        };
        let code =
            if matches!((kind, text.text()), (Type::Symbol(_), Some(_))) { "unknown-word" } else { "type-mismatch" };
        self.error(code, file, &text.span, format!("this is not {wanted}")).help = Some(help);
        Value::Unset
    }

    /// Compiles an expression written in a file.
    pub(super) fn expression(
        &mut self,
        text: &Text,
        expected: Option<Type>,
        flow: Option<usize>,
    ) -> Option<(Expr, Type)> {
        let file = flow.map_or(&self.centre.path, |i| &self.flow_files[i].file.path);
        let written = text.text()?;
        match expr::compile(written, expected, &self.scope(flow)) {
            Ok(done) => Some(done),
            Err(faults) => {
                for fault in faults {
                    let span = inside(&text.span, written, &fault.span);
                    self.error(fault.code, file, &span, fault.message).help = fault.help;
                }
                None
            }
        }
    }

    /// The variable a name stands for in a flow; reported when there is none.
    pub(super) fn variable(&mut self, name: &str, flow: Option<usize>, span: &Span) -> Option<VarId> {
        let scope = self.scope(flow);
        if let Some((id, _)) = scope.variable(name) {
            return Some(id);
        }
        let help = match nearest(name, scope.variables()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "declare it in [vars] of centre.toml, or in [flow] of this file".to_owned(),
        };
        let file = flow.map_or(&self.centre.path, |i| &self.flow_files[i].file.path);
        self.error("unknown-variable", file, span, format!("there is no variable `{name}` here")).help = Some(help);
        None
    }
}

/// The place of a part of a string's text in its file: exact where the string has no escapes.
fn inside(string: &Span, text: &str, part: &Span) -> Span {
    let quotes = string.len().saturating_sub(text.len());
    match quotes {
        // "…" and '…', and """…""" with nothing escaped
        2 | 6 => {
            let start = string.start + quotes / 2;
            start + part.start..(start + part.end).max(start + part.start)
        }
        _ => string.clone(),
    }
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && !matches!(name, "true" | "false" | "and" | "or" | "not" | "today")
}
