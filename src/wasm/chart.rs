//! The main thread's charts of runs: drawn on canvases, read and zoomed by the pointer, saved as files.

use js_sys::{Array, Float64Array, Reflect};
use plotters::drawing::IntoDrawingArea;
use plotters::prelude::SVGBackend;
use plotters_canvas::CanvasBackend;
use serde::Deserialize;
use serde_json::json;
use wasm_bindgen::{JsCast, prelude::*};
use web_sys::HtmlCanvasElement;

use super::draw::{clear, failed, options, style};
use super::to_js;
use crate::plots::runs::{self, Along, Discharge, Kind, Measured, Run};
use crate::plots::{Chart, Line, Style, curve_colour};
use crate::recipe::Recipe;
use crate::results::{Row, Series};

#[derive(Deserialize)]
struct Shown {
    kind: Kind,
    along: Along,
    paper: Measured,
}

#[derive(Deserialize)]
struct RunOptions {
    label: String,
    title: String,
    colour: usize,
    dashed: bool,
    /// Numbers of the last discharge, once it has come to its end.
    discharge: Option<Ended>,
    rates: Vec<[f64; 2]>,
    recipe: serde_json::Value,
    first_cycle_efficiency: Option<f64>,
}

#[derive(Deserialize)]
struct Ended {
    c_rate: f64,
    capacity: f64,
    energy: f64,
}

#[derive(Deserialize)]
struct Look {
    pixel_ratio: f64,
    dark: bool,
}

/// A chart of runs. Places are in CSS pixels of the canvas it was drawn on last.
#[wasm_bindgen]
pub struct RunChart {
    runs: Vec<Run>,
    along: Along,
    chart: Chart,
    pixel_ratio: f64,
}

#[wasm_bindgen]
impl RunChart {
    #[wasm_bindgen(constructor)]
    #[allow(clippy::new_without_default)]
    pub fn new() -> RunChart {
        let along = Along::default();
        let chart = Chart::new(runs::figure(Kind::Voltage, along, &[], &Measured::None));
        RunChart { runs: Vec::new(), along, chart, pixel_ratio: 1.0 }
    }

    /// Shows runs `{label, title, colour, dashed, discharge, rates, recipe, first_cycle_efficiency, curve}` as `{kind, along, paper}` says;
    /// `curve` has the columns of [`Series`], or at least charge and voltage.
    pub fn set(&mut self, runs: Array, shown: JsValue) -> Result<(), JsValue> {
        let shown: Shown = options(shown)?;
        self.runs = runs.iter().map(read_run).collect::<Result<_, _>>()?;
        self.along = shown.along;
        self.chart.set(runs::figure(shown.kind, shown.along, &self.runs, &shown.paper));
        Ok(())
    }

    /// Marks an instant of a run on its voltage profile.
    pub fn point_at(&mut self, run: usize, time_s: f64) {
        self.chart.figure.cursor = self.runs.get(run).and_then(|run| runs::place(self.along, run, time_s));
    }

    /// Draws on a canvas that is as large as its place times `pixel_ratio`; returns the frame.
    pub fn draw(&mut self, canvas: HtmlCanvasElement, look: JsValue) -> Result<JsValue, JsValue> {
        let Look { pixel_ratio, dark } = options(look)?;
        self.pixel_ratio = pixel_ratio;
        clear(&canvas)?;
        let backend =
            CanvasBackend::with_canvas_object(canvas).ok_or_else(|| failed("The canvas cannot be drawn on."))?;
        let f = self.chart.draw(&backend.into_drawing_area(), &style(dark, pixel_ratio)).map_err(failed)?;
        let css = |v: f64| v / pixel_ratio;
        Ok(to_js(&json!({"left": css(f.left), "top": css(f.top), "width": css(f.width), "height": css(f.height)})))
    }

    /// Draws a figure of its own, on white and with its names, over the whole canvas.
    pub fn draw_figure(&self, canvas: HtmlCanvasElement, pixel_ratio: f64) -> Result<(), JsValue> {
        let backend =
            CanvasBackend::with_canvas_object(canvas).ok_or_else(|| failed("The canvas cannot be drawn on."))?;
        let style = Style { scale: pixel_ratio, ..Style::figure() };
        let drawn = self.chart.figure.draw(&backend.into_drawing_area(), self.chart.shown(), &style);
        drawn.map(|_| ()).map_err(failed)
    }

