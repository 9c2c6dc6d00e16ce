//! The lines of a journal, as written.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{
    engine::{Event, Input, Origin, Promised},
    id::{AgentId, CallId, GroupId, LanguageId, NodeId, QueueId, RequestId},
    pii::{CallerNumber, Digits},
    script::{Script, catalogue::Reply, model::Key, value::Symbol},
    time::Instant,
};

/// The version of the format. A reader refuses any other.
pub const FORMAT: u32 = 2;

/// The first line: what a replay must begin with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// [`FORMAT`].
    pub hatif_journal: u32,
    /// The digest of the script that was version 1.
    pub script: String,
    /// The run's seed.
    pub seed: u64,
    /// Its replication.
    pub replication: u32,
    /// Unix time of the beginning of the run, in microseconds.
    pub epoch_us: i64,
    /// What this journal's parts are known by. Says nothing of anybody.
    pub id: String,
}

/// Any other line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Line {
    /// An input.
    In {
        /// When it reached the engine.
        at: Instant,
        /// What.
        #[serde(rename = "in")]
        input: Recorded,
    },
    /// An event.
    Ev {
        /// What happened.
        ev: Event,
    },
    /// A key of which its input did not say which it is came to be used: the first such key of this call that was.
    Used {
        /// In which call.
        used: CallId,
        /// Which key.
        key: RecordedKey,
    },
    /// The last line of a part that another follows.
    More {
        /// Which part follows.
        more: u32,
    },
    /// The first line of any part but the first.
    Part {
        /// Which part this is, counted from 0.
        part: u32,
        /// Of which journal: [`Header::id`].
        of: String,
    },
    /// The last line of a journal that was closed properly.
    End {
        /// Up to when everything had happened.
        end: Instant,
        /// How many inputs there are.
        inputs: u64,
        /// How many events there are.
        events: u64,
        /// It was closed because its room was used up: the run went on.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        full: bool,
    },
}

/// A key as written: the key itself, or that a digit was pressed that is secret, was thrown away, or was kept for later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordedKey {
    /// In clear; [`Key::UNBOUND`], written `?`, for a digit that nothing was bound to.
    Clear(Key),
    /// A digit that is nobody's business.
    Secret,
}

impl Serialize for RecordedKey {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_char(match self {
            RecordedKey::Clear(key) => key.as_char(),
            RecordedKey::Secret => '•',
        })
    }
}

impl<'de> Deserialize<'de> for RecordedKey {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<RecordedKey, D::Error> {
        let c = char::deserialize(d)?;
        if c == Key::UNBOUND.as_char() {
            return Ok(RecordedKey::Clear(Key::UNBOUND));
        }
        if c == '•' {
            return Ok(RecordedKey::Secret);
        }
        let known = Key::from_char(c).map(RecordedKey::Clear);
        known.ok_or_else(|| serde::de::Error::custom(format!("`{c}` is no key; expected 0-9, *, #, ? or •")))
    }
}

/// An [`Input`] as written: no calling number, no secret digit, a script by its digest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[expect(missing_docs, reason = "fields and variants are those of Input, where they are documented")]
pub enum Recorded {
    CallArrived {
        /// The pseudonym of the calling number.
        caller: Option<Digits>,
        language: Option<LanguageId>,
        /// Absent in what a person's call leaves.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        origin: Option<Origin>,
    },
    CallbackRestored {
        /// The pseudonym of the number to be called.
        caller: Digits,
        queue: QueueId,
        language: LanguageId,
        accepted: Vec<LanguageId>,
        since: Instant,
        priority: i16,
        attempts: u8,
        node: Option<NodeId>,
        recording: bool,
    },
    Dtmf {
        call: CallId,
        key: RecordedKey,
    },
    CallerHungUp {
        call: CallId,
    },
    CallerAnswered {
        call: CallId,
    },
    CallerUnreachable {
        call: CallId,
    },
    Replied {
        call: CallId,
        request: RequestId,
        reply: Reply,
    },
    AgentLoggedIn {
        agent: AgentId,
        group: GroupId,
    },
    AgentLoggedOut {
        agent: AgentId,
    },
    AgentReady {
        agent: AgentId,
    },
    AgentNotReady {
        agent: AgentId,
    },
    AgentAnswered {
        agent: AgentId,
    },
    AgentRejected {
        agent: AgentId,
    },
    AgentHeld {
        agent: AgentId,
    },
    AgentResumed {
        agent: AgentId,
    },
    AgentReleased {
        agent: AgentId,
    },
    AgentTransferred {
        agent: AgentId,
        queue: QueueId,
    },
    CaseOpened {
        agent: AgentId,
        kind: Symbol,
    },
    ScriptPublished {
        /// The digest of the script.
        script: String,
    },
    DrainBegan,
    DrainEnded,
    CallAborted {
        call: CallId,
    },
}

