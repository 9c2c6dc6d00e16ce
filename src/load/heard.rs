//! What the centre says, read with as little work as the callers need: one flat look at the frame, nothing copied that
//! stands in it unescaped.

use std::borrow::Cow;

use serde::Deserialize;

use crate::live::protocol::AgentState;

/// Which message it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The call exists.
    Ringing,
    /// The centre answered.
    Answered,
    /// Something is said.
    Prompt,
    /// It was stopped.
    Stopped,
    /// Keys are awaited.
    Collecting,
    /// The caller waits.
    Queued,
    /// Something about the agent.
    Agent,
    /// A text message.
    Sms,
    /// The call is over.
    Ended,
    /// The call is not taken.
    Refused,
    /// The last message could not be acted on.
    Error,
    /// Anything else: of no interest here.
    #[serde(other)]
    Other,
}

/// The causes of calls that neither caller, script nor agent ended.
const CUT_OFF: [&str; 3] = ["drained", "aborted", "ran_away"];

/// A message. Fields that its kind does not have are empty.
#[derive(Clone, Debug, Deserialize)]
pub struct Heard<'a> {
    /// Which.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// The call's id.
    #[serde(borrow, default)]
    pub call: Cow<'a, str>,
    /// For a call back: the call in which it was promised.
    #[serde(default)]
    pub promised_in: Option<Cow<'a, str>>,
    /// The prompt's id.
    #[serde(borrow, default)]
    pub id: Cow<'a, str>,
    /// The node.
    #[serde(borrow, default)]
    pub node: Cow<'a, str>,
    /// The queue's name.
    #[serde(borrow, default)]
    pub queue: Cow<'a, str>,
    /// What a text message says. (Of a prompt too, unread.)
    #[serde(borrow, default)]
    pub text: Cow<'a, str>,
    /// Milliseconds until a prompt begins.
    #[serde(default)]
    pub begins_ms: u64,
    /// How long it takes.
    #[serde(default)]
    pub duration_ms: u64,
    /// A key stops it.
    #[serde(default)]
    pub barge_in: bool,
    /// The fewest keys.
    #[serde(default)]
    pub min: u8,
    /// The most keys.
    #[serde(default)]
    pub max: u8,
    /// The key that ends an entry.
    #[serde(default)]
    pub terminator: Option<Cow<'a, str>>,
    /// Keys are secret.
    #[serde(default)]
    pub secret: bool,
    /// Milliseconds until silence counts.
    #[serde(default)]
    pub silence_ms: u64,
    /// Place in the queue.
    #[serde(default)]
    pub position: u32,
    /// Expected wait.
    #[serde(default)]
    pub expected_ms: u64,
    /// What the agent does.
    #[serde(default)]
    pub state: Option<AgentState>,
    /// By what the call ended.
    #[serde(borrow, default)]
    pub cause: Cow<'a, str>,
    /// As what the call ended.
    #[serde(borrow, default)]
    pub outcome: Cow<'a, str>,
    /// Which mistake.
    #[serde(borrow, default)]
    pub code: Cow<'a, str>,
    /// Why the call is not taken.
    #[serde(borrow, default)]
    pub reason: Cow<'a, str>,
}

impl Heard<'_> {
    /// Reads a frame; `None`: it is no message of the protocol.
    pub fn read(text: &str) -> Option<Heard<'_>> {
        serde_json::from_str(text).ok()
    }

    /// Of the end of a call: the centre ended it early, by its own end, its operator or a fault.
    pub fn is_cut_off(&self) -> bool {
        CUT_OFF.contains(&&*self.cause)
    }
}

/// A call's id as two numbers: of the run and of the call in it. `None`: it is none.
pub fn call_id(text: &str) -> Option<(u64, u64)> {
    let (run, call) = text.split_once('-')?;
    Some((run.parse().ok()?, call.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::protocol::{Direction, ServerMessage};

    #[test]
    fn what_the_server_writes_is_read() {
        let prompt = ServerMessage::Prompt {
            id: "main".into(),
            text: "قل \"نعم\"\n".into(),
            language: "ar".into(),
            direction: Direction::Rtl,
            node: "main.start".into(),
            begins_ms: 12,
            duration_ms: 3_400,
            barge_in: true,
        };
        let text = serde_json::to_string(&prompt).expect("JSON");
        let heard = Heard::read(&text).expect("a message");
        assert_eq!((heard.kind, &*heard.id, &*heard.node), (Kind::Prompt, "main", "main.start"));
        assert_eq!((heard.begins_ms, heard.duration_ms, heard.barge_in), (12, 3_400, true));
        let pong = Heard::read(r#"{"type":"pong"}"#).expect("a message");
        assert_eq!(pong.kind, Kind::Other);
        let unknown = Heard::read(r#"{"type":"song","verse":[1,{"a":2}]}"#).expect("a message");
        assert_eq!(unknown.kind, Kind::Other);
        assert!(Heard::read("[]").is_none() && Heard::read("prompt").is_none());
    }

    #[test]
    fn a_call_that_the_centre_ends_early_is_cut_off() {
        use crate::engine::event::Cause;
        let ended = |cause: Cause| {
            let cause = serde_json::to_value(cause).ok()?.as_str()?.to_owned();
            let ended = ServerMessage::Ended { call: "1-1".into(), cause, outcome: "abandoned".into() };
            let text = serde_json::to_string(&ended).ok()?;
            Heard::read(&text).map(|heard| heard.is_cut_off())
        };
        let cut_off = Cause::ALL.into_iter().filter(|cause| ended(*cause) == Some(true));
        assert!(cut_off.eq([Cause::Drained, Cause::Aborted, Cause::RanAway]));
    }

    #[test]
    fn ids_are_told_apart_from_refusals() {
        assert_eq!(call_id("3-17"), Some((3, 17)));
        assert_eq!((call_id("3-r17"), call_id("17"), call_id("")), (None, None, None));
    }
}
