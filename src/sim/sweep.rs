//! A grid of settings: the same callers at every point.

use serde::Serialize;

use super::summary::Found;

/// The most points of a sweep.
pub const MOST_POINTS: usize = 1_000;

/// A setting and the values it takes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Axis {
    /// The key, as `--set` takes it.
    pub key: String,
    /// The values, in order.
    pub values: Vec<String>,
}

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
