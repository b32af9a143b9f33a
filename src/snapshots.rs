//! What is kept of a run's fields: a bounded number of instants, evenly spread over the charge passed.
//!
//! A value takes two bytes: 65535 even steps between the least and the greatest of its field (of their square roots, for
//! magnitudes that span decades). Instants are taken at accepted steps; when there are too many, every other one goes
//! and the distance between them doubles.

mod blocks;
mod starved;

use serde::Serialize;

use crate::cell::fields::{Field, Fields};
use crate::grid::VoxelGrid;

pub use blocks::{BlockCurrent, Blocks};
pub use starved::{Starvation, Starved, starved};

/// Instants kept of small grids.
const MOST: usize = 12;
/// Instants kept of any grid: the start, the end and one between.
const FEWEST: usize = 3;
/// Bytes for all instants together, within the two limits above.
const BYTES: u64 = 128 << 20;
const BYTES_PER_VOXEL: u64 = 2 * Field::COUNT as u64;

/// Instants that are kept of a grid of this many voxels: 12 up to 780 000 (0.5 um and coarser on the paper's domain), 4 on
/// its own grid of 2 000 000.
pub fn most(voxels: u64) -> usize {
    ((BYTES / (BYTES_PER_VOXEL * voxels.max(1))) as usize).clamp(FEWEST, MOST)
}

/// Bytes that the instants take at most, the newest and the one in the making among them.
pub fn bytes(voxels: u64) -> u64 {
    let in_the_making = 4 * (Field::COUNT as u64 + 6) + 24;
    voxels * (BYTES_PER_VOXEL * (most(voxels) as u64 + 1) + in_the_making)
}

/// When an instant was, in numbers of the run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Instant {
    pub time_s: f64,
    pub capacity_mah_g: f64,
    pub voltage_v: f64,
}

/// One field in two bytes a voxel.
#[derive(Clone, Debug)]
struct Quantised {
    from: f32,
    step: f32,
    root: bool,
    codes: Vec<u16>,
}

const NO_VALUE: u16 = u16::MAX;

impl Quantised {
    fn new(values: &[f32], root: bool) -> Quantised {
        let bend = |v: f32| if root { v.max(0.0).sqrt() } else { v };
        let (mut from, mut to) = (f32::INFINITY, f32::NEG_INFINITY);
        for v in values.iter().filter(|v| v.is_finite()).map(|&v| bend(v)) {
            (from, to) = (from.min(v), to.max(v));
        }
        let step = if to > from { (to - from) / f32::from(NO_VALUE - 1) } else { 1.0 };
        let code = |&v: &f32| {
            if v.is_finite() { ((bend(v) - from) / step).round().min(f32::from(NO_VALUE - 1)) as u16 } else { NO_VALUE }
        };
        Quantised { from, step, root, codes: values.iter().map(code).collect() }
    }

    fn value(&self, code: u16) -> f32 {
        if code == NO_VALUE {
            return f32::NAN;
        }
        let v = self.from + f32::from(code) * self.step;
        if self.root { v * v } else { v }
    }
}

/// All fields at one instant.
#[derive(Clone, Debug)]
pub struct Snapshot {
    pub at: Instant,
    fields: [Quantised; Field::COUNT],
    pub blocks: Blocks,
}

impl Snapshot {
    pub fn new(at: Instant, grid: &VoxelGrid, fields: &Fields) -> Snapshot {
        let magnitude = |f: Field| matches!(f, Field::CurrentS | Field::CurrentE);
        let quantised = Field::ALL.map(|f| Quantised::new(fields.get(f), magnitude(f)));
        Snapshot { at, fields: quantised, blocks: Blocks::new(grid, fields) }
    }

    /// Value of a voxel; NaN where the field has none.
    pub fn value(&self, field: Field, voxel: usize) -> f32 {
        let quantised = &self.fields[field as usize];
        quantised.value(quantised.codes[voxel])
    }

