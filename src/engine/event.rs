//! Facts, in the past tense. Call records, interval statistics, the wallboard and the journal are folds over these and over
//! nothing else, so they cannot disagree.

use serde::{Deserialize, Serialize};

use super::input::Origin;
use crate::{
    id::{AgentId, CallId, GroupId, LanguageId, NodeId, PersonId, PromptId, QueueId, ScriptVersion},
    script::{
        catalogue::{AccessLevel, Service},
        model::{IntentId, Key, Outcome},
        value::Symbol,
    },
    time::{Duration, Instant},
};

/// A numbered, dated fact.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Counts the facts of a run, from 1.
    pub seq: u64,
    /// When it happened, however late the driver woke.
    pub at: Instant,
    /// What happened.
    pub fact: Fact,
}

/// What happened. Queue ids are the engine's; node, prompt, language and intent ids belong to the call's script version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    /// A script became current.
    ScriptPublished {
        /// Its number.
        version: ScriptVersion,
    },
    /// A call was offered.
    CallArrived {
        /// Which.
        call: CallId,
        /// On which version it runs until its end.
        version: ScriptVersion,
        /// In which language it begins.
        language: LanguageId,
        /// The calling number is known. (The number itself never reaches an event.)
        has_number: bool,
        /// For a call back: the call in which it was promised.
        promised_in: Option<CallId>,
        /// Where it comes from, when it is a synthetic caller's.
        origin: Option<Origin>,
    },
    /// A call entered a node.
    NodeEntered {
        /// Which call.
        call: CallId,
        /// Which node.
        node: NodeId,
    },
    /// A prompt began.
    PromptPlayed {
        /// To which call.
        call: CallId,
        /// Which prompt.
        prompt: PromptId,
        /// In which language.
        language: LanguageId,
    },
    /// A caller cut a prompt short with a key.
    BargedIn {
        /// Which call.
        call: CallId,
    },
    /// An option was chosen.
    ChoiceMade {
        /// Which call.
        call: CallId,
        /// At which node.
        node: NodeId,
        /// The first key of the option.
        key: Key,
        /// What the option is for.
        serves: Option<IntentId>,
    },
    /// Digits were accepted. Their values are not told.
    EntryAccepted {
        /// Which call.
        call: CallId,
        /// At which node.
        node: NodeId,
        /// How many.
        digits: u8,
    },
    /// Nothing was keyed in time.
    NoInput {
        /// Which call.
        call: CallId,
        /// At which node.
        node: NodeId,
        /// The how-manieth time in this visit.
        count: u8,
    },
    /// What was keyed fits nothing here.
    NoMatch {
        /// Which call.
        call: CallId,
        /// At which node.
        node: NodeId,
        /// The how-manieth time in this visit.
        count: u8,
        /// How many keys there were.
        digits: u8,
    },
    /// The caller went back to an earlier menu, or had the node repeated.
    WentBack {
        /// Which call.
        call: CallId,
        /// To which node.
        node: NodeId,
    },
    /// The language of a call changed.
    LanguageSet {
        /// Which call.
        call: CallId,
        /// To what.
        language: LanguageId,
    },
    /// The caller refused (or again allowed) that her call be recorded.
    RecordingSet {
        /// Which call.
        call: CallId,
        /// May be recorded.
        allowed: bool,
    },
    /// An access level was reached.
    Authenticated {
        /// Which call.
        call: CallId,
        /// As whom.
        person: PersonId,
        /// Which level.
        level: AccessLevel,
    },
    /// A check of identity or code failed.
    AuthenticationFailed {
        /// Which call.
        call: CallId,
        /// The way is locked for a while.
        locked: bool,
    },
    /// A one-time code was sent.
    CodeSent {
        /// Which call.
        call: CallId,
    },
    /// A service was asked.
    ServiceAsked {
        /// Which call.
        call: CallId,
        /// Which service.
        service: Service,
    },
    /// A service answered; `None`: it was unavailable or too late.
    ServiceAnswered {
        /// Which call.
        call: CallId,
        /// Which service.
        service: Service,
        /// Which of its outcomes.
        outcome: Option<u8>,
    },
    /// A call began to wait for an agent.
    CallQueued {
        /// Which call.
        call: CallId,
        /// Where.
        queue: QueueId,
        /// For an agent of which language.
        language: LanguageId,
        /// Since when its wait counts: now, or earlier where it keeps a place.
        since: Instant,
    },
    /// A call found its queue full.
    QueueFull {
        /// Which call.
        call: CallId,
        /// Which queue.
        queue: QueueId,
    },
    /// A call found its queue closed, or lost it to closing.
    QueueClosed {
        /// Which call.
        call: CallId,
        /// Which queue.
        queue: QueueId,
    },
    /// A waiting caller was told her place and expected wait.
    WaitAnnounced {
        /// Which call.
        call: CallId,
        /// Her place.
        position: u32,
        /// The expected wait, from now.
        expected: Duration,
    },
    /// A waiting caller accepted an agent of another language.
    LanguageAccepted {
        /// Which call.
        call: CallId,
        /// Which language.
        language: LanguageId,
    },
    /// A waiting call may now also be taken by another queue's agents, or by agents of a lower level.
    CallOverflowed {
        /// Which call.
        call: CallId,
        /// From which queue.
        queue: QueueId,
        /// To whose agents; the same queue where only the level was relaxed.
        to: QueueId,
    },
    /// A call left its queue without an agent: by key, by the longest wait, or by a promise to call back.
    CallLeftQueue {
        /// Which call.
        call: CallId,
        /// Which queue.
        queue: QueueId,
        /// How long it waited.
        waited: Duration,
        /// Why.
        reason: LeftQueue,
    },
    /// An agent's telephone rings for a call.
    CallPresented {
        /// Which call.
        call: CallId,
        /// Whose telephone.
        agent: AgentId,
    },
    /// An agent let it ring.
    AgentDidNotAnswer {
        /// Which call.
        call: CallId,
        /// Who.
        agent: AgentId,
    },
    /// An agent took a call.
    CallAnswered {
        /// Which call.
        call: CallId,
        /// Who.
        agent: AgentId,
        /// From which queue.
        queue: QueueId,
        /// How long the call waited, ringing included.
        waited: Duration,
    },
    /// A caller was put on hold.
    CallHeld {
        /// Which call.
        call: CallId,
        /// By whom.
        agent: AgentId,
    },
    /// A caller was taken off hold.
    CallResumed {
        /// Which call.
        call: CallId,
        /// By whom.
        agent: AgentId,
    },
    /// A conversation ended.
    CallReleased {
        /// Which call.
        call: CallId,
        /// Who.
        agent: AgentId,
        /// How long they talked, holds included.
        talked: Duration,
        /// The caller ended it.
        by_caller: bool,
    },
    /// An agent passed a caller on to another queue.
    CallTransferred {
        /// Which call.
        call: CallId,
        /// Who.
        agent: AgentId,
        /// Where.
        queue: QueueId,
    },
    /// A call was handed to somebody outside.
    CallHandedOut {
        /// Which call.
        call: CallId,
        /// At which node.
        node: NodeId,
    },
    /// A call back was promised, and a new call keeps the place.
    CallbackPromised {
        /// The call in which.
        call: CallId,
        /// The new call.
        callback: CallId,
        /// In which queue.
        queue: QueueId,
    },
    /// A promised call back was dialled.
    CallbackDialled {
        /// The call back.
        call: CallId,
        /// The agent who is kept free for it.
        agent: AgentId,
        /// The how-manieth time.
        attempt: u8,
    },
    /// The person to be called back did not answer.
    CallbackMissed {
        /// The call back.
        call: CallId,
        /// How often now.
        attempt: u8,
    },
    /// A message was recorded.
    MessageRecorded {
        /// Which call.
        call: CallId,
        /// How long it is.
        length: Duration,
    },
    /// A survey question was answered.
    SurveyAnswered {
        /// Which call.
        call: CallId,
        /// At which node.
        node: NodeId,
        /// Which question of the node.
        question: u8,
        /// The key.
        score: u8,
    },
    /// A back-office case was opened by an agent.
    CaseOpened {
        /// For which call.
        call: CallId,
        /// By whom.
        agent: AgentId,
        /// About what.
        kind: Symbol,
    },
    /// A call was refused before it began: the centre takes no new calls.
    CallRefused,
    /// A call ended.
    CallEnded {
        /// Which call.
        call: CallId,
        /// As what.
        outcome: Outcome,
        /// By what.
        cause: Cause,
        /// Where it was.
        node: NodeId,
    },
    /// An agent came on duty.
    AgentLoggedIn {
        /// Who.
        agent: AgentId,
        /// In which group.
        group: GroupId,
    },
    /// An agent went off duty.
    AgentLoggedOut {
        /// Who.
        agent: AgentId,
    },
    /// An agent became ready.
    AgentReady {
        /// Who.
        agent: AgentId,
    },
    /// An agent takes no calls.
    AgentNotReady {
        /// Who.
        agent: AgentId,
        /// Why.
        reason: NotReady,
    },
    /// An agent began after-call work.
    AfterCallWorkBegan {
        /// Who.
        agent: AgentId,
    },
    /// An agent with work in hand is to go off duty after it, or is asked to stay after all.
    AgentGoing {
        /// Who.
        agent: AgentId,
        /// False: stays.
        going: bool,
    },
}

