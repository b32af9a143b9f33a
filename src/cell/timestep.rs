//! Steps of third order in time, as long as their error allows, under one load after another, in bounded pieces of work.

use super::network::{Load, Network, TERMINAL};
use super::newton::{self, Newton, Statistics};
use super::rule::{ORDER, Rule, ages, extrapolation};

/// How finely to step. Defaults give 50 to 80 steps a discharge.
#[derive(Clone, Copy, Debug)]
pub struct StepControl {
    /// Error allowed in the terminal voltage by the algebra [V].
    pub tolerance_v: f64,
    /// Local error and change of the terminal voltage aimed at in a step [V]; the error below 0.5C times √ of 0.5C over the rate, at
    /// most and at rest 5 times: slow currents show every kink of the measured open-circuit voltage, and no formula is of third
    /// order across those.
    pub voltage_error: f64,
    pub voltage_step: f64,
    /// The same of the logarithm of the current in a hold (below 0.02C, of the current over 0.02C).
    pub current_error: f64,
    pub current_step: f64,
    /// Greatest charge of a step, as a share of an hour at 1C.
    pub charge_step: f64,
    /// Every step is this many times shorter than all this asks for.
    pub refinement: f64,
    /// A limit counts as reached within this distance [V].
    pub limit_tolerance_v: f64,
}

impl Default for StepControl {
    fn default() -> Self {
        StepControl {
            tolerance_v: 3e-6,
            voltage_error: 7e-5,
            voltage_step: 0.03,
            current_error: 3e-3,
            current_step: 0.25,
            charge_step: 0.04,
            refinement: 1.0,
            limit_tolerance_v: 1e-4,
        }
    }
}

/// Steps that the estimate of a step's error looks back at: one more than the step itself.
const WATCHED: usize = ORDER + 1;
/// Rejections in a row before a step is given up.
const MAX_REJECTIONS: usize = 40;
const MAX_STEPS: usize = 5000;
/// A step this many times longer than it should be is done again.
const FAR_TOO_LONG: f64 = 2.0;
/// Shortest step [s].
const SHORTEST: f64 = 1e-6;
/// Current below which a hold's steps follow its size and no more its logarithm, in units of 1C: the algebra leaves an error in the
/// current that no shorter step takes away.
const LEAST_WATCHED: f64 = 0.02;

/// A load and what ends it; whichever end comes first counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stage {
    pub load: Load,
    /// Terminal voltage that ends a current [V].
    pub limit_v: f64,
    /// Size of the current that ends a hold [A].
    pub least_current: Option<f64>,
    /// Longest duration [s].
    pub duration: Option<f64>,
}

impl Stage {
    /// How far `voltage` [V] is from the limit of a `current` [A]; below zero beyond it [V].
    fn room(&self, voltage: f64, current: f64) -> f64 {
        (voltage - self.limit_v) * current.signum()
    }
}

/// What ended a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Voltage,
    Current,
    Time,
    /// No voltage within the limit drives the current, from the first moment on.
    Saturated,
}

/// An accepted step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Accepted {
    /// Time since the start of the stage [s].
    pub time: f64,
    /// Terminal voltage [V].
    pub voltage: f64,
    /// Current [A], positive for discharge, and what passed in the step [C].
    pub current: f64,
    pub charge: f64,
    /// Was this the end of the stage?
    pub end: Option<End>,
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

/// A step of the stage that was accepted.
#[derive(Clone, Copy)]
struct Past {
    /// Its length [s].
    dt: f64,
    /// Where it came to: terminal voltage [V], in a hold the logarithm of the current (asinh of the current over
    /// [`LEAST_WATCHED`]).
    watched: f64,
    /// What the algebra may have left of that under a current [V].
    unsure: f64,
}

/// A cell under one load after another.
#[derive(Clone)]
pub struct Integrator {
    pub network: Network,
    newton: Newton,
    control: StepControl,
    /// Current of 1C [A], the scale of the steps.
    one_c: f64,
    stage: Stage,
    /// Current [A] and what passed in the last steps [C], newest first; positive for discharge.
    current: f64,
    charges: [f64; ORDER - 1],
    /// Time in the stage [s], length of the step in work and of the longest one.
    time: f64,
    dt: f64,
    longest: f64,
    rule: Rule,
    /// Accepted potentials, newest first, and the trial; shape: nodes of the lattice.
    states: [Vec<f64>; ORDER],
    trial: Vec<f64>,
    /// The last steps of the stage, newest first.
    past: Vec<Past>,
    in_step: bool,
    rejections: usize,
    /// Steps of this stage, and of all.
    stage_steps: usize,
    steps: usize,
    rejected_steps: usize,
    errors: Errors,
}

