//! From labels to a lattice of conductances that carry current, and the power of potentials on it.

use super::{Request, Volume};
use crate::linalg::lattice::Lattice;

/// Conductances across the faces of a volume, over `scale`.
///
/// `order` are the volume's axes that the lattice's x, y and z run along; `skipped` first layers hold an electrode.
pub fn fill_faces(
    lattice: &mut Lattice,
    volume: Volume,
    request: &Request,
    order: [usize; 3],
    skipped: usize,
    scale: f64,
) {
    let pairs = Pairs::new(&request.conductivity, scale);
    let half = request.conductivity.map(|sigma| (2.0 * sigma / scale) as f32);
    let strides = [1, volume.size[0], volume.size[0] * volume.size[1]];
    let [sx, sy, sz] = order.map(|axis| strides[axis]);
    let periodic = order.map(|axis| request.periodic[axis]);
    let [nx, ny, nz] = lattice.size();
    let read = |y: usize, layer: usize, row: &mut [u8]| {
        let labels = volume.labels[y * sy + layer * sz..].iter().step_by(sx);
        row.iter_mut().zip(labels).for_each(|(to, from)| *to = *from);
    };
    let (mut here, mut other) = (vec![0; nx], vec![0; nx]);
    for z in 0..nz {
        let layer = z + skipped;
        for y in 0..ny {
            let at = [0, y, z];
            read(y, layer, &mut here);
            let gx = lattice.face_x(0, at);
            pairs.fill(&mut lattice.gx[gx + 1..][..nx - 1], &here, &here[1..]);
            if periodic[0] {
                pairs.fill(&mut lattice.gx[gx..][..1], &here[nx - 1..], &here);
            }
            if y > 0 || periodic[1] {
                read((y + ny - 1) % ny, layer, &mut other);
                let gy = lattice.face_y(0, at);
                pairs.fill(&mut lattice.gy[gy..][..nx], &other, &here);
            }
            let mut end = |face: usize, outer: Option<usize>| {
                let gz = &mut lattice.gz[face..][..nx];
                match outer {
                    Some(layer) => {
                        read(y, layer, &mut other);
                        pairs.fill(gz, &other, &here);
                    }
                    None => gz.iter_mut().zip(&here).for_each(|(g, &l)| *g = half[usize::from(l)]),
                }
            };
            let (below, above) = (y * nx + z * nx * ny, y * nx + (z + 1) * nx * ny);
            end(below, layer.checked_sub(1));
            if z == nz - 1 {
                end(above, (skipped > 0).then_some(layer + 1));
            }
        }
    }
    lattice.wrap();
}

/// Harmonic means of all pairs of labels.
struct Pairs(Vec<f32>);

impl Pairs {
    fn new(conductivity: &[f64; 256], scale: f64) -> Pairs {
        let mean = |p: f64, q: f64| if p > 0.0 && q > 0.0 { (2.0 * p * q / (p + q)) as f32 } else { 0.0 };
        let scaled = conductivity.map(|sigma| sigma / scale);
        Pairs(scaled.iter().flat_map(|&p| scaled.iter().map(move |&q| mean(p, q))).collect())
    }

    fn fill(&self, faces: &mut [f32], low: &[u8], high: &[u8]) {
        for ((face, &a), &b) in faces.iter_mut().zip(low).zip(high) {
            *face = self.0[usize::from(a) << 8 | usize::from(b)];
        }
    }
}

/// Does a piece reach the first or the last plane's outer faces?
const ENDS: u8 = 3;
const ABSENT: u32 = u32::MAX;

/// Runs of joined nodes along x, joined further as branches are found.
struct Runs {
    parent: Vec<u32>,
    /// Which ends a run touches; of all its piece once [`Runs::gather`] is done.
    ends: Vec<u8>,
}

impl Runs {
    fn find(&mut self, mut run: u32) -> u32 {
        while self.parent[run as usize] != run {
            let above = self.parent[self.parent[run as usize] as usize];
            self.parent[run as usize] = above;
            run = above;
        }
        run
    }

    /// Joins two rows across faces that conduct.
    fn join(&mut self, faces: &[f32], low: &[u32], high: &[u32]) {
        let mut last = (ABSENT, ABSENT);
        for ((&g, &a), &b) in faces.iter().zip(low).zip(high) {
            if g > 0.0 && (a, b) != last {
                last = (a, b);
                let (a, b) = (self.find(a), self.find(b));
                self.parent[a.max(b) as usize] = a.min(b);
            }
        }
    }

    fn touch(&mut self, faces: &[f32], row: &[u32], end: u8) {
        for (&g, &run) in faces.iter().zip(row) {
            if g > 0.0 {
                self.ends[run as usize] |= end;
            }
        }
    }

    /// Ends of the whole piece for every run. Parents come first.
    fn gather(&mut self) {
        for run in 0..self.parent.len() as u32 {
            let root = self.find(run);
            self.parent[run as usize] = root;
            self.ends[root as usize] |= self.ends[run as usize];
        }
        for run in 0..self.parent.len() {
            self.ends[run] = self.ends[self.parent[run] as usize];
        }
    }
}

