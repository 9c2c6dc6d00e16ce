//! The server: builds the centre, opens the door, and ends in order.

use std::{net::SocketAddr, sync::Arc};

use axum::serve::Listener;
use jiff::tz::TimeZone;
use tokio::{sync::mpsc, task::JoinHandle};
use tokio_rustls::TlsAcceptor;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    Config, StartAt,
    admission::Admission,
    book::Book,
    clock::{self, Clock},
    connections::{self, Connections},
    counts::Counts,
    guard::Guard,
    health::{Health, Pulse},
    hosting::{self, HostError, Hosted},
    listener::{Door, Gate},
    metrics::{self, Metrics},
    onlookers::Onlookers,
    pump::{Demand, Parts, Pump, Status, Tap},
    recorder::{self, Recorder, RecorderError},
    reload::{self, Checked, Faulty, Reloaded, Reloader},
    routes::{Shared, serve},
    row, session,
    sessions::Sessions,
    shutdown::Stop,
    store::{Durable, KeptPromise, Lost, Run, Store, StoreError, Writer},
    supervision::{self, Supervision},
    tls::{self, TlsError},
    tokens::TokenFileError,
};
use crate::{
    id::PersonId,
    pii::Digits,
    random::Seed,
    registry::{OpenError, Person, Registry, Source},
    script::Script,
    time::{Date, Instant, LocalClock},
    world::{World, WorldConfig, services, services::Services},
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
    stop: Stop,
    pump: mpsc::Sender<Demand>,
    reloader: Arc<Reloader>,
    pulse: Arc<Pulse>,
    counts: Arc<Counts>,
    end: JoinHandle<Result<(), StopError>>,
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
        let services = services(&store, &config, registry.clone())?;
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
            example: example(&registry),
            warnings: beginning.warnings,
            took: clock::since(began),
        };
        let Beginning { script, zone, opens, .. } = beginning;
        let assembly = Assembly {
            config,
            entrance,
            script,
            zone,
            opens,
            writer,
            acknowledged,
            world,
            book,
            taps,
            promises,
            journal,
        };
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

/// What a run begins with.
struct Beginning {
    script: Arc<Script>,
    /// The checker's warnings.
    warnings: String,
    clock: LocalClock,
    zone: TimeZone,
    /// When the doors open.
    opens: Instant,
    plan: Option<hosting::Plan>,
}

/// A world at the opening of the doors, and who knows what happened before.
struct Built {
    beginning: Beginning,
    world: World,
    book: Book,
    taps: Vec<Box<dyn Tap>>,
}

impl Beginning {
    /// Reads the centre and, where one is hosted, the scenario.
    fn of(config: &Config) -> Result<Beginning, StartError> {
        let Checked { script, warnings } = reload::read(config.centre.as_deref())?;
        let plan = match &config.scenario {
            Some(name) => Some(hosting::plan(name, config.at, config.centre.as_deref())?),
            None => None,
        };
        let Some(plan) = plan else {
            let (clock, zone) = local_clock(&script, config.at)?;
            return Ok(Beginning { script, warnings, clock, zone, opens: Instant::ZERO, plan: None });
        };
        // A scenario may name a centre of its own, of which the reader has reported.
        let of_scenario = plan.scenario.script.clone();
        let warnings = if of_scenario.digest == script.digest { warnings } else { String::new() };
        let zone = zone_of(&of_scenario)?;
        let (clock, opens) = (plan.clock().clone(), plan.opens);
        Ok(Beginning { script: of_scenario, warnings, clock, zone, opens, plan: Some(plan) })
    }

    /// The world at the opening of the doors.
    fn build(self, config: WorldConfig, registry: &Registry, mut taps: Vec<Box<dyn Tap>>) -> Built {
        let mut book = Book::default();
        let world = match &self.plan {
            Some(plan) => {
                let mut world = World::new(plan.people(config, registry));
                hosting::run_ahead(&mut world, self.opens, &mut taps, &mut book);
                world
            }
            None => {
                let mut world = World::new(config);
                world.advance_to(Instant::ZERO);
                world
            }
        };
        Built { beginning: self, world, book, taps }
    }

