//! The main thread's side: charts on canvases.
//!
//! A canvas is as large as its place on the page times `pixel_ratio`; fonts and lines grow with it. Frames come back in CSS
//! pixels, so that the page can tell which value lies under the pointer.

use plotters::drawing::IntoDrawingArea;
use plotters_canvas::CanvasBackend;
use serde::Deserialize;
use wasm_bindgen::{Clamped, JsCast, prelude::*};
use web_sys::{
    CanvasRenderingContext2d, HtmlCanvasElement, ImageData, OffscreenCanvas, OffscreenCanvasRenderingContext2d,
};

use super::{failure, parse_halide, to_js};
use crate::grid::Axis;
use crate::materials;
use crate::plots::{
    Arrow, Colormap, ColourBar, Frame, Overlay, Picture, Scale, SliceView, Style, curve_colour, overlay, paint, rings,
    slice_frame,
};

#[derive(Deserialize)]
struct SliceOptions {
    pixel_ratio: f64,
    dark: bool,
    axis: Axis,
    /// Only the picture?
    bare: bool,
    voxel_um: f64,
    /// Voxels along x, y and z.
    size: [usize; 3],
    /// The voxel in which all sections meet.
    at: [usize; 3],
    /// `phase`, or any other name for values.
    field: String,
    /// Name and unit beside the colour bar.
    label: String,
    scale: Scale,
    #[serde(default)]
    colormap: Colormap,
    halide: String,
    /// Particles to ring.
    ringed: Vec<Sphere>,
    /// Currents to draw as arrows, none of them or as [`super::twin::Twin::slices`] gives them.
    arrows: Option<Arrows>,
}

/// Mean current densities of blocks that the section goes through.
#[derive(Deserialize)]
struct Arrows {
    /// Centre [um] and current density along x, y and z, six numbers for each.
    blocks: Vec<f64>,
    edge_um: f64,
    /// What is drawn as long as a block.
    unit: f64,
}

impl Arrows {
    /// Around the centres of their blocks, where they lie on the axes `right` and `up`.
    fn on(&self, [right, up]: [usize; 2]) -> Vec<Arrow> {
        let arrow = |block: &[f64]| {
            let [centre, current] = [0, 3].map(|from| [block[from + right], block[from + up]]);
            Arrow::of_current(centre, current.map(|j| j / self.unit.max(f64::MIN_POSITIVE)), self.edge_um)
        };
        self.blocks.chunks_exact(6).map(arrow).collect()
    }
}

#[derive(Deserialize)]
struct Sphere {
    centre_um: [f64; 3],
    diameter_um: f64,
}

pub(super) fn style(dark: bool, pixel_ratio: f64) -> Style {
    if dark { Style::dark(pixel_ratio) } else { Style::light(pixel_ratio) }
}

pub(super) fn failed(e: impl std::fmt::Display) -> JsValue {
    failure("drawing", "drawing", e, "Reload the page.")
}

pub(super) fn options<T: for<'a> Deserialize<'a>>(value: JsValue) -> Result<T, JsValue> {
    serde_wasm_bindgen::from_value(value).map_err(failed)
}

/// A colour map in 256 steps, red, green and blue of each.
#[wasm_bindgen]
pub fn colour_ramp(colormap: JsValue) -> Result<Vec<u8>, JsValue> {
    let map: Colormap = options(colormap)?;
    Ok((0..256).flat_map(|i| map.rgb(f64::from(i) / 255.0)).collect())
}

/// The colours that curves take in turn, as `#rrggbb`.
#[wasm_bindgen]
pub fn curve_colours(dark: bool) -> Vec<String> {
    (0..crate::plots::CURVE_COLOURS.len())
        .map(|i| {
            let plotters::style::RGBColor(r, g, b) = curve_colour(i, dark);
            format!("#{r:02x}{g:02x}{b:02x}")
        })
        .collect()
}

