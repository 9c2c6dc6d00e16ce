//! `GET /live` and `GET /ready`: one word each, for whoever starts servers and sends callers to them.
//!
//! *Live* says that the program answers; what does not is to be started again. *Ready* says whether calls are
//! taken: not while the server ends, and not while records cannot be written. That a cap is reached or the centre is late is no
//! reason to send nobody: each dial is told. Both are open to everybody and say nothing else.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};

use super::health::{Health, State};

/// The answer of `GET /live`.
pub(super) async fn live() -> &'static str {
    "live\n"
}

/// The answer of `GET /ready`: 200 or 503 and a word. `ended`: there is no centre behind the door any more.
pub(super) fn ready(health: &Health, ended: bool) -> Response {
    let (status, word) = match health.status {
        _ if ended => (StatusCode::SERVICE_UNAVAILABLE, "ended\n"),
        State::Ok => (StatusCode::OK, "ready\n"),
        State::Draining => (StatusCode::SERVICE_UNAVAILABLE, "draining\n"),
        State::RecordsFailing => (StatusCode::SERVICE_UNAVAILABLE, "records_failing\n"),
    };
    (status, word).into_response()
}
