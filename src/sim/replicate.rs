//! Replications of a scenario on all cores, until there are enough of them.

use std::{
    num::{NonZeroU32, NonZeroUsize},
    ops::ControlFlow,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use super::{
    crew::{self, Panicked},
    gather::{Cell, Gather},
    play::Play,
    summary::{LEVEL, Summary, Warning},
    trace::Trace,
    warn,
};
use crate::{
    engine::Event,
    random::Seed,
    record::{
        figures::Field,
        row::{CallRow, Rows},
        tally::{Sums, Tally, TallyRules},
    },
    scenario::{Scenario, Stage},
    script::{Script, Versions},
    time::{Duration, Instant},
    world::incident::IncidentKind,
};

/// How a scenario is run.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// How many replications.
    pub runs: Runs,
    /// The root of all chance; `None`: the scenario's.
    pub seed: Option<u64>,
    /// On how many threads. The results do not depend on it.
    pub threads: NonZeroUsize,
    /// Hash every event of every replication.
    pub trace: bool,
}

/// How many replications.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Runs {
    /// As many as the scenario says.
    Scenario,
    /// So many.
    Count(NonZeroU32),
    /// Until the main measures are known so well.
    Precision(Precision),
}

/// When there are enough replications: the half-widths of the 95 % intervals of the main measures. Looked at after each
/// replication, in their order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Precision {
    /// Of the mean wait and the speed of answer, as a share of the value; above 0.
    pub relative: f64,
    /// Of the service level and the share who hang up, as a share of calls; above 0.
    pub absolute: f64,
    /// At most so many replications; there are always at least [`Precision::AT_LEAST`].
    pub at_most: NonZeroU32,
}

impl Precision {
    /// Fewer replications say too little about their own spread to stop by it.
    pub const AT_LEAST: u32 = 10;
}

/// How far a run has come.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// Replications finished.
    pub done: u32,
    /// Of how many; with a precision the most there can be.
    pub total: u32,
    /// With a precision: by which factor the widest half-width is still too wide, 1 or less when it is met.
    pub too_wide: Option<f64>,
    /// Calls in all of them so far.
    pub calls: u64,
}

/// Why a run came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum SimError {
    /// A fault of this program.
    #[error(
        "replication {replication} failed, which is a fault of hatif and not of the scenario: {message}; to replay: \
         hatif simulate {scenario} --seed {seed} --replications {}", .replication + 1
    )]
    Panicked {
        /// Which scenario.
        scenario: String,
        /// The seed.
        seed: u64,
        /// Which replication, from 0.
        replication: u32,
        /// What it said.
        message: String,
    },
}

/// Runs replications of `scenario` and sums them up. Once `cancel` is set no further replication is begun and those in
/// progress are thrown away; what was finished is summed up and marked as partial.
///
/// # Errors
/// This program has a fault.
pub fn replicate(
    scenario: &Scenario,
    options: &Options,
    cancel: &AtomicBool,
    progress: &mut dyn FnMut(Progress),
) -> Result<Summary, SimError> {
    replicate_on(scenario, &Stage::of(scenario), options, cancel, progress)
}

/// As [`replicate`], on a stage that was built before: for whoever runs many scenarios with the same registry.
///
/// # Errors
/// This program has a fault.
pub fn replicate_on(
    scenario: &Scenario,
    stage: &Stage,
    options: &Options,
    cancel: &AtomicBool,
    progress: &mut dyn FnMut(Progress),
) -> Result<Summary, SimError> {
    run(scenario, stage, options, cancel, progress, None)
}

/// What is told the calls of each replication, in the order of replications, with the scripts their ids are of. A break ends
/// the run.
pub type CallSink<'a> = &'a mut dyn FnMut(u32, &[CallRow], &Versions) -> ControlFlow<()>;

/// As [`replicate`], telling every call to `sink`. The calls of the replications in progress are held in memory.
///
/// # Errors
/// This program has a fault.
pub fn replicate_telling(
    scenario: &Scenario,
    options: &Options,
    cancel: &AtomicBool,
    progress: &mut dyn FnMut(Progress),
    sink: CallSink<'_>,
) -> Result<Summary, SimError> {
    run(scenario, &Stage::of(scenario), options, cancel, progress, Some(sink))
}

