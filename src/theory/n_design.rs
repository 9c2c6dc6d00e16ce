//! The N-design: two classes of callers, two pools of agents, one pool for one class and one for both.

use super::{Error, positive};

/// The classes of an [`NDesign`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Served by pool 1, or by pool 2 when pool 1 is busy.
    A,
    /// Served by pool 2 alone.
    B,
}

/// An N-design with Poisson arrivals, exponential handle times of one mean and exponential patience. A caller of class A
/// goes to pool 1 if an agent is free there, else to pool 2, else waits; one of class B goes to pool 2 or waits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NDesign {
    /// Arrivals of A and of B a unit of time, above 0.
    pub arrivals: [f64; 2],
    /// Mean handle time, above 0.
    pub handle_mean: f64,
    /// Agents of pool 1 and of pool 2, at least 1.
    pub agents: [u32; 2],
    /// Mean patience of A and of B, above 0.
    pub patience_mean: [f64; 2],
    /// Whom a free agent of pool 2 takes when both wait.
    pub pool_2_takes_first: Class,
}

/// What a class meets, and what a pool does, in steady state.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NDesignFigures {
    /// Share of A and of B who give up.
    pub p_abandon: [f64; 2],
    /// Mean wait of A and of B, however it ends.
    pub mean_wait: [f64; 2],
    /// Share of A and of B who find no free agent.
    pub p_delay: [f64; 2],
    /// Share of time that agents of pool 1 and of pool 2 are busy.
    pub occupancy: [f64; 2],
}

/// A state: callers with pool 1 or waiting as A, and callers with pool 2 or waiting as B. Nobody of A waits unless both
/// pools are full, so that two numbers say it all.
type State = (u32, u32);

impl NDesign {
    /// Solves the Markov chain: queues are cut where less than 1e-18 of the probability lies beyond, and states are
    /// eliminated one by one without a subtraction (Grassmann, Taksar and Heyman 1985), so that even small probabilities are
    /// exact. Work grows with the fourth power of the size: for dozens of agents, not
    /// for hundreds.
    pub fn solve(&self) -> Result<NDesignFigures, Error> {
        for class in 0..2 {
            positive("arrival rate", self.arrivals[class])?;
            positive("mean patience", self.patience_mean[class])?;
            positive("number of agents", f64::from(self.agents[class]))?;
        }
        positive("mean handle time", self.handle_mean)?;
        let mut chain = Chain::new(self);
        let share = chain.steady_state();
        Ok(self.figures(&chain, &share))
    }

    fn figures(&self, chain: &Chain, share: &[f64]) -> NDesignFigures {
        let (mut queue, mut busy, mut full) = ([0.0; 2], [0.0; 2], [0.0; 2]);
        for (&(x, y), p) in chain.states.iter().zip(share) {
            for (class, inside) in [x, y].into_iter().enumerate() {
                queue[class] += p * f64::from(inside.saturating_sub(self.agents[class]));
                busy[class] += p * f64::from(inside.min(self.agents[class]));
            }
            if y >= self.agents[1] {
                full[1] += p;
                full[0] += if x >= self.agents[0] { *p } else { 0.0 };
            }
        }
        let each = |f: &dyn Fn(usize) -> f64| [f(0), f(1)];
        NDesignFigures {
            p_abandon: each(&|class| queue[class] / (self.patience_mean[class] * self.arrivals[class])),
            mean_wait: each(&|class| queue[class] / self.arrivals[class]),
            p_delay: full,
            occupancy: each(&|class| busy[class] / f64::from(self.agents[class])),
        }
    }

    /// Where a state leads, and how fast.
    fn moves(&self, (x, y): State) -> impl Iterator<Item = (State, f64)> {
        let [n1, n2] = self.agents;
        let (waiting_a, waiting_b) = (x.saturating_sub(n1), y.saturating_sub(n2));
        let (busy_1, busy_2) = (x.min(n1), y.min(n2));
        let a_joins = if x >= n1 && y < n2 { (x, y + 1) } else { (x + 1, y) };
        let takes_a = waiting_a > 0 && (self.pool_2_takes_first == Class::A || waiting_b == 0);
        let pool_2_ends = if takes_a { (x.saturating_sub(1), y) } else { (x, y.saturating_sub(1)) };
        let [theta_a, theta_b] = self.patience_mean.map(|mean| 1.0 / mean);
        let moves = [
            (a_joins, self.arrivals[0]),
            ((x, y + 1), self.arrivals[1]),
            ((x.saturating_sub(1), y), f64::from(busy_1) / self.handle_mean + f64::from(waiting_a) * theta_a),
            (pool_2_ends, f64::from(busy_2) / self.handle_mean),
            ((x, y.saturating_sub(1)), f64::from(waiting_b) * theta_b),
        ];
        moves.into_iter().filter(|&(_, rate)| rate > 0.0)
    }

