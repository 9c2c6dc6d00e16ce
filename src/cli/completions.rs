//! `hatif completions SHELL`: prints what makes a shell complete the commands.

use std::{io::Write, process::ExitCode};

use clap_complete::Shell;

/// Arguments of `hatif completions`.
#[derive(clap::Args, Debug)]
#[command(after_help = "For instance:\n  \
    hatif completions bash > ~/.local/share/bash-completion/completions/hatif\n  \
    hatif completions zsh > ~/.zfunc/_hatif\n  \
    hatif completions fish > ~/.config/fish/completions/hatif.fish")]
pub struct Args {
    /// For which shell
    #[arg(value_enum, value_name = "SHELL")]
    shell: Shell,
}

/// Runs the command.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut super::command(), "hatif", &mut text);
    std::io::stdout().write_all(&text)?;
    Ok(ExitCode::SUCCESS)
}
