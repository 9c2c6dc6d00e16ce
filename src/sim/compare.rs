//! The same callers through two designs: what differs, how surely, and for whom.
//!
//! Both designs have the same seed, so that a caller has the same number (her lot), matter, patience and way of keying in
//! both. Differences are taken replication by replication, which leaves out of the intervals what both have in common.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::ControlFlow,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use serde::Serialize;

use super::{
    crew,
    gather::{Cell, fraction, main_measures},
    paths::{Fork, Journey, Key, Names, Numbered, Paths},
    replicate::{Counted, Options, Progress, SimError, published},
    summary::{LEVEL, Warning, shown_difference},
    warn::few,
};
use crate::{
    people::crowd::caller_of,
    random::Seed,
    record::figures::Figures,
    scenario::{Scenario, Stage},
    stats::{Estimate, Fraction, paired_ratio_difference},
    time::LocalClock,
};

/// So many kinds of forks are told, and so many callers as examples of each.
const FORKS: usize = 20;
const EXAMPLES: usize = 3;

/// A measure in both designs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// Its name in the catalogue.
    pub name: &'static str,
    /// Its unit.
    pub unit: &'static str,
    /// In the first design.
    pub a: Estimate,
    /// In the second.
    pub b: Estimate,
    /// Second less first, by pairs of replications with the same callers.
    pub difference: Estimate,
    /// Half the width that its interval would have with other callers in each design.
    pub independent_half_width: Option<f64>,
}

/// Callers whose calls ended one way in the first design and another in the second.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Moved {
    /// How they ended in the first.
    pub from: String,
    /// How they ended in the second.
    pub to: String,
    /// How many.
    pub calls: u64,
}

/// A node up to which paths are the same, and after which they part.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Parting {
    /// The last node that both entered; empty where they began apart.
    pub node: String,
    /// What came next in the first design.
    pub a: String,
    /// What came next in the second.
    pub b: String,
    /// How many callers whose outcome changed parted here.
    pub calls: u64,
    /// Some of them.
    pub examples: Vec<Example>,
}

/// A caller whose outcome changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Example {
    /// In which replication.
    pub replication: u32,
    /// Her number in the replication, in hexadecimal: the same in every call she makes, and in both designs.
    pub caller: String,
    /// What the chance of this call is keyed by: its `lot` in `calls.parquet`, in both designs.
    pub lot: i64,
    /// Which call for her matter.
    pub attempt: u8,
    /// When she called in the first design, local time.
    pub called: String,
    /// How it ended in the first design.
    pub from: String,
    /// How it ended in the second.
    pub to: String,
}

/// What two designs do to the same callers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// The first design's name.
    pub a: String,
    /// The second's.
    pub b: String,
    /// The seed of both.
    pub seed: u64,
    /// Pairs of replications.
    pub replications: u32,
    /// The run was cut short.
    pub partial: bool,
    /// The measures.
    pub differences: Vec<Difference>,
    /// Calls made in both designs.
    pub matched: u64,
    /// Calls made in the first alone (who was served in the second does not call again).
    pub only_a: u64,
    /// Calls made in the second alone.
    pub only_b: u64,
    /// Calls made in both of which at least one had not ended when its run did.
    pub unfinished: u64,
    /// Calls that ended otherwise, most frequent first.
    pub moved: Vec<Moved>,
    /// Where their paths part, most frequent first.
    pub partings: Vec<Parting>,
    /// What to heed.
    pub warnings: Vec<Warning>,
}

/// Runs both designs with the same seed, replication by replication; with a precision the most replications it allows.
/// See [`super::replicate::replicate`] for `cancel` and `progress`.
///
/// # Errors
/// This program has a fault.
pub fn compare(
    a: &Scenario,
    b: &Scenario,
    options: &Options,
    cancel: &AtomicBool,
    progress: &mut dyn FnMut(Progress),
) -> Result<Comparison, SimError> {
    let stage_a = Stage::of(a);
    let stage_b = if a.registry == b.registry { stage_a.clone() } else { Stage::of(b) };
    let mut names = Names::default();
    let designs = [
        Design { scenario: a, stage: stage_a, versions: numbered(a, &mut names) },
        Design { scenario: b, stage: stage_b, versions: numbered(b, &mut names) },
    ];
    let asked = options.most(a);
    let mut sum = Sum::default();
    let work = |nth| pair(&designs, [options.seed_of(a, nth), options.seed_of(a, nth)], cancel);
    let take = |_, pair: Pair| {
        sum.add(pair);
        progress(Progress { done: sum.replications, total: asked, too_wide: None, calls: sum.calls });
        ControlFlow::Continue(())
    };
    crew::in_order(options.threads, asked, cancel, work, take).map_err(|p| SimError::panicked(a, options, p))?;
    let seed = options.seed_of(a, 0).seed;
    let partial = sum.replications < asked;
    Ok(sum.told([a, b], seed, partial, &names))
}

