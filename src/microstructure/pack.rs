//! Packing of the active-material spheres.
//!
//! Sizes are log-normal or those of a measured list; positions are random, then relaxed as soft spheres until no two overlap.
//!
//! The packing is periodic along all three axes, and the planes z = 0 and z = L cut through it: collector and separator touch as
//! much of each phase as any other plane does. (Hard walls would order the spheres and touch each in a point only.) What lies on
//! either side of a cut are two particles that know nothing of each other.
//!
//! **The same NCA in every composition of a seed.** Compositions differ a little in their NCA volume fraction (0.348 to
//! 0.391 in the paper's electrodes in porosity mode, always 0.321 in mass mode), and to pack each anew would move every particle.
//! So the spheres are packed at a *reference fraction* that depends on the target's band only (the [`reference_fraction`]):
//! 0.37 for all targets from 0.309 to 0.392, hence for all electrodes of the paper in both modes. Centres and relative
//! sizes depend on nothing but seed, domain, diameters and band. The target is then met by one common factor on all
//! radii, `s = (target / reference)^(1/3)`, 0.94 to 1.02: neighbours that touch at the reference stand
//! apart by up to 6 % of the sum of their radii at the lower end of a band and overlap by 2 % at its upper end. A voxel belongs to the
//! NCA if `min_i |x − c_i| / r_i` is small enough, and that ranking does not depend on `s`: equal targets give identical
//! voxels, different targets in a band nested ones.

use crate::microstructure::Sphere;
use crate::microstructure::build::BuildError;
use crate::microstructure::random::{Step, Stream, normal_quantile};
use crate::microstructure::spheres::{into_period, nearest_packed};

/// Packed spheres at the reference fraction, and the common factor on the radii that meets the target.
#[derive(Clone, Debug)]
pub struct Packing {
    /// Spheres at the reference fraction: first those with their centres in the domain, then the images of those that an end
    /// cuts, with their centres beyond the other end.
    pub reference: Vec<Sphere>,
    /// The NCA volume fraction they were packed at.
    pub reference_fraction: f64,
    /// Factor on all radii, `(target / reference)^(1/3)`.
    pub radius_factor: f64,
    /// Greatest overlap left at the reference, as a fraction of the sum of the two radii.
    pub residual_overlap: f64,
    /// Sweeps of relaxation.
    pub sweeps: u32,
}

/// How the diameters are distributed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Sizes<'a> {
    /// Median by volume [um], and standard deviation of the logarithm.
    LogNormal { median_um: f64, spread: f64 },
    /// Measured diameters [um], one for each particle seen: a distribution by number. Not empty.
    Measured(&'a [f64]),
}

/// What to pack.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PackingRequest<'a> {
    /// Edges of the domain [um], periodic.
    pub extent_um: [f64; 3],
    /// Volume fraction of the spheres, 0 to 0.58.
    pub fraction: f64,
    pub sizes: Sizes<'a>,
    pub seed: u32,
}

/// More spheres than this are refused: the relaxation would take minutes.
pub const MAX_PARTICLES: usize = 200_000;

/// Overlap at which the relaxation is content [1]: a thousandth of a 5 um sphere is 5 nm.
const OVERLAP_TOLERANCE: f64 = 1e-3;

/// Overlap beyond which a packing is refused, as a fraction of the sum of radii: two particles of 5 um that share more than a
/// lens of 0.15 um would be seen.
const OVERLAP_LIMIT: f64 = 0.03;

/// Sweeps of relaxation at most. At 0.55 by volume, seeds 1 to 5 needed fewer than 400.
const MAX_SWEEPS: u32 = 6000;

/// Sizes are cut at this many standard deviations, as real powders are by sieving.
const SIZE_CUT: f64 = 2.5;

/// A band of fractions reaches this far above its reference.
const ABOVE: f64 = 1.06;

/// The fraction at which spheres for a target fraction are packed: 0.37 · 1.27^k, at most 0.57.
///
/// A band reaches to 6 % above its reference (factor 1.02 on the radii).
pub fn reference_fraction(target: f64) -> f64 {
    const RATIO: f64 = 1.27;
    // Less than a particle in any domain; it also keeps the loop below finite.
    let target = target.max(1e-9);
    let mut reference = 0.37;
    while target > ABOVE * reference {
        reference *= RATIO;
    }
    while target <= ABOVE * reference / RATIO {
        reference /= RATIO;
    }
    f64::min(reference, 0.57)
}

