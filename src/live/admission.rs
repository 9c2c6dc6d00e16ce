//! Whether a dial becomes a call: the caps, the rates, and the lag of the centre.
//!
//! A dial that is not taken is refused early, in words and with a record, so that calls in progress keep their pace. What a
//! caller with a promised call back is owed is not asked here: nobody may be refused what was promised.

use std::{collections::BTreeMap, net::IpAddr, sync::Arc, time::Duration};

use tokio::time::Instant as Wall;

use super::{
    config::Limits,
    counts::Counts,
    pace::{Pace, Paces},
    protocol::{RefusalReason, ServerMessage},
};
use crate::{id::CallId, pii::CallerNumber};

/// Who dials, as far as admission goes.
#[derive(Clone, Copy, Debug)]
pub struct Applicant {
    /// The calling number, unless withheld.
    pub number: Option<CallerNumber>,
    /// Whose connection it is (see `pace::group_of`); `None` where addresses do not count (this machine's own).
    pub address: Option<IpAddr>,
    /// When the message came in.
    pub sent: Wall,
}

/// What admission must know of the centre.
#[derive(Clone, Copy, Debug)]
pub struct Situation {
    /// Calls of people in progress; a promised call back that waits for its turn is none.
    pub calls: usize,
    /// The centre is ending.
    pub draining: bool,
    /// Call records cannot be written.
    pub records_failing: bool,
}

/// Decides on each dial.
#[derive(Debug)]
pub struct Admission {
    limits: Limits,
    counts: Arc<Counts>,
    /// How many dials of this run were refused.
    refused: u64,
    /// Calls in progress by number and by address; whoever has none is not in it.
    by_number: BTreeMap<CallerNumber, usize>,
    by_address: BTreeMap<IpAddr, usize>,
    admitted: BTreeMap<CallId, (Option<CallerNumber>, Option<IpAddr>)>,
    rate: Paces<CallerNumber>,
    behind: Option<Behind>,
}

/// Dials wait too long for the centre.
#[derive(Clone, Copy, Debug)]
struct Behind {
    since: Wall,
    last: Wall,
}

/// Without a dial for so long, how long the last ones waited says nothing any more.
const FORGOTTEN: Duration = Duration::from_secs(1);

impl Default for Admission {
    /// With the limits a server has unless told otherwise.
    fn default() -> Admission {
        Admission::new(Limits::default(), Arc::default())
    }
}

impl Admission {
    /// Nobody has dialled yet.
    pub fn new(limits: Limits, counts: Arc<Counts>) -> Admission {
        let rate = Pace::new(limits.per_number_rate, limits.per_number_rate, Duration::from_secs(60));
        Admission {
            limits,
            counts,
            refused: 0,
            by_number: BTreeMap::new(),
            by_address: BTreeMap::new(),
            admitted: BTreeMap::new(),
            rate: Paces::new(rate),
            behind: None,
        }
    }

    /// Whether a dial may become a call. Whoever may has used up one of her number's dials.
    ///
    /// # Errors
    /// It may not, and why.
    pub fn judge(&mut self, who: &Applicant, now: Wall, centre: Situation) -> Result<(), RefusalReason> {
        let lags = self.lags(who.sent, now);
        let full = |holds: Option<&usize>, most: usize| holds.is_some_and(|&calls| calls >= most);
        match () {
            () if centre.draining => Err(RefusalReason::Draining),
            () if centre.records_failing => Err(RefusalReason::Records),
            () if lags => Err(RefusalReason::Lag),
            () if centre.calls >= self.limits.max_calls => Err(RefusalReason::Calls),
            () if full(who.address.and_then(|at| self.by_address.get(&at)), self.limits.calls_per_address) => {
                Err(RefusalReason::Address)
            }
            () if full(who.number.and_then(|number| self.by_number.get(&number)), self.limits.per_number) => {
                Err(RefusalReason::Number)
            }
            () if who.number.is_some_and(|number| !self.rate.pass(number, now)) => Err(RefusalReason::Rate),
            () => Ok(()),
        }
    }

    /// Whether the centre is behind: this dial waited too long, and so has every other for as long again. One pause, after
    /// which many are served at once, refuses nobody.
    fn lags(&mut self, sent: Wall, now: Wall) -> bool {
        let most = self.limits.max_lag.to_std();
        if now.saturating_duration_since(sent) <= most {
            self.behind = None;
            return false;
        }
        let fresh = |behind: &Behind| now.saturating_duration_since(behind.last) < FORGOTTEN;
        let since = self.behind.filter(fresh).map_or(now, |behind| behind.since);
        self.behind = Some(Behind { since, last: now });
        now.saturating_duration_since(since) >= most
    }

    /// A dial became a call.
    pub fn took(&mut self, call: CallId, who: &Applicant) {
        who.number.into_iter().for_each(|number| *self.by_number.entry(number).or_default() += 1);
        who.address.into_iter().for_each(|address| *self.by_address.entry(address).or_default() += 1);
        self.admitted.insert(call, (who.number, who.address));
    }

