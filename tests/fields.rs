//! The fields of a run: currents that add up, interfaces that cost what their law says, and instants that disturb nothing.

use catholyte::analysis;
use catholyte::cell::fields::Field;
use catholyte::constants::{ONE_C_A_PER_KG, THERMAL_VOLTAGE};
use catholyte::grid::VoxelGrid;
use catholyte::materials::{Phase, nca};
use catholyte::microstructure::{Microstructure, NO_PARTICLE, SurfaceFace, build};
use catholyte::presets;
use catholyte::recipe::Recipe;
use catholyte::simulation::{Simulation, Status};
use catholyte::snapshots::{Snapshots, Starvation, starved};
use serde_json::{Value, json};

fn small(overrides: Value) -> Recipe {
    let small = json!({"width_um": 10, "thickness_um": 15, "c_rate": 1});
    presets::find("lyc-10").unwrap().with_overrides(&small).unwrap().with_overrides(&overrides).unwrap()
}

fn run(recipe: &Recipe, structure: &Microstructure) -> Simulation {
    let mut simulation = Simulation::new(recipe, structure);
    simulation.keep_snapshots();
    simulation.run().unwrap();
    simulation
}

fn kept(simulation: &Simulation) -> &Snapshots {
    simulation.snapshots().unwrap()
}

/// Two voxels of LPSCl, then three of NCA up to the collector: everything runs along z.
fn column() -> Microstructure {
    let grid = VoxelGrid { size: [2, 2, 5], voxel_um: 1.0 };
    let phase: Vec<Phase> = (0..grid.len()).map(|v| if v < 8 { Phase::Lpscl } else { Phase::Nca }).collect();
    let particle = phase.iter().map(|p| if *p == Phase::Nca { 0 } else { NO_PARTICLE }).collect();
    let face = |voxel: u32| SurfaceFace { voxel, neighbour: voxel - 4, area: 0.8, depth: 0.5, ..Default::default() };
    let surface = (8..12).map(face).collect();
    Microstructure { grid, phase, particle, particles: Vec::new(), surface, carbon: Vec::new() }
}

#[test]
fn in_a_column_the_same_current_passes_electrolyte_interface_and_collector() {
    let recipe = Recipe::default()
        .with_overrides(&json!({"c_rate": 0.2, "film_resistance_ohm_cm2": 1389, "j0_lpscl_a_m2": 0.5, "skin_um": 0,
            "oxidation_a_m2": 0}))
        .unwrap();
    let simulation = run(&recipe, &column());
    // Three micrometres of NCA below each square.
    let applied = 0.2 * ONE_C_A_PER_KG * nca::DENSITY * 1e3 * 3e-6;
    let snapshot = kept(&simulation).iter().nth(3).expect("a snapshot in the middle");
    let near = |found: f32, expected: f64| (f64::from(found) / expected - 1.0).abs() < 2e-3;
    for voxel in 0..8 {
        let i = snapshot.value(Field::CurrentE, voxel);
        assert!(near(i, applied), "ionic current of voxel {voxel}: {i}, applied {applied} A/m2");
        assert!(
            snapshot.value(Field::CurrentS, voxel).is_nan() && snapshot.value(Field::ReactionCurrent, voxel).is_nan()
        );
    }
    let j = applied / 0.8;
    for voxel in 8..12 {
        assert!(near(snapshot.value(Field::ReactionCurrent, voxel), j));
        // Ohm's law of the film and Butler-Volmer at the stoichiometry of the surface, a little above the voxel's own.
        let x = f64::from(snapshot.value(Field::Stoichiometry, voxel));
        let above = (0..=10).map(|k| x + 0.01 * f64::from(k));
        let at = |x: f64| 2.0 * THERMAL_VOLTAGE * libm::asinh(j / (2.0 * 0.5 * nca::j0_shape(x).0));
        let [low, high] = [f64::min, f64::max].map(|end| above.clone().map(at).reduce(end).unwrap());
        let charge_transfer = f64::from(snapshot.value(Field::Overpotential, voxel)) - 0.1389 * j;
        assert!(low - 1e-4 < charge_transfer && charge_transfer < high + 1e-4, "{low} {charge_transfer} {high}");
    }
    // Half of what passes the top face enters the last voxel's mean, and what it does not store passes the face below.
    for voxel in 16..20 {
        let i = f64::from(snapshot.value(Field::CurrentS, voxel));
        assert!(0.8 * applied < i && i < applied, "{i} of {applied}");
    }
}

#[test]
fn reactions_over_the_whole_surface_make_the_applied_current() {
    let recipe = small(json!({"skin_um": 0, "oxidation_a_m2": 0}));
    let structure = build(&recipe).unwrap();
    let simulation = run(&recipe, &structure);
    let mass = structure.counts()[Phase::Nca as usize] as f64 * 1e-18 * nca::DENSITY * 1e3;
    let applied = ONE_C_A_PER_KG * mass;
    for snapshot in kept(&simulation).iter() {
        // The stoichiometry rises by what enters: the mean over all NCA follows from the charge passed.
        let x: Vec<f32> = snapshot.values(Field::Stoichiometry).filter(|x| x.is_finite()).collect();
        let mean = x.iter().map(|&x| f64::from(x)).sum::<f64>() / x.len() as f64;
        let start = catholyte::materials::nca::OpenCircuitVoltage::measured().stoichiometry(4.28).0;
        let expected = start + snapshot.at.capacity_mah_g / nca::theoretical_capacity_mah_g();
        assert!((mean - expected).abs() < 1e-4, "{mean} {expected}");
        // Ions: what leaves the separator is all of the current.
        let [nx, ny, _] = structure.grid.size;
        let below: f64 = (0..nx * ny)
            .map(|v| snapshot.value(Field::CurrentE, v))
            .filter(|i| i.is_finite())
            .map(|i| f64::from(i) * 1e-12)
            .sum();
        // Voxel means also hold what flows sideways, and less than all of what enters and is taken up.
        assert!((0.6..2.0).contains(&(below / applied)), "{below} of {applied} A");
        for field in [Field::ReactionCurrent, Field::Overpotential] {
            assert!(snapshot.range(field).unwrap()[1] > 0.0);
        }
    }
}

