//! Identity checks over restarts: what is counted, for how long, and that nothing is forgotten by ending.

use hatif::{
    id::CallId,
    pii::{CallerNumber, Digits, Secret},
    random::Seed,
    registry::{
        Registry,
        access::{Access, Attempt, Verdict, birth_digits, change::AccessChange},
        config::Limits,
    },
    script::catalogue::ClaimKind,
    time::{Duration, Instant},
};
use proptest::prelude::*;

use crate::registry::{registered, small, somebody};

/// The same in every run, as the live centre keeps it with its records.
const KEY: Seed = Seed::new(77);

/// What somebody tries.
#[derive(Clone, Copy, Debug)]
enum Try {
    /// A claim (of [`People::claims`]) with the right birth date or a wrong one.
    Claim { claim: usize, right: bool },
    /// A code of the first person, of which none was sent in this call.
    Code,
}

/// One line of a story: so long after the one before, from which number, what.
#[derive(Clone, Copy, Debug)]
struct Line {
    wait: Duration,
    from: Option<u64>,
    what: Try,
}

/// A registry, and numbers to claim in it: two people's, and one nobody has.
struct People {
    registry: Registry,
    claims: Vec<(Digits, Secret<Digits>)>,
}

impl People {
    fn new() -> People {
        let registry = small();
        let person = somebody(&registry, registered());
        let people = (person.id.0..registry.len()).filter_map(|i| registry.person(hatif::id::PersonId(i)));
        let claims = people.filter_map(|person| Some((registry.number_of(&person)?, birth_digits(&person))));
        let mut claims: Vec<_> = claims.take(2).collect();
        let nobody = (0..).filter_map(|n| Digits::from_number(n, 9)).find(|&n| registry.by_number(n).is_none());
        claims.push((nobody.expect("most numbers are nobody's"), Secret::new("01011990".parse().expect("digits"))));
        People { registry, claims }
    }

    fn verdict(&self, access: &mut Access, now: Instant, call: u64, line: &Line) -> Verdict {
        let caller = line.from.and_then(|n| Digits::from_number(n, 10)).map(CallerNumber::new);
        let attempt = Attempt { now, call: CallId(call), caller };
        match line.what {
            Try::Claim { claim, right } => {
                let (number, birth) = self.claims[claim];
                let wrong = Secret::new("31121899".parse().expect("eight digits"));
                let birth = if right { birth } else { wrong };
                access.check_identity(&self.registry, &attempt, (ClaimKind::Number, Secret::new(number)), birth)
            }
            Try::Code => {
                let person = somebody(&self.registry, registered());
                access.check_code(&attempt, &person, Secret::new("123456".parse().expect("six digits")))
            }
        }
    }
}

/// Limits that a story of a hundred lines meets, each of them.
fn tight() -> Limits {
    Limits {
        claim_failures: 3,
        claim_window: Duration::from_hours(3),
        claim_locks: vec![Duration::from_mins(30), Duration::from_hours(2)],
        caller_failures: 4,
        caller_window: Duration::from_hours(1),
        daily_failures: 25,
        ..Limits::default()
    }
}

/// What a centre that never stops answers.
fn unbroken(people: &People, story: &[Line]) -> Vec<Verdict> {
    let mut access = Access::new(tight());
    let mut now = Instant::ZERO;
    let tell = |(i, line): (usize, &Line)| {
        now = now + line.wait;
        people.verdict(&mut access, now, i as u64, line)
    };
    story.iter().enumerate().map(tell).collect()
}

/// What one answers that ends before the lines of `restarts` and begins again, its clock at any time of its run (a scenario
/// is run ahead before the doors open). What it keeps goes through text, and what is too old is thrown away.
fn restarted(people: &People, story: &[Line], restarts: &[(usize, Duration)]) -> Vec<Verdict> {
    let (limits, mut kept, mut lived) = (tight(), Vec::<String>::new(), Duration::ZERO);
    let mut now = Instant::ZERO;
    let mut access = Access::new(limits.clone()).keeping(KEY);
    access.restore(&[], Duration::ZERO, now);
    let mut verdicts = Vec::new();
    for (i, line) in story.iter().enumerate() {
        for (_, opens) in restarts.iter().filter(|(at, _)| *at == i) {
            lived = access.lived(now);
            let changes: Vec<AccessChange> =
                kept.iter().map(|text| serde_json::from_str(text).expect("as it was written")).collect();
            let recent = changes.into_iter().filter(|change| change.at.0 + limits.memory().0 >= lived.0);
            now = Instant::ZERO + *opens;
            access = Access::new(limits.clone()).keeping(KEY);
            access.restore(&recent.collect::<Vec<_>>(), lived, now);
        }
        now = now + line.wait;
        verdicts.push(people.verdict(&mut access, now, i as u64, line));
        kept.extend(access.drain().iter().map(|change| serde_json::to_string(change).expect("JSON")));
    }
    assert!(access.lived(now) >= lived, "service time never goes back");
    verdicts
}

