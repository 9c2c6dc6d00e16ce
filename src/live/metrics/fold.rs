//! Events of the centre, counted. The pump calls it with each event, so every counter is found by an index.

use std::sync::Arc;

use prometheus_client::metrics::{counter::Counter, histogram::Histogram};

use super::Metrics;
use crate::{
    engine::{
        Event, Fact,
        event::{Cause, LeftQueue},
    },
    id::QueueId,
    live::row,
    script::{Versions, catalogue::SERVICES, model::Outcome},
    time::Duration,
};

/// Counts events into [`Metrics`].
#[derive(Debug)]
pub struct Fold {
    metrics: Arc<Metrics>,
    /// By the engine's numbers.
    queues: Vec<QueueCounters>,
    /// Calls of people and programs, of synthetic callers, and call backs.
    offered: [Counter; 3],
    /// By outcome and cause.
    ended: Vec<Counter>,
}

/// The counters of one queue.
#[derive(Debug)]
struct QueueCounters {
    name: Arc<str>,
    offered: Counter,
    answered: Counter,
    in_time: Counter,
    left: [Counter; LEFT.len()],
    full: Counter,
    closed: Counter,
    wait_answered: Histogram,
    wait_left: Histogram,
}

/// Why a call left a queue, as labels say it.
const LEFT: [&str; 6] = ["abandoned", "key", "timed_out", "closed", "callback", "aborted"];

fn left(reason: LeftQueue) -> usize {
    match reason {
        LeftQueue::Abandoned => 0,
        LeftQueue::Key => 1,
        LeftQueue::TimedOut => 2,
        LeftQueue::Closed => 3,
        LeftQueue::Callback => 4,
        LeftQueue::Aborted => 5,
    }
}

/// Outcomes as labels say them: those of scripts' own making are one, since their names are the script's affair.
const OUTCOMES: [&str; 6] = ["contained", "transferred", "abandoned", "failed", "callback", "own"];

fn outcome(outcome: Outcome) -> usize {
    match outcome {
        Outcome::Contained => 0,
        Outcome::Transferred => 1,
        Outcome::Abandoned => 2,
        Outcome::Failed => 3,
        Outcome::Callback => 4,
        Outcome::Own(_) => 5,
    }
}

impl Fold {
    /// Counts into `metrics`.
    pub fn new(metrics: Arc<Metrics>) -> Fold {
        let offered = ["person", "synthetic", "callback"]
            .map(|caller| metrics.centre.offered.get_or_create_owned(&[("caller", caller.to_owned())]));
        let ended = OUTCOMES.iter().flat_map(|outcome| Cause::ALL.map(|cause| (*outcome, cause)));
        let ended = ended.map(|(outcome, cause)| {
            let labels = [("outcome", outcome.to_owned()), ("cause", row::word(cause))];
            metrics.centre.ended.get_or_create_owned(&labels)
        });
        let ended = ended.collect();
        begin_at_zero(&metrics);
        Fold { metrics, queues: Vec::new(), offered, ended }
    }

    /// Begins the counters of every queue there is, so that one in which nobody has stood yet counts zero.
    pub fn prepare(&mut self, versions: &Versions) {
        while self.next_queue(versions).is_some() {}
    }

    /// Counts one event.
    pub fn note(&mut self, event: &Event, versions: &Versions) {
        let centre = &self.metrics.centre;
        match event.fact {
            Fact::CallArrived { promised_in: Some(_), .. } => _ = self.offered[2].inc(),
            Fact::CallArrived { origin, .. } => _ = self.offered[usize::from(origin.is_some())].inc(),
            Fact::CallEnded { outcome, cause, .. } => self.ended(outcome, cause),
            Fact::CallQueued { queue, .. } => _ = self.of(queue, versions).map(|queue| queue.offered.inc()),
            Fact::CallAnswered { queue, waited, .. } => self.answered(queue, waited, versions),
            Fact::CallLeftQueue { queue, waited, reason, .. } => {
                if let Some(queue) = self.of(queue, versions) {
                    queue.left[left(reason)].inc();
                    queue.wait_left.observe(waited.as_secs_f64());
                }
            }
            Fact::QueueFull { queue, .. } => _ = self.of(queue, versions).map(|queue| queue.full.inc()),
            Fact::QueueClosed { queue, .. } => _ = self.of(queue, versions).map(|queue| queue.closed.inc()),
            Fact::AgentDidNotAnswer { .. } => _ = centre.unanswered_rings.inc(),
            Fact::CallTransferred { .. } => _ = centre.transfers.inc(),
            Fact::NoInput { .. } => _ = centre.no_inputs.inc(),
            Fact::NoMatch { .. } => _ = centre.no_matches.inc(),
            Fact::CallRefused => _ = centre.refused.inc(),
            Fact::ScriptPublished { .. } => _ = centre.published.inc(),
            _ => self.seldom(&event.fact),
        }
    }

