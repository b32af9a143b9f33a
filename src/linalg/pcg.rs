//! Flexible preconditioned conjugate gradients in f32, one iteration at a time.
//!
//! f32 is enough where the caller corrects a state held in f64 (Newton steps, iterative refinement): each correction needs
//! a few digits only. All sums are in f64. The direction is made conjugate to the last one explicitly (Notay 2000),
//! because the K-cycle is not a fixed matrix.

use super::lattice::{Lattice, Ring};
use super::multigrid::Multigrid;
use super::vector::{Dot, dot};

/// How an error is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Norm {
    /// `√(r · M⁻¹ r)`, an estimate of the energy norm of the error.
    Energy,
    /// `√(r · r)`.
    Residual,
}

/// When to stop.
#[derive(Clone, Copy, Debug)]
pub struct Tolerance {
    /// Share of the first error.
    pub relative: f64,
    /// The error itself.
    pub absolute: f64,
    pub max_iterations: usize,
}

/// What one solve took.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Info {
    pub iterations: usize,
    /// Errors at the start and at the end, in the norm of the solve.
    pub first_error: f64,
    pub last_error: f64,
}

/// Why a solve failed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Failure {
    /// The tolerance was not reached.
    NoConvergence(Info),
    /// A direction had no positive energy: the matrix is not positive definite, or a number was not finite.
    NotPositiveDefinite(Info),
}

/// State of a piece of work.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Step {
    /// Call again.
    Running,
    Converged(Info),
}

/// What an iteration leaves of the error in the energy norm, at most as a rule: to measure it instead would cost most of another
/// iteration.
const REDUCTION: f64 = 0.5;
/// A direction that keeps less than this share of the energy it was made from is rounding.
const LOST: f64 = 1e-5;

/// Solver with its vectors; reuse it for every solve on lattices of one size.
#[derive(Clone)]
pub struct Pcg {
    /// The solution; starts from zero.
    pub x: Vec<f32>,
    r: Vec<f32>,
    z: Vec<f32>,
    p: Vec<f32>,
    ap: Vec<f32>,
    p_ap: f64,
    r_r: f64,
    z_r: f64,
    tolerance: Tolerance,
    norm: Norm,
    info: Info,
    ring: Ring<f32>,
}

impl Pcg {
    pub fn new(lattice: &Lattice) -> Pcg {
        let zeros = || vec![0.0; lattice.len()];
        let tolerance = Tolerance { relative: 0.0, absolute: 0.0, max_iterations: 0 };
        Pcg {
            x: zeros(),
            r: zeros(),
            z: zeros(),
            p: zeros(),
            ap: zeros(),
            p_ap: 0.0,
            r_r: 0.0,
            z_r: f64::INFINITY,
            tolerance,
            norm: Norm::Energy,
            info: Info::default(),
            ring: Ring::new(lattice),
        }
    }

    /// Begins a solve to an error in the energy norm; `right_hand_side` writes b.
    pub fn start(&mut self, tolerance: Tolerance, right_hand_side: impl FnOnce(&mut [f32])) {
        self.begin(tolerance, Norm::Energy, right_hand_side);
    }

    /// Begins a solve to a norm of the residual; `right_hand_side` writes b.
    pub fn start_by_residual(&mut self, tolerance: Tolerance, right_hand_side: impl FnOnce(&mut [f32])) {
        self.begin(tolerance, Norm::Residual, right_hand_side);
    }

    /// The error to reach, from now on.
    pub fn aim(&mut self, goal: f64) {
        self.tolerance.absolute = goal;
        self.tolerance.relative = 0.0;
    }

    /// Goes on with a residual formed anew: x counts from zero again, the search direction stays (a restart would lose
    /// what it has learnt).
    pub fn resume(&mut self, residual: impl FnOnce(&mut [f32])) {
        self.x.fill(0.0);
        residual(&mut self.r);
        self.r_r = dot(&self.r, &self.r);
    }

    fn begin(&mut self, tolerance: Tolerance, norm: Norm, right_hand_side: impl FnOnce(&mut [f32])) {
        (self.tolerance, self.norm) = (tolerance, norm);
        self.info = Info::default();
        self.x.fill(0.0);
        right_hand_side(&mut self.r);
        self.r_r = dot(&self.r, &self.r);
    }

    /// Estimate of the error's square in the energy norm, before the last iteration; infinite before the first.
    pub fn error_energy(&self) -> f64 {
        self.z_r
    }

