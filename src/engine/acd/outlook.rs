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
    merged::{Counts, LINES, MOST, Merged},
    queue::{Line, QueueState, Rival},
};
use crate::{
    engine::{
        Sink,
        call::{Place, Rank},
        turn::Turn,
    },
    id::{CallId, GroupId, LanguageId, QueueId},
    time::{Duration, Instant},
};

/// The shortest wait that is announced; a caller is never told "zero minutes".
const SHORTEST_EXPECTED: Duration = Duration::from_mins(1);

/// With so many standing in line all lines are kept in one order as well, until there are few again.
const MANY: usize = 64;
const FEW: usize = 16;

/// What has been worked out for announcements and holds until something changes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outlooks {
    /// Nobody has come on duty or gone since [`Rival::duty`] was counted.
    counted: bool,
    /// What the caller who is being spoken to is told, while she is.
    told: Option<(CallId, u32, Duration)>,
}

impl Outlooks {
    /// Somebody came on duty or went off it, or other groups take from other lines.
    pub(super) fn recount(&mut self) {
        self.counted = false;
    }
}

impl<S: Sink> Turn<'_, S> {
    /// Position (1 is next) in its line and expected wait of a waiting call. At least a minute, at most the longest wait; with nobody on duty, as for one agent.
    pub(in crate::engine) fn outlook(&self, id: CallId) -> (u32, Duration) {
        if let Some((_, position, expected)) = self.state.acd.outlooks.told.filter(|told| told.0 == id) {
            return (position, expected);
        }
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

    /// Works out anew what has changed of what outlooks are made of.
    pub(super) fn prepare_outlook(&mut self) {
        let acd = &mut self.state.acd;
        acd.queues.iter_mut().for_each(QueueState::weigh);
        acd.keep_merged();
        if !acd.outlooks.counted {
            acd.outlooks.counted = true;
            acd.count_rivals();
        }
    }

    /// Does something during which the outlook of a waiting caller stays what it is, however often it is asked for.
    pub(super) fn with_outlook<T>(&mut self, id: CallId, say: impl FnOnce(&mut Self) -> T) -> T {
        self.prepare_outlook();
        let (position, expected) = self.outlook(id);
        self.state.acd.outlooks.told = Some((id, position, expected));
        let said = say(self);
        self.state.acd.outlooks.told = None;
        said
    }
}

impl Acd {
    /// The expected wait when agents count who may take calls that have waited for `within`.
    fn expected_wait(&self, place: &Place, line: &Line, within: Duration, now: Instant) -> Duration {
        let own = self.queue(place.queue);
        let agents = self.on_duty(&line.servers, within).max(1);
        let mut work = u128::from(own.mean_handle.as_micros());
        if self.standing > 0 {
            let effective = own.effective_priority(place.priority, place.since, now);
            let mut before = Before { acd: self, place, effective, now, last: None };
            for rival in &line.rivals {
                let queue = self.queue(rival.queue);
                let ahead = before.ahead(rival, queue);
                if ahead > 0 {
                    work += self.work_ahead(rival, queue, ahead as u64, within);
                }
            }
        }
        Duration::from_micros(divided(work, agents.into()).try_into().unwrap_or(u64::MAX))
    }

    /// What so many calls of a line that shares agents with the caller's cost those agents, in microseconds.
    fn work_ahead(&self, rival: &Rival, queue: &QueueState, ahead: u64, within: Duration) -> u128 {
        let (shared, theirs) = match self.outlooks.counted && within >= rival.widest {
            true => rival.duty,
            false => {
                let servers = &queue.lines[rival.language.index()].servers;
                (self.on_duty(&rival.shared, within), self.on_duty(servers, within))
            }
        };
        let work = u128::from(ahead) * u128::from(queue.weight());
        match shared == theirs && shared > 0 {
            true => work,
            false => divided(work * u128::from(shared), theirs.max(1).into()),
        }
    }

    /// Agents on duty of those of the groups that may take calls that have waited for `within`.
    fn on_duty(&self, groups: &[(GroupId, Duration)], within: Duration) -> u32 {
        let may = groups.iter().filter(|(_, after)| *after <= within);
        may.map(|(group, _)| self.groups[group.index()].on_duty).sum()
    }

