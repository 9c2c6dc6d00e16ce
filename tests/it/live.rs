//! The live driver: a process that is dialled, records on disk, reload, the end, and the two clocks.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Output, Stdio},
    sync::{Arc, Mutex},
    time::Duration as Std,
};

use hatif::{
    engine::Input,
    live::{
        Server, StartError,
        protocol::{AgentState, ErrorCode, RefusalReason, ServerMessage},
        pump::{Errand, Tap},
        reload::{self, Reloaded},
    },
    people::Caller,
    random::{Purpose, Seed},
    record::Narrator,
    registry::Registry,
    script::Versions,
    time::{Duration, Instant, LocalClock},
    world::{Notice, World, WorldConfig, services, services::Services},
};
use rand::RngExt;

use crate::support::{
    centre::mini,
    wire::{Heard, Telephone, config, wired, write_out},
};

/// A menu, a queue behind 2, an end behind 1.
const FLOW: &str = r#"
[node.start]
kind = "menu"
prompt = "hello"
choices = { 1 = "bye", 2 = "adviser" }
"#;

/// A running `hatif serve`; killed when the test fails.
pub struct Process {
    pub child: Child,
    pub addr: std::net::SocketAddr,
}

impl Process {
    pub fn serve(data: &Path, options: &[&str]) -> Process {
        let mut child = hatif()
            .args(["serve", "--empty", "--addr", "127.0.0.1:0", "--seed", "1", "--data"])
            .arg(data)
            .args(if options.contains(&"--registry-size") { &[][..] } else { &["--registry-size", "2000"] })
            .args(options)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("it says where it listens");
        let addr = line.split("ws://").nth(1).and_then(|rest| rest.trim().strip_suffix("/call"));
        let addr = addr.and_then(|addr| addr.parse().ok()).unwrap_or_else(|| panic!("no address in {line:?}"));
        Process { child, addr }
    }

