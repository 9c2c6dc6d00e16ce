//! How many agents each half-hour of a day needs, found by simulation.
//!
//! ```text
//! Sizer ──► pilot: so many agents that nobody waits; what comes to them, and what can be reached at all
//!      └──► search: from a curve of whole centres (say Erlang A's), split over the groups in the scenario's proportions,
//!           up until every half-hour meets the aim, then down until none can spare an agent
//!      └──► proof: the curve found, on days that the search has not seen
//! ```
//!
//! All trials meet the same callers (common random numbers), so that two curves differ by their agents and by nothing else.

mod mix;
mod search;

use std::{ops::ControlFlow, sync::Arc, sync::atomic::AtomicBool};

pub use mix::Mix;
pub use search::Found;

use super::{
    crew, gather,
    replicate::{self, Keep, Options, Progress, SimError},
    summary::LEVEL,
};
use crate::{
    people::{
        cast::Cast,
        demand::{
            Demand,
            rules::{Source, Volume},
        },
        staffing::StaffingRules,
    },
    record::{
        figures::Figures,
        measure::{self, Measure},
        tally::Sums,
    },
    scenario::{CountBy, Scenario, Stage},
    stats::{Estimate, Ratio},
    time::{Date, Duration, Instant, TimeOfDay},
};

/// Half-hours of a day.
pub const SLOTS: usize = 48;

/// Agents planned in each local half-hour from midnight on.
pub type Plan = [u32; SLOTS];

/// The local time at which a half-hour begins.
pub fn begins(slot: usize) -> TimeOfDay {
    TimeOfDay((slot % SLOTS) as u16 * 30)
}

/// What every half-hour is to reach, in the mean over the days chosen and the replications.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Aim {
    /// At least this share answered within the scenario's threshold; above 0 and below 1.
    ServiceLevel(f64),
    /// At most this share of those who queue hangs up; above 0 and below 1.
    Abandonment(f64),
    /// At most so many seconds until answered; above 0.
    Asa(f64),
}

impl Aim {
    /// The measure it is about.
    pub fn measure(&self) -> &'static str {
        match self {
            Aim::ServiceLevel(_) => "service_level",
            Aim::Abandonment(_) => "abandonment",
            Aim::Asa(_) => "asa",
        }
    }

    /// How far a value is from it, about as a share of callers: below 0 it is missed.
    fn slack(&self, value: f64) -> f64 {
        match *self {
            Aim::ServiceLevel(share) => value - share,
            Aim::Abandonment(share) => share - value,
            Aim::Asa(time) => (time - value) / (time + value) / 2.0,
        }
    }
}

/// What one curve led to.
#[derive(Clone, Debug)]
pub struct Trial {
    /// By half-hour: what happened to calls that arrived in it, over all chosen days of all replications.
    pub slots: Vec<Figures>,
    /// By half-hour: the measure of the aim.
    pub reached: Vec<Estimate>,
    /// The measure of the aim over all half-hours.
    pub whole: Estimate,
    /// All sums of all replications.
    pub sums: Sums,
    /// Days that the sums by half-hour are made of: chosen days times replications.
    pub days: u32,
}

impl Trial {
    /// What happened over all half-hours.
    pub fn total(&self) -> Figures {
        self.slots.iter().fold(Figures::ZERO, |mut sum, slot| {
            sum.merge(slot);
            sum
        })
    }

    /// A count of a half-hour, a day.
    pub fn a_day(&self, slot: usize, count: fn(&Figures) -> u64) -> f64 {
        count(&self.slots[slot]) as f64 / f64::from(self.days.max(1))
    }
}

/// What comes to a centre whose agents are plenty.
#[derive(Clone, Debug)]
pub struct Pilot {
    /// How many agents were planned at all times.
    pub agents: u32,
    /// What happened.
    pub trial: Trial,
}

/// Sizes the staff of a scenario.
pub struct Sizer<'a> {
    scenario: Scenario,
    stage: &'a Stage,
    days: Vec<Date>,
    aim: Aim,
    mix: Mix,
    options: Options,
    cancel: &'a AtomicBool,
    progress: &'a mut dyn FnMut(Progress),
    done: u32,
    calls: u64,
}

/// The local days of a scenario and how many calls are expected on each, after the warm-up.
pub fn days(scenario: &Scenario, stage: &Stage) -> Vec<(Date, f64)> {
    let demand = demand(scenario, stage);
    let (mut days, mut at) = (Vec::new(), Instant::ZERO);
    let end = Instant::ZERO + scenario.horizon;
    while at < end {
        let date = scenario.clock.local(at).0;
        let next = midnight_after(scenario, at, date).min(end);
        days.push((date, demand.expected(at.max(Instant::ZERO + scenario.warm_up), next)));
        at = next;
    }
    days
}

