//! Connected clusters of the two rails, with the periodic sides honoured.
//!
//! A cluster is a set of voxels joined through faces. The electronic rail (NCA, carbon, mixed coat) starts at the current
//! collector, z = L, the ionic rail (electrolytes) at the separator, z = 0. Between NCA and carbon, or two particles, electrons
//! pass only where the models say that they touch, and carbon leads on through the faces that it crosses (`analysis::electronic`), also
//! from one voxel of the rail to another through voxels that show none: those join clusters and count in none.

use serde::Serialize;

use crate::analysis::electronic::{ElectronicContact, at_collector, electronic_contacts, pieces};
use crate::analysis::sets::DisjointSets;
use crate::analysis::wiring::ParticleReport;
use crate::grid::Axis;
use crate::materials::Phase;
use crate::microstructure::Microstructure;

/// Which voxels are tied to the terminals.
#[derive(Clone, Debug)]
pub struct Rails {
    /// Tied to the current collector. Shape: [nz, ny, nx].
    pub electronic: Vec<bool>,
    /// Tied to the separator: electrolyte through electrolyte, NCA through the surface of its particle.
    pub ionic: Vec<bool>,
    pub electronic_clusters: Clusters,
    pub ionic_clusters: Clusters,
    /// Where electrons enter and leave the NCA.
    pub(crate) contacts: Vec<ElectronicContact>,
}

/// The clusters of a rail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Clusters {
    /// Voxels on the rail (of the ionic rail: electrolyte only).
    pub voxels: usize,
    pub clusters: usize,
    /// The largest cluster's share of the voxels.
    pub largest_fraction: f64,
    /// The share tied to the rail's terminal.
    pub connected_fraction: f64,
    /// Does a cluster reach from z = 0 to z = L?
    pub percolates: bool,
}

/// What is reached, and what is not.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Connectivity {
    pub electronic: Clusters,
    pub ionic: Clusters,
    pub nca: NcaConnectivity,
}

/// Shares of the NCA's volume, and the particles at fault.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NcaConnectivity {
    /// Tied to both terminals.
    pub active_fraction: f64,
    pub electronically_isolated_fraction: f64,
    pub ionically_isolated_fraction: f64,
    /// Numbers of particles of which no voxel is tied to the collector.
    pub electronically_isolated_particles: Vec<u32>,
    /// ... to the separator.
    pub ionically_isolated_particles: Vec<u32>,
    /// Of which less than [`crate::analysis::wiring::WEAK`] of the surface touches anything that conducts electrons.
    pub weakly_wired_particles: Vec<u32>,
    /// Mean over connected NCA of the shortest way to the collector over the straight one.
    pub electronic_path_ratio: Option<f64>,
}

impl Rails {
    pub fn new(structure: &Microstructure) -> Rails {
        let contacts = electronic_contacts(structure);
        let (electronic, electronic_clusters) = electronic(structure, &contacts);
        let (ionic, ionic_clusters) = ionic(structure);
        Rails { electronic, ionic, electronic_clusters, ionic_clusters, contacts }
    }
}

/// Joins neighbouring voxels that need no look at the NCA's surface: of the same particle, or both not NCA.
fn join_inside(structure: &Microstructure, sets: &mut DisjointSets, member: impl Fn(Phase) -> bool) {
    let grid = &structure.grid;
    for (voxel, &phase) in structure.phase.iter().enumerate() {
        if !member(phase) {
            continue;
        }
        for axis in Axis::ALL {
            let Some(next) = grid.next(voxel, axis) else { continue };
            let other = structure.phase[next];
            if member(other)
                && phase.stores_lithium() == other.stores_lithium()
                && structure.particle[voxel] == structure.particle[next]
            {
                sets.join(voxel, next);
            }
        }
    }
}

fn electronic(structure: &Microstructure, contacts: &[ElectronicContact]) -> (Vec<bool>, Clusters) {
    let mut sets = pieces(structure);
    join_inside(structure, &mut sets, Phase::stores_lithium);
    for contact in contacts {
        sets.join(contact.voxel as usize, contact.neighbour as usize);
    }
    summarise(structure, sets, Phase::conducts_electrons, at_collector(structure).map(|(voxel, _)| voxel))
}

