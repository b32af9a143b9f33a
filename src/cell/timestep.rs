//! Adaptive backward Euler steps at constant current until the voltage reaches a limit, in bounded pieces of work.

use super::network::{Network, TERMINAL};
use super::newton::{self, Newton, Statistics};

/// How finely to step. Defaults give 40-70 steps a discharge.
#[derive(Clone, Copy, Debug)]
pub struct StepControl {
    /// Error allowed in the terminal voltage by the algebra [V].
    pub tolerance_v: f64,
    /// Change of the terminal voltage aimed at in a step [V].
    pub voltage_step: f64,
    /// Greatest charge of a step, as a share of an hour at 1C.
    pub charge_step: f64,
    /// A limit counts as reached within this distance [V].
    pub limit_tolerance_v: f64,
}

impl Default for StepControl {
    fn default() -> Self {
        StepControl { tolerance_v: 2e-5, voltage_step: 0.03, charge_step: 0.028, limit_tolerance_v: 1e-4 }
    }
}

/// Rejections in a row before a step is given up.
const MAX_REJECTIONS: usize = 40;
const MAX_STEPS: usize = 5000;
/// Shortest step [s].
const SHORTEST: f64 = 1e-6;

/// An accepted step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Accepted {
    /// Time since the start of this current [s].
    pub time: f64,
    /// Terminal voltage [V].
    pub voltage: f64,
    /// Was this the limit?
    pub at_limit: bool,
}

/// State of a piece of work.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Progress {
    Running,
    Accepted(Accepted),
}

/// Why stepping ended without reaching the limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Failure {
    /// Newton failed at every step length tried.
    Newton {
        time: f64,
        dt: f64,
        cause: newton::Failure,
    },
    /// Steps were rejected without end.
    StepTooSmall {
        time: f64,
        dt: f64,
        voltage: f64,
    },
    TooManySteps {
        time: f64,
        voltage: f64,
    },
}

/// A cell under constant current.
pub struct Integrator {
    pub network: Network,
    newton: Newton,
    control: StepControl,
    /// Applied current [A / h], positive for discharge, and the voltage that ends it [V].
    current: f64,
    limit: f64,
    time: f64,
    dt: f64,
    /// Accepted potentials, those one step before and the trial; shape: nodes of the lattice.
    state: Vec<f64>,
    previous: Vec<f64>,
    trial: Vec<f64>,
    previous_dt: Option<f64>,
    in_step: bool,
    rejections: usize,
    steps: usize,
    rejected_steps: usize,
    /// Largest [`Network::imbalance`] over the accepted steps.
    charge_balance_error: f64,
}

impl Integrator {
    /// A cell at rest at `u0` [V], about to carry `current` [A] until its voltage is `limit` [V].
    ///
    /// * `one_c` – current of 1C [A], which sets the scale of the steps
    pub fn new(
        mut network: Network,
        u0: f64,
        current: f64,
        limit: f64,
        one_c: f64,
        control: StepControl,
    ) -> Integrator {
        let newton = Newton::new(&network, control.tolerance_v);
        let state = network.rest(u0);
        let rate = (current / one_c).abs();
        Integrator {
            newton,
            control,
            current: network.scaled_current(current),
            limit,
            time: 0.0,
            // A first step of 0.03 % of the capacity shows the ohmic drop.
            dt: 1.0 / rate,
            previous: state.clone(),
            trial: state.clone(),
            state,
            previous_dt: None,
            in_step: false,
            rejections: 0,
            steps: 0,
            rejected_steps: 0,
            charge_balance_error: 0.0,
            network,
        }
        .with_longest_step(3600.0 / rate)
    }

    fn with_longest_step(mut self, hour: f64) -> Integrator {
        self.control.charge_step *= hour;
        self
    }

    /// Potentials of the last accepted step [V]; shape: nodes of the lattice.
    pub fn state(&self) -> &[f64] {
        &self.state
    }

    /// Terminal voltage of the last accepted step [V].
    pub fn voltage(&self) -> f64 {
        self.state[self.network.lattice.hub(TERMINAL)]
    }

    pub fn steps(&self) -> usize {
        self.steps
    }

    pub fn rejected_steps(&self) -> usize {
        self.rejected_steps
    }

    pub fn statistics(&self) -> Statistics {
        self.newton.statistics
    }

    /// Largest relative difference, over the steps, between the applied current and what passes the separator or is stored.
    pub fn charge_balance_error(&self) -> f64 {
        self.charge_balance_error
    }

