//! What is hard on callers, or leaves them without an adviser, a language or a text.

use expect_test::expect;

use super::{PLAIN, centre_with, check, check_files};
use crate::support::centre::{CENTRE, ENDINGS};

#[test]
fn more_options_than_callers_remember() {
    check(
        r##"
[node.start]
kind = "menu"
prompt = "menu"
choices = { 1 = "bye", 2 = "adviser", 3 = "bye", 4 = "bye", 5 = "bye", 6 = "bye" }
"##,
        expect![[r#"
            warning[many-options]: `start` has 6 options; few callers keep more than 5 in mind
             --> flows/main.toml:5:11
              |
            5 | choices = { 1 = "bye", 2 = "adviser", 3 = "bye", 4 = "bye", 5 = "bye", 6 = "bye" }
              |           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
              |
              = note: reached by: (on dialling)
              = help: group them in menus of their own, the likeliest first"#]],
    );
}

#[test]
fn a_gap_in_the_order_of_keys() {
    check(
        r##"
[node.start]
kind = "menu"
prompt = "menu"
choices = { 1 = "bye", 2 = "adviser", 4 = "bye" }
"##,
        expect![[r#"
            warning[key-gap]: the keys of `start` have a gap: 3 is free, but 4 is taken
             --> flows/main.toml:5:11
              |
            5 | choices = { 1 = "bye", 2 = "adviser", 4 = "bye" }
              |           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
              |
              = note: reached by: (on dialling)
              = help: number the options 1, 2, 3 … without gaps"#]],
    );
}

#[test]
fn a_choice_that_is_the_beginning_of_another() {
    check(
        r##"
[node.start]
kind = "menu"
prompt = "menu"
timers = { inter_digit = "4s" }
choices = { 1 = "bye", 2 = "adviser", 10 = "bye" }
"##,
        expect![[r#"
            warning[ambiguous-prefix]: `10` begins with `1`, so that every caller who presses 1 waits 4s longer
             --> flows/main.toml:6:13
              |
            6 | choices = { 1 = "bye", 2 = "adviser", 10 = "bye" }
              |             ^
              |
              = note: reached by: (on dialling)
              = help: let no choice be the beginning of another"#]],
    );
}

#[test]
fn menus_too_deep() {
    check(
        r##"
[node.start]
kind = "language"
prompt = "hello"
choices = { 1 = "fr", 2 = "ar" }
to = "one"

[node.one]
kind = "menu"
prompt = "one"
choices = { 1 = "bye", 2 = "two" }

[node.two]
kind = "menu"
prompt = "two"
choices = { 1 = "three", 2 = "bye" }

[node.three]
kind = "menu"
prompt = "three"
choices = { 1 = "four", 2 = "bye" }

[node.four]
kind = "menu"
prompt = "four"
choices = { 1 = "bye", 2 = "adviser" }
"##,
        expect![[r#"
            warning[deep-menu]: `four` is the 4th menu on the shortest way from the choice of language
              --> flows/main.toml:23:7
               |
            23 | [node.four]
               |       ^^^^
               |
               = note: reached by: 1 2 1 1
               = help: let callers get there by at most 3 menus"#]],
    );
}

#[test]
fn timers_too_hasty_or_too_slow() {
    check(
        r##"
[flow]
timers = { first_digit = "15s" }

[node.start]
kind = "menu"
prompt = "menu"
timers = { inter_digit = "1s" }
choices = { 1 = "bye", 2 = "adviser" }
"##,
        expect![[r#"
            warning[timer-range]: `first_digit` of 15s leaves callers in doubt
             --> flows/main.toml:3:26
              |
            3 | timers = { first_digit = "15s" }
              |                          ^^^^^
              |
              = help: choose from 3s to 10s

            warning[timer-range]: `inter_digit` of 1s cuts slow callers off
             --> flows/main.toml:8:26
              |
            8 | timers = { inter_digit = "1s" }
              |                          ^^^^
              |
              = note: reached by: (on dialling)
              = help: choose from 3s to 10s"#]],
    );
}

#[test]
fn no_way_to_an_adviser() {
    check(
        r##"
[node.start]
kind = "menu"
prompt = "menu"
choices = { 1 = "quiet", 2 = "adviser" }

[node.quiet]
kind = "menu"
prompt = "quiet"
globals = false
choices = { 1 = "bye" }
no_input = { then = "bye" }
no_match = { then = "bye" }
"##,
        expect![[r#"
            error[no-adviser]: from `quiet` on no way leads to an adviser, not even within business hours
             --> flows/main.toml:7:7
              |
            7 | [node.quiet]
              |       ^^^^^
              |
              = note: reached by: 1
              = help: let the global key 0 work here, or lead one way to a `queue` node"#]],
    );
}

#[test]
fn no_adviser_on_the_key_zero() {
    check(
        r##"
[node.start]
kind = "menu"
prompt = "menu"
globals = ["9"]
choices = { 1 = "bye", 2 = "more" }

[node.more]
kind = "menu"
prompt = "more"
choices = { 1 = "bye", 2 = "adviser" }
"##,
        expect![[r#"
            warning[adviser-key]: the key 0 does not lead to an adviser at `start`, as callers expect
             --> flows/main.toml:2:7
              |
            2 | [node.start]
              |       ^^^^^
              |
              = note: reached by: (on dialling)
              = help: bind 0 in [keys] of centre.toml, or as a choice of the menu"#]],
    );
}

#[test]
fn a_queue_nobody_serves() {
    let centre = centre_with(
        r##"languages = ["fr", "ar"]"##,
        r##"languages = ["fr", "ar"]

[queue.expert]
skills = { help = 9 }"##,
    );
    check_files(
        &[("centre.toml", &centre), ("flows/main.toml", PLAIN)],
        expect![[r#"
        error[unserved-queue]: nobody serves the queue `expert`: no group has the skills it asks for
          --> centre.toml:41:8
           |
        41 | [queue.expert]
           |        ^^^^^^
           |
           = help: give a group these skills at this level or above, or let the queue ask for less"#]],
    );
}

#[test]
fn a_language_nobody_speaks() {
    let centre = centre_with(r##"languages = ["fr", "ar"]"##, r##"languages = ["fr"]"##);
    check_files(
        &[("centre.toml", &centre), ("flows/main.toml", PLAIN)],
        expect![[r#"
        warning[unserved-language]: nobody in the queue `help` speaks ar; these callers would wait in vain
          --> centre.toml:33:8
           |
        33 | [queue.help]
           |        ^^^^
           |
           = help: add the language to a group, or let a step of the wait treatment offer another: keys = { 1 = { language = "…" } }"#]],
    );
}

#[test]
fn a_queue_no_node_leads_to() {
    let centre = centre_with(
        r##"languages = ["fr", "ar"]"##,
        r##"languages = ["fr", "ar"]

[queue.spare]
skills = { help = 1 }"##,
    );
    check_files(
        &[("centre.toml", &centre), ("flows/main.toml", PLAIN)],
        expect![[r#"
        warning[unused-queue]: no node leads to the queue `spare`
          --> centre.toml:41:8
           |
        41 | [queue.spare]
           |        ^^^^^
           |
           = help: lead to it by a `queue` node, or remove it"#]],
    );
}

#[test]
fn a_queue_that_takes_calls_when_everybody_has_gone() {
    let centre = centre_with(
        r##"languages = ["fr", "ar"]"##,
        r##"languages = ["fr", "ar"]
shift = "desk"

[calendar.desk]
hours = { mon = ["08:30-16:30"] }"##,
    );
    check_files(
        &[("centre.toml", &centre), ("flows/main.toml", PLAIN)],
        expect![[r#"
        warning[no-out-of-hours]: outside their shifts nobody serves the queue `help`, but it takes calls all the same
          --> centre.toml:33:8
           |
        33 | [queue.help]
           |        ^^^^
           |
           = help: give the queue a `calendar`, set closed_when_unstaffed = true, or ask an `hours` node first"#]],
    );
}

#[test]
fn hours_that_change_nothing() {
    let centre = centre_with(
        r##"[skills]"##,
        r##"[calendar.desk]
hours = { mon = ["08:30-16:30"] }

[skills]"##,
    );
    let main = [
        r##"
[node.start]
kind = "hours"
calendar = "desk"
open = "adviser"
closed = "adviser"
"##,
        ENDINGS,
    ]
    .concat();
    check_files(
        &[("centre.toml", &centre), ("flows/main.toml", &main)],
        expect![[r#"
        warning[no-out-of-hours]: `start` does the same open or closed: there is no out-of-hours variant
         --> flows/main.toml:6:10
          |
        6 | closed = "adviser"
          |          ^^^^^^^^^
          |
          = note: reached by: (on dialling)
          = help: let `closed` say when the centre opens again"#]],
    );
}

#[test]
fn a_language_nobody_can_choose() {
    check(
        r##"
[node.start]
kind = "language"
prompt = "hello"
choices = { 1 = "fr" }
to = "adviser"
"##,
        expect![[r#"
            warning[language-not-offered]: no caller can choose ar, though the centre has texts for it
             --> flows/main.toml:5:11
              |
            5 | choices = { 1 = "fr" }
              |           ^^^^^^^^^^^^
              |
              = note: reached by: (on dialling)
              = help: add a key for it, or remove the language from [languages]"#]],
    );
}

#[test]
fn variables_nobody_reads() {
    check(
        r##"
[flow]
vars = { code = "digits" }

[node.start]
kind = "collect"
prompt = "ask"
into = "code"
to = "adviser"
"##,
        expect![[r#"
            warning[unused-variable]: nothing reads the variable `code`
             --> flows/main.toml:3:10
              |
            3 | vars = { code = "digits" }
              |          ^^^^
              |
              = help: use it, or remove it"#]],
    );
}

#[test]
fn a_secret_that_would_be_said() {
    let main = [
        r##"
[flow]
vars = { code = "digits", copy = "digits" }

[node.start]
kind = "collect"
prompt = "ask"
into = "code"
secret = true
to = "keep"

[node.keep]
kind = "set"
set = { copy = "code" }
to = "tell"

[node.tell]
kind = "say"
prompt = { id = "told", args = { value = "copy" } }
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
                "prompts/fr.ftl",
                r##"ask = ask
bye = bye
err-in = in
err-bad = bad
told = { $value }
"##,
            ),
            (
                "prompts/ar.ftl",
                r##"ask = ask
bye = bye
err-in = in
err-bad = bad
told = { $value }
"##,
            ),
        ],
        expect![[r#"
            error[secret-spoken]: `told` would say what the caller entered in secret at `start`
              --> flows/main.toml:19:18
               |
            19 | prompt = { id = "told", args = { value = "copy" } }
               |                  ^^^^
               |
               = note: reached by: <1 to 15 digits>
               = help: do not say it, or do not make the entry secret"#]],
    );
}

#[test]
fn a_prompt_too_long() {
    let main = [
        r##"
[node.start]
kind = "say"
prompt = "hello"
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
                "prompts/fr.ftl",
                r##"bye = bye
err-in = in
err-bad = bad
hello = mot mot mot mot mot mot mot mot mot mot mot mot mot mot mot mot mot mot mot mot mot mot mot mot mot mot mot mot mot mot mot mot mot mot mot mot mot mot mot mot mot mot mot mot mot mot mot mot mot mot mot mot mot mot mot mot mot mot mot mot mot mot mot mot mot mot mot mot mot mot
"##,
            ),
            (
                "prompts/ar.ftl",
                r##"bye = bye
err-in = in
err-bad = bad
hello = hello
"##,
            ),
        ],
        expect![[r#"
            warning[long-prompt]: `hello` takes about 30 s in fr; callers remember little of what is longer than 25 s
             --> prompts/fr.ftl:4:1
              |
            4 | hello = mot mot mot mot mot mot mot mot mot mot mot mot mot mot mot mot mot mot mot mot mot mot mot mot mot mot mot mot mot mot mot m...
              | ^^^^^
              |
              = note: reached by: (on dialling)
              = help: shorten it, or offer the details as an option"#]],
    );
}

#[test]
fn a_prompt_nobody_says() {
    let main = [
        r##"
[node.start]
kind = "say"
prompt = "hello"
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
                "prompts/fr.ftl",
                r##"bye = bye
err-in = in
err-bad = bad
hello = hello
old = old
"##,
            ),
            (
                "prompts/ar.ftl",
                r##"bye = bye
err-in = in
err-bad = bad
hello = hello
old = old
"##,
            ),
        ],
        expect![[r#"
            warning[unused-prompt]: no node says `old`
             --> prompts/fr.ftl:5:1
              |
            5 | old = old
              | ^^^
              |
              = help: use it, or remove it from every language"#]],
    );
}

#[test]
fn a_language_without_a_text() {
    let main = [
        r##"
[node.start]
kind = "say"
prompt = "hello"
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
                "prompts/fr.ftl",
                r##"bye = bye
err-in = in
err-bad = bad
hello = hello
"##,
            ),
            (
                "prompts/ar.ftl",
                r##"bye = bye
err-in = in
err-bad = bad
"##,
            ),
        ],
        expect![[r#"
            error[missing-language]: `hello` has no text in ar, so callers in that language would hear nothing
             --> prompts/fr.ftl:4:1
              |
            4 | hello = hello
              | ^^^^^
              |
              = help: add it to prompts/ar.ftl"#]],
    );
}

#[test]
fn slots_that_differ_between_languages() {
    let main = [
        r##"
[flow]
vars = { n = { type = "number", initial = 1 } }

[node.start]
kind = "say"
prompt = "hello"
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
                "prompts/fr.ftl",
                r##"bye = bye
err-in = in
err-bad = bad
hello = { $n } calls
"##,
            ),
            (
                "prompts/ar.ftl",
                r##"bye = bye
err-in = in
err-bad = bad
hello = { $nn } calls
"##,
            ),
        ],
        expect![[r#"
            error[empty-slot]: nothing fills the slot `nn` of the prompt `hello`
             --> flows/main.toml:7:10
              |
            7 | prompt = "hello"
              |          ^^^^^^^
              |
              = help: write args = { nn = "n" }, if that is meant

            error[slot-mismatch]: `hello` has $nn here, but $n in prompts/fr.ftl
             --> prompts/ar.ftl:4:12
              |
            4 | hello = { $nn } calls
              |            ^^
              |
             ::: prompts/fr.ftl:4:1
              |
            4 | hello = { $n } calls
              | ----- the slots to match are here
              |
              = help: did you mean `$n` instead of `$nn`?"#]],
    );
}

#[test]
fn a_slot_filled_with_two_types() {
    let main = [
        r##"
[flow]
vars = { n = { type = "number", initial = 1 } }

[node.start]
kind = "say"
prompt = ["hello", { id = "hello", args = { n = "today" } }]
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
                "prompts/fr.ftl",
                r##"bye = bye
err-in = in
err-bad = bad
hello = { $n } calls
"##,
            ),
            (
                "prompts/ar.ftl",
                r##"bye = bye
err-in = in
err-bad = bad
hello = { $n } calls
"##,
            ),
        ],
        expect![[r#"
            error[slot-type]: the slot `n` is filled with a date here, but with a number elsewhere
             --> flows/main.toml:7:49
              |
            7 | prompt = ["hello", { id = "hello", args = { n = "today" } }]
              |           ------- a number here                 ^^^^^^^
              |
              = help: use a prompt of its own for each type: the type decides how the slot is said"#]],
    );
}

#[test]
fn a_slot_nothing_fills() {
    let main = [
        r##"
[flow]
vars = { count = { type = "number", initial = 1 } }

[node.start]
kind = "branch"
when = [{ if = "count > 1", to = "say" }]
else = "adviser"

[node.say]
kind = "say"
prompt = "hello"
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
                "prompts/fr.ftl",
                r##"bye = bye
err-in = in
err-bad = bad
hello = { $counts } calls
"##,
            ),
            (
                "prompts/ar.ftl",
                r##"bye = bye
err-in = in
err-bad = bad
hello = { $counts } calls
"##,
            ),
        ],
        expect![[r#"
            error[empty-slot]: nothing fills the slot `counts` of the prompt `hello`
              --> flows/main.toml:12:10
               |
            12 | prompt = "hello"
               |          ^^^^^^^
               |
               = help: write args = { counts = "count" }, if that is meant"#]],
    );
}

#[test]
fn a_symbol_that_cannot_be_said() {
    let main = [
        r##"
[flow]
vars = { place = { type = "place", initial = "agency" } }

[node.start]
kind = "say"
prompt = "hello"
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
                "prompts/fr.ftl",
                r##"bye = bye
err-in = in
err-bad = bad
hello = { $place }
place = 
    .agency = agence
"##,
            ),
            (
                "prompts/ar.ftl",
                r##"bye = bye
err-in = in
err-bad = bad
hello = { $place }
place = 
    .agency = agence
"##,
            ),
        ],
        expect![[r#"
            error[missing-symbol-text]: `point` of the set `place` has no text, so this slot could not be said
             --> flows/main.toml:7:10
              |
            7 | prompt = "hello"
              |          ^^^^^^^
              |
              = help: add the prompt `place.point` to every language"#]],
    );
}

#[test]
fn dates_that_leave_a_gap() {
    let main = [
        r##"
[node.start]
kind = "say"
prompt = "hello"
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
                "prompts/fr.ftl",
                r##"bye = bye
err-in = in
err-bad = bad
hello = old
later = new
"##,
            ),
            (
                "prompts/ar.ftl",
                r##"bye = bye
err-in = in
err-bad = bad
hello = old
later = new
"##,
            ),
            (
                "prompts/prompts.toml",
                r##"[hello]
valid_to = 2022-12-01
otherwise = "later"
[later]
valid_from = 2023-01-01
otherwise = "hello"
"##,
            ),
        ],
        expect![[r#"
            error[prompt-dates]: on some days neither `hello` nor `later`, which is said instead, is to be said
             --> flows/main.toml:4:10
              |
            4 | prompt = "hello"
              |          ^^^^^^^
              |
              = help: let the dates of one begin where those of the other end, in prompts/prompts.toml"#]],
    );
}

#[test]
fn dates_without_another_text() {
    let main = [
        r##"
[node.start]
kind = "say"
prompt = "hello"
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
                "prompts/fr.ftl",
                r##"bye = bye
err-in = in
err-bad = bad
hello = old
"##,
            ),
            (
                "prompts/ar.ftl",
                r##"bye = bye
err-in = in
err-bad = bad
hello = old
"##,
            ),
            (
                "prompts/prompts.toml",
                r##"[hello]
valid_to = 2022-12-01
"##,
            ),
        ],
        expect![[r#"
            error[missing-field]: `hello` is not always valid, and nothing is said in its place
             --> prompts/prompts.toml:1:2
              |
            1 | [hello]
              |  ^^^^^
              |
              = help: name the prompt to say outside these dates: otherwise = "…""#]],
    );
}
