//! The charts of runs: what their curves and numbers say side by side, with the paper's measured values as marks.

use serde::{Deserialize, Serialize};

use super::comparison::{capacity, efficiency, energy, rate};
use super::losses::losses;
use super::{Axis, Figure, Line, Mark, Scale, Series};
use crate::constants::ONE_C_A_PER_KG;
use crate::materials::nca::{OpenCircuitVoltage, theoretical_capacity_mah_g};
use crate::paper::{self, MEASURED, Measurement, Quantity};
use crate::recipe::Recipe;
use crate::results::Row;

/// A chart of runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Voltage along the discharge.
    Voltage,
    /// Voltage losses of the last run, stacked.
    Losses,
    /// Differential capacity over voltage.
    Dqdv,
    /// Capacity over rate.
    Rate,
    /// Energy per mass of the composite over the halide's share.
    Energy,
    /// Capacity over the halide's share.
    Capacity,
    /// First-cycle efficiency over the halide's share.
    Efficiency,
}

/// What a voltage profile is drawn over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Along {
    #[default]
    Capacity,
    Time,
    /// State of charge: 100 % at rest at the starting voltage, 0 at rest at the cut-off.
    Charge,
}

/// Whose values, measured by the paper, are drawn as marks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Measured {
    None,
    All,
    /// The electrodes of these presets.
    Of(Vec<String>),
}

impl Measured {
    fn shows(&self, electrode: &str) -> bool {
        match self {
            Measured::None => false,
            Measured::All => true,
            Measured::Of(names) => names.iter().any(|name| name == electrode),
        }
    }

    /// The numbers that are shown.
    pub(super) fn iter(&self) -> impl Iterator<Item = &'static Measurement> {
        MEASURED.iter().filter(|m| self.shows(m.electrode))
    }
}

/// One run: how it is drawn, what was run, and its columns.
#[derive(Clone, Debug)]
pub struct Run {
    pub label: String,
    /// Name without the rate, for what joins several rates.
    pub title: String,
    /// Number in the row of curve colours.
    pub colour: usize,
    pub dashed: bool,
    /// Once it has come to its end.
    pub discharge: Option<Discharge>,
    /// Rate and capacity [mAh/g] of every discharge to its end; none for one from before steps were kept.
    pub rates: Vec<[f64; 2]>,
    pub recipe: Recipe,
    pub rows: Vec<Row>,
    /// Discharge over charge of the first cycle [%].
    pub first_cycle_efficiency: Option<f64>,
}

impl Run {
    /// The rows of each step of the protocol.
    pub(super) fn steps(&self) -> impl Iterator<Item = &[Row]> {
        self.rows.chunk_by(|a, b| a.step == b.step)
    }
}

/// Rows of a single discharge of which only charge [mAh/g] and voltage are known.
pub fn discharge_rows(recipe: &Recipe, capacity: &[f64], voltage: &[f64]) -> Vec<Row> {
    let ocv = OpenCircuitVoltage::measured();
    let start = ocv.stoichiometry(recipe.initial_voltage_v).0;
    let row = |(&capacity_mah_g, &voltage_v): (&f64, &f64)| Row {
        time_s: 3600.0 * capacity_mah_g / (recipe.c_rate * ONE_C_A_PER_KG),
        capacity_mah_g,
        voltage_v,
        c_rate: recipe.c_rate,
        ocv_v: ocv.voltage(start + capacity_mah_g / theoretical_capacity_mah_g()),
        ..Row::default()
    };
    capacity.iter().zip(voltage).map(row).collect()
}

/// Numbers of a run's last discharge ([`crate::results::Summary`]).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Discharge {
    pub c_rate: f64,
    /// mAh per g of NCA.
    pub capacity: f64,
    /// Energy per mass of the composite's solids [Wh/kg].
    pub energy: f64,
}

const VOLTAGE: Axis = Axis {
    name: "Voltage",
    unit: "V",
    label: "Voltage (V vs Li/Li⁺)",
    decimals: 3,
    scale: Scale { from: 3.0, to: 4.4, log: false },
};
pub(super) const CAPACITY: Axis = Axis {
    name: "Capacity",
    unit: "mAh/g",
    label: "Capacity (mAh per g of NCA)",
    decimals: 1,
    scale: Scale { from: 0.0, to: 220.0, log: false },
};
/// The chart of this kind.
///
/// * `paper` – whose measured values are drawn; profiles show those of their own runs if there are any to show
pub fn figure(kind: Kind, along: Along, runs: &[Run], paper: &Measured) -> Figure {
    match kind {
        Kind::Voltage => voltage(along, runs, paper),
        Kind::Losses => losses(along, runs.last()),
        Kind::Dqdv => dqdv(runs),
        Kind::Rate => rate(runs, paper),
        Kind::Energy => energy(runs),
        Kind::Capacity => capacity(runs, paper),
        Kind::Efficiency => efficiency(runs, paper),
    }
}

