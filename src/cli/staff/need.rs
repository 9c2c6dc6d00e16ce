//! What the formulas say of half-hours whose calls a simulation counted.

use crate::theory::{self, Formula, Need, Target, Traffic};

/// Length of a half-hour, seconds.
pub const HALF_HOUR: f64 = 1800.0;

/// Points at which the gamma law of a day's factor is taken.
const POINTS: u32 = 41;

/// Agents needed at work for so many calls in a half-hour; `None` where the formula knows nothing of the target.
pub fn agents(formula: Formula, calls: f64, aht: f64, patience: Option<f64>, target: &Target) -> anyhow::Result<u32> {
    let traffic = Traffic { arrivals: calls / HALF_HOUR, handle_mean: aht, patience_mean: patience };
    Ok(theory::agents_needed(formula, &traffic, target)?.agents)
}

/// The same where the expected calls vary from day to day by a gamma law with this coefficient of variation, and the target
/// is one for all days together.
pub fn agents_for_days(
    formula: Formula,
    calls: f64,
    aht: f64,
    patience: Option<f64>,
    (target, cv): (&Target, f64),
) -> anyhow::Result<u32> {
    let least = agents(formula, calls, aht, patience, target)?;
    if cv <= 0.0 || calls <= 0.0 {
        return Ok(least);
    }
    let factors = gamma(cv);
    let time = if let Target::ServiceLevel { within, .. } = target { *within } else { 0.0 };
    let meets = |agents: u32| -> anyhow::Result<bool> {
        let (mut good, mut of) = (0.0, 0.0);
        for &(factor, weight) in &factors {
            let arrivals = calls * factor / HALF_HOUR;
            let traffic = Traffic { arrivals, handle_mean: aht, patience_mean: patience };
            let need = traffic.with(formula, agents, time)?;
            let weight = weight * factor;
            let (part, whole) = part(target, need, weight);
            good += part;
            of += whole;
        }
        Ok(match target {
            Target::ServiceLevel { share, .. } => good >= share * of,
            Target::Abandonment(share) => good <= share * of,
            Target::Asa(longest) => good <= longest * of,
        })
    };
    let mut agents = least;
    while agents < least.saturating_mul(4).max(20) && !meets(agents)? {
        agents += 1;
    }
    Ok(agents)
}

/// What days of one factor add to the two sides of a target. A queue that grows without end answers nobody in time.
fn part(target: &Target, need: Option<Need>, weight: f64) -> (f64, f64) {
    match (target, need) {
        (Target::ServiceLevel { .. }, need) => (need.map_or(0.0, |need| need.service_level) * weight, weight),
        (Target::Abandonment(_), need) => (need.map_or(1.0, |need| need.abandonment) * weight, weight),
        (Target::Asa(_), Some(need)) => {
            (need.asa * (1.0 - need.abandonment) * weight, (1.0 - need.abandonment) * weight)
        }
        (Target::Asa(_), None) => (HALF_HOUR * weight, weight),
    }
}

/// Factors and weights of a gamma law with mean 1.
fn gamma(cv: f64) -> Vec<(f64, f64)> {
    let shape = 1.0 / (cv * cv);
    let (low, high) = ((1.0 - 4.0 * cv).max(0.01), 1.0 + 5.0 * cv);
    let factors = (0..POINTS).map(|i| low + (high - low) * (f64::from(i) + 0.5) / f64::from(POINTS));
    // Relative to the density at 1, so that nothing overflows.
    let weigh = |factor: f64| libm::exp((shape - 1.0) * libm::log(factor) - shape * (factor - 1.0));
    factors.map(|factor| (factor, weigh(factor))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_that_differ_need_more_agents() {
        let target = Target::ServiceLevel { share: 0.8, within: 20.0 };
        let need = |cv| agents_for_days(Formula::A, 400.0, 330.0, Some(3000.0), (&target, cv)).expect("reachable");
        assert_eq!(need(0.0), agents(Formula::A, 400.0, 330.0, Some(3000.0), &target).expect("reachable"));
        assert!(need(0.01) <= need(0.15) && need(0.15) > need(0.0) + 3, "{} {}", need(0.0), need(0.15));
    }

    #[test]
    fn the_points_of_the_gamma_law_have_its_mean_and_spread() {
        for cv in [0.05, 0.15, 0.4] {
            let points = gamma(cv);
            let sum: f64 = points.iter().map(|(_, weight)| weight).sum();
            let moment = |n: i32| points.iter().map(|(x, weight)| x.powi(n) * weight).sum::<f64>() / sum;
            assert!((moment(1) - 1.0).abs() < 0.005, "{cv}: {}", moment(1));
            assert!(((moment(2) - moment(1).powi(2)).sqrt() / cv - 1.0).abs() < 0.03, "{cv}");
        }
    }
}
