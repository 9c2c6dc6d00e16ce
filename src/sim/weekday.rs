//! A mean weekday: Mondays to Fridays of a long run laid over each other.

use super::{
    gather::{Cell, Staff},
    summary::Interval,
};
use crate::{
    record::{figures::Figures, tally::Sums},
    time::{Date, Duration, TimeOfDay},
};

const DAY: u64 = 24 * 60;

/// Mondays to Fridays by interval of the day, over replications. Counts are those of a mean day; shares and times are those
/// of all calls in that interval of all such days.
#[derive(Clone, Debug)]
pub(super) struct Weekday {
    /// Minutes of an interval; `None`: intervals are not whole minutes that fill a day, so that days do not fit each other.
    minutes: Option<u64>,
    slots: Vec<(Cell, Staff)>,
    /// The most such days of a replication.
    days: usize,
}

impl Weekday {
    /// Nothing yet.
    pub(super) fn new(interval: Duration) -> Weekday {
        let minutes = interval.as_micros() / 60_000_000;
        let fits = minutes > 0 && DAY.is_multiple_of(minutes) && Duration::from_mins(minutes) == interval;
        Weekday { minutes: fits.then_some(minutes), slots: Vec::new(), days: 0 }
    }

    /// Counts one replication: those of its days that are weekdays.
    pub(super) fn add(&mut self, sums: &Sums, days: impl Iterator<Item = Date>) {
        let Some(minutes) = self.minutes else { return };
        let slots = (DAY / minutes) as usize;
        let days: Vec<Date> = days.filter(|date| date.civil().weekday().to_monday_zero_offset() < 5).collect();
        self.days = self.days.max(days.len());
        self.slots.resize_with(slots, || (Cell::main(), Staff::default()));
        let mut found = vec![(Figures::ZERO, 0); slots];
        let mut before = None;
        let mut slot = 0;
        for interval in &sums.intervals {
            // The first interval of a day is its first slot; a clock that is changed moves the rest of that day by one.
            slot = if before.replace(interval.date) == Some(interval.date) { slot + 1 } else { 0 };
            if let Some((figures, observed)) = found.get_mut(slot).filter(|_| days.contains(&interval.date)) {
                figures.merge(&interval.figures);
                *observed += interval.observed;
            }
        }
        for ((cell, staff), (figures, observed)) in self.slots.iter_mut().zip(found) {
            cell.add_over(&figures, days.len() as f64);
            staff.add(&figures, observed);
        }
    }

    /// The mean weekday; empty where no replication had two.
    pub(super) fn intervals(&self) -> Vec<Interval> {
        let Some(minutes) = self.minutes.filter(|_| self.days > 1) else { return Vec::new() };
        let time = |slot: usize| TimeOfDay((slot as u64 * minutes) as u16);
        let one = |(slot, (cell, staff)): (usize, &(Cell, Staff))| {
            staff.interval("Monday to Friday".to_owned(), time(slot), cell)
        };
        self.slots.iter().enumerate().map(one).collect()
    }
}
