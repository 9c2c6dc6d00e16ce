//! The tests of what users rely on: one binary, a module per subject.

mod callers;
mod client;
mod collector;
mod corners;
mod default_centre;
mod demand;
mod dialogues;
mod every_order;
mod laws;
mod live;
mod logs;
mod measures;
mod privacy;
mod protocol;
mod registry;
mod routing;
mod scenario;
mod script;
mod services;
mod support;
mod theory;
mod theory_engine;
mod theory_staff;
mod tidy;
mod two_clocks;
mod world;
