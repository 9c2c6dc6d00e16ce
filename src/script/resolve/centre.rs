//! What `centre.toml` declares besides people and hours, in the order in which declarations need each other.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    super::{
        catalogue::SETS,
        diagnostic::Diagnostic,
        model::{Flow, Language, SymbolSetDef},
        prompts::{self, Term},
        tree::{Entry, Table},
    },
    File, FlowFile, NodeText, Resolved, Resolver, UNKNOWN, Uses,
};
use crate::id::{LanguageId, NodeId};

impl<'a, 'p> Resolver<'a, 'p> {
    pub(super) fn new(centre: &'a File, flow_files: &'a [FlowFile], problems: &'p mut Vec<Diagnostic>) -> Self {
        let (parsed, _) = prompts::parse(&[], &[], None, &[]);
        let out = Resolved {
            name: "".into(),
            zone: "".into(),
            entry: UNKNOWN,
            default_language: LanguageId(0),
            languages: Vec::new(),
            sets: Vec::new(),
            intents: Vec::new(),
            outcomes: Vec::new(),
            calendars: Vec::new(),
            skills: Vec::new(),
            queues: Vec::new(),
            groups: Vec::new(),
            variables: Vec::new(),
            variable_texts: Vec::new(),
            flows: Vec::new(),
            starts: Vec::new(),
            nodes: Vec::new(),
            texts: Vec::new(),
            prompts: parsed,
            uses: Uses::default(),
            broken: Vec::new(),
        };
        Resolver {
            centre,
            flow_files,
            problems,
            out,
            node_ids: BTreeMap::new(),
            centre_vars: BTreeMap::new(),
            flow_vars: Vec::new(),
            scopes: Vec::new(),
        }
    }

    /// Gives everything that can be named its index.
    pub(super) fn declare(&mut self, files: &[(Arc<str>, &str)], settings: Option<(Arc<str>, &str)>) {
        self.languages();
        self.sets();
        let centre = self.centre.root.table("centre");
        let names = |key: &str| -> Vec<Arc<str>> {
            let items = centre.map(|table| table.items_of(key)).unwrap_or_default();
            items.iter().filter_map(|item| item.text()).map(Arc::from).collect()
        };
        (self.out.intents, self.out.outcomes) = (names("intents"), names("outcomes"));
        let terms = self.terms();
        let (parsed, found) = prompts::parse(files, &self.out.languages, settings, &terms);
        self.problems.extend(found);
        self.out.prompts = parsed;
        for (i, flow) in self.flow_files.iter().enumerate() {
            self.out.flows.push(Flow { name: flow.name.clone(), params: [].into(), results: [].into() });
            self.flow_vars.push(BTreeMap::new());
            for entry in flow.file.root.entries_of("node") {
                self.declare_node(i, flow, entry);
            }
            let start = self.node_ids.get(&format!("{}.start", flow.name)).copied();
            self.out.starts.push(start);
        }
        self.declare_variables();
    }

    fn declare_node(&mut self, flow: usize, file: &'a FlowFile, entry: &'a Entry) {
        let Some(table) = entry.value.table() else { return };
        if entry.key.is_empty() || entry.key.contains('.') {
            let message = format!("`{}` cannot be the name of a node", entry.key);
            self.error("bad-name", &file.file.path, &entry.key_span, message).help =
                Some("use letters, digits, - and _; the dot stands between flow and node".to_owned());
            return;
        }
        let id = NodeId(self.out.texts.len() as u32);
        self.node_ids.insert(format!("{}.{}", file.name, entry.key), id);
        self.out.texts.push(NodeText {
            flow,
            file: &file.file.path,
            name: &entry.key,
            name_span: &entry.key_span,
            table,
        });
    }

    fn languages(&mut self) {
        let entries = self.centre.root.entries_of("languages");
        for entry in entries.iter().take(64) {
            let rtl = entry.value.table().and_then(|table| table.bool("rtl")).unwrap_or(false);
            self.out.languages.push(Language { code: entry.key.as_str().into(), right_to_left: rtl, fallback: None });
        }
        let path = &self.centre.path;
        if entries.len() > 64 {
            self.error("out-of-range", path, &entries[64].key_span, "a centre has at most 64 languages");
        }
        if entries.is_empty() && self.centre.root.get("languages").is_some() {
            self.error("missing-language", path, &(0..0), "[languages] names no language").help =
                Some("add at least one, such as `fr = {}`".to_owned());
        }
        for (i, entry) in entries.iter().enumerate().take(64) {
            let Some((code, span)) = entry.value.table().and_then(|table| table.text("fallback")) else { continue };
            if code == entry.key {
                let message = format!("`{code}` falls back to itself");
                self.error("bad-fallback", path, span, message);
            } else {
                self.out.languages[i].fallback = self.language(code, path, span);
            }
        }
    }

