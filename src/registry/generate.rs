//! The synthetic population: person `i` of a registry is a function of (seed, size, i) alone, and every total is exact.
//!
//! The people are first thought of in a row, sorted by status and category: a *slot* each. A keyed permutation sends the
//! index to its slot. Inside a stretch of slots, another permutation gives ranks, and ranks are dealt over a table of
//! counts ([`Deal`]): the table is met exactly, whatever the key. What depends on weights (who pays, who has a portal
//! account, who has files) is drawn by systematic sampling: walking along the people, one is picked each time the sum of
//! weights passes a multiple of the step. What has no total to meet is drawn from a hash of the index.

use super::{
    cover,
    margins::{self, Margins},
    person::{Month, Person, Record},
    shuffle::Shuffle,
    words::{Category, FileState, Language, Region, Sex, Status},
};
use crate::{
    id::PersonId,
    random::{Purpose, Seed, mix},
    time::Date,
};

/// The categories in the order of their slots: those whose registration dates are drawn together stand together.
const ORDER: [Category; 11] = [
    Category::Farm,
    Category::Ae,
    Category::Cpu,
    Category::Comc,
    Category::Artc,
    Category::Med,
    Category::Legal,
    Category::Arch,
    Category::Taxi,
    Category::Art,
    Category::Artist,
];
/// How many of [`ORDER`], after the farmers, were loaded in bulk in December 2021.
const BULK: usize = 4;

/// What a drawing is for; part of its key.
#[derive(Clone, Copy)]
enum Draw {
    Slot = 1,
    RegionFarm,
    RegionOther,
    Family,
    Children,
    Early,
    Personal,
    PhoneFarm,
    PhoneOther,
    Paid,
    Holder,
    FileCount,
    FileState,
    Portal,
}

fn key(seed: u64, draw: Draw) -> u64 {
    Seed::new(seed).key(Purpose::Registry, draw as u64)
}

fn day(year: i16, month: i8, day: i8) -> Date {
    Date::from_ymd(year, month, day).expect("the dates of the campaign exist")
}

/// The day of the published figures, 1 April 2022: the state of the registry before any change.
pub fn snapshot_day() -> Date {
    day(2022, 4, 1)
}

/// Ranks dealt over a table of counts: rank r belongs to the first entry whose running total exceeds it.
struct Deal {
    ends: Vec<u32>,
}

impl Deal {
    fn new(counts: impl IntoIterator<Item = u32>) -> Deal {
        let running = counts.into_iter().scan(0, |sum, count| {
            *sum += count;
            Some(*sum)
        });
        Deal { ends: running.collect() }
    }
    #[inline]
    fn of(&self, rank: u32) -> usize {
        self.ends.partition_point(|&end| end <= rank)
    }
}

/// Fewer people are not worth a thread.
const PER_THREAD: u32 = 50_000;
/// More threads only wait for memory.
const MOST_THREADS: u32 = 8;

/// The people of a registry of `size` with this seed, in index order. About a quarter of a microsecond each, less on several
/// cores.
pub fn generate(size: u32, seed: u64) -> Vec<Record> {
    let plan = Plan::new(size, seed);
    let mut records = plan.people(size);
    let portal_weights = plan.finish(&mut records);
    debug_assert_eq!(portal_weights, plan.margins.portal);
    records
}

/// Everything that is fixed before the first person is made.
struct Plan {
    margins: Margins,
    seed: u64,
    slots: Shuffle,
    /// Status and category of each stretch of slots.
    stretches: Vec<(Status, Category)>,
    deal: Deal,
    personal: u64,
    /// Farmers, then everybody else registered: a permutation of the stretch and the regions it is dealt over.
    regions: [(Shuffle, Deal); 2],
    phones: [Shuffle; 2],
    families: (Shuffle, Deal),
    children: (Shuffle, Deal),
    dates: Dates,
    /// Running totals of the regions' weights for the unregistered, farmers and others.
    region_draw: [Deal; 2],
    ages: Ages,
}

