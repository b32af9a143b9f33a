//! The only door to JavaScript.
//!
//! Both sides of the page load this module: workers build structures and run them ([`twin::Twin`]), the main thread asks
//! for the recipe's fields, checks recipes and draws ([`draw`], [`chart`]). Values cross as plain objects, columns as typed arrays
//! that own their memory. Errors leave as `{code, stage, message, hint}`, faults of a recipe as `{issues: [...]}`.

pub mod chart;
pub mod conduct;
pub mod draw;
pub mod fields;
pub mod form;
pub mod structure;
pub mod twin;
pub mod verify;
pub mod volume;

use js_sys::{Object, Reflect};
use serde::Serialize;
use serde_json::{Value, json};
use wasm_bindgen::prelude::*;

use crate::citation::{VERSION, citation};
use crate::composition::Composition;
use crate::materials::{self, Halide};
use crate::paper::{MEASURED, Quantity, growth_at_rate_test};
use crate::recipe::{Recipe, RecipeIssue};
use crate::{presets as gallery, simulation, snapshots};

/// Memory that one run may take in a tab [bytes]; browsers end tabs that want much more.
const MEMORY_LIMIT: u64 = 2 << 30;

/// Leaves the text of a panic where the worker finds it: the trap that follows says only 'unreachable'.
#[wasm_bindgen(start)]
pub fn start() {
    std::panic::set_hook(Box::new(|info| {
        let text = JsValue::from_str(&info.to_string());
        web_sys::console::error_1(&text);
        // Nothing can be done about a failure here: the trap comes next in any case.
        let _ = Reflect::set(&js_sys::global(), &"catholyte_panic".into(), &text);
    }));
}

/// To a plain JavaScript value: maps become objects.
fn to_js<T: Serialize + ?Sized>(value: &T) -> JsValue {
    value.serialize(&serde_wasm_bindgen::Serializer::json_compatible()).expect("plain data always converts")
}

/// An error as the page shows it.
fn failure(code: &str, stage: &str, message: impl std::fmt::Display, hint: &str) -> JsValue {
    to_js(&json!({"code": code, "stage": stage, "message": message.to_string(), "hint": hint}))
}

fn issues_to_js(issues: &[RecipeIssue]) -> JsValue {
    to_js(&json!({ "issues": issues }))
}

/// Reads a recipe and makes sure that it fits into memory.
fn read_recipe(value: JsValue) -> Result<Recipe, Vec<RecipeIssue>> {
    let value: Value = serde_wasm_bindgen::from_value(value).unwrap_or(Value::Null);
    let recipe = Recipe::from_json(&value)?;
    match simulation::memory_issue(&recipe, MEMORY_LIMIT) {
        Some(issue) => Err(vec![issue]),
        None => Ok(recipe),
    }
}

/// The presets: `{name, title, question, source, recipe, measured, carbon_coverage, film_growth}` with every field of the recipe
/// written out. The last three are the paper's: discharge capacities by C-rate [mAh/g], the share of the NCA's surface that carbon
/// touches, and the growth of the impurity layer when the rates above 0.1C were measured.
#[wasm_bindgen]
pub fn presets() -> JsValue {
    let full = gallery::all().into_iter().filter_map(|mut preset| {
        let recipe = Recipe::from_json(&preset.recipe).ok()?;
        preset.recipe = recipe.to_json();
        let mut row = json!(preset);
        row["film_growth"] = json!(recipe.film_growth * growth_at_rate_test(&recipe));
        row["measured"] = json!({});
        row["carbon_coverage"] = Value::Null;
        for m in MEASURED.iter().filter(|m| m.electrode == preset.name) {
            match m.quantity {
                Quantity::DischargeCapacity { c_rate } => row["measured"][c_rate.to_string()] = json!(m.value),
                Quantity::CarbonCoverage => row["carbon_coverage"] = json!(m.value / 100.0),
                _ => {}
            }
        }
        Some(row)
    });
    to_js(&full.collect::<Vec<_>>())
}

/// Checks a recipe: `{recipe, composition, grid, estimate_bytes}` or `{issues}`, all of them at once.
#[wasm_bindgen]
pub fn check_recipe(recipe: JsValue) -> JsValue {
    match read_recipe(recipe) {
        Ok(recipe) => to_js(&json!({
            "recipe": recipe.to_json(),
            "composition": Composition::new(&recipe),
            "grid": recipe.grid(),
            "estimate_bytes": simulation::estimate_bytes(&recipe) + snapshots::bytes(recipe.grid().len() as u64),
        })),
        Err(issues) => issues_to_js(&issues),
    }
}

/// What results say of where they come from: `{version, citation}`.
#[wasm_bindgen]
pub fn about() -> JsValue {
    to_js(&json!({"version": VERSION, "citation": citation()}))
}

/// A seed that nobody has chosen.
#[wasm_bindgen]
pub fn new_seed() -> Result<u32, JsValue> {
    getrandom::u32().map_err(|e| failure("no_entropy", "new seed", e, "Type a seed instead."))
}

/// Names and colours of the phases, in the order of their labels: `{key, label, rgb}`.
#[wasm_bindgen]
pub fn phase_styles(halide: &str) -> Result<JsValue, JsValue> {
    Ok(to_js(&materials::phase_styles(parse_halide(halide)?)))
}

fn parse_halide(name: &str) -> Result<Halide, JsValue> {
    serde_json::from_value(json!(name)).map_err(|_| {
        failure("unknown_halide", "drawing", format!("There is no halide '{name}'."), "lyc and lic exist.")
    })
}

/// An object of named values, some of them typed arrays.
fn object<const N: usize>(entries: [(&str, JsValue); N]) -> JsValue {
    let object = Object::new();
    for (key, value) in entries {
        Reflect::set(&object, &key.into(), &value).expect("a fresh object takes any key");
    }
    object.into()
}
