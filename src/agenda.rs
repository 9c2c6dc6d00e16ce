//! What is still to happen: entries in (instant, sequence) order, entered and taken back in constant time, without a search
//! and without anything stale left behind.
//!
//! Entries lie in a wheel of rings, like the digits of a clock: an instant counted in grains of 8 ms is a number of six digits
//! of ten bits, and an entry lies in the ring of the highest digit in which it differs from the present grain, in the bucket of
//! that digit. Buckets are linked lists through the entries themselves; a bitmap says which hold something. When time reaches
//! a bucket its entries move to rings below it; those of the present grain are kept sorted. So an entry is touched two or three
//! times in its life, however many others there are.
//!
//! Where little happens the finest ring is left out: when time enters a bucket of the second ring that holds few entries, they
//! and what is entered for its 8.4 seconds meanwhile are sorted at once. Where much happens that would move too many entries
//! aside for each that is entered, and they go through the finest ring as described.
//!
//! Two habits of those who use it cost next to nothing. What is entered and taken back before anything else is (a telephone
//! that is picked up as it rings) is never put into a bucket: the latest entry lies nowhere until the next is made. And what is
//! put off again and again (the wait for the next key) stays in the bucket of its first instant until time comes there.
//!
//! | ring | a bucket spans | the ring spans |
//! | --- | --- | --- |
//! | 0 | 8 ms | 8.4 s |
//! | 1 | 8.4 s | 2.4 hours |
//! | 2 | 2.4 hours | 102 days |
//! | 3 to 5 | 102 days and more | for ever |
//!
//! May import `time` and `canary`. What never enters: what the entries mean, clocks, chance.

use std::num::NonZeroU32;

use crate::{
    canary::{Canary, canary},
    time::Instant,
};

/// Microseconds of a grain, as a power of two.
const GRAIN: u32 = 13;
/// Bits of a digit.
const DIGIT: u32 = 10;
/// Buckets of a ring.
const BUCKETS: usize = 1 << DIGIT;
/// Six digits hold every instant in grains.
const RINGS: usize = 6;
/// So many entries at most are sorted at once when time enters a bucket of the second ring.
const FEW: usize = 32;
/// With more than so many entries present the finest ring is used again.
const CROWD: usize = 96;
/// No entry.
const NIL: u32 = u32::MAX;
/// The place of entries of the present grain and before.
const PRESENT: u32 = u32::MAX;

/// Entries of type `T`, earliest first; entries of one instant in the order in which they were entered.
#[derive(Clone, Debug)]
pub struct Agenda<T> {
    entries: Vec<Entry<T>>,
    /// The first of the free places in `entries`, which are linked by `next`.
    free: u32,
    len: usize,
    sequence: u64,
    /// When the earliest entry is due; [`Instant::NEVER`] when there is none.
    head: Instant,
    /// The entry made last, while it lies nowhere yet, and what `head` was without it.
    latest: u32,
    head_before: Instant,
    /// The present grain: everything of it and before is in `present`, everything later in the rings.
    grain: u64,
    /// Sorted; what comes before `first` has happened.
    present: Vec<(Instant, u64, u32)>,
    first: usize,
    /// Of late more was present at a time than is worth moving aside.
    crowded: bool,
    rings: [Ring; RINGS],
}

#[derive(Clone, Debug)]
struct Entry<T> {
    at: Instant,
    sequence: u64,
    next: u32,
    previous: u32,
    /// Ring and bucket, or [`PRESENT`].
    place: u32,
    generation: NonZeroU32,
    /// `None` in a free place.
    what: Option<T>,
}

/// Names one entry, for taking it back. Means nothing once the entry has happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket {
    entry: u32,
    generation: NonZeroU32,
}

/// One digit's buckets.
#[derive(Clone, Debug, Default)]
struct Ring {
    /// The first entry of each bucket; empty until the ring is used.
    heads: Vec<u32>,
    /// Which buckets hold something, and which words of that do.
    bits: [u64; BUCKETS / 64],
    summary: u16,
}

