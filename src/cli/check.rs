//! `hatif check`: reports every problem of a centre's scripts, or of a scenario.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::ExitCode,
};

use crate::{
    scenario::Scenario,
    script::{self, Loaded, Source, diagnostic::Severity},
};

/// Arguments of `hatif check`.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Exit codes: 0 no errors (and, with --strict, no warnings); 1 the script is faulty; 2 it cannot be read."
)]
pub struct Args {
    /// The centre's folder (default: the centre in this program); or a scenario: its name or its file
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
        return check_scenario(scenario, &args);
    }
    let source = source(args.dir.as_deref())?;
    let loaded = script::load(&source);
    let out = anstream::stdout();
    let mut out = out.lock();
    match args.format {
        Format::Json => writeln!(out, "{}", script::diagnostics_json(&source, &loaded.diagnostics))?,
        Format::Text => {
            // The stream drops colours where they are not wanted.
            if !loaded.diagnostics.is_empty() {
                writeln!(out, "{}\n", script::render_diagnostics(&source, &loaded.diagnostics, true))?;
            }
            writeln!(out, "{}", summary(&loaded))?;
        }
    }
    let bad = |severity| severity == Severity::Error || args.strict;
    let failed = loaded.diagnostics.iter().any(|diagnostic| bad(diagnostic.severity));
    Ok(if failed { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

/// The scenario meant: a file with the ending of TOML, or a name of this program's that is no folder.
fn scenario_of(given: &Path) -> Option<&str> {
    let name = given.to_str()?;
    let known = || Scenario::names().iter().any(|known| known == name);
    let file = name.ends_with(".toml") && given.is_file();
    (file || (!given.exists() && known())).then_some(name)
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
