//! Who may be believed: identity checks, one-time codes and lockouts.
//!
//! A claim is counted by what the caller keyed, whether or not anybody has that number. While it is locked it is not looked
//! at, the right birth date included, and nothing more stands against it; the attempt counts against the calling number and
//! the whole centre as any other does, so that neither tells a locked claim from a wrong one. A script's tries per call are
//! the engine's business, not this room's.
//!
//! **Service time.** Windows and locks run in the time the centre has lived, summed over its runs: the run's own time,
//! shifted by [`Access::restore`]. No step of the wall clock and no restart shortens a lock. Inside, times are microseconds
//! of this run, negative for what happened in earlier ones; what is told outside ([`AccessChange`]) is service time.

use std::collections::{BTreeMap, VecDeque};

use subtle::ConstantTimeEq;

pub mod change;
mod tally;

use change::{AccessChange, AccessNews, Mark};
use tally::{Micros, Tally, drop_old};

use super::{Registry, config::Limits, person::Person};
use crate::{
    id::{CallId, PersonId},
    pii::{CallerNumber, Digits, Secret},
    random::{Purpose, Seed},
    script::catalogue::ClaimKind,
    time::{Duration, Instant},
};

/// What a lock is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Subject {
    /// What a caller claimed to be known by, existing or not.
    Claim(ClaimKind, Digits),
    /// Somebody whose number and birth date were right, and whose code is being tried.
    Code(PersonId),
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
    /// What was claimed is locked for so long and was not looked at. Who claims a number must not be told that it is not the
    /// same as [`Verdict::Refused`].
    Locked(Duration),
    /// No check is made for the calling number, or for anybody, for so long. Says nothing of what was claimed.
    Closed(Duration),
}

/// An attempt: in which call, at what time, from which number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The instant.
    pub now: Instant,
    /// The call.
    pub call: CallId,
    /// The number it came from.
    pub caller: Option<CallerNumber>,
}

/// The state of all checks. Its own room for state, so that a copied world copies it.
#[derive(Clone, Debug)]
pub struct Access {
    limits: Limits,
    /// What the marks of what is told outside are made with.
    key: u128,
    /// Service time at the beginning of the run.
    base: Micros,
    subjects: BTreeMap<Subject, Tally>,
    callers: BTreeMap<CallerNumber, VecDeque<Micros>>,
    /// Failures of the whole centre that still count.
    failures: VecDeque<Micros>,
    /// What earlier runs left, until it is asked for.
    earlier_subjects: BTreeMap<Mark, Tally>,
    earlier_callers: BTreeMap<Mark, VecDeque<Micros>>,
    factors: BTreeMap<(CallId, PersonId), Factor>,
    judged: u64,
    swept: Micros,
    /// Kept for the driver; `None`: nobody will ask.
    changes: Option<Vec<AccessChange>>,
}

/// How long a failure counts towards [`Limits::daily_failures`].
pub const DAY: Duration = Duration::from_hours(24);

impl Access {
    /// Nobody has failed yet. Nothing is kept for [`Access::drain`].
    pub fn new(limits: Limits) -> Access {
        Access {
            limits,
            key: 0,
            base: 0,
            subjects: BTreeMap::new(),
            callers: BTreeMap::new(),
            failures: VecDeque::new(),
            earlier_subjects: BTreeMap::new(),
            earlier_callers: BTreeMap::new(),
            factors: BTreeMap::new(),
            judged: 0,
            swept: 0,
            changes: None,
        }
    }

    /// The same, keeping changes for [`Access::drain`] under marks that follow from `seed`: the same one in every run.
    pub fn keeping(self, seed: Seed) -> Access {
        let word = |owner| u128::from(seed.key(Purpose::AccessMark, owner));
        Access { key: (word(0) << 64) | word(1), changes: Some(Vec::new()), ..self }
    }

