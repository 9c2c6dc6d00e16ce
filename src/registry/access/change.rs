//! What identity checks leave to be kept over a restart, without saying whose they were.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{id::CallId, pii::Digits, time::Duration};

/// Stands for a claimed number, a person or a calling number. Who does not know the centre's key cannot lead it back.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark([u8; 16]);

impl Mark {
    /// The mark of `kind` and `digits` under a key.
    pub(super) fn of(key: u128, kind: &str, digits: Digits) -> Mark {
        let mut hash = Sha256::new();
        hash.update(key.to_le_bytes());
        hash.update(kind.as_bytes());
        hash.update([0]);
        hash.update(digits.to_string().as_bytes());
        hash.update(key.to_le_bytes());
        let mut mark = [0; 16];
        mark.copy_from_slice(&hash.finalize()[..16]);
        Mark(mark)
    }
}

impl std::fmt::Debug for Mark {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

impl Serialize for Mark {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(&format_args!("{self:?}"))
    }
}

impl<'de> Deserialize<'de> for Mark {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Mark, D::Error> {
        let text = String::deserialize(d)?;
        let value = Some(&text).filter(|text| text.len() == 32).and_then(|text| u128::from_str_radix(text, 16).ok());
        let error = || serde::de::Error::custom("a mark is 32 hexadecimal digits");
        value.map(|value| Mark(value.to_be_bytes())).ok_or_else(error)
    }
}

/// Something about identity checks that has to survive a restart. All times are service time: how long the centre has lived,
/// summed over its runs, which no wall clock and no restart can turn back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessChange {
    /// When.
    pub at: Duration,
    /// In which call of the run that told it.
    pub call: CallId,
    /// What.
    #[serde(flatten)]
    pub news: AccessNews,
}

/// What changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "snake_case")]
pub enum AccessNews {
    /// A check failed.
    Failed {
        /// Of what was claimed.
        subject: Mark,
        /// From which number, when it is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        caller: Option<Mark>,
        /// All that now stands against what was claimed; absent where it was locked already and nothing was added.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        stands: Option<Standing>,
    },
    /// A check succeeded: nothing stands against what was claimed any more.
    Known {
        /// What was claimed.
        subject: Mark,
    },
}

/// What stands against something claimed, in service time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// When it failed, as far as that counts towards the next lock.
    pub failures: Vec<Duration>,
    /// Until when it is locked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locked_until: Option<Duration>,
    /// How many locks there have been without a quiet window between.
    pub locks: u32,
    /// When the last failure was, or the end of the lock it brought.
    pub last: Duration,
}
