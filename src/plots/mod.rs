//! Charts over any plotters backend: canvas in the page, SVG in the command line.
//!
//! A chart ([`Figure`]) is columns of numbers with labels and units; [`runs`] makes those of runs. Text is never measured:
//! in the page that would insert elements with inline styles, which a strict content security policy forbids.

mod chart;
mod colormap;
mod comparison;
mod figure;
mod losses;
pub mod runs;
mod scale;
mod slice;
mod style;

pub use chart::{Chart, Reading, Table};
pub use colormap::Colormap;
pub use figure::{Area, Axis, Figure, Frame, Line, Mark, Series};
pub use scale::Scale;
pub use slice::{Arrow, ColourBar, Overlay, Picture, Ring, SliceView, overlay, paint, rings, slice_frame};
pub use style::{CURVE_COLOURS, Style, curve_colour};