impl Packing {
    /// Spheres at the target fraction.
    pub fn spheres(&self) -> Vec<Sphere> {
        self.reference.iter().map(|s| Sphere { radius_um: s.radius_um * self.radius_factor, ..*s }).collect()
    }
}

/// Packs spheres (see the module's text).
///
/// # Errors
/// [`BuildError::TooManyParticles`], or [`BuildError::Packing`] if overlaps above 3 % remain.
pub fn pack(request: &PackingRequest) -> Result<Packing, BuildError> {
    let reference_fraction = reference_fraction(request.fraction);
    let radii = radii(request, reference_fraction)?;
    let extent = request.extent_um;
    let mut stream = Stream::new(request.seed, Step::Positions);
    let mut spheres: Vec<Sphere> = radii
        .into_iter()
        .map(|radius_um| {
            let [u, v, w] = [stream.uniform(), stream.uniform(), stream.uniform()];
            Sphere { centre_um: [u * extent[0], v * extent[1], w * extent[2]], radius_um }
        })
        .collect();
    let (residual_overlap, sweeps) = relax(&mut spheres, extent);
    if residual_overlap > OVERLAP_LIMIT {
        return Err(BuildError::Packing { fraction: reference_fraction, overlap: residual_overlap, sweeps });
    }
    let radius_factor = libm::cbrt(request.fraction / reference_fraction);
    spheres.extend(cut_images(&spheres, extent[2]));
    Ok(Packing { reference: spheres, reference_fraction, radius_factor, residual_overlap, sweeps })
}

/// Radii [um] at the reference fraction, largest first; their volumes add up exactly to it.
///
/// Stratified draws, one from each of N equal parts of the distribution by number: the few hundred particles of a domain then
/// have the powder's size distribution, and seeds differ in arrangement more than in sizes. One factor on all of them, near 1,
/// makes up for the rounding of N and for the draw; it departs from 1 only where a few large particles hold most of the volume.
fn radii(request: &PackingRequest, fraction: f64) -> Result<Vec<f64>, BuildError> {
    let [lx, ly, lz] = request.extent_um;
    let volume = fraction * lx * ly * lz;
    let (mean_cube, mut diameter_at): (f64, Box<dyn FnMut(f64) -> f64>) = match request.sizes {
        Sizes::LogNormal { median_um, spread } => {
            // Median by number, and mean cube, of a log-normal distribution whose median by volume is given (Hatch and Choate 1929).
            let median = median_um * libm::exp(-3.0 * spread * spread);
            let mean_cube = median * median * median * libm::exp(4.5 * spread * spread);
            let at = move |u: f64| median * libm::exp(spread * normal_quantile(u).clamp(-SIZE_CUT, SIZE_CUT));
            (mean_cube, Box::new(at))
        }
        Sizes::Measured(diameters) => {
            let mut ascending = diameters.to_vec();
            ascending.sort_by(f64::total_cmp);
            let entries = ascending.len();
            let mean_cube = ascending.iter().map(|d| d * d * d).sum::<f64>() / entries as f64;
            (mean_cube, Box::new(move |u| ascending[((u * entries as f64) as usize).min(entries - 1)]))
        }
    };
    let count = (volume / (std::f64::consts::PI / 6.0 * mean_cube)).round().max(1.0);
    if count > MAX_PARTICLES as f64 {
        return Err(BuildError::TooManyParticles { particles: count, limit: MAX_PARTICLES });
    }
    let largest = 0.45 * lx.min(ly).min(lz);
    let mut stream = Stream::new(request.seed, Step::Sizes);
    let mut radii: Vec<f64> = (0..count as u32)
        .map(|i| (0.5 * diameter_at((f64::from(i) + stream.uniform().max(1e-9)) / count)).min(largest))
        .collect();
    let cubes: f64 = radii.iter().map(|r| r * r * r).sum();
    let factor = libm::cbrt(volume / (4.0 / 3.0 * std::f64::consts::PI * cubes));
    radii.iter_mut().for_each(|r| *r *= factor);
    radii.reverse();
    Ok(radii)
}

