//! A keyed permutation of `0..n` that can be run both ways: what gives every person a number without storing one.
//!
//! A Feistel network over the rectangle `a × b ≥ n` (a ≈ √n), four rounds of modular addition, with cycle walking for the
//! few points of the rectangle that lie outside the range. Dealing the ranks `0..n` of a permutation over a table of
//! counts gives each entry of the table exactly its count: that is how the registry meets its margins without sorting.

use crate::random::mix;

/// Odd multiplier of the round function (the golden ratio in 64 bits).
const STIR: u64 = 0x9e37_79b9_7f4a_7c15;

/// A permutation of `0..n` chosen by a key.
#[derive(Clone, Copy, Debug)]
pub struct Shuffle {
    n: u32,
    a: u32,
    b: u32,
    /// ⌈2⁶⁴ / b⌉: division by `b` as one multiplication, exact for every 32-bit dividend.
    reciprocal: u64,
    keys: [u64; 4],
}

impl Shuffle {
    /// The permutation of `0..n` that `key` chooses. `n` is at most 4,000,000,000; for `n` = 0 there is nothing to permute.
    pub fn new(key: u64, n: u32) -> Shuffle {
        assert!(n <= 4_000_000_000, "the rectangle over n must fit 32 bits");
        let a = (f64::from(n)).sqrt().ceil().max(2.0) as u32;
        let b = n.div_ceil(a).max(2);
        let keys = [1, 2, 3, 4].map(|round| mix(key ^ mix(round)));
        Shuffle { n, a, b, reciprocal: u64::MAX / u64::from(b) + 1, keys }
    }

    /// Where `x` goes. `x` must be below `n`.
    #[inline]
    pub fn forward(&self, x: u32) -> u32 {
        debug_assert!(x < self.n);
        let mut y = self.rounds(x);
        while y >= self.n {
            y = self.rounds(y);
        }
        y
    }

    /// Where `y` came from. `y` must be below `n`.
    #[inline]
    pub fn inverse(&self, y: u32) -> u32 {
        debug_assert!(y < self.n);
        let mut x = self.rounds_back(y);
        while x >= self.n {
            x = self.rounds_back(x);
        }
        x
    }

    #[inline]
    fn split(&self, x: u32) -> (u32, u32) {
        let left = ((u128::from(self.reciprocal) * u128::from(x)) >> 64) as u32;
        (left, x - left * self.b)
    }

    #[inline]
    fn rounds(&self, x: u32) -> u32 {
        let (mut l, mut r) = self.split(x);
        for [left_key, right_key] in [[self.keys[0], self.keys[1]], [self.keys[2], self.keys[3]]] {
            l = add(l, draw(r, left_key, self.a), self.a);
            r = add(r, draw(l, right_key, self.b), self.b);
        }
        l * self.b + r
    }

    #[inline]
    fn rounds_back(&self, y: u32) -> u32 {
        let (mut l, mut r) = self.split(y);
        for [left_key, right_key] in [[self.keys[2], self.keys[3]], [self.keys[0], self.keys[1]]] {
            r = subtract(r, draw(l, right_key, self.b), self.b);
            l = subtract(l, draw(r, left_key, self.a), self.a);
        }
        l * self.b + r
    }
}

/// The round function: a number below `limit`.
#[inline]
fn draw(half: u32, key: u64, limit: u32) -> u32 {
    let x = (u64::from(half) ^ key).wrapping_mul(STIR);
    let x = (x ^ (x >> 32)).wrapping_mul(STIR);
    (((x >> 32) * u64::from(limit)) >> 32) as u32
}

#[inline]
fn add(x: u32, y: u32, modulus: u32) -> u32 {
    let sum = x + y;
    if sum >= modulus { sum - modulus } else { sum }
}

#[inline]
fn subtract(x: u32, y: u32, modulus: u32) -> u32 {
    if x >= y { x - y } else { x + modulus - y }
}

#[cfg(test)]
mod tests {
    use super::Shuffle;

    #[test]
    fn every_point_is_hit_once_and_found_back() {
        for n in [1, 2, 3, 10, 97, 1_000, 4_099] {
            let shuffle = Shuffle::new(7, n);
            let mut hit = vec![false; n as usize];
            for x in 0..n {
                let y = shuffle.forward(x);
                assert!(!std::mem::replace(&mut hit[y as usize], true), "{n}: {y} twice");
                assert_eq!(shuffle.inverse(y), x);
            }
        }
    }

    #[test]
    fn another_key_is_another_permutation() {
        let images = |key| (0..1_000).map(|x| Shuffle::new(key, 100_000_000).forward(x)).collect::<Vec<_>>();
        assert_eq!(images(1), images(1));
        let equal = images(1).iter().zip(images(2)).filter(|(a, b)| **a == *b).count();
        assert!(equal < 3, "{equal} of 1000 images agree");
    }

    #[test]
    fn neighbours_do_not_stay_neighbours() {
        let shuffle = Shuffle::new(3, 100_000_000);
        let near = (0..10_000).filter(|&x| shuffle.forward(x).abs_diff(shuffle.forward(x + 1)) < 1_000_000).count();
        // Two random points of the range lie that near with probability 2 %.
        assert!((100..320).contains(&near), "{near}");
    }
}
