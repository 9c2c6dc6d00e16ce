//! What is done with hostile bytes: one function for each thing the program reads. The fuzzers call them
//! (`scripts/torture fuzz`), and so does an ordinary test with the inputs in `fuzz/corpus` (`tests/it/fuzz_corpus.rs`).
//!
//! What is read may be refused; it must not panic, and not take long. What is accepted is also used a little, since a reader
//! that accepts nonsense lets it burst later.

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock},
};

use hatif::{
    config, dialogue as dialogues,
    engine::{Engine, Input, Output},
    id::{AgentId, CallId, GroupId, LanguageId, QueueId},
    journal as journals,
    live::protocol::{ClientMessage, ServerMessage, read_keys, read_number},
    pii::CallerNumber,
    random::Seed,
    registry,
    scenario::{Scenario, Shelf},
    script::{
        Drawing, Script, Source,
        catalogue::CASE,
        diagnostic::Diagnostic,
        diagnostics_json, load, mermaid,
        model::Key,
        render_diagnostics, svg,
        value::{Symbol, Type, Value},
    },
    time::{Duration, LocalClock},
};

/// A small centre: what an input does not bring is taken from here.
const CENTRE: &str = include_str!("centre/centre.toml");
const MAIN: &str = include_str!("centre/main.toml");
const EXTRA: &str = include_str!("centre/extra.toml");
const TEXTS: &str = include_str!("centre/texts.ftl");

/// What is done with one input.
pub type Taken = fn(&[u8]);

/// Every name of an input's function, as the folders of the corpus are called.
pub const ALL: [(&str, Taken); 9] = [
    ("script", script),
    ("prompt", prompt),
    ("scenario", scenario),
    ("expression", expression),
    ("message", message),
    ("row", row),
    ("journal", journal),
    ("dialogue", dialogue),
    ("settings", settings),
];

/// The small centre with some files replaced or added.
fn centre(files: &[(&str, &str)]) -> Source {
    let own = [
        ("centre.toml", CENTRE),
        ("flows/main.toml", MAIN),
        ("flows/extra.toml", EXTRA),
        ("prompts/fr.ftl", TEXTS),
        ("prompts/ar.ftl", TEXTS),
    ];
    let files: BTreeMap<&str, &str> = own.iter().chain(files).copied().collect();
    Source::from_files(files.into_iter().map(|(path, text)| (path.to_owned(), text.to_owned())).collect())
}

/// The small centre itself.
fn small() -> &'static Arc<Script> {
    static SMALL: LazyLock<Arc<Script>> = LazyLock::new(|| {
        let loaded = load(&centre(&[]));
        loaded.script.unwrap_or_else(|| panic!("the small centre has faults: {:#?}", loaded.diagnostics))
    });
    &SMALL
}

/// Tells what is wrong with one input. Each fault that is told costs a look at its whole file, which is most of what an input
/// costs: all are told for one input in eight, and the first two for the others.
fn report(source: &Source, problems: &[Diagnostic], data: &[u8]) {
    let told = if sum_of(data).is_multiple_of(8) { problems.len() } else { problems.len().min(2) };
    render_diagnostics(source, &problems[..told], false);
    diagnostics_json(source, problems);
}

/// Something that changes with every byte.
fn sum_of(data: &[u8]) -> usize {
    data.iter().map(|byte| usize::from(*byte)).sum()
}

/// Several files in one text: each begins with a line `=== path`; what comes before the first is `first`.
fn parts<'a>(text: &'a str, first: &'a str) -> Vec<(&'a str, &'a str)> {
    let mut parts = Vec::new();
    let mut path = first;
    let mut rest = text;
    loop {
        let mark = if rest.starts_with("=== ") { Some(0) } else { rest.find("\n=== ").map(|at| at + 1) };
        let Some(at) = mark else {
            parts.push((path, rest));
            return parts;
        };
        parts.push((path, &rest[..at]));
        let line = rest[at + 4..].lines().next().unwrap_or_default();
        path = line;
        rest = &rest[(at + 4 + line.len() + 1).min(rest.len())..];
    }
}

/// The files of a centre: the flow `main` to begin with, others after their marks.
pub fn script(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut files = parts(&text, "flows/main.toml");
    files.retain(|(path, text)| !text.trim().is_empty() && path.len() < 60);
    files.truncate(8);
    let source = centre(&files);
    let loaded = load(&source);
    report(&source, &loaded.diagnostics, data);
    if let Some(script) = loaded.script {
        mermaid(&script, &Drawing::default());
        svg(&script, &Drawing::default());
        play(script, data);
    }
}

