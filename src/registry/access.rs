//! Who may be believed: identity checks, one-time codes and lockouts.
//!
//! A claim is counted by what the caller keyed, whether or not anybody has that number, so that an unknown number, a wrong
//! birth date and a locked record cannot be told apart. While a lock runs every answer is the same, the right one included,
//! and nothing more is counted. An agent's three tries per call are the engine's business, not this room's.

use std::collections::{BTreeMap, VecDeque};

use subtle::ConstantTimeEq;

use super::{Registry, config::Limits, person::Person};
use crate::{
    canary::{Canary, canary},
    id::{CallId, PersonId},
    pii::{CallerNumber, Digits, Secret},
    script::catalogue::ClaimKind,
    time::{Date, Duration, Instant},
};

/// What a lock is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Subject {
    /// What a caller claimed to be known by, existing or not.
    Claim(ClaimKind, Digits),
    /// Somebody whose number and birth date were right, and whose code is being tried.
    Code(PersonId),
}

/// Failures and locks of one subject.
#[derive(Clone, Debug, Default)]
struct Tally {
    failures: VecDeque<Instant>,
    locked_until: Option<Instant>,
    /// How many locks there have been without a quiet [`Limits::claim_window`] between.
    locks: usize,
    last: Instant,
}

/// What a caller has to show after number and birth date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Factor {
    Code { code: Secret<u64>, until: Instant },
    CardTail { until: Instant },
}

/// The verdict on a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// They go together: this person.
    Known(PersonId),
    /// They do not.
    Refused,
    /// No check is made for so long.
    Locked(Duration),
}

/// The state of all checks. Its own room for state, so that a copied world copies it.
#[derive(Clone, Debug)]
pub struct Access {
    limits: Limits,
    subjects: BTreeMap<Subject, Tally>,
    callers: BTreeMap<CallerNumber, VecDeque<Instant>>,
    factors: BTreeMap<(CallId, PersonId), Factor>,
    today: Option<Date>,
    failed_today: u32,
    swept: Instant,
}

impl Access {
    /// Nobody has failed yet.
    pub fn new(limits: Limits) -> Access {
        Access {
            limits,
            subjects: BTreeMap::new(),
            callers: BTreeMap::new(),
            factors: BTreeMap::new(),
            today: None,
            failed_today: 0,
            swept: Instant::ZERO,
        }
    }

    /// Does this claim go with this birth date (DDMMYYYY)?
    pub fn check_identity(
        &mut self,
        registry: &Registry,
        at: &Moment,
        caller: Option<CallerNumber>,
        claim: (ClaimKind, Secret<Digits>),
        birth: Secret<Digits>,
    ) -> Verdict {
        let subject = Subject::Claim(claim.0, claim.1.reveal());
        if let Some(delay) = self.locked(at, caller, subject) {
            return Verdict::Locked(delay);
        }
        let found = match claim.0 {
            ClaimKind::Number => registry.by_number(claim.1.reveal()),
            ClaimKind::Reference => registry.by_reference(claim.1.reveal()),
        };
        let expected = found.map_or(u64::MAX, |person| birth_number(&person));
        let given = if birth.reveal().len() == 8 { birth.reveal().as_number() } else { u64::MAX - 1 };
        let right = bool::from(expected.ct_eq(&given));
        match found.filter(|_| right) {
            Some(person) => {
                self.subjects.remove(&subject);
                Verdict::Known(person.id)
            }
            None => self.failed(at, caller, subject),
        }
    }

    /// Remembers the code sent to a person in a call; an earlier one is void.
    pub fn code_sent(&mut self, at: Instant, call: CallId, person: PersonId, code: Digits) {
        let factor = Factor::Code { code: Secret::new(code.as_number()), until: at + self.limits.code_valid };
        self.factors.insert((call, person), factor);
    }

    /// Remembers that, for want of a phone, the last four digits of the card will be asked.
    pub fn card_asked(&mut self, at: Instant, call: CallId, person: PersonId) {
        self.factors.insert((call, person), Factor::CardTail { until: at + self.limits.code_valid });
    }

    /// How long a code is valid.
    pub fn code_valid(&self) -> Duration {
        self.limits.code_valid
    }

    /// Is this the code last sent to the person in this call, or, where none could be sent, the end of her card number?
    /// A right code is used up.
    pub fn check_code(
        &mut self,
        at: &Moment,
        call: CallId,
        caller: Option<CallerNumber>,
        person: &Person,
        given: Secret<Digits>,
    ) -> Verdict {
        let subject = Subject::Code(person.id);
        if let Some(delay) = self.locked(at, caller, subject) {
            return Verdict::Locked(delay);
        }
        let (expected, width) = match self.factors.get(&(call, person.id)) {
            Some(Factor::Code { code, until }) if at.now < *until => (code.reveal(), 6),
            Some(Factor::CardTail { until }) if at.now < *until => (u64::from(person.card_tail().reveal()), 4),
            _ => (u64::MAX, 6),
        };
        let digits = given.reveal();
        let given = if digits.len() == width { digits.as_number() } else { u64::MAX - 1 };
        if bool::from(expected.ct_eq(&given)) {
            self.factors.remove(&(call, person.id));
            self.subjects.remove(&subject);
            Verdict::Known(person.id)
        } else {
            self.failed(at, caller, subject)
        }
    }

