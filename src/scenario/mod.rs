//! Scenarios: what a run is made of, read from TOML and checked like a script.
//!
//! ```text
//! scenario.toml ──► every mistake at once (file, line, column, reason, nearest name)
//!              └──► Scenario: script, hours, people, incidents, what is measured
//! ```
//!
//! Imports `script` (the checked centre and the reader of TOML with places), `people`, `world` (incidents), `record`
//! (which interval a call counts in), `registry`, `time`, `id`, and of `random` the root of chance that a world is given. Never enters: a clock, a socket, a draw.

mod book;
mod centre;
mod fields;
mod overrides;
mod problems;
mod read;
mod shelf;
mod stage;

use std::{path::Path, sync::Arc};

pub use overrides::{Override, OverrideError};
pub use problems::Problems;
pub use shelf::Shelf;
pub use stage::Stage;

pub use crate::record::tally::CountBy;
use crate::{
    people::{cast::Cast, demand::rules::Whom, staffing::GroupStaffing},
    script::{
        Script, Source,
        diagnostic::{Diagnostic, nearest},
        model::{Group, Queue},
        record_schema,
        shape::Record,
    },
    time::{Duration, LocalClock},
    world::incident::Incident,
};

/// A checked scenario.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Its name: the file's, without `.toml`.
    pub name: Box<str>,
    /// One line for people.
    pub title: Box<str>,
    /// The centre it runs on.
    pub script: Arc<Script>,
    /// Which local time each instant is: the run begins at [`crate::time::Instant::ZERO`].
    pub clock: LocalClock,
    /// For how long callers are born. The run goes on until the last call has ended, at most for [`Scenario::finish`].
    pub horizon: Duration,
    /// How long calls in progress may go on after the horizon.
    pub finish: Duration,
    /// What happens before is not measured.
    pub warm_up: Duration,
    /// A steady-state run is cut into so many batches after the warm-up; `None`: the replications are the sample.
    pub batches: Option<u32>,
    /// How many replications are run unless asked otherwise, at least 1.
    pub replications: u32,
    /// The root of all chance unless asked otherwise.
    pub seed: u64,
    /// How many people the registry holds, and the seed it is generated from; `None`: nobody in this scenario needs it.
    pub registry: Option<(u32, u64)>,
    /// Who calls and who works.
    pub cast: Arc<Cast>,
    /// What happens by plan, in order of time.
    pub incidents: Arc<[Incident]>,
    /// What counts as good.
    pub measures: MeasureRules,
    /// What a planner should know before the run, in whole sentences.
    pub warnings: Box<[String]>,
}

impl Scenario {
    /// The names of the scenarios in this program, in the order of the alphabet.
    pub fn names() -> Vec<String> {
        Shelf::Embedded.names()
    }

    /// The scenario of this program with that name, or the one in that file (a path that ends in `.toml` or holds a folder),
    /// with the given changes. `centre` replaces the centre it names.
    ///
    /// # Errors
    /// Every mistake in it; an unknown name with the nearest.
    pub fn named(name: &str, overrides: &[Override], centre: Option<&Path>) -> Result<Scenario, Problems> {
        let file = format!("{name}.toml");
        if let Ok(text) = Shelf::Embedded.text(&file) {
            return read::read(name, &Shelf::Embedded, (&file, text), overrides, centre);
        }
        let path = Path::new(name);
        match shelf::read(path) {
            Ok(text) => {
                let shelf = Shelf::Folder(path.parent().map(Path::to_owned).unwrap_or_default());
                let file = path.file_name().and_then(|file| file.to_str()).unwrap_or(name);
                read::read(file.trim_end_matches(".toml"), &shelf, (file, text), overrides, centre)
            }
            Err(reason) => Err(unknown(name, &reason)),
        }
    }

