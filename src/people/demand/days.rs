//! Expected calls by day: who calls how much on which day, before chance has a say.

use super::{
    events::{DayKind, Holidays, Stirred},
    local::{LocalDay, Stretch},
    rules::{Base, BulkNotice, Days, PeopleFilter, Source, Whom},
};
use crate::{
    people::population::{Population, Segment},
    script::Script,
    time::{Date, Instant, LocalClock},
};

/// Days of one source, worked out as far as chance has no part in them; the source's own factor is not in them.
#[derive(Clone, Debug)]
pub(super) struct DayPlan {
    pub rules: Days,
    groups: Box<[Group]>,
    holidays: Option<Holidays>,
    stirred: Stirred,
    /// For each notice and group, how many of them it makes call.
    called: Box<[Box<[f64]>]>,
    /// Every local day of the run.
    days: Box<[PlannedDay]>,
}

/// A day and its expected calls.
#[derive(Clone, Copy, Debug)]
pub(super) struct PlannedDay {
    pub day: LocalDay,
    /// Expected calls of the whole local day.
    pub calls: f64,
}

/// People who behave alike.
#[derive(Clone, Copy, Debug)]
struct Group {
    /// Who they are; `None`: people outside the registry.
    segment: Option<Segment>,
    /// Expected calls on a day whose factors are all 1 (for a growing population: the share of them).
    calls: f64,
}

impl Group {
    fn passes(&self, filter: &PeopleFilter) -> bool {
        *filter == PeopleFilter::default() || self.segment.is_some_and(|segment| segment.passes(filter))
    }

    fn people(&self) -> f64 {
        self.segment.map_or(0.0, |segment| f64::from(segment.len))
    }
}

impl DayPlan {
    /// The days until `horizon`.
    pub fn new(
        source: &Source,
        days: &Days,
        population: Option<&Population>,
        script: &Script,
        clock: &LocalClock,
        horizon: Instant,
    ) -> DayPlan {
        let groups = groups(source, days, population);
        let calendar = days.closed_days.and_then(|rules| Some((rules, script.calendars.get(rules.calendar.index())?)));
        let holidays = calendar.map(|(rules, calendar)| Holidays::new(rules, calendar));
        let mut regions = [0.0; 12];
        for group in &groups {
            if let Some(segment) = group.segment {
                regions[segment.region as usize] += f64::from(segment.len);
            }
        }
        let stirred = days.meetings.map_or_else(Stirred::default, |m| Stirred::new(&m, holidays.as_ref(), &regions));
        let called = days.notices.iter().map(|notice| called(notice, &days.base, &groups)).collect();
        let rules = days.clone();
        let mut plan = DayPlan { rules, groups, holidays, stirred, called, days: [].into() };
        plan.days = plan.planned(clock, horizon);
        plan
    }

    fn planned(&self, clock: &LocalClock, horizon: Instant) -> Box<[PlannedDay]> {
        let (mut planned, mut weights, mut stretches) = (Vec::new(), Vec::new(), Vec::new());
        let mut day = LocalDay::first(clock);
        let first = day.date;
        while day.from < horizon.0 as i64 {
            let next = day.stretches(clock, &mut stretches);
            self.weigh(day.date, day.date.0 - first.0, &mut weights);
            let opened: f64 = self.shares(day.date, &stretches).iter().sum();
            let calls = if opened > 0.0 { weights.iter().sum() } else { 0.0 };
            planned.push(PlannedDay { day, calls });
            day = next;
        }
        planned.into()
    }

    /// The `n`th day of the run.
    pub fn day(&self, n: usize) -> Option<&PlannedDay> {
        self.days.get(n)
    }

    /// The group of this index, as people of the registry.
    pub fn segment(&self, group: usize) -> Option<Segment> {
        self.groups[group].segment
    }

    /// Expected calls of each group on the `n`th day.
    pub fn weights(&self, n: usize, weights: &mut Vec<f64>) {
        self.weigh(self.days[n].day.date, self.days[n].day.date.0 - self.days[0].day.date.0, weights);
    }

    fn weigh(&self, date: Date, since_start: i32, weights: &mut Vec<f64>) {
        let kind = self.holidays.as_ref().map_or(DayKind::Ordinary, |holidays| holidays.kind(date));
        let closed = matches!(kind, DayKind::Closed(_));
        let mut common = growth(&self.rules.base, since_start);
        if let DayKind::Closed(factor) | DayKind::After(factor) = kind {
            common *= factor;
        }
        weights.clear();
        weights.extend(self.groups.iter().map(|group| group.calls * common));
        for factor in &self.rules.factors {
            if factor.days.holds(date) && !(closed && factor.days.weekdays.is_some()) {
                self.multiply(weights, factor.factor, |group| group.passes(&factor.people));
            }
        }
        let stirred = self.stirred.on(date);
        if let (Some(meetings), true) = (&self.rules.meetings, stirred != 0) {
            let here = |group: &Group| group.segment.is_some_and(|s| stirred >> (s.region as u32) & 1 == 1);
            self.multiply(weights, meetings.factor, here);
        }
        for (notice, called) in self.rules.notices.iter().zip(&self.called) {
            let day = usize::try_from(i64::from(date.0) - i64::from(notice.on.0)).ok();
            if let Some(share) = day.and_then(|day| notice.spread.get(day)) {
                weights.iter_mut().zip(called).for_each(|(weight, called)| *weight += called * share);
            }
        }
    }

