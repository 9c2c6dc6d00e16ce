//! The digit collector as a table: each case is run by the engine in virtual time and through a websocket, and must give the
//! same facts at the same times.

use std::{
    fmt::Write as _,
    sync::{Arc, Mutex},
};

use hatif::{
    client::{Call, Link, Options},
    engine::{Engine, Event, Fact, Input, Output},
    id::CallId,
    live::{protocol::ClientMessage, pump::Tap},
    random::Seed,
    script::{Script, Source, Versions, model::Key},
    time::{Duration, Instant, LocalClock},
    world::Notice,
};

use crate::support::{
    rig::published,
    wire::{config, wired, write_out},
};

/// What is pressed at a node, and what must follow.
struct Case {
    /// Which rule, and what of it.
    name: &'static str,
    /// The nodes; `ME` is the one the keys are pressed at. `a`, `b`, `lost` and `op` are ends.
    nodes: &'static str,
    /// Keys, and `+2s` for time that passes, counted from entering the node.
    keys: &'static str,
    /// Facts with their times in seconds from entering the node; see [`told`].
    facts: &'static str,
}

const fn case(name: &'static str, nodes: &'static str, keys: &'static str, facts: &'static str) -> Case {
    Case { name, nodes, keys, facts }
}

/// A question of 2 s, 1 and 2 on offer.
const MENU: &str = r##"[node.ME]
kind = "menu"
prompt = "q"
choices = { 1 = "a", 2 = "b" }
"##;
const AMBIGUOUS: &str = r##"[node.ME]
kind = "menu"
prompt = "q"
choices = { 1 = "a", 10 = "b", 123 = "b" }
"##;
/// Two to four digits, ended by #.
const COLLECT: &str = r##"[node.ME]
kind = "collect"
prompt = "q"
into = "d"
min = 2
max = 4
to = "a"
"##;
const TERMINATED: &str = r##"[node.ME]
kind = "collect"
prompt = "q"
into = "d"
min = 2
max = 4
timers = { terminator_wait = "2s" }
to = "ME_next"
[node.ME_next]
kind = "menu"
prompt = "q"
choices = { 5 = "b" }
"##;
const STEPS: &str = r##"[node.ME]
kind = "menu"
prompt = "q"
choices = { 1 = "a" }
no_input = [{ from = 1, prompt = "e1" }, { from = 2, prompt = "e2", replay = false }, { from = 3, then = "lost" }]
no_match = [{ from = 1, prompt = "e1", replay = false }, { from = 3, then = "lost" }]
"##;
const NOTICE: &str = r##"[node.ME]
kind = "menu"
prompt = "n"
choices = { 1 = "a", 2 = "b" }
"##;
const NOTICE_DISCARDS: &str = r##"[node.ME]
kind = "menu"
prompt = "n"
discard = true
choices = { 1 = "a", 2 = "b" }
"##;
/// An entry of one digit, then one that is too short when a single digit is keyed.
const READ_BACK: &str = r##"[node.ME]
kind = "collect"
into = "d"
min = 1
max = 1
to = "ME_two"
[node.ME_two]
kind = "collect"
into = "d"
min = 2
max = 4
to = "a"
no_match = { tries = 0, then = "ME_look" }
[node.ME_look]
kind = "branch"
when = [{ if = "call.entry == '7'", to = "b" }]
else = "lost"
"##;
const NOTICE_THEN_MENU: &str = r##"[node.ME]
kind = "menu"
prompt = "n"
choices = { 1 = "ME_next" }
[node.ME_next]
kind = "menu"
prompt = "q"
choices = { 2 = "b" }
"##;
const NOTICE_THEN_FLOW: &str = r##"[node.ME]
kind = "menu"
prompt = "n"
choices = { 1 = "ME_call" }
[node.ME_call]
kind = "call"
flow = "sub"
to = "ME_last"
[node.ME_last]
kind = "menu"
prompt = "q"
choices = { 3 = "b" }
"##;
const THEN_MENU: &str = r##"[node.ME]
kind = "menu"
prompt = "q"
choices = { 1 = "ME_next" }
[node.ME_next]
kind = "menu"
prompt = "q"
choices = { 2 = "b" }
"##;

include!("collector_cases.rs");

