//! M/M/n+G: any patience (Baccelli and Hebuterne 1981; in the form of Zeltyn and Mandelbaum 2005).

use super::{Error, Patience, erlang_b, integral, positive};
use crate::special;

/// The steady state of a queue with Poisson arrivals, exponential handle times and any patience.
///
/// The *offered* wait, of a caller who would never give up, has density λ e^(h(x)) / (ε + λ J) above 0, where
/// h(x) = λ ∫₀ˣ survival - n μ x, J = ∫ e^h and 1/ε is Erlang B of one agent less. All else is an integral over it.
#[derive(Clone, Debug)]
pub struct AnyPatience {
    arrivals: f64,
    capacity: f64,
    agents: u32,
    patience: Patience,
    /// The largest h; exponents are told relative to it.
    peak: f64,
    /// Where it is.
    peak_at: f64,
    /// λ / (ε + λ J), relative to the peak.
    scale: f64,
    /// Integrals over the whole of the offered wait.
    whole: Integrals,
}

/// Integrals of e^h times 1, x, the time present until x, the share gone at x, the share there at x, and x times that.
type Integrals = [f64; 6];

impl AnyPatience {
    /// Arrivals a unit of time and mean handle time, above 0; agents, at least 1.
    pub fn new(arrivals: f64, handle_mean: f64, agents: u32, patience: Patience) -> Result<AnyPatience, Error> {
        positive("arrival rate", arrivals)?;
        positive("mean handle time", handle_mean)?;
        positive("number of agents", f64::from(agents))?;
        patience.check()?;
        let capacity = f64::from(agents) / handle_mean;
        if arrivals * patience.stays_for_ever() >= capacity {
            return Err(Error::Unstable { load: arrivals * handle_mean * patience.stays_for_ever(), agents });
        }
        let mut queue =
            AnyPatience { arrivals, capacity, agents, patience, peak: 0.0, peak_at: 0.0, scale: 0.0, whole: [0.0; 6] };
        queue.peak_at = queue.peak_place();
        queue.peak = queue.exponent(queue.peak_at);
        queue.whole = queue.beyond(0.0);
        let idle = 1.0 / erlang_b(arrivals * handle_mean, agents - 1);
        queue.scale = arrivals / (idle * libm::exp(-queue.peak) + arrivals * queue.whole[0]);
        Ok(queue)
    }

    /// The share who find no free agent (the offered wait is not zero).
    pub fn p_delay(&self) -> f64 {
        self.scale * self.whole[0]
    }

    /// The share who wait at all: who find no free agent, but for those who leave at once.
    pub fn p_wait(&self) -> f64 {
        self.p_delay() * self.patience.survival(0.0)
    }

    /// The share who give up.
    pub fn p_abandon(&self) -> f64 {
        self.scale * self.whole[3]
    }

    /// Mean wait of all, however it ends.
    pub fn mean_wait(&self) -> f64 {
        self.scale * self.whole[2]
    }

    /// Mean wait that callers would have if they never gave up.
    pub fn mean_offered_wait(&self) -> f64 {
        self.scale * self.whole[1]
    }

    /// Mean wait of those who are answered.
    pub fn asa(&self) -> f64 {
        self.scale * self.whole[5] / (1.0 - self.p_abandon())
    }

    /// Mean number of callers waiting.
    pub fn queue(&self) -> f64 {
        self.arrivals * self.mean_wait()
    }

    /// The share of time that agents are busy.
    pub fn occupancy(&self) -> f64 {
        self.arrivals * (1.0 - self.p_abandon()) / self.capacity
    }

    /// The share who wait longer than `time`, however it ends.
    pub fn p_wait_over(&self, time: f64) -> f64 {
        self.scale * self.patience.survival(time) * self.beyond(time)[0]
    }

    /// The share who are answered within `time`: the service level over all offered calls.
    pub fn p_answered_within(&self, time: f64) -> f64 {
        1.0 - self.p_abandon() - self.scale * self.beyond(time)[4]
    }

    /// How many agents there are.
    pub fn agents(&self) -> u32 {
        self.agents
    }

