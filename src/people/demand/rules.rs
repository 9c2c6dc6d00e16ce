//! What a scenario says about who calls and when: plain data, made by the scenario reader.

use crate::{
    id::LanguageId,
    people::distribution::Distribution,
    registry::{Category, Region, Status},
    script::model::IntentId,
    time::{Date, Duration, Instant, TimeOfDay},
};

/// Where calls come from: one source or several, each with people, volume and intents of its own.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct DemandRules {
    /// The sources; their calls are superposed. Empty: nobody calls.
    pub sources: Box<[Source]>,
}

/// One source of calls.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// Its name, for reports and `--set demand.NAME.factor=1.1`.
    pub name: Box<str>,
    /// Who they are.
    pub people: Whom,
    /// How many call, and when.
    pub volume: Volume,
    /// All expected counts are multiplied by this; at least 0. Default 1.
    pub factor: f64,
    /// What they want: shares that sum to 1. Empty: nothing in particular (they go along the first choices).
    pub intents: Box<[(IntentId, f64)]>,
    /// The chance of asking for an adviser after the matter was answered by the machine, for the intents listed here; for
    /// the others the persona's.
    pub adviser_after: Box<[(IntentId, f64)]>,
    /// What they speak, where the registry does not say it (or people come from outside it): shares that sum to 1. Empty:
    /// the script's default language.
    pub languages: Box<[(LanguageId, f64)]>,
    /// Shares of the personas of [`super::super::cast::Cast::personas`], by index; they sum to 1.
    pub personas: Box<[(u16, f64)]>,
}

/// Who the callers of a source are.
#[derive(Clone, Debug, PartialEq)]
pub enum Whom {
    /// People of the registry who pass the filter: they key their own number and birth date.
    Registry(PeopleFilter),
    /// People the registry does not know (RAMED holders, the curious): they have no number to key.
    Outside,
    /// Somebody who tries registration numbers one after the other, with birth dates by guess, from a few telephones.
    Probe {
        /// From how many calling numbers, at least 1.
        telephones: u32,
    },
}

/// Which people of the registry are meant; empty fields mean all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct PeopleFilter {
    /// Of this status.
    pub status: Option<Status>,
    /// Whose contributions are (or are not) paid up.
    pub paid: Option<bool>,
    /// Of this category.
    pub category: Option<Category>,
    /// Of this region.
    pub region: Option<Region>,
}

/// How many call, and when.
#[derive(Clone, Debug, PartialEq)]
pub enum Volume {
    /// A Poisson process whose expected counts follow people, days and hours.
    Days(Box<Days>),
    /// A Poisson process of this constant rate, calls a second.
    Rate(f64),
    /// A Poisson process with these expected counts an interval, from the beginning of the run on; none after the last.
    /// With `repeat` the list begins anew.
    Expected {
        /// Length of an interval.
        interval: Duration,
        /// Expected calls in each.
        counts: Box<[f64]>,
        /// Begin anew after the last.
        repeat: bool,
    },
    /// Exactly these counts an interval, at uniform instants within it.
    Counts {
        /// Length of an interval.
        interval: Duration,
        /// Calls in each.
        counts: Box<[u32]>,
    },
    /// Exactly at these instants, rising.
    Trace(Box<[Instant]>),
}

/// Expected calls by day and half-hour.
#[derive(Clone, Debug, PartialEq)]
pub struct Days {
    /// Expected calls on a day whose factors are all 1.
    pub base: Base,
    /// How a day's calls spread over its local half-hours; the last rule whose days match holds. The first must match all.
    pub shapes: Box<[(DayRule, DayShape)]>,
    /// Factors on days (weekday, first week of the month, press conference, first due month of a category, …): all that
    /// match multiply.
    pub factors: Box<[Factor]>,
    /// On days on which this calendar is closed although it is Monday to Friday (holidays) the first factor replaces the
    /// weekday's; on the next open day the second one multiplies. Index of the script's calendar.
    pub closed_days: Option<ClosedDays>,
    /// Bulk notices that make people call.
    pub notices: Box<[BulkNotice]>,
    /// Regional meetings that make a region call.
    pub meetings: Option<Meetings>,
    /// Coefficient of variation of the gamma factor drawn for each day, 0 to 2 (0: none).
    pub day_cv: f64,
    /// Coefficient of variation of the gamma factor drawn for each half-hour, 0 to 2 (0: none).
    pub interval_cv: f64,
    /// Correlation of the factors of neighbouring half-hours, 0 to below 1 (Gaussian copula, first order).
    pub interval_correlation: f64,
}

