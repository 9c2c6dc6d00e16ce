//! The enrolment registry: margins, look-ups, overlay, lockouts, import.

use std::{collections::HashSet, sync::OnceLock};

use hatif::{
    id::{CallId, PersonId},
    pii::{CallerNumber, Digits, Secret},
    registry::{
        Category, Change, ChangeError, Config, FileState, Filter, ImportError, Person, Registry, Source, Status,
        access::{Access, Attempt, Verdict, birth_digits},
        check::check,
        config::Limits,
        export, import,
        margins::FULL_SIZE,
    },
    script::catalogue::ClaimKind,
    time::{Date, Duration, Instant},
};

/// A registry of 20,000, made once.
pub fn small() -> Registry {
    static SMALL: OnceLock<Registry> = OnceLock::new();
    SMALL.get_or_init(|| Registry::generated(20_000, 1)).clone()
}

/// The first person who passes a filter.
pub fn somebody(registry: &Registry, filter: Filter) -> Person {
    registry.find(&filter).next().unwrap_or_else(|| panic!("nobody passes {filter:?}"))
}

/// A registered person.
pub fn registered() -> Filter {
    Filter { status: Some(Status::Registered), ..Filter::default() }
}

fn day(text: &str) -> Date {
    text.parse::<jiff::civil::Date>().expect("a date").into()
}

fn wrong_margins(size: u32, seed: u64) -> Vec<String> {
    let registry = Registry::generated(size, seed);
    let lines = check(registry.base());
    assert!(lines.len() > 70, "all tables are checked");
    lines.iter().filter(|line| !line.holds()).map(|line| format!("{line:?}")).collect()
}

#[test]
fn the_full_registry_meets_every_published_figure() {
    let registry = Registry::generated(FULL_SIZE, 1);
    let lines = check(registry.base());
    let wrong: Vec<_> = lines.iter().filter(|line| !line.holds()).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    let found = |table: &str, entry: &str| {
        lines.iter().find(|line| line.table == table && line.entry == entry).map(|line| line.found)
    };
    // The press conference's own numbers, not read from the table that generated them.
    assert_eq!(found("status", "registered"), Some(1_641_557));
    assert_eq!(found("registered by category", "farm"), Some(766_420));
    assert_eq!(found("family", "beneficiaries"), Some(1_845_862));
    assert_eq!(found("health-care files", "files"), Some(81_718));
    assert_eq!(found("portal accounts", "all"), Some(209_848));
    assert_eq!(found("registered on or before", "2021-12-10"), Some(560_000));
    assert!(registry.bytes_per_person() <= 24.0, "{}", registry.bytes_per_person());
}

#[test]
fn margins_hold_at_other_sizes_and_seeds() {
    for (size, seed) in [(1_000, 1), (1_001, 2), (2_345, 3), (32_000, 4), (100_001, 5)] {
        let wrong = wrong_margins(size, seed);
        assert!(wrong.is_empty(), "{size}, seed {seed}: {wrong:?}");
    }
}

#[test]
fn numbers_and_references_lead_back_to_their_person() {
    let registry = small();
    let mut seen = HashSet::new();
    let mut by_status = [0; 5];
    for i in 0..registry.len() {
        let person = registry.person(PersonId(i)).expect("the index is in range");
        by_status[person.status() as usize] += 1;
        match (registry.number_of(&person), registry.reference_of(&person)) {
            (Some(number), None) => {
                assert_eq!(person.status(), Status::Registered);
                assert!(number.to_string().starts_with('0') && number.len() == 9, "synthetic numbers begin with 0");
                assert_eq!(registry.by_number(number), Some(person));
                assert!(seen.insert(number));
            }
            (None, Some(reference)) => {
                assert_eq!(registry.by_reference(reference), Some(person));
                assert!(seen.insert(reference));
            }
            both => panic!("exactly one code each, not {both:?}"),
        }
    }
    assert!(by_status.iter().all(|&n| n > 0), "{by_status:?}");
}

