//! Voltage against capacity.

use plotters::coord::Shift;
use plotters::prelude::*;

use super::{AxisSpec, Curve, Frame, Style, line_chart};

/// Draws voltage profiles: x is the capacity in mAh per gram of NCA, y the cell's voltage against lithium.
///
/// The axes keep still while a curve grows: they start at 0-220 mAh/g and 3.0-4.4 V and widen only for values beyond.
///
/// # Errors
/// Those of the backend.
pub fn voltage_profile<DB: DrawingBackend>(
    root: &DrawingArea<DB, Shift>,
    curves: &[Curve],
    style: &Style,
) -> Result<Frame, DrawingAreaErrorKind<DB::ErrorType>> {
    let capacity = curves.iter().flat_map(|c| c.x).fold(0.0_f64, |m, &v| m.max(v));
    let lowest = curves.iter().flat_map(|c| c.y).fold(3.0_f64, |m, &v| m.min(v));
    let highest = curves.iter().flat_map(|c| c.y).fold(4.4_f64, |m, &v| m.max(v));
    let x = AxisSpec {
        label: "Capacity (mAh per g of NCA)".into(),
        from: 0.0,
        to: (capacity / 20.0 - 1e-9).ceil().max(11.0) * 20.0,
    };
    let y = AxisSpec {
        label: "Voltage (V vs Li/Li⁺)".into(),
        // A cut-off is met to the millivolt.
        from: (lowest * 5.0 + 0.005).floor() / 5.0,
        to: (highest * 5.0 - 1e-9).ceil() / 5.0,
    };
    line_chart(root, &x, &y, curves, style)
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;

    fn frame(x: &[f64], y: &[f64]) -> Frame {
        let mut svg = String::new();
        let root = SVGBackend::with_string(&mut svg, (500, 320)).into_drawing_area();
        let curve = Curve { label: String::new(), colour: BLACK, dashed: false, x, y };
        voltage_profile(&root, &[curve], &Style::light(1.0)).unwrap()
    }

    #[test]
    fn axes_keep_still_until_a_value_leaves_them() {
        let still = frame(&[0.0, 10.0], &[4.3, 4.2]);
        assert_eq!((still.x, still.y), ([0.0, 220.0], [3.0, 4.4]));
        assert_eq!(frame(&[0.0, 219.0], &[4.3, 2.9995]), still);
        let wider = frame(&[0.0, 233.0], &[4.3, 2.5]);
        assert_eq!((wider.x, wider.y), ([0.0, 240.0], [2.4, 4.4]));
    }
}
