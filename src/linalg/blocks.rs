//! The first coarsening: groups of lattice nodes inside 2 x 2 x 2 blocks, and the ways to and from them.
//!
//! A node of the second layer that is tied to the node of the first in its voxel better than to its own layer joins that
//! one's group: a capacitor that holds two rails together at short time steps.

use super::aggregate::good_match;
use super::graph::{Graph, NONE};
use super::lattice::Lattice;

/// Quality bound of a merger. Inside a phase 6 is what a merger takes; of 6.5 to 20, 8 was best for cells (a sixth fewer
/// iterations than 10, levels hardly larger).
const QUALITY: f32 = 8.0;
/// A node left alone joins its strongest neighbour in the block if that branch carries this share of its diagonal.
const LEFTOVER: f32 = 0.4;

/// The groups of a lattice: each lies inside one 2 x 2 x 2 block of one layer, but for the nodes of the second that joined it.
#[derive(Clone, Debug)]
pub struct Blocks {
    /// Blocks along x, y and z.
    size: [usize; 3],
    layers: usize,
    /// Group of each block; shape [z, layer, y, x]. Any number for a block without nodes; for one of several groups the place
    /// of its first in `names`.
    first: Vec<u32>,
    /// Four bits per voxel that count the groups of its block (15: absent).
    code: Vec<u32>,
    /// Groups of blocks with several.
    names: Vec<u32>,
    /// Block of each group; that of the first layer where nodes of both are in it.
    home: Vec<u32>,
    /// The nodes in blocks of several groups, position along x and group, and where they start for each row of nodes.
    mixed: Vec<[u32; 2]>,
    mixed_row: Vec<u32>,
    /// Number of groups, hubs included (they come last, one group each).
    pub count: usize,
}

const ABSENT: u32 = 15;
const EMPTY: u32 = u32::MAX;

impl Blocks {
    /// Matches nodes inside blocks in up to three rounds of heaviest branch first.
    pub fn new(lattice: &Lattice) -> Blocks {
        let size = lattice.size().map(|n| n.div_ceil(2));
        let layers = lattice.layers();
        let mut blocks = Blocks {
            size,
            layers,
            first: vec![0; size[0] * size[1] * size[2] * layers],
            code: Vec::with_capacity(size[0] * size[1] * size[2] * layers),
            names: Vec::new(),
            home: Vec::new(),
            mixed: Vec::new(),
            mixed_row: Vec::new(),
            count: 0,
        };
        // Groups of the block in work: its own, then those on the first layer that its nodes join.
        let mut groups = Vec::with_capacity(8);
        for row in 0..size[1] * layers * size[2] {
            let (by, layer, bz) = (row % size[1], row / size[1] % layers, row / (size[1] * layers));
            for bx in 0..size[0] {
                let block = row * size[0] + bx;
                let corner = [2 * bx, 2 * by, 2 * bz];
                let followers = if layer == 1 { followers(lattice, corner) } else { 0 };
                let mut code = match_block(lattice, layer, corner, followers);
                groups.clear();
                groups.extend((blocks.home.len() as u32..).take(groups_in(code)));
                blocks.home.resize(blocks.home.len() + groups.len(), block as u32);
                for k in (0..8).filter(|k| followers >> k & 1 == 1) {
                    let below = block - size[0] * size[1];
                    let group = blocks.group_in(below, blocks.code[below] >> (4 * k) & 15);
                    let place = groups.iter().position(|g| *g == group).unwrap_or_else(|| {
                        groups.push(group);
                        groups.len() - 1
                    });
                    code = code & !(15 << (4 * k)) | (place as u32) << (4 * k);
                }
                blocks.code.push(code);
                if is_mixed(code) {
                    blocks.first[block] = blocks.names.len() as u32;
                    blocks.names.extend(&groups);
                } else if let Some(&group) = groups.first() {
                    blocks.first[block] = group;
                }
            }
        }
        blocks.count = blocks.home.len() + lattice.hubs();
        blocks.list_mixed(lattice);
        blocks
    }