    /// A call is over.
    pub fn ended(&mut self, call: CallId) {
        let Some((number, address)) = self.admitted.remove(&call) else { return };
        number.into_iter().for_each(|number| one_less(&mut self.by_number, &number));
        address.into_iter().for_each(|address| one_less(&mut self.by_address, &address));
    }

    /// A fault of this program ended a call.
    pub fn call_failed(&self) {
        self.counts.failed_calls.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    }

    /// Counts a refusal; its number within the run.
    pub fn refuse(&mut self, reason: RefusalReason) -> u64 {
        self.counts.refuse(reason);
        self.refused += 1;
        self.refused
    }
}

fn one_less<K: Ord>(counts: &mut BTreeMap<K, usize>, key: &K) {
    if let Some(count) = counts.get_mut(key) {
        *count -= 1;
        if *count == 0 {
            counts.remove(key);
        }
    }
}

/// What a caller is told whose dial is not taken; `number` is that of the refusal within the run.
pub fn words(run: i64, number: u64, reason: RefusalReason) -> ServerMessage {
    let (message, help) = match reason {
        RefusalReason::Calls => ("all lines of the centre are taken", "dial again in a minute"),
        RefusalReason::Address => ("your address has as many calls as it may", "end one, or dial from elsewhere"),
        RefusalReason::Number => ("your number has as many calls as it may", "end one, then dial again"),
        RefusalReason::Rate => ("your number dials too often", "wait a minute between dials"),
        RefusalReason::Lag => ("the centre has more to do than it can", "dial again in a minute"),
        RefusalReason::Draining => ("the centre is ending and takes no new calls", "dial again later"),
        RefusalReason::Records => ("the centre cannot write call records and takes no new calls", "dial again later"),
    };
    ServerMessage::Refused { call: format!("{run}-r{number}"), reason, message: message.into(), help: help.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FREE: Situation = Situation { calls: 0, draining: false, records_failing: false };

    fn number(text: &str) -> Option<CallerNumber> {
        Some(CallerNumber::new(text.parse().expect("digits")))
    }

    fn at(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[tokio::test(start_paused = true)]
    async fn each_cap_has_its_reason_and_lifts_when_a_call_ends() {
        let limits =
            Limits { max_calls: 9, calls_per_address: 2, per_number: 1, per_number_rate: 3, ..Limits::default() };
        let mut admission = Admission::new(limits, Arc::default());
        let now = crate::live::clock::wall();
        let who =
            |digits, last: u8| Applicant { number: number(digits), address: Some([192, 0, 2, last].into()), sent: now };
        assert_eq!(admission.judge(&who("1", 1), now, FREE), Ok(()));
        admission.took(CallId(1), &who("1", 1));
        assert_eq!(admission.judge(&who("1", 2), now, FREE), Err(RefusalReason::Number));
        admission.took(CallId(2), &who("2", 1));
        assert_eq!(admission.judge(&who("3", 1), now, FREE), Err(RefusalReason::Address));
        admission.ended(CallId(1));
        let again = || Applicant { number: number("1"), address: None, sent: now };
        let judged: Vec<_> = (0..3).map(|_| admission.judge(&again(), now, FREE)).collect();
        assert_eq!(judged, [Ok(()), Ok(()), Err(RefusalReason::Rate)]);
        let withheld = Applicant { number: None, address: None, sent: now };
        assert_eq!(admission.judge(&withheld, now, Situation { calls: 9, ..FREE }), Err(RefusalReason::Calls));
        assert_eq!(admission.judge(&withheld, now, Situation { draining: true, ..FREE }), Err(RefusalReason::Draining));
        let failing = Situation { records_failing: true, ..FREE };
        assert_eq!(admission.judge(&withheld, now, failing), Err(RefusalReason::Records));
        admission.ended(CallId(2));
        assert!(admission.by_number.is_empty() && admission.by_address.is_empty() && admission.admitted.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_centre_that_stays_behind_refuses_and_one_pause_does_not() {
        let mut admission = Admission::new(
            Limits { max_lag: crate::time::Duration::from_millis(50), ..Limits::default() },
            Arc::default(),
        );
        let begin = crate::live::clock::wall();
        let mut judge = |sent, now| {
            let who = Applicant { number: None, address: None, sent: begin + at(sent) };
            admission.judge(&who, begin + at(now), FREE)
        };
        // A pause of a second, after which all that waited is served at once.
        assert!((0..20).all(|i| judge(i * 50, 1_000 + i).is_ok()));
        // Every dial waits 60 ms.
        let refused: Vec<_> = (0..10).map(|i| judge(2_000 + i * 10, 2_060 + i * 10).is_err()).collect();
        assert_eq!(refused, [vec![false; 5], vec![true; 5]].concat());
        assert!(judge(2_200, 2_210).is_ok(), "it has caught up");
        assert!(judge(2_220, 2_280).is_ok());
        assert!(judge(9_000, 9_060).is_ok(), "long after, one that waited says nothing of others");
    }
}
