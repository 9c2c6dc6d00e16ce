//! Names that lead nowhere: each with the nearest that exists.

use expect_test::expect;

use super::{PLAIN, centre_with, check, check_files};
use crate::support::centre::{CENTRE, ENDINGS};

#[test]
fn a_target_that_does_not_exist() {
    check(
        r##"
[node.start]
kind = "menu"
prompt = "menu"
choices = { 1 = "byee", 2 = "adviser", 3 = "somewhere" }
"##,
        expect![[r#"
            error[unknown-target]: there is no node `byee`
             --> flows/main.toml:5:17
              |
            5 | choices = { 1 = "byee", 2 = "adviser", 3 = "somewhere" }
              |                 ^^^^^^
              |
              = help: did you mean `bye`?

            error[unknown-target]: there is no node `somewhere`
             --> flows/main.toml:5:44
              |
            5 | choices = { 1 = "byee", 2 = "adviser", 3 = "somewhere" }
              |                                            ^^^^^^^^^^^
              |
              = help: write the node, or name one of another flow as flow.node"#]],
    );
}

#[test]
fn a_prompt_that_does_not_exist() {
    check(
        r##"
[node.start]
kind = "say"
prompt = "hello.word"
to = "adviser"
"##,
        expect![[r#"
            error[unknown-prompt]: there is no prompt `hello.word`
             --> flows/main.toml:4:10
              |
            4 | prompt = "hello.word"
              |          ^^^^^^^^^^^^
              |
              = help: add `hello.word` to the texts of every language in prompts/"#]],
    );
}

#[test]
fn an_intent_that_does_not_exist() {
    check(
        r##"
[node.start]
kind = "menu"
prompt = "menu"
choices = { 1 = { to = "bye", serves = "stat" }, 2 = "adviser" }
"##,
        expect![[r#"
            error[unknown-intent]: there is no intent `stat`
             --> flows/main.toml:5:40
              |
            5 | choices = { 1 = { to = "bye", serves = "stat" }, 2 = "adviser" }
              |                                        ^^^^^^
              |
              = help: did you mean `status`?"#]],
    );
}

#[test]
fn an_outcome_that_does_not_exist() {
    check(
        r##"
[node.start]
kind = "menu"
prompt = "menu"
choices = { 1 = "ok", 2 = "adviser" }

[node.ok]
kind = "end"
outcome = "inform"
"##,
        expect![[r#"
            error[unknown-outcome]: there is no outcome `inform`
             --> flows/main.toml:9:11
              |
            9 | outcome = "inform"
              |           ^^^^^^^^
              |
              = help: did you mean `informed`?"#]],
    );
}

#[test]
fn a_service_with_names_it_does_not_have() {
    check(
        r##"
[flow]
vars = { code = { type = "digits", initial = "20000" }, city = "text" }

[node.start]
kind = "lookup"
service = "locatte"
outcomes = { found = "next", unknown = "bye" }

[node.next]
kind = "lookup"
service = "locate"
with = { cod = "code" }
into = { town = "city" }
outcomes = { fond = "bye" }

[node.more]
kind = "lookup"
service = "complaint_status"
outcomes = { found = "bye", unknown = "bye" }
"##,
        expect![[r#"
            error[unknown-service]: there is no service `locatte`
             --> flows/main.toml:7:11
              |
            7 | service = "locatte"
              |           ^^^^^^^^^
              |
              = help: did you mean `locate`?

            error[unknown-argument]: the service `locate` has no argument `cod`
              --> flows/main.toml:13:10
               |
            13 | with = { cod = "code" }
               |          ^^^
               |
               = help: did you mean `code`?

            error[unknown-result]: the service `locate` has no result `town`
              --> flows/main.toml:14:10
               |
            14 | into = { town = "city" }
               |          ^^^^
               |
               = help: there is: name, city, open, close

            error[missing-outcome]: the service `locate` can also answer found, unknown
              --> flows/main.toml:15:1
               |
            15 | outcomes = { fond = "bye" }
               | ^^^^^^^^
               |
               = help: add found = "NODE"

            error[unknown-outcome]: the service `locate` has no outcome `fond`
              --> flows/main.toml:15:14
               |
            15 | outcomes = { fond = "bye" }
               |              ^^^^
               |
               = help: did you mean `found`?

            error[missing-argument]: the service `complaint_status` must be told ref
              --> flows/main.toml:19:11
               |
            19 | service = "complaint_status"
               |           ^^^^^^^^^^^^^^^^^^
               |
               = help: add with = { ref = "…" }"#]],
    );
}

#[test]
fn a_variable_that_does_not_exist() {
    check(
        r##"
[flow]
vars = { index = { type = "number", initial = 1 } }

[node.start]
kind = "branch"
when = [{ if = "indx > 1", to = "bye" }, { if = "index > 1", to = "bye" }]
else = "next"

[node.next]
kind = "set"
set = { idx = "1" }
to = "adviser"
"##,
        expect![[r#"
            error[unknown-variable]: there is no variable `indx` here
             --> flows/main.toml:7:17
              |
            7 | when = [{ if = "indx > 1", to = "bye" }, { if = "index > 1", to = "bye" }]
              |                 ^^^^
              |
              = help: did you mean `index`?

            error[unknown-variable]: there is no variable `idx` here
              --> flows/main.toml:12:9
               |
            12 | set = { idx = "1" }
               |         ^^^
               |
               = help: declare it in [vars] of centre.toml, or in [flow] of this file"#]],
    );
}

#[test]
fn types_and_words_that_do_not_exist() {
    check(
        r##"
[flow]
vars = { a = "numbr", b = { type = "place", initial = "agence" }, c = { type = "digits", initial = 12 } }

[node.start]
kind = "branch"
when = [{ if = "a == 1 or b == 'point' or c == '1'", to = "bye" }]
else = "adviser"
"##,
        expect![[r#"
            error[unknown-type]: there is no type `numbr`
             --> flows/main.toml:3:14
              |
            3 | vars = { a = "numbr", b = { type = "place", initial = "agence" }, c = { type = "digits", initial = 12 } }
              |              ^^^^^^^
              |
              = help: did you mean `number`?

            error[unknown-word]: this is not a word of `place`
             --> flows/main.toml:3:55
              |
            3 | vars = { a = "numbr", b = { type = "place", initial = "agence" }, c = { type = "digits", initial = 12 } }
              |                                                       ^^^^^^^^
              |
              = help: did you mean `agency`?

            error[type-mismatch]: this is not a string of digits
             --> flows/main.toml:3:100
              |
            3 | vars = { a = "numbr", b = { type = "place", initial = "agence" }, c = { type = "digits", initial = 12 } }
              |                                                                                                    ^^
              |
              = help: write digits as a string: "0042""#]],
    );
}

#[test]
fn a_variable_declared_twice() {
    check(
        r##"
[flow]
params = { code = "digits" }
vars = { code = "digits" }

[node.start]
kind = "branch"
when = [{ if = "code == '1'", to = "bye" }]
else = "adviser"
"##,
        expect![[r#"
            error[duplicate-name]: there is a variable `code` in this flow already
             --> flows/main.toml:4:10
              |
            3 | params = { code = "digits" }
              |            ---- first declared here
            4 | vars = { code = "digits" }
              |          ^^^^

            error[unset-variable]: `code` is read here, but a call can come here without its being set
             --> flows/main.toml:8:17
              |
            8 | when = [{ if = "code == '1'", to = "bye" }]
              |                 ^^^^
              |
              = note: reached by: (on dialling)
              = help: give it an `initial` value, or set it on every way that leads here"#]],
    );
}

#[test]
fn a_queue_calendar_flow_or_language_that_does_not_exist() {
    check(
        r##"
[flow]
vars = { topic = { type = "number", initial = 1 } }

[node.start]
kind = "language"
prompt = "hello"
choices = { 1 = "fr", 2 = "arr" }
to = "open"

[node.open]
kind = "hours"
calendar = "desk"
open = "sub"
closed = "bye"

[node.sub]
kind = "call"
flow = "mian"
to = "adviser"

[node.adviser]
kind = "queue"
queue = "hlep"
answered = "bye"
full = "bye"
closed = "bye"
timeout = "other"

[node.other]
kind = "queue"
queue = { var = "topic" }
answered = "bye"
full = "bye"
closed = "bye"
timeout = "bye"

[node.bye]
kind = "end"
prompt = "bye"
outcome = "contained"
"##,
        expect![[r#"
            error[unknown-language]: there is no language `arr`
             --> flows/main.toml:8:27
              |
            8 | choices = { 1 = "fr", 2 = "arr" }
              |                           ^^^^^
              |
              = help: did you mean `ar`?

            error[unknown-calendar]: there is no calendar `desk`
              --> flows/main.toml:13:12
               |
            13 | calendar = "desk"
               |            ^^^^^^
               |
               = help: centre.toml declares no calendar at all

            error[unknown-flow]: there is no flow `mian`
              --> flows/main.toml:19:8
               |
            19 | flow = "mian"
               |        ^^^^^^
               |
               = help: did you mean `main`?

            error[unknown-queue]: there is no queue `hlep`
              --> flows/main.toml:24:9
               |
            24 | queue = "hlep"
               |         ^^^^^^
               |
               = help: did you mean `help`?

            error[type-mismatch]: the variable `topic` does not hold a queue
              --> flows/main.toml:32:17
               |
            32 | queue = { var = "topic" }
               |                 ^^^^^^^
               |
               = help: declare it as topic = "queue""#]],
    );
}

#[test]
fn skills_and_queues_that_do_not_exist() {
    let centre = centre_with(
        r##"skills = { help = 1 }"##,
        r##"skills = { hlep = 1 }
overflow = [{ after = "1m", to = "more" }, { after = "2m", to = "help" }]
calendar = "desk""##,
    );
    check_files(
        &[("centre.toml", &centre), ("flows/main.toml", PLAIN)],
        expect![[r#"
        error[unknown-skill]: there is no skill `hlep`
          --> centre.toml:34:12
           |
        34 | skills = { hlep = 1 }
           |            ^^^^
           |
           = help: did you mean `help`?

        error[unknown-queue]: there is no queue `more`
          --> centre.toml:35:34
           |
        35 | overflow = [{ after = "1m", to = "more" }, { after = "2m", to = "help" }]
           |                                  ^^^^^^
           |
           = help: there is: help

        error[bad-overflow]: a queue cannot overflow into itself
          --> centre.toml:35:65
           |
        35 | overflow = [{ after = "1m", to = "more" }, { after = "2m", to = "help" }]
           |                                                                 ^^^^^^
           |
           = help: name another queue

        error[unknown-calendar]: there is no calendar `desk`
          --> centre.toml:36:12
           |
        36 | calendar = "desk"
           |            ^^^^^^
           |
           = help: centre.toml declares no calendar at all"#]],
    );
}

#[test]
fn an_entry_and_a_language_that_do_not_exist() {
    let centre = centre_with(
        r##"entry = "main.start"
default_language = "fr""##,
        r##"entry = "main.strat"
default_language = "fx""##,
    );
    check_files(
        &[("centre.toml", &centre), ("flows/main.toml", PLAIN)],
        expect![[r#"
        error[unknown-target]: there is no node `main.strat`
         --> centre.toml:5:9
          |
        5 | entry = "main.strat"
          |         ^^^^^^^^^^^^
          |
          = help: did you mean `main.start`?

        error[unknown-language]: there is no language `fx`
         --> centre.toml:6:20
          |
        6 | default_language = "fx"
          |                    ^^^^
          |
          = help: did you mean `fr`?"#]],
    );
}

#[test]
fn slots_that_nothing_fills() {
    check(
        r##"
[node.start]
kind = "say"
prompt = { id = "hello", args = { nme = "1" } }
to = "adviser"
"##,
        expect![[r#"
            error[unknown-slot]: the prompt `hello` has no slot `nme`
             --> flows/main.toml:4:35
              |
            4 | prompt = { id = "hello", args = { nme = "1" } }
              |                                   ^^^
              |
              = help: it has no slots"#]],
    );
}

#[test]
fn a_period_that_does_not_exist() {
    let centre = centre_with(
        "[skills]",
        r#"[calendar.desk]
hours = { mon = ["08:30-16:30"] }
period = [{ name = "ramadan", from = 2022-04-03, to = 2022-05-01, hours = {} }]

[skills]"#,
    );
    let main = r#"
[node.start]
kind = "hours"
calendar = "desk"
open = "adviser"
closed = "bye"
periods = { ramadam = "bye" }
"#;
    let main = [main, ENDINGS].concat();
    check_files(
        &[("centre.toml", &centre), ("flows/main.toml", &main)],
        expect![[r#"
        error[unknown-period]: there is no period `ramadam`
         --> flows/main.toml:7:13
          |
        7 | periods = { ramadam = "bye" }
          |             ^^^^^^^
          |
          = help: did you mean `ramadan`?"#]],
    );
}

#[test]
fn a_flow_that_cannot_be_called() {
    let main = ["\n[node.start]\nkind = \"call\"\nflow = \"sub\"\nto = \"adviser\"\n", ENDINGS].concat();
    let sub = "[node.begin]\nkind = \"return\"\n";
    check_files(
        &[("centre.toml", CENTRE), ("flows/main.toml", &main), ("flows/sub.toml", sub)],
        expect![[r#"
        error[missing-start]: the flow `sub` has no node `start`, so that it cannot be called
         --> flows/main.toml:4:8
          |
        4 | flow = "sub"
          |        ^^^^^
          |
          = help: name its first node [node.start] in flows/sub.toml"#]],
    );
}