    /// Gives each group a new number, hubs the last ones.
    pub fn renumber(&mut self, number: &[u32]) {
        let Blocks { first, code, names, home, .. } = self;
        let mut moved = vec![0; home.len()];
        for (group, &block) in home.iter().enumerate() {
            moved[number[group] as usize] = block;
        }
        for (first, &code) in first.iter_mut().zip(&*code) {
            if !is_mixed(code) {
                *first = number[*first as usize];
            }
        }
        *home = moved;
        names.iter_mut().for_each(|group| *group = number[*group as usize]);
        self.mixed.iter_mut().for_each(|[_, group]| *group = number[*group as usize]);
    }

    fn list_mixed(&mut self, lattice: &Lattice) {
        let [nx, ny, nz] = lattice.size();
        self.mixed_row.push(0);
        for row in 0..ny * self.layers * nz {
            let (y, layer, z) = (row % ny, row / ny % self.layers, row / (ny * self.layers));
            let first = self.row_of(layer, y, z) * self.size[0];
            for block in (first..first + self.size[0]).filter(|&block| is_mixed(self.code[block])) {
                let pair = self.code[block] >> (16 * (z & 1) + 8 * (y & 1));
                for side in 0..2 {
                    let (x, bits) = (2 * (block - first) + side, pair >> (4 * side) & 15);
                    if x < nx && bits != ABSENT {
                        self.mixed.push([x as u32, self.group_in(block, bits)]);
                    }
                }
            }
            self.mixed_row.push(self.mixed.len() as u32);
        }
    }

    /// Group of a voxel in a block, by its four bits.
    #[inline]
    fn group_in(&self, block: usize, bits: u32) -> u32 {
        let first = self.first[block];
        if is_mixed(self.code[block]) { self.names[(first + bits) as usize] } else { first }
    }

    /// The row of blocks that holds a row of voxels.
    #[inline]
    fn row_of(&self, layer: usize, y: usize, z: usize) -> usize {
        y / 2 + self.size[1] * (layer + self.layers * (z / 2))
    }

    /// Position along x and group of the nodes of a row that lie in blocks of several groups.
    #[inline]
    fn mixed_in(&self, lattice: &Lattice, [layer, y, z]: [usize; 3]) -> &[[u32; 2]] {
        let row = y + lattice.size()[1] * (layer + self.layers * z);
        &self.mixed[self.mixed_row[row] as usize..self.mixed_row[row + 1] as usize]
    }

    /// As long as a plane's rows of blocks, two numbers a block: what [`Blocks::restrict_row`] and
    /// [`Blocks::prolong_row`] keep between the four rows of a block.
    pub fn work(&self) -> Vec<f32> {
        vec![0.0; 2 * self.size[0] * self.size[1] * self.layers]
    }

