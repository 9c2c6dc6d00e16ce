//! `hatif staff --scenario`: the half-hours of a scenario by formula and by simulation.

use std::{fs, process::Command};

use serde_json::Value;

fn hatif(args: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_hatif")).args(args).output().expect("the program starts");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn answer(args: &[&str]) -> Value {
    let (code, out, errors) = hatif(&[&["staff", "--format", "json"], args].concat());
    assert_eq!(code, Some(0), "{errors}");
    serde_json::from_str(&out).expect("JSON")
}

fn column(answer: &Value, key: &str) -> Vec<f64> {
    let rows = answer["half_hours"].as_array().expect("rows");
    rows.iter().map(|row| row[key].as_f64().unwrap_or(f64::NAN)).collect()
}

/// A short Erlang A: what formula and simulation disagree about can only be the empty beginning and chance.
const TEXTBOOK: [&str; 8] =
    ["--scenario", "erlang_a", "--set", "horizon=6h", "--set", "warm_up=2h", "--replications", "24"];

#[test]
fn on_the_textbook_model_the_simulation_finds_what_erlang_a_says() {
    let answer = answer(&TEXTBOOK);
    let (a, simulated) = (column(&answer, "erlang_a"), column(&answer, "simulated"));
    assert_eq!(simulated.len(), 8, "half-hours after the warm-up");
    for (formula, found) in a.iter().zip(&simulated) {
        // 540 calls an hour: in 24 replications the load of a half-hour is known to 1.3 %, and one agent is 2 %.
        assert!((formula - found).abs() <= 4.0, "{a:?} {simulated:?}");
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    assert!((mean(&a) - mean(&simulated)).abs() <= 1.5, "{a:?} {simulated:?}");
    assert_eq!((&answer["met"], &answer["partial"]), (&true.into(), &false.into()));
    let proof = answer["proof"]["value"].as_f64().expect("a service level");
    assert!((0.74..0.9).contains(&proof), "{proof}");
}

#[test]
fn answers_do_not_depend_on_the_threads() {
    let of = |threads: &str| {
        let args =
            ["staff", "--scenario", "erlang_a", "--set", "horizon=3h", "--set", "warm_up=1h", "--replications", "5"];
        hatif(&[&args[..], &["--threads", threads]].concat())
    };
    assert_eq!(of("1"), of("3"));
}

/// A twentieth of the default centre's day.
const SMALL: [&str; 10] = [
    "--scenario",
    "ordinary_day",
    "--set",
    "registry.size=160000",
    "--set",
    "horizon=17h",
    "--replications",
    "6",
    "--seed",
    "5",
];

#[test]
fn the_curve_of_the_default_centre_meets_the_target_when_it_is_simulated() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("staffed.toml");
    let file = file.to_str().expect("UTF-8");
    let answer = answer(&[&SMALL[..], &["--out", file]].concat());
    assert_eq!(answer["met"], true, "{answer:#}");
    let differences = answer["differences"].as_array().expect("sentences");
    let said = |what: &str| differences.iter().any(|line| line.as_str().is_some_and(|line| line.contains(what)));
    assert!(said("telephone rings") && said("days differ") && said("languages"), "{differences:#?}");
    // The written scenario, on the same days: every half-hour is as the search found it.
    let (code, out, errors) = hatif(&["simulate", file, "--replications", "6", "--seed", "5", "--format", "json"]);
    assert_eq!(code, Some(0), "{errors}");
    let summary: Value = serde_json::from_str(&out).expect("JSON");
    let measure = |measures: &Value, name: &str| {
        let found = measures.as_array().and_then(|all| all.iter().find(|found| found["name"] == name));
        found.and_then(|found| found["value"].as_f64())
    };
    assert!(measure(&summary["measures"], "service_level") >= Some(0.8), "{:#}", summary["measures"]);
    let rows = answer["half_hours"].as_array().expect("rows");
    let mut compared = 0;
    for interval in summary["intervals"].as_array().expect("half-hours") {
        let row = rows.iter().find(|row| row["simulated"].as_u64() > Some(0) && row["from"] == interval["time"]);
        let Some(row) = row else { continue };
        let level = measure(&interval["measures"], "service_level").expect("calls");
        assert!((level - row["reached"].as_f64().expect("reached")).abs() < 1e-12, "{row:#}");
        assert!(level >= 0.8, "{row:#}");
        compared += 1;
    }
    assert_eq!(compared, 16);
}

