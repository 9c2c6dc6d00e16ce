//! The protocol of a person who works as an agent, `hatif.agent.v1`: JSON text frames, one closed enum each way.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    live::protocol::{ErrorCode, Refusal, read_as},
    script::catalogue::AccessLevel,
};

/// The subprotocol of the agents' websocket.
pub const SUBPROTOCOL: &str = "hatif.agent.v1";

/// What a person at an agent's desk sends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum AgentMessage {
    /// Take an agent's place from the simulation. Answered by `logged_in` or `refused`.
    Login {
        /// Whose: a number (4 as `logged_in` gives it, or the texts `4` and `agent 4`, as calls and events name agents), a
        /// group and a place in it (`claims/2`, from 1), or a group alone for its first place that no person has.
        #[serde(deserialize_with = "named")]
        #[schemars(with = "Named")]
        agent: String,
    },
    /// Give the place back to the simulation; a conversation in progress ends. Answered by `logged_out`.
    Logout {},
    /// Take calls from now on.
    Ready {},
    /// Take no calls for now, or after the work in hand.
    NotReady {
        /// Why, for the server's log.
        reason: Pause,
    },
    /// Pick up: answers `offer`.
    Accept {},
    /// Turn the offered call down. It counts as not answered: the caller waits on in her place, this agent pauses as the
    /// queue's `no_answer_pause` says.
    Reject {},
    /// End the conversation; the call goes on where the script says.
    Hangup {},
    /// Put the caller on hold.
    Hold {},
    /// Take the caller off hold.
    Resume {},
    /// Pass the caller on to a queue; after-call work begins.
    Transfer {
        /// The queue's name.
        queue: String,
    },
    /// After-call work is done.
    WrappedUp {},
    /// Ask whether the centre is there; answered by `pong`.
    Ping {},
}

/// Why an agent takes no calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Pause {
    /// A short break.
    Break,
    /// A meal.
    Meal,
    /// A meeting.
    Meeting,
    /// A training.
    Training,
    /// Anything else.
    Other,
}

/// How a place may be named.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
enum Named {
    Number(u32),
    Text(String),
}

fn named<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(match Named::deserialize(deserializer)? {
        Named::Number(number) => number.to_string(),
        Named::Text(text) => text,
    })
}

/// What the centre sends to a desk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum DeskMessage {
    /// The place is taken.
    LoggedIn {
        /// The agent's number.
        agent: u32,
        /// The agent's group.
        group: String,
        /// `handing_over` while the simulated agent is still busy with a call, else `not_ready`.
        state: DeskState,
    },
    /// A `login` is not done. The connection stays and may try another place.
    Refused {
        /// Why.
        reason: LoginRefusal,
        /// The same in words.
        message: String,
        /// What to do.
        help: String,
    },
    /// The place is given back, or was done away with.
    LoggedOut {
        /// The centre did away with the place (a group that shrank); else it was asked for.
        let_go: bool,
    },
    /// The agent's state changed.
    State {
        /// To what.
        state: DeskState,
    },
    /// The telephone rings. Answer with `accept` or `reject`.
    Offer {
        /// The call's id.
        call: String,
        /// From which queue.
        queue: String,
        /// The language the caller is to be spoken to in.
        language: String,
        /// How sure the centre is who calls.
        level: AccessLevel,
        /// The calling number, all but its last two digits masked; absent when it is withheld.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<String>,
        /// How long the caller has waited, in milliseconds of the centre.
        waited_ms: u64,
        /// The call's priority, the queue's and the script's together.
        priority: i16,
    },
    /// The telephone stopped ringing: turned down, rung too long, answered elsewhere, or the caller is gone.
    Withdrawn {
        /// The call's id.
        call: String,
    },
    /// Caller and agent talk. Without an `offer` before it, it is a promised call back, for which the agent was kept free.
    Connected {
        /// The call's id.
        call: String,
        /// From which queue.
        queue: String,
        /// How long the caller waited, in milliseconds of the centre.
        waited_ms: u64,
    },
    /// The caller is on hold.
    Held {
        /// The call's id.
        call: String,
    },
    /// The caller is off hold.
    Resumed {
        /// The call's id.
        call: String,
    },
    /// The caller hung up.
    CallerLeft {
        /// The call's id.
        call: String,
        /// How long they talked, in milliseconds of the centre.
        talked_ms: u64,
    },
    /// The conversation ended by `hangup`, `transfer` or the centre's doing.
    Released {
        /// The call's id.
        call: String,
        /// How long they talked, in milliseconds of the centre.
        talked_ms: u64,
    },
    /// Answer to `ping`.
    Pong {},
    /// The last message could not be acted on; the connection stays open unless the code says so.
    Error {
        /// Which mistake.
        code: ErrorCode,
        /// What was wrong.
        message: String,
        /// What to do.
        help: String,
    },
}

/// What an agent does, as her desk is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeskState {
    /// The simulated agent still has a call in hand; the place is the person's after it.
    HandingOver,
    /// Takes no calls.
    NotReady,
    /// Takes no calls for a while, since a call was not answered; then `ready` by itself.
    Paused,
    /// Can take a call.
    Ready,
    /// Works after a call; `wrapped_up`, or the queue's limit, ends it.
    AfterCall,
}

/// Why a place is not given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LoginRefusal {
    /// There is no such agent.
    Unknown,
    /// Another person has the place.
    Taken,
}

/// Message types a desk may send, with the fields of each besides `type`.
pub const AGENT_FIELDS: [(&str, &[&str]); 12] = [
    ("login", &["agent"]),
    ("logout", &[]),
    ("ready", &[]),
    ("not_ready", &["reason"]),
    ("accept", &[]),
    ("reject", &[]),
    ("hangup", &[]),
    ("hold", &[]),
    ("resume", &[]),
    ("transfer", &["queue"]),
    ("wrapped_up", &[]),
    ("ping", &[]),
];

impl AgentMessage {
    /// Reads a text frame. A refusal names what is wrong and never repeats a value.
    ///
    /// # Errors
    /// Not JSON, unknown type, unknown field, or a field that is missing or of the wrong type.
    pub fn read(text: &str) -> Result<AgentMessage, Refusal> {
        read_as(text, &AGENT_FIELDS)
    }
}

impl From<Refusal> for DeskMessage {
    fn from(refusal: Refusal) -> DeskMessage {
        DeskMessage::Error { code: refusal.code, message: refusal.message, help: refusal.help }
    }
}
