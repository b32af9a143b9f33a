//! The conductor: takes a recipe and its microstructure through a protocol, a bounded piece of work at a time.

use serde::Serialize;
use serde_json::json;

use crate::cell::CellParameters;
use crate::cell::fields::{Field, Fields};
use crate::cell::network::Network;
use crate::cell::newton;
use crate::cell::timestep::{Failure, Integrator, Progress as StepProgress, StepControl};
use crate::constants::ONE_C_A_PER_KG;
use crate::grid::VoxelGrid;
use crate::linalg::pcg;
use crate::materials::nca::{self, DiffusionPotential, OpenCircuitVoltage};
use crate::materials::{Phase, lpscl, lyc};
use crate::microstructure::Microstructure;
use crate::protocol::{ConstantCurrent, Protocol};
use crate::recipe::{Recipe, RecipeIssue};
use crate::results::{Series, StopReason, Summary};
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
        SimulationError { code, stage: "discharge", message, hint: HINT }
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

/// One discharge (or charge) of one electrode.
pub struct Simulation {
    grid: VoxelGrid,
    protocol: Protocol,
    /// None if the structure conducts nothing.
    integrator: Option<Integrator>,
    initial_stoichiometry: f64,
    nca_mass: f64,
    current: f64,
    series: Series,
    stop: Option<StopReason>,
    nominal_mah_g: f64,
    /// Phase of each voxel, for the fields.
    phase: Vec<Phase>,
    snapshots: Option<Snapshots>,
}

impl Simulation {
    /// The discharge that a recipe asks for.
    pub fn new(recipe: &Recipe, structure: &Microstructure) -> Simulation {
        let protocol = Protocol {
            initial_voltage_v: recipe.initial_voltage_v,
            step: ConstantCurrent { c_rate: recipe.c_rate, until_voltage_v: recipe.cutoff_voltage_v },
        };
        Self::with_protocol(recipe, structure, protocol, StepControl::default())
    }

    /// Any constant current, with any step control.
    pub fn with_protocol(
        recipe: &Recipe,
        structure: &Microstructure,
        protocol: Protocol,
        control: StepControl,
    ) -> Simulation {
        let parameters = cell_parameters(recipe);
        let initial_stoichiometry = parameters.ocv.stoichiometry(protocol.initial_voltage_v).0;
        let cutoff_stoichiometry = parameters.ocv.stoichiometry(protocol.step.until_voltage_v).0;
        let span = (cutoff_stoichiometry - initial_stoichiometry).abs();
        let mut simulation = Simulation {
            grid: structure.grid,
            protocol,
            integrator: None,
            initial_stoichiometry,
            nca_mass: 0.0,
            current: 0.0,
            series: Series::default(),
            stop: None,
            nominal_mah_g: span * crate::materials::nca::theoretical_capacity_mah_g(),
            phase: structure.phase.clone(),
            snapshots: None,
        };
        match Network::new(structure, parameters) {
            Ok(network) => {
                let one_c = ONE_C_A_PER_KG * network.nca_mass();
                simulation.nca_mass = network.nca_mass();
                simulation.current = protocol.step.c_rate * one_c;
                let (u0, limit) = (protocol.initial_voltage_v, protocol.step.until_voltage_v);
                simulation.integrator = Some(Integrator::new(network, u0, simulation.current, limit, one_c, control));
            }
            Err(_) => simulation.stop = Some(StopReason::NoConductingPath),
        }
        simulation.series.push(0.0, 0.0, protocol.initial_voltage_v);
        simulation
    }

