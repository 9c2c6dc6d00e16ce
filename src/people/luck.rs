//! What is remembered about each call in progress, so that its chance depends on nobody else: what its draws are keyed by,
//! and how often they were used.

use std::collections::VecDeque;

use crate::{
    engine::Origin,
    id::{CallId, LanguageId, QueueId, ScriptVersion},
    random::{Purpose, Seed, Stream},
    script::model::IntentId,
};

/// How far the streams of a call have been used, from which queue it was last answered, and what its caller speaks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Luck {
    /// What the draws are keyed by.
    pub(super) lot: u64,
    pub(super) rings: u32,
    pub(super) talks: u32,
    pub(super) queue: Option<QueueId>,
    pub(super) language: LanguageId,
    /// What its caller wants, in the script version it began on.
    pub(super) wants: Option<(ScriptVersion, IntentId)>,
    ended: bool,
}

impl Luck {
    fn of(lot: u64) -> Luck {
        Luck { lot, rings: 0, talks: 0, queue: None, language: LanguageId(0), wants: None, ended: false }
    }

    /// The stream of the `nth` use of one purpose.
    pub(super) fn stream(&self, seed: Seed, purpose: Purpose, nth: u32) -> Stream {
        seed.stream(purpose, self.lot ^ (u64::from(nth) << 40))
    }
}

/// The luck of all calls in progress: a window over the ids, which are given out in rising order.
#[derive(Clone, Debug, Default)]
pub(super) struct Lucks {
    window: VecDeque<Luck>,
    /// The id of the first in the window.
    base: u64,
}

impl Lucks {
    /// A call's luck; one that was never told of is keyed by its id.
    pub(super) fn of(&mut self, call: CallId) -> Option<&mut Luck> {
        if self.window.is_empty() && call.0 >= self.base {
            self.base = call.0;
        }
        let place = call.0.checked_sub(self.base)? as usize;
        while self.window.len() <= place {
            self.window.push_back(Luck::of(self.base + self.window.len() as u64));
        }
        self.window.get_mut(place)
    }

    /// What a call's draws are keyed by.
    pub(super) fn lot(&self, call: CallId) -> u64 {
        let place = call.0.checked_sub(self.base).map(|place| place as usize);
        place.and_then(|place| self.window.get(place)).map_or(call.0, |luck| luck.lot)
    }

    /// A call arrives.
    pub(super) fn arrived(
        &mut self,
        call: CallId,
        origin: Option<Origin>,
        version: ScriptVersion,
        language: LanguageId,
    ) {
        if let Some(luck) = self.of(call) {
            luck.lot = origin.map_or(call.0, |origin| origin.lot);
            luck.wants = origin.and_then(|origin| origin.intent).map(|intent| (version, intent));
            luck.language = language;
        }
    }

    /// A call is over.
    pub(super) fn ended(&mut self, call: CallId) {
        if let Some(luck) = self.of(call) {
            luck.ended = true;
        }
        while self.window.front().is_some_and(|luck| luck.ended) {
            self.window.pop_front();
            self.base += 1;
        }
    }
}
