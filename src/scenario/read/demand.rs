//! Who calls: the sources of calls.

use super::Reading;
use crate::{
    id::LanguageId,
    people::{
        demand::rules::{DemandRules, Source, Whom},
        persona::Persona,
    },
    script::{
        model::IntentId,
        tree::{Entry, Kind, Table, Value},
    },
    time::Duration,
};

/// Shares of intents, and chances by intent.
type ByIntent = Box<[(IntentId, f64)]>;

impl Reading {
    pub(super) fn demand(&mut self, root: &Table, personas: &[Persona], horizon: Duration) -> DemandRules {
        let mut sources = Vec::new();
        let mut factor = 1.0;
        for entry in root.entries_of("demand") {
            match &entry.value.kind {
                Kind::Table(table) => sources.push(self.source(entry, table, personas, horizon)),
                _ if entry.key == "factor" => factor = entry.value.float().unwrap_or(1.0),
                Kind::Int(_) | Kind::Float(_) => {
                    let help =
                        format!("write [demand.{}] and how many call, or demand.factor for all sources", entry.key);
                    let message = format!("`{}` is a number; a source of calls is a table", entry.key);
                    self.error("wrong-type", &entry.value.span, message, help);
                }
                _ => {}
            }
        }
        if sources.is_empty()
            && let Some(value) = root.get("demand")
        {
            let help = "add a source, for instance [demand.callers] with rate = { calls = 100, per = \"1h\" }";
            self.error("empty", &value.span, "nobody calls: there is no source of calls", help);
        }
        for source in &mut sources {
            source.factor *= factor;
        }
        DemandRules { sources: sources.into() }
    }

    fn source(&mut self, entry: &Entry, table: &Table, personas: &[Persona], horizon: Duration) -> Source {
        let (intents, adviser_after) = self.intents(table);
        Source {
            name: entry.key.as_str().into(),
            people: self.whom(table),
            volume: self.volume(entry, table, horizon),
            factor: table.float("factor").unwrap_or(1.0),
            intents,
            adviser_after,
            languages: self.languages(table),
            personas: self.persona_shares(table, personas),
        }
    }

    fn whom(&mut self, table: &Table) -> Whom {
        let callers = table.text("callers").map_or("registry", |(word, _)| word);
        let people = self.people(table);
        let stray = |key: &str, only: &str| table.entry(key).filter(|_| callers != only);
        for (key, only) in [("people", "registry"), ("telephones", "probe")] {
            if let Some(entry) = stray(key, only) {
                let message = format!("`{key}` says nothing about callers = \"{callers}\"");
                self.error("no-effect", &entry.key_span, message, format!("remove it, or write callers = \"{only}\""));
            }
        }
        match callers {
            "outside" => Whom::Outside,
            "probe" => Whom::Probe { telephones: table.int("telephones").map_or(5, |n| n as u32) },
            _ => Whom::Registry(people),
        }
    }

    fn intents(&mut self, table: &Table) -> (ByIntent, ByIntent) {
        let (mut shares, mut after) = (Vec::new(), Vec::new());
        let script = self.script.clone();
        for entry in table.entries_of("intents") {
            let inner = entry.value.table();
            let share = entry.value.float().or_else(|| inner?.float("share")).unwrap_or(0.0);
            let known = script.iter().flat_map(|script| script.intents.iter()).map(|name| &**name);
            let id = match &script {
                Some(_) => self.find("intent", &entry.key, &entry.key_span, known),
                None => None,
            };
            let id = IntentId(id.unwrap_or(0) as u16);
            shares.push((id, share));
            after.extend(inner.and_then(|inner| inner.float("adviser_after")).map(|chance| (id, chance)));
        }
        self.shares_of(table, "intents", shares.iter().map(|share| share.1));
        (shares.into(), after.into())
    }

    fn languages(&mut self, table: &Table) -> Box<[(LanguageId, f64)]> {
        let mut shares = Vec::new();
        for entry in table.entries_of("languages") {
            let id = self.language(entry);
            shares.push((id, entry.value.float().unwrap_or(0.0)));
        }
        self.shares_of(table, "languages", shares.iter().map(|share| share.1));
        shares.into()
    }

    /// The language an entry's key names.
    pub(super) fn language(&mut self, entry: &Entry) -> LanguageId {
        let Some(script) = self.script.clone() else { return LanguageId(0) };
        let known = script.languages.iter().map(|language| &*language.code);
        LanguageId(self.find("language", &entry.key, &entry.key_span, known).unwrap_or(0) as u8)
    }

    fn persona_shares(&mut self, table: &Table, personas: &[Persona]) -> Box<[(u16, f64)]> {
        let mut shares = Vec::new();
        for entry in table.entries_of("personas") {
            let known = personas.iter().map(|persona| &*persona.name);
            let i = self.find("persona", &entry.key, &entry.key_span, known).unwrap_or(0);
            shares.push((i as u16, entry.value.float().unwrap_or(0.0)));
        }
        self.shares_of(table, "personas", shares.iter().map(|share| share.1));
        if shares.is_empty() { [(0, 1.0)].into() } else { shares.into() }
    }

    fn shares_of(&mut self, table: &Table, key: &str, shares: impl Iterator<Item = f64>) {
        if let Some(entry) = table.entry(key).filter(|entry| entry.value.table().is_some()) {
            self.sums_to_one(&entry.key_span, &format!("the shares of `{key}`"), shares);
        }
    }
}

/// What is wrong with a table of which exactly one key must be given.
pub(super) fn matter_once(name: &str, both: bool) -> String {
    match both {
        true => format!("`{name}` says two things of which only one can hold"),
        false => format!("`{name}` says nothing"),
    }
}

/// The numbers of a list.
pub(super) fn numbers(value: Option<&Value>) -> Vec<f64> {
    value.and_then(Value::list).unwrap_or_default().iter().filter_map(Value::float).collect()
}
