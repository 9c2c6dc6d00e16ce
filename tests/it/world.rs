//! The world: simulated agents and their shifts, services that fail, scripts published in mid-run.

use std::collections::BTreeMap;

use hatif::{
    engine::{Event, Fact},
    id::{AgentId, CallId},
    people::Caller,
    record::Narrator,
    script::{Script, Source},
    sim,
    time::{Duration, Instant},
    world::{Fault, Notice, World},
};
use std::sync::Arc;

use crate::support::{
    busy::{busy, script, second_edition, source, world},
    story::{self, lines},
};

const PACE: Duration = Duration::from_millis(300);

const fn s(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

/// The busy centre with words of `centre.toml` replaced.
fn with(changes: &[(&str, &str)]) -> Arc<Script> {
    let edit = |path: &str, text: &str| {
        let mut text = text.to_owned();
        for (from, to) in changes.iter().filter(|_| path == "centre.toml") {
            assert!(text.contains(from), "nothing to replace: {from}");
            text = text.replace(from, to);
        }
        (path.to_owned(), text)
    };
    let first = source("longest_idle");
    script(&Source::from_files(first.files().map(|(path, text)| edit(path, text)).collect()))
}

/// Somebody who asks for an adviser in Arabic, five seconds after calling, and answers no survey.
fn asks(at: u64) -> Caller {
    Caller::at(Instant::from_secs(at)).press(s(1), "1", PACE).press(s(4), "0", PACE)
}

fn log(world: &mut World, until: Instant) -> Vec<String> {
    let events = sim::events(world, [], until);
    lines(&events, world.versions())
}

#[track_caller]
fn assert_tells(log: &[String], happens: &str) {
    assert!(log.iter().any(|line| line.contains(happens)), "nothing `{happens}` in\n{}", log.join("\n"));
}

/// What a caller who lodges a complaint hears while the services behave as `fault` says.
fn complains(fault: Fault) -> Vec<String> {
    let mut world = world(busy("longest_idle"), 1, false);
    world.set_fault(fault);
    world.add_caller(Caller::at(Instant::ZERO).press(s(1), "1", PACE).press(s(4), "3", PACE).hang_up(s(30)));
    log(&mut world, Instant::from_secs(60))
}

#[test]
fn a_service_that_is_down_slow_or_silent_leads_where_the_script_says() {
    assert_tells(&complains(Fault::NONE), "5.000000 call 1 entered main.lodged");
    assert_tells(&complains(Fault::DOWN), "5.000000 call 1 entered main.sorry");
    // The node waits three seconds.
    assert_tells(&complains(Fault::slow(s(2))), "7.000000 call 1 entered main.lodged");
    let late = complains(Fault::slow(s(4)));
    assert_tells(&late, "8.000000 call 1 complaint_new did not answer");
    assert_tells(&late, "8.000000 call 1 entered main.sorry");
    assert_tells(&complains(Fault::SILENT), "8.000000 call 1 entered main.sorry");
}

#[test]
fn a_shift_ends_after_the_call_in_hand() {
    // The desk closes after 1,800 s; its two French-speaking agents are the only ones, and their talk takes a minute.
    let steady = [("[group.arabic]\nsize = 2", "[group.arabic]\nsize = 0"), ("sigma = 0.9", "sigma = 0.0")];
    let mut world = world(with(&[steady[0], steady[1], ("no_answer_share = 0.25", "no_answer_share = 0.0")]), 1, true);
    let caller = Caller::at(Instant::from_secs(1_770)).press(s(1), "1", PACE).press(s(4), "2", PACE);
    world.add_caller(caller);
    let log = log(&mut world, Instant::from_secs(2_000));
    let at = |happens: &str| {
        let line = log.iter().find(|line| line.contains(happens)).unwrap_or_else(|| panic!("no {happens}: {log:#?}"));
        line.split(' ').next().and_then(|at| at.parse::<f64>().ok()).expect("a line begins with its time")
    };
    let answered = at("answered by agent 0");
    assert!((1_775.0..1_785.0).contains(&answered), "{answered}");
    // Idle, she goes when the shift ends; with a call in hand, after her after-call work: 45 s in all.
    assert!((at("agent 1 logged out") - 1_800.0).abs() < 1e-9);
    assert!((at("talked 31s500ms with agent 0") - answered - 31.5).abs() < 1e-5);
    assert!((at("agent 0 logged out") - answered - 45.0).abs() < 1e-5);
}

#[test]
fn shifts_follow_the_calendar_from_day_to_day() {
    // Tuesday 16:00 local time to Thursday noon.
    let mut world = world(busy("longest_idle"), 1, true);
    let log = log(&mut world, Instant::from_secs(44 * 3_600));
    let of = |agent: &str| -> Vec<&String> {
        log.iter().filter(|line| line.contains(agent) && line.contains("logged")).collect()
    };
    let expected = [
        "0.000000 agent 2 logged in, group french",
        "1800.000000 agent 2 logged out",
        "59400.000000 agent 2 logged in, group french",
        "88200.000000 agent 2 logged out",
        "145800.000000 agent 2 logged in, group french",
    ];
    assert_eq!(of("agent 2"), expected);
    assert_eq!(of("agent 0"), ["0.000000 agent 0 logged in, group arabic"], "a group without a shift stays");
}

#[test]
fn publishing_hires_and_lets_go_by_the_names_of_groups() {
    let mut world = world(busy("longest_idle"), 1, true);
    assert_eq!(world.agents(), 5);
    log(&mut world, Instant::from_secs(10));
    let version = world.publish(Instant::from_secs(10), script(&second_edition())).expect("it can follow");
    assert_eq!((version.0, world.agents()), (2, 6));
    let log = log(&mut world, Instant::from_secs(10));
    // arabic shrank to one, amazigh is gone, french grew to three, riffian with two is new; who stays is left alone.
    let about_agents: Vec<_> = log.iter().filter(|line| line.contains("logged")).cloned().collect();
    let expected = [
        "10.000000 agent 4 logged out",
        "10.000000 agent 1 logged out",
        "10.000000 agent 5 logged in, group french",
        "10.000000 agent 6 logged in, group riffian",
        "10.000000 agent 7 logged in, group riffian",
    ];
    assert_eq!(about_agents, expected);
}

#[test]
fn a_call_ends_on_the_version_it_began_on_and_queues_keep_their_numbers() {
    let mut world = world(busy("longest_idle"), 1, true);
    world.add_caller(asks(0));
    world.add_caller(asks(20));
    log(&mut world, Instant::from_secs(10));
    world.publish(Instant::from_secs(10), script(&second_edition())).expect("it can follow");
    let log = log(&mut world, Instant::from_secs(300));
    assert_tells(&log, "call 1 entered adviser.ask");
    assert_tells(&log, "call 2 arrived on script 2");
    assert_tells(&log, "call 2 queued in status");
    assert_eq!(world.versions().queue_named("extra").map(|queue| queue.0), Some(3), "a new queue comes last");
}

#[test]
fn a_script_whose_languages_do_not_fit_is_refused_and_changes_nothing() {
    let mut world = world(busy("longest_idle"), 1, true);
    let other = with(&[("fr = {}\n", ""), ("zgh = { fallback = \"ar\" }", "zgh = { fallback = \"ar\" }\nfr = {}")]);
    let error = world.publish(Instant::from_secs(1), other).expect_err("languages in another order");
    assert!(error.contains("ar, fr, zgh") && error.contains("restart"), "{error}");
    assert_eq!((world.versions().number().0, world.agents()), (1, 5));
}

/// How long the first conversation of each call was, where the agent ended it.
fn first_talks(events: &[Event]) -> BTreeMap<CallId, Duration> {
    let mut talks = BTreeMap::new();
    for event in events {
        if let Fact::CallReleased { call, talked, by_caller: false, .. } = event.fact {
            talks.entry(call).or_insert(talked);
        }
    }
    talks
}

#[test]
fn another_hunt_strategy_meets_the_same_people() {
    let callers = || (0..40).map(|i| asks(i * 11));
    let run = |strategy: &str| {
        let mut world = world(busy(strategy), 3, true);
        let events = sim::events(&mut world, callers(), Instant::from_secs(1_500));
        let agents: Vec<AgentId> = events
            .iter()
            .filter_map(|event| match event.fact {
                Fact::CallAnswered { agent, .. } => Some(agent),
                _ => None,
            })
            .collect();
        (first_talks(&events), agents)
    };
    let (idle, to_idle) = run("longest_idle");
    let (by_lot, to_any) = run("random");
    assert_ne!(to_idle, to_any, "the strategies differ");
    let both: Vec<CallId> = idle.keys().filter(|call| by_lot.contains_key(call)).copied().collect();
    assert!(both.len() > 20, "{both:?}");
    for call in both {
        assert_eq!(idle[&call], by_lot[&call], "{call} talks as long whoever answers");
    }
}

#[test]
fn simulated_people_never_do_what_does_not_fit() {
    // A rush over the end of the shift, with callers who give up, and a reload that lets agents go: whatever was planned for
    // a call that went otherwise has been taken back.
    let mut world = world(busy("longest_idle"), 5, true);
    let callers = (0..120).map(|i| {
        let caller = asks(1_500 + i * 5);
        if i % 3 == 0 { caller.hang_up(s(20 + i)) } else { caller }
    });
    sim::events(&mut world, callers, Instant::from_secs(1_700));
    world.publish(Instant::from_secs(1_700), script(&second_edition())).expect("it can follow");
    let events = sim::events(&mut world, [], Instant::from_secs(4_000));
    assert!(events.len() > 1_000);
    assert_eq!(world.engine().ignored_inputs(), 0);
}

#[test]
fn a_hang_up_takes_back_what_the_agent_had_planned() {
    let patient = with(&[("mean = \"45s\", sigma = 0.9", "mean = \"1000s\", sigma = 0.0")]);
    let mut world = world(patient, 1, true);
    world.add_caller(asks(0).hang_up(s(60)));
    world.add_caller(asks(100));
    let log = log(&mut world, Instant::from_secs(200));
    assert_tells(&log, "call 1 ended abandoned at main.gone: caller hung up");
    assert_tells(&log, "ended by the caller");
    // After-call work would take 300 s; the queue allows 30.
    assert_tells(&log, "95.000000 agent 0 ready");
    assert_tells(&log, "call 2 answered by agent");
}

#[test]
fn text_messages_and_changes_are_told() {
    let mut world = world(busy("longest_idle"), 1, false);
    let (claim, birth) = crate::support::busy::credentials().remove(0);
    world.add_caller(
        Caller::at(Instant::ZERO)
            .from("0600000042".parse().expect("ten digits"))
            .press(s(1), "1", PACE)
            .press(s(4), "1", PACE)
            .press(s(3), claim.trim_end_matches('#'), PACE)
            .press(s(3), &birth, PACE)
            .hang_up(s(20)),
    );
    world.add_caller(Caller::at(Instant::ZERO).press(s(1), "1", PACE).press(s(4), "3", PACE).hang_up(s(20)));
    let (mut sms, mut changes, mut audit) = (0, 0, 0);
    sim::run(&mut world, [], Instant::from_secs(60), |notice| match notice {
        Notice::Sms(_) => sms += 1,
        Notice::Change(_) => changes += 1,
        Notice::Audit(_) => audit += 1,
        _ => {}
    });
    assert_eq!((sms, changes), (1, 1), "a code; a complaint");
    assert!(audit >= 3, "identity, registration, code: {audit}");
}

/// How many reads of a record are told of when the check is asked for by somebody who hangs up so long after.
fn reads_of_whoever_leaves_after(hang_up: Duration) -> usize {
    let mut world = world(busy("longest_idle"), 1, false);
    world.set_fault(Fault::slow(s(3)));
    let (claim, birth) = crate::support::busy::credentials().remove(0);
    let caller = Caller::at(Instant::ZERO).press(s(1), "1", PACE).press(s(4), "1", PACE);
    let caller = caller.press(s(3), claim.trim_end_matches('#'), PACE).press(s(3), &birth, PACE);
    world.add_caller(caller.hang_up(hang_up));
    let mut reads = 0;
    sim::run(&mut world, [], Instant::from_secs(60), |notice| reads += usize::from(matches!(notice, Notice::Audit(_))));
    reads
}

#[test]
fn a_service_that_is_asked_late_does_nothing_for_a_call_that_is_over() {
    assert!(reads_of_whoever_leaves_after(s(20)) > 0, "she is known");
    assert_eq!(
        reads_of_whoever_leaves_after(Duration::from_millis(2_500)),
        0,
        "her call was over before anything was read"
    );
}

#[test]
fn every_line_of_the_log_names_what_it_is_about() {
    let mut world = world(busy("longest_idle"), 7, true);
    let events = sim::events(&mut world, story::callers(), story::END);
    let mut narrator = Narrator::new();
    for event in &events {
        let line = narrator.tell(event, world.versions());
        let unresolved = line.split([' ', ',', ':']).any(|word| {
            word.len() > 1
                && word.starts_with(['n', 'p', 'q', 'l', 'g'])
                && word[1..].bytes().all(|b| b.is_ascii_digit())
        });
        assert!(!unresolved && !line.contains('{'), "{line}");
    }
}
