//! The builder: packing, coat, carbon and electrolyte in order, each phase with exactly the voxels of its volume.

use crate::composition::Composition;
use crate::grid::VoxelGrid;
use crate::materials::Phase;
use crate::microstructure::carbon::CarbonField;
use crate::microstructure::coat::{Coat, coat_at};
use crate::microstructure::pack::{PackingRequest, Sizes, pack};
use crate::microstructure::random::Walk;
use crate::microstructure::spheres::{DistanceField, SphereIndex, nearest_image};
use crate::microstructure::surface::{self, Models, Standoff};
use crate::microstructure::{Microstructure, NO_PARTICLE, Sphere, electrolyte, rank};
use crate::recipe::{Recipe, RecipeIssue};

/// Grids larger than this are refused: building takes 50 bytes a voxel.
pub const MAX_VOXELS: usize = 1 << 26;

/// Distances to NCA surfaces beyond this are not told apart [um]; carbon and coat end far nearer.
const REACH_UM: f64 = 3.0;

/// A sketch looks at one in so many points.
const SKETCHED: u32 = 64;

/// Why a structure cannot be built.
#[derive(Clone, Debug, PartialEq)]
pub enum BuildError {
    /// The recipe itself is at fault: every fault at once.
    Recipe(Vec<RecipeIssue>),
    /// The grid would be too large.
    TooManyVoxels { voxels: f64, limit: usize },
    /// The domain would hold too many particles.
    TooManyParticles { particles: f64, limit: usize },
    /// The spheres still overlap after the last sweep.
    Packing {
        /// Volume fraction they were packed at.
        fraction: f64,
        /// Greatest overlap, as a fraction of the sum of two radii.
        overlap: f64,
        sweeps: u32,
    },
}

impl std::fmt::Display for BuildError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            BuildError::Recipe(issues) => {
                for (i, issue) in issues.iter().enumerate() {
                    write!(f, "{}{issue}", if i > 0 { "\n" } else { "" })?;
                }
                Ok(())
            }
            BuildError::TooManyVoxels { voxels, limit } => {
                write!(f, "{voxels} voxels, more than {limit}; make the voxel larger or the domain smaller")
            }
            BuildError::TooManyParticles { particles, limit } => {
                write!(f, "{particles} particles, more than {limit}; make them larger or the domain smaller")
            }
            BuildError::Packing { fraction, overlap, sweeps } => write!(
                f,
                "spheres at {:.1} vol% still overlap by {:.1} % of the sum of their radii after {sweeps} sweeps; \
                 lower the NCA's share or widen the domain",
                100.0 * fraction,
                100.0 * overlap
            ),
        }
    }
}

impl std::error::Error for BuildError {}

/// The builder's steps, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BuildStage {
    Packing,
    Distances,
    Coat,
    Carbon,
    Electrolyte,
    Surface,
}

impl BuildStage {
    pub const ALL: [BuildStage; 6] = [
        BuildStage::Packing,
        BuildStage::Distances,
        BuildStage::Coat,
        BuildStage::Carbon,
        BuildStage::Electrolyte,
        BuildStage::Surface,
    ];
}

/// Builds the structure of a recipe: same recipe, same bits, natively and in wasm.
///
/// Of the compositions of a seed, domain and particle size, all of the paper's among them, every one has the same NCA particles at
/// the same centres. Their voxels are identical where the NCA's volume fraction is (in mass mode: at equal NCA
/// per area; in porosity mode it follows from masses and densities, 0.348 to 0.391), and nested, by one factor on all radii, where it is not. See [`super::pack`].
///
/// # Errors
/// See [`BuildError`].
pub fn build(recipe: &Recipe) -> Result<Microstructure, BuildError> {
    build_with(recipe, &mut |_| ())
}

/// As [`build`], telling `begin` of each stage as it begins.
///
/// # Errors
/// See [`BuildError`].
pub fn build_with(recipe: &Recipe, begin: &mut dyn FnMut(BuildStage)) -> Result<Microstructure, BuildError> {
    let Filled { grid, phase, particle, particles, index, field, coat, carbon } = fill(recipe, 1, begin)?;
    begin(BuildStage::Surface);
    let crossed = carbon.crossed(&grid, &phase, &field, &coat, &index);
    drop(field);
    let standoff = Standoff::new(recipe.edge_standoff, recipe.lpscl_diameter_um);
    let models = Models { spheres: &particles, index: &index, coat: &coat, carbon: &carbon, standoff };
    let surface = surface::faces(&grid, &phase, &particle, &models);
    Ok(Microstructure { grid, phase, particle, particles, surface, carbon: crossed })
}

