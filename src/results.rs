//! What a run yields: columns over time, numbers at its end, and the books that certify them.

use serde::Serialize;

use crate::cell::losses::Losses;
use crate::protocol::Drive;

/// Why a step of the protocol, or the run, ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    /// The voltage fell to the cut-off.
    LowerCutoff,
    /// The voltage rose to the cut-off.
    UpperCutoff,
    /// The current of a hold fell to the cut-off.
    CurrentCutoff,
    /// The time was up.
    TimeElapsed,
    /// The surfaces could not take up (or, in a charge, give up) the lithium of this current, even for a moment.
    SurfaceSaturated,
    /// No chain of particles joins the separator to the current collector: no current can flow.
    NoConductingPath,
}

/// A row of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Row {
    /// Since the start of the run [s].
    pub time_s: f64,
    /// Step of the protocol, from 0.
    pub step: usize,
    /// Charge passed in this step per mass of NCA, whatever its direction [mAh g⁻¹].
    pub capacity_mah_g: f64,
    /// Terminal voltage against lithium [V].
    pub voltage_v: f64,
    /// Current in units of 1C, positive for discharge.
    pub c_rate: f64,
    /// Open-circuit voltage of the mean stoichiometry [V], from which the terminal differs by the losses.
    pub ocv_v: f64,
    pub losses: Losses,
}

/// Columns of a run, one row per accepted time step; each step of the protocol begins with a row of its own.
#[derive(Clone, Debug, Default)]
pub struct Series {
    rows: Vec<Row>,
}

impl Series {
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub fn push(&mut self, row: Row) {
        self.rows.push(row);
    }

    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Names of the columns: those of [`Row`], and one for each loss (`loss_ionic_v`).
    pub fn names() -> Vec<String> {
        let own = ["time_s", "step", "capacity_mah_g", "voltage_v", "c_rate", "ocv_v"].map(String::from);
        own.into_iter().chain(Losses::NAMES.map(|name| format!("loss_{name}_v"))).collect()
    }

    /// A column by its name.
    pub fn column(&self, name: &str) -> Option<Vec<f64>> {
        let index = Self::names().iter().position(|n| n == name)?;
        Some(self.rows.iter().map(|row| row.values()[index]).collect())
    }

    /// Comma-separated values with a header.
    pub fn to_csv(&self) -> String {
        let mut csv = Self::names().join(",") + "\n";
        for row in &self.rows {
            csv += &(row.values().map(|v| v.to_string()).join(",") + "\n");
        }
        csv
    }
}

impl Row {
    /// In the order of [`Series::names`].
    fn values(&self) -> [f64; 6 + Losses::NAMES.len()] {
        let mut values = [0.0; 6 + Losses::NAMES.len()];
        let own = [self.time_s, self.step as f64, self.capacity_mah_g, self.voltage_v, self.c_rate, self.ocv_v];
        values[..6].copy_from_slice(&own);
        values[6..].copy_from_slice(&self.losses.values());
        values
    }

    /// The row whose values, in the order of [`Series::names`], are these.
    pub fn from_values(values: &[f64; 6 + Losses::NAMES.len()]) -> Row {
        let [time_s, step, capacity_mah_g, voltage_v, c_rate, ocv_v, losses @ ..] = values;
        Row {
            time_s: *time_s,
            step: *step as usize,
            capacity_mah_g: *capacity_mah_g,
            voltage_v: *voltage_v,
            c_rate: *c_rate,
            ocv_v: *ocv_v,
            losses: Losses::from_values(losses),
        }
    }
}

/// `∫ f dQ / ∫ dQ` over rows of one step by the trapezoidal rule; `None` without charge.
fn mean_over_charge(rows: &[Row], f: impl Fn(&Row) -> f64) -> Option<f64> {
    let sum: f64 = rows
        .windows(2)
        .map(|pair| 0.5 * (f(&pair[0]) + f(&pair[1])) * (pair[1].capacity_mah_g - pair[0].capacity_mah_g))
        .sum();
    let charge = rows.last()?.capacity_mah_g - rows[0].capacity_mah_g;
    (charge > 0.0).then(|| sum / charge)
}