impl Ring {
    fn mark(&mut self, bucket: usize) {
        self.bits[bucket / 64] |= 1 << (bucket % 64);
        self.summary |= 1 << (bucket / 64);
    }

    fn holds(&self, bucket: usize) -> bool {
        self.bits[bucket / 64] & (1 << (bucket % 64)) != 0
    }

    fn clear(&mut self, bucket: usize) {
        let word = &mut self.bits[bucket / 64];
        *word &= !(1 << (bucket % 64));
        if *word == 0 {
            self.summary &= !(1 << (bucket / 64));
        }
    }

    fn earliest(&self) -> Option<usize> {
        if self.summary == 0 {
            return None;
        }
        let word = self.summary.trailing_zeros() as usize;
        Some(word * 64 + self.bits[word].trailing_zeros() as usize)
    }

    /// Empties a bucket and returns its first entry.
    fn take(&mut self, bucket: usize) -> u32 {
        self.clear(bucket);
        self.heads.get_mut(bucket).map_or(NIL, |head| std::mem::replace(head, NIL))
    }
}

impl<T> Default for Agenda<T> {
    fn default() -> Agenda<T> {
        Agenda {
            entries: Vec::new(),
            free: NIL,
            len: 0,
            sequence: 0,
            head: Instant::NEVER,
            latest: NIL,
            head_before: Instant::NEVER,
            grain: 0,
            present: Vec::new(),
            first: 0,
            crowded: false,
            rings: Default::default(),
        }
    }
}

impl<T> Agenda<T> {
    /// Enters what is to happen at `at`, after all that is already entered for that instant. An instant that has passed is
    /// allowed; it comes before all later ones.
    #[inline]
    pub fn enter(&mut self, at: Instant, what: T) -> Ticket {
        self.settle();
        self.sequence += 1;
        let (id, generation) = self.fill(at, self.sequence, what);
        (self.latest, self.head_before) = (id, self.head);
        self.len += 1;
        self.head = self.head.min(at);
        Ticket { entry: id, generation }
    }

    /// Takes an entry back; `None` when it has happened or was taken back before.
    #[inline]
    pub fn cancel(&mut self, ticket: Ticket) -> Option<T> {
        let entry = self.entries.get(ticket.entry as usize)?;
        if entry.generation != ticket.generation || entry.what.is_none() {
            return None;
        }
        if ticket.entry == self.latest {
            self.latest = NIL;
            self.head = self.head_before;
            return self.release(ticket.entry);
        }
        let at = entry.at;
        self.settle();
        self.take_out(ticket.entry);
        let what = self.release(ticket.entry);
        if at == self.head {
            self.find_head();
        }
        what
    }

    /// Puts an entry off (or forward) to `at`, as if it were taken back and entered anew; its ticket stays good. False when it
    /// has happened or was taken back.
    #[inline]
    pub fn postpone(&mut self, ticket: Ticket, at: Instant) -> bool {
        if ticket.entry != self.latest {
            self.settle();
        }
        let Some(entry) = self.entries.get_mut(ticket.entry as usize) else { return false };
        if entry.generation != ticket.generation || entry.what.is_none() {
            return false;
        }
        self.sequence += 1;
        entry.sequence = self.sequence;
        let before = std::mem::replace(&mut entry.at, at);
        if ticket.entry == self.latest {
            self.head = self.head_before.min(at);
        } else if entry.place == PRESENT || at < before || before <= self.head {
            self.put_anew(ticket.entry, before);
        }
        // Else it stays where it lies: that bucket is looked at before `at`.
        true
    }

    /// When the earliest entry is due.
    pub fn head(&self) -> Option<Instant> {
        (self.len > 0).then_some(self.head)
    }

    /// As [`Agenda::head`]; [`Instant::NEVER`] when there is none.
    #[inline]
    pub fn first_due(&self) -> Instant {
        self.head
    }

