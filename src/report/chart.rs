//! Charts as SVG that stand in a page, light or dark: whatever is not a series is drawn in the colour of the text around it.

use plotters::{
    coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter},
    prelude::*,
    style::text_anchor,
};

/// Width of every chart, in pixels of its own; a page scales it.
const WIDTH: u32 = 580;
const HEIGHT: u32 = 240;

/// Stands for the colour of the surrounding text, and is replaced by it.
const INK: RGBColor = RGBColor(1, 2, 3);

/// Colours of series that can be told apart on white and on black, and by most colour-blind readers.
pub const BLUE: RGBColor = RGBColor(0x2f, 0x7e, 0xd8);
/// Second colour.
pub const ORANGE: RGBColor = RGBColor(0xe6, 0x7e, 0x22);
/// Third colour.
pub const GREEN: RGBColor = RGBColor(0x2a, 0x9d, 0x6f);
/// Fourth colour.
pub const RED: RGBColor = RGBColor(0xd6, 0x45, 0x4f);

/// One line of a chart. A point without a value is left out.
pub struct Series<'a> {
    /// Its name in the legend.
    pub name: &'a str,
    /// Its colour.
    pub color: RGBColor,
    /// Values, one a label.
    pub values: Vec<Option<f64>>,
    /// Interval about each value, drawn as a band; empty: none.
    pub band: Vec<Option<(f64, f64)>>,
    /// Drawn as steps: the value holds until the next label.
    pub steps: bool,
}

/// How values are written at the axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Shares, in per cent.
    Percent,
    /// Plain numbers.
    Plain,
}

/// The vertical axis: plain numbers, or per cent.
struct Axis {
    range: plotters::coord::types::RangedCoordf64,
    scale: Scale,
}

impl Scale {
    fn write(self, value: f64) -> String {
        match self {
            Scale::Percent => format!("{:.0} %", value * 100.0),
            Scale::Plain if value.abs() >= 10.0 || value == 0.0 => format!("{value:.0}"),
            Scale::Plain => format!("{value:.1}"),
        }
    }
}

impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;
    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        self.range.map(value, limit)
    }
    fn key_points<H: KeyPointHint>(&self, hint: H) -> Vec<f64> {
        self.range.key_points(hint)
    }
    fn range(&self) -> std::ops::Range<f64> {
        self.range.range()
    }
}

impl ValueFormatter<f64> for Axis {
    fn format_ext(&self, value: &f64) -> String {
        self.scale.write(*value)
    }
}

