//! Whole simulated runs on one thread: the models of `scripts/bench-peers` and the ordinary day, from the draw of an arrival to
//! the sums of the report.
//!
//! `cargo bench --bench models -- [--json] w1 CALLS [AGENTS] | w2 DAYS | day REPLICATIONS [SETTING…] | campaign REPLICATIONS [SETTING…] | flat`
//!
//! Only the run is timed: not the reading of the scenario, nor the making of a registry. `flat` shows what a call costs as runs
//! grow longer and centres larger, and how much memory the process has needed at most by then. Where the system tells it, time
//! is that on the processor, so that what else runs meanwhile does not count; `--json` tells that of the clock.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark reports to the terminal")]
#![expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]

use std::{
    path::Path,
    process::ExitCode,
    time::{Duration as Real, Instant as Clock},
};

use hatif::{
    engine::Event,
    record::{figures::Figures, tally::Sums},
    scenario::{Scenario, Shelf, Stage},
    sim::{play::Play, replicate},
    time::Instant,
};

/// Arrivals a second of W1 with 500 agents.
const RATE: f64 = 1.7;

fn main() -> ExitCode {
    let given: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let json = given.iter().any(|arg| arg == "--json");
    let words: Vec<&str> = given.iter().map(String::as_str).filter(|arg| *arg != "--json").collect();
    // What follows the number are settings of the scenario, as with `--set`.
    let settings: Vec<String> = words.iter().skip(2).map(|text| (*text).to_owned()).collect();
    let number = |default: u32| words.get(1).map_or(Some(default), |text| text.parse().ok().filter(|n| *n > 0));
    match (words.first().copied().unwrap_or("all"), number(0)) {
        ("all", _) => {
            pool(500, 2_000_000).tell("w1", false);
            w2(5).tell("w2", false);
            shipped("ordinary_day", 10, &[]).tell("day", false);
        }
        ("w1", _) => {
            let agents = words.get(2).and_then(|text| text.parse().ok()).unwrap_or(500);
            pool(agents, number(2_000_000).unwrap_or(1)).tell("w1", json);
        }
        ("w2", _) => w2(number(5).unwrap_or(1)).tell("w2", json),
        ("day", _) => shipped("ordinary_day", number(10).unwrap_or(1), &settings).tell("day", json),
        ("campaign", _) => shipped("campaign_phase2", number(1).unwrap_or(1), &settings).tell("campaign", json),
        ("flat", _) => flat(),
        _ => {
            eprintln!(
                "usage: cargo bench --bench models -- [--json] w1 CALLS [AGENTS] | w2 DAYS | day REPLICATIONS | campaign REPLICATIONS | flat"
            );
            return ExitCode::from(2);
        }
    }
    ExitCode::SUCCESS
}

