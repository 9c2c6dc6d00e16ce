//! Distributions made ready for many draws.

use super::{
    Distribution,
    chance::{Gamma, below, exponential, normal, uniform},
};
use crate::{random::Stream, time::Duration};

/// A [`Distribution`] made ready for many draws: what depends on the parameters alone is worked out once. Draws the very
/// numbers [`Distribution::sample`] draws.
#[derive(Clone, Debug, PartialEq)]
pub struct Sampler(Kind);

/// Times in microseconds.
#[derive(Clone, Debug, PartialEq)]
enum Kind {
    Fixed(Duration),
    Exponential { mean: f64 },
    Lognormal { median: f64, sigma: f64 },
    Gamma { law: Gamma, scale: f64 },
    Weibull { scale: f64, power: f64 },
    Uniform { from: f64, width: f64 },
    Mixture(Box<[(f64, Sampler)]>),
    Survival(Box<[(Duration, f64)]>),
    Empirical(Box<[Duration]>),
}

impl Sampler {
    /// Makes a distribution ready.
    pub fn new(distribution: &Distribution) -> Sampler {
        Sampler(match distribution {
            Distribution::Deterministic(time) => Kind::Fixed(*time),
            Distribution::Exponential { mean } => Kind::Exponential { mean: micros(*mean) },
            Distribution::Lognormal { mean, sigma } => {
                Kind::Lognormal { median: micros(*mean) * libm::exp(-0.5 * sigma * sigma), sigma: *sigma }
            }
            Distribution::Gamma { mean, cv } => {
                Kind::Gamma { law: Gamma::new(1.0 / (cv * cv)), scale: micros(*mean) * cv * cv }
            }
            Distribution::Weibull { mean, shape } => {
                Kind::Weibull { scale: micros(*mean) / libm::tgamma(1.0 + 1.0 / shape), power: 1.0 / shape }
            }
            Distribution::Uniform { from, to } => Kind::Uniform { from: micros(*from), width: micros(*to - *from) },
            Distribution::Mixture(parts) => {
                Kind::Mixture(parts.iter().map(|(weight, part)| (*weight, Sampler::new(part))).collect())
            }
            Distribution::Survival(points) => Kind::Survival(points.clone()),
            Distribution::Empirical(times) => Kind::Empirical(times.clone()),
            Distribution::Never => Kind::Fixed(Duration::MAX),
        })
    }

    /// One draw. [`Duration::MAX`] stands for never.
    #[inline]
    pub fn sample(&self, stream: &mut Stream) -> Duration {
        match &self.0 {
            Kind::Fixed(time) => *time,
            Kind::Exponential { mean } => whole(mean * exponential(stream)),
            Kind::Lognormal { median, sigma } => whole(median * libm::exp(sigma * normal(stream))),
            Kind::Gamma { law, scale } => whole(scale * law.sample(stream)),
            Kind::Weibull { scale, power } => whole(scale * libm::pow(exponential(stream), *power)),
            Kind::Uniform { from, width } => whole(from + width * uniform(stream)),
            Kind::Mixture(parts) => {
                choose(parts, uniform(stream)).map_or(Duration::MAX, |part: &Sampler| part.sample(stream))
            }
            Kind::Survival(points) => lasting(points, uniform(stream)),
            Kind::Empirical(times) => one_of(times, stream),
        }
    }
}

impl Distribution {
    /// One draw. [`Duration::MAX`] stands for never. Where many are drawn a [`Sampler`] is faster.
    pub fn sample(&self, stream: &mut Stream) -> Duration {
        match self {
            Distribution::Mixture(parts) => {
                choose(parts, uniform(stream)).map_or(Duration::MAX, |part| part.sample(stream))
            }
            Distribution::Survival(points) => lasting(points, uniform(stream)),
            Distribution::Empirical(times) => one_of(times, stream),
            // The others take no memory of the heap.
            simple => Sampler::new(simple).sample(stream),
        }
    }
}

fn micros(time: Duration) -> f64 {
    time.as_micros() as f64
}

#[inline]
fn whole(micros: f64) -> Duration {
    Duration::from_micros((micros + 0.5) as u64)
}

/// The part in which `u` falls; the last one that can be, should the weights sum to a little less than 1.
fn choose<T>(parts: &[(f64, T)], mut u: f64) -> Option<&T> {
    for (weight, part) in parts {
        if u < *weight {
            return Some(part);
        }
        u -= weight;
    }
    parts.iter().rev().find(|(weight, _)| *weight > 0.0).map(|(_, part)| part)
}

/// When the survival function falls to `u`.
fn lasting(points: &[(Duration, f64)], u: f64) -> Duration {
    let next = points.partition_point(|(_, share)| *share > u);
    let Some(&(until, low)) = points.get(next) else { return Duration::MAX };
    let (from, high) = next.checked_sub(1).map_or((Duration::ZERO, 1.0), |last| points[last]);
    whole(micros(from) + micros(until - from) * (high - u) / (high - low))
}

/// Any of them; never, when there is none.
fn one_of(times: &[Duration], stream: &mut Stream) -> Duration {
    times.get(below(times.len() as u32, stream) as usize).copied().unwrap_or(Duration::MAX)
}
