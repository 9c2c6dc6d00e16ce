//! What an operator sees of a running server: probes, figures, records.

use hatif::live::{
    RunningServer,
    protocol::{AgentState, ServerMessage},
    records_api::{RecordPage, RefusalPage},
};
use hatif::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::support::{
    openmetrics::Scrape,
    wire::{Plug, Telephone, config, until, wired},
};

/// Asks over a connection; the status and the body.
pub async fn ask<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, path: &str) -> (u16, String) {
    let question = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    stream.write_all(question.as_bytes()).await.expect("the line holds");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.expect("an answer");
    let answer = String::from_utf8(answer).expect("text");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    let status = head.split(' ').nth(1).expect("a status").parse().expect("a number");
    (status, body.to_owned())
}

async fn get(plug: &Plug, path: &str) -> (u16, String) {
    ask(plug.stream().await, path).await
}

async fn scrape(plug: &Plug) -> Scrape {
    let (status, text) = get(plug, "/metrics").await;
    assert_eq!(status, 200, "{text}");
    Scrape::read(&text)
}

async fn close(server: RunningServer) {
    server.ask_to_stop();
    server.ask_to_stop();
    server.finished().await.expect("all is written");
}

/// Waits for the end of what is said, as a caller does.
async fn listening<S: AsyncRead + AsyncWrite + Unpin>(telephone: &mut Telephone<S>) {
    telephone.until(|message| matches!(message, ServerMessage::Collecting { .. })).await;
}

