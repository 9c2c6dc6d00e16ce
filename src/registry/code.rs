//! The keyed permutation behind registration numbers and file references: 00000000 to 99999999, both ways, in a few
//! nanoseconds.
//!
//! Three Feistel rounds over a square of 10,000 by 10,000, whose round functions are tables of pseudo-random numbers
//! (60 KB, filled once from the key). A look-up is bound by memory latency, and a processor overlaps as many look-ups as
//! fit its instruction window: tables need a third of the instructions of computed rounds, hence overlap three times more.

use crate::random::mix;

/// How many codes there are.
pub const CODES: u32 = 100_000_000;
/// The side of the square.
const SIDE: u32 = 10_000;
/// Tables are as long as the next power of two, so that a masked index needs no bounds check; the excess is never read.
const LEN: usize = 16_384;

type Table = [u16; LEN];

/// A permutation of `0..`[`CODES`] chosen by a key.
#[derive(Clone)]
pub struct CodeBook {
    tables: Box<[Table; 3]>,
}

impl CodeBook {
    /// Bytes one takes.
    pub const BYTES: usize = size_of::<[Table; 3]>();

    /// The permutation that `key` chooses.
    pub fn new(key: u64) -> CodeBook {
        let mut tables = Box::new([[0; LEN]; 3]);
        for (round, table) in (1u64..).zip(tables.iter_mut()) {
            let round_key = mix(key ^ mix(round));
            for (entry, i) in table.iter_mut().zip(0..u64::from(SIDE)) {
                *entry = (((mix(round_key ^ i) >> 32) * u64::from(SIDE)) >> 32) as u16;
            }
        }
        CodeBook { tables }
    }

    /// The code of `x`, which must be below [`CODES`].
    #[inline]
    pub fn forward(&self, x: u32) -> u32 {
        let (mut l, mut r) = (x / SIDE, x % SIDE);
        let [first, second, third] = &*self.tables;
        l = add(l, draw(first, r));
        r = add(r, draw(second, l));
        l = add(l, draw(third, r));
        l * SIDE + r
    }

    /// Whose code `y` is; it must be below [`CODES`].
    #[inline]
    pub fn inverse(&self, y: u32) -> u32 {
        let (mut l, mut r) = (y / SIDE, y % SIDE);
        let [first, second, third] = &*self.tables;
        l = subtract(l, draw(third, r));
        r = subtract(r, draw(second, l));
        l = subtract(l, draw(first, r));
        l * SIDE + r
    }
}

impl std::fmt::Debug for CodeBook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CodeBook(•)")
    }
}

#[inline]
fn draw(table: &Table, half: u32) -> u32 {
    u32::from(table[half as usize % LEN])
}

#[inline]
fn add(x: u32, y: u32) -> u32 {
    let sum = x + y;
    if sum >= SIDE { sum - SIDE } else { sum }
}

#[inline]
fn subtract(x: u32, y: u32) -> u32 {
    let (difference, borrow) = x.overflowing_sub(y);
    if borrow { difference.wrapping_add(SIDE) } else { difference }
}

#[cfg(test)]
mod tests {
    use super::{CODES, CodeBook};

    #[test]
    fn codes_lead_back_and_never_meet() {
        let book = CodeBook::new(5);
        let mut codes: Vec<u32> = (0..20_000).chain(CODES - 20_000..CODES).map(|x| book.forward(x)).collect();
        assert!(codes.iter().all(|&code| code < CODES));
        assert!((0..20_000).all(|x| book.inverse(codes[x as usize]) == x));
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), 40_000);
    }

    #[test]
    fn neighbours_do_not_stay_neighbours() {
        let book = CodeBook::new(3);
        let near = (0..10_000).filter(|&x| book.forward(x).abs_diff(book.forward(x + 1)) < 1_000_000).count();
        // Two random points of the range lie that near with probability 2 %.
        assert!((100..320).contains(&near), "{near}");
    }
}
