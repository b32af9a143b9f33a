//! A chart under somebody's hand: what lies near the pointer, which part is shown, and its numbers as rows.

use plotters::coord::Shift;
use plotters::prelude::*;
use serde::Serialize;

use super::scale::number;
use super::{Figure, Frame, Scale, Style};

/// What lies nearest to the pointer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Reading {
    pub name: String,
    /// Values with their units, `3.812 V at 96.3 mAh/g`.
    pub text: String,
    /// Number of the series.
    pub series: usize,
    /// The same place in pixels of the drawing.
    pub pixel: [f64; 2],
}

/// The numbers behind a chart: name of the series, x, y, as many digits as are read.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Table {
    /// `Series`, `Capacity (mAh/g)`, `Voltage (V)`.
    pub columns: [String; 3],
    pub rows: Vec<(String, String, String)>,
}

/// A figure and the part of it that is shown.
#[derive(Clone, Debug)]
pub struct Chart {
    pub figure: Figure,
    window: Option<[Scale; 2]>,
    frame: Option<Frame>,
}

/// A mark within this distance comes before any curve [px of the drawing over its scale].
const NEAR_MARK: f64 = 14.0;
/// A line within this distance comes before any filled layer.
const NEAR_LINE: f64 = 5.0;
/// No window is narrower than this part of the whole.
const NARROWEST: f64 = 1e-3;

impl Chart {
    pub fn new(figure: Figure) -> Chart {
        Chart { figure, window: None, frame: None }
    }

    /// Shows other data: the window stays if the axes mean the same as before.
    pub fn set(&mut self, figure: Figure) {
        let same = |a: &super::Axis, b: &super::Axis| a.name == b.name && a.unit == b.unit;
        if !same(&self.figure.x, &figure.x) || !same(&self.figure.y, &figure.y) {
            self.window = None;
        }
        self.figure = figure;
    }

    /// Draws what is shown, and remembers where.
    ///
    /// # Errors
    /// Those of the backend.
    pub fn draw<DB: DrawingBackend>(
        &mut self,
        root: &DrawingArea<DB, Shift>,
        style: &Style,
    ) -> Result<Frame, DrawingAreaErrorKind<DB::ErrorType>> {
        let frame = self.figure.draw(root, self.shown(), style)?;
        self.frame = Some(frame);
        Ok(frame)
    }

    /// Both axes as they are shown.
    pub fn shown(&self) -> [Scale; 2] {
        self.window.unwrap_or([self.figure.x.scale, self.figure.y.scale])
    }

    pub fn is_zoomed(&self) -> bool {
        self.window.is_some()
    }

    pub fn reset(&mut self) {
        self.window = None;
    }

    /// Shows what lies between two pixels of the last drawing.
    pub fn zoom(&mut self, a: [f64; 2], b: [f64; 2]) {
        let Some(frame) = self.frame else { return };
        let share = |k: usize, pixel: f64| match k {
            0 => (pixel - frame.left) / frame.width,
            _ => 1.0 - (pixel - frame.top) / frame.height,
        };
        let ends = [0, 1].map(|k| {
            let (u, v) = (share(k, a[k]).clamp(0.0, 1.0), share(k, b[k]).clamp(0.0, 1.0));
            [u.min(v), u.max(v)]
        });
        self.show(ends);
    }

    /// Shows `1 / factor` of what is shown, around its middle moved by `shift` of its size (right and up).
    pub fn magnify(&mut self, factor: f64, shift: [f64; 2]) {
        let half = 0.5 / factor;
        self.show(shift.map(|s| [0.5 + s - half, 0.5 + s + half]));
    }

