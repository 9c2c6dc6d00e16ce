//! `hatif load`: real processes on the loopback, and a peer that stalls.

use std::{
    io::{BufRead, BufReader, Read},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Output, Stdio},
};

use futures_util::{SinkExt, StreamExt};
use hatif::load::{arrivals::Schedule, plan::Arrivals};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_tungstenite::tungstenite::Message;

use crate::support::{
    centre::mini,
    http::{ask, request},
    openmetrics::Scrape,
    wire::write_out,
};

/// A menu, an end behind 1, a queue that nobody answers behind 9.
const FLOW: &str = r#"
[node.start]
kind = "menu"
prompt = "hello"
choices = { 1 = "second", 9 = "adviser" }

[node.second]
kind = "menu"
prompt = "second"
choices = { 1 = "bye" }

[node.adviser]
kind = "queue"
queue = "help"
answered = "bye"
full = "bye"
closed = "bye"
timeout = "bye"

[node.bye]
kind = "end"
prompt = "bye"
outcome = "contained"
"#;

fn hatif() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hatif"));
    command.env_remove("HATIF_ADDR").env_remove("HATIF_CONFIG").env_remove("HATIF_LOG").env_remove("HATIF_TOKEN");
    command
}

/// A running `hatif serve`; killed when the test is over.
struct Process {
    child: Child,
    url: String,
    _folder: tempfile::TempDir,
}

