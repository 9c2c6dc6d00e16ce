//! Choosing one of many by weight in constant time (Walker's alias method, in Vose's arrangement).

use rand::Rng;

use crate::random::Stream;

/// A table to choose from. Memory is kept when it is filled anew.
#[derive(Clone, Debug, Default)]
pub(super) struct Alias {
    /// The share of each column that is its own, of 2^32, and whose the rest is.
    columns: Vec<(u32, u32)>,
    scaled: Vec<f64>,
    small: Vec<u32>,
    large: Vec<u32>,
}

impl Alias {
    /// Fills the table: weights are at least 0 and one of them is greater.
    pub fn fill(&mut self, weights: &[f64]) {
        let total: f64 = weights.iter().sum();
        let mean = total / weights.len() as f64;
        self.scaled.clear();
        self.scaled.extend(weights.iter().map(|weight| weight / mean));
        self.columns.clear();
        self.columns.extend((0..weights.len() as u32).map(|i| (u32::MAX, i)));
        self.small.clear();
        self.large.clear();
        for (i, scaled) in (0..).zip(&self.scaled) {
            if *scaled < 1.0 { self.small.push(i) } else { self.large.push(i) }
        }
        while let (Some(poor), Some(&rich)) = (self.small.pop(), self.large.last()) {
            let own = self.scaled[poor as usize];
            self.columns[poor as usize] = ((own * 4_294_967_296.0) as u32, rich);
            self.scaled[rich as usize] -= 1.0 - own;
            if self.scaled[rich as usize] < 1.0 {
                self.large.pop();
                self.small.push(rich);
            }
        }
        // What rounding left over in `small` is as good as full: its column stays its own.
    }

    /// The index of a weight. Takes one number of the stream.
    #[inline]
    pub fn choose(&self, stream: &mut Stream) -> usize {
        let bits = stream.next_u64();
        let column = ((bits >> 32) * self.columns.len() as u64) >> 32;
        let (own, other) = self.columns[column as usize];
        if (bits as u32) < own { column as usize } else { other as usize }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, Seed};

    #[test]
    fn each_is_chosen_by_its_weight() {
        let weights = [3.0, 0.0, 1.0, 0.5, 5.5];
        let mut alias = Alias::default();
        alias.fill(&[1.0]);
        alias.fill(&weights);
        let (mut stream, n) = (Seed::new(1).stream(Purpose::Person, 1), 100_000);
        let mut chosen = [0u32; 5];
        (0..n).for_each(|_| chosen[alias.choose(&mut stream)] += 1);
        for (count, weight) in chosen.iter().zip(weights) {
            let p = weight / 10.0;
            let bound = 4.5 * (p * (1.0 - p) * f64::from(n)).sqrt();
            assert!((f64::from(*count) - p * f64::from(n)).abs() <= bound, "{chosen:?}");
        }
    }
}
