//! Limits with known answers that the cell must reach.

use super::CellParameters;
use super::kinetics::Oxidation;
use super::network::{Load, Network};
use super::timestep::{Integrator, Progress, Stage, StepControl};
use crate::constants::{FARADAY, ONE_C_A_PER_KG, THERMAL_VOLTAGE};
use crate::grid::VoxelGrid;
use crate::materials::Phase;
use crate::materials::nca::{self, C_S_MAX, DiffusionPotential, OpenCircuitVoltage};
use crate::microstructure::carbon::crossed_in_voxels;
use crate::microstructure::{Microstructure, NO_PARTICLE, Sphere, SurfaceFace, surface};

/// Voltage [V] over time [s] of a discharge.
fn discharge(structure: &Microstructure, p: CellParameters, c_rate: f64, u0: f64) -> Vec<[f64; 2]> {
    let network = Network::new(structure, p).expect("a path");
    let one_c = ONE_C_A_PER_KG * network.nca_mass();
    let control = StepControl { refinement: 3.0, ..StepControl::default() };
    let mut integrator = Integrator::new(network, u0, one_c, control);
    let load = Load::Current(c_rate * one_c);
    integrator.begin(Stage { load, limit_v: 3.0, least_current: None, duration: None });
    let mut curve = Vec::new();
    loop {
        if let Progress::Accepted(step) = integrator.advance().expect("a step") {
            curve.push([step.time, step.voltage]);
            if step.end.is_some() {
                return curve;
            }
        }
    }
}

fn sphere(radius_um: f64, voxel_um: f64, shift: f64) -> Microstructure {
    let n = (2.0 * radius_um / voxel_um).ceil() as usize + 2;
    let grid = VoxelGrid { size: [n; 3], voxel_um };
    let centre = 0.5 * n as f64 * voxel_um + shift * voxel_um;
    let sphere = Sphere { centre_um: [centre; 3], radius_um };
    let inside = |v: usize| {
        let c = grid.centre_um(v);
        (0..3).map(|a| (c[a] - centre) * (c[a] - centre)).sum::<f64>() <= radius_um * radius_um
    };
    let phase: Vec<Phase> = (0..grid.len()).map(|v| if inside(v) { Phase::Nca } else { Phase::Mixed }).collect();
    let particle: Vec<u32> = (0..grid.len()).map(|v| if inside(v) { 0 } else { NO_PARTICLE }).collect();
    let mut surface = surface::of_sphere(&grid, &phase, &particle, &sphere);
    for face in &mut surface {
        (face.covered, face.mixed) = (1.0, 1.0);
    }
    Microstructure { grid, phase, particle, particles: vec![sphere], surface, carbon: Vec::new() }
}

fn parameters(d: f64, drop: f64, j0: f64) -> CellParameters {
    let mut sigma = [0.0; Phase::COUNT];
    sigma[Phase::Mixed as usize] = 1e4;
    let mut kappa = [0.0; Phase::COUNT];
    kappa[Phase::Mixed as usize] = 1e3;
    let ocv = OpenCircuitVoltage::measured();
    CellParameters {
        diffusion: DiffusionPotential::new(&ocv, |x| nca::diffusivity(x, d, drop)),
        ocv,
        sigma,
        kappa,
        j0_halide: j0,
        j0_lpscl: j0,
        skin: 0.0,
        oxidation: Oxidation { current_density: 0.0 },
        film_resistance: 0.0,
        contact_resistance: 0.0,
        separator_resistance: 1e-9,
    }
}

