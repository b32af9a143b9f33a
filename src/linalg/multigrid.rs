//! The hierarchy of networks and its K-cycle: an approximate inverse of A, the preconditioner.
//!
//! Level 0 is the [`Lattice`], smoothed by one damped Jacobi step before and after; level 1 joins its nodes inside
//! 2 x 2 x 2 blocks, further levels by two or three passes of pairwise matching, smoothed by Gauss-Seidel; the coarsest is solved
//! directly. Below level 0 each level takes up to two steps of conjugate gradients preconditioned by the next one
//! (K-cycle; Notay and Vassilevski 2008), which makes the count of iterations independent of size and contrast.

use super::aggregate::{QUALITY, match_pairs};
use super::blocks::Blocks;
use super::elimination::Elimination;
use super::graph::Graph;
use super::lattice::{End, Lattice, Ring};
use super::vector::{Dot, dot};

/// Damping of Jacobi on level 0: D⁻¹A has its spectrum in (0, 2).
const DAMPING: f32 = 0.8;
/// A level of at most this many nodes is solved directly.
const COARSEST: usize = 300;
/// Matching gives up on better coarsening beyond this bound.
const LOOSEST_QUALITY: f32 = 1e4;
/// The second inner iteration is skipped when the first left at most this share of the residual.
const GOOD_ENOUGH: f64 = 0.25;

/// A coarse network with its work vectors and the way to the next.
#[derive(Clone, Debug)]
struct Level {
    graph: Graph,
    /// Group of each node on the next level; empty on the last.
    group: Vec<u32>,
    b: Vec<f32>,
    x: Vec<f32>,
    r: Vec<f32>,
    /// First direction of the K-cycle and its image.
    c: Vec<f32>,
    ac: Vec<f32>,
    v: Vec<f32>,
}

impl Level {
    fn new(graph: Graph) -> Level {
        let zeros = || vec![0.0; graph.len()];
        Level { group: Vec::new(), b: zeros(), x: zeros(), r: zeros(), c: zeros(), ac: zeros(), v: zeros(), graph }
    }
}

/// The preconditioner of one lattice.
#[derive(Clone, Debug)]
pub struct Multigrid {
    blocks: Blocks,
    /// Work of the way from and to level 1.
    work: Vec<f32>,
    levels: Vec<Level>,
    /// The coarsest level's solution.
    coarsest: Elimination,
    /// Does level 1 take two steps as well? Worth its time where blocks have joined most nodes.
    thorough: bool,
}

/// Level 1 takes two steps if it has at most this share of the lattice's nodes. On volumes (a sixth) that saves a third
/// of the iterations; on electrodes full of thin interfaces (a half) it would cost more than it saves.
const THOROUGH_SHARE: f64 = 0.3;

impl Multigrid {
    /// Groups nodes by the present conductances. The lattice's diagonal must be up to date.
    pub fn new(lattice: &Lattice) -> Multigrid {
        let mut blocks = Blocks::new(lattice);
        let first = blocks.coarsen(lattice);
        let number = first.order(lattice.hubs());
        blocks.renumber(&number);
        let mut levels = vec![Level::new(first.renumbered(&number))];
        // Two passes where most of the accuracy is won, then three, for the small levels are visited often.
        let (mut quality, mut passes) = (QUALITY, 2);
        while let Some(top) = levels.last_mut() {
            let n = top.graph.len();
            if n <= COARSEST || quality > LOOSEST_QUALITY {
                break;
            }
            let (group, coarse) = match_passes(&top.graph, quality, passes);
            if coarse.len() * 2 > n {
                quality *= 2.0;
                continue;
            }
            let number = coarse.order(0);
            top.group = group.iter().map(|&g| number[g as usize]).collect();
            levels.push(Level::new(coarse.renumbered(&number)));
            passes = 3;
        }
        let nodes = lattice.inverse_diagonal.iter().filter(|d| **d > 0.0).count();
        let thorough = (levels[0].graph.len() as f64) < THOROUGH_SHARE * nodes as f64;
        let coarsest = Elimination::new(&levels[levels.len() - 1].graph);
        Multigrid { work: blocks.work(), blocks, levels, coarsest, thorough }
    }

    /// Nodes of each level below the lattice.
    pub fn level_sizes(&self) -> Vec<usize> {
        self.levels.iter().map(|l| l.graph.len()).collect()
    }

    /// `z ≈ A⁻¹ r`; returns z · r and z · q.
    pub fn precondition(
        &mut self,
        lattice: &Lattice,
        r: &[f32],
        q: &[f32],
        z: &mut [f32],
        ring: &mut Ring<f32>,
    ) -> (f64, f64) {
        self.restrict_residual(lattice, r, z, ring);
        let solve = if self.thorough { two_steps } else { cycle };
        solve(&mut self.levels, &mut self.coarsest);
        self.prolong_and_smooth(lattice, r, q, z, ring)
    }

