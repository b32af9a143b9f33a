//! Iterative refinement: an f64 solution from f32 solves.
//!
//! `x ← x + d`, where `A d ≈ b − A x` is solved in f32 to a few digits and the residual is formed anew in f64. b is scaled to
//! size 1 first, so nothing underflows. The conjugate gradients go on from round to round, they do not begin again.

use super::lattice::{Lattice, Ring};
use super::multigrid::Multigrid;
use super::pcg::{self, Pcg, Tolerance};
use super::vector::{dot, dot64};

/// Share of the residual that one f32 solve leaves, where conductances differ by little.
pub const MILD_ROUND: f64 = 5e-5;
/// The same for any contrast: on the way, weakly tied pieces take large potentials, whose rounding the iteration's own
/// residual does not see.
pub const ROUND: f64 = 1e-2;
/// The same of the first round at any contrast: what all potentials share is then out of the way of f32.
const FIRST_ROUND: f64 = 0.1;
/// Rounds after which refinement is given up; four rounds reach 1e-12.
const MAX_ROUNDS: usize = 20;

/// What a solve took, and how good it is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Info {
    pub iterations: usize,
    pub rounds: usize,
    /// `|b − A x| / |b|`, formed in f64.
    pub relative_residual: f64,
}

/// Why a solve failed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Failure {
    Linear(pcg::Failure),
    /// Rounds no longer reduce the residual.
    Stagnated(Info),
}

/// State of a piece of work.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Step {
    Running,
    Converged(Info),
}

/// A solve in progress.
pub struct Refinement {
    /// The solution so far.
    pub x: Vec<f64>,
    b: Vec<f32>,
    b_norm: f64,
    round: f64,
    tolerance: f64,
    info: Info,
    /// Works on `b / |b|`.
    pcg: Pcg,
    ring: Ring<f64>,
    /// A plane of currents.
    flow: Vec<f64>,
    in_round: bool,
}

impl Refinement {
    /// Begins to solve `A x = b` from x = 0.
    ///
    /// * `b` – right-hand side; shape: nodes of the lattice, 0 at absent nodes
    /// * `tolerance` – relative residual to reach
    /// * `round` – share of the residual that one f32 solve leaves: [`ROUND`], or [`MILD_ROUND`]
    pub fn new(lattice: &Lattice, b: Vec<f32>, tolerance: f64, round: f64, max_iterations: usize) -> Refinement {
        let b_norm = dot(&b, &b).sqrt();
        let scale = if b_norm > 0.0 { (1.0 / b_norm) as f32 } else { 0.0 };
        let mut pcg = Pcg::new(lattice);
        pcg.start_by_residual(Tolerance { relative: 0.0, absolute: 0.0, max_iterations }, |r| {
            r.iter_mut().zip(&b).for_each(|(r, b)| *r = scale * b);
        });
        let [nx, ny, _] = lattice.size();
        Refinement {
            x: vec![0.0; b.len()],
            b_norm,
            round,
            tolerance,
            info: Info { relative_residual: if b_norm > 0.0 { 1.0 } else { 0.0 }, ..Info::default() },
            pcg,
            ring: Ring::new(lattice),
            flow: vec![0.0; nx * ny * lattice.layers()],
            b,
            in_round: false,
        }
    }

    /// Begins from a guess instead; 0 at absent nodes.
    pub fn start_from(&mut self, lattice: &Lattice, x: Vec<f64>) {
        self.x = x;
        self.form_residual(lattice);
    }

    /// `b − A x` in f64; the next f32 solve begins with it.
    fn form_residual(&mut self, lattice: &Lattice) {
        let Refinement { x, b, pcg, ring, flow, .. } = self;
        let scale = if self.b_norm > 0.0 { 1.0 / self.b_norm } else { 0.0 };
        let mut square = 0.0;
        pcg.resume(|r| {
            let (plane, body) = (flow.len(), lattice.hub(0));
            let copy = |_: [usize; 3], node: usize, row: &mut [f64]| row.copy_from_slice(&x[node..][..row.len()]);
            ring.start(lattice, &x[body..], copy);
            for z in 0..lattice.size()[2] {
                ring.load(lattice, z + 1, &x[body..], copy);
                lattice.plane_flow(z, ring, flow);
                let here = z * plane..(z + 1) * plane;
                for ((flow, b), r) in flow.iter_mut().zip(&b[here.clone()]).zip(&mut r[here]) {
                    *flow = scale * (f64::from(*b) - *flow);
                    *r = *flow as f32;
                }
                square += dot64(flow, flow);
                ring.advance();
            }
            for k in 0..lattice.hubs() {
                let hub = lattice.hub(k);
                let left = scale * (f64::from(b[hub]) - lattice.hub_flow(k, x));
                r[hub] = left as f32;
                square += left * left;
            }
        });
        self.info.relative_residual = square.sqrt();
    }

