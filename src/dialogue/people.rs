//! Whom a caller is: people of a registry, picked by what they are.

use std::sync::{Arc, OnceLock};

use super::{
    model::{Bound, PersonWish},
    words::Words,
};
use crate::{
    id::{CallId, PersonId, RequestId},
    pii::Digits,
    random::Seed,
    registry::{Filter, Person, Registry, access::birth_digits},
    script::catalogue::{AccessLevel, Query, Reply, Request, Service},
    time::{Instant, LocalClock},
    world::services::{self, Services},
};

/// The people a dialogue can be about; generated when the first is asked for.
#[derive(Debug)]
pub struct People {
    size: u32,
    seed: u64,
    registry: OnceLock<Arc<Registry>>,
}

impl People {
    /// The size of the registry that dialogues in virtual time share.
    pub const FEW: u32 = 20_000;
    /// The seed of the registry a centre has by default.
    pub const SEED: u64 = 1;

    /// People of a generated registry; see [`Registry::generated`] for the limits of `size`.
    pub fn generated(size: u32, seed: u64) -> People {
        People { size, seed, registry: OnceLock::new() }
    }

    /// The registry.
    pub fn registry(&self) -> &Arc<Registry> {
        self.registry.get_or_init(|| Arc::new(Registry::generated(self.size, self.seed)))
    }

    /// Services over this registry, in which nothing has happened yet.
    pub(super) fn services(&self, keep: bool) -> Services {
        let registry = Arc::new((**self.registry()).clone());
        let config = services::Config { keep, ..services::Config::default() };
        Services::new(registry, config, Seed::new(self.seed))
    }

    /// The first person who is as wished on the day of `at`, or why there is none.
    pub(super) fn pick(&self, wish: &PersonWish, clock: &LocalClock, at: Instant) -> Result<Person, String> {
        let filter = filter(wish)?;
        let mut services = self.services(false);
        let registry = self.registry().clone();
        let mut found = registry
            .find(&filter)
            .filter(|person| allows(wish.children, person.children()) && allows(wish.files, person.file_count()));
        found
            .find(|person| wish.answers.iter().all(|wanted| answers(&mut services, clock, at, person, wanted)))
            .ok_or_else(|| {
                format!("nobody among {} people is so; ask for less, or for another category", registry.len())
            })
    }

    /// What words in braces become for this person.
    pub(super) fn tell(&self, person: &Person, words: &mut Words) {
        let registry = self.registry();
        if let Some(number) = registry.number_of(person) {
            words.set("number", number.to_string());
            words.set("last3", number.tail(3).to_string());
        }
        if let Some(reference) = registry.reference_of(person) {
            words.set("reference", reference.to_string());
        }
        if let Some(tail) = person.phone_tail() {
            words.set("tail", tail.to_string());
        }
        let birth = birth_digits(person).reveal().to_string();
        let card = format!("{:04}", person.card_tail().reveal());
        words.set("wrong_birth", another_day(&birth));
        words.set("wrong_card", another(&card));
        words.set("birth", birth);
        words.set("card", card);
    }

    /// A nine-digit number that nobody has.
    pub(super) fn nobodys_number(&self) -> String {
        let registry = self.registry();
        let free = |n: &u64| Digits::from_number(*n, 9).is_some_and(|digits| registry.by_number(digits).is_none());
        (0..=999_999_999).rev().find(free).map_or_else(String::new, |n| format!("{n:09}"))
    }
}

/// Digits of the same length that differ in the last.
pub(super) fn another(digits: &str) -> String {
    let mut bytes = digits.as_bytes().to_vec();
    if let Some(last) = bytes.last_mut() {
        *last = if *last == b'9' { b'0' } else { *last + 1 };
    }
    String::from_utf8(bytes).unwrap_or_default()
}

/// Another day of the same month, DDMMYYYY.
fn another_day(birth: &str) -> String {
    let day = if birth.starts_with("01") { "02" } else { "01" };
    birth.get(2..).map_or_else(String::new, |rest| format!("{day}{rest}"))
}

fn allows(bound: Option<Bound>, n: u8) -> bool {
    bound.is_none_or(|bound| bound.allows(u64::from(n)))
}

fn filter(wish: &PersonWish) -> Result<Filter, String> {
    fn word<T: std::str::FromStr>(text: &Option<String>) -> Result<Option<T>, String>
    where
        T::Err: std::fmt::Display,
    {
        text.as_deref().map(|text| text.parse().map_err(|error: T::Err| error.to_string())).transpose()
    }
    Ok(Filter {
        status: word(&wish.status)?,
        category: word(&wish.category)?,
        region: word(&wish.region)?,
        file_state: word(&wish.file_state)?,
        paid: wish.paid,
        phone: wish.phone,
        portal: wish.portal,
        spouse: wish.spouse,
        ..Filter::default()
    })
}

/// Whether a service gives this answer about a person.
fn answers(
    services: &mut Services,
    clock: &LocalClock,
    at: Instant,
    person: &Person,
    (service, outcome): &(Service, String),
) -> bool {
    let reply = services.answer(at, clock, CallId(0), &question(*service, person.id));
    let wanted = service.entry().outcomes.iter().position(|known| known.name == outcome);
    matches!(reply, Reply::Answer { outcome, .. } if Some(usize::from(outcome)) == wanted)
}

fn question(service: Service, person: PersonId) -> Request {
    let query = Query::Lookup { service, person: Some(person), level: AccessLevel::L2, arguments: [].into() };
    Request { id: RequestId(0), caller: None, query }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_birth_date_is_a_date_of_the_same_month() {
        assert_eq!(another_day("17051980"), "01051980");
        assert_eq!(another_day("01011960"), "02011960");
        assert_eq!((another("0039").as_str(), another("123456").as_str()), ("0030", "123457"));
    }

    #[test]
    fn people_are_picked_by_what_they_are_and_by_what_services_say_of_them() {
        let people = People::generated(5_000, 1);
        let clock = LocalClock::new("2022-05-17T09:00:00Z".parse().expect("a time"), &jiff::tz::TimeZone::UTC);
        let wish = PersonWish {
            status: Some("registered".into()),
            phone: Some(true),
            answers: vec![(Service::Rights, "unpaid".into())],
            ..PersonWish::default()
        };
        let person = people.pick(&wish, &clock, Instant::ZERO).expect("there is one");
        assert!(person.is_registered() && person.phone_tail().is_some());
        let mut words = Words::default();
        people.tell(&person, &mut words);
        assert_eq!(words.expand("{number}").map(|text| text.len()), Ok(9));
        let nobody = PersonWish { children: Some(Bound::AtLeast(200)), ..PersonWish::default() };
        assert!(people.pick(&nobody, &clock, Instant::ZERO).expect_err("too many children").contains("5000 people"));
        assert_eq!(people.nobodys_number().len(), 9);
    }
}
