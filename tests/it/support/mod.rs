//! What several test modules share.

pub mod busy;
pub mod centre;
pub mod day;
pub mod http;
pub mod lines;
pub mod moves;
pub mod openmetrics;
pub mod rig;
pub mod story;
pub mod watch;
pub mod wire;
