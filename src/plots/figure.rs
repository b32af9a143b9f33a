//! A chart as data: axes, curves and marks, drawn on any backend.

use plotters::coord::Shift;
use plotters::element::DashedPathElement;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use serde::Serialize;

use super::scale::TickAxis;
use super::{Scale, Style, curve_colour};

/// One axis: what it shows and how far it reaches.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// `Voltage`, for tables.
    pub name: &'static str,
    /// `V`.
    pub unit: &'static str,
    /// What is written beside the axis.
    pub label: &'static str,
    /// Digits after the point when a value is read.
    pub decimals: usize,
    pub scale: Scale,
}

/// Shapes that are told apart without colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mark {
    Dot,
    Circle,
    Square,
    Diamond,
    Up,
    Down,
}

/// Points that belong together.
#[derive(Clone, Debug, Default)]
pub struct Series {
    pub name: String,
    /// Number in the row of curve colours; none is the colour of the axes.
    pub colour: Option<usize>,
    /// Joined by a line, dashed or not; else only marks.
    pub line: Option<Line>,
    pub mark: Option<Mark>,
    /// A line breaks at a point of NaN.
    pub points: Vec<[f64; 2]>,
    /// What a single point is called beyond the name; empty or one for each point.
    pub notes: Vec<String>,
    /// A measured value and no result of ours.
    pub measured: bool,
    /// Filled below its line; what it says is the height of the filling.
    pub area: Option<Area>,
}

/// One layer of a stack.
#[derive(Clone, Debug, PartialEq)]
pub struct Area {
    /// Where it begins beneath each point.
    pub base: Vec<f64>,
    /// The paler one of two layers in the same colour?
    pub pale: bool,
}

impl Area {
    pub fn opacity(&self) -> f64 {
        if self.pale { 0.3 } else { 0.8 }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    Full,
    Dashed,
}

/// A chart.
#[derive(Clone, Debug)]
pub struct Figure {
    pub title: &'static str,
    pub x: Axis,
    pub y: Axis,
    pub series: Vec<Series>,
    /// A place on a curve that is looked at elsewhere.
    pub cursor: Option<[f64; 2]>,
}

/// Where a chart lies in its drawing, in the drawing's own pixels, and what its edges stand for.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Frame {
    pub left: f64,
    pub top: f64,
    pub width: f64,
    pub height: f64,
    /// Left to right.
    pub x: Scale,
    /// Bottom to top.
    pub y: Scale,
}

impl Frame {
    /// The pixel of a value.
    pub fn pixel(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        [self.left + self.x.place(x) * self.width, self.top + (1.0 - self.y.place(y)) * self.height]
    }

    /// The value at a pixel.
    pub fn value(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        [self.x.value((x - self.left) / self.width), self.y.value(1.0 - (y - self.top) / self.height)]
    }

    /// Is the value shown? What lies beyond an edge by less than a pixel or so is: a cut-off is met to the tenth of a millivolt.
    pub fn holds(&self, [x, y]: [f64; 2]) -> bool {
        const EDGE: f64 = 2e-3;
        let shown = -EDGE..=1.0 + EDGE;
        shown.contains(&self.x.place(x)) && shown.contains(&self.y.place(y))
    }
}

/// The row of names under a chart takes this much height for each line [CSS px].
const LEGEND_ROW: f64 = 20.0;

