//! From the text of a dialogue file to [`Dialogue`]s, with every mistake of the file at its place.

use std::sync::Arc;

use super::{
    fields::{AGENT_STATES, FILE, VERBS},
    model::{Deed, Dialogue, Duty, Edit, Free, Habits, Hear, Moment, PersonWish, ServiceFault, Step, Text, Verb},
    names::Names,
    words,
};
use crate::{
    live::protocol::AgentState,
    script::{
        Script,
        catalogue::Service,
        diagnostic::{Diagnostic, line_and_column, nearest},
        model::Key,
        shape::Reader,
        tree::{self, Entry, Kind, Span, Table, Value},
    },
    time::Duration,
};

/// When a call is made, unless a dialogue says otherwise: an ordinary Tuesday in hours.
pub const DEFAULT_MOMENT: &str = "2022-05-17T10:00";
/// Who calls, unless a dialogue says otherwise.
const DEFAULT_NUMBER: &str = "0600000042";
/// How long a step waits for the centre.
const DEFAULT_WITHIN: Duration = Duration::from_mins(10);
/// Fields of a dialogue that only virtual time can grant.
const VIRTUAL_FIELDS: [&str; 5] = ["at", "agents", "agent", "ahead", "fault"];
/// Steps that only virtual time can grant.
const VIRTUAL_STEPS: [&str; 6] = ["until", "fault", "edit", "agents", "free", "does"];

/// Reads a file. A dialogue with a mistake in it is left out; `file` is the path that diagnostics name.
pub fn read(file: &Arc<str>, text: &str, script: &Script) -> (Vec<Dialogue>, Vec<Diagnostic>) {
    let (root, errors) = tree::parse(text);
    let mut problems: Vec<Diagnostic> = errors
        .into_iter()
        .map(|error| {
            Diagnostic::error("syntax", file, error.span, error.message)
                .help("a dialogue file is TOML; strings stand in quotes, steps between { and }")
        })
        .collect();
    Reader { file, problems: &mut problems }.record(&FILE, &root, &(0..text.len().min(1)));
    let mut reading = Reading { file, text, names: Names::of(script), problems };
    let empty = Table::default();
    let defaults = root.table("defaults").unwrap_or(&empty);
    let mut dialogues: Vec<Dialogue> = Vec::new();
    for value in root.items_of("dialogue") {
        let Some(table) = value.table() else { continue };
        let before = reading.problems.len();
        let Some(dialogue) = reading.dialogue(table, &value.span, defaults) else { continue };
        if let Some(twin) = dialogues.iter().find(|other| other.name == dialogue.name) {
            let message = format!(
                "a dialogue of line {} is called `{}` too; a report could not tell them apart",
                twin.line, twin.name
            );
            let span = table.get("name").map_or(value.span.clone(), |name| name.span.clone());
            reading.error("duplicate-name", &span, message);
        }
        if reading.problems.len() == before {
            dialogues.push(dialogue);
        }
    }
    let mut problems = reading.problems;
    // Defaults are gone through once for each dialogue.
    problems.sort_by(|a, b| (a.span.start, a.code, &a.message).cmp(&(b.span.start, b.code, &b.message)));
    problems.dedup();
    (dialogues, problems)
}

struct Reading<'a> {
    file: &'a Arc<str>,
    text: &'a str,
    names: Names<'a>,
    problems: Vec<Diagnostic>,
}

/// A dialogue's table and the defaults behind it.
struct Fields<'a> {
    own: &'a Table,
    defaults: &'a Table,
}

impl<'a> Fields<'a> {
    fn get(&self, key: &str) -> Option<&'a Value> {
        self.own.get(key).or_else(|| self.defaults.get(key))
    }
    fn bool(&self, key: &str) -> bool {
        self.get(key).is_some_and(|value| matches!(value.kind, Kind::Bool(true)))
    }
}

