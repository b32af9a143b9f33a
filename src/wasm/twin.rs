//! The worker's side: one cathode, its structure and its discharge.

use js_sys::{Float32Array, Float64Array, Function, Reflect};
use serde::Serialize;
use serde_json::json;
use wasm_bindgen::prelude::*;

use super::{failure, issues_to_js, object, read_recipe, to_js};
use crate::grid::Axis;
use crate::microstructure::Microstructure;
use crate::microstructure::build::{BuildError, BuildStage, build_with};
use crate::recipe::{FIELDS, Recipe};
use crate::simulation::{Field, Progress, Simulation, Status};

/// What a cross-section can show: key, name, label of the colour bar, unit, and whether it needs a run.
const VIEWS: [(&str, &str, &str, &str, bool); 4] = [
    ("phase", "Phase", "", "", false),
    ("stoichiometry", "Lithium stoichiometry", "x in LiₓNCA", "", true),
    ("phi_s", "Electronic potential", "Electronic potential (V)", "V", true),
    ("phi_e", "Ionic potential", "Ionic potential (V)", "V", true),
];

/// Colour limits of the stoichiometry: a discharge runs from about 0.19 to nearly 1, and fixed limits let runs be compared.
const STOICHIOMETRY_LIMITS: [f32; 2] = [0.15, 1.0];

/// What a cross-section can show: `{key, label, bar, unit, needs_run}`.
#[wasm_bindgen]
pub fn slice_views() -> JsValue {
    to_js(&VIEWS.map(|(key, label, bar, unit, needs_run)| {
        json!({"key": key, "label": label, "bar": bar, "unit": unit, "needs_run": needs_run})
    }))
}

/// A cathode: built at once, discharged piece by piece.
#[wasm_bindgen]
pub struct Twin {
    recipe: Recipe,
    structure: Microstructure,
    simulation: Option<Simulation>,
}

#[derive(Serialize)]
struct Advanced {
    finished: bool,
    #[serde(flatten)]
    progress: Progress,
}

#[wasm_bindgen]
impl Twin {
    /// Builds the structure of a recipe; `on_stage(stage, fraction)` hears of each stage as it begins.
    #[wasm_bindgen(constructor)]
    pub fn new(recipe: JsValue, on_stage: &Function) -> Result<Twin, JsValue> {
        let recipe = read_recipe(recipe).map_err(|issues| issues_to_js(&issues))?;
        let structure = build(&recipe, on_stage)?;
        Ok(Twin { recipe, structure, simulation: None })
    }

    /// Takes another recipe; a new structure is built, and the last discharge forgotten, only if the voxels would differ.
    pub fn set_recipe(&mut self, recipe: JsValue, on_stage: &Function) -> Result<(), JsValue> {
        let recipe = read_recipe(recipe).map_err(|issues| issues_to_js(&issues))?;
        if !same_structure(&recipe, &self.recipe) {
            self.structure = build(&recipe, on_stage)?;
            self.simulation = None;
        }
        self.recipe = recipe;
        Ok(())
    }

    /// Forgets the last discharge: the next call of [`Twin::advance`] begins one of the present recipe.
    pub fn restart(&mut self) {
        self.simulation = None;
    }

    /// Works on the discharge for about `budget_ms`, or until it ends: `{finished, stage, fraction, ...}`.
    pub fn advance(&mut self, budget_ms: f64) -> Result<JsValue, JsValue> {
        let end = now_ms() + budget_ms;
        let simulation = self.simulation.get_or_insert_with(|| Simulation::new(&self.recipe, &self.structure));
        let finished = loop {
            match simulation.advance().map_err(|e| to_js(&e))? {
                Status::Finished => break true,
                Status::Running if now_ms() >= end => break false,
                Status::Running => {}
            }
        };
        Ok(to_js(&Advanced { finished, progress: simulation.progress() }))
    }

