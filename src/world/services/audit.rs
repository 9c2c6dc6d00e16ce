//! One entry for every read of the registry on behalf of a call: who asked, at which level, what was given.

use serde::Serialize;

use crate::{
    id::{CallId, PersonId},
    script::catalogue::AccessLevel,
    time::Instant,
};

/// How a read ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// The fields were given.
    Granted,
    /// The proof was wrong, or the number nobody's.
    Refused,
    /// Too many failures before.
    Locked,
    /// The call had not reached the level the read demands, or no person was authenticated.
    BelowLevel,
}

/// A read of the registry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AuditEntry {
    /// When.
    pub at: Instant,
    /// In which call.
    pub call: CallId,
    /// Whose data; `None` where a claim led to nobody.
    pub person: Option<PersonId>,
    /// The level the call had reached.
    pub level: AccessLevel,
    /// The service asked, or `identity`, `code`, `send_code`.
    pub what: &'static str,
    /// The names of the fields that were given.
    pub fields: Vec<&'static str>,
    /// How it ended.
    pub access: Access,
}
