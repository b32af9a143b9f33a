//! The tasks `validate` and `calibrate`: the model against the paper's table, and the fit of its few free parameters.
//!
//! Every electrode is built, charged at 0.1C to 4.3 V and discharged to 3.0 V, fresh at 0.1C and, with the impurity layer grown
//! as far as the paper measured it after ten cycles, at 2C: one parameter set for all of them.

use std::path::Path;

use anyhow::{Context, Result};
use catholyte::analysis;
use catholyte::cell::timestep::StepControl;
use catholyte::composition::Composition;
use catholyte::materials::Phase;
use catholyte::paper::{MEASURED, Measurement, Quantity, R3_VOLTAGE, growth_at_rate_test};
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
const FAST: f64 = 2.0;

/// What the model is asked for.
#[derive(Args, Clone)]
pub struct Sample {
    /// Edge of a voxel [um]
    #[arg(long, value_name = "H", default_value_t = 0.5)]
    voxel_um: f64,
    /// Width of the electrode [um]; in the paper's 25 um, five particles, 14 wt% may hang on a single contact
    #[arg(long, value_name = "W", default_value_t = 36.0)]
    width_um: f64,
    /// Seeds 1 to this
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1000))]
    seeds: u32,
    /// Any field of the recipe, for all electrodes alike; may be repeated
    #[arg(long = "set", value_name = "FIELD=VALUE")]
    fields: Vec<String>,
    /// Memory that one electrode may take [GB]
    #[arg(long, value_name = "GB", default_value_t = 8.0)]
    memory_gb: f64,
}

impl Sample {
    fn changes(&self) -> Result<Map<String, Value>> {
        electrode::assignments(&self.fields)
    }

    fn recipe(&self, preset: &str, seed: u32, changes: &Map<String, Value>) -> Result<Recipe> {
        let mut fields = changes.clone();
        fields.insert("voxel_um".into(), json!(self.voxel_um));
        fields.insert("width_um".into(), json!(self.width_um));
        fields.insert("seed".into(), json!(seed));
        electrode::preset(preset, fields, self.memory_gb).map_err(|issues| electrode::bad_recipe(&issues))
    }
}

/// Does the model answer for this quantity?
fn modelled(m: &Measurement) -> bool {
    !matches!(m.quantity, Quantity::Retention | Quantity::InterfacialResistance { cycle: 3.. })
}

/// One electrode of one seed, asked for all the quantities that are measured of it. Shape: as `wanted`.
fn measure(recipe: &Recipe, wanted: &[Measurement]) -> Result<Vec<f64>> {
    let structure = electrode::structure(recipe)?;
    let mut cycles: Vec<(f64, Simulation)> = Vec::new();
    let mut cycle = |c_rate: f64| -> Result<Simulation> {
        if let Some((_, cell)) = cycles.iter().find(|(rate, _)| *rate == c_rate) {
            return Ok(cell.clone());
        }
        let grown = if c_rate > SLOW { recipe.film_growth * growth_at_rate_test(recipe) } else { recipe.film_growth };
        let recipe = Recipe { film_growth: grown, ..recipe.clone() };
        let steps = vec![Step::charge(SLOW, UPPER_V), Step::discharge(c_rate, LOWER_V)];
        let protocol = Protocol { initial_voltage_v: LOWER_V, steps };
        let mut cell = Simulation::with_protocol(&recipe, &structure, protocol, StepControl::default());
        cell.run()?;
        cycles.push((c_rate, cell.clone()));
        Ok(cell)
    };
    wanted
        .iter()
        .map(|m| {
            Ok(match m.quantity {
                Quantity::DischargeCapacity { c_rate } => cycle(c_rate)?.summary().discharge_capacity_mah_g,
                Quantity::FirstCycleEfficiency => {
                    100.0 * cycle(SLOW)?.summary().first_cycle_efficiency.unwrap_or_default()
                }
                Quantity::InterfacialResistance { .. } => interfacial_resistance(recipe, cycle(SLOW)?.series().rows()),
                Quantity::CarbonCoverage => 100.0 * analysis::contacts::coverage(&structure).overall[Phase::Carbon],
                Quantity::Retention => anyhow::bail!("ageing is not modelled"),
            })
        })
        .collect()
}

