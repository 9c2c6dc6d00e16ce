//! The texts a centre can say: by id and language, with typed slots, estimated durations and validity dates.
//!
//! Two stages, like the rest of the script: [`parse()`] reads the Fluent files and `prompts.toml`, reports everything that is
//! wrong with them and yields [`ParsedPrompts`], whose ids and slots the loader can look up; once the uses of the prompts have
//! fixed what their slots hold, [`ParsedPrompts::finish`] makes the immutable [`Prompts`], which never fails.
//!
//! | file | what it does |
//! | --- | --- |
//! | `parse` | one Fluent file: ids, slots and references with their places, syntax errors |
//! | `check` | what only all languages together show: missing texts, differing slots, cycles |
//! | `settings` | `prompts.toml` |
//! | `texts` | rendering, and how each type of value is said |
//!
//! May import `script` and `time`. What never enters: what a prompt is for, who hears it, clocks.

mod check;
mod parse;
mod settings;
#[cfg(test)]
mod tests;
mod texts;

use std::{collections::BTreeMap, fmt, ops::Range, sync::Arc};

use self::{parse::LanguageFile, settings::Settings, texts::Texts};
use super::{
    diagnostic::{Diagnostic, nearest},
    model::{Language, SymbolSetDef},
    value::{Type, Value},
};
use crate::{
    id::{LanguageId, PromptId},
    time::{Date, Duration},
};

/// Every prompt of a script.
#[derive(Debug)]
pub struct Prompts {
    /// Indexed by [`PromptId`].
    pub entries: Box<[Prompt]>,
    /// What they say.
    texts: Texts,
}

/// One prompt in all languages.
#[derive(Clone, Debug)]
pub struct Prompt {
    /// Its id: one or two words, `main` or `enrol.reg`.
    pub name: Arc<str>,
    /// What must be filled in, in alphabetical order; the same in every language.
    pub slots: Box<[Slot]>,
    /// How long each language takes to say it, indexed by [`LanguageId`] (fallbacks already applied).
    pub durations: Box<[Duration]>,
    /// Whether a key stops it (legal notices and errors do not allow it).
    pub barge_in: bool,
    /// Said from this day on; before it, `otherwise` is said.
    pub valid_from: Option<Date>,
    /// Not said from this day on; then `otherwise` is said.
    pub valid_to: Option<Date>,
    /// What is said outside the validity dates; it has the same slots.
    pub otherwise: Option<PromptId>,
}

/// Something to fill in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// Its name in the text.
    pub name: Arc<str>,
    /// What it is filled with; fixed by the uses of the prompt.
    pub kind: Type,
}

impl Prompts {
    /// Prompts without texts: each is shown as its id in braces. For tests of what does not depend on wording.
    pub fn wordless(entries: Box<[Prompt]>) -> Prompts {
        Prompts { entries, texts: Texts::default() }
    }

    /// The prompt `id`.
    pub fn get(&self, id: PromptId) -> &Prompt {
        &self.entries[id.index()]
    }

    /// The prompt to say on `today` where a script says `id`.
    pub fn on(&self, id: PromptId, today: Date) -> PromptId {
        let prompt = self.get(id);
        let early = prompt.valid_from.is_some_and(|from| today < from);
        let late = prompt.valid_to.is_some_and(|to| today >= to);
        if early || late { prompt.otherwise.unwrap_or(id) } else { id }
    }

    /// The prompt called `name`.
    pub fn named(&self, name: &str) -> Option<PromptId> {
        self.entries.iter().position(|prompt| &*prompt.name == name).map(|i| PromptId(i as u32))
    }

    /// The text of a prompt in a language, its slots filled with `args` (in the order of [`Prompt::slots`]). Slots are set
    /// apart by the isolates U+2068 and U+2069, so that digits and Latin words keep their order within Arabic text on a
    /// screen. A slot whose argument is missing or cannot be said shows as `{$name}`.
    pub fn render(&self, id: PromptId, language: LanguageId, args: &[Value]) -> String {
        self.texts.render(self.get(id), id, language, args)
    }

