//! The simulated SMS outbox: nothing is sent; testers and synthetic callers read here what a phone would have shown.

use std::{collections::VecDeque, sync::Arc};

use serde::{Serialize, ser::SerializeStruct};

use crate::{
    id::{CallId, PersonId},
    pii::{CallerNumber, Digits, Secret},
    time::Instant,
};

/// What a message is about; its wording is the business of whoever shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SmsKind {
    /// A one-time code.
    Code,
    /// A link for creating a portal account.
    PortalLink,
    /// A link for a new portal password.
    PortalReset,
    /// The address of an agency or point.
    Address,
}

/// Where a message goes. Displays masked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recipient {
    /// The number the call came from.
    Caller(CallerNumber),
    /// The phone on file, of which only the end is known.
    OnFile {
        /// Whose phone.
        person: PersonId,
        /// Its last two digits.
        tail: Digits,
    },
}

impl std::fmt::Display for Recipient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Recipient::Caller(number) => write!(f, "{number}"),
            Recipient::OnFile { tail, .. } => write!(f, "********{tail}"),
        }
    }
}

/// One message. Serialises masked and without the code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sms {
    /// Counted from 1.
    pub id: u64,
    /// When it was sent.
    pub at: Instant,
    /// In which call.
    pub call: CallId,
    /// The number that call came from.
    pub caller: Option<CallerNumber>,
    /// To whom.
    pub to: Recipient,
    /// About what.
    pub kind: SmsKind,
    /// The one-time code, in a [`SmsKind::Code`].
    pub code: Option<Secret<Digits>>,
    /// The name and city of the place, in a [`SmsKind::Address`].
    pub place: Option<Arc<str>>,
}

impl Serialize for Sms {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut s = serializer.serialize_struct("Sms", 6)?;
        s.serialize_field("id", &self.id)?;
        s.serialize_field("at", &self.at)?;
        s.serialize_field("call", &self.call)?;
        s.serialize_field("to", &self.to.to_string())?;
        s.serialize_field("kind", &self.kind)?;
        s.serialize_field("place", &self.place)?;
        s.end()
    }
}

/// The messages sent: the latest thousand for reading, and those the driver has not yet taken for its records.
#[derive(Clone, Debug, Default)]
pub struct Outbox {
    recent: VecDeque<Sms>,
    undrained: Vec<Sms>,
    sent: u64,
}

impl Outbox {
    /// How many messages can be read back.
    pub const KEPT: usize = 1_000;

    /// Sends a message; its `id` is given here. Keeps it for the records only when `keep`.
    pub(super) fn send(&mut self, mut sms: Sms, keep: bool) {
        self.sent += 1;
        sms.id = self.sent;
        if self.recent.len() >= Self::KEPT {
            self.recent.pop_front();
        }
        if keep {
            self.undrained.push(sms.clone());
        }
        self.recent.push_back(sms);
    }

    /// The messages sent in a call, oldest first.
    pub fn for_call(&self, call: CallId) -> impl Iterator<Item = &Sms> {
        self.recent.iter().filter(move |sms| sms.call == call)
    }

    /// The messages sent in calls from a number, oldest first.
    pub fn for_number(&self, number: CallerNumber) -> impl Iterator<Item = &Sms> {
        self.recent.iter().filter(move |sms| sms.caller == Some(number))
    }

    /// The code last sent in a call.
    pub fn code_for(&self, call: CallId) -> Option<Secret<Digits>> {
        self.for_call(call).filter_map(|sms| sms.code).last()
    }

    /// The message sent last.
    pub fn latest(&self) -> Option<&Sms> {
        self.recent.back()
    }

    /// Whether messages wait for the driver.
    pub(super) fn has_news(&self) -> bool {
        !self.undrained.is_empty()
    }

    /// How many messages were sent since the beginning.
    pub fn sent(&self) -> u64 {
        self.sent
    }

    pub(super) fn drain(&mut self) -> Vec<Sms> {
        std::mem::take(&mut self.undrained)
    }
}