    /// Values of all voxels; shape: [nz, ny, nx].
    pub fn values(&self, field: Field) -> impl Iterator<Item = f32> {
        let quantised = &self.fields[field as usize];
        quantised.codes.iter().map(|&code| quantised.value(code))
    }

    /// Least and greatest value; `None` if the field has none at all.
    pub fn range(&self, field: Field) -> Option<[f32; 2]> {
        let quantised = &self.fields[field as usize];
        let top = quantised.codes.iter().filter(|&&code| code != NO_VALUE).max()?;
        Some([quantised.value(0), quantised.value(*top)])
    }

    /// Mean stoichiometry of each particle, NaN for numbers without a voxel.
    ///
    /// * `particle` – number of each voxel's particle ([`crate::microstructure::Microstructure::particle`])
    pub fn stoichiometry_by_particle(&self, particle: &[u32], particles: usize) -> Vec<f64> {
        let mut sums = vec![(0.0, 0_usize); particles];
        for (x, &number) in self.values(Field::Stoichiometry).zip(particle) {
            if let (Some(sum), true) = (sums.get_mut(number as usize), x.is_finite()) {
                *sum = (sum.0 + f64::from(x), sum.1 + 1);
            }
        }
        sums.iter().map(|&(sum, n)| sum / n as f64).collect()
    }
}

/// The instants of a run, in the order of time.
#[derive(Clone, Debug)]
pub struct Snapshots {
    grid: VoxelGrid,
    most: usize,
    /// Least charge between two kept instants [mAh g⁻¹].
    spacing: f64,
    kept: Vec<Snapshot>,
    /// The last accepted step, if somebody looked on and it is not kept.
    newest: Option<Snapshot>,
    watched: bool,
}

impl Snapshots {
    /// * `nominal_mah_g` – what the run is expected to pass at most
    pub fn new(grid: &VoxelGrid, nominal_mah_g: f64) -> Snapshots {
        // About what one step passes: the distance grows with the run, whose length nobody knows at its start.
        let spacing = nominal_mah_g / 64.0;
        Snapshots {
            grid: *grid,
            most: most(grid.len() as u64),
            spacing,
            kept: Vec::new(),
            newest: None,
            watched: false,
        }
    }

    /// Somebody wants to see how it goes: the next step is kept until the one after it.
    pub fn watch(&mut self) {
        self.watched = true;
    }

    /// Takes an accepted step; `fields` is called only if the step is kept.
    pub fn offer(&mut self, at: Instant, last: bool, fields: impl FnOnce() -> Fields) {
        let due =
            self.kept.last().is_none_or(|before| (at.capacity_mah_g - before.at.capacity_mah_g).abs() >= self.spacing);
        if !due && !last && !self.watched {
            return;
        }
        let snapshot = Snapshot::new(at, &self.grid, &fields());
        self.watched = false;
        self.newest = None;
        if due || last {
            if self.kept.len() == self.most {
                self.thin(last);
            }
            self.kept.push(snapshot);
        } else {
            self.newest = Some(snapshot);
        }
    }

    fn thin(&mut self, last: bool) {
        if last {
            // The end takes the place of the instant nearest to it.
            self.kept.pop();
            return;
        }
        let mut position = 0;
        self.kept.retain(|_| {
            position += 1;
            position % 2 == 1
        });
        self.spacing *= 2.0;
    }

    pub fn iter(&self) -> impl Iterator<Item = &Snapshot> {
        self.kept.iter().chain(&self.newest)
    }

