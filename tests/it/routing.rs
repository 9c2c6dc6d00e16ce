//! Who gets whom: queues, priorities, skills, hunt strategies, ringing, after-call work, calling back. Each test is a story
//! told to an engine under audit, and the log it must write.

use expect_test::expect;
use hatif::script::Source;

use crate::support::{centre::centre, rig::check};

/// A centre that queues every caller in `pay`, or on key 2 in `vip`. The test writes queues and groups.
pub fn acd(queues_and_groups: &str) -> Source {
    acd_with(queues_and_groups, FLOW)
}

/// The same with a flow of the test's own, such as [`FLOW`] with something replaced.
pub fn acd_with(queues_and_groups: &str, flow: &str) -> Source {
    let toml = format!("{HEAD}{queues_and_groups}");
    centre(&[("centre.toml", &toml), ("flows/main.toml", flow), ("prompts/fr.ftl", TEXTS), ("prompts/ar.ftl", TEXTS)])
}

const TEXTS: &str = "start = start
hold = hold
place = place { $n } wait { $min }
promised = promised
content = content
";

const HEAD: &str = r##"
[centre]
name = "acd"
zone = "UTC"
entry = "main.start"
default_language = "fr"

[languages]
fr = {}
ar = { rtl = true }

[timers]
first_digit = "3s"

[no_input]
tries = 0
then = "main.pay"
[no_match]
tries = 0
then = "main.pay"
[error]
then = "main.bye"

[skills]
names = ["pay", "vip"]
"##;

pub const FLOW: &str = r#"
[node.start]
kind = "menu"
prompt = "start"
choices = { 1 = "pay", 2 = "vip", 3 = "back" }

[node.pay]
kind = "queue"
queue = "pay"
answered = "asked"
full = "bye"
closed = "bye"
timeout = "bye"
treatment = [
  { after = "0s", prompt = "hold", keys = { 1 = { to = "back" }, 2 = { language = "ar" }, 3 = "stay" } },
  { after = "1m", every = "1m", prompt = { id = "place", args = { n = "queue.position", min = "queue.expected" } }, keys = { 1 = { to = "back" } } },
]

[node.vip]
kind = "queue"
queue = "vip"
answered = "bye"
full = "bye"
closed = "bye"
timeout = "bye"

[node.back]
kind = "callback"
queue = "pay"
prompt = "promised"
to = "bye"
failed = "bye"

[node.asked]
kind = "survey"
questions = [{ name = "content", prompt = "content", min = 1, max = 5 }]
to = "bye"

[node.bye]
kind = "end"
outcome = "contained"
"#;

const PAIR: &str = r#"
[queue.pay]
skills = { pay = 1 }
ring = "20s"
no_answer_pause = "1m"
max_wait = "10m"
[queue.vip]
skills = { vip = 1 }
priority = 10
[group.desk]
size = 4
skills = { pay = 5, vip = 5 }
languages = ["fr", "ar"]
"#;

