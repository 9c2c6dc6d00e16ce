//! The answers to a script's queries.

use std::sync::Arc;

use hatif::{
    id::{CallId, PersonId, RequestId},
    pii::{CallerNumber, Digits, Secret},
    random::Seed,
    registry::{Category, Change, Filter, Person, Registry, Status, access::birth_digits},
    script::{
        catalogue::{self, AccessLevel, ClaimKind, Query, Reply, Request, Service},
        value::Value,
    },
    time::{Date, Duration, Instant, LocalClock},
    world::services::{Config, ServiceChange, Services, audit, sms::SmsKind},
};

use crate::registry::{registered, small, somebody};

const CALL: CallId = CallId(1);

/// Services over the small registry, at noon of a day.
struct Rig {
    services: Services,
    clock: LocalClock,
    now: Instant,
}

impl Rig {
    fn on(day: &str) -> Rig {
        Rig::over(small(), day)
    }
    fn over(registry: Registry, day: &str) -> Rig {
        let zone = jiff::tz::TimeZone::get("Africa/Casablanca").expect("the zone is bundled");
        let origin = format!("{day}T12:00:00Z").parse().expect("a timestamp");
        let services = Services::new(Arc::new(registry), Config::default(), Seed::new(5));
        Rig { services, clock: LocalClock::new(origin, &zone), now: Instant::ZERO }
    }
    fn caller() -> CallerNumber {
        CallerNumber::new("0600000042".parse().expect("ten digits"))
    }
    fn ask(&mut self, query: Query) -> Reply {
        let request = Request { id: RequestId(1), caller: Some(Rig::caller()), query };
        self.services.answer(self.now, &self.clock, CALL, &request)
    }
    fn lookup(&mut self, service: Service, person: Option<PersonId>, arguments: &[Value]) -> (String, Vec<Value>) {
        let level = AccessLevel::L2;
        let reply = self.ask(Query::Lookup { service, person, level, arguments: arguments.into() });
        let Reply::Answer { outcome, results } = reply else { panic!("{service:?}: {reply:?}") };
        let entry = &service.entry().outcomes[usize::from(outcome)];
        for (i, value) in results.iter().enumerate() {
            let set = entry.sets.contains(&(i as u8));
            let kind = set.then(|| service.entry().results[i].kind);
            assert_eq!(value.kind(), kind, "{service:?} {} result {i}", entry.name);
        }
        (entry.name.to_owned(), results.into_vec())
    }
    fn about(&mut self, service: Service, person: &Person) -> (String, Vec<Value>) {
        self.lookup(service, Some(person.id), &[Value::Number(1)][..service.entry().arguments.len()])
    }
    fn somebody(&self, filter: Filter) -> Person {
        somebody(self.services.registry(), filter)
    }
}

fn date(text: &str) -> Value {
    Value::Date(Date::from(text.parse::<jiff::civil::Date>().expect("a date")))
}

fn digits(text: &str) -> Digits {
    text.parse().expect("digits")
}

#[test]
fn registration_answers_all_five_statuses() {
    let mut rig = Rig::on("2022-05-17");
    for &status in Status::ALL {
        let person = rig.somebody(Filter { status: Some(status), ..Filter::default() });
        let (outcome, results) = rig.about(Service::Registration, &person);
        assert_eq!(outcome, status.word());
        if status == Status::Registered {
            let number = rig.services.registry().number_of(&person).expect("she is registered");
            assert_eq!(results[2], Value::Digits(number.tail(3)));
            assert_eq!(results[1], Value::Date(person.since().expect("she is registered")));
        }
    }
}

