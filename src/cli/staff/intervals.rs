//! A CSV of intervals: from, calls and perhaps aht.

use std::path::Path;

use anyhow::{Context, bail};

use super::asked;
use crate::report::cell::restored;

/// An interval and what is expected in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Interval {
    /// Its name, such as 08:30; `None`: the only one.
    pub from: Option<String>,
    /// Calls, at least 0.
    pub calls: f64,
    /// Mean handle time in seconds, above 0.
    pub aht: f64,
}

/// Reads a file; `aht` stands for rows that have none. Every bad row is told, by its line.
pub fn read(file: &Path, aht: Option<f64>) -> anyhow::Result<Vec<Interval>> {
    let name = file.display();
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {name}"))?;
    let (intervals, problems) = parse(text.trim_start_matches('\u{feff}'), aht);
    if !problems.is_empty() {
        bail!("{name}: {}\n  {}", several(problems.len()), problems.join("\n  "));
    }
    if intervals.is_empty() {
        bail!("{name} holds no interval; it needs the columns from and calls, and at least one row");
    }
    Ok(intervals)
}

fn several(n: usize) -> String {
    format!("{n} {}", if n == 1 { "problem" } else { "problems" })
}

fn parse(text: &str, aht: Option<f64>) -> (Vec<Interval>, Vec<String>) {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).flexible(true).from_reader(text.as_bytes());
    let header = match reader.headers() {
        Ok(header) => header.clone(),
        Err(error) => return (Vec::new(), vec![format!("line 1: {error}")]),
    };
    let mut problems = Vec::new();
    for name in header.iter().filter(|name| !["from", "calls", "aht", ""].contains(name)) {
        problems.push(format!("line 1: column `{name}` is unknown; there are from, calls and aht"));
    }
    let column = |name| header.iter().position(|column| column == name);
    let places = (column("from"), column("calls"), column("aht"));
    for name in ["from", "calls"].into_iter().filter(|name| column(name).is_none()) {
        if !header.is_empty() {
            problems.push(format!("line 1: column `{name}` is missing"));
        }
    }
    let mut intervals = Vec::new();
    if problems.is_empty() && !header.is_empty() {
        for record in reader.records() {
            match record {
                Ok(record) => {
                    let line = record.position().map_or(0, csv::Position::line);
                    row(&record, header.len(), places, aht)
                        .map(|interval| intervals.push(interval))
                        .unwrap_or_else(|wrong| problems.extend(wrong.iter().map(|w| format!("line {line}: {w}"))));
                }
                Err(error) => problems.push(error.to_string()),
            }
        }
    }
    (intervals, problems)
}

type Places = (Option<usize>, Option<usize>, Option<usize>);

fn row(record: &csv::StringRecord, width: usize, places: Places, aht: Option<f64>) -> Result<Interval, Vec<String>> {
    if record.len() != width {
        return Err(vec![format!("{} cells, but the header has {width}", record.len())]);
    }
    let cell = |place: Option<usize>| place.and_then(|place| record.get(place)).filter(|cell| !cell.is_empty());
    let from = cell(places.0).map(|cell| restored(cell).to_owned()).ok_or("from is empty".to_owned());
    let calls = match cell(places.1).unwrap_or("").parse::<f64>() {
        Ok(calls) if calls.is_finite() && calls >= 0.0 => Ok(calls),
        _ => Err(format!("calls is `{}`, but must be a number of at least 0", cell(places.1).unwrap_or(""))),
    };
    let aht = match cell(places.2) {
        Some(text) => asked::time(text).map_err(|error| format!("aht: {error}")),
        None => aht.ok_or("no aht: give the column, or --aht for all rows".to_owned()),
    };
    match (from, calls, aht) {
        (Ok(from), Ok(calls), Ok(aht)) => Ok(Interval { from: Some(from), calls, aht }),
        (from, calls, aht) => Err([from.err(), calls.err(), aht.err()].into_iter().flatten().collect()),
    }
}
