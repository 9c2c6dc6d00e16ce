//! The page: one file, no network, light and dark.

use std::{collections::BTreeMap, fmt::Write};

use super::{
    chart::{self, BLUE, Bar, GREEN, ORANGE, RED, Scale, Series},
    tables, tree,
};
use crate::{
    script::Script,
    sim::summary::{Found, Interval, Summary, estimate_of, shown},
    stats::Estimate,
};

/// The look of every page.
pub(crate) const STYLE: &str = include_str!("report.css");

/// What stands on the cards at the top.
const CARDS: [&str; 8] =
    ["service_level", "asa", "abandonment", "occupancy", "containment", "offered", "answered", "redial_share"];
const QUEUE_COLUMNS: [&str; 8] =
    ["queued", "answered", "service_level", "abandonment", "asa", "wait", "aht", "announced_error"];
const CALL_COLUMNS: [&str; 8] =
    ["offered", "containment", "queued", "service_level", "abandonment", "asa", "aht", "redial_share"];

/// The agents a formula asks for, where it says a number.
#[derive(Clone, Debug, Default)]
pub struct Need {
    /// In each interval of the run.
    pub intervals: Vec<Option<f64>>,
    /// In each interval of its mean weekday.
    pub weekday: Vec<Option<f64>>,
    /// The length of an interval, hours.
    pub hours: f64,
}

/// The page of a run.
pub fn page(summary: &Summary, script: &Script, need: &Need) -> String {
    let mut html = String::with_capacity(200_000);
    let title = escaped(&summary.title);
    let _ = write!(
        html,
        "<!doctype html><html lang=en><head><meta charset=utf-8><meta name=viewport content=\"width=device-width,initial-scale=1\">\
         <title>{title}</title><style>{STYLE}</style></head><body><main><header><h1>{title}</h1><p>{}</p></header>",
        provenance(summary)
    );
    warnings(&mut html, summary);
    cards(&mut html, summary);
    over_time(&mut html, summary, need);
    weekday(&mut html, summary, need);
    waits(&mut html, summary);
    section(&mut html, "Queues", &tables::parts("queue", &summary.queues, &QUEUE_COLUMNS));
    section(&mut html, "What callers wanted", &tables::parts("intent", &summary.intents, &CALL_COLUMNS));
    section(&mut html, "Languages", &tables::parts("language", &summary.languages, &CALL_COLUMNS));
    section(&mut html, "Regions", &tables::parts("region", &summary.regions, &CALL_COLUMNS));
    section(&mut html, "Skills", &tables::parts("skill", &summary.skills, &QUEUE_COLUMNS));
    let legend = "<p class=note>A mean replication. A node stands below the one from which a caller first reaches it; the \
                  darker, the more callers hang up there without what they called for.</p>";
    section(
        &mut html,
        "The menu tree, and where callers are lost",
        &format!("{legend}{}", tree::tree(script, &summary.nodes)),
    );
    checks(&mut html, summary);
    measures(&mut html, summary);
    html.push_str("</main></body></html>\n");
    html
}

/// Text as it may stand in a page.
pub(crate) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

fn provenance(summary: &Summary) -> String {
    let mut text = format!(
        "Scenario <b>{}</b>, script {}, seed {}, {} replication{} of {}, {} calls in all. Intervals: {:.0} % confidence, over {}.",
        escaped(&summary.scenario),
        escaped(&summary.script),
        summary.seed,
        summary.replications,
        if summary.replications == 1 { "" } else { "s" },
        length(summary.horizon_hours),
        summary.calls,
        summary.confidence * 100.0,
        escaped(summary.sample),
    );
    if summary.partial {
        text.push_str(" <b>Cut short:</b> only what was finished is summed up.");
    }
    text
}

