//! The services outside the engine: what answers a script's queries.
//!
//! [`Services::answer`] gives exactly one [`Reply`] to each [`Request`]. It refuses what is above the level a call has
//! reached, whatever the script says, and leaves an audit entry for every read. What has to outlive a run is drained by the
//! driver: [`Services::drain_changes`], [`Services::drain_access`], [`Services::drain_audit`], [`Services::drain_sms`];
//! [`Services::restore`] and [`Services::restore_access`] take changes back after a restart.
//!
//! Imports `registry`, the catalogue, `time`, `id`, `random`, `pii`. Never enters: a clock (time and its calendar are
//! arguments), a socket, the wording of a prompt.

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};

pub mod audit;
pub mod complaint;
pub mod contribution;
mod enrolment;
pub mod locator;
pub mod sms;

use audit::AuditEntry;
use complaint::{Case, Casebook, Complaint};
use locator::{Locator, PlaceKind};
use sms::{Outbox, Recipient, Sms, SmsKind};

use crate::{
    id::{CallId, PersonId},
    pii::{CallerNumber, Digits, Secret},
    random::{Purpose, Seed, mix},
    registry::{
        Change, ChangeError, Person, Registry,
        access::{Access, Attempt, Verdict, change::AccessChange},
        config::Limits,
    },
    script::{
        catalogue::{self, AccessLevel, Query, Reply, Request, Service},
        value::{Symbol, Value},
    },
    time::{Date, Duration, Instant, LocalClock},
};

/// Settings of the services.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Limits on failed identity checks.
    pub limits: Limits,
    /// First and last days of Ramadan, when places keep other hours. Default: 3 April to 1 May 2022. A table and not a
    /// formula: the moon is sighted.
    pub ramadan: Vec<(Date, Date)>,
    /// Whether changes, audit entries and messages are kept until drained. Default true; a driver that never drains sets
    /// it to false, so that a simulated year does not fill the memory.
    pub keep: bool,
}

impl Default for Config {
    fn default() -> Config {
        let ramadan = Date::from_ymd(2022, 4, 3).zip(Date::from_ymd(2022, 5, 1));
        Config { limits: Limits::default(), ramadan: ramadan.into_iter().collect(), keep: true }
    }
}

/// Something that has to survive a restart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "snake_case")]
pub enum ServiceChange {
    /// A person changed.
    Registry(Change),
    /// A complaint was lodged.
    Complaint(Complaint),
    /// A back-office case was opened.
    Case(Case),
}

/// What is remembered about a call in progress.
#[derive(Clone, Copy, Debug, Default)]
struct CallMemory {
    codes: u64,
    place: Option<usize>,
}

/// The services of one world. A clone has a registry overlay, lockouts and an outbox of its own.
#[derive(Debug)]
pub struct Services {
    registry: Arc<Registry>,
    config: Config,
    /// What one-time codes follow from.
    codes: Seed,
    access: Access,
    locator: Locator,
    casebook: Casebook,
    outbox: Outbox,
    calls: BTreeMap<CallId, CallMemory>,
    sms_up: bool,
    audit: Vec<AuditEntry>,
    changes: Vec<ServiceChange>,
}

impl Clone for Services {
    fn clone(&self) -> Services {
        Services {
            registry: Arc::new((*self.registry).clone()),
            config: self.config.clone(),
            codes: self.codes,
            access: self.access.clone(),
            locator: self.locator.clone(),
            casebook: self.casebook.clone(),
            outbox: self.outbox.clone(),
            calls: self.calls.clone(),
            sms_up: self.sms_up,
            audit: self.audit.clone(),
            changes: self.changes.clone(),
        }
    }
}

/// Tells the key of a run's codes from those of its calls.
const OF_RUN: u64 = 0x7275_6e5f_636f_6465;

/// A request being answered.
struct Asked<'a> {
    now: Instant,
    today: Date,
    call: CallId,
    caller: Option<CallerNumber>,
    arguments: &'a [Value],
}

