//! What is still to happen: entries in (instant, sequence) order, each of which can be taken back without a search.
//!
//! ```text
//!   now                                                                       later
//!   ┌───────────┐  ┌──┬──┬──┬─ … ─┐  ┌─────┬─────┬─ … ─┐  ┌────────┬─ … ─┐
//!   │ open heap │  │  │  │  │     │  │     │     │     │  │        │     │
//!   └───────────┘  └──┴──┴──┴─ … ─┘  └─────┴─────┴─ … ─┘  └────────┴─ … ─┘
//!                  wheel 0: 33 ms    wheel 1: 67 s        wheel 2: 38 h, and so on
//! ```
//!
//! A timing wheel of wheels (Varghese and Lauck, "Hashed and hierarchical timing wheels", 1987): an entry waits in a bucket
//! of the finest wheel that still tells it from the present, and moves to a finer one at most once a wheel. A bucket is a
//! linked list through the entries' own slots, so that taking one back unhooks it. When the finest bucket opens, its few
//! entries go into a heap, which orders them by (instant, sequence); whatever is entered before the end of the open bucket
//! goes there too, so that a far head never makes near entries costly. Entering, taking back and taking out cost the same
//! with ten entries as with a million.
//!
//! Imports `time`. Never enters: what the entries mean.

use std::{cmp::Reverse, collections::BinaryHeap};

use crate::time::Instant;

/// Width of the finest buckets: 2^15 microseconds, 33 ms.
const GRAIN: u32 = 15;
/// Buckets of a wheel: 2^11.
const BITS: u32 = 11;
const BUCKETS: usize = 1 << BITS;
const WORDS: usize = BUCKETS / 64;
/// So many wheels tell every instant from every other.
const WHEELS: usize = (64 - GRAIN).div_ceil(BITS) as usize;
/// No slot.
const NONE: u32 = u32::MAX;
/// Set in [`Slot::before`] when what precedes is a bucket and not a slot.
const BUCKET: u32 = 1 << 31;
/// What [`Slot::before`] says of an entry in the open heap.
const OPEN: u32 = u32::MAX;

/// Entries of type `T`, earliest first; entries of one instant in the order in which they were made.
#[derive(Clone, Debug)]
pub struct Agenda<T> {
    slots: Vec<Slot<T>>,
    free: Vec<u32>,
    /// First slot of each bucket, wheel after wheel; made when first needed.
    buckets: Vec<u32>,
    /// Which buckets are not empty.
    occupied: [[u64; WORDS]; WHEELS],
    /// Beginning of the bucket that was opened last; every entry in a wheel is due after its end.
    present: u64,
    /// What is due before the end of the open bucket. An entry taken back stays until it comes up.
    open: BinaryHeap<Reverse<(Instant, u64, u32)>>,
    sequence: u64,
}

#[derive(Clone, Debug)]
struct Slot<T> {
    at: Instant,
    /// Names the entry for good; 0: the slot is free.
    sequence: u64,
    before: u32,
    after: u32,
    entry: Option<T>,
}

/// Names one entry, for taking it back. Means nothing once the entry has happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket {
    sequence: u64,
    slot: u32,
}

impl Ticket {
    /// Names no entry.
    pub const NONE: Ticket = Ticket { sequence: 0, slot: NONE };
}

impl Default for Ticket {
    fn default() -> Ticket {
        Ticket::NONE
    }
}

impl<T> Default for Agenda<T> {
    fn default() -> Agenda<T> {
        Agenda {
            slots: Vec::new(),
            free: Vec::new(),
            buckets: Vec::new(),
            occupied: [[0; WORDS]; WHEELS],
            present: 0,
            open: BinaryHeap::new(),
            sequence: 0,
        }
    }
}

impl<T> Agenda<T> {
    /// Enters what is to happen at `at`, after all that is already entered for that instant.
    pub fn enter(&mut self, at: Instant, entry: T) -> Ticket {
        self.sequence += 1;
        let sequence = self.sequence;
        let fresh = Slot { at, sequence, before: NONE, after: NONE, entry: Some(entry) };
        let slot = match self.free.pop() {
            Some(slot) => {
                self.slots[slot as usize] = fresh;
                slot
            }
            None => {
                self.slots.push(fresh);
                (self.slots.len() - 1) as u32
            }
        };
        self.place(slot, at, sequence);
        if self.open.is_empty() {
            self.open_next();
        }
        Ticket { sequence, slot }
    }

