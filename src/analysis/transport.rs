//! Steady conduction through a volume: effective conductivity and tortuosity factor.
//!
//! `div (sigma grad phi) = 0` with phi = 1 at one end and 0 at the other; finite volumes, one unknown a voxel, a face
//! carries the harmonic mean of its two conductivities. Parts that do not join both ends carry nothing: they are taken out
//! beforehand, and a volume whose ends are not joined conducts nothing (that is a result, not a failure).

mod network;
pub mod rails;

use serde::{Deserialize, Serialize};

use self::network::{equal_currents, fill_faces, keep_connected, power};
use crate::grid::Axis;
use crate::linalg::lattice::{End, Lattice};
use crate::linalg::multigrid::Multigrid;
use crate::linalg::refine::{self, Refinement, Step};

/// A volume of labels; x fastest, shape [nz, ny, nx].
#[derive(Clone, Copy, Debug)]
pub struct Volume<'a> {
    pub size: [usize; 3],
    pub labels: &'a [u8],
}

/// Where the potentials of the two ends sit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Electrodes {
    /// On the outer faces of the first and last layers, a length of n voxels (as TauFactor has it).
    #[default]
    Faces,
    /// In the centres of the first and last layers, a length of n − 1 voxels (as PoreSpy and PuMA have it).
    Centres,
}

/// What is asked.
#[derive(Clone, Debug)]
pub struct Request {
    /// Conductivity of each label, in any one unit; 0 insulates.
    pub conductivity: [f64; 256],
    /// The direction of the current.
    pub axis: Axis,
    /// Are the sides across x, y and z periodic? The entry of `axis` does not count.
    pub periodic: [bool; 3],
    pub electrodes: Electrodes,
    /// Relative residual to reach.
    pub tolerance: f64,
    pub max_iterations: usize,
}

impl Request {
    /// Conduction along z with insulated sides to 1e-6.
    pub fn new(conductivity: [f64; 256]) -> Request {
        Request {
            conductivity,
            axis: Axis::Z,
            periodic: [false; 3],
            electrodes: Electrodes::Faces,
            tolerance: 1e-6,
            max_iterations: 500,
        }
    }
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Error {
    /// The labels do not fill the shape.
    Shape { size: [usize; 3], labels: usize },
    /// A conductivity is negative or no number.
    Conductivity { label: u8, value: f64 },
    /// Electrodes in voxel centres need three layers.
    TooThin { layers: usize },
    /// The linear solver failed.
    Solver(refine::Failure),
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Error::Shape { size: [x, y, z], labels } => {
                write!(f, "{labels} labels do not fill {x} x {y} x {z} voxels")
            }
            Error::Conductivity { label, value } => {
                write!(f, "label {label} has the conductivity {value}; allowed is a number from 0 up")
            }
            Error::TooThin { layers } => {
                write!(f, "electrodes in voxel centres need 3 layers or more, not {layers}; put them on faces")
            }
            Error::Solver(failure) => write!(f, "the linear solver failed: {failure:?}"),
        }
    }
}

impl std::error::Error for Error {}

/// The answer. With `percolates` false the conductivity is 0 and the tortuosity factor infinite (null in JSON).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Transport {
    /// In the unit of the conductivities.
    pub effective_conductivity: f64,
    /// `volume_fraction · mean conductivity of the conducting voxels / effective_conductivity`.
    pub tortuosity_factor: f64,
    /// Share of voxels that conduct.
    pub volume_fraction: f64,
    /// Share of the conducting voxels that join both ends.
    pub connected_fraction: f64,
    pub percolates: bool,
    pub iterations: usize,
    pub relative_residual: f64,
    /// Relative difference of the currents at the two ends.
    pub flux_imbalance: f64,
}

/// Up to this contrast a solve starts from equal currents through every plane. Beyond it from zero: pieces of the strong phase
/// that float in a weak one would begin with residuals whose rounding in f32 the weak phase cannot carry away.
const MILD: f64 = 1e-4;

/// A solve in progress.
pub struct Conduction {
    lattice: Lattice,
    size: [usize; 3],
    order: [usize; 3],
    multigrid: Option<Multigrid>,
    solve: Option<Refinement>,
    /// Answer as far as known without a solve.
    transport: Transport,
    mean_conductivity: f64,
    /// Conductance of a uniform volume of conductivity 1.
    unit_conductance: f64,
    scale: f64,
    tolerance: f64,
    done: bool,
}

