//! What the user asks for: one flat list of fields that page, command line and docs all read.
//!
//! [`FIELDS`] is the only place that knows a field's label, unit, range, default and help. [`Recipe::from_json`] reports
//! every fault of an input at once, in plain words, as [`RecipeIssue`]s.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::materials::Halide;
use crate::protocol;

mod file;

/// How the volume is shared out (the paper's thickness, loading and porosity contradict each other with true densities).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Porosity and thickness are given; the loading follows.
    Porosity,
    /// Loading and thickness are given; the porosity follows.
    Mass,
}

/// How the halide was brought onto the NCA.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CoatRoute {
    /// Ball milling: even, up to full coverage.
    Mechanical,
    /// Mortar and pestle: thick patches, poor coverage.
    Manual,
}

/// One fault of an input, in plain words.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RecipeIssue {
    /// The field at fault.
    pub path: String,
    /// What was given.
    pub value: Value,
    /// What is allowed.
    pub allowed: String,
    /// What to do about it.
    pub hint: String,
}

impl RecipeIssue {
    pub fn new(path: &str, value: Value, allowed: impl Into<String>, hint: impl Into<String>) -> Self {
        RecipeIssue { path: path.into(), value, allowed: allowed.into(), hint: hint.into() }
    }
}

impl std::fmt::Display for RecipeIssue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {} is not allowed (allowed: {}). {}", self.path, self.value, self.allowed, self.hint)
    }
}

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum FieldKind {
    Number {
        min: f64,
        max: f64,
        step: f64,
    },
    Integer {
        min: u32,
        max: u32,
    },
    Choice {
        options: &'static [&'static str],
    },
    Text {
        longest: u32,
    },
    /// At most `most` numbers; none is allowed. As text they are separated by commas, semicolons, spaces or lines.
    List {
        min: f64,
        max: f64,
        most: usize,
    },
}

/// One row of the table of fields.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Field {
    /// Key in JSON and in URLs.
    pub key: &'static str,
    /// Heading under which a form shows it.
    pub group: &'static str,
    /// Folded away until asked for?
    pub advanced: bool,
    pub label: &'static str,
    pub unit: &'static str,
    pub kind: FieldKind,
    pub help: &'static str,
    /// Where the default comes from.
    pub source: &'static str,
}

/// Reads a field's value from JSON and writes it back.
trait FieldValue: Sized {
    /// The value, or the part of it that is not allowed.
    fn read(value: &Value, kind: FieldKind) -> Result<Self, Value> {
        Self::parse(value, kind).ok_or_else(|| value.clone())
    }
    fn parse(value: &Value, kind: FieldKind) -> Option<Self>;
    fn to_json(&self) -> Value;
}

impl FieldValue for f64 {
    fn parse(value: &Value, kind: FieldKind) -> Option<f64> {
        let FieldKind::Number { min, max, .. } = kind else { return None };
        value.as_f64().filter(|v| (min..=max).contains(v))
    }
    fn to_json(&self) -> Value {
        json!(self)
    }
}

impl FieldValue for u32 {
    fn parse(value: &Value, kind: FieldKind) -> Option<u32> {
        let FieldKind::Integer { min, max } = kind else { return None };
        // A number from JavaScript may arrive as 3.0.
        let v = value.as_f64().filter(|v| v.fract() == 0.0)?;
        (v >= f64::from(min) && v <= f64::from(max)).then_some(v as u32)
    }
    fn to_json(&self) -> Value {
        json!(self)
    }
}

impl FieldValue for String {
    fn parse(value: &Value, kind: FieldKind) -> Option<String> {
        let FieldKind::Text { longest } = kind else { return None };
        value.as_str().filter(|text| text.len() <= longest as usize).map(String::from)
    }
    fn to_json(&self) -> Value {
        json!(self)
    }
}

