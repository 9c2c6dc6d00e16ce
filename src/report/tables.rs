//! Tables of the page.

use std::fmt::Write;

use super::html::escaped;
use crate::{
    sim::summary::{Found, Part, estimate_of, shown, shown_with_reach},
    stats::Estimate,
};

/// An estimate as text: the value, and how far its interval reaches where there is one.
pub(super) fn told(unit: &str, estimate: &Estimate) -> String {
    let Some(value) = estimate.value else { return "–".to_owned() };
    match estimate.reach() {
        Some(reach) => {
            let [value, reach] = shown_with_reach(unit, value, reach);
            format!("{value} <small>± {reach}</small>")
        }
        None => shown(unit, value),
    }
}

/// An estimate whose interval need not be symmetric: the value, and the ends of its interval where there is one.
pub(super) fn between(unit: &str, estimate: &Estimate) -> String {
    let Some(value) = estimate.value else { return "–".to_owned() };
    match (estimate.low, estimate.high) {
        (Some(low), Some(high)) => {
            format!("{} <small>{} to {}</small>", shown(unit, value), shown(unit, low), shown(unit, high))
        }
        _ => shown(unit, value),
    }
}

/// One row a part, one column a measure of `columns` that any part has.
pub(super) fn parts(what: &str, parts: &[Part], columns: &[&str]) -> String {
    let parts: Vec<&Part> = parts.iter().filter(|part| counts(&part.measures)).collect();
    if parts.is_empty() {
        return String::new();
    }
    let has =
        |name: &&&str| parts.iter().any(|part| estimate_of(&part.measures, name).is_some_and(|e| e.value.is_some()));
    let columns: Vec<&str> = columns.iter().filter(has).copied().collect();
    let mut html = format!("<table><thead><tr><th>{}</th>", escaped(what));
    for column in &columns {
        let _ = write!(html, "<th class=n>{}</th>", escaped(&spoken(column)));
    }
    html.push_str("</tr></thead><tbody>");
    for part in parts {
        let _ = write!(html, "<tr><th>{}</th>", escaped(&part.name));
        for column in &columns {
            let found = part.measures.iter().find(|found| found.name == *column);
            let cell = found.map_or_else(|| "–".to_owned(), |found| told(found.unit, &found.estimate));
            let _ = write!(html, "<td class=n>{cell}</td>");
        }
        html.push_str("</tr>");
    }
    html.push_str("</tbody></table>");
    html
}

/// Whether anything was counted.
fn counts(measures: &[Found]) -> bool {
    measures.iter().any(|found| found.estimate.value.is_some_and(|value| value > 0.0))
}

/// A measure's name with spaces.
pub(super) fn spoken(name: &str) -> String {
    name.replace('_', " ")
}
