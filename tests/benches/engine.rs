//! What the engine alone costs: nanoseconds a call and a key, by the shortest script and by the default centre's.
//!
//! `cargo bench --bench engine [-- MODEL [CALLS]]`. A small world of this file first lives through each model and keeps the
//! inputs; what is timed is the engine being told the same inputs again, with every output taken, best of several runs. The
//! digest of all that it said stands beside: a change that is for speed alone leaves it as it is.
//!
//! Allocations are counted from outside: `valgrind` prints their number for two sizes of run, and the difference is the calls'.

#![expect(clippy::print_stdout, reason = "a benchmark reports to the terminal")]

use std::{hash::Hasher, hint::black_box, sync::Arc, time::Duration as Real};

use hatif::{
    agenda::{Agenda, Ticket},
    engine::{Command, Engine, Fact, Input, Output},
    id::{AgentId, CallId, GroupId, PersonId},
    pii::{CallerNumber, Digits},
    random::{Purpose, Seed, Stream},
    script::{
        Script, Source,
        catalogue::{CATEGORY, Query, Reply},
        load,
        model::Key,
        value::{Symbol, Value},
    },
    time::{Date, Duration, Instant, LocalClock},
};
use rand::RngExt;

/// How many times the inputs are told again; the best time counts.
const RUNS: usize = 10;

/// One queue and nothing else.
const POOL: &str = r##"
[centre]
name = "pool"
zone = "UTC"
entry = "main.start"
default_language = "fr"
[languages]
fr = {}
[error]
then = "main.bye"
[skills]
names = ["help"]
[queue.help]
skills = { help = 1 }
[group.desk]
size = SIZE
skills = { help = 5 }
languages = ["fr"]
"##;

const POOL_FLOW: &str = r#"
[node.start]
kind = "queue"
queue = "help"
answered = "bye"
full = "bye"
closed = "bye"
timeout = "bye"
[node.bye]
kind = "end"
outcome = "transferred"
"#;

fn published(source: &Source) -> Arc<Script> {
    let loaded = load(source);
    loaded.script.unwrap_or_else(|| panic!("the centre of a benchmark has faults:\n{:#?}", loaded.diagnostics))
}

fn pool(agents: u32) -> Arc<Script> {
    let files = [("centre.toml", POOL.replace("SIZE", &agents.to_string())), ("flows/main.toml", POOL_FLOW.to_owned())];
    let texts = [("prompts/fr.ftl", "hello = Hello.\n".to_owned())];
    published(&Source::from_files(files.into_iter().chain(texts).map(|(path, text)| (path.to_owned(), text)).collect()))
}

fn clock() -> LocalClock {
    let zone = jiff::tz::TimeZone::get("Africa/Casablanca").expect("the zone is bundled");
    LocalClock::new("2022-05-17T09:00:00Z".parse().expect("a timestamp"), &zone)
}

fn engine(script: &Arc<Script>) -> Engine {
    Engine::new(script.clone(), clock(), Seed::new(1))
}

/// Inputs and their times.
type Inputs = Vec<(Instant, Input)>;

/// What the small world still has to do.
#[derive(Clone, Debug)]
enum Due {
    Arrival,
    Input(Input),
}

/// How the people of a model behave.
trait Model {
    fn begin(&mut self, world: &mut Small);
    fn arrival(&mut self, world: &mut Small, nth: u64);
    fn command(&mut self, world: &mut Small, command: Command);
    fn fact(&mut self, world: &mut Small, fact: &Fact);
}

/// A world of inputs alone.
struct Small {
    engine: Engine,
    now: Instant,
    agenda: Agenda<Due>,
    told: Inputs,
    digest: std::hash::DefaultHasher,
    chance: Stream,
}

impl Small {
    fn later(&mut self, after: Duration, input: Input) -> Ticket {
        self.agenda.enter(self.now + after, Due::Input(input))
    }

    fn exponential(&mut self, mean: f64) -> Duration {
        let u: f64 = self.chance.random();
        Duration::from_micros((-libm::log(1.0 - u) * mean * 1e6) as u64)
    }

    fn tell(&mut self, input: Input) -> Option<CallId> {
        self.told.push((self.now, input.clone()));
        self.engine.handle(self.now, input)
    }

    fn drain(&mut self, model: &mut impl Model) {
        loop {
            let output = self.engine.poll();
            self.digest.write(format!("{output:?}").as_bytes());
            match output {
                Output::Command(command) => model.command(self, command),
                Output::Event(event) => model.fact(self, &event.fact),
                Output::Timeout(_) => return,
            }
        }
    }