impl Figure {
    /// Draws the part of the chart between the ends of `window` over the whole of `root`.
    ///
    /// # Errors
    /// Those of the backend.
    pub fn draw<DB: DrawingBackend>(
        &self,
        root: &DrawingArea<DB, Shift>,
        [x, y]: [Scale; 2],
        style: &Style,
    ) -> Result<Frame, DrawingAreaErrorKind<DB::ErrorType>> {
        if let Some(background) = style.background {
            root.fill(&background)?;
        }
        let (width, height) = root.dim_in_pixel();
        let rows = if style.legend { self.legend_rows(f64::from(width) / style.scale - 72.0) } else { Vec::new() };
        let legend = style.px(LEGEND_ROW * rows.len() as f64);
        // About one mark in 60 CSS pixels across and 36 up.
        let marks = |pixels: u32, each: f64| ((f64::from(pixels) / style.scale / each) as usize).clamp(2, 10);
        let mut chart = ChartBuilder::on(root)
            .margin_top(style.px(10.0))
            .margin_right(style.px(16.0))
            .margin_bottom(style.px(4.0) + legend)
            .margin_left(style.px(4.0))
            .x_label_area_size(style.px(40.0))
            .y_label_area_size(style.px(56.0))
            .build_cartesian_2d(TickAxis::new(x, marks(width, 60.0)), TickAxis::new(y, marks(height, 36.0)))?;
        chart
            .configure_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(style.line(style.mesh, 1.0))
            .axis_style(style.line(style.ink, 1.0))
            .label_style(style.text(12.0))
            .axis_desc_style(style.text(13.0))
            .x_desc(self.x.label)
            .y_desc(self.y.label)
            .set_all_tick_mark_size(style.px(4.0))
            .draw()?;
        let (columns, lines) = chart.plotting_area().get_pixel_range();
        let frame = Frame {
            left: f64::from(columns.start),
            top: f64::from(lines.start),
            width: f64::from(columns.end - columns.start),
            height: f64::from(lines.end - lines.start),
            x,
            y,
        };
        for series in &self.series {
            series.draw(root, &frame, style)?;
        }
        if let Some(at) = self.cursor.filter(|&at| frame.holds(at)) {
            let at = round(frame.pixel(at));
            let ring = |radius: f64, colour: RGBColor, width: f64| {
                Circle::new(at, style.px(radius), style.line(colour, width))
            };
            root.draw(&ring(5.5, style.halo, 4.0))?;
            root.draw(&ring(5.5, style.ink, 2.0))?;
        }
        let top = height as i32 - legend - style.px(4.0);
        for (row, entries) in rows.iter().enumerate() {
            for &(left, entry) in entries {
                let at = (frame.left as i32 + style.px(left), top + style.px(LEGEND_ROW * (row as f64 + 0.5)));
                self.series[entry].draw_key(root, at, style)?;
            }
        }
        Ok(frame)
    }

    /// Shares the names out to rows of `width` CSS pixels: for each row (left edge, series).
    fn legend_rows(&self, width: f64) -> Vec<Vec<(f64, usize)>> {
        let mut rows: Vec<Vec<(f64, usize)>> = Vec::new();
        let mut left = f64::INFINITY;
        for (i, series) in self.series.iter().enumerate() {
            // An average letter is 0.55 of the font's size wide; text is never measured.
            let needed = 48.0 + 0.55 * 12.0 * series.name.chars().count() as f64;
            if left + needed > width {
                rows.push(Vec::new());
                left = 0.0;
            }
            rows.last_mut().expect("the first name opens a row").push((left, i));
            left += needed;
        }
        rows
    }
}

fn round([x, y]: [f64; 2]) -> (i32, i32) {
    (x.round() as i32, y.round() as i32)
}

impl Series {
    fn rgb(&self, style: &Style) -> RGBColor {
        self.colour.map_or(style.ink, |number| curve_colour(number, style.dark))
    }

    fn draw<DB: DrawingBackend>(
        &self,
        root: &DrawingArea<DB, Shift>,
        frame: &Frame,
        style: &Style,
    ) -> Result<(), DrawingAreaErrorKind<DB::ErrorType>> {
        let colour = self.rgb(style);
        if let Some(area) = &self.area {
            let back = self.points.iter().zip(&area.base).rev().map(|(p, &base)| [p[0], base]);
            let corners = clipped(self.points.iter().copied().chain(back), frame);
            root.draw(&Polygon::new(corners, colour.mix(area.opacity()).filled()))?;
        }
        if let Some(line) = self.line {
            let width = if self.area.is_some() { 1.0 } else { 2.0 };
            for piece in visible(&self.points, frame) {
                stroke(root, piece, line, style.line(colour, width), style)?;
            }
        }
        // A single point would vanish as a line.
        let lonely = (self.points.len() == 1 && self.line.is_some()).then_some(Mark::Dot);
        if let Some(mark) = self.mark.or(lonely) {
            for &point in self.points.iter().filter(|&&p| frame.holds(p)) {
                mark.draw(root, round(frame.pixel(point)), colour, style)?;
            }
        }
        Ok(())
    }

