//! Scenarios: what a correct one becomes, and the exact report of every kind of mistake.

mod command;
mod files;
mod mistakes;
mod values;

mod shipped;

use expect_test::Expect;
use hatif::scenario::{Override, Problems, Scenario, Shelf};

/// The fields every scenario needs.
const HEAD: &str = "title = \"a day\"\nbegins = 2022-05-17T00:00:00\nhorizon = \"24h\"\n";
/// One source of calls.
const CALLS: &str = "[demand.all]\ncalls = 100\n";

/// Reads a scenario `day.toml` that stands beside the given files.
fn read_with(text: &str, beside: &[(&str, &str)], overrides: &[&str]) -> Result<Scenario, Problems> {
    let mut files = std::collections::BTreeMap::from([("day.toml".to_owned(), text.to_owned())]);
    files.extend(beside.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())));
    let overrides: Vec<Override> = overrides.iter().map(|text| text.parse().expect("key=value")).collect();
    Scenario::read(&Shelf::Given(files.into()), "day.toml", &overrides, None)
}

/// The scenario made of [`HEAD`] and what the test adds.
fn read(rest: &str) -> Result<Scenario, Problems> {
    read_with(&format!("{HEAD}{rest}"), &[], &[])
}

fn good(rest: &str) -> Scenario {
    read(rest).unwrap_or_else(|problems| panic!("{problems}"))
}

/// The whole report on [`HEAD`] and what the test adds.
fn check(rest: &str, expected: Expect) {
    expected.assert_eq(&read(rest).expect_err("a mistake").render(false));
}