    /// One bounded piece of work.
    ///
    /// # Errors
    /// [`Failure`], with the place where it stopped.
    pub fn advance(&mut self) -> Result<Progress, Failure> {
        if !self.in_step {
            self.predict();
            if self.network.greatest_discharge() < self.current {
                // Shorter steps do not help a surface that cannot take up the lithium: the voltage has fallen away.
                if self.is_negligible() {
                    return Ok(self.stop_here());
                }
                self.reject(0.1);
            }
            return Ok(Progress::Running);
        }
        match self.newton.advance(&mut self.network, &mut self.trial, self.current) {
            Ok(newton::Progress::Running) => Ok(Progress::Running),
            Ok(newton::Progress::Converged(_)) => self.judge(),
            Err(cause) => {
                self.reject(0.3);
                if self.rejections > MAX_REJECTIONS || self.dt < SHORTEST {
                    return Err(Failure::Newton { time: self.time, dt: self.dt, cause });
                }
                Ok(Progress::Running)
            }
        }
    }

    /// Begins a step: extrapolates the potentials and freezes the coefficients there.
    fn predict(&mut self) {
        // More than this far a straight line is no guide [V].
        const FARTHEST: f64 = 0.1;
        let ratio = self.previous_dt.map_or(0.0, |previous| (self.dt / previous).min(2.0));
        for ((trial, u), before) in self.trial.iter_mut().zip(&self.state).zip(&self.previous) {
            *trial = u + ratio * (u - before).clamp(-FARTHEST, FARTHEST);
        }
        self.network.freeze(&self.trial, self.dt);
        self.newton.begin();
        self.in_step = true;
    }

    /// Does the step carry less than 3e-6 of the nominal capacity?
    fn is_negligible(&self) -> bool {
        self.dt < 1e-4 * self.control.charge_step
    }

    /// The limit lies inside the negligible step in work: the run ends where the last one ended.
    fn stop_here(&mut self) -> Progress {
        self.steps += 1;
        self.in_step = false;
        Progress::Accepted(Accepted { time: self.time, voltage: self.limit, at_limit: true })
    }

    fn reject(&mut self, factor: f64) {
        self.dt *= factor;
        self.in_step = false;
        self.rejections += 1;
        self.rejected_steps += 1;
        // Extrapolation may have led astray.
        if self.rejections > 3 {
            self.previous_dt = None;
        }
    }

    /// Accepts or rejects a solved step, and chooses the length of the next.
    fn judge(&mut self) -> Result<Progress, Failure> {
        let control = self.control;
        let before = self.voltage();
        let voltage = self.trial[self.network.lattice.hub(TERMINAL)];
        let direction = self.current.signum();
        // Above zero while the limit has not been reached.
        let room = |v: f64| (v - self.limit) * direction;
        let change = (voltage - before).abs();
        let at_limit = room(voltage).abs() <= control.limit_tolerance_v;
        if self.rejections > MAX_REJECTIONS || self.dt < SHORTEST {
            return Err(Failure::StepTooSmall { time: self.time, dt: self.dt, voltage });
        }
        if room(voltage) < 0.0 && !at_limit {
            if self.is_negligible() {
                return Ok(self.stop_here());
            }
            // Aim at the limit along the chord; the voltage mostly bends away from it, so the next try falls short, is accepted
            // and brings the chord closer.
            let share = if self.steps == 0 { 0.3 } else { room(before) / (room(before) - room(voltage)) };
            // A chord that has not got there in a few tries never will: halve.
            let longest = if self.rejections > 4 { 0.5 } else { 0.95 };
            self.reject(share.clamp(0.05, longest));
            return Ok(Progress::Running);
        }
        let first = self.steps == 0;
        if !first && change > 2.5 * control.voltage_step && self.rejections < 3 && room(voltage) > 0.0 && !at_limit {
            self.reject(0.5);
            return Ok(Progress::Running);
        }
        let imbalance = self.network.imbalance(&self.trial, self.current);
        self.charge_balance_error = self.charge_balance_error.max(imbalance);
        std::mem::swap(&mut self.previous, &mut self.state);
        std::mem::swap(&mut self.state, &mut self.trial);
        self.network.accept();
        self.time += self.dt;
        self.steps += 1;
        self.rejections = 0;
        self.in_step = false;
        // The first step holds the jump of the ohmic drop: no slope to extrapolate.
        self.previous_dt = (!first).then_some(self.dt);
        if !at_limit && self.steps >= MAX_STEPS {
            return Err(Failure::TooManySteps { time: self.time, voltage });
        }
        let accepted = Accepted { time: self.time, voltage, at_limit };
        let wanted = if first { 2.0 } else { 0.9 * control.voltage_step / change.max(1e-9) };
        self.dt = (self.dt * wanted.clamp(0.3, 2.0)).min(control.charge_step);
        if room(voltage) > 0.0 && room(before) > room(voltage) && !first {
            // Do not shoot far beyond the limit.
            let to_limit = self.previous_dt.unwrap_or(self.dt) * room(voltage) / (room(before) - room(voltage));
            self.dt = self.dt.min(1.05 * to_limit.max(SHORTEST));
        }
        Ok(Progress::Accepted(accepted))
    }
}
