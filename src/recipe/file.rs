//! A recipe file: JSON in which no key stands twice.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::{Map, Value, json};

use super::{Recipe, RecipeIssue};

/// The entries of a JSON object in the order of the text. [`Map`] would keep the last of equal keys and say nothing.
struct Entries(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Entries, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Entries;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a JSON object of fields")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}

/// A file of the gallery holds its fields under "recipe".
#[derive(serde::Deserialize)]
struct GalleryFile {
    #[serde(rename = "title")]
    _title: serde::de::IgnoredAny,
    recipe: Entries,
}

impl Recipe {
    /// The fields of a recipe file, not yet checked by themselves.
    ///
    /// # Errors
    /// One issue if the text is no JSON object; one for each key that stands more than once, with all its values.
    pub fn fields_in(text: &str) -> Result<Map<String, Value>, Vec<RecipeIssue>> {
        let text = text.trim_start_matches('\u{feff}');
        let hint = "A recipe file looks like {\"porosity\": 0.2}.";
        let whole: Value = serde_json::from_str(text).map_err(|e| {
            let start: String = text.chars().take(40).collect();
            vec![RecipeIssue::new("recipe", json!(start), format!("JSON, and this is not JSON: {e}"), hint)]
        })?;
        let entries = serde_json::from_str::<GalleryFile>(text)
            .map(|file| file.recipe)
            .or_else(|_| serde_json::from_str::<Entries>(text))
            .map_err(|_| vec![RecipeIssue::new("recipe", whole, "a JSON object of fields", hint)])?;
        let mut fields = Map::new();
        let mut issues = Vec::new();
        for (key, value) in &entries.0 {
            let again = fields.insert(key.clone(), value.clone()).is_some();
            if again && !issues.iter().any(|i: &RecipeIssue| i.path == *key) {
                let all: Vec<&Value> = entries.0.iter().filter(|e| e.0 == *key).map(|e| &e.1).collect();
                let hint = format!("The key stands {} times; keep the one that is meant.", all.len());
                issues.push(RecipeIssue::new(key, json!(all), "one value for each field", hint));
            }
        }
        if issues.is_empty() { Ok(fields) } else { Err(issues) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_stands_twice_is_named_with_its_values() {
        let plain = r#"{"porosity": 0.2, "seed": 3, "porosity": 0.3, "seed": 3}"#;
        for text in [plain.to_string(), format!(r#"{{"title": "mine", "recipe": {plain}}}"#)] {
            let issues = Recipe::fields_in(&text).unwrap_err();
            let found: Vec<(&str, &Value)> = issues.iter().map(|i| (i.path.as_str(), &i.value)).collect();
            assert_eq!(found, [("porosity", &json!([0.2, 0.3])), ("seed", &json!([3, 3]))]);
        }
    }

    #[test]
    fn files_are_plain_or_of_the_gallery() {
        for text in [r#"{"seed": 3}"#, "\u{feff}{\"seed\": 3}", r#"{"title": "mine", "recipe": {"seed": 3}}"#] {
            assert_eq!(Value::Object(Recipe::fields_in(text).unwrap()), json!({"seed": 3}));
        }
        for text in ["[1, 2]", "{half", "3", ""] {
            assert_eq!(Recipe::fields_in(text).unwrap_err()[0].path, "recipe", "{text}");
        }
    }
}
