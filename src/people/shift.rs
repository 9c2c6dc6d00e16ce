//! When an agent works: the opening hours of her group's shift, or always.

use std::sync::Arc;

use crate::{script::calendar::Calendar, time::Instant};

/// A shift.
#[derive(Clone, Debug, Default)]
pub struct Shift(Option<Arc<Calendar>>);

/// What a shift says of one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Duty {
    /// At work.
    pub on: bool,
    /// When that changes; `None`: never.
    pub until: Option<Instant>,
}

impl Shift {
    /// A shift that never ends.
    pub const ALWAYS: Shift = Shift(None);

    /// A shift with these hours.
    pub fn hours(calendar: Arc<Calendar>) -> Shift {
        Shift(Some(calendar))
    }

    /// Whether an agent of this shift is at work at `at`, and until when that holds.
    pub fn at(&self, at: Instant) -> Duty {
        let Some(calendar) = &self.0 else { return Duty { on: true, until: None } };
        let hours = calendar.at(at);
        let until = if hours.open { hours.closes_at } else { hours.opens_at };
        Duty { on: hours.open, until: (until > at && until < Instant::NEVER).then_some(until) }
    }
}