/// Voxels for the eye alone.
pub struct Sketch {
    pub grid: VoxelGrid,
    /// Shape: grid.
    pub phase: Vec<Phase>,
}

/// The voxels of a recipe, many times sooner than by [`build`]: the same particles and exact counts, but coat and carbon are fitted
/// in one of sixty-four points, and no face is looked at.
///
/// # Errors
/// See [`BuildError`].
pub fn sketch(recipe: &Recipe) -> Result<Sketch, BuildError> {
    let Filled { grid, phase, .. } = fill(recipe, SKETCHED, &mut |_| ())?;
    Ok(Sketch { grid, phase })
}

/// Every voxel has its phase.
struct Filled {
    grid: VoxelGrid,
    phase: Vec<Phase>,
    particle: Vec<u32>,
    particles: Vec<Sphere>,
    index: SphereIndex,
    field: DistanceField,
    coat: Coat,
    carbon: CarbonField,
}

/// Looks at one in `thin` points of surfaces and space.
fn fill(recipe: &Recipe, thin: u32, begin: &mut dyn FnMut(BuildStage)) -> Result<Filled, BuildError> {
    Recipe::from_json(&recipe.to_json()).map_err(BuildError::Recipe)?;
    let grid = recipe.grid();
    let voxels = grid.size.iter().map(|&n| n as f64).product::<f64>();
    if voxels > MAX_VOXELS as f64 {
        return Err(BuildError::TooManyVoxels { voxels, limit: MAX_VOXELS });
    }
    let composition = Composition::new(recipe);
    let target = composition.voxel_targets(grid.len());
    let extent = grid.extent_um();
    let volume = extent[0] * extent[1] * extent[2];

    begin(BuildStage::Packing);
    let sizes = match recipe.nca_diameters_um.as_slice() {
        [] => Sizes::LogNormal { median_um: recipe.nca_diameter_um, spread: recipe.nca_diameter_spread },
        measured => Sizes::Measured(measured),
    };
    let packing = pack(&PackingRequest {
        extent_um: extent,
        fraction: composition.fraction(Phase::Nca),
        sizes,
        seed: recipe.seed,
    })?;
    let particles = packing.spheres();

    begin(BuildStage::Distances);
    let index = SphereIndex::new(&particles, extent, REACH_UM, grid.voxel_um);
    let field = DistanceField::new(&grid, &particles, REACH_UM);
    let mut phase = vec![Phase::Pore; grid.len()];
    let mut particle = vec![NO_PARTICLE; grid.len()];
    // The factor on the radii leaves this order as it is.
    let mut entries: Vec<u64> = field
        .key
        .iter()
        .enumerate()
        .filter(|(_, key)| key.is_finite())
        .map(|(voxel, &key)| rank::entry(key, voxel))
        .collect();
    let nca = target[Phase::Nca as usize].min(entries.len());
    rank::lowest(&mut entries, nca, |voxel| {
        phase[voxel] = Phase::Nca;
        particle[voxel] = field.owner[voxel];
    });

    begin(BuildStage::Coat);
    let mixed = composition.fraction(Phase::Mixed);
    let volumes = [composition.coat_halide_fraction * volume, mixed * volume];
    let coat = Coat::new(recipe, &packing.reference, &particles, &index, volumes, thin);
    let coat_voxels = if coat.halide.is_some() {
        let exact = composition.coat_halide_fraction * grid.len() as f64;
        // All of the halide, if it is all coat: rounding must not leave a voxel of grain.
        if recipe.halide_parts > 0.0 { exact.round() as usize } else { target[Phase::Halide as usize] }
    } else {
        0
    };
    let coat_voxels = coat_voxels.min(target[Phase::Halide as usize]);
    place_coat(&grid, &mut phase, &particles, &field, &coat, [coat_voxels, target[Phase::Mixed as usize]]);

    begin(BuildStage::Carbon);
    let fraction = composition.fraction(Phase::Carbon);
    let carbon = CarbonField::new(recipe, &coat, &index, extent, fraction, REACH_UM, thin);
    place_carbon(&grid, &mut phase, &field, &carbon, target[Phase::Carbon as usize]);

    begin(BuildStage::Electrolyte);
    let grains =
        [(Phase::Halide, target[Phase::Halide as usize] - coat_voxels), (Phase::Lpscl, target[Phase::Lpscl as usize])];
    electrolyte::fill(&grid, &mut phase, &grains, recipe.lpscl_diameter_um, recipe.seed);

    Ok(Filled { grid, phase, particle, particles, index, field, coat, carbon })
}

