//! `hatif schema`: prints the JSON Schema of a centre's TOML files.

use std::{io::Write, process::ExitCode};

use crate::script;

/// Arguments of `hatif schema`.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "The definitions `centre`, `flow` and `prompts` describe one kind of file each. With Taplo, for instance:\n  \
    [[rule]]\n  include = [\"config/centre/flows/*.toml\"]\n  schema.path = \"hatif.schema.json#/$defs/flow\""
)]
pub struct Args {}

/// Runs the command.
pub fn run(_args: Args) -> anyhow::Result<ExitCode> {
    writeln!(anstream::stdout(), "{:#}", script::json_schema())?;
    Ok(ExitCode::SUCCESS)
}
