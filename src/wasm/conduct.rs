//! Steady conduction through the present structure, piece by piece.

use serde::Deserialize;
use serde_json::json;
use wasm_bindgen::prelude::*;

use super::twin::{Twin, now_ms};
use super::{MEMORY_LIMIT, failure, read_recipe, to_js};
use crate::analysis::transport::{Conduction, Error, Request, Volume};
use crate::grid::Axis;
use crate::materials::Phase;
use crate::simulation::rail_conductivities;

const STAGE: &str = "sending a current";

/// Memory of a solve: peak of resident memory over voxels, measured natively on five phases in 100 x 100 x 200 voxels, with a
/// tenth on top.
const BYTES_PER_VOXEL: u64 = 90;

/// A solve under way, or the flux that it left.
pub(super) enum Flow {
    Running(Box<Conduction>),
    Done(Flux),
}

/// Magnitude of the current density over its mean in the voxels that carry any; NaN in the others.
pub(super) struct Flux {
    pub values: Vec<f32>,
    /// Colours end here: a thousandth of the conducting voxels has more.
    pub top: f32,
}

impl Flow {
    pub(super) fn flux(&self) -> Option<&Flux> {
        match self {
            Flow::Done(flux) => Some(flux),
            Flow::Running(_) => None,
        }
    }
}

#[derive(Deserialize)]
struct Asked {
    /// Of each phase, in the order of the labels [S/m].
    conductivity: [f64; Phase::COUNT],
    axis: Axis,
    /// Are the sides periodic? Else they insulate.
    periodic: bool,
}

/// What the recipe's materials conduct: `{ions, electrons}` of each phase in the order of the labels [S/m]; null if the recipe
/// has faults. The NCA conducts electrons by its lithium content, here that of the start.
#[wasm_bindgen]
pub fn conductivities(recipe: JsValue) -> JsValue {
    let Ok(recipe) = read_recipe(recipe) else { return JsValue::NULL };
    let [ions, electrons] = rail_conductivities(&recipe);
    to_js(&json!({"ions": ions, "electrons": electrons}))
}

#[wasm_bindgen]
impl Twin {
    /// Prepares a solve: `{conductivity, axis, periodic}`.
    pub fn begin_flow(&mut self, asked: JsValue) -> Result<(), JsValue> {
        let bad = |e: &dyn std::fmt::Display| failure("conduct", STAGE, e, "Change the conductivities.");
        let asked: Asked = serde_wasm_bindgen::from_value(asked).map_err(|e| bad(&e))?;
        let grid = &self.structure.grid;
        if grid.len() as u64 * BYTES_PER_VOXEL > MEMORY_LIMIT {
            let message = format!("{} voxels are too many for a tab.", grid.len());
            return Err(failure("too_large", STAGE, message, "Crop the volume or make its voxels coarser."));
        }
        let mut table = [0.0; 256];
        table[..Phase::COUNT].copy_from_slice(&asked.conductivity);
        let mut request = Request::new(table);
        request.axis = asked.axis;
        request.periodic = [asked.periodic; 3];
        let labels: Vec<u8> = self.structure.phase.iter().map(|&p| p as u8).collect();
        let volume = Volume { size: grid.size, labels: &labels };
        self.flow = Some(Flow::Running(Box::new(Conduction::new(volume, &request).map_err(|e| refuse(&e))?)));
        Ok(())
    }

    /// Works for about `budget_ms`: null, or the answer once it is there; [`Twin::slice`] then shows the flux.
    pub fn advance_flow(&mut self, budget_ms: f64) -> Result<JsValue, JsValue> {
        let Some(Flow::Running(conduction)) = &mut self.flow else {
            return Err(failure("no_flow", STAGE, "No solve is under way.", "Press Compute."));
        };
        let end = now_ms() + budget_ms;
        loop {
            match conduction.advance() {
                Ok(None) if now_ms() >= end => return Ok(JsValue::NULL),
                Ok(None) => {}
                Ok(Some(answer)) => {
                    let flux = conduction.flux();
                    self.flow = answer.percolates.then(|| Flow::Done(over_mean(flux)));
                    return Ok(to_js(&answer));
                }
                Err(e) => {
                    self.flow = None;
                    return Err(refuse(&e));
                }
            }
        }
    }

    /// Forgets a solve that is not wanted any more.
    pub fn drop_flow(&mut self) {
        self.flow = None;
    }
}

fn refuse(e: &Error) -> JsValue {
    let hint = match e {
        Error::Solver(_) => "This is a fault of the program; please report the structure.",
        _ => "Change the conductivities.",
    };
    failure("conduct", STAGE, format!("No answer: {e}."), hint)
}

fn over_mean(mut values: Vec<f32>) -> Flux {
    let mut flowing: Vec<f32> = values.iter().copied().filter(|v| *v > 0.0).collect();
    let mean = flowing.iter().map(|v| f64::from(*v)).sum::<f64>() / flowing.len().max(1) as f64;
    for v in &mut values {
        *v = if *v > 0.0 { (f64::from(*v) / mean) as f32 } else { f32::NAN };
    }
    let rank = flowing.len() - 1 - flowing.len() / 1000;
    let (_, top, _) = flowing.select_nth_unstable_by(rank, f32::total_cmp);
    Flux { values, top: (f64::from(*top) / mean) as f32 }
}
