//! The event feed, `GET /events`: what happens in the centre, as it happens, for a wallboard.
//!
//! ```text
//!  pump ── event ──► Feed ── one line of JSON, made once ──► a bounded queue a listener ──► websocket
//! ```
//!
//! A listener first hears how things are ([`message::FeedMessage::Now`]), then every event in order. One who reads too
//! slowly fills its own queue and no other; it hears nothing until it has read what waits, then how many events it missed
//! and how things are now, so that its counts are right again. Nothing personal is told: no number, no key, no person.

pub mod message;
mod socket;
mod words;

use axum::extract::ws::Utf8Bytes;
use message::FeedMessage;
pub(super) use socket::{Line, serve};
use tokio::sync::mpsc;

use super::{metrics::Metrics, row};
use crate::{engine::Event, world::World};

/// Who listens.
#[derive(Debug, Default)]
pub(super) struct Feed {
    listeners: Vec<Listener>,
    run: i64,
}

/// The pump's end of a listener.
#[derive(Debug)]
struct Listener {
    sender: mpsc::Sender<Utf8Bytes>,
    missed: u64,
}

impl Feed {
    /// A feed of the run `run` to which nobody listens.
    pub(super) fn new(run: i64) -> Feed {
        Feed { listeners: Vec::new(), run }
    }

    /// Enters a listener for whom `room` messages may wait, and tells how things are. Only while everything that happened
    /// is told.
    pub(super) fn listen(&mut self, room: usize, world: &World) -> mpsc::Receiver<Utf8Bytes> {
        let (sender, receiver) = mpsc::channel(room.max(2));
        // There is room: the queue is new.
        let _ = sender.try_send(self.now(world));
        self.listeners.push(Listener { sender, missed: 0 });
        receiver
    }

    /// Tells an event.
    pub(super) fn tell(&mut self, event: &Event, world: &World, metrics: &Metrics) {
        let Some(fact) = words::of(event, self.run, world.versions()) else { return };
        let at_utc = row::utc(world.clock().timestamp(event.at));
        let line = line(&FeedMessage::Event { seq: event.seq, at_utc, fact });
        for listener in &mut self.listeners {
            if listener.missed > 0 || listener.sender.try_send(line.clone()).is_err() {
                listener.missed += 1;
                metrics.missed(1);
            }
        }
    }

    /// Everything that happened is told: those who have read all that waited hear what they missed; those who are gone are
    /// forgotten.
    pub(super) fn settled(&mut self, world: &World) {
        self.listeners.retain(|listener| !listener.sender.is_closed());
        let mut now = None;
        for i in 0..self.listeners.len() {
            let Listener { sender, missed } = &self.listeners[i];
            if *missed == 0 || sender.capacity() < sender.max_capacity() {
                continue;
            }
            let missed = line(&FeedMessage::Missed { events: *missed });
            let now = now.get_or_insert_with(|| self.now(world)).clone();
            let told = sender.try_send(missed).is_ok() && sender.try_send(now).is_ok();
            if told {
                self.listeners[i].missed = 0;
            }
        }
    }

    /// Whether anybody listens.
    #[inline]
    pub(super) fn is_heard(&self) -> bool {
        !self.listeners.is_empty()
    }

    fn now(&self, world: &World) -> Utf8Bytes {
        line(&message::now(self.run, world))
    }
}

fn line(message: &FeedMessage) -> Utf8Bytes {
    // Serialising a closed enum of texts and numbers cannot fail.
    serde_json::to_string(message).unwrap_or_default().into()
}
