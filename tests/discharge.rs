//! Whole discharges: the books balance, every run ends by its cut-off, and nothing depends on how the work is cut up.

use catholyte::cell::fields::Field;
use catholyte::cell::timestep::StepControl;
use catholyte::materials::Phase;
use catholyte::microstructure::{Microstructure, build};
use catholyte::presets;
use catholyte::protocol::{Protocol, Step};
use catholyte::recipe::Recipe;
use catholyte::results::StopReason;
use catholyte::simulation::{Simulation, Status};
use serde_json::{Value, json};

fn recipe(preset: &str, overrides: Value) -> Recipe {
    presets::find(preset).unwrap().with_overrides(&overrides).unwrap()
}

/// A small piece of an electrode, for what needs no statistics.
fn small(overrides: Value) -> Recipe {
    let mut fields = json!({"width_um": 10, "thickness_um": 15, "c_rate": 1});
    for (key, value) in overrides.as_object().unwrap() {
        fields[key] = value.clone();
    }
    recipe("lyc-10", fields)
}

#[test]
fn every_preset_discharges_to_its_cut_off_with_balanced_books() {
    for preset in presets::all() {
        // Coarse, to be fast; the balances do not depend on the grid.
        let recipe = recipe(&preset.name, json!({"voxel_um": 1.25, "width_um": 15, "thickness_um": 30, "c_rate": 0.5}));
        let structure = build(&recipe).unwrap();
        let mut simulation = Simulation::new(&recipe, &structure);
        simulation.keep_snapshots();
        let summary = simulation.run().unwrap_or_else(|e| panic!("{}: {e}", preset.name));
        assert_eq!(summary.stop_reason, Some(StopReason::LowerCutoff), "{}", preset.name);
        // The cut-off is found to 0.1 mV, or to 3e-6 of the capacity where the voltage falls off a cliff.
        assert!((summary.final_voltage_v - 3.0).abs() <= 1e-4, "{}: {}", preset.name, summary.final_voltage_v);
        assert!(summary.charge_balance_error < 1e-4, "{}: {}", preset.name, summary.charge_balance_error);
        assert!(summary.lithium_balance_error < 1e-4, "{}: {}", preset.name, summary.lithium_balance_error);
        // From 4.28 V to 3.0 V the open-circuit curve holds 211 mAh/g.
        let capacity = summary.discharge_capacity_mah_g;
        assert!((30.0..211.0).contains(&capacity), "{}: {capacity}", preset.name);
        let rows = simulation.series().rows();
        assert!(rows.windows(2).all(|r| r[1].capacity_mah_g >= r[0].capacity_mah_g), "{}", preset.name);
        assert!(rows.iter().all(|r| (2.9..4.5).contains(&r.voltage_v)), "{}", preset.name);
        for row in &rows[1..rows.len() - 1] {
            let lost = row.ocv_v - row.voltage_v;
            assert!((row.losses.total() - lost).abs() < 0.01 * lost, "{}: {row:?} lose {lost} V", preset.name);
            let own = [row.losses.contact, row.losses.film, row.losses.charge_transfer, row.losses.diffusion];
            assert!(own.iter().all(|part| *part >= 0.0) && row.losses.separator > 0.0, "{}: {row:?}", preset.name);
        }
        let end = simulation.snapshots().and_then(|s| s.last()).expect("the end is kept");
        for (x, phase) in end.values(Field::Stoichiometry).zip(&structure.phase) {
            assert!(if *phase == Phase::Nca { (0.0..=1.0).contains(&x) } else { x.is_nan() }, "{}: {x}", preset.name);
        }
    }
}

#[test]
fn two_runs_of_a_seed_are_identical_and_another_seed_differs() {
    let run = |seed: u32| {
        let recipe = small(json!({"seed": seed}));
        let mut simulation = Simulation::new(&recipe, &build(&recipe).unwrap());
        simulation.run().unwrap();
        simulation.series().column("voltage_v").unwrap()
    };
    let first = run(3);
    assert_eq!(first, run(3));
    assert_ne!(first, run(4));
}

#[test]
fn looking_on_while_it_runs_changes_nothing() {
    let recipe = small(json!({}));
    let structure = build(&recipe).unwrap();
    let mut undisturbed = Simulation::new(&recipe, &structure);
    undisturbed.run().unwrap();
    let mut watched = Simulation::new(&recipe, &structure);
    let mut fraction = 0.0;
    while watched.advance().unwrap() == Status::Running {
        let progress = watched.progress();
        assert!(progress.fraction >= fraction && progress.fraction <= 1.0);
        fraction = progress.fraction;
        watched.summary();
    }
    assert_eq!(watched.series().rows(), undisturbed.series().rows());
    assert_eq!(watched.progress().fraction, 1.0);
}

