//! `GET /metrics`: asks the pump, reads the rest, and writes it out.

use std::sync::{Arc, atomic::Ordering};

use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use prometheus_client::{encoding::text::encode, metrics::counter::Counter};
use tokio::sync::{Mutex, mpsc, oneshot};

use super::{Metrics, gauges::whole, process::Process};
use crate::{
    engine::survey::Survey,
    live::{
        clock,
        counts::{Counts, TurnedAway},
        protocol::RefusalReason,
        pump::{Errand, Status},
        recorder,
        sessions::Sessions,
        store::State as StoreState,
    },
    time::Duration,
    world::World,
};

/// What the pump tells when a scrape comes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Snapshot {
    /// Calls, queues, agents.
    pub survey: Survey,
    /// How far the centre is behind its clock.
    pub lag: Duration,
    /// Every queue's name, threshold and target in parts per million.
    pub levels: Vec<(Arc<str>, Duration, u32)>,
    /// Inputs that no longer fitted when they came.
    pub ignored: u64,
    /// Matters of synthetic callers in progress.
    pub matters: usize,
    /// Calls over whose record is not yet known to be on the disk.
    pub unacknowledged: usize,
    /// The script version new calls begin on.
    pub version: u32,
    /// People in the registry.
    pub people: u32,
    /// Those who have changed.
    pub changed: usize,
}

impl Snapshot {
    /// What a world tells of itself; `lag` and `unacknowledged` are the pump's to add.
    pub fn of(world: &World) -> Snapshot {
        let survey = world.engine().survey();
        let versions = world.versions();
        let level = |name: &Arc<str>| {
            let queue = versions.queue(versions.queue_named(name)?)?;
            Some((name.clone(), queue.service_level.threshold, queue.service_level.target_ppm))
        };
        let levels = survey.queues.iter().filter_map(|queue| level(&queue.name)).collect();
        let registry = world.services().registry();
        Snapshot {
            survey,
            levels,
            lag: Duration::ZERO,
            ignored: world.engine().ignored_inputs(),
            matters: world.matters(),
            unacknowledged: 0,
            version: versions.number().0,
            people: registry.len(),
            changed: registry.changed(),
        }
    }
}

/// What a scrape is read from.
#[derive(Debug)]
pub(in crate::live) struct Sources {
    pub(in crate::live) metrics: Arc<Metrics>,
    pub(in crate::live) pump: mpsc::Sender<Errand>,
    pub(in crate::live) store: Arc<StoreState>,
    pub(in crate::live) sessions: Arc<Sessions>,
    pub(in crate::live) status: Arc<Status>,
    pub(in crate::live) counts: Arc<Counts>,
    pub(in crate::live) journal: Arc<recorder::State>,
    /// One scrape at a time: two would mix what they set.
    pub(in crate::live) turn: Mutex<()>,
}

/// How long the pump may take to answer a scrape. One that takes longer is told of as not responding.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(2);

/// What Prometheus calls the format.
const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Answers a scrape.
pub(in crate::live) async fn serve(sources: &Sources, listeners: usize) -> Response {
    let _turn = sources.turn.lock().await;
    sources.look().await;
    sources.metrics.gauges.listeners.set(whole(listeners as u64));
    let mut text = String::new();
    match encode(&mut text, &sources.metrics.registry) {
        Ok(()) => ([(header::CONTENT_TYPE, OPENMETRICS)], text).into_response(),
        // Writing to a text cannot fail.
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response(),
    }
}

impl Sources {
    /// Sets every gauge.
    async fn look(&self) {
        let gauges = &self.metrics.gauges;
        let began = clock::wall();
        let seen = tokio::time::timeout(PATIENCE, self.ask()).await.ok().flatten();
        gauges.responding.set(seen.is_some().into());
        gauges.answer.set(clock::since(began).as_secs_f64());
        if let Some(seen) = seen {
            gauges.set(&seen);
        }
        self.take_counts();
        gauges.connections.set(whole(self.sessions.len() as u64));
        gauges.sockets.set(whole(self.counts.connections.load(Ordering::Relaxed)));
        gauges.draining.set(self.status.draining.load(Ordering::Relaxed).into());
        gauges.store_failing.set(self.store.failing().into());
        gauges.store_queued.set(whole(self.store.waiting()));
        gauges.store_room.set(whole(self.store.room()));
        gauges.store_lag.set(self.store.lag().as_secs_f64());
        gauges.lived.set(self.store.lived().as_secs_f64());
        gauges.inputs_queued.set(whole((self.pump.max_capacity() - self.pump.capacity()) as u64));
        gauges.set_journal(&self.journal);
        if let Ok(process) = tokio::task::spawn_blocking(Process::read).await {
            gauges.set_process(&process);
        }
    }

    /// Sets what is counted elsewhere.
    fn take_counts(&self) {
        let traffic = &self.metrics.traffic;
        let put = |counter: &Counter, count: u64| counter.inner().store(count, Ordering::Relaxed);
        for reason in RefusalReason::ALL {
            let label = [("reason", reason.word().to_owned())];
            put(&traffic.refusals.get_or_create(&label), self.counts.refused(reason));
        }
        for why in TurnedAway::ALL {
            let label = [("reason", why.word().to_owned())];
            put(&traffic.turned_away.get_or_create(&label), self.counts.turned_away(why));
        }
        let rows = self.store.written();
        for (kind, count) in [
            ("calls", rows.calls),
            ("changes", rows.changes),
            ("audit", rows.audit),
            ("refusals", rows.refusals),
            ("access", rows.access),
            ("promises", rows.promises),
        ] {
            put(&traffic.stored.get_or_create(&[("kind", kind.to_owned())]), count);
        }
        put(&traffic.store_failures, self.store.failures());
        put(&traffic.doubled, self.store.doubled());
        put(&traffic.failed_calls, self.counts.failed_calls.load(Ordering::Relaxed));
    }

    async fn ask(&self) -> Option<Box<Snapshot>> {
        let (done, seen) = oneshot::channel();
        self.pump.send(Errand::Look { done }).await.ok()?;
        seen.await.ok()
    }
}
