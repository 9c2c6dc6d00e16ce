//! One layer of a source of calls as it unfolds: the next call, and what is needed to find the one after it. What layers
//! are, `SourcePlan::layers` says.
//!
//! A Poisson process whose rate changes in steps is drawn by its cumulative hazard: one exponential number a call is used
//! up along the steps. Each local day of a [`DayPlan`] begins with fresh streams of its own (which changes nothing in law,
//! since a Poisson process forgets), so that more calls on one day do not change who calls on the next.

use super::{
    Birth, Plan,
    alias::Alias,
    days::DayPlan,
    local::Stretch,
    source::{Callers, SourcePlan, VolumePlan, gap, scaled, step_count, weight},
};
use crate::{
    people::distribution::chance::{Gamma, below, exponential, normal},
    random::{Purpose, Seed, Stream, mix, unit},
    special::{gamma_quantile, normal_cdf},
    time::{Date, Instant},
};

/// Where a source stands.
#[derive(Clone, Debug)]
pub(super) struct Cursor {
    source: u16,
    /// The source's bits in keys.
    key: u16,
    layer: u8,
    /// How many times the source's calls the layer makes, and the share of them that are made.
    weight: f64,
    share: f64,
    /// When the next call comes; [`Instant::NEVER`]: no more.
    pub at: Instant,
    lot: u64,
    arrivals: Stream,
    persons: Stream,
    /// The stretch of constant rate: its beginning and length, how far in it the last call was, and the mean time from call
    /// to call. All in microseconds.
    start: u64,
    length: f64,
    place: f64,
    gap: f64,
    /// The next interval, instant, day or stretch.
    step: u64,
    /// Calls still to come at this instant or in this interval, where they are counted.
    left: u64,
    today: Option<Box<Today>>,
}

/// The day a source is in, when its calls follow days.
#[derive(Clone, Debug, Default)]
struct Today {
    /// The place of the next day.
    next: usize,
    /// The rest of this day's stretches, the next one last: beginning, length, gap.
    ahead: Vec<(u64, f64, f64)>,
    groups: Alias,
    /// Where the half-hours' factors stand, as a normal score.
    score: Option<f64>,
    weights: Vec<f64>,
    stretches: Vec<Stretch>,
}

/// What lies ahead of a Poisson process.
enum Ahead {
    /// The next stretch.
    Stretch,
    /// The first stretch of a day, whose chance is its own.
    Day,
    /// Nothing.
    End,
}

impl Cursor {
    /// At the first call.
    pub fn new(source: u16, (layer, share): (u8, f64), plan: &Plan, seed: Seed) -> Cursor {
        let SourcePlan { volume, key, .. } = &plan.sources[usize::from(source)];
        let owner = owner(*key, layer, Date(0));
        let days = matches!(volume, VolumePlan::Days(_));
        let mut cursor = Cursor {
            source,
            key: *key,
            layer,
            weight: weight(layer),
            share,
            at: Instant::NEVER,
            lot: first_lot(*key, layer, Date(0)),
            arrivals: seed.stream(Purpose::Arrival, owner),
            persons: seed.stream(Purpose::Person, owner),
            start: 0,
            length: 0.0,
            place: 0.0,
            gap: f64::INFINITY,
            step: 0,
            left: 0,
            today: days.then(Box::default),
        };
        cursor.advance(plan, seed);
        cursor.skip(plan, seed);
        cursor
    }

    /// The call that comes, and on to the next one.
    #[inline]
    pub fn take(&mut self, plan: &Plan, seed: Seed) -> Birth {
        let birth = self.step(plan, seed);
        self.skip(plan, seed);
        birth
    }

    /// Past the calls that a factor leaves out; whose they would have been is drawn all the same.
    #[inline]
    fn skip(&mut self, plan: &Plan, seed: Seed) {
        if self.share < 1.0 {
            while self.at != Instant::NEVER && unit(seed.key(Purpose::Arrival, mix(self.lot))) >= self.share {
                self.step(plan, seed);
            }
        }
    }

