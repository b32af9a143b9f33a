//! Distances to the packed spheres: on every voxel by stamping, at any point through a cell list.

use crate::grid::VoxelGrid;
use crate::microstructure::{NO_PARTICLE, Sphere};

/// Vector from `b` to the nearest image of `a`, x and y periodic.
pub(crate) fn nearest_image(a: [f64; 3], b: [f64; 3], extent: [f64; 3]) -> [f64; 3] {
    [wrap(a[0] - b[0], extent[0]), wrap(a[1] - b[1], extent[1]), a[2] - b[2]]
}

/// As [`nearest_image`], z periodic too, as spheres are packed.
pub(crate) fn nearest_packed(a: [f64; 3], b: [f64; 3], extent: [f64; 3]) -> [f64; 3] {
    [0, 1, 2].map(|axis| wrap(a[axis] - b[axis], extent[axis]))
}

/// The shorter way around a period.
fn wrap(d: f64, period: f64) -> f64 {
    if d > 0.5 * period {
        d - period
    } else if d < -0.5 * period {
        d + period
    } else {
        d
    }
}

/// The place in `0 ≤ c < period` that is a whole number of periods away.
pub(crate) fn into_period(c: f64, period: f64) -> f64 {
    let inside = c - (c / period).floor() * period;
    // A tiny negative number lands on the period itself.
    if inside < period { inside } else { 0.0 }
}

/// Centres of the periodic images of a sphere that reach into the domain.
pub(crate) fn images(centre: [f64; 3], reach: f64, extent: [f64; 3]) -> impl Iterator<Item = [f64; 3]> {
    // Periods until the image's nearest side is past the domain.
    let shifts = move |c: f64, l: f64| {
        let low = (-(c + reach) / l).ceil() as i64;
        let high = ((l - c + reach) / l).floor() as i64;
        (low..=high).map(move |s: i64| c + s as f64 * l)
    };
    let (lx, ly) = (extent[0], extent[1]);
    shifts(centre[0], lx).flat_map(move |x| shifts(centre[1], ly).map(move |y| [x, y, centre[2]]))
}

/// Voxels of a row whose centres lie within `reach` of `centre` [um]: a range of indices, clipped to the grid.
pub(crate) fn span(centre: f64, reach: f64, voxel: f64, count: usize) -> std::ops::Range<usize> {
    let low = ((centre - reach) / voxel - 0.5).ceil().max(0.0);
    let high = ((centre + reach) / voxel - 0.5).floor() + 1.0;
    if high <= low { 0..0 } else { (low as usize).min(count)..(high as usize).min(count) }
}

/// What each voxel knows of the spheres around it; beyond `reach` of every surface it knows nothing.
pub(crate) struct DistanceField {
    /// `min_i |x − c_i| / r_i` [1], infinite out of reach. Does not depend on a common factor on the radii.
    pub key: Vec<f32>,
    /// The sphere of that minimum.
    pub owner: Vec<u32>,
    /// Distance to the nearest surface [um], negative inside; `reach` where nothing is nearer.
    pub first: Vec<f32>,
    /// The sphere of that surface.
    pub nearest: Vec<u32>,
    /// Distance to the second nearest surface [um].
    pub second: Vec<f32>,
}

impl DistanceField {
    pub(crate) fn new(grid: &VoxelGrid, spheres: &[Sphere], reach: f64) -> DistanceField {
        let n = grid.len();
        let mut field = DistanceField {
            key: vec![f32::INFINITY; n],
            owner: vec![NO_PARTICLE; n],
            first: vec![reach as f32; n],
            nearest: vec![NO_PARTICLE; n],
            second: vec![reach as f32; n],
        };
        let h = grid.voxel_um;
        for (number, sphere) in spheres.iter().enumerate() {
            let r = sphere.radius_um;
            let cut = r + reach;
            for c in images(sphere.centre_um, cut, grid.extent_um()) {
                for z in span(c[2], cut, h, grid.size[2]) {
                    let dz = (z as f64 + 0.5) * h - c[2];
                    for y in span(c[1], (cut * cut - dz * dz).max(0.0).sqrt(), h, grid.size[1]) {
                        let dy = (y as f64 + 0.5) * h - c[1];
                        let rest = (cut * cut - dz * dz - dy * dy).max(0.0).sqrt();
                        let row = grid.index([0, y, z]);
                        for x in span(c[0], rest, h, grid.size[0]) {
                            let dx = (x as f64 + 0.5) * h - c[0];
                            let d = (dx * dx + dy * dy + dz * dz).sqrt();
                            field.see(row + x, number as u32, (d / r) as f32, (d - r) as f32);
                        }
                    }
                }
            }
        }
        field
    }

