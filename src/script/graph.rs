//! The script as a graph: every way out of every node, and what it takes to go it.

use super::model::{Escalation, GlobalAction, Key, Node, NodeKind, Script, Then, WaitAction};
use crate::{
    id::{NodeId, PromptId},
    time::Duration,
};

/// A way out of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// Where it leads.
    pub to: NodeId,
    /// What it takes.
    pub way: Way,
}

/// What it takes to go a way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// Nothing.
    Next,
    /// The choice of a menu, a key that leaves an entry, yes or no.
    Keys(Box<[Key]>),
    /// An accepted entry of so many digits, at least and at most.
    Entry(u8, u8),
    /// A language, by its key.
    Language(Key),
    /// A global key.
    Global(Key),
    /// Silence, so many times.
    Silence(u8),
    /// Keys that fit nothing, so many times.
    Mistake(u8),
    /// The access level is reached.
    Identified,
    /// It is not.
    Refused,
    /// A service's outcome, by its place in the catalogue.
    Answer(u8),
    /// A service is unavailable.
    Unavailable,
    /// The arm of a branch, by its place.
    Arm(usize),
    /// The case of a switch, by its place.
    Case(usize),
    /// No arm or case holds.
    Otherwise,
    /// Within opening hours.
    Open,
    /// Outside them.
    Closed,
    /// On a holiday.
    Holiday,
    /// Outside the hours of a period, by its word.
    Period(u16),
    /// Chance, up to so many parts per million.
    Part(u32),
    /// The body of a loop.
    Body,
    /// The count of a loop is over.
    Done,
    /// Into a flow.
    Enter,
    /// After a flow has returned.
    Returned,
    /// After an agent.
    Answered,
    /// The queue is full.
    Full,
    /// The queue takes no calls.
    QueueClosed,
    /// The longest wait is over.
    TimedOut,
    /// A key pressed while waiting, offered after this wait.
    Leave(Key, Duration),
    /// A call back is promised.
    Promised,
    /// It cannot be.
    NotPromised,
    /// A message is recorded.
    Recorded,
    /// The questions are asked.
    Surveyed,
    /// The caller hangs up.
    Hangup,
}

/// Every way out of a node, the likeliest first: by itself, by keys, by global keys, by silence and mistakes, by faults.
pub fn edges(node: &Node) -> Vec<Edge> {
    let mut edges = Vec::new();
    own_edges(&node.kind, &mut edges);
    if awaits_keys(&node.kind) {
        for (key, action) in &node.input.globals {
            if let GlobalAction::Goto(to) = action {
                edges.push(Edge { to: *to, way: Way::Global(*key) });
            }
        }
        escalate(&node.input.no_input, Way::Silence, &mut edges);
        escalate(&node.input.no_match, Way::Mistake, &mut edges);
    }
    if let (Some(to), true) = (node.error, asks_service(&node.kind)) {
        edges.push(Edge { to, way: Way::Unavailable });
    }
    if let (Some(to), true) = (node.hangup, takes_time(node)) {
        edges.push(Edge { to, way: Way::Hangup });
    }
    edges
}

fn escalate(escalation: &Escalation, way: fn(u8) -> Way, edges: &mut Vec<Edge>) {
    for step in &escalation.steps {
        if let Then::Goto(to) = step.then {
            edges.push(Edge { to, way: way(step.from) });
        }
    }
}

/// Whether the node awaits keys by the rules of [`super::model::InputRules`].
pub fn awaits_keys(kind: &NodeKind) -> bool {
    matches!(
        kind,
        NodeKind::Menu { .. }
            | NodeKind::Collect(_)
            | NodeKind::Confirm { .. }
            | NodeKind::Authenticate(_)
            | NodeKind::Language { .. }
    )
}

/// Whether the node asks something outside the engine, which may be unavailable.
pub fn asks_service(kind: &NodeKind) -> bool {
    matches!(kind, NodeKind::Lookup { .. } | NodeKind::Authenticate(_))
}

