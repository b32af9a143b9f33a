//! Shapes: chord lengths of each phase, and the packing's sizes, distances and overlaps.

use serde::Serialize;

use crate::analysis::ByPhase;
use crate::grid::Axis;
use crate::materials::Phase;
use crate::microstructure::pack::close_pairs;
use crate::microstructure::spheres::nearest_packed;
use crate::microstructure::surface::CONTACT_GAP_UM;
use crate::microstructure::{Microstructure, Sphere};

/// Lengths of straight lines through a phase [um].
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct ChordLength {
    /// Mean along x, y and z; 0 for a phase that is not there.
    pub mean_um: [f64; 3],
    /// Of all chords of the three axes, by number.
    pub p10_um: f64,
    pub median_um: f64,
    pub p90_um: f64,
}

/// Chords of each phase along the rows of voxels.
///
/// A chord that runs around the periodic side is one chord; a row of one phase throughout is one chord of the row's length.
/// Along z the walls end chords.
pub fn chord_lengths(structure: &Microstructure) -> ByPhase<ChordLength> {
    let grid = &structure.grid;
    let h = grid.voxel_um;
    let longest = grid.size.into_iter().max().unwrap_or(0);
    // Number of chords by length in voxels, for each phase.
    let mut histogram = vec![[0_u64; Phase::COUNT]; longest + 1];
    let mut means = ByPhase::<[f64; 3]>::default();
    for axis in Axis::ALL {
        let a = axis.index();
        let (n, stride) = (grid.size[a], [1, grid.size[0], grid.size[0] * grid.size[1]][a]);
        let mut chords = [0_u64; Phase::COUNT];
        let mut voxels = [0_u64; Phase::COUNT];
        let mut end = |phase: Phase, length: usize| {
            histogram[length][phase as usize] += 1;
            chords[phase as usize] += 1;
            voxels[phase as usize] += length as u64;
        };
        let starts = (0..grid.len()).filter(|i| (i / stride).is_multiple_of(n));
        for start in starts {
            let at = |i: usize| structure.phase[start + i % n * stride];
            let periodic = axis != Axis::Z;
            // Begin at a boundary, so that no chord is cut by the period.
            let from = if periodic { (0..n).find(|&i| at(i) != at(i + n - 1)) } else { Some(0) };
            let Some(from) = from else {
                end(at(0), n);
                continue;
            };
            let mut length = 1;
            for i in from + 1..=from + n {
                if i < from + n && at(i) == at(i - 1) {
                    length += 1;
                } else {
                    end(at(i - 1), length);
                    length = 1;
                }
            }
        }
        for phase in Phase::ALL {
            let p = phase as usize;
            means[phase][a] = if chords[p] > 0 { voxels[p] as f64 * h / chords[p] as f64 } else { 0.0 };
        }
    }
    ByPhase(Phase::ALL.map(|phase| {
        let total: u64 = histogram.iter().map(|bin| bin[phase as usize]).sum();
        let quantile = |q: f64| {
            let mut sum = 0;
            let found = histogram.iter().position(|bin| {
                sum += bin[phase as usize];
                sum > 0 && sum as f64 >= q * total as f64
            });
            found.map_or(0.0, |length| length as f64 * h)
        };
        ChordLength { mean_um: means[phase], p10_um: quantile(0.1), median_um: quantile(0.5), p90_um: quantile(0.9) }
    }))
}

/// The packing of the spheres; all zero or empty for an imported volume.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Packing {
    pub particles: usize,
    /// Diameters below which 10, 50 and 90 % of the volume lie [um].
    pub d10_um: f64,
    pub d50_um: f64,
    pub d90_um: f64,
    /// Volume share of each class of diameter.
    pub sizes: Vec<SizeClass>,
    /// Greatest overlap of two spheres, as a fraction of the sum of their radii.
    pub greatest_overlap: f64,
    /// Overlaps' volume over that of the spheres.
    pub overlap_volume_fraction: f64,
    /// Mean number of particles closer than [`CONTACT_GAP_UM`].
    pub coordination: f64,
    /// Radial distribution function g(r) of the centres.
    pub radial_distribution: Vec<RadialPoint>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct SizeClass {
    pub from_um: f64,
    pub to_um: f64,
    pub volume_fraction: f64,
}

/// g at the middle r of a shell: pairs found over pairs expected of centres thrown at random.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct RadialPoint {
    pub r_um: f64,
    pub g: f64,
}

