//! The settings file: from text to each room's own `Config`, with every mistake reported at once.
//!
//! May import the `Config` of each room, and `script::diagnostic` for reports. What never enters: the rooms' work.
//! `config/hatif.toml` in the sources is the list of settings, their defaults and their reasons; a test holds it to the
//! defaults of the types.

pub mod help;
pub mod log;
mod read;
mod settings;

pub use log::{LogFormat, LogSettings};
pub use settings::{DEFAULTS, Hosting, Problems, Settings, known, load, parse};
