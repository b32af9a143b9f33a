//! From voxels to branches: which processes join which nodes, and what of them never changes.

use super::CellParameters;
use super::network::{ELECTRONIC, IONIC, SEPARATOR, TERMINAL};
use crate::analysis::contacts::beyond;
use crate::analysis::electronic::{ElectronicContact, electronic_contacts};
use crate::constants::FARADAY;
use crate::grid::{Axis, VoxelGrid};
use crate::linalg::lattice::Lattice;
use crate::materials::Phase;
use crate::materials::nca::C_S_MAX;
use crate::microstructure::{CarbonFace, Microstructure, SurfaceFace};

/// Least active part of a voxel: a voxel of rock salt alone still conducts.
const LEAST_ACTIVE: f64 = 0.05;

/// No position: a contact that ends in no second NCA voxel.
pub(super) const NONE: u32 = u32::MAX;

/// A face between two NCA voxels of one particle.
#[derive(Clone)]
pub(super) struct Interior {
    /// Faces on the two rails.
    pub electronic: u32,
    pub ionic: u32,
    /// Positions of the two voxels in `storage`.
    pub a: u32,
    pub b: u32,
}

/// A face on the electronic rail that ends in NCA.
#[derive(Clone)]
pub(super) struct Contact {
    pub face: u32,
    pub a: u32,
    /// The other NCA voxel, if it is one; else the node there.
    pub b: u32,
    pub other: u32,
    /// Resistances [Ohm] times h: the contact itself, and all but the NCA.
    pub contact: f32,
    pub fixed: f32,
    /// Length over area of each NCA voxel on the way, in voxel edges.
    pub ahead: f32,
}

/// One kind of contact between NCA and electrolyte on one face.
#[derive(Clone)]
pub(super) struct Reaction {
    pub face: u32,
    pub nca: u32,
    /// Node of the electrolyte on the ionic rail.
    pub electrolyte: u32,
    /// True area over the area of a voxel face.
    pub area: f32,
    /// `F c_s_max` over the distance of the NCA's centre from the surface [A s m⁻⁴].
    pub below: f32,
    /// Film or coat, and that with half a voxel of electrolyte [Ohm m²].
    pub film: f32,
    pub resistance: f32,
    /// Exchange current density at x = 0.5 [A m⁻²].
    pub j0: f32,
    /// Do electrons reach its NCA and ions its electrolyte? If not it can only charge a capacitor.
    pub carries: bool,
}

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
pub(super) fn face_mut(lattice: &mut Lattice, face: u32) -> &mut f32 {
    let (axis, index) = face_place(face);
    match axis {
        0 => &mut lattice.gx[index],
        1 => &mut lattice.gy[index],
        _ => &mut lattice.gz[index],
    }
}

/// Axis across a face, and its position among the faces across that axis.
pub(super) fn face_place(face: u32) -> (usize, usize) {
    ((face >> 30) as usize, (face & 0x3fff_ffff) as usize)
}

pub(super) fn face(lattice: &Lattice, face: u32) -> f32 {
    let (axis, index) = face_place(face);
    [&lattice.gx, &lattice.gy, &lattice.gz][axis][index]
}