    /// Sends SIGTERM.
    pub fn terminate(&self) {
        let sent = Command::new("kill").arg(self.child.id().to_string()).status().expect("kill runs");
        assert!(sent.success());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The promise of the first command. In a debug build nothing is quick, so only an optimised one is held to it.
#[cfg(not(debug_assertions))]
#[test]
fn with_everybody_on_file_a_server_is_ready_in_two_seconds() {
    let data = tempfile::tempdir().expect("a folder");
    let began = hatif::live::clock::wall();
    let process = Process::serve(data.path(), &["--registry-size", "3200000"]);
    let took = hatif::live::clock::since(began);
    assert!(took <= Duration::from_secs(2), "{took}");
    drop(process);
}

pub fn hatif() -> Command {
    Command::new(env!("CARGO_BIN_EXE_hatif"))
}

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("text")
}

#[tokio::test]
async fn a_call_to_the_default_centre_leaves_a_record_and_a_journal_that_replays() {
    let data = tempfile::tempdir().expect("a folder");
    let journal = data.path().join("run.journal");
    let mut process =
        Process::serve(data.path(), &["--speed", "100", "--journal", journal.to_str().expect("a plain path")]);
    let mut caller = Telephone::connect(process.addr).await;
    let (call, version) = caller.dial().await;
    assert_eq!((call.as_str(), version), ("1-1", 1));
    // To an adviser; at this speed the wait and the talk take a moment.
    caller.until(|message| matches!(message, ServerMessage::Collecting { .. })).await;
    caller.say(r#"{"type":"digits","keys":"200"}"#).await;
    caller.until(|message| matches!(message, ServerMessage::Agent { state: AgentState::Connected, .. })).await;
    caller.hang_up().await;
    let calls = hatif().args(["calls", "--format", "json", "--data"]).arg(data.path()).output().expect("it runs");
    let calls: serde_json::Value = serde_json::from_str(&text(&calls)).expect("JSON");
    assert_eq!(calls.as_array().map(Vec::len), Some(1), "the record is there before the server ends");
    let record = &calls[0];
    assert_eq!((&record["id"], &record["language"]), (&"1-1".into(), &"fr".into()), "{record:#}");
    assert_eq!((&record["cause"], &record["caller"]), (&"caller_hung_up".into(), &"********42".into()), "{record:#}");
    assert!(record["started"].as_str().is_some_and(|at| at.starts_with("2022-05-17T10:")), "{record:#}");
    assert!(record["agent"].is_number() && record["queue"].is_string(), "{record:#}");
    process.terminate();
    assert_eq!(process.child.wait().expect("it ends").code(), Some(0));
    let replay = hatif().arg("replay").arg(&journal).output().expect("it runs");
    assert!(replay.status.success() && text(&replay).contains("identical"), "{}", text(&replay));
    let written = std::fs::read_to_string(&journal).expect("a journal");
    assert!(!written.contains("0600000042"), "a calling number is not in a journal");
}

#[tokio::test]
async fn call_ids_stay_unique_over_restarts_and_records_can_be_filtered() {
    let data = tempfile::tempdir().expect("a folder");
    for run in 1..=2 {
        let server = Server::start(config(data.path())).await.expect("it starts");
        let mut caller = Telephone::connect(server.addr).await;
        assert_eq!(caller.dial().await.0, format!("{run}-1"));
        caller.hang_up().await;
        server.stop().await.expect("all is written");
    }
    let calls = |options: &[&str]| {
        let output = hatif().arg("calls").args(options).arg("--data").arg(data.path()).output().expect("it runs");
        assert!(output.status.success());
        text(&output)
    };
    assert_eq!(calls(&["--format", "jsonl"]).lines().count(), 2);
    assert_eq!(calls(&["--format", "jsonl", "--run", "2"]).lines().count(), 1);
    assert_eq!(calls(&["--format", "jsonl", "--until", "2022-05-17"]).lines().count(), 0);
    assert!(calls(&["--format", "csv", "--since", "2022-05-17", "--limit", "1"]).contains("\n2-1,"));
    assert!(calls(&["--language", "fr"]).contains("2 calls") && calls(&["--language", "en"]).contains("0 calls"));
}

#[tokio::test]
async fn a_taken_port_is_named_with_a_way_out() {
    let data = tempfile::tempdir().expect("a folder");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let mut config = config(data.path());
    config.addr = taken.local_addr().expect("its address");
    let error = Server::start(config).await.expect_err("the port is taken");
    let said = error.to_string();
    assert!(matches!(error, StartError::Address { .. }));
    assert!(said.contains(&format!("port {}", taken.local_addr().expect("its address").port())), "{said}");
    assert!(said.contains("--addr"), "{said}");
}

#[test]
fn every_mistake_of_a_settings_file_is_reported_at_once() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("my.toml");
    std::fs::write(&file, "[server]\nadr = \"x\"\n[clock]\nspeed = 0\n").expect("a file");
    let output = hatif().args(["serve", "--config"]).arg(&file).output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2));
    for part in ["[server] has no `adr`", "my.toml:2:1", "did you mean `addr`?", "`clock.speed` is 0", "my.toml:4:9"] {
        assert!(said.contains(part), "{part} is missing in:\n{said}");
    }
}

