//! Opening hours as written.

use std::sync::Arc;

use super::{
    super::{
        calendar::{CalendarRules, Holiday, Period, Week},
        model::{HOLIDAY_SET, PERIOD_SET},
        shape::open_span,
        tree::{Entry, Table, Value},
        value::{Symbol, SymbolSet},
    },
    Resolver,
};
use crate::time::{Date, TimeOfDay};

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

impl<'a> Resolver<'a, '_> {
    pub(super) fn calendars(&mut self) {
        for entry in self.centre.root.entries_of("calendar") {
            let rules = self.calendar(entry);
            self.out.calendars.push(rules);
        }
    }

    fn calendar(&mut self, entry: &'a Entry) -> CalendarRules {
        static EMPTY: Table = Table { entries: Vec::new() };
        let table = entry.value.table().unwrap_or(&EMPTY);
        let mut periods: Vec<Period> = Vec::new();
        for item in table.items_of("period") {
            let Some((name, from, to)) = self.named_days(item, PERIOD_SET, true) else { continue };
            if let Some(other) = periods.iter().find(|p| p.from <= to && from <= p.to) {
                let message = format!("the period overlaps another, from {} to {}", other.from, other.to);
                self.warning("overlapping-periods", &self.centre.path, &item.span, message).help =
                    Some("the one written first applies; end one before the other begins".to_owned());
            }
            let weekly = item.table().and_then(|t| t.table("hours")).map(|hours| self.week(hours)).unwrap_or_default();
            periods.push(Period { name, from, to, weekly });
        }
        let mut holidays = Vec::new();
        for item in table.items_of("holiday") {
            if let Some((name, from, to)) = self.named_days(item, HOLIDAY_SET, false) {
                holidays.push(Holiday { name, from, to });
            }
        }
        let weekly = table.table("hours").map(|hours| self.week(hours)).unwrap_or_default();
        if weekly.iter().all(|day| day.is_empty()) && table.get("hours").is_some() {
            let message = format!("the calendar `{}` is never open", entry.key);
            self.warning("never-open", &self.centre.path, &entry.key_span, message).help =
                Some("give at least one day hours, such as mon = [\"08:30-16:30\"]".to_owned());
        }
        CalendarRules { name: entry.key.as_str().into(), weekly, periods: periods.into(), holidays: holidays.into() }
    }

    /// The name and the first and last day of a period or holiday.
    fn named_days(&mut self, item: &'a Value, set: SymbolSet, both: bool) -> Option<(Symbol, Date, Date)> {
        let table = item.table()?;
        let (name, _) = table.text("name")?;
        let from = table.get("from")?.date()?;
        let to = match table.get("to") {
            Some(to) => to.date()?,
            None if both => return None,
            None => from,
        };
        if to < from {
            let message = format!("the last day, {to}, is before the first, {from}");
            self.error("bad-date", &self.centre.path, &table.get("to")?.span, message);
        }
        let word = self.out.sets[set.0 as usize].words.iter().position(|w| **w == *name)?;
        Some((Symbol { set, word: word as u16 }, from, to))
    }

    fn week(&mut self, hours: &'a Table) -> Week {
        DAYS.map(|day| {
            let mut spans: Vec<(TimeOfDay, TimeOfDay)> = Vec::new();
            for item in hours.items_of(day) {
                let Some((from, until)) = item.text().and_then(open_span) else { continue };
                if spans.last().is_some_and(|last| from < last.1) {
                    let message = format!("the hours {from}-{until} begin before those before them end");
                    self.error("bad-hours", &self.centre.path, &item.span, message).help =
                        Some("write the hours of a day in order, without overlap".to_owned());
                    continue;
                }
                spans.push((from, until));
            }
            spans.into()
        })
    }

    /// The calendar called `name`.
    pub(super) fn calendar_named(
        &mut self,
        name: &str,
        place: (&Arc<str>, &super::Span),
    ) -> Option<crate::id::CalendarId> {
        let known: Vec<Arc<str>> = self.out.calendars.iter().map(|c| c.name.clone()).collect();
        self.find("unknown-calendar", "calendar", name, &known, place).map(|i| crate::id::CalendarId(i as u16))
    }
}
