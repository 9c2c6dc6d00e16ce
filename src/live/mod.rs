//! Driver 2: the centre against the wall clock, on tokio.

mod book;
pub mod clock;
pub mod config;
pub mod health;
pub mod listener;
pub mod protocol;
pub mod pump;
pub mod reload;
pub mod row;
pub mod say;
pub mod server;
pub mod session;
pub mod sessions;
pub mod shutdown;
pub mod store;
mod tell;

pub use config::{Config, Limits, MAX_FRAME, Records, StartAt};
pub use server::{Facts, RunningServer, Server, StartError, StopError};
