//! `/echo`, for tests of websocket conformance only: sends back what it is sent. It stands behind the hidden option
//! `hatif serve --echo` and is made of the same parts as a telephone's connection: the upgrade and its buffers, what becomes of
//! frames that cannot be read, the closing. It differs in three things, which the cases need: messages may have 20 MiB,
//! binary ones are sent back, and nothing is said unasked (no ping, no limit of pace).

use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade, close_code};

use super::session::{self, End};

/// The largest message of the cases has 16 MiB.
const LARGEST: usize = 20 * 1024 * 1024;

/// How long one message may take to leave, and the closing.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(20);

/// With the limits of the cases.
pub(super) fn limits(upgrade: WebSocketUpgrade) -> WebSocketUpgrade {
    upgrade.max_message_size(LARGEST).max_frame_size(LARGEST)
}

/// Serves one connection until it ends.
pub(super) async fn run(mut socket: WebSocket) {
    let end = serve(&mut socket).await;
    session::close(socket, end, PATIENCE).await;
}

async fn serve(socket: &mut WebSocket) -> End {
    loop {
        let message = match socket.recv().await {
            Some(Ok(message @ (Message::Text(_) | Message::Binary(_)))) => message,
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
            Some(Ok(Message::Close(_))) => return End::Left,
            Some(Err(error)) => return session::broken(error),
            None => return End::Gone,
        };
        match tokio::time::timeout(PATIENCE, socket.send(message)).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return End::Gone,
            Err(_) => return End::close(close_code::POLICY, "too slow", None),
        }
    }
}