/// The axis from its resting ends out to whatever lies beyond, in steps of `step`: it keeps still while a curve grows.
pub(super) fn reach(axis: Axis, values: impl Iterator<Item = f64>, step: f64) -> Axis {
    let Scale { from, to, log } = axis.scale;
    let (low, high) = values.fold((from, to), |(low, high), v| (low.min(v), high.max(v)));
    // A cut-off is met to the millivolt: what is beyond by a hundredth of a step is not beyond.
    let down = if low < from - 0.01 * step { (low / step).floor() * step } else { from };
    let up = if high > to + 0.01 * step { (high / step).ceil() * step } else { to };
    Axis { scale: Scale { from: down, to: up, log }, ..axis }
}

pub(super) fn values(series: &[Series], k: usize) -> impl Iterator<Item = f64> {
    series.iter().flat_map(|s| &s.points).map(move |p| p[k])
}

pub(super) fn curve(run: &Run, points: Vec<[f64; 2]>) -> Series {
    Series {
        name: run.label.clone(),
        colour: Some(run.colour),
        line: Some(if run.dashed { Line::Dashed } else { Line::Full }),
        points,
        ..Series::default()
    }
}

pub(super) fn measured(name: String, colour: Option<usize>, mark: Mark, points: Vec<[f64; 2]>) -> Series {
    Series { name, colour, mark: Some(mark), points, measured: true, ..Series::default() }
}

impl Along {
    /// The axis; time reaches as far as `values` do, state of charge as far as they and the window.
    pub(super) fn axis(self, values: impl Iterator<Item = f64>) -> Axis {
        let axis =
            |name, unit, label, decimals, from, to| Axis { name, unit, label, decimals, scale: Scale::even(from, to) };
        match self {
            Along::Capacity => reach(CAPACITY, values, 20.0),
            Along::Time => reach(axis("Time", "h", "Time (h)", 3, 0.0, 0.5), values, 0.5),
            // A charge that starts before the window ends leaves the axis on either side.
            Along::Charge => {
                let (low, high) = values.fold((0.0_f64, 100.0_f64), |(l, h), v| (l.min(v), h.max(v)));
                let (from, to) = ((high / 10.0 - 1e-6).ceil() * 10.0, (low / 10.0 + 1e-6).floor() * 10.0);
                axis("State of charge", "%", "State of charge (% of the voltage window)", 1, from, to)
            }
        }
    }

    /// The value on it of a row of a run of `recipe`.
    pub(super) fn value(self, recipe: &Recipe, ocv: &OpenCircuitVoltage, row: &Row) -> f64 {
        match self {
            Along::Capacity => row.capacity_mah_g,
            Along::Time => row.time_s / 3600.0,
            Along::Charge => {
                let x = ocv.stoichiometry(row.ocv_v).0;
                ocv.state_of_charge(x, recipe.initial_voltage_v, recipe.cutoff_voltage_v)
            }
        }
    }
}

/// The place on the voltage profile of an instant of a run, by its nearest row.
pub fn place(along: Along, run: &Run, time_s: f64) -> Option<[f64; 2]> {
    let away = |row: &Row| (row.time_s - time_s).abs();
    let row = run.rows.iter().min_by(|a, b| away(a).total_cmp(&away(b)))?;
    Some([along.value(&run.recipe, &OpenCircuitVoltage::measured(), row), row.voltage_v])
}

