//! A network on a voxel grid: level 0 of the hierarchy, three arrays of face conductances per layer.
//!
//! A node sits in each voxel of each layer (one or two layers). Nodes of one layer are joined across voxel faces, the two
//! nodes of a voxel by a *link*. Below the first and above the last plane lies a ghost plane of one value: zero
//! ([`End::Ground`]) or that of an extra node, a *hub* ([`End::Hub`]). A node with no conductance is absent: it stays 0.
//!
//! Memory: nodes in the order x, y, layer, z (x fastest), hubs last. `gx` holds nx + 1 faces a row, `gy` ny + 1 rows a
//! plane, `gz` nz + 1 planes; on a periodic side the first and the last face are the same and hold the same value.

use std::ops::{Add, Mul, Sub};

/// A number that nodes may hold; conductances are always f32.
pub trait Real: Copy + Default + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + From<f32> {}
impl Real for f32 {}
impl Real for f64 {}

/// What lies beyond the first or last plane of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Potential zero.
    Ground,
    /// The extra node of this number.
    Hub(usize),
}

/// The network. Conductances are in any one unit.
#[derive(Clone, Debug)]
pub struct Lattice {
    size: [usize; 3],
    layers: usize,
    /// Faces across x; shape [nz, layers, ny, nx + 1].
    pub gx: Vec<f32>,
    /// Faces across y; shape [nz, layers, ny + 1, nx].
    pub gy: Vec<f32>,
    /// Faces across z; shape [nz + 1, layers, ny, nx].
    pub gz: Vec<f32>,
    /// Between the two layers; shape [nz, ny, nx], empty for one layer.
    pub link: Vec<f32>,
    /// Below and above each layer.
    pub ends: Vec<[End; 2]>,
    /// Conductance of each hub to ground.
    pub hub_excess: Vec<f32>,
    /// 1 / diagonal, 0 for absent nodes; see [`Lattice::update_diagonal`].
    pub inverse_diagonal: Vec<f32>,
}

impl Lattice {
    /// A network without conductances.
    pub fn new(size: [usize; 3], ends: Vec<[End; 2]>, hubs: usize) -> Lattice {
        let [nx, ny, nz] = size;
        let layers = ends.len();
        assert!(layers == 1 || layers == 2, "a lattice has one or two layers");
        Lattice {
            size,
            layers,
            gx: vec![0.0; nz * layers * ny * (nx + 1)],
            gy: vec![0.0; nz * layers * (ny + 1) * nx],
            gz: vec![0.0; (nz + 1) * layers * ny * nx],
            link: vec![0.0; if layers == 2 { nx * ny * nz } else { 0 }],
            ends,
            hub_excess: vec![0.0; hubs],
            inverse_diagonal: vec![0.0; layers * nx * ny * nz + hubs],
        }
    }

    pub fn size(&self) -> [usize; 3] {
        self.size
    }

    pub fn layers(&self) -> usize {
        self.layers
    }

    pub fn hubs(&self) -> usize {
        self.hub_excess.len()
    }

