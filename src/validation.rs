//! The tasks `validate` and `calibrate`: the model against the paper's table, and the fit of its few free parameters.
//!
//! Every electrode is built, charged at 0.1C to 4.3 V and discharged to 3.0 V at 0.1C and, from the same charged state, at
//! 2C: one parameter set for all of them.

use std::path::Path;

use anyhow::{Context, Result};
use catholyte::analysis;
use catholyte::composition::Composition;
use catholyte::materials::Phase;
use catholyte::microstructure;
use catholyte::paper::{MEASURED, Measurement, Quantity};
use catholyte::presets;
use catholyte::protocol::{Protocol, Step};
use catholyte::recipe::Recipe;
use catholyte::results::Row;
use catholyte::simulation::Simulation;
use clap::Args;
use rayon::prelude::*;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::electrode;
use crate::volume;

/// Area of the paper's cell [cm²]: 13 mm across.
const CELL_CM2: f64 = 1.327;
const LOWER_V: f64 = 3.0;
const UPPER_V: f64 = 4.3;
const SLOW: f64 = 0.1;

/// What the model is asked for.
#[derive(Args, Clone)]
pub struct Sample {
    /// Edge of a voxel [um]
    #[arg(long, value_name = "H", default_value_t = 0.5)]
    voxel_um: f64,
    /// Seeds 1 to this
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1000))]
    seeds: u32,
    /// Any field of the recipe, for all electrodes alike; may be repeated
    #[arg(long = "set", value_name = "FIELD=VALUE")]
    fields: Vec<String>,
}

impl Sample {
    fn changes(&self) -> Result<Map<String, Value>> {
        electrode::assignments(&self.fields)
    }

    fn recipe(&self, preset: &str, seed: u32, changes: &Map<String, Value>) -> Result<Recipe> {
        let mut fields = changes.clone();
        fields.insert("voxel_um".into(), json!(self.voxel_um));
        fields.insert("seed".into(), json!(seed));
        presets::find(preset)
            .and_then(|recipe| recipe.with_overrides(&Value::Object(fields)))
            .map_err(|issues| electrode::bad_recipe(&issues))
    }
}

/// Does the model answer for this quantity?
fn modelled(m: &Measurement) -> bool {
    !matches!(m.quantity, Quantity::Retention | Quantity::InterfacialResistance { cycle: 3.. })
}

/// One electrode of one seed, asked for all the quantities that are measured of it. Shape: as `wanted`.
fn measure(recipe: &Recipe, wanted: &[Measurement]) -> Result<Vec<f64>> {
    let structure = microstructure::build(recipe)?;
    let steps = vec![Step::charge(SLOW, UPPER_V)];
    let protocol = Protocol { initial_voltage_v: LOWER_V, steps };
    let electrical = wanted.iter().any(|m| m.quantity != Quantity::CarbonCoverage);
    let charged = if electrical {
        let mut cell = Simulation::with_protocol(recipe, &structure, protocol, Default::default());
        cell.run()?;
        Some(cell)
    } else {
        None
    };
    let mut discharges: Vec<(f64, Simulation)> = Vec::new();
    let mut discharged = |c_rate: f64| -> Result<Simulation> {
        if let Some((_, cell)) = discharges.iter().find(|(rate, _)| *rate == c_rate) {
            return Ok(cell.clone());
        }
        let mut cell = charged.clone().context("a charged cell")?;
        cell.continue_with(&[Step::discharge(c_rate, LOWER_V)]);
        cell.run()?;
        discharges.push((c_rate, cell.clone()));
        Ok(cell)
    };
    wanted
        .iter()
        .map(|m| {
            Ok(match m.quantity {
                Quantity::DischargeCapacity { c_rate } => discharged(c_rate)?.summary().discharge_capacity_mah_g,
                Quantity::FirstCycleEfficiency => {
                    100.0 * discharged(SLOW)?.summary().first_cycle_efficiency.unwrap_or_default()
                }
                Quantity::InterfacialResistance { .. } => interfacial_resistance(recipe, discharged(SLOW)?.series().rows()),
                Quantity::CarbonCoverage => 100.0 * analysis::contacts::coverage(&structure).overall[Phase::Carbon],
                Quantity::Retention => anyhow::bail!("ageing is not modelled"),
            })
        })
        .collect()
}

