//! NCA, Li[Ni0.88Co0.11Al0.01]O2: the active material. x is the lithium stoichiometry, 1 when fully lithiated.

use crate::constants::FARADAY;

/// Density [g cm⁻³], *measured*: from the lattice parameters a = 2.87, c = 14.2 Angstrom (literature 4.44-4.80).
pub const DENSITY: f64 = 4.78;
/// Lithium concentration at x = 1 [mol m⁻³], *measured*: density / molar mass (literature 47 000-49 340).
pub const C_S_MAX: f64 = 49_200.0;

/// Charge per mass at 1 x of stoichiometry, F c_max / density: 275.9 mAh/g [mAh g⁻¹].
pub fn theoretical_capacity_mah_g() -> f64 {
    FARADAY * C_S_MAX / (DENSITY * 1e6) / 3.6
}

/// Chemical diffusion coefficient of lithium [m² s⁻¹].
///
/// `D(x) = d_plateau · 10^(−drop / (1 + exp(−(x − 0.88) / 0.03)))`: a plateau that falls towards the lithiated end.
///
/// * `x` – stoichiometry, 0 < x < 1
/// * `d_plateau` – value far below x = 0.88 [m² s⁻¹]; 3e-15 *measured* (Kim 2011; Park 2020)
/// * `drop` – decades lost at x = 1; *assumed*, from the fall in O'Regan 2022 (2e-14 at 0.25 to 3e-15 at 0.8) and
///   Ruess 2020 (NCM811: 3.5e-16 to 1e-17 at the ends)
///
/// Limits: x → 0 gives `d_plateau` (tested). Not modelled: the dip at x < 0.25.
pub fn diffusivity(x: f64, d_plateau: f64, drop: f64) -> f64 {
    const MIDPOINT: f64 = 0.88;
    const WIDTH: f64 = 0.03;
    if drop == 0.0 {
        return d_plateau;
    }
    d_plateau * libm::exp(-std::f64::consts::LN_10 * drop / (1.0 + libm::exp((MIDPOINT - x) / WIDTH)))
}

/// Electronic conductivity [S m⁻¹].
///
/// 1e-4 S/cm at x = 1 to 1e-2 S/cm at x ≤ 0.4, log-linear between. *Measured* elsewhere (Amin and Chiang 2015).
pub fn sigma(x: f64) -> f64 {
    const LITHIATED: f64 = 1e-2;
    const DECADES: f64 = 2.0;
    let delithiation = ((1.0 - x) / 0.6).clamp(0.0, 1.0);
    LITHIATED * libm::exp(std::f64::consts::LN_10 * DECADES * delithiation)
}

/// Exchange current density relative to its value at x = 0.5, `2 √(x (1 − x))` but never below 1 % of it, and its derivative.
pub fn j0_shape(x: f64) -> (f64, f64) {
    const LEAST: f64 = 0.01;
    let shape = 2.0 * (x * (1.0 - x)).max(0.0).sqrt();
    if shape > LEAST { (shape, 2.0 * (1.0 - 2.0 * x) / shape) } else { (LEAST, 0.0) }
}

/// The surface of the NCA at one open-circuit voltage.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Surface {
    /// Diffusion potential [m² s⁻¹] and its derivative [m² s⁻¹ V⁻¹].
    pub theta: f64,
    pub theta_slope: f64,
    /// Exchange current density [A m⁻²] and its derivative [A m⁻² V⁻¹].
    pub j0: f64,
    pub j0_slope: f64,
}

/// The surface at the open-circuit voltage `u` [V]; `half`: its exchange current density at x = 0.5 [A m⁻²].
pub fn surface(ocv: &OpenCircuitVoltage, diffusion: &DiffusionPotential, half: f64, u: f64) -> Surface {
    let (x, dx_du) = ocv.stoichiometry(u);
    let (shape, slope) = j0_shape(x);
    let (theta, theta_slope) = diffusion.at(u);
    Surface { theta, theta_slope, j0: half * shape, j0_slope: half * slope * dx_du }
}

/// A quantity that falls strictly with the open-circuit voltage: a cubic table, continued by exponentials that approach a
/// limit at either end but never reach it.
#[derive(Clone, Debug)]
struct FallingCurve {
    /// Voltage of the first node of the uniform table [V].
    u_low: f64,
    /// Spacing of the table [V] and its inverse.
    step: f64,
    inverse_step: f64,
    /// Value and derivative times `step` at each node; every derivative below zero.
    nodes: Vec<[f64; 2]>,
    /// What it tends to at low and at high voltage.
    limits: [f64; 2],
}