/// A scenario of this folder with changes.
fn scenario(name: &str, changes: &[String]) -> Scenario {
    let shelf = Shelf::Folder(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/benches/models"));
    let overrides: Vec<_> = changes.iter().map(|text| text.parse().expect("a setting")).collect();
    Scenario::read(&shelf, &format!("{name}.toml"), &overrides, None)
        .unwrap_or_else(|problems| panic!("{}", problems.render(false)))
}

/// W1 with about so many calls, and with so many agents under the same load each.
fn pool(agents: u32, calls: u32) -> Found {
    let rate = RATE * f64::from(agents) / 500.0;
    let seconds = f64::from(calls) / rate;
    let changes = [
        format!("horizon={seconds:.0}s"),
        format!("demand.callers.rate.calls={rate:?}"),
        format!("staffing.total={agents}"),
    ];
    run(&scenario("w1", &changes), 1)
}

fn w2(days: u32) -> Found {
    run(&scenario("w2", &[format!("horizon={days}d")]), 1)
}

/// A scenario of the program, with changes.
fn shipped(name: &str, replications: u32, changes: &[String]) -> Found {
    let overrides: Vec<_> = changes.iter().map(|text| text.parse().expect("a setting")).collect();
    run(&Scenario::named(name, &overrides, None).unwrap_or_else(|problems| panic!("{problems}")), replications)
}

/// What was found, and how long it took.
struct Found {
    figures: Figures,
    events: u64,
    /// By the clock on the wall, and on the processor.
    wall: Real,
    time: Real,
}

fn run(scenario: &Scenario, replications: u32) -> Found {
    let stage = Stage::of(scenario);
    let mut found = Found { figures: Figures::ZERO, events: 0, wall: Real::ZERO, time: Real::ZERO };
    for replication in 0..replications {
        let (began, on_processor) = (Clock::now(), processor());
        let sums = play(scenario, &stage, replication, &mut found.events);
        let wall = began.elapsed();
        found.wall += wall;
        found.time += on_processor.zip(processor()).map_or(wall, |(from, to)| to.saturating_sub(from));
        found.figures.merge(&sums.total());
    }
    found
}

/// How long this thread has been on the processor, where the system says it.
fn processor() -> Option<Real> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split(' ').next()?.parse().ok().map(Real::from_nanos)
}

/// One replication, from nothing to its sums.
fn play(scenario: &Scenario, stage: &Stage, replication: u32, events: &mut u64) -> Sums {
    let mut play = Play::new(scenario, stage, scenario.seed_of(replication));
    let mut tally = replicate::tally(scenario);
    while play.goes_on() {
        play.step(None, &mut |event: &Event| {
            *events += 1;
            tally.event(event);
        });
    }
    let end: Instant = play.now();
    tally.finish(end)
}

impl Found {
    fn ns(&self) -> f64 {
        self.time.as_secs_f64() * 1e9 / self.figures.offered() as f64
    }

    fn tell(&self, model: &str, json: bool) {
        let Found { figures, wall, time, .. } = self;
        // Waits are of those who asked for an agent; in W1 that is everybody.
        let asked = figures.queued().max(1) as f64;
        let share = |n: u64| n as f64 / asked;
        let (lost, within) = (share(figures.abandoned()), share(figures.answered_in_time()));
        let (wait, seconds) = (share(figures.waited()) / 1e6, time.as_secs_f64());
        if json {
            let seconds = wall.as_secs_f64();
            println!(
                r#"{{"peer": "Hatif", "model": "{model}", "calls": {}, "seconds": {seconds}, "p_abandon": {lost}, "mean_wait": {wait}, "within": {within}}}"#,
                figures.matters()
            );
            return;
        }
        println!(
            "{model:9} {:>11.0} calls/s  {:>7.0} ns a call  {:>9} calls  {:>5.1} events a call  abandoned {lost:.6}  mean wait {wait:.4} s  within {within:.5}",
            figures.offered() as f64 / seconds,
            self.ns(),
            figures.offered(),
            self.events as f64 / figures.offered() as f64,
        );
    }
}

/// Longer runs, then larger centres.
fn flat() {
    println!("{:>10} {:>8} {:>12} {:>10}", "calls", "agents", "ns a call", "peak KiB");
    let longer = [10_000, 100_000, 1_000_000, 10_000_000].map(|calls| (calls, 500));
    let larger = [50, 500, 2_000, 10_000].map(|agents| (2_000_000, agents));
    for (calls, agents) in longer.into_iter().chain(larger) {
        // Short runs are repeated, for a clock's sake; the best counts.
        let repeats = (1_000_000 / calls).clamp(1, 20);
        let best = (0..repeats).map(|_| pool(agents, calls).ns()).fold(f64::INFINITY, f64::min);
        println!("{calls:>10} {agents:>8} {best:>12.1} {:>10}", peak());
    }
}

/// The most memory this process has had, in KiB; empty where the system does not say it so.
fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.map(|rest| rest.trim().trim_end_matches(" kB").to_owned()).unwrap_or_default()
}