/// R3 of the 13 mm cell [Ohm]: what film and charge transfer cost at 3.8 V of a slow discharge, over its current.
fn interfacial_resistance(recipe: &Recipe, rows: &[Row]) -> f64 {
    const VOLTAGE: f64 = 3.8;
    let composition = Composition::new(recipe);
    // mA/cm² at 1C of 180 mA/g.
    let one_c = 180e-3 * composition.loading_mg_cm2 * composition.nca_mass_fraction;
    let after = rows.iter().position(|row| row.c_rate > 0.0 && row.voltage_v <= VOLTAGE);
    after.map_or(f64::NAN, |k| {
        let row = &rows[k];
        1e3 * (row.losses.film + row.losses.charge_transfer) / (row.c_rate * one_c) / CELL_CM2
    })
}

/// One line of the table.
#[derive(Serialize)]
struct Line {
    electrode: &'static str,
    quantity: String,
    paper: f64,
    model_mean: f64,
    model_sd: f64,
    residual: f64,
    /// `fitted` or `predicted`.
    kind: &'static str,
    values: Vec<f64>,
}

/// The numbers that `calibrate` fits.
fn fitted(m: &Measurement) -> bool {
    matches!(
        (m.electrode, m.quantity),
        ("bare" | "lyc-10", Quantity::DischargeCapacity { .. })
            | ("lyc-14", Quantity::DischargeCapacity { .. })
            | ("bare", Quantity::InterfacialResistance { .. })
            | (_, Quantity::CarbonCoverage)
    )
}

/// The model against `measured`, over all seeds; two runs of different electrodes share nothing, so they run side by side.
fn table(sample: &Sample, changes: &Map<String, Value>, measured: &[Measurement]) -> Result<Vec<Line>> {
    let mut electrodes: Vec<&'static str> = measured.iter().map(|m| m.electrode).collect();
    electrodes.sort_unstable();
    electrodes.dedup();
    let cases: Vec<(&'static str, u32)> =
        (1..=sample.seeds).flat_map(|seed| electrodes.iter().map(move |e| (*e, seed))).collect();
    let of = |electrode: &str| measured.iter().filter(|m| m.electrode == electrode).copied().collect::<Vec<_>>();
    let found = cases
        .par_iter()
        .map(|&(electrode, seed)| {
            let values = measure(&sample.recipe(electrode, seed, changes)?, &of(electrode))
                .with_context(|| format!("{electrode}, seed {seed}"))?;
            eprintln!("{electrode}, seed {seed}");
            Ok((electrode, values))
        })
        .collect::<Result<Vec<_>>>()?;
    Ok(measured
        .iter()
        .map(|m| {
            let place = of(m.electrode).iter().position(|other| other.quantity == m.quantity).expect("it is there");
            let values: Vec<f64> = found.iter().filter(|(e, _)| *e == m.electrode).map(|(_, v)| v[place]).collect();
            let (model_mean, model_sd) = electrode::mean_and_deviation(&values);
            Line {
                electrode: m.electrode,
                quantity: m.quantity.key(),
                paper: m.value,
                model_mean,
                model_sd,
                residual: model_mean - m.value,
                kind: if fitted(m) { "fitted" } else { "predicted" },
                values,
            }
        })
        .collect())
}

/// Prints every number of the paper beside the model's; writes `validation.json` into `out`.
///
/// # Errors
/// Bad fields; a run that fails; files that cannot be written.
pub fn validate(sample: &Sample, out: Option<&Path>) -> Result<()> {
    let measured: Vec<Measurement> = MEASURED.iter().filter(|m| modelled(m)).copied().collect();
    let rows = table(sample, &sample.changes()?, &measured)?;
    let result = json!({
        "catholyte": env!("CARGO_PKG_VERSION"),
        "voxel_um": sample.voxel_um,
        "seeds": sample.seeds,
        "rows": rows,
    });
    if let Some(out) = out {
        std::fs::create_dir_all(out).with_context(|| format!("cannot create {}", out.display()))?;
        let path = out.join("validation.json");
        std::fs::write(&path, serde_json::to_string_pretty(&result)?)
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    volume::print(&result)
}
