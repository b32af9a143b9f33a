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
    /// Five hours of the rate did not lead to the limit: a side reaction takes the current.
    LimitUnreached,
    /// No voltage within the limit drives this current, even for a moment: mostly the surfaces cannot take up (or, in a charge, give
    /// up) its lithium.
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

    /// How far the terminal voltage of a step lies from that of a finer run at the same charge, row by row.
    ///
    /// Between its rows the finer run follows the cubic through the four around. The row before a step does not count: the
    /// voltage jumps there.
    pub fn difference(&self, finer: &Series, step: usize) -> Difference {
        let points = |series: &Series| {
            let rows = series.rows.iter().filter(|row| row.step == step).skip(1);
            let mut points: Vec<[f64; 2]> = rows.map(|row| [row.capacity_mah_g, row.voltage_v]).collect();
            points.dedup_by_key(|p| p[0]);
            points
        };
        let (own, finer) = (points(self), points(finer));
        let mut difference = Difference::default();
        let mut compared = 0;
        for &[charge, voltage] in &own {
            let next = finer.partition_point(|p| p[0] < charge);
            if next == finer.len() || finer.len() < 4 || charge < finer[0][0] {
                continue;
            }
            let four = &finer[next.saturating_sub(2).min(finer.len() - 4)..][..4];
            let share = |k: usize| -> f64 {
                let others = (0..4).filter(|&i| i != k);
                others.map(|i| (charge - four[i][0]) / (four[k][0] - four[i][0])).product()
            };
            let off = (voltage - (0..4).map(|k| share(k) * four[k][1]).sum::<f64>()).abs();
            if off > difference.largest_v {
                (difference.largest_v, difference.at_mah_g) = (off, charge);
            }
            difference.mean_v += off;
            compared += 1;
        }
        difference.mean_v /= f64::from(compared.max(1));
        difference
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

/// How far one voltage curve lies from another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Difference {
    /// Mean and largest over the rows [V], and the charge where it is largest [mAh g⁻¹].
    pub mean_v: f64,
    pub largest_v: f64,
    pub at_mah_g: f64,
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

/// A step in time, by its end.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct TimeStep {
    /// Counted from one.
    pub number: usize,
    /// Charge passed in its step of the protocol [mAh g⁻¹], and terminal voltage [V].
    pub capacity_mah_g: f64,
    pub voltage_v: f64,
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
    /// Largest norm, over the steps, of the currents that do not balance at the nodes when the step was accepted, relative to the
    /// current (to 0.1C where it is less).
    pub solver_residual: f64,
    /// Largest error of the terminal voltage, over the steps, that Newton's method and the linear solver left by their own estimate [V].
    pub solver_error_v: f64,
    /// Largest local error of the terminal voltage, over the steps at a current, by the estimate that controls their length [V]. Later
    /// steps damp it; `accuracy` measures what is left of it.
    pub step_error_v: f64,
    /// The step with this error.
    pub worst_time_step: Option<TimeStep>,
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
    fn a_cubic_differs_from_itself_on_other_rows_by_nothing() {
        let curve = |charges: &[f64], shift: f64| {
            let voltage = |q: f64| 4.0 - 0.1 * q + 0.02 * q * q - 0.003 * q * q * q;
            let mut series = Series::default();
            series.push(Row { voltage_v: 9.0, ..Row::default() });
            for &q in charges {
                series.push(Row { capacity_mah_g: q, voltage_v: voltage(q) + shift * q, ..Row::default() });
            }
            series
        };
        let (few, many) = ([0.1, 1.0, 3.1, 5.0], [0.1, 0.7, 1.3, 2.0, 3.0, 4.4, 4.9]);
        assert!(curve(&few, 0.0).difference(&curve(&many, 0.0), 0).largest_v < 1e-12);
        // The last row lies beyond the other curve.
        let difference = curve(&few, 1e-3).difference(&curve(&many, 0.0), 0);
        assert!((difference.largest_v - 3.1e-3).abs() < 1e-12 && difference.at_mah_g == 3.1, "{difference:?}");
        assert!((difference.mean_v - 4.2e-3 / 3.0).abs() < 1e-12);
    }

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
