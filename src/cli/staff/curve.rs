//! The curve found as settings of a scenario: lines for a file, each of which `--set` takes as well.

use std::path::Path;

use super::SimulatedArgs;
use crate::{
    people::staffing::GroupStaffing,
    scenario::Scenario,
    sim::staff::{Mix, Plan},
};

/// The settings. `staffing.total` is the sum of the groups' largest headcounts, so that it changes none of them.
pub fn settings(mix: &Mix, plan: &Plan) -> Vec<String> {
    let groups = mix.staffing(plan);
    let total: u32 = groups.iter().map(GroupStaffing::size).sum();
    let mut lines = vec![format!("staffing.total = {total}")];
    for (i, group) in groups.iter().enumerate() {
        let mut times: Vec<_> = group.headcount.iter().map(|(time, _)| *time).chain(mix.times(i)).collect();
        times.sort_unstable();
        times.dedup();
        let at = |time| group.headcount.iter().rfind(|(from, _)| *from <= time).map_or(0, |(_, count)| *count);
        let steps: Vec<String> = times.into_iter().map(|time| format!("\"{time}\" = {}", at(time))).collect();
        lines.push(format!("staffing.group.{}.headcount = {{ {} }}", group.group, steps.join(", ")));
    }
    lines
}

/// A whole scenario: like the one asked about, with the changes of `--set` and the staff found.
pub fn file(args: &SimulatedArgs, name: &str, scenario: &Scenario, settings: &[String]) -> String {
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).display().to_string();
    let like = match Scenario::names().iter().any(|known| known == name) {
        true => name.to_owned(),
        false => absolute(Path::new(name)),
    };
    let quoted = |text: &str| toml_text(text);
    let mut lines = vec![
        format!("# The staff that `hatif staff --scenario {name}` found. Run it: hatif simulate with this file."),
        format!("title = {}", quoted(&format!("{}, staffed to its target", scenario.title))),
        format!("like  = {}", quoted(&like)),
    ];
    if let Some(centre) = &args.centre {
        lines.push(format!("centre = {}", quoted(&absolute(centre))));
    }
    for change in &args.set {
        let own = change.key == "staffing.total" || change.key.ends_with(".headcount");
        match change.of_centre() {
            Some(_) => lines.push(format!("# Give this when running it: --set '{change}'")),
            None if !own => lines.push(change.line()),
            None => {}
        }
    }
    lines.push(String::new());
    lines.extend(settings.iter().cloned());
    lines.join("\n") + "\n"
}

fn toml_text(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
