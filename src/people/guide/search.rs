//! The cheapest way from every node to every goal, over the graph of the script.
//!
//! Costs are keys, roughly: ten a key. Where a service or a clock decides, the way hoped for is taken; what a caller can do
//! nothing about (a service that is down) is no way at all.

use std::{cmp::Reverse, collections::BinaryHeap};

use super::{Guide, PlaceKind, Press, Step, Wanted};
use crate::{
    id::NodeId,
    script::{
        Script,
        catalogue::ClaimKind,
        graph::{Edge, Way, awaits_keys, edges},
        model::{Choice, Expr, IntentId, Key, Node, NodeKind, QUEUE_SET, QueueRef, Target, Then},
        value::{Symbol, Value},
    },
};

const KEY: u32 = 10;
/// An entry or proof that she can give.
const ENTRY: u32 = 20;
/// An entry that she cannot: a reference she was never told.
const BLIND: u32 = 300;
/// Silence that is taken for an answer: cheaper than any key.
const SILENCE: u32 = 3;
/// Silence that is asked about first, each time.
const REPEATED_SILENCE: u32 = 60;
const GLOBAL: u32 = 30;
const REFUSED: u32 = 400;
const FAR: u32 = u32::MAX;

/// The options named by a guide while it is made.
#[derive(Default)]
pub(super) struct Presses {
    presses: Vec<Press>,
    keys: Vec<Key>,
}

impl Presses {
    fn add(&mut self, keys: &[Key], place: u8, of: u8) -> u32 {
        let from = self.keys.len() as u32;
        self.keys.extend_from_slice(keys);
        self.presses.push(Press { from, len: keys.len() as u8, place, of, serves: false, last: false });
        (self.presses.len() - 1) as u32
    }

    /// The option of a menu at `place`.
    pub(super) fn option(&mut self, choices: &[Choice], place: usize, serves: bool, last: bool) -> u32 {
        let at = self.add(&choices[place].keys, place as u8 + 1, choices.len() as u8);
        let press = &mut self.presses[at as usize];
        (press.serves, press.last) = (serves, last);
        at
    }

    pub(super) fn finish(self) -> (Box<[Press]>, Box<[Key]>) {
        (self.presses.into(), self.keys.into())
    }
}

/// Whether a call goes through a node of this kind by itself.
pub(super) fn passes(kind: &NodeKind) -> bool {
    let asks = awaits_keys(kind) || matches!(kind, NodeKind::Survey { .. } | NodeKind::Record { .. });
    !asks && !matches!(kind, NodeKind::Queue(_))
}

#[derive(Clone, Copy, PartialEq)]
enum Aim {
    Matter(Option<IntentId>),
    /// With the word of the queue that is about the matter.
    Adviser(Option<u16>),
    Proof,
}

/// The next step from every node to every goal, node by node.
pub(super) fn steps(guide: &Guide, script: &Script, presses: &mut Presses) -> Box<[Step]> {
    let map = Map::new(guide, script);
    let goals = guide.goals();
    let mut steps = vec![Step::Lost; script.nodes.len() * goals];
    let intents = || (0..guide.intents).map(|i| Some(IntentId(i as u16))).chain([None]);
    let matters = intents().map(Aim::Matter);
    let advisers = intents().map(|intent| Aim::Adviser(intent.and_then(|intent| map.topic(intent))));
    for (goal, aim) in matters.chain(advisers).chain([Aim::Proof]).enumerate() {
        let far = map.distances(aim);
        for at in 0..script.nodes.len() {
            steps[at * goals + goal] = map.step(NodeId(at as u32), aim, &far, presses);
        }
    }
    steps.into()
}

struct Map<'a> {
    guide: &'a Guide,
    script: &'a Script,
    edges: Vec<Vec<Edge>>,
    /// For each node the nodes that lead to it, and by which of their edges.
    into: Vec<Vec<(u32, u32)>>,
}