    /// That estimate for the present residual.
    pub fn measure(&mut self, lattice: &Lattice, multigrid: &mut Multigrid) -> f64 {
        multigrid.precondition(lattice, &self.r, &self.ap, &mut self.z, &mut self.ring).0
    }

    /// One iteration.
    ///
    /// # Errors
    /// [`Failure`], with the iterations and errors so far.
    pub fn step(&mut self, lattice: &Lattice, multigrid: &mut Multigrid) -> Result<Step, Failure> {
        if self.norm == Norm::Residual
            && let Some(info) = self.judge(self.r_r)?
        {
            return Ok(Step::Converged(info));
        }
        let (z_r, z_ap) = multigrid.precondition(lattice, &self.r, &self.ap, &mut self.z, &mut self.ring);
        if !z_r.is_finite() || z_r < 0.0 {
            return Err(Failure::NotPositiveDefinite(self.info));
        }
        self.z_r = z_r;
        if self.norm == Norm::Energy && self.info.iterations == 0 {
            self.info.first_error = z_r.sqrt();
            if z_r == 0.0 {
                return Ok(Step::Converged(self.info));
            }
        }
        let beta = if self.info.iterations == 0 { 0.0 } else { (-z_ap / self.p_ap) as f32 };
        self.turn(lattice, beta);
        if beta != 0.0 && self.p_ap < LOST * z_r {
            // The last direction was all that was left to learn, as with a handful of nodes: begin with a new one.
            self.turn(lattice, 0.0);
        }
        if self.p_ap.is_nan() || self.p_ap <= 0.0 {
            return Err(Failure::NotPositiveDefinite(self.info));
        }
        // p · r = z · r, for the last step made r orthogonal to the last p.
        self.go((z_r / self.p_ap) as f32);
        self.info.iterations += 1;
        let reached = if self.norm == Norm::Energy { self.judge(REDUCTION * REDUCTION * z_r)? } else { None };
        Ok(reached.map_or(Step::Running, Step::Converged))
    }

    /// `p ← z + beta p`, `ap ← A p` and p · ap, plane by plane in one pass.
    fn turn(&mut self, lattice: &Lattice, beta: f32) {
        let Pcg { z, p, ap, ring, .. } = self;
        let turned = |p: &mut [f32], z: &[f32]| {
            if beta == 0.0 {
                p.copy_from_slice(z);
            } else {
                p.iter_mut().zip(z).for_each(|(p, z)| *p = z + beta * *p);
            }
        };
        let (p, p_hubs) = p.split_at_mut(lattice.hub(0));
        turned(p_hubs, &z[lattice.hub(0)..]);
        let load = |p: &mut [f32], node: usize, row: &mut [f32]| {
            let p = &mut p[node..][..row.len()];
            turned(p, &z[node..][..row.len()]);
            row.copy_from_slice(p);
        };
        ring.start(lattice, p_hubs, |_, node, row| load(p, node, row));
        let [nx, ny, nz] = lattice.size();
        let plane_len = nx * ny * lattice.layers();
        let mut dot = Dot::default();
        for z in 0..nz {
            ring.load(lattice, z + 1, p_hubs, |_, node, row| load(p, node, row));
            let flow = &mut ap[z * plane_len..][..plane_len];
            lattice.plane_flow(z, ring, flow);
            dot.add(&p[z * plane_len..][..plane_len], flow);
            ring.advance();
        }
        let mut p_ap = dot.sum();
        for k in 0..lattice.hubs() {
            let hub = lattice.hub(k);
            ap[hub] = lattice.hub_flow(k, &self.p) as f32;
            p_ap += f64::from(self.p[hub]) * f64::from(ap[hub]);
        }
        self.p_ap = p_ap;
    }

    /// `x ← x + alpha p`, `r ← r − alpha ap` and r · r, in one pass.
    fn go(&mut self, alpha: f32) {
        const CHUNK: usize = 1024;
        let mut r_r = Dot::default();
        let (x, r) = (self.x.chunks_mut(CHUNK), self.r.chunks_mut(CHUNK));
        for ((x, r), (p, ap)) in x.zip(r).zip(self.p.chunks(CHUNK).zip(self.ap.chunks(CHUNK))) {
            for k in 0..x.len() {
                x[k] += alpha * p[k];
                r[k] -= alpha * ap[k];
            }
            r_r.add(r, r);
        }
        self.r_r = r_r.sum();
    }

