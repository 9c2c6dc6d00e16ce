//! What the fuzzers have found and were given to begin with, read again, and a few thousand inputs made of it.
//!
//! The fuzzers themselves (`scripts/torture fuzz`) need long and a compiler's help; this replays `fuzz/corpus` through the
//! same functions, and `scripts/torture changes` changes it a million times for each.

#![allow(clippy::print_stdout, reason = "the figure is what the command is run for")]

#[path = "../../fuzz/inputs.rs"]
mod inputs;

use std::{fs, path::PathBuf};

use hatif::time::Duration;
use proptest::{prelude::*, test_runner::TestRunner};

/// The inputs kept for one function, in the order of their names.
fn corpus(name: &str) -> Vec<Vec<u8>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths.iter().map(|path| fs::read(path).expect("a file")).collect()
}

/// One change of an input.
#[derive(Clone, Debug)]
enum Change {
    /// A byte becomes another.
    Byte(usize, u8),
    /// A stretch is left out.
    Without(usize, usize),
    /// A stretch is said again, so many times.
    Again(usize, usize, usize),
    /// A stretch of another input comes in.
    Of(usize, usize, usize),
    /// Something with a meaning comes in.
    Word(usize, &'static str),
}

const WORDS: [&str; 16] = [
    "\"",
    "'",
    "[",
    "{",
    "}",
    "]",
    "=",
    "\n",
    "\n=== ",
    "18446744073709551615",
    "-1",
    "1e308",
    "NaN",
    "\u{202e}",
    "{ $n }",
    "0s",
];

fn change() -> impl Strategy<Value = Change> {
    let (at, span) = (any::<usize>(), 1..40_usize);
    prop_oneof![
        (at, any::<u8>()).prop_map(|(at, byte)| Change::Byte(at, byte)),
        (at, span.clone()).prop_map(|(at, span)| Change::Without(at, span)),
        (at, span.clone(), 1..50_usize).prop_map(|(at, span, times)| Change::Again(at, span, times)),
        (at, any::<usize>(), span).prop_map(|(at, other, span)| Change::Of(at, other, span)),
        (at, prop::sample::select(&WORDS[..])).prop_map(|(at, word)| Change::Word(at, word)),
    ]
}

fn changed(mut input: Vec<u8>, all: &[Vec<u8>], changes: &[Change]) -> Vec<u8> {
    for change in changes {
        let place = |at: usize, of: &[u8]| at % (of.len() + 1);
        match *change {
            Change::Byte(at, byte) => {
                let at = place(at, &input);
                if let Some(there) = input.get_mut(at) {
                    *there = byte;
                }
            }
            Change::Without(at, span) => {
                let at = place(at, &input);
                input.drain(at..(at + span).min(input.len()));
            }
            Change::Again(at, span, times) => {
                let at = place(at, &input);
                let again = input[at..(at + span).min(input.len())].repeat(times);
                input.splice(at..at, again);
            }
            Change::Of(at, other, span) => {
                let (at, other) = (place(at, &input), &all[other % all.len()]);
                let from = place(span * 7, other);
                input.splice(at..at, other[from..(from + span).min(other.len())].iter().copied());
            }
            Change::Word(at, word) => {
                let at = place(at, &input);
                input.splice(at..at, word.bytes());
            }
        }
    }
    input
}

#[test]
fn every_kept_input_is_taken_or_refused_in_peace() {
    for (name, run) in inputs::ALL {
        let kept = corpus(name);
        assert!(kept.len() >= 3, "the corpus of {name} is gone");
        kept.iter().for_each(|input| run(input));
    }
}

#[test]
fn every_kept_expression_is_tried_in_every_place() {
    for input in corpus("expression") {
        (0..inputs::PLACES).for_each(|place| inputs::expression_in(place, &input));
    }
}

#[test]
fn the_kept_inputs_stay_small() {
    for (name, _) in inputs::ALL {
        let bytes: usize = corpus(name).iter().map(Vec::len).sum();
        assert!(bytes < 100_000, "the corpus of {name} holds {bytes} bytes");
    }
}

/// Runs changed inputs of one function; `run` is told each.
fn change_all(name: &str, cases: u32, run: impl Fn(&[u8])) {
    let kept = corpus(name);
    let changes = (any::<usize>(), prop::collection::vec(change(), 1..6));
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let told = TestRunner::new(config).run(&changes, |(which, changes)| {
        run(&changed(kept[which % kept.len()].clone(), &kept, &changes));
        Ok(())
    });
    if let Err(error) = told {
        panic!("{name}: {error}");
    }
}

#[test]
fn changed_inputs_are_taken_or_refused_in_peace() {
    // More with PROPTEST_CASES=10000.
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(400);
    for (name, run) in inputs::ALL {
        change_all(name, cases, run);
    }
}

/// No input may keep the processor busy for longer.
const LONGEST: Duration = Duration::from_millis(100);

/// How long this thread has kept the processor busy: others may be using the machine.
fn busy() -> Duration {
    let told = fs::read_to_string("/proc/thread-self/schedstat").expect("Linux tells it");
    let nanos: u64 = told.split(' ').next().and_then(|nanos| nanos.parse().ok()).expect("a number");
    Duration::from_micros(nanos / 1_000)
}

/// `FUZZ_RUNS` says how many of each, `FUZZ_TARGETS` of which functions.
#[test]
#[ignore = "takes long: scripts/torture changes"]
fn changed_inputs_at_length() {
    let cases = std::env::var("FUZZ_RUNS").map_or(1_000_000, |runs| runs.parse().expect("FUZZ_RUNS is a number"));
    let names = std::env::var("FUZZ_TARGETS").unwrap_or_default();
    let mut figure = Vec::new();
    for (name, run) in inputs::ALL {
        if !names.is_empty() && names.split_whitespace().all(|other| other != name) {
            continue;
        }
        let began = busy();
        change_all(name, cases, |input| {
            let before = busy();
            run(input);
            let took = busy() - before;
            assert!(took <= LONGEST, "{} bytes take {} ms", input.len(), took.as_millis());
        });
        figure.push(format!("{name} {cases} in {} s", (busy() - began).as_secs()));
        println!("{}", figure[figure.len() - 1]);
    }
    println!("figure: {}, no panic, none took 100 ms", figure.join(", "));
}
