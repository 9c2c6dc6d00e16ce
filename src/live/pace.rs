//! How often something may happen: a bucket that fills steadily, kept as one instant.

use std::{
    hash::Hash,
    net::IpAddr,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use dashmap::DashMap;
use tokio::time::Instant as Wall;

/// So many at once, and so many more in a length of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Between two, steadily.
    every: Duration,
    /// How far ahead of the steady pace one may be.
    ahead: Duration,
}

impl Pace {
    /// `burst` at once and `many` in each `span`; a `many` of 0 counts as 1.
    pub const fn new(burst: u32, many: u32, span: Duration) -> Pace {
        let many = if many == 0 { 1 } else { many };
        let every = Duration::from_nanos((span.as_nanos() / many as u128) as u64);
        Pace { every, ahead: every.saturating_mul(burst.saturating_sub(1)) }
    }

    /// Whether one more may happen `now`; `due` is when the steady pace would allow the next, and is moved on if so.
    pub fn pass(self, due: &mut Wall, now: Wall) -> bool {
        if *due > now + self.ahead {
            return false;
        }
        *due = now.max(*due) + self.every;
        true
    }
}

/// A pace for each of many, and a bound on how many are remembered.
#[derive(Debug)]
pub struct Paces<K: Eq + Hash> {
    pace: Pace,
    due: DashMap<K, Wall, ahash::RandomState>,
    /// When so many are remembered, those who have their whole allowance again are forgotten.
    sweep_at: AtomicUsize,
    /// When that was done last, and how many were left.
    swept: Mutex<Option<(Wall, usize)>>,
}

/// So many are remembered at most.
const REMEMBERED: usize = 65_536;

/// While so many are remembered, how often they are looked through.
const SWEEP_EVERY: Duration = Duration::from_secs(1);

/// Fewer than so many are not worth looking through.
const FEW: usize = 1_024;

impl<K: Eq + Hash> Paces<K> {
    /// Nobody has done anything yet.
    pub fn new(pace: Pace) -> Paces<K> {
        let due = DashMap::with_hasher(ahash::RandomState::new());
        Paces { pace, due, sweep_at: AtomicUsize::new(FEW), swept: Mutex::default() }
    }

    /// Whether `key` may once more, without counting it.
    pub fn would_pass(&self, key: &K, now: Wall) -> bool {
        self.due.get(key).is_none_or(|due| self.pace.pass(&mut due.value().clone(), now))
    }

    /// Whether `key` may once more, and counts it if so. Whoever is not remembered while too many are may not.
    pub fn pass(&self, key: K, now: Wall) -> bool {
        let remembered = self.due.len();
        if remembered >= self.sweep_at.load(Ordering::Relaxed) {
            let left = if self.may_sweep(now) { self.sweep(now) } else { remembered };
            if left >= REMEMBERED && !self.due.contains_key(&key) {
                return false;
            }
        }
        self.pace.pass(&mut self.due.entry(key).or_insert(now), now)
    }
}

impl<K: Eq + Hash> Paces<K> {
    /// Not all the time where there is nothing to forget: whoever comes with ever new keys must not make each cost much.
    fn may_sweep(&self, now: Wall) -> bool {
        let mut swept = self.swept.lock().unwrap_or_else(PoisonError::into_inner);
        let may = swept.is_none_or(|(at, left)| left < REMEMBERED || now >= at + SWEEP_EVERY);
        if may {
            *swept = Some((now, 0));
        }
        may
    }

    /// Forgets those who have their whole allowance again; how many are left.
    fn sweep(&self, now: Wall) -> usize {
        self.due.retain(|_, due| *due > now);
        let left = self.due.len();
        // At twice as many again, so that looking through them costs each key little.
        self.sweep_at.store((2 * left).clamp(FEW, REMEMBERED), Ordering::Relaxed);
        *self.swept.lock().unwrap_or_else(PoisonError::into_inner) = Some((now, left));
        left
    }
}

/// Whose address counts as one: that of IPv4, the /64 of IPv6, which one subscriber gets as a whole.
pub fn group_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((u128::from(address) & (u128::MAX << 64)).into()),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_burst_passes_and_then_the_steady_pace() {
        let paces = Paces::new(Pace::new(3, 60, Duration::from_secs(60)));
        let now = crate::live::clock::wall();
        let passed = |key, at| (0..10).filter(|_| paces.pass(key, now + Duration::from_millis(at))).count();
        assert_eq!(passed("a", 0), 3);
        assert_eq!(passed("b", 0), 3, "each has an own allowance");
        assert_eq!(passed("a", 999), 0);
        assert_eq!(passed("a", 1_000), 1);
        assert_eq!(passed("a", 3_000), 2);
        assert_eq!(passed("a", 60_000), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn those_who_have_their_whole_allowance_again_are_forgotten() {
        let paces = Paces::new(Pace::new(3, 60, Duration::from_secs(60)));
        let now = crate::live::clock::wall();
        // A hundred others a second, for ever: each is remembered for a second at least.
        let most = (0..100_000_u32).map(|i| {
            assert!(paces.pass(i, now + Duration::from_millis(10 * u64::from(i))));
            paces.due.len()
        });
        assert!(most.max() <= Some(FEW));
        // At one instant nobody is forgotten before the bound, and nobody is let through beyond it.
        let let_in = (0..100_000_u32).filter(|i| paces.pass(*i, now + Duration::from_secs(10_000))).count();
        assert_eq!((let_in, paces.due.len()), (REMEMBERED, REMEMBERED));
    }

    #[test]
    fn a_subscriber_of_ipv6_is_one() {
        let of = |text: &str| group_of(text.parse().expect("an address"));
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:1:2:3"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
    }
}