/// R3 of the 13 mm cell [Ohm]: what film and charge transfer cost at 3.8 V of a slow discharge, over its current.
fn interfacial_resistance(recipe: &Recipe, rows: &[Row]) -> f64 {
    let composition = Composition::new(recipe);
    // mA/cm² at 1C of 180 mA/g.
    let one_c = 180e-3 * composition.loading_mg_cm2 * composition.nca_mass_fraction;
    let after = rows.iter().position(|row| row.c_rate > 0.0 && row.voltage_v <= R3_VOLTAGE);
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
    match m.quantity {
        Quantity::DischargeCapacity { c_rate } => {
            matches!((m.electrode, c_rate), ("bare" | "lyc-10", SLOW) | ("lyc-14", FAST))
        }
        Quantity::InterfacialResistance { .. } => m.electrode == "bare",
        Quantity::FirstCycleEfficiency | Quantity::CarbonCoverage => true,
        Quantity::Retention => false,
    }
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
        "width_um": sample.width_um,
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

/// A parameter that `calibrate` may change, the range in which it looks, and the number of the paper that fixes it.
struct Free {
    field: &'static str,
    from: f64,
    to: f64,
    /// Search its logarithm?
    logarithmic: bool,
}

const fn free(field: &'static str, from: f64, to: f64, logarithmic: bool) -> Free {
    Free { field, from, to, logarithmic }
}

/// One parameter for each number of [`fitted`].
const FREE: &[Free] = &[
    free("diffusivity_m2_s", 5e-16, 1e-14, true),
    free("skin_um", 0.0, 0.4, false),
    free("film_resistance_ohm_cm2", 100.0, 4000.0, true),
    free("oxidation_a_m2", 0.01, 1.0, true),
    free("edge_standoff", 0.1, 0.45, false),
    free("first_charge_loss_mah_g", 0.0, 60.0, false),
];

/// The impurity layers that the paper tries [um; share of LPSCl's conductivity].
const THICKNESSES_UM: [f64; 3] = [0.25, 0.5, 0.75];
const SHARES: [f64; 3] = [1e-3, 1e-4, 1e-5];

impl Free {
    fn value(&self, position: f64) -> f64 {
        let position = position.clamp(0.0, 1.0);
        if self.logarithmic {
            self.from * libm::pow(self.to / self.from, position)
        } else {
            self.from + (self.to - self.from) * position
        }
    }

    fn position(&self, value: f64) -> f64 {
        if self.logarithmic {
            libm::log(value / self.from) / libm::log(self.to / self.from)
        } else {
            (value - self.from) / (self.to - self.from)
        }
    }
}

/// Share of a parameter's range that the fit resolves.
const NEAR: f64 = 0.01;
/// Objective where a run fails.
const WORKS_NOT: f64 = 1e3;

/// What a residual is measured against: the tolerance that the project sets itself for that kind of number.
fn tolerance(line: &Line) -> f64 {
    match line.quantity.as_str() {
        "discharge_capacity_0.1C" => 0.03 * line.paper,
        "interfacial_resistance_ohm" => 0.3 * line.paper,
        "first_cycle_efficiency" => 2.0,
        _ => 12.0,
    }
}

/// Fits the free parameters to the fitted numbers by COBYLA (Powell 1994) and prints the way there.
///
/// The objective is the sum of squares of the residuals, each over its tolerance; it starts from the recipe's defaults and ends
/// when no parameter moves by more than [`NEAR`] of its range.
///
/// # Errors
/// Bad fields; no run that succeeds.
pub fn calibrate(sample: &Sample, evaluations: usize) -> Result<()> {
    let fixed = sample.changes()?;
    let measured: Vec<Measurement> = MEASURED
        .iter()
        .filter(|m| modelled(m) && fitted(m) && m.quantity != Quantity::CarbonCoverage)
        .copied()
        .collect();
    let films = film_candidates(sample, &fixed)?;
    let defaults = Recipe::default().to_json();
    let start: Vec<f64> =
        FREE.iter().map(|f| f.position(defaults[f.field].as_f64().unwrap_or_default()).clamp(0.0, 1.0)).collect();
    let history = std::cell::RefCell::new(Vec::<(f64, Map<String, Value>, Vec<Line>)>::new());
    let failure = std::cell::RefCell::new(None);
    let objective = |x: &[f64], _: &mut ()| {
        let mut changes = fixed.clone();
        for (free, position) in FREE.iter().zip(x) {
            changes.insert(free.field.into(), json!(free.value(*position)));
        }
        match table(sample, &changes, &measured) {
            Ok(lines) => {
                let sum: f64 = lines.iter().map(|line| line.residual / tolerance(line)).map(|r| r * r).sum();
                let residuals: Vec<String> = lines.iter().map(|l| format!("{:+.1}", l.residual)).collect();
                eprintln!("{:3}  {sum:9.3}  {}", history.borrow().len() + 1, residuals.join("  "));
                // A number that is not there, such as R3 of an electrode that never gets to 3.8 V, must not lead the search.
                let missing = !sum.is_finite();
                history.borrow_mut().push((if missing { f64::INFINITY } else { sum }, changes, lines));
                if missing { WORKS_NOT } else { sum }
            }
            Err(error) => {
                // No electrode works there (a side current beyond that of the charge, say): the search goes elsewhere.
                eprintln!("  -  {error:#}");
                *failure.borrow_mut() = Some(error);
                WORKS_NOT
            }
        }
    };
    let bounds = vec![(0.0, 1.0); FREE.len()];
    let none: Vec<fn(&[f64], &mut ()) -> f64> = Vec::new();
    let stop = cobyla::StopTols { xtol_abs: vec![NEAR; FREE.len()], ..Default::default() };
    let end =
        cobyla::minimize(objective, &start, &bounds, &none, (), evaluations, cobyla::RhoBeg::All(0.1), Some(stop));
    let history = history.into_inner();
    let Some(best) = history.iter().min_by(|a, b| a.0.total_cmp(&b.0)) else {
        return Err(failure.take().unwrap_or_else(|| anyhow::anyhow!("no evaluation")));
    };
    let parameters: Map<String, Value> =
        FREE.iter().map(|f| (f.field.to_string(), best.1.get(f.field).cloned().unwrap_or_default())).collect();
    volume::print(&json!({
        "catholyte": env!("CARGO_PKG_VERSION"),
        "voxel_um": sample.voxel_um,
        "width_um": sample.width_um,
        "seeds": sample.seeds,
        "evaluations": history.len(),
        "end": end.map_or_else(|(why, ..)| format!("{why:?}"), |(how, ..)| format!("{how:?}")),
        "objective_of_defaults": history[0].0,
        "objective": best.0,
        "parameters": parameters,
        "rows": best.2,
        "film_candidates": films,
    }))
}

/// R3 of the bare electrode with each of the paper's nine impurity layers.
fn film_candidates(sample: &Sample, fixed: &Map<String, Value>) -> Result<Vec<Value>> {
    let wanted: Vec<Measurement> = MEASURED
        .iter()
        .filter(|m| m.electrode == "bare" && m.quantity == (Quantity::InterfacialResistance { cycle: 2 }))
        .copied()
        .collect();
    let mut rows = Vec::new();
    for thickness_um in THICKNESSES_UM {
        for share in SHARES {
            // um / (S/m) = 1e-6 Ohm m² = 1e-2 Ohm cm².
            let film = 1e-2 * thickness_um / (share * catholyte::materials::lpscl::KAPPA);
            let mut changes = fixed.clone();
            changes.insert("film_resistance_ohm_cm2".into(), json!(film));
            let one = Sample { seeds: 1, ..sample.clone() };
            let r3 = table(&one, &changes, &wanted)?.first().map(|line| line.model_mean);
            rows.push(json!({
                "thickness_um": thickness_um,
                "share_of_lpscl_conductivity": share,
                "film_resistance_ohm_cm2": film,
                "interfacial_resistance_ohm": r3,
            }));
        }
    }
    Ok(rows)
}
