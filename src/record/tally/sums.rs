//! What a tally has summed up: plain numbers that add up, by every dimension.

use std::sync::Arc;

use super::names::Names;
use crate::{
    id::{LanguageId, QueueId, SkillId},
    record::{figures::Figures, waits::Waits},
    script::model::IntentId,
    time::{Date, Instant},
};

/// The number of regions, and place 0 for callers whose region is not known.
pub const REGIONS: usize = 13;

/// Sums of a run, of a part of it, or of several runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Sums {
    /// What queues, skills, languages, intents and nodes are called, by which the rest is numbered.
    pub names: Arc<Names>,
    /// By interval, from the one in which the run begins.
    pub intervals: Vec<Interval>,
    /// By queue: stands in it (see [`crate::record::figures`]).
    pub queues: Vec<QueueSums>,
    /// By the language a call ended in.
    pub languages: Vec<Figures>,
    /// By what the caller wanted, as her origin tells, else by what the option chosen last is for; the last place: not known.
    pub intents: Vec<Figures>,
    /// By the caller's region, 1 to 12; place 0: not known.
    pub regions: Vec<Figures>,
    /// By node.
    pub nodes: Vec<NodeSums>,
    /// How many runs (or parts of one) these are sums of.
    pub parts: u64,
}

/// Sums of an interval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interval {
    /// When it begins; the first and those at a warm-up's end are measured from later on.
    pub start: Instant,
    /// The local day on which it begins.
    pub date: Date,
    /// How much of it was measured, in microseconds, summed over the runs.
    pub observed: u64,
    /// Calls that count in it, and agents' time in it.
    pub figures: Figures,
    /// By queue.
    pub queues: Vec<Length>,
}

/// How many calls stood in a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Length {
    /// Their number integrated over time, in call-microseconds; divided by the observed time it is the mean length.
    pub area: u64,
    /// The most at a time.
    pub most: u32,
}

/// Sums of a queue.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct QueueSums {
    /// Stands in it.
    pub figures: Figures,
    /// Waits of stands that were answered.
    pub answered: Waits,
    /// Waits of stands whose caller hung up.
    pub abandoned: Waits,
    /// The two sides of Little's law.
    pub law: Law,
}

/// Little's law over the measured time, call backs included: number waiting, integrated over time, against the waits
/// themselves. The first is counted from the order of entries and exits, the second from what the engine said each wait was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Law {
    /// Calls that entered.
    pub entered: u64,
    /// Number in the queue integrated over time, in call-microseconds: `L · t`.
    pub area: u64,
    /// Waits of those that left, as told when they left, from their entering: `λ · W · t`; microseconds.
    pub waits: u64,
    /// What calls still waiting at the end had waited, less what those waiting at the beginning had waited before.
    pub carried: i64,
}

impl Law {
    /// Whether both sides are the same to the microsecond.
    pub fn holds(&self) -> bool {
        i128::from(self.area) == i128::from(self.waits) + i128::from(self.carried)
    }

    /// Adds another's sides.
    pub fn merge(&mut self, other: &Law) {
        self.entered += other.entered;
        self.area += other.area;
        self.waits += other.waits;
        self.carried += other.carried;
    }
}

/// Little's law in words of rates, for one queue over the time observed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Little {
    /// Which queue.
    pub queue: QueueId,
    /// Time-average number in the queue, `L`.
    pub mean_length: f64,
    /// Calls entering a second, `λ`.
    pub rate: f64,
    /// Mean wait in seconds, `W`, what is cut off at the ends of the measured time included.
    pub mean_wait: f64,
    /// `L = λ·W` to the microsecond.
    pub holds: bool,
}

/// Sums of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct NodeSums {
    /// Times a call entered it.
    pub visits: u64,
    /// Times silence was counted.
    pub no_input: u64,
    /// Times an entry that fits nothing was counted.
    pub no_match: u64,
    /// Offered calls whose caller hung up here in the menus with nothing gained.
    pub lost: u64,
    /// Offered calls whose caller hung up in the queue this node put her into.
    pub lost_waiting: u64,
    /// Time in menus spent here, in microseconds.
    pub time: u64,
}

impl NodeSums {
    fn merge(&mut self, other: &NodeSums) {
        self.visits += other.visits;
        self.no_input += other.no_input;
        self.no_match += other.no_match;
        self.lost += other.lost;
        self.lost_waiting += other.lost_waiting;
        self.time += other.time;
    }
}

impl Interval {
    /// Mean number of calls in a queue; `None` when nothing of the interval was measured.
    pub fn mean_length(&self, queue: QueueId) -> Option<f64> {
        let area = self.queues.get(queue.index()).map_or(0, |length| length.area);
        (self.observed > 0).then(|| area as f64 / self.observed as f64)
    }

    /// Mean number of agents on shift; `None` when nothing of the interval was measured.
    pub fn mean_agents(&self) -> Option<f64> {
        (self.observed > 0).then(|| self.figures.agent_on_shift() as f64 / self.observed as f64)
    }

    fn merge(&mut self, other: &Interval) {
        self.observed += other.observed;
        self.figures.merge(&other.figures);
        if self.queues.len() < other.queues.len() {
            self.queues.resize(other.queues.len(), Length::default());
        }
        for (mine, theirs) in self.queues.iter_mut().zip(&other.queues) {
            mine.area += theirs.area;
            mine.most = mine.most.max(theirs.most);
        }
    }
}

