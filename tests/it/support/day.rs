//! An ordinary day of the default centre on a small registry, as busy as with a large one.

use std::sync::{Arc, LazyLock};

use hatif::{
    engine::Event,
    people::cast::Cast,
    random::Seed,
    scenario::{Scenario, Stage},
    time::{Duration, Instant},
    world::{World, WorldConfig, services},
};

/// So many people stand for the 3.2 million.
const PEOPLE: u32 = 20_000;

static STAGE: LazyLock<Stage> = LazyLock::new(|| Stage::of(&scenario(1.0)));

/// The scenario; `load` 1 is the ordinary number of calls.
pub fn scenario(load: f64) -> Scenario {
    let mut scenario = Scenario::named("ordinary_day", &[], None).expect("a scenario of the program");
    scenario.registry = Some((PEOPLE, 1));
    let mut cast = Cast::clone(&scenario.cast);
    cast.demand.sources.iter_mut().for_each(|source| source.factor *= load * 3_200_000.0 / f64::from(PEOPLE));
    scenario.cast = Arc::new(cast);
    scenario
}

/// Its world.
pub fn world(scenario: &Scenario, seed: u64) -> World {
    World::new(config(scenario, seed))
}

/// What its world is made of; services keep what a driver stores.
pub fn config(scenario: &Scenario, seed: u64) -> WorldConfig {
    let config = scenario.world(&STAGE, Seed::new(seed));
    let registry = Arc::new((**config.services.registry()).clone());
    let services = services::Services::new(registry, services::Config::default(), Seed::new(seed));
    WorldConfig { services, ..config }
}

/// The instant of a time of its day, in hours.
pub fn hour(hours: f64) -> Instant {
    Instant::ZERO + Duration::from_secs_f64(hours * 3_600.0)
}

/// What happens up to an instant.
pub fn watched(world: &mut World, until: Instant) -> Vec<Event> {
    let mut events = Vec::new();
    world.watch(until, &mut |event| events.push(event.clone()));
    events
}
