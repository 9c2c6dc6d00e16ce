//! When calls are due: fixed beforehand by rate and seed, whatever the server does meanwhile.
//!
//! A load that waits for answers slows down with the server and hides what its callers would have met (coordinated
//! omission). Here the next due time follows from the last one alone.

use std::time::Duration;

use rand::Rng;

use super::plan::Arrivals;
use crate::random::{Purpose, Seed, Stream, unit};

/// Due times of a Poisson process, counted from the beginning of the run.
#[derive(Clone, Debug)]
pub struct Schedule {
    shape: Shape,
    stream: Stream,
    /// The hazard used up so far: how many calls were expected until the last.
    used: f64,
}

#[derive(Clone, Copy, Debug)]
enum Shape {
    Steady(f64),
    Ramp { from: f64, to: f64, over: f64 },
}

impl Schedule {
    /// The schedule of a rate or a ramp; `None` for calls that follow something else.
    pub fn new(arrivals: &Arrivals, seed: u64) -> Option<Schedule> {
        let shape = match *arrivals {
            Arrivals::Rate(rate) => Shape::Steady(rate),
            Arrivals::Ramp { from, to, over } => Shape::Ramp { from, to, over: over.as_secs_f64() },
            Arrivals::Scenario(_) | Arrivals::Concurrent { .. } => return None,
        };
        Some(Schedule { shape, stream: Seed::new(seed).stream(Purpose::Arrival, 0), used: 0.0 })
    }

    /// When the next call is due; `None`: never.
    pub fn next_due(&mut self) -> Option<Duration> {
        // Above 0, so that the logarithm is finite.
        let chance = 1.0 - unit(self.stream.next_u64());
        self.used -= libm::log(chance);
        let at = self.shape.when(self.used)?;
        Duration::try_from_secs_f64(at).ok()
    }
}

impl Shape {
    /// After how many seconds so many calls are expected.
    fn when(self, expected: f64) -> Option<f64> {
        match self {
            Shape::Steady(rate) => Some(expected / rate),
            Shape::Ramp { from, to, over } => {
                let within = (from + to) / 2.0 * over;
                if expected > within {
                    return (to > 0.0).then(|| over + (expected - within) / to);
                }
                // from·t + slope·t²/2 = expected, by the form that does not cancel.
                let slope = (to - from) / over;
                let root = (from * from + 2.0 * slope * expected).max(0.0).sqrt();
                Some(2.0 * expected / (from + root))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn due(arrivals: Arrivals, seed: u64, until: f64) -> Vec<f64> {
        let mut schedule = Schedule::new(&arrivals, seed).expect("a schedule");
        std::iter::from_fn(|| schedule.next_due().map(|at| at.as_secs_f64())).take_while(|at| *at < until).collect()
    }

    #[test]
    fn a_rate_is_kept_and_follows_from_the_seed() {
        let times = due(Arrivals::Rate(50.0), 1, 200.0);
        // 10,000 expected, standard deviation 100: five of them.
        assert!((9_500..10_500).contains(&times.len()), "{}", times.len());
        assert!(times.windows(2).all(|pair| pair[0] <= pair[1]));
        assert_eq!(times, due(Arrivals::Rate(50.0), 1, 200.0));
        assert_ne!(times, due(Arrivals::Rate(50.0), 2, 200.0));
        // Of a Poisson process the gaps vary as much as their mean.
        let gaps: Vec<f64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
        let var = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / gaps.len() as f64;
        assert!((var.sqrt() / mean - 1.0).abs() < 0.1, "{mean} {var}");
    }

    #[test]
    fn a_ramp_rises_and_stays() {
        let ramp = Arrivals::Ramp { from: 0.0, to: 100.0, over: Duration::from_secs(100) };
        let times = due(ramp, 3, 150.0);
        let between = |from: f64, to: f64| times.iter().filter(|at| (from..to).contains(*at)).count() as f64;
        // Expected 1,250, 3,750 and, at the top, 5,000; each within five standard deviations.
        for (found, wanted) in
            [(between(0.0, 50.0), 1_250.0), (between(50.0, 100.0), 3_750.0), (between(100.0, 150.0), 5_000.0_f64)]
        {
            assert!((found - wanted).abs() < 5.0 * wanted.sqrt(), "{found} instead of {wanted}");
        }
        let falling = Arrivals::Ramp { from: 10.0, to: 0.0, over: Duration::from_secs(10) };
        assert!(due(falling, 3, f64::INFINITY).iter().all(|at| *at <= 10.0), "nobody calls at a rate of nought");
    }
}
