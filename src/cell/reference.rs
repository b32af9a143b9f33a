//! The whole model, plain and slow: every branch in one list, a dense matrix, Newton without a line search.
//!
//! It shares the laws of single branches with the fast cell (`interface_current`, the material functions) and nothing
//! else: nodes, branches, assembly and solver are its own. Tests hold the fast cell to it.

use super::CellParameters;
use super::kinetics::{Subsurface, interface_current};
use super::rule::Rule;
use crate::analysis::contacts::beyond;
use crate::constants::FARADAY;
use crate::grid::Axis;
use crate::materials::Phase;
use crate::materials::nca::{self, C_S_MAX};
use crate::microstructure::{Microstructure, SurfaceFace};

/// A branch between two unknowns; its conductance in S, or what it follows from.
enum Branch {
    Fixed(usize, usize, f64),
    /// Two NCA voxels of one particle, on the ionic or the electronic rail.
    Diffusion(usize, usize),
    Electrons(usize, usize),
    /// NCA voxel a, and another NCA voxel or a plain node; resistance outside the NCA [Ohm], length over area in each NCA voxel
    /// [m⁻¹].
    Contact(usize, Option<usize>, usize, f64, f64),
    /// NCA voxel, electrolyte node, area [m²], depth of the NCA's centre [m], resistance [Ohm m²], j0 [A m⁻²].
    Reaction(usize, usize, f64, f64, f64, f64),
    /// NCA voxel; its active volume [m³] and its area against LPSCl [m²].
    Storage(usize, f64, f64),
}

struct Model<'a> {
    structure: &'a Microstructure,
    p: &'a CellParameters,
    h: f64,
    branches: Vec<Branch>,
}

/// Unknowns: phi_s of voxel v is 2 v, phi_e is 2 v + 1, then terminal and separator.
fn phi_s(v: usize) -> usize {
    2 * v
}
fn phi_e(v: usize) -> usize {
    2 * v + 1
}

/// Voxels outside the NCA from which electrons get to two particles, or to a particle and the collector.
fn live(structure: &Microstructure) -> Vec<bool> {
    let (grid, phase) = (structure.grid, &structure.phase);
    let crossed = |v: usize, w: Option<usize>| {
        structure.carbon.iter().any(|c| c.voxel as usize == v && grid.next(v, c.axis) == w)
    };
    let joined = |v: usize, w: usize| {
        (phase[v] == Phase::Mixed && phase[w] == Phase::Mixed) || crossed(v, Some(w)) || crossed(w, Some(v))
    };
    let ends = |v: usize| grid.coordinates(v)[2] + 1 == grid.size[2] && (phase[v] == Phase::Mixed || crossed(v, None));
    let is_live = |start: usize| {
        let (mut piece, mut next) = (vec![start], 0);
        while next < piece.len() {
            for w in grid.neighbours(piece[next]).into_iter().flatten() {
                if joined(piece[next], w) && !piece.contains(&w) {
                    piece.push(w);
                }
            }
            next += 1;
        }
        let mut touched: Vec<u32> = structure
            .surface
            .iter()
            .filter(|s| s.wired > 0.0 || (s.mixed > 0.0 && phase[s.neighbour as usize] == Phase::Mixed))
            .filter(|s| piece.contains(&(s.neighbour as usize)))
            .map(|s| structure.particle[s.voxel as usize])
            .collect();
        touched.sort_unstable();
        touched.dedup();
        touched.len() > 1 || piece.iter().any(|&v| ends(v))
    };
    (0..grid.len()).map(|v| phase[v] != Phase::Nca && is_live(v)).collect()
}