    /// One damped Jacobi step from zero, its residual summed over the groups: the right-hand side of level 1.
    ///
    /// `buffer` is as long as `r` and holds nothing of value afterwards.
    fn restrict_residual(&mut self, lattice: &Lattice, r: &[f32], buffer: &mut [f32], ring: &mut Ring<f32>) {
        let [nx, ny, nz] = lattice.size();
        let layers = lattice.layers();
        let d = &lattice.inverse_diagonal;
        let step = |_: [usize; 3], node: usize, row: &mut [f32]| {
            let (r, d) = (&r[node..][..row.len()], &d[node..][..row.len()]);
            for k in 0..row.len() {
                row[k] = DAMPING * d[k] * r[k];
            }
        };
        let first_hub = lattice.hub(0);
        let (buffer, hubs) = buffer.split_at_mut(first_hub);
        step([0; 3], first_hub, hubs);
        let coarse = &mut self.levels[0].b;
        coarse.fill(0.0);
        ring.start(lattice, hubs, step);
        let flow = &mut buffer[..nx * ny * layers];
        for z in 0..nz {
            ring.load(lattice, z + 1, hubs, step);
            lattice.plane_flow(z, ring, flow);
            for layer in 0..layers {
                for y in 0..ny {
                    let row = &mut flow[nx * (y + ny * layer)..][..nx];
                    let r = &r[lattice.node(layer, [0, y, z])..][..nx];
                    for x in 0..nx {
                        row[x] = r[x] - row[x];
                    }
                    self.blocks.restrict_row(lattice, [layer, y, z], row, &mut self.work, coarse);
                }
            }
            ring.advance();
        }
        for (k, &here) in hubs.iter().enumerate() {
            let mut flow = f64::from(lattice.hub_excess[k] * here);
            lattice.for_each_spoke(k, |i, g| flow += f64::from(g * (here - DAMPING * d[i] * r[i])));
            coarse[self.blocks.count - hubs.len() + k] = r[first_hub + k] - flow as f32;
        }
    }

    /// Adds the correction of level 1 to the first Jacobi step and takes a second one; returns z · r and z · q.
    fn prolong_and_smooth(
        &mut self,
        lattice: &Lattice,
        r: &[f32],
        q: &[f32],
        z: &mut [f32],
        ring: &mut Ring<f32>,
    ) -> (f64, f64) {
        let [nx, ny, nz] = lattice.size();
        let layers = lattice.layers();
        let plane_len = nx * ny * layers;
        let d = &lattice.inverse_diagonal;
        let (coarse, blocks, work) = (&self.levels[0].x, &self.blocks, &mut self.work);
        let first_hub = lattice.hub(0);
        let (body, hubs) = z.split_at_mut(first_hub);
        for (k, hub) in hubs.iter_mut().enumerate() {
            *hub = DAMPING * d[first_hub + k] * r[first_hub + k] + coarse[blocks.count - lattice.hubs() + k];
        }
        let mut fill = |at: [usize; 3], node: usize, row: &mut [f32]| {
            blocks.prolong_row(lattice, at, coarse, work, row);
            let (r, d) = (&r[node..][..row.len()], &d[node..][..row.len()]);
            for k in 0..row.len() {
                // Computed either way, so that the loop has no branch and runs in vectors.
                let stepped = row[k] + DAMPING * d[k] * r[k];
                row[k] = if d[k] > 0.0 { stepped } else { 0.0 };
            }
        };
        // The hubs' second step sees the nodes before theirs, as every node's does.
        let mut hub_flow: Vec<f64> = hubs.iter().zip(&lattice.hub_excess).map(|(x, e)| f64::from(x * e)).collect();
        let (mut z_r, mut z_q) = (Dot::default(), Dot::default());
        ring.start(lattice, hubs, &mut fill);
        for plane in 0..nz {
            ring.load(lattice, plane + 1, hubs, &mut fill);
            let out = &mut body[plane * plane_len..][..plane_len];
            lattice.plane_flow(plane, ring, out);
            for layer in 0..layers {
                for y in 0..ny {
                    let node = lattice.node(layer, [0, y, plane]);
                    let row = &mut out[nx * (y + ny * layer)..][..nx];
                    let before = &ring.plane(1)[ring.offset(layer, y)..][..nx];
                    for (side, outer) in [(0, 0), (1, nz - 1)] {
                        if let (End::Hub(k), true) = (lattice.ends[layer][side], plane == outer) {
                            let g = &lattice.gz[node + side * plane_len..][..nx];
                            for x in 0..nx {
                                hub_flow[k] += f64::from(g[x] * (hubs[k] - before[x]));
                            }
                        }
                    }
                    let (r, d) = (&r[node..][..nx], &d[node..][..nx]);
                    for x in 0..nx {
                        row[x] = before[x] + DAMPING * d[x] * (r[x] - row[x]);
                    }
                }
            }
            z_r.add(out, &r[plane * plane_len..][..plane_len]);
            z_q.add(out, &q[plane * plane_len..][..plane_len]);
            ring.advance();
        }
        let (mut z_r, mut z_q) = (z_r.sum(), z_q.sum());
        for (k, hub) in hubs.iter_mut().enumerate() {
            *hub += DAMPING * d[first_hub + k] * (r[first_hub + k] - hub_flow[k] as f32);
            z_r += f64::from(*hub) * f64::from(r[first_hub + k]);
            z_q += f64::from(*hub) * f64::from(q[first_hub + k]);
        }
        (z_r, z_q)
    }
}