fn ionic(structure: &Microstructure) -> (Vec<bool>, Clusters) {
    let mut sets = DisjointSets::new(structure.phase.len());
    join_inside(structure, &mut sets, |p| p.is_electrolyte() || p.stores_lithium());
    let plane = structure.grid.size[0] * structure.grid.size[1];
    let mut pieces = sets.clone();
    let separator = (0..plane).filter(|&v| structure.phase[v].is_electrolyte());
    let (mut tied, clusters) = summarise(structure, sets, Phase::is_electrolyte, separator);
    // A piece of a particle is reached through any of its faces.
    let mut reached = vec![false; tied.len()];
    for face in &structure.surface {
        if tied[face.neighbour as usize] && structure.phase[face.neighbour as usize].is_electrolyte() {
            reached[pieces.find(face.voxel as usize)] = true;
        }
    }
    for (voxel, phase) in structure.phase.iter().enumerate() {
        if phase.stores_lithium() {
            tied[voxel] = reached[pieces.find(voxel)];
        }
    }
    (tied, clusters)
}

/// Marks what is tied to the voxels at the terminal, and counts the members.
fn summarise(
    structure: &Microstructure,
    mut sets: DisjointSets,
    member: impl Fn(Phase) -> bool,
    terminal: impl Iterator<Item = usize>,
) -> (Vec<bool>, Clusters) {
    let n = structure.phase.len();
    let plane = structure.grid.size[0] * structure.grid.size[1];
    let mut sizes = vec![0_u32; n];
    // Bit 0: has a voxel at z = 0; bit 1: at z = L.
    let mut touches = vec![0_u8; n];
    let mut tied = vec![false; n];
    terminal.for_each(|voxel| tied[sets.find(voxel)] = true);
    // A root is the first voxel of its set.
    (0..n).for_each(|voxel| tied[voxel] = tied[sets.find(voxel)]);
    let mut connected = 0;
    let mut clusters = Clusters::default();
    for (voxel, _) in structure.phase.iter().enumerate().filter(|(_, p)| member(**p)) {
        let root = sets.find(voxel);
        clusters.voxels += 1;
        // The root may be a voxel that only leads on.
        clusters.clusters += usize::from(sizes[root] == 0);
        sizes[root] += 1;
        touches[root] |= u8::from(voxel < plane) | u8::from(voxel >= n - plane) << 1;
        connected += usize::from(tied[voxel]);
    }
    let share = |part: usize| if clusters.voxels > 0 { part as f64 / clusters.voxels as f64 } else { 0.0 };
    clusters.largest_fraction = share(sizes.iter().max().map_or(0, |&s| s as usize));
    clusters.connected_fraction = share(connected);
    clusters.percolates = touches.iter().any(|t| t & 3 == 3);
    (tied, clusters)
}

/// Sums up what the rails reach.
pub(crate) fn connectivity(structure: &Microstructure, rails: &Rails, particles: &[ParticleReport]) -> Connectivity {
    let (mut nca, mut active, mut electrons, mut ions) = (0_usize, 0, 0, 0);
    for (voxel, _) in structure.phase.iter().enumerate().filter(|(_, p)| p.stores_lithium()) {
        nca += 1;
        active += usize::from(rails.electronic[voxel] && rails.ionic[voxel]);
        electrons += usize::from(rails.electronic[voxel]);
        ions += usize::from(rails.ionic[voxel]);
    }
    let share = |part: usize| if nca > 0 { part as f64 / nca as f64 } else { 0.0 };
    let numbers = |chosen: &dyn Fn(&ParticleReport) -> bool| {
        particles.iter().filter(|p| p.voxels > 0 && chosen(p)).map(|p| p.number).collect()
    };
    let ways: Vec<(f64, f64)> =
        particles.iter().filter_map(|p| p.electronic_path_ratio.map(|r| (r, p.voxels as f64))).collect();
    let weight: f64 = ways.iter().map(|w| w.1).sum();
    Connectivity {
        electronic: rails.electronic_clusters,
        ionic: rails.ionic_clusters,
        nca: NcaConnectivity {
            active_fraction: share(active),
            electronically_isolated_fraction: share(nca - electrons),
            ionically_isolated_fraction: share(nca - ions),
            electronically_isolated_particles: numbers(&|p| p.electronic_fraction == 0.0),
            ionically_isolated_particles: numbers(&|p| p.ionic_fraction == 0.0),
            weakly_wired_particles: numbers(&ParticleReport::is_weakly_wired),
            electronic_path_ratio: (weight > 0.0).then(|| ways.iter().map(|w| w.0 * w.1).sum::<f64>() / weight),
        },
    }
}