impl Process {
    fn serve(settings: &str, options: &[&str]) -> Process {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name).display().to_string();
        std::fs::write(at("hatif.toml"), settings).expect("a file");
        write_out(&mini(FLOW), &folder.path().join("mini"));
        let (config, data, centre) = (at("hatif.toml"), at("data"), at("mini"));
        let mut child = hatif()
            .args(["serve", "--empty", "--addr", "127.0.0.1:0", "--seed", "1"])
            .args(if settings.contains("[registry]") { vec![] } else { vec!["--registry-size", "2000"] })
            .args(["--config", &config, "--data", &data])
            .args(if options.contains(&"--default-centre") { vec![] } else { vec!["--no-agents", "--centre", &centre] })
            .args(options.iter().filter(|option| **option != "--default-centre"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("it says where it listens");
        let url = line.split(" answers at ").nth(1).unwrap_or_else(|| panic!("no address in {line:?}")).trim();
        Process { child, url: url.to_owned(), _folder: folder }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn load(url: &str, options: &[&str]) -> Output {
    hatif().args(["load", url, "--quiet"]).args(options).output().expect("the program runs")
}

/// The results of a run as JSON, with its exit code.
fn measured(url: &str, options: &[&str]) -> (Value, Option<i32>) {
    let output = load(url, &[options, &["--json"]].concat());
    let text = String::from_utf8_lossy(&output.stdout);
    let value = serde_json::from_str(&text)
        .unwrap_or_else(|error| panic!("{error}: {text}{}", String::from_utf8_lossy(&output.stderr)));
    (value, output.status.code())
}

fn number(value: &Value, path: &str) -> u64 {
    value.pointer(path).and_then(Value::as_u64).unwrap_or_else(|| panic!("no number at {path} in {value:#}"))
}

/// What was due, called again or was called back is one of four things, and each is counted once.
fn assert_counts_add_up(run: &Value) {
    let sum = |names: &[&str]| names.iter().map(|name| number(run, &format!("/calls/{name}"))).sum::<u64>();
    let (tried, became) = (sum(&["due", "again", "called_back"]), sum(&["not_made", "refused", "failed", "finished"]));
    assert_eq!(tried, became, "{:#}", run["calls"]);
}

#[test]
fn every_call_of_a_run_has_its_record_and_rules_decide_the_exit_code() {
    let server = Process::serve("", &[]);
    let options = ["--rate", "100/s", "--calls", "60", "--keys", "1,1", "--fail-if", "lost>0", "--fail-if", "failed>0"];
    let (run, code) = measured(&server.url, &options);
    assert_eq!(code, Some(0), "{run:#}");
    assert_counts_add_up(&run);
    for (path, wanted) in [
        ("/calls/finished", 60),
        ("/records/calls", 60),
        ("/records/reconciled", 60),
        ("/records/lost", 0),
        ("/latency_ms/connect/count", 60),
        ("/latency_ms/dial/count", 60),
        ("/latency_ms/key/count", 120),
    ] {
        assert_eq!(number(&run, path), wanted, "{path} in {run:#}");
    }
    // Again on connections that are kept, as text, with a rule that is broken.
    let folder = tempfile::tempdir().expect("a folder");
    let page = folder.path().join("report.html").display().to_string();
    let output = load(
        &server.url,
        &["--rate", "100/s", "--calls", "40", "--keys", "1", "--reuse", "--fail-if", "max(key)>0us", "--out", &page],
    );
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("BROKEN  max(key)>0us") && text.contains("40 of 40 calls reconciled"), "{text}");
    let page = std::fs::read_to_string(page).expect("the page");
    assert!(page.contains("<svg") && page.contains("max(key)&gt;0us"), "{page}");
    assert!(!page.contains("http://") || page.matches("http://").count() == page.matches("http://www.w3.org").count());
}

#[test]
fn the_people_of_the_simulation_call_and_are_counted_against_the_records() {
    let server = Process::serve("", &["--default-centre", "--speed", "60"]);
    let options = ["--rate", "10/s", "--calls", "25", "--drain", "20s", "--fail-if", "lost>0", "--fail-if", "failed>0"];
    let (run, code) = measured(&server.url, &options);
    assert_eq!(code, Some(0), "{run:#}");
    assert_counts_add_up(&run);
    assert!(number(&run, "/calls/finished") >= 25, "{run:#}");
    assert!(number(&run, "/latency_ms/key/count") > 0, "people press keys: {run:#}");
    let outcomes = run["outcomes"].as_object().expect("outcomes");
    assert!(outcomes.keys().any(|outcome| outcome != "abandoned"), "somebody was served: {outcomes:?}");
}

/// Writes a generated registry to a file, as a centre may have one of its own.
fn exported(people: &Path, size: &str, seed: &str) {
    let command = ["registry", "export", "--size", size, "--seed", seed, "--reveal", "--out"];
    let export = hatif().args(command).arg(people).output().expect("it runs");
    assert!(export.status.success(), "{}", String::from_utf8_lossy(&export.stderr));
}

/// How many checks of who calls ended so, as the server counts them.
async fn authentications(url: &str, result: &str) -> f64 {
    let addr = url.trim_start_matches("ws://").trim_end_matches("/call").parse().expect("an address");
    let (status, text) = ask(addr, &request("GET", "/metrics", "connection: close\r\n")).await;
    assert_eq!(status, 200, "{text}");
    let body = text.split_once("\r\n\r\n").map_or(text.as_str(), |(_, body)| body);
    Scrape::read(body).value(&format!("hatif_authentications_total{{result=\"{result}\"}}"))
}

#[tokio::test]
async fn the_people_of_a_file_call_a_centre_that_has_them_on_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name).display().to_string();
    exported(Path::new(&at("people.csv")), "1500", "5");
    exported(Path::new(&at("others.csv")), "1000", "5");
    let settings = format!("[registry]\nfile = {:?}\nseed = 5\n", at("people.csv"));
    let server = Process::serve(&settings, &["--default-centre", "--speed", "60"]);
    let options = ["--rate", "10/s", "--calls", "40", "--drain", "20s", "--fail-if", "lost>0", "--fail-if", "failed>0"];
    let own = ["--registry-file", &at("people.csv"), "--registry-seed", "5"];
    let (run, code) = measured(&server.url, &[&options[..], &own].concat());
    assert_eq!(code, Some(0), "{run:#}");
    assert_counts_add_up(&run);
    let (passed, failed) = (authentications(&server.url, "passed").await, authentications(&server.url, "failed").await);
    assert!(passed > failed, "they know their numbers and birth dates: {passed} passed, {failed} failed");
    let output = load(&server.url, &[&options[..], &["--registry-file", &at("others.csv")]].concat());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(2) && said.contains("the server has 1500 on file"), "{said}");
    let output = load(&server.url, &[&options[..], &["--registry-file", &at("nobody.csv")]].concat());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(2) && said.contains("nobody.csv"), "{said}");
}

