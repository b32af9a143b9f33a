//! The coat on the active material: one continuous description for every voxel size.
//!
//! A layer is a thickness field `t_i(n) ≥ 0` on the surface of each sphere i, `n` the direction from its centre. A smooth
//! random field v(n), made uniform over the whole free NCA surface (u = share of the surface where v is lower), decides where
//! and how thick:
//!
//! ```text
//! t = 0                                           where u < 1 − c
//! t = f [t_min + (t_max − t_min) (u − 1 + c) / c]  elsewhere
//! ```
//!
//! so that the layer covers the fraction c, thinnest at the rim of a patch and thickest in its middle. The mass balance
//! `Σ_i ∫ [(R + t)³ − R³] / 3 dn = V` (R: radius of what lies beneath) gives c with f = 1; if even c = 1 does not hold the
//! volume, c stays 1 and the thicknesses grow by f > 1. None of this knows the voxels. They come last: the voxels
//! with the smallest `distance / t` become coat, as many as the volume asks for.
//!
//! A second, mixed layer lies upon the first in the same way. Not modelled: a coat squeezed out of a contact.

use crate::microstructure::Sphere;
use crate::microstructure::random::{Noise, Step, Stream, Walk, mix, normal_quantile};
use crate::microstructure::spheres::{Neighbour, SphereIndex, direction};
use crate::recipe::{CoatRoute, Recipe};

/// How a coating route lays the coat down. All values *assumed*, after the micrographs of the paper (Fig. 1d-e).
#[derive(Clone, Copy, Debug, PartialEq)]
struct Texture {
    /// Size of a patch [um].
    patch_um: f64,
    /// Factor on both thicknesses of the recipe.
    thickness: f64,
    /// Standard deviation of a particle's own share, next to the noise's own 0.25: how unequally the particles are served.
    particle: f64,
}

const MECHANICAL: Texture = Texture { patch_um: 2.0, thickness: 1.0, particle: 0.1 };
const MANUAL: Texture = Texture { patch_um: 3.5, thickness: 3.0, particle: 0.3 };

/// Steps of the table that makes the noise uniform.
const QUANTILES: usize = 1024;

/// One layer: a thickness for each point of each sphere.
#[derive(Clone, Debug)]
pub(crate) struct Layer {
    noise: Noise,
    /// Radius over patch size, and where in the noise each particle lies, and its own share.
    place: Vec<(f64, [f64; 3], f64)>,
    /// Noise at equal steps of covered area, ascending.
    quantile: Vec<f64>,
    /// Fraction of the free NCA surface that is covered.
    pub coverage: f64,
    thin: f64,
    thick: f64,
}

impl Layer {
    /// Thickness [um] where the field is `v`.
    fn thickness(&self, v: f64) -> f64 {
        let bare = 1.0 - self.coverage;
        if v < self.quantile[(bare * QUANTILES as f64) as usize] {
            return 0.0;
        }
        let above = self.quantile.partition_point(|&q| q <= v).clamp(1, QUANTILES);
        let (low, high) = (self.quantile[above - 1], self.quantile[above]);
        let part = if high > low { ((v - low) / (high - low)).clamp(0.0, 1.0) } else { 0.0 };
        let u = (above as f64 - 1.0 + part) / QUANTILES as f64;
        if u < bare { 0.0 } else { self.thin + (self.thick - self.thin) * (u - bare) / self.coverage }
    }

    /// How far a bare point where the field is `v` lies from the edge of the coat, as a share of the surface: `1 − c − u`.
    fn margin(&self, v: f64) -> f64 {
        let above = self.quantile.partition_point(|&q| q <= v).clamp(1, QUANTILES);
        1.0 - self.coverage - (above as f64 - 0.5) / QUANTILES as f64
    }

    /// Greatest thickness [um].
    pub(crate) fn thickest(&self) -> f64 {
        self.thick
    }

    /// The field on sphere `particle` in direction `n`.
    fn value(&self, particle: u32, n: [f64; 3], walk: &mut Walk) -> f64 {
        let (scale, offset, own) = self.place[particle as usize];
        own + self.noise.at([0, 1, 2].map(|a| offset[a] + scale * n[a]), walk)
    }
}

/// The halide coat and the mixed coat upon it, as far as the recipe has them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Coat {
    pub halide: Option<Layer>,
    pub mixed: Option<Layer>,
}