/// Areas of a kind of contact [voxel faces], those of faces that let nothing pass added to the nearest one of the particle that does.
fn moved(structure: &Microstructure, part: fn(&SurfaceFace) -> f32, passes: impl Fn(&SurfaceFace) -> bool) -> Vec<f64> {
    let (grid, faces) = (structure.grid, &structure.surface);
    let area = |s: &SurfaceFace| f64::from(s.area) * f64::from(part(s));
    let passing: Vec<usize> = (0..faces.len()).filter(|&k| area(&faces[k]) > 0.0 && passes(&faces[k])).collect();
    // In half edges of a voxel; of all periodic images the nearest.
    let centre = |s: &SurfaceFace| {
        let [v, w] = [s.voxel, s.neighbour].map(|v| grid.coordinates(v as usize).map(|c| c as i64));
        let n = grid.size.map(|n| n as i64);
        [0, 1, 2].map(|a| 2 * v[a] + [0, 1, -1].into_iter().find(|step| (v[a] + step - w[a]) % n[a] == 0).unwrap())
    };
    let distance = |a: &SurfaceFace, b: &SurfaceFace| {
        let (a, b, n) = (centre(a), centre(b), grid.size.map(|n| 2 * n as i64));
        let images = [-1, 0, 1].into_iter().flat_map(|i| [-1, 0, 1].map(|j| [i, j]));
        images
            .map(|[i, j]| {
                [a[0] - b[0] + i * n[0], a[1] - b[1] + j * n[1], a[2] - b[2]].map(|d| d * d).iter().sum::<i64>()
            })
            .min()
            .unwrap()
    };
    let mut areas = vec![0.0; faces.len()];
    for (k, s) in faces.iter().enumerate() {
        let own = |&&o: &&usize| structure.particle[faces[o].voxel as usize] == structure.particle[s.voxel as usize];
        let to = if passing.contains(&k) {
            Some(k)
        } else {
            passing.iter().filter(own).copied().min_by_key(|&o| (distance(s, &faces[o]), o))
        };
        if let Some(to) = to {
            areas[to] += area(s);
        }
    }
    areas
}

