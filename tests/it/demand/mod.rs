//! When calls come, and whose they are: expected counts, chance, order.

mod calendar;
mod chance;

use std::sync::{Arc, OnceLock};

use hatif::{
    id::CalendarId,
    people::{
        demand::{
            Birth, Demand,
            rules::{
                Base, BulkNotice, ClosedDays, DayRule, DayShape, Days, DemandRules, Factor, Meetings, PeopleFilter,
                Source, Volume, Whom,
            },
        },
        population::Population,
    },
    random::Seed,
    registry::{Category, Region, Registry, Status},
    script::{Script, load},
    time::{Date, Duration, Instant, LocalClock},
};

const EVERYBODY: PeopleFilter = PeopleFilter { status: None, paid: None, category: None, region: None };

/// The default centre, whose calendar 0 is closed on the feasts of 2022.
fn script() -> &'static Script {
    static SCRIPT: OnceLock<Arc<Script>> = OnceLock::new();
    SCRIPT.get_or_init(|| load(&hatif::script::Source::embedded()).script.expect("the default centre has no errors"))
}

fn population() -> Arc<Population> {
    static POPULATION: OnceLock<Arc<Population>> = OnceLock::new();
    POPULATION.get_or_init(|| Arc::new(Population::of(&crate::registry::small()))).clone()
}

fn registry() -> Registry {
    crate::registry::small()
}

/// A clock of Casablanca whose run begins at this moment of UTC.
fn clock(origin: &str) -> LocalClock {
    let zone = jiff::tz::TimeZone::get("Africa/Casablanca").expect("the zone is bundled");
    LocalClock::new(origin.parse().expect("a timestamp"), &zone)
}

fn date(month: i8, day: i8) -> Date {
    Date::from_ymd(2022, month, day).expect("a date")
}

fn source(people: Whom, volume: Volume) -> Source {
    Source {
        name: "calls".into(),
        people,
        volume,
        factor: 1.0,
        intents: [].into(),
        adviser_after: [].into(),
        languages: [].into(),
        personas: [(0, 1.0)].into(),
    }
}

/// All half-hours alike.
fn flat() -> DayShape {
    DayShape([1.0 / 48.0; 48])
}

fn days(base: Base) -> Days {
    Days {
        base,
        shapes: [(DayRule::default(), flat())].into(),
        factors: [].into(),
        closed_days: None,
        notices: [].into(),
        meetings: None,
        day_cv: 0.0,
        interval_cv: 0.0,
        interval_correlation: 0.0,
    }
}

fn by_days(people: Whom, days: Days) -> Source {
    source(people, Volume::Days(Box::new(days)))
}

fn demand_at(clock: &LocalClock, sources: &[Source], seed: Seed, horizon: Duration) -> Demand {
    let rules = DemandRules { sources: sources.into() };
    Demand::new(&rules, Some(population()), script(), clock, seed, horizon)
}

/// From Monday 16 May 2022, 00:00 local time.
fn demand(sources: &[Source], horizon: Duration) -> Demand {
    demand_at(&clock("2022-05-15T23:00:00Z"), sources, Seed::new(1), horizon)
}

fn births(mut demand: Demand) -> Vec<Birth> {
    std::iter::from_fn(|| demand.next()).collect()
}

fn hours(hours: u64) -> Duration {
    Duration::from_hours(hours)
}

/// Expected calls of the `n`th day of 24 hours.
fn on_day(demand: &Demand, n: u64) -> f64 {
    demand.expected(Instant::ZERO + hours(24 * n), Instant::ZERO + hours(24 * (n + 1)))
}

#[track_caller]
fn near(found: f64, right: f64) {
    assert!((found - right).abs() <= 1e-9 * right.abs().max(1.0), "{found}, not {right}");
}
