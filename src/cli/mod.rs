//! The commands, one file each; exit codes and the set-up of logs.
//!
//! Exit codes: 0 all went well; 1 the command ran and the answer is no (a faulty script, a failed dialogue, a margin that
//! does not hold); 2 the command could not run (bad arguments, unreadable file, address in use).

use std::{io, process::ExitCode};

use clap::{CommandFactory, Parser, Subcommand};

mod access;
mod arguments;
pub mod call;
pub mod calls;
pub mod check;
pub mod compare;
pub mod completions;
pub mod doctor;
pub mod echo;
pub mod graph;
pub mod init;
pub mod load;
mod logs;
pub mod man;
pub mod registry;
pub mod replay;
mod run;
pub mod schema;
pub mod serve;
pub mod simulate;
pub mod staff;
pub mod status;
pub mod sweep;
pub mod test;
pub mod token;

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
    /// Run a scenario, as fast as the processor allows
    Simulate(simulate::Args),
    /// Run the same callers through two designs and tell the difference
    Compare(compare::Args),
    /// Run a scenario at every point of a grid of settings
    Sweep(sweep::Args),
    /// Tell how many agents a target needs, by Erlang's formulas
    Staff(staff::Args),
    /// Call a centre as its callers do, by the thousand, and tell what they met
    Load(load::Args),
    /// Tell how a running centre is
    Status(status::Args),
    /// Check, search, import and export the enrolment registry
    Registry(registry::Args),
    /// Tell whether a folder of call records is sound, and what to do
    Doctor(doctor::Args),
    /// Run a recorded journal again and compare the events
    Replay(replay::Args),
    /// Make tokens for a centre that others can reach
    Token(token::Args),
    /// Try our client with the cases of a websocket test server
    #[command(hide = true)]
    Echo(echo::Args),
    /// Print what makes a shell complete these commands
    Completions(completions::Args),
    /// Print the manual page, or write one a command
    Man(man::Args),
}

/// The commands, for what is made from them.
fn command() -> clap::Command {
    Cli::command()
}

/// Reads the command line, runs the command and turns its result into an exit code.
pub fn main() -> ExitCode {
    let cli: Cli = arguments::read();
    let result = match cli.command {
        None => serve::run(serve::Args::from_environment()),
        Some(Command::Serve(args)) => serve::run(args),
        Some(Command::Call(args)) => call::run(args),
        Some(Command::Calls(args)) => calls::run(args),
        Some(Command::Check(args)) => check::run(args),
        Some(Command::Graph(args)) => graph::run(args),
        Some(Command::Schema(args)) => schema::run(args),
        Some(Command::Init(args)) => init::run(args),
        Some(Command::Test(args)) => test::run(args),
        Some(Command::Simulate(args)) => simulate::run(args),
        Some(Command::Compare(args)) => compare::run(args),
        Some(Command::Sweep(args)) => sweep::run(args),
        Some(Command::Staff(args)) => staff::run(args),
        Some(Command::Load(args)) => load::run(args),
        Some(Command::Status(args)) => status::run(args),
        Some(Command::Registry(args)) => registry::run(args),
        Some(Command::Doctor(args)) => doctor::run(args),
        Some(Command::Replay(args)) => replay::run(args),
        Some(Command::Token(args)) => token::run(args),
        Some(Command::Echo(args)) => echo::run(args),
        Some(Command::Completions(args)) => completions::run(args),
        Some(Command::Man(args)) => man::run(args),
    };
    result.unwrap_or_else(|error| {
        if !reader_left(&error) {
            anstream::eprintln!("hatif: {}", told(&error));
        }
        ExitCode::from(2)
    })
}

/// Whether all that went wrong is that whoever read the output has had enough, as in `hatif schema | head`: nothing to
/// tell, but no success either, for an answer such as that of `hatif check` has not been given.
fn reader_left(error: &anyhow::Error) -> bool {
    error.chain().filter_map(|cause| cause.downcast_ref::<io::Error>()).any(|e| e.kind() == io::ErrorKind::BrokenPipe)
}

/// An error and its causes on one line, but no cause that stands there already: many errors quote theirs.
fn told(error: &anyhow::Error) -> String {
    let mut text = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !text.contains(&cause) {
            text.push_str(": ");
            text.push_str(&cause);
        }
    }
    text
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

    #[derive(Debug, thiserror::Error)]
    #[error("cannot read centre: {0}; check the path")]
    struct Quoting(#[source] io::Error);

    #[test]
    fn a_cause_is_told_once() {
        let missing = || io::Error::new(io::ErrorKind::NotFound, "no such file");
        assert_eq!(told(&Quoting(missing()).into()), "cannot read centre: no such file; check the path");
        let error = anyhow::Error::from(missing()).context("cannot open journal").context("cannot replay");
        assert_eq!(told(&error), "cannot replay: cannot open journal: no such file");
    }

    #[test]
    fn a_reader_who_leaves_early_is_no_error() {
        let broken = anyhow::Error::from(io::Error::from(io::ErrorKind::BrokenPipe)).context("cannot write");
        assert!(reader_left(&broken));
        assert!(!reader_left(&io::Error::from(io::ErrorKind::NotFound).into()));
    }

    #[test]
    fn numbers_are_grouped() {
        assert_eq!([7, 1_000, 3_200_000].map(grouped), ["7", "1,000", "3,200,000"]);
    }
}
