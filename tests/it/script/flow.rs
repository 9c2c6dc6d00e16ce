//! Where calls go: ways that are missing, ends that are not reached, values and data that come too early.

use expect_test::expect;

use super::{centre_with, check, check_files};
use crate::support::centre::{CENTRE, ENDINGS};

#[test]
fn a_node_no_call_can_reach() {
    check(
        r##"
[node.start]
kind = "goto"
to = "adviser"

[node.old]
kind = "say"
prompt = "hello"
to = "older"

[node.older]
kind = "say"
prompt = "hello"
to = "bye"
"##,
        expect![[r#"
            error[unreachable-node]: no call can reach the node `old` and 1 behind it
             --> flows/main.toml:6:7
              |
            6 | [node.old]
              |       ^^^
              |
              = help: lead to it from another node, or remove it"#]],
    );
}

#[test]
fn a_way_without_an_outcome() {
    check(
        r##"
[node.start]
kind = "menu"
prompt = "menu"
globals = ["9"]
choices = { 1 = "more", 2 = "adviser" }

[node.more]
kind = "menu"
prompt = "more"
globals = false
choices = { 1 = "more" }
no_input = { then = "more" }
no_match = { then = "more" }
"##,
        expect![[r#"
            error[no-adviser]: from `more` on no way leads to an adviser, not even within business hours
             --> flows/main.toml:8:7
              |
            8 | [node.more]
              |       ^^^^
              |
              = note: reached by: 1
              = help: let the global key 0 work here, or lead one way to a `queue` node

            error[no-outcome]: from `more` on no way ends the call: callers can only hang up
             --> flows/main.toml:8:7
              |
            8 | [node.more]
              |       ^^^^
              |
              = note: reached by: 1
              = help: let one way lead to an `end`, a `queue`, a `transfer` or a `return`

            warning[silent-loop]: a caller who says nothing is led round for ever: main.more → main.more
             --> flows/main.toml:8:7
              |
            8 | [node.more]
              |       ^^^^
              |
              = note: reached by: 1
              = help: let silence lead to an end of the call at last"#]],
    );
}

#[test]
fn a_loop_that_nothing_stops() {
    check(
        r##"
[node.start]
kind = "menu"
prompt = "menu"
choices = { 1 = "first", 2 = "adviser" }

[node.first]
kind = "say"
prompt = "hello"
to = "second"

[node.second]
kind = "branch"
when = [{ if = "call.level == 2", to = "bye" }]
else = "first"
"##,
        expect![[r#"
            error[endless-loop]: nothing ever stops this loop: main.first → main.second → main.first
             --> flows/main.toml:7:7
              |
            7 | [node.first]
              |       ^^^^^
              |
              = note: reached by: 1
              = help: put an input, a wait or a `loop` node into it"#]],
    );
}

#[test]
fn a_loop_with_a_counter_is_no_fault() {
    check(
        r##"
[node.start]
kind = "say"
prompt = "hello"
to = "again"

[node.again]
kind = "loop"
times = 3
body = "start"
done = "by_hand"

[flow]
vars = { n = { type = "number", initial = 0 } }

[node.by_hand]
kind = "set"
set = { n = "n + 1" }
to = "look"

[node.look]
kind = "branch"
when = [{ if = "n < 3", to = "by_hand" }]
else = "adviser"
"##,
        expect![[r#""#]],
    );
}

#[test]
fn a_loop_for_callers_who_say_nothing() {
    check(
        r##"
[node.start]
kind = "menu"
prompt = "menu"
choices = { 1 = "bye", 2 = "adviser" }
no_input = { tries = 1, then = "sorry" }

[node.sorry]
kind = "say"
prompt = "sorry"
to = "start"
"##,
        expect![[r#"
            warning[silent-loop]: a caller who says nothing is led round for ever: main.start → main.sorry → main.start
             --> flows/main.toml:2:7
              |
            2 | [node.start]
              |       ^^^^^
              |
              = note: reached by: (on dialling)
              = help: let silence lead to an end of the call at last"#]],
    );
}

#[test]
fn personal_data_before_authentication() {
    check(
        r##"
[node.start]
kind = "menu"
prompt = "menu"
choices = { 1 = "who", 2 = "family", 3 = "status" }

[node.who]
kind = "authenticate"
level = 1
ok = "own"
failed = "adviser"

[node.own]
kind = "menu"
prompt = "own"
choices = { 1 = "status", 2 = "family" }

[node.family]
kind = "lookup"
service = "family"
outcomes = { found = "bye", not_registered = "bye" }

[node.status]
kind = "lookup"
service = "registration"
outcomes = { registered = "bye", pending = "bye", under_review = "bye", other_cover = "bye", not_transmitted = "bye" }
"##,
        expect![[r#"
            error[data-before-authentication]: personal data are open to callers who are not known: the service `family` needs access level 2, but a call can get here with level 0
              --> flows/main.toml:20:11
               |
            20 | service = "family"
               |           ^^^^^^^^
               |
               = note: reached by: 2
               = help: let every way here pass an `authenticate` node with level = 2

            error[data-before-authentication]: personal data are open to callers who are not known: the service `registration` needs access level 1, but a call can get here with level 0
              --> flows/main.toml:25:11
               |
            25 | service = "registration"
               |           ^^^^^^^^^^^^^^
               |
               = note: reached by: 3
               = help: let every way here pass an `authenticate` node with level = 1"#]],
    );
}

#[test]
fn personal_data_behind_a_condition_or_an_authentication_are_no_fault() {
    check(
        r##"
[node.start]
kind = "branch"
when = [{ if = "not (call.level < 2) and call.has_number", to = "family" }]
else = "who"

[node.who]
kind = "authenticate"
level = 2
ok = "family"
failed = "adviser"

[node.family]
kind = "lookup"
service = "family"
outcomes = { found = "bye", not_registered = "adviser" }
"##,
        expect![[r#""#]],
    );
}

#[test]
fn a_variable_read_before_it_is_set() {
    check(
        r##"
[flow]
vars = { spouses = "number", children = "number" }

[node.start]
kind = "authenticate"
level = 2
ok = "family"
failed = "adviser"

[node.family]
kind = "lookup"
service = "family"
into = { spouses = "spouses", children = "children" }
outcomes = { found = "look", not_registered = "look" }

[node.look]
kind = "branch"
when = [{ if = "children > 0", to = "bye" }, { if = "queue.position > spouses", to = "bye" }]
else = "adviser"
"##,
        expect![[r#"
            error[unset-variable]: `children` is read here, but a call can come here without its being set
              --> flows/main.toml:19:17
               |
            19 | when = [{ if = "children > 0", to = "bye" }, { if = "queue.position > spouses", to = "bye" }]
               |                 ^^^^^^^^
               |
               = note: reached by: <9 digits> <8 digits> <6 digits>
               = help: give it an `initial` value, or set it on every way that leads here

            error[unset-variable]: `queue.position` is read here, but a call can come here without its being set
              --> flows/main.toml:19:54
               |
            19 | when = [{ if = "children > 0", to = "bye" }, { if = "queue.position > spouses", to = "bye" }]
               |                                                      ^^^^^^^^^^^^^^
               |
               = note: reached by: <9 digits> <8 digits> <6 digits>
               = help: it is known at a `queue` node and after it: use it in the treatment

            error[unset-variable]: `spouses` is read here, but a call can come here without its being set
              --> flows/main.toml:19:71
               |
            19 | when = [{ if = "children > 0", to = "bye" }, { if = "queue.position > spouses", to = "bye" }]
               |                                                                       ^^^^^^^
               |
               = note: reached by: <9 digits> <8 digits> <6 digits>
               = help: give it an `initial` value, or set it on every way that leads here"#]],
    );
}

#[test]
fn a_variable_set_on_every_way_is_no_fault() {
    check(
        r##"
[flow]
vars = { code = "digits", n = "number" }

[node.start]
kind = "collect"
prompt = "ask"
into = "code"
valid = "code != '0' and call.entry != '1'"
to = "count"

[node.count]
kind = "set"
set = { n = "1" }
to = "look"

[node.look]
kind = "branch"
when = [{ if = "n == 1 and code == '22' and call.entry == '22'", to = "bye" }]
else = "adviser"
"##,
        expect![[r#""#]],
    );
}

#[test]
fn a_flow_that_calls_itself() {
    let main = [
        r##"
[node.start]
kind = "call"
flow = "one"
to = "adviser"
"##,
        ENDINGS,
    ]
    .concat();
    check_files(
        &[
            ("centre.toml", CENTRE),
            ("flows/main.toml", &main),
            (
                "flows/one.toml",
                r##"
[node.start]
kind = "call"
flow = "two"
to = "back"

[node.back]
kind = "return"
"##,
            ),
            (
                "flows/two.toml",
                r##"
[node.start]
kind = "branch"
when = [{ if = "call.level == 0", to = "deeper" }]
else = "back"

[node.deeper]
kind = "call"
flow = "one"
to = "back"

[node.back]
kind = "return"
"##,
            ),
        ],
        expect![[r#"
            error[recursive-flow]: this call leads back to `one.start`, which it is made from
             --> flows/one.toml:4:8
              |
            4 | flow = "two"
              |        ^^^^^
              |
              = note: reached by: (on dialling)
              = help: flows cannot call themselves; use `goto`, or a `loop` node

            error[recursive-flow]: this call leads back to `two.start`, which it is made from
             --> flows/two.toml:9:8
              |
            9 | flow = "one"
              |        ^^^^^
              |
              = note: reached by: (on dialling)
              = help: flows cannot call themselves; use `goto`, or a `loop` node"#]],
    );
}

#[test]
fn a_return_without_a_call() {
    check(
        r##"
[node.start]
kind = "menu"
prompt = "menu"
choices = { 1 = "back", 2 = "adviser" }

[node.back]
kind = "return"
"##,
        expect![[r#"
            error[stray-return]: a call can come to `back` without being in a called flow, and has nowhere to return to
             --> flows/main.toml:7:7
              |
            7 | [node.back]
              |       ^^^^
              |
              = note: reached by: 1
              = help: reach it through a `call` node only, or end the call here"#]],
    );
}

#[test]
fn what_a_call_gives_and_takes() {
    let main = [
        r##"
[flow]
vars = { n = "number", done = { type = "bool", initial = false } }

[node.start]
kind = "call"
flow = "sub"
with = { m = "1" }
results = { done = "ok", n = "count" }
to = "next"

[node.next]
kind = "call"
flow = "sub"
with = { a = "true" }
results = { n = "nmber" }
to = "look"

[node.look]
kind = "branch"
when = [{ if = "done and n > 1", to = "bye" }]
else = "adviser"
"##,
        ENDINGS,
    ]
    .concat();
    check_files(
        &[
            ("centre.toml", CENTRE),
            ("flows/main.toml", &main),
            (
                "flows/sub.toml",
                r##"
[flow]
params = { a = "number", b = "number" }
results = { ok = "bool", count = "number" }

[node.start]
kind = "branch"
when = [{ if = "a > b", to = "yes" }]
else = "no"

[node.yes]
kind = "return"
values = { ok = true, count = 1 }

[node.no]
kind = "return"
values = { ok = "false", cnt = 1 }
"##,
            ),
        ],
        expect![[r#"
            error[missing-argument]: the flow `sub` must be told `a`
             --> flows/main.toml:7:8
              |
            7 | flow = "sub"
              |        ^^^^^
              |
              = help: add with = { a = "…" }

            error[missing-argument]: the flow `sub` must be told `b`
             --> flows/main.toml:7:8
              |
            7 | flow = "sub"
              |        ^^^^^
              |
              = help: add with = { b = "…" }

            error[unknown-parameter]: the flow `sub` has no parameter `m`
             --> flows/main.toml:8:10
              |
            8 | with = { m = "1" }
              |          ^
              |
              = help: did you mean `a`?

            error[unset-variable]: the flow `sub` can return without having set its result `count`
             --> flows/main.toml:9:31
              |
            9 | results = { done = "ok", n = "count" }
              |                               ^^^^^
              |
              = note: reached by: (on dialling)
              = help: set it at every return: values = { count = … }

            error[missing-argument]: the flow `sub` must be told `b`
              --> flows/main.toml:14:8
               |
            14 | flow = "sub"
               |        ^^^^^
               |
               = help: add with = { b = "…" }

            error[type-mismatch]: this is a truth value, but a number is needed here
              --> flows/main.toml:15:15
               |
            15 | with = { a = "true" }
               |               ^^^^

            error[unknown-result]: the flow `sub` has no result `nmber`
              --> flows/main.toml:16:17
               |
            16 | results = { n = "nmber" }
               |                 ^^^^^^^
               |
               = help: there is: ok, count

            error[unset-variable]: `n` is read here, but a call can come here without its being set
              --> flows/main.toml:21:26
               |
            21 | when = [{ if = "done and n > 1", to = "bye" }]
               |                          ^
               |
               = note: reached by: (on dialling)
               = help: give it an `initial` value, or set it on every way that leads here

            error[unknown-result]: the flow `sub` has no result `cnt`
              --> flows/sub.toml:17:26
               |
            17 | values = { ok = "false", cnt = 1 }
               |                          ^^^
               |
               = help: there is: ok, count"#]],
    );
}

#[test]
fn a_chain_after_a_hang_up_that_speaks() {
    check(
        r##"
[flow]
hangup = "gone"

[node.start]
kind = "menu"
prompt = "menu"
choices = { 1 = "bye", 2 = "adviser" }

[node.gone]
kind = "branch"
when = [{ if = "call.level == 0", to = "lost" }]
else = "bye"

[node.lost]
kind = "menu"
prompt = "menu"
choices = { 1 = "bye" }
"##,
        expect![[r#"
            error[hangup-speaks]: `lost` needs somebody on the line, but runs after the caller has hung up
              --> flows/main.toml:15:7
               |
            15 | [node.lost]
               |       ^^^^
               |
               = note: reached by: (hang-up)
               = help: a chain after `hangup` has set, branch, switch, lookup, hours, split, goto and end nodes, without prompts

            error[hangup-speaks]: `bye` says something, but runs after the caller has hung up
              --> flows/main.toml:28:7
               |
            28 | [node.bye]
               |       ^^^
               |
               = note: reached by: 1
               = help: a chain after `hangup` has set, branch, switch, lookup, hours, split, goto and end nodes, without prompts"#]],
    );
}

#[test]
fn outcomes_and_cases_that_lead_nowhere() {
    check(
        r##"
[flow]
vars = { ref = { type = "digits", initial = "1" }, at = "complaint_state" }

[node.start]
kind = "lookup"
service = "complaint_status"
with = { ref = "ref" }
into = { state = "at" }
outcomes = { found = "which" }

[node.which]
kind = "switch"
on = "at"
cases = { received = "bye", procesing = "bye" }

[node.wait]
kind = "queue"
queue = "help"
answered = "bye"
full = "bye"
"##,
        expect![[r#"
            error[missing-outcome]: the service `complaint_status` can also answer unknown
              --> flows/main.toml:10:1
               |
            10 | outcomes = { found = "which" }
               | ^^^^^^^^
               |
               = help: add unknown = "NODE"

            error[missing-field]: some values have no case here
              --> flows/main.toml:15:1
               |
            15 | cases = { received = "bye", procesing = "bye" }
               | ^^^^^
               |
               = help: add else = "NODE" for all other values

            error[unknown-word]: `procesing` is not a word of `complaint_state`
              --> flows/main.toml:15:29
               |
            15 | cases = { received = "bye", procesing = "bye" }
               |                             ^^^^^^^^^
               |
               = help: did you mean `processing`?

            error[missing-field]: a queue node needs the field `closed`
              --> flows/main.toml:17:1
               |
            17 | [node.wait]
               | ^^^^^^^^^^^
               |
               = help: `closed`: the queue is closed

            error[missing-field]: a queue node needs the field `timeout`
              --> flows/main.toml:17:1
               |
            17 | [node.wait]
               | ^^^^^^^^^^^
               |
               = help: `timeout`: the longest wait is over"#]],
    );
}

#[test]
fn nothing_for_silence_and_faults() {
    let centre = centre_with("[no_input]\nprompt = \"err-in\"\ntries = 2\nthen = \"main.adviser\"\n", "");
    let centre = centre.replace(
        "[no_match]\nprompt = \"err-bad\"\ntries = 2\nthen = \"main.adviser\"\n[error]\nthen = \"main.adviser\"\n",
        "",
    );
    let main = [
        r##"
[node.start]
kind = "menu"
prompt = "menu"
choices = { 1 = "find", 2 = "adviser" }

[node.find]
kind = "lookup"
service = "complaint_new"
outcomes = { lodged = "bye" }
"##,
        ENDINGS,
    ]
    .concat();
    check_files(
        &[("centre.toml", &centre), ("flows/main.toml", &main)],
        expect![[r#"
        error[missing-handler]: nothing says what happens at `start` when the caller presses a wrong key
         --> flows/main.toml:2:7
          |
        2 | [node.start]
          |       ^^^^^
          |
          = note: reached by: (on dialling)
          = help: add no_match = { then = "NODE" } here, to [flow], or [no_match] to centre.toml

        error[missing-handler]: nothing says what happens at `start` when the caller says nothing
         --> flows/main.toml:2:7
          |
        2 | [node.start]
          |       ^^^^^
          |
          = note: reached by: (on dialling)
          = help: add no_input = { then = "NODE" } here, to [flow], or [no_input] to centre.toml

        error[missing-handler]: nothing says what happens at `find` when the service is unavailable
         --> flows/main.toml:7:7
          |
        7 | [node.find]
          |       ^^^^
          |
          = note: reached by: 1
          = help: add error = { then = "NODE" } here, to [flow], or [error] to centre.toml"#]],
    );
}

#[test]
fn opening_times_before_an_hours_node() {
    check(
        r##"
[node.start]
kind = "say"
prompt = { id = "open", when = "hours.opens < 09:00" }
to = "adviser"
"##,
        expect![[r#"
            error[unset-variable]: `hours.opens` is read here, but a call can come here without its being set
             --> flows/main.toml:4:33
              |
            4 | prompt = { id = "open", when = "hours.opens < 09:00" }
              |                                 ^^^^^^^^^^^
              |
              = note: reached by: (on dialling)
              = help: an `hours` node sets it: put one before this"#]],
    );
}

#[test]
fn a_return_from_another_flow_than_the_one_called() {
    let main = ["\n[node.start]\nkind = \"call\"\nflow = \"one\"\nto = \"adviser\"\n", ENDINGS].concat();
    let one = "[node.start]\nkind = \"goto\"\nto = \"two.start\"\n";
    let two = "[node.start]\nkind = \"return\"\n";
    check_files(
        &[("centre.toml", CENTRE), ("flows/main.toml", &main), ("flows/one.toml", one), ("flows/two.toml", two)],
        expect![[r#"
            error[stray-return]: a call of the flow `one` would return from another flow, without its results
             --> flows/two.toml:1:7
              |
            1 | [node.start]
              |       ^^^^^
              |
              = note: reached by: (on dialling)
              = help: let the flow `one` return from a node of its own"#]],
    );
}

#[test]
fn an_adviser_may_be_asked_for_from_a_called_flow() {
    let main = ["\n[node.start]\nkind = \"call\"\nflow = \"ask\"\nto = \"adviser\"\n", ENDINGS].concat();
    let ask = r#"
[node.start]
kind = "menu"
prompt = "menu"
globals = false
choices = { 1 = "back", 2 = "more" }
no_input = { then = "back" }
no_match = { then = "back" }

[node.more]
kind = "say"
prompt = "more"
to = "back"

[node.back]
kind = "return"
"#;
    let loaded = hatif::script::load(&crate::support::centre::centre(&[
        ("centre.toml", CENTRE),
        ("flows/main.toml", &main),
        ("flows/ask.toml", ask),
    ]));
    let codes: Vec<&str> = loaded.diagnostics.iter().map(|diagnostic| diagnostic.code).collect();
    assert_eq!(codes, ["adviser-key"]);
}

/// The errors of a centre that promises calls back to who waits for an adviser, whom nobody reaches but by `note` and known;
/// `after` are the nodes that follow the adviser, and `seen` is set in `note`.
fn followed_by(seen: &str, after: &str) -> Vec<(&'static str, String)> {
    let flow = format!(
        r##"
[flow]
vars = {{ seen = {seen} }}

[node.start]
kind = "branch"
when = [{{ if = "call.level == 2", to = "note" }}]
else = "bye"

[node.note]
kind = "set"
set = {{ seen = "1" }}
to = "adviser"

[node.adviser]
kind = "queue"
queue = "help"
answered = "after"
full = "promise"
closed = "promise"
timeout = "promise"

[node.promise]
kind = "callback"
queue = "help"
prompt = "promised"
to = "bye"
failed = "bye"

{after}

[node.bye]
kind = "end"
prompt = "bye"
outcome = "contained"
"##
    );
    let found = hatif::script::load(&crate::support::centre::mini(&flow)).diagnostics;
    let errors = found.iter().filter(|found| found.severity == hatif::script::diagnostic::Severity::Error);
    errors.map(|error| (error.code, error.message.clone())).collect()
}

/// A variable that has a value from the beginning.
const INITIAL: &str = r#"{ type = "number", initial = 0 }"#;

#[test]
fn a_value_set_in_the_first_call_only_is_not_read_in_a_call_back() {
    let looks = r#"
[node.after]
kind = "goto"
to = "look"

[node.look]
kind = "branch"
when = [{ if = "seen > 0", to = "bye" }]
else = "bye"
"#;
    let found = followed_by(r#""number""#, looks);
    let [(code, message)] = &found[..] else { panic!("{found:?}") };
    assert_eq!(*code, "unset-variable");
    assert!(
        message.contains("`seen`") && message.contains("call back") && message.contains("`main.adviser`"),
        "{message}"
    );
    assert_eq!(followed_by(INITIAL, looks), []);
    let sets = looks.replace("kind = \"goto\"", "kind = \"set\"\nset = { seen = \"2\" }");
    assert_eq!(followed_by(r#""number""#, &sets), []);
}

#[test]
fn a_call_back_has_no_access_to_what_was_open_to_the_first_call() {
    let asks = r#"
[node.family]
kind = "lookup"
service = "family"
outcomes = { found = "bye", not_registered = "bye" }
"#;
    let found = followed_by(INITIAL, &asks.replace("[node.family]", "[node.after]"));
    let [(code, message)] = &found[..] else { panic!("{found:?}") };
    assert_eq!(*code, "data-before-authentication");
    assert!(message.contains("picks up a call back") && message.contains("`family`"), "{message}");
    let proves = "[node.after]\nkind = \"authenticate\"\nlevel = 2\nok = \"family\"\nfailed = \"bye\"\n";
    assert_eq!(followed_by(INITIAL, &format!("{proves}{asks}")), []);
}
