//! The routes of those who watch a server: probes, figures, records, refusals, the event feed.

use std::{path::PathBuf, sync::Arc};

use axum::{
    Extension, Router,
    extract::{State, ws::WebSocketUpgrade},
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse, Response},
    routing::get,
};
use tokio::sync::Semaphore;

use super::{
    MAX_FRAME,
    config::Limits,
    events::{self, message::SUBPROTOCOL},
    metrics, probes, records_api,
    routes::Shared,
    standing::Standing,
    subprotocol::speaks,
};

/// So many may read records at once.
pub(super) const READERS: usize = 4;

/// What the routes of this file need.
#[derive(Debug)]
pub(super) struct Supervision {
    /// What a scrape is read from.
    pub(super) sources: metrics::Sources,
    /// The folder of the records.
    pub(super) records: PathBuf,
    /// The number of this run in them.
    pub(super) run: i64,
    /// Bounds.
    pub(super) limits: Limits,
    /// How many may read records at once: each takes a thread, and the writer's disk.
    pub(super) readers: Semaphore,
    /// Places for listeners of the event feed.
    pub(super) places: Arc<Semaphore>,
}

/// The routes; who may ask stands in [`super::routes::ROUTES`].
pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/live", get(probes::live))
        .route("/ready", get(ready))
        .route("/metrics", get(figures))
        .route("/records", get(records))
        .route("/refusals", get(refusals))
        .route("/events", get(feed))
}

async fn ready(State(shared): State<Shared>) -> Response {
    probes::ready(&shared.pulse.read(), shared.context.pump.is_closed())
}

async fn figures(State(shared): State<Shared>) -> Response {
    metrics::serve(&shared.supervision.sources, shared.supervision.listeners()).await
}

async fn records(State(shared): State<Shared>, uri: Uri) -> Response {
    let Supervision { records, run, readers, .. } = &*shared.supervision;
    // Never closed; who comes later waits for her turn.
    let _turn = readers.acquire().await;
    records_api::answer(&uri, *run, records.clone(), records_api::records).await
}

async fn refusals(State(shared): State<Shared>, uri: Uri) -> Response {
    let Supervision { records, run, readers, .. } = &*shared.supervision;
    // Never closed; who comes later waits for her turn.
    let _turn = readers.acquire().await;
    records_api::answer(&uri, *run, records.clone(), records_api::refusals).await
}

async fn feed(
    State(shared): State<Shared>,
    Extension(Standing(standing)): Extension<Standing>,
    of: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    if !speaks(&of, SUBPROTOCOL) {
        let why = format!("the event feed speaks the websocket subprotocol {SUBPROTOCOL}; offer it, or none\n");
        return (StatusCode::BAD_REQUEST, why).into_response();
    }
    let Supervision { limits, places, .. } = &*shared.supervision;
    let Ok(place) = places.clone().try_acquire_owned() else {
        let why = format!("{} listeners are connected, the most limits.max_listeners allows\n", limits.max_listeners);
        return (StatusCode::SERVICE_UNAVAILABLE, why).into_response();
    };
    let line = events::Line {
        pump: shared.context.pump.clone(),
        limits: limits.clone(),
        stop: shared.context.stop.clone(),
        standing,
        place,
    };
    upgrade
        .protocols([SUBPROTOCOL])
        .read_buffer_size(4_096)
        .write_buffer_size(0)
        .max_message_size(MAX_FRAME)
        .max_frame_size(MAX_FRAME)
        .on_upgrade(move |socket| shared.tracker.track_future(events::serve(socket, line)))
}

impl Supervision {
    /// How many listen to the event feed.
    pub(super) fn listeners(&self) -> usize {
        self.limits.max_listeners - self.places.available_permits()
    }
}