    /// Counts the agents that lines share, for calls that have waited long enough for all of them.
    fn count_rivals(&mut self) {
        for own in 0..self.queues.len() {
            for language in 0..self.queues[own].lines.len() {
                let mut rivals = std::mem::take(&mut self.queues[own].lines[language].rivals);
                for rival in &mut rivals {
                    let servers = &self.queue(rival.queue).lines[rival.language.index()].servers;
                    let all = |groups| self.on_duty(groups, Duration::MAX);
                    rival.duty = (all(&rival.shared), all(servers));
                }
                self.queues[own].lines[language].rivals = rivals;
            }
        }
    }

    /// The number of a line among all.
    #[inline]
    pub(super) fn line_number(&self, queue: QueueId, language: LanguageId) -> usize {
        queue.index() * self.languages + language.index()
    }

    /// Keeps all lines in one order as long as many stand in them.
    fn keep_merged(&mut self) {
        if self.merged.is_some() {
            if self.standing < FEW {
                self.merged = None;
            }
        } else if (MANY..=MOST / 2).contains(&self.standing) && self.queues.len() * self.languages <= LINES {
            self.merge();
        }
    }

    #[cold]
    fn merge(&mut self) {
        let mut standing = Vec::with_capacity(self.standing);
        for (q, queue) in self.queues.iter().enumerate() {
            for (l, line) in queue.lines.iter().enumerate() {
                let number = self.line_number(QueueId(q as u16), LanguageId(l as u8)) as u8;
                standing.extend(line.waiting.iter().map(|rank| (*rank, number)));
            }
        }
        self.merged = Some(Merged::of(standing));
    }

    /// Works out which lines share agents with which.
    pub(super) fn find_rivals(&mut self) {
        self.outlooks.recount();
        // Lines may have other numbers now.
        self.merged = None;
        self.languages = self.queues.iter().map(|queue| queue.lines.len()).max().unwrap_or(0);
        let of_line = |own: &[(GroupId, Duration)], (q, queue): (usize, &QueueState)| -> Vec<Rival> {
            let rival = |(l, other): (usize, &Line)| {
                // A group shared counts for both lines once either's wait for it is over.
                let ours = |group| own.iter().filter(|(g, _)| *g == group).map(|(_, after)| *after).min();
                let both = |&(group, after): &(GroupId, Duration)| ours(group).map(|own| (group, own.max(after)));
                let shared: Vec<_> = other.servers.iter().filter_map(both).collect();
                let itself = std::ptr::eq(own, other.servers.as_slice());
                let (queue, language) = (QueueId(q as u16), LanguageId(l as u8));
                let afters = shared.iter().chain(&other.servers).map(|(_, after)| *after);
                let (widest, duty) = (afters.max().unwrap_or_default(), (0, 0));
                let number = self.line_number(queue, language);
                (!shared.is_empty()).then_some(Rival { queue, language, number, itself, shared, widest, duty })
            };
            queue.lines.iter().enumerate().filter_map(rival).collect()
        };
        let of_all = |own: &Line| self.queues.iter().enumerate().flat_map(|q| of_line(&own.servers, q)).collect();
        let found: Vec<Vec<Rival>> = self.queues.iter().flat_map(|queue| &queue.lines).map(of_all).collect();
        for (line, rivals) in self.queues.iter_mut().flat_map(|queue| &mut queue.lines).zip(found) {
            line.rivals = rivals;
        }
    }
}

/// How many stand before a caller in each line, as it is asked for.
struct Before<'a> {
    acd: &'a Acd,
    place: &'a Place,
    effective: i64,
    now: Instant,
    /// What was found for queues that age like the last: most do alike, so that what stands first in one stands first in the
    /// next.
    last: Option<(Option<Duration>, Rank, Option<Counts>)>,
}

