//! The same story, whoever keeps the time: in one stride, in small steps, waking late, under the live driver's clock, from a
//! copy, from a journal.

use std::{
    io::BufReader,
    sync::{Arc, Mutex},
};

use hatif::{
    engine::{Event, Fact},
    id::CallId,
    journal::{Difference, Pseudonyms, ReplayError, Tail, Writer, replay},
    live::{
        Limits,
        admission::Admission,
        clock::Clock,
        pump::{Errand, Parts, Pump, Tap},
        sessions::Sessions,
        store::{Durable, Job, jobs::unwritten},
    },
    random::Seed,
    record::{Figures, Tally, TallyRules, cdr, measure},
    script::Versions,
    sim,
    time::{Duration, Instant},
    world::{Notice, World},
};
use tokio::sync::mpsc;

use crate::support::{
    busy::{busy, clock, credentials, script, source, world},
    story::{END, assert_same, callers, lines},
};

fn begin() -> World {
    world(busy("longest_idle"), 7, true)
}

/// The story in the simulator: the log every other driver must tell.
fn simulated() -> Vec<String> {
    let mut world = begin();
    let events = sim::events(&mut world, callers(), END);
    lines(&events, world.versions())
}

fn take_events(world: &mut World, events: &mut Vec<Event>) {
    while let Some(notice) = world.poll() {
        if let Notice::Event(event) = notice {
            events.push(event);
        }
    }
}

#[test]
fn the_story_has_everything_in_it() {
    let log = simulated().join("\n");
    for happens in [
        "authenticated as",
        "authentication failed",
        "registration answered",
        "was sent a code",
        "recording refused",
        "went back to",
        "heard err.in",
        "handed out",
        "promised call back",
        "dialled for agent",
        "not reached, try",
        "recorded a message",
        "found office closed",
        "found pay full",
        "not answered by agent",
        "overflowed from",
        "told place",
        "answered clear with 5",
        "case ",
        "began after-call work",
        "logged out",
        "ended abandoned",
        "ended transferred",
        "ended contained",
        "ended failed",
        "left pay after",
    ] {
        assert!(log.contains(happens), "nothing `{happens}` in\n{log}");
    }
}

#[test]
fn the_same_seed_tells_the_same_and_another_does_not() {
    assert_same(&simulated(), &simulated());
    let mut other = world(busy("longest_idle"), 8, true);
    let events = sim::events(&mut other, callers(), END);
    assert_ne!(simulated(), lines(&events, other.versions()));
}

#[test]
fn waking_late_does_not_rewrite_history() {
    // Strides of a millisecond-grained clock that is late by up to seven seconds, and one stride over everything.
    for stride in [Duration::from_millis(7_001), Duration::from_millis(250), END.since(Instant::ZERO)] {
        let mut world = begin();
        let mut events = Vec::new();
        for caller in callers() {
            world.add_caller(caller);
        }
        let mut now = Instant::ZERO;
        while now < END {
            now = (now + stride).min(END);
            world.advance_to(now);
            take_events(&mut world, &mut events);
        }
        assert_same(&simulated(), &lines(&events, world.versions()));
    }
}

/// Keeps what happens up to the end of the story.
struct Ear(Arc<Mutex<Vec<Event>>>);

impl Tap for Ear {
    fn note(&mut self, notice: &Notice, _: &Versions) {
        if let Notice::Event(event) = notice
            && event.at <= END
        {
            self.0.lock().expect("nobody panics").push(event.clone());
        }
    }
}

/// A pump that owns a world, with somebody who acknowledges its records.
fn pump(world: World, speed: f64, tap: Box<dyn Tap>) -> (mpsc::Sender<Errand>, Pump) {
    let (errand, errands) = mpsc::channel(16);
    let (jobs, written) = unwritten(100_000);
    let (acknowledge, durable) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        while let Some(job) = written.next() {
            if let Job::Call(row) = job {
                // The pump may have gone meanwhile.
                let _ = acknowledge.send(vec![Durable::Call(row.call)]);
            }
        }
    });
    let parts = Parts {
        world,
        clock: Clock::start(speed),
        run: 1,
        zone: jiff::tz::TimeZone::UTC,
        sessions: Arc::new(Sessions::new(1, 1)),
        errands,
        jobs,
        durable,
        failing: Arc::default(),
        taps: vec![tap],
        status: Arc::default(),
        onlookers: Default::default(),
        admission: Admission::default(),
    };
    (errand, Pump::new(parts))
}

