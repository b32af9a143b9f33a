//! From weighed masses to volumes: fractions, porosity, loading and capacity.

use serde::Serialize;
use serde_json::{Value, json};

use crate::constants::ONE_C_A_PER_KG;
use crate::materials::{Phase, carbon, lpscl, nca};
use crate::recipe::{Mode, Recipe, RecipeIssue};

/// What the electrode is made of, before any geometry.
#[derive(Clone, Debug, Serialize)]
pub struct Composition {
    /// Volume of each phase over the volume of the electrode, in the order of [`Phase::ALL`]; they add up to 1.
    pub volume_fraction: [f64; Phase::COUNT],
    /// The part of the halide's volume fraction that lies in the coat; the rest is grains.
    pub coat_halide_fraction: f64,
    /// The part of the mixed phase that is halide.
    pub mixed_halide_share: f64,
    /// Thickness [um].
    pub thickness_um: f64,
    /// Mass of all solids per area [mg cm⁻²].
    pub loading_mg_cm2: f64,
    /// NCA's share of the mass of the solids.
    pub nca_mass_fraction: f64,
    /// Areal capacity at the nominal 180 mAh per gram of NCA [mAh cm⁻²].
    pub nominal_capacity_mah_cm2: f64,
    /// Density of the solids together [g cm⁻³].
    pub solid_density_g_cm3: f64,
}

/// Reading a recipe belongs here, where the faults of its volumes are known as well.
impl Recipe {
    /// Reads a recipe: fields that are missing take their defaults.
    ///
    /// # Errors
    /// Every fault at once: not an object, unknown fields, wrong types, values out of range, and combinations that
    /// cannot be built.
    pub fn from_json(value: &Value) -> Result<Recipe, Vec<RecipeIssue>> {
        Recipe::default().with_overrides(value)
    }

    /// This recipe with some fields changed.
    ///
    /// # Errors
    /// As [`Recipe::from_json`].
    pub fn with_overrides(&self, value: &Value) -> Result<Recipe, Vec<RecipeIssue>> {
        let (recipe, mut issues) = self.overridden(value);
        issues.extend(Composition::issues(&recipe));
        if issues.is_empty() { Ok(recipe) } else { Err(issues) }
    }
}

impl Composition {
    /// Volumes = masses / densities, in one of the two modes.
    ///
    /// Porosity mode: the solids fill `1 − porosity`; loading = density of the solids · (1 − porosity) · thickness.
    /// Mass mode: porosity = 1 − loading / (density of the solids · thickness).
    pub fn new(recipe: &Recipe) -> Composition {
        let r = recipe;
        let halide = r.halide.density();
        // cm³ per 'part' of mass in grams.
        let mut volume = [0.0; Phase::COUNT];
        volume[Phase::Nca as usize] = r.nca_parts / nca::DENSITY;
        volume[Phase::Halide as usize] = (r.coat_halide_parts + r.halide_parts) / halide;
        volume[Phase::Lpscl as usize] = r.lpscl_parts / lpscl::DENSITY;
        volume[Phase::Carbon as usize] = r.carbon_parts / carbon::DENSITY;
        let mixed_halide = r.mixed_halide_parts / halide;
        volume[Phase::Mixed as usize] = mixed_halide + r.mixed_carbon_parts / carbon::DENSITY;

        let solid_volume: f64 = volume.iter().sum();
        let mass = r.nca_parts
            + r.coat_halide_parts
            + r.halide_parts
            + r.mixed_halide_parts
            + r.lpscl_parts
            + r.carbon_parts
            + r.mixed_carbon_parts;
        let density = mass / solid_volume;
        // 1 mg/cm2 over 1 um is 10 g/cm3.
        let porosity = match r.mode {
            Mode::Porosity => r.porosity,
            Mode::Mass => 1.0 - 10.0 * r.loading_mg_cm2 / (density * r.thickness_um),
        };
        let scale = (1.0 - porosity) / solid_volume;
        let mut volume_fraction = volume.map(|v| v * scale);
        volume_fraction[Phase::Pore as usize] = porosity;
        let loading_mg_cm2 = 0.1 * density * (1.0 - porosity) * r.thickness_um;
        let nca_mass_fraction = r.nca_parts / mass;
        let mixed = volume[Phase::Mixed as usize];
        Composition {
            volume_fraction,
            coat_halide_fraction: r.coat_halide_parts / halide * scale,
            mixed_halide_share: if mixed > 0.0 { mixed_halide / mixed } else { 0.0 },
            thickness_um: r.thickness_um,
            loading_mg_cm2,
            nca_mass_fraction,
            nominal_capacity_mah_cm2: loading_mg_cm2 * nca_mass_fraction * ONE_C_A_PER_KG * 1e-3,
            solid_density_g_cm3: density,
        }
    }

