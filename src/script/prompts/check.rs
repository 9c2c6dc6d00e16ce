//! What only all files together show: texts and symbols a language lacks, slots that differ, references that lead nowhere.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    sync::Arc,
};

use super::{
    super::{
        diagnostic::{Diagnostic, Related, nearest},
        model::SymbolSetDef,
    },
    ParsedPrompts, Place, fallbacks,
    parse::{LanguageFile, Text},
};
use crate::id::LanguageId;

/// The slots of a text, those of the texts it refers to included.
type Slots = BTreeMap<Arc<str>, Place>;

impl ParsedPrompts {
    /// Runs every check, and fills in each entry's slots.
    pub(super) fn check(&mut self, found: &mut Vec<Diagnostic>) {
        self.check_files(found);
        for file in self.files.iter().flatten() {
            check_references(file, found);
        }
        let unsayable: BTreeSet<Arc<str>> =
            self.files.iter().flatten().flat_map(|file| unsayable_texts(file, found)).collect();
        for i in 0..self.entries.len() {
            self.entries[i].unsayable = unsayable.contains(&self.entries[i].name);
            self.check_languages(i, found);
            self.entries[i].slots = self.check_slots(i, found);
        }
    }

    /// A language without a file and without a fallback is reported once, not once for every prompt.
    fn check_files(&self, found: &mut Vec<Diagnostic>) {
        for (language, file) in self.languages.iter().zip(&self.files) {
            if file.is_none() && language.fallback.is_none() {
                let path = format!("prompts/{}.ftl", language.code).into();
                let message =
                    format!("the language `{}` has no texts: callers who choose it would hear nothing", language.code);
                let help = format!("write `prompts/{0}.ftl`, or give `{0}` a `fallback` in [languages]", language.code);
                found.push(Diagnostic::error("missing-language", &path, 0..0, message).help(help));
            }
        }
    }

    fn check_languages(&self, i: usize, found: &mut Vec<Diagnostic>) {
        let entry = &self.entries[i];
        let Some(place) = entry.places.iter().flatten().next() else { return };
        let silent = (0..self.languages.len()).filter(|&l| {
            let mut chain = fallbacks(&self.languages, LanguageId(l as u8));
            let known = chain.any(|l| {
                entry.places[l.index()].is_some() || self.files[l.index()].as_ref().is_none_or(|file| file.broken)
            });
            // A fallback's gap is reported for the fallback alone.
            !known && self.languages[l].fallback.is_none()
        });
        let codes: Vec<&str> = silent.map(|l| &*self.languages[l].code).collect();
        if !codes.is_empty() {
            let list = codes.join(", ");
            let message =
                format!("`{}` has no text in {list}, so callers in that language would hear nothing", entry.name);
            let help = format!(
                "add it to {}",
                codes.iter().map(|c| format!("prompts/{c}.ftl")).collect::<Vec<_>>().join(", ")
            );
            found.push(Diagnostic::error("missing-language", &place.file, place.span.clone(), message).help(help));
        }
    }

    /// Compares the slots of an entry's texts and returns them all.
    fn check_slots(&self, i: usize, found: &mut Vec<Diagnostic>) -> Slots {
        let entry = &self.entries[i];
        let mut all = Slots::new();
        let mut reference: Option<(&LanguageFile, &Text, Slots)> = None;
        for file in self.files.iter().flatten() {
            let Some(text) = file.text(&entry.name) else { continue };
            let mut slots = Slots::new();
            self.collect(file, text, &mut slots, &mut BTreeSet::new());
            for (name, place) in &slots {
                all.entry(name.clone()).or_insert_with(|| place.clone());
            }
            match &reference {
                None => reference = Some((file, text, slots)),
                Some((first, first_text, expected)) if !expected.keys().eq(slots.keys()) => {
                    found.push(self.mismatch((file, text, &slots), (first, first_text, expected)));
                }
                Some(_) => {}
            }
        }
        all
    }

    fn collect(&self, file: &LanguageFile, text: &Text, slots: &mut Slots, seen: &mut BTreeSet<Arc<str>>) {
        if !seen.insert(text.name.clone()) {
            return;
        }
        for (name, span) in &text.slots {
            if !self.terms.iter().any(|term| term.name == *name) {
                let place = Place { file: file.path.clone(), span: span.clone() };
                slots.entry(name.clone()).or_insert(place);
            }
        }
        for (name, _) in &text.references {
            if let Some(referred) = file.text(name) {
                self.collect(file, referred, slots, seen);
            }
        }
    }

