//! The search for the smallest curve.

use super::{Aim, Pilot, Plan, SLOTS, Sizer, Trial};
use crate::{record::figures::Figures, sim::replicate::SimError};

/// At most so many curves are tried.
const MOST_TRIALS: u32 = 300;

/// What was found.
#[derive(Clone, Debug)]
pub struct Found {
    /// Agents planned by half-hour.
    pub plan: Plan,
    /// What they led to; `None`: cut short before any curve was tried.
    pub trial: Option<Trial>,
    /// Half-hours with calls in which agents can work.
    pub open: Vec<usize>,
    /// Half-hours that miss the aim however many agents there are.
    pub hopeless: Vec<usize>,
    /// Every half-hour meets the aim, hopeless ones apart.
    pub met: bool,
    /// No half-hour can spare an agent: with one less in any of them, it or another one misses the aim.
    pub minimal: bool,
    /// Curves tried.
    pub trials: u32,
    /// Cut short.
    pub partial: bool,
}

/// Half-hours in which calls want an agent and agents can be on shift.
pub(super) fn open_slots(pilot: &Trial) -> impl Iterator<Item = usize> {
    let open = |figures: &Figures| figures.sought() > 0 && figures.agent_on_shift() > 0;
    pilot.slots.iter().enumerate().filter(move |(_, figures)| open(figures)).map(|(slot, _)| slot)
}

/// Whether a half-hour meets the aim. One in which nobody sought an agent does not know, and meets nothing.
pub(super) fn meets(aim: &Aim, trial: &Trial, slot: usize) -> bool {
    trial.reached[slot].value.is_some_and(|value| aim.slack(value) >= 0.0)
}

impl Sizer<'_> {
    /// About how many curves a search tries.
    pub(super) fn most(&self) -> u32 {
        60
    }

    /// From `start` to a curve that no half-hour can spare an agent of. What a half-hour reaches depends on those before
    /// it, which may leave a queue behind, and so:
    ///
    /// 1. up: every half-hour that misses the aim gets more, in proportion to what it misses, all at once; one that has
    ///    all it may have passes the need on to the one before it;
    /// 2. down together: all half-hours give some back as long as none misses the aim; when one does, the giver at or next
    ///    before it stops giving;
    /// 3. down one by one, until no half-hour can.
    ///
    /// Only a curve that was simulated as it stands is ever taken. Half-hours that not even the pilot's agents suffice for
    /// stay as they are.
    ///
    /// # Errors
    /// This program has a fault.
    pub fn search(&mut self, pilot: &Pilot, start: &Plan) -> Result<Found, SimError> {
        let open: Vec<usize> = open_slots(&pilot.trial).collect();
        let (aimed, hopeless): (Vec<usize>, Vec<usize>) =
            open.iter().partition(|slot| meets(&self.aim, &pilot.trial, **slot));
        let mut plan = [0; SLOTS];
        for &slot in &open {
            plan[slot] = start[slot].clamp(1, pilot.agents);
        }
        // Whom nobody measures somebody must answer all the same, or they would still wait when measuring begins.
        let most = open.iter().map(|slot| plan[*slot]).max().unwrap_or(0);
        for slot in self.warm_up().into_iter().filter(|slot| !open.contains(slot)) {
            plan[slot] = most;
        }
        let found = Found { plan, trial: None, open, hopeless, met: false, minimal: false, trials: 0, partial: false };
        let closed = pilot.trial.slots.iter().map(Figures::turned_away_closed).collect();
        let mut climb = Climb { sizer: self, aimed, most: pilot.agents, closed, found };
        let done = climb.up()? && climb.down_together()? && climb.down_one_by_one()?;
        let mut found = climb.found;
        found.partial = !done;
        Ok(found)
    }
}

/// A search in progress. Each stage gives `false` when it was cut short.
struct Climb<'s, 'a> {
    sizer: &'s mut Sizer<'a>,
    /// Half-hours that are to meet the aim.
    aimed: Vec<usize>,
    /// The most agents a half-hour may have.
    most: u32,
    /// Calls that the pilot's queues were closed to.
    closed: Vec<u64>,
    found: Found,
}

impl Climb<'_, '_> {
    fn run(&mut self, plan: &Plan) -> Result<Option<Trial>, SimError> {
        self.found.trials += 1;
        self.sizer.trial(plan, 0)
    }

    fn spent(&self) -> bool {
        self.found.trials >= MOST_TRIALS
    }

