//! Li3YCl6, the halide that coats the NCA.

/// Density [g cm⁻³], *measured* (Kim, Jung et al. 2022, Introduction).
pub const DENSITY: f64 = 2.43;
/// Ionic conductivity at 30 °C [S m⁻¹], *measured*: 0.40 mS/cm (Kim, Jung et al. 2022).
pub const KAPPA: f64 = 0.040;

/// Ionic conductivity of the mixed LYC-carbon coat [S m⁻¹], *assumed*: Bruggeman estimate at 65-70 vol% LYC (range
/// 0.1-0.3 mS/cm).
pub const MIXED_KAPPA: f64 = 0.022;
/// Electronic conductivity of the mixed LYC-carbon coat [S m⁻¹], *assumed*: Bruggeman estimate (range 0.01-1 S/cm);
/// sulfide-carbon mixtures percolate near 4 wt% carbon (Reisacher 2023).
pub const MIXED_SIGMA: f64 = 10.0;
