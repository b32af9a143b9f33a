//! Newton's method on one time step, in bounded pieces of work.
//!
//! The coefficients that the matrix takes for constant (diffusion, conductivity of the NCA) follow the state over the first
//! iterations, so the step is implicit in all but what the last of them leaves. With the coefficients at rest the problem is convex:
//! a line search, and all further iterations, find its solution from anywhere.

use super::network::{Network, TERMINAL};
use crate::linalg::multigrid::Multigrid;
use crate::linalg::pcg::{self, Pcg, Tolerance};

/// Newton gives up after this many iterations; ordinary steps take two.
const MAX_ITERATIONS: usize = 30;
const MAX_LINE_SEARCH: usize = 14;
const MAX_LINEAR_ITERATIONS: usize = 300;
/// Correction in volts below which no line search is needed.
const SMALL: f64 = 1e-3;
/// A correction shifts the coefficients, which Newton's matrix takes for constant; the next correction is this share of it
/// (0.05 to 0.15 was found).
const LAG: f64 = 0.1;
/// A correction moves the terminal by no more than its energy norm times √ of the terminal's resistance. One that moves it so
/// many times further than the assumed resistance allows shows that the true one is greater.
const WITHIN: f64 = 3.0;
/// Coefficients whose following does not shrink the corrections to this share follow no more (nor by corrections of less than
/// [`SMALL`]): voxels nearly full may answer each other for ever, by less than 0.01 mV at the terminal.
const SHRINKS: f64 = 0.6;
/// The voltage is right; the currents must be as well: difference between separator and terminal, relative. Two shifts are
/// enough but for the shortest steps.
const BALANCED: f64 = 1e-6;
const TOLERABLE: f64 = 1e-4;
const MAX_SHIFTS: usize = 3;
/// A hierarchy that fits divides the error by e in each linear iteration. A new one costs as much as so many of them: when the
/// present one has wasted that many, it is replaced.
const WORTH_A_SETUP: f64 = 8.0;

/// Work done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Statistics {
    pub newton_iterations: usize,
    pub linear_iterations: usize,
    /// Hierarchies built.
    pub setups: usize,
}

/// Why a time step could not be solved.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Failure {
    Linear(pcg::Failure),
    /// Too many iterations; `correction` is the last one's size [V].
    Stalled {
        iterations: usize,
        correction: f64,
    },
}

/// State of a piece of work.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Progress {
    Running,
    /// Solved after so many iterations.
    Converged(usize),
}

#[derive(Clone)]
enum Stage {
    Evaluate,
    Solve,
    /// Part of the correction to be tried, and that which the state holds already.
    Search {
        alpha: f64,
        taken: f64,
        trials: usize,
    },
}

#[derive(Clone)]
pub struct Newton {
    pcg: Pcg,
    multigrid: Option<Multigrid>,
    /// Was it made for the solve in work?
    fresh: bool,
    residual: Vec<f64>,
    stage: Stage,
    iterations: usize,
    /// Do the coefficients follow the state? Size of the last correction [V].
    follows: bool,
    last_volts: f64,
    /// Energy norm of the correction in work, and of the linear error in it.
    correction: f64,
    linear_error: f64,
    /// √ of the resistance from the terminal to ground, lattice units: turns energy norms into volts. Typical, or as great as
    /// corrections have shown it to be.
    root_resistance: f64,
    /// Error allowed in the terminal voltage, and what the last step left of it by its own estimate [V].
    tolerance_v: f64,
    left_v: f64,
    /// Linear iterations beyond those that a hierarchy that fits would have taken.
    wasted: f64,
    pub statistics: Statistics,
}

