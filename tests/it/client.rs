//! The telephone: as a library, and as the command `hatif call`.

use std::{
    io::Write as _,
    process::{Command, Output, Stdio},
};

use hatif::{
    client::{Call, CallError, Link, LinkError, Options},
    live::{
        RunningServer, Server,
        protocol::{AgentState, ErrorCode},
    },
};

use crate::support::{
    centre::mini,
    wire::{config, wired, write_out},
};

const FLOW: &str = r#"
[node.start]
kind = "menu"
prompt = "hello"
choices = { 1 = "bye", 2 = "adviser" }
"#;

/// A server of a small centre at this speed, with its folders.
async fn serve(speed: f64) -> (RunningServer, tempfile::TempDir, tempfile::TempDir) {
    let (data, files) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    write_out(&mini(FLOW), files.path());
    let mut config = config(data.path());
    (config.centre, config.speed) = (Some(files.path().to_owned()), speed);
    (Server::start(config).await.expect("it starts"), data, files)
}

fn url(server: &RunningServer) -> String {
    format!("ws://{}/call", server.facts.addr)
}

/// Runs `hatif call` while the server of this test answers.
async fn call(args: Vec<String>, typed: &'static str) -> Output {
    let run = move || {
        let mut child = Command::new(env!("CARGO_BIN_EXE_hatif"))
            .arg("call")
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        child.stdin.take().expect("a pipe").write_all(typed.as_bytes()).expect("it reads");
        child.wait_with_output().expect("it ends")
    };
    tokio::task::spawn_blocking(run).await.expect("no panic")
}

fn args(server: &RunningServer, more: &[&str]) -> Vec<String> {
    [url(server)].into_iter().chain(more.iter().map(|arg| (*arg).to_owned())).collect()
}

fn out(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("text");
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[tokio::test]
async fn a_program_dials_hears_presses_waits_for_an_agent_and_dials_again() {
    let (server, _data, _files) = serve(100.0).await;
    let mut call = Call::dial(&url(&server), &Options::from_number("0600000042")).await.expect("an answer");
    assert_eq!(call.hear("hello").await.expect("the greeting").language, "fr");
    call.press("2").await.expect("the menu listens");
    assert_eq!(call.queued().await.expect("a place").queue, "help");
    call.agent(AgentState::Connected).await.expect("an agent");
    call.hang_up().await.expect("the line holds");
    assert_eq!(call.ended().await.expect("the end").cause, "caller_hung_up");
    call.redial(&Options { language: Some("ar".into()), ..Options::default() }).await.expect("an answer");
    assert_eq!(call.hear("hello").await.expect("the greeting").language, "ar");
    call.press("1").await.expect("the menu listens");
    call.hear("bye").await.expect("good-bye");
    assert_eq!(call.ended().await.expect("the end").outcome, "contained");
    server.stop().await.expect("a good end");
}

#[tokio::test]
async fn what_does_not_come_is_named_with_what_came_instead() {
    let (server, _data, _files) = serve(100.0).await;
    let mut call = Call::dial(&url(&server), &Options::default()).await.expect("an answer");
    call.press("1").await.expect("the menu listens");
    let error = call.hear("nonsense").await.expect_err("no such prompt");
    let CallError::Missed { wanted, instead, heard } = &error else { panic!("{error}") };
    assert_eq!(
        (wanted.as_str(), instead.as_str()),
        ("the prompt `nonsense`", "the call ended (contained, script_ended)")
    );
    assert!(heard.contains("[bye]"), "{heard}");
    call.press_now("1").await.expect("the line holds");
    assert_eq!(call.error().await.expect("a refusal"), ErrorCode::OutOfTurn);
    server.stop().await.expect("a good end");
}

#[tokio::test(start_paused = true)]
async fn a_telephone_works_on_a_wire_whose_clock_stands_still() {
    let data = tempfile::tempdir().expect("a folder");
    let (server, plug) = wired(config(data.path()), 1 << 16, Vec::new()).await;
    let link = Link::over(plug.stream().await).await.expect("a connection");
    let mut call = Call::on(link, &Options { patience: None, ..Options::default() }).await.expect("an answer");
    call.hear("greet").await.expect("the default centre greets");
    call.hang_up().await.expect("the line holds");
    call.ended().await.expect("the end");
    server.stop().await.expect("a good end");
}

#[tokio::test]
async fn a_server_that_says_no_is_told_from_one_that_is_not_there() {
    let (server, _data, _files) = serve(1.0).await;
    let elsewhere = url(&server).replace("/call", "/calls-of-another");
    let error = Link::connect(&elsewhere).await.err().expect("no such path");
    assert!(matches!(&error, LinkError::NotACentre { why, .. } if why.contains("404")), "{error}");
    server.stop().await.expect("a good end");
}

#[tokio::test]
async fn a_line_of_keys_is_pressed_and_the_exit_code_tells_how_it_went() {
    let (server, data, _files) = serve(50.0).await;
    let (code, text, err) = out(&call(args(&server, &["--keys", "1 wait:ended", "--ids"]), "").await);
    assert_eq!(code, Some(0), "{text}{err}");
    assert!(text.contains("[hello] hello") && text.contains("> 1") && text.contains("-- ended: contained"), "{text}");
    let (code, _, err) = out(&call(args(&server, &["--keys", "1", "--expect", "nonsense"]), "").await);
    assert_eq!(code, Some(1));
    assert!(err.contains("expected: that `nonsense` is said") && err.contains("[bye]"), "{err}");
    // Hung up in the menu: the centre calls that abandoned, unless the caller only wanted to hear something.
    assert_eq!(out(&call(args(&server, &["--keys", ""]), "").await).0, Some(1));
    assert_eq!(out(&call(args(&server, &["--expect", "hello"]), "").await).0, Some(0));
    let file = data.path().join("kept.toml");
    let file = file.to_str().expect("a plain path");
    let keys = ["--speed", "50", "--keys", "2 wait:queued wait:agent hangup", "--record", file];
    assert_eq!(out(&call(args(&server, &keys), "").await).0, Some(0));
    let kept = std::fs::read_to_string(file).expect("the dialogue was saved");
    assert!(kept.contains("{ queued = \"help\" }") && kept.contains("{ hangup = true }"), "{kept}");
    server.stop().await.expect("a good end");
}

#[tokio::test]
async fn programs_get_a_line_of_json_for_each_message() {
    let (server, _data, _files) = serve(50.0).await;
    let (code, text, _) = out(&call(args(&server, &["--json"]), "1\n").await);
    let kinds: Vec<String> = text
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON")["type"].to_string())
        .filter(|kind| kind != "\"stopped\"")
        .collect();
    assert_eq!(kinds.join(" "), r#""ringing" "answered" "prompt" "collecting" "prompt" "ended""#);
    assert_eq!(code, Some(0));
    server.stop().await.expect("a good end");
}

#[tokio::test]
async fn trouble_on_the_line_is_exit_code_2_and_says_what_to_do() {
    let (server, _data, _files) = serve(50.0).await;
    let gone = url(&server);
    let (code, _, err) = out(&call(args(&server, &["--keys", "1x wait:ever"]), "").await);
    assert_eq!(code, Some(2));
    assert!(err.contains("`x` is on no telephone") && err.contains("`wait:ever`"), "{err}");
    server.stop().await.expect("a good end");
    let (code, _, err) = out(&call(vec![gone], "").await);
    assert_eq!(code, Some(2));
    assert!(err.contains("nobody answers at") && err.contains("hatif serve"), "{err}");
}
