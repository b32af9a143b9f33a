//! Both rails of a cell in one solve: `cargo run --release --example coupled [voxel_um] [runs]` prints one line of JSON.
//!
//! The first Newton correction of `lyc-10`, charged to 4.28 V, under 0.5C in steps of 10 and 200 s: electrons, lithium ions and the
//! lithium inside the NCA, coupled by charge transfer and the chemical capacitors. To a relative residual of 1e-6 from zero,
//! the hierarchy included.

use std::time::Instant;

use catholyte::cell::network::{Load, Network};
use catholyte::cell::rule::Rule;
use catholyte::constants::ONE_C_A_PER_KG;
use catholyte::linalg::multigrid::Multigrid;
use catholyte::linalg::refine::{ROUND, Refinement, Step};
use catholyte::{microstructure, presets, simulation};
use serde_json::json;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let voxel_um: f64 = arguments.next().map_or(0.25, |v| v.parse().expect("a voxel in um"));
    let runs: usize = arguments.next().map_or(5, |n| n.parse().expect("a number of runs"));
    let recipe =
        presets::find("lyc-10").and_then(|r| r.with_overrides(&json!({"voxel_um": voxel_um}))).expect("a recipe");
    let structure = microstructure::build(&recipe).expect("a structure");
    let mut network = Network::new(&structure, simulation::cell_parameters(&recipe)).expect("a path");
    network.set_load(Load::Current(0.5 * ONE_C_A_PER_KG * network.nca_mass()));
    let mut state = network.rest(recipe.initial_voltage_v);
    let mut residual = vec![0.0; state.len()];
    for step_s in [10.0, 200.0] {
        network.begin(Rule::new(step_s, &[]), &mut state);
        network.evaluate(&state, &mut residual);
        network.lattice.update_diagonal();
        let lattice = &network.lattice;
        let mut answers = Vec::new();
        for _ in 0..runs.max(1) {
            let start = Instant::now();
            let mut multigrid = Multigrid::new(lattice);
            let b = residual.iter().map(|r| -r as f32).collect();
            let mut solve = Refinement::new(lattice, b, 1e-6, ROUND, 500);
            let info = loop {
                if let Step::Converged(info) = solve.step(lattice, &mut multigrid).expect("a solution") {
                    break info;
                }
            };
            answers.push((start.elapsed().as_secs_f64(), info));
        }
        answers.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (seconds, info) = answers[answers.len() / 2];
        let unknowns = lattice.inverse_diagonal.iter().filter(|d| **d > 0.0).count();
        println!(
            "{}",
            json!({"voxels": structure.grid.size, "step_s": step_s, "unknowns": unknowns, "iterations": info.iterations,
                   "relative_residual": info.relative_residual, "seconds": seconds})
        );
    }
}
