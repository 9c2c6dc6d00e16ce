//! How a number of agents is split over the groups.

use super::{Plan, SLOTS, begins};
use crate::{people::staffing::GroupStaffing, scenario::Scenario, time::TimeOfDay};

/// The groups and their proportions.
///
/// Each further agent goes to the group that is furthest below its share (Sainte-Laguë's method), so that one agent more
/// in all never takes one from a group, and the scenario's own total gives the scenario's own groups.
#[derive(Clone, Debug)]
pub struct Mix {
    groups: Vec<(GroupStaffing, u32)>,
    /// The scenario staffs nobody, so the proportions are the centre's.
    pub by_centre: bool,
}

impl Mix {
    /// The proportions of a scenario: each group's largest headcount.
    pub(super) fn of(scenario: &Scenario) -> Mix {
        let planned = |group: &crate::script::model::Group| {
            let known = scenario.cast.staffing.groups.iter().find(|known| *known.group == *group.name);
            known.cloned().unwrap_or_else(|| GroupStaffing {
                group: (&*group.name).into(),
                headcount: [(TimeOfDay(0), group.size)].into(),
                answer_after: None,
                no_answer_share: None,
            })
        };
        let mut groups: Vec<(GroupStaffing, u32)> = scenario
            .script
            .groups
            .iter()
            .map(planned)
            .map(|group| (group.size(), group))
            .map(|(n, g)| (g, n))
            .collect();
        let by_centre = groups.iter().all(|(_, size)| *size == 0);
        if by_centre {
            groups.iter_mut().zip(&scenario.script.groups).for_each(|(known, group)| known.1 = group.size.max(1));
        }
        Mix { groups, by_centre }
    }

    /// The agents of the scenario.
    pub fn size(&self) -> u32 {
        self.groups.iter().map(|(_, size)| *size).sum()
    }

    /// The names of the groups.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.groups.iter().map(|(group, _)| &*group.group)
    }

    /// Agents of each group when there are so many in all.
    pub fn split(&self, total: u32) -> Vec<u32> {
        let mut split = vec![0; self.groups.len()];
        for _ in 0..total {
            let better = |a: &usize, b: &usize| {
                let quota = |i: usize| u64::from(self.groups[i].1);
                let seats = |i: usize| 2 * u64::from(split[i]) + 1;
                // a/x > b/y without rounding; the group named first wins a tie.
                (quota(*a) * seats(*b)).cmp(&(quota(*b) * seats(*a))).then(b.cmp(a))
            };
            if let Some(next) = (0..split.len()).max_by(better) {
                split[next] += 1;
            }
        }
        split
    }

    /// The headcounts of a curve, by group; neighbours that are alike are one step.
    pub fn staffing(&self, plan: &Plan) -> Box<[GroupStaffing]> {
        let splits: Vec<Vec<u32>> = plan.iter().map(|total| self.split(*total)).collect();
        let of = |(i, (group, _)): (usize, &(GroupStaffing, u32))| {
            let mut headcount = Vec::new();
            for (slot, split) in splits.iter().enumerate().take(SLOTS) {
                if slot == 0 || split[i] != splits[slot - 1][i] {
                    headcount.push((begins(slot), split[i]));
                }
            }
            GroupStaffing { headcount: headcount.into(), ..group.clone() }
        };
        self.groups.iter().enumerate().map(of).collect()
    }

    /// The times at which the scenario's own headcounts change: what a file that is like it must say again.
    pub fn times(&self, group: usize) -> impl Iterator<Item = TimeOfDay> {
        self.groups[group].0.headcount.iter().map(|(time, _)| *time)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mix(sizes: &[u32]) -> Mix {
        let group = |size: &u32| {
            let group = GroupStaffing {
                group: "g".into(),
                headcount: [(TimeOfDay(0), *size)].into(),
                answer_after: None,
                no_answer_share: None,
            };
            (group, *size)
        };
        Mix { groups: sizes.iter().map(group).collect(), by_centre: false }
    }

    #[test]
    fn the_own_total_gives_the_own_groups_and_one_more_takes_from_nobody() {
        let mix = mix(&[26, 16, 10, 4, 12, 10, 2, 0]);
        assert_eq!(mix.split(80), [26, 16, 10, 4, 12, 10, 2, 0]);
        for total in 0..200 {
            let (fewer, more) = (mix.split(total), mix.split(total + 1));
            assert_eq!(more.iter().sum::<u32>(), total + 1);
            assert!(fewer.iter().zip(&more).all(|(a, b)| a <= b), "{fewer:?} {more:?}");
        }
    }
}