pub(super) fn harmonic(a: f64, b: f64) -> f64 {
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

/// What conducts electrons in a voxel outside the NCA that does: mixed coat, or else carbon, of which it may hold a part.
fn wire(phase: Phase) -> Phase {
    if phase == Phase::Mixed { Phase::Mixed } else { Phase::Carbon }
}

/// The part of a face that touches the neighbour without coat, carbon, another particle or a gap in between.
fn direct(surface: &SurfaceFace) -> f64 {
    // The parts are f32 and may add up to a hair more than 1.
    let taken = [surface.covered, surface.carbon, surface.contact, surface.sheltered].map(f64::from);
    (1.0 - taken.iter().sum::<f64>()).max(0.0)
}

/// Ionic conductivity of the coat under a face [S m⁻¹]: halide and mixed coat in series, where the mixed one lies on the NCA.
fn coat_kappa(surface: &SurfaceFace, p: &CellParameters) -> f64 {
    let mixed = if surface.mixed > 0.0 { f64::from(surface.mixed) / f64::from(surface.covered) } else { 0.0 };
    let (halide_layer, mixed_layer) = (p.kappa[Phase::Halide as usize], p.kappa[Phase::Mixed as usize]);
    if mixed > 0.0 { 1.0 / ((1.0 - mixed) / halide_layer + mixed / mixed_layer) } else { halide_layer }
}

/// Ionic conductivity outside the NCA [S m⁻¹]; shape: [nz, ny, nx].
///
/// A coat thinner than a voxel still carries ions along the particle where pore or carbon lies across the face: such a voxel gets
/// the conductivity of the coat times its share of the voxel's edge. So all of the coat reacts, at any voxel size.
fn ionic_conductivity(structure: &Microstructure, p: &CellParameters) -> Vec<f32> {
    let mut kappa: Vec<f32> = structure.phase.iter().map(|&phase| p.kappa[phase as usize] as f32).collect();
    for surface in structure.surface.iter().filter(|s| s.covered > 0.0 && s.coat_um > 0.0) {
        let phase = structure.phase[surface.neighbour as usize];
        if !phase.is_electrolyte() && !phase.stores_lithium() {
            let layer = coat_kappa(surface, p);
            let share = surface.area * surface.covered * surface.coat_um / structure.grid.voxel_um as f32;
            let sum = &mut kappa[surface.neighbour as usize];
            *sum = (*sum + share * layer as f32).min(layer as f32);
        }
    }
    kappa
}

/// Branches under construction. Conductances that vary are entered as 1, which marks the branch as there.
#[derive(Default)]
pub(super) struct Branches {
    pub storage: Vec<u32>,
    pub storage_nodes: Vec<[u32; 2]>,
    /// Active part of each NCA voxel, and its surface against LPSCl [voxel faces]; shape: as `storage`.
    pub active: Vec<f32>,
    pub exposed: Vec<f32>,
    /// Position of each NCA voxel in `storage`.
    position: Vec<u32>,
    /// Ionic conductivity of each voxel outside the NCA [S m⁻¹].
    kappa: Vec<f32>,
    pub interior: Vec<Interior>,
    pub contacts: Vec<Contact>,
    pub reactions: Vec<Reaction>,
}

impl Branches {
    /// Conduction between neighbours of like phases, diffusion inside particles, capacitors.
    pub fn conduction(&mut self, structure: &Microstructure, p: &CellParameters, lattice: &mut Lattice) {
        let grid = structure.grid;
        self.position = vec![NONE; grid.len()];
        self.kappa = ionic_conductivity(structure, p);
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
        self.active = vec![1.0; self.storage.len()];
        self.exposed = vec![0.0; self.storage.len()];
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
                    let (electronic, ionic) =
                        (face_id(lattice, ELECTRONIC, axis, at), face_id(lattice, IONIC, axis, at));
                    if phase == Phase::Mixed && other == Phase::Mixed {
                        *face_mut(lattice, electronic) = p.sigma[Phase::Mixed as usize] as f32;
                    }
                    *face_mut(lattice, ionic) = harmonic(self.kappa[voxel].into(), self.kappa[upper].into()) as f32;
                }
            }
        }
    }

    /// Electronic conduction through carbon, on the part of each face that it crosses. Two voxels of mixed coat conduct as mixed
    /// coat, whatever carbon lies between.
    pub fn carbon(&mut self, structure: &Microstructure, p: &CellParameters, lattice: &mut Lattice) {
        let grid = structure.grid;
        for &CarbonFace { voxel, axis, share } in &structure.carbon {
            let voxel = voxel as usize;
            let here = p.sigma[wire(structure.phase[voxel]) as usize];
            let (face, g) = match grid.next(voxel, axis) {
                Some(next) => {
                    let face = face_id(lattice, ELECTRONIC, axis, grid.coordinates(next));
                    (face, harmonic(here, p.sigma[wire(structure.phase[next]) as usize]))
                }
                None => {
                    let face = lattice.face_z_above(ELECTRONIC, grid.coordinates(voxel));
                    ((Axis::Z.index() as u32) << 30 | face as u32, 2.0 * here)
                }
            };
            let conductance = face_mut(lattice, face);
            *conductance = conductance.max(share * g as f32);
        }
    }

    /// Electronic contacts of the NCA.
    pub fn contacts(&mut self, structure: &Microstructure, p: &CellParameters, h: f64, lattice: &mut Lattice) {
        let grid = structure.grid;
        for ElectronicContact { voxel, neighbour, area, ahead } in electronic_contacts(structure) {
            let (voxel, neighbour) = (voxel as usize, neighbour as usize);
            let across = structure.phase[neighbour];
            let (axis, upper) = face_between(&grid, voxel, neighbour);
            let face = face_id(lattice, ELECTRONIC, axis, grid.coordinates(upper));
            let half = if across.stores_lithium() { 0.0 } else { 0.5 / p.sigma[wire(across) as usize] };
            *face_mut(lattice, face) = 1.0;
            self.contacts.push(Contact {
                face,
                a: self.position[voxel],
                b: self.position[neighbour],
                other: lattice.node(ELECTRONIC, grid.coordinates(neighbour)) as u32,
                contact: (p.contact_resistance / h / area) as f32,
                fixed: ((p.contact_resistance / h + half) / area) as f32,
                ahead: ahead as f32,
            });
        }
    }

    /// Charge transfer on the surface of the NCA.
    pub fn surface(&mut self, structure: &Microstructure, p: &CellParameters, h: f64, lattice: &mut Lattice) {
        let grid = structure.grid;
        let coated = structure.surface.iter().any(|f| f.covered > 0.0);
        for surface in &structure.surface {
            let (voxel, neighbour) = (surface.voxel as usize, surface.neighbour as usize);
            let other = structure.phase[neighbour];
            let (axis, upper) = face_between(&grid, voxel, neighbour);
            let at = grid.coordinates(upper);
            let a = self.position[voxel];
            let area = f64::from(surface.area);
            let behind = beyond(structure, surface, coated);
            if behind == Some(Phase::Lpscl) {
                // Rock salt where the sulfide touches: it stores no lithium.
                let exposed = area * direct(surface);
                self.exposed[a as usize] += exposed as f32;
                let active = &mut self.active[a as usize];
                *active = (f64::from(*active) - exposed * p.skin / h).max(LEAST_ACTIVE) as f32;
            }
            let kappa = f64::from(self.kappa[neighbour]);
            if kappa > 0.0 {
                let face = face_id(lattice, IONIC, axis, at);
                let electrolyte = lattice.node(IONIC, grid.coordinates(neighbour)) as u32;
                let below = FARADAY * C_S_MAX / (f64::from(surface.depth) * h);
                // Across a thin coat lies the middle of an electrolyte voxel; one that the grid resolves is that voxel, and
                // along a film in a pore the current has no voxel to cross.
                let half = if other.is_electrolyte() { 0.5 * h / kappa } else { 0.0 };
                let mut react = |fraction: f64, film: f64, j0: f64| {
                    if fraction > 0.0 {
                        *face_mut(lattice, face) = 1.0;
                        self.reactions.push(Reaction {
                            face,
                            nca: a,
                            electrolyte,
                            area: (area * fraction) as f32,
                            below: below as f32,
                            film: film as f32,
                            resistance: (film + half) as f32,
                            j0: j0 as f32,
                            carries: false,
                        });
                    }
                };
                let coat = match other {
                    Phase::Halide | Phase::Mixed => 0.0,
                    _ => f64::from(surface.coat_um) * 1e-6 / coat_kappa(surface, p),
                };
                react(f64::from(surface.covered), coat, p.j0_halide);
                match behind {
                    Some(Phase::Lpscl) => react(direct(surface), p.film_resistance, p.j0_lpscl),
                    Some(Phase::Halide) => react(direct(surface), 0.0, p.j0_halide),
                    _ => {}
                }
            }
        }
    }

    /// The separator at z = 0 and the collector at z = L, each half a voxel away.
    pub fn ends(&mut self, structure: &Microstructure, p: &CellParameters, h: f64, lattice: &mut Lattice) {
        let grid = structure.grid;
        let [nx, ny, nz] = grid.size;
        for column in 0..nx * ny {
            let bottom = structure.phase[column];
            if !bottom.stores_lithium() {
                let face = lattice.face_z(IONIC, grid.coordinates(column));
                lattice.gz[face] = 2.0 * self.kappa[column];
            }
            let voxel = column + nx * ny * (nz - 1);
            let top = structure.phase[voxel];
            if top.stores_lithium() || top == Phase::Mixed {
                let face = lattice.face_z_above(ELECTRONIC, grid.coordinates(voxel));
                lattice.gz[face] = if top.stores_lithium() {
                    let fixed = (p.contact_resistance / h) as f32;
                    let face = (Axis::Z.index() as u32) << 30 | face as u32;
                    let other = lattice.hub(TERMINAL) as u32;
                    self.contacts.push(Contact {
                        face,
                        a: self.position[voxel],
                        b: NONE,
                        other,
                        contact: fixed,
                        fixed,
                        ahead: 0.5,
                    });
                    1.0
                } else {
                    (2.0 * p.sigma[top as usize]) as f32
                };
            }
        }
    }

    /// Keeps the branches of nodes that are in the network.
    pub fn drop_unreached(&mut self, reached: &[bool]) {
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
        for column in [&mut self.active, &mut self.exposed] {
            let mut flags = keep.iter();
            column.retain(|_| flags.next() == Some(&true));
        }
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
    pub fn mark_carrying(&mut self, lattice: &Lattice) {
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
pub(super) fn reached_from(lattice: &Lattice, start: usize, passes: impl Fn(usize) -> bool) -> Vec<bool> {
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
