//! The services about the authenticated person: registration, rights, contributions, files, family.

use super::{
    contribution::{Account, account},
    reply,
};
use crate::{
    registry::{Category, FileState, Month, Person, Registry, Status},
    script::{
        catalogue::{self, Reply, Service},
        value::{Symbol, SymbolSet, Value},
    },
    time::Date,
};

fn symbol(set: SymbolSet, word: u16) -> Value {
    Value::Symbol(Symbol { set, word })
}

fn month(month: Month) -> Value {
    symbol(catalogue::MONTH, month.of_year())
}

/// The liaison body that transmits the files of a category; the index of its word in the catalogue.
const fn body(category: Category) -> u16 {
    match category {
        Category::Farm => 0,
        Category::Ae | Category::Cpu | Category::Comc => 1,
        Category::Art | Category::Artc => 2,
        Category::Taxi => 3,
        Category::Med => 4,
        Category::Artist => 5,
        Category::Legal => 6,
        Category::Arch | Category::Other => 7,
    }
}

pub(super) fn registration(registry: &Registry, person: &Person) -> Reply {
    let category = || ("category", symbol(catalogue::CATEGORY, person.category() as u16));
    let body = || ("body", symbol(catalogue::BODY, body(person.category())));
    let values = match person.status() {
        Status::Registered => {
            let number = registry.number_of(person).unwrap_or_default();
            let since = person.since().unwrap_or_default();
            vec![category(), ("since", Value::Date(since)), ("last3", Value::Digits(number.tail(3)))]
        }
        Status::Pending | Status::UnderReview => vec![category(), body()],
        Status::OtherCover => vec![category()],
        Status::NotTransmitted => vec![],
    };
    reply(Service::Registration, person.status().word(), values)
}

pub(super) fn rights(registry: &Registry, person: &Person, today: Date) -> Reply {
    let of = |outcome, values| reply(Service::Rights, outcome, values);
    match account(registry, person, today) {
        None => of("not_registered", vec![]),
        Some(Account { opens, first_due, .. }) if today < opens => {
            of("soon", vec![("starts", Value::Date(opens)), ("month", month(first_due))])
        }
        Some(Account { open_since: Some(since), .. }) => of("open", vec![("since", Value::Date(since))]),
        Some(_) => of("unpaid", vec![]),
    }
}

pub(super) fn contribution(registry: &Registry, person: &Person, today: Date) -> Reply {
    let of = |outcome, values| reply(Service::Contribution, outcome, values);
    let Some(account) = account(registry, person, today) else {
        return of("not_registered", vec![]);
    };
    let amount = ("amount", Value::Amount(account.monthly));
    match account.last_payment {
        Some(date) => of("paid", vec![amount, ("date", Value::Date(date))]),
        None => {
            let last_day = ("date", Value::Date(account.period.last_day()));
            of("due", vec![("period", month(account.period)), amount, last_day])
        }
    }
}

pub(super) fn arrears(registry: &Registry, person: &Person, today: Date) -> Reply {
    let of = |outcome, values| reply(Service::Arrears, outcome, values);
    match account(registry, person, today) {
        None => of("not_registered", vec![]),
        Some(Account { months_owed: 0, .. }) => of("none", vec![]),
        Some(account) => {
            let amount = Value::Amount(account.monthly * account.months_owed);
            of("arrears", vec![("amount", amount), ("months", Value::Number(account.months_owed))])
        }
    }
}

/// File `index`, counted from 1, latest first.
pub(super) fn amo_file(registry: &Registry, person: &Person, index: i64, today: Date) -> Reply {
    let of = |outcome, values| reply(Service::AmoFile, outcome, values);
    let mut files = registry.files_of(person);
    files.reverse();
    let count = ("count", Value::Number(files.len() as i64));
    if files.is_empty() {
        return of("none", vec![count, ("as_of", Value::Date(today))]);
    }
    let Some(file) = usize::try_from(index - 1).ok().and_then(|i| files.get(i)) else {
        return of("no_more", vec![count]);
    };
    let mut values = vec![
        count,
        ("ref", Value::Digits(file.reference)),
        ("lodged", Value::Date(file.lodged)),
        ("state", symbol(catalogue::FILE_STATE, file.state as u16)),
    ];
    if file.state == FileState::Incomplete {
        values.push(("doc", symbol(catalogue::DOCUMENT, file.document)));
        return of("incomplete", values);
    }
    of("found", values)
}

pub(super) fn family(person: &Person) -> Reply {
    if !person.is_registered() {
        return reply(Service::Family, "not_registered", vec![]);
    }
    let values = vec![
        ("spouses", Value::Number(i64::from(person.has_spouse()))),
        ("children", Value::Number(i64::from(person.children()))),
    ];
    reply(Service::Family, "found", values)
}
