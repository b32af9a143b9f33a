//! Structural cases with known answers (the names say where they come from), and reports of built structures.

use catholyte::analysis::{self, contacts};
use catholyte::composition::Composition;
use catholyte::grid::VoxelGrid;
use catholyte::materials::Phase;
use catholyte::microstructure::carbon::crossed_in_voxels;
use catholyte::microstructure::{Microstructure, NO_PARTICLE, SurfaceFace, build};
use catholyte::presets;
use catholyte::simulation::Simulation;
use serde_json::json;

/// A structure whose NCA is one particle, with faces of unit weight that touch what lies across them.
fn structure(size: [usize; 3], phase: impl Fn([usize; 3]) -> Phase) -> Microstructure {
    let grid = VoxelGrid { size, voxel_um: 1.0 };
    let phase: Vec<Phase> = (0..grid.len()).map(|v| phase(grid.coordinates(v))).collect();
    let particle: Vec<u32> = phase.iter().map(|&p| if p == Phase::Nca { 0 } else { NO_PARTICLE }).collect();
    let mut surface = Vec::new();
    for voxel in (0..grid.len()).filter(|&v| phase[v] == Phase::Nca) {
        for neighbour in grid.neighbours(voxel).into_iter().flatten().filter(|&n| phase[n] != Phase::Nca) {
            let carbon = f32::from(u8::from(phase[neighbour] == Phase::Carbon));
            surface.push(SurfaceFace {
                voxel: voxel as u32,
                neighbour: neighbour as u32,
                area: 1.0,
                carbon,
                wired: carbon,
                ..SurfaceFace::default()
            });
        }
    }
    Microstructure { carbon: crossed_in_voxels(&grid, &phase), grid, phase, particle, particles: Vec::new(), surface }
}

/// TauFactor, notebook 02: four cubes in 20³ voxels. The rim of carbon keeps the periodic sides apart.
#[test]
fn faces_of_multi_cubes() {
    let labels = [Phase::Pore, Phase::Halide, Phase::Lpscl, Phase::Mixed];
    let m = structure([22, 22, 20], |[x, y, z]| {
        if x == 0 || y == 0 || x == 21 || y == 21 {
            return Phase::Carbon;
        }
        let (x, y) = (x - 1, y - 1);
        let middle = |i: usize| (5..15).contains(&i);
        if x < 10 && y < 10 && !middle(z) {
            labels[1]
        } else if x >= 10 && y >= 5 && z >= 15 {
            labels[3]
        } else if middle(x) && middle(y) && middle(z) {
            labels[2]
        } else {
            labels[0]
        }
    });
    let (areas, _) = contacts::contact_areas(&m);
    let expected = [(0, 1, 325.0), (0, 2, 500.0), (0, 3, 200.0), (1, 2, 50.0), (1, 3, 25.0), (2, 3, 50.0)];
    for (a, b, faces) in expected {
        assert_eq!(areas.raw[labels[a]][labels[b]], faces, "({a}, {b})");
        assert_eq!(areas.raw[labels[b]][labels[a]], faces);
        assert_eq!(areas.corrected[labels[a]][labels[b]], faces / 1.5);
    }
}

/// After TauFactor's periodic diagonals: two slanted bands that leave through x = N and come back through x = 0. With closed sides
/// no piece reaches from end to end.
#[test]
fn clusters_honour_the_periodic_sides() {
    const N: usize = 64;
    let band = |[x, _, z]: [usize; 3]| if (x + z) % (N / 2) < N / 4 { Phase::Lpscl } else { Phase::Pore };
    let open = structure([N, 2, N], band);
    let ionic = analysis::Rails::new(&open).ionic_clusters;
    assert!(ionic.percolates && ionic.clusters == 2 && ionic.connected_fraction == 1.0);
    assert_eq!(ionic.largest_fraction, 0.5);
    let closed = structure([N + 1, 2, N], |c| if c[0] == N { Phase::Pore } else { band(c) });
    let ionic = analysis::Rails::new(&closed).ionic_clusters;
    assert!(!ionic.percolates && ionic.clusters > 2 && ionic.connected_fraction < 1.0, "{ionic:?}");
}

