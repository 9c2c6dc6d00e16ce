//! `hatif check`: reports every problem of a centre's scripts.

use std::{io::Write, path::PathBuf, process::ExitCode};

use crate::script::{self, Loaded, Source, diagnostic::Severity};

/// Arguments of `hatif check`.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Exit codes: 0 no errors (and, with --strict, no warnings); 1 the script is faulty; 2 it cannot be read."
)]
pub struct Args {
    /// The centre's folder (default: the centre in this program)
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
pub(super) fn source(dir: Option<&std::path::Path>) -> anyhow::Result<Source> {
    Ok(match dir {
        Some(dir) => Source::from_dir(dir)?,
        None => Source::embedded(),
    })
}

/// Runs the command.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
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
