//! What a script may ask of the world: the closed list of services, with their arguments, results, outcomes and the access
//! level each demands. The engine passes requests and replies on without understanding them; the world answers them; the
//! checker types them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::value::{Symbol, SymbolSet, Type};
use crate::{
    id::{PersonId, RequestId},
    pii::{CallerNumber, Digits, Secret},
    script::value::Value,
    time::Duration,
};

/// How surely the caller is known to be the person she speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum AccessLevel {
    /// Anybody: general information.
    #[default]
    L0,
    /// Number (or file reference) and birth date.
    L1,
    /// L1 and a one-time code, or the last four digits of the national card where no phone is on file.
    L2,
}

/// A closed set of words known to every script. Scripts may add sets of their own after these.
pub struct SetEntry {
    /// The name of the set; also the first half of the prompt ids that say its words (`category.farm`).
    pub name: &'static str,
    /// The words, in the order of [`Symbol::word`].
    pub words: &'static [&'static str],
}

/// Professional categories, in the order of the registry's margins.
pub const CATEGORY: SymbolSet = SymbolSet(0);
/// States of a health-care (AMO) file.
pub const FILE_STATE: SymbolSet = SymbolSet(1);
/// Documents an incomplete file lacks.
pub const DOCUMENT: SymbolSet = SymbolSet(2);
/// Liaison bodies that transmit registration files.
pub const BODY: SymbolSet = SymbolSet(3);
/// States of a complaint.
pub const COMPLAINT_STATE: SymbolSet = SymbolSet(4);
/// The twelve regions.
pub const REGION: SymbolSet = SymbolSet(5);
/// Kinds of service point.
pub const PLACE: SymbolSet = SymbolSet(6);
/// Months, January first.
pub const MONTH: SymbolSet = SymbolSet(7);
/// Kinds of back-office case.
pub const CASE: SymbolSet = SymbolSet(8);
/// How many sets the catalogue has; a script's own sets are numbered from here on.
pub const SET_COUNT: u8 = 9;

/// The words of every catalogue set, indexed by [`SymbolSet`].
pub static SETS: [SetEntry; SET_COUNT as usize] = [
    SetEntry {
        name: "category",
        words: &["farm", "ae", "cpu", "art", "taxi", "med", "comc", "artist", "legal", "arch", "artc", "other"],
    },
    SetEntry { name: "file_state", words: &["received", "processing", "incomplete", "settled", "rejected"] },
    SetEntry { name: "document", words: &["prescription", "invoice", "identity", "bank_details"] },
    SetEntry {
        name: "body",
        words: &["agriculture", "tax", "crafts", "transport", "health", "culture", "justice", "professions"],
    },
    SetEntry { name: "complaint_state", words: &["received", "processing", "answered"] },
    SetEntry {
        name: "region",
        words: &["r01", "r02", "r03", "r04", "r05", "r06", "r07", "r08", "r09", "r10", "r11", "r12"],
    },
    SetEntry { name: "place", words: &["agency", "point"] },
    SetEntry {
        name: "month",
        words: &["m01", "m02", "m03", "m04", "m05", "m06", "m07", "m08", "m09", "m10", "m11", "m12"],
    },
    SetEntry { name: "case", words: &["correction", "contest", "complaint", "declaration", "payment"] },
];

/// The symbol for `word` in a catalogue set; `None` when the set has no such word.
pub fn symbol(set: SymbolSet, word: &str) -> Option<Symbol> {
    let place = SETS.get(set.0 as usize)?.words.iter().position(|w| *w == word)?;
    Some(Symbol { set, word: place as u16 })
}

/// A named, typed field of a service's arguments or results.
pub struct Field {
    /// The name scripts use.
    pub name: &'static str,
    /// Its type.
    pub kind: Type,
}

/// One way a service can answer.
pub struct Outcome {
    /// The name a `lookup` node routes on.
    pub name: &'static str,
    /// The results that are set on this outcome, as indices into the service's `results`.
    pub sets: &'static [u8],
}

