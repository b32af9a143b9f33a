//! What happens inside: potentials, stoichiometry, current densities and what the interfaces cost, voxel by voxel.
//!
//! All fields belong to one accepted step: the potentials are its own, the conductances those with which it was solved.

use super::branches::face_place;
use super::network::{ELECTRONIC, IONIC, Network};
use crate::linalg::lattice::{End, Lattice};

/// A field of the cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// Lithium stoichiometry of NCA, 0 to 1.
    Stoichiometry,
    /// Potential of the electronic rail [V].
    PhiS,
    /// Potential of the ionic rail [V].
    PhiE,
    /// Magnitude of the electronic current density [A m⁻²].
    CurrentS,
    /// Magnitude of the ionic current density [A m⁻²]; inside NCA that of the lithium that diffuses, in units of charge.
    CurrentE,
    /// Current density into the NCA per true surface [A m⁻²], mean over a voxel's interfaces; discharge is positive.
    ReactionCurrent,
    /// What film and charge transfer cost at a voxel's interfaces [V], mean over their area; discharge is positive.
    Overpotential,
}

impl Field {
    pub const COUNT: usize = 7;
    pub const ALL: [Field; Field::COUNT] = [
        Field::Stoichiometry,
        Field::PhiS,
        Field::PhiE,
        Field::CurrentS,
        Field::CurrentE,
        Field::ReactionCurrent,
        Field::Overpotential,
    ];

    pub fn key(self) -> &'static str {
        ["stoichiometry", "phi_s", "phi_e", "current_s", "current_e", "reaction_current", "overpotential"]
            [self as usize]
    }

    /// The field of this key.
    pub fn from_key(key: &str) -> Option<Field> {
        Field::ALL.into_iter().find(|field| field.key() == key)
    }
}

/// All fields at one instant; NaN where a voxel has no value. Shape of each: [nz, ny, nx].
#[derive(Clone, Debug, PartialEq)]
pub struct Fields {
    pub(crate) scalars: [Vec<f32>; Field::COUNT],
    /// Current densities of [`Field::CurrentS`] and [`Field::CurrentE`] along x, y and z [A m⁻²]; shape: [2][nz, ny, nx][3].
    pub(crate) currents: [Vec<[f32; 3]>; 2],
}

impl Fields {
    pub fn get(&self, field: Field) -> &[f32] {
        &self.scalars[field as usize]
    }

    /// The vectors [A m⁻²] whose lengths `field` holds where it has a value; `None` for a field that is no current density.
    pub fn vectors(&self, field: Field) -> Option<&[[f32; 3]]> {
        match field {
            Field::CurrentS => Some(&self.currents[ELECTRONIC]),
            Field::CurrentE => Some(&self.currents[IONIC]),
            _ => None,
        }
    }

    /// An electrode that no current can pass: all its lithium is where it was.
    pub fn at_rest(voxels: usize) -> Fields {
        Fields {
            scalars: std::array::from_fn(|_| vec![f32::NAN; voxels]),
            currents: std::array::from_fn(|_| vec![[f32::NAN; 3]; voxels]),
        }
    }

    /// The fields of `network` at the state of the step that it was last evaluated for.
    ///
    /// * `state` – potentials [V]; shape: nodes of the lattice
    pub fn of(network: &Network, state: &[f64]) -> Fields {
        let lattice = &network.lattice;
        let [nx, ny, nz] = lattice.size();
        let mut fields = Fields::at_rest(nx * ny * nz);
        let faces = FaceCurrents::new(network, state);
        let mut voxel = 0;
        for z in 0..nz {
            for y in 0..ny {
                for x in 0..nx {
                    for (layer, potential, current) in
                        [(ELECTRONIC, Field::PhiS, Field::CurrentS), (IONIC, Field::PhiE, Field::CurrentE)]
                    {
                        let node = lattice.node(layer, [x, y, z]);
                        if lattice.inverse_diagonal[node] > 0.0 {
                            let i = faces.mean(lattice, layer, [x, y, z]).map(|i| i / network.h as f32);
                            fields.scalars[potential as usize][voxel] = state[node] as f32;
                            fields.scalars[current as usize][voxel] = (i[0] * i[0] + i[1] * i[1] + i[2] * i[2]).sqrt();
                            fields.currents[layer][voxel] = i;
                        }
                    }
                    voxel += 1;
                }
            }
        }
        for (&voxel, x) in network.storage().iter().zip(&network.x_old) {
            fields.scalars[Field::Stoichiometry as usize][voxel as usize] = *x as f32;
        }
        // Means over the area of all interfaces of a voxel.
        let mut area = vec![0.0_f32; network.storage().len()];
        let [current, eta] = [Field::ReactionCurrent, Field::Overpotential].map(|f| f as usize);
        for (reaction, solved) in network.reactions.iter().zip(&network.solved) {
            let (before, voxel) = (area[reaction.nca as usize], network.storage()[reaction.nca as usize] as usize);
            let share = reaction.area / (before + reaction.area);
            let i = solved.current;
            for (field, value) in [(current, i.j as f32), (eta, (solved.delta - i.drop) as f32)] {
                let mean = if before > 0.0 { fields.scalars[field][voxel] } else { 0.0 };
                fields.scalars[field][voxel] = mean + share * (value - mean);
            }
            area[reaction.nca as usize] += reaction.area;
        }
        fields
    }
}