    fn local_opening(&self) -> String {
        row::local(self.clock.timestamp(self.opens), &self.zone)
    }
}

fn zone_of(script: &Script) -> Result<TimeZone, StartError> {
    TimeZone::get(&script.zone).map_err(|_| StartError::Zone(script.zone.to_string()))
}

/// The clock of a run that begins when the doors open.
fn local_clock(script: &Script, at: StartAt) -> Result<(LocalClock, TimeZone), StartError> {
    let zone = zone_of(script)?;
    // A local time that an offset change skips or repeats is read as the calendar library's rule says.
    let local = |time| zone.to_ambiguous_timestamp(time).compatible().unwrap_or_else(|_| clock::real_time());
    let origin = match at {
        StartAt::Now => clock::real_time(),
        StartAt::Local(time) => local(time),
        StartAt::Time(time) => local(StartAt::DAY.to_datetime(time)),
    };
    Ok((LocalClock::new(origin, &zone), zone))
}

fn begin_run(store: &Store, config: &Config, beginning: &Beginning) -> Result<i64, StoreError> {
    store.begin_run(&Run {
        began: row::utc(clock::real_time()),
        origin: beginning.local_opening(),
        speed: config.speed,
        seed: config.seed,
    })
}

/// Which registry it is: changes of one mean nothing in another.
fn registry_kind(config: &Config) -> String {
    match &config.registry.source {
        Source::Generated { size } => format!("generated {size} {}", config.registry.seed),
        Source::File { path } => format!("file {}", path.display()),
    }
}

/// The services, as changed in earlier runs.
fn services(store: &Store, config: &Config, registry: Arc<Registry>) -> Result<Services, StoreError> {
    let seed = match config.known_codes {
        true => config.seed,
        false => store.secret_seed()?,
    };
    let of_services = services::Config { limits: config.registry.limits.clone(), ..services::Config::default() };
    let mut services = Services::new(registry, of_services, Seed::new(seed));
    let (changes, others) = store.changes(&registry_kind(config))?;
    let refused = changes.iter().filter(|change| services.restore(change).is_err()).count();
    if refused > 0 || others > 0 {
        tracing::warn!(refused, others, "changes of earlier runs were left out: refused here, or of another registry");
    }
    Ok(services)
}

/// The first registered adult: the same one at each start.
fn example(registry: &Registry) -> Option<Example> {
    let person = (0..registry.len()).filter_map(|i| registry.person(PersonId(i))).find(Person::is_registered)?;
    Some(Example { number: registry.number_of(&person)?, birth: person.birth().reveal() })
}

/// Who is let in, and how.
struct Entrance {
    guard: Arc<Guard>,
    tls: Option<TlsAcceptor>,
    counts: Arc<Counts>,
}

impl Entrance {
    /// Reads tokens, certificate and key; refuses to be open to everybody.
    fn of(config: &Config, addr: SocketAddr) -> Result<Entrance, StartError> {
        let Config { security, limits, .. } = config;
        let far = !addr.ip().to_canonical().is_loopback();
        if far && security.tokens.is_none() {
            return Err(StartError::Open(addr));
        }
        let counts = Arc::new(Counts::default());
        let guard = Arc::new(Guard::new(security, limits.limit_loopback, counts.clone())?);
        let tls = security.tls.as_ref().map(tls::acceptor).transpose()?;
        if far && tls.is_none() {
            tracing::warn!(
                "without TLS (--tls-cert, --tls-key) tokens and calls travel in clear; let a proxy add it, or set it"
            );
        }
        Ok(Entrance { guard, tls, counts })
    }
}

