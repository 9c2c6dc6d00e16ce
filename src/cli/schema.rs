//! `hatif schema`: prints the JSON Schema of a centre's TOML files, or of a scenario's.

use std::{io::Write, process::ExitCode};

use crate::{scenario, script};

/// Arguments of `hatif schema`.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "The definitions `centre`, `flow` and `prompts` describe one kind of file each. With Taplo, for instance:\n  \
    [[rule]]\n  include = [\"config/centre/flows/*.toml\"]\n  schema.path = \"hatif.schema.json#/$defs/flow\""
)]
pub struct Args {
    /// The schema of a scenario's file instead
    #[arg(long)]
    scenario: bool,
}

/// Runs the command.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let schema = if args.scenario { scenario::json_schema() } else { script::json_schema() };
    writeln!(anstream::stdout(), "{schema:#}")?;
    Ok(ExitCode::SUCCESS)
}