    /// What differs between the slots of a text in two languages. Terms are every text's, and so are no difference; a name
    /// that is nearly a term's was probably meant as one.
    fn mismatch(
        &self,
        (file, text, slots): (&LanguageFile, &Text, &Slots),
        (first, first_text, expected): (&LanguageFile, &Text, &Slots),
    ) -> Diagnostic {
        let message = format!("`{}` has {} here, but {} in {}", text.name, list(slots), list(expected), first.path);
        // A name that one side has alone, and one of the other side's or a term's that it may be meant to be.
        let odd = |these: &Slots, others: &Slots| {
            let (name, _) = these.iter().find(|(name, _)| !others.contains_key(*name))?;
            let known = others.keys().chain(self.terms.iter().map(|term| &term.name)).map(|name| &**name);
            let near = nearest(name, known).filter(|near| *near != &**name)?;
            Some(format!("did you mean `${near}` instead of `${name}`"))
        };
        let help = match (odd(slots, expected), odd(expected, slots)) {
            (Some(here), _) => format!("{here}?"),
            (None, Some(there)) => format!("{there} in {}?", first.path),
            (None, None) => "use the same slots in every language".to_owned(),
        };
        let extra = slots.iter().find(|(name, _)| !expected.contains_key(*name));
        let label = "the slots to match are here".to_owned();
        let related = Related { file: first.path.clone(), span: first_text.span.clone(), label };
        let place = extra.map_or_else(|| text.span.clone(), |(_, place)| place.span.clone());
        let found = Diagnostic::error("slot-mismatch", &file.path, place, message).help(help);
        Diagnostic { related: vec![related], ..found }
    }

    /// Reports every word of a set that some language cannot say. For sets whose symbols fill a slot; `used_by` is that use.
    pub fn check_symbols(&self, set: &SymbolSetDef, used_by: &Place, found: &mut Vec<Diagnostic>) {
        for word in &set.words {
            let name = format!("{}.{word}", set.name);
            if self.by_name.contains_key(&*name) {
                continue; // what single languages lack is reported by `check_languages`
            }
            let message = format!("`{word}` of the set `{}` has no text, so this slot could not be said", set.name);
            let help = format!("add the prompt `{name}` to every language");
            found.push(
                Diagnostic::error("missing-symbol-text", &used_by.file, used_by.span.clone(), message).help(help),
            );
        }
    }
}

fn list(slots: &Slots) -> String {
    match slots.len() {
        0 => "no slots of its own".to_owned(),
        _ => slots.keys().map(|name| format!("${name}")).collect::<Vec<_>>().join(", "),
    }
}

fn check_references(file: &LanguageFile, found: &mut Vec<Diagnostic>) {
    for text in file.texts.iter().chain(&file.terms) {
        for (name, span) in &text.references {
            if file.broken || file.text(name).is_some() {
                continue;
            }
            let message = format!("`{}` refers to `{name}`, which this file does not have", text.name);
            let known = file.texts.iter().chain(&file.terms).map(|text| &*text.name);
            let help = match nearest(name, known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("define `{name}`, or write the words themselves"),
            };
            found.push(Diagnostic::error("unknown-reference", &file.path, span.clone(), message).help(help));
        }
    }
}

/// Reports each text that refers to itself, directly or through others, and returns the names of all that cannot be
/// said: those, what holds forms that nothing can choose, and what refers to either.
fn unsayable_texts(file: &LanguageFile, found: &mut Vec<Diagnostic>) -> BTreeSet<Arc<str>> {
    let all = || file.texts.iter().chain(&file.terms);
    let odd = all().filter(|text| text.unsayable).map(|text| text.name.clone());
    let mut endless: BTreeSet<_> = odd.collect();
    for text in all().filter(|text| !text.references.is_empty()) {
        let reach = reachable(file, text);
        if let Some(&span) = reach.get(&text.name) {
            let message = format!("`{}` contains itself, so it has no end", text.name);
            let help = "write the words themselves in one of the texts that refer to each other";
            found.push(Diagnostic::error("cyclic-text", &file.path, span.clone(), message).help(help));
            endless.insert(text.name.clone());
        }
    }
    let into_cycle = |text: &&Text| reachable(file, text).keys().any(|name| endless.contains(*name));
    let also: Vec<_> = all().filter(into_cycle).map(|text| text.name.clone()).collect();
    endless.extend(also);
    endless
}

/// Everything a text refers to, directly or through others, and where.
fn reachable<'a>(file: &'a LanguageFile, text: &'a Text) -> BTreeMap<&'a Arc<str>, &'a Range<usize>> {
    let (mut seen, mut open) = (BTreeMap::new(), vec![text]);
    while let Some(next) = open.pop() {
        for (name, span) in &next.references {
            if seen.insert(name, span).is_none() {
                open.extend(file.text(name));
            }
        }
    }
    seen
}
