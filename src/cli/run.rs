//! What `simulate`, `compare` and `sweep` have in common: how a scenario is opened and run, the progress bar, Ctrl-C, and
//! where results go.

use std::{
    io::{self, IsTerminal, Write},
    num::{NonZeroU32, NonZeroUsize},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use anyhow::Context;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

use crate::{
    report::files,
    scenario::{Override, Scenario},
    script::Source,
    sim::replicate::{Options, Progress, Runs},
};

/// Exit code of a run that Ctrl-C or SIGTERM cut short: what a shell gives for SIGINT.
pub const CUT_SHORT: u8 = 130;

/// What tells how a scenario is run.
#[derive(clap::Args, Debug)]
pub struct RunArgs {
    /// Change a setting of the scenario, such as staffing.total=78; may be given several times
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<Override>,
    /// The folder of a centre to run it on instead of its own
    #[arg(long, value_name = "DIR")]
    pub centre: Option<PathBuf>,
    /// How many replications [default: as the scenario says]
    #[arg(long, value_name = "N", value_parser = replications, allow_negative_numbers = true)]
    pub replications: Option<NonZeroU32>,
    /// Seed of all chance [default: the scenario's]
    #[arg(long, value_name = "N", value_parser = seed, allow_negative_numbers = true)]
    pub seed: Option<u64>,
    /// On how many threads; results do not depend on it [default: all cores]
    #[arg(long, value_name = "N", value_parser = threads, allow_negative_numbers = true)]
    pub threads: Option<NonZeroUsize>,
    /// Write the results to this folder too: a new or empty one, or that of an earlier run
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// How to print the results
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// No progress bar
    #[arg(long, short)]
    pub quiet: bool,
    /// Tell progress as lines on standard error, for a log
    #[arg(long, conflicts_with = "quiet")]
    pub log_progress: bool,
}

/// How results are printed.
#[derive(clap::ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// For people.
    #[default]
    Table,
    /// For programs.
    Json,
}

/// The most replications that can be asked for.
pub const MOST_REPLICATIONS: u32 = 1_000_000;

/// How many replications.
pub fn replications(text: &str) -> Result<NonZeroU32, String> {
    let range = || format!("choose 1 to {MOST_REPLICATIONS}");
    let n: NonZeroU32 = text.parse().map_err(|_| range())?;
    if n.get() > MOST_REPLICATIONS { Err(range()) } else { Ok(n) }
}

/// As many as a scenario's file can say, whose numbers are TOML's.
fn seed(text: &str) -> Result<u64, String> {
    let seed = text.parse().ok().filter(|seed| *seed <= i64::MAX as u64);
    seed.ok_or_else(|| format!("choose a whole number from 0 to {}", i64::MAX))
}

/// How many threads.
pub fn threads(text: &str) -> Result<NonZeroUsize, String> {
    const RANGE: &str = "choose 1 to 1024";
    let n: NonZeroUsize = text.parse().map_err(|_| RANGE.to_owned())?;
    if n.get() > 1024 { Err(RANGE.to_owned()) } else { Ok(n) }
}

impl RunArgs {
    /// The progress bar, counting `what`.
    pub fn bar(&self, what: &'static str) -> Bar {
        Bar::new(self.quiet, self.log_progress, what)
    }

    /// How it is run.
    pub fn options(&self) -> Options {
        let cores = || std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        Options {
            runs: self.replications.map_or(Runs::Scenario, Runs::Count),
            seed: self.seed,
            threads: self.threads.unwrap_or_else(cores),
            trace: false,
        }
    }

    /// Where to write what was found; `None` also when nothing was, which must not take the place of an earlier run. Then
    /// the folder goes again that [`RunArgs::prepare`] `made`.
    pub fn out_for(&self, finished: bool, made: bool) -> Option<&Path> {
        if made && !finished {
            // An empty folder that stays does no harm.
            self.out.as_deref().map(std::fs::remove_dir);
        }
        self.out.as_deref().filter(|_| finished)
    }

    /// Makes the output folder ready, before hours are spent on what could not be written. Whether it was made for this.
    pub fn prepare(&self) -> anyhow::Result<bool> {
        Ok(self.out.as_deref().map_or(Ok(false), files::prepare)?)
    }

