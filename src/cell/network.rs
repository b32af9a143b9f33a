//! From voxels to branches, and from potentials to currents.
//!
//! Conductances are divided by the voxel edge h, so a conducting face holds its conductivity [S m⁻¹] and a current is in
//! units of h amperes. Layer [`ELECTRONIC`] of the lattice is the electronic rail, layer [`IONIC`] the ionic one; hub
//! [`TERMINAL`] is the current collector, hub [`SEPARATOR`] the face of the separator.

use std::collections::HashMap;

use super::CellParameters;
use super::kinetics::{HalfVoxel, interface_current};
use crate::constants::FARADAY;
use crate::grid::{Axis, VoxelGrid};
use crate::linalg::lattice::{End, Lattice, Ring};
use crate::materials::Phase;
use crate::materials::nca::{self, C_S_MAX};
use crate::microstructure::{Microstructure, SurfaceFace};

pub const ELECTRONIC: usize = 0;
pub const IONIC: usize = 1;
pub const TERMINAL: usize = 0;
pub const SEPARATOR: usize = 1;
const NONE: u32 = u32::MAX;
/// Least conductance of a branch, in units of S/m: keeps a branch in the network when its process dies out (x → 1).
const LEAST: f64 = 1e-12;

/// A face between two NCA voxels of one particle.
struct Interior {
    /// Faces on the two rails.
    electronic: u32,
    ionic: u32,
    /// Positions of the two voxels in `storage`.
    a: u32,
    b: u32,
}

/// A face on the electronic rail that ends in NCA.
struct Contact {
    face: u32,
    a: u32,
    /// The other NCA voxel, if it is one.
    b: u32,
    /// Resistance of all but NCA's half voxels, times h per true area of contact [Ohm m].
    fixed: f32,
    /// True area of contact over the area of a voxel face.
    area: f32,
}

/// One kind of contact between NCA and electrolyte on one face.
struct Reaction {
    face: u32,
    nca: u32,
    /// Node of the electrolyte on the ionic rail.
    electrolyte: u32,
    /// True area over the area of a voxel face.
    area: f32,
    /// Film, coat and half a voxel of electrolyte [Ohm m²].
    resistance: f32,
    /// Exchange current density at x = 0.5 [A m⁻²].
    j0: f32,
    /// Do electrons reach its NCA and ions its electrolyte? If not it can only charge a capacitor.
    carries: bool,
}

/// State of an NCA voxel at the predicted state.
#[derive(Clone, Copy, Default)]
struct Predicted {
    u: f64,
    x: f64,
    /// −dx/dU [V⁻¹].
    capacitance: f64,
    diffusivity: f64,
    sigma: f64,
}

/// The network of one microstructure.
pub struct Network {
    pub lattice: Lattice,
    parameters: CellParameters,
    /// Voxel edge [m].
    h: f64,
    /// Cross-section [m²].
    area: f64,
    /// NCA mass in the domain [kg], dead particles included.
    nca_mass: f64,
    /// NCA voxels that are connected to anything.
    storage: Vec<u32>,
    storage_nodes: Vec<[u32; 2]>,
    interior: Vec<Interior>,
    contacts: Vec<Contact>,
    reactions: Vec<Reaction>,
    predicted: Vec<Predicted>,
    /// Exchange current density and surface drop of each reaction, at the predicted and the latest state.
    reaction_j0: Vec<f64>,
    reaction_drop: Vec<f64>,
    /// True current minus that of the tangent conductance, of each nonlinear branch.
    reaction_excess: Vec<f64>,
    storage_excess: Vec<f64>,
    /// Stoichiometry at the start of the step and now; shape: as `storage`.
    pub x_old: Vec<f64>,
    pub x: Vec<f64>,
    /// Storage per voxel and unit of stoichiometry, divided by the time step and by h.
    storage_rate: f64,
    ring: Ring<f64>,
}

/// The microstructure lets no current pass between lithium and the current collector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoPath;

