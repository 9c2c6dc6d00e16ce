//! Requests as they go over the wire, written by hand.

use std::{net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
};

/// Longer than any answer takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// The head of a request that becomes a websocket.
pub fn upgrade(path: &str, headers: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
         sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n{headers}\r\n"
    )
}

/// Any other request.
pub fn request(method: &str, path: &str, headers: &str) -> String {
    format!("{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n{headers}\r\n")
}

/// Sends a request and gives the status and the text of the answer; 0 and nothing when the connection ends without one. Of
/// a websocket's beginning the head only.
pub async fn ask(addr: SocketAddr, request: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(addr).await.expect("the server listens");
    ask_over(&mut stream, request).await
}

/// As [`ask`], on an open connection.
pub async fn ask_over(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), request: &str) -> (u16, String) {
    // Whoever is turned away at once may not take the request.
    let _ = stream.write_all(request.as_bytes()).await;
    let mut text = Vec::new();
    let read = async {
        let mut byte = [0; 1024];
        while let Ok(n @ 1..) = stream.read(&mut byte).await {
            text.extend_from_slice(&byte[..n]);
            if text.starts_with(b"HTTP/1.1 101") && text.windows(4).any(|end| end == b"\r\n\r\n") {
                break;
            }
        }
    };
    tokio::time::timeout(PATIENCE, read).await.expect("the server answers or hangs up");
    let text = String::from_utf8_lossy(&text).into_owned();
    let status = text.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    (status, text)
}
