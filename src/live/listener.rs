//! The door: accepted connections that are left politely.
//!
//! A TCP connection closed with unread bytes is reset, and a reset can overtake what was said last: a caller whose frame was
//! too large would see a broken line instead of the close code that names the mistake. So a connection that is let go of is
//! first shut for writing and then read dry for a moment.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker, ready},
};

use axum::serve::Listener;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf},
    net::{TcpListener, TcpSocket, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::Sleep,
};
use tokio_rustls::TlsAcceptor;

use super::{
    clock,
    config::Limits,
    connections::{Connections, Ticket},
    counts::{Counts, TurnedAway},
    tls::Secured,
};

/// A TCP listener whose connections linger.
#[derive(Debug)]
pub struct Door {
    listener: TcpListener,
    lingering: Arc<Semaphore>,
}

/// Bytes that the operating system keeps for one connection each way; it doubles them for its own needs. A prompt has a
/// few hundred, and whoever does not read is to be noticed before much is kept for her.
const SOCKET_BUFFER: u32 = 16 * 1024;

/// Connections that may wait to be accepted.
const BACKLOG: u32 = 4_096;

/// How many connections may be taken leave of at once. More are cut off.
const LINGERING: usize = 256;

/// How long to wait when the operating system has no room for a connection: others must end first.
const NO_ROOM: std::time::Duration = std::time::Duration::from_millis(20);

impl Door {
    /// Opens a door at an address.
    ///
    /// # Errors
    /// The operating system refuses.
    pub fn open(addr: SocketAddr) -> io::Result<Door> {
        let socket = if addr.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        // So that a server can follow another at once.
        #[cfg(unix)]
        socket.set_reuseaddr(true)?;
        // Accepted connections inherit both.
        socket.set_recv_buffer_size(SOCKET_BUFFER)?;
        socket.set_send_buffer_size(SOCKET_BUFFER)?;
        socket.bind(addr)?;
        Ok(Door { listener: socket.listen(BACKLOG)?, lingering: Arc::new(Semaphore::new(LINGERING)) })
    }
}

