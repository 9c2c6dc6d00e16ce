//! `hatif token`: who may do what on a centre that others can reach.

use std::{path::PathBuf, process::ExitCode};

use crate::live::tokens::{self, Scope};

/// Arguments of `hatif token`.
#[derive(clap::Args, Debug)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand, Debug)]
enum Command {
    /// Make a token: prints its secret once and adds its hash to the token file
    New(NewArgs),
}

const AFTER_HELP: &str = "\
What scopes are for: call, to dial; watch, to see metrics, records, refusals, events and health; operate, to publish scripts, \
and everything watch has; agent, to work as an agent.

Start the server with `hatif serve --tokens FILE`. It reads the file again when it changes; to take a token back, delete its \
entry. Give the secret to programs as HATIF_TOKEN, or as the header `Authorization: Bearer SECRET`; a web page offers the \
websocket subprotocols `hatif.v1` and `hatif.token.SECRET`.";

#[derive(clap::Args, Debug)]
#[command(after_help = AFTER_HELP)]
struct NewArgs {
    /// Whose it is, for the log
    #[arg(long, value_parser = name)]
    name: String,
    /// What it is for; several with commas between
    #[arg(long, value_enum, value_delimiter = ',', required = true)]
    scope: Vec<Scope>,
    /// The token file; made when missing, readable by its owner only
    #[arg(long, default_value = "tokens.toml")]
    file: PathBuf,
}

fn name(text: &str) -> Result<String, String> {
    let fits = (1..=64).contains(&text.len()) && text.chars().all(|c| c.is_alphanumeric() || "-_.@ ".contains(c));
    match fits {
        true => Ok(text.to_owned()),
        false => Err("write 1 to 64 letters, digits, spaces or -_.@".to_owned()),
    }
}

/// Runs the command.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let Command::New(NewArgs { name, scope, file }) = args.command;
    let secret = tokens::make(&file, &name, &scope)?;
    // The secret alone goes to standard output, so that it can be caught by a script.
    anstream::println!("{secret}");
    let scopes: Vec<&str> = scope.iter().map(|scope| scope.word()).collect();
    anstream::eprintln!(
        "hatif: this is the token `{name}` for {}; it is not kept anywhere. Its hash is in {}.",
        scopes.join(", "),
        file.display()
    );
    Ok(ExitCode::SUCCESS)
}
