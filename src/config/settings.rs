//! The settings of the server, and their reader.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use toml::de::DeTable;

use super::{
    log::{self, LogSettings},
    read::{Reader, Section},
};
use crate::{
    live,
    registry::{self, Source as People},
    script::{Source, diagnostic::Diagnostic, render_diagnostics},
    time::Duration,
};

/// The settings file as shipped: every setting with its default and its reason.
pub const DEFAULTS: &str = include_str!("../../config/hatif.toml");

/// Everything `hatif serve` can be told.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Settings {
    /// The server.
    pub live: live::Config,
    /// Who lives in the centre; [`Hosting::resolve`] says it to [`live::Config::scenario`].
    pub hosting: Hosting,
    /// The logs.
    pub log: LogSettings,
}

/// Who lives in the centre beside those who dial in.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Hosting {
    /// [`Hosting::ORDINARY`] in the default centre; nobody in a centre of one's own, which its queues may not fit.
    #[default]
    Unsaid,
    /// Nobody.
    Nobody,
    /// The callers and agents of this scenario.
    Scenario(String),
}

impl Hosting {
    /// The scenario a newcomer meets.
    pub const ORDINARY: &str = "ordinary_day";

    /// The scenario to host in the default centre, or in one of one's own.
    pub fn resolve(&self, own_centre: bool) -> Option<String> {
        match self {
            Hosting::Unsaid => (!own_centre).then(|| Hosting::ORDINARY.to_owned()),
            Hosting::Nobody => None,
            Hosting::Scenario(name) => Some(name.clone()),
        }
    }
}

/// A settings file that cannot be used: everything that is wrong with it.
#[derive(Debug)]
pub struct Problems {
    /// The file.
    pub file: String,
    /// Its text, to find lines and columns in.
    pub text: String,
    /// What is wrong, in order of place.
    pub found: Vec<Diagnostic>,
}

impl std::error::Error for Problems {}

impl fmt::Display for Problems {
    /// As the checker reports a script: reason, file, line, column, the line itself, and the way out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let source = Source::from_files(vec![(self.file.clone(), self.text.clone())]);
        writeln!(f, "settings that cannot be used\n{}", render_diagnostics(&source, &self.found, false))?;
        match self.found.len() {
            1 => write!(f, "\n1 problem in {}; nothing was started", self.file),
            n => write!(f, "\n{n} problems in {}; nothing was started", self.file),
        }
    }
}

/// Reads a settings file.
///
/// # Errors
/// When the file cannot be read, or with every problem in it ([`Problems`]).
pub fn load(path: &Path) -> anyhow::Result<Settings> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        anyhow::anyhow!("cannot read the settings file {}: {error}; check the path given with --config", path.display())
    })?;
    Ok(parse(&path.display().to_string(), &text)?)
}

/// The name of every setting there is, such as `server.idle`.
pub fn known() -> Vec<String> {
    let mut reader = Reader { file: Arc::from(""), problems: Vec::new(), asked: Vec::new() };
    let (root, _) = DeTable::parse_recoverable("");
    read(&mut reader, root.get_ref(), &mut Settings::default());
    reader.asked
}

/// Reads the text of a settings file; `file` is its name in reports.
///
/// # Errors
/// Every problem in the text.
pub fn parse(file: &str, text: &str) -> Result<Settings, Problems> {
    let mut reader = Reader { file: Arc::from(file), problems: Vec::new(), asked: Vec::new() };
    let (root, syntax) = DeTable::parse_recoverable(text);
    for error in syntax {
        let span = error.span().unwrap_or(0..0);
        let help = "write settings as `name = value` below a `[section]`, texts in double quotes".to_owned();
        reader.fault("syntax", span, error.message().to_owned(), help);
    }
    let mut settings = Settings::default();
    read(&mut reader, root.get_ref(), &mut settings);
    let mut found = reader.problems;
    found.sort_by_key(|problem| problem.span.start);
    if found.is_empty() { Ok(settings) } else { Err(Problems { file: file.to_owned(), text: text.to_owned(), found }) }
}

