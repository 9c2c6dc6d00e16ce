//! A whole scenario, its callers and its agents, tells the same story to the simulator and under the live driver's clock.

use std::sync::{Arc, Mutex};

use hatif::{
    engine::{Event, Fact, Input},
    live::{
        admission::Admission,
        clock::Clock,
        pump::{Errand, Parts, Pump, Tap},
        sessions::Sessions,
        store::jobs::{Unwritten, unwritten},
    },
    script::Versions,
    time::{Duration, Instant},
    world::{Notice, World, WorldConfig},
};
use tokio::sync::mpsc;

use crate::support::day::{config, hour, scenario, watched, world};

/// When the story ends, in hours after midnight.
const ENDS: f64 = 9.1;

fn begin() -> World {
    // A third more than the advisers can do, so that there are queues, redials and promises to call back.
    world(&scenario(1.33), 7)
}

/// Keeps what happens up to the end of the story.
struct Ear(Arc<Mutex<Vec<Event>>>);

impl Tap for Ear {
    fn note(&mut self, notice: &Notice, _: &Versions) {
        if let Notice::Event(event) = notice
            && event.at <= hour(ENDS)
        {
            self.0.lock().expect("nobody panics").push(event.clone());
        }
    }
}

fn assert_same(left: &[Event], right: &[Event]) {
    if let Some(i) = left.iter().zip(right).position(|(left, right)| left != right) {
        panic!("event {i} differs:\n{:?}\n{:?}", left[i], right[i]);
    }
    assert_eq!(left.len(), right.len());
}

/// What must not be gone as long as a pump runs.
type Lines = (mpsc::Sender<Errand>, mpsc::UnboundedSender<Vec<hatif::live::store::Durable>>);

/// A pump that owns a world, what leads to it (errands, and word of what is on the disk) and what it sends to the store.
fn pump(world: World, speed: f64, tap: Box<dyn Tap>) -> (Lines, Unwritten, Pump) {
    let (errand, errands) = mpsc::channel(16);
    let (jobs, written) = unwritten(100_000);
    let (written_word, durable) = mpsc::unbounded_channel();
    let parts = Parts {
        world,
        clock: Clock::start(speed),
        run: 1,
        zone: jiff::tz::TimeZone::UTC,
        sessions: Arc::new(Sessions::new(1, 1)),
        errands,
        jobs,
        durable,
        failing: Arc::default(),
        taps: vec![tap],
        status: Arc::default(),
        onlookers: Default::default(),
        admission: Admission::default(),
    };
    ((errand, written_word), written, Pump::new(parts))
}

#[tokio::test(start_paused = true)]
async fn the_simulator_and_the_live_driver_tell_the_same_day() {
    let simulated = watched(&mut begin(), hour(ENDS));
    let heard = Arc::new(Mutex::new(Vec::new()));
    let speed = 60.0;
    // The doors open at midnight, so that the live driver meets every caller.
    let (_errands, written, pump) = pump(begin(), speed, Box::new(Ear(heard.clone())));
    let up = Clock::start(speed).wall_of(hour(ENDS)) + std::time::Duration::from_secs(1);
    assert!(tokio::time::timeout_at(up, pump.run()).await.is_err(), "the pump ended by itself");
    assert_eq!(written.next(), None, "something of a synthetic caller went to the store");
    // What happened at the very beginning was told to the driver alone.
    let heard = heard.lock().expect("nobody panics");
    let before = heard.len() - simulated.len();
    assert!(heard[..before].iter().all(|event| event.at == Instant::ZERO));
    assert_same(&simulated, &heard[before..]);
    let count = |of: fn(&Fact) -> bool| simulated.iter().filter(|event| of(&event.fact)).count();
    assert!(count(|fact| matches!(fact, Fact::CallArrived { origin: Some(_), .. })) > 200);
    assert!(count(|fact| matches!(fact, Fact::CallAnswered { .. })) > 50);
    assert!(count(|fact| matches!(fact, Fact::CallQueued { .. })) > 50);
    assert!(count(|fact| matches!(fact, Fact::Authenticated { .. })) > 20);
    assert!(count(|fact| matches!(fact, Fact::AgentLoggedIn { .. })) > 50);
}

#[test]
fn strides_and_copies_change_nothing() {
    let ends = hour(8.8);
    let whole = watched(&mut begin(), ends);
    let mut world = begin();
    while world.poll().is_some() {}
    let (mut told, mut now) = (Vec::new(), Instant::ZERO);
    while now < ends {
        now = (now + Duration::from_millis(701_007)).min(ends);
        // Half of the time watched, half of the time polled; and always the copy goes on.
        if now.0 / 1_000 % 2 == 0 {
            told.extend(watched(&mut world, now));
        } else {
            world.advance_to(now);
        }
        while let Some(notice) = world.poll() {
            if let Notice::Event(event) = notice {
                told.push(event);
            }
        }
        world = world.clone();
    }
    assert!(whole.len() > 1_000, "{}", whole.len());
    assert_same(&whole, &told);
}

#[test]
fn a_driver_is_told_every_key_at_its_time() {
    let ends = hour(8.8);
    let mut world = World::new(WorldConfig { tell_inputs: true, ..config(&scenario(1.33), 7) });
    while world.poll().is_some() {}
    world.advance_to(ends);
    let (mut keys, mut events) = (std::collections::BTreeMap::<_, Vec<_>>::new(), Vec::new());
    while let Some(notice) = world.poll() {
        match notice {
            Notice::Input { at, input: Input::Dtmf { call, .. }, .. } => {
                keys.entry(call).or_default().push(at);
            }
            Notice::Event(event) => events.push(event),
            _ => {}
        }
    }
    assert_same(&watched(&mut begin(), ends), &events);
    // Nobody keys two digits of a number at once, and most numbers are keyed within seconds.
    assert!(keys.values().all(|at| at.is_sorted_by(|before, after| before < after)));
    let quick = |at: &&Vec<Instant>| at.windows(7).any(|seven| seven[6] < seven[0] + Duration::from_secs(15));
    assert!(keys.values().filter(quick).count() > 50, "{}", keys.len());
}
