//! The door under pressure: caps, rates and time limits over real sockets, and a small flood beside good callers.

use std::time::Duration as Std;

use futures_util::SinkExt;
use hatif::{
    live::{
        Server, clock,
        counts::TurnedAway,
        protocol::{ErrorCode, RefusalReason, ServerMessage},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_tungstenite::tungstenite::Message;

use crate::support::{
    http::{ask, request, upgrade},
    wire::{Heard, Telephone, config, until},
};

fn refused(message: &ServerMessage) -> Option<(RefusalReason, String)> {
    match message {
        ServerMessage::Refused { reason, call, .. } => Some((*reason, call.clone())),
        _ => None,
    }
}

/// Dials from a number; why and under which id it is refused.
async fn try_dial(line: &mut Telephone<TcpStream>, from: &str) -> Option<(RefusalReason, String)> {
    line.say(&format!(r#"{{"type":"dial","from":"{from}"}}"#)).await;
    let answer =
        |message: &ServerMessage| matches!(message, ServerMessage::Refused { .. } | ServerMessage::Answered { .. });
    refused(&line.until(answer).await)
}

#[tokio::test]
async fn a_dial_beyond_a_cap_is_refused_by_name_and_number_and_has_a_record() {
    let data = tempfile::tempdir().expect("a folder");
    let mut config = config(data.path());
    config.limits.max_calls = 3;
    config.limits.per_number = 2;
    config.limits.per_number_rate = 4;
    let server = Server::start(config).await.expect("it starts");
    let mut lines = Vec::new();
    for _ in 0..4 {
        lines.push(Telephone::connect(server.addr).await);
    }
    assert_eq!(try_dial(&mut lines[0], "0600000042").await, None);
    assert_eq!(try_dial(&mut lines[1], "0600000042").await, None);
    let run = server.facts.run;
    let id = |n| format!("{run}-r{n}");
    assert_eq!(try_dial(&mut lines[2], "0600000042").await, Some((RefusalReason::Number, id(1))));
    // The connection stays; another number may dial on it.
    assert_eq!(try_dial(&mut lines[2], "0600000043").await, None);
    assert_eq!(try_dial(&mut lines[3], "0600000044").await, Some((RefusalReason::Calls, id(2))));
    lines[0].hang_up().await;
    lines[1].hang_up().await;
    for _ in 0..2 {
        assert_eq!(try_dial(&mut lines[0], "0600000042").await, None);
        lines[0].hang_up().await;
    }
    assert_eq!(try_dial(&mut lines[0], "0600000042").await, Some((RefusalReason::Rate, id(3))));
    assert_eq!(server.counts().refused_in_all(), 3);
    server.ask_to_stop();
    server.ask_to_stop();
    server.finished().await.expect("all is written");
    let db = hatif::live::store::open_to_read(data.path()).expect("records");
    let mut select = db.prepare("select number, reason from refusals order by number").expect("a query");
    let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("rows");
    let rows: Vec<(u32, String)> = rows.map(|row| row.expect("a row")).collect();
    assert_eq!(rows, [(1, "number".into()), (2, "calls".into()), (3, "rate".into())]);
}

#[tokio::test]
async fn one_address_has_its_caps_where_they_count() {
    let data = tempfile::tempdir().expect("a folder");
    let mut config = config(data.path());
    config.limits.limit_loopback = true;
    config.limits.per_address = 3;
    config.limits.calls_per_address = 1;
    let server = Server::start(config).await.expect("it starts");
    let (mut first, mut second) = (Telephone::connect(server.addr).await, Telephone::connect(server.addr).await);
    first.dial().await;
    assert_eq!(try_dial(&mut second, "0600000043").await.map(|(reason, _)| reason), Some(RefusalReason::Address));
    let mut third = TcpStream::connect(server.addr).await.expect("the server listens");
    let connections = || server.counts().connections.load(std::sync::atomic::Ordering::Relaxed);
    until("three connections", async || connections() >= 3).await;
    let (status, text) = ask(server.addr, &request("GET", "/health", "")).await;
    assert_eq!(status, 429, "{text}");
    assert_eq!(server.counts().turned_away(TurnedAway::Address), 1);
    // Who leaves makes room.
    third.shutdown().await.expect("the line holds");
    drop(third);
    until("room", async || ask(server.addr, &request("GET", "/health", "")).await.0 == 200).await;
    first.hang_up().await;
    assert_eq!(try_dial(&mut second, "0600000043").await, None);
    server.ask_to_stop();
    server.ask_to_stop();
    server.finished().await.expect("all is written");
}

#[tokio::test]
async fn a_centre_full_of_connections_says_so() {
    let data = tempfile::tempdir().expect("a folder");
    let mut config = config(data.path());
    config.limits.max_connections = 2;
    let server = Server::start(config).await.expect("it starts");
    let mut good = Telephone::connect(server.addr).await;
    let _mute = TcpStream::connect(server.addr).await.expect("the server listens");
    let connections = || server.counts().connections.load(std::sync::atomic::Ordering::Relaxed);
    until("two connections", async || connections() >= 2).await;
    let (status, text) = ask(server.addr, &request("GET", "/health", "")).await;
    assert!(status == 503 && text.contains("no room"), "{text}");
    good.dial().await;
    good.hang_up().await;
    server.stop().await.expect("all is written");
}

#[tokio::test]
async fn whoever_sends_too_much_is_told_and_let_go() {
    let data = tempfile::tempdir().expect("a folder");
    let mut config = config(data.path());
    config.limits.messages_per_second = 5;
    let server = Server::start(config).await.expect("it starts");
    for message in [Message::text(r#"{"type":"ping"}"#), Message::Ping("?".into())] {
        let mut line = Telephone::connect(server.addr).await;
        for _ in 0..500 {
            // The server may close before all are sent.
            if line.socket.feed(message.clone()).await.is_err() {
                break;
            }
        }
        let _ = line.socket.flush().await;
        let mut named = None;
        let closed = loop {
            match line.next().await {
                Heard::Message(ServerMessage::Error { code, .. }) => named = Some(code),
                Heard::Message(_) => {}
                Heard::Closed(code, reason) => break (code, reason),
                Heard::Gone => panic!("cut off without a word"),
            }
        };
        assert_eq!((named, closed), (Some(ErrorCode::TooFast), (1008, "too fast".to_owned())));
    }
    assert_eq!(server.counts().turned_away(TurnedAway::TooFast), 2);
    server.stop().await.expect("all is written");
}

#[tokio::test]
async fn a_request_is_short() {
    let data = tempfile::tempdir().expect("a folder");
    let server = Server::start(config(data.path())).await.expect("it starts");
    let long = request("GET", "/health", &format!("x: {}\r\n", "y".repeat(9_000)));
    let (status, text) = ask(server.addr, &long).await;
    assert_eq!(status, 431, "{text}");
    server.stop().await.expect("all is written");
}

/// What a hostile peer does.
#[derive(Clone, Copy, Debug)]
enum Peer {
    Silent,
    Dripping,
    HeaderOnly,
    NeverReading,
}

/// Connects and misbehaves until the server ends it; how long that took.
async fn misbehave(addr: std::net::SocketAddr, peer: Peer) -> Std {
    let began = clock::wall();
    let mut stream = TcpStream::connect(addr).await.expect("the server listens");
    let mut drip = tokio::time::interval(Std::from_millis(100));
    let begin: &[u8] = match peer {
        Peer::Silent => b"",
        Peer::Dripping => b"GET /call HTTP/1.1\r\n",
        Peer::HeaderOnly => b"GET /call HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: upgrade\r\n",
        Peer::NeverReading => upgrade("/call", "").leak().as_bytes(),
    };
    let _ = stream.write_all(begin).await;
    let mut one = [0; 1];
    loop {
        tokio::select! {
            // Peeking leaves everything unread, and tells of the end.
            read = stream.peek(&mut one), if !matches!(peer, Peer::NeverReading) => match read {
                Ok(0) | Err(_) => break,
                Ok(_) => _ = stream.read(&mut one).await,
            },
            _ = drip.tick() => match peer {
                Peer::Dripping => if stream.write_all(b"x").await.is_err() { break },
                // A ping of the websocket, so that there is ever more to read.
                Peer::NeverReading => if stream.write_all(&[0x89, 0x80, 0, 0, 0, 0]).await.is_err() { break },
                Peer::Silent | Peer::HeaderOnly => {}
            },
        }
    }
    clock::wall().saturating_duration_since(began)
}

/// A share of `scripts/torture flood`. Times are bounded widely: the machine may have other work.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_peers_are_gone_soon_and_good_callers_notice_nothing() {
    let data = tempfile::tempdir().expect("a folder");
    let mut config = config(data.path());
    config.limits.handshake = Duration::from_secs(1);
    config.limits.write_timeout = Duration::from_secs(1);
    let server = Server::start(config).await.expect("it starts");
    let addr = server.addr;
    let kinds = [Peer::Silent, Peer::Dripping, Peer::HeaderOnly, Peer::NeverReading];
    let hostile: Vec<_> = (0..200).map(|i| tokio::spawn(misbehave(addr, kinds[i % 4]))).collect();
    for _ in 0..20 {
        let mut good = Telephone::connect(addr).await;
        good.dial().await;
        good.hang_up().await;
    }
    for (i, peer) in hostile.into_iter().enumerate() {
        let took = peer.await.expect("it ends");
        assert!(took < Std::from_secs(30), "{:?} took {took:?}", kinds[i % 4]);
    }
    let counts = server.counts();
    assert_eq!(counts.turned_away(TurnedAway::Handshake), 150);
    assert_eq!(counts.turned_away(TurnedAway::TooSlow), 50);
    let mut good = Telephone::connect(addr).await;
    good.dial().await;
    good.hang_up().await;
    server.stop().await.expect("all is written");
}
