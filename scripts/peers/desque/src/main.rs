//! W1 and W2 on desque: `desque-peer w1 CALLS` or `desque-peer w2 DAYS`. Prints one JSON object.

mod w1;
mod w2;

use std::{cmp::Ordering, ops::Add, process::ExitCode};

/// Seconds of the simulated clock.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Time(pub f64);

impl Eq for Time {}
impl PartialOrd for Time {
    fn partial_cmp(&self, other: &Time) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Time {
    fn cmp(&self, other: &Time) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}
impl desque::SimTime for Time {}
impl Add<f64> for Time {
    type Output = Time;
    fn add(self, seconds: f64) -> Time {
        Time(self.0 + seconds)
    }
}

/// What is counted.
#[derive(Debug, Default)]
pub struct Count {
    pub offered: u64,
    pub abandoned: u64,
    pub within: u64,
    pub waited: f64,
}

impl Count {
    fn print(&self, model: &str, calls: u64, seconds: f64) {
        let n = self.offered.max(1) as f64;
        println!(
            "{{\"peer\": \"desque 0.4.0\", \"model\": \"{model}\", \"calls\": {calls}, \"seconds\": {seconds}, \"p_abandon\": {}, \"mean_wait\": {}, \"within\": {}}}",
            self.abandoned as f64 / n,
            self.waited / n,
            self.within as f64 / n
        );
    }
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().collect();
    let size = args.get(2).and_then(|n| n.parse().ok());
    match (args.get(1).map(String::as_str), size) {
        (Some("w1"), Some(calls)) => w1::run(calls),
        (Some("w2"), Some(days)) => w2::run(days),
        _ => {
            eprintln!("usage: desque-peer w1 CALLS | w2 DAYS");
            return ExitCode::from(2);
        }
    }
    ExitCode::SUCCESS
}