/// The queue to the disk has room for one row; at the end the pump waits for it to have more.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_refusal_has_its_row_also_where_the_queue_to_the_disk_was_full_at_the_end() {
    let (errand, errands) = mpsc::channel(16);
    let (jobs, written) = unwritten(1);
    let sessions = Arc::new(Sessions::new(1, 100));
    let session = sessions.open().expect("there is room");
    let parts = Parts {
        world: begin(),
        clock: Clock::start(1.0),
        run: 1,
        zone: jiff::tz::TimeZone::UTC,
        sessions,
        errands,
        jobs,
        durable: mpsc::unbounded_channel().1,
        failing: Arc::default(),
        taps: vec![],
        status: Arc::default(),
        onlookers: Default::default(),
        admission: Admission::new(Limits { max_calls: 0, ..Limits::default() }, Arc::default()),
    };
    for _ in 0..5 {
        let sent = hatif::live::clock::wall();
        let dial = Errand::Dial { session: session.id, from: None, language: None, address: None, sent };
        errand.send(dial).await.expect("there is room");
    }
    errand.send(Errand::Quit).await.expect("there is room");
    let running = tokio::spawn(Pump::new(parts).run());
    let rows = tokio::task::spawn_blocking(move || {
        let rows = std::iter::from_fn(|| written.next());
        rows.map(|job| if let Job::Refusal(row) = job { row.times } else { 0 }).sum::<u64>()
    });
    running.await.expect("no panic");
    assert_eq!(rows.await.expect("no panic"), 5);
}

/// Callers and agents live in the world; the live driver's clock, which wakes at whole milliseconds, must not show.
#[tokio::test(start_paused = true)]
async fn the_live_driver_tells_the_same_story_at_any_speed() {
    for speed in [1.0, 0.37, 60.0] {
        let mut world = begin();
        for caller in callers() {
            world.add_caller(caller);
        }
        let heard = Arc::new(Mutex::new(Vec::new()));
        // It would run for as long as somebody could ask for something; its time is up a second after the story's.
        let (_errands, pump) = pump(world, speed, Box::new(Ear(heard.clone())));
        let up = Clock::start(speed).wall_of(END) + std::time::Duration::from_secs(1);
        assert!(tokio::time::timeout_at(up, pump.run()).await.is_err(), "the pump ended by itself");
        let heard = heard.lock().expect("nobody panics");
        assert_same(&simulated(), &lines(&heard, begin().versions()));
    }
}

#[test]
fn a_copy_made_at_any_instant_goes_on_as_the_original_does() {
    for secs in [0, 10, 130, 300] {
        let mut original = begin();
        let mut log = sim::events(&mut original, callers(), Instant::from_secs(secs));
        let mut copy = original.clone();
        let rest = sim::events(&mut copy, [], END);
        assert_eq!(rest, sim::events(&mut original, [], END), "copied at {secs} s");
        log.extend(rest);
        assert_same(&simulated(), &lines(&log, copy.versions()));
    }
}

#[test]
fn every_call_ends_with_one_record() {
    let mut world = begin();
    let events = sim::events(&mut world, callers(), END);
    let mut fold = cdr::Fold::new(clock());
    let records: Vec<_> = events.iter().filter_map(|event| fold.apply(event, world.versions())).collect();
    let arrived = |event: &&Event| matches!(event.fact, Fact::CallArrived { .. });
    assert_eq!(records.len(), events.iter().filter(arrived).count());
    assert_eq!(fold.in_progress(), 0);
    let of = |call: usize| records.iter().find(|record| record.call.index() == call).expect("a record");
    let first = of(1);
    assert_eq!(
        (first.level, first.person.is_some(), first.failed_checks),
        (hatif::script::catalogue::AccessLevel::L1, true, 1)
    );
    assert_eq!((first.outcome.as_str(), first.intents.clone()), ("abandoned", vec!["status".to_owned()]));
    assert!(records.iter().any(|record| record.survey == [("clear".into(), 5), ("kind".into(), 4)]), "{records:#?}");
    assert!(records.iter().any(|record| !record.recording));
    assert!(records.iter().any(|record| !record.cases.is_empty()));
    let back = records.iter().find(|record| record.promised_in.is_some() && record.answered.is_some());
    assert!(back.is_some_and(|record| record.waited > Duration::ZERO && record.talked > Duration::ZERO), "{back:?}");
    // Times in a record are those of its events.
    for record in &records {
        assert!(record.started <= record.ended && record.held <= record.talked, "{record:?}");
        // (A call back waits since its caller first did.)
        assert!(record.promised_in.is_some() || record.waited + record.talked <= record.duration, "{record:?}");
    }
}