/// One of the two.
struct Design<'a> {
    scenario: &'a Scenario,
    stage: Stage,
    versions: Vec<Numbered>,
}

fn numbered(scenario: &Scenario, names: &mut Names) -> Vec<Numbered> {
    let scripts = std::iter::once(&scenario.script).chain(published(scenario));
    scripts.map(|script| Numbered { script: script.clone(), nodes: names.number(script) }).collect()
}

/// What a pair of replications says.
struct Pair {
    /// A pair a batch, or one.
    figures: Vec<(Figures, Figures)>,
    calls: u64,
    matched: Matched,
}

/// Plays both designs side by side, stretch by stretch, so that only callers who are in one and not yet in the other are
/// remembered. `None`: it was cancelled.
fn pair(designs: &[Design<'_>; 2], seeds: [Seed; 2], cancel: &AtomicBool) -> Option<Pair> {
    let [a, b] = designs;
    let mut runs = [Counted::new(a.scenario, &a.stage, seeds[0]), Counted::new(b.scenario, &b.stage, seeds[1])];
    let mut paths = [Paths::new(a.versions.clone()), Paths::new(b.versions.clone())];
    let mut matched = Matched::new(seeds[0].replication);
    while runs.iter().any(Counted::goes_on) {
        if cancel.load(Ordering::Relaxed) {
            return None;
        }
        for (side, (run, paths)) in runs.iter_mut().zip(&mut paths).enumerate().filter(|(_, (run, _))| run.goes_on()) {
            run.step(&mut |event| {
                if let Some((key, journey)) = paths.event(event) {
                    matched.ended(side, key, journey, &a.scenario.clock);
                }
            });
        }
    }
    let calls = runs.iter().map(Counted::calls).sum();
    let open = paths.map(|paths| paths.unfinished().collect::<BTreeSet<Key>>());
    let [a, b] = runs.map(|run| run.finish().iter().map(crate::record::tally::Sums::total).collect::<Vec<_>>());
    Some(Pair { figures: a.into_iter().zip(b).collect(), calls, matched: matched.over(&open) })
}

/// Callers of one replication, held against each other.
struct Matched {
    replication: u32,
    /// Calls that ended in one design and not yet in the other.
    waiting: [BTreeMap<Key, Journey>; 2],
    alone: [u64; 2],
    /// Made in both, and not ended in one of them.
    unfinished: u64,
    matched: u64,
    moved: BTreeMap<(Arc<str>, Arc<str>), u64>,
    queues: Queues,
    forks: BTreeMap<Fork, (u64, Vec<Example>)>,
}

/// Calls answered in both designs: by what the caller wanted, the queue in the first design and in the second.
type Queues = BTreeMap<(Arc<str>, Arc<str>, Arc<str>), u64>;

/// Calls by the queue in the first design and another in the second.
type Ways<'a> = BTreeMap<(&'a str, &'a str), u64>;

impl Matched {
    fn new(replication: u32) -> Matched {
        Matched {
            replication,
            waiting: Default::default(),
            alone: [0; 2],
            unfinished: 0,
            matched: 0,
            moved: BTreeMap::new(),
            queues: Queues::new(),
            forks: BTreeMap::new(),
        }
    }

    /// A call ended in one design.
    fn ended(&mut self, side: usize, key: Key, journey: Journey, clock: &LocalClock) {
        let Some(other) = self.waiting[1 - side].remove(&key) else {
            self.waiting[side].insert(key, journey);
            return;
        };
        self.matched += 1;
        let (a, b) = if side == 0 { (journey, other) } else { (other, journey) };
        if let (Some((intent, from)), Some((_, to))) = (&a.answered_for, &b.answered_for) {
            *self.queues.entry((intent.clone(), from.clone(), to.clone())).or_default() += 1;
        }
        if a.ending == b.ending {
            return;
        }
        *self.moved.entry((a.ending.clone(), b.ending.clone())).or_default() += 1;
        let (count, examples) = self.forks.entry(Fork::of(&a, &b)).or_default();
        *count += 1;
        if examples.len() < EXAMPLES {
            let (date, time) = clock.local(a.began);
            examples.push(Example {
                replication: self.replication,
                caller: format!("{:016x}", caller_of(key.lot, key.attempt)),
                lot: key.lot.cast_signed(),
                attempt: key.attempt,
                called: format!("{date} {time}"),
                from: a.ending.to_string(),
                to: b.ending.to_string(),
            });
        }
    }

    /// Both runs are over, with these calls in progress. Calls that ended in one design and are neither in progress in the
    /// other nor ended there were made in that one alone; so were calls in progress in one that the other never saw.
    fn over(mut self, open: &[BTreeSet<Key>; 2]) -> Matched {
        for (side, other) in [(0, 1), (1, 0)] {
            let ended = self.waiting[side].keys().filter(|key| !open[other].contains(key)).count();
            let unknown = |key: &&Key| !open[other].contains(key) && !self.waiting[other].contains_key(key);
            let going_on = open[side].iter().filter(unknown).count();
            self.alone[side] = (ended + going_on) as u64;
        }
        let half = |side: usize| open[side].iter().filter(|key| self.waiting[1 - side].contains_key(key)).count();
        self.unfinished = (half(0) + half(1) + open[0].intersection(&open[1]).count()) as u64;
        self.waiting = Default::default();
        self
    }
}

/// All pairs so far.
#[derive(Default)]
struct Sum {
    replications: u32,
    calls: u64,
    figures: Vec<(Figures, Figures)>,
    matched: u64,
    unfinished: u64,
    alone: [u64; 2],
    moved: BTreeMap<(Arc<str>, Arc<str>), u64>,
    queues: Queues,
    forks: BTreeMap<Fork, (u64, Vec<Example>)>,
}

impl Sum {
    fn add(&mut self, pair: Pair) {
        self.replications += 1;
        self.calls += pair.calls;
        self.figures.extend(pair.figures);
        self.matched += pair.matched.matched;
        self.unfinished += pair.matched.unfinished;
        self.alone = [0, 1].map(|side| self.alone[side] + pair.matched.alone[side]);
        for (moved, calls) in pair.matched.moved {
            *self.moved.entry(moved).or_default() += calls;
        }
        for (queues, calls) in pair.matched.queues {
            *self.queues.entry(queues).or_default() += calls;
        }
        for (fork, (calls, examples)) in pair.matched.forks {
            let (sum, known) = self.forks.entry(fork).or_default();
            *sum += calls;
            let room = EXAMPLES.saturating_sub(known.len());
            known.extend(examples.into_iter().take(room));
        }
    }

    fn told(self, [a, b]: [&Scenario; 2], seed: u64, partial: bool, names: &Names) -> Comparison {
        let differences = differences(&self.figures);
        let said = |of: &Scenario| of.warnings.iter().map(|text| (of.name.clone(), text.clone())).collect::<Vec<_>>();
        let said = said(a).into_iter().chain(said(b));
        let told = said.map(|(name, text)| Warning { code: "scenario", text: format!("{name}: {text}") });
        let mut warnings: Vec<Warning> = told.collect();
        warnings.extend(self::warnings(&differences, self.replications, self.matched, self.figures.len()));
        warnings.extend(rerouted(&self.queues));
        let moved = self.moved.into_iter().map(|((from, to), calls)| Moved {
            from: from.to_string(),
            to: to.to_string(),
            calls,
        });
        let mut moved: Vec<Moved> = moved.collect();
        moved.sort_by_key(|moved| std::cmp::Reverse(moved.calls));
        let mut forks: Vec<_> = self.forks.into_iter().collect();
        forks.sort_by_key(|(_, (calls, _))| std::cmp::Reverse(*calls));
        let parting = |(fork, (calls, examples)): (Fork, (u64, Vec<Example>))| Parting {
            node: fork.node.map_or_else(String::new, |node| names.name(node).to_owned()),
            a: fork.a.told(names),
            b: fork.b.told(names),
            calls,
            examples,
        };
        Comparison {
            a: a.name.to_string(),
            b: b.name.to_string(),
            seed,
            replications: self.replications,
            partial,
            differences,
            matched: self.matched,
            only_a: self.alone[0],
            only_b: self.alone[1],
            unfinished: self.unfinished,
            moved,
            partings: forks.into_iter().take(FORKS).map(parting).collect(),
            warnings,
        }
    }
}

fn differences(figures: &[(Figures, Figures)]) -> Vec<Difference> {
    let (mut of_a, mut of_b) = (Cell::main(), Cell::main());
    for (a, b) in figures {
        of_a.add(a);
        of_b.add(b);
    }
    let one = |measure: &'static crate::record::measure::Measure| {
        let pairs: Vec<(Fraction, Fraction)> =
            figures.iter().map(|(a, b)| (fraction(measure, a), fraction(measure, b))).collect();
        let nothing = || Estimate::absent(LEVEL, figures.len() as u64);
        let a = of_a.estimate(measure.name).unwrap_or_else(nothing);
        let b = of_b.estimate(measure.name).unwrap_or_else(nothing);
        let half = |cell: &Cell| cell.uncut(measure.name).and_then(|whole| whole.half_width());
        Difference {
            name: measure.name,
            unit: measure.unit.name(),
            a,
            b,
            difference: paired_ratio_difference(&pairs, LEVEL),
            // Variances of independent samples add up.
            independent_half_width: half(&of_a).zip(half(&of_b)).map(|(a, b)| libm::sqrt(a * a + b * b)),
        }
    };
    main_measures().map(one).collect()
}