#[test]
fn refused_calls_are_counted_by_reason_and_stand_on_record() {
    let server = Process::serve("[limits]\nmax_calls = 3\n", &[]);
    // Three callers wait to the end of the run, and everybody else comes while they do.
    let options = ["--rate", "100/s", "--calls", "20", "--keys", "9", "--hold", "end", "--drain", "1s"];
    let (run, code) = measured(&server.url, &[&options[..], &["--fail-if", "refused>10%"]].concat());
    assert_eq!(code, Some(1), "{run:#}");
    assert_counts_add_up(&run);
    for (path, wanted) in [
        ("/calls/finished", 3),
        ("/calls/refused", 17),
        ("/refusals/calls", 17),
        ("/latency_ms/refusal/count", 17),
        ("/records/reconciled", 3),
        ("/records/refusals_recorded", 17),
    ] {
        assert_eq!(number(&run, path), wanted, "{path} in {run:#}");
    }
}

/// Runs the program with so many open files.
fn with_files(files: u32, url: &str, options: &[&str]) -> Output {
    let script = format!("ulimit -n {files} && exec \"$0\" load \"$@\"");
    Command::new("sh")
        .args(["-c", &script, env!("CARGO_BIN_EXE_hatif"), url, "--quiet", "--json"])
        .args(options)
        .output()
        .expect("a shell runs")
}

