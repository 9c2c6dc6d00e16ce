//! The full engine against queueing theory: rows of `oracles.csv` as calls through a script of one node (or, where there are
//! several queues, of a menu before them), with agents and callers of the simulator. What theory says must lie inside the
//! 99.9 % interval of the replications.
//!
//! `cargo test` plays few calls, and leaves out the queues that need many to say anything; `scripts/validate` runs the same
//! trials at full length, through the ignored test [`the_whole_table`], and writes the table of docs/validation.md.

#![expect(clippy::type_complexity, reason = "a row of a table is a tuple of a name, numbers and a function")]

mod data;
mod designs;
mod laws;
mod queues;
mod table;
mod trial;

use std::{num::NonZeroUsize, path::Path, thread::available_parallelism};

use self::{
    table::{Compared, compare},
    trial::{Kind, REPLICATIONS, SEED, Trial},
};
use crate::theory::{Row, rows};

/// Every family of the oracles that a centre can be.
const FAMILIES: [(&str, fn(Vec<Row>) -> Vec<Trial>); 11] = [
    ("ErlangB", queues::erlang_b),
    ("ErlangC", |rows| queues::lines("ErlangC", rows)),
    ("ErlangA", |rows| queues::lines("ErlangA", rows)),
    ("MMnK+M", |rows| queues::lines("MMnK+M", rows)),
    ("MMn+G", queues::any_patience),
    ("MDn", queues::constant_talk),
    ("MG1", queues::one_agent),
    ("MMn_nonpreemptive_priority", designs::priorities),
    ("N-design", designs::n_designs),
    ("MtMinf_sinusoid", designs::sinusoid),
    ("PoissonGamma_counts", designs::day_factor),
];

/// Families that are about numbers, not about a centre.
const NO_CENTRE: [&str; 4] = ["student_t_quantile", "binomial_ci", "RNG_Philox4x32-10", "RNG_xoshiro256++"];

/// Comparisons of the whole table, for the level at which all of them together are right.
const COMPARISONS: usize = 432;

/// Calls of a trial in `cargo test`.
const FEW_CALLS: f64 = if cfg!(debug_assertions) { 20_000.0 } else { 120_000.0 };

/// What is outside in few calls, at the level of the whole table: with fixed seeds a test either passes or it does not, so
/// it must not fail by the chance that one comparison of a thousand has.
fn hold(trials: Vec<Trial>, at_least: usize) {
    let mut held = 0;
    let mut wrong = Vec::new();
    for trial in trials.iter().filter(|trial| trial.short) {
        let answer = trial.play((FEW_CALLS, 20), SEED, NonZeroUsize::MIN);
        // An interval as wide as half of the value says nothing.
        let compared = compare(trial, &answer, COMPARISONS);
        let said = compared.into_iter().filter(|row| row.seen && row.relative() < 0.5);
        for row in said {
            held += 1;
            wrong.extend((!row.inside_family).then(|| row.told()));
        }
    }
    assert!(wrong.is_empty(), "{} of {held}:\n{}", wrong.len(), wrong.join("\n"));
    let at_least = if cfg!(debug_assertions) { at_least / 2 } else { at_least };
    assert!(held >= at_least, "only {held} comparisons say anything");
}

fn family(name: &str) -> Vec<Trial> {
    let (_, trials) = FAMILIES.iter().find(|(family, _)| *family == name).expect("a family");
    trials(rows())
}

#[test]
fn erlang_b_is_met_by_the_engine() {
    hold(family("ErlangB"), 6);
}

#[test]
fn erlang_c_is_met_by_the_engine() {
    hold(family("ErlangC"), 20);
}

#[test]
fn erlang_a_is_met_by_the_engine() {
    hold(family("ErlangA"), 60);
}

#[test]
fn bounded_lines_and_balking_are_met_by_the_engine() {
    hold(family("MMnK+M"), 50);
}

#[test]
fn any_patience_is_met_by_the_engine() {
    hold(family("MMn+G"), 60);
}

#[test]
fn any_talking_time_is_met_by_the_engine() {
    hold(family("MDn"), 1);
    hold(family("MG1"), 4);
}

#[test]
fn priorities_and_pools_are_met_by_the_engine() {
    hold(family("MMn_nonpreemptive_priority"), 6);
    hold(family("N-design"), 32);
}

#[test]
fn demand_that_varies_is_met_by_the_engine() {
    hold(family("MtMinf_sinusoid"), 8);
    hold(family("PoissonGamma_counts"), 6);
}

#[test]
fn large_centres_are_met_by_the_engine() {
    hold(queues::limits(rows()), 13);
}