/// Passes of pairwise matching in one: the groups and the network between them.
fn match_passes(graph: &Graph, quality: f32, passes: usize) -> (Vec<u32>, Graph) {
    let mut diagonal: Vec<f32> = graph.inverse_diagonal.iter().map(|d| if *d > 0.0 { 1.0 / d } else { 0.0 }).collect();
    let mut group: Vec<u32> = (0..graph.len() as u32).collect();
    let mut coarse = None;
    for _ in 0..passes {
        let fine = coarse.as_ref().unwrap_or(graph);
        let (next, count) = match_pairs(fine, &diagonal, quality);
        let mut sum = vec![0.0; count];
        for (&g, d) in next.iter().zip(&diagonal) {
            sum[g as usize] += d;
        }
        diagonal = sum;
        coarse = Some(fine.coarsen(&next, count));
        for g in &mut group {
            *g = next[*g as usize];
        }
    }
    (group, coarse.unwrap_or_default())
}

/// Solves the first level's `A x = b` approximately from x = 0; overwrites b.
fn cycle(levels: &mut [Level], coarsest: &mut Elimination) {
    let Some((level, below)) = levels.split_first_mut() else { return };
    let Some(next) = below.first_mut() else {
        return coarsest.solve(&level.b, &mut level.x);
    };
    level.graph.sweep_up_from_zero(&level.b, &mut level.x);
    level.graph.residual_after_sweep_up(&level.x, &mut level.r);
    next.b.fill(0.0);
    for (&g, &r) in level.group.iter().zip(&level.r) {
        next.b[g as usize] += r;
    }
    two_steps(below, coarsest);
    let next = &below[0];
    for (&g, x) in level.group.iter().zip(&mut level.x) {
        *x += next.x[g as usize];
    }
    level.graph.sweep_down(&level.b, &mut level.x);
}

/// Up to two steps of flexible conjugate gradients on the first level, preconditioned by its cycle: x from b.
fn two_steps(levels: &mut [Level], coarsest: &mut Elimination) {
    if levels.len() == 1 {
        return cycle(levels, coarsest);
    }
    let b_norm = dot(&levels[0].b, &levels[0].b);
    cycle(levels, coarsest);
    let l = &mut levels[0];
    std::mem::swap(&mut l.c, &mut l.x);
    let c_ac = l.graph.apply(&l.c, &mut l.ac);
    let c_b = dot(&l.c, &l.b);
    if c_ac <= 0.0 {
        l.x.fill(0.0);
        return;
    }
    let alpha = c_b / c_ac;
    let step = alpha as f32;
    for (b, ac) in l.b.iter_mut().zip(&l.ac) {
        *b -= step * ac;
    }
    let mut first = step;
    let mut second = 0.0;
    if dot(&l.b, &l.b) > GOOD_ENOUGH * GOOD_ENOUGH * b_norm {
        cycle(levels, coarsest);
        let l = &mut levels[0];
        let d_ad = l.graph.apply(&l.x, &mut l.v);
        let d_ac = dot(&l.x, &l.ac);
        let d_b = dot(&l.x, &l.b);
        let rest = d_ad - d_ac * d_ac / c_ac;
        if rest > 0.0 {
            first = (alpha - d_ac * d_b / (c_ac * rest)) as f32;
            second = (d_b / rest) as f32;
        }
    }
    let l = &mut levels[0];
    for (x, c) in l.x.iter_mut().zip(&l.c) {
        // Without a second step x still holds what the swap left there.
        *x = first * c + if second == 0.0 { 0.0 } else { second * *x };
    }
}
