//! Conduction through hostile volumes: the right answer or a clear error, within bounded work.

use catholyte::analysis::transport::rails;
use catholyte::analysis::transport::{Conduction, Electrodes, Error, Request, Transport, Volume};
use catholyte::grid::Axis;
use catholyte::materials::Phase;
use catholyte::{microstructure, presets, simulation};
use rand::{RngExt, SeedableRng};

/// Conduction along z; labels that are not named insulate.
fn request(table: &[(u8, f64)]) -> Request {
    let mut conductivity = [0.0; 256];
    table.iter().for_each(|&(label, sigma)| conductivity[label as usize] = sigma);
    Request::new(conductivity)
}

fn fill(size: [usize; 3], mut label: impl FnMut([usize; 3]) -> u8) -> Vec<u8> {
    let [nx, ny, _] = size;
    (0..size.iter().product()).map(|i| label([i % nx, i / nx % ny, i / (nx * ny)])).collect()
}

/// Label 1, but 2 at random in this share of the voxels.
fn sprinkled(size: [usize; 3], share: f64) -> Vec<u8> {
    let mut rng = rand::rngs::ChaCha8Rng::seed_from_u64(3);
    fill(size, |_| 1 + u8::from(rng.random::<f64>() < share))
}

fn solve(size: [usize; 3], labels: &[u8], request: &Request) -> Result<Transport, Error> {
    Conduction::new(Volume { size, labels }, request)?.run()
}

#[track_caller]
fn assert_close(value: f64, expected: f64, relative: f64) {
    assert!((value / expected - 1.0).abs() <= relative, "{value:e}, expected {expected:e}");
}

#[test]
fn nothing_flows_where_nothing_conducts() {
    let size = [5, 6, 7];
    let pore = vec![0; 210];
    // Every other voxel: neighbours touch along edges only.
    let checkerboard = fill(size, |[x, y, z]| ((x + y + z) % 2) as u8);
    // One gap of one layer.
    let cut = fill(size, |[_, _, z]| u8::from(z != 3));
    for (labels, table) in [(&pore, [(1, 1.0)]), (&pore, [(0, 0.0)]), (&checkerboard, [(1, 1.0)]), (&cut, [(1, 1.0)])] {
        for periodic in [[false; 3], [true; 3]] {
            // A checkerboard is none across a seam of odd length.
            if labels == &checkerboard && periodic[0] {
                continue;
            }
            let t = solve(size, labels, &Request { periodic, ..request(&table) }).unwrap();
            assert!(!t.percolates && t.iterations == 0 && t.effective_conductivity == 0.0, "{t:?}");
            assert!(t.tortuosity_factor.is_infinite() && t.connected_fraction == 0.0, "{t:?}");
        }
    }
}

#[test]
fn volumes_one_voxel_thin_conduct_as_thick_ones_do() {
    for size in [[1, 1, 1], [1, 1, 2], [1, 9, 13], [9, 1, 13], [13, 9, 1], [2, 1, 1]] {
        let labels = vec![1; size.iter().product()];
        for axis in [Axis::X, Axis::Y, Axis::Z] {
            for periodic in [[false; 3], [true; 3]] {
                let t = solve(size, &labels, &Request { axis, periodic, ..request(&[(1, 2.5)]) }).unwrap();
                assert_close(t.effective_conductivity, 2.5, 1e-6);
                assert_close(t.tortuosity_factor, 1.0, 1e-6);
            }
        }
    }
}

#[test]
fn a_single_voxel_conducts_only_if_it_is_the_whole_length() {
    let lone = |size: [usize; 3], at: [usize; 3]| {
        solve(size, &fill(size, |p| u8::from(p == at)), &request(&[(1, 3.0)])).unwrap()
    };
    assert_close(lone([4, 5, 1], [2, 3, 0]).effective_conductivity, 3.0 / 20.0, 1e-6);
    let inside = lone([4, 5, 3], [2, 3, 1]);
    assert!(!inside.percolates && inside.volume_fraction == 1.0 / 60.0);
}

#[test]
fn a_checkerboard_of_two_conductors_is_one_conductor_of_their_harmonic_mean() {
    let size = [8, 6, 10];
    let labels = fill(size, |[x, y, z]| 1 + ((x + y + z) % 2) as u8);
    for weak in [0.5, 1e-4, 1e-12] {
        // With the ends in centres every face has the same conductance.
        let asked = Request { electrodes: Electrodes::Centres, ..request(&[(1, 1.0), (2, weak)]) };
        let t = solve(size, &labels, &asked).unwrap();
        assert_close(t.effective_conductivity, 2.0 * weak / (1.0 + weak), 1e-6);
    }
}

#[test]
fn dead_ends_and_islands_carry_nothing() {
    let size = [12, 12, 16];
    // A trunk, twigs that end in pores, and islands that touch nothing.
    let trunk = |[x, y, _]: [usize; 3]| x < 3 && y < 3;
    let twig = |[x, y, z]: [usize; 3]| y == 1 && z % 4 == 2 && x < 9;
    let island = |[x, y, z]: [usize; 3]| y > 6 && x % 3 == 0 && z % 3 == 1;
    let only_trunk = solve(size, &fill(size, |p| u8::from(trunk(p))), &request(&[(1, 1.0)])).unwrap();
    assert_close(only_trunk.effective_conductivity, 9.0 / 144.0, 1e-6);
    let twigs = fill(size, |p| u8::from(trunk(p) || twig(p)));
    let twigs = solve(size, &twigs, &request(&[(1, 1.0)])).unwrap();
    // A twig hangs on one face, and takes the potential behind it.
    assert_close(twigs.effective_conductivity, 9.0 / 144.0, 1e-6);
    let all = fill(size, |p| u8::from(trunk(p) || twig(p) || island(p)));
    let all = solve(size, &all, &request(&[(1, 1.0)])).unwrap();
    assert_eq!(all.effective_conductivity, twigs.effective_conductivity);
    assert!(twigs.connected_fraction == 1.0 && all.connected_fraction < 0.8, "{all:?}");
}

