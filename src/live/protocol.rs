//! The websocket call protocol, `hatif.v1`: JSON text frames, one closed enum each way.
//!
//! An unknown type or field is refused by name. A message out of turn is answered with an `error`, not punished. Schema,
//! AsyncAPI document and example transcript in `docs/` are generated from these types and tested against them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    pii::{CallerNumber, Digits},
    script::{diagnostic::nearest, model::Key},
};

/// The websocket subprotocol.
pub const SUBPROTOCOL: &str = "hatif.v1";

/// The outcome of a call that ends with the promise to call back: the connection stays open and will ring.
pub const CALLBACK_OUTCOME: &str = "callback";

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
    /// Be the telephone of a number: a call back promised to it rings here, one promised before a restart too. Answered by
    /// `attending`. The latest number counts; `dial` with `from` does the same. Such a connection may be silent.
    Attend {
        /// The number, 1 to 15 digits.
        from: String,
    },
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
    /// A `dial` is not taken. The connection stays open and may dial again.
    Refused {
        /// The id of the refusal, as in its record: `3-r17` is the seventeenth of run 3.
        call: String,
        /// Why.
        reason: RefusalReason,
        /// The same in words.
        message: String,
        /// What to do.
        help: String,
    },
    /// This connection is the telephone of the number it asked for.
    Attending {
        /// Its last two digits.
        tail: String,
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

/// Why a dial is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RefusalReason {
    /// The centre holds as many calls as it may.
    Calls,
    /// The caller's address holds as many calls as it may.
    Address,
    /// The calling number holds as many calls as it may.
    Number,
    /// The calling number dials more often than it may.
    Rate,
    /// The centre is behind its clock.
    Lag,
    /// The centre is ending.
    Draining,
    /// Call records cannot be written.
    Records,
}

impl RefusalReason {
    /// Every reason, in the order of the type.
    pub const ALL: [RefusalReason; 7] = {
        use RefusalReason::{Address, Calls, Draining, Lag, Number, Rate, Records};
        [Calls, Address, Number, Rate, Lag, Draining, Records]
    };

    /// The word for it, in messages, records and counts.
    pub fn word(self) -> &'static str {
        match self {
            RefusalReason::Calls => "calls",
            RefusalReason::Address => "address",
            RefusalReason::Number => "number",
            RefusalReason::Rate => "rate",
            RefusalReason::Lag => "lag",
            RefusalReason::Draining => "draining",
            RefusalReason::Records => "records",
        }
    }
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
    /// The centre has no room for another connection; it is closed with code 1013.
    Busy,
    /// The frame is larger than the limit; the connection is closed with code 1009.
    TooLarge,
    /// Only text frames are understood; the connection is closed with code 1003.
    NotText,
    /// Nothing was heard for too long; the connection is closed with code 1000 and reason `idle`.
    Idle,
    /// The client does not read what it is sent; the connection is closed with code 1008.
    TooSlow,
    /// The client sends more messages a second than it may; the connection is closed with code 1008.
    TooFast,
}

/// Message types a client may send, with the fields of each besides `type`.
pub const CLIENT_FIELDS: [(&str, &[&str]); 6] = [
    ("dial", &["from", "language"]),
    ("digits", &["keys"]),
    ("hangup", &[]),
    ("answer", &[]),
    ("attend", &["from"]),
    ("ping", &[]),
];

/// The most keys in one `digits` message.
pub const MAX_KEYS: usize = 64;

/// Why a message was refused: what `error` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Which mistake.
    pub code: ErrorCode,
    /// What was wrong.
    pub message: String,
    /// What to do.
    pub help: String,
}

impl Refusal {
    /// A refusal.
    pub fn new(code: ErrorCode, message: impl Into<String>, help: impl Into<String>) -> Refusal {
        Refusal { code, message: message.into(), help: help.into() }
    }
}

impl From<Refusal> for ServerMessage {
    fn from(refusal: Refusal) -> ServerMessage {
        ServerMessage::Error { code: refusal.code, message: refusal.message, help: refusal.help }
    }
}