    /// Number of nodes, hubs included.
    pub fn len(&self) -> usize {
        self.inverse_diagonal.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Nodes of one plane, all layers.
    fn plane_len(&self) -> usize {
        self.layers * self.size[0] * self.size[1]
    }

    /// Position of the node of `layer` in voxel `[x, y, z]`.
    #[inline]
    pub fn node(&self, layer: usize, [x, y, z]: [usize; 3]) -> usize {
        x + self.size[0] * (y + self.size[1] * (layer + self.layers * z))
    }

    /// Layer and voxel of a node.
    #[inline]
    pub fn place(&self, node: usize) -> (usize, [usize; 3]) {
        let [nx, ny, _] = self.size;
        let line = node / nx;
        (line / ny % self.layers, [node % nx, line % ny, line / (ny * self.layers)])
    }

    /// Position of a hub.
    #[inline]
    pub fn hub(&self, k: usize) -> usize {
        self.len() - self.hubs() + k
    }

    /// Position in `gx` of the face on the low side of voxel `[x, y, z]`; + 1 for the high side.
    #[inline]
    pub fn face_x(&self, layer: usize, [x, y, z]: [usize; 3]) -> usize {
        x + (self.size[0] + 1) * (y + self.size[1] * (layer + self.layers * z))
    }

    /// Position in `gy` of the face on the low side of voxel `[x, y, z]`; + nx for the high side.
    #[inline]
    pub fn face_y(&self, layer: usize, [x, y, z]: [usize; 3]) -> usize {
        x + self.size[0] * (y + (self.size[1] + 1) * (layer + self.layers * z))
    }

    /// Position in `gz` of the face on the low side of voxel `[x, y, z]`; + a plane of all layers for the high side.
    #[inline]
    pub fn face_z(&self, layer: usize, at: [usize; 3]) -> usize {
        self.node(layer, at)
    }

    /// Position in `gz` of the face on the high side of voxel `[x, y, z]`.
    #[inline]
    pub fn face_z_above(&self, layer: usize, at: [usize; 3]) -> usize {
        self.node(layer, at) + self.plane_len()
    }

    /// Copies the faces on the low sides across x and y to the high ones: call it after writing low sides only.
    pub fn wrap(&mut self) {
        let [nx, ny, _] = self.size;
        for row in self.gx.chunks_exact_mut(nx + 1) {
            row[nx] = row[0];
        }
        for plane in self.gy.chunks_exact_mut(nx * (ny + 1)) {
            plane.copy_within(0..nx, nx * ny);
        }
    }

    /// Takes nodes out, with all their branches.
    ///
    /// `keep` has an entry for every node; a node that is kept must have no branch to one that is not.
    pub fn keep_only(&mut self, keep: &[bool]) {
        let [nx, ny, nz] = self.size;
        for z in 0..nz {
            for layer in 0..self.layers {
                for y in 0..ny {
                    for x in 0..nx {
                        let at = [x, y, z];
                        if keep[self.node(layer, at)] {
                            continue;
                        }
                        let (fx, fy) = (self.face_x(layer, at), self.face_y(layer, at));
                        let (below, above) = (self.face_z(layer, at), self.face_z_above(layer, at));
                        (self.gx[fx], self.gx[fx + 1]) = (0.0, 0.0);
                        (self.gy[fy], self.gy[fy + nx]) = (0.0, 0.0);
                        (self.gz[below], self.gz[above]) = (0.0, 0.0);
                        if self.layers == 2 {
                            self.link[x + nx * (y + ny * z)] = 0.0;
                        }
                    }
                }
            }
        }
        self.wrap();
    }

    /// Recomputes the diagonal after conductances changed.
    pub fn update_diagonal(&mut self) {
        let [nx, ny, nz] = self.size;
        let plane = self.plane_len();
        for z in 0..nz {
            for layer in 0..self.layers {
                for y in 0..ny {
                    let at = [0, y, z];
                    let first = self.node(layer, at);
                    let gx = &self.gx[self.face_x(layer, at)..][..nx + 1];
                    let gy0 = &self.gy[self.face_y(layer, at)..][..nx];
                    let gy1 = &self.gy[self.face_y(layer, at) + nx..][..nx];
                    let gz0 = &self.gz[first..][..nx];
                    let gz1 = &self.gz[first + plane..][..nx];
                    let out = &mut self.inverse_diagonal[first..][..nx];
                    for x in 0..nx {
                        out[x] = gx[x] + gx[x + 1] + gy0[x] + gy1[x] + gz0[x] + gz1[x];
                    }
                    if self.layers == 2 {
                        let link = &self.link[nx * (y + ny * z)..][..nx];
                        for x in 0..nx {
                            out[x] += link[x];
                        }
                    }
                    for d in out {
                        *d = if *d > 0.0 { 1.0 / *d } else { 0.0 };
                    }
                }
            }
        }
        for k in 0..self.hubs() {
            let mut sum = f64::from(self.hub_excess[k]);
            self.for_each_spoke(k, |_, g| sum += f64::from(g));
            let hub = self.hub(k);
            self.inverse_diagonal[hub] = if sum > 0.0 { (1.0 / sum) as f32 } else { 0.0 };
        }
    }

    /// Calls `f(node, conductance)` for every node that hub `k` is joined to.
    #[inline]
    pub fn for_each_spoke(&self, k: usize, mut f: impl FnMut(usize, f32)) {
        let [nx, ny, nz] = self.size;
        for layer in 0..self.layers {
            for (side, end) in self.ends[layer].iter().enumerate() {
                if *end != End::Hub(k) {
                    continue;
                }
                let node = self.node(layer, [0, 0, if side == 0 { 0 } else { nz - 1 }]);
                let face = if side == 0 { node } else { node + self.plane_len() };
                for i in 0..nx * ny {
                    if self.gz[face + i] > 0.0 {
                        f(node + i, self.gz[face + i]);
                    }
                }
            }
        }
    }

    /// Calls `f(other end, conductance)` for every branch of a node; `None` is the ground.
    #[inline]
    pub fn for_each_branch(&self, node: usize, mut f: impl FnMut(Option<usize>, f32)) {
        let [nx, ny, nz] = self.size;
        if node >= self.hub(0) {
            let k = node - self.hub(0);
            f(None, self.hub_excess[k]);
            return self.for_each_spoke(k, |i, g| f(Some(i), g));
        }
        let (layer, at) = self.place(node);
        let [x, y, z] = at;
        let (fx, fy, plane) = (self.face_x(layer, at), self.face_y(layer, at), self.plane_len());
        let ghost = |side: usize| match self.ends[layer][side] {
            End::Ground => None,
            End::Hub(k) => Some(self.hub(k)),
        };
        f(Some(if x == 0 { node + nx - 1 } else { node - 1 }), self.gx[fx]);
        f(Some(if x == nx - 1 { node + 1 - nx } else { node + 1 }), self.gx[fx + 1]);
        f(Some(if y == 0 { node + nx * (ny - 1) } else { node - nx }), self.gy[fy]);
        f(Some(if y == ny - 1 { node - nx * (ny - 1) } else { node + nx }), self.gy[fy + nx]);
        f(if z == 0 { ghost(0) } else { Some(node - plane) }, self.gz[node]);
        f(if z == nz - 1 { ghost(1) } else { Some(node + plane) }, self.gz[node + plane]);
        if self.layers == 2 {
            f(Some(self.node(1 - layer, at)), self.link[x + nx * (y + ny * z)]);
        }
    }

    /// Current out of hub `k`: `Σ g (x_k − x_i) + e x_k`.
    pub fn hub_flow<T: Real + Into<f64>>(&self, k: usize, x: &[T]) -> f64 {
        let here: f64 = x[self.hub(k)].into();
        let mut flow = f64::from(self.hub_excess[k]) * here;
        self.for_each_spoke(k, |node, g| flow += f64::from(g) * (here - x[node].into()));
        flow
    }

    /// `out = A x` for all nodes but the hubs; see [`Lattice::hub_flow`] for those.
    pub fn apply<T: Real>(&self, x: &[T], out: &mut [T], ring: &mut Ring<T>) {
        let nz = self.size[2];
        let plane = self.plane_len();
        let (hubs, copy) = (&x[self.hub(0)..], |_: [usize; 3], node: usize, row: &mut [T]| {
            row.copy_from_slice(&x[node..][..row.len()])
        });
        ring.start(self, hubs, copy);
        for z in 0..nz {
            ring.load(self, z + 1, hubs, copy);
            self.plane_flow(z, ring, &mut out[z * plane..][..plane]);
            ring.advance();
        }
    }

    /// Currents out of the nodes of plane `z`, which is the middle one of `ring`.
    pub fn plane_flow<T: Real>(&self, z: usize, ring: &Ring<T>, out: &mut [T]) {
        let [nx, ny, _] = self.size;
        let (below, here, above) = (ring.plane(0), ring.plane(1), ring.plane(2));
        let stride = nx + 2;
        for layer in 0..self.layers {
            for y in 0..ny {
                let at = [0, y, z];
                let centre = ring.offset(layer, y);
                let node = self.node(layer, at);
                let face_y = self.face_y(layer, at);
                let c = &here[centre..][..nx];
                let (left, right) = (&here[centre - 1..][..nx], &here[centre + 1..][..nx]);
                let (front, back) = (&here[centre - stride..][..nx], &here[centre + stride..][..nx]);
                let (down, up) = (&below[centre..][..nx], &above[centre..][..nx]);
                let gx0 = &self.gx[self.face_x(layer, at)..][..nx];
                let gx1 = &self.gx[self.face_x(layer, at) + 1..][..nx];
                let (gy0, gy1) = (&self.gy[face_y..][..nx], &self.gy[face_y + nx..][..nx]);
                let (gz0, gz1) = (&self.gz[node..][..nx], &self.gz[node + self.plane_len()..][..nx]);
                let out = &mut out[nx * (y + ny * layer)..][..nx];
                for x in 0..nx {
                    out[x] = T::from(gx0[x]) * (c[x] - left[x])
                        + T::from(gx1[x]) * (c[x] - right[x])
                        + T::from(gy0[x]) * (c[x] - front[x])
                        + T::from(gy1[x]) * (c[x] - back[x])
                        + T::from(gz0[x]) * (c[x] - down[x])
                        + T::from(gz1[x]) * (c[x] - up[x]);
                }
                if self.layers == 2 {
                    let link = &self.link[nx * (y + ny * z)..][..nx];
                    let other = &here[ring.offset(1 - layer, y)..][..nx];
                    for x in 0..nx {
                        out[x] = out[x] + T::from(link[x]) * (c[x] - other[x]);
                    }
                }
            }
        }
    }
}

/// Three planes of nodes with a rim, so that the stencil needs no case for the sides of the domain.
///
/// Plane 1 is the one in work; 0 lies below, 2 above.
#[derive(Clone)]
pub struct Ring<T> {
    planes: [Vec<T>; 3],
    nx: usize,
    ny: usize,
}

impl<T: Real> Ring<T> {
    pub fn new(lattice: &Lattice) -> Ring<T> {
        let [nx, ny, _] = lattice.size;
        let len = lattice.layers * (nx + 2) * (ny + 2);
        Ring { planes: std::array::from_fn(|_| vec![T::default(); len]), nx, ny }
    }

