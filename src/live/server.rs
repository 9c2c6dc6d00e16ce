//! The server: builds the centre, opens the door, and ends in order.

use std::{net::SocketAddr, sync::Arc};

use axum::serve::Listener;
use tokio::{sync::mpsc, task::JoinHandle};

use super::{
    Config,
    assembly::Assembly,
    beginning::{Beginning, Built, begin_run, example, registry_kind, services},
    clock,
    counts::Counts,
    entrance::Entrance,
    health::{Health, Pulse},
    hosting::{HostError, Hosted},
    listener::Door,
    pump::{Errand, Tap},
    recorder::{self, Recorder, RecorderError},
    reload::{Faulty, Reloaded, Reloader},
    shutdown::Stop,
    store::{Lost, Store, StoreError},
    tls::TlsError,
    tokens::TokenFileError,
};
use crate::{
    pii::Digits,
    random::Seed,
    registry::{OpenError, Registry},
    time::Date,
    world::WorldConfig,
};

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address cannot be listened on.
    #[error("{}", address_help(*addr, cause))]
    Address {
        /// Which.
        addr: SocketAddr,
        /// Why.
        cause: std::io::Error,
    },
    /// The centre's files are faulty.
    #[error("the centre cannot be used:\n{0}")]
    Centre(#[from] Faulty),
    /// The centre names a time zone nobody knows.
    #[error("the centre's zone `{0}` is unknown; write one such as \"Africa/Casablanca\" in centre.toml")]
    Zone(String),
    /// The scenario cannot be hosted.
    #[error(transparent)]
    Hosting(#[from] HostError),
    /// The registry cannot be made.
    #[error(transparent)]
    Registry(#[from] OpenError),
    /// Everybody who reaches the address could do everything.
    #[error(
        "{0} can be reached from other machines, where everybody could do everything; make tokens with \
         `hatif token new --name N --scope call --file tokens.toml` and start with --tokens tokens.toml, or listen on 127.0.0.1"
    )]
    Open(SocketAddr),
    /// The tokens cannot be used.
    #[error(transparent)]
    Tokens(#[from] TokenFileError),
    /// Certificate or key cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The records cannot be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The journal cannot be begun.
    #[error(transparent)]
    Journal(#[from] RecorderError),
    /// The operating system refuses.
    #[error("{what}: {cause}")]
    System {
        /// What was tried.
        what: &'static str,
        /// Why not.
        cause: std::io::Error,
    },
}

fn address_help(addr: SocketAddr, error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::AddrInUse => format!(
            "port {} of {} is taken, perhaps by another hatif; stop that, or choose another with --addr {}:0 (any free port)",
            addr.port(),
            addr.ip(),
            addr.ip()
        ),
        _ => format!("cannot listen on {addr}: {error}; choose another address with --addr"),
    }
}

/// Why a server did not end well.
#[derive(Debug, thiserror::Error)]
pub enum StopError {
    /// Records are lost.
    #[error(transparent)]
    Records(#[from] Lost),
    /// The task that owns the centre failed.
    #[error("the centre failed: {0}; this is a fault of hatif, please report it")]
    Centre(String),
}

/// Somebody to try with: found by number and birth date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Example {
    /// Her registration number.
    pub number: Digits,
    /// When she was born. The people of a generated registry do not exist.
    pub birth: Date,
}

/// What a server says of itself when it has started.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Where it listens.
    pub addr: SocketAddr,
    /// The centre's name.
    pub centre: String,
    /// The local time at which the doors opened.
    pub origin: String,
    /// The scenario that lives in the centre.
    pub hosted: Option<Hosted>,
    /// People in the registry.
    pub people: u32,
    /// Simulated agents.
    pub agents: usize,
    /// The number of this run in the records.
    pub run: i64,
    /// Somebody registered, to try with.
    pub example: Option<Example>,
    /// The checker's warnings about the centre.
    pub warnings: String,
    /// How long it took.
    pub took: crate::time::Duration,
}

/// Starts servers.
#[derive(Debug)]
pub struct Server;

/// A running server. Dropping it leaves it running until the runtime ends; [`RunningServer::finished`] waits for its end.
#[derive(Debug)]
pub struct RunningServer {
    /// What it says of itself.
    pub facts: Facts,
    /// Where it listens.
    pub addr: SocketAddr,
    pub(super) stop: Stop,
    pub(super) pump: mpsc::Sender<Errand>,
    pub(super) reloader: Arc<Reloader>,
    pub(super) pulse: Arc<Pulse>,
    pub(super) counts: Arc<Counts>,
    pub(super) end: JoinHandle<Result<(), StopError>>,
}

impl Server {
    /// Starts a server where `config` says.
    ///
    /// # Errors
    /// Whatever keeps it from starting; nothing is left running.
    pub async fn start(config: Config) -> Result<RunningServer, StartError> {
        let address = |cause| StartError::Address { addr: config.addr, cause };
        let door = Door::open(config.addr).map_err(address)?;
        Server::start_on(config, door, Vec::new()).await
    }

