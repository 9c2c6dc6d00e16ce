//! Who is connected: session id → outbox.
//!
//! The pump puts what a caller is to be told into her outbox and never waits for her. An outbox that is full belongs to a
//! caller who does not read: her session is told to end, the others notice nothing.
//!
//! Waking a session costs more than what it is woken for. So the pump first says everything it has to say and then rings
//! each session once ([`Sessions::ring`]), which sends all that waits in one go.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use dashmap::DashMap;
use tokio::sync::Notify;

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

/// What waits for a caller.
#[derive(Debug, Default)]
struct Outbox {
    waiting: Mutex<Waiting>,
    bell: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    // Boxed, since a queue makes room for several at once and most connections have none waiting.
    messages: VecDeque<Box<Outgoing>>,
    /// More was to be put in than there is room for.
    overflowed: bool,
}

/// A queue that has grown longer than this gives its memory back once it is empty.
const KEPT: usize = 8;

impl Outbox {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        // Nothing that can fail is done while it is locked.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The session's end of a connection.
#[derive(Debug)]
pub struct Inbox {
    /// Who.
    pub id: SessionId,
    outbox: Arc<Outbox>,
}

/// Why a session is woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ring {
    /// Something waits to be sent.
    Waiting,
    /// The outbox overflowed.
    Overflowed,
}

impl Inbox {
    /// The next thing to send, if one waits.
    pub fn take(&self) -> Option<Outgoing> {
        let mut waiting = self.outbox.waiting();
        let next = waiting.messages.pop_front();
        if next.is_none() && waiting.messages.capacity() > KEPT {
            waiting.messages = VecDeque::new();
        }
        next.map(|outgoing| *outgoing)
    }

    /// Waits until there is something to send, or the outbox overflowed. May be given up at any time.
    pub async fn rings(&self) -> Ring {
        loop {
            {
                let waiting = self.outbox.waiting();
                if waiting.overflowed {
                    return Ring::Overflowed;
                }
                if !waiting.messages.is_empty() {
                    return Ring::Waiting;
                }
            }
            self.outbox.bell.notified().await;
        }
    }

    /// Waits until the outbox overflowed. May be given up at any time.
    pub async fn overflows(&self) {
        // A ring that is heard here is not missed elsewhere: whoever waits next looks first.
        while !self.outbox.waiting().overflowed {
            self.outbox.bell.notified().await;
        }
    }
}

/// The table of connections.
#[derive(Debug)]
pub struct Sessions {
    table: DashMap<SessionId, Arc<Outbox>, ahash::RandomState>,
    /// Whose outbox got something and who was not woken for it yet.
    unrung: Mutex<Vec<Arc<Outbox>>>,
    next: AtomicU64,
    most: usize,
    outbox: usize,
}

impl Sessions {
    /// An empty table for at most `most` connections with outboxes of `outbox` messages.
    pub fn new(most: usize, outbox: usize) -> Sessions {
        // The ids are ours, so fixed keys of the hash cannot be attacked.
        let hasher = ahash::RandomState::with_seeds(1, 2, 3, 4);
        Sessions {
            table: DashMap::with_hasher(hasher),
            unrung: Mutex::default(),
            next: AtomicU64::new(1),
            most,
            outbox,
        }
    }

    /// Enters a connection; `None` when the table is full.
    pub fn open(&self) -> Option<Inbox> {
        if self.table.len() >= self.most {
            return None;
        }
        let id = SessionId(self.next.fetch_add(1, Ordering::Relaxed));
        let outbox = Arc::new(Outbox::default());
        self.table.insert(id, outbox.clone());
        Some(Inbox { id, outbox })
    }

    /// Puts something into a caller's outbox, of which she hears at the next [`Sessions::ring`]. Whether she is still there
    /// to read it.
    pub fn deliver(&self, id: SessionId, outgoing: Outgoing) -> bool {
        let Some(outbox) = self.table.get(&id) else { return false };
        let mut waiting = outbox.waiting();
        if waiting.overflowed || waiting.messages.len() >= self.outbox {
            waiting.overflowed = true;
            drop(waiting);
            outbox.bell.notify_one();
            return false;
        }
        waiting.messages.push_back(Box::new(outgoing));
        if waiting.messages.len() == 1 {
            drop(waiting);
            self.unrung().push(outbox.clone());
        }
        true
    }

    /// Wakes every session whose outbox got something since the last time.
    pub fn ring(&self) {
        let mut unrung = self.unrung();
        unrung.drain(..).for_each(|outbox| outbox.bell.notify_one());
    }

    fn unrung(&self) -> MutexGuard<'_, Vec<Arc<Outbox>>> {
        self.unrung.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a connection can still be reached.
    pub fn is_open(&self, id: SessionId) -> bool {
        self.table.get(&id).is_some_and(|outbox| !outbox.waiting().overflowed)
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

    fn pong() -> Outgoing {
        Outgoing::Message(ServerMessage::Pong {})
    }

    #[tokio::test]
    async fn a_full_outbox_ends_one_session_and_no_other() {
        let sessions = Sessions::new(2, 2);
        let (slow, fast) = (sessions.open().expect("room"), sessions.open().expect("room"));
        assert!(sessions.open().is_none(), "the table is full");
        assert_eq!([0, 1, 2].map(|_| sessions.deliver(slow.id, pong())), [true, true, false]);
        assert!(!sessions.is_open(slow.id));
        slow.overflows().await;
        assert_eq!(slow.rings().await, Ring::Overflowed);
        assert!(sessions.deliver(fast.id, pong()) && sessions.is_open(fast.id));
        assert_eq!(fast.rings().await, Ring::Waiting);
        sessions.close(slow.id);
        assert!(!sessions.deliver(slow.id, pong()) && sessions.open().is_some());
    }

    #[tokio::test]
    async fn one_ring_is_for_all_that_waits_in_order() {
        let sessions = Sessions::new(1, 64);
        let inbox = sessions.open().expect("room");
        let attending = |i: usize| Outgoing::Message(ServerMessage::Attending { tail: i.to_string() });
        let (told, _) = tokio::join!(inbox.rings(), async {
            (0..40).for_each(|i| assert!(sessions.deliver(inbox.id, attending(i))));
            assert_eq!(sessions.unrung().len(), 1);
            sessions.ring();
        });
        assert_eq!(told, Ring::Waiting);
        for i in 0..40 {
            let Some(Outgoing::Message(ServerMessage::Attending { tail })) = inbox.take() else {
                panic!("{i} is lost")
            };
            assert_eq!(tail, i.to_string());
        }
        assert!(inbox.take().is_none() && sessions.unrung().is_empty());
        assert_eq!(inbox.outbox.waiting().messages.capacity(), 0, "it gave its memory back");
    }
}
