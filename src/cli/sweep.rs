//! `hatif sweep`: a scenario at every point of a grid of settings.

use std::process::ExitCode;

use super::run::{self, RunArgs};
use crate::{
    report,
    scenario::{Override, Scenario},
    sim::{
        axis::{Axis, MOST_POINTS},
        sweep::{self, grid},
    },
};

/// Arguments of `hatif sweep`.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "With --out: sweep.json, sweep.csv and the chart sweep.svg. A sweep has at most 1000 points. Exit code: 0 done; 2 the scenario or an argument is wrong; 130 cut short"
)]
pub struct Args {
    /// The scenario: a name such as ordinary_day, or the path of its file
    scenario: String,
    /// The setting to vary and its values: key=50..90, key=0.8..1.2:0.1, key=20s..40s:10s or key=20s,30s; given twice, all pairs are run
    #[arg(long, value_name = "KEY=A..B[:STEP]", required = true)]
    vary: Vec<Axis>,
    #[command(flatten)]
    run: RunArgs,
}

/// Runs the command.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let scenarios = scenarios(&args)?;
    let made = args.run.prepare()?;
    let cancel = run::cancel_on_signals()?;
    let mut bar = args.run.bar("replications");
    let axes = args.vary.clone();
    let found = sweep::sweep(axes, &scenarios, &args.run.options(), &cancel, &mut |progress| bar.show(progress))?;
    drop(bar);
    let finished = found.points.iter().any(|point| point.replications > 0);
    if let Some(folder) = args.run.out_for(finished, made) {
        report::write_sweep(folder, &found)?;
    }
    args.run.tell(&found, &report::text::sweep(&found), found.partial)
}

/// The scenario of every point.
fn scenarios(args: &Args) -> anyhow::Result<Vec<Scenario>> {
    anyhow::ensure!(args.vary.len() <= 2, "a sweep varies one setting or two; leave out some --vary");
    let points = args.vary.iter().try_fold(1, |points: usize, axis| points.checked_mul(axis.values.len()));
    let points = points.unwrap_or(usize::MAX);
    anyhow::ensure!(
        points <= MOST_POINTS,
        "that are {points} points; a sweep has at most {MOST_POINTS}, so choose larger steps"
    );
    if let [a, b] = &args.vary[..] {
        anyhow::ensure!(a.key != b.key, "`{}` is varied twice; vary two settings", a.key);
    }
    let mut scenarios = Vec::with_capacity(points);
    for point in grid(&args.vary) {
        let mut set = args.run.set.clone();
        for (axis, value) in args.vary.iter().zip(&point) {
            set.push(format!("{}={value}", axis.key).parse::<Override>()?);
        }
        scenarios.push(run::open(&args.scenario, &set, args.run.centre.as_deref())?);
    }
    Ok(scenarios)
}
