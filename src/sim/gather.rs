//! The sums of replications, one after the other, turned into estimates.

use super::{
    quantiles::Pooled,
    summary::{Found, Interval, LEVEL, MAIN, Node, Part, Quantile, Target, WaitClass},
    weekday::Weekday,
};
use crate::{
    id::SkillId,
    record::{
        figures::Figures,
        measure::{self, CATALOGUE, Measure},
        tally::Sums,
    },
    scenario::Scenario,
    stats::{Estimate, Fraction, Ratio, lag_one_correlation, wilson},
    time::{Date, Instant, LocalClock, TimeOfDay},
};

/// The quantiles that are told.
pub const QUANTILES: [f64; 5] = [0.5, 0.8, 0.9, 0.95, 0.99];

/// What one replication (or batch) says of a measure.
pub fn fraction(measure: &Measure, figures: &Figures) -> Fraction {
    let den = measure.denominator.map_or(1.0, |of| of(figures));
    Fraction { num: (measure.numerator)(figures), den }
}

/// The main measures, as the catalogue describes them.
pub fn main_measures() -> impl Iterator<Item = &'static Measure> {
    MAIN.iter().filter_map(|name| measure::named(name))
}

/// Ratios of some measures over replications.
#[derive(Clone, Debug)]
pub struct Cell {
    measures: &'static [&'static Measure],
    ratios: Box<[Ratio]>,
}

impl Cell {
    pub(super) fn new(measures: &'static [&'static Measure]) -> Cell {
        Cell { measures, ratios: vec![Ratio::default(); measures.len()].into() }
    }

    /// All measures of the catalogue.
    pub fn whole() -> Cell {
        Cell::new(&ALL)
    }

    /// The main measures alone.
    pub fn main() -> Cell {
        Cell::new(&FEW)
    }

    /// Counts one replication.
    pub fn add(&mut self, figures: &Figures) {
        self.add_over(figures, 1.0);
    }

    /// Counts one replication, whose counts are told as a mean over so many days.
    pub fn add_over(&mut self, figures: &Figures, days: f64) {
        for (ratio, measure) in self.ratios.iter_mut().zip(self.measures) {
            let one = fraction(measure, figures);
            ratio.add(if measure.denominator.is_none() { Fraction { den: days, ..one } } else { one });
        }
    }

    /// What was found. Intervals end where the measure does: no wait is below zero, no share above one.
    pub fn found(&self) -> Vec<Found> {
        let found = |(ratio, measure): (&Ratio, &&'static Measure)| Found::new(measure, cut(measure, ratio));
        self.ratios.iter().zip(self.measures).map(found).collect()
    }

    /// The estimate of one measure, as [`Cell::found`] tells it.
    pub fn estimate(&self, name: &str) -> Option<Estimate> {
        let i = self.place(name)?;
        Some(cut(self.measures[i], &self.ratios[i]))
    }

    /// The estimate of one measure with its whole interval by Student's t, which may end beyond what the measure can be: for
    /// whoever asks how wide it is.
    pub fn uncut(&self, name: &str) -> Option<Estimate> {
        Some(self.ratios[self.place(name)?].estimate(LEVEL))
    }

    fn place(&self, name: &str) -> Option<usize> {
        self.measures.iter().position(|measure| measure.name == name)
    }
}

fn cut(measure: &Measure, ratio: &Ratio) -> Estimate {
    let (least, most) = measure.unit.bounds();
    ratio.estimate(LEVEL).within(least, most)
}

const fn all() -> [&'static Measure; CATALOGUE.len()] {
    let mut all = [&CATALOGUE[0]; CATALOGUE.len()];
    let mut i = 0;
    while i < all.len() {
        all[i] = &CATALOGUE[i];
        i += 1;
    }
    all
}

/// Whether two names are the same, at compile time.
const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut i = 0;
    while i < a.len() && i < b.len() && a[i] == b[i] {
        i += 1;
    }
    i == a.len() && i == b.len()
}

const fn few() -> [&'static Measure; MAIN.len()] {
    let mut few = [&CATALOGUE[0]; MAIN.len()];
    let mut i = 0;
    while i < few.len() {
        let mut k = 0;
        while !same(CATALOGUE[k].name, MAIN[i]) {
            k += 1;
        }
        few[i] = &CATALOGUE[k];
        i += 1;
    }
    few
}

static ALL: [&Measure; CATALOGUE.len()] = all();
static FEW: [&Measure; MAIN.len()] = few();

/// Cells by place: queues, languages, days.
#[derive(Clone, Debug, Default)]
struct Row {
    cells: Vec<Cell>,
    n: u64,
}

