//! Cases with known answers, run by the command line and by the page in the visitor's browser.
//!
//! Exact ones first (uniform, laminates, dead ends), then converged values of other codes and series solutions. All volumes
//! conduct along z; `expected` holds to within `tolerance`, which is the last digit that the source states, or 0.1 % of a
//! value that another tool converged to. Conductances are kept in f32, which leaves 6e-8 of the exact ones.

use serde::Serialize;

use crate::analysis::transport::{Conduction, Error, Request, Volume};

/// A case with a known answer.
#[derive(Clone, Copy)]
pub struct Case {
    pub id: &'static str,
    pub title: &'static str,
    /// Where the expected value comes from.
    pub source: &'static str,
    pub expected: f64,
    /// Largest allowed difference.
    pub tolerance: f64,
    compute: fn() -> Result<f64, Error>,
}

/// What a case came to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Outcome {
    pub id: &'static str,
    pub title: &'static str,
    pub source: &'static str,
    /// Infinite values are written as null.
    pub expected: f64,
    pub tolerance: f64,
    pub computed: f64,
    pub passes: bool,
}

impl Case {
    /// Runs the case.
    ///
    /// # Errors
    /// Those of the solver.
    pub fn run(&self) -> Result<Outcome, Error> {
        let computed = (self.compute)()?;
        // Two infinities are equal, and their difference is no number.
        let passes = computed == self.expected || (computed - self.expected).abs() <= self.tolerance;
        Ok(Outcome {
            id: self.id,
            title: self.title,
            source: self.source,
            expected: self.expected,
            tolerance: self.tolerance,
            computed,
            passes,
        })
    }
}

const TAUFACTOR: &str = "TauFactor 2, test structures and notebook 12 (github.com/tldr-group/taufactor)";
const RAYLEIGH: &str = "converged value on the same voxels; Rayleigh 1892 gives 0.6057 for the smooth spheres";

macro_rules! cases {
    ($($id:literal, $title:literal, $source:expr, $expected:expr, $tolerance:expr, $compute:expr;)*) => {
        /// All cases.
        pub const CASES: &[Case] = &[$(Case {
            id: $id, title: $title, source: $source, expected: $expected, tolerance: $tolerance, compute: $compute,
        }),*];
    };
}

