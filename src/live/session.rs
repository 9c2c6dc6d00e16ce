//! One connection: frames in, messages out, and the ways it can end.
//!
//! A session knows nothing of turns: it hands what it reads to the pump and sends what the pump puts into its outbox, so
//! that "is there a call?" has one answer. What it judges itself is the frame: text, size, JSON, fields.

use std::{
    net::IpAddr,
    pin::pin,
    sync::{Arc, OnceLock},
};

use axum::{
    body::Bytes,
    extract::ws::{CloseFrame, Message, WebSocket, close_code},
};
use futures_util::SinkExt;
use tokio::{sync::mpsc, time::Instant as Wall};
use tokio_tungstenite::tungstenite;
use tokio_util::sync::CancellationToken;

use super::{
    agents::message::{AgentMessage, DeskMessage},
    clock,
    config::Limits,
    connections::counted,
    counts::{Counts, TurnedAway},
    metrics::Metrics,
    occupied::Occupied,
    pace::Pace,
    protocol::{self, ClientMessage, ErrorCode, Refusal, ServerMessage},
    pump::Errand,
    say,
    sessions::{Inbox, Outgoing, Ring, SessionId, Sessions},
    standing::Standing,
};

/// What every session needs of the server.
#[derive(Debug)]
pub struct Context {
    /// The table of connections.
    pub sessions: Arc<Sessions>,
    /// The way to the pump.
    pub pump: mpsc::Sender<Errand>,
    /// Bounds.
    pub limits: Limits,
    /// Where messages are counted.
    pub metrics: Arc<Metrics>,
    /// What was turned away.
    pub counts: Arc<Counts>,
    /// Cancelled when the server is done: connections are closed.
    pub stop: CancellationToken,
}

/// How a connection ends.
#[derive(Debug)]
pub(super) enum End {
    /// It broke; there is nobody left to tell.
    Gone,
    /// The caller closed it; that is answered in kind.
    Left,
    /// We close it, with a code, a reason and, where there is one, a message first.
    Close { code: u16, reason: &'static str, error: Option<Refusal> },
}

impl End {
    pub(super) fn close(code: u16, reason: &'static str, error: Option<Refusal>) -> End {
        End::Close { code, reason, error }
    }
}

/// How long a closing handshake may take; the connection is dropped after it.
const CLOSING: std::time::Duration = std::time::Duration::from_secs(1);

/// The reason given to a connection whose token is taken back.
pub(super) const REVOKED: &str = "the token of this connection was taken back or no longer allows it";

/// The reason given to a connection that sends more than it may.
pub(super) const TOO_FAST: &str = "too fast";

const SECOND: std::time::Duration = std::time::Duration::from_secs(1);

/// Close code of a server that has no room: "try again later".
const TRY_AGAIN_LATER: u16 = 1013;

/// Whose connection it is: what is said on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A caller's telephone.
    Caller,
    /// The desk of a person who works as an agent.
    Agent,
}

/// Serves one connection until it ends.
pub(super) fn run(
    socket: WebSocket,
    role: Role,
    who: (IpAddr, Standing),
    context: Arc<Context>,
) -> impl Future<Output = ()> + Send + 'static {
    // An asynchronous function keeps room for what it is given besides that for what it makes of it; this is so much that a
    // call should have it once.
    let socket = Box::new(socket);
    serve(socket, role, who, context)
}

async fn serve(mut socket: Box<WebSocket>, role: Role, (peer, standing): (IpAddr, Standing), context: Arc<Context>) {
    let Some(inbox) = context.sessions.open() else {
        context.counts.turn_away(TurnedAway::Sessions);
        let help = "try again later";
        let busy = Refusal::new(ErrorCode::Busy, "the centre has no room for another connection", help);
        let end = End::close(TRY_AGAIN_LATER, "busy", Some(busy));
        return Box::pin(close(*socket, end, context.limits.write_timeout.to_std())).await;
    };
    let id = inbox.id;
    tracing::debug!(session = %id, "connected");
    let place = Place { session: id, context: context.clone() };
    let end = Session::new(inbox, role, (peer, standing), context.clone()).serve(&mut socket).await;
    tracing::debug!(session = %id, end = end.describe(), "disconnected");
    end.blame().into_iter().for_each(|why| context.counts.turn_away(why));
    drop(place);
    // The pump may be gone already when the server stops; then there is no call left to end.
    let left = if end.is_revoked() { Errand::Revoked { session: id } } else { Errand::Left { session: id } };
    // A pump that is held up keeps no connection open.
    let closing = async move {
        let (_, ()) = tokio::join!(context.pump.send(left), close(*socket, end, context.limits.write_timeout.to_std()));
    };
    Box::pin(closing).await;
}

