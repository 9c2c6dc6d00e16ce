//! Whose calls they are: the people of a scenario, in the order in which they would call there.

use std::sync::Arc;

use super::plan::{Arrivals, Callers, Plan};
use crate::{
    people::{
        demand::{Birth, Demand, rules::Whom},
        population::Population,
    },
    random::Seed,
    registry::Registry,
    scenario::Scenario,
    time::Instant,
};

/// The callers to come. With a rate of its own the load takes who comes next in the scenario, whenever she would have come;
/// when the scenario has no more, it begins anew with other chance.
#[derive(Clone, Debug)]
pub struct Births {
    demand: Demand,
    seed: Seed,
    from: Instant,
    /// How often the scenario has begun anew.
    rounds: u32,
    count: u64,
}

/// Everything about the people of a run.
#[derive(Debug)]
pub struct People {
    /// Whose menus, personas and demand they are.
    pub scenario: Scenario,
    /// Who they are.
    pub registry: Registry,
    /// At which instant of the scenario the run begins.
    pub from: Instant,
}

/// Why a run has no callers.
#[derive(Debug, thiserror::Error)]
pub enum PeopleError {
    /// It begins when the scenario is over.
    #[error("at {at} the scenario `{scenario}` is over; choose an earlier --at")]
    Over {
        /// Its name.
        scenario: String,
        /// What was asked for.
        at: jiff::civil::Time,
    },
    /// Nobody calls from then on.
    #[error("in the scenario `{0}` nobody calls from then on; choose another --scenario or --at")]
    Nobody(String),
}

impl People {
    /// The people of a scenario from a time of its first day on.
    ///
    /// # Errors
    /// The scenario is over by then.
    pub fn new(scenario: Scenario, registry: Registry, at: jiff::civil::Time) -> Result<People, PeopleError> {
        let zone = jiff::tz::TimeZone::get(&scenario.script.zone).unwrap_or(jiff::tz::TimeZone::UTC);
        let begins = scenario.clock.timestamp(Instant::ZERO);
        let first = begins.to_zoned(zone.clone()).date();
        let local =
            |date: jiff::civil::Date| zone.to_ambiguous_timestamp(date.to_datetime(at)).compatible().unwrap_or(begins);
        let asked = match local(first) {
            asked if asked < begins => local(first.tomorrow().unwrap_or(first)),
            asked => asked,
        };
        let from = scenario.clock.instant_of(asked.as_microsecond());
        match from < Instant::ZERO + scenario.horizon {
            true => Ok(People { scenario, registry, from }),
            false => Err(PeopleError::Over { scenario: scenario.name.to_string(), at }),
        }
    }
}

impl Births {
    /// The callers of a run.
    ///
    /// # Errors
    /// Nobody calls.
    pub fn new(people: &People, seed: u64) -> Result<Births, PeopleError> {
        let People { scenario, registry, from } = people;
        let of_registry = scenario.cast.demand.sources.iter().any(|source| matches!(source.people, Whom::Registry(_)));
        let population = of_registry.then(|| Arc::new(Population::of(registry)));
        let (rules, clock, seed) = (&scenario.cast.demand, &scenario.clock, Seed::new(seed));
        let demand = Demand::new(rules, population, &scenario.script, clock, seed, scenario.horizon);
        let mut births = Births { demand, seed, from: *from, rounds: 0, count: 0 };
        births.skip();
        match births.demand.peek() {
            Some(_) => Ok(births),
            None => Err(PeopleError::Nobody(scenario.name.to_string())),
        }
    }

    fn skip(&mut self) {
        while self.demand.peek().is_some_and(|at| at < self.from) {
            self.demand.next();
        }
    }

    /// The next caller at her own time; `None`: nobody calls any more.
    pub fn following(&mut self) -> Option<Birth> {
        self.demand.next()
    }

    /// Somebody, whenever she would have called.
    pub fn somebody(&mut self) -> Option<Birth> {
        if self.demand.peek().is_none() {
            self.rounds += 1;
            self.demand = self.demand.again(Seed { replication: self.rounds, ..self.seed });
            self.skip();
        }
        self.count += 1;
        // Her chance is her own however often the scenario begins anew.
        self.demand.next().map(|birth| Birth { lot: self.count, ..birth })
    }
}

impl Plan {
    /// Whether the scenario says when its people call.
    pub fn follows_scenario(&self) -> bool {
        matches!((&self.arrivals, &self.callers), (Arrivals::Scenario(_), Callers::People { .. }))
    }
}