    fn multiply(&self, weights: &mut [f64], factor: f64, whom: impl Fn(&Group) -> bool) {
        for (weight, _) in weights.iter_mut().zip(&self.groups).filter(|(_, group)| whom(group)) {
            *weight *= factor;
        }
    }

    /// The share of a day's calls that falls into each stretch of it. A half-hour that occurs twice has its share once,
    /// divided by time; the share of one that is skipped goes to the others, so that the day keeps its calls.
    pub fn shares(&self, date: Date, stretches: &[Stretch]) -> Vec<f64> {
        let shape = self.rules.shapes.iter().rev().find(|(days, _)| days.holds(date));
        let Some((_, shape)) = shape else { return vec![0.0; stretches.len()] };
        let mut time = [0i64; 48];
        stretches.iter().for_each(|stretch| time[stretch.half] += stretch.to - stretch.from);
        let open: f64 = (0..48).filter(|half| time[*half] > 0).map(|half| shape.0[half]).sum();
        let open = if open > 0.0 { open } else { 1.0 };
        let share = |s: &Stretch| shape.0[s.half] / open * (s.to - s.from) as f64 / time[s.half] as f64;
        stretches.iter().map(share).collect()
    }

    /// Expected calls between two instants.
    pub fn expected(&self, clock: &LocalClock, from: Instant, to: Instant) -> f64 {
        let (from, to) = (from.0 as i64, to.0.min(i64::MAX as u64) as i64);
        let mut stretches = Vec::new();
        let start = self.days.partition_point(|planned| planned.day.from <= from).saturating_sub(1);
        let days = self.days[start.min(self.days.len())..].iter().take_while(|planned| planned.day.from < to);
        let mut sum = 0.0;
        for planned in days.filter(|planned| planned.calls > 0.0) {
            planned.day.stretches(clock, &mut stretches);
            let shares = self.shares(planned.day.date, &stretches);
            for (stretch, share) in stretches.iter().zip(shares) {
                let within = (stretch.to.min(to) - stretch.from.max(from)).max(0);
                sum += planned.calls * share * within as f64 / (stretch.to - stretch.from) as f64;
            }
        }
        sum
    }
}

/// What the day of the run does to a base that grows; 1 for the others.
fn growth(base: &Base, since_start: i32) -> f64 {
    let Base::Population { size, from, to, ramp_days, days_per_month } = base else { return 1.0 };
    let way = if *ramp_days == 0 { 1.0 } else { f64::from(since_start) / f64::from(*ramp_days) };
    f64::from(*size) / 1_000.0 * (from + (to - from) * way.clamp(0.0, 1.0)) / days_per_month
}

/// The groups of a source with their calls on an ordinary day.
fn groups(source: &Source, days: &Days, population: Option<&Population>) -> Box<[Group]> {
    let by_people = matches!(days.base, Base::PerThousand { .. });
    let filter = match (&source.people, by_people) {
        (Whom::Registry(filter), _) => *filter,
        (_, true) => PeopleFilter::default(),
        (_, false) => {
            let calls = if let Base::Calls(calls) = days.base { calls } else { 1.0 };
            return [Group { segment: None, calls }].into();
        }
    };
    let Some(population) = population else { return [].into() };
    let all = f64::from(population.size(&filter));
    let calls = |segment: &Segment| match &days.base {
        Base::Calls(calls) => calls * f64::from(segment.len) / all,
        Base::Population { .. } => f64::from(segment.len) / all,
        Base::PerThousand { rates, days_per_month } => {
            let rate = rates.iter().find(|(filter, _)| segment.passes(filter)).map_or(0.0, |(_, rate)| *rate);
            f64::from(segment.len) / 1_000.0 * rate / days_per_month
        }
    };
    population.segments(&filter).map(|segment| Group { segment: Some(segment), calls: calls(&segment) }).collect()
}

/// How many of each group a notice makes call, all days together.
fn called(notice: &BulkNotice, base: &Base, groups: &[Group]) -> Box<[f64]> {
    let outside = match base {
        Base::Population { size, .. } => f64::from(*size),
        // Nobody said how many they are: as many as are written to.
        _ => notice.size.map_or(0.0, f64::from),
    };
    let people = |group: &Group| match (group.passes(&notice.people), group.segment) {
        (false, _) => 0.0,
        (true, Some(_)) => group.people(),
        (true, None) => outside,
    };
    let all: f64 = groups.iter().map(people).sum();
    let share = notice.size.map_or(1.0, |size| if all > 0.0 { (f64::from(size) / all).min(1.0) } else { 0.0 });
    groups.iter().map(|group| people(group) * share * notice.call_share).collect()
}