    /// Takes out the earliest entry.
    pub fn pop(&mut self) -> Option<(Instant, T)> {
        if self.len == 0 {
            return None;
        }
        self.settle();
        if self.first == self.present.len() {
            self.open();
        }
        let &(at, _, id) = self.present.get(self.first)?;
        self.drop_first();
        let what = self.release(id)?;
        self.find_head();
        Some((at, what))
    }

    /// Takes out the earliest entry if it is due at or before `now`; else notes that time has come to `now`.
    #[inline]
    pub fn due(&mut self, now: Instant) -> Option<(Instant, T)> {
        if self.is_due(now) {
            return self.pop();
        }
        self.pass(now);
        None
    }

    /// Whether anything is due at or before `now`.
    #[inline]
    pub fn is_due(&self, now: Instant) -> bool {
        self.head <= now && self.len > 0
    }

    /// How many entries are still to happen.
    pub fn len(&self) -> usize {
        self.len
    }

    /// When an entry is due; `None` when it has happened or was taken back.
    pub fn due_at(&self, ticket: Ticket) -> Option<Instant> {
        let entry = self.entries.get(ticket.entry as usize)?;
        (entry.generation == ticket.generation && entry.what.is_some()).then_some(entry.at)
    }

    /// All that is still to happen, in order. Slow: for whoever compares or draws.
    pub fn pending(&self) -> Vec<(Instant, &T)> {
        let entries = self.entries.iter().filter_map(|entry| Some((entry.at, entry.sequence, entry.what.as_ref()?)));
        let mut entries: Vec<_> = entries.collect();
        entries.sort_unstable_by_key(|(at, sequence, _)| (*at, *sequence));
        entries.into_iter().map(|(at, _, what)| (at, what)).collect()
    }

    /// Whether nothing is still to happen.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Notes that time has come to `now`. Never needed for what happens, but entries far from the last that happened lie in
    /// coarse buckets until then.
    #[inline]
    pub fn pass(&mut self, now: Instant) {
        let grain = now.0 >> GRAIN;
        if grain > self.grain && !self.is_due(now) {
            self.pass_to(grain);
        }
    }

    fn pass_to(&mut self, grain: u64) {
        // All that is left lies behind `now`, so that only the bucket which time enters has to be looked at.
        let (ring, bucket) = bucket_of(grain, self.grain);
        self.grain = grain;
        if self.len > 0 && self.rings[ring].holds(bucket) {
            self.enter_bucket(ring, bucket);
        } else if ring == 1 && !self.crowded {
            self.grain = last_of_window(grain);
        }
    }

    /// Time enters a bucket, which holds something: its entries move on to where they belong now.
    fn enter_bucket(&mut self, ring: usize, bucket: usize) {
        if ring == 1 {
            let held = self.count_up_to(bucket, FEW + 1);
            self.crowded &= held > FEW / 4;
            if !self.crowded && held <= FEW {
                self.grain = last_of_window(self.grain);
            }
        }
        self.scatter(ring, bucket);
    }

    /// How many entries lie in a bucket of the second ring; not counted further than `most`.
    fn count_up_to(&self, bucket: usize, most: usize) -> usize {
        let (mut next, mut count) = (self.rings[1].heads[bucket], 0);
        while let Some(entry) = self.entries.get(next as usize).filter(|_| count < most) {
            next = entry.next;
            count += 1;
        }
        count
    }

    /// Puts the latest entry where it belongs.
    #[inline]
    fn settle(&mut self) {
        if self.latest != NIL {
            let id = std::mem::replace(&mut self.latest, NIL);
            self.put(id, self.entries[id as usize].at);
        }
    }

    /// Moves an entry whose instant was `before` to where it belongs now.
    fn put_anew(&mut self, id: u32, before: Instant) {
        let at = self.entries[id as usize].at;
        self.take_out_of(id, before);
        self.put(id, at);
        if before == self.head {
            self.find_head();
        } else {
            self.head = self.head.min(at);
        }
    }

