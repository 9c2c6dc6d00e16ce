//! Who could call: the people of the registry, sorted by what filters ask for, so that one of those who pass is drawn at
//! once.

use super::{demand::rules::PeopleFilter, distribution::chance::below};
use crate::{
    id::PersonId,
    random::Stream,
    registry::{Category, Person, Region, Registry, Status},
};

const CATEGORIES: usize = Category::ALL.len();
const REGIONS: usize = Region::ALL.len();
/// Status, paid up or not, region, category: from the coarsest to the finest.
const SEGMENTS: usize = Status::ALL.len() * 2 * REGIONS * CATEGORIES;

/// An index of the people of a registry as they were at its beginning. Four bytes a person; share it behind an
/// [`std::sync::Arc`].
#[derive(Clone)]
pub struct Population {
    /// By segment, in the order of the registry within one.
    ids: Box<[PersonId]>,
    /// Where each segment begins, and the end of the last.
    starts: Box<[u32]>,
}

/// Those people who have all four things that filters ask for in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Where they stand with the fund.
    pub status: Status,
    /// Whether their contributions are paid up.
    pub paid: bool,
    /// Where they live.
    pub region: Region,
    /// What they do.
    pub category: Category,
    /// The place of the first of them in [`Population::person`].
    pub start: u32,
    /// How many they are.
    pub len: u32,
}

impl Segment {
    /// Whether they pass the filter: all do, or none.
    pub fn passes(&self, filter: &PeopleFilter) -> bool {
        filter.status.is_none_or(|status| status == self.status)
            && filter.paid.is_none_or(|paid| paid == self.paid)
            && filter.region.is_none_or(|region| region == self.region)
            && filter.category.is_none_or(|category| category == self.category)
    }
}

impl Population {
    /// Indexes everybody: two passes over the registry.
    pub fn of(registry: &Registry) -> Population {
        let base = registry.base();
        let mut starts = vec![0u32; SEGMENTS + 1];
        for person in base.people() {
            starts[segment_of(&person) + 1] += 1;
        }
        for i in 0..SEGMENTS {
            starts[i + 1] += starts[i];
        }
        let mut next = starts.clone();
        let mut ids = vec![PersonId(0); base.len() as usize];
        for person in base.people() {
            let place = &mut next[segment_of(&person)];
            ids[*place as usize] = person.id;
            *place += 1;
        }
        Population { ids: ids.into(), starts: starts.into() }
    }

    /// How many people there are.
    pub fn len(&self) -> u32 {
        self.ids.len() as u32
    }

    /// Whether there is nobody.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Who stands at a place, by [`Segment::start`]; `None` beyond the last.
    #[inline]
    pub fn person(&self, place: u32) -> Option<PersonId> {
        self.ids.get(place as usize).copied()
    }

    /// The segments of those who pass the filter, without empty ones, in order of their places.
    pub fn segments(&self, filter: &PeopleFilter) -> impl Iterator<Item = Segment> + '_ {
        let filter = *filter;
        (0..SEGMENTS).map(|i| self.segment(i)).filter(move |segment| segment.len > 0 && segment.passes(&filter))
    }

    fn segment(&self, i: usize) -> Segment {
        let (start, end) = (self.starts[i], self.starts[i + 1]);
        Segment {
            status: Status::ALL[i / (2 * REGIONS * CATEGORIES)],
            paid: i / (REGIONS * CATEGORIES) % 2 == 1,
            region: Region::ALL[i / CATEGORIES % REGIONS],
            category: Category::ALL[i % CATEGORIES],
            start,
            len: end - start,
        }
    }

    /// How many pass the filter.
    pub fn size(&self, filter: &PeopleFilter) -> u32 {
        self.segments(filter).map(|segment| segment.len).sum()
    }

    /// One of those who pass the filter, each with the same chance; `None`: nobody does. Takes one number of the stream. For
    /// many draws with one filter a [`Lottery`] is faster.
    pub fn draw(&self, filter: &PeopleFilter, stream: &mut Stream) -> Option<PersonId> {
        let mut place = below(self.size(filter), stream);
        let mut segments = self.segments(filter);
        let segment = segments.find(|segment| {
            let here = place < segment.len;
            place -= if here { 0 } else { segment.len };
            here
        })?;
        self.person(segment.start + place)
    }

    /// Makes many draws with one filter fast.
    pub fn lottery(&self, filter: &PeopleFilter) -> Lottery {
        let (mut spans, mut size) = (Vec::<(u32, u32)>::new(), 0);
        for segment in self.segments(filter) {
            let joins = spans.last().is_some_and(|(from, start)| start + (size - from) == segment.start);
            if !joins {
                spans.push((size, segment.start));
            }
            size += segment.len;
        }
        Lottery { spans: spans.into(), size }
    }
}