const SECTIONS: [&str; 11] =
    ["server", "limits", "security", "clock", "centre", "people", "registry", "access", "records", "journal", "log"];

fn read(reader: &mut Reader, root: &DeTable<'_>, settings: &mut Settings) {
    let live = &mut settings.live;
    server(reader.section(root, "server"), live);
    limits(reader.section(root, "limits"), &mut live.limits);
    security(reader.section(root, "security"), &mut live.security);
    let mut clock = reader.section(root, "clock");
    clock.parsed("at", "\"10:00\"", &mut live.at);
    clock.number("speed", &mut live.speed, 0.001..=1_000.0);
    clock.finish();
    let mut centre = reader.section(root, "centre");
    centre.path("dir", "\"my-centre\"", &mut live.centre);
    centre.finish();
    let mut people = reader.section(root, "people");
    people.switch("agents", &mut live.agents);
    people.whole("seed", &mut live.seed, 0..=i64::MAX as u64);
    people.text("scenario", "\"ordinary_day\"", &mut settings.hosting, |text| {
        let hosting = if text.is_empty() { Hosting::Nobody } else { Hosting::Scenario(text.to_owned()) };
        Ok::<_, &str>(hosting)
    });
    people.finish();
    people_on_file(reader.section(root, "registry"), &mut live.registry);
    access(reader.section(root, "access"), &mut live.registry);
    records(reader.section(root, "records"), &mut live.records);
    journal(reader.section(root, "journal"), &mut live.journal);
    let mut log = reader.section(root, "log");
    log.text("format", "\"human\"", &mut settings.log.format, |text| {
        clap::ValueEnum::from_str(text, false).map_err(|_| format!("`{text}` is neither \"human\" nor \"json\""))
    });
    log.text("level", "\"info\"", &mut settings.log.level, |text| log::filter(text).map(|_| text.to_owned()));
    log.finish();
    reader.unknown_keys(root, &SECTIONS, "the file");
}

fn server(mut section: Section<'_, '_>, live: &mut live::Config) {
    section.parsed("addr", "\"127.0.0.1:7700\"", &mut live.addr);
    section.duration("drain", &mut live.drain, Duration::ZERO..=Duration::from_hours(24));
    section.finish();
}

fn limits(mut section: Section<'_, '_>, limits: &mut live::Limits) {
    let (ms, secs, hours) = (Duration::from_millis, Duration::from_secs, Duration::from_hours);
    section.whole("max_connections", &mut limits.max_connections, 1..=1_000_000);
    section.whole("max_sessions", &mut limits.max_sessions, 1..=1_000_000);
    section.whole("max_calls", &mut limits.max_calls, 1..=1_000_000);
    section.whole("per_address", &mut limits.per_address, 1..=1_000_000);
    section.whole("calls_per_address", &mut limits.calls_per_address, 1..=1_000_000);
    section.switch("limit_loopback", &mut limits.limit_loopback);
    section.whole("per_number", &mut limits.per_number, 1..=1_000_000);
    section.whole("per_number_rate", &mut limits.per_number_rate, 1..=1_000_000);
    section.whole("messages_per_second", &mut limits.messages_per_second, 1..=1_000_000);
    section.duration("max_lag", &mut limits.max_lag, ms(1)..=hours(1));
    section.duration("handshake", &mut limits.handshake, ms(100)..=Duration::from_mins(10));
    section.duration("idle", &mut limits.idle, secs(1)..=hours(24));
    section.duration("keepalive", &mut limits.keepalive, secs(1)..=hours(1));
    section.duration("write_timeout", &mut limits.write_timeout, ms(10)..=Duration::from_mins(10));
    section.whole("outbox", &mut limits.outbox, 8..=65_536);
    section.whole("input_queue", &mut limits.input_queue, 16..=1_000_000);
    section.whole("max_listeners", &mut limits.max_listeners, 1..=10_000);
    section.whole("listener_queue", &mut limits.listener_queue, 16..=65_536);
    section.finish();
}