    /// A scenario from a shelf, by the path of its file there.
    ///
    /// # Errors
    /// Every mistake in it, or why it cannot be read.
    pub fn read(
        shelf: &Shelf,
        path: &str,
        overrides: &[Override],
        centre: Option<&Path>,
    ) -> Result<Scenario, Problems> {
        let text = shelf.text(path).map_err(|reason| unknown(path, &reason))?;
        let file = path.rsplit('/').next().unwrap_or(path);
        read::read(file.trim_end_matches(".toml"), shelf, (path, text), overrides, centre)
    }
}

/// The report on a scenario that is not there.
fn unknown(name: &str, reason: &str) -> Problems {
    let names = Scenario::names();
    let help = match nearest(name, names.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("give the path of a scenario's file, or one of: {}", names.join(", ")),
    };
    let message = match name.ends_with(".toml") || name.contains(['/', '\\']) {
        true => format!("cannot read {name}: {reason}"),
        false => format!("there is no scenario `{name}`"),
    };
    let problem = Diagnostic::error("unknown-scenario", &name.into(), 0..0, message).help(help);
    Problems { name: name.to_owned(), found: vec![problem], source: Source::default() }
}

/// The JSON Schema of a scenario's file.
pub fn json_schema() -> serde_json::Value {
    let mut schema = record_schema(&fields::SCENARIO, "A scenario of Hatif");
    // A scenario that is like another one need not say again what that one says.
    let required = std::mem::take(&mut schema["required"]);
    schema["required"] = serde_json::json!([]);
    schema["anyOf"] = serde_json::json!([{ "required": ["like"] }, { "required": required }]);
    schema
}

/// Every table a scenario may have, its name and its fields with what they are for: what the documentation must hold.
pub fn fields() -> Vec<(&'static str, Vec<(&'static str, &'static str)>)> {
    let about = |record: &'static Record| record.all().map(|field| (field.name, field.about)).collect();
    fields::records().into_iter().map(|record| (record.name, about(record))).collect()
}

/// What can be read off a scenario before it is run: nobody calls, queues that nobody planned can ever serve, callers who want
/// nothing of all there is.
fn warnings(script: &Script, cast: &Cast) -> Box<[String]> {
    let planned = |group: &Group| {
        let own = cast.staffing.groups.iter().find(|staffing| *staffing.group == *group.name);
        own.map_or(group.size, GroupStaffing::size)
    };
    let fits = |queue: &Queue, group: &Group| {
        queue.skills.iter().all(|need| {
            group
                .skills
                .iter()
                .any(|(skill, level)| *skill == need.skill && (*level >= need.min_level || need.relax_after.is_some()))
        })
    };
    let unserved = script
        .queues
        .iter()
        .filter(|queue| !script.groups.iter().any(|group| planned(group) > 0 && fits(queue, group)));
    let unserved = unserved
        .map(|queue| format!("no agent is planned for the queue `{}`: nobody in it is ever answered", queue.name));
    let silent = cast.demand.sources.iter().all(|source| source.factor == 0.0);
    let silent = silent.then(|| "nobody calls: there is no source of calls whose factor is above 0".to_owned());
    let aimless = cast.demand.sources.iter().filter(|source| {
        source.intents.is_empty() && !matches!(source.people, Whom::Probe { .. }) && !script.intents.is_empty()
    });
    let aimless = aimless.map(|source| {
        format!(
            "source `{0}` has no intents: its callers want nothing and take the first options; give [demand.{0}.intents]",
            source.name
        )
    });
    silent.into_iter().chain(unserved).chain(aimless).collect()
}

/// Thresholds of the measures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MeasureRules {
    /// Answered within this is good.
    pub threshold: Duration,
    /// The share of calls that should be, 0 to 1.
    pub target: f64,
    /// Who hangs up in a queue before this has not really waited.
    pub short_abandon: Duration,
    /// Length of the intervals of the report. Default 30 minutes.
    pub interval: Duration,
    /// In which interval a call counts.
    pub count_by: CountBy,
}
