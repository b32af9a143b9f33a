//! The conductor: takes a recipe and its microstructure through a protocol, a bounded piece of work at a time.

use serde::Serialize;
use serde_json::json;

use crate::cell::CellParameters;
use crate::cell::fields::{Field, Fields};
use crate::cell::kinetics::Oxidation;
use crate::cell::losses::Losses;
use crate::cell::network::{LEAST_C_RATE, Load, Network};
use crate::cell::newton;
use crate::cell::timestep::{End, Failure, Integrator, Progress as StepProgress, Stage, StepControl};
use crate::composition::Composition;
use crate::constants::ONE_C_A_PER_KG;
use crate::grid::VoxelGrid;
use crate::linalg::pcg;
use crate::materials::nca::{self, DiffusionPotential, OpenCircuitVoltage};
use crate::materials::{Phase, lpscl, lyc};
use crate::microstructure::Microstructure;
use crate::protocol::{self, Drive, Protocol, Step};
use crate::recipe::{Recipe, RecipeIssue};
use crate::results::{Row, Series, StepSummary, StopReason, Summary, TimeStep};
use crate::snapshots::{Instant, Snapshots};

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Running,
    Finished,
}

/// What a running simulation has to tell.
#[derive(Clone, Debug, Serialize)]
pub struct Progress {
    pub stage: &'static str,
    /// 0 to 1; an estimate from the charge passed.
    pub fraction: f64,
    pub time_s: f64,
    pub time_steps: usize,
    pub capacity_mah_g: f64,
    pub voltage_v: f64,
}

/// A run that could not be carried to its end: a numerical failure, with its evidence.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SimulationError {
    pub code: &'static str,
    pub stage: &'static str,
    pub message: String,
    pub hint: &'static str,
}

impl std::fmt::Display for SimulationError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {} {}", self.code, self.message, self.hint)
    }
}

impl std::error::Error for SimulationError {}

impl From<Failure> for SimulationError {
    fn from(failure: Failure) -> Self {
        const HINT: &str = "Try another seed or a smaller voxel, and please report the recipe.";
        let (code, message) = match failure {
            Failure::Newton { time, dt, cause } => (
                "newton_failed",
                match cause {
                    newton::Failure::Stalled { iterations, correction } => format!(
                        "Newton stalled after {iterations} iterations at {time:.1} s with a step of {dt:.2e} s; the last correction was {correction:.1e} V."
                    ),
                    newton::Failure::Linear(pcg::Failure::NoConvergence(info)) => format!(
                        "The linear solver stopped at {time:.1} s after {} iterations; its error had fallen to {:.1e} of the first.",
                        info.iterations,
                        info.last_error / info.first_error
                    ),
                    newton::Failure::Linear(pcg::Failure::NotPositiveDefinite(info)) => format!(
                        "The linear solver met a direction without energy at {time:.1} s after {} iterations.",
                        info.iterations
                    ),
                },
            ),
            Failure::StepTooSmall { time, dt, voltage } => (
                "step_too_small",
                format!("No step length would do at {time:.1} s and {voltage:.4} V; the last was {dt:.1e} s."),
            ),
            Failure::TooManySteps { time, voltage } => {
                ("too_many_steps", format!("The cut-off was not reached in 5000 steps; at {time:.1} s {voltage:.4} V."))
            }
        };
        SimulationError { code, stage: "run", message, hint: HINT }
    }
}

/// Bytes that building and solving this recipe take, from the voxel count.
pub fn estimate_bytes(recipe: &Recipe) -> u64 {
    bytes_for_run(&recipe.grid())
}

/// Bytes that a run on this grid takes.
///
/// The factor is the peak of resident memory over voxels, measured natively for `lyc-10` at 0.5 um, with a tenth on top;
/// what is kept of the fields ([`crate::snapshots::bytes`]) comes on top of it.
pub fn bytes_for_run(grid: &VoxelGrid) -> u64 {
    const BYTES_PER_VOXEL: u64 = 520;
    // Not `len()`: in wasm a count of voxels may exceed usize.
    grid.size.iter().map(|&n| n as u64).product::<u64>() * BYTES_PER_VOXEL
}