    #[inline]
    fn see(&mut self, voxel: usize, number: u32, key: f32, distance: f32) {
        if key < self.key[voxel] {
            self.key[voxel] = key;
            self.owner[voxel] = number;
        }
        if distance < self.first[voxel] {
            self.second[voxel] = self.first[voxel];
            self.first[voxel] = distance;
            self.nearest[voxel] = number;
        } else if distance < self.second[voxel] {
            self.second[voxel] = distance;
        }
    }
}

/// A sphere as seen from a point.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Neighbour {
    /// Number of the sphere, [`NO_PARTICLE`] if none is in reach.
    pub number: u32,
    /// Centre of its nearest image [um].
    pub centre_um: [f64; 3],
    /// Distance to its surface [um], negative inside.
    pub distance_um: f64,
}

/// Centre of an image of a sphere [um], its radius [um] and its number.
pub(crate) type Listed = ([f64; 3], f64, u32);

/// Answers which two sphere surfaces lie nearest to a point.
pub(crate) struct SphereIndex {
    cells: [usize; 3],
    per_um: [f64; 3],
    extent: [f64; 3],
    start: Vec<u32>,
    /// The spheres of each cell.
    items: Vec<Listed>,
    reach: f64,
}

impl SphereIndex {
    /// Lists, for each cell of about 2 um, the spheres whose surface comes within `reach` [um] of it, and `around` more.
    ///
    /// * `around` – greatest radius that [`SphereIndex::around`] is asked for [um]
    pub(crate) fn new(spheres: &[Sphere], extent: [f64; 3], reach: f64, around: f64) -> SphereIndex {
        // Cells much smaller than the spheres only multiply the lists; many cells only matter for long domains.
        let largest = spheres.iter().map(|s| s.radius_um).fold(0.0, f64::max);
        let edge = f64::max(0.8 * largest, 0.5 * reach);
        let cells = extent.map(|l| (l / edge).ceil().clamp(1.0, 200.0) as usize);
        let size = [extent[0] / cells[0] as f64, extent[1] / cells[1] as f64, extent[2] / cells[2] as f64];
        let mut entries: Vec<(u32, [f64; 3], f64, u32)> = Vec::new();
        for (number, sphere) in spheres.iter().enumerate() {
            let cut = sphere.radius_um + reach + around;
            for c in images(sphere.centre_um, cut, extent) {
                let range = |a: usize| {
                    let low = ((c[a] - cut) / size[a]).floor().max(0.0) as usize;
                    let high = ((c[a] + cut) / size[a]).floor().max(0.0) as usize;
                    low.min(cells[a])..(high + 1).min(cells[a])
                };
                for z in range(2) {
                    for y in range(1) {
                        for x in range(0) {
                            let at = [x, y, z];
                            let gap2: f64 = (0..3)
                                .map(|a| {
                                    let low = at[a] as f64 * size[a];
                                    let gap = (low - c[a]).max(c[a] - low - size[a]).max(0.0);
                                    gap * gap
                                })
                                .sum();
                            if gap2 <= cut * cut {
                                let cell = x + cells[0] * (y + cells[1] * z);
                                entries.push((cell as u32, c, sphere.radius_um, number as u32));
                            }
                        }
                    }
                }
            }
        }
        // Stable: the spheres of a cell stay in order.
        entries.sort_by_key(|e| e.0);
        let mut start = vec![0; cells[0] * cells[1] * cells[2] + 1];
        for e in &entries {
            start[e.0 as usize + 1] += 1;
        }
        for c in 1..start.len() {
            start[c] += start[c - 1];
        }
        let items = entries.into_iter().map(|(_, c, r, number)| (c, r, number)).collect();
        let per_um = size.map(|s| 1.0 / s);
        SphereIndex { cells, per_um, extent, start, items, reach }
    }

    /// Does a point lie between the planes that end the domain?
    pub(crate) fn between_ends(&self, p: [f64; 3]) -> bool {
        (0.0..self.extent[2]).contains(&p[2])
    }

    /// The image of a point that lies in the periodic domain.
    pub(crate) fn inside(&self, p: [f64; 3]) -> [f64; 3] {
        [into_period(p[0], self.extent[0]), into_period(p[1], self.extent[1]), p[2]]
    }

    /// The nearest surface to a point on the surface of sphere `own` that is not this surface itself.
    pub(crate) fn other_surface(&self, p: [f64; 3], own: u32) -> Neighbour {
        let [a, b] = self.nearest_two(p);
        if a.number == own { b } else { a }
    }

    /// The two nearest surfaces; where none is in reach, number [`NO_PARTICLE`] at distance `reach`.
    pub(crate) fn nearest_two(&self, p: [f64; 3]) -> [Neighbour; 2] {
        self.nearest_two_of(self.near(p), p)
    }

