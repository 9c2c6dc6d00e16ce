//! Dialogue tests: what the format means, what a failure says, and that it is the same over a websocket.

use std::sync::Arc;

use hatif::{
    client::{Call, Options},
    dialogue::{self, Dialogue, OnLine, Outcome, Pace, People, Recorder, Run, Theatre, run_on_line},
    live::{Server, clock::Clock, protocol::AgentState},
    script::{Source, render_diagnostics},
    time::Duration,
};

use crate::support::{
    centre::{CENTRE, ENDINGS, centre},
    rig::published,
    wire::{config, write_out},
};

/// A menu; 1 says good-bye, 2 leads to the queue, 3 asks for a number.
const FLOW: &str = r#"
[flow]
vars = { code = "digits" }
[node.start]
kind = "menu"
prompt = "hello"
choices = { 1 = "bye", 2 = "adviser", 3 = "ask" }
[node.ask]
kind = "collect"
prompt = "number"
into = "code"
min = 2
max = 4
to = "echo"
[node.echo]
kind = "say"
prompt = { id = "heard", args = { n = "code" } }
to = "bye"
"#;

fn texts() -> String {
    "hello = Bonjour\nnumber = Un nombre\nheard = Vous avez dit { $n }.\nbye = Au revoir\nerr-in = Rien\nerr-bad = Non\n".into()
}

fn source() -> Source {
    let main = format!("{FLOW}{ENDINGS}");
    let texts = texts();
    let files =
        [("centre.toml", CENTRE), ("flows/main.toml", &main), ("prompts/fr.ftl", &texts), ("prompts/ar.ftl", &texts)];
    centre(&files)
}

fn read(text: &str) -> Vec<Dialogue> {
    let file: Arc<str> = "tests/t.toml".into();
    let (dialogues, problems) = dialogue::read(&file, text, &published(&source()));
    assert_eq!(problems, []);
    dialogues
}

/// Runs the one dialogue with these fields and steps.
fn run(fields: &str, steps: &str) -> Run {
    let text = format!("[[dialogue]]\nname = \"d\"\n{fields}\nsteps = [\n{steps}\n]\n");
    let mut theatre = Theatre::new(source()).expect("no errors");
    let mut runs: Vec<Run> = read(&text).iter().flat_map(|dialogue| theatre.run(dialogue)).collect();
    assert_eq!(runs.len(), 1);
    runs.pop().expect("one run")
}

fn passes(fields: &str, steps: &str) {
    let run = run(fields, steps);
    assert!(matches!(run.result, Outcome::Passed), "{}", run.text().unwrap_or_default());
}