/// A face of the lattice in one number: the axis in the upper two bits.
fn face_id(lattice: &Lattice, layer: usize, axis: Axis, upper: [usize; 3]) -> u32 {
    let index = match axis {
        Axis::X => lattice.face_x(layer, upper),
        Axis::Y => lattice.face_y(layer, upper),
        Axis::Z => lattice.face_z(layer, upper),
    };
    (axis.index() as u32) << 30 | index as u32
}

#[inline]
fn face_mut(lattice: &mut Lattice, face: u32) -> &mut f32 {
    let index = (face & 0x3fff_ffff) as usize;
    match face >> 30 {
        0 => &mut lattice.gx[index],
        1 => &mut lattice.gy[index],
        _ => &mut lattice.gz[index],
    }
}

fn harmonic(a: f64, b: f64) -> f64 {
    if a > 0.0 && b > 0.0 { 2.0 * a * b / (a + b) } else { 0.0 }
}

/// The axis across the face between two neighbours and the one on its upper side.
fn face_between(grid: &VoxelGrid, a: usize, b: usize) -> (Axis, usize) {
    for axis in Axis::ALL {
        if grid.next(a, axis) == Some(b) {
            return (axis, b);
        }
        if grid.previous(a, axis) == Some(b) {
            return (axis, a);
        }
    }
    panic!("voxels {a} and {b} share no face");
}

impl Network {
    /// Builds the branches of a microstructure.
    ///
    /// # Errors
    /// [`NoPath`] if no chain of branches joins the lithium to the collector.
    pub fn new(structure: &Microstructure, parameters: CellParameters) -> Result<Network, NoPath> {
        let grid = structure.grid;
        let h = grid.voxel_um * 1e-6;
        let area = (grid.size[0] * grid.size[1]) as f64 * h * h;
        let ends = vec![[End::Ground, End::Hub(TERMINAL)], [End::Hub(SEPARATOR), End::Ground]];
        let mut lattice = Lattice::new(grid.size, ends, 2);
        lattice.hub_excess[SEPARATOR] = (area / parameters.separator_resistance / h) as f32;

        let mut branches = Branches::default();
        branches.conduction(structure, &parameters, &mut lattice);
        branches.surface(structure, &parameters, h, &mut lattice);
        branches.ends(structure, &parameters, h, &mut lattice);
        lattice.wrap();

        let reached = reached_from(&lattice, lattice.hub(SEPARATOR), |_| true);
        if !reached[lattice.hub(TERMINAL)] {
            return Err(NoPath);
        }
        branches.drop_unreached(&reached);
        branches.mark_carrying(&lattice);
        lattice.keep_only(&reached);
        lattice.update_diagonal();

        let voxels = structure.phase.iter().filter(|p| p.stores_lithium()).count();
        let (storage, storage_nodes) = (branches.storage, branches.storage_nodes);
        let (n, m) = (storage.len(), branches.reactions.len());
        Ok(Network {
            ring: Ring::new(&lattice),
            lattice,
            parameters,
            h,
            area,
            nca_mass: voxels as f64 * h * h * h * nca::DENSITY * 1e3,
            storage,
            storage_nodes,
            interior: branches.interior,
            contacts: branches.contacts,
            reactions: branches.reactions,
            predicted: vec![Predicted::default(); n],
            reaction_j0: vec![0.0; m],
            reaction_drop: vec![0.0; m],
            reaction_excess: vec![0.0; m],
            storage_excess: vec![0.0; n],
            x_old: vec![0.0; n],
            x: vec![0.0; n],
            storage_rate: 0.0,
        })
    }

    /// NCA mass in the domain [kg].
    pub fn nca_mass(&self) -> f64 {
        self.nca_mass
    }

    /// Resistance [Ohm] times h of `resistance` [Ohm m²] over the cross-section: in the units of the lattice.
    pub fn scaled_resistance(&self, resistance: f64) -> f64 {
        resistance / self.area * self.h
    }

    /// Current [A] in the units of the lattice.
    pub fn scaled_current(&self, current: f64) -> f64 {
        current / self.h
    }

    /// Lithium stored since the start, `Σ F c_s_max V (x − reference)` [C], for voxels in the network.
    pub fn stored_charge(&self, reference: f64) -> f64 {
        let sum: f64 = self.x_old.iter().map(|x| x - reference).sum();
        FARADAY * C_S_MAX * self.h * self.h * self.h * sum
    }

