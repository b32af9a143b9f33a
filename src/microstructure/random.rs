//! Random numbers and noise that are the same bits everywhere.
//!
//! Each step of the builder draws from its own ChaCha stream, so that a change in one step (say, a grain more) leaves
//! the others as they were. Draws are whole 64-bit words, never `usize`.

use rand::rngs::ChaCha8Rng;
use rand::{Rng, SeedableRng};

/// The steps that draw random numbers; the number names the ChaCha stream.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    Sizes = 1,
    Positions = 2,
    Coat = 3,
    MixedCoat = 4,
    Carbon = 5,
    Grains = 6,
}

/// A stream of uniform numbers.
pub(crate) struct Stream(ChaCha8Rng);

impl Stream {
    pub(crate) fn new(seed: u32, step: Step) -> Stream {
        let mut key = [0; 32];
        key[..4].copy_from_slice(&seed.to_le_bytes());
        let mut rng = ChaCha8Rng::from_seed(key);
        rng.set_stream(step as u64);
        Stream(rng)
    }

    pub(crate) fn word(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Uniform in [0, 1): the upper 53 bits of a word.
    pub(crate) fn uniform(&mut self) -> f64 {
        (self.word() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// Quantile of the standard normal distribution for 0 < p < 1, by bisection of its distribution function.
pub(crate) fn normal_quantile(p: f64) -> f64 {
    let (mut low, mut high) = (-9.0, 9.0);
    // 18 / 2^50 is below the spacing of doubles that matters here.
    for _ in 0..50 {
        let middle = 0.5 * (low + high);
        if 0.5 * libm::erfc(-middle * std::f64::consts::FRAC_1_SQRT_2) < p {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}

/// Mixes the bits of a word (the finaliser of SplitMix64): every bit of the input flips half of the output's.
pub(crate) fn mix(word: u64) -> u64 {
    let a = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let b = (a ^ (a >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    b ^ (b >> 31)
}

/// Smooth random field: gradient noise on a cubic lattice of unit cells (after Perlin 2002), two octaves.
///
/// Values lie about 0, mostly within ±0.6. It needs no transcendental function and no table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Noise {
    seed: u64,
    /// Cells after which the field repeats along x and y, if it does.
    period: Option<[i64; 2]>,
}

impl Noise {
    /// A field that never repeats.
    pub(crate) fn new(seed: u64) -> Noise {
        Noise { seed, period: None }
    }

    /// A field that repeats after `period` cells along x and y.
    pub(crate) fn periodic(seed: u64, period: [i64; 2]) -> Noise {
        Noise { seed, period: Some(period) }
    }

    /// The field at a point [cells].
    pub(crate) fn at(&self, p: [f64; 3]) -> f64 {
        let fine = Noise { seed: self.seed ^ 0x9e37_79b9_7f4a_7c15, period: self.period.map(|[x, y]| [2 * x, 2 * y]) };
        (self.octave(p) + 0.5 * fine.octave(p.map(|c| 2.0 * c + 0.37))) / 1.25
    }

    fn octave(&self, p: [f64; 3]) -> f64 {
        let floor = p.map(f64::floor);
        let f = [p[0] - floor[0], p[1] - floor[1], p[2] - floor[2]];
        let cell = floor.map(|c| c as i64);
        let w = f.map(|t| t * t * t * (t * (t * 6.0 - 15.0) + 10.0));
        let mut columns = [[0; 2]; 3];
        for a in 0..3 {
            for (step, column) in columns[a].iter_mut().enumerate() {
                let at = cell[a] + step as i64;
                *column = match self.period {
                    Some(period) if a < 2 => at.rem_euclid(period[a]),
                    _ => at,
                };
            }
        }
        let mut sum = 0.0;
        for (k, &z) in columns[2].iter().enumerate() {
            let (fz, wz) = side(k, f[2], w[2]);
            for (j, &y) in columns[1].iter().enumerate() {
                let (fy, wy) = side(j, f[1], w[1]);
                for (i, &x) in columns[0].iter().enumerate() {
                    let (fx, wx) = side(i, f[0], w[0]);
                    sum += wx * wy * wz * gradient(self.hash(x, y, z), fx, fy, fz);
                }
            }
        }
        sum
    }

    fn hash(&self, x: i64, y: i64, z: i64) -> u64 {
        let word = (x as u64)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .wrapping_add((y as u64).wrapping_mul(0xc2b2_ae3d_27d4_eb4f))
            .wrapping_add((z as u64).wrapping_mul(0x1656_67b1_9e37_79f9));
        mix(word ^ self.seed)
    }
}

/// Distance from the lower (0) or upper (1) lattice plane, and the weight of that plane.
fn side(step: usize, f: f64, w: f64) -> (f64, f64) {
    if step == 0 { (f, 1.0 - w) } else { (f - 1.0, w) }
}

/// Projection on one of the twelve directions to the edges of a cube.
fn gradient(hash: u64, x: f64, y: f64, z: f64) -> f64 {
    let (u, v) = match (hash >> 2) % 3 {
        0 => (x, y),
        1 => (x, z),
        _ => (y, z),
    };
    (if hash & 1 == 0 { u } else { -u }) + (if hash & 2 == 0 { v } else { -v })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_fixed_and_apart() {
        // A change of these bits changes every structure that anyone has published a hash of.
        let first = |seed, step| Stream::new(seed, step).word();
        assert_eq!(first(1, Step::Sizes), Stream::new(1, Step::Sizes).word());
        assert_ne!(first(1, Step::Sizes), first(1, Step::Positions));
        assert_ne!(first(1, Step::Sizes), first(2, Step::Sizes));
        let mut stream = Stream::new(3, Step::Coat);
        let mean = (0..10_000).map(|_| stream.uniform()).sum::<f64>() / 1e4;
        // Standard error of the mean is 0.0029.
        assert!((mean - 0.5).abs() < 0.012, "{mean}");
    }

    #[test]
    fn quantiles_of_the_normal_distribution() {
        for (p, z) in [(0.5, 0.0), (0.975, 1.959_963_984_540_054), (0.001, -3.090_232_306_167_813)] {
            assert!((normal_quantile(p) - z).abs() < 1e-12, "{p}: {}", normal_quantile(p));
        }
    }

    #[test]
    fn noise_is_smooth_periodic_and_centred() {
        let noise = Noise::periodic(7, [4, 5]);
        let mut stream = Stream::new(1, Step::Carbon);
        let (mut sum, mut square) = (0.0, 0.0);
        for _ in 0..20_000 {
            let p = [stream.uniform() * 40.0, stream.uniform() * 40.0, stream.uniform() * 400.0];
            let v = noise.at(p);
            assert!((v - noise.at([p[0] + 4.0, p[1] - 5.0, p[2]])).abs() < 1e-9);
            assert!((v - noise.at([p[0] + 1e-6, p[1], p[2]])).abs() < 1e-5);
            sum += v;
            square += v * v;
        }
        // With 4 x 5 columns the lattice's own mean does not vanish exactly.
        assert!((sum / 2e4).abs() < 0.03, "{}", sum / 2e4);
        assert!((0.02..0.3).contains(&(square / 2e4)), "{}", square / 2e4);
    }
}
