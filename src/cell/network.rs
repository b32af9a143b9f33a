//! From potentials to currents: the branches of a microstructure at work.
//!
//! Conductances are divided by the voxel edge h, so a conducting face holds its conductivity [S m⁻¹] and a current is in
//! units of h amperes. Layer [`ELECTRONIC`] of the lattice is the electronic rail, layer [`IONIC`] the ionic one; hub
//! [`TERMINAL`] is the current collector, hub [`SEPARATOR`] the face of the separator.

use super::CellParameters;
use super::branches::{Branches, Contact, Interior, NONE, Reaction, face_mut, harmonic, reached_from};
use super::kinetics::{InterfaceCurrent, Solved, Subsurface, interface_current};
use super::rule::{ORDER, Rule};
use crate::constants::{FARADAY, ONE_C_A_PER_KG};
use crate::linalg::lattice::{End, Lattice, Ring};
use crate::materials::nca::{self, C_S_MAX, StateTable};
use crate::microstructure::Microstructure;

pub const ELECTRONIC: usize = 0;
pub const IONIC: usize = 1;
pub const TERMINAL: usize = 0;
pub const SEPARATOR: usize = 1;
/// Least conductance of a branch, in units of S/m: keeps a branch in the network when its process dies out (x → 1).
pub(super) const LEAST: f64 = 1e-12;

/// What the cycler holds constant, in SI.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Load {
    /// Current [A], positive for discharge.
    Current(f64),
    /// Terminal voltage [V].
    Voltage(f64),
}

/// Resistance of the source that holds a voltage [Ohm m²]: 0.03 mV at 1C of these electrodes.
const SOURCE_RESISTANCE: f64 = 2e-6;
/// Currents are balanced relative to no less than this, in units of 1C.
pub const LEAST_C_RATE: f64 = 0.1;

/// An NCA voxel where the coefficients were taken.
#[derive(Clone, Copy, Default)]
pub(super) struct Predicted {
    u: f64,
    /// Diffusion potential [m² s⁻¹] and minus its derivative [m² s⁻¹ V⁻¹].
    theta: f64,
    mobility: f64,
    sigma: f64,
}

/// The network of one microstructure.
#[derive(Clone)]
pub struct Network {
    pub lattice: Lattice,
    pub(super) parameters: CellParameters,
    pub(super) nca: StateTable,
    /// Voxel edge [m].
    pub(super) h: f64,
    /// Cross-section [m²].
    area: f64,
    /// NCA mass in the domain [kg], dead particles included.
    nca_mass: f64,
    /// NCA voxels that are connected to anything.
    pub(super) storage: Vec<u32>,
    pub(super) storage_nodes: Vec<[u32; 2]>,
    pub(super) interior: Vec<Interior>,
    pub(super) contacts: Vec<Contact>,
    pub(super) reactions: Vec<Reaction>,
    pub(super) predicted: Vec<Predicted>,
    /// Each reaction at the latest state.
    pub(super) solved: Vec<Solved>,
    /// True current minus that of the tangent conductance, of each nonlinear branch.
    reaction_excess: Vec<f64>,
    pub(super) storage_excess: Vec<f64>,
    /// Stoichiometry at the start of the step and now; shape: as `storage`.
    pub x_old: Vec<f64>,
    pub x: Vec<f64>,
    /// What it gained in the last steps, newest first; shape: as `storage`.
    gains: [Vec<f64>; ORDER - 1],
    /// Storage per voxel and unit of stoichiometry, divided by the time of the step's rule and by h.
    storage_rate: f64,
    /// The rule of the step in work.
    rule: Rule,
    /// Active part of each NCA voxel, and its surface against LPSCl in voxel faces; shape: as `storage`.
    pub(super) active: Vec<f32>,
    exposed: Vec<f32>,
    load: Load,
    /// Current that oxidises electrolyte at the state last evaluated, in the units of the lattice, its charge in the last
    /// steps, newest first, and since the start [C].
    side: f64,
    side_gains: [f64; ORDER - 1],
    side_charge: f64,
    ring: Ring<f64>,
}

/// The microstructure lets no current pass between lithium and the current collector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoPath;

