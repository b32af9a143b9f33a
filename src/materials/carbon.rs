//! Super C65 conductive carbon.

/// Density [g cm⁻³], *measured* elsewhere (literature 1.6-2.0 for the carbon itself).
pub const DENSITY: f64 = 1.9;
/// Electronic conductivity when compacted [S m⁻¹], *measured* elsewhere: 1 S/cm (range 0.2-10; Reisacher 2023: 0.2 S/cm
/// at 2 MPa).
pub const SIGMA: f64 = 100.0;
