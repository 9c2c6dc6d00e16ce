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
    // In a folder of its own: a centre that is about to open takes hold of its data folder.
    let place = folder();
    let mut command = Command::new(env!("CARGO_BIN_EXE_hatif"));
    command.args(args).current_dir(place.path()).stdin(Stdio::null()).output().expect("the program starts")
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
    let commands: [&[&str]; 4] = [
        &["simulate"],
        &["compare", "--set-b", "horizon=2h"],
        &["sweep", "--vary", "seed=1..2"],
        &["staff", "--scenario"],
    ];
    let said: Vec<String> = commands.iter().map(|command| told(&[*command, &[scenario], &set].concat())).collect();
    if set.is_empty() {
        // It says the same report below a line of its own.
        let data = here.join("data").display().to_string();
        let serve = told(&["serve", "--addr", "127.0.0.1:0", "--data", &data, "--scenario", scenario]);
        let report = said[0].split_once('\n').map_or("", |(_, report)| report);
        assert!(serve.starts_with("2 ") && serve.contains(report), "{serve}");
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
    all_refuse(
        "ordinary_dya",
        &[],
        dir.path(),
        expect![[r#"
        2 hatif: the scenario `ordinary_dya` cannot be used
        error[unknown-scenario]: there is no scenario `ordinary_dya`
        --> ordinary_dya
         = help: did you mean `ordinary_day`?

        1 mistake; nothing was run
    "#]],
    );
}

#[test]
fn a_setting_that_is_not_there() {
    let dir = folder();
    all_refuse(
        "ordinary_day",
        &["staffing.totl=78"],
        dir.path(),
        expect![[r#"
        2 hatif: the scenario `ordinary_day` cannot be used
        error[unknown-field]: [staffing] has no field `totl`
         --> --set staffing.totl=78:1:10
          |
        1 | staffing.totl = 78
          |          ^^^^
          |
          = help: did you mean `total`?

        1 mistake; nothing was run
    "#]],
    );
}

#[test]
fn an_empty_trace() {
    let dir = folder();
    fs::write(dir.path().join("calls.csv"), "at\n").expect("written");
    let file = dir.path().join("empty.toml");
    let text =
        "title = \"a trace without calls\"\nlike = \"erlang_c\"\n[demand.callers]\ntrace = { file = \"calls.csv\" }\n";
    fs::write(&file, text).expect("written");
    all_refuse(
        file.to_str().expect("UTF-8"),
        &[],
        dir.path(),
        expect![[r#"
        2 hatif: the scenario `empty` cannot be used
        error[empty]: `trace` is empty: nobody would call
         --> empty.toml:4:1
          |
        4 | trace = { file = "calls.csv" }
          | ^^^^^
          |
          = help: give at least one row

        1 mistake; nothing was run
    "#]],
    );
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
    expect![[r#"
        $ simulate
        2 error: the following required arguments were not provided:
          <SCENARIO>
        $ simulate erlang_a --replications 0
        2 error: invalid value '0' for '--replications <N>': choose 1 to 1000000
        $ simulate erlang_a --threads 0
        2 error: invalid value '0' for '--threads <N>': choose 1 to 1024
        $ simulate erlang_a --set staffing.total
        2 error: invalid value 'staffing.total' for '--set <KEY=VALUE>': `staffing.total` is no setting to change; write key=value, such as staffing.total=78
        $ compare erlang_a
        2 hatif: there is nothing to compare erlang_a with; give a second scenario, --set-b KEY=VALUE or --centre-b DIR
        $ sweep erlang_a --vary staffing.total=9..1
        2 error: invalid value 'staffing.total=9..1' for '--vary <KEY=A..B[:STEP]>': `staffing.total=9..1` leads nowhere: its step goes away from its end; write 9..1:-1
        $ sweep erlang_a
        2 error: the following required arguments were not provided:
          --vary <KEY=A..B[:STEP]>
        $ staff --scenario erlang_a --calls 100
        2 error: the argument '--scenario <SCENARIO>' cannot be used with '--calls <N>'
        $ staff --scenario erlang_a --day someday
        2 error: invalid value 'someday' for '--day <DAY>': `someday` is no day; write a date such as 2022-05-17, or one of mon, tue, wed, thu, fri, sat, sun
        $ staff --scenario erlang_a --day 2030-01-01
        2 hatif: --day 2030-01-01: the scenario has no such day; it runs from 2022-05-17 to 2022-05-27
        $ staff --scenario erlang_a --target 100/20s
        2 hatif: a service level of 100 % cannot be staffed for; choose above 0 and below 100, such as --target 80/20s
        $ staff --calls 100 --aht 3m --day mon
        2 hatif: --day is about a scenario; give one with --scenario, such as --scenario ordinary_day
        $ staff --scenario erlang_a --replications none
        2 error: invalid value 'none' for '--replications <N>': choose 1 to 1000000
        $ serve --scenario ordinary_day --at 2030-01-01T10:00 --addr 127.0.0.1:0
        2 hatif: the scenario `ordinary_day` runs from 2022-05-17 00:00 to 2022-05-18 00:00, and 2030-01-01 10:00 is outside; choose a time between with --at, or --empty for a centre without callers
    "#]].assert_eq(&all);
}

#[test]
fn the_folder_that_init_makes_is_a_centre_to_run_on() {
    let dir = folder();
    let home = dir.path().join("mine");
    let home = home.to_str().expect("UTF-8");
    assert!(hatif(&["init", home]).status.success());
    let short = ["ordinary_day", "--set", "registry.size=100000", "--set", "horizon=10h", "--replications", "2"];
    for options in [&["simulate", "--centre", home][..], &["compare", "--centre-b", home]] {
        let output = hatif(&[options, &short].concat());
        assert!(output.status.success(), "{options:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    let nowhere = dir.path().to_str().expect("UTF-8");
    let said = told(&["compare", "ordinary_day", "--centre-b", nowhere]);
    assert!(said.starts_with(&format!("2 hatif: --centre-b {nowhere}: there is no centre.toml")), "{said}");
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
    expect![[r#"
        offered                 54      29      79  calls that arrived, call backs apart
        queued                   0       0       0  offered calls that stood in a queue
        answered                 0       0       0  offered calls an agent took
        ! no agent is planned for the queue `status`: nobody in it is ever answered
        ! no agent is planned for the queue `family`: nobody in it is ever answered
        ! no agent is planned for the queue `pay`: nobody in it is ever answered
        ! no agent is planned for the queue `amo`: nobody in it is ever answered
        ! no agent is planned for the queue `portal`: nobody in it is ever answered
        ! no agent is planned for the queue `complaint`: nobody in it is ever answered
        ! 2 replications are few: intervals are wide and themselves uncertain; run 10 or more
    "#]]
    .assert_eq(&lines(&simulate, &["!", "warning", "offered", "queued", "answered"]));
    let compare = small(&["compare", "ordinary_day", "--set-b", "staffing.total=0"]);
    expect![[r#"
        answered                 26       0          -26          -32          -19
        answered  abandoned     42
        answered  callback       8
        answered  failed         1
        ! ordinary_day staffing.total=0: no agent is planned for the queue `status`: nobody in it is ever
        answered
        ! ordinary_day staffing.total=0: no agent is planned for the queue `family`: nobody in it is ever
        answered
        ! ordinary_day staffing.total=0: no agent is planned for the queue `pay`: nobody in it is ever
        answered
        ! ordinary_day staffing.total=0: no agent is planned for the queue `amo`: nobody in it is ever
        answered
        ! ordinary_day staffing.total=0: no agent is planned for the queue `portal`: nobody in it is ever
        answered
        ! ordinary_day staffing.total=0: no agent is planned for the queue `complaint`: nobody in it is ever
        answered
        ! 2 replications are few: intervals are wide and themselves uncertain; run 10 or more
    "#]]
    .assert_eq(&lines(&compare, &["!", "warning", "answered"]));
    let sweep = small(&["sweep", "ordinary_day", "--vary", "staffing.total=0..1"]);
    expect![[r#"
        0               54              -             -                        -              -       25.9 %
        1               42  28.1 ± 62.0 %  9.4 ± 32.3 %  4 min 24 s ± 25 min 2 s  43.0 ± 45.8 %       27.1 %
        ! no agent is planned for the queue `status`: nobody in it is ever answered (at 1 of 2 points, the
        ! no agent is planned for the queue `family`: nobody in it is ever answered (at 1 of 2 points, the
        ! no agent is planned for the queue `pay`: nobody in it is ever answered (at 1 of 2 points, the
        ! no agent is planned for the queue `amo`: nobody in it is ever answered (at 2 of 2 points, the
        ! no agent is planned for the queue `portal`: nobody in it is ever answered (at 1 of 2 points, the
        ! no agent is planned for the queue `complaint`: nobody in it is ever answered (at 2 of 2 points,
        ! 2 replications are few: intervals are wide and themselves uncertain; run 10 or more
    "#]]
    .assert_eq(&lines(&sweep, &["!", "warning", "0 ", "1 "]));
    let staff = small(&[&["staff", "--scenario", "ordinary_day"], &nobody[..]].concat());
    expect![[r#"
        Target: 80.0 % answered within 20 s in each half-hour, in the mean of 2 replications.
        ! The scenario staffs nobody; the groups' proportions are the centre's.
        ! 2 calls a day find their queue closed because nobody of its skills and their language is planned at that time; they count as not served. Other proportions of the groups would help them.
        ! 2 replications are few: intervals are wide and themselves uncertain; run 10 or more
    "#]].assert_eq(&lines(&staff, &["!", "Target"]));
}

#[test]
fn a_queue_without_agents() {
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
    expect![[r#"
        offered                   408         275        542  calls that arrived, call backs apart
        queued                    408         275        542  offered calls that stood in a queue
        answered                    0           0          0  offered calls an agent took
        offered
        ! no agent is planned for the queue `help`: nobody in it is ever answered
        ! 2 replications are few: intervals are wide and themselves uncertain; run 10 or more
        ! the run is too short: 100.0 % of the calls had not ended when it did, and their waits are missing;
        ! nobody answered in the queue `help`, where calls waited 817 times; staff a group with its skills
    "#]]
    .assert_eq(&lines(&args, &["!", "warning", "offered", "queued", "answered"]));
    let desks = ["complaints", "fr_general", "zgh_general", "en_desk"]
        .map(|group| format!("staffing.group.{group}.headcount=0"));
    let set = desks.iter().flat_map(|desk| ["--set", desk.as_str()]);
    let args: Vec<&str> = small(&["staff", "--scenario", "ordinary_day"]).into_iter().chain(set).collect();
    expect![[r#"
        Target: 80.0 % answered within 20 s in each half-hour, in the mean of 2 replications.
        ! no agent is planned for the queue `complaint`: nobody in it is ever answered
        ! 2 replications are few: intervals are wide and themselves uncertain; run 10 or more
    "#]]
    .assert_eq(&lines(&args, &["!", "Target"]));
}

#[test]
fn nobody_calls() {
    let quiet = ["--set", "demand.factor=0"];
    let simulate = small(&[&["simulate", "ordinary_day"], &quiet[..]].concat());
    expect![[r#"
        offered        0      0      0  calls that arrived, call backs apart
        queued         0      0      0  offered calls that stood in a queue
        answered       0      0      0  offered calls an agent took
        ! nobody calls: there is no source of calls whose factor is above 0
        ! no calls came; look at the demand (its factor, days and hours) and at the horizon
    "#]]
    .assert_eq(&lines(&simulate, &["!", "warning", "offered", "queued", "answered", "service level", "mean wait"]));
    let compare = small(&[&["compare", "ordinary_day", "--set-b", "staffing.total=70"], &quiet[..]].concat());
    expect![[r#"
        offered        0      0           0           0           0
        ! ordinary_day: nobody calls: there is no source of calls whose factor is above 0
        ! ordinary_day staffing.total=70: nobody calls: there is no source of calls whose factor is above 0
        ! 2 replications are few: intervals are wide and themselves uncertain; run 10 or more
        ! no caller was in both designs, so the differences are those of different callers; compare designs
    "#]]
    .assert_eq(&lines(&compare, &["!", "warning", "offered"]));
    let sweep = small(&[&["sweep", "ordinary_day", "--vary", "staffing.total=70..71"], &quiet[..]].concat());
    expect![[r#"
        70               0         -            -     -  0.0 ± 0.0 %            -
        71               0         -            -     -  0.0 ± 0.0 %            -
        ! nobody calls: there is no source of calls whose factor is above 0 (at 2 of 2 points, the first at
        70)
        ! 2 replications are few: intervals are wide and themselves uncertain; run 10 or more
    "#]]
    .assert_eq(&lines(&sweep, &["!", "warning", "70", "71"]));
    let staff = small(&[&["staff", "--scenario", "ordinary_day"], &quiet[..]].concat());
    expect![[r#"
        Target: 80.0 % answered within 20 s in each half-hour, in the mean of 2 replications.
        ! nobody calls: there is no source of calls whose factor is above 0
        ! Nobody calls on these days, so nobody is needed; look at the demand, or choose another --day.
        ! 2 replications are few: intervals are wide and themselves uncertain; run 10 or more
    "#]]
    .assert_eq(&lines(&staff, &["!", "Target", "0"]));
}

/// What `serve` says when it opens; it is killed after that.
fn opening(scenario: &str) -> String {
    let dir = folder();
    let file = dir.path().join("quiet.toml");
    fs::write(&file, scenario).expect("written");
    let mut child = Command::new(env!("CARGO_BIN_EXE_hatif"))
        .args(["serve", "--addr", "127.0.0.1:0", "--registry-size", "20000", "--seed", "1", "--data"])
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
    expect![[r#"
        lives    quiet (Nobody calls): synthetic callers, 0 in the menus, 0 waiting, 0 with an agent;
        note     nobody calls: there is no source of calls whose factor is above 0
    "#]]
    .assert_eq(&opening("title = \"Nobody calls\"\nlike = \"ordinary_day\"\n[demand]\nfactor = 0\n"));
    expect![[r#"
        lives    quiet (Nobody at work): synthetic callers, 1 in the menus, 2 waiting, 0 with an agent;
        note     no agent is planned for the queue `status`: nobody in it is ever answered
        note     no agent is planned for the queue `family`: nobody in it is ever answered
        note     no agent is planned for the queue `pay`: nobody in it is ever answered
        note     no agent is planned for the queue `amo`: nobody in it is ever answered
        note     no agent is planned for the queue `portal`: nobody in it is ever answered
        note     no agent is planned for the queue `complaint`: nobody in it is ever answered
    "#]]
    .assert_eq(&opening("title = \"Nobody at work\"\nlike = \"ordinary_day\"\n[staffing]\ntotal = 0\n"));
}