    /// Volume fraction of one phase.
    pub fn fraction(&self, phase: Phase) -> f64 {
        self.volume_fraction[phase as usize]
    }

    /// Whole voxels of each phase in a grid of `voxels`; they add up to it (largest remainders take the rest).
    pub fn voxel_targets(&self, voxels: usize) -> [usize; Phase::COUNT] {
        let exact = self.volume_fraction.map(|f| f * voxels as f64);
        let mut target = exact.map(|e| e.floor() as usize);
        let mut order: Vec<usize> = (0..Phase::COUNT).collect();
        order.sort_by(|&a, &b| exact[b].fract().total_cmp(&exact[a].fract()));
        let missing = voxels - target.iter().sum::<usize>();
        for &phase in order.iter().take(missing) {
            target[phase] += 1;
        }
        target
    }

    /// Faults of a recipe that only its volumes show.
    fn issues(recipe: &Recipe) -> Vec<RecipeIssue> {
        let composition = Composition::new(recipe);
        let mut issues = Vec::new();
        let porosity = composition.fraction(Phase::Pore);
        if recipe.mode == Mode::Mass && !(0.02..=0.7).contains(&porosity) {
            let full = 0.1 * composition.solid_density_g_cm3 * recipe.thickness_um;
            issues.push(RecipeIssue::new(
                "loading_mg_cm2",
                json!(recipe.loading_mg_cm2),
                format!("{:.1} to {:.1} mg/cm2 at this thickness", 0.3 * full, 0.98 * full),
                format!("The porosity would be {porosity:.2}; change loading or thickness."),
            ));
        }
        let nca = composition.fraction(Phase::Nca);
        if nca > MAX_NCA_FRACTION {
            issues.push(RecipeIssue::new(
                "nca_parts",
                json!(recipe.nca_parts),
                format!("at most {MAX_NCA_FRACTION} of the volume; this recipe gives {nca:.3}"),
                "Spheres cannot be packed as densely; add electrolyte or porosity.",
            ));
        }
        issues
    }
}

/// Densest packing of NCA spheres that the builder is asked for.
pub const MAX_NCA_FRACTION: f64 = 0.58;

#[cfg(test)]
mod tests {
    use super::*;

    fn recipe(lyc: f64, mode: Mode, porosity: f64) -> Recipe {
        Recipe { coat_halide_parts: lyc, lpscl_parts: 30.0 - lyc, mode, porosity, ..Recipe::default() }
    }

    /// Rows of a table worked out beforehand with the same densities (both modes, bare and 10 wt%).
    #[test]
    fn volume_fractions_follow_from_masses_and_densities() {
        let close = |a: f64, b: f64| assert!((a - b).abs() < 2e-5, "{a} against {b}");
        let bare = Composition::new(&recipe(0.0, Mode::Porosity, 0.1863));
        close(bare.fraction(Phase::Nca), 0.36832);
        close(bare.fraction(Phase::Lpscl), 0.40566);
        close(bare.fraction(Phase::Carbon), 0.03971);
        assert!((bare.loading_mg_cm2 - 12.95287).abs() < 1e-3);
        let coated = Composition::new(&recipe(7.0, Mode::Porosity, 0.2375));
        close(coated.fraction(Phase::Nca), 0.35483);
        close(coated.fraction(Phase::Halide), 0.0698);
        assert!((coated.loading_mg_cm2 - 12.47833).abs() < 1e-3);
        let mass = Composition::new(&recipe(7.0, Mode::Mass, 0.2375));
        close(mass.fraction(Phase::Pore), 0.3095);
        close(mass.fraction(Phase::Nca), 0.32132);
        assert!((mass.loading_mg_cm2 - 11.3).abs() < 1e-9);
    }

    #[test]
    fn fractions_and_targets_add_up() {
        for lyc in [0.0, 2.1, 7.0, 9.8] {
            let c = Composition::new(&recipe(lyc, Mode::Porosity, 0.2));
            assert!((c.volume_fraction.iter().sum::<f64>() - 1.0).abs() < 1e-12);
            for voxels in [1000, 31_250, 250_001] {
                assert_eq!(c.voxel_targets(voxels).iter().sum::<usize>(), voxels);
            }
        }
    }

    #[test]
    fn impossible_loadings_are_refused() {
        let issues = Recipe::from_json(&json!({"mode": "mass", "loading_mg_cm2": 30})).unwrap_err();
        assert_eq!(issues[0].path, "loading_mg_cm2");
    }
}
