//! The laws that every run keeps, and what to heed when reading its figures, in words.

use super::{
    gather::Gather,
    summary::{Check, LEVEL, Warning},
};
use crate::{
    people::{cast::Cast, distribution::Distribution},
    record::{figures::Figures, tally::Sums},
    scenario::Scenario,
    stats::Estimate,
    time::Duration,
};

/// Fewer replications than this leave the variance itself hardly known: Student's t for 4 degrees of freedom is 40 % wider
/// than for many.
const FEW: u32 = 5;

/// How many standard deviations off the law of abandonment is a fault rather than chance: once in some 100,000 runs.
const SIGMAS: f64 = 4.5;

/// Fewer expected abandonments than this are too few for a normal law.
const ENOUGH: f64 = 20.0;

/// Little's law for every queue, and what patience says about abandonment.
pub fn checks(scenario: &Scenario, sums: &Sums) -> Vec<Check> {
    let little = sums.laws().into_iter().map(|law| Check {
        name: "little",
        of: sums.names.queues.get(law.queue.index()).map_or_else(String::new, ToString::to_string),
        left: law.mean_length,
        right: law.rate * law.mean_wait,
        holds: law.holds,
        text: "mean number waiting = calls a second x mean wait, to the microsecond",
    });
    little.chain(abandonment(scenario, &sums.total())).collect()
}

/// With exponential patience the number who hang up differs from (total wait / mean patience) by a martingale whose variance
/// is that very number in expectation, whatever arrivals, service and routing are like.
fn abandonment(scenario: &Scenario, total: &Figures) -> Option<Check> {
    let patience = only_patience(scenario)?.as_secs_f64();
    let expected = total.waited() as f64 / 1e6 / patience;
    let queued = total.queued() as f64;
    let off = (total.abandoned() as f64 - expected).abs();
    (expected >= ENOUGH).then(|| Check {
        name: "abandonment",
        of: "all calls".to_owned(),
        left: total.abandoned() as f64 / queued,
        right: expected / queued,
        holds: off <= SIGMAS * libm::sqrt(expected),
        text: "share who hang up = mean wait / mean patience, within 4.5 standard deviations",
    })
}

/// The mean of the exponential patience that alone ends waits without an answer; `None` where it is not so.
fn only_patience(scenario: &Scenario) -> Option<Duration> {
    let cast: &Cast = &scenario.cast;
    let other = |queue: &crate::script::model::Queue| {
        queue.max_wait.is_some() || queue.calendar.is_some() || queue.closed_when_unstaffed
    };
    if scenario.script.queues.iter().any(other) || !scenario.incidents.is_empty() {
        return None;
    }
    let mut mean = None;
    let shares = cast.demand.sources.iter().flat_map(|source| &source.personas);
    for &(persona, _) in shares.filter(|(_, share)| *share > 0.0) {
        let persona = cast.personas.get(usize::from(persona))?;
        let unmoved = persona.announced.balks_above.is_infinite() && persona.announced.stays_with == 1.0;
        match persona.patience {
            Distribution::Exponential { mean: this } if unmoved && persona.takes_callback == 0.0 => {
                if mean.replace(this).is_some_and(|before| before != this) {
                    return None;
                }
            }
            _ => return None,
        }
    }
    mean
}

/// What the figures cannot bear.
pub fn warnings(scenario: &Scenario, gather: &Gather, replications: u32) -> Vec<Warning> {
    let mut told = Vec::new();
    let mut warn = |code: &'static str, text: String| told.push(Warning { code, text });
    let Some(sums) = gather.sums() else {
        warn("nothing", "no replication was finished, so there is nothing to tell; let it run longer".to_owned());
        return told;
    };
    let total = sums.total();
    if total.offered() == 0 {
        let after = if scenario.warm_up > Duration::ZERO { " after the warm-up" } else { "" };
        let text = format!("no calls came{after}; look at the demand (its factor, days and hours) and at the horizon");
        warn("no-calls", text);
        return told;
    }
    let sample = gather.whole().estimate("offered").map_or(0, |offered| offered.n);
    match sample {
        0..=1 => {
            let text = "a single replication: nothing is known about how far chance moves these figures; run with \
                 --replications 20 or --precision 0.02";
            warn("no-interval", text.to_owned());
        }
        n if n < u64::from(FEW) && n == u64::from(replications) => told_few(replications, &mut warn),
        n if n < u64::from(FEW) => {
            let text = format!(
                "{n} batches are few: intervals are wide and themselves uncertain; cut a longer run into 10 or more"
            );
            warn("few-batches", text);
        }
        _ => {}
    }
    alike(gather, &mut warn);
    unfinished(&total, &mut warn);
    blocked(&total, &mut warn);
    unstable(&total, &mut warn);
    unserved(sums, &mut warn);
    if let Some(level) = gather.whole().estimate("service_level") {
        undecided(scenario, &level, &mut warn);
    }
    told
}

