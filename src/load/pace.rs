//! How the centre's time goes against the wall clock: callers of a centre that lives ten times as fast do so too.

use tokio::time::Instant as Wall;

use super::hall::FAR;
use crate::time::{Duration, Instant};

/// See the top of this file.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    base: Wall,
    from: Instant,
    speed: f64,
}

impl Pace {
    /// At `base` the centre's time is `from`, and goes `speed` times as fast as the wall's.
    pub fn new(base: Wall, from: Instant, speed: f64) -> Pace {
        Pace { base, from, speed }
    }

    /// What time it is in the centre.
    pub fn at(&self, wall: Wall) -> Instant {
        let micros = wall.saturating_duration_since(self.base).as_secs_f64() * self.speed * 1e6;
        self.from + Duration::from_micros(micros as u64)
    }

    /// When that is on the wall.
    pub fn wall_of(&self, at: Instant) -> Wall {
        let wait = std::time::Duration::try_from_secs_f64(at.since(self.from).as_secs_f64() / self.speed);
        let wait = wait.unwrap_or(FAR).min(FAR);
        self.base.checked_add(wait).unwrap_or(self.base)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::clock;

    #[test]
    fn a_fast_centre_passes_ten_seconds_in_one() {
        let base = clock::wall();
        let pace = Pace::new(base, Instant::from_secs(100), 10.0);
        let later = base + std::time::Duration::from_secs(1);
        assert_eq!(pace.at(later), Instant::from_secs(110));
        assert_eq!(pace.wall_of(Instant::from_secs(110)), later);
        assert_eq!(pace.wall_of(Instant::ZERO), base);
    }
}