    fn exponent(&self, x: f64) -> f64 {
        self.arrivals * self.patience.present(x) - self.capacity * x
    }

    /// Where h is largest: it rises as long as more callers stay than agents can take.
    fn peak_place(&self) -> f64 {
        let falls = |x: f64| self.arrivals * self.patience.survival(x) < self.capacity;
        if falls(0.0) {
            return 0.0;
        }
        let mut late = 1.0 / self.capacity;
        while !falls(late) && late < 1e300 {
            late *= 2.0;
        }
        special::root(0.0, late, |x| if falls(x) { 0.0 } else { -1.0 })
    }

    /// The integrals from `start` on, relative to the peak.
    fn beyond(&self, start: f64) -> Integrals {
        let top = start.max(self.peak_at);
        let height = self.exponent(top);
        let mut stops = vec![start, top];
        // Between these depths below the top the function changes by a bounded factor, so that each piece is smooth.
        for depth in [0.5, 2.0, 6.0, 14.0, 30.0, 60.0] {
            let under = |x: f64| height - self.exponent(x) - depth;
            let mut step = depth / self.capacity;
            while under(top + step) < 0.0 {
                step *= 2.0;
            }
            stops.push(special::root(top, top + step, under));
            if under(start) > 0.0 {
                stops.push(special::root(start, top, |x| -under(x)));
            }
        }
        stops.sort_by(f64::total_cmp);
        let end = stops.last().copied().unwrap_or(start);
        stops.extend(self.patience.kinks().into_iter().filter(|&kink| kink > start && kink < end));
        stops.sort_by(f64::total_cmp);
        let f = |x: f64| {
            let present = self.patience.present(x);
            let weight = libm::exp(self.arrivals * present - self.capacity * x - self.peak);
            let (gone, there) = (self.patience.gone(x), self.patience.survival(x));
            [1.0, x, present, gone, there, x * there].map(|value| weight * value)
        };
        let pieces = stops.windows(2).map(|piece| integral::integrate(piece[0], piece[1], &f));
        pieces.fold([0.0; 6], |sum, piece| std::array::from_fn(|k| sum[k] + piece[k]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theory::{Impatient, Line};

    #[test]
    fn exponential_patience_is_erlang_a() {
        for (arrivals, agents) in [(0.8, 50), (2.0, 50), (80.0, 4790)] {
            let general =
                AnyPatience::new(arrivals, 60.0, agents, Patience::Exponential { mean: 120.0 }).expect("stable");
            let line =
                Line { arrivals, handle_mean: 60.0, agents, patience_mean: Some(120.0), capacity: None, balk: 0.0 };
            let a = Impatient::new(line).expect("stable");
            let pairs = [
                (general.p_delay(), a.p_delay()),
                (general.p_abandon(), a.p_abandon()),
                (general.mean_wait(), a.mean_wait()),
                (general.asa(), a.asa()),
                (general.p_wait_over(5.0), a.p_wait_over(5.0)),
                (general.p_answered_within(5.0), a.p_answered_within(5.0)),
                (general.occupancy(), a.occupancy()),
            ];
            for (i, (x, y)) in pairs.into_iter().enumerate() {
                assert!((x - y).abs() <= 1e-10 * y + 1e-14, "{agents}, {i}: {x} {y}");
            }
        }
    }

    #[test]
    fn an_overload_that_stays_for_ever_is_unstable() {
        let patience = Patience::Survival(vec![(60.0, 0.9)]);
        assert!(matches!(AnyPatience::new(1.0, 60.0, 50, patience), Err(Error::Unstable { agents: 50, .. })));
        // With enough agents for those who stay it is stable, even though others overload it for a while.
        let patience = Patience::Survival(vec![(60.0, 0.7)]);
        let queue = AnyPatience::new(1.0, 60.0, 50, patience).expect("stable");
        assert!(queue.p_abandon() > 1.0 / 6.0 && queue.p_abandon() < 0.3);
        assert!((queue.occupancy() - (1.0 - queue.p_abandon()) * 60.0 / 50.0).abs() < 1e-12);
    }
}
