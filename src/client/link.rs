//! One websocket connection to a centre.

use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
};

use futures_util::{SinkExt, StreamExt};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpSocket, TcpStream},
};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{
        Error as WsError, Message, Utf8Bytes,
        client::IntoClientRequest,
        error::UrlError,
        handshake::client::Request,
        http::{
            HeaderValue,
            header::{AUTHORIZATION, SEC_WEBSOCKET_PROTOCOL},
        },
        protocol::{WebSocketConfig, frame::CloseFrame},
    },
};

use super::{
    tls::{self, AccessError},
    view::printable,
};
use crate::live::protocol::{ClientMessage, SUBPROTOCOL, ServerMessage};

/// Anything bytes go through: a TCP connection, or a pipe in a test.
pub(super) trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Wire for T {}

/// How a connection is made, beyond its address.
#[derive(Clone, Debug, Default)]
pub struct Wiring {
    /// What the centre may ask for.
    pub access: Access,
    /// The address of this machine that it comes from; `None`: the system chooses.
    pub local: Option<IpAddr>,
    /// Small buffers, for thousands of connections in one process.
    pub lean: bool,
}

/// A connection on which calls can be made, one after the other.
pub struct Link {
    socket: WebSocketStream<Box<dyn Wire>>,
}

/// What a centre may ask for before it talks to somebody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Access {
    /// The secret of a token, as `hatif token new` printed it.
    pub token: Option<Secret>,
    /// The file of the certificates (PEM) by which a `wss://` centre is known.
    pub ca: Option<PathBuf>,
}

/// A secret. Does not print.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Keeps a secret.
    pub fn new(secret: impl Into<String>) -> Secret {
        Secret(secret.into())
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

/// Why there is no connection, or none any more.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// The address cannot be dialled.
    #[error("`{url}` is not an address to dial: {why}; write one such as ws://127.0.0.1:7700/call")]
    BadUrl {
        /// As given.
        url: String,
        /// What is wrong with it.
        why: String,
    },
    /// What was given for access cannot be used.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The TCP connection failed.
    #[error(
        "nobody answers at {url} ({error}); start a centre with `hatif serve`, or give its address, such as ws://HOST:PORT/call"
    )]
    Unreachable {
        /// As given.
        url: String,
        /// Why.
        error: std::io::Error,
    },
    /// The centre does not let one in.
    #[error("{url} refuses: {words} ({status}); give a token with --token or HATIF_TOKEN")]
    Denied {
        /// As given.
        url: String,
        /// The status of its answer.
        status: u16,
        /// Its words.
        words: String,
    },
    /// Somebody listens there who does not speak websocket, or not at this path.
    #[error("{url} does not take calls: {why}; the path of a centre's calls is /call")]
    NotACentre {
        /// As given.
        url: String,
        /// What it answered.
        why: String,
    },
    /// The centre closed the connection.
    #[error("the centre closed the connection (code {code}{})", if reason.is_empty() { String::new() } else { format!(", `{reason}`") })]
    Closed {
        /// The close code; 1005 when none was given, 1006 when the connection broke off.
        code: u16,
        /// Its reason.
        reason: String,
    },
    /// The connection broke.
    #[error("the connection broke: {0}")]
    Broken(Box<WsError>),
    /// The centre said something this client does not understand.
    #[error("the centre sent something that is not {SUBPROTOCOL}: {why}: {text}")]
    NotUnderstood {
        /// Why not.
        why: String,
        /// The beginning of what it sent.
        text: String,
    },
}

/// No close code was given.
const NO_CODE: u16 = 1005;
/// The connection ended without a word.
const BROKEN_OFF: u16 = 1006;

impl Link {
    /// Connects to a centre's call socket that asks for nothing, such as `ws://127.0.0.1:7700/call`.
    pub async fn connect(url: &str) -> Result<Link, LinkError> {
        Link::connect_with(url, &Access::default()).await
    }

    /// Connects to a centre's call socket, such as `wss://desk.example:7700/call`, with what it asks for.
    pub async fn connect_with(url: &str, access: &Access) -> Result<Link, LinkError> {
        Link::wired(url, &Wiring { access: access.clone(), ..Wiring::default() }).await
    }

    /// Connects in this manner.
    pub async fn wired(url: &str, wiring: &Wiring) -> Result<Link, LinkError> {
        let request = request(url, &wiring.access)?;
        let wire = wire(&request, url, wiring).await?;
        Link::shake_hands(request, wire, url, wiring.lean.then(lean)).await
    }

    /// Connects to any websocket server without naming a subprotocol, and speaks no message of ours: for tests of websocket
    /// conformance.
    pub async fn bare(url: &str) -> Result<Link, LinkError> {
        let wiring = Wiring::default();
        let mut request = request(url, &wiring.access)?;
        request.headers_mut().remove(SEC_WEBSOCKET_PROTOCOL);
        let wire = wire(&request, url, &wiring).await?;
        Link::shake_hands(request, wire, url, None).await
    }

