//! Every kind of mistake of a scenario, as it is reported.

use expect_test::expect;

use super::{CALLS, check, read, read_with};

#[test]
fn all_mistakes_of_a_file_are_reported_in_one_run() {
    let rest = r#"replicatons = 5
seed = -1
warm_up = "a while"
patience = "10 minutes"

[measures]
target = 1.5
count_by = "arival"

[demand.all]
rate = { calls = nan }
intents = { paymnet = 0.5, family = 0.4 }
languages = { de = 1.0 }
personas = { elder = 1.0 }

[handling.paye]
talk = { exponential = "0s" }

[staffing.group.ar_genral]
headcount = 3
"#;
    check(
        rest,
        expect![[r#"
        error[unknown-field]: a scenario has no field `replicatons`
         --> day.toml:4:1
          |
        4 | replicatons = 5
          | ^^^^^^^^^^^
          |
          = help: did you mean `replications`?

        error[out-of-range]: `seed` must be from 0 to 9223372036854775807
         --> day.toml:5:8
          |
        5 | seed = -1
          |        ^^

        error[bad-duration]: `a while` is not a length of time; write a number and a unit, such as "6s", "500ms", "2m" or "1h30m"
         --> day.toml:6:11
          |
        6 | warm_up = "a while"
          |           ^^^^^^^^^

        error[bad-duration]: `10 minutes` is not a length of time; write a number and a unit, such as "6s", "500ms", "2m" or "1h30m"
         --> day.toml:7:12
          |
        7 | patience = "10 minutes"
          |            ^^^^^^^^^^^^
          |
          = help: or "never", or a distribution such as { exponential = "5m" }

        error[out-of-range]: `target` must be from 0 to 1
          --> day.toml:10:10
           |
        10 | target = 1.5
           |          ^^^

        error[unknown-word]: `arival` is not a value of `count_by`
          --> day.toml:11:12
           |
        11 | count_by = "arival"
           |            ^^^^^^^^
           |
           = help: did you mean `arrival`?

        error[out-of-range]: `calls` must be from 0 to 1000000000
          --> day.toml:14:18
           |
        14 | rate = { calls = nan }
           |                  ^^^

        error[shares-sum]: the shares of `intents` sum to 0.9, not to 1
          --> day.toml:15:1
           |
        15 | intents = { paymnet = 0.5, family = 0.4 }
           | ^^^^^^^
           |
           = help: change one of them so that they sum to 1

        error[unknown-name]: there is no intent `paymnet`
          --> day.toml:15:13
           |
        15 | intents = { paymnet = 0.5, family = 0.4 }
           |             ^^^^^^^
           |
           = help: did you mean `payment`?

        error[unknown-name]: there is no language `de`
          --> day.toml:16:15
           |
        16 | languages = { de = 1.0 }
           |               ^^
           |
           = help: there is: ar, fr, zgh, en

        error[unknown-name]: there is no persona `elder`
          --> day.toml:17:14
           |
        17 | personas = { elder = 1.0 }
           |              ^^^^^
           |
           = help: there is: default

        error[unknown-name]: there is no queue `paye`
          --> day.toml:19:11
           |
        19 | [handling.paye]
           |           ^^^^
           |
           = help: did you mean `pay`?

        error[unknown-name]: there is no group `ar_genral`
          --> day.toml:22:17
           |
        22 | [staffing.group.ar_genral]
           |                 ^^^^^^^^^
           |
           = help: did you mean `ar_general`?"#]],
    );
}

#[test]
fn what_is_missing() {
    let report = read_with("[demand.all]\nfactor = 2\n", &[], &[]).expect_err("a mistake").render(false);
    expect![[r#"
        error[missing-field]: a scenario needs `horizon` or `until`
        --> day.toml
         = help: for instance horizon = "24h", or until = 2022-07-01T00:00:00

        error[missing-field]: a scenario needs the field `begins`
        --> day.toml
         = help: `begins`: the local date and time at which the run begins

        error[missing-field]: a scenario needs the field `title`
        --> day.toml
         = help: `title`: one line for people

        error[missing-field]: the source `all` does not say how many call
         --> day.toml:1:9
          |
        1 | [demand.all]
          |         ^^^
          |
          = help: one of: rate, calls, per_thousand, population, expected, counts, trace"#]]
    .assert_eq(&report);
}

#[test]
fn a_file_that_is_not_toml_is_only_that() {
    check(
        "[demand.all\ncalls = 5\n",
        expect![[r#"
        error[toml-syntax]: this is not TOML: unclosed table, expected `]`
         --> day.toml:4:12
          |
        4 | [demand.all
          |            ^
          |
          = help: write settings as `name = value` below a `[section]`, texts in double quotes"#]],
    );
}

#[test]
fn a_key_that_is_there_twice() {
    check(
        "seed = 1\nseed = 2\n[demand.all]\ncalls = 100\n",
        expect![[r#"
        error[duplicate-key]: this key is here a second time
         --> day.toml:5:1
          |
        5 | seed = 2
          | ^^^^
          |
          = help: remove one of them"#]],
    );
}

#[test]
fn wrong_types() {
    check(
        "[demand.all]\ncalls = \"many\"\nday_cv = \"0.1\"\n[staffing]\ntotal = 7.5\n",
        expect![[r#"
        error[wrong-type]: `calls` must be a number from 0 to 1000000000, not a string
         --> day.toml:5:9
          |
        5 | calls = "many"
          |         ^^^^^^

        error[wrong-type]: `day_cv` must be a number from 0 to 2, not a string
         --> day.toml:6:10
          |
        6 | day_cv = "0.1"
          |          ^^^^^

        error[wrong-type]: `total` must be a whole number from 0 to 1000000, not a number with a fraction
         --> day.toml:8:9
          |
        8 | total = 7.5
          |         ^^^"#]],
    );
}

#[test]
fn numbers_out_of_their_range() {
    let rest = "[demand.all]\ncalls = -5\nfactor = inf\nday_cv = nan\n[staffing]\nshrinkage = 1.0\ntotal = -1\n";
    check(
        rest,
        expect![[r#"
        error[out-of-range]: `calls` must be from 0 to 1000000000
         --> day.toml:5:9
          |
        5 | calls = -5
          |         ^^

        error[out-of-range]: `factor` must be from 0 to 1000000
         --> day.toml:6:10
          |
        6 | factor = inf
          |          ^^^

        error[out-of-range]: `day_cv` must be from 0 to 2
         --> day.toml:7:10
          |
        7 | day_cv = nan
          |          ^^^

        error[out-of-range]: `shrinkage` must be from 0 to 0.99
         --> day.toml:9:13
          |
        9 | shrinkage = 1.0
          |             ^^^

        error[out-of-range]: `total` must be from 0 to 1000000
          --> day.toml:10:9
           |
        10 | total = -1
           |         ^^"#]],
    );
}

#[test]
fn a_rate_below_zero() {
    check(
        "[demand.all]\nrate = { calls = -1, per = \"0s\" }\n",
        expect![[r#"
        error[out-of-range]: `calls` must be from 0 to 1000000000
         --> day.toml:5:18
          |
        5 | rate = { calls = -1, per = "0s" }
          |                  ^^

        error[out-of-range]: `per` must be longer than 0s
         --> day.toml:5:28
          |
        5 | rate = { calls = -1, per = "0s" }
          |                            ^^^^
          |
          = help: write a length of time such as "30m""#]],
    );
}

#[test]
fn shares_that_do_not_sum_to_one() {
    let rest = r#"[demand.all]
calls = 100
intents = { payment = 0.5, family = { share = 0.6 } }
languages = { ar = 0.5 }
notices = { n = { on = 2022-05-17, spread = [0.5, 0.4] } }
shape = { s = { weights = [1], outside = [{ hours = "08:00-09:00", share = 0.7 }, { hours = "10:00-11:00", share = 0.7 }] } }
"#;
    check(
        rest,
        expect![[r#"
        error[shares-sum]: the shares of `intents` sum to 1.1, not to 1
         --> day.toml:6:1
          |
        6 | intents = { payment = 0.5, family = { share = 0.6 } }
          | ^^^^^^^
          |
          = help: change one of them so that they sum to 1

        error[shares-sum]: the shares of `languages` sum to 0.5, not to 1
         --> day.toml:7:1
          |
        7 | languages = { ar = 0.5 }
          | ^^^^^^^^^
          |
          = help: change one of them so that they sum to 1

        error[shares-sum]: the shares of `spread` sum to 0.9, not to 1
         --> day.toml:8:45
          |
        8 | notices = { n = { on = 2022-05-17, spread = [0.5, 0.4] } }
          |                                             ^^^^^^^^^^
          |
          = help: change one of them so that they sum to 1

        error[shares-sum]: the shares outside sum to 1.4, more than all calls
         --> day.toml:9:42
          |
        9 | shape = { s = { weights = [1], outside = [{ hours = "08:00-09:00", share = 0.7 }, { hours = "10:00-11:00", share = 0.7 }] } }
          |                                          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
          |
          = help: what they leave of 1 goes by the weights"#]],
    );
}

#[test]
fn two_volumes_at_once_and_none() {
    check(
        "[demand.a]\ncalls = 1\nrate = { calls = 1 }\n[demand.b]\nfactor = 1\n",
        expect![[r#"
        error[two-at-once]: the source `a` has calls and rate at once
         --> day.toml:6:1
          |
        6 | rate = { calls = 1 }
          | ^^^^
          |
          = help: remove one, or make it a source of its own

        error[missing-field]: the source `b` does not say how many call
         --> day.toml:7:9
          |
        7 | [demand.b]
          |         ^
          |
          = help: one of: rate, calls, per_thousand, population, expected, counts, trace"#]],
    );
}

#[test]
fn fields_without_effect() {
    let rest = "[demand.a]\nrate = { calls = 1 }\nday_cv = 0.1\ntelephones = 3\n[demand.b]\ncallers = \"outside\"\nper_thousand = { a = { calls = 5 } }\n";
    check(
        rest,
        expect![[r#"
        error[no-effect]: `day_cv` has no effect on `rate`, which does not follow days
         --> day.toml:6:1
          |
        6 | day_cv = 0.1
          | ^^^^^^
          |
          = help: remove it, or use calls, per_thousand or population

        error[no-effect]: `telephones` says nothing about callers = "registry"
         --> day.toml:7:1
          |
        7 | telephones = 3
          | ^^^^^^^^^^
          |
          = help: remove it, or write callers = "probe"

        error[no-effect]: `per_thousand` counts people, and callers = "outside" are none of them
          --> day.toml:10:1
           |
        10 | per_thousand = { a = { calls = 5 } }
           | ^^^^^^^^^^^^
           |
           = help: write callers = "registry", or another volume"#]],
    );
}

#[test]
fn unknown_words_of_the_registry() {
    let rest =
        "[demand.a.per_thousand]\na = { status = \"registred\", region = \"r13\", category = \"farmer\", calls = 1 }\n";
    check(
        rest,
        expect![[r#"
        error[unknown-name]: there is no registration status `registred`
         --> day.toml:5:16
          |
        5 | a = { status = "registred", region = "r13", category = "farmer", calls = 1 }
          |                ^^^^^^^^^^^
          |
          = help: did you mean `registered`?

        error[unknown-name]: there is no region `r13`
         --> day.toml:5:38
          |
        5 | a = { status = "registred", region = "r13", category = "farmer", calls = 1 }
          |                                      ^^^^^
          |
          = help: did you mean `r03`?

        error[unknown-name]: there is no category `farmer`
         --> day.toml:5:56
          |
        5 | a = { status = "registred", region = "r13", category = "farmer", calls = 1 }
          |                                                        ^^^^^^^^
          |
          = help: did you mean `farm`?"#]],
    );
}

#[test]
fn nobody_calls() {
    let report = read_with(&format!("{}[demand]\n", super::HEAD), &[], &[]).expect_err("a mistake").render(false);
    expect![[r#"
        error[empty]: nobody calls: there is no source of calls
         --> day.toml:4:1
          |
        4 | [demand]
          | ^^^^^^^^
          |
          = help: add a source, for instance [demand.callers] with rate = { calls = 100, per = "1h" }"#]]
    .assert_eq(&report);
}

#[test]
fn an_empty_trace_and_empty_counts() {
    check(
        "[demand.a]\ntrace = { times = [] }\n[demand.b]\ncounts = { values = [] }\n[demand.c]\nexpected = {}\n",
        expect![[r#"
            error[empty]: `trace` is empty: nobody would call
             --> day.toml:5:1
              |
            5 | trace = { times = [] }
              | ^^^^^
              |
              = help: give at least one row

            error[empty]: `counts` is empty: nobody would call
             --> day.toml:7:1
              |
            7 | counts = { values = [] }
              | ^^^^^^
              |
              = help: give at least one row

            error[missing-field]: `expected` needs `values` or `file`
             --> day.toml:9:1
              |
            9 | expected = {}
              | ^^^^^^^^
              |
              = help: give exactly one of them"#]],
    );
}

#[test]
fn calls_outside_the_run() {
    check(
        "[demand.a]\ntrace = { times = [2022-05-16T23:00:00, 2022-05-17T08:00:00, \"noon\"] }\n",
        expect![[r#"
        error[bad-time]: this is not a local date and time within the run
         --> day.toml:5:20
          |
        5 | trace = { times = [2022-05-16T23:00:00, 2022-05-17T08:00:00, "noon"] }
          |                    ^^^^^^^^^^^^^^^^^^^
          |
          = help: write 2022-05-17T08:30:00, between `begins` and the end of the run

        error[bad-time]: this is not a local date and time within the run
         --> day.toml:5:62
          |
        5 | trace = { times = [2022-05-16T23:00:00, 2022-05-17T08:00:00, "noon"] }
          |                                                              ^^^^^^
          |
          = help: write 2022-05-17T08:30:00, between `begins` and the end of the run"#]],
    );
}

#[test]
fn dates_out_of_order() {
    let rest = r#"[demand.a]
calls = 100
factors = { f = { by = 2, days = { from = 2022-05-20, to = 2022-05-10 } } }
meetings = { count = 3, from = 2022-05-20, to = 2022-05-10 }
[incident.x]
at = "12:00"
ends = "11:00"
sms = "down"
"#;
    check(
        rest,
        expect![[r#"
        error[dates-out-of-order]: 2022-05-10 comes before 2022-05-20, so that no day is meant
         --> day.toml:6:60
          |
        6 | factors = { f = { by = 2, days = { from = 2022-05-20, to = 2022-05-10 } } }
          |                                                            ^^^^^^^^^^
          |
          = help: swap `from` and `to`

        error[dates-out-of-order]: 2022-05-10 comes before 2022-05-20, so that no day is meant
         --> day.toml:7:49
          |
        7 | meetings = { count = 3, from = 2022-05-20, to = 2022-05-10 }
          |                                                 ^^^^^^^^^^
          |
          = help: swap `from` and `to`

        error[dates-out-of-order]: it ends before it begins
          --> day.toml:10:8
           |
        10 | ends = "11:00"
           |        ^^^^^^^
           |
           = help: choose a later `ends`"#]],
    );
}

#[test]
fn a_run_of_no_length_and_a_warm_up_longer_than_the_run() {
    let text = format!("title = \"t\"\nbegins = 2022-05-17T00:00:00\nhorizon = \"0s\"\nwarm_up = \"25h\"\n{CALLS}");
    expect![[r#"
        error[out-of-range]: `horizon` must be longer than 0s
         --> day.toml:3:11
          |
        3 | horizon = "0s"
          |           ^^^^
          |
          = help: write a length of time such as "30m"

        error[out-of-range]: the warm-up of 25h leaves nothing of the 24h to be measured
         --> day.toml:4:11
          |
        4 | warm_up = "25h"
          |           ^^^^^
          |
          = help: shorten `warm_up`, or lengthen the run"#]]
    .assert_eq(&read_with(&text, &[], &[]).expect_err("a mistake").render(false));
}

#[test]
fn an_end_before_the_beginning_and_two_ends() {
    let text = format!("title = \"t\"\nbegins = 2022-05-17T00:00:00\nuntil = 2022-05-16T00:00:00\n{CALLS}");
    expect![[r#"
        error[dates-out-of-order]: the run ends before it begins
         --> day.toml:3:9
          |
        3 | until = 2022-05-16T00:00:00
          |         ^^^^^^^^^^^^^^^^^^^
          |
          = help: choose a later `until`, or an earlier `begins`"#]]
    .assert_eq(&read_with(&text, &[], &[]).expect_err("a mistake").render(false));
    check(
        &format!("until = 2022-05-18T00:00:00\n{CALLS}"),
        expect![[r#"
        error[two-at-once]: both `horizon` and `until` are given; only one of them can hold
         --> day.toml:3:1
          |
        3 | horizon = "24h"
          | ^^^^^^^
          |
          = help: remove one of them"#]],
    );
}

#[test]
fn times_that_are_none() {
    let text =
        format!("title = \"t\"\nbegins = \"Tuesday\"\nhorizon = \"1 day\"\n[redial]\nnot_before = \"8.30\"\n{CALLS}");
    expect![[r#"
        error[bad-time]: `Tuesday` is not a local date with a time
         --> day.toml:2:10
          |
        2 | begins = "Tuesday"
          |          ^^^^^^^^^
          |
          = help: write 2022-05-17T08:30:00, the centre's local time

        error[bad-duration]: `1 day` is not a length of time; write a number and a unit, such as "6s", "500ms", "2m" or "1h30m"
         --> day.toml:3:11
          |
        3 | horizon = "1 day"
          |           ^^^^^^^

        error[bad-time]: `8.30` is not a time of day
         --> day.toml:5:14
          |
        5 | not_before = "8.30"
          |              ^^^^^^
          |
          = help: write it as "08:30""#]].assert_eq(&read_with(&text, &[], &[]).expect_err("a mistake").render(false));
}

#[test]
fn distributions_that_are_none() {
    let rest = r#"[persona.a]
patience = { exponentail = "5m" }
hesitation = { exponential = "5m", uniform = ["1s", "2s"] }
between_keys = { lognormal = { mean = "1s" } }
menu_patience = { uniform = ["8s", "3s"] }
callback_after = { mixture = [{ share = 0.5, of = "1s" }] }
[persona.b]
patience = { survival = [["5s", 0.9], ["3s", 0.8]] }
hesitation = { survival = [["5s", 1.9]] }
between_keys = { uniform = ["1s"] }
menu_patience = { empirical = [] }
callback_after = {}
[demand.all]
calls = 100
"#;
    check(
        rest,
        expect![[r#"
        error[missing-field]: `patience` does not say which distribution it is
         --> day.toml:5:12
          |
        5 | patience = { exponentail = "5m" }
          |            ^^^^^^^^^^^^^^^^^^^^^^
          |
          = help: one of: exponential, lognormal, gamma, weibull, uniform, mixture, survival, empirical

        error[unknown-field]: a distribution of times has no field `exponentail`
         --> day.toml:5:14
          |
        5 | patience = { exponentail = "5m" }
          |              ^^^^^^^^^^^
          |
          = help: did you mean `exponential`?

        error[two-at-once]: `hesitation` is exponential and uniform at once
         --> day.toml:6:36
          |
        6 | hesitation = { exponential = "5m", uniform = ["1s", "2s"] }
          |                                    ^^^^^^^
          |
          = help: remove one of them

        error[missing-field]: a lognormal distribution needs `sigma` or `cv`
         --> day.toml:7:30
          |
        7 | between_keys = { lognormal = { mean = "1s" } }
          |                              ^^^^^^^^^^^^^^^
          |
          = help: sigma is the standard deviation of the logarithm, cv that of the time over its mean

        error[out-of-order]: 3s comes before 8s
         --> day.toml:8:29
          |
        8 | menu_patience = { uniform = ["8s", "3s"] }
          |                             ^^^^^^^^^^^^
          |
          = help: write the shorter time first

        error[shares-sum]: the shares of the mixture sum to 0.5, not to 1
         --> day.toml:9:30
          |
        9 | callback_after = { mixture = [{ share = 0.5, of = "1s" }] }
          |                              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
          |
          = help: change one of them so that they sum to 1

        error[out-of-order]: after 0.9 at 5s comes 0.8 at 3s; times must rise and shares must fall
          --> day.toml:11:39
           |
        11 | patience = { survival = [["5s", 0.9], ["3s", 0.8]] }
           |                                       ^^^^^^^^^^^
           |
           = help: points are written ["30s", 0.9]: the time, and the share who are still there

        error[bad-point]: this is not a point of a survival curve
          --> day.toml:12:28
           |
        12 | hesitation = { survival = [["5s", 1.9]] }
           |                            ^^^^^^^^^^^
           |
           = help: points are written ["30s", 0.9]: the time, and the share who are still there

        error[wrong-count]: `uniform` has 1 times; it needs two
          --> day.toml:13:28
           |
        13 | between_keys = { uniform = ["1s"] }
           |                            ^^^^^^
           |
           = help: write uniform = ["3s", "8s"]

        error[empty]: `empirical` is empty
          --> day.toml:14:31
           |
        14 | menu_patience = { empirical = [] }
           |                               ^^
           |
           = help: give at least one time

        error[missing-field]: `callback_after` does not say which distribution it is
          --> day.toml:15:18
           |
        15 | callback_after = {}
           |                  ^^
           |
           = help: one of: exponential, lognormal, gamma, weibull, uniform, mixture, survival, empirical"#]],
    );
}

#[test]
fn personas_like_each_other() {
    let rest = "[persona.a]\nlike = \"b\"\n[persona.b]\nlike = \"a\"\n[persona.c]\nlike = \"d\"\nlistening = { option = 0.1, for = \"1s\" }\n[demand.all]\ncalls = 100\n";
    check(
        rest,
        expect![[r#"
        error[like-cycle]: `b` is like `a` in turn; nobody says what both are
         --> day.toml:5:8
          |
        5 | like = "b"
          |        ^^^
          |
          = help: remove one `like`

        error[like-cycle]: `a` is like `b` in turn; nobody says what both are
         --> day.toml:7:8
          |
        7 | like = "a"
          |        ^^^
          |
          = help: remove one `like`

        error[unknown-name]: there is no persona `d`
         --> day.toml:9:8
          |
        9 | like = "d"
          |        ^^^
          |
          = help: did you mean `a`?

        error[two-at-once]: `listening` says two things of which only one can hold
          --> day.toml:10:13
           |
        10 | listening = { option = 0.1, for = "1s" }
           |             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
           |
           = help: write "all", { option = 0.5 } or { for = "2s" }"#]],
    );
}

#[test]
fn shapes_of_a_day() {
    let rest = r#"[demand.a.shape.friday]
days = { weekdays = ["fri", "fry"], on = 2022-05-20, from = 2022-05-20 }
from = "08:15"
weights = [1, -1]
[demand.a.shape.late]
from = "23:00"
weights = [1, 1, 1]
[demand.a.shape.none]
weights = [0, 0]
[demand.a]
calls = 100
"#;
    check(
        rest,
        expect![[r#"
            error[no-shape]: the first shape, `friday`, holds on some days only; the others would have none
             --> day.toml:4:17
              |
            4 | [demand.a.shape.friday]
              |                 ^^^^^^
              |
              = help: put a shape without `days` before it

            error[unknown-word]: `fry` is not a value of `weekdays`
             --> day.toml:5:29
              |
            5 | days = { weekdays = ["fri", "fry"], on = 2022-05-20, from = 2022-05-20 }
              |                             ^^^^^
              |
              = help: did you mean `fri`?

            error[two-at-once]: `on` is one day; `from` beside it says another thing
             --> day.toml:5:54
              |
            5 | days = { weekdays = ["fri", "fry"], on = 2022-05-20, from = 2022-05-20 }
              |                                                      ^^^^
              |
              = help: remove one of them

            error[bad-time]: 08:15 is not the beginning of a half-hour
             --> day.toml:6:8
              |
            6 | from = "08:15"
              |        ^^^^^^^
              |
              = help: choose a full or a half hour

            error[out-of-range]: `weights` must be from 0 to 1000000000
             --> day.toml:7:15
              |
            7 | weights = [1, -1]
              |               ^^

            error[too-many]: 3 half-hours from 23:00 on go beyond the end of the day
              --> day.toml:10:11
               |
            10 | weights = [1, 1, 1]
               |           ^^^^^^^^^
               |
               = help: give at most 2 weights

            error[empty]: the weights are all zero
              --> day.toml:12:11
               |
            12 | weights = [0, 0]
               |           ^^^^^^
               |
               = help: give at least one half-hour a weight above 0"#]],
    );
}

#[test]
fn incidents() {
    let rest = r#"[incident.nothing]
at = "10:00"
[incident.two]
at = "10:00"
sms = "down"
absent = 0.5
[incident.service]
at = "10:00"
service = ["registraton", "identity"]
down = 0.6
lost = 0.6
[incident.groups]
at = 2022-05-18T10:00:00
absent = 1.1
groups = ["ar_pays"]
[incident.node]
at = "10:00"
entry = "adviser.strat"
slow = "5s"
[incident.edit]
at = "10:00"
edit = [{ file = "flows/mian.toml", replace = "a", with = "b" }]
[incident.text]
at = "10:00"
edit = [{ file = "flows/main.toml", replace = "no such text", with = "b" }]
[incident.broken]
at = "10:00"
edit = [{ file = "flows/main.toml", replace = 'kind    = "menu"', with = 'kind = "meun"' }]
[incident.folder]
at = "10:00"
publish = "no/such/folder"
[incident.people]
at = "10:00"
ends = "11:00"
register = 5
[demand.all]
calls = 100
"#;
    check(
        rest,
        expect![[r#"
            error[missing-field]: `nothing` does not say what happens
             --> day.toml:4:11
              |
            4 | [incident.nothing]
              |           ^^^^^^^
              |
              = help: one of: service, sms, publish, edit, entry, absent, register

            error[two-at-once]: `two` is sms and absent at once
             --> day.toml:9:1
              |
            9 | absent = 0.5
              | ^^^^^^
              |
              = help: make it an incident of its own

            error[shares-sum]: `down` and `lost` are shares of the same questions; together they are more than all
              --> day.toml:12:11
               |
            12 | service = ["registraton", "identity"]
               |           ^^^^^^^^^^^^^^^^^^^^^^^^^^^
               |
               = help: lower one of them

            error[unknown-name]: there is no service `registraton`
              --> day.toml:12:12
               |
            12 | service = ["registraton", "identity"]
               |            ^^^^^^^^^^^^^
               |
               = help: did you mean `registration`?

            error[outside-run]: 2022-05-18T10:00:00 is not within the run
              --> day.toml:16:6
               |
            16 | at = 2022-05-18T10:00:00
               |      ^^^^^^^^^^^^^^^^^^^
               |
               = help: choose a time between `begins` and the end of the run

            error[out-of-range]: `absent` must be from 0 to 1
              --> day.toml:17:10
               |
            17 | absent = 1.1
               |          ^^^

            error[unknown-name]: there is no group `ar_pays`
              --> day.toml:18:11
               |
            18 | groups = ["ar_pays"]
               |           ^^^^^^^^^
               |
               = help: did you mean `ar_pay`?

            error[unknown-name]: there is no node `adviser.strat`
              --> day.toml:21:9
               |
            21 | entry = "adviser.strat"
               |         ^^^^^^^^^^^^^^^
               |
               = help: did you mean `adviser.start`?

            error[no-effect]: `slow` says nothing about `entry`
              --> day.toml:22:1
               |
            22 | slow = "5s"
               | ^^^^
               |
               = help: remove it, or write `service`

            error[unknown-name]: there is no file `flows/mian.toml`
              --> day.toml:25:18
               |
            25 | edit = [{ file = "flows/mian.toml", replace = "a", with = "b" }]
               |                  ^^^^^^^^^^^^^^^^^
               |
               = help: did you mean `flows/main.toml`?

            error[no-effect]: flows/main.toml does not hold `no such text`
              --> day.toml:28:47
               |
            28 | edit = [{ file = "flows/main.toml", replace = "no such text", with = "b" }]
               |                                               ^^^^^^^^^^^^^^
               |
               = help: copy the text from the file, spaces and all

            error[bad-centre]: it cannot be published: flows/main.toml:12:8: there is no kind of node called `meun` (did you mean `menu`?)
              --> day.toml:31:8
               |
            31 | edit = [{ file = "flows/main.toml", replace = 'kind    = "menu"', with = 'kind = "meun"' }]
               |        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
               |
               = help: `hatif check DIR` shows every fault in a centre

            error[bad-centre]: it cannot be published: no/such/folder has no centre.toml
              --> day.toml:34:11
               |
            34 | publish = "no/such/folder"
               |           ^^^^^^^^^^^^^^^^
               |
               = help: `hatif check DIR` shows every fault in a centre

            error[no-effect]: who is registered stays registered
              --> day.toml:37:1
               |
            37 | ends = "11:00"
               | ^^^^
               |
               = help: remove `ends`"#]],
    );
}

#[test]
fn staff_and_breaks() {
    let rest = r#"[staffing]
total = 3
[staffing.break.lunch]
from = "13:00"
to = "12:00"
length = "0s"
[staffing.group.en_desk]
headcount = { "8:00" = 2, "25:00" = 1, "08:00" = 3 }
[demand.all]
calls = 100
closed_days = { calendar = "advisors" }
"#;
    check(
        rest,
        expect![[r#"
        error[out-of-order]: 12:00 comes before 13:00
         --> day.toml:6:17
          |
        6 | [staffing.break.lunch]
          |                 ^^^^^
          |
          = help: the first agent goes at `from`, the last at `to`

        error[out-of-range]: `length` must be longer than 0s
         --> day.toml:9:10
          |
        9 | length = "0s"
          |          ^^^^
          |
          = help: write a length of time such as "30m"

        error[bad-time]: `25:00` is not a time of day
          --> day.toml:11:27
           |
        11 | headcount = { "8:00" = 2, "25:00" = 1, "08:00" = 3 }
           |                           ^^^^^^^
           |
           = help: write it as "08:30"

        error[duplicate-key]: 08:00 is here a second time
          --> day.toml:11:40
           |
        11 | headcount = { "8:00" = 2, "25:00" = 1, "08:00" = 3 }
           |                                        ^^^^^^^
           |
           = help: remove one of them

        error[unknown-name]: there is no calendar `advisors`
          --> day.toml:14:28
           |
        14 | closed_days = { calendar = "advisors" }
           |                            ^^^^^^^^^^
           |
           = help: did you mean `advisers`?"#]],
    );
}

#[test]
fn a_centre_that_cannot_be_used() {
    check(
        &format!("centre = \"nowhere\"\n{CALLS}"),
        expect![[r#"
        error[bad-centre]: the centre cannot be used: nowhere has no centre.toml
         --> day.toml:4:10
          |
        4 | centre = "nowhere"
          |          ^^^^^^^^^
          |
          = help: give the folder that holds centre.toml; `hatif check DIR` shows every fault in it"#]],
    );
}

#[test]
fn what_set_changes_is_checked_like_the_file() {
    let text = format!("{}{CALLS}", super::HEAD);
    let overrides = [
        "staffing.totl=78",
        "demand.all.calls=-1",
        "patience=5 minutes",
        "begins=tomorrow",
        "demand.all.intents.pay=1",
    ];
    let report = read_with(&text, &[], &overrides).expect_err("a mistake").render(false);
    expect![[r#"
        error[unknown-field]: [staffing] has no field `totl`
         --> --set staffing.totl=78:1:10
          |
        1 | staffing.totl = 78
          |          ^^^^
          |
          = help: did you mean `total`?

        error[out-of-range]: `calls` must be from 0 to 1000000000
         --> --set demand.all.calls=-1:1:20
          |
        1 | demand.all.calls = -1
          |                    ^^

        error[bad-duration]: `5 minutes` is not a length of time; write a number and a unit, such as "6s", "500ms", "2m" or "1h30m"
         --> --set patience="5 minutes":1:12
          |
        1 | patience = "5 minutes"
          |            ^^^^^^^^^^^
          |
          = help: or "never", or a distribution such as { exponential = "5m" }

        error[bad-time]: `tomorrow` is not a local date with a time
         --> --set begins="tomorrow":1:10
          |
        1 | begins = "tomorrow"
          |          ^^^^^^^^^^
          |
          = help: write 2022-05-17T08:30:00, the centre's local time

        error[unknown-name]: there is no intent `pay`
         --> --set demand.all.intents.pay=1:1:20
          |
        1 | demand.all.intents.pay = 1
          |                    ^^^
          |
          = help: there is: registration_status, payment, amo_file, family, portal, locator, calendar, complaint"#]].assert_eq(&report);
    let report = read_with(&text, &[], &["centre.queue.statsu.max_wait=5m"]).expect_err("a mistake").render(false);
    expect![[r#"
        error[bad-centre]: the centre cannot be changed so: centre.toml has no `statsu` for `queue.statsu.max_wait`; did you mean `status`?
         --> --set centre.queue.statsu.max_wait="5m":1:1
          |
        1 | centre.queue.statsu.max_wait = "5m"
          | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
          |
          = help: give another value that fits centre.toml, or leave this change out; without it the centre is sound"#]].assert_eq(&report);
    let report = read_with(&text, &[], &["centre.queue.status.max_wiat=5m"]).expect_err("a mistake").render(false);
    expect![[r#"
        error[bad-centre]: the centre cannot be changed so: a queue has no field `max_wiat` (did you mean `max_wait`?)
         --> --set centre.queue.status.max_wiat="5m":1:1
          |
        1 | centre.queue.status.max_wiat = "5m"
          | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
          |
          = help: give another value that fits centre.toml, or leave this change out; without it the centre is sound"#]]
    .assert_eq(&report);
}

#[test]
fn the_report_ends_with_how_many_mistakes_there_are() {
    let report = read("seed = -1\n[demand.all]\ncalls = -1\n").expect_err("two mistakes").to_string();
    assert!(report.starts_with("the scenario `day` cannot be used\nerror[out-of-range]"), "{report}");
    assert!(report.ends_with("\n2 mistakes; nothing was run"), "{report}");
}
