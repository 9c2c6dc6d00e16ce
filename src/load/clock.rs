//! The one place of this room that reads a clock.

use tokio::time::Instant as Wall;

/// The wall clock: what latencies are measured by, and when calls are due.
#[allow(clippy::disallowed_methods, reason = "the one place of this room that reads a clock")]
pub fn wall() -> Wall {
    Wall::now()
}

/// What time it really is, for the head of a report.
#[allow(clippy::disallowed_methods, reason = "the one place of this room that reads a clock")]
pub fn real_time() -> jiff::Timestamp {
    jiff::Timestamp::now()
}