impl ClientMessage {
    /// Reads a text frame. A refusal names what is wrong and never repeats a value, which may be secret.
    ///
    /// # Errors
    /// Not JSON, unknown type, unknown field, or a field that is missing or of the wrong type.
    pub fn read(text: &str) -> Result<ClientMessage, Refusal> {
        read_as(text, &CLIENT_FIELDS)
    }
}

/// The first field of an object that it has more than once.
fn said_twice(text: &str) -> Option<String> {
    struct Names;
    impl<'de> serde::de::Visitor<'de> for Names {
        type Value = Option<String>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Option<String>, A::Error> {
            let (mut seen, mut twice) = (std::collections::BTreeSet::new(), None);
            while let Some((name, serde::de::IgnoredAny)) = map.next_entry::<String, _>()? {
                if let Some(name) = seen.replace(name) {
                    twice = twice.or(Some(name));
                }
            }
            Ok(twice)
        }
    }
    serde::Deserializer::deserialize_map(&mut serde_json::Deserializer::from_str(text), Names).ok().flatten()
}

/// Reads a message of which `known` are the types with the fields of each.
pub(super) fn read_as<T: serde::de::DeserializeOwned>(text: &str, known: &[(&str, &[&str])]) -> Result<T, Refusal> {
    let value: serde_json::Value = serde_json::from_str(text).map_err(|error| {
        let place = format!("line {} column {}", error.line(), error.column());
        Refusal::new(ErrorCode::NotJson, format!("not JSON: {place}"), "send one JSON object in each text frame")
    })?;
    let Some(object) = value.as_object() else {
        let message = "a message is a JSON object";
        return Err(Refusal::new(ErrorCode::BadField, message, "send for example {\"type\":\"ping\"}"));
    };
    let Some(kind) = object.get("type").and_then(serde_json::Value::as_str) else {
        let message = "the message has no text field `type`";
        return Err(Refusal::new(ErrorCode::BadField, message, "send for example {\"type\":\"ping\"}"));
    };
    let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
    let Some((_, fields)) = known.iter().find(|(name, _)| *name == kind) else {
        let help = hint(kind, &names);
        let message = format!("no message has the type {}", shown(kind));
        return Err(Refusal::new(ErrorCode::UnknownType, message, help));
    };
    if let Some(field) = said_twice(text) {
        let message = format!("{} is said more than once", shown(&field));
        return Err(Refusal::new(
            ErrorCode::BadField,
            message,
            "say each field once: readers differ in which they take",
        ));
    }
    if let Some(field) = object.keys().find(|key| *key != "type" && !fields.contains(&key.as_str())) {
        let message = format!("`{kind}` has no field {}", shown(field));
        return Err(Refusal::new(ErrorCode::UnknownField, message, hint(field, fields)));
    }
    serde_json::from_value(value.clone()).map_err(|_| {
        let message = format!("a field of `{kind}` is missing or has the wrong type");
        let help = match fields {
            [] => "send it without fields".to_owned(),
            fields => format!("its fields are texts: {}", fields.join(", ")),
        };
        Refusal::new(ErrorCode::BadField, message, help)
    })
}

/// A word as it may be repeated to whoever sent it. Anything but a word may be a value in the wrong place.
fn shown(word: &str) -> String {
    match word.len() <= 40 && word.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_') {
        true => format!("`{word}`"),
        false => "that was sent (it is no word, so it is not repeated)".to_owned(),
    }
}

fn hint(wrong: &str, known: &[&str]) -> String {
    match (nearest(wrong, known.iter().copied()), known) {
        (Some(near), _) => format!("did you mean `{near}`?"),
        (None, []) => "send it without fields".to_owned(),
        (None, known) => format!("known are: {}", known.join(", ")),
    }
}

/// The keys of a `digits` message.
///
/// # Errors
/// No key, too many keys, or something that is not a key; the offender is named by its place, since keys may be secret.
pub fn read_keys(keys: &str) -> Result<Vec<Key>, Refusal> {
    let refuse =
        |message: String| Refusal::new(ErrorCode::BadField, message, "send 1 to 64 of the keys 0-9, * and # in `keys`");
    let count = keys.chars().count();
    if count == 0 || count > MAX_KEYS {
        return Err(refuse(format!("`keys` holds {count} keys")));
    }
    let key = |(i, c)| Key::from_char(c).ok_or_else(|| refuse(format!("character {} of `keys` is not a key", i + 1)));
    keys.chars().enumerate().map(key).collect()
}