/// A connection's place in the table. Given up when it ends, and also when serving it fails, so that no call is left
/// without anybody who could end it.
struct Place {
    session: SessionId,
    context: Arc<Context>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.context.sessions.close(self.session);
        if !std::thread::panicking() {
            return;
        }
        tracing::error!(session = %self.session, "a fault of this program ended a connection; please report it");
        let (pump, session) = (self.context.pump.clone(), self.session);
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move { pump.send(Errand::Failed { session }).await });
        }
    }
}

impl End {
    /// Whose doing it is, when it is the caller's.
    fn blame(&self) -> Option<TurnedAway> {
        let End::Close { code, reason, .. } = self else { return None };
        match (*code, *reason) {
            (close_code::POLICY, REVOKED) => None,
            (close_code::POLICY, TOO_FAST) => Some(TurnedAway::TooFast),
            (close_code::POLICY, _) => Some(TurnedAway::TooSlow),
            (close_code::PROTOCOL | close_code::INVALID | close_code::SIZE | close_code::UNSUPPORTED, _) => {
                Some(TurnedAway::Protocol)
            }
            _ => None,
        }
    }

    fn is_revoked(&self) -> bool {
        matches!(self, End::Close { reason: REVOKED, .. })
    }

    fn describe(&self) -> &'static str {
        match self {
            End::Gone => "gone",
            End::Left => "left",
            End::Close { reason, .. } => reason,
        }
    }
}

/// Says why, closes, and waits a moment for the other side to close too.
pub(super) async fn close(mut socket: WebSocket, end: End, patience: std::time::Duration) {
    // Reading on sends the answer to a closing frame, and waits for the other side to hang up.
    let (code, reason, error) = match end {
        End::Close { code, reason, error } => (code, reason, error),
        End::Left => {
            let answered = async { while let Some(Ok(_)) = socket.recv().await {} };
            let _ = tokio::time::timeout(CLOSING, answered).await;
            return;
        }
        End::Gone => return,
    };
    let oversize = code == close_code::SIZE;
    let farewell = async {
        if let Some(refusal) = error {
            socket.send(encode(&ServerMessage::from(refusal))).await?;
        }
        socket.send(Message::Close(Some(CloseFrame { code, reason: reason.into() }))).await
    };
    let told = tokio::time::timeout(patience.min(CLOSING), farewell).await;
    // After an oversize frame nothing more is read: its payload would be taken in after all.
    if matches!(told, Ok(Ok(()))) && !oversize {
        let answered = async { while let Some(Ok(_)) = socket.recv().await {} };
        let _ = tokio::time::timeout(CLOSING, answered).await;
    }
}

fn encode(message: &ServerMessage) -> Message {
    // Serialising a closed enum of texts and numbers cannot fail.
    Message::Text(serde_json::to_string(message).unwrap_or_default().into())
}

struct Session {
    inbox: Inbox,
    role: Role,
    standing: Standing,
    /// When it was first seen that it is to close.
    closing_since: OnceLock<Wall>,
    context: Arc<Context>,
    /// There is a call, or a call back is still to come: silence is no reason to close.
    occupied: Occupied,
    /// She is logged in at a desk, where she may be silent.
    on_duty: bool,
    /// It asked to be the telephone of a number, which may never ring.
    attends: bool,
    /// When she dialled, until she has heard the first prompt.
    dialled: Option<Wall>,
    /// When the caller last said something.
    spoke: Wall,
    /// When anything last came in, even the answer to a ping.
    alive: Wall,
    /// When to ask next whether the connection lives.
    ask_at: Wall,
    /// Until when the first ping must have been answered; `None` once it has been.
    proof_by: Option<Wall>,
    /// The address she counts for.
    address: Option<IpAddr>,
    /// When the next message may come, and the next ping, at a steady pace.
    message_due: Wall,
    ping_due: Wall,
}

