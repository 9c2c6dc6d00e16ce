//! A grid of settings: the same callers at every point.

use serde::Serialize;

use super::{axis::Axis, summary::Found};

/// A point of a grid.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Point {
    /// One value an axis.
    pub at: Vec<String>,
    /// What was found there.
    pub measures: Vec<Found>,
}

/// What a sweep found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Sweep {
    /// The scenario's name.
    pub scenario: String,
    /// The seed of all points.
    pub seed: u64,
    /// Replications a point.
    pub replications: u32,
    /// The axes.
    pub axes: Vec<Axis>,
    /// The points, the last axis varying fastest.
    pub points: Vec<Point>,
    /// The run was cut short: the last points are missing.
    pub partial: bool,
}
