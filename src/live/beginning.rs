//! What a run begins with: the centre's files, the scenario, the clock, and what earlier runs left.

use std::sync::Arc;

use jiff::tz::TimeZone;

use super::{
    Config, StartAt, StartError,
    book::Book,
    clock, hosting,
    pump::Tap,
    reload::{self, Checked},
    row,
    server::Example,
    store::{Run, Store, StoreError},
};
use crate::{
    id::PersonId,
    random::Seed,
    registry::{Person, Registry, Source},
    script::Script,
    time::{Instant, LocalClock},
    world::{World, WorldConfig, services, services::Services},
};

/// What a run begins with.
pub(super) struct Beginning {
    pub(super) script: Arc<Script>,
    /// The checker's warnings.
    pub(super) warnings: String,
    pub(super) clock: LocalClock,
    pub(super) zone: TimeZone,
    /// When the doors open.
    pub(super) opens: Instant,
    pub(super) plan: Option<hosting::Plan>,
}

/// A world at the opening of the doors, and who knows what happened before.
pub(super) struct Built {
    pub(super) beginning: Beginning,
    pub(super) world: World,
    pub(super) book: Book,
    pub(super) taps: Vec<Box<dyn Tap>>,
}

impl Beginning {
    /// Reads the centre and, where one is hosted, the scenario.
    pub(super) fn of(config: &Config) -> Result<Beginning, StartError> {
        let Checked { script, warnings } = reload::read(config.centre.as_deref())?;
        let plan = match &config.scenario {
            Some(name) => Some(hosting::plan(name, config.at, config.centre.as_deref())?),
            None => None,
        };
        let Some(plan) = plan else {
            let (clock, zone) = local_clock(&script, config.at)?;
            return Ok(Beginning { script, warnings, clock, zone, opens: Instant::ZERO, plan: None });
        };
        // A scenario may name a centre of its own, of which the reader has reported.
        let of_scenario = plan.scenario.script.clone();
        let warnings = if of_scenario.digest == script.digest { warnings } else { String::new() };
        let zone = zone_of(&of_scenario)?;
        let (clock, opens) = (plan.clock().clone(), plan.opens);
        Ok(Beginning { script: of_scenario, warnings, clock, zone, opens, plan: Some(plan) })
    }

    /// The world at the opening of the doors.
    pub(super) fn build(self, config: WorldConfig, registry: &Registry, mut taps: Vec<Box<dyn Tap>>) -> Built {
        let mut book = Book::default();
        let world = match &self.plan {
            Some(plan) => {
                let mut world = World::new(plan.people(config, registry));
                hosting::run_ahead(&mut world, self.opens, &mut taps, &mut book);
                world
            }
            None => {
                let mut world = World::new(config);
                world.advance_to(Instant::ZERO);
                world
            }
        };
        Built { beginning: self, world, book, taps }
    }

    pub(super) fn local_opening(&self) -> String {
        row::local(self.clock.timestamp(self.opens), &self.zone)
    }
}

fn zone_of(script: &Script) -> Result<TimeZone, StartError> {
    TimeZone::get(&script.zone).map_err(|_| StartError::Zone(script.zone.to_string()))
}

/// The clock of a run that begins when the doors open.
fn local_clock(script: &Script, at: StartAt) -> Result<(LocalClock, TimeZone), StartError> {
    let zone = zone_of(script)?;
    // A local time that an offset change skips or repeats is read as the calendar library's rule says.
    let local = |time| zone.to_ambiguous_timestamp(time).compatible().unwrap_or_else(|_| clock::real_time());
    let origin = match at {
        StartAt::Now => clock::real_time(),
        StartAt::Local(time) => local(time),
        StartAt::Time(time) => local(StartAt::DAY.to_datetime(time)),
    };
    Ok((LocalClock::new(origin, &zone), zone))
}

pub(super) fn begin_run(store: &Store, config: &Config, beginning: &Beginning) -> Result<i64, StoreError> {
    store.begin_run(&Run {
        began: row::utc(clock::real_time()),
        origin: beginning.local_opening(),
        speed: config.speed,
        seed: config.seed,
    })
}

/// Which registry it is: changes of one mean nothing in another.
pub(super) fn registry_kind(config: &Config) -> String {
    match &config.registry.source {
        Source::Generated { size } => format!("generated {size} {}", config.registry.seed),
        Source::File { path } => format!("file {}", path.display()),
    }
}

/// The services, as changed in earlier runs.
pub(super) fn services(
    store: &Store,
    config: &Config,
    run: i64,
    registry: Arc<Registry>,
) -> Result<Services, StoreError> {
    let of_services = services::Config { limits: config.registry.limits.clone(), ..services::Config::default() };
    // Marks of failed checks and references of complaints are those of the records, whatever this run is seeded with.
    let services = Services::new(registry, of_services, Seed::new(store.secret_seed()?));
    let mut services = match config.known_codes {
        true => services.with_codes(Seed::new(config.seed)),
        false => services.of_run(run.cast_unsigned()),
    };
    let (changes, others) = store.changes(&registry_kind(config))?;
    let refused = changes.iter().filter(|change| services.restore(change).is_err()).count();
    if refused > 0 || others > 0 {
        tracing::warn!(refused, others, "changes of earlier runs were left out: refused here, or of another registry");
    }
    Ok(services)
}

/// The first registered adult: the same one at each start.
pub(super) fn example(registry: &Registry) -> Option<Example> {
    let person = (0..registry.len()).filter_map(|i| registry.person(PersonId(i))).find(Person::is_registered)?;
    Some(Example { number: registry.number_of(&person)?, birth: person.birth().reveal() })
}