/// Too few replications to know how uncertain the figures are.
fn told_few(replications: u32, warn: &mut impl FnMut(&'static str, String)) {
    let text =
        format!("{replications} replications are few: intervals are wide and themselves uncertain; run 10 or more");
    warn("few-replications", text);
}

/// The warning about few replications, where they are more than one and few.
pub fn few(replications: u32) -> Option<Warning> {
    let mut found = None;
    if (2..FEW).contains(&replications) {
        told_few(replications, &mut |code, text| found = Some(Warning { code, text }));
    }
    found
}

/// Batches too short to be independent.
fn alike(gather: &Gather, warn: &mut impl FnMut(&'static str, String)) {
    let Some((alike, n)) = gather.alike() else { return };
    let chance = 2.0 / libm::sqrt(n as f64);
    if alike > chance {
        let text = format!(
            "mean waits of neighbouring batches are alike (correlation {alike:.2}; chance alone seldom exceeds {chance:.2}), so \
             the intervals are too narrow; take fewer and longer batches, or replications"
        );
        warn("batches-alike", text);
    }
}

/// Callers who were turned away count in no wait.
fn blocked(total: &Figures, warn: &mut impl FnMut(&'static str, String)) {
    let share = total.blocked() as f64 / (total.queued() + total.blocked()).max(1) as f64;
    if share > 0.01 {
        let text = format!(
            "{:.1} % of the calls for a queue found it full and were turned away; they have no wait and did not hang up, so \
             that waits and abandonment look better than callers find them; look at the places of the queues",
            share * 100.0
        );
        warn("blocked", text);
    }
}

/// Calls that were still going on when the run ended.
fn unfinished(total: &Figures, warn: &mut impl FnMut(&'static str, String)) {
    let share = total.unfinished() as f64 / total.offered() as f64;
    if share > 0.01 {
        let text = format!(
            "the run is too short: {:.1} % of the calls had not ended when it did, and their waits are missing; set a longer \
             horizon or finish",
            share * 100.0
        );
        warn("too-short", text);
    }
}

/// From this load on waits grow with the length of any run that can be made, when nobody gives up: Erlang C's mean wait is
/// fifty handle times over the number of agents, and takes as many times longer to be reached.
const FULL: f64 = 0.98;

/// As much work as staff, and nobody who gives up. Staff are measured up to the horizon, as long as calls come.
fn unstable(total: &Figures, warn: &mut impl FnMut(&'static str, String)) {
    let (work, beyond) = (total.agent_work() as f64, total.agent_beyond_shift() as f64);
    let staff = work + total.agent_ready() as f64;
    let handle = (total.talk() + total.hold() + total.after_call()) as f64 / total.handled().max(1) as f64;
    let brought = total.queued() as f64 * handle;
    if total.abandoned() == 0 && total.handled() > 0 && staff > 0.0 && brought >= FULL * staff {
        let text = format!(
            "unstable: calls bring {:.1} hours of work to {:.1} hours of staff and nobody hangs up, so that waits grow with \
             the length of the run and mean nothing; staff more, or give callers a patience",
            brought / 3.6e9,
            staff / 3.6e9
        );
        warn("unstable", text);
    } else if beyond > 0.1 * staff {
        let text = format!(
            "agents worked {:.1} hours beyond their shifts, a tenth or more of their time; shifts end too early",
            beyond / 3.6e9
        );
        warn("beyond-shift", text);
    }
}

/// Queues in which callers stood and nobody answered.
fn unserved(sums: &Sums, warn: &mut impl FnMut(&'static str, String)) {
    for (queue, name) in sums.queues.iter().zip(&sums.names.queues) {
        if queue.figures.queued() > 0 && queue.figures.answered() == 0 {
            let text = format!(
                "nobody answered in the queue `{name}`, where calls waited {} times; staff a group with its skills and languages",
                queue.figures.queued()
            );
            warn("unserved-queue", text);
        }
    }
}

/// An interval that holds the target.
fn undecided(scenario: &Scenario, level: &Estimate, warn: &mut impl FnMut(&'static str, String)) {
    let target = scenario.measures.target;
    if level.contains(target) && level.half_width() > Some(0.0) {
        let end = |end: Option<f64>| end.unwrap_or(0.0).clamp(0.0, 1.0) * 100.0;
        let (low, high) = (end(level.low), end(level.high));
        let text = format!(
            "the service level lies between {low:.1} and {high:.1} % ({:.0} % confidence), so these replications do not \
             show whether the target of {:.0} % is met; run more",
            LEVEL * 100.0,
            target * 100.0
        );
        warn("undecided", text);
    }
}
