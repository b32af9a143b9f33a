//! Charts that set the numbers of runs side by side: rate capability, and what the halide's share does.

use super::runs::{CAPACITY, Discharge, Measured, Run, curve, measured, reach, values};
use super::{Axis, Figure, Line, Mark, Scale, Series};
use crate::paper::{self, Quantity};
use crate::presets;
use crate::recipe::Recipe;

const HALIDE: Axis = Axis {
    name: "Halide",
    unit: "wt%",
    label: "Halide (wt% of NCA)",
    decimals: 1,
    scale: Scale { from: 0.0, to: 45.0, log: false },
};
const ENERGY: Axis = Axis {
    name: "Energy density",
    unit: "Wh/kg",
    label: "Energy (Wh per kg of composite)",
    decimals: 1,
    scale: Scale { from: 0.0, to: 600.0, log: false },
};
const EFFICIENCY: Axis = Axis {
    name: "First-cycle efficiency",
    unit: "%",
    label: "First-cycle efficiency (%)",
    decimals: 1,
    scale: Scale { from: 50.0, to: 100.0, log: false },
};
/// Shapes of the paper's electrodes, in the order in which they appear.
const SHAPES: [Mark; 5] = [Mark::Circle, Mark::Square, Mark::Diamond, Mark::Up, Mark::Down];

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
    Series { name, colour: Some(colour), line, mark: Some(Mark::Dot), points, notes, ..Series::default() }
}

