//! The sums of replications, one after the other, turned into estimates.

use super::summary::{Found, Interval, LEVEL, MAIN, Node, Part, Quantile, Target, WaitClass};
use crate::{
    id::SkillId,
    record::{
        figures::Figures,
        measure::{self, CATALOGUE, Measure},
        tally::Sums,
    },
    stats::{Estimate, Fraction, Ratio, quantile_interval, wilson},
    time::{Date, Duration, LocalClock},
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
    fn new(measures: &'static [&'static Measure]) -> Cell {
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
        for (ratio, measure) in self.ratios.iter_mut().zip(self.measures) {
            ratio.add(fraction(measure, figures));
        }
    }

    /// What was found.
    pub fn found(&self) -> Vec<Found> {
        let found = |(ratio, measure): (&Ratio, &&'static Measure)| Found::new(measure, ratio.estimate(LEVEL));
        self.ratios.iter().zip(self.measures).map(found).collect()
    }

    /// The estimate of one measure.
    pub fn estimate(&self, name: &str) -> Option<Estimate> {
        let i = self.measures.iter().position(|measure| measure.name == name)?;
        Some(self.ratios[i].estimate(LEVEL))
    }
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
struct Staff {
    on_shift: Ratio,
    busy: Ratio,
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
    quantiles: [Vec<f64>; QUANTILES.len()],
    /// Days with calls, and those among them that met the target.
    days_seen: u64,
    days_met: u64,
    /// Replications whose sums are in.
    n: u64,
    sums: Option<Sums>,
}

impl Gather {
    /// Nothing yet; `target` is the service level that a day should have.
    pub fn new(target: f64) -> Gather {
        Gather {
            target,
            whole: Cell::whole(),
            queues: Row::default(),
            skills: Row::default(),
            languages: Row::default(),
            intents: Row::default(),
            regions: Row::default(),
            days: Row::default(),
            intervals: Row::default(),
            staff: Vec::new(),
            quantiles: Default::default(),
            days_seen: 0,
            days_met: 0,
            n: 0,
            sums: None,
        }
    }

    /// Counts one replication: its sums, or those of its batches, each of which is then a sample of its own. What is told
    /// apart by time has one sample a replication.
    pub fn add(&mut self, parts: Vec<Sums>) {
        parts.iter().for_each(|part| self.add_part(part));
        let mut parts = parts.into_iter();
        let Some(mut sums) = parts.next() else { return };
        parts.for_each(|part| sums.merge(&part));
        self.add_days(&sums);
        self.add_intervals(&sums);
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
        let waits = sums.waits_answered();
        for (p, values) in QUANTILES.iter().zip(&mut self.quantiles) {
            values.extend(waits.quantile(*p).map(Duration::as_secs_f64));
        }
    }

    fn add_days(&mut self, sums: &Sums) {
        let days = sums.days();
        if let Some(level) = measure::named("service_level") {
            let levels = days.iter().filter_map(|(_, figures)| level.value(figures));
            let (seen, met) = levels.fold((0, 0), |(seen, met), l| (seen + 1, met + u64::from(l >= self.target)));
            self.days_seen += seen;
            self.days_met += met;
        }
        self.days.add(Cell::main, days.into_iter().map(|(_, figures)| figures));
    }

    fn add_intervals(&mut self, sums: &Sums) {
        self.intervals.add(Cell::main, sums.intervals.iter().map(|interval| interval.figures));
        self.staff.resize(self.staff.len().max(sums.intervals.len()), Staff::default());
        for (staff, interval) in self.staff.iter_mut().zip(&sums.intervals) {
            // Of hours, so that the squares keep all digits.
            let hours = |micros: u64| micros as f64 / 3.6e9;
            let (figures, den) = (&interval.figures, hours(interval.observed));
            staff.on_shift.add(Fraction { num: hours(figures.agent_on_shift()), den });
            staff.busy.add(Fraction { num: hours(figures.agent_work() + figures.agent_beyond_shift()), den });
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
        let one = |((cell, staff), interval): ((&Cell, &Staff), &crate::record::tally::Interval)| Interval {
            date: interval.date.to_string(),
            time: clock.local(interval.start).1.to_string(),
            staff: staff.on_shift.estimate(LEVEL),
            busy: staff.busy.estimate(LEVEL),
            measures: cell.found(),
        };
        cells.zip(known).map(one).collect()
    }

    /// Quantiles of the waits of answered calls.
    pub fn quantiles(&self) -> Vec<Quantile> {
        let one = |(&p, values): (&f64, &Vec<f64>)| {
            let mut sorted = values.clone();
            sorted.sort_by(f64::total_cmp);
            Quantile { p, seconds: quantile_interval(&sorted, 0.5, LEVEL) }
        };
        QUANTILES.iter().zip(&self.quantiles).map(one).collect()
    }

    /// How often the target was met.
    pub fn target(&self, threshold: f64) -> Target {
        Target { threshold, share: self.target, days_met: wilson(self.days_met, self.days_seen, LEVEL) }
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