    #[inline]
    pub fn plane(&self, k: usize) -> &[T] {
        &self.planes[k]
    }

    /// Position of the first node of a row, inside the rim.
    #[inline]
    pub fn offset(&self, layer: usize, y: usize) -> usize {
        1 + (self.nx + 2) * (y + 1 + (self.ny + 2) * layer)
    }

    /// Makes plane 0 the current one: loads the ghost plane below and plane 0.
    ///
    /// `fill([layer, y, z], first node, row)` writes each row; `hubs` are the values of the hubs, for the ghost planes.
    pub fn start(&mut self, lattice: &Lattice, hubs: &[T], mut fill: impl FnMut([usize; 3], usize, &mut [T])) {
        self.load_ghost(0, lattice, 0, hubs);
        self.load_plane(1, lattice, 0, &mut fill);
    }

    /// Loads plane `z`, the one above the current one.
    pub fn load(&mut self, lattice: &Lattice, z: usize, hubs: &[T], mut fill: impl FnMut([usize; 3], usize, &mut [T])) {
        if z < lattice.size[2] {
            self.load_plane(2, lattice, z, &mut fill);
        } else {
            self.load_ghost(2, lattice, 1, hubs);
        }
    }

    /// One plane up.
    pub fn advance(&mut self) {
        self.planes.rotate_left(1);
    }