/// The refusal of a recipe that would not fit into `limit` bytes, with the finest voxel that would.
pub fn memory_issue(recipe: &Recipe, limit: u64) -> Option<RecipeIssue> {
    let needed = estimate_bytes(recipe);
    if needed <= limit {
        return None;
    }
    // Voxels of at most three decimals that divide width and thickness, from fine to coarse.
    let coarsest = 0.5 * recipe.nca_median_um();
    let fits = (1..)
        .map(|thousandths| f64::from(thousandths) * 1e-3)
        .take_while(|voxel_um| *voxel_um <= coarsest)
        .filter(|voxel_um| *voxel_um > recipe.voxel_um)
        .filter_map(|voxel_um| recipe.with_overrides(&json!({"voxel_um": voxel_um})).ok())
        .find(|r| estimate_bytes(r) <= limit);
    let gigabytes = |bytes: u64| bytes as f64 / f64::from(1 << 30);
    Some(RecipeIssue::new(
        "voxel_um",
        json!(recipe.voxel_um),
        format!("a run within {:.1} GB; this one needs {:.1} GB", gigabytes(limit), gigabytes(needed)),
        match fits {
            Some(r) => format!("A voxel of {} um would fit.", r.voxel_um),
            None => "Make the domain smaller.".into(),
        },
    ))
}

/// One electrode taken through a protocol.
#[derive(Clone)]
pub struct Simulation {
    grid: VoxelGrid,
    protocol: Protocol,
    /// None if the structure conducts nothing.
    integrator: Option<Integrator>,
    initial_stoichiometry: f64,
    nca_mass: f64,
    /// Capacity that the NCA loses in its first charge [mAh g⁻¹].
    first_charge_loss: f64,
    /// NCA per mass of cathode.
    nca_mass_fraction: f64,
    series: Series,
    steps: Vec<StepSummary>,
    /// First row of the step in work, and the time at which it began [s].
    first_row: usize,
    start_s: f64,
    /// Charge of one stoichiometry between the start and the cut-off of a step, for the progress [mAh g⁻¹].
    nominal_mah_g: f64,
    stop: Option<StopReason>,
    /// The step in time with the largest error so far [V].
    worst: Option<(f64, TimeStep)>,
    /// Phase of each voxel, for the fields.
    phase: Vec<Phase>,
    snapshots: Option<Snapshots>,
}

/// The protocol that a recipe asks for: its steps, or one discharge.
///
/// A protocol that begins with a charge finds the NCA at rest at the cut-off voltage, full of lithium; any other finds it charged
/// to the starting voltage.
pub fn protocol(recipe: &Recipe) -> Protocol {
    // A recipe holds no protocol that cannot be read.
    let mut steps = protocol::parse_steps(&recipe.protocol).unwrap_or_default();
    if steps.is_empty() {
        steps.push(Step::discharge(recipe.c_rate, recipe.cutoff_voltage_v));
    }
    let full = begins_with_charge(&steps);
    Protocol { initial_voltage_v: if full { recipe.cutoff_voltage_v } else { recipe.initial_voltage_v }, steps }
}

/// Does a recipe's protocol find the NCA full of lithium ([`protocol`])?
pub fn starts_full(recipe: &Recipe) -> bool {
    begins_with_charge(&protocol(recipe).steps)
}

fn begins_with_charge(steps: &[Step]) -> bool {
    let first = steps.iter().find(|step| step.drive != Drive::CRate(0.0));
    first.is_some_and(|step| step.charges() || matches!(step.drive, Drive::Voltage(_)))
}

impl Simulation {
    /// What the recipe asks for.
    pub fn new(recipe: &Recipe, structure: &Microstructure) -> Simulation {
        Self::with_protocol(recipe, structure, protocol(recipe), StepControl::default())
    }