    /// Lives until `calls` calls have come and all is over.
    fn live(script: &Arc<Script>, calls: u64, model: &mut impl Model) -> (Inputs, u64) {
        let mut world = Small {
            engine: engine(script),
            now: Instant::ZERO,
            agenda: Agenda::default(),
            told: Vec::new(),
            digest: std::hash::DefaultHasher::new(),
            chance: Seed::new(7).stream(Purpose::Arrival, 0),
        };
        world.drain(model);
        model.begin(&mut world);
        world.drain(model);
        let mut come = 0;
        world.agenda.enter(Instant::ZERO, Due::Arrival);
        while let Some(next) = world.agenda.head() {
            if world.engine.next_deadline().is_some_and(|timer| timer <= next) {
                world.now = world.engine.next_deadline().unwrap_or(next);
                world.engine.advance(world.now);
                world.drain(model);
                continue;
            }
            let Some((at, due)) = world.agenda.pop() else { break };
            world.now = at;
            match due {
                Due::Input(input) => {
                    world.tell(input);
                }
                Due::Arrival if come < calls => {
                    come += 1;
                    model.arrival(&mut world, come);
                }
                Due::Arrival => {}
            }
            world.drain(model);
        }
        (world.told, world.digest.finish())
    }
}

/// Takes outputs one by one, as a world does, and counts them.
fn look_at(outputs: &mut Vec<Output>) -> u64 {
    let said = outputs.len() as u64;
    for output in outputs.drain(..) {
        match output {
            Output::Event(event) => drop(black_box(event.seq)),
            Output::Command(Command::Play(play)) => drop(play),
            Output::Command(Command::Ask { request, .. }) => drop(request),
            Output::Command(_) | Output::Timeout(_) => {}
        }
    }
    said
}

/// The engine told the inputs again; the time it took, and how much was said.
#[inline(never)]
fn replay(mut engine: Engine, inputs: Inputs) -> (Real, u64) {
    let (mut outputs, mut said) = (Vec::new(), 0);
    engine.take_outputs(&mut outputs);
    #[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
    let start = std::time::Instant::now();
    for (at, input) in inputs {
        // As a world does: what is due before is told on its own.
        while let Some(timer) = engine.next_deadline().filter(|timer| *timer < at) {
            engine.advance(timer);
            engine.take_outputs(&mut outputs);
            said += look_at(&mut outputs);
        }
        engine.handle(at, input);
        engine.take_outputs(&mut outputs);
        said += look_at(&mut outputs);
    }
    (start.elapsed(), said)
}

/// The best of several replays, in nanoseconds, and how much was said.
fn best(script: &Arc<Script>, inputs: &Inputs) -> (f64, u64) {
    let fresh = engine(script);
    let runs = (0..RUNS).map(|_| replay(fresh.clone(), inputs.clone()));
    let (time, said) = runs.min_by_key(|run| run.0).expect("there were runs");
    (time.as_nanos() as f64, said)
}

/// W1: Erlang-A. Immediate answer, exponential talk of 300 s, patience of 120 s, load 1.02 an agent.
struct Pool {
    agents: u32,
    patience: Vec<Option<Ticket>>,
}

impl Model for Pool {
    fn begin(&mut self, world: &mut Small) {
        for agent in (0..self.agents).map(AgentId) {
            world.tell(Input::AgentLoggedIn { agent, group: GroupId(0) });
            world.tell(Input::AgentReady { agent });
        }
    }

    fn arrival(&mut self, world: &mut Small, _: u64) {
        let gap = world.exponential(300.0 / 1.02 / f64::from(self.agents));
        world.agenda.enter(world.now + gap, Due::Arrival);
        world.tell(Input::CallArrived { caller: None, language: None, origin: None });
    }

    fn command(&mut self, world: &mut Small, command: Command) {
        match command {
            Command::Ring { agent, .. } => {
                world.later(Duration::ZERO, Input::AgentAnswered { agent });
            }
            Command::Connect { agent, call } => {
                if let Some(ticket) = self.patience[call.index()].take() {
                    world.agenda.cancel(ticket);
                }
                let talk = world.exponential(300.0);
                world.later(talk, Input::AgentReleased { agent });
            }
            Command::Disconnect { agent, .. } => {
                world.later(Duration::ZERO, Input::AgentReady { agent });
            }
            _ => {}
        }
    }

