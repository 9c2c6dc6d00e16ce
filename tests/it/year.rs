//! A simulated year, hour by hour: random scripts, callers, agents, reloads and faults against the pure world, the engine's
//! laws checked after every drain.
//!
//! An hour is nothing but its number, so that a failing one is told again by one command, which the failure prints.
//! `scripts/torture year` tells a year of them and more; the test run tells some.

#![allow(clippy::print_stdout, reason = "the figure is what the command is run for")]

mod centre;
mod hour;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use hour::Told;

/// A number from the environment.
fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name}={text} is not a number")))
}

/// Tells `count` hours from number `first` on, on all processors, and what they came to together.
#[track_caller]
fn hours(first: u64, count: u64) -> Told {
    let (next, sum, failed) = (AtomicU64::new(first), Mutex::new(Told::default()), Mutex::new(Vec::new()));
    let work = || {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= first + count {
                return;
            }
            match catch_unwind(AssertUnwindSafe(|| hour::tell(number))) {
                Ok(told) => add(&mut sum.lock().expect("nobody panics here"), told),
                Err(_) => failed.lock().expect("nobody panics here").push(number),
            }
        }
    };
    let workers = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| {
        (0..workers).for_each(|_| {
            scope.spawn(work);
        });
    });
    let failed = failed.into_inner().expect("nobody panics here");
    let commands: Vec<String> = failed
        .iter()
        .map(|hour| format!("HATIF_HOUR={hour} cargo test --release --test it year::one_hour -- --ignored --exact"))
        .collect();
    assert!(
        failed.is_empty(),
        "{} of {count} hours break a law; tell one again with\n{}",
        failed.len(),
        commands.join("\n")
    );
    sum.into_inner().expect("nobody panics here")
}

fn add(sum: &mut Told, told: Told) {
    sum.calls += told.calls;
    sum.events += told.events;
    sum.published += told.published;
    sum.refused += told.refused;
    sum.rejected += told.rejected;
}

#[test]
fn two_days_of_random_hours_keep_the_laws() {
    let told = hours(1, 48);
    assert!(told.calls > 1_000 && told.published > 20 && told.refused > 10, "{told:?}");
    assert!(told.rejected < 10, "the generator writes centres that the checker refuses: {told:?}");
}

#[test]
fn an_hour_told_twice_is_the_same() {
    for number in [1, 2, 3] {
        assert_eq!(hour::digested(number), hour::digested(number), "hour {number}");
    }
}

#[test]
#[ignore = "a year takes minutes: scripts/torture year"]
fn the_year() {
    let (first, count) = (number("HATIF_FIRST").unwrap_or(1), number("HATIF_HOURS").unwrap_or(8_766));
    let told = hours(first, count);
    println!(
        "figure: {count} simulated hours, {} calls, {} events, {} scripts published, {} refused, no law broken",
        told.calls, told.events, told.published, told.refused
    );
}

#[test]
#[ignore = "tells one hour again: HATIF_HOUR=n"]
fn one_hour() {
    let hour = number("HATIF_HOUR").expect("HATIF_HOUR names the hour");
    println!("{:?}", hour::tell(hour));
}
