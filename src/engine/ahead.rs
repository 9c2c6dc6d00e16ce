//! Keys pressed ahead, as they come to be used: told by a centre whose journal is kept, given to one that is run again.
//!
//! Nobody can know when a key is pressed ahead whether a menu will take it or a secret entry will throw it away. So the
//! journal does not say which key it was; it says so when, and only if, something that is not secret uses it.

use std::collections::VecDeque;

use crate::{id::CallId, script::model::Key};

/// See the top of this file.
#[derive(Clone, Debug, Default)]
pub(super) struct Ahead {
    mode: Mode,
    /// The key just taken from those pressed ahead, while it is being used.
    fresh: Option<(CallId, Key)>,
    /// The key last pressed was kept for later.
    pub(super) stored: bool,
    /// The key last pressed was a digit that nothing was bound to.
    pub(super) unbound: bool,
}

#[derive(Clone, Default)]
enum Mode {
    /// Nobody asks.
    #[default]
    Untold,
    /// Used since they were last asked for, in order.
    Told(Vec<(CallId, Key)>),
    /// To be used, in order.
    Given(VecDeque<(CallId, Key)>),
}

impl std::fmt::Debug for Mode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Mode::Untold => "Untold",
            Mode::Told(_) => "Told",
            Mode::Given(_) => "Given",
        })
    }
}

impl Ahead {
    /// Keys used are to be told from now on.
    pub(super) fn tell(&mut self) {
        self.mode = Mode::Told(Vec::new());
    }

    /// The next key used that was pressed ahead is this one.
    pub(super) fn give(&mut self, call: CallId, key: Key) {
        match &mut self.mode {
            Mode::Given(keys) => keys.push_back((call, key)),
            _ => self.mode = Mode::Given([(call, key)].into()),
        }
    }

    /// The keys used since the last time.
    pub(super) fn take(&mut self) -> Vec<(CallId, Key)> {
        match &mut self.mode {
            Mode::Told(keys) => std::mem::take(keys),
            _ => Vec::new(),
        }
    }

    /// Whether anybody cares.
    #[inline]
    pub(super) fn is_kept(&self) -> bool {
        !matches!(self.mode, Mode::Untold)
    }

    /// A key pressed ahead is used in clear; which it is.
    pub(super) fn used(&mut self, call: CallId, key: Key) -> Key {
        let key = match &mut self.mode {
            Mode::Told(keys) => {
                keys.push((call, key));
                key
            }
            Mode::Given(keys) if keys.front().is_some_and(|(whose, _)| *whose == call) => {
                keys.pop_front().map_or(key, |(_, key)| key)
            }
            _ => key,
        };
        self.fresh = Some((call, key));
        key
    }

    /// The key is used.
    #[inline]
    pub(super) fn done(&mut self) {
        self.fresh = None;
    }

    /// The digit being used is bound to nothing here: which it was is nobody's business.
    pub(super) fn is_unbound(&mut self) {
        match (&mut self.mode, self.fresh) {
            (_, None) => self.unbound = true,
            (Mode::Told(keys), Some(_)) => {
                if let Some((_, key)) = keys.last_mut() {
                    *key = Key::UNBOUND;
                }
            }
            (Mode::Given(_) | Mode::Untold, Some(_)) => {}
        }
    }

    /// The key being used goes back to those pressed ahead.
    pub(super) fn put_back(&mut self) {
        let fresh = self.fresh.take();
        match (&mut self.mode, fresh) {
            (_, None) => self.stored = true,
            (Mode::Told(keys), Some(_)) => {
                keys.pop();
            }
            (Mode::Given(keys), Some(key)) => keys.push_front(key),
            (Mode::Untold, Some(_)) => {}
        }
    }
}
