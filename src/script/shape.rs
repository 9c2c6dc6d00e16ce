//! What a file may hold: shapes of values and records of fields, and the reader that holds a file against them.
//!
//! The tables of `fields` are the only place that says which fields exist. The reader here reports everything that does not
//! fit them, the JSON Schema is printed from them, and later stages read what is left without complaining twice.

use std::sync::Arc;

use super::{
    diagnostic::{Diagnostic, nearest},
    model::Key,
    tree::{Kind, Span, Table, Value},
};
use crate::time::Duration;

/// What a value may be.
#[derive(Debug)]
pub enum Shape {
    /// `true` or `false`.
    Bool,
    /// A whole number from the first to the second.
    Int(i64, i64),
    /// A number from the first to the second.
    Number(f64, f64),
    /// A string that is not empty; the text says what it names.
    Text(&'static str),
    /// One of some words.
    Word(&'static [&'static str]),
    /// A length of time such as `"1m30s"`.
    Duration,
    /// A date.
    Date,
    /// A span of open hours, `"08:30-16:30"`.
    Span,
    /// A key of the telephone, as a string or a digit.
    Key,
    /// A literal of any simple type.
    Literal,
    /// A list of such values.
    List(&'static Shape),
    /// A table with keys of the author's choosing; the text says what they name.
    Map(&'static str, &'static Shape),
    /// A table with fixed fields.
    Record(&'static Record),
    /// One of several, told apart by what kind of TOML value it is.
    Any(&'static [Shape]),
    /// A node: a record chosen by its field `kind`.
    Node,
}

/// The fields of a table.
#[derive(Debug)]
pub struct Record {
    /// What the table is, for messages: "a menu node".
    pub name: &'static str,
    /// Its fields, in groups so that records can share some.
    pub fields: &'static [&'static [Field]],
}

/// A field.
#[derive(Debug)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// What it may be.
    pub shape: Shape,
    /// Must be there.
    pub required: bool,
    /// What it is for, for editors.
    pub about: &'static str,
}

impl Record {
    /// Every field.
    pub fn all(&self) -> impl Iterator<Item = &'static Field> {
        self.fields.iter().flat_map(|group| group.iter())
    }
}

/// Holds the values of one file against their shapes.
pub struct Reader<'a> {
    /// Path of the file.
    pub file: &'a Arc<str>,
    /// Where problems go.
    pub problems: &'a mut Vec<Diagnostic>,
}

impl Reader<'_> {
    fn error(&mut self, code: &'static str, span: &Span, message: String) -> &mut Diagnostic {
        self.problems.push(Diagnostic::error(code, self.file, span.clone(), message));
        self.problems.last_mut().expect("one was just pushed")
    }

    /// Reports what does not fit `record`; `place` is where a missing field is reported.
    pub fn record(&mut self, record: &'static Record, table: &Table, place: &Span) {
        for entry in &table.entries {
            match record.all().find(|field| field.name == entry.key) {
                Some(field) => self.value(&field.shape, &entry.value, field.name),
                None => self.unknown_field(record, &entry.key, &entry.key_span),
            }
        }
        for field in record.all().filter(|field| field.required && table.get(field.name).is_none()) {
            let message = format!("{} needs the field `{}`", record.name, field.name);
            self.error("missing-field", place, message).help = Some(format!("`{}`: {}", field.name, field.about));
        }
    }

    fn unknown_field(&mut self, record: &'static Record, key: &str, span: &Span) {
        let names: Vec<&str> = record.all().map(|field| field.name).collect();
        let help = match nearest(key, names.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("it may have: {}", names.join(", ")),
        };
        let message = format!("{} has no field `{key}`", record.name);
        self.error("unknown-field", span, message).help = Some(help);
    }

    /// Reports what does not fit `shape`; `name` is the field's, for messages.
    pub fn value(&mut self, shape: &'static Shape, value: &Value, name: &str) {
        if !fits_kind(shape, value) {
            let message = format!("`{name}` must be {}, not {}", describe(shape), value.describe());
            self.error("wrong-type", &value.span, message);
            return;
        }
        match (shape, &value.kind) {
            (Shape::Any(shapes), _) => {
                if let Some(shape) = shapes.iter().find(|shape| fits_kind(shape, value)) {
                    self.value(shape, value, name);
                }
            }
            (Shape::List(item), Kind::List(items)) => items.iter().for_each(|v| self.value(item, v, name)),
            (Shape::Map(_, item), Kind::Table(table)) => {
                table.entries.iter().for_each(|entry| self.value(item, &entry.value, &entry.key));
            }
            (Shape::Record(record), Kind::Table(table)) => self.record(record, table, &value.span),
            (Shape::Node, Kind::Table(table)) => self.node(table, &value.span, name),
            _ => self.scalar(shape, value, name),
        }
    }

    fn scalar(&mut self, shape: &Shape, value: &Value, name: &str) {
        let text = value.text().unwrap_or_default();
        let (code, message) = match shape {
            Shape::Int(min, max) if !value.int().is_some_and(|n| (*min..=*max).contains(&n)) => {
                ("out-of-range", format!("`{name}` must be from {min} to {max}"))
            }
            Shape::Number(min, max) if !value.float().is_some_and(|x| (*min..=*max).contains(&x)) => {
                ("out-of-range", format!("`{name}` must be from {min} to {max}"))
            }
            Shape::Text(what) if text.is_empty() => ("empty", format!("`{name}` is empty; it must be {what}")),
            Shape::Word(words) if !words.contains(&text) => {
                let message = format!("`{text}` is not a value of `{name}`");
                let help = nearest(text, words.iter().copied())
                    .map_or_else(|| format!("one of: {}", words.join(", ")), |near| format!("did you mean `{near}`?"));
                self.error("unknown-word", &value.span, message).help = Some(help);
                return;
            }
            Shape::Duration => match text.parse::<Duration>() {
                Ok(_) => return,
                Err(error) => ("bad-duration", error.to_string()),
            },
            Shape::Date if value.date().is_none() => {
                ("bad-date", format!("`{name}` must be a date such as 2022-05-01"))
            }
            Shape::Span if open_span(text).is_none() => {
                let help = "hours are written \"08:30-16:30\", the end after the beginning";
                ("bad-hours", format!("`{text}` is not a span of hours; {help}"))
            }
            Shape::Key if key_of(value).is_none() => {
                ("bad-key", format!("`{name}` must be one key of the telephone: 0 to 9, \"*\" or \"#\""))
            }
            _ => return,
        };
        self.error(code, &value.span, message);
    }

    /// Holds a node against the record of its kind.
    pub fn node(&mut self, table: &Table, place: &Span, name: &str) {
        let kinds = || super::fields::NODES.iter().map(|(kind, _)| *kind);
        let Some(kind) = table.get("kind") else {
            let all: Vec<&str> = kinds().collect();
            let message = format!("the node `{name}` has no `kind`");
            self.error("missing-field", place, message).help = Some(format!("`kind` is one of: {}", all.join(", ")));
            return;
        };
        match kind.text().map(|text| (text, super::fields::node_record(text))) {
            Some((_, Some(record))) => self.record(record, table, place),
            Some((text, None)) => {
                let all: Vec<&str> = kinds().collect();
                let help = nearest(text, kinds()).map_or_else(
                    || format!("the kinds are: {}", all.join(", ")),
                    |near| format!("did you mean `{near}`?"),
                );
                let message = format!("there is no kind of node called `{text}`");
                self.error("unknown-kind", &kind.span, message).help = Some(help);
            }
            None => {
                let message = format!("`kind` must be a string, not {}", kind.describe());
                self.error("wrong-type", &kind.span, message);
            }
        }
    }
}