/// Whether time passes at the node, so that the caller can hang up there.
fn takes_time(node: &Node) -> bool {
    let waits = matches!(
        node.kind,
        NodeKind::Lookup { .. } | NodeKind::Queue(_) | NodeKind::Record { .. } | NodeKind::Survey { .. }
    );
    waits || awaits_keys(&node.kind) || !node.prompts.is_empty()
}

fn own_edges(kind: &NodeKind, edges: &mut Vec<Edge>) {
    let mut add = |to: NodeId, way: Way| edges.push(Edge { to, way });
    match kind {
        NodeKind::Say { to } | NodeKind::Set { to, .. } | NodeKind::Goto { to } => add(*to, Way::Next),
        NodeKind::Menu { choices } => choices.iter().for_each(|choice| add(choice.to, Way::Keys(choice.keys.clone()))),
        NodeKind::Collect(collect) => {
            add(collect.to, Way::Entry(collect.min, collect.max));
            collect.keys.iter().for_each(|(key, to)| add(*to, Way::Keys([*key].into())));
        }
        NodeKind::Confirm { yes_key, yes, no_key, no } => {
            add(*yes, Way::Keys([*yes_key].into()));
            add(*no, Way::Keys([*no_key].into()));
        }
        NodeKind::Authenticate(auth) => {
            add(auth.ok, Way::Identified);
            if let Some(to) = auth.no_number {
                add(to, Way::Keys([Key::STAR].into()));
            }
            add(auth.failed, Way::Refused);
        }
        NodeKind::Lookup { outcomes, .. } => {
            outcomes.iter().enumerate().for_each(|(i, to)| add(*to, Way::Answer(i as u8)));
        }
        NodeKind::Branch { arms, otherwise } => {
            arms.iter().enumerate().for_each(|(i, (_, to))| add(*to, Way::Arm(i)));
            add(*otherwise, Way::Otherwise);
        }
        NodeKind::Switch { cases, otherwise, .. } => {
            cases.iter().enumerate().for_each(|(i, (_, to))| add(*to, Way::Case(i)));
            add(*otherwise, Way::Otherwise);
        }
        NodeKind::Hours { open, closed, holiday, periods, .. } => {
            add(*open, Way::Open);
            add(*closed, Way::Closed);
            add(*holiday, Way::Holiday);
            periods.iter().for_each(|(word, to)| add(*to, Way::Period(*word)));
        }
        NodeKind::Language { choices, to } => choices.iter().for_each(|(key, _)| add(*to, Way::Language(*key))),
        NodeKind::Split { parts, .. } => parts.iter().for_each(|(share, to)| add(*to, Way::Part(*share))),
        NodeKind::Loop { body, done, .. } => {
            add(*body, Way::Body);
            add(*done, Way::Done);
        }
        NodeKind::Call { entry, to, .. } => {
            add(*entry, Way::Enter);
            add(*to, Way::Returned);
        }
        NodeKind::Queue(queue) => {
            add(queue.answered, Way::Answered);
            for step in &queue.treatment {
                for (key, action) in &step.keys {
                    if let WaitAction::Leave(to) = action {
                        add(*to, Way::Leave(*key, step.after));
                    }
                }
            }
            add(queue.full, Way::Full);
            add(queue.closed, Way::QueueClosed);
            add(queue.timeout, Way::TimedOut);
        }
        NodeKind::Callback { to, failed, .. } => {
            add(*to, Way::Promised);
            add(*failed, Way::NotPromised);
        }
        NodeKind::Record { to, .. } => add(*to, Way::Recorded),
        NodeKind::Survey { to, .. } => add(*to, Way::Surveyed),
        NodeKind::Return { .. } | NodeKind::Transfer { .. } | NodeKind::End { .. } => {}
    }
}

