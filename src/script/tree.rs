//! A TOML file as written: every key and value with the bytes it stands at, in the order of the text.

use std::ops::Range;

use toml::{
    de::{DeTable, DeValue},
    value::Datetime,
};

use crate::time::{Date, Duration, TimeOfDay};

/// Bytes of a file.
pub type Span = Range<usize>;

/// A value and where it stands.
#[derive(Clone, Debug)]
pub struct Value {
    /// Where.
    pub span: Span,
    /// What.
    pub kind: Kind,
}

/// What a value is.
#[derive(Clone, Debug)]
pub enum Kind {
    /// A string.
    Text(String),
    /// A whole number that fits 64 bits.
    Int(i64),
    /// A number with a fraction.
    Float(f64),
    /// `true` or `false`.
    Bool(bool),
    /// A date, a time of day or both.
    Datetime(Datetime),
    /// An array.
    List(Vec<Value>),
    /// A table.
    Table(Table),
}

/// A table in the order of the text.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// Keys and values.
    pub entries: Vec<Entry>,
}

/// A key and its value.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Where the key stands.
    pub key_span: Span,
    /// Its value.
    pub value: Value,
}

/// Something the TOML reader refuses.
#[derive(Clone, Debug)]
pub struct SyntaxError {
    /// Where.
    pub span: Span,
    /// Why, in the reader's words.
    pub message: String,
}

/// Reads a file as far as it can be read, and every syntax error in it.
pub fn parse(text: &str) -> (Table, Vec<SyntaxError>) {
    let (root, errors) = DeTable::parse_recoverable(text);
    let errors = errors
        .iter()
        .map(|e| SyntaxError { span: e.span().unwrap_or(0..0), message: e.message().to_owned() })
        .collect();
    (table(root.get_ref()), errors)
}

fn table(source: &DeTable<'_>) -> Table {
    let mut entries: Vec<Entry> = source
        .iter()
        .map(|(key, value)| Entry {
            key: key.get_ref().to_string(),
            key_span: key.span(),
            value: Value { span: value.span(), kind: kind(value.get_ref()) },
        })
        .collect();
    // The reader keeps keys in the order of the alphabet.
    entries.sort_by_key(|entry| entry.key_span.start);
    Table { entries }
}

fn kind(source: &DeValue<'_>) -> Kind {
    match source {
        DeValue::String(text) => Kind::Text(text.to_string()),
        DeValue::Integer(n) => match i64::from_str_radix(n.as_str(), n.radix()) {
            Ok(n) => Kind::Int(n),
            // Too great for any field; the range check refuses it by its own value.
            Err(_) => Kind::Float(n.as_str().parse().unwrap_or(f64::INFINITY)),
        },
        DeValue::Float(x) => Kind::Float(x.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(b) => Kind::Bool(*b),
        DeValue::Datetime(d) => Kind::Datetime(*d),
        DeValue::Array(items) => {
            Kind::List(items.iter().map(|item| Value { span: item.span(), kind: kind(item.get_ref()) }).collect())
        }
        DeValue::Table(entries) => Kind::Table(table(entries)),
    }
}

impl Table {
    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.entry(key).map(|entry| &entry.value)
    }
    /// The entry of a key.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }
    /// A string and its place.
    pub fn text(&self, key: &str) -> Option<(&str, &Span)> {
        let value = self.get(key)?;
        Some((value.text()?, &value.span))
    }
    /// A table.
    pub fn table(&self, key: &str) -> Option<&Table> {
        self.get(key)?.table()
    }
    /// The entries of a table; none when it is not there.
    pub fn entries_of(&self, key: &str) -> &[Entry] {
        self.table(key).map_or(&[], |table| &table.entries)
    }
    /// The items of an array; none when it is not there.
    pub fn items_of(&self, key: &str) -> &[Value] {
        self.get(key).and_then(Value::list).unwrap_or_default()
    }
    /// A whole number.
    pub fn int(&self, key: &str) -> Option<i64> {
        self.get(key)?.int()
    }
    /// A truth value.
    pub fn bool(&self, key: &str) -> Option<bool> {
        match self.get(key)?.kind {
            Kind::Bool(b) => Some(b),
            _ => None,
        }
    }
    /// A length of time.
    pub fn duration(&self, key: &str) -> Option<Duration> {
        self.get(key)?.text()?.parse().ok()
    }
    /// A share or other number.
    pub fn float(&self, key: &str) -> Option<f64> {
        self.get(key)?.float()
    }
}

impl Value {
    /// The string it is.
    pub fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }
    /// The table it is.
    pub fn table(&self) -> Option<&Table> {
        match &self.kind {
            Kind::Table(table) => Some(table),
            _ => None,
        }
    }
    /// The array it is.
    pub fn list(&self) -> Option<&[Value]> {
        match &self.kind {
            Kind::List(items) => Some(items),
            _ => None,
        }
    }
    /// The whole number it is.
    pub fn int(&self) -> Option<i64> {
        match self.kind {
            Kind::Int(n) => Some(n),
            _ => None,
        }
    }
    /// The number it is.
    pub fn float(&self) -> Option<f64> {
        match self.kind {
            Kind::Int(n) => Some(n as f64),
            Kind::Float(x) => Some(x),
            _ => None,
        }
    }
    /// The date it is, as TOML's own or as a string.
    pub fn date(&self) -> Option<Date> {
        match &self.kind {
            Kind::Datetime(Datetime { date: Some(d), time: None, offset: None }) => {
                Date::from_ymd(i16::try_from(d.year).ok()?, d.month as i8, d.day as i8)
            }
            Kind::Text(text) => parse_date(text),
            _ => None,
        }
    }
    /// The time of day it is, as TOML's own or as a string.
    pub fn time(&self) -> Option<TimeOfDay> {
        match &self.kind {
            Kind::Datetime(Datetime { date: None, time: Some(t), offset: None }) => {
                TimeOfDay::new(u16::from(t.hour), u16::from(t.minute))
            }
            Kind::Text(text) => parse_time(text),
            _ => None,
        }
    }
    /// What it is, in words for messages.
    pub fn describe(&self) -> &'static str {
        match self.kind {
            Kind::Text(_) => "a string",
            Kind::Int(_) => "a whole number",
            Kind::Float(_) => "a number with a fraction",
            Kind::Bool(_) => "true or false",
            Kind::Datetime(_) => "a date or time",
            Kind::List(_) => "a list",
            Kind::Table(_) => "a table",
        }
    }
}

/// Reads `2022-05-01`.
pub fn parse_date(text: &str) -> Option<Date> {
    let bytes = text.as_bytes();
    if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    Date::from_ymd(text.get(..4)?.parse().ok()?, text.get(5..7)?.parse().ok()?, text.get(8..)?.parse().ok()?)
}

/// Reads `08:30`.
pub fn parse_time(text: &str) -> Option<TimeOfDay> {
    let (hour, minute) = text.split_once(':')?;
    let plain = |part: &str| part.len() <= 2 && !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if !plain(hour) || minute.len() != 2 || !plain(minute) {
        return None;
    }
    TimeOfDay::new(hour.parse().ok()?, minute.parse().ok()?)
}
