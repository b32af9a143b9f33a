//! The tasks on electrodes: `build`, `run` and `survey`.

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result};
use catholyte::analysis::transport::rails;
use catholyte::analysis::{self, ByPhase};
use catholyte::composition::Composition;
use catholyte::export;
use catholyte::materials::Phase;
use catholyte::microstructure::{self, BuildError, Microstructure};
use catholyte::plots::Style;
use catholyte::plots::runs::{self, Along, Kind, Measured, Run};
use catholyte::presets;
use catholyte::recipe::{Recipe, RecipeIssue};
use catholyte::simulation::{self, Simulation, Status};
use clap::Args;
use plotters::prelude::{IntoDrawingArea, SVGBackend};
use serde_json::{Map, Value, json};

use crate::site::BadInput;
use crate::volume;

/// Which electrode, and what is changed in its recipe.
#[derive(Args)]
pub struct Electrode {
    /// A preset (bare, lyc-3 ... lyc-43, lyc-c-14, lyc-c-14-control, lic-10) or the path of a recipe file
    #[arg(value_name = "PRESET_OR_FILE")]
    recipe: String,
    /// Edge of a voxel [um]
    #[arg(long, value_name = "H")]
    voxel_um: Option<f64>,
    /// Seed of the structure; `new` draws one
    #[arg(long, value_name = "N")]
    seed: Option<String>,
    /// Discharge current, in units of 180 mA per gram of NCA
    #[arg(long, value_name = "R")]
    c_rate: Option<f64>,
    /// Any other field of the recipe; may be repeated
    #[arg(long = "set", value_name = "FIELD=VALUE")]
    fields: Vec<String>,
    /// Memory that the task may take [GB]
    #[arg(long, value_name = "GB", default_value_t = 8.0)]
    memory_gb: f64,
}

impl Electrode {
    /// The recipe, or every fault at once.
    fn read(&self) -> Result<Recipe> {
        let (mut fields, mut issues) = match self.named_fields()? {
            Ok(fields) => (fields, Vec::new()),
            Err(issues) => (Map::new(), issues),
        };
        let mut set = |key: &str, value: Value| fields.insert(key.into(), value);
        if let Some(h) = self.voxel_um {
            set("voxel_um", json!(h));
        }
        if let Some(rate) = self.c_rate {
            set("c_rate", json!(rate));
        }
        match self.seed.as_deref() {
            Some("new") => set("seed", json!(getrandom::u32().context("no entropy for a new seed")?)),
            Some(seed) => set("seed", literal(seed)),
            None => None,
        };
        for field in &self.fields {
            match field.split_once('=') {
                Some((key, value)) => _ = set(key.trim(), literal(value)),
                None => issues.push(no_assignment(field)),
            }
        }
        match Recipe::from_json(&Value::Object(fields)) {
            Ok(recipe) => {
                issues.extend(memory_issue(&recipe, self.memory_gb));
                if issues.is_empty() {
                    return Ok(recipe);
                }
            }
            Err(more) => issues.extend(more),
        }
        Err(bad_recipe(&issues))
    }

    /// The fields of the preset or the file.
    fn named_fields(&self) -> Result<Result<Map<String, Value>, Vec<RecipeIssue>>> {
        let path = Path::new(&self.recipe);
        if !path.is_file() && path.extension().is_none() {
            return Ok(presets::find(&self.recipe).map(|recipe| object(recipe.to_json())));
        }
        let text = std::fs::read_to_string(path)
            .map_err(|e| anyhow::Error::new(BadInput(format!("cannot read {}: {e}", path.display()))))?;
        Ok(Recipe::fields_in(&text))
    }

    /// A name for legends: the preset's or the file's.
    fn name(&self) -> String {
        Path::new(&self.recipe).file_stem().map_or(self.recipe.clone(), |s| s.to_string_lossy().into_owned())
    }
}

/// A preset with some fields changed, or every fault at once.
///
/// # Errors
/// Unknown names, values out of range, more memory than `memory_gb`.
pub fn preset(name: &str, changes: Map<String, Value>, memory_gb: f64) -> Result<Recipe, Vec<RecipeIssue>> {
    let recipe = presets::find(name)?.with_overrides(&Value::Object(changes))?;
    memory_issue(&recipe, memory_gb).map_or(Ok(recipe), |issue| Err(vec![issue]))
}

fn memory_issue(recipe: &Recipe, gigabytes: f64) -> Option<RecipeIssue> {
    simulation::memory_issue(recipe, (gigabytes * f64::from(1 << 30)) as u64)
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// A number where it reads as one, else text.
fn literal(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| json!(text))
}

/// Fields given as FIELD=VALUE.
///
/// # Errors
/// [`BadInput`] for text without `=`.
pub fn assignments(fields: &[String]) -> Result<Map<String, Value>> {
    let pair = |field: &String| match field.split_once('=') {
        Some((key, value)) => Ok((key.trim().to_string(), literal(value))),
        None => Err(bad_recipe(&[no_assignment(field)])),
    };
    fields.iter().map(pair).collect()
}

