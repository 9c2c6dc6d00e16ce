//! Queues and lines: who waits where, in which order, and which groups may take whom.
//!
//! A queue has one line a language. Within a line the order is fixed when a call enters: with ageing, a step of priority is
//! worth one ageing interval of waiting, so the line is sorted by the instant of entering minus that head start, which never
//! changes as all age alike; without ageing, by priority and then by instant.

use std::sync::Arc;

use super::{super::call::Rank, line::Waiting, ready::Ready};
use crate::{
    agenda::Ticket,
    id::{AgentId, CallId, GroupId, LanguageId, QueueId},
    script::{
        calendar::Calendar,
        model::{Group, Queue, Script},
    },
    time::{Duration, Instant},
};

/// A queue of the engine.
#[derive(Clone, Debug)]
pub(crate) struct QueueState {
    /// As the newest version that has it says.
    pub(crate) config: Queue,
    pub(crate) calendar: Option<Arc<Calendar>>,
    /// One a language.
    pub(crate) lines: Vec<Line>,
    /// The longest wait after which more groups may take from any of its lines.
    pub(crate) widest: Duration,
    /// Calls standing here: waiting, ringing or set aside.
    pub(crate) length: u32,
    /// Running mean of the time a call keeps an agent, for expected waits.
    pub(crate) mean_handle: Duration,
    /// Running share of calls that an agent answers, of those that stand here and leave, in parts per million.
    pub(crate) answered_ppm: u64,
    /// What [`QueueState::weight`] is; `None` when it has to be worked out anew.
    weight: Option<u64>,
    /// Whom this queue rang last.
    pub(crate) last_rung: Option<AgentId>,
    /// The armed deadline of its next opening.
    pub(crate) opening: Option<Ticket>,
}

/// The calls of a queue that want one language.
#[derive(Clone, Debug, Default)]
pub(crate) struct Line {
    pub(crate) waiting: Waiting,
    /// Which groups may take from it, and after which wait.
    pub(crate) servers: Vec<(GroupId, Duration)>,
    /// The longest wait after which more groups may take from it.
    pub(crate) widest: Duration,
    /// The lines some of whose groups may take from it, itself among them.
    pub(crate) rivals: Vec<Rival>,
}

/// A line that shares agents with another.
#[derive(Clone, Debug)]
pub(crate) struct Rival {
    pub(crate) queue: QueueId,
    pub(crate) language: LanguageId,
    /// Its number among all lines.
    pub(crate) number: usize,
    /// Whether it is that very line.
    pub(crate) itself: bool,
    /// The groups that may take from both, and after which wait from either.
    pub(crate) shared: Vec<(GroupId, Duration)>,
    /// The longest of the waits after which somebody more may take from either.
    pub(crate) widest: Duration,
    /// How many agents of `shared` are on duty, and of all who may take from that line; counted when it is asked for.
    pub(crate) duty: (u32, u32),
}

/// A group of agents.
#[derive(Clone, Debug)]
pub(crate) struct GroupState {
    pub(crate) config: Group,
    /// From which lines its agents take, and after which wait.
    pub(crate) serves: Vec<Serve>,
    pub(crate) ready: Ready,
    pub(crate) on_duty: u32,
}

/// A line a group takes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Serve {
    pub(crate) queue: QueueId,
    pub(crate) language: LanguageId,
    /// Calls must have waited this long.
    pub(crate) after: Duration,
}

impl QueueState {
    pub(crate) fn new(config: Queue, languages: usize, calendar: Option<Arc<Calendar>>) -> QueueState {
        let mean_handle = config.handling.mean;
        let lines = vec![Line::default(); languages];
        let widest = Duration::ZERO;
        QueueState {
            config,
            calendar,
            lines,
            widest,
            length: 0,
            mean_handle,
            answered_ppm: 1_000_000,
            weight: None,
            last_rung: None,
            opening: None,
        }
    }

    /// Whether calls are taken at `at`.
    #[inline]
    pub(crate) fn is_open(&self, at: Instant) -> bool {
        self.calendar.as_ref().is_none_or(|calendar| calendar.at(at).open)
    }

    /// The place in line of a call that entered at `since` with `priority`.
    #[inline]
    pub(crate) fn rank(&self, priority: i16, since: Instant, call: CallId) -> Rank {
        let since = since.as_micros() as i64;
        match self.config.ageing {
            Some(step) => (0, since.saturating_sub(i64::from(priority).saturating_mul(step.as_micros() as i64)), call),
            None => (-priority, since, call),
        }
    }