/// Voltage over time of a single particle, by explicit steps on shells of equal width.
fn single_particle(
    radius: f64,
    p: &CellParameters,
    diffusivity: f64,
    drop: f64,
    c_rate: f64,
    u0: f64,
) -> Vec<[f64; 2]> {
    const SHELLS: usize = 150;
    let dr = radius / SHELLS as f64;
    let mut x = vec![p.ocv.stoichiometry(u0).0; SHELLS];
    // Uptake per area [A m⁻²]: current per mass times density times volume over area.
    let j = c_rate * ONE_C_A_PER_KG * nca::DENSITY * 1e3 * radius / 3.0;
    let dt = 0.2 * dr * dr / diffusivity;
    let d = |x: f64| nca::diffusivity(x, diffusivity, drop);
    let mut curve = Vec::new();
    let mut flux = vec![0.0; SHELLS + 1];
    flux[SHELLS] = j / (FARADAY * C_S_MAX);
    let mut step = 0_usize;
    loop {
        for k in 1..SHELLS {
            flux[k] = d(0.5 * (x[k] + x[k - 1])) * (x[k] - x[k - 1]) / dr;
        }
        for k in 0..SHELLS {
            let (a, b) = (k as f64 * dr, (k + 1) as f64 * dr);
            x[k] += dt * 3.0 * (flux[k + 1] * b * b - flux[k] * a * a) / (b * b * b - a * a * a);
        }
        step += 1;
        if step.is_multiple_of(50) {
            let last = x[SHELLS - 1];
            let mut surface = last;
            for _ in 0..50 {
                surface = last + flux[SHELLS] * 0.5 * dr / d(0.5 * (last + surface));
                if surface >= 1.0 {
                    return curve;
                }
            }
            let j0 = p.j0_halide * nca::j0_shape(surface).0;
            let v = p.ocv.voltage(surface) - 2.0 * THERMAL_VOLTAGE * libm::asinh(j / (2.0 * j0));
            curve.push([step as f64 * dt, v]);
            if v < 3.0 {
                return curve;
            }
        }
    }
}

fn at(curve: &[[f64; 2]], t: f64) -> Option<f64> {
    let k = curve.partition_point(|p| p[0] < t);
    if k == 0 || k == curve.len() {
        return None;
    }
    let ([t0, v0], [t1, v1]) = (curve[k - 1], curve[k]);
    Some(v0 + (v1 - v0) * (t - t0) / (t1 - t0))
}

/// Mean difference of two curves over the duration of the second [mV].
fn mean_difference(curve: &[[f64; 2]], reference: &[[f64; 2]]) -> f64 {
    let end = reference[reference.len() - 1][0];
    let errors: Vec<f64> = (1..100)
        .filter_map(|k| {
            let t = end * f64::from(k) / 100.0;
            Some(1e3 * (at(curve, t)? - at(reference, t)?).abs())
        })
        .collect();
    errors.iter().sum::<f64>() / errors.len() as f64
}

#[test]
fn one_sphere_discharges_like_a_single_particle() {
    // Diffusion, its fall near x = 1, radius and voxel [um], greatest mean difference at 0.5C and at 2C [mV]. The centre
    // of the sphere lies on a corner of the voxels and off it.
    for (d, drop, radius, voxel, allowed) in [
        (1e-14, 0.0, 4.0, 0.5, [0.15, 0.5]),
        (1e-14, 0.0, 2.5, 1.0, [0.4, 1.3]),
        (3e-15, 1.0, 2.5, 1.0, [3.2, 8.5]),
        (3e-15, 1.0, 2.5, 0.5, [1.0, 3.0]),
    ] {
        let p = parameters(d, drop, 5.0);
        for (c_rate, limit) in [0.5, 2.0].into_iter().zip(allowed) {
            let reference = single_particle(radius * 1e-6, &p, d, drop, c_rate, 4.28);
            for shift in [0.0, 0.3] {
                let curve = discharge(&sphere(radius, voxel, shift), p.clone(), c_rate, 4.28);
                let mean = mean_difference(&curve, &reference);
                assert!(mean < limit, "D {d:e}, drop {drop}, r {radius}, h {voxel}, {c_rate}C: {mean} mV");
            }
        }
    }
}