impl Conduction {
    /// Reads the volume and takes out what carries no current.
    ///
    /// # Errors
    /// [`Error`] for input that has no answer.
    pub fn new(volume: Volume, request: &Request) -> Result<Conduction, Error> {
        let count = volume.labels.len();
        let filled = volume.size.iter().try_fold(1_usize, |n, &s| n.checked_mul(s));
        if count == 0 || filled != Some(count) {
            return Err(Error::Shape { size: volume.size, labels: volume.labels.len() });
        }
        let [smallest, largest] = check_conductivities(volume.labels, &request.conductivity)?;
        // Current runs along the last axis of the lattice; the other two keep their order.
        let order = match request.axis {
            Axis::X => [1, 2, 0],
            Axis::Y => [0, 2, 1],
            Axis::Z => [0, 1, 2],
        };
        let size = order.map(|axis| volume.size[axis]);
        let centres = request.electrodes == Electrodes::Centres;
        if centres && size[2] < 3 {
            return Err(Error::TooThin { layers: size[2] });
        }
        let mut histogram = [0_usize; 256];
        volume.labels.iter().for_each(|&l| histogram[l as usize] += 1);
        let conducting: usize = (0..256).filter(|&l| request.conductivity[l] > 0.0).map(|l| histogram[l]).sum();
        let sum: f64 = (0..256).map(|l| request.conductivity[l] * histogram[l] as f64).sum();
        let layers = if centres { size[2] - 2 } else { size[2] };
        let ends = vec![[End::Ground, End::Ground]];
        let mut lattice = Lattice::new([size[0], size[1], layers], ends, 0);
        let scale = if largest > 0.0 { largest } else { 1.0 };
        fill_faces(&mut lattice, volume, request, order, usize::from(centres), scale);
        let connected = keep_connected(&mut lattice);
        lattice.update_diagonal();
        let length = if centres { size[2] - 1 } else { size[2] };
        let transport = Transport {
            effective_conductivity: 0.0,
            tortuosity_factor: f64::INFINITY,
            volume_fraction: conducting as f64 / count as f64,
            connected_fraction: if conducting > 0 { connected as f64 / conducting as f64 } else { 0.0 },
            percolates: connected > 0,
            iterations: 0,
            relative_residual: 0.0,
            flux_imbalance: 0.0,
        };
        let mut conduction = Conduction {
            size,
            order,
            multigrid: None,
            solve: None,
            transport,
            mean_conductivity: sum / count as f64,
            unit_conductance: (size[0] * size[1]) as f64 / length as f64,
            scale,
            tolerance: request.tolerance,
            done: connected == 0,
            lattice,
        };
        if connected > 0 {
            let b = conduction.right_hand_side();
            let lattice = &conduction.lattice;
            let mild = smallest > MILD * largest;
            let round = if mild { refine::MILD_ROUND } else { refine::ROUND };
            let mut solve = Refinement::new(lattice, b, request.tolerance, round, request.max_iterations);
            if mild {
                solve.start_from(lattice, equal_currents(lattice));
            }
            conduction.solve = Some(solve);
        }
        Ok(conduction)
    }

    /// The potential 1 beyond the last layer drives the current.
    fn right_hand_side(&self) -> Vec<f32> {
        let mut b = vec![0.0; self.lattice.len()];
        let [nx, ny, nz] = self.lattice.size();
        let (first, face) = (self.lattice.node(0, [0, 0, nz - 1]), self.lattice.face_z_above(0, [0, 0, nz - 1]));
        b[first..][..nx * ny].copy_from_slice(&self.lattice.gz[face..][..nx * ny]);
        b
    }

    /// One bounded piece of work: the hierarchy, or a linear iteration.
    ///
    /// # Errors
    /// [`Error::Solver`]; there is then no answer.
    pub fn advance(&mut self) -> Result<Option<Transport>, Error> {
        let Some(solve) = &mut self.solve else { return Ok(Some(self.transport.clone())) };
        if self.done {
            return Ok(Some(self.transport.clone()));
        }
        let Some(multigrid) = &mut self.multigrid else {
            self.multigrid = Some(Multigrid::new(&self.lattice));
            return Ok(None);
        };
        let Step::Converged(info) = solve.step(&self.lattice, multigrid).map_err(Error::Solver)? else {
            return Ok(None);
        };
        // A small residual is not enough where the current is a small part of what the ends could drive: then the power
        // must be known as well.
        let power = power(&self.lattice, &solve.x);
        if !solve.error_energy_within(self.tolerance * power, &self.lattice, multigrid) {
            solve.tighten();
            return Ok(None);
        }
        self.done = true;
        let [nx, ny, nz] = self.lattice.size();
        let (mut inflow, mut outflow) = (0.0, 0.0);
        let last = self.lattice.node(0, [0, 0, nz - 1]);
        let face = self.lattice.face_z_above(0, [0, 0, nz - 1]);
        for k in 0..nx * ny {
            outflow += f64::from(self.lattice.gz[k]) * solve.x[k];
            inflow += f64::from(self.lattice.gz[face + k]) * (1.0 - solve.x[last + k]);
        }
        let t = &mut self.transport;
        // Between potentials 1 and 0 the power is the conductance.
        t.effective_conductivity = power * self.scale / self.unit_conductance;
        t.tortuosity_factor = self.mean_conductivity / t.effective_conductivity;
        t.iterations = info.iterations;
        t.relative_residual = info.relative_residual;
        t.flux_imbalance = (inflow / outflow - 1.0).abs();
        Ok(Some(t.clone()))
    }

