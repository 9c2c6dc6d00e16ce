//! Three callers, three agents, two queues: every state that so many events can lead to, each looked at once.
//!
//! As `every_order`, but where two ways lead to states from which the same can follow ([`Engine::fingerprint`]), only one is
//! gone on from: layer by layer, so that the first breach found is reached by as few events as any. `HATIF_DEPTH` and
//! `HATIF_SECONDS` set how deep and how long; `scripts/torture exhaustion` goes to ten.

#![allow(clippy::print_stdout, reason = "the figure is what the command is run for")]

use std::{
    collections::BTreeSet,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use hashbrown::HashSet;
use hatif::{
    engine::{Engine, Input, Output},
    id::{AgentId, CallId, GroupId, QueueId},
    pii::CallerNumber,
    random::Seed,
    script::{Script, model::Key},
    time::{Duration, Instant, LocalClock},
};

use crate::{
    routing::acd,
    support::{rig::published, watch::Watch},
};

/// What may happen next. Calls and agents are named by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Move {
    On(u8),
    Off(u8),
    Ready(u8),
    Break(u8),
    Answer(u8),
    Release(u8),
    PassOn(u8),
    Press(u8, u8),
    HangUp(u8),
    PickUp(u8),
    Unreachable(u8),
    /// To the next deadline.
    Next,
    /// A few seconds, to between the deadlines.
    Wait,
    Publish,
}

/// Agents: two alike and one of another group.
const GROUPS: [u16; 3] = [0, 0, 1];
/// Numbers of the three calls, and of the calls back that may follow.
const CALLS: u8 = 6;

fn moves() -> Vec<Move> {
    use Move as M;
    let agents =
        (0..3).flat_map(|a| [M::Answer(a), M::Release(a), M::Ready(a), M::Break(a), M::PassOn(a), M::On(a), M::Off(a)]);
    let callers = (1..=3).flat_map(|c| [M::Press(c, b'1'), M::Press(c, b'2'), M::HangUp(c)]);
    let back = (4..=CALLS).flat_map(|c| [M::PickUp(c), M::Unreachable(c), M::HangUp(c)]);
    agents.chain(callers).chain(back).chain([M::Next, M::Wait, M::Publish]).collect()
}

/// A centre in which everything is over within a minute.
fn small(strategy: &str, after: &str) -> Arc<Script> {
    published(&acd(&format!(
        r#"
[queue.pay]
skills = {{ pay = 1 }}
ring = "10s"
strategy = "{strategy}"
no_answer_pause = "3s"
max_wait = "15s"
max_length = 2
closed_when_unstaffed = true
overflow = [{{ after = "{after}", to = "vip" }}]
callback = {{ ring = "5s", tries = 2, retry_after = "5s" }}
[queue.vip]
skills = {{ vip = 1 }}
priority = 1
ring = "5s"
strategy = "{strategy}"
no_answer_pause = "3s"
wrap_up_limit = "5s"
ageing = "10s"
[group.payers]
size = 1
skills = {{ pay = 1 }}
languages = ["fr"]
[group.vips]
size = 1
skills = {{ vip = 1 }}
languages = ["fr", "ar"]
"#
    )))
}

#[derive(Clone)]
struct Centre {
    engine: Engine,
    watch: Watch,
    now: Instant,
}

impl Centre {
    /// Three callers at the menu, three agents ready.
    fn begin(strategy: &str) -> Centre {
        let engine = Engine::new(small(strategy, "8s"), LocalClock::utc(), Seed::new(1)).audited();
        let mut centre = Centre { engine, watch: Watch::default(), now: Instant::ZERO };
        for (agent, group) in GROUPS.iter().enumerate() {
            let agent = AgentId(agent as u32);
            centre.tell(Input::AgentLoggedIn { agent, group: GroupId(*group) });
            centre.tell(Input::AgentReady { agent });
        }
        for number in ["0600000001", "0600000002", "0600000003"] {
            let caller = Some(CallerNumber::new(number.parse().expect("digits")));
            centre.tell(Input::CallArrived { caller, language: None, origin: None });
        }
        centre
    }

    fn tell(&mut self, input: Input) {
        self.engine.handle(self.now, input);
        self.drain();
    }