#[test]
fn rights_are_open_closed_or_soon() {
    let cpu = |paid| Filter { category: Some(Category::Cpu), paid: Some(paid), ..registered() };
    let farm = Filter { category: Some(Category::Farm), ..registered() };
    let mut rig = Rig::on("2022-04-12");
    // A trader loaded in December 2021: rights since 1 January.
    let december = |person: &Person| person.since() < Date::from_ymd(2022, 1, 1);
    let open = rig.services.registry().find(&cpu(true)).find(december).expect("there is one");
    assert_eq!(
        rig.about(Service::Rights, &open),
        ("open".into(), vec![date("2022-01-01"), Value::Unset, Value::Unset])
    );
    let closed = rig.services.registry().find(&cpu(false)).find(december).expect("there is one");
    assert_eq!(rig.about(Service::Rights, &closed).0, "unpaid");
    let farmer = rig.services.registry().find(&farm).find(|p| p.since() < Date::from_ymd(2022, 4, 1)).expect("one");
    let (outcome, results) = rig.about(Service::Rights, &farmer);
    let april = Value::Symbol(catalogue::symbol(catalogue::MONTH, "m04").expect("April"));
    assert_eq!((outcome.as_str(), &results[1..]), ("soon", &[date("2022-05-01"), april][..]));
    let pending = rig.somebody(Filter { status: Some(Status::Pending), ..Filter::default() });
    assert_eq!(rig.about(Service::Rights, &pending).0, "not_registered");
}

#[test]
fn paying_opens_rights_and_settles_arrears() {
    let mut rig = Rig::on("2022-05-17");
    let december = |person: &Person| person.since() < Date::from_ymd(2022, 1, 1) && person.file_count() == 0;
    let filter = Filter { category: Some(Category::Cpu), paid: Some(false), ..registered() };
    let person = rig.services.registry().find(&filter).find(december).expect("there is one");
    let (outcome, due) = rig.about(Service::Contribution, &person);
    assert_eq!((outcome.as_str(), &due[2]), ("due", &date("2022-05-31")));
    let Value::Amount(monthly) = due[1] else { panic!("an amount") };
    // December to April: five months.
    let (outcome, owed) = rig.about(Service::Arrears, &person);
    assert_eq!((outcome.as_str(), owed), ("arrears", vec![Value::Amount(5 * monthly), Value::Number(5)]));

    let on = Date::from_ymd(2022, 5, 17).expect("a date");
    assert_eq!(rig.services.apply(Change::Pay { person: person.id, on }), Ok(()));
    assert_eq!(rig.about(Service::Arrears, &person).0, "none");
    assert_eq!(rig.about(Service::Rights, &person).1[0], date("2022-05-17"), "late payers are covered from then on");
    let (outcome, paid) = rig.about(Service::Contribution, &person);
    assert_eq!((outcome.as_str(), &paid[1..]), ("paid", &[Value::Amount(monthly), date("2022-05-17")][..]));
}

#[test]
fn files_are_told_latest_first_until_there_are_no_more() {
    let mut rig = Rig::on("2022-05-17");
    let person = rig.somebody(Filter { files: Some(2), ..registered() });
    let ask = |rig: &mut Rig, index| rig.lookup(Service::AmoFile, Some(person.id), &[Value::Number(index)]);
    let (first, second, third) = (ask(&mut rig, 1), ask(&mut rig, 2), ask(&mut rig, 3));
    assert_eq!(first.1[0], Value::Number(2));
    let (Value::Date(latest), Value::Date(earlier)) = (&first.1[2], &second.1[2]) else { panic!("dates") };
    assert!(latest >= earlier);
    assert_eq!(third.0, "no_more");
    assert_eq!(ask(&mut rig, 0).0, "no_more");
    let without = rig.somebody(Filter { files: Some(0), ..registered() });
    let (outcome, results) = rig.about(Service::AmoFile, &without);
    assert_eq!((outcome.as_str(), &results[0], &results[5]), ("none", &Value::Number(0), &date("2022-05-17")));
}

#[test]
fn family_counts_what_was_declared() {
    let mut rig = Rig::on("2022-05-17");
    let person = rig.somebody(Filter { spouse: Some(true), children: Some(3), ..registered() });
    let (_, results) = rig.about(Service::Family, &person);
    assert_eq!(results, [Value::Number(1), Value::Number(3)]);
}