const CENTRE: &str = r##"
[centre]
name = "collector"
zone = "Africa/Casablanca"
entry = "main.hub"
default_language = "fr"
[languages]
fr = {}
[timers]
first_digit = "6s"
inter_digit = "3s"
[keys]
0 = "main.op"
9 = "repeat"
"*" = "back"
[no_input]
prompt = "e-in"
tries = 2
then = "main.lost"
[no_match]
prompt = "e-bad"
tries = 2
then = "main.lost"
[error]
then = "main.lost"
"##;

const ENDS: &str = r##"
[flow]
vars = { d = "digits", dt = "date" }
[node.a]
kind = "end"
outcome = "contained"
[node.b]
kind = "end"
outcome = "contained"
[node.lost]
kind = "end"
outcome = "failed"
[node.op]
kind = "end"
outcome = "failed"
"##;

const SUB: &str = r##"
[node.start]
kind = "goto"
to = "ask"
[node.ask]
kind = "menu"
prompt = "q"
choices = { 2 = "back" }
[node.back]
kind = "return"
"##;

const TEXTS: &str = "hub = Un\nq = Question\nn = Avis\ne-in = Rien\ne-bad = Non\ne1 = Un\ne2 = Deux\n";
const LENGTHS: &str = "[hub]\nseconds = { fr = 0.1 }\n[q]\nseconds = { fr = 2.0 }\n[n]\nbarge_in = false\nseconds = { fr = 2.0 }\n\
                       [e-in]\nseconds = { fr = 1.0 }\n[e-bad]\nseconds = { fr = 1.0 }\n[e1]\nseconds = { fr = 1.0 }\n[e2]\nseconds = { fr = 1.0 }\n";

/// One centre with a node for each case, behind a menu of two-digit numbers.
fn centre() -> Source {
    let mut flow = ENDS.to_owned();
    let mut choices = String::new();
    for (i, case) in CASES.iter().enumerate() {
        let me = format!("c{:02}", i + 10);
        let _ = write!(choices, "{} = \"{me}\", ", i + 10);
        flow += &case.nodes.replace("ME", &me);
    }
    let _ = write!(
        flow,
        "\n[node.hub]\nkind = \"menu\"\nprompt = \"hub\"\nback = false\nglobals = false\nchoices = {{ {choices} }}\n"
    );
    let file = |path: &str, text: &str| (path.to_owned(), text.to_owned());
    Source::from_files(vec![
        file("centre.toml", CENTRE),
        file("flows/main.toml", &flow),
        file("flows/sub.toml", SUB),
        file("prompts/fr.ftl", TEXTS),
        file("prompts/prompts.toml", LENGTHS),
    ])
}

/// Something a caller does.
#[derive(Clone, Copy)]
enum Step<'a> {
    Keys(&'a str),
    Wait(Duration),
}

fn steps(keys: &str) -> impl Iterator<Item = Step<'_>> {
    keys.split_whitespace().map(|word| match word.strip_prefix('+') {
        Some(length) => Step::Wait(length.parse().expect("a length of time")),
        None => Step::Keys(word),
    })
}

/// Longer than any case needs to come to its end.
const LONG: Duration = Duration::from_secs(60);

/// The facts of a call from its node on, as the table writes them: the time and what happened, up to the first silence, or,
/// where nothing is pressed at all, to the end.
fn told(script: &Script, call: CallId, number: usize, case: &Case, events: &[Event]) -> String {
    let (node, to_the_end) = (&*format!("c{:02}", number + 10), case.keys.is_empty());
    let name = |id| script.node(id).name.trim_start_matches("main.").replace(node, "ME");
    let mine = events.iter().filter(|event| event.fact.call() == Some(call));
    let mut mine =
        mine.skip_while(|event| !matches!(event.fact, Fact::NodeEntered { node: id, .. } if name(id) == "ME"));
    let Some(zero) = mine.next().map(|event| event.at) else { return "never came to the node".to_owned() };
    let mut out: Vec<String> = Vec::new();
    for event in mine {
        let what = match event.fact {
            Fact::NodeEntered { node, .. } => format!("@{}", name(node)),
            Fact::ChoiceMade { key, .. } => format!("choice {key}"),
            Fact::EntryAccepted { digits, .. } => format!("entry {digits}"),
            Fact::NoInput { count, .. } => format!("silence {count}"),
            Fact::NoMatch { count, digits, .. } => format!("no-match {count} ({digits})"),
            Fact::WentBack { .. } => "back".to_owned(),
            Fact::BargedIn { .. } => "cut".to_owned(),
            Fact::PromptPlayed { prompt, .. } => format!("say {}", script.prompts.get(prompt).name),
            Fact::CallEnded { .. } => break,
            _ => continue,
        };
        let seconds = event.at.since(zero).as_secs_f64();
        out.push(format!("{seconds:.1} {what}"));
        // Once nothing is pressed any more, one silence follows another; one case tells them all.
        if what.starts_with("silence") && !to_the_end {
            break;
        }
    }
    out.join("; ")
}

