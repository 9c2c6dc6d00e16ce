//! Chance: counts against what is expected, the order, and what does not depend on what.

use super::*;

fn rate(per_second: f64) -> Source {
    source(Whom::Outside, Volume::Rate(per_second))
}

fn expected(interval: Duration, counts: &[f64], repeat: bool) -> Source {
    source(Whom::Outside, Volume::Expected { interval, counts: counts.into(), repeat })
}

/// A Poisson count lies within five standard deviations of its mean.
#[track_caller]
fn within_five_sigma(count: usize, mean: f64) {
    assert!((count as f64 - mean).abs() <= 5.0 * mean.sqrt().max(1.0), "{count}, not {mean}");
}

#[test]
fn counts_are_those_expected_hour_by_hour() {
    let counts = [200.0, 0.0, 1000.0, 50.0];
    let born = births(demand(&[expected(hours(1), &counts, true)], hours(40)));
    for (hour, mean) in counts.into_iter().enumerate() {
        let here = born.iter().filter(|birth| birth.at.0 / 3_600_000_000 % 4 == hour as u64).count();
        within_five_sigma(here, 10.0 * mean);
    }
    assert!(
        births(demand(&[expected(hours(1), &counts, false)], hours(40))).last().expect("some").at
            < Instant::ZERO + hours(4)
    );
    within_five_sigma(births(demand(&[rate(1.7)], hours(3))).len(), 1.7 * 10_800.0);
    let days = days(Base::Calls(20_000.0));
    within_five_sigma(births(demand(&[by_days(Whom::Outside, days)], hours(24))).len(), 20_000.0);
}

/// The gaps of a Poisson process are exponential: their squared coefficient of variation is 1 (standard error 2 / sqrt n).
#[test]
fn calls_come_without_memory() {
    let born = births(demand(&[rate(5.0)], hours(3)));
    let gaps: Vec<f64> = born.windows(2).map(|pair| pair[1].at.since(pair[0].at).as_secs_f64()).collect();
    let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
    let variance = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / gaps.len() as f64;
    let scv = variance / (mean * mean);
    assert!((scv - 1.0).abs() < 5.0 * 2.0 / (gaps.len() as f64).sqrt(), "{scv}");
}

/// Variance, correlation of two halves and 95 % quantile of day counts against the exact figures for Poisson counts whose
/// mean is gamma distributed. Over 3,000 days the standard error of the variance is about 3 %, of the share beyond the
/// quantile 0.4 %, of the correlation (1 - r²)/55.
#[test]
fn busy_and_quiet_days_spread_as_the_gamma_factor_says() {
    for (alpha, mean, variance, correlation, p95) in
        [(10.0, 1660.0, 277_220.0, 0.988_095_238_1, 2610), (29.7, 1000.0, 34_670.033_67, 0.943_930_526_7, 1324)]
    {
        const DAYS: usize = 3_000;
        let (mut half, mut counts) = (vec![[0u32; 2]; DAYS], Vec::new());
        let days = Days { day_cv: 1.0 / f64::sqrt(alpha), ..days(Base::Calls(mean)) };
        let rules = [by_days(Whom::Outside, days)];
        let mut demand = demand_at(&LocalClock::utc(), &rules, Seed::new(4), hours(24 * DAYS as u64));
        while let Some(birth) = demand.next() {
            let hour = birth.at.as_micros() / 3_600_000_000;
            half[(hour / 24) as usize][usize::from(hour % 24 >= 12)] += 1;
        }
        counts.extend(half.iter().map(|[am, pm]| am + pm));
        let moment = |x: &dyn Fn(usize) -> f64| (0..DAYS).map(x).sum::<f64>() / DAYS as f64;
        let average = moment(&|day| f64::from(counts[day]));
        assert!((average - mean).abs() < 5.0 * (variance / DAYS as f64).sqrt(), "{average}");
        let spread = moment(&|day| (f64::from(counts[day]) - average).powi(2));
        assert!((spread / variance - 1.0).abs() < 0.14, "{spread}, not {variance}");
        let beyond = moment(&|day| f64::from(u8::from(counts[day] > p95)));
        assert!((beyond - 0.05).abs() < 0.018, "{beyond}");
        let mid = average / 2.0;
        let cov = |a: usize, b: usize| moment(&|d| (f64::from(half[d][a]) - mid) * (f64::from(half[d][b]) - mid));
        let found = cov(0, 1) / (cov(0, 0) * cov(1, 1)).sqrt();
        let error = (1.0 - correlation * correlation) / (DAYS as f64).sqrt();
        assert!((found - correlation).abs() < 5.0 * error, "{found}, not {correlation}");
    }
}