impl Session {
    fn new(inbox: Inbox, role: Role, (peer, standing): (IpAddr, Standing), context: Arc<Context>) -> Session {
        let now = clock::wall();
        let limits = &context.limits;
        Session {
            occupied: Occupied::default(),
            on_duty: false,
            attends: false,
            dialled: None,
            spoke: now,
            alive: now,
            ask_at: now + limits.keepalive.to_std(),
            proof_by: Some(now + limits.handshake.to_std()),
            address: counted(peer, limits.limit_loopback),
            message_due: now,
            ping_due: now,
            inbox,
            role,
            standing,
            closing_since: OnceLock::new(),
            context,
        }
    }

    async fn serve(&mut self, socket: &mut WebSocket) -> End {
        // Whoever reads answers it. A connection that only ever sends would otherwise keep what it is sent for long.
        if let Err(end) = Box::pin(self.write(socket, Message::Ping(Bytes::new()))).await {
            return end;
        }
        let Standing(stop) = self.standing.clone();
        // Both are kept from message to message: beginning to wait for them costs more than most messages.
        let (mut stopped, mut alarm) = (pin!(stop.cancelled()), pin!(tokio::time::sleep_until(self.next_check())));
        loop {
            // An alarm that is too early finds nothing to do and is set anew then.
            let next = self.next_check();
            if next < alarm.deadline() {
                alarm.as_mut().reset(next);
            }
            // Most connections only wait most of the time; what serving one of these takes is made when it is needed.
            let step = tokio::select! {
                biased;
                ring = self.inbox.rings() => match ring {
                    Ring::Waiting => Box::pin(self.deliver(socket)).await,
                    Ring::Overflowed => Err(too_slow()),
                },
                // After the outbox, so that what is already said is still sent.
                () = &mut stopped => Err(self.told_to_close()),
                frame = socket.recv() => match frame {
                    Some(frame) => Box::pin(self.frame(socket, frame)).await,
                    None => Err(End::Gone),
                },
                () = &mut alarm => {
                    let checked = Box::pin(self.check(socket)).await;
                    alarm.as_mut().reset(self.next_check());
                    checked
                }
            };
            match step {
                Ok(()) => {}
                // (How a frame that is too large is closed is special.)
                Err(end @ (End::Gone | End::Left | End::Close { code: close_code::SIZE, .. })) => return end,
                // Whatever it stumbles over meanwhile, it is we who end it.
                Err(_) if self.standing.0.is_cancelled() => return self.told_to_close(),
                Err(end) => return end,
            }
        }
    }

    /// Why the connection is not to stay any longer, once it is told to close.
    fn told_to_close(&self) -> End {
        if self.context.stop.is_cancelled() { closing() } else { revoked() }
    }

    /// When its token was taken back and it then had time for what it was about. An orderly end of the server has bounds of its
    /// own.
    async fn overstays(&self) {
        self.standing.0.cancelled().await;
        if self.context.stop.is_cancelled() {
            std::future::pending::<()>().await;
        }
        let until = *self.closing_since.get_or_init(clock::wall) + CLOSING;
        tokio::time::sleep_until(until).await;
    }

    /// When the next thing can be due that no frame announces.
    fn next_check(&self) -> Wall {
        let next = if self.may_be_silent() {
            self.ask_at
        } else {
            self.ask_at.min(self.spoke + self.context.limits.idle.to_std())
        };
        self.proof_by.map_or(next, |proof| proof.min(next))
    }

    fn may_be_silent(&self) -> bool {
        self.attends || self.on_duty || self.occupied.is()
    }