/// Everything that is built before the door opens.
struct Assembly {
    config: Config,
    entrance: Entrance,
    script: Arc<Script>,
    zone: TimeZone,
    opens: Instant,
    writer: Writer,
    acknowledged: mpsc::UnboundedReceiver<Vec<Durable>>,
    world: World,
    book: Book,
    taps: Vec<Box<dyn Tap>>,
    promises: Vec<KeptPromise>,
    journal: Arc<recorder::State>,
}

impl Assembly {
    fn run<L: Listener<Addr = SocketAddr>>(self, door: L, facts: Facts) -> RunningServer {
        let Assembly {
            config,
            entrance: Entrance { guard, tls, counts },
            script,
            zone,
            opens,
            writer,
            acknowledged,
            world,
            book,
            taps,
            promises,
            journal,
        } = self;
        let limits = config.limits.clone();
        let sessions = Arc::new(Sessions::new(limits.max_sessions, limits.outbox));
        let (pump, demands) = mpsc::channel(limits.input_queue);
        let status = Arc::new(Status::default());
        let metrics = Arc::new(Metrics::default());
        writer.state().count_into(metrics.clone());
        status.version.store(world.versions().number().0, std::sync::atomic::Ordering::Relaxed);
        let stop = Stop::default();
        let closing = guard.closing().clone();
        let at_the_door = guard.clone();
        tokio::spawn(async move { at_the_door.watch().await });
        let tracker = TaskTracker::new();
        let pulse = Arc::new(Pulse {
            status: status.clone(),
            records: writer.state(),
            journal: journal.clone(),
            sessions: sessions.clone(),
            centre: facts.centre.clone(),
            run: facts.run,
            people: facts.people,
            speed: config.speed,
            started: clock::wall(),
        });
        let reloader =
            Arc::new(Reloader::new(config.centre.clone(), pump.clone(), script.digest.to_string(), metrics.clone()));
        let context = Arc::new(session::Context {
            sessions: sessions.clone(),
            pump: pump.clone(),
            limits: limits.clone(),
            metrics: metrics.clone(),
            counts: counts.clone(),
            stop: closing.clone(),
        });
        let sources = metrics::Sources {
            metrics: metrics.clone(),
            pump: pump.clone(),
            store: writer.state(),
            sessions: sessions.clone(),
            status: status.clone(),
            counts: counts.clone(),
            journal,
            turn: tokio::sync::Mutex::new(()),
        };
        let supervision = Arc::new(Supervision {
            sources,
            records: config.records.dir.clone(),
            run: facts.run,
            readers: tokio::sync::Semaphore::new(supervision::READERS),
            places: Arc::new(tokio::sync::Semaphore::new(limits.max_listeners)),
            limits: limits.clone(),
        });
        let (routes, tasks) = (reloader.clone(), tracker.clone());
        let shared = Shared { context, reloader: routes, pulse: pulse.clone(), tracker: tasks, guard, supervision };
        let clock = Clock::start_at(opens, config.speed);
        writer.state().opened(clock, opens);
        let files = connections::room_for(limits.max_connections);
        let connections = Arc::new(Connections::new(&limits, files, counts.clone()));
        let door = Gate { inner: door, tls, limits, connections, counts: counts.clone() };
        let parts = Parts {
            world,
            clock,
            run: facts.run,
            zone,
            sessions,
            demands,
            jobs: writer.sender(),
            durable: acknowledged,
            failing: writer.failing(),
            taps,
            status,
            onlookers: Onlookers::new(metrics, facts.run),
            admission: Admission::new(config.limits.clone(), counts.clone()),
        };
        let with_echo = config.echo;
        let ending = Ending {
            config,
            status: parts.status.clone(),
            stop: stop.clone(),
            closing,
            tracker,
            pump: pump.clone(),
            writer,
        };
        let mut owner = Pump::taking_over(parts, book);
        owner.restore_promises(&promises);
        let centre = tokio::spawn(owner.run());
        let watcher = watch(&reloader);
        let door = tokio::spawn(serve(door, shared, with_echo, ending.closing.clone()));
        let end = tokio::spawn(ending.run(centre, door, watcher));
        RunningServer { addr: facts.addr, facts, stop, pump, reloader, pulse, counts, end }
    }
}

