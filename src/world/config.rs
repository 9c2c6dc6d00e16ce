//! What a world begins with.

use std::sync::Arc;

use super::{incident::Incident, services::Services};
use crate::{
    people::{cast::Cast, demand::Demand, population::Population},
    random::Seed,
    script::Script,
    time::{Duration, LocalClock},
};

/// What a world begins with.
#[derive(Clone, Debug)]
pub struct WorldConfig {
    /// The script that calls begin on, as version 1.
    pub script: Arc<Script>,
    /// Which local time each instant is.
    pub clock: LocalClock,
    /// The root of all chance.
    pub seed: Seed,
    /// What answers the engine's questions.
    pub services: Services,
    /// Hire the script's agent groups. Without, agents come by [`super::World::inject`] alone.
    pub agents: bool,
    /// Tell every input that reaches the engine as [`super::Notice::Input`], for a journal.
    pub tell_inputs: bool,
    /// After every drain, let the engine state its laws and panic where one is broken. For tests and for hunting bugs.
    pub check_laws: bool,
    /// Who calls and who works; `None`: nobody calls, and the script's groups work as it says.
    pub cast: Option<Arc<Cast>>,
    /// What happens by plan, in rising order of time.
    pub incidents: Arc<[Incident]>,
    /// Who could call: the people of the registry, indexed once and shared; `None`: nobody of the registry calls.
    pub population: Option<Arc<Population>>,
    /// The demand of the same cast, population, script, clock and horizon, made before with whatever seed, so that many
    /// worlds need not make it again; `None`: made here.
    pub demand: Option<Demand>,
    /// Synthetic callers are born up to this long after the beginning; longer than any run by default.
    pub horizon: Duration,
    /// Verdicts of identity checks are not told to callers who are not synthetic until the driver says so
    /// ([`super::Notice::Verdict`]).
    pub hold_verdicts: bool,
    /// One-time codes are sent to callers who are not synthetic too. Without, they are asked for the last digits of the card.
    pub send_codes: bool,
}

impl WorldConfig {
    /// A world with the script's agents and without synthetic callers or incidents, that tells no inputs and does not
    /// check its laws.
    pub fn new(script: Arc<Script>, clock: LocalClock, seed: Seed, services: Services) -> WorldConfig {
        WorldConfig {
            script,
            clock,
            seed,
            services,
            agents: true,
            tell_inputs: false,
            check_laws: false,
            cast: None,
            incidents: Arc::new([]),
            population: None,
            demand: None,
            horizon: Duration::MAX,
            hold_verdicts: false,
            send_codes: true,
        }
    }
}
