//! Distributions of times: how long people wait, talk, hesitate, and when they call again.

use crate::{random::Stream, time::Duration};

/// A distribution of a length of time, at least zero.
#[derive(Clone, Debug, PartialEq)]
pub enum Distribution {
    /// Always this.
    Deterministic(Duration),
    /// Exponential with this mean.
    Exponential {
        /// Above zero.
        mean: Duration,
    },
    /// Lognormal with this mean.
    Lognormal {
        /// Above zero.
        mean: Duration,
        /// Standard deviation of the logarithm, 0 to 5. From a coefficient of variation: sqrt(ln(1 + cv²)).
        sigma: f64,
    },
    /// Gamma with this mean.
    Gamma {
        /// Above zero.
        mean: Duration,
        /// Standard deviation over mean, above 0.
        cv: f64,
    },
    /// Weibull with this mean.
    Weibull {
        /// Above zero.
        mean: Duration,
        /// Above zero; 1 is exponential, below 1 the impatient go early.
        shape: f64,
    },
    /// Uniform between two times.
    Uniform {
        /// From.
        from: Duration,
        /// To, not before `from`.
        to: Duration,
    },
    /// One of several, with these weights (which sum to 1).
    Mixture(Box<[(f64, Distribution)]>),
    /// By points of the survival function, straight between them: (time, share still there), times rising, shares falling
    /// from 1 at zero. After the last point the share that is left goes on for ever.
    Survival(Box<[(Duration, f64)]>),
    /// One of these observed times, each with the same chance.
    Empirical(Box<[Duration]>),
    /// Never: longer than any run.
    Never,
}

impl Distribution {
    /// One draw. [`Duration::MAX`] stands for never.
    pub fn sample(&self, _stream: &mut Stream) -> Duration {
        match self {
            Distribution::Deterministic(time) => *time,
            _ => Duration::MAX,
        }
    }

    /// The mean; `None` when some never end.
    pub fn mean(&self) -> Option<Duration> {
        match self {
            Distribution::Deterministic(time) => Some(*time),
            _ => None,
        }
    }

    /// The share that lasts longer than `time`, 0 to 1.
    pub fn survival(&self, time: Duration) -> f64 {
        match self {
            Distribution::Deterministic(end) => f64::from(u8::from(*end > time)),
            _ => 1.0,
        }
    }
}

/// A [`Distribution`] made ready for many draws: what depends on the parameters alone is worked out once. Draws the very
/// numbers [`Distribution::sample`] draws.
#[derive(Clone, Debug, PartialEq)]
pub struct Sampler(Distribution);

impl Sampler {
    /// Makes a distribution ready.
    pub fn new(distribution: &Distribution) -> Sampler {
        Sampler(distribution.clone())
    }

    /// One draw. [`Duration::MAX`] stands for never.
    pub fn sample(&self, stream: &mut Stream) -> Duration {
        self.0.sample(stream)
    }
}