fn demand(scenario: &Scenario, stage: &Stage) -> Demand {
    let Stage { population, .. } = stage;
    let seed = scenario.seed_of(0);
    let rules = &scenario.cast.demand;
    Demand::new(rules, population.clone(), &scenario.script, &scenario.clock, seed, scenario.horizon)
}

/// When the next local day begins.
fn midnight_after(scenario: &Scenario, at: Instant, date: Date) -> Instant {
    const SECOND: i64 = 1_000_000;
    let local = (i64::from(date.0) + 1) * 86_400 * SECOND;
    let mut midnight = at;
    // The offset at midnight may be another one than now.
    for _ in 0..2 {
        midnight = scenario.clock.instant_of(local - i64::from(scenario.clock.offset_at(midnight)) * SECOND);
    }
    if midnight > at { midnight } else { at + Duration::from_hours(24) }
}

impl<'a> Sizer<'a> {
    /// Makes ready. `days` are local days of the scenario; what comes after the last of them is not run.
    pub fn new(
        scenario: &Scenario,
        stage: &'a Stage,
        (days, aim): (Vec<Date>, Aim),
        options: Options,
        cancel: &'a AtomicBool,
        progress: &'a mut dyn FnMut(Progress),
    ) -> Sizer<'a> {
        let mut scenario = scenario.clone();
        scenario.measures.interval = Duration::from_mins(30);
        scenario.measures.count_by = CountBy::Arrival;
        scenario.batches = None;
        let end = Instant::ZERO + scenario.horizon;
        let mut at = Instant::ZERO;
        while at < end && days.iter().any(|day| *day >= scenario.clock.local(at).0) {
            at = midnight_after(&scenario, at, scenario.clock.local(at).0);
        }
        scenario.horizon = at.min(end).since(Instant::ZERO);
        let mix = Mix::of(&scenario);
        Sizer { scenario, stage, days, aim, mix, options, cancel, progress, done: 0, calls: 0 }
    }

    /// How agents are split over the groups.
    pub fn mix(&self) -> &Mix {
        &self.mix
    }

    /// Expected calls of each half-hour, on the mean of the chosen days, before chance makes days differ;
    /// without the warm-up.
    pub fn expected(&self) -> Vec<f64> {
        let demand = demand(&self.scenario, self.stage);
        let mut expected = vec![0.0; SLOTS];
        let (mut at, end) = (Instant::ZERO + self.scenario.warm_up, Instant::ZERO + self.scenario.horizon);
        while at < end {
            let (date, time) = self.scenario.clock.local(at);
            let next = (at + Duration::from_mins(30 - u64::from(time.0 % 30))).min(end);
            if self.days.contains(&date) {
                expected[usize::from(time.0) / 30] += demand.expected(at, next) / self.days.len() as f64;
            }
            at = next;
        }
        expected
    }

    /// The half-hours that the warm-up touches.
    pub fn warm_up(&self) -> Vec<usize> {
        let half_hours = self.scenario.warm_up.as_micros().div_ceil(Duration::from_mins(30).as_micros());
        let starts = (0..half_hours.min(SLOTS as u64)).map(|i| Instant::ZERO + Duration::from_mins(30 * i));
        starts.map(|at| usize::from(self.scenario.clock.local(at).1.0) / 30).collect()
    }

    /// The mean patience of callers, weighted by the calls that are expected; `None` when some never give up.
    pub fn patience(&self) -> Option<Duration> {
        let (mut sum, mut weights) = (0.0, 0.0);
        for (source, calls) in self.sources() {
            for (persona, share) in source.personas.iter().filter(|(_, share)| share * calls > 0.0) {
                let patience = &self.scenario.cast.personas.get(usize::from(*persona))?.patience;
                sum += calls * share * patience.mean()?.as_secs_f64();
                weights += calls * share;
            }
        }
        (weights > 0.0).then(|| Duration::from_secs_f64(sum / weights))
    }

    /// Coefficient of variation of the calls expected in a half-hour, from day to day, beyond Poisson's chance.
    pub fn spread(&self) -> f64 {
        let (mut variance, mut mean) = (0.0, 0.0);
        for (source, calls) in self.sources() {
            if let Volume::Days(days) = &source.volume {
                let cv = days.day_cv * days.day_cv + days.interval_cv * days.interval_cv;
                variance += calls * calls * cv;
            }
            mean += calls;
        }
        if mean > 0.0 { libm::sqrt(variance) / mean } else { 0.0 }
    }

    /// The sources, each with the calls expected in the whole run.
    fn sources(&self) -> Vec<(&Source, f64)> {
        let demand = demand(&self.scenario, self.stage);
        let end = Instant::ZERO + self.scenario.horizon;
        let sources = self.scenario.cast.demand.sources.iter().enumerate();
        sources.map(|(i, source)| (source, demand.expected_of(i, Instant::ZERO, end))).collect()
    }

    /// The scenario with a curve.
    pub fn staffed(&self, plan: &Plan) -> Scenario {
        let mut scenario = self.scenario.clone();
        let cast = &self.scenario.cast;
        let groups = self.mix.staffing(plan);
        let staffing = StaffingRules { groups, ..cast.staffing.clone() };
        scenario.cast = Arc::new(Cast { staffing, ..Cast::clone(cast) });
        scenario
    }

    /// Runs a curve on the replications from `first` on; `None` when it was cut short.
    fn trial(&mut self, plan: &Plan, first: u32) -> Result<Option<Trial>, SimError> {
        let scenario = self.staffed(plan);
        let (stage, options, cancel) = (self.stage, &self.options, self.cancel);
        let count = options.most(&scenario);
        let mut gathered = Gathered::new(self.aim);
        let work =
            |i: u32| replicate::one(&scenario, stage, options.seed_of(&scenario, first + i), Keep::default(), cancel);
        let days = &self.days;
        let mut calls = 0;
        let take = |_, one: replicate::Replication| {
            calls += one.calls;
            gathered.add(&scenario, days, one.parts);
            ControlFlow::Continue(())
        };
        crew::in_order(options.threads, count, cancel, work, take).map_err(|panicked| {
            let index = panicked.index + first;
            SimError::panicked(&scenario, options, crew::Panicked { index, ..panicked })
        })?;
        self.calls += calls;
        self.done += 1;
        let total = self.most().max(self.done);
        (self.progress)(Progress { done: self.done, total, too_wide: None, calls: self.calls });
        Ok(gathered.trial(count, self.days.len()))
    }

    /// Runs with so many agents that waits are nobody's doing but the rules', at most eight times the first guess.
    ///
    /// # Errors
    /// This program has a fault.
    pub fn pilot(&mut self) -> Result<Option<Pilot>, SimError> {
        let mut agents = (self.mix.size() * 3).max(12);
        let mut best: Option<Pilot> = None;
        for _ in 0..4 {
            let Some(trial) = self.trial(&[agents; SLOTS], 0)? else { return Ok(best) };
            let short = search::open_slots(&trial).any(|slot| !search::meets(&self.aim, &trial, slot));
            best = Some(Pilot { agents, trial });
            if !short {
                break;
            }
            agents = agents.saturating_mul(2);
        }
        Ok(best)
    }

    /// Runs a curve on days that no search has seen.
    ///
    /// # Errors
    /// This program has a fault.
    pub fn prove(&mut self, plan: &Plan) -> Result<Option<Trial>, SimError> {
        let fresh = self.options.most(&self.scenario);
        self.trial(plan, fresh)
    }
}

