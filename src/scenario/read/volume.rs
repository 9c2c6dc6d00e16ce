//! How many call, and when: rates, counts, traces.

use super::{
    Reading,
    demand::numbers,
    times::{civil_moment, read_moment},
};
use crate::{
    people::demand::rules::{Base, Volume},
    scenario::book::{COUNTED, VOLUMES},
    script::{
        diagnostic::Diagnostic,
        tree::{Entry, Table, Value},
    },
    time::{Duration, Instant},
};

/// So many bad rows of a file are shown; the rest is counted.
const SHOWN_ROWS: usize = 50;

/// Fields that have a meaning only where volume follows days.
const OF_DAYS: [&str; 11] = [
    "days_per_month",
    "weekdays",
    "shape",
    "factors",
    "closed_days",
    "notices",
    "meetings",
    "day_cv",
    "interval_cv",
    "interval_correlation",
    "people",
];

impl Reading {
    pub(super) fn volume(&mut self, source: &Entry, table: &Table, horizon: Duration) -> Volume {
        let mut given = table.entries.iter().filter(|entry| VOLUMES.contains(&entry.key.as_str()));
        let Some(kind) = given.next() else {
            let help = format!("one of: {}", VOLUMES.join(", "));
            let message = format!("the source `{}` does not say how many call", source.key);
            self.error("missing-field", &source.key_span, message, help);
            return Volume::Rate(0.0);
        };
        if let Some(second) = given.next() {
            let message = format!("the source `{}` has {} and {} at once", source.key, kind.key, second.key);
            self.error("two-at-once", &second.key_span, message, "remove one, or make it a source of its own");
        }
        let by_days = ["calls", "per_thousand", "population"].contains(&kind.key.as_str());
        if !by_days {
            // Fields of a day's course would be read by nobody.
            let stray = |entry: &&Entry| OF_DAYS[..10].contains(&entry.key.as_str());
            for entry in table.entries.iter().filter(stray) {
                let message = format!("`{}` has no effect on `{}`, which does not follow days", entry.key, kind.key);
                self.error(
                    "no-effect",
                    &entry.key_span,
                    message,
                    "remove it, or use calls, per_thousand or population",
                );
            }
        }
        self.fits_callers(kind, table);
        let inner = kind.value.table();
        match (kind.key.as_str(), inner) {
            ("rate", Some(rate)) => {
                let per = self.above_zero(rate, "per", Duration::from_secs(1));
                Volume::Rate(rate.float("calls").unwrap_or(0.0) / per.as_secs_f64())
            }
            ("expected", Some(inner)) => Volume::Expected {
                interval: self.above_zero(inner, "every", Duration::from_mins(30)),
                counts: self.counts(kind, inner, |text| text.parse().ok().filter(|x| (0.0..1e9).contains(x))).into(),
                repeat: inner.bool("repeat").unwrap_or(false),
            },
            ("counts", Some(inner)) => {
                let whole = |text: &str| text.parse::<u32>().ok().filter(|n| *n <= 100_000_000).map(f64::from);
                let counts = self.counts(kind, inner, whole);
                Volume::Counts {
                    interval: self.above_zero(inner, "every", Duration::from_mins(30)),
                    counts: counts.into_iter().map(|n| n as u32).collect(),
                }
            }
            ("trace", Some(inner)) => Volume::Trace(self.trace(kind, inner, horizon).into()),
            _ => {
                let base = self.base(kind, table);
                Volume::Days(Box::new(self.course(base, table)))
            }
        }
    }

    /// Rates by people are of the registry, a population is not.
    fn fits_callers(&mut self, kind: &Entry, table: &Table) {
        let callers = table.text("callers").map_or("registry", |(word, _)| word);
        let wanted = match kind.key.as_str() {
            "per_thousand" => "registry",
            "population" => "outside",
            _ => return,
        };
        if callers != wanted {
            let message = format!("`{}` counts people, and callers = \"{callers}\" are none of them", kind.key);
            self.error(
                "no-effect",
                &kind.key_span,
                message,
                format!("write callers = \"{wanted}\", or another volume"),
            );
        }
    }

    fn base(&mut self, kind: &Entry, table: &Table) -> Base {
        let days_per_month = table.float("days_per_month").unwrap_or(21.0);
        match (kind.key.as_str(), kind.value.table()) {
            ("per_thousand", Some(rates)) => {
                let mut read = Vec::new();
                for rate in rates.entries.iter().filter_map(|entry| entry.value.table()) {
                    read.push((self.who(rate), rate.float("calls").unwrap_or(0.0)));
                }
                if read.is_empty() {
                    let help = "add rates such as per_thousand.all = { calls = 60 }";
                    self.error("empty", &kind.key_span, "`per_thousand` has no rates", help);
                }
                Base::PerThousand { rates: read.into(), days_per_month }
            }
            ("population", Some(people)) => {
                let from = people.float("from").unwrap_or(0.0);
                Base::Population {
                    size: people.int("size").map_or(1, |n| n as u32),
                    from,
                    to: people.float("to").unwrap_or(from),
                    ramp_days: people.int("ramp_days").map_or(0, |n| n as u32),
                    days_per_month,
                }
            }
            _ => Base::Calls(kind.value.float().unwrap_or(0.0)),
        }
    }

