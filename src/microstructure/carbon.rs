//! Carbon as a binder: in the necks between particles, and spread over their surfaces.
//!
//! Carbon fills the part of the space outside NCA and coat where
//!
//! ```text
//! K(x) = d1 + B (1 − δ) d2 + δ A w(x) < K*
//! ```
//!
//! d1, d2: distances to the two nearest NCA surfaces [um]; δ: the recipe's dispersion; w: a smooth random field from
//! 0 to 1; A = [`SPREAD_UM`], B = `BRIDGING`. With δ = 0 it sits in concave bridges around contacts (both distances small), as
//! GeoDict's 'Add Binder' does; with δ = 1 in islands on the surfaces. K* follows from the volume: a quasi-random sample of the
//! space, the same for every voxel size. The carbon on a point of the NCA surface follows from K ≤ K* there; the voxels
//! with the lowest K are its picture on the grid. How it leads on follows from the faces of voxels that it crosses, for most of it is
//! thinner than a voxel.

use crate::grid::{Axis, VoxelGrid};
use crate::materials::Phase;
use crate::microstructure::CarbonFace;
use crate::microstructure::coat::{Coat, field_seed};
use crate::microstructure::random::{Noise, Step, Stream, Walk};
use crate::microstructure::spheres::{DistanceField, SphereIndex};
use crate::recipe::Recipe;

/// Weight A of the random field [um]: how far carbon heaps up when it spreads over surfaces.
///
/// *Fitted* together with the default of `coat_thickness_max_um` to the NCA surface under carbon in the paper's 10 and 14 wt%
/// electrodes (15.69 and 11.46 %), at a dispersion of 0.5: two numbers of the paper, two constants, no prediction.
pub const SPREAD_UM: f64 = 5.6;

/// Weight B of the second nearest surface: how far carbon prefers the gap between two particles to the surface of one.
///
/// *Assumed*: aggregates of Super C65 have branches that bridge gaps.
const BRIDGING: f64 = 4.0;

/// Size of the islands [um]; *assumed*: two or three aggregates of Super C65 (0.2 to 0.5 um). With islands of 1.5 um a particle had so few
/// ways on that an electrode of the paper's width could hang on a single contact (seed 9 at 10 wt%).
const ISLAND_UM: f64 = 0.7;

/// What of the noise becomes 0 to 1: ±0.6 holds all but a few per mille of it.
const NOISE_RANGE: f64 = 1.2;

/// Points of the sample that fixes K*. A per cent of the carbon's volume at the paper's 4 vol%.
const SAMPLE_POINTS: u32 = 1 << 18;

/// Points along the edge of a face where carbon is looked up: one per 0.125 um, at most 4. With half as many necks are missed: on
/// voxels of 0.25 um 15 % of the NCA at 14 wt% were active in place of 49 % (`survey lyc-14 --voxels 0.25`).
fn points_along(voxel_um: f64) -> usize {
    (voxel_um / 0.125).round().clamp(1.0, 4.0) as usize
}

/// The faces that carbon crosses where voxels are all there is: those between two of carbon, and between one and mixed coat or the
/// collector.
pub fn crossed_in_voxels(grid: &VoxelGrid, phase: &[Phase]) -> Vec<CarbonFace> {
    let crossed = |here: Phase, there: Option<Phase>| match (here, there) {
        (Phase::Carbon, there) => there.is_none_or(|p| matches!(p, Phase::Carbon | Phase::Mixed)),
        (Phase::Mixed, there) => there == Some(Phase::Carbon),
        _ => false,
    };
    let mut faces = Vec::new();
    for (voxel, &here) in phase.iter().enumerate() {
        for axis in Axis::ALL {
            if crossed(here, grid.next(voxel, axis).map(|next| phase[next])) {
                faces.push(CarbonFace { voxel: voxel as u32, axis, share: 1.0 });
            }
        }
    }
    faces
}

/// Where the carbon is.
pub(crate) struct CarbonField {
    dispersion: f64,
    noise: Noise,
    cells_per_um: [f64; 3],
    /// K* [um]; negative without carbon.
    pub threshold: f64,
    /// Distances beyond this are not known [um].
    reach: f64,
}

impl CarbonField {
    /// * `fraction` – carbon's volume over the domain's
    /// * `reach` – distances beyond this are not known [um]
    pub(crate) fn new(
        recipe: &Recipe,
        coat: &Coat,
        index: &SphereIndex,
        extent: [f64; 3],
        fraction: f64,
        reach: f64,
        thin: u32,
    ) -> CarbonField {
        let points = SAMPLE_POINTS / thin;
        // Whole cells around the period.
        let period = [0, 1].map(|a| (extent[a] / ISLAND_UM).round().max(1.0));
        let mut field = CarbonField {
            dispersion: recipe.carbon_dispersion,
            noise: Noise::periodic(field_seed(recipe.seed, Step::Carbon), period.map(|p| p as i64)),
            cells_per_um: [period[0] / extent[0], period[1] / extent[1], 1.0 / ISLAND_UM],
            threshold: -1.0,
            reach,
        };
        let wanted = (fraction * f64::from(points)).round() as u32;
        if wanted > 0 {
            field.threshold = field.solve(recipe.seed, coat, index, extent, [points, wanted]);
        }
        field
    }

