//! Corners of queueing: several things at one instant, nobody left, reloads under waiting callers, promises out of hours.

use expect_test::{Expect, expect};

use crate::{
    routing::{FLOW, acd, acd_with},
    support::{
        centre::{ENDINGS, mini},
        rig::{Rig, check, check_log, published},
    },
};

/// The queue `pay` with `rules`, a queue `vip`, and up to four agents for both.
fn desk(rules: &str) -> String {
    format!(
        "[queue.pay]\nskills = {{ pay = 1 }}\n{rules}\n[queue.vip]\nskills = {{ vip = 1 }}\n\
         [group.desk]\nsize = 4\nskills = {{ pay = 5, vip = 5 }}\nlanguages = [\"fr\", \"ar\"]\n"
    )
}

/// Somebody for `pay` who is never on duty.
const ELSEWHERE: &str = "[group.elsewhere]\nsize = 1\nskills = { pay = 1 }\nlanguages = [\"fr\", \"ar\"]\n";

/// Tells `before`, publishes `second` in place of `first`, and tells `after`.
#[track_caller]
fn check_reload(first: &str, second: &str, before: &str, after: &str, expect: &Expect) {
    let mut rig = Rig::new(&acd(first));
    rig.tell_story(before);
    rig.publish(published(&acd(second)));
    rig.tell_story(after);
    let told =
        |line: &&String| !line.contains(" entered ") && !line.contains(" heard ") && !line.contains("1 published");
    let log: Vec<_> = rig.log.iter().filter(told).map(|line| format!("{line}\n")).collect();
    expect.assert_eq(&log.concat());
}

