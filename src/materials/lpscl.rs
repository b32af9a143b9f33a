//! Li6PS5Cl, the sulfide that carries the lithium, and the layer it leaves on bare NCA.

/// Density [g cm⁻³], *measured*: crystal density; the paper's pellet (150 mg, 13 mm, 610 um) gives 1.853.
pub const DENSITY: f64 = 1.86;
/// Ionic conductivity at 30 °C [S m⁻¹], *measured*: 1.80 mS/cm (Kim, Jung et al. 2022).
pub const KAPPA: f64 = 0.180;

/// Resistance of the impurity layer on NCA/LPSCl faces [Ohm m²], *fitted* by the paper among nine candidates: 0.25 um
/// of a phase that conducts 1e-5 times as well as LPSCl, 0.25e-6 / (1e-5 x 0.180) = 0.1389 Ohm m² = 1389 Ohm cm².
pub const IMPURITY_RESISTANCE: f64 = 0.25e-6 / (1e-5 * KAPPA);

/// Resistance of the separator, 610 um of LPSCl [Ohm m²], *measured*: 34 Ohm cm².
pub const SEPARATOR_RESISTANCE: f64 = 610e-6 / KAPPA;