    /// NCA voxels in the network, as positions in the grid.
    pub fn storage(&self) -> &[u32] {
        &self.storage
    }

    /// The open-circuit voltage curve in use.
    pub fn ocv(&self) -> &crate::materials::nca::OpenCircuitVoltage {
        &self.parameters.ocv
    }

    /// Potentials of a uniform electrode at rest: `phi_s` = `u` [V] and `phi_e` = 0.
    pub fn rest(&mut self, u: f64) -> Vec<f64> {
        let lattice = &self.lattice;
        let mut state = vec![0.0; lattice.len()];
        let [nx, ny, nz] = lattice.size();
        for z in 0..nz {
            let first = lattice.node(ELECTRONIC, [0, 0, z]);
            for (phi, d) in state[first..first + nx * ny].iter_mut().zip(&lattice.inverse_diagonal[first..]) {
                *phi = if *d > 0.0 { u } else { 0.0 };
            }
        }
        state[lattice.hub(TERMINAL)] = u;
        self.x_old.fill(self.parameters.ocv.stoichiometry(u).0);
        self.x.copy_from_slice(&self.x_old);
        state
    }

    /// Takes diffusivity, conductivity and exchange current at `state`, the predicted one of a step of `dt` [s].
    pub fn freeze(&mut self, state: &[f64], dt: f64) {
        let Network { lattice, parameters: p, h, .. } = self;
        let capacity = FARADAY * C_S_MAX;
        self.storage_rate = capacity * *h * *h / dt;
        for (predicted, [s, e]) in self.predicted.iter_mut().zip(&self.storage_nodes) {
            let u = state[*s as usize] - state[*e as usize];
            let (x, slope) = p.ocv.stoichiometry(u);
            *predicted = Predicted {
                u,
                x,
                capacitance: -slope,
                diffusivity: nca::diffusivity(x, p.diffusivity, p.diffusivity_drop),
                sigma: nca::sigma(x),
            };
        }
        for branch in &self.interior {
            let (a, b) = (&self.predicted[branch.a as usize], &self.predicted[branch.b as usize]);
            // The chord makes the branch carry exactly D F c Δx; the tangent serves where the chord cancels.
            let du = a.u - b.u;
            let chord = if du.abs() > 1e-4 { (b.x - a.x) / du } else { 0.5 * (a.capacitance + b.capacitance) };
            let kappa = harmonic(a.diffusivity, b.diffusivity) * capacity * chord;
            *face_mut(lattice, branch.ionic) = kappa.max(LEAST) as f32;
            *face_mut(lattice, branch.electronic) = harmonic(a.sigma, b.sigma) as f32;
        }
        for contact in &self.contacts {
            let mut resistance = f64::from(contact.fixed) + 0.5 / self.predicted[contact.a as usize].sigma;
            if contact.b != NONE {
                resistance += 0.5 / self.predicted[contact.b as usize].sigma;
            }
            *face_mut(lattice, contact.face) = (f64::from(contact.area) / resistance).max(LEAST) as f32;
        }
        for (k, reaction) in self.reactions.iter().enumerate() {
            let half = half_voxel(&self.predicted[reaction.nca as usize], *h);
            let delta =
                state[reaction.electrolyte as usize] - state[self.storage_nodes[reaction.nca as usize][1] as usize];
            // Two rounds: the exchange current depends on the surface, the surface on the current.
            let mut j0 = f64::from(reaction.j0) * nca::j0_shape(half.x);
            for _ in 0..2 {
                let i = interface_current(&p.ocv, delta, half, reaction.resistance.into(), j0, self.reaction_drop[k]);
                self.reaction_drop[k] = i.drop;
                j0 = f64::from(reaction.j0) * nca::j0_shape(p.ocv.stoichiometry(half.u - i.drop).0);
            }
            self.reaction_j0[k] = j0;
        }
    }