impl Services {
    /// Services over a registry. One-time codes follow from `seed`: a live centre must be given one that nobody knows.
    pub fn new(registry: Arc<Registry>, config: Config, seed: Seed) -> Services {
        Services {
            registry,
            access: match config.keep {
                true => Access::new(config.limits.clone()).keeping(seed),
                false => Access::new(config.limits.clone()),
            },
            config,
            codes: seed,
            locator: Locator::new(seed),
            casebook: Casebook::new(seed),
            outbox: Outbox::default(),
            calls: BTreeMap::new(),
            sms_up: true,
            audit: Vec::new(),
            changes: Vec::new(),
        }
    }

    /// The same with the one-time codes of a run of its own: calls are counted anew in each, and a code that was seen in one
    /// must say nothing of the next.
    pub fn of_run(self, run: u64) -> Services {
        let codes = Seed::new(self.codes.key(Purpose::OneTimeCode, mix(mix(run) ^ OF_RUN)));
        Services { codes, ..self }
    }

    /// The same with one-time codes that follow from a seed of their own.
    pub fn with_codes(self, codes: Seed) -> Services {
        Services { codes, ..self }
    }

    /// The people.
    pub fn registry(&self) -> &Arc<Registry> {
        &self.registry
    }

    /// The messages sent.
    pub fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    /// The agencies and points.
    pub fn locator(&self) -> &Locator {
        &self.locator
    }

    /// Whether messages can be sent; when not, card digits are asked instead of codes. True at the beginning.
    pub fn set_sms_up(&mut self, up: bool) {
        self.sms_up = up;
    }

    /// Answers one request of a call. The local day is that of `clock` at `now`.
    pub fn answer(&mut self, now: Instant, clock: &LocalClock, call: CallId, request: &Request) -> Reply {
        let attempt = Attempt { now, call, caller: request.caller };
        match &request.query {
            Query::Lookup { service, person, level, arguments } => {
                let asked = Asked { now, today: clock.local(now).0, call, caller: request.caller, arguments };
                self.lookup(&asked, *service, *person, *level)
            }
            Query::CheckIdentity { claim, id, birth } => {
                let verdict = self.access.check_identity(&self.registry, &attempt, (*claim, *id), *birth);
                let reply = self.judged(&attempt, (None, AccessLevel::L0, "identity"), verdict, Reply::Known);
                match verdict {
                    // Whoever claims a number is not told whether anybody else has tried it.
                    Verdict::Locked(_) => Reply::Refused,
                    _ => reply,
                }
            }
            Query::SendCode { person } => self.send_code(&attempt, *person, self.sms_up),
            Query::CheckCode { person, code } => {
                let Some(person) = self.registry.person(*person) else {
                    return Reply::Refused;
                };
                let verdict = self.access.check_code(&attempt, &person, *code);
                let of = (Some(person.id), AccessLevel::L1, "code");
                self.judged(&attempt, of, verdict, |_| Reply::CodeRight)
            }
        }
    }

    /// Answers a request to send a code where no text reaches the telephone on file: as where there is none, the last digits of
    /// the card are to be asked.
    pub fn ask_card(&mut self, now: Instant, call: CallId, caller: Option<CallerNumber>, person: PersonId) -> Reply {
        self.send_code(&Attempt { now, call, caller }, person, false)
    }

    /// Forgets what a call left open: its code and the place last found.
    pub fn call_ended(&mut self, call: CallId) {
        self.access.call_ended(call);
        self.calls.remove(&call);
    }

    /// Changes a person, or says why not; a change made is kept for [`Services::drain_changes`].
    pub fn apply(&mut self, change: Change) -> Result<(), ChangeError> {
        self.registry.apply(&change)?;
        self.keep_change(ServiceChange::Registry(change));
        Ok(())
    }

    /// Takes back a change kept from an earlier run with the same registry and seed.
    pub fn restore(&mut self, change: &ServiceChange) -> Result<(), ChangeError> {
        match change {
            ServiceChange::Registry(change) => return self.registry.apply(change),
            ServiceChange::Complaint(complaint) => self.casebook.restore_complaint(complaint.clone()),
            ServiceChange::Case(case) => self.casebook.restore_case(case),
        }
        Ok(())
    }

