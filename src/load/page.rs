//! The page of a run: one file, no network, light and dark.

use std::fmt::Write;

use super::{
    latency::{Figures, Measure},
    summary::Summary,
    tally::{Calls, Row},
};
use crate::report::{
    chart::{self, BLUE, GREEN, ORANGE, RED, Scale, Series},
    html::{STYLE, escaped},
};

/// The page.
pub fn page(summary: &Summary) -> String {
    let mut html = String::with_capacity(60_000);
    let title = format!("Load on {}", escaped(&summary.url));
    // Writing into a string cannot fail.
    let _ = write!(
        html,
        "<!doctype html><html lang=en><head><meta charset=utf-8><meta name=viewport content=\"width=device-width,initial-scale=1\">\
         <title>{title}</title><style>{STYLE}</style></head><body><main><header><h1>{title}</h1><p>{}</p></header>",
        provenance(summary)
    );
    let calls = &summary.calls;
    section(&mut html, "Calls", &calls_table(calls, summary));
    section(&mut html, "Latency, milliseconds", &latencies(summary));
    section(&mut html, "Calls a second", &over_time(&summary.seconds));
    section(&mut html, "Calls in progress", &in_progress(&summary.seconds));
    section(&mut html, "From a key to the next prompt, milliseconds", &keys(&summary.seconds));
    section(&mut html, "Outcomes", &words(&summary.outcomes));
    section(&mut html, "Refused", &words(&summary.refusals));
    section(&mut html, "Errors", &words(&summary.errors));
    section(&mut html, "Records", &records(summary));
    section(&mut html, "Rules", &rules(summary));
    html.push_str("</main></body></html>\n");
    html
}

fn provenance(summary: &Summary) -> String {
    let server = summary.server.as_ref().map_or_else(String::new, |server| {
        format!(" {} (version {}, run {}).", escaped(&server.centre), escaped(&server.program), server.run)
    });
    let short = if summary.cut_short { " <b>Cut short:</b> only what was measured is summed up." } else { "" };
    format!(
        "{}. Begun {}; calls begun for {:.1} s, over after {:.1} s.{server}{short}",
        escaped(&summary.plan),
        summary.began_utc,
        summary.begun_for_s,
        summary.took_s
    )
}

fn section(html: &mut String, title: &str, body: &str) {
    if !body.is_empty() {
        let _ = write!(html, "<section><h2>{}</h2>{body}</section>", escaped(title));
    }
}

fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let cells = |row: &[String], tag: &str| {
        row.iter().map(|cell| format!("<{tag}>{}</{tag}>", escaped(cell))).collect::<String>()
    };
    let head: Vec<String> = head.iter().map(|name| (*name).to_owned()).collect();
    let rows: String = rows.iter().map(|row| format!("<tr>{}</tr>", cells(row, "td"))).collect();
    format!("<table><thead><tr>{}</tr></thead><tbody>{rows}</tbody></table>", cells(&head, "th"))
}

fn calls_table(calls: &Calls, summary: &Summary) -> String {
    let Calls { due, again, called_back, not_made, answered, refused, finished, cut_off, failed, hung_up } = *calls;
    let counts = [
        ("due by plan", due),
        ("called again", again),
        ("called back", called_back),
        ("finished", finished),
        ("of them cut off by the centre", cut_off),
        ("hung up when the time was over", hung_up),
        ("refused", refused),
        ("failed", failed),
        ("not made", not_made),
        ("answered", answered),
        ("most at once", summary.most_at_once),
    ];
    let mut rows: Vec<Vec<String>> = counts.iter().map(|(name, n)| vec![(*name).to_owned(), n.to_string()]).collect();
    let rate = summary.rate;
    for (name, value) in [
        ("offered a second", rate.offered_per_s),
        ("finished a second", rate.finished_per_s),
        ("finished a second, best ten seconds", rate.best_finished_per_s),
    ] {
        rows.push(vec![name.to_owned(), format!("{value:.1}")]);
    }
    table(&["", "calls"], &rows)
}

fn latencies(summary: &Summary) -> String {
    let row = |measure: Measure| {
        let name = format!("{}: {}", measure.word(), measure.meaning());
        let figures = summary.latency_ms.get(measure.word()).and_then(Option::as_ref);
        let Some(Figures { count, p50, p90, p99, p99_9, max, mean }) = figures else {
            return vec![name, "0".to_owned()];
        };
        let times = [p50, p90, p99, p99_9, max, mean].map(|time| format!("{time:.3}"));
        [name, count.to_string()].into_iter().chain(times).collect()
    };
    let rows: Vec<Vec<String>> = Measure::ALL.into_iter().map(row).collect();
    table(&["", "count", "p50", "p90", "p99", "p99.9", "max", "mean"], &rows)
}