    /// Any protocol, with any step control.
    pub fn with_protocol(
        recipe: &Recipe,
        structure: &Microstructure,
        protocol: Protocol,
        control: StepControl,
    ) -> Simulation {
        let parameters = cell_parameters(recipe);
        let u0 = protocol.initial_voltage_v;
        let mut simulation = Simulation {
            grid: structure.grid,
            protocol,
            integrator: None,
            initial_stoichiometry: parameters.ocv.stoichiometry(u0).0,
            nca_mass: 0.0,
            first_charge_loss: recipe.first_charge_loss_mah_g,
            nca_mass_fraction: Composition::new(recipe).nca_mass_fraction,
            series: Series::default(),
            steps: Vec::new(),
            first_row: 0,
            start_s: 0.0,
            nominal_mah_g: 0.0,
            stop: None,
            worst: None,
            phase: structure.phase.clone(),
            snapshots: None,
        };
        let start = Row { voltage_v: u0, ocv_v: u0, ..Row::default() };
        match Network::new(structure, parameters) {
            Ok(network) => {
                simulation.nca_mass = network.nca_mass();
                let one_c = ONE_C_A_PER_KG * network.nca_mass();
                simulation.integrator = Some(Integrator::new(network, u0, one_c, control));
                simulation.begin_step(start);
            }
            Err(_) => {
                simulation.stop = Some(StopReason::NoConductingPath);
                simulation.series.push(start);
            }
        }
        simulation
    }

    /// Goes on with other steps from where this one ended, as if they had followed in its protocol.
    pub fn continue_with(&mut self, steps: &[Step]) {
        let last = self.series.rows().last().copied().unwrap_or_default();
        self.protocol.steps.extend(steps);
        if self.integrator.is_some() && !steps.is_empty() && self.stop.take().is_some() {
            self.begin_step(last);
        }
    }

    /// Begins the next step of the protocol after the row `before`.
    fn begin_step(&mut self, before: Row) {
        let number = self.steps.len();
        let Some(integrator) = &mut self.integrator else { return };
        let step = self.protocol.steps[number];
        let one_c = ONE_C_A_PER_KG * self.nca_mass;
        let (load, limit_v) = match step.drive {
            Drive::CRate(c) => {
                let safe = protocol::VOLTAGE_RANGE[usize::from(c < 0.0)];
                (Load::Current(c * one_c), step.until_voltage_v.unwrap_or(safe))
            }
            Drive::Voltage(v) => (Load::Voltage(v), v),
        };
        // A side reaction may take all of a charging current, or all that a hold waits for: no step takes longer than five hours
        // at 1C would, at its rate.
        const LONGEST_H: f64 = 5.0;
        let rate = match step.drive {
            Drive::CRate(c) => c.abs(),
            Drive::Voltage(_) => step.until_c_rate.unwrap_or_default(),
        };
        let longest = (rate > 0.0).then(|| 3600.0 * LONGEST_H / rate);
        integrator.begin(Stage {
            load,
            limit_v,
            least_current: step.until_c_rate.map(|c| c * one_c),
            duration: step.for_s.or(longest),
        });
        let ocv = integrator.network.ocv();
        let span = ocv.stoichiometry(before.ocv_v).0 - ocv.stoichiometry(limit_v).0;
        self.nominal_mah_g = span.abs() * nca::theoretical_capacity_mah_g();
        self.first_row = self.series.len();
        self.start_s = before.time_s;
        self.series.push(Row { step: number, capacity_mah_g: 0.0, c_rate: 0.0, losses: Losses::default(), ..before });
    }

