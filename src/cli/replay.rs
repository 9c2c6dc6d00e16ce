//! `hatif replay`: runs a recorded journal again and says whether the events are the same.

use std::{fs::File, io::BufReader, path::PathBuf, process::ExitCode, sync::Arc};

use anyhow::Context as _;

use crate::{
    engine::Event,
    journal::{ReplayReport, Tail, replay},
    record::Narrator,
    script::{self, Script, Source},
};

/// Arguments of `hatif replay`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// The journal, as `hatif serve --journal FILE` wrote it
    file: PathBuf,
    /// A folder with a version of the centre the run used; once for each version [default: the built-in centre]
    #[arg(long, value_name = "DIR")]
    centre: Vec<PathBuf>,
}

/// Runs the command.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let scripts = scripts(&args.centre)?;
    let file = File::open(&args.file).with_context(|| format!("cannot open {}", args.file.display()))?;
    let report = replay(BufReader::new(file), &scripts).with_context(|| args.file.display().to_string())?;
    for line in tell(&report) {
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

/// What a replay found, line by line.
fn tell(report: &ReplayReport) -> Vec<String> {
    let ReplayReport { inputs, events, difference, tail, .. } = report;
    let mut lines = Vec::new();
    match difference {
        None => lines.push(format!("{inputs} inputs, {events} events, identical")),
        Some(difference) => {
            lines.push(format!("{inputs} inputs, {events} events identical, then line {} differs", difference.line));
            lines.push(format!("  recorded: {}", event(report, difference.recorded.as_ref())));
            lines.push(format!("  replayed: {}", event(report, difference.replayed.as_ref())));
        }
    }
    match tail {
        Tail::Closed(_) => {}
        Tail::Open => {
            lines.push("the journal was not closed: the run was cut off, and what followed is not known".into());
        }
        Tail::Damaged { line, reason } => {
            lines.push(format!(
                "line {line} is damaged: {reason}; what precedes it was compared, the rest was not read"
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
