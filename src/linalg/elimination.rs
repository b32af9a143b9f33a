//! The direct solution of a small network.
//!
//! Nodes are taken out one by one: a star of branches becomes the mesh between its ends, `g_ij ← g_ij + g_ik g_kj / d_k`, and each end
//! takes its share of the tie to ground, `e_i ← e_i + g_ik e_k / d_k`, with `d_k = Σ_j g_kj + e_k`. It is Gauss's elimination without a
//! subtraction (Grassmann, Taksar and Heyman 1985): every number is exact to a few roundings whatever the contrast, where pivots
//! of Cholesky's factor cancel once it reaches that of f64.

use super::graph::Graph;

/// A network without its nodes, and the way back.
#[derive(Clone, Debug, Default)]
pub struct Elimination {
    /// `g_ik / d_k` for i < k, row by row of k; shape: [n, n], of which the lower triangle counts.
    share: Vec<f64>,
    /// `1 / d_k`; 0 for a node that nothing holds by the time it is taken out, which stays at 0.
    inverse: Vec<f64>,
    y: Vec<f64>,
}

impl Elimination {
    pub fn new(graph: &Graph) -> Elimination {
        let n = graph.len();
        let mut g = vec![0.0; n * n];
        for i in 0..n {
            for k in graph.row[i] as usize..graph.row[i + 1] as usize {
                let j = graph.column[k] as usize;
                if j < i {
                    g[i * n + j] += f64::from(graph.conductance[k]);
                }
            }
        }
        let mut excess: Vec<f64> = graph.excess.iter().map(|&e| f64::from(e)).collect();
        let mut inverse = vec![0.0; n];
        for k in (0..n).rev() {
            let (above, rest) = g.split_at_mut(k * n);
            let star = &mut rest[..k];
            let diagonal = star.iter().sum::<f64>() + excess[k];
            if diagonal <= 0.0 {
                continue;
            }
            inverse[k] = 1.0 / diagonal;
            for i in 0..k {
                let share = star[i] / diagonal;
                if share > 0.0 {
                    let row = &mut above[i * n..][..i];
                    for (g, star) in row.iter_mut().zip(&*star) {
                        *g += share * star;
                    }
                    excess[i] += share * excess[k];
                }
            }
            for share in star {
                *share /= diagonal;
            }
        }
        Elimination { share: g, inverse, y: vec![0.0; n] }
    }

    /// Solves `A x = b`.
    pub fn solve(&mut self, b: &[f32], x: &mut [f32]) {
        let Elimination { share, inverse, y } = self;
        let n = y.len();
        for (y, &b) in y.iter_mut().zip(b) {
            *y = f64::from(b);
        }
        for k in (0..n).rev() {
            let here = y[k];
            for (y, share) in y[..k].iter_mut().zip(&share[k * n..]) {
                *y += share * here;
            }
        }
        for k in 0..n {
            let mut sum = y[k] * inverse[k];
            for (x, share) in y[..k].iter().zip(&share[k * n..]) {
                sum += share * x;
            }
            y[k] = sum;
            x[k] = sum as f32;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::graph::NONE;

    /// Branches (a, b, conductance) and ties to ground.
    fn network(n: usize, branches: &[(u32, u32, f32)], ground: &[(usize, f32)]) -> Graph {
        let mut graph = Graph::with_capacity(n, 2 * branches.len());
        let (mut slot, mut start) = (vec![NONE; n], 0);
        for i in 0..n as u32 {
            for &(a, b, g) in branches {
                if a == i || b == i {
                    graph.add(&mut slot, start, i, a + b - i, g);
                }
            }
            start = graph.end_row();
        }
        ground.iter().for_each(|&(i, e)| graph.excess[i] = e);
        graph.update_diagonal();
        graph
    }

    #[test]
    fn a_chain_of_any_contrast_carries_the_current_to_ground() {
        // Every node of the chain passes on what enters at its end: x falls by b / g at each branch.
        let strong = [1e8_f32, 1e-12, 1e6, 1e-10, 1e8];
        let branches: Vec<(u32, u32, f32)> = (0..5).map(|k| (k as u32, k as u32 + 1, strong[k])).collect();
        // Nodes taken out in both orders.
        for flip in [false, true] {
            let at = |k: u32| if flip { 5 - k } else { k };
            let branches: Vec<_> = branches.iter().map(|&(a, b, g)| (at(a), at(b), g)).collect();
            let graph = network(6, &branches, &[(at(0) as usize, 1e-9)]);
            let mut b = [0.0; 6];
            b[at(5) as usize] = 1e-8_f32;
            let mut x = [0.0; 6];
            Elimination::new(&graph).solve(&b, &mut x);
            let mut expected = 10.0;
            for k in 0..6 {
                let got = f64::from(x[at(k) as usize]);
                assert!((got / expected - 1.0).abs() < 1e-6, "{k}: {got} against {expected}");
                if k < 5 {
                    expected += 1e-8 / f64::from(strong[k as usize]);
                }
            }
        }
    }

    #[test]
    fn it_solves_a_mesh_and_leaves_what_floats_at_nought() {
        let branches = [(0, 1, 2.0), (1, 2, 0.5), (0, 2, 1.0), (2, 3, 3.0), (4, 5, 1.0)];
        let graph = network(7, &branches, &[(0, 0.1), (3, 0.7)]);
        let b = [1.0, -2.0, 0.5, 0.25, 0.0, 0.0, 0.0];
        let mut x = [0.0; 7];
        Elimination::new(&graph).solve(&b, &mut x);
        let mut ax = [0.0; 7];
        graph.apply(&x, &mut ax);
        for (ax, b) in ax.iter().zip(b) {
            assert!((ax - b).abs() < 1e-5, "{ax} against {b}");
        }
        assert_eq!(x[4..], [0.0; 3]);
    }
}