    /// The same without isolates: what is handed to a voice, and what dialogues compare.
    pub fn render_plain(&self, id: PromptId, language: LanguageId, args: &[Value]) -> String {
        without_isolates(&self.render(id, language, args))
    }
}

/// A text without the invisible characters that set its slots apart.
pub fn without_isolates(text: &str) -> String {
    text.chars().filter(|c| !matches!(c, '\u{2066}'..='\u{2069}')).collect()
}

/// A word every prompt may use as a slot without an argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// The slot's name.
    pub name: Arc<str>,
    /// Its text in each language, indexed by [`LanguageId`]; where there is none the language's fallback is said.
    pub texts: Vec<Option<Arc<str>>>,
}

/// Where something stands in a centre's files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Path inside the centre.
    pub file: Arc<str>,
    /// Bytes of that file.
    pub span: Range<usize>,
}

/// The prompts as written, checked in themselves but not yet against their uses.
pub struct ParsedPrompts {
    languages: Vec<Language>,
    terms: Vec<Term>,
    /// One per language that has a file.
    files: Vec<Option<LanguageFile>>,
    entries: Vec<Entry>,
    by_name: BTreeMap<Arc<str>, PromptId>,
}

/// One prompt as written.
struct Entry {
    name: Arc<str>,
    /// Where each language says it, indexed by language; fallbacks not applied.
    places: Vec<Option<Place>>,
    /// Names of its slots in alphabetical order, terms left out, and where the first stands.
    slots: BTreeMap<Arc<str>, Place>,
    settings: Settings,
    /// Refers to itself or holds what cannot be resolved, so that it must not be tried.
    unsayable: bool,
}

impl fmt::Debug for ParsedPrompts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.entries.iter().map(|entry| &entry.name)).finish()
    }
}

/// Reads the texts and settings of all prompts. `files` are the Fluent files by path inside the centre, `prompts/fr.ftl`;
/// `settings` is `prompts/prompts.toml` when there is one. Every fault is reported; what could be read is returned all the same.
pub fn parse(
    files: &[(Arc<str>, &str)],
    languages: &[Language],
    settings: Option<(Arc<str>, &str)>,
    terms: &[Term],
) -> (ParsedPrompts, Vec<Diagnostic>) {
    let mut found = Vec::new();
    let mut by_language: Vec<Option<LanguageFile>> = languages.iter().map(|_| None).collect();
    for (path, text) in files {
        let code = path.rsplit('/').next().and_then(|name| name.strip_suffix(".ftl")).unwrap_or_default();
        match languages.iter().position(|language| &*language.code == code) {
            Some(i) => by_language[i] = Some(LanguageFile::parse(path, text, &mut found)),
            None => found.push(unknown_file(path, code, languages)),
        }
    }
    let mut parsed = ParsedPrompts {
        languages: languages.to_vec(),
        terms: terms.to_vec(),
        files: by_language,
        entries: Vec::new(),
        by_name: BTreeMap::new(),
    };
    parsed.number();
    parsed.check(&mut found);
    if let Some((path, text)) = settings {
        parsed.settle(&path, text, &mut found);
    }
    (parsed, found)
}

fn unknown_file(path: &Arc<str>, code: &str, languages: &[Language]) -> Diagnostic {
    let message = format!("`{code}` is not a language of this centre, so nobody can hear these texts");
    let diagnostic = Diagnostic::error("unknown-language", path, 0..0, message);
    match nearest(code, languages.iter().map(|language| &*language.code)) {
        Some(near) => diagnostic.help(format!("rename the file to `{near}.ftl`, or add `{code}` to [languages]")),
        None => diagnostic.help(format!("add `{code}` to [languages] in centre.toml, or remove the file")),
    }
}