impl Listener for Door {
    type Io = Lingering;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Lingering, SocketAddr) {
        loop {
            match self.listener.accept().await {
                Ok((stream, peer)) => {
                    // Messages are small and each is wanted at once. Failing only costs latency.
                    let _ = stream.set_nodelay(true);
                    return (Lingering { stream: Some(stream), lingering: self.lingering.clone() }, peer);
                }
                Err(error) if of_one_connection(&error) => {}
                Err(error) => {
                    tracing::error!(%error, "no connection can be accepted for now");
                    tokio::time::sleep(NO_ROOM).await;
                }
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// Whether only the connection to be accepted failed.
fn of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// Any listener, behind which connections are counted, secured, and let go of unless they soon become a telephone or ask
/// for something. A type of this crate: only of such can axum be told how to name a peer.
pub(super) struct Gate<L> {
    pub(super) inner: L,
    pub(super) tls: Option<TlsAcceptor>,
    pub(super) limits: Limits,
    pub(super) connections: Arc<Connections>,
    pub(super) counts: Arc<Counts>,
}

impl<L: Listener<Addr = SocketAddr>> Listener for Gate<L> {
    type Io = Impatient<L::Io>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Impatient<L::Io>, SocketAddr) {
        loop {
            let (stream, peer) = self.inner.accept().await;
            match self.connections.enter(peer.ip()) {
                Ok(ticket) => {
                    let sleep = Box::pin(tokio::time::sleep(self.limits.handshake.to_std()));
                    let stream = Impatient {
                        stream: Secured::new(stream, self.tls.as_ref(), &self.counts),
                        patience: Some(Patience { sleep, stage: Stage::Asking(Head::Before), room: REQUEST }),
                        write_timeout: self.limits.write_timeout.to_std(),
                        counts: self.counts.clone(),
                        _ticket: ticket,
                    };
                    return (stream, peer);
                }
                Err(why) => {
                    self.counts.turn_away(why);
                    if self.tls.is_none() {
                        dismiss(stream, why);
                    }
                }
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.inner.local_addr()
    }
}

/// Tells a connection that there is no room for it and drops it, without waiting for anything.
fn dismiss<S: AsyncWrite + Unpin>(mut stream: S, why: TurnedAway) {
    let (status, words) = match why {
        TurnedAway::Handshake => ("431 Request Header Fields Too Large", "a request may have 8 KiB\n"),
        TurnedAway::Address => ("429 Too Many Requests", "your address has as many connections as it may\n"),
        _ => ("503 Service Unavailable", "the centre has no room for another connection; try again later\n"),
    };
    let answer = format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{words}",
        words.len()
    );
    // Nothing was written before, so there is room for this; if not, it is left out.
    let _ = Pin::new(&mut stream).poll_write(&mut Context::from_waker(Waker::noop()), answer.as_bytes());
}

/// How many bytes a request may have, head and all: none of ours has a body, and a token is short.
const REQUEST: usize = 8 * 1024;

/// How the answer begins by which a connection becomes a websocket.
const UPGRADED: &[u8] = b"HTTP/1.1 101";

/// A connection that ends unless it soon asks for something, and takes the answer soon after it has begun. How long the
/// answer takes to begin is the server's affair. Once it is a websocket, its session judges it.
pub struct Impatient<S> {
    stream: Secured<S>,
    /// How long it may still take; `None` once it is a websocket.
    patience: Option<Patience>,
    write_timeout: std::time::Duration,
    counts: Arc<Counts>,
    _ticket: Ticket,
}

/// A time limit that no dripping prolongs: for the request's head, and then for taking the answer.
struct Patience {
    sleep: Pin<Box<Sleep>>,
    stage: Stage,
    /// How many bytes the request may still have.
    room: usize,
}

/// How far a request has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Its head is being read.
    Asking(Head),
    /// Its head is read, and no answer has begun.
    Asked,
    /// It is being answered.
    Answered,
}

/// Where in the head of a request the reading is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Head {
    /// Before its first line, where empty lines count for nothing.
    #[default]
    Before,
    /// Within a line.
    Line,
    /// Behind a line's end.
    NewLine,
}

impl Head {
    /// Reads on; `None`: the head ends with an empty line in there.
    fn read(self, bytes: &[u8]) -> Option<Head> {
        bytes.iter().try_fold(self, |at, byte| match (at, byte) {
            (Head::NewLine, b'\n') => None,
            (Head::Line, b'\n') => Some(Head::NewLine),
            // Either end of a line is one, as for whoever reads the request.
            (at, b'\r') | (at @ Head::Before, b'\n') => Some(at),
            _ => Some(Head::Line),
        })
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Impatient<S> {
    /// Fails once time is up; the task is woken for it.
    fn hurry(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        let Some(patience) = &mut self.patience else { return Ok(()) };
        let why = match patience.stage {
            Stage::Asking(_) => TurnedAway::Handshake,
            Stage::Asked => return Ok(()),
            Stage::Answered => TurnedAway::TooSlow,
        };
        if patience.sleep.as_mut().poll(cx).is_pending() {
            return Ok(());
        }
        self.counts.turn_away(why);
        Err(io::ErrorKind::TimedOut.into())
    }

    /// So much more of the request has come.
    fn has_read(&mut self, bytes: &[u8]) -> io::Result<()> {
        let waiting = self.patience.as_mut().filter(|patience| patience.stage != Stage::Answered);
        let Some(patience) = waiting else { return Ok(()) };
        match patience.room.checked_sub(bytes.len()) {
            Some(room) => {
                patience.room = room;
                if let Stage::Asking(head) = patience.stage {
                    patience.stage = head.read(bytes).map_or(Stage::Asked, Stage::Asking);
                }
            }
            None => {
                self.counts.turn_away(TurnedAway::Handshake);
                dismiss(&mut self.stream, TurnedAway::Handshake);
                return Err(io::ErrorKind::InvalidData.into());
            }
        }
        Ok(())
    }

    /// Something is to be written: the beginning of an answer, or more of it.
    fn writes(&mut self, start: &[u8]) {
        let Some(patience) = &mut self.patience else { return };
        if start.starts_with(UPGRADED) {
            self.patience = None;
        } else if patience.stage != Stage::Answered {
            patience.stage = Stage::Answered;
            patience.sleep.as_mut().reset(clock::wall() + self.write_timeout);
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Impatient<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.hurry(cx)?;
        let before = buf.filled().len();
        ready!(Pin::new(&mut this.stream).poll_read(cx, buf))?;
        Poll::Ready(this.has_read(&buf.filled()[before..]))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Impatient<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.writes(buf);
        this.hurry(cx)?;
        Pin::new(&mut this.stream).poll_write(cx, buf)
    }
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.hurry(cx)?;
        Pin::new(&mut this.stream).poll_flush(cx)
    }
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.hurry(cx)?;
        Pin::new(&mut this.stream).poll_shutdown(cx)
    }
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.writes(bufs.first().map_or(&[], |buf| buf));
        this.hurry(cx)?;
        Pin::new(&mut this.stream).poll_write_vectored(cx, bufs)
    }
    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

/// How long, and how much of it, a connection is read dry.
const LINGER: std::time::Duration = std::time::Duration::from_secs(1);
const LINGER_BYTES: u64 = 16 * 1024 * 1024;

/// A connection that is read dry after it is let go of. Always holds its stream until dropped.
#[derive(Debug)]
pub struct Lingering {
    stream: Option<TcpStream>,
    lingering: Arc<Semaphore>,
}

impl Lingering {
    fn stream(self: Pin<&mut Self>) -> io::Result<Pin<&mut TcpStream>> {
        self.get_mut().stream.as_mut().map(Pin::new).ok_or_else(|| io::ErrorKind::NotConnected.into())
    }
}

impl Drop for Lingering {
    fn drop(&mut self) {
        // Outside a runtime (it is shutting down), and where too many linger already, the stream is simply closed.
        if let (Some(stream), Ok(permit), Ok(runtime)) =
            (self.stream.take(), self.lingering.clone().try_acquire_owned(), tokio::runtime::Handle::try_current())
        {
            runtime.spawn(tokio::time::timeout(LINGER, linger(stream, permit)));
        }
    }
}

async fn linger(mut stream: TcpStream, _permit: OwnedSemaphorePermit) -> io::Result<()> {
    stream.shutdown().await?;
    tokio::io::copy(&mut (&mut stream).take(LINGER_BYTES), &mut tokio::io::sink()).await?;
    Ok(())
}

impl AsyncRead for Lingering {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.stream()?.poll_read(cx, buf)
    }
}

impl AsyncWrite for Lingering {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.stream()?.poll_write(cx, buf)
    }
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream()?.poll_flush(cx)
    }
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream()?.poll_shutdown(cx)
    }
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.stream()?.poll_write_vectored(cx, bufs)
    }
    fn is_write_vectored(&self) -> bool {
        self.stream.as_ref().is_some_and(AsyncWrite::is_write_vectored)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::config::Config;

    /// A door with one connection behind it.
    struct One(Option<tokio::io::DuplexStream>);

    impl Listener for One {
        type Io = tokio::io::DuplexStream;
        type Addr = SocketAddr;

        async fn accept(&mut self) -> (tokio::io::DuplexStream, SocketAddr) {
            match self.0.take() {
                Some(stream) => (stream, Config::default().addr),
                None => std::future::pending().await,
            }
        }

        fn local_addr(&self) -> io::Result<SocketAddr> {
            Ok(Config::default().addr)
        }
    }

    /// What the server finds when it reads for ten minutes on a connection on which this was said, and nothing after it.
    async fn read_after(said: &str) -> Option<io::ErrorKind> {
        let (mut caller, stream) = tokio::io::duplex(REQUEST);
        let (limits, counts) = (Limits::default(), Arc::new(Counts::default()));
        let connections = Arc::new(Connections::new(&limits, None, counts.clone()));
        let mut gate = Gate { inner: One(Some(stream)), tls: None, limits, connections, counts };
        let (mut stream, _) = gate.accept().await;
        caller.write_all(said.as_bytes()).await.expect("there is room");
        let mut bytes = [0; REQUEST];
        let all = async {
            loop {
                match stream.read(&mut bytes).await {
                    Ok(0) => return io::ErrorKind::UnexpectedEof,
                    Ok(_) => {}
                    Err(error) => return error.kind(),
                }
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(600), all).await.ok()
    }

    #[tokio::test(start_paused = true)]
    async fn the_time_for_a_request_ends_with_its_head() {
        for asked in ["GET / HTTP/1.1\r\nhost: a\r\n\r\n", "\r\nGET / HTTP/1.0\r\n\r\n", "GET / HTTP/1.1\nhost: a\n\n"]
        {
            assert_eq!(read_after(asked).await, None, "how long the answer takes is not the caller's fault: {asked:?}");
        }
        for asking in ["", "\r\n\r\n\r\n", "GET / HTTP/1.1\r\nhost: a\r\n", "GET / HTTP/1.1\r\nhost: a\r\n\r"] {
            assert_eq!(read_after(asking).await, Some(io::ErrorKind::TimedOut), "{asking:?} is no whole head");
        }
    }
}
