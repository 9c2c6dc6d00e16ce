//! `hatif init`: writes the default centre to a folder.

use std::{fs, io::Write, path::PathBuf, process::ExitCode};

use anyhow::Context;

use crate::script;

/// Arguments of `hatif init`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// The folder, made when it is not there
    dir: PathBuf,
    /// Overwrite files that are there already
    #[arg(long)]
    force: bool,
}

/// Runs the command. Either every file is written or, when some are there already, none.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let files = script::embedded_files();
    let there: Vec<&str> =
        files.iter().map(|(path, _)| path.as_str()).filter(|path| args.dir.join(path).exists()).collect();
    let mut out = anstream::stdout();
    if !there.is_empty() && !args.force {
        anstream::eprintln!("hatif: {} would be overwritten, so nothing is written:", args.dir.display());
        there.iter().for_each(|path| anstream::eprintln!("  {path}"));
        anstream::eprintln!("Choose another folder, or overwrite them with --force.");
        return Ok(ExitCode::from(1));
    }
    for (path, data) in &files {
        let path = args.dir.join(path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
        }
        fs::write(&path, data).with_context(|| format!("cannot write {}", path.display()))?;
    }
    let dir = args.dir.display();
    writeln!(out, "{} files written to {dir}:", files.len())?;
    for (path, _) in &files {
        writeln!(out, "  {path}")?;
    }
    writeln!(out, "\nNow edit {dir}/centre/flows/*.toml and {dir}/centre/prompts/*.ftl, and try what you wrote:")?;
    writeln!(out, "  hatif check {dir}             every problem at once")?;
    writeln!(out, "  hatif test {dir}              its dialogues, in virtual time")?;
    writeln!(out, "  hatif serve --centre {dir}    dial it; what you save is published at once")?;
    Ok(ExitCode::SUCCESS)
}
