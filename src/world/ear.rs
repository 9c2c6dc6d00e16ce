//! Whom the world tells what happens while it moves: everything to a driver, or events alone to whoever watches.

use std::collections::VecDeque;

use super::Notice;
use crate::{
    engine::{Command, Event, Fact},
    id::CallId,
    time::Instant,
};

/// Somebody who is told.
pub(super) trait Ear {
    /// Wants more than events.
    const ALL: bool;

    /// Something happened.
    fn event(&mut self, event: &Event);

    /// A caller's telephone does something.
    fn command(&mut self, at: Instant, command: Command);

    /// Anything else; made only when it is wanted.
    fn tell(&mut self, notice: impl FnOnce() -> Notice);

    /// The same, of something that is to be kept before the record of this call: told before its end where that is still to
    /// be told.
    fn tell_before_end(&mut self, call: CallId, notice: impl FnOnce() -> Notice);

    /// Something nobody may miss.
    fn insist(&mut self, notice: Notice);
}

/// Keeps everything until the driver asks.
pub(super) struct Driver<'a>(pub(super) &'a mut VecDeque<Notice>);

impl Ear for Driver<'_> {
    const ALL: bool = true;

    fn event(&mut self, event: &Event) {
        self.0.push_back(Notice::Event(event.clone()));
    }

    fn command(&mut self, at: Instant, command: Command) {
        self.0.push_back(Notice::ToCaller(at, command));
    }

    fn tell(&mut self, notice: impl FnOnce() -> Notice) {
        self.0.push_back(notice());
    }

    fn tell_before_end(&mut self, of: CallId, notice: impl FnOnce() -> Notice) {
        let ends = |told: &Notice| matches!(told, Notice::Event(Event { fact: Fact::CallEnded { call, .. }, .. }) if *call == of);
        let place = self.0.iter().rposition(ends).unwrap_or(self.0.len());
        self.0.insert(place, notice());
    }

    fn insist(&mut self, notice: Notice) {
        self.0.push_back(notice);
    }
}

/// Hands events on at once and keeps nothing but what nobody may miss.
pub(super) struct Watcher<'a, F> {
    pub(super) sink: &'a mut F,
    pub(super) kept: &'a mut VecDeque<Notice>,
}

impl<F: FnMut(&Event)> Ear for Watcher<'_, F> {
    const ALL: bool = false;

    #[inline]
    fn event(&mut self, event: &Event) {
        (self.sink)(event);
    }

    #[inline]
    fn command(&mut self, _: Instant, _: Command) {}

    fn tell(&mut self, _: impl FnOnce() -> Notice) {}

    fn tell_before_end(&mut self, _: CallId, _: impl FnOnce() -> Notice) {}

    fn insist(&mut self, notice: Notice) {
        self.kept.push_back(notice);
    }
}