/// Largest difference of the terminal voltage [V] at the same charge under one control and a sharper one, at 0.5C and at 2C of the
/// whole thickness, and of the capacity.
fn sharpened(control: StepControl, sharper: StepControl) -> [(f64, f64); 2] {
    let recipe = small(json!({"thickness_um": 50}));
    let structure = build(&recipe).unwrap();
    [0.5, 2.0].map(|c_rate| {
        let discharge = |control: StepControl| {
            let protocol = Protocol { initial_voltage_v: 4.28, steps: vec![Step::discharge(c_rate, 3.0)] };
            let mut simulation = Simulation::with_protocol(&recipe, &structure, protocol, control);
            let summary = simulation.run().unwrap();
            assert!(summary.charge_balance_error < 2e-6 && summary.lithium_balance_error < 1e-6, "{summary:?}");
            (simulation.series().clone(), summary.discharge_capacity_mah_g)
        };
        let ((own, capacity), (finer, fine_capacity)) = (discharge(control), discharge(sharper));
        (own.difference(&finer, 0).largest_v, (capacity / fine_capacity - 1.0).abs())
    })
}

/// The algebra's part alone: steps that look at no voltage are the same at either tolerance, and so are the charges compared.
#[test]
fn equal_steps_under_ten_times_tighter_tolerances_come_to_the_same_voltages() {
    let blind = StepControl { voltage_error: f64::INFINITY, voltage_step: f64::INFINITY, ..StepControl::default() };
    let recipe = small(json!({"thickness_um": 50}));
    let structure = build(&recipe).unwrap();
    for (c_rate, charge_step) in [(0.5, 0.02), (2.0, 0.01)] {
        let points = |tolerance_v: f64| {
            let protocol = Protocol { initial_voltage_v: 4.28, steps: vec![Step::discharge(c_rate, 3.0)] };
            let control = StepControl { tolerance_v, charge_step, ..blind };
            let mut simulation = Simulation::with_protocol(&recipe, &structure, protocol, control);
            simulation.run().unwrap();
            simulation.series().rows().iter().map(|row| (row.capacity_mah_g, row.voltage_v)).collect::<Vec<_>>()
        };
        let tolerance_v = blind.tolerance_v;
        let (own, tight) = (points(tolerance_v), points(0.1 * tolerance_v));
        let both = own.iter().zip(&tight).take_while(|(a, b)| (a.0 - b.0).abs() < 1e-6 * a.0.max(1.0));
        let errors: Vec<f64> = both.map(|(a, b)| (a.1 - b.1).abs()).collect();
        // All but the last few, which aim at the limit along what the voltage did.
        assert!(errors.len() > 20 && errors.len() + 12 > own.len(), "{} of {}", errors.len(), own.len());
        let largest = errors.into_iter().fold(0.0, f64::max);
        assert!(largest < 1e-4, "{c_rate}C: {largest} V");
    }
}

#[test]
fn ten_times_tighter_tolerances_move_no_voltage_by_a_tenth_of_a_millivolt() {
    // At half the steps: where a curve bends, the points of whole ones lie too far apart to be compared with others in between.
    let control = StepControl { refinement: 2.0, ..StepControl::default() };
    for (voltage, capacity) in sharpened(control, StepControl { tolerance_v: 0.1 * control.tolerance_v, ..control }) {
        assert!(voltage < 1e-4 && capacity < 1e-4, "{voltage} V, {capacity}");
    }
}

#[test]
fn half_the_steps_move_no_voltage_by_a_millivolt() {
    for (voltage, capacity) in
        sharpened(StepControl::default(), StepControl { refinement: 2.0, ..StepControl::default() })
    {
        assert!(voltage < 1e-3 && capacity < 3e-4, "{voltage} V, {capacity}");
    }
}