#[test]
fn many_numbers_at_once_find_whom_each_would_find() {
    let registry = small();
    let numbers: Vec<Digits> = (0..registry.len())
        .filter_map(|i| registry.person(PersonId(i)))
        .filter_map(|person| registry.number_of(&person).or(registry.reference_of(&person)))
        .take(101)
        .collect();
    let mut found = Vec::new();
    registry.by_numbers(&numbers, |place, person| found.push((place, person)));
    let one_by_one: Vec<_> = numbers.iter().map(|&number| registry.by_number(number)).enumerate().collect();
    assert_eq!(found, one_by_one);
    assert!(found.iter().any(|(_, person)| person.is_some()) && found.iter().any(|(_, person)| person.is_none()));
}

#[test]
fn nobody_is_found_by_a_number_of_another_shape() {
    let registry = small();
    let person = somebody(&registry, registered());
    let number = registry.number_of(&person).expect("she is registered");
    let shorter: Digits = number.to_string()[1..].parse().expect("eight digits");
    assert_eq!(registry.by_number(shorter), None);
    assert_eq!(registry.by_reference(shorter), None, "a number is no reference");
    assert_eq!(registry.by_number(Digits::from_number(999_999_999, 9).expect("nine digits")), None);
    assert_eq!(registry.person(PersonId(registry.len())), None);
}

#[test]
fn a_look_up_sees_changes_and_a_copy_does_not() {
    let registry = small();
    let pending = somebody(&registry, Filter { status: Some(Status::Pending), ..Filter::default() });
    let reference = registry.reference_of(&pending).expect("she has a reference");
    let before = registry.clone();
    let on = day("2022-05-17");
    let person = pending.id;
    for change in [
        Change::Register { person, on, category: Some(Category::Cpu) },
        Change::Pay { person, on },
        Change::OpenFile { person, on },
        Change::SetFileState { person, file: 0, state: FileState::Settled },
        Change::CreatePortal { person },
        Change::DeclareSpouse { person },
        Change::DeclareChild { person },
    ] {
        // Through JSON, as a store keeps them.
        let kept = serde_json::to_string(&change).expect("a change is JSON");
        let change: Change = serde_json::from_str(&kept).expect("and comes back");
        assert_eq!(registry.apply(&change), Ok(()));
    }
    let now = registry.person(person).expect("she is still there");
    let number = registry.number_of(&now).expect("she has a number now");
    assert_eq!(registry.by_number(number), Some(now));
    assert_eq!(registry.by_reference(reference), None, "her reference is void");
    assert_eq!((now.category(), now.since(), now.children()), (Category::Cpu, Some(on), 1));
    assert!(now.is_paid_up() && now.has_portal() && now.has_spouse());
    let files = registry.files_of(&now);
    assert_eq!((files.len(), files[0].lodged, files[0].state), (1, on, FileState::Settled));
    assert_eq!(registry.changed(), 1);

    assert_eq!(before.by_reference(reference), Some(pending), "the copy has a life of its own");
    assert_eq!(before.changed(), 0);
}

#[test]
fn a_change_that_cannot_be_made_changes_nothing() {
    let registry = small();
    let nobody = PersonId(registry.len());
    assert_eq!(registry.apply(&Change::CreatePortal { person: nobody }), Err(ChangeError::NoSuchPerson(nobody)));
    let outside = somebody(&registry, Filter { status: Some(Status::NotTransmitted), ..Filter::default() }).id;
    assert_eq!(registry.apply(&Change::DeclareChild { person: outside }), Err(ChangeError::NotRegistered(outside)));
    let inside = somebody(&registry, Filter { spouse: Some(true), ..registered() }).id;
    assert_eq!(registry.apply(&Change::DeclareSpouse { person: inside }), Err(ChangeError::AlreadyHasSpouse(inside)));
    let state = FileState::Settled;
    let beyond = Change::SetFileState { person: inside, file: 7, state };
    assert!(matches!(registry.apply(&beyond), Err(ChangeError::NoSuchFile { file: 7, .. })));
    assert_eq!(registry.changed(), 0);
}

#[test]
fn the_files_of_a_person_are_in_order_and_before_the_snapshot() {
    let registry = small();
    for files in 1..=4 {
        let person = somebody(&registry, Filter { files: Some(files), ..registered() });
        let list = registry.files_of(&person);
        assert_eq!(list.len(), usize::from(files));
        assert!(list.is_sorted_by_key(|file| file.lodged), "{list:?}");
        let opened = registry.rights_open(&person).expect("she is registered");
        assert!(list.iter().all(|file| (opened..=day("2022-04-01")).contains(&file.lodged)), "{opened} {list:?}");
    }
}

