//! Curves over two axes.

use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};
use plotters::coord::{Shift, types::RangedCoordf64};
use plotters::prelude::*;
use serde::Serialize;

use super::Style;

/// One axis: what it shows and how far it reaches.
#[derive(Clone, Debug)]
pub struct AxisSpec {
    /// Name and unit as they are written beside the axis.
    pub label: String,
    pub from: f64,
    pub to: f64,
}

/// One curve: two columns of the same length.
#[derive(Clone, Debug)]
pub struct Curve<'a> {
    pub label: String,
    pub colour: RGBColor,
    pub dashed: bool,
    pub x: &'a [f64],
    pub y: &'a [f64],
}

/// Where a chart lies in its drawing, in the drawing's own pixels, and what its edges stand for.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Frame {
    pub left: f64,
    pub top: f64,
    pub width: f64,
    pub height: f64,
    /// Values at the left and right edge.
    pub x: [f64; 2],
    /// Values at the bottom and top edge.
    pub y: [f64; 2],
}

/// Round steps of 1, 2 or 5 times a power of ten, about `count` of them between `from` and `to`.
pub(super) fn ticks(from: f64, to: f64, count: usize) -> (Vec<f64>, usize) {
    let rough = (to - from) / count.max(1) as f64;
    let power = libm::floor(libm::log10(rough));
    let unit = libm::pow(10.0, power);
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|m| m * unit).find(|s| *s >= rough * 0.999).unwrap_or(10.0 * unit);
    let decimals = (-libm::floor(libm::log10(step) + 1e-9)).max(0.0) as usize;
    let (first, last) = ((from / step - 1e-6).ceil() as i64, (to / step + 1e-6).floor() as i64);
    ((first..=last).map(|i| i as f64 * step).collect(), decimals)
}

/// An axis whose marks are [`ticks`]; plotters' own drop to one or two when space is short.
#[derive(Clone)]
pub(super) struct EvenAxis {
    range: RangedCoordf64,
    ends: [f64; 2],
    count: usize,
}

impl EvenAxis {
    pub fn new(from: f64, to: f64, count: usize) -> EvenAxis {
        EvenAxis { range: (from..to).into(), ends: [from, to], count }
    }
}

impl Ranged for EvenAxis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;
    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        self.range.map(value, limit)
    }
    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<f64> {
        ticks(self.ends[0], self.ends[1], self.count).0
    }
    fn range(&self) -> std::ops::Range<f64> {
        self.ends[0]..self.ends[1]
    }
}

impl ValueFormatter<f64> for EvenAxis {
    fn format_ext(&self, value: &f64) -> String {
        number(*value, ticks(self.ends[0], self.ends[1], self.count).1)
    }
}

/// With a true minus sign, and no minus before zero.
pub(super) fn number(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    match text.strip_prefix('-') {
        Some(rest) if rest.chars().all(|c| matches!(c, '0' | '.')) => rest.into(),
        Some(rest) => format!("−{rest}"),
        None => text,
    }
}

/// Draws axes, mesh and curves over the whole of `root`.
///
/// # Errors
/// Those of the backend.
pub fn line_chart<DB: DrawingBackend>(
    root: &DrawingArea<DB, Shift>,
    x: &AxisSpec,
    y: &AxisSpec,
    curves: &[Curve],
    style: &Style,
) -> Result<Frame, DrawingAreaErrorKind<DB::ErrorType>> {
    if let Some(background) = style.background {
        root.fill(&background)?;
    }
    let (width, height) = root.dim_in_pixel();
    // About one mark in 60 CSS pixels across and 36 up.
    let marks = |pixels: u32, each: f64| ((f64::from(pixels) / style.scale / each) as usize).clamp(2, 10);
    let mut chart = ChartBuilder::on(root)
        .margin_top(style.px(10.0))
        .margin_right(style.px(16.0))
        .margin_bottom(style.px(4.0))
        .margin_left(style.px(4.0))
        .x_label_area_size(style.px(40.0))
        .y_label_area_size(style.px(52.0))
        .build_cartesian_2d(
            EvenAxis::new(x.from, x.to, marks(width, 60.0)),
            EvenAxis::new(y.from, y.to, marks(height, 36.0)),
        )?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(style.line(style.mesh, 1.0))
        .axis_style(style.line(style.ink, 1.0))
        .label_style(style.text(12.0))
        .axis_desc_style(style.text(13.0))
        .x_desc(&x.label)
        .y_desc(&y.label)
        .set_all_tick_mark_size(style.px(4.0))
        .draw()?;
    for curve in curves {
        // A single point would vanish as a line.
        if let ([x], [y]) = (curve.x, curve.y) {
            chart.draw_series([Circle::new((*x, *y), style.px(2.0), curve.colour.filled())])?;
        }
        let points = curve.x.iter().copied().zip(curve.y.iter().copied());
        let line = style.line(curve.colour, 2.0);
        if curve.dashed {
            chart.draw_series(DashedLineSeries::new(points, style.px(7.0) as u32, style.px(4.0) as u32, line))?;
        } else {
            chart.draw_series(LineSeries::new(points, line))?;
        }
    }
    let (columns, rows) = chart.plotting_area().get_pixel_range();
    if style.legend {
        legend(root, (rows.start, columns.end), curves, style)?;
    }
    Ok(Frame {
        left: f64::from(columns.start),
        top: f64::from(rows.start),
        width: f64::from(columns.end - columns.start),
        height: f64::from(rows.end - rows.start),
        x: [x.from, x.to],
        y: [y.from, y.to],
    })
}

