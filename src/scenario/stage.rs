//! What all replications of a scenario share, and the world of one of them.

use std::sync::Arc;

use super::Scenario;
use crate::{
    people::{demand::rules::Whom, population::Population},
    random::Seed,
    registry::{Config, Registry, margins::MIN_SIZE},
    world::{
        WorldConfig,
        services::{self, Services},
    },
};

/// The registry of a scenario, generated once and shared by all replications. Each replication changes a copy of its own.
#[derive(Clone)]
pub struct Stage {
    /// The people as they are when the run begins.
    pub registry: Arc<Registry>,
    /// Who of them could call, indexed once; `None`: nobody of the registry calls.
    pub population: Option<Arc<Population>>,
}

impl Stage {
    /// Generates what the scenario needs. A scenario without a registry is given the smallest, which answers the script's
    /// questions about nobody.
    pub fn of(scenario: &Scenario) -> Stage {
        let (size, seed) = scenario.registry.unwrap_or((MIN_SIZE, 1));
        let registry = Registry::generated(size, seed);
        let callers = scenario.cast.demand.sources.iter().any(|source| matches!(source.people, Whom::Registry(_)));
        let population = callers.then(|| Arc::new(Population::of(&registry)));
        Stage { registry: Arc::new(registry), population }
    }
}

impl Scenario {
    /// The world of one replication, the same for whoever runs it. Services keep nothing to be stored; a driver that stores
    /// it builds its own.
    pub fn world(&self, stage: &Stage, seed: Seed) -> WorldConfig {
        let registry = Arc::new(Registry::clone(&stage.registry));
        let config = services::Config { limits: Config::default().limits, keep: false, ..services::Config::default() };
        let services = Services::new(registry, config, seed);
        WorldConfig {
            cast: Some(self.cast.clone()),
            incidents: self.incidents.clone(),
            population: stage.population.clone(),
            horizon: self.horizon,
            ..WorldConfig::new(self.script.clone(), self.clock.clone(), seed, services)
        }
    }

    /// The root of chance of the `nth` replication, from 0.
    pub fn seed_of(&self, nth: u32) -> Seed {
        Seed { seed: self.seed, replication: nth }
    }
}
