//! `hatif simulate`, `compare` and `sweep`, through the real program and through the library.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    num::{NonZeroU32, NonZeroUsize},
    process::{Command, Output, Stdio},
    sync::{Arc, atomic::AtomicBool},
};

use hatif::{
    engine::Fact,
    random::Seed,
    scenario::{Override, Scenario, Stage},
    sim::{
        compare::{Comparison, compare},
        play::Play,
        replicate::{Options, Precision, Runs, replicate},
        summary::Summary,
    },
};
use serde_json::Value;

fn hatif(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_hatif")).args(args).output().expect("the program starts")
}

fn json(args: &[&str]) -> Value {
    let output = hatif(args);
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{args:?}: {told}");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{args:?}: {error}"))
}

/// What a command that is refused says.
fn refused(args: &[&str]) -> String {
    let output = hatif(args);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{args:?}: {told}");
    assert!(output.stdout.is_empty(), "{args:?} printed something");
    told
}

fn scenario(name: &str, set: &[&str]) -> Scenario {
    let set: Vec<Override> = set.iter().map(|set| set.parse().expect("a setting")).collect();
    Scenario::named(name, &set, None).unwrap_or_else(|problems| panic!("{problems}"))
}

fn options(runs: Runs, threads: usize) -> Options {
    Options { runs, seed: None, threads: NonZeroUsize::new(threads).expect("some"), trace: false }
}

fn count(n: u32) -> Runs {
    Runs::Count(NonZeroU32::new(n).expect("some"))
}

fn run(scenario: &Scenario, options: &Options) -> Summary {
    replicate(scenario, options, &AtomicBool::new(false), &mut |_| {}).expect("it runs")
}

fn both(a: &Scenario, b: &Scenario, pairs: u32) -> Comparison {
    compare(a, b, &options(count(pairs), 2), &AtomicBool::new(false), &mut |_| {}).expect("it runs")
}

/// An afternoon of Erlang A: fifty agents, some 2,200 calls.
const SHORT: [&str; 4] = ["--set", "horizon=5h", "--set", "warm_up=1h"];
/// A day of the default centre for a small registry: some 340 calls.
const SMALL: [&str; 4] = ["--set", "registry.size=100000", "--set", "horizon=15h"];

#[test]
fn one_two_and_four_threads_print_the_same_bytes() {
    let commands: [&[&str]; 4] = [
        &["simulate", "erlang_a", "--replications", "9", "--trace-hash", "--format", "json"],
        &["simulate", "erlang_a", "--precision", "0.2"],
        &["compare", "erlang_a", "--set-b", "staffing.total=52", "--replications", "5"],
        &["sweep", "erlang_a", "--vary", "staffing.total=48..52:2", "--replications", "3"],
    ];
    for command in commands {
        let of = |threads: &str| {
            let args: Vec<&str> = command.iter().copied().chain(SHORT).chain(["--threads", threads]).collect();
            let output = hatif(&args);
            assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
            String::from_utf8(output.stdout).expect("UTF-8")
        };
        let one = of("1");
        assert!(one.len() > 200);
        assert_eq!((&of("2"), &of("4")), (&one, &one), "{command:?}");
    }
}

#[test]
fn other_seeds_are_other_runs_and_the_same_seed_is_the_same() {
    let trace = |seed: &str| {
        let mut args = vec!["simulate", "ordinary_day", "--replications", "1", "--trace-hash", "--format", "json"];
        args.extend(SMALL);
        args.extend(["--seed", seed]);
        json(&args)["trace"].as_str().expect("a hash").to_owned()
    };
    let seven = trace("7");
    assert_eq!(seven.len(), 64);
    assert_eq!(trace("7"), seven);
    assert_ne!(trace("8"), seven);
}