    /// One bounded piece of work: an evaluation of the network or one linear iteration.
    ///
    /// # Errors
    /// [`SimulationError`] if the numbers could not be had; there is then no result.
    pub fn advance(&mut self) -> Result<Status, SimulationError> {
        let (Some(integrator), None) = (&mut self.integrator, self.stop) else { return Ok(Status::Finished) };
        let StepProgress::Accepted(accepted) = integrator.advance()? else { return Ok(Status::Running) };
        let before = *self.series.rows().last().expect("a step begins with a row");
        let time_s = self.start_s + accepted.time;
        // A / kg · h = mAh / g.
        let passed = accepted.charge * accepted.current.signum() / self.nca_mass / 3600.0;
        let capacity_mah_g = before.capacity_mah_g + passed;
        let (losses, ocv_v) = integrator.network.losses(integrator.state());
        // Where the voltage falls off a cliff the last row stands at the time of the one before.
        let cliff = time_s <= before.time_s;
        self.series.push(Row {
            time_s,
            step: self.steps.len(),
            capacity_mah_g,
            voltage_v: accepted.voltage,
            c_rate: accepted.current / (ONE_C_A_PER_KG * self.nca_mass),
            ocv_v,
            losses: if cliff { Losses::default() } else { losses },
        });
        let error = integrator.errors().step_v;
        if error > self.worst.map_or(0.0, |(largest, _)| largest) {
            let number = integrator.steps();
            self.worst = Some((error, TimeStep { number, capacity_mah_g, voltage_v: accepted.voltage }));
        }
        if let Some(snapshots) = &mut self.snapshots {
            let at = Instant { time_s, capacity_mah_g, voltage_v: accepted.voltage };
            let (phase, initial) = (&self.phase, self.initial_stoichiometry);
            let last = accepted.end.is_some() && self.steps.len() + 1 == self.protocol.steps.len();
            snapshots.offer(at, last, || fields(integrator, phase, initial));
        }
        let Some(end) = accepted.end else { return Ok(Status::Running) };
        let reason = match end {
            End::Voltage if accepted.current > 0.0 => StopReason::LowerCutoff,
            End::Voltage => StopReason::UpperCutoff,
            End::Current => StopReason::CurrentCutoff,
            End::Time if self.protocol.steps[self.steps.len()].for_s.is_none() => StopReason::LimitUnreached,
            End::Time => StopReason::TimeElapsed,
            End::Saturated => StopReason::SurfaceSaturated,
        };
        self.steps.push(self.step_summary(Some(reason)));
        if self.steps.len() == self.protocol.steps.len() {
            self.stop = Some(reason);
            return Ok(Status::Finished);
        }
        let last = *self.series.rows().last().expect("just pushed");
        self.begin_step(last);
        Ok(Status::Running)
    }

    /// The step in work, as far as it has come.
    fn step_summary(&self, reason: Option<StopReason>) -> StepSummary {
        let drive = self.protocol.steps[self.steps.len()].drive;
        StepSummary::new(drive, &self.series.rows()[self.first_row..], reason)
    }

    /// Runs to the end.
    ///
    /// # Errors
    /// As [`Simulation::advance`].
    pub fn run(&mut self) -> Result<Summary, SimulationError> {
        while self.advance()? == Status::Running {}
        Ok(self.summary())
    }

    pub fn progress(&self) -> Progress {
        let last = self.series.rows().last().copied().unwrap_or_default();
        let (done, all) = (self.steps.len() as f64, self.protocol.steps.len() as f64);
        let step = self.protocol.steps.get(self.steps.len());
        let share = match step.and_then(|step| step.for_s) {
            Some(duration) => (last.time_s - self.start_s) / duration,
            None => last.capacity_mah_g / self.nominal_mah_g.max(1.0),
        };
        Progress {
            stage: match step {
                None => "finished",
                _ if self.stop.is_some() => "finished",
                Some(step) if step.discharges() => "discharging",
                Some(step) if step.charges() => "charging",
                Some(Step { drive: Drive::Voltage(_), .. }) => "holding",
                Some(_) => "resting",
            },
            fraction: if self.stop.is_some() { 1.0 } else { (done + share.min(0.99)) / all },
            time_s: last.time_s,
            time_steps: self.series.len() - 1,
            capacity_mah_g: last.capacity_mah_g,
            voltage_v: last.voltage_v,
        }
    }

    pub fn series(&self) -> &Series {
        &self.series
    }

    pub fn stop_reason(&self) -> Option<StopReason> {
        self.stop
    }

    /// The fields of the step that [`Simulation::advance`] has just accepted; `None` where no current can pass.
    pub fn fields(&self) -> Option<Fields> {
        let integrator = self.integrator.as_ref()?;
        Some(fields(integrator, &self.phase, self.initial_stoichiometry))
    }