/// A list, the text of one, or a number by itself.
impl FieldValue for Vec<f64> {
    fn read(value: &Value, kind: FieldKind) -> Result<Self, Value> {
        let FieldKind::List { min, max, most } = kind else { return Err(value.clone()) };
        let entries = match value {
            Value::Array(entries) => entries.clone(),
            Value::String(text) => list_entries(text)?,
            other => vec![other.clone()],
        };
        if entries.len() > most {
            return Err(json!(format!("{} numbers", entries.len())));
        }
        let number = |entry: Value| entry.as_f64().filter(|v| (min..=max).contains(v)).ok_or(entry);
        entries.into_iter().map(number).collect()
    }
    fn parse(value: &Value, kind: FieldKind) -> Option<Self> {
        Self::read(value, kind).ok()
    }
    fn to_json(&self) -> Value {
        json!(self)
    }
}

/// The entries of a list that was typed or pasted; what is no number stays text.
///
/// A comma within an entry where blanks or lines part the entries may be meant as a decimal point: such text is refused.
fn list_entries(text: &str) -> Result<Vec<Value>, Value> {
    let words: Vec<&str> = text.split(|c: char| c.is_whitespace() || c == ';').filter(|w| !w.is_empty()).collect();
    let decimal_comma = |w: &&&str| w.trim_matches(',').contains(',') && !w.contains('.');
    if let Some(word) = words.iter().find(decimal_comma).filter(|_| words.len() > 1) {
        return Err(json!(word));
    }
    let entries = words.into_iter().flat_map(|w| w.split(',')).filter(|e| !e.is_empty());
    Ok(entries.map(|e| e.parse::<f64>().ok().filter(|v| v.is_finite()).map_or(json!(e), |v| json!(v))).collect())
}

macro_rules! choice_field {
    ($($type:ty),*) => {$(
        impl FieldValue for $type {
            fn parse(value: &Value, _: FieldKind) -> Option<Self> {
                // serde would take {"lyc": null} as well.
                serde_json::from_value(value.is_string().then(|| value.clone())?).ok()
            }
            fn to_json(&self) -> Value {
                json!(self)
            }
        }
    )*};
}
choice_field!(Mode, CoatRoute, Halide);