/// The length of a run: in days where it is of whole local days, one of which may have an hour more or less.
fn length(hours: f64) -> String {
    let days = (hours / 24.0).round();
    match hours {
        hours if days >= 2.0 && (hours - 24.0 * days).abs() <= 1.0 => format!("{days:.0} days"),
        hours if hours.fract() == 0.0 => format!("{hours:.0} h"),
        hours => format!("{hours:.1} h"),
    }
}

fn section(html: &mut String, title: &str, body: &str) {
    if !body.is_empty() {
        let _ = write!(html, "<section><h2>{}</h2>{body}</section>", escaped(title));
    }
}

fn warnings(html: &mut String, summary: &Summary) {
    if summary.warnings.is_empty() {
        return;
    }
    html.push_str("<section class=warn><h2>To heed</h2><ul>");
    for warning in &summary.warnings {
        let _ = write!(html, "<li>{}</li>", escaped(&warning.text));
    }
    html.push_str("</ul></section>");
}

fn cards(html: &mut String, summary: &Summary) {
    html.push_str("<section class=cards>");
    for name in CARDS {
        let Some(found) = summary.measures.iter().find(|found| found.name == name) else { continue };
        let Some(value) = found.estimate.value else { continue };
        let interval = match (found.estimate.low, found.estimate.high) {
            (Some(low), Some(high)) => format!("{} to {}", shown(found.unit, low), shown(found.unit, high)),
            _ => String::new(),
        };
        let _ = write!(
            html,
            "<div class=card><span>{}</span><b>{}</b><small>{interval}</small></div>",
            escaped(&tables::spoken(name)),
            shown(found.unit, value),
        );
    }
    let target = &summary.target;
    if let Some(met) = target.days_met.value {
        let _ = write!(
            html,
            "<div class=card><span>whole days on target</span><b>{:.0} %</b><small>{:.0} % within {:.0} s</small></div>",
            met * 100.0,
            target.share * 100.0,
            target.threshold
        );
    }
    html.push_str("</section>");
}

/// A measure over labelled points, with its band.
fn series<'a>(name: &'a str, color: plotters::style::RGBColor, points: &[Option<Estimate>]) -> Series<'a> {
    let values = points.iter().map(|point| point.and_then(|e| e.value)).collect();
    let band = points.iter().map(|point| point.and_then(|e| e.low.zip(e.high))).collect();
    Series { name, color, values, band, steps: false }
}

fn figure(html: &mut String, caption: &str, svg: &str) {
    let caption = escaped(caption);
    let _ = write!(html, "<figure role=img aria-label=\"{caption}\"><figcaption>{caption}</figcaption>{svg}</figure>");
}

/// The run by half-hours, or by days where it has several.
fn over_time(html: &mut String, summary: &Summary, need: &Need) {
    let by_day = !summary.is_one_day();
    let labels: Vec<String> = match by_day {
        // Month and day: there is no room for the year, and no run of years.
        true => summary.days_with_calls().map(|day| day.name.get(5..).unwrap_or(&day.name).to_owned()).collect(),
        false => summary.intervals.iter().map(|interval| interval.time.clone()).collect(),
    };
    let measures: Vec<&[Found]> = match by_day {
        true => summary.days_with_calls().map(|day| &*day.measures).collect(),
        false => summary.intervals.iter().map(|interval| &*interval.measures).collect(),
    };
    if labels.len() < 2 {
        return;
    }
    let points = |name: &str| -> Vec<Option<Estimate>> { measures.iter().map(|m| estimate_of(m, name)).collect() };
    let _ =
        write!(html, "<section><h2>{}</h2><div class=charts>", if by_day { "Day by day" } else { "Through the day" });
    let calls = [series("offered", BLUE, &points("offered")), series("queued", ORANGE, &points("queued"))];
    figure(html, "Calls", &chart::lines(&labels, &calls, Scale::Plain));
    let level = [series("service level", GREEN, &points("service_level"))];
    figure(html, "Service level", &chart::lines(&labels, &level, Scale::Percent));
    let wait = [series("answered (ASA)", BLUE, &points("asa")), series("all who queued", ORANGE, &points("wait"))];
    figure(html, "Mean wait, seconds", &chart::lines(&labels, &wait, Scale::Plain));
    let gone = [series("abandonment", RED, &points("abandonment"))];
    figure(html, "Abandonment, of those who queued", &chart::lines(&labels, &gone, Scale::Percent));
    let busy = [series("occupancy", BLUE, &points("occupancy"))];
    figure(html, "Occupancy of agents", &chart::lines(&labels, &busy, Scale::Percent));
    match by_day {
        true => staff_by_day(html, summary, &labels, need),
        false => staff(html, &summary.intervals, &labels, &need.intervals),
    }
    html.push_str("</div></section>");
}