    fn work_row<'a>(&self, layer: usize, y: usize, work: &'a mut [f32]) -> &'a mut [f32] {
        let len = 2 * self.size[0];
        &mut work[(y / 2 + self.size[1] * layer) * len..][..len]
    }

    /// Adds a row of nodes to their groups: `coarse[group] += fine`. Rows come in the order of memory; overwrites them.
    #[inline]
    pub fn restrict_row(
        &self,
        lattice: &Lattice,
        [layer, y, z]: [usize; 3],
        fine: &mut [f32],
        work: &mut [f32],
        coarse: &mut [f32],
    ) {
        let row = self.row_of(layer, y, z);
        for &[x, group] in self.mixed_in(lattice, [layer, y, z]) {
            coarse[group as usize] += fine[x as usize];
            fine[x as usize] = 0.0;
        }
        let sum = self.work_row(layer, y, work);
        if y % 2 + z % 2 == 0 {
            sum[..fine.len()].copy_from_slice(fine);
            sum[fine.len()..].fill(0.0);
        } else {
            sum.iter_mut().zip(&*fine).for_each(|(sum, fine)| *sum += fine);
        }
        let [_, ny, nz] = lattice.size();
        if (y % 2 == 1 || y == ny - 1) && (z % 2 == 1 || z == nz - 1) {
            let first = &self.first[row * self.size[0]..][..self.size[0]];
            // Blocks of several groups have nothing left to add, and no group by this number perhaps.
            for (pair, &group) in sum.chunks_exact(2).zip(first) {
                if let Some(coarse) = coarse.get_mut(group as usize) {
                    *coarse += pair[0] + pair[1];
                }
            }
        }
    }

    /// The values of their groups for a row of nodes, any value for absent ones. Rows come in the order of memory.
    #[inline]
    pub fn prolong_row(
        &self,
        lattice: &Lattice,
        [layer, y, z]: [usize; 3],
        coarse: &[f32],
        work: &mut [f32],
        fine: &mut [f32],
    ) {
        let row = self.row_of(layer, y, z);
        let value = self.work_row(layer, y, work);
        if y % 2 + z % 2 == 0 {
            let first = &self.first[row * self.size[0]..][..self.size[0]];
            for (pair, &group) in value.chunks_exact_mut(2).zip(first) {
                pair.fill(coarse.get(group as usize).copied().unwrap_or_default());
            }
        }
        fine.copy_from_slice(&value[..fine.len()]);
        for &[x, group] in self.mixed_in(lattice, [layer, y, z]) {
            fine[x as usize] = coarse[group as usize];
        }
    }

    /// Group of a node that is there.
    fn group(&self, lattice: &Lattice, node: usize) -> u32 {
        if node >= lattice.hub(0) {
            return (self.count - lattice.hubs() + node - lattice.hub(0)) as u32;
        }
        let (layer, [x, y, z]) = lattice.place(node);
        let block = self.row_of(layer, y, z) * self.size[0] + x / 2;
        self.group_in(block, self.code[block] >> (16 * (z & 1) + 8 * (y & 1) + 4 * (x & 1)) & 15)
    }

    /// The network between the groups.
    pub fn coarsen(&self, lattice: &Lattice) -> Graph {
        let mut graph = Graph::with_capacity(self.count, self.count * 7);
        let mut slot = vec![NONE; self.count];
        let mut start = 0;
        let [bx, by, _] = self.size;
        for (group, &block) in self.home.iter().enumerate() {
            let row = block as usize / bx;
            let (home, at) = (row / by % self.layers, [block as usize % bx, row % by, row / (by * self.layers)]);
            let inside = (0..3).all(|a| at[a] > 0 && at[a] + 1 < self.size[a]);
            for layer in home..self.layers {
                let block = block as usize + (layer - home) * bx * by;
                let code = self.code[block];
                // The voxels of this group, one bit each.
                let members = (0..8)
                    .filter(|k| {
                        code >> (4 * k) & 15 != ABSENT && self.group_in(block, code >> (4 * k) & 15) == group as u32
                    })
                    .fold(0_u32, |members, k| members | 1 << k);
                if members == 0 {
                    continue;
                }
                if inside {
                    self.join_block(lattice, layer, at, block, members, &mut graph, &mut slot, start);
                } else {
                    for k in (0..8).filter(|k| members >> k & 1 == 1) {
                        let voxel = [2 * at[0] + (k & 1), 2 * at[1] + (k >> 1 & 1), 2 * at[2] + (k >> 2)];
                        self.join_node(lattice, lattice.node(layer, voxel), &mut graph, &mut slot, start);
                    }
                }
            }
            start = graph.end_row();
        }
        for k in 0..lattice.hubs() {
            self.join_node(lattice, lattice.hub(k), &mut graph, &mut slot, start);
            start = graph.end_row();
        }
        graph.update_diagonal();
        graph
    }

    /// Adds the branches of a node to the row of its group, which starts at `start`.
    fn join_node(&self, lattice: &Lattice, node: usize, graph: &mut Graph, slot: &mut [u32], start: u32) {
        let group = self.group(lattice, node);
        lattice.for_each_branch(node, |to, g| match to {
            _ if g <= 0.0 => {}
            None => graph.excess[group as usize] += g,
            Some(to) => graph.add(slot, start, group, self.group(lattice, to), g),
        });
    }

    /// Adds the branches of a group in a block inside the lattice to its row: four faces a side, and what lies between.
    #[allow(clippy::too_many_arguments)]
    fn join_block(
        &self,
        lattice: &Lattice,
        layer: usize,
        [bx, by, bz]: [usize; 3],
        block: usize,
        members: u32,
        graph: &mut Graph,
        slot: &mut [u32],
        start: u32,
    ) {
        let own = self.code[block];
        let group = self.group_in(block, own >> (4 * members.trailing_zeros()) & 15);
        let at = [2 * bx, 2 * by, 2 * bz];
        let mut add = |block: usize, bits: u32, g: f32| {
            if g > 0.0 {
                graph.add(slot, start, group, self.group_in(block, bits & 15), g);
            }
        };
        // The four voxels of a side, and how far across it the number of a voxel in a block changes.
        let mut side = |faces: &[f32], face: usize, [u, v]: [usize; 2], block: usize, voxels: [i32; 4], across: i32| {
            let g = [faces[face], faces[face + u], faces[face + v], faces[face + u + v]];
            let code = self.code[block];
            if is_mixed(own) || is_mixed(code) {
                for (g, k) in g.into_iter().zip(voxels) {
                    if members >> k & 1 == 1 {
                        add(block, code >> (4 * (k + across)), g);
                    }
                }
            } else {
                add(block, 0, g[0] + g[1] + g[2] + g[3]);
            }
        };
        let [nx, ny, _] = lattice.size();
        let z_plane = nx * ny * self.layers;
        let [row, plane] = [self.size[0], self.size[0] * self.size[1] * self.layers];
        let (x, y, z) = (lattice.face_x(layer, at), lattice.face_y(layer, at), lattice.face_z(layer, at));
        let along_x = [nx + 1, (nx + 1) * ny * self.layers];
        side(&lattice.gx, x, along_x, block - 1, [0, 2, 4, 6], 1);
        side(&lattice.gx, x + 2, along_x, block + 1, [1, 3, 5, 7], -1);
        let along_y = [1, nx * (ny + 1) * self.layers];
        side(&lattice.gy, y, along_y, block - row, [0, 1, 4, 5], 2);
        side(&lattice.gy, y + 2 * nx, along_y, block + row, [2, 3, 6, 7], -2);
        side(&lattice.gz, z, [1, nx], block - plane, [0, 1, 2, 3], 4);
        side(&lattice.gz, z + 2 * z_plane, [1, nx], block + plane, [4, 5, 6, 7], -4);
        if is_mixed(own) {
            let edges = branches_inside(lattice, layer, at);
            for (&(a, b, _), g) in EDGES.iter().zip(edges) {
                match (members >> a & 1, members >> b & 1) {
                    (1, 0) => add(block, own >> (4 * b), g),
                    (0, 1) => add(block, own >> (4 * a), g),
                    _ => {}
                }
            }
        }
        if self.layers == 2 {
            let other = if layer == 0 { block + row * self.size[1] } else { block - row * self.size[1] };
            for k in (0..8).filter(|k| members >> k & 1 == 1) {
                let g = lattice.link[at[0] + (k & 1) + nx * (at[1] + (k >> 1 & 1) + ny * (at[2] + (k >> 2)))];
                add(other, self.code[other] >> (4 * k), g);
            }
        }
    }
}