    /// Speaks over an open stream, as a test does that has both ends of a pipe.
    pub async fn over(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) -> Result<Link, LinkError> {
        let url = "ws://127.0.0.1/call";
        Link::shake_hands(request(url, &Access::default())?, Box::new(stream), url, None).await
    }

    async fn shake_hands(
        request: Request,
        wire: Box<dyn Wire>,
        url: &str,
        config: Option<WebSocketConfig>,
    ) -> Result<Link, LinkError> {
        let not_a_centre = |why: String| LinkError::NotACentre { url: url.to_owned(), why };
        match client_async_with_config(request, wire, config).await {
            Ok((socket, _)) => Ok(Link { socket }),
            Err(WsError::Http(answer)) => {
                let words = String::from_utf8_lossy(answer.body().as_deref().unwrap_or_default());
                let words: String = printable(words.trim()).chars().take(600).collect();
                let status = answer.status();
                Err(match status.as_u16() {
                    401 | 403 | 421 | 429 => LinkError::Denied { url: url.to_owned(), status: status.as_u16(), words },
                    _ if words.is_empty() => not_a_centre(format!("it answered {status}")),
                    _ => not_a_centre(format!("it answered {status}: {words}")),
                })
            }
            Err(WsError::Io(error)) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
                Err(LinkError::Unreachable { url: url.to_owned(), error })
            }
            Err(error) => Err(not_a_centre(printable(&error.to_string()))),
        }
    }

    /// Sends a message.
    pub async fn send(&mut self, message: &ClientMessage) -> Result<(), LinkError> {
        let text =
            serde_json::to_string(message).expect("the protocol's types have no map with other keys than strings");
        self.send_frame(Message::text(text)).await
    }

    /// Sends any frame, also one no well-behaved client would send: for tests of a server's manners.
    pub async fn send_frame(&mut self, frame: Message) -> Result<(), LinkError> {
        self.socket.send(frame).await.map_err(broken)
    }

    /// The next message of the centre. After a [`LinkError`] other than [`LinkError::NotUnderstood`] nothing more comes.
    pub async fn receive(&mut self) -> Result<ServerMessage, LinkError> {
        read(&self.receive_text().await?)
    }

    /// The text of the next message, unread. May be dropped while it waits without losing anything.
    pub async fn receive_text(&mut self) -> Result<Utf8Bytes, LinkError> {
        loop {
            match self.receive_frame().await? {
                Message::Text(text) => return Ok(text),
                Message::Close(frame) => return Err(closed(frame)),
                Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
                Message::Binary(bytes) => {
                    let why = "a binary frame".to_owned();
                    return Err(LinkError::NotUnderstood { why, text: format!("{} bytes", bytes.len()) });
                }
            }
        }
    }

    /// The next frame, as it is.
    pub async fn receive_frame(&mut self) -> Result<Message, LinkError> {
        match self.socket.next().await {
            Some(Ok(frame)) => Ok(frame),
            Some(Err(error)) => Err(broken(error)),
            None => Err(LinkError::Closed { code: BROKEN_OFF, reason: String::new() }),
        }
    }

    /// Says good-bye to the server. The centre takes a connection that closes in mid-call for a hang-up.
    pub async fn close(mut self) {
        // A connection that is gone already cannot be closed better.
        let _ = self.socket.close(None).await;
    }
}

/// Buffers of a connection of which there are thousands. Frames may still be of any size the stock settings allow.
fn lean() -> WebSocketConfig {
    WebSocketConfig::default().read_buffer_size(2_048).write_buffer_size(0)
}

/// Opens what the bytes go through, secured where the address says so.
pub(super) async fn wire(request: &Request, url: &str, wiring: &Wiring) -> Result<Box<dyn Wire>, LinkError> {
    let (host, port) = address(request, url)?;
    let secure = request.uri().scheme_str() == Some("wss");
    // Before anything is sent: a file that cannot be used is no matter of the network.
    let tls = if secure { Some(tls::connector(wiring.access.ca.as_deref(), &host)?) } else { None };
    let unreachable = |error| LinkError::Unreachable { url: url.to_owned(), error };
    let stream = match wiring.local {
        None => TcpStream::connect((host.as_str(), port)).await,
        Some(local) => connect_from(local, &host, port).await,
    };
    let stream = stream.map_err(unreachable)?;
    // Keys are single small frames; waiting to fill a packet would only delay them.
    stream.set_nodelay(true).map_err(unreachable)?;
    Ok(match tls {
        None => Box::new(stream),
        Some((connector, name)) => {
            let secured = connector.connect(name, stream).await;
            Box::new(secured.map_err(|error| AccessError::Tls { url: url.to_owned(), error })?)
        }
    })
}