fn security(mut section: Section<'_, '_>, security: &mut live::Security) {
    section.path("tokens", "\"tokens.toml\"", &mut security.tokens);
    section.texts("origins", "[\"https://desk.example\"]", &mut security.origins, |text| {
        let host = ["http://", "https://"].iter().find_map(|scheme| text.strip_prefix(scheme));
        match host.is_some_and(|host| !host.is_empty() && !host.contains(['/', '*', ' '])) {
            true => Ok(()),
            false => Err("an origin is http:// or https:// and a host, with a port where it is not the usual one"),
        }
    });
    let (mut cert, mut key) = (None, None);
    section.path("tls_cert", "\"cert.pem\"", &mut cert);
    section.path("tls_key", "\"key.pem\"", &mut key);
    match (cert, key) {
        (Some(cert), Some(key)) => security.tls = Some(live::TlsFiles { cert, key }),
        (None, None) => {}
        (Some(_), None) => section.lacks("tls_cert", "tls_key"),
        (None, Some(_)) => section.lacks("tls_key", "tls_cert"),
    }
    section.text("show_codes", "\"loopback\"", &mut security.show_codes, str::parse);
    section.finish();
}

fn people_on_file(mut section: Section<'_, '_>, config: &mut registry::Config) {
    let People::Generated { mut size } = registry::Config::default().source else { return section.finish() };
    section.whole("size", &mut size, registry::margins::MIN_SIZE..=registry::margins::MAX_SIZE);
    section.whole("seed", &mut config.seed, 0..=i64::MAX as u64);
    let mut file: Option<PathBuf> = None;
    section.path("file", "\"people.csv\"", &mut file);
    config.source = match file {
        Some(path) => People::File { path },
        None => People::Generated { size },
    };
    section.finish();
}

fn access(mut section: Section<'_, '_>, config: &mut registry::Config) {
    let (least, most) = (Duration::from_secs(1), Duration::from_hours(24 * 366));
    let limits = &mut config.limits;
    section.whole("claim_failures", &mut limits.claim_failures, 1..=100);
    section.duration("claim_window", &mut limits.claim_window, least..=most);
    section.durations("claim_locks", &mut limits.claim_locks, least..=most);
    section.whole("caller_failures", &mut limits.caller_failures, 1..=1_000);
    section.duration("caller_window", &mut limits.caller_window, least..=most);
    section.whole("daily_failures", &mut limits.daily_failures, 1..=registry::config::MOST_DAILY_FAILURES);
    section.duration("code_valid", &mut limits.code_valid, least..=Duration::from_mins(10));
    section.finish();
}

fn records(mut section: Section<'_, '_>, records: &mut live::Records) {
    let mut dir = Some(std::mem::take(&mut records.dir));
    section.path("dir", "\"hatif-data\"", &mut dir);
    records.dir = dir.unwrap_or_default();
    section.whole("group", &mut records.group, 1..=100_000);
    section.duration("group_wait", &mut records.group_wait, Duration::ZERO..=Duration::from_secs(1));
    section.whole("waiting", &mut records.waiting, 64..=10_000_000);
    section.finish();
}

/// Bytes in a mebibyte.
const MIB: u64 = 1 << 20;

