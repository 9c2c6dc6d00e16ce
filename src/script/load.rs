//! The stages one after another.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    Loaded, Script, Size, Source,
    calendar::Compiled,
    check::{self, Facts},
    diagnostic::{Diagnostic, Related, Severity},
    fields, legs,
    resolve::{self, File, FlowFile, Resolved},
    shape::{Reader, Record},
    tree::{self, SyntaxError, Table},
    value::Type,
};

/// Reads, resolves and checks a centre, and reports every problem in it.
pub fn load(source: &Source) -> Loaded {
    let mut problems = Vec::new();
    let mut size = Size { files: source.files().count(), ..Size::default() };
    let script = build(source, &mut size, &mut problems).map(Arc::new);
    problems
        .sort_by(|a, b| (&a.file, a.span.start, a.code, &a.message).cmp(&(&b.file, b.span.start, b.code, &b.message)));
    problems.dedup();
    let faulty = problems.iter().any(|problem| problem.severity == Severity::Error);
    Loaded { script: script.filter(|_| !faulty), diagnostics: problems, size }
}

fn build(source: &Source, size: &mut Size, problems: &mut Vec<Diagnostic>) -> Option<Script> {
    let Some((path, text)) = source.files().find(|(path, _)| &***path == "centre.toml") else {
        let message = "the centre has no centre.toml";
        let help = "`hatif init DIR` writes a centre to begin with";
        problems.push(Diagnostic::error("missing-file", &"centre.toml".into(), 0..0, message).help(help));
        return None;
    };
    let mut whole = true;
    let centre = File { path: path.clone(), root: read(path, text, &fields::CENTRE_FILE, &mut whole, problems) };
    let mut flows = Vec::new();
    for (path, text) in source.files() {
        let Some(name) = path.strip_prefix("flows/").and_then(|name| name.strip_suffix(".toml")) else { continue };
        let root = read(path, text, &fields::FLOW_FILE, &mut whole, problems);
        if name.is_empty() || name.contains(['.', '/']) {
            let message = format!("`{name}` cannot be the name of a flow");
            problems.push(Diagnostic::error("bad-name", path, 0..0, message).help("use letters, digits, - and _"));
            continue;
        }
        flows.push(FlowFile { name: name.into(), file: File { path: path.clone(), root } });
    }
    if !whole {
        // What a broken file lacks would be reported as missing everywhere else.
        return None;
    }
    let texts: Vec<(Arc<str>, &str)> = source
        .files()
        .filter(|(path, _)| path.starts_with("prompts/") && path.ends_with(".ftl"))
        .map(|(path, text)| (path.clone(), text))
        .collect();
    let settings = source.files().find(|(path, _)| &***path == "prompts/prompts.toml");
    let settings = settings.map(|(path, text)| (path.clone(), text));
    let resolved = resolve::resolve(&centre, &flows, &texts, settings, problems);
    size.nodes = resolved.nodes.len();
    size.languages = resolved.languages.len();
    let mut facts_of =
        Beside { centre: &centre, flows: &flows, referenced: referenced(&texts), faulty: BTreeSet::new() };
    let errors = problems.iter().filter(|problem| problem.severity == Severity::Error);
    facts_of.faulty.extend(errors.map(|problem| problem.file.clone()));
    let (script, facts) = assemble(source, resolved, facts_of);
    size.prompts = script.prompts.entries.len();
    check::check(&script, &facts, problems);
    Some(script)
}

/// Ids of texts that other texts contain: `{ id }` and `{ id.attribute }`.
fn referenced(texts: &[(Arc<str>, &str)]) -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    for (_, text) in texts {
        for (at, _) in text.match_indices('{') {
            let inner = text[at + 1..].trim_start();
            let end = inner.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_' | '.')).unwrap_or(0);
            ids.insert(inner[..end].to_owned());
        }
    }
    ids
}

/// Reads a file and holds it against its record; what is not TOML is only reported as that.
fn read(
    path: &Arc<str>,
    text: &str,
    record: &'static Record,
    whole: &mut bool,
    problems: &mut Vec<Diagnostic>,
) -> Table {
    let (root, errors) = tree::parse(text);
    let mut sound = true;
    // The keys of a table that is there twice are twice there too; the table is enough to report.
    let mut table_end = 0;
    for error in errors {
        if !error.message.contains("duplicate key") {
            sound = false;
            let span = error.span.start.min(text.len())..error.span.end.min(text.len());
            problems.push(Diagnostic::error("toml-syntax", path, span, format!("this is not TOML: {}", error.message)));
        } else if error.span.start >= table_end {
            if header(text, error.span.start).is_some() {
                let rest = &text[error.span.end.min(text.len())..];
                table_end = rest.find("\n[").map_or(text.len(), |end| error.span.end + end);
            }
            problems.push(duplicate_key(path, text, &error, &root));
        }
    }
    if sound {
        Reader { file: path, problems }.record(record, &root, &(0..0));
    }
    *whole &= sound;
    root
}

