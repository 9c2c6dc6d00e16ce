//! What a run found, as tables for a terminal.

use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table, presets};

use crate::{
    record::measure,
    sim::{
        compare::Comparison,
        summary::{
            Found, Interval, MAIN, Part, Summary, WHERE_ANY, Warning, estimate_of, shown, shown_difference,
            shown_times, shown_with_reach,
        },
        sweep::{Point, Sweep},
    },
    stats::Estimate,
};

/// The columns of the tables by queue, language and so on.
const COLUMNS: [&str; 6] = ["offered", "answered", "service_level", "abandonment", "wait", "aht"];

/// Columns told without an interval, which stands in the files: a table is no wider than [`WIDTH`].
const BARE: [&str; 5] = ["offered", "queued", "answered", "aht", "containment"];

/// Characters of a line, unless a single word is longer.
const WIDTH: u16 = 100;

/// So many intervals fit a terminal; a longer run is told by day.
const MOST_INTERVALS: usize = 48;

/// A measure with its interval where there is room for it, or `-` where there is none to tell.
fn cell(name: &str, estimate: Option<Estimate>) -> String {
    let unit = measure::named(name).map_or("", |measure| measure.unit.name());
    let Some((estimate, value)) = estimate.and_then(|estimate| Some((estimate, estimate.value?))) else {
        return "-".to_owned();
    };
    let Some(reach) = estimate.reach().filter(|_| !BARE.contains(&name)) else { return shown(unit, value) };
    let [text, reach] = shown_with_reach(unit, value, reach);
    // One unit for both, where they have the same.
    match (text.rsplit_once(' '), reach.rsplit_once(' ')) {
        (Some((number, unit)), Some((_, same))) if unit == same && !number.contains(' ') && !reach.contains("min") => {
            format!("{number} ± {reach}")
        }
        _ => format!("{text} ± {reach}"),
    }
}

/// A table as text, without blanks at the ends of lines.
fn lines(table: &Table) -> String {
    table.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
}

/// A heading in lines of this width, broken behind `.` and `_`; a single part may be wider.
fn broken(head: &str, width: usize) -> String {
    let mut lines = vec![String::new()];
    for part in head.split_inclusive(['.', '_']) {
        match lines.last_mut() {
            Some(line) if line.is_empty() || line.chars().count() + part.chars().count() <= width => *line += part,
            _ => lines.push(part.to_owned()),
        }
    }
    lines.join("\n")
}

/// A table whose figures are never broken: only the words of its last column are, where it has some, and otherwise it is as
/// wide as it needs to be.
fn table(heads: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(heads.iter().copied());
    table.set_content_arrangement(ContentArrangement::Dynamic).set_width(WIDTH);
    for column in 1..heads.len() {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    // The last column of these holds words.
    let words = matches!(heads.last(), Some(&"" | &"such as the caller of"));
    for column in table.column_iter_mut().take(heads.len() - usize::from(words)) {
        column.set_constraint(ColumnConstraint::ContentWidth);
    }
    table
}

/// How much of a summary is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Detail {
    /// The main measures; by queue, language, intent, and day or half-hour.
    #[default]
    Main,
    /// Every measure with its formula; by skill and region too.
    All,
}

/// A summary: the main measures first, then by queue, language, intent, region, day and interval, then what to heed.
/// Nothing where no replication was finished.
pub fn summary(summary: &Summary, detail: Detail) -> String {
    if summary.replications == 0 {
        return String::new();
    }
    let mut text = head(summary);
    let any = |found: &Found| WHERE_ANY.contains(&found.name) && found.estimate.value > Some(0.0);
    let main = |found: &&Found| MAIN.contains(&found.name) || any(found);
    let told: Vec<Found> = match detail {
        Detail::Main => summary.measures.iter().filter(main).copied().collect(),
        Detail::All => summary.measures.clone(),
    };
    text.push_str(&lines(&measures(&told)));
    text.push_str(&waits(summary));
    for (name, parts) in [
        ("queue", &summary.queues),
        ("skill", &summary.skills),
        ("language", &summary.languages),
        ("intent", &summary.intents),
        ("region", &summary.regions),
    ] {
        // One queue, one language: the whole again; a skill for each queue: the queues again.
        let again =
            name == "skill" && parts.iter().map(|part| &part.measures).eq(summary.queues.iter().map(|p| &p.measures));
        let asked = detail == Detail::All || !matches!(name, "skill" | "region");
        if parts.len() > 1 && !again && asked {
            text.push_str(&format!("\n{}", lines(&by(name, parts))));
        }
    }
    if !summary.is_one_day() {
        let days: Vec<Part> = summary.days_with_calls().cloned().collect();
        text.push_str(&format!("\n{}", lines(&by("day", &days))));
    } else if summary.intervals.len() <= MOST_INTERVALS {
        text.push_str(&format!("\n{}", lines(&intervals(&summary.intervals))));
    }
    text + &checks(summary) + &warnings(&summary.warnings)
}

