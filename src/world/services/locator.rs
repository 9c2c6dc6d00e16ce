//! Where to go: 170 agencies and 8,000 proximity points, synthetic, as many in each region as its population asks for.
//!
//! The first two digits of a postal code lead to a city and region; the table of them is illustrative and covers the
//! whole country coarsely. Within the region, the place with the nearest code is the nearest place, the caller's own two
//! digits first.

use std::sync::Arc;

use crate::{
    pii::Digits,
    random::{Purpose, Seed, mix},
    registry::margins::largest_remainder,
    time::{Date, TimeOfDay},
};

/// The two kinds of place; the order of the catalogue's `place`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PlaceKind {
    /// An office of the fund.
    Agency,
    /// A partner that takes payments and files.
    Point,
}

/// An agency or proximity point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Which kind.
    pub kind: PlaceKind,
    /// Counted from 1 within its kind, region by region.
    pub number: u32,
    /// 1 to 12.
    pub region: u8,
    /// Its city.
    pub city: &'static str,
    /// Its five-digit postal code.
    pub postal: u32,
}

impl Place {
    /// Its synthetic name, such as `Agence 12`.
    pub fn name(&self) -> String {
        match self.kind {
            PlaceKind::Agency => format!("Agence {}", self.number),
            PlaceKind::Point => format!("Point {}", self.number),
        }
    }

    /// When it opens and closes on `today`, a working day.
    pub fn hours(&self, today: Date, ramadan: &[(Date, Date)]) -> (TimeOfDay, TimeOfDay) {
        let fasting = ramadan.iter().any(|&(first, last)| (first..=last).contains(&today));
        let (open, close) = match (self.kind, fasting) {
            (PlaceKind::Agency, false) => ((8, 45), (15, 30)),
            (PlaceKind::Point, false) => ((9, 0), (18, 0)),
            (PlaceKind::Agency, true) => ((9, 0), (15, 0)),
            (PlaceKind::Point, true) => ((10, 0), (16, 0)),
        };
        let time = |(hour, minute)| TimeOfDay::new(hour, minute).unwrap_or_default();
        (time(open), time(close))
    }
}

/// Cities of each region with the first two digits of their postal codes, the region's chief city first.
const CITIES: [&[(&str, u32)]; 12] = [
    &[("Tanger", 90), ("Tétouan", 93), ("Larache", 92), ("Chefchaouen", 91), ("Al Hoceïma", 32)],
    &[("Oujda", 60), ("Nador", 62), ("Berkane", 63), ("Taourirt", 65), ("Figuig", 61)],
    &[("Fès", 30), ("Meknès", 50), ("Taza", 35), ("Sefrou", 31), ("Taounate", 34), ("Ifrane", 53), ("Boulemane", 33)],
    &[("Rabat", 10), ("Salé", 11), ("Kénitra", 14), ("Témara", 12), ("Khémisset", 15), ("Sidi Kacem", 16)],
    &[("Béni Mellal", 23), ("Khouribga", 25), ("Khénifra", 54), ("Azilal", 22)],
    &[("Casablanca", 20), ("Mohammédia", 28), ("El Jadida", 24), ("Settat", 26), ("Benslimane", 13), ("Berrechid", 27)],
    &[("Marrakech", 40), ("Safi", 46), ("El Kelâa", 43), ("Essaouira", 44), ("Al Haouz", 42), ("Chichaoua", 41)],
    &[("Errachidia", 52), ("Ouarzazate", 45), ("Zagora", 47), ("Midelt", 55)],
    &[("Agadir", 80), ("Inezgane", 86), ("Taroudannt", 83), ("Tiznit", 85), ("Chtouka", 87), ("Tata", 84)],
    &[("Guelmim", 81), ("Tan-Tan", 82), ("Sidi Ifni", 88)],
    &[("Laâyoune", 70), ("Boujdour", 71), ("Es-Semara", 72)],
    &[("Dakhla", 73)],
];
/// Shares of a region's places its cities have, the chief city first.
const CITY_SHARES: [u64; 7] = [10, 5, 4, 3, 2, 2, 1];
/// Agencies and points by region.
const AGENCIES: [u32; 12] = [18, 12, 21, 23, 13, 34, 23, 8, 13, 2, 2, 1];
const POINTS: [u32; 12] = [841, 547, 1_001, 1_083, 596, 1_622, 1_068, 386, 633, 102, 87, 34];

/// Every place, made once from a seed and shared.
#[derive(Clone, Debug)]
pub struct Locator {
    places: Arc<[Place]>,
}

impl Locator {
    /// The places of this seed.
    pub fn new(seed: Seed) -> Locator {
        let key = seed.key(Purpose::Registry, 2_001);
        let mut places = Vec::new();
        for (kind, counts) in [(PlaceKind::Agency, AGENCIES), (PlaceKind::Point, POINTS)] {
            let mut number = 0;
            for (region, (cities, count)) in (1..).zip(CITIES.iter().zip(counts)) {
                let by_city = largest_remainder(count, &CITY_SHARES[..cities.len()]);
                for (&(city, prefix), n) in cities.iter().zip(by_city) {
                    for _ in 0..n {
                        number += 1;
                        let within = mix(key ^ u64::from(number) ^ (kind as u64) << 32) % 1_000;
                        places.push(Place { kind, number, region, city, postal: prefix * 1_000 + within as u32 });
                    }
                }
            }
        }
        Locator { places: places.into() }
    }

    /// Every place: agencies first, region by region.
    pub fn places(&self) -> &[Place] {
        &self.places
    }

    /// The nearest place of a kind for a five-digit postal code or a two-digit region code, with its position in
    /// [`Locator::places`]; `None` for a code that leads nowhere.
    pub fn nearest(&self, code: Digits, kind: PlaceKind) -> Option<usize> {
        let number = code.as_number() as u32;
        let region = match code.len() {
            2 => u8::try_from(number).ok().filter(|region| (1..=12).contains(region))?,
            5 => (1..).zip(CITIES).find(|(_, cities)| cities.iter().any(|&(_, prefix)| prefix == number / 1_000))?.0,
            _ => return None,
        };
        // They lie kind by kind, region by region and city by city.
        let first = self.places.partition_point(|place| (place.kind, place.region) < (kind, region));
        let last = self.places.partition_point(|place| (place.kind, place.region) <= (kind, region));
        let here = (first..last).zip(&self.places[first..last]);
        let found = if code.len() == 2 {
            // The region as a whole: the first place of its chief city.
            here.min_by_key(|(_, place)| place.number)
        } else {
            here.min_by_key(|(_, place)| {
                (place.postal / 1_000 != number / 1_000, place.postal.abs_diff(number), place.number)
            })
        };
        found.map(|(position, _)| position)
    }
}
