//! Names for things as small numbers, each its own type, so that a queue is never taken for an agent.
//!
//! All are dense indices given out by their owner: a [`NodeId`] indexes the nodes of one published script, a [`CallId`]
//! counts the calls of one run. None means anything outside the run or script it came from.

use serde::{Deserialize, Serialize};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident($int:ty) $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub $int);

        impl $name {
            /// The position this id stands for.
            pub const fn index(self) -> usize {
                self.0 as usize
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, concat!($prefix, "{}"), self.0)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{self}")
            }
        }
    )*};
}

ids! {
    /// One call of a run, counted from 1 in the order in which calls are offered.
    CallId(u64) "c";
    /// One agent of the centre.
    AgentId(u32) "a";
    /// A group of agents with the same skills, languages and shift.
    GroupId(u16) "g";
    /// A queue of the centre, as numbered by the engine (a reload never renumbers).
    QueueId(u16) "q";
    /// A skill that queues ask for and agents have.
    SkillId(u16) "k";
    /// A language of the centre, in the order `centre.toml` lists them.
    LanguageId(u8) "l";
    /// A node of one published script.
    NodeId(u32) "n";
    /// A prompt of one published script.
    PromptId(u32) "p";
    /// A variable slot of a call.
    VarId(u16) "v";
    /// An opening-hours calendar of one published script.
    CalendarId(u16) "h";
    /// A published version of the script; the first is 1.
    ScriptVersion(u32) "v";
    /// A person of the enrolment registry: her index, which is not a secret and not a registration number.
    PersonId(u32) "#";
    /// A request to a service outside the engine, unique within a call.
    RequestId(u32) "r";
}

impl CallId {
    /// In place of the id of a call of an earlier run: none of this run has it.
    pub const EARLIER_RUN: CallId = CallId(0);
}

/// What chance is keyed by that belongs to something with a name: the same in every design that has the name, whatever else
/// there is (FNV-1a, 64 bits).
pub fn key_of_name(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |key, byte| (key ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