/// Charts have at most so many points; longer runs are drawn by means of several seconds.
const POINTS: usize = 300;

/// Labels in seconds, and one value for each.
fn drawn(rows: &[Row], of: impl Fn(&[Row]) -> Option<f64>) -> (Vec<String>, Vec<Option<f64>>) {
    let step = rows.len().div_ceil(POINTS).max(1);
    let label = |(i, _): (usize, &[Row])| format!("{}", i * step);
    (rows.chunks(step).enumerate().map(label).collect(), rows.chunks(step).map(of).collect())
}

fn mean(of: fn(&Row) -> f64) -> impl Fn(&[Row]) -> Option<f64> {
    move |rows| Some(rows.iter().map(of).sum::<f64>() / rows.len().max(1) as f64)
}

fn series<'a>(name: &'a str, color: plotters::style::RGBColor, values: Vec<Option<f64>>) -> Series<'a> {
    Series { name, color, values, band: Vec::new(), steps: false }
}

fn over_time(rows: &[Row]) -> String {
    let (labels, due) = drawn(rows, mean(|row| row.due as f64));
    let lines = [
        series("due", BLUE, due),
        series("finished", GREEN, drawn(rows, mean(|row| row.finished as f64)).1),
        series("refused", ORANGE, drawn(rows, mean(|row| row.refused as f64)).1),
        series("failed", RED, drawn(rows, mean(|row| row.failed as f64)).1),
    ];
    chart::lines(&labels, &lines, Scale::Plain)
}

fn in_progress(rows: &[Row]) -> String {
    let (labels, values) = drawn(rows, mean(|row| row.in_progress as f64));
    chart::lines(&labels, &[series("in progress", BLUE, values)], Scale::Plain)
}

fn keys(rows: &[Row]) -> String {
    // Of several seconds the worst: a mean of percentiles is nothing.
    let worst = |of: fn(&Row) -> Option<f64>| {
        move |rows: &[Row]| {
            rows.iter().filter_map(of).fold(None, |worst: Option<f64>, at| Some(worst.unwrap_or(0.0).max(at)))
        }
    };
    let (labels, median) = drawn(rows, worst(|row| row.key_p50_ms));
    let (_, high) = drawn(rows, worst(|row| row.key_p99_ms));
    if high.iter().all(Option::is_none) {
        return String::new();
    }
    chart::lines(&labels, &[series("p50", BLUE, median), series("p99", ORANGE, high)], Scale::Plain)
}

fn words(words: &std::collections::BTreeMap<String, u64>) -> String {
    if words.is_empty() {
        return String::new();
    }
    let rows: Vec<Vec<String>> = words.iter().map(|(word, count)| vec![word.clone(), count.to_string()]).collect();
    table(&["", "calls"], &rows)
}

fn records(summary: &Summary) -> String {
    let records = &summary.records;
    let shown = |count: Option<u64>| count.map_or_else(|| "not known".to_owned(), |count| count.to_string());
    let counts = [
        ("calls with an id", Some(records.calls)),
        ("reconciled", records.reconciled),
        ("missing", records.missing),
        ("untold", records.untold),
        ("doubled", records.doubled),
        ("different", records.different),
        ("lost", records.lost),
        ("refusals with an id", Some(records.refusals)),
        ("refusals on record", records.refusals_recorded),
    ];
    let rows: Vec<Vec<String>> = counts.iter().map(|(name, count)| vec![(*name).to_owned(), shown(*count)]).collect();
    let mut body = table(&["", ""], &rows);
    for line in records.examples.iter().chain(&records.why) {
        let _ = write!(body, "<p class=note>{}</p>", escaped(line));
    }
    body
}

fn rules(summary: &Summary) -> String {
    if summary.thresholds.is_empty() {
        return String::new();
    }
    let row = |verdict: &super::threshold::Verdict| {
        let word = if verdict.broken { "broken" } else { "kept" };
        vec![verdict.rule.clone(), verdict.shown.clone(), word.to_owned()]
    };
    table(&["fails if", "measured", ""], &summary.thresholds.iter().map(row).collect::<Vec<_>>())
}