#[test]
fn without_resistance_the_voltage_is_the_equilibrium() {
    // Fast diffusion and kinetics at a low rate: what is left is 0.05 mV of the NCA's own electronic resistance.
    let p = parameters(1e-9, 0.0, 1e5);
    let u0 = 4.28;
    for [t, v] in discharge(&sphere(2.5, 1.0, 0.0), p.clone(), 0.01, u0) {
        // 0.01C of 180 mAh/g.
        let x = p.ocv.stoichiometry(u0).0 + 0.01 * t / 3600.0 * 180.0 / nca::theoretical_capacity_mah_g();
        let u = p.ocv.voltage(x);
        // At the cliff 1e-4 of stoichiometry is more than a millivolt.
        assert!((v - u).abs() < 1e-4 || u < 3.4, "{v} against {u} at x = {x}");
    }
}

/// A column of NCA beside one of electrolyte, a particle in each layer: two rails, with lithium moving in neither.
fn transmission_line(layers: usize) -> Microstructure {
    let grid = VoxelGrid { size: [3, 2, layers], voxel_um: 1.0 };
    let phase: Vec<Phase> =
        (0..grid.len()).map(|v| [Phase::Nca, Phase::Lpscl, Phase::Pore][grid.coordinates(v)[0]]).collect();
    let layer = |v: usize| grid.coordinates(v)[2] as u32;
    let particle = (0..grid.len()).map(|v| if phase[v] == Phase::Nca { layer(v) } else { NO_PARTICLE }).collect();
    let mut surface = Vec::new();
    for voxel in (0..grid.len()).filter(|&v| phase[v] == Phase::Nca) {
        for neighbour in grid.neighbours(voxel).into_iter().flatten() {
            let contact = if phase[neighbour] == Phase::Nca { 1.0 } else { 0.0 };
            if phase[neighbour] == Phase::Lpscl || layer(neighbour) != layer(voxel) {
                let (voxel, neighbour) = (voxel as u32, neighbour as u32);
                surface.push(SurfaceFace {
                    voxel,
                    neighbour,
                    area: 1.0,
                    depth: 0.5,
                    contact,
                    ..SurfaceFace::default()
                });
            }
        }
    }
    Microstructure { carbon: crossed_in_voxels(&grid, &phase), grid, phase, particle, particles: Vec::new(), surface }
}

/// A porous electrode with linear kinetics and Ohm's law on both rails (Newman and Tobias 1962). With the resistances of the
/// rails r_s and r_e [Ohm/m] and the conductance g between them [S/m], at the first moment of a small current
///
/// ```text
/// R = L r_s r_e / (r_s + r_e) · [1 + (2 + (r_s / r_e + r_e / r_s) cosh ν) / (ν sinh ν)] ,   ν² = (r_s + r_e) g L²
/// ```
#[test]
fn two_rails_with_linear_kinetics_are_a_transmission_line() {
    const LAYERS: usize = 40;
    let structure = transmission_line(LAYERS);
    let h = 1e-6;
    let length = LAYERS as f64 * h;
    let u0 = 3.9;
    for (ratio, nu) in [(0.05, 0.5), (0.05, 4.0), (1.0, 2.0), (1.0, 6.0), (20.0, 4.0)] {
        let mut p = parameters(1e-9, 0.0, 1.0);
        let x = p.ocv.stoichiometry(u0).0;
        let sigma = nca::sigma(x);
        let kappa = ratio * sigma;
        p.kappa[Phase::Lpscl as usize] = kappa;
        // Each column is two voxels wide.
        let (r_s, r_e) = (1.0 / (2.0 * h * h * sigma), 1.0 / (2.0 * h * h * kappa));
        let g = nu * nu / ((r_s + r_e) * length * length);
        let beneath = 0.5 * h / (FARADAY * C_S_MAX * -p.diffusion.at(u0).1);
        let transfer = 2.0 * h / g - 0.5 * h / kappa - beneath;
        p.j0_lpscl = THERMAL_VOLTAGE / (transfer * nca::j0_shape(x).0);
        let (sinh, cosh) = (libm::sinh(nu), libm::cosh(nu));
        let expected = length * r_s * r_e / (r_s + r_e) * (1.0 + (2.0 + (r_s / r_e + r_e / r_s) * cosh) / (nu * sinh));

        let network = Network::new(&structure, p).expect("a path");
        let one_c = ONE_C_A_PER_KG * network.nca_mass();
        // A millivolt is small next to 2 R T / F, and the NCA keeps its voltage for a millisecond.
        let current = 1e-3 / expected;
        let mut integrator =
            Integrator::new(network, u0, one_c, StepControl { tolerance_v: 1e-8, ..StepControl::default() });
        integrator.begin(Stage {
            load: Load::Current(current),
            limit_v: 3.0,
            least_current: None,
            duration: Some(1e-3),
        });
        let voltage = loop {
            if let Progress::Accepted(step) = integrator.advance().expect("a step") {
                break step.voltage;
            }
        };
        let resistance = (u0 - voltage) / current;
        assert!((resistance / expected - 1.0).abs() < 2e-3, "{ratio}, {nu}: {resistance} against {expected} Ohm");
    }
}

