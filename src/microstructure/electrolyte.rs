//! Electrolyte grains: overlapping spheres in what NCA, coat and carbon leave.
//!
//! A list of spheres that depends on the seed alone is dropped one by one, each filling what is still free inside it, until the
//! volume is reached; the last one fills from its centre outward. So grains give way to what is there, as soft
//! sulfide does under pressure, and what stays free is pore.

use crate::grid::VoxelGrid;
use crate::materials::Phase;
use crate::microstructure::random::{Step, Stream};
use crate::microstructure::rank;
use crate::microstructure::spheres::{images, span};

/// Diameters are uniform within this factor of the mean; *assumed*.
const DIAMETER_SPREAD: f64 = 0.4;

/// Grains are dropped until their volume is this multiple of the domain's; 0.2 ‰ of the space is then still out of reach.
const PILE: f64 = 8.5;

/// No more grains than this, however small.
const MAX_GRAINS: f64 = 2e7;

/// Fills `targets` = (phase, voxels) with grains of a mean diameter [um].
///
/// With several phases each grain's phase is drawn in proportion to what is still missing. What the grains cannot reach is
/// filled where a voxel has most neighbours of the phase.
pub(crate) fn fill(grid: &VoxelGrid, phase: &mut [Phase], targets: &[(Phase, usize)], diameter_um: f64, seed: u32) {
    let mut missing: Vec<(Phase, usize)> = targets.to_vec();
    let extent = grid.extent_um();
    let volume = extent[0] * extent[1] * extent[2];
    let h = grid.voxel_um;
    let mut stream = Stream::new(seed, Step::Grains);
    let mut piled = 0.0;
    let mut grains = 0.0;
    let mut free = Vec::new();
    while missing.iter().any(|m| m.1 > 0) && piled < PILE * volume && grains < MAX_GRAINS {
        let [u, v, w] = [stream.uniform(), stream.uniform(), stream.uniform()];
        let centre = [u * extent[0], v * extent[1], w * extent[2]];
        let radius = 0.5 * diameter_um * (1.0 + DIAMETER_SPREAD * (2.0 * stream.uniform() - 1.0));
        let draw = stream.uniform() * missing.iter().map(|m| m.1 as f64).sum::<f64>();
        let mut upto = 0.0;
        let chosen = missing.iter().position(|m| {
            upto += m.1 as f64;
            draw < upto
        });
        let Some(chosen) = chosen else { break };
        piled += 4.0 / 3.0 * std::f64::consts::PI * radius * radius * radius;
        grains += 1.0;
        // A grain smaller than a voxel still holds the voxel it lies in.
        let radius = radius.max(0.87 * h);
        free.clear();
        for c in images(centre, radius, extent) {
            for z in span(c[2], radius, h, grid.size[2]) {
                let dz = (z as f64 + 0.5) * h - c[2];
                for y in span(c[1], (radius * radius - dz * dz).max(0.0).sqrt(), h, grid.size[1]) {
                    let dy = (y as f64 + 0.5) * h - c[1];
                    let rest = (radius * radius - dz * dz - dy * dy).max(0.0).sqrt();
                    let row = grid.index([0, y, z]);
                    for x in span(c[0], rest, h, grid.size[0]) {
                        if phase[row + x] == Phase::Pore {
                            let dx = (x as f64 + 0.5) * h - c[0];
                            free.push(rank::entry((dx * dx + dy * dy + dz * dz) as f32, row + x));
                        }
                    }
                }
            }
        }
        // In a domain narrower than a grain two images may hold the same voxel.
        free.sort_unstable_by_key(|e| e & u64::from(u32::MAX));
        free.dedup_by_key(|e| *e & u64::from(u32::MAX));
        let (kind, want) = &mut missing[chosen];
        let take = free.len().min(*want);
        *want -= take;
        rank::lowest(&mut free, take, |voxel| phase[voxel] = *kind);
    }
    for (kind, want) in missing {
        fill_by_neighbours(grid, phase, kind, want);
    }
}

/// Gives `want` free voxels to `kind`, those first that touch most of it.
fn fill_by_neighbours(grid: &VoxelGrid, phase: &mut [Phase], kind: Phase, want: usize) {
    if want == 0 {
        return;
    }
    let mut entries: Vec<u64> = (0..phase.len())
        .filter(|&voxel| phase[voxel] == Phase::Pore)
        .map(|voxel| {
            let same = grid.neighbours(voxel).into_iter().flatten().filter(|&n| phase[n] == kind).count();
            rank::entry(6.0 - same as f32, voxel)
        })
        .collect();
    let want = want.min(entries.len());
    rank::lowest(&mut entries, want, |voxel| phase[voxel] = kind);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(size: usize, voxel_um: f64, targets: &[(Phase, usize)], diameter: f64) -> Vec<Phase> {
        let grid = VoxelGrid { size: [size; 3], voxel_um };
        let mut phase = vec![Phase::Pore; grid.len()];
        fill(&grid, &mut phase, targets, diameter, 1);
        phase
    }

    #[test]
    fn counts_are_exact_even_when_grains_cannot_fill() {
        for (lpscl, halide) in [(500, 0), (4000, 1000), (7900, 100), (8000, 0)] {
            for diameter in [0.1, 2.5, 9.0] {
                let phase = filled(20, 0.5, &[(Phase::Halide, halide), (Phase::Lpscl, lpscl)], diameter);
                let count = |p| phase.iter().filter(|&&q| q == p).count();
                assert_eq!((count(Phase::Lpscl), count(Phase::Halide)), (lpscl, halide), "{diameter}");
            }
        }
    }

    #[test]
    fn grains_sit_at_the_same_places_on_every_grid() {
        let coarse = filled(20, 0.5, &[(Phase::Lpscl, 2400)], 2.5);
        let fine = filled(40, 0.25, &[(Phase::Lpscl, 8 * 2400)], 2.5);
        let grid = VoxelGrid { size: [40; 3], voxel_um: 0.25 };
        let same = (0..fine.len())
            .filter(|&v| {
                let [x, y, z] = grid.coordinates(v);
                coarse[x / 2 + 20 * (y / 2 + 20 * (z / 2))] == fine[v]
            })
            .count();
        // Independent draws of 30 % would agree in 58 %; what differs are surfaces, half a voxel deep.
        assert!(same as f64 > 0.85 * fine.len() as f64, "{same} of {}", fine.len());
    }
}
