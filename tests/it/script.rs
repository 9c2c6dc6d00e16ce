//! The script language: what a correct centre becomes, and the exact report of every kind of fault.

mod callers;
mod command;
mod flow;
mod names;
mod texts;
mod written;

use expect_test::Expect;
use hatif::script::{Source, load, render_diagnostics};
use proptest::prelude::*;

use crate::support::centre::{CENTRE, centre, mini};

/// The report of a centre whose flow `main` is `flow`; the endings are added unless it has nodes of those names.
fn check(flow: &str, expected: Expect) {
    report(&mini(flow), expected);
}

/// The report of a centre of the given files; texts are made up.
fn check_files(files: &[(&str, &str)], expected: Expect) {
    report(&centre(files), expected);
}

fn report(source: &Source, expected: Expect) {
    let loaded = load(source);
    let errors = loaded.diagnostics.iter().any(|d| d.severity == hatif::script::diagnostic::Severity::Error);
    assert_eq!(loaded.script.is_none(), errors, "there is a script exactly when nothing is an error");
    expected.assert_eq(&render_diagnostics(source, &loaded.diagnostics, false));
}

/// The usual `centre.toml` with something added or changed.
fn centre_with(change: &str, to: &str) -> String {
    assert!(CENTRE.contains(change), "{change}");
    CENTRE.replacen(change, to, 1)
}

/// A flow that goes straight to the adviser.
const PLAIN: &str = r#"
[node.start]
kind = "goto"
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
fn a_correct_centre_becomes_a_script() {
    let source = mini(
        r#"
[flow]
vars = { ref = "digits" }

[node.start]
kind = "language"
prompt = "hello"
choices = { 1 = "fr", 2 = "ar" }
to = "menu"

[node.menu]
kind = "menu"
prompt = "menu"
choices = { 1 = { to = "ask", serves = "status" }, 2 = "bye" }

[node.ask]
kind = "collect"
prompt = "ask"
into = "ref"
min = 8
max = 8
to = "find"

[node.find]
kind = "lookup"
service = "complaint_status"
with = { ref = "ref" }
outcomes = { found = "bye", unknown = "menu" }
"#,
    );
    let loaded = load(&source);
    assert_eq!(loaded.diagnostics, []);
    let script = loaded.script.expect("a script");
    assert_eq!(script.node(script.entry).name.as_ref(), "main.start");
    assert_eq!(script.nodes.len(), 6);
    assert_eq!(script.digest.len(), 16);
}

#[test]
fn every_fault_of_a_file_is_reported_at_once_in_the_order_of_the_text() {
    let loaded = load(&mini(
        r#"
[node.start]
kind = "menu"
prompt = "menu"
choices = { 1 = { to = "stauts", serves = "statu" }, 3 = "bye" }
barge = false

[node.status]
kind = "say"
to = "bye"

[node.lost]
kind = "end"
outcome = "contained"
"#,
    ));
    let found: Vec<(&str, &str)> = loaded.diagnostics.iter().map(|d| (&*d.file, d.code)).collect();
    assert_eq!(
        found,
        [
            ("flows/main.toml", "key-gap"),
            ("flows/main.toml", "unknown-target"),
            ("flows/main.toml", "unknown-intent"),
            ("flows/main.toml", "unknown-field"),
            ("flows/main.toml", "unreachable-node"),
        ]
    );
}

#[test]
fn the_digest_names_the_version_and_leaves_tests_out() {
    let script = |files: &[(&str, &str)]| load(&centre(files)).script.expect("a script").digest.clone();
    let plain = script(&[("centre.toml", CENTRE), ("flows/main.toml", PLAIN)]);
    let tested = script(&[("centre.toml", CENTRE), ("flows/main.toml", PLAIN), ("tests/a.toml", "x = 1")]);
    let longer = format!("{PLAIN}# a remark\n");
    let changed = script(&[("centre.toml", CENTRE), ("flows/main.toml", &longer)]);
    assert_eq!(plain, tested);
    assert_ne!(plain, changed);
}

#[test]
fn the_default_centre_is_clean() {
    let source = Source::embedded();
    let loaded = load(&source);
    assert_eq!(render_diagnostics(&source, &loaded.diagnostics, false), "");
    assert!(loaded.script.is_some());
}

/// The default centre with one file damaged: lines taken away, doubled or swapped, or the text cut.
fn damaged(file: usize, at: usize, how: u8) -> Source {
    let mut files: Vec<(String, String)> =
        Source::embedded().files().map(|(path, text)| (path.to_string(), text.to_owned())).collect();
    let file = file % files.len();
    let text = &mut files[file].1;
    let mut lines: Vec<&str> = text.lines().collect();
    let line = at % lines.len().max(1);
    match how % 5 {
        0 => drop(lines.remove(line)),
        1 => lines.insert(line, lines[line]),
        2 => {
            let next = (line + 1) % lines.len();
            lines.swap(line, next);
        }
        3 => lines.truncate(line),
        _ => {
            let cut = text.floor_char_boundary(at % text.len().max(1));
            text.truncate(cut);
            return Source::from_files(files);
        }
    }
    files[file].1 = lines.join("\n");
    Source::from_files(files)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_damaged_is_reported_and_never_a_panic(file: usize, at: usize, how: u8) {
        let source = damaged(file, at, how);
        let loaded = load(&source);
        let again = load(&source);
        prop_assert_eq!(&loaded.diagnostics, &again.diagnostics, "the order does not depend on the run");
        for diagnostic in &loaded.diagnostics {
            let report = render_diagnostics(&source, std::slice::from_ref(diagnostic), false);
            prop_assert!(report.contains(diagnostic.code) && report.contains(&*diagnostic.file));
        }
        hatif::script::diagnostics_json(&source, &loaded.diagnostics);
    }
}