fn segment_of(person: &Person) -> usize {
    let status = person.status() as usize * 2 + usize::from(person.is_paid_up());
    (status * REGIONS + person.region() as usize) * CATEGORIES + person.category() as usize
}

impl std::fmt::Debug for Population {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Population({} people)", self.len())
    }
}

/// The places of those who pass a filter, joined to as few stretches as there are.
#[derive(Clone, Debug)]
pub struct Lottery {
    /// How many stand before each stretch, and its first place.
    spans: Box<[(u32, u32)]>,
    size: u32,
}

impl Lottery {
    /// How many take part.
    pub fn size(&self) -> u32 {
        self.size
    }

    /// The very person [`Population::draw`] draws.
    #[inline]
    pub fn draw(&self, population: &Population, stream: &mut Stream) -> Option<PersonId> {
        let number = below(self.size, stream);
        let span = self.spans.partition_point(|(from, _)| *from <= number).checked_sub(1)?;
        let (from, start) = self.spans[span];
        population.person(start + (number - from))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, Seed};

    fn filters() -> Vec<PeopleFilter> {
        let all = PeopleFilter::default();
        vec![
            all,
            PeopleFilter { status: Some(Status::Pending), ..all },
            PeopleFilter { status: Some(Status::Registered), paid: Some(true), ..all },
            PeopleFilter { region: Some(Region::R09), ..all },
            PeopleFilter { category: Some(Category::Taxi), paid: Some(false), ..all },
            PeopleFilter { status: Some(Status::Registered), category: Some(Category::Other), ..all },
        ]
    }

    fn passes(person: &Person, filter: &PeopleFilter) -> bool {
        let segment = Segment {
            status: person.status(),
            paid: person.is_paid_up(),
            region: person.region(),
            category: person.category(),
            start: 0,
            len: 1,
        };
        segment.passes(filter)
    }

    #[test]
    fn sizes_are_what_counting_says_and_those_drawn_pass() {
        let registry = Registry::generated(20_000, 1);
        let population = Population::of(&registry);
        for filter in filters() {
            let counted = registry.base().people().filter(|person| passes(person, &filter)).count();
            assert_eq!(population.size(&filter) as usize, counted, "{filter:?}");
            let lottery = population.lottery(&filter);
            assert_eq!(lottery.size() as usize, counted);
            let mut stream = Seed::new(2).stream(Purpose::Person, 1);
            for _ in 0..500 {
                let mut same = stream.clone();
                let drawn = population.draw(&filter, &mut stream);
                assert_eq!(lottery.draw(&population, &mut same), drawn);
                match drawn.and_then(|id| registry.person(id)) {
                    Some(person) => assert!(passes(&person, &filter), "{person:?}, {filter:?}"),
                    None => assert_eq!(counted, 0, "{filter:?}"),
                }
            }
        }
        assert_eq!(population.size(&filters()[5]), 0, "nobody registered waits for a decree");
        assert!(population.segments(&filters()[0]).count() > 100);
    }

    /// Twelve regions, 24,000 draws: chi-squared with 11 degrees of freedom exceeds 38 once in ten thousand.
    #[test]
    fn everybody_has_the_same_chance() {
        let registry = Registry::generated(20_000, 1);
        let population = Population::of(&registry);
        let (mut drawn, n) = ([0u32; REGIONS], 24_000);
        let mut stream = Seed::new(3).stream(Purpose::Person, 1);
        for _ in 0..n {
            let id = population.draw(&PeopleFilter::default(), &mut stream).expect("somebody");
            drawn[registry.person(id).expect("a person").region() as usize] += 1;
        }
        let chi: f64 = (0..REGIONS)
            .map(|i| {
                let filter = PeopleFilter { region: Some(Region::ALL[i]), ..PeopleFilter::default() };
                let expected = f64::from(n) * f64::from(population.size(&filter)) / 20_000.0;
                (f64::from(drawn[i]) - expected).powi(2) / expected
            })
            .sum();
        assert!(chi < 38.0, "{chi}");
    }
}