fn run(
    scenario: &Scenario,
    stage: &Stage,
    options: &Options,
    cancel: &AtomicBool,
    progress: &mut dyn FnMut(Progress),
    mut sink: Option<CallSink<'_>>,
) -> Result<Summary, SimError> {
    let asked = options.most(scenario);
    let mut gather = Gather::new(scenario);
    let mut trace = options.trace.then(Trace::new);
    let (mut done, mut calls, mut met) = (0, 0, false);
    let mut refused = Vec::new();
    let keep = Keep { trace: options.trace, rows: sink.is_some() };
    let work = |replication| one(scenario, stage, options.seed_of(scenario, replication), keep, cancel);
    let take = |replication, one: Replication| {
        done += 1;
        calls += one.calls;
        let told = sink.as_mut().map(|sink| sink(replication, &one.rows, &versions(scenario, &one.refused)));
        gather.add(one.parts);
        // The same plan in every replication, so the first says it all.
        if done == 1 {
            refused = one.refused;
        }
        if let (Some(all), Some(one)) = (&mut trace, one.trace) {
            all.add(&one);
        }
        let too_wide = options.precision().map(|precision| precision.too_wide(gather.whole(), done));
        progress(Progress { done, total: asked, too_wide, calls });
        met = too_wide.is_some_and(|too_wide| too_wide <= 1.0);
        if met || told.is_some_and(|told| told.is_break()) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    crew::in_order(options.threads, asked, cancel, work, take)
        .map_err(|panicked| SimError::panicked(scenario, options, panicked))?;
    let end =
        End { done, calls, partial: done < asked && !met, missed: options.precision().is_some() && !met, refused };
    Ok(sum_up(scenario, options, gather, end, trace.map(Trace::finish)))
}

/// How a run came to its end.
struct End {
    done: u32,
    calls: u64,
    partial: bool,
    /// A precision was asked for and not reached.
    missed: bool,
    /// What was planned and could not happen.
    refused: Vec<(Instant, String)>,
}

/// What one replication says.
pub(super) struct Replication {
    /// Its sums, or those of its batches, in order.
    pub parts: Vec<Sums>,
    /// Calls offered.
    pub calls: u64,
    /// What was planned and could not happen.
    refused: Vec<(Instant, String)>,
    trace: Option<String>,
    rows: Vec<CallRow>,
}

/// What a replication keeps beside its sums.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Keep {
    /// A hash of every event.
    pub trace: bool,
    /// A row a call.
    pub rows: bool,
}

impl Options {
    /// The most replications there can be.
    pub fn most(&self, scenario: &Scenario) -> u32 {
        match self.runs {
            Runs::Scenario => scenario.replications.max(1),
            Runs::Count(count) => count.get(),
            Runs::Precision(precision) => precision.at_most.get(),
        }
    }

    /// The root of all chance of a replication.
    pub fn seed_of(&self, scenario: &Scenario, replication: u32) -> Seed {
        Seed { seed: self.seed.unwrap_or(scenario.seed), replication }
    }

    fn precision(&self) -> Option<Precision> {
        match self.runs {
            Runs::Precision(precision) => Some(precision),
            Runs::Scenario | Runs::Count(_) => None,
        }
    }
}

impl Precision {
    /// By which factor the widest interval is too wide; infinite as long as that cannot be said.
    fn too_wide(&self, whole: &Cell, done: u32) -> f64 {
        if done < Precision::AT_LEAST {
            return f64::INFINITY;
        }
        let over = |width: Option<f64>, asked: f64| width.map_or(f64::INFINITY, |width| width / asked);
        let known = |name| whole.uncut(name).filter(|estimate| estimate.value.is_some());
        let waits = ["wait", "asa"].into_iter().filter_map(known);
        // Of the whole interval: cut off at what can be, it would seem known when it is not.
        let relative = waits.map(|e| over(e.relative_half_width(), self.relative));
        let shares = ["service_level", "abandonment"].into_iter().filter_map(known);
        let absolute = shares.map(|e| over(e.half_width(), self.absolute));
        relative.chain(absolute).fold(0.0, f64::max)
    }
}

