//! `hatif staff`: agents needed for a target, by formula and, for a scenario, by simulation.

use std::{
    io::Write,
    num::{NonZeroU32, NonZeroUsize},
    path::PathBuf,
    process::ExitCode,
};

use anyhow::{Context, bail};

use self::{asked::Asked, intervals::Interval};
use super::run;
use crate::{
    scenario::Override,
    theory::{self, Formula, Target, Traffic},
};

mod asked;
mod curve;
mod day;
mod intervals;
mod need;
mod scenario;
mod tell;
mod why;

/// Arguments of `hatif staff`.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Times are such as 20s, 5m30s or 1h; a plain number is seconds. The CSV of --intervals has the columns \
from and calls, and may have aht. Examples:\n  \
hatif staff --calls 852 --per 30m --aht 330s --patience 50m --shrinkage 30%\n  \
hatif staff --intervals day.csv --aht 330s --target 90/10s --formula c\n  \
hatif staff --scenario ordinary_day --out staffed.toml && hatif simulate staffed.toml\n\
With --scenario the formulas are held against simulation: the groups keep the scenario's proportions, and half-hours are \
raised and lowered until each meets the target in the mean of the replications and none can spare an agent. Ctrl-C ends the \
search and tells what was found so far.\n\
Exit codes: 0 done; 2 an argument or a row is wrong, or no number of agents reaches the target; 130 cut short."
)]
pub struct Args {
    /// Calls in one interval
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = asked::calls, required_unless_present_any = ["intervals", "scenario"])]
    calls: Option<f64>,
    /// A CSV of intervals instead: columns from, calls and perhaps aht
    #[arg(long, value_name = "FILE", conflicts_with = "calls")]
    intervals: Option<PathBuf>,
    /// How long an interval is
    #[arg(long, value_name = "TIME", default_value = "30m", allow_negative_numbers = true, value_parser = asked::time)]
    per: f64,
    /// Mean handle time: talking and after-call work
    #[arg(long, value_name = "TIME", allow_negative_numbers = true, value_parser = asked::time, required_unless_present_any = ["intervals", "scenario"])]
    aht: Option<f64>,
    /// Mean patience, for Erlang A
    #[arg(long, value_name = "TIME", allow_negative_numbers = true, value_parser = asked::time)]
    patience: Option<f64>,
    /// Share of calls in per cent and the time within which they are to be answered
    /// [default: 80/20s, or the scenario's]
    #[arg(long, value_name = "SHARE/TIME", value_parser = asked::service_level)]
    target: Option<Target>,
    /// Instead: the largest share of callers who may leave unanswered, such as 3%
    #[arg(long, value_name = "SHARE", allow_negative_numbers = true, value_parser = asked::abandonment, conflicts_with = "target")]
    max_abandonment: Option<Target>,
    /// Instead: the longest average speed of answer
    #[arg(long, value_name = "TIME", allow_negative_numbers = true, value_parser = asked::asa, conflicts_with_all = ["target", "max_abandonment"])]
    max_asa: Option<Target>,
    /// Share of paid time away from calls (leave, training, breaks), such as 0.3 or 30% [default: 0, or the scenario's]
    #[arg(long, value_name = "SHARE", allow_negative_numbers = true, value_parser = asked::shrinkage)]
    shrinkage: Option<f64>,
    /// Which formulas, such as c or b,c,a [default: all that know the target, A with --patience only]
    #[arg(long, value_name = "LIST", value_enum, value_delimiter = ',')]
    formula: Vec<Letter>,
    /// How to write the answer
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    #[command(flatten)]
    simulated: SimulatedArgs,
}

/// What only `--scenario` needs.
#[derive(clap::Args, Debug)]
struct SimulatedArgs {
    /// A scenario, by name or file: its half-hours by the formulas and by simulation
    #[arg(long, value_name = "SCENARIO", conflicts_with_all = ["calls", "intervals", "per", "aht", "formula"])]
    scenario: Option<String>,
    /// Which of its days: a date, or a weekday such as mon, whose days are taken together; may be given several times
    /// [default: the one with the most expected calls]
    #[arg(long, value_name = "DAY", value_parser = day::day)]
    day: Vec<day::Day>,
    /// Change a setting of the scenario, such as demand.factor=1.1; may be given several times
    #[arg(long = "set", value_name = "KEY=VALUE")]
    set: Vec<Override>,
    /// The folder of a centre to run it on instead of its own
    #[arg(long, value_name = "DIR")]
    centre: Option<PathBuf>,
    /// How many replications each curve is tried on [default: as the scenario says]
    #[arg(long, value_name = "N", value_parser = run::replications)]
    replications: Option<NonZeroU32>,
    /// Seed of all chance [default: the scenario's]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(0..=i64::MAX as u64))]
    seed: Option<u64>,
    /// On how many threads; results do not depend on it [default: all cores]
    #[arg(long, value_name = "N", value_parser = run::threads)]
    threads: Option<NonZeroUsize>,
    /// Write a scenario with the staff found to this file, to be simulated
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// No progress bar
    #[arg(long, short)]
    quiet: bool,
}

