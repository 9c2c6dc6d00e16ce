//! Everything that can happen to a centre. The list is closed: a new cause cannot sneak in as a callback.

use crate::{
    id::{AgentId, CallId, GroupId, LanguageId, NodeId, QueueId, RequestId},
    pii::CallerNumber,
    random::mix,
    script::{
        Script,
        catalogue::Reply,
        model::{IntentId, Key},
        value::Symbol,
    },
    time::Instant,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Where a call comes from, told by whoever brings it. The engine passes it on in [`crate::engine::Fact::CallArrived`] and keys
/// the call's chance by it, so that two designs that meet the same callers draw the same for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// What this call's chance is keyed by: the caller's number in the run, mixed with the attempt. A call without an
    /// origin uses its own id.
    pub lot: u64,
    /// Which call for the same matter this is; the first is 1.
    pub attempt: u8,
    /// What the caller wants, as an index into the intents of the script the call begins on.
    pub intent: Option<IntentId>,
    /// The region the caller lives in, 1 to 12; 0: not known.
    pub region: u8,
}

impl Origin {
    /// The origin of the `nth` call back (from 1) promised in a call of this origin: the same caller, another lot.
    pub const fn called_back(self, nth: u32) -> Origin {
        Origin { lot: mix(self.lot ^ ((nth as u64) << 48)), ..self }
    }
}

/// A promise to call back, as it stands in its queue.
#[derive(Clone, Debug, PartialEq)]
pub struct Promised {
    /// Whom to call.
    pub caller: CallerNumber,
    /// In which queue, by the engine's number.
    pub queue: QueueId,
    /// In which language.
    pub language: LanguageId,
    /// Other languages the caller accepts.
    pub accepted: Vec<LanguageId>,
    /// Since when the wait counts.
    pub since: Instant,
    /// Of the queue and of the node by which the caller came to it.
    pub priority: i16,
    /// How often she was dialled already.
    pub attempts: u8,
    /// The `queue` node that says what follows the conversation; `None`: nothing does.
    pub node: Option<NodeId>,
    /// She did not object to being recorded.
    pub recording: bool,
}

/// One thing that happens. An input that no longer fits (a key after hang-up) is counted and ignored.
#[derive(Clone, Debug)]
pub enum Input {
    /// Somebody calls. [`super::Engine::handle`] answers with the call's id.
    CallArrived {
        /// The calling number, when it is known.
        caller: Option<CallerNumber>,
        /// The language to begin in, when the caller is known to want another than the script's default.
        language: Option<LanguageId>,
        /// Where the call comes from, when it is a synthetic caller's.
        origin: Option<Origin>,
    },
    /// A promise to call back that an earlier run of the centre made stands in its queue again. [`super::Engine::handle`]
    /// answers with the call's id; a queue, language or node that the current version lacks makes it one that does not fit.
    CallbackRestored(Box<Promised>),
    /// A caller pressed a key.
    Dtmf {
        /// Which call.
        call: CallId,
        /// Which key.
        key: Key,
    },
    /// A caller hung up, or her connection broke.
    CallerHungUp {
        /// Which call.
        call: CallId,
    },
    /// A caller picked up a call back.
    CallerAnswered {
        /// The call back.
        call: CallId,
    },
    /// A caller cannot be reached for a call back (engaged, switched off, gone).
    CallerUnreachable {
        /// The call back.
        call: CallId,
    },
    /// The world answers a question the engine asked.
    Replied {
        /// Whose question.
        call: CallId,
        /// Which question.
        request: RequestId,
        /// The answer.
        reply: Reply,
    },
    /// An agent comes on duty, not ready yet.
    AgentLoggedIn {
        /// Who; ids are dense and chosen by the world.
        agent: AgentId,
        /// In which group.
        group: GroupId,
    },
    /// An agent goes off duty: at once, or, with a call or after-call work in hand, after that.
    AgentLoggedOut {
        /// Who.
        agent: AgentId,
    },
    /// An agent can take calls; ends after-call work and pauses.
    AgentReady {
        /// Who.
        agent: AgentId,
    },
    /// An agent takes no calls for now (a break); with a call in hand, after it. Said again in after-call work, it ends that.
    AgentNotReady {
        /// Who.
        agent: AgentId,
    },
    /// An agent picks up the ringing telephone.
    AgentAnswered {
        /// Who.
        agent: AgentId,
    },
    /// An agent turns the ringing telephone down: for her it has rung long enough.
    AgentRejected {
        /// Who.
        agent: AgentId,
    },
    /// An agent puts the caller on hold.
    AgentHeld {
        /// Who.
        agent: AgentId,
    },
    /// An agent takes the caller off hold.
    AgentResumed {
        /// Who.
        agent: AgentId,
    },
    /// An agent ends the conversation; after-call work begins, and the call goes on where the script says.
    AgentReleased {
        /// Who.
        agent: AgentId,
    },
    /// An agent passes the caller on to a queue; after-call work begins.
    AgentTransferred {
        /// Who.
        agent: AgentId,
        /// To which queue.
        queue: QueueId,
    },
    /// An agent opens a back-office case for the call in hand or just ended.
    CaseOpened {
        /// Who.
        agent: AgentId,
        /// A word of [`crate::script::catalogue::CASE`].
        kind: Symbol,
    },
    /// A checked script becomes the version that new calls begin on.
    ScriptPublished {
        /// The script.
        script: Arc<Script>,
    },
    /// No further calls are taken; those in progress go on.
    DrainBegan,
    /// Calls still in progress end now, as the centre's doing.
    DrainEnded,
    /// A call is ended by the operator or because serving it failed (a panic, a lost connection that cannot resume).
    CallAborted {
        /// Which call.
        call: CallId,
    },
}
