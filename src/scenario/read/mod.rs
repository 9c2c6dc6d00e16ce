//! From the merged tree of a scenario to [`Scenario`], with every mistake at its place.
//!
//! What the table of fields can refuse has been reported already; here names are looked up in the centre, texts become times
//! and dates, and what belongs together is held against each other. A mistake never stops the reading.

mod days;
mod demand;
mod incident;
mod people;
mod persona;
mod spread;
mod staff;
mod times;
mod volume;

use std::sync::Arc;

use jiff::tz::TimeZone;

use super::{
    CountBy, MeasureRules, Scenario,
    book::{Book, LENGTHS},
    centre, fields,
    overrides::Override,
    problems::Problems,
    shelf::Shelf,
};
use crate::{
    people::{cast::Cast, distribution::Distribution},
    registry::margins::FULL_SIZE,
    script::{
        Script, Source,
        diagnostic::{Diagnostic, nearest},
        shape,
        tree::{Kind, Span, Table, Value},
    },
    time::{Duration, Instant, LocalClock},
};

/// A run longer than the calendars are compiled for would find the centre closed for ever.
const LONGEST: Duration = Duration::from_hours(3 * 366 * 24);

/// Reads a scenario from its text.
pub(super) fn read(
    name: &str,
    shelf: &Shelf,
    (path, text): (&str, String),
    overrides: &[Override],
    centre: Option<&std::path::Path>,
) -> Result<Scenario, Problems> {
    let mut book = Book::open(shelf, path, text, overrides);
    let root = std::mem::take(&mut book.root);
    let mut scenario = None;
    let mut besides = Vec::new();
    if !book.broken {
        shape::Reader { file: &"".into(), problems: &mut book.problems }.record(&fields::SCENARIO, &root, &(0..0));
        let problems = std::mem::take(&mut book.problems);
        let mut reading = Reading {
            book,
            problems,
            besides,
            script: None,
            centre: None,
            clock: LocalClock::utc(),
            zone: TimeZone::UTC,
        };
        reading.open_centre(&root, centre);
        scenario = reading.scenario(name, &root);
        let Reading { book: read, problems, besides: texts, .. } = reading;
        (book, besides) = (read, texts);
        book.problems = problems;
    }
    let (found, source) = book.finish(besides);
    match scenario {
        Some(scenario) if found.is_empty() => Ok(scenario),
        _ => Err(Problems { name: name.to_owned(), found, source }),
    }
}

/// The work in progress.
struct Reading {
    book: Book,
    problems: Vec<Diagnostic>,
    /// Texts of further files that problems are in.
    besides: Vec<(Arc<str>, String)>,
    /// `None` when the centre cannot be read: then nothing is said about names in it.
    script: Option<Arc<Script>>,
    /// The files of the centre, with the changes of `--set`.
    centre: Option<Source>,
    clock: LocalClock,
    zone: TimeZone,
}

impl Reading {
    fn error(&mut self, code: &'static str, span: &Span, message: impl Into<String>, help: impl Into<String>) {
        self.problems.push(Diagnostic::error(code, &"".into(), span.clone(), message).help(help));
    }