    fn load_ghost(&mut self, slot: usize, lattice: &Lattice, side: usize, hubs: &[T]) {
        let layer_len = (self.nx + 2) * (self.ny + 2);
        for (layer, plane) in self.planes[slot].chunks_mut(layer_len).enumerate() {
            plane.fill(match lattice.ends[layer][side] {
                End::Ground => T::default(),
                End::Hub(k) => hubs[k],
            });
        }
    }

    fn load_plane(
        &mut self,
        slot: usize,
        lattice: &Lattice,
        z: usize,
        fill: &mut impl FnMut([usize; 3], usize, &mut [T]),
    ) {
        let (nx, ny, stride) = (self.nx, self.ny, self.nx + 2);
        for (layer, plane) in self.planes[slot].chunks_mut(stride * (ny + 2)).enumerate() {
            for y in 0..ny {
                let row = &mut plane[(y + 1) * stride..][..stride];
                fill([layer, y, z], lattice.node(layer, [0, y, z]), &mut row[1..=nx]);
                row[0] = row[nx];
                row[nx + 1] = row[1];
            }
            plane.copy_within(ny * stride..(ny + 1) * stride, 0);
            plane.copy_within(stride..2 * stride, (ny + 1) * stride);
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A two-layer lattice with random conductances over many decades, a tenth of them absent, periodic in x and y.
    pub fn random_lattice(size: [usize; 3], decades: f64, seed: u64) -> Lattice {
        use rand::{RngExt, SeedableRng};
        let mut rng = rand::rngs::ChaCha8Rng::seed_from_u64(seed);
        let mut draw = || {
            if rng.random::<f64>() < 0.1 { 0.0 } else { libm::pow(10.0, -decades * rng.random::<f64>()) as f32 }
        };
        let ends = vec![[End::Ground, End::Hub(0)], [End::Hub(1), End::Ground]];
        let mut l = Lattice::new(size, ends, 2);
        let [nx, ny, nz] = size;
        for z in 0..nz {
            for layer in 0..2 {
                for y in 0..ny {
                    for x in 0..nx {
                        let at = [x, y, z];
                        let f = l.face_x(layer, at);
                        l.gx[f] = draw();
                        let f = l.face_y(layer, at);
                        l.gy[f] = draw();
                        let f = l.face_z(layer, at);
                        // Layer 0 ends below in the ground: leave it insulated there, so that only hubs hold it.
                        l.gz[f] = if layer == 0 && z == 0 { 0.0 } else { draw() };
                    }
                    let (first, last) = (l.face_x(layer, [0, y, z]), l.face_x(layer, [nx, y, z]));
                    l.gx[last] = l.gx[first];
                }
                for x in 0..nx {
                    let (first, last) = (l.face_y(layer, [x, 0, z]), l.face_y(layer, [x, ny, z]));
                    l.gy[last] = l.gy[first];
                }
            }
            for k in 0..nx * ny {
                l.link[z * nx * ny + k] = draw();
            }
        }
        for y in 0..ny {
            for x in 0..nx {
                let f = l.face_z_above(0, [x, y, nz - 1]);
                l.gz[f] = draw();
            }
        }
        l.hub_excess = vec![0.0, 0.5];
        l.update_diagonal();
        l
    }

    /// Lists every branch (a, b, g) once, ghosts as `None`.
    pub fn branches(l: &Lattice) -> Vec<(usize, Option<usize>, f32)> {
        let [nx, ny, nz] = l.size();
        let mut list = Vec::new();
        for z in 0..nz {
            for layer in 0..l.layers() {
                for y in 0..ny {
                    for x in 0..nx {
                        let at = [x, y, z];
                        let node = l.node(layer, at);
                        list.push((node, Some(l.node(layer, [(x + nx - 1) % nx, y, z])), l.gx[l.face_x(layer, at)]));
                        list.push((node, Some(l.node(layer, [x, (y + ny - 1) % ny, z])), l.gy[l.face_y(layer, at)]));
                        let below = match (z, l.ends[layer][0]) {
                            (0, End::Ground) => None,
                            (0, End::Hub(k)) => Some(l.hub(k)),
                            _ => Some(l.node(layer, [x, y, z - 1])),
                        };
                        list.push((node, below, l.gz[l.face_z(layer, at)]));
                        if z == nz - 1 {
                            let above = match l.ends[layer][1] {
                                End::Ground => None,
                                End::Hub(k) => Some(l.hub(k)),
                            };
                            list.push((node, above, l.gz[l.face_z_above(layer, at)]));
                        }
                        if layer == 0 && l.layers() == 2 {
                            list.push((node, Some(l.node(1, at)), l.link[x + nx * (y + ny * z)]));
                        }
                    }
                }
            }
        }
        for k in 0..l.hubs() {
            list.push((l.hub(k), None, l.hub_excess[k]));
        }
        list
    }

    #[test]
    fn apply_sums_the_currents_of_all_branches() {
        let l = random_lattice([5, 4, 3], 3.0, 1);
        let x: Vec<f64> = (0..l.len()).map(|i| libm::sin(i as f64)).collect();
        let mut expected = vec![0.0; l.len()];
        for (a, b, g) in branches(&l) {
            let flow = f64::from(g) * (x[a] - b.map_or(0.0, |b| x[b]));
            expected[a] += flow;
            if let Some(b) = b {
                expected[b] -= flow;
            }
        }
        let mut out = vec![0.0; l.len()];
        l.apply(&x, &mut out, &mut Ring::new(&l));
        for k in 0..l.hubs() {
            out[l.hub(k)] = l.hub_flow(k, &x);
        }
        for i in 0..l.len() {
            assert!((out[i] - expected[i]).abs() < 1e-12, "{i}: {} against {}", out[i], expected[i]);
        }
    }

    #[test]
    fn diagonal_is_the_sum_of_conductances() {
        let l = random_lattice([4, 3, 5], 2.0, 2);
        let mut diagonal = vec![0.0; l.len()];
        for (a, b, g) in branches(&l) {
            diagonal[a] += f64::from(g);
            if let Some(b) = b {
                diagonal[b] += f64::from(g);
            }
        }
        for (i, d) in diagonal.iter().enumerate() {
            let inverse = f64::from(l.inverse_diagonal[i]);
            assert!((inverse * d - 1.0).abs() < 1e-5 || (*d == 0.0 && inverse == 0.0));
        }
    }
}
