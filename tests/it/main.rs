//! The tests of what users rely on: one binary, a module per subject.

mod registry;
mod script;
mod services;
mod support;
