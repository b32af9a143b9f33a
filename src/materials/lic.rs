//! Li3InCl6, the halide that can stand in for LYC.

/// Density [g cm⁻³], *measured* (Kim, Jung et al. 2022, Introduction).
pub const DENSITY: f64 = 2.71;
/// Ionic conductivity at 30 °C [S m⁻¹], *measured*: 1.0 mS/cm (Kim, Jung et al. 2022).
pub const KAPPA: f64 = 0.10;
