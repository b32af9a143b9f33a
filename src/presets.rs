//! The paper's electrodes by name: `www/recipes/*.json`, each the difference from the default recipe.

use serde::Deserialize;
use serde_json::Value;

use crate::recipe::{Recipe, RecipeIssue};

/// A recipe of the gallery.
#[derive(Clone, Debug, Deserialize, serde::Serialize)]
pub struct Preset {
    #[serde(default)]
    pub name: String,
    pub title: String,
    /// The question that this electrode answers.
    pub question: String,
    /// Where it comes from.
    pub source: String,
    /// Fields that differ from the defaults.
    pub recipe: Value,
}

macro_rules! presets {
    ($($name:literal),*) => {
        const FILES: &[(&str, &str)] = &[$(($name, include_str!(concat!("../www/recipes/", $name, ".json")))),*];
    };
}
presets!(
    "bare",
    "lyc-3",
    "lyc-5",
    "lyc-7",
    "lyc-10",
    "lyc-12",
    "lyc-14",
    "lyc-43",
    "lyc-c-14",
    "lyc-c-14-control",
    "lic-10"
);

/// All presets, in the order of the paper.
pub fn all() -> Vec<Preset> {
    FILES
        .iter()
        .map(|(name, text)| {
            let mut preset: Preset = serde_json::from_str(text).expect("preset files are checked by tests");
            preset.name = (*name).into();
            preset
        })
        .collect()
}

/// The recipe of the preset called `name`.
///
/// # Errors
/// One issue that lists the names there are.
pub fn find(name: &str) -> Result<Recipe, Vec<RecipeIssue>> {
    match all().into_iter().find(|p| p.name == name) {
        Some(preset) => Recipe::from_json(&preset.recipe),
        None => {
            let names: Vec<&str> = FILES.iter().map(|(n, _)| *n).collect();
            Err(vec![RecipeIssue::new(
                "preset",
                Value::String(name.into()),
                format!("one of {}", names.join(", ")),
                "Or give the path of a recipe file that ends in .json.",
            )])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_is_a_valid_recipe() {
        for preset in all() {
            Recipe::from_json(&preset.recipe).unwrap_or_else(|issues| panic!("{}: {issues:?}", preset.name));
        }
        assert_eq!(find("lyc-10").unwrap(), Recipe::default());
        assert_eq!(find("lyc-11").unwrap_err()[0].path, "preset");
    }
}
