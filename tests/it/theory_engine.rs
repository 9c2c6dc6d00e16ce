//! The full engine against queueing theory: rows of `oracles.csv` as calls through a one-node script, with agents and
//! callers of the simulator; what theory says must lie inside the 99.9 % interval of the replications.

use std::{
    num::{NonZeroU32, NonZeroUsize},
    sync::atomic::AtomicBool,
};

use hatif::{
    scenario::Scenario,
    sim::replicate::{Options, Runs, replicate},
    stats::{Estimate, student_t},
};
use serde_json::Value;

use crate::theory::{Row, rows};

const REPLICATIONS: u32 = 10;

/// Calls of all replications together.
const CALLS: f64 = 80_000.0;

/// Runs a textbook scenario with other numbers and compares; gives what is outside.
fn outside(textbook: &str, arrivals: f64, settings: &[String], expected: &[(&str, f64)]) -> Vec<String> {
    let hours = 1.0 + CALLS / f64::from(REPLICATIONS) / (arrivals * 3600.0);
    let mut set = vec![
        format!("demand.callers.rate={{calls={:?},per=\"1h\"}}", arrivals * 3600.0),
        "warm_up=\"1h\"".to_owned(),
        format!("horizon=\"{}s\"", (hours * 3600.0) as u64),
    ];
    set.extend_from_slice(settings);
    let set: Vec<_> = set.iter().map(|text| text.parse().expect("a setting")).collect();
    let scenario =
        Scenario::named(textbook, &set, None).unwrap_or_else(|problems| panic!("{}", problems.render(false)));
    let runs = Runs::Count(NonZeroU32::new(REPLICATIONS).expect("some"));
    let options = Options { runs, seed: Some(11), threads: NonZeroUsize::MIN, trace: false };
    let summary = replicate(&scenario, &options, &AtomicBool::new(false), &mut |_| {}).expect("a run");
    let check = |&(measure, expected): &(&str, f64)| {
        let found = wide(summary.of(measure).expect("a measure"));
        let half = found.half_width().expect("an interval");
        assert!(half < 0.5 * expected, "{textbook} {settings:?} {measure}: {found:?} says nothing");
        // In an overload agents are never idle in any replication, and theory's last billionth is not seen.
        let same = found.value.is_some_and(|value| (value - expected).abs() < 1e-6 * expected);
        (!same && !found.contains(expected))
            .then(|| format!("{textbook} {settings:?} {measure}: {found:?}, not {expected}"))
    };
    expected.iter().filter_map(check).collect()
}

/// The same estimate with its interval at 99.9 %.
fn wide(found: Estimate) -> Estimate {
    let freedom = found.n as f64 - 1.0;
    let factor = student_t(0.999, freedom) / student_t(found.level, freedom);
    let (value, half) = (found.value.expect("a value"), found.half_width().expect("an interval") * factor);
    Estimate { low: Some(value - half), high: Some(value + half), level: 0.999, ..found }
}

/// The rows of a family that pass, one group for each set of parameters.
fn groups(model: &str, pass: impl Fn(&Row) -> bool) -> Vec<Vec<Row>> {
    let mut groups: Vec<Vec<Row>> = Vec::new();
    for row in rows().into_iter().filter(|row| row.model == model && pass(row)) {
        match groups.last_mut().filter(|group| group[0].params == row.params) {
            Some(group) => group.push(row),
            None => groups.push(vec![row]),
        }
    }
    groups
}

/// What the oracle says of the measures that both know: (its name, ours).
fn expected<'a>(group: &[Row], names: &[(&str, &'a str)]) -> Vec<(&'a str, f64)> {
    let value =
        |name: &str| group.iter().find(|row| row.measure == name).map(|row| row.value.parse().expect("a number"));
    names.iter().filter_map(|&(theirs, ours)| value(theirs).map(|value| (ours, value))).collect()
}

fn settings(row: &Row) -> Vec<String> {
    vec![
        format!("staffing.total={}", row.count("n")),
        format!("handling.help.talk={{exponential=\"{}s\"}}", row.number("aht")),
        format!("measures.threshold=\"{}s\"", row.number("T")),
    ]
}

#[test]
fn erlang_b_is_met_by_the_engine() {
    let mut wrong = Vec::new();
    for group in groups("ErlangB", |row| row.number("n") <= 50.0) {
        let row = &group[0];
        let settings = [format!("staffing.total={}", row.count("n"))];
        wrong.extend(outside(
            "erlang_b",
            row.number("A") / 180.0,
            &settings,
            &expected(&group, &[("blocking", "abandonment")]),
        ));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn erlang_c_is_met_by_the_engine() {
    let mut wrong = Vec::new();
    let names = [("asa", "asa"), ("service_level", "service_level"), ("occupancy", "occupancy")];
    // At loads above 0.85 so few calls say little of the wait.
    let pass = |row: &Row| {
        row.params.get("lam").is_some()
            && row.number("n") < 100.0
            && row.number("lam") * row.number("aht") < 0.85 * row.number("n")
    };
    for group in groups("ErlangC", pass) {
        wrong.extend(outside("erlang_c", group[0].number("lam"), &settings(&group[0]), &expected(&group, &names)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

const IMPATIENT: [(&str, &str); 4] = [
    ("mean_wait", "wait"),
    ("p_abandon", "abandonment"),
    ("p_served_within_T", "service_level"),
    ("occupancy", "occupancy"),
];

#[test]
fn erlang_a_is_met_by_the_engine() {
    let mut wrong = Vec::new();
    for group in groups("ErlangA", |row| row.params.get("aht").is_some() && row.number("n") <= 60.0) {
        let row = &group[0];
        let mut settings = settings(row);
        settings.push(format!("patience={{exponential=\"{}s\"}}", row.number("patience_mean")));
        wrong.extend(outside("erlang_a", row.number("lam"), &settings, &expected(&group, &IMPATIENT)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn any_patience_is_met_by_the_engine() {
    let (mut wrong, mut kinds) = (Vec::new(), 0);
    for group in groups("MMn+G", |_| true) {
        let row = &group[0];
        let number = |name: &str| row.params["patience_params"][name].as_f64().expect("a number");
        let patience = match row.params["patience"].as_str() {
            Some("uniform") => format!("{{uniform=[\"{}s\",\"{}s\"]}}", number("a"), number("b")),
            Some("deterministic") => format!("\"{}s\"", number("value")),
            Some("hyperexponential") => format!(
                "{{mixture=[{{share={:?},of={{exponential=\"{}s\"}}}},{{share={:?},of={{exponential=\"{}s\"}}}}]}}",
                number("p"),
                number("mean1"),
                1.0 - number("p"),
                number("mean2")
            ),
            _ => continue,
        };
        kinds += 1;
        let mut settings = settings(row);
        settings.push(format!("patience={patience}"));
        wrong.extend(outside("erlang_a", row.number("lam"), &settings, &expected(&group, &IMPATIENT)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(kinds >= 4 && matches!(rows()[0].params, Value::Object(_)));
}
