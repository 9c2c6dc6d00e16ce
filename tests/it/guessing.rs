//! Guessing numbers and birth dates: an attack from many telephones in virtual time, over restarts and steps of the clock.
//! However it is spread, no more is looked at than the limits allow, and as many guesses succeed as chance gives those.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use hatif::{
    id::{CallId, PersonId},
    pii::Digits,
    random::{Purpose, Seed},
    registry::{
        Registry,
        access::change::{AccessChange, AccessNews},
        config::Limits,
    },
    script::{Source, load},
    time::{Duration, Instant, LocalClock},
    world::{
        Notice, World, WorldConfig,
        services::{self, Services, audit},
    },
};
use rand::RngExt;

use crate::support::lines::{Dial, Lines, number};

/// How the attack goes.
struct Attack {
    calls: usize,
    /// Between the beginnings of two calls.
    every: Duration,
    /// How many telephones the attacker has.
    telephones: u64,
    /// How many registered numbers she knows.
    known: usize,
    limits: Limits,
    /// Between two restarts, each of which sets the wall clock: so many seconds from the truth.
    runs: Vec<i64>,
}

/// What came of it.
#[derive(Default)]
struct Found {
    /// When, in service time, an attempt was looked at and refused: of all, by telephone, by claimed number.
    all: VecDeque<u64>,
    by_telephone: BTreeMap<u64, Vec<u64>>,
    by_claim: BTreeMap<Digits, Vec<u64>>,
    attempts: u64,
    /// When an attempt counted as a failure, looked at or locked.
    counted: Vec<u64>,
    /// Of attempts at numbers she knew.
    judged_of_known: u64,
    successes: u64,
    calls: u64,
}

/// What one call tries.
struct Plan {
    telephone: Option<u64>,
    guesses: Vec<(Digits, Digits)>,
    aimed: bool,
}

/// A birth date of the fifty-five years in which most people of the registry were born, by the day.
fn guess(chance: &mut impl rand::Rng) -> Digits {
    let first = jiff::civil::date(1946, 1, 1);
    let day = first.checked_add(jiff::Span::new().days(chance.random_range(0..DAYS as i64))).expect("a date");
    let keyed = day.day() as u64 * 1_000_000 + day.month() as u64 * 10_000 + day.year() as u64;
    Digits::from_number(keyed, 8).expect("eight digits")
}

const DAYS: u32 = 20_089;

impl Attack {
    /// A third of the calls try numbers the attacker knows, the others any; one in eight withholds its number.
    fn plans(&self, registry: &Registry) -> Vec<Plan> {
        let mut chance = Seed::new(5).stream(Purpose::Keying, 1);
        let people = (0..registry.len()).filter_map(|i| registry.person(PersonId(i)));
        let known: Vec<Digits> = people.filter_map(|person| registry.number_of(&person)).take(self.known).collect();
        let mut plan = |call: usize| {
            let aimed = call.is_multiple_of(3);
            let target = known[chance.random_range(0..known.len())];
            let any = |chance: &mut rand_pcg::Pcg64Mcg| Digits::from_number(chance.random_range(0..1_000_000_000), 9);
            let guesses =
                (0..3).map(|_| (if aimed { target } else { any(&mut chance).expect("nine") }, guess(&mut chance)));
            let guesses = guesses.collect();
            let telephone = (!chance.random_bool(0.125)).then(|| chance.random_range(0..self.telephones));
            Plan { telephone, guesses, aimed }
        };
        (0..self.calls).map(&mut plan).collect()
    }

