//! From labels to a structure: phases, particles and the surface of the NCA.

use crate::analysis::sets::DisjointSets;
use crate::grid::{Axis, VoxelGrid};
use crate::import::{ImportError, LabelVolume, checked_size};
use crate::materials::Phase;
use crate::microstructure::carbon::crossed_in_voxels;
use crate::microstructure::{Microstructure, SurfaceFace};

/// Which label is which phase.
///
/// The default takes the twin's own numbers, 0 pore to 5 mixed ([`Phase`]). As text: `0=pore, 1=nca, 10-99=nca, 2=lpscl`; several
/// labels of NCA are particles told apart beforehand.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelMap {
    /// First and last label, and their phase; a later entry beats an earlier one.
    ranges: Vec<(u16, u16, Phase)>,
}

impl Default for LabelMap {
    fn default() -> LabelMap {
        LabelMap { ranges: Phase::ALL.map(|p| (p as u16, p as u16, p)).to_vec() }
    }
}

impl LabelMap {
    /// Reads a map from text.
    ///
    /// # Errors
    /// [`ImportError::BadLabelMap`] with the part that cannot be read.
    pub fn parse(text: &str) -> Result<LabelMap, ImportError> {
        let bad = |part: &str, allowed| ImportError::BadLabelMap { part: part.chars().take(64).collect(), allowed };
        let mut ranges = Vec::new();
        for part in text.split(',').map(str::trim).filter(|p| !p.is_empty()) {
            let (labels, key) = part.split_once('=').ok_or_else(|| bad(part, "label=phase or first-last=phase"))?;
            let phase = Phase::ALL.into_iter().find(|p| p.key() == key.trim());
            let phase = phase.ok_or_else(|| bad(part, "phases are pore, nca, halide, lpscl, carbon, mixed"))?;
            let number = |s: &str| s.trim().parse().map_err(|_| bad(part, "labels are whole numbers from 0 to 65535"));
            let (first, last) = match labels.split_once('-') {
                Some((first, last)) => (number(first)?, number(last)?),
                None => (number(labels)?, number(labels)?),
            };
            if first > last {
                return Err(bad(part, "a range runs from its lower to its higher label"));
            }
            ranges.push((first, last, phase));
        }
        if ranges.is_empty() { Err(bad(text, "label=phase, separated by commas")) } else { Ok(LabelMap { ranges }) }
    }

    /// The phase of a label.
    pub fn phase(&self, label: u16) -> Option<Phase> {
        self.ranges.iter().rev().find(|r| (r.0..=r.1).contains(&label)).map(|r| r.2)
    }
}

/// Makes a structure of labels.
///
/// Each connected piece of NCA of one label is a particle (x and y periodic). The coat is what its voxels show: a face towards
/// halide, mixed coat, carbon or another particle is covered by it entirely, and `coat_um` is 0, since the voxels themselves carry the
/// coat's resistance.
///
/// # Errors
/// See [`ImportError`].
pub fn microstructure(volume: &LabelVolume, map: &LabelMap, voxel_um: f64) -> Result<Microstructure, ImportError> {
    if !(0.001..=100.0).contains(&voxel_um) {
        return Err(ImportError::VoxelSize { voxel_um });
    }
    let [x, y, z] = volume.size.map(|n| n as u64);
    checked_size(&[z, y, x])?;
    let grid = VoxelGrid { size: volume.size, voxel_um };
    if volume.labels.len() != grid.len() {
        let (needed, found) = (grid.len() as u64, volume.labels.len() as u64);
        return Err(ImportError::Truncated { format: "label", needed, found });
    }
    let mut voxels = vec![0_usize; 1 << 16];
    for &label in &volume.labels {
        voxels[usize::from(label)] += 1;
    }
    let table: Vec<Option<Phase>> = (0..=u16::MAX).map(|label| map.phase(label)).collect();
    let unmapped = |label: &u16| voxels[usize::from(*label)] > 0 && table[usize::from(*label)].is_none();
    let labels: Vec<(u16, usize)> =
        (0..=u16::MAX).filter(unmapped).take(16).map(|label| (label, voxels[usize::from(label)])).collect();
    if !labels.is_empty() {
        return Err(ImportError::UnmappedLabels { labels });
    }
    let phase: Vec<Phase> =
        volume.labels.iter().map(|&label| table[usize::from(label)].unwrap_or(Phase::Pore)).collect();
    if !phase.contains(&Phase::Nca) {
        return Err(ImportError::NoActiveMaterial);
    }
    let particle = particles(&grid, &phase, &volume.labels);
    let surface = surface(&grid, &phase, &particle);
    let carbon = crossed_in_voxels(&grid, &phase);
    Ok(Microstructure { grid, phase, particle, particles: Vec::new(), surface, carbon })
}