    /// The place of `name` among the known ones; an unknown one is reported with the nearest.
    fn find<'k>(
        &mut self,
        what: &str,
        name: &str,
        span: &Span,
        known: impl Iterator<Item = &'k str> + Clone,
    ) -> Option<usize> {
        if let Some(i) = known.clone().position(|k| k == name) {
            return Some(i);
        }
        let all: Vec<&str> = known.collect();
        let help = match nearest(name, all.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if all.is_empty() => format!("there is no {what} at all"),
            None => format!("there is: {}", all.join(", ")),
        };
        self.error("unknown-name", span, format!("there is no {what} `{name}`"), help);
        None
    }

    /// Shares must sum to 1; a millionth more or less is rounding.
    fn sums_to_one(&mut self, span: &Span, what: &str, shares: impl Iterator<Item = f64>) {
        let sum: f64 = shares.sum();
        if (sum - 1.0).abs() > 1e-6 {
            let message = format!("{what} sum to {}, not to 1", rounded(sum));
            self.error("shares-sum", span, message, "change one of them so that they sum to 1");
        }
    }

    /// A length of time that must be above zero.
    fn above_zero(&mut self, table: &Table, key: &str, default: Duration) -> Duration {
        let Some(value) = table.get(key) else { return default };
        match value.text().and_then(|text| text.parse().ok()) {
            Some(Duration::ZERO) => {
                let help = "write a length of time such as \"30m\"";
                self.error("out-of-range", &value.span, format!("`{key}` must be longer than 0s"), help);
                default
            }
            Some(time) => time,
            None => default,
        }
    }

    fn open_centre(&mut self, root: &Table, given: Option<&std::path::Path>) {
        let value = root.get("centre").filter(|value| value.text().is_some());
        let opened = match (given, value) {
            (Some(dir), _) => centre::of_folder(dir),
            (None, Some(value)) => {
                let path = value.text().unwrap_or_default();
                self.book.shelf_of(&value.span).centre(path)
            }
            (None, None) => self.book.home().and_then(Shelf::centre_around).unwrap_or_else(|| Ok(Source::embedded())),
        };
        let mut span = value.map_or(0..0, |value| value.span.clone());
        let original = opened.as_ref().ok().cloned();
        let (mut changed, mut by_change) = (opened, false);
        for (change, place) in self.book.of_centre.clone() {
            changed = changed.and_then(|source| {
                (span, by_change) = (place, true);
                centre::changed(&source, &change)
            });
        }
        let is_sound = || original.is_some_and(|source| centre::load(&source).is_ok());
        let loaded = changed.and_then(|source| match centre::load(&source) {
            Ok(script) => Ok((script, source)),
            Err(reason) if by_change && is_sound() => Err(centre::fault_of_change(&source).unwrap_or(reason)),
            Err(reason) => {
                by_change = false;
                Err(reason)
            }
        });
        match loaded {
            Ok((script, source)) => {
                self.zone = TimeZone::get(&script.zone).unwrap_or(TimeZone::UTC);
                self.script = Some(script);
                self.centre = Some(source);
            }
            Err(reason) if by_change => self.error(
                "bad-centre",
                &span,
                format!("the centre cannot be changed so: {reason}"),
                "give another value that fits centre.toml, or leave this change out; without it the centre is sound",
            ),
            Err(reason) => self.error(
                "bad-centre",
                &span,
                format!("the centre cannot be used: {reason}"),
                "give the folder that holds centre.toml; `hatif check DIR` shows every fault in it",
            ),
        }
    }

    fn scenario(&mut self, name: &str, root: &Table) -> Option<Scenario> {
        let begins = root.get("begins").and_then(|value| self.moment(value));
        if let Some(begins) = begins {
            let origin = self.zone.to_ambiguous_timestamp(begins).compatible().ok()?;
            self.clock = LocalClock::new(origin, &self.zone);
        }
        let horizon = self.horizon(root, begins.is_some());
        let warm_up = self.warm_up(root, horizon);
        let personas = self.personas(root);
        let demand = self.demand(root, &personas, horizon);
        let cast = Cast { demand, redial: self.redial(root), staffing: self.staffing(root), personas: personas.into() };
        let incidents = self.incidents(root, horizon);
        let script = self.script.clone()?;
        let int = |key: &str| root.int(key);
        Some(Scenario {
            name: name.into(),
            title: root.text("title").map_or(name, |(title, _)| title).into(),
            clock: self.clock.clone(),
            horizon,
            finish: root.duration("finish").unwrap_or(Duration::from_hours(2)),
            warm_up,
            batches: int("batches").map(|n| n as u32),
            replications: int("replications").map_or(10, |n| n as u32),
            seed: int("seed").map_or(1, |n| n as u64),
            registry: registry(root, &cast),
            warnings: super::warnings(&script, &cast),
            script,
            cast: Arc::new(cast),
            incidents: incidents.into(),
            measures: self.measures(root),
        })
    }

    fn horizon(&mut self, root: &Table, begun: bool) -> Duration {
        let until = root.get("until").and_then(|value| Some((self.moment(value)?, value.span.clone())));
        let length = match (root.entry("horizon"), until) {
            (Some(entry), Some(_)) => {
                let message = format!(
                    "both {} are given; only one of them can hold",
                    LENGTHS.map(|k| format!("`{k}`")).join(" and ")
                );
                self.error("two-at-once", &entry.key_span, message, "remove one of them");
                None
            }
            (Some(_), None) => {
                let length = self.above_zero(root, "horizon", Duration::from_hours(24));
                Some((length, root.get("horizon").map_or(0..0, |value| value.span.clone())))
            }
            (None, Some((until, span))) => {
                let end = self.instant(until);
                if end == Instant::ZERO && begun {
                    let help = "choose a later `until`, or an earlier `begins`";
                    self.error("dates-out-of-order", &span, "the run ends before it begins", help);
                    None
                } else {
                    Some((end.since(Instant::ZERO), span))
                }
            }
            (None, None) => {
                if root.get("until").is_none() {
                    let help = "for instance horizon = \"24h\", or until = 2022-07-01T00:00:00";
                    self.error("missing-field", &(0..0), "a scenario needs `horizon` or `until`", help);
                }
                None
            }
        };
        let (length, span) = length.unwrap_or((Duration::from_hours(24), 0..0));
        if length > LONGEST {
            let help = "split it into scenarios of at most three years";
            self.error("out-of-range", &span, "the run is longer than three years", help);
        }
        length
    }

    fn warm_up(&mut self, root: &Table, horizon: Duration) -> Duration {
        let Some((value, warm_up)) = root.get("warm_up").zip(root.duration("warm_up")) else { return Duration::ZERO };
        if warm_up >= horizon {
            let message = format!("the warm-up of {warm_up} leaves nothing of the {horizon} to be measured");
            self.error("out-of-range", &value.span, message, "shorten `warm_up`, or lengthen the run");
        }
        warm_up
    }

    fn measures(&mut self, root: &Table) -> MeasureRules {
        let none = Table::default();
        let table = root.table("measures").unwrap_or(&none);
        MeasureRules {
            threshold: table.duration("threshold").unwrap_or(Duration::from_secs(20)),
            target: table.float("target").unwrap_or(0.8),
            short_abandon: table.duration("short_abandon").unwrap_or(Duration::from_secs(5)),
            interval: self.above_zero(table, "interval", Duration::from_mins(30)),
            count_by: match table.text("count_by").map(|(word, _)| word) {
                Some("answer") => CountBy::Answer,
                Some("exit") => CountBy::Exit,
                _ => CountBy::Arrival,
            },
        }
    }

    /// A distribution under a key; the default where it is not given.
    fn time(&mut self, table: &Table, key: &str, default: Distribution) -> Distribution {
        match table.get(key) {
            Some(value) => self.spread(value, key).unwrap_or(default),
            None => default,
        }
    }
}

/// The registry a scenario has: the one it names, and a full one where its callers come from it.
fn registry(root: &Table, cast: &Cast) -> Option<(u32, u64)> {
    use crate::people::demand::rules::Whom;
    let table = root.table("registry");
    let needed = cast.demand.sources.iter().any(|source| !matches!(source.people, Whom::Outside));
    if table.is_none() && !needed {
        return None;
    }
    let int = |key: &str| table.and_then(|table| table.int(key));
    Some((int("size").map_or(FULL_SIZE, |n| n as u32), int("seed").map_or(1, |n| n as u64)))
}

/// A number with as many places as say something.
fn rounded(x: f64) -> String {
    let text = format!("{x:.6}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The names a value lists: one string, or several.
fn names(value: &Value) -> Vec<(&str, &Span)> {
    match &value.kind {
        Kind::Text(text) => vec![(text, &value.span)],
        Kind::List(items) => items.iter().filter_map(|item| Some((item.text()?, &item.span))).collect(),
        _ => Vec::new(),
    }
}
