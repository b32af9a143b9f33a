//! Charts over any plotters backend: canvas in the page, SVG in the command line.
//!
//! A chart knows columns of numbers, labels and units, never a simulation. Text is never measured: in the page that would
//! insert elements with inline styles, which a strict content security policy forbids.

mod chart;
mod colormap;
mod slice;
mod style;
mod voltage;

pub use chart::{AxisSpec, Curve, Frame, line_chart};
pub use colormap::Colormap;
pub use slice::{ColourBar, Picture, SliceView, paint, slice_frame};
pub use style::{CURVE_COLOURS, Style, curve_colour};
pub use voltage::voltage_profile;