impl SimError {
    /// A replication panicked.
    pub(super) fn panicked(scenario: &Scenario, options: &Options, panicked: Panicked) -> SimError {
        SimError::Panicked {
            scenario: scenario.name.to_string(),
            seed: options.seed.unwrap_or(scenario.seed),
            replication: panicked.index,
            message: panicked.message,
        }
    }
}

/// The tally of a scenario, told of the scripts it will publish.
pub fn tally(scenario: &Scenario) -> Tally {
    let rules = &scenario.measures;
    let rules = TallyRules {
        threshold: rules.threshold,
        short_abandon: rules.short_abandon,
        interval: rules.interval,
        count_by: rules.count_by,
        warm_up: Instant::ZERO + scenario.warm_up,
    };
    let mut tally = Tally::new(rules, &scenario.script, &scenario.clock);
    for script in published(scenario) {
        tally.publish(script);
    }
    tally
}

/// The scripts that a scenario publishes, in order.
pub fn published(scenario: &Scenario) -> impl Iterator<Item = &Arc<Script>> {
    scenario.incidents.iter().filter_map(|incident| match &incident.kind {
        IncidentKind::Publish(script) => Some(script),
        _ => None,
    })
}

/// Plays one replication; `None` when it was cancelled.
pub(super) fn one(
    scenario: &Scenario,
    stage: &Stage,
    seed: Seed,
    keep: Keep,
    cancel: &AtomicBool,
) -> Option<Replication> {
    let mut trace = keep.trace.then(Trace::new);
    let mut rows = keep.rows.then(|| (Rows::new(false), Vec::new()));
    let mut counted = Counted::new(scenario, stage, seed);
    while counted.goes_on() {
        if cancel.load(Ordering::Relaxed) {
            return None;
        }
        counted.step(&mut |event| {
            if let Some(trace) = &mut trace {
                trace.event(event);
            }
            if let Some((fold, rows)) = &mut rows {
                rows.extend(fold.event(event));
            }
        });
    }
    let rows = rows.map(|(_, rows)| rows).unwrap_or_default();
    let (calls, refused) = (counted.calls(), counted.play.refused().to_vec());
    Some(Replication { parts: counted.finish(), calls, refused, trace: trace.map(Trace::finish), rows })
}

/// The scripts of a run by version: its own, and those it published.
fn versions(scenario: &Scenario, refused: &[(Instant, String)]) -> Versions {
    let mut versions = Versions::new(scenario.script.clone());
    for incident in scenario.incidents.iter() {
        if let IncidentKind::Publish(script) = &incident.kind
            && !refused.iter().any(|(at, _)| *at == incident.at)
        {
            versions.publish(script.clone());
        }
    }
    versions
}

/// A replication in progress with its tally.
pub(super) struct Counted {
    play: Play,
    tally: Tally,
    parts: Vec<Sums>,
    cuts: std::iter::Peekable<std::vec::IntoIter<Instant>>,
}

impl Counted {
    pub(super) fn new(scenario: &Scenario, stage: &Stage, seed: Seed) -> Counted {
        Counted {
            play: Play::new(scenario, stage, seed),
            tally: tally(scenario),
            parts: Vec::new(),
            cuts: cuts(scenario).into_iter().peekable(),
        }
    }

    pub(super) fn goes_on(&self) -> bool {
        self.play.goes_on()
    }

    pub(super) fn calls(&self) -> u64 {
        self.play.calls()
    }

    /// Goes on by one stretch. It ends where a batch does, so that the cut comes before the first event of the next.
    pub(super) fn step(&mut self, sink: &mut impl FnMut(&Event)) {
        let tally = &mut self.tally;
        self.play.step(self.cuts.peek().copied(), &mut |event| {
            tally.event(event);
            sink(event);
        });
        if self.cuts.next_if(|cut| *cut <= self.play.now()).is_some() {
            self.parts.push(self.tally.cut(self.play.now()));
        }
    }

