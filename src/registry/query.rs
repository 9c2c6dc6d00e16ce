//! Finding people: by number, by reference, by traits; and what is derived about one.

use super::{
    Registry, cover,
    generate::snapshot_day,
    person::{Month, Person},
    words::{Category, FileState, Region, Status},
};
use crate::{id::PersonId, pii::Digits, time::Date};

/// What [`Base::trait_of`](super::Base) hashes are for; part of their key.
const BAND: u64 = 1;
const PAY_DAY: u64 = 2;
const FILE_DATE: u64 = 0x10;
const FILE_REF: u64 = 0x20;
const FILE_DOC: u64 = 0x30;

/// One health-care file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AmoFile {
    /// Eight digits.
    pub reference: Digits,
    /// When it was lodged.
    pub lodged: Date,
    /// How far it has got.
    pub state: FileState,
    /// Which of the catalogue's documents it lacks, where it is incomplete: 0 to 3.
    pub document: u16,
}

impl Registry {
    /// The registered person with this nine-digit number.
    #[inline]
    pub fn by_number(&self, number: Digits) -> Option<Person> {
        let person = self.person(self.base.holder_of_number(number.exactly(9)?)?)?;
        person.is_registered().then_some(person)
    }

    /// [`Registry::by_number`] for many numbers at once, in order: `each` is given the place in `numbers` and the person.
    ///
    /// A look-up waits for memory most of its time. Turning a block of numbers into indices first, which needs no memory
    /// beyond the caches, leaves the processor free to wait for many people at a time.
    pub fn by_numbers(&self, numbers: &[Digits], mut each: impl FnMut(usize, Option<Person>)) {
        const BLOCK: usize = 32;
        let mut ids = [None; BLOCK];
        for (nth, block) in numbers.chunks(BLOCK).enumerate() {
            for (id, number) in ids.iter_mut().zip(block) {
                *id = number.exactly(9).and_then(|number| self.base.holder_of_number(number));
            }
            for (i, id) in ids[..block.len()].iter().enumerate() {
                let person = id.and_then(|id| self.person(id));
                each(nth * BLOCK + i, person.filter(Person::is_registered));
            }
        }
    }

    /// The person without a registration number whose file has this eight-digit reference.
    pub fn by_reference(&self, reference: Digits) -> Option<Person> {
        let person = self.person(self.base.holder_of_reference(reference.exactly(8)?)?)?;
        (!person.is_registered()).then_some(person)
    }

    /// Her nine-digit registration number; `None` when she is not registered.
    pub fn number_of(&self, person: &Person) -> Option<Digits> {
        let number = || Digits::from_number(self.base.number_of(person.id).into(), 9).unwrap_or_default();
        person.is_registered().then(number)
    }

    /// Her eight-digit file reference; `None` when she is registered.
    pub fn reference_of(&self, person: &Person) -> Option<Digits> {
        let reference = || Digits::from_number(self.base.reference_of(person.id).into(), 8).unwrap_or_default();
        (!person.is_registered()).then(reference)
    }

    /// When her rights open if she pays the first contribution in time; `None` when she is not registered.
    pub fn rights_open(&self, person: &Person) -> Option<Date> {
        person.since().map(|since| cover::opens(person.category(), since))
    }

    /// The first month for which she owes a contribution; `None` when she is not registered.
    pub fn first_due(&self, person: &Person) -> Option<Month> {
        person.since().map(|since| cover::first_due(person.category(), since))
    }

    /// Her income band, 0 to 3; synthetic.
    pub fn income_band(&self, person: &Person) -> u8 {
        (self.base.trait_of(person.id, BAND) % 4) as u8
    }

    /// The day of the month on which she pays when she pays in time: 5 to 24.
    pub fn pay_day(&self, person: &Person) -> i32 {
        5 + (self.base.trait_of(person.id, PAY_DAY) % 20) as i32
    }

    /// When she last paid by a change made since the beginning; `None` when there was none.
    pub fn paid_on(&self, id: PersonId) -> Option<Date> {
        self.overlay.patch(id).and_then(|patch| patch.paid_on)
    }

    /// Her health-care files, oldest first. Those of the beginning were lodged between the opening of her rights and
    /// 1 April 2022, at dates derived from her index.
    pub fn files_of(&self, person: &Person) -> Vec<AmoFile> {
        let lodged_later = self.overlay.patch(person.id).map(|patch| patch.lodged).unwrap_or_default();
        let of_base = usize::from(person.file_count()).saturating_sub(lodged_later.len());
        let end = snapshot_day();
        let start = self.rights_open(person).unwrap_or(end).min(end);
        let days = (end.0 - start.0 + 1) as usize;
        (0..person.file_count())
            .filter_map(|n| {
                let nth = usize::from(n);
                let draw = |what: u64| self.base.trait_of(person.id, what + u64::from(n));
                // Each file of the beginning has a stretch of its own, so that the oldest comes first.
                let (from, to) = (nth * days / of_base.max(1), (nth + 1) * days / of_base.max(1));
                let drawn = from + (draw(FILE_DATE) % (to - from).max(1) as u64) as usize;
                let lodged = lodged_later.get(nth.wrapping_sub(of_base)).copied();
                Some(AmoFile {
                    reference: Digits::from_number(draw(FILE_REF) % 100_000_000, 8).unwrap_or_default(),
                    lodged: lodged.unwrap_or(start.plus_days(drawn as i32)),
                    state: person.file_state(n)?,
                    document: (draw(FILE_DOC) % 4) as u16,
                })
            })
            .collect()
    }

    /// The people who pass the filter, in index order.
    pub fn find<'a>(&'a self, filter: &'a Filter) -> impl Iterator<Item = Person> + 'a {
        (0..self.len()).filter_map(|i| self.person(PersonId(i))).filter(|person| filter.passes(person))
    }
}

/// What to look people up by. An unset field lets everybody pass.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Where they stand.
    pub status: Option<Status>,
    /// Their category.
    pub category: Option<Category>,
    /// Their region.
    pub region: Option<Region>,
    /// Whether they are paid up.
    pub paid: Option<bool>,
    /// Whether a phone is on file.
    pub phone: Option<bool>,
    /// Whether they have a portal account.
    pub portal: Option<bool>,
    /// Whether a spouse is declared.
    pub spouse: Option<bool>,
    /// How many children are declared.
    pub children: Option<u8>,
    /// How many files they have.
    pub files: Option<u8>,
    /// The state of their latest file.
    pub file_state: Option<FileState>,
}

impl Filter {
    /// Whether `person` passes.
    pub fn passes(&self, person: &Person) -> bool {
        fn same<T: PartialEq>(wanted: Option<T>, found: T) -> bool {
            wanted.is_none_or(|wanted| wanted == found)
        }
        same(self.status, person.status())
            && same(self.category, person.category())
            && same(self.region, person.region())
            && same(self.paid, person.is_paid_up())
            && same(self.phone, person.phone_tail().is_some())
            && same(self.portal, person.has_portal())
            && same(self.spouse, person.has_spouse())
            && same(self.children, person.children())
            && same(self.files, person.file_count())
            && self.file_state.is_none_or(|state| {
                person.file_count().checked_sub(1).and_then(|last| person.file_state(last)) == Some(state)
            })
    }
}
