//! A published script as the callers see it: its guide, and their intents and languages found in it by name.

use std::sync::Arc;

use crate::{
    id::LanguageId,
    people::guide::Guide,
    registry,
    script::{Script, calendar::Calendar, model::IntentId},
    time::{Instant, LocalClock, TimeOfDay},
};

/// The names that a cast's indices stand for.
#[derive(Clone, Debug)]
pub(super) struct Names {
    intents: Box<[Arc<str>]>,
    languages: Box<[Arc<str>]>,
    default_language: LanguageId,
}

/// A published script as the callers see it.
#[derive(Clone, Debug)]
pub(super) struct Edition {
    pub(super) guide: Guide,
    intents: Box<[Option<IntentId>]>,
    languages: Box<[LanguageId]>,
    hours: Option<Arc<Calendar>>,
}

impl Names {
    pub(super) fn of(script: &Script) -> Names {
        Names {
            intents: script.intents.clone(),
            languages: script.languages.iter().map(|language| language.code.clone()).collect(),
            default_language: script.default_language,
        }
    }

    pub(super) fn default_language(&self) -> LanguageId {
        self.default_language
    }

    /// The language somebody of the registry would be answered in; the default where the centre does not have it.
    pub(super) fn spoken(&self, language: registry::Language) -> LanguageId {
        let place = self.languages.iter().position(|code| **code == *language.word());
        place.map_or(self.default_language, |i| LanguageId(i as u8))
    }
}

impl Edition {
    pub(super) fn new(script: &Script, names: &Names, clock: &LocalClock) -> Edition {
        let guide = Guide::new(script);
        let calendars = script.calendars_by(clock);
        let calendar = guide.calendar().and_then(|id| calendars.get(id.index()));
        let intent = |name: &Arc<str>| script.intents.iter().position(|own| own == name).map(|i| IntentId(i as u16));
        let language = |code: &Arc<str>| script.language_named(code).unwrap_or(script.default_language);
        Edition {
            guide,
            intents: names.intents.iter().map(intent).collect(),
            languages: names.languages.iter().map(language).collect(),
            hours: calendar.cloned(),
        }
    }

    /// An intent of the cast, in this script.
    pub(super) fn intent(&self, intent: Option<u16>) -> Option<IntentId> {
        intent.and_then(|intent| *self.intents.get(intent as usize)?)
    }

    /// A language of the cast, in this script.
    pub(super) fn language(&self, language: u8) -> LanguageId {
        self.languages.get(language as usize).copied().unwrap_or(LanguageId(0))
    }

    /// When somebody calls who would call at `at` and does not call while the centre is closed: then at `not_before` of the
    /// next open day at the earliest, spread over an hour by `spread` so that not all call in the same moment.
    pub(super) fn not_before(&self, at: Instant, not_before: TimeOfDay, spread: u64) -> Instant {
        let Some(hours) = self.hours.as_ref().map(|calendar| calendar.at(at)).filter(|hours| !hours.open) else {
            return at;
        };
        let late = not_before.0.saturating_sub(hours.opens.0);
        let hour = crate::time::Duration::from_hours(1).as_micros();
        let spread = crate::time::Duration::from_micros(spread % hour);
        hours.opens_at + crate::time::Duration::from_mins(late.into()) + spread
    }
}
