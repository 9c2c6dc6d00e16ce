//! Charts as SVG, readable without a network.

use plotters::prelude::{
    BLACK, ChartBuilder, Color, DrawingArea, IntoDrawingArea, LineSeries, RGBColor, SVGBackend, SeriesLabelPosition,
    WHITE,
};

use crate::sim::{
    summary::{estimate_of, shown},
    sweep::{Point, Sweep},
};

/// Colours that people with any kind of sight tell apart (Okabe and Ito).
const COLOURS: [RGBColor; 7] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
    RGBColor(0, 0, 0),
];

const WIDTH: u32 = 900;
const PANEL: u32 = 260;
const PANELS: [(&str, &str); 4] =
    [("service_level", "share"), ("abandonment", "share"), ("wait", "seconds"), ("occupancy", "share")];

/// A line of a panel: its name, and points from left to right.
struct Line {
    name: String,
    points: Vec<(f64, f64)>,
}

/// A sweep: a panel a measure, the last axis from left to right, a line for each value of the other axes. Empty panels
/// where nothing was found.
pub fn sweep(found: &Sweep) -> String {
    let mut svg = String::new();
    let size = (WIDTH, PANEL * PANELS.len() as u32);
    {
        let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        // Drawing into memory; a panel that cannot be laid out is left out.
        let _ = area.fill(&WHITE);
        for (panel, (measure, unit)) in area.split_evenly((PANELS.len(), 1)).iter().zip(PANELS) {
            let _ = draw(panel, found, measure, unit);
        }
        let _ = area.present();
    }
    svg
}

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;

fn draw(area: &Area<'_>, found: &Sweep, measure: &str, unit: &str) -> Result<(), Box<dyn std::error::Error>> {
    let lines = lines(found, measure);
    let all = || lines.iter().flat_map(|line| line.points.iter().copied());
    let (left, right) = ends(all().map(|(x, _)| x));
    let (_, top) = ends(all().map(|(_, y)| y).chain([0.0]));
    let axis = found.axes.last();
    let mut chart = ChartBuilder::on(area)
        .caption(measure.replace('_', " "), ("sans-serif", 16))
        .margin(8)
        .x_label_area_size(36)
        .y_label_area_size(64)
        .build_cartesian_2d(left..right, 0.0..top * 1.05)?;
    let named = |x: &f64| axis.and_then(|axis| label(&axis.values, *x)).unwrap_or_else(|| format!("{x}"));
    chart
        .configure_mesh()
        .light_line_style(WHITE)
        .x_desc(axis.map_or("", |axis| axis.key.as_str()))
        .x_label_formatter(&named)
        .y_label_formatter(&|y| shown(unit, *y))
        .draw()?;
    for (line, colour) in lines.iter().zip(COLOURS.iter().cycle()) {
        let series = LineSeries::new(line.points.iter().copied(), colour.stroke_width(2)).point_size(3);
        let drawn = chart.draw_series(series)?;
        if !line.name.is_empty() {
            let key = *colour;
            drawn.label(&line.name).legend(move |(x, y)| {
                plotters::element::PathElement::new(vec![(x, y), (x + 16, y)], key.stroke_width(2))
            });
        }
    }
    if lines.iter().any(|line| !line.name.is_empty()) {
        let mut labels = chart.configure_series_labels();
        labels.position(SeriesLabelPosition::UpperRight).background_style(WHITE.mix(0.8)).border_style(BLACK).draw()?;
    }
    Ok(())
}

/// The lines of a panel: one for each value of the axes before the last.
fn lines(found: &Sweep, measure: &str) -> Vec<Line> {
    let Some(axis) = found.axes.last() else { return Vec::new() };
    let line = |points: &[Point]| {
        let before = points.first().map(|point| &point.at[..point.at.len() - 1]).unwrap_or_default();
        let keys = found.axes.iter().map(|axis| &axis.key);
        let name: Vec<String> = keys.zip(before).map(|(key, value)| format!("{key}={value}")).collect();
        let one = |(place, point): (usize, &Point)| {
            let y = estimate_of(&point.measures, measure)?.value?;
            Some((place_of(&axis.values, place), y))
        };
        Line { name: name.join(" "), points: points.iter().enumerate().filter_map(one).collect() }
    };
    found.points.chunks(axis.values.len()).map(line).collect()
}

/// Where a value stands on the axis: where its number is, or, when they are not all numbers, by its place.
fn place_of(values: &[String], place: usize) -> f64 {
    let numbers: Option<Vec<f64>> = values.iter().map(|value| value.parse().ok()).collect();
    numbers.and_then(|numbers| numbers.get(place).copied()).unwrap_or(place as f64)
}

/// What stands below the axis there; `None`: a number like any other.
fn label(values: &[String], x: f64) -> Option<String> {
    if values.iter().all(|value| value.parse::<f64>().is_ok()) {
        return None;
    }
    let here = x.fract() == 0.0 && x >= 0.0;
    Some(values.get(x as usize).filter(|_| here).cloned().unwrap_or_default())
}

/// The least and the greatest, a little apart where they are the same.
fn ends(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let finite = values.filter(|value| value.is_finite());
    let (low, high) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
    match low < high {
        true => (low, high),
        false if low.is_finite() => (low - 0.5, high + 0.5),
        false => (0.0, 1.0),
    }
}
