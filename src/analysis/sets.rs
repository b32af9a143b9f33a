//! Disjoint sets, and the connected pieces of a volume.

use crate::grid::{Axis, VoxelGrid};

/// Disjoint sets (Galler and Fischer), joined under the smaller number, with paths halved as they are walked.
#[derive(Clone, Debug)]
pub struct DisjointSets(Vec<u32>);

impl DisjointSets {
    pub fn new(count: usize) -> DisjointSets {
        DisjointSets((0..count as u32).collect())
    }

    /// The set's representative.
    pub fn find(&mut self, mut i: usize) -> usize {
        while self.0[i] as usize != i {
            self.0[i] = self.0[self.0[i] as usize];
            i = self.0[i] as usize;
        }
        i
    }

    pub fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.find(a), self.find(b));
        let (low, high) = (a.min(b), a.max(b));
        self.0[high] = low as u32;
    }
}

/// Labels the clusters of the voxels where `member` holds: 0, 1, 2, ... in the order of their first voxel, `u32::MAX`
/// elsewhere. x and y wrap around.
///
/// Returns the labels (shape [nz, ny, nx], x fastest) and the number of clusters.
pub fn label(grid: &VoxelGrid, member: impl Fn(usize) -> bool) -> (Vec<u32>, usize) {
    let mut sets = DisjointSets::new(grid.len());
    for voxel in (0..grid.len()).filter(|&v| member(v)) {
        for axis in Axis::ALL {
            if let Some(next) = grid.next(voxel, axis).filter(|&n| member(n)) {
                sets.join(voxel, next);
            }
        }
    }
    let mut labels = vec![u32::MAX; grid.len()];
    let mut count = 0;
    for voxel in (0..grid.len()).filter(|&v| member(v)) {
        // The representative is the least member, so it has its label already unless this is it.
        let root = sets.find(voxel);
        if root == voxel {
            labels[voxel] = count;
            count += 1;
        } else {
            labels[voxel] = labels[root];
        }
    }
    (labels, count as usize)
}