impl FallingCurve {
    fn new(u_low: f64, step: f64, nodes: Vec<[f64; 2]>, limits: [f64; 2]) -> FallingCurve {
        FallingCurve { u_low, step, inverse_step: 1.0 / step, nodes, limits }
    }

    /// Value and derivative [V⁻¹] at `u` [V].
    #[inline]
    fn at(&self, u: f64) -> (f64, f64) {
        let position = (u - self.u_low) * self.inverse_step;
        if position < 0.0 {
            return self.below(u);
        }
        let i = position as usize;
        let Some(&[[value, slope], [next, next_slope]]) = self.nodes.get(i..).and_then(|nodes| nodes.first_chunk())
        else {
            return self.above(u);
        };
        let (value, derivative) = hermite(position - i as f64, value, next, slope, next_slope);
        (value, self.steep(derivative))
    }

    /// Derivative [V⁻¹] from one times the spacing, steep enough.
    #[inline]
    fn steep(&self, derivative: f64) -> f64 {
        derivative.min(FLATTEST * (self.limits[0] - self.limits[1]) * self.step) * self.inverse_step
    }

    #[cold]
    fn below(&self, u: f64) -> (f64, f64) {
        let [value, slope] = self.nodes[0];
        let gap = self.limits[0] - value;
        let rate = -slope / self.step / gap;
        let rest = gap * libm::exp(rate * (u - self.u_low)).max(LEAST_OF_TAIL);
        (self.limits[0] - rest, -rate * rest)
    }

    #[cold]
    fn above(&self, u: f64) -> (f64, f64) {
        let last = self.nodes.len() - 1;
        let [value, slope] = self.nodes[last];
        let gap = value - self.limits[1];
        let rate = -slope / self.step / gap;
        let rest = gap * libm::exp(-rate * (u - self.u_low - last as f64 * self.step)).max(LEAST_OF_TAIL);
        (self.limits[1] + rest, -rate * rest)
    }
}

/// A tail ends at this share of its start, so that no limit is reached in floating point.
const LEAST_OF_TAIL: f64 = 1e-12;
/// Greatest slope of a falling curve, per volt and relative to its range: a flat point would have no capacitance, and its
/// voltage no single stoichiometry.
const FLATTEST: f64 = -1e-6;

/// Open-circuit voltage of NCA and its inverse, the chemical capacitance.
///
/// Measured points (C/50 half cell, mean of lithiation and delithiation; github.com/tum-ees/DegradationModeAnalysis,
/// MIT, cell MoliM35A; the mapping x = 0.985 − 0.770 q is ours) are joined by a monotone cubic (Fritsch and Carlson
/// 1980) in x(U) and continued by exponentials that approach x = 0 and x = 1 but never reach them. So x(U) falls
/// strictly until 1e-12 of the rest is left at either end, and 0 < x < 1 for every voltage.
#[derive(Clone, Debug)]
pub struct OpenCircuitVoltage {
    x: FallingCurve,
}

const OCP_CSV: &str = include_str!("nca_ocp.csv");

impl OpenCircuitVoltage {
    /// The measured curve.
    pub fn measured() -> Self {
        let mut points: Vec<(f64, f64)> = OCP_CSV
            .lines()
            .filter_map(|line| {
                let (x, u) = line.split_once(',')?;
                Some((u.trim().parse().ok()?, x.trim().parse().ok()?))
            })
            .collect();
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        Self::from_points(&points)
    }

    /// A curve through points (U [V], x), U rising and x falling strictly.
    pub fn from_points(points: &[(f64, f64)]) -> Self {
        const NODES: usize = 4097;
        let slopes = monotone_slopes(points);
        let (u_low, u_high) = (points[0].0, points[points.len() - 1].0);
        let step = (u_high - u_low) / (NODES - 1) as f64;
        let mut nodes = Vec::with_capacity(NODES);
        let mut k = 0;
        for i in 0..NODES {
            let u = u_low + i as f64 * step;
            while k + 2 < points.len() && u > points[k + 1].0 {
                k += 1;
            }
            let width = points[k + 1].0 - points[k].0;
            let t = ((u - points[k].0) / width).clamp(0.0, 1.0);
            let (value, derivative) =
                hermite(t, points[k].1, points[k + 1].1, slopes[k] * width, slopes[k + 1] * width);
            nodes.push([value, (derivative * step / width).min(FLATTEST * step)]);
        }
        OpenCircuitVoltage { x: FallingCurve::new(u_low, step, nodes, [1.0, 0.0]) }
    }