#[test]
fn replications_stop_when_the_figures_are_known_well_enough() {
    let scenario = scenario("erlang_a", &["horizon=5h", "warm_up=1h"]);
    let at_most = NonZeroU32::new(200).expect("some");
    let asked = Precision { relative: 0.2, absolute: 0.05, at_most };
    let found = run(&scenario, &options(Runs::Precision(asked), 2));
    assert!((Precision::AT_LEAST..200).contains(&found.replications), "{}", found.replications);
    let width = |name: &str| found.of(name).expect("measured");
    assert!(width("wait").relative_half_width().expect("a width") <= 0.2);
    assert!(width("service_level").half_width().expect("a width") <= 0.05);
    assert!(!found.partial);
    // One replication fewer was not enough: it stops at the first that is.
    let before = run(&scenario, &options(count(found.replications - 1), 2));
    let met = before.of("wait").and_then(|e| e.relative_half_width()).is_some_and(|width| width <= 0.2)
        && ["asa", "service_level", "abandonment"].iter().all(|name| before.of(name).is_some());
    let shares = before.of("service_level").and_then(|e| e.half_width()).is_some_and(|width| width <= 0.05);
    let asa = before.of("asa").and_then(|e| e.relative_half_width()).is_some_and(|width| width <= 0.2);
    assert!(found.replications == Precision::AT_LEAST || !(met && shares && asa));
    // What cannot be reached is said.
    let asked = Precision { relative: 1e-6, absolute: 1e-6, at_most: NonZeroU32::new(12).expect("some") };
    let found = run(&scenario, &options(Runs::Precision(asked), 2));
    assert_eq!((found.replications, found.partial), (12, false));
    assert!(found.warnings.iter().any(|warning| warning.code == "imprecise"));
}

#[test]
fn ctrl_c_keeps_what_was_finished() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    let mut args = vec!["simulate", "erlang_a", "--replications", "100000", "--log-progress", "--format", "json"];
    args.extend(SHORT);
    let mut child = Command::new(env!("CARGO_BIN_EXE_hatif"))
        .args(&args)
        .arg("--out")
        .arg(&out)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut lines = BufReader::new(child.stderr.take().expect("piped")).lines();
    let first = lines.next().expect("a line").expect("UTF-8");
    assert!(first.starts_with("hatif: 1 of 100000 replications"), "{first}");
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill runs");
    assert!(sent.success());
    let mut printed = String::new();
    child.stdout.take().expect("piped").read_to_string(&mut printed).expect("UTF-8");
    let rest: Vec<String> = lines.map(|line| line.expect("UTF-8")).collect();
    assert_eq!(child.wait().expect("it ends").code(), Some(130), "{rest:?}");
    assert!(rest.iter().any(|line| line.contains("cut short")), "{rest:?}");
    let found: Value = serde_json::from_str(&printed).expect("JSON");
    let finished = found["replications"].as_u64().expect("a number");
    assert!((1..100_000).contains(&finished) && found["partial"] == true, "{finished}");
    let written: Value =
        serde_json::from_str(&fs::read_to_string(out.join("summary.json")).expect("written")).expect("JSON");
    assert_eq!(written, found);
}

#[test]
fn results_go_to_a_new_folder_or_over_an_earlier_run_and_over_nothing_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    let out = out.to_str().expect("UTF-8");
    let mut args = vec!["simulate", "erlang_a", "--replications", "2", "--out", out];
    args.extend(SHORT);
    for _ in 0..2 {
        assert!(hatif(&args).status.success());
    }
    let summary: Value =
        serde_json::from_str(&fs::read_to_string(format!("{out}/summary.json")).expect("a file")).expect("JSON");
    let wait =
        summary["measures"].as_array().expect("a list").iter().find(|one| one["name"] == "wait").expect("measured");
    assert_eq!((&wait["unit"], &wait["level"]), (&Value::from("seconds"), &Value::from(0.95)));
    let intervals = fs::read_to_string(format!("{out}/intervals.csv")).expect("a file");
    let mut rows = csv::Reader::from_reader(intervals.as_bytes());
    assert!(rows.headers().expect("heads").iter().any(|head| head == "service_level_low"));
    assert!(
        rows.records().map(|row| row.expect("a row")).any(|row| &row[1] == "02:00" && &row[2] == "50"),
        "{intervals}"
    );
    fs::write(format!("{out}/notes.txt"), "mine").expect("written");
    let told = refused(&args);
    assert!(told.contains("notes.txt") && told.contains("choose an empty or new folder"), "{told}");
    fs::write(folder.path().join("file"), "").expect("written");
    let file = folder.path().join("file");
    let told =
        refused(&["sweep", "erlang_a", "--vary", "staffing.total=50..51", "--out", file.to_str().expect("UTF-8")]);
    assert!(told.contains("choose a folder"), "{told}");
}