    /// Writes an entry into a free place.
    #[inline]
    fn fill(&mut self, at: Instant, sequence: u64, what: T) -> (u32, NonZeroU32) {
        if let Some(entry) = self.entries.get_mut(self.free as usize) {
            let id = std::mem::replace(&mut self.free, entry.next);
            (entry.at, entry.sequence, entry.what) = (at, sequence, Some(what));
            return (id, entry.generation);
        }
        let id = self.entries.len() as u32;
        let (generation, what) = (NonZeroU32::MIN, Some(what));
        self.entries.push(Entry { at, sequence, next: NIL, previous: NIL, place: PRESENT, generation, what });
        (id, generation)
    }

    /// Frees the place of an entry that lies nowhere any more.
    fn release(&mut self, id: u32) -> Option<T> {
        let entry = &mut self.entries[id as usize];
        entry.generation = entry.generation.checked_add(1).unwrap_or(NonZeroU32::MIN);
        entry.next = self.free;
        self.free = id;
        self.len -= 1;
        entry.what.take()
    }

    /// Puts an entry where it belongs at the present grain.
    fn put(&mut self, id: u32, at: Instant) {
        let grain = at.0 >> GRAIN;
        if grain > self.grain {
            let (ring, bucket) = bucket_of(grain, self.grain);
            self.link(id, ring, bucket);
            return;
        }
        let entry = &mut self.entries[id as usize];
        entry.place = PRESENT;
        let key = (at, entry.sequence, id);
        let mut place = self.present.len();
        // Most are entered near the end.
        let near = self.first.max(place.saturating_sub(8));
        while place > near && self.present[place - 1] > key {
            place -= 1;
        }
        if place == near && near > self.first {
            place = self.first + self.present[self.first..near].partition_point(|before| *before < key);
        }
        if place == self.present.len() {
            self.present.push(key);
            return;
        }
        self.present.insert(place, key);
        self.crowded |= self.present.len() - self.first > CROWD;
    }

    fn link(&mut self, id: u32, ring: usize, bucket: usize) {
        let place = (ring * BUCKETS + bucket) as u32;
        let ring = &mut self.rings[ring];
        if ring.heads.is_empty() {
            ring.heads.resize(BUCKETS, NIL);
        }
        let next = std::mem::replace(&mut ring.heads[bucket], id);
        match self.entries.get_mut(next as usize) {
            Some(next) => next.previous = id,
            None => ring.mark(bucket),
        }
        let entry = &mut self.entries[id as usize];
        (entry.next, entry.previous, entry.place) = (next, NIL, place);
    }

    /// Takes an entry from where it lies.
    fn take_out(&mut self, id: u32) {
        self.take_out_of(id, self.entries[id as usize].at);
    }

    /// Takes an entry, which was put where it lies for the instant `at` or before, from there.
    fn take_out_of(&mut self, id: u32, at: Instant) {
        let Entry { next, previous, place, .. } = self.entries[id as usize];
        if place == PRESENT {
            let from = self.first + self.present[self.first..].partition_point(|key| key.0 < at);
            let found = self.present[from..].iter().position(|key| key.2 == id);
            match found.map(|found| from + found) {
                Some(found) if found == self.first => self.drop_first(),
                Some(found) => drop(self.present.remove(found)),
                None => {}
            }
            return;
        }
        if let Some(next) = self.entries.get_mut(next as usize) {
            next.previous = previous;
        }
        if let Some(previous) = self.entries.get_mut(previous as usize) {
            previous.next = next;
            return;
        }
        let (ring, bucket) = (place as usize / BUCKETS, place as usize % BUCKETS);
        self.rings[ring].heads[bucket] = next;
        if next == NIL {
            self.rings[ring].clear(bucket);
        }
    }

    fn drop_first(&mut self) {
        self.first += 1;
        if self.first == self.present.len() {
            self.present.clear();
            self.first = 0;
        }
    }

    /// The earliest bucket: rings are ordered, since a lower ring differs from the present in lower digits only.
    fn earliest(&self) -> Option<(usize, usize)> {
        self.rings.iter().enumerate().find_map(|(i, ring)| Some((i, ring.earliest()?)))
    }

