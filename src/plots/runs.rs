//! The charts of runs: what their curves and numbers say side by side, with the paper's measured values as marks.

use serde::{Deserialize, Serialize};

use super::losses::losses;
use super::{Axis, Figure, Line, Mark, Scale, Series};
use crate::constants::ONE_C_A_PER_KG;
use crate::materials::nca::{OpenCircuitVoltage, theoretical_capacity_mah_g};
use crate::paper::{self, MEASURED, Quantity};
use crate::presets;
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
const HALIDE: Axis = Axis {
    name: "Halide",
    unit: "wt%",
    label: "Halide (wt% of NCA)",
    decimals: 1,
    scale: Scale { from: 0.0, to: 45.0, log: false },
};
/// Shapes of the paper's electrodes, in the order in which they appear.
const SHAPES: [Mark; 5] = [Mark::Circle, Mark::Square, Mark::Diamond, Mark::Up, Mark::Down];

/// The chart of this kind.
///
/// * `paper` – draw the paper's measured values?
pub fn figure(kind: Kind, along: Along, runs: &[Run], paper: bool) -> Figure {
    match kind {
        Kind::Voltage => voltage(along, runs, paper),
        Kind::Losses => losses(along, runs.last()),
        Kind::Dqdv => dqdv(runs),
        Kind::Rate => rate(runs, paper),
        Kind::Energy => energy(runs),
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

fn curve(run: &Run, points: Vec<[f64; 2]>) -> Series {
    Series {
        name: run.label.clone(),
        colour: Some(run.colour),
        line: Some(if run.dashed { Line::Dashed } else { Line::Full }),
        mark: None,
        points,
        notes: Vec::new(),
        measured: false,
        area: None,
    }
}

fn measured(name: String, colour: Option<usize>, mark: Mark, points: Vec<[f64; 2]>) -> Series {
    Series { name, colour, line: None, mark: Some(mark), points, notes: Vec::new(), measured: true, area: None }
}

/// The paper's value for this electrode.
fn value_of(electrode: &str, quantity: Quantity) -> Option<f64> {
    MEASURED.iter().find(|m| m.electrode == electrode && m.quantity == quantity).map(|m| m.value)
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

fn voltage(along: Along, runs: &[Run], paper: bool) -> Figure {
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
    if paper {
        let mut told = Vec::new();
        for run in runs {
            let recipe = &run.recipe;
            // One discharge from the start is what the paper's times and charges belong to.
            let Some(preset) = paper::electrode(recipe).filter(|_| recipe.protocol.is_empty()) else { continue };
            let quantity = Quantity::DischargeCapacity { c_rate: recipe.c_rate };
            let Some(capacity) = value_of(&preset.name, quantity) else { continue };
            let name = format!("paper, {} at {}C", preset.title, recipe.c_rate);
            if told.contains(&name) {
                continue;
            }
            let end = &discharge_rows(recipe, &[capacity], &[3.0])[0];
            let x = along.value(recipe, &ocv, end);
            // The paper tells where its discharges end, all at 3.0 V.
            series.push(measured(name.clone(), Some(run.colour), Mark::Diamond, vec![[x, 3.0]]));
            told.push(name);
        }
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

/// Groups in the order in which they first appear.
fn groups<K: PartialEq>(runs: &[Run], key: impl Fn(&Run, Discharge) -> K) -> Vec<(K, Vec<(&Run, Discharge)>)> {
    let mut groups: Vec<(K, Vec<(&Run, Discharge)>)> = Vec::new();
    for run in runs {
        let Some(discharge) = run.discharge else { continue };
        let key = key(run, discharge);
        match groups.iter_mut().find(|(k, _)| *k == key) {
            Some((_, members)) => members.push((run, discharge)),
            None => groups.push((key, vec![(run, discharge)])),
        }
    }
    groups
}

/// A line with dots through one point for each run, from left to right.
fn joined(name: String, colour: usize, dashed: bool, mut points: Vec<([f64; 2], String)>) -> Series {
    points.sort_by(|a, b| a.0[0].total_cmp(&b.0[0]));
    let (points, notes) = points.into_iter().unzip();
    let line = Some(if dashed { Line::Dashed } else { Line::Full });
    Series { name, colour: Some(colour), line, mark: Some(Mark::Dot), points, notes, measured: false, area: None }
}

fn rate(runs: &[Run], paper: bool) -> Figure {
    // Runs of one electrode differ in nothing but the rate.
    let groups = groups(runs, |run, _| Recipe { c_rate: 1.0, protocol: String::new(), ..run.recipe.clone() });
    let mut series = Vec::new();
    for (_, members) in &groups {
        let points = members.iter().map(|(_, d)| ([d.c_rate, d.capacity], String::new())).collect();
        let (first, _) = members[0];
        series.push(joined(first.title.clone(), first.colour, first.dashed, points));
    }
    if paper {
        let mut shapes = SHAPES.iter();
        for preset in presets::all() {
            let points: Vec<[f64; 2]> = MEASURED
                .iter()
                .filter(|m| m.electrode == preset.name)
                .filter_map(|m| match m.quantity {
                    Quantity::DischargeCapacity { c_rate } => Some([c_rate, m.value]),
                    _ => None,
                })
                .collect();
            if points.is_empty() {
                continue;
            }
            if let Some(&shape) = shapes.next() {
                // In the colour of the runs it belongs to.
                let ours = groups.iter().find(|(r, _)| paper::electrode(r).is_some_and(|p| p.name == preset.name));
                let colour = ours.map(|(_, members)| members[0].0.colour);
                series.push(measured(format!("paper, {}", preset.title), colour, shape, points));
            }
        }
    }
    let (low, high) = values(&series, 0).fold((0.1_f64, 2.0_f64), |(l, h), v| (l.min(v), h.max(v)));
    let x = Axis {
        name: "Rate",
        unit: "C",
        label: "Rate (C; 1C is 180 mA per g of NCA)",
        decimals: 2,
        scale: Scale { from: 0.8 * low, to: 1.25 * high, log: true },
    };
    let y = reach(CAPACITY, values(&series, 1), 20.0);
    Figure { title: "Rate capability", x, y, series, cursor: None }
}

fn energy(runs: &[Run]) -> Figure {
    let mixed = |r: &Recipe| r.mixed_halide_parts + r.mixed_carbon_parts > 0.0;
    let groups = groups(runs, |run, d| (d.c_rate, run.recipe.halide, mixed(&run.recipe)));
    let series: Vec<Series> = groups
        .iter()
        .enumerate()
        .map(|(i, ((c_rate, halide, mixed), members))| {
            let points =
                members.iter().map(|(run, d)| ([paper::halide_percent(&run.recipe), d.energy], run.title.clone()));
            let name = format!("{}{} at {c_rate}C", halide.label(), if *mixed { "-C" } else { "" });
            joined(name, i, i >= super::CURVE_COLOURS.len(), points.collect())
        })
        .collect();
    let y = Axis {
        name: "Energy density",
        unit: "Wh/kg",
        label: "Energy (Wh per kg of composite)",
        decimals: 1,
        scale: Scale::even(0.0, 600.0),
    };
    let (x, y) = (reach(HALIDE, values(&series, 0), 5.0), reach(y, values(&series, 1), 100.0));
    Figure { title: "Energy density", x, y, series, cursor: None }
}

fn efficiency(runs: &[Run], paper: bool) -> Figure {
    let mut series: Vec<Series> = Vec::new();
    for run in runs {
        let Some(percent) = run.first_cycle_efficiency else { continue };
        let mut one = curve(run, vec![[paper::halide_percent(&run.recipe), percent]]);
        (one.line, one.mark) = (None, Some(Mark::Dot));
        series.push(one);
    }
    if paper {
        let theirs = MEASURED.iter().filter(|m| m.quantity == Quantity::FirstCycleEfficiency);
        let points = theirs.filter_map(|m| Some([paper::halide_percent(&presets::find(m.electrode).ok()?), m.value]));
        series.push(measured("paper, 0.1C".into(), None, Mark::Diamond, points.collect()));
    }
    let y = Axis {
        name: "First-cycle efficiency",
        unit: "%",
        label: "First-cycle efficiency (%)",
        decimals: 1,
        scale: Scale::even(50.0, 100.0),
    };
    let (x, y) = (reach(HALIDE, values(&series, 0), 5.0), reach(y, values(&series, 1), 10.0));
    Figure { title: "First-cycle efficiency", x, y, series, cursor: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn run(preset: &str, c_rate: f64, capacity: &[f64], voltage: &[f64]) -> Run {
        let recipe = presets::find(preset).unwrap().with_overrides(&json!({"c_rate": c_rate})).unwrap();
        Run {
            label: format!("{preset}, {c_rate}C"),
            title: preset.into(),
            colour: 2,
            dashed: false,
            discharge: Some(Discharge { c_rate, capacity: *capacity.last().unwrap(), energy: 500.0 * c_rate }),
            rows: discharge_rows(&recipe, capacity, voltage),
            recipe,
            first_cycle_efficiency: None,
        }
    }

    #[test]
    fn the_axes_of_a_profile_keep_still_until_a_value_leaves_them() {
        let ends = |q: f64, v: f64| {
            let f = figure(Kind::Voltage, Along::Capacity, &[run("lyc-3", 0.5, &[0.0, q], &[4.2, v])], false);
            [f.x.scale.from, f.x.scale.to, f.y.scale.from, f.y.scale.to]
        };
        assert_eq!(ends(10.0, 4.1), [0.0, 220.0, 3.0, 4.4]);
        assert_eq!(ends(219.0, 2.9995), [0.0, 220.0, 3.0, 4.4]);
        assert_eq!(ends(233.0, 2.5).map(|v| (v * 1e6).round() / 1e6), [0.0, 240.0, 2.4, 4.4]);
    }

    #[test]
    fn a_profile_over_time_and_charge_has_their_units() {
        let runs = [run("lyc-10", 0.5, &[0.0, 90.0], &[4.2, 3.0])];
        let points = |along| figure(Kind::Voltage, along, &runs, false).series[0].points.clone();
        assert_eq!(points(Along::Time)[1], [1.0, 3.0]);
        let charge = points(Along::Charge);
        assert!((charge[0][0] - 100.0).abs() < 1e-9, "full at the start: {charge:?}");
        // The window from 4.28 to 3.0 V holds 211 mAh/g.
        assert!((charge[1][0] - (100.0 - 100.0 * 90.0 / 211.0)).abs() < 0.5, "{charge:?}");
        let axis = figure(Kind::Voltage, Along::Charge, &runs, false).x;
        assert_eq!((axis.scale.from, axis.scale.to, axis.unit), (100.0, 0.0, "%"));
    }

    #[test]
    fn the_paper_marks_where_its_own_discharge_of_that_electrode_and_rate_ended() {
        let marks = |runs: &[Run], paper| -> Vec<(String, [f64; 2])> {
            let f = figure(Kind::Voltage, Along::Capacity, runs, paper);
            f.series.iter().filter(|s| s.measured).map(|s| (s.name.clone(), s.points[0])).collect()
        };
        let ten = run("lyc-10", 2.0, &[0.0, 90.0], &[4.2, 3.0]);
        let expected = vec![("paper, 10 wt% LYC at 2C".to_string(), [122.0, 3.0])];
        assert_eq!(marks(&[ten.clone(), ten.clone()], true), expected);
        assert!(marks(&[ten], false).is_empty());
        assert!(marks(&[run("lyc-10", 0.5, &[0.0], &[4.2]), run("lyc-3", 2.0, &[0.0], &[4.2])], true).is_empty());
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
    fn rates_of_one_electrode_are_joined_from_slow_to_fast() {
        let end = |preset, c_rate, q| run(preset, c_rate, &[0.0, q], &[4.2, 3.0]);
        let mut unfinished = end("lyc-10", 1.0, 5.0);
        unfinished.discharge = None;
        let runs = [end("lyc-10", 2.0, 120.0), end("bare", 0.1, 170.0), end("lyc-10", 0.1, 200.0), unfinished];
        let f = figure(Kind::Rate, Along::Capacity, &runs, true);
        assert_eq!(f.series[0].points, [[0.1, 200.0], [2.0, 120.0]]);
        assert_eq!(f.series[1].points, [[0.1, 170.0]]);
        let paper: Vec<&Series> = f.series.iter().filter(|s| s.measured).collect();
        assert_eq!(paper.len(), 5);
        // The electrodes that we ran lend the paper's marks their colour.
        assert_eq!(paper.iter().filter(|s| s.colour.is_some()).count(), 2);
        assert!(paper.iter().any(|s| s.name == "paper, 10 wt% LYC" && s.points == [[0.1, 202.0], [2.0, 122.0]]));
        let shapes: std::collections::HashSet<_> = paper.iter().map(|s| format!("{:?}", s.mark)).collect();
        assert_eq!(shapes.len(), 5);
    }

    #[test]
    fn energies_of_one_rate_and_halide_are_joined_from_little_halide_to_much() {
        let runs = [
            run("lyc-10", 0.1, &[0.0, 200.0], &[4.0, 3.0]),
            run("bare", 0.1, &[0.0, 100.0], &[4.0, 4.0]),
            run("lyc-c-14", 0.1, &[0.0, 100.0], &[4.0, 4.0]),
        ];
        let f = figure(Kind::Energy, Along::Capacity, &runs, true);
        let series = &f.series[0];
        assert_eq!((series.name.as_str(), series.notes[1].as_str()), ("LYC at 0.1C", "lyc-10"));
        assert!(series.points[0] == [0.0, 50.0] && (series.points[1][0] - 10.0).abs() < 1e-9, "{:?}", series.points);
        // The mixed coat is another electrode.
        assert_eq!((f.series.len(), f.series[1].name.as_str()), (2, "LYC-C at 0.1C"));
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
        let points = |along| figure(Kind::Voltage, along, std::slice::from_ref(&two), false).series[0].points.clone();
        let over_charge = points(Along::Capacity);
        // The rest has no length.
        assert_eq!(over_charge.len(), 7);
        assert!(over_charge[3][0].is_nan() && over_charge[4] == [0.0, 4.2], "{over_charge:?}");
        let over_time = points(Along::Time);
        assert!(over_time.len() == 8 && over_time[7] == [7.0, 3.0], "{over_time:?}");
        let slopes = &figure(Kind::Dqdv, Along::Capacity, std::slice::from_ref(&two), false).series[0].points;
        assert!(slopes.len() == 3 && slopes[1][0].is_nan(), "{slopes:?}");
        assert_eq!(place(Along::Time, &two, 7000.0), Some([2.0, 4.3]));
    }

    #[test]
    fn efficiencies_stand_beside_the_two_that_the_paper_gives() {
        let mut ours = run("lyc-10", 0.1, &[0.0], &[4.2]);
        ours.first_cycle_efficiency = Some(80.0);
        let f = figure(Kind::Efficiency, Along::Capacity, &[ours, run("bare", 0.1, &[0.0], &[4.2])], true);
        assert_eq!(f.series.len(), 2);
        assert!((f.series[0].points[0][0] - 10.0).abs() < 1e-9 && f.series[0].points[0][1] == 80.0);
        assert_eq!(f.series[1].points.iter().map(|p| p[1]).collect::<Vec<_>>(), [74.1, 81.6]);
    }
}
