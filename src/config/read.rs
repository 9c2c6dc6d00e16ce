//! Reading a TOML tree key by key, keeping a problem per mistake instead of stopping at the first.

use std::{ops::Range, ops::RangeInclusive, path::PathBuf, str::FromStr, sync::Arc};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use crate::{
    script::diagnostic::{Diagnostic, nearest},
    time::Duration,
};

/// Problems found so far in one file.
pub(super) struct Reader {
    pub(super) file: Arc<str>,
    pub(super) problems: Vec<Diagnostic>,
    /// The settings that were asked for, whether they are there or not.
    pub(super) asked: Vec<String>,
}

/// One table of the file, with the settings it may hold as they are asked for.
pub(super) struct Section<'a, 'i> {
    reader: &'a mut Reader,
    name: &'static str,
    table: Option<&'a DeTable<'i>>,
    known: Vec<&'static str>,
}

impl Reader {
    /// The problem at `span`.
    pub(super) fn fault(&mut self, code: &'static str, span: Range<usize>, message: String, help: String) {
        self.problems.push(Diagnostic::error(code, &self.file, span, message).help(help));
    }

    /// The table `name` of `root`; empty when it is not there.
    pub(super) fn section<'a, 'i>(&'a mut self, root: &'a DeTable<'i>, name: &'static str) -> Section<'a, 'i> {
        let value = root.get(name);
        let table = value.and_then(|value| value.get_ref().as_table());
        if let (Some(value), None) = (value, table) {
            let message = format!("`{name}` is {}, not a table of settings", kind(value.get_ref()));
            self.fault("wrong-type", value.span(), message, format!("write [{name}] on a line of its own"));
        }
        Section { reader: self, name, table, known: Vec::new() }
    }

    /// Reports every key of `table` that is not among `known`.
    pub(super) fn unknown_keys(&mut self, table: &DeTable<'_>, known: &[&'static str], what: &str) {
        for key in table.keys() {
            let name: &str = key.get_ref();
            if known.contains(&name) {
                continue;
            }
            let help = match nearest(name, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("known are: {}", known.join(", ")),
            };
            self.fault("unknown-setting", key.span(), format!("{what} has no `{name}`"), help);
        }
    }
}

/// What a value is, with its article, for messages.
fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

impl<'a, 'i> Section<'a, 'i> {
    fn take(&mut self, key: &'static str) -> Option<&'a Spanned<DeValue<'i>>> {
        self.known.push(key);
        self.reader.asked.push(format!("{}.{key}", self.name));
        self.table?.get(key)
    }

    fn wrong_type(&mut self, key: &str, value: &Spanned<DeValue<'_>>, wanted: &str, example: &str) {
        let message = format!("`{}.{key}` is {}, not {wanted}", self.name, kind(value.get_ref()));
        self.reader.fault("wrong-type", value.span(), message, format!("write {key} = {example}"));
    }

    fn out_of_range(&mut self, key: &str, span: Range<usize>, found: &str, low: &str, high: &str) {
        let message = format!("`{}.{key}` is {found}, which is out of range", self.name);
        self.reader.fault("out-of-range", span, message, format!("choose {low} to {high}"));
    }

    /// A setting of text, handed to `read`; what that refuses becomes a problem.
    pub(super) fn text<T, E: std::fmt::Display>(
        &mut self,
        key: &'static str,
        example: &str,
        into: &mut T,
        read: impl Fn(&str) -> Result<T, E>,
    ) {
        let Some(value) = self.take(key) else { return };
        let Some(text) = value.get_ref().as_str() else {
            return self.wrong_type(key, value, "a text", example);
        };
        match read(text) {
            Ok(read) => *into = read,
            Err(error) => {
                let message = format!("`{}.{key}` cannot be used: {error}", self.name);
                self.reader.fault("bad-value", value.span(), message, format!("for example {key} = {example}"));
            }
        }
    }

    /// A setting whose type reads itself from text.
    pub(super) fn parsed<T: FromStr<Err: std::fmt::Display>>(
        &mut self,
        key: &'static str,
        example: &str,
        into: &mut T,
    ) {
        self.text(key, example, into, str::parse);
    }

    /// A path; absent leaves it unset.
    pub(super) fn path(&mut self, key: &'static str, example: &str, into: &mut Option<PathBuf>) {
        self.text(key, example, into, |text| match text {
            "" => Err("the path is empty"),
            text => Ok(Some(PathBuf::from(text))),
        });
    }

    /// A length of time within a range.
    pub(super) fn duration(&mut self, key: &'static str, into: &mut Duration, range: RangeInclusive<Duration>) {
        let before = self.reader.problems.len();
        let mut read = *into;
        self.text(key, "\"30s\"", &mut read, str::parse);
        let Some(value) = self.table.and_then(|table| table.get(key)) else { return };
        if self.reader.problems.len() > before {
            return;
        }
        if range.contains(&read) {
            *into = read;
        } else {
            let (low, high) = (range.start().to_string(), range.end().to_string());
            self.out_of_range(key, value.span(), &read.to_string(), &low, &high);
        }
    }

