//! All lines in one order: how many of each line stand before some rank, without a search in each line. What a waiting caller
//! is told asks that of every line whose agents hers shares.
//!
//! Ranks lie sorted in blocks, each of which knows how many of its ranks are of which line. It has to be kept up with every
//! call that enters or leaves, so it is there only while many stand in line ([`super::outlook`]).

use super::super::call::Rank;

/// How many lines there can be at most.
pub(super) const LINES: usize = 64;
/// How many may stand in line at most, for counts of sixteen bits.
pub(super) const MOST: usize = 60_000;
/// How many ranks a block holds at most.
const FULL: usize = 64;

/// How many of each line.
pub(super) type Counts = [u16; LINES];

/// Who stands in which line, in one order.
#[derive(Clone, Debug)]
pub(crate) struct Merged(Vec<Block>);

/// Neighbours.
#[derive(Clone, Debug)]
struct Block {
    /// The last of the ranks.
    last: Rank,
    /// How many are of each line.
    counts: [u8; LINES],
    ranks: Vec<Rank>,
    /// The line of each.
    lines: Vec<u8>,
}

impl Block {
    fn of(standing: &[(Rank, u8)]) -> Block {
        let mut counts = [0; LINES];
        standing.iter().for_each(|(_, line)| counts[usize::from(*line)] += 1);
        let (ranks, lines): (Vec<Rank>, Vec<u8>) = standing.iter().copied().unzip();
        Block { last: ranks.last().copied().unwrap_or_default(), counts, ranks, lines }
    }

    /// Cuts the later half off.
    fn split(&mut self) -> Block {
        let half = self.ranks.len() / 2;
        let (ranks, lines) = (self.ranks.split_off(half), self.lines.split_off(half));
        let standing: Vec<_> = ranks.into_iter().zip(lines).collect();
        let later = Block::of(&standing);
        self.counts.iter_mut().zip(&later.counts).for_each(|(mine, theirs)| *mine -= theirs);
        self.last = self.ranks.last().copied().unwrap_or_default();
        later
    }
}

impl Merged {
    /// Of everybody who stands in line, in any order.
    pub(super) fn of(mut standing: Vec<(Rank, u8)>) -> Merged {
        standing.sort_unstable();
        Merged(standing.chunks(FULL / 2).map(Block::of).collect())
    }

    /// The first block that does not end before `rank`.
    fn block_of(&self, rank: &Rank) -> usize {
        self.0.partition_point(|block| block.last < *rank)
    }

    /// Somebody enters a line.
    pub(super) fn insert(&mut self, rank: Rank, line: u8) {
        let nth = self.block_of(&rank).min(self.0.len().saturating_sub(1));
        let Some(block) = self.0.get_mut(nth) else {
            self.0.push(Block::of(&[(rank, line)]));
            return;
        };
        let place = block.ranks.partition_point(|before| *before < rank);
        block.ranks.insert(place, rank);
        block.lines.insert(place, line);
        block.counts[usize::from(line)] += 1;
        block.last = block.last.max(rank);
        if block.ranks.len() >= FULL {
            let later = block.split();
            self.0.insert(nth + 1, later);
        }
    }

    /// Somebody leaves a line.
    pub(super) fn remove(&mut self, rank: Rank, line: u8) {
        // Who stands in several lines has the same rank in each, so that they may lie in several blocks.
        for nth in self.block_of(&rank)..self.0.len() {
            let block = &mut self.0[nth];
            let first = block.ranks.partition_point(|before| *before < rank);
            let same = block.ranks[first..].iter().take_while(|other| **other == rank).count();
            let found = block.lines[first..first + same].iter().position(|of| *of == line);
            if let Some(found) = found {
                block.ranks.remove(first + found);
                block.lines.remove(first + found);
                block.counts[usize::from(line)] -= 1;
                match block.ranks.last() {
                    Some(last) => block.last = *last,
                    None => drop(self.0.remove(nth)),
                }
                return;
            }
            if first + same < block.ranks.len() {
                return;
            }
        }
    }

    /// How many of each line stand before every rank of this priority and instant.
    pub(super) fn before(&self, level: (i16, i64)) -> Counts {
        let mut before = [0; LINES];
        for block in &self.0 {
            if (block.last.0, block.last.1) < level {
                before.iter_mut().zip(&block.counts).for_each(|(sum, count)| *sum += u16::from(*count));
                continue;
            }
            let some = block.ranks.partition_point(|rank| (rank.0, rank.1) < level);
            block.lines[..some].iter().for_each(|line| before[usize::from(*line) % LINES] += 1);
            break;
        }
        before
    }
}

#[cfg(test)]
mod tests {
    use rand::RngExt;

    use super::*;
    use crate::{
        id::CallId,
        random::{Purpose, Seed},
    };

    #[test]
    fn as_many_stand_before_a_rank_as_a_look_at_each_finds() {
        let mut chance = Seed::new(6).stream(Purpose::Routing, 6);
        let mut standing: Vec<(Rank, u8)> = Vec::new();
        let mut merged = Merged::of(Vec::new());
        for step in 0..6_000_u64 {
            let grows = step % 3_000 < 1_500;
            if chance.random_bool(if grows { 0.7 } else { 0.3 }) || standing.is_empty() {
                let rank = (chance.random_range(-1..2), chance.random_range(0..500), CallId(step));
                // Some stand in several lines.
                for line in 0..chance.random_range(1..4_u8) {
                    merged.insert(rank, line * 21);
                    standing.push((rank, line * 21));
                }
            } else {
                let (rank, line) = standing.swap_remove(chance.random_range(0..standing.len()));
                merged.remove(rank, line);
            }
            if step == 2_000 {
                merged = Merged::of(standing.clone());
            }
            let level = (chance.random_range(-2..3), chance.random_range(-10..510));
            let mut expected = [0; LINES];
            let before = standing.iter().filter(|((priority, since, _), _)| (*priority, *since) < level);
            before.for_each(|(_, line)| expected[usize::from(*line)] += 1);
            assert_eq!(merged.before(level), expected, "step {step}");
        }
    }
}
