//! Cross-sections: axes in micrometres, a colour bar, and the pixels between them.

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::figure::visible;
use super::scale::TickAxis;
use super::{Colormap, Frame, Scale, Style};
use crate::grid::Axis;

/// What lies beside a picture of values.
#[derive(Clone, Debug)]
pub struct ColourBar {
    /// Name and unit.
    pub label: String,
    pub map: Colormap,
    pub scale: Scale,
}

impl ColourBar {
    /// The bar in steps too small to see: where each begins and ends, as shares of the bar, and its colour.
    fn steps(&self) -> impl Iterator<Item = (f64, f64, RGBColor)> {
        const STEPS: u32 = 96;
        let map = self.map;
        (0..STEPS).map(move |i| {
            let [from, middle, to] = [0.0, 0.5, 1.0].map(|part| (f64::from(i) + part) / f64::from(STEPS));
            let [r, g, b] = map.rgb(middle);
            (from, to, RGBColor(r, g, b))
        })
    }
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
    /// Only the picture, without axes: a small companion of another section.
    pub bare: bool,
}

/// What lies on a cross-section.
#[derive(Clone, Debug, Default)]
pub struct Overlay {
    /// Where the other two sections cut this one [um along its horizontal and its vertical axis].
    pub cursor: Option<[f64; 2]>,
    pub rings: Vec<Ring>,
    pub arrows: Vec<Arrow>,
}

/// From here to there on a cross-section [um along its horizontal and its vertical axis].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Arrow {
    pub from_um: [f64; 2],
    pub to_um: [f64; 2],
}

impl Arrow {
    /// The way of a current around `centre_um` [um]: `edge_um` long for a current of 1, and half as long again at most.
    pub fn of_current(centre_um: [f64; 2], current: [f64; 2], edge_um: f64) -> Arrow {
        const LONGEST: f64 = 1.5;
        let half = 0.5 * edge_um * (LONGEST / libm::hypot(current[0], current[1])).min(1.0);
        let end = |sign: f64| [0, 1].map(|k| centre_um[k] + sign * half * current[k]);
        Arrow { from_um: end(-1.0), to_um: end(1.0) }
    }

    /// Its line and its head, whose sides are a third as long; what is too short to have a direction is a point and left out.
    fn lines(&self) -> Option<[Vec<[f64; 2]>; 2]> {
        /// [um]
        const SHORTEST: f64 = 0.4;
        let (from, to) = (self.from_um, self.to_um);
        let along = [to[0] - from[0], to[1] - from[1]];
        if libm::hypot(along[0], along[1]) < SHORTEST {
            return None;
        }
        let side = |s: f64| [to[0] - 0.35 * along[0] - s * along[1], to[1] - 0.35 * along[1] + s * along[0]];
        Some([vec![from, to], vec![side(0.22), to, side(-0.22)]])
    }
}

/// A circle on a cross-section [um along its horizontal and its vertical axis].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ring {
    pub centre_um: [f64; 2],
    pub radius_um: f64,
}

/// Starved particles are ringed in this colour, which is also theirs in the 3D view.
const RINGED: RGBColor = RGBColor(213, 60, 20);

/// Axes that run to the right and up in a section across `axis`.
fn plane(axis: Axis) -> [usize; 2] {
    match axis {
        Axis::X => [2, 1],
        Axis::Y => [2, 0],
        Axis::Z => [0, 1],
    }
}

/// Where a section at `position_um` cuts spheres, with their images across the periodic sides x and y.
///
/// * `spheres` – centre and diameter [um]
pub fn rings(spheres: &[([f64; 3], f64)], axis: Axis, position_um: f64, extent_um: [f64; 3]) -> Vec<Ring> {
    let images = |k: usize| if k < 2 { &[-1.0, 0.0, 1.0][..] } else { &[0.0][..] };
    let across = axis.index();
    let [right, up] = plane(axis);
    let mut found = Vec::new();
    for (centre, diameter) in spheres {
        for shift in images(across) {
            let distance = centre[across] + shift * extent_um[across] - position_um;
            let square = 0.25 * diameter * diameter - distance * distance;
            if square <= 0.0 {
                continue;
            }
            let radius_um = square.sqrt();
            for (u, v) in images(right).iter().flat_map(|u| images(up).iter().map(move |v| (u, v))) {
                let centre_um = [centre[right] + u * extent_um[right], centre[up] + v * extent_um[up]];
                let inside = |at: f64, extent: f64| at + radius_um > 0.0 && at - radius_um < extent;
                if inside(centre_um[0], extent_um[right]) && inside(centre_um[1], extent_um[up]) {
                    found.push(Ring { centre_um, radius_um });
                }
            }
        }
    }
    found
}

