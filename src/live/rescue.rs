//! What becomes of calls when this program has a fault: a panic while the centre deals with something.
//!
//! **A fault in one call** (its key, its hang-up, an answer for it) costs that call. The engine is asked to abort it, and
//! then to check its laws ([`crate::engine::Engine::audit`]): who waits, who talks to whom, what is due. Where they hold,
//! the other calls go on; the call has its record, outcome `failed`, cause `aborted`. What others were to be told in that very
//! moment may be missing from their records.
//!
//! **Any other fault**, or laws that do not hold after it, leaves nothing to be trusted. Then every call ends with such a
//! record, the records are written, the callers told, and the program ends with an error, so that whoever watches over it
//! (a service manager) starts it anew. It does not go on with a new centre by itself: the start is the one well-tried way to
//! begin, and takes up what has to survive.
//!
//! A listener ([`super::pump::Tap`]) that panics is let go of and nothing else. A session that panics is one connection; its
//! call is aborted in the same way.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::{pump::Pump, store, tell};
use crate::{
    engine::{Cause, Event, Fact, Input},
    id::{CallId, NodeId},
    script::model::Outcome,
};

impl Pump {
    /// After a panic. Whether it was the second in a place where there is nothing left to save.
    pub(super) fn rescue(&mut self) -> bool {
        if self.collapsed {
            return true;
        }
        let Some(call) = self.in_hand.take() else {
            self.collapse("it was about no call");
            return false;
        };
        self.parts.admission.call_failed();
        let id = store::public_id(self.parts.run, call);
        tracing::error!(call = %id, "a fault of this program ended a call; please report it");
        self.suspect = Some(call);
        match self.abort(call) {
            Ok(()) => {}
            Err(broken) => self.collapse(&broken),
        }
        false
    }

    /// Ends a call whatever state it is in, and lets the engine check its laws.
    fn abort(&mut self, call: CallId) -> Result<(), String> {
        let (now, world) = (self.now(), &mut self.parts.world);
        let aborted = catch_unwind(AssertUnwindSafe(|| {
            world.inject(now, Input::CallAborted { call });
            world.engine().audit()
        }));
        aborted.unwrap_or_else(|_| Err("ending the call failed too".to_owned()))
    }

    /// The end of a call was told: it has a record. If it was not, it gets one now.
    pub(super) fn close_suspect(&mut self) -> bool {
        let Some(call) = self.suspect.take() else { return false };
        let open = self.book.arrival(call).is_some();
        if open {
            self.end_in_the_books(call);
        }
        open
    }

    /// Nothing the world says can be trusted any more: every call gets its record, and the pump ends.
    fn collapse(&mut self, why: &str) {
        tracing::error!(
            why,
            calls = self.book.persons(),
            "a fault of this program broke the centre; every call ends and the program with it; please report it"
        );
        self.collapsed = true;
        self.drain_no_more();
        for call in self.book.calls() {
            self.parts.admission.call_failed();
            self.end_in_the_books(call);
        }
    }

    /// Writes the record of a call without asking the world, from what was told of it so far.
    fn end_in_the_books(&mut self, call: CallId) {
        let fact = Fact::CallEnded { call, outcome: Outcome::Failed, cause: Cause::Aborted, node: NodeId(0) };
        let event = Event { seq: 0, at: self.parts.clock.now(), fact };
        let job = self.event(&event);
        self.left_over.extend(job);
    }
}