    /// Takes an entry back; `None` when it has happened or was taken back before.
    pub fn cancel(&mut self, ticket: Ticket) -> Option<T> {
        let slot = self.slots.get(ticket.slot as usize).filter(|slot| slot.sequence == ticket.sequence)?;
        let is_open = slot.before == OPEN;
        if !is_open {
            self.unhook(ticket.slot);
        }
        let entry = self.release(ticket.slot);
        if is_open {
            self.settle();
        }
        entry
    }

    /// When the earliest entry is due.
    pub fn head(&self) -> Option<Instant> {
        self.open.peek().map(|Reverse(key)| key.0)
    }

    /// The earliest entry.
    pub fn peek(&self) -> Option<(Instant, &T)> {
        let Reverse((at, _, slot)) = self.open.peek()?;
        self.slots[*slot as usize].entry.as_ref().map(|entry| (*at, entry))
    }

    /// Takes out the earliest entry.
    pub fn pop(&mut self) -> Option<(Instant, T)> {
        let Reverse((at, _, slot)) = self.open.pop()?;
        let entry = self.release(slot);
        self.settle();
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

    fn release(&mut self, slot: u32) -> Option<T> {
        let place = &mut self.slots[slot as usize];
        place.sequence = 0;
        self.free.push(slot);
        place.entry.take()
    }

    /// Puts a slot where it belongs, seen from the present.
    fn place(&mut self, slot: u32, at: Instant, sequence: u64) {
        let apart = (at.0 ^ self.present) >> GRAIN;
        if apart == 0 || at.0 < self.present {
            self.slots[slot as usize].before = OPEN;
            self.open.push(Reverse((at, sequence, slot)));
            return;
        }
        let wheel = apart.ilog2() / BITS;
        let bucket = (at.0 >> (GRAIN + wheel * BITS)) as usize % BUCKETS;
        self.hook(slot, wheel as usize, bucket);
    }

    fn hook(&mut self, slot: u32, wheel: usize, bucket: usize) {
        if self.buckets.is_empty() {
            self.buckets = vec![NONE; WHEELS * BUCKETS];
        }
        let place = wheel * BUCKETS + bucket;
        let after = std::mem::replace(&mut self.buckets[place], slot);
        let hooked = &mut self.slots[slot as usize];
        hooked.before = BUCKET | place as u32;
        hooked.after = after;
        match after {
            NONE => self.occupied[wheel][bucket / 64] |= 1 << (bucket % 64),
            after => self.slots[after as usize].before = slot,
        }
    }

    fn unhook(&mut self, slot: u32) {
        let Slot { before, after, .. } = self.slots[slot as usize];
        if after != NONE {
            self.slots[after as usize].before = before;
        }
        if before & BUCKET == 0 {
            self.slots[before as usize].after = after;
            return;
        }
        let place = (before & !BUCKET) as usize;
        self.buckets[place] = after;
        if after == NONE {
            self.occupied[place / BUCKETS][place % BUCKETS / 64] &= !(1 << (place % 64));
        }
    }

    /// Keeps an entry that still stands at the head, so that [`Agenda::head`] needs no search.
    fn settle(&mut self) {
        while let Some(&Reverse((_, sequence, slot))) = self.open.peek() {
            if self.slots[slot as usize].sequence == sequence {
                return;
            }
            self.open.pop();
        }
        self.open_next();
    }

    /// Opens the next bucket that is not empty.
    fn open_next(&mut self) {
        while self.open.is_empty() {
            let Some((wheel, bucket)) = self.first_bucket() else { return };
            let shift = GRAIN + wheel as u32 * BITS;
            let above = shift + BITS;
            let high = if above < 64 { self.present >> above << above } else { 0 };
            self.present = high | (bucket as u64) << shift;
            self.occupied[wheel][bucket / 64] &= !(1 << (bucket % 64));
            let mut slot = std::mem::replace(&mut self.buckets[wheel * BUCKETS + bucket], NONE);
            while slot != NONE {
                let Slot { at, sequence, after, .. } = self.slots[slot as usize];
                self.place(slot, at, sequence);
                slot = after;
            }
        }
    }

    /// The earliest bucket that is not empty: those of a finer wheel come before all of a coarser one, and of one wheel
    /// only buckets after the present one can be filled.
    fn first_bucket(&self) -> Option<(usize, usize)> {
        self.occupied.iter().enumerate().find_map(|(wheel, words)| {
            let shift = GRAIN + wheel as u32 * BITS;
            let from = (self.present >> shift) as usize % BUCKETS / 64;
            let word = (from..WORDS).find(|&word| words[word] != 0)?;
            Some((wheel, word * 64 + words[word].trailing_zeros() as usize))
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::time::Duration;

    #[test]
    fn entries_of_one_instant_happen_in_the_order_they_were_made() {
        let mut agenda = Agenda::default();
        for (at, name) in [(5, "c"), (2, "a"), (5, "d"), (2, "b")] {
            agenda.enter(Instant::from_secs(at), name);
        }
        let order: Vec<_> = std::iter::from_fn(|| agenda.pop()).map(|(at, name)| (at.0 / 1_000_000, name)).collect();
        assert_eq!(order, [(2, "a"), (2, "b"), (5, "c"), (5, "d")]);
    }

    #[test]
    fn an_entry_taken_back_neither_happens_nor_shows_at_the_head() {
        let mut agenda = Agenda::default();
        let first = agenda.enter(Instant::from_secs(1), 1);
        let second = agenda.enter(Instant::from_secs(2), 2);
        agenda.enter(Instant::from_secs(3), 3);
        assert_eq!(agenda.cancel(second), Some(2));
        assert_eq!(agenda.cancel(first), Some(1));
        assert_eq!((agenda.cancel(first), agenda.head(), agenda.len()), (None, Some(Instant::from_secs(3)), 1));
        // The freed slot is used again; the old ticket must not reach its new entry.
        agenda.enter(Instant::from_secs(4), 4);
        assert_eq!((agenda.cancel(first), agenda.cancel(second), agenda.cancel(Ticket::NONE)), (None, None, None));
        assert_eq!(agenda.pop(), Some((Instant::from_secs(3), 3)));
        assert_eq!(agenda.pop(), Some((Instant::from_secs(4), 4)));
        assert!(agenda.pop().is_none() && agenda.is_empty() && agenda.head().is_none());
    }

    /// What a story does to an agenda; spans of time are counted from what was popped last.
    #[derive(Clone, Debug)]
    enum Step {
        Enter(Duration),
        /// Also before what was popped last: an overdue entry.
        EnterAt(Instant),
        Cancel(usize),
        Pop,
    }

    fn step() -> impl Strategy<Value = Step> {
        // Within a bucket, within each wheel, and never.
        let span = prop_oneof![0..3u64, 0..1u64 << 15, 0..1u64 << 26, 0..1u64 << 37, 0..1u64 << 60, Just(u64::MAX)];
        prop_oneof![
            4 => span.prop_map(|span| Step::Enter(Duration(span))),
            1 => (0..1u64 << 28).prop_map(|at| Step::EnterAt(Instant(at))),
            2 => any::<usize>().prop_map(Step::Cancel),
            3 => Just(Step::Pop),
        ]
    }

    proptest! {
        /// Against a list that is searched from end to end: the same heads, the same entries in the same order, the same
        /// answers to taking back; and a copy made half-way goes on as the original does.
        #[test]
        fn it_does_what_a_sorted_list_does(steps in proptest::collection::vec(step(), 1..400)) {
            let (mut agenda, mut list) = (Agenda::default(), Vec::<(Instant, usize)>::new());
            let (mut tickets, mut now, mut copy) = (Vec::new(), Instant::ZERO, None);
            let half = steps.len() / 2;
            for (i, step) in steps.into_iter().enumerate() {
                match step {
                    Step::Enter(span) => {
                        list.push((now + span, tickets.len()));
                        tickets.push(agenda.enter(now + span, tickets.len()));
                    }
                    Step::EnterAt(at) => {
                        list.push((at, tickets.len()));
                        tickets.push(agenda.enter(at, tickets.len()));
                    }
                    Step::Cancel(_) if tickets.is_empty() => {}
                    Step::Cancel(which) => {
                        let which = which % tickets.len();
                        let place = list.iter().position(|entry| entry.1 == which);
                        prop_assert_eq!(agenda.cancel(tickets[which]), place.map(|place| list.remove(place).1));
                    }
                    Step::Pop => {
                        let earliest = list.iter().copied().min();
                        prop_assert_eq!(agenda.pop(), earliest);
                        list.retain(|entry| Some(*entry) != earliest);
                        now = now.max(earliest.map_or(now, |entry| entry.0).min(Instant(1 << 62)));
                    }
                }
                prop_assert_eq!(agenda.head(), list.iter().map(|entry| entry.0).min());
                prop_assert_eq!(agenda.len(), list.len());
                if i == half {
                    copy = Some((agenda.clone(), list.clone()));
                }
            }
            let left = |mut agenda: Agenda<usize>| std::iter::from_fn(move || agenda.pop()).collect::<Vec<_>>();
            for (agenda, mut list) in std::iter::once((agenda, list)).chain(copy) {
                list.sort();
                prop_assert_eq!(left(agenda), list);
            }
        }
    }
}
