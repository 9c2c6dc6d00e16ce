//! The one place that reads a clock.
//!
//! The clock only paces: it says how far the run has come, and when to wake for a deadline. It reads tokio's clock, so that
//! a paused one drives a whole server in tests.

use std::sync::atomic::{AtomicI64, Ordering};

use tokio::time::Instant as Wall;

use crate::time::{Duration, Instant};

/// Parts per million: the grain of a speed.
const MILLION: u128 = 1_000_000;

/// How the time of a run follows the wall clock.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    base: Wall,
    /// How far the run had come then.
    from: Instant,
    /// Microseconds of the run per second of the wall clock.
    rate: u64,
}

impl Clock {
    /// A clock that stands at [`Instant::ZERO`] now and goes `speed` times as fast as the wall's; at least 0.000001.
    pub fn start(speed: f64) -> Clock {
        Clock::start_at(Instant::ZERO, speed)
    }

    /// A clock that stands at `from` now.
    pub fn start_at(from: Instant, speed: f64) -> Clock {
        Clock { base: wall(), from, rate: ((speed * MILLION as f64).round() as u64).max(1) }
    }

    /// How far the run has come.
    pub fn now(&self) -> Instant {
        let elapsed = wall().saturating_duration_since(self.base).as_micros();
        self.from + Duration(u64::try_from(elapsed * u128::from(self.rate) / MILLION).unwrap_or(u64::MAX))
    }

    /// When on the wall clock the run will have come to `at`: never earlier, so that whoever wakes then is not early.
    pub fn wall_of(&self, at: Instant) -> Wall {
        let micros = (u128::from(at.since(self.from).0) * MILLION).div_ceil(u128::from(self.rate));
        let wait = std::time::Duration::from_micros(u64::try_from(micros).unwrap_or(u64::MAX));
        self.base.checked_add(wait).unwrap_or_else(|| self.base + FAR)
    }

    /// Seconds of the run per second of the wall clock.
    pub fn speed(&self) -> f64 {
        self.rate as f64 / MILLION as f64
    }
}

/// Longer than any server runs; what a deadline beyond the wall clock's range becomes.
const FAR: std::time::Duration = std::time::Duration::from_secs(100 * 365 * 86_400);

/// The wall clock, for timers of connections.
#[allow(clippy::disallowed_methods, reason = "the one place that reads a clock")]
pub fn wall() -> Wall {
    Wall::now()
}

/// By how many microseconds [`set_real_time`] has moved the real time.
static MOVED: AtomicI64 = AtomicI64::new(0);

/// What time it really is, for stamps in the records and for `--at now`. Nothing that happens in a run depends on it.
#[allow(clippy::disallowed_methods, reason = "the one place that reads a clock")]
pub fn real_time() -> jiff::Timestamp {
    let now = jiff::Timestamp::now();
    let moved = jiff::SignedDuration::from_micros(MOVED.load(Ordering::Relaxed));
    now.checked_add(moved).unwrap_or(now)
}

/// Sets the real time of this process so far from the truth, as somebody does who sets the machine's clock: for tests.
pub fn set_real_time(off_by: jiff::SignedDuration) {
    MOVED.store(i64::try_from(off_by.as_micros()).unwrap_or(0), Ordering::Relaxed);
}

/// How long ago `earlier` was.
pub fn since(earlier: Wall) -> Duration {
    let micros = wall().saturating_duration_since(earlier).as_micros();
    Duration(u64::try_from(micros).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_run_follows_the_wall_at_its_speed() {
        let (plain, fast) = (Clock::start(1.0), Clock::start(60.0));
        tokio::time::advance(std::time::Duration::from_millis(1_500)).await;
        assert_eq!((plain.now(), fast.now()), (Instant(1_500_000), Instant::from_secs(90)));
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_wakes_at_a_deadline_is_not_early() {
        for speed in [0.001, 0.3, 1.0, 7.0, 999.9] {
            let clock = Clock::start(speed);
            for at in [1, 2, 3, 999, 1_000_001, 86_400_000_001] {
                let wake = clock.wall_of(Instant(at)) - clock.base;
                let then = wake.as_micros() * u128::from(clock.rate) / MILLION;
                assert!(then >= u128::from(at), "{speed} {at} {then}");
            }
        }
        let far = Clock::start(1.0).wall_of(Instant::NEVER);
        assert!(far > wall());
    }
}