/// What the dialogue wanted and what it got.
fn fails(fields: &str, steps: &str) -> (String, String) {
    match run(fields, steps).result {
        Outcome::Failed(failure) => (failure.expected, failure.instead),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_dialogue_presses_hears_and_sees_the_end() {
    passes(
        "",
        "{ hear = \"hello\" }, { press = \"1\" }, { hear = \"bye\" }, { ended = \"contained\", cause = \"script_ended\" }",
    );
}

#[test]
fn a_failure_shows_what_was_wanted_what_came_when_where_and_after_what() {
    let run = run("", "{ hear = \"hello\" },\n{ silence = true },\n{ hear = \"bye\" },");
    let expected = "\
FAILED  tests/t.toml:1  d
  step 3, line 7: { hear = \"bye\" }
  at 6.6 s, node main.start
    expected: the prompt `bye`
    instead:  the centre awaits a key at main.start, after saying `hello`
  what happened until then:
      0.0 s  [hello] Bonjour
      0.0 s  ? a key
      0.0 s  pressed nothing
      6.6 s  [err-in] Rien
      6.6 s  [hello] Bonjour
      6.6 s  ? a key
";
    let text = run.text().expect("it failed");
    assert_eq!(text, expected);
    assert_eq!(run.json()["failure"]["line"], 7);
}

#[test]
fn prompts_that_no_step_names_are_allowed_unless_the_dialogue_is_strict() {
    let steps = "{ silence = true }, { hear = \"hello\" }, { press = \"1\" }, { ended = true }";
    passes("", steps);
    assert_eq!(fails("strict = true", steps).0, "that every prompt is named by a step (strict)");
    passes("strict = true", "{ hear = \"hello\" }, { press = \"1\" }, { hear = \"bye\" }, { ended = true }");
    assert_eq!(fails("never = [\"bye\"]", "{ press = \"1\" }, { ended = true }").0, "that `bye` is never said");
}

#[test]
fn what_was_said_can_be_kept_and_pressed() {
    passes(
        "",
        "{ press = \"3\" }, { press = \"427#\" }, { hear = \"heard\", keep = \"n\", text = \"427\" }, { ended = true }, { dial = true }, { press = \"3\" }, { press = \"{n}#\" }, { hear_text = \"vous avez dit 427\" }",
    );
    let (expected, instead) = fails("", "{ press = \"3\" }, { press = \"42#\" }, { hear = \"heard\", text = \"43\" }");
    assert!(expected.contains("43") && instead.contains("42"), "{expected} / {instead}");
}

#[test]
fn agents_are_on_a_lead() {
    passes(
        "",
        "{ press = \"2\" }, { queued = \"help\", position = 1 }, { agent = \"connected\" }, { does = \"hold\" }, { agent = \"held\" }, { does = \"resume\" }, { agent = \"resumed\" }, { does = \"release\" }, { agent = \"released\" }, { hear = \"bye\" }",
    );
    passes("agent = { ignores = 1 }", "{ press = \"2\" }, { agent = \"no_answer\" }, { agent = \"connected\" }");
    passes(
        "agents = \"busy\"",
        "{ press = \"2\" }, { queued = true }, { wait = \"5m\" }, { free = 1 }, { agent = \"connected\" }",
    );
    passes(
        "agents = { desk = 1 }\nahead = 2",
        "{ press = \"2\" }, { queued = \"help\", position = 2 }, { agent = \"connected\" }",
    );
    assert!(fails("agents = \"ready\"", "{ press = \"2\" }, { free = 1 }").1.contains("nobody is busy"));
}

#[test]
fn an_edit_is_heard_by_the_next_call_and_a_faulty_one_is_refused() {
    let edit = "{ edit = { file = \"flows/main.toml\", replace = '1 = \"bye\"', with = '4 = \"bye\"' } }";
    let faulty =
        "{ edit = { file = \"flows/main.toml\", replace = '1 = \"bye\"', with = '1 = \"by\"', refused = true } }";
    passes(
        "",
        &format!(
            "{faulty}, {edit}, {{ press = \"1\" }}, {{ hear = \"bye\" }}, {{ ended = true }}, {{ dial = true }}, {{ press = \"4\" }}, {{ hear = \"bye\" }}"
        ),
    );
    let (_, instead) = fails("", &faulty.replace(", refused = true", ""));
    assert!(instead.contains("refused"), "{instead}");
}

#[test]
fn every_mistake_of_a_file_is_reported_at_its_place() {
    let text = r#"[[dialogue]]
name = "x"
langauges = ["fr"]
steps = [
  { hear = "helo" },
  { press = "1a" },
  { press = "{nmber}" },
  { hear = "bye", press = "1" },
  { within = "5s" },
  { wait = "soon", text = "x" },
  { queued = "halp" },
  { hangup = false },
]
person = { status = "registred" }
at = "noon"
"#;
    let source = source();
    let file: Arc<str> = "tests/t.toml".into();
    let (dialogues, problems) = dialogue::read(&file, text, &published(&source));
    assert!(dialogues.is_empty());
    let codes: Vec<&str> = problems.iter().map(|problem| problem.code).collect();
    let expected = [
        "unknown-field",
        "unknown-name",
        "bad-key",
        "unknown-word",
        "two-verbs",
        "no-verb",
        "bad-duration",
        "stray-field",
        "unknown-name",
        "says-nothing",
        "unknown-name",
        "bad-time",
    ];
    assert_eq!(codes, expected, "{problems:#?}");
    let report = render_diagnostics(&Source::from_files(vec![("tests/t.toml".into(), text.into())]), &problems, false);
    for hint in [
        "did you mean `languages`?",
        "did you mean `hello`?",
        "did you mean `{number}`?",
        "did you mean `help`?",
        "tests/t.toml:5:12",
    ] {
        assert!(report.contains(hint), "{hint}\n{report}");
    }
}

#[test]
fn people_are_picked_by_what_they_are_or_the_dialogue_says_that_there_is_nobody() {
    let (expected, instead) = fails("person = { children = \">=99\" }", "{ press = \"1\" }");
    assert_eq!(expected, "that the dialogue can begin");
    assert!(instead.starts_with("nobody among 20000 people"), "{instead}");
    let (_, instead) = fails("", "{ press = \"3\" }, { press = \"{number}#\" }");
    assert!(instead.contains("add `person"), "{instead}");
}

#[tokio::test]
async fn the_same_dialogues_run_over_a_websocket_and_what_needs_virtual_time_is_skipped() {
    let (data, files) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    write_out(&source(), files.path());
    let mut config = config(data.path());
    (config.centre, config.speed) = (Some(files.path().to_owned()), 100.0);
    let server = Server::start(config).await.expect("it starts");
    let url = format!("ws://{}/call", server.facts.addr);
    let dialogues = read(
        r#"
[[dialogue]]
name = "good"
languages = ["fr", "ar"]
begins_in = "{lang}"
steps = [{ hear = "hello" }, { press = "3" }, { press = "12#" }, { hear = "heard", text = "12" }, { ended = "contained" }]
[[dialogue]]
name = "bad"
steps = [{ press = "1" }, { hear = "heard" }]
[[dialogue]]
name = "later"
at = "2022-05-17T23:00"
steps = [{ press = "1" }, { hear = "bye" }]
"#,
    );
    let (script, people, clock) = (published(&source()), People::generated(2_000, People::SEED), Clock::start(100.0));
    let pace = Pace { now: &|| clock.now(), speed: 100.0 };
    let setup = OnLine {
        url: &url,
        access: &hatif::client::Access::default(),
        script: &script,
        people: &people,
        pace,
        patience: Duration::from_secs(600),
    };
    let mut results = Vec::new();
    for dialogue in &dialogues {
        for run in run_on_line(&setup, dialogue).await {
            results.push(match &run.result {
                Outcome::Passed => format!("{} passed", run.name),
                Outcome::Failed(failure) => format!("{} failed: {}", run.name, failure.expected),
                Outcome::Skipped(why) => format!("{} skipped: {why}", run.name),
            });
        }
    }
    server.stop().await.expect("a good end");
    let expected = [
        "good [fr] passed",
        "good [ar] passed",
        "bad failed: the prompt `heard`",
        "later skipped: `at` cannot be had from a running centre",
    ];
    assert_eq!(results, expected);
}

#[tokio::test]
async fn a_call_that_was_made_becomes_a_dialogue_that_passes() {
    let (data, files) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    write_out(&source(), files.path());
    let mut config = config(data.path());
    (config.centre, config.speed) = (Some(files.path().to_owned()), 100.0);
    let server = Server::start(config).await.expect("it starts");
    let options = Options::from_number("0600000042");
    let mut call = Call::dial(&format!("ws://{}/call", server.facts.addr), &options).await.expect("an answer");
    // Nothing is pressed at first; then a queue, an agent, and the end.
    call.hear("err-in").await.expect("a silence later");
    call.press("2").await.expect("the menu listens");
    call.agent(AgentState::Released).await.expect("an agent who talked");
    call.ended().await.expect("the end");
    let mut recorder = Recorder::new(options.from, None);
    let mut pressed = false;
    for message in call.log() {
        recorder.heard(message);
        let replayed = matches!(message, hatif::live::protocol::ServerMessage::Prompt { id, .. } if id == "err-in");
        pressed |= replayed;
        if pressed && matches!(message, hatif::live::protocol::ServerMessage::Collecting { .. }) {
            recorder.pressed("2");
            pressed = false;
        }
    }
    server.stop().await.expect("a good end");
    let text = recorder.file("recorded").replace("people = 3200000", "people = 2000");
    for step in
        ["{ silence = true }", "{ press = \"2\" }", "{ queued = \"help\" }", "{ agent = \"connected\" }", "{ ended = "]
    {
        assert!(text.contains(step), "{step}\n{text}");
    }
    let mut theatre = Theatre::new(source()).expect("no errors");
    let runs: Vec<Run> = read(&text).iter().flat_map(|dialogue| theatre.run(dialogue)).collect();
    assert!(
        matches!(runs[..], [Run { result: Outcome::Passed, .. }]),
        "{:?}\n{text}",
        runs.first().and_then(Run::text)
    );
}

#[test]
fn a_centre_that_begins_in_the_wrong_language_is_found_out() {
    // Everything has a text in both languages; a dialogue that asks for Arabic must not be answered in French.
    let text = "[[dialogue]]\nname = \"d\"\nlanguages = [\"ar\"]\nbegins_in = \"fr\"\nsteps = [{ hear = \"hello\" }]\n";
    let mut theatre = Theatre::new(source()).expect("no errors");
    let runs: Vec<Run> = read(text).iter().flat_map(|dialogue| theatre.run(dialogue)).collect();
    let Outcome::Failed(failure) = &runs[0].result else { panic!("{:?}", runs[0]) };
    assert_eq!((&*failure.expected, runs[0].name.as_str()), ("`hello` in ar", "d [ar]"));
}

/// What `hatif test` says of a file: exit code, standard output, standard error.
fn command(text: &str, more: &[&str]) -> (Option<i32>, String, String) {
    let folder = tempfile::tempdir().expect("a folder");
    write_out(&source(), folder.path());
    let file = folder.path().join("mine.toml");
    std::fs::write(&file, text).expect("a file");
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_hatif"))
        .args(["test", "--centre"])
        .arg(folder.path())
        .arg(&file)
        .args(more)
        .output()
        .expect("it runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn the_command_counts_and_its_exit_code_tells_passed_failed_and_unreadable_apart() {
    let good = "[[dialogue]]\nname = \"good\"\nsteps = [{ hear = \"hello\" }]\n";
    let bad = "[[dialogue]]\nname = \"bad\"\nsteps = [{ hear = \"bye\" }]\n";
    let both = format!("{good}{bad}");
    let (code, out, _) = command(&both, &[]);
    assert_eq!((code, out.lines().last()), (Some(1), Some("1 passed, 1 failed")), "{out}");
    assert_eq!(command(&both, &["--filter", "good"]).0, Some(0));
    let (code, out, _) = command(&both, &["--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!((code, &report["passed"], &report["failed"]), (Some(1), &1.into(), &1.into()));
    assert_eq!(report["dialogues"][1]["failure"]["expected"], "the prompt `bye`");
    let (code, _, err) = command("[[dialogue]]\nname = \"x\"\nsteps = [{ hear = \"helo\" }, { pres = \"1\" }]\n", &[]);
    assert_eq!(code, Some(2));
    assert!(err.contains("did you mean `hello`?") && err.contains("did you mean `press`?"), "{err}");
    assert_eq!(command(&both, &["--filter", "nothing"]).0, Some(2));
}