/// Pushes overlapping spheres apart, pair by pair, each by half the overlap, until none exceeds the tolerance.
///
/// Returns the greatest overlap left (of the sum of radii) and the number of sweeps.
fn relax(spheres: &mut [Sphere], extent: [f64; 3]) -> (f64, u32) {
    let largest = spheres.iter().map(|s| s.radius_um).fold(0.0, f64::max);
    // Pairs up to this far apart are listed; the list holds until something has moved by half as much.
    let skin = 0.4 * largest;
    let mut listed_at: Vec<[f64; 3]> = Vec::new();
    let mut pairs = Vec::new();
    let mut sweeps = 0;
    loop {
        let moved =
            spheres.iter().zip(&listed_at).any(|(s, &at)| distance2(s.centre_um, at, extent) > 0.2 * skin * skin);
        if listed_at.is_empty() || moved {
            pairs = close_pairs(spheres, extent, skin);
            listed_at = spheres.iter().map(|s| s.centre_um).collect();
        }
        let mut worst = 0.0_f64;
        for &(i, j) in &pairs {
            let (a, b) = (spheres[i as usize], spheres[j as usize]);
            let sum = a.radius_um + b.radius_um;
            let d2 = distance2(a.centre_um, b.centre_um, extent);
            if d2 >= sum * sum {
                continue;
            }
            let d = d2.sqrt();
            worst = worst.max((sum - d) / sum);
            let apart = nearest_packed(a.centre_um, b.centre_um, extent);
            // Coincident centres part along z.
            let direction = if d > 1e-9 { apart.map(|c| c / d) } else { [0.0, 0.0, 1.0] };
            // A little more than the overlap itself, or the last per mille takes hundreds of sweeps.
            let push = 0.5 * (sum - d) + 0.25 * OVERLAP_TOLERANCE * sum;
            for (axis, along) in direction.iter().enumerate() {
                spheres[i as usize].centre_um[axis] += push * along;
                spheres[j as usize].centre_um[axis] -= push * along;
            }
            for moved in [i, j] {
                let c = &mut spheres[moved as usize].centre_um;
                *c = [0, 1, 2].map(|axis| into_period(c[axis], extent[axis]));
            }
        }
        if worst <= OVERLAP_TOLERANCE || sweeps == MAX_SWEEPS {
            return (worst, sweeps);
        }
        sweeps += 1;
    }
}

/// Images of the spheres that an end of the domain cuts, also where the greatest factor on the radii is needed for that:
/// all compositions have the same list.
fn cut_images(spheres: &[Sphere], length: f64) -> Vec<Sphere> {
    let factor = libm::cbrt(ABOVE);
    let image = |s: &Sphere| {
        let [x, y, z] = s.centre_um;
        let reach = factor * s.radius_um;
        let shifted = if z < reach {
            z + length
        } else if z > length - reach {
            z - length
        } else {
            return None;
        };
        Some(Sphere { centre_um: [x, y, shifted], ..*s })
    };
    spheres.iter().filter_map(image).collect()
}

fn distance2(a: [f64; 3], b: [f64; 3], extent: [f64; 3]) -> f64 {
    let [x, y, z] = nearest_packed(a, b, extent);
    x * x + y * y + z * z
}