    /// Solves to the end.
    ///
    /// # Errors
    /// As [`Conduction::advance`].
    pub fn run(&mut self) -> Result<Transport, Error> {
        loop {
            if let Some(transport) = self.advance()? {
                return Ok(transport);
            }
        }
    }

    /// Magnitude of the current density at voxel centres, over that of a uniform volume of the largest conductivity; 0 where
    /// nothing flows. Shape: as the volume, x fastest.
    pub fn flux(&self) -> Vec<f32> {
        let count: usize = self.size.iter().product();
        let mut flux = vec![0.0; count];
        let Some(solve) = &self.solve else { return flux };
        let l = &self.lattice;
        let [nx, ny, nz] = l.size();
        let skipped = (self.size[2] - nz) / 2;
        let mut shape = [0; 3];
        for (k, &axis) in self.order.iter().enumerate() {
            shape[axis] = self.size[k];
        }
        let length = self.unit_conductance / (nx * ny) as f64;
        for z in 0..nz {
            for y in 0..ny {
                for x in 0..nx {
                    let at = [x, y, z];
                    let here = l.node(0, at);
                    let potential = |x: usize, y: usize, z: usize| solve.x[l.node(0, [x, y, z])];
                    let value = solve.x[here];
                    let (fx, fy) = (l.face_x(0, at), l.face_y(0, at));
                    let g = f64::from;
                    let below = if z == 0 { 0.0 } else { potential(x, y, z - 1) };
                    let above = if z == nz - 1 { 1.0 } else { potential(x, y, z + 1) };
                    let across = [
                        (
                            g(l.gx[fx]),
                            potential((x + nx - 1) % nx, y, z),
                            g(l.gx[fx + 1]),
                            potential((x + 1) % nx, y, z),
                        ),
                        (
                            g(l.gy[fy]),
                            potential(x, (y + ny - 1) % ny, z),
                            g(l.gy[fy + nx]),
                            potential(x, (y + 1) % ny, z),
                        ),
                        (g(l.gz[here]), below, g(l.gz[l.face_z_above(0, at)]), above),
                    ];
                    let square: f64 = across
                        .iter()
                        .map(|(g0, low, g1, high)| 0.5 * (g0 * (value - low) + g1 * (high - value)))
                        .map(|j| j * j)
                        .sum();
                    let mut voxel = [0; 3];
                    for (k, &axis) in self.order.iter().enumerate() {
                        voxel[axis] = [x, y, z + skipped][k];
                    }
                    flux[voxel[0] + shape[0] * (voxel[1] + shape[1] * voxel[2])] = (square.sqrt() / length) as f32;
                }
            }
        }
        flux
    }
}