/// A mean weekday of a run of several days.
fn weekday(html: &mut String, summary: &Summary, need: &Need) {
    let any = |interval: &Interval| {
        interval.staff.value > Some(0.0) || estimate_of(&interval.measures, "offered").and_then(|e| e.value) > Some(0.0)
    };
    let (Some(first), Some(last)) = (summary.weekday.iter().position(any), summary.weekday.iter().rposition(any))
    else {
        return;
    };
    let intervals = &summary.weekday[first..=last];
    let labels: Vec<String> = intervals.iter().map(|interval| interval.time.clone()).collect();
    let points = |name: &str| -> Vec<Option<Estimate>> {
        intervals.iter().map(|interval| estimate_of(&interval.measures, name)).collect()
    };
    html.push_str("<section><h2>A mean weekday, Monday to Friday</h2><div class=charts>");
    let calls = [series("offered", BLUE, &points("offered")), series("queued", ORANGE, &points("queued"))];
    figure(html, "Calls a day", &chart::lines(&labels, &calls, Scale::Plain));
    let level = [series("service level", GREEN, &points("service_level"))];
    figure(html, "Service level of all such days", &chart::lines(&labels, &level, Scale::Percent));
    staff(html, intervals, &labels, need.weekday.get(first..=last).unwrap_or_default());
    html.push_str("</div></section>");
}

fn staff(html: &mut String, intervals: &[Interval], labels: &[String], need: &[Option<f64>]) {
    let value = |pick: fn(&Interval) -> Estimate| -> Vec<Option<f64>> {
        intervals.iter().map(|interval| pick(interval).value).collect()
    };
    let lines = [("on shift", value(|i| i.staff)), ("at work", value(|i| i.busy))];
    let captions = ["Agents on shift, at work, and needed for the target by formula", "Agents on shift and at work"];
    agents(html, labels, lines, need.to_vec(), captions);
}

/// Hours of agents, day by day.
fn staff_by_day(html: &mut String, summary: &Summary, labels: &[String], need: &Need) {
    let sum = |values: &mut dyn Iterator<Item = (&Interval, Option<f64>)>| -> Vec<Option<f64>> {
        let mut days: BTreeMap<&str, f64> = BTreeMap::new();
        for (interval, value) in values {
            *days.entry(&interval.date).or_default() += value.unwrap_or(0.0) * need.hours;
        }
        summary.days_with_calls().map(|day| days.get(day.name.as_str()).copied()).collect()
    };
    let intervals = || summary.intervals.iter();
    let staff = sum(&mut intervals().map(|interval| (interval, interval.staff.value)));
    let busy = sum(&mut intervals().map(|interval| (interval, interval.busy.value)));
    let needed = match need.intervals.iter().any(Option::is_some) {
        true => sum(&mut intervals().zip(need.intervals.iter().copied())),
        false => Vec::new(),
    };
    let lines = [("on shift", staff), ("at work", busy)];
    let captions =
        ["Hours of agents a day: on shift, at work, and needed for the target by formula", "Hours of agents a day"];
    agents(html, labels, lines, needed, captions);
}

