//! `hatif test`: dialogue files, in virtual time or against a running centre.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use anyhow::Context;
use serde_json::json;

use super::access::AccessArgs;
use crate::{
    client::{Link, printable_lines},
    dialogue::{self, Count, Dialogue, OnLine, Pace, People, Run, Theatre, report},
    live::clock::Clock,
    registry::margins::FULL_SIZE,
    script::{
        Script, Source,
        diagnostic::{Diagnostic, Severity},
        diagnostics_json, load, render_diagnostics,
    },
    time::Duration,
};

/// Arguments of `hatif test`.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Exit code: 0 all passed; 1 a dialogue failed, or all were skipped; 2 a file could not be read. The format of the files: docs/dialogues.md"
)]
pub struct Args {
    /// Dialogue files, or folders of them, or a centre's folder (default: the tests of the centre)
    paths: Vec<PathBuf>,
    /// The folder of the centre to test (default: the built-in centre)
    #[arg(long, value_name = "DIR")]
    centre: Option<PathBuf>,
    /// Test the centre that runs here, in real time, such as ws://127.0.0.1:7700/call
    #[arg(long)]
    url: Option<String>,
    /// Run only dialogues whose name holds this
    #[arg(long, value_name = "NAME", default_value = "")]
    filter: String,
    /// How to report
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// With --url: how many people the centre's registry has
    #[arg(long, default_value_t = FULL_SIZE, value_name = "N", value_parser = super::serve::people)]
    people: u32,
    /// With --url: the longest any step waits for the centre
    #[arg(long, default_value = "60s", value_name = "LENGTH")]
    patience: Duration,
    /// With --url: how fast the centre's time goes, as given to `hatif serve --speed`
    #[arg(long, default_value_t = 1.0, value_name = "N", value_parser = super::serve::speed)]
    speed: f64,
    #[command(flatten)]
    access: AccessArgs,
}

/// How to report.
#[derive(clap::ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
}

/// Runs the command.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let (centre, paths) = centre_of(&args)?;
    let loaded = load(&centre);
    let Some(script) = loaded.script else {
        report_problems(&centre, &loaded.diagnostics, args.format);
        return Ok(ExitCode::from(2));
    };
    let files = files(&centre, &paths)?;
    let (dialogues, problems) = read_all(&files, &script);
    if problems.iter().any(|problem| problem.severity == Severity::Error) {
        report_problems(&files, &problems, args.format);
        return Ok(ExitCode::from(2));
    }
    let chosen: Vec<Dialogue> = dialogues.into_iter().filter(|one| one.name.contains(&args.filter)).collect();
    anyhow::ensure!(!chosen.is_empty(), "no dialogue to run: {}", why_none(&files, &args.filter));
    let runs = match &args.url {
        None => {
            let mut theatre = Theatre::new(centre)?;
            chosen.iter().flat_map(|dialogue| theatre.run(dialogue)).collect()
        }
        Some(url) => run_on_line(url, &script, &args, &chosen)?,
    };
    match (args.format, &args.url) {
        (Format::Text, Some(_)) => anstream::println!("{}", Count::of(&runs)),
        _ => print(&runs, args.format),
    }
    let count = Count::of(&runs);
    if count.passed + count.failed == 0 {
        anstream::eprintln!("hatif: every dialogue was skipped, so nothing was tested; run them without --url");
    }
    Ok(ExitCode::from(u8::from(count.failed > 0 || count.passed == 0)))
}

/// The centre, and the paths that are not its folder.
fn centre_of(args: &Args) -> anyhow::Result<(Source, Vec<PathBuf>)> {
    let mut paths = args.paths.clone();
    let dir = match (&args.centre, &paths[..]) {
        (Some(dir), _) => Some(dir.clone()),
        (None, [only]) if Source::folder_of(only).is_some() => paths.pop(),
        _ => None,
    };
    let source = dir.map_or_else(|| Ok(Source::embedded()), |dir| Source::from_dir(&dir))?;
    Ok((source, paths))
}

/// The dialogue files: those given, or the centre's own.
fn files(centre: &Source, paths: &[PathBuf]) -> anyhow::Result<Source> {
    if paths.is_empty() {
        let own = |path: &str| path.starts_with("tests/") && path.ends_with(".toml");
        let files = centre.files().filter(|(path, _)| own(path));
        return Ok(Source::from_files(files.map(|(path, text)| (path.to_string(), text.to_owned())).collect()));
    }
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            let entries = std::fs::read_dir(path).with_context(|| format!("cannot read {}", path.display()))?;
            for entry in entries {
                let path = entry?.path();
                if path.extension().is_some_and(|extension| extension == "toml") {
                    files.push(file(&path)?);
                }
            }
        } else {
            files.push(file(path)?);
        }
    }
    Ok(Source::from_files(files))
}

fn file(path: &Path) -> anyhow::Result<(String, String)> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok((path.display().to_string(), text))
}

fn read_all(files: &Source, script: &Script) -> (Vec<Dialogue>, Vec<Diagnostic>) {
    let mut dialogues = Vec::new();
    let mut problems = Vec::new();
    for (path, text) in files.files() {
        let (read, found) = dialogue::read(path, text, script);
        dialogues.extend(read);
        problems.extend(found);
    }
    (dialogues, problems)
}

fn why_none(files: &Source, filter: &str) -> String {
    match (files.files().count(), filter) {
        (0, _) => "there is no dialogue file; a centre keeps them in tests/".to_owned(),
        (n, "") => format!("the {n} files hold none"),
        (_, filter) => format!("no name holds `{filter}`"),
    }
}

fn run_on_line(url: &str, script: &Arc<Script>, args: &Args, dialogues: &[Dialogue]) -> anyhow::Result<Vec<Run>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        // Once, so that an address where nobody answers is one message and not one for each dialogue.
        Link::connect_with(url, &args.access.access()).await?.close().await;
        let people = People::generated(args.people, People::SEED);
        let clock = Clock::start(args.speed);
        let pace = Pace { now: &|| clock.now(), speed: args.speed };
        let access = &args.access.access();
        let setup = OnLine { url, access, script, people: &people, pace, patience: args.patience };
        let mut runs = Vec::new();
        for dialogue in dialogues {
            let now = dialogue::run_on_line(&setup, dialogue).await;
            if args.format == Format::Text {
                // The waits are real: whoever watches learns of a failure when it happens.
                now.iter().filter_map(Run::text).for_each(|text| anstream::println!("{}", printable_lines(&text)));
            }
            runs.extend(now);
        }
        Ok(runs)
    })
}

fn report_problems(source: &Source, problems: &[Diagnostic], format: Format) {
    match format {
        Format::Text => {
            anstream::eprintln!("{}", render_diagnostics(source, problems, true));
            anstream::eprintln!("\nhatif: {} mistakes; nothing was run", problems.len());
        }
        Format::Json => anstream::println!("{}", diagnostics_json(source, problems)),
    }
}

fn print(runs: &[Run], format: Format) {
    match format {
        Format::Text => anstream::print!("{}", report::text(runs)),
        Format::Json => {
            let count = Count::of(runs);
            let dialogues: Vec<serde_json::Value> = runs.iter().map(Run::json).collect();
            let whole = json!({
                "passed": count.passed,
                "failed": count.failed,
                "skipped": count.skipped,
                "dialogues": dialogues,
            });
            anstream::println!("{whole:#}");
        }
    }
}
