//! Where electrons pass between NCA and another particle, carbon or the mixed coat.
//!
//! The builder's models tell of each face of the NCA what part of it touches, whatever voxel lies across, and of each face between
//! other voxels what part of it carbon crosses. So a voxel may lead on that shows no carbon. A current passes only where the voxel
//! across does: to another particle, or through carbon or mixed coat that reaches more than this particle alone. What
//! other faces touch counts at the nearest face of the particle that does lead on. So each place on a particle keeps its area of
//! contact at any voxel size. In an imported volume the voxels are all there is, and nothing is moved.

use crate::analysis::particle_count;
use crate::analysis::sets::DisjointSets;
use crate::grid::Axis;
use crate::materials::Phase;
use crate::microstructure::{Microstructure, SurfaceFace};

/// A face through which electrons enter or leave the NCA.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct ElectronicContact {
    /// The NCA voxel, and the one across the face.
    pub voxel: u32,
    pub neighbour: u32,
    /// True area of contact over the area of a voxel face; above zero.
    pub area: f64,
    /// Length over area of the NCA between the voxel's centre and the contact, in voxel edges: the distance to the true
    /// surface, over the whole face, for the current gathers from all of it.
    pub ahead: f64,
}

/// All electronic contacts of the NCA, one for each pair of voxels, ordered by them.
///
/// Between two particles it is the mean of what both sides see, so a face joins them even if one side alone touches.
pub(crate) fn electronic_contacts(structure: &Microstructure) -> Vec<ElectronicContact> {
    let across = |face: &SurfaceFace| structure.phase[face.neighbour as usize];
    let ways_on = ways_on(structure);
    let leads_on = |face: &SurfaceFace| ways_on[face.neighbour as usize];
    let touching = gathered(structure, |f| f.contact, |f| across(f) == Phase::Nca);
    let wired = gathered(structure, |f| f.wired, leads_on);
    let mixed = gathered(structure, |f| f.mixed, |f| across(f) == Phase::Mixed && leads_on(f));
    let mut contacts = Vec::new();
    for (k, face) in structure.surface.iter().enumerate() {
        let (voxel, neighbour) = (face.voxel, face.neighbour);
        let (area, share, [voxel, neighbour]) = match across(face) {
            // Carbon between two particles makes two contacts in series.
            Phase::Nca => (touching[k] + 0.5 * wired[k], 0.5, [voxel.min(neighbour), voxel.max(neighbour)]),
            _ => (wired[k] + mixed[k], 1.0, [voxel, neighbour]),
        };
        if area > 0.0 {
            let ahead = f64::from(face.depth) / f64::from(face.area).max(area);
            contacts.push(ElectronicContact { voxel, neighbour, area: share * area, ahead });
        }
    }
    // Two sides of a face between particles, or both faces of a voxel in a domain two voxels wide.
    contacts.sort_by_key(|c| (c.voxel, c.neighbour));
    let joined = contacts.chunk_by(|a, b| (a.voxel, a.neighbour) == (b.voxel, b.neighbour));
    joined
        .map(|same| ElectronicContact {
            area: same.iter().map(|c| c.area).sum(),
            ahead: same.iter().map(|c| c.ahead).sum::<f64>() / same.len() as f64,
            ..same[0]
        })
        .collect()
}

/// Does a voxel lead from one particle to something else? Shape: [nz, ny, nx].
///
/// NCA does; a piece of carbon and mixed coat does if it touches two particles or the collector: also one in a single voxel, between
/// two particles that carbon touches there.
fn ways_on(structure: &Microstructure) -> Vec<bool> {
    let n = structure.phase.len();
    if structure.particles.is_empty() {
        return structure.phase.iter().map(|p| p.conducts_electrons()).collect();
    }
    let mut pieces = pieces(structure);
    let mut first = vec![None; n];
    let mut leads_on = vec![false; n];
    at_collector(structure).for_each(|(voxel, _)| leads_on[pieces.find(voxel)] = true);
    let coated = |face: &SurfaceFace| face.mixed > 0.0 && structure.phase[face.neighbour as usize] == Phase::Mixed;
    for face in structure.surface.iter().filter(|face| face.wired > 0.0 || coated(face)) {
        let piece = pieces.find(face.neighbour as usize);
        let particle = structure.particle[face.voxel as usize];
        leads_on[piece] |= *first[piece].get_or_insert(particle) != particle;
    }
    (0..n).map(|v| structure.phase[v].stores_lithium() || leads_on[pieces.find(v)]).collect()
}

