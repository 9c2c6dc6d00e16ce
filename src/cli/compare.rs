//! `hatif compare`: the same callers through two designs.

use std::{path::PathBuf, process::ExitCode};

use super::run::{self, RunArgs};
use crate::{report, scenario::Override, sim::compare};

/// Arguments of `hatif compare`.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "--set and --centre hold for both designs, --set-b and --centre-b for the second alone. With --out: compare.json and differences.csv. Exit code: 0 done; 2 a scenario or an argument is wrong; 130 cut short"
)]
pub struct Args {
    /// The first scenario: a name such as ordinary_day, or the path of its file
    a: String,
    /// The second scenario [default: the first, with the changes of --set-b and --centre-b]
    b: Option<String>,
    /// Change a setting of the second design, such as staffing.total=80; may be given several times
    #[arg(long = "set-b", value_name = "KEY=VALUE")]
    set_b: Vec<Override>,
    /// The folder of the second design's centre
    #[arg(long, value_name = "DIR")]
    centre_b: Option<PathBuf>,
    #[command(flatten)]
    run: RunArgs,
}

/// Runs the command.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    anyhow::ensure!(
        args.b.is_some() || !args.set_b.is_empty() || args.centre_b.is_some(),
        "there is nothing to compare {} with; give a second scenario, --set-b KEY=VALUE or --centre-b DIR",
        args.a
    );
    let mut a = run::open(&args.a, &args.run.set, args.run.centre.as_deref())?;
    if let Some(seed) = args.set_b.iter().find(|change| change.key == "seed") {
        anyhow::bail!(
            "--set-b {seed}: both designs have one seed, so that the same callers call in both; give --seed, which holds for both"
        );
    }
    let set_b: Vec<Override> = args.run.set.iter().chain(&args.set_b).cloned().collect();
    let centre_a = args.run.centre.as_deref().map(|dir| ("--centre", dir));
    let centre_b = args.centre_b.as_deref().map(|dir| ("--centre-b", dir)).or(centre_a);
    let mut b = run::open_on(args.b.as_deref().unwrap_or(&args.a), &set_b, centre_b)?;
    a.name = named(&a.name, &[], None).into();
    b.name = named(&b.name, &args.set_b, args.centre_b.as_ref()).into();
    let made = args.run.prepare()?;
    let cancel = run::cancel_on_signals()?;
    let mut bar = args.run.bar("pairs of replications");
    let found = compare::compare(&a, &b, &args.run.options(), &cancel, &mut |progress| bar.show(progress))?;
    drop(bar);
    if let Some(folder) = args.run.out_for(found.replications > 0, made) {
        report::write_comparison(folder, &found)?;
    }
    args.run.tell(&found, &report::text::comparison(&found), found.partial)
}

/// A design's name: the scenario's with what was changed.
fn named(scenario: &str, set: &[Override], centre: Option<&PathBuf>) -> String {
    let set = set.iter().map(|change| format!(" {change}"));
    let centre = centre.iter().map(|folder| format!(" on {}", folder.display())).collect::<Vec<_>>();
    std::iter::once(scenario.to_owned()).chain(set).chain(centre).collect()
}
