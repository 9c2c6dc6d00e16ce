//! `--set key=value`: one setting of a scenario changed from outside.

use std::{fmt, str::FromStr};

use crate::script::tree::{self, Table};

/// One setting changed: `staffing.total=78`, `patience.exponential=5m`, `demand.insured.intents.complaint=0.05`. The key is the
/// path of the setting in the scenario's file, with dots; the value is TOML, and text may stand without quotes. A key that
/// begins with `centre.` changes the centre's own `centre.toml`: `centre.queue.status.max_wait=5m`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    /// The path.
    pub key: String,
    /// The value as TOML.
    pub value: String,
}

/// An override that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no setting to change; write key=value, such as staffing.total=78")]
pub struct OverrideError(pub String);

impl Override {
    /// The line of TOML it stands for.
    pub fn line(&self) -> String {
        format!("{} = {}", self.key, self.value)
    }

    /// The path below `centre.`, when it is the centre that changes.
    pub fn of_centre(&self) -> Option<&str> {
        self.key.strip_prefix("centre.")
    }
}

impl fmt::Display for Override {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.key, self.value)
    }
}

impl FromStr for Override {
    type Err = OverrideError;

    fn from_str(text: &str) -> Result<Override, OverrideError> {
        let fail = || OverrideError(text.to_owned());
        let (key, value) = text.split_once('=').ok_or_else(fail)?;
        let (key, value) = (key.trim(), value.trim());
        if key.is_empty() || value.is_empty() || text.contains(char::is_control) {
            return Err(fail());
        }
        let quoted = format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""));
        for value in [value.to_owned(), quoted] {
            let made = Override { key: key.to_owned(), value };
            let (root, errors) = tree::parse(&made.line());
            if errors.is_empty() && is_one_setting(&root) {
                return Ok(made);
            }
        }
        Err(fail())
    }
}

/// One key at the top: a value with something behind it would be a second setting.
fn is_one_setting(root: &Table) -> bool {
    root.entries.len() == 1
}
