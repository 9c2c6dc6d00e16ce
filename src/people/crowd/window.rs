//! Whose a call is: a window over call ids, since calls are numbered in order and end soon.

use std::collections::VecDeque;

use crate::id::CallId;

const NOBODY: u32 = u32::MAX;
const PROMISED: u32 = 1 << 31;

/// The slot of each call of a synthetic caller that has not ended.
#[derive(Clone, Debug, Default)]
pub(super) struct Window {
    /// From `base` on.
    slots: VecDeque<u32>,
    base: u64,
}

impl Window {
    /// Notes whose a call is, and whether it is a call back that was promised.
    pub(super) fn insert(&mut self, call: CallId, slot: u32, promised: bool) {
        if self.slots.is_empty() {
            self.base = call.0;
        }
        if call.0 < self.base {
            let missing = self.base - call.0;
            (0..missing).for_each(|_| self.slots.push_front(NOBODY));
            self.base = call.0;
        }
        let place = (call.0 - self.base) as usize;
        if place >= self.slots.len() {
            self.slots.resize(place + 1, NOBODY);
        }
        self.slots[place] = slot | if promised { PROMISED } else { 0 };
    }

    /// The slot of a call's caller, and whether it is a call back.
    #[inline]
    pub(super) fn get(&self, call: CallId) -> Option<(u32, bool)> {
        let place = call.0.checked_sub(self.base)? as usize;
        let entry = *self.slots.get(place)?;
        (entry != NOBODY).then_some((entry & !PROMISED, entry & PROMISED != 0))
    }

    /// Forgets an ended call, and says whose it was.
    pub(super) fn remove(&mut self, call: CallId) -> Option<(u32, bool)> {
        let found = self.get(call)?;
        self.slots[(call.0 - self.base) as usize] = NOBODY;
        while self.slots.front() == Some(&NOBODY) {
            self.slots.pop_front();
            self.base += 1;
        }
        Some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_calls_in_progress_are_kept() {
        let mut window = Window::default();
        for call in 1..=1_000 {
            window.insert(CallId(call), call as u32, call % 2 == 0);
            if call > 10 {
                assert_eq!(window.remove(CallId(call - 10)), Some(((call - 10) as u32, call % 2 == 0)));
            }
        }
        assert_eq!(window.slots.len(), 10);
        assert_eq!(window.get(CallId(990)), None);
        assert_eq!(window.get(CallId(995)), Some((995, false)));
        window.insert(CallId(2_000), 7, false);
        assert_eq!((window.get(CallId(2_000)), window.get(CallId(1_500))), (Some((7, false)), None));
    }
}