    /// Stoichiometry and its derivative dx/dU [V⁻¹] at the open-circuit voltage `u` [V].
    #[inline]
    pub fn stoichiometry(&self, u: f64) -> (f64, f64) {
        self.x.at(u)
    }

    /// State of charge [%] at stoichiometry `x`: 100 at rest at `full` [V], 0 at rest at `empty` [V].
    pub fn state_of_charge(&self, x: f64, full: f64, empty: f64) -> f64 {
        let [charged, discharged] = [full, empty].map(|u| self.stoichiometry(u).0);
        100.0 * (discharged - x) / (discharged - charged)
    }

    /// Open-circuit voltage [V] at stoichiometry `x`, the inverse of [`OpenCircuitVoltage::stoichiometry`] by bisection.
    ///
    /// `x` is taken into (1e-9, 1 − 1e-9).
    pub fn voltage(&self, x: f64) -> f64 {
        let x = x.clamp(1e-9, 1.0 - 1e-9);
        let (mut low, mut high) = (self.x.u_low - 5.0, self.x.u_low + 10.0);
        // 60 halvings of 15 V reach the rounding of f64.
        for _ in 0..60 {
            let middle = 0.5 * (low + high);
            if self.stoichiometry(middle).0 > x {
                low = middle;
            } else {
                high = middle;
            }
        }
        0.5 * (low + high)
    }
}

/// What drives lithium inside NCA where D depends on x: Kirchhoff's transform `Θ(x) = ∫ D dx`, as a function of the
/// open-circuit voltage.
///
/// The flux between two points is the difference of Θ over their distance, exact for a steady profile however much D varies
/// between them; with a D taken at one of them, a D that falls tenfold near x = 1 would be missed on coarse voxels.
#[derive(Clone, Debug)]
pub struct DiffusionPotential {
    theta: FallingCurve,
}

impl DiffusionPotential {
    /// * `d` – chemical diffusion coefficient [m² s⁻¹] at stoichiometry x
    pub fn new(ocv: &OpenCircuitVoltage, d: impl Fn(f64) -> f64) -> Self {
        let curve = &ocv.x;
        // Simpson's rule over each interval of the table, from x = 0 up.
        let mut above = 0.0;
        let mut sum = 0.0;
        let mut nodes: Vec<[f64; 2]> = Vec::with_capacity(curve.nodes.len());
        for (k, &[x, slope]) in curve.nodes.iter().rev().enumerate() {
            sum += if k == 0 {
                d(0.5 * x) * x
            } else {
                (x - above) / 6.0 * (d(above) + 4.0 * d(0.5 * (above + x)) + d(x))
            };
            nodes.push([sum, d(x) * slope]);
            above = x;
        }
        nodes.reverse();
        let full = sum + d(0.5 * (1.0 + above)) * (1.0 - above);
        DiffusionPotential { theta: FallingCurve::new(curve.u_low, curve.step, nodes, [full, 0.0]) }
    }

    /// Θ [m² s⁻¹] and its derivative [m² s⁻¹ V⁻¹] at the open-circuit voltage `u` [V].
    #[inline]
    pub fn at(&self, u: f64) -> (f64, f64) {
        self.theta.at(u)
    }

    /// Θ(1), above every [`DiffusionPotential::at`] [m² s⁻¹].
    pub fn full(&self) -> f64 {
        self.theta.limits[0]
    }
}

/// What a cell asks of its NCA thousands of times a step, on the table of the open-circuit voltage: [`surface`] within a part in a
/// million and [`sigma`], between whose nodes lines run, within 5e-4.
#[derive(Clone, Debug)]
pub struct StateTable {
    ocv: OpenCircuitVoltage,
    diffusion: DiffusionPotential,
    /// At each node of the open-circuit voltage's table: Θ and relative exchange current density, each with its derivative
    /// times the spacing.
    surface: Vec<[f64; 4]>,
    /// Electronic conductivity [S m⁻¹].
    sigma: Vec<f64>,
}

