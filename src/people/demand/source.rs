//! One source of calls as far as chance has no part in it: who its callers are, and how many are expected when.

use super::{
    days::DayPlan,
    rules::{Source, Volume, Whom},
};
use crate::{
    people::population::{Lottery, Population},
    script::Script,
    time::{Instant, LocalClock},
};

/// Keeps a product such as 3 × 0.333… + 0.000…1 from being counted as less than the whole number it stands for.
const SLACK: f64 = 1e-9;

/// A source, ready to be drawn from.
#[derive(Clone, Debug)]
pub(super) struct SourcePlan {
    pub callers: Callers,
    pub volume: VolumePlan,
    /// Multiplies what a Poisson process expects. Exact counts and instants have their factor within.
    pub factor: f64,
    /// The source's own bits in lots and keys of chance, from its name.
    pub key: u16,
}

/// Which person a caller is.
#[derive(Clone, Debug)]
pub(super) enum Callers {
    /// Nobody the registry knows.
    Strangers,
    /// One of these, each with the same chance.
    Of(Lottery),
    /// By the day's expected calls of each group of people.
    ByDay,
}

/// How many, and when. The factor of a Poisson process is not in its numbers but in [`SourcePlan::factor`].
#[derive(Clone, Debug)]
pub(super) enum VolumePlan {
    /// None at all.
    None,
    /// A Poisson process: mean microseconds from call to call.
    Steady { gap: f64 },
    /// A Poisson process by intervals of so many microseconds.
    Steps { interval: u64, counts: Box<[f64]>, repeat: bool },
    /// Exact numbers: how many calls before each interval and, last, in all.
    Counts { interval: u64, before: Box<[u64]> },
    /// Exact instants, each so often as the factor says.
    Trace { instants: Box<[Instant]>, factor: f64 },
    /// By the calendar.
    Days(Box<DayPlan>),
}

impl SourcePlan {
    pub fn new(
        source: &Source,
        population: Option<&Population>,
        script: &Script,
        clock: &LocalClock,
        horizon: Instant,
        key: u16,
    ) -> SourcePlan {
        let by_days = matches!(source.volume, Volume::Days(_));
        let callers = match &source.people {
            Whom::Outside | Whom::Probe { .. } => Callers::Strangers,
            Whom::Registry(_) if by_days => Callers::ByDay,
            Whom::Registry(filter) => match population.map(|population| population.lottery(filter)) {
                Some(lottery) if lottery.size() > 0 => Callers::Of(lottery),
                // Nobody can call.
                _ => {
                    return SourcePlan { callers: Callers::Strangers, volume: VolumePlan::None, factor: 0.0, key };
                }
            },
        };
        let factor = source.factor.max(0.0);
        let volume = match &source.volume {
            Volume::Days(days) => {
                VolumePlan::Days(Box::new(DayPlan::new(source, days, population, script, clock, horizon)))
            }
            Volume::Rate(rate) => VolumePlan::Steady { gap: gap(1e6, *rate) },
            Volume::Expected { interval, counts, repeat } => VolumePlan::Steps {
                interval: interval.as_micros().max(1),
                counts: counts.iter().map(|count| count.max(0.0)).collect(),
                repeat: *repeat,
            },
            Volume::Counts { interval, counts } => {
                let mut sum = 0u64;
                let sums = std::iter::once(0).chain(counts.iter().map(|count| {
                    sum += u64::from(*count);
                    sum
                }));
                let before = sums.map(|sum| scaled(sum, factor)).collect();
                VolumePlan::Counts { interval: interval.as_micros().max(1), before }
            }
            Volume::Trace(instants) => VolumePlan::Trace { instants: instants.clone(), factor },
        };
        SourcePlan { callers, volume, factor, key }
    }

    /// The Poisson processes whose calls are the source's together, by number, with the share of their calls that are made.
    ///
    /// Layer 0 is the source without a factor, layer 1 as much again, layer 2 twice as much, layer 3 four times: each is
    /// independent of the others, and the last that a factor needs is thinned call by call. So the calls under a smaller
    /// factor are among those under a larger one, with the same instants, people and lots.
    pub fn layers(&self) -> impl Iterator<Item = (u8, f64)> {
        let counted = matches!(self.volume, VolumePlan::Counts { .. } | VolumePlan::Trace { .. });
        let (mut left, mut layer) = (if counted { 1.0 } else { self.factor }, 0);
        std::iter::from_fn(move || {
            if left <= 0.0 || layer > MOST_LAYERS {
                return None;
            }
            let (this, weight) = (layer, weight(layer));
            let share = (left / weight).min(1.0);
            left -= weight;
            layer += 1;
            Some((this, share))
        })
    }

    /// Expected births from `from` to before `to`; both before the horizon.
    pub fn expected(&self, clock: &LocalClock, from: Instant, to: Instant) -> f64 {
        let within =
            |start: u64, length: u64| (to.0.min(start.saturating_add(length)).saturating_sub(from.0.max(start))) as f64;
        let steps = |interval: u64| from.0 / interval..to.0.div_ceil(interval);
        let expected = match &self.volume {
            VolumePlan::None => 0.0,
            VolumePlan::Steady { gap } => within(0, u64::MAX) / gap,
            VolumePlan::Steps { interval, counts, repeat } => {
                let count = |i: u64| step_count(counts, *repeat, i).unwrap_or(0.0);
                let end = if *repeat { u64::MAX } else { counts.len() as u64 };
                let steps = steps(*interval).start..steps(*interval).end.min(end);
                steps.map(|i| count(i) * within(i * interval, *interval) / *interval as f64).sum()
            }
            VolumePlan::Counts { interval, before } => {
                let steps = steps(*interval).start..steps(*interval).end.min(before.len() as u64 - 1);
                let count = |i: u64| (before[i as usize + 1] - before[i as usize]) as f64;
                steps.map(|i| count(i) * within(i * interval, *interval) / *interval as f64).sum()
            }
            VolumePlan::Trace { instants, factor } => {
                let until = |end: Instant| scaled(instants.partition_point(|at| *at < end) as u64, *factor);
                until(to).saturating_sub(until(from)) as f64
            }
            VolumePlan::Days(plan) => plan.expected(clock, from, to),
        };
        match self.volume {
            VolumePlan::Counts { .. } | VolumePlan::Trace { .. } => expected,
            _ => expected * self.factor,
        }
    }
}

/// The last layer a lot has room for; together they are two to its power, far above any factor that can be written.
pub(super) const MOST_LAYERS: u8 = 31;

/// How many times the source's expected calls a layer makes.
pub(super) fn weight(layer: u8) -> f64 {
    f64::from(1_u32 << u32::from(layer.saturating_sub(1).min(31)))
}

/// Mean time from call to call when so many are expected in `length`; infinite when none are.
pub(super) fn gap(length: f64, expected: f64) -> f64 {
    // Not by division alone: an empty sum is minus zero.
    if expected > 0.0 { length / expected } else { f64::INFINITY }
}

/// Expected calls of the `i`th interval; `None`: the list is at its end.
pub(super) fn step_count(counts: &[f64], repeat: bool, i: u64) -> Option<f64> {
    let n = counts.len() as u64;
    let i = if repeat && n > 0 { i % n } else { i };
    counts.get(usize::try_from(i).ok()?).copied()
}

/// How many of the first `n` calls remain, or become of them, under a factor: at most one away from the exact product.
pub(super) fn scaled(n: u64, factor: f64) -> u64 {
    (n as f64 * factor + SLACK) as u64
}