#[test]
fn mistakes_are_told_with_a_way_out() {
    let cases: [(&[&str], &str); 26] = [
        (&["simulate", "ordinary_dya"], "did you mean `ordinary_day`?"),
        (&["simulate", "no/such/file.toml"], "no/such/file.toml"),
        (&["simulate", "erlang_a", "--replications", "0"], "choose 1 to 1000000"),
        (&["simulate", "erlang_a", "--replications", "2000000"], "choose 1 to 1000000"),
        (&["simulate", "erlang_a", "--threads", "0"], "choose 1 to 1024"),
        (&["simulate", "erlang_a", "--precision", "0"], "above 0 and below 1"),
        (&["simulate", "erlang_a", "--precision", "-0.1"], "above 0 and below 1"),
        (&["simulate", "erlang_a", "--precision", "NaN"], "above 0 and below 1"),
        (&["simulate", "erlang_a", "--precision", "0.1", "--replications", "3"], "cannot be used with"),
        (&["simulate", "erlang_a", "--set", "staffing.totl=5"], "did you mean `total`?"),
        (&["simulate", "erlang_a", "--set", "staffing.total"], "write key=value"),
        (&["simulate", "erlang_a", "--set", "staffing.total=-5"], "--set staffing.total=-5"),
        (&["compare", "erlang_a"], "nothing to compare erlang_a with"),
        (&["compare", "erlang_a", "erlang_d"], "there is no scenario `erlang_d`"),
        (&["sweep", "erlang_a", "--vary", "staffing.total=60..50"], "write 60..50:-1"),
        (&["sweep", "erlang_a", "--vary", "staffing.total=50..60:0"], "never ends"),
        (&["sweep", "erlang_a", "--vary", "staffing.total=1..100", "--vary", "seed=1..11"], "1100 points"),
        (&["sweep", "erlang_a", "--vary", "staffing.totl=50..51"], "did you mean `total`?"),
        (&["simulate", "erlang_a", "--replications", "-1"], "choose 1 to 1000000"),
        (&["simulate", "erlang_a", "--seed", "-1"], "choose a whole number from 0"),
        (&["simulate", "erlang_a", "--seed", "x"], "choose a whole number from 0"),
        (&["simulate", "erlang_a", "--set", "like=erlang_c"], "what a scenario is like is read before"),
        (&["simulate", "erlang_a", "--centre", "no/such/folder"], "--centre no/such/folder: there is no centre.toml"),
        (&["compare", "erlang_a", "--set-b", "seed=7"], "both designs have one seed"),
        (
            &["compare", "erlang_a", "--centre-b", "no/such/folder"],
            "--centre-b no/such/folder: there is no centre.toml",
        ),
        (&["sweep", "erlang_a", "--vary", "measures.threshold=20s..40s"], "write for example :10s"),
    ];
    for (args, way_out) in cases {
        let told = refused(args);
        assert!(told.contains(way_out), "{args:?} said: {told}");
    }
    let twice = ["sweep", "erlang_a", "--vary", "staffing.total=1..2", "--vary", "staffing.total=3..4"];
    assert!(refused(&twice).contains("varied twice"));
}

fn codes(summary: &Value) -> Vec<&str> {
    let warnings = summary["warnings"].as_array().expect("a list");
    warnings.iter().map(|warning| warning["code"].as_str().expect("a code")).collect()
}