type Watching = Option<(notify::RecommendedWatcher, JoinHandle<()>)>;

fn watch(reloader: &Arc<Reloader>) -> Watching {
    match reload::watch(reloader.clone()) {
        Ok(watched) => watched.map(|(watcher, task)| (watcher, tokio::spawn(task))),
        Err(error) => {
            tracing::warn!(%error, "the centre's folder cannot be watched; use POST /reload after a change");
            None
        }
    }
}

/// What the end of a server takes.
struct Ending {
    config: Config,
    status: Arc<Status>,
    stop: Stop,
    closing: CancellationToken,
    tracker: TaskTracker,
    pump: mpsc::Sender<Demand>,
    writer: Writer,
}

/// How long the last records may take before they count as lost.
const LAST_RECORDS: std::time::Duration = std::time::Duration::from_secs(10);
/// How long connections may take to close.
const LAST_WORDS: std::time::Duration = std::time::Duration::from_secs(5);

impl Ending {
    async fn run(
        self,
        mut centre: JoinHandle<World>,
        door: JoinHandle<std::io::Result<()>>,
        watcher: Watching,
    ) -> Result<(), StopError> {
        let ended = self.drained(&mut centre).await;
        drop(self.pump);
        if let Some((watcher, task)) = watcher {
            drop(watcher);
            task.abort();
        }
        self.closing.cancel();
        self.tracker.close();
        // Those who do not let themselves be closed in time are cut off.
        let _ = tokio::time::timeout(LAST_WORDS, self.tracker.wait()).await;
        door.abort();
        let writer = self.writer;
        let broken = self.status.broken.load(std::sync::atomic::Ordering::Relaxed);
        let world = ended.map_err(|error| error.to_string()).and_then(|world| match broken {
            true => {
                Err("what it held could not be trusted any more; every call was ended and has its record".to_owned())
            }
            false => Ok(world),
        });
        let world = world.map_err(StopError::Centre);
        let written = joined_blocking(tokio::task::spawn_blocking(move || writer.finish()).await);
        if let (Err(error), Err(_)) = (&world, &written) {
            tracing::error!(%error, "records are lost besides");
        }
        // Lost records first: they are why a centre ends whose writer did.
        written?;
        world?;
        Ok(())
    }

    /// Waits until a stop is asked for, lets calls drain, ends them, waits for their records. Each step has its limit: a
    /// centre that stands still for want of a disk takes no demand, not even that it end.
    async fn drained(&self, centre: &mut JoinHandle<World>) -> Result<World, tokio::task::JoinError> {
        tokio::select! {
            // It has not been asked to end: it failed.
            ended = &mut *centre => return ended,
            () = self.stop.drain.cancelled() => {}
        }
        tokio::select! {
            ended = &mut *centre => return ended,
            () = self.demand(Demand::Drain) => {}
            () = self.stop.now.cancelled() => {}
            () = tokio::time::sleep(self.config.drain.to_std()) => {}
        }
        // A disk that fails now has its last tries; what it does not take is lost, and the centre waits for it no longer.
        self.writer.hurry();
        for last in [Demand::EndDrain, Demand::Quit] {
            tokio::select! {
                ended = &mut *centre => return ended,
                () = self.demand(last) => {}
                () = tokio::time::sleep(LAST_RECORDS) => {}
            }
        }
        tracing::error!("the centre does not end by itself and is cut off; please report it");
        centre.abort();
        centre.await
    }

    /// Asks for something and waits for nothing more: only the pump's end goes on from here.
    async fn demand(&self, demand: Demand) {
        // The pump may have ended by itself; then there is nothing left to ask for.
        let _ = self.pump.send(demand).await;
        std::future::pending::<()>().await;
    }
}

fn joined_blocking<T>(result: Result<T, tokio::task::JoinError>) -> T {
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
    pub fn pump(&self) -> &mpsc::Sender<Demand> {
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