impl Coat {
    /// * `reference` – spheres at the reference packing: they fix the pattern, so that all compositions share it
    /// * `spheres` – the same at their true radii
    /// * `volumes_um3` – volume of the halide coat and of the mixed coat in the domain
    /// * `thin` – one in so many points of the surface is looked at
    pub(crate) fn new(
        recipe: &Recipe,
        reference: &[Sphere],
        spheres: &[Sphere],
        index: &SphereIndex,
        volumes_um3: [f64; 2],
        thin: u32,
    ) -> Coat {
        let mut coat = Coat::default();
        if volumes_um3.iter().all(|&v| v <= 0.0) {
            return coat;
        }
        let mut samples = free_surface(spheres, index, thin);
        if volumes_um3[0] > 0.0 {
            coat.halide = Some(layer(recipe, Step::Coat, reference, &samples, volumes_um3[0]));
        }
        if volumes_um3[1] > 0.0 {
            for sample in &mut samples {
                sample.base_um += coat.thickness(sample.particle, sample.n)[0];
            }
            coat.mixed = Some(layer(recipe, Step::MixedCoat, reference, &samples, volumes_um3[1]));
        }
        coat
    }

    /// Thickness [um] of the halide and of the mixed layer.
    pub(crate) fn thickness(&self, particle: u32, n: [f64; 3]) -> [f64; 2] {
        self.look(particle, n, &mut Default::default()).thickness
    }

    /// The coat on sphere `particle` in direction `n`; `walks` remember the last place that was looked at.
    pub(crate) fn look(&self, particle: u32, n: [f64; 3], walks: &mut [Walk; 2]) -> Spot<'_> {
        let mut spot = Spot { halide: None, thickness: [0.0; 2] };
        for (k, layer) in [&self.halide, &self.mixed].into_iter().enumerate() {
            if let Some(layer) = layer {
                let v = layer.value(particle, n, &mut walks[k]);
                spot.thickness[k] = layer.thickness(v);
                spot.halide = spot.halide.or((k == 0).then_some((layer, v)));
            }
        }
        spot
    }

    /// Thickness [um] of both layers between a point and the surface nearest to it; 0 where no coat is as thick as the point is far.
    pub(crate) fn above(&self, surface: Neighbour, p: [f64; 3]) -> f64 {
        if surface.distance_um >= self.thickest() {
            return 0.0;
        }
        self.thickness(surface.number, direction(p, surface.centre_um).0).iter().sum()
    }

    /// Does a point outside the NCA lie in the mixed layer? `surface` is the one nearest to it.
    pub(crate) fn mixed_at(&self, surface: Neighbour, p: [f64; 3]) -> bool {
        if self.mixed.is_none() || surface.distance_um >= self.thickest() {
            return false;
        }
        let [halide, mixed] = self.thickness(surface.number, direction(p, surface.centre_um).0);
        (halide..halide + mixed).contains(&surface.distance_um)
    }

    /// Greatest thickness of both layers together [um].
    pub(crate) fn thickest(&self) -> f64 {
        [&self.halide, &self.mixed].into_iter().flatten().map(Layer::thickest).sum()
    }
}

/// What lies on a point of the NCA surface.
pub(crate) struct Spot<'a> {
    /// Thickness of the halide and of the mixed layer [um].
    pub thickness: [f64; 2],
    /// The halide layer and its field here.
    halide: Option<(&'a Layer, f64)>,
}

impl Spot<'_> {
    /// How far this point, if it is bare, lies from the edge of the halide, as a share of the surface; infinitely far without halide.
    pub(crate) fn margin(&self) -> f64 {
        self.halide.map_or(f64::INFINITY, |(layer, v)| layer.margin(v))
    }
}

/// A point of the NCA surface in the domain that no other sphere covers.
struct Sample {
    particle: u32,
    n: [f64; 3],
    /// Solid angle it stands for [sr].
    weight: f64,
    /// Distance of the surface beneath the layer from the centre [um].
    base_um: f64,
}

/// Points spread evenly over all spheres (Fibonacci's lattice), without those inside another sphere or beyond the ends.
fn free_surface(spheres: &[Sphere], index: &SphereIndex, thin: u32) -> Vec<Sample> {
    let count = (200_000 / thin as usize / spheres.len().max(1)).clamp(48, 2000);
    let lattice = fibonacci_lattice(count);
    let weight = 4.0 * std::f64::consts::PI / count as f64;
    let mut samples = Vec::with_capacity(spheres.len() * count);
    for (particle, s) in spheres.iter().enumerate() {
        for &n in &lattice {
            let p = index.inside([0, 1, 2].map(|a| s.centre_um[a] + s.radius_um * n[a]));
            if index.between_ends(p) && index.other_surface(p, particle as u32).distance_um > 0.0 {
                samples.push(Sample { particle: particle as u32, n, weight, base_um: s.radius_um });
            }
        }
    }
    samples
}