impl Row {
    /// Counts one replication. A place that earlier replications did not have was empty in them.
    fn add(&mut self, new: fn() -> Cell, figures: impl IntoIterator<Item = Figures>) {
        let mut filled = 0;
        for figures in figures {
            if filled == self.cells.len() {
                let mut cell = new();
                (0..self.n).for_each(|_| cell.add(&Figures::ZERO));
                self.cells.push(cell);
            }
            self.cells[filled].add(&figures);
            filled += 1;
        }
        self.cells[filled..].iter_mut().for_each(|cell| cell.add(&Figures::ZERO));
        self.n += 1;
    }

    fn parts<N: ToString>(&self, names: impl IntoIterator<Item = N>) -> Vec<Part> {
        let part = |(cell, name): (&Cell, N)| Part { name: name.to_string(), measures: cell.found() };
        self.cells.iter().zip(names).map(part).collect()
    }
}

/// Agents in an interval.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Staff {
    on_shift: Ratio,
    busy: Ratio,
}

impl Staff {
    /// Counts one replication: agents' time, and the time observed in microseconds.
    pub(super) fn add(&mut self, figures: &Figures, observed: u64) {
        // Of hours, so that the squares keep all digits.
        let hours = |micros: u64| micros as f64 / 3.6e9;
        let den = hours(observed);
        self.on_shift.add(Fraction { num: hours(figures.agent_on_shift()), den });
        self.busy.add(Fraction { num: hours(figures.agent_work() + figures.agent_beyond_shift()), den });
    }

    /// An interval with these agents.
    pub(super) fn interval(&self, date: String, time: TimeOfDay, cell: &Cell) -> Interval {
        let agents = |ratio: &Ratio| ratio.estimate(LEVEL).within(0.0, f64::INFINITY);
        let (staff, busy) = (agents(&self.on_shift), agents(&self.busy));
        Interval { date, time: time.to_string(), staff, busy, measures: cell.found() }
    }
}

/// Which local days a run has seen whole: from the end of the warm-up to the horizon.
#[derive(Clone, Copy, Debug)]
struct WholeDays {
    first: Date,
    /// The first day that is not whole any more.
    end: Date,
}

impl WholeDays {
    fn of(scenario: &Scenario) -> WholeDays {
        let (first, time) = scenario.clock.local(Instant::ZERO + scenario.warm_up);
        let first = if time == TimeOfDay(0) { first } else { first.plus_days(1) };
        WholeDays { first, end: scenario.clock.local(Instant::ZERO + scenario.horizon).0 }
    }

    /// The whole days on which anybody called of her own accord: on a day off there are but those who call again.
    fn open(self, sums: &Sums) -> impl Iterator<Item = (Date, Figures)> {
        let whole = move |date: Date| self.first <= date && date < self.end;
        sums.days().into_iter().filter(move |(date, figures)| whole(*date) && figures.matters() > 0)
    }
}

/// Everything that is added up over replications.
#[derive(Clone, Debug)]
pub struct Gather {
    target: f64,
    whole: Cell,
    queues: Row,
    skills: Row,
    languages: Row,
    intents: Row,
    regions: Row,
    days: Row,
    intervals: Row,
    staff: Vec<Staff>,
    weekday: Weekday,
    waits: Pooled,
    whole_days: WholeDays,
    /// Whole days with calls, and those among them that met the target.
    days_seen: u64,
    days_met: u64,
    /// The same over replications, and the most such days of one.
    days_on_target: Ratio,
    most_days: u64,
    /// Of each replication in batches: the correlation of the mean waits of neighbours, and how many there are.
    alike: Vec<(f64, usize)>,
    /// Replications whose sums are in.
    n: u64,
    sums: Option<Sums>,
}

impl Gather {
    /// Nothing yet.
    pub fn new(scenario: &Scenario) -> Gather {
        Gather {
            target: scenario.measures.target,
            whole: Cell::whole(),
            queues: Row::default(),
            skills: Row::default(),
            languages: Row::default(),
            intents: Row::default(),
            regions: Row::default(),
            days: Row::default(),
            intervals: Row::default(),
            staff: Vec::new(),
            weekday: Weekday::new(scenario.measures.interval),
            waits: Pooled::default(),
            whole_days: WholeDays::of(scenario),
            days_seen: 0,
            days_met: 0,
            days_on_target: Ratio::default(),
            most_days: 0,
            alike: Vec::new(),
            n: 0,
            sums: None,
        }
    }

