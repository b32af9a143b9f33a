//! Conduction through any volume of labels, in one call: for programs that drive the module, not for the page.

use wasm_bindgen::prelude::*;

use super::{failure, to_js};
use crate::analysis::transport::{Conduction, Request, Volume};

const STAGE: &str = "conducting";

/// What the command line's `conduct` prints, along z with insulated sides to a relative residual of 1e-6.
///
/// * `size` – voxels along x, y and z; x fastest in `labels`
/// * `conductivity` – of each label in any one unit, 256 entries
#[wasm_bindgen]
pub fn effective_conductivity(labels: &[u8], size: &[usize], conductivity: &[f64]) -> Result<JsValue, JsValue> {
    let bad = |message: &str| failure("conduct", STAGE, message, "Ask with three sizes and 256 conductivities.");
    let size = size.try_into().map_err(|_| bad("A volume has three sizes."))?;
    let conductivity = conductivity.try_into().map_err(|_| bad("There are 256 labels."))?;
    let answer = Conduction::new(Volume { size, labels }, &Request::new(conductivity)).and_then(|mut c| c.run());
    answer.map(|t| to_js(&t)).map_err(|e| failure("conduct", STAGE, e, "Change the volume or its conductivities."))
}