/// Directions at equal solid angles, on a spiral of golden angles (Swinbank and Purser 2006).
fn fibonacci_lattice(count: usize) -> Vec<[f64; 3]> {
    let golden = std::f64::consts::PI * (3.0 - 5.0_f64.sqrt());
    (0..count)
        .map(|i| {
            let z = 1.0 - (2.0 * i as f64 + 1.0) / count as f64;
            let (rho, angle) = ((1.0 - z * z).sqrt(), golden * i as f64);
            [rho * libm::cos(angle), rho * libm::sin(angle), z]
        })
        .collect()
}

/// Area of a class of equal `u`, split by the powers of the base radius that its volume needs.
#[derive(Clone, Copy, Default)]
struct Class {
    r0: f64,
    r1: f64,
    r2: f64,
}

/// Solves a layer's mass balance (see the module's text).
fn layer(recipe: &Recipe, step: Step, reference: &[Sphere], samples: &[Sample], volume_um3: f64) -> Layer {
    let texture = match recipe.coat_route {
        CoatRoute::Mechanical => MECHANICAL,
        CoatRoute::Manual => MANUAL,
    };
    let mut stream = Stream::new(recipe.seed, step);
    let noise = Noise::new(stream.word());
    let place = reference
        .iter()
        .map(|s| {
            // Far apart in the noise, yet near enough to the origin for its cells to be exact.
            let offset = [0; 3].map(|_| 1e4 * stream.uniform());
            let own = texture.particle * normal_quantile(stream.uniform().clamp(1e-6, 1.0 - 1e-6));
            (s.radius_um / texture.patch_um, offset, own)
        })
        .collect();
    let (thin, thick) =
        (texture.thickness * recipe.coat_thickness_min_um, texture.thickness * recipe.coat_thickness_max_um);
    let mut layer = Layer { noise, place, quantile: Vec::new(), coverage: 1.0, thin, thick };

    let mut order: Vec<(f64, u32)> = samples
        .iter()
        .enumerate()
        .map(|(i, s)| (layer.value(s.particle, s.n, &mut Walk::default()), i as u32))
        .collect();
    order.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let area = |s: &Sample| s.weight * s.base_um * s.base_um;
    let total: f64 = samples.iter().map(area).sum();
    let mut classes = vec![Class::default(); QUANTILES];
    let mut below = 0.0;
    for &(v, i) in &order {
        let s = &samples[i as usize];
        let u = (below + 0.5 * area(s)) / total;
        below += area(s);
        while layer.quantile.len() as f64 <= u * QUANTILES as f64 {
            layer.quantile.push(v);
        }
        let class = &mut classes[((u * QUANTILES as f64) as usize).min(QUANTILES - 1)];
        class.r0 += s.weight;
        class.r1 += s.weight * s.base_um;
        class.r2 += s.weight * s.base_um * s.base_um;
    }
    let last = order.last().map_or(0.0, |o| o.0);
    layer.quantile.resize(QUANTILES + 1, last);

    let volume = |coverage: f64, factor: f64| -> f64 {
        let bare = 1.0 - coverage;
        let mut sum = 0.0;
        for (k, class) in classes.iter().enumerate() {
            let (low, high) = (k as f64 / QUANTILES as f64, (k as f64 + 1.0) / QUANTILES as f64);
            let part = ((high - bare.max(low)) * QUANTILES as f64).max(0.0);
            if part > 0.0 {
                let u = 0.5 * (high + bare.max(low));
                let t = factor * (thin + (thick - thin) * (u - bare) / coverage);
                sum += part * (class.r2 * t + class.r1 * t * t + class.r0 * t * t * t / 3.0);
            }
        }
        sum
    };
    if volume(1.0, 1.0) >= volume_um3 {
        layer.coverage = bisect(1e-9, 1.0, |c| volume(c, 1.0) >= volume_um3);
    } else {
        let mut high = 2.0;
        // Ends: the volume grows with the cube of the factor.
        while volume(1.0, high) < volume_um3 && high < 1e9 {
            high *= 2.0;
        }
        let factor = bisect(1.0, high, |f| volume(1.0, f) >= volume_um3);
        layer.thin *= factor;
        layer.thick *= factor;
    }
    layer
}

/// The least argument in [low, high] for which `enough`, to 2^-52 of the interval.
fn bisect(mut low: f64, mut high: f64, enough: impl Fn(f64) -> bool) -> f64 {
    for _ in 0..52 {
        let middle = 0.5 * (low + high);
        if enough(middle) { high = middle } else { low = middle }
    }
    high
}

/// A fresh seed for a particle-independent field of the same step.
pub(crate) fn field_seed(seed: u32, step: Step) -> u64 {
    mix(Stream::new(seed, step).word())
}

/// Direction from a sphere's centre to a point, and the coat's two thicknesses there.
pub(crate) fn coat_at(coat: &Coat, particle: u32, p: [f64; 3], centre: [f64; 3]) -> [f64; 2] {
    coat.thickness(particle, direction(p, centre).0)
}
