//! Erlang's own two formulas (A. K. Erlang 1917; Cooper, *Introduction to Queueing Theory*, 1981, ch. 3).

use super::{Error, positive};

/// Erlang B: the share of callers who find all agents busy and are lost. `load` in erlangs (arrival rate times mean
/// handle time), at least 0. By the recursion B(k) = a B(k-1) / (k + a B(k-1)), which neither overflows nor cancels.
pub fn erlang_b(load: f64, agents: u32) -> f64 {
    (1..=agents).map(f64::from).fold(1.0, |lost, k| load * lost / (k + load * lost))
}

/// Erlang C (M/M/n): Poisson arrivals, exponential handle times, nobody gives up, first come first served.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ErlangC {
    arrivals: f64,
    handle_mean: f64,
    agents: u32,
    delayed: f64,
}

impl ErlangC {
    /// Arrivals a unit of time and mean handle time, both above 0; `agents` must be more than the load.
    pub fn new(arrivals: f64, handle_mean: f64, agents: u32) -> Result<ErlangC, Error> {
        let load = positive("arrival rate", arrivals)? * positive("mean handle time", handle_mean)?;
        let n = f64::from(agents);
        if load >= n {
            return Err(Error::Unstable { load, agents });
        }
        let lost = erlang_b(load, agents);
        Ok(ErlangC { arrivals, handle_mean, agents, delayed: n * lost / (n - load * (1.0 - lost)) })
    }

    /// The share of callers who wait.
    pub fn p_wait(&self) -> f64 {
        self.delayed
    }

    /// The rate at which a line that has formed shrinks: capacity less arrivals.
    fn spare(&self) -> f64 {
        f64::from(self.agents) / self.handle_mean - self.arrivals
    }

    /// Mean wait of all callers (all are answered: the average speed of answer).
    pub fn asa(&self) -> f64 {
        self.delayed / self.spare()
    }

    /// Mean wait of those who wait.
    pub fn asa_delayed(&self) -> f64 {
        1.0 / self.spare()
    }

    /// Variance of the wait of all callers.
    pub fn wait_variance(&self) -> f64 {
        self.delayed * (2.0 - self.delayed) / (self.spare() * self.spare())
    }

    /// Mean number of callers waiting.
    pub fn queue(&self) -> f64 {
        self.arrivals * self.asa()
    }

    /// The share of time that agents are busy.
    pub fn occupancy(&self) -> f64 {
        self.arrivals * self.handle_mean / f64::from(self.agents)
    }

    /// The share of callers who wait longer than `time`.
    pub fn p_wait_over(&self, time: f64) -> f64 {
        self.delayed * libm::exp(-self.spare() * time)
    }

    /// The share of callers answered within `time`.
    pub fn service_level(&self, time: f64) -> f64 {
        1.0 - self.p_wait_over(time)
    }

    /// The wait that this share of callers (0 to below 1) does not exceed.
    pub fn wait_quantile(&self, share: f64) -> f64 {
        match self.delayed > 1.0 - share {
            true => libm::log(self.delayed / (1.0 - share)) / self.spare(),
            false => 0.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_calls_and_nobody_works() {
        assert_eq!((erlang_b(0.0, 3), erlang_b(5.0, 0)), (0.0, 1.0));
        assert_eq!(ErlangC::new(1.0, 5.0, 5), Err(Error::Unstable { load: 5.0, agents: 5 }));
        assert!(ErlangC::new(f64::NAN, 5.0, 5).is_err() && ErlangC::new(1.0, -5.0, 5).is_err());
    }

    #[test]
    fn a_hundred_thousand_agents_are_no_difficulty() {
        let lost = erlang_b(100_000.0, 100_000);
        // At load = agents: √(2 / (π n)) (1 + O(1/√n)).
        assert!((lost / libm::sqrt(2.0 / (std::f64::consts::PI * 1e5)) - 1.0).abs() < 0.01, "{lost}");
        let quiet = ErlangC::new(1.0, 1000.0, 50_000).expect("stable");
        assert!(quiet.p_wait() >= 0.0 && quiet.p_wait() < 1e-300);
    }
}
