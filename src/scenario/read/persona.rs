//! Personas and redial.

use super::{Reading, demand::matter_once};
use crate::{
    people::{
        demand::rules::RedialRules,
        distribution::Distribution,
        persona::{Announced, Listening, Persona},
    },
    scenario::book,
    script::tree::{Table, Value},
    time::Duration,
};

/// How long callers wait unless the scenario says otherwise: 4 % are gone within 15 seconds, the others wait 50 minutes in the
/// mean. Close to the ratio of mean wait to abandonment of public health-cover lines, which is about 67 minutes.
fn default_patience() -> Distribution {
    let hasty = Distribution::Uniform { from: Duration::ZERO, to: Duration::from_secs(15) };
    let patient = Distribution::Exponential { mean: Duration::from_mins(50) };
    Distribution::Mixture([(0.04, hasty), (0.96, patient)].into())
}

impl Reading {
    /// The personas in the order of the text; one called `default` when there are none.
    pub(super) fn personas(&mut self, root: &Table) -> Vec<Persona> {
        let patience = self.time(root, "patience", default_patience());
        let entries = root.entries_of("persona");
        let mut personas = Vec::new();
        for entry in entries {
            if entry.value.table().is_some() {
                let table = self.persona_table(root, &entry.key, &mut Vec::new());
                personas.push(self.persona(&entry.key, &table, &patience));
            }
        }
        if personas.is_empty() {
            personas.push(self.persona("default", &Table::default(), &patience));
        }
        personas
    }

    /// What a persona says, with what it takes from those it is like.
    fn persona_table(&mut self, root: &Table, name: &str, seen: &mut Vec<String>) -> Table {
        let all = root.entries_of("persona");
        let own = all.iter().find(|entry| entry.key == name).and_then(|entry| entry.value.table());
        let own = own.cloned().unwrap_or_default();
        seen.push(name.to_owned());
        let Some((like, span)) = own.text("like") else { return own };
        let known: Vec<&str> = all.iter().map(|entry| entry.key.as_str()).collect();
        if self.find("persona", like, span, known.iter().copied()).is_none() {
            return own;
        }
        if seen.iter().any(|other| other == like) {
            let message = format!("`{like}` is like `{name}` in turn; nobody says what both are");
            self.error("like-cycle", span, message, "remove one `like`");
            return own;
        }
        let mut table = self.persona_table(root, like, seen);
        book::merge(&mut table, own);
        table
    }

    fn persona(&mut self, name: &str, table: &Table, patience: &Distribution) -> Persona {
        let chance = |key: &str, default: f64| table.float(key).unwrap_or(default);
        let fixed = |millis: u64| Distribution::Deterministic(Duration::from_millis(millis));
        Persona {
            name: name.into(),
            listening: self.listening(table),
            hesitation: self.time(table, "hesitation", fixed(1_000)),
            between_keys: self.time(table, "between_keys", fixed(500)),
            mistake: chance("mistake", 0.0),
            digit_error: chance("digit_error", 0.0),
            silence: chance("silence", 0.0),
            adviser_early: chance("adviser_early", 0.0),
            adviser_after: chance("adviser_after", 0.0),
            menu_patience: self.time(table, "menu_patience", Distribution::Never),
            patience: self.time(table, "patience", patience.clone()),
            announced: announced(table.table("announced")),
            takes_callback: chance("takes_callback", 0.0),
            answers_callback: chance("answers_callback", 1.0),
            callback_after: self.time(table, "callback_after", fixed(6_000)),
            survey: chance("survey", 0.0),
        }
    }

    fn listening(&mut self, table: &Table) -> Listening {
        let Some(value) = table.get("listening") else { return Listening::All };
        let Some(way) = value.table() else { return Listening::All };
        match (way.float("option"), way.get("for")) {
            (Some(chance), None) => Listening::Option(chance),
            (None, Some(time)) => self.spread(time, "for").map_or(Listening::All, Listening::For),
            (option, _) => {
                let both = option.is_some();
                let message = matter_once("listening", both);
                let code = if both { "two-at-once" } else { "missing-field" };
                self.error(code, &value.span, message, "write \"all\", { option = 0.5 } or { for = \"2s\" }");
                Listening::All
            }
        }
    }

    pub(super) fn redial(&mut self, root: &Table) -> RedialRules {
        let none = Table::default();
        let table = root.table("redial").unwrap_or(&none);
        RedialRules {
            after_abandon: self.time(table, "after_abandon", Distribution::Never),
            after_failure: self.time(table, "after_failure", Distribution::Never),
            attempts: table.get("attempts").and_then(Value::int).map_or(1, |n| n as u8),
            not_before: self.clock_time(table, "not_before"),
        }
    }
}

fn announced(table: Option<&Table>) -> Announced {
    let number = |key: &str, default: f64| table.and_then(|table| table.float(key)).unwrap_or(default);
    Announced { balks_above: number("balks_above", f64::INFINITY), stays_with: number("stays_with", 1.0) }
}
