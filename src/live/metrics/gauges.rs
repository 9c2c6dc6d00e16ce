//! What is so at the moment of a scrape: set from what the pump and others say just before.

use std::sync::atomic::{AtomicU64, Ordering};

use prometheus_client::{
    metrics::{counter::Counter, family::Family, gauge::Gauge, info::Info},
    registry::{Registry, Unit},
};

use super::{Label, Labels, Snapshot, process::Process};
use crate::{
    engine::survey::AGENT_STATES,
    live::recorder::{self, Going},
};

/// A gauge of a fraction or of seconds.
type Real = Gauge<f64, AtomicU64>;

/// Everything that is so.
#[derive(Debug, Default)]
pub(super) struct Gauges {
    pub(super) responding: Gauge,
    pub(super) answer: Real,
    lag: Real,
    calls: Family<Label, Gauge>,
    queue_waiting: Family<Label, Gauge>,
    queue_callbacks: Family<Label, Gauge>,
    queue_longest: Family<Label, Real>,
    queue_threshold: Family<Label, Real>,
    queue_target: Family<Label, Real>,
    agents: Family<Labels, Gauge>,
    timers: Gauge,
    ignored: Counter,
    matters: Gauge,
    unacknowledged: Gauge,
    script_version: Gauge,
    registry_people: Gauge,
    registry_changed: Gauge,
    pub(super) connections: Gauge,
    pub(super) sockets: Gauge,
    pub(super) listeners: Gauge,
    pub(super) draining: Gauge,
    pub(super) store_failing: Gauge,
    pub(super) store_queued: Gauge,
    pub(super) store_room: Gauge,
    pub(super) store_lag: Real,
    pub(super) lived: Real,
    pub(super) inputs_queued: Gauge,
    journal: Family<Label, Gauge>,
    journal_size: Gauge,
    process: ProcessGauges,
}

#[derive(Debug, Default)]
struct ProcessGauges {
    resident: Gauge,
    virtual_size: Gauge,
    open_files: Gauge,
    most_files: Gauge,
    threads: Gauge,
    started: Real,
    cpu: Counter<f64, AtomicU64>,
}

impl Gauges {
    pub(super) fn registered(r: &mut Registry) -> Gauges {
        let g = Gauges::default();
        r.register("hatif_build", "The program", Info::new([("version", env!("CARGO_PKG_VERSION"))]));
        g.register_centre(r);
        g.register_server(r);
        g.process.register(r);
        g
    }

    fn register_centre(&self, r: &mut Registry) {
        let help = "1 when the centre answered this scrape; what is told of calls, queues and agents is old otherwise";
        r.register("hatif_centre_responding", help, self.responding.clone());
        let help = "How long the centre took to answer this scrape";
        r.register_with_unit("hatif_centre_answer", help, Unit::Seconds, self.answer.clone());
        let help = "How far the centre is behind its clock, in seconds of the centre";
        r.register_with_unit("hatif_centre_lag", help, Unit::Seconds, self.lag.clone());
        r.register("hatif_calls", "Calls in progress, by state", self.calls.clone());
        r.register("hatif_queue_waiting_calls", "Callers who wait on the line, by queue", self.queue_waiting.clone());
        let help = "Promised call backs that keep a place, by queue";
        r.register("hatif_queue_callbacks", help, self.queue_callbacks.clone());
        let help = "The longest wait of a caller on the line, in seconds of the centre, by queue";
        r.register_with_unit("hatif_queue_longest_wait", help, Unit::Seconds, self.queue_longest.clone());
        let help = "The service-level threshold, by queue";
        r.register_with_unit("hatif_queue_threshold", help, Unit::Seconds, self.queue_threshold.clone());
        let help = "The share of calls to be answered within the threshold, by queue";
        r.register("hatif_queue_target_ratio", help, self.queue_target.clone());
        r.register("hatif_agents", "Agents on duty, by group and state", self.agents.clone());
        r.register("hatif_timers_pending", "Deadlines of the centre to come", self.timers.clone());
        let help = "Inputs since the start that no longer fitted when they came";
        r.register("hatif_inputs_ignored", help, self.ignored.clone());
        let help = "Matters of synthetic callers in progress";
        r.register("hatif_synthetic_matters", help, self.matters.clone());
        let help = "Calls over whose record is not yet known to be on the disk";
        r.register("hatif_store_unacknowledged_calls", help, self.unacknowledged.clone());
        r.register("hatif_script_version", "The script version new calls begin on", self.script_version.clone());
        r.register("hatif_registry_people", "People in the registry", self.registry_people.clone());
        let help = "People of the registry who have changed since it was made";
        r.register("hatif_registry_changed_people", help, self.registry_changed.clone());
    }

