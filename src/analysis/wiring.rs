//! How each particle is tied to the current collector.
//!
//! Particles, pieces of carbon and mixed coat, and the collector form a graph whose edges are contact areas. A particle's *bottleneck*
//! is the narrowest contact of the widest way to the collector, found on the maximum spanning tree (Hu 1961): what counts for
//! the current is not only whether it is connected, but through how much.

use serde::Serialize;

use crate::analysis::electronic::{ElectronicContact, at_collector, pieces};
use crate::analysis::sets::DisjointSets;
use crate::analysis::{ByPhase, Coverage, Rails};
use crate::materials::Phase;
use crate::microstructure::spheres::{into_period, nearest_image};
use crate::microstructure::{Microstructure, NO_PARTICLE};

/// A particle is weakly wired if it exchanges electrons through less than this fraction of its surface; a *convention*: half a per
/// cent of a 5 um sphere are a contact 0.7 um across, one island of carbon.
pub const WEAK: f64 = 0.005;

/// What is known of one particle.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ParticleReport {
    pub number: u32,
    /// Centre of its sphere [um], which may lie beyond an end that cuts it; of its voxels in an imported volume.
    pub centre_um: [f64; 3],
    /// Diameter of the sphere of equal volume [um].
    pub diameter_um: f64,
    pub voxels: usize,
    pub surface_um2: f64,
    pub coverage: ByPhase<f64>,
    /// Share of its voxels tied to the collector.
    pub electronic_fraction: f64,
    /// Share of its voxels tied to the separator.
    pub ionic_fraction: f64,
    /// Area through which it exchanges electrons with other particles, and with carbon and mixed coat that lead on from it, by the models
    /// that do not depend on the voxel size [um²].
    pub electronic_contact_um2: f64,
    /// Narrowest contact on the widest way to the collector [um²]; `None` if there is no way.
    pub electronic_bottleneck_um2: Option<f64>,
    /// Shortest way to the collector through the electronic rail over the straight one, mean over its voxels; at least 1.
    pub electronic_path_ratio: Option<f64>,
}

impl ParticleReport {
    /// Is its electronic contact below [`WEAK`] of its surface?
    pub fn is_weakly_wired(&self) -> bool {
        self.electronic_contact_um2 < WEAK * self.surface_um2
    }
}

/// All particles, in the order of their numbers.
pub(crate) fn particles(structure: &Microstructure, rails: &Rails, coverage: &Coverage) -> Vec<ParticleReport> {
    let grid = &structure.grid;
    let count = coverage.area_um2.len();
    let steps = steps_to_collector(structure, rails);
    let bottleneck = bottlenecks(structure, &rails.contacts, count);
    let contact = contact_areas(structure, &rails.contacts, count);
    let mut first = vec![usize::MAX; count];
    let mut sums = vec![Sums::default(); count];
    let extent = grid.extent_um();
    for (voxel, _) in structure.phase.iter().enumerate().filter(|(_, p)| p.stores_lithium()) {
        let number = structure.particle[voxel] as usize;
        let sum = &mut sums[number];
        if first[number] == usize::MAX {
            first[number] = voxel;
        }
        let (at, from) = (grid.centre_um(voxel), grid.centre_um(first[number]));
        let apart = nearest_image(at, from, extent);
        for (total, d) in sum.offset.iter_mut().zip(apart) {
            *total += d;
        }
        sum.voxels += 1;
        sum.electronic += usize::from(rails.electronic[voxel]);
        sum.ionic += usize::from(rails.ionic[voxel]);
        if steps[voxel] != u32::MAX {
            // Voxels away from the collector, its own layer included.
            let straight = (grid.size[2] - grid.coordinates(voxel)[2]) as f64;
            sum.ratio += f64::from(steps[voxel]) / straight;
            sum.reached += 1;
        }
    }
    let volume = grid.voxel_um * grid.voxel_um * grid.voxel_um;
    sums.iter()
        .enumerate()
        .map(|(number, sum)| {
            let n = sum.voxels as f64;
            let share = |part: usize| if sum.voxels > 0 { part as f64 / n } else { 0.0 };
            let centre_um = match (first[number], structure.particles.get(number)) {
                (_, Some(sphere)) => sphere.centre_um,
                (usize::MAX, None) => [0.0; 3],
                (voxel, None) => {
                    let from = grid.centre_um(voxel);
                    [0, 1, 2].map(|a| {
                        let c = from[a] + sum.offset[a] / n;
                        if a < 2 { into_period(c, extent[a]) } else { c }
                    })
                }
            };
            ParticleReport {
                number: number as u32,
                centre_um,
                diameter_um: libm::cbrt(6.0 / std::f64::consts::PI * n * volume),
                voxels: sum.voxels,
                surface_um2: coverage.area_um2[number],
                coverage: coverage.per_particle[number],
                electronic_fraction: share(sum.electronic),
                ionic_fraction: share(sum.ionic),
                electronic_contact_um2: contact[number],
                electronic_bottleneck_um2: bottleneck[number],
                electronic_path_ratio: (sum.reached > 0).then(|| sum.ratio / sum.reached as f64),
            }
        })
        .collect()
}

#[derive(Clone, Default)]
struct Sums {
    offset: [f64; 3],
    voxels: usize,
    electronic: usize,
    ionic: usize,
    ratio: f64,
    reached: usize,
}