/// Draws a cross-section of [`super::twin::Twin::slices`]; the options are those of `SliceOptions`. Returns the frame in CSS
/// pixels.
#[wasm_bindgen]
pub fn draw_slice(
    canvas: HtmlCanvasElement,
    data: &[f32],
    rows: usize,
    columns: usize,
    slice: JsValue,
) -> Result<JsValue, JsValue> {
    let slice: SliceOptions = options(slice)?;
    if data.len() != rows * columns || data.is_empty() {
        return Err(failed("A cross-section has the wrong size."));
    }
    let style = style(slice.dark, slice.pixel_ratio);
    let SliceOptions { axis, voxel_um, colormap: map, scale, bare, .. } = slice;
    let is_phase = slice.field == "phase";
    let bar = (!is_phase).then_some(ColourBar { label: slice.label, map, scale });
    let view = SliceView { axis, rows, columns, voxel_um, bar, bare };
    let picture = if is_phase {
        let phases = materials::phase_styles(parse_halide(&slice.halide)?);
        paint(&view, data, |v| phases.get(v as usize).map(|p| p.rgb), &style)
    } else {
        let colour = |v: f32| v.is_finite().then(|| map.rgb(scale.share(v.into())));
        paint(&view, data, colour, &style)
    };
    let context = clear(&canvas)?;
    let backend = CanvasBackend::with_canvas_object(canvas).ok_or_else(|| failed("The canvas cannot be drawn on."))?;
    let root = backend.into_drawing_area();
    let frame = slice_frame(&root, &view, &style).map_err(failed)?;
    put_picture(&context, picture, &frame)?;
    let spheres: Vec<_> = slice.ringed.iter().map(|s| (s.centre_um, s.diameter_um)).collect();
    let at_um = slice.at.map(|i| (i as f64 + 0.5) * voxel_um);
    let extent_um = slice.size.map(|n| n as f64 * voxel_um);
    let rings = rings(&spheres, axis, at_um[axis.index()], extent_um);
    let cursor = Some(view.plane().map(|k| at_um[k]));
    let arrows = slice.arrows.map_or_else(Vec::new, |arrows| arrows.on(view.plane()));
    overlay(&root, &frame, &Overlay { cursor, rings, arrows }, &style).map_err(failed)?;
    Ok(css_frame(frame, slice.pixel_ratio))
}

pub(super) fn clear(canvas: &HtmlCanvasElement) -> Result<CanvasRenderingContext2d, JsValue> {
    let context = canvas.get_context("2d")?.ok_or_else(|| failed("The canvas cannot be drawn on."))?;
    let context: CanvasRenderingContext2d = context.unchecked_into();
    context.clear_rect(0.0, 0.0, canvas.width().into(), canvas.height().into());
    Ok(context)
}

/// Voxels become sharp squares, or are averaged where the screen has fewer pixels than the grid voxels.
fn put_picture(context: &CanvasRenderingContext2d, picture: Picture, frame: &Frame) -> Result<(), JsValue> {
    let (width, height) = (picture.width as u32, picture.height as u32);
    let buffer = OffscreenCanvas::new(width, height)?;
    let buffer_context = buffer.get_context("2d")?.ok_or_else(|| failed("The canvas cannot be drawn on."))?;
    let buffer_context: OffscreenCanvasRenderingContext2d = buffer_context.unchecked_into();
    let image = ImageData::new_with_u8_clamped_array_and_sh(Clamped(&picture.rgba), width, height)?;
    buffer_context.put_image_data(&image, 0.0, 0.0)?;
    context.set_image_smoothing_enabled(f64::from(width) > frame.width);
    context.draw_image_with_offscreen_canvas_and_dw_and_dh(&buffer, frame.left, frame.top, frame.width, frame.height)
}

fn css_frame(frame: Frame, pixel_ratio: f64) -> JsValue {
    to_js(&Frame {
        left: frame.left / pixel_ratio,
        top: frame.top / pixel_ratio,
        width: frame.width / pixel_ratio,
        height: frame.height / pixel_ratio,
        ..frame
    })
}