fn line() -> impl Strategy<Value = Line> {
    let wait = prop_oneof![Just(0), 1..60u64, 1..3_600u64, 1..40_000u64].prop_map(Duration::from_secs);
    let claim = (0..3usize, prop::bool::weighted(0.15)).prop_map(|(claim, right)| Try::Claim { claim, right });
    let what = prop_oneof![5 => claim, 1 => Just(Try::Code)];
    (wait, prop::option::weighted(0.8, 0..3u64), what).prop_map(|(wait, from, what)| Line { wait, from, what })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn a_restart_at_any_place_changes_no_verdict(
        story in prop::collection::vec(line(), 1..100),
        restarts in prop::collection::vec((0..100usize, (0..100_000u64).prop_map(Duration::from_secs)), 1..6),
    ) {
        let people = People::new();
        prop_assert_eq!(unbroken(&people, &story), restarted(&people, &story, &restarts));
    }
}

/// A line that claims `claim` from `from` with a wrong birth date, a second after the last.
fn wrong(claim: usize, from: u64) -> Line {
    let what = Try::Claim { claim, right: false };
    Line { wait: Duration::from_secs(1), from: Some(from), what }
}

#[test]
fn every_limit_is_met_by_such_stories_and_outlives_a_restart() {
    let people = People::new();
    let after = |lines: Vec<Line>, last: Line| {
        let mut story = lines;
        story.push(last);
        let restart = [(story.len() - 1, Duration::from_hours(10))];
        restarted(&people, &story, &restart).pop().expect("as many verdicts as lines")
    };
    let right = |from| Line { what: Try::Claim { claim: 0, right: true }, ..wrong(0, from) };
    let claim = after((0..3).map(|n| wrong(0, n)).collect(), right(9));
    assert_eq!(claim, Verdict::Locked(Duration::from_mins(30) - Duration::from_secs(1)));
    let caller = after(vec![wrong(0, 1), wrong(1, 1), wrong(2, 1), wrong(1, 1)], right(1));
    assert_eq!(caller, Verdict::Closed(Duration::from_hours(1) - Duration::from_secs(4)));
    let day = after((0..25).map(|n| wrong(n % 3, n as u64)).collect(), right(99));
    assert_eq!(day, Verdict::Closed(Duration::from_hours(24) - Duration::from_secs(25)));
    let code = Line { what: Try::Code, ..wrong(0, 5) };
    let codes = after(vec![code, Line { from: Some(6), ..code }, Line { from: Some(7), ..code }], code);
    assert_eq!(codes, Verdict::Locked(Duration::from_mins(30) - Duration::from_secs(1)));
}

#[test]
fn an_attempt_at_a_locked_claim_counts_against_number_and_centre_as_any_other() {
    let people = People::new();
    // The lock of claim 0 shows neither in how soon the calling number is stopped...
    let mut story: Vec<Line> = (10..13).map(|from| wrong(0, from)).collect();
    story.extend([0, 0, 0, 0, 1].map(|claim| wrong(claim, 1)));
    let verdicts = unbroken(&people, &story);
    assert!(matches!(verdicts[3..7], [Verdict::Locked(_), ..]), "{verdicts:?}");
    let locked_out = verdicts[7];
    let other: Vec<Line> = (10..13).map(|from| wrong(2, from)).chain([0, 1, 0, 1, 1].map(|c| wrong(c, 1))).collect();
    assert_eq!(unbroken(&people, &other)[7], locked_out);
    assert!(matches!(locked_out, Verdict::Closed(_)));
    // ...nor in how soon the centre is.
    let all: Vec<Line> = (0..26).map(|n| wrong(0, n)).collect();
    assert!(matches!(unbroken(&people, &all)[25], Verdict::Closed(_)));
}

#[test]
fn what_is_kept_names_nobody() {
    let people = People::new();
    let mut access = Access::new(tight()).keeping(KEY);
    for n in 0..3 {
        people.verdict(&mut access, Instant::from_secs(n), 1, &Line { from: Some(600_000_042), ..wrong(0, 0) });
    }
    let kept = serde_json::to_string(&access.drain()).expect("JSON");
    let (number, birth) = people.claims[0];
    assert!(kept.contains("\"failures\""), "{kept}");
    for personal in [number.to_string(), birth.reveal().to_string(), "600000042".to_owned(), "31121899".to_owned()] {
        assert!(!kept.contains(&personal), "{personal} is in {kept}");
    }
}

#[test]
fn a_scan_of_all_numbers_fills_no_memory() {
    let registry = small();
    let mut access = Access::new(Limits::default());
    let birth = Secret::new("01011990".parse().expect("eight digits"));
    let mut most = 0;
    for n in 0..120_000 {
        let caller = Some(CallerNumber::new(Digits::from_number(n, 10).expect("ten digits")));
        let attempt = Attempt { now: Instant::from_secs(n * 4), call: CallId(n), caller };
        let claim = Secret::new(Digits::from_number(n, 9).expect("nine digits"));
        access.check_identity(&registry, &attempt, (ClaimKind::Number, claim), birth);
        most = most.max(access.remembered());
    }
    let cap = Limits::default().daily_failures as usize;
    assert!(most <= 4 * cap, "{most} things are remembered of at most {cap} failures a day");
}
