//! The event feed: how things are, then what happens, in order and with nothing personal.

use std::collections::BTreeMap;

use futures_util::{SinkExt, StreamExt};
use hatif::live::{
    self, docs,
    events::message::{FeedMessage, SUBPROTOCOL, Told},
    protocol::{AgentState, ServerMessage},
};
use hatif::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message, client::IntoClientRequest, http::HeaderValue},
};

use crate::support::wire::{Telephone, config, wired};

/// A listener of the feed that holds every message against the schema.
struct Listener<S> {
    socket: WebSocketStream<S>,
    schema: jsonschema::Validator,
    /// Everything it was sent.
    text: String,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Listener<S> {
    async fn over(stream: S) -> Listener<S> {
        let mut request = "ws://localhost/events".into_client_request().expect("a request");
        request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static(SUBPROTOCOL));
        let (socket, _) = client_async(request, stream).await.expect("an upgrade");
        let schema = jsonschema::validator_for(&docs::schema::<FeedMessage>("")).expect("a schema");
        Listener { socket, schema, text: String::new() }
    }

    async fn next(&mut self) -> FeedMessage {
        loop {
            match self.socket.next().await.expect("it goes on").expect("the line holds") {
                Message::Text(text) => {
                    let value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
                    assert!(self.schema.is_valid(&value), "{value} does not keep to the schema");
                    self.text += &text;
                    self.text += "\n";
                    return serde_json::from_value(value).expect("a message of the feed");
                }
                Message::Ping(_) => {}
                other => panic!("heard {other:?}"),
            }
        }
    }

    /// Every event up to one that passes.
    async fn until(&mut self, passes: impl Fn(&Told) -> bool) -> Vec<Told> {
        let (mut facts, mut last) = (Vec::new(), 0);
        loop {
            let FeedMessage::Event { seq, fact, .. } = self.next().await else { continue };
            assert!(seq > last, "events come in order");
            last = seq;
            facts.push(fact);
            if passes(&facts[facts.len() - 1]) {
                return facts;
            }
        }
    }
}

/// Settings of a server that does not ask whether a listener lives: these read when the test comes to it.
fn patient(data: &std::path::Path) -> live::Config {
    let mut config = config(data);
    config.limits.keepalive = Duration::from_hours(100_000);
    config.limits.write_timeout = Duration::from_hours(100_000);
    // So many pings come in no virtual time at all.
    config.limits.messages_per_second = 1_000_000;
    config
}