/// Goes from the first menu to an adviser, and hears her out.
async fn talk_to_an_adviser<S: AsyncRead + AsyncWrite + Unpin>(telephone: &mut Telephone<S>) {
    telephone.say(r#"{"type":"dial","from":"0600000042","language":"en"}"#).await;
    listening(telephone).await;
    telephone.say(r#"{"type":"digits","keys":"4"}"#).await;
    listening(telephone).await;
    listening(telephone).await;
    telephone.say(r#"{"type":"digits","keys":"01"}"#).await;
    let connected =
        |message: &ServerMessage| matches!(message, ServerMessage::Agent { state: AgentState::Connected, .. });
    telephone.until(connected).await;
}

#[tokio::test(start_paused = true)]
async fn figures_are_those_of_the_calls_that_were_made() {
    let data = tempfile::tempdir().expect("a folder");
    let mut config = config(data.path());
    // One telephone does not read while the other one talks.
    let forever = Duration::from_hours(10_000);
    (config.limits.handshake, config.limits.keepalive, config.limits.idle) = (forever, forever, forever);
    let (server, plug) = wired(config, 64 * 1024, vec![]).await;
    let before = scrape(&plug).await;
    assert_eq!(before.sum("hatif_calls_offered_total"), 0.0);
    assert_eq!(before.value("hatif_centre_responding"), 1.0);
    assert_eq!(before.value("hatif_registry_people"), 2_000.0);
    let staff = before.sum("hatif_agents");
    assert!(staff > 0.0, "agents are on duty at ten");

    let mut talk = plug.telephone().await;
    talk_to_an_adviser(&mut talk).await;
    let mut menu = plug.telephone().await;
    menu.dial().await;
    let during = scrape(&plug).await;
    let state = |state: &str| during.value(&format!("hatif_calls{{state=\"{state}\"}}"));
    assert_eq!((state("ivr"), state("talking"), state("queued"), state("held")), (1.0, 1.0, 0.0, 0.0));
    assert_eq!(during.value("hatif_connections"), 2.0);
    assert_eq!(during.value("hatif_calls_offered_total{caller=\"person\"}"), 2.0);
    let busy: f64 = during
        .samples
        .iter()
        .filter(|(key, _)| key.contains("state=\"talking\"") && key.contains("group="))
        .map(|s| s.1)
        .sum();
    assert_eq!((busy, during.sum("hatif_agents")), (1.0, staff));
    for name in ["hatif_queue_offered_total", "hatif_queue_answered_total", "hatif_queue_answered_in_threshold_total"] {
        assert_eq!(during.sum(name), 1.0, "{name}");
    }
    assert_eq!(during.sum("hatif_queue_wait_seconds_count"), 1.0);
    assert!(during.value("hatif_timers_pending") >= 1.0, "somebody is listened to");

    assert_ne!(menu.hang_up().await, "failed");
    talk.hang_up().await;
    menu.say(r#"{"type":"ping"}"#).await;
    menu.until(|message| matches!(message, ServerMessage::Pong {})).await;
    let after = scrape(&plug).await;
    assert_eq!(after.sum("hatif_calls"), 0.0);
    assert_eq!(after.sum("hatif_calls_ended_total"), 2.0);
    assert_eq!(after.value("hatif_calls_ended_total{outcome=\"abandoned\",cause=\"caller_hung_up\"}"), 1.0);
    assert_eq!(after.value("hatif_first_prompt_seconds_count"), 2.0);
    // Dials, keys, hang-ups.
    assert!(after.value("hatif_input_seconds_count") >= 6.0);
    // 2 dials, "4", "01", 2 hang-ups, a ping.
    assert_eq!(after.value("hatif_messages_received_total"), 7.0);
    assert!(after.value("hatif_messages_sent_total") > 10.0);
    assert_eq!(after.value("hatif_store_rows_total{kind=\"calls\"}"), 2.0);
    assert_eq!(after.value("hatif_store_unacknowledged_calls"), 0.0);
    assert!(after.value("process_resident_memory_bytes") > 1e6 && after.value("process_open_fds") > 3.0);
    close(server).await;
}

#[tokio::test]
async fn probes_tell_when_callers_are_taken() {
    let data = tempfile::tempdir().expect("a folder");
    let (server, plug) = wired(config(data.path()), 64 * 1024, vec![]).await;
    let mut caller = plug.telephone().await;
    caller.dial().await;
    assert_eq!(get(&plug, "/live").await, (200, "live\n".into()));
    assert_eq!(get(&plug, "/ready").await, (200, "ready\n".into()));
    server.ask_to_stop();
    until("it drains", async || get(&plug, "/ready").await == (503, "draining\n".into())).await;
    assert_eq!(get(&plug, "/live").await, (200, "live\n".into()));
    assert_eq!(scrape(&plug).await.value("hatif_draining"), 1.0);
    caller.hang_up().await;
    server.finished().await.expect("all is written");
}

#[tokio::test(start_paused = true)]
async fn records_are_read_page_by_page_and_every_call_made_is_among_them() {
    let data = tempfile::tempdir().expect("a folder");
    let (server, plug) = wired(config(data.path()), 64 * 1024, vec![]).await;
    let mut telephone = plug.telephone().await;
    let mut made = Vec::new();
    for _ in 0..7 {
        let (call, _) = telephone.dial().await;
        made.push((call, telephone.hang_up().await));
    }
    let (mut found, mut after) = (Vec::new(), Some(0));
    while let Some(from) = after {
        let (status, text) = get(&plug, &format!("/records?run=1&after={from}&limit=3")).await;
        assert_eq!(status, 200, "{text}");
        let page: RecordPage = serde_json::from_str(&text).expect("a page");
        assert!(page.records.len() <= 3 && page.run == 1);
        found.extend(page.records.into_iter().map(|record| {
            assert_eq!(record.cause, "caller_hung_up");
            assert!(record.started_utc <= record.ended_utc, "{record:?}");
            (record.call, record.outcome)
        }));
        after = page.next;
    }
    assert_eq!(found, made);
    // Without `run` it is this one; of a run that never was there is nothing.
    let whole: RecordPage = serde_json::from_str(&get(&plug, "/records").await.1).expect("a page");
    assert_eq!((whole.records.len(), whole.next), (7, None));
    let none: RecordPage = serde_json::from_str(&get(&plug, "/records?run=99").await.1).expect("a page");
    assert_eq!(none.records, []);
    assert!(!get(&plug, "/records").await.1.contains("0600000042"));
    let refusals: RefusalPage = serde_json::from_str(&get(&plug, "/refusals").await.1).expect("a page");
    assert_eq!(refusals.refusals, []);
    close(server).await;
}

#[tokio::test(start_paused = true)]
async fn a_faulty_question_is_told_every_mistake() {
    let data = tempfile::tempdir().expect("a folder");
    let (server, plug) = wired(config(data.path()), 64 * 1024, vec![]).await;
    let (status, text) = get(&plug, "/records?run=0&after=-1&limit=10001&number=0600000042").await;
    assert_eq!(status, 400);
    for part in
        ["`run` is the number of a run", "`after` is a call's number", "1 to 10000", "known are run, after, limit"]
    {
        assert!(text.contains(part), "{part} is missing in: {text}");
    }
    assert!(!text.contains("0600000042"), "a value is not repeated: {text}");
    close(server).await;
}

#[tokio::test(start_paused = true)]
async fn every_figure_is_documented_and_nothing_else_is() {
    let data = tempfile::tempdir().expect("a folder");
    let (server, plug) = wired(config(data.path()), 64 * 1024, vec![]).await;
    let told = scrape(&plug).await.names();
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/operations.md");
    let page = std::fs::read_to_string(page).expect("the page");
    let table = page.split("| metric | labels |").nth(1).expect("the table");
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    let first = |row: &str| row.split('|').nth(1).expect("a cell").to_owned();
    let documented: std::collections::BTreeSet<String> = rows
        .flat_map(|row| first(row).split(',').map(|name| name.trim().trim_matches('`').to_owned()).collect::<Vec<_>>())
        .collect();
    assert_eq!(documented, told);
    // What the page's rules ask for exists.
    let rules = page.split("groups:").nth(1).expect("the rules").split("```").next().expect("they end");
    let words = rules.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    for name in words.filter(|word| word.starts_with("hatif_") || word.starts_with("process_")) {
        assert!(told.contains(name), "a rule asks for {name}, which there is not");
    }
    close(server).await;
}