    /// Residual of Kirchhoff's current law at `state`, and the conductances of its Jacobian.
    ///
    /// * `current` – applied current [A / h], positive for discharge
    /// * `residual` – out: current out of each node that nothing brings in; shape: as `state`
    pub fn evaluate(&mut self, state: &[f64], current: f64, residual: &mut [f64]) {
        let Network { lattice, parameters: p, h, .. } = self;
        for reaction in &self.reactions {
            *face_mut(lattice, reaction.face) = 0.0;
        }
        // What the linear network would carry is taken out of each nonlinear branch, so that one pass over the lattice
        // gives the true residual.
        for (k, reaction) in self.reactions.iter().enumerate() {
            let nca = reaction.nca as usize;
            let half = half_voxel(&self.predicted[nca], *h);
            let delta = state[reaction.electrolyte as usize] - state[self.storage_nodes[nca][1] as usize];
            let resistance = reaction.resistance.into();
            let i = interface_current(&p.ocv, delta, half, resistance, self.reaction_j0[k], self.reaction_drop[k]);
            self.reaction_drop[k] = i.drop;
            let scale = f64::from(reaction.area) * *h;
            let tangent = (scale * i.slope).max(LEAST) as f32;
            *face_mut(lattice, reaction.face) += tangent;
            self.reaction_excess[k] = scale * i.j - f64::from(tangent) * delta;
        }
        for (k, (&voxel, [s, e])) in self.storage.iter().zip(&self.storage_nodes).enumerate() {
            let u = state[*s as usize] - state[*e as usize];
            let (x, slope) = p.ocv.stoichiometry(u);
            self.x[k] = x;
            let tangent = (-self.storage_rate * slope).max(LEAST) as f32;
            lattice.link[voxel as usize] = tangent;
            self.storage_excess[k] = -self.storage_rate * (x - self.x_old[k]) - f64::from(tangent) * u;
        }
        lattice.wrap();
        lattice.apply(state, residual, &mut self.ring);
        for hub in 0..lattice.hubs() {
            residual[lattice.hub(hub)] = lattice.hub_flow(hub, state);
        }
        residual[lattice.hub(TERMINAL)] += current;
        for (reaction, excess) in self.reactions.iter().zip(&self.reaction_excess) {
            residual[reaction.electrolyte as usize] += excess;
            residual[self.storage_nodes[reaction.nca as usize][1] as usize] -= excess;
        }
        for ([s, e], excess) in self.storage_nodes.iter().zip(&self.storage_excess) {
            residual[*s as usize] += excess;
            residual[*e as usize] -= excess;
        }
    }

    /// An upper bound of the discharge current [A / h] at the frozen state: every wired surface filled to x = 1, lithium moving
    /// into the particles as fast as the half voxel lets it. Beyond it no potential drives the current.
    pub fn greatest_discharge(&self) -> f64 {
        let uptake = |reaction: &Reaction| {
            let half = half_voxel(&self.predicted[reaction.nca as usize], self.h);
            f64::from(reaction.area) * half.conductance * (1.0 - half.x)
        };
        self.h * self.reactions.iter().filter(|r| r.carries).map(uptake).sum::<f64>()
    }

    /// Makes the present state the start of the next step.
    pub fn accept(&mut self) {
        self.x_old.copy_from_slice(&self.x);
    }

    /// What the solver has lost on the way at the state last evaluated: the greater relative difference to the applied
    /// `current` [A / h] of the current through the separator and of the lithium stored per time. 0 without a current.
    pub fn imbalance(&self, state: &[f64], current: f64) -> f64 {
        if current == 0.0 {
            return 0.0;
        }
        let carried = -f64::from(self.lattice.hub_excess[SEPARATOR]) * state[self.lattice.hub(SEPARATOR)];
        let stored = self.storage_rate * self.x.iter().zip(&self.x_old).map(|(x, old)| x - old).sum::<f64>();
        (carried / current - 1.0).abs().max((stored / current - 1.0).abs())
    }
}

fn half_voxel(predicted: &Predicted, h: f64) -> HalfVoxel {
    let conductance = 2.0 * predicted.diffusivity * FARADAY * C_S_MAX / h;
    HalfVoxel { u: predicted.u, x: predicted.x, conductance }
}