/// With factors of mean 1 and variance v on each half-hour the counts of mean m have variance m + v m²; those of neighbours
/// go together, those of half-hours far apart do not.
#[test]
fn half_hours_go_up_and_down_with_their_neighbours() {
    let days = Days { interval_cv: 0.3, interval_correlation: 0.8, ..days(Base::Calls(48.0 * 100.0)) };
    let mut demand = demand_at(&LocalClock::utc(), &[by_days(Whom::Outside, days)], Seed::new(5), hours(24 * 200));
    let mut counts = vec![0.0; 200 * 48];
    while let Some(birth) = demand.next() {
        counts[(birth.at.as_micros() / 1_800_000_000) as usize] += 1.0;
    }
    let mean = counts.iter().sum::<f64>() / counts.len() as f64;
    assert!((mean - 100.0).abs() < 5.0, "{mean}");
    let lagged = |lag: usize| {
        let pairs = counts.len() - lag;
        (0..pairs).map(|i| (counts[i] - mean) * (counts[i + lag] - mean)).sum::<f64>() / pairs as f64
    };
    assert!((lagged(0) / (100.0 + 0.09 * 10_000.0) - 1.0).abs() < 0.15, "{}", lagged(0));
    // The normal scores have correlation 0.8; the gamma factors' is a little less.
    let next = lagged(1) / 900.0;
    assert!((0.68..0.9).contains(&next), "{next}");
    assert!((lagged(24) / 900.0).abs() < 0.12, "{}", lagged(24));
}

#[test]
fn sources_are_superposed_in_time_and_by_place() {
    let twelve: Box<[Instant]> = (1..=12).map(Instant::from_secs).collect();
    let trace = |factor| Source { factor, ..source(Whom::Outside, Volume::Trace(twelve.clone())) };
    let born = births(demand(&[trace(1.0), rate(0.5), trace(0.5), trace(2.0)], hours(1)));
    assert!(born.windows(2).all(|pair| (pair[0].at, pair[0].source) <= (pair[1].at, pair[1].source)));
    let of = |source| born.iter().filter(|birth| birth.source == source).map(|birth| birth.at).collect::<Vec<_>>();
    assert_eq!(of(0), *twelve);
    assert_eq!(of(2), (1..=6).map(|n| Instant::from_secs(2 * n)).collect::<Vec<_>>());
    assert_eq!(of(3).len(), 24);
    let alone = births(demand(&[trace(0.0), rate(0.5)], hours(1)));
    let same = alone
        .iter()
        .map(|birth| (birth.at, birth.lot))
        .eq(born.iter().filter(|birth| birth.source == 1).map(|birth| (birth.at, birth.lot)));
    assert!(same, "a source does not know of the others");
    let mut lots: Vec<u64> = born.iter().map(|birth| birth.lot).collect();
    lots.sort_unstable();
    lots.dedup();
    assert_eq!(lots.len(), born.len(), "no two callers share their chance");
}

#[test]
fn counted_calls_are_exactly_so_many_and_spread_evenly() {
    let counts: Box<[u32]> = [40, 0, 4000, 7].into();
    let counted = |factor| Source {
        factor,
        ..source(Whom::Outside, Volume::Counts { interval: hours(1), counts: counts.clone() })
    };
    let born = births(demand(&[counted(1.0)], hours(10)));
    assert!(born.is_sorted_by_key(|birth| birth.at));
    let in_hour = |born: &[Birth], hour| born.iter().filter(|b| b.at.0 / 3_600_000_000 == hour).count();
    assert_eq!([0, 1, 2, 3].map(|hour| in_hour(&born, hour)), [40, 0, 4000, 7]);
    let early = born[40..4040].iter().filter(|birth| birth.at.0 % 3_600_000_000 < 900_000_000).count();
    assert!((early as f64 - 1000.0).abs() < 5.0 * f64::sqrt(750.0), "{early} of 4000 in the first quarter");
    assert_eq!(births(demand(&[counted(0.25)], hours(10))).len(), 1011);
    assert_eq!(births(demand(&[counted(1.0)], hours(2))).len(), 40, "the horizon cuts the rest off");
    near(demand(&[counted(1.0)], hours(10)).expected(Instant::from_secs(9000), Instant::NEVER), 2007.0);
}