/// What the replications of a trial add up to.
struct Gathered {
    measure: Option<&'static Measure>,
    slots: Vec<Figures>,
    reached: Vec<Ratio>,
    whole: Ratio,
    sums: Option<Sums>,
    n: u32,
}

impl Gathered {
    fn new(aim: Aim) -> Gathered {
        Gathered {
            measure: measure::named(aim.measure()),
            slots: vec![Figures::ZERO; SLOTS],
            reached: vec![Ratio::default(); SLOTS],
            whole: Ratio::default(),
            sums: None,
            n: 0,
        }
    }

    fn add(&mut self, scenario: &Scenario, days: &[Date], parts: Vec<Sums>) {
        let mut slots = vec![Figures::ZERO; SLOTS];
        let mut whole = Figures::ZERO;
        for part in parts {
            for interval in part.intervals.iter().filter(|interval| days.contains(&interval.date)) {
                let time = scenario.clock.local(interval.start).1;
                slots[usize::from(time.0) / 30].merge(&interval.figures);
                whole.merge(&interval.figures);
            }
            match &mut self.sums {
                Some(sums) => sums.merge(&part),
                None => self.sums = Some(part),
            }
        }
        if let Some(measure) = self.measure {
            for (ratio, figures) in self.reached.iter_mut().zip(&slots) {
                ratio.add(gather::fraction(measure, figures));
            }
            self.whole.add(gather::fraction(measure, &whole));
        }
        self.slots.iter_mut().zip(&slots).for_each(|(sum, slot)| sum.merge(slot));
        self.n += 1;
    }

    /// Nothing unless all replications were finished.
    fn trial(self, asked: u32, days: usize) -> Option<Trial> {
        let sums = self.sums.filter(|_| self.n == asked)?;
        let (least, most) = self.measure.map_or((f64::NEG_INFINITY, f64::INFINITY), |measure| measure.unit.bounds());
        let estimate = |ratio: &Ratio| ratio.estimate(LEVEL).within(least, most);
        Some(Trial {
            slots: self.slots,
            reached: self.reached.iter().map(estimate).collect(),
            whole: estimate(&self.whole),
            sums,
            days: self.n * u32::try_from(days).unwrap_or(u32::MAX),
        })
    }
}