/// The part of a face that touches the neighbour without coat, carbon or another particle in between.
fn direct(surface: &SurfaceFace) -> f64 {
    // The parts are f32 and may add up to a hair more than 1.
    (1.0 - f64::from(surface.covered) - f64::from(surface.carbon) - f64::from(surface.contact)).max(0.0)
}

/// Resistance of the coat under a face [Ohm m²]; where the mixed coat lies on the NCA, the coat is counted as mixed.
fn coat_resistance(surface: &SurfaceFace, p: &CellParameters) -> f64 {
    if surface.covered <= 0.0 {
        return 0.0;
    }
    let mixed = f64::from(surface.mixed) / f64::from(surface.covered);
    let mut resistivity = (1.0 - mixed) / p.kappa[Phase::Halide as usize];
    if mixed > 0.0 {
        resistivity += mixed / p.kappa[Phase::Mixed as usize];
    }
    f64::from(surface.coat_um) * 1e-6 * resistivity
}

/// Shares the electronic contact area of the whole surface among the faces that a path can pass through.
///
/// The coat and carbon models give each face the fraction that touches carbon, whatever voxel lies across it; current can
/// leave only where that voxel is carbon, or another particle that the same carbon touches
/// ([`crate::analysis::clusters::electronic_opening`]). So the fractions there are raised by one factor, which keeps the
/// total area of contact independent of the voxel size. The same holds for contacts between particles and with the mixed
/// coat.
struct ContactShare {
    contact: f64,
    carbon: f64,
    mixed: f64,
}

impl ContactShare {
    fn new(structure: &Microstructure) -> ContactShare {
        let factor = |part: fn(&SurfaceFace) -> f32, passable: fn(Phase) -> bool| {
            let (mut total, mut there) = (0.0, 0.0);
            for surface in &structure.surface {
                let area = f64::from(surface.area) * f64::from(part(surface));
                total += area;
                there += if passable(structure.phase[surface.neighbour as usize]) { area } else { 0.0 };
            }
            if there > 0.0 { total / there } else { 0.0 }
        };
        ContactShare {
            contact: factor(|s| s.contact, |across| across == Phase::Nca),
            carbon: factor(|s| s.carbon, |across| matches!(across, Phase::Nca | Phase::Carbon)),
            mixed: factor(|s| s.mixed, |across| across == Phase::Mixed),
        }
    }

    /// Area of electronic contact with the voxel across, over the true area of the face.
    fn contact(&self, surface: &SurfaceFace, across: Phase) -> f64 {
        let carbon = self.carbon * f64::from(surface.carbon);
        match across {
            Phase::Nca => self.contact * f64::from(surface.contact) + carbon,
            Phase::Carbon => carbon,
            Phase::Mixed => self.mixed * f64::from(surface.mixed),
            _ => 0.0,
        }
    }
}

/// Branches under construction. Conductances that vary are entered as 1, which marks the branch as there.
#[derive(Default)]
struct Branches {
    storage: Vec<u32>,
    storage_nodes: Vec<[u32; 2]>,
    /// Position of each NCA voxel in `storage`.
    position: Vec<u32>,
    interior: Vec<Interior>,
    contacts: Vec<Contact>,
    reactions: Vec<Reaction>,
}

