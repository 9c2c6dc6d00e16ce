//! `hatif replay`: runs a recorded journal again and says whether the events are the same.

use std::{
    fs::File,
    io::{self, BufReader, Read},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use anyhow::Context as _;

use crate::{
    engine::Event,
    journal::{ReplayReport, Tail, replay},
    live::recorder::part_of,
    record::Narrator,
    script::{self, Script, Source},
};

/// Arguments of `hatif replay`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// The journal, as `hatif serve --journal FILE` wrote it; its further parts are found beside it
    file: PathBuf,
    /// A folder with a version of the centre the run used; once for each version [default: the built-in centre]
    #[arg(long, value_name = "DIR")]
    centre: Vec<PathBuf>,
}

/// Runs the command.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let scripts = scripts(&args.centre)?;
    let (parts, bytes) = parts(&args.file)?;
    let report = replay(BufReader::new(parts), &scripts).with_context(|| args.file.display().to_string())?;
    for line in tell(&report, bytes) {
        anstream::println!("{line}");
    }
    let whole = report.difference.is_none() && !matches!(report.tail, Tail::Damaged { .. });
    Ok(if whole { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The scripts of the folders; the default centre when there are none.
fn scripts(dirs: &[PathBuf]) -> anyhow::Result<Vec<Arc<Script>>> {
    if dirs.is_empty() {
        return Ok(vec![checked(&Source::embedded(), "the built-in centre")?]);
    }
    dirs.iter().map(|dir| checked(&Source::from_dir(dir)?, &dir.display().to_string())).collect()
}

fn checked(source: &Source, name: &str) -> anyhow::Result<Arc<Script>> {
    let loaded = script::load(source);
    loaded.script.with_context(|| {
        let n = loaded.diagnostics.len();
        format!("{name} has {n} problems and cannot be run; `hatif check` reports them")
    })
}

/// The parts of a journal one after another, from the first on, and how long they are together.
pub(super) fn parts(first: &Path) -> anyhow::Result<(Box<dyn Read>, u64)> {
    let (mut all, mut bytes): (Box<dyn Read>, u64) = (Box::new(io::empty()), 0);
    for part in 0.. {
        let path = part_of(first, part);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if part > 0 && error.kind() == io::ErrorKind::NotFound => break,
            Err(error) => return Err(error).with_context(|| format!("cannot open {}", path.display())),
        };
        bytes += file.metadata().with_context(|| format!("cannot read {}", path.display()))?.len();
        all = Box::new(all.chain(file));
    }
    Ok((all, bytes))
}

/// What a replay found, line by line; the journal is `length` bytes long.
fn tell(report: &ReplayReport, length: u64) -> Vec<String> {
    let ReplayReport { inputs, events, difference, bytes, parts, tail, .. } = report;
    let mut lines = Vec::new();
    match difference {
        None if *parts > 1 => lines.push(format!("{inputs} inputs, {events} events in {parts} parts, identical")),
        None => lines.push(format!("{inputs} inputs, {events} events, identical")),
        Some(difference) => {
            lines.push(format!("{inputs} inputs, {events} events identical, then line {} differs", difference.line));
            lines.push(format!("  recorded: {}", event(report, difference.recorded.as_ref())));
            lines.push(format!("  replayed: {}", event(report, difference.replayed.as_ref())));
        }
    }
    match tail {
        Tail::Closed { full: false, .. } => {}
        Tail::Closed { full: true, .. } => {
            lines.push(
                "the journal ends where its room (journal.total_mib) was used up; the run went on without it".into(),
            );
        }
        Tail::Without { part } => {
            lines.push(format!(
                "its part {part} (the file that ends in .{part}) is missing; what precedes it was compared"
            ));
        }
        Tail::Open => {
            lines.push("the journal was not closed: the run was cut off, and what followed is not known".into());
        }
        Tail::Damaged { line, reason } => {
            lines.push(format!(
                "line {line} is damaged: {reason}; what precedes it was compared, the rest was not read ({} bytes)",
                length.saturating_sub(*bytes)
            ));
        }
    }
    lines
}

fn event(report: &ReplayReport, event: Option<&Event>) -> String {
    let Some(event) = event else { return "nothing".into() };
    let versions = &report.versions;
    let script =
        event.fact.call().and_then(|call| report.calls.get(&call)).and_then(|version| versions.script(*version));
    match script {
        Some(script) => crate::record::describe::describe(event, script, versions),
        None => Narrator::new().tell(event, versions),
    }
}
