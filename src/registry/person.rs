//! One person: sixteen bytes as stored, and what may be read from them.
//!
//! There is no name, no full card number and no diagnosis: the telephone service needs none. A [`Person`] prints as
//! `Person #index`.

use std::fmt;

use super::words::{Category, FileState, Language, Region, Sex, Status};
use crate::{
    id::PersonId,
    pii::{Digits, Secret},
    time::Date,
};

/// A run of bits in a [`Record`].
#[derive(Clone, Copy)]
struct Bits {
    at: u32,
    len: u32,
}

const fn bits(at: u32, len: u32) -> Bits {
    Bits { at, len }
}

const STATUS: Bits = bits(0, 3);
const CATEGORY: Bits = bits(3, 4);
const REGION: Bits = bits(7, 4);
const LANGUAGE: Bits = bits(11, 2);
const SEX: Bits = bits(13, 1);
const SPOUSE: Bits = bits(14, 1);
const CHILDREN: Bits = bits(15, 4);
const PORTAL: Bits = bits(19, 1);
const PAID_UP: Bits = bits(20, 1);
const PHONE: Bits = bits(21, 1);
const PHONE_TAIL: Bits = bits(22, 7);
const FILES: Bits = bits(29, 3);
const SINCE: Bits = bits(32, 16);
const BIRTH: Bits = bits(48, 16);
const CARD: Bits = bits(64, 14);
const PAID_THROUGH: Bits = bits(78, 8);
/// Seven states of three bits, the oldest file lowest.
const FILE_STATES: Bits = bits(86, 21);

/// 1900-01-01, from which birth dates are counted.
const BIRTH_EPOCH: i32 = -25_567;
/// 1999-12-31, from which registration dates are counted: zero means none.
const SINCE_EPOCH: i32 = 10_956;
/// December 2019, from which paid months are counted: zero means never.
const PAID_EPOCH: i32 = 2019 * 12 + 11;

/// The greatest number of children a record holds.
pub const MAX_CHILDREN: u8 = 15;
/// The greatest number of health-care files a record holds.
pub const MAX_FILES: u8 = 7;

/// A month of a year, counted from January of year 0.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Month(pub i32);

impl Month {
    /// The month `month` (1 to 12) of `year`.
    pub const fn new(year: i32, month: i32) -> Month {
        Month(year * 12 + month - 1)
    }
    /// The month `date` lies in.
    pub fn of(date: Date) -> Month {
        let date = date.civil();
        Month::new(i32::from(date.year()), i32::from(date.month()))
    }
    /// The month after.
    pub const fn next(self) -> Month {
        Month(self.0 + 1)
    }
    /// Place in the year, January = 0.
    pub const fn of_year(self) -> u16 {
        self.0.rem_euclid(12) as u16
    }
    /// The first day.
    pub fn first_day(self) -> Date {
        let year = i16::try_from(self.0.div_euclid(12)).unwrap_or(i16::MAX);
        Date::from_ymd(year, self.of_year() as i8 + 1, 1).unwrap_or(Date(0))
    }
    /// The last day.
    pub fn last_day(self) -> Date {
        self.next().first_day().plus_days(-1)
    }
}

/// A person as stored. Sixteen bytes, aligned so that no record straddles two cache lines.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
#[repr(align(16))]
pub struct Record(u128);

impl Record {
    #[inline]
    const fn get(self, field: Bits) -> u32 {
        ((self.0 >> field.at) & ((1 << field.len) - 1)) as u32
    }

    #[inline]
    fn put(&mut self, field: Bits, value: u32) {
        debug_assert!(value < 1 << field.len, "{value} does not fit {} bits at {}", field.len, field.at);
        let mask = ((1u128 << field.len) - 1) << field.at;
        self.0 = (self.0 & !mask) | ((u128::from(value) << field.at) & mask);
    }

