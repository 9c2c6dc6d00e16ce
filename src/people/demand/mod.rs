//! When calls come, and whose they are.

pub mod rules;
