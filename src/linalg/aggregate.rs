//! Groups nodes that conduct well to each other: the coarse nodes of the next level.
//!
//! Two groups merge only if the branch between them carries a fixed share of what both exchange with the rest (the
//! quality bound of Napov and Notay 2012: `2 d_a d_b / (d_a + d_b) <= kappa g_ab`, d the diagonals). So pieces that do not
//! conduct to each other are never merged, whatever the contrast.

use super::graph::{Graph, NONE};
use super::lattice::Lattice;

/// Quality bound of a merger. 12 was best of 4, 8, 12 and 20 on five-phase electrodes of contrast 1e9.
pub const QUALITY: f32 = 12.0;
/// A node left alone joins its strongest neighbour if that branch carries this share of its diagonal.
const LEFTOVER_SHARE: f32 = 0.3;

/// The groups of a lattice: each lies inside one 2 x 2 x 2 block of one layer.
#[derive(Clone, Debug)]
pub struct Blocks {
    /// Blocks along x, y and z.
    size: [usize; 3],
    layers: usize,
    /// First group of each block, and four bits per voxel that count up from it (15: absent); shape [z, layer, y, x].
    code: Vec<(u32, u32)>,
    /// Number of groups, hubs included (they come last, one group each).
    pub count: usize,
}

const ABSENT: u32 = 15;

impl Blocks {
    /// Matches nodes inside blocks in up to three rounds of heaviest branch first.
    pub fn new(lattice: &Lattice) -> Blocks {
        let [nx, ny, nz] = lattice.size();
        let layers = lattice.layers();
        let size = [nx.div_ceil(2), ny.div_ceil(2), nz.div_ceil(2)];
        let mut blocks =
            Blocks { size, layers, code: vec![(0, u32::MAX); size[0] * size[1] * size[2] * layers], count: 0 };
        for bz in 0..size[2] {
            for layer in 0..layers {
                for by in 0..size[1] {
                    for bx in 0..size[0] {
                        let block = blocks.block(layer, [bx, by, bz]);
                        let group = match_block(lattice, layer, [2 * bx, 2 * by, 2 * bz]);
                        blocks.code[block] = (blocks.count as u32, encode(group));
                        blocks.count += group.iter().filter(|&&g| g != ABSENT).max().map_or(0, |&g| g as usize + 1);
                    }
                }
            }
        }
        blocks.count += lattice.hubs();
        blocks
    }

    fn block(&self, layer: usize, [bx, by, bz]: [usize; 3]) -> usize {
        bx + self.size[0] * (by + self.size[1] * (layer + self.layers * bz))
    }

    /// The blocks of a row of voxels and the shift to its pair of codes.
    #[inline]
    fn row(&self, layer: usize, y: usize, z: usize) -> (&[(u32, u32)], u32) {
        let first = self.block(layer, [0, y / 2, z / 2]);
        (&self.code[first..first + self.size[0]], 16 * (z as u32 & 1) + 8 * (y as u32 & 1))
    }

    /// Adds a row of nodes to their groups: `coarse[group] += fine`.
    #[inline]
    pub fn restrict_row(&self, layer: usize, y: usize, z: usize, fine: &[f32], coarse: &mut [f32]) {
        let (blocks, shift) = self.row(layer, y, z);
        let mut add = |first: u32, c: u32, value: f32| {
            if c != ABSENT {
                coarse[(first + c) as usize] += value;
            }
        };
        for (pair, &(first, code)) in fine.chunks(2).zip(blocks) {
            let (low, high) = (code >> shift & 15, code >> (shift + 4) & 15);
            match *pair {
                // Most pairs are one group, or nothing.
                [a, b] if low == high => add(first, low, a + b),
                [a, b] => {
                    add(first, low, a);
                    add(first, high, b);
                }
                _ => add(first, low, pair[0]),
            }
        }
    }

    /// The values of their groups for a row of nodes, 0 for absent ones.
    #[inline]
    pub fn prolong_row(&self, layer: usize, y: usize, z: usize, coarse: &[f32], fine: &mut [f32]) {
        let (blocks, shift) = self.row(layer, y, z);
        let value = |first: u32, c: u32| if c == ABSENT { 0.0 } else { coarse[(first + c) as usize] };
        for (pair, &(first, code)) in fine.chunks_mut(2).zip(blocks) {
            let (low, high) = (code >> shift & 15, code >> (shift + 4) & 15);
            pair[0] = value(first, low);
            if let [a, b] = pair {
                *b = if high == low { *a } else { value(first, high) };
            }
        }
    }

