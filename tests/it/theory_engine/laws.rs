//! The laws that every run is checked by: they hold, and a figure that breaks one is reported. That they hold in short runs
//! of every scenario of the program is asserted where all of them are run, in the golden traces.

use std::{
    num::{NonZeroU32, NonZeroUsize},
    sync::atomic::AtomicBool,
};

use hatif::{
    record::{figures::Field, tally::Sums},
    scenario::Scenario,
    sim::{
        replicate::{Options, Runs, replicate},
        warn::checks,
    },
};

use super::trial::set;

fn run() -> (Scenario, Sums) {
    let scenario = set("erlang_a", &["horizon=\"12h\"".to_owned()]);
    let options = Options { runs: Runs::Count(NonZeroU32::MIN), seed: None, threads: NonZeroUsize::MIN, trace: false };
    let summary = replicate(&scenario, &options, &AtomicBool::new(false), &mut |_| {}).expect("a run");
    assert!(summary.checks.iter().all(|check| check.holds), "{:?}", summary.checks);
    assert!(summary.warnings.iter().all(|warning| warning.code != "law"), "{:?}", summary.warnings);
    (scenario, summary.sums.expect("sums"))
}

/// The names of the laws that do not hold.
fn broken(scenario: &Scenario, sums: &Sums) -> Vec<&'static str> {
    checks(scenario, sums).iter().filter(|check| !check.holds).map(|check| check.name).collect()
}

#[test]
fn a_figure_that_breaks_a_law_is_reported() {
    let (scenario, sums) = run();
    let names: Vec<_> = checks(&scenario, &sums).iter().map(|check| (check.name, check.of.clone())).collect();
    assert_eq!(names, [("little", "help".to_owned()), ("abandonment", "all calls".to_owned())]);

    // One microsecond of one call is enough.
    let mut late = sums.clone();
    late.queues[0].law.waits += 1;
    assert_eq!(broken(&scenario, &late), ["little"]);
    let mut long = sums.clone();
    long.queues[0].law.area -= 1;
    assert_eq!(broken(&scenario, &long), ["little"]);

    // Chance moves the number who hang up by the root of what is expected: twelve standard deviations are none.
    let mut impatient = sums.clone();
    let gone = sums.total().abandoned() as f64;
    impatient.intervals[0].figures.add(Field::Abandoned, (12.0 * gone.sqrt()) as u64);
    assert_eq!(broken(&scenario, &impatient), ["abandonment"]);
    let mut half = sums;
    let waited = half.total().waited();
    half.intervals[0].figures.add(Field::Waited, waited);
    assert_eq!(broken(&scenario, &half), ["abandonment"]);
}
