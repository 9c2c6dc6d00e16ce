//! Who takes part in a run: the callers and agents of a scenario, as plain checked data.

use super::{
    demand::rules::{DemandRules, RedialRules},
    persona::Persona,
    staffing::StaffingRules,
};

/// Callers and agents of a scenario. All names are resolved against the script it was read for.
#[derive(Clone, Debug, PartialEq)]
pub struct Cast {
    /// Who calls, when, and what for.
    pub demand: DemandRules,
    /// The kinds of callers.
    pub personas: Box<[Persona]>,
    /// Who calls again.
    pub redial: RedialRules,
    /// Who works.
    pub staffing: StaffingRules,
}
