//! The law of one NCA/electrolyte interface.

use crate::constants::THERMAL_VOLTAGE;
use crate::materials::nca::Surface;

/// The NCA between an interface and the centre of the voxel behind it, frozen at the predicted state of a time step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Subsurface {
    /// Open-circuit voltage at the centre of the voxel [V].
    pub u: f64,
    /// Diffusion potential there [m² s⁻¹].
    pub theta: f64,
    /// `F c_s_max / d`, d the distance of the centre from the surface [A s m⁻⁴].
    pub conductance: f64,
}

/// Current through an interface and what follows from it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct InterfaceCurrent {
    /// Current density into the NCA [A m⁻²]; positive = the NCA takes up lithium (discharge).
    pub j: f64,
    /// dj/dΔ [S m⁻²], above zero.
    pub slope: f64,
    /// Voltage lost beneath the surface [V], which sits at `u − drop`, and d drop/dΔ.
    pub drop: f64,
    pub share: f64,
}

/// An interface where it was solved last.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Solved {
    /// Voltage across the interface [V].
    pub delta: f64,
    pub current: InterfaceCurrent,
}

impl Solved {
    /// A first guess of the voltage beneath the surface [V] at another voltage `delta` [V].
    pub fn guess(self, delta: f64) -> f64 {
        self.current.drop + self.current.share * (delta - self.delta)
    }
}

/// Current density across an interface: diffusion beneath the surface, films and Butler-Volmer kinetics in series.
///
/// `Δ = w + R j + (2 R T / F) asinh(j / 2 j0)`, `j = (F c_s_max / d) (Θ(u − w) − Θ(u))`; the middle term is Ohm's law of all
/// layers in the way, the last one `j = 2 j0 sinh(F eta / 2 R T)`.
///
/// * `delta` – voltage across the interface, `phi_e` of the electrolyte minus `phi_e` of the NCA [V]
/// * `below` – the NCA behind it
/// * `resistance` – film and half a voxel of electrolyte [Ohm m²], ≥ 0
/// * `surface` – what the surface is at an open-circuit voltage [V]; its exchange current density is above zero
/// * `guess` – a first `w` [V], any
///
/// The equation in w rises strictly (with `j0 ∝ √(x (1 − x))` and a D that does not rise with x, for the shift of j0 takes back
/// less than half of what j adds) and its root lies between 0 and Δ: Newton steps that leave this bracket or shrink too
/// slowly are replaced by bisection, so the solution is found from any guess. Limits: Δ → 0 gives
/// `j = Δ / (dw/dj + R + R T / (F j0))`; d → 0 and R = 0 gives Butler-Volmer (both tested).
pub fn interface_current(
    delta: f64,
    below: Subsurface,
    resistance: f64,
    surface: impl Fn(f64) -> Surface,
    guess: f64,
) -> InterfaceCurrent {
    const TWICE_THERMAL: f64 = 2.0 * THERMAL_VOLTAGE;
    /// Voltage to which the sum must close [V] before a last linear correction, which leaves a few nanovolts.
    const CLOSED: f64 = 1e-5;
    let (mut low, mut high) = if delta >= 0.0 { (0.0, delta) } else { (delta, 0.0) };
    let mut w = guess.clamp(low, high);
    let mut result = InterfaceCurrent { j: 0.0, slope: 0.0, drop: w, share: 0.0 };
    let mut last_correction = f64::INFINITY;
    // Bisection alone would close 1 V to 1e-7 V in 24 steps.
    for _ in 0..60 {
        let Surface { theta, theta_slope, j0, j0_slope } = surface(below.u - w);
        let j = below.conductance * (theta - below.theta);
        let dj_dw = -below.conductance * theta_slope;
        // asinh y and its derivative from one root; one logarithm leaves an absolute error of 1e-15, which is enough here.
        let half = 0.5 / j0;
        let y = half * j;
        let root = (y * y + 1.0).sqrt();
        let asinh = libm::copysign(libm::log(y.abs() + root), y);
        let excess = w + resistance * j + TWICE_THERMAL * asinh - delta;
        let transfer = TWICE_THERMAL * half / root;
        let share = 1.0 / (1.0 + resistance * dj_dw + transfer * (dj_dw + 2.0 * j0_slope * y));
        let correction = excess * share;
        result = InterfaceCurrent { j: j - dj_dw * correction, slope: dj_dw * share, drop: w - correction, share };
        if excess.abs() <= CLOSED || high - low <= 1e-14 {
            break;
        }
        if excess > 0.0 {
            high = w;
        } else {
            low = w;
        }
        // Newton may cycle between two points inside the bracket: a step that does not halve the last one bisects.
        let step = w - correction;
        let inside = step > low && step < high && correction.abs() <= 0.5 * last_correction;
        last_correction = if inside { correction.abs() } else { f64::INFINITY };
        w = if inside { step } else { 0.5 * (low + high) };
    }
    result
}

/// Oxidation of the sulfide on the NCA, an irreversible current that rises with the voltage:
/// `j = j_ref exp((U − U_ref) F / 2 R T)` (Tafel, transfer coefficient 1/2), U the open-circuit voltage of the NCA beneath.
///
/// Not modelled: its slowing down as its products grow.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Oxidation {
    /// Current density at [`Oxidation::REFERENCE`] [A m⁻²]; 0 turns it off.
    pub current_density: f64,
}