#[test]
fn what_the_figures_cannot_bear_is_said_in_words() {
    let simulate = |name: &'static str, set: &[&str]| {
        let mut args = vec!["simulate", name, "--format", "json"];
        args.extend(set.iter().flat_map(|set| ["--set", set]));
        json(&args)
    };
    let nobody = simulate("erlang_a", &["demand.callers.factor=0", "horizon=5h", "replications=2"]);
    assert!(codes(&nobody).contains(&"no-calls"), "{:?}", codes(&nobody));
    let unstaffed = simulate("erlang_a", &["staffing.total=0", "horizon=5h", "replications=2"]);
    assert!(codes(&unstaffed).contains(&"unserved-queue"), "{:?}", codes(&unstaffed));
    let unstable = simulate("erlang_c", &["staffing.total=9", "horizon=30h", "replications=6"]);
    assert!(codes(&unstable).contains(&"unstable"), "{:?}", codes(&unstable));
    let once = simulate("erlang_a", &["horizon=5h", "replications=1"]);
    assert!(codes(&once).contains(&"no-interval"), "{:?}", codes(&once));
    let batches = simulate("erlang_a", &["horizon=40h", "replications=1", "batches=10"]);
    assert_eq!(batches["sample"], "batches");
    assert!(!codes(&batches).contains(&"no-interval"), "{:?}", codes(&batches));
    assert!(batches["measures"][0]["low"].is_number());
}

#[test]
fn the_laws_are_checked_and_hold_in_every_run() {
    let erlang = run(&scenario("erlang_a", &["horizon=20h"]), &options(count(4), 2));
    let names: Vec<&str> = erlang.checks.iter().map(|check| check.name).collect();
    assert_eq!(names, ["little", "abandonment"]);
    let day = run(&scenario("ordinary_day", &["registry.size=200000", "staffing.total=5"]), &options(count(2), 2));
    assert!(day.checks.len() > 3, "{:?}", day.checks);
    for check in erlang.checks.iter().chain(&day.checks) {
        assert!(check.holds, "{check:?}");
    }
    assert!(erlang.warnings.iter().chain(&day.warnings).all(|warning| warning.code != "law"));
}

#[test]
fn a_design_does_not_differ_from_itself() {
    let day = scenario("ordinary_day", &["registry.size=200000", "horizon=14h"]);
    let found = both(&day, &day, 2);
    assert!(found.matched > 500, "{}", found.matched);
    assert_eq!((found.only_a, found.only_b, found.moved.len(), found.partings.len()), (0, 0, 0, 0));
    for one in &found.differences {
        assert!(one.a.value.is_none() || one.difference.value == Some(0.0), "{one:?}");
    }
}

#[test]
fn the_same_callers_narrow_the_difference_of_78_and_80_agents() {
    // Erlang A scaled up to a load near that of eighty agents.
    let with = |total: &str| {
        scenario("erlang_a", &["demand.callers.rate={ calls = 860, per = \"1h\" }", total, "horizon=7h", "warm_up=1h"])
    };
    let found = both(&with("staffing.total=78"), &with("staffing.total=80"), 12);
    for name in ["service_level", "wait", "abandonment"] {
        let one = found.differences.iter().find(|one| one.name == name).expect("compared");
        let (paired, apart) =
            (one.difference.half_width().expect("a width"), one.independent_half_width.expect("a width"));
        assert!(paired * 3.0 <= apart, "{name}: {paired} against {apart}");
        assert!(one.difference.differs_from_zero(), "{name}: {:?}", one.difference);
    }
    // Who gave up with 78 and was answered with 80, and where it was decided.
    let first = found.moved.first().expect("somebody");
    assert_eq!((first.from.as_str(), first.to.as_str()), ("abandoned", "answered"));
    let parting = found.partings.first().expect("somewhere");
    assert_eq!((parting.a.as_str(), parting.b.as_str()), ("(hung up waiting)", "(answered)"));
    assert!(!parting.examples.is_empty() && parting.calls >= first.calls);
}

