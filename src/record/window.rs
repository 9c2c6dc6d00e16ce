//! Something for each call in progress, found by the call's id without a search.
//!
//! Ids count up, so a window over them, from the oldest call in progress on, is an array. Places are used again: in a steady
//! state nothing is allocated, and memory grows with the calls in progress, not with those that have ended.

use std::collections::VecDeque;

use crate::id::CallId;

const GONE: u32 = u32::MAX;

/// Values of calls in progress.
#[derive(Clone, Debug)]
pub(super) struct Window<T> {
    slots: Vec<T>,
    free: Vec<u32>,
    /// Place of each id from `base` on, [`GONE`] once removed.
    index: VecDeque<u32>,
    base: u64,
    /// The call asked for last and its place: most events are about the same call as the one before.
    last: (u64, u32),
}

impl<T> Default for Window<T> {
    fn default() -> Window<T> {
        Window { slots: Vec::new(), free: Vec::new(), index: VecDeque::new(), base: 0, last: (0, GONE) }
    }
}

impl<T> Window<T> {
    /// Adds a call's value. Ids before the window's beginning are not taken.
    #[inline]
    pub(super) fn insert(&mut self, id: CallId, value: T) {
        if self.index.is_empty() {
            self.base = id.0;
        }
        let Some(place) = id.0.checked_sub(self.base).map(|place| place as usize) else { return };
        while self.index.len() <= place {
            self.index.push_back(GONE);
        }
        if self.index[place] != GONE {
            return;
        }
        let slot = match self.free.pop() {
            Some(slot) => {
                self.slots[slot as usize] = value;
                slot
            }
            None => {
                self.slots.push(value);
                (self.slots.len() - 1) as u32
            }
        };
        self.index[place] = slot;
        self.last = (id.0, slot);
    }

    #[inline]
    fn slot(&mut self, id: CallId) -> Option<u32> {
        if self.last.0 == id.0 && self.last.1 != GONE {
            return Some(self.last.1);
        }
        let place = id.0.checked_sub(self.base)?;
        let slot = *self.index.get(place as usize)?;
        self.last = (id.0, slot);
        (slot != GONE).then_some(slot)
    }

    /// The value of a call in progress.
    #[inline]
    pub(super) fn get_mut(&mut self, id: CallId) -> Option<&mut T> {
        let slot = self.slot(id)?;
        self.slots.get_mut(slot as usize)
    }

    /// Gives up a call's place; its value stays readable until the place is used again.
    pub(super) fn remove(&mut self, id: CallId) -> Option<&mut T> {
        let slot = self.slot(id)?;
        self.index[(id.0 - self.base) as usize] = GONE;
        self.free.push(slot);
        self.last = (0, GONE);
        while self.index.front() == Some(&GONE) {
            self.index.pop_front();
            self.base += 1;
        }
        self.slots.get_mut(slot as usize)
    }

    /// The calls in progress, by id.
    pub(super) fn iter(&self) -> impl Iterator<Item = (CallId, &T)> {
        self.index.iter().enumerate().filter(|(_, slot)| **slot != GONE).filter_map(|(place, &slot)| {
            self.slots.get(slot as usize).map(|value| (CallId(self.base + place as u64), value))
        })
    }

    /// How many calls are in progress.
    pub(super) fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_used_again_and_gaps_are_nobody() {
        let mut window = Window::default();
        for id in [3, 4, 7] {
            window.insert(CallId(id), id * 10);
        }
        assert_eq!(window.get_mut(CallId(7)).copied(), Some(70));
        for nobody in [0, 2, 5, 6, 8] {
            assert_eq!(window.get_mut(CallId(nobody)), None);
        }
        assert_eq!(window.remove(CallId(3)).copied(), Some(30));
        assert_eq!(window.remove(CallId(3)), None);
        assert_eq!(window.len(), 2);
        window.insert(CallId(9), 90);
        assert_eq!(window.slots.len(), 3, "the place of call 3 was not used again");
        assert_eq!(window.iter().map(|(id, &value)| (id.0, value)).collect::<Vec<_>>(), [(4, 40), (7, 70), (9, 90)]);
        for id in 10..10_000 {
            window.insert(CallId(id), id);
            window.remove(CallId(id));
        }
        assert!(window.slots.len() <= 4 && window.slots.capacity() < 100);
    }
}