impl Before<'_> {
    fn ahead(&mut self, rival: &Rival, queue: &QueueState) -> usize {
        let waiting = &queue.lines[rival.language.index()].waiting;
        if rival.itself {
            return waiting.ahead_of(&self.place.rank);
        }
        let merged = self.acd.merged.as_ref();
        if merged.is_none() && waiting.len() == 0 {
            return 0;
        }
        let ageing = queue.config.ageing;
        if self.last.as_ref().is_none_or(|(of, ..)| *of != ageing) {
            let level = level_with(ageing, self.effective, self.place.since, self.now);
            self.last = Some((ageing, level, merged.map(|merged| merged.before((level.0, level.1)))));
        }
        match &self.last {
            Some((_, _, Some(counts))) => counts[rival.number].into(),
            Some((_, level, None)) => waiting.before(|rank| (rank.0, rank.1) < (level.0, level.1)),
            None => 0,
        }
    }
}

/// A quotient, most often of a number that fits into half the width.
fn divided(number: u128, by: u64) -> u128 {
    match u64::try_from(number) {
        Ok(number) => u128::from(number / by),
        Err(_) => number / u128::from(by),
    }
}

/// The rank before which every rank of a queue that ages like this is served before a call of this effective priority at `now`
/// that entered at `since`. An aged rank does not say when its call entered; calls of one effective priority are as good as
/// level then.
fn level_with(ageing: Option<Duration>, effective: i64, since: Instant, now: Instant) -> Rank {
    let (effective, since) = (i128::from(effective), i128::from(since.as_micros()));
    let nobody = CallId(0);
    let Some(step) = ageing else {
        // Priorities are whole, the caller's effective one perhaps not: of those above it the least.
        let above = (-effective.div_euclid(1_000_000)).clamp(i16::MIN.into(), i16::MAX.into());
        let is_whole = effective.rem_euclid(1_000_000) == 0;
        return (above as i16, if is_whole { since as i64 } else { i64::MIN }, nobody);
    };
    let step = i128::from(step.as_micros().max(1));
    // The latest instant such that a rank of it has at least this effective priority, which is cut off towards zero.
    let latest = |least: i128| {
        let waited = match least > 0 {
            true => floor(least * step + 999_999),
            false => floor((least - 1) * step) + 1,
        };
        i128::from(now.as_micros()) - waited
    };
    let last = latest(effective + 1).max(latest(effective).min(since - 1));
    (0, (last + 1).clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64, nobody)
}

/// A millionth, rounded down; most often of a number that fits into half the width.
fn floor(number: i128) -> i128 {
    match i64::try_from(number) {
        Ok(number) => number.div_euclid(1_000_000).into(),
        Err(_) => number.div_euclid(1_000_000),
    }
}

#[cfg(test)]
mod tests {
    use rand::RngExt;

    use super::*;
    use crate::random::{Purpose, Seed};

    fn effective(ageing: Option<Duration>, rank: (i16, i64), now: Instant) -> i64 {
        match ageing {
            Some(step) => {
                let waited = i128::from(now.as_micros()) - i128::from(rank.1);
                (waited * 1_000_000 / i128::from(step.as_micros())) as i64
            }
            None => -i64::from(rank.0) * 1_000_000,
        }
    }

    #[test]
    fn who_is_served_first_stands_before_the_level() {
        let mut chance = Seed::new(4).stream(Purpose::Routing, 4);
        let mut found = [0; 2];
        for _ in 0..50_000 {
            let step = [1, 7, 999_999, 60_000_000][chance.random_range(0..4)];
            let ageing = chance.random_bool(0.7).then(|| Duration::from_micros(step));
            let now = Instant(10_000_000);
            let rank = match ageing {
                Some(_) => (0, now.as_micros() as i64 - chance.random_range(-100..200_000_000) % (3 * step as i64)),
                None => (chance.random_range(-3..4), now.as_micros() as i64 - chance.random_range(0..6)),
            };
            let entered = Instant(now.as_micros() - chance.random_range(0..6));
            let near = chance.random_range(-2_i64..3) * if ageing.is_some() { 1 } else { 500_000 };
            let than = effective(ageing, rank, now) + near;
            let level = level_with(ageing, than, entered, now);
            let own = effective(ageing, rank, now);
            let first = own > than || own == than && rank.1 < entered.as_micros() as i64;
            assert_eq!(rank < (level.0, level.1), first, "{ageing:?} {rank:?} {level:?} {than}");
            found[usize::from(first)] += 1;
        }
        assert!(found.iter().all(|n| *n > 5_000), "{found:?}");
    }
}