/// Numbers the connected pieces of NCA of equal label, in the order of their first voxels.
fn particles(grid: &VoxelGrid, phase: &[Phase], labels: &[u16]) -> Vec<u32> {
    let mut sets = DisjointSets::new(grid.len());
    for (voxel, &p) in phase.iter().enumerate() {
        for next in Axis::ALL.into_iter().filter_map(|axis| grid.next(voxel, axis)) {
            if p == Phase::Nca && phase[next] == Phase::Nca && labels[voxel] == labels[next] {
                sets.join(voxel, next);
            }
        }
    }
    // What belongs to no particle has the number of no set: both are the greatest.
    sets.numbered(|voxel| phase[voxel] == Phase::Nca).0
}

/// Depth of a surface voxel's centre [voxels]: with it a single particle of 5 to 8 voxels across discharges as one whose every
/// depth is known.
const MEAN_DEPTH: f32 = 0.35;

/// Radius of the ball over which normals are averaged [voxels].
const NORMAL_RADIUS: i64 = 3;

fn surface(grid: &VoxelGrid, phase: &[Phase], particle: &[u32]) -> Vec<SurfaceFace> {
    let r = NORMAL_RADIUS;
    let mut ball = Vec::new();
    for z in -r..=r {
        for y in -r..=r {
            ball.extend((-r..=r).filter(|x| x * x + y * y + z * z <= r * r).map(|x| [x, y, z]));
        }
    }
    let [nx, ny, nz] = grid.size.map(|n| n as i64);
    // First moment of the particle in a ball around a voxel: it points inward, against the normal of the smoothed indicator.
    let moment = |voxel: usize, own: u32| {
        let [x, y, z] = grid.coordinates(voxel).map(|c| c as i64);
        let mut sum = [0_i64; 3];
        for d in &ball {
            let at = [
                (x + d[0]).rem_euclid(nx) as usize,
                (y + d[1]).rem_euclid(ny) as usize,
                (z + d[2]).clamp(0, nz - 1) as usize,
            ];
            if particle[grid.index(at)] == own {
                for (total, step) in sum.iter_mut().zip(d) {
                    *total += step;
                }
            }
        }
        sum
    };
    let mut surface = Vec::new();
    for voxel in (0..grid.len()).filter(|&v| phase[v] == Phase::Nca) {
        let own = particle[voxel];
        let mut here = None;
        for neighbour in grid.neighbours(voxel).into_iter().flatten() {
            if particle[neighbour] == own {
                continue;
            }
            let here = *here.get_or_insert_with(|| moment(voxel, own));
            let there = moment(neighbour, own);
            let n = [0, 1, 2].map(|a| (here[a] + there[a]) as f64);
            let length = (n[0] * n[0] + n[1] * n[1] + n[2] * n[2]).sqrt();
            let stairs = n[0].abs() + n[1].abs() + n[2].abs();
            let is = |kinds: &[Phase]| f32::from(u8::from(kinds.contains(&phase[neighbour])));
            surface.push(SurfaceFace {
                voxel: voxel as u32,
                neighbour: neighbour as u32,
                // A crumb without direction counts by the mean over all directions.
                area: (if stairs > 0.0 { length / stairs } else { 2.0 / 3.0 }) as f32,
                depth: MEAN_DEPTH,
                covered: is(&[Phase::Halide, Phase::Mixed]),
                coat_um: 0.0,
                mixed: is(&[Phase::Mixed]),
                carbon: is(&[Phase::Carbon]),
                wired: is(&[Phase::Carbon]),
                contact: is(&[Phase::Nca]),
                sheltered: 0.0,
            });
        }
    }
    surface
}