/// Why a call left a queue without an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeftQueue {
    /// The caller hung up.
    Abandoned,
    /// The caller pressed a key that leads elsewhere.
    Key,
    /// The longest wait was over.
    TimedOut,
    /// The queue closed.
    Closed,
    /// A promise to call back keeps the place.
    Callback,
    /// The centre ended the call.
    Aborted,
}

/// By what a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The caller hung up.
    CallerHungUp,
    /// The script came to an end.
    ScriptEnded,
    /// The agent ended the call, and the script has nothing to follow.
    AgentReleased,
    /// The call was handed to somebody outside.
    HandedOut,
    /// The person to be called back was never reached.
    CallbackUnreached,
    /// The centre shut down.
    Drained,
    /// The operator or a failure in the centre ended it.
    Aborted,
    /// The script ran without ever waiting for anything; the engine's guard stopped it.
    RanAway,
}

impl Cause {
    /// Every cause.
    pub const ALL: [Cause; 8] = [
        Cause::CallerHungUp,
        Cause::ScriptEnded,
        Cause::AgentReleased,
        Cause::HandedOut,
        Cause::CallbackUnreached,
        Cause::Drained,
        Cause::Aborted,
        Cause::RanAway,
    ];
}

/// Why an agent takes no calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotReady {
    /// Just came on duty.
    LoggedIn,
    /// A break.
    Break,
    /// Let a call ring.
    NoAnswer,
}

