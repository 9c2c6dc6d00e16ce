//! What is wrong with a file as it is written: syntax, fields, values.

use expect_test::expect;

use super::{PLAIN, centre_with, check, check_files};

#[test]
fn text_that_is_not_toml() {
    check(
        r##"
[node.start]
kind = "say
to = "bye"

[node.next]
kind = = "say"
"##,
        expect![[r#"
            error[toml-syntax]: this is not TOML: invalid basic string, expected `"`
             --> flows/main.toml:3:12
              |
            3 | kind = "say
              |            ^

            error[toml-syntax]: this is not TOML: extra `=`, expected nothing
             --> flows/main.toml:7:8
              |
            7 | kind = = "say"
              |        ^

            error[toml-syntax]: this is not TOML: unexpected key or value, expected newline, `#`
             --> flows/main.toml:7:10
              |
            7 | kind = = "say"
              |          ^"#]],
    );
}

#[test]
fn a_field_that_does_not_exist() {
    check(
        r##"
[node.start]
kind = "say"
promt = "hello"
to = "bye"
"##,
        expect![[r#"
            error[unknown-field]: a say node has no field `promt`
             --> flows/main.toml:4:1
              |
            4 | promt = "hello"
              | ^^^^^
              |
              = help: did you mean `prompt`?

            error[unreachable-node]: no call can reach the node `adviser`
             --> flows/main.toml:7:7
              |
            7 | [node.adviser]
              |       ^^^^^^^
              |
              = help: lead to it from another node, or remove it"#]],
    );
}

#[test]
fn a_field_that_is_missing() {
    check(
        r##"
[node.start]
kind = "say"
prompt = "hello"

[node.next]
prompt = "hello"
"##,
        expect![[r#"
            error[missing-field]: a say node needs the field `to`
             --> flows/main.toml:2:1
              |
            2 | [node.start]
              | ^^^^^^^^^^^^
              |
              = help: `to`: the next node

            error[missing-field]: the node `next` has no `kind`
             --> flows/main.toml:6:1
              |
            6 | [node.next]
              | ^^^^^^^^^^^
              |
              = help: `kind` is one of: say, menu, collect, confirm, authenticate, lookup, set, branch, switch, hours, language, split, loop, call, return, goto, queue, callback, transfer, record, survey, end"#]],
    );
}

#[test]
fn a_kind_that_does_not_exist() {
    check(
        r##"
[node.start]
kind = "menue"
prompt = "menu"
choices = { 1 = "bye" }
"##,
        expect![[r#"
            error[unknown-kind]: there is no kind of node called `menue`
             --> flows/main.toml:3:8
              |
            3 | kind = "menue"
              |        ^^^^^^^
              |
              = help: did you mean `menu`?"#]],
    );
}

#[test]
fn a_value_of_the_wrong_type() {
    check(
        r##"
[node.start]
kind = "menu"
prompt = "menu"
barge_in = "no"
choices = ["bye"]
"##,
        expect![[r#"
            error[wrong-type]: `barge_in` must be true or false, not a string
             --> flows/main.toml:5:12
              |
            5 | barge_in = "no"
              |            ^^^^

            error[wrong-type]: `choices` must be a table of keys, not a list
             --> flows/main.toml:6:11
              |
            6 | choices = ["bye"]
              |           ^^^^^^^"#]],
    );
}

#[test]
fn a_length_of_time_that_cannot_be_read() {
    check(
        r##"
[node.start]
kind = "menu"
prompt = "menu"
timers = { first_digit = "6 sec" }
choices = { 1 = "bye", 2 = "adviser" }
"##,
        expect![[r#"
            error[bad-duration]: `6 sec` is not a length of time; write a number and a unit, such as "6s", "500ms", "2m" or "1h30m"
             --> flows/main.toml:5:26
              |
            5 | timers = { first_digit = "6 sec" }
              |                          ^^^^^^^"#]],
    );
}

#[test]
fn a_number_out_of_range() {
    check(
        r##"
[flow]
vars = { code = "digits" }

[node.start]
kind = "collect"
prompt = "ask"
into = "code"
min = 6
max = 20
valid = "code != '000000'"
to = "bye"
"##,
        expect![[r#"
            error[out-of-range]: `max` must be from 1 to 15
              --> flows/main.toml:10:7
               |
            10 | max = 20
               |       ^^"#]],
    );
}

#[test]
fn more_digits_at_least_than_at_most() {
    check(
        r##"
[flow]
vars = { code = "digits" }

[node.start]
kind = "collect"
prompt = "ask"
into = "code"
min = 6
max = 4
valid = "code != '0000'"
to = "bye"
"##,
        expect![[r#"
            error[out-of-range]: `min` is 6, but `max` is 4, so that no entry would do
             --> flows/main.toml:9:7
              |
            9 | min = 6
              |       ^"#]],
    );
}

#[test]
fn the_same_node_twice() {
    check(
        r##"
[node.start]
kind = "say"
prompt = "hello"
to = "bye"

[node.start]
kind = "say"
prompt = "hello"
to = "bye"
"##,
        expect![[r#"
            error[duplicate-key]: the key `start` is here a second time; only one of them could count
             --> flows/main.toml:7:7
              |
            2 | [node.start]
              |       ----- first here
            ...
            7 | [node.start]
              |       ^^^^^
              |
              = help: remove one of them, or give it another name

            error[unreachable-node]: no call can reach the node `adviser`
              --> flows/main.toml:12:7
               |
            12 | [node.adviser]
               |       ^^^^^^^
               |
               = help: lead to it from another node, or remove it"#]],
    );
}

#[test]
fn the_same_key_twice() {
    check(
        r##"
[node.start]
kind = "menu"
prompt = "menu"
choices = { 1 = "bye", 2 = "adviser", 1 = "adviser" }
"##,
        expect![[r#"
            error[duplicate-key]: the key `1` is here a second time; only one of them could count
             --> flows/main.toml:5:39
              |
            5 | choices = { 1 = "bye", 2 = "adviser", 1 = "adviser" }
              |             - first here              ^
              |
              = help: remove one of them, or give it another name"#]],
    );
}

#[test]
fn yes_and_no_on_one_key() {
    check(
        r##"
[node.start]
kind = "confirm"
prompt = "sure"
yes = "bye"
no = "adviser"
no_key = 1
"##,
        expect![[r#"
            error[duplicate-key]: yes and no are on the same key
             --> flows/main.toml:7:1
              |
            7 | no_key = 1
              | ^^^^^^
              |
              = help: give each a key of its own"#]],
    );
}

#[test]
fn a_key_that_ends_the_entry_and_leads_elsewhere() {
    check(
        r##"
[flow]
vars = { code = "digits" }

[node.start]
kind = "collect"
prompt = "ask"
into = "code"
valid = "code != '0'"
keys = { "#" = "bye", 5 = "bye" }
to = "bye"
"##,
        expect![[r##"
            error[duplicate-key]: the key `#` ends the entry here, and cannot lead elsewhere too
              --> flows/main.toml:10:10
               |
            10 | keys = { "#" = "bye", 5 = "bye" }
               |          ^^^
               |
               = help: choose another key, or another `terminator`

            error[duplicate-key]: the key `5` is a digit, so that no entry could begin with it
              --> flows/main.toml:10:23
               |
            10 | keys = { "#" = "bye", 5 = "bye" }
               |                       ^
               |
               = help: use "*" or "#""##]],
    );
}

#[test]
fn a_key_no_telephone_has() {
    check(
        r##"
[node.start]
kind = "menu"
prompt = "menu"
choices = { A = "bye", 1 = "bye" }
"##,
        expect![[r#"
            error[bad-key]: `A` cannot be pressed on a telephone
             --> flows/main.toml:5:13
              |
            5 | choices = { A = "bye", 1 = "bye" }
              |             ^
              |
              = help: a choice is one or more of the keys 0 to 9, * and #, such as 1, 10 or "*""#]],
    );
}

#[test]
fn shares_that_do_not_sum_to_one() {
    check(
        r##"
[node.start]
kind = "split"
parts = [{ share = 0.3, to = "bye" }, { share = 0.3, to = "adviser" }]
"##,
        expect![[r#"
            error[bad-shares]: the shares sum to 0.6, not to 1
             --> flows/main.toml:4:9
              |
            4 | parts = [{ share = 0.3, to = "bye" }, { share = 0.3, to = "adviser" }]
              |         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
              |
              = help: let every call go somewhere, and none twice"#]],
    );
}

#[test]
fn a_destination_that_is_a_number() {
    check(
        r##"
[node.start]
kind = "branch"
when = [{ if = "call.level == 2", to = "away" }]
else = "adviser"

[node.away]
kind = "transfer"
destination = "0000"
"##,
        expect![[r#"
            error[bad-name]: `0000` is not a name; a script never holds a number that could be dialled
             --> flows/main.toml:9:15
              |
            9 | destination = "0000"
              |               ^^^^^^
              |
              = help: name the destination, such as "emergency desk"; the switch knows its number"#]],
    );
}

#[test]
fn an_expression_that_cannot_be_read() {
    check(
        r##"
[node.start]
kind = "branch"
when = [
  { if = "call.level = 2", to = "bye" },
  { if = "call.level ==", to = "bye" },
  { if = "(call.level == 2", to = "bye" },
  { if = "call.level < 1 < 2", to = "bye" },
]
else = "adviser"
"##,
        expect![[r#"
            error[bad-expression]: `=` means nothing here
             --> flows/main.toml:5:22
              |
            5 |   { if = "call.level = 2", to = "bye" },
              |                      ^
              |
              = help: write `==` to compare

            error[bad-expression]: something is missing here
             --> flows/main.toml:6:24
              |
            6 |   { if = "call.level ==", to = "bye" },
              |                        ^

            error[bad-expression]: this `(` is not closed
             --> flows/main.toml:7:11
              |
            7 |   { if = "(call.level == 2", to = "bye" },
              |           ^

            error[bad-expression]: comparisons do not chain
             --> flows/main.toml:8:26
              |
            8 |   { if = "call.level < 1 < 2", to = "bye" },
              |                          ^
              |
              = help: compare two at a time: a < b and b < c"#]],
    );
}

#[test]
fn an_expression_of_the_wrong_type() {
    check(
        r##"
[flow]
vars = { day = { type = "date", initial = 2022-05-01 } }

[node.start]
kind = "branch"
when = [
  { if = "call.level", to = "bye" },
  { if = "day > 3", to = "bye" },
  { if = "call.language > 'fr'", to = "bye" },
  { if = "call.language == 'de'", to = "bye" },
]
else = "adviser"
"##,
        expect![[r#"
            error[type-mismatch]: this is a number, but a truth value is needed here
             --> flows/main.toml:8:11
              |
            8 |   { if = "call.level", to = "bye" },
              |           ^^^^^^^^^^

            error[type-mismatch]: this is a number, but a date is needed here
             --> flows/main.toml:9:17
              |
            9 |   { if = "day > 3", to = "bye" },
              |                 ^

            error[type-mismatch]: a word of `language` has no order
              --> flows/main.toml:10:11
               |
            10 |   { if = "call.language > 'fr'", to = "bye" },
               |           ^^^^^^^^^^^^^^^^^^^^
               |
               = help: compare it with == or !=

            error[unknown-word]: `de` is not a word of the set `language`
              --> flows/main.toml:11:28
               |
            11 |   { if = "call.language == 'de'", to = "bye" },
               |                            ^^^^
               |
               = help: its words are: fr, ar"#]],
    );
}

#[test]
fn a_handler_that_never_leaves() {
    check(
        r##"
[node.start]
kind = "menu"
prompt = "menu"
choices = { 1 = "bye", 2 = "adviser" }
no_input = [{ from = 1, prompt = "err-in" }, { from = 2, prompt = "err-in", replay = false }]
"##,
        expect![[r#"
            error[endless-handler]: the handler never leaves: a caller who stays silent or errs would hear it for ever
             --> flows/main.toml:6:12
              |
            6 | no_input = [{ from = 1, prompt = "err-in" }, { from = 2, prompt = "err-in", replay = false }]
              |            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
              |
              = help: let the last step have then = "NODE""#]],
    );
}

#[test]
fn a_handler_without_a_first_step() {
    check(
        r##"
[node.start]
kind = "menu"
prompt = "menu"
choices = { 1 = "bye", 2 = "adviser" }
no_match = [{ from = 2, then = "bye" }, { from = 2, then = "adviser" }]
"##,
        expect![[r#"
            error[bad-handler]: the handler has no step for the first time
             --> flows/main.toml:6:12
              |
            6 | no_match = [{ from = 2, then = "bye" }, { from = 2, then = "adviser" }]
              |            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
              |
              = help: let one step have from = 1

            error[bad-handler]: two steps of the handler begin at the same count
             --> flows/main.toml:6:12
              |
            6 | no_match = [{ from = 2, then = "bye" }, { from = 2, then = "adviser" }]
              |            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
              |
              = help: give each its own `from`"#]],
    );
}

#[test]
fn hours_that_are_none() {
    let centre = centre_with(
        r##"[skills]"##,
        r##"[calendar.desk]
hours = { mon = ["16:30-08:30", "09:00-12:00", "11:00-13:00"], tue = ["9 to 5"] }

[skills]"##,
    );
    check_files(
        &[("centre.toml", &centre), ("flows/main.toml", PLAIN)],
        expect![[r#"
        error[bad-hours]: `16:30-08:30` is not a span of hours; hours are written "08:30-16:30", the end after the beginning
          --> centre.toml:31:18
           |
        31 | hours = { mon = ["16:30-08:30", "09:00-12:00", "11:00-13:00"], tue = ["9 to 5"] }
           |                  ^^^^^^^^^^^^^

        error[bad-hours]: the hours 11:00-13:00 begin before those before them end
          --> centre.toml:31:48
           |
        31 | hours = { mon = ["16:30-08:30", "09:00-12:00", "11:00-13:00"], tue = ["9 to 5"] }
           |                                                ^^^^^^^^^^^^^
           |
           = help: write the hours of a day in order, without overlap

        error[bad-hours]: `9 to 5` is not a span of hours; hours are written "08:30-16:30", the end after the beginning
          --> centre.toml:31:71
           |
        31 | hours = { mon = ["16:30-08:30", "09:00-12:00", "11:00-13:00"], tue = ["9 to 5"] }
           |                                                                       ^^^^^^^^"#]],
    );
}

#[test]
fn a_calendar_that_is_never_open() {
    let centre = centre_with(
        r##"[skills]"##,
        r##"[calendar.desk]
hours = {}

[skills]"##,
    );
    check_files(
        &[("centre.toml", &centre), ("flows/main.toml", PLAIN)],
        expect![[r#"
        warning[never-open]: the calendar `desk` is never open
          --> centre.toml:30:11
           |
        30 | [calendar.desk]
           |           ^^^^
           |
           = help: give at least one day hours, such as mon = ["08:30-16:30"]"#]],
    );
}

#[test]
fn days_that_are_none() {
    let centre = centre_with(
        r##"[skills]"##,
        r##"[calendar.desk]
hours = { mon = ["08:00-12:00"] }
period = [{ name = "summer", from = 2022-07-01, to = 2022-06-01, hours = {} }]
holiday = [{ name = "new_year", from = "1 January" }]

[skills]"##,
    );
    check_files(
        &[("centre.toml", &centre), ("flows/main.toml", PLAIN)],
        expect![[r#"
        error[bad-date]: the last day, 2022-06-01, is before the first, 2022-07-01
          --> centre.toml:32:54
           |
        32 | period = [{ name = "summer", from = 2022-07-01, to = 2022-06-01, hours = {} }]
           |                                                      ^^^^^^^^^^

        error[bad-date]: `from` must be a date such as 2022-05-01
          --> centre.toml:33:40
           |
        33 | holiday = [{ name = "new_year", from = "1 January" }]
           |                                        ^^^^^^^^^^^"#]],
    );
}

#[test]
fn periods_that_overlap() {
    let centre = centre_with(
        r##"[skills]"##,
        r##"[calendar.desk]
hours = { mon = ["08:00-12:00"] }
period = [
  { name = "summer", from = 2022-06-01, to = 2022-08-31, hours = {} },
  { name = "feast", from = 2022-08-15, to = 2022-09-15, hours = {} },
]

[skills]"##,
    );
    check_files(
        &[("centre.toml", &centre), ("flows/main.toml", PLAIN)],
        expect![[r#"
        warning[overlapping-periods]: the period overlaps another, from 2022-06-01 to 2022-08-31
          --> centre.toml:34:3
           |
        34 |   { name = "feast", from = 2022-08-15, to = 2022-09-15, hours = {} },
           |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
           |
           = help: the one written first applies; end one before the other begins"#]],
    );
}

#[test]
fn a_zone_that_does_not_exist() {
    let centre = centre_with(r##"zone = "Africa/Casablanca""##, r##"zone = "Africa/Rabat""##);
    check_files(
        &[("centre.toml", &centre), ("flows/main.toml", PLAIN)],
        expect![[r#"
        error[unknown-zone]: `Africa/Rabat` is not a time zone of the zone data base
         --> centre.toml:4:8
          |
        4 | zone = "Africa/Rabat"
          |        ^^^^^^^^^^^^^^
          |
          = help: write a zone such as Africa/Casablanca"#]],
    );
}

#[test]
fn a_global_key_that_does_not_exist() {
    let centre = centre_with(r##"9 = "repeat""##, r##"90 = "repeat""##);
    check_files(
        &[("centre.toml", &centre), ("flows/main.toml", PLAIN)],
        expect![[r##"
        error[bad-key]: `90` is not a key of the telephone
          --> centre.toml:16:1
           |
        16 | 90 = "repeat"
           | ^^
           |
           = help: keys are 0 to 9, "*" and "#""##]],
    );
}

#[test]
fn a_language_that_falls_back_to_itself() {
    let centre = centre_with(r##"ar = { rtl = true }"##, r##"ar = { rtl = true, fallback = "ar" }"##);
    check_files(
        &[("centre.toml", &centre), ("flows/main.toml", PLAIN)],
        expect![[r#"
        error[bad-fallback]: `ar` falls back to itself
          --> centre.toml:12:31
           |
        12 | ar = { rtl = true, fallback = "ar" }
           |                               ^^^^"#]],
    );
}

#[test]
fn lists_and_names_that_are_empty() {
    check(
        r#"
[node.start]
kind = "menu"
prompt = ""
choices = {}

[node."a.b"]
kind = "goto"
to = "adviser"
"#,
        expect![[r#"
            error[empty]: the menu `start` has no choices
             --> flows/main.toml:2:7
              |
            2 | [node.start]
              |       ^^^^^
              |
              = help: add at least one: choices = { 1 = "NODE" }

            error[empty]: `prompt` is empty; it must be the id of a prompt
             --> flows/main.toml:4:10
              |
            4 | prompt = ""
              |          ^^

            error[bad-name]: `a.b` cannot be the name of a node
             --> flows/main.toml:7:7
              |
            7 | [node."a.b"]
              |       ^^^^^
              |
              = help: use letters, digits, - and _; the dot stands between flow and node"#]],
    );
}

#[test]
fn a_centre_without_its_first_file() {
    check_files(
        &[("flows/main.toml", PLAIN)],
        expect![[r#"
        error[missing-file]: the centre has no centre.toml
        --> centre.toml
         = help: `hatif init DIR` writes a centre to begin with"#]],
    );
}

#[test]
fn what_a_centre_must_say() {
    check_files(
        &[("centre.toml", "[centre]\nname = \"mini\"\n"), ("flows/main.toml", PLAIN)],
        expect![[r#"
        error[missing-field]: [centre] needs the field `default_language`
         --> centre.toml:1:1
          |
        1 | [centre]
          | ^^^^^^^^
          |
          = help: `default_language`: the language before the caller chooses one

        error[missing-field]: [centre] needs the field `entry`
         --> centre.toml:1:1
          |
        1 | [centre]
          | ^^^^^^^^
          |
          = help: `entry`: the node a new call enters, as flow.node

        error[missing-field]: [centre] needs the field `zone`
         --> centre.toml:1:1
          |
        1 | [centre]
          | ^^^^^^^^
          |
          = help: `zone`: whose wall clock calendars and prompts follow

        error[missing-field]: centre.toml needs the field `languages`
        --> centre.toml
         = help: `languages`: the languages, in order

        error[unknown-queue]: there is no queue `help`
         --> flows/main.toml:8:9
          |
        8 | queue = "help"
          |         ^^^^^^
          |
          = help: centre.toml declares no queue at all

        error[unknown-prompt]: there is no prompt `bye`
          --> flows/main.toml:16:11
           |
        16 | prompt = ["bye", "err-in", "err-bad"]
           |           ^^^^^
           |
           = help: add `bye` to the texts of every language in prompts/

        error[unknown-prompt]: there is no prompt `err-in`
          --> flows/main.toml:16:18
           |
        16 | prompt = ["bye", "err-in", "err-bad"]
           |                  ^^^^^^^^
           |
           = help: add `err-in` to the texts of every language in prompts/

        error[unknown-prompt]: there is no prompt `err-bad`
          --> flows/main.toml:16:28
           |
        16 | prompt = ["bye", "err-in", "err-bad"]
           |                            ^^^^^^^^^
           |
           = help: add `err-bad` to the texts of every language in prompts/

        error[unknown-language]: `ar` is not a language of this centre, so nobody can hear these texts
        --> prompts/ar.ftl
         = help: add `ar` to [languages] in centre.toml, or remove the file

        error[unknown-language]: `fr` is not a language of this centre, so nobody can hear these texts
        --> prompts/fr.ftl
         = help: add `fr` to [languages] in centre.toml, or remove the file"#]],
    );
}