/// Declares the fields once: the struct, its defaults, the table and the access by key.
macro_rules! fields {
    ($($key:ident: $type:ty = $default:expr, $kind:expr, $unit:literal, $group:literal $advanced:literal,
       $label:literal, $help:literal, $source:literal;)*) => {
        /// A cathode and the test it is put to. Every value lies within the range of its [`Field`].
        #[derive(Clone, Debug, PartialEq)]
        pub struct Recipe {
            $(#[doc = concat!($label, " [", $unit, "]. ", $help)] pub $key: $type,)*
        }

        /// The table of fields.
        pub const FIELDS: &[Field] = &[
            $(Field { key: stringify!($key), group: $group, advanced: $advanced, label: $label, unit: $unit,
                      kind: $kind, help: $help, source: $source },)*
        ];

        impl Default for Recipe {
            fn default() -> Self {
                Recipe { $($key: $default,)* }
            }
        }

        impl Recipe {
            /// Sets a field from JSON.
            ///
            /// # Errors
            /// What is not allowed of the value.
            fn set(&mut self, field: &Field, value: &Value) -> Result<(), Value> {
                match field.key {
                    $(stringify!($key) => self.$key = FieldValue::read(value, field.kind)?,)*
                    _ => return Err(value.clone()),
                }
                Ok(())
            }

            /// All fields as a JSON object.
            pub fn to_json(&self) -> Value {
                let mut object = Map::new();
                $(object.insert(stringify!($key).into(), self.$key.to_json());)*
                Value::Object(object)
            }
        }
    };
}

const fn number(min: f64, max: f64, step: f64) -> FieldKind {
    FieldKind::Number { min, max, step }
}

fields! {
    nca_parts: f64 = 70.0, number(1.0, 1000.0, 0.1), "parts by weight", "Weighed masses" false, "NCA",
        "Active material.", "paper: NCA : LYC : LPSCl : C = 70 : x : (30 - x) : 3";
    coat_halide_parts: f64 = 7.0, number(0.0, 1000.0, 0.1), "parts by weight", "Weighed masses" false, "Halide coat",
        "Halide that coats the NCA; 7 parts on 70 parts of NCA are the paper's 10 wt%.", "paper";
    lpscl_parts: f64 = 23.0, number(0.0, 1000.0, 0.1), "parts by weight", "Weighed masses" false, "LPSCl",
        "Sulfide electrolyte between the particles.", "paper";
    carbon_parts: f64 = 3.0, number(0.0, 1000.0, 0.01), "parts by weight", "Weighed masses" false, "Carbon",
        "Conductive carbon mixed in by hand.", "paper";
    halide_parts: f64 = 0.0, number(0.0, 1000.0, 0.1), "parts by weight", "Weighed masses" true, "Halide grains",
        "Halide mixed in by hand as grains, in place of the sulfide (30 parts in the paper's 43 wt% electrode).", "paper";
    mixed_halide_parts: f64 = 0.0, number(0.0, 1000.0, 0.01), "parts by weight", "Weighed masses" true,
        "Halide in the mixed coat", "Halide of a second coat that also holds carbon (2.8 parts in the LYC-C electrode).",
        "paper: 4 wt% of NCA";
    mixed_carbon_parts: f64 = 0.0, number(0.0, 1000.0, 0.01), "parts by weight", "Weighed masses" true,
        "Carbon in the mixed coat", "Carbon of that second coat (0.98 parts in the LYC-C electrode).",
        "paper: 1.4 wt% of NCA";
    halide: Halide = Halide::Lyc, FieldKind::Choice { options: &["lyc", "lic"] }, "", "Weighed masses" false,
        "Halide", "lyc is Li3YCl6; lic is Li3InCl6, more conductive, yet worse next to LPSCl in the experiment.", "paper";

    mode: Mode = Mode::Porosity, FieldKind::Choice { options: &["porosity", "mass"] }, "", "Electrode" false, "Given is",
        "porosity: thickness and porosity are given and the loading follows. mass: thickness and loading are given and the porosity follows.",
        "the paper's thickness, loading and porosity contradict each other with true densities";
    porosity: f64 = 0.2375, number(0.02, 0.7, 0.0025), "1", "Electrode" false, "Porosity",
        "Void fraction in porosity mode.", "paper: 18.63 % bare, 23.75 % coated";
    loading_mg_cm2: f64 = 11.3, number(1.0, 60.0, 0.1), "mg/cm2", "Electrode" false, "Loading",
        "Mass of all solids per area in mass mode.", "paper";
    thickness_um: f64 = 50.0, number(5.0, 200.0, 1.0), "um", "Electrode" false, "Thickness",
        "From separator to current collector.", "paper";
    width_um: f64 = 25.0, number(5.0, 100.0, 1.0), "um", "Electrode" true, "Width",
        "Edge of the periodic square cut out of the electrode.", "paper: 25 x 25 x 50 um3";
    voxel_um: f64 = 1.0, number(0.05, 5.0, 0.05), "um", "Electrode" false, "Voxel",
        "Edge of a voxel; it must divide width and thickness. The paper used 0.25.", "paper: 0.25 um";
    seed: u32 = 1, FieldKind::Integer { min: 0, max: u32::MAX }, "", "Electrode" false, "Seed",
        "The same recipe and seed give the same voxels everywhere.", "";

    nca_diameter_um: f64 = 5.0, number(1.0, 20.0, 0.1), "um", "Grains" true, "NCA diameter",
        "Median by volume of the log-normal sizes.", "assumed, 5-8 um; the powder's data sheet was not found";
    nca_diameter_spread: f64 = 0.3, number(0.0, 0.8, 0.05), "1", "Grains" true, "NCA size spread",
        "Standard deviation of the logarithm of the diameter.", "assumed";
    nca_diameters_um: Vec<f64> = Vec::new(), FieldKind::List { min: 0.1, max: 50.0, most: 10_000 }, "um",
        "Grains" true, "Measured NCA diameters",
        "One diameter for each particle that was measured, in place of the log-normal sizes: what stands twice is drawn twice as often. Empty for log-normal.",
        "none measured";
    lpscl_diameter_um: f64 = 2.5, number(0.5, 10.0, 0.1), "um", "Grains" true, "Electrolyte diameter",
        "Mean diameter of LPSCl (and halide) grains.", "assumed, 1-5 um";
    coat_route: CoatRoute = CoatRoute::Mechanical, FieldKind::Choice { options: &["mechanical", "manual"] }, "",
        "Grains" true, "Coating route", "mechanical: ball milling, up to full coverage. manual: mortar, thick patches.",
        "paper, Fig. 1d-e";
    coat_thickness_min_um: f64 = 0.1, number(0.01, 3.0, 0.01), "um", "Grains" true, "Thinnest coat",
        "Least thickness of the halide coat where there is one.", "assumed; see coat_thickness_max_um";
    coat_thickness_max_um: f64 = 0.47, number(0.02, 5.0, 0.01), "um", "Grains" true, "Thickest coat",
        "Greatest thickness of the halide coat.",
        "fitted to the paper's carbon coverage (15.69 % at 10 wt%, 11.46 % at 14 wt%); its 0.5-1.5 um would cover a fifth of the NCA at 10 wt% by its own mass balance";
    carbon_dispersion: f64 = 0.5, number(0.0, 1.0, 0.05), "1", "Grains" true, "Carbon dispersion",
        "0 gathers the carbon in the necks between particles (GeoDict's binder); 1 spreads it over their surfaces.",
        "assumed";
    edge_standoff: f64 = 0.34, number(0.0, 0.5, 0.005), "1", "Grains" true, "Carbon keeps off coat edges",
        "Bare NCA next to the edges of the halide coat, as a share of the NCA surface, that aggregates of carbon (0.3 um) are too coarse to touch; grains of electrolyte keep off further, by the square root of their size.",
        "fitted to 14 wt% at 2C";

    c_rate: f64 = 0.5, number(0.001, 20.0, 0.05), "C", "Discharge" false, "Rate",
        "1C is 180 mA per gram of NCA.", "paper";
    initial_voltage_v: f64 = 4.28, number(3.2, 4.5, 0.01), "V", "Discharge" true, "Starting voltage",
        "Open-circuit voltage of the charged electrode, uniform at the start.",
        "assumed: a charge to 4.3 V relaxes by about 20 mV";
    cutoff_voltage_v: f64 = 3.0, number(2.0, 4.2, 0.01), "V", "Discharge" false, "Cut-off",
        "The discharge ends at this voltage against lithium.", "paper";
    protocol: String = String::new(), FieldKind::Text { longest: 10_000 }, "", "Discharge" true, "Steps",
        "In plain English, one a line: Charge at 0.1C until 4.3 V. Hold at 4.3 V until 0.01C. Rest for 1 hour. Discharge at 2C until 3.0 V. Empty: one discharge at the rate above.",
        "";

    film_resistance_ohm_cm2: f64 = 560.0, number(0.0, 1e6, 1.0), "Ohm cm2", "Interfaces" true, "Impurity layer",
        "Resistance of the layer where LPSCl touches NCA. The paper's best of nine candidates, 0.25 um at 1e-5 of LPSCl's conductivity, is 1389.",
        "fitted to R3 of the bare electrode";
    film_growth: f64 = 1.0, number(0.1, 100.0, 0.1), "1", "Interfaces" true, "Growth of the impurity layer",
        "Factor on its resistance: the bare electrode's R3 rises from 61 Ohm at cycle 2 to 169 at cycle 10 (x 2.8) and 501 at cycle 100 (x 8.2).",
        "paper, Fig. 3; 1 is the fresh electrode";
    contact_resistance_ohm_cm2: f64 = 0.3, number(0.0, 1e4, 0.01), "Ohm cm2", "Interfaces" true,
        "Electronic contact resistance", "Between NCA and another particle, carbon, the mixed coat or the collector.",
        "chosen with 14 wt% at 2C in view; it decides where contacts are few";
    skin_um: f64 = 0.18, number(0.0, 1.0, 0.01), "um", "Interfaces" true, "Rock-salt skin",
        "Thickness of the NCA that stores no lithium where LPSCl touches it.",
        "fitted to the bare electrode at 0.1C";
    oxidation_a_m2: f64 = 0.21, number(0.0, 10.0, 0.001), "A/m2", "Interfaces" true, "Oxidation of LPSCl",
        "Current density that oxidises LPSCl on the NCA at 4.3 V; e times less for each 52 mV below.",
        "fitted to the efficiency of the bare electrode";
    first_charge_loss_mah_g: f64 = 36.0, number(0.0, 80.0, 0.5), "mAh/g", "Interfaces" true, "First-charge loss of NCA",
        "Lithium that leaves the pristine NCA in its first charge and does not return above 3 V, whatever surrounds it. It counts in the first-cycle efficiency only.",
        "fitted to the efficiency of 10 wt%";
    j0_halide_a_m2: f64 = 18.0, number(1e-3, 1e4, 0.1), "A/m2", "Interfaces" true, "Exchange current, NCA/halide",
        "At x = 0.5; falls as sqrt(x (1 - x)).", "2-18, inferred from the paper's R3 of 1.8-7.7 Ohm";
    j0_lpscl_a_m2: f64 = 1.0, number(1e-3, 1e4, 0.1), "A/m2", "Interfaces" true, "Exchange current, NCA/LPSCl",
        "At x = 0.5; falls as sqrt(x (1 - x)).", "0.09-1, Park 2020; Bielefeld 2022";
    diffusivity_m2_s: f64 = 1.5e-15, number(1e-18, 1e-11, 1e-17), "m2/s", "Transport" true, "Lithium diffusion in NCA",
        "Plateau value.", "fitted to 10 wt% at 0.1C; Kim 2011 and Park 2020 have 1e-15 to 1e-14";
    diffusivity_drop: f64 = 0.45, number(0.0, 4.0, 0.05), "decades", "Transport" true, "Fall of diffusion when full",
        "Decades of D lost as the NCA fills up (x above 0.88).",
        "chosen with 10 and 43 wt% in view, within O'Regan 2022 and Ruess 2020";
    carbon_sigma_s_m: f64 = 100.0, number(0.01, 1e5, 1.0), "S/m", "Transport" true, "Carbon conductivity",
        "Electronic conductivity of a voxel of compacted carbon.", "1 S/cm (0.2-10), Reisacher 2023";
}

impl Recipe {
    /// This recipe with some fields changed, and every fault that the fields alone show, single and together. Faulty
    /// fields keep their values.
    pub(crate) fn overridden(&self, value: &Value) -> (Recipe, Vec<RecipeIssue>) {
        let mut recipe = self.clone();
        let mut issues = Vec::new();
        let Value::Object(object) = value else {
            issues.push(RecipeIssue::new(
                "recipe",
                value.clone(),
                "a JSON object of fields",
                "Write for example {\"nca_parts\": 70, \"lpscl_parts\": 30}.",
            ));
            return (recipe, issues);
        };
        for (key, value) in object {
            match FIELDS.iter().find(|f| f.key == key) {
                None => issues.push(unknown_field(key, value)),
                Some(field) => issues.extend(recipe.set(field, value).err().map(|v| out_of_range(field, &v))),
            }
        }
        issues.extend(recipe.combination_issues());
        (recipe, issues)
    }

    /// Median diameter of the NCA by volume [um].
    pub fn nca_median_um(&self) -> f64 {
        let mut ascending = self.nca_diameters_um.clone();
        ascending.sort_by(f64::total_cmp);
        let cube = |d: &f64| d * d * d;
        let half = 0.5 * ascending.iter().map(cube).sum::<f64>();
        let mut sum = 0.0;
        let median = ascending.iter().find(|d| {
            sum += cube(d);
            sum >= half
        });
        *median.unwrap_or(&self.nca_diameter_um)
    }

    /// Voxels along x, y and z.
    pub fn grid(&self) -> crate::grid::VoxelGrid {
        let across = (self.width_um / self.voxel_um).round() as usize;
        let along = (self.thickness_um / self.voxel_um).round() as usize;
        crate::grid::VoxelGrid { size: [across, across, along], voxel_um: self.voxel_um }
    }

    /// Faults that lie in no single field.
    fn combination_issues(&self) -> Vec<RecipeIssue> {
        let mut issues = Vec::new();
        if let Err(fault) = protocol::parse_steps(&self.protocol) {
            issues.push(RecipeIssue::new(
                "protocol",
                json!(self.protocol),
                "steps in plain English, one a line",
                format!("Not understood: {fault}."),
            ));
        }
        for (key, length) in [("width_um", self.width_um), ("thickness_um", self.thickness_um)] {
            let voxels = length / self.voxel_um;
            if (voxels - voxels.round()).abs() > 1e-6 * voxels || voxels.round() < 2.0 {
                let count = voxels.round().max(2.0);
                issues.push(RecipeIssue::new(
                    "voxel_um",
                    json!(self.voxel_um),
                    format!("a divisor of {key} = {length} that leaves two voxels or more"),
                    format!("{} would give {count} voxels.", round_to(length / count, 4)),
                ));
            }
        }
        let sizes = if self.nca_diameters_um.is_empty() { "nca_diameter_um" } else { "nca_diameters_um" };
        let median = self.nca_median_um();
        if self.voxel_um > 0.5 * median {
            issues.push(RecipeIssue::new(
                "voxel_um",
                json!(self.voxel_um),
                format!("at most half of the median of {sizes}, {median}"),
                "A particle needs several voxels across; make the voxel smaller or the particles larger.",
            ));
        }
        let largest = self.nca_diameters_um.iter().copied().reduce(f64::max).unwrap_or(self.nca_diameter_um);
        if largest > 0.8 * self.width_um.min(self.thickness_um) {
            issues.push(RecipeIssue::new(
                sizes,
                json!(largest),
                format!("at most 0.8 of width and thickness ({})", self.width_um.min(self.thickness_um)),
                "Make the particles smaller or the domain larger.",
            ));
        }
        if self.lpscl_parts + self.halide_parts + self.coat_halide_parts + self.mixed_halide_parts <= 0.0 {
            issues.push(RecipeIssue::new(
                "lpscl_parts",
                json!(self.lpscl_parts),
                "some electrolyte",
                "Without LPSCl or halide no lithium reaches the NCA.",
            ));
        }
        if self.coat_thickness_max_um < self.coat_thickness_min_um {
            issues.push(RecipeIssue::new(
                "coat_thickness_max_um",
                json!(self.coat_thickness_max_um),
                format!("at least coat_thickness_min_um = {}", self.coat_thickness_min_um),
                "Raise the one or lower the other.",
            ));
        }
        if self.cutoff_voltage_v >= self.initial_voltage_v {
            issues.push(RecipeIssue::new(
                "cutoff_voltage_v",
                json!(self.cutoff_voltage_v),
                format!("below initial_voltage_v = {}", self.initial_voltage_v),
                "A discharge starts above its cut-off.",
            ));
        }
        issues
    }
}

fn unknown_field(key: &str, value: &Value) -> RecipeIssue {
    let nearest = FIELDS.iter().map(|f| (edit_distance(key, f.key), f.key)).min().filter(|(d, k)| *d <= k.len() / 2);
    let hint = nearest.map_or("Remove it.".to_string(), |(_, k)| format!("Did you mean {k}?"));
    RecipeIssue::new(key, value.clone(), "a field of the recipe", hint)
}

fn out_of_range(field: &Field, value: &Value) -> RecipeIssue {
    let unit = if field.unit.is_empty() || field.unit == "1" { String::new() } else { format!(" {}", field.unit) };
    let allowed = match field.kind {
        FieldKind::Number { min, max, .. } => format!("a number from {min} to {max}{unit}"),
        FieldKind::Integer { min, max } => format!("a whole number from {min} to {max}"),
        FieldKind::Choice { options } => format!("one of {}", options.join(", ")),
        FieldKind::Text { longest } => format!("text of at most {longest} characters"),
        FieldKind::List { min, max, most } => {
            format!(
                "at most {most} numbers from {min} to {max}{unit}, with decimal points, between commas, blanks or lines"
            )
        }
    };
    RecipeIssue::new(field.key, value.clone(), allowed, format!("{}: {}", field.label, field.help))
}

/// Levenshtein distance, to suggest the field that was meant.
fn edit_distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, &cb) in b.iter().enumerate() {
            let substitution = diagonal + usize::from(ca != cb);
            diagonal = row[j + 1];
            row[j + 1] = substitution.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

fn round_to(value: f64, digits: u32) -> f64 {
    let scale = f64::from(10_u32.pow(digits));
    (value * scale).round() / scale
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_valid_and_survive_a_round_trip() {
        let recipe = Recipe::default();
        assert_eq!(Recipe::from_json(&recipe.to_json()).unwrap(), recipe);
        assert_eq!(Recipe::from_json(&json!({})).unwrap(), recipe);
    }

    #[test]
    fn every_fault_is_reported_at_once() {
        let issues = Recipe::from_json(&json!({
            "nca_parts": -1, "porosity": 1.2, "voxel_um": "big", "halide": "lzc", "sed": 3, "seed": 1.5,
        }))
        .unwrap_err();
        let paths: Vec<&str> = issues.iter().map(|i| i.path.as_str()).collect();
        assert_eq!(paths, ["nca_parts", "porosity", "voxel_um", "halide", "sed", "seed"]);
        assert_eq!(issues[4].hint, "Did you mean seed?");
        assert!(issues[1].allowed.contains("0.02 to 0.7"), "{}", issues[1]);
    }

    #[test]
    fn lists_are_read_from_arrays_and_from_text() {
        let read = |list: Value| Recipe::from_json(&json!({ "nca_diameters_um": list }));
        let three = [4.1, 5.2, 6.0];
        for list in [
            json!(three),
            json!("4.1,5.2,6"),
            json!("4.1 5.2\t6.0"),
            json!("4.1\r\n5.2\n6\n"),
            json!("4.1; 5.2, 6"),
            json!("4.1, 5.2\n6.0,"),
        ] {
            assert_eq!(read(list.clone()).unwrap().nca_diameters_um, three, "{list}");
        }
        assert_eq!(read(json!(5)).unwrap().nca_diameters_um, [5.0]);
        assert_eq!(read(json!("")).unwrap(), Recipe::default());
        let fault = |list: Value| {
            let issues = read(list).unwrap_err();
            assert_eq!((issues.len(), issues[0].path.as_str()), (1, "nca_diameters_um"));
            issues[0].value.clone()
        };
        assert_eq!(fault(json!([5, 0.01, -1])), 0.01);
        assert_eq!(fault(json!("5 5,2 5,4")), "5,2");
        assert_eq!(fault(json!("5.1 five")), "five");
        assert_eq!(fault(json!("5 nan inf")), "nan");
        assert_eq!(fault(json!([5, [6]])), json!([6]));
        assert_eq!(fault(json!({"a": 5})), json!({"a": 5}));
        assert_eq!(fault(json!(vec![5; 10_001])), "10001 numbers");
        // Larger than 0.8 of the width.
        assert_eq!(fault(json!([5, 21])), 21.0);
    }

    #[test]
    fn a_voxel_is_measured_against_the_median_of_the_list() {
        let list = json!({"nca_diameters_um": [1, 1, 1, 1, 1, 1, 1, 1, 4], "voxel_um": 1});
        assert_eq!(Recipe::from_json(&list).unwrap().nca_median_um(), 4.0);
        let coarse = Recipe::default().with_overrides(&json!({"nca_diameters_um": [1, 1.5], "voxel_um": 1}));
        let issue = &coarse.unwrap_err()[0];
        assert!(issue.path == "voxel_um" && issue.allowed.contains("nca_diameters_um, 1.5"), "{issue}");
    }

    #[test]
    fn combinations_are_checked() {
        let path = |value: Value| Recipe::from_json(&value).unwrap_err()[0].path.clone();
        assert_eq!(path(json!({"voxel_um": 0.3})), "voxel_um");
        assert_eq!(path(json!({"voxel_um": 5.0})), "voxel_um");
        assert_eq!(path(json!({"cutoff_voltage_v": 4.2, "initial_voltage_v": 4.1})), "cutoff_voltage_v");
        assert_eq!(path(json!({"lpscl_parts": 0, "coat_halide_parts": 0})), "lpscl_parts");
        assert_eq!(Recipe::from_json(&json!([1])).unwrap_err()[0].path, "recipe");
    }
}
