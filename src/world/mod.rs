//! world

pub mod services;
