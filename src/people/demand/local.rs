//! Local days and their half-hours as stretches of the run's time, also where the clock is put forward or back.

use super::rules::DayRule;
use crate::time::{Date, Instant, LocalClock};

const SECOND: i64 = 1_000_000;
const HALF_HOUR: i64 = 1_800 * SECOND;
const DAY: i64 = 86_400 * SECOND;

/// A stretch of time within one local half-hour. Microseconds since the run began; the first day may begin before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    pub from: i64,
    pub to: i64,
    /// Which half-hour of the day, from midnight on: 0 to 47.
    pub half: usize,
}

/// One local day of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LocalDay {
    pub date: Date,
    /// When it begins; the first day's beginning may lie before the run's.
    pub from: i64,
}

impl LocalDay {
    /// The day in which the run begins. What the clock did before the run is not known: its offset is taken to have held
    /// since midnight.
    pub fn first(clock: &LocalClock) -> LocalDay {
        let (date, _) = clock.local(Instant::ZERO);
        let of_day = local_micros(clock, 0).rem_euclid(DAY);
        LocalDay { date, from: -of_day }
    }

    /// Its stretches in order, and the day after. A day on which the clock is put back has half-hours that occur twice; one
    /// on which it is put forward lacks some.
    pub fn stretches(&self, clock: &LocalClock, stretches: &mut Vec<Stretch>) -> LocalDay {
        stretches.clear();
        let mut from = self.from;
        loop {
            let local = local_micros(clock, from);
            let date = Date(local.div_euclid(DAY) as i32);
            if date > self.date {
                return LocalDay { date, from };
            }
            let to = same_offset(clock, from, from + HALF_HOUR - local.rem_euclid(HALF_HOUR));
            stretches.push(Stretch { from, to, half: (local.rem_euclid(DAY) / HALF_HOUR) as usize });
            from = to;
        }
    }
}

fn offset(clock: &LocalClock, at: i64) -> i32 {
    clock.offset_at(Instant(at.max(0) as u64))
}

/// Local microseconds since 1970.
fn local_micros(clock: &LocalClock, at: i64) -> i64 {
    clock.unix_micros(Instant::ZERO) + at + i64::from(offset(clock, at)) * SECOND
}

/// `to`, or the first moment after `from` and before `to` at which the offset is another.
fn same_offset(clock: &LocalClock, from: i64, to: i64) -> i64 {
    let here = offset(clock, from);
    if offset(clock, to - 1) == here {
        return to;
    }
    let (mut same, mut other) = (from, to - 1);
    while other - same > 1 {
        let middle = same.midpoint(other);
        if offset(clock, middle) == here { same = middle } else { other = middle }
    }
    other
}

/// 0 is Monday.
pub(super) fn weekday(date: Date) -> u8 {
    // 1 January 1970 was a Thursday.
    (date.0 + 3).rem_euclid(7) as u8
}

impl DayRule {
    /// Whether the rule is about this day.
    pub fn holds(&self, date: Date) -> bool {
        self.from.is_none_or(|from| from <= date)
            && self.to.is_none_or(|to| date <= to)
            && self.weekdays.is_none_or(|days| days >> weekday(date) & 1 == 1)
            && self.first_days.is_none_or(|days| date.civil().day() as u8 <= days)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn casablanca(origin: &str) -> LocalClock {
        let zone = jiff::tz::TimeZone::get("Africa/Casablanca").expect("the zone is bundled");
        LocalClock::new(origin.parse().expect("a timestamp"), &zone)
    }

    /// Hours of each day from the first on.
    fn hours(clock: &LocalClock, days: usize) -> Vec<(String, i64, usize)> {
        let (mut day, mut stretches) = (LocalDay::first(clock), Vec::new());
        let mut found = Vec::new();
        for _ in 0..days {
            let next = day.stretches(clock, &mut stretches);
            found.push((day.date.to_string(), (next.from - day.from) / SECOND / 3600, stretches.len()));
            day = next;
        }
        found
    }

    #[test]
    fn days_have_25_and_23_hours_when_the_clock_changes() {
        let march = hours(&casablanca("2022-03-25T23:00:00Z"), 3);
        let day = |date: &str, hours, stretches| (date.to_owned(), hours, stretches);
        assert_eq!(march, [day("2022-03-26", 24, 48), day("2022-03-27", 25, 50), day("2022-03-28", 24, 48)]);
        let may = hours(&casablanca("2022-05-07T17:20:00Z"), 3);
        assert_eq!(may, [day("2022-05-07", 24, 48), day("2022-05-08", 23, 46), day("2022-05-09", 24, 48)]);
    }

    #[test]
    fn the_first_day_begins_before_a_run_that_begins_at_noon() {
        let clock = casablanca("2022-05-17T11:00:00Z");
        assert_eq!(LocalDay::first(&clock).from, -12 * 3600 * SECOND);
    }

    #[test]
    fn a_day_rule_holds_by_date_weekday_and_place_in_the_month() {
        let date = |day| Date::from_ymd(2022, 5, day).expect("a date");
        assert_eq!(weekday(date(16)), 0, "a Monday");
        let rule = DayRule { weekdays: Some(0b0000_0011), first_days: Some(10), ..DayRule::default() };
        assert!(rule.holds(date(2)) && rule.holds(date(10)) && !rule.holds(date(4)) && !rule.holds(date(16)));
        let rule = DayRule { from: Some(date(5)), to: Some(date(6)), ..DayRule::default() };
        assert!(!rule.holds(date(4)) && rule.holds(date(5)) && rule.holds(date(6)) && !rule.holds(date(7)));
        assert!(DayRule::default().holds(date(1)));
    }
}