/// A formula by its letter.
#[derive(clap::ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
enum Letter {
    /// Erlang B: who finds no free agent is lost
    B,
    /// Erlang C: everybody waits for ever
    C,
    /// Erlang A: callers give up
    A,
}

impl Letter {
    fn formula(self) -> Formula {
        match self {
            Letter::B => Formula::B,
            Letter::C => Formula::C,
            Letter::A => Formula::A,
        }
    }
}

/// How an answer is written.
#[derive(clap::ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    /// For people
    Table,
    /// One JSON array, an object for each interval and formula
    Json,
    /// CSV, a line for each interval and formula
    Csv,
}

/// Runs the command.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    if let Some(name) = args.simulated.scenario.clone() {
        return scenario::answer(&name, args);
    }
    if let Some(option) = args.simulated.first_given() {
        bail!("{option} is about a scenario; give one with --scenario, such as --scenario ordinary_day");
    }
    let (format, asked) = (args.format, ask(args)?);
    let answers = asked.answers()?;
    let text = match format {
        Format::Table => tell::table(&asked, &answers),
        Format::Json => format!("{}\n", serde_json::to_string_pretty(&answers).context("cannot write JSON")?),
        Format::Csv => tell::csv(&answers)?,
    };
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).context("cannot write to standard output")?;
    Ok(ExitCode::SUCCESS)
}

fn ask(args: Args) -> anyhow::Result<Asked> {
    let target = args.wanted().unwrap_or(Target::ServiceLevel { share: 0.8, within: 20.0 });
    let intervals = match (&args.intervals, args.calls) {
        (Some(file), _) => intervals::read(file, args.aht)?,
        (None, calls) => vec![Interval {
            from: None,
            calls: calls.unwrap_or_default(),
            aht: args.aht.context("give the mean handle time with --aht")?,
        }],
    };
    let mut formulas: Vec<Formula> = args.formula.iter().map(|letter| letter.formula()).collect();
    if formulas.contains(&Formula::A) && args.patience.is_none() {
        bail!("Erlang A needs the callers' mean patience: give --patience, such as --patience 5m");
    }
    if formulas.is_empty() {
        formulas = vec![Formula::B, Formula::C, Formula::A];
        formulas.retain(|formula| asked::answers_to(*formula, &target, args.patience));
    }
    formulas.sort();
    formulas.dedup();
    let (per, patience, shrinkage) = (args.per, args.patience, args.shrinkage.unwrap_or(0.0));
    Ok(Asked { intervals, per, patience, target, shrinkage, formulas })
}

impl SimulatedArgs {
    /// An option that says nothing without a scenario.
    fn first_given(&self) -> Option<&'static str> {
        let given = [
            ("--day", !self.day.is_empty()),
            ("--set", !self.set.is_empty()),
            ("--centre", self.centre.is_some()),
            ("--replications", self.replications.is_some()),
            ("--seed", self.seed.is_some()),
            ("--threads", self.threads.is_some()),
            ("--out", self.out.is_some()),
            ("--quiet", self.quiet),
        ];
        given.into_iter().find(|(_, given)| *given).map(|(option, _)| option)
    }
}

impl Args {
    /// The target given.
    fn wanted(&self) -> Option<Target> {
        self.max_abandonment.or(self.max_asa).or(self.target)
    }
}

impl Asked {
    /// What each formula needs in each interval.
    fn answers(&self) -> anyhow::Result<Vec<Answer>> {
        let mut answers = Vec::new();
        for interval in &self.intervals {
            let traffic = Traffic {
                arrivals: interval.calls / self.per,
                handle_mean: interval.aht,
                patience_mean: self.patience,
            };
            for &formula in &self.formulas {
                let need = theory::agents_needed(formula, &traffic, &self.target).with_context(|| {
                    let place = interval.from.as_ref().map_or_else(String::new, |from| format!(" from {from}"));
                    format!("{formula} has no answer{place}")
                })?;
                answers.push(Answer {
                    from: interval.from.clone(),
                    calls: interval.calls,
                    aht: interval.aht,
                    erlangs: traffic.load(),
                    formula: formula.to_string(),
                    agents: need.agents,
                    scheduled: theory::scheduled(need.agents, self.shrinkage)?,
                    service_level: need.service_level,
                    asa: need.asa,
                    abandonment: need.abandonment,
                    occupancy: need.occupancy,
                });
            }
        }
        Ok(answers)
    }
}

/// What a formula says of an interval. Times in seconds.
#[derive(Clone, Debug, serde::Serialize)]
struct Answer {
    /// When the interval begins, as the CSV names it.
    from: Option<String>,
    /// Calls in it.
    calls: f64,
    /// Mean handle time.
    aht: f64,
    /// Work that arrives, in agents kept busy.
    erlangs: f64,
    /// The formula.
    formula: String,
    /// Agents needed at work.
    agents: u32,
    /// Agents on the roster, with shrinkage.
    scheduled: u32,
    /// Share of calls answered within the target's time (without one: at once).
    service_level: f64,
    /// Mean wait of answered calls.
    asa: f64,
    /// Share of callers who leave unanswered.
    abandonment: f64,
    /// Share of time that agents are busy.
    occupancy: f64,
}