    pub(super) fn set_status(&mut self, status: Status) {
        self.put(STATUS, status as u32);
    }
    pub(super) fn set_category(&mut self, category: Category) {
        self.put(CATEGORY, category as u32);
    }
    pub(super) fn set_region(&mut self, region: Region) {
        self.put(REGION, region as u32);
    }
    pub(super) fn set_language(&mut self, language: Language) {
        self.put(LANGUAGE, language as u32);
    }
    pub(super) fn set_sex(&mut self, sex: Sex) {
        self.put(SEX, sex as u32);
    }
    pub(super) fn set_spouse(&mut self, spouse: bool) {
        self.put(SPOUSE, u32::from(spouse));
    }
    pub(super) fn set_children(&mut self, children: u8) {
        self.put(CHILDREN, u32::from(children.min(MAX_CHILDREN)));
    }
    pub(super) fn set_portal(&mut self, portal: bool) {
        self.put(PORTAL, u32::from(portal));
    }
    pub(super) fn set_paid_up(&mut self, paid_up: bool) {
        self.put(PAID_UP, u32::from(paid_up));
    }
    /// The last two digits of the phone on file, when there is one.
    pub(super) fn set_phone(&mut self, tail: Option<u8>) {
        self.put(PHONE, u32::from(tail.is_some()));
        self.put(PHONE_TAIL, u32::from(tail.unwrap_or(0)) % 100);
    }
    pub(super) fn set_card_tail(&mut self, tail: u16) {
        self.put(CARD, u32::from(tail) % 10_000);
    }
    pub(super) fn set_since(&mut self, since: Option<Date>) {
        let days = since.map_or(0, |date| (date.0 - SINCE_EPOCH).clamp(1, 65_535));
        self.put(SINCE, days as u32);
    }
    pub(super) fn set_birth(&mut self, birth: Date) {
        self.put(BIRTH, (birth.0 - BIRTH_EPOCH).clamp(0, 65_535) as u32);
    }
    pub(super) fn set_paid_through(&mut self, month: Option<Month>) {
        self.put(PAID_THROUGH, month.map_or(0, |m| (m.0 - PAID_EPOCH).clamp(1, 255)) as u32);
    }
    /// Adds a file, the latest, if there is room.
    pub(super) fn push_file(&mut self, state: FileState) -> bool {
        let n = self.get(FILES);
        if n >= u32::from(MAX_FILES) {
            return false;
        }
        self.put(FILES, n + 1);
        self.set_file_state(n as u8, state);
        true
    }
    /// Sets the state of file `n` (0 is the oldest).
    pub(super) fn set_file_state(&mut self, n: u8, state: FileState) {
        debug_assert!(n < MAX_FILES);
        self.put(bits(FILE_STATES.at + 3 * u32::from(n), 3), state as u32);
    }
}

/// The dates a record can hold: birth dates.
pub(super) fn birth_fits(date: Date) -> bool {
    (0..=65_535).contains(&(date.0 - BIRTH_EPOCH))
}

/// The dates a record can hold: registration dates.
pub(super) fn since_fits(date: Date) -> bool {
    (1..=65_535).contains(&(date.0 - SINCE_EPOCH))
}

/// The months a record can hold as the last one paid.
pub(super) fn paid_through_fits(month: Month) -> bool {
    (1..=255).contains(&(month.0 - PAID_EPOCH))
}

/// A read-only view of one person at the moment she was looked up.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Person {
    /// Her index: not a secret, not a registration number.
    pub id: PersonId,
    pub(super) record: Record,
}