#[test]
fn nothing_is_told_above_the_level_reached_and_every_read_leaves_a_trace() {
    let mut rig = Rig::on("2022-05-17");
    let person = rig.somebody(registered());
    let family = |level, person| Query::Lookup { service: Service::Family, person, level, arguments: [].into() };
    assert_eq!(rig.ask(family(AccessLevel::L1, Some(person.id))), Reply::Unavailable);
    assert_eq!(rig.ask(family(AccessLevel::L2, None)), Reply::Unavailable);
    assert!(matches!(rig.ask(family(AccessLevel::L2, Some(person.id))), Reply::Answer { .. }));
    let trail = rig.services.drain_audit();
    let verdicts: Vec<_> = trail.iter().map(|entry| (entry.what, entry.access, entry.fields.clone())).collect();
    assert_eq!(
        verdicts,
        [
            ("family", audit::Access::BelowLevel, vec![]),
            ("family", audit::Access::BelowLevel, vec![]),
            ("family", audit::Access::Granted, vec!["spouses", "children"]),
        ]
    );
    assert!(trail.iter().all(|entry| entry.call == CALL));
    assert!(rig.services.drain_audit().is_empty(), "drained once");
}

#[test]
fn a_caller_proves_herself_with_the_code_in_the_outbox() {
    let mut rig = Rig::on("2022-05-17");
    let person = rig.somebody(Filter { phone: Some(true), ..registered() });
    let id = Secret::new(rig.services.registry().number_of(&person).expect("she is registered"));
    let claim = |birth| Query::CheckIdentity { claim: ClaimKind::Number, id, birth };
    assert_eq!(rig.ask(claim(Secret::new(digits("31129999")))), Reply::Refused);
    assert_eq!(rig.ask(claim(birth_digits(&person))), Reply::Known(person.id));
    let tail = person.phone_tail().expect("she has a phone");
    let sent = Reply::CodeSent { tail, valid: Duration::from_mins(10) };
    assert_eq!(rig.ask(Query::SendCode { person: person.id }), sent);
    let code = rig.services.outbox().code_for(CALL).expect("the code is in the outbox");
    assert_eq!(code.reveal().len(), 6);
    let wrong = Digits::from_number((code.reveal().as_number() + 1) % 1_000_000, 6).expect("six digits");
    assert_eq!(rig.ask(Query::CheckCode { person: person.id, code: Secret::new(wrong) }), Reply::Refused);
    assert_eq!(rig.ask(Query::CheckCode { person: person.id, code }), Reply::CodeRight);
    assert_eq!(rig.ask(Query::CheckCode { person: person.id, code }), Reply::Refused, "once only");
    let trail = rig.services.drain_audit();
    assert_eq!(
        trail.iter().map(|entry| entry.what).collect::<Vec<_>>(),
        ["identity", "identity", "send_code", "code", "code", "code"]
    );
    let kept = serde_json::to_string(&rig.services.drain_sms()).expect("messages are JSON");
    assert!(!kept.contains(&code.reveal().to_string()) && kept.contains("********"), "{kept}");
}

#[test]
fn card_digits_stand_in_where_no_code_can_be_sent() {
    let mut rig = Rig::on("2022-05-17");
    let without = rig.somebody(Filter { phone: Some(false), ..registered() });
    let with = rig.somebody(Filter { phone: Some(true), ..registered() });
    rig.services.set_sms_up(false);
    for person in [without, with] {
        assert_eq!(rig.ask(Query::SendCode { person: person.id }), Reply::NoPhone);
        let card = Digits::from_number(person.card_tail().reveal().into(), 4).expect("four digits");
        assert_eq!(rig.ask(Query::CheckCode { person: person.id, code: Secret::new(card) }), Reply::CodeRight);
    }
    assert_eq!(rig.services.outbox().sent(), 0);
}