    /// Counts one replication: its sums, or those of its batches, each of which is then a sample of its own. What is told
    /// apart by time has one sample a replication.
    pub fn add(&mut self, parts: Vec<Sums>) {
        parts.iter().for_each(|part| self.add_part(part));
        self.add_batches(&parts);
        let mut parts = parts.into_iter();
        let Some(mut sums) = parts.next() else { return };
        parts.for_each(|part| sums.merge(&part));
        self.add_days(&sums);
        self.add_intervals(&sums);
        self.weekday.add(&sums, self.whole_days.open(&sums).map(|(date, _)| date));
        self.n += 1;
        match &mut self.sums {
            Some(all) => all.merge(&sums),
            None => self.sums = Some(sums),
        }
    }

    fn add_part(&mut self, sums: &Sums) {
        self.whole.add(&sums.total());
        self.queues.add(Cell::whole, sums.queues.iter().map(|queue| queue.figures));
        let skills = (0..sums.names.skills.len()).map(|i| sums.skill(SkillId(u16::try_from(i).unwrap_or(u16::MAX))));
        self.skills.add(Cell::whole, skills);
        self.languages.add(Cell::whole, sums.languages.iter().copied());
        self.intents.add(Cell::whole, sums.intents.iter().copied());
        self.regions.add(Cell::whole, sums.regions.iter().copied());
        self.waits.add(&sums.waits_answered());
    }

    /// Notes whether batches are alike, which they should not be more than by chance.
    fn add_batches(&mut self, parts: &[Sums]) {
        let Some(wait) = measure::named("wait").filter(|_| parts.len() > 1) else { return };
        let waits: Vec<f64> = parts.iter().filter_map(|part| wait.value(&part.total())).collect();
        self.alike.extend(lag_one_correlation(&waits).map(|alike| (alike, waits.len())));
    }

    /// How alike the mean waits of neighbouring batches are (their correlation, weighed by the number of batches), and how
    /// many batches that is from; `None`: there are too few to tell.
    pub fn alike(&self) -> Option<(f64, usize)> {
        let n = self.alike.iter().map(|(_, n)| n).sum::<usize>();
        let sum: f64 = self.alike.iter().map(|(alike, n)| alike * *n as f64).sum();
        (n > 0).then(|| (sum / n as f64, n))
    }

    fn add_days(&mut self, sums: &Sums) {
        if let Some(level) = measure::named("service_level") {
            let levels = self.whole_days.open(sums).filter_map(|(_, figures)| level.value(&figures));
            let (seen, met) = levels.fold((0, 0), |(seen, met), l| (seen + 1, met + u64::from(l >= self.target)));
            self.days_seen += seen;
            self.days_met += met;
            self.most_days = self.most_days.max(seen);
            self.days_on_target.add(Fraction { num: met as f64, den: seen as f64 });
        }
        self.days.add(Cell::main, sums.days().into_iter().map(|(_, figures)| figures));
    }

    fn add_intervals(&mut self, sums: &Sums) {
        self.intervals.add(Cell::main, sums.intervals.iter().map(|interval| interval.figures));
        self.staff.resize(self.staff.len().max(sums.intervals.len()), Staff::default());
        for (staff, interval) in self.staff.iter_mut().zip(&sums.intervals) {
            staff.add(&interval.figures, interval.observed);
        }
    }

    /// All calls.
    pub fn whole(&self) -> &Cell {
        &self.whole
    }

    /// All sums.
    pub fn sums(&self) -> Option<&Sums> {
        self.sums.as_ref()
    }

    /// All sums, taken out.
    pub fn into_sums(self) -> Option<Sums> {
        self.sums
    }

    /// Parts by queue, skill, language, intent and region, of those that any call belongs to.
    pub fn parts(&self) -> [Vec<Part>; 5] {
        let Some(sums) = &self.sums else { return Default::default() };
        let unknown = || Some("(not known)".into());
        let intents = sums.names.intents.iter().cloned().chain(unknown());
        let regions = unknown().into_iter().chain((1..sums.regions.len()).map(region));
        [
            self.queues.parts(&sums.names.queues),
            self.skills.parts(&sums.names.skills),
            self.languages.parts(&sums.names.languages),
            self.intents.parts(intents),
            self.regions.parts(regions),
        ]
        .map(|parts| parts.into_iter().filter(Part::is_anybody).collect())
    }

    /// By day.
    pub fn days(&self) -> Vec<Part> {
        let days = self.sums.as_ref().map(Sums::days).unwrap_or_default();
        let parts = self.days.parts(days.iter().map(|(date, _)| *date));
        // The night after the last day has neither calls nor agents.
        let any = |(_, (_, figures)): &(Part, &(Date, Figures))| figures.offered() + figures.agent_on_shift() > 0;
        parts.into_iter().zip(&days).filter(any).map(|(part, _)| part).collect()
    }