    /// The catalogue's sets, the four automatic ones, and the script's own.
    fn sets(&mut self) {
        let catalogue = SETS.iter().map(|set| SymbolSetDef {
            name: set.name.into(),
            words: set.words.iter().map(|word| Arc::from(*word)).collect(),
        });
        self.out.sets.extend(catalogue);
        let root = &self.centre.root;
        let queues: Vec<Arc<str>> = keys(root, "queue");
        let languages = self.out.languages.iter().map(|language| language.code.clone()).collect();
        for (name, words) in [
            ("queue", queues),
            ("language", languages),
            ("holiday", named_in_calendars(root, "holiday")),
            ("period", named_in_calendars(root, "period")),
        ] {
            self.out.sets.push(SymbolSetDef { name: name.into(), words: words.into() });
        }
        for entry in root.entries_of("symbols") {
            if self.out.sets.iter().any(|set| *set.name == *entry.key) || TYPE_WORDS.contains(&entry.key.as_str()) {
                let message = format!("there is a set or type `{}` already", entry.key);
                self.error("duplicate-name", &self.centre.path, &entry.key_span, message);
                continue;
            }
            let mut words: Vec<Arc<str>> = Vec::new();
            for item in entry.value.list().unwrap_or_default() {
                let Some(word) = item.text() else { continue };
                if words.iter().any(|known| **known == *word) {
                    let message = format!("the word `{word}` is twice in the set `{}`", entry.key);
                    self.error("duplicate-name", &self.centre.path, &item.span, message);
                } else {
                    words.push(word.into());
                }
            }
            self.out.sets.push(SymbolSetDef { name: entry.key.as_str().into(), words: words.into() });
        }
        if self.out.sets.len() > usize::from(u8::MAX) {
            self.error("out-of-range", &self.centre.path, &(0..0), "there are more than 255 symbol sets");
            self.out.sets.truncate(usize::from(u8::MAX));
        }
    }

    fn terms(&mut self) -> Vec<Term> {
        let mut terms = Vec::new();
        for entry in self.centre.root.entries_of("terms") {
            let mut texts = vec![None; self.out.languages.len()];
            for text in entry.value.table().map_or(&[][..], |table| &table.entries) {
                let language = self.language(&text.key, &self.centre.path, &text.key_span);
                if let (Some(language), Some(value)) = (language, text.value.text()) {
                    texts[language.index()] = Some(value.into());
                }
            }
            for (language, text) in self.out.languages.clone().iter().zip(&texts) {
                if text.is_none() && language.fallback.is_none() {
                    let message = format!("the term `{}` has no text in {}", entry.key, language.code);
                    self.error("missing-language", &self.centre.path, &entry.key_span, message).help =
                        Some(format!("add {} = \"…\"", language.code));
                }
            }
            terms.push(Term { name: entry.key.as_str().into(), texts });
        }
        terms
    }

    /// Resolves what the declarations mean.
    pub(super) fn fill(&mut self) {
        let path = &self.centre.path;
        self.calendars();
        self.staff();
        if let Some(centre) = self.centre.root.table("centre") {
            self.out.name = centre.text("name").map_or("", |(name, _)| name).into();
            if let Some((code, span)) = centre.text("default_language") {
                self.out.default_language = self.language(code, path, span).unwrap_or_default();
            }
            if let Some((zone, span)) = centre.text("zone") {
                self.out.zone = zone.into();
                if jiff::tz::TimeZone::get(zone).is_err() {
                    let message = format!("`{zone}` is not a time zone of the zone data base");
                    self.error("unknown-zone", path, span, message).help =
                        Some("write a zone such as Africa/Casablanca".to_owned());
                }
            }
            if let Some((entry, span)) = centre.text("entry") {
                self.out.entry = self.target(entry, None, path, span);
            }
        }
        self.initial_values();
        self.scope_handlers();
        for i in 0..self.out.texts.len() {
            self.node(i);
        }
        self.message_texts();
        self.symbol_texts();
    }
}

/// The words that name types and cannot name sets.
pub(super) const TYPE_WORDS: [&str; 7] = ["bool", "number", "digits", "date", "amount", "time", "text"];

fn keys(root: &Table, table: &str) -> Vec<Arc<str>> {
    root.entries_of(table).iter().map(|entry| entry.key.as_str().into()).collect()
}

/// Names of holidays or periods, each once, in the order of the text.
fn named_in_calendars(root: &Table, what: &str) -> Vec<Arc<str>> {
    let mut names: Vec<Arc<str>> = Vec::new();
    for calendar in root.entries_of("calendar") {
        for item in calendar.value.table().map(|table| table.items_of(what)).unwrap_or_default() {
            if let Some((name, _)) = item.table().and_then(|table| table.text("name"))
                && names.iter().all(|known| **known != *name)
            {
                names.push(name.into());
            }
        }
    }
    names
}