/// Names the curves in the upper right corner, at (`top`, `right`).
fn legend<DB: DrawingBackend>(
    root: &DrawingArea<DB, Shift>,
    (top, right): (i32, i32),
    curves: &[Curve],
    style: &Style,
) -> Result<(), DrawingAreaErrorKind<DB::ErrorType>> {
    let text = style.text(12.0);
    let longest = curves.iter().map(|c| c.label.chars().count()).max().unwrap_or(0);
    // An average letter is 0.55 of the font's size wide.
    let left = right - style.px(34.0 + 0.55 * 12.0 * longest as f64);
    for (i, curve) in curves.iter().enumerate() {
        let y = top + style.px(14.0 + 18.0 * i as f64);
        let line = vec![(left, y), (left + style.px(20.0), y)];
        root.draw(&PathElement::new(line, style.line(curve.colour, 2.0)))?;
        root.draw(&Text::new(curve.label.clone(), (left + style.px(26.0), y - style.px(7.0)), text.clone()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_inside() {
        assert_eq!(ticks(0.0, 220.0, 5), (vec![0.0, 50.0, 100.0, 150.0, 200.0], 0));
        let (values, decimals) = ticks(3.0, 4.4, 7);
        assert_eq!((values.len(), decimals), (8, 1));
        assert!((values[7] - 4.4).abs() < 1e-12);
        assert_eq!(ticks(-0.013, -0.011, 4).1, 4);
    }

    #[test]
    fn numbers_have_a_true_minus() {
        assert_eq!(number(-0.25, 2), "−0.25");
        assert_eq!(number(-0.001, 1), "0.0");
        assert_eq!(number(3.0, 0), "3");
    }

    #[cfg(not(target_arch = "wasm32"))]
    #[test]
    fn a_curve_lies_where_its_frame_says() {
        let mut svg = String::new();
        let (x, y) = ([0.0, 10.0], [0.0, 1.0]);
        let frame = {
            let root = SVGBackend::with_string(&mut svg, (400, 300)).into_drawing_area();
            let axis = |label: &str, to| AxisSpec { label: label.into(), from: 0.0, to };
            let curve = Curve { label: "one".into(), colour: RGBColor(1, 2, 3), dashed: false, x: &x, y: &y };
            line_chart(&root, &axis("capacity", 10.0), &axis("voltage", 1.0), &[curve], &Style::figure()).unwrap()
        };
        let line = svg.lines().find(|l| l.contains("polyline") && l.contains("#010203")).expect("the curve");
        let points = line.split("points=\"").nth(1).unwrap().split('"').next().unwrap();
        let ends: Vec<Vec<f64>> =
            points.split_whitespace().map(|p| p.split(',').map(|v| v.parse().unwrap()).collect()).collect();
        assert!((ends[0][0] - frame.left).abs() <= 1.0 && (ends[0][1] - frame.top - frame.height).abs() <= 1.0);
        assert!((ends[1][0] - frame.left - frame.width).abs() <= 1.0 && (ends[1][1] - frame.top).abs() <= 1.0);
        assert!(svg.contains("capacity") && svg.contains("voltage") && svg.contains("one"));
    }
}
