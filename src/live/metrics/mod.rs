//! Figures about the running server, for Prometheus: counted where things happen, read when somebody asks.
//!
//! ```text
//!  pump ─── events ──► Fold ─┐
//!  session, store, reload ───┼──► Metrics (counters, histograms) ──┐
//!  pump ◄── Errand::Look ────┴──────── Snapshot (gauges) ──────────┴──► GET /metrics
//! ```
//!
//! What happens is counted as it happens, at the cost of an addition. What *is* (calls by state, lengths of queues, agents)
//! is asked of the pump when a scrape comes, so that it costs nothing between scrapes. No label holds anything personal:
//! labels are words of the program or names of the script.

mod fold;
mod gauges;
mod process;
mod scrape;

use prometheus_client::{
    metrics::{counter::Counter, family::Family, histogram::Histogram},
    registry::{Registry, Unit},
};

pub use fold::Fold;
use gauges::Gauges;
pub use scrape::Snapshot;
pub(super) use scrape::{Sources, serve};

use crate::time::Duration;

/// One label: its name and value.
type Label = [(&'static str, String); 1];
/// Two labels.
type Labels = [(&'static str, String); 2];

/// Everything that is counted, by one server.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    centre: Centre,
    traffic: Traffic,
    gauges: Gauges,
}

/// What happens in the centre, counted by [`Fold`].
#[derive(Debug)]
struct Centre {
    offered: Family<Label, Counter>,
    ended: Family<Labels, Counter>,
    refused: Counter,
    queue_offered: Family<Label, Counter>,
    queue_answered: Family<Label, Counter>,
    queue_in_time: Family<Label, Counter>,
    queue_left: Family<Labels, Counter>,
    queue_turned_away: Family<Labels, Counter>,
    queue_wait: Family<Labels, Histogram, fn() -> Histogram>,
    unanswered_rings: Counter,
    transfers: Counter,
    callbacks: Family<Label, Counter>,
    authentications: Family<Label, Counter>,
    service_failures: Family<Label, Counter>,
    no_inputs: Counter,
    no_matches: Counter,
    published: Counter,
}

/// What happens on the lines and around the centre.
#[derive(Debug)]
struct Traffic {
    refusals: Family<Label, Counter>,
    turned_away: Family<Label, Counter>,
    failed_calls: Counter,
    heard: Counter,
    said: Counter,
    reloads: Family<Label, Counter>,
    errand: Histogram,
    first_prompt: Histogram,
    commit: Histogram,
    stored: Family<Label, Counter>,
    store_failures: Counter,
    doubled: Counter,
    missed: Counter,
}

/// Bounds of the classes of short times, in seconds: 5 µs to 1 s.
const SHORT: [f64; 16] =
    [5e-6, 1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0];
/// Bounds for what a caller notices or a disk takes, in seconds: 0.5 ms to 10 s.
const NOTICED: [f64; 13] = [5e-4, 1e-3, 2.5e-3, 5e-3, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];
/// Bounds of waits in a queue, in seconds of the centre.
const WAITS: [f64; 13] = [1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 90.0, 120.0, 300.0, 600.0, 1_200.0, 3_600.0];

fn waits() -> Histogram {
    Histogram::new(WAITS)
}

impl Default for Metrics {
    fn default() -> Metrics {
        let mut registry = Registry::default();
        let centre = Centre::registered(&mut registry);
        let traffic = Traffic::registered(&mut registry);
        let gauges = Gauges::registered(&mut registry);
        Metrics { registry, centre, traffic, gauges }
    }
}

impl Centre {
    fn registered(r: &mut Registry) -> Centre {
        let c = Centre {
            offered: Family::default(),
            ended: Family::default(),
            refused: Counter::default(),
            queue_offered: Family::default(),
            queue_answered: Family::default(),
            queue_in_time: Family::default(),
            queue_left: Family::default(),
            queue_turned_away: Family::default(),
            queue_wait: Family::new_with_constructor(waits),
            unanswered_rings: Counter::default(),
            transfers: Counter::default(),
            callbacks: Family::default(),
            authentications: Family::default(),
            service_failures: Family::default(),
            no_inputs: Counter::default(),
            no_matches: Counter::default(),
            published: Counter::default(),
        };
        r.register("hatif_calls_offered", "Calls that arrived, by whose they are", c.offered.clone());
        r.register("hatif_calls_ended", "Calls that ended, by outcome and cause", c.ended.clone());
        r.register("hatif_calls_turned_away", "Calls that the engine did not take, while draining", c.refused.clone());
        r.register("hatif_queue_offered", "Times a call began to wait, by queue", c.queue_offered.clone());
        r.register("hatif_queue_answered", "Waiting calls an agent took, by queue", c.queue_answered.clone());
        let help = "Waiting calls an agent took within the queue's service-level threshold";
        r.register("hatif_queue_answered_in_threshold", help, c.queue_in_time.clone());
        r.register(
            "hatif_queue_left",
            "Waiting calls that left without an agent, by queue and why",
            c.queue_left.clone(),
        );
        let help = "Calls that found a queue full or closed, by queue and why";
        r.register("hatif_queue_turned_away", help, c.queue_turned_away.clone());
        let help = "Waits in a queue, in seconds of the centre, by queue and end";
        r.register_with_unit("hatif_queue_wait", help, Unit::Seconds, c.queue_wait.clone());
        r.register("hatif_agent_unanswered_rings", "Times an agent let it ring", c.unanswered_rings.clone());
        r.register("hatif_transfers", "Calls that an agent passed on to a queue", c.transfers.clone());
        r.register("hatif_callbacks", "Call backs by what happened to them", c.callbacks.clone());
        r.register("hatif_authentications", "Checks of identity or code, by result", c.authentications.clone());
        let help = "Questions to a service that got no answer, by service";
        r.register("hatif_service_failures", help, c.service_failures.clone());
        r.register("hatif_no_inputs", "Times nothing was keyed in time", c.no_inputs.clone());
        r.register("hatif_no_matches", "Times what was keyed fitted nothing", c.no_matches.clone());
        r.register("hatif_scripts_published", "Script versions published since the start", c.published.clone());
        c
    }
}

impl Traffic {
    fn registered(r: &mut Registry) -> Traffic {
        let t = Traffic {
            refusals: Family::default(),
            turned_away: Family::default(),
            failed_calls: Counter::default(),
            heard: Counter::default(),
            said: Counter::default(),
            reloads: Family::default(),
            errand: Histogram::new(SHORT),
            first_prompt: Histogram::new(NOTICED),
            commit: Histogram::new(NOTICED),
            stored: Family::default(),
            store_failures: Counter::default(),
            doubled: Counter::default(),
            missed: Counter::default(),
        };
        r.register("hatif_refusals", "Dials that were refused, by reason", t.refusals.clone());
        let help = "Connections and requests that were turned away or ended by us, by reason";
        r.register("hatif_turned_away", help, t.turned_away.clone());
        r.register("hatif_failed_calls", "Calls that a fault of this program ended", t.failed_calls.clone());
        r.register("hatif_messages_received", "Messages of the call protocol that came in", t.heard.clone());
        r.register("hatif_messages_sent", "Messages of the call protocol that went out", t.said.clone());
        r.register("hatif_reloads", "Readings of the centre's folder, by result", t.reloads.clone());
        let help = "How long the centre took over one input and what followed at once";
        r.register_with_unit("hatif_input", help, Unit::Seconds, t.errand.clone());
        let help = "From a dial read to the first prompt sent";
        r.register_with_unit("hatif_first_prompt", help, Unit::Seconds, t.first_prompt.clone());
        let help = "How long one transaction of records took until it was on the disk";
        r.register_with_unit("hatif_store_commit", help, Unit::Seconds, t.commit.clone());
        r.register("hatif_store_rows", "Rows of this run that are on the disk, by kind", t.stored.clone());
        r.register("hatif_store_doubled", "Call records that came twice and were left out", t.doubled.clone());
        r.register("hatif_store_failures", "Tries to write that failed", t.store_failures.clone());
        r.register("hatif_events_missed", "Events that listeners too slow for them did not get", t.missed.clone());
        t
    }
}

impl Metrics {
    /// A message of the call protocol came in.
    pub fn heard(&self) {
        self.traffic.heard.inc();
    }

    /// A message of the call protocol went out.
    pub fn said(&self) {
        self.traffic.said.inc();
    }

    /// The centre's folder was read; `result` is one of a closed list of words.
    pub fn reloaded(&self, result: &'static str) {
        self.traffic.reloads.get_or_create(&[("result", result.to_owned())]).inc();
    }

    /// The pump was busy for `took` with one errand.
    pub fn errand(&self, took: Duration) {
        self.traffic.errand.observe(took.as_secs_f64());
    }

    /// A caller who dialled began to hear the centre.
    pub fn first_prompt(&self, took: Duration) {
        self.traffic.first_prompt.observe(took.as_secs_f64());
    }

    /// A transaction of records is on the disk, after `took`.
    pub fn committed(&self, took: Duration) {
        self.traffic.commit.observe(took.as_secs_f64());
    }

    /// A listener of the event feed did not get so many events.
    pub fn missed(&self, events: u64) {
        self.traffic.missed.inc_by(events);
    }
}