    async fn check(&mut self, socket: &mut WebSocket) -> Result<(), End> {
        let (now, limits) = (clock::wall(), &self.context.limits);
        if self.proof_by.is_some_and(|proof| now >= proof) {
            return Err(too_slow());
        }
        let silent = !self.may_be_silent() && now >= self.spoke + limits.idle.to_std();
        if silent || now >= self.alive + limits.keepalive.to_std() * 3 {
            let message = "nothing was heard for too long";
            let help = "connect again when there is something to say; `ping` keeps a connection open";
            let idle = Refusal::new(ErrorCode::Idle, message, help);
            return Err(End::close(close_code::NORMAL, "idle", Some(idle)));
        }
        if now >= self.ask_at {
            self.ask_at = now + limits.keepalive.to_std();
            return self.write(socket, Message::Ping(Bytes::new())).await;
        }
        Ok(())
    }

    async fn frame(&mut self, socket: &mut WebSocket, frame: Result<Message, axum::Error>) -> Result<(), End> {
        self.alive = clock::wall();
        match frame {
            Ok(Message::Text(text)) => {
                self.spoke = self.alive;
                self.pace()?;
                self.context.metrics.heard();
                match self.read(&text) {
                    Ok(Some(errand)) => {
                        if let Errand::Dial { .. } = errand {
                            self.dialled = Some(self.alive);
                        }
                        tokio::select! {
                            biased;
                            sent = self.context.pump.send(errand) => sent.map_err(|_| closing()),
                            () = self.overstays() => Err(self.told_to_close()),
                        }
                    }
                    Ok(None) => self.write(socket, encode(&ServerMessage::Pong {})).await,
                    Err(refusal) => self.write(socket, encode(&refusal.into())).await,
                }
            }
            Ok(Message::Binary(_)) => {
                let help = "send each message as a text frame of JSON";
                let refusal = Refusal::new(ErrorCode::NotText, "binary frames are not understood", help);
                Err(End::close(close_code::UNSUPPORTED, "text frames only", Some(refusal)))
            }
            Ok(Message::Ping(_)) => self.pace_ping(),
            Ok(Message::Pong(_)) => {
                self.proof_by = None;
                self.pace_ping()
            }
            Ok(Message::Close(_)) => Err(End::Left),
            Err(error) => Err(broken(error)),
        }
    }

    /// What a text asks of the pump; `None` for a ping. `pong` and `error` are the same on every socket.
    fn read(&self, text: &str) -> Result<Option<Errand>, Refusal> {
        match self.role {
            Role::Caller => ClientMessage::read(text).and_then(|message| self.errand(message)),
            Role::Agent => AgentMessage::read(text).map(|message| match message {
                AgentMessage::Ping {} => None,
                message => Some(Errand::Desk { session: self.inbox.id, message }),
            }),
        }
    }

    /// What a message asks of the pump; `None` for a ping, which is answered here.
    fn errand(&self, message: ClientMessage) -> Result<Option<Errand>, Refusal> {
        let session = self.inbox.id;
        Ok(Some(match message {
            ClientMessage::Dial { from, language } => {
                let from = from.as_deref().map(protocol::read_number).transpose()?;
                Errand::Dial { session, from, language, address: self.address, sent: self.alive }
            }
            ClientMessage::Digits { keys } => Errand::Keys { session, keys: protocol::read_keys(&keys)? },
            ClientMessage::Hangup {} => Errand::HangUp { session },
            ClientMessage::Answer {} => Errand::Answer { session },
            ClientMessage::Attend { from } => Errand::Attend { session, from: protocol::read_number(&from)? },
            ClientMessage::Ping {} => return Ok(None),
        }))
    }

    /// One more message has come.
    fn pace(&mut self) -> Result<(), End> {
        let most = self.context.limits.messages_per_second;
        let pace = Pace::new(most.saturating_mul(2), most, SECOND);
        if pace.pass(&mut self.message_due, self.alive) { Ok(()) } else { Err(too_fast()) }
    }

    /// One more ping of the websocket has come, or the answer to one.
    fn pace_ping(&mut self) -> Result<(), End> {
        if ping_pace(&self.context.limits).pass(&mut self.ping_due, self.alive) { Ok(()) } else { Err(too_fast()) }
    }