    fn drain(&mut self) {
        loop {
            match self.engine.poll() {
                Output::Command(command) => self.watch.hear(self.engine.now(), &command),
                Output::Event(event) => self.watch.notice(&event.fact),
                Output::Timeout(next) => {
                    assert!(next.is_none_or(|next| next >= self.engine.now()), "a deadline has passed");
                    return;
                }
            }
        }
    }

    /// From deadline to deadline, as a driver does.
    fn advance(&mut self, to: Instant) {
        self.now = to;
        while let Some(next) = self.engine.next_deadline().filter(|next| *next <= to) {
            self.engine.advance(next);
            self.drain();
        }
        self.engine.advance(to);
        self.drain();
    }

    /// Whether it fitted.
    fn does(&mut self, what: Move, edition: &Arc<Script>) -> bool {
        let ignored = self.engine.ignored_inputs();
        let agent = |a: u8| AgentId(a.into());
        let call = |c: u8| CallId(c.into());
        self.tell(match what {
            Move::On(a) => Input::AgentLoggedIn { agent: agent(a), group: GroupId(GROUPS[usize::from(a)]) },
            Move::Off(a) => Input::AgentLoggedOut { agent: agent(a) },
            Move::Ready(a) => Input::AgentReady { agent: agent(a) },
            Move::Break(a) => Input::AgentNotReady { agent: agent(a) },
            Move::Answer(a) => Input::AgentAnswered { agent: agent(a) },
            Move::Release(a) => Input::AgentReleased { agent: agent(a) },
            Move::PassOn(a) => Input::AgentTransferred { agent: agent(a), queue: QueueId(u16::from(a < 2)) },
            Move::Press(c, key) => Input::Dtmf { call: call(c), key: Key::from_char(key.into()).expect("a key") },
            Move::HangUp(c) => Input::CallerHungUp { call: call(c) },
            Move::PickUp(c) => Input::CallerAnswered { call: call(c) },
            Move::Unreachable(c) => Input::CallerUnreachable { call: call(c) },
            Move::Publish => {
                if Arc::ptr_eq(self.engine.current_script(), edition) {
                    return false;
                }
                Input::ScriptPublished { script: edition.clone() }
            }
            Move::Next => {
                let Some(next) = self.engine.next_deadline() else { return false };
                self.advance(next);
                return true;
            }
            Move::Wait => {
                self.advance(self.now + Duration::from_secs(4));
                return true;
            }
        });
        self.engine.ignored_inputs() == ignored
    }

    /// Whatever state this is, everybody goes home from it.
    fn ends(mut self) {
        self.advance(self.now + Duration::from_secs(120));
        self.tell(Input::DrainEnded);
        self.watch.end();
        let census = self.engine.census();
        assert_eq!(census.offered, census.ended, "a call has not ended");
    }
}

/// How a state is reached: places in the list of moves.
type Path = Vec<u8>;

/// What a search found.
struct Found {
    /// States first reached by so many events.
    layers: Vec<usize>,
    transitions: u64,
    /// The last layer was looked at as a whole.
    whole: bool,
}

struct Search {
    moves: Vec<Move>,
    begin: Centre,
    edition: Arc<Script>,
    seen: Vec<Mutex<HashSet<u64, foldhash::fast::FixedState>>>,
}

const SHARDS: usize = 64;

impl Search {
    fn new(strategy: &str) -> Search {
        let seen = (0..SHARDS).map(|_| Mutex::default()).collect();
        Search { moves: moves(), begin: Centre::begin(strategy), edition: small(strategy, "4s"), seen }
    }

    fn is_new(&self, centre: &Centre) -> bool {
        let print = centre.engine.fingerprint();
        self.seen[(print >> 58) as usize % SHARDS].lock().expect("nobody panics here").insert(print)
    }

    fn told(&self, path: &[u8]) -> Centre {
        let mut centre = self.begin.clone();
        path.iter().for_each(|step| {
            centre.does(self.moves[usize::from(*step)], &self.edition);
        });
        centre
    }

    /// The states that follow one and were not seen before, and how many follow at all.
    fn expand(&self, path: &[u8], next: &mut Vec<Path>) -> u64 {
        let here = self.told(path);
        let mut transitions = 0;
        for (i, what) in self.moves.iter().enumerate() {
            let mut centre = here.clone();
            if !centre.does(*what, &self.edition) {
                continue;
            }
            transitions += 1;
            if self.is_new(&centre) {
                next.push([path, &[i as u8]].concat());
                centre.ends();
            }
        }
        transitions
    }