impl Reading<'_> {
    fn error(&mut self, code: &'static str, span: &Span, message: impl Into<String>) -> &mut Diagnostic {
        self.problems.push(Diagnostic::error(code, self.file, span.clone(), message));
        self.problems.last_mut().expect("one was just pushed")
    }

    fn line(&self, span: &Span) -> u32 {
        line_and_column(self.text, span.start).0 as u32
    }

    /// The text in `value` if it is one of `known`; else reports it as not a `what`.
    fn name(&mut self, what: &str, value: &str, span: &Span, known: &[&str]) -> Option<String> {
        if known.contains(&value) {
            return Some(value.to_owned());
        }
        let near = nearest(value, known.iter().copied()).map(|near| format!("did you mean `{near}`?"));
        let help = near.unwrap_or_else(|| match known.len() {
            0 => format!("the centre has no {what}"),
            1..=30 => format!("known are: {}", known.join(", ")),
            n => format!("none of the {n} known ones is like it; `hatif graph` and the centre's files show them"),
        });
        self.error("unknown-name", span, format!("there is no {what} `{value}`")).help = Some(help);
        None
    }

    fn dialogue(&mut self, own: &Table, span: &Span, defaults: &Table) -> Option<Dialogue> {
        let fields = Fields { own, defaults };
        let mut steps = Vec::new();
        let mut needs: Vec<&'static str> =
            VIRTUAL_FIELDS.into_iter().filter(|field| fields.get(field).is_some()).collect();
        // Agents who are ready are what a running centre has too.
        if fields.get("agents").and_then(Value::text) == Some("ready") {
            needs.retain(|field| *field != "agents");
        }
        let mut kept: Vec<String> = Vec::new();
        let lists = [fields.get("opening"), own.get("steps")];
        for value in lists.into_iter().flatten().flat_map(|list| list.list().unwrap_or_default()) {
            let Some(table) = value.table() else { continue };
            needs.extend(VIRTUAL_STEPS.into_iter().filter(|verb| table.get(verb).is_some()));
            if let Some(step) = self.step(table, &value.span, &mut kept) {
                steps.push(step);
            }
        }
        if own.get("steps").and_then(Value::list).is_some_and(<[Value]>::is_empty) {
            self.error("empty", span, "the dialogue has no steps, so it cannot fail").help =
                Some("say at least what must be heard first: steps = [{ hear = \"…\" }]".to_owned());
        }
        needs.sort_unstable();
        needs.dedup();
        Some(Dialogue {
            name: own.text("name")?.0.to_owned(),
            file: self.file.clone(),
            line: self.line(span),
            languages: self.languages(&fields),
            begins_in: self.begins_in(&fields),
            steps,
            at: self.moment(fields.get("at")).or_else(|| Moment::parse(DEFAULT_MOMENT))?,
            from: self.from(&fields),
            person: fields.get("person").and_then(Value::table).map(|table| self.person(table)),
            duty: fields.get("agents").map_or(Duty::Ready, |value| self.duty(value)),
            habits: habits(fields.get("agent").and_then(Value::table)),
            ahead: fields.get("ahead").and_then(Value::int).unwrap_or(0) as u32,
            faults: self.faults(fields.get("fault")),
            never: self.never(&fields),
            strict: fields.bool("strict"),
            patient: fields.bool("patient"),
            people: fields.get("people").and_then(Value::int).map(|n| n as u32),
            needs_virtual_time: needs,
        })
    }

    fn languages(&mut self, fields: &Fields<'_>) -> Vec<String> {
        let items = fields.get("languages").and_then(Value::list).unwrap_or_default();
        let known = self.names.languages.clone();
        items.iter().filter_map(|item| self.name("language", item.text()?, &item.span, &known)).collect()
    }

    fn begins_in(&mut self, fields: &Fields<'_>) -> Option<String> {
        let value = fields.get("begins_in")?;
        let text = value.text()?;
        if text == "{lang}" {
            return Some(text.to_owned());
        }
        let known = self.names.languages.clone();
        self.name("language", text, &value.span, &known)
    }

    fn from(&mut self, fields: &Fields<'_>) -> Option<String> {
        let Some(value) = fields.get("from") else { return Some(DEFAULT_NUMBER.to_owned()) };
        let text = value.text()?;
        if text == "withheld" {
            return None;
        }
        let number = text.len() <= 15 && !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !number {
            let message = format!("`{text}` is not a calling number");
            self.error("bad-number", &value.span, message).help =
                Some("write up to 15 digits, or \"withheld\"".to_owned());
        }
        Some(text.to_owned())
    }

    fn moment(&mut self, value: Option<&Value>) -> Option<Moment> {
        let value = value?;
        let text = match &value.kind {
            Kind::Text(text) => text.clone(),
            Kind::Datetime(datetime) => datetime.to_string(),
            _ => String::new(),
        };
        let moment = Moment::parse(&text);
        if moment.is_none() {
            self.error("bad-time", &value.span, "this is not a date with a time").help =
                Some("write it as \"2022-05-17T10:00\"".to_owned());
        }
        moment
    }

    fn never(&mut self, fields: &Fields<'_>) -> Vec<String> {
        let items = fields.get("never").and_then(Value::list).unwrap_or_default();
        items.iter().filter_map(|item| self.prompt(item.text()?, &item.span)).collect()
    }

    fn prompt(&mut self, id: &str, span: &Span) -> Option<String> {
        let known = self.names.prompts.clone();
        self.name("prompt", id, span, &known)
    }

    fn duty(&mut self, value: &Value) -> Duty {
        let known = self.names.groups.clone();
        match (&value.kind, value.text()) {
            (_, Some("busy")) => Duty::Busy,
            (_, Some("none")) => Duty::Nobody,
            (Kind::Table(table), _) => {
                let count = |entry: &Entry| {
                    let name = self.name("agent group", &entry.key, &entry.key_span, &known)?;
                    Some((name, entry.value.int()?.try_into().ok()?))
                };
                Duty::Exactly(table.entries.iter().filter_map(count).collect())
            }
            _ => Duty::Ready,
        }
    }

    fn faults(&mut self, value: Option<&Value>) -> Vec<ServiceFault> {
        match value.map(|value| &value.kind) {
            Some(Kind::Table(table)) => self.fault(table).into_iter().collect(),
            Some(Kind::List(items)) => items.iter().filter_map(|item| self.fault(item.table()?)).collect(),
            _ => Vec::new(),
        }
    }

    fn fault(&mut self, table: &Table) -> Option<ServiceFault> {
        let (text, span) = table.text("service")?;
        let known = Names::faulty();
        let name = self.name("service", text, span, &known)?;
        let slow = table.duration("slow").unwrap_or(Duration::ZERO);
        let down = table.bool("down").unwrap_or(slow == Duration::ZERO);
        Some(ServiceFault { service: Names::faulty_named(&name)?, down, slow })
    }

    fn person(&mut self, table: &Table) -> PersonWish {
        let mut wish = PersonWish {
            phone: table.bool("phone"),
            portal: table.bool("portal"),
            spouse: table.bool("spouse"),
            paid: table.bool("paid"),
            children: self.bound(table.get("children")),
            files: self.bound(table.get("files")),
            ..PersonWish::default()
        };
        for (field, place) in [
            ("status", &mut wish.status),
            ("category", &mut wish.category),
            ("region", &mut wish.region),
            ("file_state", &mut wish.file_state),
        ] {
            if let Some((text, span)) = table.text(field) {
                *place = self.name(
                    &format!("{} of a person", field.replace('_', " ")),
                    text,
                    span,
                    &Names::of_person(field),
                );
            }
        }
        for service in [Service::Rights, Service::Contribution, Service::Arrears] {
            let entry = service.entry();
            let known: Vec<&str> = entry.outcomes.iter().map(|outcome| outcome.name).collect();
            if let Some((text, span)) = table.text(entry.name) {
                let outcome = self.name(&format!("outcome of `{}` called", entry.name), text, span, &known);
                wish.answers.extend(outcome.map(|outcome| (service, outcome)));
            }
        }
        wish
    }

    fn bound(&mut self, value: Option<&Value>) -> Option<super::model::Bound> {
        let value = value?;
        let bound = match &value.kind {
            Kind::Int(n) => u64::try_from(*n).ok().map(super::model::Bound::Exactly),
            Kind::Text(text) => bound_of(text, |n| n.parse().ok()),
            _ => return None,
        };
        if bound.is_none() {
            self.error("bad-number", &value.span, "this is not a number").help =
                Some("write a number, or \">=1\" or \"<=3\"".to_owned());
        }
        bound
    }

    fn step(&mut self, table: &Table, span: &Span, kept: &mut Vec<String>) -> Option<Step> {
        let (entry, allowed) = self.verb_of(table, span)?;
        let stray = |other: &&Entry| {
            other.key != entry.key && !allowed.contains(&other.key.as_str()) && super::fields::is_modifier(&other.key)
        };
        for other in table.entries.iter().filter(stray) {
            let help = match allowed {
                [] => format!("`{}` takes nothing besides", entry.key),
                names => format!("`{}` takes: {}", entry.key, names.join(", ")),
            };
            let message = format!("`{}` means nothing in a step `{}`", other.key, entry.key);
            self.error("stray-field", &other.key_span, message).help = Some(help);
        }
        let verb = self.verb(entry, table, kept)?;
        let source = self.text.get(span.clone()).unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
        let within = table.duration("within").unwrap_or(DEFAULT_WITHIN);
        Some(Step { line: self.line(span), source: source.into(), verb, within })
    }

    /// The one word that says what a step is.
    fn verb_of<'a>(&mut self, table: &'a Table, span: &Span) -> Option<(&'a Entry, &'static [&'static str])> {
        let verb =
            |entry: &'a Entry| VERBS.iter().find(|(name, _)| *name == entry.key).map(|(_, allowed)| (entry, *allowed));
        let found: Vec<_> = table.entries.iter().filter_map(verb).collect();
        match found[..] {
            [one] => Some(one),
            [] => {
                let names: Vec<&str> = VERBS.iter().map(|(name, _)| *name).collect();
                self.error("no-verb", span, "the step does not say what happens").help =
                    Some(format!("it needs one of: {}", names.join(", ")));
                None
            }
            [(first, _), (second, _), ..] => {
                let message = format!("a step does one thing, but this has both `{}` and `{}`", first.key, second.key);
                self.error("two-verbs", &second.key_span, message).help =
                    Some("write two steps, in the order in which they happen".to_owned());
                None
            }
        }
    }

    fn verb(&mut self, entry: &Entry, table: &Table, kept: &mut Vec<String>) -> Option<Verb> {
        let value = &entry.value;
        Some(match entry.key.as_str() {
            "hear" | "hear_text" => Verb::Hear(self.hear(entry, table, kept)?),
            "press" => self.press(value, table, kept)?,
            "silence" => match value.int() {
                Some(times) => Verb::Silence(times as u32),
                None => self.only_true(entry).map(|()| Verb::Silence(1))?,
            },
            "wait" => Verb::Wait(value.text()?.parse().ok()?),
            "until" => Verb::Until(self.moment(Some(value))?),
            "queued" => Verb::Queued {
                queue: self.named_or_any(entry, "queue", |names| names.queues.clone())?,
                position: self.bound(table.get("position")),
                expected: self.duration_bound(table.get("expected")),
            },
            "agent" => Verb::Agent(agent_state(value.text()?)?),
            "sms" => match &value.kind {
                Kind::Bool(_) => self.only_true(entry).map(|()| Verb::Sms(None))?,
                _ => Verb::Sms(self.text_of(value, kept)),
            },
            "hangup" => self.only_true(entry).map(|()| Verb::Hangup)?,
            "ended" => Verb::Ended {
                outcome: self.named_or_any(entry, "outcome", |names| names.outcomes.clone())?,
                cause: table.text("cause").and_then(|(text, span)| {
                    let causes = Names::causes();
                    let causes: Vec<&str> = causes.iter().map(String::as_str).collect();
                    self.name("cause", text, span, &causes)
                }),
            },
            "answer" => match value.kind {
                Kind::Bool(picks_up) => Verb::Answer(picks_up),
                _ => return None,
            },
            "dial" => self.only_true(entry).map(|()| Verb::Dial)?,
            "fault" => Verb::Fault(self.fault(value.table()?)?),
            "edit" => Verb::Edit(edit(value.table()?)?),
            "agents" => Verb::Duty(self.duty(value)),
            "free" => match value.int() {
                Some(n) => Verb::Free(Free::Some(n as u32)),
                None => {
                    let known = self.names.groups.clone();
                    Verb::Free(Free::Group(self.name("agent group", value.text()?, &value.span, &known)?))
                }
            },
            "does" => Verb::Does(self.deed(value)?),
            _ => return None,
        })
    }

    /// A word that only makes sense as `true`.
    fn only_true(&mut self, entry: &Entry) -> Option<()> {
        if matches!(entry.value.kind, Kind::Bool(true)) {
            return Some(());
        }
        if matches!(entry.value.kind, Kind::Bool(false)) {
            let message = format!("`{} = false` says nothing", entry.key);
            self.error("says-nothing", &entry.value.span, message).help =
                Some(format!("leave the step out, or write `{} = true`", entry.key));
        }
        None
    }

    /// `Some(None)` for `true`.
    fn named_or_any(
        &mut self,
        entry: &Entry,
        what: &str,
        known: impl Fn(&Names<'_>) -> Vec<String>,
    ) -> Option<Option<String>> {
        match entry.value.text() {
            Some(text) => {
                let known = known(&self.names);
                let known: Vec<&str> = known.iter().map(String::as_str).collect();
                self.name(what, text, &entry.value.span, &known).map(Some)
            }
            None => self.only_true(entry).map(|()| None),
        }
    }

    fn hear(&mut self, entry: &Entry, table: &Table, kept: &mut Vec<String>) -> Option<Hear> {
        let before = self.problems.len();
        let mut hear = Hear::default();
        if entry.key == "hear" {
            let one = std::slice::from_ref(&entry.value);
            for item in entry.value.list().unwrap_or(one) {
                hear.prompts.extend(item.text().and_then(|id| self.prompt(id, &item.span)));
            }
            if entry.value.list().is_some_and(<[Value]>::is_empty) {
                self.error("empty", &entry.value.span, "the list of prompts is empty");
            }
            hear.text = table.get("text").and_then(|value| self.text_of(value, kept));
        } else {
            hear.text = self.text_of(&entry.value, kept);
        }
        if let Some((node, span)) = table.text("at") {
            let known = self.names.nodes.clone();
            hear.node = self.name("node", node, span, &known);
        }
        if let Some((name, span)) = table.text("keep") {
            let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            if !plain || words::KNOWN.contains(&name) {
                let message = format!("`{name}` cannot be the name of what is kept");
                self.error("bad-name", span, message).help =
                    Some("use letters, digits and _, and none of the words that exist already".to_owned());
            }
            kept.push(name.to_owned());
            hear.keep = Some(name.to_owned());
        }
        (self.problems.len() == before).then_some(hear)
    }

    fn press(&mut self, value: &Value, table: &Table, kept: &[String]) -> Option<Verb> {
        let keys = value.text()?;
        self.check_words(keys, &value.span, kept);
        let stranger = words::outside_braces(keys).find(|c| Key::from_char(*c).is_none());
        if let Some(c) = stranger {
            self.error("bad-key", &value.span, format!("`{c}` is not a key of the telephone")).help =
                Some("keys are 0 to 9, * and #; words in braces, such as {number}, stand for digits".to_owned());
        }
        Some(Verb::Press {
            keys: keys.to_owned(),
            now: table.bool("now").unwrap_or(false),
            after: table.duration("after").unwrap_or(Duration::ZERO),
            gap: table.duration("gap").unwrap_or(Duration::ZERO),
        })
    }

    fn text_of(&mut self, value: &Value, kept: &[String]) -> Option<Text> {
        let text = match &value.kind {
            Kind::Text(text) => Text::Same(text.clone()),
            Kind::Table(table) => {
                let known = self.names.languages.clone();
                let one = |entry: &Entry| {
                    let code = self.name("language", &entry.key, &entry.key_span, &known)?;
                    Some((code, entry.value.text()?.to_owned()))
                };
                Text::ByLanguage(table.entries.iter().filter_map(one).collect())
            }
            _ => return None,
        };
        for one in text.all() {
            self.check_words(one, &value.span, kept);
        }
        Some(text)
    }

    /// Reports words in braces that nothing fills.
    fn check_words(&mut self, text: &str, span: &Span, kept: &[String]) {
        let known: Vec<&str> = words::KNOWN.iter().copied().chain(kept.iter().map(String::as_str)).collect();
        for word in words::in_braces(text) {
            if !known.contains(&word) {
                let near = nearest(word, known.iter().copied());
                let help = near.map_or_else(
                    || format!("known are: {}", known.join(", ")),
                    |near| format!("did you mean `{{{near}}}`?"),
                );
                self.error("unknown-word", span, format!("nothing fills `{{{word}}}`")).help = Some(help);
            }
        }
    }

    fn duration_bound(&mut self, value: Option<&Value>) -> Option<super::model::Bound> {
        let value = value?;
        let micros = |text: &str| text.parse::<Duration>().ok().map(Duration::as_micros);
        let bound = bound_of(value.text()?, micros);
        if bound.is_none() {
            self.error("bad-duration", &value.span, "this is not a length of time").help =
                Some("write one such as \"5m\", \">=5m\" or \"<=90s\"".to_owned());
        }
        bound
    }

    fn deed(&mut self, value: &Value) -> Option<Deed> {
        let text = value.text()?;
        match text.split_once(' ').map_or((text, ""), |(word, rest)| (word, rest.trim())) {
            ("hold", "") => Some(Deed::Hold),
            ("resume", "") => Some(Deed::Resume),
            ("release", "") => Some(Deed::Release),
            ("transfer", queue) if !queue.is_empty() => {
                let known = self.names.queues.clone();
                let known: Vec<&str> = known.iter().map(String::as_str).collect();
                self.name("queue", queue, &value.span, &known).map(Deed::Transfer)
            }
            _ => {
                self.error("unknown-word", &value.span, format!("an agent cannot do `{text}`")).help =
                    Some("agents do: hold, resume, release, transfer QUEUE".to_owned());
                None
            }
        }
    }
}

fn habits(table: Option<&Table>) -> Habits {
    let usual = Habits::default();
    let Some(table) = table else { return usual };
    Habits {
        answers_after: table.duration("answers_after").unwrap_or(usual.answers_after),
        talks: table.duration("talks").unwrap_or(usual.talks),
        ignores: table.int("ignores").map_or(usual.ignores, |n| n as u32),
    }
}

fn edit(table: &Table) -> Option<Edit> {
    Some(Edit {
        file: table.text("file")?.0.to_owned(),
        replace: table.text("replace")?.0.to_owned(),
        with: table.text("with")?.0.to_owned(),
        refused: table.bool("refused").unwrap_or(false),
    })
}

fn bound_of(text: &str, number: impl Fn(&str) -> Option<u64>) -> Option<super::model::Bound> {
    use super::model::Bound;
    let text = text.trim();
    if let Some(rest) = text.strip_prefix(">=") {
        return number(rest.trim()).map(Bound::AtLeast);
    }
    match text.strip_prefix("<=") {
        Some(rest) => number(rest.trim()).map(Bound::AtMost),
        None => number(text).map(Bound::Exactly),
    }
}

/// The state a word of [`AGENT_STATES`] means.
pub(super) fn agent_state(word: &str) -> Option<AgentState> {
    let place = AGENT_STATES.iter().position(|known| *known == word)?;
    let states = [
        AgentState::Ringing,
        AgentState::NoAnswer,
        AgentState::Connected,
        AgentState::Held,
        AgentState::Resumed,
        AgentState::Released,
    ];
    states.get(place).copied()
}
