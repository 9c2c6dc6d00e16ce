//! Erlang A and its relatives: exponential patience, a bounded number of lines, callers who do not join.

use super::{Error, positive, share_below_one};

/// The line is followed until what lies beyond is a smaller share of all who wait than this: of callers who give up, whose
/// lines end soon, and of those who do not. Only probabilities of very long waits, themselves as small, lack what is beyond.
const BEYOND: (f64, f64) = (1e-290, 1e-40);

/// A queue with exponential patience: M/M/n/K+M with balking. Without bounds and balking it is Erlang A (M/M/n+M; Palm 1957,
/// Garnett, Mandelbaum and Reiman 2002).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Line {
    /// Arrivals a unit of time, above 0.
    pub arrivals: f64,
    /// Mean handle time, above 0.
    pub handle_mean: f64,
    /// Agents, at least 1.
    pub agents: u32,
    /// Mean patience, above 0; `None`: nobody gives up.
    pub patience_mean: Option<f64>,
    /// Callers in the system at most, agents' and waiting, at least `agents`; further ones are blocked. `None`: no bound.
    pub capacity: Option<u32>,
    /// The share of callers who leave at once when all agents are busy, at least 0 and below 1.
    pub balk: f64,
}

/// The steady state of a [`Line`]. Shares are of all who arrive, if not said otherwise.
#[derive(Clone, Debug)]
pub struct Impatient {
    line: Line,
    /// Probability that all agents are busy and so many wait, by their number.
    waiting: Vec<f64>,
    /// Probability that all lines are taken.
    blocked: f64,
    busy: f64,
}

impl Impatient {
    /// Solves for the steady state. Work grows with the number of agents and of waiting callers that matter.
    pub fn new(line: Line) -> Result<Impatient, Error> {
        let load = positive("arrival rate", line.arrivals)? * positive("mean handle time", line.handle_mean)?;
        positive("number of agents", f64::from(line.agents))?;
        line.patience_mean.map(|mean| positive("mean patience", mean)).transpose()?;
        share_below_one("share of callers who balk", line.balk)?;
        if let Some(capacity) = line.capacity.filter(|&capacity| capacity < line.agents) {
            let (what, must) = ("number of lines", "at least the number of agents");
            return Err(Error::OutOfRange { what, value: f64::from(capacity), must });
        }
        let endless = line.patience_mean.is_none() && line.capacity.is_none();
        if endless && load * (1.0 - line.balk) >= f64::from(line.agents) {
            return Err(Error::Unstable { load: load * (1.0 - line.balk), agents: line.agents });
        }
        Ok(line.solve())
    }

    /// The share who find no free agent but a free line; those who then balk are among them.
    pub fn p_delay(&self) -> f64 {
        self.waiting.iter().take(self.room()).sum()
    }

    /// The share who find all lines taken.
    pub fn p_block(&self) -> f64 {
        self.blocked
    }

    /// The share who leave at once because all agents are busy.
    pub fn p_balk(&self) -> f64 {
        self.p_delay() * self.line.balk
    }

    /// The share who give up while they wait.
    pub fn p_abandon_waiting(&self) -> f64 {
        self.rate_of_leaving() * self.queue() / self.line.arrivals
    }

    /// The share who leave unanswered of their own will: they balk or give up.
    pub fn p_abandon(&self) -> f64 {
        self.p_balk() + self.p_abandon_waiting()
    }

    /// The share who are answered.
    pub fn p_answered(&self) -> f64 {
        self.busy / (self.line.arrivals * self.line.handle_mean)
    }

    /// Mean number of callers waiting.
    pub fn queue(&self) -> f64 {
        self.waiting.iter().enumerate().map(|(k, p)| k as f64 * p).sum()
    }

    /// The share of time that agents are busy.
    pub fn occupancy(&self) -> f64 {
        self.busy / f64::from(self.line.agents)
    }

    /// Mean wait of all who arrive, however it ends.
    pub fn mean_wait(&self) -> f64 {
        self.queue() / self.line.arrivals
    }

    /// Mean wait of those who are answered: the average speed of answer.
    pub fn asa(&self) -> f64 {
        let (capacity, theta) = (self.capacity_rate(), self.rate_of_leaving());
        let mut steps = 0.0;
        // e^(-θV) is beta distributed, V being the wait until an agent is free for who finds j ahead.
        let answered_wait = self.joining().map(|(j, p)| {
            steps += 1.0 / (capacity + (j + 1.0) * theta);
            p * self.p_reached(j) * steps
        });
        answered_wait.sum::<f64>() / self.p_answered()
    }

    /// Mean wait of those who give up while they wait; `None` when nobody does.
    pub fn mean_wait_abandoned(&self) -> Option<f64> {
        let (capacity, theta) = (self.capacity_rate(), self.rate_of_leaving());
        let mut steps = 0.0;
        let wait = self.joining().map(|(j, p)| {
            let leaving = (j + 1.0) * theta;
            steps += leaving / (capacity + leaving);
            p * steps / (capacity + leaving)
        });
        let (wait, share) = (wait.sum::<f64>(), self.p_abandon_waiting());
        (share > 0.0).then(|| wait / share)
    }