#[test]
fn where_sockets_run_out_the_run_says_so() {
    let server = Process::serve("", &[]);
    let output = with_files(60, &server.url, &["--concurrent", "200", "--keys", "9", "--for", "1s"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("60 open files and so 12 sockets"), "{said}");
    let options = ["--rate", "100/s", "--calls", "30", "--keys", "9", "--hold", "end", "--drain", "1s"];
    let output = with_files(60, &server.url, &options);
    let run: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_counts_add_up(&run);
    assert_eq!((number(&run, "/calls/not_made"), number(&run, "/calls/finished")), (18, 12), "{run:#}");
    assert_eq!(number(&run, "/calls/failed"), 0, "{run:#}");
}

#[test]
fn a_run_that_is_interrupted_tells_what_it_measured() {
    let server = Process::serve("", &[]);
    let mut child = hatif()
        .args(["load", &server.url, "--concurrent", "5", "--rate", "50/s", "--keys", "9", "--for", "10m", "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut progress = String::new();
    BufReader::new(child.stderr.take().expect("a pipe")).read_line(&mut progress).expect("a line of progress");
    assert!(progress.contains("5 in progress"), "{progress}");
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill runs");
    assert!(sent.success());
    let mut text = String::new();
    child.stdout.take().expect("a pipe").read_to_string(&mut text).expect("its results");
    let status = child.wait().expect("it ends");
    let run: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!((status.code(), &run["cut_short"]), (Some(130), &Value::Bool(true)), "{run:#}");
    assert_counts_add_up(&run);
    assert_eq!((number(&run, "/calls/finished"), number(&run, "/records/reconciled")), (5, 5), "{run:#}");
}

#[test]
fn every_mistake_in_the_arguments_is_told_before_anything_is_done() {
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("load-not-written.html");
    let output = load(
        "ws://127.0.0.1:1/call",
        &[
            "--rate",
            "fast",
            "--ramp",
            "0..9/s over 1m",
            "--hold",
            "1m",
            "--calls",
            "0",
            "--fail-if",
            "losst>0",
            "--fail-if",
            "p99(key)>200",
            "--local",
            "here",
            "--out",
            &out.display().to_string(),
        ],
    );
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    for wanted in [
        "--rate `fast`",
        "--rate and --ramp",
        "--hold is for",
        "--calls `0`",
        "did you mean `lost`",
        "has no unit",
        "--local",
    ] {
        assert!(said.contains(wanted), "{wanted} is missing in:\n{said}");
    }
    assert!(!out.exists(), "nothing is written before the arguments are right");
    let output = load("ws://127.0.0.1:1/call", &["--rate", "1/s", "--calls", "1"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("hatif serve"), "{said}");
}

#[test]
fn a_centre_that_asks_for_a_token_is_given_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let tokens = folder.path().join("tokens.toml").display().to_string();
    let secret = |scope: &str| {
        let output = hatif()
            .args(["token", "new", "--name", &scope.replace(',', "-"), "--scope", scope, "--file", &tokens])
            .output();
        let text = String::from_utf8(output.expect("the program runs").stdout).expect("text");
        text.split_whitespace().max_by_key(|word| word.len()).expect("a secret").to_owned()
    };
    let (both, call) = (secret("call,watch"), secret("call"));
    let server = Process::serve(&format!("[security]\ntokens = \"{tokens}\"\n"), &[]);
    let options = ["--rate", "50/s", "--calls", "5", "--keys", "1", "--fail-if", "lost>0"];
    let (run, code) = measured(&server.url, &[&options[..], &["--token", &both]].concat());
    assert_eq!((code, number(&run, "/records/reconciled")), (Some(0), 5), "{run:#}");
    for wrong in [&["--token", &call][..], &[]] {
        let output = load(&server.url, &[&options[..], wrong].concat());
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("/health") && !said.contains(&both), "{said}");
    }
}

#[test]
fn what_can_never_lead_to_a_call_is_refused_before_the_run() {
    let server = Process::serve("", &[]);
    let options = ["--rate", "50/s", "--calls", "3", "--keys", "1"];
    // An address kept free for examples in documents: it is nobody's.
    let elsewhere = load(&server.url, &[&options[..], &["--local", "127.0.0.1,192.0.2.7"]].concat());
    let wrong_path = load(&server.url.replace("/call", "/cal"), &options);
    for (output, words) in
        [(elsewhere, "--local 192.0.2.7: calls cannot come from there"), (wrong_path, "does not take calls")]
    {
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(2) && output.stdout.is_empty(), "{said}");
        assert!(said.contains(words), "{said}");
    }
}

/// So many calls must be waiting before the peer answers any.
const WAITING: usize = 30;

/// A centre that lets callers wait until [`WAITING`] of them do, and then answers everybody.
async fn stalling(listener: TcpListener) {
    let (mut waiting, mut knocked) = (Vec::new(), false);
    while let Ok((mut stream, _)) = listener.accept().await {
        let mut start = [0; 11];
        let Ok(_) = stream.peek(&mut start).await else { continue };
        if start.starts_with(b"GET /health") {
            health(&mut stream).await;
            continue;
        }
        // The first is no call: it is to find out whether calls are taken here.
        if !std::mem::replace(&mut knocked, true) {
            tokio::spawn(answer(stream));
            continue;
        }
        waiting.push(stream);
        if waiting.len() >= WAITING {
            waiting.drain(..).for_each(|stream| {
                tokio::spawn(answer(stream));
            });
        }
    }
}

async fn health(stream: &mut TcpStream) {
    let mut request = [0; 1_024];
    let _ = stream.read(&mut request).await;
    answer_with(stream, r#"{"centre":"stalling","program":"0","run":1,"speed":1.0,"people":2000}"#).await;
}

async fn answer_with(stream: &mut TcpStream, body: &str) {
    let head = format!("HTTP/1.0 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
    let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
}

const PROMPT: &str = r#"{"type":"prompt","id":"x","text":"x","language":"fr","direction":"ltr","node":"m.s","begins_ms":0,"duration_ms":1,"barge_in":true}"#;
const COLLECTING: &str = r#"{"type":"collecting","node":"m.s","min":1,"max":1,"secret":false,"silence_ms":5000}"#;

/// A caller's connection, with the subprotocol she asks for.
async fn accept(stream: TcpStream) -> Option<tokio_tungstenite::WebSocketStream<TcpStream>> {
    #[allow(clippy::result_large_err, reason = "the type is the library's")]
    let chosen = |_: &_, mut response: tokio_tungstenite::tungstenite::handshake::server::Response| {
        response.headers_mut().insert("sec-websocket-protocol", "hatif.v1".parse().expect("a header"));
        Ok(response)
    };
    tokio_tungstenite::accept_hdr_async(stream, chosen).await.ok()
}

/// One call of two prompts.
async fn answer(stream: TcpStream) {
    let Some(mut socket) = accept(stream).await else { return };
    while let Some(Ok(Message::Text(text))) = socket.next().await {
        let said: &[&str] = match text.as_str() {
            r#"{"type":"dial"}"# => &[r#"{"type":"ringing","call":"1-1"}"#, PROMPT, COLLECTING],
            r#"{"type":"digits","keys":"1"}"# => &[PROMPT],
            _ => &[r#"{"type":"ended","call":"1-1","cause":"caller_hung_up","outcome":"abandoned"}"#],
        };
        for message in said {
            let _ = socket.send(Message::text(*message)).await;
        }
    }
}

/// Coordinated omission: a generator that waits for answers would make one call here, measure that one, and never see that
/// the others waited too. When calls are due follows from the seed, so that how long each waited at the least is known.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_stalls_is_charged_with_every_call_that_came_due_meanwhile() {
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.expect("a free port");
    let url = format!("ws://{}/call", listener.local_addr().expect("an address"));
    let peer = tokio::spawn(stalling(listener));
    let calls = WAITING.to_string();
    let run = tokio::task::spawn_blocking(move || {
        measured(&url, &["--rate", "50/s", "--calls", &calls, "--keys", "1", "--no-records", "--seed", "7"])
    });
    let (run, code) = run.await.expect("the run ends");
    peer.abort();
    assert_eq!(code, Some(0), "{run:#}");
    assert_eq!((number(&run, "/calls/finished"), number(&run, "/latency_ms/connect/count")), (30, 30), "{run:#}");

    let mut schedule = Schedule::new(&Arrivals::Rate(50.0), 7).expect("a schedule");
    let due: Vec<f64> = (0..WAITING).map(|_| schedule.next_due().expect("a call").as_secs_f64() * 1_000.0).collect();
    let last = due[WAITING - 1];
    let millis = |name: &str| run.pointer(&format!("/latency_ms/connect/{name}")).and_then(Value::as_f64).expect(name);
    // Nobody was answered before the last was due. The histogram keeps three digits.
    assert!(millis("max") >= (last - due[0]) * 0.998, "{} of {}", millis("max"), last - due[0]);
    assert!(millis("p50") >= (last - due[WAITING / 2]) * 0.998, "{} of {}", millis("p50"), last - due[WAITING / 2]);
    let waited: f64 = due.iter().map(|due| last - due).sum::<f64>() / WAITING as f64;
    // The first prompt came later still: nobody dials before there is a connection.
    for measure in ["connect", "dial"] {
        let mean = run.pointer(&format!("/latency_ms/{measure}/mean")).and_then(Value::as_f64).expect(measure);
        assert!(mean >= waited * 0.998, "{measure}: {mean} of {waited}");
    }
}

/// A centre that takes calls, says a prompt, and never anything again; it has nothing on record. Each call is told.
async fn mute(listener: TcpListener, dialled: tokio::sync::mpsc::UnboundedSender<()>) {
    let mut calls = 0;
    while let Ok((mut stream, _)) = listener.accept().await {
        let mut start = [0; 12];
        let Ok(_) = stream.peek(&mut start).await else { continue };
        match () {
            () if start.starts_with(b"GET /health") => health(&mut stream).await,
            () if start.starts_with(b"GET /records") => {
                let mut request = [0; 1_024];
                let _ = stream.read(&mut request).await;
                answer_with(&mut stream, r#"{"run":1,"records":[],"next":null}"#).await;
            }
            () => {
                calls += 1;
                tokio::spawn(mute_call(stream, calls, dialled.clone()));
            }
        }
    }
}

async fn mute_call(stream: TcpStream, number: u32, dialled: tokio::sync::mpsc::UnboundedSender<()>) {
    let Some(mut socket) = accept(stream).await else { return };
    while let Some(Ok(Message::Text(text))) = socket.next().await {
        if text.contains("dial") {
            let ringing = format!(r#"{{"type":"ringing","call":"1-{number}"}}"#);
            for message in [ringing.as_str(), PROMPT, COLLECTING] {
                let _ = socket.send(Message::text(message)).await;
            }
            let _ = dialled.send(());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_never_comes_counts_with_the_whole_patience() {
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.expect("a free port");
    let url = format!("ws://{}/call", listener.local_addr().expect("an address"));
    let peer = tokio::spawn(mute(listener, tokio::sync::mpsc::unbounded_channel().0));
    let run = tokio::task::spawn_blocking(move || {
        let options = ["--rate", "100/s", "--calls", "5", "--keys", "1", "--patience", "700ms", "--no-records"];
        measured(&url, &[&options[..], &["--fail-if", "p50(key)>500ms"]].concat())
    });
    let (run, code) = run.await.expect("the run ends");
    peer.abort();
    assert_eq!((code, number(&run, "/calls/failed")), (Some(1), 5), "{run:#}");
    assert_eq!((number(&run, "/latency_ms/dial/count"), number(&run, "/latency_ms/key/count")), (5, 5), "{run:#}");
    let median = run.pointer("/latency_ms/key/p50").and_then(Value::as_f64).expect("a median");
    assert!(median >= 700.0 * 0.998, "{run:#}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_that_are_left_when_a_run_is_cut_short_have_failed_and_their_records_are_looked_for() {
    const CALLS: usize = 5;
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.expect("a free port");
    let url = format!("ws://{}/call", listener.local_addr().expect("an address"));
    let (tell, mut dialled) = tokio::sync::mpsc::unbounded_channel();
    let peer = tokio::spawn(mute(listener, tell));
    let child = hatif()
        .args(["load", &url, "--quiet", "--json", "--rate", "100/s", "--calls", "5", "--keys", "1"])
        .args(["--patience", "60s", "--fail-if", "lost>0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    for _ in 0..CALLS {
        let told = tokio::time::timeout(std::time::Duration::from_secs(60), dialled.recv());
        told.await.expect("a call in time").expect("the peer is there");
    }
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill runs");
    assert!(sent.success());
    let ended = tokio::task::spawn_blocking(move || child.wait_with_output().expect("it ends"));
    let output = ended.await.expect("it is waited for");
    peer.abort();
    let run: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_counts_add_up(&run);
    assert_eq!((output.status.code(), number(&run, "/unaccounted")), (Some(1), 0), "{run:#}");
    assert_eq!((number(&run, "/calls/failed"), number(&run, "/records/calls")), (5, 5), "{run:#}");
    assert_eq!((number(&run, "/records/untold"), number(&run, "/records/lost")), (5, 5), "{run:#}");
    assert_eq!((number(&run, "/records/missing"), number(&run, "/calls/hung_up")), (0, 5), "{run:#}");
}

#[test]
fn a_run_without_a_call_has_lost_none_and_fails() {
    let server = Process::serve("", &[]);
    let options =
        ["--rate", "1/h", "--for", "300ms", "--keys", "1", "--fail-if", "lost>0", "--fail-if", "unrecorded>0"];
    let (run, code) = measured(&server.url, &options);
    assert_eq!((code, number(&run, "/calls/due"), number(&run, "/records/lost")), (Some(1), 0, 0), "{run:#}");
}

#[test]
fn a_run_whose_calls_the_centre_cuts_off_says_so_and_fails() {
    let server = Process::serve("", &[]);
    let mut child = hatif()
        .args(["load", &server.url, "--rate", "100/s", "--calls", "5", "--keys", "9", "--hold", "end", "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut said = BufReader::new(child.stderr.take().expect("a pipe"));
    let mut progress = String::new();
    said.read_line(&mut progress).expect("a line of progress");
    assert!(progress.contains("5 in progress"), "{progress}");
    // The first asks it to drain, the second to end calls now.
    for _ in 0..2 {
        let sent = Command::new("kill").args(["-TERM", &server.child.id().to_string()]).status().expect("kill runs");
        assert!(sent.success());
    }
    let (mut text, mut rest) = (String::new(), String::new());
    child.stdout.take().expect("a pipe").read_to_string(&mut text).expect("its results");
    said.read_to_string(&mut rest).expect("what it says");
    let run: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(child.wait().expect("it ends").code(), Some(1), "{run:#}");
    assert_counts_add_up(&run);
    assert_eq!((number(&run, "/calls/finished"), number(&run, "/calls/cut_off")), (5, 5), "{run:#}");
    assert!(rest.contains("no call succeeded: 5 were cut off"), "{rest}");
}

#[test]
fn a_page_that_cannot_be_written_costs_no_results_and_one_that_was_there_stays_until_there_are_any() {
    let folder = tempfile::tempdir().expect("a folder");
    let (kept, new) = (folder.path().join("kept.html"), folder.path().join("new.html"));
    std::fs::write(&kept, "the report of yesterday").expect("a file");
    for page in [&kept, &new] {
        let args = ["load", "ws://127.0.0.1:1/call", "--rate", "5/s", "--for", "1s", "--out"];
        assert_eq!(hatif().args(args).arg(page).output().expect("it runs").status.code(), Some(2));
    }
    assert_eq!(std::fs::read_to_string(&kept).expect("a file"), "the report of yesterday");
    assert!(!new.exists(), "an empty page is left behind");

    let server = Process::serve("", &[]);
    let full = ["load", &server.url, "--rate", "50/s", "--calls", "3", "--keys", "1", "--out", "/dev/full"];
    let output = hatif().args(full).output().expect("it runs");
    let (said, told) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(said.contains("3 of 3 calls reconciled") && told.contains("cannot write /dev/full"), "{said}{told}");

    let args = ["load", &server.url, "--rate", "50/s", "--calls", "3", "--keys", "1", "--out"];
    let full = std::fs::File::options().write(true).open("/dev/full").expect("it is there");
    let output = hatif().args(args).arg(&new).stdout(full).output().expect("it runs");
    assert_eq!(output.status.code(), Some(2), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(std::fs::read_to_string(&new).expect("a page").contains("</html>"));
}

#[test]
fn nobody_of_a_list_of_people_is_named_as_an_example() {
    let folder = tempfile::tempdir().expect("a folder");
    let (people, settings) = (folder.path().join("people.csv"), folder.path().join("hatif.toml"));
    exported(&people, "1000", "1");
    let greeting = |settings_text: String| {
        std::fs::write(&settings, settings_text).expect("a file");
        let data = tempfile::tempdir().expect("a folder");
        let mut child = hatif()
            .args(["serve", "--empty", "--addr", "127.0.0.1:0", "--config"])
            .arg(&settings)
            .arg("--data")
            .arg(data.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines().map(|line| line.expect("text"));
        let mut said = Vec::new();
        for line in lines {
            said.push(line);
            if said.last().is_some_and(|line| line.trim_start().starts_with("stop")) {
                break;
            }
        }
        child.kill().and_then(|()| child.wait()).expect("it ends");
        said.join("\n")
    };
    let made_up = greeting("[registry]\nsize = 1000\n".to_owned());
    assert!(made_up.contains("a person who does not exist"), "{made_up}");
    let listed = greeting(format!("[registry]\nfile = {:?}\n", people.display().to_string()));
    assert!(listed.contains("stop") && !listed.contains("birth date"), "{listed}");
}