/// Area of the electronic contacts of each particle [um²].
fn contact_areas(structure: &Microstructure, contacts: &[ElectronicContact], particles: usize) -> Vec<f64> {
    let face = structure.grid.voxel_um * structure.grid.voxel_um;
    let mut areas = vec![0.0; particles];
    for contact in contacts {
        let sides = [contact.voxel, contact.neighbour].map(|voxel| structure.particle[voxel as usize]);
        for particle in sides.into_iter().filter(|&particle| particle != NO_PARTICLE) {
            areas[particle as usize] += contact.area * face;
        }
    }
    areas
}

/// Steps from voxel to voxel to the collector along the electronic rail, breadth first; 1 in its layer, `u32::MAX` if there
/// is no way.
fn steps_to_collector(structure: &Microstructure, rails: &Rails) -> Vec<u32> {
    let grid = &structure.grid;
    let n = structure.phase.len();
    let mut steps = vec![u32::MAX; n];
    let mut front: Vec<u32> = Vec::new();
    for (voxel, _) in at_collector(structure) {
        steps[voxel] = 1;
        front.push(voxel as u32);
    }
    // Sides of a voxel, one bit each, with a contact or carbon that crosses; inside particles and mixed coat all faces pass.
    let mut open = vec![0_u8; n];
    let contacts = rails.contacts.iter().map(|c| (c.voxel as usize, c.neighbour as usize));
    let carbon = structure.carbon.iter().map(|c| (c.voxel as usize, c.axis));
    let carbon = carbon.filter_map(|(voxel, axis)| Some((voxel, grid.next(voxel, axis)?)));
    for (a, b) in contacts.chain(carbon) {
        for (from, to) in [(a, b), (b, a)] {
            let side = grid.neighbours(from).iter().position(|&next| next == Some(to));
            open[from] |= side.map_or(0, |side| 1 << side);
        }
    }
    let alike = |a: usize, b: usize| match structure.phase[a] {
        Phase::Mixed => structure.phase[b] == Phase::Mixed,
        phase => phase.stores_lithium() && structure.particle[a] == structure.particle[b],
    };
    let mut behind = Vec::new();
    let mut step = 1;
    while !front.is_empty() {
        step += 1;
        for &voxel in &front {
            let voxel = voxel as usize;
            for (side, next) in grid.neighbours(voxel).into_iter().enumerate() {
                let Some(next) = next else { continue };
                if steps[next] == u32::MAX && (open[voxel] >> side & 1 == 1 || alike(voxel, next)) {
                    steps[next] = step;
                    behind.push(next as u32);
                }
            }
        }
        front.clear();
        std::mem::swap(&mut front, &mut behind);
    }
    steps
}

/// Bottleneck of each particle [um²].
fn bottlenecks(structure: &Microstructure, contacts: &[ElectronicContact], particles: usize) -> Vec<Option<f64>> {
    let grid = &structure.grid;
    let unit = grid.voxel_um * grid.voxel_um;
    // Nodes: particles, then pieces of carbon and mixed coat, then the collector.
    let mut pieces = pieces(structure);
    let outside = contacts.iter().map(|c| c.neighbour as usize).chain(at_collector(structure).map(|(voxel, _)| voxel));
    let mut number = vec![u32::MAX; grid.len()];
    let mut count = 0;
    for voxel in outside.filter(|&v| !structure.phase[v].stores_lithium()) {
        let number = &mut number[pieces.find(voxel)];
        if *number == u32::MAX {
            *number = count;
            count += 1;
        }
    }
    let collector = particles + count as usize;
    let mut node = |v: u32| {
        let v = v as usize;
        if structure.phase[v].stores_lithium() {
            structure.particle[v] as usize
        } else {
            particles + number[pieces.find(v)] as usize
        }
    };
    let mut edges: Vec<(u32, u32, f64)> = Vec::new();
    for contact in contacts {
        let (a, b) = (node(contact.voxel), node(contact.neighbour));
        edges.push((a.min(b) as u32, a.max(b) as u32, contact.area * unit));
    }
    let ends = at_collector(structure);
    edges.extend(ends.map(|(voxel, share)| (node(voxel as u32) as u32, collector as u32, share * unit)));
    edges.sort_by_key(|e| (e.0, e.1));
    let mut joined: Vec<(u32, u32, f64)> = edges
        .chunk_by(|a, b| (a.0, a.1) == (b.0, b.1))
        .map(|same| (same[0].0, same[0].1, same.iter().map(|e| e.2).sum()))
        .collect();
    // Widest first: the edge that first joins a node to the collector is its bottleneck.
    joined.sort_by(|a, b| b.2.total_cmp(&a.2).then((a.0, a.1).cmp(&(b.0, b.1))));
    let mut sets = DisjointSets::new(collector + 1);
    let mut members: Vec<Vec<u32>> = (0..=collector as u32).map(|i| vec![i]).collect();
    let mut bottleneck = vec![None; particles];
    for (a, b, area) in joined {
        let (a, b) = (sets.find(a as usize), sets.find(b as usize));
        if a == b {
            continue;
        }
        let end = sets.find(collector);
        for (here, there) in [(a, b), (b, a)] {
            if there == end {
                for &member in members[here].iter().filter(|&&m| (m as usize) < particles) {
                    bottleneck[member as usize] = Some(area);
                }
            }
        }
        sets.join(a, b);
        let root = sets.find(a);
        let gone = if root == a { b } else { a };
        let mut moved = std::mem::take(&mut members[gone]);
        members[root].append(&mut moved);
    }
    bottleneck
}
