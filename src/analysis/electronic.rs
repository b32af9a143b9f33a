//! Where electrons pass between NCA and another particle, carbon or the mixed coat.
//!
//! The builder's models tell of each face of the NCA what part of it touches, whatever voxel lies across. A current passes only
//! where that voxel leads on: to another particle, or through carbon or mixed coat that reaches more than this particle alone. What
//! other faces touch counts at the nearest face of the particle that does lead on. So each place on a particle keeps its area of
//! contact at any voxel size, also on grids too coarse for the carbon in a neck. In an imported volume the
//! voxels are all there is, and nothing is moved.

use crate::analysis::particle_count;
use crate::analysis::sets::label;
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

/// All electronic contacts of the NCA, one for each face.
///
/// Between two particles it is the mean of what both sides see, so a face joins them even if one side alone touches.
pub(crate) fn electronic_contacts(structure: &Microstructure) -> Vec<ElectronicContact> {
    let across = |face: &SurfaceFace| structure.phase[face.neighbour as usize];
    let ways_on = ways_on(structure);
    let leads_on = |face: &SurfaceFace| ways_on[face.neighbour as usize];
    let touching = gathered(structure, |f| f.contact, |f| across(f) == Phase::Nca);
    let wired = gathered(structure, |f| f.wired, |f| matches!(across(f), Phase::Nca | Phase::Carbon) && leads_on(f));
    let mixed = gathered(structure, |f| f.mixed, |f| across(f) == Phase::Mixed && leads_on(f));
    let (mut contacts, mut between) = (Vec::new(), Vec::new());
    for (k, face) in structure.surface.iter().enumerate() {
        let area = match across(face) {
            // Carbon between two particles makes two contacts in series.
            Phase::Nca => touching[k] + 0.5 * wired[k],
            Phase::Carbon => wired[k],
            Phase::Mixed => mixed[k],
            _ => 0.0,
        };
        if area > 0.0 {
            let ahead = f64::from(face.depth) / f64::from(face.area).max(area);
            if across(face).stores_lithium() {
                let (voxel, neighbour) = (face.voxel.min(face.neighbour), face.voxel.max(face.neighbour));
                between.push(ElectronicContact { voxel, neighbour, area: 0.5 * area, ahead });
            } else {
                contacts.push(ElectronicContact { voxel: face.voxel, neighbour: face.neighbour, area, ahead });
            }
        }
    }
    between.sort_by_key(|c| (c.voxel, c.neighbour));
    let sides = between.chunk_by(|a, b| (a.voxel, a.neighbour) == (b.voxel, b.neighbour));
    contacts.extend(sides.map(|sides| ElectronicContact {
        area: sides.iter().map(|c| c.area).sum(),
        ahead: sides.iter().map(|c| c.ahead).sum::<f64>() / sides.len() as f64,
        ..sides[0]
    }));
    contacts
}

/// Does a voxel lead from one particle to something else? Shape: [nz, ny, nx].
///
/// NCA does; a piece of carbon and mixed coat does if it touches two particles or the collector.
fn ways_on(structure: &Microstructure) -> Vec<bool> {
    let conducts = |v: usize| structure.phase[v].conducts_electrons();
    if structure.particles.is_empty() {
        return (0..structure.phase.len()).map(conducts).collect();
    }
    let (pieces, count) = label(&structure.grid, |v| conducts(v) && !structure.phase[v].stores_lithium());
    let piece = |v: usize| (pieces[v] != u32::MAX).then_some(pieces[v] as usize);
    let mut first = vec![None; count];
    let mut leads_on = vec![false; count];
    for face in structure.surface.iter().filter(|face| face.wired > 0.0 || face.mixed > 0.0) {
        if let Some(piece) = piece(face.neighbour as usize) {
            let particle = structure.particle[face.voxel as usize];
            leads_on[piece] |= *first[piece].get_or_insert(particle) != particle;
        }
    }
    let [nx, ny, _] = structure.grid.size;
    let top = structure.phase.len() - nx * ny;
    (top..structure.phase.len()).filter_map(piece).for_each(|piece| leads_on[piece] = true);
    (0..structure.phase.len())
        .map(|v| structure.phase[v].stores_lithium() || piece(v).is_some_and(|p| leads_on[p]))
        .collect()
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
    use crate::microstructure::{NO_PARTICLE, Sphere};

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
        Microstructure { grid, phase, particle, particles, surface }
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

    #[test]
    fn in_an_imported_volume_only_pores_give_theirs_away() {
        let ahead = f64::from(0.3_f32) / 0.5;
        assert_eq!(areas(&necks(Vec::new())), [[0.5, ahead], [0.25, ahead], [0.5, ahead]]);
    }
}