    /// Layer by layer to a depth, or until the time is over.
    fn run(&self, depth: usize, is_over: &(impl Fn() -> bool + Sync)) -> Found {
        self.is_new(&self.begin);
        let mut layer: Vec<Path> = vec![Vec::new()];
        let mut found = Found { layers: vec![1], transitions: 0, whole: true };
        for _ in 0..depth {
            let (taken, sum) = (AtomicUsize::new(0), Mutex::new((Vec::new(), 0_u64, true)));
            let work = || {
                let (mut next, mut transitions, mut whole) = (Vec::new(), 0, true);
                while let Some(path) = layer.get(taken.fetch_add(1, Ordering::Relaxed)) {
                    if is_over() {
                        whole = false;
                        break;
                    }
                    let told = catch_unwind(AssertUnwindSafe(|| self.expand(path, &mut next)));
                    let way: Vec<Move> = path.iter().map(|step| self.moves[usize::from(*step)]).collect();
                    transitions += told.unwrap_or_else(|_| panic!("a law is broken one event after {way:?}"));
                }
                let mut sum = sum.lock().expect("nobody panics here");
                sum.0.append(&mut next);
                sum.1 += transitions;
                sum.2 &= whole;
            };
            let workers = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
            std::thread::scope(|scope| {
                (0..workers).for_each(|_| {
                    scope.spawn(work);
                });
            });
            let (next, transitions, whole) = sum.into_inner().expect("nobody panics here");
            found.layers.push(next.len());
            found.transitions += transitions;
            found.whole = whole;
            layer = next;
            if !whole || layer.is_empty() {
                break;
            }
        }
        found
    }
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name}={text} is not a number")))
}

#[test]
fn the_laws_hold_in_every_state_four_events_lead_to() {
    for strategy in ["longest_idle", "ring_all"] {
        let found = Search::new(strategy).run(4, &|| false);
        assert!(found.whole && found.layers[4] > 1_000, "{strategy}: {:?}", found.layers);
    }
}

/// Ways that differ in order, or in which of two like agents acts, are one state; ways that differ in what can follow are not.
#[test]
fn states_are_told_apart_by_what_can_follow() {
    let search = Search::new("longest_idle");
    let print = |way: &[Move]| {
        let mut centre = search.begin.clone();
        way.iter().for_each(|what| assert!(centre.does(*what, &search.edition), "{way:?}"));
        centre.engine.fingerprint()
    };
    use Move as M;
    assert_eq!(print(&[M::Break(0), M::Break(1)]), print(&[M::Break(1), M::Break(0)]));
    assert_eq!(print(&[M::Break(0)]), print(&[M::Break(1)]), "agents of a group are alike");
    assert_eq!(print(&[M::HangUp(2)]), print(&[M::HangUp(3)]), "so are callers who have done nothing");
    let alone = BTreeSet::from([
        print(&[]),
        print(&[M::Break(0)]),
        print(&[M::Break(2)]),
        print(&[M::Press(1, b'1')]),
        print(&[M::Press(1, b'2')]),
        print(&[M::Press(2, b'1')]),
        print(&[M::Press(1, b'1'), M::Answer(0)]),
        print(&[M::Wait]),
        print(&[M::Publish]),
        print(&[M::HangUp(1)]),
        print(&[M::HangUp(1), M::HangUp(2)]),
    ]);
    assert_eq!(alone.len(), 11);
}

#[test]
#[ignore = "ten events deep takes long: scripts/torture exhaustion"]
fn every_state() {
    let depth = number("HATIF_DEPTH").unwrap_or(10) as usize;
    let most = hatif::live::clock::Clock::start(1.0);
    let over = Duration::from_secs(number("HATIF_SECONDS").unwrap_or(u64::MAX / 2_000_000));
    let mut figure = Vec::new();
    for strategy in ["longest_idle", "ring_all"] {
        let began = most.now();
        let found = Search::new(strategy).run(depth, &|| most.now().since(began) > over);
        let reached = found.layers.len() - 1 - usize::from(!found.whole);
        println!("{strategy}: states by depth {:?}, {} transitions", found.layers, found.transitions);
        let states: usize = found.layers.iter().sum();
        figure.push(format!(
            "{strategy}: {states} states, {} transitions, every state to depth {reached}",
            found.transitions
        ));
    }
    println!("figure: {}", figure.join("; "));
}