    /// Does this claim go with this birth date (DDMMYYYY)?
    pub fn check_identity(
        &mut self,
        registry: &Registry,
        attempt: &Attempt,
        claim: (ClaimKind, Secret<Digits>),
        birth: Secret<Digits>,
    ) -> Verdict {
        let subject = Subject::Claim(claim.0, claim.1.reveal());
        if let Some(verdict) = self.stopped(attempt, subject) {
            return verdict;
        }
        let found = match claim.0 {
            ClaimKind::Number => registry.by_number(claim.1.reveal()),
            ClaimKind::Reference => registry.by_reference(claim.1.reveal()),
        };
        let expected = found.map_or(u64::MAX, |person| birth_number(&person));
        let given = if birth.reveal().len() == 8 { birth.reveal().as_number() } else { u64::MAX - 1 };
        let right = bool::from(expected.ct_eq(&given));
        self.judged += 1;
        match found.filter(|_| right) {
            Some(person) => self.known(attempt, subject, person.id),
            None => self.failed(attempt, subject),
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
    pub fn check_code(&mut self, attempt: &Attempt, person: &Person, given: Secret<Digits>) -> Verdict {
        let subject = Subject::Code(person.id);
        if let Some(verdict) = self.stopped(attempt, subject) {
            return verdict;
        }
        let (expected, width) = match self.factors.get(&(attempt.call, person.id)) {
            Some(Factor::Code { code, until }) if attempt.now < *until => (code.reveal(), 6),
            Some(Factor::CardTail { until }) if attempt.now < *until => (u64::from(person.card_tail().reveal()), 4),
            _ => (u64::MAX, 6),
        };
        let digits = given.reveal();
        let given = if digits.len() == width { digits.as_number() } else { u64::MAX - 1 };
        self.judged += 1;
        if bool::from(expected.ct_eq(&given)) {
            self.factors.remove(&(attempt.call, person.id));
            self.known(attempt, subject, person.id)
        } else {
            self.failed(attempt, subject)
        }
    }

    /// Whether a check about `person` by code would not be made for now, and for how long: a code is not even sent then.
    pub fn code_locked(&mut self, attempt: &Attempt, person: PersonId) -> Option<Duration> {
        let now = self.look(attempt);
        let closed = self.closed(attempt.caller, now);
        let locked = self.locked(Subject::Code(person), now);
        closed.max(locked)
    }

    /// Failed checks of the last 24 hours of service time.
    pub fn failures(&mut self, now: Instant) -> u32 {
        drop_old(&mut self.failures, micros(now), DAY);
        self.failures.len() as u32
    }

    /// How many attempts were looked at in this run, right or wrong: those that told their caller anything.
    pub fn judged(&self) -> u64 {
        self.judged
    }

    /// How many claims, calling numbers and failures are remembered.
    pub fn remembered(&self) -> usize {
        let by_mark = self.earlier_subjects.len() + self.earlier_callers.len();
        self.subjects.len() + self.callers.len() + self.failures.len() + by_mark
    }

    /// Forgets what a call left open.
    pub fn call_ended(&mut self, call: CallId) {
        let of_call: Vec<_> =
            self.factors.range((call, PersonId(0))..=(call, PersonId(u32::MAX))).map(|(&key, _)| key).collect();
        for key in of_call {
            self.factors.remove(&key);
        }
    }

    /// Whether there is anything to drain.
    pub fn has_news(&self) -> bool {
        self.changes.as_ref().is_some_and(|changes| !changes.is_empty())
    }

    /// What has to be kept over a restart since the last time, in order.
    pub fn drain(&mut self) -> Vec<AccessChange> {
        self.changes.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Takes back what earlier runs drained, in order. At `now` the centre has lived for `lived`, this run's time before the
    /// doors opened not counted. Changes older than [`Limits::memory`] may be left out.
    pub fn restore(&mut self, changes: &[AccessChange], lived: Duration, now: Instant) {
        self.base = lived.as_micros() as Micros - micros(now);
        for change in changes {
            let at = self.of_run(change.at);
            match &change.news {
                AccessNews::Failed { subject, caller, stands } => {
                    self.failures.push_back(at);
                    if let Some(caller) = caller {
                        self.earlier_callers.entry(*caller).or_default().push_back(at);
                    }
                    if let Some(stands) = stands {
                        self.earlier_subjects.insert(*subject, Tally::restored(stands, self.base));
                    }
                }
                AccessNews::Known { subject } => {
                    self.earlier_subjects.remove(subject);
                }
            }
        }
        self.failures.make_contiguous().sort_unstable();
        self.swept = Micros::MIN;
        self.sweep(micros(now));
    }

    /// How long the centre has lived at an instant of this run.
    pub fn lived(&self, now: Instant) -> Duration {
        Duration((micros(now) + self.base).max(0) as u64)
    }

    /// When in this run the centre had lived for `lived`; the beginning for what was before.
    pub fn instant_of(&self, lived: Duration) -> Instant {
        Instant(self.of_run(lived).max(0) as u64)
    }

    /// An instant of service time as one of this run.
    fn of_run(&self, at: Duration) -> Micros {
        at.as_micros() as Micros - self.base
    }

    fn mark(&self, subject: Subject) -> Mark {
        match subject {
            Subject::Claim(ClaimKind::Number, digits) => Mark::of(self.key, "number", digits),
            Subject::Claim(ClaimKind::Reference, digits) => Mark::of(self.key, "reference", digits),
            Subject::Code(person) => {
                Mark::of(self.key, "code", Digits::from_number(person.0.into(), 10).unwrap_or_default())
            }
        }
    }

    fn mark_of_caller(&self, caller: CallerNumber) -> Mark {
        Mark::of(self.key, "caller", caller.reveal())
    }

    /// The time of an attempt, after what no longer counts is forgotten.
    fn look(&mut self, attempt: &Attempt) -> Micros {
        let now = micros(attempt.now);
        self.sweep(now);
        drop_old(&mut self.failures, now, DAY);
        now
    }

    /// Why an attempt is not looked at, if it is not.
    fn stopped(&mut self, attempt: &Attempt, subject: Subject) -> Option<Verdict> {
        let now = self.look(attempt);
        if let Some(delay) = self.closed(attempt.caller, now) {
            return Some(Verdict::Closed(delay));
        }
        let delay = self.locked(subject, now)?;
        self.count(attempt, subject, None);
        Some(Verdict::Locked(delay))
    }

    /// For how long no check is made, whatever is claimed.
    fn closed(&mut self, caller: Option<CallerNumber>, now: Micros) -> Option<Duration> {
        let window = self.limits.caller_window;
        let by_caller = caller.and_then(|caller| {
            self.adopt_caller(caller);
            let failures = self.callers.get_mut(&caller)?;
            drop_old(failures, now, window);
            free_again(failures, self.limits.caller_failures, window, now)
        });
        let by_all = free_again(&self.failures, self.limits.daily_failures, DAY, now);
        by_caller.max(by_all)
    }

    /// For how long a subject is locked.
    fn locked(&mut self, subject: Subject, now: Micros) -> Option<Duration> {
        self.adopt(subject);
        let until = self.subjects.get(&subject)?.locked_until?;
        (until > now).then(|| Duration((until - now) as u64))
    }

    /// What an earlier run left about a subject is this run's from now on.
    fn adopt(&mut self, subject: Subject) {
        if self.earlier_subjects.is_empty() {
            return;
        }
        if let Some(earlier) = self.earlier_subjects.remove(&self.mark(subject)) {
            self.subjects.entry(subject).or_default().merge(earlier);
        }
    }

    fn adopt_caller(&mut self, caller: CallerNumber) {
        if self.earlier_callers.is_empty() {
            return;
        }
        if let Some(earlier) = self.earlier_callers.remove(&self.mark_of_caller(caller)) {
            let failures = self.callers.entry(caller).or_default();
            failures.extend(earlier);
            failures.make_contiguous().sort_unstable();
        }
    }

    fn known(&mut self, attempt: &Attempt, subject: Subject, person: PersonId) -> Verdict {
        if self.subjects.remove(&subject).is_some() && self.changes.is_some() {
            let news = AccessNews::Known { subject: self.mark(subject) };
            self.tell(attempt, news);
        }
        Verdict::Known(person)
    }

    /// Counts a failure. The one that reaches the limit is still answered as any other; the lock shows at the next.
    fn failed(&mut self, attempt: &Attempt, subject: Subject) -> Verdict {
        let now = micros(attempt.now);
        let tally = self.subjects.entry(subject).or_default();
        tally.fail(now, &self.limits);
        let tally = self.changes.is_some().then(|| tally.clone());
        self.count(attempt, subject, tally);
        Verdict::Refused
    }

    /// Counts an attempt that led nowhere against the calling number and the centre.
    fn count(&mut self, attempt: &Attempt, subject: Subject, tally: Option<Tally>) {
        let now = micros(attempt.now);
        self.failures.push_back(now);
        if let Some(caller) = attempt.caller {
            self.callers.entry(caller).or_default().push_back(now);
        }
        if self.changes.is_some() {
            let caller = attempt.caller.map(|caller| self.mark_of_caller(caller));
            let stands = tally.map(|tally| tally.standing(self.base));
            let news = AccessNews::Failed { subject: self.mark(subject), caller, stands };
            self.tell(attempt, news);
        }
    }

    fn tell(&mut self, attempt: &Attempt, news: AccessNews) {
        let change = AccessChange { at: self.lived(attempt.now), call: attempt.call, news };
        if let Some(changes) = &mut self.changes {
            changes.push(change);
        }
    }

    /// Once an hour, forgets what no longer counts, so that a scan of all numbers cannot fill the memory for good: what is
    /// kept is bounded by the failures that [`Limits::daily_failures`] allows in [`Limits::memory`].
    fn sweep(&mut self, now: Micros) {
        if now.saturating_sub(self.swept) < micros(Instant::ZERO + Duration::from_hours(1)) {
            return;
        }
        self.swept = now;
        let (claim, caller) = (self.limits.claim_window.0 as Micros, self.limits.caller_window.0 as Micros);
        let counts = |tally: &Tally| now - tally.last <= claim;
        let recent = |failures: &VecDeque<Micros>| failures.back().is_some_and(|&last| now - last <= caller);
        self.subjects.retain(|_, tally| counts(tally));
        self.earlier_subjects.retain(|_, tally| counts(tally));
        self.callers.retain(|_, failures| recent(failures));
        self.earlier_callers.retain(|_, failures| recent(failures));
        drop_old(&mut self.failures, now, DAY);
        self.factors.retain(|_, factor| {
            let (Factor::Code { until, .. } | Factor::CardTail { until }) = factor;
            micros(*until) > now
        });
    }
}

/// When so many failures no longer count that there are fewer than `most`; `None`: there are fewer.
fn free_again(failures: &VecDeque<Micros>, most: u32, window: Duration, now: Micros) -> Option<Duration> {
    let over = failures.len().checked_sub(most as usize)?;
    Some(Duration((failures.get(over)? + window.0 as Micros - now).max(0) as u64))
}

/// An instant of this run as a number that can go below its beginning. 2^63 microseconds are 292,000 years.
fn micros(at: Instant) -> Micros {
    Micros::try_from(at.0).unwrap_or(Micros::MAX)
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
