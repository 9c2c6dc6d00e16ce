//! The commands, one file each; exit codes and the set-up of logs.
//!
//! Exit codes: 0 all went well; 1 the command ran and the answer is no (a faulty script, a failed dialogue, a margin that
//! does not hold); 2 the command could not run (bad arguments, unreadable file, address in use).

use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub mod call;
pub mod calls;
pub mod check;
pub mod graph;
pub mod init;
mod logs;
pub mod registry;
pub mod replay;
pub mod schema;
pub mod serve;
pub mod test;

/// A contact centre that you can dial and that you can fast-forward.
#[derive(Parser, Debug)]
#[command(name = "hatif", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Run the live centre (what `hatif` does without a command)
    Serve(serve::Args),
    /// Dial a centre, press keys, hear what it says
    Call(call::Args),
    /// List, filter and export call records
    #[command(disable_version_flag = true)] // its own --version is that of a script
    Calls(calls::Args),
    /// Check a centre's scripts and report every problem at once
    Check(check::Args),
    /// Draw the menu tree as Mermaid or SVG
    Graph(graph::Args),
    /// Print the JSON Schema of scripts for editors
    Schema(schema::Args),
    /// Write the default centre to a folder, to be edited
    Init(init::Args),
    /// Run dialogue tests in virtual time, or against a running centre
    Test(test::Args),
    /// Check, search, import and export the enrolment registry
    Registry(registry::Args),
    /// Run a recorded journal again and compare the events
    Replay(replay::Args),
}

/// Reads the command line, runs the command and turns its result into an exit code.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let result = match cli.command {
        None => serve::run(serve::Args::default_centre()),
        Some(Command::Serve(args)) => serve::run(args),
        Some(Command::Call(args)) => call::run(args),
        Some(Command::Calls(args)) => calls::run(args),
        Some(Command::Check(args)) => check::run(args),
        Some(Command::Graph(args)) => graph::run(args),
        Some(Command::Schema(args)) => schema::run(args),
        Some(Command::Init(args)) => init::run(args),
        Some(Command::Test(args)) => test::run(args),
        Some(Command::Registry(args)) => registry::run(args),
        Some(Command::Replay(args)) => replay::run(args),
    };
    result.unwrap_or_else(|error| {
        anstream::eprintln!("hatif: {error:#}");
        ExitCode::from(2)
    })
}

/// A number with a comma between groups of three.
fn grouped(n: u32) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(c);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        assert_eq!([7, 1_000, 3_200_000].map(grouped), ["7", "1,000", "3,200,000"]);
    }
}