    /// Sends all that waits in the outbox, in as few packets as it fits in.
    async fn deliver(&mut self, socket: &mut WebSocket) -> Result<(), End> {
        let mut heard = None;
        while let Some(outgoing) = self.inbox.take() {
            let message = match outgoing {
                Outgoing::Message(message) => message,
                Outgoing::Say { script, play, now } => say::prompt(&script, &play, now),
                Outgoing::ToDesk(message) => {
                    self.feed_to_desk(socket, &message).await?;
                    continue;
                }
            };
            self.occupied.note(&message);
            match &message {
                ServerMessage::Attending { .. } => self.attends = true,
                ServerMessage::Prompt { .. } => heard = self.dialled.take().or(heard),
                ServerMessage::Ended { .. } => self.spoke = clock::wall(),
                _ => {}
            }
            self.context.metrics.said();
            self.in_time(socket.feed(encode(&message))).await?;
        }
        self.in_time(socket.flush()).await?;
        if let Some(dialled) = heard {
            self.context.metrics.first_prompt(clock::since(dialled));
        }
        Ok(())
    }

    /// Puts a message to an agent's desk among those that leave with the next flush.
    async fn feed_to_desk(&mut self, socket: &mut WebSocket, message: &DeskMessage) -> Result<(), End> {
        match message {
            DeskMessage::LoggedIn { .. } => self.on_duty = true,
            DeskMessage::LoggedOut { .. } => {
                self.on_duty = false;
                self.spoke = clock::wall();
            }
            _ => {}
        }
        // Serialising a closed enum of texts and numbers cannot fail.
        let text = serde_json::to_string(message).unwrap_or_default();
        self.context.metrics.said();
        self.in_time(socket.feed(Message::Text(text.into()))).await
    }

    async fn write(&mut self, socket: &mut WebSocket, message: Message) -> Result<(), End> {
        if let Message::Text(_) = &message {
            self.context.metrics.said();
        }
        self.in_time(socket.send(message)).await
    }

    /// Bounds how long the other side may take to make room. Mostly there is room, and nothing has to be waited for.
    async fn in_time(&self, sent: impl Future<Output = Result<(), axum::Error>>) -> Result<(), End> {
        tokio::select! {
            biased;
            sent = sent => sent.map_err(|_| End::Gone),
            () = self.inbox.overflows() => Err(too_slow()),
            () = self.overstays() => Err(self.told_to_close()),
            () = tokio::time::sleep(self.context.limits.write_timeout.to_std()) => Err(too_slow()),
        }
    }
}

/// How often pings of the websocket, and the answers to ours, may come.
pub(super) fn ping_pace(limits: &Limits) -> Pace {
    let most = limits.messages_per_second.saturating_mul(20);
    Pace::new(most.saturating_mul(2), most, SECOND)
}

fn too_slow() -> End {
    let help = "read what is sent as it comes";
    let refusal = Refusal::new(ErrorCode::TooSlow, "what is sent is not read fast enough", help);
    End::close(close_code::POLICY, "too slow", Some(refusal))
}

fn too_fast() -> End {
    let help = "send fewer messages a second; the keys of an entry fit into one";
    let refusal = Refusal::new(ErrorCode::TooFast, "more messages a second than the centre takes", help);
    End::close(close_code::POLICY, TOO_FAST, Some(refusal))
}

fn revoked() -> End {
    End::close(close_code::POLICY, REVOKED, None)
}

fn closing() -> End {
    End::close(close_code::AWAY, "closing", None)
}

/// How a connection ends whose frames cannot be read.
pub(super) fn broken(error: axum::Error) -> End {
    use tungstenite::Error;
    match error.into_inner().downcast_ref::<Error>() {
        Some(Error::Capacity(_)) => {
            let message = "the frame is larger than 65536 bytes";
            let refusal = Refusal::new(ErrorCode::TooLarge, message, "send smaller messages");
            End::close(close_code::SIZE, "frame too large", Some(refusal))
        }
        Some(Error::Utf8(_)) => End::close(close_code::INVALID, "text is not UTF-8", None),
        // The connection broke off; that is no breach of the protocol but the end of a line.
        Some(Error::Protocol(tungstenite::error::ProtocolError::ResetWithoutClosingHandshake)) => End::Gone,
        Some(Error::Protocol(_)) => End::close(close_code::PROTOCOL, "not the websocket protocol", None),
        _ => End::Gone,
    }
}
