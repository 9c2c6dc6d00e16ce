//! A small complete centre, of which a test writes only what it is about.

use std::collections::BTreeSet;

use hatif::script::Source;

/// Everything but the flow: two languages, one skill, one queue, one group that is always on duty.
pub const CENTRE: &str = r##"
[centre]
name = "mini"
zone = "Africa/Casablanca"
entry = "main.start"
default_language = "fr"
intents = ["status", "pay"]
outcomes = ["informed"]

[languages]
fr = {}
ar = { rtl = true }

[keys]
0 = "main.adviser"
9 = "repeat"
"*" = "back"

[no_input]
prompt = "err-in"
tries = 2
then = "main.adviser"
[no_match]
prompt = "err-bad"
tries = 2
then = "main.adviser"
[error]
then = "main.adviser"

[skills]
names = ["help"]

[queue.help]
skills = { help = 1 }

[group.desk]
size = 2
skills = { help = 5 }
languages = ["fr", "ar"]
"##;

/// Nodes that `main` has unless the test writes its own: the queue, and the end.
pub const ENDINGS: &str = r#"
[node.adviser]
kind = "queue"
queue = "help"
answered = "bye"
full = "bye"
closed = "bye"
timeout = "bye"

[node.bye]
kind = "end"
prompt = "bye"
outcome = "contained"
"#;

/// A centre whose flow `main` is `flow`, with [`ENDINGS`] added when it defines no node of those names. Prompts that it names
/// and that are not auth prompts are made up: their text is their id.
pub fn mini(flow: &str) -> Source {
    let mut main = flow.to_owned();
    if !flow.contains("[node.adviser]") && !flow.contains("[node.bye]") {
        main.push_str(ENDINGS);
    }
    centre(&[("centre.toml", CENTRE), ("flows/main.toml", &main)])
}

/// A centre of the given files. Texts in fr and ar are made up for every prompt id that they name, unless files of texts are
/// given.
pub fn centre(files: &[(&str, &str)]) -> Source {
    let mut all: Vec<(String, String)> =
        files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
    for language in ["fr", "ar"] {
        let path = format!("prompts/{language}.ftl");
        if files.iter().all(|(given, _)| *given != path) {
            all.push((path, texts(files)));
        }
    }
    Source::from_files(all)
}

/// One line a prompt, in the order of the alphabet.
fn texts(files: &[(&str, &str)]) -> String {
    let mut ids: BTreeSet<String> = BTreeSet::new();
    for (path, text) in files {
        if path.ends_with(".toml") {
            ids.extend(prompt_ids(text));
        }
    }
    let mut texts: String = ids.iter().map(|id| format!("{id} = {id}\n")).collect();
    if files.iter().any(|(_, text)| text.contains("\"authenticate\"")) {
        texts.push_str(AUTHENTICATION);
    }
    texts
}

const AUTHENTICATION: &str = "auth =
    .num = Number
    .dob = Birth date
    .otp = Code sent to { $tail }, good for { $min } minutes
    .card = Card
    .ok = Known
    .bad = Not known
    .lock = Locked for { $delay } minutes
";

/// Strings after `prompt = ` and `id = `, lists too; ids with a dot are left to the test.
fn prompt_ids(text: &str) -> Vec<String> {
    let mut ids = Vec::new();
    for mark in ["prompt = ", "id = "] {
        for (at, _) in text.match_indices(mark) {
            let rest = &text[at + mark.len()..];
            let value = if rest.starts_with('[') {
                rest.split(']').next().unwrap_or(rest)
            } else {
                rest.lines().next().unwrap_or("")
            };
            let value = if rest.starts_with('[') { value } else { value.split([',', '}']).next().unwrap_or(value) };
            ids.extend(
                value
                    .split('"')
                    .skip(1)
                    .step_by(2)
                    .filter(|id| !id.is_empty() && !id.contains(['.', ' ', '=']))
                    .map(str::to_owned),
            );
        }
    }
    ids
}