    /// Line or mark, and name.
    fn draw_key<DB: DrawingBackend>(
        &self,
        root: &DrawingArea<DB, Shift>,
        (left, middle): (i32, i32),
        style: &Style,
    ) -> Result<(), DrawingAreaErrorKind<DB::ErrorType>> {
        let colour = self.rgb(style);
        if let Some(area) = &self.area {
            let half = style.px(5.0);
            let box_ = [(left, middle - half), (left + style.px(22.0), middle + half)];
            root.draw(&Rectangle::new(box_, colour.mix(area.opacity()).filled()))?;
        } else if let Some(line) = self.line {
            stroke(root, vec![(left, middle), (left + style.px(22.0), middle)], line, style.line(colour, 2.0), style)?;
        }
        if let Some(mark) = self.mark {
            mark.draw(root, (left + style.px(11.0), middle), colour, style)?;
        }
        let text = style.text(12.0).pos(Pos::new(HPos::Left, VPos::Center));
        root.draw(&Text::new(self.name.clone(), (left + style.px(28.0), middle), text))
    }
}

fn stroke<DB: DrawingBackend>(
    root: &DrawingArea<DB, Shift>,
    points: Vec<(i32, i32)>,
    line: Line,
    style: ShapeStyle,
    look: &Style,
) -> Result<(), DrawingAreaErrorKind<DB::ErrorType>> {
    match line {
        Line::Full => root.draw(&PathElement::new(points, style)),
        Line::Dashed => root.draw(&DashedPathElement::new(points, look.px(7.0) as u32, look.px(4.0) as u32, style)),
    }
}

impl Mark {
    /// Filled dots are results, hollow shapes are measured values.
    fn draw<DB: DrawingBackend>(
        self,
        root: &DrawingArea<DB, Shift>,
        (x, y): (i32, i32),
        colour: RGBColor,
        style: &Style,
    ) -> Result<(), DrawingAreaErrorKind<DB::ErrorType>> {
        let [r, d, t] = [4.5, 6.0, 5.5].map(|r| style.px(r));
        let outline = style.line(colour, 1.8);
        let closed = |corners: &[(i32, i32)]| {
            let mut path: Vec<(i32, i32)> = corners.iter().map(|(dx, dy)| (x + dx, y + dy)).collect();
            // One more than the first, so that the last corner is as sharp as the others.
            path.extend_from_within(..2);
            PathElement::new(path, outline)
        };
        match self {
            Mark::Dot => root.draw(&Circle::new((x, y), style.px(3.5), colour.filled())),
            Mark::Circle => root.draw(&Circle::new((x, y), style.px(5.0), outline)),
            Mark::Square => root.draw(&closed(&[(-r, -r), (r, -r), (r, r), (-r, r)])),
            Mark::Diamond => root.draw(&closed(&[(0, -d), (d, 0), (0, d), (-d, 0)])),
            Mark::Up => root.draw(&closed(&[(0, -d), (t, r), (-t, r)])),
            Mark::Down => root.draw(&closed(&[(0, d), (t, -r), (-t, -r)])),
        }
    }
}

/// The parts of a line that lie inside the frame, in pixels: each step is clipped (Liang and Barsky 1984).
pub(super) fn visible(points: &[[f64; 2]], frame: &Frame) -> Vec<Vec<(i32, i32)>> {
    let mut pieces: Vec<Vec<(i32, i32)>> = Vec::new();
    let places: Vec<[f64; 2]> = points.iter().map(|&[x, y]| [frame.x.place(x), frame.y.place(y)]).collect();
    let mut broken = true;
    for step in places.windows(2) {
        let [a, b] = [step[0], step[1]];
        if a.iter().chain(&b).any(|v| v.is_nan()) {
            broken = true;
            continue;
        }
        let (mut enter, mut leave) = (0.0_f64, 1.0_f64);
        for k in 0..2 {
            let d = b[k] - a[k];
            let (to_low, to_high) = ((0.0 - a[k]) / d, (1.0 - a[k]) / d);
            if d == 0.0 {
                if !(0.0..=1.0).contains(&a[k]) {
                    leave = -1.0;
                }
            } else {
                enter = enter.max(to_low.min(to_high));
                leave = leave.min(to_low.max(to_high));
            }
        }
        if enter > leave {
            continue;
        }
        let pixel = |t: f64| {
            let [u, v] = [0, 1].map(|k| a[k] + t * (b[k] - a[k]));
            round([frame.left + u * frame.width, frame.top + (1.0 - v) * frame.height])
        };
        // A line that comes from outside begins anew.
        if enter > 0.0 || broken {
            pieces.push(vec![pixel(enter)]);
        }
        broken = false;
        let piece = pieces.last_mut().expect("a piece was begun");
        let next = pixel(leave);
        if piece.last() != Some(&next) {
            piece.push(next);
        }
    }
    pieces.retain(|piece| piece.len() > 1);
    pieces
}

