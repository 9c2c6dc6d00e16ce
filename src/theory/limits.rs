//! What happens when agents are many: n = load + β √load, and β stays (the quality-and-efficiency-driven regime).

use super::{Error, positive, within};
use crate::special;

/// The share who wait when nobody gives up (Halfin and Whitt 1981): 1 / (1 + β Φ(β) / φ(β)), β above 0.
pub fn halfin_whitt_delay(beta: f64) -> Result<f64, Error> {
    positive("beta", beta).map(delay)
}

fn delay(beta: f64) -> f64 {
    // φ(β) / Φ(β) is the hazard at -β.
    let hazard = special::normal_hazard(-beta);
    hazard / (hazard + beta)
}

/// The β with which this share (above 0, below 1) waits.
pub fn halfin_whitt_beta(p_wait: f64) -> Result<f64, Error> {
    within("share who wait", p_wait, p_wait > 0.0 && p_wait < 1.0, "above 0 and below 1")?;
    Ok(special::root(0.0, 40.0, |beta| p_wait - delay(beta)))
}

/// The share who wait with exponential patience of rate θ (Garnett, Mandelbaum and Reiman 2002):
/// 1 / (1 + √(θ/μ) h(β √(μ/θ)) / h(-β)) with the normal hazard rate h; any β, θ/μ above 0.
pub fn garnett_delay(beta: f64, theta_over_mu: f64) -> Result<f64, Error> {
    within("beta", beta, beta.is_finite(), "a finite number")?;
    let root = libm::sqrt(positive("patience rate over service rate", theta_over_mu)?);
    Ok(1.0 / (1.0 + root * special::normal_hazard(beta / root) / special::normal_hazard(-beta)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theory::{ErlangC, Impatient, Line};

    #[test]
    fn the_limits_are_where_the_exact_formulas_go() {
        let (agents, load) = (40_000_u32, 40_000.0 - 200.0);
        let beta = 200.0 / libm::sqrt(load);
        let exact = ErlangC::new(load, 1.0, agents).expect("stable").p_wait();
        assert!((halfin_whitt_delay(beta).expect("in range") / exact - 1.0).abs() < 0.005);
        let line =
            Line { arrivals: load, handle_mean: 1.0, agents, patience_mean: Some(0.5), capacity: None, balk: 0.0 };
        let exact = Impatient::new(line).expect("stable").p_delay();
        assert!((garnett_delay(beta, 2.0).expect("in range") / exact - 1.0).abs() < 0.01);
    }

    #[test]
    fn beta_and_delay_are_each_others_inverse() {
        for p in [1e-6, 0.2, 0.999] {
            let beta = halfin_whitt_beta(p).expect("in range");
            assert!((halfin_whitt_delay(beta).expect("in range") / p - 1.0).abs() < 1e-10);
        }
        assert!(
            halfin_whitt_beta(1.0).is_err() && halfin_whitt_delay(0.0).is_err() && garnett_delay(0.0, 0.0).is_err()
        );
    }
}