/// The measures whose difference is claimed when two designs are compared.
const CLAIMED: [&str; 4] = ["service_level", "abandonment", "wait", "occupancy"];

/// From this share on, calls answered from another queue than in the first design are warned of; of fewer calls than
/// [`FEWEST`] nothing is said.
const REROUTED: f64 = 0.05;
const FEWEST: u64 = 20;

/// Handle times are those of the queue: whoever is answered from another one is served in another time for the same matter,
/// which is no gain of the design.
fn rerouted(queues: &Queues) -> Option<Warning> {
    let mut intents: BTreeMap<&str, (u64, u64, Ways<'_>)> = BTreeMap::new();
    for ((intent, from, to), calls) in queues {
        let (all, other, ways) = intents.entry(&**intent).or_default();
        *all += calls;
        if from != to {
            *other += calls;
            *ways.entry((&**from, &**to)).or_default() += calls;
        }
    }
    let told =
        intents.into_iter().filter(|(_, (all, other, _))| *all >= FEWEST && *other as f64 >= REROUTED * *all as f64);
    let told = told.filter_map(|(intent, (all, other, ways))| {
        let ((from, to), _) = ways.into_iter().max_by_key(|(_, calls)| *calls)?;
        Some(format!("{intent} {:.0} % (most from `{from}` to `{to}`)", other as f64 / all as f64 * 100.0))
    });
    let told = told.collect::<Vec<_>>();
    (!told.is_empty()).then(|| Warning {
        code: "other-queue",
        text: format!(
            "callers with the same matter are answered from other queues in the second design: {}; handle times are those of \
             the queue, so part of the difference may be of that alone; give [handling] `by_intent`, or look at the menus",
            told.join(", ")
        ),
    })
}

fn warnings(differences: &[Difference], replications: u32, matched: u64, sample: usize) -> Vec<Warning> {
    let mut told = Vec::new();
    let mut warn = |code: &'static str, text: String| told.push(Warning { code, text });
    if replications == 0 {
        warn("nothing", "no replication was finished, so there is nothing to tell; let it run longer".to_owned());
        return told;
    }
    if sample < 2 {
        let text = "a single replication: nothing is known about how far chance moves these differences; run with \
                    --replications 10 or more";
        warn("no-interval", text.to_owned());
    } else if sample == replications as usize
        && let Some(few) = few(replications)
    {
        warn(few.code, few.text);
    }
    if matched == 0 {
        let text = "no caller was in both designs, so the differences are those of different callers; compare designs \
                    with the same demand";
        warn("no-callers", text.to_owned());
    }
    for one in differences.iter().filter(|one| CLAIMED.contains(&one.name)) {
        let Estimate { value: Some(value), low: Some(low), high: Some(high), .. } = one.difference else { continue };
        if one.difference.contains(0.0) && high > low {
            let text = format!(
                "{}: no difference shown; the interval of {} is from {} to {} and holds zero",
                one.name,
                shown_difference(one.unit, value),
                shown_difference(one.unit, low),
                shown_difference(one.unit, high)
            );
            warn("no-difference", text);
        }
    }
    told
}