    /// Whether a check about `person` by code would be refused for now, and for how long: a code is not even sent then.
    pub fn code_locked(&mut self, at: &Moment, caller: Option<CallerNumber>, person: PersonId) -> Option<Duration> {
        self.locked(at, caller, Subject::Code(person))
    }

    /// Failed checks of the current local day.
    pub fn failed_today(&self) -> u32 {
        self.failed_today
    }

    /// Forgets what a call left open.
    pub fn call_ended(&mut self, call: CallId) {
        let of_call: Vec<_> =
            self.factors.range((call, PersonId(0))..=(call, PersonId(u32::MAX))).map(|(&key, _)| key).collect();
        for key in of_call {
            self.factors.remove(&key);
        }
    }

    fn locked(&mut self, at: &Moment, caller: Option<CallerNumber>, subject: Subject) -> Option<Duration> {
        self.new_day(at);
        self.sweep(at.now);
        if self.failed_today >= self.limits.daily_failures {
            return Some(at.to_midnight);
        }
        let limits = &self.limits;
        let by_caller = caller.and_then(|caller| self.callers.get_mut(&caller)).and_then(|failures| {
            drop_old(failures, at.now, limits.caller_window);
            let enough = failures.len() >= limits.caller_failures as usize;
            enough.then(|| (failures[0] + limits.caller_window).since(at.now))
        });
        let until = self.subjects.get(&subject).and_then(|tally| tally.locked_until);
        let by_subject = until.filter(|&until| until > at.now).map(|until| until.since(at.now));
        by_caller.max(by_subject)
    }

    /// Counts a failure. The one that reaches the limit is still answered as any other; the lock shows at the next.
    fn failed(&mut self, at: &Moment, caller: Option<CallerNumber>, subject: Subject) -> Verdict {
        self.failed_today += 1;
        if let Some(caller) = caller {
            self.callers.entry(caller).or_default().push_back(at.now);
        }
        let limits = &self.limits;
        let tally = self.subjects.entry(subject).or_default();
        if at.now.since(tally.last) > limits.claim_window {
            tally.locks = 0;
        }
        if canary(Canary::CounterAfterAnswer) && tally.failures.back() == Some(&at.now) {
            return Verdict::Refused;
        }
        tally.last = at.now;
        drop_old(&mut tally.failures, at.now, limits.claim_window);
        tally.failures.push_back(at.now);
        if tally.failures.len() >= limits.claim_failures as usize {
            let lock = limits.claim_locks[tally.locks.min(limits.claim_locks.len() - 1)];
            tally.locks += 1;
            tally.failures.clear();
            tally.locked_until = Some(at.now + lock);
            // A lock as long as the window must not be forgotten by waiting it out.
            tally.last = at.now + lock;
        }
        Verdict::Refused
    }

    fn new_day(&mut self, at: &Moment) {
        if self.today != Some(at.today) {
            self.today = Some(at.today);
            self.failed_today = 0;
        }
    }

    /// Once an hour, forgets what no longer counts, so that a scan of all numbers cannot fill the memory for good.
    fn sweep(&mut self, now: Instant) {
        if now.since(self.swept) < Duration::from_hours(1) {
            return;
        }
        self.swept = now;
        let (claim, caller) = (self.limits.claim_window, self.limits.caller_window);
        self.subjects.retain(|_, tally| now.since(tally.last) <= claim);
        self.callers.retain(|_, failures| failures.back().is_some_and(|&last| now.since(last) <= caller));
        self.factors.retain(|_, factor| {
            let (Factor::Code { until, .. } | Factor::CardTail { until }) = factor;
            *until > now
        });
    }
}

/// When a check is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The instant.
    pub now: Instant,
    /// The local date.
    pub today: Date,
    /// How long the local day has still to run.
    pub to_midnight: Duration,
}

fn drop_old(failures: &mut VecDeque<Instant>, now: Instant, window: Duration) {
    while failures.front().is_some_and(|&first| now.since(first) >= window) {
        failures.pop_front();
    }
}

/// A birth date as the caller keys it, DDMMYYYY.
fn birth_number(person: &Person) -> u64 {
    let date = person.birth_date().civil();
    date.day() as u64 * 1_000_000 + date.month() as u64 * 10_000 + date.year() as u64
}

/// The eight digits by which a person proves her birth date, for testers who dial as her.
pub fn birth_digits(person: &Person) -> Secret<Digits> {
    Secret::new(Digits::from_number(birth_number(person), 8).unwrap_or_default())
}