    /// Group of every node, [`NONE`] for absent ones.
    fn groups(&self, lattice: &Lattice) -> Vec<u32> {
        let [nx, ny, nz] = lattice.size();
        let mut group = vec![NONE; lattice.len()];
        for z in 0..nz {
            for layer in 0..self.layers {
                for y in 0..ny {
                    let node = lattice.node(layer, [0, y, z]);
                    let (blocks, shift) = self.row(layer, y, z);
                    for (x, out) in group[node..node + nx].iter_mut().enumerate() {
                        let (first, code) = blocks[x / 2];
                        let c = code >> (shift + 4 * (x as u32 & 1)) & 15;
                        if c != ABSENT {
                            *out = first + c;
                        }
                    }
                }
            }
        }
        for k in 0..lattice.hubs() {
            group[lattice.hub(k)] = (self.count - lattice.hubs() + k) as u32;
        }
        group
    }

    /// The network between the groups.
    pub fn coarsen(&self, lattice: &Lattice) -> Graph {
        let group = self.groups(lattice);
        let mut graph = Graph::with_capacity(self.count, self.count * 8);
        let mut slot = vec![NONE; self.count];
        let mut first = 0;
        let mut join = |graph: &mut Graph, node: usize, first: u32| {
            let c = group[node];
            lattice.for_each_branch(node, |to, g| match to {
                _ if g <= 0.0 => {}
                None => graph.excess[c as usize] += g,
                Some(to) => graph.add(&mut slot, first, c, group[to], g),
            });
        };
        for bz in 0..self.size[2] {
            for layer in 0..self.layers {
                for by in 0..self.size[1] {
                    for bx in 0..self.size[0] {
                        let (_, code) = self.code[self.block(layer, [bx, by, bz])];
                        let local = |k: usize| code >> (4 * k) & 15;
                        let groups = (0..8).map(local).filter(|&c| c != ABSENT).max().map_or(0, |c| c + 1);
                        for c in 0..groups {
                            for k in (0..8).filter(|&k| local(k) == c) {
                                let at = [2 * bx + (k & 1), 2 * by + (k >> 1 & 1), 2 * bz + (k >> 2)];
                                join(&mut graph, lattice.node(layer, at), first);
                            }
                            first = graph.end_row();
                        }
                    }
                }
            }
        }
        for k in 0..lattice.hubs() {
            join(&mut graph, lattice.hub(k), first);
            first = graph.end_row();
        }
        graph.update_diagonal();
        graph
    }
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

/// Groups of the eight voxels of the block at `corner`, numbered from 0; [`ABSENT`] where there is no node.
fn match_block(lattice: &Lattice, layer: usize, corner: [usize; 3]) -> [u32; 8] {
    let size = lattice.size();
    let mut at = [[0; 3]; 8];
    let mut diagonal = [0.0_f32; 8];
    for k in 0..8 {
        at[k] = [corner[0] + (k & 1), corner[1] + (k >> 1 & 1), corner[2] + (k >> 2)];
        if (0..3).all(|a| at[k][a] < size[a]) {
            let inverse = lattice.inverse_diagonal[lattice.node(layer, at[k])];
            diagonal[k] = if inverse > 0.0 { 1.0 / inverse } else { 0.0 };
        }
    }
    let present = diagonal.map(|d| d > 0.0);
    if present == [false; 8] {
        return [ABSENT; 8];
    }
    // `owner[k]` is the corner that stands for the group of corner k.
    let mut owner: [usize; 8] = std::array::from_fn(|k| k);
    let mut branch = [0.0_f32; 12];
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
    let mut group_diagonal = diagonal;
    for _round in 0..3 {
        let mut between = [[0.0_f32; 8]; 8];
        for (e, &(a, b, _)) in EDGES.iter().enumerate() {
            let (a, b) = (owner[a], owner[b]);
            if a != b && branch[e] > 0.0 {
                between[a][b] += branch[e];
                between[b][a] += branch[e];
            }
        }
        let mut matched = [false; 8];
        let mut merged = false;
        let merge = |owner: &mut [usize; 8], d: &mut [f32; 8], into: usize, from: usize| {
            d[into] += d[from];
            owner.iter_mut().filter(|o| **o == from).for_each(|o| *o = into);
        };
        loop {
            let mut best = (0.0, 0, 0);
            for a in 0..8 {
                for b in a + 1..8 {
                    let g = between[a][b];
                    if matched[a] || matched[b] || g <= best.0 {
                        continue;
                    }
                    if good_match(group_diagonal[a], group_diagonal[b], g, QUALITY) {
                        best = (g, a, b);
                    }
                }
            }
            let (g, a, b) = best;
            if g == 0.0 {
                break;
            }
            matched[a] = true;
            matched[b] = true;
            merge(&mut owner, &mut group_diagonal, a, b);
            merged = true;
        }
        for a in 0..8 {
            if matched[a] || owner[a] != a || !present[a] {
                continue;
            }
            let (b, g) = (0..8).map(|b| (b, between[a][b])).fold((8, 0.0), |m, c| if c.1 > m.1 { c } else { m });
            if b < 8 && g >= LEFTOVER_SHARE * group_diagonal[a] && owner[b] != a {
                let into = owner[b];
                merge(&mut owner, &mut group_diagonal, into, a);
                matched[a] = true;
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
    group
}

#[inline]
fn good_match(a: f32, b: f32, g: f32, quality: f32) -> bool {
    2.0 * a * b <= quality * g * (a + b)
}

/// One pass of pairwise matching, heaviest branch first; lone nodes join a strong neighbour's group.
///
/// `diagonal` are the nodes' diagonals summed over what they hold on the finest of the levels that are passed at once: the
/// bound is on them, for conductances inside a group no longer show in the group's own diagonal.
///
/// Returns the group of each node, numbered by first appearance, and their number.
pub fn match_pairs(graph: &Graph, diagonal: &[f32], quality: f32) -> (Vec<u32>, usize) {
    let n = graph.len();
    // Bucket sort by the upper bits of the float: 7 bits of mantissa tell branches apart well enough.
    let key = |g: f32| 65_535 - (g.to_bits() >> 15).min(65_535) as usize;
    let mut start = vec![0_u32; 65_537];
    for i in 0..n {
        for k in graph.upper(i) {
            start[key(graph.conductance[k]) + 1] += 1;
        }
    }
    for k in 0..65_536 {
        start[k + 1] += start[k];
    }
    let mut sorted = vec![(0_u32, 0_u32); start[65_536] as usize];
    for i in 0..n {
        for k in graph.upper(i) {
            let s = &mut start[key(graph.conductance[k])];
            sorted[*s as usize] = (i as u32, k as u32);
            *s += 1;
        }
    }
    let mut partner = vec![NONE; n];
    for (i, k) in sorted {
        let (i, k) = (i as usize, k as usize);
        let j = graph.column[k] as usize;
        if partner[i] != NONE || partner[j] != NONE {
            continue;
        }
        // Both tied to ground: that path joins them as well.
        let (ea, eb) = (graph.excess[i], graph.excess[j]);
        let through_ground = if ea > 0.0 && eb > 0.0 { ea * eb / (ea + eb) } else { 0.0 };
        if good_match(diagonal[i], diagonal[j], graph.conductance[k] + through_ground, quality) {
            partner[i] = j as u32;
            partner[j] = i as u32;
        }
    }
    let mut group = vec![NONE; n];
    let mut count = 0_u32;
    for i in 0..n {
        if group[i] != NONE {
            continue;
        }
        let mut joined = NONE;
        if partner[i] != NONE {
            group[partner[i] as usize] = count;
        } else {
            let range = graph.row[i] as usize..graph.row[i + 1] as usize;
            let mut best = 0.0;
            for k in range {
                let j = graph.column[k] as usize;
                if graph.conductance[k] > best && partner[j] != NONE {
                    (best, joined) = (graph.conductance[k], j as u32);
                }
            }
            if best < LEFTOVER_SHARE * diagonal[i] {
                joined = NONE;
            }
        }
        if joined != NONE {
            let j = joined as usize;
            if group[j] == NONE {
                // The neighbour's pair gets its number now.
                group[j] = count;
                group[partner[j] as usize] = count;
                count += 1;
            }
            group[i] = group[j];
        } else {
            group[i] = count;
            count += 1;
        }
    }
    (group, count as usize)
}
