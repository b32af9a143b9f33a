//! What the paper measured: the one table that charts draw as reference marks and results are held against.
//!
//! Source: Kim, Jung et al., *Energy Storage Materials* (2022), doi 10.1016/j.ensm.2022.11.038, text and figures. Nothing
//! here is fitted.

use std::sync::OnceLock;

use serde::Serialize;

use crate::constants::THERMAL_VOLTAGE;
use crate::materials::nca::{self, OpenCircuitVoltage};
use crate::presets;
use crate::recipe::{CoatRoute, Recipe};

/// A measured quantity.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Quantity {
    /// Discharge capacity at this rate [mAh per g of NCA].
    DischargeCapacity { c_rate: f64 },
    /// Discharge over charge of the first cycle at 0.1C [%].
    FirstCycleEfficiency,
    /// Capacity left after 100 cycles at 0.5C [%].
    Retention,
    /// R3 of the 13 mm cell at 3.8 V on discharge, after this many cycles [Ohm].
    InterfacialResistance { cycle: u32 },
    /// Share of the NCA's surface that carbon touches in the paper's digital twin [%].
    CarbonCoverage,
}

impl Quantity {
    /// Name in tables and files.
    pub fn key(self) -> String {
        match self {
            Quantity::DischargeCapacity { c_rate } => format!("discharge_capacity_{c_rate}C"),
            Quantity::FirstCycleEfficiency => "first_cycle_efficiency".into(),
            Quantity::Retention => "retention_100_cycles".into(),
            Quantity::InterfacialResistance { cycle: 2 } => "interfacial_resistance_ohm".into(),
            Quantity::InterfacialResistance { cycle } => format!("interfacial_resistance_ohm_cycle_{cycle}"),
            Quantity::CarbonCoverage => "carbon_coverage_percent".into(),
        }
    }
}

/// One number of the paper.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Measurement {
    /// Name of the preset ([`presets::all`]).
    pub electrode: &'static str,
    pub quantity: Quantity,
    pub value: f64,
    /// Read off a figure or given as 'about'.
    pub approximate: bool,
}

const fn exact(electrode: &'static str, quantity: Quantity, value: f64) -> Measurement {
    Measurement { electrode, quantity, value, approximate: false }
}

const fn about(electrode: &'static str, quantity: Quantity, value: f64) -> Measurement {
    Measurement { electrode, quantity, value, approximate: true }
}

const SLOW: Quantity = Quantity::DischargeCapacity { c_rate: 0.1 };
const FAST: Quantity = Quantity::DischargeCapacity { c_rate: 2.0 };
const R3_EARLY: Quantity = Quantity::InterfacialResistance { cycle: 2 };
const R3_LATE: Quantity = Quantity::InterfacialResistance { cycle: 100 };

/// Every number that the paper gives for one of its electrodes.
pub const MEASURED: &[Measurement] = &[
    exact("bare", SLOW, 171.0),
    exact("lyc-10", SLOW, 202.0),
    exact("lyc-43", SLOW, 191.0),
    about("bare", FAST, 27.0),
    exact("lyc-10", FAST, 122.0),
    about("lyc-43", FAST, 103.0),
    exact("lyc-14", FAST, 53.0),
    exact("lyc-c-14", FAST, 134.0),
    exact("bare", Quantity::FirstCycleEfficiency, 74.1),
    exact("lyc-10", Quantity::FirstCycleEfficiency, 81.6),
    exact("bare", Quantity::Retention, 59.0),
    exact("lyc-7", Quantity::Retention, 75.5),
    exact("lyc-10", Quantity::Retention, 84.7),
    exact("lyc-14", Quantity::Retention, 86.6),
    exact("lyc-43", Quantity::Retention, 83.1),
    exact("bare", R3_EARLY, 61.0),
    exact("bare", Quantity::InterfacialResistance { cycle: 10 }, 169.0),
    exact("bare", R3_LATE, 501.0),
    exact("lyc-10", R3_EARLY, 1.8),
    exact("lyc-10", R3_LATE, 7.7),
    exact("lyc-10", Quantity::CarbonCoverage, 15.69),
    exact("lyc-14", Quantity::CarbonCoverage, 11.46),
];

/// R3 is read at this voltage of a discharge [V].
pub const R3_VOLTAGE: f64 = 3.8;