/// The numbers of one step of the protocol.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StepSummary {
    pub drive: Drive,
    pub capacity_mah_g: f64,
    /// Mean over the charge passed [V]; `None` without charge.
    pub mean_voltage_v: Option<f64>,
    pub final_voltage_v: f64,
    pub duration_s: f64,
    /// `None` while it runs.
    pub stop_reason: Option<StopReason>,
    /// Mean over the charge passed [V].
    pub losses_v: Option<Losses>,
}

impl StepSummary {
    /// * `rows` – those of the step, its first one included
    pub fn new(drive: Drive, rows: &[Row], stop_reason: Option<StopReason>) -> StepSummary {
        let (first, last) = (rows.first().copied().unwrap_or_default(), rows.last().copied().unwrap_or_default());
        let mean_loss = |k: usize| mean_over_charge(rows.get(1..).unwrap_or_default(), |row| row.losses.values()[k]);
        let losses_v = (0..Losses::NAMES.len()).map(mean_loss).collect::<Option<Vec<f64>>>();
        StepSummary {
            drive,
            capacity_mah_g: last.capacity_mah_g,
            mean_voltage_v: mean_over_charge(rows, |row| row.voltage_v),
            final_voltage_v: last.voltage_v,
            duration_s: last.time_s - first.time_s,
            stop_reason,
            losses_v: losses_v.map(|values| Losses::from_values(&values)),
        }
    }
}

/// The numbers of a run and its certificate.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// Of the last discharge, if there is one: rate, charge passed, mean voltage, energy per mass of NCA and of cathode.
    pub c_rate: f64,
    pub discharge_capacity_mah_g: f64,
    /// `None` if nothing was discharged.
    pub mean_voltage_v: Option<f64>,
    pub energy_wh_kg: f64,
    pub cathode_energy_wh_kg: f64,
    pub final_voltage_v: f64,
    pub stop_reason: Option<StopReason>,
    /// First discharge over first charge (with `first_charge_loss_mah_g` of the recipe), where the protocol begins with a charge.
    pub first_cycle_efficiency: Option<f64>,
    pub steps: Vec<StepSummary>,
    /// Charge that oxidised electrolyte per mass of NCA [mAh g⁻¹].
    pub side_capacity_mah_g: f64,
    /// Largest difference, over the steps, between the current and what passes the separator or is stored and oxidised,
    /// relative to it (to 0.1C where it is less).
    pub charge_balance_error: f64,
    /// |lithium stored − charge passed − charge that oxidised electrolyte| over the charge passed in all steps, counted at 0.1C
    /// where the current is less.
    pub lithium_balance_error: f64,
    pub time_steps: usize,
    pub rejected_steps: usize,
    pub newton_iterations: usize,
    pub linear_iterations: usize,
    pub multigrid_setups: usize,
    /// Unknown potentials.
    pub unknowns: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_weigh_by_charge() {
        let row = |capacity_mah_g, voltage_v| Row { capacity_mah_g, voltage_v, ..Row::default() };
        let rows = [row(0.0, 4.0), row(1.0, 4.0), row(4.0, 3.0)];
        let step = StepSummary::new(Drive::CRate(1.0), &rows, None);
        assert!((step.mean_voltage_v.unwrap() - (4.0 + 3.0 * 3.5) / 4.0).abs() < 1e-12);
        assert_eq!(StepSummary::new(Drive::CRate(1.0), &rows[..1], None).mean_voltage_v, None);
        let mut series = Series::default();
        rows.into_iter().for_each(|row| series.push(row));
        assert_eq!(series.column("voltage_v"), Some(vec![4.0, 4.0, 3.0]));
        assert!(series.to_csv().lines().nth(2).unwrap().starts_with("0,0,1,4,0,"));
        let values = std::array::from_fn(|k| k as f64 + 1.0);
        assert_eq!(Row::from_values(&values).values(), values);
        assert_eq!(series.to_csv().lines().next().unwrap().split(',').count(), Series::names().len());
    }
}
