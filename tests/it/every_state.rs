//! Three callers, three agents, two queues: every state that so many events can lead to, each looked at once.
//!
//! As `every_order`, but where two ways lead to states from which the same can follow ([`Centre::print`]), only one is gone on
//! from: layer by layer, so that the first breach found is reached by as few events as any. Every event is followed by an
//! audit of the engine and heard by the [`Watch`](crate::support::watch::Watch); from every new state the centre is closed
//! down at once, and left alone until nothing more happens.
//!
//! Why nothing is missed by that: a print holds all of the state that decides what can follow, and what it leaves out only
//! names things or is said (see [`hatif::engine::Fingerprint`]): which of the agents of a group is which, as who has been idle
//! longest is part of the state; which numbers calls have, but for their order; what the time is, as all deadlines count
//! from it; what has ended. So what can follow from one of two states with the same print can follow from the other under
//! other names, by as many events, and a law that holds of one holds of the other: laws name nobody. What the engine keeps
//! twice is no part of a print, but is audited after every event, also of those that lead to states seen before. What the
//! watch knows is part of it, so that a command left out or said twice makes another state. That a print holds all that is
//! needed is also tried: [`nothing_is_missed_by_merging`] tells every way, merged and not.
//!
//! A state is not kept but how it is reached, a byte an event, and told again. `HATIF_DEPTH` and `HATIF_SECONDS` say how deep and
//! how long; `scripts/torture exhaustion` goes to ten.

#![allow(clippy::print_stdout, reason = "the figure is what the command is run for")]

use std::{
    collections::BTreeSet,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use hashbrown::HashSet;
use hatif::{engine::Census, time::Duration};

use crate::support::moves::{ACTS, Act, Cast, Centre, DEEDS, Deed, Move, Rules};

/// Agents: two alike and one of another group.
const GROUPS: &[u16] = &[0, 0, 1];

/// All that may happen.
const ALL: Cast = Cast { agents: GROUPS, acts: ACTS, callers: 3, deeds: DEEDS, waits: &[4], next: true, publish: true };

/// The bare work of a centre: callers call, choose and hang up, agents answer, release, pause and come back, time passes to
/// the next deadline.
const CORE: Cast = Cast {
    agents: GROUPS,
    acts: &[Act::Answer, Act::Release, Act::Ready, Act::Break],
    callers: 3,
    deeds: &[Deed::Press('1'), Deed::Press('2'), Deed::HangUp],
    waits: &[],
    next: true,
    publish: false,
};

fn rules(strategy: &'static str) -> Rules {
    Rules { strategy, pause: "3s", most: 2 }
}

/// The prints of states, in parts, so that several may add at once.
struct Prints(Vec<Mutex<HashSet<u128, foldhash::fast::FixedState>>>);

impl Prints {
    fn new() -> Prints {
        Prints((0..256).map(|_| Mutex::default()).collect())
    }

    fn part(&self, print: u128) -> std::sync::MutexGuard<'_, HashSet<u128, foldhash::fast::FixedState>> {
        self.0[(print >> 120) as usize].lock().expect("nobody panics here")
    }

    /// Whether it is new.
    fn add(&self, print: u128) -> bool {
        self.part(print).insert(print)
    }

    fn has(&self, print: u128) -> bool {
        self.part(print).contains(&print)
    }
}

/// What a search found.
#[derive(Debug)]
struct Found {
    /// States first reached by so many events.
    layers: Vec<usize>,
    transitions: u64,
    /// The last layer was looked at as a whole.
    whole: bool,
}

impl Found {
    /// Every state to this depth was looked at.
    fn depth(&self) -> usize {
        self.layers.len() - 1 - usize::from(!self.whole)
    }
}

/// What came of a part of a layer.
#[derive(Default)]
struct Sum {
    /// How the states of the next layer are reached: places in the lists of moves, as many a state.
    next: Vec<u8>,
    transitions: u64,
    /// It is only a part because time was over.
    cut: bool,
}

struct Search {
    begin: Centre,
    seen: Prints,
    /// States on the way home from others.
    home: Prints,
    /// Each state is gone on from once, and not on each way to it.
    merges: bool,
    /// A law of the test's own, and by how few events it was seen broken.
    law: fn(Census) -> bool,
    broken: AtomicUsize,
}

/// So many states are taken at a time: those that follow each other begin alike.
const BLOCK: usize = 32;

impl Search {
    fn new(begin: Centre) -> Search {
        let (seen, home) = (Prints::new(), Prints::new());
        seen.add(begin.print());
        Search { begin, seen, home, merges: true, law: |_| true, broken: AtomicUsize::new(usize::MAX) }
    }