impl Recorded {
    /// An input as it is written. `secret`: the digit of a key press is not to be shown. `pseudonym` stands in for calling
    /// numbers.
    pub fn of(input: &Input, secret: bool, pseudonym: impl FnOnce(CallerNumber) -> Digits) -> Recorded {
        match *input {
            Input::CallArrived { caller, language, origin } => {
                Recorded::CallArrived { caller: caller.map(pseudonym), language, origin }
            }
            Input::CallbackRestored(ref promised) => {
                let Promised { caller, queue, language, ref accepted, since, priority, attempts, node, recording } =
                    **promised;
                let (caller, accepted) = (pseudonym(caller), accepted.clone());
                Recorded::CallbackRestored {
                    caller,
                    queue,
                    language,
                    accepted,
                    since,
                    priority,
                    attempts,
                    node,
                    recording,
                }
            }
            Input::Dtmf { call, .. } if secret => Recorded::Dtmf { call, key: RecordedKey::Secret },
            Input::Dtmf { call, key } => Recorded::Dtmf { call, key: RecordedKey::Clear(key) },
            Input::CallerHungUp { call } => Recorded::CallerHungUp { call },
            Input::CallerAnswered { call } => Recorded::CallerAnswered { call },
            Input::CallerUnreachable { call } => Recorded::CallerUnreachable { call },
            Input::Replied { call, request, ref reply } => Recorded::Replied { call, request, reply: reply.clone() },
            Input::AgentLoggedIn { agent, group } => Recorded::AgentLoggedIn { agent, group },
            Input::AgentLoggedOut { agent } => Recorded::AgentLoggedOut { agent },
            Input::AgentReady { agent } => Recorded::AgentReady { agent },
            Input::AgentNotReady { agent } => Recorded::AgentNotReady { agent },
            Input::AgentAnswered { agent } => Recorded::AgentAnswered { agent },
            Input::AgentRejected { agent } => Recorded::AgentRejected { agent },
            Input::AgentHeld { agent } => Recorded::AgentHeld { agent },
            Input::AgentResumed { agent } => Recorded::AgentResumed { agent },
            Input::AgentReleased { agent } => Recorded::AgentReleased { agent },
            Input::AgentTransferred { agent, queue } => Recorded::AgentTransferred { agent, queue },
            Input::CaseOpened { agent, kind } => Recorded::CaseOpened { agent, kind },
            Input::ScriptPublished { ref script } => Recorded::ScriptPublished { script: script.digest.to_string() },
            Input::DrainBegan => Recorded::DrainBegan,
            Input::DrainEnded => Recorded::DrainEnded,
            Input::CallAborted { call } => Recorded::CallAborted { call },
        }
    }

    /// The input again. `script` finds a published script by its digest; its error is passed on.
    pub fn input<E>(self, script: impl FnOnce(&str) -> Result<Arc<Script>, E>) -> Result<Input, E> {
        Ok(match self {
            Recorded::CallArrived { caller, language, origin } => {
                Input::CallArrived { caller: caller.map(CallerNumber::new), language, origin }
            }
            Recorded::CallbackRestored {
                caller,
                queue,
                language,
                accepted,
                since,
                priority,
                attempts,
                node,
                recording,
            } => {
                let caller = CallerNumber::new(caller);
                Input::CallbackRestored(Box::new(Promised {
                    caller,
                    queue,
                    language,
                    accepted,
                    since,
                    priority,
                    attempts,
                    node,
                    recording,
                }))
            }
            Recorded::Dtmf { call, key: RecordedKey::Clear(key) } => Input::Dtmf { call, key },
            Recorded::Dtmf { call, key: RecordedKey::Secret } => Input::Dtmf { call, key: Key::ZERO },
            Recorded::CallerHungUp { call } => Input::CallerHungUp { call },
            Recorded::CallerAnswered { call } => Input::CallerAnswered { call },
            Recorded::CallerUnreachable { call } => Input::CallerUnreachable { call },
            Recorded::Replied { call, request, reply } => Input::Replied { call, request, reply },
            Recorded::AgentLoggedIn { agent, group } => Input::AgentLoggedIn { agent, group },
            Recorded::AgentLoggedOut { agent } => Input::AgentLoggedOut { agent },
            Recorded::AgentReady { agent } => Input::AgentReady { agent },
            Recorded::AgentNotReady { agent } => Input::AgentNotReady { agent },
            Recorded::AgentAnswered { agent } => Input::AgentAnswered { agent },
            Recorded::AgentRejected { agent } => Input::AgentRejected { agent },
            Recorded::AgentHeld { agent } => Input::AgentHeld { agent },
            Recorded::AgentResumed { agent } => Input::AgentResumed { agent },
            Recorded::AgentReleased { agent } => Input::AgentReleased { agent },
            Recorded::AgentTransferred { agent, queue } => Input::AgentTransferred { agent, queue },
            Recorded::CaseOpened { agent, kind } => Input::CaseOpened { agent, kind },
            Recorded::ScriptPublished { script: digest } => Input::ScriptPublished { script: script(&digest)? },
            Recorded::DrainBegan => Input::DrainBegan,
            Recorded::DrainEnded => Input::DrainEnded,
            Recorded::CallAborted { call } => Input::CallAborted { call },
        })
    }
}
