//! The surface of the active material, face by face, with what the continuous models say of each.

use crate::grid::{Axis, VoxelGrid};
use crate::materials::Phase;
use crate::microstructure::carbon::CarbonField;
use crate::microstructure::coat::Coat;
use crate::microstructure::spheres::{SphereIndex, direction, nearest_image};
use crate::microstructure::{Sphere, SurfaceFace};

/// Two NCA surfaces closer than this touch [um]: half a voxel of the paper's grid, on which MatDict counts contacts.
pub const CONTACT_GAP_UM: f64 = 0.125;

/// Points along a voxel's edge where the models are looked up: one per 0.125 um, at most 8.
fn points_along(voxel_um: f64) -> usize {
    ((voxel_um / 0.125).round() as usize).clamp(1, 8)
}

/// What the models know, and the spheres they live on.
pub(crate) struct Models<'a> {
    pub spheres: &'a [Sphere],
    pub index: &'a SphereIndex,
    pub coat: &'a Coat,
    pub carbon: &'a CarbonField,
}

/// All faces of NCA voxels towards another phase or another particle, ordered by voxel.
///
/// Points of a face are projected on the sphere; each is under the coat (its own, or that of a particle it touches), else
/// touches a particle, else carbon, else none of these. The true area of a face is `1 / (|n_x| + |n_y| + |n_z|)` voxel
/// faces, n the sphere's normal at the face's centre: a plane of normal n shows |n_x| + |n_y| + |n_z| voxel faces per area.
pub(crate) fn faces(grid: &VoxelGrid, phase: &[Phase], particle: &[u32], models: &Models) -> Vec<SurfaceFace> {
    let mut faces = Vec::new();
    let extent = grid.extent_um();
    let h = grid.voxel_um;
    let along = points_along(h);
    for voxel in 0..phase.len() {
        if phase[voxel] != Phase::Nca {
            continue;
        }
        let own = particle[voxel];
        let sphere = &models.spheres[own as usize];
        let mut from_centre = None;
        for (side, neighbour) in grid.neighbours(voxel).into_iter().enumerate() {
            let Some(neighbour) = neighbour.filter(|&n| phase[n] != Phase::Nca || particle[n] != own) else { continue };
            let c = *from_centre.get_or_insert_with(|| nearest_image(grid.centre_um(voxel), sphere.centre_um, extent));
            let axis = Axis::ALL[side / 2].index();
            let sign = if side % 2 == 0 { -1.0 } else { 1.0 };
            let (across, up) = ((axis + 1) % 3, (axis + 2) % 3);
            let mut centre = c;
            centre[axis] += 0.5 * sign * h;
            let n = direction(centre, [0.0; 3]).0;
            let mut tally = Tally::default();
            for i in 0..along * along {
                let mut p = centre;
                p[across] += ((i % along) as f64 + 0.5) / along as f64 * h - 0.5 * h;
                p[up] += ((i / along) as f64 + 0.5) / along as f64 * h - 0.5 * h;
                tally.add(models, own, direction(p, [0.0; 3]).0);
            }
            let share = |points: u32| points as f32 / (along * along) as f32;
            faces.push(SurfaceFace {
                voxel: voxel as u32,
                neighbour: neighbour as u32,
                area: (1.0 / (n[0].abs() + n[1].abs() + n[2].abs())) as f32,
                covered: share(tally.covered),
                coat_um: if tally.covered > 0 { (tally.thickness / f64::from(tally.covered)) as f32 } else { 0.0 },
                mixed: share(tally.mixed),
                carbon: share(tally.carbon),
                contact: share(tally.contact),
            });
        }
    }
    faces
}

/// Counts of the points of a face.
#[derive(Default)]
struct Tally {
    covered: u32,
    mixed: u32,
    carbon: u32,
    contact: u32,
    /// Sum over covered points [um].
    thickness: f64,
}

impl Tally {
    /// Looks up the point of sphere `own` in direction `n`.
    fn add(&mut self, models: &Models, own: u32, n: [f64; 3]) {
        let [mut halide, mut mixed] = models.coat.thickness(own, n);
        if halide + mixed > 0.0 {
            self.cover(halide, mixed);
            return;
        }
        let sphere = &models.spheres[own as usize];
        let p = models.index.inside([0, 1, 2].map(|a| sphere.centre_um[a] + sphere.radius_um * n[a]));
        let other = models.index.other_surface(p, own);
        if other.distance_um < CONTACT_GAP_UM {
            [halide, mixed] = models.coat.thickness(other.number, direction(p, other.centre_um).0);
            if halide + mixed > 0.0 {
                // The other's outer layer is what this surface meets first.
                self.covered += 1;
                self.mixed += u32::from(mixed > 0.0);
                self.thickness += halide + mixed;
            } else {
                self.contact += 1;
            }
        } else if models.carbon.holds(p, 0.0, other.distance_um) {
            self.carbon += 1;
        }
    }

    fn cover(&mut self, halide: f64, mixed: f64) {
        self.covered += 1;
        self.mixed += u32::from(halide == 0.0);
        self.thickness += halide + mixed;
    }
}
