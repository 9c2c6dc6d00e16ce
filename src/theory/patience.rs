//! How long callers wait before they give up.

use super::{Error, positive, within};
use crate::special::{gamma_shares, normal_cdf};

/// A distribution of patience.
#[derive(Clone, Debug, PartialEq)]
pub enum Patience {
    /// All give up after this time, at least 0.
    Deterministic(f64),
    /// Exponential with this mean, above 0.
    Exponential {
        /// Mean.
        mean: f64,
    },
    /// Uniform from one time to a later one.
    Uniform {
        /// At least 0.
        from: f64,
        /// After `from`.
        to: f64,
    },
    /// Survival exp(-(x / scale)^shape).
    Weibull {
        /// Above 0.
        scale: f64,
        /// Above 0.
        shape: f64,
    },
    /// The logarithm is normal.
    Lognormal {
        /// Mean of the logarithm.
        mean_log: f64,
        /// Standard deviation of the logarithm, above 0.
        sd_log: f64,
    },
    /// Gamma.
    Gamma {
        /// Above 0.
        shape: f64,
        /// Above 0.
        scale: f64,
    },
    /// One of several, with these weights, which sum to 1.
    Mixture(Vec<(f64, Patience)>),
    /// Points (time, share still there), straight between them: times rising from above 0, shares falling from 1 at time 0;
    /// after the last point the share that is left stays for ever.
    Survival(Vec<(f64, f64)>),
    /// Nobody ever gives up.
    Never,
}

impl Patience {
    /// Checks the parameters.
    pub fn check(&self) -> Result<(), Error> {
        let time =
            |what, value: f64| within(what, value, value.is_finite() && value >= 0.0, "a finite time of at least 0");
        match self {
            Patience::Deterministic(at) => time("patience", *at).map(drop),
            Patience::Exponential { mean } => positive("mean patience", *mean).map(drop),
            Patience::Uniform { from, to } => {
                time("shortest patience", *from)?;
                within("longest patience", *to, to.is_finite() && to > from, "finite and above the shortest").map(drop)
            }
            Patience::Weibull { scale, shape } | Patience::Gamma { scale, shape } => {
                positive("scale of the patience", *scale)?;
                positive("shape of the patience", *shape).map(drop)
            }
            Patience::Lognormal { mean_log, sd_log } => {
                within("mean of the logarithm of the patience", *mean_log, mean_log.is_finite(), "a finite number")?;
                positive("standard deviation of the logarithm of the patience", *sd_log).map(drop)
            }
            Patience::Mixture(parts) => check_mixture(parts),
            Patience::Survival(points) => check_points(points),
            Patience::Never => Ok(()),
        }
    }

    /// The share who have given up at `time` (0 or later) or before.
    pub fn gone(&self, time: f64) -> f64 {
        let share = |yes: bool| f64::from(u8::from(yes));
        match self {
            Patience::Deterministic(at) => share(time >= *at),
            Patience::Exponential { mean } => -libm::expm1(-time / mean),
            Patience::Uniform { from, to } => ((time - from) / (to - from)).clamp(0.0, 1.0),
            Patience::Weibull { scale, shape } => -libm::expm1(-libm::pow(time / scale, *shape)),
            Patience::Lognormal { mean_log, sd_log } => normal_cdf((libm::log(time) - mean_log) / sd_log),
            Patience::Gamma { shape, scale } => gamma_shares(*shape, time / scale).0,
            Patience::Mixture(parts) => parts.iter().map(|(weight, part)| weight * part.gone(time)).sum(),
            Patience::Survival(points) => 1.0 - along(points, time).0,
            Patience::Never => 0.0,
        }
    }

    /// The share who are still there after `time` (0 or later).
    pub fn survival(&self, time: f64) -> f64 {
        match self {
            Patience::Exponential { mean } => libm::exp(-time / mean),
            Patience::Weibull { scale, shape } => libm::exp(-libm::pow(time / scale, *shape)),
            Patience::Lognormal { mean_log, sd_log } => normal_cdf((mean_log - libm::log(time)) / sd_log),
            Patience::Gamma { shape, scale } => gamma_shares(*shape, time / scale).1,
            Patience::Mixture(parts) => parts.iter().map(|(weight, part)| weight * part.survival(time)).sum(),
            Patience::Survival(points) => along(points, time).0,
            _ => 1.0 - self.gone(time),
        }
    }

