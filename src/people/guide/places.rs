//! What each node wants of a caller, read off the script.

use super::{
    Asked, Guide, Offer, OfferKind, Place, PlaceKind, Proof, Wanted,
    search::{Presses, passes},
};
use crate::{
    id::{CalendarId, LanguageId, NodeId, PromptId},
    script::{
        Script,
        graph::{Way, edges},
        model::{Authenticate, Collect, GlobalAction, Key, Node, NodeKind, Outcome, PromptUse, QueueNode, WaitAction},
        value::Type,
    },
};

/// The most digits of a code that everybody can find out.
const SHORT: u8 = 5;

/// Fills places, language keys, offers and questions of a guide.
pub(super) fn fill(guide: &mut Guide, script: &Script, presses: &mut Presses) {
    let mut made = Made::default();
    guide.places = script.nodes.iter().map(|node| made.place(script, node, presses)).collect();
    guide.language_keys = made.language_keys.into();
    guide.offers = made.offers.into();
    guide.questions = made.questions.into();
}

#[derive(Default)]
struct Made {
    language_keys: Vec<(Key, u8, u8)>,
    offers: Vec<Offer>,
    questions: Vec<Asked>,
}

impl Made {
    fn place(&mut self, script: &Script, node: &Node, presses: &mut Presses) -> Place {
        let back = |(key, action): &(Key, GlobalAction)| (*action == GlobalAction::Back).then_some(*key);
        let mut place = Place {
            kind: PlaceKind::Passing,
            answers: node.hangup.is_some_and(|hangup| ends_well(script, hangup)),
            back: node.input.globals.iter().find_map(back),
            callback: None,
            terminator_waits: node.input.terminator_wait > crate::time::Duration::ZERO,
        };
        place.kind = match &node.kind {
            NodeKind::Menu { choices } => {
                let promises = choices.iter().position(|choice| leads_to_callback(script, choice.to));
                place.callback = promises.map(|i| presses.option(choices, i, false, false));
                PlaceKind::Menu
            }
            NodeKind::Collect(collect) => PlaceKind::Collect(wanted(collect)),
            NodeKind::Confirm { yes_key, no_key, .. } => PlaceKind::Confirm { yes: *yes_key, no: *no_key },
            NodeKind::Authenticate(auth) => {
                PlaceKind::Authenticate { claim: auth.claim, no_number: auth.no_number.is_some() }
            }
            NodeKind::Language { choices, .. } => {
                let row = self.language_keys.len() / script.languages.len().max(1);
                let languages = 0..script.languages.len();
                self.language_keys.extend(languages.map(|i| language_key(script, choices, LanguageId(i as u8))));
                PlaceKind::Language { row: row as u16 }
            }
            NodeKind::Queue(queue) => {
                let first = self.offers.len();
                self.offers_of(script, queue);
                PlaceKind::Queue { first: first as u16, count: (self.offers.len() - first) as u16 }
            }
            NodeKind::Survey { questions, .. } => {
                let first = self.questions.len();
                let asked = questions.iter().map(|question| Asked {
                    prompt: question.prompts.last().map(|use_| use_.prompt),
                    min: question.min,
                    max: question.max,
                });
                self.questions.extend(asked);
                PlaceKind::Survey { first: first as u16, count: questions.len() as u16 }
            }
            NodeKind::Record { finish, .. } => PlaceKind::Record { finish: *finish },
            _ => PlaceKind::Passing,
        };
        place
    }

    /// What a queue offers by key, by the last prompt of the step that offers it.
    fn offers_of(&mut self, script: &Script, queue: &QueueNode) {
        for step in &queue.treatment {
            for (key, action) in &step.keys {
                let kind = match *action {
                    WaitAction::Leave(to) if leads_to_callback(script, to) => OfferKind::Callback,
                    WaitAction::AcceptLanguage(language) => OfferKind::Language(language),
                    _ => continue,
                };
                let said = step.prompts.last().map(|use_| use_.prompt);
                let offer = |prompt| Offer { prompt, key: *key, kind };
                self.offers.extend(said.into_iter().flat_map(|prompt| variants(script, prompt)).map(offer));
            }
        }
    }
}

