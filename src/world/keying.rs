//! Keys in the midst of an entry. Most keys of a call are digits of a number, of which nobody hears anything; where it is
//! certain that the engine will only keep them, it takes them at once, and the caller's next plan is her last key. A driver,
//! who may want to be told each input, has them pressed one by one at their times; either way the calendar holds the same.

use super::{Ear, World};
use crate::{engine::Input, id::CallId, people::Who, script::model::Key, time::Instant};

/// A key on its way, which nothing will follow.
pub(super) type OnItsWay = (CallId, Key);

impl World {
    /// Has somebody whose plan is due key what she keys in the midst of an entry; false when she does something else.
    #[inline]
    pub(super) fn key_on<E: Ear>(&mut self, at: Instant, who: Who, ear: &mut E) -> bool {
        let Some(keying) = self.people.keying(at, who) else { return false };
        let kept = self.engine.keeps_keys(at, keying.call, keying.keys(), keying.pace);
        let keys = &keying.keys()[..kept];
        if keys.len() < 2 {
            return false;
        }
        if E::ALL {
            self.tell_engine(at, Input::Dtmf { call: keying.call, key: keys[0] }, ear);
            for (i, key) in keys.iter().enumerate().skip(1) {
                self.keys.enter(at + keying.pace * i as u64, (keying.call, *key));
            }
        } else {
            self.engine.keep_keys(at, keying.call, keys, keying.pace);
        }
        self.people.has_keyed(who, kept as u8, &mut self.wishes);
        self.take_plans();
        true
    }

    /// A key on its way is pressed, if its caller is still on the telephone.
    pub(super) fn press<E: Ear>(&mut self, at: Instant, ear: &mut E) {
        if let Some((_, (call, key))) = self.keys.pop()
            && self.people.is_on(call)
        {
            self.tell_engine(at, Input::Dtmf { call, key }, ear);
            self.settle(at, ear);
        }
    }
}