/// Joins the voxels outside the NCA between which electrons pass.
pub(crate) fn pieces(structure: &Microstructure) -> DisjointSets {
    let grid = &structure.grid;
    let mut sets = DisjointSets::new(grid.len());
    for (voxel, _) in structure.phase.iter().enumerate().filter(|(_, p)| **p == Phase::Mixed) {
        for next in Axis::ALL.into_iter().filter_map(|axis| grid.next(voxel, axis)) {
            if structure.phase[next] == Phase::Mixed {
                sets.join(voxel, next);
            }
        }
    }
    for face in &structure.carbon {
        if let Some(next) = grid.next(face.voxel as usize, face.axis) {
            sets.join(face.voxel as usize, next);
        }
    }
    sets
}

/// The voxels from which electrons step to the collector, and through what share of their face.
pub(crate) fn at_collector(structure: &Microstructure) -> impl Iterator<Item = (usize, f64)> {
    let grid = &structure.grid;
    let top = grid.len() - grid.size[0] * grid.size[1];
    let solid = |v: &usize| structure.phase[*v].stores_lithium() || structure.phase[*v] == Phase::Mixed;
    let carbon = structure.carbon.iter().filter(|c| grid.next(c.voxel as usize, c.axis).is_none());
    let carbon = carbon.map(|c| (c.voxel as usize, f64::from(c.share))).filter(move |(v, _)| !solid(v));
    (top..grid.len()).filter(solid).map(|v| (v, 1.0)).chain(carbon)
}

