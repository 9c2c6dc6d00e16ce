//! `hatif load`: callers by the thousand, and what they met.

use std::{
    io::{self, IsTerminal, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{
    access::AccessArgs,
    run::{CUT_SHORT, cancel_on_signals},
};
use crate::{
    client::{FetchError, Link, Wiring, printable_lines},
    load::{
        self, Asked, Plan, Progress, Setting,
        births::People,
        centre::{self, Health},
        page,
        plan::{Arrivals, Callers},
        sockets::{self, Room},
        summary::Summary,
    },
    registry::{self, Config, Registry, Source},
    scenario::Scenario,
};

const AFTER_HELP: &str = "\
Calls come when they are due, however slow the server is, and times are measured from when the caller meant to act. \
Callers are the people of a scenario (ordinary_day unless another is named): they need the menus the server speaks \
(--centre) and its registry (--registry-file or --registry-size, and --registry-seed). With --keys they only press keys and \
hang up.

Examples:
  hatif load ws://127.0.0.1:7700/call --rate 5/s --for 2m
  hatif load --ramp '0..200/s over 2m' --keys 1,2 --reuse --fail-if 'p99(key)>200ms' --fail-if 'lost>0'
  hatif load --concurrent 1000 --keys 1 --for 10m --out report.html

Rules for --fail-if: p50 p90 p99 p99.9 max or mean of connect, dial, key, end, refusal or late, as in 'p99(key)>200ms'; \
lost, missing, untold, doubled, different, unrecorded, failed, refused, finished, cut_off, hung_up or not_made, as a count or a share, as in 'refused>1%'; \
rate, the finished calls a second, as in 'rate<4500/s'. A rule about something that could not be measured is broken.

Exit code: 0 measured, and no rule broken; 1 a rule is broken, or no call succeeded; 2 an argument is wrong or nobody answers; 130 cut short.";

/// Arguments of `hatif load`.
#[derive(clap::Args, Debug)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// Where to call
    #[arg(default_value = "ws://127.0.0.1:7700/call")]
    url: String,
    /// So many calls in a unit of time, at random: 50/s, 600/m, 10/h
    #[arg(long, value_name = "RATE", allow_hyphen_values = true)]
    rate: Option<String>,
    /// A rate that goes evenly from one to another: '0..200/s over 2m'
    #[arg(long, value_name = "RAMP", allow_hyphen_values = true)]
    ramp: Option<String>,
    /// The callers of this scenario, and without a rate its calls at their times
    #[arg(long, value_name = "SCENARIO")]
    scenario: Option<String>,
    /// How fast the scenario's calls come [default: as fast as the server's clock goes]
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    speed: Option<String>,
    /// At which time of the scenario's first day it begins [default: 10:00]
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    at: Option<String>,
    /// Hold so many calls: one is begun for each that ends, at most --rate of them (else 50/s)
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    concurrent: Option<String>,
    /// Make so many calls
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    calls: Option<String>,
    /// Begin calls for so long
    #[arg(long = "for", value_name = "LENGTH", allow_hyphen_values = true)]
    length: Option<String>,
    /// Callers who press these entries, each when keys are awaited, and hang up at the answer: 1,2
    #[arg(long, value_name = "KEYS", allow_hyphen_values = true)]
    keys: Option<String>,
    /// With --keys: from being asked to the key [default: 0s]
    #[arg(long, value_name = "LENGTH", allow_hyphen_values = true)]
    pause: Option<String>,
    /// With --keys: from the last answer to the hang-up, or `end` for the end of the run [default: 0s; with --concurrent: end]
    #[arg(long, value_name = "LENGTH", allow_hyphen_values = true)]
    hold: Option<String>,
    /// With --keys: a connection makes call after call
    #[arg(long)]
    reuse: bool,
    /// Call from this address of this machine; several are taken in turn
    #[arg(long, value_name = "ADDR", value_delimiter = ',', allow_hyphen_values = true)]
    local: Vec<String>,
    /// How long an answer is waited for [default: 30s]
    #[arg(long, value_name = "LENGTH", allow_hyphen_values = true)]
    patience: Option<String>,
    /// How long calls may go on when no more are begun; then they hang up [default: 30s; with --calls alone: to their ends]
    #[arg(long, value_name = "LENGTH", allow_hyphen_values = true)]
    drain: Option<String>,
    /// Fail the run, such as 'p99(key)>200ms' or 'lost>0'; may be given several times
    #[arg(long, value_name = "RULE", allow_hyphen_values = true)]
    fail_if: Vec<String>,
    /// Do not compare the calls with the server's records
    #[arg(long)]
    no_records: bool,
    /// The folder of the centre that the server speaks [default: the scenario's own]
    #[arg(long, value_name = "DIR")]
    centre: Option<PathBuf>,
    /// How many people the server's registry holds [default: as the server says]
    #[arg(long, value_name = "N", value_parser = super::serve::people, conflicts_with = "registry_file")]
    registry_size: Option<u32>,
    /// The file that the server reads its registry from [default: it is generated]
    #[arg(long, value_name = "FILE")]
    registry_file: Option<PathBuf>,
    /// The seed of the server's registry [default: 1]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    registry_seed: Option<u64>,
    /// Seed of arrivals and callers
    #[arg(long, value_name = "N", default_value_t = 1, allow_negative_numbers = true)]
    seed: u64,
    /// Print the results as JSON
    #[arg(long)]
    json: bool,
    /// Write the results to this file as a page
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    access: AccessArgs,
    /// No progress
    #[arg(long, short)]
    quiet: bool,
}

impl Args {
    fn asked(&self) -> Asked {
        Asked {
            rate: self.rate.clone(),
            ramp: self.ramp.clone(),
            scenario: self.scenario.clone(),
            speed: self.speed.clone(),
            at: self.at.clone(),
            concurrent: self.concurrent.clone(),
            calls: self.calls.clone(),
            length: self.length.clone(),
            keys: self.keys.clone(),
            pause: self.pause.clone(),
            hold: self.hold.clone(),
            reuse: self.reuse,
            local: self.local.clone(),
            patience: self.patience.clone(),
            drain: self.drain.clone(),
            fail_if: self.fail_if.clone(),
            no_records: self.no_records,
            of_people: self.of_people().into_iter().map(|(name, _)| name).collect(),
            seed: self.seed,
        }
    }

    /// The options given that say who the people are, with their values.
    fn of_people(&self) -> Vec<(&'static str, String)> {
        let path = |path: &Option<PathBuf>| path.as_ref().map(|path| path.display().to_string());
        let options = [
            ("--centre", path(&self.centre)),
            ("--registry-size", self.registry_size.map(|size| size.to_string())),
            ("--registry-file", path(&self.registry_file)),
            ("--registry-seed", self.registry_seed.map(|seed| seed.to_string())),
        ];
        options.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }

    /// What was asked for, for the head of the report.
    fn words(&self) -> String {
        let options = [
            ("--rate", &self.rate),
            ("--ramp", &self.ramp),
            ("--scenario", &self.scenario),
            ("--speed", &self.speed),
            ("--at", &self.at),
            ("--concurrent", &self.concurrent),
            ("--calls", &self.calls),
            ("--for", &self.length),
            ("--pause", &self.pause),
            ("--hold", &self.hold),
            ("--patience", &self.patience),
            ("--drain", &self.drain),
        ];
        let given = options.iter().filter_map(|(name, value)| value.as_ref().map(|value| format!("{name} {value}")));
        let mut words: Vec<String> = given.collect();
        // Keys may be somebody's secret.
        words.extend(self.keys.as_ref().map(|keys| match keys.split(',').count() {
            1 => "--keys (1 entry, not shown)".to_owned(),
            n => format!("--keys ({n} entries, not shown)"),
        }));
        words.extend(self.reuse.then(|| "--reuse".to_owned()));
        words.extend((!self.local.is_empty()).then(|| format!("--local ({} addresses)", self.local.len())));
        words.extend(self.no_records.then(|| "--no-records".to_owned()));
        words.extend(self.of_people().into_iter().map(|(name, value)| format!("{name} {value}")));
        words.push(format!("--seed {}", self.seed));
        words.join(" ")
    }
}

/// Runs the command.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let plan = Plan::read(&args.asked())?;
    let room = Room::make().context("cannot tell how many files this process may open")?;
    if let Arrivals::Concurrent { calls, .. } = plan.arrivals {
        anyhow::ensure!(
            calls <= room.sockets,
            "--concurrent {calls}: this process may have {} open files and so {} sockets; raise the hard limit \
             (`ulimit -Hn`) or hold fewer calls",
            room.files,
            room.sockets
        );
    }
    sockets::check_local(&plan.local)?;
    // Before a long run, not after it.
    let page = args.out.as_deref().map(PageFile::make).transpose()?;
    let wiring = Wiring { access: args.access.access(), lean: true, local: None };
    let server = ask(&args.url, &wiring)?;
    let people = people(&plan, &args, &server)?;
    let stop = cancel_on_signals()?;
    let mut view = View::new(args.quiet);
    let setting = Setting { url: args.url.clone(), words: args.words(), wiring, server: Some(server), people, room };
    let summary = load::run(&plan, setting, &mut |progress| view.show(progress), &stop)?;
    view.clear();
    if summary.cut_short {
        anstream::eprintln!("hatif: cut short; the results are those of what was measured");
    }
    if let Some(failure) = summary.failure().filter(|_| args.json) {
        anstream::eprintln!("hatif: {failure}");
    }
    let text = match args.json {
        true => serde_json::to_string_pretty(&summary).context("cannot write the results as JSON")? + "\n",
        false => printable_lines(&summary.text()),
    };
    let mut stdout = io::stdout().lock();
    let printed = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
    // Whichever of the two cannot be written, the other is.
    page.map_or(Ok(()), |page| page.write(&summary))?;
    printed.context("cannot write to standard output")?;
    Ok(match () {
        () if summary.is_broken() => ExitCode::from(1),
        () if summary.cut_short => ExitCode::from(CUT_SHORT),
        () => ExitCode::SUCCESS,
    })
}