#[test]
fn a_call_is_presented_answered_released_and_surveyed() {
    check(
        &acd(PAIR),
        "a0 on; wait 10s; call; 1 press 1; wait 4s; a0 answer; wait 1m; a0 hold; wait 5s; a0 resume; wait 5s; a0 release; wait 3s
         1 press 4; wait 20s; a0 ready",
        &expect![[r#"
            0.000000 agent 0 logged in, group desk
            0.000000 agent 0 ready
            10.000000 call 1 arrived on script 1 in fr, number withheld
            10.000000 call 1 barged in
            10.000000 call 1 chose 1 at main.start
            10.000000 call 1 queued in pay for fr since 10.000000
            10.000000 call 1 presented to agent 0
            14.000000 call 1 answered by agent 0 from pay after 4s
            74.000000 call 1 held by agent 0
            79.000000 call 1 resumed by agent 0
            84.000000 call 1 talked 1m10s with agent 0, ended by the agent
            84.000000 agent 0 began after-call work
            87.000000 call 1 answered content with 4
            87.000000 call 1 ended contained at main.bye: script ended
            107.000000 agent 0 ready
        "#]],
    );
}

#[test]
fn an_agent_who_does_not_answer_is_taken_out_and_the_call_keeps_its_place() {
    check(
        &acd(PAIR),
        "a0 on; call; 1 press 1; call; 2 press 1; wait 20s; wait 1m; a0 answer",
        &expect![[r#"
            0.000000 agent 0 logged in, group desk
            0.000000 agent 0 ready
            0.000000 call 1 arrived on script 1 in fr, number withheld
            0.000000 call 1 barged in
            0.000000 call 1 chose 1 at main.start
            0.000000 call 1 queued in pay for fr since 0.000000
            0.000000 call 1 presented to agent 0
            0.000000 call 2 arrived on script 1 in fr, number withheld
            0.000000 call 2 barged in
            0.000000 call 2 chose 1 at main.start
            0.000000 call 2 queued in pay for fr since 0.000000
            20.000000 call 1 not answered by agent 0
            20.000000 agent 0 not ready: no answer
            60.000000 call 2 told place 2, wait 10m
            60.000000 call 1 told place 1, wait 5m30s
            80.000000 agent 0 ready
            80.000000 call 1 presented to agent 0
            80.000000 call 1 answered by agent 0 from pay after 1m20s
        "#]],
    );
}

#[test]
fn the_longest_waiting_call_comes_first_and_priority_before_it() {
    check(
        &acd(PAIR),
        "call; 1 press 1; wait 1s; call; 2 press 1; wait 1s; call; 3 press 2; wait 1s
         a0 on; a0 answer; a1 on; a1 answer; a2 on; a2 answer",
        &expect![[r#"
            0.000000 call 1 arrived on script 1 in fr, number withheld
            0.000000 call 1 barged in
            0.000000 call 1 chose 1 at main.start
            0.000000 call 1 queued in pay for fr since 0.000000
            1.000000 call 2 arrived on script 1 in fr, number withheld
            1.000000 call 2 barged in
            1.000000 call 2 chose 1 at main.start
            1.000000 call 2 queued in pay for fr since 1.000000
            2.000000 call 3 arrived on script 1 in fr, number withheld
            2.000000 call 3 barged in
            2.000000 call 3 chose 2 at main.start
            2.000000 call 3 queued in vip for fr since 2.000000
            3.000000 agent 0 logged in, group desk
            3.000000 agent 0 ready
            3.000000 call 3 presented to agent 0
            3.000000 call 3 answered by agent 0 from vip after 1s
            3.000000 agent 1 logged in, group desk
            3.000000 agent 1 ready
            3.000000 call 1 presented to agent 1
            3.000000 call 1 answered by agent 1 from pay after 3s
            3.000000 agent 2 logged in, group desk
            3.000000 agent 2 ready
            3.000000 call 2 presented to agent 2
            3.000000 call 2 answered by agent 2 from pay after 2s
        "#]],
    );
}

#[test]
fn with_ageing_a_long_wait_outweighs_a_higher_priority() {
    let aged = PAIR.replace("[queue.vip]", "ageing = \"1m\"\n[queue.vip]\nageing = \"1m\"");
    check(
        &acd(&aged),
        "call; 1 press 1; wait 11m; call; 2 press 2; wait 1s; a0 on; a0 answer",
        &expect![[r#"
            0.000000 call 1 arrived on script 1 in fr, number withheld
            0.000000 call 1 barged in
            0.000000 call 1 chose 1 at main.start
            0.000000 call 1 queued in pay for fr since 0.000000
            60.000000 call 1 told place 1, wait 5m30s
            120.000000 call 1 told place 1, wait 5m30s
            180.000000 call 1 told place 1, wait 5m30s
            240.000000 call 1 told place 1, wait 5m30s
            300.000000 call 1 told place 1, wait 5m30s
            360.000000 call 1 told place 1, wait 5m30s
            420.000000 call 1 told place 1, wait 5m30s
            480.000000 call 1 told place 1, wait 5m30s
            540.000000 call 1 told place 1, wait 5m30s
            600.000000 call 1 left pay after 10m: timed out
            600.000000 call 1 ended contained at main.bye: script ended
            660.000000 call 2 arrived on script 1 in fr, number withheld
            660.000000 call 2 barged in
            660.000000 call 2 chose 2 at main.start
            660.000000 call 2 queued in vip for fr since 660.000000
            661.000000 agent 0 logged in, group desk
            661.000000 agent 0 ready
            661.000000 call 2 presented to agent 0
            661.000000 call 2 answered by agent 0 from vip after 1s
        "#]],
    );
    let aged = aged.replace("max_wait = \"10m\"", "max_wait = \"1h\"");
    check(
        &acd(&aged),
        "call; 1 press 1; wait 11m; call; 2 press 2; wait 1s; a0 on; a0 answer",
        &expect![[r#"
            0.000000 call 1 arrived on script 1 in fr, number withheld
            0.000000 call 1 barged in
            0.000000 call 1 chose 1 at main.start
            0.000000 call 1 queued in pay for fr since 0.000000
            60.000000 call 1 told place 1, wait 5m30s
            120.000000 call 1 told place 1, wait 5m30s
            180.000000 call 1 told place 1, wait 5m30s
            240.000000 call 1 told place 1, wait 5m30s
            300.000000 call 1 told place 1, wait 5m30s
            360.000000 call 1 told place 1, wait 5m30s
            420.000000 call 1 told place 1, wait 5m30s
            480.000000 call 1 told place 1, wait 5m30s
            540.000000 call 1 told place 1, wait 5m30s
            600.000000 call 1 told place 1, wait 5m30s
            660.000000 call 1 told place 1, wait 5m30s
            660.000000 call 2 arrived on script 1 in fr, number withheld
            660.000000 call 2 barged in
            660.000000 call 2 chose 2 at main.start
            660.000000 call 2 queued in vip for fr since 660.000000
            661.000000 agent 0 logged in, group desk
            661.000000 agent 0 ready
            661.000000 call 1 presented to agent 0
            661.000000 call 1 answered by agent 0 from pay after 11m1s
        "#]],
    );
}

#[test]
fn the_longest_wait_ends_in_the_scripts_way_out() {
    check(
        &acd(PAIR),
        "call; 1 press 1; wait 9m59s; wait 1s",
        &expect![[r#"
            0.000000 call 1 arrived on script 1 in fr, number withheld
            0.000000 call 1 barged in
            0.000000 call 1 chose 1 at main.start
            0.000000 call 1 queued in pay for fr since 0.000000
            60.000000 call 1 told place 1, wait 5m30s
            120.000000 call 1 told place 1, wait 5m30s
            180.000000 call 1 told place 1, wait 5m30s
            240.000000 call 1 told place 1, wait 5m30s
            300.000000 call 1 told place 1, wait 5m30s
            360.000000 call 1 told place 1, wait 5m30s
            420.000000 call 1 told place 1, wait 5m30s
            480.000000 call 1 told place 1, wait 5m30s
            540.000000 call 1 told place 1, wait 5m30s
            600.000000 call 1 left pay after 10m: timed out
            600.000000 call 1 ended contained at main.bye: script ended
        "#]],
    );
}

#[test]
fn a_full_queue_turns_calls_away() {
    let short = PAIR.replace("max_wait", "max_length = 1\nmax_wait");
    check(
        &acd(&short),
        "call; 1 press 1; call; 2 press 1",
        &expect![[r#"
        0.000000 call 1 arrived on script 1 in fr, number withheld
        0.000000 call 1 barged in
        0.000000 call 1 chose 1 at main.start
        0.000000 call 1 queued in pay for fr since 0.000000
        0.000000 call 2 arrived on script 1 in fr, number withheld
        0.000000 call 2 barged in
        0.000000 call 2 chose 1 at main.start
        0.000000 call 2 found pay full
        0.000000 call 2 ended contained at main.bye: script ended
    "#]],
    );
}

#[test]
fn an_abandoned_call_frees_the_agent_it_was_ringing() {
    check(
        &acd(PAIR),
        "a0 on; call; 1 press 1; call; 2 press 1; wait 2s; 1 hang up; a0 answer",
        &expect![[r#"
            0.000000 agent 0 logged in, group desk
            0.000000 agent 0 ready
            0.000000 call 1 arrived on script 1 in fr, number withheld
            0.000000 call 1 barged in
            0.000000 call 1 chose 1 at main.start
            0.000000 call 1 queued in pay for fr since 0.000000
            0.000000 call 1 presented to agent 0
            0.000000 call 2 arrived on script 1 in fr, number withheld
            0.000000 call 2 barged in
            0.000000 call 2 chose 1 at main.start
            0.000000 call 2 queued in pay for fr since 0.000000
            2.000000 agent 0 ready
            2.000000 call 1 left pay after 2s: abandoned
            2.000000 call 2 presented to agent 0
            2.000000 call 1 ended abandoned at main.pay: caller hung up
            2.000000 call 2 answered by agent 0 from pay after 2s
        "#]],
    );
}

#[test]
fn a_call_back_keeps_its_place_and_reaches_its_caller() {
    check(
        &acd(PAIR),
        "call 0600000001; 1 press 1; wait 10s; call 0600000002; 2 press 1; wait 5s; 1 press 1; wait 30s
         a0 on; wait 3s; 3 pick up; wait 1m; a0 release; a0 ready; a0 answer",
        &expect![[r#"
            0.000000 call 1 arrived on script 1 in fr
            0.000000 call 1 barged in
            0.000000 call 1 chose 1 at main.start
            0.000000 call 1 queued in pay for fr since 0.000000
            10.000000 call 2 arrived on script 1 in fr
            10.000000 call 2 barged in
            10.000000 call 2 chose 1 at main.start
            10.000000 call 2 queued in pay for fr since 10.000000
            15.000000 call 1 left pay after 15s: call back
            15.000000 call 1 promised call back 3 from pay
            15.000000 call 3 arrived on script 1 in fr, promised in call 1
            15.000000 call 3 queued in pay for fr since 0.000000
            15.635000 call 1 ended contained at main.bye: script ended
            45.000000 agent 0 logged in, group desk
            45.000000 agent 0 ready
            45.000000 call 3 dialled for agent 0, try 1
            48.000000 call 3 answered by agent 0 from pay after 48s
            70.000000 call 2 told place 1, wait 5m30s
            108.000000 call 3 talked 1m with agent 0, ended by the agent
            108.000000 agent 0 began after-call work
            108.000000 agent 0 ready
            108.000000 call 2 presented to agent 0
            108.000000 call 2 answered by agent 0 from pay after 1m38s
        "#]],
    );
}

#[test]
fn a_caller_who_is_not_reached_is_tried_again_and_then_given_up() {
    let rules = PAIR.replace("max_wait", "callback = { ring = \"25s\", tries = 2, retry_after = \"5m\" }\nmax_wait");
    check(
        &acd(&rules),
        "call 0600000001; 1 press 1; wait 5s; 1 press 1; a0 on; wait 31s; wait 5m; 2 unreachable",
        &expect![[r#"
            0.000000 call 1 arrived on script 1 in fr
            0.000000 call 1 barged in
            0.000000 call 1 chose 1 at main.start
            0.000000 call 1 queued in pay for fr since 0.000000
            5.000000 call 1 left pay after 5s: call back
            5.000000 call 1 promised call back 2 from pay
            5.000000 call 2 arrived on script 1 in fr, promised in call 1
            5.000000 call 2 queued in pay for fr since 0.000000
            5.000000 agent 0 logged in, group desk
            5.000000 agent 0 ready
            5.635000 call 1 ended contained at main.bye: script ended
            10.635000 call 2 dialled for agent 0, try 1
            35.635000 call 2 not reached, try 1
            35.635000 agent 0 ready
            335.635000 call 2 dialled for agent 0, try 2
            336.000000 call 2 not reached, try 2
            336.000000 call 2 left pay after 5m36s: timed out
            336.000000 call 2 ended failed at main.pay: call back unreached
            336.000000 agent 0 ready
        "#]],
    );
}

#[test]
fn a_withheld_number_cannot_be_promised_a_call_back() {
    check(
        &acd(PAIR),
        "call; 1 press 1; wait 5s; 1 press 1",
        &expect![[r#"
        0.000000 call 1 arrived on script 1 in fr, number withheld
        0.000000 call 1 barged in
        0.000000 call 1 chose 1 at main.start
        0.000000 call 1 queued in pay for fr since 0.000000
        5.000000 call 1 left pay after 5s: call back
        5.000000 call 1 ended contained at main.bye: script ended
    "#]],
    );
}

#[test]
fn an_agent_of_another_language_takes_the_call_only_after_consent() {
    let ar_only = PAIR.replace("languages = [\"fr\", \"ar\"]", "languages = [\"ar\"]");
    check(
        &acd(&ar_only),
        "a0 on; call; 1 press 1; wait 30s; 1 press 2; a0 answer",
        &expect![[r#"
        0.000000 agent 0 logged in, group desk
        0.000000 agent 0 ready
        0.000000 call 1 arrived on script 1 in fr, number withheld
        0.000000 call 1 barged in
        0.000000 call 1 chose 1 at main.start
        0.000000 call 1 queued in pay for fr since 0.000000
        30.000000 call 1 also accepts ar
        30.000000 call 1 presented to agent 0
        30.000000 call 1 answered by agent 0 from pay after 30s
    "#]],
    );
}

const LEVELS: &str = r#"
[queue.pay]
skills = { pay = { min = 5, relax_after = "30s" } }
overflow = [{ after = "2m", to = "vip" }]
[queue.vip]
skills = { vip = 1 }
[group.juniors]
size = 2
skills = { pay = 2 }
languages = ["fr", "ar"]
[group.seniors]
size = 2
skills = { pay = 7 }
languages = ["fr", "ar"]
[group.others]
size = 2
skills = { vip = 7 }
languages = ["fr", "ar"]
"#;

#[test]
fn a_lower_level_will_do_after_a_while() {
    check(
        &acd(LEVELS),
        "a0 on juniors; call; 1 press 1; wait 29s; wait 1s; a0 answer",
        &expect![[r#"
        0.000000 agent 0 logged in, group juniors
        0.000000 agent 0 ready
        0.000000 call 1 arrived on script 1 in fr, number withheld
        0.000000 call 1 barged in
        0.000000 call 1 chose 1 at main.start
        0.000000 call 1 queued in pay for fr since 0.000000
        30.000000 call 1 overflowed from pay to pay
        30.000000 call 1 presented to agent 0
        30.000000 call 1 answered by agent 0 from pay after 30s
    "#]],
    );
}

#[test]
fn another_queues_agents_take_the_overflow() {
    check(
        &acd(LEVELS),
        "a0 on others; call; 1 press 1; wait 1m59s; wait 1s; a0 answer",
        &expect![[r#"
        0.000000 agent 0 logged in, group others
        0.000000 agent 0 ready
        0.000000 call 1 arrived on script 1 in fr, number withheld
        0.000000 call 1 barged in
        0.000000 call 1 chose 1 at main.start
        0.000000 call 1 queued in pay for fr since 0.000000
        30.000000 call 1 overflowed from pay to pay
        60.000000 call 1 told place 1, wait 5m30s
        120.000000 call 1 overflowed from pay to vip
        120.000000 call 1 presented to agent 0
        120.000000 call 1 answered by agent 0 from pay after 2m
    "#]],
    );
}

#[test]
fn everybody_rings_and_the_first_to_answer_has_the_call() {
    let all = PAIR.replace("ring = \"20s\"", "ring = \"20s\"\nstrategy = \"ring_all\"");
    check(
        &acd(&all),
        "a0 on; a1 on; a2 on; call; 1 press 1; wait 2s; a1 answer",
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
        2.000000 agent 0 ready
        2.000000 agent 2 ready
        2.000000 call 1 answered by agent 1 from pay after 2s
    "#]],
    );
}

#[test]
fn callers_told_that_nobody_is_left_go_the_closed_way() {
    let unstaffed = PAIR.replace("max_wait", "closed_when_unstaffed = true\nmax_wait");
    check(
        &acd(&unstaffed),
        "call; 1 press 1; a0 on; a0 break; call; 2 press 1; wait 5s; a0 off",
        &expect![[r#"
            0.000000 call 1 arrived on script 1 in fr, number withheld
            0.000000 call 1 barged in
            0.000000 call 1 chose 1 at main.start
            0.000000 call 1 found pay closed
            0.000000 call 1 ended contained at main.bye: script ended
            0.000000 agent 0 logged in, group desk
            0.000000 agent 0 ready
            0.000000 agent 0 not ready: break
            0.000000 call 2 arrived on script 1 in fr, number withheld
            0.000000 call 2 barged in
            0.000000 call 2 chose 1 at main.start
            0.000000 call 2 queued in pay for fr since 0.000000
            5.000000 agent 0 logged out
            5.000000 call 2 left pay after 5s: closed
            5.000000 call 2 found pay closed
            5.000000 call 2 ended contained at main.bye: script ended
        "#]],
    );
}

#[test]
fn an_agent_who_leaves_in_mid_call_finishes_it_first() {
    check(
        &acd(PAIR),
        "a0 on; call; 1 press 1; a0 answer; wait 5s; a0 off; call; 2 press 1; wait 5s; a0 release; wait 5s; a0 ready",
        &expect![[r#"
            0.000000 agent 0 logged in, group desk
            0.000000 agent 0 ready
            0.000000 call 1 arrived on script 1 in fr, number withheld
            0.000000 call 1 barged in
            0.000000 call 1 chose 1 at main.start
            0.000000 call 1 queued in pay for fr since 0.000000
            0.000000 call 1 presented to agent 0
            0.000000 call 1 answered by agent 0 from pay after 0s
            5.000000 agent 0 goes after the work in hand
            5.000000 call 2 arrived on script 1 in fr, number withheld
            5.000000 call 2 barged in
            5.000000 call 2 chose 1 at main.start
            5.000000 call 2 queued in pay for fr since 5.000000
            10.000000 call 1 talked 10s with agent 0, ended by the agent
            10.000000 agent 0 began after-call work
            13.635000 call 1 no input 1 at main.asked
            13.635000 call 1 ended contained at main.bye: script ended
            15.000000 agent 0 logged out
        "#]],
    );
}

#[test]
fn a_passed_on_caller_waits_in_the_other_queue() {
    check(
        &acd(PAIR),
        "a0 on; a1 on; call; 1 press 1; a0 answer; wait 1m; a0 transfer vip; a1 answer; 1 hang up",
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
            0.000000 call 1 answered by agent 0 from pay after 0s
            60.000000 call 1 talked 1m with agent 0, ended by the agent
            60.000000 agent 0 began after-call work
            60.000000 call 1 transferred by agent 0 to vip
            60.000000 call 1 queued in vip for fr since 60.000000
            60.000000 call 1 presented to agent 1
            60.000000 call 1 answered by agent 1 from vip after 0s
            60.000000 call 1 talked 0s with agent 1, ended by the caller
            60.000000 agent 1 began after-call work
            60.000000 call 1 ended transferred at main.pay: caller hung up
        "#]],
    );
}

#[test]
fn after_call_work_ends_by_its_limit() {
    let limited = PAIR.replace("max_wait", "wrap_up_limit = \"30s\"\nmax_wait");
    check(
        &acd(&limited),
        "a0 on; call; 1 press 1; a0 answer; a0 release; wait 30s",
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
            3.635000 call 1 no input 1 at main.asked
            3.635000 call 1 ended contained at main.bye: script ended
            30.000000 agent 0 ready
        "#]],
    );
}

#[test]
fn a_draining_centre_refuses_new_calls_and_keeps_the_others() {
    check(
        &acd(PAIR),
        "a0 on; call; drain; call; 1 press 1; a0 answer; a0 release; 1 press 5",
        &expect![[r#"
        0.000000 agent 0 logged in, group desk
        0.000000 agent 0 ready
        0.000000 call 1 arrived on script 1 in fr, number withheld
        0.000000 a call was refused
        0.000000 call 1 barged in
        0.000000 call 1 chose 1 at main.start
        0.000000 call 1 queued in pay for fr since 0.000000
        0.000000 call 1 presented to agent 0
        0.000000 call 1 answered by agent 0 from pay after 0s
        0.000000 call 1 talked 0s with agent 0, ended by the agent
        0.000000 agent 0 began after-call work
        0.000000 call 1 barged in
        0.000000 call 1 answered content with 5
        0.000000 call 1 ended contained at main.bye: script ended
    "#]],
    );
}

#[test]
fn inputs_that_no_longer_fit_change_nothing() {
    check(
        &acd(PAIR),
        "a0 on; a0 answer; a0 release; a0 hold; call; 1 hang up; 1 press 1; 1 hang up; 7 press 1; a0 transfer pay; 1 pick up",
        &expect![[r#"
            0.000000 agent 0 logged in, group desk
            0.000000 agent 0 ready
            0.000000 call 1 arrived on script 1 in fr, number withheld
            0.000000 call 1 ended abandoned at main.start: caller hung up
        "#]],
    );
}