fn model<'a>(structure: &'a Microstructure, p: &'a CellParameters) -> Model<'a> {
    let grid = structure.grid;
    let h = grid.voxel_um * 1e-6;
    let (terminal, separator) = (2 * grid.len(), 2 * grid.len() + 1);
    let phase = &structure.phase;
    let mut branches = Vec::new();
    let series = |a: f64, b: f64| if a > 0.0 && b > 0.0 { h / (0.5 / a + 0.5 / b) } else { 0.0 };
    // The mean conductivity of a coat, and what it lends to pores and carbon next to it.
    let coat = |s: &SurfaceFace| {
        let m = f64::from(s.mixed / s.covered);
        1.0 / ((1.0 - m) / p.kappa[Phase::Halide as usize] + m / p.kappa[Phase::Mixed as usize])
    };
    let mut kappa: Vec<f64> = phase.iter().map(|&phase| p.kappa[phase as usize]).collect();
    for s in &structure.surface {
        let w = s.neighbour as usize;
        if matches!(phase[w], Phase::Pore | Phase::Carbon) {
            let thickness = f64::from(s.area) * f64::from(s.covered) * f64::from(s.coat_um) * 1e-6;
            kappa[w] = (kappa[w] + coat(s) * thickness / h).min(coat(s));
        }
    }
    // Outside the NCA.
    let sigma = |v: usize| p.sigma[if phase[v] == Phase::Mixed { Phase::Mixed } else { Phase::Carbon } as usize];
    let crossed = |v: usize, axis: Axis| {
        let face = structure.carbon.iter().find(|c| c.voxel as usize == v && c.axis == axis);
        face.map_or(0.0, |c| f64::from(c.share))
    };
    let rest = |s: &SurfaceFace| {
        (1.0 - f64::from(s.covered) - f64::from(s.carbon) - f64::from(s.contact) - f64::from(s.sheltered)).max(0.0)
    };
    for v in 0..grid.len() {
        if phase[v] == Phase::Nca {
            let touching = |s: &&SurfaceFace| s.voxel as usize == v && beyond(structure, s, true) == Some(Phase::Lpscl);
            let area = |s: &SurfaceFace| f64::from(s.area) * rest(s);
            let exposed = h * h * structure.surface.iter().filter(touching).map(area).sum::<f64>();
            branches.push(Branch::Storage(v, h * h * h - exposed * p.skin, exposed));
        }
        for axis in Axis::ALL {
            let Some(w) = grid.next(v, axis) else { continue };
            match (phase[v] == Phase::Nca, phase[w] == Phase::Nca) {
                (true, true) if structure.particle[v] == structure.particle[w] => {
                    branches.push(Branch::Diffusion(v, w));
                    branches.push(Branch::Electrons(v, w));
                }
                (false, false) => {
                    let mixed = if (phase[v], phase[w]) == (Phase::Mixed, Phase::Mixed) { 1.0 } else { 0.0 };
                    let open = f64::max(mixed, crossed(v, axis));
                    branches.push(Branch::Fixed(phi_s(v), phi_s(w), open * series(sigma(v), sigma(w))));
                    branches.push(Branch::Fixed(phi_e(v), phi_e(w), series(kappa[v], kappa[w])));
                }
                _ => {}
            }
        }
        let z = grid.coordinates(v)[2];
        if z == 0 && phase[v] != Phase::Nca {
            branches.push(Branch::Fixed(separator, phi_e(v), 2.0 * kappa[v] * h));
        }
        if z == grid.size[2] - 1 {
            if phase[v] == Phase::Nca {
                branches.push(Branch::Contact(v, None, terminal, p.contact_resistance / (h * h), 0.5 / h));
            } else {
                let open = if phase[v] == Phase::Mixed { 1.0 } else { crossed(v, Axis::Z) };
                branches.push(Branch::Fixed(terminal, phi_s(v), 2.0 * open * sigma(v) * h));
            }
        }
    }
    let live = live(structure);
    let across = |s: &SurfaceFace| phase[s.neighbour as usize];
    let lively = |s: &SurfaceFace| live[s.neighbour as usize];
    let touching = moved(structure, |s| s.contact, |s| across(s) == Phase::Nca);
    let carbon = moved(structure, |s| s.wired, |s| across(s) == Phase::Nca || lively(s));
    let mixed = moved(structure, |s| s.mixed, |s| across(s) == Phase::Mixed && lively(s));
    for (k, s) in structure.surface.iter().enumerate() {
        let (v, w) = (s.voxel as usize, s.neighbour as usize);
        let area = f64::from(s.area) * h * h;
        let covered = f64::from(s.covered);
        let direct = rest(s);
        let r = p.contact_resistance;
        if phase[w] == Phase::Nca {
            let twin = structure.surface[..k].iter().position(|t| t.voxel == s.neighbour && t.neighbour == s.voxel);
            if let Some(twin) = twin {
                let open = |k: usize| (touching[k] + 0.5 * carbon[k]) * h * h;
                let (mine, others) = (open(k), open(twin));
                // Half of the mean is on the way in, as much on the way out.
                let way = |k: usize, open: f64| {
                    let s = &structure.surface[k];
                    f64::from(s.depth) * h / (f64::from(s.area) * h * h).max(open)
                };
                let ways: Vec<f64> = [(k, mine), (twin, others)]
                    .into_iter()
                    .filter(|w| w.1 > 0.0)
                    .map(|(k, open)| way(k, open))
                    .collect();
                if !ways.is_empty() {
                    let way = ways.iter().sum::<f64>() / ways.len() as f64;
                    branches.push(Branch::Contact(v, Some(w), phi_s(w), r / (0.5 * (mine + others)), way));
                }
            }
        }
        if phase[w] != Phase::Nca {
            let half = 0.5 * h / sigma(w);
            let contact = h * h * (carbon[k] + mixed[k]);
            if contact > 0.0 {
                let way = f64::from(s.depth) * h / area.max(contact);
                branches.push(Branch::Contact(v, None, phi_s(w), (r + half) / contact, way));
            }
        }
        let depth = f64::from(s.depth) * h;
        let mut react = |fraction: f64, resistance: f64, j0: f64| {
            branches.push(Branch::Reaction(v, phi_e(w), area * fraction, depth, resistance, j0));
        };
        let half = 0.5 * h / kappa[w];
        let thin = f64::from(s.coat_um) * 1e-6 / coat(s);
        let behind = beyond(structure, s, true);
        match phase[w] {
            Phase::Nca => continue,
            Phase::Lpscl => react(covered, half + thin, p.j0_halide),
            Phase::Halide | Phase::Mixed => react(covered, half, p.j0_halide),
            Phase::Pore | Phase::Carbon => react(covered, thin, p.j0_halide),
        }
        let half = if matches!(phase[w], Phase::Pore | Phase::Carbon) { 0.0 } else { half };
        if behind == Some(Phase::Lpscl) {
            react(direct, half + p.film_resistance, p.j0_lpscl);
        } else if behind == Some(Phase::Halide) {
            react(direct, half, p.j0_halide);
        }
    }
    Model { structure, p, h, branches }
}