    /// Starts a server on any listener, with more who listen to what happens.
    ///
    /// # Errors
    /// Whatever keeps it from starting; nothing is left running.
    pub async fn start_on<L>(config: Config, door: L, mut taps: Vec<Box<dyn Tap>>) -> Result<RunningServer, StartError>
    where
        L: Listener<Addr = SocketAddr>,
    {
        let began = clock::wall();
        let system = |what| move |cause| StartError::System { what, cause };
        let addr = door.local_addr().map_err(system("cannot tell the address listened on"))?;
        let entrance = Entrance::of(&config, addr)?;
        // The registry is the longest part; the rest goes on meanwhile.
        let people = config.registry.clone();
        let people = tokio::task::spawn_blocking(move || Registry::open(&people));
        let beginning = config.clone();
        let beginning = tokio::task::spawn_blocking(move || Beginning::of(&beginning));
        let store = Store::open(&config.records.dir)?;
        let beginning = joined(beginning.await)?;
        let registry = Arc::new(joined(people.await)?);
        let run = begin_run(&store, &config, &beginning)?;
        let promises = store.promises()?;
        let checks = (store.access(config.registry.limits.memory())?, store.lived()?);
        let services = services(&store, &config, run, registry.clone())?;
        let (durable, acknowledged) = mpsc::unbounded_channel();
        let kind = registry_kind(&config);
        let writer = store
            .write_for(run, kind, config.records.clone(), durable)
            .map_err(system("cannot start the writer of call records"))?;
        let seed = Seed::new(config.seed);
        let journal = Arc::new(recorder::State::default());
        let of_run = (&*beginning.script, seed, &beginning.clock);
        if let Some(recorder) = Recorder::begin(&config.journal, run, of_run, journal.clone())? {
            taps.push(Box::new(recorder));
        }
        let built = WorldConfig {
            agents: config.agents,
            tell_inputs: !taps.is_empty(),
            hold_verdicts: config.hold_verdicts && config.speed <= HELD_UP_TO,
            send_codes: config.security.show_codes.on(addr),
            ..WorldConfig::new(beginning.script.clone(), beginning.clock.clone(), seed, services)
        };
        let people = registry.clone();
        let built = tokio::task::spawn_blocking(move || Ok(beginning.build(built, &people, taps)));
        let Built { beginning, mut world, book, taps } = joined::<_, StartError>(built.await)?;
        // Failed checks of earlier runs count on from where the doors open; what was run ahead is no service time.
        world.services_mut().restore_access(&checks.0, checks.1, beginning.opens);
        let facts = Facts {
            addr,
            centre: beginning.script.name.to_string(),
            origin: beginning.local_opening(),
            hosted: beginning.plan.as_ref().map(|plan| plan.hosted(&world)),
            people: registry.len(),
            agents: world.agents(),
            run,
            // Of people made up alone: a list of people that is read from a file may be one of real ones.
            example: matches!(config.registry.source, crate::registry::Source::Generated { .. })
                .then(|| example(&registry))
                .flatten(),
            warnings: beginning.warnings,
            took: clock::since(began),
        };
        let Beginning { zone, opens, .. } = beginning;
        let assembly =
            Assembly { config, entrance, zone, opens, writer, acknowledged, world, book, taps, promises, journal };
        Ok(assembly.run(door, facts))
    }
}

/// Up to this speed verdicts of identity checks are told only when they are on the disk. Faster centres are for trying things
/// out, and the five seconds that a check may take are over there before a slow disk is done.
const HELD_UP_TO: f64 = 20.0;

/// The outcome of a blocking part of the start; its panic goes on here.
fn joined<T, E>(result: Result<Result<T, E>, tokio::task::JoinError>) -> Result<T, E> {
    result.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
}

impl RunningServer {
    /// Asks the server to end: the first time it lets calls drain, the second time it ends them at once.
    pub fn ask_to_stop(&self) {
        self.stop.ask();
    }

    /// The steps by which this server ends, for signals.
    pub fn stopper(&self) -> Stop {
        self.stop.clone()
    }

    /// Ends the server, letting calls drain for as long as its configuration says.
    ///
    /// # Errors
    /// Records that could not be written.
    pub async fn stop(self) -> Result<(), StopError> {
        self.stop.drain.cancel();
        self.finished().await
    }

    /// Waits for the server's end.
    ///
    /// # Errors
    /// Records that could not be written.
    pub async fn finished(self) -> Result<(), StopError> {
        drop(self.pump);
        match self.end.await {
            Ok(result) => result,
            Err(error) => Err(StopError::Centre(error.to_string())),
        }
    }

    /// The way to the pump.
    pub fn pump(&self) -> &mpsc::Sender<Errand> {
        &self.pump
    }

    /// Reads the centre's files again.
    pub async fn reload(&self) -> Reloaded {
        self.reloader.reload().await
    }

    /// What was refused and turned away so far.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// What `GET /health` says.
    pub fn health(&self) -> Health {
        self.pulse.read()
    }
}