/// A service, as scripts see it.
pub struct ServiceEntry {
    /// The service.
    pub service: Service,
    /// The name in scripts.
    pub name: &'static str,
    /// What it does, in one sentence, for docs and editors.
    pub about: &'static str,
    /// The access level the call must have reached; a read above L0 concerns the authenticated person.
    pub level: AccessLevel,
    /// What it is asked with.
    pub arguments: &'static [Field],
    /// What it can answer with.
    pub results: &'static [Field],
    /// How it can answer; the order is [`Reply::Answer`]'s `outcome`. A service can also be unavailable, which is not an
    /// outcome but an error (handler `error`).
    pub outcomes: &'static [Outcome],
}

/// A service outside the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Service {
    /// Registration status of the authenticated person.
    Registration,
    /// Whether rights to cover are open.
    Rights,
    /// The contribution due, or the last one paid.
    Contribution,
    /// What is owed from earlier periods.
    Arrears,
    /// The n-th health-care file, latest first.
    AmoFile,
    /// Declared spouse and children.
    Family,
    /// A link to create a portal account, by SMS to the calling number.
    PortalLink,
    /// A link to reset the portal password, by SMS to the phone on file.
    PortalReset,
    /// The nearest agency or proximity point.
    Locate,
    /// The address found by the last `locate` of this call, by SMS to the calling number.
    LocateSms,
    /// Lodges a complaint.
    ComplaintNew,
    /// The state of a complaint.
    ComplaintStatus,
    /// Opens a back-office case.
    CaseOpen,
}

const fn field(name: &'static str, kind: Type) -> Field {
    Field { name, kind }
}
const fn outcome(name: &'static str, sets: &'static [u8]) -> Outcome {
    Outcome { name, sets }
}