/// Area of one kind of contact at each face, over the area of a voxel face; shape: as `structure.surface`.
///
/// * `part` – what of the face touches
/// * `passes` – does a current pass there?
fn gathered(
    structure: &Microstructure,
    part: impl Fn(&SurfaceFace) -> f32,
    passes: impl Fn(&SurfaceFace) -> bool,
) -> Vec<f64> {
    let size = structure.grid.size.map(|n| n as i64);
    // Centres of faces in half voxel edges, so that ties are ties.
    let centre = |face: &SurfaceFace| {
        let [inside, outside] = [face.voxel, face.neighbour].map(|v| structure.grid.coordinates(v as usize));
        [0, 1, 2].map(|axis| {
            let step = outside[axis] as i64 - inside[axis] as i64;
            2 * inside[axis] as i64 + if step.abs() > 1 { -step.signum() } else { step }
        })
    };
    let square = |a: [i64; 3], b: [i64; 3]| {
        let along = |axis: usize| {
            let d = (a[axis] - b[axis]).abs();
            if axis < 2 { d.min(2 * size[axis] - d) } else { d }
        };
        (0..3).map(along).map(|d| d * d).sum::<i64>()
    };
    let mut areas = vec![0.0; structure.surface.len()];
    let mut passing = vec![Vec::new(); particle_count(structure)];
    let mut sealed = Vec::new();
    for (k, face) in structure.surface.iter().enumerate().filter(|(_, face)| part(face) > 0.0) {
        let particle = structure.particle[face.voxel as usize] as usize;
        let area = f64::from(face.area) * f64::from(part(face));
        if passes(face) {
            areas[k] += area;
            passing[particle].push((k, centre(face)));
        } else {
            sealed.push((particle, centre(face), area));
        }
    }
    for (particle, at, area) in sealed {
        if let Some((k, _)) = passing[particle].iter().min_by_key(|(_, other)| square(*other, at)) {
            areas[*k] += area;
        }
    }
    areas
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grid::VoxelGrid;
    use crate::microstructure::carbon::crossed_in_voxels;
    use crate::microstructure::{CarbonFace, NO_PARTICLE, Sphere};

    /// Particle 0 in two voxels, carbon on its left that leads nowhere, carbon on its right that leads to particle 1, and pore.
    fn necks(particles: Vec<Sphere>) -> Microstructure {
        let grid = VoxelGrid { size: [5, 3, 4], voxel_um: 1.0 };
        let (mut phase, mut particle) = (vec![Phase::Pore; grid.len()], vec![NO_PARTICLE; grid.len()]);
        let at = |c: [usize; 3]| grid.index(c);
        for (c, number) in [([1, 1, 1], 0), ([1, 1, 2], 0), ([3, 1, 2], 1)] {
            (phase[at(c)], particle[at(c)]) = (Phase::Nca, number);
        }
        phase[at([0, 1, 1])] = Phase::Carbon;
        phase[at([2, 1, 2])] = Phase::Carbon;
        let face = |from, to, wired| SurfaceFace {
            voxel: at(from) as u32,
            neighbour: at(to) as u32,
            area: 0.5,
            depth: 0.3,
            wired,
            ..SurfaceFace::default()
        };
        let surface = vec![
            face([1, 1, 1], [0, 1, 1], 0.75),
            face([1, 1, 1], [1, 0, 1], 0.25),
            face([1, 1, 2], [2, 1, 2], 0.5),
            face([3, 1, 2], [2, 1, 2], 1.0),
        ];
        Microstructure { carbon: crossed_in_voxels(&grid, &phase), grid, phase, particle, particles, surface }
    }

    fn areas(structure: &Microstructure) -> Vec<[f64; 2]> {
        electronic_contacts(structure).iter().map(|c| [c.area, c.ahead]).collect()
    }

    #[test]
    fn dead_ends_and_pores_give_their_contact_to_the_nearest_way_on() {
        let built = necks(vec![Sphere { centre_um: [1.5; 3], radius_um: 1.0 }; 2]);
        // Three faces of particle 0 together have more contact than the one that passes has area.
        let gathered = 0.5 * (0.75 + 0.25 + 0.5);
        assert_eq!(areas(&built), [[gathered, f64::from(0.3_f32) / gathered], [0.5, f64::from(0.3_f32) / 0.5]]);
    }

    /// As `necks`, with no carbon but what is thinner than a voxel, which crosses these faces: the contacts.
    fn thin_carbon(crossed: &[([usize; 3], Axis)]) -> Vec<[u32; 2]> {
        let mut structure = necks(vec![Sphere { centre_um: [1.5; 3], radius_um: 1.0 }; 2]);
        structure.phase.iter_mut().filter(|p| **p == Phase::Carbon).for_each(|p| *p = Phase::Pore);
        let at = |c| structure.grid.index(c) as u32;
        structure.carbon = crossed.iter().map(|&(c, axis)| CarbonFace { voxel: at(c), axis, share: 0.1 }).collect();
        electronic_contacts(&structure).iter().map(|c| [c.voxel, c.neighbour]).collect()
    }

    #[test]
    fn carbon_thinner_than_a_voxel_leads_on() {
        let grid = VoxelGrid { size: [5, 3, 4], voxel_um: 1.0 };
        let [left, right, other] = [[1, 1, 1], [1, 1, 2], [3, 1, 2]].map(|c| grid.index(c) as u32);
        let [neck, beside] = [[2, 1, 2], [0, 1, 1]].map(|c| grid.index(c) as u32);
        // Both particles touch carbon in the neck; what particle 0 touches elsewhere leads nowhere.
        assert_eq!(thin_carbon(&[]), [[right, neck], [other, neck]]);
        // Up to the collector it does.
        let up = [([0, 1, 1], Axis::Z), ([0, 1, 2], Axis::Z), ([0, 1, 3], Axis::Z)];
        assert_eq!(thin_carbon(&up[..2]), [[right, neck], [other, neck]]);
        assert_eq!(thin_carbon(&up), [[left, beside], [right, neck], [other, neck]]);
    }

    /// A thin coat of one particle beside carbon on another makes no way: its current leaves where a voxel of coat is.
    #[test]
    fn mixed_coat_leads_on_through_voxels_of_it_alone() {
        let mut structure = necks(vec![Sphere { centre_um: [1.5; 3], radius_um: 1.0 }; 2]);
        structure.carbon.clear();
        (structure.surface[3].wired, structure.surface[3].mixed) = (0.0, 1.0);
        assert_eq!(electronic_contacts(&structure), []);
        structure.phase[structure.grid.index([2, 1, 2])] = Phase::Mixed;
        assert_eq!(electronic_contacts(&structure).len(), 2);
    }

    #[test]
    fn in_an_imported_volume_only_pores_give_theirs_away() {
        let ahead = f64::from(0.3_f32) / 0.5;
        assert_eq!(areas(&necks(Vec::new())), [[0.5, ahead], [0.25, ahead], [0.5, ahead]]);
    }
}
