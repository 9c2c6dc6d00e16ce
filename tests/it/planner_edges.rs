//! The planner's commands at their edges, through the real program: bad arguments, an empty trace, nobody at work, nobody
//! who calls. Each is told in words, and nothing hangs.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Output, Stdio},
};

use expect_test::{Expect, expect};

fn hatif(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_hatif")).args(args).stdin(Stdio::null()).output().expect("the program starts")
}

/// What a command says on standard error, with its exit code.
fn told(args: &[&str]) -> String {
    let output = hatif(args);
    let text = String::from_utf8(output.stderr).expect("UTF-8");
    format!("{} {text}", output.status.code().expect("it ends by itself"))
}

/// Every command refuses the same scenario, with the same words and the code 2.
fn all_refuse(scenario: &str, set: &[&str], here: &Path, expected: Expect) {
    let set: Vec<&str> = set.iter().flat_map(|set| ["--set", set]).collect();
    let commands: [&[&str]; 4] =
        [&["simulate"], &["compare", "--set-b", "seed=2"], &["sweep", "--vary", "seed=1..2"], &["staff", "--scenario"]];
    let mut said: Vec<String> = commands.iter().map(|command| told(&[*command, &[scenario], &set].concat())).collect();
    if set.is_empty() {
        let data = here.join("data").display().to_string();
        said.push(told(&["serve", "--addr", "127.0.0.1:0", "--data", &data, "--scenario", scenario]));
    }
    let here = format!("{}/", here.display());
    let said: Vec<String> = said.iter().map(|text| text.replace(&here, "")).collect();
    expected.assert_eq(&said[0]);
    assert!(said.iter().all(|text| *text == said[0]), "{said:#?}");
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

#[test]
fn a_scenario_that_is_not_there() {
    let dir = folder();
    all_refuse("ordinary_dya", &[], dir.path(), expect![[""]]);
}

#[test]
fn a_setting_that_is_not_there() {
    let dir = folder();
    all_refuse("ordinary_day", &["staffing.totl=78"], dir.path(), expect![[""]]);
}

#[test]
fn an_empty_trace() {
    let dir = folder();
    fs::write(dir.path().join("calls.csv"), "at\n").expect("written");
    let file = dir.path().join("empty.toml");
    let text =
        "title = \"a trace without calls\"\nlike = \"erlang_c\"\n[demand.callers]\ntrace = { file = \"calls.csv\" }\n";
    fs::write(&file, text).expect("written");
    all_refuse(file.to_str().expect("UTF-8"), &[], dir.path(), expect![[""]]);
}

#[test]
fn bad_arguments() {
    let commands: [&[&str]; 14] = [
        &["simulate"],
        &["simulate", "erlang_a", "--replications", "0"],
        &["simulate", "erlang_a", "--threads", "0"],
        &["simulate", "erlang_a", "--set", "staffing.total"],
        &["compare", "erlang_a"],
        &["sweep", "erlang_a", "--vary", "staffing.total=9..1"],
        &["sweep", "erlang_a"],
        &["staff", "--scenario", "erlang_a", "--calls", "100"],
        &["staff", "--scenario", "erlang_a", "--day", "someday"],
        &["staff", "--scenario", "erlang_a", "--day", "2030-01-01"],
        &["staff", "--scenario", "erlang_a", "--target", "100/20s"],
        &["staff", "--calls", "100", "--aht", "3m", "--day", "mon"],
        &["staff", "--scenario", "erlang_a", "--replications", "none"],
        &["serve", "--scenario", "ordinary_day", "--at", "2030-01-01T10:00", "--addr", "127.0.0.1:0"],
    ];
    let mut all = String::new();
    for command in commands {
        let said = told(command);
        let first: Vec<&str> = said.lines().take_while(|line| !line.is_empty()).collect();
        all.push_str(&format!("$ {}\n{}\n", command.join(" "), first.join("\n")));
    }
    expect![[""]].assert_eq(&all);
}

/// The lines of a summary that speak of what to heed, and those of some measures.
fn lines(args: &[&str], of: &[&str]) -> String {
    let output = hatif(args);
    assert_eq!(output.status.code(), Some(0), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let wanted = |line: &&str| of.iter().any(|start| line.trim_start().starts_with(start));
    text.lines().filter(wanted).map(|line| format!("{}\n", line.trim())).collect()
}

const SMALL: [&str; 6] = ["--replications", "2", "--set", "registry.size=20000", "--set", "horizon=12h"];

fn small<'a>(command: &[&'a str]) -> Vec<&'a str> {
    [command, &SMALL].concat()
}