    fn register_server(&self, r: &mut Registry) {
        r.register("hatif_connections", "Open telephones", self.connections.clone());
        let help = "Open TCP connections, whatever they are for";
        r.register("hatif_tcp_connections", help, self.sockets.clone());
        r.register("hatif_events_listeners", "Open listeners of the event feed", self.listeners.clone());
        r.register("hatif_draining", "1 when no new calls are taken because the server ends", self.draining.clone());
        r.register("hatif_store_failing", "1 while records cannot be written", self.store_failing.clone());
        let help = "Rows that wait to be written";
        r.register("hatif_store_queued_rows", help, self.store_queued.clone());
        r.register("hatif_store_room_rows", "How many rows may wait to be written", self.store_room.clone());
        let help = "How long the oldest row that is not on the disk has waited";
        r.register_with_unit("hatif_store_lag", help, Unit::Seconds, self.store_lag.clone());
        let help = "How long the centre has lived, summed over its runs";
        r.register_with_unit("hatif_service_time", help, Unit::Seconds, self.lived.clone());
        let help = "Inputs that wait for the centre";
        r.register("hatif_inputs_queued", help, self.inputs_queued.clone());
        r.register("hatif_journal", "1 at the state in which the journal is, 0 at the others", self.journal.clone());
        let help = "The size of the journal's files";
        r.register_with_unit("hatif_journal_size", help, Unit::Bytes, self.journal_size.clone());
    }

    /// Sets what the pump told.
    pub(super) fn set(&self, seen: &Snapshot) {
        let Snapshot { survey, lag, levels, .. } = seen;
        self.lag.set(lag.as_secs_f64());
        let calls = survey.calls;
        for (state, count) in [
            ("ivr", calls.ivr),
            ("queued", calls.queued),
            ("ringing", calls.ringing),
            ("talking", calls.talking),
            ("held", calls.held),
        ] {
            self.calls.get_or_create(&[("state", state.to_owned())]).set(whole(count));
        }
        for queue in &survey.queues {
            let label = [("queue", queue.name.to_string())];
            self.queue_waiting.get_or_create(&label).set(queue.waiting.into());
            self.queue_callbacks.get_or_create(&label).set(queue.callbacks.into());
            self.queue_longest.get_or_create(&label).set(queue.longest.as_secs_f64());
        }
        for (name, threshold, target) in levels {
            let label = [("queue", name.to_string())];
            self.queue_threshold.get_or_create(&label).set(threshold.as_secs_f64());
            self.queue_target.get_or_create(&label).set(f64::from(*target) / 1e6);
        }
        for group in &survey.groups {
            for (state, count) in AGENT_STATES.iter().zip(group.agents) {
                let labels = [("group", group.name.to_string()), ("state", (*state).to_owned())];
                self.agents.get_or_create(&labels).set(count.into());
            }
        }
        self.timers.set(whole(survey.timers as u64));
        self.ignored.inner().store(seen.ignored, Ordering::Relaxed);
        self.matters.set(whole(seen.matters as u64));
        self.unacknowledged.set(whole(seen.unacknowledged as u64));
        self.script_version.set(seen.version.into());
        self.registry_people.set(seen.people.into());
        self.registry_changed.set(whole(seen.changed as u64));
    }

    /// Sets how the journal goes.
    pub(super) fn set_journal(&self, journal: &recorder::State) {
        let states =
            [("off", Going::Off), ("written", Going::Written), ("full", Going::Full), ("failed", Going::Failed)];
        for (state, going) in states {
            self.journal.get_or_create(&[("state", state.to_owned())]).set((journal.going() == going).into());
        }
        self.journal_size.set(whole(journal.bytes()));
    }

    /// Sets what the operating system tells of this process.
    pub(super) fn set_process(&self, seen: &Process) {
        let p = &self.process;
        p.resident.set(whole(seen.resident));
        p.virtual_size.set(whole(seen.virtual_size));
        p.open_files.set(whole(seen.open_files));
        p.most_files.set(whole(seen.most_files));
        p.threads.set(whole(seen.threads));
        p.started.set(seen.started);
        p.cpu.inner().store(seen.cpu.to_bits(), Ordering::Relaxed);
    }
}

impl ProcessGauges {
    fn register(&self, r: &mut Registry) {
        r.register("process_resident_memory_bytes", "Memory in use", self.resident.clone());
        r.register("process_virtual_memory_bytes", "Memory that is mapped", self.virtual_size.clone());
        r.register("process_open_fds", "Open files and sockets", self.open_files.clone());
        r.register("process_max_fds", "How many files and sockets may be open", self.most_files.clone());
        r.register("process_threads", "Threads", self.threads.clone());
        let help = "When the process began, in seconds since 1970";
        r.register("process_start_time_seconds", help, self.started.clone());
        r.register("process_cpu_seconds", "Processor time used", self.cpu.clone());
    }
}

/// A count as a gauge holds it.
pub(super) fn whole(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