#[test]
fn a_code_says_nothing_of_the_one_at_the_same_place_of_another_run() {
    let code = |run: Option<u64>| {
        let mut rig = Rig::on("2022-05-17");
        if let Some(run) = run {
            rig.services = Services::new(Arc::new(small()), Config::default(), Seed::new(5)).of_run(run);
        }
        let person = rig.somebody(Filter { phone: Some(true), ..registered() });
        rig.ask(Query::SendCode { person: person.id });
        rig.services.outbox().code_for(CALL).expect("a code").reveal()
    };
    let codes: std::collections::BTreeSet<Digits> = (1..=50).map(|run| code(Some(run))).chain([code(None)]).collect();
    // Of a million codes: two of fifty-one are the same by chance once in eight hundred seeds, and not with this one.
    assert_eq!(codes.len(), 51);
    assert_eq!(code(Some(7)), code(Some(7)), "a run is foretold by whoever knows its seed, and by nobody else");
}

#[test]
fn five_wrong_codes_lock_the_code_too() {
    let mut rig = Rig::on("2022-05-17");
    let person = rig.somebody(Filter { phone: Some(true), ..registered() });
    let wrong = Query::CheckCode { person: person.id, code: Secret::new(digits("12345")) };
    for _ in 0..5 {
        assert_eq!(rig.ask(wrong.clone()), Reply::Refused);
    }
    let locked = Reply::Locked { delay: Duration::from_mins(30) };
    assert_eq!(rig.ask(wrong), locked);
    assert_eq!(rig.ask(Query::SendCode { person: person.id }), locked, "no code is sent while it is locked");
}

#[test]
fn the_nearest_place_is_in_the_region_asked_for() {
    let mut rig = Rig::on("2022-05-17");
    let places = |rig: &Rig| rig.services.locator().places().to_vec();
    let all = places(&rig);
    assert_eq!(all.len(), 170 + 8_000);
    let per_region: Vec<usize> =
        (1..=12).map(|region| all.iter().filter(|place| place.region == region).count()).collect();
    assert_eq!(per_region, [859, 559, 1_022, 1_106, 609, 1_656, 1_091, 394, 646, 104, 89, 35]);
    let place = |word| Value::Symbol(catalogue::symbol(catalogue::PLACE, word).expect("a kind of place"));
    let ask =
        |rig: &mut Rig, code, kind| rig.lookup(Service::Locate, None, &[Value::Digits(digits(code)), place(kind)]);
    let (outcome, results) = ask(&mut rig, "20250", "agency");
    assert_eq!((outcome.as_str(), &results[1]), ("found", &Value::Text("Casablanca".into())));
    assert_eq!(ask(&mut rig, "12", "point").1[1], Value::Text("Dakhla".into()));
    let hours = |results: &[Value]| results[2..].iter().map(|v| format!("{v:?}")).collect::<Vec<_>>();
    assert_eq!(hours(&results), ["Time(08:45)", "Time(15:30)"]);
    for code in ["13", "00", "99999", "123"] {
        assert_eq!(ask(&mut rig, code, "agency").0, "unknown", "{code}");
    }
    let mut ramadan = Rig::on("2022-04-12");
    assert_eq!(hours(&ask(&mut ramadan, "20250", "agency").1), ["Time(09:00)", "Time(15:00)"]);
}

#[test]
fn the_place_found_can_be_had_by_sms() {
    let mut rig = Rig::on("2022-05-17");
    let empty =
        Query::Lookup { service: Service::LocateSms, person: None, level: AccessLevel::L0, arguments: [].into() };
    assert_eq!(rig.ask(empty), Reply::Unavailable, "nothing was found yet");
    let kind = Value::Symbol(catalogue::symbol(catalogue::PLACE, "agency").expect("a kind of place"));
    let (_, found) = rig.lookup(Service::Locate, None, &[Value::Digits(digits("80000")), kind]);
    assert_eq!(rig.lookup(Service::LocateSms, None, &[]).0, "sent");
    let Value::Text(name) = &found[0] else { panic!("a name") };
    let sms = rig.services.outbox().for_number(Rig::caller()).last().expect("a message");
    assert_eq!(sms.kind, SmsKind::Address);
    assert!(sms.place.as_ref().is_some_and(|place| place.starts_with(&**name)), "{sms:?}");
}

