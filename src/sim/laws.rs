//! What holds in every run, whatever the scenario: checked in each replication, because a simulator that breaks it is
//! wrong.

use std::collections::BTreeMap;

use crate::{
    engine::{Event, Fact},
    id::{CallId, QueueId},
    time::{Duration, Instant},
};

/// Little's law of every queue of one replication: calls waiting, summed over time, are waits, summed over calls. The left
/// side is counted here from the numbers of calls that join and leave; the right side is what the events say that each
/// call waited.
#[derive(Clone, Debug, Default)]
pub struct Little {
    queues: BTreeMap<QueueId, Line>,
    /// Who stands where, since when here, and how much of her wait lies before that (who keeps a place).
    standing: BTreeMap<CallId, (QueueId, Instant, Duration)>,
}

/// A queue so far.
#[derive(Clone, Copy, Debug, Default)]
struct Line {
    waiting: u64,
    changed: Instant,
    /// Call-microseconds of waiting, by counting heads.
    heads: u128,
    /// Microseconds of waiting, by the calls' own account.
    told: u128,
}

/// A queue in which the two accounts differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Breach {
    /// Which.
    pub queue: QueueId,
    /// Call-microseconds of waiting, by counting heads.
    pub heads: u128,
    /// Microseconds of waiting, by the calls' own account.
    pub told: u128,
}

impl Line {
    fn change(&mut self, at: Instant, by: i64) {
        self.heads += u128::from(self.waiting) * u128::from(at.since(self.changed).as_micros());
        self.changed = at;
        self.waiting = self.waiting.saturating_add_signed(by);
    }
}

impl Little {
    /// Takes in one event, in order.
    pub fn event(&mut self, event: &Event) {
        match event.fact {
            Fact::CallQueued { call, queue, since, .. } => {
                let line = self.queues.entry(queue).or_default();
                line.change(event.at, 1);
                self.standing.insert(call, (queue, event.at, event.at.since(since)));
            }
            Fact::CallAnswered { call, waited, .. } | Fact::CallLeftQueue { call, waited, .. } => {
                self.leave(event.at, call, Some(waited));
            }
            // However it came about: who has ended waits no longer.
            Fact::CallEnded { call, .. } => self.leave(event.at, call, None),
            _ => {}
        }
    }

    fn leave(&mut self, at: Instant, call: CallId, waited: Option<Duration>) {
        let Some((queue, joined, before)) = self.standing.remove(&call) else { return };
        let line = self.queues.entry(queue).or_default();
        line.change(at, -1);
        let told = waited.map_or(at.since(joined).as_micros(), |waited| waited.0.saturating_sub(before.0));
        line.told += u128::from(told);
    }

    /// The queues in which the law is broken. Who still waits at `end` has waited until then.
    pub fn finish(mut self, end: Instant) -> Vec<Breach> {
        let left: Vec<CallId> = self.standing.keys().copied().collect();
        for call in left {
            self.leave(end, call, None);
        }
        let breaches = self.queues.iter().filter(|(_, line)| line.heads != line.told);
        breaches.map(|(&queue, line)| Breach { queue, heads: line.heads, told: line.told }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        engine::event::LeftQueue,
        id::{AgentId, LanguageId},
    };

    const Q: QueueId = QueueId(0);

    fn at(secs: u64, fact: Fact) -> Event {
        Event { seq: 1, at: Instant::from_secs(secs), fact }
    }

    fn queued(secs: u64, call: u64, since: u64) -> Event {
        let since = Instant::from_secs(since);
        at(secs, Fact::CallQueued { call: CallId(call), queue: Q, language: LanguageId(0), since })
    }

    fn answered(secs: u64, call: u64, waited: u64) -> Event {
        let waited = Duration::from_secs(waited);
        at(secs, Fact::CallAnswered { call: CallId(call), agent: AgentId(0), queue: Q, waited })
    }

    fn breaches(events: &[Event]) -> Vec<Breach> {
        let mut little = Little::default();
        events.iter().for_each(|event| little.event(event));
        little.finish(Instant::from_secs(100))
    }

    #[test]
    fn both_accounts_agree_when_waits_are_told_right() {
        let reason = LeftQueue::Abandoned;
        let left = at(50, Fact::CallLeftQueue { call: CallId(3), queue: Q, waited: Duration::from_secs(30), reason });
        // The second keeps a place from before; the fourth still waits at the end.
        let events = [queued(10, 1, 10), queued(12, 2, 4), queued(20, 3, 20), answered(25, 1, 15), answered(40, 2, 36)];
        let events: Vec<Event> = events.into_iter().chain([left, queued(60, 4, 60)]).collect();
        assert_eq!(breaches(&events), []);
    }

    #[test]
    fn a_wait_told_wrong_is_found() {
        let found = breaches(&[queued(10, 1, 10), answered(25, 1, 14)]);
        assert_eq!(found, [Breach { queue: Q, heads: 15_000_000, told: 14_000_000 }]);
    }
}
