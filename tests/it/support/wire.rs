//! Servers and telephones for tests of the live driver: on real sockets, or on a wire in memory whose clock stands still.

use std::{net::SocketAddr, path::Path, time::Duration};

use axum::serve::Listener;
use futures_util::{SinkExt, StreamExt};
use hatif::{
    live::{
        self, RunningServer, Server,
        protocol::{SUBPROTOCOL, ServerMessage},
        pump::Tap,
    },
    registry,
    script::Source,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, DuplexStream},
    net::TcpStream,
    sync::mpsc,
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Error, Message, client::IntoClientRequest, http::HeaderValue},
};

/// Settings of a small server: 2,000 people, foreseeable codes, any free port, records in `data`.
pub fn config(data: &Path) -> live::Config {
    live::Config {
        addr: SocketAddr::from(([127, 0, 0, 1], 0)),
        registry: registry::Config::generated(2_000, 1),
        records: live::Records { dir: data.to_owned(), ..live::Records::default() },
        known_codes: true,
        // In most of these tests the clock stands still while the disk works.
        hold_verdicts: false,
        // The telephones of these tests have one number.
        limits: live::Limits { per_number: 10_000, per_number_rate: 1_000_000, ..live::Limits::default() },
        ..live::Config::default()
    }
}

/// Waits for something to become so, for a minute at most.
pub async fn until(what: &str, mut so: impl AsyncFnMut() -> bool) {
    let began = live::clock::wall();
    while !so().await {
        assert!(live::clock::since(began).as_secs() < 60, "a minute was not enough: {what}");
        tokio::task::yield_now().await;
    }
}

/// Writes a centre's files to a folder.
pub fn write_out(source: &Source, dir: &Path) {
    for (path, text) in source.files() {
        let path = dir.join(&**path);
        std::fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }
}

/// A listener without a network.
pub struct Wire(mpsc::Receiver<DuplexStream>);

/// The callers' end of a [`Wire`].
#[derive(Clone)]
pub struct Plug {
    wire: mpsc::Sender<DuplexStream>,
    buffer: usize,
}

const NOWHERE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);

impl Listener for Wire {
    type Io = DuplexStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (DuplexStream, SocketAddr) {
        match self.0.recv().await {
            Some(stream) => (stream, NOWHERE),
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        Ok(NOWHERE)
    }
}

/// A server on a wire that holds `buffer` bytes each way.
pub async fn wired(config: live::Config, buffer: usize, taps: Vec<Box<dyn Tap>>) -> (RunningServer, Plug) {
    let (wire, streams) = mpsc::channel(8);
    let server = Server::start_on(config, Wire(streams), taps).await.expect("the server starts");
    (server, Plug { wire, buffer })
}

impl Plug {
    /// A telephone on this wire.
    pub async fn telephone(&self) -> Telephone<DuplexStream> {
        Telephone::over(self.stream().await, PATIENCE_STILL).await
    }

    /// A connection on this wire, before anything was said.
    pub async fn stream(&self) -> DuplexStream {
        let (here, there) = tokio::io::duplex(self.buffer);
        self.wire.send(there).await.expect("the server listens");
        here
    }
}

/// A client that sends and receives frames as they are.
pub struct Telephone<S> {
    pub socket: WebSocketStream<S>,
    patience: Duration,
}

/// What a client received.
#[derive(Debug, PartialEq)]
pub enum Heard {
    Message(ServerMessage),
    Closed(u16, String),
    Gone,
}

/// Longer than anything takes; for a test that would otherwise hang.
const PATIENCE: Duration = Duration::from_secs(60);
/// The same where the clock stands still: while the records are written by their own thread, it may run far ahead.
const PATIENCE_STILL: Duration = Duration::from_secs(30 * 86_400);

impl Telephone<TcpStream> {
    pub async fn connect(addr: SocketAddr) -> Telephone<TcpStream> {
        Telephone::over(TcpStream::connect(addr).await.expect("the server listens"), PATIENCE).await
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Telephone<S> {
    async fn over(stream: S, patience: Duration) -> Telephone<S> {
        let mut request = "ws://localhost/call".into_client_request().expect("a request");
        request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static(SUBPROTOCOL));
        let (socket, response) = tokio_tungstenite::client_async(request, stream).await.expect("an upgrade");
        let chosen = response.headers().get("sec-websocket-protocol").and_then(|value| value.to_str().ok());
        assert_eq!(chosen, Some(SUBPROTOCOL));
        Telephone { socket, patience }
    }

    pub async fn say(&mut self, json: &str) {
        self.socket.send(Message::text(json)).await.expect("the line holds");
    }

    pub async fn next(&mut self) -> Heard {
        let next = tokio::time::timeout(self.patience, async {
            loop {
                match self.socket.next().await {
                    Some(Ok(Message::Text(text))) => {
                        return Heard::Message(serde_json::from_str(&text).expect("a message of the protocol"));
                    }
                    Some(Ok(Message::Close(Some(frame)))) => {
                        return Heard::Closed(frame.code.into(), frame.reason.to_string());
                    }
                    Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Close(None))) => {}
                    Some(Err(Error::ConnectionClosed | Error::AlreadyClosed | Error::Io(_))) | None => {
                        return Heard::Gone;
                    }
                    Some(other) => panic!("heard {other:?}"),
                }
            }
        });
        next.await.expect("the server says something")
    }

    /// The next message; anything else fails.
    pub async fn message(&mut self) -> ServerMessage {
        match self.next().await {
            Heard::Message(message) => message,
            other => panic!("expected a message, heard {other:?}"),
        }
    }

    /// Listens until a message passes, and gives it.
    pub async fn until(&mut self, passes: impl Fn(&ServerMessage) -> bool) -> ServerMessage {
        loop {
            let message = self.message().await;
            if passes(&message) {
                return message;
            }
        }
    }

    /// Dials, and listens until the centre has answered; the call's id and version.
    pub async fn dial(&mut self) -> (String, u32) {
        self.say(r#"{"type":"dial","from":"0600000042","language":"fr"}"#).await;
        match self.until(|message| matches!(message, ServerMessage::Answered { .. })).await {
            ServerMessage::Answered { call, version, .. } => (call, version),
            _ => unreachable!("only that passes"),
        }
    }

    /// Hangs up and waits until the record is on disk; the outcome.
    pub async fn hang_up(&mut self) -> String {
        self.say(r#"{"type":"hangup"}"#).await;
        match standing_still(self.until(|message| matches!(message, ServerMessage::Ended { .. }))).await {
            ServerMessage::Ended { outcome, .. } => outcome,
            _ => unreachable!("only that passes"),
        }
    }
}

/// Waits for something that takes real time, such as a write to disk: a paused clock would leap to its next timer meanwhile,
/// be that years away, but stands still as long as there is blocking work.
async fn standing_still<T>(what: impl Future<Output = T>) -> T {
    let (done, wait) = std::sync::mpsc::channel::<()>();
    let still = tokio::task::spawn_blocking(move || wait.recv());
    let result = what.await;
    drop(done);
    still.await.expect("it only waits").expect_err("nobody says anything");
    result
}
