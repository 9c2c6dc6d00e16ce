//! Logs for programs: every line about a call stands in that call's span, at whatever level.

use std::{
    io::{BufRead, BufReader, Read},
    process::{Child, Command, Stdio},
};

use hatif::client::{Call, Options};

/// A centre as a process of its own, and the address to dial.
fn centre(data: &std::path::Path, level: &str) -> (Child, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_hatif"))
        .args(["serve", "--empty", "--addr", "127.0.0.1:0", "--registry-size", "2000", "--speed", "10"])
        .args(["--log-format", "json", "--log", level, "--data"])
        .arg(data)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut said = String::new();
    let mut stdout = BufReader::new(child.stdout.take().expect("a pipe"));
    stdout.read_line(&mut said).expect("it says where it listens");
    let said: serde_json::Value = serde_json::from_str(&said).expect("an object, as every line");
    let url = said["url"].as_str().expect("an address").to_owned();
    (child, url)
}

/// What a centre logs, at a level, about two calls.
async fn logs_of_two_calls(level: &str) -> Vec<serde_json::Value> {
    let data = tempfile::tempdir().expect("a folder");
    let (mut child, url) = centre(data.path(), level);
    let mut stderr = child.stderr.take().expect("a pipe");
    // Read all the time: a full pipe would hold the centre up.
    let logs = std::thread::spawn(move || {
        let mut text = String::new();
        stderr.read_to_string(&mut text).map(|_| text)
    });
    for _ in 0..2 {
        let options = Options { from: Some("0600000042".into()), language: Some("fr".into()), ..Options::default() };
        let mut call = Call::dial(&url, &options).await.expect("an answer");
        call.press("2").await.expect("the centre listens");
        call.hang_up().await.expect("the line holds");
        call.ended().await.expect("the record is written");
    }
    let stopped = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().expect("kill runs");
    assert!(stopped.success() && child.wait().expect("it ends").success());
    let text = logs.join().expect("no panic").expect("text");
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

#[tokio::test]
async fn every_line_about_a_call_carries_its_id_and_only_there() {
    for level in ["hatif=trace", "info"] {
        let lines = logs_of_two_calls(level).await;
        let of = |id: &str| lines.iter().filter(|line| line["span"]["id"] == id).count();
        let each = if level == "info" { 2 } else { 3 };
        assert!(of("1-1") >= each && of("1-2") >= each, "{level}: {lines:#?}");
        for line in &lines {
            let mut outside = line.clone();
            let span = outside.as_object_mut().map(|line| (line.remove("span"), line.remove("spans")));
            let text = outside.to_string();
            assert!(!text.contains("1-1\"") && !text.contains("1-2\""), "an id outside of the span: {line}");
            if ["offered", "ended", "keys"].iter().any(|word| line["message"] == *word) {
                let name = span.and_then(|(span, _)| Some(span?["name"].as_str()?.to_owned()));
                assert_eq!(name.as_deref(), Some("call"), "{line}");
            }
        }
    }
}