/// Agents there are and agents needed; the caption depends on whether a formula says the latter.
fn agents(
    html: &mut String,
    labels: &[String],
    [staff, busy]: [(&str, Vec<Option<f64>>); 2],
    need: Vec<Option<f64>>,
    [with, without]: [&str; 2],
) {
    let line = |name, color, values| Series { name, color, values, band: Vec::new(), steps: true };
    let mut lines = vec![line(staff.0, BLUE, staff.1), line(busy.0, ORANGE, busy.1)];
    let known = need.iter().any(Option::is_some);
    if known {
        lines.push(line("needed (Erlang A)", GREEN, need));
    }
    figure(html, if known { with } else { without }, &chart::lines(labels, &lines, Scale::Plain));
}

fn waits(html: &mut String, summary: &Summary) {
    let all: u64 = summary.waits.iter().map(|class| class.answered + class.abandoned).sum();
    if all == 0 {
        return;
    }
    let share = |n: u64| n as f64 / all as f64;
    let label = |from: f64| match from {
        from if from < 60.0 => format!("{from:.0}"),
        from => format!("{}:{:02}", from as u64 / 60, from as u64 % 60),
    };
    let last = summary.waits.iter().rposition(|class| class.answered + class.abandoned > 0).unwrap_or(0);
    let bars: Vec<Bar> = summary.waits[..=last]
        .iter()
        .map(|class| Bar { label: label(class.from), parts: vec![share(class.answered), share(class.abandoned)] })
        .collect();
    html.push_str("<section><h2>How long callers waited</h2><div class=charts>");
    let svg = chart::bars(&bars, &[("answered", GREEN), ("abandoned", RED)]);
    figure(html, "Waits from so many seconds (or minutes) on, share of those who queued", &svg);
    html.push_str(
        "<figure><figcaption>Quantiles of the waits of answered calls</figcaption><table><thead><tr><th>share of \
                   calls</th><th class=n>answered within</th></tr></thead><tbody>",
    );
    for quantile in &summary.quantiles {
        let _ = write!(
            html,
            "<tr><th>{:.0} %</th><td class=n>{}</td></tr>",
            quantile.p * 100.0,
            tables::between("seconds", &quantile.seconds)
        );
    }
    html.push_str("</tbody></table></figure></div></section>");
}

fn checks(html: &mut String, summary: &Summary) {
    if summary.checks.is_empty() {
        return;
    }
    html.push_str(
        "<section><h2>Laws every run must keep</h2><table><thead><tr><th>law</th><th>of</th><th class=n>one side</th>\
                   <th class=n>the other</th><th>holds</th></tr></thead><tbody>",
    );
    for check in &summary.checks {
        let _ = write!(
            html,
            "<tr title=\"{}\"><th>{}</th><td>{}</td><td class=n>{:.6}</td><td class=n>{:.6}</td><td>{}</td></tr>",
            escaped(check.text),
            escaped(check.name),
            escaped(&check.of),
            check.left,
            check.right,
            if check.holds { "yes" } else { "<b>no</b>" },
        );
    }
    html.push_str("</tbody></table></section>");
}

/// Every measure with what it means.
fn measures(html: &mut String, summary: &Summary) {
    html.push_str(
        "<section><h2>All measures</h2><table><thead><tr><th>measure</th><th class=n>value</th><th>unit</th>\
                   <th>formula</th></tr></thead><tbody>",
    );
    for found in &summary.measures {
        let formula = crate::record::measure::CATALOGUE.iter().find(|m| m.name == found.name).map_or("", |m| m.formula);
        let _ = write!(
            html,
            "<tr><th>{}</th><td class=n>{}</td><td>{}</td><td class=formula>{}</td></tr>",
            escaped(&tables::spoken(found.name)),
            tables::told(found.unit, &found.estimate),
            escaped(found.unit),
            escaped(formula),
        );
    }
    html.push_str("</tbody></table></section>");
}
