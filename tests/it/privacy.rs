//! What callers key and who they are stays out of everything that is written.

use std::io::BufReader;

use hatif::{
    journal::{Tail, replay},
    live::{protocol::ServerMessage, reload},
};

use crate::support::wire::{config, wired};

/// The keys of a journal in the order in which they were pressed.
fn keys(journal: &str) -> String {
    let pressed = |line: &str| Some(line.split_once(r#""dtmf":{"#)?.1.split_once(r#""key":""#)?.1.chars().next());
    journal.lines().filter_map(pressed).flatten().collect()
}

#[tokio::test(start_paused = true)]
async fn what_is_keyed_over_a_notice_is_not_in_the_journal() {
    let data = tempfile::tempdir().expect("a folder");
    let path = data.path().join("a.journal");
    let mut config = config(data.path());
    config.journal.file = Some(path.clone());
    let (server, plug) = wired(config, 64 * 1024, vec![]).await;
    let mut caller = plug.telephone().await;
    caller.dial().await;
    caller.until(|message| matches!(message, ServerMessage::Collecting { .. })).await;
    caller.say(r#"{"type":"digits","keys":"2"}"#).await;
    caller.until(|message| matches!(message, ServerMessage::Prompt { id, .. } if id == "notice.data")).await;
    // An impatient caller who knows the tree: one option, her number, her birth date.
    caller.say(r#"{"type":"digits","keys":"1092813090#30061977#"}"#).await;
    caller.until(|message| matches!(message, ServerMessage::Collecting { node, .. } if node == "main.menu")).await;
    caller.say(r#"{"type":"digits","keys":"1092813090#30061977#"}"#).await;
    caller.hang_up().await;
    server.stop().await.expect("all is written");
    let journal = std::fs::read_to_string(&path).expect("a journal");
    let hidden = format!("2•{0}#{1}#1{0}#{1}#", "•".repeat(9), "•".repeat(8));
    assert_eq!(keys(&journal), hidden);
    let script = reload::read(None).expect("the default centre is whole").script;
    let report = replay(BufReader::new(journal.as_bytes()), &[script]).expect("a journal");
    assert_eq!(report.difference, None);
    assert!(matches!(report.tail, Tail::Closed { .. }));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_repeats_no_value() {
    let data = tempfile::tempdir().expect("a folder");
    let (server, plug) = wired(config(data.path()), 64 * 1024, vec![]).await;
    let mut caller = plug.telephone().await;
    for frame in [
        r#"{"type":"digits","keys":"092813090"}"#,
        r#"{"type":"digits","keys":"092813090x"}"#,
        r#"{"type":"digits","keys":[92813090]}"#,
        r#"{"type":"dial","from":"+092813090"}"#,
        r#"{"type":"dial","language":"092813090"}"#,
        r#"{"type":"dial","born":"092813090"}"#,
        r#""092813090""#,
        "092813090#",
    ] {
        caller.say(frame).await;
        let refusal = caller.message().await;
        assert!(matches!(refusal, ServerMessage::Error { .. }), "{refusal:?}");
        assert!(!format!("{refusal:?}").contains("92813090"), "{refusal:?}");
    }
    server.stop().await.expect("all is written");
}
