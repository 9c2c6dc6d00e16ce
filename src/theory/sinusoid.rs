//! Load that moves with the day.

use super::{Error, positive, within};

/// Arrivals at rate `mean + amplitude sin(2π t / period)` to as many agents as it takes, exponential handle times (M_t/M/∞;
/// Eick, Massey and Whitt 1993).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sinusoid {
    mean: f64,
    amplitude: f64,
    period: f64,
    handle_mean: f64,
}

impl Sinusoid {
    /// All above 0, but for the amplitude, which is from 0 to the mean.
    pub fn new(mean: f64, amplitude: f64, period: f64, handle_mean: f64) -> Result<Sinusoid, Error> {
        positive("mean arrival rate", mean)?;
        positive("period", period)?;
        positive("mean handle time", handle_mean)?;
        within("amplitude", amplitude, (0.0..=mean).contains(&amplitude), "from 0 to the mean rate")?;
        Ok(Sinusoid { mean, amplitude, period, handle_mean })
    }

    /// Mean number of busy agents at a time; their number is Poisson. It follows the arrivals late and flattened:
    /// λ̄/μ + (A/μ) (sin γt - (γ/μ) cos γt) / (1 + (γ/μ)²).
    pub fn mean_busy(&self, time: f64) -> f64 {
        let pace = 2.0 * std::f64::consts::PI / self.period;
        let (angle, lag) = (pace * time, pace * self.handle_mean);
        let wave = (libm::sin(angle) - lag * libm::cos(angle)) / (1.0 + lag * lag);
        self.handle_mean * (self.mean + self.amplitude * wave)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn busy_agents_obey_their_own_equation() {
        // d/dt m = λ(t) - m / s, checked by a centred difference.
        let day = Sinusoid::new(100.0, 50.0, 24.0, 1.5).expect("in range");
        for time in [0.0, 5.0, 17.3] {
            let slope = (day.mean_busy(time + 1e-4) - day.mean_busy(time - 1e-4)) / 2e-4;
            let rate = 100.0 + 50.0 * libm::sin(2.0 * std::f64::consts::PI * time / 24.0);
            assert!((slope - (rate - day.mean_busy(time) / 1.5)).abs() < 1e-5);
        }
        assert!(Sinusoid::new(100.0, 101.0, 24.0, 1.0).is_err());
    }
}
