//! Events as text: one line each, names resolved, the same for the same run to the last character.

use std::{collections::BTreeMap, fmt::Write as _, sync::Arc};

use crate::{
    engine::{
        Event, Fact,
        event::{Cause, LeftQueue, NotReady},
    },
    id::{CallId, LanguageId, NodeId, PromptId, QueueId, ScriptVersion},
    script::{
        Script, Versions,
        catalogue::{SETS, Service},
        model::NodeKind,
    },
};

/// Tells events as text. Remembers on which version each call in progress runs.
#[derive(Clone, Debug, Default)]
pub struct Narrator {
    calls: BTreeMap<CallId, ScriptVersion>,
}

impl Narrator {
    /// Nothing told yet.
    pub fn new() -> Narrator {
        Narrator::default()
    }

    /// The event as one line, `12.500000 call 3 entered main.start`. Events must come in order.
    pub fn tell(&mut self, event: &Event, versions: &Versions) -> String {
        if let Fact::CallArrived { call, version, .. } = event.fact {
            self.calls.insert(call, version);
        }
        let version = event.fact.call().and_then(|call| self.calls.get(&call));
        let script = version.and_then(|version| versions.script(*version)).unwrap_or(versions.current());
        let line = describe(event, script, versions);
        if let Fact::CallEnded { call, .. } = event.fact {
            self.calls.remove(&call);
        }
        line
    }
}

/// An event as one line. `script` is the version its call runs on; queues are resolved by `versions`.
pub fn describe(event: &Event, script: &Arc<Script>, versions: &Versions) -> String {
    let mut line = format!("{} ", event.at);
    if let Some(call) = event.fact.call() {
        let _ = write!(line, "call {} ", call.0);
    }
    line + &Names { script, versions }.fact(&event.fact)
}

/// Resolves ids. One that its script does not have is shown as a number: a line of text is no place to fail.
#[derive(Clone, Copy)]
pub(super) struct Names<'a> {
    pub(super) script: &'a Script,
    pub(super) versions: &'a Versions,
}