/// The key a value names.
pub fn key_of(value: &Value) -> Option<Key> {
    match &value.kind {
        Kind::Int(n @ 0..=9) => Key::from_char((b'0' + *n as u8) as char),
        Kind::Text(text) => {
            let mut chars = text.chars();
            let key = Key::from_char(chars.next()?)?;
            chars.next().is_none().then_some(key)
        }
        _ => None,
    }
}

/// Reads `"08:30-16:30"`.
pub fn open_span(text: &str) -> Option<(crate::time::TimeOfDay, crate::time::TimeOfDay)> {
    let (from, until) = text.split_once('-')?;
    let from = super::tree::parse_time(from.trim())?;
    // The last minute a day has; 24:00 is not a time of day.
    let until = match until.trim() {
        "24:00" => crate::time::TimeOfDay(1439),
        other => super::tree::parse_time(other)?,
    };
    (from < until).then_some((from, until))
}

fn fits_kind(shape: &Shape, value: &Value) -> bool {
    match shape {
        Shape::Bool => matches!(value.kind, Kind::Bool(_)),
        // A whole number too great for 64 bits arrives as a float; the range check names the range.
        Shape::Int(..) => matches!(value.kind, Kind::Int(_)),
        Shape::Number(..) => matches!(value.kind, Kind::Int(_) | Kind::Float(_)),
        Shape::Text(_) | Shape::Word(_) | Shape::Duration | Shape::Span => matches!(value.kind, Kind::Text(_)),
        Shape::Date => matches!(value.kind, Kind::Text(_) | Kind::Datetime(_)),
        Shape::Key => matches!(value.kind, Kind::Text(_) | Kind::Int(_)),
        Shape::Literal => !matches!(value.kind, Kind::List(_) | Kind::Table(_)),
        Shape::List(_) => matches!(value.kind, Kind::List(_)),
        Shape::Map(..) | Shape::Record(_) | Shape::Node => matches!(value.kind, Kind::Table(_)),
        Shape::Any(shapes) => shapes.iter().any(|shape| fits_kind(shape, value)),
    }
}

/// A shape in words, for messages.
pub fn describe(shape: &Shape) -> String {
    match shape {
        Shape::Bool => "true or false".to_owned(),
        Shape::Int(min, max) => format!("a whole number from {min} to {max}"),
        Shape::Number(min, max) => format!("a number from {min} to {max}"),
        Shape::Text(what) => (*what).to_owned(),
        Shape::Word(words) => format!("one of {}", words.join(", ")),
        Shape::Duration => "a length of time such as \"6s\"".to_owned(),
        Shape::Date => "a date such as 2022-05-01".to_owned(),
        Shape::Span => "a span of hours such as \"08:30-16:30\"".to_owned(),
        Shape::Key => "one key of the telephone".to_owned(),
        Shape::Literal => "a value".to_owned(),
        Shape::List(item) => format!("a list, each item {}", describe(item)),
        Shape::Map(keys, _) => format!("a table of {keys}"),
        Shape::Record(record) => record.name.to_owned(),
        Shape::Any(shapes) => shapes.iter().map(describe).collect::<Vec<_>>().join(", or "),
        Shape::Node => "a node".to_owned(),
    }
}