#[test]
fn a_sweep_says_the_same_of_a_point_as_a_run_of_its_own() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().to_str().expect("UTF-8");
    let mut args =
        vec!["sweep", "erlang_a", "--vary", "staffing.total=49..50", "--vary", "patience.exponential=20m,50m"];
    args.extend(["--replications", "3", "--format", "json", "--out", out]);
    args.extend(SHORT);
    let found = json(&args);
    let points = found["points"].as_array().expect("a list");
    let at: Vec<&Value> = points.iter().map(|point| &point["at"]).collect();
    assert_eq!(
        at,
        [["49", "20m"], ["49", "50m"], ["50", "20m"], ["50", "50m"]]
            .map(|at| Value::from(at.to_vec()))
            .iter()
            .collect::<Vec<_>>()
    );
    let mut args = vec!["simulate", "erlang_a", "--replications", "3", "--format", "json"];
    args.extend(SHORT);
    let alone = json(&args);
    let of = |measures: &Value| {
        let measures = measures.as_array().expect("a list").clone();
        measures.into_iter().find(|one| one["name"] == "wait").expect("measured")
    };
    assert_eq!(of(&points[3]["measures"]), of(&alone["measures"]));
    let rows = fs::read_to_string(folder.path().join("sweep.csv")).expect("a file");
    assert!(rows.starts_with("staffing.total,patience.exponential,replications,offered,") && rows.lines().count() == 5);
    let chart = fs::read_to_string(folder.path().join("sweep.svg")).expect("a file");
    assert!(chart.starts_with("<svg") && chart.contains("service level") && !chart.contains("http://127"));
}

fn warned(summary: &Summary, code: &str) -> bool {
    summary.warnings.iter().any(|warning| warning.code == code)
}

#[test]
fn agents_are_measured_up_to_the_horizon_and_no_longer() {
    // Calls go on after the hour is over; the thirteen agents are there for it, not for the drain.
    let hour = run(&scenario("erlang_c", &["warm_up=0s", "horizon=1h"]), &options(count(3), 2));
    assert_eq!(hour.of("staffed_hours").and_then(|hours| hours.value), Some(13.0));
    assert!(hour.intervals.iter().all(|interval| interval.staff.value.is_none_or(|staff| staff == 13.0)));
}

#[test]
fn as_much_work_as_staff_without_anybody_who_gives_up_is_unstable() {
    for (total, unstable) in [("9", true), ("10", true), ("11", false)] {
        let total = format!("staffing.total={total}");
        let found = run(&scenario("erlang_c", &["warm_up=0s", "horizon=100h", &total]), &options(count(5), 2));
        assert_eq!(warned(&found, "unstable"), unstable, "{total}: {:?}", found.warnings);
    }
}

#[test]
fn quantiles_of_waits_are_those_of_all_calls_together() {
    let found = run(&scenario("erlang_a", &["horizon=3h", "warm_up=1h", "staffing.total=47"]), &options(count(6), 2));
    let waits = found.sums.as_ref().expect("sums").waits_answered();
    for quantile in &found.quantiles {
        let pooled = waits.quantile(quantile.p).map(hatif::time::Duration::as_secs_f64);
        assert_eq!(quantile.seconds.value, pooled, "{quantile:?}");
        let (low, high) = (quantile.seconds.low.expect("an end"), quantile.seconds.high.unwrap_or(f64::INFINITY));
        assert!(low <= pooled.expect("waits") && pooled.expect("waits") <= high, "{quantile:?}");
    }
}

#[test]
fn only_whole_days_are_held_against_the_target() {
    // From 02:00 on the first day to 02:00 on the third: one whole day.
    let found = run(&scenario("erlang_a", &["horizon=50h", "warm_up=2h"]), &options(count(3), 2));
    assert_eq!((found.target.days, found.target.days_met.n), (3, 3));
    let weeks = run(&scenario("erlang_a", &["horizon=96h", "warm_up=0s"]), &options(count(3), 2));
    assert_eq!((weeks.target.days, weeks.target.days_met.n), (12, 3), "of days, replications are the sample");
    let afternoon = run(&scenario("erlang_a", &["horizon=5h", "warm_up=1h"]), &options(count(3), 2));
    assert_eq!((afternoon.target.days, afternoon.target.days_met.value), (0, None));
}

