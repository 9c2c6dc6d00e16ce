//! What one can ask of the server over HTTP. Every route but the open ones asks the guard first.

use std::{net::SocketAddr, sync::Arc};

use axum::{
    Json, Router,
    extract::{ConnectInfo, Request, State, connect_info::Connected, ws::WebSocketUpgrade},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
    serve::{IncomingStream, Listener},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    MAX_FRAME, agents, echo,
    guard::{Guard, Scope},
    health::{Health, Pulse},
    listener::Gate,
    protocol::SUBPROTOCOL,
    reload::{Reloaded, Reloader},
    session::{self, Role},
    subprotocol::speaks,
    supervision::{self, Supervision},
};

/// What the routes need.
#[derive(Clone, Debug)]
pub(super) struct Shared {
    pub(super) context: Arc<session::Context>,
    pub(super) reloader: Arc<Reloader>,
    pub(super) pulse: Arc<Pulse>,
    pub(super) tracker: TaskTracker,
    pub(super) supervision: Arc<Supervision>,
    pub(super) guard: Arc<Guard>,
}

/// Every route, and the scope it needs; `None`: open to everybody. What is not in this table is not served.
pub const ROUTES: [(&str, Option<Scope>); 11] = [
    ("/call", Some(Scope::Call)),
    ("/agent", Some(Scope::Agent)),
    ("/echo", Some(Scope::Call)),
    ("/health", Some(Scope::Watch)),
    ("/reload", Some(Scope::Operate)),
    ("/live", None),
    ("/ready", None),
    ("/metrics", Some(Scope::Watch)),
    ("/records", Some(Scope::Watch)),
    ("/refusals", Some(Scope::Watch)),
    ("/events", Some(Scope::Watch)),
];

/// Asks the guard, by the table of routes, before anything else is done.
async fn guarded(
    State(shared): State<Shared>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    request: Request,
    next: Next,
) -> Response {
    let Some((_, scope)) = ROUTES.iter().find(|(path, _)| *path == request.uri().path()) else {
        return elsewhere();
    };
    if let Some(scope) = scope
        && let Err(denial) = shared.guard.authorise(request.headers(), peer.0, *scope)
    {
        return denial.into_response();
    }
    next.run(request).await
}

/// One request a connection: what asks again connects again, and nobody keeps a place for nothing.
async fn closing(mut response: Response) -> Response {
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// Serves whoever comes through the door, until `stop`.
pub(super) async fn serve<L>(
    door: Gate<L>,
    shared: Shared,
    with_echo: bool,
    stop: CancellationToken,
) -> std::io::Result<()>
where
    L: Listener<Addr = SocketAddr>,
{
    let echoing = if with_echo { Router::new().route("/echo", get(echo)) } else { Router::new() };
    let router = Router::new()
        .route("/call", get(call))
        .route("/agent", get(agent))
        .route("/health", get(health))
        .route("/reload", post(reload))
        .merge(supervision::routes())
        .merge(echoing)
        .fallback(async || elsewhere())
        .layer(middleware::from_fn_with_state(shared.clone(), guarded))
        .layer(middleware::map_response(closing))
        .with_state(shared)
        .into_make_service_with_connect_info::<Peer>();
    axum::serve(door, router).with_graceful_shutdown(stop.cancelled_owned()).await
}

/// Who connected.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer(pub(super) SocketAddr);

impl<L: Listener<Addr = SocketAddr>> Connected<IncomingStream<'_, Gate<L>>> for Peer {
    fn connect_info(stream: IncomingStream<'_, Gate<L>>) -> Peer {
        Peer(*stream.remote_addr())
    }
}

async fn call(
    State(shared): State<Shared>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    let Shared { context, tracker, .. } = shared;
    if !speaks(&headers, SUBPROTOCOL) {
        let why = format!("this centre speaks the websocket subprotocol {SUBPROTOCOL}; offer it, or none\n");
        return (StatusCode::BAD_REQUEST, why).into_response();
    }
    sparing(upgrade)
        .protocols([SUBPROTOCOL])
        .on_upgrade(move |socket| tracker.track_future(session::run(socket, Role::Caller, peer.0.ip(), context)))
}

async fn agent(
    State(shared): State<Shared>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    let subprotocol = agents::message::SUBPROTOCOL;
    if !speaks(&headers, subprotocol) {
        let why = format!("an agent speaks the websocket subprotocol {subprotocol}; offer it, or none\n");
        return (StatusCode::BAD_REQUEST, why).into_response();
    }
    let Shared { context, tracker, .. } = shared;
    sparing(upgrade)
        .protocols([subprotocol])
        .on_upgrade(move |socket| tracker.track_future(session::run(socket, Role::Agent, peer.0.ip(), context)))
}

/// So many bytes may wait to be sent together: what is said at the beginning of a call fits, and a prompt with its menu.
const TOGETHER: usize = 1_024;

/// So much is read at once: a caller's message and its head fit.
const MESSAGE: usize = 128;

/// With buffers no larger than a telephone needs (its messages have less than a hundred bytes; a longer one gets the room it
/// needs), and the limits of the protocol.
fn sparing(upgrade: WebSocketUpgrade) -> WebSocketUpgrade {
    upgrade.read_buffer_size(MESSAGE).write_buffer_size(TOGETHER).max_message_size(MAX_FRAME).max_frame_size(MAX_FRAME)
}

async fn echo(State(shared): State<Shared>, upgrade: WebSocketUpgrade) -> Response {
    echo::limits(sparing(upgrade)).on_upgrade(move |socket| shared.tracker.track_future(echo::run(socket)))
}

/// Whoever asks for anything else is told what there is.
fn elsewhere() -> Response {
    let what = format!(
        "Hatif, a contact centre. Dial it by websocket at /call (subprotocol {SUBPROTOCOL}), for example with `hatif call`; \
         GET /live, /ready, /health and /metrics tell how it is, /records and /refusals what was, /events what happens, \
         POST /reload reads its menus again.\n"
    );
    (StatusCode::NOT_FOUND, what).into_response()
}

async fn health(State(shared): State<Shared>) -> Json<Health> {
    Json(shared.pulse.read())
}

async fn reload(State(shared): State<Shared>) -> Response {
    let reloaded = shared.reloader.reload().await;
    let status = match reloaded {
        Reloaded::Published { .. } | Reloaded::Unchanged { .. } => StatusCode::OK,
        Reloaded::Refused { .. } => StatusCode::UNPROCESSABLE_ENTITY,
        Reloaded::NoFolder => StatusCode::CONFLICT,
        Reloaded::Closing => StatusCode::SERVICE_UNAVAILABLE,
    };
    (status, Json(reloaded)).into_response()
}