    /// How far a half-hour is from the aim. Who is turned away because nobody of the queue's skills and languages is
    /// planned counts as one who was not served, not as one who did not call.
    fn slack(&self, trial: &Trial, slot: usize) -> f64 {
        let Some(value) = trial.reached[slot].value else { return -1.0 };
        let figures = &trial.slots[slot];
        let away = figures.turned_away_closed().saturating_sub(self.closed[slot]) as f64;
        let served = figures.sought() as f64 / (figures.sought() as f64 + away);
        self.sizer.aim.slack(match self.sizer.aim {
            Aim::ServiceLevel(_) => value * served,
            Aim::Abandonment(_) => value * served + 1.0 - served,
            Aim::Asa(_) => value,
        })
    }

    fn missing(&self, trial: &Trial) -> Vec<usize> {
        self.aimed.iter().copied().filter(|slot| self.slack(trial, *slot) < 0.0).collect()
    }

    fn up(&mut self) -> Result<bool, SimError> {
        let mut plan = self.found.plan;
        loop {
            let Some(trial) = self.run(&plan)? else { return Ok(false) };
            let missing = self.missing(&trial);
            let slacks: Vec<f64> = missing.iter().map(|slot| self.slack(&trial, *slot)).collect();
            (self.found.plan, self.found.met) = (plan, missing.is_empty());
            self.found.trial = Some(trial);
            if missing.is_empty() || self.spent() {
                return Ok(true);
            }
            let before = plan;
            for (slot, slack) in missing.into_iter().zip(slacks) {
                // Around 80 % in 20 s one agent in a hundred is worth some four per cent.
                let more = libm::ceil(f64::from(plan[slot]) * -slack * 0.25).max(1.0) as u32;
                let mut at = Some(slot);
                while let Some(here) = at {
                    if plan[here] < self.most {
                        plan[here] = (plan[here] + more).min(self.most);
                        break;
                    }
                    at = self.found.open.iter().copied().rfind(|earlier| *earlier < here);
                }
            }
            if plan == before {
                return Ok(true);
            }
        }
    }

    fn down_together(&mut self) -> Result<bool, SimError> {
        if !self.found.met {
            return Ok(true);
        }
        let mut steps = [0; SLOTS];
        for &slot in &self.aimed {
            steps[slot] = self.found.trial.as_ref().map_or(1, |trial| {
                libm::floor(f64::from(self.found.plan[slot]) * self.slack(trial, slot) * 0.1).max(1.0) as u32
            });
        }
        while !self.spent() {
            let plan = self.lowered(&steps);
            if plan == self.found.plan {
                return Ok(true);
            }
            let Some(trial) = self.run(&plan)? else { return Ok(false) };
            let missing = self.missing(&trial);
            if missing.is_empty() {
                (self.found.plan, self.found.trial) = (plan, Some(trial));
                continue;
            }
            for slot in missing {
                let gave = |other: &&usize| steps[**other] > 0 && plan[**other] < self.found.plan[**other];
                let before = self.aimed.iter().filter(|other| **other <= slot).rfind(gave);
                let culprit = before.or_else(|| self.aimed.iter().filter(|other| **other > slot).find(gave)).copied();
                if let Some(culprit) = culprit {
                    steps[culprit] = u32::from(steps[culprit] > 1);
                }
            }
        }
        Ok(true)
    }

    /// The curve less the steps; nobody goes below one agent.
    fn lowered(&self, steps: &[u32; SLOTS]) -> Plan {
        let mut plan = self.found.plan;
        for &slot in &self.aimed {
            plan[slot] = plan[slot].saturating_sub(steps[slot]).max(1).min(plan[slot]);
        }
        plan
    }

    fn down_one_by_one(&mut self) -> Result<bool, SimError> {
        if !self.found.met {
            return Ok(true);
        }
        // A pass in which nobody gives ends it; the half-hours after the last giver have been asked since.
        let mut idle = 0;
        for at in (0..self.aimed.len()).cycle() {
            if idle == self.aimed.len() {
                break;
            }
            if self.spent() {
                return Ok(true);
            }
            idle += 1;
            let slot = self.aimed[at];
            let mut plan = self.found.plan;
            if plan[slot] <= 1 {
                continue;
            }
            plan[slot] -= 1;
            let Some(trial) = self.run(&plan)? else { return Ok(false) };
            if self.missing(&trial).is_empty() {
                (self.found.plan, self.found.trial, idle) = (plan, Some(trial), 0);
            }
        }
        self.found.minimal = true;
        Ok(true)
    }
}