    /// A whole number within a range.
    pub(super) fn whole<T>(&mut self, key: &'static str, into: &mut T, range: RangeInclusive<T>)
    where
        T: TryFrom<i128> + PartialOrd + std::fmt::Display + Copy,
    {
        let Some(value) = self.take(key) else { return };
        let Some(integer) = value.get_ref().as_integer() else {
            return self.wrong_type(key, value, "a whole number", &into.to_string());
        };
        let parsed = i128::from_str_radix(integer.as_str(), integer.radix()).ok();
        match parsed.and_then(|n| T::try_from(n).ok()).filter(|n| range.contains(n)) {
            Some(n) => *into = n,
            None => {
                let (low, high) = (range.start().to_string(), range.end().to_string());
                self.out_of_range(key, value.span(), integer.as_str(), &low, &high);
            }
        }
    }

    /// A number, with or without a fraction, within a range.
    pub(super) fn number(&mut self, key: &'static str, into: &mut f64, range: RangeInclusive<f64>) {
        let Some(value) = self.take(key) else { return };
        let text = match value.get_ref() {
            DeValue::Integer(n) => n.as_str(),
            DeValue::Float(n) => n.as_str(),
            _ => return self.wrong_type(key, value, "a number", &into.to_string()),
        };
        match text.parse().ok().filter(|n| range.contains(n)) {
            Some(n) => *into = n,
            None => {
                let (low, high) = (range.start().to_string(), range.end().to_string());
                self.out_of_range(key, value.span(), text, &low, &high);
            }
        }
    }

    /// A switch.
    pub(super) fn switch(&mut self, key: &'static str, into: &mut bool) {
        let Some(value) = self.take(key) else { return };
        match value.get_ref().as_bool() {
            Some(on) => *into = on,
            None => self.wrong_type(key, value, "true or false", &into.to_string()),
        }
    }

    /// A list of lengths of time, at least one, each within a range.
    pub(super) fn durations(&mut self, key: &'static str, into: &mut Vec<Duration>, range: RangeInclusive<Duration>) {
        let Some(value) = self.take(key) else { return };
        let example = "[\"30m\", \"2h\"]";
        let Some(list) = value.get_ref().as_array().filter(|list| !list.is_empty()) else {
            return self.wrong_type(key, value, "a list of at least one length of time", example);
        };
        let mut read = Vec::new();
        for entry in list.iter() {
            match entry.get_ref().as_str().map(str::parse::<Duration>) {
                Some(Ok(duration)) if range.contains(&duration) => read.push(duration),
                Some(Ok(duration)) => {
                    let (low, high) = (range.start().to_string(), range.end().to_string());
                    self.out_of_range(key, entry.span(), &duration.to_string(), &low, &high);
                }
                Some(Err(error)) => {
                    let message = format!("`{}.{key}` cannot be used: {error}", self.name);
                    self.reader.fault("bad-value", entry.span(), message, format!("for example {key} = {example}"));
                }
                None => self.wrong_type(key, entry, "a length of time", example),
            }
        }
        if read.len() == list.len() {
            *into = read;
        }
    }

    /// A list of texts, each of which `check` lets pass.
    pub(super) fn texts(
        &mut self,
        key: &'static str,
        example: &str,
        into: &mut Vec<String>,
        check: impl Fn(&str) -> Result<(), &'static str>,
    ) {
        let Some(value) = self.take(key) else { return };
        let Some(list) = value.get_ref().as_array() else {
            return self.wrong_type(key, value, "a list of texts", example);
        };
        let mut read = Vec::new();
        for entry in list.iter() {
            match entry.get_ref().as_str().map(|text| (text, check(text))) {
                Some((text, Ok(()))) => read.push(text.to_owned()),
                Some((_, Err(error))) => {
                    let message = format!("`{}.{key}` cannot be used: {error}", self.name);
                    self.reader.fault("bad-value", entry.span(), message, format!("for example {key} = {example}"));
                }
                None => self.wrong_type(key, entry, "a text", example),
            }
        }
        *into = read;
    }

    /// A setting is there that means nothing without another.
    pub(super) fn lacks(&mut self, key: &'static str, other: &'static str) {
        if let Some(value) = self.table.and_then(|table| table.get(key)) {
            let message = format!("`{}.{key}` is set and `{other}` is not", self.name);
            self.reader.fault("bad-value", value.span(), message, "set both, or neither".to_owned());
        }
    }

    /// Settings that are each in range and cannot be used together; told at the first of them that is there.
    pub(super) fn contradict<const N: usize>(&mut self, keys: [&'static str; N], message: String, help: &str) {
        let there = keys.iter().find_map(|key| self.table?.get(*key));
        let span = there.map_or(0..0, Spanned::span);
        self.reader.fault("bad-value", span, message, help.to_owned());
    }

    /// Ends the section: what was never asked for is unknown.
    pub(super) fn finish(self) {
        if let Some(table) = self.table {
            let what = format!("[{}]", self.name);
            self.reader.unknown_keys(table, &self.known, &what);
        }
    }
}
