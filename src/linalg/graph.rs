//! A network of any shape in compressed rows: the coarse levels of the hierarchy.

use super::vector::dot;

/// Marks a node that belongs to no group.
pub const NONE: u32 = u32::MAX;

/// Conductances between nodes, and to ground.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    /// Start of each row in `column` and `conductance`; length n + 1. Within a row, neighbours with lower numbers come
    /// first.
    pub row: Vec<u32>,
    /// Where the neighbours with higher numbers begin; length n.
    upper: Vec<u32>,
    pub column: Vec<u32>,
    pub conductance: Vec<f32>,
    /// Conductance of each node to ground.
    pub excess: Vec<f32>,
    pub inverse_diagonal: Vec<f32>,
}

impl Graph {
    pub fn len(&self) -> usize {
        self.excess.len()
    }

    pub fn is_empty(&self) -> bool {
        self.excess.is_empty()
    }

    #[inline]
    fn row(&self, i: usize) -> std::ops::Range<usize> {
        self.row[i] as usize..self.row[i + 1] as usize
    }

    /// Recomputes the diagonal after conductances changed.
    pub fn update_diagonal(&mut self) {
        self.inverse_diagonal.resize(self.len(), 0.0);
        for i in 0..self.len() {
            let sum: f64 = self.conductance[self.row(i)].iter().map(|&g| f64::from(g)).sum();
            let diagonal = sum + f64::from(self.excess[i]);
            self.inverse_diagonal[i] = if diagonal > 0.0 { (1.0 / diagonal) as f32 } else { 0.0 };
        }
    }

    #[inline]
    fn lower(&self, i: usize) -> std::ops::Range<usize> {
        self.row[i] as usize..self.upper[i] as usize
    }

    /// Neighbours with higher numbers.
    #[inline]
    pub(super) fn upper(&self, i: usize) -> std::ops::Range<usize> {
        self.upper[i] as usize..self.row[i + 1] as usize
    }

    /// `Σ_j g_ij x_j` over some neighbours of node i.
    #[inline]
    fn gather(&self, range: std::ops::Range<usize>, x: &[f32]) -> f32 {
        self.column[range.clone()].iter().zip(&self.conductance[range]).map(|(&j, &g)| g * x[j as usize]).sum()
    }

    /// One Gauss-Seidel sweep upwards from x = 0.
    pub fn sweep_up_from_zero(&self, b: &[f32], x: &mut [f32]) {
        for i in 0..self.len() {
            x[i] = (b[i] + self.gather(self.lower(i), x)) * self.inverse_diagonal[i];
        }
    }

    /// One Gauss-Seidel sweep downwards.
    pub fn sweep_down(&self, b: &[f32], x: &mut [f32]) {
        for i in (0..self.len()).rev() {
            x[i] = (b[i] + self.gather(self.row(i), x)) * self.inverse_diagonal[i];
        }
    }

    /// Residual after [`Graph::sweep_up_from_zero`]: only the neighbours that were still 0 are missing,
    /// `r_i = Σ_{j > i} g_ij x_j`.
    pub fn residual_after_sweep_up(&self, x: &[f32], r: &mut [f32]) {
        for i in 0..self.len() {
            r[i] = self.gather(self.upper(i), x);
        }
    }

    /// `y = A x`, formed from differences so that nothing cancels. Returns x · y.
    pub fn apply(&self, x: &[f32], y: &mut [f32]) -> f64 {
        for i in 0..self.len() {
            let here = x[i];
            let mut flow = self.excess[i] * here;
            for k in self.row(i) {
                flow += self.conductance[k] * (here - x[self.column[k] as usize]);
            }
            y[i] = flow;
        }
        dot(x, y)
    }

    /// The network between groups: conductances between two groups add up, those inside vanish.
    ///
    /// `group[i]` is the group of node i, all below `count`.
    pub fn coarsen(&self, group: &[u32], count: usize) -> Graph {
        let (start, member) = members(group, count);
        let mut coarse = Graph::with_capacity(count, self.column.len() / 2);
        let mut slot = vec![NONE; count];
        for c in 0..count {
            let first = coarse.column.len() as u32;
            let mut excess = 0.0_f64;
            for &i in &member[start[c] as usize..start[c + 1] as usize] {
                excess += f64::from(self.excess[i as usize]);
                for k in self.row(i as usize) {
                    coarse.add(&mut slot, first, c as u32, group[self.column[k] as usize], self.conductance[k]);
                }
            }
            coarse.excess[c] = excess as f32;
            coarse.end_row();
        }
        coarse.update_diagonal();
        coarse
    }

