//! Call records: one per call that was offered, folded from its events and finished by its end.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::describe::{Names, case_word};
use crate::{
    engine::{Event, Fact, event::Cause},
    id::{AgentId, CallId, PersonId, ScriptVersion},
    script::{Versions, catalogue::AccessLevel, model::Node},
    time::{Duration, Instant, LocalClock},
};

/// The most nodes a record's path holds; a caller who goes round in a menu does not fill the disk.
pub const PATH_LIMIT: usize = 200;

/// What became of one call. Names are resolved; times are UTC; no digit that was keyed is in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cdr {
    /// The call.
    pub call: CallId,
    /// The script version it ran on to its end.
    pub version: ScriptVersion,
    /// The digest of that version: names it across restarts.
    pub digest: String,
    /// For a call back: the call in which it was promised.
    pub promised_in: Option<CallId>,
    /// The calling number was known.
    pub has_number: bool,
    /// When it was offered.
    pub started: jiff::Timestamp,
    /// When an agent first took it.
    pub answered: Option<jiff::Timestamp>,
    /// When it ended.
    pub ended: jiff::Timestamp,
    /// From offer to end.
    pub duration: Duration,
    /// The languages it was in, in order.
    pub languages: Vec<String>,
    /// The nodes it entered, in order, at most [`PATH_LIMIT`].
    pub path: Vec<String>,
    /// How many nodes it entered, those beyond the path included.
    pub steps: u32,
    /// What the options chosen are for, each once, in order.
    pub intents: Vec<String>,
    /// How often silence was counted.
    pub no_inputs: u32,
    /// How often an entry that fits nothing was counted.
    pub no_matches: u32,
    /// The access level reached.
    pub level: AccessLevel,
    /// Who she is, by her index in the registry, when that was proven.
    pub person: Option<PersonId>,
    /// Failed checks of identity or code.
    pub failed_checks: u32,
    /// The services asked, each once, in order.
    pub services: Vec<String>,
    /// The queue it waited in last.
    pub queue: Option<String>,
    /// All its waiting, ringing included; for a call back, since its caller joined the queue in the call before.
    pub waited: Duration,
    /// The agents whose telephones rang and were not answered.
    pub unanswered_rings: u32,
    /// The agent who took it last.
    pub agent: Option<AgentId>,
    /// All its talking, holds included.
    pub talked: Duration,
    /// All its time on hold.
    pub held: Duration,
    /// How often an agent passed it on.
    pub transfers: u32,
    /// As what it ended; a name of the script's own is possible.
    pub outcome: String,
    /// By what it ended.
    pub cause: Cause,
    /// The node where it ended.
    pub last_node: String,
    /// The survey's questions and their answers.
    pub survey: Vec<(String, u8)>,
    /// The back-office cases an agent opened before the call ended.
    pub cases: Vec<String>,
    /// The call back that was promised in it.
    pub callback: Option<CallId>,
    /// The length of the message left, when one was.
    pub message: Option<Duration>,
    /// The caller allowed (did not refuse) that the call be recorded.
    pub recording: bool,
}

/// Folds events into call records.
#[derive(Clone, Debug)]
pub struct Fold {
    clock: LocalClock,
    /// Boxed: a tree keeps room for eleven entries in each of its nodes, half of it empty.
    calls: BTreeMap<CallId, Box<Draft>>,
}

/// A record in the making, with what only the fold needs.
#[derive(Clone, Debug)]
struct Draft {
    cdr: Cdr,
    began: Instant,
    /// On hold since.
    held_since: Option<Instant>,
}

impl Fold {
    /// No calls yet; `clock` says which moment each instant is.
    pub fn new(clock: LocalClock) -> Fold {
        Fold { clock, calls: BTreeMap::new() }
    }

    /// How many calls have been offered and not ended.
    pub fn in_progress(&self) -> usize {
        self.calls.len()
    }

    /// Takes in one event, in order. Returns a record exactly when it ends a call that was offered.
    pub fn apply(&mut self, event: &Event, versions: &Versions) -> Option<Cdr> {
        if let Fact::CallArrived { call, version, language, has_number, promised_in, .. } = event.fact {
            let mut draft = Draft::new(event.at, self.clock.timestamp(event.at), call, version);
            if let Some(script) = versions.script(version) {
                draft.cdr.digest = script.digest.to_string();
                draft.cdr.languages.push(Names { script, versions }.language(language));
            }
            draft.cdr.has_number = has_number;
            draft.cdr.promised_in = promised_in;
            self.calls.insert(call, Box::new(draft));
            return None;
        }
        let call = event.fact.call()?;
        let draft = self.calls.get_mut(&call)?;
        let script = versions.script(draft.cdr.version).unwrap_or(versions.current());
        draft.take(event, self.clock.timestamp(event.at), Names { script, versions });
        match event.fact {
            Fact::CallEnded { .. } => self.calls.remove(&call).map(|draft| draft.cdr),
            _ => None,
        }
    }
}