    /// The same as SVG.
    pub fn svg(&self, width: u32, height: u32) -> Result<String, JsValue> {
        let mut svg = String::new();
        {
            let root = SVGBackend::with_string(&mut svg, (width, height)).into_drawing_area();
            self.chart.figure.draw(&root, self.chart.shown(), &Style::figure()).map_err(failed)?;
        }
        Ok(svg)
    }

    /// The numbers of what is shown, as comma-separated values.
    pub fn csv(&self) -> String {
        self.chart.csv()
    }

    /// The same to read: `{columns, rows}`.
    pub fn table(&self) -> JsValue {
        to_js(&self.chart.table())
    }

    /// What is drawn: `{name, colour, dashed, line, mark, measured, opacity}`, the last one of what is filled.
    pub fn legend(&self, dark: bool) -> JsValue {
        let ink = style(dark, 1.0).ink;
        let entry = |s: &crate::plots::Series| {
            let plotters::style::RGBColor(r, g, b) = s.colour.map_or(ink, |number| curve_colour(number, dark));
            json!({
                "name": s.name,
                "colour": format!("#{r:02x}{g:02x}{b:02x}"),
                "line": s.line.is_some(),
                "dashed": s.line == Some(Line::Dashed),
                "mark": s.mark,
                "measured": s.measured,
                "opacity": s.area.as_ref().map(|area| area.opacity()),
            })
        };
        to_js(&self.chart.figure.series.iter().map(entry).collect::<Vec<_>>())
    }

    /// Title and axes in words.
    pub fn description(&self) -> String {
        let figure = &self.chart.figure;
        format!("{}: {} against {}", figure.title, figure.y.name.to_lowercase(), figure.x.name.to_lowercase())
    }

    /// What lies nearest: `{name, text, series, pixel}`; undefined outside the axes.
    pub fn read(&self, x: f64, y: f64) -> JsValue {
        let Some(mut reading) = self.chart.read([x, y].map(|v| v * self.pixel_ratio), self.pixel_ratio) else {
            return JsValue::UNDEFINED;
        };
        reading.pixel = reading.pixel.map(|v| v / self.pixel_ratio);
        to_js(&reading)
    }

    /// Shows what lies between two places.
    pub fn zoom(&mut self, x0: f64, y0: f64, x1: f64, y1: f64) {
        let pixel = |x: f64, y: f64| [x, y].map(|v| v * self.pixel_ratio);
        self.chart.zoom(pixel(x0, y0), pixel(x1, y1));
    }

    /// Shows `1 / factor` of what is shown, its middle moved by shares of its width and height.
    pub fn magnify(&mut self, factor: f64, right: f64, up: f64) {
        self.chart.magnify(factor, [right, up]);
    }

    pub fn reset(&mut self) {
        self.chart.reset();
    }

    pub fn is_zoomed(&self) -> bool {
        self.chart.is_zoomed()
    }
}

fn read_run(run: JsValue) -> Result<Run, JsValue> {
    let curve = Reflect::get(&run, &"curve".into())?;
    let column = |name: &str| -> Result<Vec<f64>, JsValue> {
        let value = Reflect::get(&curve, &name.into())?;
        Ok(value.dyn_into::<Float64Array>().map_err(|_| failed("A run lacks a column."))?.to_vec())
    };
    let RunOptions { label, title, colour, dashed, discharge, rates, recipe, first_cycle_efficiency } = options(run)?;
    let recipe = Recipe::from_json(&recipe).map_err(|issues| super::issues_to_js(&issues))?;
    let rows = if Reflect::has(&curve, &"time_s".into())? {
        let columns = Series::names().iter().map(|name| column(name)).collect::<Result<Vec<_>, _>>()?;
        if columns.iter().any(|values| values.len() != columns[0].len()) {
            return Err(failed("The columns of a run differ in length."));
        }
        (0..columns[0].len()).map(|i| Row::from_values(&std::array::from_fn(|k| columns[k][i]))).collect()
    } else {
        runs::discharge_rows(&recipe, &column("capacity_mah_g")?, &column("voltage_v")?)
    };
    let discharge = discharge.map(|d| Discharge { c_rate: d.c_rate, capacity: d.capacity, energy: d.energy });
    let first_cycle_efficiency = first_cycle_efficiency.map(|share| 100.0 * share);
    Ok(Run { label, title, colour, dashed, discharge, rates, recipe, rows, first_cycle_efficiency })
}