    /// The share who wait longer than `time`, however it ends.
    pub fn p_wait_over(&self, time: f64) -> f64 {
        let theta = self.rate_of_leaving();
        let waits = self.over(self.capacity_rate(), time);
        self.joining().zip(waits).map(|((_, p), over)| p * over).sum::<f64>() * libm::exp(-theta * time)
    }

    /// The share who are answered after they have waited longer than `time`.
    pub fn p_answered_after(&self, time: f64) -> f64 {
        let waits = self.over(self.capacity_rate() + self.rate_of_leaving(), time);
        self.joining().zip(waits).map(|((j, p), over)| p * self.p_reached(j) * over).sum()
    }

    /// The share who are answered within `time`: the service level over all offered calls.
    pub fn p_answered_within(&self, time: f64) -> f64 {
        self.p_answered() - self.p_answered_after(time)
    }

    /// The share who give up while they wait, within `time`; those who balk are not among them.
    pub fn p_abandon_within(&self, time: f64) -> f64 {
        self.p_abandon_waiting() - (self.p_wait_over(time) - self.p_answered_after(time))
    }

    fn capacity_rate(&self) -> f64 {
        f64::from(self.line.agents) / self.line.handle_mean
    }

    /// How many may wait.
    fn room(&self) -> usize {
        self.line.capacity.map_or(usize::MAX, |capacity| (capacity - self.line.agents) as usize)
    }

    fn rate_of_leaving(&self) -> f64 {
        self.line.patience_mean.map_or(0.0, |mean| 1.0 / mean)
    }

    /// Who joins the line: how many wait before, and with which probability.
    fn joining(&self) -> impl Iterator<Item = (f64, f64)> {
        let joins = 1.0 - self.line.balk;
        self.waiting.iter().take(self.room()).enumerate().map(move |(j, p)| (j as f64, p * joins))
    }

    /// The probability that who finds j waiting is answered in the end.
    fn p_reached(&self, j: f64) -> f64 {
        self.capacity_rate() / (self.capacity_rate() + (j + 1.0) * self.rate_of_leaving())
    }

    /// For who finds 0, 1, 2 … ahead: the probability that a line that is served at this rate, and left by each at the
    /// rate θ, still has somebody ahead after `time`. A sum of exponential stages, its terms all positive:
    /// e^(-ct) Σ ((1 - e^(-θt))/θ)^i c (c+θ) … (c+(i-1)θ) / i!.
    fn over(&self, rate: f64, time: f64) -> impl Iterator<Item = f64> {
        let theta = self.rate_of_leaving();
        let reach = if theta > 0.0 { -libm::expm1(-theta * time) / theta } else { time };
        // The terms are kept with an exponent of their own: the first may be too small for a number.
        let mut log = -rate * time;
        let (mut term, mut sum) = (1.0, 0.0);
        (0..).map(move |i| {
            let i = f64::from(i);
            sum += term * libm::exp(log);
            term *= reach * (rate + i * theta) / (i + 1.0);
            if term > 1e100 && log < 0.0 {
                let shift = f64::min(-log, 230.0);
                term *= libm::exp(-shift);
                log += shift;
            }
            sum
        })
    }
}

impl Line {
    /// The rate at which callers leave the system, answered or not, when so many are in it.
    fn leaving(&self, inside: u32) -> f64 {
        let served = f64::from(inside.min(self.agents)) / self.handle_mean;
        served + f64::from(inside.saturating_sub(self.agents)) * self.patience_mean.map_or(0.0, |mean| 1.0 / mean)
    }

    /// The rate at which callers enter it then.
    fn entering(&self, inside: u32) -> f64 {
        match inside < self.agents {
            true => self.arrivals,
            false if self.capacity.is_some_and(|capacity| inside >= capacity) => 0.0,
            false => self.arrivals * (1.0 - self.balk),
        }
    }

    /// The most likely number of callers in the system: entering falls and leaving grows with their number.
    fn mode(&self) -> u32 {
        let (mut low, mut high) = (0_u32, 1_u32);
        let grows = |k: u32| self.entering(k) >= self.leaving(k + 1);
        while grows(high) && high < u32::MAX / 2 {
            high *= 2;
        }
        while low < high {
            let middle = low + (high - low) / 2;
            match grows(middle) {
                true => low = middle + 1,
                false => high = middle,
            }
        }
        low
    }

