//! Who works, and how long calls take.

use super::Reading;
use crate::{
    id::QueueId,
    people::{
        distribution::Distribution,
        staffing::{Break, GroupStaffing, HandlingRules, StaffingRules},
    },
    script::{
        model::{Group, Handling},
        tree::{Entry, Kind, Table},
    },
    time::{Duration, TimeOfDay},
};

impl Reading {
    pub(super) fn staffing(&mut self, root: &Table) -> StaffingRules {
        let none = Table::default();
        let table = root.table("staffing").unwrap_or(&none);
        let mut groups = self.groups(table);
        if let Some(total) = table.int("total") {
            self.scale(table, &mut groups, total as u32);
        }
        StaffingRules {
            groups: groups.into(),
            shrinkage: table.float("shrinkage").unwrap_or(0.0),
            breaks: self.breaks(table),
            handling: self.handling(root),
        }
    }

    /// The groups that differ from the centre's; all of them when a total is given.
    fn groups(&mut self, table: &Table) -> Vec<GroupStaffing> {
        let script = self.script.clone();
        let known = || script.iter().flat_map(|script| script.groups.iter());
        let entries = table.entries_of("group");
        for entry in entries {
            if script.is_some() {
                self.find(
                    "group",
                    &entry.key,
                    &entry.key_span,
                    known().map(|group| &*group.name).collect::<Vec<_>>().into_iter(),
                );
            }
        }
        let all = table.get("total").is_some();
        let mut groups = Vec::new();
        for group in known() {
            let entry = entries.iter().find(|entry| *entry.key == *group.name);
            if all || entry.is_some() {
                groups.push(self.group(group, entry));
            }
        }
        groups
    }

    fn group(&mut self, group: &Group, entry: Option<&Entry>) -> GroupStaffing {
        let none = Table::default();
        let table = entry.and_then(|entry| entry.value.table()).unwrap_or(&none);
        GroupStaffing {
            group: (&*group.name).into(),
            headcount: self.headcount(table).unwrap_or_else(|| vec![(TimeOfDay(0), group.size)]).into(),
            answer_after: self.time_if(table, "answer_after"),
            no_answer_share: table.float("no_answer_share"),
        }
    }

    /// Agents planned from each time of day on, rising from midnight.
    fn headcount(&mut self, table: &Table) -> Option<Vec<(TimeOfDay, u32)>> {
        let value = table.get("headcount")?;
        let times = match &value.kind {
            Kind::Int(n) => return Some(vec![(TimeOfDay(0), *n as u32)]),
            Kind::Table(times) => times,
            _ => return None,
        };
        let mut plan: Vec<(TimeOfDay, u32)> = Vec::new();
        for entry in &times.entries {
            let time = self.time_of_day(&entry.key, &entry.key_span);
            let Some((time, count)) = time.zip(entry.value.int()) else { continue };
            if plan.iter().any(|(other, _)| *other == time) {
                self.error(
                    "duplicate-key",
                    &entry.key_span,
                    format!("{time} is here a second time"),
                    "remove one of them",
                );
            }
            plan.push((time, count as u32));
        }
        plan.sort_unstable();
        if plan.first().is_none_or(|(first, _)| first.0 > 0) {
            plan.insert(0, (TimeOfDay(0), 0));
        }
        Some(plan)
    }

    /// Scales the groups to a total by largest remainder: each gets the whole part of its quota, and the largest fractions,
    /// in case of a tie the groups named first, share what is left.
    fn scale(&mut self, table: &Table, groups: &mut [GroupStaffing], total: u32) {
        let sizes: Vec<u32> = groups.iter().map(GroupStaffing::size).collect();
        let sum: u64 = sizes.iter().map(|size| u64::from(*size)).sum();
        if sum == 0 {
            if total > 0
                && self.script.is_some()
                && let Some(entry) = table.entry("total")
            {
                let help = "give some group a headcount";
                self.error(
                    "nothing-to-scale",
                    &entry.key_span,
                    "all groups are empty: nobody knows who is to be hired",
                    help,
                );
            }
            return;
        }
        let quota = |size: u32| (u64::from(size) * u64::from(total) / sum, u64::from(size) * u64::from(total) % sum);
        let mut scaled: Vec<u64> = sizes.iter().map(|size| quota(*size).0).collect();
        let mut order: Vec<usize> = (0..sizes.len()).collect();
        order.sort_by_key(|&i| (std::cmp::Reverse(quota(sizes[i]).1), i));
        let left = u64::from(total) - scaled.iter().sum::<u64>();
        for &i in order.iter().take(left as usize) {
            scaled[i] += 1;
        }
        for (i, group) in groups.iter_mut().enumerate().filter(|(i, _)| sizes[*i] > 0) {
            let (size, scaled) = (u64::from(sizes[i]), scaled[i]);
            for (_, count) in &mut group.headcount {
                *count = ((u64::from(*count) * scaled + size / 2) / size) as u32;
            }
        }
    }

    fn breaks(&mut self, table: &Table) -> Box<[Break]> {
        let mut breaks = Vec::new();
        for entry in table.entries_of("break") {
            let Some(inner) = entry.value.table() else { continue };
            let (from, to) = (self.clock_time(inner, "from"), self.clock_time(inner, "to"));
            let length = self.above_zero(inner, "length", Duration::from_mins(1));
            let Some((from, to)) = from.zip(to) else { continue };
            if to < from {
                let help = "the first agent goes at `from`, the last at `to`";
                self.error("out-of-order", &entry.key_span, format!("{to} comes before {from}"), help);
            }
            breaks.push(Break { from, to, length });
        }
        breaks.into()
    }

    fn handling(&mut self, root: &Table) -> Box<[HandlingRules]> {
        let Some(script) = self.script.clone() else { return Box::default() };
        let mut handling = Vec::new();
        for entry in root.entries_of("handling") {
            let Some(table) = entry.value.table() else { continue };
            let known = script.queues.iter().map(|queue| &*queue.name);
            let Some(queue) = self.find("queue", &entry.key, &entry.key_span, known) else { continue };
            let of_script = script.queues[queue].handling;
            let mut by_language = Vec::new();
            for factor in table.entries_of("by_language") {
                by_language.push((self.language(factor), factor.value.float().unwrap_or(1.0)));
            }
            let mut by_intent = Vec::new();
            for factor in table.entries_of("by_intent") {
                let known = script.intents.iter().map(|name| &**name);
                if let Some(intent) = self.find("intent", &factor.key, &factor.key_span, known) {
                    by_intent.push((script.intents[intent].clone(), factor.value.float().unwrap_or(1.0)));
                }
            }
            let after = of_script.after_call_share;
            handling.push(HandlingRules {
                queue: QueueId(queue as u16),
                talk: self.time(table, "talk", part(&of_script, 1.0 - after)),
                after_call: self.time(table, "after_call", part(&of_script, after)),
                case_share: table.float("case_share").unwrap_or(of_script.case_share),
                by_language: by_language.into(),
                by_intent: by_intent.into(),
                per_level: table.float("per_level").unwrap_or(0.0),
            });
        }
        handling.into()
    }
}

/// A part of what the script says of a queue's calls.
fn part(handling: &Handling, share: f64) -> Distribution {
    let mean = Duration::from_secs_f64(handling.mean.as_secs_f64() * share.clamp(0.0, 1.0));
    match mean {
        Duration::ZERO => Distribution::Deterministic(Duration::ZERO),
        mean => Distribution::Lognormal { mean, sigma: handling.sigma },
    }
}
