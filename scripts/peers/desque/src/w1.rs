//! W1: Erlang-A.

use std::{collections::VecDeque, time::Instant};

use desque::{
    SimState,
    serial::{Event, Simulation},
};
use rand::SeedableRng;
use rand_distr::{Distribution, Exp};
use rand_pcg::Pcg64Mcg;

use crate::{Count, Time};

const AGENTS: u32 = 500;
const RATE: f64 = 1.7;
const TALK: f64 = 300.0;
const PATIENCE: f64 = 120.0;
const THRESHOLD: f64 = 20.0;

type Run = Simulation<Centre, Time>;

#[derive(Debug)]
struct Centre {
    idle: u32,
    to_come: u64,
    /// Who waits: number and arrival. Whoever left stays until she is met.
    line: VecDeque<(u64, f64)>,
    /// Of the callers from `first` on, whether they still wait.
    waits: VecDeque<bool>,
    first: u64,
    next: u64,
    count: Count,
    rng: Pcg64Mcg,
    gap: Exp<f64>,
    talk: Exp<f64>,
    patience: Exp<f64>,
}

impl SimState<Time> for Centre {}

#[derive(Debug)]
struct Arrival;
#[derive(Debug)]
struct Done;
#[derive(Debug)]
struct Leaves {
    caller: u64,
    came: f64,
}

impl Centre {
    fn leave(&mut self, caller: u64) -> bool {
        let Some(place) = caller.checked_sub(self.first) else { return false };
        let waits = self.waits.get_mut(place as usize).is_some_and(|waits| std::mem::replace(waits, false));
        while self.waits.front() == Some(&false) {
            self.waits.pop_front();
            self.first += 1;
        }
        waits
    }
}

fn talk(run: &mut Run) -> desque::Result {
    let state = run.state_mut();
    let length = state.talk.sample(&mut state.rng);
    let at = *run.current_time() + length;
    run.schedule(Done, at)
}

impl Event<Centre, Time> for Arrival {
    fn execute(&mut self, run: &mut Run) -> desque::Result {
        let now = *run.current_time();
        let state = run.state_mut();
        state.count.offered += 1;
        state.to_come -= 1;
        if state.to_come > 0 {
            let gap = state.gap.sample(&mut state.rng);
            run.schedule(Arrival, now + gap)?;
        }
        let state = run.state_mut();
        if state.idle > 0 {
            state.idle -= 1;
            state.count.within += 1;
            return talk(run);
        }
        let (caller, patience) = (state.next, state.patience.sample(&mut state.rng));
        if state.waits.is_empty() {
            state.first = caller;
        }
        state.next += 1;
        state.line.push_back((caller, now.0));
        state.waits.push_back(true);
        run.schedule(Leaves { caller, came: now.0 }, now + patience)
    }
}

impl Event<Centre, Time> for Done {
    fn execute(&mut self, run: &mut Run) -> desque::Result {
        let now = run.current_time().0;
        let state = run.state_mut();
        while let Some((caller, came)) = state.line.pop_front() {
            if state.leave(caller) {
                let waited = now - came;
                state.count.waited += waited;
                state.count.within += u64::from(waited <= THRESHOLD);
                return talk(run);
            }
        }
        state.idle += 1;
        Ok(())
    }
}

impl Event<Centre, Time> for Leaves {
    fn execute(&mut self, run: &mut Run) -> desque::Result {
        let now = run.current_time().0;
        let state = run.state_mut();
        if state.leave(self.caller) {
            state.count.abandoned += 1;
            state.count.waited += now - self.came;
        }
        Ok(())
    }
}

pub fn run(calls: u64) {
    let exp = |mean: f64| Exp::new(1.0 / mean).expect("a mean above zero");
    let centre = Centre {
        idle: AGENTS,
        to_come: calls,
        line: VecDeque::new(),
        waits: VecDeque::new(),
        first: 0,
        next: 0,
        count: Count::default(),
        rng: Pcg64Mcg::seed_from_u64(1),
        gap: exp(1.0 / RATE),
        talk: exp(TALK),
        patience: exp(PATIENCE),
    };
    let mut run = Simulation::new(centre, Time(0.0));
    run.schedule_now(Arrival).expect("now is not in the past");
    let began = Instant::now();
    run.run().expect("no event fails");
    let seconds = began.elapsed().as_secs_f64();
    let count = &run.state().count;
    count.print("w1", count.offered, seconds);
}