    fn run(&self) -> Found {
        let script = load(&Source::embedded()).script.expect("the default centre is whole");
        let zone = jiff::tz::TimeZone::get(&script.zone).expect("the zone is bundled");
        let registry = Registry::generated(20_000, 1);
        let plans = self.plans(&registry);
        let mut found = Found::default();
        let (mut kept, mut lived) = (Vec::<AccessChange>::new(), Duration::ZERO);
        let per_run = self.calls.div_ceil(self.runs.len());
        for (run, off_by) in self.runs.iter().enumerate() {
            let truth: jiff::Timestamp = "2022-05-17T09:00:00Z".parse().expect("a timestamp");
            let origin = truth.checked_add(jiff::SignedDuration::from_secs(*off_by)).expect("within the calendar");
            let config = services::Config { limits: self.limits.clone(), ..services::Config::default() };
            let mut services = Services::new(Arc::new(registry.clone()), config, Seed::new(9));
            services.restore_access(&kept, lived, Instant::ZERO);
            let clock = LocalClock::new(origin, &zone);
            let world = World::new(WorldConfig {
                agents: false,
                ..WorldConfig::new(script.clone(), clock, Seed::new(9), services)
            });
            let mut lines = Lines::new(world);
            let of_run = plans.iter().enumerate().skip(run * per_run).take(per_run);
            for (i, (nth, plan)) in of_run.enumerate() {
                let mut entries = vec!["2".to_owned(), String::new(), "1".to_owned()];
                entries.extend(plan.guesses.iter().flat_map(|(claim, birth)| [format!("{claim}#"), birth.to_string()]));
                let dial = Dial { from: plan.telephone.map(number), language: None, entries };
                lines.dial(Instant::ZERO + Duration(self.every.0 * i as u64), nth, dial);
            }
            // The centre is killed with calls in progress.
            let end = Instant::ZERO + Duration(self.every.0 * per_run as u64);
            let calls = follow(&mut lines, &plans, (end, lived), &mut kept, &mut found);
            found.calls += calls;
            lived = lines.world.services().lived(lines.world.now());
        }
        found
    }
}

/// Runs one life of the centre and notes what was looked at.
fn follow(
    lines: &mut Lines,
    plans: &[Plan],
    (end, before): (Instant, Duration),
    kept: &mut Vec<AccessChange>,
    found: &mut Found,
) -> u64 {
    let mut checks: Vec<(CallId, u64, audit::Access)> = Vec::new();
    let counted = &mut found.counted;
    lines.run(end, &mut |notice| match notice {
        Notice::Access(change) => {
            counted.extend(matches!(change.news, AccessNews::Failed { .. }).then_some(change.at.0));
            kept.push(change.clone());
        }
        Notice::Audit(entry) if entry.what == "identity" => checks.push((entry.call, entry.at.0, entry.access)),
        _ => {}
    });
    let mut tried: BTreeMap<CallId, usize> = BTreeMap::new();
    for (call, at, access) in checks {
        let plan = &plans[lines.calls[&call]];
        let nth = tried.entry(call).or_default();
        let (claim, _) = plan.guesses[*nth];
        *nth += 1;
        found.attempts += 1;
        assert!(*nth <= 3, "a fourth try in one call");
        match access {
            audit::Access::Locked => continue,
            audit::Access::Granted => found.successes += 1,
            _ => {
                let at = before.0 + at;
                found.all.push_back(at);
                found.by_claim.entry(claim).or_default().push(at);
                if let Some(telephone) = plan.telephone {
                    found.by_telephone.entry(telephone).or_default().push(at);
                }
            }
        }
        found.judged_of_known += u64::from(plan.aimed);
    }
    lines.calls.len() as u64
}

/// The most of these times that lie within any one window.
fn most_within<'a>(times: impl IntoIterator<Item = &'a u64>, window: Duration) -> usize {
    let (mut recent, mut most) = (VecDeque::new(), 0);
    for &at in times {
        recent.push_back(at);
        while recent.front().is_some_and(|&first| at - first >= window.0) {
            recent.pop_front();
        }
        most = most.max(recent.len());
    }
    most
}

/// More than this many successes have a probability below one in a thousand million, each of `n` guesses being right with
/// probability `p`: the least k for which the tail of the binomial law, bounded by Chernoff, is so small.
fn cap(n: u64, p: f64) -> u64 {
    let mean = (n as f64 * p).max(1e-9);
    let tail = |k: f64| (k - mean - k * (k / mean).ln()).exp();
    (mean.ceil() as u64 + 1..).find(|&k| tail(k as f64) < 1e-9).unwrap_or(u64::MAX)
}