fn journal(mut section: Section<'_, '_>, journal: &mut live::Journal) {
    section.path("file", "\"hatif.journal\"", &mut journal.file);
    section.path("dir", "\"journals\"", &mut journal.dir);
    let (mut part, mut total) = (journal.part / MIB, journal.total / MIB);
    section.whole("part_mib", &mut part, 1..=65_536);
    section.whole("total_mib", &mut total, 1..=67_108_864);
    if part > total {
        let message = format!("one part of {part} MiB is more than all parts may have together, {total} MiB");
        section.contradict(["part_mib", "total_mib"], message, "choose a part_mib of at most total_mib");
    }
    (journal.part, journal.total) = (part * MIB, total * MIB);
    section.finish();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_file_states_the_defaults() {
        let parsed = parse("hatif.toml", DEFAULTS).map_err(|problems| problems.to_string());
        assert_eq!(parsed, Ok(Settings::default()));
        assert_eq!(parse("hatif.toml", "").map_err(|problems| problems.to_string()), Ok(Settings::default()));
    }

    #[test]
    fn the_shipped_file_and_the_help_have_every_setting_there_is() {
        let mut known = known();
        let mut described: Vec<_> = super::super::help::described().into_iter().map(|setting| setting.name).collect();
        known.sort();
        described.sort();
        assert_eq!(described, known);
        let help = super::super::help::text();
        for name in known {
            let (_, name) = name.split_once('.').expect("a section");
            assert!(help.contains(&format!("\n  {name} ")), "`hatif serve --help` lacks {name}");
        }
    }

    #[test]
    fn every_mistake_is_reported_with_its_place_and_way_out() {
        let text = "[server]\nadr = \"127.0.0.1:1\"\ndrain = \"soon\"\n[limits]\nidle = 60\noutbox = 2\n\n[clock]\nspeed = 1e9\n\n[sever]\n";
        let report = parse("my.toml", text).expect_err("six mistakes").to_string();
        let expected = [
            "error[unknown-setting]: [server] has no `adr`\n --> my.toml:2:1\n",
            "help: did you mean `addr`?",
            "error[wrong-type]: `limits.idle` is a whole number, not a text\n --> my.toml:5:8\n",
            "help: write idle = \"30s\"",
            "error[out-of-range]: `limits.outbox` is 2, which is out of range\n --> my.toml:6:10\n",
            "help: choose 8 to 65536",
            "error[bad-value]: `server.drain` cannot be used: `soon` is not a length of time",
            "error[out-of-range]: `clock.speed` is 1e9, which is out of range\n --> my.toml:9:9\n",
            "help: choose 0.001 to 1000",
            "error[unknown-setting]: the file has no `sever`\n  --> my.toml:11:2\n",
            "help: did you mean `server`?",
            "6 problems in my.toml; nothing was started",
        ];
        for part in expected {
            assert!(report.contains(part), "missing: {part}\nin:\n{report}");
        }
    }

    #[test]
    fn a_journal_whose_parts_do_not_fit_into_it_is_refused() {
        for text in
            ["[journal]\ntotal_mib = 1\n", "[journal]\npart_mib = 4097\n", "[journal]\npart_mib = 3\ntotal_mib = 2\n"]
        {
            let report = parse("my.toml", text).expect_err(text).to_string();
            assert!(report.contains("is more than all parts may have together"), "{report}");
            assert!(report.contains(" --> my.toml:2:") && report.contains("part_mib of at most total_mib"), "{report}");
            assert!(report.contains("1 problem in my.toml"), "{report}");
        }
        let fits = parse("my.toml", "[journal]\npart_mib = 2\ntotal_mib = 2\n").expect("they fit");
        assert_eq!((fits.live.journal.part, fits.live.journal.total), (2 * MIB, 2 * MIB));
    }

    #[test]
    fn as_many_failures_a_day_can_be_set_as_the_registry_takes() {
        let most = registry::config::MOST_DAILY_FAILURES;
        assert!(parse("my.toml", &format!("[access]\ndaily_failures = {most}\n")).is_ok());
        let report = parse("my.toml", &format!("[access]\ndaily_failures = {}\n", most + 1)).expect_err("too many");
        assert!(report.to_string().contains("choose 1 to 10000000"), "{report}");
    }

    #[test]
    fn broken_syntax_and_wrong_values_are_reported_together() {
        let text = "[server\nidle = \"0s\"\n[log]\nformat = \"xml\"\n";
        let report = parse("my.toml", text).expect_err("at least two").to_string();
        assert!(report.contains("[syntax]") && report.contains("neither \"human\" nor \"json\""), "{report}");
    }
}
