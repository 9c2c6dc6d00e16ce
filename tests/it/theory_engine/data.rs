//! The engine against data: callers of the ordinary day against the record of public call centres, those of `bank_1999`
//! against the telephone bank's.

use std::{fmt::Write, num::NonZeroUsize, ops::ControlFlow, sync::atomic::AtomicBool};

use hatif::{
    random::Seed,
    record::{figures::Figures, tally::Sums},
    scenario::{Scenario, Stage},
    sim::{crew, play::Play, replicate::tally},
    stats::{Estimate, Fraction, Ratio},
};

use super::{table::grouped, trial::set};

/// Mean wait in minutes (the middle of a class, which holds whole minutes), and the quartiles of abandonment in it: 1,561
/// state-months of the call centres of US Medicaid and CHIP, March 2023 to October 2025. The class above 45 minutes has no
/// middle and is left out.
const BAND: [(f64, [f64; 3]); 9] = [
    (0.0, [0.005, 0.009, 0.020]),
    (1.0, [0.013, 0.023, 0.050]),
    (2.5, [0.037, 0.055, 0.092]),
    (5.0, [0.050, 0.083, 0.117]),
    (8.5, [0.073, 0.140, 0.192]),
    (13.0, [0.150, 0.189, 0.235]),
    (18.0, [0.179, 0.224, 0.282]),
    (25.5, [0.179, 0.280, 0.360]),
    (38.0, [0.235, 0.300, 0.440]),
];

/// The quartiles at a mean wait: straight between the middles of the classes.
fn quartiles(minutes: f64) -> Option<[f64; 3]> {
    let above = BAND.iter().position(|(middle, _)| *middle >= minutes)?;
    let ((from, low), (to, high)) = (BAND[above.saturating_sub(1)], BAND[above]);
    let share = if to > from { (minutes - from) / (to - from) } else { 1.0 };
    Some(std::array::from_fn(|i| low[i] + share * (high[i] - low[i])))
}

/// Mean wait and share who hang up, both over all calls that stood in a queue.
#[derive(Clone, Copy, Debug, Default)]
struct Point {
    wait: Ratio,
    abandonment: Ratio,
}

impl Point {
    fn add(&mut self, figures: &Figures) {
        let queued = figures.queued() as f64;
        self.wait.add(Fraction { num: figures.waited() as f64 / 1e6, den: queued });
        self.abandonment.add(Fraction { num: figures.abandoned() as f64, den: queued });
    }

    fn values(&self) -> (f64, f64) {
        (self.wait.value().unwrap_or(f64::NAN), self.abandonment.value().unwrap_or(f64::NAN))
    }
}

/// The sums of each replication.
fn replications(scenario: &Scenario, stage: &Stage, count: u32, threads: NonZeroUsize) -> Vec<Sums> {
    let work = |replication| {
        let mut play = Play::new(scenario, stage, Seed { seed: scenario.seed, replication });
        let mut tally = tally(scenario);
        while play.goes_on() {
            play.step(None, &mut |event| tally.event(event));
        }
        Some(tally.finish(play.now()))
    };
    let mut all = Vec::new();
    let take = |_, sums| {
        all.push(sums);
        ControlFlow::Continue(())
    };
    let done = crew::in_order(threads, count, &AtomicBool::new(false), work, take);
    assert!(done.is_ok(), "a replication failed");
    all
}

fn percent(found: &Estimate) -> String {
    let half = found.half_width().unwrap_or(f64::NAN);
    format!("{:.1} ± {:.1} %", found.value.unwrap_or(f64::NAN) * 100.0, half * 100.0)
}

/// The ordinary day with one staffing.
struct Staffed {
    agents: u32,
    point: Point,
    /// Single days inside the band, of those whose mean wait the band knows.
    days_inside: (usize, usize),
    calls: u64,
}

impl Staffed {
    fn is_inside(&self) -> bool {
        is_inside(self.point.values()) == Some(true)
    }
}

fn is_inside((wait, abandonment): (f64, f64)) -> Option<bool> {
    let [low, _, high] = quartiles(wait / 60.0)?;
    Some(low <= abandonment && abandonment <= high)
}