/// Layers from the separator: LPSCl, NCA, carbon on one half and pore on the other, then NCA again.
#[test]
fn dead_ends_and_islands_are_told_apart() {
    let island = |[x, _, z]: [usize; 3]| match z {
        0 | 1 => Phase::Lpscl,
        2 if x < 2 => Phase::Nca,
        2 => Phase::Pore,
        3 => Phase::Pore,
        4 => Phase::Carbon,
        _ => Phase::Nca,
    };
    let m = structure([4, 2, 6], island);
    let report = analysis::analyse(&m, None);
    // 4 of 12 NCA voxels see the electrolyte, the other 8 the collector.
    let nca = &report.connectivity.nca;
    assert_eq!(nca.active_fraction, 0.0);
    assert!((nca.electronically_isolated_fraction - 4.0 / 12.0).abs() < 1e-12);
    assert!((nca.ionically_isolated_fraction - 8.0 / 12.0).abs() < 1e-12);
    assert_eq!(report.connectivity.electronic.clusters, 2);
    assert!(!report.connectivity.electronic.percolates);
}

/// A sealed face carries no electrons, an open one does; the shortest way around it is longer than straight.
#[test]
fn a_coat_between_particles_cuts_the_electronic_way() {
    let mut m = structure([3, 3, 4], |_| Phase::Nca);
    // Two particles: the lower half, and the upper half with the collector.
    for v in 0..m.grid.len() {
        m.particle[v] = u32::from(m.grid.coordinates(v)[2] >= 2);
    }
    let face = |contact: f32, low: u32| {
        let face = |voxel, neighbour| SurfaceFace { voxel, neighbour, area: 1.0, contact, ..SurfaceFace::default() };
        [face(low, low + 9), face(low + 9, low)]
    };
    m.surface = (9..18).flat_map(|low| face(0.0, low)).collect();
    let sealed = analysis::analyse(&m, None);
    assert_eq!(sealed.connectivity.nca.electronically_isolated_particles, [0]);
    assert_eq!(sealed.particles[0].electronic_bottleneck_um2, None);
    assert_eq!(sealed.particles[1].electronic_path_ratio, Some(1.0));
    // One corner face left half open.
    for f in &mut m.surface {
        if f.voxel.min(f.neighbour) == 9 {
            f.contact = 0.5;
        }
    }
    let open = analysis::analyse(&m, None);
    assert!(open.connectivity.nca.electronically_isolated_particles.is_empty());
    assert_eq!(open.particles[0].electronic_bottleneck_um2, Some(0.5));
    assert_eq!(open.particles[1].electronic_bottleneck_um2, Some(9.0));
    assert!(open.particles[0].electronic_path_ratio.unwrap() > 1.2);
    // One of its sides sees no contact: the mean of both counts.
    m.surface.iter_mut().filter(|f| f.voxel == 18).for_each(|f| f.contact = 0.0);
    let one_sided = analysis::analyse(&m, None);
    assert!(one_sided.connectivity.nca.electronically_isolated_particles.is_empty());
    let opened: f32 = m.surface.iter().map(|f| f.contact).sum();
    assert_eq!((one_sided.particles[0].electronic_bottleneck_um2, opened), (Some(0.25), 0.5));
}

