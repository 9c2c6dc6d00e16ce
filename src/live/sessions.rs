//! Who is connected: session id → outbox.
//!
//! The pump puts what a caller is to be told into her outbox and never waits for her. An outbox that is full belongs to a
//! caller who does not read: her session is told to end, the others notice nothing.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use dashmap::DashMap;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{agents::message::DeskMessage, protocol::ServerMessage};
use crate::{engine::output::Play, script::Script, time::Instant};

/// One connection of this run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub u64);

impl std::fmt::Display for SessionId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "s{}", self.0)
    }
}

/// Something for a caller.
#[derive(Clone, Debug)]
pub enum Outgoing {
    /// A message as it is.
    Message(ServerMessage),
    /// A message for a person who works as an agent.
    ToDesk(Box<DeskMessage>),
    /// A prompt; the session turns it into text, so that the pump does not spend its time on that.
    Say {
        /// Of which script it is.
        script: Arc<Script>,
        /// What to say.
        play: Play,
        /// When it was decided, to tell how long until it begins.
        now: Instant,
    },
}

/// The pump's end of a connection.
#[derive(Debug)]
struct Outbox {
    // Boxed, since a queue makes room for many at once and most connections have one or none waiting.
    sender: mpsc::Sender<Box<Outgoing>>,
    slow: CancellationToken,
}

/// The session's end of a connection.
#[derive(Debug)]
pub struct Inbox {
    /// Who.
    pub id: SessionId,
    /// What to send.
    pub receiver: mpsc::Receiver<Box<Outgoing>>,
    /// Cancelled when the outbox overflowed.
    pub slow: CancellationToken,
}

/// The table of connections.
#[derive(Debug)]
pub struct Sessions {
    table: DashMap<SessionId, Outbox, ahash::RandomState>,
    next: AtomicU64,
    most: usize,
    outbox: usize,
}

impl Sessions {
    /// An empty table for at most `most` connections with outboxes of `outbox` messages.
    pub fn new(most: usize, outbox: usize) -> Sessions {
        // The ids are ours, so fixed keys of the hash cannot be attacked.
        let hasher = ahash::RandomState::with_seeds(1, 2, 3, 4);
        Sessions { table: DashMap::with_hasher(hasher), next: AtomicU64::new(1), most, outbox }
    }

    /// Enters a connection; `None` when the table is full.
    pub fn open(&self) -> Option<Inbox> {
        if self.table.len() >= self.most {
            return None;
        }
        let id = SessionId(self.next.fetch_add(1, Ordering::Relaxed));
        let (sender, receiver) = mpsc::channel(self.outbox);
        let slow = CancellationToken::new();
        self.table.insert(id, Outbox { sender, slow: slow.clone() });
        Some(Inbox { id, receiver, slow })
    }

    /// Puts something into a caller's outbox. Whether she is still there to read it.
    pub fn deliver(&self, id: SessionId, outgoing: Outgoing) -> bool {
        let Some(outbox) = self.table.get(&id) else { return false };
        match outbox.sender.try_send(Box::new(outgoing)) {
            Ok(()) => true,
            Err(mpsc::error::TrySendError::Full(_)) => {
                outbox.slow.cancel();
                false
            }
            Err(mpsc::error::TrySendError::Closed(_)) => false,
        }
    }

    /// Whether a connection can still be reached.
    pub fn is_open(&self, id: SessionId) -> bool {
        self.table.get(&id).is_some_and(|outbox| !outbox.slow.is_cancelled())
    }

    /// Takes a connection out of the table.
    pub fn close(&self, id: SessionId) {
        self.table.remove(&id);
    }

    /// How many connections there are.
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_outbox_ends_one_session_and_no_other() {
        let sessions = Sessions::new(2, 2);
        let (slow, fast) = (sessions.open().expect("room"), sessions.open().expect("room"));
        assert!(sessions.open().is_none(), "the table is full");
        let pong = || Outgoing::Message(ServerMessage::Pong {});
        assert_eq!([0, 1, 2].map(|_| sessions.deliver(slow.id, pong())), [true, true, false]);
        assert!(slow.slow.is_cancelled() && !sessions.is_open(slow.id));
        assert!(sessions.deliver(fast.id, pong()) && !fast.slow.is_cancelled());
        sessions.close(slow.id);
        assert!(!sessions.deliver(slow.id, pong()) && sessions.open().is_some());
    }
}