// Identity checks.

fn at(minutes: u64, call: u64, caller: Option<CallerNumber>) -> Attempt {
    Attempt { now: Instant::ZERO + Duration::from_mins(minutes), call: CallId(call), caller }
}

fn caller(n: u64) -> CallerNumber {
    CallerNumber::new(Digits::from_number(n, 10).expect("ten digits"))
}

/// A centre's checks against one registry, each attempt from a line of its own unless said.
struct Checks {
    access: Access,
    registry: Registry,
    lines: u64,
}

impl Checks {
    fn new(limits: Limits) -> Checks {
        Checks { access: Access::new(limits), registry: small(), lines: 0 }
    }
    fn try_as(&mut self, minutes: u64, number: Digits, birth: Secret<Digits>) -> Verdict {
        self.lines += 1;
        self.try_from(minutes, caller(self.lines), number, birth)
    }
    fn try_from(&mut self, minutes: u64, from: CallerNumber, number: Digits, birth: Secret<Digits>) -> Verdict {
        let claim = (ClaimKind::Number, Secret::new(number));
        self.access.check_identity(&self.registry, &at(minutes, 1, Some(from)), claim, birth)
    }
}

/// A registered person's number and birth date, a wrong birth date, and a number nobody has.
fn claims() -> (Digits, Secret<Digits>, Secret<Digits>, Digits) {
    let registry = small();
    let person = somebody(&registry, registered());
    let number = registry.number_of(&person).expect("she is registered");
    let unknown = (0..).filter_map(|n| Digits::from_number(n, 9)).find(|&n| registry.by_number(n).is_none());
    let wrong = Secret::new("01011800".parse().expect("eight digits"));
    (number, birth_digits(&person), wrong, unknown.expect("most numbers are nobody's"))
}

#[test]
fn number_and_birth_date_make_a_person_known() {
    let (number, birth, wrong, unknown) = claims();
    let mut checks = Checks::new(Limits::default());
    assert!(matches!(checks.try_as(0, number, birth), Verdict::Known(_)));
    assert_eq!(checks.try_as(0, number, wrong), Verdict::Refused);
    assert_eq!(checks.try_as(0, unknown, birth), Verdict::Refused);
    let short = Secret::new(birth.reveal().tail(7));
    assert_eq!(checks.try_as(0, number, short), Verdict::Refused, "seven digits are no birth date");
}

#[test]
fn people_without_a_number_are_known_by_reference_whatever_their_status() {
    let registry = small();
    for status in [Status::Pending, Status::UnderReview, Status::OtherCover, Status::NotTransmitted] {
        let person = somebody(&registry, Filter { status: Some(status), ..Filter::default() });
        let claim = (ClaimKind::Reference, Secret::new(registry.reference_of(&person).expect("she has one")));
        let mut access = Access::new(Limits::default());
        let verdict = access.check_identity(&registry, &at(0, 1, None), claim, birth_digits(&person));
        assert_eq!(verdict, Verdict::Known(person.id), "{status}");
    }
}

#[test]
fn five_failures_lock_a_number_for_half_an_hour_then_two_then_a_day() {
    let (number, birth, wrong, _) = claims();
    let mut checks = Checks::new(Limits::default());
    let mut now = 0;
    for lock in [30, 120, 1_440, 1_440] {
        for _ in 0..5 {
            assert_eq!(checks.try_as(now, number, wrong), Verdict::Refused);
        }
        assert_eq!(checks.try_as(now, number, birth), Verdict::Locked(Duration::from_mins(lock)), "even the right one");
        assert_eq!(checks.try_as(now + lock - 1, number, birth), Verdict::Locked(Duration::from_mins(1)));
        now += lock;
    }
    assert!(matches!(checks.try_as(now, number, birth), Verdict::Known(_)), "the lock is over");
    for _ in 0..5 {
        assert_eq!(checks.try_as(now, number, wrong), Verdict::Refused);
    }
    let first_lock = Verdict::Locked(Duration::from_mins(30));
    assert_eq!(checks.try_as(now, number, birth), first_lock, "having been known, she starts anew");
}

