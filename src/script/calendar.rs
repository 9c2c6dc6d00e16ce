//! Opening hours: rules as written, and the table of instants they compile to.
//!
//! A calendar says for every minute of local time whether it is open: weekly hours, periods with hours of their own
//! (Ramadan), and holidays, which win over both. The engine never sees rules or zones; it is given a [`Calendar`], in which
//! each change of state is an [`Instant`], and finds its place by binary search.

use std::sync::{Arc, OnceLock};

use jiff::{civil, tz::TimeZone};

use super::value::Symbol;
use crate::time::{Date, Instant, LocalClock, TimeOfDay};

/// Opening hours as a script states them. Times are local; a span ends after it begins and within the same day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CalendarRules {
    /// The calendar's name.
    pub name: Arc<str>,
    /// Open spans of each weekday, Monday first, in rising order.
    pub weekly: Week,
    /// Periods with hours of their own; the first that holds a day applies.
    pub periods: Box<[Period]>,
    /// Days closed all day: first day, last day, and the holiday's name.
    pub holidays: Box<[Holiday]>,
}

/// Open spans of each weekday, Monday first: from, until (exclusive).
pub type Week = [Box<[(TimeOfDay, TimeOfDay)]>; 7];

/// A stretch of days with hours of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Period {
    /// A word of the period set.
    pub name: Symbol,
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
    /// Its hours.
    pub weekly: Week,
}

/// A holiday of one or more days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holiday {
    /// A word of the holiday set.
    pub name: Symbol,
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
}

/// What a calendar says of one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hours {
    /// Open.
    pub open: bool,
    /// The holiday it is, when it is one.
    pub holiday: Option<Symbol>,
    /// The period it is in, when it is in one.
    pub period: Option<Symbol>,
    /// When the current opening began, or, while closed, when the next begins (today's, if one is still to come).
    pub opens: TimeOfDay,
    /// When that opening ends.
    pub closes: TimeOfDay,
    /// The day of that opening.
    pub date: Date,
    /// When that opening begins, as an instant; the beginning of the run if it began earlier.
    pub opens_at: Instant,
    /// When that opening ends, as an instant.
    pub closes_at: Instant,
}

/// A compiled calendar: states and the instants they hold from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calendar {
    changes: Box<[(Instant, Hours)]>,
}

/// A script's calendars, compiled for the clock they were first asked for by, so that runs which begin alike share them.
#[derive(Debug, Default)]
pub struct Compiled(OnceLock<(LocalClock, Box<[Arc<Calendar>]>)>);

impl Compiled {
    /// The calendars of these rules for a run that ticks as `clock` says, in their order. `zone` names their time zone; one
    /// that is not known counts as UTC.
    pub fn of(&self, rules: &[CalendarRules], clock: &LocalClock, zone: &str) -> Box<[Arc<Calendar>]> {
        let make = || -> Box<[Arc<Calendar>]> {
            let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
            rules.iter().map(|rules| Arc::new(rules.compile(clock, &zone))).collect()
        };
        let (known, calendars) = self.0.get_or_init(|| (clock.clone(), make()));
        if known == clock { calendars.clone() } else { make() }
    }
}

/// How many days ahead of the run's beginning a calendar is compiled; later instants count as closed.
const HORIZON_DAYS: i32 = 3 * 366;

/// How 24:00 is written, which is not a time of day.
const LAST_MINUTE: TimeOfDay = TimeOfDay(1_439);

struct Opening {
    from: Instant,
    until: Instant,
    opens: TimeOfDay,
    closes: TimeOfDay,
    date: Date,
}

impl CalendarRules {
    /// The spans, holiday and period of a day.
    fn day(&self, date: Date) -> (&[(TimeOfDay, TimeOfDay)], Option<Symbol>, Option<Symbol>) {
        let weekday = date.civil().weekday().to_monday_zero_offset() as usize;
        let period = self.periods.iter().find(|p| p.from <= date && date <= p.to);
        let name = period.map(|p| p.name);
        if let Some(holiday) = self.holidays.iter().find(|h| h.from <= date && date <= h.to) {
            return (&[], Some(holiday.name), name);
        }
        (period.map_or(&self.weekly[weekday], |p| &p.weekly[weekday]), None, name)
    }