/// Does a block of this code have several groups?
#[inline]
fn is_mixed(code: u32) -> bool {
    // Four equal bits mean group 0 or absent.
    (code ^ code >> 1) & 0x7777_7777 != 0
}

/// Number of groups in a block of this code.
fn groups_in(code: u32) -> usize {
    (0..8).map(|k| code >> (4 * k) & 15).filter(|&c| c != ABSENT).max().map_or(0, |c| c as usize + 1)
}

fn encode(group: [u32; 8]) -> u32 {
    group.iter().enumerate().fold(0, |code, (k, g)| code | g << (4 * k))
}

/// Branches inside a block: the two corners and the axis. Corner bit 0 is x, bit 1 is y, bit 2 is z.
const EDGES: [(usize, usize, usize); 12] = [
    (0, 1, 0),
    (2, 3, 0),
    (4, 5, 0),
    (6, 7, 0),
    (0, 2, 1),
    (1, 3, 1),
    (4, 6, 1),
    (5, 7, 1),
    (0, 4, 2),
    (1, 5, 2),
    (2, 6, 2),
    (3, 7, 2),
];

/// Conductances of [`EDGES`] in the block at `corner`, which lies inside the lattice.
fn branches_inside(lattice: &Lattice, layer: usize, corner: [usize; 3]) -> [f32; 12] {
    let [nx, ny, _] = lattice.size();
    let (x, y, z) = (lattice.face_x(layer, corner), lattice.face_y(layer, corner), lattice.face_z(layer, corner));
    let plane = lattice.layers() * ny * (nx + 1);
    let gx = |i: usize| lattice.gx[x + 1 + i];
    let y_plane = lattice.layers() * (ny + 1) * nx;
    let gy = |i: usize| lattice.gy[y + nx + i];
    let gz = |i: usize| lattice.gz[z + lattice.layers() * ny * nx + i];
    [
        gx(0),
        gx(nx + 1),
        gx(plane),
        gx(plane + nx + 1),
        gy(0),
        gy(1),
        gy(y_plane),
        gy(y_plane + 1),
        gz(0),
        gz(1),
        gz(nx),
        gz(nx + 1),
    ]
}

