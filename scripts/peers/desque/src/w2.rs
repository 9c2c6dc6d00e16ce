//! W2: four menus, three languages, five groups, after-call work, callers who try again, over a day.

use std::{collections::VecDeque, time::Instant};

use desque::{
    SimState,
    serial::{Event, Simulation},
};
use rand::{RngExt, SeedableRng};
use rand_distr::{Distribution, Exp, LogNormal, Uniform};
use rand_pcg::Pcg64Mcg;

use crate::{Count, Time};

const CALLS: f64 = 200_000.0;
const WEIGHTS: [f64; 24] = [
    0.2, 0.15, 0.1, 0.1, 0.15, 0.3, 0.6, 1.0, 1.6, 2.0, 2.2, 2.1, 1.8, 1.7, 1.9, 2.0, 1.8, 1.5, 1.2, 0.9, 0.7, 0.5, 0.4, 0.3,
];
const STAGES: u8 = 4;
const WRONG: f64 = 0.05;
const CONTENT: f64 = 0.3;
/// fr, ar, zgh.
const LANGUAGES: [f64; 3] = [0.4, 0.5, 0.1];
/// Size, and the languages as bits; single-skill groups first.
const GROUPS: [(u32, u8); 5] = [(260, 0b001), (330, 0b010), (50, 0b100), (150, 0b011), (70, 0b111)];
const AFTER_CALL: f64 = 30.0;
const REDIAL: f64 = 0.2;
const THRESHOLD: f64 = 20.0;

type Run = Simulation<Centre, Time>;

#[derive(Debug)]
struct Centre {
    idle: [u32; 5],
    ends: f64,
    lines: [VecDeque<(u64, f64)>; 3],
    waits: VecDeque<bool>,
    first: u64,
    next: u64,
    started: u64,
    count: Count,
    rng: Pcg64Mcg,
    draws: Draws,
}

#[derive(Debug)]
struct Draws {
    prompt: Uniform<f64>,
    key: LogNormal<f64>,
    talk: LogNormal<f64>,
    patience: Exp<f64>,
    redial: Exp<f64>,
    unit: Exp<f64>,
}

impl SimState<Time> for Centre {}

#[derive(Debug)]
struct Arrival;
#[derive(Debug)]
struct Stage {
    language: u8,
    passed: u8,
}
#[derive(Debug)]
struct Leaves {
    caller: u64,
    came: f64,
    language: u8,
}
#[derive(Debug)]
struct Talked {
    group: u8,
}
#[derive(Debug)]
struct Free {
    group: u8,
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

    fn is_waiting(&self, caller: u64) -> bool {
        caller.checked_sub(self.first).and_then(|place| self.waits.get(place as usize)).copied().unwrap_or(false)
    }

    fn menu_time(&mut self) -> f64 {
        self.draws.prompt.sample(&mut self.rng) + self.draws.key.sample(&mut self.rng)
    }

    fn language(&mut self) -> u8 {
        let draw: f64 = self.rng.random();
        if draw < LANGUAGES[0] { 0 } else if draw < LANGUAGES[0] + LANGUAGES[1] { 1 } else { 2 }
    }
}

fn rate(hour: usize) -> f64 {
    CALLS * WEIGHTS[hour % 24] / WEIGHTS.iter().sum::<f64>() / 3600.0
}

/// The next arrival of a Poisson process with hourly rates; `None` after the last day.
fn next_arrival(state: &mut Centre, mut now: f64) -> Option<f64> {
    let mut left = state.draws.unit.sample(&mut state.rng);
    while now < state.ends {
        let hour = (now / 3600.0) as usize;
        let (rate, ends) = (rate(hour), (hour + 1) as f64 * 3600.0);
        if now + left / rate < ends {
            return Some(now + left / rate);
        }
        left -= (ends - now) * rate;
        now = ends;
    }
    None
}

impl Event<Centre, Time> for Arrival {
    fn execute(&mut self, run: &mut Run) -> desque::Result {
        let now = *run.current_time();
        let state = run.state_mut();
        state.started += 1;
        let (language, first, next) = (state.language(), state.menu_time(), next_arrival(state, now.0));
        if let Some(next) = next {
            run.schedule(Arrival, Time(next))?;
        }
        run.schedule(Stage { language, passed: 0 }, now + first)
    }
}

