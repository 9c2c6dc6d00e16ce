//! `prompts/prompts.toml`: what is language-neutral about a prompt.

use std::{collections::BTreeMap, ops::Range, sync::Arc};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
    value::Datetime,
};

use super::{
    super::diagnostic::{Diagnostic, nearest},
    ParsedPrompts, Prompt, Slot,
};
use crate::{
    id::{LanguageId, PromptId},
    time::{Date, Duration},
};

/// What `prompts.toml` says of a prompt.
pub(super) struct Settings {
    pub barge_in: bool,
    pub valid_from: Option<Date>,
    pub valid_to: Option<Date>,
    pub otherwise: Option<PromptId>,
    /// Measured lengths.
    pub seconds: BTreeMap<LanguageId, Duration>,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { barge_in: true, valid_from: None, valid_to: None, otherwise: None, seconds: BTreeMap::new() }
    }
}

impl Settings {
    pub fn prompt(&self, name: &Arc<str>, slots: Box<[Slot]>) -> Prompt {
        Prompt {
            name: name.clone(),
            slots,
            durations: Box::default(),
            barge_in: self.barge_in,
            valid_from: self.valid_from,
            valid_to: self.valid_to,
            otherwise: self.otherwise,
        }
    }
}

const FIELDS: [&str; 5] = ["barge_in", "valid_from", "valid_to", "otherwise", "seconds"];

/// Longest measured prompt that is believed: an hour.
const MAX_SECONDS: f64 = 3_600.0;

impl ParsedPrompts {
    /// Reads `prompts.toml`; everything wrong in it is reported.
    pub(super) fn settle(&mut self, path: &Arc<str>, text: &str, found: &mut Vec<Diagnostic>) {
        let (table, errors) = DeTable::parse_recoverable(text);
        for error in errors {
            let span = error.span().unwrap_or(0..0);
            let message = format!("this is not TOML: {}", error.message());
            found.push(
                Diagnostic::error("toml-syntax", path, span, message).help("see toml.io for how values are written"),
            );
        }
        let mut file = File { path, prompts: self, found };
        let mut settled = Vec::new();
        for (name, value) in table.get_ref() {
            settled.extend(file.prompt(name, value));
        }
        for (id, settings, span) in settled {
            self.check_otherwise(id, &settings, path, span, found);
            self.entries[id.index()].settings = settings;
        }
    }

    /// What is said instead must fit the same arguments.
    fn check_otherwise(
        &self,
        id: PromptId,
        settings: &Settings,
        path: &Arc<str>,
        span: Range<usize>,
        found: &mut Vec<Diagnostic>,
    ) {
        let entry = &self.entries[id.index()];
        let Some(other) = settings.otherwise.map(|other| &self.entries[other.index()]) else { return };
        if !entry.slots.keys().eq(other.slots.keys()) {
            let message = format!("`{}` stands in for `{}` but has other slots", other.name, entry.name);
            let help = "give both texts the same slots: they are filled by the same uses";
            found.push(Diagnostic::error("slot-mismatch", path, span, message).help(help));
        }
    }
}

/// The file being read.
struct File<'a> {
    path: &'a Arc<str>,
    prompts: &'a ParsedPrompts,
    found: &'a mut Vec<Diagnostic>,
}

type Key<'a> = Spanned<std::borrow::Cow<'a, str>>;