#[test]
fn the_lines_it_prints_are_arguments_of_set() {
    let args = ["staff", "--scenario", "erlang_c", "--set", "horizon=2h", "--set", "warm_up=0s", "--replications", "4"];
    let (_, out, _) = hatif(&args);
    let lines: Vec<String> =
        out.lines().filter(|line| line.starts_with("staffing.")).map(|line| line.replacen(" = ", "=", 1)).collect();
    assert_eq!(lines.len(), 2, "{out}");
    let set: Vec<&str> = lines.iter().flat_map(|line| ["--set", line]).collect();
    let (code, _, errors) = hatif(
        &[&["simulate", "erlang_c", "--set", "horizon=2h", "--set", "warm_up=0s", "--replications", "2"], &set[..]]
            .concat(),
    );
    assert_eq!(code, Some(0), "{errors}");
}

#[test]
fn csv_has_a_row_a_half_hour() {
    let args = ["--scenario", "erlang_c", "--set", "horizon=2h", "--set", "warm_up=0s", "--replications", "4"];
    let (_, out, _) = hatif(&[&["staff", "--format", "csv"], &args[..]].concat());
    let mut rows = csv::Reader::from_reader(out.as_bytes());
    assert_eq!(rows.headers().expect("a header").iter().next(), Some("from"));
    assert_eq!(rows.records().filter_map(Result::ok).count(), 4);
}

#[test]
fn other_targets_are_reached_too() {
    let args = ["--scenario", "erlang_a", "--set", "horizon=3h", "--set", "warm_up=1h", "--replications", "6"];
    let of = |target: [&str; 2]| answer(&[&args[..], &target].concat());
    let rare = of(["--max-abandonment", "1%"]);
    assert!(column(&rare, "reached").iter().all(|share| *share <= 0.01), "{rare:#}");
    let quick = of(["--max-asa", "5s"]);
    assert!(column(&quick, "reached").iter().all(|seconds| *seconds <= 5.0), "{quick:#}");
}

#[test]
fn a_file_is_written_only_where_it_can_be() {
    let args = ["staff", "--scenario", "erlang_c", "--set", "horizon=1h", "--set", "warm_up=0s", "--replications", "2"];
    let dir = tempfile::tempdir().expect("a folder");
    let nowhere = dir.path().join("no/such/folder.toml").display().to_string();
    let (code, _, errors) = hatif(&[&args[..], &["--out", &nowhere]].concat());
    assert_eq!(code, Some(2));
    assert!(errors.contains("cannot write"), "{errors}");
    assert!(fs::read_dir(dir.path()).expect("a folder").next().is_none());
}

#[test]
fn what_two_replications_say_is_no_more_than_they_can() {
    let small =
        ["staff", "--scenario", "erlang_a", "--set", "horizon=3h", "--set", "warm_up=1h", "--replications", "2"];
    let (code, out, errors) = hatif(&small);
    assert_eq!(code, Some(0), "{errors}");
    assert!(out.contains("2 replications are few"), "{out}");
    assert!(out.lines().all(|line| line.trim_end() == line), "no line ends in a blank: {out}");
    let told = out.lines().filter_map(|line| line.split_once(" ± ")).filter_map(|(_, half)| half.split_once(" %"));
    let halves: Vec<f64> = told.map(|(half, _)| half.parse().expect("a number")).collect();
    assert!(!halves.is_empty() && halves.iter().all(|half| *half <= 100.0), "{out}");
}
