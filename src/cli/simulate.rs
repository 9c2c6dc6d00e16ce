//! `hatif simulate`: a scenario, as fast as the processor allows.

use std::{num::NonZeroU32, process::ExitCode};

use super::run::{self, RunArgs};
use crate::{
    report::{self, files::CallsOut, text::Detail},
    sim::replicate::{self, Precision, Runs},
};

/// Arguments of `hatif simulate`.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "With --out: report.html, summary.json, intervals.csv and calls.parquet. Ctrl-C ends the run and tells what was finished; a second one ends it at once. Exit code: 0 done; 2 the scenario or an argument is wrong; 130 cut short"
)]
pub struct Args {
    /// The scenario: a name such as ordinary_day, or the path of its file
    scenario: String,
    /// Run until waits are known to this share of their value and service level and abandonment to this share of the
    /// calls, such as 0.02; at least 10 replications
    #[arg(long, value_name = "P", value_parser = precision, allow_negative_numbers = true, conflicts_with = "replications")]
    precision: Option<f64>,
    /// With --precision: at most so many replications
    #[arg(long, value_name = "N", default_value = "10000", requires = "precision", value_parser = run::replications, allow_negative_numbers = true)]
    at_most: NonZeroU32,
    /// Hash every event, to be compared with another run's
    #[arg(long)]
    trace_hash: bool,
    /// With --out: no calls.parquet, whose rows are held in memory until their replication is done
    #[arg(long, requires = "out")]
    no_calls: bool,
    /// Print every measure, skills and regions too
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    run: RunArgs,
}

fn precision(text: &str) -> Result<f64, String> {
    let share: f64 = text.parse().map_err(|_| format!("`{text}` is not a number"))?;
    match share > 0.0 && share < 1.0 {
        true => Ok(share),
        false => Err("choose a share above 0 and below 1, such as 0.02".to_owned()),
    }
}

/// Runs the command.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let scenario = run::open(&args.scenario, &args.run.set, args.run.centre.as_deref())?;
    let made = args.run.prepare()?;
    let mut options = args.run.options();
    options.trace = args.trace_hash;
    if let Some(share) = args.precision {
        options.runs = Runs::Precision(Precision { relative: share, absolute: share, at_most: args.at_most });
    }
    let cancel = run::cancel_on_signals()?;
    let mut bar = args.run.bar("replications");
    let calls = args.run.out.as_deref().filter(|_| !args.no_calls);
    let mut calls = calls.map(|folder| CallsOut::new(folder, &scenario.clock)).transpose()?;
    let mut show = |progress| bar.show(progress);
    let summary = match &mut calls {
        Some(calls) => {
            let mut sink = |replication, rows: &[_], versions: &_| calls.write(replication, rows, versions);
            replicate::replicate_telling(&scenario, &options, &cancel, &mut show, &mut sink)?
        }
        None => replicate::replicate(&scenario, &options, &cancel, &mut show)?,
    };
    drop(bar);
    let finished = summary.replications > 0;
    match (calls, finished) {
        (Some(calls), true) => calls.finish()?,
        (Some(calls), false) => calls.discard(),
        (None, _) => {}
    }
    if let Some(folder) = args.run.out_for(finished, made) {
        report::write(folder, &summary, &scenario)?;
    }
    let detail = if args.all { Detail::All } else { Detail::Main };
    let mut text = report::text::summary(&summary, detail);
    if let Some(trace) = summary.trace.as_ref().filter(|_| finished) {
        text.push_str(&format!("\ntrace: {trace}\n"));
    }
    args.run.tell(&summary, &text, summary.partial)
}