fn staffings(agents: &[u32], settings: &[&str], days: u32, threads: NonZeroUsize) -> Vec<Staffed> {
    let scenario = |agents: u32| {
        let mut settings: Vec<String> = settings.iter().map(|text| (*text).to_owned()).collect();
        settings.push(format!("staffing.total={agents}"));
        set("ordinary_day", &settings)
    };
    let stage = Stage::of(&scenario(80));
    let one = |&agents: &u32| {
        let days = replications(&scenario(agents), &stage, days, threads);
        let mut staffed = Staffed { agents, point: Point::default(), days_inside: (0, 0), calls: 0 };
        for day in days.iter().map(Sums::total) {
            staffed.point.add(&day);
            staffed.calls += day.offered();
            let mut alone = Point::default();
            alone.add(&day);
            if let Some(inside) = is_inside(alone.values()) {
                staffed.days_inside.0 += usize::from(inside);
                staffed.days_inside.1 += 1;
            }
        }
        staffed
    };
    agents.iter().map(one).collect()
}

fn staffing_table(points: &[Staffed]) -> String {
    let mut text = String::from(
        "| advisers | mean wait | abandonment (95 %) | quartile 1 | median | quartile 3 | inside? | wait ÷ abandonment | \
         days inside | calls |\n| --: | --: | --: | --: | --: | --: | --- | --: | --: | --: |\n",
    );
    for point in points {
        let (wait, abandonment) = point.point.values();
        let [low, middle, high] =
            quartiles(wait / 60.0).unwrap_or([f64::NAN; 3]).map(|share| format!("{:.1} %", share * 100.0));
        let _ = writeln!(
            text,
            "| {} | {:.2} min | {} | {low} | {middle} | {high} | {} | {:.0} min | {} of {} | {} |",
            point.agents,
            wait / 60.0,
            percent(&point.point.abandonment.estimate(0.95)),
            if point.is_inside() { "yes" } else { "NO" },
            wait / 60.0 / abandonment,
            point.days_inside.0,
            point.days_inside.1,
            grouped(point.calls),
        );
    }
    let inside = points.iter().filter(|point| point.is_inside()).count();
    let _ = writeln!(text, "\n{inside} of {} points lie inside the quartile band.", points.len());
    text
}

/// The bank's days by mean wait, seconds, and the share of calls whose caller hung up.
const BANK: [(f64, f64, f64); 7] = [
    (0.0, 20.0, 0.066),
    (20.0, 30.0, 0.081),
    (30.0, 40.0, 0.112),
    (40.0, 60.0, 0.152),
    (60.0, 80.0, 0.198),
    (80.0, 100.0, 0.247),
    (100.0, 150.0, 0.323),
];

/// A class of days.
struct Class {
    from: f64,
    to: f64,
    known: f64,
    /// What half of the way to the classes beside it allows.
    spread: (f64, f64),
    /// Of the simulated days in it.
    point: Point,
}

impl Class {
    fn is_inside(&self) -> bool {
        let (_, rate) = self.point.values();
        self.spread.0 <= rate && rate <= self.spread.1
    }
}

/// The classes of days on which callers waited. On the others the record's rate is mostly made of hang-ups that no wait
/// explains; docs/validation.md says more.
fn with_waiting(classes: &[Class]) -> &[Class] {
    &classes[1..]
}