/// NCA, electrolyte and carbon side by side: a porous electrode in one dimension, whose carbon takes every electron.
fn homogeneous_column(layers: usize) -> Microstructure {
    let grid = VoxelGrid { size: [3, 1, layers], voxel_um: 1.0 };
    let phase: Vec<Phase> =
        (0..grid.len()).map(|v| [Phase::Nca, Phase::Lpscl, Phase::Carbon][grid.coordinates(v)[0]]).collect();
    let layer = |v: usize| grid.coordinates(v)[2] as u32;
    let particle = (0..grid.len()).map(|v| if phase[v] == Phase::Nca { layer(v) } else { NO_PARTICLE }).collect();
    let mut surface = Vec::new();
    for voxel in (0..grid.len()).filter(|&v| phase[v] == Phase::Nca) {
        for neighbour in [voxel + 1, voxel + 2] {
            let wired = if phase[neighbour] == Phase::Carbon { 1.0 } else { 0.0 };
            let (voxel, neighbour) = (voxel as u32, neighbour as u32);
            let face =
                SurfaceFace { voxel, neighbour, area: 1.0, depth: 0.5, carbon: wired, wired, ..Default::default() };
            surface.push(face);
        }
    }
    Microstructure { carbon: crossed_in_voxels(&grid, &phase), grid, phase, particle, particles: Vec::new(), surface }
}

/// PyBaMM's half cell (DFN) with a transference number of 1, computed by tests/reference/half_cell.py, where the numbers here stand
/// as well.
#[test]
fn a_homogeneous_column_discharges_like_the_half_cell_of_pybamm() {
    const REFERENCE: &str = include_str!("../../tests/data/half_cell.csv");
    let rows: Vec<[f64; 3]> = REFERENCE
        .lines()
        .filter_map(|line| line.split(',').map(|v| v.parse().ok()).collect::<Option<Vec<f64>>>()?.try_into().ok())
        .collect();
    let kappa = 0.01;
    let mut p = parameters(1e-9, 0.0, 0.5);
    p.kappa[Phase::Lpscl as usize] = kappa;
    p.sigma[Phase::Carbon as usize] = 1e4;
    p.separator_resistance = 1e-6 / kappa;
    // Mean and largest difference [mV].
    for (c_rate, allowed) in [(0.5, [0.1, 0.6]), (2.0, [0.3, 0.8])] {
        let reference: Vec<[f64; 2]> = rows.iter().filter(|row| row[0] == c_rate).map(|&[_, t, v]| [t, v]).collect();
        assert!(reference.len() > 60, "{c_rate}C: {} rows", reference.len());
        let curve = discharge(&homogeneous_column(40), p.clone(), c_rate, 4.28);
        let errors: Vec<f64> = curve
            .iter()
            .filter(|[_, v]| *v > 3.5)
            .filter_map(|&[t, v]| Some(1e3 * (v - at(&reference, t)?).abs()))
            .collect();
        let (mean, largest) =
            (errors.iter().sum::<f64>() / errors.len() as f64, errors.iter().fold(0.0, |m, e| e.max(m)));
        assert!(
            errors.len() > 60 && mean < allowed[0] && largest < allowed[1],
            "{c_rate}C: mean {mean} mV, largest {largest} mV"
        );
    }
}