/// Kirchhoff: electrons and ions together carry the applied current through every plane, and a vector is as long as its magnitude.
#[test]
fn through_every_plane_passes_the_applied_current() {
    let recipe = small(json!({"coat_halide_parts": 0, "lpscl_parts": 30}));
    let structure = build(&recipe).unwrap();
    let mut simulation = Simulation::new(&recipe, &structure);
    while simulation.progress().capacity_mah_g < 50.0 {
        assert_eq!(simulation.advance().unwrap(), Status::Running);
    }
    let fields = simulation.fields().unwrap();
    let mass = structure.counts()[Phase::Nca as usize] as f64 * 1e-18 * nca::DENSITY * 1e3;
    let applied = ONE_C_A_PER_KG * mass;
    let [nx, ny, _] = structure.grid.size;
    let [electronic, ionic] = [Field::CurrentS, Field::CurrentE].map(|field| fields.vectors(field).unwrap());
    for (z, (s, e)) in electronic.chunks(nx * ny).zip(ionic.chunks(nx * ny)).enumerate() {
        let current: f64 = s.iter().chain(e).filter(|i| i[2].is_finite()).map(|i| f64::from(i[2]) * 1e-12).sum();
        assert!((current / applied - 1.0).abs() < 1e-3, "plane {z}: {current} of {applied} A");
    }
    for (i, length) in electronic.iter().zip(fields.get(Field::CurrentS)).filter(|(_, length)| length.is_finite()) {
        let sum: f32 = i.iter().map(|c| c * c).sum();
        assert!((sum.sqrt() - length).abs() <= 1e-5 * length);
    }
    assert!(fields.vectors(Field::PhiS).is_none());
}

#[test]
fn looking_on_keeps_the_newest_step_and_changes_nothing() {
    let recipe = small(json!({}));
    let structure = build(&recipe).unwrap();
    let mut undisturbed = Simulation::new(&recipe, &structure);
    undisturbed.run().unwrap();
    assert!(undisturbed.snapshots().is_none());
    let mut watched = Simulation::new(&recipe, &structure);
    watched.keep_snapshots();
    watched.watch();
    while watched.advance().unwrap() == Status::Running {
        let steps = watched.progress().time_steps;
        let newest = kept(&watched).last().map_or(0.0, |s| s.at.time_s);
        assert!(steps == 0 || newest == watched.progress().time_s);
        watched.watch();
    }
    assert_eq!(watched.series().rows(), undisturbed.series().rows());
    let all: Vec<_> = kept(&watched).iter().map(|s| s.at).collect();
    assert!((5..=12).contains(&all.len()), "{}", all.len());
    let series = watched.series();
    for at in &all {
        let row = series.rows().iter().rfind(|row| row.time_s == at.time_s).expect("a step of the run");
        assert_eq!((row.capacity_mah_g, row.voltage_v), (at.capacity_mah_g, at.voltage_v));
    }
    assert_eq!(all.last().unwrap().time_s, series.rows().last().unwrap().time_s);
}

#[test]
fn particles_that_nothing_reaches_are_listed_first_and_keep_their_lithium() {
    // The paper's whole domain, so that some particles are cut off and many lag.
    let recipe = small(json!({"width_um": 25, "thickness_um": 50, "voxel_um": 1.25, "c_rate": 2}));
    let structure = build(&recipe).unwrap();
    let report = analysis::analyse(&structure, None);
    let simulation = run(&recipe, &structure);
    let snapshots = kept(&simulation);
    let end = snapshots.last().unwrap();
    let found = starved(&report, Some((end, simulation.direction())), &structure.particle);
    let without: Vec<u32> = found.iter().filter(|s| s.lacks == Starvation::Electrons).map(|s| s.number).collect();
    assert!(!without.is_empty() && without == report.connectivity.nca.electronically_isolated_particles);
    assert!(found.is_sorted_by_key(|s| s.lacks));
    let x = end.stoichiometry_by_particle(&structure.particle, report.particles.len());
    let behind: Vec<_> = found.iter().filter(|s| s.lacks == Starvation::Behind).collect();
    assert_eq!(behind.len(), 12);
    for particle in &behind {
        // Whoever is listed lags more than whoever is neither listed nor cut off.
        let ahead = (0..x.len())
            .filter(|&n| report.particles[n].voxels > 0 && found.iter().all(|s| s.number as usize != n))
            .all(|n| x[n] >= particle.stoichiometry.unwrap());
        assert!(ahead);
    }
    // Without a run only the wiring tells.
    let before = starved(&report, None, &structure.particle);
    assert!(before.iter().all(|s| s.lacks != Starvation::Behind && s.stoichiometry.is_none()));
    assert_eq!(before.len(), found.len() - behind.len());
}
