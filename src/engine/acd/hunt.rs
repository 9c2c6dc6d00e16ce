//! Hunt strategies: whom among the ready agents a call rings. Pure functions, one a strategy.

use rand::RngExt;

use crate::{
    id::{AgentId, GroupId},
    random::Stream,
    script::model::Hunt,
};

/// A ready agent who fits a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Who.
    pub agent: AgentId,
    /// In which group.
    pub group: GroupId,
    /// Counts up each time any agent becomes ready: lower has been ready longer.
    pub ready_order: u64,
    /// Calls answered since coming on duty.
    pub answered: u32,
    /// Share of the time on duty spent ringing, talking and in after-call work, in parts per million.
    pub occupied_ppm: u32,
    /// Level of the queue's first skill, 1 to 9.
    pub level: u8,
}

/// The agents to ring: one, or all with [`Hunt::RingAll`]; empty when there is no candidate. `last` is the agent this queue
/// rang last; `chance` is drawn from by [`Hunt::Random`] alone.
pub fn choose(strategy: Hunt, candidates: &[Candidate], last: Option<AgentId>, chance: &mut Stream) -> Vec<AgentId> {
    let best = match strategy {
        Hunt::LongestIdle => longest_idle(candidates),
        Hunt::FewestCalls => fewest_calls(candidates),
        Hunt::LeastOccupied => least_occupied(candidates),
        Hunt::RoundRobin => round_robin(candidates, last),
        Hunt::TopDown => top_down(candidates),
        Hunt::Random => random(candidates, chance),
        Hunt::SkillLevel => skill_level(candidates),
        Hunt::RingAll => {
            let mut all: Vec<AgentId> = candidates.iter().map(|c| c.agent).collect();
            all.sort_unstable();
            return all;
        }
    };
    best.into_iter().collect()
}

fn longest_idle(candidates: &[Candidate]) -> Option<AgentId> {
    candidates.iter().min_by_key(|c| c.ready_order).map(|c| c.agent)
}

fn fewest_calls(candidates: &[Candidate]) -> Option<AgentId> {
    candidates.iter().min_by_key(|c| (c.answered, c.ready_order)).map(|c| c.agent)
}

fn least_occupied(candidates: &[Candidate]) -> Option<AgentId> {
    candidates.iter().min_by_key(|c| (c.occupied_ppm, c.ready_order)).map(|c| c.agent)
}

fn round_robin(candidates: &[Candidate], last: Option<AgentId>) -> Option<AgentId> {
    let after = |c: &&Candidate| last.is_none_or(|last| c.agent > last);
    let next = candidates.iter().filter(after).min_by_key(|c| c.agent);
    next.or_else(|| candidates.iter().min_by_key(|c| c.agent)).map(|c| c.agent)
}

fn top_down(candidates: &[Candidate]) -> Option<AgentId> {
    candidates.iter().min_by_key(|c| (c.group, c.agent)).map(|c| c.agent)
}

fn random(candidates: &[Candidate], chance: &mut Stream) -> Option<AgentId> {
    if candidates.is_empty() {
        return None;
    }
    // Lots are drawn over agents in number order, so that the order in which candidates were gathered does not show.
    let mut agents: Vec<AgentId> = candidates.iter().map(|c| c.agent).collect();
    agents.sort_unstable();
    Some(agents[chance.random_range(0..agents.len())])
}

fn skill_level(candidates: &[Candidate]) -> Option<AgentId> {
    candidates.iter().min_by_key(|c| (std::cmp::Reverse(c.level), c.ready_order)).map(|c| c.agent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, Seed};

    fn candidates() -> Vec<Candidate> {
        let make = |agent, group, ready_order, answered, occupied_ppm, level| Candidate {
            agent: AgentId(agent),
            group: GroupId(group),
            ready_order,
            answered,
            occupied_ppm,
            level,
        };
        vec![make(4, 0, 9, 7, 300, 2), make(1, 1, 3, 5, 900, 5), make(2, 1, 5, 2, 500, 9), make(7, 2, 8, 4, 100, 9)]
    }

    fn pick(strategy: Hunt, last: Option<u32>) -> Vec<u32> {
        let mut chance = Seed::new(1).stream(Purpose::Routing, 1);
        choose(strategy, &candidates(), last.map(AgentId), &mut chance).into_iter().map(|a| a.0).collect()
    }

    #[test]
    fn each_strategy_picks_by_its_own_measure() {
        assert_eq!(pick(Hunt::LongestIdle, None), [1]);
        assert_eq!(pick(Hunt::FewestCalls, None), [2]);
        assert_eq!(pick(Hunt::LeastOccupied, None), [7]);
        assert_eq!(pick(Hunt::TopDown, None), [4]);
        assert_eq!(pick(Hunt::SkillLevel, None), [2]);
        assert_eq!(pick(Hunt::RingAll, None), [1, 2, 4, 7]);
    }

    #[test]
    fn round_robin_goes_on_after_the_last_and_wraps() {
        let picks: Vec<_> =
            [None, Some(1), Some(2), Some(4), Some(7), Some(3)].map(|last| pick(Hunt::RoundRobin, last)[0]).into();
        assert_eq!(picks, [1, 2, 4, 7, 1, 4]);
    }

    #[test]
    fn random_gives_everybody_the_same_chance() {
        let mut chance = Seed::new(1).stream(Purpose::Routing, 1);
        let mut counts = std::collections::BTreeMap::new();
        for _ in 0..4_000 {
            let agent = choose(Hunt::Random, &candidates(), None, &mut chance)[0];
            *counts.entry(agent).or_insert(0) += 1;
        }
        // Binomial(4000, 1/4) has a standard deviation of 27; six of them are exceeded once in 500 million runs.
        assert!(counts.len() == 4 && counts.values().all(|&n: &i32| (n - 1_000).abs() < 165), "{counts:?}");
    }

    #[test]
    fn nobody_ready_rings_nobody() {
        let mut chance = Seed::new(1).stream(Purpose::Routing, 1);
        for strategy in [Hunt::LongestIdle, Hunt::RoundRobin, Hunt::Random, Hunt::RingAll] {
            assert!(choose(strategy, &[], None, &mut chance).is_empty());
        }
    }
}