impl Model<'_> {
    fn unknowns(&self) -> usize {
        2 * self.structure.grid.len() + 2
    }

    /// Adds every branch to residual and Jacobian at `u`; the Jacobian takes coefficients for constant.
    ///
    /// * `base` – stoichiometry at the start of the step, plus the rule's memory
    /// * `time` – that of the step's rule [s]
    fn assemble(&self, u: &[f64], base: &[f64], time: f64, current: f64) -> (Vec<f64>, Vec<Vec<f64>>) {
        let n = self.unknowns();
        let (mut residual, mut jacobian) = (vec![0.0; n], vec![vec![0.0; n]; n]);
        let ocv = &self.p.ocv;
        let at = |v: usize| {
            let u = u[phi_s(v)] - u[phi_e(v)];
            let (theta, slope) = self.p.diffusion.at(u);
            (u, theta, -slope, nca::sigma(ocv.stoichiometry(u).0))
        };
        let capacity = FARADAY * C_S_MAX;
        let h = self.h;
        for branch in &self.branches {
            let (a, b, flow, g) = match *branch {
                Branch::Fixed(a, b, g) => (a, b, g * (u[a] - u[b]), g),
                Branch::Diffusion(v, w) => {
                    let (p, q) = (at(v), at(w));
                    let chord = if (p.0 - q.0).abs() > 1e-4 { (q.1 - p.1) / (p.0 - q.0) } else { 0.5 * (p.2 + q.2) };
                    let g = capacity * chord * h;
                    (phi_e(v), phi_e(w), g * (u[phi_e(v)] - u[phi_e(w)]), g)
                }
                Branch::Electrons(v, w) => {
                    let g = h / (0.5 / at(v).3 + 0.5 / at(w).3);
                    (phi_s(v), phi_s(w), g * (u[phi_s(v)] - u[phi_s(w)]), g)
                }
                Branch::Contact(v, other, node, fixed, way) => {
                    let nca = |v: usize| way / at(v).3;
                    let g = 1.0 / (fixed + nca(v) + other.map_or(0.0, nca));
                    (phi_s(v), node, g * (u[phi_s(v)] - u[node]), g)
                }
                Branch::Reaction(v, node, area, depth, resistance, j0) => {
                    let (uc, theta, _, _) = at(v);
                    let below = Subsurface { u: uc, theta, conductance: capacity / depth };
                    let surface = |u: f64| nca::surface(ocv, &self.p.diffusion, j0, u);
                    let delta = u[node] - u[phi_e(v)];
                    let i = interface_current(delta, below, resistance, surface, 0.0);
                    (node, phi_e(v), area * i.j, area * i.slope)
                }
                Branch::Storage(v, volume, exposed) => {
                    let u = u[phi_s(v)] - u[phi_e(v)];
                    let (x, slope) = ocv.stoichiometry(u);
                    let rate = capacity * volume / time;
                    let (side, side_slope) = self.p.oxidation.current(u);
                    (phi_s(v), phi_e(v), exposed * side - rate * (x - base[v]), exposed * side_slope - rate * slope)
                }
            };
            residual[a] += flow;
            residual[b] -= flow;
            jacobian[a][a] += g;
            jacobian[b][b] += g;
            jacobian[a][b] -= g;
            jacobian[b][a] -= g;
        }
        let (terminal, separator) = (n - 2, n - 1);
        let grid = self.structure.grid;
        let area = (grid.size[0] * grid.size[1]) as f64 * h * h;
        residual[terminal] += current;
        residual[separator] += area / self.p.separator_resistance * u[separator];
        jacobian[separator][separator] += area / self.p.separator_resistance;
        (residual, jacobian)
    }
}