/// The smallest and the largest conductivity, 0 apart, of the labels there are.
fn check_conductivities(labels: &[u8], conductivity: &[f64; 256]) -> Result<[f64; 2], Error> {
    let mut used = [false; 256];
    labels.iter().for_each(|&l| used[l as usize] = true);
    let (mut smallest, mut largest) = (f64::INFINITY, 0.0_f64);
    for label in 0..=255_u8 {
        let value = conductivity[label as usize];
        if !value.is_finite() || value < 0.0 {
            return Err(Error::Conductivity { label, value });
        }
        if used[label as usize] && value > 0.0 {
            (smallest, largest) = (smallest.min(value), largest.max(value));
        }
    }
    Ok([smallest, largest])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conduct(size: [usize; 3], labels: &[u8], table: &[(u8, f64)]) -> Transport {
        let mut conductivity = [0.0; 256];
        table.iter().for_each(|&(l, s)| conductivity[l as usize] = s);
        let request = Request { tolerance: 1e-9, ..Request::new(conductivity) };
        Conduction::new(Volume { size, labels }, &request).unwrap().run().unwrap()
    }

    #[test]
    fn uniform_block_and_straight_strip_have_tortuosity_one() {
        let block = conduct([7, 6, 9], &[1; 378], &[(1, 2.5)]);
        assert!((block.tortuosity_factor - 1.0).abs() < 1e-8 && (block.effective_conductivity - 2.5).abs() < 1e-8);
        let strip: Vec<u8> = (0..8 * 8 * 8).map(|i| u8::from(i % 8 < 3)).collect();
        let strip = conduct([8, 8, 8], &strip, &[(1, 1.0)]);
        assert!((strip.tortuosity_factor - 1.0).abs() < 1e-8 && (strip.volume_fraction - 0.375).abs() < 1e-12);
    }

    #[test]
    fn dead_ends_do_not_percolate_and_need_no_iteration() {
        // Conducting up to the middle.
        let labels: Vec<u8> = (0..6 * 6 * 10).map(|i| u8::from(i / 36 < 5)).collect();
        let t = conduct([6, 6, 10], &labels, &[(1, 1.0)]);
        assert!(!t.percolates && t.iterations == 0 && t.effective_conductivity == 0.0);
        assert_eq!(t.tortuosity_factor, f64::INFINITY);
    }

    #[test]
    fn laminates_are_series_and_parallel_circuits() {
        for (a, b, series, parallel) in [(10.0, 1.0, 1.818_18, 5.5), (0.71, 0.32, 0.441_165, 0.515)] {
            let across: Vec<u8> = (0..512).map(|i| 1 + u8::from(i / 64 % 2 == 0)).collect();
            let along: Vec<u8> = (0..512).map(|i| 1 + u8::from(i % 2 == 0)).collect();
            let table = [(1, a), (2, b)];
            assert!((conduct([8, 8, 8], &across, &table).effective_conductivity - series).abs() < 1e-5);
            assert!((conduct([8, 8, 8], &along, &table).effective_conductivity - parallel).abs() < 1e-8);
        }
    }

    #[test]
    fn every_axis_sees_the_same_volume_turned() {
        use rand::{RngExt, SeedableRng};
        let mut rng = rand::rngs::ChaCha8Rng::seed_from_u64(3);
        let size = [6, 8, 10];
        let labels: Vec<u8> = (0..480).map(|_| u8::from(rng.random::<f64>() < 0.7)).collect();
        let mut conductivity = [0.0; 256];
        conductivity[1] = 1.0;
        let at = |x: usize, y: usize, z: usize| labels[x + 6 * (y + 8 * z)];
        for axis in [Axis::X, Axis::Y] {
            let request = Request { axis, tolerance: 1e-10, periodic: [true; 3], ..Request::new(conductivity) };
            let direct = Conduction::new(Volume { size, labels: &labels }, &request).unwrap().run().unwrap();
            // Swap the axis with z by hand.
            let turned_size = if axis == Axis::X { [10, 8, 6] } else { [6, 10, 8] };
            let mut turned = Vec::new();
            for z in 0..turned_size[2] {
                for y in 0..turned_size[1] {
                    for x in 0..turned_size[0] {
                        turned.push(if axis == Axis::X { at(z, y, x) } else { at(x, z, y) });
                    }
                }
            }
            let request = Request { axis: Axis::Z, ..request };
            let along_z =
                Conduction::new(Volume { size: turned_size, labels: &turned }, &request).unwrap().run().unwrap();
            assert!(direct.percolates);
            assert!((direct.effective_conductivity / along_z.effective_conductivity - 1.0).abs() < 1e-8);
        }
    }

    #[test]
    fn flux_carries_the_current_through_every_plane() {
        let labels: Vec<u8> = (0..8 * 8 * 8).map(|i| u8::from(i % 8 < 5 || i / 64 == 3)).collect();
        let mut conductivity = [0.0; 256];
        conductivity[1] = 1.0;
        let mut conduction =
            Conduction::new(Volume { size: [8, 8, 8], labels: &labels }, &Request::new(conductivity)).unwrap();
        let t = conduction.run().unwrap();
        let flux = conduction.flux();
        // Straight columns: all current runs along z, so magnitudes add up to it in the end layer.
        let end: f64 = flux[..64].iter().map(|&f| f64::from(f)).sum::<f64>() / 64.0;
        assert!((end - t.effective_conductivity).abs() < 0.02, "{end} against {}", t.effective_conductivity);
        assert!(t.flux_imbalance < 1e-5);
    }

    #[test]
    fn bad_input_is_named() {
        let mut conductivity = [0.0; 256];
        let volume = Volume { size: [2, 2, 2], labels: &[1; 8] };
        conductivity[3] = -1.0;
        let error = Conduction::new(volume, &Request::new(conductivity)).err();
        assert_eq!(error, Some(Error::Conductivity { label: 3, value: -1.0 }));
        conductivity[3] = f64::NAN;
        assert!(matches!(Conduction::new(volume, &Request::new(conductivity)), Err(Error::Conductivity { .. })));
        conductivity[3] = 0.0;
        let short = Volume { size: [2, 2, 3], labels: &[1; 8] };
        assert!(matches!(Conduction::new(short, &Request::new(conductivity)), Err(Error::Shape { .. })));
        let request = Request { electrodes: Electrodes::Centres, ..Request::new(conductivity) };
        assert!(matches!(Conduction::new(volume, &request), Err(Error::TooThin { layers: 2 })));
    }
}
