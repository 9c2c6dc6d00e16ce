//! The registry against the usual maps, in one run: bytes a person, time to ready, look-ups a second.
//!
//! `cargo bench --bench registry`. Every contender holds the same 3.2 million people and is asked for the same registration
//! numbers in the same random order; the registry turns the number back into an index, the others look it up. In the mixed
//! runs one access in a hundred is a write of an existing person. The rivals' records are 32 bytes.

#![expect(clippy::print_stdout, reason = "a benchmark reports to the terminal")]

use std::{
    collections::HashMap,
    hash::BuildHasher,
    sync::{OnceLock, RwLock},
    time::Duration,
};

use criterion::{Criterion, Throughput};
use dashmap::DashMap;
use hatif::{
    id::PersonId,
    pii::Digits,
    registry::{Base, Change, Person, Registry, margins::FULL_SIZE},
    time::Date,
};

/// How many look-ups are timed at once.
const BATCH: usize = 1 << 20;
/// One access in so many is a write.
const WRITE_EVERY: usize = 100;

/// A rival's record.
type Row = [u64; 4];

/// Everything that is built once.
struct Setting {
    registry: Registry,
    /// Numbers of registered people in random order.
    numbers: Vec<Digits>,
    /// The people those numbers belong to.
    people: Vec<PersonId>,
}

fn setting() -> &'static Setting {
    static SETTING: OnceLock<Setting> = OnceLock::new();
    SETTING.get_or_init(|| {
        let registry = Registry::generated(FULL_SIZE, 1);
        let order = hatif::registry::Shuffle::new(9, FULL_SIZE);
        let asked = (0..FULL_SIZE).filter_map(|i| registry.person(PersonId(order.forward(i))));
        let people: Vec<_> = asked.filter(Person::is_registered).take(BATCH).collect();
        let numbers = people.iter().filter_map(|person| registry.number_of(person)).collect();
        Setting { registry, numbers, people: people.iter().map(|person| person.id).collect() }
    })
}

/// The rows of the rivals: by number, everybody.
fn rows() -> impl Iterator<Item = (u32, Row)> {
    let numbers = hatif::registry::Shuffle::new(77, 100_000_000);
    let setting = setting();
    // The asked-for people under their own numbers, the rest under numbers of a like permutation.
    let asked = setting.numbers.iter().map(|number| number.as_number() as u32);
    let taken: std::collections::HashSet<u32> = asked.clone().collect();
    let others = (0..).map(move |i| numbers.forward(i)).filter(move |number| !taken.contains(number));
    asked.chain(others).take(FULL_SIZE as usize).map(|number| (number, [u64::from(number), 1, 2, 3]))
}

/// Runs `access` for the whole batch on each of `threads` threads; the time the slowest took.
fn timed(threads: usize, rounds: u64, access: impl Fn(usize) -> u64 + Sync) -> Duration {
    let total = std::sync::Mutex::new(Duration::ZERO);
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let (access, total) = (&access, &total);
            scope.spawn(move || {
                #[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
                let start = std::time::Instant::now();
                let mut sum = 0u64;
                for _ in 0..rounds {
                    for i in 0..BATCH {
                        // The threads walk the batch from different places.
                        sum = sum.wrapping_add(access((i + thread * (BATCH / 2)) % BATCH));
                    }
                }
                std::hint::black_box(sum);
                let mut total = total.lock().expect("no thread panics");
                *total = (*total).max(start.elapsed());
            });
        }
    });
    total.into_inner().expect("no thread panics")
}

/// Measures one contender: reads only and with writes, on one and two threads. Throughput is of all threads together.
fn contender(c: &mut Criterion, name: &str, access: impl Fn(usize, bool) -> u64 + Sync) {
    for (mode, writes) in [("read", false), ("1% writes", true)] {
        for threads in [1, 2] {
            let mut group = c.benchmark_group(format!("{mode}, {threads} thread"));
            group.throughput(Throughput::Elements((BATCH * threads) as u64));
            group.bench_function(name, |b| {
                b.iter_custom(|rounds| {
                    timed(threads, rounds, |i| access(i, writes && i % WRITE_EVERY == WRITE_EVERY - 1))
                });
            });
            group.finish();
        }
    }
}

fn registry(c: &mut Criterion) {
    let Setting { registry, numbers, people } = setting();
    let on = Date::from_ymd(2022, 5, 17).expect("a date");
    contender(c, "hatif registry", |i, write| {
        if write {
            registry.apply(&Change::Pay { person: people[i], on }).expect("they are registered");
        }
        registry.by_number(numbers[i]).map_or(0, |person| person.children().into())
    });
    println!("overlay after the writes: {} people", registry.changed());
}