/// The paper's rate test runs on cells that have cycled: the factor by which the impurity layer's resistance has grown then.
///
/// R3 of the bare electrode rises from 61 Ohm after 2 cycles to 169 after 10. It is the layer and the charge transfer behind it,
/// `R T / F j0`, and only the layer grows. The same factor for every electrode with these interfaces.
pub fn growth_at_rate_test(recipe: &Recipe) -> f64 {
    const RATIO: f64 = 169.0 / 61.0;
    let (x, _) = OpenCircuitVoltage::measured().stoichiometry(R3_VOLTAGE);
    // Ohm m² is 1e4 Ohm cm².
    let transfer = 1e4 * THERMAL_VOLTAGE / (recipe.j0_lpscl_a_m2 * nca::j0_shape(x).0);
    let film = recipe.film_resistance_ohm_cm2;
    if film > 0.0 { RATIO + (RATIO - 1.0) * transfer / film } else { 1.0 }
}

/// Parts by weight over those of NCA, in the order of the recipe.
fn masses(r: &Recipe) -> [f64; 6] {
    [r.coat_halide_parts, r.lpscl_parts, r.carbon_parts, r.halide_parts, r.mixed_halide_parts, r.mixed_carbon_parts]
        .map(|parts| parts / r.nca_parts)
}

/// The halide's mass over that of NCA [%], as the paper counts it: coat, grains and mixed coat together.
pub fn halide_percent(recipe: &Recipe) -> f64 {
    100.0 * (recipe.coat_halide_parts + recipe.halide_parts + recipe.mixed_halide_parts) / recipe.nca_parts
}

/// The preset that has this recipe's composition and coat, whatever else differs (size, seed, rate, interfaces).
pub fn electrode(recipe: &Recipe) -> Option<&'static presets::Preset> {
    static KNOWN: OnceLock<Vec<(presets::Preset, Recipe)>> = OnceLock::new();
    let known = KNOWN.get_or_init(|| {
        presets::all().into_iter().filter_map(|p| Recipe::from_json(&p.recipe).ok().map(|recipe| (p, recipe))).collect()
    });
    // Parts are typed with at most two decimals on 70 of NCA.
    const CLOSE: f64 = 1e-4;
    let alike = |theirs: &Recipe| {
        let same_masses = masses(recipe).iter().zip(masses(theirs)).all(|(a, b)| (a - b).abs() < CLOSE);
        same_masses && recipe.halide == theirs.halide && recipe.coat_route == CoatRoute::Mechanical
    };
    known.iter().find(|(_, theirs)| alike(theirs)).map(|(preset, _)| preset)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_measured_electrode_is_a_preset_and_known_by_its_masses() {
        for m in MEASURED {
            let recipe = presets::find(m.electrode).unwrap();
            assert_eq!(electrode(&recipe).unwrap().name, m.electrode);
        }
        let keys: std::collections::HashSet<_> = MEASURED.iter().map(|m| (m.electrode, m.quantity.key())).collect();
        assert_eq!(keys.len(), MEASURED.len());
    }

    #[test]
    fn layer_and_charge_transfer_together_grow_as_r3_does() {
        let recipe = Recipe { film_resistance_ohm_cm2: 500.0, j0_lpscl_a_m2: 1.0, ..Recipe::default() };
        // At 3.8 V x is 0.6 or so: the exchange current is within a few per cent of that at 0.5, 261 Ohm cm².
        let grown = 500.0 * growth_at_rate_test(&recipe) + 265.0;
        assert!((grown / 765.0 / (169.0 / 61.0) - 1.0).abs() < 0.02, "{grown}");
        let bare = Recipe { film_resistance_ohm_cm2: 0.0, ..recipe };
        assert_eq!(growth_at_rate_test(&bare), 1.0);
    }

    #[test]
    fn other_rates_and_seeds_are_the_same_electrode_and_other_masses_are_not() {
        let at = |changes| electrode(&Recipe::default().with_overrides(&changes).unwrap()).map(|p| p.name.as_str());
        assert_eq!(at(json!({"c_rate": 2.0, "seed": 9, "voxel_um": 2.5})), Some("lyc-10"));
        assert_eq!(
            at(json!({"nca_parts": 140, "coat_halide_parts": 14, "lpscl_parts": 46, "carbon_parts": 6})),
            Some("lyc-10")
        );
        assert_eq!(at(json!({"carbon_parts": 2.9})), None);
        assert_eq!(at(json!({"coat_route": "manual"})), None);
    }

    #[test]
    fn halide_is_counted_as_the_paper_does() {
        for (name, percent) in [("bare", 0.0), ("lyc-10", 10.0), ("lyc-43", 300.0 / 7.0), ("lyc-c-14", 14.0)] {
            let found = halide_percent(&presets::find(name).unwrap());
            assert!((found - percent).abs() < 1e-9, "{name}: {found}");
        }
    }
}
