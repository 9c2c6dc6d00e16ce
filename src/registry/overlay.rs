//! What has changed since the beginning: few people, read by everybody.
//!
//! A bit per person says whether she has changed at all, so that a look-up of somebody who has not pays for one bit and no
//! hash. Changed people live in a concurrent map. A bit is set only after the person's entry is in the map.

use std::sync::atomic::{AtomicU64, Ordering};

use dashmap::{DashMap, Entry};
use serde::{Deserialize, Serialize};

use super::{
    person::{MAX_CHILDREN, MAX_FILES, Person, Record},
    words::{Category, FileState, Status},
};
use crate::{id::PersonId, time::Date};

/// Something that happens to one person. Serialisable, so that a store can keep and apply it again after a restart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case", deny_unknown_fields)]
pub enum Change {
    /// She gets a registration number.
    Register {
        /// Who.
        person: PersonId,
        /// On which day.
        on: Date,
        /// Under which category, when not the one in her file.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        category: Option<Category>,
    },
    /// She pays all that is due, and from now on as it falls due.
    Pay {
        /// Who.
        person: PersonId,
        /// On which day.
        on: Date,
    },
    /// She lodges a health-care file.
    OpenFile {
        /// Who.
        person: PersonId,
        /// On which day.
        on: Date,
    },
    /// One of her files gets on.
    SetFileState {
        /// Who.
        person: PersonId,
        /// Which file: 0 is her oldest.
        file: u8,
        /// Its state from now on.
        state: FileState,
    },
    /// She gets a portal account.
    CreatePortal {
        /// Who.
        person: PersonId,
    },
    /// She declares a spouse.
    DeclareSpouse {
        /// Who.
        person: PersonId,
    },
    /// She declares a child.
    DeclareChild {
        /// Who.
        person: PersonId,
    },
}

impl Change {
    /// Whom it happens to.
    pub fn person(&self) -> PersonId {
        match *self {
            Change::Register { person, .. }
            | Change::Pay { person, .. }
            | Change::OpenFile { person, .. }
            | Change::SetFileState { person, .. }
            | Change::CreatePortal { person }
            | Change::DeclareSpouse { person }
            | Change::DeclareChild { person } => person,
        }
    }
}

/// Why a change cannot be made. The registry is as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChangeError {
    /// No such index.
    #[error("the registry has no person {0}; indices run from 0 to its size less one")]
    NoSuchPerson(PersonId),
    /// Only the registered pay, have files, accounts and declared family.
    #[error("person {0} is not registered; register her first")]
    NotRegistered(PersonId),
    /// She has a number already.
    #[error("person {0} is registered already; she keeps her number")]
    AlreadyRegistered(PersonId),
    /// She has an account already.
    #[error("person {0} has a portal account already; send a reset link instead")]
    AlreadyHasPortal(PersonId),
    /// A spouse is declared already.
    #[error("person {0} has a declared spouse already; a correction is a matter for an adviser")]
    AlreadyHasSpouse(PersonId),
    /// The record holds no more.
    #[error("person {0} has 15 declared children already, the most a record holds")]
    TooManyChildren(PersonId),
    /// The record holds no more.
    #[error("person {0} has 7 files already, the most a record holds")]
    TooManyFiles(PersonId),
    /// No such file.
    #[error("person {person} has {count} files; file {file} does not exist (0 is the oldest)")]
    NoSuchFile {
        /// Who.
        person: PersonId,
        /// The file asked for.
        file: u8,
        /// How many she has.
        count: u8,
    },
    /// A date a record cannot hold.
    #[error("{0} is out of range for a registration; dates run from 2000-01-01 to 2179-06-06")]
    DateOutOfRange(Date),
}

/// A changed person.
#[derive(Clone, Debug)]
pub(super) struct Patch {
    pub(super) record: Record,
    /// The day of her last payment under [`Change::Pay`].
    pub(super) paid_on: Option<Date>,
    /// When the files opened under [`Change::OpenFile`] were lodged, oldest first: her last ones.
    pub(super) lodged: Vec<Date>,
}

impl std::fmt::Debug for Record {
    /// A record holds factors of authentication.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Record(•)")
    }
}

/// The changed people of a registry.
pub(super) struct Overlay {
    changed: Box<[AtomicU64]>,
    patches: DashMap<PersonId, Patch, ahash::RandomState>,
}