/// The file of `--out`. What was in it stays until there are results; one that was not there is not left behind empty.
struct PageFile<'a> {
    path: &'a Path,
    is_new: bool,
}

impl<'a> PageFile<'a> {
    fn make(path: &'a Path) -> anyhow::Result<PageFile<'a>> {
        let is_new = !path.exists();
        let opened = std::fs::File::options().append(true).create(true).open(path);
        opened.with_context(|| format!("cannot write {}", path.display()))?;
        Ok(PageFile { path, is_new })
    }

    fn write(mut self, summary: &Summary) -> anyhow::Result<()> {
        self.is_new = false;
        std::fs::write(self.path, page::page(summary)).with_context(|| format!("cannot write {}", self.path.display()))
    }
}

impl Drop for PageFile<'_> {
    fn drop(&mut self) {
        if self.is_new {
            // It is empty; that it stays harms nobody.
            let _ = std::fs::remove_file(self.path);
        }
    }
}

/// So long the first connection is waited for.
const KNOCK: std::time::Duration = std::time::Duration::from_secs(2);

/// Asks the server who it is, and for a connection: what is wrong with the address is told before a run, not after it.
fn ask(url: &str, wiring: &Wiring) -> anyhow::Result<Health> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let health = runtime.block_on(async {
        let health = centre::health(url, wiring).await?;
        match tokio::time::timeout(KNOCK, Link::wired(url, wiring)).await {
            Ok(Ok(link)) => link.close().await,
            Ok(Err(error)) if load::is_hopeless(&error) => return Err(error.into()),
            // A server that is slow or full now is for the run to measure.
            Ok(Err(_)) | Err(_) => {}
        }
        Ok(health)
    });
    health.map_err(|error| match error {
        FetchError::Status { status: 401 | 403, .. } => {
            anyhow::Error::from(error).context("give a token for call,watch with --token or HATIF_TOKEN")
        }
        // It tells by itself what is wrong.
        FetchError::Link(error) => error.into(),
        error => anyhow::Error::from(error).context("the server does not say who it is"),
    })
}

