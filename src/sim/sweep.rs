//! A grid of settings: the same callers at every point.
//!
//! All points go forward together, one replication each in turn, so that a sweep that is cut short has something to say of
//! every point.

use std::{ops::ControlFlow, sync::atomic::AtomicBool};

use serde::Serialize;

use super::{
    axis::Axis,
    crew,
    gather::Cell,
    replicate::{self, Keep, Options, Progress, SimError},
    summary::{Found, Warning},
    warn::few,
};
use crate::scenario::{Scenario, Stage};

/// A point of a grid.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Point {
    /// One value an axis.
    pub at: Vec<String>,
    /// Replications summed up.
    pub replications: u32,
    /// The main measures.
    pub measures: Vec<Found>,
}

/// What a sweep found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Sweep {
    /// The scenario's name.
    pub scenario: String,
    /// The seed of all points.
    pub seed: u64,
    /// Replications a point that were asked for; each point says how many it had.
    pub replications: u32,
    /// The axes.
    pub axes: Vec<Axis>,
    /// The points, the last axis varying fastest.
    pub points: Vec<Point>,
    /// The run was cut short: points have fewer replications.
    pub partial: bool,
    /// What to heed.
    pub warnings: Vec<Warning>,
}

/// The points of a grid, the last axis varying fastest: one value an axis.
pub fn grid(axes: &[Axis]) -> Vec<Vec<String>> {
    axes.iter().fold(vec![Vec::new()], |points, axis| {
        let with = |point: &Vec<String>| {
            let point = point.clone();
            axis.values.iter().map(move |value| point.iter().cloned().chain([value.clone()]).collect())
        };
        points.iter().flat_map(with).collect()
    })
}

/// Runs the scenario of every point of the [`grid`] of `axes`, in its order, with the same seed; with a precision the most
/// replications it allows. See [`replicate::replicate`] for `cancel` and `progress`.
///
/// # Errors
/// This program has a fault.
pub fn sweep(
    axes: Vec<Axis>,
    scenarios: &[Scenario],
    options: &Options,
    cancel: &AtomicBool,
    progress: &mut dyn FnMut(Progress),
) -> Result<Sweep, SimError> {
    let stages = stages(scenarios);
    let points = u32::try_from(scenarios.len()).unwrap_or(u32::MAX).max(1);
    let asked = scenarios.first().map_or(0, |first| options.most(first));
    let total = if scenarios.is_empty() { 0 } else { asked.saturating_mul(points) };
    let mut cells = vec![(0, Cell::main()); scenarios.len()];
    let (mut done, mut calls) = (0, 0);
    let of = |index: u32| (index % points) as usize;
    let work = |index: u32| {
        let scenario = &scenarios[of(index)];
        let seed = options.seed_of(scenario, index / points);
        replicate::one(scenario, &stages[of(index)], seed, Keep::default(), cancel)
    };
    let take = |index, one: replicate::Replication| {
        let (replications, cell) = &mut cells[of(index)];
        *replications += 1;
        one.parts.iter().for_each(|part| cell.add(&part.total()));
        done += 1;
        calls += one.calls;
        progress(Progress { done, total, too_wide: None, calls });
        ControlFlow::Continue(())
    };
    crew::in_order(options.threads, total, cancel, work, take)
        .map_err(|panicked| failed(scenarios, options, panicked, points))?;
    let grid = grid(&axes);
    let point =
        |(at, (replications, cell)): (Vec<String>, (u32, Cell))| Point { at, replications, measures: cell.found() };
    let points: Vec<Point> = grid.into_iter().zip(cells).map(point).collect();
    Ok(Sweep {
        scenario: scenarios.first().map_or_else(String::new, |first| first.name.to_string()),
        seed: scenarios.first().map_or(0, |first| options.seed_of(first, 0).seed),
        replications: asked,
        axes,
        warnings: said(scenarios, &points).into_iter().chain(warnings(&points)).collect(),
        points,
        partial: done < total,
    })
}

/// The stages, each registry generated once.
fn stages(scenarios: &[Scenario]) -> Vec<Stage> {
    let mut stages: Vec<Stage> = Vec::with_capacity(scenarios.len());
    for (i, scenario) in scenarios.iter().enumerate() {
        let same = scenarios[..i].iter().position(|before| before.registry == scenario.registry);
        let stage = same.map_or_else(|| Stage::of(scenario), |same| stages[same].clone());
        stages.push(stage);
    }
    stages
}

/// A panic, told with the scenario and the replication it was in.
fn failed(scenarios: &[Scenario], options: &Options, panicked: crew::Panicked, points: u32) -> SimError {
    let index = panicked.index;
    let panicked = crew::Panicked { index: index / points, ..panicked };
    SimError::panicked(&scenarios[(index % points) as usize], options, panicked)
}

/// What the scenarios of the points say of themselves, each sentence once, with the first point it holds at.
fn said(scenarios: &[Scenario], points: &[Point]) -> Vec<Warning> {
    let mut told: Vec<(&str, &Point, usize)> = Vec::new();
    for (scenario, point) in scenarios.iter().zip(points) {
        for text in &scenario.warnings {
            match told.iter_mut().find(|(known, ..)| known == text) {
                Some((.., count)) => *count += 1,
                None => told.push((text, point, 1)),
            }
        }
    }
    let say = |(text, point, count): (&str, &Point, usize)| {
        let text = format!("{text} (at {count} of {} points, the first at {})", points.len(), point.at.join(", "));
        Warning { code: "scenario", text }
    };
    told.into_iter().map(say).collect()
}

fn warnings(points: &[Point]) -> Vec<Warning> {
    let mut told = Vec::new();
    if points.iter().any(|point| point.replications == 0) {
        let text = "some points have no replication that was finished; let it run longer".to_owned();
        told.push(Warning { code: "nothing", text });
    } else if points.iter().any(|point| point.measures.iter().all(|found| found.estimate.low.is_none())) {
        let text = "points of a single replication have no intervals; run with --replications 10 or more".to_owned();
        told.push(Warning { code: "no-interval", text });
    } else if points
        .iter()
        .all(|point| point.measures.iter().all(|found| found.estimate.n == u64::from(point.replications)))
    {
        // Not batches, which are more.
        told.extend(points.iter().map(|point| point.replications).min().and_then(few));
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_axis_varies_fastest() {
        let axes = ["a=1..2", "b=x,y"].map(|text| text.parse::<Axis>().expect("an axis"));
        assert_eq!(grid(&axes), [["1", "x"], ["1", "y"], ["2", "x"], ["2", "y"]]);
        assert_eq!(grid(&[]), [Vec::<String>::new()]);
    }
}