#[test]
fn failures_a_day_apart_do_not_add_up() {
    let (number, birth, wrong, _) = claims();
    let mut checks = Checks::new(Limits::default());
    for day in 0..10 {
        assert_eq!(checks.try_as(day * 1_440, number, wrong), Verdict::Refused);
    }
    assert!(matches!(checks.try_as(10 * 1_440, number, birth), Verdict::Known(_)));
}

#[test]
fn an_unknown_number_answers_step_by_step_as_a_wrong_birth_date() {
    let (number, _, wrong, unknown) = claims();
    let answers = |number: Digits| {
        let mut checks = Checks::new(Limits::default());
        (0..400).map(|minute| checks.try_as(minute, number, wrong)).collect::<Vec<_>>()
    };
    assert_eq!(answers(number), answers(unknown));
}

#[test]
fn ten_failures_lock_a_line_for_every_number() {
    let (number, birth, wrong, _) = claims();
    let mut checks = Checks::new(Limits::default());
    for n in 0..10 {
        let nobody = Digits::from_number(900_000_000 + n, 9).expect("nine digits");
        assert_eq!(checks.try_from(n, caller(7), nobody, wrong), Verdict::Refused);
    }
    // The first failure, at minute 0, stops counting after an hour.
    assert_eq!(checks.try_from(15, caller(7), number, birth), Verdict::Closed(Duration::from_mins(45)));
    assert!(matches!(checks.try_from(15, caller(8), number, birth), Verdict::Known(_)), "another line is free");
    assert!(matches!(checks.try_from(60, caller(7), number, birth), Verdict::Known(_)));
}

#[test]
fn the_whole_centre_stops_checking_after_a_day_s_cap() {
    let (number, birth, wrong, _) = claims();
    let mut checks = Checks::new(Limits { daily_failures: 50, ..Limits::default() });
    for n in 0..50 {
        let nobody = Digits::from_number(900_000_000 + n, 9).expect("nine digits");
        assert_eq!(checks.try_as(0, nobody, wrong), Verdict::Refused);
    }
    let closed = Verdict::Closed(Duration::from_hours(14));
    assert_eq!(checks.try_as(10 * 60, number, birth), closed, "until they are a day old, whatever midnight is between");
    assert!(matches!(checks.try_as(1_440, number, birth), Verdict::Known(_)), "a day after the first");
}

#[test]
fn a_code_is_right_once_within_ten_minutes_and_in_its_call() {
    let registry = small();
    let person = somebody(&registry, Filter { phone: Some(true), ..registered() });
    let code: Digits = "012345".parse().expect("six digits");
    let given = Secret::new(code);
    let mut access = Access::new(Limits::default());
    let check = |access: &mut Access, minutes, call| access.check_code(&at(minutes, call, None), &person, given);
    assert_eq!(check(&mut access, 0, 1), Verdict::Refused, "none was sent");
    access.code_sent(Instant::ZERO, CallId(1), person.id, code);
    assert_eq!(check(&mut access, 1, 2), Verdict::Refused, "sent in another call");
    assert_eq!(check(&mut access, 9, 1), Verdict::Known(person.id));
    assert_eq!(check(&mut access, 9, 1), Verdict::Refused, "used up");
    access.code_sent(at(10, 1, None).now, CallId(1), person.id, code);
    assert_eq!(check(&mut access, 20, 1), Verdict::Refused, "too late");
}

// Import and export.

fn csv(registry: &Registry, reveal: bool, limit: Option<u32>) -> String {
    let mut out = Vec::new();
    export(registry, &mut out, reveal, limit).expect("memory takes everything");
    String::from_utf8(out).expect("CSV is text")
}