fn no_assignment(field: &str) -> RecipeIssue {
    RecipeIssue::new("--set", json!(field), "FIELD=VALUE", "Write for example --set porosity=0.2.")
}

/// Mean and standard deviation of a sample.
pub fn mean_and_deviation(values: &[f64]) -> (f64, f64) {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let squares = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>();
    (mean, (squares / values.len().saturating_sub(1).max(1) as f64).sqrt())
}

pub fn bad_recipe(issues: &[RecipeIssue]) -> anyhow::Error {
    let lines: Vec<String> = issues.iter().map(|issue| format!("\n  {issue}")).collect();
    anyhow::Error::new(BadInput(format!("the recipe has {} fault(s):{}", issues.len(), lines.concat())))
}

/// The structure of a recipe.
///
/// # Errors
/// [`BadInput`] for a recipe that cannot be built.
pub fn structure(recipe: &Recipe) -> Result<Microstructure> {
    eprintln!("building {} x {} x {} voxels", recipe.grid().size[0], recipe.grid().size[1], recipe.grid().size[2]);
    microstructure::build(recipe).map_err(|error| match error {
        BuildError::Recipe(issues) => bad_recipe(&issues),
        other => anyhow::Error::new(BadInput(other.to_string())),
    })
}

/// What `build` and `run` have in common.
fn description(electrode: &Electrode, recipe: &Recipe, structure: &Microstructure) -> Map<String, Value> {
    object(json!({
        "catholyte": env!("CARGO_PKG_VERSION"),
        "name": electrode.name(),
        "recipe": recipe.to_json(),
        "composition": Composition::new(recipe),
        "voxels": structure.grid.size,
        "volume_fractions": ByPhase(structure.volume_fractions()),
        "voxel_hash": format!("{:016x}", structure.voxel_hash()),
    }))
}

/// Prints the structure of an electrode and all that its analysis finds, with `transport` what both rails conduct as well; writes
/// files into `out`.
///
/// # Errors
/// [`BadInput`] with every fault of the recipe; the solver's failure; files that cannot be written.
pub fn build(electrode: &Electrode, transport: bool, out: Option<&Path>) -> Result<()> {
    let recipe = electrode.read()?;
    volume::prepare(out)?;
    let start = Instant::now();
    let structure = structure(&recipe)?;
    let built = start.elapsed().as_secs_f64();
    let target = Composition::new(&recipe).voxel_targets(structure.grid.len());
    let report = analysis::analyse(&structure, Some(target));
    let seconds = start.elapsed().as_secs_f64();
    let mut result = description(electrode, &recipe, &structure);
    result.extend(object(serde_json::to_value(&report)?));
    result.insert("seconds_build".into(), json!(built));
    result.insert("seconds_analysis".into(), json!(seconds - built));
    result.insert("seconds".into(), json!(seconds));
    if transport {
        let [ionic, electronic] = simulation::rail_conductivities(&recipe);
        result.insert("transport".into(), json!(rails::conduct(&structure, &ionic, &electronic)?));
        result.insert("seconds_transport".into(), json!(start.elapsed().as_secs_f64() - seconds));
    }
    result.insert("peak_bytes".into(), json!(volume::peak_bytes()));
    volume::print(&result)?;
    match out {
        Some(out) => volume::write_structure(&structure, &report, out),
        None => Ok(()),
    }
}

/// Discharges an electrode and prints the result; writes curve and figure into `out`.
///
/// # Errors
/// [`BadInput`] with every fault of the recipe; the solver's failure; files that cannot be written.
pub fn run(electrode: &Electrode, out: Option<&Path>, fields_at: &[f64]) -> Result<()> {
    let recipe = electrode.read()?;
    if let Some(bad) = fields_at.iter().find(|q| !(q.is_finite() && **q > 0.0)) {
        return Err(BadInput(format!("--fields-at: {bad}; allowed are capacities above 0 mAh/g")).into());
    }
    volume::prepare(out)?;
    let start = Instant::now();
    let structure = structure(&recipe)?;
    let built = start.elapsed().as_secs_f64();
    let mut simulation = Simulation::new(&recipe, &structure);
    let mut told = 0;
    let mut wanted = fields_at.to_vec();
    loop {
        let status = simulation.advance()?;
        let progress = simulation.progress();
        if let (Some(out), Some(fields)) =
            (out, due(&mut wanted, progress.capacity_mah_g).then(|| simulation.fields()).flatten())
        {
            let path = out.join(format!("fields-{:.1}.vti", progress.capacity_mah_g));
            std::fs::write(&path, export::fields_vti(&structure, &fields))
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
        if status == Status::Finished {
            break;
        }
        if progress.time_steps >= told + 10 {
            told = progress.time_steps;
            eprintln!(
                "step {:3}  {:6.1} mAh/g  {:.3} V  {:3.0} %",
                progress.time_steps,
                progress.capacity_mah_g,
                progress.voltage_v,
                100.0 * progress.fraction
            );
        }
    }
    let total = start.elapsed().as_secs_f64();
    let mut result = description(electrode, &recipe, &structure);
    result.extend(object(serde_json::to_value(simulation.summary())?));
    result.insert("seconds_build".into(), json!(built));
    result.insert("seconds_solve".into(), json!(total - built));
    result.insert("seconds".into(), json!(total));
    volume::print(&result)?;
    match out {
        Some(out) => write_figure(electrode, &recipe, &simulation, out),
        None => Ok(()),
    }
}

/// Takes the capacities that have been reached off the list; was there one?
fn due(wanted: &mut Vec<f64>, capacity_mah_g: f64) -> bool {
    let before = wanted.len();
    wanted.retain(|&q| q > capacity_mah_g);
    wanted.len() < before
}

/// Structures of several electrodes, voxel sizes and seeds.
#[derive(Args)]
pub struct Survey {
    /// Presets
    #[arg(value_name = "PRESET", default_values = ["lyc-10", "lyc-14"])]
    presets: Vec<String>,
    /// Voxel sizes [um]
    #[arg(long, value_name = "H,...", value_delimiter = ',', default_values = ["0.25", "0.5", "1.0"])]
    voxels: Vec<f64>,
    /// Seeds 1 to this
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1000))]
    seeds: u32,
    /// Memory that a run on one of these structures may take [GB]
    #[arg(long, value_name = "GB", default_value_t = 8.0)]
    memory_gb: f64,
}