/// A map behind a read-write lock, as one would share it.
fn locked_map<S: BuildHasher + Send + Sync>(c: &mut Criterion, name: &str, map: HashMap<u32, Row, S>) {
    let map = RwLock::new(map);
    let numbers = &setting().numbers;
    contender(c, name, |i, write| {
        let number = numbers[i].as_number() as u32;
        if write && let Some(row) = map.write().expect("no panic").get_mut(&number) {
            row[1] += 1;
        }
        map.read().expect("no panic").get(&number).map_or(0, |row| row[1])
    });
}

fn rivals(c: &mut Criterion) {
    let numbers = &setting().numbers;
    locked_map(c, "RwLock<std HashMap>", rows().collect::<HashMap<_, _>>());
    {
        let map: hashbrown::HashMap<u32, Row, foldhash::fast::FixedState> = rows().collect();
        let map = RwLock::new(map);
        contender(c, "RwLock<hashbrown + foldhash>", |i, write| {
            let number = numbers[i].as_number() as u32;
            if write && let Some(row) = map.write().expect("no panic").get_mut(&number) {
                row[1] += 1;
            }
            map.read().expect("no panic").get(&number).map_or(0, |row| row[1])
        });
    }
    {
        let map: DashMap<u32, Row> = rows().collect();
        contender(c, "DashMap", |i, write| {
            let number = numbers[i].as_number() as u32;
            if write && let Some(mut row) = map.get_mut(&number) {
                row[1] += 1;
            }
            map.get(&number).map_or(0, |row| row[1])
        });
    }
    let mut sorted: Vec<(u32, Row)> = rows().collect();
    sorted.sort_unstable_by_key(|&(number, _)| number);
    let sorted = RwLock::new(sorted);
    contender(c, "RwLock<sorted array>", |i, write| {
        let number = numbers[i].as_number() as u32;
        if write {
            let mut rows = sorted.write().expect("no panic");
            if let Ok(place) = rows.binary_search_by_key(&number, |&(n, _)| n) {
                rows[place].1[1] += 1;
            }
        }
        let rows = sorted.read().expect("no panic");
        rows.binary_search_by_key(&number, |&(n, _)| n).map_or(0, |place| rows[place].1[1])
    });
}

/// Reads without any lock round the rivals, which then cannot change: the kindest comparison for them. The registry reads
/// its overlay all the same.
fn unlocked(c: &mut Criterion) {
    let numbers = &setting().numbers;
    let mut group = c.benchmark_group("read, no lock, 1 thread");
    group.throughput(Throughput::Elements(BATCH as u64));
    let Setting { registry, people, .. } = setting();
    group.bench_function("hatif registry", |b| {
        let children = |number| registry.by_number(number).map_or(0, |person| person.children().into());
        b.iter_custom(|rounds| timed(1, rounds, |i| children(numbers[i])));
    });
    group.bench_function("hatif registry, in blocks", |b| {
        b.iter_custom(|rounds| {
            timed(1, rounds, |i| {
                // One call looks up the whole batch.
                let mut sum = 0;
                if i == 0 {
                    registry.by_numbers(numbers, |_, person| sum += person.map_or(0, |p| u64::from(p.children())));
                }
                sum
            })
        });
    });
    group.bench_function("hatif registry, by index", |b| {
        let children = |id| registry.person(id).map_or(0, |person| person.children().into());
        b.iter_custom(|rounds| timed(1, rounds, |i| children(people[i])));
    });
    let map: hashbrown::HashMap<u32, Row, foldhash::fast::FixedState> = rows().collect();
    let of = |i: usize| numbers[i].as_number() as u32;
    group.bench_function("hashbrown + foldhash", |b| {
        b.iter_custom(|rounds| timed(1, rounds, |i| map.get(&of(i)).map_or(0, |row| row[1])));
    });
    let map: HashMap<u32, Row> = rows().collect();
    group.bench_function("std HashMap", |b| {
        b.iter_custom(|rounds| timed(1, rounds, |i| map.get(&of(i)).map_or(0, |row| row[1])));
    });
    group.finish();
}

fn ready(c: &mut Criterion) {
    let mut group = c.benchmark_group("time to ready");
    group.sample_size(10);
    group.bench_function("3,200,000 people, one thread", |b| b.iter(|| Base::generated(FULL_SIZE, 1)));
    group.finish();
    println!("bytes a person, index and overlay included: {:.2}", setting().registry.bytes_per_person());
}

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .configure_from_args();
    ready(&mut criterion);
    unlocked(&mut criterion);
    registry(&mut criterion);
    rivals(&mut criterion);
    criterion.final_summary();
}
