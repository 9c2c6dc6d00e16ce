//! Reading people from CSV: every bad row is named with its line and all that is wrong with it.

use std::{collections::HashMap, fmt, io::Read, str::FromStr};

use super::{
    Registry,
    base::Base,
    export::COLUMNS,
    margins::MAX_SIZE,
    person::{self, MAX_CHILDREN, MAX_FILES, Month, Record},
    words::{Category, FileState, Language, Region, Sex, Status},
};
use crate::time::Date;

/// A row that cannot be imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRow {
    /// The line of the file, counted from 1; the header is line 1.
    pub line: u64,
    /// Everything that is wrong with the row.
    pub reasons: Vec<String>,
}

impl fmt::Display for BadRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.reasons.join("; "))
    }
}

/// An import that was refused as a whole. Nothing was imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The first line is not the expected header.
    #[error("line 1: the header must name these columns, in any order: {}; {found}", COLUMNS.join(","))]
    Header {
        /// Which columns are missing, unknown or named twice.
        found: String,
    },
    /// Bad rows, all of them.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Rows(Vec<BadRow>),
    /// No row is left.
    #[error("the file has no people; it needs a header line and at least one row")]
    Empty,
    /// The file could not be read to its end.
    #[error("cannot read the file: {0}")]
    Read(csv::Error),
}

/// What was read.
#[derive(Debug)]
pub struct Imported {
    /// The people, in the order of the file's good rows: the first has index 0.
    pub registry: Registry,
    /// The rows left out, when that was asked for.
    pub skipped: Vec<BadRow>,
}

/// Reads a registry from CSV with the columns [`COLUMNS`], in any order. If any row is bad nothing is imported, unless
/// `skip_bad` says to leave bad rows out. What is derived from an index (dates of files, bands) depends on `seed`.
pub fn import(from: impl Read, seed: u64, skip_bad: bool) -> Result<Imported, ImportError> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(from);
    let places = header(reader.byte_headers().map_err(ImportError::Read)?)?;
    let (mut records, mut codes, mut bad) = (Vec::new(), Vec::new(), Vec::new());
    let mut seen: HashMap<u32, u64, ahash::RandomState> =
        HashMap::with_hasher(ahash::RandomState::with_seeds(1, 2, 3, 4));
    let mut row = csv::ByteRecord::new();
    while reader.read_byte_record(&mut row).map_err(ImportError::Read)? {
        let line = row.position().map_or(0, csv::Position::line);
        let mut fields = Fields { row: &row, places: &places, reasons: Vec::new() };
        let (record, code) = fields.person();
        if let Some(&earlier) = code.and_then(|code| seen.get(&code)) {
            let reason = format!(
                "code: the digits are taken by line {earlier}; numbers and references share one set, because a reference \
                 becomes the number on registration"
            );
            fields.reasons.push(reason);
        }
        if records.len() >= MAX_SIZE as usize {
            fields.reasons.push(format!("more than {MAX_SIZE} people; split the file"));
        }
        match code {
            Some(code) if fields.reasons.is_empty() => {
                seen.insert(code, line);
                records.push(record);
                codes.push(code);
            }
            _ => bad.push(BadRow { line, reasons: fields.reasons }),
        }
    }
    if !bad.is_empty() && !skip_bad {
        return Err(ImportError::Rows(bad));
    }
    if records.is_empty() {
        return Err(if bad.is_empty() { ImportError::Empty } else { ImportError::Rows(bad) });
    }
    Ok(Imported { registry: Registry::from_base(Base::imported(records, codes, seed)), skipped: bad })
}

/// Where each of [`COLUMNS`] stands in the file.
fn header(row: &csv::ByteRecord) -> Result<[usize; COLUMNS.len()], ImportError> {
    let names: Vec<String> = row.iter().map(|name| String::from_utf8_lossy(name).trim().to_owned()).collect();
    let mut wrong = Vec::new();
    let places = COLUMNS.map(|column| {
        let found: Vec<usize> = (0..names.len()).filter(|&i| names[i] == column).collect();
        match found[..] {
            [place] => place,
            [] => {
                wrong.push(format!("`{column}` is missing"));
                0
            }
            _ => {
                wrong.push(format!("`{column}` stands there {} times", found.len()));
                0
            }
        }
    });
    let unknown = names.iter().filter(|name| !COLUMNS.contains(&name.as_str()));
    wrong.extend(unknown.map(|name| format!("`{name}` is not known")));
    if wrong.is_empty() { Ok(places) } else { Err(ImportError::Header { found: wrong.join(", ") }) }
}

/// One row being read, and what was found wrong so far.
struct Fields<'a> {
    row: &'a csv::ByteRecord,
    places: &'a [usize; COLUMNS.len()],
    reasons: Vec<String>,
}