/// The laws that were checked. Those that are broken stand among the warnings.
fn checks(summary: &Summary) -> String {
    let holding =
        |name: &str| summary.checks.iter().filter(|check| check.name == name && check.holds).collect::<Vec<_>>();
    let mut text = String::new();
    let little = holding("little").len();
    if little > 0 {
        let queues = if little == 1 { "queue" } else { "queues" };
        text.push_str(&format!("\nchecked: Little's law holds in {little} {queues}"));
    }
    for check in holding("abandonment") {
        let (left, right) = (shown("share", check.left), shown("share", check.right));
        text.push_str(&format!("; {left} hang up and mean wait / mean patience is {right}"));
    }
    if !text.is_empty() {
        text.push('\n');
    }
    text
}

fn head(summary: &Summary) -> String {
    let replications = match summary.replications {
        1 => "1 replication".to_owned(),
        n => format!("{n} replications"),
    };
    let partial = if summary.partial { ", cut short" } else { "" };
    let calls = summary.calls;
    let intervals = match summary.of("offered").map_or(0, |offered| offered.n) {
        0 | 1 => "; one says nothing about chance, so there are no intervals".to_owned(),
        _ => format!(
            "; intervals over {} hold the true value\nwith {:.0} % confidence",
            sample(summary),
            summary.confidence * 100.0
        ),
    };
    format!(
        "{}: {}\n{replications}{partial}, {calls} calls, seed {}{intervals}\n\n",
        summary.scenario, summary.title, summary.seed
    )
}

/// What intervals are made of.
fn sample(summary: &Summary) -> String {
    let n = summary.of("offered").map_or(0, |offered| offered.n);
    match summary.sample {
        "replications" => "replications".to_owned(),
        batches => format!("{n} {batches}"),
    }
}

/// Name, value, interval and meaning of each measure that has a value.
fn measures(found: &[Found]) -> Table {
    let mut table = table(&["measure", "value", "from", "to", ""]);
    if let Some(column) = table.column_mut(4) {
        column.set_cell_alignment(CellAlignment::Left);
    }
    for one in found.iter().filter(|one| one.estimate.value.is_some()) {
        let number = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| shown(one.unit, value));
        let estimate = &one.estimate;
        let formula = measure::named(one.name).map_or("", |measure| measure.formula);
        table.add_row([one.name, &number(estimate.value), &number(estimate.low), &number(estimate.high), formula]);
    }
    table
}

fn waits(summary: &Summary) -> String {
    let target = &summary.target;
    let days = &target.days_met;
    let mut text = format!("\ntarget: {:.0} % within {:.0} s", target.share * 100.0, target.threshold);
    let sought = summary.of("service_level").and_then(|level| level.value);
    text += &match (sought, days.value, days.low.zip(days.high)) {
        (None, _, _) => "; no call was offered to a queue\n".to_owned(),
        (_, None, _) => "; no whole day with calls was run\n".to_owned(),
        (_, Some(met), None) => format!(", met on {} of {} whole days with calls\n", shown("share", met), target.days),
        (_, Some(met), Some((low, high))) => format!(
            ", met on {} of {} whole days with calls ({} to {})\n",
            shown("share", met),
            target.days,
            shown("share", low),
            shown("share", high)
        ),
    };
    let (ps, times): (Vec<f64>, Vec<f64>) =
        summary.quantiles.iter().filter_map(|q| Some((q.p, q.seconds.value?))).unzip();
    let known: Vec<String> =
        ps.iter().zip(shown_times(&times)).map(|(p, time)| format!("{:.0} % {time}", p * 100.0)).collect();
    if !known.is_empty() {
        text.push_str(&format!("answered calls waited at most: {}\n", known.join(", ")));
    }
    text
}

fn by(name: &str, parts: &[Part]) -> Table {
    let mut heads = vec![name];
    heads.extend(COLUMNS);
    let mut table = table(&heads);
    for part in parts {
        let cells = COLUMNS.iter().map(|column| cell(column, estimate_of(&part.measures, column)));
        table.add_row(std::iter::once(part.name.clone()).chain(cells));
    }
    table
}

fn intervals(intervals: &[Interval]) -> Table {
    let columns = ["offered", "service_level", "abandonment", "wait", "occupancy"];
    let mut heads = vec!["from", "staff", "busy"];
    heads.extend(columns);
    let mut table = table(&heads);
    let any = |interval: &&Interval| {
        let calls = estimate_of(&interval.measures, "offered").and_then(|offered| offered.value);
        interval.staff.value > Some(0.0) || calls > Some(0.0)
    };
    for interval in intervals.iter().filter(any) {
        let number = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| format!("{value:.1}"));
        let cells = columns.iter().map(|column| cell(column, estimate_of(&interval.measures, column)));
        let staff = [interval.time.clone(), number(interval.staff.value), number(interval.busy.value)];
        table.add_row(staff.into_iter().chain(cells));
    }
    table
}

