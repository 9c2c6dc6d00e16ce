//! The course of days: shapes, factors, holidays, notices, meetings.

use super::{Reading, demand::numbers};
use crate::{
    id::CalendarId,
    people::demand::rules::{Base, BulkNotice, ClosedDays, DayRule, DayShape, Days, Factor, Meetings, PeopleFilter},
    scenario::fields::WEEKDAYS,
    script::{
        shape::open_span,
        tree::{Table, Value},
    },
    time::{Date, TimeOfDay},
};

/// Half-hours of a day.
const HALVES: usize = 48;
/// How the open spans of a day write its end, which is not a time of day.
const LAST_MINUTE: TimeOfDay = TimeOfDay(1_439);

impl Reading {
    pub(super) fn course(&mut self, base: Base, table: &Table) -> Days {
        let number = |key: &str| table.float(key).unwrap_or(0.0);
        let mut factors: Vec<Factor> = Vec::new();
        for (i, day) in WEEKDAYS.iter().enumerate() {
            if let Some(factor) = table.table("weekdays").and_then(|week| week.float(day)) {
                let days = DayRule { weekdays: Some(1 << i), ..DayRule::default() };
                factors.push(Factor { name: (*day).into(), days, factor, people: PeopleFilter::default() });
            }
        }
        for entry in table.entries_of("factors") {
            let Some(inner) = entry.value.table() else { continue };
            let (days, people) = (self.days(inner), self.people(inner));
            factors.push(Factor {
                name: entry.key.as_str().into(),
                days,
                factor: inner.float("by").unwrap_or(1.0),
                people,
            });
        }
        Days {
            base,
            shapes: self.shapes(table),
            factors: factors.into(),
            closed_days: self.closed_days(table),
            notices: self.notices(table),
            meetings: self.meetings(table),
            day_cv: number("day_cv"),
            interval_cv: number("interval_cv"),
            interval_correlation: number("interval_correlation"),
        }
    }

    fn shapes(&mut self, table: &Table) -> Box<[(DayRule, DayShape)]> {
        let mut shapes = Vec::new();
        for (i, entry) in table.entries_of("shape").iter().enumerate() {
            let Some(inner) = entry.value.table() else { continue };
            let days = self.days(inner);
            if i == 0 && days != DayRule::default() {
                let message =
                    format!("the first shape, `{}`, holds on some days only; the others would have none", entry.key);
                self.error("no-shape", &entry.key_span, message, "put a shape without `days` before it");
            }
            shapes.push((days, self.shape(inner)));
        }
        if shapes.is_empty() {
            shapes.push((DayRule::default(), DayShape([1.0 / HALVES as f64; HALVES])));
        }
        shapes.into()
    }

    fn shape(&mut self, table: &Table) -> DayShape {
        let mut shape = [0.0; HALVES];
        let from = self.clock_time(table, "from").unwrap_or(TimeOfDay(0));
        let weights = numbers(table.get("weights"));
        let span = table.get("weights").map_or(0..0, |value| value.span.clone());
        let first = usize::from(from.0) / 30;
        if !from.0.is_multiple_of(30)
            && let Some(value) = table.get("from")
        {
            let message = format!("{from} is not the beginning of a half-hour");
            self.error("bad-time", &value.span, message, "choose a full or a half hour");
        }
        if first + weights.len() > HALVES {
            let message = format!("{} half-hours from {from} on go beyond the end of the day", weights.len());
            self.error("too-many", &span, message, format!("give at most {} weights", HALVES - first));
            return DayShape(shape);
        }
        let sum: f64 = weights.iter().sum();
        let outside = self.outside(table, &mut shape);
        if weights.iter().all(|weight| *weight == 0.0) && outside < 1.0 {
            self.error("empty", &span, "the weights are all zero", "give at least one half-hour a weight above 0");
            return DayShape(shape);
        }
        for (i, weight) in weights.iter().enumerate() {
            shape[first + i] += if sum > 0.0 { weight / sum * (1.0 - outside) } else { 0.0 };
        }
        DayShape(shape)
    }

    /// Spreads the calls outside the weights over their hours; gives their share in all.
    fn outside(&mut self, table: &Table, shape: &mut [f64; HALVES]) -> f64 {
        let mut all = 0.0;
        for inner in table.items_of("outside").iter().filter_map(Value::table) {
            let hours = inner.text("hours").and_then(|(text, _)| open_span(text));
            let Some(((from, until), share)) = hours.zip(inner.float("share")) else { continue };
            let until = if until == LAST_MINUTE { 1_440 } else { until.0 };
            let minutes = f64::from(until - from.0);
            for (i, half) in shape.iter_mut().enumerate() {
                let (begins, ends) = (i as u16 * 30, i as u16 * 30 + 30);
                let common = ends.min(until).saturating_sub(begins.max(from.0));
                *half += share * f64::from(common) / minutes;
            }
            all += share;
        }
        if all > 1.0 + 1e-9
            && let Some(value) = table.get("outside")
        {
            let message = format!("the shares outside sum to {}, more than all calls", super::rounded(all));
            self.error("shares-sum", &value.span, message, "what they leave of 1 goes by the weights");
        }
        all.min(1.0)
    }

    fn closed_days(&mut self, table: &Table) -> Option<ClosedDays> {
        let inner = table.table("closed_days")?;
        let (name, span) = inner.text("calendar")?;
        let script = self.script.clone()?;
        let calendar = self.find("calendar", name, span, script.calendars.iter().map(|calendar| &*calendar.name))?;
        Some(ClosedDays {
            calendar: CalendarId(calendar as u16),
            on: inner.float("on").unwrap_or(0.1),
            after: inner.float("after").unwrap_or(1.25),
        })
    }

    fn notices(&mut self, table: &Table) -> Box<[BulkNotice]> {
        let mut notices = Vec::new();
        for entry in table.entries_of("notices") {
            let Some(inner) = entry.value.table() else { continue };
            let spread = match inner.get("spread") {
                Some(value) => {
                    let spread = numbers(Some(value));
                    self.sums_to_one(&value.span, "the shares of `spread`", spread.iter().copied());
                    spread
                }
                None => vec![0.6, 0.25, 0.15],
            };
            notices.push(BulkNotice {
                on: inner.get("on").and_then(Value::date).unwrap_or(Date(0)),
                people: self.people(inner),
                size: inner.int("size").map(|n| n as u32),
                call_share: inner.float("call_share").unwrap_or(0.05),
                spread: spread.into(),
            });
        }
        notices.into()
    }

    fn meetings(&mut self, table: &Table) -> Option<Meetings> {
        let inner = table.table("meetings")?;
        let date = |key: &str| inner.get(key).and_then(Value::date);
        let (from, to) = (date("from"), date("to"));
        self.in_order(inner, from, to);
        Some(Meetings {
            count: inner.int("count")? as u32,
            from: from?,
            to: to?,
            factor: inner.float("factor").unwrap_or(1.15),
            days: inner.int("days").map_or(2, |n| n as u8),
        })
    }
}