/// Prints mean and standard deviation over seeds of what the analysis of a structure finds.
///
/// # Errors
/// [`BadInput`] with every fault of a recipe.
pub fn survey(task: &Survey) -> Result<()> {
    let recipe = |name: &str, voxel_um: f64, seed: u32| {
        preset(name, object(json!({"voxel_um": voxel_um, "seed": seed})), task.memory_gb)
    };
    // Before the first is built: seeds are always allowed.
    let pairs = task.presets.iter().flat_map(|preset| task.voxels.iter().map(move |&voxel_um| (preset, voxel_um)));
    let issues: Vec<RecipeIssue> =
        pairs.filter_map(|(preset, voxel_um)| recipe(preset, voxel_um, 1).err()).flatten().collect();
    if !issues.is_empty() {
        return Err(bad_recipe(&issues));
    }
    let mut rows = Vec::new();
    for preset in &task.presets {
        for &voxel_um in &task.voxels {
            let mut columns: Vec<(&str, Vec<f64>)> = Vec::new();
            for seed in 1..=task.seeds {
                let recipe = recipe(preset, voxel_um, seed).map_err(|issues| bad_recipe(&issues))?;
                let start = Instant::now();
                let report = analysis::analyse(&structure(&recipe)?, None);
                let coverage = |phase: Phase| 100.0 * report.coverage.nca[phase];
                let nca = &report.connectivity.nca;
                for (name, value) in [
                    ("carbon_coverage_percent", coverage(Phase::Carbon)),
                    ("halide_coverage_percent", coverage(Phase::Halide)),
                    ("mixed_coverage_percent", coverage(Phase::Mixed)),
                    ("active_nca_percent", 100.0 * nca.active_fraction),
                    ("weakly_wired_particles", nca.weakly_wired_particles.len() as f64),
                    ("seconds", start.elapsed().as_secs_f64()),
                ] {
                    match columns.iter_mut().find(|(n, _)| *n == name) {
                        Some((_, values)) => values.push(value),
                        None => columns.push((name, vec![value])),
                    }
                }
            }
            let mut row = object(json!({"preset": preset, "voxel_um": voxel_um, "seeds": task.seeds}));
            for (name, values) in columns {
                let (mean, sd) = mean_and_deviation(&values);
                row.insert(name.into(), json!({"mean": mean, "sd": sd}));
            }
            rows.push(row);
        }
    }
    volume::print(&rows)
}

fn write_figure(electrode: &Electrode, recipe: &Recipe, simulation: &Simulation, out: &Path) -> Result<()> {
    let write = |name: &str, text: &str| -> Result<PathBuf> {
        let path = out.join(name);
        std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(path)
    };
    let series = simulation.series();
    write("curve.csv", &series.to_csv())?;
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, (720, 480)).into_drawing_area();
        let run = Run {
            label: format!("{}, {}C", electrode.name(), simulation.summary().c_rate),
            title: electrode.name(),
            colour: 0,
            dashed: false,
            discharge: None,
            rates: Vec::new(),
            recipe: recipe.clone(),
            rows: series.rows().to_vec(),
            first_cycle_efficiency: simulation.summary().first_cycle_efficiency,
        };
        let figure = runs::figure(Kind::Voltage, Along::Capacity, &[run], &Measured::All);
        figure.draw(&root, [figure.x.scale, figure.y.scale], &Style::figure())?;
        root.present()?;
    }
    write("voltage.svg", &svg)?;
    Ok(())
}
