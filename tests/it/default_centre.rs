//! The centre that comes with the program.

use std::collections::{BTreeMap, BTreeSet};

use hatif::{
    dialogue::{self, Run, Theatre},
    id::{LanguageId, PromptId},
    script::{
        Script, Source,
        catalogue::MESSAGES,
        load,
        model::{NodeKind, PromptUse},
        value::{Symbol, Type, Value},
    },
    time::{Date, TimeOfDay},
};

fn script() -> std::sync::Arc<Script> {
    load(&Source::embedded()).script.expect("the default centre has no errors")
}

#[test]
fn eighty_advisers_serve_every_queue_in_every_language() {
    let script = script();
    assert_eq!(script.groups.iter().map(|group| group.size).sum::<u32>(), 80);
    assert_eq!((script.queues.len(), script.skills.len(), script.intents.len()), (6, 6, 8));
    for queue in &script.queues {
        for (l, language) in script.languages.iter().enumerate() {
            let serves = |need: &hatif::script::model::SkillNeed| {
                script.groups.iter().any(|group| {
                    group.languages.iter().any(|spoken| spoken.index() == l)
                        && group.skills.iter().any(|(skill, level)| *skill == need.skill && *level >= need.min_level)
                })
            };
            assert!(queue.skills.iter().all(serves), "{} in {}", queue.name, language.code);
        }
    }
}

/// Something of a type, to be said.
fn sample(kind: Type, n: i64) -> Value {
    match kind {
        Type::Bool => Value::Bool(true),
        Type::Number => Value::Number(n),
        Type::Digits => Value::Digits("000000042".parse().expect("nine digits")),
        Type::Date => Value::Date(Date::from_ymd(2022, 5, 17).expect("a date")),
        Type::Amount => Value::Amount(n * 100 + 5),
        Type::Time => Value::Time(TimeOfDay(510)),
        Type::Symbol(set) => Value::Symbol(Symbol { set, word: 0 }),
        Type::Text => Value::Text("Agence 88".into()),
    }
}

#[test]
fn every_prompt_can_be_said_in_every_language_with_nothing_left_open() {
    let script = script();
    for (i, prompt) in script.prompts.entries.iter().enumerate() {
        for l in 0..script.languages.len() {
            for n in [0, 1, 2, 3, 11, 100] {
                let args: Vec<Value> = prompt.slots.iter().map(|slot| sample(slot.kind, n)).collect();
                let text = script.prompts.render_plain(PromptId(i as u32), LanguageId(l as u8), &args);
                assert!(!text.is_empty() && !text.contains(['{', '}', '$', '\u{2068}']), "{}: {text}", prompt.name);
            }
        }
    }
}

/// Every prompt a caller may hear, and a node that says it.
fn spoken(script: &Script) -> BTreeMap<PromptId, String> {
    let mut spoken = BTreeMap::new();
    for node in &script.nodes {
        let mut say = |uses: &[PromptUse]| {
            for used in uses {
                spoken.entry(used.prompt).or_insert_with(|| node.name.to_string());
            }
        };
        say(&node.prompts);
        if node.back_point || matches!(node.kind, NodeKind::Language { .. } | NodeKind::Authenticate(_)) {
            for step in node.input.no_input.steps.iter().chain(&node.input.no_match.steps) {
                say(&step.prompts);
            }
        }
        match &node.kind {
            NodeKind::Queue(queue) => queue.treatment.iter().for_each(|step| say(&step.prompts)),
            NodeKind::Survey { questions, .. } => questions.iter().for_each(|question| say(&question.prompts)),
            NodeKind::Authenticate(auth) => {
                say(&auth.prompts.claim);
                say(&auth.prompts.birth);
                let single = [auth.prompts.code, auth.prompts.card, auth.prompts.bad, auth.prompts.locked];
                for id in single.into_iter().chain(auth.prompts.ok) {
                    spoken.entry(id).or_insert_with(|| node.name.to_string());
                }
            }
            _ => {}
        }
    }
    let otherwise: Vec<_> =
        spoken.iter().filter_map(|(id, node)| Some((script.prompts.get(*id).otherwise?, node.clone()))).collect();
    spoken.extend(otherwise);
    spoken
}

/// The prompts that dialogues name, by language.
fn heard() -> BTreeMap<String, BTreeSet<String>> {
    let mut heard: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/config/centre/tests");
    for entry in std::fs::read_dir(folder).expect("the centre has dialogues") {
        let text = std::fs::read_to_string(entry.expect("an entry").path()).expect("a dialogue file");
        let file: toml::Table = text.parse().expect("TOML");
        let default = |field: &str| file.get("defaults").and_then(|defaults| defaults.get(field));
        for dialogue in file["dialogue"].as_array().expect("dialogues") {
            let field = |name: &str| dialogue.get(name).or_else(|| default(name)).and_then(toml::Value::as_array);
            let text = |value: &toml::Value| value.as_str().map(str::to_owned);
            let languages: Vec<String> =
                field("languages").map_or(vec!["ar".to_owned()], |l| l.iter().filter_map(text).collect());
            let steps = ["opening", "steps"].into_iter().filter_map(field).flatten();
            for named in steps.filter_map(|step| step.get("hear")) {
                let one = text(named).into_iter();
                let names = one.chain(named.as_array().into_iter().flatten().filter_map(text));
                for name in names {
                    for language in &languages {
                        heard.entry(language.clone()).or_default().insert(name.clone());
                    }
                }
            }
        }
    }
    heard
}

#[test]
fn every_prompt_of_the_tree_is_heard_in_a_dialogue_in_three_languages() {
    let script = script();
    let heard = heard();
    let mut missing = Vec::new();
    for (id, node) in spoken(&script) {
        let name = &*script.prompts.get(id).name;
        // Said to those alone who chose Tamazight, and tested in it.
        let languages: &[&str] = if name == "q.lang" { &["zgh"] } else { &["ar", "fr", "en"] };
        missing
            .extend(languages.iter().filter(|l| !heard[**l].contains(name)).map(|l| format!("{name} ({node}) in {l}")));
    }
    assert_eq!(missing, Vec::<String>::new());
}

#[test]
fn every_dialogue_of_the_default_centre_passes() {
    let centre = Source::embedded();
    let mut theatre = Theatre::new(centre.clone()).expect("the default centre has no errors");
    let mut runs: Vec<Run> = Vec::new();
    for (path, text) in centre.files().filter(|(path, _)| path.starts_with("tests/")) {
        let (dialogues, problems) = dialogue::read(path, text, theatre.script());
        assert_eq!(problems, [], "{path}");
        runs.extend(dialogues.iter().flat_map(|dialogue| theatre.run(dialogue)));
    }
    let failed: Vec<String> = runs.iter().filter_map(Run::text).collect();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    assert!(runs.len() >= 200, "only {} dialogues were run", runs.len());
}

#[test]
fn every_text_message_has_its_wording_in_every_language() {
    let script = script();
    for message in &MESSAGES {
        let id = script.prompts.named(message.prompt).unwrap_or_else(|| panic!("no prompt {}", message.prompt));
        let args: Vec<Value> = message.slot.iter().map(|_| Value::Text("123456".into())).collect();
        assert_eq!(script.prompts.get(id).slots.len(), args.len(), "{}", message.prompt);
        for language in 0..script.languages.len() {
            let text = script.prompts.render(id, LanguageId(language as u8), &args);
            assert!(!text.contains("{$") && (args.is_empty() || text.contains("123456")), "{text}");
        }
    }
}