/// What the numerics have left over, each the largest over the accepted steps.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Errors {
    /// Difference between the current and what passes the separator or is stored, relative ([`Network::imbalance`]).
    pub charge_balance: f64,
    /// Currents that do not balance at the nodes, relative ([`Newton::relative_residual`]).
    pub residual: f64,
    /// Estimated error of the terminal voltage by the algebra [V].
    pub solver_v: f64,
    /// Estimated local error of the terminal voltage by a step in time under a current [V]; the first two steps of a stage have no
    /// estimate of their own, nor has one that the algebra's error hides.
    pub step_v: f64,
}

impl Integrator {
    /// A cell at rest at `u0` [V], without a load.
    ///
    /// * `one_c` – current of 1C [A]
    pub fn new(mut network: Network, u0: f64, one_c: f64, control: StepControl) -> Integrator {
        let newton = Newton::new(&network, control.tolerance_v);
        let state = network.rest(u0);
        let rest = Stage { load: Load::Current(0.0), limit_v: 0.0, least_current: None, duration: None };
        Integrator {
            newton,
            control,
            one_c,
            stage: rest,
            current: 0.0,
            charges: [0.0; ORDER - 1],
            time: 0.0,
            dt: 1.0,
            longest: 1.0,
            rule: Rule::new(1.0, &[]),
            trial: state.clone(),
            states: std::array::from_fn(|_| state.clone()),
            past: Vec::new(),
            in_step: false,
            rejections: 0,
            stage_steps: 0,
            steps: 0,
            rejected_steps: 0,
            errors: Errors::default(),
            network,
        }
    }

    /// Begins a stage at the present state.
    pub fn begin(&mut self, stage: Stage) {
        /// Longest step of a rest or a hold, as a share of its duration, and where it has none [s].
        const SHARE: f64 = 0.1;
        const OPEN_ENDED: f64 = 1800.0;
        self.network.set_load(stage.load);
        self.newton.forget();
        self.current = match stage.load {
            Load::Current(current) => current,
            Load::Voltage(_) => 0.0,
        };
        let rate = (self.current / self.one_c).abs();
        let patience = stage.duration.map_or(OPEN_ENDED, |d| SHARE * d);
        // A first step of 0.03 % of the capacity shows the ohmic drop.
        (self.dt, self.longest) =
            if rate > 0.0 { (1.0 / rate, 3600.0 / rate * self.control.charge_step) } else { (1.0, patience) };
        self.dt /= self.control.refinement;
        self.longest /= self.control.refinement;
        self.stage = stage;
        self.time = 0.0;
        self.past.clear();
        self.in_step = false;
        self.rejections = 0;
        self.stage_steps = 0;
    }

    /// Potentials of the last accepted step [V]; shape: nodes of the lattice.
    pub fn state(&self) -> &[f64] {
        &self.states[0]
    }