#[tokio::test(start_paused = true)]
async fn a_wallboard_hears_how_things_are_and_then_what_happens() {
    let data = tempfile::tempdir().expect("a folder");
    let (server, plug) = wired(patient(data.path()), 64 * 1024, vec![]).await;
    let mut board = Listener::over(plug.stream().await).await;
    let FeedMessage::Now { run: 1, calls, queues, groups, .. } = board.next().await else { panic!("first `now`") };
    assert_eq!((calls.ivr, calls.talking), (0, 0));
    assert!(!queues.is_empty() && groups.iter().map(|group| group.ready).sum::<u32>() > 0);

    let mut telephone = plug.telephone().await;
    telephone.say(r#"{"type":"dial","from":"0600000042","language":"en"}"#).await;
    let listening = |message: &ServerMessage| matches!(message, ServerMessage::Collecting { .. });
    telephone.until(listening).await;
    telephone.say(r#"{"type":"digits","keys":"4"}"#).await;
    telephone.until(listening).await;
    telephone.until(listening).await;
    telephone.say(r#"{"type":"digits","keys":"01"}"#).await;
    let connected =
        |message: &ServerMessage| matches!(message, ServerMessage::Agent { state: AgentState::Connected, .. });
    telephone.until(connected).await;

    // One who comes later hears of the call in how things are.
    let mut late = Listener::over(plug.stream().await).await;
    let FeedMessage::Now { calls, groups, .. } = late.next().await else { panic!("first `now`") };
    assert_eq!((calls.talking, groups.iter().map(|group| group.talking).sum::<u32>()), (1, 1));

    telephone.hang_up().await;
    let facts = board.until(|fact| matches!(fact, Told::CallEnded { .. })).await;
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for fact in &facts {
        let kind = match fact {
            Told::CallOffered { call, language, .. } if call == "1-1" && language == "en" => "offered",
            Told::CallQueued { call, .. } if call == "1-1" => "queued",
            Told::CallAnswered { call, queue, .. } if call == "1-1" && !queue.is_empty() => "answered",
            Told::CallReleased { call, by_caller: true, .. } if call == "1-1" => "released",
            Told::CallEnded { call, cause, .. } if call == "1-1" && cause == "caller_hung_up" => "ended",
            _ => "other",
        };
        *kinds.entry(kind).or_default() += 1;
    }
    for kind in ["offered", "queued", "answered", "released", "ended"] {
        assert_eq!(kinds.get(kind), Some(&1), "{kind} in {facts:?}");
    }
    late.until(|fact| matches!(fact, Told::CallEnded { .. })).await;
    assert!(!board.text.contains("0600000042"), "{}", board.text);

    // It reads on while the server ends, as a wallboard does.
    let last = tokio::spawn(async move {
        loop {
            match board.socket.next().await {
                Some(Ok(Message::Close(frame))) => break frame.map(|frame| u16::from(frame.code)),
                Some(Ok(_)) => {}
                other => panic!("{other:?}"),
            }
        }
    });
    server.ask_to_stop();
    server.ask_to_stop();
    server.finished().await.expect("all is written");
    assert_eq!(last.await.expect("no panic"), Some(1001));
}

#[tokio::test]
async fn one_who_reads_too_slowly_is_told_how_much_was_missed_and_holds_up_nobody() {
    let data = tempfile::tempdir().expect("a folder");
    let mut config = patient(data.path());
    config.limits.listener_queue = 16;
    // A wire so narrow that it holds a few messages.
    let (server, plug) = wired(config, 2_048, vec![]).await;
    let mut slow = Listener::over(plug.stream().await).await;
    let mut telephone = plug.telephone().await;
    for _ in 0..40 {
        telephone.dial().await;
        telephone.hang_up().await;
    }
    // It reads on: first what waited, then how much it missed, then how things are.
    let mut heard = 0;
    let missed = loop {
        match slow.next().await {
            FeedMessage::Event { fact: Told::CallOffered { .. } | Told::CallEnded { .. }, .. } => heard += 1,
            FeedMessage::Missed { events } => break events,
            _ => {}
        }
        // What it missed is told when something else happens.
        if heard >= 16 {
            telephone.dial().await;
            telephone.hang_up().await;
        }
    };
    assert!(missed > 0);
    let FeedMessage::Now { calls, .. } = slow.next().await else { panic!("`now` follows") };
    assert!(calls.ivr <= 1);
    server.ask_to_stop();
    server.ask_to_stop();
    server.finished().await.expect("all is written");
}

#[tokio::test(start_paused = true)]
async fn places_for_listeners_are_counted_and_nothing_is_said_to_the_feed() {
    let data = tempfile::tempdir().expect("a folder");
    let mut config = config(data.path());
    config.limits.max_listeners = 1;
    let (server, plug) = wired(config, 64 * 1024, vec![]).await;
    let mut first = Listener::over(plug.stream().await).await;
    first.next().await;
    let request = "ws://localhost/events".into_client_request().expect("a request");
    let refused = client_async(request, plug.stream().await).await.expect_err("no place");
    assert!(refused.to_string().contains("503"), "{refused}");
    first.socket.send(Message::text("{}")).await.expect("the line holds");
    match first.socket.next().await {
        Some(Ok(Message::Close(Some(frame)))) => assert_eq!(u16::from(frame.code), 1003),
        other => panic!("{other:?}"),
    }
    drop(first);
    // The place is free again, once the server has noticed.
    loop {
        let request = "ws://localhost/events".into_client_request().expect("a request");
        if client_async(request, plug.stream().await).await.is_ok() {
            break;
        }
    }
    let _caller: Telephone<_> = plug.telephone().await;
    server.ask_to_stop();
    server.ask_to_stop();
    server.finished().await.expect("all is written");
}