/// Sizes, overlaps and distances of the spheres, one that an end of the domain cuts taken once.
pub fn packing(structure: &Microstructure) -> Packing {
    let extent = structure.grid.extent_um();
    let inside = |s: &&Sphere| (0.0..extent[2]).contains(&s.centre_um[2]);
    let spheres: Vec<Sphere> = structure.particles.iter().filter(inside).copied().collect();
    if spheres.is_empty() {
        return Packing::default();
    }
    let mut ascending: Vec<f64> = spheres.iter().map(|s| 2.0 * s.radius_um).collect();
    ascending.sort_by(f64::total_cmp);
    let cube = |d: f64| d * d * d;
    let total: f64 = ascending.iter().map(|&d| cube(d)).sum();
    let quantile = |q: f64| {
        let mut sum = 0.0;
        let found = ascending.iter().find(|&&d| {
            sum += cube(d);
            sum >= q * total
        });
        *found.unwrap_or(&ascending[ascending.len() - 1])
    };
    let (least, greatest) = (ascending[0], ascending[ascending.len() - 1]);
    const CLASSES: usize = 12;
    let width = (greatest - least) / CLASSES as f64;
    let mut sizes: Vec<SizeClass> = (0..CLASSES)
        .map(|i| SizeClass {
            from_um: least + i as f64 * width,
            to_um: least + (i + 1) as f64 * width,
            volume_fraction: 0.0,
        })
        .collect();
    for &d in &ascending {
        let class = if width > 0.0 { ((d - least) / width) as usize } else { 0 };
        sizes[class.min(CLASSES - 1)].volume_fraction += cube(d) / total;
    }
    let (mut worst, mut lenses, mut touching) = (0.0_f64, 0.0, 0);
    for (i, j) in close_pairs(&spheres, extent, CONTACT_GAP_UM) {
        let (a, b) = (spheres[i as usize], spheres[j as usize]);
        let d = distance(&a, &b, extent);
        touching += 2;
        worst = worst.max(1.0 - d / (a.radius_um + b.radius_um));
        lenses += lens(a.radius_um, b.radius_um, d);
    }
    Packing {
        particles: spheres.len(),
        d10_um: quantile(0.1),
        d50_um: quantile(0.5),
        d90_um: quantile(0.9),
        sizes,
        greatest_overlap: worst.max(0.0),
        overlap_volume_fraction: lenses / (std::f64::consts::PI / 6.0 * total),
        coordination: f64::from(touching) / spheres.len() as f64,
        radial_distribution: radial_distribution(&spheres, extent),
    }
}

fn distance(a: &Sphere, b: &Sphere, extent: [f64; 3]) -> f64 {
    let [x, y, z] = nearest_packed(a.centre_um, b.centre_um, extent);
    (x * x + y * y + z * z).sqrt()
}

/// Volume that two spheres share [um³].
fn lens(r: f64, s: f64, d: f64) -> f64 {
    if d >= r + s {
        return 0.0;
    }
    if d <= (r - s).abs() {
        let least = r.min(s);
        return 4.0 / 3.0 * std::f64::consts::PI * least * least * least;
    }
    let sum = r + s - d;
    std::f64::consts::PI * sum * sum * (d * d + 2.0 * d * (r + s) - 3.0 * (r - s) * (r - s)) / (12.0 * d)
}

