//! The 3D voxel microstructure of a cathode: what it is, and how it is built from a recipe.
//!
//! [`build`] packs the NCA spheres ([`pack`]), coats them ([`coat`]), adds carbon ([`carbon`]) and electrolyte grains
//! ([`electrolyte`]), and describes the NCA's surface face by face ([`surface`]). Coat and carbon are continuous models on the
//! spheres; voxels and face fractions are both pictures of them, so that coverages do not depend on the voxel size, nor much the ways
//! of electrons, unless their contacts are few.

pub mod build;
pub mod carbon;
pub mod coat;
pub mod electrolyte;
pub mod pack;
pub(crate) mod random;
pub(crate) mod rank;
pub(crate) mod spheres;
pub mod surface;

pub use build::{BuildError, BuildStage, build, build_with};

use crate::grid::{Axis, VoxelGrid};
use crate::materials::Phase;

/// A voxel that belongs to no particle.
pub const NO_PARTICLE: u32 = u32::MAX;

/// A sphere of active material.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sphere {
    /// Centre [um]; x and y inside the periodic domain, z up to a radius outside where an end of the domain cuts the sphere.
    pub centre_um: [f64; 3],
    /// Radius [um].
    pub radius_um: f64,
}

/// One voxel face of the active material's surface, seen from the active material.
///
/// A face between two particles appears twice, once from each side; one towards z = 0 or z = L, outside, does not appear.
///
/// `covered`, `carbon`, `contact` and `sheltered` are disjoint parts of the face's area; what they leave meets electrolyte grains or pore.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SurfaceFace {
    /// The active-material voxel.
    pub voxel: u32,
    /// The voxel across the face.
    pub neighbour: u32,
    /// True area over the area of a voxel face: `1 / (|n_x| + |n_y| + |n_z|)` of the true normal on average, because
    /// voxel stairs overstate a sphere's area by half. The sum over an isolated sphere is 4πr².
    pub area: f32,
    /// How deep the voxel lies below the true surface, over the edge of a voxel; above zero.
    pub depth: f32,
    /// Fraction of this area under the halide or mixed coat, from the coat model that does not depend on the voxel size.
    pub covered: f32,
    /// Mean thickness of the coat where it covers [um].
    pub coat_um: f32,
    /// The part of `covered` where the mixed coat, which also conducts electrons, lies directly on the NCA.
    pub mixed: f32,
    /// Fraction of this area that carbon touches, from the carbon model that does not depend on the voxel size.
    pub carbon: f32,
    /// The part of `carbon` where electrons pass: aggregates do not reach the bare surface next to the edges of a coat
    /// (`edge_standoff` of the recipe).
    pub wired: f32,
    /// Fraction of this area that touches the bare surface of another particle (gap below
    /// [`surface::CONTACT_GAP_UM`]).
    pub contact: f32,
    /// Fraction of this area that none of these take and grains of electrolyte do not reach, for the same reason as `wired`.
    pub sheltered: f32,
}

/// A voxel face that carbon crosses: between two voxels outside the NCA, or between one and the collector.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CarbonFace {
    /// The voxel on the low side.
    pub voxel: u32,
    /// The axis across the face.
    pub axis: Axis,
    /// Fraction of the face inside carbon, from the carbon model that does not depend on the voxel size; above zero.
    pub share: f32,
}

/// The voxels of a cathode and what the builder knows beyond them.
#[derive(Clone, Debug)]
pub struct Microstructure {
    pub grid: VoxelGrid,
    /// Phase of each voxel. Shape: [nz, ny, nx], x fastest.
    pub phase: Vec<Phase>,
    /// Number of the particle that owns each NCA voxel (index into `particles`), [`NO_PARTICLE`] elsewhere.
    pub particle: Vec<u32>,
    /// The NCA spheres, those that the ends z = 0 and z = L cut once for each side; empty for an imported volume.
    pub particles: Vec<Sphere>,
    /// Faces of the active material, ordered by voxel.
    pub surface: Vec<SurfaceFace>,
    /// Faces that carbon crosses, ordered by voxel: how carbon leads on, also where it is thinner than a voxel.
    pub carbon: Vec<CarbonFace>,
}

impl Microstructure {
    /// Voxels of each phase, in the order of [`Phase::ALL`].
    pub fn counts(&self) -> [usize; Phase::COUNT] {
        let mut counts = [0; Phase::COUNT];
        for &phase in &self.phase {
            counts[phase as usize] += 1;
        }
        counts
    }

    /// Volume fraction of each phase, in the order of [`Phase::ALL`].
    pub fn volume_fractions(&self) -> [f64; Phase::COUNT] {
        self.counts().map(|n| n as f64 / self.phase.len() as f64)
    }

    /// FNV-1a hash (64 bit) of grid size, phases and particle numbers: equal for equal structures on any machine.
    pub fn voxel_hash(&self) -> u64 {
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        let mut add = |byte: u8| hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        self.grid.size.iter().flat_map(|n| (*n as u32).to_le_bytes()).for_each(&mut add);
        self.phase.iter().for_each(|&p| add(p as u8));
        self.particle.iter().flat_map(|p| p.to_le_bytes()).for_each(&mut add);
        hash
    }
}