    /// Terminal voltage of the last accepted step [V].
    pub fn voltage(&self) -> f64 {
        self.states[0][self.network.lattice.hub(TERMINAL)]
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

    pub fn errors(&self) -> Errors {
        self.errors
    }

    /// One bounded piece of work.
    ///
    /// # Errors
    /// [`Failure`], with the place where it stopped.
    pub fn advance(&mut self) -> Result<Progress, Failure> {
        if !self.in_step {
            self.predict();
            if let Load::Current(current) = self.stage.load
                && self.network.greatest_current(current) < current.abs()
            {
                // Shorter steps do not help a surface that cannot take up the lithium, or has none left: the voltage has fallen
                // or risen away.
                if self.is_negligible() {
                    return Ok(self.stop_here());
                }
                self.reject(0.1);
            }
            return Ok(Progress::Running);
        }
        match self.newton.advance(&mut self.network, &mut self.trial) {
            Ok(newton::Progress::Running) => Ok(Progress::Running),
            Ok(newton::Progress::Converged(_)) => self.judge(),
            Err(cause) => {
                if self.has_run_away() {
                    return Ok(self.stop_here());
                }
                self.reject(0.3);
                if self.rejections > MAX_REJECTIONS || self.dt < SHORTEST {
                    return Err(Failure::Newton { time: self.time, dt: self.dt, cause });
                }
                Ok(Progress::Running)
            }
        }
    }

    /// Begins a step: extrapolates potentials and lithium.
    fn predict(&mut self) {
        // More than this far a curve is no guide [V].
        const FARTHEST: f64 = 0.1;
        if let Some(duration) = self.stage.duration {
            let rest = duration - self.time;
            // Two like steps to the end rather than one and a crumb.
            self.dt = if self.dt >= rest { rest } else { self.dt.min(0.5 * rest.max(self.dt)) };
        }
        let lengths = self.lengths();
        self.rule = Rule::new(self.dt, &lengths);
        let mut shares: [f64; ORDER] = extrapolation(&ages::<ORDER>(&lengths)[..ORDER.min(self.past.len())], self.dt);
        if self.rejections > 3 {
            // Extrapolation may have led astray.
            (shares, self.rule.forecast) = ([0.0; ORDER], [0.0; ORDER - 1]);
        }
        let [state, before, earlier] = &self.states;
        for (((trial, u), before), earlier) in self.trial.iter_mut().zip(state).zip(before).zip(earlier) {
            let change = shares[1] * (before - u) + shares[2] * (earlier - u);
            *trial = u + change.clamp(-FARTHEST, FARTHEST);
        }
        self.network.begin(self.rule, &mut self.trial);
        self.newton.begin();
        self.in_step = true;
    }

    /// Lengths of the last steps of the stage [s], newest first.
    fn lengths(&self) -> Vec<f64> {
        self.past.iter().map(|past| past.dt).collect()
    }

    /// Local error of the step in work, given where it came to; [V], or that of the logarithm of the current in a hold.
    ///
    /// The formula of order p leaves `time · y⁽ᵖ⁺¹⁾ d₁ ⋯ dₚ / (p + 1)!`, d the distances of the values before from the end of the step,
    /// where the polynomial through one value more misses `y⁽ᵖ⁺¹⁾ d₁ ⋯ dₚ₊₁ / (p + 1)!`. No more than the algebra may have left of the
    /// values, `unsure` of the last, is no error of the step: no shorter one would take it away.
    fn step_error(&self, watched: f64, unsure: f64) -> f64 {
        /// What the algebra leaves, over its own cautious estimate.
        const LEFT: f64 = 0.3;
        let lengths = self.lengths();
        let ages = &ages::<WATCHED>(&lengths)[..self.past.len()];
        let [_, .., oldest] = ages else { return 0.0 };
        let shares: [f64; WATCHED] = extrapolation(ages, self.dt);
        let mix = |of: fn(f64, &Past) -> f64| shares.iter().zip(&self.past).map(|(s, past)| of(*s, past)).sum::<f64>();
        let missed = (watched - mix(|share, past| share * past.watched)).abs();
        let noise = unsure * unsure + mix(|share, past| share * share * past.unsure * past.unsure);
        if missed > LEFT * noise.sqrt() { missed * self.rule.time / (self.dt + oldest) } else { 0.0 }
    }

    /// How many times longer the step in work is than it should be, given where it came to and its local error.
    fn stretch(&self, watched: f64, error: f64) -> f64 {
        // The first step of a stage holds a jump.
        let Some(last) = self.past.first() else { return 0.0 };
        let control = &self.control;
        let (allowed, change) = match self.stage.load {
            Load::Voltage(_) => (control.current_error, control.current_step),
            Load::Current(current) => {
                let slow = (0.5 * self.one_c / current.abs().max(LEAST_WATCHED * self.one_c)).max(1.0);
                (control.voltage_error * slow.sqrt(), control.voltage_step)
            }
        };
        control.refinement * libm::sqrt(libm::sqrt(error / allowed)).max((watched - last.watched).abs() / change)
    }

    /// The errors with those of the step that is about to be accepted.
    fn errors_so_far(&self, step_v: f64) -> Errors {
        let Errors { charge_balance, residual, solver_v, step_v: before } = self.errors;
        Errors {
            charge_balance: charge_balance.max(self.network.imbalance(&self.trial)),
            residual: residual.max(self.newton.relative_residual(&self.network, &self.trial)),
            solver_v: solver_v.max(self.newton.error_v()),
            step_v: before.max(step_v),
        }
    }

    /// Is the step less than 1e-4 of the longest one? At 1C that is 3e-6 of the nominal capacity.
    fn is_negligible(&self) -> bool {
        self.dt < 1e-4 * self.longest
    }

    /// Has the voltage gone beyond its limit, or is all that surfaces can take all but taken, in a step that passes next to nothing, and
    /// that could not be solved? No voltage drives this current then.
    fn has_run_away(&self) -> bool {
        /// Share of the greatest current beyond which the last millivolts of a surface decide.
        const ALL_BUT_ALL: f64 = 0.999;
        let Load::Current(current) = self.stage.load else { return false };
        let voltage = self.trial[self.network.lattice.hub(TERMINAL)];
        let beyond = || self.stage.room(voltage, current) < 0.0;
        let exhausted = || current.abs() > ALL_BUT_ALL * self.network.greatest_current(current);
        current != 0.0 && self.is_negligible() && (beyond() || exhausted())
    }

    /// The end lies inside the negligible step in work: the stage ends where the last step ended.
    fn stop_here(&mut self) -> Progress {
        self.in_step = false;
        let end = if self.stage_steps == 0 { End::Saturated } else { End::Voltage };
        // What the network knows of each interface belongs to the step given up.
        let Integrator { network, states, trial, .. } = self;
        network.freeze(&states[0]);
        network.evaluate(&states[0], trial);
        Progress::Accepted(Accepted {
            time: self.time,
            voltage: self.stage.limit_v,
            current: self.current,
            charge: 0.0,
            end: Some(end),
        })
    }

    fn reject(&mut self, factor: f64) {
        self.dt *= factor;
        self.in_step = false;
        self.rejections += 1;
        self.rejected_steps += 1;
    }

    /// Accepts or rejects a solved step, and chooses the length of the next.
    fn judge(&mut self) -> Result<Progress, Failure> {
        let control = self.control;
        let before = self.voltage();
        let voltage = self.trial[self.network.lattice.hub(TERMINAL)];
        let current = self.network.current(&self.trial);
        let first = self.stage_steps == 0;
        let holds = matches!(self.stage.load, Load::Voltage(_));
        let limited = !holds && current != 0.0;
        let stage = self.stage;
        let room = |v: f64| stage.room(v, current);
        let at_limit = limited && room(voltage).abs() <= control.limit_tolerance_v;
        if self.dt < SHORTEST && limited && !first && room(voltage) < room(before) {
            // A cliff: steps that follow the voltage down it pass no charge any more.
            return Ok(self.stop_here());
        }
        if self.rejections > MAX_REJECTIONS || self.dt < SHORTEST {
            return Err(Failure::StepTooSmall { time: self.time, dt: self.dt, voltage });
        }
        if limited && room(voltage) < 0.0 && !at_limit {
            if self.is_negligible() {
                return Ok(self.stop_here());
            }
            // Aim at the limit along the chord; the voltage mostly bends away from it, so the next try falls short, is accepted
            // and brings the chord closer.
            let share = if first { 0.3 } else { room(before) / (room(before) - room(voltage)) };
            // A chord that has not got there in a few tries never will: halve.
            let longest = if self.rejections > 4 { 0.5 } else { 0.95 };
            self.reject(share.clamp(0.05, longest));
            return Ok(Progress::Running);
        }
        let (watched, unsure) = match self.stage.load {
            Load::Voltage(_) => (libm::asinh(current / (LEAST_WATCHED * self.one_c)), 0.0),
            Load::Current(_) => (voltage, self.newton.error_v()),
        };
        let error = self.step_error(watched, unsure);
        let stretch = self.stretch(watched, error);
        let wanted = (0.9 / stretch).clamp(0.3, 1.5);
        if stretch > FAR_TOO_LONG && self.rejections < 3 && !at_limit {
            self.reject(wanted);
            return Ok(Progress::Running);
        }
        self.errors = self.errors_so_far(if holds { 0.0 } else { error });
        self.states.rotate_right(1);
        std::mem::swap(&mut self.states[0], &mut self.trial);
        self.network.accept();
        self.time += self.dt;
        self.stage_steps += 1;
        self.steps += 1;
        self.rejections = 0;
        self.in_step = false;
        self.current = current;
        let charge = self.rule.gain(self.charges, current);
        self.charges = [charge, self.charges[0]];
        self.past.truncate(WATCHED - 1);
        self.past.insert(0, Past { dt: self.dt, watched, unsure });
        let end = if at_limit {
            Some(End::Voltage)
        } else if holds && self.stage.least_current.is_some_and(|least| current.abs() <= least) {
            Some(End::Current)
        } else if self.stage.duration.is_some_and(|duration| self.time >= duration * (1.0 - 1e-12)) {
            Some(End::Time)
        } else {
            None
        };
        if end.is_none() && self.stage_steps >= MAX_STEPS {
            return Err(Failure::TooManySteps { time: self.time, voltage });
        }
        let done = self.dt;
        self.dt = (done * wanted).min(self.longest);
        if limited && room(voltage) > 0.0 && room(before) > room(voltage) && !first {
            // Do not shoot far beyond the limit.
            let to_limit = done * room(voltage) / (room(before) - room(voltage));
            self.dt = self.dt.min(1.05 * to_limit.max(SHORTEST));
        }
        Ok(Progress::Accepted(Accepted { time: self.time, voltage, current, charge, end }))
    }
}