/// The line of a table's header, when the place is in one.
fn header(text: &str, at: usize) -> Option<&str> {
    let start = text[..at].rfind('\n').map_or(0, |i| i + 1);
    let line = text[start..].lines().next()?.trim_end();
    line.starts_with('[').then_some(line)
}

/// The same key twice in a table; the first is found by its name, nearest before the second.
fn duplicate_key(path: &Arc<str>, text: &str, error: &SyntaxError, root: &Table) -> Diagnostic {
    let written = text.get(error.span.clone()).unwrap_or_default();
    let key = written.trim_matches(['"', '\'']);
    let message = format!("the key `{key}` is here a second time; only one of them could count");
    let mut problem = Diagnostic::error("duplicate-key", path, error.span.clone(), message);
    problem.help = Some("remove one of them, or give it another name".to_owned());
    let before = &text[..error.span.start];
    let earlier = header(text, error.span.start).and_then(|line| {
        let start = before.lines().any(|other| other.trim_end() == line).then(|| before.find(line))??;
        let inside = start + line.find(written)?;
        Some(inside..inside + written.len())
    });
    if let Some(span) = earlier.or_else(|| last_before(root, key, error.span.start)) {
        problem.related.push(Related { file: path.clone(), span, label: "first here".to_owned() });
    }
    problem
}

fn last_before(table: &Table, key: &str, before: usize) -> Option<tree::Span> {
    let mut found: Option<tree::Span> = None;
    for entry in &table.entries {
        let own = (entry.key == key && entry.key_span.end <= before).then(|| entry.key_span.clone());
        let lists = entry.value.list().unwrap_or_default().iter().filter_map(tree::Value::table);
        let inner = entry.value.table().into_iter().chain(lists).filter_map(|inner| last_before(inner, key, before));
        for span in own.into_iter().chain(inner) {
            if found.as_ref().is_none_or(|best| span.start > best.start) {
                found = Some(span);
            }
        }
    }
    found
}

/// What the checks know besides what was resolved.
struct Beside<'a> {
    centre: &'a File,
    flows: &'a [FlowFile],
    referenced: BTreeSet<String>,
    faulty: BTreeSet<Arc<str>>,
}

/// The script, and what its checks need besides.
fn assemble<'a>(source: &Source, mut resolved: Resolved<'a>, beside: Beside<'a>) -> (Script, Facts<'a>) {
    legs::mark(&mut resolved.nodes);
    let (uses, parsed) = (resolved.uses, resolved.prompts);
    let places = parsed.names().map(|(id, _)| parsed.place(id).cloned()).collect();
    let names: Vec<Arc<str>> = parsed.names().map(|(_, name)| name.clone()).collect();
    let types: BTreeMap<(&str, &str), Type> =
        uses.slots.iter().map(|((prompt, slot), used)| ((&*names[prompt.index()], &**slot), used.kind)).collect();
    let prompts = parsed.finish(&resolved.sets, |prompt, slot| types.get(&(prompt, slot)).copied());
    let script = Script {
        name: resolved.name,
        digest: source.digest().into(),
        zone: resolved.zone,
        entry: resolved.entry,
        languages: resolved.languages.into(),
        default_language: resolved.default_language,
        nodes: resolved.nodes.into(),
        flows: resolved.flows.into(),
        variables: resolved.variables.into(),
        symbol_sets: resolved.sets.into(),
        intents: resolved.intents.into(),
        outcomes: resolved.outcomes.into(),
        prompts,
        calendars: resolved.calendars.into(),
        compiled: Compiled::default(),
        skills: resolved.skills.into(),
        queues: resolved.queues.into(),
        groups: resolved.groups.into(),
    };
    let facts = Facts {
        centre: beside.centre,
        flows: beside.flows,
        texts: resolved.texts,
        variables: resolved.variable_texts,
        uses,
        broken: resolved.broken,
        prompts: places,
        referenced: beside.referenced,
        faulty: beside.faulty,
    };
    (script, facts)
}
