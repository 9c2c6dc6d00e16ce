//! Who works when, and how long calls take: plain data, made by the scenario reader.

use std::sync::Arc;

use super::distribution::Distribution;
use crate::{
    id::{LanguageId, QueueId},
    time::{Duration, TimeOfDay},
};

/// Staff of a scenario. Empty: the script's groups with their sizes, shifts and handle times.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct StaffingRules {
    /// By group, in the script's order; groups left out follow the script.
    pub groups: Box<[GroupStaffing]>,
    /// Share of the planned agents who are absent on a day (illness, training), 0 to below 1; each agent is drawn each day.
    pub shrinkage: f64,
    /// Breaks of every agent on duty.
    pub breaks: Box<[Break]>,
    /// Handle times by queue; queues left out follow the script.
    pub handling: Box<[HandlingRules]>,
}

/// A group's planned headcount.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupStaffing {
    /// The group's name, which the script has.
    pub group: Box<str>,
    /// How many agents are planned, from each local time of day on, in rising order from 00:00. Within the group's shift only.
    pub headcount: Box<[(TimeOfDay, u32)]>,
    /// How long an agent lets it ring; `None`: the script's mean, uniform from half to one and a half of it.
    pub answer_after: Option<Distribution>,
    /// Share of calls not answered; `None`: the script's.
    pub no_answer_share: Option<f64>,
}

impl GroupStaffing {
    /// The most agents planned at any time.
    pub fn size(&self) -> u32 {
        self.headcount.iter().map(|&(_, n)| n).max().unwrap_or(0)
    }
}

/// A break. Agents of a group take it one after the other, so that only a part is away at a time; who has a call in hand
/// goes after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Break {
    /// The first goes at this local time.
    pub from: TimeOfDay,
    /// The last goes at this local time.
    pub to: TimeOfDay,
    /// How long it lasts.
    pub length: Duration,
}

/// How long calls of a queue keep an agent.
#[derive(Clone, Debug, PartialEq)]
pub struct HandlingRules {
    /// The script's queue.
    pub queue: QueueId,
    /// Talking.
    pub talk: Distribution,
    /// After-call work.
    pub after_call: Distribution,
    /// The share of calls after which the agent opens a back-office case, 0 to 1.
    pub case_share: f64,
    /// Factors on both by the caller's language.
    pub by_language: Box<[(LanguageId, f64)]>,
    /// Factors on both by what the caller wants, by the intent's name: the work is the matter's, whatever queue it came
    /// through. Without, a design that sends callers to a quicker queue looks like a gain.
    pub by_intent: Box<[(Arc<str>, f64)]>,
    /// Each level of the agent's skill below 9 makes both longer by this share (0.02: a beginner takes 16 % more); at least 0.
    pub per_level: f64,
}