    /// Moves time to the earliest buckets until something is present.
    fn open(&mut self) {
        while self.first == self.present.len() {
            let Some((ring, bucket)) = self.earliest() else { return };
            let shift = DIGIT * ring as u32;
            self.grain = (((self.grain >> (shift + DIGIT)) << DIGIT) | bucket as u64) << shift;
            self.enter_bucket(ring, bucket);
        }
    }

    /// Puts the entries of a bucket where they belong at the present grain.
    fn scatter(&mut self, ring: usize, bucket: usize) {
        let mut next = self.rings[ring].take(bucket);
        let before = self.present.len();
        while next != NIL {
            let id = next;
            let entry = &mut self.entries[id as usize];
            next = entry.next;
            let (at, sequence) = (entry.at, entry.sequence);
            let grain = at.0 >> GRAIN;
            if grain <= self.grain {
                entry.place = PRESENT;
                self.present.push((at, sequence, id));
            } else {
                let (ring, bucket) = bucket_of(grain, self.grain);
                self.link(id, ring, bucket);
            }
        }
        if self.present.len() > before + 1 || before > self.first {
            match canary(Canary::WakeOrder) {
                false => self.present[self.first..].sort_unstable(),
                true => self.present[self.first..].sort_unstable_by_key(|entry| entry.1),
            }
        }
    }

    /// Works out anew when the earliest entry is due.
    fn find_head(&mut self) {
        self.head = match (self.present.get(self.first), self.len) {
            (Some(first), _) => first.0,
            (None, 0) => Instant::NEVER,
            (None, _) => self.open_next(),
        };
    }

    /// When the earliest entry is due, with nothing present. Its bucket is opened when it is of the first ring or the very next
    /// of the second, since it will be next: what is still entered before it is soon put in its place among few. Coarser
    /// buckets, and those further away, wait until time comes there.
    fn open_next(&mut self) -> Instant {
        loop {
            while let Some(bucket) = self.rings[0].earliest() {
                self.grain = (self.grain >> DIGIT << DIGIT) | bucket as u64;
                self.scatter(0, bucket);
                if let Some(first) = self.present.get(self.first) {
                    return first.0;
                }
            }
            if !self.enter_next_window() {
                return self.earliest_in_rings();
            }
            if let Some(first) = self.present.get(self.first) {
                return first.0;
            }
        }
    }

    /// Moves time to the very next bucket of the second ring, if it holds something.
    fn enter_next_window(&mut self) -> bool {
        let next = (self.grain >> DIGIT) + 1;
        let bucket = next as usize % BUCKETS;
        let holds = bucket > 0 && self.rings[1].holds(bucket);
        if holds {
            self.grain = next << DIGIT;
            self.enter_bucket(1, bucket);
        }
        holds
    }

    /// When the earliest entry in the rings is due. What was put off and lies in the way moves on.
    fn earliest_in_rings(&mut self) -> Instant {
        while let Some((ring, bucket)) = self.earliest() {
            let (mut earliest, mut some) = (Instant::NEVER, false);
            let mut next = self.rings[ring].heads[bucket];
            while let Some(&Entry { at, next: after, .. }) = self.entries.get(next as usize) {
                let id = std::mem::replace(&mut next, after);
                let belongs = bucket_of(at.0 >> GRAIN, self.grain);
                if belongs == (ring, bucket) {
                    earliest = earliest.min(at);
                    some = true;
                } else {
                    self.take_out_of(id, at);
                    self.link(id, belongs.0, belongs.1);
                }
            }
            if some {
                return earliest;
            }
        }
        Instant::NEVER
    }
}

/// The last grain of the bucket of the second ring in which `grain` lies.
fn last_of_window(grain: u64) -> u64 {
    grain | (BUCKETS as u64 - 1)
}