impl ParsedPrompts {
    /// Gives every id its number: in the order of the first language's file, then what later languages add.
    fn number(&mut self) {
        let count = self.languages.len();
        for (l, file) in self.files.iter().enumerate() {
            let Some(file) = file else { continue };
            for text in &file.texts {
                let next = PromptId(self.entries.len() as u32);
                let id = *self.by_name.entry(text.name.clone()).or_insert(next);
                if id == next {
                    self.entries.push(Entry {
                        name: text.name.clone(),
                        places: vec![None; count],
                        slots: BTreeMap::new(),
                        settings: Settings::default(),
                        unsayable: false,
                    });
                }
                let place = Place { file: file.path.clone(), span: text.span.clone() };
                self.entries[id.index()].places[l].get_or_insert(place);
            }
        }
    }

    /// The prompt called `name`.
    pub fn named(&self, name: &str) -> Option<PromptId> {
        self.by_name.get(name).copied()
    }

    /// Every prompt, in the order of its id.
    pub fn names(&self) -> impl Iterator<Item = (PromptId, &Arc<str>)> {
        self.entries.iter().enumerate().map(|(i, entry)| (PromptId(i as u32), &entry.name))
    }

    /// The prompt id nearest to a misspelt one.
    pub fn nearest(&self, wrong: &str) -> Option<&str> {
        nearest(wrong, self.entries.iter().map(|entry| &*entry.name))
    }

    /// The names of a prompt's slots, in the order of its arguments; words filled in by themselves are left out.
    pub fn slots(&self, id: PromptId) -> impl Iterator<Item = &Arc<str>> {
        self.entries[id.index()].slots.keys()
    }

    /// Where a prompt is defined: in the first language that has it.
    pub fn place(&self, id: PromptId) -> Option<&Place> {
        self.entries[id.index()].places.iter().flatten().next()
    }

    /// Where a language defines it; `None` where a fallback is said or a text is missing.
    pub fn place_in(&self, id: PromptId, language: LanguageId) -> Option<&Place> {
        self.entries[id.index()].places.get(language.index())?.as_ref()
    }

    /// What is said instead of a prompt outside its validity dates: counts as a use of that prompt.
    pub fn otherwise(&self, id: PromptId) -> Option<PromptId> {
        self.entries[id.index()].settings.otherwise
    }

    /// Whether keys stop the prompt.
    pub fn barge_in(&self, id: PromptId) -> bool {
        self.entries[id.index()].settings.barge_in
    }

    /// The language whose text is said in `language`: itself, or the first of its fallbacks that has one.
    fn voice(&self, entry: &Entry, language: LanguageId) -> Option<LanguageId> {
        fallbacks(&self.languages, language).find(|l| entry.places[l.index()].is_some())
    }

    /// The prompts, once every slot's type is known. `sets` are all symbol sets of the script, indexed as symbols are;
    /// `slot_types` gives the type of a slot by prompt id and slot name (`None`: the prompt is not used, any type will do).
    pub fn finish(self, sets: &[SymbolSetDef], slot_types: impl Fn(&str, &str) -> Option<Type>) -> Prompts {
        let slots = |entry: &Entry| {
            let slot = |name: &Arc<str>| Slot {
                name: name.clone(),
                kind: slot_types(&entry.name, name).unwrap_or(Type::Text),
            };
            entry.slots.keys().map(slot).collect()
        };
        let mut entries: Box<[Prompt]> =
            self.entries.iter().map(|entry| entry.settings.prompt(&entry.name, slots(entry))).collect();
        let texts = Texts::compile(&self, sets);
        for (i, prompt) in entries.iter_mut().enumerate() {
            let measured = &self.entries[i].settings.seconds;
            prompt.durations = (0..self.languages.len())
                .map(|l| {
                    let language = LanguageId(l as u8);
                    let known = fallbacks(&self.languages, language).find_map(|l| measured.get(&l).copied());
                    known.unwrap_or_else(|| texts.estimate(prompt, PromptId(i as u32), language))
                })
                .collect();
        }
        Prompts { entries, texts }
    }
}

/// A language and those it falls back to, in order; each once, whatever the configuration says.
fn fallbacks(languages: &[Language], language: LanguageId) -> impl Iterator<Item = LanguageId> + '_ {
    let next = |l: &LanguageId| languages.get(l.index()).and_then(|language| language.fallback);
    std::iter::successors(Some(language), next).take(languages.len())
}
