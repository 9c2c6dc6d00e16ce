//! Dates and times of day, as written in a scenario.

use jiff::civil;

use super::Reading;
use crate::{
    people::demand::rules::DayRule,
    scenario::fields::WEEKDAYS,
    script::tree::{Kind, Span, Table, Value, parse_time},
    time::{Date, Instant, TimeOfDay},
};

impl Reading {
    /// A local date with a time; anything else is reported.
    pub(super) fn moment(&mut self, value: &Value) -> Option<civil::DateTime> {
        let moment = civil_moment(value);
        if moment.is_none() {
            let help = "write 2022-05-17T08:30:00, the centre's local time";
            self.error("bad-time", &value.span, format!("{} is not a local date with a time", shown(value)), help);
        }
        moment
    }

    /// A local date with a time, where a time of day alone would do as well; anything else is reported.
    pub(super) fn moment_or_time(&mut self, value: &Value) -> Option<civil::DateTime> {
        let moment = civil_moment(value);
        if moment.is_none() {
            let message = format!("{} is neither a time of day nor a local date with a time", shown(value));
            let help = "write \"08:30\" (00:00 to 24:00), or 2022-05-17T08:30:00, the centre's local time";
            self.error("bad-time", &value.span, message, help);
        }
        moment
    }

    /// When a local date and time is. A time before the run counts as its beginning; one that an offset change skips counts
    /// as so much later, one that occurs twice as the first.
    pub(super) fn instant(&self, moment: civil::DateTime) -> Instant {
        let timestamp = self.zone.to_ambiguous_timestamp(moment).compatible();
        timestamp.map_or(Instant::NEVER, |timestamp| self.clock.instant_of(timestamp.as_microsecond()))
    }

    /// Whether a local date and time lies before the run.
    pub(super) fn is_before(&self, moment: civil::DateTime) -> bool {
        let timestamp = self.zone.to_ambiguous_timestamp(moment).compatible();
        timestamp.is_ok_and(|timestamp| timestamp.as_microsecond() < self.clock.unix_micros(Instant::ZERO))
    }

    /// A time of day; anything else is reported.
    pub(super) fn time_of_day(&mut self, text: &str, span: &Span) -> Option<TimeOfDay> {
        let time = parse_time(text);
        if time.is_none() {
            self.error("bad-time", span, format!("`{text}` is not a time of day"), "write it as \"08:30\"");
        }
        time
    }

    /// A time of day under a key.
    pub(super) fn clock_time(&mut self, table: &Table, key: &str) -> Option<TimeOfDay> {
        let (text, span) = table.text(key)?;
        self.time_of_day(text, span)
    }

    /// The rule about days under `days`; all days when there is none.
    pub(super) fn days(&mut self, table: &Table) -> DayRule {
        let Some(value) = table.get("days") else { return DayRule::default() };
        let Some(days) = value.table() else { return DayRule::default() };
        let date = |key: &str| days.get(key).and_then(Value::date);
        let (mut from, mut to) = (date("from"), date("to"));
        if let Some(on) = date("on") {
            if let Some(entry) = days.entry("from").or_else(|| days.entry("to")) {
                let message = format!("`on` is one day; `{}` beside it says another thing", entry.key);
                self.error("two-at-once", &entry.key_span, message, "remove one of them");
            }
            (from, to) = (Some(on), Some(on));
        }
        self.in_order(days, from, to);
        let bit = |item: &Value| WEEKDAYS.iter().position(|day| Some(*day) == item.text()).map(|i| 1u8 << i);
        let weekdays = days.get("weekdays").and_then(Value::list);
        let weekdays = weekdays.map(|list| list.iter().filter_map(bit).fold(0, |all, bit| all | bit));
        DayRule { from, to, weekdays, first_days: days.int("first_days").map(|n| n as u8) }
    }

    /// The second of two dates must not come before the first.
    pub(super) fn in_order(&mut self, table: &Table, from: Option<Date>, to: Option<Date>) {
        if let (Some(from), Some(to), Some(value)) = (from, to, table.get("to"))
            && to < from
        {
            let message = format!("{to} comes before {from}, so that no day is meant");
            self.error("dates-out-of-order", &value.span, message, "swap `from` and `to`");
        }
    }
}

/// A value as a local date with a time.
pub(super) fn civil_moment(value: &Value) -> Option<civil::DateTime> {
    let text = match &value.kind {
        Kind::Text(text) => text.clone(),
        Kind::Datetime(moment) if moment.date.is_some() && moment.offset.is_none() => moment.to_string(),
        _ => return None,
    };
    read_moment(&text)
}

/// Reads `2022-05-17T08:30`, with seconds or without, with `T` or a space; a date alone is its midnight.
pub(super) fn read_moment(text: &str) -> Option<civil::DateTime> {
    // Behind the date.
    let zoned = text.bytes().skip(10).any(|byte| matches!(byte, b'Z' | b'z' | b'+' | b'-' | b'['));
    if zoned { None } else { text.trim().parse().ok() }
}

fn shown(value: &Value) -> String {
    match &value.kind {
        Kind::Text(text) => format!("`{text}`"),
        Kind::Datetime(moment) => format!("`{moment}`"),
        _ => value.describe().to_owned(),
    }
}