/// The size of an ordinary day.
#[derive(Clone, Debug, PartialEq)]
pub enum Base {
    /// This many calls.
    Calls(f64),
    /// Calls per 1,000 people and month of those who pass each filter (the first filter that a person passes holds),
    /// divided by `days_per_month`.
    PerThousand {
        /// The rates.
        rates: Box<[(PeopleFilter, f64)]>,
        /// Ordinary days that make a month's calls. Default 21.
        days_per_month: f64,
    },
    /// People outside the registry: this many, calling `from` per 1,000 and month at first, `to` after `ramp`.
    Population {
        /// How many.
        size: u32,
        /// Rate per 1,000 and month at the beginning of the run.
        from: f64,
        /// Rate at the end of the ramp and after it.
        to: f64,
        /// How many days the ramp takes.
        ramp_days: u32,
        /// Ordinary days that make a month's calls. Default 21.
        days_per_month: f64,
    },
}

/// Which local days a rule is about; empty fields mean all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct DayRule {
    /// From this day on.
    pub from: Option<Date>,
    /// To this day, included.
    pub to: Option<Date>,
    /// On these weekdays: bit 0 is Monday. `None`: on all.
    pub weekdays: Option<u8>,
    /// On the first so many days of each month.
    pub first_days: Option<u8>,
}

/// Shares of a day's calls in its 48 local half-hours, from midnight on; they sum to 1.
#[derive(Clone, Debug, PartialEq)]
pub struct DayShape(pub [f64; 48]);

/// A factor on days.
#[derive(Clone, Debug, PartialEq)]
pub struct Factor {
    /// Its name, for reports.
    pub name: Box<str>,
    /// On which days.
    pub days: DayRule,
    /// At least 0.
    pub factor: f64,
    /// For whom.
    pub people: PeopleFilter,
}

/// What closed days do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClosedDays {
    /// The script's calendar whose holidays count.
    pub calendar: crate::id::CalendarId,
    /// Stands for the weekday's factor on such a day. Default 0.1.
    pub on: f64,
    /// Multiplies on the next open day. Default 1.25.
    pub after: f64,
}

/// A bulk notice (by text message): a share of those who got it call within some days.
#[derive(Clone, Debug, PartialEq)]
pub struct BulkNotice {
    /// The day it is sent.
    pub on: Date,
    /// To whom.
    pub people: PeopleFilter,
    /// To how many of them at most; `None`: to all.
    pub size: Option<u32>,
    /// The share who call, 0 to 1.
    pub call_share: f64,
    /// How their calls spread over the day of the notice and those after it; sums to 1.
    pub spread: Box<[f64]>,
}

/// Regional meetings, spread evenly over the working days between two dates and over the regions by people.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Meetings {
    /// How many in all.
    pub count: u32,
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
    /// Factor on the region's calls on the days after a meeting.
    pub factor: f64,
    /// On how many days after it.
    pub days: u8,
}

/// When callers of abandoned or failed calls try again.
#[derive(Clone, Debug, PartialEq)]
pub struct RedialRules {
    /// After hanging up in a queue or in the menus without an answer. [`Distribution::Survival`] with a tail: some never.
    pub after_abandon: Distribution,
    /// After a call that failed (no service, no match, refused, queue full or closed).
    pub after_failure: Distribution,
    /// The most calls for one matter, the first included; 1: nobody calls again.
    pub attempts: u8,
    /// Who would call while the centre is closed waits for this time of the next open day, at least; `None`: calls anyway.
    pub not_before: Option<TimeOfDay>,
}