impl<'a> Fields<'a> {
    fn text(&mut self, column: &'static str) -> &'a str {
        let place = COLUMNS.iter().position(|name| *name == column).map_or(0, |i| self.places[i]);
        match self.row.get(place).map(std::str::from_utf8) {
            Some(Ok(text)) => text.trim(),
            Some(Err(_)) => {
                self.reasons.push(format!("{column}: not UTF-8 text"));
                ""
            }
            None => {
                self.reasons.push(format!("{column}: the row ends before this column"));
                ""
            }
        }
    }

    fn fail<T>(&mut self, column: &str, reason: impl fmt::Display) -> Option<T> {
        self.reasons.push(format!("{column}: {reason}"));
        None
    }

    fn word<T: FromStr<Err: fmt::Display>>(&mut self, column: &'static str) -> Option<T> {
        match self.text(column).parse() {
            Ok(value) => Some(value),
            Err(error) => self.fail(column, error),
        }
    }

    fn flag(&mut self, column: &'static str) -> bool {
        match self.text(column) {
            "yes" => true,
            "no" => false,
            other => {
                self.reasons.push(format!("{column}: `{other}` is neither `yes` nor `no`"));
                false
            }
        }
    }

    fn date(&mut self, column: &'static str, fits: fn(Date) -> bool) -> Option<Date> {
        let text = self.text(column);
        let date = text.parse::<jiff::civil::Date>().ok().map(Date::from);
        match date {
            Some(date) if fits(date) => Some(date),
            Some(date) => self.fail(column, format_args!("{date} is too early or too late for a record")),
            None => self.fail(column, format_args!("`{}` is not a date such as 2022-03-31", shorten(text))),
        }
    }

    fn number(&mut self, column: &'static str, max: u32) -> Option<u32> {
        let text = self.text(column);
        match text.parse::<u32>() {
            Ok(n) if n <= max => Some(n),
            _ => self.fail(column, format_args!("`{}` is not a whole number from 0 to {max}", shorten(text))),
        }
    }

    /// The number or the reference; never echoed in a message.
    fn code(&mut self, registered: bool) -> Option<u32> {
        let text = self.text("code");
        let (width, what) = if registered { (9, "registration number") } else { (8, "file reference") };
        let digits = text.bytes().all(|b| b.is_ascii_digit());
        if text.len() == width && digits {
            text.parse().ok()
        } else {
            self.fail("code", format_args!("a {what} has {width} digits"))
        }
    }

    fn person(&mut self) -> (Record, Option<u32>) {
        let mut record = Record::default();
        self.text("index");
        let status = self.word::<Status>("status");
        let registered = status == Some(Status::Registered);
        record.set_status(status.unwrap_or(Status::NotTransmitted));
        let code = status.and_then(|_| self.code(registered));
        record.set_category(self.word("category").unwrap_or(Category::Other));
        record.set_region(self.word("region").unwrap_or(Region::R01));
        record.set_language(self.word("language").unwrap_or(Language::Ar));
        record.set_sex(self.word("sex").unwrap_or(Sex::Female));
        if let Some(birth) = self.date("birth_date", person::birth_fits) {
            record.set_birth(birth);
        }
        let card = self.text("card_tail");
        if card.len() == 4 && card.bytes().all(|b| b.is_ascii_digit()) {
            record.set_card_tail(card.parse().unwrap_or(0));
        } else {
            self.reasons.push("card_tail: give the last four digits of the card".to_owned());
        }
        let phone = self.text("phone_tail");
        match phone.len() {
            0 => record.set_phone(None),
            2 if phone.bytes().all(|b| b.is_ascii_digit()) => record.set_phone(phone.parse().ok()),
            _ => self
                .reasons
                .push("phone_tail: give the last two digits, or nothing where no phone is on file".to_owned()),
        }
        self.registered_part(registered, status.is_some(), &mut record);
        (record, code)
    }

    /// The columns that only the registered may fill.
    fn registered_part(&mut self, registered: bool, known: bool, record: &mut Record) {
        let (spouse, portal) = (self.flag("spouse"), self.flag("portal"));
        let children = self.number("children", MAX_CHILDREN.into()).unwrap_or(0);
        record.set_spouse(spouse);
        record.set_portal(portal);
        record.set_children(children as u8);
        let paid = self.text("paid");
        match paid {
            "yes" => record.set_paid_up(true),
            "no" => {}
            month => match format!("{month}-01").parse::<jiff::civil::Date>().map(|d| Month::of(d.into())) {
                Ok(month) if person::paid_through_fits(month) => record.set_paid_through(Some(month)),
                _ => self.reasons.push(format!(
                    "paid: `{}` is neither `yes`, `no` nor the last month paid, such as 2022-03",
                    shorten(month)
                )),
            },
        }
        let files = self.text("files");
        for word in files.split('|').filter(|word| !word.is_empty()) {
            match word.parse::<FileState>() {
                Ok(state) if record.push_file(state) => {}
                Ok(_) => {
                    self.reasons.push(format!("files: more than {MAX_FILES}"));
                    break;
                }
                Err(error) => self.reasons.push(format!("files: {error}")),
            }
        }
        if registered {
            record.set_since(self.date("registered_on", person::since_fits));
        } else if known {
            let filled = [
                ("registered_on", !self.text("registered_on").is_empty()),
                ("spouse", spouse),
                ("portal", portal),
                ("children", children > 0),
                ("paid", paid != "no"),
                ("files", !files.is_empty()),
            ];
            for (column, _) in filled.into_iter().filter(|&(_, set)| set) {
                self.reasons.push(format!("{column}: only a registered person has this"));
            }
        }
    }
}

/// The beginning of a field, so that a message stays a line.
fn shorten(text: &str) -> String {
    text.chars().take(20).collect()
}