impl StateTable {
    pub fn new(ocv: &OpenCircuitVoltage, diffusion: &DiffusionPotential) -> StateTable {
        let nodes = || ocv.x.nodes.iter().zip(&diffusion.theta.nodes);
        let surface = |(&[x, slope], &[theta, theta_slope]): (&[f64; 2], &[f64; 2])| {
            let (shape, shape_slope) = j0_shape(x);
            [theta, theta_slope, shape, shape_slope * slope]
        };
        StateTable {
            surface: nodes().map(surface).collect(),
            sigma: nodes().map(|(&[x, _], _)| sigma(x)).collect(),
            ocv: ocv.clone(),
            diffusion: diffusion.clone(),
        }
    }

    /// As [`surface`].
    #[inline]
    pub fn surface(&self, half: f64, u: f64) -> Surface {
        let theta = &self.diffusion.theta;
        let position = (u - theta.u_low) * theta.inverse_step;
        let i = position as usize;
        let nodes = self.surface.get(i..).and_then(|nodes| nodes.first_chunk());
        let Some(&[[a, da, b, db], [next_a, next_da, next_b, next_db]]) = nodes.filter(|_| position >= 0.0) else {
            return surface(&self.ocv, &self.diffusion, half, u);
        };
        let t = position - i as f64;
        let (value, slope) = hermite(t, a, next_a, da, next_da);
        let (shape, shape_slope) = hermite(t, b, next_b, db, next_db);
        Surface {
            theta: value,
            theta_slope: theta.steep(slope),
            j0: half * shape,
            j0_slope: half * shape_slope * theta.inverse_step,
        }
    }

    /// Electronic conductivity [S m⁻¹] at the open-circuit voltage `u` [V].
    #[inline]
    pub fn sigma(&self, u: f64) -> f64 {
        let theta = &self.diffusion.theta;
        let position = (u - theta.u_low) * theta.inverse_step;
        let i = position as usize;
        match self.sigma.get(i..).and_then(|nodes| nodes.first_chunk()) {
            Some(&[low, high]) if position >= 0.0 => low + (position - i as f64) * (high - low),
            _ => sigma(self.ocv.stoichiometry(u).0),
        }
    }
}

/// Cubic Hermite polynomial on [0, 1] and its derivative; `m0`, `m1` are the end slopes.
#[inline]
fn hermite(t: f64, y0: f64, y1: f64, m0: f64, m1: f64) -> (f64, f64) {
    let cubic = 2.0 * (y0 - y1) + m0 + m1;
    let square = 3.0 * (y1 - y0) - 2.0 * m0 - m1;
    (y0 + t * (m0 + t * (square + t * cubic)), m0 + t * (2.0 * square + 3.0 * t * cubic))
}

