//! The worker's side: one cathode, its structure and its discharge.

use std::cell::OnceCell;

use js_sys::{Float32Array, Float64Array, Function, Int32Array, Reflect};
use serde::Serialize;
use serde_json::json;
use wasm_bindgen::prelude::*;

use super::conduct::Flow;
use super::structure::{Volume, memory_for_run};
use super::{failure, issues_to_js, object, read_recipe, to_js};
use crate::analysis::Report;
use crate::grid::Axis;
use crate::microstructure::Microstructure;
use crate::microstructure::build::{self, BuildError, BuildStage, build_with};
use crate::recipe::{FIELDS, Recipe};
use crate::simulation::{Field, Progress, Simulation, Status};

/// What a cross-section can show: key, name, label of the colour bar, unit, and what must have been computed.
const VIEWS: [(&str, &str, &str, &str, &str); 5] = [
    ("phase", "Phase", "", "", ""),
    ("stoichiometry", "Lithium stoichiometry", "x in LiₓNCA", "", "run"),
    ("phi_s", "Electronic potential", "Electronic potential (V)", "V", "run"),
    ("phi_e", "Ionic potential", "Ionic potential (V)", "V", "run"),
    ("flux", "Current density", "Current density over its mean", "of the mean", "flow"),
];

/// Colour limits of the stoichiometry: a discharge runs from about 0.19 to nearly 1, and fixed limits let runs be compared.
const STOICHIOMETRY_LIMITS: [f32; 2] = [0.15, 1.0];

/// What a cross-section can show: `{key, label, bar, unit, needs}`; `needs` is `run`, `flow` or empty.
#[wasm_bindgen]
pub fn slice_views() -> JsValue {
    to_js(&VIEWS.map(
        |(key, label, bar, unit, needs)| json!({"key": key, "label": label, "bar": bar, "unit": unit, "needs": needs}),
    ))
}

/// A cathode: built or imported at once, discharged piece by piece.
#[wasm_bindgen]
pub struct Twin {
    pub(super) recipe: Recipe,
    pub(super) structure: Microstructure,
    /// The structure came from a file: recipes leave it alone.
    pub(super) imported: bool,
    /// It is for the eye alone.
    sketched: bool,
    pub(super) simulation: Option<Simulation>,
    /// Made when first asked for.
    pub(super) analysis: OnceCell<Report>,
    pub(super) flow: Option<Flow>,
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
        Ok(Twin::with(recipe, structure, false))
    }

    /// A structure for the eye, at once: nothing is to be computed on it, and the next recipe replaces it.
    pub fn sketch(recipe: JsValue) -> Result<Twin, JsValue> {
        let recipe = read_recipe(recipe).map_err(|issues| issues_to_js(&issues))?;
        let structure = build::sketch(&recipe).map_err(refuse)?;
        Ok(Twin { sketched: true, ..Twin::with(recipe, structure, false) })
    }

    /// Takes a segmented volume in place of the builder: the label map as text (`0=pore,1-9=nca`).
    pub fn imported(recipe: JsValue, volume: &Volume, labels: &str, voxel_um: f64) -> Result<Twin, JsValue> {
        let recipe = read_recipe(recipe).map_err(|issues| issues_to_js(&issues))?;
        Ok(Twin::with(recipe, volume.structure(labels, voxel_um)?, true))
    }

    /// Takes another recipe; a new structure is built, and what was computed forgotten, only if the voxels would differ. An
    /// imported structure stays.
    pub fn set_recipe(&mut self, recipe: JsValue, on_stage: &Function) -> Result<(), JsValue> {
        let recipe = read_recipe(recipe).map_err(|issues| issues_to_js(&issues))?;
        if self.sketched || !self.imported && !alike(&recipe, &self.recipe) {
            let structure = build(&recipe, on_stage)?;
            *self = Twin::with(recipe, structure, false);
            return Ok(());
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
        memory_for_run(&self.structure.grid)?;
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

    /// A cross-section: `{data, particle, rows, columns, voxel_um, from, to}`; data are NaN where there is no value, particle
    /// numbers −1 outside NCA. The limits `from` and `to` hold in the whole volume.
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
        } else if field == "flux" {
            let flow = self.flow.as_ref().and_then(Flow::flux).ok_or_else(no_flow)?;
            (indices.iter().map(|&i| flow.values[i]).collect(), [0.0, flow.top])
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
        let number = |&i: &usize| i32::try_from(self.structure.particle[i]).unwrap_or(-1);
        let particle: Vec<i32> = indices.iter().map(number).collect();
        Ok(object([
            ("data", Float32Array::from(data.as_slice()).into()),
            ("particle", Int32Array::from(particle.as_slice()).into()),
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
}

impl Twin {
    fn with(recipe: Recipe, structure: Microstructure, imported: bool) -> Twin {
        Twin { recipe, structure, imported, sketched: false, simulation: None, analysis: OnceCell::new(), flow: None }
    }
}

/// Would both recipes give the same voxels?
#[wasm_bindgen]
pub fn same_structure(a: JsValue, b: JsValue) -> bool {
    matches!((read_recipe(a), read_recipe(b)), (Ok(a), Ok(b)) if alike(&a, &b))
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
    build_with(recipe, &mut begin).map_err(refuse)
}

fn refuse(e: BuildError) -> JsValue {
    match e {
        BuildError::Recipe(issues) => issues_to_js(&issues),
        e => failure("build", "building the structure", e, "Nothing was built."),
    }
}

fn no_flow() -> JsValue {
    failure("no_flow", "results", "No current was sent through this structure.", "Press Compute first.")
}

fn no_run() -> JsValue {
    failure("no_run", "results", "Nothing has been run with this structure.", "Press Run first.")
}

/// Do the fields that make voxels agree? Interfaces, transport and the discharge leave them alone.
fn alike(a: &Recipe, b: &Recipe) -> bool {
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
pub(super) fn now_ms() -> f64 {
    Reflect::get(&js_sys::global(), &"performance".into())
        .ok()
        .and_then(|p| p.dyn_into::<web_sys::Performance>().ok())
        .map_or(0.0, |p| p.now())
}