impl<'a> Map<'a> {
    fn new(guide: &'a Guide, script: &'a Script) -> Map<'a> {
        let edges: Vec<Vec<Edge>> = script.nodes.iter().map(edges).collect();
        let mut into = vec![Vec::new(); edges.len()];
        for (from, ways) in edges.iter().enumerate() {
            for (i, edge) in ways.iter().enumerate() {
                into[edge.to.index()].push((from as u32, i as u32));
            }
        }
        Map { guide, script, edges, into }
    }

    /// What it costs to go a way, if a caller can want to.
    fn cost(&self, from: usize, edge: &Edge, aim: Aim) -> Option<u32> {
        let adviser = matches!(aim, Aim::Adviser(_));
        Some(match &edge.way {
            Way::Next | Way::Enter => 0,
            Way::Open => u32::from(!adviser),
            Way::Keys(keys) if adviser => self.adviser_key(keys, edge.to, aim),
            Way::Keys(keys) => KEY * keys.len() as u32,
            Way::Language(_) => KEY,
            Way::Entry(..) => match self.guide.places[from].kind {
                PlaceKind::Collect(Wanted::Reference) => BLIND,
                _ => ENTRY,
            },
            Way::Global(key) if adviser => KEY - 1 - 2 * u32::from(*key == Key::ZERO),
            Way::Global(_) => GLOBAL,
            Way::Silence(1) => SILENCE,
            Way::Silence(times) => REPEATED_SILENCE * u32::from(*times),
            Way::Identified => ENTRY,
            Way::Refused => REFUSED,
            Way::Closed | Way::Holiday | Way::Period(_) if adviser => ENTRY,
            Way::Returned | Way::Answer(_) | Way::Arm(_) | Way::Case(_) | Way::Otherwise => 2,
            Way::Closed | Way::Holiday | Way::Period(_) | Way::Part(_) | Way::Body | Way::Done => 2,
            Way::Recorded | Way::Surveyed => 2 * ENTRY,
            _ => return None,
        })
    }

    /// A key on the way to an adviser: best the one for her matter, else 0.
    fn adviser_key(&self, keys: &[Key], to: NodeId, aim: Aim) -> u32 {
        let Aim::Adviser(topic) = aim else { return KEY };
        match self.leads_to_queue(to) {
            Some(word) if topic.is_some() && word == topic => KEY - 5,
            _ if keys == [Key::ZERO] => KEY - 4,
            _ => KEY * keys.len() as u32,
        }
    }

    /// What a node costs by itself, where the goal is there or one key away.
    fn goal_at(&self, at: usize, aim: Aim) -> u32 {
        let node = &self.script.nodes[at];
        match (aim, &node.kind) {
            (Aim::Adviser(_), NodeKind::Queue(_)) => 0,
            (Aim::Adviser(_), NodeKind::Transfer { .. }) => 4 * KEY,
            (Aim::Proof, NodeKind::Authenticate(auth)) if auth.claim == ClaimKind::Number => 0,
            (Aim::Matter(Some(intent)), NodeKind::Menu { choices }) => {
                let costs = choices.iter().filter(|choice| choice.serves == Some(intent));
                costs.map(|choice| self.serving(choice)).min().unwrap_or(FAR)
            }
            _ => FAR,
        }
    }

    fn serving(&self, choice: &Choice) -> u32 {
        let blind = self
            .waits_at(choice.to)
            .is_some_and(|at| matches!(self.guide.places[at.index()].kind, PlaceKind::Collect(Wanted::Reference)));
        KEY * choice.keys.len() as u32 + if blind { BLIND } else { 0 }
    }

    /// How far every node is from a goal.
    fn distances(&self, aim: Aim) -> Vec<u32> {
        let mut far: Vec<u32> = (0..self.edges.len()).map(|at| self.goal_at(at, aim)).collect();
        let begun = far.iter().enumerate().filter(|(_, far)| **far < FAR);
        let mut open: BinaryHeap<Reverse<(u32, u32)>> = begun.map(|(at, far)| Reverse((*far, at as u32))).collect();
        while let Some(Reverse((cost, at))) = open.pop() {
            if cost > far[at as usize] {
                continue;
            }
            for &(from, i) in &self.into[at as usize] {
                let Some(way) = self.cost(from as usize, &self.edges[from as usize][i as usize], aim) else { continue };
                let through = cost.saturating_add(way);
                if through < far[from as usize] {
                    far[from as usize] = through;
                    open.push(Reverse((through, from)));
                }
            }
        }
        far
    }

    /// The first edge of the cheapest way from a node.
    fn best(&self, at: usize, aim: Aim, far: &[u32]) -> Option<&Edge> {
        let cheapest = |edge: &&Edge| {
            let way = self.cost(at, edge, aim);
            way.is_some_and(|way| far[edge.to.index()] < FAR && way + far[edge.to.index()] == far[at])
        };
        self.edges[at].iter().find(cheapest)
    }

    fn step(&self, at: NodeId, aim: Aim, far: &[u32], presses: &mut Presses) -> Step {
        let node = self.script.node(at);
        if let Aim::Matter(None) = aim {
            return self.first_choice(at, presses);
        }
        if far[at.index()] == FAR {
            return Step::Lost;
        }
        if let (Aim::Matter(Some(intent)), NodeKind::Menu { choices }) = (aim, &node.kind)
            && self.goal_at(at.index(), aim) == far[at.index()]
        {
            let near = |choice: &Choice| choice.serves == Some(intent) && self.serving(choice) == far[at.index()];
            let places: Vec<usize> = (0..choices.len()).filter(|&i| near(&choices[i])).collect();
            let mut options = places.iter().map(|&i| {
                let last = self.is_last(at, choices[i].to, intent);
                presses.option(choices, i, true, last)
            });
            let first = options.next().unwrap_or_default();
            return Step::Press { first, count: 1 + options.count() as u8 };
        }
        if far[at.index()] == 0 && aim == Aim::Proof {
            return Step::Enter;
        }
        let Some(edge) = self.best(at.index(), aim, far) else { return Step::Lost };
        self.step_along(node, edge, presses)
    }

    fn step_along(&self, node: &Node, edge: &Edge, presses: &mut Presses) -> Step {
        let first = match (&edge.way, &node.kind) {
            (Way::Silence(_), _) => return Step::Wait,
            (Way::Keys(keys), NodeKind::Menu { choices }) => {
                let place = choices.iter().position(|choice| choice.to == edge.to && choice.keys == *keys);
                presses.option(choices, place.unwrap_or(0), false, false)
            }
            (Way::Keys(keys), _) => presses.add(keys, 1, 1),
            (Way::Global(key), _) => presses.add(&[*key], 1, 1),
            _ if awaits_keys(&node.kind) => return Step::Enter,
            _ => return Step::Lost,
        };
        Step::Press { first, count: 1 }
    }

    /// Who wants nothing in particular takes the first option, or stays on the line where that leads on.
    fn first_choice(&self, at: NodeId, presses: &mut Presses) -> Step {
        let node = self.script.node(at);
        let NodeKind::Menu { choices } = &node.kind else {
            return if awaits_keys(&node.kind) { Step::Enter } else { Step::Lost };
        };
        let patient = node.input.no_input.steps.first().is_some_and(|step| matches!(step.then, Then::Goto(_)));
        if patient && !self.guide.places[at.index()].answers {
            return Step::Wait;
        }
        match choices.iter().position(|choice| choice.keys[0].digit().is_some()) {
            Some(place) => Step::Press { first: presses.option(choices, place, true, false), count: 1 },
            None => Step::Lost,
        }
    }

    /// Whether after a choice at `at` that leads to `to` nothing further is for the intent, before its answer is given.
    fn is_last(&self, at: NodeId, to: NodeId, intent: IntentId) -> bool {
        let (mut seen, mut open) = (vec![false; self.edges.len()], vec![to]);
        seen[at.index()] = true;
        while let Some(next) = open.pop() {
            if std::mem::replace(&mut seen[next.index()], true) || self.guide.places[next.index()].answers {
                continue;
            }
            if let NodeKind::Menu { choices } = &self.script.node(next).kind
                && choices.iter().any(|choice| choice.serves == Some(intent))
            {
                return false;
            }
            let wanted = |edge: &&Edge| {
                let by_choice = !matches!(edge.way, Way::Global(_) | Way::Silence(_));
                by_choice && self.cost(next.index(), edge, Aim::Matter(Some(intent))).is_some()
            };
            open.extend(self.edges[next.index()].iter().filter(wanted).map(|edge| edge.to));
        }
        true
    }

    /// The first way on from a node that the call goes through by itself.
    fn on(&self, at: NodeId) -> Option<NodeId> {
        let node = self.script.node(at);
        let first = self.edges[at.index()].first().filter(|_| passes(&node.kind));
        first.map(|edge| edge.to)
    }

    /// Where a call that is sent to a node comes to wait for something.
    fn waits_at(&self, from: NodeId) -> Option<NodeId> {
        let mut at = from;
        for _ in 0..self.edges.len() {
            match self.on(at) {
                Some(next) => at = next,
                None => return Some(at),
            }
        }
        None
    }

    /// Whether a call sent to a node comes to stand in a queue with nothing further asked, and in which, where the way says.
    fn leads_to_queue(&self, from: NodeId) -> Option<Option<u16>> {
        let (mut at, mut word) = (from, None);
        for _ in 0..self.edges.len() {
            word = self.sets_queue(at).or(word);
            if let NodeKind::Queue(queue) = &self.script.node(at).kind {
                let fixed = match queue.queue {
                    QueueRef::Fixed(queue) => Some(queue.0),
                    QueueRef::Var(_) => word,
                };
                return Some(fixed);
            }
            at = self.on(at)?;
        }
        None
    }

    /// The queue a node puts into a variable.
    fn sets_queue(&self, at: NodeId) -> Option<u16> {
        let NodeKind::Set { assignments, .. } = &self.script.node(at).kind else { return None };
        assignments.iter().rev().find_map(|set| match (&set.target, &set.value) {
            (Target::Var(_), Expr::Const(Value::Symbol(Symbol { set: QUEUE_SET, word }))) => Some(*word),
            _ => None,
        })
    }

    /// The queue that is about an intent: the last one named on the way to its option and after it.
    fn topic(&self, intent: IntentId) -> Option<u16> {
        let aim = Aim::Matter(Some(intent));
        let far = self.distances(aim);
        let (mut at, mut word) = (self.script.entry, None);
        for _ in 0..self.edges.len() {
            word = self.sets_queue(at).or(word);
            if let NodeKind::Menu { choices } = &self.script.node(at).kind
                && self.goal_at(at.index(), aim) == far[at.index()]
                && far[at.index()] < FAR
            {
                let near = |choice: &&Choice| choice.serves == Some(intent) && self.serving(choice) == far[at.index()];
                at = choices.iter().find(near)?.to;
                break;
            }
            at = self.best(at.index(), aim, &far)?.to;
        }
        for _ in 0..self.edges.len() {
            word = self.sets_queue(at).or(word);
            match self.on(at) {
                Some(next) => at = next,
                None => break,
            }
        }
        word
    }
}
