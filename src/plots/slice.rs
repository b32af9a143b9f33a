//! Cross-sections: axes in micrometres, a colour bar, and the pixels between them.

use plotters::coord::Shift;
use plotters::prelude::*;

use super::chart::{EvenAxis, number, ticks};
use super::{Colormap, Frame, Style};
use crate::grid::Axis;

/// What lies beside a picture of values.
#[derive(Clone, Debug)]
pub struct ColourBar {
    /// Name and unit.
    pub label: String,
    pub map: Colormap,
    pub from: f64,
    pub to: f64,
}

/// A cross-section's axes.
#[derive(Clone, Debug)]
pub struct SliceView {
    /// The axis that the section cuts across.
    pub axis: Axis,
    /// Shape as of [`crate::grid::VoxelGrid::slice`].
    pub rows: usize,
    pub columns: usize,
    pub voxel_um: f64,
    /// None for phases, which have names and not values.
    pub bar: Option<ColourBar>,
}

/// Red, green, blue and opacity of each pixel, row by row from the top.
#[derive(Clone, Debug)]
pub struct Picture {
    pub width: usize,
    pub height: usize,
    pub rgba: Vec<u8>,
}

impl SliceView {
    /// Pixels across and up. Sections along z lie on their side, separator on the left.
    fn size(&self) -> (usize, usize) {
        if self.axis == Axis::Z { (self.columns, self.rows) } else { (self.rows, self.columns) }
    }

    /// Names of the horizontal and the vertical axis.
    fn labels(&self) -> (&'static str, &'static str) {
        match self.axis {
            Axis::X => ("z (µm), from separator to current collector", "y (µm)"),
            Axis::Y => ("z (µm), from separator to current collector", "x (µm)"),
            Axis::Z => ("x (µm)", "y (µm)"),
        }
    }

    /// Where in the data the pixel (`column`, `row` from the top) comes from.
    fn source(&self, column: usize, row: usize) -> usize {
        let up = self.size().1 - 1 - row;
        if self.axis == Axis::Z { up * self.columns + column } else { column * self.columns + up }
    }
}

/// Colours a cross-section voxel by voxel; `colour` maps a value to red, green and blue, None where there is nothing.
pub fn paint(view: &SliceView, data: &[f32], colour: impl Fn(f32) -> Option<[u8; 3]>, style: &Style) -> Picture {
    let (width, height) = view.size();
    let RGBColor(r, g, b) = style.nothing;
    let mut rgba = Vec::with_capacity(4 * width * height);
    for row in 0..height {
        for column in 0..width {
            let [r, g, b] = colour(data[view.source(column, row)]).unwrap_or([r, g, b]);
            rgba.extend([r, g, b, 255]);
        }
    }
    Picture { width, height, rgba }
}

/// Draws axes and colour bar, and says where the picture belongs: as large as fits, with square voxels.
///
/// # Errors
/// Those of the backend.
pub fn slice_frame<DB: DrawingBackend>(
    root: &DrawingArea<DB, Shift>,
    view: &SliceView,
    style: &Style,
) -> Result<Frame, DrawingAreaErrorKind<DB::ErrorType>> {
    if let Some(background) = style.background {
        root.fill(&background)?;
    }
    let (width, height) = view.size();
    let (across, up) = (width as f64 * view.voxel_um, height as f64 * view.voxel_um);
    let (total_width, total_height) = root.dim_in_pixel();
    let (left, bottom, top) = (style.px(48.0), style.px(42.0), style.px(10.0));
    let right = if view.bar.is_some() { style.px(88.0) } else { style.px(14.0) };
    let room = (total_width as i32 - left - right, total_height as i32 - top - bottom);
    let scale = (f64::from(room.0.max(1)) / across).min(f64::from(room.1.max(1)) / up);
    let size = ((across * scale) as i32, (up * scale) as i32);
    let spare = ((room.0 - size.0) / 2, (room.1 - size.1) / 2);

    let mut chart = ChartBuilder::on(root)
        .margin_left(spare.0)
        .margin_right(right + room.0 - size.0 - spare.0)
        .margin_top(top + spare.1)
        .margin_bottom(room.1 - size.1 - spare.1)
        .x_label_area_size(bottom)
        .y_label_area_size(left)
        .build_cartesian_2d(
            EvenAxis::new(0.0, across, marks(size.0, 55.0, style)),
            EvenAxis::new(0.0, up, marks(size.1, 40.0, style)),
        )?;
    let (x_label, y_label) = view.labels();
    chart
        .configure_mesh()
        .disable_mesh()
        .axis_style(style.line(style.ink, 1.0))
        .label_style(style.text(12.0))
        .axis_desc_style(style.text(13.0))
        .x_desc(if size.0 < style.px(260.0) { x_label.split(',').next().unwrap_or(x_label) } else { x_label })
        .y_desc(y_label)
        .set_all_tick_mark_size(style.px(4.0))
        .draw()?;
    let (columns, rows) = chart.plotting_area().get_pixel_range();
    let frame = Frame {
        left: f64::from(columns.start),
        top: f64::from(rows.start),
        width: f64::from(columns.end - columns.start),
        height: f64::from(rows.end - rows.start),
        x: [0.0, across],
        y: [0.0, up],
    };
    if let Some(bar) = &view.bar {
        colour_bar(root, bar, columns.end + style.px(12.0), (rows.start, rows.end), style)?;
    }
    Ok(frame)
}