impl Names<'_> {
    pub(super) fn node(&self, id: NodeId) -> String {
        self.script.nodes.get(id.index()).map_or_else(|| id.to_string(), |node| node.name.to_string())
    }
    pub(super) fn language(&self, id: LanguageId) -> String {
        self.script.languages.get(id.index()).map_or_else(|| id.to_string(), |language| language.code.to_string())
    }
    pub(super) fn queue(&self, id: QueueId) -> String {
        self.versions.queue(id).map_or_else(|| id.to_string(), |queue| queue.name.to_string())
    }
    /// The name of a survey question of a node.
    pub(super) fn question(&self, node: NodeId, question: u8) -> String {
        let name = self.script.nodes.get(node.index()).and_then(|node| match &node.kind {
            NodeKind::Survey { questions, .. } => questions.get(usize::from(question)),
            _ => None,
        });
        name.map_or_else(|| format!("question {question}"), |question| question.name.to_string())
    }
    fn prompt(&self, id: PromptId) -> String {
        self.script.prompts.entries.get(id.index()).map_or_else(|| id.to_string(), |prompt| prompt.name.to_string())
    }
    fn service(service: Service, outcome: Option<u8>) -> String {
        let entry = service.entry();
        match outcome.map(|outcome| entry.outcomes.get(usize::from(outcome))) {
            Some(Some(outcome)) => format!("{} answered {}", entry.name, outcome.name),
            Some(None) => format!("{} answered", entry.name),
            None => format!("{} did not answer", entry.name),
        }
    }

    fn fact(&self, fact: &Fact) -> String {
        match fact {
            Fact::ScriptPublished { version } => format!("script {} published", version.0),
            Fact::CallRefused => "a call was refused".into(),
            Fact::AgentLoggedIn { agent, group } => {
                let name =
                    self.versions.group(*group).map_or_else(|| group.to_string(), |group| group.name.to_string());
                format!("agent {} logged in, group {name}", agent.0)
            }
            Fact::AgentGoing { agent, going: true } => format!("agent {} goes after the work in hand", agent.0),
            Fact::AgentGoing { agent, going: false } => format!("agent {} stays after all", agent.0),
            Fact::AgentLoggedOut { agent } => format!("agent {} logged out", agent.0),
            Fact::AgentReady { agent } => format!("agent {} ready", agent.0),
            Fact::AgentNotReady { agent, reason } => format!("agent {} not ready: {}", agent.0, not_ready(*reason)),
            Fact::AfterCallWorkBegan { agent } => format!("agent {} began after-call work", agent.0),
            fact => self.ivr(fact).or_else(|| self.acd(fact)).unwrap_or_else(|| self.other(fact)),
        }
    }

    /// What happens between a caller and the menus.
    fn ivr(&self, fact: &Fact) -> Option<String> {
        Some(match *fact {
            Fact::CallArrived { version, language, has_number, promised_in, .. } => {
                let number = if has_number { "" } else { ", number withheld" };
                let promise = promised_in.map(|call| format!(", promised in call {}", call.0)).unwrap_or_default();
                format!("arrived on script {} in {}{number}{promise}", version.0, self.language(language))
            }
            Fact::NodeEntered { node, .. } => format!("entered {}", self.node(node)),
            Fact::PromptPlayed { prompt, language, .. } => {
                format!("heard {} in {}", self.prompt(prompt), self.language(language))
            }
            Fact::BargedIn { .. } => "barged in".into(),
            Fact::ChoiceMade { node, key, serves, .. } => {
                let intent = serves.and_then(|intent| self.script.intents.get(usize::from(intent.0)));
                let serves = intent.map(|intent| format!(" for {intent}")).unwrap_or_default();
                format!("chose {key} at {}{serves}", self.node(node))
            }
            Fact::EntryAccepted { node, digits, .. } => format!("keyed {digits} digits at {}", self.node(node)),
            Fact::NoInput { node, count, .. } => format!("no input {count} at {}", self.node(node)),
            Fact::NoMatch { node, count, digits, .. } => {
                format!("no match {count} at {}, {digits} keys", self.node(node))
            }
            Fact::WentBack { node, .. } => format!("went back to {}", self.node(node)),
            Fact::LanguageSet { language, .. } => format!("language {}", self.language(language)),
            Fact::RecordingSet { allowed, .. } => {
                format!("recording {}", if allowed { "allowed" } else { "refused" })
            }
            Fact::Authenticated { person, level, .. } => format!("authenticated as {person} at {level:?}"),
            Fact::AuthenticationFailed { locked, .. } => {
                format!("authentication failed{}", if locked { ", locked" } else { "" })
            }
            Fact::CodeSent { .. } => "was sent a code".into(),
            Fact::ServiceAsked { service, .. } => format!("asked {}", service.entry().name),
            Fact::ServiceAnswered { service, outcome, .. } => Names::service(service, outcome),
            Fact::MessageRecorded { length, .. } => format!("recorded a message of {length}"),
            Fact::SurveyAnswered { node, question, score, .. } => {
                format!("answered {} with {score}", self.question(node, question))
            }
            _ => return None,
        })
    }

    /// What happens between a caller, the queues and the agents.
    fn acd(&self, fact: &Fact) -> Option<String> {
        Some(match *fact {
            Fact::CallQueued { queue, language, since, .. } => {
                format!("queued in {} for {} since {since}", self.queue(queue), self.language(language))
            }
            Fact::QueueFull { queue, .. } => format!("found {} full", self.queue(queue)),
            Fact::QueueClosed { queue, .. } => format!("found {} closed", self.queue(queue)),
            Fact::WaitAnnounced { position, expected, .. } => format!("told place {position}, wait {expected}"),
            Fact::LanguageAccepted { language, .. } => format!("also accepts {}", self.language(language)),
            Fact::CallOverflowed { queue, to, .. } => {
                format!("overflowed from {} to {}", self.queue(queue), self.queue(to))
            }
            Fact::CallLeftQueue { queue, waited, reason, .. } => {
                format!("left {} after {waited}: {}", self.queue(queue), left(reason))
            }
            Fact::CallPresented { agent, .. } => format!("presented to agent {}", agent.0),
            Fact::AgentDidNotAnswer { agent, .. } => format!("not answered by agent {}", agent.0),
            Fact::CallAnswered { agent, queue, waited, .. } => {
                format!("answered by agent {} from {} after {waited}", agent.0, self.queue(queue))
            }
            Fact::CallHeld { agent, .. } => format!("held by agent {}", agent.0),
            Fact::CallResumed { agent, .. } => format!("resumed by agent {}", agent.0),
            Fact::CallReleased { agent, talked, by_caller, .. } => {
                let whose = if by_caller { "the caller" } else { "the agent" };
                format!("talked {talked} with agent {}, ended by {whose}", agent.0)
            }
            Fact::CallTransferred { agent, queue, .. } => {
                format!("transferred by agent {} to {}", agent.0, self.queue(queue))
            }
            _ => return None,
        })
    }

    fn other(&self, fact: &Fact) -> String {
        match *fact {
            Fact::CallHandedOut { node, .. } => format!("handed out at {}", self.node(node)),
            Fact::CallbackPromised { callback, queue, .. } => {
                format!("promised call back {} from {}", callback.0, self.queue(queue))
            }
            Fact::CallbackDialled { agent, attempt, .. } => format!("dialled for agent {}, try {attempt}", agent.0),
            Fact::CallbackMissed { attempt, .. } => format!("not reached, try {attempt}"),
            Fact::CaseOpened { agent, kind, .. } => format!("case {} opened by agent {}", case_word(kind), agent.0),
            Fact::CallEnded { outcome, cause, node, .. } => {
                let outcome = self.script.outcome_name(outcome);
                format!("ended {outcome} at {}: {}", self.node(node), cause_words(cause))
            }
            ref fact => format!("{fact:?}"),
        }
    }
}

/// The word of a kind of back-office case.
pub(super) fn case_word(kind: crate::script::value::Symbol) -> String {
    let word = SETS.get(usize::from(kind.set.0)).and_then(|set| set.words.get(usize::from(kind.word)));
    word.map_or_else(|| kind.word.to_string(), ToString::to_string)
}

/// A cause in words.
pub fn cause_words(cause: Cause) -> &'static str {
    match cause {
        Cause::CallerHungUp => "caller hung up",
        Cause::ScriptEnded => "script ended",
        Cause::AgentReleased => "agent released",
        Cause::HandedOut => "handed out",
        Cause::CallbackUnreached => "call back unreached",
        Cause::Drained => "drained",
        Cause::Aborted => "aborted",
        Cause::RanAway => "ran away",
    }
}

fn left(reason: LeftQueue) -> &'static str {
    match reason {
        LeftQueue::Abandoned => "abandoned",
        LeftQueue::Key => "key",
        LeftQueue::TimedOut => "timed out",
        LeftQueue::Closed => "closed",
        LeftQueue::Callback => "call back",
        LeftQueue::Aborted => "aborted",
    }
}

fn not_ready(reason: NotReady) -> &'static str {
    match reason {
        NotReady::LoggedIn => "logged in",
        NotReady::Break => "break",
        NotReady::NoAnswer => "no answer",
    }
}