/// The case at its node, by an engine alone.
fn in_the_engine(script: &Arc<Script>, number: usize, case: &Case) -> String {
    let mut engine = Engine::new(script.clone(), LocalClock::utc(), Seed::new(1)).audited();
    let mut events = Vec::new();
    let mut now = Instant::from_secs(1);
    let call = engine.handle(now, Input::CallArrived { caller: None, language: None, origin: None }).expect("a call");
    let press = |engine: &mut Engine, now: Instant, keys: &str| {
        for key in keys.chars() {
            engine.handle(now, Input::Dtmf { call, key: Key::from_char(key).expect("a key") });
        }
    };
    now = now + Duration::from_secs(1);
    press(&mut engine, now, &(number + 10).to_string());
    for step in steps(case.keys).chain([Step::Wait(LONG)]) {
        match step {
            Step::Keys(keys) => press(&mut engine, now, keys),
            Step::Wait(length) => {
                now = now + length;
                engine.advance(now);
            }
        }
        loop {
            match engine.poll() {
                Output::Event(event) => events.push(event),
                Output::Command(_) => {}
                Output::Timeout(_) => break,
            }
        }
    }
    told(script, call, number, case, &events)
}

/// Keeps what the world tells.
struct Ear(Arc<Mutex<Vec<Event>>>);

impl Tap for Ear {
    fn note(&mut self, notice: &Notice, _versions: &Versions) {
        if let Notice::Event(event) = notice {
            self.0.lock().expect("nobody panicked").push(event.clone());
        }
    }
}

/// What differs from the table, a paragraph each.
fn report(results: impl Iterator<Item = (String, &'static Case)>) -> String {
    let wrong = results.filter(|(told, case)| told != case.facts);
    wrong.fold(String::new(), |mut out, (told, case)| {
        let _ = write!(out, "\n{} [{}]\n  table: {}\n  told:  {told}\n", case.name, case.keys, case.facts);
        out
    })
}

#[test]
fn the_table_holds_in_the_engine() {
    assert!(CASES.len() >= 40, "{} cases", CASES.len());
    let script = published(&centre());
    let wrong = report(CASES.iter().enumerate().map(|(i, case)| (in_the_engine(&script, i, case), case)));
    assert!(wrong.is_empty(), "{wrong}");
}

#[tokio::test(start_paused = true)]
async fn the_table_holds_through_a_websocket() {
    let (data, files) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    write_out(&centre(), files.path());
    let mut config = config(data.path());
    config.centre = Some(files.path().to_owned());
    let events = Arc::new(Mutex::new(Vec::new()));
    let (server, plug) = wired(config, 1 << 16, vec![Box::new(Ear(events.clone()))]).await;
    let script = published(&centre());
    let mut results = Vec::new();
    for (i, case) in CASES.iter().enumerate() {
        let link = Link::over(plug.stream().await).await.expect("a connection");
        let options = Options { patience: None, ..Options::default() };
        let mut call = Call::on(link, &options).await.expect("an answer");
        call.press(&(i + 10).to_string()).await.expect("the hub listens");
        for step in steps(case.keys).chain([Step::Wait(LONG)]) {
            match step {
                // A call that is over takes no keys; what the server says to that is none of this table's business.
                Step::Keys(keys) => {
                    call.send(&ClientMessage::Digits { keys: keys.into() }).await.expect("the line holds");
                }
                Step::Wait(length) => tokio::time::sleep(length.to_std()).await,
            }
        }
        let events = events.lock().expect("nobody panicked");
        results.push((told(&script, CallId(i as u64 + 1), i, case, &events), case));
    }
    server.stop().await.expect("a good end");
    let wrong = report(results.into_iter());
    assert!(wrong.is_empty(), "{wrong}");
}