/// Draws arrows, cross-hairs and rings on a picture that lies in `frame`.
///
/// # Errors
/// Those of the backend.
pub fn overlay<DB: DrawingBackend>(
    root: &DrawingArea<DB, Shift>,
    frame: &Frame,
    overlay: &Overlay,
    style: &Style,
) -> Result<(), DrawingAreaErrorKind<DB::ErrorType>> {
    let draw = |points: &[[f64; 2]], colour: RGBColor, width: f64| {
        for piece in visible(points, frame) {
            // A halo on either side keeps the line visible on any picture.
            root.draw(&PathElement::new(piece.clone(), style.line(style.halo, width + 2.0)))?;
            root.draw(&PathElement::new(piece, style.line(colour, width)))?;
        }
        Ok(())
    };
    for lines in overlay.arrows.iter().filter_map(Arrow::lines) {
        for points in lines {
            draw(&points, style.ink, 1.5)?;
        }
    }
    for ring in &overlay.rings {
        const CORNERS: u32 = 48;
        let points: Vec<[f64; 2]> = (0..=CORNERS)
            .map(|k| std::f64::consts::TAU * f64::from(k) / f64::from(CORNERS))
            .map(|a| {
                [ring.centre_um[0] + ring.radius_um * libm::cos(a), ring.centre_um[1] + ring.radius_um * libm::sin(a)]
            })
            .collect();
        draw(&points, RINGED, 2.0)?;
    }
    if let Some([x, y]) = overlay.cursor {
        draw(&[[x, frame.y.from], [x, frame.y.to]], style.ink, 1.0)?;
        draw(&[[frame.x.from, y], [frame.x.to, y]], style.ink, 1.0)?;
    }
    Ok(())
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

    /// Axes that run to the right and up.
    pub fn plane(&self) -> [usize; 2] {
        plane(self.axis)
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
    let scales = [Scale::even(0.0, across), Scale::even(0.0, up)];
    if view.bare {
        return Ok(bare_frame(total_width, total_height, scales, style));
    }
    // The bar runs along the picture's longer side.
    let lying = view.axis != Axis::Z;
    let beside = if view.bar.is_some() && !lying { 74.0 } else { 0.0 };
    let beneath = if view.bar.is_some() && lying { 62.0 } else { 0.0 };
    let (left, top, right) = (style.px(48.0), style.px(10.0), style.px(14.0 + beside));
    let (labels, bottom) = (style.px(42.0), style.px(42.0 + beneath));
    let room = (total_width as i32 - left - right, total_height as i32 - top - bottom);
    let scale = (f64::from(room.0.max(1)) / across).min(f64::from(room.1.max(1)) / up);
    let size = ((across * scale) as i32, (up * scale) as i32);
    let spare = (room.0 - size.0) / 2;

    let mut chart = ChartBuilder::on(root)
        .margin_left(spare)
        .margin_right(right + room.0 - size.0 - spare)
        .margin_top(top)
        .margin_bottom(total_height as i32 - top - size.1 - labels)
        .x_label_area_size(labels)
        .y_label_area_size(left)
        .build_cartesian_2d(
            TickAxis::new(scales[0], marks(size.0, 45.0, style)),
            TickAxis::new(scales[1], marks(size.1, 40.0, style)),
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
        x: scales[0],
        y: scales[1],
    };
    if let Some(bar) = &view.bar {
        if lying {
            bar_beneath(root, bar, rows.end + labels + style.px(12.0), (columns.start, columns.end), style)?;
        } else {
            bar_beside(root, bar, columns.end + style.px(12.0), (rows.start, rows.end), style)?;
        }
    }
    Ok(frame)
}

/// As large as fits, with room for a line around it.
fn bare_frame(width: u32, height: u32, [x, y]: [Scale; 2], style: &Style) -> Frame {
    let edge = f64::from(style.px(1.0));
    let room = [f64::from(width) - 2.0 * edge, f64::from(height) - 2.0 * edge];
    let scale = (room[0] / x.to).min(room[1] / y.to).max(0.0);
    let size = [(x.to * scale).floor().max(1.0), (y.to * scale).floor().max(1.0)];
    Frame {
        left: edge + (0.5 * (room[0] - size[0])).floor().max(0.0),
        top: edge,
        width: size[0],
        height: size[1],
        x,
        y,
    }
}

fn marks(pixels: i32, each: f64, style: &Style) -> usize {
    ((f64::from(pixels) / style.scale / each) as usize).clamp(2, 10)
}

/// A vertical bar from `rows.0` (largest value) down to `rows.1`.
fn bar_beside<DB: DrawingBackend>(
    root: &DrawingArea<DB, Shift>,
    bar: &ColourBar,
    left: i32,
    (top, bottom): (i32, i32),
    style: &Style,
) -> Result<(), DrawingAreaErrorKind<DB::ErrorType>> {
    let right = left + style.px(12.0);
    let y_at = |share: f64| bottom - (share * f64::from(bottom - top)).round() as i32;
    for (from, to, colour) in bar.steps() {
        root.draw(&Rectangle::new([(left, y_at(to)), (right, y_at(from))], colour.filled()))?;
    }
    let ticks = bar.scale.ticks(marks(bottom - top, 40.0, style));
    let text = style.text(12.0).pos(Pos::new(HPos::Left, VPos::Center));
    for (value, label) in ticks {
        let y = y_at(bar.scale.place(value));
        let mark = vec![(right, y), (right + style.px(4.0), y)];
        root.draw(&PathElement::new(mark, style.line(style.ink, 1.0)))?;
        root.draw(&Text::new(label, (right + style.px(7.0), y), text.clone()))?;
    }
    let sideways = style.text(13.0).transform(FontTransform::Rotate270).pos(Pos::new(HPos::Center, VPos::Top));
    root.draw(&Text::new(bar.label.clone(), (right + style.px(46.0), (top + bottom) / 2), sideways))
}

/// A horizontal bar from `columns.0` (smallest value) to `columns.1`.
fn bar_beneath<DB: DrawingBackend>(
    root: &DrawingArea<DB, Shift>,
    bar: &ColourBar,
    top: i32,
    (left, right): (i32, i32),
    style: &Style,
) -> Result<(), DrawingAreaErrorKind<DB::ErrorType>> {
    let bottom = top + style.px(10.0);
    let x_at = |share: f64| left + (share * f64::from(right - left)).round() as i32;
    for (from, to, colour) in bar.steps() {
        root.draw(&Rectangle::new([(x_at(from), top), (x_at(to), bottom)], colour.filled()))?;
    }
    let ticks = bar.scale.ticks(marks(right - left, 45.0, style));
    let text = style.text(12.0).pos(Pos::new(HPos::Center, VPos::Top));
    for (value, label) in ticks {
        let x = x_at(bar.scale.place(value));
        let mark = vec![(x, bottom), (x, bottom + style.px(4.0))];
        root.draw(&PathElement::new(mark, style.line(style.ink, 1.0)))?;
        root.draw(&Text::new(label, (x, bottom + style.px(6.0)), text.clone()))?;
    }
    let label = style.text(13.0).pos(Pos::new(HPos::Center, VPos::Top));
    root.draw(&Text::new(bar.label.clone(), ((left + right) / 2, bottom + style.px(23.0)), label))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grid::VoxelGrid;

    fn view(axis: Axis, grid: &VoxelGrid) -> (SliceView, Vec<f32>) {
        let (rows, columns, indices) = grid.slice(axis, 0);
        let data = indices.iter().map(|&i| i as f32).collect();
        (SliceView { axis, rows, columns, voxel_um: grid.voxel_um, bar: None, bare: false }, data)
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
            let bar = ColourBar { label: "x".into(), map: Colormap::Viridis, scale: Scale::even(0.0, 1.0) };
            view.bar = Some(bar);
            let mut svg = String::new();
            let root = SVGBackend::with_string(&mut svg, size).into_drawing_area();
            let f = slice_frame(&root, &view, &Style::light(1.0)).unwrap();
            let (per_x, per_y) = (f.width / f.x.to, f.height / f.y.to);
            assert!((per_x / per_y - 1.0).abs() < 0.02, "{f:?}");
            let (beside, beneath) = if axis == Axis::Z { (88.0, 42.0) } else { (14.0, 104.0) };
            assert!(f.left + f.width + beside <= f64::from(size.0) + 1.0, "{f:?}");
            assert!(f.top + f.height + beneath <= f64::from(size.1) + 1.0, "{f:?}");
        }
    }

    #[test]
    fn a_section_cuts_a_sphere_in_a_circle_and_its_images_at_the_sides() {
        let extent = [10.0, 10.0, 20.0];
        let sphere = [([5.0, 5.0, 5.0], 4.0)];
        let ring = |u, v, radius_um| Ring { centre_um: [u, v], radius_um };
        assert_eq!(rings(&sphere, Axis::Y, 5.0, extent), [ring(5.0, 5.0, 2.0)]);
        let aside = rings(&sphere, Axis::Y, 6.2, extent);
        assert!((aside[0].radius_um - 1.6).abs() < 1e-12);
        assert!(rings(&sphere, Axis::Y, 7.5, extent).is_empty());
        // In the corner of x and y: four images in a section across z, one across the side of x.
        let corner = [([0.5, 9.5, 5.0], 4.0)];
        assert_eq!(rings(&corner, Axis::Z, 5.0, extent).len(), 4);
        assert_eq!(rings(&corner, Axis::X, 9.8, extent).len(), 2);
        // z ends at the separator.
        assert_eq!(rings(&[([5.0, 5.0, 0.5], 4.0)], Axis::Y, 5.0, extent).len(), 1);
    }

    #[test]
    fn arrows_go_the_way_of_the_current() {
        let arrow = |current| Arrow::of_current([10.0, 5.0], current, 2.0);
        assert_eq!(arrow([1.0, 0.0]), Arrow { from_um: [9.0, 5.0], to_um: [11.0, 5.0] });
        assert_eq!(arrow([0.0, -0.5]), Arrow { from_um: [10.0, 5.5], to_um: [10.0, 4.5] });
        // As long as it gets, still the same way.
        assert_eq!(arrow([0.0, 30.0]), Arrow { from_um: [10.0, 3.5], to_um: [10.0, 6.5] });
        assert_eq!(arrow([0.0, 0.0]), Arrow { from_um: [10.0, 5.0], to_um: [10.0, 5.0] });
    }

    #[cfg(not(target_arch = "wasm32"))]
    #[test]
    fn rings_and_cross_hairs_lie_on_the_picture_and_end_at_its_edges() {
        let grid = VoxelGrid { size: [10, 10, 20], voxel_um: 1.0 };
        let (mut view, _) = view(Axis::Y, &grid);
        view.bare = true;
        let style = Style::light(1.0);
        let mut svg = String::new();
        let frame = {
            let root = SVGBackend::with_string(&mut svg, (202, 120)).into_drawing_area();
            let frame = slice_frame(&root, &view, &style).unwrap();
            let ring = Ring { centre_um: [19.5, 5.0], radius_um: 2.0 };
            let arrows = vec![
                Arrow { from_um: [10.0, 8.0], to_um: [14.0, 8.0] },
                Arrow { from_um: [2.0, 2.0], to_um: [2.0, 2.3] },
            ];
            overlay(&root, &frame, &Overlay { cursor: Some([5.0, 2.5]), rings: vec![ring], arrows }, &style).unwrap();
            frame
        };
        assert_eq!((frame.left, frame.top, frame.width, frame.height), (1.0, 1.0, 200.0, 100.0));
        let lines: Vec<&str> = svg.lines().filter(|l| l.contains("polyline")).collect();
        assert!(lines.iter().any(|l| l.contains("51,101 51,1 ") || l.contains("51,1 51,101 ")), "{svg}");
        // Line and head, each with its halo; the other arrow is too short to be one.
        assert_eq!(lines.iter().filter(|l| l.contains("141,21")).count(), 4, "{svg}");
        assert!(!lines.iter().any(|l| l.contains("21,81")), "{svg}");
        let ring = lines.iter().find(|l| l.contains("#D53C14")).expect("the ring");
        let points = ring.split("points=\"").nth(1).unwrap().split('"').next().unwrap();
        assert!(points.split_whitespace().all(|p| p.split(',').next().unwrap().parse::<f64>().unwrap() <= 201.0));
    }
}