/// The voxels of the block at `corner` whose node on the second layer is tied best to the one on the first, one bit each.
fn followers(lattice: &Lattice, corner: [usize; 3]) -> u32 {
    let [nx, ny, nz] = lattice.size();
    let mut followers = 0;
    for k in 0..8 {
        let at @ [x, y, z] = [corner[0] + (k & 1), corner[1] + (k >> 1 & 1), corner[2] + (k >> 2)];
        if x < nx && y < ny && z < nz {
            let link = lattice.link[x + nx * (y + ny * z)];
            let inverse = lattice.inverse_diagonal[lattice.node(1, at)];
            // The quality bound where the other diagonal is much the larger: 2 d <= kappa g.
            if link > 0.0 && QUALITY * link * inverse >= 2.0 && inverse >= lattice.inverse_diagonal[lattice.node(0, at)]
            {
                followers |= 1 << k;
            }
        }
    }
    followers
}

/// Groups of the eight voxels of the block at `corner`, numbered from 0, four bits each; [`ABSENT`] where there is no node.
fn match_block(lattice: &Lattice, layer: usize, corner: [usize; 3], followers: u32) -> u32 {
    let size = lattice.size();
    let mut at = [[0; 3]; 8];
    let mut diagonal = [0.0_f32; 8];
    for k in 0..8 {
        at[k] = [corner[0] + (k & 1), corner[1] + (k >> 1 & 1), corner[2] + (k >> 2)];
        if (0..3).all(|a| at[k][a] < size[a]) && followers >> k & 1 == 0 {
            let inverse = lattice.inverse_diagonal[lattice.node(layer, at[k])];
            diagonal[k] = if inverse > 0.0 { 1.0 / inverse } else { 0.0 };
        }
    }
    let present = diagonal.map(|d| d > 0.0);
    if present == [false; 8] {
        return EMPTY;
    }
    let inside = (0..3).all(|a| corner[a] + 1 < size[a]);
    let mut branch = [0.0; 12];
    if inside {
        branch = branches_inside(lattice, layer, corner);
    } else {
        for (e, &(a, b, axis)) in EDGES.iter().enumerate() {
            if present[a] && present[b] {
                // The branch lies on the low side of the upper corner b.
                branch[e] = match axis {
                    0 => lattice.gx[lattice.face_x(layer, at[b])],
                    1 => lattice.gy[lattice.face_y(layer, at[b])],
                    _ => lattice.gz[lattice.face_z(layer, at[b])],
                };
            }
        }
    }
    // Inside a phase all branches are strong: one group.
    let weakest = branch.iter().fold(f32::INFINITY, |a, &b| a.min(b));
    if present == [true; 8] && diagonal.iter().all(|&d| d <= QUALITY * weakest) {
        return 0;
    }
    // `owner[k]` is the corner that stands for the group of corner k.
    let mut owner: [usize; 8] = std::array::from_fn(|k| k);
    let mut group_diagonal = diagonal;
    for _round in 0..3 {
        // What lies between two groups, once for each pair.
        let mut pairs = [(0, 0, 0.0_f32); 12];
        let mut count = 0;
        for (&(a, b, _), &g) in EDGES.iter().zip(&branch) {
            let (a, b) = (owner[a].min(owner[b]), owner[a].max(owner[b]));
            if a != b && g > 0.0 && present[a] && present[b] {
                match pairs[..count].iter_mut().find(|pair| (pair.0, pair.1) == (a, b)) {
                    Some(pair) => pair.2 += g,
                    None => {
                        pairs[count] = (a, b, g);
                        count += 1;
                    }
                }
            }
        }
        let pairs = &pairs[..count];
        let mut matched = [false; 8];
        let mut merged = false;
        let merge = |owner: &mut [usize; 8], d: &mut [f32; 8], into: usize, from: usize| {
            d[into] += d[from];
            owner.iter_mut().filter(|o| **o == from).for_each(|o| *o = into);
        };
        loop {
            let mut best = (0, 0, 0.0);
            for &(a, b, g) in pairs {
                let free = !matched[a] && !matched[b] && g > best.2;
                if free && good_match(group_diagonal[a], group_diagonal[b], g, QUALITY) {
                    best = (a, b, g);
                }
            }
            let (a, b, g) = best;
            if g == 0.0 {
                break;
            }
            matched[a] = true;
            matched[b] = true;
            merge(&mut owner, &mut group_diagonal, a, b);
            merged = true;
        }
        for lone in 0..8 {
            if matched[lone] || owner[lone] != lone || !present[lone] {
                continue;
            }
            let neighbours = pairs.iter().filter(|p| p.0 == lone || p.1 == lone);
            let (b, g) = neighbours.fold((8, 0.0), |m, &(a, b, g)| if g > m.1 { (a + b - lone, g) } else { m });
            if b < 8 && g >= LEFTOVER * group_diagonal[lone] && owner[b] != lone {
                let into = owner[b];
                merge(&mut owner, &mut group_diagonal, into, lone);
                matched[lone] = true;
                merged = true;
            }
        }
        if !merged {
            break;
        }
    }
    let mut number = [ABSENT; 8];
    let mut count = 0;
    let mut group = [ABSENT; 8];
    for k in 0..8 {
        if present[k] {
            let o = owner[k];
            if number[o] == ABSENT {
                number[o] = count;
                count += 1;
            }
            group[k] = number[o];
        }
    }
    encode(group)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::lattice::End;

    /// Two layers of 5 x 4 x 4 voxels: 1 on the first, 1e-3 on the second, `link` between them.
    fn two_layers(link: f32) -> Lattice {
        let mut lattice = Lattice::new([5, 4, 4], vec![[End::Ground, End::Hub(0)], [End::Ground, End::Ground]], 1);
        let [x, y, z] = [lattice.gx.len() / 8, lattice.gy.len() / 8, lattice.gz.len() / 10];
        let value = |layers: usize| if layers.is_multiple_of(2) { 1.0 } else { 1e-3 };
        lattice.gx.chunks_mut(x).enumerate().for_each(|(k, g)| g.fill(value(k)));
        lattice.gy.chunks_mut(y).enumerate().for_each(|(k, g)| g.fill(value(k)));
        lattice.gz.chunks_mut(z).enumerate().for_each(|(k, g)| g.fill(value(k)));
        lattice.link.fill(link);
        lattice.update_diagonal();
        lattice
    }

    #[test]
    fn a_layer_joins_the_other_where_it_is_tied_to_it_best() {
        // 3 x 2 x 2 blocks a layer, and the hub.
        for (link, groups) in [(1e-5, 2 * 12 + 1), (1e-1, 12 + 1)] {
            let lattice = two_layers(link);
            let blocks = Blocks::new(&lattice);
            assert_eq!(blocks.count, groups, "link {link}");
            let graph = blocks.coarsen(&lattice);
            // Two blocks along y touch on both sides, by four faces each, of both layers if these are joined.
            let strongest = graph.conductance.iter().copied().fold(0.0, f32::max);
            let expected = if groups == 13 { 8.008 } else { 8.0 };
            assert!((strongest / expected - 1.0).abs() < 1e-6, "{strongest} against {expected}");
            // Every node adds to one group, and gets its value back.
            let (mut coarse, mut work) = (vec![0.0; blocks.count], blocks.work());
            for z in 0..4 {
                for layer in 0..2 {
                    for y in 0..4 {
                        blocks.restrict_row(&lattice, [layer, y, z], &mut [1.0; 5], &mut work, &mut coarse);
                    }
                }
            }
            assert_eq!(coarse.iter().sum::<f32>(), 160.0);
            let mut row = [0.0; 5];
            blocks.prolong_row(&lattice, [1, 0, 0], &coarse, &mut work, &mut row);
            assert_eq!(row[0], if groups == 13 { 16.0 } else { 8.0 });
        }
    }
}
