//! Contact areas between phases, and what covers the NCA.

use serde::Serialize;

use crate::analysis::{ByPhase, particle_count};
use crate::grid::Axis;
use crate::materials::Phase;
use crate::microstructure::{Microstructure, SurfaceFace};

/// Areas of every pair of phases [um²], symmetric: `raw[a][b] == raw[b][a]`.
///
/// The diagonal holds contacts between particles of the same phase, which only the NCA has.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ContactAreas {
    /// Voxel faces times their area.
    pub raw: ByPhase<ByPhase<f64>>,
    /// With the stairs of the voxels taken off: faces of the NCA by their normals ([`SurfaceFace::area`]), all others by the
    /// mean over all directions: a surface of random direction shows 3/2 of its area in voxel faces (Cauchy).
    pub corrected: ByPhase<ByPhase<f64>>,
}

/// An area by both counts [um²].
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Areas {
    pub raw: f64,
    pub corrected: f64,
}

/// Area in voxel faces over true area of a surface of random direction, `⟨|n_x| + |n_y| + |n_z|⟩`.
const STAIRS: f64 = 1.5;

/// Contact areas of all pairs of phases, and the area of the NCA's surface.
///
/// Faces across the periodic sides count; those on the walls z = 0 and z = L do not.
pub fn contact_areas(structure: &Microstructure) -> (ContactAreas, Areas) {
    let grid = &structure.grid;
    let mut faces = [[0_u64; Phase::COUNT]; Phase::COUNT];
    for (voxel, &a) in structure.phase.iter().enumerate() {
        for axis in Axis::ALL {
            // A period of one voxel has no face.
            if let Some(next) = grid.next(voxel, axis).filter(|&next| next != voxel) {
                let b = structure.phase[next];
                if a != b || (a.stores_lithium() && structure.particle[voxel] != structure.particle[next]) {
                    faces[a as usize][b as usize] += 1;
                }
            }
        }
    }
    let area = grid.voxel_um * grid.voxel_um;
    let mut areas = ContactAreas { raw: ByPhase::default(), corrected: ByPhase::default() };
    for a in Phase::ALL {
        for b in Phase::ALL {
            let both = if a == b { 0 } else { faces[b as usize][a as usize] };
            areas.raw[a][b] = (faces[a as usize][b as usize] + both) as f64 * area;
            areas.corrected[a][b] = areas.raw[a][b] / STAIRS;
        }
    }
    let mut nca = ByPhase::<f64>::default();
    for face in &structure.surface {
        nca[structure.phase[face.neighbour as usize]] += f64::from(face.area) * area;
    }
    let surface = Areas { raw: structure.surface.len() as f64 * area, corrected: nca.0.iter().sum() };
    for phase in Phase::ALL {
        // A face between two particles is listed from both sides.
        let once = if phase == Phase::Nca { 0.5 * nca[phase] } else { nca[phase] };
        areas.corrected[Phase::Nca][phase] = once;
        areas.corrected[phase][Phase::Nca] = once;
    }
    (areas, surface)
}

/// What the NCA's surface meets, as fractions of its true area.
///
/// From the models of the builder, which do not depend on the voxel size: `halide` and `mixed` are the coat
/// (`mixed` where that layer lies on the NCA itself), `carbon` and `nca` what carbon and other particles touch. What these
/// leave goes to the phase of the voxel across the face; where that is coat or carbon, to what follows behind
/// it, for these are thinner than they look in voxels.
#[derive(Clone, Debug, PartialEq)]
pub struct Coverage {
    pub overall: ByPhase<f64>,
    /// Surface [um²] of each particle.
    pub area_um2: Vec<f64>,
    pub per_particle: Vec<ByPhase<f64>>,
}

/// How a quantity is spread over the particles, weighted by their surface.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Distribution {
    pub mean: f64,
    pub standard_deviation: f64,
    pub least: f64,
    /// A tenth, half and nine tenths of the surface belong to particles with less.
    pub p10: f64,
    pub median: f64,
    pub p90: f64,
    pub greatest: f64,
}