    /// The table of instants for a run that begins and ticks as `clock` says. A local time that an offset change skips
    /// counts as the moment of the change, one that occurs twice as the first occurrence.
    pub fn compile(&self, clock: &LocalClock, zone: &TimeZone) -> Calendar {
        let (first, _) = clock.local(Instant::ZERO);
        let last = first.plus_days(HORIZON_DAYS);
        let at = |date: Date, time: TimeOfDay| instant_of(clock, zone, date, time);
        let mut openings = Vec::new();
        let mut marks = Vec::new();
        let mut date = first.plus_days(-1);
        while date <= last {
            let (spans, holiday, period) = self.day(date);
            marks.push((at(date, TimeOfDay(0)), holiday, period));
            for &(opens, closes) in spans {
                // Who is open to the last minute of a day is open to its end: no minute of a night is left out.
                let until = if closes == LAST_MINUTE { at(date.plus_days(1), TimeOfDay(0)) } else { at(date, closes) };
                openings.push(Opening { from: at(date, opens), until, opens, closes, date });
            }
            date = date.plus_days(1);
        }
        openings.retain(|o| o.until > Instant::ZERO);
        Calendar { changes: changes(&marks, &openings) }
    }
}

/// Every instant at which something changes, with the state from then on.
fn changes(marks: &[(Instant, Option<Symbol>, Option<Symbol>)], openings: &[Opening]) -> Box<[(Instant, Hours)]> {
    let mut instants: Vec<Instant> = marks.iter().map(|m| m.0).collect();
    instants.extend(openings.iter().flat_map(|o| [o.from, o.until]));
    instants.push(Instant::ZERO);
    instants.sort_unstable();
    instants.dedup();
    let never = Opening {
        from: Instant::NEVER,
        until: Instant::NEVER,
        opens: TimeOfDay(0),
        closes: TimeOfDay(0),
        date: Date(i32::MAX),
    };
    let state = |at: Instant| {
        let mark = marks.partition_point(|m| m.0 <= at).saturating_sub(1);
        let opening = &openings.get(openings.partition_point(|o| o.until <= at)).unwrap_or(&never);
        let hours = Hours {
            open: opening.from <= at,
            holiday: marks[mark].1,
            period: marks[mark].2,
            opens: opening.opens,
            closes: opening.closes,
            date: opening.date,
            opens_at: opening.from,
            closes_at: opening.until,
        };
        (at, hours)
    };
    let mut table: Vec<(Instant, Hours)> = instants.into_iter().map(state).collect();
    table.dedup_by(|next, kept| next.1 == kept.1);
    table.into()
}

/// The instant of a local time; one before the run counts as its beginning.
pub(crate) fn instant_of(clock: &LocalClock, zone: &TimeZone, date: Date, time: TimeOfDay) -> Instant {
    let local = date.civil().to_datetime(civil::time(time.hour() as i8, time.minute() as i8, 0, 0));
    let ambiguous = zone.to_ambiguous_timestamp(local);
    let timestamp = match ambiguous.offset() {
        // The first moment after the gap: the skipped local time read with the offset that ended there.
        jiff::tz::AmbiguousOffset::Gap { before, .. } => {
            let late = before.to_timestamp(local).unwrap_or(jiff::Timestamp::MAX);
            zone.preceding(late).next().map_or(late, |change| change.timestamp())
        }
        jiff::tz::AmbiguousOffset::Fold { before, .. } => before.to_timestamp(local).unwrap_or(jiff::Timestamp::MAX),
        jiff::tz::AmbiguousOffset::Unambiguous { offset } => offset.to_timestamp(local).unwrap_or(jiff::Timestamp::MAX),
    };
    clock.instant_of(timestamp.as_microsecond())
}

impl Calendar {
    /// What the calendar says of `at`.
    pub fn at(&self, at: Instant) -> &Hours {
        let i = self.changes.partition_point(|change| change.0 <= at);
        &self.changes[i.saturating_sub(1)].1
    }