/// Who calls, where people do.
fn people(plan: &Plan, args: &Args, server: &Health) -> anyhow::Result<Option<People>> {
    let Callers::People { scenario, at } = &plan.callers else { return Ok(None) };
    let scenario = super::run::open(scenario, &[], args.centre.as_deref())?;
    let registry = registry(&scenario, args, server)?;
    Ok(Some(People::new(scenario, registry, *at)?))
}

/// The people of the server, or nobody where no caller of the scenario is one of them.
fn registry(scenario: &Scenario, args: &Args, server: &Health) -> anyhow::Result<Registry> {
    let seed = args.registry_seed.unwrap_or(1);
    let are_all = |size: u32, option: String| {
        anyhow::ensure!(
            size == server.people,
            "{option}: these are {size} people, the server has {} on file, and its callers must be among them",
            server.people
        );
        Ok(())
    };
    if let Some(path) = &args.registry_file {
        let source = Source::File { path: path.clone() };
        let registry = Registry::open(&Config { source, seed, ..Config::default() })?;
        are_all(registry.len(), format!("--registry-file {}", path.display()))?;
        return Ok(registry);
    }
    let size = args.registry_size.unwrap_or(server.people);
    are_all(size, format!("--registry-size {size}"))?;
    Ok(Registry::generated(if scenario.registry.is_some() { size } else { registry::margins::MIN_SIZE }, seed))
}

/// Progress on standard error: a line that changes in a terminal, lines in a pipe.
struct View {
    bar: Option<ProgressBar>,
    quiet: bool,
}

/// In a pipe so many seconds pass from line to line.
const EVERY: u64 = 5;

impl View {
    fn new(quiet: bool) -> View {
        let shown = !quiet && io::stderr().is_terminal();
        let bar = shown.then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg}") {
                bar.set_style(style);
            }
            bar
        });
        View { bar, quiet }
    }

    fn show(&mut self, progress: &Progress) {
        match &self.bar {
            Some(bar) => {
                bar.set_message(progress.to_string());
                bar.tick();
            }
            None if !self.quiet && progress.seconds.is_multiple_of(EVERY) => anstream::eprintln!("hatif: {progress}"),
            None => {}
        }
    }

    fn clear(&self) {
        self.bar.iter().for_each(ProgressBar::finish_and_clear);
    }
}