#[test]
fn a_charge_runs_the_other_way() {
    let recipe = small(json!({}));
    let structure = build(&recipe).unwrap();
    let protocol = Protocol { initial_voltage_v: 3.6, steps: vec![Step::charge(0.5, 4.3)] };
    let mut simulation = Simulation::with_protocol(&recipe, &structure, protocol, StepControl::default());
    let summary = simulation.run().unwrap();
    assert_eq!(summary.stop_reason, Some(StopReason::UpperCutoff));
    assert!(simulation.series().rows()[1].voltage_v > 3.6 && summary.lithium_balance_error < 1e-4);
    assert!((60.0..180.0).contains(&summary.steps[0].capacity_mah_g), "{:?}", summary.steps[0]);
    assert_eq!((summary.discharge_capacity_mah_g, summary.mean_voltage_v), (0.0, None));
}

#[test]
fn a_cycle_runs_step_by_step() {
    let steps = "Charge at 0.5C until 4.3 V\nHold at 4.3 V until 0.05C\nRest for 1 hour\n\
                 Discharge at 0.5C for 10 minutes; Discharge at 0.5C until 3.0 V";
    // The sulfide touches the NCA, or nothing would be oxidised.
    let recipe = small(json!({"protocol": steps, "oxidation_a_m2": 0.02, "skin_um": 0.1, "first_charge_loss_mah_g": 0,
        "edge_standoff": 0}));
    let mut simulation = Simulation::new(&recipe, &build(&recipe).unwrap());
    let summary = simulation.run().unwrap();
    use StopReason::{CurrentCutoff, LowerCutoff, TimeElapsed, UpperCutoff};
    let ends: Vec<_> = summary.steps.iter().map(|s| s.stop_reason.unwrap()).collect();
    assert_eq!(ends, [UpperCutoff, CurrentCutoff, TimeElapsed, TimeElapsed, LowerCutoff]);
    let [charge, hold, rest, pulse, _] = summary.steps.as_slice() else { panic!("{:?}", summary.steps) };
    assert!(charge.capacity_mah_g > 100.0 && hold.capacity_mah_g > 1.0 && rest.capacity_mah_g == 0.0);
    assert!((hold.final_voltage_v - 4.3).abs() < 2e-4 && rest.final_voltage_v < 4.3);
    assert!((rest.duration_s - 3600.0).abs() < 1e-6 && (pulse.duration_s - 600.0).abs() < 1e-6);
    // 10 min at 0.5C of 180 mAh/g.
    assert!((pulse.capacity_mah_g - 15.0).abs() < 1e-9, "{}", pulse.capacity_mah_g);
    assert!(summary.charge_balance_error < 1e-4 && summary.lithium_balance_error < 1e-4, "{summary:?}");
    assert!(summary.side_capacity_mah_g > 0.1, "{}", summary.side_capacity_mah_g);
    let efficiency = summary.first_cycle_efficiency.unwrap();
    assert!((efficiency - pulse.capacity_mah_g / (charge.capacity_mah_g + hold.capacity_mah_g)).abs() < 1e-12);
}

/// Each estimate in the certificate answers to the number that controls it, and to no other by much.
#[test]
fn a_certificate_follows_the_numerics() {
    let recipe = small(json!({}));
    let structure = build(&recipe).unwrap();
    let certify = |control: StepControl| {
        let protocol = Protocol { initial_voltage_v: 4.28, steps: vec![Step::discharge(1.0, 3.0)] };
        let mut simulation = Simulation::with_protocol(&recipe, &structure, protocol, control);
        let summary = simulation.run().unwrap();
        // The worst step is one of the curve's, and none of the first two, which have no estimate.
        let worst = summary.worst_time_step.unwrap();
        let row = simulation.series().rows()[worst.number];
        assert!(
            worst.number > 2 && (worst.capacity_mah_g, worst.voltage_v) == (row.capacity_mah_g, row.voltage_v),
            "{worst:?}"
        );
        summary
    };
    let default = StepControl::default();
    let own = certify(default);
    let sharper = certify(StepControl { tolerance_v: 0.1 * default.tolerance_v, ..default });
    let shorter = certify(StepControl { refinement: 2.0, ..default });
    for (summary, control) in [(&own, default.tolerance_v), (&sharper, 0.1 * default.tolerance_v)] {
        assert!(summary.solver_error_v > 0.0 && summary.solver_error_v < control, "{summary:?}");
    }
    assert!(sharper.solver_residual < 0.5 * own.solver_residual, "{} {}", own.solver_residual, sharper.solver_residual);
    // A step may be twice too long before it is done again, and the error grows with its fourth power.
    assert!(own.step_error_v < 16.0 * default.voltage_error, "{}", own.step_error_v);
    assert!(
        shorter.step_error_v > 0.0 && shorter.step_error_v < 0.5 * own.step_error_v,
        "{} {}",
        own.step_error_v,
        shorter.step_error_v
    );
    assert!(
        (sharper.step_error_v / own.step_error_v - 1.0).abs() < 0.1,
        "{} {}",
        own.step_error_v,
        sharper.step_error_v
    );
}

