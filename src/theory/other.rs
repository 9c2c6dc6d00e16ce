//! Waiting under handle times that are not exponential, and with priorities.

use super::{ErlangC, Error, positive, within};
use crate::special;

/// Mean wait before one agent with any handle time (M/G/1; Pollaczek 1930, Khinchine 1932). `scv`: variance of the handle
/// time over its squared mean, at least 0.
pub fn single_agent_wait(arrivals: f64, handle_mean: f64, scv: f64) -> Result<f64, Error> {
    let load = positive("arrival rate", arrivals)? * positive("mean handle time", handle_mean)?;
    within("squared coefficient of variation", scv, scv.is_finite() && scv >= 0.0, "a finite number of at least 0")?;
    if load >= 1.0 {
        return Err(Error::Unstable { load, agents: 1 });
    }
    Ok(load * handle_mean * (1.0 + scv) / (2.0 * (1.0 - load)))
}

/// Mean wait before `agents` whose calls all take the same time (M/D/n; Crommelin 1932).
///
/// In turn every n-th caller meets the same agent, so that it is the wait of a single agent with Erlang arrivals, and by
/// Spitzer's identity Σᵢ E[(Nᵢ - i n)⁺] / (i λ), Nᵢ Poisson with mean i times the load: all terms positive.
pub fn constant_handling_wait(arrivals: f64, handling: f64, agents: u32) -> Result<f64, Error> {
    let load = positive("arrival rate", arrivals)? * positive("handle time", handling)?;
    let n = f64::from(agents);
    if load >= n {
        return Err(Error::Unstable { load, agents });
    }
    if agents == 1 {
        return single_agent_wait(arrivals, handling, 0.0);
    }
    let ratio = load / n;
    // By how much a step of the walk is unlikely, per caller: ρ - 1 - ln ρ.
    let spare = (n - load) / n;
    let unlikely = -spare - libm::log1p(-spare);
    let (mut sum, mut i) = (0.0, 0.0);
    loop {
        i += 1.0;
        let middle = i * n;
        let exponent = middle * unlikely + special::stirling_error(middle);
        let mut weight = libm::exp(-exponent) / libm::sqrt(2.0 * std::f64::consts::PI * middle);
        let (mut over, mut above) = (0.0, 0.0);
        loop {
            above += 1.0;
            weight *= ratio * middle / (middle + above);
            over += above * weight;
            if weight * above < 1e-18 * over * spare || weight == 0.0 {
                break;
            }
        }
        sum += over / i;
        // The terms fall at least as fast as e^(-i n (ρ - 1 - ln ρ)).
        if over / i < 1e-17 * sum * -libm::expm1(-n * unlikely) || over == 0.0 {
            return Ok(sum / arrivals);
        }
    }
}

/// Mean wait of each class, the most urgent first, when the next call is always of the most urgent class that waits and no
/// call is interrupted (Cobham 1954): exponential handle times of one mean, nobody gives up. `arrivals`: rate of each class.
pub fn priority_waits(arrivals: &[f64], handle_mean: f64, agents: u32) -> Result<Vec<f64>, Error> {
    for &rate in arrivals {
        positive("arrival rate of a class", rate)?;
    }
    let all = ErlangC::new(arrivals.iter().sum(), handle_mean, agents)?;
    let capacity = f64::from(agents) / handle_mean;
    let residual = all.p_wait() / capacity;
    let mut urgent = 0.0;
    let wait = |rate: &f64| {
        let before = 1.0 - urgent / capacity;
        urgent += rate;
        residual / (before * (1.0 - urgent / capacity))
    };
    Ok(arrivals.iter().map(wait).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constant_times_halve_the_wait_of_one_agent_and_nearly_that_of_many() {
        let constant = constant_handling_wait(0.8, 1.0, 1).expect("stable");
        assert!((constant - 2.0).abs() < 1e-12);
        let (constant, exponential) =
            (constant_handling_wait(99.0, 1.0, 100).expect("stable"), ErlangC::new(99.0, 1.0, 100).expect("stable"));
        assert!((constant / exponential.asa() - 0.5).abs() < 0.02);
        assert!(constant_handling_wait(10.0, 1.0, 10).is_err());
        assert!(constant_handling_wait(0.001, 1.0, 400).expect("stable") == 0.0, "too rare for a number");
    }

    #[test]
    fn priorities_move_waits_about_but_keep_their_sum() {
        let waits = priority_waits(&[2.0, 2.0, 3.0], 1.0, 8).expect("stable");
        let mean = (2.0 * waits[0] + 2.0 * waits[1] + 3.0 * waits[2]) / 7.0;
        assert!((mean - ErlangC::new(7.0, 1.0, 8).expect("stable").asa()).abs() < 1e-12);
        assert!(priority_waits(&[1.0, 0.0], 1.0, 8).is_err());
    }
}