#[test]
fn the_same_seed_meets_the_same_callers_and_another_replication_others() {
    let rules = Days { day_cv: 0.2, interval_cv: 0.1, ..days(Base::Calls(300.0)) };
    let source = by_days(Whom::Registry(EVERYBODY), rules);
    let one = demand(std::slice::from_ref(&source), hours(72));
    let again = births(one.again(Seed::new(1)));
    let copied = one.clone();
    let born = births(one);
    assert!(born.len() > 400);
    assert_eq!(born, again);
    assert_eq!(born, births(copied));
    let other = births(demand(&[source], hours(72)).again(Seed { seed: 1, replication: 1 }));
    assert_ne!(born.iter().map(|b| b.person).collect::<Vec<_>>(), other.iter().map(|b| b.person).collect::<Vec<_>>());
    assert_ne!(born.len(), other.len());
}

#[test]
fn more_calls_on_one_day_change_nobody_on_the_others() {
    let people = Whom::Registry(PeopleFilter { status: Some(Status::Registered), ..EVERYBODY });
    let with = |factor| {
        let tuesday = DayRule { weekdays: Some(0b10), ..DayRule::default() };
        let factors = [Factor { name: "press".into(), days: tuesday, factor, people: EVERYBODY }];
        births(demand(
            &[by_days(people.clone(), Days { factors: factors.into(), ..days(Base::Calls(200.0)) })],
            hours(72),
        ))
    };
    let (calm, busy) = (with(1.0), with(1.5));
    let of = |born: &[Birth], day| born.iter().filter(|b| b.at.0 / 86_400_000_000 == day).copied().collect::<Vec<_>>();
    assert_eq!(of(&calm, 0), of(&busy, 0));
    assert_eq!(of(&calm, 2), of(&busy, 2));
    let (calm, busy) = (of(&calm, 1), of(&busy, 1));
    assert!(busy.len() > calm.len() + 40, "{} and {}", calm.len(), busy.len());
    // The busy day's callers are the calm day's and more, each a little earlier.
    assert!(calm.iter().zip(&busy).all(|(a, b)| a.lot == b.lot && a.person == b.person && b.at <= a.at));
}

#[test]
fn two_factors_differ_only_in_volume() {
    let with = |factor| Source { factor, ..expected(Duration::from_mins(30), &[10.0, 40.0, 20.0], true) };
    let (one, two) = (demand(&[with(1.0)], hours(30)), demand(&[with(1.1)], hours(30)));
    for half in 0..60 {
        let (from, to) = (Instant::from_secs(half * 1800), Instant::from_secs((half + 1) * 1800));
        near(two.expected(from, to), 1.1 * one.expected(from, to));
    }
}

/// Whoever calls under a smaller factor calls under a larger one, at the same instant and with the same lot.
#[test]
fn more_demand_adds_callers_and_changes_none() {
    let days = Days { day_cv: 0.2, interval_cv: 0.1, ..days(Base::Calls(300.0)) };
    let sources = [
        rate(0.02),
        expected(Duration::from_mins(30), &[10.0, 40.0, 20.0], true),
        by_days(Whom::Registry(EVERYBODY), days),
    ];
    for source in sources {
        let with = |factor| births(demand(&[Source { factor, ..source.clone() }], hours(72)));
        let base = with(1.0).len() as f64;
        let mut fewer = with(0.25);
        for factor in [0.6, 1.0, 1.2, 1.3, 2.0, 3.5] {
            let more = with(factor);
            assert!(fewer.iter().all(|birth| more.contains(birth)), "{factor}");
            let wanted = base * factor;
            assert!((more.len() as f64 - wanted).abs() < 6.0 * wanted.sqrt(), "{factor}: {} of {base}", more.len());
            assert!(more.is_sorted_by_key(|birth| birth.at));
            let mut lots: Vec<u64> = more.iter().map(|birth| birth.lot).collect();
            lots.sort_unstable();
            lots.dedup();
            assert_eq!(lots.len(), more.len(), "no two callers share their chance");
            fewer = more;
        }
    }
}

