//! What a reader must be told before she believes a run's figures.

use std::fmt;

use super::{figures::Figures, tally::Sums};

/// Something wrong with a run, seen in its sums alone. (Whether it was long enough, its intervals of confidence tell.)
#[derive(Clone, Debug, PartialEq)]
pub enum Warning {
    /// Nobody called.
    NoCalls,
    /// Callers stood in queues and no agent took any.
    NobodyAnswered {
        /// Calls queued.
        queued: u64,
        /// Whether anybody was on shift.
        staffed: bool,
    },
    /// The work offered reaches the staff, and nobody hangs up or is turned away: the queue grows as long as the run lasts.
    Unstable {
        /// Work offered in erlangs: calls queued a second × mean handle time.
        load: f64,
        /// Mean number of agents ready or at work.
        agents: f64,
    },
    /// Many calls were still in progress when counting ended.
    Unfinished {
        /// How many.
        calls: u64,
        /// Of how many offered.
        offered: u64,
    },
    /// The two sides of Little's law differ: a fault of the program.
    LittleBroken {
        /// The queue.
        queue: String,
    },
}

/// Calls still in progress are worth a word beyond this share of those offered.
const UNFINISHED_SHARE: f64 = 0.02;

/// What is to be said about a run, or several added up.
pub fn warnings(sums: &Sums) -> Vec<Warning> {
    let total = sums.total();
    if total.offered() == 0 {
        return vec![Warning::NoCalls];
    }
    let mut found = Vec::new();
    if total.queued() > 0 && total.answered() == 0 {
        found.push(Warning::NobodyAnswered { queued: total.queued(), staffed: total.agent_on_shift() > 0 });
    }
    found.extend(unstable(&total, sums.observed()));
    if total.unfinished() as f64 > UNFINISHED_SHARE * total.offered() as f64 {
        found.push(Warning::Unfinished { calls: total.unfinished(), offered: total.offered() });
    }
    let broken = sums.queues.iter().zip(&sums.names.queues).filter(|(queue, _)| !queue.law.holds());
    found.extend(broken.map(|(_, name)| Warning::LittleBroken { queue: name.to_string() }));
    found
}

fn unstable(total: &Figures, observed: u64) -> Option<Warning> {
    let lost =
        total.abandoned() + total.blocked() + total.timed_out() + total.left_by_key() + total.left_for_callback();
    if lost > 0 || observed == 0 || total.handled() == 0 {
        return None;
    }
    let handle = (total.talk() + total.hold() + total.after_call()) as f64 / total.handled() as f64;
    let load = total.queued() as f64 * handle / observed as f64;
    let agents = (total.agent_ready() + total.agent_work() + total.agent_beyond_shift()) as f64 / observed as f64;
    (load >= agents).then_some(Warning::Unstable { load, agents })
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Warning::NoCalls => write!(
                f,
                "nobody called: nothing was measured; look at the demand, the horizon and the warm-up of the scenario"
            ),
            Warning::NobodyAnswered { queued, staffed: false } => {
                write!(
                    f,
                    "{queued} calls stood in a queue and no agent was on shift; look at the staffing and its hours"
                )
            }
            Warning::NobodyAnswered { queued, staffed: true } => write!(
                f,
                "{queued} calls stood in a queue and none was answered, though agents were on shift; look at their skills \
                 and languages"
            ),
            Warning::Unstable { load, agents } => write!(
                f,
                "unstable: {load:.1} erlangs of work came to {agents:.1} agents and nobody hangs up, so the queue grows \
                 as long as the run lasts and every wait is a matter of the run's length; add agents, or patience to the callers"
            ),
            Warning::Unfinished { calls, offered } => write!(
                f,
                "{calls} of {offered} calls were still in progress when counting ended; they count as unfinished, and the \
                 longest waits among them are cut short; let the run finish longer"
            ),
            Warning::LittleBroken { queue } => write!(
                f,
                "queue {queue}: the number waiting and the waits do not agree (Little's law); this is a fault of the \
                 program, please report it with the scenario and the seed"
            ),
        }
    }
}
