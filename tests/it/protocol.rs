//! The call protocol: bad input, bounds, and documents that are generated from the types.

use std::time::Duration as Std;

use futures_util::SinkExt;
use hatif::{
    live::{
        Server,
        protocol::{ErrorCode, ServerMessage},
    },
    time::Duration,
};
use tokio_tungstenite::tungstenite::{
    Message,
    protocol::frame::{
        Frame,
        coding::{Data, OpCode},
    },
};

use crate::support::wire::{Heard, Telephone, config, wired};

fn error(message: &ServerMessage) -> Option<ErrorCode> {
    match message {
        ServerMessage::Error { code, .. } => Some(*code),
        _ => None,
    }
}

#[tokio::test]
async fn a_bad_message_is_named_and_the_call_goes_on() {
    let data = tempfile::tempdir().expect("a folder");
    let server = Server::start(config(data.path())).await.expect("it starts");
    let mut line = Telephone::connect(server.addr).await;
    for (message, code) in [
        (r#"{"type":"digits","keys":"1"}"#, ErrorCode::OutOfTurn),
        (r#"{"type":"hangup"}"#, ErrorCode::OutOfTurn),
        (r#"{"type":"answer"}"#, ErrorCode::OutOfTurn),
        (r#"{"type":"dial","from":"+212"}"#, ErrorCode::BadField),
        (r#"{"type":"dial","language":"tlh"}"#, ErrorCode::BadField),
    ] {
        line.say(message).await;
        assert_eq!(error(&line.message().await), Some(code), "{message}");
    }
    line.dial().await;
    for (message, code) in [
        ("one two three", ErrorCode::NotJson),
        ("[]", ErrorCode::BadField),
        (r#"{"type":"press"}"#, ErrorCode::UnknownType),
        (r#"{"type":"digits","kesy":"1"}"#, ErrorCode::UnknownField),
        (r#"{"type":"digits","keys":"1a"}"#, ErrorCode::BadField),
        (r#"{"type":"digits"}"#, ErrorCode::BadField),
        (r#"{"type":"dial"}"#, ErrorCode::OutOfTurn),
        (r#"{"type":"answer"}"#, ErrorCode::OutOfTurn),
    ] {
        line.say(message).await;
        let said = line.until(|message| error(message).is_some()).await;
        assert_eq!(error(&said), Some(code), "{message}");
    }
    line.say(r#"{"type":"ping"}"#).await;
    line.until(|message| matches!(message, ServerMessage::Pong {})).await;
    line.hang_up().await;
    line.say(r#"{"type":"digits","keys":"1"}"#).await;
    assert_eq!(error(&line.message().await), Some(ErrorCode::OutOfTurn), "digits after the call");
    line.dial().await;
    assert_eq!(server.health().offered, 2);
    server.ask_to_stop();
    server.ask_to_stop();
    server.finished().await.expect("all is written");
}

/// A text frame whatever its bytes.
fn text_frame(bytes: Vec<u8>) -> Message {
    Message::Frame(Frame::message(bytes, OpCode::Data(Data::Text), true))
}

#[tokio::test]
async fn a_bad_frame_closes_its_own_connection_and_no_other() {
    let data = tempfile::tempdir().expect("a folder");
    let server = Server::start(config(data.path())).await.expect("it starts");
    let mut bystander = Telephone::connect(server.addr).await;
    bystander.dial().await;
    for (frame, code, close) in [
        (text_frame(vec![b'x'; 1 << 20]), Some(ErrorCode::TooLarge), 1009),
        (Message::binary(vec![0; 8]), Some(ErrorCode::NotText), 1003),
        (text_frame(vec![b'"', 0xff, 0xfe, b'"']), None, 1007),
    ] {
        let mut line = Telephone::connect(server.addr).await;
        let (call, _) = line.dial().await;
        // The server may close before the whole frame is through; what counts is what it says.
        let _ = line.socket.send(frame).await;
        let mut named = None;
        let closed = loop {
            match line.next().await {
                Heard::Message(message) => named = error(&message).or(named),
                Heard::Closed(code, _) => break code,
                Heard::Gone => panic!("{call} was cut off without a word"),
            }
        };
        assert_eq!((named, closed), (code, close));
        bystander.say(r#"{"type":"ping"}"#).await;
        bystander.until(|message| matches!(message, ServerMessage::Pong {})).await;
    }
    assert_ne!(bystander.hang_up().await, "failed");
    server.ask_to_stop();
    server.ask_to_stop();
    server.finished().await.expect("all is written");
    let db = hatif::live::store::open_to_read(data.path()).expect("records");
    let hung_up = "select count(*) from calls where cause = 'caller_hung_up'";
    assert_eq!(db.query_row(hung_up, [], |row| row.get::<_, u32>(0)).expect("a count"), 4, "each has its record");
}

#[tokio::test]
async fn one_connection_too_many_is_told_so() {
    let data = tempfile::tempdir().expect("a folder");
    let mut config = config(data.path());
    config.limits.max_sessions = 1;
    let server = Server::start(config).await.expect("it starts");
    let mut first = Telephone::connect(server.addr).await;
    first.dial().await;
    let mut second = Telephone::connect(server.addr).await;
    assert_eq!(error(&second.message().await), Some(ErrorCode::Busy));
    assert_eq!(second.next().await, Heard::Closed(1013, "busy".into()));
    first.hang_up().await;
    server.stop().await.expect("all is written");
}

#[tokio::test(start_paused = true)]
async fn a_silent_connection_is_closed_but_not_a_silent_call() {
    let data = tempfile::tempdir().expect("a folder");
    let (server, plug) = wired(config(data.path()), 64 * 1024, vec![]).await;
    let begin = tokio::time::Instant::now();
    let mut idle = plug.telephone().await;
    assert_eq!(error(&idle.message().await), Some(ErrorCode::Idle));
    assert_eq!(idle.next().await, Heard::Closed(1000, "idle".into()));
    assert_eq!(begin.elapsed().as_secs(), 120);
    // A caller who says nothing is the engine's affair: silence is counted, and she ends up with an adviser.
    let mut silent = plug.telephone().await;
    silent.dial().await;
    silent.until(|message| matches!(message, ServerMessage::Ended { .. } | ServerMessage::Queued { .. })).await;
    server.ask_to_stop();
    server.ask_to_stop();
    server.finished().await.expect("all is written");
}

#[tokio::test(start_paused = true)]
async fn a_caller_who_does_not_read_is_let_go() {
    let data = tempfile::tempdir().expect("a folder");
    let mut config = config(data.path());
    config.limits.write_timeout = Duration::from_secs(5);
    let (server, plug) = wired(config, 1_024, vec![]).await;
    let mut deaf = plug.telephone().await;
    let flood = async {
        loop {
            deaf.socket.feed(Message::text(r#"{"type":"ping"}"#)).await.expect("the line holds");
            deaf.socket.flush().await.expect("the line holds");
        }
    };
    // The wire is full both ways long before this, and time passes only while nothing else happens.
    assert!(tokio::time::timeout(Std::from_millis(5_500), flood).await.is_err());
    let mut named = None;
    let closed = loop {
        match deaf.next().await {
            Heard::Message(message) => named = error(&message).or(named),
            Heard::Closed(code, _) => break code,
            Heard::Gone => panic!("cut off without a word"),
        }
    };
    assert_eq!((named, closed), (Some(ErrorCode::TooSlow), 1008));
    let mut other = plug.telephone().await;
    other.dial().await;
    server.ask_to_stop();
    server.ask_to_stop();
    server.finished().await.expect("all is written");
}
