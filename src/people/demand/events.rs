//! What makes some days unlike others: holidays and the day after, and regional meetings.

use super::{
    local::weekday,
    rules::{ClosedDays, Meetings},
};
use crate::{registry::Region, script::calendar::CalendarRules, time::Date};

/// The days on which a calendar is closed although they are Monday to Friday.
#[derive(Clone, Debug)]
pub(super) struct Holidays {
    rules: ClosedDays,
    calendar: CalendarRules,
}

/// How a day stands to the holidays.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum DayKind {
    /// Like any other.
    Ordinary,
    /// Closed: this stands for the factors on weekdays.
    Closed(f64),
    /// The first open day after closed ones: this multiplies.
    After(f64),
}

impl Holidays {
    pub fn new(rules: ClosedDays, calendar: &CalendarRules) -> Holidays {
        Holidays { rules, calendar: calendar.clone() }
    }

    pub fn kind(&self, date: Date) -> DayKind {
        if self.closed(date) {
            return DayKind::Closed(self.rules.on);
        }
        if !working(date) {
            return DayKind::Ordinary;
        }
        // Back over the weekend and closed days; a year of them at most.
        let before = (1..366).map(|n| date.plus_days(-n)).take_while(|day| !working(*day) || self.closed(*day));
        if before.into_iter().any(|day| self.closed(day)) {
            DayKind::After(self.rules.after)
        } else {
            DayKind::Ordinary
        }
    }

    fn closed(&self, date: Date) -> bool {
        let within = |from: Date, to: Date| from <= date && date <= to;
        let period = self.calendar.periods.iter().find(|period| within(period.from, period.to));
        let weekly = period.map_or(&self.calendar.weekly, |period| &period.weekly);
        let holiday = self.calendar.holidays.iter().any(|holiday| within(holiday.from, holiday.to));
        working(date) && (holiday || weekly[usize::from(weekday(date))].is_empty())
    }
}

/// Monday to Friday.
fn working(date: Date) -> bool {
    weekday(date) < 5
}

/// On which days which regions are stirred by a meeting they had.
#[derive(Clone, Debug, Default)]
pub(super) struct Stirred {
    first: Date,
    /// A bit for each region, day by day.
    regions: Box<[u16]>,
}

impl Stirred {
    /// Spreads meetings evenly over the working days, and over the regions by their people: each goes to the region that is
    /// furthest behind its share (ties: the first region). A region is stirred once, however many meetings it had.
    pub fn new(meetings: &Meetings, holidays: Option<&Holidays>, people: &[f64]) -> Stirred {
        let dates = (meetings.from.0..=meetings.to.0).map(Date);
        let days: Vec<Date> = dates.filter(|d| working(*d) && !holidays.is_some_and(|h| h.closed(*d))).collect();
        let all: f64 = people.iter().sum();
        if days.is_empty() || all <= 0.0 {
            return Stirred::default();
        }
        let length = (meetings.to.0 - meetings.from.0) as usize + 1 + usize::from(meetings.days);
        let mut regions = vec![0u16; length];
        let mut held = [0.0; Region::ALL.len()];
        for n in 0..meetings.count {
            let day = days[(u64::from(n) * days.len() as u64 / u64::from(meetings.count)) as usize];
            let mut region = 0;
            let behind = |i: usize, held: &[f64]| people[i] / all * f64::from(n + 1) - held[i];
            for i in 1..people.len().min(held.len()) {
                if behind(i, &held) > behind(region, &held) + 1e-9 {
                    region = i;
                }
            }
            held[region] += 1.0;
            let place = (day.0 - meetings.from.0) as usize;
            for stirred in &mut regions[place + 1..=place + usize::from(meetings.days)] {
                *stirred |= 1 << region;
            }
        }
        Stirred { first: meetings.from, regions: regions.into() }
    }

    /// A bit for each region that is stirred on a day.
    pub fn on(&self, date: Date) -> u16 {
        let place = usize::try_from(i64::from(date.0) - i64::from(self.first.0)).ok();
        place.and_then(|place| self.regions.get(place)).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        id::CalendarId,
        script::{
            calendar::Holiday,
            value::{Symbol, SymbolSet},
        },
        time::TimeOfDay,
    };

    fn date(month: i8, day: i8) -> Date {
        Date::from_ymd(2022, month, day).expect("a date")
    }

    fn holidays() -> Holidays {
        let day: Box<[_]> = [(TimeOfDay(510), TimeOfDay(990))].into();
        let weekly = std::array::from_fn(|i| if i < 5 { day.clone() } else { [].into() });
        let holiday = |from, to| Holiday { name: Symbol { set: SymbolSet(11), word: 0 }, from, to };
        let calendar = CalendarRules {
            name: "advisers".into(),
            weekly,
            periods: [].into(),
            holidays: [holiday(date(5, 2), date(5, 3)), holiday(date(11, 18), date(11, 18))].into(),
        };
        Holidays::new(ClosedDays { calendar: CalendarId(0), on: 0.1, after: 1.25 }, &calendar)
    }

    #[test]
    fn the_next_open_day_after_a_holiday_is_known_also_over_a_weekend() {
        let holidays = holidays();
        assert_eq!(holidays.kind(date(4, 29)), DayKind::Ordinary);
        assert_eq!(holidays.kind(date(5, 1)), DayKind::Ordinary, "a Sunday is closed every week");
        assert_eq!(holidays.kind(date(5, 2)), DayKind::Closed(0.1));
        assert_eq!(holidays.kind(date(5, 4)), DayKind::After(1.25));
        assert_eq!(holidays.kind(date(5, 5)), DayKind::Ordinary);
        assert_eq!(holidays.kind(date(11, 18)), DayKind::Closed(0.1), "a Friday");
        assert_eq!(holidays.kind(date(11, 19)), DayKind::Ordinary);
        assert_eq!(holidays.kind(date(11, 21)), DayKind::After(1.25));
    }

    #[test]
    fn meetings_are_spread_over_working_days_and_regions() {
        let meetings = Meetings { count: 10, from: date(5, 9), to: date(5, 13), factor: 1.15, days: 2 };
        let mut people = [0.0; 12];
        (people[0], people[5]) = (1.0, 4.0);
        let stirred = Stirred::new(&meetings, None, &people);
        assert_eq!(stirred.on(date(5, 9)), 0, "the first meeting stirs from the day after on");
        assert_eq!(stirred.on(date(5, 10)) & (1 << 5), 1 << 5);
        let days = |region: u16| (0..10).filter(|n| stirred.on(date(5, 9).plus_days(*n)) & (1 << region) != 0).count();
        assert_eq!((days(5), days(3)), (6, 0), "Tuesday to Sunday");
        assert!(days(0) == 3 || days(0) == 4, "two meetings of ten: {}", days(0));
        assert_eq!(stirred.on(date(5, 16)), 0);
        assert_eq!(stirred.on(date(4, 1)), 0);
        assert_eq!(Stirred::new(&meetings, None, &[0.0; 12]).on(date(5, 10)), 0);
    }
}
