//! Why the simulation asks for other numbers than the formula: what the formula leaves out, step by step, in agent hours.

use super::{need, scenario::Case};
use crate::{
    people::distribution::Distribution,
    record::figures::Figures,
    scenario::Scenario,
    sim::staff::{self, Found, Trial},
    theory::Target,
};

/// Differences of less than this many agent hours a day are whole agents and chance.
const NOTHING: f64 = 0.75;

/// The differences in whole sentences. `spread` is the coefficient of variation of a half-hour's calls from day to day.
pub fn differences(
    case: &Case,
    scenario: &Scenario,
    spread: f64,
    found: &Found,
    trial: &Trial,
) -> anyhow::Result<Vec<String>> {
    if found.open.is_empty() {
        return Ok(Vec::new());
    }
    let total = trial.total();
    let bridge = Bridge { case, found };
    let planned: f64 = found.open.iter().map(|slot| f64::from(found.plan[*slot])).sum::<f64>() / 2.0;
    let mut lines = Vec::new();
    let mut last = bridge.hours(0.0, None, 0.0)?;
    let formula = case.formula;
    lines.push(format!(
        "{formula} asks for {last:.1} agent hours, the simulation for {planned:.1} ({:+.1}):",
        planned - last
    ));
    let mut step = |now: f64, what: String| {
        lines.push(format!("{:+.1} h: {what}", now - last));
        last = now;
    };
    let ring = (total.agent_ringing() + total.agent_no_answer()) as f64 / 1e6 / total.handled().max(1) as f64;
    if ring > 0.05 {
        let unanswered =
            per_cent(total.rings_unanswered() as f64 / (total.handled() + total.rings_unanswered()).max(1) as f64);
        let what = format!(
            "an agent's telephone rings before each conversation, and {unanswered} of rings are not answered: {ring:.1} s of work a call that no handle time holds"
        );
        step(bridge.hours(ring, None, 0.0)?, what);
    }
    let more = total.sought() as f64 / case.pilot.total().sought().max(1) as f64 - 1.0;
    if more.abs() > 0.002 {
        let what = format!(
            "callers who hang up and call again: {} of all calls are redials, and {} % {} calls seek an agent than where nobody waits",
            per_cent(total.redials() as f64 / total.offered().max(1) as f64),
            format_args!("{:.1}", more.abs() * 100.0),
            if more > 0.0 { "more" } else { "fewer" }
        );
        step(bridge.hours(ring, Some(trial), 0.0)?, what);
    }
    if spread > 0.0 {
        let what = format!(
            "days differ: a half-hour's expected calls vary by {} from day to day, and what a quiet day has to spare does not help a busy one",
            per_cent(spread)
        );
        step(bridge.hours(ring, Some(trial), spread)?, what);
    }
    let away = away(scenario, &total);
    if away > 0.001 {
        let what = format!("{} of what is planned is absent or on a break", per_cent(away));
        let now = bridge.hours(ring, Some(trial), spread)? / (1.0 - away);
        step(now, what);
    }
    let rest = planned - last;
    if rest.abs() >= NOTHING {
        lines.push(format!("{rest:+.1} h: the rest, {}", rest_of(case, scenario, trial, rest).join("; ")));
    } else {
        lines.push(format!("{rest:+.1} h: the rest, no more than whole agents and chance make"));
    }
    lines.extend(spots(case, found, &total)?);
    Ok(lines)
}

/// The formula with more and more of what it leaves out.
struct Bridge<'a> {
    case: &'a Case,
    found: &'a Found,
}

impl Bridge<'_> {
    /// Agent hours of the half-hours that were sized: with longer handling, with the calls of a trial instead of the
    /// pilot's, and with days that differ.
    fn hours(&self, longer: f64, calls_of: Option<&Trial>, cv: f64) -> anyhow::Result<f64> {
        let case = self.case;
        let mut agents = 0;
        for &slot in &self.found.open {
            let calls = calls_of.map_or(case.want[slot], |trial| trial.a_day(slot, Figures::sought));
            if case.aht[slot] > 0.0 {
                let (aht, aim) = (case.aht[slot] + longer, (&case.target, cv));
                agents += need::agents_for_days(case.formula, calls, aht, case.patience, aim)?;
            }
        }
        Ok(f64::from(agents) / 2.0)
    }
}

/// The share of planned agents who are not there: absent for the day, or on a break.
fn away(scenario: &Scenario, total: &Figures) -> f64 {
    let breaks = total.agent_break() as f64 / total.agent_on_shift().max(1) as f64;
    1.0 - (1.0 - scenario.cast.staffing.shrinkage) * (1.0 - breaks)
}

