//! Driver 2: the centre against the wall clock, on tokio.

pub mod clock;
pub mod config;
pub mod listener;
pub mod protocol;
pub mod say;
pub mod sessions;
pub mod store;

pub use config::{Config, Limits, MAX_FRAME, Records, StartAt};
