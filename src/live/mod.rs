//! Driver 2: the centre against the wall clock, on tokio.
//!
//! ```text
//!  socket ─► listener ─► session ─(bounded)─► pump ─► world          journal ◄─┐
//!  socket ◄───────────── session ◄─(outbox)── pump ◄─ world ─► records, taps ──┘
//!                                               ▲        │
//!                     durable: `ended` may go ──┘     store (own thread, SQLite)
//! ```
//!
//! One task, the pump, owns the world and paces it; it alone stamps inputs. A session reads and writes one socket and knows
//! no turns. The store acknowledges each call record once it is on the disk, and only then is `ended` said. Room for room:
//! a slow caller fills her own outbox and is let go, a slow disk holds up the pump, a fast caller waits for the pump.
//!
//! May import `world`, `record`, `journal`, `registry`, `script`, and `engine` for inputs, commands and facts. What never
//! enters: rules of calls, queues or menus; `sim`.

pub mod admission;
pub mod agents;
mod assembly;
pub mod attend;
mod beginning;
mod book;
#[cfg(test)]
mod calling_back;
pub mod clock;
pub mod config;
mod connections;
pub mod counts;
pub mod docs;
mod echo;
mod ending;
mod entrance;
pub mod events;
#[cfg(test)]
mod faults;
pub mod guard;
pub mod health;
pub mod hosting;
pub mod listener;
pub mod metrics;
mod occupied;
mod onlookers;
mod openapi;
mod pace;
mod probes;
pub mod protocol;
pub mod pump;
pub mod recorder;
pub mod records_api;
mod refusals;
pub mod reload;
mod rescue;
mod routes;
pub mod row;
pub mod say;
pub mod server;
pub mod session;
pub mod sessions;
pub mod shutdown;
mod standing;
pub mod store;
mod subprotocol;
mod supervision;
mod tell;
pub mod tls;
pub mod tokens;
mod trail;

pub use config::{Config, Journal, Limits, MAX_FRAME, Records, Security, ShowCodes, StartAt, TlsFiles};
pub use routes::ROUTES;
pub use server::{Facts, RunningServer, Server, StartError, StopError};
