//! Where the voltage goes.
//!
//! By Tellegen's theorem the power of the terminal is that of the capacitors plus what all branches dissipate. Divided by the
//! current,
//!
//! ```text
//! U(x̄) − V = [U(x̄) − Ū] + Σ_b i_b Δ_b / I ,   Ū = Σ_k i_k U_k / I
//! ```
//!
//! with x̄ the mean stoichiometry, i_k and U_k current and open-circuit voltage of the capacitor in voxel k, b over all other
//! branches. So the parts add up to the loss by construction, in discharge and, with both signs turned, in charge.

use serde::Serialize;

use super::branches::{NONE, face};
use super::network::{ELECTRONIC, IONIC, LEAST, Network, SEPARATOR};
use crate::linalg::lattice::{End, Lattice};

/// Shares of the voltage loss [V], positive where they hinder the current.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Losses {
    /// Ohm's law on the electronic rail: carbon, mixed coat and the NCA itself.
    pub electronic: f64,
    /// Electronic contact resistance.
    pub contact: f64,
    /// Ohm's law in the electrolytes of the cathode.
    pub ionic: f64,
    /// Impurity layer and coat on the NCA.
    pub film: f64,
    /// Butler-Volmer.
    pub charge_transfer: f64,
    /// Lithium diffusion inside the particles.
    pub diffusion: f64,
    /// Unequal charge of particles and of shells: `U(x̄) − Ū`.
    pub heterogeneity: f64,
    pub separator: f64,
}

impl Losses {
    /// Names, in the order of [`Losses::values`].
    pub const NAMES: [&str; 8] =
        ["electronic", "contact", "ionic", "film", "charge_transfer", "diffusion", "heterogeneity", "separator"];

    pub fn values(&self) -> [f64; 8] {
        [
            self.electronic,
            self.contact,
            self.ionic,
            self.film,
            self.charge_transfer,
            self.diffusion,
            self.heterogeneity,
            self.separator,
        ]
    }

    /// The inverse of [`Losses::values`].
    pub fn from_values(values: &[f64]) -> Losses {
        let [electronic, contact, ionic, film, charge_transfer, diffusion, heterogeneity, separator] =
            std::array::from_fn(|k| values[k]);
        Losses { electronic, contact, ionic, film, charge_transfer, diffusion, heterogeneity, separator }
    }

    pub fn total(&self) -> f64 {
        self.values().iter().sum()
    }
}

impl Network {
    /// The losses at `state`, the one last evaluated, and the open-circuit voltage of the mean stoichiometry, from which the
    /// terminal voltage differs by their sum. All zero without a current.
    pub fn losses(&self, state: &[f64]) -> (Losses, f64) {
        let (mut taken, mut x_sum, mut weight, mut mean_u) = (0.0, 0.0, 0.0, 0.0);
        for (k, [s, e]) in self.storage_nodes.iter().enumerate() {
            let u = state[*s as usize] - state[*e as usize];
            let link = f64::from(self.lattice.link[self.storage[k] as usize]);
            let current = -(self.storage_excess[k] + link * u);
            taken += current;
            mean_u += current * u;
            let active = f64::from(self.active[k]);
            x_sum += active * self.x[k];
            weight += active;
        }
        let u_mean = self.parameters.ocv.voltage(x_sum / weight);
        let current = self.lattice_current(state);
        if current.abs() < 1e-9 * self.one_c() || taken == 0.0 {
            return (Losses::default(), u_mean);
        }
        let mut losses = Losses::default();
        let drop = |a: u32, b: u32| state[a as usize] - state[b as usize];
        let ends = &self.storage_nodes;
        losses.electronic = power(&self.lattice, ELECTRONIC, state);
        losses.ionic = power(&self.lattice, IONIC, state);
        for branch in &self.interior {
            let ionic = drop(ends[branch.a as usize][1], ends[branch.b as usize][1]);
            let part = f64::from(face(&self.lattice, branch.ionic)) * ionic * ionic;
            losses.diffusion += part;
            losses.ionic -= part;
        }
        for contact in &self.contacts {
            let other = if contact.b == NONE { contact.other } else { ends[contact.b as usize][0] };
            let u = drop(ends[contact.a as usize][0], other);
            let g = f64::from(face(&self.lattice, contact.face));
            // Share of the contact in the resistance of the branch.
            let part = g * u * u * (f64::from(contact.contact) * g).min(1.0);
            losses.contact += part;
            losses.electronic -= part;
        }
        for (reaction, solved) in self.reactions.iter().zip(&self.solved) {
            let (u, i) = (solved.delta, solved.current);
            let scale = f64::from(reaction.area) * self.h;
            let resistance = f64::from(reaction.resistance);
            // What the face carries in the lattice is a tangent, counted among the ionic faces once for each reaction on it.
            let (flow, film) = (scale * i.j, f64::from(reaction.film) * i.j);
            losses.diffusion += flow * i.drop;
            losses.film += flow * film;
            losses.ionic += flow * (resistance * i.j - film) - (scale * i.slope).max(LEAST) * u * u;
            losses.charge_transfer += flow * (u - i.drop - resistance * i.j);
        }
        let at_separator = state[self.lattice.hub(SEPARATOR)];
        losses.separator = f64::from(self.lattice.hub_excess[SEPARATOR]) * at_separator * at_separator;
        let per_current = 1.0 / current.abs();
        for part in [
            &mut losses.electronic,
            &mut losses.contact,
            &mut losses.ionic,
            &mut losses.film,
            &mut losses.charge_transfer,
            &mut losses.diffusion,
            &mut losses.separator,
        ] {
            *part *= per_current;
        }
        losses.heterogeneity = (u_mean - mean_u / taken) * current.signum();
        (losses, u_mean)
    }
}

/// Power of all faces of a layer, `Σ g Δ²`, with those to the hubs and to ground.
fn power(lattice: &Lattice, layer: usize, state: &[f64]) -> f64 {
    let [nx, ny, nz] = lattice.size();
    let value = |end: End| match end {
        End::Ground => 0.0,
        End::Hub(k) => state[lattice.hub(k)],
    };
    let square = |g: f32, a: f64, b: f64| f64::from(g) * (a - b) * (a - b);
    let mut sum = 0.0;
    let ends = lattice.ends[layer].map(value);
    for z in 0..nz {
        for y in 0..ny {
            let at = [0, y, z];
            let row = |y: usize, z: usize| &state[lattice.node(layer, [0, y, z])..][..nx];
            let (here, front) = (row(y, z), row((y + ny - 1) % ny, z));
            let gx = &lattice.gx[lattice.face_x(layer, at)..][..nx];
            let gy = &lattice.gy[lattice.face_y(layer, at)..][..nx];
            let gz = &lattice.gz[lattice.face_z(layer, at)..][..nx];
            let mut left = here[nx - 1];
            for x in 0..nx {
                let below = if z == 0 { ends[0] } else { row(y, z - 1)[x] };
                sum += square(gx[x], left, here[x]) + square(gy[x], front[x], here[x]) + square(gz[x], below, here[x]);
                left = here[x];
            }
            if z + 1 == nz {
                let gz = &lattice.gz[lattice.face_z_above(layer, at)..][..nx];
                sum += gz.iter().zip(here).map(|(g, here)| square(*g, *here, ends[1])).sum::<f64>();
            }
        }
    }
    sum
}