/// Ring and bucket of a grain that differs from the present one.
fn bucket_of(grain: u64, present: u64) -> (usize, usize) {
    let ring = (63 - (grain ^ present).leading_zeros()) / DIGIT;
    (ring as usize, (grain >> (DIGIT * ring)) as usize % BUCKETS)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

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
        // The freed place is used again; the old ticket must not reach its new entry.
        agenda.enter(Instant::from_secs(4), 4);
        assert_eq!((agenda.cancel(first), agenda.cancel(second)), (None, None));
        assert_eq!(agenda.pop(), Some((Instant::from_secs(3), 3)));
        assert_eq!(agenda.pop(), Some((Instant::from_secs(4), 4)));
        assert!(agenda.pop().is_none() && agenda.is_empty() && agenda.head().is_none());
    }

    /// What is done to an agenda, with a span to wait or the how-manieth of the entries still to happen.
    #[derive(Clone, Debug)]
    enum Deed {
        Enter(u64),
        Cancel(usize),
        Postpone(usize, u64),
        Pop,
        Due(u64),
        Pass(u64),
    }

    fn deeds() -> impl Strategy<Value = Vec<Deed>> {
        // Spans of every size, and instants that coincide.
        let span = || prop_oneof![Just(0), 0..20_000_u64, 0..60_000_000_u64, (0..64_u32).prop_map(|bits| 1 << bits)];
        let deed = prop_oneof![
            5 => span().prop_map(Deed::Enter),
            2 => any::<usize>().prop_map(Deed::Cancel),
            3 => (any::<usize>(), span()).prop_map(|(which, span)| Deed::Postpone(which, span)),
            3 => Just(Deed::Pop),
            1 => span().prop_map(Deed::Due),
            1 => span().prop_map(Deed::Pass),
        ];
        proptest::collection::vec(deed, 1..300)
    }

    proptest! {
        /// Whatever is entered, taken back and taken out, in any mixture: the same as a sorted map would do.
        #[test]
        fn it_does_what_a_sorted_map_does(deeds in deeds()) {
            let (mut agenda, mut model) = (Agenda::default(), BTreeMap::new());
            let (mut now, mut made) = (Instant::ZERO, 0_u64);
            for deed in deeds {
                match deed {
                    Deed::Enter(span) => {
                        let at = Instant(now.0.saturating_add(span));
                        made += 1;
                        let ticket = agenda.enter(at, made);
                        model.insert((at, made), (ticket, made));
                    }
                    Deed::Cancel(which) => {
                        let key = model.keys().nth(which % model.len().max(1)).copied();
                        if let Some(key) = key && let Some((ticket, name)) = model.remove(&key) {
                            prop_assert_eq!(agenda.cancel(ticket), Some(name));
                            prop_assert_eq!(agenda.cancel(ticket), None);
                        }
                    }
                    Deed::Postpone(which, span) => {
                        let key = model.keys().nth(which % model.len().max(1)).copied();
                        if let Some(key) = key && let Some((ticket, name)) = model.remove(&key) {
                            let at = Instant(now.0.saturating_add(span));
                            made += 1;
                            prop_assert!(agenda.postpone(ticket, at));
                            model.insert((at, made), (ticket, name));
                        }
                    }
                    Deed::Pop => {
                        let first = model.pop_first().map(|(key, (_, name))| (key.0, name));
                        prop_assert_eq!(agenda.pop(), first);
                        now = now.max(first.map_or(now, |(at, _)| at));
                    }
                    Deed::Due(span) => {
                        now = Instant(now.0.saturating_add(span));
                        while let Some(happened) = agenda.due(now) {
                            let first = model.pop_first().map(|(key, (_, name))| (key.0, name));
                            prop_assert_eq!(Some(happened), first);
                        }
                        prop_assert!(model.keys().next().is_none_or(|(at, _)| *at > now));
                    }
                    // Time may pass without a look at what was due.
                    Deed::Pass(span) => agenda.pass(Instant(now.0.saturating_add(span))),
                }
                prop_assert_eq!((agenda.len(), agenda.head()), (model.len(), model.keys().next().map(|key| key.0)));
            }
        }
    }
}