impl Network {
    /// Builds the branches of a microstructure.
    ///
    /// # Errors
    /// [`NoPath`] if no chain of branches joins the lithium to the collector.
    pub fn new(structure: &Microstructure, parameters: CellParameters) -> Result<Network, NoPath> {
        let grid = structure.grid;
        let h = grid.voxel_um * 1e-6;
        let area = (grid.size[0] * grid.size[1]) as f64 * h * h;
        let ends = vec![[End::Ground, End::Hub(TERMINAL)], [End::Hub(SEPARATOR), End::Ground]];
        let mut lattice = Lattice::new(grid.size, ends, 2);
        lattice.hub_excess[SEPARATOR] = (area / parameters.separator_resistance / h) as f32;

        let mut branches = Branches::default();
        branches.conduction(structure, &parameters, &mut lattice);
        branches.carbon(structure, &parameters, &mut lattice);
        branches.contacts(structure, &parameters, h, &mut lattice);
        branches.surface(structure, &parameters, h, &mut lattice);
        branches.ends(structure, &parameters, h, &mut lattice);
        lattice.wrap();

        let reached = reached_from(&lattice, lattice.hub(SEPARATOR), |_| true);
        if !reached[lattice.hub(TERMINAL)] {
            return Err(NoPath);
        }
        branches.drop_unreached(&reached);
        branches.mark_carrying(&lattice);
        lattice.keep_only(&reached);
        lattice.update_diagonal();

        let voxels = structure.phase.iter().filter(|p| p.stores_lithium()).count();
        let (storage, storage_nodes) = (branches.storage, branches.storage_nodes);
        let (n, m) = (storage.len(), branches.reactions.len());
        Ok(Network {
            ring: Ring::new(&lattice),
            lattice,
            nca: StateTable::new(&parameters.ocv, &parameters.diffusion),
            parameters,
            h,
            area,
            nca_mass: voxels as f64 * h * h * h * nca::DENSITY * 1e3,
            storage,
            storage_nodes,
            interior: branches.interior,
            contacts: branches.contacts,
            reactions: branches.reactions,
            predicted: vec![Predicted::default(); n],
            solved: vec![Solved::default(); m],
            reaction_excess: vec![0.0; m],
            storage_excess: vec![0.0; n],
            x_old: vec![0.0; n],
            x: vec![0.0; n],
            gains: std::array::from_fn(|_| vec![0.0; n]),
            storage_rate: 0.0,
            rule: Rule::new(1.0, &[]),
            active: branches.active,
            exposed: branches.exposed,
            load: Load::Current(0.0),
            side: 0.0,
            side_gains: [0.0; ORDER - 1],
            side_charge: 0.0,
        })
    }

    /// NCA mass in the domain [kg].
    pub fn nca_mass(&self) -> f64 {
        self.nca_mass
    }

    /// 1C in the units of the lattice.
    pub(super) fn one_c(&self) -> f64 {
        ONE_C_A_PER_KG * self.nca_mass / self.h
    }

    /// Puts the cell under another load. The hierarchy of a solver must be made anew.
    pub fn set_load(&mut self, load: Load) {
        self.load = load;
        self.lattice.hub_excess[TERMINAL] = match load {
            Load::Current(_) => 0.0,
            Load::Voltage(_) => (self.area / SOURCE_RESISTANCE / self.h) as f32,
        };
    }

    /// Current at a state [A], positive for discharge.
    pub fn current(&self, state: &[f64]) -> f64 {
        self.lattice_current(state) * self.h
    }

    pub(super) fn lattice_current(&self, state: &[f64]) -> f64 {
        match self.load {
            Load::Current(current) => current / self.h,
            Load::Voltage(v) => f64::from(self.lattice.hub_excess[TERMINAL]) * (state[self.lattice.hub(TERMINAL)] - v),
        }
    }

    /// Resistance [Ohm] times h of `resistance` [Ohm m²] over the cross-section: in the units of the lattice.
    pub fn scaled_resistance(&self, resistance: f64) -> f64 {
        resistance / self.area * self.h
    }

    /// Share of the NCA in the domain that stores lithium within reach.
    pub fn active_fraction(&self) -> f64 {
        let voxel = self.h * self.h * self.h * nca::DENSITY * 1e3;
        self.active.iter().map(|a| f64::from(*a)).sum::<f64>() * voxel / self.nca_mass
    }

    /// Charge that oxidised electrolyte since the start [C].
    pub fn side_charge(&self) -> f64 {
        self.side_charge
    }

    /// Lithium stored since the start, `Σ F c_s_max V (x − reference)` [C], for voxels in the network.
    pub fn stored_charge(&self, reference: f64) -> f64 {
        let sum: f64 = self.x_old.iter().zip(&self.active).map(|(x, a)| f64::from(*a) * (x - reference)).sum();
        FARADAY * C_S_MAX * self.h * self.h * self.h * sum
    }

