//! Agents that a formula asks for in each interval of a run, from the calls and handle times the run had.

use crate::{
    scenario::Scenario,
    sim::summary::{Interval, Summary, estimate_of},
    theory::{Formula, Target, Traffic, agents_needed},
};

/// The agents that Erlang A asks for in each of `intervals` (of a run, or of its mean weekday) so that the scenario's target is met (Erlang C where nobody hangs up);
/// nothing where there is no call. The patience is the one the run itself implies: mean wait over abandonment.
pub(super) fn agents(intervals: &[Interval], summary: &Summary, scenario: &Scenario) -> Vec<Option<f64>> {
    let patience = summary.of("wait").and_then(|e| e.value).zip(summary.of("abandonment").and_then(|e| e.value));
    let patience = patience.filter(|&(wait, gone)| wait > 0.0 && gone > 0.0).map(|(wait, gone)| wait / gone);
    let rules = &scenario.measures;
    let target = Target::ServiceLevel { share: rules.target, within: rules.threshold.as_secs_f64() };
    let formula = if patience.is_some() { Formula::A } else { Formula::C };
    let length = rules.interval.as_secs_f64();
    let of = |interval: &Interval| {
        let value = |name| estimate_of(&interval.measures, name).and_then(|e| e.value);
        let (queued, handle_mean) = (value("queued")?, value("aht")?);
        if queued <= 0.0 || handle_mean <= 0.0 {
            return None;
        }
        let traffic = Traffic { arrivals: queued / length, handle_mean, patience_mean: patience };
        agents_needed(formula, &traffic, &target).ok().map(|need| f64::from(need.agents))
    };
    intervals.iter().map(of).collect()
}
