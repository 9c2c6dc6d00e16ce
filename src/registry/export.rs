//! The registry as CSV: masked for reading, or in clear for an import elsewhere.

use std::io::Write;

use super::{Registry, person::Person};
use crate::time::Date;

/// The columns of an export and of an import, in order.
///
/// `code` is the nine-digit number of who is registered and the eight-digit reference of who is not; `paid` is `yes`, `no` or
/// the last month paid before stopping (`2022-03`); `phone_tail` the last two digits or empty; `files` the states of the
/// files, oldest first, joined by `|`.
pub const COLUMNS: [&str; 16] = [
    "index",
    "code",
    "status",
    "category",
    "region",
    "language",
    "sex",
    "birth_date",
    "card_tail",
    "phone_tail",
    "registered_on",
    "spouse",
    "children",
    "portal",
    "paid",
    "files",
];

/// An export that could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write the export: {0}; check the space left and the permissions")]
pub struct ExportError(#[from] csv::Error);

impl ExportError {
    /// Whether the reader went away, as the other end of a pipe may.
    pub fn is_broken_pipe(&self) -> bool {
        matches!(self.0.kind(), csv::ErrorKind::Io(error) if error.kind() == std::io::ErrorKind::BrokenPipe)
    }
}

/// Writes people as they are now, in index order, at most `limit` of them; returns how many. Masked, an export shows the
/// last three digits of a number and neither birth date, card nor phone; it cannot be imported.
///
/// Lodging and payment days of changes made since the beginning are not part of the format.
pub fn export(registry: &Registry, to: impl Write, reveal: bool, limit: Option<u32>) -> Result<u32, ExportError> {
    let mut writer = csv::Writer::from_writer(to);
    writer.write_record(COLUMNS)?;
    let n = limit.unwrap_or(u32::MAX).min(registry.len());
    for person in (0..n).filter_map(|i| registry.person(crate::id::PersonId(i))) {
        writer.write_record(row(registry, &person, reveal))?;
    }
    writer.flush().map_err(csv::Error::from)?;
    Ok(n)
}

fn row(registry: &Registry, person: &Person, reveal: bool) -> [String; 16] {
    let code = registry.number_of(person).or_else(|| registry.reference_of(person)).unwrap_or_default();
    let yes = |flag: bool| if flag { "yes" } else { "no" }.to_owned();
    let secret = |text: String| if reveal { text } else { "•".repeat(text.chars().count()) };
    let date = |date: Option<Date>| date.map(|d| d.to_string()).unwrap_or_default();
    let states = (0..person.file_count()).filter_map(|n| person.file_state(n)).map(super::words::FileState::word);
    let paid = match person.paid_through() {
        _ if person.is_paid_up() => "yes".to_owned(),
        Some(month) => month.first_day().civil().strftime("%Y-%m").to_string(),
        None => "no".to_owned(),
    };
    [
        person.id.0.to_string(),
        if reveal { code.to_string() } else { mask_code(&code.to_string()) },
        person.status().word().to_owned(),
        person.category().word().to_owned(),
        person.region().word().to_owned(),
        person.language().word().to_owned(),
        person.sex().word().to_owned(),
        secret(person.birth_date().to_string()),
        secret(format!("{:04}", person.card_tail().reveal())),
        secret(person.phone_tail().map(|tail| tail.to_string()).unwrap_or_default()),
        date(person.since()),
        yes(person.has_spouse()),
        person.children().to_string(),
        yes(person.has_portal()),
        paid,
        states.collect::<Vec<_>>().join("|"),
    ]
}

/// A number or reference with all but its last three digits hidden: `******789`.
pub fn mask_code(code: &str) -> String {
    let hidden = code.len().saturating_sub(3);
    format!("{}{}", "*".repeat(hidden), &code[hidden..])
}