cases! {
    "uniform-block", "Tortuosity factor of a uniform block", "exact", 1.0, 1e-9,
        || tau([20, 20, 20], [false; 3], &[1.0, 1.0], |_| 1);
    "straight-strip", "Tortuosity factor of a straight strip", "exact", 1.0, 1e-9,
        || tau([20, 20, 20], [false; 3], &[0.0, 1.0], |[x, y, _]| u8::from(x < 10 && y < 10));
    "dead-end", "Tortuosity factor of a dead end", "exact", f64::INFINITY, 0.0,
        || tau([50, 50, 10], [false; 3], &[0.0, 1.0], |[x, y, z]| u8::from(x == 25 && y == 25 && z < 8));
    "laminates-series", "Conductivity of laminates 10 and 1 in series", "exact", 20.0 / 11.0, 2e-7,
        || sigma([8, 8, 8], &[10.0, 1.0], |[_, _, z]| (z % 2) as u8);
    "laminates-parallel", "Conductivity of laminates 10 and 1 in parallel", "exact", 5.5, 1e-8,
        || sigma([8, 8, 8], &[10.0, 1.0], |[x, _, _]| (x % 2) as u8);
    "contrast-series", "Conductivity of laminates 1 and 1e-6 in series", "exact", 2e-6 / (1.0 + 1e-6), 4e-13,
        || sigma([8, 8, 8], &[1.0, 1e-6], |[_, _, z]| (z % 2) as u8);
    "contrast-parallel", "Conductivity of straight wires of 1 in 1e-6, 1 to 15", "exact", (1.0 + 15e-6) / 16.0, 1e-8,
        || sigma([24, 24, 24], &[1e-6, 1.0], |[x, y, _]| u8::from(x % 4 == 1 && y % 4 == 2));
    "ketter-series", "Conductivity of laminates 0.71 and 0.32 in series", "Ketter 2025, 10.1038/s41467-025-56514-5",
        0.4412, 5e-5, || sigma([8, 8, 8], &[0.71, 0.32], |[_, _, z]| (z % 2) as u8);
    "ketter-parallel", "Conductivity of laminates 0.71 and 0.32 in parallel", "Ketter 2025, 10.1038/s41467-025-56514-5",
        0.515, 5e-5, || sigma([8, 8, 8], &[0.71, 0.32], |[x, _, _]| (x % 2) as u8);
    "ketter-clusters", "Conductivity of 5.22 with 20 % insulating clusters of 4 voxels",
        "Ketter 2025, 10.1038/s41467-025-56514-5", 3.02, 0.015, insulating_clusters;
    "sphere-array-20", "Conductivity around a cubic array of insulating spheres, 30 vol%, 20 voxels across", RAYLEIGH,
        0.579, 5e-4, || sphere_array(24);
    "sphere-array-40", "... 40 voxels across", RAYLEIGH, 0.595, 5e-4, || sphere_array(48);
    "sphere-array-60", "... 60 voxels across", RAYLEIGH, 0.598, 5e-4, || sphere_array(72);
    "slanted-strip", "Tortuosity factor of a slanted strip, 20 x 21 x 21", TAUFACTOR, 7.51667, 5e-6, slanted_strip;
    "periodic-diagonals", "Tortuosity factor of periodic diagonals, N = 64, 2 features", TAUFACTOR, 2.01012, 2.01e-3,
        || tau([1, 64, 64], [false, true, false], &[0.0, 1.0], |[_, y, z]| diagonal(y, z, 16));
    "fcc-32", "Tortuosity factor of the pores between FCC spheres, overlap 5 %, N = 32", TAUFACTOR, 3.307_094, 3.3e-3,
        || fcc_pore(32);
    "fcc-64", "... N = 64", TAUFACTOR, 2.348_118, 2.3e-3, || fcc_pore(64);
    "fcc-100", "... N = 100", TAUFACTOR, 2.184_316, 2.2e-3, || fcc_pore(100);
    "zigzag-0.1", "Tortuosity factor of a two-phase zigzag, conductivities 1 and 0.1", TAUFACTOR, 4.8635, 4.9e-3,
        || zigzag(0.1);
    "zigzag-0.5", "... 1 and 0.5", TAUFACTOR, 1.8087, 1.8e-3, || zigzag(0.5);
    "zigzag-1", "... 1 and 1", TAUFACTOR, 1.6072, 1.6e-3, || zigzag(1.0);
    "zigzag-2", "... 1 and 2", TAUFACTOR, 1.8087, 1.8e-3, || zigzag(2.0);
    "zigzag-10", "... 1 and 10", TAUFACTOR, 4.8634, 4.9e-3, || zigzag(10.0);
    "sphere-area", "Faces of a voxelised sphere over its area, less 1 (r = 60.25 voxels)",
        "three halves in the limit of fine voxels; 52.01 % measured on spheres of this size", 0.5201, 0.025, sphere_area;
}

fn volume(size: [usize; 3], label: impl Fn([usize; 3]) -> u8) -> Vec<u8> {
    let [nx, ny, nz] = size;
    (0..nx * ny * nz).map(|i| label([i % nx, i / nx % ny, i / (nx * ny)])).collect()
}

fn conduct(
    size: [usize; 3],
    periodic: [bool; 3],
    conductivity: &[f64],
    label: impl Fn([usize; 3]) -> u8,
) -> Result<crate::analysis::transport::Transport, Error> {
    let mut table = [0.0; 256];
    table[..conductivity.len()].copy_from_slice(conductivity);
    let request = Request { periodic, tolerance: 1e-10, ..Request::new(table) };
    let labels = volume(size, label);
    Conduction::new(Volume { size, labels: &labels }, &request)?.run()
}

fn tau(
    size: [usize; 3],
    periodic: [bool; 3],
    conductivity: &[f64],
    label: impl Fn([usize; 3]) -> u8,
) -> Result<f64, Error> {
    Ok(conduct(size, periodic, conductivity, label)?.tortuosity_factor)
}

fn sigma(size: [usize; 3], conductivity: &[f64], label: impl Fn([usize; 3]) -> u8) -> Result<f64, Error> {
    Ok(conduct(size, [false; 3], conductivity, label)?.effective_conductivity)
}

/// A strip of 2 x 2 voxels that moves by one voxel along x and y with each layer.
fn slanted_strip() -> Result<f64, Error> {
    let inside = |c: usize, z: usize| c == z || c == z + 1;
    tau([21, 21, 20], [false; 3], &[0.0, 1.0], |[x, y, z]| u8::from(inside(x, z) && inside(y, z)))
}

/// Bands of a width under 45 degrees.
fn diagonal(y: usize, z: usize, width: usize) -> u8 {
    ((y + z) / width % 2) as u8
}