impl Person {
    /// Where she stands with the fund.
    #[inline]
    pub fn status(&self) -> Status {
        Status::from_code(self.record.get(STATUS))
    }
    /// Whether she has a registration number.
    #[inline]
    pub fn is_registered(&self) -> bool {
        self.record.get(STATUS) == Status::Registered as u32
    }
    /// Professional category.
    pub fn category(&self) -> Category {
        Category::from_code(self.record.get(CATEGORY))
    }
    /// Region of residence.
    pub fn region(&self) -> Region {
        Region::from_code(self.record.get(REGION))
    }
    /// The language she would rather be answered in.
    pub fn language(&self) -> Language {
        Language::from_code(self.record.get(LANGUAGE))
    }
    /// Sex as on the civil register.
    pub fn sex(&self) -> Sex {
        Sex::from_code(self.record.get(SEX))
    }
    /// Whether a spouse is declared.
    pub fn has_spouse(&self) -> bool {
        self.record.get(SPOUSE) == 1
    }
    /// Declared children, 0 to 15.
    pub fn children(&self) -> u8 {
        self.record.get(CHILDREN) as u8
    }
    /// Whether she has a portal account.
    pub fn has_portal(&self) -> bool {
        self.record.get(PORTAL) == 1
    }
    /// Whether she pays each contribution as it falls due.
    pub fn is_paid_up(&self) -> bool {
        self.record.get(PAID_UP) == 1
    }
    /// The last two digits of the phone on file; `None` when there is no phone.
    pub fn phone_tail(&self) -> Option<Digits> {
        let tail = u64::from(self.record.get(PHONE_TAIL));
        (self.record.get(PHONE) == 1).then(|| Digits::from_number(tail, 2).unwrap_or_default())
    }
    /// How many health-care files she has, 0 to 7.
    pub fn file_count(&self) -> u8 {
        self.record.get(FILES) as u8
    }
    /// The state of file `n` (0 is the oldest); `None` when there are fewer.
    pub fn file_state(&self, n: u8) -> Option<FileState> {
        (n < self.file_count())
            .then(|| FileState::from_code(self.record.get(bits(FILE_STATES.at + 3 * u32::from(n), 3))))
    }
    /// When she was registered; `None` when she is not.
    pub fn since(&self) -> Option<Date> {
        let days = self.record.get(SINCE) as i32;
        (days > 0).then_some(Date(days + SINCE_EPOCH))
    }
    /// The last month paid by somebody who stopped paying; `None` for who never paid. Says nothing where
    /// [`Person::is_paid_up`] holds.
    pub fn paid_through(&self) -> Option<Month> {
        let months = self.record.get(PAID_THROUGH) as i32;
        (months > 0).then_some(Month(months + PAID_EPOCH))
    }
    /// Birth date: a factor of authentication, so wrapped.
    pub fn birth(&self) -> Secret<Date> {
        Secret::new(self.birth_date())
    }
    /// Age in whole years on `today`, for tables and choices that need no birth date.
    pub fn age_on(&self, today: Date) -> i16 {
        let (birth, today) = (self.birth_date().civil(), today.civil());
        let before = (today.month(), today.day()) < (birth.month(), birth.day());
        today.year() - birth.year() - i16::from(before)
    }
    /// The last four digits of the national card: a factor of authentication, so wrapped.
    pub fn card_tail(&self) -> Secret<u16> {
        Secret::new(self.record.get(CARD) as u16)
    }

    pub(super) fn birth_date(&self) -> Date {
        Date(self.record.get(BIRTH) as i32 + BIRTH_EPOCH)
    }
}

impl fmt::Display for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Person {}", self.id)
    }
}

impl fmt::Debug for Person {
    /// Nothing that identifies or authenticates.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Person {} ({}, {}, {})", self.id, self.status(), self.category(), self.region())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_do_not_touch_each_other() {
        let mut record = Record(u128::MAX);
        record.set_status(Status::OtherCover);
        record.set_children(6);
        record.set_birth(Date::from_ymd(1958, 1, 1).expect("a date"));
        record.set_since(Date::from_ymd(2021, 12, 10));
        record.set_phone(Some(42));
        record.set_paid_through(Some(Month::new(2022, 2)));
        let person = Person { id: PersonId(3), record };
        assert_eq!(person.status(), Status::OtherCover);
        assert_eq!((person.children(), person.phone_tail().map(|t| t.to_string()).as_deref()), (6, Some("42")));
        assert_eq!(person.birth().reveal().to_string(), "1958-01-01");
        assert_eq!(person.since().map(|d| d.to_string()).as_deref(), Some("2021-12-10"));
        assert_eq!(person.paid_through(), Some(Month::new(2022, 2)));
        assert!(person.has_spouse() && person.has_portal(), "bits that were set stay set");
        assert_eq!(person.age_on(Date::from_ymd(2022, 4, 1).expect("a date")), 64);
        assert_eq!(size_of::<Record>(), 16);
    }

    #[test]
    fn files_are_kept_in_order_up_to_seven() {
        let mut record = Record::default();
        assert!(record.push_file(FileState::Settled) && record.push_file(FileState::Incomplete));
        let person = Person { id: PersonId(0), record };
        assert_eq!(person.file_state(0), Some(FileState::Settled));
        assert_eq!(person.file_state(1), Some(FileState::Incomplete));
        assert_eq!(person.file_state(2), None);
        for _ in 2..MAX_FILES {
            assert!(record.push_file(FileState::Received));
        }
        assert!(!record.push_file(FileState::Received));
    }

    #[test]
    fn months_know_their_ends() {
        let february = Month::of(Date::from_ymd(2024, 2, 15).expect("a date"));
        assert_eq!(
            (february.first_day().to_string(), february.last_day().to_string()),
            ("2024-02-01".into(), "2024-02-29".into())
        );
        assert_eq!(february.of_year(), 1);
    }
}
