//! The electrochemical cell: a network of two rails, and the voltages on it over time.
//!
//! Every voxel carries up to two potentials [V], after Jamnik and Maier's chemical capacitance: `phi_s` on the electronic
//! rail, `phi_e` on the ionic rail; inside NCA `phi_e` is the electrochemical potential of Li+ over F, so the open-circuit
//! voltage is `U(x) = phi_s − phi_e` and the stoichiometry a function of the two. Processes are branches between nodes:
//!
//! | branch | between | current |
//! | --- | --- | --- |
//! | electronic conduction | neighbours on the electronic rail | harmonic mean of sigma on the part of the face that carbon crosses (all of it in mixed coat); a contact resistance on the part of the NCA's surface that carbon, the mixed coat or another particle touches, none where coat lies between |
//! | ionic conduction | neighbouring electrolyte voxels | harmonic mean of kappa; a coat thinner than a voxel lends its conductance to pore and carbon beside it |
//! | lithium diffusion | NCA neighbours of one particle, ionic rail | `F c_s_max ΔΘ`, `Θ = ∫ D dx` |
//! | charge transfer | NCA voxel and electrolyte voxel, ionic rail | diffusion from the voxel's centre to the true surface + coat or impurity layer + Butler-Volmer in series |
//! | chemical capacitor | the two rails of an NCA voxel | `F c_s_max V dx/dt`, V without the inactive skin where LPSCl touches |
//! | oxidation of LPSCl | the two rails of an NCA voxel | `A j exp((U − 4.3 V) F / 2 R T)` on the area that LPSCl touches |
//! | separator | lithium (0 V) and the electrolyte at z = 0 | one resistance |
//! | collector | the terminal and the electronic voxels at z = L | half a voxel; the applied current, or a source that holds a voltage, enters here |
//!
//! One backward Euler step, with D, j0 and sigma taken at the predicted state, is a convex problem (every branch current
//! rises with the voltage across it), so Newton with a line search converges from anywhere, and every Jacobian is a
//! network of positive conductances for [`crate::linalg`].
//!
//! Sign: a discharge current is positive. Not modelled: heat, strain, double layers, hysteresis, ageing, the anode's
//! kinetics (lithium metal at 0 V).

mod branches;
pub mod fields;
pub mod kinetics;
#[cfg(test)]
mod limits;
pub mod losses;
pub mod network;
pub mod newton;
#[cfg(test)]
mod reference;
pub mod rule;
pub mod timestep;

use crate::materials::Phase;
use crate::materials::nca::{DiffusionPotential, OpenCircuitVoltage};
use kinetics::Oxidation;

/// All material parameters of a cell, SI.
#[derive(Clone, Debug)]
pub struct CellParameters {
    /// Electronic conductivity of each phase [S m⁻¹]; NCA's entry is not used, it varies with x.
    pub sigma: [f64; Phase::COUNT],
    /// Ionic conductivity of each phase [S m⁻¹]; NCA's entry is not used.
    pub kappa: [f64; Phase::COUNT],
    /// Exchange current density at x = 0.5 under halide and against sulfide [A m⁻²].
    pub j0_halide: f64,
    pub j0_lpscl: f64,
    /// Thickness of the inactive skin where LPSCl touches NCA [m].
    pub skin: f64,
    /// Oxidation of LPSCl there.
    pub oxidation: Oxidation,
    /// Resistance of the impurity layer where LPSCl touches NCA [Ohm m²].
    pub film_resistance: f64,
    /// Electronic contact resistance between NCA and another particle, carbon, the mixed coat or the collector [Ohm m²].
    pub contact_resistance: f64,
    /// Separator [Ohm m²].
    pub separator_resistance: f64,
    pub ocv: OpenCircuitVoltage,
    /// Lithium diffusion in NCA.
    pub diffusion: DiffusionPotential,
}