/// The part of a polygon that lies inside the frame, in pixels (Sutherland and Hodgman 1974).
fn clipped(corners: impl Iterator<Item = [f64; 2]>, frame: &Frame) -> Vec<(i32, i32)> {
    let mut polygon: Vec<[f64; 2]> = corners.map(|[x, y]| [frame.x.place(x), frame.y.place(y)]).collect();
    for (k, edge, inward) in [(0, 0.0, 1.0), (0, 1.0, -1.0), (1, 0.0, 1.0), (1, 1.0, -1.0)] {
        let depth = |p: [f64; 2]| inward * (p[k] - edge);
        let mut kept = Vec::with_capacity(polygon.len() + 2);
        for (i, &b) in polygon.iter().enumerate() {
            let a = polygon[i.checked_sub(1).unwrap_or(polygon.len() - 1)];
            let (before, here) = (depth(a), depth(b));
            if (before >= 0.0) != (here >= 0.0) {
                let t = before / (before - here);
                kept.push([0, 1].map(|j| a[j] + t * (b[j] - a[j])));
            }
            if here >= 0.0 {
                kept.push(b);
            }
        }
        polygon = kept;
    }
    let pixel = |[u, v]: [f64; 2]| round([frame.left + u * frame.width, frame.top + (1.0 - v) * frame.height]);
    polygon.into_iter().map(pixel).collect()
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;

    pub(super) fn figure(points: Vec<[f64; 2]>) -> Figure {
        let axis = |label, to| Axis { name: label, unit: "u", label, decimals: 1, scale: Scale::even(0.0, to) };
        let series =
            Series { name: "one".into(), colour: Some(0), line: Some(Line::Full), points, ..Series::default() };
        Figure { title: "test", x: axis("capacity", 10.0), y: axis("voltage", 1.0), series: vec![series], cursor: None }
    }

    fn svg(figure: &Figure, window: [Scale; 2], style: &Style) -> (String, Frame) {
        let mut svg = String::new();
        let root = SVGBackend::with_string(&mut svg, (400, 300)).into_drawing_area();
        let frame = figure.draw(&root, window, style).unwrap();
        drop(root);
        (svg, frame)
    }

    /// Corners of the curves: polylines in the first curve colour.
    fn curve(svg: &str) -> Vec<Vec<f64>> {
        let line = svg.lines().find(|l| l.contains("polyline") && l.contains("#0065AC")).expect("the curve");
        let points = line.split("points=\"").nth(1).unwrap().split('"').next().unwrap();
        points.split_whitespace().map(|p| p.split(',').map(|v| v.parse().unwrap()).collect()).collect()
    }

    #[test]
    fn a_curve_lies_where_its_frame_says() {
        let figure = figure(vec![[0.0, 0.0], [10.0, 1.0]]);
        let (svg, frame) = svg(&figure, [figure.x.scale, figure.y.scale], &Style::figure());
        let ends = curve(&svg);
        assert!((ends[0][0] - frame.left).abs() <= 1.0 && (ends[0][1] - frame.top - frame.height).abs() <= 1.0);
        assert!((ends[1][0] - frame.left - frame.width).abs() <= 1.0 && (ends[1][1] - frame.top).abs() <= 1.0);
        assert!(svg.contains("capacity") && svg.contains("voltage") && svg.contains("one"));
    }

    #[test]
    fn curves_end_at_the_edges_of_a_window() {
        let figure = figure(vec![[0.0, 0.0], [10.0, 1.0]]);
        let (svg, frame) = svg(&figure, [Scale::even(4.0, 6.0), Scale::even(0.0, 0.5)], &Style::light(1.0));
        let ends = curve(&svg);
        // At x = 4 the line is at 0.4, and it leaves through the top at x = 5.
        let expected = [frame.pixel([4.0, 0.4]), frame.pixel([5.0, 0.5])];
        for (end, pixel) in ends.iter().zip(expected) {
            assert!((end[0] - pixel[0]).abs() <= 1.0 && (end[1] - pixel[1]).abs() <= 1.0, "{end:?} {pixel:?}");
        }
        assert_eq!(ends.len(), 2);
    }

    #[test]
    fn a_line_that_leaves_and_comes_back_is_two_pieces() {
        let points = vec![[0.0, 0.5], [2.0, 2.0], [4.0, 0.5], [6.0, 0.5]];
        let frame = Frame {
            left: 0.0,
            top: 0.0,
            width: 100.0,
            height: 100.0,
            x: Scale::even(0.0, 10.0),
            y: Scale::even(0.0, 1.0),
        };
        let pieces = visible(&points, &frame);
        assert_eq!(pieces, [vec![(0, 50), (7, 0)], vec![(33, 0), (40, 50), (60, 50)]]);
        let broken = [[0.0, 0.5], [2.0, 0.5], [f64::NAN; 2], [4.0, 0.5], [6.0, 0.5]];
        assert_eq!(visible(&broken, &frame), [vec![(0, 50), (20, 50)], vec![(40, 50), (60, 50)]]);
    }

    #[test]
    fn an_area_is_filled_between_its_edges_and_cut_at_the_window() {
        let mut figure = figure(vec![[0.0, 0.6], [10.0, 0.6]]);
        figure.series[0].area = Some(Area { base: vec![0.2, 0.2], pale: false });
        let (_, frame) = svg(&figure, [figure.x.scale, figure.y.scale], &Style::figure());
        let corners = |x: Scale, y: Scale| {
            let frame = Frame { x, y, left: 0.0, top: 0.0, width: 100.0, height: 100.0 };
            let back = [[10.0, 0.2], [0.0, 0.2]];
            let mut corners = clipped(figure.series[0].points.iter().copied().chain(back), &frame);
            corners.sort();
            corners
        };
        assert_eq!(corners(frame.x, frame.y), [(0, 40), (0, 80), (100, 40), (100, 80)]);
        assert_eq!(corners(Scale::even(5.0, 15.0), Scale::even(0.0, 0.4)), [(0, 0), (0, 50), (50, 0), (50, 50)]);
        assert_eq!(corners(frame.x, Scale::even(0.7, 0.9)), []);
        let (svg, _) = svg(&figure, [figure.x.scale, figure.y.scale], &Style::figure());
        assert!(svg.contains("<polygon opacity=\"0.8\" fill=\"#0065AC\""), "{svg}");
    }

    #[test]
    fn names_stand_in_rows_beneath_and_take_their_room_from_the_plot() {
        let mut figure = figure(vec![[0.0, 0.0], [10.0, 1.0]]);
        let (_, one) = svg(&figure, [figure.x.scale, figure.y.scale], &Style::figure());
        let more = vec![figure.series[0].clone(); 7];
        figure.series.extend(more);
        for series in &mut figure.series {
            series.name = "14 wt% LYC-C at 0.5C".into();
        }
        let (svg, many) = svg(&figure, [figure.x.scale, figure.y.scale], &Style::figure());
        assert_eq!(one.height - many.height, 7.0 * LEGEND_ROW);
        assert_eq!(svg.matches("14 wt% LYC-C at 0.5C").count(), 8);
    }

    #[test]
    fn every_mark_is_drawn_once_for_each_point_inside() {
        for mark in [Mark::Dot, Mark::Circle, Mark::Square, Mark::Diamond, Mark::Up, Mark::Down] {
            let mut figure = figure(vec![[1.0, 0.5], [2.0, 0.6], [30.0, 0.5]]);
            (figure.series[0].line, figure.series[0].mark) = (None, Some(mark));
            let (svg, _) = svg(&figure, [figure.x.scale, figure.y.scale], &Style::light(1.0));
            assert_eq!(svg.lines().filter(|l| l.contains("#0065AC")).count(), 2, "{mark:?}: {svg}");
        }
    }
}