#[test]
fn totals_are_those_of_the_events() {
    let mut world = begin();
    let events = sim::events(&mut world, callers(), END);
    let count = |of: fn(&Fact) -> bool| events.iter().filter(|event| of(&event.fact)).count() as f64;
    let rules = TallyRules { threshold: Duration::from_secs(20), ..TallyRules::default() };
    let mut tally = Tally::new(rules, world.versions().current(), &clock());
    events.iter().for_each(|event| tally.event(event));
    let total = tally.finish(END).total();
    let value = |name: &str| {
        let measure = measure::named(name).unwrap_or_else(|| panic!("no measure {name}"));
        measure.value(&total).unwrap_or_else(|| panic!("no value of {name}"))
    };
    assert_eq!(value("offered"), count(|fact| matches!(fact, Fact::CallArrived { promised_in: None, .. })));
    // (A call back that is answered is the centre's own call.)
    let own: Vec<CallId> = events
        .iter()
        .filter_map(|event| match event.fact {
            Fact::CallArrived { call, promised_in: Some(_), .. } => Some(call),
            _ => None,
        })
        .collect();
    let waits = events.iter().filter_map(|event| match event.fact {
        Fact::CallAnswered { call, waited, .. } if !own.contains(&call) => Some(waited),
        _ => None,
    });
    let waits: Vec<Duration> = waits.collect();
    assert_eq!(value("answered"), waits.len() as f64);
    let mean = waits.iter().copied().sum::<Duration>().as_secs_f64() / waits.len() as f64;
    assert!((value("asa") - mean).abs() < 1e-6, "{} {mean}", value("asa"));
    let in_time = waits.iter().filter(|waited| **waited <= Duration::from_secs(20)).count() as f64;
    assert_eq!(value("service_level"), in_time / total.sought() as f64);
    for measure in measure::CATALOGUE {
        let value = measure.value(&Figures::ZERO);
        assert_eq!(value.is_none(), measure.denominator.is_some(), "{}: {value:?}", measure.name);
    }
}

/// The journal of the story.
fn recorded() -> Vec<u8> {
    let mut world = begin();
    let script = world.versions().current().clone();
    let mut journal = Writer::begin(Vec::new(), &script, Seed::new(7), world.clock(), Pseudonyms::new([9; 32]))
        .expect("memory takes everything");
    sim::run(&mut world, callers(), END, |notice| match notice {
        Notice::Event(event) => journal.event(&event).expect("memory"),
        Notice::Input { at, input, secret } => journal.input(at, &input, secret).expect("memory"),
        Notice::KeyUsed { call, key } => journal.used(call, key).expect("memory"),
        _ => {}
    });
    journal.finish(END).expect("memory")
}

#[test]
fn a_journal_replays_to_the_same_events() {
    let report = replay(BufReader::new(&recorded()[..]), &[busy("longest_idle")]).expect("a journal");
    assert_eq!((report.difference, report.tail), (None, Tail::Closed { end: END, full: false }));
    assert_eq!(report.events as usize, simulated().len());
    assert!(report.inputs > 100, "{}", report.inputs);
}

