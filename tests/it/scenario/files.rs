//! Files beside a scenario: those it is like, and tables of calls.

use expect_test::expect;
use hatif::{people::demand::rules::Volume, scenario::Scenario, time::Instant};

use super::{HEAD, read_with};

#[test]
fn every_bad_row_of_a_trace_is_reported_by_its_line() {
    let csv = "at,note\n2022-05-17T08:00:00,a\n2022-05-17 25:00,b\n\n2022-05-18T00:00:01,c\nsoon,d\n";
    let text = format!("{HEAD}[demand.a]\ntrace = {{ file = \"calls.csv\" }}\n");
    let report = read_with(&text, &[("calls.csv", csv)], &[]).expect_err("bad rows").render(false);
    expect![[r#"
        error[bad-row]: `2022-05-17 25:00` is not a local date and time within the run
         --> calls.csv:3:1
          |
        3 | 2022-05-17 25:00,b
          | ^^^^^^^^^^^^^^^^^^
          |
          = help: correct or remove this row

        error[bad-row]: `2022-05-18T00:00:01` is not a local date and time within the run
         --> calls.csv:5:1
          |
        5 | 2022-05-18T00:00:01,c
          | ^^^^^^^^^^^^^^^^^^^^^
          |
          = help: correct or remove this row

        error[bad-row]: `soon` is not a local date and time within the run
         --> calls.csv:6:1
          |
        6 | soon,d
          | ^^^^^^
          |
          = help: correct or remove this row"#]]
    .assert_eq(&report);
}

#[test]
fn counts_of_a_file_are_whole_and_expected_counts_are_numbers() {
    let csv = "interval,calls\n1,5\n2,2.5\n3,-1\n4,NaN\n";
    let text = format!(
        "{HEAD}[demand.a]\ncounts = {{ file = \"c.csv\" }}\n[demand.b]\nexpected = {{ file = \"d.csv\" }}\n[demand.c]\ncounts = {{ file = \"none.csv\" }}\n[demand.d]\ntrace = {{ file = \"c.csv\" }}\n"
    );
    let report = read_with(&text, &[("c.csv", csv), ("d.csv", csv)], &[]).expect_err("bad rows").render(false);
    expect![[r#"
        error[bad-file]: `none.csv` cannot be read: there is no such file
         --> day.toml:9:19
          |
        9 | counts = { file = "none.csv" }
          |                   ^^^^^^^^^^
          |
          = help: paths are meant from the scenario's folder

        error[bad-file]: `c.csv` has no column `at`
          --> day.toml:11:18
           |
        11 | trace = { file = "c.csv" }
           |                  ^^^^^^^
           |
           = help: the first line names the columns; one of them is `at`

        error[bad-row]: `2.5` is not a count of calls
         --> c.csv:3:1
          |
        3 | 2,2.5
          | ^^^^^
          |
          = help: correct or remove this row

        error[bad-row]: `-1` is not a count of calls
         --> c.csv:4:1
          |
        4 | 3,-1
          | ^^^^
          |
          = help: correct or remove this row

        error[bad-row]: `NaN` is not a count of calls
         --> c.csv:5:1
          |
        5 | 4,NaN
          | ^^^^^
          |
          = help: correct or remove this row

        error[bad-row]: `-1` is not a count of calls
         --> d.csv:4:1
          |
        4 | 3,-1
          | ^^^^
          |
          = help: correct or remove this row

        error[bad-row]: `NaN` is not a count of calls
         --> d.csv:5:1
          |
        5 | 4,NaN
          | ^^^^^
          |
          = help: correct or remove this row"#]]
    .assert_eq(&report);
}

#[test]
fn a_trace_is_read_in_local_time_and_sorted() {
    let csv = "# calls of a morning\nat\n2022-05-17T08:00:01\n2022-05-17 08:00\n";
    let text = format!("{HEAD}[demand.a]\ntrace = {{ file = \"calls.csv\" }}\n");
    let scenario = read_with(&text, &[("calls.csv", csv)], &[]).unwrap_or_else(|problems| panic!("{problems}"));
    let expected = [8 * 3_600, 8 * 3_600 + 1].map(Instant::from_secs);
    assert_eq!(scenario.cast.demand.sources[0].volume, Volume::Trace(expected.into()));
}

#[test]
fn a_scenario_takes_from_the_one_it_is_like_and_changes_the_rest() {
    let parent = "title = \"p\"\nbegins = 2022-05-17T00:00:00\nhorizon = \"10h\"\nseed = 7\npatience = { exponential = \"5m\" }\n[demand.a]\ncalls = 5\n[staffing]\ntotal = 9\n";
    let child = "title = \"c\"\nlike = \"parent\"\nuntil = 2022-05-17T02:00:00\npatience = { uniform = [\"1s\", \"2s\"] }\n[demand.a]\nrate = { calls = 3, per = \"1m\" }\n";
    let scenario = read_with(child, &[("parent.toml", parent)], &[]).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!((scenario.seed, scenario.horizon.to_string().as_str()), (7, "2h"));
    assert_eq!(
        scenario.cast.demand.sources[0].volume,
        Volume::Rate(3.0 / 60.0),
        "the volume is another, not a second one"
    );
    assert_eq!(scenario.cast.staffing.groups.iter().map(|group| group.size()).sum::<u32>(), 9);
}

#[test]
fn a_mistake_in_the_file_it_is_like_is_told_there() {
    let parent = "title = \"p\"\nbegins = 2022-05-17T00:00:00\nhorizon = \"10h\"\n[demand.a]\ncalls = -5\n";
    let report = read_with("title = \"c\"\nlike = \"parent\"\nsed = 1\n", &[("parent.toml", parent)], &[]);
    expect![[r#"
        error[unknown-field]: a scenario has no field `sed`
         --> day.toml:3:1
          |
        3 | sed = 1
          | ^^^
          |
          = help: did you mean `seed`?

        error[out-of-range]: `calls` must be from 0 to 1000000000
         --> parent.toml:5:9
          |
        5 | calls = -5
          |         ^^"#]]
    .assert_eq(&report.expect_err("two mistakes").render(false));
    let report = read_with("title = \"c\"\nlike = \"paren\"\n", &[("parent.toml", parent)], &[]);
    expect![[r#"
        error[unknown-scenario]: there is no scenario `paren`
         --> day.toml:2:8
          |
        2 | like = "paren"
          |        ^^^^^^^
          |
          = help: did you mean `parent`?"#]]
    .assert_eq(&report.expect_err("no such scenario").render(false));
    let report = read_with("title = \"c\"\nlike = \"other\"\n", &[("other.toml", "like = \"day\"\n")], &[]);
    expect![[r#"
        error[like-cycle]: `day` is like this scenario in turn; nobody says what both are
         --> other.toml:1:8
          |
        1 | like = "day"
          |        ^^^^^
          |
          = help: remove one `like`"#]]
    .assert_eq(&report.expect_err("a circle").render(false));
}

#[test]
fn an_unknown_scenario_is_told_with_the_nearest() {
    let report = Scenario::named("ordinray_day", &[], None).expect_err("a misspelling").to_string();
    expect![[r#"
        the scenario `ordinray_day` cannot be used
        error[unknown-scenario]: there is no scenario `ordinray_day`
        --> ordinray_day
         = help: did you mean `ordinary_day`?

        1 mistake; nothing was run"#]]
    .assert_eq(&report);
    let report = Scenario::named("no/such/day.toml", &[], None).expect_err("no file").to_string();
    assert!(report.contains("cannot read no/such/day.toml: No such file"), "{report}");
}