/// Half an hour of a centre: two agents, and callers who key what the bytes say.
fn play(script: Arc<Script>, data: &[u8]) {
    let mut engine = Engine::new(script.clone(), LocalClock::utc(), Seed::new(1)).audited();
    let mut now = hatif::time::Instant::ZERO;
    let drain = |engine: &mut Engine| while !matches!(engine.poll(), Output::Timeout(_)) {};
    for agent in [0, 1] {
        let group = GroupId((agent as usize % script.groups.len().max(1)) as u16);
        engine.handle(now, Input::AgentLoggedIn { agent: AgentId(agent), group });
        engine.handle(now, Input::AgentReady { agent: AgentId(agent) });
    }
    drain(&mut engine);
    for (i, byte) in data.iter().rev().take(120).enumerate() {
        let call = CallId(1 + u64::from(byte >> 6));
        let input = match byte & 63 {
            0..=9 if i < 12 => {
                let caller = Some(CallerNumber::new("0600000042".parse().expect("digits")));
                Input::CallArrived { caller, language: Some(LanguageId(byte & 1)), origin: None }
            }
            key @ 0..=11 => match Key::from_char(char::from(b"0123456789*#"[usize::from(key)])) {
                Some(key) => Input::Dtmf { call, key },
                None => continue,
            },
            12 => Input::CallerHungUp { call },
            13..=23 => agent_does(AgentId(call.0 as u32 & 1), byte & 63),
            24 => Input::CallerAnswered { call },
            25 => Input::CallerUnreachable { call },
            _ => {
                now = now + Duration::from_millis(u64::from(*byte) * 117);
                engine.advance(now);
                drain(&mut engine);
                continue;
            }
        };
        engine.handle(now, input);
        drain(&mut engine);
    }
    engine.handle(now + Duration::from_mins(30), Input::DrainEnded);
    drain(&mut engine);
    assert_eq!(engine.census().offered, engine.census().ended, "a call has not ended");
}

/// All that an agent may do but come, by a number from 13 to 23.
fn agent_does(agent: AgentId, what: u8) -> Input {
    match what {
        13 => Input::AgentAnswered { agent },
        14 => Input::AgentReleased { agent },
        15 => Input::AgentRejected { agent },
        16 => Input::AgentHeld { agent },
        17 => Input::AgentResumed { agent },
        18 => Input::AgentNotReady { agent },
        19 => Input::AgentReady { agent },
        20 => Input::AgentLoggedOut { agent },
        21 => Input::CaseOpened { agent, kind: Symbol { set: CASE, word: 0 } },
        _ => Input::AgentTransferred { agent, queue: QueueId((what & 1).into()) },
    }
}

/// The texts of one language, or after marks of several files of `prompts`; what is accepted is said, with strange fillings.
pub fn prompt(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let own = format!("{TEXTS}\n");
    let mut files: Vec<(&str, String)> = Vec::new();
    for (path, text) in parts(&text, "prompts/fr.ftl").into_iter().take(4) {
        let all = if path.ends_with(".ftl") { own.clone() + text } else { text.to_owned() };
        let path = if path.starts_with("prompts/") { path } else { "prompts/prompts.toml" };
        files.push((path, all));
    }
    let given: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
    let source = centre(&given);
    let loaded = load(&source);
    report(&source, &loaded.diagnostics, data);
    let Some(script) = loaded.script else { return };
    for (i, entry) in script.prompts.entries.iter().enumerate() {
        let args: Vec<Value> = entry.slots.iter().map(|slot| filling(slot.kind, i)).collect();
        for language in 0..script.languages.len() {
            let id = hatif::id::PromptId(i as u32);
            script.prompts.render(id, LanguageId(language as u8), &args);
        }
    }
}

/// Something to fill a slot with.
fn filling(kind: Type, i: usize) -> Value {
    match kind {
        Type::Bool => Value::Bool(true),
        Type::Number => Value::Number([0, 1, 2, 11, -1, i64::MAX, i64::MIN][i % 7]),
        Type::Digits => Value::Digits("0123456789".parse().expect("digits")),
        Type::Amount => Value::Amount([0, 100, 250, i64::MAX, i64::MIN][i % 5]),
        _ => Value::Unset,
    }
}

