//! The cases with known answers, in the visitor's own browser.

use serde_json::json;
use wasm_bindgen::prelude::*;

use super::{failure, to_js};
use crate::verify::CASES;

/// The cases: `{id, title, source, expected, tolerance}`.
#[wasm_bindgen]
pub fn verify_cases() -> js_sys::Array {
    // One by one: JSON knows no infinity, a JavaScript number does.
    CASES
        .iter()
        .map(|case| {
            let row = json!({"id": case.id, "title": case.title, "source": case.source, "tolerance": case.tolerance});
            let row = to_js(&row);
            js_sys::Reflect::set(&row, &"expected".into(), &case.expected.into())
                .expect("a plain object takes any key");
            row
        })
        .collect()
}

/// Runs a case: `{computed, passes, ...}`.
#[wasm_bindgen]
pub fn verify_case(id: &str) -> Result<JsValue, JsValue> {
    const STAGE: &str = "verifying";
    let case = CASES
        .iter()
        .find(|case| case.id == id)
        .ok_or_else(|| failure("unknown_case", STAGE, format!("There is no case '{id}'."), "Reload the page."))?;
    let outcome = case.run().map_err(|e| {
        failure("verify", STAGE, format!("{id}: {e}."), "This is a fault of the program; please report it.")
    })?;
    Ok(to_js(&outcome))
}
