//! The door: accepted connections that are left politely.
//!
//! A TCP connection closed with unread bytes is reset, and a reset can overtake what was said last: a caller whose frame was
//! too large would see a broken line instead of the close code that names the mistake. So a connection that is let go of is
//! first shut for writing and then read dry for a moment.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll},
};

use axum::serve::Listener;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf},
    net::{TcpListener, TcpStream},
};

/// A TCP listener whose connections linger.
#[derive(Debug)]
pub struct Door(pub TcpListener);

impl Listener for Door {
    type Io = Lingering;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Lingering, SocketAddr) {
        let (stream, peer) = Listener::accept(&mut self.0).await;
        // Messages are small and each is wanted at once. Failing only costs latency.
        let _ = stream.set_nodelay(true);
        (Lingering(Some(stream)), peer)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

/// Any listener, as a type of this crate: only of such can axum be told how to name a peer. Connections that never become
/// a telephone are let go of.
#[derive(Debug)]
pub(super) struct Gate<L>(pub(super) L);

impl<L: Listener> Listener for Gate<L> {
    type Io = Impatient<L::Io>;
    type Addr = L::Addr;

    async fn accept(&mut self) -> (Impatient<L::Io>, L::Addr) {
        let (stream, peer) = self.0.accept().await;
        (Impatient { stream, patience: Some(Box::pin(tokio::time::sleep(HANDSHAKE))) }, peer)
    }

    fn local_addr(&self) -> io::Result<L::Addr> {
        self.0.local_addr()
    }
}

/// How long a connection may stay without having become a websocket. What does not count as a session is bounded by this
/// alone, and each costs a file.
const HANDSHAKE: std::time::Duration = std::time::Duration::from_secs(10);

/// How the answer begins by which a connection becomes a websocket.
const UPGRADED: &[u8] = b"HTTP/1.1 101";

/// A connection that ends unless it soon becomes a websocket; from then on its session judges it.
#[derive(Debug)]
pub struct Impatient<S> {
    stream: S,
    patience: Option<Pin<Box<tokio::time::Sleep>>>,
}

impl<S: Unpin> Impatient<S> {
    fn stream(self: Pin<&mut Self>) -> Pin<&mut S> {
        Pin::new(&mut self.get_mut().stream)
    }

    fn wrote(&mut self, start: &[u8]) {
        if self.patience.is_some() && start.starts_with(UPGRADED) {
            self.patience = None;
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Impatient<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if let Some(patience) = &mut this.patience
            && patience.as_mut().poll(cx).is_ready()
        {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        Pin::new(&mut this.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Impatient<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.wrote(buf);
        self.stream().poll_write(cx, buf)
    }
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_flush(cx)
    }
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_shutdown(cx)
    }
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.wrote(bufs.first().map_or(&[], |buf| buf));
        self.stream().poll_write_vectored(cx, bufs)
    }
    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

/// How long, and how much of it, a connection is read dry.
const LINGER: std::time::Duration = std::time::Duration::from_secs(2);
const LINGER_BYTES: u64 = 16 * 1024 * 1024;

/// A connection that is read dry after it is let go of. Always holds its stream until dropped.
#[derive(Debug)]
pub struct Lingering(Option<TcpStream>);

impl Lingering {
    fn stream(self: Pin<&mut Self>) -> io::Result<Pin<&mut TcpStream>> {
        self.get_mut().0.as_mut().map(Pin::new).ok_or_else(|| io::ErrorKind::NotConnected.into())
    }
}

impl Drop for Lingering {
    fn drop(&mut self) {
        // Outside a runtime (it is shutting down) the stream is simply closed.
        if let (Some(stream), Ok(runtime)) = (self.0.take(), tokio::runtime::Handle::try_current()) {
            runtime.spawn(tokio::time::timeout(LINGER, linger(stream)));
        }
    }
}

async fn linger(mut stream: TcpStream) -> io::Result<()> {
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
        self.0.as_ref().is_some_and(AsyncWrite::is_write_vectored)
    }
}
