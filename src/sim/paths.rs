//! What each caller of a replication went through, so that two designs can be held against each other call by call.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    engine::{Event, Fact, event::LeftQueue},
    id::{CallId, NodeId, QueueId, ScriptVersion},
    script::{Script, model::IntentId},
    time::Instant,
};

/// Which call of which caller: the same in every design that meets her.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// What her chance is keyed by.
    pub lot: u64,
    /// Which call for the same matter.
    pub attempt: u8,
}

/// A step of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A node, by its number among the names both designs use.
    Node(u32),
    /// An agent took it.
    Answered,
    /// It left a queue without an agent.
    Left(LeftQueue),
    /// Its queue was full.
    Full,
    /// Its queue was closed.
    Closed,
}

/// One call, whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Journey {
    /// When it was offered.
    pub began: Instant,
    /// What it went through, at most [`LONGEST`] steps.
    pub steps: Vec<Step>,
    /// What its caller wanted, when an agent took it, and from which queue it was taken first.
    pub answered_for: Option<(Arc<str>, Arc<str>)>,
    /// How it ended: `answered` when an agent took it, else its outcome.
    pub ending: Arc<str>,
}

/// Steps remembered of one call: a caller who goes round in a menu does not fill the memory.
pub const LONGEST: usize = 200;

/// The node names of several scripts, each numbered once.
#[derive(Clone, Debug, Default)]
pub struct Names {
    numbers: BTreeMap<Arc<str>, u32>,
    names: Vec<Arc<str>>,
}

impl Names {
    /// The numbers of a script's nodes, in the script's order.
    pub fn number(&mut self, script: &Script) -> Arc<[u32]> {
        let one = |name: &Arc<str>| {
            let next = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
            *self.numbers.entry(name.clone()).or_insert_with(|| {
                self.names.push(name.clone());
                next
            })
        };
        script.nodes.iter().map(|node| &node.name).map(one).collect()
    }

    /// A name.
    pub fn name(&self, number: u32) -> &str {
        self.names.get(number as usize).map_or("?", |name| name)
    }
}

/// A script as a run knows it.
#[derive(Clone, Debug)]
pub struct Numbered {
    /// The script.
    pub script: Arc<Script>,
    /// Its nodes' numbers among [`Names`].
    pub nodes: Arc<[u32]>,
}

/// Folds the events of one replication into journeys. Calls without an origin are not followed, nor are calls back (the
/// centre's own calls, part of the journey in which they were promised).
#[derive(Clone, Debug)]
pub struct Paths {
    /// By version, the first being the scenario's, then those that its incidents publish, in order.
    versions: Vec<Numbered>,
    answered: Arc<str>,
    nothing: Arc<str>,
    open: BTreeMap<CallId, (Key, usize, Option<IntentId>, Journey)>,
}

impl Paths {
    /// No calls yet.
    pub fn new(versions: Vec<Numbered>) -> Paths {
        Paths { versions, answered: "answered".into(), nothing: "".into(), open: BTreeMap::new() }
    }

    /// Takes in one event, in order. Returns a journey when it ends one.
    pub fn event(&mut self, event: &Event) -> Option<(Key, Journey)> {
        match event.fact {
            Fact::CallArrived { call, version, promised_in: None, origin: Some(origin), .. } => {
                let (steps, ending) = (Vec::with_capacity(16), self.nothing.clone());
                let journey = Journey { began: event.at, steps, answered_for: None, ending };
                let key = Key { lot: origin.lot, attempt: origin.attempt };
                self.open.insert(call, (key, self.version(version), origin.intent, journey));
            }
            Fact::NodeEntered { call, node } => self.enter(call, node),
            Fact::CallAnswered { call, queue, .. } => {
                self.step(call, Step::Answered);
                self.answered_from(call, queue);
            }
            Fact::CallLeftQueue { call, reason, .. } => self.step(call, Step::Left(reason)),
            Fact::QueueFull { call, .. } => self.step(call, Step::Full),
            Fact::QueueClosed { call, .. } => self.step(call, Step::Closed),
            Fact::CallEnded { call, outcome, .. } => {
                let (key, version, _, mut journey) = self.open.remove(&call)?;
                let took = journey.steps.contains(&Step::Answered);
                journey.ending = match (took, self.versions.get(version)) {
                    (true, _) => self.answered.clone(),
                    (false, Some(numbered)) => numbered.script.outcome_name(outcome).into(),
                    (false, None) => self.nothing.clone(),
                };
                return Some((key, journey));
            }
            _ => {}
        }
        None
    }