    pub fn last(&self) -> Option<&Snapshot> {
        self.newest.as_ref().or(self.kept.last())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRID: VoxelGrid = VoxelGrid { size: [2, 2, 2], voxel_um: 1.0 };
    const START: Instant = Instant { time_s: 0.0, capacity_mah_g: 0.0, voltage_v: 0.0 };

    fn offer(snapshots: &mut Snapshots, capacity_mah_g: f64, last: bool) {
        let at = Instant { time_s: capacity_mah_g, capacity_mah_g, voltage_v: 4.0 };
        snapshots.offer(at, last, || Fields::at_rest(GRID.len()));
    }

    fn capacities(snapshots: &Snapshots) -> Vec<f64> {
        snapshots.iter().map(|s| s.at.capacity_mah_g).collect()
    }

    #[test]
    fn instants_are_few_and_spread_over_the_whole_run() {
        let mut snapshots = Snapshots::new(&GRID, 64.0);
        for step in 0..=500 {
            offer(&mut snapshots, f64::from(step), step == 500);
        }
        let kept = capacities(&snapshots);
        assert!((6..=MOST).contains(&kept.len()), "{kept:?}");
        assert_eq!((kept[0], *kept.last().unwrap()), (0.0, 500.0));
        let gaps: Vec<f64> = kept.windows(2).map(|w| w[1] - w[0]).collect();
        assert!(gaps[..gaps.len() - 1].iter().all(|&g| g == gaps[0] && g <= 100.0), "{gaps:?}");
    }

    #[test]
    fn the_newest_step_is_there_only_for_who_looks_on() {
        let mut snapshots = Snapshots::new(&GRID, 640.0);
        offer(&mut snapshots, 0.0, false);
        offer(&mut snapshots, 1.0, false);
        assert_eq!(capacities(&snapshots), [0.0]);
        snapshots.watch();
        offer(&mut snapshots, 2.0, false);
        assert_eq!(capacities(&snapshots), [0.0, 2.0]);
        assert_eq!(snapshots.last().unwrap().at.capacity_mah_g, 2.0);
        offer(&mut snapshots, 3.0, true);
        assert_eq!(capacities(&snapshots), [0.0, 3.0]);
    }

    #[test]
    fn large_grids_keep_fewer_and_never_less_than_three() {
        assert_eq!([31_250, 250_000, 2_000_000, 16_000_000].map(most), [12, 12, 4, 3]);
    }

    #[test]
    fn two_bytes_hold_a_value_to_a_part_in_65534_of_its_range() {
        let mut fields = Fields::at_rest(8);
        let potentials = [3.1, 3.100_01, 4.2, f32::NAN, 3.7, 3.7, 3.7, 3.7];
        let currents = [1e-3, 0.0, 40.0, f32::NAN, 1.0, 2.0, 3.0, 4.0];
        fields.scalars[Field::PhiS as usize].copy_from_slice(&potentials);
        fields.scalars[Field::CurrentS as usize].copy_from_slice(&currents);
        let snapshot = Snapshot::new(START, &GRID, &fields);
        for (v, kept) in potentials.iter().zip(snapshot.values(Field::PhiS)) {
            let near = (v - kept).abs() <= 1.1 / 65534.0 / 2.0 + 1e-6;
            assert!(near || (v.is_nan() && kept.is_nan()), "{v} {kept}");
        }
        // By their roots, small currents keep three digits where even steps would lose them.
        for (v, kept) in currents.iter().zip(snapshot.values(Field::CurrentS)).filter(|(v, _)| v.is_finite()) {
            assert!((v - kept).abs() <= 4e-3 * v, "{v} {kept}");
        }
        assert_eq!(snapshot.range(Field::PhiE), None);
        let [from, to] = snapshot.range(Field::CurrentS).unwrap();
        assert!(from == 0.0 && (to - 40.0).abs() < 1e-3);
    }

    #[test]
    fn a_particle_has_the_mean_of_its_voxels() {
        let mut fields = Fields::at_rest(8);
        fields.scalars[Field::Stoichiometry as usize][..4].copy_from_slice(&[0.2, 0.4, f32::NAN, 0.9]);
        let snapshot = Snapshot::new(START, &GRID, &fields);
        let means = snapshot.stoichiometry_by_particle(&[0, 0, u32::MAX, 2], 3);
        assert!((means[0] - 0.3).abs() < 1e-5 && means[1].is_nan() && (means[2] - 0.9).abs() < 1e-5, "{means:?}");
    }
}