    /// Keeps fields of some instants from now on ([`crate::snapshots`]).
    pub fn keep_snapshots(&mut self) {
        self.snapshots = Some(Snapshots::new(&self.grid, self.nominal_mah_g));
    }

    /// The instants kept so far; `None` if nobody asked for them.
    pub fn snapshots(&self) -> Option<&Snapshots> {
        self.snapshots.as_ref()
    }

    /// Keeps the next step as well, for somebody who looks on.
    pub fn watch(&mut self) {
        self.snapshots.iter_mut().for_each(Snapshots::watch);
    }

    /// Sign of the last current: 1 on discharge, −1 on charge.
    pub fn direction(&self) -> f64 {
        self.series.rows().last().map_or(1.0, |row| row.c_rate.signum())
    }

    /// The numbers so far; they are final once a stop reason is there.
    pub fn summary(&self) -> Summary {
        let mut steps = self.steps.clone();
        if self.stop.is_none() && self.integrator.is_some() {
            steps.push(self.step_summary(None));
        }
        let charge = |step: &StepSummary| matches!(step.drive, Drive::CRate(c) if c < 0.0);
        let discharge = |step: &StepSummary| matches!(step.drive, Drive::CRate(c) if c > 0.0);
        let shown = steps.iter().rev().find(|s| discharge(s)).or(steps.last());
        let efficiency = || {
            let charged = steps.iter().take_while(|s| !discharge(s)).filter(|s| !matches!(s.drive, Drive::CRate(0.0)));
            let charged: f64 = charged.map(|s| s.capacity_mah_g).sum();
            let lost = self.first_charge_loss * self.integrator.as_ref()?.network.active_fraction();
            let charged = charged + lost;
            let first = steps.iter().find(|s| discharge(s))?;
            (charged > 0.0 && first.stop_reason.is_some()).then(|| first.capacity_mah_g / charged)
        };
        let per_mass = |charge: f64| if self.nca_mass > 0.0 { charge / self.nca_mass / 3600.0 } else { 0.0 };
        let side_capacity_mah_g = self.integrator.as_ref().map_or(0.0, |i| per_mass(i.network.side_charge()));
        let (statistics, time_steps, rejected_steps, errors, lithium_balance_error, unknowns) = match &self.integrator {
            None => Default::default(),
            Some(i) => {
                let rows = self.series.rows();
                let (mut net, mut counted) = (0.0, 0.0_f64);
                for pair in rows.windows(2).filter(|pair| pair[0].step == pair[1].step) {
                    let charge = pair[1].capacity_mah_g - pair[0].capacity_mah_g;
                    let hours = (pair[1].time_s - pair[0].time_s) / 3600.0;
                    counted += charge.max(LEAST_C_RATE * ONE_C_A_PER_KG * hours);
                    net += charge * pair[1].c_rate.signum();
                }
                let stored = per_mass(i.network.stored_charge(self.initial_stoichiometry));
                let lost = (stored - net - side_capacity_mah_g).abs();
                let unknowns = i.network.lattice.inverse_diagonal.iter().filter(|d| **d > 0.0).count();
                let lithium = if counted > 0.0 { lost / counted } else { 0.0 };
                (i.statistics(), i.steps(), i.rejected_steps(), i.errors(), lithium, unknowns)
            }
        };
        let rate = |step: &StepSummary| match step.drive {
            Drive::CRate(c) => c,
            Drive::Voltage(_) => 0.0,
        };
        let discharged = shown.filter(|s| discharge(s));
        let energy_wh_kg = discharged.and_then(|s| Some(s.mean_voltage_v? * s.capacity_mah_g)).unwrap_or_default();
        Summary {
            c_rate: shown.map_or(0.0, rate),
            discharge_capacity_mah_g: discharged.map_or(0.0, |s| s.capacity_mah_g),
            mean_voltage_v: discharged.and_then(|s| s.mean_voltage_v),
            // mWh per gram are Wh per kilogram.
            energy_wh_kg,
            cathode_energy_wh_kg: energy_wh_kg * self.nca_mass_fraction,
            final_voltage_v: self.series.rows().last().map_or(0.0, |row| row.voltage_v),
            stop_reason: self.stop,
            first_cycle_efficiency: steps
                .iter()
                .find(|s| charge(s) || discharge(s))
                .filter(|s| charge(s))
                .and_then(|_| efficiency()),
            steps,
            side_capacity_mah_g,
            charge_balance_error: errors.charge_balance,
            lithium_balance_error,
            solver_residual: errors.residual,
            solver_error_v: errors.solver_v,
            step_error_v: errors.step_v,
            worst_time_step: self.worst.map(|(_, step)| step),
            time_steps,
            rejected_steps,
            newton_iterations: statistics.newton_iterations,
            linear_iterations: statistics.linear_iterations,
            multigrid_setups: statistics.setups,
            unknowns,
        }
    }
}