#[test]
fn a_journal_holds_no_secret_and_no_calling_number() {
    let text = String::from_utf8(recorded()).expect("JSON");
    let (claim, birth) = credentials().remove(0);
    let keys: String = text
        .lines()
        .filter_map(|line| Some(line.split_once(r#""in":{"dtmf":{"call":1,"key":""#)?.1))
        .filter_map(|rest| rest.chars().next())
        .collect();
    // Language, choice, the claim's terminator: in clear. Number, birth date and code: not.
    assert!(keys.starts_with("11") && keys.contains(&"•".repeat(8)), "{keys}");
    assert!(!keys.contains(&birth) && !text.contains(&birth), "the birth date stands in the journal");
    assert!(!keys.contains(claim.trim_end_matches('#')), "{keys}");
    for number in 1..10 {
        assert!(!text.contains(&format!("06000000{number:02}")), "a calling number stands in the journal");
    }
}

#[test]
fn a_replay_shows_the_first_difference_by_line() {
    let text = String::from_utf8(recorded()).expect("JSON");
    let (place, line) =
        text.lines().enumerate().find(|(_, line)| line.contains("no_input")).expect("somebody was silent");
    let changed = text.replacen(line, &line.replace(r#""count":1"#, r#""count":3"#), 1);
    let report = replay(BufReader::new(changed.as_bytes()), &[busy("longest_idle")]).expect("a journal");
    let Some(Difference { line, recorded: Some(recorded), replayed: Some(replayed) }) = report.difference else {
        panic!("{:?}", report.difference);
    };
    assert_eq!(line as usize, place + 1);
    assert!(matches!(recorded.fact, Fact::NoInput { count: 3, .. }), "{recorded:?}");
    assert!(matches!(replayed.fact, Fact::NoInput { count: 1, .. }), "{replayed:?}");
}

#[test]
fn an_input_left_out_of_a_journal_is_noticed() {
    let text = String::from_utf8(recorded()).expect("JSON");
    let without: String = text
        .lines()
        .filter(|line| !line.contains(r#""in":{"call_arrived""#) && !line.contains(r#"{"end":"#))
        .map(|line| format!("{line}\n"))
        .collect();
    let report = replay(BufReader::new(without.as_bytes()), &[busy("longest_idle")]).expect("a journal");
    let difference = report.difference.expect("calls that never arrived");
    assert!(matches!(difference.recorded, Some(Event { fact: Fact::CallArrived { .. }, .. })), "{difference:?}");
}

#[test]
fn a_journal_cut_off_is_replayed_up_to_the_cut_and_reported() {
    let whole = recorded();
    let lines = whole.iter().filter(|byte| **byte == b'\n').count() as u64;
    let end = whole.iter().rposition(|byte| *byte == b'}').expect("a last line");
    let script = [busy("longest_idle")];
    let run = |bytes: &[u8]| replay(BufReader::new(bytes), &script).expect("a journal");
    // In the middle of the last line, and at the end of the line before.
    let cut = run(&whole[..end]);
    assert_eq!(cut.difference, None);
    assert_eq!(cut.tail, Tail::Damaged { line: lines, reason: "it is cut off".into() });
    let before = whole[..end].iter().rposition(|byte| *byte == b'\n').expect("a line before");
    assert_eq!((run(&whole[..=before]).difference, run(&whole[..=before]).tail), (None, Tail::Open));
    // Lines lost from the middle: the count at the end no longer fits, or the events differ before.
    let mut damaged = whole.clone();
    damaged.truncate(before + 1);
    damaged.extend_from_slice(b"\xff\xfe not a line\n");
    let report = run(&damaged);
    assert!(
        matches!(&report.tail, Tail::Damaged { line, reason } if *line == lines && reason.contains("cannot be read"))
    );
}

#[test]
fn what_is_no_journal_is_refused_with_what_to_do() {
    let scripts = [busy("longest_idle")];
    let fails = |text: &str| replay(BufReader::new(text.as_bytes()), &scripts).expect_err(text).to_string();
    assert!(fails("").contains("it is empty"));
    assert!(fails("hello\n").contains("line 1 is no header"));
    assert!(fails("{\"a\":1}\n").contains("no `hatif_journal`"));
    assert!(fails("{\"hatif_journal\":99}\n").contains("format 99"));
    let other = script(&source("round_robin"));
    let error = replay(BufReader::new(&recorded()[..]), &[other]).expect_err("another script");
    assert!(matches!(error, ReplayError::UnknownScript { line: 1, .. }) && error.to_string().contains("--centre"));
}

#[test]
fn the_command_says_identical_or_shows_the_first_difference() {
    let dir = tempfile::tempdir().expect("a folder");
    for (path, text) in source("longest_idle").files() {
        let path = dir.path().join("centre").join(&**path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }
    let file = dir.path().join("run.journal");
    let replay = |journal: &[u8]| {
        std::fs::write(&file, journal).expect("a file");
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_hatif"));
        let output = command.arg("replay").arg(&file).arg("--centre").arg(dir.path().join("centre")).output();
        let output = output.expect("the program runs");
        let said = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(said).expect("text"))
    };
    let whole = recorded();
    let (code, said) = replay(&whole);
    let events = simulated().len();
    assert!(code == Some(0) && said.ends_with(&format!(" inputs, {events} events, identical\n")), "{code:?} {said}");

    let text = String::from_utf8(whole.clone()).expect("JSON");
    let (code, said) = replay(text.replacen(r#""no_input":{"call":2,"#, r#""no_input":{"call":3,"#, 1).as_bytes());
    assert_eq!(code, Some(1), "{said}");
    for part in ["differs", "  recorded: ", "call 3 no input 1 at main.start", "  replayed: ", "call 2 no input 1"] {
        assert!(said.contains(part), "nothing `{part}` in {said}");
    }

    let (code, said) = replay(&whole[..whole.len() - 5]);
    assert!(code == Some(1) && said.contains("identical") && said.contains("is damaged: it is cut off"), "{said}");
    let (code, said) = replay(b"[centre]\n");
    assert!(code == Some(2) && said.contains("this is no journal"), "{code:?} {said}");
}
