//! Colours, sizes and fonts that all charts share.

use plotters::style::{Color, FontDesc, FontFamily, FontStyle, RGBColor, ShapeStyle, TextStyle};

/// How a chart looks. Lengths are in CSS pixels and grow with `scale`, so that a chart is as sharp as its screen.
#[derive(Clone, Debug)]
pub struct Style {
    /// Device pixels per CSS pixel.
    pub scale: f64,
    /// Painted first; `None` leaves what lies beneath the canvas.
    pub background: Option<RGBColor>,
    /// Text and axes.
    pub ink: RGBColor,
    /// Mesh lines.
    pub mesh: RGBColor,
    /// Places without a value.
    pub nothing: RGBColor,
    /// Around marks that lie on pictures and curves.
    pub halo: RGBColor,
    /// Name the curves beneath the chart? The page has its own list.
    pub legend: bool,
    pub dark: bool,
}

impl Style {
    /// Dark ink on whatever light ground lies beneath.
    pub fn light(scale: f64) -> Style {
        Style {
            scale,
            background: None,
            ink: RGBColor(64, 70, 79),
            mesh: RGBColor(226, 229, 233),
            nothing: RGBColor(236, 238, 240),
            halo: RGBColor(255, 255, 255),
            legend: false,
            dark: false,
        }
    }

    /// Light ink on whatever dark ground lies beneath.
    pub fn dark(scale: f64) -> Style {
        Style {
            ink: RGBColor(178, 186, 196),
            mesh: RGBColor(48, 54, 62),
            nothing: RGBColor(70, 77, 86),
            halo: RGBColor(28, 32, 38),
            dark: true,
            ..Style::light(scale)
        }
    }

    /// For a figure of its own, on paper: white ground, curves named inside.
    pub fn figure() -> Style {
        Style { background: Some(RGBColor(255, 255, 255)), legend: true, ..Style::light(1.0) }
    }

    /// CSS pixels to device pixels.
    pub(crate) fn px(&self, length: f64) -> i32 {
        (length * self.scale).round() as i32
    }

    pub(crate) fn text(&self, size: f64) -> TextStyle<'static> {
        let family = FontFamily::Name("system-ui, 'Segoe UI', Roboto, 'Liberation Sans', sans-serif");
        FontDesc::new(family, size * self.scale, FontStyle::Normal).color(&self.ink)
    }

    pub(crate) fn line(&self, colour: RGBColor, width: f64) -> ShapeStyle {
        colour.stroke_width(self.px(width).max(1) as u32)
    }
}

/// Curves take these in turn (light ground, dark ground): six hues that differ for any common colour vision and keep a
/// contrast of 3 or more to their ground.
pub const CURVE_COLOURS: [([u8; 3], [u8; 3]); 6] = [
    ([0, 101, 172], [92, 178, 245]),
    ([196, 78, 0], [244, 150, 74]),
    ([0, 126, 92], [52, 200, 152]),
    ([168, 62, 130], [232, 140, 200]),
    ([112, 96, 0], [222, 200, 70]),
    ([84, 90, 102], [176, 184, 196]),
];

/// Colour of the curve with this number.
pub fn curve_colour(number: usize, dark: bool) -> RGBColor {
    let (light, on_dark) = CURVE_COLOURS[number % CURVE_COLOURS.len()];
    let [r, g, b] = if dark { on_dark } else { light };
    RGBColor(r, g, b)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance as WCAG 2 defines it.
    fn luminance(rgb: [u8; 3]) -> f64 {
        let linear = |c: u8| {
            let c = f64::from(c) / 255.0;
            if c <= 0.03928 { c / 12.92 } else { libm::pow((c + 0.055) / 1.055, 2.4) }
        };
        0.2126 * linear(rgb[0]) + 0.7152 * linear(rgb[1]) + 0.0722 * linear(rgb[2])
    }

    fn contrast(a: [u8; 3], b: [u8; 3]) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    /// WCAG asks 3 for graphics and 4.5 for text; the grounds are the page's cards.
    #[test]
    fn curves_and_text_stand_out_from_their_ground() {
        let (white, dark) = ([255, 255, 255], [28, 32, 38]);
        for (on_light, on_dark) in CURVE_COLOURS {
            assert!(contrast(on_light, white) >= 4.5, "{on_light:?}");
            assert!(contrast(on_dark, dark) >= 4.5, "{on_dark:?}");
        }
        for (style, ground) in [(Style::light(1.0), white), (Style::dark(1.0), dark)] {
            let RGBColor(r, g, b) = style.ink;
            assert!(contrast([r, g, b], ground) >= 7.0);
        }
    }
}
