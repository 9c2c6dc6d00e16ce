//! Distributions of times: how long people wait, talk, hesitate, and when they call again.
//!
//! [`Distribution`] is plain data, as a scenario says it; [`Sampler`] is the same made ready for many draws. All arithmetic
//! is `libm`'s, so that a seed gives the same day on every machine.

pub mod chance;
mod sampler;

pub use sampler::Sampler;

use crate::{special, time::Duration};

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
    /// Lognormal with this mean and this coefficient of variation (standard deviation over mean), at least 0.
    pub fn lognormal_cv(mean: Duration, cv: f64) -> Distribution {
        Distribution::Lognormal { mean, sigma: libm::sqrt(libm::log1p(cv * cv)) }
    }

    /// The mean; `None` when some never end.
    pub fn mean(&self) -> Option<Duration> {
        match self {
            Distribution::Deterministic(time) => Some(*time),
            Distribution::Exponential { mean }
            | Distribution::Lognormal { mean, .. }
            | Distribution::Gamma { mean, .. }
            | Distribution::Weibull { mean, .. } => Some(*mean),
            Distribution::Uniform { from, to } => Some(Duration::from_micros(from.0.midpoint(to.0))),
            Distribution::Mixture(parts) => {
                let parts = parts.iter().filter(|(weight, _)| *weight > 0.0);
                let sum: Option<f64> = parts.map(|(weight, part)| Some(weight * part.mean()?.as_secs_f64())).sum();
                sum.map(Duration::from_secs_f64)
            }
            Distribution::Survival(points) => {
                let all_end = points.last().is_some_and(|(_, share)| *share <= 0.0);
                all_end.then(|| Duration::from_secs_f64(area(points)))
            }
            Distribution::Empirical(times) => {
                let sum: f64 = times.iter().map(|time| time.as_secs_f64()).sum();
                (!times.is_empty()).then(|| Duration::from_secs_f64(sum / times.len() as f64))
            }
            Distribution::Never => None,
        }
    }

    /// The share that lasts longer than `time`, 0 to 1.
    pub fn survival(&self, time: Duration) -> f64 {
        let times_mean = |mean: Duration| time.as_secs_f64() / mean.as_secs_f64();
        match self {
            Distribution::Deterministic(end) => step(*end, time),
            Distribution::Exponential { mean: Duration::ZERO }
            | Distribution::Lognormal { mean: Duration::ZERO, .. }
            | Distribution::Gamma { mean: Duration::ZERO, .. }
            | Distribution::Weibull { mean: Duration::ZERO, .. } => 0.0,
            Distribution::Exponential { mean } => libm::exp(-times_mean(*mean)),
            Distribution::Lognormal { mean, sigma } if *sigma <= 0.0 => step(*mean, time),
            // P(T > t) of mean·exp(σZ − σ²/2); the logarithm of zero is minus infinity, and all last longer than nothing.
            Distribution::Lognormal { mean, sigma } => {
                special::normal_cdf(-(libm::log(times_mean(*mean)) / sigma + 0.5 * sigma))
            }
            Distribution::Gamma { mean, cv } if *cv <= 0.0 => step(*mean, time),
            Distribution::Gamma { mean, cv } => special::gamma_shares(1.0 / (cv * cv), times_mean(*mean) / (cv * cv)).1,
            Distribution::Weibull { mean, shape } => {
                libm::exp(-libm::pow(times_mean(*mean) * libm::tgamma(1.0 + 1.0 / shape), *shape))
            }
            Distribution::Uniform { from, to } if time < *from || to <= from => step(*from, time),
            Distribution::Uniform { from, to } => {
                ((*to - time).as_secs_f64() / (*to - *from).as_secs_f64()).clamp(0.0, 1.0)
            }
            Distribution::Mixture(parts) => parts.iter().map(|(weight, part)| weight * part.survival(time)).sum(),
            Distribution::Survival(points) => share_at(points, time),
            Distribution::Empirical(times) if times.is_empty() => 1.0,
            Distribution::Empirical(times) => {
                times.iter().filter(|end| **end > time).count() as f64 / times.len() as f64
            }
            Distribution::Never => 1.0,
        }
    }
}

/// Of what always ends at `end`.
fn step(end: Duration, time: Duration) -> f64 {
    if end > time { 1.0 } else { 0.0 }
}

/// The stretches between the points of a survival function, from zero on: from, share there, to, share there.
fn stretches(points: &[(Duration, f64)]) -> impl Iterator<Item = ((Duration, f64), (Duration, f64))> {
    let from = std::iter::once((Duration::ZERO, 1.0)).chain(points.iter().copied());
    from.zip(points.iter().copied())
}

/// The area under a survival function, in seconds.
fn area(points: &[(Duration, f64)]) -> f64 {
    stretches(points).map(|((from, high), (to, low))| (to - from).as_secs_f64() * 0.5 * (high + low)).sum()
}

fn share_at(points: &[(Duration, f64)], time: Duration) -> f64 {
    let within = stretches(points).find(|((from, _), (to, _))| *from <= time && time < *to);
    within.map_or(points.last().map_or(1.0, |last| last.1), |((from, high), (to, low))| {
        high + (low - high) * (time - from).as_secs_f64() / (to - from).as_secs_f64()
    })
}

#[cfg(test)]
mod tests;