#[test]
fn a_caller_is_sent_on_when_the_last_agent_leaves_while_the_telephone_rings() {
    check(
        &acd(&desk("ring = \"20s\"\nclosed_when_unstaffed = true")),
        "a0 on; call; 1 press 1; wait 5s; a0 off; wait 15s",
        &expect![[r#"
            0.000000 agent 0 logged in, group desk
            0.000000 agent 0 ready
            0.000000 call 1 arrived on script 1 in fr, number withheld
            0.000000 call 1 barged in
            0.000000 call 1 chose 1 at main.start
            0.000000 call 1 queued in pay for fr since 0.000000
            0.000000 call 1 presented to agent 0
            5.000000 agent 0 goes after the work in hand
            20.000000 call 1 not answered by agent 0
            20.000000 agent 0 logged out
            20.000000 call 1 left pay after 20s: closed
            20.000000 call 1 found pay closed
            20.000000 call 1 ended contained at main.bye: script ended
        "#]],
    );
}

#[test]
fn the_longest_wait_ends_with_the_ringing_though_nobody_ever_answers() {
    check(
        &acd(&desk("ring = \"20s\"\nno_answer_pause = \"0s\"\nmax_wait = \"30s\"")),
        "a0 on; call; 1 press 1; wait 2m",
        &expect![[r#"
            0.000000 agent 0 logged in, group desk
            0.000000 agent 0 ready
            0.000000 call 1 arrived on script 1 in fr, number withheld
            0.000000 call 1 barged in
            0.000000 call 1 chose 1 at main.start
            0.000000 call 1 queued in pay for fr since 0.000000
            0.000000 call 1 presented to agent 0
            20.000000 call 1 not answered by agent 0
            20.000000 agent 0 ready
            20.000000 call 1 presented to agent 0
            40.000000 call 1 not answered by agent 0
            40.000000 call 1 left pay after 40s: timed out
            40.000000 call 1 ended contained at main.bye: script ended
            40.000000 agent 0 ready
        "#]],
    );
}

#[test]
fn telephones_that_rang_together_in_vain_ring_together_again() {
    check(
        &acd(&desk("ring = \"20s\"\nno_answer_pause = \"0s\"\nstrategy = \"ring_all\"")),
        "a0 on; a1 on; call; 1 press 1; wait 20s; a1 answer",
        &expect![[r#"
            0.000000 agent 0 logged in, group desk
            0.000000 agent 0 ready
            0.000000 agent 1 logged in, group desk
            0.000000 agent 1 ready
            0.000000 call 1 arrived on script 1 in fr, number withheld
            0.000000 call 1 barged in
            0.000000 call 1 chose 1 at main.start
            0.000000 call 1 queued in pay for fr since 0.000000
            0.000000 call 1 presented to agent 0
            0.000000 call 1 presented to agent 1
            20.000000 call 1 not answered by agent 0
            20.000000 call 1 not answered by agent 1
            20.000000 agent 0 ready
            20.000000 agent 1 ready
            20.000000 call 1 presented to agent 0
            20.000000 call 1 presented to agent 1
            20.000000 agent 0 ready
            20.000000 call 1 answered by agent 1 from pay after 20s
        "#]],
    );
}

#[test]
fn of_agents_freed_together_the_first_takes_the_next_call() {
    check(
        &acd(&desk("strategy = \"ring_all\"")),
        "a0 on; a1 on; a2 on; call; 1 press 1; call; 2 press 2; 1 hang up",
        &expect![[r#"
            0.000000 agent 0 logged in, group desk
            0.000000 agent 0 ready
            0.000000 agent 1 logged in, group desk
            0.000000 agent 1 ready
            0.000000 agent 2 logged in, group desk
            0.000000 agent 2 ready
            0.000000 call 1 arrived on script 1 in fr, number withheld
            0.000000 call 1 barged in
            0.000000 call 1 chose 1 at main.start
            0.000000 call 1 queued in pay for fr since 0.000000
            0.000000 call 1 presented to agent 0
            0.000000 call 1 presented to agent 1
            0.000000 call 1 presented to agent 2
            0.000000 call 2 arrived on script 1 in fr, number withheld
            0.000000 call 2 barged in
            0.000000 call 2 chose 2 at main.start
            0.000000 call 2 queued in vip for fr since 0.000000
            0.000000 agent 0 ready
            0.000000 agent 1 ready
            0.000000 agent 2 ready
            0.000000 call 1 left pay after 0s: abandoned
            0.000000 call 2 presented to agent 0
            0.000000 call 1 ended abandoned at main.pay: caller hung up
        "#]],
    );
}

#[test]
fn a_call_back_is_not_dialled_before_its_caller_has_hung_up() {
    check(
        &acd(&desk("")),
        "call 0600000001; 1 press 1; 1 press 1; a0 on; wait 1s; wait 5s; 2 pick up",
        &expect![[r#"
            0.000000 call 1 arrived on script 1 in fr
            0.000000 call 1 barged in
            0.000000 call 1 chose 1 at main.start
            0.000000 call 1 queued in pay for fr since 0.000000
            0.000000 call 1 barged in
            0.000000 call 1 left pay after 0s: call back
            0.000000 call 1 promised call back 2 from pay
            0.000000 call 2 arrived on script 1 in fr, promised in call 1
            0.000000 call 2 queued in pay for fr since 0.000000
            0.000000 agent 0 logged in, group desk
            0.000000 agent 0 ready
            0.635000 call 1 ended contained at main.bye: script ended
            5.635000 call 2 dialled for agent 0, try 1
            6.000000 call 2 answered by agent 0 from pay after 6s
        "#]],
    );
}

#[test]
fn a_reload_widens_the_circle_of_those_who_wait_already() {
    let first = desk("").replace("pay = 5, vip", "vip") + ELSEWHERE;
    let second = first.replace("[queue.vip]", "overflow = [{ after = \"1m\", to = \"vip\" }]\n[queue.vip]");
    check_reload(
        &first,
        &second,
        "a0 on; call; 1 press 1; wait 10s",
        "wait 1m",
        &expect![[r#"
        0.000000 agent 0 logged in, group desk
        0.000000 agent 0 ready
        0.000000 call 1 arrived on script 1 in fr, number withheld
        0.000000 call 1 barged in
        0.000000 call 1 chose 1 at main.start
        0.000000 call 1 queued in pay for fr since 0.000000
        10.000000 script 2 published
        60.000000 call 1 told place 1, wait 5m30s
        60.000000 call 1 overflowed from pay to vip
        60.000000 call 1 presented to agent 0
    "#]],
    );
}

#[test]
fn a_reload_that_leaves_nobody_for_a_queue_sends_its_callers_on() {
    let first = desk("closed_when_unstaffed = true") + ELSEWHERE;
    let second = first.replace("pay = 5, vip", "vip");
    check_reload(
        &first,
        &second,
        "a0 on; a0 break; call; 1 press 1; wait 10s",
        "wait 1m",
        &expect![[r#"
        0.000000 agent 0 logged in, group desk
        0.000000 agent 0 ready
        0.000000 agent 0 not ready: break
        0.000000 call 1 arrived on script 1 in fr, number withheld
        0.000000 call 1 barged in
        0.000000 call 1 chose 1 at main.start
        0.000000 call 1 queued in pay for fr since 0.000000
        10.000000 script 2 published
        10.000000 call 1 left pay after 10s: closed
        10.000000 call 1 found pay closed
        10.000000 call 1 ended contained at main.bye: script ended
    "#]],
    );
}

const HOURS: &str = "[calendar.desk]\nhours = { thu = [\"05:00-06:00\", \"09:00-10:00\"] }\n";

#[test]
fn a_reload_with_earlier_hours_serves_a_call_back_at_the_earlier_opening() {
    let first = desk("calendar = \"desk\"") + HOURS;
    let second = first.replace("05:00", "02:00");
    let story = "call 0600000001; 1 press 3; wait 1m; a0 on";
    check_reload(
        &first,
        &second,
        story,
        "wait 2h; 2 pick up",
        &expect![[r#"
        0.000000 call 1 arrived on script 1 in fr
        0.000000 call 1 barged in
        0.000000 call 1 chose 3 at main.start
        0.000000 call 1 promised call back 2 from pay
        0.000000 call 2 arrived on script 1 in fr, promised in call 1
        0.000000 call 2 queued in pay for fr since 0.000000
        0.635000 call 1 ended contained at main.bye: script ended
        60.000000 agent 0 logged in, group desk
        60.000000 agent 0 ready
        60.000000 script 2 published
        7200.000000 call 2 dialled for agent 0, try 1
        7225.000000 call 2 not reached, try 1
        7225.000000 agent 0 ready
    "#]],
    );
}

#[test]
fn a_call_back_missed_at_one_opening_is_dialled_at_the_next() {
    let rules = "calendar = \"desk\"\ncallback = { ring = \"25s\", tries = 3, retry_after = \"2h\" }";
    let story = "call 0600000001; 1 press 3; wait 1m; a0 on; wait 9h; 2 pick up";
    check(
        &acd(&(desk(rules) + HOURS)),
        story,
        &expect![[r#"
        0.000000 call 1 arrived on script 1 in fr
        0.000000 call 1 barged in
        0.000000 call 1 chose 3 at main.start
        0.000000 call 1 promised call back 2 from pay
        0.000000 call 2 arrived on script 1 in fr, promised in call 1
        0.000000 call 2 queued in pay for fr since 0.000000
        0.635000 call 1 ended contained at main.bye: script ended
        60.000000 agent 0 logged in, group desk
        60.000000 agent 0 ready
        18000.000000 call 2 dialled for agent 0, try 1
        18025.000000 call 2 not reached, try 1
        18025.000000 agent 0 ready
        32400.000000 call 2 dialled for agent 0, try 2
        32425.000000 call 2 not reached, try 2
        32425.000000 agent 0 ready
    "#]],
    );
}

#[test]
fn a_passed_on_call_back_ends_when_its_wait_in_the_other_queue_does() {
    check(
        &acd(&desk("").replace("[queue.vip]", "[queue.vip]\nmax_wait = \"2m\"")),
        "call 0600000001; 1 press 3; wait 10s; a0 on; 2 pick up; a0 transfer vip; wait 3m",
        &expect![[r#"
            0.000000 call 1 arrived on script 1 in fr
            0.000000 call 1 barged in
            0.000000 call 1 chose 3 at main.start
            0.000000 call 1 promised call back 2 from pay
            0.000000 call 2 arrived on script 1 in fr, promised in call 1
            0.000000 call 2 queued in pay for fr since 0.000000
            0.635000 call 1 ended contained at main.bye: script ended
            10.000000 agent 0 logged in, group desk
            10.000000 agent 0 ready
            10.000000 call 2 dialled for agent 0, try 1
            10.000000 call 2 answered by agent 0 from pay after 10s
            10.000000 call 2 talked 0s with agent 0, ended by the agent
            10.000000 agent 0 began after-call work
            10.000000 call 2 transferred by agent 0 to vip
            10.000000 call 2 queued in vip for fr since 10.000000
            130.000000 call 2 left vip after 2m: timed out
            130.000000 call 2 ended transferred at main.back: script ended
        "#]],
    );
}

#[test]
fn a_caller_passed_on_to_a_queue_that_nobody_serves_is_sent_on() {
    let rules = desk("").replace("pay = 5, vip = 5", "pay = 5")
        + "[group.vips]\nsize = 1\nskills = { vip = 1 }\nlanguages = [\"fr\", \"ar\"]\n";
    check(
        &acd(&rules.replace("[queue.vip]", "[queue.vip]\nclosed_when_unstaffed = true")),
        "a0 on; call; 1 press 1; a0 answer; a0 transfer vip",
        &expect![[r#"
            0.000000 agent 0 logged in, group desk
            0.000000 agent 0 ready
            0.000000 call 1 arrived on script 1 in fr, number withheld
            0.000000 call 1 barged in
            0.000000 call 1 chose 1 at main.start
            0.000000 call 1 queued in pay for fr since 0.000000
            0.000000 call 1 presented to agent 0
            0.000000 call 1 answered by agent 0 from pay after 0s
            0.000000 call 1 talked 0s with agent 0, ended by the agent
            0.000000 agent 0 began after-call work
            0.000000 call 1 transferred by agent 0 to vip
            0.000000 call 1 queued in vip for fr since 0.000000
            0.000000 call 1 left vip after 0s: closed
            0.000000 call 1 found vip closed
            0.000000 call 1 ended contained at main.bye: script ended
        "#]],
    );
}

#[test]
fn who_accepted_another_language_is_called_back_in_it() {
    check(
        &acd(&(desk("").replace("[\"fr\", \"ar\"]", "[\"ar\"]") + ELSEWHERE)),
        "call 0600000001; 1 press 1; 1 press 2; wait 5s; 1 press 1; wait 10s; a0 on; 2 pick up",
        &expect![[r#"
            0.000000 call 1 arrived on script 1 in fr
            0.000000 call 1 barged in
            0.000000 call 1 chose 1 at main.start
            0.000000 call 1 queued in pay for fr since 0.000000
            0.000000 call 1 barged in
            0.000000 call 1 also accepts ar
            5.000000 call 1 left pay after 5s: call back
            5.000000 call 1 promised call back 2 from pay
            5.000000 call 2 arrived on script 1 in fr, promised in call 1
            5.000000 call 2 queued in pay for fr since 0.000000
            5.000000 call 2 also accepts ar
            5.635000 call 1 ended contained at main.bye: script ended
            15.000000 agent 0 logged in, group desk
            15.000000 agent 0 ready
            15.000000 call 2 dialled for agent 0, try 1
            15.000000 call 2 answered by agent 0 from pay after 15s
        "#]],
    );
}

#[test]
fn a_secret_keyed_while_its_question_must_be_heard_out_counts_once_it_was_heard() {
    let flow = r#"
[node.start]
kind = "collect"
prompt = "pin"
into = "pin"
min = 4
max = 4
secret = true
barge_in = false
to = "bye"

[flow]
vars = { pin = "digits" }
"#;
    check(
        &mini(&format!("{flow}{ENDINGS}")),
        "call; 1 press 1234; wait 1m",
        &expect![[r#"
            0.000000 call 1 arrived on script 1 in fr, number withheld
            0.635000 call 1 keyed 4 digits at main.start
            1.270000 call 1 ended contained at main.bye: script ended
        "#]],
    );
}

#[test]
fn the_longest_wait_may_end_in_a_promise_that_keeps_the_place() {
    let flow = FLOW.replacen("timeout = \"bye\"", "timeout = \"back\"", 1);
    check(
        &acd_with(&desk("max_wait = \"30s\""), &flow),
        "call 0600000001; 1 press 1; wait 30s; wait 10s; a0 on; 2 pick up",
        &expect![[r#"
            0.000000 call 1 arrived on script 1 in fr
            0.000000 call 1 barged in
            0.000000 call 1 chose 1 at main.start
            0.000000 call 1 queued in pay for fr since 0.000000
            30.000000 call 1 left pay after 30s: timed out
            30.000000 call 1 promised call back 2 from pay
            30.000000 call 2 arrived on script 1 in fr, promised in call 1
            30.000000 call 2 queued in pay for fr since 0.000000
            30.635000 call 1 ended contained at main.bye: script ended
            40.000000 agent 0 logged in, group desk
            40.000000 agent 0 ready
            40.000000 call 2 dialled for agent 0, try 1
            40.000000 call 2 answered by agent 0 from pay after 40s
        "#]],
    );
}

#[test]
fn a_centre_that_closes_down_promises_nothing() {
    check(
        &acd(&desk("")),
        "call 0600000001; 1 press 1; wait 5s; drain; 1 press 1",
        &expect![[r#"
        0.000000 call 1 arrived on script 1 in fr
        0.000000 call 1 barged in
        0.000000 call 1 chose 1 at main.start
        0.000000 call 1 queued in pay for fr since 0.000000
        5.000000 call 1 left pay after 5s: call back
        5.000000 call 1 ended contained at main.bye: script ended
    "#]],
    );
}

#[test]
fn what_was_keyed_too_short_can_be_read_where_that_is_said() {
    let flow = r#"
[node.start]
kind = "collect"
prompt = "code"
into = "code"
min = 4
max = 4
no_match = [{ from = 1, prompt = { id = "short", when = "call.entry == '12'" } }, { from = 2, then = "bye" }]
to = "bye"

[flow]
vars = { code = "digits" }
"#;
    check_log(
        &mini(&format!("{flow}{ENDINGS}")),
        "call; 1 press 12; wait 4s; 1 hang up",
        &expect![[r#"
        0.000000 call 1 arrived on script 1 in fr, number withheld
        0.000000 call 1 entered main.start
        0.000000 call 1 heard code in fr
        0.000000 call 1 barged in
        3.000000 call 1 no match 1 at main.start, 2 keys
        3.000000 call 1 heard short in fr
        3.000000 call 1 heard code in fr
        4.000000 call 1 ended abandoned at main.start: caller hung up
    "#]],
        |_| true,
    );
}