    #[inline]
    fn step(&mut self, plan: &Plan, seed: Seed) -> Birth {
        let person = match (&plan.sources[usize::from(self.source)], &plan.population) {
            (SourcePlan { callers: Callers::Of(lottery), .. }, Some(population)) => {
                lottery.draw(population, &mut self.persons)
            }
            (SourcePlan { callers: Callers::ByDay, volume: VolumePlan::Days(days), .. }, Some(population)) => {
                let group = self.today.as_ref().map_or(0, |today| today.groups.choose(&mut self.persons));
                let segment = days.segment(group);
                segment.and_then(|s| population.person(s.start + below(s.len, &mut self.persons)))
            }
            _ => None,
        };
        let birth = Birth { at: self.at, lot: self.lot, source: self.source, person };
        self.lot += 1;
        self.advance(plan, seed);
        birth
    }

    #[inline]
    fn advance(&mut self, plan: &Plan, seed: Seed) {
        match &plan.sources[usize::from(self.source)].volume {
            VolumePlan::None => self.at = Instant::NEVER,
            VolumePlan::Counts { interval, before } => self.count(*interval, before, plan.horizon),
            VolumePlan::Trace { instants, factor } => self.trace(instants, *factor, plan.horizon),
            poisson => {
                let used = exponential(&mut self.arrivals);
                let place = self.place + used * self.gap;
                if place < self.length {
                    self.place = place;
                    self.at = Instant(self.start + place as u64);
                } else {
                    self.cross(used - (self.length - self.place) / self.gap, poisson, plan, seed);
                }
            }
        }
    }

    /// Over the end of a stretch, with so much hazard still to be used up.
    #[inline(never)]
    fn cross(&mut self, mut hazard: f64, volume: &VolumePlan, plan: &Plan, seed: Seed) {
        loop {
            match self.enter(volume, plan, seed) {
                Ahead::End => {
                    self.at = Instant::NEVER;
                    return;
                }
                Ahead::Day => hazard = exponential(&mut self.arrivals),
                Ahead::Stretch => {}
            }
            // Rounding may have left nothing or less; and nothing times an infinite gap is no number.
            hazard = hazard.max(f64::MIN_POSITIVE);
            self.place = hazard * self.gap;
            if self.place < self.length {
                self.at = Instant(self.start + self.place as u64);
                return;
            }
            hazard -= self.length / self.gap;
        }
    }

    /// Enters the next stretch.
    fn enter(&mut self, volume: &VolumePlan, plan: &Plan, seed: Seed) -> Ahead {
        let horizon = plan.horizon.0;
        match volume {
            VolumePlan::Steady { gap: steady } if self.step == 0 => {
                self.step = 1;
                (self.length, self.gap) = (horizon as f64, *steady / self.weight);
                Ahead::Stretch
            }
            VolumePlan::Steps { interval, counts, repeat } => {
                self.start = self.step.saturating_mul(*interval);
                let Some(count) = step_count(counts, *repeat, self.step).filter(|_| self.start < horizon) else {
                    return Ahead::End;
                };
                self.step += 1;
                self.length = (*interval).min(horizon - self.start) as f64;
                self.gap = gap(*interval as f64, count * self.weight);
                Ahead::Stretch
            }
            VolumePlan::Days(days) => self.enter_days(days, plan, seed),
            _ => Ahead::End,
        }
    }

    fn enter_days(&mut self, days: &DayPlan, plan: &Plan, seed: Seed) -> Ahead {
        let Some(today) = &mut self.today else { return Ahead::End };
        let mut ahead = Ahead::Stretch;
        while today.ahead.is_empty() {
            let Some(date) = today.begin((self.key, self.weight), days, plan, seed) else { return Ahead::End };
            let owner = owner(self.key, self.layer, date);
            self.arrivals = seed.stream(Purpose::Arrival, owner);
            self.persons = seed.stream(Purpose::Person, owner);
            self.lot = first_lot(self.key, self.layer, date);
            ahead = Ahead::Day;
        }
        if let Some((start, length, gap)) = today.ahead.pop() {
            (self.start, self.length, self.gap) = (start, length, gap);
        }
        ahead
    }