fn warnings(warnings: &[Warning]) -> String {
    let mut text = String::new();
    for (i, warning) in warnings.iter().enumerate() {
        text.push_str(if i == 0 { "\n!" } else { "!" });
        let mut width = 1;
        for word in warning.text.split_whitespace() {
            let length = word.chars().count() + 1;
            if width + length > usize::from(WIDTH) {
                text.push_str("\n ");
                width = 1;
            }
            text.push(' ');
            text.push_str(word);
            width += length;
        }
        text.push('\n');
    }
    text
}

/// A comparison: the differences, who moved, where paths part, what to heed. Nothing where no pair was finished.
pub fn comparison(found: &Comparison) -> String {
    if found.replications == 0 {
        return String::new();
    }
    let partial = if found.partial { ", cut short" } else { "" };
    let mut text = format!(
        "a: {}\nb: {}\n{} replications{partial} of the same callers, seed {}\n\n",
        found.a, found.b, found.replications, found.seed
    );
    let mut table = table(&["measure", "a", "b", "b - a", "from", "to"]);
    for one in found.differences.iter().filter(|one| one.a.value.is_some() || one.b.value.is_some()) {
        let number = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| shown(one.unit, value));
        let apart =
            |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| shown_difference(one.unit, value));
        let difference = &one.difference;
        let values = [one.a.value, one.b.value].map(number);
        let row = values.into_iter().chain([difference.value, difference.low, difference.high].map(apart));
        table.add_row(std::iter::once(one.name.to_owned()).chain(row));
    }
    text.push_str(&format!("{}\n{}", lines(&table), moved(found)));
    text + &warnings(&found.warnings)
}

fn moved(found: &Comparison) -> String {
    let changed: u64 = found.moved.iter().map(|moved| moved.calls).sum();
    let mut text = format!(
        "{} calls were made in both, {} in a alone, {} in b alone; {changed} ended otherwise\n",
        found.matched, found.only_a, found.only_b
    );
    if found.unfinished > 0 {
        text.push_str(&format!("{} more had not ended in both when the run did\n", found.unfinished));
    }
    if changed == 0 {
        return text;
    }
    let mut ends = table(&["in a", "in b", "calls"]);
    if let Some(column) = ends.column_mut(1) {
        column.set_cell_alignment(CellAlignment::Left);
    }
    for one in &found.moved {
        ends.add_row([one.from.clone(), one.to.clone(), one.calls.to_string()]);
    }
    let mut forks = table(&["paths part after", "then in a", "then in b", "calls", "such as the caller of"]);
    for column in [1, 2, 4] {
        if let Some(column) = forks.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Left);
        }
    }
    for one in &found.partings {
        let node = if one.node.is_empty() { "(the beginning)" } else { &one.node };
        let example = one.examples.first();
        let example = example.map_or_else(String::new, |e| format!("{}, replication {}", e.called, e.replication));
        forks.add_row([node, &one.a, &one.b, &one.calls.to_string(), &example]);
    }
    text.push_str(&format!("\n{}\n{}", lines(&ends), lines(&forks)));
    text
}

/// A sweep: a row a point. Nothing where no point has a replication.
pub fn sweep(found: &Sweep) -> String {
    if found.points.iter().all(|point| point.replications == 0) {
        return String::new();
    }
    let done = || found.points.iter().map(|point| point.replications);
    let replications = match (done().min().unwrap_or(0), done().max().unwrap_or(0)) {
        _ if !found.partial => format!("{} replications a point", found.replications),
        (least, most) if least == most => format!("cut short: {least} of {} replications a point", found.replications),
        (least, most) => format!("cut short: {least} to {most} of {} replications a point", found.replications),
    };
    let mut text = format!("{}: {replications}, seed {}\n\n", found.scenario, found.seed);
    let columns = ["offered", "service_level", "abandonment", "wait", "occupancy", "containment"];
    let row = |point: &Point| -> Vec<String> {
        let cells = columns.iter().map(|column| cell(column, estimate_of(&point.measures, column)));
        point.at.iter().cloned().chain(cells).collect()
    };
    let rows: Vec<Vec<String>> = found.points.iter().map(row).collect();
    let widest = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let keys = found.axes.iter().map(|axis| axis.key.as_str());
    let heads = keys.chain(columns).enumerate();
    let heads: Vec<String> = heads.map(|(i, head)| broken(head, widest(i).unwrap_or(0))).collect();
    let mut table = table(&heads.iter().map(String::as_str).collect::<Vec<_>>());
    table.add_rows(rows);
    text.push_str(&lines(&table));
    text + &warnings(&found.warnings)
}
