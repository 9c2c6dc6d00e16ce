//! The distribution of waiting times, as counts in narrow classes.
//!
//! Waits are counted in milliseconds: each millisecond has its own class up to 1,024; above, each doubling is cut into 512
//! classes, so that a class is never wider than 1/512 of its lower bound and its middle is off by 0.1 % at most. Two of them
//! add up class by class, in any order, with the same result.

use crate::time::Duration;

/// Classes of one millisecond.
const EXACT: u64 = 1024;
/// Classes in each doubling above.
const PER_DOUBLING: u64 = EXACT / 2;

/// Counts of waits by length.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Waits {
    /// Up to the longest wait counted.
    counts: Vec<u64>,
    total: u64,
}

fn class_of(ms: u64) -> usize {
    if ms < EXACT {
        return ms as usize;
    }
    let doublings = u64::from(ms.ilog2()) - 9;
    (doublings * PER_DOUBLING + (ms >> doublings)) as usize
}

/// The shortest wait of a class, in milliseconds.
fn lower(class: usize) -> u64 {
    let class = class as u64;
    if class < EXACT {
        return class;
    }
    let doublings = class / PER_DOUBLING - 1;
    (class - doublings * PER_DOUBLING) << doublings
}

impl Waits {
    /// Counts a wait, to the millisecond below.
    #[inline]
    pub fn add(&mut self, wait: Duration) {
        let class = class_of(wait.as_millis());
        if class >= self.counts.len() {
            self.grow(class);
        }
        self.counts[class] += 1;
        self.total += 1;
    }

    #[cold]
    fn grow(&mut self, class: usize) {
        // By whole doublings: it grows a few times in a run, not with every longer wait.
        self.counts.resize((class / PER_DOUBLING as usize + 1) * PER_DOUBLING as usize, 0);
    }

    /// Adds the counts of another.
    pub fn merge(&mut self, other: &Waits) {
        if self.counts.len() < other.counts.len() {
            self.counts.resize(other.counts.len(), 0);
        }
        for (mine, theirs) in self.counts.iter_mut().zip(&other.counts) {
            *mine += theirs;
        }
        self.total += other.total;
    }

    /// How many waits were counted.
    pub const fn len(&self) -> u64 {
        self.total
    }

    /// Nothing was counted.
    pub const fn is_empty(&self) -> bool {
        self.total == 0
    }

    /// The wait that a share `p` (0 to 1) of those counted did not exceed: the middle of the class of the wait of rank
    /// ⌈p·n⌉. `None` when nothing was counted.
    pub fn quantile(&self, p: f64) -> Option<Duration> {
        let rank = libm::ceil(p.clamp(0.0, 1.0) * self.total as f64) as u64;
        self.at_rank(rank.max(1))
    }

    /// The wait of a rank, from 1 (the shortest); for intervals by order statistics. `None` when there are fewer.
    pub fn at_rank(&self, rank: u64) -> Option<Duration> {
        let mut below = 0;
        let class = self.counts.iter().position(|count| {
            below += count;
            below >= rank
        });
        class.filter(|_| rank >= 1).map(Waits::middle)
    }

    /// How many waits were no longer than `limit`, exact where `limit` is the bound of a class (every whole number of
    /// milliseconds to 1 s; beyond, to 0.2 %).
    pub fn within(&self, limit: Duration) -> u64 {
        self.counts.iter().take(class_of(limit.as_millis()) + 1).sum()
    }

    /// Counts by class, from the shortest waits on. Classes beyond the last are empty.
    pub(crate) fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// The middle of a class: what is told of a wait in it.
    pub(crate) fn middle(class: usize) -> Duration {
        let (from, to) = (lower(class), lower(class + 1));
        Duration::from_micros(if to - from == 1 { from * 1_000 } else { (from + to) * 500 })
    }

    /// The classes that are not empty: shortest wait, first wait beyond, and count. For charts.
    pub fn classes(&self) -> impl Iterator<Item = (Duration, Duration, u64)> + '_ {
        let bound = |class| Duration::from_millis(lower(class));
        self.counts
            .iter()
            .enumerate()
            .filter(|(_, count)| **count > 0)
            .map(move |(class, &count)| (bound(class), bound(class + 1), count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_meet_without_gap_and_are_narrow() {
        for class in 0..20_000 {
            let (from, to) = (lower(class), lower(class + 1));
            assert!(from < to && (to - from) * 512 <= from.max(512), "class {class}: {from} to {to}");
            assert_eq!((class_of(from), class_of(to - 1)), (class, class));
        }
    }

    #[test]
    fn quantiles_are_those_of_the_sorted_waits() {
        // 0, 1, 4, 9, … 999,999 ms in no order.
        let all: Vec<u64> = (0..1_000u64).map(|i| i * 367 % 1_000).map(|i| i * i + i).collect();
        let mut waits = Waits::default();
        all.iter().for_each(|&ms| waits.add(Duration::from_millis(ms)));
        let mut sorted = all;
        sorted.sort_unstable();
        for p in [0.0, 0.1, 0.5, 0.8, 0.95, 0.999, 1.0] {
            let exact = sorted[((p * 1_000.0f64).ceil() as usize).max(1) - 1] as f64 / 1e3;
            let told = waits.quantile(p).expect("waits").as_secs_f64();
            assert!((told - exact).abs() <= exact * 0.001 + 1e-9, "{p}: {told} for {exact}");
        }
        assert_eq!(waits.within(Duration::from_millis(650)), 26);
        assert_eq!(Waits::default().quantile(0.5), None);
    }

    #[test]
    fn halves_add_up_in_any_order() {
        let mut whole = Waits::default();
        let mut parts = [Waits::default(), Waits::default()];
        for i in 0..5_000u64 {
            let wait = Duration::from_micros(i * i * 37);
            whole.add(wait);
            parts[(i % 3 == 0) as usize].add(wait);
        }
        let [mut a, mut b] = parts;
        let second = b.clone();
        b.merge(&a);
        a.merge(&second);
        assert_eq!((&a, &b), (&whole, &whole));
    }
}
