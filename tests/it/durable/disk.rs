//! A disk that is full or fails: said, refused, lived through, and nothing acknowledged is lost.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    process::{Command, Stdio},
};

use hatif::live::protocol::ServerMessage;

use super::life::{Caller, Fault, Life, Told, crowd, folder, full, settings, tell};

/// What `GET /health` says.
pub fn health(addr: SocketAddr) -> serde_json::Value {
    let mut stream = TcpStream::connect(addr).expect("the server listens");
    stream.write_all(b"GET /health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").expect("the line holds");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
    serde_json::from_str(body).expect("JSON")
}

/// Asks until `GET /health` says what is waited for.
pub fn until(addr: SocketAddr, passes: impl Fn(&serde_json::Value) -> bool) -> serde_json::Value {
    let began = hatif::live::clock::wall();
    loop {
        let said = health(addr);
        if passes(&said) {
            return said;
        }
        let waited = hatif::live::clock::since(began);
        assert!(waited < hatif::time::Duration::from_secs(60), "still {said}");
    }
}

/// Each write, or each sync, fails in turn, three times in a row: a start that meets it says so and leaves the folder to the
/// next one; a running centre goes on once it passes.
async fn each_fails(on: &'static str, what: &'static str, points: &[usize]) {
    let mut refused_starts = 0;
    for &at in points {
        let (data, told) = (folder(), Told::default());
        let fault = Fault { on, at, times: 3, what, file: "calls.db*" };
        let mut life = Life::begin(data.path(), &[], Some(fault));
        let Some(addr) = life.addr else {
            refused_starts += 1;
            assert!(!life.lives() || life.stop().is_some());
            let mut again = Life::begin(data.path(), &[], None);
            let addr = again.addr.expect("what a failed start leaves can be started on");
            crowd(addr, 2, 2, &told).await;
            assert_eq!((again.stop(), told.ended()), (Some(0), 4));
            told.holds(data.path());
            continue;
        };
        // Calls are refused while records cannot be written; whoever is refused tries again.
        while told.ended() < 8 {
            crowd(addr, 2, 2, &told).await;
        }
        assert_eq!(life.stop(), Some(0), "{what} at {on} {at}");
        told.holds(data.path());
        let records = hatif::live::store::open_to_read(data.path()).expect("records");
        let kept: i64 = records.query_row("select count(*) from calls", [], |row| row.get(0)).expect("a count");
        assert_eq!(kept as usize, told.ended(), "{what} at {on} {at}");
    }
    let n = points.len();
    tell(&format!("{what} at each of {n} {on}s in turn, {refused_starts} of them during the start"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_at_any_write_costs_no_record_and_is_lived_through() {
    let points: Vec<usize> = if full() { (1..=150).collect() } else { vec![3, 20, 31, 40, 52] };
    each_fails("write", "enospc", &points).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_disk_at_any_write_or_sync_costs_no_record_and_is_lived_through() {
    let points: Vec<usize> = if full() { (1..=60).collect() } else { vec![4, 7, 8, 9, 12] };
    each_fails("sync", "eio", &points).await;
    let points: Vec<usize> = if full() { (1..=150).collect() } else { vec![37, 45] };
    each_fails("write", "eio", &points).await;
}

/// A real server whose files may not grow beyond so many KiB, until [`unlimited`].
fn limited(data: &std::path::Path, kib: u32) -> Life {
    limited_by(data, kib, &settings(512))
}

/// The same with settings of one's own.
fn limited_by(data: &std::path::Path, kib: u32, settings: &std::path::Path) -> Life {
    let mut command = Command::new("bash");
    let script = format!(
        "ulimit -S -f {kib}; exec \"$0\" serve --empty --addr 127.0.0.1:0 --seed 1 --registry-size 1000 --config \"$2\" --data \"$1\""
    );
    command
        .args(["-c", &script, env!("CARGO_BIN_EXE_hatif")])
        .arg(data)
        .arg(settings)
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    Life::of(command)
}

/// There is room again.
fn unlimited(life: &Life) {
    let pid = life.pid().to_string();
    let raised = Command::new("prlimit").args(["--pid", &pid, "--fsize=unlimited"]).status().expect("prlimit runs");
    assert!(raised.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn with_no_room_left_new_calls_are_refused_and_those_in_progress_go_on_until_there_is_room_again() {
    let (data, told) = (folder(), Told::default());
    let mut life = limited(data.path(), 300);
    let addr = life.addr.expect("it starts");
    let mut long = Caller::connect(addr).await.expect("the server listens");
    assert!(long.dial(&told).await.expect("it lives"));
    // Others call until the files may not grow any more.
    let others = tokio::spawn({
        let told = told.clone();
        async move { crowd(addr, 4, 400, &told).await }
    });
    let said = tokio::task::spawn_blocking(move || until(addr, |said| said["status"] == "records_failing"));
    let said = said.await.expect("it is said");
    assert!(said["records_waiting"].as_u64().is_some_and(|waiting| waiting > 0), "{said}");
    let mut late = Caller::connect(addr).await.expect("the server listens");
    assert!(!late.dial(&told).await.expect("it lives"), "a call was taken whose record cannot be kept");
    // The call in progress goes on: it is spoken to and heard.
    long.say(r#"{"type":"digits","keys":"2"}"#).await.expect("it lives");
    while !matches!(long.message().await.expect("it lives"), ServerMessage::Prompt { .. }) {}
    let before = told.ended();
    unlimited(&life);
    let said = tokio::task::spawn_blocking(move || until(addr, |said| said["status"] == "ok"));
    let said = said.await.expect("it is said");
    assert_eq!(said["run"], 1, "without a restart: {said}");
    others.await.expect("no caller panics");
    assert!(told.ended() > before, "those whose records waited are told");
    long.hang_up(&told).await.expect("it lives");
    assert!(late.dial(&told).await.expect("it lives"));
    late.hang_up(&told).await.expect("it lives");
    told.holds(data.path());
    assert_eq!(life.stop(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_centre_that_stands_still_for_want_of_a_disk_can_be_stopped() {
    let (data, told) = (folder(), Told::default());
    let dir = folder();
    let few = dir.path().join("few.toml");
    // So little room that callers who hang up fill it.
    std::fs::write(&few, "[limits]\nmessages_per_second = 1000000\n[records]\nwaiting = 64\n").expect("a file");
    let mut life = limited_by(data.path(), 300, &few);
    let addr = life.addr.expect("it starts");
    let mut callers = Vec::new();
    for _ in 0..200 {
        let mut caller = Caller::connect(addr).await.expect("the server listens");
        assert!(caller.dial(&told).await.expect("it lives"));
        callers.push(caller);
    }
    let others = tokio::spawn({
        let told = told.clone();
        async move { crowd(addr, 4, 400, &told).await }
    });
    let said = tokio::task::spawn_blocking(move || until(addr, |said| said["status"] == "records_failing"));
    said.await.expect("it is said");
    for caller in &mut callers {
        caller.say(r#"{"type":"hangup"}"#).await.expect("it lives");
    }
    let full = tokio::task::spawn_blocking(move || until(addr, |said| said["records_waiting"].as_u64() >= Some(64)));
    full.await.expect("it is said");
    // The second signal ends calls at once; what the disk does not take in a few tries is lost, and said to be.
    life.ask();
    life.ask();
    let code = tokio::task::spawn_blocking(move || life.ends()).await.expect("it ends");
    assert!(code.is_some_and(|code| code != 0), "records are lost and nobody is told");
    others.await.expect("no caller panics");
    told.holds(data.path());
}
