//! When a call is over: whether its caller has what she wanted, and when she calls again if not.

use super::{Crowd, Wishes, matter::State};
use crate::{
    id::CallId,
    people::{demand::rules::RedialRules, distribution::Sampler},
    random::Purpose,
    script::model::Outcome,
    time::{Duration, Instant, TimeOfDay},
};

/// [`RedialRules`], ready.
#[derive(Clone, Debug)]
pub(super) struct Redial {
    after_abandon: Sampler,
    after_failure: Sampler,
    attempts: u8,
    not_before: Option<TimeOfDay>,
}

impl Redial {
    pub(super) fn new(rules: &RedialRules) -> Redial {
        Redial {
            after_abandon: Sampler::new(&rules.after_abandon),
            after_failure: Sampler::new(&rules.after_failure),
            attempts: rules.attempts,
            not_before: rules.not_before,
        }
    }
}

impl Crowd {
    /// A call has ended. Who was served, or has a promise to be called back, is content; others may call again.
    pub(super) fn ended(&mut self, at: Instant, call: CallId, outcome: Outcome, wishes: &mut Wishes) {
        let Some((slot, promised)) = self.calls.remove(call) else { return };
        let matter = &mut self.matters[slot as usize];
        if promised {
            matter.promises = matter.promises.saturating_sub(1);
        }
        let hers = matter.call == Some(call) || matter.state == State::Ringing(call);
        let served = match outcome {
            Outcome::Contained | Outcome::Transferred | Outcome::Own(_) => true,
            Outcome::Callback => !promised,
            // What she remembers is of the call she is on.
            Outcome::Abandoned | Outcome::Failed => matter.call == Some(call) && matter.mind.is_served(),
        };
        // A call back that never reached her leaves the matter open again.
        matter.settled = served || (matter.settled && !promised);
        if hers {
            (matter.call, matter.state) = (None, State::Idle);
        }
        if matter.call.is_none() && matter.promises == 0 {
            match matter.settled {
                true => self.matters[slot as usize].state = State::Free,
                false => self.call_again(at, slot, outcome == Outcome::Abandoned),
            }
        }
        self.plan(slot, wishes);
        self.release(slot);
    }

    /// Whoever has not got what she wanted calls again, or gives up.
    pub(super) fn call_again(&mut self, at: Instant, slot: u32, abandoned: bool) {
        let matter = &mut self.matters[slot as usize];
        let rules = &self.redial;
        matter.state = State::Free;
        if matter.me.attempt < rules.attempts {
            let mut stream = self.seed.stream(Purpose::Redial, matter.me.call_lot);
            let after = if abandoned { &rules.after_abandon } else { &rules.after_failure };
            let delay = after.sample(&mut stream);
            if delay < Duration::MAX {
                let edition = self.editions.last().and_then(Option::as_ref).unwrap_or(&self.first);
                let then = at + delay;
                let spread = delay.as_micros();
                matter.acts_at = rules.not_before.map_or(then, |time| edition.not_before(then, time, spread));
                matter.state = if matter.acts_at < Instant::NEVER { State::CallsAgain } else { State::Free };
            }
        }
    }

    /// Gives a slot free that nobody needs any more.
    pub(super) fn release(&mut self, slot: u32) {
        if self.matters[slot as usize].state == State::Free {
            self.free.push(slot);
        }
    }
}