/// Rows that no run can show, with the reason.
fn not_expressible() -> Vec<(&'static str, String)> {
    let count = |pass: &dyn Fn(&Row) -> bool| rows().iter().filter(|row| pass(row)).count();
    let mean_offered = count(&|row| row.measure == "mean_offered_wait");
    let numbers = count(&|row| NO_CENTRE.contains(&row.model.as_str()));
    vec![
        ("ErlangC", "1 row, `min_agents`: a search by the formula, not a measure of a run".to_owned()),
        (
            "MMn+G",
            format!(
                "{mean_offered} rows, `mean_offered_wait`: the wait of somebody who would never give up, whom those models do not have"
            ),
        ),
        (
            "numbers",
            format!(
                "{numbers} rows of Student's t, of Wilson's interval and of two generators are about no centre; a test of their own holds the first two"
            ),
        ),
    ]
}

#[test]
fn every_row_of_the_oracles_is_asked_or_cannot_be() {
    let asked: usize = FAMILIES.iter().flat_map(|(_, trials)| trials(rows())).map(|trial| trial.questions.len()).sum();
    let limits = queues::limits(rows()).len();
    let left_out = |row: &Row| {
        row.measure == "min_agents" || row.measure == "mean_offered_wait" || NO_CENTRE.contains(&row.model.as_str())
    };
    let expected = rows().iter().filter(|row| !left_out(row)).count();
    // The CSV's first row is its heading, which the reader does not count.
    assert_eq!(asked + limits, expected);
    assert_eq!(expected, COMPARISONS);
}

/// Waits are to be known to this, relative.
const GOAL: f64 = 0.008;

/// What is neither a wait nor a share is to be known to this, and of shares alone the best known.
const GOAL_OF_OTHERS: f64 = 0.02;

/// How many calls it takes, by a pilot with another seed: its calls are not used again.
fn enough(trial: &Trial, threads: NonZeroUsize, most: f64) -> f64 {
    const PILOT: f64 = 200_000.0;
    let answer = trial.play((PILOT, REPLICATIONS), SEED + 1, threads);
    let compared = compare(trial, &answer, COMPARISONS);
    let widths = |kinds: &[Kind]| -> Vec<f64> {
        let rows = compared.iter().filter(|row| kinds.contains(&row.kind) && row.seen);
        rows.map(Compared::relative).filter(|width| width.is_finite()).collect()
    };
    let widest = |widths: Vec<f64>| widths.into_iter().fold(0.0, f64::max);
    let (waits, means) = (widest(widths(&[Kind::Wait])), widest(widths(&[Kind::Mean, Kind::Root])));
    let factor = match (waits > 0.0, means > 0.0) {
        (true, _) => waits / GOAL,
        (false, true) => means / GOAL_OF_OTHERS,
        _ => widths(&[Kind::Share]).into_iter().fold(1.0, f64::min) / GOAL_OF_OTHERS,
    };
    (PILOT * factor * factor * 1.2).clamp(400_000.0, most)
}

/// Plays everything at full length and writes the tables below the folder that `HATIF_VALIDATION` names.
#[test]
#[ignore = "minutes on a release build; run by scripts/validate"]
fn the_whole_table() {
    let folder = std::env::var("HATIF_VALIDATION").expect("HATIF_VALIDATION names a folder");
    let most = std::env::var("HATIF_MOST_CALLS").map_or(2e7, |text| text.parse().expect("a number of calls"));
    let threads = available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let limits: fn(Vec<Row>) -> Vec<Trial> = queues::limits;
    let trials = FAMILIES.iter().map(|(_, trials)| *trials).chain([limits]).flat_map(|trials| trials(rows()));
    let write = |file: &str, text: String| {
        std::fs::write(Path::new(&folder).join(file), text).expect("the folder can be written to");
    };
    let (by_data, data_inside) = data::tables(threads);
    by_data.into_iter().for_each(|(file, text)| write(file, text));
    let mut compared = Vec::new();
    for trial in trials {
        let calls = enough(&trial, threads, most);
        let answer = trial.play((calls, REPLICATIONS), SEED, threads);
        let found = compare(&trial, &answer, COMPARISONS);
        let outside: Vec<&str> =
            found.iter().filter(|row| row.seen && !row.inside).map(|row| row.measure.as_str()).collect();
        #[expect(clippy::print_stderr, reason = "it runs for an hour and shows how far it has come")]
        {
            eprintln!("{} {} {} calls, outside: {outside:?}", trial.family, trial.params, table::grouped(answer.calls));
        }
        compared.extend(found);
        // After each, so that a run that is cut short has something to show.
        write("theory-summary.md", table::summary(&compared, &not_expressible()));
        write("theory-rows.md", table::rows(&compared));
    }
    let wrong: Vec<String> = compared.iter().filter(|row| row.seen && !row.inside_family).map(Compared::told).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(data_inside, "points outside of the data; see the tables");
}