    /// Counts by interval, from the list or the file.
    fn counts(&mut self, kind: &Entry, table: &Table, read: impl Fn(&str) -> Option<f64>) -> Vec<f64> {
        if !self.one_place(kind, table, "values") {
            return Vec::new();
        }
        let counts = match table.get("file") {
            Some(file) => self.column(file, "calls", "a count of calls", read),
            None => Some(numbers(table.get("values"))),
        };
        self.some(kind, counts)
    }

    /// Instants, from the list or the file.
    fn trace(&mut self, kind: &Entry, table: &Table, horizon: Duration) -> Vec<Instant> {
        if !self.one_place(kind, table, "times") {
            return Vec::new();
        }
        let end = Instant::ZERO + horizon;
        let mut times = match table.get("file") {
            Some(file) => {
                let (zone, clock) = (self.zone.clone(), self.clock.clone());
                let read = |text: &str| {
                    let timestamp = zone.to_ambiguous_timestamp(read_moment(text)?).compatible().ok()?;
                    let micros = timestamp.as_microsecond();
                    let at = clock.instant_of(micros);
                    (micros >= clock.unix_micros(Instant::ZERO) && at <= end).then_some(at)
                };
                self.column(file, "at", "a local date and time within the run", read)
            }
            None => {
                let items = table.get("times").and_then(Value::list).unwrap_or_default();
                let mut times = Vec::new();
                for item in items {
                    let moment = civil_moment(item);
                    let at = moment.map(|moment| self.instant(moment));
                    let before = moment.is_some_and(|moment| self.is_before(moment));
                    match at.filter(|at| *at <= end && !before) {
                        Some(at) => times.push(at),
                        None => {
                            let help = "write 2022-05-17T08:30:00, between `begins` and the end of the run";
                            self.error(
                                "bad-time",
                                &item.span,
                                "this is not a local date and time within the run",
                                help,
                            );
                        }
                    }
                }
                (times.len() == items.len()).then_some(times)
            }
        };
        if let Some(times) = &mut times {
            times.sort_unstable();
        }
        self.some(kind, times)
    }

    /// Numbers stand in the file or in the scenario, not in both.
    fn one_place(&mut self, kind: &Entry, table: &Table, inline: &str) -> bool {
        let given = table.entries.iter().filter(|entry| COUNTED.contains(&entry.key.as_str())).count();
        if given != 1 {
            let (code, what) = if given == 0 { ("missing-field", "needs") } else { ("two-at-once", "has both") };
            let message = format!("`{}` {what} `{inline}` {} `file`", kind.key, if given == 0 { "or" } else { "and" });
            self.error(code, &kind.key_span, message, "give exactly one of them");
        }
        given == 1
    }

    /// What was read, if it was read whole; nothing at all is a mistake.
    fn some<T>(&mut self, kind: &Entry, read: Option<Vec<T>>) -> Vec<T> {
        if read.as_ref().is_some_and(Vec::is_empty) {
            self.error(
                "empty",
                &kind.key_span,
                format!("`{}` is empty: nobody would call", kind.key),
                "give at least one row",
            );
        }
        read.unwrap_or_default()
    }

    /// One column of a CSV file; every row that cannot be read is reported in that file.
    fn column<T>(
        &mut self,
        file: &Value,
        column: &str,
        wanted: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Option<Vec<T>> {
        let path = file.text()?;
        let shelf = self.book.shelf_of(&file.span);
        let text = match shelf.text(path) {
            Ok(text) => text,
            Err(reason) => {
                let help = "paths are meant from the scenario's folder";
                self.error("bad-file", &file.span, format!("`{path}` cannot be read: {reason}"), help);
                return None;
            }
        };
        let shown: std::sync::Arc<str> = shelf.shown(path).into();
        let mut reader = csv::ReaderBuilder::new()
            .trim(csv::Trim::All)
            .flexible(true)
            .comment(Some(b'#'))
            .from_reader(text.as_bytes());
        let place = reader.headers().ok().and_then(|headers| headers.iter().position(|name| name == column));
        let Some(place) = place else {
            let help = format!("the first line names the columns; one of them is `{column}`");
            self.error("bad-file", &file.span, format!("`{path}` has no column `{column}`"), help);
            return None;
        };
        let (mut values, mut bad) = (Vec::new(), Vec::new());
        for row in reader.records() {
            let (at, value) = match &row {
                Ok(row) => {
                    (row.position().map_or(0, |place| place.byte() as usize), row.get(place).unwrap_or_default())
                }
                Err(error) => (error.position().map_or(0, |place| place.byte() as usize), ""),
            };
            match read(value) {
                Some(value) => values.push(value),
                None => bad.push((at, value.to_owned())),
            }
        }
        if bad.is_empty() {
            return Some(values);
        }
        for (at, value) in bad.iter().take(SHOWN_ROWS) {
            let start = *at + text[*at..].find(|c| c != '\n' && c != '\r').unwrap_or(0);
            let end = text[start..].find('\n').map_or(text.len(), |i| start + i);
            let message = format!("`{value}` is not {wanted}");
            self.problems
                .push(Diagnostic::error("bad-row", &shown, start..end, message).help("correct or remove this row"));
        }
        if bad.len() > SHOWN_ROWS {
            let message = format!("`{path}` has {} bad rows; the first {SHOWN_ROWS} are shown", bad.len());
            self.error("bad-file", &file.span, message, "correct the file");
        }
        self.besides.push((shown, text));
        None
    }
}
