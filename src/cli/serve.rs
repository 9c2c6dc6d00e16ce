//! `hatif serve`

use std::process::ExitCode;

/// Arguments of `hatif serve`.
#[derive(clap::Args, Debug)]
pub struct Args {}

/// Runs the command.
pub fn run(_args: Args) -> anyhow::Result<ExitCode> {
    anyhow::bail!("not built yet")
}

impl Args {
    /// What `hatif` without a command serves: the default centre on embedded defaults.
    pub fn default_centre() -> Args {
        Args {}
    }
}
