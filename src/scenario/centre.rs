//! The centre a scenario runs on, and changes of its `centre.toml` made in memory.

use std::{path::Path, sync::Arc};

use super::overrides::Override;
use crate::id::NodeId;
use crate::script::{
    self, Script, Source,
    diagnostic::{Diagnostic, Severity, line_and_column, nearest},
    tree::{self, Kind, Table, Value},
};

/// The file that changes are made in.
const FILE: &str = "centre.toml";

/// The files of a folder.
pub(super) fn of_folder(dir: &Path) -> Result<Source, String> {
    Source::from_dir(dir).map_err(|error| error.to_string())
}

/// The files with a change made.
pub(super) fn changed(source: &Source, change: &Override) -> Result<Source, String> {
    let path = change.of_centre().unwrap_or_default();
    let text = edit(source.text(FILE).unwrap_or_default(), path, &change.value)?;
    Ok(replaced(source, FILE, |_| text.clone()))
}

/// The files with one of them changed.
pub(super) fn replaced(source: &Source, file: &str, change: impl Fn(&str) -> String) -> Source {
    let made = |(path, text): (&Arc<str>, &str)| {
        (path.to_string(), if &**path == file { change(text) } else { text.to_owned() })
    };
    Source::from_files(source.files().map(made).collect())
}

/// Loads a centre; the reason names the first fault and how many there are.
pub(super) fn load(source: &Source) -> Result<Arc<Script>, String> {
    let loaded = script::load(source);
    loaded
        .script
        .ok_or_else(|| faults(source, &loaded.diagnostics, "").unwrap_or_else(|| "it has no script".to_owned()))
}

/// The first error of a centre and how many more there are; those with the code `but` do not count.
fn faults(source: &Source, found: &[Diagnostic], but: &str) -> Option<String> {
    let errors = found.iter().filter(|problem| problem.severity == Severity::Error && problem.code != but);
    let first = errors.clone().next()?;
    let (line, column) = line_and_column(source.text(&first.file).unwrap_or_default(), first.span.start);
    let more = match errors.count() {
        1 => String::new(),
        n => format!(" (and {} more)", n - 1),
    };
    let help = first.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
    Some(format!("{}:{line}:{column}: {}{help}{more}", first.file, first.message))
}

/// What is wrong with a centre that was changed in memory: without a place, for nobody sees the text it would be in.
pub(super) fn fault_of_change(source: &Source) -> Option<String> {
    let first = script::load(source).diagnostics.into_iter().find(|problem| problem.severity == Severity::Error)?;
    let help = first.help.map(|help| format!(" ({help})")).unwrap_or_default();
    Some(format!("{}{help}", first.message))
}

/// The same centre whose calls begin at another node. What then lies aside may be unreachable; every other rule holds.
pub(super) fn with_entry(source: &Source, node: &str) -> Result<Arc<Script>, String> {
    let change = Override { key: "centre.centre.entry".to_owned(), value: format!("\"{node}\"") };
    let edited = changed(source, &change)?;
    if let Some(fault) = faults(&edited, &script::load(&edited).diagnostics, "unreachable-node") {
        return Err(fault);
    }
    let script = load(source)?;
    let entry = script.nodes.iter().position(|known| &*known.name == node);
    let entry = entry.ok_or_else(|| format!("there is no node `{node}`"))?;
    let mut script = Arc::into_inner(script).ok_or("the script is shared")?;
    script.entry = NodeId(entry as u32);
    script.digest = edited.digest().into();
    Ok(Arc::new(script))
}

/// The text of a TOML file with one value changed or added in a table that it has.
fn edit(text: &str, path: &str, value: &str) -> Result<String, String> {
    let (root, _) = tree::parse(text);
    let mut keys = path.split('.');
    let last = keys.next_back().unwrap_or_default();
    let mut table = &root;
    let mut holder: Option<&Value> = None;
    for key in keys {
        let known = table.entries.iter().map(|entry| entry.key.as_str());
        let inner = table.get(key).ok_or_else(|| match nearest(key, known) {
            Some(near) => format!("{FILE} has no `{key}` for `{path}`; did you mean `{near}`?"),
            None => format!("{FILE} has no `{key}` for `{path}`"),
        })?;
        table = inner.table().ok_or_else(|| format!("`{key}` is {} in {FILE}, not a table", inner.describe()))?;
        holder = Some(inner);
    }
    let mut text = text.to_owned();
    match (table.get(last), holder) {
        (Some(old), _) if !is_header(&text, old) => text.replace_range(old.span.clone(), value),
        (None, Some(holder)) => insert(&mut text, holder, table, &format!("{last} = {value}")),
        _ => return Err(format!("`{path}` is a table of {FILE}; change its settings one by one")),
    }
    Ok(text)
}

/// Whether a value is a table with a header line of its own.
fn is_header(text: &str, value: &Value) -> bool {
    matches!(value.kind, Kind::Table(_)) && !text[value.span.clone()].starts_with('{')
}

/// Adds a line to a table: below its header, or inside its braces.
fn insert(text: &mut String, holder: &Value, table: &Table, line: &str) {
    if is_header(text, holder) {
        let end = text[holder.span.start..].find('\n').map_or(text.len(), |i| holder.span.start + i);
        text.insert_str(end, &format!("\n{line}"));
    } else {
        let comma = if table.entries.is_empty() { "" } else { "," };
        text.insert_str(holder.span.start + 1, &format!(" {line}{comma} "));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_changed_where_it_stands_and_added_where_it_does_not() {
        let text = "[queue.a]\nring = \"20s\"\nlevel = { target = 0.8 }\n[queue.b]\n";
        assert_eq!(edit(text, "queue.a.ring", "\"5s\""), Ok(text.replace("20s", "5s")));
        let added = edit(text, "queue.b.max_wait", "\"5m\"").expect("the table exists");
        assert_eq!(added, text.replace("[queue.b]", "[queue.b]\nmax_wait = \"5m\""));
        let inside = edit(text, "queue.a.level.threshold", "\"9s\"").expect("the table exists");
        assert!(inside.contains("{ threshold = \"9s\",  target = 0.8 }"), "{inside}");
        let error = edit(text, "queu.a.ring", "1").expect_err("no such table");
        assert!(error.ends_with("did you mean `queue`?"), "{error}");
        assert!(edit(text, "queue.a", "1").is_err(), "a whole table");
    }
}
