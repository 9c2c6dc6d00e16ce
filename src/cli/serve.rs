//! `hatif serve`: the live centre in a terminal.

use std::{
    io::{self, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::PathBuf,
    process::ExitCode,
};

use anyhow::Context;

use super::{grouped, logs};
use crate::{
    config::{self, Hosting, LogFormat, Settings},
    live::{self, Facts, Server, StartAt, hosting::Hosted, shutdown},
    registry::Source,
    time::Duration,
};

/// Arguments of `hatif serve`. What is not given follows the settings file, or the defaults.
#[derive(clap::Args, Debug, Default)]
#[command(after_long_help = config::help::text())]
pub struct Args {
    /// Where callers connect; port 0 takes any free port [default: 127.0.0.1:7700]
    #[arg(long, value_name = "ADDR", env = "HATIF_ADDR", value_parser = address)]
    addr: Option<SocketAddr>,
    /// Folder of the centre's files; it is watched, and changes are checked and published [default: the built-in centre]
    #[arg(long, value_name = "DIR")]
    centre: Option<PathBuf>,
    /// Settings file; an option given here wins over it
    #[arg(long, value_name = "FILE", env = "HATIF_CONFIG")]
    config: Option<PathBuf>,
    /// Folder of the call records [default: hatif-data]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// How many seconds of the centre pass in one second, 0.001 to 1000 [default: 1]
    #[arg(long, value_name = "N", value_parser = speed)]
    speed: Option<f64>,
    /// Local time at which the doors open: a time of the scenario's first day, a date and time in it, or `now` [default: 10:00]
    #[arg(long, value_name = "TIME")]
    at: Option<StartAt>,
    /// Host the callers and agents of this scenario: a name, or a file's path [default: ordinary_day]
    #[arg(long, value_name = "SCENARIO")]
    scenario: Option<String>,
    /// Host nobody: only those who dial in call
    #[arg(long, conflicts_with = "scenario")]
    empty: bool,
    /// Seed of all chance; one-time codes follow from it too and can be foretold, so this is for tests
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(0..=i64::MAX as u64))]
    seed: Option<u64>,
    /// How many insured people there are [default: 3200000]
    #[arg(long, value_name = "N", value_parser = people)]
    registry_size: Option<u32>,
    /// Write every input and event to this file, for `hatif replay`; where it is there already, to one beside it
    #[arg(long, value_name = "FILE")]
    journal: Option<PathBuf>,
    /// How long calls may go on after SIGINT or SIGTERM, a number and its unit such as 5s or 2m [default: 30s]
    #[arg(long, value_name = "TIME")]
    drain: Option<Duration>,
    /// Connections at once, whatever they are for, 1 to 1,000,000; each costs a file [default: 12000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    max_connections: Option<u32>,
    /// Telephones at once, 1 to 1,000,000; one more is told `busy` [default: 10000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    max_sessions: Option<u32>,
    /// Calls of people in progress at once, 1 to 1,000,000; one more is refused [default: 10000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    max_calls: Option<u32>,
    /// The file of tokens, as `hatif token new` makes it; an address beyond this machine needs it
    #[arg(long, value_name = "FILE")]
    tokens: Option<PathBuf>,
    /// Certificate chain (PEM): speak TLS only
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// Its key (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Serve /echo, for tests of websocket conformance
    #[arg(long, hide = true)]
    echo: bool,
    /// No simulated agents: callers only ever queue
    #[arg(long)]
    no_agents: bool,
    /// How logs are written, on standard error [default: human]
    #[arg(long, value_enum, value_name = "FORMAT")]
    log_format: Option<LogFormat>,
    /// What is logged: a level, or a filter such as info,hatif::live=debug [default: info]
    #[arg(long, value_name = "FILTER", env = "HATIF_LOG")]
    log: Option<String>,
}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "write an IP address and a port, such as 127.0.0.1:7700 or [::1]:7700".to_owned())
}

pub(super) fn speed(text: &str) -> Result<f64, String> {
    let speed: f64 = text.parse().map_err(|_| format!("`{text}` is not a number"))?;
    match (0.001..=1_000.0).contains(&speed) {
        true => Ok(speed),
        false => Err("choose 0.001 to 1000".to_owned()),
    }
}

pub(super) fn people(text: &str) -> Result<u32, String> {
    use crate::registry::margins::{MAX_SIZE, MIN_SIZE};
    let size: u32 = text.parse().map_err(|_| format!("`{text}` is not a whole number"))?;
    match (MIN_SIZE..=MAX_SIZE).contains(&size) {
        true => Ok(size),
        false => Err(format!("choose {MIN_SIZE} to {MAX_SIZE} people")),
    }
}

impl Args {
    /// What `hatif` without a command serves: the defaults, but for what the environment says (`HATIF_ADDR`,
    /// `HATIF_CONFIG`, `HATIF_LOG`). Ends the program with a message when that is faulty, as a faulty option does.
    pub fn from_environment() -> Args {
        #[derive(clap::Parser)]
        #[command(name = "hatif")]
        struct Alone {
            #[command(flatten)]
            args: Args,
        }
        <Alone as clap::Parser>::parse_from(["hatif"]).args
    }

