//! One listener's connection.

use std::time::Duration;

use axum::{
    body::Bytes,
    extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, close_code},
};
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use crate::live::{
    clock,
    config::Limits,
    pump::Errand,
    session::{REVOKED, TOO_FAST, ping_pace},
};

/// What a listener's connection needs of the server.
pub(in crate::live) struct Line {
    pub(in crate::live) pump: mpsc::Sender<Errand>,
    pub(in crate::live) limits: Limits,
    /// Cancelled when the server is done.
    pub(in crate::live) stop: CancellationToken,
    /// Cancelled when the listener's token is taken back, and when the server is done.
    pub(in crate::live) standing: CancellationToken,
    /// One of the places for listeners, given back at the end.
    pub(in crate::live) place: OwnedSemaphorePermit,
}

impl Line {
    /// Why it is to close.
    fn told_to_close(&self) -> (u16, &'static str) {
        match self.stop.is_cancelled() {
            true => (close_code::AWAY, "closing"),
            false => (close_code::POLICY, REVOKED),
        }
    }
}

/// How long the last words may take.
const CLOSING: Duration = Duration::from_secs(1);

/// Sends the feed until either side has enough.
pub(in crate::live) async fn serve(mut socket: WebSocket, line: Line) {
    let (done, events) = oneshot::channel();
    let asked = async {
        line.pump.send(Errand::Listen { room: line.limits.listener_queue, done }).await.ok()?;
        events.await.ok()
    };
    let asked = tokio::select! {
        biased;
        events = asked => events.ok_or((close_code::AWAY, "closing")),
        () = line.standing.cancelled() => Err(line.told_to_close()),
    };
    let end = match asked {
        Ok(events) => tell(&mut socket, events, &line).await,
        Err(end) => Some(end),
    };
    drop(line.place);
    if let Some((code, reason)) = end {
        let farewell = async {
            let told = socket.send(Message::Close(Some(CloseFrame { code, reason: reason.into() }))).await;
            // Whoever answers in kind does not find the line cut before the answer has left.
            while told.is_ok() && matches!(socket.recv().await, Some(Ok(_))) {}
        };
        let _ = tokio::time::timeout(CLOSING, farewell).await;
    }
}

/// The code and reason to close with; `None`: the other side closed, or is gone.
async fn tell(
    socket: &mut WebSocket,
    mut events: mpsc::Receiver<Utf8Bytes>,
    line: &Line,
) -> Option<(u16, &'static str)> {
    let keepalive = line.limits.keepalive.to_std();
    let mut alive = clock::wall();
    let (pace, mut ping_due) = (ping_pace(&line.limits), alive);
    let mut ask = tokio::time::interval_at(alive + keepalive, keepalive);
    loop {
        let message = tokio::select! {
            // The feed last: it may never pause.
            biased;
            () = line.standing.cancelled() => return Some(line.told_to_close()),
            heard = socket.recv() => match heard {
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {
                    alive = clock::wall();
                    if !pace.pass(&mut ping_due, alive) {
                        return Some((close_code::POLICY, TOO_FAST));
                    }
                    continue;
                }
                Some(Ok(Message::Text(_) | Message::Binary(_))) => {
                    return Some((close_code::UNSUPPORTED, "nothing is said to the event feed"));
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
            },
            now = ask.tick() => match now.duration_since(alive) > keepalive * 3 {
                true => return Some((close_code::NORMAL, "idle")),
                false => Message::Ping(Bytes::new()),
            },
            event = events.recv() => match event {
                Some(event) => Message::Text(event),
                None => return Some((close_code::AWAY, "closing")),
            },
        };
        tokio::select! {
            biased;
            sent = socket.send(message) => match sent {
                Ok(()) => {}
                Err(_) => return None,
            },
            () = line.standing.cancelled() => return Some(line.told_to_close()),
            () = tokio::time::sleep(line.limits.write_timeout.to_std()) => return Some((close_code::POLICY, "too slow")),
        }
    }
}
