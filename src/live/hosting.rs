//! Hosting a scenario: its synthetic callers and agents live in the centre that people dial into.
//!
//! The world begins where the scenario does and is run ahead to the time at which the doors open, so that whoever dials
//! first finds menus, queues and advisers as busy as the plan says. From then on the clock paces it, and a person stands in
//! the same queue as everybody else.
//!
//! **What is kept of synthetic calls.** Nothing in the store: no call record, no audit entry, no complaint or case. They
//! follow from scenario and seed, `hatif simulate` measures them, and a day of ten thousand of them would bury the calls of
//! people and their changes would come back at the next start. They count in `GET /health`, are logged at level `debug`,
//! and stand in the journal when there is one, which a replay needs.

use std::{path::Path, sync::Arc};

use jiff::{civil, tz::TimeZone};

use super::{StartAt, book::Book, clock, pump::Tap, row};
use crate::{
    engine::Fact,
    people::{demand::rules::Whom, population::Population},
    registry::Registry,
    scenario::{Problems, Scenario},
    time::{Duration, Instant, LocalClock},
    world::{Notice, World, WorldConfig},
};

/// Why a scenario cannot be hosted.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// It is faulty, or there is none of that name.
    #[error("the scenario cannot be used:\n{0}")]
    Scenario(Problems),
    /// It does not run at the time asked for.
    #[error(
        "the scenario `{scenario}` runs from {from} to {to}, and {asked} is outside; choose a time between with --at, \
         or --empty for a centre without callers"
    )]
    Outside {
        /// Its name.
        scenario: String,
        /// Local time of its beginning.
        from: String,
        /// Local time of its end.
        to: String,
        /// What was asked for.
        asked: String,
    },
}

/// What is hosted, as it was when the doors opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hosted {
    /// The scenario's name.
    pub scenario: String,
    /// What it is, in one line.
    pub title: String,
    /// Synthetic callers in the menus.
    pub menus: u64,
    /// Synthetic callers waiting for an agent, those whose agent's telephone rings included.
    pub waiting: u64,
    /// Synthetic callers with an agent.
    pub talking: u64,
    /// What to know of the scenario, in whole sentences.
    pub warnings: Box<[String]>,
}

/// A scenario chosen to be hosted from a certain time on.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) scenario: Scenario,
    /// When the doors open.
    pub(super) opens: Instant,
}

/// Reads the scenario `name` and finds the time of opening in it. `centre` replaces the centre it names.
pub(super) fn plan(name: &str, at: StartAt, centre: Option<&Path>) -> Result<Plan, HostError> {
    let scenario = Scenario::named(name, &[], centre).map_err(HostError::Scenario)?;
    let zone = TimeZone::get(&scenario.script.zone).unwrap_or(TimeZone::UTC);
    let begins = scenario.clock.timestamp(Instant::ZERO);
    let ends = scenario.clock.timestamp(Instant::ZERO + scenario.horizon);
    let local = |time: civil::DateTime| zone.to_ambiguous_timestamp(time).compatible().unwrap_or(begins);
    let asked = match at {
        StartAt::Now => clock::real_time(),
        StartAt::Local(time) => local(time),
        StartAt::Time(time) => {
            let first = begins.to_zoned(zone.clone()).date();
            let next_day = first.tomorrow().unwrap_or(first);
            let today = local(first.to_datetime(time));
            if today < begins { local(next_day.to_datetime(time)) } else { today }
        }
    };
    if asked < begins || asked >= ends {
        let shown = |timestamp| row::local(timestamp, &zone).chars().take(16).collect::<String>().replace('T', " ");
        let scenario = scenario.name.to_string();
        return Err(HostError::Outside { scenario, from: shown(begins), to: shown(ends), asked: shown(asked) });
    }
    let opens = scenario.clock.instant_of(asked.as_microsecond());
    Ok(Plan { scenario, opens })
}

impl Plan {
    /// Adds callers, staffing and incidents to a world. An index of the registry is made where its people call.
    pub(super) fn people(&self, config: WorldConfig, registry: &Registry) -> WorldConfig {
        let Scenario { cast, incidents, horizon, .. } = &self.scenario;
        let of_registry = cast.demand.sources.iter().any(|source| matches!(source.people, Whom::Registry(_)));
        WorldConfig {
            cast: Some(cast.clone()),
            incidents: incidents.clone(),
            population: of_registry.then(|| Arc::new(Population::of(registry))),
            horizon: *horizon,
            ..config
        }
    }

    /// Which local time each instant is.
    pub(super) fn clock(&self) -> &LocalClock {
        &self.scenario.clock
    }

    /// What is to be said of it at the opening.
    pub(super) fn hosted(&self, world: &World) -> Hosted {
        let census = world.engine().census();
        Hosted {
            scenario: self.scenario.name.to_string(),
            title: self.scenario.title.to_string(),
            menus: census.ivr,
            waiting: census.queued + census.ringing,
            talking: census.talking + census.held,
            warnings: self.scenario.warnings.clone(),
        }
    }
}

/// So much of the run is told at a time while it is run ahead, which bounds what is kept meanwhile.
const STRIDE: Duration = Duration::from_mins(5);

/// Runs a world ahead to the opening of the doors. The taps hear everything; the book learns who is in the centre.
pub(super) fn run_ahead(world: &mut World, opens: Instant, taps: &mut [Box<dyn Tap>], book: &mut Book) {
    while world.now() < opens {
        world.advance_to((world.now() + STRIDE).min(opens));
        tell(world, taps, book);
    }
    // What was due at the very beginning.
    world.advance_to(opens);
    tell(world, taps, book);
}

fn tell(world: &mut World, taps: &mut [Box<dyn Tap>], book: &mut Book) {
    while let Some(notice) = world.poll() {
        taps.iter_mut().for_each(|tap| tap.note(&notice, world.versions()));
        let event = match notice {
            Notice::Event(event) => event,
            Notice::Refused { at, reason } => {
                tracing::warn!(%at, reason, "a planned script was not published; the old one stays");
                continue;
            }
            _ => continue,
        };
        match event.fact {
            Fact::CallArrived { call, origin: Some(_), .. } => book.synthetic_arrived(call),
            Fact::CallEnded { call, .. } => book.synthetic_ended(call),
            _ => {}
        }
    }
    book.forget_ended();
    taps.iter_mut().for_each(|tap| tap.settled());
}
