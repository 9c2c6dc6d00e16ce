//! All calls in progress, by id.

use super::call::Call;
use crate::{
    canary::{Canary, canary},
    id::CallId,
    script::Script,
};

/// Calls not yet ended. A call lies in a ring at its id modulo the ring's length, which is a power of two and longer than the
/// span from the oldest call in progress to the newest; ended calls keep their memory for later ones.
#[derive(Clone, Debug, Default)]
pub(crate) struct Calls {
    ring: Vec<Option<Box<Call>>>,
    /// Ended calls, to be used again: boxes, since it is their memory that is kept.
    #[expect(clippy::vec_box, reason = "calls move between here and the ring without being copied")]
    spare: Vec<Box<Call>>,
    /// No call in progress has a lower id.
    oldest: u64,
    /// How many ids were given out.
    pub(crate) offered: u64,
    pub(crate) ended: u64,
}

/// How long the ring is at least.
const SHORTEST: usize = 64;

impl Calls {
    /// Adds a call at the entry of a script. Its id is one more than how many were offered before.
    #[inline]
    pub(crate) fn offer(&mut self, version: usize, script: &Script) -> &mut Call {
        self.offered += 1;
        let id = CallId(self.offered);
        if self.offered == self.ended + 1 {
            self.oldest = id.0;
        }
        if (id.0 - self.oldest) as usize >= self.ring.len() {
            self.lengthen();
        }
        let call = match self.spare.pop() {
            Some(mut spare) => {
                spare.begin_again(id, version, script);
                spare
            }
            None => Box::new(Call::new(id, version, script)),
        };
        let place = self.place(id);
        self.ring[place].insert(call)
    }

    #[inline]
    fn place(&self, id: CallId) -> usize {
        id.0 as usize & self.ring.len().wrapping_sub(1)
    }

    fn lengthen(&mut self) {
        let longer = (2 * self.ring.len()).max(SHORTEST);
        let calls = std::mem::take(&mut self.ring);
        self.ring.resize_with(longer, || None);
        for call in calls.into_iter().flatten() {
            let place = self.place(call.id);
            self.ring[place] = Some(call);
        }
    }

    #[inline]
    pub(crate) fn get(&self, id: CallId) -> Option<&Call> {
        self.ring.get(self.place(id))?.as_deref().filter(|call| call.id == id)
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, id: CallId) -> Option<&mut Call> {
        let place = self.place(id);
        self.ring.get_mut(place)?.as_deref_mut().filter(|call| call.id == id)
    }

    /// Removes an ended call; its memory is used again.
    #[inline]
    pub(crate) fn remove(&mut self, id: CallId) {
        let place = self.place(id);
        let found = self.ring.get_mut(place).and_then(|call| call.take_if(|call| call.id == id));
        let Some(call) = found else { return };
        if canary(Canary::LeakPerCall) {
            self.spare.push(call.clone());
        }
        self.spare.push(call);
        self.ended += 1;
        if id.0 == self.oldest {
            while self.oldest < self.offered && self.get(CallId(self.oldest)).is_none() {
                self.oldest += 1;
            }
        }
    }

    /// Calls in progress, in order of arrival.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Call> {
        (self.oldest..=self.offered).filter_map(|id| self.get(CallId(id)))
    }
}
