//! `hatif check` and `hatif schema` for scenarios, and the documentation of every field.

use std::{fs, path::Path, process::Command};

use hatif::scenario::{Scenario, fields, json_schema};
use serde_json::{Value, json};

fn hatif(args: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_hatif")).args(args).output().expect("it starts");
    (output.status.code(), String::from_utf8(output.stdout).expect("UTF-8"))
}

#[test]
fn check_takes_the_name_or_the_file_of_a_scenario() {
    assert_eq!(hatif(&["check", "ordinary_day"]), (Some(0), "0 errors, 0 warnings\n".to_owned()));
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("mine.toml");
    fs::write(&path, "title = \"mine\"\nlike = \"ordinary_day\"\n[staffing]\ntotl = 70\n").expect("written");
    let path = path.to_str().expect("UTF-8");
    let (code, report) = hatif(&["check", path]);
    assert_eq!(code, Some(1));
    assert!(report.contains("mine.toml:4:1") && report.contains("did you mean `total`?"), "{report}");
    let (code, report) = hatif(&["check", path, "--format", "json"]);
    let problems: Value = serde_json::from_str(&report).expect("JSON");
    assert_eq!((code, &problems[0]["code"], &problems[0]["line"]), (Some(1), &json!("unknown-field"), &json!(4)));
}

/// A TOML file as the JSON an editor's checker sees: dates and times are strings.
fn as_json(value: toml::Value) -> Value {
    match value {
        toml::Value::Datetime(date) => json!(date.to_string()),
        toml::Value::Array(items) => items.into_iter().map(as_json).collect(),
        toml::Value::Table(table) => table.into_iter().map(|(key, value)| (key, as_json(value))).collect(),
        toml::Value::String(text) => json!(text),
        toml::Value::Integer(n) => json!(n),
        toml::Value::Float(x) => json!(x),
        toml::Value::Boolean(b) => json!(b),
    }
}

#[test]
fn the_schema_admits_every_shipped_scenario_and_refuses_mistakes() {
    assert_eq!(hatif(&["schema", "--scenario"]).1, format!("{:#}\n", json_schema()));
    let validator = jsonschema::validator_for(&json_schema()).expect("a JSON Schema");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/scenarios");
    for name in Scenario::names() {
        let text = fs::read_to_string(folder.join(format!("{name}.toml"))).expect("a scenario");
        let file = as_json(toml::Value::Table(text.parse().expect("TOML")));
        let errors: Vec<String> = validator.iter_errors(&file).map(|error| format!("{name}: {error}")).collect();
        assert_eq!(errors, Vec::<String>::new());
    }
    for text in
        ["like = \"a\"\ntitel = \"b\"\n", "title = \"b\"\n", "like = \"a\"\ntitle = \"b\"\n[staffing]\nshrinkage = 2\n"]
    {
        assert!(!validator.is_valid(&as_json(toml::Value::Table(text.parse().expect("TOML")))), "{text}");
    }
}

/// The tables of `docs/scenarios.md` between its marks: printed from the table of fields.
fn reference() -> String {
    let mut text = String::new();
    for (table, fields) in fields() {
        text += &format!("\n### {table}\n\n| key | what it is for |\n| --- | --- |\n");
        for (name, about) in fields {
            text += &format!("| `{name}` | {} |\n", about.replace('|', "\\|"));
        }
    }
    text
}

#[test]
fn the_documentation_has_every_field() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/scenarios.md");
    let text = fs::read_to_string(&path).expect("docs/scenarios.md");
    let mark = "<!-- Below this line the fields are listed as the program knows them; a test compares. -->\n";
    let (before, after) = text.split_once(mark).expect("the mark");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(&path, format!("{before}{mark}{}", reference())).expect("written");
        return;
    }
    assert_eq!(after, reference(), "UPDATE_EXPECT=1 writes it anew");
}