#[test]
fn intervals_end_where_the_measure_does() {
    let found = run(&scenario("erlang_a", &["horizon=5h", "warm_up=1h"]), &options(count(2), 2));
    for one in found.measures.iter().filter(|one| one.name != "announced_bias") {
        let most = if one.unit == "share" { 1.0 } else { f64::INFINITY };
        assert!(one.estimate.low.is_none_or(|low| low >= 0.0), "{one:?}");
        assert!(one.estimate.high.is_none_or(|high| high <= most), "{one:?}");
    }
    // Two replications know little: by the normal law this wait could be minus two minutes.
    let wait = found.of("wait").expect("measured");
    assert_eq!(wait.low, Some(0.0));
    assert!(wait.high.expect("an end") > 2.0 * wait.value.expect("waits"));
}

#[test]
fn who_finds_a_queue_full_is_blocked_and_not_lost_in_the_menus() {
    let set = ["centre.queue.help.max_length=3", "staffing.total=45", "horizon=9h", "warm_up=1h"];
    let found = run(&scenario("erlang_a", &set), &options(count(3), 2));
    assert!(found.of("blocked").and_then(|blocked| blocked.value) > Some(0.05));
    assert_eq!(found.of("abandoned_in_menus").and_then(|lost| lost.value), Some(0.0));
    assert!(warned(&found, "blocked"));
}

#[test]
fn batches_that_are_alike_are_told() {
    let short = run(&scenario("erlang_a", &["horizon=30h", "warm_up=1h", "batches=300"]), &options(count(1), 1));
    assert!(warned(&short, "batches-alike"), "{:?}", short.warnings);
    let both = run(&scenario("erlang_a", &["horizon=80h", "warm_up=1h", "batches=5"]), &options(count(2), 2));
    assert_eq!((both.sample, both.of("wait").expect("measured").n), ("batches of every replication", 10));
    assert!(!warned(&both, "few-replications"));
}