impl Plan {
    fn new(size: u32, seed: u64) -> Plan {
        let margins = Margins::of(size);
        let mut stretches: Vec<(Status, Category)> = ORDER.iter().map(|&c| (Status::Registered, c)).collect();
        let mut counts: Vec<u32> = ORDER.iter().map(|&c| margins.categories[c as usize]).collect();
        for (row, &status) in Status::ALL[1..].iter().enumerate() {
            for (category, count) in (0..4).flat_map(|group| margins.group_categories(row, group)) {
                stretches.push((status, category));
                counts.push(count);
            }
        }
        let (farm, registered) = (margins.categories[0], margins.registered());
        let shuffle = |draw, n| Shuffle::new(key(seed, draw), n);
        let parents = margins.families[0] + margins.families[1];
        let weights = |category| Deal::new(margins::region_weights(category).iter().map(|&w| w as u32));
        Plan {
            seed,
            slots: shuffle(Draw::Slot, size),
            stretches,
            deal: Deal::new(counts),
            personal: key(seed, Draw::Personal),
            regions: [
                (shuffle(Draw::RegionFarm, farm), Deal::new(margins.regions_farm)),
                (shuffle(Draw::RegionOther, registered - farm), Deal::new(margins.regions_other)),
            ],
            phones: [shuffle(Draw::PhoneFarm, farm), shuffle(Draw::PhoneOther, registered - farm)],
            families: (shuffle(Draw::Family, registered), Deal::new(margins.families)),
            children: (shuffle(Draw::Children, parents), Deal::new(margins.children_of)),
            dates: Dates::new(&margins, key(seed, Draw::Early)),
            region_draw: [weights(Category::Farm), weights(Category::Ae)],
            ages: Ages::new(),
            margins,
        }
    }

