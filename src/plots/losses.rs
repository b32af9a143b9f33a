//! Where the voltage of a run goes: its losses, one layer upon the other.

use super::runs::{Along, Run, reach, values};
use super::{Area, Axis, Figure, Line, Scale, Series};
use crate::cell::losses::Losses;
use crate::materials::nca::OpenCircuitVoltage;
use crate::results::Row;

/// From the bottom up: number of the loss, and its colour; related ones share a colour and the second of them is pale.
/// Heterogeneity, the one that may change its sign, lies lowest, so that it passes through zero without a jump.
const LAYERS: [(usize, usize, bool); Losses::NAMES.len()] = [
    (6, 4, false),
    (0, 0, false),
    (1, 0, true),
    (2, 2, false),
    (3, 2, true),
    (4, 1, false),
    (5, 3, false),
    (7, 5, true),
];

/// Losses of a run: of its last discharge over charge, of all steps otherwise.
pub(super) fn losses(along: Along, run: Option<&Run>) -> Figure {
    let series = run.map_or(Vec::new(), |run| stack(along, run));
    let y =
        Axis { name: "Voltage loss", unit: "V", label: "Voltage loss (V)", decimals: 4, scale: Scale::even(0.0, 0.2) };
    let (x, y) = (along.axis(values(&series, 0)), reach(y, values(&series, 1), 0.05));
    Figure { title: "Voltage losses", x, y, series, cursor: None }
}

fn stack(along: Along, run: &Run) -> Vec<Series> {
    let passes = |rows: &&[Row]| rows.iter().any(|row| row.capacity_mah_g > 0.0);
    let discharges = |rows: &&[Row]| rows.last().is_some_and(|row| row.c_rate > 0.0);
    let steps: Vec<&[Row]> = run.steps().filter(passes).collect();
    let last = steps.iter().rev().find(|rows| discharges(rows)).or(steps.last());
    let chosen = match along {
        // The charge of each step is counted from zero.
        Along::Capacity => last.copied().into_iter().collect(),
        _ => steps,
    };
    // When a step begins, its current has not acted yet.
    let rows: Vec<&Row> = chosen.into_iter().flat_map(|rows| &rows[1..]).collect();
    if rows.iter().all(|row| row.losses.total() == 0.0) {
        return Vec::new();
    }
    let ocv = OpenCircuitVoltage::measured();
    let x: Vec<f64> = rows.iter().map(|row| along.value(&run.recipe, &ocv, row)).collect();
    let line =
        |name: String, colour, points| Series { name, colour, line: Some(Line::Full), points, ..Series::default() };
    // Gains hang below zero, so that they hide no loss.
    let mut ends = vec![[0.0_f64; 2]; rows.len()];
    let mut series = Vec::new();
    for (k, colour, pale) in LAYERS {
        let (mut points, mut base) = (Vec::new(), Vec::new());
        for ((row, end), &x) in rows.iter().zip(&mut ends).zip(&x) {
            let loss = row.losses.values()[k];
            let end = &mut end[usize::from(loss < 0.0)];
            base.push(*end);
            *end += loss;
            points.push([x, *end]);
        }
        let area = Some(Area { base, pale });
        series.push(Series { area, ..line(Losses::NAMES[k].replace('_', " "), Some(colour), points) });
    }
    let total = rows.iter().zip(&x).map(|(row, &x)| [x, row.losses.total()]).collect();
    series.push(line(format!("total, {}", run.label), None, total));
    series
}

#[cfg(test)]
mod tests {
    use super::super::runs::discharge_rows;
    use super::*;
    use crate::recipe::Recipe;

    fn run(losses: &[f64; 8]) -> Run {
        let recipe = Recipe::default();
        let mut rows = discharge_rows(&recipe, &[0.0, 10.0, 20.0, 0.0, 30.0, 50.0], &[4.0; 6]);
        for (k, row) in rows.iter_mut().enumerate() {
            (row.step, row.time_s) = (k / 3, 3600.0 * k as f64);
            row.losses = if k % 3 == 0 { Losses::default() } else { Losses::from_values(losses) };
        }
        Run {
            label: "one".into(),
            title: "one".into(),
            colour: 0,
            dashed: false,
            discharge: None,
            rates: Vec::new(),
            recipe,
            rows,
            first_cycle_efficiency: None,
        }
    }

    #[test]
    fn layers_stand_on_each_other_and_reach_the_total() {
        let one = run(&[0.01, 0.02, 0.03, 0.04, 0.05, 0.06, -0.02, 0.08]);
        let figure = losses(Along::Capacity, Some(&one));
        assert_eq!(figure.series.len(), 9);
        // The last discharge alone, without its first row.
        assert_eq!(figure.series[1].points, [[30.0, 0.01], [50.0, 0.01]]);
        let base = |k: usize| figure.series[k].area.as_ref().unwrap().base[0];
        assert_eq!((base(1), base(2)), (0.0, 0.01));
        // A gain hangs below zero, and what follows stands on the losses.
        assert_eq!(
            (figure.series[0].name.as_str(), base(0), figure.series[0].points[0][1]),
            ("heterogeneity", 0.0, -0.02)
        );
        assert!((base(7) - 0.21).abs() < 1e-12 && (figure.series[7].points[0][1] - 0.29).abs() < 1e-12);
        assert!((figure.series[8].points[0][1] - 0.27).abs() < 1e-12);
        assert_eq!(losses(Along::Time, Some(&one)).series[1].points.len(), 4);
    }

    #[test]
    fn what_is_not_known_is_not_drawn() {
        assert!(losses(Along::Capacity, Some(&run(&[0.0; 8]))).series.is_empty());
        assert!(losses(Along::Capacity, None).series.is_empty());
    }
}