/// What a command prints.
fn printed(args: &[&str]) -> String {
    let output = hatif(args);
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{args:?}: {told}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn tables_fit_a_terminal_and_hide_no_zero() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().to_str().expect("UTF-8");
    let mut three_days = vec!["simulate", "ordinary_day", "--set", "registry.size=100000", "--set", "horizon=72h"];
    three_days.extend(["--replications", "3", "--no-calls", "--out", out]);
    let overloaded =
        ["simulate", "erlang_c", "--set", "staffing.total=1", "--set", "horizon=9h", "--replications", "2"];
    let compared = ["compare", "erlang_a", "--set-b", "staffing.total=47", "--replications", "3"];
    let swept = ["sweep", "erlang_a", "--vary", "measures.threshold=20s..40s:10s", "--replications", "2"];
    let short = |args: &[&'static str]| -> Vec<&str> { args.iter().copied().chain(SHORT).collect() };
    let texts = [three_days, overloaded.to_vec(), short(&compared), short(&swept)].map(|args| printed(&args));
    for text in &texts {
        // The first line is the scenario's title.
        for line in text.lines().skip(1) {
            assert!(line.chars().count() <= 100 && line.trim_end() == line, "`{line}` in {text}");
        }
    }
    let [days, overloaded, compared, swept] = texts;
    assert!(overloaded.lines().any(|line| line.starts_with(" service_level  ") && line.contains("%")), "{overloaded}");
    assert!(overloaded.contains(" h ") && overloaded.contains(" min"), "{overloaded}");
    assert!(compared.contains(" points"), "{compared}");
    assert!(swept.contains("2 replications are few"), "{swept}");
    assert!(days.contains("whole days with calls"), "{days}");
    let page = fs::read_to_string(folder.path().join("report.html")).expect("written");
    assert!(page.contains("3 replications of 3 days") && page.contains("A mean weekday"));
    assert!(page.contains("Hours of agents a day: on shift, at work, and needed"));
    let overloaded = ["simulate", "ordinary_day", "--set", "registry.size=160000", "--set", "staffing.total=1"];
    let called_back = printed(&[&overloaded[..], &["--set", "horizon=14h", "--replications", "1"]].concat());
    for row in [" abandoned_calls  ", " left_for_callback  ", " callbacks_promised  "] {
        assert!(called_back.lines().any(|line| line.starts_with(row)), "no{row}in {called_back}");
    }
    assert!(called_back.contains("there are no intervals") && !called_back.contains("confidence"), "{called_back}");
    let nobody = printed(&["simulate", "erlang_a", "--set", "demand.callers.factor=0", "--set", "horizon=5h"]);
    assert!(nobody.contains("no call was offered to a queue"), "{nobody}");
}

#[test]
fn a_sweep_of_two_settings_breaks_no_figure() {
    let mut args = vec!["sweep", "erlang_a", "--replications", "2", "--vary", "demand.callers.factor=0.8..1.2:0.2"];
    args.extend(["--vary", "measures.short_abandon=5s,10s"]);
    args.extend(SHORT);
    let text = printed(&args);
    let (_, table) = text.split_once("\n\n").expect("a table below the head");
    let rows: Vec<&str> = table.lines().take_while(|line| !line.is_empty()).collect();
    let heads = rows.iter().take_while(|row| !row.trim_start().starts_with("0.8")).count();
    assert_eq!(rows.len() - heads, 6, "a line a point: {text}");
    for row in &rows[heads..] {
        assert_eq!(row.matches('±').count(), 4, "`{row}` in {text}");
    }
    let parts: Vec<&str> = rows[..heads].iter().flat_map(|row| row.split_whitespace()).collect();
    for part in ["demand.", "callers.", "factor", "offered", "containment"] {
        assert!(parts.iter().any(|found| found.ends_with(part)), "{part} is broken in mid-word: {text}");
    }
}

/// What a command says that is interrupted before it has finished anything.
fn interrupted(args: &[&str]) -> (Option<i32>, String, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_hatif"))
        .args(args)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    // Until it heeds signals, one ends it at once; which is seen where the system tells what is caught.
    let status = format!("/proc/{}/status", child.id());
    let heeds = |status: String| {
        let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:\t").map(str::to_owned));
        caught.and_then(|mask| u64::from_str_radix(&mask, 16).ok()).is_some_and(|mask| mask & 2 != 0)
    };
    while !fs::read_to_string(&status).is_ok_and(heeds) {
        assert!(child.try_wait().expect("a child").is_none(), "it ended too early");
        std::thread::yield_now();
    }
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill runs").success());
    let output = child.wait_with_output().expect("it ends");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[cfg(target_os = "linux")]
#[test]
fn who_interrupts_before_anything_is_finished_is_told_just_that() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    let out = out.to_str().expect("UTF-8");
    let long = ["erlang_a", "--set", "horizon=20000h", "--replications", "2", "--out", out];
    let commands: [&[&str]; 3] =
        [&["simulate"], &["compare", "--set-b", "staffing.total=47"], &["sweep", "--vary", "seed=1..2"]];
    for command in commands {
        let (code, printed, said) = interrupted(&[command, &long].concat());
        assert_eq!((code, &*printed), (Some(130), ""), "{command:?}: {said}");
        assert_eq!(said, "hatif: cut short before anything was finished\n", "{command:?}");
        assert!(!std::path::Path::new(out).exists(), "{command:?} left its folder");
    }
    let staff = ["staff", "--scenario", "erlang_a", "--set", "horizon=20000h", "--replications", "2"];
    let (code, printed, said) = interrupted(&staff);
    assert_eq!((code, &*printed, &*said), (Some(130), "", "hatif: cut short before anything was found\n"));
}

#[test]
fn a_run_cut_short_before_its_first_replication_leaves_earlier_results_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    let out = out.to_str().expect("UTF-8");
    let mut args = vec!["simulate", "erlang_a", "--replications", "1", "--out", out];
    args.extend(SHORT);
    assert!(hatif(&args).status.success());
    let files = || {
        let mut files: Vec<(String, Vec<u8>)> = fs::read_dir(out)
            .expect("a folder")
            .map(|entry| entry.expect("a file").path())
            .map(|path| (path.display().to_string(), fs::read(&path).expect("readable")))
            .collect();
        files.sort();
        files
    };
    let before = files();
    assert_eq!(before.len(), 4);
    let long = ["simulate", "erlang_a", "--set", "horizon=20000h", "--replications", "1", "--out", out];
    let mut child = Command::new(env!("CARGO_BIN_EXE_hatif"))
        .args(long)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    // The file of calls is begun once signals are heeded.
    while !std::path::Path::new(out).join("calls.parquet.part").exists() {
        assert!(child.try_wait().expect("a child").is_none(), "it ended too early");
        std::thread::yield_now();
    }
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill runs").success());
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
    assert!(files() == before, "something was written over");
}

