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

    /// The field at a point [cells]; `walk` remembers where the last one was.
    pub(crate) fn at(&self, p: [f64; 3], walk: &mut Walk) -> f64 {
        (self.octave(p, &mut walk.coarse) + self.fine_octave(p, walk)) / 1.25
    }

    /// Is the field at a point [cells] at most `limit`? Mostly the first octave decides.
    pub(crate) fn at_most(&self, limit: f64, p: [f64; 3], walk: &mut Walk) -> bool {
        /// An octave stays within ±1.04.
        const FINE: f64 = 0.5 * 1.05;
        let coarse = self.octave(p, &mut walk.coarse);
        let room = 1.25 * limit - coarse;
        room >= FINE || room >= -FINE && room >= self.fine_octave(p, walk)
    }

    fn fine_octave(&self, p: [f64; 3], walk: &mut Walk) -> f64 {
        let fine = Noise { seed: self.seed ^ 0x9e37_79b9_7f4a_7c15, period: self.period.map(|[x, y]| [2 * x, 2 * y]) };
        0.5 * fine.octave(p.map(|c| 2.0 * c + 0.37), &mut walk.fine)
    }

    fn octave(&self, p: [f64; 3], near: &mut Option<Cell>) -> f64 {
        let corner = p.map(floor);
        let [sx, sy, sz] = match near {
            Some(cell) if cell.corner == corner => &cell.slopes,
            _ => &near.insert(self.cell(corner)).slopes,
        };
        let [x, y, z] = [0, 1, 2].map(|a| {
            let f = p[a] - corner[a] as f64;
            [f, f - 1.0]
        });
        let [u, v, w] = [x, y, z].map(|[t, _]| {
            let w = t * t * t * (t * (t * 6.0 - 15.0) + 10.0);
            [1.0 - w, w]
        });
        // Both ends of an edge along x at once.
        let mut sum = 0.0;
        for edge in 0..4 {
            let (j, k) = (edge & 1, edge >> 1);
            let at = |i: usize| {
                let c = 2 * edge + i;
                u[i] * v[j] * w[k] * (sx[c] * x[i] + sy[c] * y[j] + sz[c] * z[k])
            };
            let [low, high] = [at(0), at(1)];
            sum += low;
            sum += high;
        }
        sum
    }

    fn cell(&self, corner: [i64; 3]) -> Cell {
        let column = |a: usize, step: usize| {
            let at = corner[a] + step as i64;
            match self.period {
                // A division is slow, and almost every point lies in the first period.
                Some(period) if a < 2 && !(0..period[a]).contains(&at) => at.rem_euclid(period[a]),
                _ => at,
            }
        };
        let columns = [0, 1, 2].map(|a| [column(a, 0), column(a, 1)]);
        let mut slopes = [[0.0; 8]; 3];
        for k in 0..8 {
            let [x, y, z] = [columns[0][k & 1], columns[1][k >> 1 & 1], columns[2][k >> 2]];
            let hash = self.hash(x, y, z);
            let slope = EDGES[((hash >> 2) % 3) as usize][(hash & 3) as usize];
            (0..3).for_each(|a| slopes[a][k] = slope[a]);
        }
        Cell { corner, slopes }
    }

    fn hash(&self, x: i64, y: i64, z: i64) -> u64 {
        let word = (x as u64)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .wrapping_add((y as u64).wrapping_mul(0xc2b2_ae3d_27d4_eb4f))
            .wrapping_add((z as u64).wrapping_mul(0x1656_67b1_9e37_79f9));
        mix(word ^ self.seed)
    }
}

/// Where the last point of a field was, for the next one that lies near.
#[derive(Default)]
pub(crate) struct Walk {
    coarse: Option<Cell>,
    fine: Option<Cell>,
}

/// A unit cell of a noise: the gradients' parts along x, y and z at its corners, x fastest.
struct Cell {
    corner: [i64; 3],
    slopes: [[f64; 8]; 3],
}

/// The greatest whole number not above `x`. Not every processor has an instruction for it, and `f64::floor` is a call then.
fn floor(x: f64) -> i64 {
    let cut = x as i64;
    cut - i64::from(x < cut as f64)
}

/// Directions from the centre of a cube to its edges: two parts of 1 or −1, in threes by the one that is 0. A table, since
/// a random choice that jumps is guessed wrong half the time.
const EDGES: [[[f64; 3]; 4]; 3] = [
    [[1.0, 1.0, 0.0], [-1.0, 1.0, 0.0], [1.0, -1.0, 0.0], [-1.0, -1.0, 0.0]],
    [[1.0, 0.0, 1.0], [-1.0, 0.0, 1.0], [1.0, 0.0, -1.0], [-1.0, 0.0, -1.0]],
    [[0.0, 1.0, 1.0], [0.0, -1.0, 1.0], [0.0, 1.0, -1.0], [0.0, -1.0, -1.0]],
];

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
        let (mut sum, mut square, mut walk) = (0.0, 0.0, Walk::default());
        for _ in 0..20_000 {
            let p = [stream.uniform() * 40.0, stream.uniform() * 40.0, stream.uniform() * 400.0];
            let v = noise.at(p, &mut Walk::default());
            assert!((v - noise.at([p[0] + 4.0, p[1] - 5.0, p[2]], &mut walk)).abs() < 1e-9);
            assert!((v - noise.at([p[0] + 1e-6, p[1], p[2]], &mut walk)).abs() < 1e-5);
            sum += v;
            square += v * v;
        }
        // A short walk remembers its cells, and crosses into others.
        for k in 0..1000 {
            let p = [0.01 * f64::from(k), 3.9 + 0.007 * f64::from(k), -0.003 * f64::from(k)];
            assert_eq!(noise.at(p, &mut walk), noise.at(p, &mut Walk::default()), "{p:?}");
        }
        // With 4 x 5 columns the lattice's own mean does not vanish exactly.
        assert!((sum / 2e4).abs() < 0.03, "{}", sum / 2e4);
        assert!((0.02..0.3).contains(&(square / 2e4)), "{}", square / 2e4);
    }
}