    /// Takes shares of what is shown for the new ends, held inside the whole chart.
    fn show(&mut self, ends: [[f64; 2]; 2]) {
        let whole = [self.figure.x.scale, self.figure.y.scale];
        let shown = self.shown();
        let mut window = whole;
        for k in 0..2 {
            let [mut low, mut high] = ends[k].map(|share| whole[k].place(shown[k].value(share)));
            if high - low < NARROWEST {
                return;
            }
            // A window that was pushed over an edge keeps its size.
            let back = (-low).max(0.0) - (high - 1.0).max(0.0);
            if high - low < 1.0 {
                (low, high) = (low + back, high + back);
            }
            let (low, high) = (low.max(0.0), high.min(1.0));
            window[k] = Scale { from: whole[k].value(low), to: whole[k].value(high), log: whole[k].log };
        }
        let full = |k: usize| (window[k].from == whole[k].from) && (window[k].to == whole[k].to);
        self.window = (!(full(0) && full(1))).then_some(window);
    }

    /// The point nearest to a pixel of the last drawing, on any curve or mark; none outside the frame.
    ///
    /// * `scale` – pixels of the drawing per CSS pixel
    pub fn read(&self, at: [f64; 2], scale: f64) -> Option<Reading> {
        let frame = self.frame?;
        if !frame.holds(frame.value(at)) {
            return None;
        }
        let distance = |p: [f64; 2]| libm::hypot(p[0] - at[0], p[1] - at[1]);
        // (distance, series, place, value that is told of it, note)
        let mut nearest: Option<(f64, usize, [f64; 2], f64, &str)> = None;
        for (number, series) in self.figure.series.iter().enumerate() {
            let mut offer = |d: f64, value: [f64; 2], told: f64, note| {
                if frame.holds(value) && nearest.is_none_or(|(best, ..)| d < best) {
                    nearest = Some((d, number, value, told, note));
                }
            };
            if let Some(area) = &series.area {
                if let Some((value, height)) = area_at(&series.points, &area.base, &frame, at) {
                    offer(NEAR_LINE * scale, value, height, "");
                }
            } else if series.line.is_some() && series.mark.is_none() {
                for step in series.points.windows(2) {
                    let [a, b] = [frame.pixel(step[0]), frame.pixel(step[1])];
                    let along = [b[0] - a[0], b[1] - a[1]];
                    let length = along[0] * along[0] + along[1] * along[1];
                    let t = ((at[0] - a[0]) * along[0] + (at[1] - a[1]) * along[1]) / length.max(1e-12);
                    let t = t.clamp(0.0, 1.0);
                    let pixel = [a[0] + t * along[0], a[1] + t * along[1]];
                    let value = frame.value(pixel);
                    offer(distance(pixel), value, value[1], "");
                }
            } else {
                for (i, &point) in series.points.iter().enumerate() {
                    let d = distance(frame.pixel(point));
                    let note = series.notes.get(i).map_or("", String::as_str);
                    offer((d - NEAR_MARK * scale).max(0.0), point, point[1], note);
                }
            }
        }
        let (_, series, value, told, note) = nearest?;
        let Figure { x, y, .. } = &self.figure;
        let name = &self.figure.series[series].name;
        let text = format!("{} at {}", x_or_y(y, told), x_or_y(x, value[0]));
        let name = if note.is_empty() { name.clone() } else { format!("{name} ({note})") };
        Some(Reading { name, text, series, pixel: frame.pixel(value) })
    }

    /// The numbers of what is shown.
    pub fn table(&self) -> Table {
        let Figure { x, y, .. } = &self.figure;
        let text = |v: f64, axis: &super::Axis| number(v, axis.decimals);
        let rows = self.points().map(|(name, p)| (name, text(p[0], x), text(p[1], y))).collect();
        Table { columns: ["Series".into(), heading(x), heading(y)], rows }
    }

    /// The same with all digits as comma-separated values.
    pub fn csv(&self) -> String {
        let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
        let Figure { x, y, .. } = &self.figure;
        let mut csv = format!("\"Series\",{},{}\n", quoted(&heading(x)), quoted(&heading(y)));
        for (name, [x, y]) in self.points() {
            csv += &format!("{},{x},{y}\n", quoted(&name));
        }
        csv
    }