    /// How long a caller is there on average until `time`: the integral of the survival function.
    pub fn present(&self, time: f64) -> f64 {
        match self {
            Patience::Deterministic(at) => time.min(*at),
            Patience::Exponential { mean } => -mean * libm::expm1(-time / mean),
            Patience::Uniform { from, to } => {
                let into = (time.min(*to) - from).max(0.0);
                time.min(*from) + into - into * into / (2.0 * (to - from))
            }
            Patience::Weibull { scale, shape } => {
                let mean = scale * libm::tgamma(1.0 + 1.0 / shape);
                mean * gamma_shares(1.0 / shape, libm::pow(time / scale, *shape)).0
            }
            Patience::Lognormal { mean_log, sd_log } => {
                let mean = libm::exp(mean_log + sd_log * sd_log / 2.0);
                let given_up = normal_cdf((libm::log(time) - mean_log) / sd_log - sd_log);
                time * self.survival(time) + mean * given_up
            }
            Patience::Gamma { shape, scale } => {
                time * self.survival(time) + shape * scale * gamma_shares(shape + 1.0, time / scale).0
            }
            Patience::Mixture(parts) => parts.iter().map(|(weight, part)| weight * part.present(time)).sum(),
            Patience::Survival(points) => along(points, time).1,
            Patience::Never => time,
        }
    }

    /// The share who never give up.
    pub fn stays_for_ever(&self) -> f64 {
        match self {
            Patience::Mixture(parts) => parts.iter().map(|(weight, part)| weight * part.stays_for_ever()).sum(),
            Patience::Survival(points) => points.last().map_or(1.0, |point| point.1),
            Patience::Never => 1.0,
            _ => 0.0,
        }
    }

    /// Times at which the survival function jumps or bends.
    pub(super) fn kinks(&self) -> Vec<f64> {
        match self {
            Patience::Deterministic(at) => vec![*at],
            Patience::Uniform { from, to } => vec![*from, *to],
            Patience::Mixture(parts) => parts.iter().flat_map(|(_, part)| part.kinks()).collect(),
            Patience::Survival(points) => points.iter().map(|point| point.0).collect(),
            _ => Vec::new(),
        }
    }
}

/// The share still there at a time, and the integral up to it.
fn along(points: &[(f64, f64)], time: f64) -> (f64, f64) {
    let (mut at, mut share, mut sum) = (0.0, 1.0, 0.0);
    for &(to, then) in points {
        let length = (time.min(to) - at).max(0.0);
        let reached = share + (then - share) * length / (to - at);
        sum += length * (share + reached) / 2.0;
        if time < to {
            return (reached, sum);
        }
        (at, share) = (to, then);
    }
    (share, sum + (time - at).max(0.0) * share)
}

fn check_mixture(parts: &[(f64, Patience)]) -> Result<(), Error> {
    for (weight, part) in parts {
        within("weight of a part of the patience", *weight, (0.0..=1.0).contains(weight), "from 0 to 1")?;
        part.check()?;
    }
    let sum: f64 = parts.iter().map(|part| part.0).sum();
    within("sum of the weights of the patience", sum, (sum - 1.0).abs() < 1e-9, "1").map(drop)
}

fn check_points(points: &[(f64, f64)]) -> Result<(), Error> {
    let (mut at, mut share) = (0.0, 1.0);
    for &(to, then) in points {
        within("time of a point of the patience", to, to.is_finite() && to > at, "finite and above the one before")?;
        within("share of a point of the patience", then, (0.0..=share).contains(&then), "from 0 to the one before")?;
        (at, share) = (to, then);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_present_is_the_integral_of_the_survival_function() {
        let points = vec![(10.0, 0.9), (50.0, 0.4), (60.0, 0.3)];
        let parts = vec![(0.3, Patience::Deterministic(25.0)), (0.7, Patience::Gamma { shape: 2.5, scale: 20.0 })];
        let kinds = [
            Patience::Exponential { mean: 30.0 },
            Patience::Uniform { from: 5.0, to: 65.0 },
            Patience::Weibull { scale: 40.0, shape: 0.7 },
            Patience::Lognormal { mean_log: 3.0, sd_log: 0.8 },
            Patience::Survival(points),
            Patience::Mixture(parts),
            Patience::Never,
        ];
        for patience in kinds {
            patience.check().expect("in range");
            let mut stops = patience.kinks();
            stops.extend([1e-9, 80.0]);
            stops.sort_by(f64::total_cmp);
            let f = |x| [patience.survival(x), patience.survival(x) + patience.gone(x)];
            let pieces = stops.windows(2).map(|piece| crate::theory::integral::integrate(piece[0], piece[1], &f));
            let [present, all] = pieces.fold([0.0; 2], |sum, piece| [sum[0] + piece[0], sum[1] + piece[1]]);
            assert!((present - patience.present(80.0)).abs() < 2e-9, "{patience:?}: {present}");
            assert!((all - 80.0).abs() < 1e-8, "{patience:?}");
        }
    }

    #[test]
    fn impossible_patience_is_refused() {
        for bad in [
            Patience::Uniform { from: 5.0, to: 5.0 },
            Patience::Exponential { mean: 0.0 },
            Patience::Mixture(vec![(0.5, Patience::Never)]),
            Patience::Survival(vec![(5.0, 0.4), (6.0, 0.5)]),
            Patience::Survival(vec![(5.0, f64::NAN)]),
            Patience::Deterministic(f64::INFINITY),
        ] {
            assert!(bad.check().is_err(), "{bad:?}");
        }
    }
}