/// g(r) up to half the least period, in shells of 0.5 um.
fn radial_distribution(spheres: &[Sphere], extent: [f64; 3]) -> Vec<RadialPoint> {
    const SHELL_UM: f64 = 0.5;
    let shells = (0.5 * extent[0].min(extent[1]).min(extent[2]) / SHELL_UM).floor() as usize;
    let density = spheres.len() as f64 / (extent[0] * extent[1] * extent[2]);
    let mut found = vec![0.0; shells];
    // Every pair for up to 2000 particles, a sample of as many beyond.
    let sample = spheres.len().div_ceil(2000);
    for (i, a) in spheres.iter().enumerate().step_by(sample) {
        for (_, b) in spheres.iter().enumerate().filter(|(j, _)| *j != i) {
            let shell = (distance(a, b, extent) / SHELL_UM) as usize;
            if shell < shells {
                found[shell] += 1.0;
            }
        }
    }
    let looked_at = spheres.len().div_ceil(sample) as f64;
    found
        .into_iter()
        .enumerate()
        .map(|(i, pairs)| {
            let r_um = (i as f64 + 0.5) * SHELL_UM;
            let expected = looked_at * density * 4.0 * std::f64::consts::PI * r_um * r_um * SHELL_UM;
            RadialPoint { r_um, g: pairs / expected }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lenses_of_known_volume() {
        let sphere = 4.0 / 3.0 * std::f64::consts::PI;
        assert_eq!(lens(1.0, 1.0, 2.0), 0.0);
        // Two unit spheres one radius apart share 5/16 of one.
        assert!((lens(1.0, 1.0, 1.0) - 5.0 / 16.0 * sphere).abs() < 1e-12);
        assert!((lens(2.0, 1.0, 0.5) - sphere).abs() < 1e-12);
    }

    #[test]
    fn chords_wrap_around_the_sides_and_end_at_the_walls() {
        // LPSCl in the first and the last layer along an axis, pore between.
        let slabs = |size: [usize; 3], axis: usize| {
            let grid = crate::grid::VoxelGrid { size, voxel_um: 0.5 };
            let outer = |v: usize| matches!(grid.coordinates(v)[axis], 0 | 3);
            let phase = (0..grid.len()).map(|v| if outer(v) { Phase::Lpscl } else { Phase::Pore }).collect();
            let particle = vec![u32::MAX; grid.len()];
            chord_lengths(&Microstructure { grid, phase, particle, particles: vec![], surface: vec![], carbon: vec![] })
        };
        assert_eq!(slabs([2, 2, 4], 2)[Phase::Lpscl].mean_um, [1.0, 1.0, 0.5]);
        // One chord of two voxels around the side.
        let chords = slabs([4, 2, 3], 0);
        assert_eq!(chords[Phase::Lpscl].mean_um, [1.0, 1.0, 1.5]);
        assert_eq!(chords[Phase::Pore].mean_um, [1.0, 1.0, 1.5]);
        assert_eq!(chords[Phase::Carbon], ChordLength::default());
        // Twelve chords of two voxels and four of three.
        let lpscl = chords[Phase::Lpscl];
        assert_eq!([lpscl.p10_um, lpscl.median_um, lpscl.p90_um], [1.0, 1.0, 1.5]);
    }

    fn spheres(size: [usize; 3], particles: Vec<Sphere>) -> Microstructure {
        let grid = crate::grid::VoxelGrid { size, voxel_um: 1.0 };
        Microstructure { grid, phase: vec![], particle: vec![], particles, surface: vec![], carbon: vec![] }
    }

    #[test]
    fn a_packing_of_three_spheres_by_hand() {
        let sphere = |x: f64, radius_um: f64| Sphere { centre_um: [x, 5.0, 5.0], radius_um };
        // The first two overlap by a twentieth around the periodic side.
        let p = packing(&spheres([10; 3], vec![sphere(0.5, 1.0), sphere(8.6, 1.0), sphere(4.6, 2.0)]));
        assert_eq!(p.particles, 3);
        assert!((p.greatest_overlap - 0.05).abs() < 1e-12, "{}", p.greatest_overlap);
        // A lens of two caps of height 0.05.
        let volume =
            2.0 * std::f64::consts::PI / 3.0 * 0.05 * 0.05 * (3.0 - 0.05) / (40.0 / 3.0 * std::f64::consts::PI);
        assert!((p.overlap_volume_fraction / volume - 1.0).abs() < 1e-9, "{}", p.overlap_volume_fraction);
        assert!((p.coordination - 2.0 / 3.0).abs() < 1e-12, "{}", p.coordination);
        // The large one holds eight tenths of the volume.
        assert_eq!([p.d10_um, p.d50_um, p.d90_um], [2.0, 4.0, 4.0]);
        let (first, last) = (p.sizes[0], p.sizes[p.sizes.len() - 1]);
        assert!((first.volume_fraction - 0.2).abs() < 1e-12 && (last.volume_fraction - 0.8).abs() < 1e-12);
        assert_eq!((first.from_um, last.to_um), (2.0, 4.0));
    }

    /// Centres thrown at random have g = 1 at every distance; those of a simple cubic lattice stand only at its distances.
    #[test]
    fn radial_distributions_of_chance_and_lattice() {
        let mut stream = crate::microstructure::random::Stream::new(1, crate::microstructure::random::Step::Positions);
        let point = |centre_um| Sphere { centre_um, radius_um: 1e-3 };
        let thrown: Vec<Sphere> = (0..2000).map(|_| point([20.0; 3].map(|l| l * stream.uniform()))).collect();
        for p in radial_distribution(&thrown, [20.0; 3]).iter().filter(|p| p.r_um > 2.0) {
            // Five times what the 8000 pairs of the smallest of these shells scatter by.
            assert!((p.g - 1.0).abs() < 0.06, "{p:?}");
        }
        let lattice: Vec<Sphere> =
            (0..1000).map(|i| point([i % 10, i / 10 % 10, i / 100].map(|c| 2.0 * f64::from(c) + 1.0))).collect();
        let g = radial_distribution(&lattice, [20.0; 3]);
        // Distances 2, 2.83 and 3.46: the shells from 2.0, 2.5 and 3.0; none below, none from 3.5 to 4.
        let empty: Vec<bool> = g.iter().take(8).map(|p| p.g == 0.0).collect();
        assert_eq!(empty, [true, true, true, true, false, false, false, true]);
    }
}