    /// Weights by the balance of neighbours, outward from the most likely state.
    fn solve(self) -> Impatient {
        let mode = self.mode();
        let (mut below, mut weight) = (vec![1.0], 1.0);
        for k in (1..=mode).rev() {
            weight *= self.leaving(k) / self.entering(k - 1);
            below.push(weight);
        }
        let mut weights: Vec<f64> = below.into_iter().rev().collect();
        // Beyond the mode, until what follows (at most a geometric series) no longer counts among those who wait: also when
        // they are rare, their share is what is asked for.
        let beyond = if self.patience_mean.is_some() { BEYOND.0 } else { BEYOND.1 };
        let (mut k, mut weight, mut delayed) = (mode, 1.0, 0.0);
        loop {
            let ratio = self.entering(k) / self.leaving(k + 1);
            weight *= ratio;
            k += 1;
            if weight == 0.0 {
                break;
            }
            weights.push(weight);
            if k >= self.agents {
                delayed += weight;
                if weight * ratio < beyond * delayed * (1.0 - ratio) {
                    break;
                }
            }
        }
        let sum: f64 = weights.iter().sum();
        let busy: f64 = (0..).zip(&weights).map(|(k, weight)| f64::from(self.agents.min(k)) * weight).sum();
        let waiting: Vec<f64> = weights.iter().skip(self.agents as usize).map(|weight| weight / sum).collect();
        let room = self.capacity.map(|capacity| (capacity - self.agents) as usize);
        let blocked = room.and_then(|room| waiting.get(room).copied()).unwrap_or(0.0);
        Impatient { line: self, waiting, blocked, busy: busy / sum }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theory::{ErlangC, erlang_b};

    const LINE: Line =
        Line { arrivals: 0.05, handle_mean: 180.0, agents: 11, patience_mean: None, capacity: None, balk: 0.0 };

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() <= 1e-12 * b.abs()
    }

    #[test]
    fn without_impatience_it_is_erlang_c() {
        let line = Impatient::new(LINE).expect("stable");
        let c = ErlangC::new(LINE.arrivals, LINE.handle_mean, LINE.agents).expect("stable");
        assert!(close(line.p_delay(), c.p_wait()) && close(line.asa(), c.asa()) && close(line.mean_wait(), c.asa()));
        assert!(close(line.p_wait_over(20.0), c.p_wait_over(20.0)));
        assert!(close(line.p_answered_within(20.0), c.service_level(20.0)));
        assert_eq!((line.p_abandon(), line.mean_wait_abandoned()), (0.0, None));
    }

    #[test]
    fn without_room_to_wait_it_is_erlang_b() {
        let line = Impatient::new(Line { capacity: Some(11), ..LINE }).expect("bounded");
        assert!(close(line.p_block(), erlang_b(9.0, 11)));
        assert_eq!((line.p_delay(), line.queue(), line.p_abandon()), (0.0, 0.0, 0.0));
        // Overloaded a hundred times over it still has a steady state.
        let flooded = Impatient::new(Line { capacity: Some(500), arrivals: 6.0, ..LINE }).expect("bounded");
        assert!(close(flooded.occupancy(), 1.0) && close(flooded.p_answered(), 11.0 / 1080.0));
        let error = Impatient::new(Line { capacity: Some(3), ..LINE }).expect_err("fewer lines than agents");
        assert!(error.to_string().contains("number of lines is 3"), "{error}");
    }

    #[test]
    fn patience_as_long_as_a_call_makes_it_an_infinite_server() {
        // With θ = μ the number in the system is Poisson with the load as its mean.
        let line = Impatient::new(Line { patience_mean: Some(180.0), ..LINE }).expect("stable");
        let terms = (1..11).scan(libm::exp(-9.0), |term, k| {
            *term *= 9.0 / f64::from(k);
            Some(*term)
        });
        let below = libm::exp(-9.0) + terms.sum::<f64>();
        assert!(close(line.p_delay(), 1.0 - below), "{}", line.p_delay());
    }

    #[test]
    fn parts_add_up_in_large_and_overloaded_centres() {
        for (arrivals, agents) in [(100.0, 5900), (100.0, 6000), (100.0, 100), (3.0, 500)] {
            let line = Line { arrivals, handle_mean: 60.0, agents, patience_mean: Some(90.0), ..LINE };
            let line = Impatient::new(line).expect("impatient");
            let (answered, left) = (line.p_answered(), line.p_abandon());
            assert!((answered + left - 1.0).abs() < 1e-11, "{agents}: {answered} + {left}");
            let time = 20.0;
            let within = line.p_answered_within(time) + line.p_abandon_within(time) + line.p_wait_over(time);
            assert!((within - 1.0).abs() < 1e-11, "{agents}: {within}");
            let waits = line.asa() * answered + line.mean_wait_abandoned().unwrap_or(0.0) * left;
            assert!((waits - line.mean_wait()).abs() <= 1e-10 * line.mean_wait(), "{agents}: {waits}");
            assert!((line.mean_wait() / 90.0 - left).abs() <= 1e-12, "P(abandon) = E[wait] / mean patience");
        }
    }
}