    /// Prints what was found, as `text` for people, who get none where nothing was. Gives the exit code.
    pub fn tell(&self, found: &impl Serialize, text: &str, partial: bool) -> anyhow::Result<ExitCode> {
        // Before the output, whose reader may leave early.
        if partial {
            let rest = if text.is_empty() {
                " before anything was finished"
            } else {
                "; the results are those of what was finished"
            };
            anstream::eprintln!("hatif: cut short{rest}");
        }
        let mut out = io::stdout().lock();
        let printed = match self.format {
            Format::Table => write!(out, "{text}"),
            Format::Json => {
                let json = serde_json::to_string_pretty(found).context("cannot write the results as JSON")?;
                writeln!(out, "{json}")
            }
        };
        printed.and_then(|()| out.flush()).context("cannot write to standard output")?;
        if partial {
            return Ok(ExitCode::from(CUT_SHORT));
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Opens a scenario, on the centre of `--centre`; every mistake in it is told.
pub fn open(name: &str, set: &[Override], centre: Option<&Path>) -> anyhow::Result<Scenario> {
    open_on(name, set, centre.map(|dir| ("--centre", dir)))
}

/// Opens a scenario, on the centre of the option with this name; every mistake in it is told.
pub fn open_on(name: &str, set: &[Override], centre: Option<(&str, &Path)>) -> anyhow::Result<Scenario> {
    if let Some((option, dir)) = centre {
        anyhow::ensure!(
            Source::folder_of(dir).is_some(),
            "{option} {}: there is no centre.toml in it, nor in a folder `centre` in it; give the folder of a centre, such as \
             `hatif init` makes",
            dir.display()
        );
    }
    Ok(Scenario::named(name, set, centre.map(|(_, dir)| dir))?)
}

/// A flag that the first SIGINT or SIGTERM sets; a second one ends the program at once.
pub fn cancel_on_signals() -> anyhow::Result<Arc<AtomicBool>> {
    let flag = Arc::new(AtomicBool::new(false));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    // The signals are taken over before this returns, so that none is lost.
    let mut signals = {
        let _inside = runtime.enter();
        Signals::new().context("cannot watch for Ctrl-C")?
    };
    let set = flag.clone();
    std::thread::spawn(move || {
        runtime.block_on(async {
            signals.next().await;
            set.store(true, Ordering::Relaxed);
            signals.next().await;
            anstream::eprintln!("hatif: ended at once; what was measured is not told");
            std::process::exit(i32::from(CUT_SHORT));
        });
    });
    Ok(flag)
}

#[cfg(unix)]
struct Signals([tokio::signal::unix::Signal; 2]);

#[cfg(unix)]
impl Signals {
    fn new() -> io::Result<Signals> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Signals([signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?]))
    }

    async fn next(&mut self) {
        let [interrupt, terminate] = &mut self.0;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> io::Result<Signals> {
        Ok(Signals)
    }

    async fn next(&mut self) {
        // Without signals the program is ended the hard way.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// The progress bar: on standard error, when that is a terminal.
pub struct Bar {
    bar: ProgressBar,
    what: &'static str,
    lines: bool,
    /// In lines: hundredths told.
    told: u64,
}

impl Bar {
    /// A bar that counts `what`; `lines` tells progress as lines instead.
    pub fn new(quiet: bool, lines: bool, what: &'static str) -> Bar {
        let shown = !quiet && !lines && io::stderr().is_terminal();
        let target = if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(None, target);
        let style = ProgressStyle::with_template("{bar:30} {msg}, {eta} left");
        if let Ok(style) = style {
            bar.set_style(style);
        }
        bar.set_message("getting ready");
        bar.tick();
        Bar { bar, what, lines, told: 0 }
    }

    /// Shows how far the run has come. Towards a precision the end is foreseen by the width reached, which falls with the
    /// root of the number of replications.
    pub fn show(&mut self, progress: Progress) {
        let most = u64::from(progress.total);
        let needed = match progress.too_wide {
            Some(factor) if factor.is_finite() => {
                (((f64::from(progress.done) * factor * factor).ceil()) as u64).clamp(u64::from(progress.done), most)
            }
            _ => most,
        };
        self.bar.set_length(needed);
        self.bar.set_position(u64::from(progress.done));
        let width = progress.too_wide.filter(|factor| factor.is_finite());
        let width = width.map_or_else(String::new, |factor| format!(", {factor:.2} times the width asked for"));
        let message = format!("{} of {needed} {}, {} calls{width}", progress.done, self.what, progress.calls);
        // The first, then one in a hundred of all.
        let hundredths = u64::from(progress.done) * 100 / needed.max(1) + 1;
        if self.lines && hundredths > self.told {
            self.told = hundredths;
            anstream::eprintln!("hatif: {message}");
        }
        self.bar.set_message(message);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