impl Newton {
    /// * `tolerance_v` – error allowed in the terminal voltage [V]
    pub fn new(network: &Network, tolerance_v: f64) -> Newton {
        // 50 Ohm cm2 is what these electrodes have between terminal and lithium, within a factor of a few.
        const TYPICAL_RESISTANCE: f64 = 5e-3;
        let n = network.lattice.len();
        Newton {
            pcg: Pcg::new(&network.lattice),
            multigrid: None,
            fresh: false,
            residual: vec![0.0; n],
            stage: Stage::Evaluate,
            iterations: 0,
            correction: f64::INFINITY,
            linear_error: 0.0,
            follows: true,
            last_volts: f64::INFINITY,
            root_resistance: network.scaled_resistance(TYPICAL_RESISTANCE).sqrt(),
            tolerance_v,
            left_v: 0.0,
            wasted: 0.0,
            statistics: Statistics::default(),
        }
    }

    /// Forgets the hierarchy: the network has changed.
    pub fn forget(&mut self) {
        self.multigrid = None;
    }

    /// Estimated error of the terminal voltage in the step just solved [V].
    pub fn error_v(&self) -> f64 {
        self.left_v
    }

    /// Currents that do not balance at the nodes in the step just solved: their norm over the current, as
    /// [`Network::imbalance`] is relative.
    pub fn relative_residual(&self, network: &Network, state: &[f64]) -> f64 {
        let square: f64 = self.residual.iter().map(|r| r * r).sum();
        square.sqrt() / network.reference_current(state)
    }

    /// Begins a new step; the network must have begun it.
    pub fn begin(&mut self) {
        self.stage = Stage::Evaluate;
        self.iterations = 0;
        self.correction = f64::INFINITY;
        self.follows = true;
        self.last_volts = f64::INFINITY;
    }

    /// One bounded piece of work: an evaluation, a linear iteration or a trial of the line search.
    ///
    /// # Errors
    /// [`Failure`]; `state` is then of no use.
    pub fn advance(&mut self, network: &mut Network, state: &mut [f64]) -> Result<Progress, Failure> {
        match self.stage {
            Stage::Evaluate => {
                network.evaluate(state, &mut self.residual);
                self.begin_solve(network);
            }
            Stage::Solve => {
                let multigrid = self.multigrid.as_mut().expect("begin_solve built it");
                let step = match self.pcg.step(&network.lattice, multigrid) {
                    Ok(step) => step,
                    Err(failure) => {
                        // Whatever went wrong, the next try gets a hierarchy of its own.
                        self.multigrid = None;
                        if self.fresh {
                            return Err(Failure::Linear(failure));
                        }
                        self.begin_solve(network);
                        return Ok(Progress::Running);
                    }
                };
                if let pcg::Step::Converged(info) = step {
                    self.after_solve(info);
                    self.stage = Stage::Search { alpha: 1.0, taken: 0.0, trials: 0 };
                }
            }
            Stage::Search { alpha, taken, trials } => return self.search(network, state, [alpha, taken], trials),
        }
        Ok(Progress::Running)
    }

    fn begin_solve(&mut self, network: &mut Network) {
        network.lattice.update_diagonal();
        self.fresh = self.multigrid.is_none() || self.wasted > WORTH_A_SETUP;
        if self.fresh {
            self.multigrid = Some(Multigrid::new(&network.lattice));
            self.statistics.setups += 1;
            self.wasted = 0.0;
        }
        // A tenth is about what the lag of the coefficients leaves of a correction whatever the linear error.
        let (relative, absolute) = (LAG, 0.3 * self.tolerance_v / self.root_resistance);
        let tolerance = Tolerance { relative, absolute, max_iterations: MAX_LINEAR_ITERATIONS };
        let residual = &self.residual;
        self.pcg.start(tolerance, |b| b.iter_mut().zip(residual).for_each(|(b, r)| *b = -*r as f32));
        self.stage = Stage::Solve;
    }

