//! The tests of what users rely on: one binary, a module per subject.

mod default_centre;
mod registry;
mod routing;
mod script;
mod services;
mod support;
mod tidy;
