//! Complaints and back-office cases: references, and the two legal timers of a complaint.
//!
//! A receipt is due within 15 days and an answer within 60. Each complaint gets its receipt and its answer on days of its
//! own before those limits.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    id::{CallId, PersonId},
    pii::Digits,
    random::{Purpose, Seed, mix},
    registry::Shuffle,
    time::Date,
};

/// Days within which the receipt comes.
pub const RECEIPT_DAYS: i32 = 15;
/// Days within which the answer comes.
pub const ANSWER_DAYS: i32 = 60;

/// A complaint as kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Complaint {
    /// Counted from 0 in the order of lodging; the reference follows from it.
    pub ordinal: u32,
    /// The call it was lodged in.
    pub call: CallId,
    /// Who lodged it, when she was authenticated.
    pub person: Option<PersonId>,
    /// On which local day.
    pub lodged: Date,
}

/// A back-office case as kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// Counted from 0 in the order of opening; the reference follows from it.
    pub ordinal: u32,
    /// The call it was opened in.
    pub call: CallId,
    /// Whom it concerns, when she was authenticated.
    pub person: Option<PersonId>,
    /// On which local day.
    pub opened: Date,
    /// The catalogue's word for its kind.
    pub kind: String,
}

/// How far a complaint has got; the order of the catalogue's `complaint_state`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ComplaintState {
    /// Lodged; no receipt yet.
    Received,
    /// The receipt was sent.
    Processing,
    /// The answer was sent.
    Answered,
}

/// The complaints and cases of a run.
#[derive(Clone, Debug)]
pub struct Casebook {
    complaint_references: Shuffle,
    case_references: Shuffle,
    key: u64,
    complaints: BTreeMap<u32, Complaint>,
    next_complaint: u32,
    next_case: u32,
}

impl Casebook {
    /// An empty casebook.
    pub fn new(seed: Seed) -> Casebook {
        let references = |owner| Shuffle::new(seed.key(Purpose::Reference, owner), 100_000_000);
        Casebook {
            complaint_references: references(1),
            case_references: references(2),
            key: seed.key(Purpose::Reference, 3),
            complaints: BTreeMap::new(),
            next_complaint: 0,
            next_case: 0,
        }
    }

    /// Lodges a complaint.
    pub fn lodge(&mut self, call: CallId, person: Option<PersonId>, lodged: Date) -> (Digits, Complaint) {
        let complaint = Complaint { ordinal: self.next_complaint, call, person, lodged };
        let reference = self.complaint_references.forward(complaint.ordinal);
        self.restore_complaint(complaint.clone());
        (eight(reference), complaint)
    }

    /// Opens a case.
    pub fn open(&mut self, call: CallId, person: Option<PersonId>, opened: Date, kind: &str) -> (Digits, Case) {
        let case = Case { ordinal: self.next_case, call, person, opened, kind: kind.to_owned() };
        self.restore_case(&case);
        (eight(self.case_references.forward(case.ordinal)), case)
    }

    /// Takes back a complaint kept from an earlier run of the same seed.
    pub fn restore_complaint(&mut self, complaint: Complaint) {
        self.next_complaint = self.next_complaint.max(complaint.ordinal + 1);
        self.complaints.insert(self.complaint_references.forward(complaint.ordinal), complaint);
    }

    /// Counts a case kept from an earlier run of the same seed, so that its reference is not given again.
    pub fn restore_case(&mut self, case: &Case) {
        self.next_case = self.next_case.max(case.ordinal + 1);
    }

    /// How the complaint with this reference stands on `today`, when it was lodged, and by when the answer is due.
    pub fn status(&self, reference: Digits, today: Date) -> Option<(ComplaintState, Date, Date)> {
        if reference.len() != 8 {
            return None;
        }
        let complaint = self.complaints.get(&u32::try_from(reference.as_number()).ok()?)?;
        let draw = mix(self.key ^ u64::from(complaint.ordinal));
        let receipt = 3 + (draw % (RECEIPT_DAYS as u64 - 3)) as i32;
        let answer = 20 + ((draw >> 32) % (ANSWER_DAYS as u64 - 20)) as i32;
        let state = match today.0 - complaint.lodged.0 {
            age if age >= answer => ComplaintState::Answered,
            age if age >= receipt => ComplaintState::Processing,
            _ => ComplaintState::Received,
        };
        Some((state, complaint.lodged, complaint.lodged.plus_days(ANSWER_DAYS)))
    }
}

fn eight(reference: u32) -> Digits {
    Digits::from_number(reference.into(), 8).unwrap_or_default()
}