#[test]
fn an_export_in_clear_comes_back_as_it_was() {
    let registry = Registry::generated(1_500, 3);
    let text = csv(&registry, true, None);
    let imported = import(text.as_bytes(), 3, false).expect("an export is a good import");
    assert!(imported.skipped.is_empty());
    assert_eq!(csv(&imported.registry, true, None), text);
    for i in 0..registry.len() {
        let (was, is) = (registry.person(PersonId(i)), imported.registry.person(PersonId(i)));
        assert_eq!(was, is);
        let (was, is) = (was.expect("in range"), is.expect("in range"));
        assert_eq!(registry.files_of(&was).len(), imported.registry.files_of(&is).len());
        let number = imported.registry.number_of(&is);
        assert!(number.is_none_or(|number| imported.registry.by_number(number) == Some(is)));
    }
    assert!(imported.registry.bytes_per_person() <= 24.5, "{}", imported.registry.bytes_per_person());
}

#[test]
fn an_export_is_masked_unless_asked() {
    let registry = small();
    let masked = csv(&registry, false, Some(50));
    assert_eq!(masked.lines().count(), 51);
    for i in 0..50 {
        let person = registry.person(PersonId(i)).expect("in range");
        let code = registry.number_of(&person).or(registry.reference_of(&person)).expect("one of them");
        assert!(!masked.contains(&code.to_string()) && !masked.contains(&person.birth().reveal().to_string()));
    }
    assert!(matches!(import(masked.as_bytes(), 1, false), Err(ImportError::Rows(rows)) if rows.len() == 50));
}

const HEADER: &str = "index,code,status,category,region,language,sex,birth_date,card_tail,phone_tail,registered_on,\
                      spouse,children,portal,paid,files\n";
const GOOD: &str =
    "0,012345678,registered,cpu,r06,ar,f,1980-02-03,0042,17,2021-12-06,yes,2,no,2022-02,settled|received\n";

#[test]
fn every_bad_row_is_named_with_its_line_and_all_its_mistakes() {
    let text = format!(
        "{HEADER}{GOOD}\
         1,01234567,registered,cpus,r06,ar,f,1980-02-30,0042,17,2021-12-06,yes,2,no,no,\n\
         2,22345678,pending,farm,r13,ar,f,1980-02-03,42,1,,no,16,no,yes,\n\
         3,12345678,not_transmitted,farm,r01,ar,m,1980-02-03,0042,,,no,0,no,no,\n\
         4,32345678,pending\n"
    );
    let Err(ImportError::Rows(rows)) = import(text.as_bytes(), 1, false) else {
        panic!("four rows are bad");
    };
    let report: Vec<String> = rows.iter().map(ToString::to_string).collect();
    assert_eq!(rows.iter().map(|row| row.line).collect::<Vec<_>>(), [3, 4, 5, 6]);
    for part in ["code: a registration number has 9 digits", "`cpus` is no category", "`1980-02-30` is not a date"] {
        assert!(report[0].contains(part), "{part} in {}", report[0]);
    }
    for part in ["`r13` is no region", "card_tail:", "phone_tail:", "children: `16`", "paid: only a registered"] {
        assert!(report[1].contains(part), "{part} in {}", report[1]);
    }
    assert!(report[2].contains("taken by line 2"), "{}", report[2]);
    assert!(report[3].contains("the row ends before this column"), "{}", report[3]);

    let imported = import(text.as_bytes(), 1, true).expect("one row is good");
    assert_eq!((imported.registry.len(), imported.skipped), (1, rows));
    let person = imported.registry.by_number("012345678".parse().expect("nine digits")).expect("she was imported");
    assert_eq!(imported.registry.files_of(&person).len(), 2);
}

#[test]
fn a_wrong_header_is_explained_before_any_row() {
    let text = "index,code,status,name\n1,2,3,4\n";
    let error = import(text.as_bytes(), 1, false).expect_err("no such header").to_string();
    for part in ["line 1", "`category` is missing", "`name` is not known"] {
        assert!(error.contains(part), "{part} in {error}");
    }
    assert!(matches!(import(HEADER.as_bytes(), 1, false), Err(ImportError::Empty)));
}

#[test]
fn a_registry_that_cannot_be_opened_says_why() {
    let missing = Config { source: Source::File { path: "no/such/file.csv".into() }, ..Config::default() };
    let error = Registry::open(&missing).expect_err("there is no such file").to_string();
    assert!(error.contains("no/such/file.csv") && error.contains("check the path"), "{error}");
    let tiny = Registry::open(&Config::generated(3, 1)).expect_err("too small").to_string();
    assert!(tiny.contains("`size` is 3"), "{tiny}");
}
