//! What several test modules share.

pub mod centre;
pub mod rig;
