//! `hatif graph`: draws the menu tree.

use std::{io::Write, path::PathBuf, process::ExitCode};

use anyhow::Context;

use crate::script::{self, Drawing};

/// Arguments of `hatif graph`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// The centre's folder (default: the centre in this program)
    dir: Option<PathBuf>,
    /// What the drawing is written as
    #[arg(long, value_enum, default_value_t = Format::Mermaid)]
    format: Format,
    /// Write to a file instead of the terminal
    #[arg(long)]
    out: Option<PathBuf>,
    /// Only this flow, and what it leads to
    #[arg(long)]
    flow: Option<String>,
    /// Also global keys, silence, mistakes, unavailable services and hang-ups
    #[arg(long)]
    all: bool,
}

#[derive(clap::ValueEnum, Clone, Copy, Debug)]
enum Format {
    /// Text that many editors and sites draw
    Mermaid,
    /// An image
    Svg,
}

/// Runs the command. A faulty script is reported, not drawn.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let source = super::check::source(args.dir.as_deref())?;
    let loaded = script::load(&source);
    let Some(script) = &loaded.script else {
        anstream::eprintln!("{}\n", script::render_diagnostics(&source, &loaded.diagnostics, true));
        anstream::eprintln!("{}", super::check::summary(&loaded));
        return Ok(ExitCode::from(1));
    };
    if let Some(flow) = &args.flow
        && script.flows.iter().all(|known| *known.name != **flow)
    {
        let names: Vec<&str> = script.flows.iter().map(|flow| &*flow.name).collect();
        let near = script::diagnostic::nearest(flow, names.iter().copied());
        let hint =
            near.map_or_else(|| format!("there is: {}", names.join(", ")), |near| format!("did you mean `{near}`?"));
        anyhow::bail!("there is no flow `{flow}`; {hint}");
    }
    let drawing = Drawing { flow: args.flow, all: args.all };
    let text = match args.format {
        Format::Mermaid => script::mermaid(script, &drawing),
        Format::Svg => script::svg(script, &drawing),
    };
    match &args.out {
        Some(path) => std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?,
        None => anstream::stdout().write_all(text.as_bytes())?,
    }
    Ok(ExitCode::SUCCESS)
}
