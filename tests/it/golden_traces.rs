//! The hash of every event of a short run of every scenario: what a change of the engine, of the people or of the demand
//! does to any of them is seen here, and debug and release builds must agree.
//!
//! After a change that is meant: `UPDATE_EXPECT=1 cargo test --test it golden_traces`, and say in the commit why.

use std::{num::NonZeroUsize, sync::atomic::AtomicBool};

use hatif::{
    scenario::{Override, Scenario, Stage},
    sim::replicate::{Options, Runs, replicate_on},
};

/// The whole run of each, so that all that is planned happens, but few people: some fifty calls a day, or the beginning of
/// a textbook run.
fn shortened(name: &str) -> Vec<Override> {
    let set: &[&str] = match name {
        "erlang_a" | "erlang_b" | "erlang_c" => &["horizon=4h"],
        "bank_1999" => &["demand.customers.factor=0.2"],
        "amnesty" | "campaign_phase2" => &["registry.size=4000"],
        "ramed_switch" => &["registry.size=4000", "demand.ramed.population.size=20000"],
        "data_leak_probe" => &["registry.size=20000", "demand.probe.factor=0.02"],
        _ => &["registry.size=20000"],
    };
    set.iter().chain(&["replications=1"]).map(|set| set.parse().expect("a setting")).collect()
}

#[test]
fn every_scenario_tells_the_events_it_always_told() {
    let threads = NonZeroUsize::MIN;
    let options = Options { runs: Runs::Scenario, seed: None, threads, trace: true };
    let mut stages: Vec<(Option<(u32, u64)>, Stage)> = Vec::new();
    let mut told = String::new();
    for name in Scenario::names() {
        let scenario = Scenario::named(&name, &shortened(&name), None).unwrap_or_else(|problems| panic!("{problems}"));
        if stages.iter().all(|(registry, _)| *registry != scenario.registry) {
            stages.push((scenario.registry, Stage::of(&scenario)));
        }
        let (_, stage) = stages.iter().find(|(registry, _)| *registry == scenario.registry).expect("just made");
        let found = replicate_on(&scenario, stage, &options, &AtomicBool::new(false), &mut |_| {}).expect("it runs");
        assert!(found.calls > 0, "{name} has no calls");
        assert!(found.checks.iter().all(|check| check.holds), "{name}: {:?}", found.checks);
        told.push_str(&format!("{name} {} calls {}\n", found.calls, found.trace.expect("asked for")));
    }
    assert!(told.lines().count() >= 20, "{told}");
    expect_test::expect_file!["golden_traces.txt"].assert_eq(&told);
}