/// Lines over labelled points (half-hours, days, values of a setting). An empty chart when there is nothing to draw.
pub fn lines(labels: &[String], series: &[Series<'_>], scale: Scale) -> String {
    let values =
        || series.iter().flat_map(|s| s.values.iter().flatten().chain(s.band.iter().flatten().map(|(_, high)| high)));
    let top = values().copied().filter(|v| v.is_finite()).fold(0.0_f64, f64::max);
    let bottom = values().copied().filter(|v| v.is_finite()).fold(0.0_f64, f64::min);
    let top = match scale {
        // Without any value the axis is that of all shares.
        Scale::Percent if values().next().is_none() => 1.0,
        Scale::Percent => (top * 1.08).clamp(0.05, 1.0),
        Scale::Plain => (top * 1.08).max(1.0),
    };
    let mut svg = String::new();
    // Drawing into a string has nothing to fail on; an error would leave the chart empty.
    let _ = draw_lines(&mut svg, labels, series, (bottom, top), scale);
    themed(svg)
}

type Drawn = Result<(), Box<dyn std::error::Error>>;

fn draw_lines(
    svg: &mut String,
    labels: &[String],
    series: &[Series<'_>],
    (bottom, top): (f64, f64),
    scale: Scale,
) -> Drawn {
    let root = SVGBackend::with_string(svg, (WIDTH, HEIGHT)).into_drawing_area();
    let last = labels.len().max(2) - 1;
    let axis = Axis { range: (bottom..top).into(), scale };
    let mut chart = ChartBuilder::on(&root)
        .margin(6)
        .margin_right(12)
        .x_label_area_size(26)
        .y_label_area_size(52)
        .build_cartesian_2d(-0.2..last as f64 + 0.8, axis)?;
    let text = ("sans-serif", 13).into_font().color(&INK);
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(INK.mix(0.15))
        .axis_style(INK.mix(0.4))
        .label_style(text.clone())
        .x_labels(labels.len().clamp(2, 10))
        // Between two points there is nothing to name.
        .x_label_formatter(&|x| labels.get(*x as usize).filter(|_| x.fract() == 0.0).cloned().unwrap_or_default())
        .y_labels(5)
        .draw()?;
    for one in series {
        for band in bands(one) {
            let up = band.iter().map(|&(x, _, high)| (x, high.min(top)));
            let down = band.iter().rev().map(|&(x, low, _)| (x, low.max(bottom)));
            let corners: Vec<(f64, f64)> = up.chain(down).collect();
            chart.draw_series(std::iter::once(Polygon::new(corners, one.color.mix(0.18))))?;
        }
        for run in runs(one) {
            chart.draw_series(LineSeries::new(run, one.color.stroke_width(2)))?;
        }
        chart
            .draw_series(std::iter::empty::<Circle<(f64, f64), i32>>())?
            .label(one.name)
            .legend(|(x, y)| PathElement::new(vec![(x, y), (x + 16, y)], one.color.stroke_width(3)));
    }
    if series.len() > 1 {
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperRight)
            .border_style(TRANSPARENT)
            .label_font(text)
            .draw()?;
    }
    root.present()?;
    Ok(())
}

/// The stretches of a series' band without a gap, of two points at least: it breaks where the line does.
fn bands(series: &Series<'_>) -> Vec<Vec<(f64, f64, f64)>> {
    let mut bands: Vec<Vec<(f64, f64, f64)>> = vec![Vec::new()];
    for (i, band) in series.band.iter().enumerate() {
        match (band, bands.last_mut()) {
            (Some((low, high)), Some(last)) => last.push((i as f64, *low, *high)),
            _ => bands.push(Vec::new()),
        }
    }
    bands.retain(|band| band.len() > 1);
    bands
}

/// The stretches of a series without a gap.
fn runs(series: &Series<'_>) -> Vec<Vec<(f64, f64)>> {
    let mut runs: Vec<Vec<(f64, f64)>> = vec![Vec::new()];
    for (i, value) in series.values.iter().enumerate() {
        let Some(run) = runs.last_mut() else { break };
        match value.filter(|value| value.is_finite()) {
            Some(value) => {
                run.push((i as f64, value));
                if series.steps {
                    run.push((i as f64 + 1.0, value));
                }
            }
            None if !run.is_empty() => runs.push(Vec::new()),
            None => {}
        }
    }
    runs.retain(|run| !run.is_empty());
    runs
}

/// A class of a histogram: its label, and the heights of its parts from below.
pub struct Bar {
    /// What stands below it.
    pub label: String,
    /// Heights of its parts.
    pub parts: Vec<f64>,
}

/// Stacked bars; `names` and `colors` are those of the parts.
pub fn bars(bars: &[Bar], names: &[(&str, RGBColor)]) -> String {
    let top = bars.iter().map(|bar| bar.parts.iter().sum::<f64>()).fold(0.0_f64, f64::max).max(1e-9) * 1.08;
    let mut svg = String::new();
    // As above.
    let _ = draw_bars(&mut svg, bars, names, top);
    themed(svg)
}

fn draw_bars(svg: &mut String, bars: &[Bar], names: &[(&str, RGBColor)], top: f64) -> Drawn {
    let root = SVGBackend::with_string(svg, (WIDTH, HEIGHT)).into_drawing_area();
    let axis = Axis { range: (0.0..top).into(), scale: Scale::Percent };
    let mut chart = ChartBuilder::on(&root)
        .margin(6)
        .margin_right(12)
        .x_label_area_size(26)
        .y_label_area_size(52)
        .build_cartesian_2d(0.0..bars.len().max(1) as f64, axis)?;
    let text = ("sans-serif", 13).into_font().color(&INK);
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(INK.mix(0.15))
        .axis_style(INK.mix(0.4))
        .label_style(text.clone())
        .x_labels(0)
        .y_labels(5)
        .draw()?;
    for (part, &(name, color)) in names.iter().enumerate() {
        let boxes = bars.iter().enumerate().filter_map(|(i, bar)| {
            let below: f64 = bar.parts.iter().take(part).sum();
            let height = bar.parts.get(part).copied().filter(|height| *height > 0.0)?;
            let (left, right) = (i as f64 + 0.08, i as f64 + 0.92);
            Some(Rectangle::new([(left, below), (right, below + height)], color.filled()))
        });
        chart
            .draw_series(boxes)?
            .label(name)
            .legend(move |(x, y)| Rectangle::new([(x, y - 5), (x + 12, y + 5)], color.filled()));
    }
    let below = text.pos(text_anchor::Pos::new(text_anchor::HPos::Center, text_anchor::VPos::Top));
    let width = chart.plotting_area().dim_in_pixel().0 as f64 / bars.len().max(1) as f64;
    // So many labels fit side by side.
    let every = bars.len().div_ceil(14).max(1);
    for (i, bar) in bars.iter().enumerate().step_by(every) {
        let x = 58 + ((i as f64 + 0.5) * width) as i32;
        root.draw(&Text::new(bar.label.as_str(), (x, HEIGHT as i32 - 24), below.clone()))?;
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperRight)
        .border_style(TRANSPARENT)
        .label_font(("sans-serif", 13).into_font().color(&INK))
        .draw()?;
    root.present()?;
    Ok(())
}

fn themed(svg: String) -> String {
    svg.replace("#010203", "currentColor")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(values: &[Option<f64>]) -> Series<'static> {
        let band = values.iter().map(|value| value.map(|value| (value - 1.0, value + 1.0))).collect();
        Series { name: "wait", color: BLUE, values: values.to_vec(), band, steps: false }
    }

    #[test]
    fn line_and_band_break_at_a_weekend() {
        let week = series(&[Some(5.0), Some(6.0), None, None, Some(7.0), Some(8.0), None, Some(9.0)]);
        let first = |points: &Vec<(f64, f64, f64)>| (points[0].0, points.len());
        assert_eq!(bands(&week).iter().map(first).collect::<Vec<_>>(), [(0.0, 2), (4.0, 2)]);
        assert_eq!(runs(&week).len(), 3);
        let labels: Vec<String> = (0..8).map(|i| i.to_string()).collect();
        assert_eq!(lines(&labels, &[week], Scale::Plain).matches("<polygon").count(), 2);
    }

    #[test]
    fn a_chart_without_values_has_the_axis_of_all_shares() {
        let labels = ["08:00".to_owned(), "08:30".to_owned()];
        let svg = lines(&labels, &[series(&[None, None])], Scale::Percent);
        assert!(svg.contains("100 %"), "{svg}");
    }
}