/// The number of a `dial` message.
///
/// # Errors
/// Anything but 1 to 15 digits.
pub fn read_number(from: &str) -> Result<CallerNumber, Refusal> {
    match from.parse::<Digits>() {
        Ok(digits) if !digits.is_empty() => Ok(CallerNumber::new(digits)),
        _ => {
            let help = "send 1 to 15 digits, or no `from` to withhold the number";
            Err(Refusal::new(ErrorCode::BadField, "`from` is not a telephone number", help))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> ErrorCode {
        ClientMessage::read(text).expect_err(text).code
    }

    #[test]
    fn messages_read_as_they_are_written() {
        let dial = ClientMessage::Dial { from: Some("0600000042".into()), language: None };
        for message in [dial, ClientMessage::Digits { keys: "12#".into() }, ClientMessage::Hangup {}] {
            let text = serde_json::to_string(&message).expect("a message is JSON");
            assert_eq!(ClientMessage::read(&text), Ok(message), "{text}");
        }
        assert_eq!(ClientMessage::read(r#"{"type":"answer"}"#), Ok(ClientMessage::Answer {}));
    }

    #[test]
    fn each_mistake_has_its_name() {
        assert_eq!(code("digits 1"), ErrorCode::NotJson);
        assert_eq!(code("[1]"), ErrorCode::BadField);
        assert_eq!(code("{}"), ErrorCode::BadField);
        assert_eq!(code(r#"{"type":"dail"}"#), ErrorCode::UnknownType);
        assert_eq!(code(r#"{"type":"ping","now":1}"#), ErrorCode::UnknownField);
        assert_eq!(code(r#"{"type":"digits"}"#), ErrorCode::BadField);
        assert_eq!(code(r#"{"type":"digits","keys":1}"#), ErrorCode::BadField);
        assert_eq!(code(r#"{"type":"dial","from":"0600000001","from":"0600000002"}"#), ErrorCode::BadField);
        assert_eq!(code(r#"{"type":"ping","type":"hangup"}"#), ErrorCode::BadField);
    }

    #[test]
    fn a_misspelling_is_answered_with_the_nearest_name_and_a_value_never_repeated() {
        let refusal = ClientMessage::read(r#"{"type":"digits","kesy":"1"}"#).expect_err("no such field");
        assert_eq!(refusal.help, "did you mean `keys`?");
        let refusal = ClientMessage::read(r#"{"type":"digits","keys":7654321}"#).expect_err("not a text");
        assert!(!format!("{refusal:?}").contains("7654321"));
    }

    #[test]
    fn keys_and_numbers_are_checked() {
        assert_eq!(read_keys("0*#").map(|keys| keys.len()), Ok(3));
        assert!(read_keys("12x").expect_err("x").message.contains("character 3"));
        assert!(read_keys("").is_err() && read_keys(&"1".repeat(65)).is_err() && read_keys(&"1".repeat(64)).is_ok());
        assert!(read_number("0600000042").is_ok() && read_number("").is_err() && read_number("+21260").is_err());
    }

    #[test]
    fn the_table_of_fields_is_that_of_the_schema() {
        let schema = serde_json::to_value(schemars::schema_for!(ClientMessage)).expect("a schema is JSON");
        let variants = schema["oneOf"].as_array().expect("an enum");
        let of_schema: Vec<(String, Vec<String>)> = variants
            .iter()
            .map(|variant| {
                let properties = variant["properties"].as_object().expect("an object");
                let kind = properties["type"]["const"].as_str().expect("a tag").to_owned();
                (kind, properties.keys().filter(|key| *key != "type").cloned().collect())
            })
            .collect();
        let of_table =
            CLIENT_FIELDS.map(|(kind, fields)| (kind.to_owned(), fields.iter().map(|f| (*f).to_owned()).collect()));
        assert_eq!(of_schema, of_table);
    }
}