    /// The states on a way, each told from the one before; `trail` holds those of the way told last.
    fn told<'a>(&self, way: &[u8], trail: &'a mut Vec<(u8, Centre)>) -> &'a Centre {
        if trail.is_empty() {
            trail.push((0, self.begin.clone()));
        }
        let alike = way.iter().zip(&trail[1..]).take_while(|(step, told)| **step == told.0).count();
        trail.truncate(1 + alike);
        for step in &way[alike..] {
            let mut centre = trail[trail.len() - 1].1.clone();
            let what = centre.moves()[usize::from(*step)];
            centre.does(what);
            trail.push((*step, centre));
        }
        &trail[trail.len() - 1].1
    }

    /// The states that follow one and were not seen before, and how many follow at all.
    fn expand(&self, way: &[u8], here: &Centre, sum: &mut Sum) {
        let settled = here.is_settled();
        let mut untouched: Option<Centre> = None;
        for (i, what) in here.moves().into_iter().enumerate() {
            let mut centre = untouched.take().unwrap_or_else(|| here.clone());
            if !centre.does(what) {
                untouched = Some(centre).filter(|_| settled);
                continue;
            }
            sum.transitions += 1;
            let is_new = self.seen.add(centre.print());
            if is_new || !self.merges {
                sum.next.extend_from_slice(way);
                sum.next.push(i as u8);
                if !(self.law)(centre.engine.census()) {
                    self.broken.fetch_min(way.len() + 1, Ordering::Relaxed);
                }
            }
            if is_new {
                centre.clone().closes();
                self.goes_home(centre);
            }
        }
    }

    /// Left alone, a centre comes to rest, or to a state from which that was or will be tried; then it is closed down.
    fn goes_home(&self, mut centre: Centre) {
        for _ in 0..60 {
            let Some(next) = centre.engine.next_deadline() else { break };
            centre.advance(next);
            let print = centre.print();
            if self.seen.has(print) || !self.home.add(print) {
                return;
            }
        }
        centre.closes();
    }

    /// What follows the states of a layer, as far as they are still to be taken.
    fn work(&self, layer: &[u8], depth: usize, taken: &AtomicUsize, is_over: &impl Fn() -> bool) -> Sum {
        let (mut sum, mut trail) = (Sum::default(), Vec::new());
        // The first layer is one state, reached by nothing.
        let states = layer.len().checked_div(depth).unwrap_or(1);
        loop {
            let first = taken.fetch_add(BLOCK, Ordering::Relaxed);
            for state in first..(first + BLOCK).min(states) {
                let way = &layer[state * depth..(state + 1) * depth];
                let here = self.told(way, &mut trail);
                let told = catch_unwind(AssertUnwindSafe(|| self.expand(way, here, &mut sum)));
                assert!(told.is_ok(), "a law is broken one event after {:?}", self.names(way));
            }
            sum.cut = first + BLOCK < states && is_over();
            if first >= states || sum.cut {
                return sum;
            }
        }
    }

    /// What happens on a way.
    fn names(&self, way: &[u8]) -> Vec<Move> {
        let mut centre = self.begin.clone();
        let step = |step: &u8| {
            let what = centre.moves()[usize::from(*step)];
            centre.does(what);
            what
        };
        way.iter().map(step).collect()
    }

    /// Layer by layer to a depth, or until the time is over.
    fn run(&self, most: usize, is_over: &(impl Fn() -> bool + Sync)) -> Found {
        let mut layer = Vec::new();
        let mut found = Found { layers: vec![1], transitions: 0, whole: true };
        for depth in 0..most {
            let taken = AtomicUsize::new(0);
            let workers = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
            let sums: Vec<Sum> = std::thread::scope(|scope| {
                let start = |_| scope.spawn(|| self.work(&layer, depth, &taken, is_over));
                let started: Vec<_> = (0..workers).map(start).collect();
                started.into_iter().map(|worker| worker.join().expect("a law is broken")).collect()
            });
            found.transitions += sums.iter().map(|sum| sum.transitions).sum::<u64>();
            found.whole = sums.iter().all(|sum| !sum.cut);
            layer = Vec::new();
            sums.into_iter().for_each(|mut sum| layer.append(&mut sum.next));
            found.layers.push(layer.len() / (depth + 1));
            println!("  {:?}", found.layers);
            if !found.whole || layer.is_empty() {
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
        let found = Search::new(Centre::all_there(&ALL, rules(strategy))).run(4, &|| false);
        assert!(found.whole && found.layers[4] > 1_000, "{strategy}: {:?}", found.layers);
    }
}

/// Every way to a state is told, and again only one to each: the same states come about at each depth, and a law that does not
/// hold is found broken by as many events.
#[test]
fn nothing_is_missed_by_merging() {
    let wrong: [fn(Census) -> bool; 5] = [
        |census| census.held == 0,
        |census| census.talking + census.queued < 2,
        |census| census.offered < 4,
        |census| census.ringing < 2 || census.ended == 0,
        |census| census.ended < 2 || census.talking == 0,
    ];
    for strategy in ["longest_idle", "ring_all"] {
        let run = |merges, law, depth| {
            let mut search = Search::new(Centre::all_there(&ALL, rules(strategy)));
            (search.merges, search.law) = (merges, law);
            search.run(depth, &|| false);
            search
        };
        let states = |search: Search| -> BTreeSet<u128> {
            search.seen.0.into_iter().flat_map(|part| part.into_inner().expect("nobody panics here")).collect()
        };
        // Unmerged, four events take a second in a release build and a minute in another.
        let depth = if cfg!(debug_assertions) { 3 } else { 4 };
        let (merged, told) = (run(true, |_| true, depth), run(false, |_| true, depth));
        assert_eq!(states(merged), states(told), "{strategy}");
        for (i, law) in wrong.into_iter().enumerate() {
            let broken = |merges| run(merges, law, 3).broken.into_inner();
            let (merged, told) = (broken(true), broken(false));
            assert!(told < 4 && merged == told, "{strategy}, law {i}: {merged} and {told} events");
        }
    }
}

/// Ways that differ in order, or in which of two like agents acts, are one state; ways that differ in what can follow are not.
#[test]
fn states_are_told_apart_by_what_can_follow() {
    let begin = Centre::all_there(&ALL, rules("longest_idle"));
    let print = |way: &[Move]| {
        let mut centre = begin.clone();
        way.iter().for_each(|what| assert!(centre.does(*what), "{way:?}"));
        centre.print()
    };
    let agent = Move::Agent;
    let caller = |call, deed| Move::Caller(hatif::id::CallId(call), deed);
    let press = |call, key| caller(call, Deed::Press(key));
    assert_eq!(
        print(&[agent(0, Act::Break), agent(1, Act::Break)]),
        print(&[agent(1, Act::Break), agent(0, Act::Break)])
    );
    assert_eq!(print(&[agent(0, Act::Break)]), print(&[agent(1, Act::Break)]), "agents of a group are alike");
    let gone = |call| print(&[caller(call, Deed::HangUp)]);
    assert_eq!(gone(2), gone(3), "so are callers who have done nothing");
    let alone = BTreeSet::from([
        print(&[]),
        print(&[agent(0, Act::Break)]),
        print(&[agent(2, Act::Break)]),
        print(&[press(1, '1')]),
        print(&[press(1, '2')]),
        print(&[press(2, '1')]),
        print(&[press(1, '1'), agent(0, Act::Answer)]),
        print(&[press(1, '1'), agent(0, Act::Reject)]),
        print(&[Move::Wait(4)]),
        print(&[Move::Publish]),
        gone(1),
        print(&[caller(1, Deed::HangUp), caller(2, Deed::HangUp)]),
    ]);
    assert_eq!(alone.len(), 12);
}

#[test]
#[ignore = "ten events deep takes long: scripts/torture exhaustion"]
fn every_state() {
    let depth = number("HATIF_DEPTH").unwrap_or(10) as usize;
    let clock = hatif::live::clock::Clock::start(1.0);
    let over = Duration::from_secs(number("HATIF_SECONDS").unwrap_or(u64::MAX / 2_000_000));
    let mut figure = Vec::new();
    for strategy in ["longest_idle", "ring_all"] {
        let all = ("all that may happen, from nobody there", Centre::begin(&ALL, rules(strategy)));
        let core = ("the bare work, from three at the menu", Centre::all_there(&CORE, rules(strategy)));
        for (what, begin) in [all, core] {
            let began = clock.now();
            let found = Search::new(begin).run(depth, &|| clock.now().since(began) > over);
            println!("{strategy}, {what}: {}", clock.now().since(began));
            println!("  states by depth {:?}, {} transitions", found.layers, found.transitions);
            let states: usize = found.layers.iter().sum();
            let (transitions, depth) = (found.transitions, found.depth());
            figure
                .push(format!("{strategy}, {what}: {states} states, {transitions} transitions, all to depth {depth}"));
        }
    }
    println!("figure: {}", figure.join("; "));
}