impl Oxidation {
    /// Upper cut-off of the paper [V].
    pub const REFERENCE: f64 = 4.3;

    pub fn is_off(&self) -> bool {
        self.current_density == 0.0
    }

    /// Current density [A m⁻²] and its derivative [A m⁻² V⁻¹] at the voltage `u` [V].
    pub fn current(&self, u: f64) -> (f64, f64) {
        if self.is_off() {
            return (0.0, 0.0);
        }
        // Beyond a volt above the reference nothing is known, and Newton's trials must not overflow.
        let exponent = ((u - Self::REFERENCE) / (2.0 * THERMAL_VOLTAGE)).min(20.0);
        let j = self.current_density * libm::exp(exponent);
        (j, j / (2.0 * THERMAL_VOLTAGE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::materials::nca::{self, DiffusionPotential, OpenCircuitVoltage};

    /// A surface of constant exchange current density.
    fn constant(theta: &DiffusionPotential, j0: f64) -> impl Fn(f64) -> Surface {
        move |u| {
            let (theta, theta_slope) = theta.at(u);
            Surface { theta, theta_slope, j0, j0_slope: 0.0 }
        }
    }

    /// A constant D of 1 makes Θ = x.
    fn below(u: f64, conductance: f64) -> (DiffusionPotential, Subsurface) {
        let theta = DiffusionPotential::new(&OpenCircuitVoltage::measured(), |_| 1.0);
        let below = Subsurface { u, theta: theta.at(u).0, conductance };
        (theta, below)
    }

    #[test]
    fn small_voltages_see_three_resistances_in_series() {
        let (theta, below) = below(3.8, 60.0);
        let (r, j0) = (0.02, 0.8);
        let diffusion = -1.0 / (below.conductance * theta.at(below.u).1);
        let delta = 1e-6;
        let i = interface_current(delta, below, r, constant(&theta, j0), 0.0);
        let expected = delta / (diffusion + r + THERMAL_VOLTAGE / j0);
        assert!((i.j / expected - 1.0).abs() < 1e-3, "{} against {expected}", i.j);
        assert!((i.slope * delta / expected - 1.0).abs() < 1e-3);
    }

    #[test]
    fn without_diffusion_and_film_it_is_butler_volmer() {
        let (theta, below) = below(3.8, 1e9);
        for delta in [-0.2, -0.03, 0.01, 0.15] {
            let i = interface_current(delta, below, 0.0, constant(&theta, 2.0), 0.0);
            let expected = 4.0 * libm::sinh(delta / (2.0 * THERMAL_VOLTAGE));
            assert!((i.j / expected - 1.0).abs() < 1e-4, "{delta}: {} against {expected}", i.j);
        }
    }

    #[test]
    fn every_guess_gives_the_same_current_and_the_slope_is_its_derivative() {
        let (theta, below) = below(3.8, 40.0);
        for delta in [-1.0, -0.1, -1e-4, 1e-4, 0.05, 0.4, 1.5] {
            let ocv = OpenCircuitVoltage::measured();
            let surface = |u: f64| nca::surface(&ocv, &theta, 0.5, u);
            let at = |d: f64, guess: f64| interface_current(d, below, 0.1, surface, guess);
            let reference = at(delta, 0.0);
            for guess in [-2.0, 0.3 * delta, delta, 5.0] {
                // What the last correction leaves, 5 nV at most, over 2 R T / F.
                assert!((at(delta, guess).j - reference.j).abs() < 1e-7 * reference.j.abs().max(1e-6));
            }
            let d = 1e-6;
            let difference = (at(delta + d, 0.0).j - at(delta - d, 0.0).j) / (2.0 * d);
            assert!((reference.slope / difference - 1.0).abs() < 1e-3, "{delta}: {} {difference}", reference.slope);
            assert!(reference.slope > 0.0 && reference.j * delta > 0.0);
        }
    }

    #[test]
    fn a_guess_follows_the_voltage() {
        let (theta, below) = below(3.8, 40.0);
        let at = |delta: f64| interface_current(delta, below, 0.1, constant(&theta, 0.5), 0.0);
        let (last, next) = (at(0.05), at(0.051));
        // What is left is of second order in 1 mV over some 50 mV.
        let missed = Solved { delta: 0.05, current: last }.guess(0.051) - next.drop;
        assert!(missed.abs() < 0.05 * (next.drop - last.drop), "{missed}");
    }

    /// A case where bare Newton steps alternate for ever between 0.41 V and 0.51 V.
    #[test]
    fn a_cycle_of_newton_steps_is_broken() {
        let (theta, below) = below(4.628_447_633_121_134, 1_662.404_241_298_503_2);
        let at = |guess| {
            interface_current(1.194_646_273_467_293_8, below, 0.003_879_636, constant(&theta, 217.592_057_7), guess)
        };
        let reference = at(0.0);
        for guess in [0.1, 0.41, 0.51, 0.763_3, 1.19] {
            assert!((at(guess).j / reference.j - 1.0).abs() < 1e-7, "{} and {}", at(guess).j, reference.j);
        }
    }

    #[test]
    fn the_current_cannot_fill_the_surface_beyond_one() {
        let (theta, below) = below(3.8, 10.0);
        let i = interface_current(100.0, below, 0.0, constant(&theta, 1.0), 0.0);
        assert!(i.j < below.conductance * (1.0 - below.theta) && i.j > 0.9 * below.conductance * (1.0 - below.theta));
    }
}
