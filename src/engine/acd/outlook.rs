//! What a waiting caller is told: place in line and expected wait.
//!
//! ```text
//! expected = (work ahead + one call) ÷ agents on duty who may take the caller's line
//! work ahead = Σ over lines L:  calls in L served before the caller × share of them that stay × mean handle time of L
//!                                   × (shared agents ÷ agents of L)
//! ```
//!
//! The agents of a line usually serve others too, and a call there that is served first keeps them just as long; where other
//! agents may take it as well, only their share of it counts. Which call is served first is what
//! [`Turn::seek_call`](super) goes by: the priority with its ageing, then the instant of entering. With all these agents
//! busy, the estimate is the mean time until so many calls are finished. Handle times and the share of callers who stay are
//! running means of the queue; calls of higher priority that are still to come are not foreseen.

use super::{
    Acd,
    queue::{Line, QueueState},
};
use crate::{
    engine::{
        Sink,
        call::{Place, Rank},
        turn::Turn,
    },
    id::{CallId, GroupId},
    time::{Duration, Instant},
};

/// The shortest wait that is announced; a caller is never told "zero minutes".
const SHORTEST_EXPECTED: Duration = Duration::from_mins(1);

impl<S: Sink> Turn<'_, S> {
    /// Position (1 is next) in its line and expected wait of a waiting call. At least a minute, at most the longest wait; with nobody on duty, as for one agent.
    pub(in crate::engine) fn outlook(&self, id: CallId) -> (u32, Duration) {
        let Some(place) = self.state.calls.get(id).and_then(|call| call.place.as_ref()) else {
            return (0, Duration::ZERO);
        };
        let (acd, now) = (&self.state.acd, self.state.now);
        let line = &acd.queue(place.queue).lines[place.language.index()];
        let position = line.waiting.ahead_of(&place.rank) as u32 + 1;
        let waited = now.since(place.since);
        let mut expected = acd.expected_wait(place, line, waited, now);
        // Who waits so long that more agents may take the call is served by them as well.
        if line.widest > waited && line.servers.iter().any(|&(_, after)| after > waited && after <= waited + expected) {
            expected = acd.expected_wait(place, line, waited + expected, now);
        }
        // Nobody waits longer.
        let longest = acd.queue(place.queue).config.max_wait.unwrap_or(Duration::MAX);
        (position, expected.min(longest).max(SHORTEST_EXPECTED))
    }
}

impl Acd {
    /// The expected wait when agents count who may take calls that have waited for `within`.
    fn expected_wait(&self, place: &Place, line: &Line, within: Duration, now: Instant) -> Duration {
        let own = self.queue(place.queue);
        let effective = own.effective_priority(place.priority, place.since, now);
        let agents = self.on_duty(line, within, |_| true).max(1);
        let ours = |group| line.servers.iter().any(|&(g, after)| g == group && after <= within);
        let mut work = own.mean_handle.as_micros() as u128;
        for queue in self.queues.iter().filter(|queue| queue.length > 0) {
            for other in queue.lines.iter().filter(|other| other.waiting.len() > 0) {
                let ahead = match std::ptr::eq(other, line) {
                    true => other.waiting.ahead_of(&place.rank),
                    false => other.waiting.before(|rank| is_first(rank, queue, now, (effective, place.since))),
                };
                let shared = self.on_duty(other, within, ours);
                if ahead > 0 && shared > 0 {
                    let theirs = self.on_duty(other, within, |_| true).max(1);
                    let each = u128::from(queue.mean_handle.as_micros()) * u128::from(queue.staying_ppm()) / 1_000_000;
                    work += ahead as u128 * each * u128::from(shared) / u128::from(theirs);
                }
            }
        }
        Duration::from_micros(u64::try_from(work / u128::from(agents)).unwrap_or(u64::MAX))
    }

    /// Agents on duty of some of the groups that may take calls of a line that have waited for `within`.
    fn on_duty(&self, line: &Line, within: Duration, some: impl Fn(GroupId) -> bool) -> u32 {
        let servers = line.servers.iter().filter(|&&(group, after)| after <= within && some(group));
        servers.map(|(group, _)| self.groups[group.index()].on_duty).sum()
    }
}

/// Whether a call of this rank in `queue` is served before one of this effective priority that entered at this instant.
fn is_first(rank: &Rank, queue: &QueueState, now: Instant, than: (i64, Instant)) -> bool {
    let (effective, entered) = queue.effective_of_rank(rank, now);
    // An aged rank does not say when the call entered; calls of one effective priority are as good as level then.
    effective > than.0 || effective == than.0 && entered < than.1.as_micros() as i64
}
