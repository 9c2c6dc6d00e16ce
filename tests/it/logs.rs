//! What a running centre logs for programs: whole lines of JSON, and nothing that is personal or secret.

use std::{
    io::{BufRead, BufReader, Read},
    process::{Command, Stdio},
};

use hatif::client::{Call, Options};

const CALLING: &str = "0600000042";
/// A claimed number and a birth date that stand in no other number of the logs.
const NUMBER: &str = "097531864";
const BIRTH: &str = "29021948";

#[tokio::test]
async fn logs_for_programs_are_json_and_hold_no_key_and_no_calling_number() {
    let data = tempfile::tempdir().expect("a folder");
    // At the finest level, so that what libraries say is held to it too.
    let mut child = Command::new(env!("CARGO_BIN_EXE_hatif"))
        .args(["serve", "--empty", "--addr", "127.0.0.1:0", "--registry-size", "2000", "--speed", "10"])
        .args(["--log-format", "json", "--log", "trace", "--data"])
        .arg(data.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut stderr = child.stderr.take().expect("a pipe");
    // Read all the time: a full pipe would hold the centre up.
    let logs = std::thread::spawn(move || {
        let mut text = String::new();
        stderr.read_to_string(&mut text).map(|_| text)
    });
    let mut said = String::new();
    let mut stdout = BufReader::new(child.stdout.take().expect("a pipe"));
    stdout.read_line(&mut said).expect("it says where it listens");
    let said: serde_json::Value = serde_json::from_str(&said).expect("an object, as every line");
    let url = said["url"].as_str().expect("an address");

    let options = Options { from: Some(CALLING.to_owned()), language: Some("fr".to_owned()), ..Options::default() };
    let mut call = Call::dial(url, &options).await.expect("an answer");
    for keys in ["2", "1", &format!("{NUMBER}#")] {
        call.press(keys).await.expect("the centre listens");
    }
    call.hear("auth.dob").await.expect("it asks for the birth date");
    call.press(BIRTH).await.expect("the centre listens");
    call.hang_up().await.expect("the line holds");
    call.ended().await.expect("the record is written");
    // As Ctrl-C does; another test ends the program by SIGTERM.
    let stopped = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill runs");
    assert!(stopped.success() && child.wait().expect("it ends").success());

    let logs = logs.join().expect("no panic").expect("text");
    for line in logs.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert!(line["level"].is_string() && line["timestamp"].is_string(), "{line}");
    }
    let ended = logs.lines().find(|line| line.contains("\"ended\"")).expect("the end of the call is told");
    assert!(ended.contains("********42"), "{ended}");
    for (what, secret) in [("calling number", CALLING), ("number", NUMBER), ("birth date", BIRTH)] {
        assert!(
            !logs.contains(secret),
            "the {what} is in: {}",
            logs.lines().find(|line| line.contains(secret)).unwrap_or_default()
        );
    }
}

/// A server whose logs go where none can be written.
async fn loses_its_logs(stderr: Stdio) {
    let data = tempfile::tempdir().expect("a folder");
    let mut child = Command::new(env!("CARGO_BIN_EXE_hatif"))
        .args(["serve", "--empty", "--addr", "127.0.0.1:0", "--registry-size", "2000", "--log", "debug", "--data"])
        .arg(data.path())
        .stdout(Stdio::piped())
        .stderr(stderr)
        .spawn()
        .expect("the program starts");
    let mut said = String::new();
    let mut stdout = BufReader::new(child.stdout.take().expect("a pipe"));
    stdout.read_line(&mut said).expect("it says where it listens");
    let url = said.split_whitespace().find(|word| word.starts_with("ws://")).expect("an address");
    let mut call = Call::dial(url, &Options::default()).await.expect("an answer");
    call.hang_up().await.expect("the line holds");
    assert_eq!(call.ended().await.expect("the record is written").cause, "caller_hung_up");
    let stopped = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().expect("kill runs");
    assert!(stopped.success() && child.wait().expect("it ends").success());
    let records = hatif::live::store::open_to_read(data.path()).expect("records");
    let kept: i64 = records.query_row("select count(*) from calls", [], |row| row.get(0)).expect("a count");
    assert_eq!(kept, 1);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn logs_for_which_there_is_no_room_cost_no_call() {
    loses_its_logs(std::fs::File::options().write(true).open("/dev/full").expect("Linux has it").into()).await;
}

#[tokio::test]
async fn logs_that_nobody_reads_any_more_cost_no_call() {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    loses_its_logs(writer.into()).await;
}