    /// One bounded piece of work: an evaluation of the network or one linear iteration.
    ///
    /// # Errors
    /// [`SimulationError`] if the numbers could not be had; there is then no result.
    pub fn advance(&mut self) -> Result<Status, SimulationError> {
        let (Some(integrator), None) = (&mut self.integrator, self.stop) else { return Ok(Status::Finished) };
        if let StepProgress::Accepted(step) = integrator.advance()? {
            let capacity = self.current.abs() * step.time / self.nca_mass / 3600.0;
            // A / kg · h = mAh / g.
            self.series.push(step.time, capacity, step.voltage);
            if let Some(snapshots) = &mut self.snapshots {
                let at = Instant { time_s: step.time, capacity_mah_g: capacity, voltage_v: step.voltage };
                let (phase, initial) = (&self.phase, self.initial_stoichiometry);
                snapshots.offer(at, step.at_limit, || fields(integrator, phase, initial));
            }
            if step.at_limit {
                let reason = if self.current > 0.0 { StopReason::LowerCutoff } else { StopReason::UpperCutoff };
                self.stop = Some(reason);
                return Ok(Status::Finished);
            }
        }
        Ok(Status::Running)
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
        let last = self.series.len() - 1;
        let capacity_mah_g = self.series.capacity_mah_g[last];
        Progress {
            stage: if self.stop.is_some() { "finished" } else { "discharging" },
            fraction: if self.stop.is_some() { 1.0 } else { (capacity_mah_g / self.nominal_mah_g).min(0.99) },
            time_s: self.series.time_s[last],
            time_steps: last,
            capacity_mah_g,
            voltage_v: self.series.voltage_v[last],
        }
    }

    pub fn series(&self) -> &Series {
        &self.series
    }

    pub fn stop_reason(&self) -> Option<StopReason> {
        self.stop
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

    /// Sign of the current: 1 on discharge, −1 on charge.
    pub fn direction(&self) -> f64 {
        self.protocol.step.c_rate.signum()
    }

    /// The numbers so far; they are final once a stop reason is there.
    pub fn summary(&self) -> Summary {
        let last = self.series.len() - 1;
        let (statistics, steps, rejected, charge, lithium, unknowns) = match &self.integrator {
            None => Default::default(),
            Some(i) => {
                let passed = self.current * self.series.time_s[last];
                let stored = i.network.stored_charge(self.initial_stoichiometry);
                let lithium = if passed == 0.0 { 0.0 } else { (stored / passed - 1.0).abs() };
                let unknowns = i.network.lattice.inverse_diagonal.iter().filter(|d| **d > 0.0).count();
                (i.statistics(), i.steps(), i.rejected_steps(), i.charge_balance_error(), lithium, unknowns)
            }
        };
        Summary {
            c_rate: self.protocol.step.c_rate,
            discharge_capacity_mah_g: self.series.capacity_mah_g[last],
            mean_voltage_v: self.series.mean_voltage(),
            energy_wh_kg: self.series.energy_wh_kg(),
            final_voltage_v: self.series.voltage_v[last],
            stop_reason: self.stop,
            charge_balance_error: charge,
            lithium_balance_error: lithium,
            time_steps: steps,
            rejected_steps: rejected,
            newton_iterations: statistics.newton_iterations,
            linear_iterations: statistics.linear_iterations,
            multigrid_setups: statistics.setups,
            multigrid_refreshes: statistics.refreshes,
            unknowns,
        }
    }
}

/// The fields at the step just accepted. Particles that nothing reaches keep the lithium they had; a thin coat beside a pore
/// carries ions as well, but fills no voxel.
fn fields(integrator: &Integrator, phase: &[Phase], initial_stoichiometry: f64) -> Fields {
    let mut fields = Fields::of(&integrator.network, integrator.state());
    let stoichiometry = &mut fields.0[Field::Stoichiometry as usize];
    for (x, _) in stoichiometry.iter_mut().zip(phase).filter(|(x, phase)| x.is_nan() && phase.stores_lithium()) {
        *x = initial_stoichiometry as f32;
    }
    for field in [Field::PhiE, Field::CurrentE] {
        let values = fields.0[field as usize].iter_mut().zip(phase);
        values.filter(|(_, p)| !p.is_electrolyte() && !p.stores_lithium()).for_each(|(v, _)| *v = f32::NAN);
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
        j0_halide: recipe.j0_halide_a_m2,
        j0_lpscl: recipe.j0_lpscl_a_m2,
        film_resistance: recipe.film_resistance_ohm_cm2 * CM2,
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