/// Every service, indexed by `Service as usize`.
pub static SERVICES: [ServiceEntry; 13] = [
    ServiceEntry {
        service: Service::Registration,
        name: "registration",
        about: "registration status of the authenticated person",
        level: AccessLevel::L1,
        arguments: &[],
        results: &[
            field("category", Type::Symbol(CATEGORY)),
            field("since", Type::Date),
            field("last3", Type::Digits),
            field("body", Type::Symbol(BODY)),
        ],
        outcomes: &[
            outcome("registered", &[0, 1, 2]),
            outcome("pending", &[0, 3]),
            outcome("under_review", &[0, 3]),
            outcome("other_cover", &[0]),
            outcome("not_transmitted", &[]),
        ],
    },
    ServiceEntry {
        service: Service::Rights,
        name: "rights",
        about: "whether the authenticated person's rights to health cover are open, and if not, why",
        level: AccessLevel::L1,
        arguments: &[],
        results: &[field("since", Type::Date), field("starts", Type::Date), field("month", Type::Symbol(MONTH))],
        outcomes: &[
            outcome("open", &[0]),
            outcome("unpaid", &[]),
            outcome("soon", &[1, 2]),
            outcome("not_registered", &[]),
        ],
    },
    ServiceEntry {
        service: Service::Contribution,
        name: "contribution",
        about: "the contribution now due, or the last one paid when nothing is due",
        level: AccessLevel::L1,
        arguments: &[],
        results: &[field("period", Type::Symbol(MONTH)), field("amount", Type::Amount), field("date", Type::Date)],
        outcomes: &[outcome("due", &[0, 1, 2]), outcome("paid", &[1, 2]), outcome("not_registered", &[])],
    },
    ServiceEntry {
        service: Service::Arrears,
        name: "arrears",
        about: "what is owed from earlier periods, and for how many months",
        level: AccessLevel::L2,
        arguments: &[],
        results: &[field("amount", Type::Amount), field("months", Type::Number)],
        outcomes: &[outcome("arrears", &[0, 1]), outcome("none", &[]), outcome("not_registered", &[])],
    },
    ServiceEntry {
        service: Service::AmoFile,
        name: "amo_file",
        about: "the n-th health-care file of the authenticated person, latest first (index from 1)",
        level: AccessLevel::L2,
        arguments: &[field("index", Type::Number)],
        results: &[
            field("count", Type::Number),
            field("ref", Type::Digits),
            field("lodged", Type::Date),
            field("state", Type::Symbol(FILE_STATE)),
            field("doc", Type::Symbol(DOCUMENT)),
            field("as_of", Type::Date),
        ],
        outcomes: &[
            outcome("found", &[0, 1, 2, 3]),
            outcome("incomplete", &[0, 1, 2, 3, 4]),
            outcome("none", &[0, 5]),
            outcome("no_more", &[0]),
        ],
    },
    ServiceEntry {
        service: Service::Family,
        name: "family",
        about: "how many spouses and children the authenticated person has declared",
        level: AccessLevel::L2,
        arguments: &[],
        results: &[field("spouses", Type::Number), field("children", Type::Number)],
        outcomes: &[outcome("found", &[0, 1]), outcome("not_registered", &[])],
    },
    ServiceEntry {
        service: Service::PortalLink,
        name: "portal_link",
        about: "sends a link for creating a portal account, by SMS to the calling number",
        level: AccessLevel::L0,
        arguments: &[],
        results: &[],
        outcomes: &[outcome("sent", &[]), outcome("no_number", &[])],
    },
    ServiceEntry {
        service: Service::PortalReset,
        name: "portal_reset",
        about: "sends a link for a new portal password, by SMS to the phone on file",
        level: AccessLevel::L2,
        arguments: &[],
        results: &[field("tail", Type::Digits)],
        outcomes: &[outcome("sent", &[0]), outcome("no_account", &[]), outcome("no_phone", &[])],
    },
    ServiceEntry {
        service: Service::Locate,
        name: "locate",
        about: "the nearest agency or proximity point for a five-digit postal code or a two-digit region code",
        level: AccessLevel::L0,
        arguments: &[field("code", Type::Digits), field("place", Type::Symbol(PLACE))],
        results: &[
            field("name", Type::Text),
            field("city", Type::Text),
            field("open", Type::Time),
            field("close", Type::Time),
        ],
        outcomes: &[outcome("found", &[0, 1, 2, 3]), outcome("unknown", &[])],
    },
    ServiceEntry {
        service: Service::LocateSms,
        name: "locate_sms",
        about: "sends the address last found in this call, by SMS to the calling number",
        level: AccessLevel::L0,
        arguments: &[],
        results: &[],
        outcomes: &[outcome("sent", &[]), outcome("no_number", &[])],
    },
    ServiceEntry {
        service: Service::ComplaintNew,
        name: "complaint_new",
        about: "lodges a complaint and gives its eight-digit reference",
        level: AccessLevel::L0,
        arguments: &[],
        results: &[field("ref", Type::Digits)],
        outcomes: &[outcome("lodged", &[0])],
    },
    ServiceEntry {
        service: Service::ComplaintStatus,
        name: "complaint_status",
        about: "the state of the complaint with an eight-digit reference",
        level: AccessLevel::L0,
        arguments: &[field("ref", Type::Digits)],
        results: &[
            field("state", Type::Symbol(COMPLAINT_STATE)),
            field("lodged", Type::Date),
            field("answer_by", Type::Date),
        ],
        outcomes: &[outcome("found", &[0, 1, 2]), outcome("unknown", &[])],
    },
    ServiceEntry {
        service: Service::CaseOpen,
        name: "case_open",
        about: "opens a back-office case and gives its eight-digit reference",
        level: AccessLevel::L0,
        arguments: &[field("kind", Type::Symbol(CASE))],
        results: &[field("ref", Type::Digits)],
        outcomes: &[outcome("opened", &[0])],
    },
];

/// A text message the world sends on a service's behalf.
pub struct MessageEntry {
    /// The prompt that words it; a script without that prompt sends the substance alone.
    pub prompt: &'static str,
    /// What the wording may fill in.
    pub slot: Option<Field>,
}

/// The one-time code of an authentication; slot `code`.
pub const SMS_CODE: &MessageEntry = &MESSAGES[0];
/// The link for creating a portal account.
pub const SMS_PORTAL_LINK: &MessageEntry = &MESSAGES[1];
/// The link for a new portal password.
pub const SMS_PORTAL_RESET: &MessageEntry = &MESSAGES[2];
/// The address of an agency or point; slot `place`.
pub const SMS_ADDRESS: &MessageEntry = &MESSAGES[3];