    /// Whether there is anything to drain.
    pub fn has_news(&self) -> bool {
        !self.changes.is_empty() || !self.audit.is_empty() || self.outbox.has_news() || self.access.has_news()
    }

    /// What has to be stored since the last time, in order.
    pub fn drain_changes(&mut self) -> Vec<ServiceChange> {
        std::mem::take(&mut self.changes)
    }

    /// What failed checks left since the last time, in order: to be kept, and given back by [`Services::restore_access`].
    pub fn drain_access(&mut self) -> Vec<AccessChange> {
        self.access.drain()
    }

    /// Takes back what identity checks left in earlier runs, in order, once the doors open at `now`. `lived` is the service
    /// time until then: how long the centre has been open, summed over its earlier runs; zero at the very first. Needed
    /// even where there is nothing to take back, since service time counts from here.
    pub fn restore_access(&mut self, changes: &[AccessChange], lived: Duration, now: Instant) {
        self.access.restore(changes, lived, now);
    }

    /// Service time at an instant of this run: how long the centre has been open, summed over its runs.
    pub fn lived(&self, now: Instant) -> Duration {
        self.access.lived(now)
    }

    /// When in this run it was `lived` of service time; [`Instant::ZERO`] for what was before.
    pub fn instant_of(&self, lived: Duration) -> Instant {
        self.access.instant_of(lived)
    }

    /// The identity checks, to be looked at.
    pub fn access(&self) -> &Access {
        &self.access
    }

    /// The audit entries since the last time, in order.
    pub fn drain_audit(&mut self) -> Vec<AuditEntry> {
        std::mem::take(&mut self.audit)
    }

    /// The messages sent since the last time, in order.
    pub fn drain_sms(&mut self) -> Vec<Sms> {
        self.outbox.drain()
    }

    fn keep_change(&mut self, change: ServiceChange) {
        if self.config.keep {
            self.changes.push(change);
        }
    }