impl Fact {
    /// The call a fact is about; `None` where it is about an agent or the centre.
    pub fn call(&self) -> Option<CallId> {
        use Fact as F;
        match *self {
            F::CallArrived { call, .. }
            | F::NodeEntered { call, .. }
            | F::PromptPlayed { call, .. }
            | F::BargedIn { call }
            | F::ChoiceMade { call, .. }
            | F::EntryAccepted { call, .. }
            | F::NoInput { call, .. }
            | F::NoMatch { call, .. }
            | F::WentBack { call, .. }
            | F::LanguageSet { call, .. }
            | F::RecordingSet { call, .. }
            | F::Authenticated { call, .. }
            | F::AuthenticationFailed { call, .. }
            | F::CodeSent { call }
            | F::ServiceAsked { call, .. }
            | F::ServiceAnswered { call, .. }
            | F::CallQueued { call, .. }
            | F::QueueFull { call, .. }
            | F::QueueClosed { call, .. }
            | F::WaitAnnounced { call, .. }
            | F::LanguageAccepted { call, .. }
            | F::CallOverflowed { call, .. }
            | F::CallLeftQueue { call, .. }
            | F::CallPresented { call, .. }
            | F::AgentDidNotAnswer { call, .. }
            | F::CallAnswered { call, .. }
            | F::CallHeld { call, .. }
            | F::CallResumed { call, .. }
            | F::CallReleased { call, .. }
            | F::CallTransferred { call, .. }
            | F::CallHandedOut { call, .. }
            | F::CallbackPromised { call, .. }
            | F::CallbackDialled { call, .. }
            | F::CallbackMissed { call, .. }
            | F::MessageRecorded { call, .. }
            | F::SurveyAnswered { call, .. }
            | F::CaseOpened { call, .. }
            | F::CallEnded { call, .. } => Some(call),
            F::ScriptPublished { .. }
            | F::CallRefused
            | F::AgentLoggedIn { .. }
            | F::AgentLoggedOut { .. }
            | F::AgentReady { .. }
            | F::AgentNotReady { .. }
            | F::AfterCallWorkBegan { .. }
            | F::AgentGoing { .. } => None,
        }
    }
}