/// Coverage of the NCA, overall and of each particle.
pub fn coverage(structure: &Microstructure) -> Coverage {
    let particles = particle_count(structure);
    let mut area_um2 = vec![0.0; particles];
    let mut sums = vec![ByPhase::<f64>::default(); particles];
    let mut unknown = vec![0.0; particles];
    let coated = structure.surface.iter().any(|f| f.covered > 0.0);
    let unit = structure.grid.voxel_um * structure.grid.voxel_um;
    for face in &structure.surface {
        let particle = structure.particle[face.voxel as usize] as usize;
        let area = f64::from(face.area) * unit;
        area_um2[particle] += area;
        let [covered, mixed, carbon, contact] = [face.covered, face.mixed, face.carbon, face.contact].map(f64::from);
        let sum = &mut sums[particle];
        sum[Phase::Halide] += area * (covered - mixed);
        sum[Phase::Mixed] += area * mixed;
        sum[Phase::Carbon] += area * carbon;
        sum[Phase::Nca] += area * contact;
        let rest = area * (1.0 - covered - carbon - contact).max(0.0);
        if rest > 0.0 {
            match beyond(structure, face, coated) {
                Some(phase) => sum[phase] += rest,
                None => unknown[particle] += rest,
            }
        }
    }
    // Where only coat, carbon and NCA follow, the rest is shared as it is elsewhere.
    let known = |phase: Phase| matches!(phase, Phase::Pore | Phase::Lpscl | Phase::Halide);
    let mut elsewhere = ByPhase::<f64>::default();
    for face in &structure.surface {
        let phase = structure.phase[face.neighbour as usize];
        if matches!(phase, Phase::Pore | Phase::Lpscl) || (phase == Phase::Halide && !coated) {
            elsewhere[phase] += f64::from(face.area);
        }
    }
    let total: f64 = elsewhere.0.iter().sum();
    for (sum, unknown) in sums.iter_mut().zip(unknown) {
        for phase in Phase::ALL.into_iter().filter(|&p| known(p)) {
            let share = if total > 0.0 { elsewhere[phase] / total } else { f64::from(u8::from(phase == Phase::Pore)) };
            sum[phase] += unknown * share;
        }
    }
    let all: f64 = area_um2.iter().sum();
    let fraction = |sum: f64, area: f64| if area > 0.0 { sum / area } else { 0.0 };
    let overall = ByPhase(Phase::ALL.map(|p| fraction(sums.iter().map(|s| s[p]).sum(), all)));
    let per_particle =
        sums.iter().zip(&area_um2).map(|(s, &area)| ByPhase(s.0.map(|part| fraction(part, area)))).collect();
    Coverage { overall, area_um2, per_particle }
}

/// How far behind a face coat and carbon are looked through [um].
const LOOK_THROUGH_UM: f64 = 1.5;

/// The phase that the uncovered rest of a face meets: the neighbour, or what follows behind coat and carbon. `None` if NCA or
/// nothing else follows.
pub(crate) fn beyond(structure: &Microstructure, face: &SurfaceFace, coated: bool) -> Option<Phase> {
    let grid = &structure.grid;
    let (voxel, mut at) = (face.voxel as usize, face.neighbour as usize);
    let side = grid.neighbours(voxel).iter().position(|&n| n == Some(at))?;
    let steps = (LOOK_THROUGH_UM / grid.voxel_um).ceil() as usize;
    for _ in 0..=steps {
        match structure.phase[at] {
            Phase::Halide if !coated => return Some(Phase::Halide),
            Phase::Carbon | Phase::Mixed | Phase::Halide => at = grid.neighbours(at)[side]?,
            Phase::Nca => return None,
            phase => return Some(phase),
        }
    }
    // Halide that thick is a grain.
    (structure.phase[at] == Phase::Halide).then_some(Phase::Halide)
}

impl Coverage {
    /// Spread of each coverage over the particles.
    pub fn distribution(&self) -> ByPhase<Distribution> {
        ByPhase(Phase::ALL.map(|phase| {
            let values = self.per_particle.iter().zip(&self.area_um2).map(|(c, &area)| (c[phase], area));
            Distribution::weighted(values.filter(|v| v.1 > 0.0).collect())
        }))
    }
}

impl Distribution {
    /// Of (value, weight) pairs; zero throughout if there are none.
    pub fn weighted(mut values: Vec<(f64, f64)>) -> Distribution {
        if values.is_empty() {
            return Distribution::default();
        }
        values.sort_by(|a, b| a.0.total_cmp(&b.0));
        let total: f64 = values.iter().map(|v| v.1).sum();
        let mean = values.iter().map(|(v, w)| v * w).sum::<f64>() / total;
        let variance = values.iter().map(|(v, w)| (v - mean) * (v - mean) * w).sum::<f64>() / total;
        let last = values[values.len() - 1].0;
        let quantile = |q: f64| {
            let mut sum = 0.0;
            values
                .iter()
                .find(|(_, w)| {
                    sum += w;
                    sum >= q * total
                })
                .map_or(last, |v| v.0)
        };
        Distribution {
            mean,
            standard_deviation: variance.max(0.0).sqrt(),
            least: values[0].0,
            p10: quantile(0.1),
            median: quantile(0.5),
            p90: quantile(0.9),
            greatest: last,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_follow_the_weights() {
        let d = Distribution::weighted(vec![(3.0, 1.0), (1.0, 8.0), (2.0, 1.0)]);
        assert_eq!((d.least, d.p10, d.median, d.p90, d.greatest), (1.0, 1.0, 1.0, 2.0, 3.0));
        assert!((d.mean - 1.3).abs() < 1e-12);
        assert!((d.standard_deviation - 0.41_f64.sqrt()).abs() < 1e-12);
        assert_eq!(Distribution::weighted(Vec::new()), Distribution::default());
    }
}