    /// Everybody but for what depends on weights. Nobody depends on another, so that it does not matter on how many threads.
    fn people(&self, size: u32) -> Vec<Record> {
        let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get() as u32);
        let threads = cores.min(MOST_THREADS).min(size / PER_THREAD);
        if threads < 2 {
            return (0..size).map(|i| self.person(i)).collect();
        }
        let mut records = vec![Record::default(); size as usize];
        let each = size.div_ceil(threads);
        std::thread::scope(|scope| {
            for (first, part) in (0..size).step_by(each as usize).zip(records.chunks_mut(each as usize)) {
                scope.spawn(move || part.iter_mut().zip(first..).for_each(|(record, i)| *record = self.person(i)));
            }
        });
        records
    }

    /// Person `i` but for what depends on weights.
    fn person(&self, i: u32) -> Record {
        let slot = self.slots.forward(i);
        let (status, category) = self.stretches[self.deal.of(slot)];
        let hash = mix(self.personal ^ u64::from(i));
        let more = mix(hash);
        let mut record = Record::default();
        record.set_status(status);
        record.set_category(category);
        let (region, phone) = if status == Status::Registered {
            self.registered(slot, category, hash, &mut record)
        } else {
            let other = usize::from(category != Category::Farm);
            let deal = &self.region_draw[other];
            let total = deal.ends.last().copied().unwrap_or(1);
            let region = deal.of(below(more, total));
            (Region::from_code(region as u32), below(mix(more), 100) < [70, 85][other])
        };
        record.set_region(region);
        record.set_phone(phone.then_some(below(more >> 7, 100) as u8));
        record.set_card_tail(below(hash >> 13, 10_000) as u16);
        record.set_language(language(region, below(more >> 21, 100)));
        let woman = below(hash >> 29, 100) < women_per_cent(category);
        record.set_sex(if woman { Sex::Female } else { Sex::Male });
        record.set_birth(self.ages.birth(category, mix(more ^ hash)));
        record
    }

    /// Sets what only the registered have; returns region and whether a phone is on file.
    fn registered(&self, slot: u32, category: Category, hash: u64, record: &mut Record) -> (Region, bool) {
        record.set_since(Some(self.dates.since(slot, category, hash)));
        let rank = self.families.0.forward(slot);
        let family = self.families.1.of(rank);
        record.set_spouse(family == 0 || family == 2);
        if family <= 1 {
            let children = self.children.1.of(self.children.0.forward(rank)) + 1;
            record.set_children(children as u8);
        }
        let farm = self.margins.categories[0];
        let (other, place) = if slot < farm { (0, slot) } else { (1, slot - farm) };
        let (shuffle, regions) = &self.regions[other];
        let region = Region::from_code(regions.of(shuffle.forward(place)) as u32);
        (region, self.phones[other].forward(place) < self.margins.phones[other])
    }

    /// Draws who is paid up, who has files and which, and who has a portal account. Returns how many of the last.
    fn finish(&self, records: &mut [Record]) -> u32 {
        let snapshot = snapshot_day();
        // Rights had opened by the snapshot only for who registered, and whose category owed, before March ended.
        let (last_due, last_since) = (Month::new(2022, 2), Month::new(2022, 2).last_day());
        let could_claim = |person: &Person| {
            person.is_registered()
                && cover::category_due(person.category()) <= last_due
                && person.since().is_some_and(|since| since <= last_since)
        };
        self.sample(records, Draw::Paid, self.margins.paid_up, paying_weight, |_, record| {
            record.set_paid_up(true);
        });
        // Eight in nine of the weight goes to payers; the rest once paid, had a file and stopped paying.
        let weight = |person: &Person| match (could_claim(person), person.is_paid_up()) {
            (false, _) => 0,
            (true, true) => 8,
            (true, false) => 1,
        };
        let margins = &self.margins;
        let counts =
            (Shuffle::new(key(self.seed, Draw::FileCount), margins.file_holders()), Deal::new(margins.files_of));
        let states = (Shuffle::new(key(self.seed, Draw::FileState), margins.files()), Deal::new(margins.file_states));
        let mut file = 0;
        self.sample(records, Draw::Holder, margins.file_holders(), weight, |nth, record| {
            for _ in 0..=counts.1.of(counts.0.forward(nth)) {
                record.push_file(FileState::from_code(states.1.of(states.0.forward(file)) as u32));
                file += 1;
            }
            let person = Person { id: PersonId(0), record: *record };
            if !person.is_paid_up() {
                record.set_paid_through(person.since().map(|since| cover::first_due(person.category(), since)));
            }
        });
        let forty = day(snapshot.civil().year() - 40, 4, 1);
        let weight = |person: &Person| portal_weight(person, forty);
        let mut accounts = 0;
        self.sample(records, Draw::Portal, margins.portal, weight, |_, record| {
            record.set_portal(true);
            accounts += 1;
        });
        accounts
    }

    /// Systematic sampling of exactly `n` people by weight: the nth picked is given to `pick`. Whoever's weight exceeds
    /// the step is picked once and the excess passes on to the next, so that the count holds in the smallest registry.
    fn sample(
        &self,
        records: &mut [Record],
        draw: Draw,
        n: u32,
        weight: impl Fn(&Person) -> u32,
        mut pick: impl FnMut(u32, &mut Record),
    ) {
        let person = |record: &Record| Person { id: PersonId(0), record: *record };
        let total: u64 = records.iter().map(|record| u64::from(weight(&person(record)))).sum();
        let start = below(key(self.seed, draw), u32::MAX);
        let mut sum = (u64::from(start) * total) >> 32;
        let mut picked = 0;
        for record in records.iter_mut() {
            let w = weight(&person(record));
            if w == 0 {
                continue;
            }
            sum += u64::from(w) * u64::from(n);
            if sum >= total && picked < n {
                sum -= total;
                pick(picked, record);
                picked += 1;
            }
        }
        assert_eq!(picked, n, "systematic sampling meets its count");
    }
}

/// A number below `limit` from the high half of `hash`.
#[inline]
fn below(hash: u64, limit: u32) -> u32 {
    (((hash & 0xffff_ffff) * u64::from(limit)) >> 32) as u32
}

/// Odds of being paid up, in halves.
fn paying_weight(person: &Person) -> u32 {
    if !person.is_registered() {
        return 0;
    }
    match person.category() {
        Category::Med | Category::Legal => 8,
        Category::Cpu => 3,
        Category::Farm => 1,
        _ => 2,
    }
}