impl Branches {
    /// Conduction between neighbours of like phases, diffusion inside particles, capacitors.
    fn conduction(&mut self, structure: &Microstructure, p: &CellParameters, lattice: &mut Lattice) {
        let grid = structure.grid;
        self.position = vec![NONE; grid.len()];
        for (voxel, phase) in structure.phase.iter().enumerate() {
            if phase.stores_lithium() {
                let at = grid.coordinates(voxel);
                self.position[voxel] = self.storage.len() as u32;
                self.storage.push(voxel as u32);
                self.storage_nodes.push([lattice.node(ELECTRONIC, at) as u32, lattice.node(IONIC, at) as u32]);
                lattice.link[voxel] = 1.0;
            } else if phase.conducts_electrons() && phase.is_electrolyte() {
                // A mixed conductor stores no lithium: its two rails meet nowhere inside.
                lattice.link[voxel] = 0.0;
            }
        }
        for voxel in 0..grid.len() {
            let phase = structure.phase[voxel];
            for axis in Axis::ALL {
                let Some(upper) = grid.next(voxel, axis) else { continue };
                let other = structure.phase[upper];
                let at = grid.coordinates(upper);
                if phase.stores_lithium() && other.stores_lithium() {
                    if structure.particle[voxel] == structure.particle[upper] {
                        let (electronic, ionic) =
                            (face_id(lattice, ELECTRONIC, axis, at), face_id(lattice, IONIC, axis, at));
                        *face_mut(lattice, electronic) = 1.0;
                        *face_mut(lattice, ionic) = 1.0;
                        let (a, b) = (self.position[voxel], self.position[upper]);
                        self.interior.push(Interior { electronic, ionic, a, b });
                    }
                } else if !phase.stores_lithium() && !other.stores_lithium() {
                    let pair = |table: &[f64; Phase::COUNT]| harmonic(table[phase as usize], table[other as usize]);
                    let (electronic, ionic) =
                        (face_id(lattice, ELECTRONIC, axis, at), face_id(lattice, IONIC, axis, at));
                    *face_mut(lattice, electronic) = pair(&p.sigma) as f32;
                    *face_mut(lattice, ionic) = pair(&p.kappa) as f32;
                }
            }
        }
    }

    /// Charge transfer and electronic contact on the surface of the NCA.
    fn surface(&mut self, structure: &Microstructure, p: &CellParameters, h: f64, lattice: &mut Lattice) {
        let grid = structure.grid;
        let share = ContactShare::new(structure);
        // Contact seen from the first side of a face between two particles.
        let mut first_side: HashMap<u32, f64> = HashMap::new();
        for surface in &structure.surface {
            let (voxel, neighbour) = (surface.voxel as usize, surface.neighbour as usize);
            let other = structure.phase[neighbour];
            let (axis, upper) = face_between(&grid, voxel, neighbour);
            let at = grid.coordinates(upper);
            let a = self.position[voxel];
            let area = f64::from(surface.area);
            let mut contact = area * share.contact(surface, other);
            // A face between particles is kept even if one side sees no contact: the mean of both counts.
            if contact > 0.0 || other.stores_lithium() {
                let face = face_id(lattice, ELECTRONIC, axis, at);
                let (mut fixed, mut b) = (p.contact_resistance / h, NONE);
                if other.stores_lithium() {
                    // The second of the two visits to a face knows both sides: their mean serves.
                    match first_side.remove(&face) {
                        None => {
                            first_side.insert(face, contact);
                            continue;
                        }
                        Some(first) => contact = 0.5 * (contact + first),
                    }
                    if contact == 0.0 {
                        continue;
                    }
                    b = self.position[neighbour];
                } else {
                    fixed += 0.5 / p.sigma[other as usize];
                }
                *face_mut(lattice, face) = 1.0;
                self.contacts.push(Contact { face, a, b, fixed: fixed as f32, area: contact as f32 });
            }
            if other.is_electrolyte() {
                let face = face_id(lattice, IONIC, axis, at);
                let electrolyte = lattice.node(IONIC, grid.coordinates(neighbour)) as u32;
                let half = 0.5 * h / p.kappa[other as usize];
                // A coat that the grid resolves is there as voxels; a thinner one lies on the face.
                let (coat, film, j0) = match other {
                    Phase::Lpscl => (coat_resistance(surface, p), p.film_resistance, p.j0_lpscl),
                    _ => (0.0, 0.0, p.j0_halide),
                };
                let covered = f64::from(surface.covered);
                for (fraction, layer, j0) in [(covered, coat, p.j0_halide), (direct(surface), film, j0)] {
                    if fraction > 0.0 {
                        *face_mut(lattice, face) = 1.0;
                        self.reactions.push(Reaction {
                            face,
                            nca: a,
                            electrolyte,
                            area: (area * fraction) as f32,
                            resistance: (layer + half) as f32,
                            j0: j0 as f32,
                            carries: false,
                        });
                    }
                }
            }
        }
    }

