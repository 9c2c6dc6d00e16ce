//! The trail of a call through the log: the span in which every line about a call stands, with the call's id and nothing
//! else of it.

use tracing::Span;

use super::store;
use crate::id::CallId;

/// The span of a call. Of the gravest level, so that no filter that lets a line through leaves out whose it is.
pub(super) fn of(run: i64, call: CallId) -> Span {
    tracing::error_span!("call", id = %store::public_id(run, call))
}