#[test]
fn nobody_at_work() {
    let nobody = ["--set", "staffing.total=0"];
    let simulate = small(&[&["simulate", "ordinary_day"], &nobody[..]].concat());
    expect![[""]].assert_eq(&lines(&simulate, &["!", "warning", "offered", "queued", "answered"]));
    let compare = small(&["compare", "ordinary_day", "--set-b", "staffing.total=0"]);
    expect![[""]].assert_eq(&lines(&compare, &["!", "warning", "answered"]));
    let sweep = small(&["sweep", "ordinary_day", "--vary", "staffing.total=0..1"]);
    expect![[""]].assert_eq(&lines(&sweep, &["!", "warning", "0 ", "1 "]));
    let staff = small(&[&["staff", "--scenario", "ordinary_day"], &nobody[..]].concat());
    expect![[""]].assert_eq(&lines(&staff, &["!", "Target"]));
}

#[test]
fn a_queue_without_agents() {
    let one = ["--set", "centre.queue.help.skills={ none = 1 }"];
    let args = [
        "simulate",
        "erlang_c",
        "--set",
        "staffing.total=0",
        "--set",
        "horizon=2h",
        "--set",
        "warm_up=0s",
        "--replications",
        "2",
    ];
    expect![[""]].assert_eq(&lines(&args, &["!", "warning", "offered", "queued", "answered"]));
    let args = ["staff", "--scenario", "erlang_c", one[0], one[1], "--set", "horizon=2h", "--replications", "2"];
    expect![[""]].assert_eq(&told(&args));
}

#[test]
fn nobody_calls() {
    let quiet = ["--set", "demand.factor=0"];
    let simulate = small(&[&["simulate", "ordinary_day"], &quiet[..]].concat());
    expect![[""]]
        .assert_eq(&lines(&simulate, &["!", "warning", "offered", "queued", "answered", "service level", "mean wait"]));
    let compare = small(&[&["compare", "ordinary_day", "--set-b", "staffing.total=70"], &quiet[..]].concat());
    expect![[""]].assert_eq(&lines(&compare, &["!", "warning", "offered"]));
    let sweep = small(&[&["sweep", "ordinary_day", "--vary", "staffing.total=70..71"], &quiet[..]].concat());
    expect![[""]].assert_eq(&lines(&sweep, &["!", "warning", "70", "71"]));
    let staff = small(&[&["staff", "--scenario", "ordinary_day"], &quiet[..]].concat());
    expect![[""]].assert_eq(&lines(&staff, &["!", "Target", "0"]));
}

/// What `serve` says when it opens; it is killed after that.
fn opening(scenario: &str) -> String {
    let dir = folder();
    let file = dir.path().join("quiet.toml");
    fs::write(&file, scenario).expect("written");
    let mut child = Command::new(env!("CARGO_BIN_EXE_hatif"))
        .args(["serve", "--addr", "127.0.0.1:0", "--registry-size", "20000", "--data"])
        .arg(dir.path().join("data"))
        .arg("--scenario")
        .arg(&file)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    let out = BufReader::new(child.stdout.take().expect("piped"));
    let mut said = String::new();
    for line in out.lines().map(|line| line.expect("UTF-8")) {
        if ["lives", "note"].iter().any(|start| line.trim_start().starts_with(start)) {
            said.push_str(&format!("{}\n", line.trim()));
        }
        if line.trim_start().starts_with("stop") {
            break;
        }
    }
    child.kill().expect("it runs");
    child.wait().expect("it ends");
    said
}

#[test]
fn a_live_centre_without_callers_or_agents_says_so() {
    expect![[""]].assert_eq(&opening("title = \"Nobody calls\"\nlike = \"ordinary_day\"\n[demand]\nfactor = 0\n"));
    expect![[""]].assert_eq(&opening("title = \"Nobody at work\"\nlike = \"ordinary_day\"\n[staffing]\ntotal = 0\n"));
}