impl Draft {
    fn new(began: Instant, started: jiff::Timestamp, call: CallId, version: ScriptVersion) -> Draft {
        let cdr = Cdr {
            call,
            version,
            digest: String::new(),
            promised_in: None,
            has_number: false,
            started,
            answered: None,
            ended: started,
            duration: Duration::ZERO,
            languages: Vec::new(),
            path: Vec::new(),
            steps: 0,
            intents: Vec::new(),
            no_inputs: 0,
            no_matches: 0,
            level: AccessLevel::L0,
            person: None,
            failed_checks: 0,
            services: Vec::new(),
            queue: None,
            waited: Duration::ZERO,
            unanswered_rings: 0,
            agent: None,
            talked: Duration::ZERO,
            held: Duration::ZERO,
            transfers: 0,
            outcome: String::new(),
            cause: Cause::ScriptEnded,
            last_node: String::new(),
            survey: Vec::new(),
            cases: Vec::new(),
            callback: None,
            message: None,
            recording: true,
        };
        Draft { cdr, began, held_since: None }
    }

    fn take(&mut self, event: &Event, time: jiff::Timestamp, names: Names<'_>) {
        let cdr = &mut self.cdr;
        match event.fact {
            Fact::NodeEntered { node, .. } => {
                cdr.steps = cdr.steps.saturating_add(1);
                if cdr.path.len() < PATH_LIMIT {
                    cdr.path.push(names.node(node));
                }
            }
            Fact::ChoiceMade { serves: Some(intent), .. } => {
                if let Some(intent) = names.script.intents.get(usize::from(intent.0)) {
                    add_once(&mut cdr.intents, intent.to_string());
                }
            }
            Fact::NoInput { node, .. } => {
                cdr.no_inputs += u32::from(!names.script.nodes.get(node.index()).is_some_and(Node::silence_is_answer));
            }
            Fact::NoMatch { .. } => cdr.no_matches += 1,
            Fact::LanguageSet { language, .. } => {
                let language = names.language(language);
                if cdr.languages.last() != Some(&language) && cdr.languages.len() < PATH_LIMIT {
                    cdr.languages.push(language);
                }
            }
            Fact::RecordingSet { allowed, .. } => cdr.recording = allowed,
            Fact::Authenticated { person, level, .. } => {
                cdr.person = Some(person);
                cdr.level = cdr.level.max(level);
            }
            Fact::AuthenticationFailed { .. } => cdr.failed_checks += 1,
            Fact::ServiceAsked { service, .. } => add_once(&mut cdr.services, service.entry().name.to_owned()),
            Fact::MessageRecorded { length, .. } => cdr.message = Some(length),
            Fact::SurveyAnswered { node, question, score, .. } if cdr.survey.len() < PATH_LIMIT => {
                cdr.survey.push((names.question(node, question), score));
            }
            Fact::CaseOpened { kind, .. } if cdr.cases.len() < PATH_LIMIT => cdr.cases.push(case_word(kind)),
            Fact::CallbackPromised { callback, .. } => cdr.callback = Some(callback),
            Fact::CallEnded { outcome, cause, node, .. } => {
                cdr.outcome = names.script.outcome_name(outcome).to_owned();
                cdr.cause = cause;
                cdr.last_node = names.node(node);
                cdr.ended = time;
                cdr.duration = event.at.since(self.began);
            }
            _ => self.take_acd(event, time, names),
        }
    }

    /// What happens between the caller, the queues and the agents.
    fn take_acd(&mut self, event: &Event, time: jiff::Timestamp, names: Names<'_>) {
        let cdr = &mut self.cdr;
        match event.fact {
            Fact::CallQueued { queue, .. } => cdr.queue = Some(names.queue(queue)),
            Fact::CallLeftQueue { waited, .. } => cdr.waited += waited,
            Fact::AgentDidNotAnswer { .. } => cdr.unanswered_rings += 1,
            Fact::CallAnswered { agent, waited, .. } => {
                cdr.waited += waited;
                cdr.agent = Some(agent);
                cdr.answered = cdr.answered.or(Some(time));
            }
            Fact::CallHeld { .. } => self.held_since = self.held_since.or(Some(event.at)),
            Fact::CallResumed { .. } => self.end_hold(event.at),
            Fact::CallReleased { talked, .. } => {
                cdr.talked += talked;
                self.end_hold(event.at);
            }
            Fact::CallTransferred { .. } => {
                cdr.transfers += 1;
                self.end_hold(event.at);
            }
            _ => {}
        }
    }

    fn end_hold(&mut self, at: Instant) {
        if let Some(since) = self.held_since.take() {
            self.cdr.held += at.since(since);
        }
    }
}

fn add_once(list: &mut Vec<String>, name: String) {
    if !list.contains(&name) {
        list.push(name);
    }
}
