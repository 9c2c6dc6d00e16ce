//! Estimates with confidence intervals. Imports nothing of the crate.