    fn fact(&mut self, world: &mut Small, fact: &Fact) {
        if let Fact::CallQueued { call, .. } = *fact {
            let patience = world.exponential(120.0);
            self.patience.resize(call.index() + 1, None);
            self.patience[call.index()] = Some(world.later(patience, Input::CallerHungUp { call }));
        }
    }
}

/// What the caller keys at each question of the default centre, who asks for her registration status.
const ENTRIES: [&str; 7] = ["1", "", "1", "100000042#", "12031985#", "1", "#"];

/// The default centre in the menus.
#[derive(Default)]
struct Menus {
    asked: Vec<usize>,
}

impl Model for Menus {
    fn begin(&mut self, _: &mut Small) {}

    fn arrival(&mut self, world: &mut Small, _: u64) {
        let gap = world.exponential(0.5);
        world.agenda.enter(world.now + gap, Due::Arrival);
        let caller = "0600000042".parse().ok().map(CallerNumber::new);
        world.tell(Input::CallArrived { caller, language: None, origin: None });
    }

    fn command(&mut self, world: &mut Small, command: Command) {
        match command {
            Command::Listen(listen) => {
                let call = listen.call;
                self.asked.resize(self.asked.len().max(call.index() + 1), 0);
                let nth = self.asked[call.index()];
                self.asked[call.index()] += 1;
                let mut after = world.exponential(1.5) + Duration::from_millis(200);
                for key in ENTRIES.get(nth).copied().unwrap_or_default().chars().filter_map(Key::from_char) {
                    world.later(after, Input::Dtmf { call, key });
                    after += world.exponential(0.3);
                }
            }
            Command::Ask { call, request } => {
                let reply = match request.query {
                    Query::CheckIdentity { .. } => Reply::Known(PersonId(42)),
                    _ => Reply::Answer {
                        outcome: 0,
                        results: [
                            Value::Symbol(Symbol { set: CATEGORY, word: 1 }),
                            Value::Date(Date::from_ymd(2021, 3, 1).expect("a date")),
                            Value::Digits("042".parse::<Digits>().expect("digits")),
                            Value::Unset,
                        ]
                        .into(),
                    },
                };
                world.later(Duration::ZERO, Input::Replied { call, request: request.id, reply });
            }
            _ => {}
        }
    }

    fn fact(&mut self, _: &mut Small, _: &Fact) {}
}

/// Everything at once at the default centre, by lot: for the digest.
#[derive(Default)]
struct Bustle {
    menus: Menus,
    last: u64,
}

impl Model for Bustle {
    fn begin(&mut self, world: &mut Small) {
        let groups: Vec<_> = world.engine.groups().map(|group| group.size / 3 + 1).collect();
        let members = groups.iter().enumerate().flat_map(|(i, n)| (0..*n).map(move |_| GroupId(i as u16)));
        for (agent, group) in members.enumerate().map(|(i, group)| (AgentId(i as u32), group)).collect::<Vec<_>>() {
            world.tell(Input::AgentLoggedIn { agent, group });
            world.tell(Input::AgentReady { agent });
        }
    }

    fn arrival(&mut self, world: &mut Small, nth: u64) {
        let gap = world.exponential(2.0);
        world.agenda.enter(world.now + gap, Due::Arrival);
        let caller = "0600000042".parse().ok().map(CallerNumber::new).filter(|_| !nth.is_multiple_of(5));
        if let Some(call) = world.tell(Input::CallArrived { caller, language: None, origin: None }) {
            let patience = world.exponential(400.0);
            world.later(patience, Input::CallerHungUp { call });
        }
    }

