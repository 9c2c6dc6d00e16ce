//! The same callers through two designs: what differs, how surely, and for whom.

use serde::Serialize;

use super::summary::{Estimate, Warning};

/// A measure in both designs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// Its name in the catalogue.
    pub name: &'static str,
    /// Its unit.
    pub unit: &'static str,
    /// In the first design.
    pub a: Estimate,
    /// In the second.
    pub b: Estimate,
    /// Second less first, by pairs of replications with the same callers.
    pub difference: Estimate,
}

/// Callers whose calls ended one way in the first design and another in the second.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Moved {
    /// How they ended in the first.
    pub from: String,
    /// How they ended in the second.
    pub to: String,
    /// How many.
    pub calls: u64,
}

/// A node up to which paths are the same, and after which they part.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Parting {
    /// The last node that both entered; empty where they began apart.
    pub node: String,
    /// What came next in the first design.
    pub a: String,
    /// What came next in the second.
    pub b: String,
    /// How many callers whose outcome changed parted here.
    pub calls: u64,
}

/// What two designs do to the same callers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// The first design's name.
    pub a: String,
    /// The second's.
    pub b: String,
    /// The seed of both.
    pub seed: u64,
    /// Pairs of replications.
    pub replications: u32,
    /// The run was cut short.
    pub partial: bool,
    /// The measures.
    pub differences: Vec<Difference>,
    /// Calls made in both designs.
    pub matched: u64,
    /// Calls made in the first alone (who was served in the second does not call again).
    pub only_a: u64,
    /// Calls made in the second alone.
    pub only_b: u64,
    /// Calls that ended otherwise, most frequent first.
    pub moved: Vec<Moved>,
    /// Where their paths part, most frequent first.
    pub partings: Vec<Parting>,
    /// What to heed.
    pub warnings: Vec<Warning>,
}
