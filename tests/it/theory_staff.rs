//! `hatif staff`, through the real program.

use std::{
    fs,
    process::{Command, Output},
};

use expect_test::expect;
use serde_json::Value;

fn staff(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hatif"));
    command.arg("staff").args(arguments).output().expect("the program starts")
}

fn said(arguments: &[&str]) -> String {
    let output = staff(arguments);
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{errors}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// What a refused command complains of.
fn refused(arguments: &[&str]) -> String {
    let output = staff(arguments);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    assert!(output.stdout.is_empty(), "nothing is answered");
    String::from_utf8(output.stderr).expect("UTF-8")
}

fn json(arguments: &[&str]) -> Vec<Value> {
    let arguments = [arguments, &["--format", "json"]].concat();
    serde_json::from_str(&said(&arguments)).expect("an array")
}

fn file(text: &str) -> (tempfile::TempDir, String) {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("day.csv");
    fs::write(&path, text).expect("a file");
    let path = path.to_str().expect("UTF-8").to_owned();
    (dir, path)
}

const HALF_HOUR: [&str; 6] = ["--calls", "3000", "--per", "30m", "--aht", "180s"];

#[test]
fn one_interval_is_answered_by_all_three_formulas() {
    let answers = json(&[&HALF_HOUR[..], &["--patience", "2m"]].concat());
    let agents: Vec<_> = answers.iter().map(|answer| (answer["formula"].as_str(), answer["agents"].as_u64())).collect();
    // 300 erlangs; 309 by Erlang C is a published example.
    assert_eq!(agents[1], (Some("Erlang C"), Some(309)));
    assert_eq!((agents[0].0, agents[2].0), (Some("Erlang B"), Some("Erlang A")));
    assert!(agents[2].1 < agents[1].1, "who gives up makes room: {agents:?}");
    for answer in &answers {
        assert!(answer["service_level"].as_f64() >= Some(0.8), "{answer}");
    }
}

#[test]
fn the_table_is_for_people() {
    let table = said(&[&HALF_HOUR[..], &["--shrinkage", "30%", "--formula", "c"]].concat());
    expect![[r#"
         formula   erlangs  agents  on the roster  service level    ASA  unanswered  occupancy
         Erlang C   300.00     309            442         81.7 %  9.9 s       0.0 %     97.1 %

        Target: 80.0 % answered within 20 s; intervals of 30 min.
        On the roster: agents at work / (1 - 0.3), rounded up.
        Erlang C: everybody waits until answered; near full load it asks for too many.
    "#]]
    .assert_eq(&table);
}

#[test]
fn a_day_is_staffed_by_interval() {
    let (_dir, path) = file("from,calls,aht\n08:30,100,\n09:00,200,300s\n20:00,0,\n");
    let day = ["--intervals", &path, "--aht", "330", "--shrinkage", "0.3", "--formula", "c"];
    let agents: Vec<_> = json(&day).iter().map(|answer| answer["agents"].as_u64().expect("a number")).collect();
    assert_eq!(agents, [23, 39, 0]);
    let table = said(&day);
    expect![[r#"
         from         calls    AHT  erlangs  Erlang C  Erlang C, on the roster
         08:30          100  330 s    18.33        23                       33
         09:00          200  300 s    33.33        39                       56
         20:00            0  330 s     0.00         0                        0
         agent hours                             31.0                     44.5

        Target: 80.0 % answered within 20 s; intervals of 30 min.
        On the roster: agents at work / (1 - 0.3), rounded up.
        Erlang C: everybody waits until answered; near full load it asks for too many.
    "#]]
    .assert_eq(&table);
    let csv = said(&[&day[..], &["--format", "csv"]].concat());
    assert!(csv.starts_with("from,calls,aht,erlangs,formula,agents,scheduled,"), "{csv}");
    assert_eq!(csv.lines().count(), 4);
}

#[test]
fn other_targets_leave_out_the_formulas_that_know_nothing_of_them() {
    let formulas = |extra: &[&str]| -> Vec<String> {
        let answers = json(&[&HALF_HOUR[..], &["--patience", "120s"], extra].concat());
        answers.iter().map(|answer| answer["formula"].as_str().expect("a name").to_owned()).collect()
    };
    assert_eq!(formulas(&["--max-abandonment", "2%"]), ["Erlang B", "Erlang A"]);
    assert_eq!(formulas(&["--max-asa", "10s"]), ["Erlang C", "Erlang A"]);
    let error = refused(&[&HALF_HOUR[..], &["--formula", "c", "--max-abandonment", "0.02"]].concat());
    assert!(error.contains("nobody gives up") && error.contains("Erlang A"), "{error}");
}

#[test]
fn impossible_numbers_are_refused() {
    for (arguments, told) in [
        (&["--calls", "0", "--aht", "180"][..], "above 0"),
        (&["--calls", "-3", "--aht", "180"], "above 0"),
        (&["--calls", "NaN", "--aht", "180"], "finite"),
        (&["--calls", "many", "--aht", "180"], "not a number"),
        (&["--calls", "10", "--aht", "0s"], "above 0"),
        (&["--calls", "10", "--aht", "180", "--per", "-1800"], "above 0"),
        (&["--calls", "10"], "--aht"),
        (&["--aht", "180"], "--calls"),
        (&["--calls", "10", "--aht", "180", "--target", "120/20s"], "120 %"),
        (&["--calls", "10", "--aht", "180", "--target", "100/20s"], "99.9 %"),
        (&["--calls", "10", "--aht", "180", "--target", "80"], "80/20s"),
        (&["--calls", "10", "--aht", "180", "--shrinkage", "1"], "below 1"),
        (&["--calls", "10", "--aht", "180", "--formula", "a"], "--patience"),
        (&["--calls", "10", "--aht", "180", "--formula", "x"], "possible values"),
        (&["--calls", "1e12", "--aht", "180"], "5 million"),
    ] {
        let error = refused(arguments);
        assert!(error.contains(told), "{arguments:?}: {error}");
    }
}

#[test]
fn every_bad_row_of_a_day_is_told_by_its_line() {
    let (_dir, path) = file("from,calls\n08:30,100\n,100\n09:30,-5\n10:00,x\n10:30\n11:00,inf\n");
    let error = refused(&["--intervals", &path, "--aht", "330"]);
    for told in ["5 problems", "line 3: from is empty", "line 4", "line 5: calls is `x`", "line 6: 1 cells", "line 7"] {
        assert!(error.contains(told), "{told}: {error}");
    }
    let (_dir, path) = file("from,call\n08:30,100\n");
    let error = refused(&["--intervals", &path, "--aht", "330"]);
    assert!(error.contains("`call` is unknown") && error.contains("`calls` is missing"), "{error}");
    let (_dir, path) = file("from,calls\n08:30,100\n");
    let error = refused(&["--intervals", &path]);
    assert!(error.contains("line 2: no aht"), "{error}");
}

#[test]
fn a_day_without_rows_or_without_a_file_is_refused() {
    for text in ["", "from,calls\n"] {
        let (_dir, path) = file(text);
        let error = refused(&["--intervals", &path, "--aht", "330"]);
        assert!(error.contains("no interval"), "{error}");
    }
    assert!(refused(&["--intervals", "nowhere.csv", "--aht", "330"]).contains("cannot read nowhere.csv"));
}
