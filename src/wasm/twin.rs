//! The worker's side: one cathode, its structure and its discharge.

use std::cell::OnceCell;

use js_sys::{Float64Array, Function, Reflect, Uint8Array};
use serde::Serialize;
use wasm_bindgen::prelude::*;

use super::conduct::Flow;
use super::structure::{Volume, memory_for_run};
use super::{failure, issues_to_js, object, read_recipe, to_js};
use crate::analysis::Report;
use crate::microstructure::Microstructure;
use crate::microstructure::build::{self, BuildError, BuildStage, build_with};
use crate::recipe::{FIELDS, Recipe};
use crate::simulation::{Progress, Simulation, Status};

/// A cathode: built or imported at once, discharged piece by piece.
#[wasm_bindgen]
pub struct Twin {
    pub(super) recipe: Recipe,
    pub(super) structure: Microstructure,
    /// The structure came from a file: recipes leave it alone.
    pub(super) imported: bool,
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

    /// Is this the structure of a recipe?
    pub fn is_built(&self, recipe: JsValue) -> bool {
        !self.imported && read_recipe(recipe).is_ok_and(|recipe| alike(&recipe, &self.recipe))
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
        if !self.imported && !alike(&recipe, &self.recipe) {
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
        let simulation = self.simulation.get_or_insert_with(|| {
            let mut simulation = Simulation::new(&self.recipe, &self.structure);
            simulation.keep_snapshots();
            simulation
        });
        let finished = loop {
            match simulation.advance().map_err(|e| to_js(&e))? {
                Status::Finished => break true,
                Status::Running if now_ms() >= end => break false,
                Status::Running => {}
            }
        };
        Ok(to_js(&Advanced { finished, progress: simulation.progress() }))
    }

    /// A column of the run (`time_s`, `step`, `capacity_mah_g`, `voltage_v`, ..., see `Series::names`); empty before it starts.
    pub fn series(&self, name: &str) -> Result<Float64Array, JsValue> {
        let Some(simulation) = &self.simulation else { return Ok(Float64Array::new_with_length(0)) };
        let column = simulation.series().column(name).ok_or_else(|| {
            failure("unknown_series", "curve", format!("There is no column '{name}'."), "Choose another column.")
        })?;
        Ok(Float64Array::from(column.as_slice()))
    }

    /// The numbers of the discharge.
    pub fn summary(&self) -> Result<JsValue, JsValue> {
        Ok(to_js(&self.simulation.as_ref().ok_or_else(no_run)?.summary()))
    }
}

impl Twin {
    fn with(recipe: Recipe, structure: Microstructure, imported: bool) -> Twin {
        Twin { recipe, structure, imported, simulation: None, analysis: OnceCell::new(), flow: None }
    }
}

/// What a recipe's structure looks like, at once: `{grid, labels}`, a phase's number for each voxel, x fastest.
#[wasm_bindgen]
pub fn sketch(recipe: JsValue) -> Result<JsValue, JsValue> {
    let recipe = read_recipe(recipe).map_err(|issues| issues_to_js(&issues))?;
    let build::Sketch { grid, phase } = build::sketch(&recipe).map_err(refuse)?;
    let labels: Vec<u8> = phase.into_iter().map(|p| p as u8).collect();
    Ok(object([("grid", to_js(&grid)), ("labels", Uint8Array::from(labels.as_slice()).into())]))
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

pub(super) fn no_run() -> JsValue {
    failure("no_run", "results", "Nothing has been run with this structure.", "Press Run first.")
}

/// Do the fields that make voxels agree? Interfaces, transport and the discharge leave them alone.
fn alike(a: &Recipe, b: &Recipe) -> bool {
    let (a, b) = (a.to_json(), b.to_json());
    FIELDS.iter().filter(|f| matches!(f.group, "Weighed masses" | "Electrode" | "Grains")).all(|f| a[f.key] == b[f.key])
}

/// The clock of whichever thread this is.
pub(super) fn now_ms() -> f64 {
    Reflect::get(&js_sys::global(), &"performance".into())
        .ok()
        .and_then(|p| p.dyn_into::<web_sys::Performance>().ok())
        .map_or(0.0, |p| p.now())
}
