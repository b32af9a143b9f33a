//! Mean current densities over blocks of voxels, for arrows: voxel by voxel they would cover the picture.

use crate::cell::fields::{Field, Fields};
use crate::grid::{Axis, VoxelGrid};

/// Edge of a block, about [um]: half a particle.
const BLOCK_UM: f64 = 2.5;

/// Means over blocks that fill the grid.
#[derive(Clone, Debug)]
pub struct Blocks {
    /// Blocks along x, y and z.
    size: [usize; 3],
    /// [um]
    edge_um: [f64; 3],
    /// Of [`Field::CurrentS`] and [`Field::CurrentE`]; voxels without the rail count as zero [A m⁻²].
    mean: [Vec<[f32; 3]>; 2],
}

/// A mean current density and where it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BlockCurrent {
    /// Centre of the block [um].
    pub centre_um: [f64; 3],
    /// Along x, y and z [A m⁻²].
    pub current: [f32; 3],
}

impl Blocks {
    pub fn new(grid: &VoxelGrid, fields: &Fields) -> Blocks {
        let extent = grid.extent_um();
        let size = [0, 1, 2].map(|a| ((extent[a] / BLOCK_UM).round() as usize).clamp(1, grid.size[a]));
        let blocks = VoxelGrid { size, voxel_um: BLOCK_UM };
        // A block may have a voxel more than its neighbour.
        let mut voxels = vec![0.0_f32; blocks.len()];
        let block: Vec<usize> = (0..grid.len())
            .map(|voxel| {
                let at = grid.coordinates(voxel);
                blocks.index([0, 1, 2].map(|a| at[a] * size[a] / grid.size[a]))
            })
            .collect();
        block.iter().for_each(|&b| voxels[b] += 1.0);
        let mean = [Field::CurrentS, Field::CurrentE].map(|field| {
            let mut mean = vec![[0.0_f32; 3]; blocks.len()];
            for (vector, &b) in fields.vectors(field).unwrap_or_default().iter().zip(&block) {
                for (sum, part) in mean[b].iter_mut().zip(vector).filter(|(_, part)| part.is_finite()) {
                    *sum += part / voxels[b];
                }
            }
            mean
        });
        Blocks { size, edge_um: [0, 1, 2].map(|a| extent[a] / size[a] as f64), mean }
    }

    /// The shortest edge of a block [um].
    pub fn edge_um(&self) -> f64 {
        self.edge_um.into_iter().fold(f64::INFINITY, f64::min)
    }

    /// The blocks that a section across `axis` at `place_um` goes through; none for a field that is no current density.
    pub fn across(&self, field: Field, axis: Axis, place_um: f64) -> Vec<BlockCurrent> {
        let Some(mean) = self.of(field) else { return Vec::new() };
        let blocks = VoxelGrid { size: self.size, voxel_um: 1.0 };
        let k = axis.index();
        let cut = ((place_um / self.edge_um[k]) as usize).min(self.size[k] - 1);
        let (_, _, places) = blocks.slice(axis, cut);
        let block = |&b: &usize| {
            let at = blocks.coordinates(b);
            BlockCurrent { centre_um: [0, 1, 2].map(|a| (at[a] as f64 + 0.5) * self.edge_um[a]), current: mean[b] }
        };
        places.iter().map(block).collect()
    }

    /// What both rails carry along z together, at most of all layers of blocks [A m⁻²]: the current over the area.
    pub fn through(&self) -> f32 {
        let layer = self.size[0] * self.size[1];
        let carried = |blocks: &[[f32; 3]]| blocks.iter().map(|j| j[2]).sum::<f32>() / layer as f32;
        let [electrons, ions] = &self.mean;
        let layers = electrons.chunks_exact(layer).zip(ions.chunks_exact(layer));
        layers.map(|(s, e)| (carried(s) + carried(e)).abs()).fold(0.0, f32::max)
    }

    fn of(&self, field: Field) -> Option<&[[f32; 3]]> {
        match field {
            Field::CurrentS => Some(&self.mean[0]),
            Field::CurrentE => Some(&self.mean[1]),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 5 x 5 x 10 um: two blocks along x and y, four along z.
    const GRID: VoxelGrid = VoxelGrid { size: [5, 5, 10], voxel_um: 1.0 };

    /// Electrons take over from the ions on the way along z; one voxel in two has no ions.
    fn fields() -> Fields {
        let mut fields = Fields::at_rest(GRID.len());
        for voxel in 0..GRID.len() {
            let [x, y, z] = GRID.coordinates(voxel);
            let share = (z as f32 + 0.5) / 10.0;
            fields.currents[0][voxel] = [x as f32, 0.0, 2.0 * share];
            if (x + y + z) % 2 == 0 {
                fields.currents[1][voxel] = [0.0, -1.0, 4.0 * (1.0 - share)];
            }
        }
        fields
    }

    #[test]
    fn a_block_has_the_mean_of_its_voxels_and_every_voxel_its_block() {
        let blocks = Blocks::new(&GRID, &fields());
        assert_eq!(blocks.edge_um(), 2.5);
        let cut = blocks.across(Field::CurrentS, Axis::Y, 4.9);
        assert_eq!(cut.len(), 8);
        // The first block along x has three voxels, the second two.
        let lowest: Vec<_> = cut.iter().filter(|b| b.centre_um[2] == 1.25).collect();
        assert_eq!(lowest.iter().map(|b| b.centre_um).collect::<Vec<_>>(), [[1.25, 3.75, 1.25], [3.75, 3.75, 1.25]]);
        assert!((lowest[0].current[0] - 1.0).abs() < 1e-6 && (lowest[1].current[0] - 3.5).abs() < 1e-6, "{lowest:?}");
        assert!(blocks.across(Field::Stoichiometry, Axis::Y, 1.0).is_empty());
    }

    #[test]
    fn both_rails_together_carry_the_current() {
        let through = Blocks::new(&GRID, &fields()).through();
        // 2 in every layer, but for the odd voxel of a block that has more ions, or fewer.
        assert!((through - 2.0).abs() < 0.2, "{through}");
    }
}
