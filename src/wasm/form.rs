//! What the recipe's form is made of: the table of fields, and which of them count for nothing at the moment.

use serde_json::{Map, Value, json};
use wasm_bindgen::prelude::*;

use super::to_js;
use crate::presets as gallery;
use crate::protocol::TEMPLATES;
use crate::recipe::{FIELDS, FieldKind, Mode, Recipe};
use crate::simulation::starts_full;

/// The table of fields, each with its default, the range of its slider, and texts to start from `{name, text}`.
#[wasm_bindgen]
pub fn fields() -> JsValue {
    let defaults = Recipe::default().to_json();
    let presets: Vec<Value> =
        gallery::all().iter().filter_map(|p| Some(Recipe::from_json(&p.recipe).ok()?.to_json())).collect();
    let rows: Vec<Value> = FIELDS
        .iter()
        .map(|field| {
            let mut row = json!(field);
            row["default"] = defaults[field.key].clone();
            row["templates"] = match field.key {
                "protocol" => TEMPLATES.iter().map(|(name, text)| json!({"name": name, "text": text})).collect(),
                _ => json!([]),
            };
            row["slider"] = slider(field.kind, presets.iter().filter_map(|p| p[field.key].as_f64()));
            row
        })
        .collect();
    to_js(&rows)
}

/// A slider's range: narrower than what is allowed, wide enough for twice what the presets use. Numbers that span many
/// decades and do not differ between presets get a logarithmic one.
fn slider(kind: FieldKind, used: impl Iterator<Item = f64>) -> Value {
    let FieldKind::Number { min, max, step } = kind else { return Value::Null };
    if min > 0.0 && max / min >= 1e4 {
        return json!({"min": min, "max": max, "log": true});
    }
    let largest = used.fold(0.0, f64::max);
    let wanted = if largest > 0.0 { 2.0 * largest } else { 1000.0 * step };
    json!({"min": min, "max": ((wanted / step).round() * step).min(max), "log": false})
}

/// Why fields count for nothing in a recipe, by key; where it has faults, its other fields decide.
#[wasm_bindgen]
pub fn unused_fields(recipe: JsValue) -> JsValue {
    let value: Value = serde_wasm_bindgen::from_value(recipe).unwrap_or(Value::Null);
    let (recipe, _) = Recipe::default().overridden(&value);
    to_js(&unused(&recipe).into_iter().map(|(key, why)| (key.into(), why.into())).collect::<Map<_, _>>())
}

fn unused(recipe: &Recipe) -> Vec<(&'static str, &'static str)> {
    const LISTED: &str = "The measured diameters stand in its place.";
    let (stepped, full) = (!recipe.protocol.trim().is_empty(), starts_full(recipe));
    let coated = recipe.coat_halide_parts + recipe.mixed_halide_parts + recipe.mixed_carbon_parts > 0.0;
    let listed = !recipe.nca_diameters_um.is_empty();
    [
        (recipe.mode != Mode::Porosity, "porosity", "It follows from the loading that is given."),
        (recipe.mode != Mode::Mass, "loading_mg_cm2", "It follows from the porosity that is given."),
        (listed, "nca_diameter_um", LISTED),
        (listed, "nca_diameter_spread", LISTED),
        (!coated, "coat_thickness_min_um", "There is no coat."),
        (!coated, "coat_thickness_max_um", "There is no coat."),
        (stepped, "c_rate", "The steps have rates of their own."),
        (stepped && !full, "cutoff_voltage_v", "The steps have ends of their own."),
        (
            full,
            "initial_voltage_v",
            "The steps begin with a charge: the electrode starts empty, at rest at the cut-off.",
        ),
        (!full, "first_charge_loss_mah_g", "It counts where the steps begin with a charge."),
    ]
    .into_iter()
    .filter_map(|(holds, key, why)| holds.then_some((key, why)))
    .collect()
}