/// A scenario that runs on the small centre, and tables beside it after their marks.
pub fn scenario(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut files: BTreeMap<String, String> = [
        ("small/centre.toml", CENTRE),
        ("small/flows/main.toml", MAIN),
        ("small/flows/extra.toml", EXTRA),
        ("small/prompts/fr.ftl", TEXTS),
        ("small/prompts/ar.ftl", TEXTS),
    ]
    .map(|(path, text)| (path.to_owned(), text.to_owned()))
    .into();
    for (path, text) in parts(&text, "day.toml").into_iter().take(4) {
        files.insert(path.to_owned(), text.to_owned());
    }
    // Without a centre of its own a scenario runs on the whole default one, which takes long to load and says nothing new.
    if !files["day.toml"].contains("centre") {
        let own = format!("centre = \"small\"\n{}", files["day.toml"]);
        files.insert("day.toml".to_owned(), own);
    }
    match Scenario::read(&Shelf::Given(files.into()), "day.toml", &[], None) {
        Ok(scenario) => drop(scenario.seed_of(1)),
        Err(problems) => drop(problems.render(false)),
    }
}

/// So many places are tried for an expression.
pub const PLACES: usize = 5;

/// An expression, in one of the places where one may stand: its bytes say in which, since each needs a centre of its own.
pub fn expression(data: &[u8]) {
    expression_in(sum_of(data) % PLACES, data);
}

/// An expression in the place of this number.
pub fn expression_in(place: usize, data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    // JSON's way to write a string is one of TOML's too.
    let quoted = serde_json::to_string(&text).expect("a text is JSON").replace('\u{7f}', "\\u007f");
    let set = |variable: &str, to: &str| {
        format!("[node.start]\nkind = \"set\"\nset = {{ {variable} = {quoted} }}\nto = \"{to}\"\n")
    };
    let extra = match place {
        0 => set("n", "main.start"),
        1 => set("d", "main.bye"),
        2 => set("t", "main.bye"),
        3 => format!(
            "[node.start]\nkind = \"branch\"\nwhen = [{{ if = {quoted}, to = \"main.bye\" }}]\nelse = \"main.start\"\n"
        ),
        // No expression fits all three, so that what is said of several faults is looked at.
        _ => format!(
            "[node.start]\nkind = \"branch\"\nwhen = [{{ if = {quoted}, to = \"number\" }}]\nelse = \"digits\"\n\
             [node.number]\nkind = \"set\"\nset = {{ n = {quoted} }}\nto = \"main.start\"\n\
             [node.digits]\nkind = \"set\"\nset = {{ d = {quoted} }}\nto = \"main.bye\"\n"
        ),
    };
    let source = centre(&[("flows/extra.toml", &extra)]);
    let loaded = load(&source);
    report(&source, &loaded.diagnostics, data);
    if let Some(script) = loaded.script {
        play(script, &[data, b"4\x01\x04\x00\x01"].concat());
    }
}

/// A text frame of either side, and what stands in its fields.
pub fn message(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    match ClientMessage::read(&text) {
        Ok(ClientMessage::Dial { from: Some(from), .. }) => drop(read_number(&from)),
        Ok(ClientMessage::Digits { keys }) => drop(read_keys(&keys)),
        Ok(_) => {}
        Err(refusal) => assert!(refusal.message.chars().count() < 200, "a refusal repeats what it was sent"),
    }
    let _ = read_keys(&text);
    let _ = read_number(&text);
    let _ = serde_json::from_slice::<ServerMessage>(data);
}

/// Rows of a registry, under the right header unless the input begins with `!`.
pub fn row(data: &[u8]) {
    let whole = match data.split_first() {
        Some((b'!', rest)) => rest.to_vec(),
        _ => [registry::COLUMNS.join(",").as_bytes(), b"\n", data].concat(),
    };
    for skip_bad in [false, true] {
        match registry::import(&whole[..], 1, skip_bad) {
            Ok(imported) => drop(registry::export(&imported.registry, std::io::sink(), true, Some(50))),
            Err(error) => drop(error.to_string()),
        }
    }
}

/// Lines of a journal of the small centre, under the right header unless the input begins with `!`.
pub fn journal(data: &[u8]) {
    let header = format!(
        "{{\"hatif_journal\":1,\"script\":\"{}\",\"seed\":1,\"replication\":0,\"epoch_us\":0}}\n",
        small().digest
    );
    let whole = match data.split_first() {
        Some((b'!', rest)) => rest.to_vec(),
        _ => [header.as_bytes(), data].concat(),
    };
    match journals::replay(&whole[..], std::slice::from_ref(small())) {
        Ok(report) => drop(format!("{:?}", report.difference)),
        Err(error) => drop(error.to_string()),
    }
}

/// A file of dialogues about the small centre.
pub fn dialogue(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (_, problems) = dialogues::read(&"tests/day.toml".into(), &text, small());
    let source = Source::from_files(vec![("tests/day.toml".to_owned(), text.into_owned())]);
    report(&source, &problems, data);
}

/// A file of settings.
pub fn settings(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Err(problems) = config::parse("hatif.toml", &text) {
        drop(problems.to_string());
    }
}