/// Odds of having a portal account, in fortieths; people born after `forty` have half as much again.
fn portal_weight(person: &Person, forty: Date) -> u32 {
    if !person.is_registered() {
        return 0;
    }
    let odds = match person.category() {
        Category::Ae => 120,
        Category::Med | Category::Legal | Category::Arch => 160,
        Category::Cpu | Category::Comc => 60,
        Category::Taxi => 32,
        Category::Art => 24,
        Category::Farm => 14,
        Category::Artist | Category::Artc | Category::Other => 40,
    };
    if person.birth_date() > forty { odds * 3 / 2 } else { odds }
}

fn women_per_cent(category: Category) -> u32 {
    match category {
        Category::Farm => 10,
        Category::Ae => 35,
        Category::Cpu | Category::Comc | Category::Other => 15,
        Category::Art | Category::Artc => 45,
        Category::Taxi => 2,
        Category::Med | Category::Artist | Category::Legal | Category::Arch => 50,
    }
}

/// The language of somebody of `region` for a draw of 0 to 99: more Tamazight where it is spoken more.
fn language(region: Region, percent: u32) -> Language {
    let zgh = match region {
        Region::R02 | Region::R08 | Region::R09 | Region::R10 => 25,
        _ => 10,
    };
    match percent {
        p if p < zgh => Language::Zgh,
        p if p < zgh + 9 => Language::Fr,
        p if p < zgh + 10 => Language::En,
        _ => Language::Ar,
    }
}

/// When people were registered.
struct Dates {
    bulk_start: u32,
    bulk: Shuffle,
    /// How many of the bulk categories were registered by 10 December 2021.
    bulk_early: u32,
    autumn: Date,
    /// The three bulk days of December 2021, by cumulative per cent.
    december: [(u32, Date); 3],
    /// Working days from 11 December 2021, and where January begins in them.
    working: Vec<Date>,
    january: usize,
    weekly: Date,
    /// The six loads of farmers, by cumulative per cent; the largest last.
    farm: [(u32, Date); 6],
}

impl Dates {
    fn new(margins: &Margins, key: u64) -> Dates {
        let count = |categories: &[Category]| categories.iter().map(|&c| margins.categories[c as usize]).sum::<u32>();
        let before = count(&[Category::Med, Category::Legal]);
        let holiday = day(2022, 1, 11);
        let working: Vec<Date> = (day(2021, 12, 11).0..=snapshot_day().0)
            .map(Date)
            .filter(|&date| date != holiday && date.civil().weekday().to_monday_zero_offset() < 5)
            .collect();
        Dates {
            bulk_start: margins.categories[0],
            bulk: Shuffle::new(key, count(&ORDER[1..=BULK])),
            bulk_early: margins.early - before,
            autumn: day(2021, 9, 1),
            december: [(50, day(2021, 12, 1)), (80, day(2021, 12, 6)), (100, day(2021, 12, 10))],
            january: working.partition_point(|&date| date < day(2022, 1, 1)),
            working,
            weekly: day(2022, 1, 4),
            farm: [
                (10, day(2022, 2, 8)),
                (22, day(2022, 2, 18)),
                (36, day(2022, 3, 1)),
                (52, day(2022, 3, 11)),
                (72, day(2022, 3, 22)),
                (100, day(2022, 4, 1)),
            ],
        }
    }

    fn since(&self, slot: u32, category: Category, hash: u64) -> Date {
        let draw = mix(hash ^ 0x05ce);
        let percent = below(draw, 100);
        let load = |loads: &[(u32, Date)]| {
            let nth = loads.partition_point(|&(up_to, _)| up_to <= percent);
            loads[nth.min(loads.len() - 1)].1
        };
        let flat = |days: &[Date]| days[below(draw, days.len() as u32) as usize];
        match category {
            Category::Farm => load(&self.farm),
            // 91 days: September, October, November.
            Category::Med | Category::Legal => self.autumn.plus_days(below(draw, 91) as i32),
            Category::Arch => flat(&self.working[self.january..]),
            // 13 Tuesdays, 4 January to 29 March.
            Category::Taxi | Category::Art | Category::Artist => self.weekly.plus_days(7 * below(draw, 13) as i32),
            _ if self.bulk.forward(slot - self.bulk_start) < self.bulk_early => load(&self.december),
            _ => flat(&self.working),
        }
    }
}