    fn command(&mut self, world: &mut Small, command: Command) {
        let lot: u32 = world.chance.random_range(0..100);
        match command {
            Command::Listen(listen) => {
                let mut after = world.exponential(2.0);
                if lot < 60 {
                    self.menus.command(world, Command::Listen(listen));
                    return;
                }
                for _ in 0..lot % 5 {
                    let key = Key::from_char("0123459#*15"[(lot % 11) as usize..].chars().next().unwrap_or('0'));
                    let key = key.filter(|_| lot < 95).unwrap_or(Key::ZERO);
                    world.later(after, Input::Dtmf { call: listen.call, key });
                    after += world.exponential(1.0);
                }
            }
            Command::Ask { call, request } if lot < 40 => {
                self.menus.command(world, Command::Ask { call, request });
            }
            Command::Ask { call, request } => {
                let reply = match (request.query, lot) {
                    (_, 98..) => Reply::Unavailable,
                    (Query::CheckIdentity { .. }, 90..) => Reply::Refused,
                    (Query::CheckIdentity { .. }, _) => Reply::Known(PersonId(lot)),
                    (Query::SendCode { .. }, 70..) => Reply::NoPhone,
                    (Query::SendCode { .. }, _) => {
                        Reply::CodeSent { tail: "42".parse().expect("digits"), valid: Duration::from_mins(5) }
                    }
                    (Query::CheckCode { .. }, _) => Reply::CodeRight,
                    (Query::Lookup { .. }, _) => Reply::Unavailable,
                };
                world.later(Duration::from_millis(300), Input::Replied { call, request: request.id, reply });
            }
            Command::Ring { agent, .. } if lot < 85 => {
                let after = world.exponential(4.0);
                world.later(after, Input::AgentAnswered { agent });
            }
            Command::Waiting { call, .. } if lot < 40 => {
                let after = world.exponential(60.0);
                let key = if lot < 30 { '1' } else { '2' };
                world.later(after, Input::Dtmf { call, key: Key::from_char(key).expect("a key") });
            }
            Command::Connect { agent, .. } => {
                let talk = world.exponential(160.0);
                world.later(talk, Input::AgentReleased { agent });
                if lot < 10 {
                    world.later(Duration::from_secs(5), Input::AgentHeld { agent });
                    world.later(Duration::from_secs(9), Input::AgentResumed { agent });
                }
                if lot > 93 {
                    let queue = world.engine.queue_named("pay").expect("a queue");
                    world.later(Duration::from_secs(20), Input::AgentTransferred { agent, queue });
                }
            }
            Command::Disconnect { agent, .. } => {
                let work = world.exponential(40.0);
                world.later(work, Input::AgentReady { agent });
                if lot < 3 {
                    world.later(work, Input::AgentNotReady { agent });
                    world.later(work + Duration::from_mins(5), Input::AgentReady { agent });
                }
            }
            Command::DialBack { call, .. } if lot < 50 => {
                world.later(Duration::from_secs(8), Input::CallerAnswered { call });
            }
            Command::DialBack { call, .. } if lot < 80 => {
                world.later(Duration::from_secs(12), Input::CallerUnreachable { call });
            }
            _ => {}
        }
    }

    fn fact(&mut self, world: &mut Small, fact: &Fact) {
        // Somebody goes home and comes back now and then.
        if let Fact::CallEnded { call, .. } = *fact
            && call.0 > self.last + 25
        {
            self.last = call.0;
            let agent = AgentId((call.0 % 20) as u32);
            world.later(Duration::ZERO, Input::AgentLoggedOut { agent });
            world.later(Duration::from_mins(3), Input::AgentLoggedIn { agent, group: GroupId((call.0 % 7) as u16) });
            world.later(Duration::from_mins(3), Input::AgentReady { agent });
        }
    }
}

fn report(name: &str, script: &Arc<Script>, calls: u64, (inputs, digest): (Inputs, u64)) {
    let keys = inputs.iter().filter(|(_, input)| matches!(input, Input::Dtmf { .. })).count() as f64;
    let (time, said) = best(script, &inputs);
    let calls = calls as f64;
    let (each, told) = (time / calls, inputs.len() as f64 / calls);
    print!("{name:<22} {each:>8.1} ns a call, {told:>5.1} inputs and {:>5.1} outputs a call", said as f64 / calls);
    if keys > 0.0 {
        print!(", {:.1} ns a key", time / keys);
    }
    println!("; digest {digest:016x}");
}

fn main() {
    let mut words = std::env::args().skip(1).filter(|word| !word.starts_with("--"));
    let model = words.next();
    let calls = words.next().and_then(|word| word.parse().ok()).unwrap_or(100_000);
    let wanted = |name: &str| model.as_deref().is_none_or(|model| model == name);
    if wanted("sizes") {
        let fact = size_of::<Fact>();
        println!(
            "bytes: output {}, command {}, fact {fact}, input {}",
            size_of::<Output>(),
            size_of::<Command>(),
            size_of::<Input>()
        );
    }
    for agents in [50, 500, 10_000] {
        let name = format!("w1-{agents}");
        if wanted(&name) {
            let script = pool(agents);
            let mut people = Pool { agents, patience: Vec::new() };
            report(&name, &script, calls, Small::live(&script, calls, &mut people));
        }
    }
    let centre = published(&Source::embedded());
    if wanted("menus") {
        let calls = calls / 10;
        report("menus", &centre, calls, Small::live(&centre, calls, &mut Menus::default()));
    }
    if wanted("bustle") {
        let calls = calls / 20;
        report("bustle", &centre, calls, Small::live(&centre, calls, &mut Bustle::default()));
    }
}