#[test]
fn portal_links_go_to_the_line_and_resets_to_the_phone_on_file() {
    let mut rig = Rig::on("2022-05-17");
    assert_eq!(rig.lookup(Service::PortalLink, None, &[]).0, "sent");
    let with = |portal, phone| Filter { portal: Some(portal), phone: Some(phone), ..registered() };
    let person = rig.somebody(with(true, true));
    let (outcome, results) = rig.about(Service::PortalReset, &person);
    assert_eq!((outcome.as_str(), &results[0]), ("sent", &Value::Digits(person.phone_tail().expect("a phone"))));
    let person = rig.somebody(with(true, false));
    assert_eq!(rig.about(Service::PortalReset, &person).0, "no_phone");
    let person = rig.somebody(with(false, true));
    assert_eq!(rig.about(Service::PortalReset, &person).0, "no_account");
}

#[test]
fn a_complaint_is_followed_by_its_reference_through_its_two_timers() {
    let mut rig = Rig::on("2022-05-17");
    let (_, lodged) = rig.lookup(Service::ComplaintNew, None, &[]);
    let Value::Digits(reference) = lodged[0] else { panic!("a reference") };
    assert_eq!(reference.len(), 8);
    let state_after = |rig: &mut Rig, days: u64| {
        rig.now = Instant::ZERO + Duration::from_hours(24 * days);
        let (outcome, results) = rig.lookup(Service::ComplaintStatus, None, &[Value::Digits(reference)]);
        assert_eq!((outcome.as_str(), &results[1], &results[2]), ("found", &date("2022-05-17"), &date("2022-07-16")));
        let Value::Symbol(state) = &results[0] else { panic!("a state") };
        catalogue::SETS[usize::from(state.set.0)].words[usize::from(state.word)]
    };
    assert_eq!([0, 2].map(|days| state_after(&mut rig, days)), ["received", "received"]);
    assert_eq!([15, 19].map(|days| state_after(&mut rig, days)), ["processing", "processing"]);
    assert_eq!([60, 90].map(|days| state_after(&mut rig, days)), ["answered", "answered"]);
    let (outcome, _) = rig.lookup(Service::ComplaintStatus, None, &[Value::Digits(digits("00000000"))]);
    assert_eq!(outcome, "unknown");
}

#[test]
fn what_was_drained_restores_after_a_restart() {
    let mut rig = Rig::on("2022-05-17");
    let person = rig.somebody(Filter { portal: Some(false), ..registered() });
    let (_, lodged) = rig.lookup(Service::ComplaintNew, Some(person.id), &[]);
    let kind = Value::Symbol(catalogue::symbol(catalogue::CASE, "contest").expect("a kind of case"));
    let (_, opened) = rig.lookup(Service::CaseOpen, None, std::slice::from_ref(&kind));
    rig.services.apply(Change::CreatePortal { person: person.id }).expect("she has none yet");
    let kept = serde_json::to_string(&rig.services.drain_changes()).expect("changes are JSON");

    let mut again = Rig::on("2022-05-20");
    let changes: Vec<ServiceChange> = serde_json::from_str(&kept).expect("and come back");
    assert_eq!(changes.len(), 3);
    for change in &changes {
        again.services.restore(change).expect("the same people are there");
    }
    assert!(again.services.registry().person(person.id).is_some_and(|person| person.has_portal()));
    let Value::Digits(_) = lodged[0] else { panic!("a reference") };
    assert_eq!(again.lookup(Service::ComplaintStatus, None, &lodged[..1]).0, "found");
    assert_ne!(again.lookup(Service::CaseOpen, None, &[kind]).1, opened, "no reference is given twice");
    assert!(again.services.drain_changes().iter().all(|change| matches!(change, ServiceChange::Case(_))));
}

#[test]
fn a_copied_world_keeps_its_own_people_and_locks() {
    let mut rig = Rig::on("2022-05-17");
    let person = rig.somebody(Filter { portal: Some(false), ..registered() });
    let mut copy = rig.services.clone();
    copy.apply(Change::CreatePortal { person: person.id }).expect("she has none yet");
    assert!(!rig.services.registry().person(person.id).is_some_and(|person| person.has_portal()));
    assert_eq!(rig.about(Service::PortalReset, &person).0, "no_account");
}