/// What the report calls isolated takes up no lithium in the cell, and all else does.
#[test]
fn the_cell_and_the_report_agree_on_who_is_isolated() {
    let mut isolated = 0;
    for (name, carbon_parts) in [("lyc-14", 0.1), ("lyc-14", 0.4), ("lyc-10", 0.2)] {
        let overrides = json!({"width_um": 15, "thickness_um": 20, "voxel_um": 1.25, "carbon_parts": carbon_parts,
            "diffusivity_m2_s": 1e-13, "diffusivity_drop": 0, "c_rate": 0.02, "cutoff_voltage_v": 2.5,
            // It would discharge particles that nothing else reaches.
            "oxidation_a_m2": 0});
        let recipe = presets::find(name).unwrap().with_overrides(&overrides).unwrap();
        let structure = build(&recipe).unwrap();
        let report = analysis::analyse(&structure, None);
        let mut simulation = Simulation::new(&recipe, &structure);
        simulation.keep_snapshots();
        simulation.run().unwrap();
        let kept: Vec<_> = simulation.snapshots().unwrap().iter().collect();
        let (particles, numbers) = (report.particles.len(), &structure.particle);
        let x = |k: usize| kept[k].stoichiometry_by_particle(numbers, particles);
        let (start, end) = (x(0), x(kept.len() - 1));
        let nca = &report.connectivity.nca;
        for p in report.particles.iter().filter(|p| p.voxels > 0) {
            let listed = nca.electronically_isolated_particles.contains(&p.number)
                || nca.ionically_isolated_particles.contains(&p.number);
            // The books balance to 1e-4, and a lone particle may shift what it has.
            let taken = end[p.number as usize] - start[p.number as usize];
            assert_eq!(listed, taken.abs() < 1e-3, "{name}, {carbon_parts}: particle {} takes up {taken}", p.number);
            isolated += usize::from(listed);
        }
    }
    assert!(isolated > 10, "{isolated}");
}

#[test]
fn reports_of_built_electrodes_add_up() {
    for name in ["bare", "lyc-10", "lyc-14", "lyc-43", "lyc-c-14"] {
        let recipe = presets::find(name).unwrap().with_overrides(&serde_json::json!({"voxel_um": 0.5})).unwrap();
        let m = build(&recipe).unwrap();
        let targets = Composition::new(&recipe).voxel_targets(m.grid.len());
        let report = analysis::analyse(&m, Some(targets));
        let nca = report.coverage.nca;
        assert!((nca.0.iter().sum::<f64>() - 1.0).abs() < 1e-6, "{name}: {nca:?}");
        for p in &report.particles {
            let sum: f64 = p.coverage.0.iter().sum();
            assert!(p.surface_um2 == 0.0 || (sum - 1.0).abs() < 1e-6, "{name}: particle {}", p.number);
        }
        assert_eq!(report.particles.iter().map(|p| p.voxels).sum::<usize>(), targets[Phase::Nca as usize]);
        let c = &report.connectivity.nca;
        let least = 1.0 - c.electronically_isolated_fraction - c.ionically_isolated_fraction;
        // At 14 wt% the edges of the coat leave carbon little to touch.
        let wired = if name == "lyc-14" { 0.4 } else { 0.98 };
        assert!(c.active_fraction >= least - 1e-12 && c.active_fraction > wired, "{name}: {c:?}");
        // By Cauchy's mean: the sum over all phases of the corrected areas is near two thirds of the raw ones.
        let ratio = report.nca_surface_um2.corrected / report.nca_surface_um2.raw;
        assert!((ratio - 2.0 / 3.0).abs() < 0.01, "{name}: {ratio}");
        let value = serde_json::to_value(&report).unwrap();
        for key in ["/coverage/nca/carbon", "/counts/nca/target", "/counts/pore/actual", "/voxel_hash"] {
            assert!(value.pointer(key).is_some(), "{key}");
        }
        assert!(value.pointer("/contact_area_um2/raw/nca/carbon").is_some());
        assert_eq!(value["counts"]["nca"]["target"], json!(targets[1]));
    }
}

/// At 14 wt% the paper sees particles that are almost cut off electronically; the mixed coat cures it.
#[test]
fn more_coat_isolates_particles_and_the_mixed_coat_wires_them() {
    let weak = |name: &str| -> f64 {
        let count = |seed: u32| {
            let recipe = presets::find(name).unwrap().with_overrides(&json!({"seed": seed, "voxel_um": 0.5})).unwrap();
            analysis::analyse(&build(&recipe).unwrap(), None).connectivity.nca.weakly_wired_particles.len() as f64
        };
        (1..=3).map(count).sum::<f64>() / 3.0
    };
    let (ten, fourteen, mixed) = (weak("lyc-10"), weak("lyc-14"), weak("lyc-c-14"));
    assert!(fourteen > 1.5 * ten && mixed < 0.5 * fourteen, "{ten} {fourteen} {mixed}");
}
