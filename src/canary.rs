//! Faults planted on purpose, one of each known class, to see whether the tests see them.
//!
//! Without the feature `canaries` there are none: [`canary`] is `false` for the compiler, which leaves out what stands behind
//! it. With it, the environment variable `HATIF_CANARY` names the one fault that is in force; `scripts/torture canaries` shows
//! that the tests fail with each and pass without. Never build a centre that answers callers with this feature.
//!
//! Imports nothing.

/// A planted fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Canary {
    /// Which agent a call rings follows the order of a hash table.
    HashOrder,
    /// A caller is told `ended` before the record of her call is on the disk.
    RecordAfterEnded,
    /// A commit does not wait for the disk.
    MissingSync,
    /// Failed checks that come together are answered before any of them is counted.
    CounterAfterAnswer,
    /// Something is kept of every call for ever.
    LeakPerCall,
    /// What is due within the same few milliseconds happens in the order in which it was planned.
    WakeOrder,
}

/// Whether a planted fault is in force.
#[cfg(not(feature = "canaries"))]
#[inline(always)]
pub const fn canary(_: Canary) -> bool {
    false
}

/// Whether a planted fault is in force.
#[cfg(feature = "canaries")]
pub fn canary(which: Canary) -> bool {
    static NAMED: std::sync::OnceLock<Option<String>> = std::sync::OnceLock::new();
    let named = NAMED.get_or_init(|| std::env::var("HATIF_CANARY").ok());
    named.as_deref() == Some(which.name())
}

impl Canary {
    /// Every one.
    pub const ALL: [Canary; 6] = [
        Canary::HashOrder,
        Canary::RecordAfterEnded,
        Canary::MissingSync,
        Canary::CounterAfterAnswer,
        Canary::LeakPerCall,
        Canary::WakeOrder,
    ];

    /// What `HATIF_CANARY` calls it.
    pub const fn name(self) -> &'static str {
        match self {
            Canary::HashOrder => "hash-order",
            Canary::RecordAfterEnded => "record-after-ended",
            Canary::MissingSync => "missing-sync",
            Canary::CounterAfterAnswer => "counter-after-answer",
            Canary::LeakPerCall => "leak-per-call",
            Canary::WakeOrder => "wake-order",
        }
    }
}

/// One of these, as the first of a hash table would be: another one in every run.
pub fn first_of_hash<T: std::hash::Hash>(items: impl Iterator<Item = T>) -> Option<T> {
    use std::hash::BuildHasher;
    let state = std::hash::RandomState::new();
    items.min_by_key(|item| state.hash_one(item))
}
