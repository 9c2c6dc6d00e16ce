//! The websocket call protocol, `hatif.v1`: JSON text frames, one closed enum each way.
//!
//! An unknown type or field is refused by name. A message out of turn is answered with an `error`, not punished. Schema,
//! AsyncAPI document and example transcript in `docs/` are generated from these types and tested against them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The websocket subprotocol.
pub const SUBPROTOCOL: &str = "hatif.v1";

/// What a caller's telephone sends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum ClientMessage {
    /// Dial the centre. Once per connection at a time; after `ended` one may dial again.
    Dial {
        /// The calling number, up to 15 digits. Without it the number is withheld.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<String>,
        /// Begin in this language (a code of the centre, such as `fr`) instead of the centre's default.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        language: Option<String>,
    },
    /// Press keys, in order: `0`–`9`, `*`, `#`. At most 64 in one message.
    Digits {
        /// The keys.
        keys: String,
    },
    /// Hang up.
    Hangup {},
    /// Pick up a call back (after `ringing` with `promised_in`).
    Answer {},
    /// Ask whether the centre is there; answered by `pong`.
    Ping {},
}

/// What the centre sends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum ServerMessage {
    /// The call exists. For a promised call back the caller's telephone rings and `answer` is awaited.
    Ringing {
        /// The call's id, as in its record.
        call: String,
        /// The call in which a call back was promised, when this is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        promised_in: Option<String>,
    },
    /// The centre answered (or the call back was picked up).
    Answered {
        /// The call's id.
        call: String,
        /// The published script version the call runs on.
        version: u32,
        /// The language it begins in.
        language: String,
        /// The centre's local time, `2022-05-17T10:00:00+01:00[Africa/Casablanca]`.
        time: String,
    },
    /// Something is said.
    Prompt {
        /// The prompt's id, `enrol.reg`.
        id: String,
        /// What is said. Slots are set apart by U+2068 and U+2069.
        text: String,
        /// The language it is in.
        language: String,
        /// `ltr` or `rtl`.
        direction: Direction,
        /// The node that says it, `main.start`.
        node: String,
        /// Milliseconds from now until it begins (what is being said comes first).
        begins_ms: u64,
        /// How long it takes, in milliseconds.
        duration_ms: u64,
        /// A key stops it.
        barge_in: bool,
    },
    /// What was being said was stopped by a key.
    Stopped {},
    /// Keys are awaited.
    Collecting {
        /// The node that awaits them.
        node: String,
        /// The fewest that make an entry.
        min: u8,
        /// The most.
        max: u8,
        /// The key that ends an entry.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        terminator: Option<String>,
        /// What is keyed is secret: do not echo or log it.
        secret: bool,
        /// Milliseconds from now until silence counts as no input.
        silence_ms: u64,
    },
    /// The caller waits for an agent; sent again when place or expected wait is told.
    Queued {
        /// The queue's name.
        queue: String,
        /// 1 is next.
        position: u32,
        /// Expected wait from now, in milliseconds.
        expected_ms: u64,
    },
    /// Something about the agent.
    Agent {
        /// What.
        state: AgentState,
        /// The agent, as `agent 12`.
        agent: String,
    },
    /// A text message for the caller, from the simulated SMS outbox.
    Sms {
        /// The last two digits of the telephone it goes to.
        to_tail: String,
        /// Its text.
        text: String,
    },
    /// The call is over and its record is on disk.
    Ended {
        /// The call's id.
        call: String,
        /// By what.
        cause: String,
        /// As what.
        outcome: String,
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

/// Reading direction of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Left to right.
    Ltr,
    /// Right to left.
    Rtl,
}

/// What an agent does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AgentState {
    /// The agent's telephone rings.
    Ringing,
    /// The agent let it ring; the caller waits on.
    NoAnswer,
    /// Caller and agent talk.
    Connected,
    /// The caller is on hold.
    Held,
    /// The caller is off hold.
    Resumed,
    /// The agent ended the conversation; the call may go on.
    Released,
}

/// Mistakes a client can make, and troubles of the centre it may meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// Not JSON.
    NotJson,
    /// No message has this type.
    UnknownType,
    /// The message has no such field.
    UnknownField,
    /// A field is missing or has the wrong type or value.
    BadField,
    /// The message does not fit now: digits without a call, a second dial, an answer when nothing rings.
    OutOfTurn,
    /// The centre takes no new calls.
    Closing,
    /// The centre is full.
    Busy,
    /// The frame is larger than the limit; the connection is closed with code 1009.
    TooLarge,
    /// Only text frames are understood; the connection is closed with code 1003.
    NotText,
    /// Nothing was heard for too long; the connection is closed with code 1000 and reason `idle`.
    Idle,
    /// The client does not read what it is sent; the connection is closed with code 1008.
    TooSlow,
}