    /// The sums, or those of the batches in order.
    pub(super) fn finish(self) -> Vec<Sums> {
        let Counted { play, tally, mut parts, .. } = self;
        let mut rest = tally.finish(play.now());
        match parts.last_mut() {
            // Who called before the horizon is counted to the end; agents are measured up to it.
            Some(last) => {
                without_staff(&mut rest);
                last.merge(&rest);
                last.parts = 1;
            }
            None => parts.push(rest),
        }
        parts
    }
}

/// Where a run is cut: at the end of each batch, the last of which ends at the horizon. A run without batches is one. What
/// comes after the horizon is the end of calls begun before it: agents are not measured while the last callers leave.
fn cuts(scenario: &Scenario) -> Vec<Instant> {
    let (from, to) = (scenario.warm_up.as_micros(), scenario.horizon.as_micros());
    if to <= from {
        return Vec::new();
    }
    let batches = u64::from(scenario.batches.unwrap_or(1)).clamp(1, to - from);
    (1..=batches)
        .map(|i| Instant(from + (u128::from(to - from) * u128::from(i) / u128::from(batches)) as u64))
        .collect()
}

/// Takes out agents' time, the time observed and how long queues were in it.
fn without_staff(sums: &mut Sums) {
    const STAFF: [Field; 10] = [
        Field::AgentReady,
        Field::AgentRinging,
        Field::AgentDialling,
        Field::AgentTalking,
        Field::AgentHolding,
        Field::AgentAfterCall,
        Field::AgentBreak,
        Field::AgentNoAnswer,
        Field::AgentLoggedIn,
        Field::AgentBeyondShift,
    ];
    for interval in &mut sums.intervals {
        interval.observed = 0;
        interval.queues.clear();
        for field in STAFF {
            let value = interval.figures.get(field);
            interval.figures.add(field, value.wrapping_neg());
        }
    }
}

fn sum_up(scenario: &Scenario, options: &Options, gather: Gather, end: End, trace: Option<String>) -> Summary {
    let said = scenario.warnings.iter().map(|text| Warning { code: "scenario", text: text.clone() });
    let mut warnings: Vec<Warning> = said.collect();
    warnings.extend(warn::warnings(scenario, &gather, end.done));
    for (at, reason) in &end.refused {
        let (date, time) = scenario.clock.local(*at);
        let text = format!("the script planned for {date} {time} was not published: {reason}");
        warnings.push(Warning { code: "refused", text });
    }
    if end.missed && !end.partial {
        let text =
            format!("{} replications did not reach the precision asked for; allow more, or ask for less", end.done);
        warnings.push(Warning { code: "imprecise", text });
    }
    let checks = gather.sums().map(|sums| warn::checks(scenario, sums)).unwrap_or_default();
    for check in checks.iter().filter(|check| !check.holds) {
        let (left, right) = (check.left, check.right);
        let text =
            format!("a law is broken ({}, {}): {left} is not {right}; this is a fault of hatif", check.name, check.of);
        warnings.push(Warning { code: "law", text });
    }
    let hours = |length: Duration| length.as_secs_f64() / 3600.0;
    let [queues, skills, languages, intents, regions] = gather.parts();
    Summary {
        scenario: scenario.name.to_string(),
        title: scenario.title.to_string(),
        script: scenario.script.digest.to_string(),
        seed: options.seed.unwrap_or(scenario.seed),
        replications: end.done,
        partial: end.partial,
        sample: match (scenario.batches, end.done) {
            (None | Some(0 | 1), _) => "replications",
            (Some(_), 0 | 1) => "batches",
            (Some(_), _) => "batches of every replication",
        },
        horizon_hours: hours(scenario.horizon),
        warm_up_hours: hours(scenario.warm_up),
        calls: end.calls,
        confidence: LEVEL,
        measures: gather.whole().found(),
        target: gather.target(scenario.measures.threshold.as_secs_f64()),
        quantiles: gather.quantiles(),
        waits: gather.waits(),
        queues,
        skills,
        languages,
        intents,
        regions,
        days: gather.days(),
        weekday: gather.weekday(),
        intervals: gather.intervals(&scenario.clock),
        nodes: gather.nodes(),
        checks,
        warnings,
        trace,
        sums: gather.into_sums(),
    }
}
