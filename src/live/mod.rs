//! Driver 2: the centre against the wall clock, on tokio.

pub mod protocol;