/// Pairs (i < j) whose surfaces are closer than `skin` [um], found with a cell list; in the order of i, then j.
pub(crate) fn close_pairs(spheres: &[Sphere], extent: [f64; 3], skin: f64) -> Vec<(u32, u32)> {
    let largest = spheres.iter().map(|s| s.radius_um).fold(0.0, f64::max);
    let edge = 2.0 * largest + skin;
    // Fewer than three cells around a period would list a pair twice: one cell then, and every pair is looked at.
    let cells = extent.map(|l| {
        let n = (l / edge).floor().min(1000.0) as i64;
        if n < 3 { 1 } else { n }
    });
    let cell_of = |s: &Sphere| {
        let mut c = [0; 3];
        for a in 0..3 {
            c[a] = ((s.centre_um[a] / extent[a] * cells[a] as f64) as i64).clamp(0, cells[a] - 1);
        }
        c
    };
    let flat = |c: [i64; 3]| (c[0] + cells[0] * (c[1] + cells[1] * c[2])) as usize;
    let mut members: Vec<Vec<u32>> = vec![Vec::new(); flat([cells[0] - 1, cells[1] - 1, cells[2] - 1]) + 1];
    for (i, s) in spheres.iter().enumerate() {
        members[flat(cell_of(s))].push(i as u32);
    }
    let offsets = cells.map(|n| if n == 1 { 0..=0 } else { -1..=1 });
    let mut pairs = Vec::new();
    let mut partners = Vec::new();
    for (i, s) in spheres.iter().enumerate() {
        let c = cell_of(s);
        partners.clear();
        for dz in offsets[2].clone() {
            for dy in offsets[1].clone() {
                for dx in offsets[0].clone() {
                    let at = [
                        (c[0] + dx).rem_euclid(cells[0]),
                        (c[1] + dy).rem_euclid(cells[1]),
                        (c[2] + dz).rem_euclid(cells[2]),
                    ];
                    for &j in &members[flat(at)] {
                        let other = &spheres[j as usize];
                        let reach = s.radius_um + other.radius_um + skin;
                        if j as usize > i && distance2(s.centre_um, other.centre_um, extent) < reach * reach {
                            partners.push(j);
                        }
                    }
                }
            }
        }
        partners.sort_unstable();
        pairs.extend(partners.iter().map(|&j| (i as u32, j)));
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAPER: PackingRequest =
        PackingRequest { extent_um: [25.0, 25.0, 50.0], fraction: 0.37, sizes: log_normal(5.0), seed: 1 };

    const fn log_normal(median_um: f64) -> Sizes<'static> {
        Sizes::LogNormal { median_um, spread: 0.3 }
    }

    /// Spheres with their centres in the domain.
    fn whole(packing: &Packing) -> Vec<Sphere> {
        packing.spheres().into_iter().filter(|s| (0.0..50.0).contains(&s.centre_um[2])).collect()
    }

    fn volume(spheres: &[Sphere]) -> f64 {
        spheres.iter().map(|s| 4.0 / 3.0 * std::f64::consts::PI * s.radius_um * s.radius_um * s.radius_um).sum()
    }

    /// Every pair looked at, no cell list.
    fn greatest_overlap(spheres: &[Sphere], extent: [f64; 3]) -> f64 {
        let mut worst = 0.0_f64;
        for (i, a) in spheres.iter().enumerate() {
            for b in &spheres[..i] {
                let sum = a.radius_um + b.radius_um;
                worst = worst.max(1.0 - distance2(a.centre_um, b.centre_um, extent).sqrt() / sum);
            }
        }
        worst
    }

    #[test]
    fn dense_packings_do_not_overlap() {
        for seed in 1..=5 {
            let packing = pack(&PackingRequest { fraction: 0.55, seed, ..PAPER }).unwrap();
            let overlap = greatest_overlap(&whole(&packing), PAPER.extent_um);
            assert!(overlap <= OVERLAP_TOLERANCE, "seed {seed}: {overlap} after {} sweeps", packing.sweeps);
        }
    }

    #[test]
    fn volume_and_median_are_those_asked_for() {
        for fraction in [0.05, 0.2, 0.321, 0.37, 0.5, 0.58] {
            let packing = pack(&PackingRequest { fraction, ..PAPER }).unwrap();
            let spheres = whole(&packing);
            assert!((volume(&spheres) / 31_250.0 - fraction).abs() < 1e-9);
            let mut ascending: Vec<f64> = spheres.iter().map(|s| s.radius_um).collect();
            ascending.sort_by(f64::total_cmp);
            let half = 0.5 * ascending.iter().map(|r| r * r * r).sum::<f64>();
            let mut sum = 0.0;
            let median = ascending.iter().find(|&&r| {
                sum += r * r * r;
                sum >= half
            });
            // The factor on the radii, at most 6 %, and the granularity of few particles.
            let median = 2.0 * median.unwrap() / packing.radius_factor;
            assert!((median / 5.0 - 1.0).abs() < 0.06, "{fraction}: {median}");
            for s in &spheres {
                assert!(s.centre_um.iter().zip(PAPER.extent_um).all(|(c, l)| (0.0..l).contains(c)));
            }
        }
    }

    /// Three sizes: as many of each as the list says, all in one ratio, and never one in between.
    #[test]
    fn measured_sizes_are_drawn_by_number() {
        let list = [6.0, 2.0, 3.0, 2.0, 2.0, 3.0, 2.0, 3.0, 2.0, 2.0];
        let packing = pack(&PackingRequest { sizes: Sizes::Measured(&list), ..PAPER }).unwrap();
        let mean_cube = (6.0 * 8.0 + 3.0 * 27.0 + 216.0) / 10.0;
        let expected = 0.37 * 31_250.0 / (std::f64::consts::PI / 6.0 * mean_cube);
        let drawn: Vec<f64> = whole(&packing).iter().map(|s| 2.0 * s.radius_um / packing.radius_factor).collect();
        assert!((drawn.len() as f64 - expected).abs() <= 0.5, "{} of {expected}", drawn.len());
        let factor = drawn[drawn.len() - 1] / 2.0;
        assert!((factor - 1.0).abs() < 0.01, "{factor}");
        for (diameter, share) in [(2.0, 0.6), (3.0, 0.3), (6.0, 0.1)] {
            let count = drawn.iter().filter(|d| (*d / factor - diameter).abs() < 1e-9).count();
            // A stratum at each border may fall to either side.
            assert!((count as f64 - share * drawn.len() as f64).abs() <= 1.0, "{diameter}: {count} of {}", drawn.len());
        }
        assert!((volume(&whole(&packing)) / 31_250.0 - 0.37).abs() < 1e-9);
    }

    /// What an end cuts off goes on at the other end: the ends are planes through the packing like any other.
    #[test]
    fn the_ends_cut_through_particles() {
        let mut circles = 0.0;
        for seed in 1..=5 {
            let spheres = pack(&PackingRequest { seed, ..PAPER }).unwrap().spheres();
            let cut = |s: &&Sphere| s.centre_um[2].abs().min((50.0 - s.centre_um[2]).abs()) < s.radius_um;
            assert!(spheres.iter().filter(cut).count() >= 20, "seed {seed}");
            for s in spheres.iter().filter(cut) {
                let [x, y, z] = s.centre_um;
                let other = if z < 25.0 { z + 50.0 } else { z - 50.0 };
                // Shifted there and back, the last digit goes.
                let image = |i: &Sphere| i.centre_um[..2] == [x, y] && (i.centre_um[2] - other).abs() < 1e-9;
                assert!(spheres.iter().any(|i| image(i) && i.radius_um == s.radius_um), "seed {seed}: {s:?}");
            }
            circles += spheres
                .iter()
                .map(|s| std::f64::consts::PI * (s.radius_um * s.radius_um - s.centre_um[2] * s.centre_um[2]).max(0.0))
                .sum::<f64>();
        }
        // A plane shows the volume fraction (Delesse), as far as a hundred circles can say.
        let share = circles / (5.0 * 625.0);
        assert!((share - 0.37).abs() < 0.05, "{share}");
    }

    #[test]
    fn the_paper_s_electrodes_share_one_band() {
        for target in [0.32132, 0.348, 0.35483, 0.36832, 0.39085] {
            assert_eq!(reference_fraction(target), 0.37);
        }
        let mut target = 0.01;
        while target < 0.58 {
            let factor = libm::cbrt(target / reference_fraction(target));
            assert!((0.94..=1.021).contains(&factor), "{target}: {factor}");
            target += 0.001;
        }
    }

    #[test]
    fn the_cell_list_finds_every_pair() {
        // Small spheres in a wide domain: many cells along every axis.
        let packing = pack(&PackingRequest { extent_um: [30.0, 24.0, 20.0], sizes: log_normal(2.0), ..PAPER }).unwrap();
        let spheres = packing.spheres();
        let spheres = &spheres[..spheres.iter().position(|s| !(0.0..20.0).contains(&s.centre_um[2])).unwrap()];
        let mut expected = Vec::new();
        for i in 0..spheres.len() {
            for j in i + 1..spheres.len() {
                let reach = spheres[i].radius_um + spheres[j].radius_um + 0.3;
                if distance2(spheres[i].centre_um, spheres[j].centre_um, [30.0, 24.0, 20.0]) < reach * reach {
                    expected.push((i as u32, j as u32));
                }
            }
        }
        assert!(expected.len() > 500);
        assert_eq!(close_pairs(spheres, [30.0, 24.0, 20.0], 0.3), expected);
    }

    #[test]
    fn too_many_particles_are_refused() {
        let error =
            pack(&PackingRequest { extent_um: [100.0, 100.0, 200.0], sizes: log_normal(1.0), ..PAPER }).unwrap_err();
        assert!(matches!(error, BuildError::TooManyParticles { .. }), "{error}");
    }
}