#[test]
fn a_source_has_the_same_callers_whatever_sources_stand_before_it() {
    let named = |name: &str, source: Source| Source { name: name.into(), ..source };
    let people =
        || named("people", by_days(Whom::Registry(EVERYBODY), Days { day_cv: 0.2, ..days(Base::Calls(300.0)) }));
    let others = || named("others", rate(0.01));
    let of = |sources: &[Source]| {
        let place = sources.iter().position(|source| &*source.name == "people").expect("one of them") as u16;
        let born = births(demand(sources, hours(48))).into_iter().filter(move |birth| birth.source == place);
        born.map(|birth| (birth.at, birth.lot, birth.person)).collect::<Vec<_>>()
    };
    let alone = of(&[people()]);
    assert!(alone.len() > 400);
    assert!(alone == of(&[others(), people()]) && alone == of(&[named("third", rate(0.1)), others(), people()]));
}

/// What makes a day busy moves all sources of the centre.
#[test]
fn sources_share_the_factor_of_a_day() {
    let busy = |name: &str| {
        let days = Days { day_cv: 0.5, ..days(Base::Calls(2_000.0)) };
        Source { name: name.into(), ..by_days(Whom::Outside, days) }
    };
    let born = births(demand(&[busy("one"), busy("two")], hours(24 * 12)));
    let on = |source, day| born.iter().filter(|b| b.source == source && b.at.0 / 86_400_000_000 == day).count() as f64;
    for day in 0..12 {
        let (one, two) = (on(0, day), on(1, day));
        assert!((one - two).abs() < 6.0 * (one + two).sqrt(), "day {day}: {one} and {two}");
    }
    let counts: Vec<f64> = (0..12).map(|day| on(0, day)).collect();
    assert!(counts.iter().any(|n| (n - 2_000.0).abs() > 400.0), "{counts:?}");
}

#[test]
fn where_nobody_calls_nothing_happens() {
    let nobody = PeopleFilter { status: Some(Status::Registered), category: Some(Category::Other), ..EVERYBODY };
    let trace = Volume::Trace([Instant::from_secs(5)].into());
    let none: [Source; 8] = [
        rate(0.0),
        expected(hours(1), &[], true),
        expected(hours(1), &[0.0], true),
        source(Whom::Registry(nobody), Volume::Rate(1.0)),
        source(Whom::Registry(nobody), trace),
        by_days(Whom::Registry(nobody), days(Base::Calls(100.0))),
        by_days(Whom::Outside, days(Base::Calls(0.0))),
        Source { factor: 0.0, ..by_days(Whom::Registry(EVERYBODY), days(Base::Calls(100.0))) },
    ];
    for source in none {
        let mut demand = demand(std::slice::from_ref(&source), hours(48));
        assert_eq!(demand.expected(Instant::ZERO, Instant::NEVER), 0.0, "{source:?}");
        assert_eq!((demand.peek(), demand.next()), (None, None), "{source:?}");
    }
    assert_eq!(demand(&[], hours(48)).next(), None);
    assert_eq!(demand(&[rate(1.0)], Duration::ZERO).next(), None);
    let rules = DemandRules { sources: [source(Whom::Registry(EVERYBODY), Volume::Rate(1.0))].into() };
    let mut without = Demand::new(&rules, None, script(), &LocalClock::utc(), Seed::new(1), hours(1));
    assert_eq!(without.next(), None, "there is no registry to call from");
}

#[test]
fn callers_come_from_whom_the_source_names() {
    let farmers = PeopleFilter { category: Some(Category::Farm), ..EVERYBODY };
    let sources =
        [source(Whom::Registry(farmers), Volume::Rate(0.1)), source(Whom::Probe { telephones: 3 }, Volume::Rate(0.1))];
    let born = births(demand(&sources, hours(3)));
    assert!(born.len() > 1500);
    for birth in born {
        match birth.source {
            0 => {
                let person = registry().person(birth.person.expect("a farmer")).expect("known");
                assert_eq!(person.category(), Category::Farm);
            }
            _ => assert_eq!(birth.person, None),
        }
    }
}