impl File<'_> {
    fn fault(&mut self, code: &'static str, span: Range<usize>, message: String, help: String) {
        self.found.push(Diagnostic::error(code, self.path, span, message).help(help));
    }

    fn prompt(&mut self, name: &Key<'_>, value: &Spanned<DeValue<'_>>) -> Option<(PromptId, Settings, Range<usize>)> {
        let id = self.id(name.get_ref(), name.span(), value);
        let DeValue::Table(fields) = value.get_ref() else {
            let help = format!("write it as a table: [\"{}\"]", name.get_ref());
            self.fault("wrong-type", value.span(), format!("`{}` must be a table of settings", name.get_ref()), help);
            return None;
        };
        let id = id?;
        let mut settings = Settings::default();
        for (field, value) in fields {
            self.field(field, value, &mut settings);
        }
        self.check_dates(name, &settings);
        Some((id, settings, name.span()))
    }

    fn id(&mut self, name: &str, span: Range<usize>, value: &Spanned<DeValue<'_>>) -> Option<PromptId> {
        let id = self.prompts.named(name);
        if id.is_some() {
            return id;
        }
        let inner = value.get_ref().as_table().and_then(|table| table.keys().next()).map(Spanned::get_ref);
        let quoted = inner.map(|inner| format!("{name}.{inner}")).filter(|whole| self.prompts.named(whole).is_some());
        let help = match (quoted, self.prompts.nearest(name)) {
            (Some(whole), _) => format!("put the id in quotes: [\"{whole}\"]"),
            (None, Some(near)) => format!("did you mean `{near}`?"),
            (None, None) => "remove it, or write its texts in prompts/*.ftl".to_owned(),
        };
        self.fault("unknown-prompt", span, format!("there is no prompt `{name}`"), help);
        None
    }

    fn field(&mut self, name: &Key<'_>, value: &Spanned<DeValue<'_>>, settings: &mut Settings) {
        match &**name.get_ref() {
            "barge_in" => match value.get_ref() {
                DeValue::Boolean(allowed) => settings.barge_in = *allowed,
                _ => self.wrong_type("barge_in", value, "true or false"),
            },
            "valid_from" => settings.valid_from = self.date("valid_from", value),
            "valid_to" => settings.valid_to = self.date("valid_to", value),
            "otherwise" => match value.get_ref() {
                DeValue::String(id) => settings.otherwise = self.id(id, value.span(), value),
                _ => self.wrong_type("otherwise", value, "a prompt id in quotes"),
            },
            "seconds" => match value.get_ref() {
                DeValue::Table(table) => self.seconds(table, settings),
                _ => self.wrong_type("seconds", value, "lengths by language, such as { ar = 6.1 }"),
            },
            other => {
                let help = match nearest(other, FIELDS) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("a prompt has the fields {}", FIELDS.join(", ")),
                };
                self.fault("unknown-field", name.span(), format!("`{other}` is not a setting of a prompt"), help);
            }
        }
    }

    fn wrong_type(&mut self, field: &str, value: &Spanned<DeValue<'_>>, wanted: &str) {
        let message = format!("`{field}` cannot be a {}", value.get_ref().type_str());
        self.fault("wrong-type", value.span(), message, format!("write {wanted}"));
    }

    fn date(&mut self, field: &str, value: &Spanned<DeValue<'_>>) -> Option<Date> {
        let date = match value.get_ref() {
            DeValue::Datetime(Datetime { date: Some(date), time: None, .. }) => {
                i16::try_from(date.year).ok().and_then(|year| Date::from_ymd(year, date.month as i8, date.day as i8))
            }
            DeValue::String(text) => text.parse().ok().map(|date: jiff::civil::Date| date.into()),
            _ => None,
        };
        if date.is_none() {
            let message = format!("`{field}` is not a date");
            self.fault("wrong-type", value.span(), message, "write a day such as 2022-12-01".to_owned());
        }
        date
    }

    fn seconds(&mut self, table: &DeTable<'_>, settings: &mut Settings) {
        for (code, value) in table {
            let seconds: Option<f64> = match value.get_ref() {
                DeValue::Integer(n) => n.as_str().parse().ok(),
                DeValue::Float(n) => n.as_str().parse().ok(),
                _ => None,
            };
            let language = self.prompts.languages.iter().position(|language| *language.code == **code.get_ref());
            let Some(language) = language else {
                let near = nearest(code.get_ref(), self.prompts.languages.iter().map(|language| &*language.code));
                let help =
                    near.map_or("use the codes of [languages]".to_owned(), |near| format!("did you mean `{near}`?"));
                let message = format!("`{}` is not a language of this centre", code.get_ref());
                self.fault("unknown-language", code.span(), message, help);
                continue;
            };
            match seconds.filter(|s| *s > 0.0 && *s <= MAX_SECONDS) {
                Some(s) => {
                    settings.seconds.insert(LanguageId(language as u8), Duration::from_micros((s * 1e6) as u64));
                }
                None => {
                    let message = "a measured length must be a number of seconds between 0 and 3600".to_owned();
                    self.fault("wrong-value", value.span(), message, "write it as in { ar = 6.1 }".to_owned());
                }
            }
        }
    }

    fn check_dates(&mut self, name: &Key<'_>, settings: &Settings) {
        let dated = settings.valid_from.is_some() || settings.valid_to.is_some();
        let id = name.get_ref();
        if dated && settings.otherwise.is_none() {
            let message = format!("`{id}` is not always valid, and nothing is said in its place");
            let help = "name the prompt to say outside these dates: otherwise = \"…\"".to_owned();
            self.fault("missing-field", name.span(), message, help);
        }
        if let (Some(from), Some(to)) = (settings.valid_from, settings.valid_to)
            && from >= to
        {
            let message = format!("`{id}` would never be said: it is valid from {from} until before {to}");
            self.fault("wrong-value", name.span(), message, "exchange the dates".to_owned());
        }
    }
}
