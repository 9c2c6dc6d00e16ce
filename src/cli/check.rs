//! `hatif check`: reports every problem of a centre's scripts, or of a scenario.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::ExitCode,
};

use crate::{
    scenario::{Problems, Scenario, Shelf},
    script::{self, Loaded, Source, diagnostic::Severity},
};

/// Arguments of `hatif check`.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Exit codes: 0 no errors (and, with --strict, no warnings); 1 the script is faulty; 2 it cannot be read."
)]
pub struct Args {
    /// The centre's folder, with the scenarios in its folder `scenarios` (default: the centre in this program); or a scenario: its name or its file
    dir: Option<PathBuf>,
    /// How problems are written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Take warnings for errors
    #[arg(long)]
    strict: bool,
}

#[derive(clap::ValueEnum, Clone, Copy, Debug)]
enum Format {
    /// For people: the lines and what is wrong with them
    Text,
    /// For programs: an array of objects
    Json,
}

/// The files of a centre: of a folder, or those in this program.
pub(super) fn source(dir: Option<&Path>) -> anyhow::Result<Source> {
    Ok(match dir {
        Some(dir) => Source::from_dir(dir)?,
        None => Source::embedded(),
    })
}

/// Runs the command.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    if let Some(scenario) = args.dir.as_deref().and_then(scenario_of) {
        if let Some(dir) = centre_of(Path::new(scenario)) {
            anyhow::bail!(
                "{scenario} is a file of a centre, and is checked with the others: hatif check {}",
                dir.display()
            );
        }
        return check_scenario(scenario, &args);
    }
    let source = source(args.dir.as_deref())?;
    let loaded = script::load(&source);
    let bad = |severity| severity == Severity::Error || args.strict;
    let faulty = loaded.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
    let beside = args.dir.as_deref().map(scenarios_of).unwrap_or_default();
    // On a faulty centre each of them would say just that.
    let scenarios = if faulty { Scenarios::default() } else { Scenarios::check(&beside) };
    let out = anstream::stdout();
    let mut out = out.lock();
    match args.format {
        Format::Json => {
            let centre = script::diagnostics_json(&source, &loaded.diagnostics);
            let json = if scenarios.json.is_empty() { centre } else { together(&centre, &scenarios.json)? };
            writeln!(out, "{json}")?;
        }
        Format::Text => {
            // The stream drops colours where they are not wanted.
            if !loaded.diagnostics.is_empty() {
                writeln!(out, "{}\n", script::render_diagnostics(&source, &loaded.diagnostics, true))?;
            }
            writeln!(out, "{}", summary(&loaded))?;
            scenarios.tell(&mut out, if faulty { &[] } else { &beside })?;
            if faulty && !beside.is_empty() {
                writeln!(out, "{} not checked, for the centre is faulty", several(beside.len(), "scenario"))?;
            }
        }
    }
    let failed = loaded.diagnostics.iter().any(|diagnostic| bad(diagnostic.severity)) || scenarios.failed(args.strict);
    Ok(if failed { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

/// The scenarios beside a centre, by path: those in the folder `scenarios`, as `hatif init` lays it out.
fn scenarios_of(dir: &Path) -> Vec<String> {
    let folder = dir.join("scenarios");
    let names = Shelf::Folder(folder.clone()).names();
    names.into_iter().map(|name| folder.join(format!("{name}.toml")).display().to_string()).collect()
}

/// What is wrong with some scenarios.
#[derive(Default)]
struct Scenarios {
    problems: Vec<Problems>,
    json: Vec<String>,
    warnings: Vec<String>,
}

impl Scenarios {
    fn check(files: &[String]) -> Scenarios {
        let mut all = Scenarios::default();
        for file in files {
            match Scenario::named(file, &[], None) {
                Ok(scenario) => {
                    all.warnings.extend(scenario.warnings.iter().map(|warning| format!("{file}: {warning}")));
                }
                Err(problems) => {
                    all.json.push(problems.json());
                    all.problems.push(problems);
                }
            }
        }
        all
    }

    fn tell(&self, out: &mut impl Write, files: &[String]) -> anyhow::Result<()> {
        if files.is_empty() {
            return Ok(());
        }
        for problems in &self.problems {
            writeln!(out, "\n{}", problems.render(true))?;
        }
        for warning in &self.warnings {
            writeln!(out, "warning: {warning}")?;
        }
        let errors: usize = self.problems.iter().map(|problems| problems.found.len()).sum();
        let (errors, warnings) = (several(errors, "error"), several(self.warnings.len(), "warning"));
        writeln!(out, "{}: {errors}, {warnings}", several(files.len(), "scenario"))?;
        Ok(())
    }

    fn failed(&self, strict: bool) -> bool {
        !self.problems.is_empty() || (strict && !self.warnings.is_empty())
    }
}

/// Several JSON arrays as one.
fn together(first: &str, others: &[String]) -> anyhow::Result<String> {
    let mut all = Vec::new();
    for array in std::iter::once(first).chain(others.iter().map(String::as_str)) {
        all.extend(serde_json::from_str::<Vec<serde_json::Value>>(array)?);
    }
    Ok(serde_json::to_string_pretty(&all)?)
}

/// The scenario meant: a file with the ending of TOML, or a name of this program's that is no folder.
fn scenario_of(given: &Path) -> Option<&str> {
    let name = given.to_str()?;
    let known = || Scenario::names().iter().any(|known| known == name);
    let file = name.ends_with(".toml") && given.is_file();
    (file || (!given.exists() && known())).then_some(name)
}

/// The folder of the centre that a file is part of: of its `centre.toml`, or of what is in its flows, prompts or tests.
fn centre_of(file: &Path) -> Option<PathBuf> {
    let path = std::path::absolute(file).ok()?;
    let dir = path.ancestors().skip(1).take(3).find(|dir| dir.join("centre.toml").is_file())?;
    let inside = path.strip_prefix(dir).ok()?;
    let own = ["centre.toml", "flows", "prompts", "tests"].iter().any(|own| inside.starts_with(own));
    own.then(|| dir.to_owned())
}

fn check_scenario(name: &str, args: &Args) -> anyhow::Result<ExitCode> {
    let mut out = anstream::stdout().lock();
    let (warnings, errors) = match Scenario::named(name, &[], None) {
        Ok(scenario) => {
            if matches!(args.format, Format::Json) {
                writeln!(out, "[]")?;
            }
            (scenario.warnings.into_vec(), 0)
        }
        Err(problems) => {
            match args.format {
                Format::Json => writeln!(out, "{}", problems.json())?,
                Format::Text => writeln!(out, "{}\n", problems.render(true))?,
            }
            (Vec::new(), problems.found.len())
        }
    };
    if matches!(args.format, Format::Text) {
        for warning in &warnings {
            writeln!(out, "warning: {warning}")?;
        }
        writeln!(out, "{}, {}", several(errors, "error"), several(warnings.len(), "warning"))?;
    }
    let failed = errors > 0 || (args.strict && !warnings.is_empty());
    Ok(if failed { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

/// One line: what was read, and how many problems it has.
pub(super) fn summary(loaded: &Loaded) -> String {
    let count = |severity| loaded.diagnostics.iter().filter(|d| d.severity == severity).count();
    let size = loaded.size;
    format!(
        "{}, {}, {}, {}: {}, {}",
        several(size.files, "file"),
        several(size.nodes, "node"),
        several(size.prompts, "prompt"),
        several(size.languages, "language"),
        several(count(Severity::Error), "error"),
        several(count(Severity::Warning), "warning"),
    )
}

fn several(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}
