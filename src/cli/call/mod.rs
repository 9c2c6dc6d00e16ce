//! `hatif call`: a telephone in the terminal, or one that follows a line of keys.

use std::{io::IsTerminal, path::PathBuf, process::ExitCode};

use anyhow::Context;

use super::access::AccessArgs;
use crate::{
    client::{Bidi, Ending, View},
    dialogue::{KEYS_HELP, Recorder},
    time::Duration,
};

mod plain;
mod scripted;
mod terminal;

const AFTER_HELP: &str = "\
In a terminal the keys 0-9 * # are pressed as typed; h, q or Ctrl-C hangs up, a picks up a call back.

Exit code: 0 the call ended as contained, transferred, callback or an outcome of the centre's own, or everything expected \
was said; 1 something expected was not said, or the call ended as abandoned or failed; 2 no connection, or trouble on it.";

/// Arguments of `hatif call`.
#[derive(clap::Args, Debug)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// Where to dial
    #[arg(default_value = "ws://127.0.0.1:7700/call")]
    url: String,
    #[command(flatten)]
    access: AccessArgs,
    /// The calling number, up to 15 digits (default: withheld)
    #[arg(long, value_name = "NUMBER", value_parser = number)]
    from: Option<String>,
    /// Begin in this language instead of the centre's default, such as fr
    #[arg(long, value_name = "L")]
    language: Option<String>,
    /// Press these keys instead of asking for them
    #[arg(long, value_name = "KEYS", long_help = KEYS_HELP)]
    keys: Option<String>,
    /// This must be said before the call is over: the id of a prompt, or words of it (may be given again)
    #[arg(long, value_name = "TEXT|ID")]
    expect: Vec<String>,
    /// Print every message of the centre as a line of JSON
    #[arg(long)]
    json: bool,
    /// Save the call as a dialogue test for `hatif test`
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// With --keys or --expect: the longest any step waits for the centre
    #[arg(long, default_value = "60s", value_name = "LENGTH")]
    timeout: Duration,
    /// How fast the centre's time goes, as given to `hatif serve --speed`
    #[arg(long, default_value_t = 1.0, value_name = "N", value_parser = crate::cli::serve::speed)]
    speed: f64,
    /// How right-to-left text is printed: as read, for terminals that order it themselves, or as seen, for others
    #[arg(long, value_enum, default_value = "logical")]
    bidi: BidiArg,
    /// Show the ids of prompts
    #[arg(long)]
    ids: bool,
}

/// Values of `--bidi`.
#[derive(clap::ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
enum BidiArg {
    /// In the order of reading.
    Logical,
    /// In the order seen from left to right.
    Visual,
}

fn number(text: &str) -> Result<String, String> {
    match text.len() {
        1..=15 if text.bytes().all(|byte| byte.is_ascii_digit()) => Ok(text.to_owned()),
        _ => Err("write up to 15 digits".to_owned()),
    }
}

/// Runs the command.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        if args.keys.is_some() || !args.expect.is_empty() {
            return scripted::run(&args).await;
        }
        let screen = std::io::stdin().is_terminal() && std::io::stdout().is_terminal() && !args.json;
        let mut recorder = Recorder::new(args.from.clone(), args.language.clone());
        let ending = match screen {
            true => terminal::run(&args, &mut recorder).await,
            false => plain::run(&args, &mut recorder).await,
        };
        save(&args, &recorder)?;
        Ok(code(ending?.as_ref()))
    })
}

impl Args {
    fn view(&self, styled: bool) -> View {
        let bidi = match self.bidi {
            BidiArg::Logical => Bidi::Logical,
            BidiArg::Visual => Bidi::Visual,
        };
        View { bidi, ids: self.ids, styled }
    }
}

/// Whether colours are wanted: a terminal, and nobody said no.
fn styled() -> bool {
    std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// The exit code that an ending deserves.
fn code(ending: Option<&Ending>) -> ExitCode {
    let bad = ending.is_none_or(|ending| ["abandoned", "failed"].contains(&&*ending.outcome));
    ExitCode::from(u8::from(bad))
}

/// Writes the dialogue test, if one is wanted.
fn save(args: &Args, recorder: &Recorder) -> anyhow::Result<()> {
    let Some(path) = &args.record else { return Ok(()) };
    let name = path.file_stem().map_or_else(|| "recorded".into(), |stem| stem.to_string_lossy());
    std::fs::write(path, recorder.file(&name)).with_context(|| format!("cannot write {}", path.display()))?;
    anstream::eprintln!("hatif: saved; run it with: hatif test {}", path.display());
    Ok(())
}