    /// A better order: nodes of one colour, which are not joined to each other, in a row, and among those the nodes with as many
    /// neighbours before and after. Sweeps then neither wait for the node before nor guess the length of the next row.
    ///
    /// Returns the new number of each node. The last `hubs` nodes stay the last.
    pub fn order(&self, hubs: usize) -> Vec<u32> {
        const COLOURS: u32 = 31;
        let n = self.len() - hubs;
        let mut colour = vec![NONE; n];
        let neighbours = |i: usize| self.column[self.row(i)].iter().map(|&j| j as usize).filter(|&j| j < n);
        for i in 0..n {
            let taken = neighbours(i).filter(|&j| colour[j] != NONE).fold(0_u32, |t, j| t | 1 << colour[j]);
            colour[i] = taken.trailing_ones().min(COLOURS);
        }
        let class: Vec<u32> = (0..n)
            .map(|i| {
                let before = neighbours(i).filter(|&j| colour[j] < colour[i]).count();
                let after = self.row(i).len() - before;
                colour[i] << 8 | (before.min(15) as u32) << 4 | after.min(15) as u32
            })
            .collect();
        let mut next = vec![0_u32; ((COLOURS + 1) << 8) as usize + 1];
        class.iter().for_each(|&c| next[c as usize + 1] += 1);
        for c in 1..next.len() {
            next[c] += next[c - 1];
        }
        let mut number: Vec<u32> = (0..self.len() as u32).collect();
        for (number, &class) in number.iter_mut().zip(&class) {
            *number = next[class as usize];
            next[class as usize] += 1;
        }
        number
    }

    /// The same network with new numbers.
    pub fn renumbered(&self, number: &[u32]) -> Graph {
        let mut old = vec![0; self.len()];
        number.iter().enumerate().for_each(|(i, &k)| old[k as usize] = i);
        let mut graph = Graph::with_capacity(self.len(), self.column.len());
        for (k, &i) in old.iter().enumerate() {
            graph.column.extend(self.column[self.row(i)].iter().map(|&j| number[j as usize]));
            graph.conductance.extend_from_slice(&self.conductance[self.row(i)]);
            graph.excess[k] = self.excess[i];
            graph.end_row();
        }
        graph.inverse_diagonal = old.iter().map(|&i| self.inverse_diagonal[i]).collect();
        graph
    }

    /// A network of `nodes` without branches, ready to be written row by row.
    pub(super) fn with_capacity(nodes: usize, branches: usize) -> Graph {
        let mut graph = Graph { excess: vec![0.0; nodes], ..Graph::default() };
        graph.row.reserve(nodes + 1);
        graph.row.push(0);
        graph.upper.reserve(nodes);
        graph.column.reserve(branches);
        graph.conductance.reserve(branches);
        graph
    }

    /// Ends the row that is being written; returns where the next one starts.
    pub(super) fn end_row(&mut self) -> u32 {
        let i = self.upper.len() as u32;
        let first = self.row[i as usize] as usize;
        let mut split = first;
        for k in first..self.column.len() {
            if self.column[k] < i {
                self.column.swap(k, split);
                self.conductance.swap(k, split);
                split += 1;
            }
        }
        self.upper.push(split as u32);
        self.row.push(self.column.len() as u32);
        self.column.len() as u32
    }

    /// Adds a conductance to the row of `c` that is being written and starts at `first`.
    #[inline]
    pub(super) fn add(&mut self, slot: &mut [u32], first: u32, c: u32, to: u32, g: f32) {
        if to == c {
            return;
        }
        let s = &mut slot[to as usize];
        // Rows are written in order, so a slot from an earlier row lies before `first`.
        if *s != NONE && *s >= first {
            self.conductance[*s as usize] += g;
        } else {
            *s = self.column.len() as u32;
            self.column.push(to);
            self.conductance.push(g);
        }
    }
}

/// The members of each group: `member[start[c]..start[c + 1]]`.
fn members(group: &[u32], count: usize) -> (Vec<u32>, Vec<u32>) {
    let mut start = vec![0_u32; count + 1];
    for &g in group {
        start[g as usize + 1] += 1;
    }
    for c in 0..count {
        start[c + 1] += start[c];
    }
    let mut next = start.clone();
    let mut member = vec![0_u32; group.len()];
    for (i, &g) in group.iter().enumerate() {
        let n = &mut next[g as usize];
        member[*n as usize] = i as u32;
        *n += 1;
    }
    (start, member)
}
