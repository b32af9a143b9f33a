//! The task `accuracy`: one electrode discharged on several grids, and with sharper numerics on each.

use std::time::Instant;

use anyhow::Result;
use catholyte::cell::timestep::StepControl;
use catholyte::microstructure::Microstructure;
use catholyte::recipe::Recipe;
use catholyte::results::{Series, Summary};
use catholyte::simulation::{self, Simulation};
use clap::Args;
use serde_json::json;

use crate::electrode;
use crate::volume;

/// What is compared.
#[derive(Args)]
pub struct Accuracy {
    /// A preset
    #[arg(value_name = "PRESET", default_value = "lyc-10")]
    preset: String,
    /// Voxel sizes [um]
    #[arg(long, value_name = "H,...", value_delimiter = ',', default_values = ["1.0"])]
    voxels: Vec<f64>,
    /// Discharge currents, in units of 180 mA per gram of NCA
    #[arg(long, value_name = "R,...", value_delimiter = ',', default_values = ["0.5", "2.0"])]
    c_rates: Vec<f64>,
    /// Seed of the structure
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u32,
    /// Any other field of the recipe; may be repeated
    #[arg(long = "set", value_name = "FIELD=VALUE")]
    fields: Vec<String>,
    /// Compare the grids alone, without the sharper runs on each
    #[arg(long)]
    grids_only: bool,
    /// Memory that one run may take [GB]
    #[arg(long, value_name = "GB", default_value_t = 8.0)]
    memory_gb: f64,
}

/// Prints a row for each voxel size and rate: the run, how far its voltage lies from the sharper runs at the same charge, and
/// capacity and mean voltage against those of the finest grid.
///
/// # Errors
/// [`crate::site::BadInput`] with every fault of a recipe; the solver's failure.
pub fn compare(task: &Accuracy) -> Result<()> {
    let changes = electrode::assignments(&task.fields)?;
    let recipe = |voxel_um: f64, c_rate: f64| {
        let mut fields = changes.clone();
        fields.extend(
            [("voxel_um", json!(voxel_um)), ("seed", json!(task.seed)), ("c_rate", json!(c_rate))]
                .map(|(key, value)| (key.to_string(), value)),
        );
        electrode::preset(&task.preset, fields, task.memory_gb).map_err(|issues| electrode::bad_recipe(&issues))
    };
    let mut voxels = task.voxels.clone();
    voxels.sort_by(f64::total_cmp);
    // Every fault before the first run.
    let recipes: Vec<Vec<Recipe>> = voxels
        .iter()
        .map(|&voxel_um| task.c_rates.iter().map(|&c_rate| recipe(voxel_um, c_rate)).collect::<Result<_>>())
        .collect::<Result<_>>()?;
    let mut rows = Vec::new();
    let mut finest: Vec<Summary> = Vec::new();
    for recipes in &recipes {
        let Some(first) = recipes.first() else { continue };
        let structure = electrode::structure(first)?;
        for (k, recipe) in recipes.iter().enumerate() {
            let default = StepControl::default();
            let start = Instant::now();
            let (series, summary) = discharge(recipe, &structure, default)?;
            let seconds = start.elapsed().as_secs_f64();
            if finest.len() == k {
                finest.push(summary.clone());
            }
            let mut row = json!({
                "preset": task.preset,
                "voxel_um": recipe.voxel_um,
                "c_rate": recipe.c_rate,
                "discharge_capacity_mah_g": summary.discharge_capacity_mah_g,
                "mean_voltage_v": summary.mean_voltage_v,
                "capacity_off_finest_percent":
                    100.0 * (summary.discharge_capacity_mah_g / finest[k].discharge_capacity_mah_g - 1.0),
                "mean_voltage_off_finest_mv":
                    summary.mean_voltage_v.zip(finest[k].mean_voltage_v).map(|(own, fine)| 1e3 * (own - fine)),
                "time_steps": summary.time_steps,
                "newton_iterations": summary.newton_iterations,
                "linear_iterations": summary.linear_iterations,
                "seconds": seconds,
            });
            if !task.grids_only {
                // Tolerances at half the steps: where a curve bends, the points of whole ones lie too far apart to be compared with
                // others in between.
                let half = StepControl { refinement: 2.0, ..default };
                let tenth = StepControl { tolerance_v: 0.1 * half.tolerance_v, ..half };
                let (halved, halved_summary) = discharge(recipe, &structure, half)?;
                let (tight, tight_summary) = discharge(recipe, &structure, tenth)?;
                for (name, series, finer, summary) in [
                    ("half_the_steps", &series, &halved, halved_summary),
                    ("tenth_of_tolerance", &halved, &tight, tight_summary),
                ] {
                    let difference = series.difference(finer, 0);
                    row[name] = json!({
                        "mean_mv": 1e3 * difference.mean_v,
                        "largest_mv": 1e3 * difference.largest_v,
                        "at_mah_g": difference.at_mah_g,
                        "discharge_capacity_mah_g": summary.discharge_capacity_mah_g,
                        "time_steps": summary.time_steps,
                    });
                }
            }
            rows.push(row);
        }
    }
    volume::print(&rows)
}

fn discharge(recipe: &Recipe, structure: &Microstructure, control: StepControl) -> Result<(Series, Summary)> {
    eprintln!("{} um, {}C", recipe.voxel_um, recipe.c_rate);
    let mut cell = Simulation::with_protocol(recipe, structure, simulation::protocol(recipe), control);
    let summary = cell.run()?;
    Ok((cell.series().clone(), summary))
}