    /// How many of a class may wait: beyond, less than 1e-20 of the probability.
    fn longest_queue(&self, class: Class) -> u32 {
        let both = f64::from(self.agents[0] + self.agents[1]) / self.handle_mean;
        let (index, served) = match (class, self.pool_2_takes_first) {
            (Class::A, Class::A) => (0, both),
            (Class::A, Class::B) => (0, f64::from(self.agents[0]) / self.handle_mean),
            (Class::B, Class::A) => (1, 0.0),
            (Class::B, Class::B) => (1, f64::from(self.agents[1]) / self.handle_mean),
        };
        let (mut length, mut weight, mut sum) = (0, 1.0, 1.0);
        while weight > 1e-20 * sum || f64::from(length) < self.arrivals[index] * self.patience_mean[index] * 0.01 {
            length += 1;
            weight *= self.arrivals[index] / (served + f64::from(length) / self.patience_mean[index]);
            sum += weight;
            if sum > 1e200 {
                (weight, sum) = (weight / sum, 1.0);
            }
        }
        length
    }
}

/// The chain as a banded matrix: states in rows of equal `y`, whose neighbours are at most a row's length away.
struct Chain {
    states: Vec<State>,
    band: usize,
    /// Rate from state i to state i + d - band, at i (2 band + 1) + d.
    rates: Vec<f64>,
}

impl Chain {
    fn new(design: &NDesign) -> Chain {
        let [n1, n2] = design.agents;
        let (longest_a, longest_b) = (design.longest_queue(Class::A), design.longest_queue(Class::B));
        let (mut states, mut rows) = (Vec::new(), Vec::new());
        for y in 0..=n2 + longest_b {
            rows.push(states.len());
            let last = if y < n2 { n1 } else { n1 + longest_a };
            states.extend((0..=last).map(|x| (x, y)));
        }
        let band = (n1 + longest_a + 1) as usize;
        let mut chain = Chain { rates: vec![0.0; states.len() * (2 * band + 1)], states, band };
        for from in 0..chain.states.len() {
            for ((x, y), rate) in design.moves(chain.states[from]) {
                // What would lengthen a queue beyond the cut is turned away.
                let inside = x <= n1 + longest_a && y <= n2 + longest_b;
                if let Some(row) = rows.get(y as usize).filter(|_| inside) {
                    *chain.rate(from, row + x as usize) += rate;
                }
            }
        }
        chain
    }

    fn rate(&mut self, from: usize, to: usize) -> &mut f64 {
        &mut self.rates[from * (2 * self.band + 1) + to + self.band - from]
    }

    /// Eliminates states from the last to the second; then each state's share follows from those before it.
    fn steady_state(&mut self) -> Vec<f64> {
        let (width, band) = (2 * self.band + 1, self.band);
        for k in (1..self.states.len()).rev() {
            let first = k.saturating_sub(band);
            let row: Vec<f64> = (first..k).map(|j| self.rates[k * width + j + band - k]).collect();
            let leaving: f64 = row.iter().sum();
            for i in first..k {
                let into = &mut self.rates[i * width + k + band - i];
                *into /= leaving;
                let into = *into;
                if into > 0.0 {
                    let start = i * width + first + band - i;
                    let target = &mut self.rates[start..start + row.len()];
                    target.iter_mut().zip(&row).for_each(|(rate, onward)| *rate += into * onward);
                }
            }
        }
        let mut share = vec![1.0; self.states.len()];
        for k in 1..share.len() {
            let first = k.saturating_sub(band);
            share[k] = (first..k).map(|i| share[i] * self.rates[i * width + k + band - i]).sum();
            // Only the proportions matter; without this a large centre would leave the range of numbers.
            if share[k] > 1e200 {
                share[..=k].iter_mut().for_each(|share| *share /= 1e200);
            }
        }
        let sum: f64 = share.iter().sum();
        share.into_iter().map(|share| share / sum).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theory::{Impatient, Line};

    const DESIGN: NDesign = NDesign {
        arrivals: [3.0, 2.0],
        handle_mean: 1.0,
        agents: [3, 3],
        patience_mean: [1.0, 0.5],
        pool_2_takes_first: Class::A,
    };

    #[test]
    fn who_never_calls_leaves_an_erlang_a() {
        // With hardly anybody of B, A has both pools to itself.
        let figures = NDesign { arrivals: [4.0, 1e-9], ..DESIGN }.solve().expect("in range");
        let line =
            Line { arrivals: 4.0, handle_mean: 1.0, agents: 6, patience_mean: Some(1.0), capacity: None, balk: 0.0 };
        let a = Impatient::new(line).expect("stable");
        assert!((figures.p_abandon[0] / a.p_abandon() - 1.0).abs() < 1e-7);
        assert!((figures.p_delay[0] / a.p_delay() - 1.0).abs() < 1e-7);
    }

    #[test]
    fn whom_the_shared_pool_takes_first_waits_less() {
        let first_a = DESIGN.solve().expect("in range");
        let first_b = NDesign { pool_2_takes_first: Class::B, ..DESIGN }.solve().expect("in range");
        assert!(first_a.mean_wait[0] < first_b.mean_wait[0] && first_a.mean_wait[1] > first_b.mean_wait[1]);
        // Work done is work that arrived and was not abandoned.
        for figures in [first_a, first_b] {
            let done = 3.0 * (figures.occupancy[0] + figures.occupancy[1]);
            let kept = 3.0 * (1.0 - figures.p_abandon[0]) + 2.0 * (1.0 - figures.p_abandon[1]);
            assert!((done - kept).abs() < 1e-11, "{done} {kept}");
        }
        assert!(NDesign { agents: [0, 3], ..DESIGN }.solve().is_err());
    }
}