pub(super) fn rate(runs: &[Run], paper: &Measured) -> Figure {
    // Runs of one electrode differ in nothing but the rate, and in what it went through before: slow ones come first, fast ones when its
    // impurity layer has grown. Two of the same rate belong to two curves.
    let electrode = |run: &Run| Recipe { c_rate: 1.0, film_growth: 1.0, protocol: String::new(), ..run.recipe.clone() };
    let groups = groups(runs, |run, d| {
        let mut grown: Vec<f64> = Vec::new();
        for other in runs.iter().filter(|other| other.discharge.is_some_and(|o| o.c_rate == d.c_rate)) {
            let growth = other.recipe.film_growth;
            if electrode(other) == electrode(run) && !grown.contains(&growth) {
                grown.push(growth);
            }
        }
        (electrode(run), grown.iter().position(|&growth| growth == run.recipe.film_growth))
    });
    let mut series = Vec::new();
    for (_, members) in &groups {
        let points = |(run, d): &(&Run, Discharge)| match run.rates.as_slice() {
            [] => vec![[d.c_rate, d.capacity]],
            rates => rates.to_vec(),
        };
        let points = members.iter().flat_map(points).map(|point| (point, String::new())).collect();
        let (first, _) = members[0];
        series.push(joined(first.title.clone(), first.colour, first.dashed, points));
    }
    let mut shapes = SHAPES.iter();
    for preset in presets::all() {
        let points: Vec<[f64; 2]> = paper
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
            let ours = groups.iter().find(|((r, _), _)| paper::electrode(r).is_some_and(|p| p.name == preset.name));
            let colour = ours.map(|(_, members)| members[0].0.colour);
            series.push(measured(format!("paper, {}", preset.title), colour, shape, points));
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

/// What is compared over the halide's share: one line for each rate and kind of coat.
fn coat_at(recipe: &Recipe, c_rate: f64) -> String {
    let mixed = recipe.mixed_halide_parts + recipe.mixed_carbon_parts > 0.0;
    format!("{}{} at {c_rate}C", recipe.halide.label(), if mixed { "-C" } else { "" })
}

/// A quantity of each run over its halide's share.
fn over_halide(runs: &[Run], value: impl Fn(Discharge) -> f64) -> Vec<Series> {
    let groups = groups(runs, |run, d| coat_at(&run.recipe, d.c_rate));
    groups
        .into_iter()
        .enumerate()
        .map(|(i, (name, members))| {
            let point =
                |(run, d): &(&Run, Discharge)| ([paper::halide_percent(&run.recipe), value(*d)], run.title.clone());
            joined(name, i, i >= super::CURVE_COLOURS.len(), members.iter().map(point).collect())
        })
        .collect()
}

pub(super) fn energy(runs: &[Run]) -> Figure {
    let series = over_halide(runs, |d| d.energy);
    let (x, y) = (reach(HALIDE, values(&series, 0), 5.0), reach(ENERGY, values(&series, 1), 100.0));
    Figure { title: "Energy density", x, y, series, cursor: None }
}

pub(super) fn capacity(runs: &[Run], paper: &Measured) -> Figure {
    let mut series = over_halide(runs, |d| d.capacity);
    let mut theirs: Vec<(String, Vec<[f64; 2]>)> = Vec::new();
    for m in paper.iter() {
        let (Quantity::DischargeCapacity { c_rate }, Ok(recipe)) = (m.quantity, presets::find(m.electrode)) else {
            continue;
        };
        let (name, point) = (coat_at(&recipe, c_rate), [paper::halide_percent(&recipe), m.value]);
        match theirs.iter_mut().find(|(known, _)| *known == name) {
            Some((_, points)) => points.push(point),
            None => theirs.push((name, vec![point])),
        }
    }
    for ((name, points), shape) in theirs.into_iter().zip(SHAPES) {
        let colour = series.iter().find(|s| s.name == name).and_then(|s| s.colour);
        series.push(measured(format!("paper, {name}"), colour, shape, points));
    }
    let (x, y) = (reach(HALIDE, values(&series, 0), 5.0), reach(CAPACITY, values(&series, 1), 20.0));
    Figure { title: "Capacity over halide", x, y, series, cursor: None }
}

pub(super) fn efficiency(runs: &[Run], paper: &Measured) -> Figure {
    let mut series: Vec<Series> = Vec::new();
    for run in runs {
        let Some(percent) = run.first_cycle_efficiency else { continue };
        let mut one = curve(run, vec![[paper::halide_percent(&run.recipe), percent]]);
        (one.line, one.mark) = (None, Some(Mark::Dot));
        series.push(one);
    }
    let theirs = paper.iter().filter(|m| m.quantity == Quantity::FirstCycleEfficiency);
    let points = theirs.filter_map(|m| Some([paper::halide_percent(&presets::find(m.electrode).ok()?), m.value]));
    let points: Vec<_> = points.collect();
    if !points.is_empty() {
        series.push(measured("paper, 0.1C".into(), None, Mark::Diamond, points));
    }
    let (x, y) = (reach(HALIDE, values(&series, 0), 5.0), reach(EFFICIENCY, values(&series, 1), 10.0));
    Figure { title: "First-cycle efficiency", x, y, series, cursor: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plots::runs::tests::run;
    use crate::plots::runs::{Along, Kind, figure};

    #[test]
    fn rates_of_one_electrode_are_joined_from_slow_to_fast() {
        let end = |preset, c_rate, q| run(preset, c_rate, &[0.0, q], &[4.2, 3.0]);
        let mut unfinished = end("lyc-10", 1.0, 5.0);
        unfinished.discharge = None;
        let runs = [end("lyc-10", 2.0, 120.0), end("bare", 0.1, 170.0), end("lyc-10", 0.1, 200.0), unfinished];
        let f = figure(Kind::Rate, Along::Capacity, &runs, &Measured::All);
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
    fn a_layer_that_grew_between_two_rates_leaves_them_on_one_curve() {
        let end = |c_rate, film_growth, q| {
            let mut run = run("lyc-10", c_rate, &[0.0, q], &[4.2, 3.0]);
            run.recipe.film_growth = film_growth;
            run
        };
        let runs = [end(0.1, 1.0, 200.0), end(2.0, 2.77, 120.0), end(2.0, 1.0, 130.0)];
        let f = figure(Kind::Rate, Along::Capacity, &runs, &Measured::None);
        let points: Vec<_> = f.series.iter().map(|s| s.points.as_slice()).collect();
        assert_eq!(points, [&[[0.1, 200.0], [2.0, 120.0]][..], &[[2.0, 130.0]][..]]);
    }

    #[test]
    fn every_discharge_of_a_rate_test_has_its_point() {
        let mut test = run("lyc-10", 0.5, &[0.0, 90.0], &[4.2, 3.0]);
        test.recipe.protocol = "Discharge at 0.1C until 3.0 V\nDischarge at 2C until 3.0 V".into();
        test.rates = vec![[2.0, 90.0], [0.1, 190.0]];
        let f = figure(
            Kind::Rate,
            Along::Capacity,
            &[test, run("lyc-10", 1.0, &[0.0, 150.0], &[4.2, 3.0])],
            &Measured::None,
        );
        assert_eq!(f.series.len(), 1);
        assert_eq!(f.series[0].points, [[0.1, 190.0], [1.0, 150.0], [2.0, 90.0]]);
    }

    #[test]
    fn capacities_over_the_halide_stand_beside_those_of_the_chosen_electrodes() {
        let runs = [run("lyc-10", 2.0, &[0.0, 120.0], &[4.0, 3.0]), run("bare", 2.0, &[0.0, 30.0], &[4.0, 3.0])];
        let f = |paper: &Measured| figure(Kind::Capacity, Along::Capacity, &runs, paper).series;
        let ours = &f(&Measured::None)[0];
        assert_eq!((ours.name.as_str(), ours.points[0]), ("LYC at 2C", [0.0, 30.0]));
        let all: Vec<_> = f(&Measured::All).into_iter().filter(|s| s.measured).collect();
        assert_eq!(
            all.iter().map(|s| s.name.as_str()).collect::<Vec<_>>(),
            ["paper, LYC at 0.1C", "paper, LYC at 2C", "paper, LYC-C at 2C"]
        );
        assert_eq!(all.iter().map(|s| s.colour).collect::<Vec<_>>(), [None, ours.colour, None]);
        let some = &f(&Measured::Of(vec!["bare".into(), "lyc-14".into()]))[1..];
        assert_eq!(some.iter().map(|s| s.points.len()).collect::<Vec<_>>(), [1, 2]);
        assert!(some[1].points[0] == [0.0, 27.0] && (some[1].points[1][0] - 14.0).abs() < 1e-9, "{:?}", some[1].points);
    }

    #[test]
    fn energies_of_one_rate_and_halide_are_joined_from_little_halide_to_much() {
        let runs = [
            run("lyc-10", 0.1, &[0.0, 200.0], &[4.0, 3.0]),
            run("bare", 0.1, &[0.0, 100.0], &[4.0, 4.0]),
            run("lyc-c-14", 0.1, &[0.0, 100.0], &[4.0, 4.0]),
        ];
        let f = figure(Kind::Energy, Along::Capacity, &runs, &Measured::All);
        let series = &f.series[0];
        assert_eq!((series.name.as_str(), series.notes[1].as_str()), ("LYC at 0.1C", "lyc-10"));
        assert!(series.points[0] == [0.0, 50.0] && (series.points[1][0] - 10.0).abs() < 1e-9, "{:?}", series.points);
        // The mixed coat is another electrode.
        assert_eq!((f.series.len(), f.series[1].name.as_str()), (2, "LYC-C at 0.1C"));
    }

    #[test]
    fn efficiencies_stand_beside_the_two_that_the_paper_gives() {
        let mut ours = run("lyc-10", 0.1, &[0.0], &[4.2]);
        ours.first_cycle_efficiency = Some(80.0);
        let f = figure(Kind::Efficiency, Along::Capacity, &[ours, run("bare", 0.1, &[0.0], &[4.2])], &Measured::All);
        assert_eq!(f.series.len(), 2);
        assert!((f.series[0].points[0][0] - 10.0).abs() < 1e-9 && f.series[0].points[0][1] == 80.0);
        assert_eq!(f.series[1].points.iter().map(|p| p[1]).collect::<Vec<_>>(), [74.1, 81.6]);
    }
}
