//! The voxel grid: sizes, indices and neighbours.
//!
//! x runs fastest in memory, then y, then z: `index = x + nx (y + ny z)`. The separator lies at z = 0, the current
//! collector at z = nz. x and y are periodic, z is not.

use serde::{Deserialize, Serialize};

/// A regular grid of cubic voxels.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct VoxelGrid {
    /// Number of voxels along x, y and z.
    pub size: [usize; 3],
    /// Edge of a voxel [um].
    pub voxel_um: f64,
}

/// One of the three axes of a grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Axis {
    X,
    Y,
    Z,
}

impl Axis {
    pub const ALL: [Axis; 3] = [Axis::X, Axis::Y, Axis::Z];

    /// 0 for x, 1 for y, 2 for z.
    pub fn index(self) -> usize {
        self as usize
    }
}

impl VoxelGrid {
    /// Number of voxels.
    pub fn len(&self) -> usize {
        self.size[0] * self.size[1] * self.size[2]
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Position in memory of voxel (x, y, z).
    #[inline]
    pub fn index(&self, [x, y, z]: [usize; 3]) -> usize {
        x + self.size[0] * (y + self.size[1] * z)
    }

    /// The inverse of [`VoxelGrid::index`].
    #[inline]
    pub fn coordinates(&self, index: usize) -> [usize; 3] {
        let [nx, ny, _] = self.size;
        [index % nx, index / nx % ny, index / (nx * ny)]
    }

    /// Centre of a voxel [um].
    #[inline]
    pub fn centre_um(&self, index: usize) -> [f64; 3] {
        self.coordinates(index).map(|i| (i as f64 + 0.5) * self.voxel_um)
    }

    /// Edges of the domain [um].
    pub fn extent_um(&self) -> [f64; 3] {
        self.size.map(|n| n as f64 * self.voxel_um)
    }

    /// The neighbour one step up along `axis`; x and y wrap around, z ends (`None`).
    #[inline]
    pub fn next(&self, index: usize, axis: Axis) -> Option<usize> {
        let [nx, ny, nz] = self.size;
        match axis {
            Axis::X => Some(if (index + 1).is_multiple_of(nx) { index + 1 - nx } else { index + 1 }),
            Axis::Y => {
                let plane = nx * ny;
                Some(if index % plane >= plane - nx { index + nx - plane } else { index + nx })
            }
            Axis::Z => (index + nx * ny < nx * ny * nz).then_some(index + nx * ny),
        }
    }

    /// The neighbour one step down along `axis`; x and y wrap around, z ends (`None`).
    #[inline]
    pub fn previous(&self, index: usize, axis: Axis) -> Option<usize> {
        let [nx, ny, _] = self.size;
        match axis {
            Axis::X => Some(if index.is_multiple_of(nx) { index + nx - 1 } else { index - 1 }),
            Axis::Y => {
                let plane = nx * ny;
                Some(if index % plane < nx { index + plane - nx } else { index - nx })
            }
            Axis::Z => index.checked_sub(nx * ny),
        }
    }

    /// The six neighbours: down and up along x, y, z. Sides that end at a wall are `None`.
    #[inline]
    pub fn neighbours(&self, index: usize) -> [Option<usize>; 6] {
        let [x, y, z] = Axis::ALL.map(|axis| [self.previous(index, axis), self.next(index, axis)]);
        [x[0], x[1], y[0], y[1], z[0], z[1]]
    }

    /// Indices of the voxels of a cross-section across `axis` at `position`, row by row.
    ///
    /// Shape of the result: [rows, columns] with (rows, columns) = (y, x) across z, (z, x) across y, (z, y) across x.
    pub fn slice(&self, axis: Axis, position: usize) -> (usize, usize, Vec<usize>) {
        let (column, row) = match axis {
            Axis::X => (1, 2),
            Axis::Y => (0, 2),
            Axis::Z => (0, 1),
        };
        let (columns, rows) = (self.size[column], self.size[row]);
        let mut indices = Vec::with_capacity(rows * columns);
        for r in 0..rows {
            for c in 0..columns {
                let mut at = [0; 3];
                (at[axis.index()], at[column], at[row]) = (position, c, r);
                indices.push(self.index(at));
            }
        }
        (rows, columns, indices)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRID: VoxelGrid = VoxelGrid { size: [4, 3, 5], voxel_um: 0.5 };

    #[test]
    fn index_and_coordinates_are_inverse() {
        for i in 0..GRID.len() {
            assert_eq!(GRID.index(GRID.coordinates(i)), i);
        }
    }

    #[test]
    fn neighbours_wrap_in_x_and_y_and_end_in_z() {
        for i in 0..GRID.len() {
            for axis in Axis::ALL {
                let mut c = GRID.coordinates(i);
                let a = axis.index();
                c[a] += 1;
                let expected = if c[a] < GRID.size[a] {
                    Some(GRID.index(c))
                } else if axis == Axis::Z {
                    None
                } else {
                    c[a] = 0;
                    Some(GRID.index(c))
                };
                assert_eq!(GRID.next(i, axis), expected);
                if let Some(j) = expected {
                    assert_eq!(GRID.previous(j, axis), Some(i));
                }
            }
        }
        assert_eq!(GRID.previous(0, Axis::Z), None);
    }

    #[test]
    fn slices_cover_the_grid_once() {
        for axis in Axis::ALL {
            let mut seen = vec![0; GRID.len()];
            for position in 0..GRID.size[axis.index()] {
                let (rows, columns, indices) = GRID.slice(axis, position);
                assert_eq!(indices.len(), rows * columns);
                for i in indices {
                    assert_eq!(GRID.coordinates(i)[axis.index()], position);
                    seen[i] += 1;
                }
            }
            assert!(seen.iter().all(|&n| n == 1));
        }
    }
}