fn voltage(along: Along, runs: &[Run], paper: &Measured) -> Figure {
    let ocv = OpenCircuitVoltage::measured();
    let points = |run: &Run| {
        let line = |rows: &[Row]| -> Vec<[f64; 2]> {
            rows.iter().map(|row| [along.value(&run.recipe, &ocv, row), row.voltage_v]).collect()
        };
        match along {
            // The charge of each step is counted from zero; one that passes none has no length.
            Along::Capacity => {
                let passes =
                    |rows: &&[Row]| rows.len() == run.rows.len() || rows.iter().any(|r| r.capacity_mah_g > 0.0);
                run.steps().filter(passes).map(line).collect::<Vec<_>>().join(&[f64::NAN; 2])
            }
            _ => line(&run.rows),
        }
    };
    let mut series: Vec<Series> = runs.iter().map(|run| curve(run, points(run))).collect();
    let mut told = Vec::new();
    for run in runs {
        let recipe = &run.recipe;
        // One discharge from the start is what the paper's times and charges belong to.
        let Some(preset) = paper::electrode(recipe).filter(|_| recipe.protocol.is_empty()) else { continue };
        let quantity = Quantity::DischargeCapacity { c_rate: recipe.c_rate };
        let Some(found) = paper.iter().find(|m| m.electrode == preset.name && m.quantity == quantity) else { continue };
        let name = format!("paper, {} at {}C", preset.title, recipe.c_rate);
        if told.contains(&name) {
            continue;
        }
        let end = &discharge_rows(recipe, &[found.value], &[3.0])[0];
        let x = along.value(recipe, &ocv, end);
        // The paper tells where its discharges end, all at 3.0 V.
        series.push(measured(name.clone(), Some(run.colour), Mark::Diamond, vec![[x, 3.0]]));
        told.push(name);
    }
    let x = along.axis(values(&series, 0));
    let y = reach(VOLTAGE, values(&series, 1), 0.2);
    Figure { title: "Voltage profile", x, y, series, cursor: None }
}

/// `|dQ/dV|` between rows of one step at least 10 mV apart, at the mean voltage of each pair.
fn differential(rows: &[Row]) -> Vec<[f64; 2]> {
    const APART: f64 = 0.01;
    let mut points = Vec::new();
    // The first step holds the jump of the ohmic drop.
    let Some(mut from) = rows.get(1) else { return points };
    for to in &rows[2..] {
        let (dq, dv) = (to.capacity_mah_g - from.capacity_mah_g, to.voltage_v - from.voltage_v);
        if dv.abs() >= APART {
            points.push([0.5 * (to.voltage_v + from.voltage_v), (dq / dv).abs()]);
            from = to;
        }
    }
    points
}