/// Current through every face of both rails towards higher x, y or z [A / h]; shapes as the lattice's conductances.
struct FaceCurrents([Vec<f32>; 3]);

impl FaceCurrents {
    fn new(network: &Network, state: &[f64]) -> FaceCurrents {
        let lattice = &network.lattice;
        let [nx, ny, nz] = lattice.size();
        let mut faces = [&lattice.gx, &lattice.gy, &lattice.gz].map(|g| vec![0.0_f32; g.len()]);
        for z in 0..nz {
            for layer in 0..lattice.layers() {
                for y in 0..ny {
                    for x in 0..nx {
                        let at = [x, y, z];
                        let here = state[lattice.node(layer, at)];
                        let from = |before: [usize; 3]| state[lattice.node(layer, before)];
                        let west = from([if x == 0 { nx - 1 } else { x - 1 }, y, z]);
                        let south = from([x, if y == 0 { ny - 1 } else { y - 1 }, z]);
                        let below = if z == 0 { beyond(lattice, layer, 0, state) } else { from([x, y, z - 1]) };
                        for (axis, face, before) in [
                            (0, lattice.face_x(layer, at), west),
                            (1, lattice.face_y(layer, at), south),
                            (2, lattice.face_z(layer, at), below),
                        ] {
                            let conductance = [&lattice.gx, &lattice.gy, &lattice.gz][axis][face];
                            faces[axis][face] = conductance * (before - here) as f32;
                        }
                        if z + 1 == nz {
                            let face = lattice.face_z_above(layer, at);
                            faces[2][face] = lattice.gz[face] * (here - beyond(lattice, layer, 1, state)) as f32;
                        }
                    }
                }
            }
        }
        // The lattice knows only the tangents of the interfaces.
        for reaction in &network.reactions {
            let (axis, face) = face_place(reaction.face);
            faces[axis][face] = 0.0;
        }
        for (reaction, solved) in network.reactions.iter().zip(&network.solved) {
            let (axis, face) = face_place(reaction.face);
            let current = (f64::from(reaction.area) * network.h * solved.current.j) as f32;
            // The face lies on the low side of its upper node.
            let upper = upper_node(lattice, axis, face);
            faces[axis][face] += if upper == reaction.electrolyte as usize { -current } else { current };
        }
        // The first and the last face of a periodic row are one.
        for row in faces[0].chunks_exact_mut(nx + 1) {
            row[nx] = row[0];
        }
        for plane in faces[1].chunks_exact_mut(nx * (ny + 1)) {
            plane.copy_within(0..nx, nx * ny);
        }
        FaceCurrents(faces)
    }

    /// Mean current vector of a voxel's six faces [A / h].
    fn mean(&self, lattice: &Lattice, layer: usize, at: [usize; 3]) -> [f32; 3] {
        let [x, y, z] = [lattice.face_x(layer, at), lattice.face_y(layer, at), lattice.face_z(layer, at)];
        let mean = |axis: usize, low: usize, high: usize| 0.5 * (self.0[axis][low] + self.0[axis][high]);
        [mean(0, x, x + 1), mean(1, y, y + lattice.size()[0]), mean(2, z, lattice.face_z_above(layer, at))]
    }
}

/// Potential below (`side` 0) or above (1) a layer.
fn beyond(lattice: &Lattice, layer: usize, side: usize, state: &[f64]) -> f64 {
    match lattice.ends[layer][side] {
        End::Ground => 0.0,
        End::Hub(hub) => state[lattice.hub(hub)],
    }
}

/// The node whose low side this face is.
fn upper_node(lattice: &Lattice, axis: usize, face: usize) -> usize {
    let [nx, ny, _] = lattice.size();
    match axis {
        0 => face / (nx + 1) * nx + face % (nx + 1),
        1 => (face / nx / (ny + 1) * ny + face / nx % (ny + 1)) * nx + face % nx,
        _ => face,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grid::Axis;

    #[test]
    fn the_upper_node_of_a_face_is_the_one_it_was_made_for() {
        let lattice = Lattice::new([3, 4, 5], vec![[End::Ground; 2]; 2], 0);
        for (layer, at) in [(0, [0, 0, 0]), (1, [2, 3, 4]), (0, [1, 2, 3]), (1, [0, 3, 1])] {
            let faces = [lattice.face_x(layer, at), lattice.face_y(layer, at), lattice.face_z(layer, at)];
            for (axis, face) in faces.into_iter().enumerate() {
                assert_eq!(upper_node(&lattice, axis, face), lattice.node(layer, at), "{:?}", Axis::ALL[axis]);
            }
        }
    }

    #[test]
    fn fields_are_found_by_their_keys() {
        for field in Field::ALL {
            assert_eq!(Field::from_key(field.key()), Some(field));
        }
        assert_eq!(Field::from_key("phase"), None);
    }
}
