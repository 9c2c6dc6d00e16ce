//! The ready agents of a group, by how long they have been ready and by number.

use std::collections::VecDeque;

use super::agent::Agent;
use crate::id::AgentId;

/// The ready agents of a group.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ready {
    /// In the order in which they became ready; an entry whose number is not the agent's is stale.
    order: VecDeque<(u64, AgentId)>,
    /// One bit an agent of the centre.
    numbers: Vec<u64>,
    /// How many there are.
    pub(crate) count: usize,
}

impl Ready {
    /// Adds an agent, who became ready as the `order`-th of the centre.
    #[inline]
    pub(crate) fn push(&mut self, order: u64, id: AgentId) {
        self.order.push_back((order, id));
        self.count += 1;
        let word = id.index() / 64;
        if word >= self.numbers.len() {
            self.numbers.resize(word + 1, 0);
        }
        self.numbers[word] |= 1 << (id.index() % 64);
    }

    /// Takes an agent out, whose own order must no longer be that of its entry.
    #[inline]
    pub(crate) fn drop(&mut self, id: AgentId, agents: &[Agent]) {
        self.count -= 1;
        self.numbers[id.index() / 64] &= !(1 << (id.index() % 64));
        while self.order.front().is_some_and(|entry| !is_fresh(entry, agents)) {
            self.order.pop_front();
        }
        // Agents taken from the middle (any strategy but longest idle) leave stale entries; sweep before they pile up.
        if self.order.len() > 2 * self.count + 8 {
            self.order.retain(|entry| is_fresh(entry, agents));
        }
    }

    /// Who has been ready longest.
    #[inline]
    pub(crate) fn longest(&self) -> Option<(u64, AgentId)> {
        self.order.front().copied().filter(|_| self.count > 0)
    }

    /// The lowest number not below `from`.
    pub(crate) fn lowest_from(&self, from: usize) -> Option<AgentId> {
        let first = from / 64;
        let mut mask = !0 << (from % 64);
        for (i, word) in self.numbers.iter().enumerate().skip(first) {
            let bits = word & std::mem::replace(&mut mask, !0);
            if bits != 0 {
                return Some(AgentId((i * 64) as u32 + bits.trailing_zeros()));
            }
        }
        None
    }

    /// All, in the order in which they became ready.
    pub(crate) fn iter<'a>(&'a self, agents: &'a [Agent]) -> impl Iterator<Item = &'a Agent> {
        let fresh = self.order.iter().filter(|entry| is_fresh(entry, agents));
        fresh.map(|(_, id)| &agents[id.index()])
    }

    /// Whether the head of the order is no longer ready, which it must never be.
    pub(crate) fn has_stale_head(&self, agents: &[Agent]) -> bool {
        self.order.front().is_some_and(|head| !is_fresh(head, agents))
    }
}

fn is_fresh((order, id): &(u64, AgentId), agents: &[Agent]) -> bool {
    agents[id.index()].ready_order == *order
}