fn talk(run: &mut Run, group: u8) -> desque::Result {
    let state = run.state_mut();
    let length = state.draws.talk.sample(&mut state.rng);
    let at = *run.current_time() + length;
    run.schedule(Talked { group }, at)
}

impl Event<Centre, Time> for Stage {
    fn execute(&mut self, run: &mut Run) -> desque::Result {
        let now = *run.current_time();
        let language = self.language;
        let state = run.state_mut();
        let passed = self.passed + u8::from(state.rng.random::<f64>() >= WRONG);
        if passed == 3 && self.passed == 2 && state.rng.random::<f64>() < CONTENT {
            return Ok(());
        }
        if passed < STAGES {
            let menu = state.menu_time();
            return run.schedule(Stage { language, passed }, now + menu);
        }
        state.count.offered += 1;
        let free = (0..GROUPS.len()).find(|&g| state.idle[g] > 0 && GROUPS[g].1 & (1 << language) != 0);
        if let Some(group) = free {
            state.idle[group] -= 1;
            state.count.within += 1;
            return talk(run, group as u8);
        }
        let (caller, patience) = (state.next, state.draws.patience.sample(&mut state.rng));
        if state.waits.is_empty() {
            state.first = caller;
        }
        state.next += 1;
        state.lines[usize::from(language)].push_back((caller, now.0));
        state.waits.push_back(true);
        run.schedule(Leaves { caller, came: now.0, language }, now + patience)
    }
}

impl Event<Centre, Time> for Talked {
    fn execute(&mut self, run: &mut Run) -> desque::Result {
        let at = *run.current_time() + AFTER_CALL;
        run.schedule(Free { group: self.group }, at)
    }
}

impl Event<Centre, Time> for Free {
    fn execute(&mut self, run: &mut Run) -> desque::Result {
        let now = run.current_time().0;
        let state = run.state_mut();
        let mut best: Option<(f64, usize)> = None;
        for language in (0..3).filter(|l| GROUPS[usize::from(self.group)].1 & (1 << l) != 0) {
            while let Some(&(caller, came)) = state.lines[language].front() {
                if state.is_waiting(caller) {
                    if best.is_none_or(|(since, _)| came < since) {
                        best = Some((came, language));
                    }
                    break;
                }
                state.lines[language].pop_front();
            }
        }
        let Some((came, language)) = best else {
            state.idle[usize::from(self.group)] += 1;
            return Ok(());
        };
        if let Some((caller, _)) = state.lines[language].pop_front() {
            state.leave(caller);
        }
        state.count.waited += now - came;
        state.count.within += u64::from(now - came <= THRESHOLD);
        talk(run, self.group)
    }
}

impl Event<Centre, Time> for Leaves {
    fn execute(&mut self, run: &mut Run) -> desque::Result {
        let now = *run.current_time();
        let state = run.state_mut();
        if !state.leave(self.caller) {
            return Ok(());
        }
        state.count.abandoned += 1;
        state.count.waited += now.0 - self.came;
        if state.rng.random::<f64>() < REDIAL {
            let at = now + state.draws.redial.sample(&mut state.rng) + state.menu_time();
            return run.schedule(Stage { language: self.language, passed: 0 }, at);
        }
        Ok(())
    }
}

pub fn run(days: u64) {
    let exp = |mean: f64| Exp::new(1.0 / mean).expect("a mean above zero");
    let draws = Draws {
        prompt: Uniform::new(3.0, 8.0).expect("rising"),
        key: LogNormal::from_mean_cv(2.0, 0.6).expect("above zero"),
        talk: LogNormal::from_mean_cv(240.0, 1.2).expect("above zero"),
        patience: exp(180.0),
        redial: exp(600.0),
        unit: exp(1.0),
    };
    let mut centre = Centre {
        idle: GROUPS.map(|(size, _)| size),
        ends: days as f64 * 86_400.0,
        lines: Default::default(),
        waits: VecDeque::new(),
        first: 0,
        next: 0,
        started: 0,
        count: Count::default(),
        rng: Pcg64Mcg::seed_from_u64(1),
        draws,
    };
    let first = next_arrival(&mut centre, 0.0);
    let mut run = Simulation::new(centre, Time(0.0));
    if let Some(first) = first {
        run.schedule(Arrival, Time(first)).expect("not in the past");
    }
    let began = Instant::now();
    run.run().expect("no event fails");
    let seconds = began.elapsed().as_secs_f64();
    run.state().count.print("w2", run.state().started, seconds);
}