    /// The calls that have not ended.
    pub fn unfinished(&self) -> impl Iterator<Item = Key> + '_ {
        self.open.values().map(|(key, ..)| *key)
    }

    fn version(&self, version: ScriptVersion) -> usize {
        (version.0.saturating_sub(1) as usize).min(self.versions.len().saturating_sub(1))
    }

    fn enter(&mut self, call: CallId, node: NodeId) {
        let Some((_, version, _, journey)) = self.open.get_mut(&call) else { return };
        let number = self.versions.get(*version).and_then(|numbered| numbered.nodes.get(node.index()));
        if let Some(&number) = number
            && journey.steps.len() < LONGEST
        {
            journey.steps.push(Step::Node(number));
        }
    }

    /// Notes the queue an agent first took a call from, by its name in the version that has it.
    fn answered_from(&mut self, call: CallId, queue: QueueId) {
        let Some((_, version, Some(intent), journey)) = self.open.get_mut(&call) else { return };
        let Some(numbered) = self.versions.get(*version).filter(|_| journey.answered_for.is_none()) else { return };
        let intent = numbered.script.intents.get(usize::from(intent.0));
        // Queues of the first version keep their numbers; those that later ones add follow them.
        let queue = self.versions.iter().find_map(|numbered| numbered.script.queues.get(queue.index()));
        journey.answered_for = intent.zip(queue).map(|(intent, queue)| (intent.clone(), queue.name.clone()));
    }

    fn step(&mut self, call: CallId, step: Step) {
        if let Some((.., journey)) = self.open.get_mut(&call)
            && (journey.steps.len() < LONGEST || step == Step::Answered)
        {
            journey.steps.push(step);
        }
    }
}

/// Where two journeys part: the last node both entered, and what came next in each (`None`: it ended).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fork {
    /// The last node both entered; `None` where they began apart.
    pub node: Option<u32>,
    /// What came next in the first.
    pub a: Next,
    /// What came next in the second.
    pub b: Next,
}

/// What came next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Next {
    /// A node.
    Node(u32),
    /// An agent.
    Answered,
    /// The caller hung up in the queue.
    HungUpWaiting,
    /// She left the queue otherwise: by key, by the longest wait, by a promise to call back, because it closed.
    LeftQueue,
    /// The queue was full or closed.
    NotQueued,
    /// Nothing: the call ended.
    Ended,
}

impl Fork {
    /// Where `a` and `b` part; where they went the same way all along, at their end.
    pub fn of(a: &Journey, b: &Journey) -> Fork {
        let same = a.steps.iter().zip(&b.steps).take_while(|(a, b)| a == b).count();
        let node = a.steps[..same].iter().rev().find_map(|step| match step {
            Step::Node(node) => Some(*node),
            _ => None,
        });
        Fork { node, a: Next::of(a.steps.get(same)), b: Next::of(b.steps.get(same)) }
    }
}

impl Next {
    fn of(step: Option<&Step>) -> Next {
        match step {
            None => Next::Ended,
            Some(Step::Node(node)) => Next::Node(*node),
            Some(Step::Answered) => Next::Answered,
            Some(Step::Left(LeftQueue::Abandoned)) => Next::HungUpWaiting,
            Some(Step::Left(_)) => Next::LeftQueue,
            Some(Step::Full | Step::Closed) => Next::NotQueued,
        }
    }

    /// In words.
    pub fn told(self, names: &Names) -> String {
        match self {
            Next::Node(node) => names.name(node).to_owned(),
            Next::Answered => "(answered)".to_owned(),
            Next::HungUpWaiting => "(hung up waiting)".to_owned(),
            Next::LeftQueue => "(left the queue)".to_owned(),
            Next::NotQueued => "(queue full or closed)".to_owned(),
            Next::Ended => "(ended)".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn journey(steps: &[Step], ending: &str) -> Journey {
        Journey { began: Instant::ZERO, steps: steps.to_vec(), answered_for: None, ending: ending.into() }
    }

    #[test]
    fn journeys_part_after_the_last_node_both_entered() {
        let (menu, wait, bye) = (Step::Node(1), Step::Node(2), Step::Node(3));
        let served = journey(&[menu, wait, Step::Answered, bye], "answered");
        let gone = journey(&[menu, wait, Step::Left(LeftQueue::Abandoned)], "abandoned");
        let fork = Fork::of(&served, &gone);
        assert_eq!(fork, Fork { node: Some(2), a: Next::Answered, b: Next::HungUpWaiting });
        let other = journey(&[bye], "contained");
        assert_eq!(Fork::of(&served, &other), Fork { node: None, a: Next::Node(1), b: Next::Node(3) });
        let early = journey(&[menu], "abandoned");
        assert_eq!(Fork::of(&early, &served), Fork { node: Some(1), a: Next::Ended, b: Next::Node(2) });
    }
}
