//! Tests for faults of known classes, each of which `scripts/torture canaries` plants and these must see (with some tests of
//! other subjects): what is kept of a call for ever, and failed checks that come together.

use hatif::{
    canary::{Canary, canary},
    engine::{Fact, Input},
    id::{CallId, RequestId},
    pii::{CallerNumber, Secret},
    random::Seed,
    script::{
        catalogue::{ClaimKind, Query, Reply, Request},
        model::Key,
    },
    time::{Duration, Instant},
    world::{Notice, World},
};

use crate::support::busy::{busy, clock, credentials, services, world};

/// One call through the menus, a queue and an agent, told from its beginning to its end. Nothing is lodged in it, which
/// would be kept by right.
fn one_call(world: &mut World) {
    let caller = Some(CallerNumber::new("0600000042".parse().expect("digits")));
    let call =
        world.inject(world.now(), Input::CallArrived { caller, language: None, origin: None }).expect("it is open");
    for (key, secs) in [('1', 4), ('0', 30)] {
        world.inject(world.now(), Input::Dtmf { call, key: Key::from_char(key).expect("a key") });
        world.advance_to(world.now() + Duration::from_secs(secs));
    }
    world.inject(world.now(), Input::CallerHungUp { call });
    // Until the agent is ready again.
    world.advance_to(world.now() + Duration::from_mins(10));
    while world.poll().is_some() {}
}

/// What all tables of a world hold, as a `Debug` print shows it: a field for each thing kept.
fn kept(world: &World) -> usize {
    let (print, census) = (format!("{world:?}"), world.engine().census());
    assert_eq!(census.offered, census.ended, "a call is still in progress");
    print.matches([',', '{', '(', '[']).count()
}

#[test]
fn nothing_is_kept_of_a_call_that_is_over() {
    let mut world = world(busy("longest_idle"), 1, true);
    let mut after = |calls: usize| {
        (0..calls).for_each(|_| one_call(&mut world));
        kept(&world)
    };
    // Tables grow to what is needed at a time.
    let (few, many) = (after(30), after(120));
    assert!(many < few + 120, "{} things are kept of 120 calls", many - few);
}

/// Answers to what comes at one instant are as if each had come alone.
#[test]
fn failed_checks_that_come_together_are_all_counted() {
    let mut services = services(Seed::new(1));
    let (claim, birth) = credentials().remove(0);
    let mut ask = |call: u64, birth: &str| {
        let id = Secret::new(claim.trim_end_matches('#').parse().expect("digits"));
        let birth = Secret::new(birth.parse().expect("digits"));
        let query = Query::CheckIdentity { claim: ClaimKind::Number, id, birth };
        let request = Request { id: RequestId(1), caller: None, query };
        services.answer(Instant::from_secs(60), &clock(), CallId(call), &request)
    };
    // The five that the default limits allow, in five calls at the same instant; then even the right one is refused.
    for call in 1..=5 {
        assert!(matches!(ask(call, "01011900"), Reply::Refused), "attempt {call}");
    }
    let sixth = ask(6, &birth);
    assert!(!matches!(sixth, Reply::Known(_)), "{sixth:?}");
}

/// The same story in two worlds is told alike, whatever this process drew by lot.
#[test]
fn nothing_drawn_by_the_process_decides_who_is_rung() {
    let rung = || {
        let mut world = world(busy("longest_idle"), 3, true);
        let mut agents = Vec::new();
        for _ in 0..40 {
            let caller = Some(CallerNumber::new("0600000042".parse().expect("digits")));
            let call = world.inject(world.now(), Input::CallArrived { caller, language: None, origin: None });
            let call = call.expect("it is open");
            for (key, secs) in [('1', 4), ('0', 9)] {
                world.inject(world.now(), Input::Dtmf { call, key: Key::from_char(key).expect("a key") });
                world.advance_to(world.now() + Duration::from_secs(secs));
            }
            while let Some(notice) = world.poll() {
                if let Notice::Event(event) = notice
                    && let Fact::CallPresented { agent, .. } = event.fact
                {
                    agents.push(agent);
                }
            }
        }
        agents
    };
    let first = rung();
    assert!(first.len() > 20, "only {} calls were presented", first.len());
    assert_eq!(first, rung());
}

#[test]
fn without_the_feature_no_fault_is_in_force() {
    let named = std::env::var("HATIF_CANARY").unwrap_or_default();
    for which in Canary::ALL {
        assert_eq!(canary(which), cfg!(feature = "canaries") && which.name() == named, "{which:?}");
    }
}
