//! Hatif: a contact centre that you can dial and that you can fast-forward.

pub mod cli;
pub mod client;
pub mod config;
pub mod dialogue;
pub mod engine;
pub mod id;
pub mod journal;
pub mod live;
pub mod people;
pub mod pii;
pub mod random;
pub mod record;
pub mod registry;
pub mod script;
pub mod sim;
pub mod time;
pub mod world;