    /// The least K* that holds `wanted` of so many `points`.
    fn solve(&self, seed: u32, coat: &Coat, index: &SphereIndex, extent: [f64; 3], [points, wanted]: [u32; 2]) -> f64 {
        let mut stream = Stream::new(seed, Step::Carbon);
        let start = [0; 3].map(|_| stream.uniform());
        // Additive recurrence with the powers of the plastic number of three dimensions (Roberts 2018).
        const STEP: [f64; 3] = [0.819_172_513_396_164_4, 0.671_043_606_703_789_2, 0.549_700_477_901_970_3];
        let mut keys = Vec::new();
        for i in 0..points {
            let p = [0, 1, 2].map(|a| {
                let t = start[a] + STEP[a] * f64::from(i);
                (t - t.floor()) * extent[a]
            });
            let [first, second] = index.nearest_two(p);
            let d = first.distance_um;
            if d < 0.0 || d >= self.reach || d < coat.above(first, p) {
                continue;
            }
            keys.push(self.key(p, first.distance_um, second.distance_um, &mut Walk::default()));
        }
        if keys.is_empty() {
            return 0.0;
        }
        let nth = (wanted as usize).min(keys.len()) - 1;
        *keys.select_nth_unstable_by(nth, f64::total_cmp).1
    }

    /// K without its random part [um].
    pub(crate) fn smooth_key(&self, d1: f64, d2: f64) -> f64 {
        d1.max(0.0) + BRIDGING * (1.0 - self.dispersion) * d2.max(0.0)
    }

    /// K [um] at a point whose distances to the two nearest NCA surfaces are d1 and d2; `walk` remembers the last point.
    pub(crate) fn key(&self, p: [f64; 3], d1: f64, d2: f64, walk: &mut Walk) -> f64 {
        let smooth = self.smooth_key(d1, d2);
        if self.dispersion == 0.0 {
            return smooth;
        }
        let w = (0.5 + self.noise.at(self.cells(p), walk) / NOISE_RANGE).clamp(0.0, 1.0);
        smooth + self.dispersion * SPREAD_UM * w
    }

    fn cells(&self, p: [f64; 3]) -> [f64; 3] {
        [0, 1, 2].map(|a| p[a] * self.cells_per_um[a])
    }

    /// The faces outside the NCA that carbon crosses, those where mixed coat lies against carbon among them.
    ///
    /// Far from all NCA, where the model knows no distances, voxels of carbon are all there is.
    pub(crate) fn crossed(
        &self,
        grid: &VoxelGrid,
        phase: &[Phase],
        field: &DistanceField,
        coat: &Coat,
        index: &SphereIndex,
    ) -> Vec<CarbonFace> {
        if self.threshold < 0.0 {
            return Vec::new();
        }
        let h = grid.voxel_um;
        let along = points_along(h);
        // From the centre of a voxel to the outermost points of its faces.
        let aside = 0.5 * (1.0 - 1.0 / along as f64);
        let farthest = (0.25 + 2.0 * aside * aside).sqrt() * h;
        let near = |voxel: usize| {
            let [d1, d2] = [field.first[voxel], field.second[voxel]].map(|d| f64::from(d) - farthest);
            self.smooth_key(d1, d2) <= self.threshold
        };
        let mut walk = Walk::default();
        let mut faces = Vec::new();
        let mut spheres = Vec::new();
        for voxel in (0..phase.len()).filter(|&v| phase[v] != Phase::Nca) {
            let here = near(voxel);
            spheres.clear();
            for axis in Axis::ALL {
                let next = grid.next(voxel, axis);
                let sides = [phase[voxel], next.map_or(Phase::Carbon, |next| phase[next])];
                let both_carbon = sides == [Phase::Carbon; 2];
                let coat_meets_carbon = sides.contains(&Phase::Mixed) && sides.contains(&Phase::Carbon);
                let may_hold = here && next.is_none_or(near) || coat_meets_carbon;
                if !may_hold || sides[1] == Phase::Nca {
                    continue;
                }
                if spheres.is_empty() {
                    index.around(grid.centre_um(voxel), farthest, &mut spheres);
                }
                let a = axis.index();
                let mut corner = grid.centre_um(voxel).map(|c| c - 0.5 * h);
                corner[a] += h;
                let mut inside = 0;
                for i in 0..along * along {
                    let mut p = corner;
                    p[(a + 1) % 3] += ((i % along) as f64 + 0.5) / along as f64 * h;
                    p[(a + 2) % 3] += ((i / along) as f64 + 0.5) / along as f64 * h;
                    let [first, second] = index.nearest_two_of(&spheres, p);
                    let d = first.distance_um;
                    inside += u32::from(if d >= self.reach {
                        both_carbon
                    } else {
                        d >= 0.0
                            && (self.holds(p, d, second.distance_um, &mut walk) && d >= coat.above(first, p)
                                || coat_meets_carbon && coat.mixed_at(first, p))
                    });
                }
                if inside > 0 {
                    let share = inside as f32 / (along * along) as f32;
                    faces.push(CarbonFace { voxel: voxel as u32, axis, share });
                }
            }
        }
        faces
    }

    /// Is there carbon at this point?
    pub(crate) fn holds(&self, p: [f64; 3], d1: f64, d2: f64, walk: &mut Walk) -> bool {
        let room = self.threshold - self.smooth_key(d1, d2);
        let spread = self.dispersion * SPREAD_UM;
        // At the top of its range the random field adds all of the spread.
        let all = room >= spread;
        room >= 0.0 && (all || self.noise.at_most((room / spread - 0.5) * NOISE_RANGE, self.cells(p), walk))
    }
}