#[test]
fn a_call_in_progress_at_the_end_of_one_run_was_made_in_both() {
    let with = |total| scenario("erlang_a", &["horizon=2h", "warm_up=0s", "finish=0s", total]);
    let found = both(&with("staffing.total=50"), &with("staffing.total=40"), 2);
    assert!(found.unfinished > 10, "{}", found.unfinished);
    assert_eq!((found.only_a, found.only_b), (0, 0));
}

/// Whoever tries numbers is never let in, meets the locks, and the summary shows it.
#[test]
fn who_tries_numbers_out_is_locked_out_and_the_summary_shows_it() {
    let mut scenario = scenario("data_leak_probe", &["horizon=6h", "registry.size=50000"]);
    let mut cast = (*scenario.cast).clone();
    cast.demand.sources = cast.demand.sources.iter().filter(|source| &*source.name == "probe").cloned().collect();
    scenario.cast = Arc::new(cast);
    let (mut tries, mut failed, mut known) = (0, 0, 0);
    let mut play = Play::new(&scenario, &Stage::of(&scenario), Seed::new(scenario.seed));
    while play.goes_on() {
        play.step(None, &mut |event| match event.fact {
            Fact::CallArrived { .. } => tries += 1,
            Fact::Authenticated { .. } => known += 1,
            Fact::AuthenticationFailed { .. } => failed += 1,
            _ => {}
        });
    }
    assert!(tries > 3_000 && failed > 1_000 && known == 0, "{tries} calls, {failed} failed, {known} let in");
    let summary = run(&scenario, &options(count(1), 1));
    let figure = |of: &str| summary.of(of).and_then(|of| of.value).unwrap_or_else(|| panic!("{of}"));
    assert!(figure("failed_checks") > 0.5, "{}", figure("failed_checks"));
    assert!(figure("locked_out") > 0.5, "{}", figure("locked_out"));
}

/// A menu that sends callers to another queue is told of: their handle time goes with the queue.
#[test]
fn callers_answered_from_another_queue_are_warned_of() {
    let set = ["registry.size=400000", "horizon=15h"];
    let (a, b) = (scenario("ordinary_day", &set), scenario("bad_publish", &set));
    let told = |found: &Comparison| found.warnings.iter().find(|w| w.code == "other-queue").map(|w| w.text.clone());
    assert_eq!(told(&both(&a, &a, 1)), None);
    let text = told(&both(&a, &b, 1)).expect("payments are led to complaints for an hour");
    assert!(text.contains("payment ") && text.contains("from `pay` to `complaint`"), "{text}");
}

/// The advisers of a queue serve others too: what stands there before a caller is in the wait she is told. Nobody is told less
/// than a minute, which on the ordinary day is longer than most wait.
#[test]
fn announced_waits_are_near_those_that_follow() {
    for (name, far) in [("ordinary_day", 30.0), ("half_absent", 350.0)] {
        let day = run(&scenario(name, &["horizon=17h"]), &options(count(1), 1));
        let figure = |of: &str| day.of(of).and_then(|of| of.value).unwrap_or_else(|| panic!("{of}"));
        let (bias, error, asa) = (figure("announced_bias"), figure("announced_error"), figure("asa"));
        assert!(bias.abs() < far, "{name}: bias {bias} s, error {error} s, asa {asa} s");
        // Staying on the line where that is the way on is an answer: every call passes such a question.
        assert!(figure("no_input") < 0.5, "{name}: {}", figure("no_input"));
    }
}