    /// The priority at `now` of a call that has waited since `since`, in parts per million of a step; for comparing the
    /// heads of different queues.
    #[inline]
    pub(crate) fn effective_priority(&self, priority: i16, since: Instant, now: Instant) -> i64 {
        let aged = self.config.ageing.map_or(0, |step| {
            let (waited, step) = (now.since(since).as_micros(), step.as_micros().max(1));
            match waited.checked_mul(1_000_000) {
                Some(scaled) => i64::try_from(scaled / step).unwrap_or(i64::MAX),
                // Half a year and more.
                None => i64::try_from(u128::from(waited) * 1_000_000 / u128::from(step)).unwrap_or(i64::MAX),
            }
        });
        (i64::from(priority) * 1_000_000).saturating_add(aged)
    }

    /// Takes a new measurement of how long a call keeps an agent into the running mean (weight one eighth).
    #[inline]
    pub(crate) fn learn_handle(&mut self, handle: Duration) {
        let (mean, handle) = (self.mean_handle.as_micros() as i64, handle.as_micros() as i64);
        self.mean_handle = Duration::from_micros((mean + (handle - mean) / 8).max(0) as u64);
        self.weight = None;
    }

    /// Takes a call that left, answered or not, into the running share of those answered (weight one in 32).
    #[inline]
    pub(crate) fn learn_answered(&mut self, answered: bool) {
        self.answered_ppm = self.answered_ppm - self.answered_ppm / 32 + if answered { 1_000_000 / 32 } else { 0 };
        self.weight = None;
    }

    /// How long a call that stands in line is expected to keep an agent, in microseconds: the mean of a call times the share
    /// of those that stay.
    pub(super) fn weight(&self) -> u64 {
        self.weight.unwrap_or_else(|| {
            let weight = u128::from(self.mean_handle.as_micros()) * u128::from(self.staying_ppm()) / 1_000_000;
            u64::try_from(weight).unwrap_or(u64::MAX)
        })
    }

    /// Works out [`QueueState::weight`], so that it is known until something is learned.
    pub(super) fn weigh(&mut self) {
        self.weight = Some(self.weight());
    }

    /// Of those who stand in line, how many in a million will be answered: they have waited for a part already, so that more
    /// of them stay than of those who come. With `p` the share answered and exponential patience it is `-p ln p / (1 - p)`.
    fn staying_ppm(&self) -> u64 {
        let p = self.answered_ppm as f64 / 1e6;
        // Near 1 the quotient is of two small numbers, and near 0 the logarithm has no bound.
        if (0.001..0.999).contains(&p) { (-p * libm::log(p) / (1.0 - p) * 1e6) as u64 } else { self.answered_ppm }
    }
}

/// After which wait agents of `group` may take calls of `queue`; `None`: never. Languages are not looked at.
fn wait_before(group: &Group, queue: &Queue, queues: &[Queue]) -> Option<Duration> {
    let own = skilled(group, queue);
    let overflow = queue.overflow.iter().filter_map(|overflow| {
        let theirs = skilled(group, queues.get(overflow.to.index())?)?;
        Some(overflow.after + theirs)
    });
    overflow.chain(own).min()
}

/// After which wait the skills of `group` will do for `queue`.
fn skilled(group: &Group, queue: &Queue) -> Option<Duration> {
    let mut after = Duration::ZERO;
    for need in &queue.skills {
        let &(_, level) = group.skills.iter().find(|(skill, _)| *skill == need.skill)?;
        if level < need.min_level {
            after = after.max(need.relax_after?);
        }
    }
    Some(after)
}

/// The lines each group of `script` takes from, in the script's own numbering.
pub(crate) fn served_lines(script: &Script) -> Vec<Vec<Serve>> {
    let of_group = |group: &Group| {
        let mut serves = Vec::new();
        for (i, queue) in script.queues.iter().enumerate() {
            if let Some(after) = wait_before(group, queue, &script.queues) {
                let queue = QueueId(i as u16);
                serves.extend(group.languages.iter().map(|&language| Serve { queue, language, after }));
            }
        }
        serves
    };
    script.groups.iter().map(of_group).collect()
}