    /// Every point inside the window, with its name.
    fn points(&self) -> impl Iterator<Item = (String, [f64; 2])> {
        let [x, y] = self.shown();
        let frame = Frame { left: 0.0, top: 0.0, width: 1.0, height: 1.0, x, y };
        self.figure.series.iter().flat_map(move |series| {
            let name = |i: usize| match series.notes.get(i) {
                Some(note) if !note.is_empty() => format!("{} ({note})", series.name),
                _ => series.name.clone(),
            };
            series
                .points
                .iter()
                .enumerate()
                .filter(move |(_, p)| frame.holds(**p))
                .map(move |(i, &[x, y])| (name(i), [x, y - series.area.as_ref().map_or(0.0, |area| area.base[i])]))
        })
    }
}

/// The top of a filled layer where the pixel `at` lies in it, and the layer's height there.
fn area_at(points: &[[f64; 2]], base: &[f64], frame: &Frame, at: [f64; 2]) -> Option<([f64; 2], f64)> {
    let [x, y] = frame.value(at);
    let k = points.windows(2).position(|pair| pair[0][0] <= x && x <= pair[1][0])?;
    let t = (x - points[k][0]) / (points[k + 1][0] - points[k][0]).max(1e-12);
    let between = |a: f64, b: f64| a + t * (b - a);
    let (top, bottom) = (between(points[k][1], points[k + 1][1]), between(base[k], base[k + 1]));
    let inside = y >= top.min(bottom) && y <= top.max(bottom);
    inside.then_some(([x, top], top - bottom))
}

fn x_or_y(axis: &super::Axis, value: f64) -> String {
    format!("{} {}", number(value, axis.decimals), axis.unit)
}

