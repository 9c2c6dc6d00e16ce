//! The tests of what users rely on: one binary, a module per subject.

mod default_centre;
mod registry;
mod script;
mod support;
