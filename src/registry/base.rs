//! The people as they were at the beginning: an immutable array, and how a number leads into it.
//!
//! A generated registry needs no index: a number is a keyed permutation of the person's index, and the permutation runs
//! backwards. An imported one has numbers of its own; it keeps them sorted, eight bytes a person more.

use super::{
    code::{CODES, CodeBook},
    generate,
    person::{Person, Record},
};
use crate::{
    id::PersonId,
    random::{Purpose, Seed, mix},
};

/// The owner keys, under [`Purpose::Registry`], of what is derived from an index. Far above the generator's own.
const NUMBER_KEY: u64 = 1_001;
const REFERENCE_KEY: u64 = 1_002;
const TRAIT_KEY: u64 = 1_003;

/// The immutable half of a registry. Sixteen bytes a person, twenty-four when imported.
#[derive(Debug)]
pub struct Base {
    records: Vec<Record>,
    directory: Directory,
    traits: u64,
}

#[derive(Debug)]
enum Directory {
    /// Numbers (with a leading 0 that marks them synthetic) and references by permutation.
    Keyed { numbers: CodeBook, references: CodeBook },
    /// One code a person: her number when registered, else her reference. A reference becomes the number on registration.
    Table { codes: Vec<u32>, order: Vec<u32> },
}

impl Base {
    /// A generated population. See `generate`.
    pub fn generated(size: u32, seed: u64) -> Base {
        let root = Seed::new(seed);
        let book = |owner| CodeBook::new(root.key(Purpose::Registry, owner));
        let directory = Directory::Keyed { numbers: book(NUMBER_KEY), references: book(REFERENCE_KEY) };
        let traits = root.key(Purpose::Registry, TRAIT_KEY);
        Base { records: generate::generate(size, seed), directory, traits }
    }

    /// An imported population: a record and a code each. The codes must differ from each other.
    pub(super) fn imported(mut records: Vec<Record>, mut codes: Vec<u32>, seed: u64) -> Base {
        assert_eq!(records.len(), codes.len(), "each record has a code");
        records.shrink_to_fit();
        codes.shrink_to_fit();
        let mut order: Vec<u32> = (0..codes.len() as u32).collect();
        order.sort_unstable_by_key(|&i| codes[i as usize]);
        let traits = Seed::new(seed).key(Purpose::Registry, TRAIT_KEY);
        Base { records, directory: Directory::Table { codes, order }, traits }
    }

    /// How many people there are.
    pub fn len(&self) -> u32 {
        self.records.len() as u32
    }

    /// Whether there is nobody.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Bytes the base takes, index included.
    pub fn bytes(&self) -> usize {
        let directory = match &self.directory {
            Directory::Keyed { .. } => 2 * CodeBook::BYTES,
            Directory::Table { codes, order } => 4 * (codes.capacity() + order.capacity()),
        };
        self.records.capacity() * size_of::<Record>() + directory + size_of::<Base>()
    }

    /// The person as she was at the beginning.
    #[inline]
    pub fn person(&self, id: PersonId) -> Option<Person> {
        self.records.get(id.index()).map(|&record| Person { id, record })
    }

    /// Everybody as they were at the beginning, in index order.
    pub fn people(&self) -> impl Iterator<Item = Person> + '_ {
        self.records.iter().zip(0..).map(|(&record, i)| Person { id: PersonId(i), record })
    }

    /// Whose registration number `number` is or would be, or an index beyond the last person; whether there is such a
    /// person and whether she is registered is for the caller to see.
    #[inline]
    pub(super) fn holder_of_number(&self, number: u64) -> Option<PersonId> {
        match &self.directory {
            Directory::Keyed { numbers, .. } => keyed(numbers, number),
            Directory::Table { codes, order } => search(codes, order, number),
        }
    }

    /// Whose file reference `reference` is or was, or an index beyond the last person.
    #[inline]
    pub(super) fn holder_of_reference(&self, reference: u64) -> Option<PersonId> {
        match &self.directory {
            Directory::Keyed { references, .. } => keyed(references, reference),
            Directory::Table { codes, order } => search(codes, order, reference),
        }
    }

    /// The registration number she has, or will have when registered.
    pub(super) fn number_of(&self, id: PersonId) -> u32 {
        match &self.directory {
            Directory::Keyed { numbers, .. } => numbers.forward(id.0),
            Directory::Table { codes, .. } => codes[id.index()],
        }
    }

    /// Her file reference.
    pub(super) fn reference_of(&self, id: PersonId) -> u32 {
        match &self.directory {
            Directory::Keyed { references, .. } => references.forward(id.0),
            Directory::Table { codes, .. } => codes[id.index()],
        }
    }

    /// A fixed hash of the person for `what`: for traits that are derived and not stored.
    pub(super) fn trait_of(&self, id: PersonId, what: u64) -> u64 {
        mix(self.traits ^ mix(u64::from(id.0) << 8 ^ what))
    }
}

#[inline]
fn keyed(book: &CodeBook, code: u64) -> Option<PersonId> {
    (code < u64::from(CODES)).then(|| PersonId(book.inverse(code as u32)))
}

fn search(codes: &[u32], order: &[u32], code: u64) -> Option<PersonId> {
    let place = order.binary_search_by(|&i| u64::from(codes[i as usize]).cmp(&code)).ok()?;
    Some(PersonId(order[place]))
}