/// Keeps what joins both ends, takes the rest out; returns the number of nodes kept.
pub fn keep_connected(lattice: &mut Lattice) -> usize {
    let [nx, ny, nz] = lattice.size();
    let plane = nx * ny;
    let mut runs = Runs { parent: Vec::new(), ends: Vec::new() };
    let mut run_of = vec![ABSENT; lattice.len()];
    for z in 0..nz {
        for y in 0..ny {
            let at = [0, y, z];
            let node = lattice.node(0, at);
            let gx = &lattice.gx[lattice.face_x(0, at)..][..=nx];
            let gy = lattice.face_y(0, at);
            let (gy0, gy1) = (&lattice.gy[gy..][..nx], &lattice.gy[gy + nx..][..nx]);
            let (gz0, gz1) = (&lattice.gz[node..][..nx], &lattice.gz[node + plane..][..nx]);
            let (before, row) = run_of.split_at_mut(node);
            let row = &mut row[..nx];
            for x in 0..nx {
                if x > 0 && gx[x] > 0.0 {
                    row[x] = row[x - 1];
                } else if gx[x] + gx[x + 1] + gy0[x] + gy1[x] + gz0[x] + gz1[x] > 0.0 {
                    row[x] = runs.parent.len() as u32;
                    runs.parent.push(row[x]);
                    runs.ends.push(0);
                }
            }
            runs.join(&gx[..1], &row[nx - 1..], row);
            if y > 0 {
                runs.join(gy0, &before[node - nx..], row);
            }
            if y == ny - 1 {
                let first = if y > 0 { &before[node - nx * y..][..nx] } else { &*row };
                runs.join(gy1, row, first);
            }
            if z > 0 {
                runs.join(gz0, &before[node - plane..], row);
            } else {
                runs.touch(gz0, row, 1);
            }
            if z == nz - 1 {
                runs.touch(gz1, row, 2);
            }
        }
    }
    runs.gather();
    let keep: Vec<bool> = run_of.iter().map(|&run| run != ABSENT && runs.ends[run as usize] == ENDS).collect();
    if runs.ends.iter().any(|&ends| ends != ENDS) {
        lattice.keep_only(&keep);
    }
    keep.iter().filter(|kept| **kept).count()
}

/// Potentials, one a plane, that send the same current through every plane: the solution of a series of layers.
pub fn equal_currents(lattice: &Lattice) -> Vec<f64> {
    let plane = lattice.size()[0] * lattice.size()[1];
    let resistance = |faces: &[f32]| 1.0 / faces.iter().map(|&g| f64::from(g)).sum::<f64>();
    let mut potential = Vec::with_capacity(lattice.size()[2] + 1);
    let mut sum = 0.0;
    for faces in lattice.gz.chunks(plane) {
        sum += resistance(faces);
        potential.push(sum);
    }
    let present = lattice.inverse_diagonal.chunks(plane).zip(&potential);
    present.flat_map(|(row, p)| row.iter().map(move |&d| if d > 0.0 { p / sum } else { 0.0 })).collect()
}

/// The power that potentials dissipate between 0 below and 1 above. It is least at the solution, so an error of the
/// potentials counts only squared; and it is a sum of squares, so nothing cancels.
pub fn power(lattice: &Lattice, x: &[f64]) -> f64 {
    let [nx, ny, nz] = lattice.size();
    let plane = nx * ny;
    let (ground, top) = (vec![0.0; nx], vec![1.0; nx]);
    let mut sum = 0.0;
    for z in 0..=nz {
        for y in 0..ny {
            let at = [0, y, z];
            let here = lattice.node(0, at);
            let row = if z == nz { &top[..] } else { &x[here..][..nx] };
            let below = if z == 0 { &ground[..] } else { &x[here - plane..][..nx] };
            sum += row_power(&lattice.gz[here..][..nx], below, row);
            if z < nz {
                let front = &x[lattice.node(0, [0, (y + ny - 1) % ny, z])..][..nx];
                sum += row_power(&lattice.gy[lattice.face_y(0, at)..][..nx], front, row);
                let gx = &lattice.gx[lattice.face_x(0, at)..][..nx];
                sum += row_power(&gx[1..], row, &row[1..]) + row_power(&gx[..1], &row[nx - 1..], row);
            }
        }
    }
    sum
}

/// `Σ g (high − low)²`, in fixed lanes.
fn row_power(g: &[f32], low: &[f64], high: &[f64]) -> f64 {
    const LANES: usize = 8;
    let mut lanes = [0.0; LANES];
    for ((g, low), high) in g.chunks(LANES).zip(low.chunks(LANES)).zip(high.chunks(LANES)) {
        for (lane, ((g, low), high)) in lanes.iter_mut().zip(g.iter().zip(low).zip(high)) {
            let drop = high - low;
            *lane += f64::from(*g) * drop * drop;
        }
    }
    lanes.iter().sum()
}
