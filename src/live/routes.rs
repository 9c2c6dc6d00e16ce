//! The three things one can ask of the server over HTTP: a call, its health, a reload.

use std::{net::SocketAddr, sync::Arc};

use axum::{
    Json, Router,
    extract::{ConnectInfo, State, connect_info::Connected, ws::WebSocketUpgrade},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
    serve::{IncomingStream, Listener},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    MAX_FRAME,
    health::{Health, Pulse},
    listener::Gate,
    protocol::SUBPROTOCOL,
    reload::{Reloaded, Reloader},
    session,
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
}

/// Serves whoever comes through the door, until `closing`.
pub(super) async fn serve<L>(door: L, shared: Shared, closing: CancellationToken) -> std::io::Result<()>
where
    L: Listener<Addr = SocketAddr>,
{
    let router = Router::new()
        .route("/call", get(call))
        .route("/health", get(health))
        .route("/reload", post(reload))
        .merge(supervision::routes())
        .fallback(elsewhere)
        .with_state(shared)
        .into_make_service_with_connect_info::<Peer>();
    axum::serve(Gate(door), router).with_graceful_shutdown(closing.cancelled_owned()).await
}

/// Who connected.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer(pub(super) SocketAddr);

impl<L: Listener<Addr = SocketAddr>> Connected<IncomingStream<'_, Gate<L>>> for Peer {
    fn connect_info(stream: IncomingStream<'_, Gate<L>>) -> Peer {
        Peer(*stream.remote_addr())
    }
}

async fn call(State(shared): State<Shared>, headers: HeaderMap, upgrade: WebSocketUpgrade) -> Response {
    let Shared { context, tracker, .. } = shared;
    if let Some(offered) = headers.get(header::SEC_WEBSOCKET_PROTOCOL) {
        let mut names = offered.to_str().unwrap_or_default().split(',').map(str::trim);
        if !names.any(|name| name == SUBPROTOCOL) {
            let why = format!("this centre speaks the websocket subprotocol {SUBPROTOCOL}; offer it, or none\n");
            return (StatusCode::BAD_REQUEST, why).into_response();
        }
    }
    upgrade
        .protocols([SUBPROTOCOL])
        .read_buffer_size(4_096)
        .write_buffer_size(0)
        .max_message_size(MAX_FRAME)
        .max_frame_size(MAX_FRAME)
        .on_upgrade(move |socket| tracker.track_future(session::run(socket, context)))
}

/// Whoever asks for anything else is told what there is.
async fn elsewhere() -> Response {
    let what = format!(
        "Hatif, a contact centre. Dial it by websocket at /call (subprotocol {SUBPROTOCOL}), for example with `hatif call`; \
         GET /health tells how it is, POST /reload reads its menus again.\n"
    );
    (StatusCode::NOT_FOUND, what).into_response()
}

async fn health(State(shared): State<Shared>) -> Json<Health> {
    Json(shared.pulse.read())
}

async fn reload(State(shared): State<Shared>, ConnectInfo(peer): ConnectInfo<Peer>, headers: HeaderMap) -> Response {
    // Publishing is the operator's: only from this machine, and not by a page that a browser on it happens to show.
    if !peer.0.ip().is_loopback() || headers.contains_key(header::ORIGIN) {
        let why = "only a program on the server's own machine may reload\n";
        return (StatusCode::FORBIDDEN, why).into_response();
    }
    let reloaded = shared.reloader.reload().await;
    let status = match reloaded {
        Reloaded::Published { .. } | Reloaded::Unchanged { .. } => StatusCode::OK,
        Reloaded::Refused { .. } => StatusCode::UNPROCESSABLE_ENTITY,
        Reloaded::NoFolder => StatusCode::CONFLICT,
        Reloaded::Closing => StatusCode::SERVICE_UNAVAILABLE,
    };
    (status, Json(reloaded)).into_response()
}
