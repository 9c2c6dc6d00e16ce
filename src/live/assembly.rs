//! Everything that was built before the door opened is joined here: door, centre, store and what ends them.

use std::{net::SocketAddr, sync::Arc, sync::atomic::Ordering};

use axum::serve::Listener;
use jiff::tz::TimeZone;
use tokio::sync::mpsc;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    Config, Facts, RunningServer,
    admission::Admission,
    book::Book,
    clock::{self, Clock},
    connections::{self, Connections},
    ending::{Ending, watch},
    entrance::Entrance,
    health::Pulse,
    listener::Gate,
    metrics::{self, Metrics},
    onlookers::Onlookers,
    pump::{Errand, Parts, Pump, Status, Tap},
    recorder,
    reload::Reloader,
    routes::{Shared, serve},
    session,
    sessions::Sessions,
    shutdown::Stop,
    store::{Durable, KeptPromise, Writer},
    supervision::{self, Supervision},
};
use crate::{time::Instant, world::World};

/// Everything that is built before the door opens.
pub(super) struct Assembly {
    pub(super) config: Config,
    pub(super) entrance: Entrance,
    pub(super) zone: TimeZone,
    pub(super) opens: Instant,
    pub(super) writer: Writer,
    pub(super) acknowledged: mpsc::UnboundedReceiver<Vec<Durable>>,
    pub(super) world: World,
    pub(super) book: Book,
    pub(super) taps: Vec<Box<dyn Tap>>,
    pub(super) promises: Vec<KeptPromise>,
    pub(super) journal: Arc<recorder::State>,
}

/// What the door, the centre and the end have in common.
struct Common {
    sessions: Arc<Sessions>,
    pump: mpsc::Sender<Errand>,
    status: Arc<Status>,
    metrics: Arc<Metrics>,
    pulse: Arc<Pulse>,
    reloader: Arc<Reloader>,
    stop: Stop,
    closing: CancellationToken,
    tracker: TaskTracker,
}

impl Assembly {
    /// Opens the door: from here on callers are answered.
    pub(super) fn run<L: Listener<Addr = SocketAddr>>(self, door: L, facts: Facts) -> RunningServer {
        let (pump, errands) = mpsc::channel(self.config.limits.input_queue);
        let common = self.common(pump, &facts);
        let shared = self.shared(&common, facts.run);
        let guard = self.entrance.guard.clone();
        tokio::spawn(async move { guard.watch().await });
        let door = self.gate(door);
        let clock = Clock::start_at(self.opens, self.config.speed);
        self.writer.state().opened(clock, self.opens);
        let Assembly { config, entrance, zone, writer, acknowledged, world, book, taps, promises, .. } = self;
        let counts = entrance.counts;
        let parts = Parts {
            world,
            clock,
            run: facts.run,
            zone,
            sessions: common.sessions,
            errands,
            jobs: writer.sender(),
            durable: acknowledged,
            failing: writer.failing(),
            taps,
            status: common.status.clone(),
            onlookers: Onlookers::new(common.metrics, facts.run),
            admission: Admission::new(config.limits.clone(), counts.clone()),
        };
        let with_echo = config.echo;
        let ending = Ending {
            config,
            status: common.status,
            stop: common.stop.clone(),
            closing: common.closing.clone(),
            tracker: common.tracker,
            pump: common.pump.clone(),
            writer,
        };
        let mut owner = Pump::taking_over(parts, book);
        owner.restore_promises(&promises);
        let centre = tokio::spawn(owner.run());
        let watcher = watch(&common.reloader);
        let door = tokio::spawn(serve(door, shared, with_echo, common.closing));
        RunningServer {
            addr: facts.addr,
            facts,
            stop: common.stop,
            pump: common.pump,
            reloader: common.reloader,
            pulse: common.pulse,
            counts,
            end: tokio::spawn(ending.run(centre, door, watcher)),
        }
    }

    fn common(&self, pump: mpsc::Sender<Errand>, facts: &Facts) -> Common {
        let Assembly { config, writer, .. } = self;
        let sessions = Arc::new(Sessions::new(config.limits.max_sessions, config.limits.outbox));
        let status = Arc::new(Status::default());
        status.version.store(self.world.versions().number().0, Ordering::Relaxed);
        let metrics = Arc::new(Metrics::default());
        writer.state().count_into(metrics.clone());
        let pulse = Arc::new(Pulse {
            status: status.clone(),
            records: writer.state(),
            journal: self.journal.clone(),
            sessions: sessions.clone(),
            centre: facts.centre.clone(),
            run: facts.run,
            people: facts.people,
            speed: config.speed,
            started: clock::wall(),
        });
        let reloader = Arc::new(Reloader::new(config.centre.clone(), pump.clone(), metrics.clone()));
        Common {
            sessions,
            pump,
            status,
            metrics,
            pulse,
            reloader,
            stop: Stop::default(),
            closing: self.entrance.guard.closing().clone(),
            tracker: TaskTracker::new(),
        }
    }

    /// What every route may reach.
    fn shared(&self, common: &Common, run: i64) -> Shared {
        let Assembly { config, entrance, .. } = self;
        let context = session::Context {
            sessions: common.sessions.clone(),
            pump: common.pump.clone(),
            limits: config.limits.clone(),
            metrics: common.metrics.clone(),
            counts: entrance.counts.clone(),
            stop: common.closing.clone(),
        };
        Shared {
            context: Arc::new(context),
            reloader: common.reloader.clone(),
            pulse: common.pulse.clone(),
            tracker: common.tracker.clone(),
            guard: entrance.guard.clone(),
            supervision: Arc::new(self.supervision(common, run)),
        }
    }

    fn supervision(&self, common: &Common, run: i64) -> Supervision {
        let sources = metrics::Sources {
            metrics: common.metrics.clone(),
            pump: common.pump.clone(),
            store: self.writer.state(),
            sessions: common.sessions.clone(),
            status: common.status.clone(),
            counts: self.entrance.counts.clone(),
            journal: self.journal.clone(),
            turn: tokio::sync::Mutex::new(()),
        };
        Supervision {
            sources,
            records: self.config.records.dir.clone(),
            run,
            readers: tokio::sync::Semaphore::new(supervision::READERS),
            places: Arc::new(tokio::sync::Semaphore::new(self.config.limits.max_listeners)),
            limits: self.config.limits.clone(),
        }
    }

    /// The door with its caps and, where it is asked for, TLS.
    fn gate<L>(&self, door: L) -> Gate<L> {
        let (limits, counts) = (self.config.limits.clone(), self.entrance.counts.clone());
        let files = connections::room_for(limits.max_connections);
        let connections = Arc::new(Connections::new(&limits, files, counts.clone()));
        Gate { inner: door, tls: self.entrance.tls.clone(), limits, connections, counts }
    }
}
