//! The texts a scenario is made of, read into one tree: its file, the files it is like, and what `--set` changes.
//!
//! Each text is a page, and the pages' bytes are counted through, so that a place in the merged tree names its page. A later
//! page wins: tables are merged key by key, everything else is replaced. Where a key is one of several that exclude each
//! other ([`ALTERNATIVES`]) a later page's choice replaces the earlier one's.

use std::{path::PathBuf, sync::Arc};

use super::{overrides::Override, shelf::Shelf};
use crate::script::{
    Source,
    diagnostic::{Diagnostic, nearest},
    tree::{self, Entry, Kind, Span, Table, Value},
};

/// How many files may be like one another in a row.
const MAX_LIKE: usize = 8;

/// Keys of one table of which only one can hold.
pub(super) const ALTERNATIVES: [&[&str]; 6] = [&DISTRIBUTIONS, &VOLUMES, &LENGTHS, &INCIDENTS, &WAYS, &COUNTED];
/// The kinds of distributions.
pub(super) const DISTRIBUTIONS: [&str; 8] =
    ["exponential", "lognormal", "gamma", "weibull", "uniform", "mixture", "survival", "empirical"];
/// What says how many call.
pub(super) const VOLUMES: [&str; 7] = ["rate", "calls", "per_thousand", "population", "expected", "counts", "trace"];
/// What says when a run ends.
pub(super) const LENGTHS: [&str; 2] = ["horizon", "until"];
/// What can happen.
pub(super) const INCIDENTS: [&str; 7] = ["service", "sms", "publish", "edit", "entry", "absent", "register"];
/// How much of a prompt is heard.
pub(super) const WAYS: [&str; 2] = ["option", "for"];
/// Where the numbers of a table of counts stand.
pub(super) const COUNTED: [&str; 3] = ["values", "file", "times"];

/// One text.
pub(super) struct Page {
    /// What reports call it.
    pub file: Arc<str>,
    /// Its text.
    pub text: String,
    /// Where paths in it lead from.
    pub shelf: Shelf,
    /// Its first byte, counted through all pages.
    base: usize,
}

/// All texts, and the tree they make.
#[derive(Default)]
pub(super) struct Book {
    pub pages: Vec<Page>,
    pub root: Table,
    /// Problems with places counted through all pages.
    pub problems: Vec<Diagnostic>,
    /// Some page is not TOML: nothing more can be said.
    pub broken: bool,
    /// The scenario it is like cannot be had, so that nobody knows what is missing.
    pub orphan: bool,
    /// Changes of the centre, and where they stand.
    pub of_centre: Vec<(Override, Span)>,
}

/// What reports call the texts of `--set`.
const SET: &str = "--set";

impl Book {
    /// Opens a scenario: its text, then those it is like, then the changes.
    pub fn open(shelf: &Shelf, path: &str, text: String, overrides: &[Override]) -> Book {
        let mut book = Book::default();
        let mut trees = vec![book.page(shelf.shown(path), text, shelf.clone())];
        let mut seen = vec![(shelf.shown(path))];
        while let Some(next) = book.like(trees.last(), &mut seen) {
            trees.push(next);
        }
        for tree in trees.into_iter().rev() {
            merge(&mut book.root, tree);
        }
        for change in overrides {
            if change.key.split('.').next().map(|key| key.trim_matches(['"', '\''])) == Some("like") {
                book.page(SET.to_owned(), change.line(), Shelf::Folder(PathBuf::new()));
                let base = book.pages.last().map_or(0, |page| page.base);
                let message = "what a scenario is like is read before its settings are changed".to_owned();
                let help = "name that scenario instead, or write a file of your own with another `like`";
                book.problem("fixed-setting", &(base..base + change.key.len()), message, help.to_owned());
                continue;
            }
            let tree = book.page(SET.to_owned(), change.line(), Shelf::Folder(PathBuf::new()));
            match change.of_centre() {
                Some(_) => {
                    let base = book.pages.last().map_or(0, |page| page.base);
                    book.of_centre.push((change.clone(), base..base + change.key.len()));
                }
                None => merge(&mut book.root, tree),
            }
        }
        book.root.entries.retain(|entry| entry.key != "like");
        book
    }

    /// Adds a page and gives its tree, with places counted through.
    fn page(&mut self, file: String, text: String, shelf: Shelf) -> Table {
        let base = self.pages.last().map_or(0, |page| page.base + page.text.len() + 1);
        let (mut root, errors) = tree::parse(&text);
        for error in errors {
            let span = error.span.start + base..error.span.end + base;
            let twice = error.message.contains("duplicate key");
            let (code, message, help) = match twice {
                true => ("duplicate-key", "this key is here a second time".to_owned(), "remove one of them"),
                false => (
                    "toml-syntax",
                    format!("this is not TOML: {}", error.message),
                    "write settings as `name = value` below a `[section]`, texts in double quotes",
                ),
            };
            self.broken |= !twice;
            self.problems.push(Diagnostic::error(code, &"".into(), span, message).help(help));
        }
        shift(&mut root, base);
        self.pages.push(Page { file: file.into(), text, shelf, base });
        root
    }