/// Terminal voltages [V] after steps of the lengths `dt` [s] at constant `current` [A] from rest at `u0` [V].
pub fn voltages(structure: &Microstructure, p: &CellParameters, u0: f64, current: f64, dt: &[f64]) -> Vec<f64> {
    let model = model(structure, p);
    let n = model.unknowns();
    let mut state = vec![0.0; n];
    for v in 0..structure.grid.len() {
        state[phi_s(v)] = if structure.phase[v].conducts_electrons() { u0 } else { 0.0 };
    }
    state[n - 2] = u0;
    let stoichiometry = |state: &[f64]| -> Vec<f64> {
        (0..structure.grid.len()).map(|v| p.ocv.stoichiometry(state[phi_s(v)] - state[phi_e(v)]).0).collect()
    };
    let mut x_old = stoichiometry(&state);
    let mut gains = [vec![0.0; x_old.len()], vec![0.0; x_old.len()]];
    let mut result = Vec::new();
    for (k, &step) in dt.iter().enumerate() {
        let before: Vec<f64> = dt[..k].iter().rev().copied().collect();
        let rule = Rule::new(step, &before);
        let [first, second] = rule.memory;
        let base: Vec<f64> = (0..x_old.len()).map(|v| x_old[v] + first * gains[0][v] + second * gains[1][v]).collect();
        let mut u = state.clone();
        for _ in 0..200 {
            let (residual, jacobian) = model.assemble(&u, &base, rule.time, current);
            let correction = solve_dense(jacobian, residual);
            let size = correction.iter().fold(0.0_f64, |m, c| m.max(c.abs()));
            u.iter_mut().zip(&correction).for_each(|(u, c)| *u -= c.clamp(-0.2, 0.2));
            if size < 1e-10 {
                break;
            }
        }
        state = u;
        let x = stoichiometry(&state);
        gains.swap(0, 1);
        gains[0] = x.iter().zip(&x_old).map(|(x, old)| x - old).collect();
        x_old = x;
        result.push(state[n - 2]);
    }
    result
}

/// Gaussian elimination of a symmetric positive matrix; unknowns without a branch stay 0.
fn solve_dense(mut a: Vec<Vec<f64>>, mut b: Vec<f64>) -> Vec<f64> {
    let n = b.len();
    for i in 0..n {
        if a[i][i].abs() < 1e-25 {
            a[i][i] = 1.0;
            b[i] = 0.0;
        }
        let pivot = a[i].clone();
        for j in i + 1..n {
            let f = a[j][i] / pivot[i];
            if f != 0.0 {
                for k in i..n {
                    a[j][k] -= f * pivot[k];
                }
                b[j] -= f * b[i];
            }
        }
    }
    let mut x = vec![0.0; n];
    for i in (0..n).rev() {
        let sum: f64 = (i + 1..n).map(|j| a[i][j] * x[j]).sum();
        x[i] = (b[i] - sum) / a[i][i];
    }
    x
}

mod tests {
    use super::*;
    use crate::cell::kinetics::Oxidation;
    use crate::cell::network::{Load, Network};
    use crate::cell::timestep::{Integrator, Progress, Stage, StepControl};
    use crate::constants::ONE_C_A_PER_KG;
    use crate::grid::VoxelGrid;
    use crate::materials::nca::{DiffusionPotential, OpenCircuitVoltage};
    use crate::microstructure::{CarbonFace, NO_PARTICLE, Sphere};