/// Bands that turn back at half height, of another conductivity from there on.
fn zigzag(second: f64) -> Result<f64, Error> {
    const N: usize = 64;
    tau([1, N, N], [false, true, false], &[0.0, 1.0, second], |[_, y, z]| {
        let (height, phase) = if z < N / 2 { (z, 1) } else { (N - 1 - z, 2) };
        phase * diagonal(y, height, N / 2)
    })
}

/// Pores between face-centred cubic spheres that overlap by 5 %; all sides periodic but the ends.
fn fcc_pore(n: usize) -> Result<f64, Error> {
    let edge = n as f64;
    let radius = 0.25 * std::f64::consts::SQRT_2 * edge / (1.0 - 0.5 * 0.05);
    // Corners and face centres, on all sides of the cell.
    let mut centres = Vec::new();
    for i in 0..27 {
        let half = [i % 3, i / 3 % 3, i / 9];
        if half.iter().sum::<usize>() % 2 == 0 {
            centres.push(half.map(|h| 0.5 * h as f64 * edge));
        }
    }
    tau([n, n, n], [true; 3], &[0.0, 1.0], |at| {
        let inside = |centre: &[f64; 3]| {
            (0..3).map(|a| at[a] as f64 + 0.5 - centre[a]).map(|d| d * d).sum::<f64>() <= radius * radius
        };
        u8::from(!centres.iter().any(inside))
    })
}

/// One insulating sphere of 30 vol% in the middle of a cell of n voxels whose sides mirror it; n is 1.2 diameters.
fn sphere_array(n: usize) -> Result<f64, Error> {
    let radius = n as f64 * libm::cbrt(0.3 * 0.75 / std::f64::consts::PI);
    sigma([n, n, n], &[1.0, 0.0], |at| {
        let square: f64 = at.iter().map(|&c| c as f64 + 0.5 - 0.5 * n as f64).map(|d| d * d).sum();
        u8::from(square <= radius * radius)
    })
}

/// Clusters of four voxels, each grown at random from a random place, until a fifth of 60³ voxels insulates.
fn insulating_clusters() -> Result<f64, Error> {
    use rand::{RngExt, SeedableRng};
    const N: usize = 60;
    let mut rng = rand::rngs::ChaCha8Rng::seed_from_u64(1);
    let mut below = |n: usize| rng.random_range(0..n as u32) as usize;
    let mut labels = vec![0_u8; N * N * N];
    let mut missing = N * N * N / 5;
    while missing > 0 {
        let mut cluster = vec![[below(N), below(N), below(N)]];
        while cluster.len() < 4 {
            let mut at = cluster[below(cluster.len())];
            let axis = below(3);
            at[axis] = (at[axis] + if below(2) == 0 { 1 } else { N - 1 }) % N;
            if !cluster.contains(&at) {
                cluster.push(at);
            }
        }
        let places: Vec<usize> = cluster.iter().map(|[x, y, z]| x + N * (y + N * z)).collect();
        if places.iter().all(|&i| labels[i] == 0) {
            places.iter().for_each(|&i| labels[i] = 1);
            missing -= 4;
        }
    }
    sigma([N, N, N], &[5.22, 0.0], |[x, y, z]| labels[x + N * (y + N * z)])
}

/// Faces between a sphere's voxels and the others over 4 pi r², less 1.
fn sphere_area() -> Result<f64, Error> {
    const N: usize = 126;
    const RADIUS: f64 = 60.25;
    let inside = |[x, y, z]: [usize; 3]| {
        let square: f64 = [x, y, z].iter().map(|&c| c as f64 + 0.5 - 0.5 * N as f64).map(|d| d * d).sum();
        square <= RADIUS * RADIUS
    };
    let mut faces = 0_usize;
    for i in 0..N * N * N {
        let at = [i % N, i / N % N, i / (N * N)];
        for axis in 0..3 {
            let mut next = at;
            next[axis] += 1;
            faces += usize::from(next[axis] < N && inside(at) != inside(next));
        }
    }
    Ok(faces as f64 / (4.0 * std::f64::consts::PI * RADIUS * RADIUS) - 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_comes_out_as_expected() {
        let outcomes: Vec<Outcome> = CASES.iter().map(|case| case.run().unwrap()).collect();
        let wrong: Vec<String> = outcomes
            .iter()
            .filter(|o| !o.passes)
            .map(|o| format!("{}: {} instead of {} ± {}", o.id, o.computed, o.expected, o.tolerance))
            .collect();
        assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    }
}