    /// The settings file with these arguments laid over it.
    fn settings(self) -> anyhow::Result<Settings> {
        let mut settings = match &self.config {
            Some(path) => config::load(path)?,
            None => Settings::default(),
        };
        let Settings { live, hosting, log } = &mut settings;
        fn put<T>(given: Option<T>, setting: &mut T) {
            if let Some(given) = given {
                *setting = given;
            }
        }
        put(self.addr, &mut live.addr);
        put(self.data, &mut live.records.dir);
        put(self.speed, &mut live.speed);
        put(self.at, &mut live.at);
        put(self.drain, &mut live.drain);
        put(self.max_connections.map(|most| most as usize), &mut live.limits.max_connections);
        put(self.max_sessions.map(|most| most as usize), &mut live.limits.max_sessions);
        put(self.max_calls.map(|most| most as usize), &mut live.limits.max_calls);
        put(self.log_format, &mut log.format);
        put(self.log, &mut log.level);
        put(self.centre.map(Some), &mut live.centre);
        put(self.journal.map(Some), &mut live.journal.file);
        put(self.tokens.map(Some), &mut live.security.tokens);
        let tls = self.tls_cert.zip(self.tls_key).map(|(cert, key)| live::TlsFiles { cert, key });
        put(tls.map(Some), &mut live.security.tls);
        put(self.registry_size.map(|size| Source::Generated { size }), &mut live.registry.source);
        if let Some(seed) = self.seed {
            (live.seed, live.known_codes) = (seed, true);
        }
        live.echo |= self.echo;
        live.agents &= !self.no_agents;
        put(self.scenario.map(Hosting::Scenario), hosting);
        put(self.empty.then_some(Hosting::Nobody), hosting);
        live.scenario = hosting.resolve(live.centre.is_some());
        Ok(settings)
    }
}

/// Runs the command: until a signal, and then until the last call has ended.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let settings = args.settings()?;
    logs::begin(&settings.log)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the threads of the server")?;
    runtime.block_on(serve(settings.live, settings.log.format))?;
    Ok(ExitCode::SUCCESS)
}

async fn serve(config: live::Config, format: LogFormat) -> anyhow::Result<()> {
    let records = config.records.dir.clone();
    shutdown::outlive_full_files().context("cannot watch for the signal of a file that is full")?;
    let server = Server::start(config.clone()).await?;
    let signals = tokio::spawn(shutdown::on_signals(server.stopper()));
    let said = match format {
        LogFormat::Human => greeting(&server.facts, &config),
        LogFormat::Json => greeting_for_programs(&server.facts, &config),
    };
    let mut out = io::stdout();
    out.write_all(said.as_bytes()).and_then(|()| out.flush()).context("cannot write to standard output")?;
    if !server.facts.warnings.is_empty() {
        tracing::warn!("the centre has warnings:\n{}", server.facts.warnings);
    }
    let ended = server.finished().await;
    signals.abort();
    ended?;
    tracing::info!(records = %records.display(), "stopped; all call records are written");
    Ok(())
}

/// Where somebody on this machine dials a server that listens there: nobody can dial "every address".
fn dialled(listens: SocketAddr) -> SocketAddr {
    let here: IpAddr = if listens.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() };
    if listens.ip().is_unspecified() { SocketAddr::new(here, listens.port()) } else { listens }
}

/// Tells how to dial. The first line is for programs too: it ends with the address.
fn url(facts: &Facts, config: &live::Config) -> String {
    let scheme = if config.security.tls.is_some() { "wss" } else { "ws" };
    format!("{scheme}://{}/call", dialled(facts.addr))
}

/// What programs need to know of a centre that has opened, on one line of JSON: whoever gathers logs gathers it too.
fn greeting_for_programs(facts: &Facts, config: &live::Config) -> String {
    let said = serde_json::json!({
        "message": format!("{} answers", facts.centre),
        "url": url(facts, config),
        "listens": facts.addr,
        "opened_at": facts.origin,
        "people": facts.people,
        "agents": facts.agents,
        "run": facts.run,
        "ready_s": facts.took.as_secs_f64(),
        "records": config.records.dir,
    });
    format!("{said}\n")
}

