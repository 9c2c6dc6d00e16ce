//! The tests of what users rely on: one binary, a module per subject.

mod access;
mod callers;
mod client;
mod collector;
mod corners;
mod default_centre;
mod demand;
mod dialogues;
#[cfg(target_os = "linux")]
mod durable;
mod every_order;
mod golden_traces;
mod incidents;
mod laws;
mod live;
mod logs;
mod measures;
mod planner_edges;
mod privacy;
mod protocol;
mod registry;
mod routing;
mod scenario;
mod script;
mod services;
mod simulate;
mod support;
mod theory;
mod theory_engine;
mod theory_staff;
mod theory_staff_scenario;
mod tidy;
mod two_clocks;
mod two_clocks_scenario;
mod world;
