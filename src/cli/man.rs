//! `hatif man`: the manual pages, made from the commands themselves.

use std::{fs, io::Write, path::PathBuf, process::ExitCode};

use anyhow::Context;

/// Arguments of `hatif man`.
#[derive(clap::Args, Debug)]
#[command(after_help = "For instance:\n  \
    hatif man | man -l -\n  \
    hatif man --dir ~/.local/share/man/man1")]
pub struct Args {
    /// Write a page for each command into this folder, which is made when missing, instead of printing the first page
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// Runs the command.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let mut command = super::command();
    // Gives every command below its full name.
    command.build();
    let Some(dir) = args.dir else {
        std::io::stdout().write_all(&page(&command)?)?;
        return Ok(ExitCode::SUCCESS);
    };
    fs::create_dir_all(&dir).with_context(|| format!("cannot make the folder {}", dir.display()))?;
    let mut pages = 0_u32;
    let mut left = vec![command];
    while let Some(command) = left.pop() {
        let name = command.get_display_name().unwrap_or_else(|| command.get_name()).to_owned();
        let path = dir.join(format!("{name}.1"));
        fs::write(&path, page(&command)?).with_context(|| format!("cannot write {}", path.display()))?;
        pages += 1;
        left.extend(
            command.get_subcommands().filter(|command| command.get_name() != "help" && !command.is_hide_set()).cloned(),
        );
    }
    anstream::println!("{pages} manual pages written to {}", dir.display());
    Ok(ExitCode::SUCCESS)
}

fn page(command: &clap::Command) -> anyhow::Result<Vec<u8>> {
    let mut text = Vec::new();
    clap_mangen::Man::new(command.clone()).render(&mut text).context("cannot make a manual page")?;
    Ok(text)
}
