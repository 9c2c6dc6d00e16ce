//! How long a draw and a birth take: `cargo bench --bench demand`.

use std::{hint::black_box, sync::Arc};

use criterion::{BatchSize, Criterion, Throughput};
use hatif::{
    people::{
        demand::{
            Demand,
            rules::{Base, DayRule, DayShape, Days, DemandRules, Factor, PeopleFilter, Source, Volume, Whom},
        },
        distribution::{Distribution, Sampler},
        population::Population,
    },
    random::{Purpose, Seed},
    registry::{Category, Region, Registry, Status, margins::FULL_SIZE},
    script::{Script, load},
    time::{Duration, LocalClock},
};

/// How many are made at once.
const BATCH: usize = 100_000;

fn source(people: Whom, volume: Volume) -> Source {
    let (intents, languages, personas) = ([].into(), [].into(), [].into());
    Source {
        name: "calls".into(),
        people,
        volume,
        factor: 1.0,
        intents,
        adviser_after: Box::new([]),
        languages,
        personas,
    }
}

/// 16,000 calls a day of people who call by status, category and region.
fn campaign() -> Source {
    let all = PeopleFilter::default();
    let registered = PeopleFilter { status: Some(Status::Registered), ..all };
    let rates: Box<[_]> = [(registered, 150.0), (all, 60.0)].into();
    let whom =
        [PeopleFilter { category: Some(Category::Farm), ..all }, PeopleFilter { region: Some(Region::R06), ..all }];
    let factor = |people| Factor { name: "f".into(), days: DayRule::default(), factor: 1.2, people };
    source(
        Whom::Registry(all),
        Volume::Days(Box::new(Days {
            base: Base::PerThousand { rates, days_per_month: 21.0 },
            shapes: [(DayRule::default(), DayShape([1.0 / 48.0; 48]))].into(),
            factors: whom.map(factor).into(),
            closed_days: None,
            notices: [].into(),
            meetings: None,
            day_cv: 0.17,
            interval_cv: 0.1,
            interval_correlation: 0.5,
        })),
    )
}

fn demand(script: &Script, population: &Arc<Population>, source: Source) -> Demand {
    let rules = DemandRules { sources: [source].into() };
    let horizon = Duration::from_hours(24 * 90);
    Demand::new(&rules, Some(population.clone()), script, &LocalClock::utc(), Seed::new(1), horizon)
}

fn births(c: &mut Criterion) {
    let script = load(&hatif::script::Source::embedded()).script.expect("the default centre has no errors");
    let registry = Registry::generated(FULL_SIZE, 1);
    c.bench_function("index of 3.2 million people", |b| b.iter(|| Population::of(black_box(&registry))));
    let population = Arc::new(Population::of(&registry));
    let everybody = Whom::Registry(PeopleFilter::default());
    let hours = Volume::Expected { interval: Duration::from_hours(1), counts: [1e4, 2e4, 4e4].into(), repeat: true };
    let cases = [
        ("rate", source(Whom::Outside, Volume::Rate(10.0))),
        ("hourly", source(Whom::Outside, hours)),
        ("rate, registry", source(everybody, Volume::Rate(10.0))),
        ("days, registry", campaign()),
    ];
    let mut group = c.benchmark_group("births");
    group.throughput(Throughput::Elements(BATCH as u64));
    for (name, source) in cases {
        let demand = demand(&script, &population, source);
        let many = |mut demand: Demand| (0..BATCH).fold(0, |sum, _| sum ^ demand.next().map_or(0, |birth| birth.at.0));
        group.bench_function(name, |b| b.iter_batched(|| demand.clone(), many, BatchSize::LargeInput));
    }
    group.finish();
}

fn draws(c: &mut Criterion) {
    let mean = Duration::from_secs(240);
    let cases = [
        ("exponential", Distribution::Exponential { mean }),
        ("lognormal", Distribution::lognormal_cv(mean, 1.2)),
        ("gamma", Distribution::Gamma { mean, cv: 0.6 }),
        ("weibull", Distribution::Weibull { mean, shape: 0.7 }),
    ];
    let mut group = c.benchmark_group("draws");
    for (name, distribution) in cases {
        let (sampler, mut stream) = (Sampler::new(&distribution), Seed::new(1).stream(Purpose::Patience, 1));
        group.bench_function(name, |b| b.iter(|| sampler.sample(&mut stream)));
        group.bench_function(format!("{name}, not made ready"), |b| b.iter(|| distribution.sample(&mut stream)));
    }
    group.bench_function("a stream and an exponential", |b| {
        let (sampler, mut owner) = (Sampler::new(&Distribution::Exponential { mean }), 0);
        b.iter(|| {
            owner += 1;
            sampler.sample(&mut Seed::new(1).stream(Purpose::Patience, owner))
        });
    });
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args().sample_size(20);
    draws(&mut criterion);
    births(&mut criterion);
    criterion.final_summary();
}
