use super::*;
use crate::random::{Purpose, Seed};

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

/// One of each kind.
fn all() -> Vec<Distribution> {
    let bank = [(5, 0.985), (60, 0.823), (300, 0.494), (600, 0.269)];
    vec![
        Distribution::Deterministic(secs(30)),
        Distribution::Exponential { mean: secs(120) },
        Distribution::lognormal_cv(secs(240), 1.2),
        Distribution::Gamma { mean: secs(90), cv: 0.4 },
        Distribution::Gamma { mean: secs(90), cv: 1.5 },
        Distribution::Weibull { mean: secs(200), shape: 0.7 },
        Distribution::Weibull { mean: secs(200), shape: 2.0 },
        Distribution::Uniform { from: secs(3), to: secs(8) },
        Distribution::Mixture(
            [
                (0.04, Distribution::Uniform { from: Duration::ZERO, to: secs(15) }),
                (0.96, Distribution::Exponential { mean: secs(3000) }),
            ]
            .into(),
        ),
        Distribution::Survival(bank.map(|(time, share)| (secs(time), share)).into()),
        Distribution::Survival([(Duration::ZERO, 1.0), (secs(10), 0.5), (secs(20), 0.0)].into()),
        Distribution::Empirical([secs(1), secs(2), secs(2), secs(10)].into()),
        Distribution::Never,
    ]
}

const N: u64 = 100_000;

fn drawn(distribution: &Distribution, owner: u64) -> Vec<Duration> {
    let sampler = Sampler::new(distribution);
    let mut stream = Seed::new(7).stream(Purpose::Patience, owner);
    (0..N).map(|_| sampler.sample(&mut stream)).collect()
}

/// The share of draws that last longer than each of some times lies within 4.5 standard errors of the survival function.
#[test]
fn draws_last_as_long_as_the_survival_function_says() {
    for (owner, distribution) in all().iter().enumerate() {
        let drawn = drawn(distribution, owner as u64);
        for time in [1, 2, 4, 5, 9, 15, 29, 30, 60, 90, 200, 400, 700, 3000] {
            let exact = distribution.survival(secs(time));
            let share = drawn.iter().filter(|t| **t > secs(time)).count() as f64 / N as f64;
            let error = (exact * (1.0 - exact) / N as f64).sqrt();
            assert!((share - exact).abs() <= 4.5 * error + 1e-4, "{distribution:?} at {time} s: {share}, not {exact}");
        }
    }
}

#[test]
fn draws_have_the_mean_that_is_asked_for() {
    for (owner, distribution) in all().iter().enumerate() {
        let Some(mean) = distribution.mean() else { continue };
        let drawn: Vec<f64> = drawn(distribution, owner as u64).iter().map(|t| t.as_secs_f64()).collect();
        let average = drawn.iter().sum::<f64>() / N as f64;
        let variance = drawn.iter().map(|t| (t - average) * (t - average)).sum::<f64>() / N as f64;
        let error = (variance / N as f64).sqrt();
        let mean = mean.as_secs_f64();
        assert!((average - mean).abs() <= 4.5 * error + 1e-5, "{distribution:?}: {average}, not {mean}");
    }
}

#[test]
fn a_ready_sampler_draws_the_same_numbers() {
    for distribution in all() {
        let sampler = Sampler::new(&distribution);
        let mut one = Seed::new(1).stream(Purpose::Patience, 1);
        let mut other = one.clone();
        assert!((0..100).all(|_| sampler.sample(&mut one) == distribution.sample(&mut other)), "{distribution:?}");
    }
}

#[test]
fn who_never_ends_has_no_mean_and_some_of_the_bank_wait_for_ever() {
    let all = all();
    assert_eq!(Distribution::Never.mean(), None);
    assert_eq!(all[9].mean(), None, "27 % are still there at the end of the table");
    assert_eq!(all[10].mean(), Some(secs(10)));
    let for_ever = drawn(&all[9], 9).iter().filter(|time| **time == Duration::MAX).count() as f64;
    assert!((for_ever / N as f64 - 0.269).abs() < 0.006, "{for_ever}");
}

#[test]
fn a_coefficient_of_variation_becomes_the_deviation_of_the_logarithm() {
    let Distribution::Lognormal { sigma, .. } = Distribution::lognormal_cv(secs(1), 0.6) else { unreachable!() };
    assert!((sigma - 0.554_513).abs() < 1e-6, "{sigma}");
}

#[test]
fn what_takes_no_time_is_over_at_once() {
    for distribution in [
        Distribution::Exponential { mean: Duration::ZERO },
        Distribution::Lognormal { mean: Duration::ZERO, sigma: 1.0 },
        Distribution::Gamma { mean: Duration::ZERO, cv: 1.0 },
        Distribution::Weibull { mean: Duration::ZERO, shape: 2.0 },
    ] {
        assert_eq!(distribution.survival(Duration::ZERO), 0.0, "{distribution:?}");
        assert_eq!(distribution.sample(&mut Seed::new(1).stream(Purpose::Patience, 1)), Duration::ZERO);
    }
}