    /// What happens so seldom that a label may be made for it.
    fn seldom(&self, fact: &Fact) {
        let centre = &self.metrics.centre;
        let callback = |what: &str| _ = centre.callbacks.get_or_create(&[("event", what.to_owned())]).inc();
        let check = |result: &str| _ = centre.authentications.get_or_create(&[("result", result.to_owned())]).inc();
        match *fact {
            Fact::CallbackPromised { .. } => callback("promised"),
            Fact::CallbackDialled { .. } => callback("dialled"),
            Fact::CallbackMissed { .. } => callback("missed"),
            Fact::Authenticated { .. } => check("passed"),
            Fact::AuthenticationFailed { locked: true, .. } => check("locked"),
            Fact::AuthenticationFailed { locked: false, .. } => check("failed"),
            Fact::ServiceAnswered { service, outcome: None, .. } => {
                let service = service.entry().name.to_owned();
                centre.service_failures.get_or_create(&[("service", service)]).inc();
            }
            _ => {}
        }
    }

    fn ended(&self, how: Outcome, cause: Cause) {
        let place = Cause::ALL.iter().position(|known| *known == cause).unwrap_or_default();
        self.ended[outcome(how) * Cause::ALL.len() + place].inc();
    }

    fn answered(&mut self, queue: QueueId, waited: Duration, versions: &Versions) {
        let threshold = versions.queue(queue).map_or(Duration::MAX, |queue| queue.service_level.threshold);
        let Some(queue) = self.of(queue, versions) else { return };
        queue.answered.inc();
        if waited <= threshold {
            queue.in_time.inc();
        }
        queue.wait_answered.observe(waited.as_secs_f64());
    }

    /// Begins the counters of the next queue, where there is one.
    fn next_queue(&mut self, versions: &Versions) -> Option<()> {
        let name = &versions.queue(QueueId(self.queues.len() as u16))?.name;
        self.queues.push(QueueCounters::new(name, &self.metrics));
        Some(())
    }

    fn of(&mut self, queue: QueueId, versions: &Versions) -> Option<&QueueCounters> {
        while self.queues.len() <= queue.index() {
            self.next_queue(versions)?;
        }
        let known = &self.queues[queue.index()];
        debug_assert!(versions.queue(queue).is_some_and(|queue| queue.name == known.name), "a queue keeps its number");
        Some(known)
    }
}

/// Makes the labels that are known beforehand: a counter that begins to exist with its first event hides that event from
/// whoever looks at increases.
fn begin_at_zero(metrics: &Metrics) {
    let centre = &metrics.centre;
    for event in ["promised", "dialled", "missed"] {
        centre.callbacks.get_or_create_owned(&[("event", event.to_owned())]);
    }
    for result in ["passed", "failed", "locked"] {
        centre.authentications.get_or_create_owned(&[("result", result.to_owned())]);
    }
    for entry in &SERVICES {
        centre.service_failures.get_or_create_owned(&[("service", entry.name.to_owned())]);
    }
    for result in ["published", "unchanged", "refused", "no_folder", "closing"] {
        metrics.traffic.reloads.get_or_create_owned(&[("result", result.to_owned())]);
    }
}

impl QueueCounters {
    fn new(name: &Arc<str>, metrics: &Metrics) -> QueueCounters {
        let centre = &metrics.centre;
        let queue = || ("queue", name.to_string());
        let why = |reason: &str| [queue(), ("reason", reason.to_owned())];
        let end = |end: &str| [queue(), ("end", end.to_owned())];
        QueueCounters {
            name: name.clone(),
            offered: centre.queue_offered.get_or_create_owned(&[queue()]),
            answered: centre.queue_answered.get_or_create_owned(&[queue()]),
            in_time: centre.queue_in_time.get_or_create_owned(&[queue()]),
            left: LEFT.map(|reason| centre.queue_left.get_or_create_owned(&why(reason))),
            full: centre.queue_turned_away.get_or_create_owned(&why("full")),
            closed: centre.queue_turned_away.get_or_create_owned(&why("closed")),
            wait_answered: centre.queue_wait.get_or_create_owned(&end("answered")),
            wait_left: centre.queue_wait.get_or_create_owned(&end("left")),
        }
    }
}