/// Birth dates: age triangular by category, the day uniform in the year, 1 January heaped for the older.
struct Ages {
    /// 1 January of each year from [`Ages::FIRST_YEAR`] on.
    january: Vec<Date>,
}

impl Ages {
    const FIRST_YEAR: i32 = 1930;
    /// The year in which an age is reached; the youngest are of age on the snapshot day.
    const AGE_YEAR: i32 = 2021;
    /// Ages above this have their birth date on 1 January eight times as often as on another day.
    const HEAPED_ABOVE: i32 = 55;

    fn new() -> Ages {
        Ages { january: (Self::FIRST_YEAR..=2022).map(|year| Month::new(year, 1).first_day()).collect() }
    }

    fn birth(&self, category: Category, hash: u64) -> Date {
        let (low, mode, high) = match category {
            Category::Ae => (18.0, 32.0, 60.0),
            Category::Taxi => (24.0, 44.0, 68.0),
            Category::Farm => (22.0, 52.0, 80.0),
            Category::Cpu | Category::Art | Category::Comc | Category::Artc | Category::Other => (20.0, 44.0, 72.0),
            Category::Med | Category::Legal | Category::Arch | Category::Artist => (25.0, 42.0, 70.0),
        };
        let u = (hash >> 11) as f64 / (1u64 << 53) as f64;
        let age = triangular(u, low, mode, high) as i32;
        let year = (Self::AGE_YEAR - age - Self::FIRST_YEAR) as usize;
        let days = (self.january[year + 1].0 - self.january[year].0) as u32;
        let extra = if age > Self::HEAPED_ABOVE { 7 } else { 0 };
        let drawn = below(mix(hash), days + extra);
        self.january[year].plus_days(drawn.saturating_sub(extra) as i32)
    }
}

/// The value of a triangular distribution at probability `u` in [0, 1). Uses only exactly rounded operations, so that it
/// gives the same on every machine.
fn triangular(u: f64, low: f64, mode: f64, high: f64) -> f64 {
    if u * (high - low) < mode - low {
        low + (u * (high - low) * (mode - low)).sqrt()
    } else {
        high - ((1.0 - u) * (high - low) * (high - mode)).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn people(size: u32, seed: u64) -> Vec<Person> {
        let records = generate(size, seed);
        records.into_iter().zip(0..).map(|(record, i)| Person { id: PersonId(i), record }).collect()
    }

    #[test]
    fn a_seed_is_a_population_for_good() {
        assert_eq!(generate(2_000, 1), generate(2_000, 1));
        assert_ne!(generate(2_000, 1), generate(2_000, 2));
    }

    #[test]
    fn files_belong_to_people_who_had_rights() {
        let holders: Vec<Person> = people(32_000, 5).into_iter().filter(|p| p.file_count() > 0).collect();
        assert!(holders.len() > 500);
        for person in &holders {
            let opened = cover::opens(person.category(), person.since().expect("holders are registered"));
            assert!(opened < snapshot_day(), "{person:?}");
            assert!(person.is_paid_up() || person.paid_through().is_some(), "{person:?} has paid at some time");
        }
        let lapsed = holders.iter().filter(|p| !p.is_paid_up()).count();
        assert!(lapsed > 0 && lapsed * 2 < holders.len(), "{lapsed} of {}", holders.len());
    }

    #[test]
    fn older_people_were_often_born_on_the_first_of_january() {
        let people = people(100_000, 9);
        let share = |old: bool| {
            let of_age = people.iter().filter(|p| (p.birth_date().civil().year() < 1965) == old);
            let (mut n, mut heaped) = (0u32, 0u32);
            for person in of_age {
                n += 1;
                heaped += u32::from(person.birth_date().civil().day_of_year() == 1);
            }
            f64::from(heaped) / f64::from(n)
        };
        // Eight in 372 against one in 365.
        assert!((0.018..0.025).contains(&share(true)), "{}", share(true));
        assert!(share(false) < 0.005, "{}", share(false));
    }

    #[test]
    fn ages_stay_in_their_category_s_range() {
        for person in people(20_000, 4) {
            let age = person.age_on(snapshot_day());
            assert!((18..=81).contains(&age), "{person:?} is {age}");
            assert!(person.is_registered() == person.since().is_some());
        }
    }
}
