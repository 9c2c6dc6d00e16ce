//! The routes of those who watch a server: figures, records, refusals, probes.

use std::path::PathBuf;

use axum::{
    Router,
    extract::State,
    http::Uri,
    response::Response,
    routing::get,
};

use super::{metrics, probes, records_api, routes::Shared};

/// What the routes of this file need.
#[derive(Debug)]
pub(super) struct Supervision {
    /// What a scrape is read from.
    pub(super) sources: metrics::Sources,
    /// The folder of the records.
    pub(super) records: PathBuf,
    /// The number of this run in them.
    pub(super) run: i64,
}

/// The routes.
pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/live", get(probes::live))
        .route("/ready", get(ready))
        .route("/metrics", get(figures))
        .route("/records", get(records))
        .route("/refusals", get(refusals))
}

async fn ready(State(shared): State<Shared>) -> Response {
    probes::ready(&shared.pulse.read())
}

async fn figures(State(shared): State<Shared>) -> Response {
    metrics::serve(&shared.supervision.sources).await
}

async fn records(State(shared): State<Shared>, uri: Uri) -> Response {
    let Supervision { records, run, .. } = &*shared.supervision;
    records_api::answer(&uri, *run, records.clone(), records_api::records).await
}

async fn refusals(State(shared): State<Shared>, uri: Uri) -> Response {
    let Supervision { records, run, .. } = &*shared.supervision;
    records_api::answer(&uri, *run, records.clone(), records_api::refusals).await
}
