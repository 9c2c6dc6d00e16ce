//! Two hundred dialogues of the default centre in virtual time: the goal is two seconds.
//!
//! `cargo bench --bench dialogues`. Reading the centre and generating the people count too, as they do for whoever types
//! `hatif test`.

#![expect(clippy::print_stdout, reason = "a benchmark reports to the terminal")]

use std::time::Duration;

use criterion::Criterion;
use hatif::{
    dialogue::{self, Dialogue, Outcome, Theatre},
    script::Source,
};

/// How many runs are timed at once.
const RUNS: usize = 200;

/// Dialogues of the default centre that make at least [`RUNS`] runs, a run in each language.
fn dialogues(centre: &Source, theatre: &Theatre) -> Vec<Dialogue> {
    let mut chosen = Vec::new();
    let mut runs = 0;
    for (path, text) in centre.files().filter(|(path, _)| path.starts_with("tests/")) {
        for dialogue in dialogue::read(path, text, theatre.script()).0 {
            if runs < RUNS {
                runs += dialogue.languages.len().max(1);
                chosen.push(dialogue);
            }
        }
    }
    assert!(runs >= RUNS, "the default centre has only {runs} runs");
    chosen
}

fn two_hundred(centre: &Source) -> usize {
    let mut theatre = Theatre::new(centre.clone()).expect("the default centre has no errors");
    let dialogues = dialogues(centre, &theatre);
    let runs = dialogues.iter().flat_map(|dialogue| theatre.run(dialogue));
    runs.filter(|run| matches!(run.result, Outcome::Passed)).count()
}

fn main() {
    let centre = Source::embedded();
    println!("{} of at least {RUNS} dialogues pass", two_hundred(&centre));
    let mut criterion =
        Criterion::default().sample_size(10).measurement_time(Duration::from_secs(10)).configure_from_args();
    criterion
        .bench_function("200 dialogues, centre and people included (goal: 2 s)", |b| b.iter(|| two_hundred(&centre)));
    criterion.final_summary();
}
