//! Digits of a secret entry that come too late.
//!
//! Somebody who is slow, or whose line is, keys on when the entry has ended without her: what was to be her birth date would
//! walk through the menus that come next. So the digits that an entry still lacked when it failed are thrown away, and as many
//! as it has when it was complete and wrong: the first within the inter-digit time of the failure, each other within that of
//! the one before. Only where they would not be secret: a secret entry takes them, for it was asked again.

use super::{Purpose, Sink, Turn, listen::format_of, script_of};
use crate::{
    engine::call::Call,
    id::CallId,
    script::model::{Key, Node},
    time::{Duration, Instant},
};

/// What may still come of a secret entry that failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::engine) struct Late {
    /// So many digits.
    digits: u8,
    /// The next one before this.
    until: Instant,
    /// Each other within this of the one before.
    pace: Duration,
    /// And then this key.
    terminator: Option<Key>,
}

impl Late {
    /// Whether a digit pressed at `at` is one of them, wherever it is not secret.
    pub(super) fn awaits(&self, at: Instant) -> bool {
        self.digits > 0 && at < self.until
    }

    /// How many may come and how long from `now` the next one may take; nothing where none is awaited.
    pub(in crate::engine) fn left(&self, now: Instant) -> (u8, Duration) {
        if self.awaits(now) { (self.digits, self.until.since(now)) } else { (0, Duration::ZERO) }
    }
}

/// An entry for `purpose` at `node` ends without success after so many digits: the others may come late, where it was secret.
pub(super) fn expect_late(call: &mut Call, node: &Node, purpose: Purpose, keyed: u8, now: Instant) {
    let format = format_of(node, purpose);
    if !format.secret {
        return;
    }
    let (digits, pace) = (format.max.saturating_sub(keyed), node.input.inter_digit);
    call.menus_mut().late = Late { digits, until: now + pace, pace, terminator: format.terminator };
}

impl<S: Sink> Turn<'_, S> {
    /// What was keyed for `purpose` was wrong, and is not asked for again: more of it may come.
    pub(super) fn expect_more(&mut self, id: CallId, purpose: Purpose) {
        let now = self.state.now;
        let Some(call) = self.state.calls.get_mut(id) else { return };
        let node = script_of(self.versions, call).node(call.node);
        expect_late(call, node, purpose, 0, now);
    }

    /// Whether a key is one that came too late and is thrown away.
    pub(super) fn comes_late(&mut self, id: CallId, key: Key) -> bool {
        let now = self.state.now;
        let Some(call) = self.state.calls.get_mut(id) else { return false };
        let late = call.menus().late;
        if late.digits == 0 {
            return false;
        }
        let script = script_of(self.versions, call);
        let is_late = late.awaits(now) && !super::is_secret(call, script);
        let left = match (is_late, key.digit()) {
            (true, Some(_)) => Late { digits: late.digits - 1, until: now + late.pace, ..late },
            _ => Late::default(),
        };
        call.menus_mut().late = left;
        is_late && (key.digit().is_some() || Some(key) == late.terminator)
    }
}
