//! Faults in the texts and their settings.

use expect_test::expect;

use super::check_files;
use crate::support::centre::CENTRE;

/// Says hello, then has an adviser.
const HELLO: &str = r#"
[node.start]
kind = "say"
prompt = "hello"
to = "adviser"

[node.adviser]
kind = "queue"
queue = "help"
answered = "bye"
full = "bye"
closed = "bye"
timeout = "bye"

[node.bye]
kind = "end"
prompt = ["bye", "err-in", "err-bad"]
outcome = "contained"
"#;

#[test]
fn a_text_that_cannot_be_read() {
    check_files(
        &[
            ("centre.toml", CENTRE),
            ("flows/main.toml", HELLO),
            (
                "prompts/fr.ftl",
                r##"bye = bye
err-in = in
err-bad = bad
hello = { $n
last = { }
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
            error[text-syntax]: `}` is missing here
             --> prompts/fr.ftl:5:1
              |
            5 | last = { }
              | ^
              |
              = help: add it, or close what is open before it

            error[text-syntax]: nothing stands between the braces
             --> prompts/fr.ftl:5:10
              |
            5 | last = { }
              |          ^
              |
              = help: write a slot there, such as { $date }"#]],
    );
}

#[test]
fn a_text_that_contains_itself() {
    check_files(
        &[
            ("centre.toml", CENTRE),
            ("flows/main.toml", HELLO),
            (
                "prompts/fr.ftl",
                r##"bye = bye
err-in = in
err-bad = bad
hello = hello
a = { b }
b = { a }
"##,
            ),
            (
                "prompts/ar.ftl",
                r##"bye = bye
err-in = in
err-bad = bad
hello = hello
a = { b }
b = { a }
"##,
            ),
        ],
        expect![[r#"
            error[cyclic-text]: `b` contains itself, so it has no end
             --> prompts/ar.ftl:5:7
              |
            5 | a = { b }
              |       ^
              |
              = help: write the words themselves in one of the texts that refer to each other

            error[cyclic-text]: `a` contains itself, so it has no end
             --> prompts/ar.ftl:6:7
              |
            6 | b = { a }
              |       ^
              |
              = help: write the words themselves in one of the texts that refer to each other

            error[cyclic-text]: `b` contains itself, so it has no end
             --> prompts/fr.ftl:5:7
              |
            5 | a = { b }
              |       ^
              |
              = help: write the words themselves in one of the texts that refer to each other

            error[cyclic-text]: `a` contains itself, so it has no end
             --> prompts/fr.ftl:6:7
              |
            6 | b = { a }
              |       ^
              |
              = help: write the words themselves in one of the texts that refer to each other"#]],
    );
}

#[test]
fn a_text_that_is_there_twice() {
    check_files(
        &[
            ("centre.toml", CENTRE),
            ("flows/main.toml", HELLO),
            (
                "prompts/fr.ftl",
                r##"bye = bye
err-in = in
err-bad = bad
hello = hello
hello = again
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
            error[duplicate-prompt]: `hello` is defined twice; only one of the texts could ever be heard
             --> prompts/fr.ftl:5:1
              |
            4 | hello = hello
              | ----- first defined here
            5 | hello = again
              | ^^^^^
              |
              = help: remove one, or make both attributes of the same message"#]],
    );
}

#[test]
fn a_term_with_a_slot() {
    check_files(
        &[
            ("centre.toml", CENTRE),
            ("flows/main.toml", HELLO),
            (
                "prompts/fr.ftl",
                r##"bye = bye
err-in = in
err-bad = bad
hello = hello
-brand = { $n }
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
            error[slot-in-term]: the term `-brand` has a slot `$n`, which nothing would fill
             --> prompts/fr.ftl:5:13
              |
            5 | -brand = { $n }
              |             ^
              |
              = help: write the slot in the prompts themselves, or make the term a message"#]],
    );
}

#[test]
fn a_choice_of_forms_by_no_slot() {
    check_files(
        &[
            ("centre.toml", CENTRE),
            ("flows/main.toml", HELLO),
            (
                "prompts/fr.ftl",
                r##"bye = bye
err-in = in
err-bad = bad
hello = { "a" ->
   *[other] hello
 }
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
            error[text-selector]: in `hello`, forms are chosen by something that never changes
             --> prompts/fr.ftl:4:1
              |
            4 | hello = { "a" ->
              | ^^^^^
              |
              = help: forms can only be chosen by a slot: { $n -> … }"#]],
    );
}

#[test]
fn a_function_that_does_not_exist() {
    check_files(
        &[
            ("centre.toml", CENTRE),
            ("flows/main.toml", HELLO),
            (
                "prompts/fr.ftl",
                r##"bye = bye
err-in = in
err-bad = bad
hello = { NUMBER(1) }
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
            error[unknown-function]: `NUMBER` is not a function: texts have slots and plural forms, nothing else
             --> prompts/fr.ftl:4:11
              |
            4 | hello = { NUMBER(1) }
              |           ^^^^^^
              |
              = help: remove it; how a slot is said follows from the type of what fills it"#]],
    );
}

#[test]
fn a_reference_that_leads_nowhere() {
    check_files(
        &[
            ("centre.toml", CENTRE),
            ("flows/main.toml", HELLO),
            (
                "prompts/fr.ftl",
                r##"bye = bye
err-in = in
err-bad = bad
hello = { helo }
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
            error[unknown-reference]: `hello` refers to `helo`, which this file does not have
             --> prompts/fr.ftl:4:11
              |
            4 | hello = { helo }
              |           ^^^^
              |
              = help: did you mean `hello`?"#]],
    );
}

#[test]
fn settings_that_cannot_be() {
    check_files(
        &[
            ("centre.toml", CENTRE),
            ("flows/main.toml", HELLO),
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
hello = hello
"##,
            ),
            (
                "prompts/prompts.toml",
                r##"[hello]
seconds = { fr = -1, de = 2 }
barge_in = 3
bargein = true
[helo]
barge_in = false
"##,
            ),
        ],
        expect![[r#"
            error[wrong-value]: a measured length must be a number of seconds between 0 and 3600
             --> prompts/prompts.toml:2:18
              |
            2 | seconds = { fr = -1, de = 2 }
              |                  ^^
              |
              = help: write it as in { ar = 6.1 }

            error[unknown-language]: `de` is not a language of this centre
             --> prompts/prompts.toml:2:22
              |
            2 | seconds = { fr = -1, de = 2 }
              |                      ^^
              |
              = help: use the codes of [languages]

            error[wrong-type]: `barge_in` cannot be a integer
             --> prompts/prompts.toml:3:12
              |
            3 | barge_in = 3
              |            ^
              |
              = help: write true or false

            error[unknown-field]: `bargein` is not a setting of a prompt
             --> prompts/prompts.toml:4:1
              |
            4 | bargein = true
              | ^^^^^^^
              |
              = help: did you mean `barge_in`?

            error[unknown-prompt]: there is no prompt `helo`
             --> prompts/prompts.toml:5:2
              |
            5 | [helo]
              |  ^^^^
              |
              = help: did you mean `hello`?"#]],
    );
}

#[test]
fn texts_of_a_language_the_centre_does_not_have() {
    check_files(
        &[
            ("centre.toml", CENTRE),
            ("flows/main.toml", HELLO),
            (
                "prompts/de.ftl",
                r##"bye = bye
err-in = in
err-bad = bad
hello = hello
"##,
            ),
        ],
        expect![[r#"
            error[unknown-language]: `de` is not a language of this centre, so nobody can hear these texts
            --> prompts/de.ftl
             = help: add `de` to [languages] in centre.toml, or remove the file"#]],
    );
}