    /// The separator at z = 0 and the collector at z = L, each half a voxel away.
    fn ends(&mut self, structure: &Microstructure, p: &CellParameters, h: f64, lattice: &mut Lattice) {
        let grid = structure.grid;
        let [nx, ny, nz] = grid.size;
        for column in 0..nx * ny {
            let bottom = structure.phase[column];
            if bottom.is_electrolyte() {
                let face = lattice.face_z(IONIC, grid.coordinates(column));
                lattice.gz[face] = (2.0 * p.kappa[bottom as usize]) as f32;
            }
            let voxel = column + nx * ny * (nz - 1);
            let top = structure.phase[voxel];
            if top.conducts_electrons() {
                let face = lattice.face_z_above(ELECTRONIC, grid.coordinates(voxel));
                lattice.gz[face] = if top.stores_lithium() {
                    let fixed = (p.contact_resistance / h) as f32;
                    let face = (Axis::Z.index() as u32) << 30 | face as u32;
                    self.contacts.push(Contact { face, a: self.position[voxel], b: NONE, fixed, area: 1.0 });
                    1.0
                } else {
                    (2.0 * p.sigma[top as usize]) as f32
                };
            }
        }
    }

    /// Keeps the branches of nodes that are in the network.
    fn drop_unreached(&mut self, reached: &[bool]) {
        let keep: Vec<bool> = self.storage_nodes.iter().map(|n| reached[n[0] as usize]).collect();
        let mut position = vec![NONE; keep.len()];
        let mut count = 0;
        for (k, &kept) in keep.iter().enumerate() {
            if kept {
                position[k] = count;
                count += 1;
            }
        }
        let mut flags = keep.iter();
        self.storage.retain(|_| flags.next() == Some(&true));
        let mut flags = keep.iter();
        self.storage_nodes.retain(|_| flags.next() == Some(&true));
        let there = |a: u32| position[a as usize] != NONE;
        self.interior.retain(|i| there(i.a));
        self.contacts.retain(|c| there(c.a));
        self.reactions.retain(|r| there(r.nca));
        for i in &mut self.interior {
            (i.a, i.b) = (position[i.a as usize], position[i.b as usize]);
        }
        for c in &mut self.contacts {
            c.a = position[c.a as usize];
            if c.b != NONE {
                c.b = position[c.b as usize];
            }
        }
        for r in &mut self.reactions {
            r.nca = position[r.nca as usize];
        }
    }

    /// Marks the reactions that a steady current can pass.
    fn mark_carrying(&mut self, lattice: &Lattice) {
        let mut nca = vec![false; lattice.len()];
        self.storage_nodes.iter().for_each(|[_, e]| nca[*e as usize] = true);
        // Electrons stay off the ionic rail, which links and nothing else lead to; ions stay outside the NCA.
        let plane = lattice.size()[0] * lattice.size()[1];
        let rail = |node: usize| node / plane % 2;
        let electrons = reached_from(lattice, lattice.hub(TERMINAL), |n| n < lattice.hub(0) && rail(n) == ELECTRONIC);
        let ions = reached_from(lattice, lattice.hub(SEPARATOR), |n| n < lattice.hub(0) && rail(n) == IONIC && !nca[n]);
        for reaction in &mut self.reactions {
            let [s, _] = self.storage_nodes[reaction.nca as usize];
            reaction.carries = electrons[s as usize] && ions[reaction.electrolyte as usize];
        }
    }
}

/// Nodes that a chain of branches joins to `start` through nodes that `passes` lets in.
fn reached_from(lattice: &Lattice, start: usize, passes: impl Fn(usize) -> bool) -> Vec<bool> {
    let mut reached = vec![false; lattice.len()];
    reached[start] = true;
    let mut stack = vec![start];
    while let Some(node) = stack.pop() {
        lattice.for_each_branch(node, |other, g| {
            if let (Some(other), true) = (other, g > 0.0)
                && !reached[other]
                && passes(other)
            {
                reached[other] = true;
                stack.push(other);
            }
        });
    }
    reached
}