/// The prompts a node says by itself, on entering it: not those of its handlers.
pub fn said(node: &Node) -> Vec<PromptId> {
    let mut ids: Vec<PromptId> = node.prompts.iter().map(|used| used.prompt).collect();
    match &node.kind {
        NodeKind::Authenticate(auth) => ids.extend(auth.prompts.claim.iter().map(|used| used.prompt)),
        NodeKind::Queue(queue) => {
            ids.extend(queue.treatment.iter().flat_map(|step| step.prompts.iter().map(|used| used.prompt)));
        }
        NodeKind::Survey { questions, .. } => {
            ids.extend(questions.iter().flat_map(|question| question.prompts.iter().map(|used| used.prompt)));
        }
        _ => {}
    }
    ids
}

/// What a way takes, in words, for drawings.
pub fn label(script: &Script, node: &Node, way: &Way) -> String {
    let keys = |keys: &[Key]| keys.iter().map(|key| key.as_char()).collect::<String>();
    match way {
        Way::Next | Way::Recorded | Way::Surveyed => String::new(),
        Way::Keys(pressed) => keys(pressed),
        Way::Entry(min, max) if min == max => format!("{max} digits"),
        Way::Entry(min, max) => format!("{min} to {max} digits"),
        Way::Language(key) => match &node.kind {
            NodeKind::Language { choices, .. } => {
                let language = choices.iter().find(|(k, _)| k == key).map(|(_, language)| language.index());
                language.map_or(key.to_string(), |i| format!("{key} {}", script.languages[i].code))
            }
            _ => key.to_string(),
        },
        Way::Global(key) => key.to_string(),
        Way::Silence(count) => format!("silence x{count}"),
        Way::Mistake(count) => format!("no match x{count}"),
        Way::Identified => "identified".to_owned(),
        Way::Refused => "refused".to_owned(),
        Way::Answer(i) => match &node.kind {
            NodeKind::Lookup { service, .. } => {
                service.entry().outcomes.get(*i as usize).map_or(String::new(), |outcome| outcome.name.to_owned())
            }
            _ => String::new(),
        },
        Way::Unavailable => "unavailable".to_owned(),
        Way::Arm(i) => format!("if {}", i + 1),
        Way::Case(i) => match &node.kind {
            NodeKind::Switch { cases, .. } => {
                cases.get(*i).map_or(String::new(), |(value, _)| value_text(script, value))
            }
            _ => String::new(),
        },
        Way::Otherwise => "else".to_owned(),
        Way::Open => "open".to_owned(),
        Way::Closed | Way::QueueClosed => "closed".to_owned(),
        Way::Holiday => "holiday".to_owned(),
        Way::Period(word) => script.symbol_sets[super::model::PERIOD_SET.0 as usize].words[*word as usize].to_string(),
        Way::Part(_) => "share".to_owned(),
        Way::Body => "again".to_owned(),
        Way::Done => "done".to_owned(),
        Way::Enter => "call".to_owned(),
        Way::Returned => "after".to_owned(),
        Way::Answered => "answered".to_owned(),
        Way::Full => "full".to_owned(),
        Way::TimedOut => "timeout".to_owned(),
        Way::Leave(key, after) => format!("{key} after {after}"),
        Way::Promised => "promised".to_owned(),
        Way::NotPromised => "failed".to_owned(),
        Way::Hangup => "hang-up".to_owned(),
    }
}

fn value_text(script: &Script, value: &super::value::Value) -> String {
    use super::value::Value;
    match value {
        Value::Unset => String::new(),
        Value::Bool(b) => b.to_string(),
        Value::Number(n) => n.to_string(),
        Value::Digits(digits) => digits.to_string(),
        Value::Date(date) => date.to_string(),
        Value::Amount(centimes) => (centimes / 100).to_string(),
        Value::Time(time) => time.to_string(),
        Value::Symbol(symbol) => script.word(*symbol).to_owned(),
        Value::Text(text) => text.to_string(),
    }
}