#[tokio::test]
async fn ended_is_said_only_when_the_record_is_on_the_disk() {
    let data = tempfile::tempdir().expect("a folder");
    let server = Server::start(config(data.path())).await.expect("it starts");
    let mut caller = Telephone::connect(server.addr).await;
    let (call, _) = caller.dial().await;
    // Somebody holds the database, so that nothing can be written.
    let db = rusqlite::Connection::open(data.path().join("calls.db")).expect("the records");
    db.execute_batch("begin immediate").expect("nobody else writes");
    caller.say(r#"{"type":"hangup"}"#).await;
    caller.say(r#"{"type":"digits","keys":"1"}"#).await;
    let said = |message: &ServerMessage| matches!(message, ServerMessage::Error { .. } | ServerMessage::Ended { .. });
    let first = caller.until(said).await;
    assert!(matches!(first, ServerMessage::Error { code: ErrorCode::OutOfTurn, .. }), "{first:?}");
    db.execute_batch("rollback").expect("it is let go");
    caller.until(|message| matches!(message, ServerMessage::Ended { .. })).await;
    let written = db.query_row("select id from calls", [], |row| row.get::<_, String>(0));
    assert_eq!(written.as_deref(), Ok(&*call));
    server.stop().await.expect("all is written");
}

/// Asks for a page without an HTTP client.
async fn http(addr: std::net::SocketAddr, request: &str) -> (u16, serde_json::Value) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = tokio::net::TcpStream::connect(addr).await.expect("the server listens");
    let request = format!("{request} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("it takes a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("it answers");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
    (status, serde_json::from_str(body).unwrap_or_default())
}

#[tokio::test]
async fn a_reload_drops_no_call_and_a_faulty_one_changes_nothing() {
    let (data, centre) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    write_out(&mini(FLOW), centre.path());
    let mut config = config(data.path());
    config.centre = Some(centre.path().to_owned());
    let server = Server::start(config).await.expect("it starts");
    let mut early = Telephone::connect(server.addr).await;
    assert_eq!(early.dial().await.1, 1);

    let main = centre.path().join("flows/main.toml");
    let good = std::fs::read_to_string(&main).expect("a file");
    std::fs::write(&main, good.replace("2 = \"adviser\"", "2 = \"advisor\"")).expect("a file");
    let (status, refused) = http(server.addr, "POST /reload").await;
    assert_eq!((status, &refused["result"]), (422, &"refused".into()));
    let report = refused["report"].as_str().expect("a report");
    assert!(report.contains("flows/main.toml:") && report.contains("advisor"), "{report}");
    assert_eq!(server.health().script_version, 1);

    std::fs::write(&main, good.replace("prompt = \"hello\"", "prompt = \"bye\"")).expect("a file");
    // The watcher may have been quicker; then there is nothing new to publish.
    let (status, published) = http(server.addr, "POST /reload").await;
    assert_eq!(status, 200, "{published}");
    let mut late = Telephone::connect(server.addr).await;
    assert_eq!(late.dial().await.1, 2);
    let said = late.until(|message| matches!(message, ServerMessage::Prompt { .. })).await;
    assert!(matches!(said, ServerMessage::Prompt { id, .. } if id == "bye"));

    early.say(r#"{"type":"digits","keys":"1"}"#).await;
    let ended = early.until(|message| matches!(message, ServerMessage::Ended { .. })).await;
    assert!(matches!(ended, ServerMessage::Ended { outcome, .. } if outcome == "contained"));
    late.hang_up().await;
    let (_, health) = http(server.addr, "GET /health").await;
    assert_eq!(
        (&health["status"], &health["script_version"], &health["people"]),
        (&"ok".into(), &2.into(), &2_000.into())
    );
    server.stop().await.expect("all is written");
    let db = hatif::live::store::open_to_read(data.path()).expect("records");
    let versions: Vec<u32> = db
        .prepare("select version from calls order by number")
        .and_then(|mut select| select.query_map([], |row| row.get(0))?.collect())
        .expect("rows");
    assert_eq!(versions, [1, 2]);
}

#[tokio::test]
async fn a_saved_file_is_published_without_being_asked() {
    let (data, centre) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    write_out(&mini(FLOW), centre.path());
    let mut config = config(data.path());
    config.centre = Some(centre.path().to_owned());
    let (published, mut versions) = tokio::sync::mpsc::unbounded_channel();
    let tap = Box::new(OnVersion(published));
    let door = hatif::live::listener::Door::open(config.addr).expect("a port");
    let server = Server::start_on(config, door, vec![tap]).await.expect("it starts");
    let main = centre.path().join("flows/main.toml");
    let good = std::fs::read_to_string(&main).expect("a file");
    std::fs::write(&main, good.replace("prompt = \"hello\"", "prompt = \"bye\"")).expect("a file");
    let seen = tokio::time::timeout(Std::from_secs(60), async {
        while versions.recv().await.expect("the server runs") < 2 {}
    });
    seen.await.expect("the change is seen");
    server.stop().await.expect("all is written");
}

/// Tells each version as it becomes current.
struct OnVersion(tokio::sync::mpsc::UnboundedSender<u32>);

impl Tap for OnVersion {
    fn note(&mut self, _: &Notice, versions: &Versions) {
        let _ = self.0.send(versions.number().0);
    }
}

#[tokio::test]
async fn without_a_folder_there_is_nothing_to_reload_and_a_page_in_a_browser_may_not_ask() {
    let data = tempfile::tempdir().expect("a folder");
    let server = Server::start(config(data.path())).await.expect("it starts");
    assert_eq!(server.reload().await, Reloaded::NoFolder);
    assert_eq!(http(server.addr, "POST /reload").await.0, 409);
    let forged = "POST /reload HTTP/1.1\r\norigin: http://example.invalid\r\nx:";
    assert_eq!(http(server.addr, forged).await.0, 403);
    server.stop().await.expect("all is written");
}

#[tokio::test]
async fn a_stop_takes_no_new_calls_drains_those_in_progress_and_writes_every_record() {
    let data = tempfile::tempdir().expect("a folder");
    let server = Server::start(config(data.path())).await.expect("it starts");
    let (mut quick, mut slow) = (Telephone::connect(server.addr).await, Telephone::connect(server.addr).await);
    quick.dial().await;
    slow.dial().await;
    let mut late = Telephone::connect(server.addr).await;
    server.ask_to_stop();
    // The stop passes through the same door as errands, so it may take a few tries until it shows.
    loop {
        late.say(r#"{"type":"dial"}"#).await;
        match late
            .until(|message| matches!(message, ServerMessage::Refused { .. } | ServerMessage::Answered { .. }))
            .await
        {
            ServerMessage::Refused { reason, .. } => {
                assert_eq!(reason, RefusalReason::Draining);
                break;
            }
            _ => late.hang_up().await,
        };
    }
    quick.hang_up().await;
    server.ask_to_stop();
    let ended = slow.until(|message| matches!(message, ServerMessage::Ended { .. })).await;
    assert!(matches!(ended, ServerMessage::Ended { cause, .. } if cause == "drained"));
    assert_eq!(slow.next().await, Heard::Closed(1001, "closing".into()));
    server.finished().await.expect("all is written");
    let db = hatif::live::store::open_to_read(data.path()).expect("records");
    let drained = "select count(*) from calls where cause = 'drained'";
    assert_eq!(db.query_row(drained, [], |row| row.get::<_, u32>(0)).expect("a count"), 1);
}

#[tokio::test]
async fn a_changed_person_is_changed_after_a_restart() {
    use hatif::registry::Change;
    let data = tempfile::tempdir().expect("a folder");
    let registry = Registry::generated(2_000, 1);
    let person =
        registry.find(&Default::default()).find(|p| p.is_registered() && !p.has_portal()).expect("somebody").id;
    let server = Server::start(config(data.path())).await.expect("it starts");
    let (done, changed) = tokio::sync::oneshot::channel();
    let errand = Errand::Change { change: Change::CreatePortal { person }, done };
    server.pump().send(errand).await.expect("the server runs");
    changed.await.expect("an answer").expect("she has no portal account yet");
    server.stop().await.expect("all is written");

    let server = Server::start(config(data.path())).await.expect("it starts");
    let (done, changed) = tokio::sync::oneshot::channel();
    let errand = Errand::Change { change: Change::CreatePortal { person }, done };
    server.pump().send(errand).await.expect("the server runs");
    changed.await.expect("an answer").expect_err("she has one from the run before");
    server.stop().await.expect("all is written");
}

#[tokio::test]
async fn a_change_counts_as_made_when_it_is_on_the_disk() {
    use hatif::registry::Change;
    let data = tempfile::tempdir().expect("a folder");
    let registry = Registry::generated(2_000, 1);
    let person =
        registry.find(&Default::default()).find(|p| p.is_registered() && !p.has_portal()).expect("somebody").id;
    let server = Server::start(config(data.path())).await.expect("it starts");
    // Somebody holds the database, so that nothing can be written.
    let db = rusqlite::Connection::open(data.path().join("calls.db")).expect("the records");
    db.execute_batch("begin immediate").expect("nobody else writes");
    let (done, mut changed) = tokio::sync::oneshot::channel();
    let errand = Errand::Change { change: Change::CreatePortal { person }, done };
    server.pump().send(errand).await.expect("the server runs");
    let (done, looked) = tokio::sync::oneshot::channel();
    server.pump().send(Errand::Look { done }).await.expect("the server runs");
    looked.await.expect("an answer");
    assert!(changed.try_recv().is_err(), "it is made, and a kill would undo it");
    db.execute_batch("rollback").expect("it is let go");
    changed.await.expect("an answer").expect("she has no portal account yet");
    let written = db.query_row("select count(*) from overlay_changes", [], |row| row.get::<_, i64>(0));
    assert_eq!(written, Ok(1));
    server.stop().await.expect("all is written");
}

// ------------------------------------------------------------------------------------------------------- the two clocks

/// Writes the event log, up to an end.
struct Log {
    narrator: Narrator,
    until: Instant,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Log {
    fn new(until: Instant) -> (Log, Arc<Mutex<Vec<String>>>) {
        let lines = Arc::<Mutex<Vec<String>>>::default();
        (Log { narrator: Narrator::new(), until, lines: lines.clone() }, lines)
    }
}

impl Tap for Log {
    fn note(&mut self, notice: &Notice, versions: &Versions) {
        if let Notice::Event(event) = notice
            && event.at <= self.until
        {
            let line = format!("{} {}", event.seq, self.narrator.tell(event, versions));
            self.lines.lock().expect("nobody panics").push(line);
        }
    }
}

const SEED: u64 = 7;
const CALLERS: u64 = 30;

/// Callers who press at random, each at milliseconds of her own, so that no two inputs share an instant.
fn stories() -> Vec<(u64, Vec<(u64, char)>)> {
    let story = |caller: u64| {
        let mut chance = Seed::new(SEED).stream(Purpose::Keying, caller);
        let mut at = caller * 4_100 + caller;
        let mut acts = Vec::new();
        for _ in 0..chance.random_range(5..40) {
            at += 100 * chance.random_range(3..70);
            let keys = ['1', '2', '3', '4', '5', '0', '9', '*', '#', '0', '1', '2'];
            acts.push((at, keys[chance.random_range(0..keys.len())]));
        }
        acts.push((at + 100 * chance.random_range(1..1_500), 'h'));
        (caller * 4_100 + caller, acts)
    };
    (0..CALLERS).map(story).collect()
}

fn simulated(end: Instant) -> Vec<String> {
    let script = reload::read(None).expect("the default centre is whole").script;
    let zone = jiff::tz::TimeZone::get(&script.zone).expect("its zone");
    let origin = jiff::civil::date(2022, 5, 17).at(10, 0, 0, 0).to_zoned(zone.clone()).expect("a time").timestamp();
    let registry = Arc::new(Registry::generated(2_000, 1));
    let services = Services::new(registry, services::Config::default(), Seed::new(SEED));
    let config = WorldConfig::new(script.clone(), LocalClock::new(origin, &zone), Seed::new(SEED), services);
    let mut world = World::new(WorldConfig { check_laws: true, ..config });
    for (calls_at, acts) in stories() {
        let mut caller = Caller::at(Instant(calls_at * 1_000)).from("0600000042".parse().expect("ten digits"));
        caller.language = script.language_named("fr");
        let mut last = calls_at;
        for (at, act) in acts {
            let after = Duration::from_millis(at - last);
            caller = match act {
                'h' => caller.hang_up(after),
                key => caller.press(after, &key.to_string(), Duration::ZERO),
            };
            last = at;
        }
        world.add_caller(caller);
    }
    let (mut log, lines) = Log::new(end);
    world.publish(Instant(90_050_000), script).expect("it can follow itself");
    world.advance_to(end);
    while let Some(notice) = world.poll() {
        log.note(&notice, world.versions());
    }
    lines.lock().expect("nobody panics").clone()
}

/// Hears what is said until then; whether the call is over.
async fn listen(telephone: &mut Telephone<tokio::io::DuplexStream>, until: tokio::time::Instant) -> bool {
    let mut over = false;
    while let Ok(heard) = tokio::time::timeout_at(until, telephone.next()).await {
        match heard {
            Heard::Message(ServerMessage::Ended { .. }) => over = true,
            Heard::Message(_) => {}
            Heard::Closed(..) | Heard::Gone => {
                tokio::time::sleep_until(until).await;
                return true;
            }
        }
    }
    over
}

#[tokio::test(start_paused = true)]
async fn the_same_callers_write_the_same_log_by_either_clock() {
    let end = Instant::from_secs(420);
    let data = tempfile::tempdir().expect("a folder");
    let (log, lines) = Log::new(end);
    let mut config = config(data.path());
    config.seed = SEED;
    let (server, plug) = wired(config, 64 * 1024, vec![Box::new(log)]).await;
    let begin = hatif::live::clock::wall();
    let at = move |ms: u64| begin + Std::from_millis(ms);
    let mut callers = tokio::task::JoinSet::new();
    for (calls_at, acts) in stories() {
        let plug = plug.clone();
        callers.spawn(async move {
            tokio::time::sleep_until(at(calls_at)).await;
            let mut telephone = plug.telephone().await;
            telephone.say(r#"{"type":"dial","from":"0600000042","language":"fr"}"#).await;
            let mut over = false;
            for (when, act) in acts {
                over |= listen(&mut telephone, at(when)).await;
                match act {
                    _ if over => {}
                    'h' => telephone.say(r#"{"type":"hangup"}"#).await,
                    key => telephone.say(&format!(r#"{{"type":"digits","keys":"{key}"}}"#)).await,
                }
            }
            listen(&mut telephone, at(430_000)).await;
        });
    }
    // A reload on the way, at a millisecond of nobody's; the same script, so that only the version changes.
    let script = reload::read(None).expect("the default centre is whole").script;
    tokio::time::sleep_until(at(90_050)).await;
    let (done, published) = tokio::sync::oneshot::channel();
    server.pump().send(Errand::Publish { script, done }).await.expect("the server runs");
    published.await.expect("an answer").expect("it can follow itself");
    callers.join_all().await;
    let live = lines.lock().expect("nobody panics").clone();
    let simulated = simulated(end);
    let differs = simulated.iter().zip(&live).position(|(a, b)| a != b).unwrap_or(simulated.len().min(live.len()));
    let around = |lines: &[String]| lines[differs.saturating_sub(3)..(differs + 3).min(lines.len())].join("\n");
    assert!(live == simulated, "line {differs}\nsimulated:\n{}\nlive:\n{}", around(&simulated), around(&live));
    assert!(live.len() > 500 && live.iter().any(|line| line.contains("answered by agent")), "{} lines", live.len());
    server.ask_to_stop();
    server.ask_to_stop();
    server.finished().await.expect("all is written");
}

// ---------------------------------------------------------------------------------------------------------- a call back

/// Dials a centre without agents, and is promised a call back; the call's id and version.
async fn ask_to_be_called_back(caller: &mut Telephone<tokio::io::DuplexStream>) -> (String, u32) {
    let call = caller.dial().await;
    for (node, keys) in [("language.choose", "2"), ("main.menu", "01"), ("adviser.unstaffed", "1")] {
        caller.until(|message| matches!(message, ServerMessage::Collecting { node: at, .. } if at == node)).await;
        caller.say(&format!(r#"{{"type":"digits","keys":"{keys}"}}"#)).await;
    }
    let ended = caller.until(|message| matches!(message, ServerMessage::Ended { .. })).await;
    assert!(matches!(ended, ServerMessage::Ended { outcome, .. } if outcome == "callback"));
    call
}

#[tokio::test(start_paused = true)]
async fn a_promised_call_back_rings_the_open_connection() {
    let data = tempfile::tempdir().expect("a folder");
    let mut config = config(data.path());
    config.agents = false;
    let (server, plug) = wired(config, 64 * 1024, vec![]).await;
    let mut caller = plug.telephone().await;
    let (first, _) = ask_to_be_called_back(&mut caller).await;

    // An agent comes who can help.
    let script = reload::read(None).expect("the default centre is whole").script;
    let status = script.skills.iter().position(|skill| &**skill == "status").expect("a skill");
    let french = script.language_named("fr").expect("a language");
    let fits = |group: &hatif::script::model::Group| {
        group.skills.iter().any(|(skill, _)| skill.index() == status) && group.languages.contains(&french)
    };
    let group = hatif::id::GroupId(script.groups.iter().position(fits).expect("a group") as u16);
    let agent = hatif::id::AgentId(0);
    let inject = async |input| server.pump().send(Errand::Inject { input, done: None }).await.expect("the server runs");
    inject(Input::AgentLoggedIn { agent, group }).await;
    inject(Input::AgentReady { agent }).await;
    let ringing = caller.until(|message| matches!(message, ServerMessage::Ringing { .. })).await;
    let ServerMessage::Ringing { call, promised_in } = ringing else { unreachable!("only that passes") };
    assert_eq!(promised_in, Some(first));
    caller.say(r#"{"type":"digits","keys":"1"}"#).await;
    let refused = caller.message().await;
    assert!(matches!(refused, ServerMessage::Error { code: ErrorCode::OutOfTurn, .. }), "{refused:?}");
    caller.say(r#"{"type":"answer"}"#).await;
    let answered = caller.until(|message| matches!(message, ServerMessage::Answered { .. })).await;
    assert!(matches!(answered, ServerMessage::Answered { call: of, language, .. } if of == call && language == "fr"));
    // The agent was kept free for this, and is there at once.
    caller.until(|message| matches!(message, ServerMessage::Agent { state: AgentState::Connected, .. })).await;
    caller.hang_up().await;
    server.stop().await.expect("all is written");
    let db = hatif::live::store::open_to_read(data.path()).expect("records");
    let promised = "select promised_in from calls where promised_in is not null";
    assert_eq!(db.query_row(promised, [], |row| row.get::<_, String>(0)).expect("a row"), "1-1");
}

#[tokio::test(start_paused = true)]
async fn a_call_back_to_a_connection_that_is_gone_counts_as_not_reached() {
    let data = tempfile::tempdir().expect("a folder");
    let mut config = config(data.path());
    config.agents = false;
    let (log, lines) = Log::new(Instant::NEVER);
    let (server, plug) = wired(config, 64 * 1024, vec![Box::new(log)]).await;
    let mut caller = plug.telephone().await;
    ask_to_be_called_back(&mut caller).await;
    caller.socket.close(None).await.expect("the line holds");
    while caller.next().await != Heard::Gone {}
    // Somebody for every queue comes and stays: however late it is by now, and whenever the line is free, she is dialled.
    let script = reload::read(None).expect("the default centre is whole").script;
    for group in 0..script.groups.len() as u16 {
        let (agent, group) = (hatif::id::AgentId(group.into()), hatif::id::GroupId(group));
        for input in [Input::AgentLoggedIn { agent, group }, Input::AgentReady { agent }] {
            server.pump().send(Errand::Inject { input, done: None }).await.expect("the server runs");
        }
    }
    let missed = || lines.lock().expect("nobody panics").iter().any(|line| line.contains("not reached, try 1"));
    let mut minutes = 0;
    while !missed() && minutes < 5 * 24 * 60 {
        tokio::time::sleep(Std::from_secs(60)).await;
        minutes += 1;
    }
    server.ask_to_stop();
    server.ask_to_stop();
    server.finished().await.expect("all is written");
    let lines = lines.lock().expect("nobody panics");
    assert!(lines.iter().any(|line| line.contains("not reached, try 1")), "{}", lines.join("\n"));
}