    /// The first instant after `at` at which something changes.
    pub fn next_change(&self, at: Instant) -> Option<Instant> {
        let i = self.changes.partition_point(|change| change.0 <= at);
        self.changes.get(i).map(|change| change.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Duration;

    fn zone() -> TimeZone {
        TimeZone::get("Africa/Casablanca").expect("the zone is bundled")
    }

    fn week(from: &str, to: &str) -> Week {
        let time = |t: &str| {
            let (h, m) = t.split_once(':').expect("h:m");
            TimeOfDay::new(h.parse().expect("hour"), m.parse().expect("minute")).expect("a time")
        };
        let day: Box<[_]> = [(time(from), time(to))].into();
        let none: Box<[(TimeOfDay, TimeOfDay)]> = [].into();
        [day.clone(), day.clone(), day.clone(), day.clone(), day, none.clone(), none]
    }

    fn date(text: &str) -> Date {
        Date::from(text.parse::<civil::Date>().expect("a date"))
    }

    fn rules() -> CalendarRules {
        let word = |set: u8| Symbol { set: super::super::value::SymbolSet(set), word: 0 };
        CalendarRules {
            name: "advisers".into(),
            weekly: week("08:30", "16:30"),
            periods: [Period {
                name: word(12),
                from: date("2022-04-03"),
                to: date("2022-05-01"),
                weekly: week("09:00", "15:00"),
            }]
            .into(),
            holidays: [Holiday { name: word(11), from: date("2022-05-02"), to: date("2022-05-03") }].into(),
        }
    }

    fn at(clock: &LocalClock, utc: &str) -> Instant {
        clock.instant_of(utc.parse::<jiff::Timestamp>().expect("a timestamp").as_microsecond())
    }

    #[test]
    fn hours_follow_the_local_clock_over_both_offset_changes() {
        let clock = LocalClock::new("2022-03-20T00:00:00Z".parse().expect("a timestamp"), &zone());
        let calendar = rules().compile(&clock, &zone());
        // 25 March is at UTC+1, 28 March at UTC+0, 9 May at UTC+1 again.
        for (utc, open) in [
            ("2022-03-25T07:29:59Z", false),
            ("2022-03-25T07:30:00Z", true),
            ("2022-03-28T07:30:00Z", false),
            ("2022-03-28T08:30:00Z", true),
            ("2022-04-12T08:59:59Z", false),
            ("2022-04-12T09:00:00Z", true),
            ("2022-04-12T15:00:00Z", false),
            ("2022-05-02T10:00:00Z", false),
            ("2022-05-09T07:29:00Z", false),
            ("2022-05-09T07:30:00Z", true),
        ] {
            assert_eq!(calendar.at(at(&clock, utc)).open, open, "{utc}");
        }
    }

    #[test]
    fn who_is_open_day_and_night_is_open_at_midnight() {
        let clock = LocalClock::new("2022-03-25T12:00:00Z".parse().expect("a timestamp"), &zone());
        let day: Box<[_]> = [(TimeOfDay(0), LAST_MINUTE)].into();
        let weekly = std::array::from_fn(|_| day.clone());
        let calendar = CalendarRules { name: "always".into(), weekly, periods: [].into(), holidays: [].into() };
        let calendar = calendar.compile(&clock, &zone());
        let minutes = (0..4 * 24 * 60).map(|minute| Instant::ZERO + Duration::from_mins(minute));
        assert_eq!(minutes.filter(|at| !calendar.at(*at).open).count(), 0, "the offset changes on the 27th");
    }

    #[test]
    fn a_closed_calendar_says_when_it_opens_next() {
        let clock = LocalClock::new("2022-04-29T12:00:00Z".parse().expect("a timestamp"), &zone());
        let calendar = rules().compile(&clock, &zone());
        let eid = calendar.at(at(&clock, "2022-05-02T10:00:00Z"));
        assert!(eid.holiday.is_some() && !eid.open);
        assert_eq!((eid.date, eid.opens, eid.closes), (date("2022-05-04"), TimeOfDay(510), TimeOfDay(990)));
        let friday = calendar.at(Instant::ZERO);
        assert!(friday.open && friday.period.is_some(), "{friday:?}");
        let evening = calendar.at(Instant::ZERO + Duration::from_hours(4));
        assert!(!evening.open);
        assert_eq!(evening.date, date("2022-05-04"), "the weekend and the feast lie between");
    }
}