fn heading(axis: &super::Axis) -> String {
    format!("{} ({})", axis.name, axis.unit)
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use crate::plots::{Axis, Line, Mark, Series};

    fn series(name: &str, points: &[[f64; 2]], mark: Option<Mark>) -> Series {
        let line = mark.is_none().then_some(Line::Full);
        Series { name: name.into(), line, mark, points: points.to_vec(), ..Series::default() }
    }

    /// Two straight curves and a mark, drawn on 400 x 300.
    fn chart() -> Chart {
        let axis = |name, unit, to, decimals| Axis { name, unit, label: name, decimals, scale: Scale::even(0.0, to) };
        let mut chart = Chart::new(Figure {
            title: "test",
            x: axis("Capacity", "mAh/g", 200.0, 1),
            y: axis("Voltage", "V", 5.0, 3),
            series: vec![
                series("high", &[[0.0, 4.0], [100.0, 4.0], [200.0, 3.0]], None),
                series("low", &[[0.0, 2.0], [200.0, 1.0]], None),
                series("paper, \"10\"", &[[100.0, 3.9]], Some(Mark::Circle)),
            ],
            cursor: None,
        });
        draw(&mut chart);
        chart
    }

    fn draw(chart: &mut Chart) -> Frame {
        let mut svg = String::new();
        chart.draw(&SVGBackend::with_string(&mut svg, (400, 300)).into_drawing_area(), &Style::light(1.0)).unwrap()
    }

    #[test]
    fn the_nearest_curve_is_read_and_a_mark_close_by_comes_first() {
        let mut chart = chart();
        let frame = draw(&mut chart);
        let read = |value: [f64; 2]| chart.read(frame.pixel(value), 1.0).map(|r| (r.name, r.text));
        let say = |name: &str, text: &str| Some((name.to_string(), text.to_string()));
        assert_eq!(read([50.0, 4.2]), say("high", "4.000 V at 50.0 mAh/g"));
        assert_eq!(read([50.0, 2.1]).unwrap().0, "low");
        // Nearer to the curve than to the mark, yet within reach of it.
        assert_eq!(read([101.0, 3.98]), say("paper, \"10\"", "3.900 V at 100.0 mAh/g"));
        assert_eq!(chart.read([2.0, 2.0], 1.0), None);
    }

    #[test]
    fn a_layer_is_read_by_its_height_and_a_line_close_by_comes_first() {
        let mut chart = chart();
        let mut layer = series("layer", &[[0.0, 2.5], [200.0, 3.5]], None);
        layer.area = Some(crate::plots::Area { base: vec![2.0, 2.0], pale: false });
        chart.figure.series = vec![layer, series("total", &[[0.0, 2.6], [200.0, 3.6]], None)];
        let frame = draw(&mut chart);
        let read = |value: [f64; 2]| chart.read(frame.pixel(value), 1.0).map(|r| (r.name, r.text)).unwrap();
        assert_eq!(read([100.0, 2.5]), ("layer".to_string(), "1.000 V at 100.0 mAh/g".to_string()));
        assert_eq!(read([100.0, 3.09]).0, "total");
        let rows = chart.table().rows;
        assert_eq!((rows[1].2.as_str(), rows[3].2.as_str()), ("1.500", "3.600"));
    }

    #[test]
    fn a_drag_shows_what_it_framed_and_nothing_beyond_is_read_or_listed() {
        let mut chart = chart();
        let frame = draw(&mut chart);
        chart.zoom(frame.pixel([150.0, 4.5]), frame.pixel([50.0, 2.5]));
        let [x, y] = chart.shown();
        assert!((x.from - 50.0).abs() < 1e-9 && (x.to - 150.0).abs() < 1e-9);
        assert!((y.from - 2.5).abs() < 1e-9 && (y.to - 4.5).abs() < 1e-9);
        assert!(chart.is_zoomed());
        let names: Vec<_> = chart.table().rows.into_iter().map(|r| r.0).collect();
        assert_eq!(names, ["high", "paper, \"10\""]);
        let frame = draw(&mut chart);
        assert_eq!(chart.read(frame.pixel([60.0, 3.6]), 1.0).unwrap().name, "high");
        chart.reset();
        assert_eq!(chart.table().rows.len(), 6);
    }

    #[test]
    fn keys_magnify_and_move_inside_the_whole_chart() {
        let mut chart = chart();
        chart.magnify(2.0, [0.0, 0.0]);
        let [x, _] = chart.shown();
        assert!((x.from - 50.0).abs() < 1e-9 && (x.to - 150.0).abs() < 1e-9);
        for _ in 0..10 {
            chart.magnify(1.0, [0.25, 0.0]);
        }
        let [x, _] = chart.shown();
        assert!((x.from - 100.0).abs() < 1e-9 && (x.to - 200.0).abs() < 1e-9, "{x:?}");
        for _ in 0..5 {
            chart.magnify(0.5, [0.0, 0.0]);
        }
        assert!(!chart.is_zoomed());
        for _ in 0..100 {
            chart.magnify(2.0, [0.0, 0.0]);
        }
        let [x, _] = chart.shown();
        assert!(x.to - x.from >= 0.9 * NARROWEST * 200.0, "{x:?}");
    }

    #[test]
    fn other_data_keep_the_window_and_other_axes_do_not() {
        let mut chart = chart();
        chart.magnify(2.0, [0.0, 0.0]);
        let mut more = chart.figure.clone();
        more.series.pop();
        chart.set(more.clone());
        assert!(chart.is_zoomed());
        more.x.name = "Time";
        chart.set(more);
        assert!(!chart.is_zoomed());
    }

    #[test]
    fn rows_hold_what_is_read_and_csv_all_digits() {
        let mut chart = chart();
        chart.figure.series[1].points[1] = [1.0 / 3.0, -0.125];
        chart.figure.y.scale = Scale::even(-1.0, 5.0);
        let table = chart.table();
        assert_eq!(table.columns, ["Series", "Capacity (mAh/g)", "Voltage (V)"]);
        assert_eq!(table.rows[4], ("low".into(), "0.3".into(), "−0.125".into()));
        let csv = chart.csv();
        assert_eq!(csv.lines().next(), Some("\"Series\",\"Capacity (mAh/g)\",\"Voltage (V)\""));
        assert_eq!(csv.lines().nth(5), Some("\"low\",0.3333333333333333,-0.125"));
        assert_eq!(csv.lines().nth(6), Some("\"paper, \"\"10\"\"\",100,3.9"));
    }
}