fn dqdv(runs: &[Run]) -> Figure {
    let points = |run: &Run| {
        let steps: Vec<_> = run.steps().map(differential).filter(|points| !points.is_empty()).collect();
        steps.join(&[f64::NAN; 2])
    };
    let series: Vec<Series> = runs.iter().map(|run| curve(run, points(run))).collect();
    let y = Axis {
        name: "−dQ/dV",
        unit: "mAh/(g V)",
        label: "−dQ/dV (mAh per g and V)",
        decimals: 1,
        scale: Scale::even(0.0, 200.0),
    };
    let (x, y) = (reach(VOLTAGE, values(&series, 0), 0.2), reach(y, values(&series, 1), 100.0));
    Figure { title: "Differential capacity", x, y, series, cursor: None }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::presets;
    use serde_json::json;

    pub fn run(preset: &str, c_rate: f64, capacity: &[f64], voltage: &[f64]) -> Run {
        let recipe = presets::find(preset).unwrap().with_overrides(&json!({"c_rate": c_rate})).unwrap();
        Run {
            label: format!("{preset}, {c_rate}C"),
            title: preset.into(),
            colour: 2,
            dashed: false,
            discharge: Some(Discharge { c_rate, capacity: *capacity.last().unwrap(), energy: 500.0 * c_rate }),
            rates: Vec::new(),
            rows: discharge_rows(&recipe, capacity, voltage),
            recipe,
            first_cycle_efficiency: None,
        }
    }

    #[test]
    fn the_axes_of_a_profile_keep_still_until_a_value_leaves_them() {
        let ends = |q: f64, v: f64| {
            let f = figure(Kind::Voltage, Along::Capacity, &[run("lyc-3", 0.5, &[0.0, q], &[4.2, v])], &Measured::None);
            [f.x.scale.from, f.x.scale.to, f.y.scale.from, f.y.scale.to]
        };
        assert_eq!(ends(10.0, 4.1), [0.0, 220.0, 3.0, 4.4]);
        assert_eq!(ends(219.0, 2.9995), [0.0, 220.0, 3.0, 4.4]);
        assert_eq!(ends(233.0, 2.5).map(|v| (v * 1e6).round() / 1e6), [0.0, 240.0, 2.4, 4.4]);
    }

    #[test]
    fn a_profile_over_time_and_charge_has_their_units() {
        let runs = [run("lyc-10", 0.5, &[0.0, 90.0], &[4.2, 3.0])];
        let points = |along| figure(Kind::Voltage, along, &runs, &Measured::None).series[0].points.clone();
        assert_eq!(points(Along::Time)[1], [1.0, 3.0]);
        let charge = points(Along::Charge);
        assert!((charge[0][0] - 100.0).abs() < 1e-9, "full at the start: {charge:?}");
        // The window from 4.28 to 3.0 V holds 211 mAh/g.
        assert!((charge[1][0] - (100.0 - 100.0 * 90.0 / 211.0)).abs() < 0.5, "{charge:?}");
        let axis = figure(Kind::Voltage, Along::Charge, &runs, &Measured::None).x;
        assert_eq!((axis.scale.from, axis.scale.to, axis.unit), (100.0, 0.0, "%"));
    }

    #[test]
    fn the_paper_marks_where_its_own_discharge_of_that_electrode_and_rate_ended() {
        let marks = |runs: &[Run], paper: Measured| -> Vec<(String, [f64; 2])> {
            let f = figure(Kind::Voltage, Along::Capacity, runs, &paper);
            f.series.iter().filter(|s| s.measured).map(|s| (s.name.clone(), s.points[0])).collect()
        };
        let ten = run("lyc-10", 2.0, &[0.0, 90.0], &[4.2, 3.0]);
        let expected = vec![("paper, 10 wt% LYC at 2C".to_string(), [122.0, 3.0])];
        assert_eq!(marks(&[ten.clone(), ten.clone()], Measured::All), expected);
        assert!(marks(std::slice::from_ref(&ten), Measured::None).is_empty());
        assert!(marks(&[ten], Measured::Of(vec!["bare".into()])).is_empty());
        assert!(
            marks(&[run("lyc-10", 0.5, &[0.0], &[4.2]), run("lyc-3", 2.0, &[0.0], &[4.2])], Measured::All).is_empty()
        );
    }

    #[test]
    fn differential_capacity_of_a_straight_line_is_its_slope() {
        let mut voltage: Vec<f64> = (0..50).map(|k| 4.2 - 0.004 * f64::from(k)).collect();
        let capacity: Vec<f64> = voltage.iter().map(|v| 150.0 * (4.2 - v)).collect();
        // At rest, before the ohmic drop.
        voltage[0] = 4.28;
        let points = differential(&discharge_rows(&Recipe::default(), &capacity, &voltage));
        assert!((10..20).contains(&points.len()), "{}", points.len());
        assert!(points.iter().all(|p| (p[1] - 150.0).abs() < 1e-6 && (4.0..4.2).contains(&p[0])), "{points:?}");
    }

    #[test]
    fn steps_of_a_protocol_are_lines_of_their_own_over_capacity() {
        let mut two = run(
            "lyc-10",
            0.5,
            &[0.0, 60.0, 90.0, 0.0, 0.0, 0.0, 70.0, 80.0],
            &[3.0, 3.9, 4.3, 4.3, 4.2, 4.2, 3.9, 3.0],
        );
        for (k, row) in two.rows.iter_mut().enumerate() {
            (row.step, row.time_s) = ([0, 0, 0, 1, 1, 2, 2, 2][k], 3600.0 * k as f64);
        }
        let points =
            |along| figure(Kind::Voltage, along, std::slice::from_ref(&two), &Measured::None).series[0].points.clone();
        let over_charge = points(Along::Capacity);
        // The rest has no length.
        assert_eq!(over_charge.len(), 7);
        assert!(over_charge[3][0].is_nan() && over_charge[4] == [0.0, 4.2], "{over_charge:?}");
        let over_time = points(Along::Time);
        assert!(over_time.len() == 8 && over_time[7] == [7.0, 3.0], "{over_time:?}");
        let slopes = &figure(Kind::Dqdv, Along::Capacity, std::slice::from_ref(&two), &Measured::None).series[0].points;
        assert!(slopes.len() == 3 && slopes[1][0].is_nan(), "{slopes:?}");
        assert_eq!(place(Along::Time, &two, 7000.0), Some([2.0, 4.3]));
    }
}