fn marks(pixels: i32, each: f64, style: &Style) -> usize {
    ((f64::from(pixels) / style.scale / each) as usize).clamp(2, 10)
}

/// A vertical bar from `rows.0` (largest value) down to `rows.1`.
fn colour_bar<DB: DrawingBackend>(
    root: &DrawingArea<DB, Shift>,
    bar: &ColourBar,
    left: i32,
    (top, bottom): (i32, i32),
    style: &Style,
) -> Result<(), DrawingAreaErrorKind<DB::ErrorType>> {
    let right = left + style.px(12.0);
    for y in top..bottom {
        let t = 1.0 - (f64::from(y - top) + 0.5) / f64::from(bottom - top);
        let [r, g, b] = bar.map.rgb(t);
        root.draw(&Rectangle::new([(left, y), (right, y + 1)], RGBColor(r, g, b).filled()))?;
    }
    let (values, decimals) = ticks(bar.from, bar.to, marks(bottom - top, 40.0, style));
    let text = style.text(12.0);
    for value in values {
        let share = (value - bar.from) / (bar.to - bar.from);
        let y = bottom - (share * f64::from(bottom - top)).round() as i32;
        let mark = vec![(right, y), (right + style.px(4.0), y)];
        root.draw(&PathElement::new(mark, style.line(style.ink, 1.0)))?;
        let at = (right + style.px(7.0), y - style.px(6.0));
        root.draw(&Text::new(number(value, decimals), at, text.clone()))?;
    }
    let sideways = style.text(12.0).transform(FontTransform::Rotate90);
    let middle = plotters::style::text_anchor::Pos::new(
        plotters::style::text_anchor::HPos::Center,
        plotters::style::text_anchor::VPos::Bottom,
    );
    let at = (right + style.px(52.0), (top + bottom) / 2);
    root.draw(&Text::new(bar.label.clone(), at, sideways.pos(middle)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grid::VoxelGrid;

    fn view(axis: Axis, grid: &VoxelGrid) -> (SliceView, Vec<f32>) {
        let (rows, columns, indices) = grid.slice(axis, 0);
        let data = indices.iter().map(|&i| i as f32).collect();
        (SliceView { axis, rows, columns, voxel_um: grid.voxel_um, bar: None }, data)
    }

    /// The lower left pixel is the voxel at the origin; z runs to the right, or y upwards.
    #[test]
    fn pictures_stand_the_right_way_up() {
        let grid = VoxelGrid { size: [2, 3, 4], voxel_um: 1.0 };
        let style = Style::light(1.0);
        for (axis, right, up) in [(Axis::X, 6, 2), (Axis::Y, 6, 1), (Axis::Z, 1, 2)] {
            let (view, data) = view(axis, &grid);
            let picture = paint(&view, &data, |v| Some([v as u8; 3]), &style);
            let at = |column: usize, row: usize| picture.rgba[4 * (row * picture.width + column)];
            assert_eq!(at(0, picture.height - 1), 0);
            assert_eq!(at(1, picture.height - 1), right);
            assert_eq!(at(0, picture.height - 2), up);
        }
    }

    #[test]
    fn places_without_a_value_keep_their_own_colour() {
        let grid = VoxelGrid { size: [2, 2, 2], voxel_um: 1.0 };
        let (view, mut data) = view(Axis::Z, &grid);
        data[3] = f32::NAN;
        let style = Style::dark(1.0);
        let picture = paint(&view, &data, |v| (!v.is_nan()).then_some([9; 3]), &style);
        let RGBColor(r, g, b) = style.nothing;
        assert_eq!(picture.rgba[4..8], [r, g, b, 255]);
        assert_eq!(picture.rgba[..4], [9, 9, 9, 255]);
    }

    #[cfg(not(target_arch = "wasm32"))]
    #[test]
    fn voxels_stay_square_and_inside() {
        for (axis, size) in [(Axis::X, (600, 300)), (Axis::Z, (600, 300)), (Axis::Y, (300, 700))] {
            let grid = VoxelGrid { size: [25, 25, 50], voxel_um: 1.0 };
            let (mut view, _) = view(axis, &grid);
            let bar = ColourBar { label: "x".into(), map: Colormap::Viridis, from: 0.0, to: 1.0 };
            view.bar = Some(bar);
            let mut svg = String::new();
            let root = SVGBackend::with_string(&mut svg, size).into_drawing_area();
            let f = slice_frame(&root, &view, &Style::light(1.0)).unwrap();
            let (per_x, per_y) = (f.width / f.x[1], f.height / f.y[1]);
            assert!((per_x / per_y - 1.0).abs() < 0.02, "{f:?}");
            assert!(f.left + f.width + 70.0 <= f64::from(size.0) && f.top + f.height + 40.0 <= f64::from(size.1));
        }
    }
}