    /// Is the error's square in the energy norm at most this? Judged by the preconditioner, as an estimate.
    pub fn error_energy_within(&mut self, limit: f64, lattice: &Lattice, multigrid: &mut Multigrid) -> bool {
        let limit = limit / (self.b_norm * self.b_norm);
        // Most often that of the last but one iterate is small enough, and costs nothing.
        self.pcg.error_energy() <= limit || self.pcg.measure(lattice, multigrid) <= limit
    }

    /// Asks for two digits more than there are: [`Refinement::step`] goes on where it had ended.
    pub fn tighten(&mut self) {
        self.tolerance = 0.01 * self.info.relative_residual;
    }

    /// One linear iteration, or the end of a round.
    ///
    /// # Errors
    /// [`Failure`]; the solution is then of no use.
    pub fn step(&mut self, lattice: &Lattice, multigrid: &mut Multigrid) -> Result<Step, Failure> {
        if self.info.relative_residual <= self.tolerance {
            return Ok(Step::Converged(self.info));
        }
        if !self.in_round {
            // The last round need not overshoot the goal by much.
            let round = if self.info.rounds == 0 && self.round == ROUND { FIRST_ROUND } else { self.round };
            self.pcg.aim((round * self.info.relative_residual).max(0.7 * self.tolerance));
            self.in_round = true;
        }
        let step = self.pcg.step(lattice, multigrid).map_err(Failure::Linear)?;
        let pcg::Step::Converged(info) = step else { return Ok(Step::Running) };
        self.in_round = false;
        self.info.iterations = info.iterations;
        self.info.rounds += 1;
        for (x, d) in self.x.iter_mut().zip(&self.pcg.x) {
            *x += self.b_norm * f64::from(*d);
        }
        let before = self.info.relative_residual;
        self.form_residual(lattice);
        let stuck = self.info.relative_residual > 0.5 * before || !self.info.relative_residual.is_finite();
        let spent = self.info.rounds >= MAX_ROUNDS;
        if self.info.relative_residual > self.tolerance && (stuck || spent) {
            return Err(Failure::Stagnated(self.info));
        }
        Ok(Step::Running)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::lattice::tests::random_lattice;

    #[test]
    fn refinement_reaches_the_digits_of_f64() {
        let lattice = random_lattice([9, 8, 10], 5.0, 11);
        let mut b = vec![0.0; lattice.len()];
        b[lattice.hub(0)] = 3e-9;
        let mut multigrid = Multigrid::new(&lattice);
        let mut solve = Refinement::new(&lattice, b, 1e-11, ROUND, 500);
        let info = loop {
            if let Step::Converged(info) = solve.step(&lattice, &mut multigrid).unwrap() {
                break info;
            }
        };
        assert!(info.relative_residual <= 1e-11 && info.rounds >= 3, "{info:?}");
        // What enters at one hub leaves to ground by the other.
        let out = f64::from(lattice.hub_excess[1]) * solve.x[lattice.hub(1)];
        let through_ground: f64 = {
            let mut sum = 0.0;
            let [nx, ny, nz] = lattice.size();
            for k in 0..nx * ny {
                let at = [k % nx, k / nx, nz - 1];
                sum += f64::from(lattice.gz[lattice.face_z_above(1, at)]) * solve.x[lattice.node(1, at)];
            }
            sum
        };
        assert!(((out + through_ground) / 3e-9 - 1.0).abs() < 1e-8, "{out} and {through_ground}");
    }

    #[test]
    fn too_few_iterations_are_an_error_not_a_number() {
        let lattice = random_lattice([9, 8, 10], 5.0, 11);
        let mut b = vec![0.0; lattice.len()];
        b[lattice.hub(0)] = 1.0;
        let mut multigrid = Multigrid::new(&lattice);
        let mut solve = Refinement::new(&lattice, b, 1e-10, ROUND, 3);
        let failure = loop {
            match solve.step(&lattice, &mut multigrid) {
                Ok(Step::Running) => {}
                Ok(done) => panic!("{done:?}"),
                Err(failure) => break failure,
            }
        };
        assert!(matches!(failure, Failure::Linear(pcg::Failure::NoConvergence(_))));
    }
}