    /// The least of `left` uniform instants in what is left of the interval.
    fn count(&mut self, interval: u64, before: &[u64], horizon: Instant) {
        while self.left == 0 {
            let step = self.step as usize;
            let Some(until) = before.get(step + 1) else {
                self.at = Instant::NEVER;
                return;
            };
            self.left = until - before[step];
            self.start = self.step.saturating_mul(interval);
            self.place = 0.0;
            self.step += 1;
        }
        let share = -libm::expm1(-exponential(&mut self.arrivals) / self.left as f64);
        self.place += (interval as f64 - self.place) * share;
        self.left -= 1;
        self.ring_at(Instant(self.start.saturating_add((self.place as u64).min(interval - 1))), horizon);
    }

    fn trace(&mut self, instants: &[Instant], factor: f64, horizon: Instant) {
        while self.left == 0 {
            if self.step as usize >= instants.len() {
                self.at = Instant::NEVER;
                return;
            }
            self.left = scaled(self.step + 1, factor) - scaled(self.step, factor);
            self.step += 1;
        }
        self.left -= 1;
        self.ring_at(instants[self.step as usize - 1], horizon);
    }

    fn ring_at(&mut self, at: Instant, horizon: Instant) {
        self.at = if at < horizon { at } else { Instant::NEVER };
    }
}

impl Today {
    /// The next day: its stretches within the run and who calls. `None`: the run is over.
    fn begin(&mut self, (key, weight): (u16, f64), days: &DayPlan, plan: &Plan, seed: Seed) -> Option<Date> {
        let planned = *days.day(self.next)?;
        let date = planned.day.date;
        planned.day.stretches(&plan.clock, &mut self.stretches);
        let calls = planned.calls * weight * day_factor(days, date, seed);
        let noise = self.half_hours(days, key, date, seed);
        let shares = days.shares(date, &self.stretches);
        self.ahead.clear();
        for (stretch, share) in self.stretches.iter().zip(&shares).rev() {
            let (from, to) = (stretch.from.max(0) as u64, (stretch.to.max(0) as u64).min(plan.horizon.0));
            if from < to {
                let expected = calls * share * noise[stretch.half];
                self.ahead.push((from, (to - from) as f64, gap((stretch.to - stretch.from) as f64, expected)));
            }
        }
        if planned.calls > 0.0 {
            days.weights(self.next, &mut self.weights);
            self.groups.fill(&self.weights);
        }
        self.next += 1;
        Some(date)
    }

    /// The factor of each half-hour: gamma numbers with mean 1 whose normal scores are an autoregressive chain of the first
    /// order, from half-hour to half-hour and on over midnight.
    fn half_hours(&mut self, days: &DayPlan, key: u16, date: Date, seed: Seed) -> [f64; 48] {
        let cv = days.rules.interval_cv;
        if cv <= 0.0 {
            return [1.0; 48];
        }
        let (shape, rho) = (1.0 / (cv * cv), days.rules.interval_correlation);
        let mut stream = seed.stream(Purpose::HalfHourFactor, owner(key, 0, date));
        std::array::from_fn(|_| {
            let fresh = normal(&mut stream);
            let score = self.score.map_or(fresh, |last| rho * last + libm::sqrt(1.0 - rho * rho) * fresh);
            self.score = Some(score);
            gamma_quantile(shape, normal_cdf(score)) / shape
        })
    }
}

/// A gamma number with mean 1. It is the day's, not the source's: what makes a day busy (weather, news) moves all sources
/// alike, so those with the same spread have the same factor.
fn day_factor(days: &DayPlan, date: Date, seed: Seed) -> f64 {
    let cv = days.rules.day_cv;
    if cv <= 0.0 {
        return 1.0;
    }
    Gamma::new(1.0 / (cv * cv)).sample(&mut seed.stream(Purpose::DayFactor, u64::from(date.0 as u32))) * cv * cv
}

/// Whose chance it is: that of a layer of a source on a day.
fn owner(key: u16, layer: u8, date: Date) -> u64 {
    u64::from(layer) << 48 | u64::from(key) << 32 | u64::from(date.0 as u32)
}

/// The lot of the first call of a layer of a source on a day; the others follow. From the top: 16 bits the source's key, 16 the
/// day (0 where the source does not follow days), 5 the layer, 27 the place among them.
fn first_lot(key: u16, layer: u8, date: Date) -> u64 {
    u64::from(key) << 48 | u64::from(date.0 as u16) << 32 | u64::from(layer) << 27
}
