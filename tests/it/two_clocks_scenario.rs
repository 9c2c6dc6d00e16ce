//! A whole scenario, its callers and its agents, tells the same story to the simulator and under the live driver's clock.

use std::sync::{Arc, Mutex};

use hatif::{
    engine::{Event, Fact},
    live::{
        clock::Clock,
        pump::{Parts, Pump, Tap},
        sessions::Sessions,
    },
    script::Versions,
    time::{Duration, Instant},
    world::{Notice, World},
};
use tokio::sync::mpsc;

use crate::support::day::{hour, scenario, watched, world};

/// When the doors open for those who dial in, and when the story ends.
const OPENS: f64 = 9.0;
const ENDS: f64 = 9.75;

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

/// A pump of a world that has been run ahead to the opening of the doors.
fn pump(
    world: World,
    opens: Instant,
    speed: f64,
    tap: Box<dyn Tap>,
) -> (mpsc::Sender<hatif::live::pump::Demand>, Pump) {
    let (demand, demands) = mpsc::channel(16);
    let (jobs, mut written) = mpsc::channel(16);
    let (_, durable) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Some(job) = written.recv().await {
            panic!("something of a synthetic caller goes to the store: {job:?}");
        }
    });
    let parts = Parts {
        world,
        clock: Clock::start_at(opens, speed),
        run: 1,
        zone: jiff::tz::TimeZone::UTC,
        sessions: Arc::new(Sessions::new(1, 1)),
        demands,
        jobs,
        durable,
        failing: Arc::default(),
        taps: vec![tap],
        status: Arc::default(),
    };
    (demand, Pump::new(parts))
}

#[tokio::test(start_paused = true)]
async fn the_simulator_and_the_live_driver_tell_the_same_day() {
    let simulated = watched(&mut begin(), hour(ENDS));
    for speed in [1.0, 60.0] {
        // Doors that open at midnight, so that the live driver meets every caller; then doors that open at nine.
        for opens in [Instant::ZERO, hour(OPENS)] {
            let mut world = begin();
            let heard = match opens {
                Instant::ZERO => Vec::new(),
                opens => watched(&mut world, opens),
            };
            let heard = Arc::new(Mutex::new(heard));
            if opens > Instant::ZERO {
                // Who calls before the doors open is known to whoever runs ahead; here the store's side is not looked at.
                let before = heard.lock().expect("nobody panics").len();
                assert!(before > 1_000, "{before}");
                let mut copy = world.clone();
                let rest = watched(&mut copy, hour(ENDS));
                assert_same(&simulated[before..], &rest);
                continue;
            }
            let (_demands, pump) = pump(world, opens, speed, Box::new(Ear(heard.clone())));
            let up = Clock::start_at(opens, speed).wall_of(hour(ENDS)) + std::time::Duration::from_secs(1);
            assert!(tokio::time::timeout_at(up, pump.run()).await.is_err(), "the pump ended by itself");
            // What happened at the very beginning was told to nobody by the watch of the simulated run.
            let heard = heard.lock().expect("nobody panics");
            let from = heard.len() - simulated.len();
            assert_same(&simulated, &heard[from..]);
        }
    }
}

#[test]
fn the_day_has_everything_in_it() {
    let events = watched(&mut begin(), hour(ENDS));
    let count = |of: fn(&Fact) -> bool| events.iter().filter(|event| of(&event.fact)).count();
    assert!(count(|fact| matches!(fact, Fact::CallArrived { origin: Some(_), .. })) > 800);
    assert!(count(|fact| matches!(fact, Fact::CallAnswered { .. })) > 300);
    assert!(count(|fact| matches!(fact, Fact::CallQueued { .. })) > 300);
    assert!(count(|fact| matches!(fact, Fact::Authenticated { .. })) > 100);
    assert!(count(|fact| matches!(fact, Fact::CallArrived { origin: Some(origin), .. } if origin.attempt > 1)) > 0);
    assert!(count(|fact| matches!(fact, Fact::AgentLoggedIn { .. })) > 60);
}

#[test]
fn strides_and_copies_change_nothing() {
    let ends = hour(9.2);
    let whole = watched(&mut begin(), ends);
    let mut world = begin();
    let mut told = Vec::new();
    while let Some(notice) = world.poll() {
        assert!(matches!(notice, Notice::Event(_)), "{notice:?}");
    }
    let mut now = Instant::ZERO;
    while now < ends {
        now = (now + Duration::from_millis(701_007)).min(ends);
        // Half of the time watched, half of the time polled.
        if now.0 % 2 == 0 {
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
    assert_same(&whole, &told);
}