impl Overlay {
    /// Nothing has changed for `size` people.
    pub(super) fn new(size: u32) -> Overlay {
        let changed = (0..size.div_ceil(64)).map(|_| AtomicU64::new(0)).collect();
        // Fixed keys: the map is only ever asked for one person, and a copy of a world must not need chance.
        let hasher = ahash::RandomState::with_seeds(1, 2, 3, 4);
        Overlay { changed, patches: DashMap::with_hasher(hasher) }
    }

    #[inline]
    fn is_changed(&self, id: PersonId) -> bool {
        let word = self.changed.get(id.index() / 64);
        word.is_some_and(|word| word.load(Ordering::Acquire) >> (id.0 % 64) & 1 == 1)
    }

    /// The person as she is now, given how she was.
    #[inline]
    pub(super) fn apply_to(&self, person: Person) -> Person {
        if self.is_changed(person.id) { self.changed_person(person) } else { person }
    }

    #[cold]
    fn changed_person(&self, person: Person) -> Person {
        self.patches.get(&person.id).map_or(person, |patch| Person { id: person.id, record: patch.record })
    }

    /// What has changed about her, if anything.
    pub(super) fn patch(&self, id: PersonId) -> Option<Patch> {
        if !self.is_changed(id) {
            return None;
        }
        self.patches.get(&id).map(|patch| patch.clone())
    }

    /// How many people have changed.
    pub(super) fn len(&self) -> usize {
        self.patches.len()
    }

    /// Bytes of the bits, and an estimate for the entries.
    pub(super) fn bytes(&self) -> usize {
        self.changed.len() * 8 + self.patches.len() * (size_of::<Patch>() + size_of::<PersonId>() + 16)
    }

    /// Makes the change to `person`, as the base has her, or says why not.
    pub(super) fn change(&self, base: Person, change: &Change) -> Result<(), ChangeError> {
        match self.patches.entry(base.id) {
            Entry::Occupied(mut entry) => edit(entry.get_mut(), base.id, change)?,
            Entry::Vacant(entry) => {
                let mut patch = Patch { record: base.record, paid_on: None, lodged: Vec::new() };
                edit(&mut patch, base.id, change)?;
                entry.insert(patch);
            }
        }
        let bit = 1 << (base.id.0 % 64);
        self.changed[base.id.index() / 64].fetch_or(bit, Ordering::Release);
        Ok(())
    }
}

/// Changes a patch, or refuses and leaves it as it was.
fn edit(patch: &mut Patch, id: PersonId, change: &Change) -> Result<(), ChangeError> {
    let person = Person { id, record: patch.record };
    if !person.is_registered() && !matches!(change, Change::Register { .. }) {
        return Err(ChangeError::NotRegistered(id));
    }
    match *change {
        Change::Register { on, category, .. } => {
            if person.is_registered() {
                return Err(ChangeError::AlreadyRegistered(id));
            }
            if !super::person::since_fits(on) {
                return Err(ChangeError::DateOutOfRange(on));
            }
            patch.record.set_status(Status::Registered);
            patch.record.set_since(Some(on));
            if let Some(category) = category {
                patch.record.set_category(category);
            }
        }
        Change::Pay { on, .. } => {
            patch.record.set_paid_up(true);
            patch.paid_on = Some(on);
        }
        Change::OpenFile { on, .. } => {
            if person.file_count() >= MAX_FILES {
                return Err(ChangeError::TooManyFiles(id));
            }
            patch.record.push_file(FileState::Received);
            patch.lodged.push(on);
        }
        Change::SetFileState { file, state, .. } => {
            if file >= person.file_count() {
                return Err(ChangeError::NoSuchFile { person: id, file, count: person.file_count() });
            }
            patch.record.set_file_state(file, state);
        }
        Change::CreatePortal { .. } if person.has_portal() => return Err(ChangeError::AlreadyHasPortal(id)),
        Change::CreatePortal { .. } => patch.record.set_portal(true),
        Change::DeclareSpouse { .. } if person.has_spouse() => return Err(ChangeError::AlreadyHasSpouse(id)),
        Change::DeclareSpouse { .. } => patch.record.set_spouse(true),
        Change::DeclareChild { .. } if person.children() >= MAX_CHILDREN => {
            return Err(ChangeError::TooManyChildren(id));
        }
        Change::DeclareChild { .. } => patch.record.set_children(person.children() + 1),
    }
    Ok(())
}

impl Clone for Overlay {
    /// A deep copy: what happens to the copy does not happen here.
    fn clone(&self) -> Overlay {
        let changed = self.changed.iter().map(|word| AtomicU64::new(word.load(Ordering::Acquire))).collect();
        Overlay { changed, patches: self.patches.clone() }
    }
}