/// Slopes of the monotone cubic interpolant: weighted harmonic means inside, one-sided secants at the ends
/// (Fritsch and Butland 1984).
fn monotone_slopes(points: &[(f64, f64)]) -> Vec<f64> {
    let secant: Vec<f64> = points.windows(2).map(|p| (p[1].1 - p[0].1) / (p[1].0 - p[0].0)).collect();
    let width: Vec<f64> = points.windows(2).map(|p| p[1].0 - p[0].0).collect();
    (0..points.len())
        .map(|i| {
            if i == 0 {
                secant[0]
            } else if i == secant.len() {
                secant[i - 1]
            } else {
                let (a, b) = (2.0 * width[i] + width[i - 1], width[i] + 2.0 * width[i - 1]);
                (a + b) / (a / secant[i - 1] + b / secant[i])
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measured_curve_is_reproduced_and_inverted() {
        let ocv = OpenCircuitVoltage::measured();
        for (x, u) in [(0.25, 4.1916), (0.45, 3.9916), (0.65, 3.764), (0.85, 3.602), (0.97, 3.4454)] {
            // The table's spacing of 0.3 mV bounds the error at the kinks of the data.
            assert!((ocv.stoichiometry(u).0 - x).abs() < 2e-4, "x({u}) = {}", ocv.stoichiometry(u).0);
            assert!((ocv.voltage(x) - u).abs() < 1e-3);
        }
    }

    #[test]
    fn stoichiometry_falls_strictly_and_stays_inside_zero_and_one() {
        let ocv = OpenCircuitVoltage::measured();
        let mut last = 2.0;
        for i in 0..6000 {
            let u = 2.9 + i as f64 * 0.00025;
            let (x, slope) = ocv.stoichiometry(u);
            assert!(x > 0.0 && x < 1.0 && slope < 0.0);
            assert!(x < last, "x({u}) = {x} does not fall below {last}");
            last = x;
        }
        for u in [-10.0, 0.0, 10.0, 100.0] {
            let (x, slope) = ocv.stoichiometry(u);
            assert!(x > 0.0 && x < 1.0 && slope < 0.0);
        }
    }

    #[test]
    fn slope_is_the_derivative() {
        let ocv = OpenCircuitVoltage::measured();
        for u in [2.95, 3.2, 3.5, 3.7, 4.0, 4.25, 4.35] {
            let d = 1e-6;
            let difference = (ocv.stoichiometry(u + d).0 - ocv.stoichiometry(u - d).0) / (2.0 * d);
            let slope = ocv.stoichiometry(u).1;
            // Central differences of a piecewise cubic: rounding 1e-16 / 1e-6 and kinks of the second derivative.
            assert!((slope - difference).abs() < 1e-3 * slope.abs() + 1e-6, "{u}: {slope} against {difference}");
        }
    }

    #[test]
    fn diffusion_potential_is_the_integral_of_d() {
        let ocv = OpenCircuitVoltage::measured();
        let d = |x: f64| diffusivity(x, 3e-15, 2.0);
        let theta = DiffusionPotential::new(&ocv, d);
        for (from, to) in [(0.05, 0.3), (0.3, 0.8), (0.8, 0.9), (0.9, 0.99)] {
            let n = 2000;
            let sum: f64 = (0..n).map(|i| d(from + (to - from) * (i as f64 + 0.5) / n as f64)).sum();
            let (at_from, at_to) = (theta.at(ocv.voltage(from)), theta.at(ocv.voltage(to)));
            // The tails beyond the measured range take the D of their middle.
            let expected = (to - from) / n as f64 * sum;
            assert!(((at_to.0 - at_from.0) / expected - 1.0).abs() < 0.02, "{from} to {to}");
        }
        for u in [3.3, 3.6, 4.0, 4.25] {
            let (x, slope) = ocv.stoichiometry(u);
            assert!((theta.at(u).1 / (d(x) * slope) - 1.0).abs() < 0.02, "{u}");
        }
        assert!(theta.at(-1.0).0 < theta.full() && theta.at(9.0).0 > 0.0);
    }

    #[test]
    fn table_gives_what_the_functions_give() {
        let ocv = OpenCircuitVoltage::measured();
        let diffusion = DiffusionPotential::new(&ocv, |x| diffusivity(x, 3e-15, 0.5));
        let table = StateTable::new(&ocv, &diffusion);
        for i in 0..20_011 {
            // Beyond both ends of the table, and at no step of it.
            let u = 2.5 + i as f64 * 1e-4;
            let (got, want) = (table.surface(0.7, u), surface(&ocv, &diffusion, 0.7, u));
            for (got, want, part) in [
                (got.theta, want.theta, 1e-12),
                (got.theta_slope, want.theta_slope, 1e-12),
                (got.j0, want.j0, 1e-6),
                (table.sigma(u), sigma(ocv.stoichiometry(u).0), 5e-4),
            ] {
                assert!((got / want - 1.0).abs() < part, "{u}: {got} against {want}");
            }
            let d = 1e-7;
            let difference = (table.surface(0.7, u + d).j0 - table.surface(0.7, u - d).j0) / (2.0 * d);
            assert!(
                (got.j0_slope - difference).abs() < 1e-3 * difference.abs() + 1e-4,
                "{u}: {} {difference}",
                got.j0_slope
            );
        }
    }

    #[test]
    fn diffusivity_and_sigma_reach_their_limits() {
        assert!((diffusivity(0.3, 3e-15, 1.0) / 3e-15 - 1.0).abs() < 1e-6);
        assert_eq!(diffusivity(0.9, 3e-15, 0.0), 3e-15);
        assert!(diffusivity(0.99, 3e-15, 1.0) < 0.15 * 3e-15);
        assert!((sigma(1.0) - 1e-2).abs() < 1e-12 && (sigma(0.4) - 1.0).abs() < 1e-9 && sigma(0.2) == sigma(0.4));
    }

    #[test]
    fn capacity_of_one_stoichiometry_is_275_mah_g() {
        assert!((theoretical_capacity_mah_g() - 275.9).abs() < 0.1, "{}", theoretical_capacity_mah_g());
    }
}