    fn note(
        &mut self,
        at: (Instant, CallId),
        of: (Option<PersonId>, AccessLevel, &'static str),
        fields: Vec<&'static str>,
        access: audit::Access,
    ) {
        if self.config.keep {
            let (person, level, what) = of;
            self.audit.push(AuditEntry { at: at.0, call: at.1, person, level, what, fields, access });
        }
    }

    /// Turns a verdict into a reply and an audit entry.
    fn judged(
        &mut self,
        attempt: &Attempt,
        of: (Option<PersonId>, AccessLevel, &'static str),
        verdict: Verdict,
        known: impl FnOnce(PersonId) -> Reply,
    ) -> Reply {
        let (person, access, reply) = match verdict {
            Verdict::Known(person) => (Some(person), audit::Access::Granted, known(person)),
            Verdict::Refused => (of.0, audit::Access::Refused, Reply::Refused),
            Verdict::Locked(delay) | Verdict::Closed(delay) => (of.0, audit::Access::Locked, Reply::Locked { delay }),
        };
        self.note((attempt.now, attempt.call), (person, of.1, of.2), Vec::new(), access);
        reply
    }

    fn send_code(&mut self, attempt: &Attempt, person: PersonId, arrives: bool) -> Reply {
        let &Attempt { now, call, caller } = attempt;
        let Some(person) = self.registry.person(person) else {
            return Reply::Unavailable;
        };
        let of = (Some(person.id), AccessLevel::L1, "send_code");
        if let Some(delay) = self.access.code_locked(attempt, person.id) {
            return self.judged(attempt, of, Verdict::Locked(delay), Reply::Known);
        }
        let Some(tail) = person.phone_tail().filter(|_| arrives) else {
            self.access.card_asked(now, call, person.id);
            self.note((now, call), of, Vec::new(), audit::Access::Granted);
            return Reply::NoPhone;
        };
        let memory = self.calls.entry(call).or_default();
        memory.codes += 1;
        let draw = self.codes.key(Purpose::OneTimeCode, mix(call.0) ^ memory.codes);
        let code = Digits::from_number(((draw >> 32) * 1_000_000) >> 32, 6).unwrap_or_default();
        self.access.code_sent(now, call, person.id, code);
        let to = Recipient::OnFile { person: person.id, tail };
        self.send((now, call), caller, to, SmsKind::Code, Some(Secret::new(code)), None);
        self.note((now, call), of, vec!["phone_tail"], audit::Access::Granted);
        Reply::CodeSent { tail, valid: self.access.code_valid() }
    }

    fn send(
        &mut self,
        (at, call): (Instant, CallId),
        caller: Option<CallerNumber>,
        to: Recipient,
        kind: SmsKind,
        code: Option<Secret<Digits>>,
        place: Option<Arc<str>>,
    ) {
        self.outbox.send(Sms { id: 0, at, call, caller, to, kind, code, place }, self.config.keep);
    }

    fn lookup(&mut self, asked: &Asked<'_>, service: Service, person: Option<PersonId>, level: AccessLevel) -> Reply {
        let entry = service.entry();
        let found = person.and_then(|id| self.registry.person(id));
        let personal = entry.level > AccessLevel::L0;
        let of = (person, level, entry.name);
        if level < entry.level || (personal && found.is_none()) {
            self.note((asked.now, asked.call), of, Vec::new(), audit::Access::BelowLevel);
            return Reply::Unavailable;
        }
        let reply = match found.filter(|_| personal) {
            Some(person) => self.about(asked, service, &person),
            None => self.general(asked, service, person),
        };
        if let (true, Reply::Answer { outcome, .. }) = (personal, &reply) {
            let sets = entry.outcomes[usize::from(*outcome)].sets;
            let fields = sets.iter().map(|&i| entry.results[usize::from(i)].name).collect();
            self.note((asked.now, asked.call), of, fields, audit::Access::Granted);
        }
        reply
    }

    /// The services about one person.
    fn about(&mut self, asked: &Asked<'_>, service: Service, person: &Person) -> Reply {
        let (registry, today) = (&*self.registry, asked.today);
        match service {
            Service::Registration => enrolment::registration(registry, person),
            Service::Rights => enrolment::rights(registry, person, today),
            Service::Contribution => enrolment::contribution(registry, person, today),
            Service::Arrears => enrolment::arrears(registry, person, today),
            Service::AmoFile => match asked.arguments.first() {
                Some(&Value::Number(index)) => enrolment::amo_file(registry, person, index, today),
                _ => Reply::Unavailable,
            },
            Service::Family => enrolment::family(person),
            Service::PortalReset => self.portal_reset(asked, person),
            _ => Reply::Unavailable,
        }
    }

    /// The services that need nobody's identity.
    fn general(&mut self, asked: &Asked<'_>, service: Service, person: Option<PersonId>) -> Reply {
        match (service, asked.arguments.first()) {
            (Service::PortalLink, _) => self.text_caller(asked, service, SmsKind::PortalLink, None),
            (Service::Locate, Some(&Value::Digits(code))) => self.locate(asked, code),
            (Service::LocateSms, _) => {
                let place = self.calls.get(&asked.call).and_then(|memory| memory.place);
                match place.and_then(|position| self.locator.places().get(position)) {
                    Some(place) => {
                        let text = format!("{}, {} {:05}", place.name(), place.city, place.postal);
                        self.text_caller(asked, service, SmsKind::Address, Some(text.into()))
                    }
                    None => Reply::Unavailable,
                }
            }
            (Service::ComplaintNew, _) => {
                let (reference, complaint) = self.casebook.lodge(asked.call, person, asked.today);
                self.keep_change(ServiceChange::Complaint(complaint));
                reply(service, "lodged", vec![("ref", Value::Digits(reference))])
            }
            (Service::ComplaintStatus, Some(&Value::Digits(reference))) => self.complaint_status(asked, reference),
            (Service::CaseOpen, Some(Value::Symbol(kind))) if kind.set == catalogue::CASE => {
                let words = catalogue::SETS[usize::from(catalogue::CASE.0)].words;
                let Some(kind) = words.get(usize::from(kind.word)) else {
                    return Reply::Unavailable;
                };
                let (reference, case) = self.casebook.open(asked.call, person, asked.today, kind);
                self.keep_change(ServiceChange::Case(case));
                reply(service, "opened", vec![("ref", Value::Digits(reference))])
            }
            _ => Reply::Unavailable,
        }
    }

    fn portal_reset(&mut self, asked: &Asked<'_>, person: &Person) -> Reply {
        let service = Service::PortalReset;
        match person.phone_tail() {
            _ if !person.has_portal() => reply(service, "no_account", vec![]),
            None => reply(service, "no_phone", vec![]),
            Some(_) if !self.sms_up => Reply::Unavailable,
            Some(tail) => {
                let to = Recipient::OnFile { person: person.id, tail };
                self.send((asked.now, asked.call), asked.caller, to, SmsKind::PortalReset, None, None);
                reply(service, "sent", vec![("tail", Value::Digits(tail))])
            }
        }
    }

    /// Sends a message to the calling number.
    fn text_caller(&mut self, asked: &Asked<'_>, service: Service, kind: SmsKind, place: Option<Arc<str>>) -> Reply {
        match asked.caller {
            None => reply(service, "no_number", vec![]),
            Some(_) if !self.sms_up => Reply::Unavailable,
            Some(caller) => {
                let to = Recipient::Caller(caller);
                self.send((asked.now, asked.call), asked.caller, to, kind, None, place);
                reply(service, "sent", vec![])
            }
        }
    }

    fn locate(&mut self, asked: &Asked<'_>, code: Digits) -> Reply {
        let kind = match asked.arguments.get(1) {
            Some(Value::Symbol(Symbol { set, word: 0 })) if *set == catalogue::PLACE => PlaceKind::Agency,
            Some(Value::Symbol(Symbol { set, word: 1 })) if *set == catalogue::PLACE => PlaceKind::Point,
            _ => return Reply::Unavailable,
        };
        let Some(position) = self.locator.nearest(code, kind) else {
            return reply(Service::Locate, "unknown", vec![]);
        };
        self.calls.entry(asked.call).or_default().place = Some(position);
        let place = &self.locator.places()[position];
        let (open, close) = place.hours(asked.today, &self.config.ramadan);
        let values = vec![
            ("name", Value::Text(place.name().into())),
            ("city", Value::Text(place.city.into())),
            ("open", Value::Time(open)),
            ("close", Value::Time(close)),
        ];
        reply(Service::Locate, "found", values)
    }

    fn complaint_status(&self, asked: &Asked<'_>, reference: Digits) -> Reply {
        match self.casebook.status(reference, asked.today) {
            None => reply(Service::ComplaintStatus, "unknown", vec![]),
            Some((state, lodged, answer_by)) => {
                let state = Value::Symbol(Symbol { set: catalogue::COMPLAINT_STATE, word: state as u16 });
                let values =
                    vec![("state", state), ("lodged", Value::Date(lodged)), ("answer_by", Value::Date(answer_by))];
                reply(Service::ComplaintStatus, "found", values)
            }
        }
    }
}

/// The answer of a service by the names of its catalogue entry: exactly the fields its outcome sets.
fn reply(service: Service, outcome: &str, values: Vec<(&'static str, Value)>) -> Reply {
    let entry = service.entry();
    let place = entry.outcomes.iter().position(|o| o.name == outcome).expect("the outcome is in the catalogue");
    let mut results = vec![Value::Unset; entry.results.len()];
    debug_assert_eq!(values.len(), entry.outcomes[place].sets.len(), "{} {outcome}", entry.name);
    for (name, value) in values {
        let field = entry.results.iter().position(|field| field.name == name).expect("the field is in the catalogue");
        debug_assert!(entry.outcomes[place].sets.contains(&(field as u8)), "{} {outcome} {name}", entry.name);
        results[field] = value;
    }
    Reply::Answer { outcome: place as u8, results: results.into() }
}