/// Connects from an address of this machine to the first of the host's that is of its kind.
async fn connect_from(local: IpAddr, host: &str, port: u16) -> std::io::Result<TcpStream> {
    let mut hosts = tokio::net::lookup_host((host, port)).await?;
    let Some(host) = hosts.find(|host| host.is_ipv4() == local.is_ipv4()) else {
        let why = format!("the host has no address of the kind of {local}");
        return Err(std::io::Error::new(std::io::ErrorKind::AddrNotAvailable, why));
    };
    let socket = if local.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.bind(SocketAddr::new(local, 0))?;
    socket.connect(host).await
}

/// The upgrade request, with the subprotocol in it and what the centre may ask for.
pub(super) fn request(url: &str, access: &Access) -> Result<Request, LinkError> {
    let bad = |why: String| LinkError::BadUrl { url: url.to_owned(), why };
    let mut request = url.into_client_request().map_err(|error| {
        bad(match error {
            WsError::Url(UrlError::UnsupportedUrlScheme) => "it does not begin with ws://".to_owned(),
            other => other.to_string(),
        })
    })?;
    match request.uri().scheme_str() {
        Some("ws" | "wss") => {}
        Some(other) => return Err(bad(format!("{other}:// is not a websocket address"))),
        None => return Err(bad("it does not begin with ws://".to_owned())),
    }
    request.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(SUBPROTOCOL));
    if let Some(Secret(token)) = &access.token {
        let mut bearer = HeaderValue::try_from(format!("Bearer {token}")).map_err(|_| AccessError::Token)?;
        bearer.set_sensitive(true);
        request.headers_mut().insert(AUTHORIZATION, bearer);
    }
    Ok(request)
}

/// Host and port to connect to.
fn address(request: &Request, url: &str) -> Result<(String, u16), LinkError> {
    let uri = request.uri();
    let host = uri
        .host()
        .filter(|host| !host.is_empty())
        .ok_or_else(|| LinkError::BadUrl { url: url.to_owned(), why: "it names no host".to_owned() })?;
    let usual = if uri.scheme_str() == Some("wss") { 443 } else { 80 };
    Ok((host.trim_matches(['[', ']']).to_owned(), uri.port_u16().unwrap_or(usual)))
}

fn read(text: &str) -> Result<ServerMessage, LinkError> {
    serde_json::from_str(text).map_err(|error| LinkError::NotUnderstood {
        why: printable(&error.to_string()),
        text: printable(text).chars().take(200).collect(),
    })
}

fn closed(frame: Option<CloseFrame>) -> LinkError {
    match frame {
        Some(frame) => LinkError::Closed { code: frame.code.into(), reason: printable(&frame.reason) },
        None => LinkError::Closed { code: NO_CODE, reason: String::new() },
    }
}

fn broken(error: WsError) -> LinkError {
    match error {
        WsError::ConnectionClosed | WsError::AlreadyClosed => {
            LinkError::Closed { code: BROKEN_OFF, reason: String::new() }
        }
        other => LinkError::Broken(Box::new(other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_cannot_be_dialled_is_refused_with_the_reason() {
        for (url, why) in [
            ("http://127.0.0.1/call", "ws://"),
            ("127.0.0.1:7700", "ws://"),
            ("ws://", "ws://127.0.0.1:7700/call"),
            ("", "ws://"),
        ] {
            let error = request(url, &Access::default()).and_then(|request| address(&request, url)).expect_err(url);
            assert!(error.to_string().contains(why), "{url}: {error}");
        }
        let request = request("ws://[::1]:7700/call", &Access::default()).expect("an address");
        let (host, port) = address(&request, "").expect("an address");
        assert_eq!((host.as_str(), port), ("::1", 7700));
    }

    #[test]
    fn an_error_shows_no_control_characters_of_the_server() {
        let text = "{\"type\":\"error\",\"code\":\"\\u001b]0;owned\\u0007\",\"message\":\"\u{9b}2J\",\"help\":\"\"}";
        let shown = read(text).expect_err("no such code").to_string();
        assert!(shown.contains("]0;owned") && !shown.contains(char::is_control), "{shown:?}");
        let frame = CloseFrame { code: 1000.into(), reason: "a\u{1b}[2Jb".into() };
        let shown = closed(Some(frame)).to_string();
        assert!(shown.contains("a[2Jb") && !shown.contains(char::is_control), "{shown:?}");
    }

    #[tokio::test]
    async fn where_nobody_listens_the_error_says_how_to_start_a_centre() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("ws://{}/call", listener.local_addr().expect("an address"));
        drop(listener);
        let error = Link::connect(&url).await.err().expect("nobody listens");
        assert!(matches!(error, LinkError::Unreachable { .. }), "{error:?}");
        assert!(error.to_string().contains("hatif serve"), "{error}");
    }
}