/// Keys at and above this belong to voxels that a model does not reach; they come last, the nearest first.
const BEYOND: f64 = 1e6;

/// Gives the halide coat, then the mixed coat its voxels: those deepest in the layer in proportion to its thickness.
fn place_coat(
    grid: &VoxelGrid,
    phase: &mut [Phase],
    particles: &[Sphere],
    field: &DistanceField,
    coat: &Coat,
    counts: [usize; 2],
) {
    if counts == [0, 0] {
        return;
    }
    let extent = grid.extent_um();
    // A layer thinner than a voxel still shows in the voxels next to the surface.
    let near = coat.thickest() + grid.voxel_um;
    let mut halide = Vec::new();
    let mut thickness = Vec::new();
    for (voxel, &taken) in phase.iter().enumerate() {
        if taken != Phase::Pore {
            continue;
        }
        let d = f64::from(field.first[voxel]).max(0.0);
        let mut t = [0.0; 2];
        if d < near && field.nearest[voxel] != NO_PARTICLE {
            let number = field.nearest[voxel];
            let apart = nearest_image(grid.centre_um(voxel), particles[number as usize].centre_um, extent);
            t = coat_at(coat, number, apart, [0.0; 3]);
        }
        halide.push(rank::entry(layer_key(d, t[0]), voxel));
        if t[1] > 0.0 {
            thickness.push((voxel, t));
        }
    }
    let count = counts[0].min(halide.len());
    rank::lowest(&mut halide, count, |voxel| phase[voxel] = Phase::Halide);
    if counts[1] == 0 {
        return;
    }
    let mut mixed: Vec<u64> = Vec::new();
    let mut known = thickness.into_iter().peekable();
    for (voxel, &taken) in phase.iter().enumerate() {
        let t = known.next_if(|k| k.0 == voxel).map_or([0.0; 2], |k| k.1);
        if taken == Phase::Pore {
            let d = (f64::from(field.first[voxel]) - t[0]).max(0.0);
            mixed.push(rank::entry(layer_key(d, t[1]), voxel));
        }
    }
    let count = counts[1].min(mixed.len());
    rank::lowest(&mut mixed, count, |voxel| phase[voxel] = Phase::Mixed);
}

fn layer_key(distance: f64, thickness: f64) -> f32 {
    (if thickness > 0.0 { distance / thickness } else { BEYOND + distance }) as f32
}

/// Gives the carbon its voxels: those with the lowest key.
fn place_carbon(grid: &VoxelGrid, phase: &mut [Phase], field: &DistanceField, carbon: &CarbonField, count: usize) {
    if count == 0 {
        return;
    }
    // Voxel centres lie off the surfaces, so that the carbon's threshold on the grid is above that of the continuum.
    let near = carbon.threshold + 2.0 * grid.voxel_um;
    let mut entries = Vec::new();
    let mut walk = Walk::default();
    for (voxel, &taken) in phase.iter().enumerate() {
        if taken != Phase::Pore {
            continue;
        }
        let (d1, d2) = (f64::from(field.first[voxel]), f64::from(field.second[voxel]));
        let smooth = carbon.smooth_key(d1, d2);
        let key = if smooth < near { carbon.key(grid.centre_um(voxel), d1, d2, &mut walk) } else { BEYOND + smooth };
        entries.push(rank::entry(key as f32, voxel));
    }
    let count = count.min(entries.len());
    rank::lowest(&mut entries, count, |voxel| phase[voxel] = Phase::Carbon);
}