/// What a person who has started a centre wants to know.
fn greeting(facts: &Facts, config: &live::Config) -> String {
    let addr = dialled(facts.addr);
    let url = url(facts, config);
    let mut text = format!("{} answers at {url}\n", facts.centre);
    let usual = facts.addr == live::Config::default().addr && config.security.tls.is_none();
    let mut own = match usual {
        true => String::new(),
        false => format!(" {url}"),
    };
    if let Some(tls) = &config.security.tls {
        own += &format!(" --ca {}", tls.cert.display());
    }
    if config.security.tokens.is_some() {
        own += "   (with a token for call in HATIF_TOKEN)";
    }
    let time: String = facts.origin.chars().take(16).collect();
    let pace =
        if config.speed == 1.0 { String::new() } else { format!(", {} times as fast as the clock", config.speed) };
    let agents = match facts.agents {
        0 => "no agents".to_owned(),
        n => format!("{n} simulated agents"),
    };
    text += &format!(
        "  It is {} there{pace}. {} people on file, {agents}. Ready in {:.1} s.\n\n",
        time.replace('T', " "),
        grouped(facts.people),
        facts.took.as_secs_f64()
    );
    if let Some(hosted) = &facts.hosted {
        text += &inhabitants(hosted);
    }
    if facts.addr != addr {
        text += &format!("  listens  at {}: every address of this machine; others dial one of those\n", facts.addr);
    }
    text += &format!("  dial     cargo run --release -- call{own}   or   hatif call{own}\n");
    if let Some(example) = facts.example {
        let born = example.birth.civil();
        let (y, m, d) = (born.year(), born.month(), born.day());
        text += &format!(
            "  try      registration number {}, birth date {d:02}{m:02}{y:04}: a person who does not exist\n",
            example.number
        );
    }
    text +=
        &format!("  records  {}, read them with   hatif calls{}\n", config.records.dir.display(), data_option(config));
    text += "  stop     Ctrl-C: calls in progress may end; a second Ctrl-C ends them\n";
    text
}

/// Who lives in the centre.
fn inhabitants(hosted: &Hosted) -> String {
    let Hosted { scenario, title, menus, waiting, talking, warnings } = hosted;
    let title = if title.is_empty() { String::new() } else { format!(" ({title})") };
    let mut text = format!(
        "  lives    {scenario}{title}: synthetic callers, {menus} in the menus, {waiting} waiting, {talking} with an agent;\n\
         \x20          you stand in the same queue; `--empty` hosts nobody\n"
    );
    warnings.iter().for_each(|warning| text += &format!("  note     {warning}\n"));
    text
}

fn data_option(config: &live::Config) -> String {
    let default = live::Config::default().records.dir;
    match config.records.dir == default {
        true => String::new(),
        false => format!(" --data {}", config.records.dir.display()),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        args: Args,
    }

    fn settings(line: &str) -> anyhow::Result<Settings> {
        Cli::try_parse_from(std::iter::once("serve").chain(line.split_whitespace()))?.args.settings()
    }

    #[test]
    fn the_address_told_can_be_dialled() {
        for (listens, dialled_at) in [
            ("0.0.0.0:7700", "127.0.0.1:7700"),
            ("[::]:7700", "[::1]:7700"),
            ("127.0.0.2:1", "127.0.0.2:1"),
            ("192.0.2.1:1", "192.0.2.1:1"),
        ] {
            assert_eq!(dialled(listens.parse().expect("an address")).to_string(), dialled_at);
        }
    }

    #[test]
    fn options_win_over_the_settings_file() {
        let dir = tempfile::tempdir().expect("a folder");
        let file = dir.path().join("my.toml");
        std::fs::write(&file, "[clock]\nspeed = 3\n[people]\nagents = true\n[server]\ndrain = \"1m\"\n")
            .expect("a file");
        let settings = settings(&format!("--config {} --speed 2 --no-agents --seed 7 --max-calls 9", file.display()))
            .expect("settings");
        let live = settings.live;
        assert_eq!((live.speed, live.agents, live.drain), (2.0, false, Duration::from_mins(1)));
        assert_eq!((live.seed, live.known_codes, live.limits.max_calls), (7, true, 9));
    }

    #[test]
    fn an_ordinary_day_lives_in_the_default_centre_alone() {
        let hosted = |line: &str| settings(line).expect(line).live.scenario;
        assert_eq!(hosted("").as_deref(), Some("ordinary_day"));
        assert_eq!(hosted("--empty"), None);
        assert_eq!(hosted("--centre my-centre"), None, "its queues may be others");
        assert_eq!(hosted("--centre my-centre --scenario mine.toml").as_deref(), Some("mine.toml"));
        let dir = tempfile::tempdir().expect("a folder");
        let file = dir.path().join("my.toml");
        std::fs::write(&file, "[people]\nscenario = \"\"\n").expect("a file");
        assert_eq!(hosted(&format!("--config {}", file.display())), None);
        assert_eq!(hosted(&format!("--config {} --scenario ramadan", file.display())).as_deref(), Some("ramadan"));
        assert!(settings("--empty --scenario ramadan").is_err());
    }

    #[test]
    fn bad_options_are_refused_with_what_they_may_be() {
        for (line, help) in [
            ("--addr localhost:7700", "an IP address and a port, such as 127.0.0.1:7700"),
            ("--speed 0", "0.001 to 1000"),
            ("--registry-size 5", "1000 to 20000000"),
            ("--at yesterday", "2022-05-17T10:00"),
            ("--drain 5", "number and a unit"),
            ("--max-calls 0", "1..=1000000"),
            ("--config no-such-file", "check the path"),
        ] {
            let error = settings(line).expect_err(line);
            assert!(format!("{error:#}").contains(help), "{line}: {error:#}");
        }
    }
}