/// Every text message.
pub static MESSAGES: [MessageEntry; 4] = [
    MessageEntry { prompt: "sms.code", slot: Some(field("code", Type::Text)) },
    MessageEntry { prompt: "sms.portal_link", slot: None },
    MessageEntry { prompt: "sms.portal_reset", slot: None },
    MessageEntry { prompt: "sms.address", slot: Some(field("place", Type::Text)) },
];

impl Service {
    /// The catalogue entry.
    pub fn entry(self) -> &'static ServiceEntry {
        &SERVICES[self as usize]
    }
    /// The service called `name` in scripts.
    pub fn named(name: &str) -> Option<Service> {
        SERVICES.iter().find(|entry| entry.name == name).map(|entry| entry.service)
    }
}

/// What a caller claims to be known by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClaimKind {
    /// A nine-digit registration number.
    Number,
    /// An eight-digit file reference, for people without a registration number.
    Reference,
}

/// Something the engine asks of the world on behalf of a call. Exactly one [`Reply`] is owed to each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Query {
    /// A `lookup` node's question.
    Lookup {
        /// Which service.
        service: Service,
        /// The authenticated person, when there is one.
        person: Option<PersonId>,
        /// The level the call has reached; the world refuses what is above it, whatever the script says.
        level: AccessLevel,
        /// One value per argument of the catalogue entry.
        arguments: Box<[Value]>,
    },
    /// Does this claim go with this birth date?
    CheckIdentity {
        /// What the caller gave.
        claim: ClaimKind,
        /// The digits she gave; not necessarily those of anybody.
        id: Secret<Digits>,
        /// The birth date she gave, as eight digits DDMMYYYY; not necessarily a date.
        birth: Secret<Digits>,
    },
    /// Send a one-time code to the phone on file.
    SendCode {
        /// To whom.
        person: PersonId,
    },
    /// Is this the code last sent, or, where no phone is on file, are these the last four digits of the card?
    CheckCode {
        /// Of whom.
        person: PersonId,
        /// What the caller keyed.
        code: Secret<Digits>,
    },
}

impl Query {
    /// Whether it asks if a secret is right: an attempt that counts.
    pub fn is_check(&self) -> bool {
        matches!(self, Query::CheckIdentity { .. } | Query::CheckCode { .. })
    }
}

/// A query with what the world needs to answer it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Ties the reply to the request.
    pub id: RequestId,
    /// The number the call came from, when known.
    pub caller: Option<CallerNumber>,
    /// What is asked.
    pub query: Query,
}

/// The world's answer to a [`Query`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// The answer of a service: which outcome, and one value per result of the catalogue entry (unset where the outcome
    /// does not set it).
    Answer {
        /// Index into the entry's `outcomes`.
        outcome: u8,
        /// Indexed like the entry's `results`.
        results: Box<[Value]>,
    },
    /// [`Query::CheckIdentity`]: they go together.
    Known(PersonId),
    /// [`Query::CheckIdentity`], [`Query::CheckCode`]: they do not; the answer for an unknown number too.
    Refused,
    /// Too many failures for this claim or this calling number.
    Locked {
        /// How long until a new try may succeed.
        delay: Duration,
    },
    /// [`Query::SendCode`]: the code is on its way.
    CodeSent {
        /// The last two digits of the phone on file.
        tail: Digits,
        /// How long the code is valid.
        valid: Duration,
    },
    /// [`Query::SendCode`]: no phone is on file, or SMS is down; the card's last four digits are asked instead.
    NoPhone,
    /// [`Query::CheckCode`]: right.
    CodeRight,
    /// The service is down or too slow.
    Unavailable,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_indexed_by_the_enum() {
        for (i, entry) in SERVICES.iter().enumerate() {
            assert_eq!(entry.service as usize, i, "{}", entry.name);
            assert!(entry.outcomes.iter().flat_map(|o| o.sets).all(|&s| (s as usize) < entry.results.len()));
        }
    }
}
