//! The order in which a line is served.

use std::collections::VecDeque;

use super::super::call::Rank;

/// Ranks in rising order. Most calls enter at the end and leave at the front, which costs nothing; others find their place
/// by halving, and the shorter side of the line moves.
#[derive(Clone, Debug, Default)]
pub(crate) struct Waiting(VecDeque<Rank>);

impl Waiting {
    /// Stands a rank in line; false when it stands there already.
    #[inline]
    pub(crate) fn insert(&mut self, rank: Rank) -> bool {
        if self.0.back().is_none_or(|last| *last < rank) {
            self.0.push_back(rank);
            return true;
        }
        let Err(place) = self.0.binary_search(&rank) else { return false };
        self.0.insert(place, rank);
        true
    }

    /// Takes a rank out; false when it did not stand there.
    #[inline]
    pub(crate) fn remove(&mut self, rank: &Rank) -> bool {
        if self.0.front() == Some(rank) {
            self.0.pop_front();
            return true;
        }
        let Ok(place) = self.0.binary_search(rank) else { return false };
        self.0.remove(place);
        true
    }

    /// How many stand before `rank`.
    #[inline]
    pub(crate) fn ahead_of(&self, rank: &Rank) -> usize {
        match self.0.back() {
            Some(last) if last == rank => self.0.len() - 1,
            _ => self.0.binary_search(rank).unwrap_or_else(|place| place),
        }
    }

    /// How many stand at the front for which `is_before` holds; it must hold for none behind one for which it does not.
    pub(crate) fn before(&self, is_before: impl Fn(&Rank) -> bool) -> usize {
        self.0.partition_point(is_before)
    }

    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// From the one served next to the last.
    #[inline]
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Rank> {
        self.0.iter()
    }
}