    fn after_solve(&mut self, info: pcg::Info) {
        self.statistics.linear_iterations += info.iterations;
        self.statistics.newton_iterations += 1;
        self.iterations += 1;
        self.linear_error = info.last_error;
        if info.last_error > 0.0 {
            let needed = libm::log(info.first_error / info.last_error);
            self.wasted = (self.wasted + info.iterations as f64 - needed).max(0.0);
        }
    }

    fn search(
        &mut self,
        network: &mut Network,
        state: &mut [f64],
        [alpha, taken]: [f64; 2],
        trials: usize,
    ) -> Result<Progress, Failure> {
        let direction = &self.pcg.x;
        // Slope of the convex functional along the direction; below zero at its start.
        let start = if trials == 0 { slope(&self.residual, direction) } else { -self.correction * self.correction };
        if trials == 0 {
            self.correction = (-start).max(0.0).sqrt();
            let root_seen = f64::from(direction[network.lattice.hub(TERMINAL)].abs()) / self.correction;
            if root_seen.is_finite() {
                self.root_resistance = self.root_resistance.max(root_seen / WITHIN);
            }
        }
        let volts = self.correction * self.root_resistance;
        if !volts.is_finite() {
            return Err(Failure::Stalled { iterations: self.iterations, correction: volts });
        }
        for (u, d) in state.iter_mut().zip(direction) {
            *u += (alpha - taken) * f64::from(*d);
        }
        let large = volts > SMALL;
        if large {
            // The coefficients follow at once; as the correction shrinks they come back to those that it was made with.
            if self.follows {
                network.freeze(state);
            }
            network.evaluate(state, &mut self.residual);
            let end = slope(&self.residual, direction);
            if end > 0.5 * -start && trials < MAX_LINE_SEARCH {
                // Secant on the slope, kept inside the interval.
                let shrink = (-start / (end - start)).clamp(0.1, 0.6);
                self.stage = Stage::Search { alpha: alpha * shrink, taken: alpha, trials: trials + 1 };
                return Ok(Progress::Running);
            }
        }
        // What is left: the linear error, the curvature (quadratic convergence, about v² / 50 mV) and the lag.
        self.follows &= volts > SMALL || volts < SHRINKS * self.last_volts;
        self.last_volts = volts;
        let lag = if self.follows { LAG } else { 0.0 };
        let left = self.linear_error * self.root_resistance + volts * (volts / 0.05 + lag);
        if alpha == 1.0 && left < self.tolerance_v {
            self.left_v = left;
            if self.close_books(network, state) {
                return Ok(Progress::Converged(self.iterations));
            }
        } else if !large {
            if self.follows {
                network.freeze(state);
            }
            network.evaluate(state, &mut self.residual);
        }
        if self.iterations >= MAX_ITERATIONS {
            return Err(Failure::Stalled { iterations: self.iterations, correction: volts });
        }
        self.begin_solve(network);
        Ok(Progress::Running)
    }

    /// Shifts the rails until separator and capacitors carry the current to a part in a million; can it be done?
    fn close_books(&mut self, network: &mut Network, state: &mut [f64]) -> bool {
        network.evaluate(state, &mut self.residual);
        for _ in 0..MAX_SHIFTS {
            if network.imbalance(state) < BALANCED {
                return true;
            }
            network.shift_rails(state, &mut self.residual);
        }
        // In the shortest steps rounding leaves more; the certificate of the run shows it.
        network.imbalance(state) < TOLERABLE
    }
}

fn slope(residual: &[f64], direction: &[f32]) -> f64 {
    const LANES: usize = 8;
    let mut lanes = [0.0_f64; LANES];
    let (r, d) = (residual.chunks_exact(LANES), direction.chunks_exact(LANES));
    let rest: f64 = r.remainder().iter().zip(d.remainder()).map(|(r, d)| r * f64::from(*d)).sum();
    for (r, d) in r.zip(d) {
        for k in 0..LANES {
            lanes[k] += r[k] * f64::from(d[k]);
        }
    }
    lanes.iter().sum::<f64>() + rest
}
