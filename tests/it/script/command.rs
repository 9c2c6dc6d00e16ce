//! `hatif check`, `graph`, `schema` and `init`, through the real program.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use expect_test::expect;
use hatif::script::{Source, SourceError, json_schema, load};
use serde_json::{Value, json};

use super::PLAIN;
use crate::support::centre::{CENTRE, centre, mini};

fn hatif(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_hatif")).args(arguments).output().expect("the program starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

/// Writes a centre to a folder.
fn write(source: &Source, dir: &Path) {
    for (path, text) in source.files() {
        let path = dir.join(&**path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }
}

fn folder(source: &Source) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    write(source, dir.path());
    dir
}

fn path(dir: &tempfile::TempDir) -> &str {
    dir.path().to_str().expect("a path of UTF-8")
}

const FAULTY: &str = r#"
[node.start]
kind = "menu"
prompt = "menu"
choices = { 1 = "bye", 2 = "advisor" }
"#;

const UNTIDY: &str = r#"
[node.start]
kind = "menu"
prompt = "menu"
choices = { 1 = "bye", 3 = "adviser" }
"#;

#[test]
fn the_exit_code_says_clean_faulty_or_unreadable() {
    let clean = folder(&centre(&[("centre.toml", CENTRE), ("flows/main.toml", PLAIN)]));
    let untidy = folder(&mini(UNTIDY));
    let faulty = folder(&mini(FAULTY));
    let empty = tempfile::tempdir().expect("a folder");
    for (arguments, code) in [
        (vec!["check"], 0),
        (vec!["check", "--strict"], 0),
        (vec!["check", path(&clean)], 0),
        (vec!["check", path(&clean), "--strict"], 0),
        (vec!["check", path(&untidy)], 0),
        (vec!["check", path(&untidy), "--strict"], 1),
        (vec!["check", path(&faulty)], 1),
        (vec!["check", path(&empty)], 2),
        (vec!["check", "no-such-folder"], 2),
        (vec!["check", "--format", "xml"], 2),
    ] {
        let output = hatif(&arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", text(&output.stderr));
    }
}

#[test]
fn a_file_of_a_centre_is_checked_with_its_folder() {
    let dir = folder(&mini(FAULTY));
    for file in ["centre.toml", "flows/main.toml"] {
        let output = hatif(&["check", dir.path().join(file).to_str().expect("UTF-8")]);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(&format!("hatif check {}", path(&dir))), "{said}");
    }
}

#[test]
fn a_term_that_is_mistyped_in_any_language_is_known_again() {
    let dir = tempfile::tempdir().expect("a folder");
    assert!(hatif(&["init", path(&dir), "--force"]).status.success());
    for language in ["ar", "fr"] {
        let file = dir.path().join(format!("centre/prompts/{language}.ftl"));
        let sound = fs::read_to_string(&file).expect("texts");
        fs::write(&file, sound.replacen("{ $fund }", "{ $xfund }", 1)).expect("a file");
        let output = hatif(&["check", path(&dir)]);
        let said = text(&output.stdout);
        assert!(output.status.code() == Some(1) && said.contains("did you mean `$fund` instead of `$xfund`"), "{said}");
        fs::write(&file, sound).expect("a file");
    }
}

#[test]
fn control_characters_in_a_prompt_are_warned_of() {
    let dir = folder(&centre(&[("centre.toml", CENTRE), ("flows/main.toml", PLAIN)]));
    let file = dir.path().join("prompts/fr.ftl");
    let sound = fs::read_to_string(&file).expect("texts");
    for evil in ["a\u{1b}[2Jb", "a{ \"\\u001B\" }b", "a\u{7}b"] {
        fs::write(&file, sound.replacen(" = ", &format!(" = {evil} "), 1)).expect("a file");
        let output = hatif(&["check", path(&dir)]);
        let said = text(&output.stdout);
        assert_eq!(output.status.code(), Some(0), "{said}");
        assert!(said.contains("warning[control-character]") && said.contains("U+00"), "{said}");
        assert!(!said.contains(['\u{1b}', '\u{7}']), "it is not printed either: {said:?}");
    }
}

#[test]
fn the_report_ends_with_a_summary() {
    let output = hatif(&["check", path(&folder(&mini(FAULTY)))]);
    expect![[r#"
        error[unknown-target]: there is no node `advisor`
         --> flows/main.toml:5:28
          |
        5 | choices = { 1 = "bye", 2 = "advisor" }
          |                            ^^^^^^^^^
          |
          = help: did you mean `adviser`?

        4 files, 3 nodes, 4 prompts, 2 languages: 1 error, 0 warnings
    "#]]
    .assert_eq(&text(&output.stdout));
}

#[test]
fn json_is_for_programs() {
    let output = hatif(&["check", path(&folder(&mini(UNTIDY))), "--format", "json"]);
    expect![[r#"
        [
          {
            "code": "key-gap",
            "severity": "warning",
            "file": "flows/main.toml",
            "line": 5,
            "column": 11,
            "end_line": 5,
            "end_column": 39,
            "message": "the keys of `start` have a gap: 2 is free, but 3 is taken",
            "help": "number the options 1, 2, 3 … without gaps",
            "related": [],
            "reached_by": "(on dialling)"
          }
        ]
    "#]]
    .assert_eq(&text(&output.stdout));
    let clean = hatif(&["check", "--format", "json"]);
    assert_eq!(text(&clean.stdout), "[]\n");
}

#[test]
fn a_folder_is_read_with_care() {
    let dir = folder(&mini(UNTIDY));
    fs::write(dir.path().join("flows/latin.toml"), b"# caf\xe9\n").expect("a file");
    match Source::from_dir(dir.path()) {
        Err(SourceError::NotText { path, at: 5 }) => assert!(path.ends_with("flows/latin.toml")),
        other => panic!("{other:?}"),
    }
    fs::write(dir.path().join("flows/latin.toml"), vec![b'#'; 2 << 20]).expect("a file");
    assert!(matches!(Source::from_dir(dir.path()), Err(SourceError::TooGreat { .. })));
    fs::remove_file(dir.path().join("flows/latin.toml")).expect("removed");
    let before = Source::from_dir(dir.path()).expect("readable");
    let file = dir.path().join("centre.toml");
    assert!(matches!(Source::from_dir(&file), Err(SourceError::NoFolder { path }) if path == file));
    fs::write(dir.path().join("notes.txt"), b"\xff").expect("a file");
    assert_eq!(Source::from_dir(dir.path()).expect("readable"), before, "other files are left alone");
}

#[cfg(unix)]
#[test]
fn a_link_may_not_lead_out_of_the_folder() {
    let outside = tempfile::tempdir().expect("a folder");
    let secret = outside.path().join("secret.toml");
    fs::write(&secret, "x = 1").expect("a file");
    let dir = folder(&mini(UNTIDY));
    std::os::unix::fs::symlink(&secret, dir.path().join("flows/link.toml")).expect("a link");
    assert!(matches!(Source::from_dir(dir.path()), Err(SourceError::Outside { .. })));
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_refused_and_not_waited_for() {
    let dir = folder(&mini(UNTIDY));
    let _socket = std::os::unix::net::UnixListener::bind(dir.path().join("flows/pipe.toml")).expect("a socket");
    let error = Source::from_dir(dir.path()).expect_err("not a file").to_string();
    assert!(
        error.ends_with("flows/pipe.toml is not a file; remove it, or give it a name that is not a script's"),
        "{error}"
    );
}

#[test]
fn init_writes_a_centre_that_is_clean_and_overwrites_nothing_unasked() {
    let dir = tempfile::tempdir().expect("a folder");
    let first = hatif(&["init", path(&dir)]);
    assert_eq!(first.status.code(), Some(0), "{}", text(&first.stderr));
    assert!(text(&first.stdout).contains("centre/centre.toml"));
    let centre = dir.path().join("centre");
    assert_eq!(Source::from_dir(&centre).expect("readable"), Source::embedded());

    fs::write(centre.join("centre.toml"), "mine").expect("a file");
    let second = hatif(&["init", path(&dir)]);
    assert_eq!(second.status.code(), Some(1));
    assert!(text(&second.stderr).contains("centre/centre.toml"), "{}", text(&second.stderr));
    assert_eq!(fs::read_to_string(centre.join("centre.toml")).expect("readable"), "mine");
    assert_eq!(hatif(&["init", path(&dir), "--force"]).status.code(), Some(0));
    assert_eq!(Source::from_dir(&centre).expect("readable"), Source::embedded());
}

#[test]
fn a_drawing_has_every_node_and_what_leads_to_it() {
    let dir = folder(&mini(UNTIDY));
    expect![[r#"
        flowchart LR
          subgraph f_main["main"]
            n0[/"main.start<br/>menu<br/>menu"/]
            n1[["main.adviser<br/>queue"]]
            n2(["main.bye<br/>end<br/>bye"])
          end
          n0 -->|"3"| n1
          n0 -->|"1"| n2
          n1 -->|"answered, full, closed, timeout"| n2
    "#]]
    .assert_eq(&text(&hatif(&["graph", path(&dir)]).stdout));
    let out = dir.path().join("menu.svg");
    let status = hatif(&["graph", "--flow", "file", "--format", "svg", "--out", out.to_str().expect("UTF-8")]).status;
    assert_eq!(status.code(), Some(0));
    let image = fs::read_to_string(out).expect("an image");
    let script = load(&Source::embedded()).script.expect("the default centre");
    assert!(image.starts_with("<?xml") && image.trim_end().ends_with("</svg>"));
    let mut of_the_flow = script.nodes.iter().filter(|node| node.name.starts_with("file."));
    assert!(of_the_flow.all(|node| image.contains(&*node.name)));
    assert_eq!(hatif(&["graph", path(&dir), "--flow", "mian"]).status.code(), Some(2));
    assert_eq!(hatif(&["graph", path(&folder(&mini(FAULTY)))]).status.code(), Some(1));
}

/// A TOML file as the JSON an editor's checker sees: dates and times are strings.
fn as_json(text: &str) -> Value {
    fn convert(value: toml::Value) -> Value {
        match value {
            toml::Value::Datetime(date) => json!(date.to_string()),
            toml::Value::Array(items) => items.into_iter().map(convert).collect(),
            toml::Value::Table(table) => table.into_iter().map(|(key, value)| (key, convert(value))).collect(),
            toml::Value::String(text) => json!(text),
            toml::Value::Integer(n) => json!(n),
            toml::Value::Float(x) => json!(x),
            toml::Value::Boolean(b) => json!(b),
        }
    }
    convert(toml::Value::Table(text.parse().expect("TOML")))
}

fn schema(definition: &str) -> jsonschema::Validator {
    let mut schema = json_schema();
    schema["anyOf"] = json!([{ "$ref": format!("#/$defs/{definition}") }]);
    jsonschema::validator_for(&schema).expect("a JSON Schema")
}

#[test]
fn the_schema_admits_the_default_centre_and_refuses_what_the_checker_refuses() {
    assert_eq!(text(&hatif(&["schema"]).stdout), format!("{:#}\n", json_schema()));
    let source = Source::embedded();
    let (centre, flow, prompts) = (schema("centre"), schema("flow"), schema("prompts"));
    for (path, text) in source.files() {
        let validator = match &**path {
            "centre.toml" => &centre,
            "prompts/prompts.toml" => &prompts,
            path if path.starts_with("flows/") => &flow,
            _ => continue,
        };
        let file = as_json(text);
        let errors: Vec<String> = validator.iter_errors(&file).map(|error| format!("{path}: {error}")).collect();
        assert_eq!(errors, Vec::<String>::new());
    }
    let centre_text = source.text("centre.toml").expect("a centre");
    for (validator, text) in [
        (&centre, format!("{centre_text}\n[unknown]\nx = 1\n")),
        (&flow, FAULTY.replace("prompt =", "promt =")),
        (&flow, FAULTY.replace("\"menu\"\nprompt", "\"menue\"\nprompt")),
        (&flow, "[node.start]\nkind = \"say\"\n".to_owned()),
        (&flow, "[node.start]\nkind = \"authenticate\"\nlevel = 3\nok = \"a\"\nfailed = \"b\"\n".to_owned()),
        (&flow, "[node.start]\nkind = \"goto\"\nto = \"a\"\ntimers = { first_digit = \"6 sec\" }\n".to_owned()),
        (&prompts, "[hello]\nbargein = true\n".to_owned()),
    ] {
        assert!(!validator.is_valid(&as_json(&text)), "{text}");
    }
}

#[test]
fn without_a_command_the_environment_is_heeded() {
    let output = Command::new(env!("CARGO_BIN_EXE_hatif")).env("HATIF_ADDR", "nowhere").output().expect("it starts");
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("an IP address and a port"), "{}", text(&output.stderr));
}