/// What the formula leaves out and no number can be put to.
fn rest_of(case: &Case, scenario: &Scenario, trial: &Trial, rest: f64) -> Vec<String> {
    let script = &scenario.script;
    let mut said = Vec::new();
    let parts = if rest > 0.0 { parts(scenario, trial) } else { None };
    if rest > 0.0 && script.groups.len() > 1 {
        let parts = parts.map_or_else(String::new, |parts| format!(" ({parts})"));
        said.push(format!(
            "agents are {} groups with skills and languages of their own, and a formula pools them all{parts}",
            script.groups.len()
        ));
    }
    if rest > 0.0 && script.queues.iter().any(|queue| queue.priority != script.queues[0].priority) {
        said.push("queues with priority and ageing let some wait longer so that others wait less".to_owned());
    }
    let loads: Vec<f64> = (0..staff::SLOTS).map(|slot| case.want[slot] * case.aht[slot]).collect();
    let peak = loads.iter().copied().fold(0.0, f64::max);
    let step = loads.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f64::max);
    if peak > 0.0 && step > 0.02 * peak {
        said.push(format!(
            "load that moves: up to {} of the peak from one half-hour to the next, and who still waits or talks at its end is carried over",
            per_cent(step / peak)
        ));
    }
    let menus = menu_seconds(&trial.total());
    if menus > 1.0 {
        said.push(format!(
            "callers spend {menus:.0} s in the menus, so that a half-hour's calls reach the queue later"
        ));
    }
    let sources = scenario.cast.personas.iter();
    if sources
        .clone()
        .any(|persona| !matches!(persona.patience, Distribution::Exponential { .. } | Distribution::Never))
    {
        said.push("patience is not exponential as in Erlang A".to_owned());
    }
    if matches!(case.target, Target::ServiceLevel { .. }) && rest < 0.0 {
        said.push("who hangs up at once, is called back or leaves a full queue makes room for others".to_owned());
    }
    if said.is_empty() {
        said.push("chance and whole agents".to_owned());
    }
    said
}

fn menu_seconds(total: &Figures) -> f64 {
    total.menu_time() as f64 / 1e6 / total.offered().max(1) as f64
}

/// The queue and the language with the worst service level, beside the best.
fn parts(scenario: &Scenario, trial: &Trial) -> Option<String> {
    let level = |figures: &Figures| {
        (figures.sought() >= 30).then(|| figures.answered_in_time() as f64 / figures.sought() as f64)
    };
    let queues = trial.sums.queues.iter().zip(&trial.sums.names.queues);
    let queues: Vec<(f64, String)> =
        queues.filter_map(|(queue, name)| Some((level(&queue.figures)?, format!("queue `{name}`")))).collect();
    let languages = trial.sums.languages.iter().zip(&trial.sums.names.languages);
    let languages: Vec<(f64, String)> =
        languages.filter_map(|(figures, name)| Some((level(figures)?, format!("language `{name}`")))).collect();
    let within = scenario.measures.threshold;
    let told: Vec<String> = [queues, languages]
        .into_iter()
        .filter(|parts| parts.len() > 1)
        .filter_map(|parts| {
            let worst = parts.iter().min_by(|a, b| a.0.total_cmp(&b.0))?.clone();
            let best = parts.iter().max_by(|a, b| a.0.total_cmp(&b.0))?.clone();
            Some(format!("{} {}, {} {}", worst.1, per_cent(worst.0), best.1, per_cent(best.0)))
        })
        .collect();
    (!told.is_empty()).then(|| format!("answered within {within}: {}", told.join("; ")))
}

/// Half-hours whose difference is unlike the others'.
fn spots(case: &Case, found: &Found, total: &Figures) -> anyhow::Result<Vec<String>> {
    let mut differences = Vec::new();
    for &slot in &found.open {
        let formula = case.agents(case.formula, slot)?.unwrap_or(0);
        differences.push((slot, f64::from(found.plan[slot]), f64::from(formula)));
    }
    // Against what the same ratio everywhere would give.
    let sum = |of: fn(&(usize, f64, f64)) -> f64| differences.iter().map(of).sum::<f64>();
    let ratio = sum(|d| d.1) / sum(|d| d.2).max(1.0);
    let mut odd: Vec<(usize, f64)> =
        differences.iter().map(|(slot, plan, formula)| (*slot, plan - formula * ratio)).collect();
    odd.retain(|(slot, by)| by.abs() >= (f64::from(found.plan[*slot]) * 0.08).max(2.0));
    odd.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
    odd.truncate(3);
    odd.sort_by_key(|(slot, _)| *slot);
    let load = |slot: usize| case.want[slot] * case.aht[slot];
    let told = |(slot, by): (usize, f64)| {
        let first = slot == 0 || !found.open.contains(&(slot - 1));
        let earlier = if slot == 0 { 0.0 } else { load(slot - 1) };
        let menus = menu_seconds(total);
        let reason = match (first, by > 0.0) {
            (true, false) => {
                format!("the day begins with nobody waiting, and its first callers spend {menus:.0} s in the menus")
            }
            (true, true) => "calls from before the opening wait when the agents come".to_owned(),
            (false, true) if earlier > load(slot) => {
                "load falls, and calls of the half-hour before still wait or keep agents".to_owned()
            }
            (false, true) => "load rises within the half-hour, and its end needs more than its mean".to_owned(),
            (false, false) if earlier < load(slot) => {
                "load rises, and it begins with the smaller load of the half-hour before".to_owned()
            }
            (false, false) => "agents of the half-hour before finish what they have in hand".to_owned(),
        };
        let word = if by > 0.0 { "more" } else { "fewer" };
        format!(
            "{} needs {:.0} {word} than the other half-hours would suggest: {reason}",
            staff::begins(slot),
            by.abs()
        )
    };
    Ok(odd.into_iter().map(told).collect())
}

fn per_cent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}