#[test]
fn a_contrast_of_1e12_costs_neither_digits_nor_many_iterations() {
    // The strong phase does not join the ends: the conductivity is in proportion to the weak one, where that is weak enough.
    let size = [24, 24, 24];
    let labels = sprinkled(size, 0.2);
    let answer = |weak: f64, tolerance: f64| {
        let t = solve(size, &labels, &Request { tolerance, ..request(&[(1, weak), (2, 1.0)]) }).unwrap();
        assert!(t.iterations < 60, "{t:?}");
        t.effective_conductivity / weak
    };
    let expected = answer(1e-9, 1e-12);
    assert_close(answer(1e-9, 1e-6), expected, 1e-6);
    assert_close(answer(1e-12, 1e-6), expected, 1e-6);
    assert_close(answer(1e-12, 1e-12), expected, 1e-6);
    // A series of two blocks.
    let blocks = fill([8, 8, 8], |[_, _, z]| 1 + u8::from(z > 3));
    let t = solve([8, 8, 8], &blocks, &request(&[(1, 1.0), (2, 1e-12)])).unwrap();
    assert_close(t.effective_conductivity, 2e-12 / (1.0 + 1e-12), 1e-6);
}

#[test]
fn what_single_precision_cannot_precondition_is_an_error() {
    // Four strong sheets that float between weak ones: their potentials hang on 1e-12 of their conductance.
    let sheets = fill([16, 16, 16], |[_, _, z]| 1 + (z / 2 % 2) as u8);
    match solve([16, 16, 16], &sheets, &request(&[(1, 1.0), (2, 1e-12)])) {
        Ok(t) => assert_close(t.effective_conductivity, 2e-12, 1e-6),
        Err(e) => assert!(matches!(e, Error::Solver(_)), "{e}"),
    }
}

#[test]
fn impossible_requests_end_with_an_error() {
    let labels = sprinkled([8, 8, 8], 0.5);
    let good = request(&[(1, 1.0), (2, 0.1)]);
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1e-30] {
        let asked = request(&[(1, 1.0), (2, value)]);
        assert!(matches!(solve([8, 8, 8], &labels, &asked), Err(Error::Conductivity { label: 2, .. })), "{value}");
    }
    for tolerance in [0.0, -1.0, f64::NAN] {
        let asked = Request { tolerance, ..good.clone() };
        assert!(matches!(solve([8, 8, 8], &labels, &asked), Err(Error::Solver(_))), "{tolerance}");
    }
    let asked = Request { max_iterations: 2, ..good.clone() };
    assert!(matches!(solve([8, 8, 8], &labels, &asked), Err(Error::Solver(_))));
    for size in [[0, 8, 8], [8, 8, 9], [usize::MAX, usize::MAX, 2]] {
        assert!(matches!(solve(size, &labels, &good), Err(Error::Shape { .. })), "{size:?}");
    }
}

#[test]
fn iterations_hardly_grow_with_size() {
    let count = |n: usize, share: f64, weak: f64| {
        solve([n; 3], &sprinkled([n; 3], share), &request(&[(1, weak), (2, 1.0)])).unwrap().iterations
    };
    for (share, weak) in [(0.5, 0.0), (0.5, 1e-9), (0.2, 1e-9)] {
        let (small, large) = (count(20, share, weak), count(80, share, weak));
        assert!(2 * large <= 3 * small, "{share}, {weak}: {small} iterations at 20, {large} at 80");
    }
}

#[test]
fn the_bare_electrode_conducts_ions_better_than_the_coated_one() {
    let [bare, coated] = ["bare", "lyc-10"].map(|name| {
        let mut recipe = presets::find(name).unwrap();
        recipe.voxel_um = 0.5;
        let structure = microstructure::build(&recipe).unwrap();
        let [ionic, electronic] = simulation::rail_conductivities(&recipe);
        let rails = rails::conduct(&structure, &ionic, &electronic).unwrap();
        let fractions = structure.volume_fractions();
        for (rail, table) in [(&rails.ionic, ionic), (&rails.electronic, electronic)] {
            // No arrangement conducts better than its phases side by side, and what is isolated carries nothing.
            let side_by_side: f64 = table.iter().zip(fractions).map(|(sigma, share)| sigma * share).sum();
            assert!(rail.effective_conductivity < side_by_side && rail.tortuosity_factor > 1.0, "{name}: {rail:?}");
            let conducting: f64 =
                table.iter().zip(fractions).filter(|(sigma, _)| **sigma > 0.0).map(|(_, share)| share).sum();
            assert!((rail.volume_fraction - conducting).abs() < 1e-12, "{name}: {rail:?}");
            assert!(rail.percolates && (0.9..=1.0).contains(&rail.connected_fraction), "{name}: {rail:?}");
        }
        assert_eq!(ionic[Phase::Nca as usize], 0.0);
        rails
    });
    // As the paper's symmetric cells have it for pristine electrodes: the coat conducts less than the LPSCl it replaces.
    assert!(bare.ionic.effective_conductivity > 1.1 * coated.ionic.effective_conductivity, "{bare:?}\n{coated:?}");
}