    /// NCA voxels in the network, as positions in the grid.
    pub fn storage(&self) -> &[u32] {
        &self.storage
    }

    /// The open-circuit voltage curve in use.
    pub fn ocv(&self) -> &crate::materials::nca::OpenCircuitVoltage {
        &self.parameters.ocv
    }

    /// Potentials of a uniform electrode at rest: `phi_s` = `u` [V] and `phi_e` = 0.
    pub fn rest(&mut self, u: f64) -> Vec<f64> {
        let lattice = &self.lattice;
        let mut state = vec![0.0; lattice.len()];
        let [nx, ny, nz] = lattice.size();
        for z in 0..nz {
            let first = lattice.node(ELECTRONIC, [0, 0, z]);
            for (phi, d) in state[first..first + nx * ny].iter_mut().zip(&lattice.inverse_diagonal[first..]) {
                *phi = if *d > 0.0 { u } else { 0.0 };
            }
        }
        state[lattice.hub(TERMINAL)] = u;
        self.x_old.fill(self.parameters.ocv.stoichiometry(u).0);
        self.x.copy_from_slice(&self.x_old);
        state
    }

    /// Begins a step by `rule`: gives the NCA in `state`, else extrapolated by potentials, the lithium that extrapolation
    /// promises, and takes the coefficients there.
    ///
    /// Lithium is smooth in time where its voltage, along the kinks of the measured curve, is not.
    pub fn begin(&mut self, rule: Rule, state: &mut [f64]) {
        /// Rounds of Newton's method on x(u), the longest of their steps and one that is small enough [V].
        const ROUNDS: usize = 6;
        const FARTHEST: f64 = 0.1;
        const NEAR: f64 = 1e-3;
        self.storage_rate = FARADAY * C_S_MAX * self.h * self.h / rule.time;
        self.rule = rule;
        if rule.forecast != [0.0; ORDER - 1] {
            for (k, [s, e]) in self.storage_nodes.iter().enumerate() {
                let old = self.x_old[k];
                let promised =
                    old + rule.forecast.iter().zip(&self.gains).map(|(share, gain)| share * gain[k]).sum::<f64>();
                let x = promised.clamp(0.5 * old, 0.5 * (1.0 + old));
                let mut u = state[*s as usize] - state[*e as usize];
                for _ in 0..ROUNDS {
                    let (here, slope) = self.parameters.ocv.stoichiometry(u);
                    let step = ((x - here) / slope).clamp(-FARTHEST, FARTHEST);
                    u += step;
                    if step.abs() < NEAR {
                        break;
                    }
                }
                state[*e as usize] = state[*s as usize] - u;
            }
        }
        self.freeze(state);
    }

    /// Takes diffusivity and conductivity of the NCA at `state`.
    pub fn freeze(&mut self, state: &[f64]) {
        let Network { lattice, parameters: p, nca, .. } = self;
        let capacity = FARADAY * C_S_MAX;
        for (predicted, [s, e]) in self.predicted.iter_mut().zip(&self.storage_nodes) {
            let u = state[*s as usize] - state[*e as usize];
            let (theta, slope) = p.diffusion.at(u);
            *predicted = Predicted { u, theta, mobility: -slope, sigma: nca.sigma(u) };
        }
        for branch in &self.interior {
            let (a, b) = (&self.predicted[branch.a as usize], &self.predicted[branch.b as usize]);
            // The chord makes the branch carry exactly F c ΔΘ; the tangent serves where the chord cancels.
            let du = a.u - b.u;
            let chord = if du.abs() > 1e-4 { (b.theta - a.theta) / du } else { 0.5 * (a.mobility + b.mobility) };
            let kappa = capacity * chord;
            *face_mut(lattice, branch.ionic) = kappa.max(LEAST) as f32;
            *face_mut(lattice, branch.electronic) = harmonic(a.sigma, b.sigma) as f32;
        }
        for contact in &self.contacts {
            let mut nca = 1.0 / self.predicted[contact.a as usize].sigma;
            if contact.b != NONE {
                nca += 1.0 / self.predicted[contact.b as usize].sigma;
            }
            let resistance = f64::from(contact.fixed) + f64::from(contact.ahead) * nca;
            *face_mut(lattice, contact.face) = (1.0 / resistance).max(LEAST) as f32;
        }
    }

