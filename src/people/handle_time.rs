//! How long an agent takes: lognormal times, drawn with the arithmetic of `libm`, whose last bits are the same everywhere.

use rand::RngExt;

use crate::{random::Stream, script::model::Handling, time::Duration};

/// No draw is longer than this many times the mean: a guard against a mistyped sigma, far beyond any real call.
const LONGEST: f64 = 1_000.0;

/// A lognormal time with this mean and this standard deviation of the logarithm. A mean of zero gives zero.
pub fn lognormal(mean: Duration, sigma: f64, stream: &mut Stream) -> Duration {
    let z = standard_normal(stream);
    if mean == Duration::ZERO {
        return Duration::ZERO;
    }
    // exp(mu + sigma z) with mu = ln(mean) - sigma²/2, the mean taken out as a factor.
    let factor = libm::exp(sigma * z - sigma * sigma / 2.0);
    Duration::from_secs_f64(mean.as_secs_f64() * factor.min(LONGEST))
}

/// The talk time of a call.
pub fn talk(handling: &Handling, stream: &mut Stream) -> Duration {
    lognormal(share(handling.mean, 1.0 - handling.after_call_share), handling.sigma, stream)
}

/// The after-call work of a call.
pub fn after_call_work(handling: &Handling, stream: &mut Stream) -> Duration {
    lognormal(share(handling.mean, handling.after_call_share), handling.sigma, stream)
}

/// A uniform number, at least 0 and below 1.
pub fn uniform(stream: &mut Stream) -> f64 {
    stream.random::<f64>()
}

fn share(whole: Duration, part: f64) -> Duration {
    Duration::from_secs_f64(whole.as_secs_f64() * part.clamp(0.0, 1.0))
}

/// One standard normal number by the method of Box and Muller; it always takes two draws, so that a stream stays in step.
fn standard_normal(stream: &mut Stream) -> f64 {
    let radius = libm::sqrt(-2.0 * libm::log(1.0 - uniform(stream)));
    radius * libm::cos(2.0 * std::f64::consts::PI * uniform(stream))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, Seed};

    /// Mean and standard deviation of the logarithm over 20,000 draws. The standard errors are sigma/141 = 0.0064 for the
    /// mean of the logarithm and sigma/200 = 0.0045 for its deviation; the bounds are four of them, so that a right sampler
    /// with another seed fails once in some ten thousand.
    #[test]
    fn draws_have_the_mean_and_spread_they_are_asked_for() {
        let (mean, sigma, n) = (Duration::from_secs(264), 0.9, 20_000);
        let logs: Vec<f64> = (0..n)
            .map(|call| lognormal(mean, sigma, &mut Seed::new(3).stream(Purpose::HandleTime, call)))
            .map(|time| libm::log(time.as_secs_f64()))
            .collect();
        let center = logs.iter().sum::<f64>() / n as f64;
        let spread = (logs.iter().map(|x| (x - center) * (x - center)).sum::<f64>() / n as f64).sqrt();
        assert!((center - (libm::log(264.0) - sigma * sigma / 2.0)).abs() < 0.026, "{center}");
        assert!((spread - sigma).abs() < 0.018, "{spread}");
    }

    #[test]
    fn talk_and_after_call_work_share_the_mean() {
        let handling = Handling { mean: Duration::from_secs(100), sigma: 0.0, after_call_share: 0.2, case_share: 0.0 };
        let mut stream = Seed::new(1).stream(Purpose::HandleTime, 1);
        assert_eq!(talk(&handling, &mut stream), Duration::from_secs(80));
        assert_eq!(after_call_work(&handling, &mut stream), Duration::from_secs(20));
        assert_eq!(lognormal(Duration::ZERO, 0.9, &mut stream), Duration::ZERO);
    }
}