    /// The tree of the scenario that `tree` says it is like.
    fn like(&mut self, tree: Option<&Table>, seen: &mut Vec<String>) -> Option<Table> {
        let value = tree?.get("like")?;
        let Some(name) = value.text() else {
            let message = format!("`like` must be the name of a scenario, not {}", value.describe());
            self.problem("wrong-type", &value.span, message, "write like = \"ordinary_day\"".to_owned());
            return None;
        };
        let shelf = self.shelf_of(&value.span);
        let path = format!("{}.toml", name.trim_end_matches(".toml"));
        let found = [shelf, Shelf::Embedded].into_iter().find_map(|shelf| Some((shelf.text(&path).ok()?, shelf)));
        let Some((text, shelf)) = found else {
            let mut known = Shelf::Embedded.names();
            known.extend(self.shelf_of(&value.span).names());
            known.sort();
            known.dedup();
            let help = nearest(name, known.iter().map(String::as_str))
                .map_or_else(|| format!("there is: {}", known.join(", ")), |near| format!("did you mean `{near}`?"));
            self.orphan = true;
            self.problem("unknown-scenario", &value.span, format!("there is no scenario `{name}`"), help);
            return None;
        };
        let shown = shelf.shown(&path);
        if seen.contains(&shown) || seen.len() >= MAX_LIKE {
            let message = format!("`{name}` is like this scenario in turn; nobody says what both are");
            self.orphan = true;
            self.problem("like-cycle", &value.span, message, "remove one `like`".to_owned());
            return None;
        }
        seen.push(shown.clone());
        Some(self.page(shown, text, shelf))
    }

    pub fn problem(&mut self, code: &'static str, span: &Span, message: String, help: String) {
        self.problems.push(Diagnostic::error(code, &"".into(), span.clone(), message).help(help));
    }

    /// The page a place is on.
    pub fn page_of(&self, at: usize) -> &Page {
        let i = self.pages.partition_point(|page| page.base <= at);
        &self.pages[i.saturating_sub(1)]
    }

    /// Where the scenario itself stands.
    pub fn home(&self) -> Option<&Shelf> {
        self.pages.first().map(|page| &page.shelf)
    }

    /// Where paths at a place lead from.
    pub fn shelf_of(&self, span: &Span) -> Shelf {
        self.page_of(span.start).shelf.clone()
    }

    /// The problems with each place in its own file, and the texts they are in. What `besides` holds has its place already.
    pub fn finish(mut self, besides: Vec<(Arc<str>, String)>) -> (Vec<Diagnostic>, Source) {
        let mut found = std::mem::take(&mut self.problems);
        if self.orphan {
            found.retain(|problem| problem.code != "missing-field" || problem.span != (0..0));
        }
        let key =
            |problem: &Diagnostic| (problem.file.clone(), problem.span.start, problem.code, problem.message.clone());
        found.sort_by_key(key);
        found.dedup();
        // Each change is a file of its own to reports; a second of the same name would hide the first.
        let mut files: Vec<(Arc<str>, String)> = Vec::new();
        let mut names: Vec<Arc<str>> = Vec::new();
        for page in &self.pages {
            let name: Arc<str> = match &*page.file {
                SET => format!("{SET} {}", page.text.replace(" = ", "=")).into(),
                _ => page.file.clone(),
            };
            files.push((name.clone(), page.text.clone()));
            names.push(name);
        }
        for problem in found.iter_mut().filter(|problem| problem.file.is_empty()) {
            let i = self.pages.partition_point(|page| page.base <= problem.span.start).saturating_sub(1);
            let base = self.pages[i].base;
            problem.file = names[i].clone();
            problem.span = problem.span.start - base..problem.span.end.max(base) - base;
        }
        files.extend(besides);
        let files = files.into_iter().map(|(name, text)| (name.to_string(), text)).collect();
        (found, Source::from_files(files))
    }
}

/// Lets `over` win against `base`.
pub(super) fn merge(base: &mut Table, over: Table) {
    for group in ALTERNATIVES {
        let chosen = |key: &str| over.entries.iter().any(|entry| entry.key == key);
        if group.iter().any(|key| chosen(key)) {
            base.entries.retain(|entry| !group.contains(&entry.key.as_str()) || chosen(&entry.key));
        }
    }
    for entry in over.entries {
        match base.entries.iter_mut().find(|known| known.key == entry.key) {
            None => base.entries.push(entry),
            Some(known) => {
                known.key_span = entry.key_span;
                known.value.span = entry.value.span;
                match (&mut known.value.kind, entry.value.kind) {
                    (Kind::Table(base), Kind::Table(over)) => merge(base, over),
                    (base, over) => *base = over,
                }
            }
        }
    }
}

fn shift(table: &mut Table, by: usize) {
    for Entry { key_span, value, .. } in &mut table.entries {
        *key_span = key_span.start + by..key_span.end + by;
        shift_value(value, by);
    }
}

fn shift_value(value: &mut Value, by: usize) {
    value.span = value.span.start + by..value.span.end + by;
    match &mut value.kind {
        Kind::List(items) => items.iter_mut().for_each(|item| shift_value(item, by)),
        Kind::Table(table) => shift(table, by),
        _ => {}
    }
}