/// The fields at the step just accepted. Particles that nothing reaches keep the lithium they had. Carbon and coats thinner than a
/// voxel lead currents through voxels that show something else: these have no potential to show, but their current vectors stay.
fn fields(integrator: &Integrator, phase: &[Phase], initial_stoichiometry: f64) -> Fields {
    let mut fields = Fields::of(&integrator.network, integrator.state());
    let stoichiometry = &mut fields.scalars[Field::Stoichiometry as usize];
    for (x, _) in stoichiometry.iter_mut().zip(phase).filter(|(x, phase)| x.is_nan() && phase.stores_lithium()) {
        *x = initial_stoichiometry as f32;
    }
    for (voxel, phase) in phase.iter().enumerate() {
        let (electrons, ions) = (phase.conducts_electrons(), phase.is_electrolyte() || phase.stores_lithium());
        for (field, shown) in
            [(Field::PhiS, electrons), (Field::CurrentS, electrons), (Field::PhiE, ions), (Field::CurrentE, ions)]
        {
            if !shown {
                fields.scalars[field as usize][voxel] = f32::NAN;
            }
        }
    }
    fields
}

/// The cell's parameters in SI, from the recipe and the tables of materials.
pub fn cell_parameters(recipe: &Recipe) -> CellParameters {
    let mut sigma = [0.0; Phase::COUNT];
    sigma[Phase::Carbon as usize] = recipe.carbon_sigma_s_m;
    sigma[Phase::Mixed as usize] = lyc::MIXED_SIGMA;
    let mut kappa = [0.0; Phase::COUNT];
    kappa[Phase::Halide as usize] = recipe.halide.kappa();
    kappa[Phase::Lpscl as usize] = lpscl::KAPPA;
    // The mixed coat conducts ions through its halide.
    kappa[Phase::Mixed as usize] = lyc::MIXED_KAPPA * recipe.halide.kappa() / lyc::KAPPA;
    const CM2: f64 = 1e-4;
    let ocv = OpenCircuitVoltage::measured();
    let d = |x| nca::diffusivity(x, recipe.diffusivity_m2_s, recipe.diffusivity_drop);
    CellParameters {
        diffusion: DiffusionPotential::new(&ocv, d),
        ocv,
        sigma,
        kappa,
        skin: recipe.skin_um * 1e-6,
        oxidation: Oxidation { current_density: recipe.oxidation_a_m2 },
        j0_halide: recipe.j0_halide_a_m2,
        j0_lpscl: recipe.j0_lpscl_a_m2,
        film_resistance: recipe.film_resistance_ohm_cm2 * recipe.film_growth * CM2,
        contact_resistance: recipe.contact_resistance_ohm_cm2 * CM2,
        separator_resistance: lpscl::SEPARATOR_RESISTANCE,
    }
}

/// What the phases of a recipe conduct, ions and electrons [S/m]. The NCA conducts electrons by its lithium content, here that of
/// the start, and counts as no way for ions.
pub fn rail_conductivities(recipe: &Recipe) -> [[f64; Phase::COUNT]; 2] {
    let parameters = cell_parameters(recipe);
    let mut electrons = parameters.sigma;
    electrons[Phase::Nca as usize] = nca::sigma(parameters.ocv.stoichiometry(recipe.initial_voltage_v).0);
    [parameters.kappa, electrons]
}