    /// Blocks of 2 x 2 x 2 voxels of random phases, each NCA block a particle, with random areas and coverages.
    fn blocks(seed: u64) -> Microstructure {
        use rand::{RngExt, SeedableRng};
        let mut rng = rand::rngs::ChaCha8Rng::seed_from_u64(seed);
        let grid = VoxelGrid { size: [6, 6, 6], voxel_um: 0.7 };
        let kinds: Vec<Phase> = (0..27)
            .map(|_| match rng.random::<f64>() {
                r if r < 0.40 => Phase::Nca,
                r if r < 0.70 => Phase::Lpscl,
                r if r < 0.78 => Phase::Halide,
                r if r < 0.92 => Phase::Carbon,
                r if r < 0.97 => Phase::Mixed,
                _ => Phase::Pore,
            })
            .collect();
        let block = |v: usize| {
            let [x, y, z] = grid.coordinates(v).map(|c| c / 2);
            x + 3 * (y + 3 * z)
        };
        let phase: Vec<Phase> = (0..grid.len()).map(|v| kinds[block(v)]).collect();
        let particle: Vec<u32> =
            (0..grid.len()).map(|v| if phase[v] == Phase::Nca { block(v) as u32 } else { NO_PARTICLE }).collect();
        let mut surface = Vec::new();
        for v in (0..grid.len()).filter(|&v| phase[v] == Phase::Nca) {
            for axis in Axis::ALL {
                for w in [grid.previous(v, axis), grid.next(v, axis)].into_iter().flatten() {
                    if particle[w] != particle[v] {
                        let covered = 0.6 * rng.random::<f32>();
                        let carbon = 0.2 * rng.random::<f32>();
                        surface.push(SurfaceFace {
                            voxel: v as u32,
                            neighbour: w as u32,
                            area: 0.6 + 0.4 * rng.random::<f32>(),
                            depth: 0.2 + 0.6 * rng.random::<f32>(),
                            covered,
                            coat_um: 0.3 * rng.random::<f32>(),
                            mixed: covered * rng.random::<f32>(),
                            carbon,
                            wired: carbon * rng.random::<f32>(),
                            contact: if phase[w] == Phase::Nca { 0.2 * rng.random::<f32>() } else { 0.0 },
                            sheltered: 0.1 * rng.random::<f32>(),
                        });
                    }
                }
            }
        }
        // Most carbon leads on in its voxels, some where they show none, in part of a face.
        let mut carbon = Vec::new();
        for v in (0..grid.len()).filter(|&v| phase[v] != Phase::Nca) {
            for axis in Axis::ALL {
                let next = grid.next(v, axis);
                let shown = phase[v] == Phase::Carbon && next.is_none_or(|w| phase[w] == Phase::Carbon);
                if next.is_none_or(|w| phase[w] != Phase::Nca) && rng.random::<f64>() < if shown { 0.9 } else { 0.2 } {
                    carbon.push(CarbonFace { voxel: v as u32, axis, share: 0.1 + 0.9 * rng.random::<f32>() });
                }
            }
        }
        // Spheres of no use here: they tell a built structure from an imported one.
        let particles = vec![Sphere { centre_um: [0.0; 3], radius_um: 1.0 }; 27];
        Microstructure { grid, phase, particle, particles, surface, carbon }
    }

    #[test]
    fn the_fast_cell_agrees_with_the_plain_one() {
        let mut sigma = [0.0; Phase::COUNT];
        let mut kappa = [0.0; Phase::COUNT];
        (sigma[Phase::Carbon as usize], sigma[Phase::Mixed as usize]) = (100.0, 10.0);
        (kappa[Phase::Halide as usize], kappa[Phase::Lpscl as usize], kappa[Phase::Mixed as usize]) =
            (0.04, 0.18, 0.022);
        let ocv = OpenCircuitVoltage::measured();
        let p = CellParameters {
            sigma,
            kappa,
            j0_halide: 5.0,
            j0_lpscl: 0.5,
            skin: 0.2e-6,
            oxidation: Oxidation { current_density: 0.01 },
            film_resistance: 0.0139,
            contact_resistance: 1e-5,
            separator_resistance: 34e-4,
            diffusion: DiffusionPotential::new(&ocv, |x| nca::diffusivity(x, 3e-15, 1.0)),
            ocv,
        };
        let mut compared = 0;
        for seed in 0..4 {
            let structure = blocks(seed);
            let Ok(network) = Network::new(&structure, p.clone()) else { continue };
            let one_c = ONE_C_A_PER_KG * network.nca_mass();
            let current = 0.3 * one_c;
            let control = StepControl { tolerance_v: 1e-9, ..StepControl::default() };
            let mut cell = Integrator::new(network, 4.2, one_c, control);
            cell.begin(Stage { load: Load::Current(current), limit_v: 3.3, least_current: None, duration: None });
            let (mut times, mut fast) = (vec![0.0], Vec::new());
            while fast.len() < 12 {
                if let Progress::Accepted(step) = cell.advance().unwrap() {
                    times.push(step.time);
                    fast.push(step.voltage);
                    if step.end.is_some() {
                        break;
                    }
                }
            }
            let dt: Vec<f64> = times.windows(2).map(|t| t[1] - t[0]).collect();
            let plain = voltages(&structure, &p, 4.2, current, &dt);
            for (k, (f, s)) in fast.iter().zip(&plain).enumerate() {
                // The fast cell keeps conductances in f32: 1e-7 of losses of about a volt.
                assert!((f - s).abs() < 2e-6, "seed {seed}, step {k}: {f} against {s}");
            }
            compared += fast.len();
        }
        assert!(compared > 20, "only {compared} steps compared");
    }
}