/// A prompt and what is said in its stead on other days.
fn variants(script: &Script, prompt: PromptId) -> Vec<PromptId> {
    let mut found = vec![prompt];
    while let Some(other) = found.last().and_then(|&last| script.prompts.get(last).otherwise) {
        if found.contains(&other) {
            break;
        }
        found.push(other);
    }
    found
}

fn wanted(collect: &Collect) -> Wanted {
    match collect.kind {
        Type::Date => Wanted::Date,
        Type::Time => Wanted::Time,
        Type::Number | Type::Amount => Wanted::Number,
        _ if collect.min > SHORT => Wanted::Reference,
        _ => Wanted::Short,
    }
}

fn language_key(script: &Script, choices: &[(Key, LanguageId)], language: LanguageId) -> (Key, u8, u8) {
    let mut wanted = Some(language);
    for _ in 0..script.languages.len() {
        let Some(code) = wanted else { break };
        if let Some(place) = choices.iter().position(|choice| choice.1 == code) {
            return (choices[place].0, place as u8 + 1, choices.len() as u8);
        }
        wanted = script.languages[code.index()].fallback;
    }
    (choices.first().map_or(Key::HASH, |choice| choice.0), 1, choices.len().max(1) as u8)
}

/// Whether what follows a hang-up at a node may end as an answered call.
fn ends_well(script: &Script, from: NodeId) -> bool {
    let good = |kind: &NodeKind| matches!(kind, NodeKind::End { outcome: Outcome::Contained | Outcome::Own(_) });
    found(script, from, |node| good(&node.kind), |_| true)
}

/// Whether a choice leads to a promise to call back with nothing further asked.
fn leads_to_callback(script: &Script, from: NodeId) -> bool {
    found(script, from, |node| matches!(node.kind, NodeKind::Callback { .. }), passes)
}

/// Whether a node that `is` it can be come to over nodes that are gone through.
fn found(script: &Script, from: NodeId, is: impl Fn(&Node) -> bool, through: impl Fn(&NodeKind) -> bool) -> bool {
    let (mut seen, mut open) = (vec![false; script.nodes.len()], vec![from]);
    while let Some(at) = open.pop() {
        if std::mem::replace(&mut seen[at.index()], true) {
            continue;
        }
        let node = script.node(at);
        if is(node) {
            return true;
        }
        if through(&node.kind) {
            open.extend(edges(node).iter().filter(|edge| edge.way != Way::Hangup).map(|edge| edge.to));
        }
    }
    false
}

/// What `authenticate` nodes ask for by each prompt.
pub(super) fn proofs(script: &Script) -> Box<[Option<Proof>]> {
    let mut proofs = vec![None; script.prompts.entries.len()];
    let mut is = |prompt: PromptId, proof: Proof| {
        for variant in variants(script, prompt) {
            proofs[variant.index()] = Some(proof);
        }
    };
    let ids = |uses: &[PromptUse]| uses.iter().map(|use_| use_.prompt).collect::<Vec<_>>();
    let authenticates = script.nodes.iter().filter_map(|node| match &node.kind {
        NodeKind::Authenticate(auth) => Some(auth),
        _ => None,
    });
    for auth in authenticates {
        let Authenticate { prompts, .. } = &**auth;
        is(prompts.code, Proof::Code);
        is(prompts.card, Proof::Card);
        ids(&prompts.claim).into_iter().for_each(|id| is(id, Proof::Claim));
        ids(&prompts.birth).into_iter().for_each(|id| is(id, Proof::Birth));
    }
    proofs.into()
}

/// The calendar first asked about on the way in, else the first that a queue keeps.
pub(super) fn calendar(script: &Script) -> Option<CalendarId> {
    let (mut seen, mut open) = (vec![false; script.nodes.len()], std::collections::VecDeque::from([script.entry]));
    while let Some(at) = open.pop_front() {
        if std::mem::replace(&mut seen[at.index()], true) {
            continue;
        }
        let node = script.node(at);
        if let NodeKind::Hours { calendar, .. } = node.kind {
            return Some(calendar);
        }
        open.extend(edges(node).iter().map(|edge| edge.to));
    }
    script.queues.iter().find_map(|queue| queue.calendar)
}