/// Holds what was found to the limits, and says it in a line.
fn hold(attack: &Attack, found: &Found) -> String {
    let limits = &attack.limits;
    let day = most_within(&found.all, Duration::from_hours(24));
    assert!(day <= limits.daily_failures as usize, "{day} in a day");
    let line = found.by_telephone.values().map(|times| most_within(times, limits.caller_window)).max().unwrap_or(0);
    assert!(line <= limits.caller_failures as usize, "{line} from one telephone");
    // Five, half an hour, five, two hours, five, and a day.
    let a_day = limits.claim_failures as usize * limits.claim_locks.len();
    let claim = found.by_claim.values().map(|times| most_within(times, Duration::from_hours(24))).max().unwrap_or(0);
    assert!(claim <= a_day, "{claim} of one number in a day");
    // A guess at a known number is right for one birth date of so many, or for none of them.
    let stated = cap(found.judged_of_known, 1.0 / f64::from(DAYS));
    assert!(found.successes <= stated, "{} guesses were right, at most {stated} can be", found.successes);
    format!(
        "figure: {} calls, {} guesses, {} looked at (most in 24 h {day} of {}, from one telephone in 1 h {line} of {}, of one \
         number in 24 h {claim} of {a_day}), {} right, cap {stated}, expected {:.2}",
        found.calls,
        found.attempts,
        found.all.len() as u64 + found.successes,
        limits.daily_failures,
        limits.caller_failures,
        found.successes,
        found.judged_of_known as f64 / f64::from(DAYS),
    )
}

/// Restarts with the wall clock right, an hour and ten years off to either side, and right again.
const STEPS: [i64; 6] = [0, 3_600, -3_600, 315_576_000, -315_576_000, 0];

#[test]
fn a_spread_attack_is_held_to_every_limit_over_restarts_and_clock_steps() {
    let (calls, every, cap) = if cfg!(debug_assertions) { (1_500, 60, 300) } else { (5_000, 20, 800) };
    let limits = Limits { daily_failures: cap, ..Limits::default() };
    let every = Duration::from_secs(every);
    let attack = Attack { calls, every, telephones: 60, known: 40, limits, runs: STEPS.to_vec() };
    let found = attack.run();
    let figure = hold(&attack, &found);
    // Each limit was met, or the test shows nothing.
    assert_eq!(most_within(&found.counted, Duration::from_hours(24)), cap as usize, "{figure}");
    assert!(found.attempts > 2 * found.all.len() as u64, "{figure}");
    assert!(found.by_claim.values().any(|times| most_within(times, Duration::from_hours(24)) >= 5), "{figure}");
}

#[test]
fn who_has_few_telephones_is_stopped_by_them() {
    let every = Duration::from_secs(30);
    let attack =
        Attack { calls: 600, every, telephones: 3, known: 40, limits: Limits::default(), runs: vec![0, 3_600] };
    let found = attack.run();
    hold(&attack, &found);
    let most = found.by_telephone.values().map(|times| most_within(times, Duration::from_hours(1))).max();
    assert_eq!(most, Some(10));
}

#[test]
#[ignore = "long: scripts/torture guessing"]
#[expect(clippy::print_stdout, reason = "a figure for whoever runs it")]
fn a_hundred_thousand_calls_find_no_more_than_the_cap() {
    let every = Duration::from_millis(2_600);
    let limits = Limits::default();
    let attack = Attack { calls: 100_000, every, telephones: 20_000, known: 5_000, limits, runs: STEPS.to_vec() };
    println!("{}", hold(&attack, &attack.run()));
}

#[test]
fn the_cap_is_that_of_the_binomial_law() {
    // P(X > 9) for mean 1 is 1.1e-7, P(X > 11) is 8.3e-10; the bound by Chernoff is a little wider.
    assert!((12..=15).contains(&cap(20_089, 1.0 / 20_089.0)), "{}", cap(20_089, 1.0 / 20_089.0));
    assert_eq!(cap(0, 0.5), 2);
}