impl Sums {
    pub(super) fn new(names: Arc<Names>) -> Sums {
        Sums {
            intervals: Vec::new(),
            queues: vec![QueueSums::default(); names.queues.len()],
            languages: vec![Figures::ZERO; names.languages.len()],
            intents: vec![Figures::ZERO; names.intents.len() + 1],
            regions: vec![Figures::ZERO; REGIONS],
            nodes: vec![NodeSums::default(); names.nodes.len()],
            parts: 1,
            names,
        }
    }

    /// Adds the sums of another run, or part, of the same scripts. Whole numbers all: the order does not matter.
    pub fn merge(&mut self, other: &Sums) {
        if other.names.nodes.len() > self.names.nodes.len() {
            self.names = other.names.clone();
        }
        while let Some(theirs) = other.intervals.get(self.intervals.len()) {
            let (start, date) = (theirs.start, theirs.date);
            self.intervals.push(Interval { start, date, observed: 0, figures: Figures::ZERO, queues: Vec::new() });
        }
        for (mine, theirs) in self.intervals.iter_mut().zip(&other.intervals) {
            mine.merge(theirs);
        }
        self.queues.resize(self.queues.len().max(other.queues.len()), QueueSums::default());
        for (mine, theirs) in self.queues.iter_mut().zip(&other.queues) {
            mine.figures.merge(&theirs.figures);
            mine.answered.merge(&theirs.answered);
            mine.abandoned.merge(&theirs.abandoned);
            mine.law.merge(&theirs.law);
        }
        merge_all(&mut self.languages, &other.languages);
        // A call of unknown intent counts in the last place, wherever that is now.
        let mut unknown = self.intents.pop().unwrap_or_default();
        if let Some((last, known)) = other.intents.split_last() {
            merge_all(&mut self.intents, known);
            unknown.merge(last);
        }
        self.intents.push(unknown);
        merge_all(&mut self.regions, &other.regions);
        self.nodes.resize(self.nodes.len().max(other.nodes.len()), NodeSums::default());
        for (mine, theirs) in self.nodes.iter_mut().zip(&other.nodes) {
            mine.merge(theirs);
        }
        self.parts += other.parts;
    }

    /// All of it: the sum over the intervals.
    pub fn total(&self) -> Figures {
        let mut total = Figures::ZERO;
        self.intervals.iter().for_each(|interval| total.merge(&interval.figures));
        total
    }

    /// By local day, in order; an interval counts on the day on which it begins.
    pub fn days(&self) -> Vec<(Date, Figures)> {
        let mut days: Vec<(Date, Figures)> = Vec::new();
        for interval in &self.intervals {
            match days.last_mut() {
                Some((date, figures)) if *date == interval.date => figures.merge(&interval.figures),
                _ => days.push((interval.date, interval.figures)),
            }
        }
        days
    }

    /// By skill: stands in the queues that ask for it.
    pub fn skill(&self, skill: SkillId) -> Figures {
        let asks = |queue: usize| self.names.queue_skills.get(queue).is_some_and(|skills| skills.contains(&skill));
        let queues = self.queues.iter().enumerate().filter(|(i, _)| asks(*i));
        queues.map(|(_, queue)| queue.figures).sum()
    }

    /// Of a language.
    pub fn language(&self, language: LanguageId) -> Figures {
        self.languages.get(language.index()).copied().unwrap_or_default()
    }

    /// Of an intent of the first script; `None`: of callers whose intent is not known.
    pub fn intent(&self, intent: Option<IntentId>) -> Figures {
        let place = intent.map_or(self.intents.len() - 1, |intent| usize::from(intent.0));
        self.intents.get(place).copied().unwrap_or_default()
    }

    /// Waits of all stands that were answered, over all queues.
    pub fn waits_answered(&self) -> Waits {
        self.waits(|queue| &queue.answered)
    }

    /// Waits of all stands whose caller hung up, over all queues.
    pub fn waits_abandoned(&self) -> Waits {
        self.waits(|queue| &queue.abandoned)
    }

    fn waits(&self, of: fn(&QueueSums) -> &Waits) -> Waits {
        let mut all = Waits::default();
        self.queues.iter().for_each(|queue| all.merge(of(queue)));
        all
    }

    /// The time measured, summed over the runs, in microseconds.
    pub fn observed(&self) -> u64 {
        self.intervals.iter().map(|interval| interval.observed).sum()
    }

    /// Little's law for each queue that anybody stood in.
    pub fn laws(&self) -> Vec<Little> {
        let time = self.observed() as f64 / 1e6;
        let queues = self.queues.iter().enumerate().filter(|(_, queue)| queue.law != Law::default());
        let law = |(i, queue): (usize, &QueueSums)| {
            let law = &queue.law;
            let waited = (law.waits as f64 + law.carried as f64) / 1e6;
            Little {
                queue: QueueId(i as u16),
                mean_length: law.area as f64 / 1e6 / time,
                rate: law.entered as f64 / time,
                mean_wait: if law.entered > 0 { waited / law.entered as f64 } else { 0.0 },
                holds: law.holds(),
            }
        };
        queues.map(law).collect()
    }
}

fn merge_all(mine: &mut Vec<Figures>, theirs: &[Figures]) {
    mine.resize(mine.len().max(theirs.len()), Figures::ZERO);
    mine.iter_mut().zip(theirs).for_each(|(mine, theirs)| mine.merge(theirs));
}