    /// Residual of Kirchhoff's current law at `state`, and the conductances of its Jacobian.
    ///
    /// * `residual` – out: current out of each node that nothing brings in; shape: as `state`
    pub fn evaluate(&mut self, state: &[f64], residual: &mut [f64]) {
        let Network { lattice, nca: states, h, .. } = self;
        for reaction in &self.reactions {
            *face_mut(lattice, reaction.face) = 0.0;
        }
        // What the linear network would carry is taken out of each nonlinear branch, so that one pass over the lattice
        // gives the true residual.
        for (k, reaction) in self.reactions.iter().enumerate() {
            let nca = reaction.nca as usize;
            let below = reaction.below(&self.predicted[nca]);
            let delta = state[reaction.electrolyte as usize] - state[self.storage_nodes[nca][1] as usize];
            let i = reaction.current(states, delta, below, self.solved[k].guess(delta));
            self.solved[k] = Solved { delta, current: i };
            let scale = f64::from(reaction.area) * *h;
            let tangent = (scale * i.slope).max(LEAST) as f32;
            *face_mut(lattice, reaction.face) += tangent;
            self.reaction_excess[k] = scale * i.j - f64::from(tangent) * delta;
        }
        self.side = 0.0;
        for k in 0..self.storage.len() {
            self.charge(k, state);
        }
        let Network { lattice, h, .. } = self;
        lattice.wrap();
        lattice.apply(state, residual, &mut self.ring);
        for hub in 0..lattice.hubs() {
            residual[lattice.hub(hub)] = lattice.hub_flow(hub, state);
        }
        // A source that holds a voltage: its conductance is in the lattice, its potential here.
        residual[lattice.hub(TERMINAL)] += match self.load {
            Load::Current(current) => current / *h,
            Load::Voltage(v) => -f64::from(lattice.hub_excess[TERMINAL]) * v,
        };
        for (reaction, excess) in self.reactions.iter().zip(&self.reaction_excess) {
            residual[reaction.electrolyte as usize] += excess;
            residual[self.storage_nodes[reaction.nca as usize][1] as usize] -= excess;
        }
        for ([s, e], excess) in self.storage_nodes.iter().zip(&self.storage_excess) {
            residual[*s as usize] += excess;
            residual[*e as usize] -= excess;
        }
    }

    /// What the capacitor of NCA voxel `k` takes up and oxidises at `state`, as tangent conductance and excess; returns the current
    /// [lattice units].
    fn charge(&mut self, k: usize, state: &[f64]) -> f64 {
        let [s, e] = self.storage_nodes[k];
        let u = state[s as usize] - state[e as usize];
        let (x, slope) = self.parameters.ocv.stoichiometry(u);
        self.x[k] = x;
        let rate = self.storage_rate * f64::from(self.active[k]);
        let exposed = f64::from(self.exposed[k]) * self.h;
        let (side, side_slope) = if exposed > 0.0 { self.parameters.oxidation.current(u) } else { (0.0, 0.0) };
        self.side += exposed * side;
        let tangent = (exposed * side_slope - rate * slope).max(LEAST) as f32;
        self.lattice.link[self.storage[k] as usize] = tangent;
        let gain = x - self.x_old[k] - self.remembered(k);
        let current = exposed * side - rate * gain;
        self.storage_excess[k] = current - f64::from(tangent) * u;
        current
    }

    /// What the rule lets NCA voxel `k` gain without a current.
    #[inline]
    fn remembered(&self, k: usize) -> f64 {
        let [first, second] = self.rule.memory;
        first * self.gains[0][k] + second * self.gains[1][k]
    }

    /// An upper bound of the size of a current of the sign of `current` [A] at the frozen state: every wired surface filled to
    /// x = 1 by a discharge or emptied to x = 0 by a charge, lithium moving as fast as the half voxel beneath lets it. Beyond it
    /// no potential drives the current.
    pub fn greatest_current(&self, current: f64) -> f64 {
        let full = self.parameters.diffusion.full();
        let exchange = |reaction: &Reaction| {
            let below = reaction.below(&self.predicted[reaction.nca as usize]);
            let room = if current < 0.0 { below.theta } else { full - below.theta };
            f64::from(reaction.area) * below.conductance * room
        };
        self.h * self.h * self.reactions.iter().filter(|r| r.carries).map(exchange).sum::<f64>()
    }