    /// A cross-section: `{data, rows, columns, voxel_um, from, to}`, NaN where there is no value; the limits `from` and `to` hold
    /// in the whole volume.
    pub fn slice(&self, field: &str, axis: &str, index: usize) -> Result<JsValue, JsValue> {
        let stage = "cross-section";
        let axis: Axis = serde_json::from_value(json!(axis))
            .map_err(|_| failure("unknown_axis", stage, format!("There is no axis '{axis}'."), "x, y and z exist."))?;
        let grid = self.structure.grid;
        if index >= grid.size[axis.index()] {
            let last = grid.size[axis.index()] - 1;
            let message = format!("Position {index} lies outside the volume.");
            return Err(failure("outside", stage, message, &format!("The last position is {last}.")));
        }
        let (rows, columns, indices) = grid.slice(axis, index);
        let (data, [from, to]) = if field == "phase" {
            let phase = |&i: &usize| f32::from(self.structure.phase[i] as u8);
            (indices.iter().map(phase).collect(), [0.0, 0.0])
        } else {
            let known = Field::from_key(field).ok_or_else(|| {
                failure("unknown_field", stage, format!("There is no field '{field}'."), "Choose another field.")
            })?;
            let simulation = self.simulation.as_ref().ok_or_else(no_run)?;
            let data = simulation.slice(known, axis, index);
            // Fixed limits need no look at the whole volume, where each value costs an inversion of the voltage curve.
            let limits = match known {
                Field::Stoichiometry => limits(STOICHIOMETRY_LIMITS, &data),
                Field::PhiS | Field::PhiE => limits([f32::INFINITY, f32::NEG_INFINITY], &simulation.field(known)),
            };
            (data, limits)
        };
        Ok(object([
            ("data", Float32Array::from(data.as_slice()).into()),
            ("rows", rows.into()),
            ("columns", columns.into()),
            ("voxel_um", grid.voxel_um.into()),
            ("from", from.into()),
            ("to", to.into()),
        ]))
    }

    /// A column of the discharge: `time_s`, `capacity_mah_g` or `voltage_v`; empty before it starts.
    pub fn series(&self, name: &str) -> Result<Float64Array, JsValue> {
        let Some(simulation) = &self.simulation else { return Ok(Float64Array::new_with_length(0)) };
        let column = simulation.series().column(name).ok_or_else(|| {
            failure("unknown_series", "curve", format!("There is no column '{name}'."), "Choose another column.")
        })?;
        Ok(Float64Array::from(column))
    }

    /// The numbers of the discharge.
    pub fn summary(&self) -> Result<JsValue, JsValue> {
        Ok(to_js(&self.simulation.as_ref().ok_or_else(no_run)?.summary()))
    }

    /// The structure in numbers.
    pub fn report(&self) -> JsValue {
        let s = &self.structure;
        let area: f64 = s.surface.iter().map(|f| f64::from(f.area)).sum();
        let covered: f64 = s.surface.iter().map(|f| f64::from(f.area * f.covered)).sum();
        to_js(&json!({
            "grid": s.grid,
            "volume_fractions": s.volume_fractions(),
            "has_run": self.simulation.is_some(),
            "particles": s.particles.len(),
            "coat_coverage": if area > 0.0 { covered / area } else { 0.0 },
            "voxel_hash": format!("{:016x}", s.voxel_hash()),
        }))
    }
}

fn build(recipe: &Recipe, on_stage: &Function) -> Result<Microstructure, JsValue> {
    let mut begin = |stage: BuildStage| {
        let words = match stage {
            BuildStage::Packing => "packing the particles",
            BuildStage::Distances => "measuring distances",
            BuildStage::Coat => "coating the particles",
            BuildStage::Carbon => "placing the carbon",
            BuildStage::Electrolyte => "filling in the electrolyte",
            BuildStage::Surface => "finding the contacts",
        };
        let fraction = stage as usize as f64 / BuildStage::ALL.len() as f64;
        // A listener that throws must not spoil the structure.
        let _ = on_stage.call2(&JsValue::NULL, &words.into(), &fraction.into());
    };
    build_with(recipe, &mut begin).map_err(|e| match e {
        BuildError::Recipe(issues) => issues_to_js(&issues),
        e => failure("build", "building the structure", e, "Nothing was built."),
    })
}

fn no_run() -> JsValue {
    failure("no_run", "results", "Nothing has been run with this structure.", "Press Run first.")
}

/// Do both recipes give the same voxels? Interfaces, transport and the discharge leave them alone.
fn same_structure(a: &Recipe, b: &Recipe) -> bool {
    let (a, b) = (a.to_json(), b.to_json());
    FIELDS.iter().filter(|f| matches!(f.group, "Weighed masses" | "Electrode" | "Grains")).all(|f| a[f.key] == b[f.key])
}

/// Colour limits that hold `start` and all values, never empty.
fn limits(start: [f32; 2], values: &[f32]) -> [f32; 2] {
    let [from, to] = values.iter().filter(|v| v.is_finite()).fold(start, |[a, b], &v| [a.min(v), b.max(v)]);
    // Below a tenth of a millivolt only rounding would be seen.
    const LEAST: f32 = 1e-4;
    if to - from >= LEAST {
        [from, to]
    } else if from.is_finite() {
        let middle = 0.5 * (from + to);
        [middle - 0.5 * LEAST, middle + 0.5 * LEAST]
    } else {
        [0.0, 1.0]
    }
}

/// The clock of whichever thread this is.
fn now_ms() -> f64 {
    Reflect::get(&js_sys::global(), &"performance".into())
        .ok()
        .and_then(|p| p.dyn_into::<web_sys::Performance>().ok())
        .map_or(0.0, |p| p.now())
}
