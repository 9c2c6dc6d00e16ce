//! What is still to happen: entries in (instant, sequence) order, each of which can be taken back without a search.
//!
//! An entry lives in a numbered slot that carries a generation stamp; the heap knows slot and stamp alone. Taking an entry
//! back frees its slot, and what the heap still says of it no longer fits the stamp and is dropped when it comes up.

use std::{cmp::Reverse, collections::BinaryHeap};

use crate::time::Instant;

/// Entries of type `T`, earliest first; entries of one instant in the order in which they were made.
#[derive(Clone, Debug)]
pub struct Calendar<T> {
    heap: BinaryHeap<Reverse<(Instant, u64, u32, u32)>>,
    slots: Vec<Slot<T>>,
    free: Vec<u32>,
    sequence: u64,
}

#[derive(Clone, Debug)]
struct Slot<T> {
    generation: u32,
    entry: Option<T>,
}

/// Names one entry, for taking it back. Means nothing once the entry has happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket {
    slot: u32,
    generation: u32,
}

impl<T> Default for Calendar<T> {
    fn default() -> Calendar<T> {
        Calendar { heap: BinaryHeap::new(), slots: Vec::new(), free: Vec::new(), sequence: 0 }
    }
}

impl<T> Calendar<T> {
    /// Enters what is to happen at `at`, after all that is already entered for that instant.
    pub fn enter(&mut self, at: Instant, entry: T) -> Ticket {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot { generation: 0, entry: None });
            (self.slots.len() - 1) as u32
        });
        let place = &mut self.slots[slot as usize];
        place.entry = Some(entry);
        let ticket = Ticket { slot, generation: place.generation };
        self.heap.push(Reverse((at, self.sequence, ticket.slot, ticket.generation)));
        self.sequence += 1;
        ticket
    }

    /// Takes an entry back; `None` when it has happened or was taken back before.
    pub fn cancel(&mut self, ticket: Ticket) -> Option<T> {
        let entry = self.take(ticket);
        self.drop_stale();
        entry
    }

    /// When the earliest entry is due.
    pub fn head(&self) -> Option<Instant> {
        self.heap.peek().map(|Reverse(key)| key.0)
    }

    /// Takes out the earliest entry.
    pub fn pop(&mut self) -> Option<(Instant, T)> {
        let Reverse((at, _, slot, generation)) = self.heap.pop()?;
        let entry = self.take(Ticket { slot, generation });
        self.drop_stale();
        entry.map(|entry| (at, entry))
    }

    /// How many entries are still to happen.
    pub fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Whether nothing is still to happen.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn take(&mut self, ticket: Ticket) -> Option<T> {
        let slot = self.slots.get_mut(ticket.slot as usize)?;
        if slot.generation != ticket.generation {
            return None;
        }
        let entry = slot.entry.take()?;
        slot.generation = slot.generation.wrapping_add(1);
        self.free.push(ticket.slot);
        Some(entry)
    }

    /// Keeps the head of the heap an entry that still stands, so that [`Calendar::head`] needs no search.
    fn drop_stale(&mut self) {
        while let Some(&Reverse((_, _, slot, generation))) = self.heap.peek() {
            if self.slots[slot as usize].generation == generation {
                break;
            }
            self.heap.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_of_one_instant_happen_in_the_order_they_were_made() {
        let mut calendar = Calendar::default();
        for (at, name) in [(5, "c"), (2, "a"), (5, "d"), (2, "b")] {
            calendar.enter(Instant::from_secs(at), name);
        }
        let order: Vec<_> = std::iter::from_fn(|| calendar.pop()).map(|(at, name)| (at.0 / 1_000_000, name)).collect();
        assert_eq!(order, [(2, "a"), (2, "b"), (5, "c"), (5, "d")]);
    }

    #[test]
    fn an_entry_taken_back_neither_happens_nor_shows_at_the_head() {
        let mut calendar = Calendar::default();
        let first = calendar.enter(Instant::from_secs(1), 1);
        let second = calendar.enter(Instant::from_secs(2), 2);
        calendar.enter(Instant::from_secs(3), 3);
        assert_eq!(calendar.cancel(second), Some(2));
        assert_eq!(calendar.cancel(first), Some(1));
        assert_eq!((calendar.cancel(first), calendar.head(), calendar.len()), (None, Some(Instant::from_secs(3)), 1));
        // The freed slot is used again; the old ticket must not reach its new entry.
        calendar.enter(Instant::from_secs(4), 4);
        assert_eq!((calendar.cancel(first), calendar.cancel(second)), (None, None));
        assert_eq!(calendar.pop(), Some((Instant::from_secs(3), 3)));
        assert_eq!(calendar.pop(), Some((Instant::from_secs(4), 4)));
        assert!(calendar.pop().is_none() && calendar.is_empty());
    }
}