    /// Makes the state last evaluated the start of the next step.
    pub fn accept(&mut self) {
        let side_gain = self.rule.gain(self.side_gains, self.side * self.h);
        self.side_gains = [side_gain, self.side_gains[0]];
        self.side_charge += side_gain;
        self.gains.rotate_right(1);
        for ((old, gain), x) in self.x_old.iter_mut().zip(&mut self.gains[0]).zip(&self.x) {
            (*old, *gain) = (*x, x - *old);
        }
    }

    /// Shifts all potentials, and those of the electronic rail once more, by what makes the separator carry the current and the
    /// capacitors store it: Newton's step in these two unknowns. No current but those of capacitors, separator and source changes.
    ///
    /// * `residual` – in and out: that of `state`, the one last evaluated
    pub fn shift_rails(&mut self, state: &mut [f64], residual: &mut [f64]) {
        let lattice = &self.lattice;
        let (terminal, separator) = (lattice.hub(TERMINAL), lattice.hub(SEPARATOR));
        let [nx, ny, nz] = lattice.size();
        let row = |layer: usize, z: usize| {
            let first = lattice.node(layer, [0, 0, z]);
            first..first + nx * ny
        };
        let sum = |layer: usize| (0..nz).map(|z| residual[row(layer, z)].iter().sum::<f64>()).sum::<f64>();
        let electronic = sum(ELECTRONIC) + residual[terminal];
        let all = electronic + sum(IONIC) + residual[separator];
        let links: f64 = self.storage.iter().map(|&voxel| f64::from(lattice.link[voxel as usize])).sum();
        let [source, ground] = [TERMINAL, SEPARATOR].map(|hub| f64::from(lattice.hub_excess[hub]));
        // [ground + source, source; source, links + source] [common; own] = − [all; electronic]
        let determinant = (ground + source) * (links + source) - source * source;
        let common = (source * electronic - (links + source) * all) / determinant;
        let own = (source * all - (ground + source) * electronic) / determinant;
        for (layer, shift) in [(ELECTRONIC, common + own), (IONIC, common)] {
            for z in 0..nz {
                let present = &lattice.inverse_diagonal[row(layer, z)];
                let nodes = state[row(layer, z)].iter_mut().zip(present);
                nodes.filter(|(_, d)| **d > 0.0).for_each(|(u, _)| *u += shift);
            }
        }
        for (hub, shift, conductance) in [(terminal, common + own, source), (separator, common, ground)] {
            state[hub] += shift;
            residual[hub] += conductance * shift;
        }
        self.side = 0.0;
        for k in 0..self.storage.len() {
            let [s, e] = self.storage_nodes[k].map(|node| node as usize);
            let link = f64::from(self.lattice.link[self.storage[k] as usize]);
            let before = self.storage_excess[k] + link * (state[s] - state[e] - own);
            let change = self.charge(k, state) - before;
            residual[s] += change;
            residual[e] -= change;
        }
    }

    /// What the solver has lost on the way at the state last evaluated: the greater difference to the current of what passes
    /// the separator and of what is stored and oxidised, relative to it (to 0.1C where it is less).
    pub fn imbalance(&self, state: &[f64]) -> f64 {
        let current = self.lattice_current(state);
        let carried = -f64::from(self.lattice.hub_excess[SEPARATOR]) * state[self.lattice.hub(SEPARATOR)];
        let uptake = |k: usize| f64::from(self.active[k]) * (self.x[k] - self.x_old[k] - self.remembered(k));
        let stored = self.storage_rate * (0..self.storage.len()).map(uptake).sum::<f64>() - self.side;
        (carried - current).abs().max((stored - current).abs()) / self.reference_current(state)
    }

    /// What errors of currents are relative to: the current, or 0.1C where it is less [lattice units].
    pub fn reference_current(&self, state: &[f64]) -> f64 {
        self.lattice_current(state).abs().max(LEAST_C_RATE * self.one_c())
    }
}

impl Reaction {
    pub(super) fn below(&self, predicted: &Predicted) -> Subsurface {
        Subsurface { u: predicted.u, theta: predicted.theta, conductance: f64::from(self.below) }
    }

    /// Its current at the voltage `delta` [V] across it; `guess` is a first voltage beneath the surface [V].
    #[inline]
    pub(super) fn current(&self, nca: &StateTable, delta: f64, below: Subsurface, guess: f64) -> InterfaceCurrent {
        interface_current(delta, below, self.resistance.into(), |u| nca.surface(self.j0.into(), u), guess)
    }
}