    /// By interval.
    pub fn intervals(&self, clock: &LocalClock) -> Vec<Interval> {
        let known = self.sums.iter().flat_map(|sums| &sums.intervals);
        let cells = self.intervals.cells.iter().zip(&self.staff);
        let one = |((cell, staff), interval): ((&Cell, &Staff), &crate::record::tally::Interval)| {
            staff.interval(interval.date.to_string(), clock.local(interval.start).1, cell)
        };
        cells.zip(known).map(one).collect()
    }

    /// A mean weekday, by interval.
    pub fn weekday(&self) -> Vec<Interval> {
        self.weekday.intervals()
    }

    /// Quantiles of the waits of all answered calls together.
    pub fn quantiles(&self) -> Vec<Quantile> {
        QUANTILES.iter().map(|p| self.waits.quantile(*p)).collect()
    }

    /// How often the target was met. Days of one replication have much in common, so that only replications are trials; of one
    /// day each, they are Wilson's. So are those of which every day met it, or none: they have no spread to go by.
    pub fn target(&self, threshold: f64) -> Target {
        let all = |met: u64| wilson(met, self.days_on_target.n(), LEVEL);
        let days_met = match self.most_days {
            0 | 1 => wilson(self.days_met, self.days_seen, LEVEL),
            _ if self.days_met == 0 => all(0),
            _ if self.days_met == self.days_seen => all(self.days_on_target.n()),
            _ => self.days_on_target.estimate(LEVEL).within(0.0, 1.0),
        };
        Target { threshold, share: self.target, days_met, days: self.days_seen }
    }

    /// The waits in some thirty classes: of one second at first, wider and wider after.
    pub fn waits(&self) -> Vec<WaitClass> {
        let Some(sums) = &self.sums else { return Vec::new() };
        let (answered, abandoned) = (sums.waits_answered(), sums.waits_abandoned());
        let mut classes: Vec<WaitClass> = Vec::new();
        let mut from = 0.0;
        for to in BOUNDS {
            classes.push(WaitClass { from, to, answered: 0, abandoned: 0 });
            from = to;
        }
        let place = |seconds: f64| BOUNDS.partition_point(|bound| *bound <= seconds).min(BOUNDS.len() - 1);
        for (at, _, count) in answered.classes() {
            classes[place(at.as_secs_f64())].answered += count;
        }
        for (at, _, count) in abandoned.classes() {
            classes[place(at.as_secs_f64())].abandoned += count;
        }
        let last = classes.iter().rposition(|class| class.answered + class.abandoned > 0);
        classes.truncate(last.map_or(0, |last| last + 1));
        classes
    }

    /// The menu tree, of those nodes that any call entered.
    pub fn nodes(&self) -> Vec<Node> {
        let Some(sums) = &self.sums else { return Vec::new() };
        let mean = |count: u64| count as f64 / self.n as f64;
        let one = |(node, name): (&crate::record::tally::NodeSums, &std::sync::Arc<str>)| Node {
            name: name.to_string(),
            visits: mean(node.visits),
            no_input: mean(node.no_input),
            no_match: mean(node.no_match),
            lost: mean(node.lost),
            lost_waiting: mean(node.lost_waiting),
            seconds: (node.visits > 0).then(|| node.time as f64 / 1e6 / node.visits as f64),
        };
        sums.nodes.iter().zip(&sums.names.nodes).filter(|(node, _)| node.visits > 0).map(one).collect()
    }
}

/// Upper bounds of the classes of waits, seconds; the last class holds all that is longer too.
const BOUNDS: [f64; 30] = [
    1.0, 2.0, 3.0, 5.0, 7.0, 10.0, 15.0, 20.0, 25.0, 30.0, 40.0, 50.0, 60.0, 80.0, 100.0, 120.0, 150.0, 180.0, 240.0,
    300.0, 360.0, 420.0, 480.0, 600.0, 720.0, 900.0, 1200.0, 1800.0, 3600.0, 86400.0,
];

impl Part {
    /// Whether any call belongs to it.
    fn is_anybody(&self) -> bool {
        let any = |name: &str| super::summary::estimate_of(&self.measures, name).and_then(|e| e.value) > Some(0.0);
        any("offered") || any("queued") || any("answered")
    }
}

/// The name of a region by its place.
fn region(place: usize) -> std::sync::Arc<str> {
    let known = crate::registry::Region::ALL.get(place.wrapping_sub(1));
    known.map_or_else(|| format!("region {place}").into(), |region| region.word().into())
}
