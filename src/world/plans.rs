//! Whose plan stands where in the calendar: tables by number, since everybody has at most one plan at a time.

use crate::{agenda::Ticket, people::Who};

/// The tickets of everybody's plan.
#[derive(Clone, Debug, Default)]
pub(super) struct Plans {
    work: Vec<Option<Ticket>>,
    shifts: Vec<Option<Ticket>>,
    listed: Vec<Option<Ticket>>,
    synthetic: Vec<Option<Ticket>>,
}

impl Plans {
    /// Where the ticket of somebody's plan is kept.
    #[inline]
    pub(super) fn of(&mut self, who: Who) -> &mut Option<Ticket> {
        let (table, place) = match who {
            Who::Agent(agent) => (&mut self.work, agent.index()),
            Who::Shift(agent) => (&mut self.shifts, agent.index()),
            Who::Caller(caller) => (&mut self.listed, caller as usize),
            Who::Synthetic(slot) => (&mut self.synthetic, slot as usize),
        };
        if table.len() <= place {
            table.resize(place + 1, None);
        }
        &mut table[place]
    }
}
