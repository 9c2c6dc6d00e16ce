//! What is said on the event feed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{live::row, script::catalogue::AccessLevel, world::World};

/// The subprotocol of the event feed.
pub const SUBPROTOCOL: &str = "hatif.events.v1";

/// What the feed sends: one JSON object a text frame.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum FeedMessage {
    /// How things are: said first, and again after `missed`.
    Now {
        /// The run.
        run: i64,
        /// By the centre's clock, UTC.
        at_utc: String,
        /// The script version new calls begin on.
        version: u32,
        /// Calls in progress.
        calls: Calls,
        /// Every queue.
        queues: Vec<QueueNow>,
        /// Every group of agents.
        groups: Vec<GroupNow>,
    },
    /// Something happened.
    Event {
        /// Rises with every event. Events that are not told leave gaps.
        seq: u64,
        /// By the centre's clock, UTC.
        at_utc: String,
        /// What.
        fact: Told,
    },
    /// The listener read too slowly and did not get so many events; `now` follows.
    Missed {
        /// How many.
        events: u64,
    },
}

/// Calls in progress, by state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Calls {
    /// In the menus.
    pub ivr: u64,
    /// Waiting, promised call backs included.
    pub queued: u64,
    /// Ringing.
    pub ringing: u64,
    /// With an agent.
    pub talking: u64,
    /// On hold.
    pub held: u64,
}

/// A queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QueueNow {
    /// Its name.
    pub queue: String,
    /// Callers on the line.
    pub waiting: u32,
    /// Promised call backs that keep a place.
    pub callbacks: u32,
    /// The longest wait of a caller on the line, in milliseconds of the centre.
    pub longest_wait_ms: u64,
}

/// Agents of a group who are on duty, by what they do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupNow {
    /// Its name.
    pub group: String,
    /// Take no calls.
    pub not_ready: u32,
    /// Can take a call.
    pub ready: u32,
    /// Their telephone rings.
    pub ringing: u32,
    /// Kept free while a person is called back.
    pub reserved: u32,
    /// With a caller.
    pub talking: u32,
    /// Work after a call.
    pub after_call: u32,
}

/// Whose a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Caller {
    /// Somebody's who dialled this server.
    Person,
    /// A synthetic caller's.
    Synthetic,
}

/// Why a call found no place in a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NoPlace {
    /// It was full.
    Full,
    /// It was closed, or closed meanwhile.
    Closed,
}

/// An event in the feed's words. Calls are named as the call protocol names them; agents by number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "is", rename_all = "snake_case", deny_unknown_fields)]
#[expect(
    missing_docs,
    reason = "the fields say the same everywhere: which call, which agent, which queue, for how long"
)]
pub enum Told {
    /// A call arrived; `promised_in` for a call back.
    CallOffered { call: String, caller: Caller, language: String, promised_in: Option<String> },
    /// A caller proved who she is, to this level. Who she is is not told.
    CallAuthenticated { call: String, level: AccessLevel },
    /// A check of identity or code failed.
    CallAuthenticationFailed { call: String, locked: bool },
    /// A call began to wait.
    CallQueued { call: String, queue: String, language: String },
    /// A call found no place in a queue.
    CallNotQueued { call: String, queue: String, why: NoPlace },
    /// A waiting call may also be taken by another queue's agents.
    CallOverflowed { call: String, queue: String, to: String },
    /// A call left its queue without an agent.
    CallLeftQueue { call: String, queue: String, waited_ms: u64, reason: String },
    /// An agent's telephone rings for a call.
    CallRinging { call: String, agent: u32 },
    /// An agent let it ring.
    CallNotAnswered { call: String, agent: u32 },
    /// An agent took a call.
    CallAnswered { call: String, agent: u32, queue: String, waited_ms: u64 },
    /// A caller was put on hold.
    CallHeld { call: String, agent: u32 },
    /// A caller was taken off hold.
    CallResumed { call: String, agent: u32 },
    /// A conversation ended.
    CallReleased { call: String, agent: u32, talked_ms: u64, by_caller: bool },
    /// An agent passed a caller on.
    CallTransferred { call: String, agent: u32, queue: String },
    /// A call was handed to somebody outside.
    CallHandedOut { call: String },
    /// A call back was promised; `callback` keeps the place.
    CallbackPromised { call: String, callback: String, queue: String },
    /// A promised call back was dialled.
    CallbackDialled { call: String, agent: u32, attempt: u8 },
    /// The person to be called back did not answer.
    CallbackMissed { call: String, attempt: u8 },
    /// A call ended. Outcomes of the script's own making are `own`.
    CallEnded { call: String, outcome: String, cause: String },
    /// A call was not taken since the centre ends.
    CallRefused {},
    /// New calls begin on this script version.
    ScriptPublished { version: u32 },
    /// An agent came on duty.
    AgentOnDuty { agent: u32, group: String },
    /// An agent went off duty.
    AgentOffDuty { agent: u32 },
    /// An agent can take calls.
    AgentReady { agent: u32 },
    /// An agent takes no calls.
    AgentNotReady { agent: u32, reason: String },
    /// An agent works after a call.
    AgentAfterCall { agent: u32 },
}

/// How things are in a world.
pub(super) fn now(run: i64, world: &World) -> FeedMessage {
    let survey = world.engine().survey();
    let calls = survey.calls;
    let queues = survey.queues.iter().map(|queue| QueueNow {
        queue: queue.name.to_string(),
        waiting: queue.waiting,
        callbacks: queue.callbacks,
        longest_wait_ms: queue.longest.as_millis(),
    });
    let groups = survey.groups.iter().map(|group| {
        let [not_ready, ready, ringing, reserved, talking, after_call] = group.agents;
        GroupNow { group: group.name.to_string(), not_ready, ready, ringing, reserved, talking, after_call }
    });
    FeedMessage::Now {
        run,
        at_utc: row::utc(world.clock().timestamp(world.now())),
        version: world.versions().number().0,
        calls: Calls {
            ivr: calls.ivr,
            queued: calls.queued,
            ringing: calls.ringing,
            talking: calls.talking,
            held: calls.held,
        },
        queues: queues.collect(),
        groups: groups.collect(),
    }
}
