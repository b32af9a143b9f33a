//! What a microstructure tells before any current flows.
//!
//! [`analyse`] collects volume fractions, contacts and coverages ([`contacts`]), connected clusters of both rails and the
//! wiring of each particle ([`clusters`], [`wiring`]), and the shapes of phases and packing ([`morphology`]) in one [`Report`].

pub mod clusters;
pub mod contacts;
pub(crate) mod electronic;
pub mod morphology;
pub(crate) mod sets;
pub mod transport;
pub mod wiring;

use std::ops::{Index, IndexMut};

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::materials::Phase;
use crate::microstructure::Microstructure;

pub use clusters::{Connectivity, Rails};
pub use contacts::{ContactAreas, Coverage};
pub use morphology::{ChordLength, Packing};
pub use wiring::ParticleReport;

/// One value for each phase; in JSON an object whose keys are [`Phase::key`].
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ByPhase<T>(pub [T; Phase::COUNT]);

impl<T> Index<Phase> for ByPhase<T> {
    type Output = T;
    fn index(&self, phase: Phase) -> &T {
        &self.0[phase as usize]
    }
}

impl<T> IndexMut<Phase> for ByPhase<T> {
    fn index_mut(&mut self, phase: Phase) -> &mut T {
        &mut self.0[phase as usize]
    }
}

impl<T: Serialize> Serialize for ByPhase<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(Phase::COUNT))?;
        for phase in Phase::ALL {
            map.serialize_entry(phase.key(), &self[phase])?;
        }
        map.end()
    }
}

/// Voxels of a phase: as many as the recipe asks for, and as there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize)]
pub struct Count {
    /// `None` without a recipe (an imported volume).
    pub target: Option<usize>,
    pub actual: usize,
}

/// Coverages of particle surfaces.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Coverages {
    pub nca: ByPhase<f64>,
}

/// Everything [`analyse`] finds.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Report {
    /// [`Microstructure::voxel_hash`], hexadecimal.
    pub voxel_hash: String,
    /// Voxels along x, y and z.
    pub size: [usize; 3],
    pub voxel_um: f64,
    pub counts: ByPhase<Count>,
    pub volume_fraction: ByPhase<f64>,
    /// Fractions of the NCA's surface by what it meets.
    pub coverage: Coverages,
    /// How unequally the particles are covered.
    pub coverage_per_particle: ByPhase<contacts::Distribution>,
    pub contact_area_um2: ContactAreas,
    /// True area of the NCA's surface [um²], and the same by counting voxel faces.
    pub nca_surface_um2: contacts::Areas,
    pub connectivity: Connectivity,
    pub chord_length_um: ByPhase<ChordLength>,
    pub packing: Packing,
    /// Every particle, in the order of its number.
    pub particles: Vec<ParticleReport>,
}

/// Analyses a structure.
///
/// * `targets` – voxels that the recipe asked for ([`crate::composition::Composition::voxel_targets`]), if there is one
pub fn analyse(structure: &Microstructure, targets: Option<[usize; Phase::COUNT]>) -> Report {
    let actual = structure.counts();
    let mut counts = ByPhase::<Count>::default();
    for phase in Phase::ALL {
        counts[phase] = Count { target: targets.map(|t| t[phase as usize]), actual: actual[phase as usize] };
    }
    let (contact_area_um2, nca_surface_um2) = contacts::contact_areas(structure);
    let coverage = contacts::coverage(structure);
    let rails = Rails::new(structure);
    let particles = wiring::particles(structure, &rails, &coverage);
    let connectivity = clusters::connectivity(structure, &rails, &particles);
    Report {
        voxel_hash: format!("{:016x}", structure.voxel_hash()),
        size: structure.grid.size,
        voxel_um: structure.grid.voxel_um,
        counts,
        volume_fraction: ByPhase(structure.volume_fractions()),
        coverage: Coverages { nca: coverage.overall },
        coverage_per_particle: coverage.distribution(),
        contact_area_um2,
        nca_surface_um2,
        connectivity,
        chord_length_um: morphology::chord_lengths(structure),
        packing: morphology::packing(structure),
        particles,
    }
}

/// Number of particles: spheres of a built structure, labels of an imported one.
pub(crate) fn particle_count(structure: &Microstructure) -> usize {
    let labelled = structure.particle.iter().filter(|&&p| p != crate::microstructure::NO_PARTICLE).max();
    structure.particles.len().max(labelled.map_or(0, |&p| p as usize + 1))
}