    /// Is an error with this square small enough?
    fn judge(&mut self, square: f64) -> Result<Option<Info>, Failure> {
        let error = square.sqrt();
        if self.info.iterations == 0 {
            self.info.first_error = error;
        }
        self.info.last_error = error;
        if error <= self.tolerance.absolute.max(self.tolerance.relative * self.info.first_error) {
            return Ok(Some(self.info));
        }
        if self.info.iterations >= self.tolerance.max_iterations {
            return Err(Failure::NoConvergence(self.info));
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::lattice::tests::{branches, random_lattice};

    fn solve(lattice: &Lattice, b: &[f64], relative: f64) -> Result<(Vec<f32>, Info), Failure> {
        let mut multigrid = Multigrid::new(lattice);
        let mut pcg = Pcg::new(lattice);
        pcg.start(Tolerance { relative, absolute: 0.0, max_iterations: 200 }, |r| {
            r.iter_mut().zip(b).for_each(|(r, b)| *r = *b as f32);
        });
        loop {
            if let Step::Converged(info) = pcg.step(lattice, &mut multigrid)? {
                return Ok((pcg.x, info));
            }
        }
    }

    /// Gaussian elimination on the dense matrix; absent nodes stay 0.
    fn dense_solution(lattice: &Lattice, b: &[f64]) -> Vec<f64> {
        let n = lattice.len();
        let mut a = vec![vec![0.0; n + 1]; n];
        for (i, j, g) in branches(lattice) {
            let g = f64::from(g);
            a[i][i] += g;
            if let Some(j) = j {
                a[j][j] += g;
                a[i][j] -= g;
                a[j][i] -= g;
            }
        }
        for i in 0..n {
            a[i][n] = b[i];
            if a[i][i] == 0.0 {
                a[i][i] = 1.0;
                a[i][n] = 0.0;
            }
        }
        for i in 0..n {
            let pivot = a[i].clone();
            for row in a.iter_mut().skip(i + 1) {
                let f = row[i] / pivot[i];
                if f != 0.0 {
                    row.iter_mut().zip(&pivot).skip(i).for_each(|(v, p)| *v -= f * p);
                }
            }
        }
        let mut x = vec![0.0; n];
        for i in (0..n).rev() {
            let sum: f64 = (i + 1..n).map(|j| a[i][j] * x[j]).sum();
            x[i] = (a[i][n] - sum) / a[i][i];
        }
        x
    }

    #[test]
    fn two_layer_networks_of_high_contrast_are_solved() {
        for (size, decades, seed) in [([4, 3, 4], 1.0, 1), ([6, 5, 7], 3.0, 2), ([7, 6, 8], 5.0, 3)] {
            let lattice = random_lattice(size, decades, seed);
            let mut b = vec![0.0; lattice.len()];
            b[lattice.hub(0)] = 1.0;
            let expected = dense_solution(&lattice, &b);
            let (x, info) = solve(&lattice, &b, 1e-5).unwrap();
            let scale = expected[lattice.hub(0)];
            for (i, e) in expected.iter().enumerate() {
                // f32 keeps 7 digits; the network may lose three of them.
                assert!((f64::from(x[i]) - e).abs() < 1e-3 * scale, "{i}: {} against {e} ({info:?})", x[i]);
            }
            assert!(info.iterations < 30, "{info:?}");
        }
    }

    #[test]
    fn iterations_hardly_grow_with_size() {
        let count = |n: usize| {
            let lattice = random_lattice([n, n, n], 4.0, 7);
            let mut b = vec![0.0; lattice.len()];
            b[lattice.hub(0)] = 1.0;
            solve(&lattice, &b, 1e-5).unwrap().1.iterations
        };
        let (small, large) = (count(8), count(32));
        assert!(large <= 2 * small.max(8), "{small} iterations at 8, {large} at 32");
    }

    #[test]
    fn failures_carry_their_evidence() {
        let lattice = random_lattice([6, 6, 6], 4.0, 5);
        let mut multigrid = Multigrid::new(&lattice);
        let mut pcg = Pcg::new(&lattice);
        pcg.start(Tolerance { relative: 1e-12, absolute: 0.0, max_iterations: 1 }, |r| r.fill(1.0));
        let failure = loop {
            match pcg.step(&lattice, &mut multigrid) {
                Ok(_) => {}
                Err(failure) => break failure,
            }
        };
        assert!(matches!(failure, Failure::NoConvergence(Info { iterations: 1, .. })));
        pcg.start(Tolerance { relative: 1e-5, absolute: 0.0, max_iterations: 9 }, |r| r[0] = f32::NAN);
        assert!(matches!(pcg.step(&lattice, &mut multigrid), Err(Failure::NotPositiveDefinite(_))));
    }
}