/// The week of the bank with several staffings, its days by their mean wait. Where the record's classes end is told by the
/// rates of the classes beside: a class may be off by half of the step to the next one.
fn bank(agents: std::ops::RangeInclusive<u32>, weeks: u32, threads: NonZeroUsize) -> Vec<Class> {
    let known = |i: usize| BANK[i].2;
    let class = |(i, &(from, to, rate)): (usize, &(f64, f64, f64))| {
        let last = BANK.len() - 1;
        // The first and the last class reach as far outwards as inwards.
        let up = if i < last { (known(i + 1) - rate) / 2.0 } else { (rate - known(i - 1)) / 2.0 };
        let down = if i > 0 { (rate - known(i - 1)) / 2.0 } else { (known(i + 1) - rate) / 2.0 };
        Class { from, to, known: rate, spread: (rate - down, rate + up), point: Point::default() }
    };
    let mut classes: Vec<Class> = BANK.iter().enumerate().map(class).collect();
    for agents in agents {
        let scenario = set("bank_1999", &[format!("staffing.total={agents}")]);
        let stage = Stage::of(&scenario);
        for sums in replications(&scenario, &stage, weeks, threads) {
            for (_, day) in sums.days().into_iter().filter(|(_, day)| day.queued() > 0) {
                let wait = day.waited() as f64 / 1e6 / day.queued() as f64;
                if let Some(class) = classes.iter_mut().find(|class| class.from <= wait && wait < class.to) {
                    class.point.add(&day);
                }
            }
        }
    }
    classes
}

fn bank_table(classes: &[Class]) -> String {
    let mut text = String::from(
        "| daily mean wait | hang-up rate of the record | its spread | simulated (95 %) | inside? | mean wait of those days | \
         days |\n| --: | --: | --: | --: | --- | --: | --: |\n",
    );
    for class in classes {
        let (wait, _) = class.point.values();
        let _ = writeln!(
            text,
            "| {:.0}-{:.0} s | {:.1} % | {:.1} to {:.1} % | {} | {} | {wait:.1} s | {} |",
            class.from,
            class.to,
            class.known * 100.0,
            class.spread.0 * 100.0,
            class.spread.1 * 100.0,
            percent(&class.point.abandonment.estimate(0.95)),
            if class.is_inside() { "yes" } else { "NO" },
            grouped(class.point.wait.n()),
        );
    }
    let inside = classes.iter().filter(|class| class.is_inside()).count();
    let _ = writeln!(text, "\n{inside} of {} classes lie inside.", classes.len());
    text
}

/// Tables and whether all points lie inside.
pub fn tables(threads: NonZeroUsize) -> ([(&'static str, String); 2], bool) {
    let agents: Vec<u32> = (50..=90).step_by(2).collect();
    let points = staffings(&agents, &[], 20, threads);
    let classes = bank(5..=11, 60, threads);
    let all = points.iter().all(Staffed::is_inside) && with_waiting(&classes).iter().all(Class::is_inside);
    ([("data-staffing.md", staffing_table(&points)), ("data-bank.md", bank_table(&classes))], all)
}

#[test]
fn who_waits_on_the_ordinary_day_hangs_up_as_in_public_call_centres() {
    // Fewer people who call more often: the registry is smaller, and all else as it is.
    let settings = ["registry.size=100000", "demand.insured.factor=32"];
    let points = staffings(&[50, 65, 80], &settings, 2, NonZeroUsize::MIN);
    let table = staffing_table(&points);
    assert!(points.iter().all(Staffed::is_inside), "{table}");
}

#[test]
fn who_waits_at_the_bank_hangs_up_as_in_its_record() {
    let classes = bank(6..=9, 4, NonZeroUsize::MIN);
    let enough: Vec<&Class> = with_waiting(&classes).iter().filter(|class| class.point.wait.n() >= 4).collect();
    assert!(enough.len() >= 3, "{}", bank_table(&classes));
    // So few days move by chance: the interval must meet the spread.
    let meets = |class: &&Class| {
        let found = class.point.abandonment.estimate(0.95);
        found.low <= Some(class.spread.1) && found.high >= Some(class.spread.0)
    };
    assert!(enough.iter().all(meets), "{}", bank_table(&classes));
}

#[test]
fn the_band_is_straight_between_the_middles_of_its_classes() {
    let near = |minutes: f64, known: [f64; 3]| {
        let found = quartiles(minutes).expect("within the classes");
        found.iter().zip(known).all(|(found, known)| (found - known).abs() < 1e-12)
    };
    assert!(near(0.0, [0.005, 0.009, 0.020]) && near(1.0, [0.013, 0.023, 0.050]));
    assert!(near(15.5, [0.1645, 0.2065, 0.2585]));
    assert_eq!(quartiles(40.0), None);
}