#[test]
fn going_on_is_like_a_longer_protocol() {
    let recipe = small(json!({}));
    let structure = build(&recipe).unwrap();
    let steps = [Step::charge(1.0, 4.2), Step::discharge(1.0, 3.4)];
    let protocol = |steps: &[Step]| Protocol { initial_voltage_v: 3.5, steps: steps.to_vec() };
    let mut whole = Simulation::with_protocol(&recipe, &structure, protocol(&steps), StepControl::default());
    whole.run().unwrap();
    let mut parts = Simulation::with_protocol(&recipe, &structure, protocol(&steps[..1]), StepControl::default());
    parts.run().unwrap();
    parts.continue_with(&steps[1..]);
    parts.run().unwrap();
    assert_eq!(parts.series().rows(), whole.series().rows());
}

#[test]
fn a_current_beyond_what_surfaces_take_up_ends_at_once() {
    for c_rate in [15.0, 20.0] {
        let recipe = small(json!({"voxel_um": 2.5, "c_rate": c_rate, "diffusivity_m2_s": 1e-17}));
        let mut simulation = Simulation::new(&recipe, &build(&recipe).unwrap());
        let summary = simulation.run().unwrap();
        assert_eq!(summary.stop_reason, Some(StopReason::SurfaceSaturated));
        assert_eq!((summary.discharge_capacity_mah_g, summary.mean_voltage_v), (0.0, None));
    }
}

/// Below what all surfaces together could give up, above what they do: no voltage drives it, and no step is short enough.
#[test]
fn a_current_that_no_voltage_drives_ends_at_once() {
    let beyond = |preset: &str, overrides: Value| {
        let recipe = recipe(preset, overrides);
        let summary = Simulation::new(&recipe, &build(&recipe).unwrap()).run().unwrap();
        assert_eq!(summary.stop_reason, Some(StopReason::SurfaceSaturated), "{}", recipe.to_json());
        assert_eq!(summary.steps[0].capacity_mah_g, 0.0);
    };
    for seed in [1, 3] {
        beyond("lyc-43", json!({"voxel_um": 2.5, "seed": seed, "protocol": "Charge at 8C until 4.3 V"}));
    }
    let resists = json!({"voxel_um": 2.5, "contact_resistance_ohm_cm2": 1e4, "protocol": "Charge at 1C until 4.6 V"});
    beyond("lyc-10", resists);
}

#[test]
fn a_hold_that_oxidation_keeps_up_says_so() {
    let recipe = recipe("bare", json!({"voxel_um": 2.5, "protocol": "Hold at 4.3 V until 0.01C"}));
    let summary = Simulation::new(&recipe, &build(&recipe).unwrap()).run().unwrap();
    assert_eq!(summary.stop_reason, Some(StopReason::LimitUnreached));
    assert!(summary.side_capacity_mah_g > 100.0 && summary.charge_balance_error < 1e-4, "{summary:?}");
}

#[test]
fn a_structure_that_conducts_nothing_is_a_result() {
    let recipe = small(json!({}));
    let mut structure: Microstructure = build(&recipe).unwrap();
    // A wall of pore across the middle cuts both rails.
    let [nx, ny, nz] = structure.grid.size;
    for voxel in nx * ny * (nz / 2)..nx * ny * (nz / 2 + 1) {
        structure.phase[voxel] = Phase::Pore;
    }
    structure
        .surface
        .retain(|face| [face.voxel, face.neighbour].iter().all(|&v| structure.phase[v as usize] != Phase::Pore));
    structure.carbon.retain(|face| face.voxel as usize / (nx * ny) != nz / 2);
    let mut simulation = Simulation::new(&recipe, &structure);
    simulation.keep_snapshots();
    let summary = simulation.run().unwrap();
    assert_eq!(summary.stop_reason, Some(StopReason::NoConductingPath));
    assert_eq!((summary.discharge_capacity_mah_g, summary.time_steps), (0.0, 0));
    assert_eq!(simulation.snapshots().unwrap().iter().count(), 0);
}
