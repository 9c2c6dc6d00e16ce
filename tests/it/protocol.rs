//! The call protocol: bad input, bounds, and documents that are generated from the types.

use std::time::Duration as Std;

use futures_util::SinkExt;
use hatif::{
    live::{
        Server, docs,
        protocol::{AgentState, ClientMessage, ErrorCode, ServerMessage},
    },
    time::Duration,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
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
        (r#"{"type":"digits","keys":""}"#, ErrorCode::BadField),
        (r#"{"type":"digits","keys":"1\u0000"}"#, ErrorCode::BadField),
        (r#"{"type":"digits","keys":"٣"}"#, ErrorCode::BadField),
        (&format!(r#"{{"type":"digits","keys":"{}"}}"#, "1".repeat(65)), ErrorCode::BadField),
        (r#"{"type":"\u001b[2J\r\nERROR"}"#, ErrorCode::UnknownType),
        ("", ErrorCode::NotJson),
        (&"[".repeat(30_000), ErrorCode::NotJson),
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
        // The rest of a message that was never begun.
        (Message::Frame(Frame::message("1", OpCode::Data(Data::Continue), true)), None, 1002),
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
    assert_eq!(db.query_row(hung_up, [], |row| row.get::<_, u32>(0)).expect("a count"), 5, "each has its record");
}

#[tokio::test]
async fn a_message_may_come_in_pieces_with_pings_between() {
    let data = tempfile::tempdir().expect("a folder");
    let server = Server::start(config(data.path())).await.expect("it starts");
    let mut line = Telephone::connect(server.addr).await;
    let piece = |text: &'static str, code, last| Message::Frame(Frame::message(text, OpCode::Data(code), last));
    line.socket.send(piece(r#"{"type":"#, Data::Text, false)).await.expect("the line holds");
    for _ in 0..1_000 {
        line.socket.feed(Message::Ping("?".into())).await.expect("the line holds");
    }
    line.socket.send(piece(r#""ping"}"#, Data::Continue, true)).await.expect("the line holds");
    assert_eq!(line.message().await, ServerMessage::Pong {});
    server.stop().await.expect("all is written");
}

#[tokio::test]
async fn a_crowd_that_dials_and_breaks_off_leaves_nothing_behind() {
    let data = tempfile::tempdir().expect("a folder");
    let server = Server::start(config(data.path())).await.expect("it starts");
    let mut bystander = Telephone::connect(server.addr).await;
    bystander.dial().await;
    let mut crowd = Vec::new();
    for _ in 0..200 {
        let mut line = Telephone::connect(server.addr).await;
        line.dial().await;
        crowd.push(line);
    }
    assert_eq!(server.health().connections, 201);
    drop(crowd);
    while server.health().connections > 1 || server.health().calls > 1 {
        bystander.say(r#"{"type":"ping"}"#).await;
        bystander.until(|message| matches!(message, ServerMessage::Pong {})).await;
    }
    bystander.hang_up().await;
    server.stop().await.expect("all is written");
    let db = hatif::live::store::open_to_read(data.path()).expect("records");
    let count = db.query_row("select count(*) from calls", [], |row| row.get::<_, u32>(0)).expect("a count");
    assert_eq!(count, 201, "each has its record");
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
    let begin = hatif::live::clock::wall();
    let mut idle = plug.telephone().await;
    assert_eq!(error(&idle.message().await), Some(ErrorCode::Idle));
    assert_eq!(idle.next().await, Heard::Closed(1000, "idle".into()));
    assert_eq!(hatif::live::clock::since(begin).as_secs(), 120);
    // A caller who says nothing is the engine's affair: silence is counted, and she ends up with an adviser.
    let mut silent = plug.telephone().await;
    silent.dial().await;
    silent.until(|message| matches!(message, ServerMessage::Ended { .. } | ServerMessage::Queued { .. })).await;
    server.ask_to_stop();
    server.ask_to_stop();
    server.finished().await.expect("all is written");
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_never_becomes_a_telephone_is_let_go() {
    let data = tempfile::tempdir().expect("a folder");
    let (server, plug) = wired(config(data.path()), 64 * 1024, vec![]).await;
    let mut caller = plug.telephone().await;
    caller.dial().await;
    let begin = hatif::live::clock::wall();
    let mut mute = plug.stream().await;
    let mut drip = plug.stream().await;
    let mut polite = plug.stream().await;
    polite.write_all(b"GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n").await.expect("the line holds");
    let mut second = tokio::time::interval(Std::from_secs(1));
    while drip.write_all(b"G").await.is_ok() {
        second.tick().await;
    }
    let mut nothing = Vec::new();
    // Cut off or closed: either is an end.
    let _ = mute.read_to_end(&mut nothing).await;
    let mut answer = Vec::new();
    let _ = polite.read_to_end(&mut answer).await;
    assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
    assert!(hatif::live::clock::since(begin).as_secs() < 30);
    // A caller stays for as long as she likes.
    assert_ne!(caller.hang_up().await, "failed");
    server.stop().await.expect("all is written");
}

#[tokio::test(start_paused = true)]
async fn a_protocol_the_centre_does_not_speak_is_refused_by_name() {
    let data = tempfile::tempdir().expect("a folder");
    let (server, plug) = wired(config(data.path()), 64 * 1024, vec![]).await;
    let mut stranger = plug.stream().await;
    let hello = "GET /call HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
                 sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\
                 sec-websocket-protocol: hatif.v9\r\n\r\n";
    stranger.write_all(hello.as_bytes()).await.expect("the line holds");
    let mut answer = Vec::new();
    // Cut off or closed: either is an end.
    let _ = stranger.read_to_end(&mut answer).await;
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("hatif.v1"), "{answer}");
    server.stop().await.expect("all is written");
}

#[tokio::test(start_paused = true)]
async fn a_caller_who_does_not_read_is_let_go() {
    let data = tempfile::tempdir().expect("a folder");
    let mut config = config(data.path());
    config.limits.write_timeout = Duration::from_secs(5);
    config.limits.messages_per_second = 1_000_000;
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

// ------------------------------------------------------------------------------------------------------- the documents

/// The folder of the documents. `UPDATE_DOCS=1 cargo test --test it protocol::` writes them anew.
const DOCS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/protocol");

fn compare(name: &str, made: &str) {
    let path = std::path::Path::new(DOCS).join(name);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::create_dir_all(DOCS).expect("a folder");
        return std::fs::write(path, made).expect("a file");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = kept.lines().zip(made.lines()).position(|(a, b)| a != b).unwrap_or(kept.lines().count());
    assert!(
        kept == made,
        "docs/protocol/{name} is not what the types say, from line {}; run UPDATE_DOCS=1 cargo test --test it protocol::",
        differs + 1
    );
}

#[test]
fn the_documents_are_those_of_the_types() {
    for (name, made) in docs::documents() {
        compare(name, &made);
    }
}

#[test]
fn the_asyncapi_document_has_every_message_and_no_dead_reference() {
    let documents = docs::documents();
    let (_, text) = documents.iter().find(|(name, _)| *name == "asyncapi.json").expect("it is made");
    let document: serde_json::Value = serde_json::from_str(text).expect("JSON");
    assert_eq!(document["components"]["messages"].as_object().map(serde_json::Map::len), Some(6 + 13 + 3 + 12 + 13));
    let mut references = 0;
    for piece in text.split("\"$ref\": \"#").skip(1) {
        let pointer = piece.split('"').next().expect("it is closed");
        assert!(document.pointer(pointer).is_some(), "{pointer} leads nowhere");
        references += 1;
    }
    assert!(references > 30, "{references}");
}

/// A call as both sides see it, one line a frame; `→` is sent by the telephone.
struct Transcript {
    telephone: Telephone<tokio::io::DuplexStream>,
    text: String,
    client: jsonschema::Validator,
    server: jsonschema::Validator,
}

impl Transcript {
    async fn send(&mut self, json: &str) {
        let value: serde_json::Value = serde_json::from_str(json).expect("JSON");
        assert!(self.client.is_valid(&value), "{json} does not keep to the schema");
        self.put(json).await;
    }

    /// Sends what the schema forbids, and hears so.
    async fn mistake(&mut self, json: &str) {
        let value: serde_json::Value = serde_json::from_str(json).expect("JSON");
        assert!(!self.client.is_valid(&value), "{json} keeps to the schema");
        self.put(json).await;
        self.until(|message| error(message).is_some()).await;
    }

    async fn put(&mut self, json: &str) {
        self.text += &format!("→ {json}\n");
        self.telephone.say(json).await;
    }

    async fn until(&mut self, passes: impl Fn(&ServerMessage) -> bool) {
        loop {
            let message = self.telephone.message().await;
            let value = serde_json::to_value(&message).expect("JSON");
            assert!(self.server.is_valid(&value), "{value} does not keep to the schema");
            self.text += &format!("← {}\n", serde_json::to_string(&message).expect("JSON"));
            if passes(&message) {
                return;
            }
        }
    }

    /// Waits for the end of what is said, as a caller does, so that every run presses at the same moment.
    async fn listening(&mut self) {
        self.until(|message| matches!(message, ServerMessage::Collecting { .. })).await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_transcript_in_the_documents_is_a_real_call() {
    let data = tempfile::tempdir().expect("a folder");
    let (server, plug) = wired(config(data.path()), 64 * 1024, vec![]).await;
    let validator = |schema| jsonschema::validator_for(&schema).expect("a schema");
    let mut call = Transcript {
        telephone: plug.telephone().await,
        text: String::new(),
        client: validator(docs::schema::<ClientMessage>("")),
        server: validator(docs::schema::<ServerMessage>("")),
    };
    call.send(r#"{"type":"dial","from":"0600000042","language":"en"}"#).await;
    call.listening().await;
    call.mistake(r#"{"type":"digits","keyz":"4"}"#).await;
    call.send(r#"{"type":"digits","keys":"4"}"#).await;
    call.listening().await;
    // Stays on the line, and is at the main menu.
    call.listening().await;
    call.send(r#"{"type":"digits","keys":"01"}"#).await;
    let released =
        |message: &ServerMessage| matches!(message, ServerMessage::Agent { state: AgentState::Released, .. });
    call.until(released).await;
    call.listening().await;
    call.send(r#"{"type":"digits","keys":"5"}"#).await;
    call.listening().await;
    call.send(r#"{"type":"digits","keys":"1"}"#).await;
    call.until(|message| matches!(message, ServerMessage::Ended { .. })).await;
    server.ask_to_stop();
    server.ask_to_stop();
    server.finished().await.expect("all is written");
    let text = format!(
        "# A call, frame by frame\n\n`→` is sent by the telephone, `←` by the centre: the default centre on Tuesday 17 May 2022 \
         at ten. A test\nmakes this call again and compares.\n\n```text\n{}```\n",
        call.text
    );
    compare("transcript.md", &text);
}
