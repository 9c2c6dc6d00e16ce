//! The telephone: dials a centre over a websocket, hears, presses keys, hangs up.
//!
//! ```text
//! Link   one connection: frames in and out, mistakes of either side named
//! Phone  what a caller knows from what was said so far: a fold, without sockets or time of its own
//! Call   both together, for programs and tests: dial, press, hear, hang up
//! View   what a terminal shows
//! fetch  one answer over HTTP: health, records, refusals
//! ```
//!
//! ```no_run
//! # async fn f() -> Result<(), hatif::client::CallError> {
//! use hatif::client::{Call, Options};
//! let mut call = Call::dial("ws://127.0.0.1:7700/call", &Options::default()).await?;
//! call.press("1").await?; // waits until the centre awaits keys
//! call.hear("main").await?; // the prompt, or an error that tells what was said instead
//! call.hang_up().await?;
//! println!("{}", call.ended().await?.outcome);
//! # Ok(()) }
//! ```
//!
//! Imports `time` and the types of `live::protocol`. Never enters: the engine, the world, the registry, a clock (whoever
//! needs times passes them in), printing (the terminal view returns text).

mod call;
mod fetch;
mod link;
mod phone;
mod tls;
mod view;

pub(crate) use call::plain;
pub use call::{Call, CallError, Options, Said};
pub use fetch::{FetchError, fetch};
pub use link::{Access, Link, LinkError, Secret, Wiring};
pub use phone::{Ending, Listening, Phone, Place};
pub use tls::AccessError;
pub use view::{Bidi, View, printable, printable_lines};
pub(crate) use view::{json as message_json, line as message_line, masked};