    /// The spheres that may be among the nearest two of a point within `radius` [um] of `p`.
    pub(crate) fn around(&self, p: [f64; 3], radius: f64, found: &mut Vec<Listed>) {
        found.clear();
        let second = self.nearest_two(p)[1].distance_um;
        found.extend(self.near(p).iter().filter(|(c, r, _)| direction(p, *c).1 - r <= second + 2.0 * radius));
    }

    /// The spheres listed for the cell of a point.
    fn near(&self, p: [f64; 3]) -> &[Listed] {
        let mut cell = 0;
        for a in [2, 1, 0] {
            // A point a rounding error outside belongs to the outermost cell.
            let at = ((p[a] * self.per_um[a]).max(0.0) as usize).min(self.cells[a] - 1);
            cell = cell * self.cells[a] + at;
        }
        &self.items[self.start[cell] as usize..self.start[cell + 1] as usize]
    }

    /// As [`SphereIndex::nearest_two`], of those listed.
    #[inline]
    pub(crate) fn nearest_two_of(&self, spheres: &[Listed], p: [f64; 3]) -> [Neighbour; 2] {
        let far = Neighbour { number: NO_PARTICLE, centre_um: p, distance_um: self.reach };
        let mut found = [far; 2];
        for &(c, r, number) in spheres {
            let d = [p[0] - c[0], p[1] - c[1], p[2] - c[2]];
            let d2 = d[0] * d[0] + d[1] * d[1] + d[2] * d[2];
            let limit = r + found[1].distance_um;
            if d2 >= limit * limit || limit < 0.0 {
                continue;
            }
            let candidate = Neighbour { number, centre_um: c, distance_um: d2.sqrt() - r };
            if candidate.distance_um < found[0].distance_um {
                found = [candidate, found[0]];
            } else {
                found[1] = candidate;
            }
        }
        found
    }
}

/// Unit vector and length from `centre` to `p`; along z if they coincide.
pub(crate) fn direction(p: [f64; 3], centre: [f64; 3]) -> ([f64; 3], f64) {
    let d = [p[0] - centre[0], p[1] - centre[1], p[2] - centre[2]];
    let length = (d[0] * d[0] + d[1] * d[1] + d[2] * d[2]).sqrt();
    if length > 1e-12 { (d.map(|c| c / length), length) } else { ([0.0, 0.0, 1.0], length) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::microstructure::random::{Step, Stream};

    fn spheres(extent: [f64; 3], count: usize) -> Vec<Sphere> {
        let mut s = Stream::new(11, Step::Positions);
        let mut next = |scale: f64| scale * s.uniform();
        (0..count)
            .map(|_| Sphere {
                centre_um: [next(extent[0]), next(extent[1]), next(extent[2])],
                radius_um: 0.5 + next(1.5),
            })
            .collect()
    }

    /// Signed distances to all images of all spheres, ascending.
    fn brute(p: [f64; 3], spheres: &[Sphere], extent: [f64; 3]) -> Vec<f64> {
        let mut all = Vec::new();
        for s in spheres {
            for i in -2..=2 {
                for j in -2..=2 {
                    let c = s.centre_um;
                    let c = [c[0] + f64::from(i) * extent[0], c[1] + f64::from(j) * extent[1], c[2]];
                    all.push(direction(p, c).1 - s.radius_um);
                }
            }
        }
        all.sort_by(f64::total_cmp);
        all
    }

    #[test]
    fn field_and_index_agree_with_brute_force() {
        // The second domain is so narrow that a sphere meets its own image.
        for extent in [[12.0, 10.0, 14.0], [5.0, 5.0, 10.0]] {
            let spheres = spheres(extent, 12);
            let grid = VoxelGrid { size: extent.map(|l| l as usize * 2), voxel_um: 0.5 };
            let reach = 1.7;
            let field = DistanceField::new(&grid, &spheres, reach);
            let index = SphereIndex::new(&spheres, extent, reach, 0.0);
            for voxel in 0..grid.len() {
                let p = grid.centre_um(voxel);
                let expected = brute(p, &spheres, extent);
                let [a, b] = index.nearest_two(p);
                for (got, want) in [(a.distance_um, expected[0]), (b.distance_um, expected[1])] {
                    assert!((got - want.min(reach)).abs() < 1e-9, "{p:?}: {got} against {want}");
                }
                assert!((f64::from(field.first[voxel]) - expected[0].min(reach)).abs() < 1e-5);
                assert!((f64::from(field.second[voxel]) - expected[1].min(reach)).abs() < 1e-5);
            }
        }
    }
}
